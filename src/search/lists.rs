//! The pages of one segment that hold something: what an item is looked up by in, a list of pages in ascending order out,
//! each page with what it scores there.
//!
//! Scores are BM25 (k1 1.2, b 0.75).

use super::filter::AllowedValues;
use super::plan::{By, Lookup};
use super::schema::Fields;
use tantivy::columnar::Column;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::query::{EnableScoring, PhraseQuery, Query, Scorer};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, DocId, DocSet, Searcher, SegmentReader, TERMINATED, Term};

/// How far words of a phrase may be moved in all: OCR tears words in two.
const PHRASE_SLOP: u32 = 1;
/// Beginnings of words may stand for no more terms than this in a segment, the commonest.
const MOST_PREFIX_TERMS: usize = 400;
/// So many terms are looked at to choose them from.
const MOST_LOOKED_AT: usize = 20_000;

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
    Run {
        pages: Box<dyn Scorer>,
        weight: f32,
    },
    Pages {
        pages: Vec<DocId>,
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

/// What lists of one segment are made from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub searcher: &'a Searcher,
    pub reader: &'a SegmentReader,
    pub fields: &'a Fields,
}

impl Source<'_> {
    /// Returns the pages that a lookup finds, or `None` where there are none. `cut` is set where it stands for too much.
    pub(super) fn list(&self, lookup: &Lookup, idf: f32, cut: &mut bool) -> tantivy::Result<Option<List>> {
        let weight = lookup.weight * idf;
        Ok(match &lookup.by {
            By::Terms(terms) => match &terms[..] {
                [term] => self.term(term, weight)?,
                _ => some_pages(self.holding_all(terms)?, weight),
            },
            By::Phrase(terms) => {
                let run = terms.iter().cloned().enumerate().collect();
                let query = PhraseQuery::new_with_offset_and_slop(run, PHRASE_SLOP);
                let pages =
                    query.weight(EnableScoring::disabled_from_searcher(self.searcher))?.scorer(self.reader, 1.0)?;
                Some(List::Run { pages, weight }).filter(|list| list.doc() != TERMINATED)
            }
            By::Prefix(field, begin) => some_pages(self.beginning_with(*field, begin, cut)?, weight),
            By::Days(from, to) => {
                Some(List::Days { days: self.reader.fast_fields().i64("day")?, from: *from, to: *to })
            }
            By::Value(column, value) => Some(List::Value(AllowedValues::new(self.reader, column, [value.clone()])?)),
        })
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
        let mut all = Vec::with_capacity(terms.len());
        for term in terms {
            match self.reader.inverted_index(term.field())?.read_postings(term, IndexRecordOption::Basic)? {
                Some(postings) => all.push(postings),
                None => return Ok(Vec::new()),
            }
        }
        all.sort_by_key(SegmentPostings::doc_freq);
        Ok(common(&mut all))
    }

    fn beginning_with(&self, field: Field, begin: &str, cut: &mut bool) -> tantivy::Result<Vec<DocId>> {
        let index = self.reader.inverted_index(field)?;
        let mut terms = index.terms().range().ge(begin.as_bytes()).into_stream()?;
        let mut found = Vec::new();
        while terms.advance() && terms.key().starts_with(begin.as_bytes()) {
            if found.len() >= MOST_LOOKED_AT {
                *cut = true;
                break;
            }
            found.push(terms.value().clone());
        }
        if found.len() > MOST_PREFIX_TERMS {
            *cut = true;
            found.sort_unstable_by_key(|info| std::cmp::Reverse(info.doc_freq));
            found.truncate(MOST_PREFIX_TERMS);
        }
        let mut pages = BitSet::with_max_value(self.reader.max_doc());
        for info in found {
            let mut postings = index.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
            while postings.doc() != TERMINATED {
                pages.insert(postings.doc());
                postings.advance();
            }
        }
        Ok((0..self.reader.max_doc()).filter(|page| pages.contains(*page)).collect())
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

fn some_pages(pages: Vec<DocId>, weight: f32) -> Option<List> {
    (!pages.is_empty()).then_some(List::Pages { pages, at: 0, weight })
}

impl List {
    /// Returns a list of these pages.
    pub(super) fn of(pages: Vec<DocId>, weight: f32) -> Option<Self> {
        some_pages(pages, weight)
    }

    /// Returns about how many pages there are to go through.
    pub(super) fn cost(&self, reader: &SegmentReader) -> u64 {
        match self {
            Self::Term { pages, .. } => pages.doc_freq().into(),
            Self::Run { pages, .. } => u64::from(pages.size_hint()),
            Self::Pages { pages, .. } => pages.len() as u64,
            Self::Days { .. } | Self::Value(_) => reader.max_doc().into(),
        }
    }

    /// Returns the list as one that can be gone through.
    pub(super) fn walkable(self, reader: &SegmentReader) -> Self {
        let chosen = |holds: &dyn Fn(DocId) -> bool| {
            let pages = (0..reader.max_doc()).filter(|page| holds(*page)).collect();
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
            Self::Run { pages, .. } => pages.doc(),
            Self::Pages { pages, at, .. } => pages.get(*at).copied().unwrap_or(TERMINATED),
            Self::Days { .. } | Self::Value(_) => TERMINATED,
        }
    }

    pub(super) fn advance(&mut self) {
        match self {
            Self::Term { pages, .. } => {
                pages.advance();
            }
            Self::Run { pages, .. } => {
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
            Self::Run { pages, .. } => {
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
            Self::Term { weight, .. } | Self::Run { weight, .. } | Self::Pages { weight, .. } => *weight,
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
