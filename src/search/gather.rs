//! The first step of a search: which documents answer, and which of them promise most.
//!
//! [`Search::strict`] finds all documents that answer a plan by its rule, and counts them. It goes through the lists of
//! only so many items that no document can answer without one of them, the rarest; the other items are asked for the
//! documents that come up. [`Search::refined`] weighs the best of them closer. [`Search::possible`] finds documents that
//! hold part of the query, or words that a reader may have made of it; it is asked only where the strict ones do not
//! fill the page. Segments of the index are gone through side by side.

use super::filter::{Filters, Gate};
use super::lists::{Cut, List, Reach, Source};
use super::places::{Places, walk};
use super::plan::{By, Item, Plan};
use super::rank::Ranker;
use super::schema::Fields;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tantivy::{DocId, Searcher, SegmentReader};

/// A page counts as one of a document's best from this share of the best one's score.
const NEAR_BEST: f32 = 0.5;
const MOST_PAGES: usize = 2;
/// Steps of the strict search in the whole index: documents of the lists gone through, and items asked for a document that came up. A
/// usual query of an archive of a million pages needs less; one of many words that stand everywhere is cut short.
const MOST_STEPS: u64 = 5_000_000;
/// Testing whether a document may still answer is worth its time if it costs no more than so many steps an item.
const WORTH_TESTING: u64 = 4;

/// A document that answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub segment: u32,
    /// Its first page, which holds the fields of the letter.
    pub first: DocId,
    pub score: f32,
}

impl Found {
    /// Returns the document as one whose first page is read.
    pub(super) fn candidate(&self) -> Candidate {
        Candidate { segment: self.segment, first: self.first, pages: vec![self.first], score: self.score, strict: true }
    }
}

/// A document to be read.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub segment: u32,
    /// Its first page, which holds the fields of the letter.
    pub first: DocId,
    /// Its most promising pages, best first; at least one.
    pub pages: Vec<DocId>,
    pub score: f32,
    pub strict: bool,
}

/// Segment, item, and place among the item's lookups.
type LookupPlace = (u32, usize, usize);

/// A search under way.
pub(super) struct Search<'a> {
    pub searcher: &'a Searcher,
    pub fields: &'a Fields,
    pub plan: &'a Plan,
    pub filters: &'a Filters,
    /// How much each item tells, by the share of pages that hold it.
    pub idf: Vec<f32>,
    pub(super) frequencies: Vec<u64>,
    /// How many beginnings of words, and how many runs of words, are looked up.
    beginnings: usize,
    runs: usize,
    /// What lookups came to that take long.
    worked_out: Mutex<FxHashMap<LookupPlace, Arc<[DocId]>>>,
    cut: Mutex<Cut>,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        searcher: &'a Searcher,
        fields: &'a Fields,
        plan: &'a Plan,
        filters: &'a Filters,
    ) -> tantivy::Result<Self> {
        let frequencies: Vec<u64> =
            plan.items.iter().map(|item| frequency(searcher, item)).collect::<tantivy::Result<_>>()?;
        let idf = frequencies.iter().map(|holding| idf(searcher.num_docs() as f32, *holding as f32)).collect();
        let lookups = || plan.items.iter().flat_map(|item| &item.lookups);
        let beginnings = lookups().filter(|lookup| matches!(lookup.by, By::Prefix(..))).count();
        let runs = lookups().filter(|lookup| matches!(lookup.by, By::Phrase(..))).count();
        let (worked_out, cut) = (Mutex::default(), Mutex::default());
        Ok(Self { searcher, fields, plan, filters, idf, frequencies, beginnings, runs, worked_out, cut })
    }

    /// Returns what was left out so far because it would have taken too long.
    pub(super) fn cut(&self) -> Cut {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what reads candidates.
    pub(super) fn ranker(&self) -> Ranker<'a> {
        Ranker::new(self.searcher, self.fields, self.plan, &self.idf)
    }

    pub(super) fn source(&self, reader: &'a SegmentReader) -> Source<'a> {
        let reach = Reach::of(self.beginnings, self.runs, self.searcher, reader);
        Source { reader, fields: self.fields, reach }
    }

    /// Calls `each` for all segments side by side, and returns what comes of each, in their order.
    pub(super) fn in_segments<T: Send>(
        &self,
        each: impl Fn(u32, &'a SegmentReader) -> tantivy::Result<T> + Sync,
    ) -> tantivy::Result<Vec<T>> {
        let readers = self.searcher.segment_readers();
        readers.par_iter().enumerate().map(|(at, reader)| each(u32::try_from(at).unwrap_or(u32::MAX), reader)).collect()
    }

    /// Returns all documents that answer by the rule, in the order of the index.
    pub(super) fn strict(&self) -> tantivy::Result<Vec<Found>> {
        Ok(self.in_segments(|segment, reader| self.strict_in(segment, reader))?.concat())
    }

    fn strict_in(&self, segment: u32, reader: &'a SegmentReader) -> tantivy::Result<Vec<Found>> {
        let mut found = Vec::new();
        let counted = self.plan.rule.items();
        let mut lists = self.lists((segment, reader), |item| counted & (1 << item) != 0)?;
        let cost = |lists: &Vec<List>| lists.iter().map(|list| list.cost(reader)).sum();
        let costs: Vec<u64> = lists.iter().map(cost).collect();
        let Some(drivers) = self.plan.rule.drivers(&costs) else { return Ok(found) };
        let mut driving = Vec::new();
        for item in drivers {
            let own = lists.get_mut(item).map(std::mem::take).unwrap_or_default();
            driving.extend(own.into_iter().map(|list| (1 << item, list.walkable(reader))));
        }
        let mut others: Vec<_> = (0..).zip(lists).filter(|(_, lists)| !lists.is_empty()).collect();
        let mut gate = Gate::new(reader, self.fields, self.filters)?;
        // Rare items first: they say soonest that a document does not answer.
        others.sort_by_key(|(item, _)| costs.get(*item).copied());
        let open = others.iter().fold(0_u64, |open, (item, _)| open | 1 << item);
        let test = self.plan.rule.test();
        let stride = usize::try_from(test.cost().div_ceil(WORTH_TESTING)).unwrap_or(usize::MAX);
        let mut left = self.share_of(reader, MOST_STEPS);
        walk(&Places::of(reader)?, &mut driving, &mut |seen| {
            let (mut mask, mut score, mut open) = (seen.mask, seen.best, open);
            let mut steps = u64::from(mask.count_ones()) + test.cost() / 2;
            for (nth, (item, lists)) in others.iter_mut().enumerate() {
                if nth.is_multiple_of(stride) && !test.may_hold(mask, open) {
                    break;
                }
                open &= !(1 << *item);
                steps += 1;
                for held in lists.iter_mut().filter_map(|list| list.within(seen.first, seen.end)) {
                    mask |= 1 << *item;
                    score += held;
                }
            }
            // Without the items that were not asked for it does not hold, whichever these are.
            if open == 0 && test.holds(mask) && !reader.is_deleted(seen.first) && gate.admits(seen.first) {
                found.push(Found { segment, first: seen.first, score });
            }
            left = left.saturating_sub(steps);
            left > 0
        });
        if left == 0 {
            self.is_cut(Cut { count: true, ..Cut::default() });
        }
        Ok(found)
    }

    /// Returns the lists of the items that are wanted, by item.
    pub(super) fn lists(
        &self,
        (segment, reader): (u32, &'a SegmentReader),
        wanted: impl Fn(usize) -> bool,
    ) -> tantivy::Result<Vec<Vec<List>>> {
        let source = self.source(reader);
        let mut all = Vec::with_capacity(self.plan.items.len());
        for (at, item) in self.plan.items.iter().enumerate() {
            let idf = self.idf.get(at).copied().unwrap_or(1.0);
            let mut lists = Vec::new();
            for (nth, lookup) in item.lookups.iter().enumerate().filter(|_| wanted(at)) {
                let work_out = || self.worked_out(source, &lookup.by, (segment, at, nth));
                lists.extend(source.list(lookup, idf, work_out)?);
            }
            all.push(lists);
        }
        Ok(all)
    }

    /// Returns the pages of a lookup, worked out once for all steps of a search.
    fn worked_out(&self, source: Source, by: &By, key: LookupPlace) -> tantivy::Result<Arc<[DocId]>> {
        let known = || self.worked_out.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pages) = known().get(&key) {
            return Ok(Arc::clone(pages));
        }
        let mut cut = Cut::default();
        let pages: Arc<[DocId]> = source.work_out(by, &mut cut)?.into();
        known().insert(key, Arc::clone(&pages));
        self.is_cut(cut);
        Ok(pages)
    }

    /// Remembers that something was left out.
    fn is_cut(&self, cut: Cut) {
        let mut all = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        all.beginning |= cut.beginning;
        all.phrase |= cut.phrase;
        all.count |= cut.count;
    }

    /// Returns the part of `most` that falls to a segment.
    pub(super) fn share_of(&self, reader: &SegmentReader, most: u64) -> u64 {
        most * u64::from(reader.max_doc()) / self.searcher.num_docs().max(1) + 1
    }

    /// Weighs documents by all that their pages hold, and returns them best first, each with its best pages.
    pub(super) fn refined(&self, found: &[Found]) -> tantivy::Result<Vec<Candidate>> {
        let mut candidates = self.in_segments(|segment, reader| self.refined_in(segment, reader, found))?.concat();
        candidates.sort_unstable_by(best_first);
        Ok(candidates)
    }

    fn refined_in(&self, segment: u32, reader: &'a SegmentReader, found: &[Found]) -> tantivy::Result<Vec<Candidate>> {
        let mut own: Vec<&Found> = found.iter().filter(|found| found.segment == segment).collect();
        if own.is_empty() {
            return Ok(Vec::new());
        }
        own.sort_unstable_by_key(|found| found.first);
        let items = &self.plan.items;
        let wanted = |at: usize| items.get(at).is_some_and(|item| !item.negative);
        let mut lists = self.lists((segment, reader), wanted)?.into_iter().flatten().collect::<Vec<_>>();
        for (item, idf) in items.iter().zip(&self.idf).filter(|(item, _)| !item.negative) {
            for (term, weight) in &item.bonus {
                lists.extend(self.source(reader).term(term, weight * idf)?);
            }
        }
        let places = Places::of(reader)?;
        Ok(own.into_iter().map(|found| weighed(found, &places, &mut lists)).collect())
    }
}

/// Returns all documents that `filters` allow, the newest first, undated ones last.
pub(super) fn browse(searcher: &Searcher, fields: &Fields, filters: &Filters) -> tantivy::Result<Vec<Found>> {
    let mut found = Vec::new();
    for (segment, reader) in (0..).zip(searcher.segment_readers()) {
        let mut gate = Gate::new(reader, fields, filters)?;
        let pages = reader.fast_fields().u64("page")?;
        let days = reader.fast_fields().i64("day")?;
        let firsts = reader.doc_ids_alive().filter(|page| pages.first(*page) == Some(1));
        found.extend(firsts.filter(|first| gate.admits(*first)).map(|first| {
            let day = days.first(first).unwrap_or(i64::from(i32::MIN));
            (day, Found { segment, first, score: 0.0 })
        }));
    }
    found.sort_unstable_by(|(day, a), (other, b)| {
        other.cmp(day).then_with(|| (a.segment, a.first).cmp(&(b.segment, b.first)))
    });
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

/// Puts the best `most` of `found` in front, in order.
pub(super) fn sort_head(found: &mut [Found], most: usize) {
    let best_first = |a: &Found, b: &Found| {
        b.score.total_cmp(&a.score).then_with(|| (a.segment, a.first).cmp(&(b.segment, b.first)))
    };
    let most = most.min(found.len());
    if most > 0 && most < found.len() {
        found.select_nth_unstable_by(most - 1, best_first);
    }
    if let Some(head) = found.get_mut(..most) {
        head.sort_unstable_by(best_first);
    }
}

pub(super) fn best_first(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    b.score.total_cmp(&a.score).then_with(|| (a.segment, a.first).cmp(&(b.segment, b.first)))
}

fn idf(pages: f32, holding: f32) -> f32 {
    (1.0 + (pages - holding + 0.5).max(0.5) / (holding + 0.5)).ln()
}

/// Returns about how many pages hold an item: those of its commonest way.
fn frequency(searcher: &Searcher, item: &Item) -> tantivy::Result<u64> {
    let mut most = 0;
    for lookup in &item.lookups {
        let terms = match &lookup.by {
            By::Terms(terms) | By::Phrase(_, terms) => &terms[..],
            By::Prefix(..) | By::Days(..) | By::Value(..) => &[],
        };
        // A run of terms is as rare as its rarest one, at the most.
        let rarest = terms.iter().map(|term| searcher.doc_freq(term)).collect::<tantivy::Result<Vec<_>>>()?;
        most = most.max(rarest.into_iter().min().unwrap_or_default());
    }
    Ok(most)
}

/// Weighs one document; documents come in ascending order.
fn weighed(found: &Found, places: &Places, lists: &mut [List]) -> Candidate {
    let end = places.end(found.first);
    let mut scores = vec![0.0; (end - found.first) as usize];
    lists.iter_mut().for_each(|list| list.add_to(found.first, &mut scores));
    let pages: Vec<_> = (found.first..end).zip(scores).collect();
    let score = pages.iter().map(|(_, score)| *score).fold(0.0, f32::max);
    let pages = if score > 0.0 { best_pages(pages) } else { vec![found.first] };
    Candidate { segment: found.segment, first: found.first, pages, score, strict: true }
}

pub(super) fn best_pages(mut pages: Vec<(DocId, f32)>) -> Vec<DocId> {
    pages.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let best = pages.first().map_or(0.0, |(_, score)| *score);
    let near = pages.iter().take(MOST_PAGES).take_while(|(_, score)| *score > 0.0 && *score >= NEAR_BEST * best);
    let mut near: Vec<_> = near.map(|(page, _)| *page).collect();
    if near.is_empty() {
        near.extend(pages.first().map(|(page, _)| *page));
    }
    near
}
