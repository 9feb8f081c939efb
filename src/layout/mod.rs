//! Puts what an engine read into the order in which a reader of Arabic follows it: lines of words in, lines out.
//!
//! Engines hand over fragments. A printed line comes in two, its short end far behind; a table comes column by column; the
//! name of the office and the number of the letter, at one height but in two columns, come as one line. Here every line
//! is cut at its wide gaps into [pieces](piece), the pieces are gathered into [rows] again, and only where columns
//! stand beside each other ([columns]: a letterhead, running text in columns) are they read one after another, right
//! column first. Rows of tables stay rows. No word is lost, doubled or altered.
//!
//! All lengths are measured in the height of the page's words, so neither resolution nor margins matter. What is read into
//! fragments without boxes cannot be put in order: such pages stay as they are.
//!
//! [`filled_in`] then tells figures that were written by pen or stamped from printed ones, by their look on the page.

mod columns;
mod filled_in;
mod piece;
mod rows;

pub use filled_in::{VERSION as FILLED_IN_VERSION, filled_in};

use crate::model::{Line, Word};
use piece::Piece;
use rows::Row;

/// Raised when equal lines come out in another order than before.
pub const VERSION: u16 = 1;

/// Lines with fewer words say little about the slope of a page.
const WORDS_FOR_SLOPE: usize = 4;

/// Returns the words of `lines`, boxes in pixels of an upright page, as printed lines in reading order.
pub fn in_reading_order(lines: Vec<Line>) -> Vec<Line> {
    if lines.iter().any(|line| line.bounds.is_empty()) {
        return lines;
    }
    let height = height_of_words(&lines);
    let slope = slope(&lines);
    let pieces = lines.into_iter().flat_map(|line| piece::pieces(line.words, height, slope)).collect();
    columns::in_order(rows::rows(pieces, height), height).into_iter().map(line_of).collect()
}

fn line_of(row: Row) -> Line {
    Line::new(row.pieces.into_iter().flat_map(|piece: Piece| piece.words).collect())
}

/// Returns the median height of the words, the unit of all lengths here; at least a pixel.
fn height_of_words(lines: &[Line]) -> f32 {
    let words = lines.iter().flat_map(|line| &line.words);
    let mut heights: Vec<u32> = words.map(|word| word.bounds.height()).filter(|height| *height > 0).collect();
    heights.sort_unstable();
    heights.get(heights.len() / 2).map_or(1.0, |height| *height as f32)
}

/// Returns how many pixels lines fall for each pixel to the right: the median of all lines, by their length.
fn slope(lines: &[Line]) -> f32 {
    let long = lines.iter().filter(|line| line.words.len() >= WORDS_FOR_SLOPE);
    let mut slopes: Vec<(f32, f32)> = long.filter_map(|line| slope_of_line(&line.words)).collect();
    slopes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = slopes.iter().map(|(_, length)| length).sum::<f32>() / 2.0;
    let mut passed = 0.0;
    let median = slopes.iter().find(|(_, length)| {
        passed += length;
        passed >= half
    });
    median.map_or(0.0, |(slope, _)| *slope)
}

/// Returns the slope of the straight line nearest to the words' centres, by least squares, and its length in pixels.
fn slope_of_line(words: &[Word]) -> Option<(f32, f32)> {
    let centres: Vec<(f32, f32)> = words.iter().filter(|word| !word.bounds.is_empty()).map(piece::centre).collect();
    let count = centres.len() as f32;
    let mean_x = centres.iter().map(|(x, _)| x).sum::<f32>() / count;
    let mean_y = centres.iter().map(|(_, y)| y).sum::<f32>() / count;
    let spread: f32 = centres.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let shared: f32 = centres.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let edges = centres.iter().map(|(x, _)| *x).fold((f32::MAX, f32::MIN), |(a, b), x| (a.min(x), b.max(x)));
    (spread > 0.0).then(|| (shared / spread, edges.1 - edges.0))
}

#[cfg(test)]
mod tests;
