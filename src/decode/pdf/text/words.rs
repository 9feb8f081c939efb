//! Puts each printed line into logical order and parts it into words: places from the left in, words out.
//!
//! Two things are decided for the page as a whole, since one line rarely tells: whether brackets are given as they are
//! drawn or as they are meant, and whether letters stand in reading order from left to right, as programs without
//! Arabic lay them out. The latter is voted on by the spelling of Arabic (ال begins words, ة and ى end them).

use super::lines::{Place, VisualLine, centre, turning};
use super::{JOINT, PlacedWord};
use crate::model::Rotation;
use crate::text::visual::{Base, is_arabic_letter, logical_order, mirrored, opens};
use hayro::kurbo::Rect;
use unicode_normalization::UnicodeNormalization;

/// Gaps of this many font sizes part words where spaces are drawn too and letters stand loosely.
const GAP_BESIDE_SPACES: f64 = 0.45;
/// The same where letters stand as closely as their widths say.
const GAP_BESIDE_CLOSE_LETTERS: f64 = 0.2;
/// The same where a line has no spaces.
const GAP_WITHOUT_SPACES: f64 = 0.15;
/// Nearly all letters of a word are nearer to each other than this, in font sizes, where they stand closely.
const CLOSE: f64 = 0.06;
/// Gaps from this many font sizes on part cells of a table, and the order of writing with them.
const CELL_GAP: f64 = 2.0;
/// What stands above and below the baseline, in font sizes.
const ASCENT: f64 = 0.8;
const DESCENT: f64 = 0.3;
const TATWEEL: char = '\u{0640}';

/// A character, or a letter with its marks, on its way into logical order.
#[derive(Clone, Copy)]
struct Piece<'a> {
    place: &'a Place,
    right_to_left: bool,
    /// Which of the line's words it is part of, counted from the left.
    word: usize,
}

/// Returns the words of the lines, boxes on the page as shown, and whether lines run from left to right.
pub(super) fn in_logical_order(lines: &[VisualLine], width: f64, height: f64) -> (Vec<Vec<PlacedWord>>, bool) {
    let (mut arabic, mut latin) = (0, 0);
    for c in lines.iter().flat_map(|line| &line.places).flat_map(|place| place.text.chars()) {
        arabic += usize::from(is_arabic_letter(c));
        latin += usize::from(c.is_alphabetic() && !is_arabic_letter(c));
    }
    let page = if arabic >= latin { Base::RightToLeft } else { Base::LeftToRight };
    let reversed = is_reversed(lines);
    let ordered: Vec<(Vec<Piece<'_>>, Rotation)> =
        lines.iter().map(|line| (ordered(line, page, reversed), line.turn)).collect();
    let mirror = brackets_are_drawn_shapes(&ordered);
    let words = ordered.iter().map(|(pieces, turn)| {
        let back = turning(*turn, width, height).inverse();
        words(pieces, mirror)
            .into_iter()
            .map(|(text, bounds)| {
                let bounds = back.transform_rect_bbox(bounds);
                let within = bounds.intersect(Rect::new(0.0, 0.0, width, height));
                PlacedWord { text, bounds: [within.x0, within.y0, within.x1, within.y1] }
            })
            .collect::<Vec<_>>()
    });
    let lines = words.filter(|line| !line.is_empty()).collect();
    (lines, reversed || page == Base::LeftToRight)
}

/// Returns the places of a line in logical order, without its spaces.
fn ordered(line: &VisualLine, page: Base, reversed: bool) -> Vec<Piece<'_>> {
    let places = without_joints(without_covered_spaces(&line.places));
    let words = words_from_the_left(&places);
    if reversed {
        let mut drawn: Vec<Piece<'_>> = words.concat();
        drawn.sort_by_key(|piece| piece.place.drawn);
        return drawn;
    }
    let base = base_of(&places, page);
    let mut cells = cells(words);
    if base == Base::RightToLeft {
        cells.reverse();
    }
    let ordered = cells.iter().flat_map(|cell| {
        let places: Vec<&Place> = cell.iter().flatten().map(|piece| piece.place).collect();
        in_order(cell, base_of(&places, base))
    });
    ordered.collect()
}

/// Returns the pieces of a cell of words in logical order.
fn in_order<'a>(cell: &[Vec<Piece<'a>>], base: Base) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Option<Piece<'a>>> = Vec::new();
    for word in cell {
        // A gap counts as a space, whether or not one was drawn.
        pieces.extend((!pieces.is_empty()).then_some(None));
        pieces.extend(word.iter().copied().map(Some));
    }
    let texts: Vec<&str> =
        pieces.iter().map(|piece| piece.as_ref().map_or(" ", |piece| piece.place.text.as_str())).collect();
    let order = logical_order(&texts, base).into_iter();
    order
        .filter_map(|at| {
            let piece = (*pieces.get(at.index)?)?;
            Some(Piece { right_to_left: at.right_to_left, ..piece })
        })
        .collect()
}

/// Leaves out narrow glyphs without a meaning between letters: what joins them in some fonts is a glyph of its own.
fn without_joints(places: Vec<&Place>) -> Vec<&Place> {
    let unknown = |place: &Place| place.text.starts_with(char::REPLACEMENT_CHARACTER);
    let letter =
        |at: Option<usize>| at.and_then(|at| places.get(at)).is_some_and(|place| !place.space && !unknown(place));
    let joins = |at: usize, place: &Place| {
        unknown(place)
            && place.right - place.left < JOINT * place.size
            && letter(at.checked_sub(1))
            && letter(Some(at + 1))
    };
    places.iter().enumerate().filter(|(at, place)| !joins(*at, place)).map(|(_, place)| *place).collect()
}

/// Parts a line at its spaces and gaps.
fn words_from_the_left<'a>(places: &[&'a Place]) -> Vec<Vec<Piece<'a>>> {
    let most = widest_gap(places);
    let mut words: Vec<Vec<Piece<'_>>> = Vec::new();
    let mut edge: Option<f64> = None;
    for &place in places {
        if place.space {
            edge = None;
            continue;
        }
        let apart = edge.is_none_or(|edge| place.left - edge > most * place.size);
        if apart {
            words.push(Vec::new());
        }
        let piece = Piece { place, right_to_left: false, word: words.len() };
        if let Some(word) = words.last_mut() {
            word.push(piece);
        }
        edge = Some(if apart { place.right } else { edge.map_or(place.right, |edge| edge.max(place.right)) });
    }
    words
}

/// Leaves out spaces that lie upon a letter: some producers draw them anywhere.
fn without_covered_spaces(places: &[Place]) -> Vec<&Place> {
    let covered = |at: usize, space: &Place| {
        let near = places.iter().skip(at.saturating_sub(4)).take(9).filter(|other| !other.space);
        let mut near = near.filter(|other| other.right - other.left > 0.05 * other.size);
        near.any(|other| {
            let middle = centre(space);
            let margin = 0.2 * (other.right - other.left);
            other.left + margin < middle && middle < other.right - margin
        })
    };
    let kept = places.iter().enumerate().filter(|(at, place)| !(place.space && covered(*at, place)));
    kept.map(|(_, place)| place).collect()
}

/// Returns the widest gap within a word of the line, in font sizes.
fn widest_gap(places: &[&Place]) -> f64 {
    if !places.iter().any(|place| place.space) {
        return GAP_WITHOUT_SPACES;
    }
    let pairs = places.windows(2).filter_map(|pair| match pair {
        [left, right] if !left.space && !right.space => Some(((right.left - left.right) / right.size).abs()),
        _ => None,
    });
    let mut gaps: Vec<f64> = pairs.collect();
    gaps.sort_by(f64::total_cmp);
    let close = gaps.get(gaps.len() * 3 / 4).is_some_and(|gap| *gap < CLOSE);
    if close { GAP_BESIDE_CLOSE_LETTERS } else { GAP_BESIDE_SPACES }
}

/// Cuts a line at the gaps that part the cells of a table.
fn cells(words: Vec<Vec<Piece<'_>>>) -> Vec<Vec<Vec<Piece<'_>>>> {
    let mut cells: Vec<Vec<Vec<Piece<'_>>>> = Vec::new();
    let mut edge = f64::NEG_INFINITY;
    for word in words {
        let left = word.iter().map(|piece| piece.place.left).fold(f64::INFINITY, f64::min);
        let right = word.iter().map(|piece| piece.place.right).fold(f64::NEG_INFINITY, f64::max);
        let size = word.iter().map(|piece| piece.place.size).fold(0.0, f64::max);
        match cells.last_mut().filter(|_| left - edge <= CELL_GAP * size) {
            Some(cell) => cell.push(word),
            None => cells.push(vec![word]),
        }
        edge = edge.max(right);
    }
    cells
}

/// Returns the direction of a line: that of its page, unless its letters say otherwise.
fn base_of(places: &[&Place], page: Base) -> Base {
    let strong = |place: &Place| place.text.chars().find(|c| c.is_alphabetic()).map(is_arabic_letter);
    let letters: Vec<bool> = places.iter().filter_map(|place| strong(place)).collect();
    let arabic = letters.iter().filter(|arabic| **arabic).count();
    match (letters.first(), letters.last()) {
        (None, _) | (_, None) => page,
        _ if arabic == 0 => Base::LeftToRight,
        _ if arabic == letters.len() => Base::RightToLeft,
        (Some(false), Some(false)) if page == Base::LeftToRight || 2 * arabic < letters.len() => Base::LeftToRight,
        (Some(false), Some(true)) if page == Base::LeftToRight => Base::LeftToRight,
        _ => Base::RightToLeft,
    }
}

/// Says whether the letters of the page stand in reading order from left to right.
fn is_reversed(lines: &[VisualLine]) -> bool {
    let (mut forward, mut backward) = (0_u32, 0_u32);
    for line in lines {
        for word in line.places.split(|place| place.space) {
            let letters: Vec<char> =
                word.iter().rev().flat_map(|place| place.text.chars()).filter(|c| is_arabic_letter(*c)).collect();
            forward += spelling(letters.iter().copied());
            backward += spelling(letters.iter().rev().copied());
        }
    }
    backward >= 3 && backward > 2 * forward
}

/// Returns how many signs of correct spelling a word shows.
fn spelling(letters: impl Iterator<Item = char> + Clone) -> u32 {
    let count = letters.clone().count();
    if count < 4 {
        return 0;
    }
    let article = letters.clone().take(2).eq(['ا', 'ل']);
    let ending = letters.last().is_some_and(|last| matches!(last, 'ة' | 'ى'));
    u32::from(article) + u32::from(ending)
}

/// Says whether brackets in Arabic are given as they are drawn, so that they must be mirrored.
fn brackets_are_drawn_shapes(lines: &[(Vec<Piece<'_>>, Rotation)]) -> bool {
    let pieces = lines.iter().flat_map(|(line, _)| line).filter(|piece| piece.right_to_left);
    let brackets: Vec<bool> = pieces.flat_map(|piece| piece.place.text.chars()).filter_map(opens).collect();
    pairs(brackets.iter().map(|opening| !opening)) > pairs(brackets.iter().copied())
}

/// Returns how many brackets close one that was opened before.
fn pairs(brackets: impl Iterator<Item = bool>) -> u32 {
    let (mut open, mut pairs) = (0_u32, 0);
    for opening in brackets {
        if opening {
            open += 1;
        } else if open > 0 {
            open -= 1;
            pairs += 1;
        }
    }
    pairs
}

/// Joins a line in logical order to words with their boxes on the upright page.
fn words(pieces: &[Piece<'_>], mirror: bool) -> Vec<(String, Rect)> {
    let mut words: Vec<(String, Rect)> = Vec::new();
    let mut before = None;
    for piece in pieces {
        let place = piece.place;
        let text = place.text.chars().map(|c| if mirror && piece.right_to_left { mirrored(c).unwrap_or(c) } else { c });
        let bounds = Rect::new(
            place.left,
            place.baseline - ASCENT * place.size,
            place.right.max(place.left + 0.01),
            place.baseline + DESCENT * place.size,
        );
        match words.last_mut().filter(|_| before == Some(piece.word)) {
            Some((word, around)) => {
                word.extend(text);
                *around = around.union(bounds);
            }
            None => words.push((text.collect(), bounds)),
        }
        before = Some(piece.word);
    }
    let finished = words.into_iter().flat_map(|(text, bounds)| parted(&text, bounds));
    finished.map(|(text, bounds)| (tidy(&text), bounds)).filter(|(text, _)| !text.is_empty()).collect()
}

/// Parts a word at spaces that one glyph brought along, its box by the number of letters, from the right.
fn parted(text: &str, bounds: Rect) -> Vec<(String, Rect)> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.len() < 2 {
        return vec![(text.trim().to_owned(), bounds)];
    }
    let letters = parts.iter().map(|part| part.chars().count()).sum::<usize>().max(1) as f64;
    let mut right = bounds.x1;
    let part = |part: &str| {
        let left = right - bounds.width() * part.chars().count() as f64 / letters;
        let at = Rect::new(left, bounds.y0, right, bounds.y1);
        right = left;
        (part.to_owned(), at)
    };
    parts.into_iter().map(part).collect()
}

/// Returns the word in NFC, without the tatweel that only stretches it.
fn tidy(word: &str) -> String {
    let letters: Vec<char> = word.nfc().collect();
    let stretches = |at: usize| {
        letters.get(at) == Some(&TATWEEL)
            && letters.iter().take(at).rev().find(|c| **c != TATWEEL).is_some_and(|c| is_arabic_letter(*c))
            && letters.iter().skip(at).find(|c| **c != TATWEEL).is_some_and(|c| is_arabic_letter(*c))
    };
    let word: String = letters.iter().enumerate().filter(|(at, _)| !stretches(*at)).map(|(_, c)| *c).collect();
    // The ligature of this name includes its alef; where the alef is drawn beside it, it came twice.
    word.replace("االله", "الله")
}
