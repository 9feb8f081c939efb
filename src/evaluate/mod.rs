//! How well pages were read: the words as read and the truth in, error rates out.
//!
//! Two forms of the text are compared. *Strict* is the text itself but for marks without ink and the breaking of lines;
//! *search* is what the index sees, [`normalise::search_key`]. A file is compared as one string. Rates are taken over all
//! files together, so that a long page counts for more than a short one:
//!
//! - CER and WER: edit distance over characters or words, divided by the length of the truth; may pass 1;
//! - F1: of the words as multisets, so that the order of lines does not count;
//! - numbers: the share of runs of three and more digits that were read, in the search form;
//! - order: what the order of lines costs, the CER less the one left when each line read may be matched with any line of
//!   the truth ([`order`]);
//! - calibration error: how far confidence lies from the share of words that are right, over ten bins by confidence.

mod align;
mod order;

use crate::model::{Confidence, Line, Origin, Page, Word};
use crate::text::normalise;
use rapidfuzz::distance::levenshtein;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// Shorter runs of digits are no numbers worth finding.
const LEAST_DIGITS: usize = 3;

/// Bins of confidence over which the calibration error is taken.
pub const BINS: usize = 10;

/// Finer bins, of which each of the [`BINS`] is ten: what a table of confidence is fitted to.
pub const FINE_BINS: usize = 100;

/// Errors of one form of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TextErrors {
    chars: usize,
    char_errors: usize,
    words: usize,
    word_errors: usize,
    words_read: usize,
    words_found: usize,
}

/// Words of like confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// How many.
    pub words: usize,
    /// How many of them are right.
    pub right: usize,
    /// Their confidence, summed up.
    pub confidence: f64,
}

/// What was found out about one or more files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// Files compared.
    pub files: usize,
    /// The text itself.
    pub strict: TextErrors,
    /// What the index sees.
    pub search: TextErrors,
    /// Errors over characters of the search form when the order of lines does not count.
    pub free_char_errors: usize,
    /// Numbers in the truth.
    pub numbers: usize,
    /// Numbers found.
    pub numbers_found: usize,
    /// Words by their confidence, from 0, in [`FINE_BINS`].
    pub fine_bins: Vec<Bin>,
}

impl Score {
    /// Compares the pages of one file with its truth. Text that came with a page counts as read, but its words, which nobody
    /// read, say nothing about confidence.
    pub fn of(truth: &str, pages: &[Page]) -> Self {
        let words: Vec<(&Word, Origin)> =
            pages.iter().flat_map(|page| page.words().map(|word| (word, page.origin))).collect();
        let read = words.iter().map(|(word, _)| word.text.as_str()).collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = pages.iter().flat_map(|page| &page.lines).map(Line::text).collect();
        let (search_truth, search_read) = (normalise::search_key(truth), normalise::search_key(&read));
        let (truth_numbers, read_numbers) = (numbers(&search_truth), numbers(&search_read));
        Self {
            files: 1,
            strict: TextErrors::of(&strict(truth), &strict(&read)),
            search: TextErrors::of(&search_truth, &search_read),
            free_char_errors: order::free_errors(
                &keys(truth.split(['\n', '\u{C}'])),
                &keys(lines.iter().map(String::as_str)),
            ),
            numbers: truth_numbers.len(),
            numbers_found: in_both(&truth_numbers, &read_numbers),
            fine_bins: bins(&search_truth, &words),
        }
    }

    /// Adds another file.
    pub fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.strict.add(other.strict);
        self.search.add(other.search);
        self.free_char_errors += other.free_char_errors;
        self.numbers += other.numbers;
        self.numbers_found += other.numbers_found;
        self.fine_bins.resize(FINE_BINS, Bin::default());
        for (bin, more) in self.fine_bins.iter_mut().zip(&other.fine_bins) {
            bin.add(*more);
        }
    }

    /// Returns what the order of lines costs, as a share of the truth's characters; may fall below 0, since errors across the
    /// breaks of lines count once in the one measure and twice in the other.
    pub fn order_cost(&self) -> f64 {
        (self.search.char_errors as f64 - self.free_char_errors as f64) / self.search.chars.max(1) as f64
    }

    /// Returns the share of numbers found; `None` where the truth has none.
    pub fn number_rate(&self) -> Option<f64> {
        (self.numbers > 0).then(|| self.numbers_found as f64 / self.numbers as f64)
    }

    /// Returns the words by their confidence, from 0, in [`BINS`].
    pub fn bins(&self) -> Vec<Bin> {
        let mut bins = vec![Bin::default(); BINS];
        for (bin, fine) in bins.iter_mut().zip(self.fine_bins.chunks(FINE_BINS / BINS)) {
            fine.iter().for_each(|more| bin.add(*more));
        }
        bins
    }

    /// Returns the expected calibration error: the mean distance of confidence from the share right, by words.
    pub fn calibration_error(&self) -> f64 {
        let bins = self.bins();
        let words: usize = bins.iter().map(|bin| bin.words).sum();
        let away: f64 = bins.iter().map(|bin| (bin.confidence - bin.right as f64).abs()).sum();
        away / words.max(1) as f64
    }
}

impl Bin {
    fn add(&mut self, more: Self) {
        self.words += more.words;
        self.right += more.right;
        self.confidence += more.confidence;
    }
}

impl TextErrors {
    fn of(truth: &str, read: &str) -> Self {
        let truth_words: Vec<&str> = truth.split_whitespace().collect();
        let read_words: Vec<&str> = read.split_whitespace().collect();
        Self {
            chars: truth.chars().count(),
            char_errors: levenshtein::distance(truth.chars(), read.chars()),
            words: truth_words.len(),
            word_errors: word_distance(&truth_words, &read_words),
            words_read: read_words.len(),
            words_found: in_both(&truth_words, &read_words),
        }
    }

    fn add(&mut self, other: Self) {
        self.chars += other.chars;
        self.char_errors += other.char_errors;
        self.words += other.words;
        self.word_errors += other.word_errors;
        self.words_read += other.words_read;
        self.words_found += other.words_found;
    }

    /// Returns the error rate over characters.
    pub fn cer(&self) -> f64 {
        self.char_errors as f64 / self.chars.max(1) as f64
    }

    /// Returns the error rate over words.
    pub fn wer(&self) -> f64 {
        self.word_errors as f64 / self.words.max(1) as f64
    }

    /// Returns the F1 of the words, wherever they stand; 1 where there are none to find and none were read.
    pub fn f1(&self) -> f64 {
        match self.words + self.words_read {
            0 => 1.0,
            both => 2.0 * self.words_found as f64 / both as f64,
        }
    }
}

/// Returns the text as it is but for what has no ink, its words parted by single spaces.
fn strict(text: &str) -> String {
    let has_ink =
        |c: &char| !normalise::is_direction_mark(*c) && !matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}');
    let text: String = text.nfc().filter(has_ink).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn keys<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    lines.map(normalise::search_key).collect()
}

fn word_distance(truth: &[&str], read: &[&str]) -> usize {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    for word in truth.iter().chain(read) {
        let next = numbers.len() as u32;
        numbers.entry(word).or_insert(next);
    }
    let numbered = |words: &[&str]| words.iter().filter_map(|word| numbers.get(word).copied()).collect::<Vec<u32>>();
    levenshtein::distance(numbered(truth), numbered(read))
}

/// Returns the runs of digits that count as numbers.
fn numbers(key: &str) -> Vec<&str> {
    let runs = key.split(|c: char| !c.is_ascii_digit());
    runs.filter(|run| run.len() >= LEAST_DIGITS).collect()
}

/// Returns how many items two multisets share.
fn in_both(some: &[&str], others: &[&str]) -> usize {
    let mut left = counts(others);
    some.iter().filter(|item| take(&mut left, item)).count()
}

fn counts<'a>(items: &[&'a str]) -> HashMap<&'a str, usize> {
    let mut counts = HashMap::new();
    for item in items {
        *counts.entry(*item).or_insert(0) += 1;
    }
    counts
}

fn take(counts: &mut HashMap<&str, usize>, item: &str) -> bool {
    match counts.get_mut(item) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

/// Sorts the words into bins by confidence, right where alignment with the truth pairs them with their equals. What was read
/// rightly but stands elsewhere is right, too: confidence speaks of reading, not of order.
fn bins(truth: &str, words: &[(&Word, Origin)]) -> Vec<Bin> {
    let truth: Vec<&str> = truth.split(' ').filter(|token| !token.is_empty()).collect();
    let key = |(word, origin): &(&Word, Origin)| (normalise::search_key(&word.text), word.confidence, *origin);
    let keys: Vec<(String, Confidence, Origin)> = words.iter().map(key).filter(|(key, ..)| !key.is_empty()).collect();
    let read: Vec<(&str, usize)> =
        keys.iter().enumerate().flat_map(|(at, (key, ..))| key.split(' ').map(move |token| (token, at))).collect();
    let tokens: Vec<&str> = read.iter().map(|(token, _)| *token).collect();
    let pairs = align::equal_pairs(&truth, &tokens);
    let mut paired = vec![false; truth.len()];
    pairs.iter().flatten().for_each(|at| paired[*at] = true);
    let unpaired: Vec<&str> =
        truth.iter().zip(&paired).filter(|(_, paired)| !**paired).map(|(token, _)| *token).collect();
    let mut elsewhere = counts(&unpaired);

    let mut right = vec![true; keys.len()];
    for ((token, word), pair) in read.iter().zip(&pairs) {
        if pair.is_none() && !take(&mut elsewhere, token) {
            right[*word] = false;
        }
    }
    let mut bins = vec![Bin::default(); FINE_BINS];
    for ((_, confidence, _), right) in keys.iter().zip(right).filter(|((.., origin), _)| *origin == Origin::Ocr) {
        let at = ((confidence.get() * FINE_BINS as f32) as usize).min(FINE_BINS - 1);
        if let Some(bin) = bins.get_mut(at) {
            bin.add(Bin { words: 1, right: usize::from(right), confidence: f64::from(confidence.get()) });
        }
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dpi, Line, PageNumber, PixelBox, PixelSize, Rotation};

    fn page(origin: Origin, words: &[(&str, f32)]) -> Page {
        let word = |(text, confidence): &(&str, f32)| Word {
            text: (*text).to_owned(),
            bounds: PixelBox::default(),
            confidence: Confidence::new(*confidence),
            readings: Vec::new(),
        };
        Page {
            number: PageNumber(1),
            size: PixelSize { width: 100, height: 100 },
            dpi: Dpi(300),
            rotation: Rotation::None,
            origin,
            engine: None,
            reason: None,
            lines: vec![Line::new(words.iter().map(word).collect())],
            second_reading: Vec::new(),
            codes: Vec::new(),
            filled_in: Vec::new(),
        }
    }

    fn score(truth: &str, words: &[(&str, f32)]) -> Score {
        Score::of(truth, &[page(Origin::Ocr, words)])
    }

    #[test]
    fn spelling_counts_in_the_strict_form_alone() {
        let score = score("إلى\nمدرسة الفجر", &[("الى", 1.0), ("مدرسه", 1.0), ("الفجر", 1.0)]);
        assert_eq!((score.search.cer(), score.search.wer(), score.search.f1()), (0.0, 0.0, 1.0));
        assert_eq!(score.strict.cer(), 2.0 / 15.0);
        assert_eq!(score.strict.wer(), 2.0 / 3.0);
    }

    #[test]
    fn order_counts_in_the_error_rates_and_not_in_f1() {
        let score = score("ا ب ج", &[("ج", 1.0), ("ا", 1.0), ("ب", 1.0)]);
        assert_eq!((score.search.wer(), score.search.f1()), (2.0 / 3.0, 1.0));
        assert_eq!(score.calibration_error(), 0.0);
    }

    #[test]
    fn numbers_are_runs_of_three_digits_in_any_shape() {
        let score = score("العدد ١٢/٣٤٥ في ٢٠١٤ مبلغ 1,234 و345", &[("12/345", 1.0), ("2014", 1.0)]);
        assert_eq!((score.numbers, score.numbers_found), (4, 2));
        assert_eq!(score.number_rate(), Some(0.5));
    }

    #[test]
    fn confidence_is_held_against_what_is_right() {
        let sure = score("ا ب ج د", &[("ا", 0.95), ("ب", 0.95), ("خ", 0.95), ("د", 0.95)]);
        assert!((sure.calibration_error() - 0.2).abs() < 1e-6);
        assert_eq!((sure.bins()[9].words, sure.bins()[9].right), (4, 3));
        let two_tokens = score("12 345", &[("12/346", 0.05), ("،", 0.9)]);
        let bins = two_tokens.bins();
        assert_eq!((bins[0].words, bins[0].right, bins[9].words), (1, 0, 0));
        assert_eq!((bins.len(), two_tokens.fine_bins[5].words), (BINS, 1));
    }

    #[test]
    fn text_that_came_with_a_page_says_nothing_about_confidence() {
        let pages = [page(Origin::TextLayer, &[("ا", 1.0)]), page(Origin::Ocr, &[("ب", 0.5)])];
        let score = Score::of("ا ب", &pages);
        assert_eq!((score.search.words_found, score.bins().iter().map(|bin| bin.words).sum::<usize>()), (2, 1));
    }

    #[test]
    fn files_add_up_by_their_length() {
        let mut both = score("اب", &[("اب", 1.0)]);
        both.add(&score("ابتثجح", &[]));
        assert_eq!((both.files, both.search.cer(), both.search.wer()), (2, 0.75, 0.5));
        assert_eq!(Score::default().number_rate(), None);
    }
}
