//! Finds number and dates in the letterhead: strips in, values with their labels out.
//!
//! The letterhead is what stands above the subject. A label there may have its value behind it, in the column to its left at the
//! same height (Arabic runs from right to left), or below it. Tables and stamps of receipt have labels of the same words
//! further down: elsewhere on the first page a label counts only at the start of a strip and with a mark behind it.

use super::date::{self, Day};
use super::dates::Dates;
use super::doubt::{self, Weighed};
use super::kind;
use super::labels::{self, Match, Phrase, labels};
use super::number;
use super::passage::{Atom, Passage, Sort};
use super::sheet::Sheet;
use super::{Remark, signatory, subject};
use crate::model::{Field, LetterDate, Reading, Received};
use std::ops::Range;

/// Share of the strips of the first page that count as letterhead where nothing ends it.
const HEAD_SHARE: f32 = 0.4;
/// Atoms between a label and its date: marks, and the label of a second date.
const DATE_REACH: usize = 4;
/// How much further than usual a label may lie from what was read, where a mark follows it at the start of a strip.
const MARKED_SLACK: f32 = 1.35;
/// Letters before a date that may be what was left of its label.
const MISREAD_LABEL: usize = 8;
/// Strips below the number's label among which the date's follows.
const DATE_STRIPS: usize = 2;
/// Strips that belong to a stamp of receipt.
const STAMP_STRIPS: usize = 3;

/// The letterhead of a sheet.
pub struct Header<'s, 'a> {
    sheet: &'s Sheet<'a>,
    end: usize,
    end_top: Option<u32>,
    stamps: Vec<Range<usize>>,
}

impl<'s, 'a> Header<'s, 'a> {
    /// Returns the letterhead of `sheet`.
    pub fn of(sheet: &'s Sheet<'a>) -> Self {
        let strips = &sheet.strips;
        let on_first = strips.iter().take_while(|strip| strip.page() == sheet.first_page()).count();
        let found = strips.iter().take(on_first).position(ends_letterhead);
        let end = found.unwrap_or((on_first as f32 * HEAD_SHARE).ceil() as usize);
        let end_top = strips.get(end).filter(|strip| !strip.bounds.is_empty()).map(|strip| strip.bounds.top);
        let stamp = |(index, strip): (usize, &Passage)| is_stamp(strip).then_some(index..index + STAMP_STRIPS);
        let stamps = strips.iter().take(on_first).enumerate().filter_map(stamp).collect();
        Self { sheet, end, end_top, stamps }
    }

    /// Returns the index of the first strip below the letterhead.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Says whether strip `index` belongs to the letterhead.
    pub fn holds(&self, index: usize) -> bool {
        let Some(strip) = self.sheet.strips.get(index) else { return false };
        if strip.page() != self.sheet.first_page() || self.in_stamp(index) {
            return false;
        }
        match self.end_top {
            Some(top) if !strip.bounds.is_empty() => strip.bounds.bottom <= top + strip.bounds.height() / 2,
            _ => index < self.end,
        }
    }

    fn in_stamp(&self, index: usize) -> bool {
        self.stamps.iter().any(|stamp| stamp.contains(&index))
    }

    /// Returns the places of one of `phrases` as a label: strip, first atom, atom after the label. Those in the letterhead first.
    fn labels(&self, phrases: &'static [Phrase]) -> Vec<Label> {
        let mut found = Vec::new();
        for (index, strip) in self.sheet.strips.iter().enumerate() {
            if strip.page() != self.sheet.first_page() || self.in_stamp(index) {
                continue;
            }
            let inside = self.holds(index);
            let mut from = 0;
            while let Some((start, label)) = find_label(strip, from, phrases) {
                let marked = strip.atoms.get(label.end).is_some_and(|atom| atom.is_mark(":/؛;.-=|"));
                from = label.end;
                if inside || start == 0 && marked {
                    found.push(Label { strip: index, start, end: label.end, inside, marked, distance: label.distance });
                }
            }
        }
        found.sort_by(|a, b| {
            b.inside.cmp(&a.inside).then(b.marked.cmp(&a.marked)).then(a.distance.total_cmp(&b.distance))
        });
        found
    }

    /// Returns the places where the value of a label may stand: behind it, beside it, below it.
    fn places(&self, label: &Label) -> Vec<(usize, usize)> {
        let mut places = vec![(label.strip, label.end)];
        let rest = self.sheet.strips.get(label.strip).map_or(0, |strip| {
            strip.slice(label.end..usize::MAX).iter().filter(|atom| atom.sort != Sort::Mark).count()
        });
        if rest == 0 && label.inside {
            places.extend(self.sheet.beside(label.strip).map(|beside| (beside, 0)));
            places.extend(self.sheet.below(label.strip).map(|below| (below, 0)));
        }
        places
    }

    /// Returns the letter's number, and what else it may be where it was read with doubt.
    pub fn number(&self, remarks: &mut Vec<Remark>) -> (Option<Field<String>>, Vec<Reading>) {
        let mut found = self.labels(&labels().number);
        // Two in a letterhead are its own and that of a stamp of receipt of which nothing else was read; a stamp says no year.
        found.sort_by_key(|label| (!label.inside, !self.is_dated(label)));
        let mut may_be = Vec::new();
        for label in &found {
            let read = self.places(label).into_iter().find_map(|(index, at)| self.number_at(index, at, &mut may_be));
            if let Some((index, number)) = read.or_else(|| self.number_before(label)) {
                let Some(strip) = self.sheet.strips.get(index) else { continue };
                let of_label = strip.words_of(&(label.start..label.end));
                let of_label = if index == label.strip { of_label } else { number.words.clone() };
                let words = of_label.start.min(number.words.start)..of_label.end.max(number.words.end);
                return (Some(Field { value: number.value, evidence: strip.evidence_in(words) }), may_be);
            }
        }
        remarks.push(if found.is_empty() { Remark::NoNumber } else { Remark::NumberUnreadable });
        (None, may_be)
    }

    /// Says whether a whole date follows a label of a number, behind it or in the strips below, before another such label.
    fn is_dated(&self, label: &Label) -> bool {
        let has_date = |atoms: &[Atom]| date::find(atoms, 0, atoms.len()).is_some();
        let strips = self.sheet.strips.get(label.strip..).unwrap_or_default();
        let Some((own, below)) = strips.split_first() else { return false };
        let follows = |strip: &&Passage| labels::find(&strip.atoms, 0, &labels().number).is_none();
        has_date(own.slice(label.end..usize::MAX))
            || below.iter().take(DATE_STRIPS).take_while(follows).any(|strip| has_date(&strip.atoms))
    }

    /// Returns the likeliest number from atom `at` of strip `index` on, if it is likely enough; what it may be goes to `may_be`.
    fn number_at(&self, index: usize, at: usize, may_be: &mut Vec<Reading>) -> Option<(usize, Weighed<String>)> {
        let strip = self.sheet.strips.get(index)?;
        let find = |passage: &Passage, at: usize| {
            let found = number::find_at(&passage.atoms, at)?;
            (!passage.is_doubtful(found.range.clone())).then_some((found.value, found.range))
        };
        let found = doubt::values(strip, at, doubt::of_number, find);
        if may_be.is_empty() {
            *may_be = doubt::readings(&found, String::clone);
        }
        let best = found.into_iter().next().filter(Weighed::is_likely)?;
        let beside = (best.words.end == strip.words.len()).then(|| self.sheet.beside(index)).flatten();
        let goes_on = beside.and_then(|beside| self.sheet.strips.get(beside)?.atoms.first());
        // A wide gap, then a stroke: the rest of the number was not read.
        let is_cut_off = goes_on.is_some_and(|mark| mark.is_mark("/\\"));
        // A reader that loses digits leaves one; few letters of a year have such a number.
        let surety = strip.words_at(&best.words).iter().map(|placed| placed.word.confidence.get()).fold(1.0, f32::min);
        let one_digit = best.value.len() == 1 && surety < 1.0;
        if is_cut_off || one_digit {
            may_be.clear();
            return None;
        }
        Some((index, best))
    }

    /// Returns the number that a reader put before its label, as some do with digits in a line from right to left.
    fn number_before(&self, label: &Label) -> Option<(usize, Weighed<String>)> {
        let strip = self.sheet.strips.get(label.strip).filter(|strip| !strip.bounds.is_empty())?;
        let nothing_behind = strip.slice(label.end..usize::MAX).iter().all(|atom| atom.sort == Sort::Mark);
        let ends_here = |number: &number::Found| number.range.end == label.start;
        let number_at = |at: usize| number::find_at(&strip.atoms, at).filter(ends_here);
        let number = (0..label.start).filter(|_| nothing_behind).find_map(number_at)?;
        let words = strip.words_of(&number.range);
        let sure = !strip.is_doubtful(number.range) && number.value.len() > 1;
        sure.then_some((label.strip, Weighed { value: number.value, probability: 1.0, mass: 1.0, words }))
    }

    /// Returns the letter's dates; `cited` holds the days of the letters that it cites.
    pub fn dates(&self, cited: &[Field<LetterDate>], remarks: &mut Vec<Remark>) -> Dates {
        let mut dates = Dates::of_signature(signatory::date_below(self.sheet, self.end));
        let labelled = self.labels(&labels().date);
        for label in labelled.iter().chain(&self.labels(&labels().also_date)) {
            for (index, at) in self.places(label) {
                self.take_in(index, at, &mut dates);
            }
        }
        for index in (0..self.sheet.strips.len()).filter(|index| self.holds(*index)) {
            if self.sheet.strips.get(index).is_some_and(is_bare_date) {
                self.take_in(index, 0, &mut dates);
            }
        }
        dates.weigh(cited);
        match (&dates.civil, &dates.below) {
            (Some(above), Some(below)) if above.value != below.value => remarks.push(Remark::DatesDiffer),
            (None, Some(below)) => {
                dates.civil = Some(below.clone());
                remarks.push(Remark::DateFromSignature);
            }
            _ => {}
        }
        dates.reconcile(remarks);
        if dates.civil.is_none() {
            remarks.push(if labelled.is_empty() { Remark::NoDate } else { Remark::DateUnreadable });
        }
        dates
    }

    /// Takes in the dates of strip `index` from atom `from` on, where that calendar has none yet.
    fn take_in(&self, index: usize, from: usize, dates: &mut Dates) {
        let Some(strip) = self.sheet.strips.get(index) else { return };
        let mut at = from;
        if let Some((start, days, end)) = date::find_damaged(&strip.atoms, at, at + DATE_REACH)
            && dates.civil_may_be.is_empty()
        {
            let field = |value| Field { value, evidence: strip.evidence(start..end) };
            dates.civil_may_be = days.into_iter().map(field).collect();
        }
        // Far behind its label stands a date of something else.
        let find = |passage: &Passage, at: usize| {
            let (start, found) = date::find(&passage.atoms, at, at + DATE_REACH)?;
            Some((found.day, start..found.end))
        };
        loop {
            let values = doubt::values(strip, at, doubt::of_date, find);
            let Some(first) = values.first() else { return };
            at = strip.first_atom(first.words.end).max(at + 1);
            if !strip.words_at(&first.words).iter().any(|placed| placed.doubtful) {
                dates.take_in(&values, |words| strip.evidence_in(words));
            }
        }
    }

    /// Returns what the stamp of receipt says, if one was read.
    pub fn received(&self) -> Option<Field<Received>> {
        for stamp in &self.stamps {
            let mut received = Received::default();
            let mut evidence = Vec::new();
            for strip in self.sheet.strips.get(stamp.start..stamp.end.min(self.sheet.strips.len())).unwrap_or_default()
            {
                if let Some((_, label)) = labels::find(&strip.atoms, 0, &labels().number)
                    && let Some(found) = number::find_at(&strip.atoms, label.end)
                {
                    received.number = Some(found.value);
                    evidence.extend(strip.evidence(found.range));
                }
                if let Some((_, label)) = labels::find(&strip.atoms, 0, &labels().date)
                    && let Some((start, found)) = date::find(&strip.atoms, label.end, label.end + 3)
                    && let Day::Civil(day) = found.day
                {
                    received.date = Some(day);
                    evidence.extend(strip.evidence(start..found.end));
                }
            }
            if !evidence.is_empty() {
                return Some(Field { value: received, evidence });
            }
        }
        None
    }

    /// Returns the grade of secrecy: a strip that says nothing else.
    pub fn secrecy(&self) -> Option<Field<String>> {
        let strips = self.sheet.strips.iter().enumerate().filter(|(index, _)| self.holds(*index));
        let mut graded =
            strips.map(|(_, strip)| strip).filter(|strip| labels::is_whole(&strip.atoms, &labels().secrecy));
        graded.next().map(|strip| {
            let range = strip.trimmed(0..strip.atoms.len());
            strip.field(strip.text(range.clone()), range)
        })
    }
}

/// Says whether a strip is the first below the letterhead: subject, greeting or a sentence that cites a letter.
fn ends_letterhead(strip: &Passage) -> bool {
    if let Some(text) = subject::label_at_start(strip) {
        return kind::of_title(strip.slice(text..usize::MAX)).is_none();
    }
    let cites = || {
        let (start, cited) = labels::find(&strip.atoms, 0, &labels().references.strong)?;
        // `االعدد` is `العدد` read badly, not `ذا العدد`.
        let own = labels::find_at(&strip.atoms, start, &labels().number);
        own.is_none_or(|own| cited.distance <= own.distance).then_some(())
    };
    labels::find_at(&strip.atoms, 0, &labels().greetings).is_some() || cites().is_some()
}

/// Returns the first place of a label from atom `from` on. `المرقم` is no misread `الرقم`.
fn find_label(strip: &Passage, from: usize, phrases: &[Phrase]) -> Option<(usize, Match)> {
    let at_start = (from == 0).then(|| labels::find_near(&strip.atoms, 0, phrases, MARKED_SLACK)).flatten();
    let at_start = at_start.filter(|found| strip.atoms.get(found.end).is_some_and(|atom| atom.is_mark(":/")));
    let (start, found) = at_start.map(|found| (0, found)).or_else(|| labels::find(&strip.atoms, from, phrases))?;
    let other = labels::find_at(&strip.atoms, start, &labels().references.strong);
    if other.is_some_and(|other| other.distance < found.distance) {
        return find_label(strip, found.end, phrases);
    }
    Some((start, found))
}

struct Label {
    strip: usize,
    start: usize,
    end: usize,
    inside: bool,
    marked: bool,
    distance: f32,
}

/// Says whether a strip starts with one of `phrases` as a label: with a mark behind it, or with digits.
pub fn has_marked_label(strip: &Passage, phrases: &'static [Phrase]) -> bool {
    let Some((start, found)) = find_label(strip, 0, phrases) else { return false };
    // Where columns were read as one line the label stands behind the name of the body.
    let at_end = strip.atoms.get(found.end).is_none();
    let marked = strip.atoms.get(found.end).is_some_and(|atom| atom.is_mark(":/؛;.=|") || atom.sort == Sort::Digits);
    marked || start == 0 && at_end
}

/// Says whether a strip begins a stamp of receipt.
fn is_stamp(strip: &Passage) -> bool {
    strip.atoms.len() <= 10 && labels::find_at(&strip.atoms, 0, &labels().received).is_some()
}

/// Says whether a strip holds a date and next to nothing else.
pub fn is_bare_date(strip: &Passage) -> bool {
    date::find(&strip.atoms, 0, DATE_REACH).is_some_and(|(start, found)| {
        strip.letters(0..start) <= MISREAD_LABEL && strip.letters(found.end..usize::MAX) <= 2
    })
}
