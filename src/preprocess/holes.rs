//! Fills punched holes: dark discs near an edge of the sheet, through which a scanner sees its own lid.
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
    DIAMETER_INCHES.contains(&inches(piece.long()))
        && DIAMETER_INCHES.contains(&inches(piece.short()))
        && piece.long() as f32 <= piece.short() as f32 * LONGER_BY
        && FILL.contains(&piece.fill())
        && inches(piece.distance_from_edge(page)) < MARGIN_INCHES
}

#[cfg(test)]
mod tests {
    use super::super::thumbnail::tests::page_of_lines;
    use super::*;
    use crate::model::Dpi;
    use image::Luma;

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
