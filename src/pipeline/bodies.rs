//! The list of bodies of an archive: `bodies.toml` in its folder, a copy of the one that comes with the program until someone changes it.
//! Each change keeps the list before it beside it, as `bodies.<version>.toml`.

use super::failure::ArchiveError;
use super::store::Store;
use crate::thread::bodies::{Bodies, BodiesError, EMBEDDED};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Returns the list that comes with the program.
pub fn embedded() -> Bodies {
    Bodies::parse(EMBEDDED).unwrap_or_default() // a test parses it
}

fn path(store: &Store) -> PathBuf {
    store.folder().join("bodies.toml")
}

/// Returns the list of an archive.
///
/// # Errors
/// [`ArchiveError`] when its file cannot be read or is wrong.
pub fn load(store: &Store) -> Result<Bodies, ArchiveError> {
    let path = path(store);
    match fs::read_to_string(&path) {
        Ok(text) => Bodies::parse(&text).map_err(|source| ArchiveError::Bodies { path, source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(embedded()),
        Err(source) => Err(ArchiveError::Folder { path, source }),
    }
}

/// Changes the list of an archive; the one before stays beside it.
///
/// # Errors
/// [`ArchiveError`] when the list cannot be read, changed so, or written.
pub fn change(
    store: &Store,
    change: impl FnOnce(&Bodies) -> Result<Bodies, BodiesError>,
) -> Result<Bodies, ArchiveError> {
    let path = path(store);
    let before = load(store)?;
    let after = change(&before).map_err(|source| ArchiveError::Bodies { path: path.clone(), source })?;
    if path.exists() {
        let kept = store.folder().join(format!("bodies.{}.toml", before.version));
        fs::copy(&path, &kept).map_err(|source| ArchiveError::Folder { path: kept, source })?;
    }
    write_whole(&path, &after.written()).map_err(|source| ArchiveError::Folder { path, source })?;
    Ok(after)
}

/// Writes a file so that it is there whole or as it was before.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Access;
    use crate::thread::bodies::Body;

    #[test]
    fn a_change_is_kept_and_so_is_the_list_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Access::Write).unwrap();
        let add = |name: &str| {
            let body = Body { name: name.to_owned(), ..Body::default() };
            change(&store, |bodies| bodies.with(body)).unwrap()
        };
        add("دائرة الموازنة");
        let last = add("دائرة المحاسبة");
        assert_eq!(load(&store).unwrap().version, last.version);
        assert!(load(&store).unwrap().recognise("دائرة الموازنه").is_some());
        assert!(folder.path().join(format!("bodies.{}.toml", last.version - 1)).exists());
    }

    #[test]
    fn a_list_spoilt_by_hand_is_named_and_closes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Access::Write).unwrap();
        fs::write(folder.path().join("bodies.toml"), "version = 1\n[[body]\n").unwrap();
        assert!(load(&store).unwrap_err().to_string().contains("bodies.toml"));
        assert!(store.bodies().recognise("وزارة المالية").is_some());
    }
}
