//! The thread that takes handed-in files into the archive: jobs in, documents out, one run of the pipeline at a time.
//!
//! It holds the archive's lock only while there is something to do. While another process writes, jobs wait.

use super::access::{FileEnd, JobRow};
use super::app::App;
use super::images;
use crate::ingest::{Found, What};
use crate::model::DocumentId;
use crate::pipeline::{self, ArchiveError, End, Ended, Ingest, News, Reader};
use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Loads what reads pages, when the first job comes: a server that nobody hands files to needs no models in memory.
pub type LoadReader = Box<dyn Fn() -> Result<Reader, String> + Send>;

/// How files are taken in.
pub struct Taking {
    /// Loads what reads pages.
    pub load: LoadReader,
    /// How much at once.
    pub settings: pipeline::Settings,
    /// What makes this program the reader of one file under suspicion.
    pub apart: Vec<OsString>,
}

/// While another process writes, the lock is tried again after so long.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Nothing is missed without this; it finds jobs that a fault left behind.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Where a file of a run belongs.
type Places = Mutex<HashMap<PathBuf, (String, i64)>>;

/// Takes jobs in until the server stops.
pub fn run(app: &App, taking: &Taking, wake: &Receiver<()>) {
    let mut reader = None;
    while !app.stop.load(Ordering::Relaxed) {
        let wait = match take_jobs(app, &mut reader, taking) {
            Ok(true) => continue,
            Ok(false) => LOOK_AGAIN,
            Err(Trouble::Archive(ArchiveError::Locked { holder, .. })) => {
                tracing::info!(%holder, "jobs wait for another process that is writing");
                TRY_AGAIN
            }
            Err(trouble) => {
                tracing::error!(%trouble, "jobs cannot be taken in now");
                10 * TRY_AGAIN
            }
        };
        if matches!(wake.recv_timeout(wait), Err(RecvTimeoutError::Disconnected)) {
            break;
        }
    }
}

/// Why jobs wait.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Access(#[from] super::access::AccessError),
    #[error("{0}")]
    Reader(String),
}

/// Takes in the oldest job and all that follow of the same body and person; returns whether there was any.
fn take_jobs(app: &App, reader: &mut Option<Reader>, taking: &Taking) -> Result<bool, Trouble> {
    let Some(first) = app.book.open_jobs()?.into_iter().next() else { return Ok(false) };
    let writer = app.archive.writer(Duration::ZERO)?;
    let reader = match reader {
        Some(reader) => reader,
        none => none.insert((taking.load)().map_err(Trouble::Reader)?),
    };
    let places = Places::default();
    let run = Ingest {
        store: &writer.store,
        index: &*writer.index,
        reader,
        decode: &app.decode,
        settings: &taking.settings,
        program: &app.program,
        apart: &taking.apart,
        organisation: first.organisation.as_deref(),
        rules: &[],
        by: &first.by,
        paranoid: false,
        stop: &app.stop,
    };
    let queue = Queue {
        app,
        places: &places,
        of: (first.organisation.clone(), first.by.clone()),
        seen: HashSet::new(),
        files: VecDeque::new(),
    };
    pipeline::ingest(&run, queue, |news| match news {
        News::Page => {
            app.pages_read.fetch_add(1, Ordering::Relaxed);
        }
        News::File(ended) => end(app, &places, &ended),
    })?;
    Ok(true)
}

/// The files of the jobs of one body and one person, oldest first; jobs that come meanwhile are taken along.
struct Queue<'a> {
    app: &'a App,
    places: &'a Places,
    /// The body they belong to, and who handed them in.
    of: (Option<String>, String),
    seen: HashSet<String>,
    files: VecDeque<PathBuf>,
}

impl Queue<'_> {
    fn next_job(&mut self) -> Option<JobRow> {
        let open = match self.app.book.open_jobs() {
            Ok(open) => open,
            Err(error) => {
                tracing::error!(%error, "jobs cannot be read");
                return None;
            }
        };
        // The oldest job of another body or person ends this run, so that none waits for ever.
        let next = open.into_iter().find(|job| !self.seen.contains(&job.id))?;
        (next.organisation == self.of.0 && next.by == self.of.1).then_some(next)
    }
}

impl Iterator for Queue<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            if let Some(path) = self.files.pop_front() {
                let what = match fs::metadata(&path) {
                    Ok(_) => What::File,
                    Err(error) => What::Unreadable(error),
                };
                return Some(Found { root: path.clone(), path, named: true, what });
            }
            let job = self.next_job()?;
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            for file in job.files.into_iter().filter(|file| file.end.is_none()) {
                let path = PathBuf::from(&file.path);
                places.insert(path.clone(), (job.id.clone(), file.position));
                self.files.push_back(path);
            }
            self.seen.insert(job.id);
        }
    }
}

fn end(app: &App, places: &Places, ended: &Ended) {
    let place = places.lock().unwrap_or_else(PoisonError::into_inner).remove(&ended.path);
    let Some((job, position)) = place else { return };
    let (status, error) = match &ended.end {
        End::Stored => ("stored", None),
        End::Duplicate => ("duplicate", None),
        End::Ignored => ("failed", Some(("unsupported_format".to_owned(), "no kind of file that is read".to_owned()))),
        End::Failed(error) => ("failed", Some((error.code.to_string(), error.message.clone()))),
    };
    let end = FileEnd {
        status: status.to_owned(),
        documents: ended.documents.iter().map(DocumentId::to_string).collect(),
        pages: ended.pages,
        error,
    };
    if let Err(error) = app.book.end_file(&job, position, &end) {
        tracing::error!(%error, "the end of a job could not be written down");
        return;
    }
    if status != "failed" {
        discard(&ended.path);
    }
    for id in &ended.documents {
        thumbnail(app, id);
    }
}

/// The archive has its bytes; the file that was handed in and its folders are no more needed.
fn discard(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(%error, "a file that was taken in could not be removed");
    }
    for folder in path.ancestors().skip(1).take(2) {
        if fs::remove_dir(folder).is_err() {
            break; // others of the job are still there
        }
    }
}

/// The image that lists show. Without it, the first to look waits a moment longer.
fn thumbnail(app: &App, id: &DocumentId) {
    let made = app.archive.read(|store| match store.catalogue.document(id)? {
        Some(row) => images::make_thumbnail(app, store, &row),
        None => Ok(()),
    });
    if let Err(error) = made {
        tracing::debug!(document = %id.original.short(), %error, "no image for lists could be made");
    }
}
