//! Words with their places: the characters of a line from left to right in, its words in the order of reading out.

use super::fit::Ink;
use super::net::{About, Steps};
use super::path::{self, Path, Sign};
use super::second;
use crate::model::{Confidence, Line, LineImage, Word};
use crate::text::bidi;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// Returns the words of a line. Each lies between the gaps that the net names as spaces, drawn tight around its ink.
pub fn words(steps: &Steps, about: &About, image: &LineImage, ink: &Ink) -> Line {
    let line = Reading { signs: Path::greedy(steps).signs(), steps, about, image, ink };
    let pieces: Vec<String> = line.signs.iter().map(|sign| line.char_of(sign).to_string()).collect();
    let mut found = Vec::new();
    let mut places: Vec<bidi::Placed> = Vec::new();
    for placed in bidi::logical_order(&pieces) {
        if line.is_space(placed.index) {
            found.extend(line.word(&std::mem::take(&mut places)));
        } else {
            places.push(placed);
        }
    }
    found.extend(line.word(&places));
    let (mut words, places): (Vec<Word>, Vec<Range<usize>>) = found.into_iter().unzip();
    second::look(&mut words, &places, steps, about);
    Line::new(words)
}

struct Reading<'a> {
    signs: Vec<Sign>,
    steps: &'a Steps,
    about: &'a About,
    image: &'a LineImage,
    ink: &'a Ink,
}

impl Reading<'_> {
    fn char_of(&self, sign: &Sign) -> char {
        sign.class
            .checked_sub(1)
            .and_then(|at| self.about.chars.get(at))
            .copied()
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn is_space(&self, at: usize) -> bool {
        self.signs.get(at).is_some_and(|sign| self.char_of(sign).is_whitespace())
    }

    /// Returns a word and the steps between the gaps beside it.
    fn word(&self, places: &[bidi::Placed]) -> Option<(Word, Range<usize>)> {
        let chars = places.iter().filter_map(|placed| {
            let c = self.char_of(self.signs.get(placed.index)?);
            Some(if placed.mirrored { bidi::mirror(c) } else { c })
        });
        let text: String = chars.nfc().collect();
        let first = places.iter().map(|placed| placed.index).min()?;
        let last = places.iter().map(|placed| placed.index).max()?;
        let columns = self.with_ink(self.gap_before(first)..self.gap_before(last + 1));
        let to_image = |column: usize| (column as f32 * self.ink.columns_each) as u32;
        let bounds = self.image.place(to_image(columns.start)..to_image(columns.end).max(to_image(columns.start) + 1));
        let word = Word { text, bounds, confidence: self.confidence(first, last), readings: Vec::new() };
        let before = first.checked_sub(1).and_then(|at| self.signs.get(at));
        let from = before.map_or(0, |sign| sign.steps.end);
        let to = self.signs.get(last + 1).map_or(self.steps.len(), |sign| sign.steps.start);
        Some((word, from..to))
    }

    /// Returns a column of the picture in the gap before a sign: the middle of the widest stretch without ink between it
    /// and the sign before the space; the line's edges before the first and after the last.
    fn gap_before(&self, at: usize) -> usize {
        let before = (0..at).rev().find(|at| !self.is_space(*at)).and_then(|at| self.signs.get(at));
        let after = (at..self.signs.len()).find(|at| !self.is_space(*at)).and_then(|at| self.signs.get(at));
        let column = |sign: &Sign| sign.doubled_centre() * self.about.stride / 2;
        match (before, after) {
            (None, _) => 0,
            (_, None) => self.ink.width,
            (Some(before), Some(after)) => self.widest_gap(column(before)..column(after)),
        }
    }

    fn widest_gap(&self, columns: Range<usize>) -> usize {
        let mut widest = columns.start..columns.start;
        let mut from = columns.start;
        for column in columns.clone() {
            if self.ink.weight(column) > INK_IN_A_GAP {
                from = column + 1;
            } else if column + 1 - from > widest.len() {
                widest = from..column + 1;
            }
        }
        let gap = if widest.is_empty() { columns } else { widest };
        usize::midpoint(gap.start, gap.end)
    }

    /// Returns the columns without those at both ends that hold no ink.
    fn with_ink(&self, columns: Range<usize>) -> Range<usize> {
        let has_ink = |column: &usize| self.ink.weight(*column) > INK_IN_A_GAP;
        let first = columns.clone().find(has_ink);
        let last = columns.clone().rev().find(has_ink);
        first.zip(last).map_or(columns, |(first, last)| first..last + 1)
    }

    /// Returns the share of words right among those that are as probable as this one, the gaps beside it included.
    fn confidence(&self, first: usize, last: usize) -> Confidence {
        let before = first.checked_sub(1).and_then(|at| self.signs.get(at));
        let after = self.signs.get(last + 1);
        let from = before.map_or(0, |sign| sign.steps.start);
        let to = after.map_or(self.steps.len(), |sign| sign.steps.end);
        let inside = self.signs.get(first..=last).unwrap_or(&[]);
        let classes: Vec<usize> = before.into_iter().chain(inside).chain(after).map(|sign| sign.class).collect();
        let probability = path::probability(&classes, self.steps, from..to);
        Confidence::new(calibrated(probability, &self.about.confidence))
    }
}

/// A column with less than this much ink, in pixels, is a gap.
const INK_IN_A_GAP: f32 = 1.0;

/// Returns the value of a rising table at `score`, between its rows by proportion; the score itself where there is no table.
fn calibrated(score: f32, table: &[(f32, f32)]) -> f32 {
    let above = table.iter().position(|(raw, _)| *raw >= score);
    match (above, table.last()) {
        (_, None) => score,
        (None, Some((_, share))) => *share,
        (Some(0), _) => table.first().map_or(score, |(_, share)| *share),
        (Some(at), _) => {
            let (Some(low), Some(high)) = (table.get(at - 1), table.get(at)) else { return score };
            low.1 + (high.1 - low.1) * (score - low.0) / (high.0 - low.0)
        }
    }
}
