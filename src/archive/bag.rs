//! Bags: folders whose files are listed with their SHA-256, so that tools of others can check them (BagIt, RFC 8493).
//!
//! `data/` holds the payload, `manifest-sha256.txt` lists it, `bag-info.txt` says how much it is, and `tagmanifest-sha256.txt` lists these files
//! themselves.

use super::StoreError;
use crate::model::ContentHash;
use crate::model::hash::Hasher;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use tempfile::NamedTempFile;

const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
const DECLARED_IN: &str = "bagit.txt";
const MANIFEST: &str = "manifest-sha256.txt";
const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
const INFO: &str = "bag-info.txt";

/// A folder is no bag that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BagError {
    /// It declares no bag.
    #[error("{} is no backup: there is no {DECLARED_IN} in it, or one of another version", .0.display())]
    NoBag(PathBuf),
    /// The list of files is not one.
    #[error("line {line} of {} is not a SHA-256 and a path below data/", path.display())]
    Manifest {
        /// The list.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The files of a bag with their hashes, by path below `data/`.
pub type Manifest = BTreeMap<PathBuf, ContentHash>;

/// Says whether the folder declares itself a bag.
pub fn is_bag(folder: &Path) -> bool {
    fs::read_to_string(folder.join(DECLARED_IN)).is_ok_and(|text| text.starts_with("BagIt-Version: 1.0"))
}

/// Writes the files that make a folder with `data/` a bag; each appears whole. `about` are lines of `bag-info.txt`.
///
/// # Errors
/// [`StoreError`] when one cannot be written.
pub fn seal(folder: &Path, manifest: &Manifest, bytes: u64, about: &[(&str, String)]) -> Result<(), StoreError> {
    let listed = |path: &Path, hash: &ContentHash| format!("{hash}  {}\n", encoded(path));
    let payload: String = manifest.iter().map(|(path, hash)| listed(&Path::new("data").join(path), hash)).collect();
    let mut info: String = about.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    info.push_str(&format!("Payload-Oxum: {bytes}.{}\n", manifest.len()));
    let tags = [(DECLARED_IN, DECLARATION.to_owned()), (INFO, info), (MANIFEST, payload)];
    let mut of_tags = String::new();
    for (name, text) in &tags {
        of_tags.push_str(&listed(Path::new(name), &ContentHash::of(text.as_bytes())));
        write_whole(folder, name, text.as_bytes())?;
    }
    write_whole(folder, TAG_MANIFEST, of_tags.as_bytes())
}

/// Returns the list of a bag's files.
///
/// # Errors
/// [`BagError`] when the folder is no bag, or its list cannot be read.
pub fn manifest(folder: &Path) -> Result<Manifest, BagError> {
    if !is_bag(folder) {
        return Err(BagError::NoBag(folder.to_owned()));
    }
    let path = folder.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(StoreError::new("reading", &path))?;
    let mut manifest = Manifest::new();
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = || BagError::Manifest { path: path.clone(), line: number };
        let (hash, file) = line.split_once(char::is_whitespace).ok_or_else(wrong)?;
        let file = PathBuf::from(decoded(file.trim_start().trim_start_matches('*')));
        let inside = file.strip_prefix("data").map_err(|_| wrong())?;
        if inside.as_os_str().is_empty() || !inside.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(wrong());
        }
        manifest.insert(inside.to_owned(), hash.to_ascii_lowercase().parse().map_err(|_| wrong())?);
    }
    Ok(manifest)
}

/// Says whether the bag's own lists are what its list of lists says; `false` also where that is missing.
pub fn tags_are_sound(folder: &Path) -> bool {
    let Ok(text) = fs::read_to_string(folder.join(TAG_MANIFEST)) else { return false };
    text.lines().all(|line| {
        let Some((hash, name)) = line.split_once("  ") else { return false };
        fs::read(folder.join(decoded(name))).is_ok_and(|bytes| ContentHash::of(&bytes).to_string() == hash)
    })
}

/// Copies a file to `to` by way of a temporary one in `workshop`, on the same disk, if its bytes have this hash; then reads the copy again.
/// Returns the number of bytes, or `None` where the bytes are others, and nothing was copied.
///
/// # Errors
/// [`StoreError`] when a file cannot be read or written, or the copy reads back otherwise than it was written.
pub fn copy_checked(from: &Path, to: &Path, hash: &ContentHash, workshop: &Path) -> Result<Option<u64>, StoreError> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(StoreError::new("making folder", folder))?;
    let mut source = File::open(from).map_err(StoreError::new("reading", from))?;
    let mut copy = NamedTempFile::new_in(workshop).map_err(StoreError::new("making a file in", workshop))?;
    let failed = StoreError::new("copying", from);
    let (found, bytes) = hash_of(&mut source, |part| copy.write_all(part)).map_err(failed)?;
    if found != *hash {
        return Ok(None);
    }
    copy.as_file().sync_all().map_err(StoreError::new("syncing", to))?;
    copy.persist(to).map_err(|error| StoreError::new("writing", to)(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::new("syncing", folder))?;
    match file_hash(to)? {
        again if again == *hash => Ok(Some(bytes)),
        _ => Err(StoreError::new("reading back", to)(io::Error::other("it is not what was written: check the disk"))),
    }
}

/// Returns the hash of a file's bytes.
///
/// # Errors
/// [`StoreError`] when it cannot be read.
pub fn file_hash(path: &Path) -> Result<ContentHash, StoreError> {
    let hash = || hash_of(&mut File::open(path)?, |_| Ok(()));
    hash().map(|(hash, _)| hash).map_err(StoreError::new("reading", path))
}

fn hash_of(source: &mut File, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<(ContentHash, u64)> {
    let (mut hasher, mut bytes, mut part) = (Hasher::default(), 0, vec![0; 1 << 18]);
    loop {
        let count = match source.read(&mut part) {
            Ok(0) => return Ok((hasher.finish(), bytes)),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let read = part.get(..count).unwrap_or_default();
        hasher.update(read);
        each(read)?;
        bytes += count as u64;
    }
}

fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let path = folder.join(name);
    let write = || -> io::Result<()> {
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(StoreError::new("writing", &path))
}

/// Line ends and percent signs in paths are written by their numbers (RFC 8493, 2.1.3).
fn encoded(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('\n', "%0A").replace('\r', "%0D")
}

fn decoded(path: &str) -> String {
    let path = path.replace("%0A", "\n").replace("%0a", "\n").replace("%0D", "\r").replace("%0d", "\r");
    path.replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_bag_lists_its_files_and_tells_when_a_list_was_changed() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        fs::write(folder.path().join("letter"), "letter").unwrap();
        let (hash, odd) = (ContentHash::of(b"letter"), "100%\n.txt");
        let place = data.join(odd);
        assert_eq!(copy_checked(&folder.path().join("letter"), &place, &hash, folder.path()).unwrap(), Some(6));
        let other = ContentHash::of(b"other");
        assert_eq!(copy_checked(&place, &data.join("x"), &other, folder.path()).unwrap(), None);
        assert!(!data.join("x").exists());
        let manifest = Manifest::from([(PathBuf::from(odd), hash)]);
        seal(folder.path(), &manifest, 6, &[("Bagging-Date", "2026-01-05".to_owned())]).unwrap();
        assert_eq!(super::manifest(folder.path()).unwrap(), manifest);
        let info = fs::read_to_string(folder.path().join(INFO)).unwrap();
        assert_eq!(info, "Bagging-Date: 2026-01-05\nPayload-Oxum: 6.1\n");
        assert!(tags_are_sound(folder.path()));
        fs::write(folder.path().join(INFO), "changed").unwrap();
        assert!(!tags_are_sound(folder.path()));
    }

    #[test]
    fn a_list_that_leads_out_of_the_bag_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(manifest(folder.path()), Err(BagError::NoBag(_))));
        seal(folder.path(), &Manifest::new(), 0, &[]).unwrap();
        let hash = ContentHash::of(b"x");
        for path in ["data/../../etc/passwd", "/etc/passwd", "data", "other/x", "data//../x"] {
            fs::write(folder.path().join(MANIFEST), format!("{hash}  {path}\n")).unwrap();
            assert!(matches!(manifest(folder.path()), Err(BagError::Manifest { line: 1, .. })), "{path}");
        }
        fs::write(folder.path().join(MANIFEST), "nonsense").unwrap();
        assert!(manifest(folder.path()).is_err());
    }
}
