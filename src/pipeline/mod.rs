//! Runs the stages over many files: found files in, documents in the archive and in the index out.
//!
//! The unit of parallel work is the page, the unit of filing the document. Three kinds of threads meet here: the caller's
//! takes files in and waits for room in the [`budget`], the pool's read pages, and one files what was read. Every page
//! read is kept at once, so that a run after a crash reads only the rest.

pub mod apart;
mod backup;
pub mod bodies;
pub mod budget;
pub mod correct;
pub mod doubt;
mod failure;
#[cfg(test)]
mod faults;
mod filing;
mod inspect;
mod intake;
mod page_job;
mod parts;
mod patience;
mod read;
pub mod related;
mod remembered;
mod repair;
mod retry;
mod scan;
mod searchable;
mod settle;
mod store;
pub mod threads;
mod verify;
mod words;

pub use backup::{BackupError, Copied, backup, restore};
pub use failure::{ArchiveError, Failure};
pub use inspect::Picture;
pub use intake::{End, Ended, Handed};
pub use parts::refile;
pub use patience::Patience;
pub use read::Reader;
pub use repair::{Repaired, repair};
pub use retry::retry;
pub use scan::{ScanError, page_image};
pub use searchable::{SearchableError, searchable_pdf};
pub use store::{Access, Store};
pub use verify::{Checked, Finding, verify};

use crate::decode;
use crate::ingest::{FolderRule, Found};
use crate::search::SearchIndex;
use budget::Budget;
use filing::{Filing, ReadPage};
use intake::{InFlight, Intake, Taken};
use page_job::PageJob;
use rayon::ThreadPoolBuilder;
use serde::Deserialize;
use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Pages handed to the pool for each of its threads: enough that none waits, few enough that little is held open.
const PAGES_A_THREAD: usize = 4;

/// How pages are read side by side.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Pages read at once; 0 for one a processor.
    pub jobs: usize,
    /// Decoded pixels held at once, in MiB. A larger page is read alone.
    pub page_memory_mib: u32,
    /// Time that reading a page may take; a slower page is read once more at a low resolution.
    pub page_seconds: u32,
    /// Time that a file may take, from its first page on; pages not begun by then are not read.
    pub file_seconds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { jobs: 0, page_memory_mib: 256, page_seconds: 120, file_seconds: 14_400 }
    }
}

/// What an ingest needs besides the files.
pub struct Ingest<'a> {
    /// The archive, open for writing.
    pub store: &'a Store,
    /// Its index, open for writing.
    pub index: &'a dyn SearchIndex,
    /// Where words come from.
    pub reader: &'a Reader,
    /// Limits of decoding.
    pub decode: &'a decode::Settings,
    /// How much at once.
    pub settings: &'a Settings,
    /// This program.
    pub program: &'a Path,
    /// What makes this program the reader of one file, whose path follows: see [`apart`]. Where nothing is given, files under suspicion
    /// are read as any other.
    pub apart: &'a [OsString],
    /// The body all files belong to.
    pub organisation: Option<&'a str>,
    /// What folders say of the files in them.
    pub rules: &'a [FolderRule],
    /// Who hands the files in.
    pub by: &'a str,
    /// Whether files that look unchanged from outside are read all the same.
    pub paranoid: bool,
    /// Set from outside to stop: pages under way are finished, the rest stays waiting.
    pub stop: &'a AtomicBool,
}

/// News of an ingest under way.
#[derive(Debug)]
pub enum News {
    /// A page was read, or its kept reading found.
    Page,
    /// A file has ended.
    File(Ended),
}

/// Counts of an ingest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files that ended, ignored ones among them.
    pub files: u64,
    /// Files stored.
    pub stored: u64,
    /// Files whose bytes were there before.
    pub duplicate: u64,
    /// Files that failed.
    pub failed: u64,
    /// Files that are no kind Warraq reads.
    pub ignored: u64,
    /// Pages filed.
    pub pages: u64,
}

impl Summary {
    fn count(&mut self, ended: &Ended) {
        self.files += 1;
        self.pages += u64::from(ended.pages);
        *match ended.end {
            End::Stored => &mut self.stored,
            End::Duplicate => &mut self.duplicate,
            End::Failed(_) => &mut self.failed,
            End::Ignored => &mut self.ignored,
        } += 1;
    }
}

/// Takes everything `found` in and returns the counts; `news` is called, on one thread, for every page and file.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be used; files not done by then stay waiting.
pub fn ingest(
    ingest: &Ingest<'_>,
    found: impl Iterator<Item = Found>,
    news: impl FnMut(News) + Send,
) -> Result<Summary, ArchiveError> {
    take_in(ingest, found.map(Handed::Found), news)
}

/// Takes in whatever is handed over, until there is no more, the run is told to stop, or the archive fails.
///
/// # Errors
/// As for [`ingest`].
pub fn take_in(
    run: &Ingest<'_>,
    handed: impl Iterator<Item = Handed>,
    news: impl FnMut(News) + Send,
) -> Result<Summary, ArchiveError> {
    let jobs = match run.settings.jobs {
        0 => thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs,
    };
    let pool = ThreadPoolBuilder::new()
        .num_threads(jobs)
        .thread_name(|n| format!("read-{n}"))
        .build()
        .map_err(|error| ArchiveError::Threads(error.to_string()))?;
    let budget = Budget::new(u64::from(run.settings.page_memory_mib) << 20, jobs * PAGES_A_THREAD);
    let in_flight = InFlight::default();
    let filing = Filing::begin(run.store, run.index, &in_flight)?;
    let trouble = Trouble::default();
    let (sender, receiver) = channel();
    let (in_flight, trouble_seen) = (&in_flight, &trouble);
    let summary = thread::scope(|threads| {
        let filer = threads.spawn(move || file_all(filing, &receiver, trouble_seen, news));
        pool.in_place_scope_fifo(|scope| {
            let intake = intake(run, in_flight);
            for handed in handed {
                if trouble_seen.has_come() || run.stop.load(Ordering::Relaxed) {
                    break;
                }
                let taken = match handed {
                    Handed::Found(found) => intake.take(found),
                    Handed::Again(row) => intake.again(*row),
                    Handed::Nothing => continue,
                };
                match taken {
                    Ok(Taken::Done(ended)) => drop(sender.send(Message::Ended(ended))),
                    Ok(Taken::Nothing) => {}
                    Ok(Taken::Job(job)) => {
                        let job = Arc::new(*job);
                        for index in 0..job.file.page_count() {
                            let page = PageJob::new(run, &budget, &job, index, &sender, trouble_seen);
                            scope.spawn_fifo(move |_| page.work());
                        }
                    }
                    Err(error) => trouble_seen.note(error),
                }
            }
        });
        drop(sender);
        filer.join().unwrap_or_else(|panic| {
            trouble_seen.note(ArchiveError::Threads(format!("filing died of a fault: {}", words_of(&*panic))));
            Summary::default()
        })
    });
    // What is not done waits; nobody died over it.
    if let Err(error) = run.store.catalogue.rest() {
        trouble.note(error.into());
    }
    trouble.end(summary)
}

fn intake<'a>(run: &'a Ingest<'_>, in_flight: &'a InFlight) -> Intake<'a> {
    let apart = (!run.apart.is_empty()).then(|| apart::Way {
        program: run.program.to_owned(),
        arguments: run.apart.to_vec(),
        page: Duration::from_secs(run.settings.page_seconds.into()),
    });
    Intake {
        store: run.store,
        decode: run.decode,
        program: run.program,
        apart,
        organisation: run.organisation,
        rules: run.rules,
        by: run.by,
        paranoid: run.paranoid,
        in_flight,
        stop: run.stop,
    }
}

/// The first reason why the run cannot go on.
#[derive(Default)]
struct Trouble {
    come: AtomicBool,
    first: Mutex<Option<ArchiveError>>,
}

impl Trouble {
    fn note(&self, error: ArchiveError) {
        self.come.store(true, Ordering::Relaxed);
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    fn has_come(&self) -> bool {
        self.come.load(Ordering::Relaxed)
    }

    fn end(self, summary: Summary) -> Result<Summary, ArchiveError> {
        self.first.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(summary), Err)
    }
}

/// What the filing thread is told.
enum Message {
    Page(Box<ReadPage>),
    Ended(Ended),
}

/// Files everything that comes until nobody sends any more.
fn file_all(
    mut filing: Filing<'_>,
    receiver: &Receiver<Message>,
    trouble: &Trouble,
    mut news: impl FnMut(News),
) -> Summary {
    let mut summary = Summary::default();
    loop {
        let mut idle = false;
        let worked = match receiver.recv_timeout(filing::IDLE_AFTER) {
            Ok(Message::Page(page)) => {
                news(News::Page);
                filing.take(*page).map(|ended| {
                    for ended in ended {
                        summary.count(&ended);
                        news(News::File(ended));
                    }
                })
            }
            Ok(Message::Ended(ended)) => {
                summary.count(&ended);
                news(News::File(ended));
                Ok(())
            }
            Err(RecvTimeoutError::Timeout) => {
                idle = true;
                Ok(())
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if let Err(error) = worked.and_then(|()| filing.commit_if_due(idle)) {
            trouble.note(error);
        }
    }
    if let Err(error) = filing.settle() {
        trouble.note(error);
    }
    summary
}

/// Returns what a panic said.
fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
