//! Runs the stages over many files: found files in, documents in the archive and in the index out.
//!
//! The unit of parallel work is the page, the unit of filing the document. Three kinds of threads meet here: the caller's
//! takes files in and waits for room in the [`budget`], the pool's read pages, and one files what was read. Every page
//! read is kept at once, so that a run after a crash reads only the rest.

pub mod bodies;
pub mod budget;
pub mod correct;
pub mod doubt;
mod failure;
mod filing;
mod inspect;
mod intake;
mod parts;
mod read;
mod scan;
mod searchable;
mod store;
pub mod threads;
mod verify;

pub use failure::{ArchiveError, Failure};
pub use inspect::Picture;
pub use intake::{End, Ended};
pub use parts::refile;
pub use read::Reader;
pub use scan::{ScanError, page_image};
pub use searchable::{SearchableError, searchable_pdf};
pub use store::{Access, Store};
pub use verify::{Finding, verify};

use crate::catalogue::StageKey;
use crate::decode;
use crate::ingest::Found;
use crate::search::SearchIndex;
use budget::{Budget, Permit};
use filing::{Filing, ReadPage};
use intake::{InFlight, Intake, Job, Taken};
use parts::KeptPage;
use rayon::ThreadPoolBuilder;
use serde::Deserialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

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
}

impl Default for Settings {
    fn default() -> Self {
        Self { jobs: 0, page_memory_mib: 256 }
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
    /// The body all files belong to.
    pub organisation: Option<&'a str>,
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
    let jobs = match ingest.settings.jobs {
        0 => thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs,
    };
    let pool = ThreadPoolBuilder::new()
        .num_threads(jobs)
        .thread_name(|n| format!("read-{n}"))
        .build()
        .map_err(|error| ArchiveError::Threads(error.to_string()))?;
    let budget = Budget::new(u64::from(ingest.settings.page_memory_mib) << 20, jobs * PAGES_A_THREAD);
    let in_flight = InFlight::default();
    let filing = Filing::begin(ingest.store, ingest.index, &in_flight)?;
    let trouble = Trouble::default();
    let (sender, receiver) = channel();
    let (run, in_flight, trouble_seen) = (ingest, &in_flight, &trouble);
    let summary = thread::scope(|threads| {
        let filer = threads.spawn(move || file_all(filing, &receiver, trouble_seen, news));
        pool.in_place_scope_fifo(|scope| {
            let intake = Intake {
                store: run.store,
                decode: run.decode,
                program: run.program,
                organisation: run.organisation,
                in_flight,
            };
            for found in found {
                if trouble_seen.has_come() || run.stop.load(Ordering::Relaxed) {
                    break;
                }
                match intake.take(found) {
                    Ok(Taken::Done(ended)) => drop(sender.send(Message::Ended(ended))),
                    Ok(Taken::Follows) => {}
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
    trouble.end(summary)
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
        let worked = match receiver.recv_timeout(filing::COMMIT_AFTER) {
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
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if let Err(error) = worked.and_then(|()| filing.commit_if_due()) {
            trouble.note(error);
        }
    }
    if let Err(error) = filing.commit() {
        trouble.note(error);
    }
    summary
}

/// One page to be read on a thread of the pool.
struct PageJob<'a> {
    run: &'a Ingest<'a>,
    job: Arc<Job>,
    index: u32,
    permit: Permit,
    sender: Sender<Message>,
    trouble: &'a Trouble,
}

impl<'a> PageJob<'a> {
    /// Waits for room in the budget, then returns the work.
    fn new(
        run: &'a Ingest<'a>,
        budget: &Arc<Budget>,
        job: &Arc<Job>,
        index: u32,
        sender: &Sender<Message>,
        trouble: &'a Trouble,
    ) -> Self {
        // A page whose header cannot be read fails when it is read; it needs no room.
        let bytes = job.file.page_header(index).map_or(0, |header| header.decoded_bytes);
        let permit = budget.acquire(bytes);
        Self { run, job: Arc::clone(job), index, permit, sender: sender.clone(), trouble }
    }

    fn work(self) {
        if self.trouble.has_come() || self.run.stop.load(Ordering::Relaxed) {
            return;
        }
        match self.read_and_keep() {
            Ok(reading) => {
                drop(self.permit); // the pixels are gone, the words remain
                let page = ReadPage { job: self.job, index: self.index, reading };
                // Fails only when the filing thread is gone; the page's reading is kept all the same.
                self.sender.send(Message::Page(Box::new(page))).ok();
            }
            Err(error) => self.trouble.note(error),
        }
    }

    fn read_and_keep(&self) -> Result<Result<KeptPage, Failure>, ArchiveError> {
        let store = self.run.store;
        let key = self.run.reader.stage().map(|stage| StageKey { original: self.job.content, page: self.index, stage });
        if let Some(key) = &key
            && let Some(record) = store.catalogue.result(key)?
            && let Ok(page) = store.page(&record)
        {
            return Ok(Ok(KeptPage { page, record }));
        }
        let started = Instant::now();
        // Decoders guard themselves; this catches faults of our own, so that they cost one page and not the run.
        let knows = |key: &str| self.run.index.knows(key);
        let reading =
            catch_unwind(AssertUnwindSafe(|| self.run.reader.read(&self.job.file, &self.job.path, self.index, knows)));
        let reading = reading.unwrap_or_else(|panic| Err(Failure::Internal(words_of(&*panic))));
        let page = match reading {
            Ok(page) => page,
            Err(failure) => return Ok(Err(failure)),
        };
        tracing::debug!(
            document = %self.job.content.short(),
            page = self.index + 1,
            words = page.words().count(),
            elapsed_ms = started.elapsed().as_millis() as u64,
            "page read"
        );
        let record = store.keep_page(&page)?;
        if let Some(key) = &key {
            store.catalogue.keep_result(key, &record)?;
        }
        Ok(Ok(KeptPage { page, record }))
    }
}

/// Returns what a panic said.
fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
