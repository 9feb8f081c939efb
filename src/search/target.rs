//! The words, numbers and dates that a page is searched for, and how well one on the page matches them.

use super::hit::Match;
use super::plan::{Item, Probe, Word};
use super::query::FieldName;
use super::similarity::Shape;
use crate::text::marks::{DateMark, Reading};
use crate::text::stem::{is_weak, root, stem};
use std::cell::OnceCell;

pub(super) const FOLDED: f32 = 1.0;
pub(super) const STEMMED: f32 = 0.92;
/// What a likeness is worth against a match by key.
const MISREAD: f32 = 0.9;
const MISREAD_STEM: f32 = 0.85;
/// What a word of the same root is worth: enough to be shown as possible when nothing better is found.
const AKIN: f32 = 0.55;
/// A word to find: one of the query's, or one of a phrase.
pub(super) struct Target {
    pub item: usize,
    pub word: Word,
    pub shape: Shape,
    pub stem_shape: Shape,
    pub worth: f32,
    pub weak: bool,
    pub scope: Option<FieldName>,
    /// The next target stands after this one in the query.
    pub leads: bool,
    pub in_phrase: bool,
}

pub(super) fn item_targets(at: usize, item: &Item, worth: f32) -> Vec<Target> {
    let target = |word: &Word, worth: f32, leads: bool, in_phrase: bool| Target {
        item: at,
        shape: Shape::new(&word.key),
        stem_shape: Shape::new(&word.stem),
        word: word.clone(),
        worth,
        weak: if in_phrase { is_weak(&word.key) } else { item.weak },
        scope: item.scope,
        leads,
        in_phrase,
    };
    match &item.probe {
        Probe::Word(word) => vec![target(word, worth, false, false)],
        Probe::Phrase(words) => {
            let (last, share) = (words.len().saturating_sub(1), worth / words.len().max(1) as f32);
            words.iter().enumerate().map(|(n, word)| target(word, share, n < last, true)).collect()
        }
        // A beginning is no word; its target only holds the places.
        Probe::Prefix(_) => {
            let nothing = Word { written: String::new(), key: String::new(), stem: String::new(), root: None };
            vec![target(&nothing, worth, false, false)]
        }
        Probe::Mark(_) | Probe::Value => Vec::new(),
    }
}

/// What is worked out of a page's word only when it may match.
pub(super) struct Forms<'a> {
    key: &'a str,
    stem: String,
    stem_shape: OnceCell<Shape>,
    root: OnceCell<Option<String>>,
}

impl<'a> Forms<'a> {
    pub(super) fn new(key: &'a str) -> Self {
        Self { key, stem: stem(key), stem_shape: OnceCell::new(), root: OnceCell::new() }
    }

    fn stem_shape(&self) -> &Shape {
        self.stem_shape.get_or_init(|| Shape::new(&self.stem))
    }

    fn root(&self) -> Option<&String> {
        self.root.get_or_init(|| root(self.key)).as_ref()
    }
}

/// Compares a word of a page with one of the query that has another key.
pub(super) fn compare(target: &Target, shape: &Shape, forms: &Forms) -> Option<(f32, Match)> {
    let word = &target.word;
    if forms.stem == word.stem || differs_by_particle(&forms.stem, &word.stem) {
        return Some((STEMMED, Match::Stem));
    }
    if target.weak {
        return None;
    }
    let least = |length: usize| match length {
        0..=2 => 1.0,
        3 => 0.8,
        4 => 0.74,
        _ => 0.7,
    };
    let by_key = target.shape.likeness(shape, least(target.shape.len())).map(|likeness| likeness * MISREAD);
    let stems_help = by_key.is_none() && target.stem_shape.len() >= 4 && forms.stem_shape().len() >= 4;
    let by_stem = if stems_help { target.stem_shape.likeness(forms.stem_shape(), 0.74) } else { None };
    let by_stem = by_stem.map(|likeness| likeness * MISREAD_STEM);
    if by_key.is_none() && by_stem.is_none() {
        let akin = word.root.is_some() && forms.root() == word.root.as_ref();
        return akin.then_some((AKIN, Match::Stem));
    }
    by_key.into_iter().chain(by_stem).max_by(f32::total_cmp).map(|quality| (quality, Match::Ocr))
}

/// Says whether one stem is the other with a particle of one letter before it.
fn differs_by_particle(one: &str, other: &str) -> bool {
    let bare = |stem: &'_ str, rest: &str| {
        stem.strip_prefix(['ل', 'ب', 'ف', 'ك']).is_some_and(|bare| bare == rest) && rest.chars().count() >= 4
    };
    bare(one, other) || bare(other, one)
}

/// Compares numbers and dates: what the query wants with what stands somewhere.
pub(super) fn compare_marks(wanted: &[Reading], found: &[Reading]) -> Option<(f32, Match)> {
    let is_date = |reading: &Reading| matches!(reading, Reading::Date(_));
    let both_dates = wanted.iter().any(is_date) && found.iter().any(is_date);
    let pairs = wanted.iter().flat_map(|wanted| found.iter().map(move |found| (wanted, found)));
    let compared = pairs.filter_map(|(wanted, found)| match (wanted, found) {
        (Reading::Date(wanted), Reading::Date(found)) => compare_dates(*wanted, *found),
        // Two days of one year share its digits, and nothing follows from that.
        (Reading::Number(_), Reading::Number(_)) if !both_dates => compare_numbers(wanted, found),
        _ => None,
    });
    compared.max_by(|a, b| a.0.total_cmp(&b.0))
}

fn compare_dates(wanted: DateMark, found: DateMark) -> Option<(f32, Match)> {
    let same_month = wanted.month.is_none() || wanted.month == found.month;
    let same_day = wanted.day.is_none() || wanted.day == found.day;
    match (wanted.year == found.year, same_month, same_day) {
        (true, true, true) => Some((1.0, Match::Folded)),
        // Two of three figures right: one was misread, perhaps.
        (true, true, false) | (true, false, true) | (false, true, true)
            if wanted.day.is_some() && found.day.is_some() =>
        {
            Some((0.5, Match::Ocr))
        }
        _ => None,
    }
}

fn compare_numbers(wanted: &Reading, found: &Reading) -> Option<(f32, Match)> {
    if wanted == found {
        return Some((1.0, Match::Folded));
    }
    let (asked, held) = (wanted.groups(), found.groups());
    let longest = |groups: &[&str]| groups.iter().max_by_key(|group| group.len()).map(|group| (*group).to_owned());
    let (serial, other) = (longest(&asked)?, longest(&held)?);
    if asked.iter().all(|group| held.contains(group)) {
        return Some((if serial == other { 0.95 } else { 0.6 }, Match::Folded));
    }
    let likeness = Shape::new(&serial).likeness(&Shape::new(&other), 0.74).filter(|_| serial.len() >= 4)?;
    Some((0.75 * likeness, Match::Ocr))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::marks::find_marks;

    #[track_caller]
    fn check(wanted: &str, found: &str, want: Option<(f32, Match)>) {
        let readings = |text| find_marks(text).into_iter().flat_map(|mark| mark.readings).collect::<Vec<_>>();
        assert_eq!(compare_marks(&readings(wanted), &readings(found)), want, "{wanted} in {found}");
    }

    #[test]
    fn dates_match_at_the_precision_asked_for() {
        check("12/3/2014", "٢٠١٤/٣/١٢", Some((1.0, Match::Folded)));
        check("آذار 2014", "12-3-2014", Some((1.0, Match::Folded)));
        check("12/3/2014", "13 آذار 2014", Some((0.5, Match::Ocr)));
        check("12/3/2014", "13/4/2014", None);
    }

    #[test]
    fn numbers_match_whole_then_by_groups_then_misread() {
        check("م.ع/12/345", "م.ع / ١٢ / ٣٤٥", Some((1.0, Match::Folded)));
        check("345", "م.ع/12/345", Some((0.95, Match::Folded)));
        check("12", "م.ع/12/345", Some((0.6, Match::Folded)));
        check("1234", "9876", None);
        assert!(matches!(
            compare_numbers(&Reading::Number(vec!["12793".into()]), &Reading::Number(vec!["13793".into()])),
            Some((_, Match::Ocr))
        ));
    }
}
