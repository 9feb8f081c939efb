//! Which names are no files yet, or none that anyone hands in.

use std::path::Path;

/// Endings that programs give to files they have not finished.
const UNFINISHED: [&str; 9] = ["part", "partial", "tmp", "temp", "crdownload", "download", "filepart", "swp", "lock"];

/// Files that systems put into folders for themselves, in lower case.
const OF_THE_SYSTEM: [&str; 4] = ["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"];

/// Says whether the file of this name is passed over: hidden, unfinished, or the system's own.
pub fn is_passed_over(path: &Path) -> bool {
    let Some(name) = path.file_name() else { return true };
    let name = name.to_string_lossy().to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    name.starts_with('.')
        || name.starts_with("~$")
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
            "Thumbs.db",
            "scan.tif.part",
            "SCAN.TMP",
            "~$letter.pdf",
            "x.pdf.crdownload",
            "desktop.ini",
            "a.tif~",
        ];
        assert!(passed.iter().all(|name| is_passed_over(&Path::new("/in").join(name))));
        let taken = ["0001.tif", "رسالة.pdf", "part.tif", "x.PDF", "no ending", "tmp"];
        assert!(!taken.iter().any(|name| is_passed_over(&Path::new("/in/.hidden").join(name))));
    }
}
