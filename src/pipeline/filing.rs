//! Collects the pages of each file, understands them as letters, files the documents and makes them searchable.
//!
//! Runs on one thread: it alone writes documents and the index, in the order blob, row, index. What new letters tell of the number and date
//! of others, and others of theirs, is found once they are there, and the index is set right.

use super::failure::{ArchiveError, Failure};
use super::intake::{End, Ended, InFlight, Job};
use super::parts::{self, KeptPage, Part};
use super::settle;
use super::store::Store;
use crate::catalogue::{InputStatus, UnreadPage};
use crate::ingest;
use crate::model::{ContentHash, Document, DocumentId, Dpi, Origin, Page, PageNumber, PixelSize, Rotation, Source};
use crate::search::SearchIndex;
use std::collections::{BTreeSet, HashMap};
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Documents after which the index is committed.
const COMMIT_AFTER_DOCUMENTS: usize = 200;
/// Longest time a filed document waits to be searchable while others are being read.
const COMMIT_AFTER: Duration = Duration::from_secs(2);
/// Letters after which it is asked what they and others tell of each other. A stop waits for the answers.
const SETTLE_AFTER_DOCUMENTS: usize = 200;
/// Where no page has come for so long, nothing is gained by waiting for more.
pub const IDLE_AFTER: Duration = Duration::from_millis(300);

/// A page as it comes from the pool.
pub struct ReadPage {
    /// The file it belongs to.
    pub job: Arc<Job>,
    /// Its index in the file, from 0.
    pub index: u32,
    /// What came of it.
    pub reading: Result<KeptPage, Failure>,
}

/// Files documents.
pub struct Filing<'a> {
    store: &'a Store,
    index: &'a dyn SearchIndex,
    in_flight: &'a InFlight,
    open: HashMap<ContentHash, Vec<Option<Result<KeptPage, Failure>>>>,
    not_committed: Vec<DocumentId>,
    oldest: Option<Instant>,
    unsettled: Vec<DocumentId>,
}

impl<'a> Filing<'a> {
    /// Begins to file into `store` and `index`; documents that a crash kept from the index are added first.
    ///
    /// # Errors
    /// [`ArchiveError`] when the archive cannot be used.
    pub fn begin(store: &'a Store, index: &'a dyn SearchIndex, in_flight: &'a InFlight) -> Result<Self, ArchiveError> {
        let mut filing = Self {
            store,
            index,
            in_flight,
            open: HashMap::new(),
            not_committed: Vec::new(),
            oldest: None,
            unsettled: Vec::new(),
        };
        let withdrawn = store.catalogue.withdrawn()?;
        for id in store.catalogue.not_indexed()? {
            if let Some(document) = store.document(&id)? {
                filing.add_to_index(&document)?;
            }
        }
        filing.commit()?;
        if !withdrawn.is_empty() {
            withdrawn.iter().try_for_each(|id| index.remove(id))?;
            index.commit()?;
            store.catalogue.forget_withdrawn(&withdrawn)?;
        }
        Ok(filing)
    }

    /// Takes a page; with the last page of a file, returns how the file, and each other path that holds the same
    /// bytes, ended.
    ///
    /// # Errors
    /// [`ArchiveError`] when the archive cannot be used.
    pub fn take(&mut self, read: ReadPage) -> Result<Vec<Ended>, ArchiveError> {
        let job = read.job;
        let pages = self.open.entry(job.content).or_insert_with(|| {
            let count = job.file.page_count() as usize;
            std::iter::repeat_with(|| None).take(count).collect()
        });
        if let Some(place) = pages.get_mut(read.index as usize) {
            *place = Some(read.reading);
        }
        if pages.iter().any(Option::is_none) {
            return Ok(Vec::new());
        }
        let readings = self.open.remove(&job.content).unwrap_or_default().into_iter().flatten().collect();
        self.close(&job, readings)
    }

    /// Commits the index when documents have waited long enough; `idle` says that no further page has come for a while.
    ///
    /// # Errors
    /// [`ArchiveError`] when the index cannot be written.
    pub fn commit_if_due(&mut self, idle: bool) -> Result<(), ArchiveError> {
        if idle || self.unsettled.len() >= SETTLE_AFTER_DOCUMENTS {
            return self.settle();
        }
        let due = idle || self.oldest.is_some_and(|oldest| oldest.elapsed() >= COMMIT_AFTER);
        if due || self.not_committed.len() >= COMMIT_AFTER_DOCUMENTS { self.commit() } else { Ok(()) }
    }

    /// Makes every document filed so far searchable, and has those found by the number and date that other letters settle of which these
    /// were not read, or with doubt: of new ones, and of those that they cite.
    ///
    /// # Errors
    /// [`ArchiveError`] when the index cannot be written.
    pub fn settle(&mut self) -> Result<(), ArchiveError> {
        self.commit()?;
        let mut touched = BTreeSet::new();
        for id in mem::take(&mut self.unsettled) {
            touched.extend(settle::touched_by(self.store, &id)?);
        }
        for id in touched {
            let Some(row) = self.store.catalogue.document(&id)? else { continue };
            let letter = self.store.letter(&row)?;
            let same_number = letter.number.as_ref().map(|field| &field.value) == row.letter.number.as_ref();
            if same_number && letter.date.as_ref().map(|field| field.value) == row.letter.date {
                continue;
            }
            if let Some(document) = self.store.document(&id)? {
                self.add_to_index(&document)?;
            }
        }
        self.commit()
    }

    /// Makes every document filed so far searchable.
    ///
    /// # Errors
    /// [`ArchiveError`] when the index cannot be written.
    pub fn commit(&mut self) -> Result<(), ArchiveError> {
        if !self.not_committed.is_empty() {
            let documents = mem::take(&mut self.not_committed);
            // Where this fails, the index may have lost them: a later commit says nothing of them, and they wait for the next run.
            self.index.commit()?;
            self.store.catalogue.set_indexed(&documents)?;
            self.oldest = None;
        }
        Ok(())
    }

    /// Files a file whose pages are all there.
    fn close(&mut self, job: &Job, readings: Vec<Result<KeptPage, Failure>>) -> Result<Vec<Ended>, ArchiveError> {
        if readings.iter().all(Result::is_err) {
            let first = readings.into_iter().find_map(Result::err);
            let failure = first.unwrap_or(Failure::Internal("a file without pages was to be filed".to_owned()));
            let error = failure.for_ledger(Some(1));
            let status = InputStatus::Failed(error.clone());
            self.store.catalogue.settle(job.input, &status)?;
            return self.ended(job, &status, || End::Failed(error.clone()), Vec::new(), 0);
        }
        let count = readings.len() as u32;
        let parts = self.file(job, readings)?;
        // Read anew, a file may have fallen apart into other letters.
        let withdrawn = self.store.catalogue.withdrawn()?;
        withdrawn.iter().try_for_each(|id| self.index.remove(id))?;
        parts.iter().try_for_each(|part| self.add_to_index(&part.document))?;
        let ids: Vec<DocumentId> = parts.iter().map(|part| part.document.id).collect();
        self.unsettled.extend(&ids);
        self.ended(job, &InputStatus::Duplicate, || End::Duplicate, ids, count)
    }

    fn file(&self, job: &Job, readings: Vec<Result<KeptPage, Failure>>) -> Result<Vec<Part>, ArchiveError> {
        if job.suspect {
            self.store.catalogue.begin_filing(job.input)?;
        }
        let mut pages = Vec::with_capacity(readings.len());
        let mut unread = Vec::new();
        for (index, reading) in (0..).zip(readings) {
            pages.push(match reading {
                Ok(kept) => kept,
                Err(failure) => {
                    let (code, message) = (failure.code(), failure.to_string());
                    unread.push(UnreadPage { original: job.content, page: index + 1, code, message });
                    let page = unread_page(job, index, &failure);
                    KeptPage { record: self.store.keep_page(&page)?, page }
                }
            });
        }
        let name = job.path.file_name().map(PathBuf::from).unwrap_or_default();
        let source = Source {
            name: ingest::written(&name),
            path: ingest::written(&job.path),
            media_type: job.format.media_type().to_owned(),
            bytes: job.bytes,
            received: job.received,
            pages: (1, pages.len() as u32),
        };
        let parts = parts::parts(self.store, job.content, &source, job.organisation.as_deref(), pages)?;
        let rows = parts.iter().map(Store::row_of).collect::<Result<Vec<_>, _>>()?;
        self.store.catalogue.file(&rows, &unread, job.input)?;
        Ok(parts)
    }

    fn add_to_index(&mut self, document: &Document) -> Result<(), ArchiveError> {
        self.index.add(document)?;
        self.not_committed.push(document.id);
        self.oldest.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// Returns the end of the file and of the paths that followed it, which are settled as `followers`.
    fn ended(
        &self,
        job: &Job,
        followers: &InputStatus,
        follower_end: impl Fn() -> End,
        documents: Vec<DocumentId>,
        pages: u32,
    ) -> Result<Vec<Ended>, ArchiveError> {
        let end = if documents.is_empty() { follower_end() } else { End::Stored };
        let content = Some(job.content);
        let ended_as =
            |path, end, pages| Ended { path, end, documents: documents.clone(), pages, content, unchanged: false };
        let mut ended = vec![ended_as(job.path.clone(), end, pages)];
        for (input, path) in self.in_flight.land(&job.content) {
            // Handed in twice in one run by the same path, the row is the stored file's own.
            if input != job.input {
                self.store.catalogue.settle(input, followers)?;
            }
            ended.push(ended_as(path, follower_end(), 0));
        }
        Ok(ended)
    }
}

/// Returns the page that stands for one that could not be read, in a document whose other pages could.
fn unread_page(job: &Job, index: u32, failure: &Failure) -> Page {
    let size = job.file.page_header(index).map_or(PixelSize { width: 0, height: 0 }, |header| header.size);
    Page {
        number: PageNumber(index + 1),
        size,
        dpi: Dpi(0),
        rotation: Rotation::None,
        origin: Origin::Ocr,
        engine: None,
        reason: Some(format!("{}: {failure}", failure.code())),
        lines: Vec::new(),
        second_reading: Vec::new(),
        codes: Vec::new(),
        filled_in: Vec::new(),
    }
}
