//! The first step of a search: which documents answer, and which of them promise most.
//!
//! [`Search::strict`] finds all documents that answer a plan by its rule, and counts them. It goes through the lists of
//! only so many items that no document can answer without one of them, the rarest; the other items are asked for the
//! documents that come up. [`Search::refined`] weighs the best of them closer. [`Search::possible`] finds documents that
//! hold part of the query, or words that a reader may have made of it; it is asked only where the strict ones do not
//! fill the page.
//!
//! Pages of one document stand next to each other in the index, so documents are made by one pass over pages that are
//! met in ascending order, a window of them at a time.

use super::filter::{Filters, Gate};
use super::fuzzy::near;
use super::lists::{List, Source, common};
use super::plan::{By, Item, Plan, Probe};
use super::query::FieldName;
use super::schema::Fields;
use crate::text::marks::Reading;
use crate::text::stem::is_weak;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use tantivy::columnar::ColumnValues;
use tantivy::postings::SegmentPostings;
use tantivy::schema::Field;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, Searcher, SegmentReader, TERMINATED, Term};

/// A page counts as one of a document's best from this share of the best one's score.
const NEAR_BEST: f32 = 0.5;
const MOST_PAGES: usize = 2;
/// A word that is not among a letter's weak ones, but says so little, counts this share.
const WEAK_SHARE: f32 = 0.3;
/// Documents that hold less than this share of a query, rare words counting more, are no possible hits.
pub(super) const LEAST_COVERAGE: f32 = 0.4;
/// The most pages gone through for possible hits, for strict words and for each misread one.
const MOST_WALKED: u64 = 400_000;
const MOST_WALKED_NEAR: u64 = 20_000;
/// Steps in dictionaries for one query.
const MOST_STEPS: u32 = 600_000;

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

/// A search under way.
pub(super) struct Search<'a> {
    pub searcher: &'a Searcher,
    pub fields: &'a Fields,
    pub plan: &'a Plan,
    pub filters: &'a Filters,
    /// How much each item tells, by the share of pages that hold it.
    pub idf: Vec<f32>,
    frequencies: Vec<u64>,
    /// Set where the beginning of a word stands for more words than are looked up.
    pub cut: Cell<bool>,
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
        Ok(Self { searcher, fields, plan, filters, idf, frequencies, cut: Cell::new(false) })
    }

    fn source(&self, reader: &'a SegmentReader) -> Source<'a> {
        Source { searcher: self.searcher, reader, fields: self.fields }
    }

    /// Returns all documents that answer by the rule, in the order of the index.
    pub(super) fn strict(&self) -> tantivy::Result<Vec<Found>> {
        let mut found = Vec::new();
        for (segment, reader) in (0..).zip(self.searcher.segment_readers()) {
            self.strict_in(segment, reader, &mut found)?;
        }
        Ok(found)
    }

    fn strict_in(&self, segment: u32, reader: &'a SegmentReader, found: &mut Vec<Found>) -> tantivy::Result<()> {
        let counted = self.plan.rule.items();
        let mut lists = self.lists(reader, |item| counted & (1 << item) != 0)?;
        let cost = |lists: &Vec<List>| lists.iter().map(|list| list.cost(reader)).sum();
        let costs: Vec<u64> = lists.iter().map(cost).collect();
        let Some(drivers) = self.plan.rule.drivers(&costs) else { return Ok(()) };
        let mut driving = Vec::new();
        for item in drivers {
            let own = lists.get_mut(item).map(std::mem::take).unwrap_or_default();
            driving.extend(own.into_iter().map(|list| (1 << item, list.walkable(reader))));
        }
        let mut others: Vec<_> = (0..).zip(lists).filter(|(_, lists)| !lists.is_empty()).collect();
        let mut gate = Gate::new(reader, self.fields, self.filters)?;
        walk(&Places::of(reader)?, &mut driving, &mut |seen| {
            let (mut mask, mut score) = (seen.mask, seen.best);
            for (item, lists) in &mut others {
                for held in lists.iter_mut().filter_map(|list| list.within(seen.first, seen.end)) {
                    mask |= 1 << *item;
                    score += held;
                }
            }
            if self.plan.rule.holds(mask) && !reader.is_deleted(seen.first) && gate.admits(seen.first) {
                found.push(Found { segment, first: seen.first, score });
            }
        });
        Ok(())
    }

    /// Returns the lists of the items that are wanted, by item.
    fn lists(&self, reader: &'a SegmentReader, wanted: impl Fn(usize) -> bool) -> tantivy::Result<Vec<Vec<List>>> {
        let source = self.source(reader);
        let mut all = Vec::with_capacity(self.plan.items.len());
        let mut cut = self.cut.get();
        for (at, item) in self.plan.items.iter().enumerate() {
            let idf = self.idf.get(at).copied().unwrap_or(1.0);
            let mut lists = Vec::new();
            for lookup in item.lookups.iter().filter(|_| wanted(at)) {
                lists.extend(source.list(lookup, idf, &mut cut)?);
            }
            all.push(lists);
        }
        self.cut.set(cut);
        Ok(all)
    }

    /// Weighs documents by all that their pages hold, and returns them best first, each with its best pages.
    pub(super) fn refined(&self, found: &[Found]) -> tantivy::Result<Vec<Candidate>> {
        let mut candidates = Vec::with_capacity(found.len());
        for (segment, reader) in (0..).zip(self.searcher.segment_readers()) {
            let mut own: Vec<&Found> = found.iter().filter(|found| found.segment == segment).collect();
            if own.is_empty() {
                continue;
            }
            own.sort_unstable_by_key(|found| found.first);
            let source = self.source(reader);
            let items = &self.plan.items;
            let mut lists = self
                .lists(reader, |at| items.get(at).is_some_and(|item| !item.negative))?
                .into_iter()
                .flatten()
                .collect::<Vec<_>>();
            for (item, idf) in items.iter().zip(&self.idf).filter(|(item, _)| !item.negative) {
                for (term, weight) in &item.bonus {
                    lists.extend(source.term(term, weight * idf)?);
                }
            }
            let places = Places::of(reader)?;
            candidates.extend(own.into_iter().map(|found| weighed(found, &places, &mut lists)));
        }
        candidates.sort_unstable_by(best_first);
        Ok(candidates)
    }

    /// Returns the best of the documents that hold part of the query, or something like it, and do not answer it.
    pub(super) fn possible(&self, most: usize) -> tantivy::Result<Vec<Candidate>> {
        let steps = Cell::new(MOST_STEPS);
        let drives = self.drivers_of_possible();
        let mut best = Best { most, threshold: 0.0, candidates: Vec::new() };
        for (segment, reader) in (0..).zip(self.searcher.segment_readers()) {
            self.possible_in(segment, reader, &drives, &steps, &mut best)?;
        }
        Ok(best.finish())
    }

    /// Says which items' lists are gone through: those without which no document can cover enough of the query, as far
    /// as that is not too much.
    fn drivers_of_possible(&self) -> Vec<bool> {
        let worth = |at: usize| match self.plan.items.get(at) {
            Some(item) if !item.negative => {
                self.idf.get(at).copied().unwrap_or(1.0).max(0.3) * if item.weak { WEAK_SHARE } else { 1.0 }
            }
            _ => 0.0,
        };
        let frequency = |at: usize| self.frequencies.get(at).copied().unwrap_or(0);
        let mut order: Vec<usize> = (0..self.plan.items.len()).filter(|at| worth(*at) > 0.0).collect();
        order.sort_by_key(|at| frequency(*at));
        let mut left: f32 = order.iter().map(|at| worth(*at)).sum();
        let enough = LEAST_COVERAGE * left;
        let mut drives = vec![false; self.plan.items.len()];
        let mut walked = 0;
        for at in order {
            walked += frequency(at);
            if left < enough || walked > MOST_WALKED {
                break;
            }
            left -= worth(at);
            if let Some(drives) = drives.get_mut(at) {
                *drives = true;
            }
        }
        drives
    }

    fn possible_in(
        &self,
        segment: u32,
        reader: &'a SegmentReader,
        drives: &[bool],
        steps: &Cell<u32>,
        best: &mut Best,
    ) -> tantivy::Result<()> {
        let (mut driving, mut others) = (Vec::new(), Vec::new());
        for (at, lists) in self.lists(reader, |_| true)?.into_iter().enumerate() {
            for list in lists {
                if drives.get(at).copied().unwrap_or(false) {
                    driving.push((1 << at, list.walkable(reader)));
                } else {
                    others.push((1_u64 << at, list));
                }
            }
        }
        for (at, item) in self.plan.items.iter().enumerate().filter(|(_, item)| !item.negative) {
            let idf = self.idf.get(at).copied().unwrap_or(1.0);
            self.hints(reader, item, idf, &mut driving, &mut others)?;
            self.misread(reader, item, idf, steps, &mut driving)?;
            self.joined(reader, at, idf, &mut driving)?;
        }
        let mut gate = Gate::new(reader, self.fields, self.filters)?;
        let most_of_others: f32 = others.iter().map(|(_, list)| list.most()).sum();
        let needed = self.plan.rule.items();
        walk(&Places::of(reader)?, &mut driving, &mut |seen| {
            if seen.best + most_of_others <= best.threshold {
                return;
            }
            let (mut mask, mut score) = (seen.mask, seen.best);
            for (bit, list) in &mut others {
                if let Some(held) = list.within(seen.first, seen.end) {
                    mask |= *bit;
                    score += held;
                }
            }
            let rule = &self.plan.rule;
            let answers = rule.holds(mask & needed);
            if score > best.threshold
                && !answers
                && !rule.forbids(mask)
                && !reader.is_deleted(seen.first)
                && gate.admits(seen.first)
            {
                let pages = best_pages(seen.pages.to_vec());
                best.take(Candidate { segment, first: seen.first, pages, score, strict: false });
            }
        });
        Ok(())
    }

    /// Adds what suggests a page without holding the item.
    fn hints(
        &self,
        reader: &'a SegmentReader,
        item: &Item,
        idf: f32,
        driving: &mut Vec<(u64, List)>,
        others: &mut Vec<(u64, List)>,
    ) -> tantivy::Result<()> {
        for (term, weight) in &item.hints {
            if let Some(list) = self.source(reader).term(term, weight * idf)? {
                if list.cost(reader) <= MOST_WALKED_NEAR { driving.push((0, list)) } else { others.push((0, list)) }
            }
        }
        Ok(())
    }

    /// Adds the words that a reader may have made of the item's.
    fn misread(
        &self,
        reader: &'a SegmentReader,
        item: &Item,
        idf: f32,
        steps: &Cell<u32>,
        driving: &mut Vec<(u64, List)>,
    ) -> tantivy::Result<()> {
        const WORTH: f32 = 0.8;
        let probes = self.spellings(item);
        let share = WORTH * idf / item.words().len().max(1) as f32;
        for (field, key, least) in probes {
            let mut walked = 0;
            for term in near(reader, field, &key, least, steps)? {
                walked += u64::from(term.info.doc_freq);
                if walked > MOST_WALKED_NEAR {
                    break;
                }
                let weight = share * term.likeness * term.likeness;
                driving.push((0, self.source(reader).known_term(field, &term.info, weight)?));
            }
        }
        Ok(())
    }

    /// Returns what to look for misread forms of an item: field, key, and how like it they must be.
    fn spellings(&self, item: &Item) -> Vec<(Field, String, f32)> {
        let scoped = match item.scope {
            None => None,
            Some(FieldName::From) => Some(self.fields.from),
            Some(FieldName::To) => Some(self.fields.to),
            Some(FieldName::Subject) => Some(self.fields.subject),
            Some(_) => return Vec::new(),
        };
        let least = |key: &str| match key.chars().count() {
            0..=3 => 0.8,
            4 => 0.74,
            _ => 0.7,
        };
        let mut probes = Vec::new();
        for word in item.words().iter().filter(|word| !is_weak(&word.key)) {
            probes.push((scoped.unwrap_or(self.fields.norm), word.key.clone(), least(&word.key)));
            if scoped.is_none() && word.stem != word.key && word.stem.chars().count() >= 4 {
                probes.push((self.fields.stem, word.stem.clone(), 0.74));
            }
        }
        if let Probe::Mark(readings) = &item.probe
            && let [Reading::Number(parts), ..] = &readings[..]
            && let Some(serial) = parts.iter().max_by_key(|part| part.len()).filter(|part| part.len() >= 4)
        {
            probes.push((self.fields.norm, serial.clone(), 0.74));
        }
        probes
    }

    /// Returns `query` with each word that no page holds as the word of the archive that is likest, if there are any such.
    pub(super) fn respelled(&self, query: &str) -> tantivy::Result<Option<String>> {
        /// Misread words stand on one page; words stand on several.
        const LEAST_PAGES: u64 = 2;
        let steps = Cell::new(MOST_STEPS);
        let (mut written, mut at) = (String::new(), 0);
        for (item, frequency) in self.plan.items.iter().zip(&self.frequencies) {
            let Probe::Word(word) = &item.probe else { continue };
            if *frequency > 0 || item.negative || item.span.start < at {
                continue;
            }
            let mut known: HashMap<String, (f32, u64)> = HashMap::new();
            for reader in self.searcher.segment_readers() {
                for term in near(reader, self.fields.norm, &word.key, 0.7, &steps)? {
                    known.entry(term.key).or_insert((term.likeness, 0)).1 += u64::from(term.info.doc_freq);
                }
            }
            let known = known.into_iter().filter(|(_, (_, pages))| *pages >= LEAST_PAGES);
            let better = |a: &(String, (f32, u64)), b: &(String, (f32, u64))| {
                a.1.0.total_cmp(&b.1.0).then(a.1.1.cmp(&b.1.1)).then_with(|| b.0.cmp(&a.0))
            };
            if let (Some((known, _)), Some(before)) = (known.max_by(better), query.get(at..item.span.start)) {
                written.push_str(before);
                written.push_str(&known);
                at = item.span.end;
            }
        }
        written.push_str(query.get(at..).unwrap_or_default());
        Ok((at > 0).then_some(written))
    }

    /// Adds pages where the item's word runs into the next one, or was torn in two.
    fn joined(
        &self,
        reader: &'a SegmentReader,
        at: usize,
        idf: f32,
        driving: &mut Vec<(u64, List)>,
    ) -> tantivy::Result<()> {
        const WORTH: f32 = 0.7;
        let (Some(item), next) = (self.plan.items.get(at), self.plan.items.get(at + 1)) else { return Ok(()) };
        let Probe::Word(word) = &item.probe else { return Ok(()) };
        if item.scope.is_some() {
            return Ok(());
        }
        let norm = self.fields.norm;
        if let Some(Item { probe: Probe::Word(second), group, .. }) = next
            && *group == item.group
        {
            let run = Term::from_field_text(norm, &format!("{}{}", word.key, second.key));
            driving.extend(self.source(reader).term(&run, 2.0 * WORTH * idf)?.map(|list| (0, list)));
        }
        let letters: Vec<(usize, char)> = word.key.char_indices().collect();
        if item.weak || letters.len() < 5 {
            return Ok(());
        }
        let index = reader.inverted_index(norm)?;
        for (cut, _) in letters.iter().take(letters.len() - 1).skip(2) {
            let (Some(head), Some(tail)) = (word.key.get(..*cut), word.key.get(*cut..)) else { continue };
            let part = |text| index.get_term_info(&Term::from_field_text(norm, text));
            let (Some(head), Some(tail)) = (part(head)?, part(tail)?) else { continue };
            if u64::from(head.doc_freq.min(tail.doc_freq)) > MOST_WALKED_NEAR {
                continue;
            }
            let open = |info| index.read_postings_from_terminfo(info, IndexRecordOption::Basic);
            let mut parts: Vec<SegmentPostings> = vec![open(&head)?, open(&tail)?];
            parts.sort_by_key(SegmentPostings::doc_freq);
            driving.extend(List::of(common(&mut parts), WORTH * idf).map(|list| (0, list)));
        }
        Ok(())
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

fn best_first(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    b.score.total_cmp(&a.score).then_with(|| (a.segment, a.first).cmp(&(b.segment, b.first)))
}

/// The best candidates so far.
struct Best {
    most: usize,
    /// What a further one must score.
    threshold: f32,
    candidates: Vec<Candidate>,
}

impl Best {
    fn take(&mut self, candidate: Candidate) {
        self.candidates.push(candidate);
        if self.candidates.len() >= 4 * self.most.max(1) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.candidates.sort_unstable_by(best_first);
        self.candidates.truncate(self.most);
        if self.candidates.len() == self.most {
            self.threshold = self.candidates.last().map_or(0.0, |last| last.score);
        }
    }

    fn finish(mut self) -> Vec<Candidate> {
        self.cut();
        self.candidates
    }
}

fn idf(pages: f32, holding: f32) -> f32 {
    (1.0 + (pages - holding + 0.5).max(0.5) / (holding + 0.5)).ln()
}

/// Returns about how many pages hold an item: those of its commonest way.
fn frequency(searcher: &Searcher, item: &Item) -> tantivy::Result<u64> {
    let mut most = 0;
    for lookup in &item.lookups {
        let terms = match &lookup.by {
            By::Terms(terms) | By::Phrase(terms) => &terms[..],
            By::Prefix(..) | By::Days(..) | By::Value(..) => &[],
        };
        // A run of terms is as rare as its rarest one, at the most.
        let rarest = terms.iter().map(|term| searcher.doc_freq(term)).collect::<tantivy::Result<Vec<_>>>()?;
        most = most.max(rarest.into_iter().min().unwrap_or_default());
    }
    Ok(most)
}

/// Which pages of a segment belong to one document.
struct Places {
    numbers: Arc<dyn ColumnValues<u64>>,
    totals: Arc<dyn ColumnValues<u64>>,
    end: DocId,
}

impl Places {
    fn of(reader: &SegmentReader) -> tantivy::Result<Self> {
        let column = |name| reader.fast_fields().column_first_or_default::<u64>(name);
        Ok(Self { numbers: column("page")?, totals: column("pages")?, end: reader.max_doc() })
    }

    /// Returns the first page of the document that `page` belongs to.
    fn first(&self, page: DocId) -> DocId {
        page.saturating_sub(u32::try_from(self.numbers.get_val(page).saturating_sub(1)).unwrap_or(0))
    }

    /// Returns the page behind the last one of the document that begins on `first`.
    fn end(&self, first: DocId) -> DocId {
        let pages = u32::try_from(self.totals.get_val(first).max(1)).unwrap_or(1);
        first.saturating_add(pages).min(self.end)
    }
}

/// A document that came up.
struct Seen<'a> {
    first: DocId,
    end: DocId,
    mask: u64,
    best: f32,
    pages: &'a [(DocId, f32)],
}

/// Goes through all lists and calls `each` with the documents that are in any of them, in ascending order.
fn walk(places: &Places, lists: &mut [(u64, List)], each: &mut dyn FnMut(Seen)) {
    const WINDOW: usize = 4096;
    let mut scores = vec![(0.0_f32, 0_u64); WINDOW];
    let mut open = OpenDocument::default();
    while let Some(start) = lists.iter().map(|(_, list)| list.doc()).min().filter(|page| *page != TERMINATED) {
        let stop = start.saturating_add(WINDOW as u32).min(TERMINATED);
        let mut touched = [0_u64; WINDOW / 64];
        for (bit, list) in lists.iter_mut() {
            while list.doc() < stop {
                let at = (list.doc() - start) as usize;
                if let (Some((score, mask)), Some(touched)) = (scores.get_mut(at), touched.get_mut(at / 64)) {
                    *score += list.score();
                    *mask |= *bit;
                    *touched |= 1 << (at % 64);
                }
                list.advance();
            }
        }
        for (block, bits) in touched.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let at = block * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let Some((score, mask)) = scores.get_mut(at).map(std::mem::take) else { continue };
                open.take(start + at as u32, score, mask, places, each);
            }
        }
    }
    open.close(each);
}

/// A document while its pages come up.
#[derive(Default)]
struct OpenDocument {
    first: DocId,
    end: DocId,
    mask: u64,
    best: f32,
    pages: Vec<(DocId, f32)>,
}

impl OpenDocument {
    fn take(&mut self, page: DocId, score: f32, mask: u64, places: &Places, each: &mut dyn FnMut(Seen)) {
        if page >= self.end {
            self.close(each);
            self.first = places.first(page);
            self.end = places.end(self.first).max(page + 1);
        }
        self.mask |= mask;
        self.best = self.best.max(score);
        self.pages.push((page, score));
    }

    fn close(&mut self, each: &mut dyn FnMut(Seen)) {
        if !self.pages.is_empty() {
            let Self { first, end, mask, best, pages } = &*self;
            each(Seen { first: *first, end: *end, mask: *mask, best: *best, pages });
        }
        (self.mask, self.best) = (0, 0.0);
        self.pages.clear();
    }
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

fn best_pages(mut pages: Vec<(DocId, f32)>) -> Vec<DocId> {
    pages.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let best = pages.first().map_or(0.0, |(_, score)| *score);
    let near = pages.iter().take(MOST_PAGES).take_while(|(_, score)| *score > 0.0 && *score >= NEAR_BEST * best);
    let mut near: Vec<_> = near.map(|(page, _)| *page).collect();
    if near.is_empty() {
        near.extend(pages.first().map(|(page, _)| *page));
    }
    near
}
