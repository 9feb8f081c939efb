//! Keeps bytes for good, addressed by their SHA-256: originals as handed in, and the records read from them.
//!
//! A blob is written once and never changed. The order of writing is blob, then row, then index, so a crash leaves at
//! worst a blob that nothing names, never a row that names nothing.

pub mod bag;
mod fs;
pub mod record;

pub use fs::FsBlobs;

use crate::model::ContentHash;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes kept by content. No verb assumes that one process alone uses the store.
pub trait BlobStore: Send + Sync {
    /// Keeps `bytes` and returns their hash; when it returns, they survive a power cut.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written; nothing is kept then.
    fn put(&self, bytes: &[u8]) -> Result<ContentHash, StoreError>;

    /// Keeps everything `source` yields, in constant memory, and returns its hash and its size in bytes.
    ///
    /// # Errors
    /// [`PutError::Source`] when `source` cannot be read, [`PutError::Store`] when the store cannot be written.
    fn put_from(&self, source: &mut dyn Read) -> Result<(ContentHash, u64), PutError>;

    /// Returns the bytes of a blob.
    ///
    /// # Errors
    /// [`StoreError`] when there is no such blob, or it cannot be read.
    fn get(&self, hash: &ContentHash) -> Result<Vec<u8>, StoreError>;

    /// Returns the blob as a file that may be read until the answer is dropped.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    fn as_file(&self, hash: &ContentHash) -> Result<BlobFile, StoreError>;

    /// Says whether there is such a blob.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    fn contains(&self, hash: &ContentHash) -> Result<bool, StoreError>;

    /// Reads the blob again and says whether its bytes still have its hash; `None` when there is no such blob.
    ///
    /// # Errors
    /// [`StoreError`] when the blob is there and cannot be read.
    fn check(&self, hash: &ContentHash) -> Result<Option<bool>, StoreError>;

    /// Returns the hashes of all blobs, in no order.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be listed.
    fn list(&self) -> Result<Box<dyn Iterator<Item = Result<ContentHash, StoreError>> + '_>, StoreError>;
}

/// A blob lying in a file.
#[derive(Debug)]
pub struct BlobFile {
    path: PathBuf,
}

impl BlobFile {
    /// Returns where it lies. The file is not to be written.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The archive's storage does not do what it should.
#[derive(Debug, thiserror::Error)]
#[error("{action} {} failed: {source}", path.display())]
pub struct StoreError {
    /// What was tried, such as `writing`.
    pub action: &'static str,
    /// On which file or folder.
    pub path: PathBuf,
    /// What the system answered.
    pub source: io::Error,
}

impl StoreError {
    fn new(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { action, path, source }
    }
}

/// Bytes could not be taken into the store.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The bytes could not be read from where they lie.
    #[error("reading failed: {0}")]
    Source(io::Error),
    /// The store could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
