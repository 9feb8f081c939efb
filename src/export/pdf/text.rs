//! Unseen text over a page: lines of words with their boxes in, drawing operators out.
//!
//! Every line is one text object in visual order with one place; each word is stretched to its box, and each gap is a
//! space of that width. Readers of PDF take the order of glyphs along the line, and turn Arabic around themselves.

use super::font::{ADVANCE, NAME};
use super::job::PageText;
use crate::text::visual::{Base, is_arabic_letter, visual_order};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Height of the letters' square, as a part of their box.
const SIZE: f64 = 0.8;
/// Height of the baseline above the bottom of the box, as a part of it.
const BASELINE: f64 = 0.22;
/// Words narrower than this part of a letter's width are made so wide.
const MIN_WIDTH: f64 = 0.05;

/// A word on the upright page: its characters from the left, and its edges in points, y upwards.
struct Placed {
    characters: String,
    left: f64,
    right: f64,
    bottom: f64,
    top: f64,
}

/// Returns the operators that lay the words over a page of this size in points, from its lower left corner as archived.
///
/// The characters used are added to `used`.
pub(super) fn content(page: &PageText, width: f64, height: f64, used: &mut BTreeSet<char>) -> Vec<u8> {
    let (matrix, upright) = match page.turn {
        90 => ([0.0, 1.0, -1.0, 0.0, width, 0.0], (height, width)),
        180 => ([-1.0, 0.0, 0.0, -1.0, width, height], (width, height)),
        270 => ([0.0, -1.0, 1.0, 0.0, 0.0, height], (height, width)),
        _ => ([1.0, 0.0, 0.0, 1.0, 0.0, 0.0], (width, height)),
    };
    let mut operators = String::new();
    let [a, b, c, d, e, f] = matrix;
    let _ = writeln!(operators, "q {a} {b} {c} {d} {e:.2} {f:.2} cm 3 Tr");
    for (index, line) in page.lines.iter().enumerate() {
        let words = placed(page, line, index, upright);
        write_line(&mut operators, &words, used);
    }
    operators.push_str("Q\n");
    operators.into_bytes()
}

/// Returns the words of a line from the left.
fn placed(page: &PageText, line: &[(String, [u32; 4])], index: usize, upright: (f64, f64)) -> Vec<Placed> {
    let characters = visual_words(line.iter().map(|(word, _)| word.as_str()));
    let nowhere = line.iter().all(|(_, [left, top, right, bottom])| left >= right || top >= bottom);
    let mut words: Vec<Placed> = if nowhere {
        evenly(&characters, index, page.lines.len(), upright)
    } else {
        let boxes = line.iter().map(|(_, bounds)| on_upright_page(page, *bounds, upright));
        let placed = characters.into_iter().zip(boxes);
        placed.map(|(characters, [left, bottom, right, top])| Placed { characters, left, right, bottom, top }).collect()
    };
    words.retain(|word| !word.characters.is_empty());
    words.sort_by(|a, b| (a.left + a.right).total_cmp(&(b.left + b.right)));
    words
}

/// Returns the characters of each word from the left, as the line as a whole puts them.
fn visual_words<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let (mut line, mut word_of, mut count) = (String::new(), Vec::new(), 0);
    for word in words {
        line.extend(word.chars().map(writable));
        line.push(' ');
        word_of.resize(line.len(), count);
        count += 1;
    }
    let base = if line.chars().any(is_arabic_letter) { Base::RightToLeft } else { Base::LeftToRight };
    let mut visual = vec![String::new(); count];
    for (at, c) in visual_order(line.trim_end(), base) {
        let word = word_of.get(at).and_then(|word| visual.get_mut(*word));
        if let (Some(word), false) = (word, c.is_whitespace()) {
            word.push(c);
        }
    }
    visual
}

/// Characters beyond the first plane need two codes of the font, and controls none: neither is met in letters.
fn writable(c: char) -> char {
    if u32::from(c) > 0xFFFF || c.is_control() { char::REPLACEMENT_CHARACTER } else { c }
}

/// Words whose places are not known are spread over the page, so that they can at least be found.
fn evenly(characters: &[String], index: usize, lines: usize, (width, height): (f64, f64)) -> Vec<Placed> {
    let step = height / (lines + 1) as f64;
    let top = height - step * (index as f64 + 0.5);
    let bottom = top - step.min(12.0);
    let cell = width / characters.len().max(1) as f64;
    let arabic = characters.iter().any(|word| word.chars().any(is_arabic_letter));
    let count = characters.len();
    let placed = characters.iter().cloned().enumerate().map(|(at, characters)| {
        let at = if arabic { count - 1 - at } else { at };
        let left = cell * at as f64 + cell * 0.1;
        Placed { characters, left, right: left + cell * 0.8, bottom, top }
    });
    placed.collect()
}

/// Returns left, bottom, right and top in points of the upright page, y upwards.
fn on_upright_page(page: &PageText, bounds: [u32; 4], upright: (f64, f64)) -> [f64; 4] {
    let [left, top, right, bottom] = bounds.map(f64::from);
    let (width, height) = (f64::from(page.width), f64::from(page.height));
    let ([left, top, right, bottom], (width, height)) = match page.turn {
        90 => ([height - bottom, left, height - top, right], (height, width)),
        180 => ([width - right, height - bottom, width - left, height - top], (width, height)),
        270 => ([top, width - right, bottom, width - left], (height, width)),
        _ => ([left, top, right, bottom], (width, height)),
    };
    let (across, down) = (upright.0 / width, upright.1 / height);
    [left * across, upright.1 - bottom * down, right * across, upright.1 - top * down]
}

fn write_line(operators: &mut String, words: &[Placed], used: &mut BTreeSet<char>) {
    let heights = words.iter().map(|word| word.top - word.bottom).filter(|height| *height > 0.0);
    let mut heights: Vec<f64> = heights.collect();
    heights.sort_by(f64::total_cmp);
    let Some(height) = heights.get(heights.len() / 2).copied() else { return };
    let Some(first) = words.first() else { return };
    let bottom = words.iter().map(|word| word.bottom).sum::<f64>() / words.len() as f64;
    let (size, baseline) = ((height * SIZE).max(1.0), bottom + height * BASELINE);
    let letter = size * ADVANCE / 1000.0;
    let _ = write!(operators, "BT /{NAME} {size:.1} Tf 1 0 0 1 {:.2} {baseline:.2} Tm", first.left);
    let mut at = first.left;
    for word in words {
        if at > first.left {
            let gap = (word.left - at).max(letter * MIN_WIDTH * 2.0);
            let _ = write!(operators, " {:.1} Tz<0020>Tj", gap / letter * 100.0);
            used.insert(' ');
            at += gap;
        }
        let count = word.characters.chars().count() as f64;
        let width = (word.right - at).max(letter * MIN_WIDTH * count);
        let _ = write!(operators, " {:.1} Tz<", width / (letter * count) * 100.0);
        for c in word.characters.chars() {
            let _ = write!(operators, "{:04X}", u32::from(c));
            used.insert(c);
        }
        operators.push_str(">Tj");
        at += width;
    }
    operators.push_str(" ET\n");
}
