//! Puts each printed line into logical order and parts it into words: places from the left in, words out.
//!
//! Two things are decided for the page as a whole, since one line rarely tells: whether brackets are given as they are
//! drawn or as they are meant, and whether letters stand in reading order from left to right, as programs without
//! Arabic lay them out. The latter is voted on by the spelling of Arabic (ال begins words, ة and ى end them).

use super::PlacedWord;
use super::lines::{Place, VisualLine, centre, turning};
use crate::model::Rotation;
use crate::text::visual::{Base, is_arabic_letter, logical_order, mirrored, opens};
use hayro::kurbo::Rect;
use unicode_normalization::UnicodeNormalization;

/// Gaps of this many font sizes part words where spaces are drawn too.
const GAP_BESIDE_SPACES: f64 = 0.45;
/// The same where a line has no spaces.
const GAP_WITHOUT_SPACES: f64 = 0.15;
/// Gaps from this many font sizes on part cells of a table, and the order of writing with them.
const CELL_GAP: f64 = 2.0;
/// What stands above and below the baseline, in font sizes.
const ASCENT: f64 = 0.8;
const DESCENT: f64 = 0.3;
const TATWEEL: char = '\u{0640}';

/// A character, or a letter with its marks, in logical order.
struct Piece<'a> {
    place: &'a Place,
    right_to_left: bool,
    /// Whether a word begins here whatever stands before.
    parted: bool,
}

/// Returns the words of the lines, boxes on the page as shown.
pub(super) fn in_logical_order(lines: Vec<VisualLine>, main: Rotation, width: f64, height: f64) -> Vec<Vec<PlacedWord>> {
    let (mut arabic, mut latin) = (0, 0);
    for c in lines.iter().flat_map(|line| &line.places).flat_map(|place| place.text.chars()) {
        arabic += usize::from(is_arabic_letter(c));
        latin += usize::from(c.is_alphabetic() && !is_arabic_letter(c));
    }
    let page = if arabic >= latin { Base::RightToLeft } else { Base::LeftToRight };
    let reversed = is_reversed(&lines);
    let ordered: Vec<(Vec<Piece<'_>>, Rotation)> =
        lines.iter().map(|line| (ordered(line, page, reversed), line.turn)).collect();
    let mirror = brackets_are_drawn_shapes(&ordered);
    let _ = main;
    let words = ordered.iter().map(|(pieces, turn)| {
        let back = turning(*turn, width, height).inverse();
        words(pieces, mirror).into_iter().map(|(text, bounds)| {
            let bounds = back.transform_rect_bbox(bounds);
            let within = bounds.intersect(Rect::new(0.0, 0.0, width, height));
            PlacedWord { text, bounds: [within.x0, within.y0, within.x1, within.y1] }
        }).collect::<Vec<_>>()
    });
    words.filter(|line| !line.is_empty()).collect()
}

/// Returns the places of a line in logical order.
fn ordered<'a>(line: &'a VisualLine, page: Base, reversed: bool) -> Vec<Piece<'a>> {
    let places = without_covered_spaces(&line.places);
    if reversed {
        let mut drawn = places;
        drawn.sort_by_key(|place| place.drawn);
        return drawn.into_iter().map(|place| Piece { place, right_to_left: false, parted: false }).collect();
    }
    let cells = cells(&places);
    let base = base_of(&places, page);
    let mut ordered = Vec::with_capacity(places.len());
    let in_order = |cells: &[Vec<&'a Place>], ordered: &mut Vec<Piece<'a>>| {
        for cell in cells {
            let texts: Vec<&str> = cell.iter().map(|place| place.text.as_str()).collect();
            let order = logical_order(&texts, base);
            ordered.extend(order.into_iter().enumerate().filter_map(|(nth, at)| {
                let place = cell.get(at.index)?;
                Some(Piece { place, right_to_left: at.right_to_left, parted: nth == 0 })
            }));
        }
    };
    match base {
        Base::LeftToRight => in_order(&cells, &mut ordered),
        Base::RightToLeft => in_order(&cells.into_iter().rev().collect::<Vec<_>>(), &mut ordered),
    }
    ordered
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

/// Cuts a line at the gaps that part the cells of a table.
fn cells<'a>(places: &[&'a Place]) -> Vec<Vec<&'a Place>> {
    let mut cells: Vec<Vec<&Place>> = Vec::new();
    let mut edge: Option<f64> = None;
    for &place in places {
        let far = edge.is_none_or(|edge| !place.space && place.left - edge > CELL_GAP * place.size);
        if far || cells.is_empty() {
            cells.push(Vec::new());
        }
        if let Some(cell) = cells.last_mut() {
            cell.push(place);
        }
        if !place.space {
            edge = Some(edge.map_or(place.right, |edge| edge.max(place.right)));
        }
    }
    cells
}

/// Returns the direction of a line: that of its page, unless its letters say otherwise.
fn base_of(places: &[&Place], page: Base) -> Base {
    let strong = |place: &&&Place| place.text.chars().find(|c| c.is_alphabetic()).map(is_arabic_letter);
    let letters: Vec<bool> = places.iter().filter_map(|place| strong(&place)).collect();
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
    let (mut meant, mut drawn) = (0_u32, 0_u32);
    for (line, _) in lines {
        let brackets: Vec<bool> = (line.iter().filter(|piece| piece.right_to_left))
            .flat_map(|piece| piece.place.text.chars())
            .filter_map(opens)
            .collect();
        meant += pairs(brackets.iter().copied());
        drawn += pairs(brackets.iter().map(|opening| !opening));
    }
    drawn > meant
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

/// Parts a line in logical order into words with their boxes on the upright page.
fn words(pieces: &[Piece<'_>], mirror: bool) -> Vec<(String, Rect)> {
    let spaced = pieces.iter().any(|piece| piece.place.space);
    let most = if spaced { GAP_BESIDE_SPACES } else { GAP_WITHOUT_SPACES };
    let mut words: Vec<(String, Rect)> = Vec::new();
    let mut before: Option<&Place> = None;
    for piece in pieces {
        let place = piece.place;
        if place.space {
            before = None;
            continue;
        }
        let gap = before.map_or(f64::INFINITY, |before| {
            let (left, right) = if before.left < place.left { (before, place) } else { (place, before) };
            (right.left - left.right) / place.size.max(before.size)
        });
        let text = place.text.chars().map(|c| if mirror && piece.right_to_left { mirrored(c).unwrap_or(c) } else { c });
        let bounds = Rect::new(
            place.left,
            place.baseline - ASCENT * place.size,
            place.right.max(place.left + 0.01),
            place.baseline + DESCENT * place.size,
        );
        match words.last_mut().filter(|_| !piece.parted && gap <= most) {
            Some((word, around)) => {
                word.extend(text);
                *around = around.union(bounds);
            }
            None => words.push((text.collect(), bounds)),
        }
        before = Some(place);
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
    letters.iter().enumerate().filter(|(at, _)| !stretches(*at)).map(|(_, c)| *c).collect()
}
