//! Reads numbers and dates where the reader doubted their words: every way in which those words may be read in, the likeliest value out.
//!
//! A reader of lines names for each doubtful word what it may be, with probabilities. Most combinations of these are no number and
//! no date, and many that are say the same (`ق.م/٥` and `ق م /٥`), so values are weighed, not texts.

use super::passage::Passage;
use crate::model::{Confidence, Reading};
use crate::text::digits::is_digit;
use std::ops::Range;

/// Words behind a label among which a value lies.
const REACH: usize = 12;
/// Readings of one word that are tried.
const OF_A_WORD: usize = 8;
/// Letters of a code.
const CODE_LETTERS: usize = 4;
/// Where all values together are less likely than this, none is.
const LEAST_OF_ALL: f32 = 0.003;
/// A value less likely than this is left out.
const LIKELY_ENOUGH: f32 = 0.4;
/// So is one of which next to all readings of its words say something else.
const LEAST_MASS: f32 = 0.02;
/// Values kept for those who know more.
const KEPT: usize = 10;
/// Combinations that are tried.
const MOST: usize = 64;

/// A value and how likely it is what stands there.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed<T> {
    /// The value.
    pub value: T,
    /// Share of the texts that say it among those that say any value, by probability; 1 where no word was doubted.
    pub probability: f32,
    /// Sum of the probabilities of the texts that say it.
    pub mass: f32,
    /// The words it stands in.
    pub words: Range<usize>,
}

impl<T> Weighed<T> {
    /// Says whether the value is likely enough to be given.
    pub fn is_likely(&self) -> bool {
        self.probability >= LIKELY_ENOUGH && self.mass >= LEAST_MASS
    }
}

/// Returns the values that may stand at atom `at`, the likeliest first. `find` returns the value that a passage has from an atom on, with
/// its atoms; `counts` says whether a word of the text is a part of what is weighed, and not one of those around it that have other signs: of
/// these, readings count by how much less likely they are than the likeliest.
pub fn values<T: Clone + PartialEq>(
    passage: &Passage,
    at: usize,
    counts: impl Fn(&str) -> bool,
    find: impl Fn(&Passage, usize) -> Option<(T, Range<usize>)>,
) -> Vec<Weighed<T>> {
    let plain = find(passage, at);
    let Some(first) = passage.word_of(at) else { return Vec::new() };
    let sure = |words: &Range<usize>| passage.words_at(words).iter().all(|placed| placed.word.readings.is_empty());
    if let Some((value, range)) = plain.clone() {
        let words = passage.words_of(&range);
        if sure(&(words.start..words.end + 1)) {
            return vec![Weighed { value, probability: 1.0, mass: 1.0, words }];
        }
    } else if sure(&(first..first + REACH)) {
        return Vec::new();
    }
    let offset = at - passage.first_atom(first);
    let mut found: Vec<Weighed<T>> = Vec::new();
    let mut seen: Vec<(Range<usize>, String)> = Vec::new();
    for (variant, probabilities) in variants(passage, first, offset) {
        let Some((value, range)) = find(&variant, offset) else { continue };
        let own = variant.words_of(&range);
        // What the words behind the value are does not matter.
        let text = variant.text(variant.first_atom(own.start)..variant.first_atom(own.end));
        if seen.contains(&(own.clone(), text.clone())) {
            continue;
        }
        seen.push((own.clone(), text));
        let of_word = |word: usize| {
            let probability = probabilities.get(word).copied().unwrap_or(1.0);
            let counts = counts(&variant.text(variant.first_atom(word)..variant.first_atom(word + 1)));
            if counts { probability } else { probability / likeliest(passage, first + word).max(probability) }
        };
        let probability: f32 = own.clone().map(of_word).product();
        let words = first + own.start..first + own.end;
        match found.iter_mut().find(|other| other.value == value) {
            Some(other) => other.mass += probability,
            None => found.push(Weighed { value, probability: 0.0, mass: probability, words }),
        }
    }
    found.sort_by(|a, b| b.mass.total_cmp(&a.mass));
    let all: f32 = found.iter().map(|value| value.mass).sum();
    if all < LEAST_OF_ALL {
        return Vec::new();
    }
    found.iter_mut().for_each(|value| value.probability = value.mass / all);
    found
}

/// Returns the probability of the likeliest reading of a word.
fn likeliest(passage: &Passage, word: usize) -> f32 {
    let readings = passage.words_at(&(word..word + 1)).iter().flat_map(|placed| &placed.word.readings);
    readings.map(|reading| reading.probability.get()).fold(0.0, f32::max)
}

/// Says whether a word can belong to a number: digits, marks, and the letters of a code.
pub fn of_number(word: &str) -> bool {
    of_date(word) || word.chars().filter(|c| c.is_alphabetic()).count() <= CODE_LETTERS
}

/// Says whether a word of a date has digits; the name of a month is known by its letters.
pub fn of_date(word: &str) -> bool {
    word.contains(is_digit)
}

/// Returns the likeliest values as texts, for those who know more.
pub fn readings<T: Clone>(values: &[Weighed<T>], text: impl Fn(&T) -> String) -> Vec<Reading> {
    if values.iter().all(|only| only.mass >= 1.0) {
        return Vec::new();
    }
    let reading = |value: &Weighed<T>| Reading { text: text(&value.value), probability: Confidence::new(value.mass) };
    values.iter().take(KEPT).map(reading).collect()
}

/// Returns the words from `first` on in the ways in which they may be read, the likeliest first, with the probability of each word. The
/// first `fixed` atoms stay as they are.
fn variants<'a>(passage: &Passage<'a>, first: usize, fixed: usize) -> Vec<(Passage<'a>, Vec<f32>)> {
    let words = passage.words_at(&(first..first + REACH));
    let mut ways: Vec<(f32, Vec<(String, f32)>)> = vec![(1.0, Vec::new())];
    for (at, placed) in words.iter().enumerate() {
        let fixed = if at == 0 { passage.keys(first, fixed) } else { Vec::new() };
        let fits = |reading: &&Reading| Passage::read_as(vec![*placed], &[&reading.text]).keys(0, fixed.len()) == fixed;
        let readings = placed.word.readings.iter().take(OF_A_WORD).filter(fits);
        let mut options: Vec<(String, f32)> =
            readings.map(|reading| (reading.text.clone(), reading.probability.get())).collect();
        if options.is_empty() {
            options.push((placed.word.text.clone(), placed.word.confidence.get().max(LEAST)));
        }
        ways = ways
            .iter()
            .flat_map(|(whole, way)| {
                options.iter().map(move |option| {
                    (whole * option.1, way.iter().cloned().chain([option.clone()]).collect::<Vec<_>>())
                })
            })
            .collect();
        ways.sort_by(|a, b| b.0.total_cmp(&a.0));
        ways.truncate(MOST);
    }
    let variant = |(_, way): (f32, Vec<(String, f32)>)| {
        let texts: Vec<String> = of_one_shape(way.iter().map(|(text, _)| text.as_str()));
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        (Passage::read_as(words.to_vec(), &texts), way.iter().map(|(_, probability)| *probability).collect())
    };
    ways.into_iter().map(variant).collect()
}

/// Returns the texts with the strokes among their digits in the shape of the others: 1, ١, l and I are one stroke in print, and a word
/// of strokes alone has the shape of the word before it, else of the one behind it.
fn of_one_shape<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let texts: Vec<&str> = texts.collect();
    let shapes: Vec<Option<char>> = texts.iter().map(|text| stroke_of(text)).collect();
    let near = |at: usize| {
        let before = shapes.iter().take(at + 1).rev().flatten().next();
        before.or_else(|| shapes.iter().skip(at + 1).flatten().next()).copied()
    };
    let uniform = |(at, text): (usize, &&str)| match near(at).filter(|_| text.contains(is_digit)) {
        Some(stroke) => text.chars().map(|c| if STROKES.contains(c) { stroke } else { c }).collect(),
        None => (*text).to_owned(),
    };
    texts.iter().enumerate().map(uniform).collect()
}

const STROKES: &str = "1١lI|";

/// Returns the stroke of the shape that a text's other digits have; `None` where there are none, or of both shapes.
fn stroke_of(text: &str) -> Option<char> {
    let has =
        |range: [std::ops::RangeInclusive<char>; 2]| text.chars().any(|c| range.iter().any(|range| range.contains(&c)));
    match (has(['0'..='0', '2'..='9']), has(['٠'..='٠', '٢'..='٩'])) {
        (true, false) => Some('1'),
        (false, true) => Some('١'),
        _ => None,
    }
}

/// A word without other readings is not ruled out, however doubtful.
const LEAST: f32 = 0.01;

#[cfg(test)]
mod tests {
    use super::super::passage::tests::{passage, words};
    use super::super::{date, number};
    use super::*;
    use crate::model::Word;

    fn doubt(words: &mut [Word], at: usize, readings: &[(&str, f32)]) {
        let reading = |(text, probability): &(&str, f32)| Reading {
            text: (*text).to_owned(),
            probability: Confidence::new(*probability),
        };
        words[at].readings = readings.iter().map(reading).collect();
    }

    fn numbers(words: &[Word]) -> Vec<(String, f32)> {
        let find = |passage: &Passage, at| number::find_at(&passage.atoms, at).map(|found| (found.value, found.range));
        values(&passage(words), 1, of_number, find)
            .into_iter()
            .map(|weighed| (weighed.value, weighed.probability))
            .collect()
    }

    #[test]
    fn texts_that_say_one_number_count_together() {
        let mut words = words("العدد ه.م/٥٦٣١ وزارة");
        doubt(&mut words, 1, &[("ه.م/٥٦٣١", 0.4), ("ق.م/٥٦٣١", 0.25), ("ق.م /٥٦٣١", 0.25), ("ق.م/٥٦١", 0.05)]);
        let found = numbers(&words);
        assert_eq!(
            found.iter().map(|(value, _)| value.as_str()).collect::<Vec<_>>(),
            ["ق.م/5631", "ه.م/5631", "ق.م/561"]
        );
        assert!((found[0].1 - 0.5 / 0.95).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn a_date_must_be_a_day() {
        let mut words = words("في ٠٢٠١٥/٨/١٧ ، وبعد");
        doubt(&mut words, 1, &[("٠٢٠١٥/٨/١٧", 0.6), ("٢٠١٥/٨/١٧", 0.2), ("٢٠١٥/٨/٤٧", 0.1), ("٢٠١٥/٨/٣٧", 0.05)]);
        let find = |passage: &Passage, at| date::find_at(&passage.atoms, at).map(|found| (found.day, at..found.end));
        let found = values(&passage(&words), 1, of_date, find);
        assert_eq!((found.len(), found[0].words.clone()), (1, 1..2), "{found:?}");
    }

    #[test]
    fn a_month_less_likely_read_counts_less() {
        let mut words = words("في ٢ أيار ٢٠١٠ ، وبعد");
        doubt(&mut words, 2, &[("آذار", 0.6), ("أيار", 0.2)]);
        let find = |passage: &Passage, at| date::find_at(&passage.atoms, at).map(|found| (found.day, at..found.end));
        let found = values(&passage(&words), 1, of_date, find);
        assert_eq!((found.len(), found[0].value), (2, date::Day::Civil("2010-03-02".parse().unwrap())), "{found:?}");
        assert!((found[0].probability - 0.75).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn strokes_are_of_the_shape_of_the_digits_beside_them() {
        let mut words = words("العدد م.ع / 1١ / ١1348");
        doubt(&mut words, 3, &[("1١", 0.4), ("11", 0.3)]);
        doubt(&mut words, 5, &[("١1348", 0.5), ("I1348", 0.3)]);
        let found = numbers(&words);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "م.ع/11/11348");
    }

    #[test]
    fn what_is_not_doubted_is_not_weighed() {
        assert_eq!(numbers(&words("العدد م.ع/ ١٢/ ٣٤٥")), [("م.ع/12/345".to_owned(), 1.0)]);
        assert_eq!(numbers(&words("العدد بلا")), []);
        assert_eq!(numbers(&words("العدد")), []);
    }
}
