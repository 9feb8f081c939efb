//! Evens out shaded, stained and faint pages: each pixel becomes its share of the paper around it.
//!
//! Division by an estimate of the paper, as usual for camera and copier images; see Gatos, Pratikakis and Perantonis,
//! "Adaptive degraded document image binarization", Pattern Recognition 39 (2006), for the estimate-and-compare idea.

use super::thumbnail::{Paper, Thumbnail};
use image::GrayImage;

/// Paper that differs by this many levels over the page is shaded.
const SHADED_LEVELS: f32 = 24.0;
/// Ink lighter than this share of its paper is faint.
const FAINT_INK: f32 = 0.5;
// Lightness given to paper and to the typical ink of an evened page.
const PAPER_LEVEL: f32 = 245.0;
const INK_LEVEL: f32 = 30.0;

/// Evens out the paper and stretches the contrast of a page that needs it; returns whether it did.
pub fn even(page: &mut GrayImage, thumbnail: &Thumbnail) -> bool {
    let Some(ink_share) = ink_share(thumbnail) else { return false };
    let (darkest, lightest) = thumbnail.paper.range();
    if lightest - darkest < SHADED_LEVELS && ink_share < FAINT_INK {
        return false;
    }
    // share of paper -> level: 1 becomes PAPER_LEVEL, the typical ink INK_LEVEL.
    let gain = (PAPER_LEVEL - INK_LEVEL) / (1.0 - ink_share);
    let step = Paper::tiles_per_pixel(thumbnail.scale);
    let width = page.width() as usize;
    let mut divisors = vec![0.0; width];
    for (y, row) in page.as_flat_samples_mut().samples.chunks_exact_mut(width.max(1)).enumerate() {
        // The paper changes slowly: one row of divisors serves four rows of pixels.
        if y % 4 == 0 {
            let tile_y = (y as f32 + 0.5) * step - 0.5;
            for (x, divisor) in divisors.iter_mut().enumerate().step_by(8) {
                *divisor = gain / thumbnail.paper.at((x as f32 + 0.5) * step - 0.5, tile_y);
            }
            for block in divisors.chunks_mut(8) {
                let first = block[0];
                block.fill(first);
            }
        }
        for (value, factor) in row.iter_mut().zip(&divisors) {
            *value = (f32::from(*value) * factor - gain + PAPER_LEVEL).clamp(0.0, 255.0) as u8;
        }
    }
    true
}

/// Returns the typical lightness of ink as a share of its paper, or `None` on a page without ink.
fn ink_share(thumbnail: &Thumbnail) -> Option<f32> {
    let paper = f32::from(thumbnail.paper.lightest());
    let mut values: Vec<u8> =
        thumbnail.grey.iter().zip(&thumbnail.ink).filter(|(_, ink)| **ink).map(|(value, _)| *value).collect();
    values.sort_unstable();
    // The thumbnail blurs strokes into paper; its darkest fifth comes nearest to the ink itself.
    values.get(values.len() / 5).map(|&value| (f32::from(value) / paper).clamp(0.0, 0.85))
}

#[cfg(test)]
mod tests {
    use super::super::thumbnail::tests::page_of_lines;
    use super::*;
    use crate::model::Dpi;

    fn evened(change: impl Fn(u32, u8) -> u8) -> Option<GrayImage> {
        let mut page = page_of_lines(30, 12);
        page.enumerate_pixels_mut().for_each(|(x, _, pixel)| pixel.0[0] = change(x, pixel.0[0]));
        let thumbnail = Thumbnail::of(&page, Dpi(100));
        even(&mut page, &thumbnail).then_some(page)
    }

    #[test]
    fn shade_is_divided_away() {
        let page = evened(|x, value| (f32::from(value) * (1.0 - x as f32 / 1600.0)) as u8).expect("shaded");
        assert!((235..=255).contains(&page.get_pixel(20, 50).0[0]), "{}", page.get_pixel(20, 50).0[0]);
        assert!((235..=255).contains(&page.get_pixel(800, 50).0[0]), "{}", page.get_pixel(800, 50).0[0]);
    }

    #[test]
    fn faint_ink_becomes_dark() {
        let page = evened(|_, value| 160 + value / 4).expect("faint");
        assert!(page.get_pixel(101, 105).0[0] < 60, "{}", page.get_pixel(101, 105).0[0]);
    }

    #[test]
    fn a_clean_page_is_left_alone() {
        assert!(evened(|_, value| value).is_none());
    }
}
