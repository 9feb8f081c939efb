//! One page's way through the pool: a page of an open file in, its reading to the filing thread out, kept for good on the way.

use super::budget::{Budget, Permit};
use super::failure::{ArchiveError, Failure};
use super::filing::ReadPage;
use super::intake::Job;
use super::parts::KeptPage;
use super::patience::Patience;
use super::{Ingest, Message, Trouble, words_of};
use crate::archive::record;
use crate::catalogue::StageKey;
use crate::model::Page;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// One page to be read on a thread of the pool.
pub struct PageJob<'a> {
    run: &'a Ingest<'a>,
    job: Arc<Job>,
    index: u32,
    permit: Permit,
    sender: Sender<Message>,
    trouble: &'a Trouble,
}

impl<'a> PageJob<'a> {
    /// Waits for room in the budget, then returns the work.
    pub fn new(
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

    /// Reads the page, unless it was read before, and sends it to be filed.
    pub fn work(self) {
        if self.trouble.has_come() || self.run.stop.load(Ordering::Relaxed) {
            return;
        }
        match self.read_and_keep() {
            Ok(Err(Failure::Stopped)) => {} // the file stays waiting
            // Whoever stops this program may have stopped the other process, too.
            Ok(Err(Failure::Crashed { .. })) if self.run.stop.load(Ordering::Relaxed) => {}
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
        let began = self.job.began.get_or_init(Instant::now);
        if began.elapsed() > Duration::from_secs(self.run.settings.file_seconds.into()) {
            return Ok(Err(Failure::SlowFile { seconds: self.run.settings.file_seconds }));
        }
        let started = Instant::now();
        // Decoders guard themselves; this catches faults of our own, so that they cost one page and not the run.
        let reading = catch_unwind(AssertUnwindSafe(|| self.read()));
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

    fn read(&self) -> Result<Page, Failure> {
        if let Some(apart) = &self.job.apart {
            let record = apart.page(self.index)?;
            return record::decode_page(&record).map_err(|error| Failure::Internal(error.to_string()));
        }
        let limit = Duration::from_secs(self.run.settings.page_seconds.into());
        let patience = Patience::until(limit, self.run.stop);
        let knows = |key: &str| self.run.index.knows(key);
        self.run.reader.read(&self.job.file, &self.job.path, self.index, knows, &patience)
    }
}
