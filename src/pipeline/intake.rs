//! Takes files in one at a time: looks at each, keeps its bytes, enters it in the ledger, and opens it for reading.

use super::failure::{ArchiveError, Failure};
use super::store::Store;
use crate::archive::PutError;
use crate::catalogue::{InputId, InputStatus, NewInput};
use crate::decode::{self, Format, OpenFile};
use crate::ingest::{self, Found, What};
use crate::model::{ContentHash, DocumentId};
use jiff::Timestamp;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file whose pages are to be read.
pub struct Job {
    /// Its row in the ledger.
    pub input: InputId,
    /// Path as handed in.
    pub path: PathBuf,
    /// Hash of its bytes.
    pub content: ContentHash,
    /// Size in bytes.
    pub bytes: u64,
    /// Its format.
    pub format: Format,
    /// When it was taken in.
    pub received: Timestamp,
    /// The body it belongs to.
    pub organisation: Option<String>,
    /// The file, open for reading pages.
    pub file: OpenFile,
}

/// What taking a file in comes to.
pub enum Taken {
    /// Pages are to be read.
    Job(Box<Job>),
    /// The same bytes are being read under another path just now; the outcome will be that file's.
    Follows,
    /// Nothing is left to do.
    Done(Ended),
}

/// How a file ended.
#[derive(Debug)]
pub struct Ended {
    /// Path as handed in.
    pub path: PathBuf,
    /// What became of it.
    pub end: End,
    /// Documents that hold its content.
    pub documents: Vec<DocumentId>,
    /// Pages filed.
    pub pages: u32,
}

/// The end of a file.
#[derive(Debug)]
pub enum End {
    /// In the archive.
    Stored,
    /// The same bytes were there before.
    Duplicate,
    /// Could not be taken in.
    Failed(crate::catalogue::InputError),
    /// Found in a folder, and no kind of file Warraq reads.
    Ignored,
}

/// Contents being read just now, each with the further paths that hold the same bytes.
#[derive(Default)]
pub struct InFlight(Mutex<HashMap<ContentHash, Vec<(InputId, PathBuf)>>>);

impl InFlight {
    fn lock(&self) -> MutexGuard<'_, HashMap<ContentHash, Vec<(InputId, PathBuf)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a content's flight and returns the paths that waited for it.
    pub fn land(&self, content: &ContentHash) -> Vec<(InputId, PathBuf)> {
        self.lock().remove(content).unwrap_or_default()
    }
}

/// Takes files in.
pub struct Intake<'a> {
    /// The archive.
    pub store: &'a Store,
    /// Limits and resolutions of decoding.
    pub decode: &'a decode::Settings,
    /// This program, which reads PDFs in a process of its own.
    pub program: &'a Path,
    /// The body all files belong to.
    pub organisation: Option<&'a str>,
    /// Contents being read.
    pub in_flight: &'a InFlight,
}

impl Intake<'_> {
    /// Takes one file in.
    ///
    /// # Errors
    /// [`ArchiveError`] when the archive cannot be used. What is wrong with the file itself is an [`End`].
    pub fn take(&self, found: Found) -> Result<Taken, ArchiveError> {
        let Found { path, named, what } = found;
        match what {
            What::Special if !named => self.ignored(path),
            What::Special => self.refused(path, &Failure::NotAFile),
            What::Unreadable(error) => self.refused(path, &Failure::Unreadable(error)),
            What::File => match open(&path) {
                Err(error) => self.refused(path, &Failure::Unreadable(error)),
                Ok((file, head)) => match Format::sniff(&head) {
                    Some(format) => self.kept(path, file, format),
                    None if head.is_empty() => self.refused(path, &Failure::Empty),
                    None if named || ingest::is_named_like_a_scan(&path) => {
                        self.refused(path, &Failure::UnsupportedFormat)
                    }
                    None => self.ignored(path),
                },
            },
        }
    }

    fn ignored(&self, path: PathBuf) -> Result<Taken, ArchiveError> {
        self.store.catalogue.ignore(&location(&path))?;
        Ok(done(path, End::Ignored, Vec::new()))
    }

    /// Enters a file whose bytes are not kept, and why.
    fn refused(&self, path: PathBuf, failure: &Failure) -> Result<Taken, ArchiveError> {
        let row = self.store.catalogue.receive(&self.input(&path, None, 0, ""))?;
        self.failed(row.id, path, failure)
    }

    fn failed(&self, input: InputId, path: PathBuf, failure: &Failure) -> Result<Taken, ArchiveError> {
        let error = failure.for_ledger(None);
        self.store.catalogue.settle(input, &InputStatus::Failed(error.clone()))?;
        Ok(done(path, End::Failed(error), Vec::new()))
    }

    /// Keeps the file's bytes, enters it, and opens it unless its content is known.
    fn kept(&self, path: PathBuf, mut file: File, format: Format) -> Result<Taken, ArchiveError> {
        let bytes = file.metadata().map(|about| about.len()).unwrap_or(0);
        if bytes > u64::from(self.decode.max_file_mib) << 20 {
            let row = self.store.catalogue.receive(&self.input(&path, None, bytes, format.media_type()))?;
            return self.failed(row.id, path, &Failure::TooLarge { bytes, limit_mib: self.decode.max_file_mib });
        }
        let (content, bytes) = match self.store.blobs.put_from(&mut file) {
            Ok(kept) => kept,
            Err(PutError::Store(error)) => return Err(error.into()),
            Err(PutError::Source(error)) => return self.refused(path, &Failure::Unreadable(error)),
        };
        drop(file);
        let row = self.store.catalogue.receive(&self.input(&path, Some(content), bytes, format.media_type()))?;
        {
            let mut in_flight = self.in_flight.lock();
            if let Some(followers) = in_flight.get_mut(&content) {
                followers.push((row.id, path));
                return Ok(Taken::Follows);
            }
            let documents = self.store.catalogue.documents_of(&content)?;
            if !documents.is_empty() {
                if row.status == InputStatus::Waiting {
                    self.store.catalogue.settle(row.id, &InputStatus::Duplicate)?;
                }
                return Ok(done(path, End::Duplicate, documents));
            }
            in_flight.insert(content, Vec::new());
        }
        let blob = self.store.blobs.as_file(&content)?;
        match OpenFile::open(blob.path(), format, self.decode, self.program) {
            Ok(file) => Ok(Taken::Job(Box::new(Job {
                input: row.id,
                path,
                content,
                bytes,
                format,
                received: Timestamp::now(),
                organisation: self.organisation.map(str::to_owned),
                file,
            }))),
            Err(error) => {
                self.in_flight.land(&content);
                self.failed(row.id, path, &error.into())
            }
        }
    }

    fn input(&self, path: &Path, content: Option<ContentHash>, bytes: u64, media_type: &str) -> NewInput {
        NewInput {
            location: location(path),
            path: ingest::written(path),
            content,
            bytes,
            media_type: media_type.to_owned(),
            organisation: self.organisation.map(str::to_owned),
        }
    }
}

fn location(path: &Path) -> String {
    ingest::written(&ingest::located(path))
}

fn done(path: PathBuf, end: End, documents: Vec<DocumentId>) -> Taken {
    Taken::Done(Ended { path, end, documents, pages: 0 })
}

/// Opens a file and reads what is needed to know its format.
fn open(path: &Path) -> io::Result<(File, Vec<u8>)> {
    let mut file = File::open(path)?;
    let mut head = Vec::with_capacity(decode::SNIFF_BYTES);
    file.by_ref().take(decode::SNIFF_BYTES as u64).read_to_end(&mut head)?;
    file.rewind()?;
    Ok((file, head))
}
