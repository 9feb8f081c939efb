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
/// Least width of a letter, in sizes.
const MIN_WIDTH: f64 = 0.12;
/// Least width of a space, in sizes: readers pass over narrower ones.
const MIN_SPACE: f64 = 0.25;
/// Lines with a wider gap than this, in sizes, are written cell by cell.
const CELL_GAP: f64 = 1.8;
/// Cells beside each other stand this much above and below their baseline, in sizes. Where the baseline moves by more
/// than half a size, pdf.js puts a line break between words that it would join; where it moves by more than the glyphs
/// rise above it (0.8), pdfium takes cells for lines of their own instead of reading a row of them from the left
/// (`ProcessInsertObject` in its CPDF_TextPage).
const CELL_STEP: f64 = 0.42;
/// pdf.js takes gaps from a tenth to six tenths of the font's size for spaces, and turns each side of a wider one
/// around by itself (`SPACE_IN_FLOW_MAX_FACTOR` in its evaluator).
const WIDEST_SPACE: f64 = 0.55;
const NARROWEST_SPACE: f64 = 0.115;
const RIGHT_TO_LEFT_MARK: char = '\u{200F}';

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
        let mut words = placed(page, line, index, upright);
        write_line(&mut operators, &mut words, used);
    }
    operators.push_str("Q\n");
    operators.into_bytes()
}

/// Returns the words of a line from the left, none upon another.
fn placed(page: &PageText, line: &[(String, [u32; 4])], index: usize, upright: (f64, f64)) -> Vec<Placed> {
    let words = visual_words(line.iter().map(|(word, _)| word.as_str()));
    let nowhere = line.iter().any(|(_, [left, top, right, bottom])| left >= right || top >= bottom);
    let place = |(at, characters): (usize, String)| {
        let bounds = line.get(at).map_or([0; 4], |(_, bounds)| *bounds);
        let [left, bottom, right, top] = on_upright_page(page, bounds, upright);
        Placed { characters, left, right, bottom, top }
    };
    let mut words: Vec<Placed> = words.into_iter().map(place).collect();
    if nowhere {
        spread_over_page(&mut words, index, page.lines.len(), upright);
    }
    part(&mut words);
    words
}

/// Returns the words from the left, each with its index and its characters from the left, as the line as a whole puts them.
fn visual_words<'a>(words: impl Iterator<Item = &'a str>) -> Vec<(usize, String)> {
    let (mut line, mut word_of) = (String::new(), Vec::new());
    for (at, word) in words.enumerate() {
        line.extend(word.chars().map(writable));
        line.push(' ');
        word_of.resize(line.len(), at);
    }
    let base = if line.chars().any(is_arabic_letter) { Base::RightToLeft } else { Base::LeftToRight };
    let mut visual: Vec<(usize, String)> = Vec::new();
    let mut before: Option<(usize, char)> = None;
    for (at, c) in visual_order(line.trim_end(), base) {
        let barred = before.is_some_and(|before| needs_bar(before, (at, c)));
        before = Some((at, c));
        let Some(word) = word_of.get(at).copied().filter(|_| !c.is_whitespace()) else { continue };
        let at = visual.iter().rposition(|(index, _)| *index == word).unwrap_or_else(|| {
            visual.push((word, String::new()));
            visual.len() - 1
        });
        if let Some((_, characters)) = visual.get_mut(at) {
            characters.extend(barred.then_some(RIGHT_TO_LEFT_MARK));
            characters.push(c);
        }
    }
    visual
}

/// Says whether a right-to-left mark must stand between two neighbours on the line that are read from the right.
///
/// poppler takes all from a digit, a Latin letter or a sign such as `/` to the next Arabic letter on its left for one run
/// that goes from left to right (`reorderText` in its TextOutputDev), spaces too, so words change places or grow
/// together. The mark ends the run; readers drop it, since it shows nothing.
fn needs_bar((left_at, left): (usize, char), (right_at, right): (usize, char)) -> bool {
    let read_from_right = right_at < left_at;
    read_from_right && left != right && !is_arabic_letter(left) && !is_arabic_letter(right) && !right.is_whitespace()
}

/// Keeps words apart by at least a space that readers see.
///
/// Boxes as read may overlap, or contradict the order of the words. Where a small cut does not help, the words of the
/// line share its width by their length: a word a little beside its place can be found, a word upon another cannot.
fn part(words: &mut [Placed]) {
    let Some(size) = size_of(words) else { return };
    let space = MIN_SPACE * size;
    for at in 1..words.len() {
        let Some([before, after]) = words.get_mut(at - 1..=at) else { continue };
        if before.right + space > after.left && before.left < after.left {
            let middle = (before.right + after.left) / 2.0;
            (before.right, after.left) = (middle - space / 2.0, middle + space / 2.0);
        }
    }
    let too_small = |word: &Placed| word.right - word.left < MIN_WIDTH * size * word.characters.chars().count() as f64;
    let ordered = words.windows(2).all(|pair| matches!(pair, [a, b] if a.right + space * 0.99 <= b.left));
    if ordered && !words.iter().any(too_small) {
        return;
    }
    let length = |word: &Placed| word.characters.chars().count() as f64;
    let left = words.iter().map(|word| word.left.min(word.right)).fold(f64::INFINITY, f64::min);
    let right = words.iter().map(|word| word.right.max(word.left)).fold(f64::NEG_INFINITY, f64::max);
    let letters = words.iter().map(length).sum::<f64>() + (words.len().saturating_sub(1)) as f64;
    let letter = ((right - left) / letters.max(1.0)).max(MIN_WIDTH * size);
    let mut at = left;
    for word in words {
        word.left = at;
        word.right = at + letter * length(word);
        at = word.right + letter;
    }
}

/// Returns the size of the letters of a line.
fn size_of(words: &[Placed]) -> Option<f64> {
    let mut heights: Vec<f64> = words.iter().map(|word| word.top - word.bottom).collect();
    heights.sort_by(f64::total_cmp);
    heights.get(heights.len() / 2).map(|height| (height * SIZE).max(4.0))
}

/// Characters beyond the first plane need two codes of the font, and controls none: neither is met in letters.
fn writable(c: char) -> char {
    if u32::from(c) > 0xFFFF || c.is_control() { char::REPLACEMENT_CHARACTER } else { c }
}

/// Lines whose places are not known are spread over the page, so that they can at least be found.
fn spread_over_page(words: &mut [Placed], index: usize, lines: usize, (width, height): (f64, f64)) {
    let step = height / (lines + 1) as f64;
    let top = height - step * (index as f64 + 0.5);
    for word in words {
        (word.left, word.right, word.top, word.bottom) = (width * 0.1, width * 0.9, top, top - step.min(12.0));
    }
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

/// Writes a line. Where words of it stand far apart, the cells they part are objects of their own, in the order of reading.
fn write_line(operators: &mut String, words: &mut [Placed], used: &mut BTreeSet<char>) {
    let Some(size) = size_of(words) else { return };
    let bottom = words.iter().map(|word| word.bottom).sum::<f64>() / words.len() as f64;
    let baseline = bottom + size / SIZE * BASELINE;
    let widest = gaps(words).fold(0.0, f64::max) / size;
    if widest <= CELL_GAP {
        // A font flattened from a larger one looks the same, and takes wider gaps for spaces.
        let stretch = (widest / WIDEST_SPACE).max(1.0);
        widen_gaps(words, NARROWEST_SPACE * size * stretch);
        return write_cell(operators, words, size, stretch, baseline, used);
    }
    let is_arabic = words.iter().any(|word| word.characters.chars().any(is_arabic_letter));
    let mut cells: Vec<&[Placed]> = words.chunk_by(|a, b| b.left - a.right <= WIDEST_SPACE * size).collect();
    if is_arabic {
        cells.reverse();
    }
    let steps = [CELL_STEP * size, -CELL_STEP * size];
    for (cell, step) in cells.into_iter().zip(steps.into_iter().cycle()) {
        write_cell(operators, cell, size, 1.0, baseline + step, used);
    }
}

fn gaps(words: &[Placed]) -> impl Iterator<Item = f64> {
    words.windows(2).filter_map(|pair| match pair {
        [a, b] => Some(b.left - a.right),
        _ => None,
    })
}

/// Takes from words with narrower gaps between them what a gap needs, a quarter of a word at most.
fn widen_gaps(words: &mut [Placed], least: f64) {
    for at in 1..words.len() {
        let Some([before, after]) = words.get_mut(at - 1..=at) else { continue };
        let missing = (least - (after.left - before.right)).max(0.0) / 2.0;
        before.right -= missing.min((before.right - before.left) / 4.0);
        after.left += missing.min((after.right - after.left) / 4.0);
    }
}

fn write_cell(
    operators: &mut String,
    words: &[Placed],
    size: f64,
    stretch: f64,
    baseline: f64,
    used: &mut BTreeSet<char>,
) {
    let Some(first) = words.first() else { return };
    let letter = size * stretch * ADVANCE / 1000.0;
    let (size, flat) = (size * stretch, 1.0 / stretch);
    let _ = write!(operators, "BT /{NAME} {size:.1} Tf 1 0 0 {flat:.3} {:.2} {baseline:.2} Tm", first.left);
    let mut at = first.left;
    for word in words {
        if at > first.left {
            let _ = write!(operators, " {:.1} Tz<0020>Tj", (word.left - at) / letter * 100.0);
            used.insert(' ');
        }
        let width = (word.right - word.left) / word.characters.chars().count().max(1) as f64;
        let _ = write!(operators, " {:.1} Tz<", width / letter * 100.0);
        for c in word.characters.chars() {
            let _ = write!(operators, "{:04X}", u32::from(c));
            used.insert(c);
        }
        operators.push_str(">Tj");
        at = word.right;
    }
    operators.push_str(" ET\n");
}
