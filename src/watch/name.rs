//! Which names are no files yet, or none that anyone hands in.

use std::path::Path;

/// Endings that programs give to files they have not finished.
const UNFINISHED: [&str; 9] = ["part", "partial", "tmp", "temp", "crdownload", "download", "filepart", "swp", "lock"];

/// Files that systems put into folders for themselves, in lower case.
const OF_THE_SYSTEM: [&str; 4] = ["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"];

/// Says whether the file at this path below a watched folder is passed over: hidden, in a hidden folder, unfinished, or the system's own.
pub fn is_passed_over(below: &Path) -> bool {
    let Some(name) = below.file_name() else { return true };
    if below.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b".")) {
        return true;
    }
    let name = name.to_string_lossy().to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    name.starts_with("~$")
        || name.ends_with('~')
        || UNFINISHED.contains(&ending)
        || OF_THE_SYSTEM.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_unfinished_and_system_names_are_passed_over() {
        let passed = [
            "._0001.tif",
            ".hidden.pdf",
            ".snapshots/0001.tif",
            "Thumbs.db",
            "3/scan.tif.part",
            "SCAN.TMP",
            "~$letter.pdf",
            "x.pdf.crdownload",
            "desktop.ini",
            "a.tif~",
        ];
        assert!(passed.iter().all(|name| is_passed_over(Path::new(name))));
        let taken = ["0001.tif", "3/رسالة.pdf", "part.tif", "x.PDF", "no ending", "tmp", "a.b/c..tif"];
        assert!(!taken.iter().any(|name| is_passed_over(Path::new(name))));
    }
}
