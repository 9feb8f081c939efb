//! The first step of a search: every item of the plan speaks for the pages that hold it. Returns the strict count, the
//! documents in the order of their scores, and how rare each item is.
//!
//! Scores are BM25 (k1 1.2, b 0.75) summed over the ways a page can hold an item, kept in one number a page. Pages of
//! one document stand next to each other in the index, so documents are made by one pass over the pages. Walking the
//! postings directly takes the place of a query of some fifty clauses, which block-max WAND answers five times slower.

use super::filter::{Filters, Gate};
use super::plan::{By, Item, Lookup, Plan};
use super::schema::Fields;
use std::cmp::Ordering;
use tantivy::postings::Postings;
use tantivy::query::{EnableScoring, PhraseQuery, Query};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Searcher, SegmentReader, TERMINATED, Term};

/// How far words of a phrase may be moved in all: OCR tears words in two.
const PHRASE_SLOP: u32 = 1;
/// Beginnings of words may stand for no more terms than this in a segment.
const MOST_PREFIX_TERMS: usize = 400;
/// A trigram on a larger share of the pages tells nothing and costs most.
const COMMONEST_GRAM: f32 = 0.4;
/// A page counts as one of a document's best from this share of the best one's score.
const NEAR_BEST: f32 = 0.5;
const MOST_PAGES: usize = 3;

/// A document that holds something of the query.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub segment: usize,
    /// Its first page, which holds the fields of the letter.
    pub first: DocId,
    /// Its most promising pages, best first; at least one.
    pub pages: Vec<DocId>,
    pub score: f32,
    pub strict: bool,
}

/// What the first step found.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Documents that hold what the query asks for, best first.
    pub strict: Vec<Candidate>,
    /// The best of the others.
    pub possible: Vec<Candidate>,
    /// How much each item tells, by the share of pages that hold it.
    pub idf: Vec<f32>,
}

/// Gathers candidates for `plan`, at most `most_possible` of them beyond the strict ones.
pub(super) fn gather(
    searcher: &Searcher,
    fields: &Fields,
    plan: &Plan,
    filters: &Filters,
    most_possible: usize,
) -> tantivy::Result<Gathered> {
    let pages = searcher.num_docs() as f32;
    let idf =
        plan.items.iter().map(|item| Ok(idf(pages, frequency(searcher, item)?))).collect::<tantivy::Result<_>>()?;
    let mut gathered = Gathered { idf, ..Gathered::default() };
    for (segment, reader) in searcher.segment_readers().iter().enumerate() {
        let mut tally = Tally::new(searcher, reader, fields)?;
        for (bit, item) in plan.items.iter().enumerate() {
            let idf = gathered.idf.get(bit).copied().unwrap_or_default();
            for lookup in &item.lookups {
                tally.add(lookup, 1 << bit, idf)?;
            }
            tally.add_grams(&item.grams, idf)?;
            item.root.iter().try_for_each(|root| tally.add_root(root, idf))?;
        }
        for item in &plan.excluded {
            item.lookups.iter().try_for_each(|lookup| tally.exclude(lookup))?;
        }
        tally.documents(segment, plan, filters, &mut gathered)?;
    }
    let best_first = |a: &Candidate, b: &Candidate| {
        let by_place = || (a.segment, a.first).cmp(&(b.segment, b.first));
        b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal).then_with(by_place)
    };
    gathered.strict.sort_unstable_by(best_first);
    if gathered.possible.len() > most_possible && most_possible > 0 {
        gathered.possible.select_nth_unstable_by(most_possible - 1, best_first);
    }
    gathered.possible.truncate(most_possible);
    gathered.possible.sort_unstable_by(best_first);
    Ok(gathered)
}

/// Returns all documents that `filters` allow, the newest first, undated ones last.
pub(super) fn browse(searcher: &Searcher, fields: &Fields, filters: &Filters) -> tantivy::Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for (segment, reader) in searcher.segment_readers().iter().enumerate() {
        let mut gate = Gate::new(reader, fields, filters)?;
        let pages = reader.fast_fields().u64("page")?;
        let days = reader.fast_fields().i64("day")?;
        let firsts = reader.doc_ids_alive().filter(|page| pages.first(*page) == Some(1));
        found.extend(firsts.filter(|first| gate.admits(*first)).map(|first| {
            let day = days.first(first).unwrap_or(i64::from(i32::MIN));
            (day, Candidate { segment, first, pages: vec![first], score: 0.0, strict: true })
        }));
    }
    found.sort_unstable_by(|(day, a), (other, b)| {
        other.cmp(day).then_with(|| (a.segment, a.first).cmp(&(b.segment, b.first)))
    });
    Ok(found.into_iter().map(|(_, candidate)| candidate).collect())
}

fn idf(pages: f32, holding: f32) -> f32 {
    (1.0 + (pages - holding + 0.5).max(0.5) / (holding + 0.5)).ln()
}

/// Returns about how many pages hold an item: those of its commonest way.
fn frequency(searcher: &Searcher, item: &Item) -> tantivy::Result<f32> {
    let mut most = 0;
    for lookup in &item.lookups {
        let terms = match &lookup.by {
            By::Terms(terms) | By::Phrase(terms) => &terms[..],
            By::Prefix(..) | By::Days(..) => &[],
        };
        // A run of terms is as rare as its rarest one, at the most.
        let rarest = terms.iter().map(|term| searcher.doc_freq(term)).collect::<tantivy::Result<Vec<_>>>()?;
        most = most.max(rarest.into_iter().min().unwrap_or_default());
    }
    Ok(most as f32)
}

/// What the items say about the pages of one segment.
struct Tally<'a> {
    searcher: &'a Searcher,
    reader: &'a SegmentReader,
    fields: &'a Fields,
    scores: Vec<f32>,
    masks: Vec<u64>,
    excluded: Vec<bool>,
}

impl<'a> Tally<'a> {
    fn new(searcher: &'a Searcher, reader: &'a SegmentReader, fields: &'a Fields) -> tantivy::Result<Self> {
        let pages = reader.max_doc() as usize;
        Ok(Self {
            searcher,
            reader,
            fields,
            scores: vec![0.0; pages],
            masks: vec![0; pages],
            excluded: vec![false; pages],
        })
    }

    fn add(&mut self, lookup: &Lookup, bit: u64, idf: f32) -> tantivy::Result<()> {
        let (reader, weight) = (self.reader, lookup.weight * idf);
        let (scores, masks) = (&mut self.scores, &mut self.masks);
        visit(self.searcher, reader, self.fields, &lookup.by, &mut |page, tf| {
            if let (Some(score), Some(mask)) = (scores.get_mut(page as usize), masks.get_mut(page as usize)) {
                *score += weight * tf;
                *mask |= bit;
            }
        })
    }

    fn exclude(&mut self, lookup: &Lookup) -> tantivy::Result<()> {
        let excluded = &mut self.excluded;
        visit(self.searcher, self.reader, self.fields, &lookup.by, &mut |page, _| {
            if let Some(page) = excluded.get_mut(page as usize) {
                *page = true;
            }
        })
    }

    /// Adds a word's trigrams: a page that holds them all gets about half of what the word itself is worth.
    fn add_grams(&mut self, grams: &[Term], idf_of_word: f32) -> tantivy::Result<()> {
        const WORTH: f32 = 0.5;
        let pages = self.searcher.num_docs() as f32;
        let mut telling = Vec::new();
        for gram in grams {
            let holding = self.searcher.doc_freq(gram)? as f32;
            if holding > 0.0 && (holding <= COMMONEST_GRAM * pages || pages < 50.0) {
                telling.push((gram, idf(pages, holding)));
            }
        }
        let sum: f32 = telling.iter().map(|(_, idf)| idf).sum();
        telling.into_iter().try_for_each(|(gram, idf)| self.add_hint(gram, WORTH * idf_of_word * idf / sum))
    }

    fn add_root(&mut self, root: &Term, idf_of_word: f32) -> tantivy::Result<()> {
        const WORTH: f32 = 0.4;
        self.add_hint(root, WORTH * idf_of_word)
    }

    /// Adds `worth` to the pages that hold `term`, which makes none of them a strict match.
    fn add_hint(&mut self, term: &Term, worth: f32) -> tantivy::Result<()> {
        let index = self.reader.inverted_index(term.field())?;
        let Some(mut postings) = index.read_postings(term, IndexRecordOption::Basic)? else { return Ok(()) };
        while postings.doc() != TERMINATED {
            if let Some(score) = self.scores.get_mut(postings.doc() as usize) {
                *score += worth;
            }
            postings.advance();
        }
        Ok(())
    }

    /// Makes documents of the pages and sorts them into strict and possible ones.
    fn documents(
        &self,
        segment: usize,
        plan: &Plan,
        filters: &Filters,
        gathered: &mut Gathered,
    ) -> tantivy::Result<()> {
        let groups = self.reader.fast_fields().u64("group")?;
        let mut gate = Gate::new(self.reader, self.fields, filters)?;
        let mut open: Option<(u64, Document)> = None;
        for page in 0..self.reader.max_doc() {
            if self.reader.is_deleted(page) {
                continue;
            }
            let group = groups.first(page);
            let document = match &mut open {
                Some((same, document)) if Some(*same) == group => document,
                _ => {
                    close(open.take(), segment, plan, &mut gate, gathered);
                    let Some(group) = group else { continue };
                    &mut open.insert((group, Document::new(page))).1
                }
            };
            let at = page as usize;
            let (Some(score), Some(mask), Some(excluded)) =
                (self.scores.get(at), self.masks.get(at), self.excluded.get(at))
            else {
                continue;
            };
            document.mask |= mask;
            document.excluded |= excluded;
            if *score > 0.0 {
                document.pages.push((*score, page));
            }
        }
        close(open, segment, plan, &mut gate, gathered);
        Ok(())
    }
}

/// A document while its pages are passed over.
struct Document {
    first: DocId,
    mask: u64,
    excluded: bool,
    pages: Vec<(f32, DocId)>,
}

impl Document {
    fn new(first: DocId) -> Self {
        Self { first, mask: 0, excluded: false, pages: Vec::new() }
    }
}

fn close(open: Option<(u64, Document)>, segment: usize, plan: &Plan, gate: &mut Gate, gathered: &mut Gathered) {
    let Some((_, mut document)) = open else { return };
    document.pages.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let Some((score, _)) = document.pages.first().copied().filter(|_| !document.excluded) else { return };
    if !gate.admits(document.first) {
        return;
    }
    let pages = document.pages.iter().take(MOST_PAGES).take_while(|(own, _)| *own >= NEAR_BEST * score);
    let strict = is_strict(plan, document.mask);
    let pages = pages.map(|(_, page)| *page).collect();
    let candidate = Candidate { segment, first: document.first, pages, score, strict };
    if strict { gathered.strict.push(candidate) } else { gathered.possible.push(candidate) }
}

/// Says whether the items of `mask` are at least 60 % of every group.
fn is_strict(plan: &Plan, mask: u64) -> bool {
    (0..plan.groups).all(|group| {
        let (mut asked, mut held) = (0, 0);
        for (bit, _) in plan.items.iter().enumerate().filter(|(_, item)| item.group == group && !item.weak) {
            asked += 1;
            held += usize::from(mask & (1 << bit) != 0);
        }
        held * 10 >= asked * 6
    })
}

/// Calls `found` with the pages that hold what is asked for, and with their saturated term frequency.
fn visit(
    searcher: &Searcher,
    reader: &SegmentReader,
    fields: &Fields,
    by: &By,
    found: &mut dyn FnMut(DocId, f32),
) -> tantivy::Result<()> {
    match by {
        By::Terms(terms) => match &terms[..] {
            [term] => visit_term(reader, fields, term, found),
            _ => visit_all(reader, terms, found),
        },
        By::Phrase(terms) => {
            let query = PhraseQuery::new_with_offset_and_slop(terms.iter().cloned().enumerate().collect(), PHRASE_SLOP);
            let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
            let mut scorer = weight.scorer(reader, 1.0)?;
            while scorer.doc() != TERMINATED {
                found(scorer.doc(), 1.0);
                scorer.advance();
            }
            Ok(())
        }
        By::Prefix(field, begin) => {
            let index = reader.inverted_index(*field)?;
            let mut terms = index.terms().range().ge(begin.as_bytes()).into_stream()?;
            let mut taken = 0;
            while terms.advance() && terms.key().starts_with(begin.as_bytes()) && taken < MOST_PREFIX_TERMS {
                taken += 1;
                let mut postings = index.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
                while postings.doc() != TERMINATED {
                    found(postings.doc(), 1.0);
                    postings.advance();
                }
            }
            Ok(())
        }
        By::Days(from, to) => {
            let days = reader.fast_fields().i64("day")?;
            for page in 0..reader.max_doc() {
                if days.first(page).is_some_and(|day| (*from..=*to).contains(&day)) {
                    found(page, 1.0);
                }
            }
            Ok(())
        }
    }
}

fn visit_term(
    reader: &SegmentReader,
    fields: &Fields,
    term: &Term,
    found: &mut dyn FnMut(DocId, f32),
) -> tantivy::Result<()> {
    let field = term.field();
    let index = reader.inverted_index(field)?;
    let Some(mut postings) = index.read_postings(term, IndexRecordOption::WithFreqs)? else { return Ok(()) };
    // Only running text is long enough for its length to matter.
    let lengths =
        if field == fields.norm || field == fields.stem { Some(reader.get_fieldnorms_reader(field)?) } else { None };
    let mean = (index.total_num_tokens() as f32 / reader.max_doc().max(1) as f32).max(1.0);
    while postings.doc() != TERMINATED {
        let page = postings.doc();
        let share = lengths.as_ref().map_or(1.0, |lengths| lengths.fieldnorm(page) as f32 / mean);
        let tf = postings.term_freq() as f32;
        found(page, tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * share)));
        postings.advance();
    }
    Ok(())
}

/// Visits the pages that hold all of `terms`.
fn visit_all(reader: &SegmentReader, terms: &[Term], found: &mut dyn FnMut(DocId, f32)) -> tantivy::Result<()> {
    let mut all = Vec::with_capacity(terms.len());
    for term in terms {
        match reader.inverted_index(term.field())?.read_postings(term, IndexRecordOption::Basic)? {
            Some(postings) => all.push(postings),
            None => return Ok(()),
        }
    }
    let Some((first, others)) = all.split_first_mut() else { return Ok(()) };
    while first.doc() != TERMINATED {
        let page = first.doc();
        let held = others.iter_mut().all(|postings| {
            if postings.doc() < page {
                postings.seek(page);
            }
            postings.doc() == page
        });
        if held {
            found(page, 1.0);
        }
        first.advance();
    }
    Ok(())
}
