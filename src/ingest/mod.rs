//! Finds the files that were handed in: paths as typed in, files one by one out, in a steady order, each exactly once.
//!
//! Nothing is judged by its name here, and nothing is skipped silently: what is no regular file comes out, too.

mod rules;
mod stamp;

pub use rules::{FolderRule, Known, RuleError, known_of};
pub use stamp::Stamp;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Something found under a path that was handed in.
#[derive(Debug)]
pub struct Found {
    /// Where it lies, below the path as handed in.
    pub path: PathBuf,
    /// The path that was handed in: it, or a folder around it.
    pub root: PathBuf,
    /// Whether it was handed in by this very path, not by a folder around it.
    pub named: bool,
    /// What it is.
    pub what: What,
}

/// What was found at a path.
#[derive(Debug)]
pub enum What {
    /// A regular file.
    File,
    /// A link inside a folder (never followed), a pipe, a socket or a device.
    Special,
    /// Nothing, or something that cannot be looked at.
    Unreadable(io::Error),
}

/// Returns everything below `paths`: folders recursively by name, each place once even where paths overlap.
pub fn find(paths: &[PathBuf]) -> impl Iterator<Item = Found> + '_ {
    let mut given: HashSet<PathBuf> = HashSet::new();
    // Only what lies below two of the paths can come twice; a million files below one folder need no memory.
    let overlapping = paths.len() > 1;
    paths.iter().flat_map(|path| below(path)).filter(move |found| !overlapping || given.insert(located(&found.path)))
}

fn below(path: &Path) -> Box<dyn Iterator<Item = Found> + '_> {
    // A link that is named is followed: whoever typed it means the file or folder behind it.
    match std::fs::metadata(path) {
        Ok(about) if about.is_dir() => Box::new(in_folder(path)),
        Ok(about) => {
            let what = if about.is_file() { What::File } else { What::Special };
            Box::new(std::iter::once(Found { path: path.to_owned(), root: path.to_owned(), named: true, what }))
        }
        Err(error) => {
            let what = What::Unreadable(error);
            Box::new(std::iter::once(Found { path: path.to_owned(), root: path.to_owned(), named: true, what }))
        }
    }
}

fn in_folder(folder: &Path) -> impl Iterator<Item = Found> + '_ {
    WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(move |entry| match entry {
        Ok(entry) if entry.file_type().is_dir() || entry.depth() == 0 => None,
        Ok(entry) => {
            let what = if entry.file_type().is_file() { What::File } else { What::Special };
            Some(Found { path: entry.into_path(), root: folder.to_owned(), named: false, what })
        }
        Err(error) => {
            let path = error.path().unwrap_or(folder).to_owned();
            let error = error.into_io_error().unwrap_or_else(|| io::Error::other("the folder contains itself"));
            Some(Found { path, root: folder.to_owned(), named: false, what: What::Unreadable(error) })
        }
    })
}

/// Returns the absolute path, without looking at the disk.
pub fn located(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Returns a path as text; bytes that are no Unicode are written as `\xNN`, so that two paths never look the same.
pub fn written(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

/// Says whether a file's name claims that it is a scan or PDF: such a file is never passed over.
pub fn is_named_like_a_scan(path: &Path) -> bool {
    const ENDINGS: [&str; 10] = ["tif", "tiff", "jpg", "jpeg", "jpe", "png", "bmp", "webp", "pdf", "jfif"];
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && ENDINGS.contains(&ending.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn folders_are_walked_in_order_and_overlaps_come_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        for name in ["c.tif", "a.tif", "b/d.tif"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let paths = [folder.path().to_owned(), folder.path().join("b"), folder.path().join("a.tif")];
        let found: Vec<String> =
            find(&paths).map(|found| written(found.path.strip_prefix(folder.path()).unwrap())).collect();
        assert_eq!(found, ["a.tif", "b/d.tif", "c.tif"]);
    }

    #[test]
    fn what_is_missing_or_no_file_comes_out_too() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone.tif");
        let found: Vec<Found> = find(std::slice::from_ref(&gone)).collect();
        assert!(matches!(found.as_slice(), [Found { named: true, what: What::Unreadable(_), .. }]));
        std::os::unix::fs::symlink(&gone, folder.path().join("link.tif")).unwrap();
        let found: Vec<Found> =
            find(&[folder.path().to_owned()]).map(|found| Found { named: found.named, ..found }).collect();
        assert!(matches!(found.as_slice(), [Found { named: false, what: What::Special, .. }]));
    }

    #[test]
    fn paths_that_are_no_unicode_stay_apart() {
        use std::os::unix::ffi::OsStrExt;
        let path = |bytes: &[u8]| written(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(path(b"in/\xff.tif"), "in/\\xff.tif");
        assert_ne!(path(b"\xff"), path(b"\xfe"));
    }

    #[test]
    fn scans_are_known_by_their_ending_whatever_its_case() {
        assert!(is_named_like_a_scan(Path::new("in/0001.TIF")));
        assert!(!is_named_like_a_scan(Path::new("in/notes.txt")) && !is_named_like_a_scan(Path::new("._0001.tif")));
    }
}
