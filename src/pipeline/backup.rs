//! Copies an archive into a bag beside the running program, and brings it back: an open archive in, a folder anyone can check out.
//!
//! Rows are copied first, at one moment; blobs after that. Since every blob is written before the row that names it, each row of the copy
//! has its blobs. What an earlier backup holds is not copied again: blobs never change. The index is not copied, it is built anew.

use super::failure::ArchiveError;
use super::store::{Access, Store};
use crate::archive::StoreError;
use crate::archive::bag::{self, BagError, Manifest};
use crate::catalogue::copy_database;
use crate::model::ContentHash;
use jiff::Timestamp;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Folder of the blobs in a bag and in an archive.
const BLOBS: &str = "blobs";
/// Beginning of the name of the folder with everything but blobs, as it was at one moment.
const STATE: &str = "state-";
/// Folder of files being written.
const WORKSHOP: &str = "unfinished";
/// Stands in an archive that is being brought back.
const RESTORING: &str = "restoring";
/// Says that a folder is an archive; written last.
const FORM: &str = "form";

/// What a backup or restore did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Blobs there now.
    pub blobs: u64,
    /// Files copied this time.
    pub copied: u64,
    /// Bytes copied this time.
    pub bytes: u64,
    /// Documents that can be searched again; of a restore alone.
    pub documents: u64,
    /// What is wrong, in words: blobs that are damaged or missing.
    pub damaged: Vec<String>,
}

/// A backup cannot be made or brought back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The bag.
    #[error(transparent)]
    Bag(#[from] BagError),
    /// The folder holds something else.
    #[error("{} holds something else: give an empty folder, or one with an earlier backup of this archive", .0.display())]
    NotEmpty(PathBuf),
    /// There is an archive already.
    #[error("{} is not empty: an archive is brought back into an empty folder", .0.display())]
    Occupied(PathBuf),
    /// Another backup is being written there.
    #[error("another backup is being written to {}", .0.display())]
    Busy(PathBuf),
    /// The bag is no backup of an archive.
    #[error("{} is a bag, and no backup of an archive: there is no state in it", .0.display())]
    NoState(PathBuf),
}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        Self::Archive(error.into())
    }
}

/// Copies the archive into the bag at `to`. With `all`, what an earlier backup holds is read again and mended, too.
/// `each` is called after every blob. Can be called while another process writes the archive.
///
/// # Errors
/// [`BackupError`] when the folder cannot be used or written; an earlier backup in it stays usable.
pub fn backup(store: &Store, to: &Path, all: bool, mut each: impl FnMut()) -> Result<Copied, BackupError> {
    let to = std::path::absolute(to).map_err(failed("finding", to))?;
    if to.starts_with(store.folder()) {
        return Err(BackupError::NotEmpty(to));
    }
    fs::create_dir_all(&to).map_err(failed("making folder", &to))?;
    let workshop = to.join(WORKSHOP);
    let mut entries = fs::read_dir(&to).map_err(failed("listing", &to))?;
    if entries.next().is_some() && !bag::is_bag(&to) && !workshop.is_dir() {
        return Err(BackupError::NotEmpty(to));
    }
    fs::create_dir_all(&workshop).map_err(failed("making folder", &workshop))?;
    let lock_path = workshop.join("lock");
    let lock = File::create(&lock_path).map_err(failed("making", &lock_path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(BackupError::Busy(to)),
        Err(TryLockError::Error(error)) => return Err(failed("locking", &lock_path)(error).into()),
    }
    let data = to.join("data");
    let mut copied = Copied::default();
    let state = copy_state(store, &data, &workshop, &mut copied)?;
    for hash in store.blobs.list()? {
        copy_blob(store, &hash?, &data, &workshop, all, &mut copied)?;
        each();
    }
    let (manifest, bytes) = listed(&data, &state)?;
    copied.blobs = manifest.keys().filter(|path| path.starts_with(BLOBS)).count() as u64;
    let now = Timestamp::now();
    let about = [
        ("Bagging-Date", now.strftime("%Y-%m-%d").to_string()),
        ("Bag-Software-Agent", format!("warraq {}", env!("CARGO_PKG_VERSION"))),
        ("External-Description", "Archive of Warraq; brought back with `warraq restore`".to_owned()),
        ("External-Identifier", state.clone()),
    ];
    bag::seal(&to, &manifest, bytes, &about)?;
    // The list names the new state from here on; older ones may go.
    remove_other_states(&data, &state)?;
    drop(lock);
    fs::remove_dir_all(&workshop).map_err(failed("removing", &workshop))?;
    Ok(copied)
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError { action, path, source }
}

/// Copies everything but blobs and index, as it is at this moment; returns the name of its folder.
fn copy_state(store: &Store, data: &Path, workshop: &Path, copied: &mut Copied) -> Result<String, BackupError> {
    let moment = Timestamp::now().strftime("%Y%m%dT%H%M%S");
    let state = (0..)
        .map(|n| if n == 0 { format!("{STATE}{moment}Z") } else { format!("{STATE}{moment}Z-{n}") })
        .find(|name| !data.join(name).exists())
        .unwrap_or_default();
    let folder = data.join(&state);
    fs::create_dir_all(&folder).map_err(failed("making folder", &folder))?;
    let entries = fs::read_dir(store.folder()).map_err(failed("listing", store.folder()))?;
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let passed_over = name == "lock" || name == RESTORING || name.ends_with("-wal") || name.ends_with("-shm");
        if passed_over || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let place = folder.join(&name);
        let from = if name.ends_with(".sqlite") {
            let snapshot = workshop.join(&name);
            if snapshot.exists() {
                fs::remove_file(&snapshot).map_err(failed("removing", &snapshot))?;
            }
            copy_database(&path, &snapshot).map_err(ArchiveError::from)?;
            snapshot
        } else {
            path
        };
        let hash = bag::file_hash(&from)?;
        match bag::copy_checked(&from, &place, &hash, workshop)? {
            Some(bytes) => {
                copied.copied += 1;
                copied.bytes += bytes;
            }
            None => copied.damaged.push(format!("{name} changed while it was copied: make the backup again")),
        }
    }
    Ok(state)
}

fn copy_blob(
    store: &Store,
    hash: &ContentHash,
    data: &Path,
    workshop: &Path,
    all: bool,
    copied: &mut Copied,
) -> Result<(), BackupError> {
    let (from, to) = (store.blobs.as_file(hash)?, data.join(blob_path(hash)));
    let length = |path: &Path| fs::metadata(path).map(|about| about.len()).ok();
    if length(&to).is_some_and(|there| Some(there) == length(from.path())) && (!all || bag::file_hash(&to)? == *hash) {
        return Ok(());
    }
    match bag::copy_checked(from.path(), &to, hash, workshop)? {
        Some(bytes) => {
            copied.copied += 1;
            copied.bytes += bytes;
        }
        // An older copy, if there is one, is the better one.
        None => copied.damaged.push(format!("blob {hash} is damaged in the archive: run `warraq verify --repair`")),
    }
    Ok(())
}

/// Returns the path of a blob below `data/` and below an archive's folder.
fn blob_path(hash: &ContentHash) -> PathBuf {
    let name = hash.to_string();
    Path::new(BLOBS).join(&name[..2]).join(&name[2..4]).join(name)
}

/// Returns the list of all blobs of the bag and of one state, and the number of bytes.
fn listed(data: &Path, state: &str) -> Result<(Manifest, u64), BackupError> {
    let (mut manifest, mut bytes) = (Manifest::new(), 0);
    let mut enter = |path: &Path, hash: ContentHash| -> Result<(), StoreError> {
        bytes += fs::metadata(path).map_err(failed("looking at", path))?.len();
        manifest.insert(path.strip_prefix(data).unwrap_or(path).to_owned(), hash);
        Ok(())
    };
    for entry in walkdir::WalkDir::new(data.join(BLOBS)).min_depth(3).max_depth(3).into_iter().flatten() {
        if let Some(hash) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            enter(entry.path(), hash)?;
        }
    }
    let folder = data.join(state);
    for entry in fs::read_dir(&folder).map_err(failed("listing", &folder))?.flatten() {
        enter(&entry.path(), bag::file_hash(&entry.path())?)?;
    }
    Ok((manifest, bytes))
}

fn remove_other_states(data: &Path, state: &str) -> Result<(), BackupError> {
    for entry in fs::read_dir(data).map_err(failed("listing", data))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(STATE) && name != state {
            fs::remove_dir_all(entry.path()).map_err(failed("removing", &entry.path()))?;
        }
    }
    Ok(())
}

/// Brings the archive of the bag at `from` back into the folder `to`, which is to be empty, and builds its index. `each` is called after
/// every file. What is damaged in the bag is named and left out.
///
/// # Errors
/// [`BackupError`] when there is no backup, or the folder cannot be used.
pub fn restore(from: &Path, to: &Path, mut each: impl FnMut()) -> Result<Copied, BackupError> {
    let manifest = bag::manifest(from)?;
    if !manifest.keys().any(|path| path.to_string_lossy().starts_with(STATE)) {
        return Err(BackupError::NoState(from.to_owned()));
    }
    let marker = to.join(RESTORING);
    fs::create_dir_all(to).map_err(failed("making folder", to))?;
    if fs::read_dir(to).map_err(failed("listing", to))?.next().is_some() && !marker.exists() {
        return Err(BackupError::Occupied(to.to_owned()));
    }
    fs::write(&marker, "").map_err(failed("writing", &marker))?;
    let workshop = to.join("tmp");
    fs::create_dir_all(&workshop).map_err(failed("making folder", &workshop))?;
    let mut copied = Copied::default();
    if !bag::tags_are_sound(from) {
        copied.damaged.push(
            "the bag's lists are not what they were when it was sealed; each file is checked all the same".to_owned(),
        );
    }
    // The catalogue after the blobs it names; last what says that this is an archive.
    let is_state = |path: &Path| !path.starts_with(BLOBS);
    let is_form = |path: &Path| path.file_name().is_some_and(|name| name == FORM);
    let mut files: Vec<(&PathBuf, &ContentHash)> = manifest.iter().collect();
    files.sort_by_key(|(path, _)| (is_state(path), is_form(path)));
    for (path, hash) in files {
        let place = if is_state(path) { path.file_name().map(|name| to.join(name)) } else { Some(to.join(path)) };
        let Some(place) = place else { continue };
        copied.blobs += u64::from(!is_state(path));
        let there = place.is_file() && bag::file_hash(&place)? == *hash;
        let source = from.join("data").join(path);
        if !there && source.is_file() {
            match bag::copy_checked(&source, &place, hash, &workshop)? {
                Some(bytes) => {
                    copied.copied += 1;
                    copied.bytes += bytes;
                }
                None => copied.damaged.push(format!("{} is damaged in the backup", path.display())),
            }
        } else if !there {
            copied.damaged.push(format!("{} is missing in the backup", path.display()));
        }
        each();
    }
    fs::remove_file(&marker).map_err(failed("removing", &marker))?;
    Store::open(to, Access::Read)?; // nothing is made up where the state is missing
    copied.documents = Store::open(to, Access::Write)?.reindex(|| {})?;
    Ok(copied)
}

/// Returns where a bag has the blob, if it has it.
pub fn blob_in(bag: &Path, hash: &ContentHash) -> Option<PathBuf> {
    let path = bag.join("data").join(blob_path(hash));
    path.is_file().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_incremental_and_mends_itself_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, to) = (folder.path().join("archive"), folder.path().join("backup"));
        let store = Store::open(&archive, Access::Write).unwrap();
        let first = store.blobs.put(b"first").unwrap();
        let copied = backup(&store, &to, false, || ()).unwrap();
        assert_eq!((copied.blobs, copied.damaged.len()), (1, 0));
        assert_eq!(copied.copied, 3, "the blob, the catalogue and the form");
        store.blobs.put(b"second").unwrap();
        let copied = backup(&store, &to, false, || ()).unwrap();
        assert_eq!((copied.blobs, copied.copied), (2, 3), "one blob more; rows are always copied");
        let states = fs::read_dir(to.join("data")).unwrap().count();
        assert_eq!(states, 2, "blobs, and one state");
        fs::write(blob_in(&to, &first).unwrap(), b"fIrst").unwrap();
        assert_eq!(backup(&store, &to, false, || ()).unwrap().copied, 2, "sizes alone are compared");
        assert_eq!(backup(&store, &to, true, || ()).unwrap().copied, 3);
        assert_eq!(bag::file_hash(&blob_in(&to, &first).unwrap()).unwrap(), first);
    }

    #[test]
    fn a_blob_damaged_in_the_archive_does_not_spoil_the_backup() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, to) = (folder.path().join("archive"), folder.path().join("backup"));
        let store = Store::open(&archive, Access::Write).unwrap();
        let hash = store.blobs.put(b"letter").unwrap();
        backup(&store, &to, false, || ()).unwrap();
        fs::write(archive.join(blob_path(&hash)), b"lettering").unwrap();
        let copied = backup(&store, &to, false, || ()).unwrap();
        assert_eq!((copied.damaged.len(), copied.blobs), (1, 1));
        assert_eq!(bag::file_hash(&blob_in(&to, &hash).unwrap()).unwrap(), hash, "the sound copy stays");
    }

    #[test]
    fn other_folders_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("archive");
        let store = Store::open(&archive, Access::Write).unwrap();
        let full = folder.path().join("full");
        fs::create_dir(&full).unwrap();
        fs::write(full.join("letter"), "").unwrap();
        assert!(matches!(backup(&store, &full, false, || ()), Err(BackupError::NotEmpty(_))));
        assert!(matches!(backup(&store, &archive.join("b"), false, || ()), Err(BackupError::NotEmpty(_))));
        let to = folder.path().join("backup");
        backup(&store, &to, false, || ()).unwrap();
        drop(store);
        assert!(matches!(restore(&to, &archive, || ()), Err(BackupError::Occupied(_))));
        assert!(matches!(restore(&full, &folder.path().join("x"), || ()), Err(BackupError::Bag(_))));
        let there = folder.path().join("there");
        assert_eq!(restore(&to, &there, || ()).unwrap().copied, 2);
        assert!(Store::open(&there, Access::Read).is_ok());
    }
}
