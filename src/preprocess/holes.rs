//! Fills punched holes: dark discs near an edge of the sheet, through which a scanner sees its own lid, and rings where it sees a white one.
//!
//! They are painted before ink is judged, since the blackest thing on a faded page is otherwise the hole.

use super::border;
use super::pieces::{self, Piece};
use super::thumbnail::Thumbnail;
use image::GrayImage;
use std::ops::RangeInclusive;

/// Diameter of punched holes, in inches: 5 to 8 mm, and what is torn at their rims.
const DIAMETER_INCHES: RangeInclusive<f32> = 0.13..=0.36;
/// How far from an edge of the image holes lie, in inches.
const MARGIN_INCHES: f32 = 0.8;
/// Share of the box around a disc that the disc fills is π/4; letters and rings fill less, solid squares more.
const FILL: RangeInclusive<f32> = 0.6..=0.92;
/// Diameter of holes that show as rings, in inches; round letters of a heading are smaller.
const RING_INCHES: RangeInclusive<f32> = 0.19..=0.36;
/// Within this share of a ring's radius there is no ink,
const EMPTY_WITHIN: f32 = 0.55;
/// and between that and its edge, in so many directions of 24 at least.
const LEAST_DIRECTIONS: usize = 21;
/// Longer side to shorter side at most.
const LONGER_BY: f32 = 1.35;

/// Paints punched holes as paper, on the page and on its thumbnail; returns how many there were.
pub fn remove(page: &mut GrayImage, thumbnail: &mut Thumbnail) -> usize {
    let mut holes = pieces::of(&thumbnail.ink, thumbnail.width);
    holes.retain(|piece| is_hole(piece, thumbnail));
    if holes.is_empty() {
        return 0;
    }
    let mut mask = vec![false; thumbnail.ink.len()];
    for hole in &holes {
        // Two pixels more on each side: the rim is lighter than ink.
        for y in hole.top.saturating_sub(2)..(hole.bottom + 3).min(thumbnail.height) {
            let row = y * thumbnail.width;
            mask[row + hole.left.saturating_sub(2)..row + (hole.right + 3).min(thumbnail.width)].fill(true);
        }
    }
    border::paint_mask(page, thumbnail, &mask);
    holes.len()
}

fn is_hole(piece: &Piece, page: &Thumbnail) -> bool {
    let inches = |pixels: usize| pixels as f32 / page.dpi;
    let is_round_and_large_as = |diameter: &RangeInclusive<f32>| {
        diameter.contains(&inches(piece.long())) && diameter.contains(&inches(piece.short()))
    };
    piece.long() as f32 <= piece.short() as f32 * LONGER_BY
        && inches(piece.distance_from_edge(page)) < MARGIN_INCHES
        && (is_round_and_large_as(&DIAMETER_INCHES) && FILL.contains(&piece.fill())
            || is_round_and_large_as(&RING_INCHES) && is_ring(piece, page))
}

/// Says whether the ink of a piece goes round an empty middle.
fn is_ring(piece: &Piece, page: &Thumbnail) -> bool {
    const DIRECTIONS: usize = 24;
    let (across, down) = ((piece.width() - 1) as f32 / 2.0, (piece.height() - 1) as f32 / 2.0);
    let (mut inked, mut has_middle) = ([false; DIRECTIONS], false);
    for y in piece.top..=piece.bottom {
        for x in (piece.left..=piece.right).filter(|x| page.ink[y * page.width + x]) {
            let (dx, dy) = ((x - piece.left) as f32 / across - 1.0, (y - piece.top) as f32 / down - 1.0);
            if dx.hypot(dy) < EMPTY_WITHIN {
                has_middle = true;
            } else if dx.hypot(dy) < 1.2 {
                let turn = dy.atan2(dx) / std::f32::consts::TAU + 0.5;
                inked[(turn * DIRECTIONS as f32) as usize % DIRECTIONS] = true;
            }
        }
    }
    !has_middle && inked.iter().filter(|inked| **inked).count() >= LEAST_DIRECTIONS
}

#[cfg(test)]
mod tests {
    use super::super::thumbnail::tests::page_of_lines;
    use super::*;
    use crate::model::Dpi;
    use image::Luma;

    #[test]
    fn rings_near_an_edge_are_holes_and_open_letters_are_not() {
        let drawn = |inner: u32, open: bool| {
            let mut page = page_of_lines(20, 10);
            for (x, y, pixel) in page.enumerate_pixels_mut() {
                let apart = x.abs_diff(40).pow(2) + y.abs_diff(420).pow(2);
                if (inner..=144).contains(&apart) && !(open && y > 424) {
                    *pixel = Luma([10]);
                }
            }
            let mut thumbnail = Thumbnail::of(&page, Dpi(100));
            remove(&mut page, &mut thumbnail)
        };
        assert_eq!(drawn(80, false), 1);
        assert_eq!(drawn(80, true), 0);
        assert_eq!(drawn(20, false), 1, "a disc with a speck of light in it");
    }

    #[test]
    fn holes_go_and_a_round_letter_in_the_text_stays() {
        let clean = page_of_lines(20, 10);
        let mut page = clean.clone();
        for (x, y, pixel) in page.enumerate_pixels_mut() {
            let near = |cx: u32, cy: u32| x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2) <= 144;
            if near(40, 420) || near(40, 735) || near(400, 1000) {
                *pixel = Luma([10]);
            }
        }
        let mut thumbnail = Thumbnail::of(&page, Dpi(100));
        assert_eq!(remove(&mut page, &mut thumbnail), 2);
        assert!(page.get_pixel(40, 420).0[0] > 220 && page.get_pixel(40, 735).0[0] > 220);
        assert!(page.get_pixel(400, 1000).0[0] < 20);
        assert_eq!(page.get_pixel(101, 105), clean.get_pixel(101, 105));
    }
}
