//! What is done with a file once it has ended: kept where it is, moved, or deleted; files that failed are put aside with a reason beside them.
//!
//! Nothing is moved or deleted before the archive's own copy has been read again and is the same, and the file itself is still what was taken in.

use super::pending::open;
use super::reason;
use crate::archive::{BlobStore, StoreError};
use crate::ingest::Stamp;
use crate::model::hash::Hasher;
use crate::model::{ContentHash, FailureCode};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Folder, inside each watched one, of files that failed.
pub const FAILED: &str = "failed";

/// What is done with files that are in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// They stay.
    Keep,
    /// They are moved into this folder, an absolute path.
    Move(PathBuf),
    /// They are deleted.
    Delete,
}

/// How a file ended.
#[derive(Clone, Copy, Debug)]
pub enum Ending<'a> {
    /// The archive holds it.
    Kept(&'a ContentHash),
    /// It could not be taken in.
    Failed {
        /// The code.
        code: FailureCode,
        /// The reason.
        message: &'a str,
    },
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing was to be done.
    Nothing,
    /// It lies there now.
    Moved(PathBuf),
    /// It is deleted.
    Deleted,
    /// It has changed since it was taken in, and is to be taken in again.
    Changed,
}

/// A file could not be moved or deleted. It lies where it was.
#[derive(Debug, thiserror::Error)]
pub enum AfterError {
    /// The archive's copy is not what was taken in.
    #[error("{} stays where it is: its copy in the archive is damaged or missing; run verify", .0.display())]
    Unsound(PathBuf),
    /// The archive cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file or folder refuses.
    #[error("{} cannot be put into its place: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}

/// Does away with files.
pub struct Afterwards<'a> {
    /// What is done.
    pub after: After,
    /// The watched folders, absolute.
    pub folders: Vec<PathBuf>,
    /// The archive's bytes.
    pub blobs: &'a dyn BlobStore,
}

impl Afterwards<'_> {
    /// Returns the folders that hold what was done away with, and are not to be watched.
    pub fn left_out(&self) -> Vec<PathBuf> {
        let mut left_out: Vec<PathBuf> = self.folders.iter().map(|folder| folder.join(FAILED)).collect();
        if let After::Move(folder) = &self.after {
            left_out.push(folder.clone());
        }
        left_out
    }

    /// Does what is to be done with a file that has ended.
    ///
    /// # Errors
    /// [`AfterError`] when it cannot be done; the file lies where it was.
    pub fn act(&self, path: &Path, ending: Ending<'_>) -> Result<Done, AfterError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let Some(folder) = self.folders.iter().find(|folder| path.starts_with(folder)) else {
            return Ok(Done::Nothing);
        };
        let below = path.strip_prefix(folder).unwrap_or(&path).to_owned();
        let aside = folder.join(FAILED).join(&below);
        match ending {
            Ending::Kept(content) => {
                let done = self.done_with(&path, &below, content)?;
                // It failed once and does no more.
                fs::remove_file(reason::beside(&aside)).ok();
                Ok(done)
            }
            // It may be readable later, and what cannot be read cannot be moved with a good conscience.
            Ending::Failed { code: FailureCode::Unreadable | FailureCode::Storage, .. } => Ok(Done::Nothing),
            Ending::Failed { code, message } => {
                let (place, done) = if self.after == After::Keep {
                    make_folder_of(&aside)?;
                    (aside, Done::Nothing)
                } else {
                    let content = content_of(&path)?;
                    let place = moved(&path, &aside, &content)?;
                    (place.clone(), Done::Moved(place))
                };
                let text = reason::text(&below, code, message, jiff::Timestamp::now());
                let file = reason::beside(&place);
                fs::write(&file, text).map_err(|source| AfterError::Io { path: file, source })?;
                Ok(done)
            }
        }
    }

    fn done_with(&self, path: &Path, below: &Path, content: &ContentHash) -> Result<Done, AfterError> {
        if self.after == After::Keep {
            return Ok(Done::Nothing);
        }
        if self.blobs.check(content)? != Some(true) {
            return Err(AfterError::Unsound(path.to_owned()));
        }
        let io = |source| AfterError::Io { path: path.to_owned(), source };
        let before = Stamp::of(&path.symlink_metadata().map_err(io)?);
        if content_of(path)? != *content {
            return Ok(Done::Changed);
        }
        match &self.after {
            After::Keep => Ok(Done::Nothing),
            After::Move(folder) => Ok(Done::Moved(moved(path, &folder.join(below), content)?)),
            After::Delete => {
                if Stamp::of(&path.symlink_metadata().map_err(io)?) != before {
                    return Ok(Done::Changed);
                }
                fs::remove_file(path).map_err(io)?;
                Ok(Done::Deleted)
            }
        }
    }
}

fn content_of(path: &Path) -> Result<ContentHash, AfterError> {
    let hash = || -> io::Result<ContentHash> {
        let (mut file, mut hasher, mut part) = (open(path)?, Hasher::default(), vec![0; 1 << 18]);
        loop {
            match file.read(&mut part) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(count) => hasher.update(part.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    };
    hash().map_err(|source| AfterError::Io { path: path.to_owned(), source })
}

fn make_folder_of(path: &Path) -> Result<(), AfterError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|source| AfterError::Io { path: folder.to_owned(), source })
}

/// Moves a file and returns where it lies then. What lies there already is never overwritten: the same bytes are left as they are, beside others
/// it gets the first digits of its hash into its name.
fn moved(from: &Path, to: &Path, content: &ContentHash) -> Result<PathBuf, AfterError> {
    make_folder_of(to)?;
    let stem = to.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending = to.extension().map_or(String::new(), |ending| format!(".{}", ending.to_string_lossy()));
    for place in [to.to_owned(), to.with_file_name(format!("{stem}-{}{ending}", content.short()))] {
        let io = |source| AfterError::Io { path: place.clone(), source };
        match place_at(from, &place) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if content_of(&place)? != *content {
                    continue;
                }
            }
            Err(error) => return Err(io(error)),
        }
        fs::remove_file(from).map_err(io)?;
        return Ok(place);
    }
    let source = io::Error::new(io::ErrorKind::AlreadyExists, "other files lie there under its name");
    Err(AfterError::Io { path: to.to_owned(), source })
}

/// Gives a file a second place, on whatever disk; durable when it returns.
fn place_at(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // Another disk, or a file system without links.
        Err(_) => {
            let folder = to.parent().unwrap_or(to);
            let mut copy = NamedTempFile::new_in(folder)?;
            io::copy(&mut open(from)?, &mut copy)?;
            copy.flush()?;
            copy.as_file().sync_all()?;
            copy.persist_noclobber(to).map_err(|error| error.error)?;
        }
    }
    fs::File::open(to.parent().unwrap_or(to))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::FsBlobs;

    struct Set {
        _folder: tempfile::TempDir,
        blobs: FsBlobs,
        inbox: PathBuf,
        outbox: PathBuf,
        letter: PathBuf,
        content: ContentHash,
    }

    fn set() -> Set {
        let folder = tempfile::tempdir().unwrap();
        let (inbox, outbox) = (folder.path().join("in"), folder.path().join("out"));
        fs::create_dir_all(inbox.join("3")).unwrap();
        let letter = inbox.join("3/letter.tif");
        fs::write(&letter, "letter").unwrap();
        let blobs = FsBlobs::open(&folder.path().join("archive")).unwrap();
        let content = blobs.put(b"letter").unwrap();
        Set { _folder: folder, blobs, inbox, outbox, letter, content }
    }

    fn act(set: &Set, after: After, ending: Ending<'_>) -> Result<Done, AfterError> {
        let folders = vec![set.inbox.clone()];
        Afterwards { after, folders, blobs: &set.blobs }.act(&set.letter, ending)
    }

    #[test]
    fn a_kept_file_is_left_moved_or_deleted() {
        let set = set();
        let kept = Ending::Kept(&set.content);
        assert_eq!(act(&set, After::Keep, kept).unwrap(), Done::Nothing);
        let place = set.outbox.join("3/letter.tif");
        assert_eq!(act(&set, After::Move(set.outbox.clone()), kept).unwrap(), Done::Moved(place.clone()));
        assert!(!set.letter.exists());
        fs::write(&set.letter, "letter").unwrap();
        assert_eq!(act(&set, After::Move(set.outbox.clone()), kept).unwrap(), Done::Moved(place.clone()));
        fs::write(&place, "another of this name").unwrap();
        fs::write(&set.letter, "letter").unwrap();
        let beside = place.with_file_name(format!("letter-{}.tif", set.content.short()));
        assert_eq!(act(&set, After::Move(set.outbox.clone()), kept).unwrap(), Done::Moved(beside));
        fs::write(&set.letter, "letter").unwrap();
        assert_eq!(act(&set, After::Delete, kept).unwrap(), Done::Deleted);
        assert!(!set.letter.exists() && place.exists());
    }

    #[test]
    fn nothing_is_deleted_without_a_sound_copy_or_after_a_change() {
        let set = set();
        fs::write(&set.letter, "rescanned").unwrap();
        assert_eq!(act(&set, After::Delete, Ending::Kept(&set.content)).unwrap(), Done::Changed);
        let other = ContentHash::of(b"rescanned");
        assert!(matches!(act(&set, After::Delete, Ending::Kept(&other)), Err(AfterError::Unsound(_))));
        assert!(set.letter.exists());
    }

    #[test]
    fn what_failed_is_put_aside_with_the_reason_in_two_languages() {
        let set = set();
        let failed = Ending::Failed { code: FailureCode::DamagedImage, message: "cut short" };
        let place = set.inbox.join("failed/3/letter.tif");
        assert_eq!(act(&set, After::Keep, failed).unwrap(), Done::Nothing);
        assert!(set.letter.exists() && reason::beside(&place).exists());
        assert_eq!(act(&set, After::Delete, failed).unwrap(), Done::Moved(place.clone()));
        assert_eq!(fs::read(&place).unwrap(), b"letter");
        let text = fs::read_to_string(reason::beside(&place)).unwrap();
        assert!(text.contains("damaged_image") && text.contains("cut short") && text.contains("الصورة"), "{text}");
        fs::write(&set.letter, "letter").unwrap();
        act(&set, After::Keep, Ending::Kept(&set.content)).unwrap();
        assert!(!reason::beside(&place).exists(), "it does not fail any more");
        let unreadable = Ending::Failed { code: FailureCode::Unreadable, message: "locked" };
        assert_eq!(act(&set, After::Delete, unreadable).unwrap(), Done::Nothing);
    }
}
