//! The text of a PDF page: its drawing operators in, lines of words with their boxes out, and what speaks for or against them.
//!
//! A PDF says where glyphs stand and, at best, which characters each one means; it knows neither words nor the order of
//! reading. So the page is interpreted as if it were drawn ([`glyphs`]), glyphs are gathered into printed lines by their
//! baselines ([`lines`]), and each line is put into logical order ([`words`]). What a glyph means is kept whole, so that a
//! ligature of lam and alef stays one piece until its line is in order. Nothing here says whether the text is to be
//! believed; that is for [`crate::decode::trust`].

pub(super) mod glyphs;
mod lines;
mod words;

use glyphs::Glyphs;
use serde::{Deserialize, Serialize};

/// Most glyphs taken from one page: some ten times what print can hold.
pub(super) const MAX_GLYPHS: usize = 200_000;

/// Glyphs without a meaning narrower than this, in font sizes, are the joint between two letters.
const JOINT: f64 = 0.25;

/// A word in logical order, with its box in points from the top left of the page as shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PlacedWord {
    pub text: String,
    pub bounds: [f64; 4],
}

/// The text of a page as its file tells it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct RawText {
    /// Printed lines from top to bottom.
    pub lines: Vec<Vec<PlacedWord>>,
    /// Clockwise degrees by which the page must be turned for most of its text to stand upright.
    pub turn: u16,
    /// Whether lines and columns are read from left to right.
    pub left_to_right: bool,
    /// Glyphs that leave ink and mean something.
    pub legible: u32,
    /// Glyphs that leave ink and mean nothing, or nothing that can be written.
    pub illegible: u32,
    /// Whether these glyphs are not to be seen.
    pub invisible: bool,
}

/// Returns the text of the glyphs: what is seen where anything is, else what lies there unseen.
///
/// `width` and `height` are those of the page in points.
pub(super) fn text_of(glyphs: Glyphs, width: f64, height: f64) -> RawText {
    let invisible = !glyphs.cells.iter().any(|cell| cell.visible && !cell.text.trim().is_empty());
    let (legible, illegible) = (glyphs.legible, glyphs.illegible);
    let cells = glyphs.cells.into_iter().filter(|cell| invisible || cell.visible).collect();
    let (lines, turn) = lines::lines(cells, width, height);
    let (lines, left_to_right) = words::in_logical_order(&lines, width, height);
    RawText { lines, turn: turn.degrees(), left_to_right, legible, illegible, invisible }
}
