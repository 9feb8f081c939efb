//! Bytes read by position, from a file or from memory, so that several threads can read one file at once.

use super::DecodeError;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes that can be read at any place.
pub(super) trait ReadAt {
    /// Returns the number of bytes.
    fn len(&self) -> u64;

    /// Fills `buffer` with the bytes from `offset` on.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Returns `count` bytes from `offset` on, if there are as many.
    fn bytes(&self, offset: u64, count: u64) -> Result<Vec<u8>, DecodeError> {
        let end = offset.checked_add(count).filter(|end| *end <= self.len());
        let (Some(_), Ok(count)) = (end, usize::try_from(count)) else {
            return Err(DecodeError::damaged_image(format!("it ends before byte {}", offset.saturating_add(count))));
        };
        let mut bytes = vec![0; count];
        self.read_at(offset, &mut bytes).map_err(|error| DecodeError::Unreadable { what: error.to_string() })?;
        Ok(bytes)
    }
}

/// An open file; it stays readable when its path is given to something else.
pub(super) struct FileBytes {
    file: File,
    len: u64,
}

impl FileBytes {
    pub(super) fn open(path: &Path) -> Result<Self, DecodeError> {
        let unreadable = |error: io::Error| DecodeError::Unreadable { what: error.to_string() };
        let file = File::open(path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        if !about.is_file() {
            return Err(DecodeError::Unreadable { what: "it is no file".to_owned() });
        }
        Ok(Self { file, len: about.len() })
    }

    /// Returns the whole file.
    pub(super) fn all(&self) -> Result<Vec<u8>, DecodeError> {
        self.bytes(0, self.len)
    }
}

impl ReadAt for FileBytes {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

impl ReadAt for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).ok();
        let part = start.and_then(|start| self.get(start..start.checked_add(buffer.len())?));
        buffer.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// A reader over `ReadAt` with a place of its own, for decoders that want `Read` and `Seek`.
pub(super) struct Cursor<'a, S: ReadAt + ?Sized> {
    source: &'a S,
    position: u64,
}

impl<'a, S: ReadAt + ?Sized> Cursor<'a, S> {
    pub(super) fn new(source: &'a S) -> Self {
        Self { source, position: 0 }
    }
}

impl<S: ReadAt + ?Sized> Read for Cursor<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.len().saturating_sub(self.position);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if let Some(buffer) = buffer.get_mut(..count) {
            self.source.read_at(self.position, buffer)?;
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl<S: ReadAt + ?Sized> Seek for Cursor<'_, S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.source.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
