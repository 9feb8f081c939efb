//! Tells ink from paper: a clean page in, runs of ink pixels on a working copy of 100 to 200 dpi out.
//!
//! The threshold follows the local mean of lightness, as Wellner's and Bradley's adaptive thresholding do (Bradley and Roth,
//! "Adaptive Thresholding using the Integral Image", 2007); the mean is taken over coarse cells, since lines of print are
//! only looked for here, not read.

use crate::model::CleanPage;
use image::GrayImage;

/// Pages at or above this resolution are looked at in half size: lines show as well there, in a quarter of the time.
const HALVE_FROM_DPI: u32 = 250;
/// Side of a cell in inches.
const CELL_INCHES: f32 = 0.1;
/// Cells to each side over which lightness is averaged.
const REACH: usize = 2;
/// Ink is darker than this share of the mean around it.
const INK_SHARE: f32 = 0.87;

/// Ink pixels side by side in one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Row.
    pub y: u32,
    /// First column.
    pub left: u32,
    /// Column after the last.
    pub right: u32,
}

/// All ink of a page as runs, row by row, each row from the left.
#[derive(Clone, Debug)]
pub struct Ink {
    /// Pixels of the clean page to one of the working copy, along each side: 1 or 2.
    pub scale: u32,
    /// Working pixels an inch.
    pub inch: f32,
    /// The runs.
    pub runs: Vec<Run>,
}

impl Ink {
    /// Returns the ink of a page.
    pub fn of(page: &CleanPage) -> Self {
        if page.dpi.0 >= HALVE_FROM_DPI && page.grey.width() > 1 && page.grey.height() > 1 {
            Self::found(&halved(&page.grey), 2, page.dpi.0 as f32 / 2.0)
        } else {
            Self::found(&page.grey, 1, page.dpi.0 as f32)
        }
    }

    fn found(grey: &GrayImage, scale: u32, inch: f32) -> Self {
        let (width, height) = (grey.width() as usize, grey.height() as usize);
        let cell = ((inch * CELL_INCHES).round() as usize).max(4);
        let thresholds = Thresholds::of(grey, cell);
        let mut runs = Vec::new();
        for (y, row) in grey.as_raw().chunks_exact(width.max(1)).enumerate().take(height) {
            let mut start = None;
            for (cells, (pixels, &threshold)) in row.chunks(cell).zip(thresholds.row(y / cell)).enumerate() {
                for (x, &value) in (cells * cell..).zip(pixels) {
                    match (value < threshold, start) {
                        (true, None) => start = Some(x),
                        (false, Some(left)) => {
                            runs.push(Run { y: y as u32, left: left as u32, right: x as u32 });
                            start = None;
                        }
                        _ => {}
                    }
                }
            }
            if let Some(left) = start {
                runs.push(Run { y: y as u32, left: left as u32, right: width as u32 });
            }
        }
        Self { scale, inch, runs }
    }
}

/// Thresholds on a grid of cells.
struct Thresholds {
    columns: usize,
    values: Vec<u8>,
}

impl Thresholds {
    fn of(grey: &GrayImage, cell: usize) -> Self {
        let width = (grey.width() as usize).max(1);
        let columns = width.div_ceil(cell);
        let mut means = Vec::new();
        for band in grey.as_raw().chunks(width * cell) {
            let mut sums = vec![0_u32; columns];
            for row in band.chunks_exact(width) {
                for (sum, pixels) in sums.iter_mut().zip(row.chunks(cell)) {
                    *sum += pixels.iter().map(|&value| u32::from(value)).sum::<u32>();
                }
            }
            let rows = band.len() / width;
            let wide = |index: usize| cell.min(width - index * cell) * rows;
            means.extend(sums.iter().enumerate().map(|(index, &sum)| sum as f32 / wide(index).max(1) as f32));
        }
        let rows = means.len() / columns.max(1);
        let mut values = Vec::with_capacity(means.len());
        for row in 0..rows {
            let around_row = row.saturating_sub(REACH)..(row + REACH + 1).min(rows);
            for column in 0..columns {
                let around = column.saturating_sub(REACH)..(column + REACH + 1).min(columns);
                let cells = around_row.clone().filter_map(|y| means.get(y * columns..)?.get(around.clone())).flatten();
                let (sum, count) = cells.fold((0.0, 0.0), |(sum, count), mean| (sum + mean, count + 1.0_f32));
                values.push((INK_SHARE * sum / count.max(1.0)) as u8);
            }
        }
        Self { columns, values }
    }

    fn row(&self, row: usize) -> &[u8] {
        self.values.get(row * self.columns..).and_then(|rest| rest.get(..self.columns)).unwrap_or(&[])
    }
}

/// Returns the page at half its size, each pixel the mean of four.
fn halved(grey: &GrayImage) -> GrayImage {
    let width = grey.width() as usize;
    let (half_width, half_height) = (grey.width() / 2, grey.height() / 2);
    let mut target = Vec::with_capacity(half_width as usize * half_height as usize);
    for pair in grey.as_raw().chunks_exact(2 * width) {
        let (upper, lower) = pair.split_at(width);
        let means = upper.chunks_exact(2).zip(lower.chunks_exact(2)).map(|(a, b)| {
            let sum: u16 = a.iter().chain(b).map(|&value| u16::from(value)).sum();
            (sum / 4) as u8
        });
        target.extend(means);
    }
    GrayImage::from_raw(half_width, half_height, target).unwrap_or_else(|| grey.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Dpi;
    use image::Luma;

    #[test]
    fn ink_is_found_on_shaded_paper_in_full_and_in_half_size() {
        let page = |dpi| {
            let grey = GrayImage::from_fn(400, 300, |x, y| {
                let paper = 150 + (x / 4) as u8;
                Luma([if (100..140).contains(&x) && (100..120).contains(&y) { paper / 3 } else { paper }])
            });
            Ink::of(&CleanPage { grey, dpi: Dpi(dpi) })
        };
        let full = page(150);
        assert_eq!((full.scale, full.runs.len()), (1, 20));
        assert_eq!(full.runs[0], Run { y: 100, left: 100, right: 140 });
        let half = page(300);
        assert_eq!((half.scale, half.runs.len()), (2, 10));
        assert_eq!(half.runs[0], Run { y: 50, left: 50, right: 70 });
    }

    #[test]
    fn pages_of_odd_and_tiny_sizes_are_survived() {
        for (width, height) in [(1, 1), (1, 700), (3, 2), (701, 1)] {
            let grey = GrayImage::from_pixel(width, height, Luma([0]));
            Ink::of(&CleanPage { grey, dpi: Dpi(300) });
        }
    }
}
