//! The index in a folder of this machine: many readers, one writer.

use super::complete::{Completion, complete};
use super::facets::{FacetCounter, Facets};
use super::filter::Filters;
use super::gather::{Candidate, Found, Search, browse, sort_head};
use super::hit::{Answer, Hit};
use super::plan::{Item, Plan, Probe, plan};
use super::possible::LEAST_COVERAGE;
use super::query;
use super::rank::{Assessed, Ranker, text_words};
use super::record::records;
use super::rule::Rule;
use super::schema::{self, Fields};
use super::snippet::snippet;
use super::{SearchError, SearchIndex, SearchOptions};
use crate::model::{Document, DocumentId};
use crate::text::marks::Reading;
use crate::text::tokens::tokens;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tantivy::directory::error::LockError;
use tantivy::indexer::{LogMergePolicy, UserOperation};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TERMINATED, TantivyError, Term};

const WRITER_MEMORY_BYTES: usize = 64 << 20;
/// Replaced pages are swept out when they make up this share of a segment.
const MOST_DELETED: f32 = 0.25;
/// So many documents are weighed by all their fields; those after them keep the order of the first step.
const MOST_WEIGHED: usize = 300;
/// So many of these are read word by word.
const MOST_RANKED: usize = 60;
/// Documents found by phrases alone that are ranked so.
const MOST_RANKED_BY_PHRASE: usize = 20;
/// So many documents that hold only part of the query are read word by word.
const MOST_POSSIBLE: usize = 40;

/// With fewer pages, a word that is missing says nothing about the word.
const LEAST_PAGES_TO_KNOW: u64 = 300;
/// Misread words stand on one page; words stand on several.
const LEAST_PAGES_OF_WORD: u64 = 2;

/// An index in a folder.
pub struct LocalIndex {
    fields: Fields,
    reader: IndexReader,
    writer: Option<Mutex<IndexWriter>>,
}

impl LocalIndex {
    /// Opens the index in `dir` for reading and writing, and creates it where there is none.
    ///
    /// # Errors
    /// When another process writes to it, or when it was built by another version.
    pub fn open(dir: &Path) -> Result<Self, SearchError> {
        let (index, fields) = match schema::open(dir) {
            Err(SearchError::Missing(_)) => schema::create(dir)?,
            opened => opened?,
        };
        let writer = index.writer_with_num_threads(1, WRITER_MEMORY_BYTES).map_err(|error| match error {
            TantivyError::LockFailure(LockError::LockBusy, _) => SearchError::Busy(dir.to_owned()),
            other => SearchError::Index(other),
        })?;
        let mut policy = LogMergePolicy::default();
        policy.set_del_docs_ratio_before_merge(MOST_DELETED);
        writer.set_merge_policy(Box::new(policy));
        Ok(Self { fields, reader: reader(&index)?, writer: Some(Mutex::new(writer)) })
    }

    /// Opens the index in `dir` for searching, also while another process writes to it; commits are seen soon.
    ///
    /// # Errors
    /// When there is none, or when it was built by another version.
    pub fn open_read_only(dir: &Path) -> Result<Self, SearchError> {
        let (index, fields) = schema::open(dir)?;
        Ok(Self { fields, reader: reader(&index)?, writer: None })
    }

    /// Throws the index in `dir` away, whatever its version, and opens an empty one.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn rebuild(dir: &Path) -> Result<Self, SearchError> {
        schema::clear(dir)?;
        Self::open(dir)
    }

    /// Closes an index that was opened for writing, once all segments that are being joined are: an index of few segments
    /// is smaller, and quicker to search.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn close(self) -> Result<(), SearchError> {
        if let Some(writer) = self.writer {
            writer.into_inner().unwrap_or_else(PoisonError::into_inner).wait_merging_threads()?;
        }
        Ok(())
    }

    fn writer(&self) -> Result<MutexGuard<'_, IndexWriter>, SearchError> {
        // The guard protects no state of ours: a thread that died while holding it leaves the writer usable.
        let writer = self.writer.as_ref().ok_or(SearchError::ReadOnly)?;
        Ok(writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn id_term(&self, id: &DocumentId) -> Term {
        Term::from_field_text(self.fields.id, &id.to_string())
    }

    /// Answers a query without words: everything that the filters allow, or nothing where there are none.
    fn browse(&self, searcher: &Searcher, mut plan: Plan, options: &SearchOptions) -> Result<Answer, SearchError> {
        if options.filters.is_empty() || plan.rule != Rule::default() {
            plan.notes.push("the query holds no word to search for".to_owned());
            return Ok(Answer { notes: plan.notes, ..Answer::default() });
        }
        let found = browse(searcher, &self.fields, &options.filters)?;
        let facets = facets_of(searcher, &found, options)?;
        let mut ranker = Ranker::new(searcher, &self.fields, &plan, &[]);
        let wanted = found.iter().skip(options.offset).take(options.limit);
        let wanted = wanted.map(|found| ranker.assess(&found.candidate())).collect::<tantivy::Result<_>>()?;
        let hits = self.hits(searcher, wanted)?;
        Ok(Answer { total: found.len() as u64, hits, notes: plan.notes, facets, suggestion: None })
    }

    /// Returns the query in words of the archive, if it then has strict hits.
    fn suggestion(&self, search: &Search, query: &str) -> Result<Option<String>, SearchError> {
        let Some(respelled) = search.respelled(query)? else { return Ok(None) };
        let known = |term: &Term| search.searcher.doc_freq(term).is_ok_and(|pages| pages > 0);
        let plan = plan(query::parse(&respelled), &self.fields, &known);
        let found = Search::new(search.searcher, &self.fields, &plan, search.filters)?.strict()?;
        Ok((!found.is_empty()).then_some(respelled))
    }

    fn hits(&self, searcher: &Searcher, wanted: Vec<Assessed>) -> Result<Vec<Hit>, SearchError> {
        let hits = wanted.into_iter().map(|assessed| self.hit(searcher, assessed)).collect::<Result<Vec<_>, _>>()?;
        Ok(hits.into_iter().flatten().collect())
    }

    fn hit(&self, searcher: &Searcher, assessed: Assessed) -> Result<Option<Hit>, SearchError> {
        // An id that cannot be read belongs to no document that could be shown.
        let Ok(document) = assessed.id.parse() else { return Ok(None) };
        let pages = searcher.segment_reader(assessed.candidate.segment).fast_fields().u64("page")?;
        let page = pages.first(assessed.page).and_then(|page| u32::try_from(page).ok()).unwrap_or(1);
        let header = assessed.header;
        Ok(Some(Hit {
            document,
            source: header.source,
            page,
            score: assessed.score,
            possible: !assessed.candidate.strict,
            number: header.number,
            date: header.date,
            from: header.from,
            to: header.to,
            subject: header.subject,
            snippet: snippet(&text_words(&assessed.text).collect::<Vec<_>>(), &assessed.marked),
            words: assessed.marked.iter().map(|(word, _)| *word).collect(),
            matched: assessed.matched,
            why: Vec::new(),
        }))
    }
}

fn reader(index: &Index) -> Result<IndexReader, SearchError> {
    Ok(index.reader_builder().reload_policy(ReloadPolicy::OnCommitWithDelay).try_into()?)
}

impl SearchIndex for LocalIndex {
    fn add(&self, document: &Document) -> Result<(), SearchError> {
        let writer = self.writer()?;
        let mut operations = vec![UserOperation::Delete(self.id_term(&document.id))];
        operations.extend(records(&self.fields, document)?.into_iter().map(UserOperation::Add));
        writer.run(operations)?;
        Ok(())
    }

    fn remove(&self, id: &DocumentId) -> Result<(), SearchError> {
        self.writer()?.delete_term(self.id_term(id));
        Ok(())
    }

    fn commit(&self) -> Result<(), SearchError> {
        self.writer()?.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    fn search(&self, query: &str, options: &SearchOptions) -> Result<Answer, SearchError> {
        let searcher = self.reader.searcher();
        let known = |term: &Term| searcher.doc_freq(term).is_ok_and(|pages| pages > 0);
        let plan = plan(query::parse(query), &self.fields, &known);
        if plan.items.iter().all(|item| item.negative) {
            return self.browse(&searcher, plan, options);
        }
        let mut clock = Clock::start();
        let search = Search::new(&searcher, &self.fields, &plan, &options.filters)?;
        let mut found = search.strict()?;
        clock.tick("strict");
        let facets = facets_of(&searcher, &found, options)?;
        let (total, last) = (found.len(), options.offset.saturating_add(options.limit));
        sort_head(&mut found, last.max(MOST_WEIGHED));
        let tail = found.split_off(total.min(MOST_WEIGHED));
        let weighed = search.refined(&found)?;
        clock.tick("refined");
        let mut ranker = search.ranker();
        let (read, rest) = weighed.split_at(weighed.len().min(most_read(&plan, most_ranked(&plan))));
        let by_number = number_asked_for(&plan);
        let mut assessed =
            if options.offset < read.len() || by_number.is_some() { ranked(&search, read)? } else { Vec::new() };
        clock.tick("ranked");
        // Who asks for a number and is shown the letter that bears it needs none with numbers like it.
        let is_there = by_number.is_some_and(|asked| assessed.iter().any(|one| one.header.bears(asked)));
        assessed.drain(..options.offset.min(assessed.len()));
        assessed.truncate(options.limit);
        let later = options.offset.max(read.len())..last.max(read.len());
        for candidate in rest.iter().skip(later.start - read.len()).take(later.len()) {
            assessed.push(ranker.assess(candidate)?);
        }
        let later = options.offset.max(weighed.len())..last.max(weighed.len());
        let later: Vec<Found> = tail.into_iter().skip(later.start - weighed.len()).take(later.len()).collect();
        for found in &later {
            for candidate in search.refined(std::slice::from_ref(found))? {
                assessed.push(ranker.assess(&candidate)?);
            }
        }
        if last > total && !is_there && !(total > 0 && is_exact(&plan)) {
            // However many strict ones fill the page, the possible ones behind them are the same.
            let mut possible = ranked(&search, &search.possible(most_read(&plan, MOST_POSSIBLE))?)?;
            possible.retain(|assessed| assessed.coverage >= LEAST_COVERAGE);
            let skipped = options.offset.saturating_sub(total);
            assessed.extend(possible.into_iter().skip(skipped).take(options.limit - assessed.len().min(options.limit)));
        }
        clock.tick("possible");
        let why: Vec<_> = assessed
            .iter()
            .filter(|_| options.explain)
            .map(|one| (one.id.clone(), ranker.reasons(one, query)))
            .collect();
        let mut hits = self.hits(&searcher, assessed)?;
        for (id, reasons) in why {
            let of_it = hits.iter_mut().find(|hit| hit.document.to_string() == id);
            of_it.into_iter().for_each(|hit| hit.why.clone_from(&reasons));
        }
        let suggestion = if total == 0 { self.suggestion(&search, query)? } else { None };
        clock.tick("hits");
        tracing::debug!(steps = clock.steps, "milliseconds of each step of the search");
        let (mut notes, cut) = (plan.notes.clone(), search.cut());
        if cut.beginning {
            notes.push("a beginning of a word stands for too many words; not all of them were searched".to_owned());
        }
        if cut.phrase {
            notes.push("a phrase stands on very many pages; the count may be a little too high".to_owned());
        }
        if cut.count {
            notes.push(
                "these words stand on so many pages that not all were gone through; more letters have them".to_owned(),
            );
        }
        Ok(Answer { total: total as u64, hits, notes, facets, suggestion })
    }

    fn about(
        &self,
        subject: &str,
        without: &[DocumentId],
        limit: usize,
        filters: &Filters,
    ) -> Result<Vec<Hit>, SearchError> {
        // By their keys, so that nothing in a subject is a sign of the query language; nor the word for a choice.
        let keys: Vec<String> = tokens(subject).into_iter().map(|token| token.key).filter(|key| key != "او").collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let limit_with = limit.saturating_add(without.len());
        let options = SearchOptions { limit: limit_with, filters: filters.clone(), ..SearchOptions::default() };
        let mut hits = self.search(&format!("subject:({})", keys.join(" ")), &options)?.hits;
        hits.retain(|hit| !hit.possible && !without.contains(&hit.document));
        hits.truncate(limit);
        Ok(hits)
    }

    fn complete(&self, typed: &str, limit: usize, filters: &Filters) -> Result<Vec<Completion>, SearchError> {
        Ok(complete(&self.reader.searcher(), &self.fields, typed, limit, filters)?)
    }

    fn knows(&self, key: &str) -> Option<bool> {
        let searcher = self.reader.searcher();
        if searcher.num_docs() < LEAST_PAGES_TO_KNOW {
            return None;
        }
        let pages = searcher.doc_freq(&Term::from_field_text(self.fields.norm, key)).ok()?;
        Some(pages >= LEAST_PAGES_OF_WORD)
    }

    fn document_ids(&self) -> Result<Vec<DocumentId>, SearchError> {
        let mut ids = BTreeSet::new();
        for segment in self.reader.searcher().segment_readers() {
            let index = segment.inverted_index(self.fields.id)?;
            let mut terms = index.terms().stream()?;
            while terms.advance() {
                let mut pages = index.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
                while pages.doc() != TERMINATED && segment.is_deleted(pages.doc()) {
                    pages.advance();
                }
                if pages.doc() != TERMINATED
                    && let Some(id) = std::str::from_utf8(terms.key()).ok().and_then(|id| id.parse().ok())
                {
                    ids.insert(id);
                }
            }
        }
        Ok(ids.into_iter().collect())
    }
}

/// Counts how the documents of the strict count spread, where that was asked for.
fn facets_of(searcher: &Searcher, found: &[Found], options: &SearchOptions) -> Result<Option<Facets>, SearchError> {
    if !options.facets {
        return Ok(None);
    }
    let mut found = found.to_vec();
    found.sort_unstable_by_key(|found| (found.segment, found.first));
    let of_segments: Vec<_> = found.chunk_by(|one, next| one.segment == next.segment).collect();
    let count = |own: &&[Found]| {
        let mut counter = FacetCounter::default();
        if let Some(first) = own.first() {
            counter.count(searcher.segment_reader(first.segment), own.iter().map(|found| found.first))?;
        }
        Ok::<_, SearchError>(counter)
    };
    let counters = of_segments.par_iter().map(count).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(counters.into_iter().fold(FacetCounter::default(), FacetCounter::with).finish()))
}

/// Returns how many of `most` documents are read word by word: fewer for a query of very many words, each of which is
/// compared with each on the page.
fn most_read(plan: &Plan, most: usize) -> usize {
    const USUAL_WORDS: usize = 16;
    let words: usize = plan.items.iter().map(|item| item.words().len().max(1)).sum();
    (most * USUAL_WORDS / words.max(USUAL_WORDS)).max(8)
}

/// Returns how many documents are ranked by what stands on them word by word. All those found by a phrase hold it, so of them it tells little.
fn most_ranked(plan: &Plan) -> usize {
    if is_exact(plan) { MOST_RANKED_BY_PHRASE } else { MOST_RANKED }
}

/// Returns the letter number that is all that a query asks for.
fn number_asked_for(plan: &Plan) -> Option<&Reading> {
    let [Item { probe: Probe::Mark(readings), scope: None, .. }] = &plan.items[..] else { return None };
    match &readings[..] {
        [number @ Reading::Number(_)] => Some(number),
        _ => None,
    }
}

/// Says whether a query asks for phrases alone: who quotes wants what he quotes, if it is there.
fn is_exact(plan: &Plan) -> bool {
    plan.items.iter().all(|item| matches!(&item.probe, Probe::Phrase(words) if words.len() > 1))
}

/// Reads the candidates word by word and returns them best first.
fn ranked(search: &Search, candidates: &[Candidate]) -> Result<Vec<Assessed>, SearchError> {
    /// Fewer are not worth a thread: what a spelling matches is worked out anew on each.
    const LEAST_FOR_A_THREAD: usize = 8;
    let threads = rayon::current_num_threads().max(1);
    let part = candidates.len().div_ceil(threads).max(LEAST_FOR_A_THREAD);
    let read = |part: &[Candidate]| {
        let mut ranker = search.ranker();
        part.iter().map(|one| ranker.assess(one)).collect::<tantivy::Result<Vec<_>>>()
    };
    let mut assessed = candidates.par_chunks(part).map(read).collect::<tantivy::Result<Vec<_>>>()?;
    let mut assessed: Vec<Assessed> = assessed.drain(..).flatten().collect();
    // Among equals the id decides: where a document happens to lie in the index changes with every merge.
    assessed.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    Ok(assessed)
}

/// Tells how long the steps of a search took.
struct Clock {
    last: Instant,
    steps: String,
}

impl Clock {
    fn start() -> Self {
        Self { last: Instant::now(), steps: String::new() }
    }

    fn tick(&mut self, step: &str) {
        let now = Instant::now();
        let milliseconds = (now - self.last).as_secs_f64() * 1000.0;
        // Writing to a string cannot fail.
        let _ = write!(self.steps, "{step} {milliseconds:.1} ");
        self.last = now;
    }
}
