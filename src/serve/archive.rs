//! The archive as the server holds it: a few open stores to read with, and one to write with while something is written.

use crate::pipeline::{Access, ArchiveError, Store};
use crate::search::{SearchError, SearchIndex};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// Between two tries to take the lock.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// An archive, open.
pub struct Archive {
    folder: PathBuf,
    idle: Mutex<Vec<Store>>,
    index: Mutex<Option<Arc<dyn SearchIndex>>>,
    writer: Mutex<Weak<Writer>>,
}

/// The archive open for writing; its lock is held until the last holder lets go.
pub struct Writer {
    /// The index. Let go of first: who then gets the archive's lock finds the index free, too.
    pub index: Box<dyn SearchIndex>,
    /// Blobs and rows.
    pub store: Store,
}

impl Archive {
    /// Opens the archive in `folder`, and makes it where there is none.
    ///
    /// # Errors
    /// [`ArchiveError`] when it cannot be used.
    pub fn open(folder: &Path) -> Result<Self, ArchiveError> {
        let archive = Self {
            folder: folder.to_owned(),
            idle: Mutex::default(),
            index: Mutex::default(),
            writer: Mutex::new(Weak::new()),
        };
        // Bringing an older archive to this program's form, and making a new one, needs the lock; a reader needs neither.
        match archive.writer(Duration::ZERO) {
            Ok(writer) => drop(writer),
            Err(ArchiveError::Locked { .. }) => drop(Store::open(folder, Access::Read)?),
            Err(error) => return Err(error),
        }
        Ok(archive)
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lets `work` look at the archive, on this thread.
    ///
    /// # Errors
    /// What `work` answers, or [`ArchiveError`] when the archive cannot be opened.
    pub fn read<T, E: From<ArchiveError>>(&self, work: impl FnOnce(&Store) -> Result<T, E>) -> Result<T, E> {
        let idle = lock(&self.idle).pop();
        let store = match idle {
            Some(store) => store,
            None => Store::open(&self.folder, Access::Read)?,
        };
        let answer = work(&store);
        lock(&self.idle).push(store);
        answer
    }

    /// Returns the index, open for reading; what is committed to it is seen soon.
    ///
    /// # Errors
    /// [`ArchiveError`] when it is missing or of another version.
    pub fn index(&self) -> Result<Arc<dyn SearchIndex>, ArchiveError> {
        let mut index = lock(&self.index);
        if let Some(index) = &*index {
            return Ok(Arc::clone(index));
        }
        let opened: Arc<dyn SearchIndex> = self.read(|store| store.index(Access::Read).map(Arc::from))?;
        *index = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Returns the archive open for writing, waiting for another process at most as long as `patience`.
    ///
    /// # Errors
    /// [`ArchiveError::Locked`] says who else is writing.
    pub fn writer(&self, patience: Duration) -> Result<Arc<Writer>, ArchiveError> {
        let until = Instant::now() + patience;
        loop {
            match self.try_writer() {
                Err(ArchiveError::Locked { .. } | ArchiveError::Search(SearchError::Busy(_)))
                    if Instant::now() < until =>
                {
                    thread::sleep(TRY_AGAIN)
                }
                answer => return answer,
            }
        }
    }

    fn try_writer(&self) -> Result<Arc<Writer>, ArchiveError> {
        let mut held = lock(&self.writer);
        if let Some(writer) = held.upgrade() {
            return Ok(writer);
        }
        let store = Store::open(&self.folder, Access::Write)?;
        let index = store.index(Access::Write)?;
        let writer = Arc::new(Writer { index, store });
        *held = Arc::downgrade(&writer);
        Ok(writer)
    }
}

/// Nothing is left half done by a thread that died with one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_of_one_server_share_the_lock_and_give_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path()).unwrap();
        let (one, two) = (archive.writer(Duration::ZERO).unwrap(), archive.writer(Duration::ZERO).unwrap());
        assert!(Arc::ptr_eq(&one, &two));
        assert!(Store::open(folder.path(), Access::Write).is_err());
        drop((one, two));
        let other = Store::open(folder.path(), Access::Write).unwrap();
        assert!(matches!(archive.writer(Duration::from_millis(150)), Err(ArchiveError::Locked { .. })));
        assert!(archive.index().is_ok(), "reading goes on beside another writer");
        drop(other);
        assert!(archive.writer(Duration::ZERO).is_ok());
    }
}
