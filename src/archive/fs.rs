//! Blobs as files in a folder: `blobs/<first two digits>/<next two>/<hash>`.

use super::{BlobFile, BlobStore, PutError, StoreError};
use crate::model::ContentHash;
use crate::model::hash::Hasher;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Bytes read at once while hashing and copying.
const CHUNK_BYTES: usize = 1 << 18;

/// A blob store in a folder of a local disk.
#[derive(Debug)]
pub struct FsBlobs {
    blobs: PathBuf,
    temporary: PathBuf,
}

impl FsBlobs {
    /// Opens the store below `folder`, making its two folders where they are missing.
    ///
    /// # Errors
    /// [`StoreError`] when a folder cannot be made.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let (blobs, temporary) = (folder.join("blobs"), folder.join("tmp"));
        for path in [&blobs, &temporary] {
            fs::create_dir_all(path).map_err(StoreError::new("making folder", path))?;
        }
        Ok(Self { blobs, temporary })
    }

    /// Removes what a crash left half-written. To be called by the one process that writes.
    ///
    /// # Errors
    /// [`StoreError`] when the folder for unfinished files cannot be cleared.
    pub fn clear_unfinished(&self) -> Result<(), StoreError> {
        let entries = fs::read_dir(&self.temporary).map_err(StoreError::new("listing", &self.temporary))?;
        for entry in entries.flatten() {
            fs::remove_file(entry.path()).map_err(StoreError::new("removing", &entry.path()))?;
        }
        Ok(())
    }

    fn path_of(&self, hash: &ContentHash) -> PathBuf {
        let name = hash.to_string();
        self.blobs.join(&name[..2]).join(&name[2..4]).join(name)
    }

    fn unfinished(&self) -> Result<NamedTempFile, StoreError> {
        NamedTempFile::new_in(&self.temporary).map_err(StoreError::new("making a file in", &self.temporary))
    }

    /// Moves a fully written file to its place. File and folder are synced, in this order, before it returns.
    fn finish(&self, file: NamedTempFile, hash: &ContentHash) -> Result<(), StoreError> {
        let path = self.path_of(hash);
        if self.check(hash)? == Some(true) {
            return Ok(()); // the same content is there, and sound; the new copy is dropped
        }
        file.as_file().sync_all().map_err(StoreError::new("syncing", file.path()))?;
        let folder = path.parent().unwrap_or(&self.blobs);
        if !folder.is_dir() {
            fs::create_dir_all(folder).map_err(StoreError::new("making folder", folder))?;
            for parent in folder.ancestors().skip(1).take(2) {
                sync_folder(parent)?;
            }
        }
        file.persist(&path).map_err(|error| StoreError::new("writing", &path)(error.error))?;
        sync_folder(folder)
    }

    fn open_blob(&self, hash: &ContentHash) -> Result<File, StoreError> {
        let path = self.path_of(hash);
        File::open(&path).map_err(StoreError::new("reading", &path))
    }
}

/// Makes the names in `folder` survive a power cut.
fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::new("syncing", folder))
}

/// Hands `source` to `take` a chunk at a time; returns its hash and size.
fn stream(
    source: &mut dyn Read,
    mut take: impl FnMut(&[u8]) -> Result<(), PutError>,
) -> Result<(ContentHash, u64), PutError> {
    let (mut hasher, mut bytes, mut chunk) = (Hasher::default(), 0, vec![0; CHUNK_BYTES]);
    loop {
        let count = match source.read(&mut chunk) {
            Ok(0) => return Ok((hasher.finish(), bytes)),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(PutError::Source(error)),
        };
        let read = chunk.get(..count).unwrap_or_default();
        hasher.update(read);
        bytes += count as u64;
        take(read)?;
    }
}

impl BlobStore for FsBlobs {
    fn put(&self, bytes: &[u8]) -> Result<ContentHash, StoreError> {
        let hash = ContentHash::of(bytes);
        // A blob that is there and damaged is written anew.
        if self.check(&hash)? != Some(true) {
            let mut file = self.unfinished()?;
            file.write_all(bytes).map_err(StoreError::new("writing", file.path()))?;
            self.finish(file, &hash)?;
        }
        Ok(hash)
    }

    fn put_from(&self, source: &mut dyn Read) -> Result<(ContentHash, u64), PutError> {
        let mut file = self.unfinished()?;
        let path = file.path().to_owned();
        let (hash, bytes) =
            stream(source, |chunk| Ok(file.write_all(chunk).map_err(StoreError::new("writing", &path))?))?;
        self.finish(file, &hash)?;
        Ok((hash, bytes))
    }

    fn get(&self, hash: &ContentHash) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        self.open_blob(hash)?.read_to_end(&mut bytes).map_err(StoreError::new("reading", &self.path_of(hash)))?;
        Ok(bytes)
    }

    fn as_file(&self, hash: &ContentHash) -> Result<BlobFile, StoreError> {
        self.open_blob(hash)?;
        Ok(BlobFile { path: self.path_of(hash) })
    }

    fn contains(&self, hash: &ContentHash) -> Result<bool, StoreError> {
        let path = self.path_of(hash);
        path.try_exists().map_err(StoreError::new("looking for", &path))
    }

    fn check(&self, hash: &ContentHash) -> Result<Option<bool>, StoreError> {
        if !self.contains(hash)? {
            return Ok(None);
        }
        let mut file = BufReader::new(self.open_blob(hash)?);
        match stream(&mut file, |_| Ok(())) {
            Ok((found, _)) => Ok(Some(found == *hash)),
            Err(PutError::Store(error)) => Err(error),
            Err(PutError::Source(error)) => Err(StoreError::new("reading", &self.path_of(hash))(error)),
        }
    }

    fn list(&self) -> Result<Box<dyn Iterator<Item = Result<ContentHash, StoreError>> + '_>, StoreError> {
        let walk = walkdir::WalkDir::new(&self.blobs).min_depth(3).max_depth(3);
        Ok(Box::new(walk.into_iter().filter_map(|entry| match entry {
            Ok(entry) => entry.file_name().to_str().and_then(|name| name.parse().ok()).map(Ok),
            Err(error) => Some(Err(StoreError::new("listing", &self.blobs)(error.into()))),
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, FsBlobs) {
        let folder = tempfile::tempdir().unwrap();
        let store = FsBlobs::open(folder.path()).unwrap();
        (folder, store)
    }

    #[test]
    fn what_is_put_comes_back_whichever_way_it_went_in() {
        let (_folder, store) = store();
        let bytes = vec![7; CHUNK_BYTES + 1];
        let hash = store.put(&bytes).unwrap();
        assert_eq!(store.put_from(&mut bytes.as_slice()).unwrap(), (hash, bytes.len() as u64));
        assert_eq!(store.get(&hash).unwrap(), bytes);
        assert_eq!(fs::read(store.as_file(&hash).unwrap().path()).unwrap(), bytes);
        assert_eq!(store.list().unwrap().collect::<Result<Vec<_>, _>>().unwrap(), [hash]);
        assert_eq!(fs::read_dir(&store.temporary).unwrap().count(), 0);
    }

    #[test]
    fn a_changed_byte_is_found_and_a_missing_blob_is_told_apart() {
        let (_folder, store) = store();
        let hash = store.put(b"letter").unwrap();
        assert_eq!(store.check(&hash).unwrap(), Some(true));
        fs::write(store.path_of(&hash), b"lettes").unwrap();
        assert_eq!(store.check(&hash).unwrap(), Some(false));
        assert_eq!(store.check(&ContentHash::of(b"never put")).unwrap(), None);
    }

    #[test]
    fn handing_a_file_in_again_mends_its_damaged_blob() {
        let (_folder, store) = store();
        let hash = store.put(b"letter").unwrap();
        fs::write(store.path_of(&hash), b"lettes").unwrap();
        assert_eq!(store.put_from(&mut &b"letter"[..]).unwrap(), (hash, 6));
        assert_eq!(store.check(&hash).unwrap(), Some(true));
    }

    #[test]
    fn a_source_that_breaks_off_leaves_nothing() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("pulled out"))
            }
        }
        let (_folder, store) = store();
        let mut source = (&b"first half"[..]).chain(Broken);
        assert!(matches!(store.put_from(&mut source), Err(PutError::Source(_))));
        assert_eq!(store.list().unwrap().count(), 0);
        assert_eq!(fs::read_dir(&store.temporary).unwrap().count(), 0);
    }
}
