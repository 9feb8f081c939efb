//! Values as people type them, brought into the form in which they are read from paper.

use super::date::{self, Day};
use super::number;
use super::passage::{Passage, Placed};
use crate::model::{Confidence, LetterDate, PageNumber, PixelBox, Word};

/// Returns the day that a text writes in any of the shapes that letters have, and nothing else; `2014-03-12` as well.
pub fn day(text: &str) -> Option<LetterDate> {
    let words = words(text);
    let atoms = passage(&words).atoms;
    let found = date::find_at(&atoms, 0).filter(|found| found.end == atoms.len())?;
    match found.day {
        Day::Civil(day) => Some(day),
        Day::Hijri(_) => None,
    }
}

/// Returns the Hijri day that a text writes, as `YYYY-MM-DD`.
pub fn hijri_day(text: &str) -> Option<String> {
    let words = words(text);
    let atoms = passage(&words).atoms;
    let found = date::find_at(&atoms, 0).filter(|found| found.end == atoms.len())?;
    match found.day {
        Day::Hijri(day) => Some(day.to_string()),
        Day::Civil(_) => None,
    }
}

/// Returns a letter number in canonical form; a text that no rule takes for a number stays as it was typed.
pub fn number(text: &str) -> String {
    let words = words(text);
    let atoms = passage(&words).atoms;
    let found = number::find_at(&atoms, 0).filter(|found| found.range == (0..atoms.len()));
    found.map_or_else(|| text.trim().to_owned(), |found| found.value)
}

fn words(text: &str) -> Vec<Word> {
    let word = |text: &str| Word {
        text: text.to_owned(),
        bounds: PixelBox::default(),
        confidence: Confidence::new(1.0),
        readings: Vec::new(),
    };
    text.split_whitespace().map(word).collect()
}

fn passage(words: &[Word]) -> Passage<'_> {
    let placed =
        |word| Placed { word, page: PageNumber(1), upright: PixelBox::default(), doubtful: false, filled_in: false };
    Passage::new(words.iter().map(placed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_numbers_of_all_shapes() {
        let iso = |text: &str| day(text).map(|day| day.to_string());
        assert_eq!(iso("2014-03-12").as_deref(), Some("2014-03-12"));
        assert_eq!(iso("١٢ / ٣ / ٢٠١٤").as_deref(), Some("2014-03-12"));
        assert_eq!(iso("12 آذار 2014").as_deref(), Some("2014-03-12"));
        assert_eq!(iso("12/3/2014 أو بعده"), None);
        assert_eq!(hijri_day("10 جمادى الأولى 1435").as_deref(), Some("1435-05-10"));
        assert_eq!(number(" م.ع / ١٢ / ٣٤٥ "), "م.ع/12/345");
        assert_eq!(number("بلا عدد"), "بلا عدد");
    }
}
