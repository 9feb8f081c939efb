//! A second look at doubtful words in and around numbers: their steps in, what they may be out.
//!
//! Numbers and dates have no spelling that would tell a slip, so what else a word may be is kept with it and is weighed where more is
//! known: a date must be a day, a number is cited by other letters. Each word is searched once with all characters and, as print does
//! not mix the shapes of digits within a number, once with the digits of each shape alone.

use super::net::{About, Steps};
use super::search::{self, Found};
use crate::model::{Confidence, Reading, Word};
use crate::text::bidi;
use crate::text::digits::is_digit;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// Words surer than this are not looked at twice.
const SURE: f32 = 0.95;
/// Codes of letters have no neighbours that would tell a slip, and confidence is that of words at large.
const SURE_CODE: f32 = 0.998;
/// Letters that the code of a number has at most.
const CODE_LETTERS: usize = 4;
/// Words on either side of one with digits that may belong to its number.
const BESIDE: usize = 2;
/// Longer words are none of a number's.
const LONGEST: usize = 16;
/// Readings kept of a search with all characters, and of one with the digits of one shape.
const OF_ALL: usize = 6;
const OF_ONE_SHAPE: usize = 4;
/// Less likely readings are not kept.
const LEAST_PROBABILITY: f32 = 0.001;
/// Characters less likely than this at a step are not tried there: natural logarithms, for all characters and for digits alone.
const LEAST_OF_ALL: f32 = -6.0;
const LEAST_OF_ONE_SHAPE: f32 = -10.0;

const EASTERN: &str = "٠١٢٣٤٥٦٧٨٩";
const WESTERN: &str = "0123456789";
const MARKS: &str = " /-.:()،,";

/// Fills in the readings of the doubtful words of a line that have digits or stand beside some; `places` are the words' steps.
pub fn look(words: &mut [Word], places: &[Range<usize>], steps: &Steps, about: &About) {
    let has_digits: Vec<bool> = words.iter().map(|word| word.text.chars().any(is_digit)).collect();
    for (at, (word, place)) in words.iter_mut().zip(places).enumerate() {
        let near = has_digits.get(at.saturating_sub(BESIDE)..(at + BESIDE + 1).min(has_digits.len()));
        let is_near = near.is_some_and(|near| near.contains(&true));
        let letters = word.text.chars().filter(|c| c.is_alphabetic()).count();
        let may_belong = has_digits.get(at) == Some(&true) || letters <= CODE_LETTERS;
        let sure = if (1..=CODE_LETTERS).contains(&letters) { SURE_CODE } else { SURE };
        if is_near && may_belong && word.confidence.get() < sure && word.text.chars().count() <= LONGEST {
            word.readings = readings(&steps.part(place.start, place.end), about);
        }
    }
}

fn readings(steps: &Steps, about: &About) -> Vec<Reading> {
    let all: Vec<usize> = (1..=about.chars.len()).collect();
    let of = |alphabet: &str| -> Vec<usize> {
        let fits = |c: &char| alphabet.contains(*c) || MARKS.contains(*c);
        (1..).zip(&about.chars).filter(|(_, c)| fits(c)).map(|(class, _)| class).collect()
    };
    let mut found = search::best(steps, &all, OF_ALL, LEAST_OF_ALL);
    for alphabet in [EASTERN, WESTERN] {
        found.extend(search::best(steps, &of(alphabet), OF_ONE_SHAPE, LEAST_OF_ONE_SHAPE));
    }
    let mut readings: Vec<Reading> = Vec::new();
    for found in found {
        let reading = reading(&found, about);
        let known = readings.iter().any(|other| other.text == reading.text);
        if !known && !reading.text.is_empty() && reading.probability.get() >= LEAST_PROBABILITY {
            readings.push(reading);
        }
    }
    readings.sort_by(|a, b| b.probability.get().total_cmp(&a.probability.get()));
    readings
}

fn reading(found: &Found, about: &About) -> Reading {
    let visual: String = found.classes.iter().filter_map(|class| about.chars.get(class.checked_sub(1)?)).collect();
    let text = bidi::logical_text(visual.trim()).nfc().collect();
    Reading { text, probability: Confidence::new(found.log_prob.exp()) }
}
