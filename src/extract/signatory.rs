//! Finds who signed: name and office, below the text and above the copies.
//!
//! The office is known by its first word (المدير العام, ع/ الوزير); the name stands above it, sometimes below, and is two to
//! six words of letters. Minutes are signed by all who were present: they have no signatory.

use super::date::{self, Day};
use super::header::is_bare_date;
use super::labels::{self, labels};
use super::lists;
use super::passage::{Passage, Sort};
use super::sheet::Sheet;
use super::subject;
use crate::model::{Field, LetterDate, Signatory};
use std::ops::Range;

/// Strips above the copies among which the signatory is looked for.
const REACH: usize = 12;
/// Strips above the copies among which a date below the signature is looked for.
const DATE_REACH: usize = 6;
const MOST_TITLE_WORDS: usize = 8;
const NAME_WORDS: std::ops::RangeInclusive<usize> = 2..=6;

/// Returns the signatory.
pub fn find(sheet: &Sheet, from: usize) -> Option<Field<Signatory>> {
    let end = lists::copies_label(sheet).filter(|copies| *copies > from).unwrap_or(sheet.strips.len());
    let start = end.saturating_sub(REACH).max(from);
    let tail: Vec<&Passage> = sheet
        .strips
        .get(start..end)?
        .iter()
        .filter(|strip| lists::bullet(&strip.atoms).is_none() && !is_bare_date(strip))
        .collect();
    for (index, title) in tail.iter().enumerate().rev() {
        if !is_title(title) {
            continue;
        }
        let above =
            index.checked_sub(1).and_then(|above| tail.get(above)).and_then(|strip| Some((*strip, name_in(strip)?)));
        let below = || tail.get(index + 1).and_then(|strip| Some((*strip, name_in(strip)?)));
        let Some((strip, name)) = above.or_else(below) else { continue };
        let range = title.trimmed(0..title.atoms.len());
        let value = Signatory { name: Some(strip.text(name.clone())), title: Some(title.text(range.clone())) };
        let mut evidence = strip.evidence(name);
        evidence.extend(title.evidence(range));
        return Some(Field { value, evidence });
    }
    None
}

/// Returns the date that stands by itself below the signature, right above the copies.
pub fn date_below(sheet: &Sheet, from: usize) -> Option<Field<LetterDate>> {
    let end = lists::copies_label(sheet).filter(|copies| *copies > from).unwrap_or(sheet.strips.len());
    let tail = sheet.strips.get(end.saturating_sub(DATE_REACH).max(from)..end)?;
    let is_office = |index: &usize| tail.get(*index).is_some_and(is_title);
    let office = (0..tail.len()).rev().find(is_office)?;
    tail.get(office + 1..)?.iter().find_map(|strip| {
        let range = strip.trimmed(0..strip.atoms.len());
        let found = date::find_at(&strip.atoms, range.start).filter(|found| found.end == range.end)?;
        match found.day {
            Day::Civil(date) if !strip.is_doubtful(range.clone()) => Some(strip.field(date, range)),
            _ => None,
        }
    })
}

/// Says whether a strip is the name of an office.
fn is_title(strip: &Passage) -> bool {
    let words = strip.atoms.iter().filter(|atom| atom.sort == Sort::Letters).count();
    let plain = strip.atoms.iter().all(|atom| atom.sort == Sort::Letters || atom.is_mark("/\\.-()،"));
    let honorific = labels::is_whole(&strip.atoms, &labels().signatory.honorifics);
    plain
        && !honorific
        && (1..=MOST_TITLE_WORDS).contains(&words)
        && labels::find_at(&strip.atoms, 0, &labels().signatory.titles).is_some()
        && !is_closing(strip)
}

fn is_closing(strip: &Passage) -> bool {
    labels::find(&strip.atoms, 0, &labels().closings).is_some()
}

/// Returns the atoms of the name that a strip holds, without academic titles before it.
fn name_in(strip: &Passage) -> Option<Range<usize>> {
    let range = strip.trimmed(0..strip.atoms.len());
    let mut start = range.start;
    while let Some(found) =
        labels::find_at(&strip.atoms, start, &labels().signatory.honorifics).filter(|found| found.end < range.end)
    {
        start = found.end;
        while strip.atoms.get(start).is_some_and(|atom| atom.is_mark("./\\:")) {
            start += 1;
        }
    }
    let range = start..range.end;
    let atoms = strip.slice(range.clone());
    let letters = atoms.iter().all(|atom| atom.sort == Sort::Letters && atom.key.len() > 1);
    let fits = letters
        && NAME_WORDS.contains(&atoms.len())
        && !is_closing(strip)
        && !is_title(strip)
        && !subject::starts_something(strip);
    let honorific = labels::is_whole(atoms, &labels().signatory.honorifics);
    (fits && !honorific).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::pages_of;
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<(&str, &str)>) {
        let pages = pages_of(text);
        let found = find(&Sheet::new(&pages), 0).map(|field| field.value);
        let found = found.map(|signatory| (signatory.name.unwrap_or_default(), signatory.title.unwrap_or_default()));
        assert_eq!(found.as_ref().map(|(name, title)| (name.as_str(), title.as_str())), want, "in {text:?}");
    }

    #[test]
    fn name_above_the_office() {
        check(
            "راجين التفضل ... مع التقدير\nالمهندس\nمصطفى هاشم العزاوي\nالمدير العام وكالة\n14/11/2018\nنسخة منه الى :\n- الأرشيف",
            Some(("مصطفى هاشم العزاوي", "المدير العام وكالة")),
        );
        check("مع التقدير\nد. سعد عبد الرحمن\nع/ الوزير", Some(("سعد عبد الرحمن", "ع/ الوزير")));
    }

    #[test]
    fn name_below_the_office() {
        check("مع التقدير\nالمدير العام\nسعد عبد الرحمن", Some(("سعد عبد الرحمن", "المدير العام")));
    }

    #[test]
    fn no_office_no_signatory() {
        check("مع التقدير\nسعد عبد الرحمن\nنسخة منه الى", None);
    }
}
