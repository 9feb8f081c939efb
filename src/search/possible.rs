//! Documents that hold part of a query, or words that a reader may have made of it: a search in, candidates out. Asked only where
//! the documents that answer do not fill the page.
//!
//! What is gone through is bounded, whatever the query: pages of the query's own words, pages of misread ones, and steps in the
//! dictionaries where these are found.

use super::filter::Gate;
use super::fuzzy::{Near, near};
use super::gather::{Candidate, Search, best_first, best_pages};
use super::lists::{List, common};
use super::places::{Places, walk};
use super::plan::{Item, Probe};
use super::query::FieldName;
use crate::text::marks::Reading;
use crate::text::stem::{is_weak, stem};
use tantivy::postings::SegmentPostings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{SegmentReader, Term};

/// A word that is not among a letter's weak ones, but says so little, counts this share.
const WEAK_SHARE: f32 = 0.3;
/// Documents that hold less than this share of a query, rare words counting more, are no possible hits.
pub(super) const LEAST_COVERAGE: f32 = 0.4;
/// The most pages gone through for possible hits, for strict words and for each misread one.
const MOST_WALKED: u64 = 200_000;
const MOST_WALKED_NEAR: u64 = 20_000;
/// How often a list may be asked for a document that came up.
const MOST_ASKED: u64 = 2_000_000;
/// Steps in dictionaries for one query.
const MOST_STEPS: u32 = 300_000;
/// Of a word that stands on more pages than this share, in an archive that is not small, no misread forms are looked for: a
/// page that is meant holds other words of the query.
const COMMON: f32 = 0.1;
const LEAST_COMMON_PAGES: u64 = 1_000;

/// A misread form of an item's word.
struct Misread {
    item: usize,
    field: Field,
    term: Near,
    /// What share of the item's words the word is.
    share: f32,
}

impl<'a> Search<'a> {
    /// Returns the best of the documents that hold part of the query, or something like it, and do not answer it.
    pub(super) fn possible(&self, most: usize) -> tantivy::Result<Vec<Candidate>> {
        let drives = self.drivers_of_possible();
        let misread = self.misread_forms()?;
        let best = self.in_segments(|segment, reader| self.possible_in((segment, reader), &drives, &misread, most))?;
        let mut best = best.concat();
        best.sort_unstable_by(best_first);
        best.truncate(most);
        Ok(best)
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
        (segment, reader): (u32, &'a SegmentReader),
        drives: &[bool],
        misread: &[Misread],
        most: usize,
    ) -> tantivy::Result<Vec<Candidate>> {
        let mut best = Best { most, threshold: 0.0, candidates: Vec::new() };
        let (mut driving, mut others) = (Vec::new(), Vec::new());
        for (at, lists) in self.lists((segment, reader), |_| true)?.into_iter().enumerate() {
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
            for form in misread.iter().filter(|form| form.item == at) {
                self.misread(segment, reader, form, idf, &mut driving)?;
            }
            self.joined(reader, at, idf, &mut driving)?;
        }
        let mut gate = Gate::new(reader, self.fields, self.filters)?;
        // What the lists from each one on can add.
        let mut most_of_others: Vec<f32> = others.iter().map(|(_, list)| list.most()).collect();
        most_of_others.iter_mut().rev().fold(0.0, |sum, most| {
            *most += sum;
            *most
        });
        let test = self.plan.rule.test();
        let mut left = self.share_of(reader, MOST_ASKED);
        let needed = self.plan.rule.items();
        walk(&Places::of(reader)?, &mut driving, &mut |seen| {
            let (mut mask, mut score) = (seen.mask, seen.best);
            for ((bit, list), most) in others.iter_mut().zip(&most_of_others) {
                if score + most <= best.threshold {
                    return true;
                }
                left = left.saturating_sub(1);
                if let Some(held) = list.within(seen.first, seen.end) {
                    mask |= *bit;
                    score += held;
                }
            }
            let rule = &self.plan.rule;
            let answers = test.holds(mask & needed);
            if score > best.threshold
                && !answers
                && !rule.forbids(mask)
                && !reader.is_deleted(seen.first)
                && gate.admits(seen.first)
            {
                let pages = best_pages(seen.pages.to_vec());
                best.take(Candidate { segment, first: seen.first, pages, score, strict: false });
            }
            left > 0
        });
        Ok(best.finish())
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

    /// Returns the words that a reader may have made of the query's.
    fn misread_forms(&self) -> tantivy::Result<Vec<Misread>> {
        let pages = self.searcher.num_docs();
        let is_common = |at: usize| {
            let frequency = self.frequencies.get(at).copied().unwrap_or(0);
            frequency > LEAST_COMMON_PAGES && frequency as f32 > COMMON * pages as f32
        };
        let looked_for = self.plan.items.iter().enumerate().filter(|(at, item)| !item.negative && !is_common(*at));
        let probes: Vec<_> = looked_for
            .flat_map(|(at, item)| {
                let share = 1.0 / item.words().len().max(1) as f32;
                self.spellings(item).into_iter().map(move |probe| (at, share, probe))
            })
            .collect();
        let steps = MOST_STEPS / u32::try_from(probes.len().max(1)).unwrap_or(u32::MAX);
        let mut found = Vec::new();
        for (item, share, (field, key, least)) in probes {
            let mut walked = 0;
            for term in near(self.searcher.segment_readers(), field, &key, least, steps)? {
                walked += term.pages;
                if walked > MOST_WALKED_NEAR {
                    break;
                }
                found.push(Misread { item, field, term, share });
            }
        }
        Ok(found)
    }

    /// Adds the pages of a misread form.
    fn misread(
        &self,
        segment: u32,
        reader: &'a SegmentReader,
        form: &Misread,
        idf: f32,
        driving: &mut Vec<(u64, List)>,
    ) -> tantivy::Result<()> {
        const WORTH: f32 = 0.8;
        let weight = WORTH * idf * form.share * form.term.likeness * form.term.likeness;
        for (_, info) in form.term.lists.iter().filter(|(own, _)| *own == segment) {
            driving.push((0, self.source(reader).known_term(form.field, info, weight)?));
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
        let unknown = self.frequencies.iter().filter(|frequency| **frequency == 0).count();
        let steps = MOST_STEPS / u32::try_from(unknown.max(4)).unwrap_or(u32::MAX);
        let (mut written, mut at) = (String::new(), 0);
        for (item, frequency) in self.plan.items.iter().zip(&self.frequencies) {
            let Probe::Word(word) = &item.probe else { continue };
            if *frequency > 0 || item.negative || item.span.start < at {
                continue;
            }
            let mut known = near(self.searcher.segment_readers(), self.fields.norm, &word.key, 0.7, steps)?;
            // `صيانة` is a word where only `الصيانة` and `لصيانة` stand on several pages.
            for term in &mut known {
                let stem = Term::from_field_text(self.fields.stem, &stem(&term.key));
                term.pages = term.pages.max(self.searcher.doc_freq(&stem)?);
            }
            let known = known.into_iter().filter(|term| term.pages >= LEAST_PAGES);
            let better = |a: &Near, b: &Near| {
                a.likeness.total_cmp(&b.likeness).then(a.pages.cmp(&b.pages)).then_with(|| b.key.cmp(&a.key))
            };
            if let (Some(known), Some(before)) = (known.max_by(better), query.get(at..item.span.start)) {
                written.push_str(before);
                written.push_str(&known.key);
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
            driving.extend(List::of(common(&mut parts).into(), WORTH * idf).map(|list| (0, list)));
        }
        Ok(())
    }
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
