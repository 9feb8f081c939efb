//! Takes away the speckle of copiers and fax lines with a 3 by 3 median, where there is enough of it to matter.

use crate::model::Dpi;
use image::GrayImage;

/// Lightness below which a pixel counts as dark.
const DARK: u8 = 128;
/// Lone dark pixels, as a share of all dark ones, from which on a page counts as speckled.
const LONE_SHARE: f32 = 0.02;
/// Pixels that are passed over at once where all are light.
const RUN: usize = 64;
/// Dark pixels in a square of nine around a pixel of a stroke, with it.
const OF_STROKE: usize = 3;
/// Below this resolution dots of letters are lone pixels themselves.
const LOWEST_DPI: u32 = 140;

/// Filters a speckled page; returns whether it did. The counts are those of the page.
pub fn remove(page: &mut GrayImage, counts: &Counts, dpi: Dpi) -> bool {
    let needed = dpi.0 >= LOWEST_DPI && counts.lone_share() >= LONE_SHARE;
    if needed {
        *page = median(page);
    }
    needed
}

/// Counts of dark pixels by how many of the nine in the square around them, themselves among these, are dark.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts([u32; 10]);

impl Counts {
    /// Counts the dark pixels of a page; those at its edges are left out.
    pub fn of(page: &GrayImage) -> Self {
        let mut counts = [0; 10];
        let width = page.width() as usize;
        if width < 3 || page.height() < 3 {
            return Self(counts);
        }
        let rows: Vec<&[u8]> = page.as_raw().chunks_exact(width).collect();
        for window in rows.windows(3) {
            let [_, row, _] = window else { continue };
            // Most of a page is paper, which the processor passes over many pixels at once.
            for (nth, part) in row[1..width - 1].chunks(RUN).enumerate() {
                if part.iter().fold(u8::MAX, |darkest, &value| darkest.min(value)) >= DARK {
                    continue;
                }
                for (at, _) in part.iter().enumerate().filter(|(_, value)| **value < DARK) {
                    let x = 1 + nth * RUN + at;
                    let square = window.iter().flat_map(|row| &row[x - 1..x + 2]);
                    counts[square.filter(|value| **value < DARK).count()] += 1;
                }
            }
        }
        Self(counts)
    }

    /// Returns the number of pixels of strokes: those with at least two dark ones around them.
    pub fn of_strokes(&self) -> f32 {
        self.with_at_least(OF_STROKE)
    }

    fn with_at_least(&self, dark: usize) -> f32 {
        self.0.iter().skip(dark).sum::<u32>() as f32
    }

    /// Returns the share of dark pixels that have no dark pixel among their eight neighbours.
    pub fn lone_share(&self) -> f32 {
        self.0[1] as f32 / self.with_at_least(1).max(1.0)
    }

    /// Returns the share of the pixels of strokes that the filter leaves dark: those with at least four dark ones around them.
    pub fn kept_share(&self) -> f32 {
        self.with_at_least(5) / self.of_strokes().max(1.0)
    }
}

/// Returns the page with each pixel the median of the nine around it; the outermost pixels stay.
fn median(page: &GrayImage) -> GrayImage {
    let width = page.width() as usize;
    let mut filtered = page.clone();
    let source: Vec<&[u8]> = page.as_raw().chunks_exact(width).collect();
    let target = filtered.as_flat_samples_mut().samples;
    for (window, row) in source.windows(3).zip(target.chunks_exact_mut(width).skip(1)) {
        let [above, middle, below] = window else { continue };
        for (x, value) in row.iter_mut().enumerate().take(width - 1).skip(1) {
            *value = median_of_nine([
                above[x - 1],
                above[x],
                above[x + 1],
                middle[x - 1],
                middle[x],
                middle[x + 1],
                below[x - 1],
                below[x],
                below[x + 1],
            ]);
        }
    }
    filtered
}

/// Returns the median by the 19 exchanges of Paeth, "Median finding on a 3x3 grid", Graphics Gems (1990): no branches, so
/// that the compiler can take many pixels at once.
fn median_of_nine(mut p: [u8; 9]) -> u8 {
    let mut order = |a: usize, b: usize| (p[a], p[b]) = (p[a].min(p[b]), p[a].max(p[b]));
    for (a, b) in [
        (1, 2),
        (4, 5),
        (7, 8),
        (0, 1),
        (3, 4),
        (6, 7),
        (1, 2),
        (4, 5),
        (7, 8),
        (0, 3),
        (5, 8),
        (4, 7),
        (3, 6),
        (1, 4),
        (2, 5),
        (4, 7),
        (4, 2),
        (6, 4),
        (4, 2),
    ] {
        order(a, b);
    }
    p[4]
}

#[cfg(test)]
mod tests {
    use super::super::thumbnail::tests::page_of_lines;
    use super::*;
    use image::Luma;
    use proptest::prelude::*;

    fn remove_counted(page: &mut GrayImage) -> bool {
        let counts = Counts::of(page);
        remove(page, &counts, Dpi(300))
    }

    #[test]
    fn speckle_goes_and_a_clean_page_is_left_alone() {
        let clean = page_of_lines(20, 12);
        let mut page = clean.clone();
        assert!(!remove_counted(&mut page));
        assert_eq!(page, clean);
        for n in 0..8000_u32 {
            page.put_pixel(n.wrapping_mul(7919) % 827, n.wrapping_mul(104_729) % 1169, Luma([0]));
        }
        assert!(remove_counted(&mut page));
        assert!(Counts::of(&page).lone_share() < 0.002, "{:?}", Counts::of(&page));
        assert!(page.get_pixel(101, 105).0[0] < DARK);
    }

    proptest! {
        #[test]
        fn the_exchanges_find_the_median(values in proptest::array::uniform9(any::<u8>())) {
            let mut sorted = values;
            sorted.sort_unstable();
            prop_assert_eq!(median_of_nine(values), sorted[4]);
        }
    }
}
