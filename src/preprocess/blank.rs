//! Knows pages that hold nothing to read: the backs of sheets, with dust, punched holes and what shines through.
//!
//! What was written on a page lies together: letters make words, strokes make a signature. Dust lies apart, folds and
//! staples are thin, and what shines through from the other side is faint. So the pieces of ink are put in groups,
//! and a page with one group as large, as thick and as dark as a written word is not blank.

use super::pieces::{self, Piece};
use super::thumbnail::Thumbnail;
use std::ops::RangeInclusive;

/// Pieces of one word or signature lie within this distance, in inches.
const REACH_INCHES: f32 = 0.08;
/// Ink of a short word at least, in square inches.
const WORD_AREA: f32 = 0.005;
/// Sides of a short word at least, in inches.
const WORD_LONG_INCHES: f32 = 0.16;
const WORD_SHORT_INCHES: f32 = 0.06;
/// How far the ink of a column reaches from its top to its bottom, in inches, in a tenth of the columns at least: folds,
/// scratches and staples are shallower than any line of letters.
const WORD_DEPTH_INCHES: f32 = 0.035;
/// The darkest tenth of a word is darker than this share of its paper; what shines through is not.
const WORD_DARKNESS: f32 = 0.62;
/// A large stamp or signature may be paler. Its ink in square inches, and its darkness.
const STAMP_AREA: f32 = 0.05;
const STAMP_DARKNESS: f32 = 0.7;
/// A turned or shifted scan leaves this much paper between a folded corner and the edge of the image, in inches.
const EDGE_INCHES: f32 = 0.1;
/// What is left of torn or half-filled holes is as large, about as wide as high, and as near to an edge, in inches.
const HOLE_INCHES: RangeInclusive<f32> = 0.13..=0.36;
const HOLE_MARGIN_INCHES: f32 = 0.8;
const HOLE_LONGER_BY: f32 = 1.35;

/// Says whether the page holds nothing to read.
pub fn is_blank(thumbnail: &Thumbnail) -> bool {
    let slack = (EDGE_INCHES * thumbnail.dpi).round() as usize;
    let mut written = pieces::of(&thumbnail.ink, thumbnail.width);
    written.retain(|piece| piece.distance_from_edge(thumbnail) > slack);
    let reach = (REACH_INCHES * thumbnail.dpi).round() as usize;
    !pieces::grouped(written, reach).iter().any(|group| is_written(group, thumbnail))
}

fn is_written(group: &Piece, page: &Thumbnail) -> bool {
    let inches = |pixels: usize| pixels as f32 / page.dpi;
    let area = group.area as f32 / (page.dpi * page.dpi);
    let (long, short) = (inches(group.long()), inches(group.short()));
    if area < WORD_AREA || long < WORD_LONG_INCHES || short < WORD_SHORT_INCHES {
        return false;
    }
    let is_hole = HOLE_INCHES.contains(&long)
        && long <= short * HOLE_LONGER_BY
        && inches(group.distance_from_edge(page)) < HOLE_MARGIN_INCHES;
    if is_hole || depth(group, page) / page.dpi < WORD_DEPTH_INCHES {
        return false;
    }
    let darkness = darkness(group, page);
    darkness < WORD_DARKNESS || area >= STAMP_AREA && darkness < STAMP_DARKNESS
}

/// Returns how far ink reaches across the group's longer side, from first to last, at the ninth decile of the places that
/// hold ink.
fn depth(group: &Piece, page: &Thumbnail) -> f32 {
    let wide = group.width() >= group.height();
    let mut reaches = vec![None; group.long()];
    for (x, y) in inked(group, page) {
        let (along, across) = if wide { (x - group.left, y) } else { (y - group.top, x) };
        let (first, last) = reaches[along].get_or_insert((across, across));
        (*first, *last) = ((*first).min(across), (*last).max(across));
    }
    let mut depths: Vec<usize> = reaches.into_iter().flatten().map(|(first, last)| last - first + 1).collect();
    depths.sort_unstable();
    depths.get(depths.len() * 9 / 10).map_or(0.0, |&depth| depth as f32)
}

/// Returns the lightness that a tenth of the group's ink is darker than, as a share of the paper around.
fn darkness(group: &Piece, page: &Thumbnail) -> f32 {
    let mut values: Vec<u8> = inked(group, page).map(|(x, y)| page.grey[y * page.width + x]).collect();
    values.sort_unstable();
    let tile = Thumbnail::TILE as f32;
    let (x, y) = (group.left.midpoint(group.right) as f32 / tile, group.top.midpoint(group.bottom) as f32 / tile);
    values.get(values.len() / 10).map_or(1.0, |&value| f32::from(value) / page.paper.at(x - 0.5, y - 0.5).max(1.0))
}

/// Returns the places of ink within the group's box.
fn inked(group: &Piece, page: &Thumbnail) -> impl Iterator<Item = (usize, usize)> {
    let columns = group.left..=group.right;
    let places = (group.top..=group.bottom).flat_map(move |y| columns.clone().map(move |x| (x, y)));
    places.filter(|(x, y)| page.ink[y * page.width + x])
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
