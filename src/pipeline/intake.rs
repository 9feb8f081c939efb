//! Takes files in one at a time: looks at each, keeps its bytes, enters it in the ledger, and opens it for reading.

use super::apart::{Apart, Way};
use super::failure::{ArchiveError, Failure};
use super::store::Store;
use crate::archive::PutError;
use crate::catalogue::{InputId, InputRow, InputStatus, NewInput};
use crate::decode::{self, Format, OpenFile};
use crate::ingest::{self, FolderRule, Found, Known, Stamp, What};
use crate::model::{ContentHash, DocumentId};
use jiff::Timestamp;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

/// Something handed over to be taken in.
#[derive(Debug)]
pub enum Handed {
    /// A file found in a folder, or named.
    Found(Found),
    /// A row of the ledger to be taken up again.
    Again(Box<InputRow>),
    /// Nothing just now; more may come.
    Nothing,
}

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
    /// Another process that reads it: this one may have killed one.
    pub apart: Option<Apart>,
    /// Whether a process died while it was at work on this file.
    pub suspect: bool,
    /// When the first page of it was begun.
    pub began: OnceLock<Instant>,
}

/// What taking a file in comes to.
pub enum Taken {
    /// Pages are to be read.
    Job(Box<Job>),
    /// Nothing is to be done: the same bytes are being read under another path just now, and the outcome will be that file's.
    Nothing,
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
    /// Hash of its bytes, where they were read.
    pub content: Option<ContentHash>,
    /// Whether it looked from outside as it did when it was taken in, so that its bytes were not read again.
    pub unchanged: bool,
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
    /// How a file under suspicion is read apart; `None` where it is read as any other.
    pub apart: Option<Way>,
    /// The body all files belong to.
    pub organisation: Option<&'a str>,
    /// What folders say of files.
    pub rules: &'a [FolderRule],
    /// Who hands them in.
    pub by: &'a str,
    /// Whether the bytes of unchanged files are read all the same.
    pub paranoid: bool,
    /// Contents being read.
    pub in_flight: &'a InFlight,
    /// Set when the run is to stop.
    pub stop: &'a AtomicBool,
}

impl Intake<'_> {
    /// Takes one file in.
    ///
    /// # Errors
    /// [`ArchiveError`] when the archive cannot be used. What is wrong with the file itself is an [`End`].
    pub fn take(&self, found: Found) -> Result<Taken, ArchiveError> {
        let handed = self.input(&found.path, &found.root);
        let path = found.path;
        match found.what {
            What::Special if !found.named => self.ignored(path, &handed),
            What::Special => self.refused(path, handed, &Failure::NotAFile),
            What::Unreadable(error) => self.refused(path, handed, &Failure::Unreadable(error)),
            What::File => match open(&path) {
                Err(error) => self.refused(path, handed, &Failure::Unreadable(error)),
                Ok(None) => self.refused(path, handed, &Failure::NotAFile),
                Ok(Some(opened)) => self.opened(path, handed, opened, found.named),
            },
        }
    }

    /// Takes a row of the ledger up again: from the bytes in the archive where they were kept, else from its path. Pages of a stored
    /// file that could not be read are read again.
    ///
    /// # Errors
    /// [`ArchiveError`] when the archive cannot be used.
    pub fn again(&self, row: InputRow) -> Result<Taken, ArchiveError> {
        let kept = row.input.content.filter(|content| matches!(self.store.blobs.check(content), Ok(Some(true))));
        let Some(content) = kept else {
            let path = PathBuf::from(&row.input.location);
            let what = match std::fs::metadata(&path) {
                Ok(about) if about.is_file() => What::File,
                Ok(_) => What::Special,
                Err(error) => What::Unreadable(error),
            };
            return self.take(Found { path, root: PathBuf::from(row.input.source), named: true, what });
        };
        let path = PathBuf::from(&row.input.path);
        let unread = !self.store.catalogue.unread(Some(&content))?.is_empty();
        let known = self.store.catalogue.documents_of(&content)?;
        let received = match known.first() {
            Some(id) => self.store.catalogue.document(id)?.map(|document| document.source.received),
            None => None,
        };
        let blob = self.store.blobs.as_file(&content)?;
        let format = match open(blob.path()) {
            Ok(Some(opened)) => Format::sniff(&opened.head),
            Ok(None) | Err(_) => None,
        };
        let row = self.store.catalogue.receive(&row.input)?;
        let Some(format) = format else { return self.failed(row.id, path, &row.input, &Failure::UnsupportedFormat) };
        self.begin(path, row, format, received, unread)
    }

    fn ignored(&self, path: PathBuf, handed: &NewInput) -> Result<Taken, ArchiveError> {
        self.store.catalogue.ignore(&handed.location, &handed.source)?;
        Ok(done(path, End::Ignored, Vec::new(), None))
    }

    /// Enters a file whose bytes are not kept, and why.
    fn refused(&self, path: PathBuf, handed: NewInput, failure: &Failure) -> Result<Taken, ArchiveError> {
        let row = self.store.catalogue.receive(&handed)?;
        self.failed(row.id, path, &handed, failure)
    }

    fn failed(
        &self,
        input: InputId,
        path: PathBuf,
        handed: &NewInput,
        failure: &Failure,
    ) -> Result<Taken, ArchiveError> {
        let error = failure.for_ledger(None);
        self.store.catalogue.settle(input, &InputStatus::Failed(error.clone()))?;
        Ok(done(path, End::Failed(error), Vec::new(), handed.content))
    }

    /// Says what is to be done with a file that can be read.
    fn opened(&self, path: PathBuf, handed: NewInput, opened: Opened, named: bool) -> Result<Taken, ArchiveError> {
        if !self.paranoid
            && let Some(row) = self.store.catalogue.unchanged(&handed.location, opened.stamp.as_str())?
            && let Some(content) = row.input.content
            && self.store.blobs.contains(&content)?
        {
            let documents = self.store.catalogue.documents_of(&content)?;
            if !documents.is_empty() {
                let ended =
                    Ended { path, end: End::Duplicate, documents, pages: 0, content: Some(content), unchanged: true };
                return Ok(Taken::Done(ended));
            }
        }
        match Format::sniff(&opened.head) {
            Some(format) => self.kept(path, handed, opened, format),
            None if opened.head.is_empty() => self.refused(path, handed, &Failure::Empty),
            None if named || ingest::is_named_like_a_scan(&path) => {
                self.refused(path, handed, &Failure::UnsupportedFormat)
            }
            None => self.ignored(path, &handed),
        }
    }

    /// Keeps the file's bytes, enters it, and opens it unless its content is known.
    fn kept(&self, path: PathBuf, mut handed: NewInput, opened: Opened, format: Format) -> Result<Taken, ArchiveError> {
        let Opened { mut file, stamp, .. } = opened;
        handed.media_type = format.media_type().to_owned();
        handed.bytes = stamp.size();
        if handed.bytes > u64::from(self.decode.max_file_mib) << 20 {
            let failure = Failure::TooLarge { bytes: handed.bytes, limit_mib: self.decode.max_file_mib };
            return self.refused(path, handed, &failure);
        }
        let (content, bytes) = match self.store.blobs.put_from(&mut file) {
            Ok(kept) => kept,
            Err(PutError::Store(error)) => return Err(error.into()),
            Err(PutError::Source(error)) => return self.refused(path, handed, &Failure::Unreadable(error)),
        };
        // Half a file that is still being written is no file.
        if file.metadata().map_or(true, |about| Stamp::of(&about) != stamp) {
            return self.refused(path, handed, &Failure::Changing);
        }
        drop(file);
        let stamp = if stamp.proves(SystemTime::now()) { stamp.as_str().to_owned() } else { String::new() };
        let row = self.store.catalogue.receive(&NewInput { content: Some(content), bytes, stamp, ..handed })?;
        self.begin(path, row, format, None, false)
    }

    /// Opens the kept bytes of a row, unless they are being read or filed already; with `anew` also where they are filed.
    fn begin(
        &self,
        path: PathBuf,
        row: InputRow,
        format: Format,
        received: Option<Timestamp>,
        anew: bool,
    ) -> Result<Taken, ArchiveError> {
        let Some(content) = row.input.content else { return Ok(Taken::Nothing) };
        {
            let mut in_flight = self.in_flight.lock();
            if let Some(followers) = in_flight.get_mut(&content) {
                followers.push((row.id, path));
                return Ok(Taken::Nothing);
            }
            let documents = self.store.catalogue.documents_of(&content)?;
            if !documents.is_empty() && !anew {
                if row.status == InputStatus::Waiting {
                    self.store.catalogue.settle(row.id, &InputStatus::Duplicate)?;
                }
                return Ok(done(path, End::Duplicate, documents, Some(content)));
            }
            in_flight.insert(content, Vec::new());
        }
        let blob = self.store.blobs.as_file(&content)?;
        let suspect = row.deaths > 0;
        match self.open_kept(blob.path(), format, suspect) {
            Ok((file, apart)) => Ok(Taken::Job(Box::new(Job {
                input: row.id,
                path,
                content,
                bytes: row.input.bytes,
                format,
                received: received.unwrap_or_else(Timestamp::now),
                organisation: row.input.organisation,
                file,
                apart,
                suspect,
                began: OnceLock::new(),
            }))),
            // Whoever stops this program may have stopped the other process, too: the file stays waiting.
            Err(Failure::Crashed { .. }) if self.stop.load(Ordering::Relaxed) => Ok(Taken::Nothing),
            Err(failure) => {
                self.in_flight.land(&content);
                self.failed(row.id, path, &row.input, &failure)
            }
        }
    }

    /// Opens a blob; one under suspicion is opened by another process first, so that this one lives if that is fatal.
    fn open_kept(&self, path: &Path, format: Format, suspect: bool) -> Result<(OpenFile, Option<Apart>), Failure> {
        let apart = match &self.apart {
            Some(way) if suspect => Some(Apart::open(way, path)?),
            _ => None,
        };
        Ok((OpenFile::open(path, format, self.decode, self.program)?, apart))
    }

    fn input(&self, path: &Path, root: &Path) -> NewInput {
        let located = ingest::located(path);
        let Known { organisation, place } = ingest::known_of(self.rules, &located);
        NewInput {
            location: ingest::written(&located),
            path: ingest::written(path),
            organisation: self.organisation.map(str::to_owned).or(organisation),
            source: ingest::written(&ingest::located(root)),
            by: self.by.to_owned(),
            place,
            ..NewInput::default()
        }
    }
}

fn done(path: PathBuf, end: End, documents: Vec<DocumentId>, content: Option<ContentHash>) -> Taken {
    Taken::Done(Ended { path, end, documents, pages: 0, content, unchanged: false })
}

/// A file that can be read.
struct Opened {
    file: File,
    head: Vec<u8>,
    stamp: Stamp,
}

/// Opens a file and reads what is needed to know its format; `None` for what is no file.
fn open(path: &Path) -> io::Result<Option<Opened>> {
    // A pipe put in the place of a file would let this wait for ever.
    let mut file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Ok(None);
    }
    let mut head = Vec::with_capacity(decode::SNIFF_BYTES);
    file.by_ref().take(decode::SNIFF_BYTES as u64).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(Some(Opened { file, head, stamp: Stamp::of(&about) }))
}
