//! The pages of one segment that hold something: what an item is looked up by in, a list of pages in ascending order out,
//! each page with what it scores there.
//!
//! Scores are BM25 (k1 1.2, b 0.75).

use super::filter::AllowedValues;
use super::plan::{By, Lookup};
use super::runs::{RunReach, pages_with_run};
use super::schema::Fields;
use std::cmp::Reverse;
use std::sync::Arc;
use tantivy::columnar::Column;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::query::BitSetDocSet;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, DocId, DocSet, Searcher, SegmentReader, TERMINATED, Term};

/// Beginnings of words may stand for no more terms than this in a segment, the commonest.
const MOST_PREFIX_TERMS: usize = 400;

/// Pages in ascending order.
#[expect(
    clippy::large_enum_variant,
    reason = "there are a few of them a search, and terms are read in its innermost loop"
)]
pub(super) enum List {
    Term {
        pages: SegmentPostings,
        lengths: Option<Lengths>,
        weight: f32,
    },
    Pages {
        pages: Arc<[DocId]>,
        at: usize,
        weight: f32,
    },
    /// First pages of letters of these days.
    Days {
        days: Column<i64>,
        from: i64,
        to: i64,
    },
    /// First pages of letters with a value.
    Value(AllowedValues),
}

/// How long texts are, against the mean.
pub(super) struct Lengths {
    norms: FieldNormReader,
    mean: f32,
}

/// What was left out of the lists of a search because it would have taken too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// The beginning of a word stands for more words, or pages, than were looked up.
    pub beginning: bool,
    /// Not all pages of a phrase were compared word by word.
    pub phrase: bool,
    /// Not all pages were gone through.
    pub count: bool,
}

/// What lists of one segment are made from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub reader: &'a SegmentReader,
    pub fields: &'a Fields,
    pub reach: Reach,
}

impl Source<'_> {
    /// Returns the pages that a lookup finds, or `None` where there are none. `worked_out` gives those that must be
    /// worked out by [`Self::work_out`].
    pub(super) fn list(
        &self,
        lookup: &Lookup,
        idf: f32,
        worked_out: impl FnOnce() -> tantivy::Result<Arc<[DocId]>>,
    ) -> tantivy::Result<Option<List>> {
        let weight = lookup.weight * idf;
        Ok(match &lookup.by {
            By::Terms(terms) if terms.len() == 1 => match terms.first() {
                Some(term) => self.term(term, weight)?,
                None => None,
            },
            By::Terms(_) | By::Phrase(..) | By::Prefix(..) => List::of(worked_out()?, weight),
            By::Days(from, to) => {
                Some(List::Days { days: self.reader.fast_fields().i64("day")?, from: *from, to: *to })
            }
            By::Value(column, value) => Some(List::Value(AllowedValues::new(self.reader, column, [value.clone()])?)),
        })
    }

    /// Works out the pages of a lookup that is more than one list of the index.
    pub(super) fn work_out(&self, by: &By, cut: &mut Cut) -> tantivy::Result<Vec<DocId>> {
        match by {
            By::Terms(terms) => self.holding_all(terms),
            By::Phrase(words, pairs) => {
                let words = self.all_of(words, IndexRecordOption::WithFreqsAndPositions)?;
                let Some(words) = words else { return Ok(Vec::new()) };
                let mut lists = Vec::with_capacity(pairs.len());
                for pair in pairs {
                    lists.push(self.postings(pair, IndexRecordOption::Basic)?);
                }
                Ok(pages_with_run(lists, words, self.reach.run, &mut cut.phrase))
            }
            By::Prefix(field, begin) => self.beginning_with(*field, begin, &mut cut.beginning),
            By::Days(..) | By::Value(..) => Ok(Vec::new()),
        }
    }

    /// Returns the lists of all these terms, `None` where one stands nowhere.
    fn all_of(&self, terms: &[Term], option: IndexRecordOption) -> tantivy::Result<Option<Vec<SegmentPostings>>> {
        terms.iter().map(|term| self.postings(term, option)).collect()
    }

    fn postings(&self, term: &Term, option: IndexRecordOption) -> tantivy::Result<Option<SegmentPostings>> {
        Ok(self.reader.inverted_index(term.field())?.read_postings(term, option)?)
    }

    /// Returns the pages that hold a term.
    pub(super) fn term(&self, term: &Term, weight: f32) -> tantivy::Result<Option<List>> {
        match self.reader.inverted_index(term.field())?.get_term_info(term)? {
            Some(info) => Ok(Some(self.known_term(term.field(), &info, weight)?)),
            None => Ok(None),
        }
    }

    /// Returns the pages of a term that was found in the dictionary of `field`.
    pub(super) fn known_term(&self, field: Field, info: &TermInfo, weight: f32) -> tantivy::Result<List> {
        let index = self.reader.inverted_index(field)?;
        // Only running text is long enough for its length to matter.
        let lengths = if field == self.fields.stem {
            let norms = self.reader.get_fieldnorms_reader(field)?;
            let mean = (index.total_num_tokens() as f32 / self.reader.max_doc().max(1) as f32).max(1.0);
            Some(Lengths { norms, mean })
        } else {
            None
        };
        let option = if lengths.is_some() { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic };
        Ok(List::Term { pages: index.read_postings_from_terminfo(info, option)?, lengths, weight })
    }

    /// Returns the pages that hold all of `terms`.
    fn holding_all(&self, terms: &[Term]) -> tantivy::Result<Vec<DocId>> {
        let Some(mut all) = self.all_of(terms, IndexRecordOption::Basic)? else { return Ok(Vec::new()) };
        all.sort_by_key(SegmentPostings::doc_freq);
        Ok(common(&mut all))
    }

    fn beginning_with(&self, field: Field, begin: &str, cut: &mut bool) -> tantivy::Result<Vec<DocId>> {
        let index = self.reader.inverted_index(field)?;
        let mut terms = index.terms().range().ge(begin.as_bytes()).into_stream()?;
        let mut found = Vec::new();
        while terms.advance() && terms.key().starts_with(begin.as_bytes()) {
            if found.len() >= self.reach.terms {
                *cut = true;
                break;
            }
            found.push(terms.value().clone());
        }
        // The commonest terms have most of the pages, and few pages more are worth the time that all of them take.
        found.sort_unstable_by_key(|info| Reverse(info.doc_freq));
        let mut left = self.reach.pages;
        let mut pages = BitSet::with_max_value(self.reader.max_doc());
        for (nth, info) in found.iter().enumerate() {
            if left == 0 || nth >= MOST_PREFIX_TERMS {
                *cut = true;
                break;
            }
            left = left.saturating_sub(info.doc_freq.into());
            let mut postings = index.read_postings_from_terminfo(info, IndexRecordOption::Basic)?;
            while postings.doc() != TERMINATED {
                pages.insert(postings.doc());
                postings.advance();
            }
        }
        let mut pages = BitSetDocSet::from(pages);
        Ok(std::iter::from_fn(|| {
            let page = Some(pages.doc()).filter(|page| *page != TERMINATED);
            pages.advance();
            page
        })
        .collect())
    }
}

/// How far one beginning of a word, and one run of words, may be followed in a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// So many terms are looked at to choose from.
    terms: usize,
    /// No further term is taken when those before stand on so many pages.
    pages: u64,
    run: RunReach,
}

impl Reach {
    /// Returns how far each of so many beginnings and runs may be followed in `reader`, one of the segments of `searcher`.
    pub(super) fn of(beginnings: usize, runs: usize, searcher: &Searcher, reader: &SegmentReader) -> Self {
        const TERMS: usize = 200_000;
        const PLACES: u64 = 8_000;
        const LOOSE: u64 = 16_000;
        let (beginnings, pages) = (beginnings.max(1), u64::from(reader.max_doc()));
        let terms = (TERMS / (beginnings * searcher.segment_readers().len().max(1))).clamp(50, 20_000);
        let share = |most: u64| most * pages / (searcher.num_docs().max(1) * runs.max(1) as u64);
        Self {
            terms,
            pages: 2 * pages / beginnings as u64 + 5_000,
            run: RunReach { places: usize::try_from(share(PLACES)).unwrap_or(usize::MAX), loose: share(LOOSE) },
        }
    }
}

/// Returns the pages that are in all of the lists; quickest with the shortest first.
pub(super) fn common(all: &mut [SegmentPostings]) -> Vec<DocId> {
    let mut pages = Vec::new();
    let Some((first, others)) = all.split_first_mut() else { return pages };
    while first.doc() != TERMINATED {
        let page = first.doc();
        let held = others.iter_mut().all(|postings| {
            if postings.doc() < page {
                postings.seek(page);
            }
            postings.doc() == page
        });
        if held {
            pages.push(page);
        }
        first.advance();
    }
    pages
}

impl List {
    /// Returns a list of these pages, if there are any.
    pub(super) fn of(pages: Arc<[DocId]>, weight: f32) -> Option<Self> {
        (!pages.is_empty()).then_some(Self::Pages { pages, at: 0, weight })
    }

    /// Returns about how many pages there are to go through.
    pub(super) fn cost(&self, reader: &SegmentReader) -> u64 {
        match self {
            Self::Term { pages, .. } => pages.doc_freq().into(),
            Self::Pages { pages, .. } => pages.len() as u64,
            Self::Days { .. } | Self::Value(_) => reader.max_doc().into(),
        }
    }

    /// Returns the list as one that can be gone through.
    pub(super) fn walkable(self, reader: &SegmentReader) -> Self {
        let chosen = |holds: &dyn Fn(DocId) -> bool| {
            let pages: Arc<[DocId]> = (0..reader.max_doc()).filter(|page| holds(*page)).collect();
            Self::Pages { pages, at: 0, weight: 1.0 }
        };
        match &self {
            Self::Days { .. } | Self::Value(_) => chosen(&|page| self.begins(page)),
            _ => self,
        }
    }

    /// Says whether a document that begins on page `first` is meant, for lists of documents.
    fn begins(&self, first: DocId) -> bool {
        match self {
            Self::Days { days, from, to } => days.first(first).is_some_and(|day| (*from..=*to).contains(&day)),
            Self::Value(values) => values.holds(first),
            _ => false,
        }
    }

    /// Returns the page the list stands at, or [`TERMINATED`].
    pub(super) fn doc(&self) -> DocId {
        match self {
            Self::Term { pages, .. } => pages.doc(),
            Self::Pages { pages, at, .. } => pages.get(*at).copied().unwrap_or(TERMINATED),
            Self::Days { .. } | Self::Value(_) => TERMINATED,
        }
    }

    pub(super) fn advance(&mut self) {
        match self {
            Self::Term { pages, .. } => {
                pages.advance();
            }
            Self::Pages { at, .. } => *at += 1,
            Self::Days { .. } | Self::Value(_) => {}
        }
    }

    fn seek(&mut self, target: DocId) {
        if self.doc() >= target {
            return;
        }
        match self {
            Self::Term { pages, .. } => {
                pages.seek(target);
            }
            Self::Pages { pages, at, .. } => {
                *at += pages.get(*at..).map_or(0, |rest| rest.partition_point(|page| *page < target));
            }
            Self::Days { .. } | Self::Value(_) => {}
        }
    }

    /// Returns what the page it stands at scores.
    pub(super) fn score(&self) -> f32 {
        match self {
            Self::Term { pages, lengths: Some(lengths), weight } => {
                let share = lengths.norms.fieldnorm(pages.doc()) as f32 / lengths.mean;
                let tf = pages.term_freq() as f32;
                weight * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * share))
            }
            Self::Term { weight, .. } | Self::Pages { weight, .. } => *weight,
            Self::Days { .. } | Self::Value(_) => 1.0,
        }
    }

    /// Returns the most that a page can score.
    pub(super) fn most(&self) -> f32 {
        match self {
            Self::Term { lengths: Some(_), weight, .. } => 2.2 * weight,
            _ => self.score(),
        }
    }

    /// Returns what the best of these pages scores, if any is in the list. Asked for in ascending order.
    pub(super) fn within(&mut self, first: DocId, end: DocId) -> Option<f32> {
        if matches!(self, Self::Days { .. } | Self::Value(_)) {
            return self.begins(first).then_some(1.0);
        }
        self.seek(first);
        let mut best: Option<f32> = None;
        while self.doc() < end {
            best = Some(best.unwrap_or(0.0).max(self.score()));
            self.advance();
        }
        best
    }

    /// Adds what each of these pages scores to `scores`. Asked for in ascending order.
    pub(super) fn add_to(&mut self, first: DocId, scores: &mut [f32]) {
        let end = first.saturating_add(u32::try_from(scores.len()).unwrap_or(u32::MAX));
        self.seek(first);
        while self.doc() < end {
            if let Some(score) = scores.get_mut((self.doc() - first) as usize) {
                *score += self.score();
            }
            self.advance();
        }
    }
}
