//! Notes the glyphs of a page as they are drawn: operators in, cells with their characters and places out.

use super::{JOINT, MAX_GLYPHS};
use hayro::hayro_interpret::font::{Glyph, GlyphId, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_syntax::object;
use hayro::hayro_syntax::object::Dict;
use hayro::hayro_syntax::object::dict::keys;
use hayro::kurbo::{Affine, Point, Rect, Vec2};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a mended character map gives for glyphs whose target was empty: they belong to the glyph before (`<>` in the file).
pub(in crate::decode::pdf) const SILENT: char = '\u{FFF9}';

/// Glyphs are measured in thousandths of their font's size.
const EM: f64 = 1000.0;

/// A glyph on the page. Lengths are points from the top left of the page as shown.
#[derive(Clone, Debug)]
pub(in crate::decode::pdf) struct Cell {
    /// What it means, in logical order; empty where it means nothing.
    pub text: String,
    /// Where its baseline begins and where the next glyph's would.
    pub start: Point,
    pub end: Point,
    /// From the baseline to the top of the font's square.
    pub up: Vec2,
    pub visible: bool,
    /// Which operator showed it.
    pub operator: u32,
}

impl Cell {
    /// Says whether it is a mark that stands above or below a letter.
    pub(super) fn is_mark(&self) -> bool {
        !self.text.is_empty() && self.text.chars().all(is_combining_mark)
    }

    pub(super) fn is_space(&self) -> bool {
        !self.text.is_empty() && self.text.chars().all(char::is_whitespace)
    }
}

/// The glyphs of a page in the order in which they are drawn.
#[derive(Default)]
pub(in crate::decode::pdf) struct Glyphs {
    pub cells: Vec<Cell>,
    pub legible: u32,
    pub illegible: u32,
    operators: u32,
    spans: Vec<Option<Span>>,
}

/// A stretch of content that says itself what it means.
struct Span {
    text: String,
    /// Cells and counts when it began.
    cells: usize,
    legible: u32,
    illegible: u32,
}

/// Longer replacements stand for words or lines, whose order they do not tell by glyphs.
const MAX_REPLACED: usize = 8;

/// What the characters of a glyph tell.
enum Meaning {
    Text(String),
    /// Part of the glyph before.
    Silent,
    /// Nothing that can be written.
    Unknown,
}

impl Glyphs {
    /// Notes that content begins which says of itself what it means (`ActualText`), or says nothing.
    pub(in crate::decode::pdf) fn begin_span(&mut self, properties: Option<&Dict<'_>>) {
        let text = properties.and_then(|properties| properties.get::<object::String<'_>>(keys::ACTUAL_TEXT));
        let text = text.map(|text| composed(&text_string(text.as_bytes()).chars().collect::<Vec<_>>()));
        let (cells, legible, illegible) = (self.cells.len(), self.legible, self.illegible);
        self.spans.push(text.map(|text| Span { text, cells, legible, illegible }));
    }

    /// Ends the content begun last. What it means replaces glyphs of which one at least means nothing by itself.
    pub(in crate::decode::pdf) fn end_span(&mut self) {
        let Some(span) = self.spans.pop().flatten() else { return };
        let Some(cells) = self.cells.get(span.cells..).filter(|cells| cells.len() <= MAX_REPLACED) else { return };
        let letters = span.text.chars().count();
        let unknown = cells.iter().any(|cell| cell.text.starts_with(char::REPLACEMENT_CHARACTER));
        if !unknown || letters == 0 || letters > MAX_REPLACED {
            return;
        }
        // The letter is wider than its marks.
        let width = |cell: &&Cell| (cell.end - cell.start).hypot();
        let Some(letter) = cells.iter().max_by(|a, b| width(a).total_cmp(&width(b))).cloned() else { return };
        self.cells.truncate(span.cells);
        self.cells.push(Cell { text: span.text, ..letter });
        (self.legible, self.illegible) = (span.legible + 1, span.illegible);
    }

    /// Notes a run of glyphs as far as it lies on `page`.
    pub(in crate::decode::pdf) fn note(&mut self, run: &GlyphRun<'_, '_>, to_page: Affine, page: Rect, visible: bool) {
        self.operators += 1;
        for glyph in run.glyphs() {
            if self.cells.len() >= MAX_GLYPHS {
                return;
            }
            let transform = to_page * glyph.transform();
            let advance = match &**glyph {
                Glyph::Outline(outline) => outline.advance_width().map_or(EM / 2.0, f64::from),
                // Measured in the font's own space, which Type 3 fonts choose freely.
                Glyph::Type3(glyph) => glyph.advance_width().map_or(EM / 2.0, f64::from),
            };
            let (start, end) = (transform * Point::ORIGIN, transform * Point::new(advance, 0.0));
            let up = transform * Point::new(0.0, EM) - start;
            let finite = [start.x, start.y, end.x, end.y, up.x, up.y].iter().all(|value| value.is_finite());
            if !finite || up.hypot() < 0.01 || !page.contains(start.midpoint(end)) {
                continue;
            }
            let meaning = meaning_of(glyph.as_unicode());
            let text = match meaning {
                Meaning::Text(text) if text.trim().is_empty() && leaves_ink(glyph) => None,
                Meaning::Text(text) => Some(text),
                Meaning::Silent => continue,
                // Marks of a cluster whose characters its letter has.
                Meaning::Unknown if advance.abs() < 1.0 => continue,
                Meaning::Unknown if leaves_ink(glyph) => None,
                Meaning::Unknown => Some(" ".to_owned()),
            };
            match &text {
                Some(text) if text.trim().is_empty() => {}
                Some(_) => self.legible += 1,
                // Joints between letters carry none, and where the font lacks a letter the page shows none.
                None if advance < JOINT * EM || is_missing(glyph) => {}
                None => self.illegible += 1,
            }
            let text = text.unwrap_or_else(|| char::REPLACEMENT_CHARACTER.to_string());
            self.cells.push(Cell { text, start, end, up, visible, operator: self.operators });
        }
    }
}

/// Returns the characters of a text string (PDF 1.7, 7.9.2.2): UTF-16 where it says so, else taken as Latin-1.
fn text_string(bytes: &[u8]) -> String {
    match bytes {
        [0xFE, 0xFF, rest @ ..] => {
            let units = rest.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Says whether the font has no glyph for it and a box is drawn instead.
fn is_missing(glyph: &Glyph<'_>) -> bool {
    matches!(glyph, Glyph::Outline(outline) if outline.glyph_id() == GlyphId::NOTDEF)
}

fn leaves_ink(glyph: &Glyph<'_>) -> bool {
    matches!(glyph, Glyph::Outline(outline) if !outline.outline().is_empty())
}

fn meaning_of(characters: Option<BfString>) -> Meaning {
    let text = match characters {
        None => return Meaning::Unknown,
        Some(BfString::Char(SILENT)) => return Meaning::Silent,
        Some(BfString::Char(c)) => composed(&[c]),
        Some(BfString::String(text)) => composed(&text.chars().collect::<Vec<_>>()),
    };
    let unwritable = |c: char| {
        matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{FFF0}'..='\u{FFFD}' | '\u{F0000}'..)
            || c.is_control() && !c.is_whitespace()
    };
    if text.is_empty() {
        Meaning::Silent
    } else if text.chars().any(unwritable) {
        Meaning::Unknown
    } else {
        Meaning::Text(text)
    }
}

/// Returns the characters with presentation forms and ligatures taken apart, and without direction marks.
///
/// Only forms that exist for typesetting are replaced; the rest stays as it is meant (NFC).
fn composed(characters: &[char]) -> String {
    let mut text = String::new();
    for &c in characters {
        match c {
            '\u{FB00}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}' => text.extend(std::iter::once(c).nfkc()),
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{00AD}' => {}
            '\u{00A0}' | '\u{0009}'..='\u{000D}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{3000}' => text.push(' '),
            c => text.push(c),
        }
    }
    // A mark's own form is a space or a tatweel with the mark on it.
    let marks = text.trim_start_matches([' ', '\u{0640}']);
    if marks.len() < text.len() && !marks.is_empty() && marks.chars().all(is_combining_mark) {
        return marks.to_owned();
    }
    text.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(characters: &str, want: Option<&str>) {
        let got = match meaning_of(Some(BfString::String(characters.to_owned()))) {
            Meaning::Text(text) => Some(text),
            Meaning::Silent => Some(String::new()),
            Meaning::Unknown => None,
        };
        assert_eq!(got.as_deref(), want, "{characters:?}");
    }

    #[test]
    fn forms_for_typesetting_become_letters() {
        check("\u{FEFB}", Some("لا"));
        check("\u{FEE3}", Some("م"));
        check("\u{FDF2}", Some("الله"));
        check("\u{FE70}", Some("\u{064B}"));
        check("\u{FC60}", Some("\u{064E}\u{0651}"));
        check("\u{FB01}", Some("fi"));
        check("²", Some("²"));
        check("\u{200F}", Some(""));
        check("\u{00A0}", Some(" "));
    }

    #[test]
    fn what_cannot_be_written_means_nothing() {
        check("\u{E012}", None);
        check("\u{FFFD}", None);
        check("\u{0003}", None);
    }
}
