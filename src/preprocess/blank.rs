//! Knows pages that hold nothing to read: the backs of sheets, with dust, punched holes and what shines through.

use super::thumbnail::Thumbnail;

/// Pieces of ink smaller than this, in inches along their longer side, are dust.
const DUST_INCHES: f32 = 0.05;
/// Round pieces up to this size near the edge are punched holes, in inches.
const HOLE_INCHES: f32 = 0.4;
/// Where punched holes, staples and the paper's edges lie, in inches from the edge.
const MARGIN_INCHES: f32 = 0.9;
/// A turned or shifted scan leaves this much paper between a folded corner and the edge of the image, in inches.
const EDGE_INCHES: f32 = 0.1;
/// Pieces of ink that a page with something to read holds at least: a line of handwriting has as many.
const FEWEST_PIECES: usize = 6;
/// Or ink of one piece as large as this, in inches along its longer side: a stamp, a signature.
const LARGE_INCHES: f32 = 0.5;

/// Says whether the page holds nothing to read.
pub fn is_blank(thumbnail: &Thumbnail) -> bool {
    let mut pieces = 0;
    for piece in pieces_of_ink(thumbnail) {
        let inches = |pixels: usize| pixels as f32 / thumbnail.dpi;
        let long = inches(piece.width().max(piece.height()));
        let at_edge = piece.distance_from_edge(thumbnail) as f32 / thumbnail.dpi < MARGIN_INCHES;
        if long < DUST_INCHES || at_edge && (long < HOLE_INCHES || piece.touches_edge(thumbnail)) || piece.is_thin() {
            continue;
        }
        if long >= LARGE_INCHES {
            return false;
        }
        pieces += 1;
        if pieces >= FEWEST_PIECES {
            return false;
        }
    }
    true
}

/// A connected piece of ink.
struct Piece {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Piece {
    fn width(&self) -> usize {
        self.right - self.left + 1
    }

    fn height(&self) -> usize {
        self.bottom - self.top + 1
    }

    fn touches_edge(&self, page: &Thumbnail) -> bool {
        let slack = (EDGE_INCHES * page.dpi).round() as usize;
        self.left <= slack
            || self.top <= slack
            || self.right + 1 + slack >= page.width
            || self.bottom + 1 + slack >= page.height
    }

    /// Returns how far the whole piece lies from the nearest edge of the page.
    fn distance_from_edge(&self, page: &Thumbnail) -> usize {
        let (x, y) = (self.left.midpoint(self.right), self.top.midpoint(self.bottom));
        x.min(page.width - 1 - x).min(y).min(page.height - 1 - y)
    }

    /// A fold or a scratch is long and a pixel or two thin.
    fn is_thin(&self) -> bool {
        self.width().min(self.height()) <= 2 && self.width().max(self.height()) > 12
    }
}

/// Returns the pieces of ink connected along rows, columns and diagonals.
fn pieces_of_ink(thumbnail: &Thumbnail) -> Vec<Piece> {
    let (width, height) = (thumbnail.width, thumbnail.height);
    let mut left_over = thumbnail.ink.clone();
    let mut pieces = Vec::new();
    let mut next = Vec::new();
    for start in 0..left_over.len() {
        if !std::mem::take(&mut left_over[start]) {
            continue;
        }
        let (x, y) = (start % width, start / width);
        let mut piece = Piece { left: x, top: y, right: x, bottom: y };
        next.push(start);
        while let Some(at) = next.pop() {
            let (x, y) = (at % width, at / width);
            piece.left = piece.left.min(x);
            piece.right = piece.right.max(x);
            piece.bottom = piece.bottom.max(y);
            for row in y.saturating_sub(1)..(y + 2).min(height) {
                for column in x.saturating_sub(1)..(x + 2).min(width) {
                    let neighbour = row * width + column;
                    if std::mem::take(&mut left_over[neighbour]) {
                        next.push(neighbour);
                    }
                }
            }
        }
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::thumbnail::tests::page_of_lines;
    use super::*;
    use crate::model::Dpi;
    use image::{GrayImage, Luma};

    #[track_caller]
    fn check(draw: impl Fn(i64, i64) -> bool, want: bool) {
        let page = GrayImage::from_fn(827, 1169, |x, y| Luma([if draw(x.into(), y.into()) { 20 } else { 240 }]));
        assert_eq!(is_blank(&Thumbnail::of(&page, Dpi(100))), want);
    }

    fn near(x: i64, y: i64, (centre_x, centre_y): (i64, i64)) -> i64 {
        (x - centre_x).pow(2) + (y - centre_y).pow(2)
    }

    #[test]
    fn dust_and_punched_holes_are_nothing_to_read() {
        check(|_, _| false, true);
        check(|x, y| (x * 31 + y * 17) % 9973 == 0, true);
        check(|x, y| near(x, y, (40, 400)) < 120 || near(x, y, (40, 720)) < 120, true);
    }

    #[test]
    fn a_folded_corner_is_nothing_to_read_though_the_sheet_lay_askew() {
        check(|x, y| x >= 4 && y >= 4 && x + y < 116, true);
    }

    #[test]
    fn a_stamp_or_one_line_is_something() {
        check(|x, y| (3200..3600).contains(&near(x, y, (400, 600))), false);
        check(|x, y| (300..312).contains(&y) && (200..600).contains(&x) && x % 20 < 14, false);
        assert!(!is_blank(&Thumbnail::of(&page_of_lines(1, 12), Dpi(100))));
    }
}
