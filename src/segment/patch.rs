//! Finds Kodak's patch code T: an image in, the box of its four bars out.
//!
//! Source: Kodak, "Patch Code Information for Kodak Scanners" (A-61599): bars of 0.08 and 0.20 inches with spaces of 0.08 between, 0.80 inches in
//! all; patch T is narrow, wide, narrow, wide. Upside down it is patch 3, which parts papers as well, so both are taken.

use crate::model::PixelBox;
use image::{GrayImage, imageops};

/// Longer side, in pixels, of the copy that is looked at: A4 at about 100 dpi, where a narrow bar has eight pixels.
const LONGER_SIDE: u32 = 1200;
/// Pixels between the lines along which bars are looked for.
const STEP: usize = 6;
/// Widths of bars and spaces as shares of the whole.
const WIDTHS: [f32; 7] = [0.1, 0.1, 0.25, 0.1, 0.1, 0.1, 0.25];
/// How far a share may lie from its own: print, wear and the scan's resolution.
const TOLERANCE: f32 = 0.04;
/// Width of all bars together, as a share of the page's longer side: 0.80 inches are 0.068 of A4's, 0.14 of a postcard's.
const SHARE_OF_PAGE: std::ops::RangeInclusive<f32> = 0.03..=0.15;
/// Bars are at least this long, in widths of all together: 0.75 inches.
const SHORTEST: f32 = 0.9;
/// Lines between two that show the pattern which may not show it: specks and folds.
const GAP: usize = 2;

/// Returns the box of the first patch T or patch 3, whichever way the page lies.
pub fn find(page: &GrayImage) -> Option<PixelBox> {
    let longer = page.width().max(page.height());
    let scale = (longer as f32 / LONGER_SIDE as f32).max(1.0);
    let side = |pixels: u32| ((pixels as f32 / scale) as u32).max(1);
    if page.width() == 0 || page.height() == 0 {
        return None;
    }
    let small = imageops::thumbnail(page, side(page.width()), side(page.height()));
    let upright = bars_across(&small).or_else(|| {
        let [left, top, right, bottom] = bars_across(&imageops::rotate90(&small))?.edges();
        // A quarter clockwise took (x, y) to (height - y, x).
        let height = small.height();
        Some(PixelBox::new(top, height.saturating_sub(right), bottom, height.saturating_sub(left)))
    });
    let edges = upright?.edges().map(|edge| (edge as f32 * scale).round() as u32);
    Some(PixelBox::from(edges))
}

/// Returns the box of bars that stand side by side.
fn bars_across(page: &GrayImage) -> Option<PixelBox> {
    let threshold = threshold(page);
    let longer = page.width().max(page.height()) as f32;
    let width = page.width() as usize;
    // Runs of rows that show the pattern at about the same place.
    let mut runs: Vec<Run> = Vec::new();
    for (y, row) in page.as_raw().chunks_exact(width.max(1)).enumerate().step_by(STEP) {
        let index = y / STEP;
        for (left, right) in patterns(row, threshold, longer) {
            let reach = (right - left) / 4;
            let goes_on = |run: &&mut Run| index - run.last <= GAP + 1 && run.left.abs_diff(left) <= reach;
            match runs.iter_mut().find(goes_on) {
                Some(run) => *run = Run { last: index, left, right, bottom: y, ..*run },
                None => runs.push(Run { last: index, left, right, top: y, bottom: y }),
            }
        }
    }
    let long_enough = |run: &&Run| (run.bottom - run.top) as f32 >= SHORTEST * (run.right - run.left) as f32;
    let run = runs.iter().find(long_enough)?;
    Some(PixelBox::from([run.left, run.top, run.right, run.bottom].map(|edge| edge as u32)))
}

struct Run {
    last: usize,
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

/// Returns the lightness halfway between the darkest hundredth of the page and its middle.
fn threshold(page: &GrayImage) -> u8 {
    let mut values = page.as_raw().clone();
    let (hundredth, middle) = (values.len() / 100, values.len() / 2);
    let dark = *values.select_nth_unstable(hundredth).1;
    let light = *values.select_nth_unstable(middle).1;
    dark.midpoint(light)
}

/// Returns where a row of pixels shows the pattern, in either direction.
fn patterns(row: &[u8], threshold: u8, longer: f32) -> Vec<(usize, usize)> {
    // Where ink begins and ends, by turns.
    let mut edges = Vec::new();
    let mut inked = false;
    for (x, &value) in row.iter().chain([&u8::MAX]).enumerate() {
        if (value < threshold) != inked {
            edges.push(x);
            inked = !inked;
        }
    }
    let matches = |window: &&[usize]| {
        let [first, .., last] = **window else { return false };
        let whole = (last - first) as f32;
        let is = |widths: &mut dyn Iterator<Item = &f32>| {
            (window.windows(2).zip(widths)).all(|(edge, share)| {
                let [from, to] = *edge else { return false };
                ((to - from) as f32 / whole - share).abs() <= TOLERANCE
            })
        };
        SHARE_OF_PAGE.contains(&(whole / longer)) && (is(&mut WIDTHS.iter()) || is(&mut WIDTHS.iter().rev()))
    };
    let ends = |window: &[usize]| window.first().copied().zip(window.last().copied());
    edges.windows(WIDTHS.len() + 1).step_by(2).filter(matches).filter_map(ends).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    /// Returns an A4 page with bars of these widths, in hundredths of an inch, two inches long.
    fn page(dpi: u32, bars: &[u32]) -> GrayImage {
        let mut page = GrayImage::from_pixel(827 * dpi / 100, 1169 * dpi / 100, Luma([230]));
        let mut left = 300;
        for (index, width) in bars.iter().enumerate() {
            let inked = index % 2 == 0;
            for x in left * dpi / 100..(left + width) * dpi / 100 {
                let down = 200 * dpi / 100..400 * dpi / 100;
                down.filter(|_| inked).for_each(|y| page.put_pixel(x, y, Luma([30])));
            }
            left += width;
        }
        page
    }

    const PATCH_T: [u32; 7] = [8, 8, 20, 8, 8, 8, 20];

    #[test]
    fn patch_t_is_found_in_every_turn_at_every_resolution() {
        for dpi in [100, 150, 200, 300] {
            let page = page(dpi, &PATCH_T);
            let turned = [imageops::rotate90(&page), imageops::rotate180(&page), imageops::rotate270(&page)];
            for (turn, page) in [page.clone()].iter().chain(&turned).enumerate() {
                let found = find(page).unwrap_or_else(|| panic!("{dpi} dpi, turn {turn}"));
                let (width, height) = (found.width() * 100 / dpi, found.height() * 100 / dpi);
                let (across, along) = if turn % 2 == 0 { (width, height) } else { (height, width) };
                assert!(
                    (76..=84).contains(&across) && (185..=205).contains(&along),
                    "{dpi} dpi, turn {turn}: {found:?}"
                );
            }
            let [left, top, ..] = find(&page).unwrap().edges();
            assert!(left.abs_diff(3 * dpi) < dpi / 20 && top.abs_diff(2 * dpi) < dpi / 10, "{dpi} dpi");
            let [left, top, ..] = find(&imageops::rotate90(&page)).unwrap().edges();
            assert!(left.abs_diff(769 * dpi / 100) < dpi / 10 && top.abs_diff(3 * dpi) < dpi / 20, "{dpi} dpi");
        }
    }

    #[test]
    fn other_bars_are_none() {
        // Patch 1, patch 2, a grid, a bar too few.
        let others: [&[u32]; 4] =
            [&[20, 8, 20, 8, 8, 8, 8], &[20, 8, 8, 8, 8, 8, 20], &[8, 8, 8, 8, 8, 8, 8, 8, 8], &[8, 8, 20, 8, 8]];
        for bars in others {
            assert_eq!(find(&page(150, bars)), None, "{bars:?}");
        }
        assert_eq!(find(&GrayImage::new(0, 10)), None);
    }
}
