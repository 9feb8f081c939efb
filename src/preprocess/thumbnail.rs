//! A small copy of a page at about 100 dpi, on which all gates measure: paper, ink and their borders.

use crate::model::Dpi;
use image::GrayImage;

/// Resolution aimed at, in dpi.
const TARGET_DPI: u32 = 100;
/// Page pixels to one thumbnail pixel at most, whatever resolution the file states.
const MOST_SCALE: f32 = 64.0;
/// Side of the tiles whose paper is measured, in thumbnail pixels.
const TILE: usize = 16;
/// Ink is at most this share of its paper's lightness, however faint the page.
const FAINTEST_INK: f32 = 0.86;
/// Share of the page that the ink of its darkest words covers at least: one short word.
const DARKEST_SHARE: f32 = 0.0001;
/// A page whose darkest pixels are above this share of its paper holds no ink of its own, only what shines through.
const DARKEST_PAPER: f32 = 0.78;

/// A small copy of a page, with the lightness of its paper and a mask of its ink.
#[derive(Clone, Debug)]
pub struct Thumbnail {
    /// Columns and rows.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Page pixels to one of these, along each side.
    pub scale: usize,
    /// Pixels an inch.
    pub dpi: f32,
    /// Lightness of each pixel: 0..=255.
    pub grey: Vec<u8>,
    /// Whether each pixel is ink.
    pub ink: Vec<bool>,
    /// Lightness of the paper, a value a tile of 16 by 16 pixels.
    pub paper: Paper,
}

/// Lightness of the paper on a coarse grid.
#[derive(Clone, Debug)]
pub struct Paper {
    /// Tiles side by side.
    pub columns: usize,
    /// Tiles one below the other.
    pub rows: usize,
    /// Lightness of each tile's paper.
    pub values: Vec<f32>,
}

impl Thumbnail {
    /// Side of the tiles whose paper is measured, in pixels.
    pub const TILE: usize = TILE;

    /// Returns the thumbnail of a page.
    pub fn of(page: &GrayImage, dpi: Dpi) -> Self {
        let scale = (dpi.0 as f32 / TARGET_DPI as f32).round().clamp(1.0, MOST_SCALE) as usize;
        let (width, height, grey) = shrink(page, scale);
        let paper = Paper::of(&grey, width, height);
        let mut thumbnail =
            Self { width, height, scale, dpi: dpi.0 as f32 / scale as f32, grey, ink: Vec::new(), paper };
        thumbnail.find_ink();
        thumbnail
    }

    /// Paints these pixels as paper and looks for paper and ink anew.
    pub fn paint(&mut self, mask: &[bool]) {
        let white = self.paper.lightest();
        for (value, _) in self.grey.iter_mut().zip(mask).filter(|(_, painted)| **painted) {
            *value = white;
        }
        self.paper = Paper::of(&self.grey, self.width, self.height);
        self.find_ink();
    }

    /// Returns lightness as a share of the paper around, 0..=255 for none to all of it.
    pub fn shares(&self) -> Vec<u8> {
        let mut shares = Vec::with_capacity(self.grey.len());
        let mut paper = vec![0.0; self.width];
        for (y, row) in self.grey.chunks_exact(self.width.max(1)).enumerate() {
            self.paper.along_row(y, &mut paper);
            shares.extend(
                row.iter().zip(&paper).map(|(&value, paper)| (f32::from(value) * 255.0 / paper).min(255.0) as u8),
            );
        }
        shares
    }

    fn find_ink(&mut self) {
        let shares = self.shares();
        let mut histogram = [0_u32; 256];
        shares.iter().for_each(|&share| histogram[usize::from(share)] += 1);
        let darkest = percentile(&histogram, DARKEST_SHARE);
        let threshold = if f32::from(darkest) > DARKEST_PAPER * 255.0 {
            0
        } else {
            // Halfway between ink and paper: Otsu's threshold leans to paper where ink is rare.
            let halfway = (f32::from(darkest) + 250.0) / 2.0;
            halfway.min(FAINTEST_INK * 255.0) as u8
        };
        self.ink = shares.iter().map(|&share| share < threshold).collect();
    }
}

impl Paper {
    fn of(grey: &[u8], width: usize, height: usize) -> Self {
        let (columns, rows) = (width.div_ceil(TILE).max(1), height.div_ceil(TILE).max(1));
        let mut histograms = vec![[0_u32; 256]; columns];
        let mut values = Vec::with_capacity(columns * rows);
        for band in grey.chunks(width.max(1) * TILE) {
            histograms.iter_mut().for_each(|histogram| histogram.fill(0));
            for row in band.chunks_exact(width.max(1)) {
                for (tile, histogram) in row.chunks(TILE).zip(&mut histograms) {
                    tile.iter().for_each(|&value| histogram[usize::from(value)] += 1);
                }
            }
            values.extend(histograms.iter().map(|histogram| f32::from(percentile(histogram, 0.9)).max(1.0)));
        }
        values.resize(columns * rows, 255.0);
        let mut paper = Self { columns, rows, values };
        paper.bridge_dark_tiles();
        paper.smooth();
        paper
    }

    /// Tiles that are dark all over are ink (a stamp, a border, a thick rule), not paper: they take the upper quartile.
    fn bridge_dark_tiles(&mut self) {
        let mut sorted = self.values.clone();
        sorted.sort_by(f32::total_cmp);
        let quartile = sorted.get(sorted.len() * 3 / 4).copied().unwrap_or(255.0);
        self.values.iter_mut().filter(|value| **value < quartile * 0.5).for_each(|value| *value = quartile);
    }

    /// Takes the mean of each tile and its neighbours, so that single tiles do not stand out.
    fn smooth(&mut self) {
        let before = self.values.clone();
        for y in 0..self.rows {
            for x in 0..self.columns {
                let (mut sum, mut count) = (0.0, 0.0);
                for row in y.saturating_sub(1)..(y + 2).min(self.rows) {
                    for column in x.saturating_sub(1)..(x + 2).min(self.columns) {
                        sum += before[row * self.columns + column];
                        count += 1.0;
                    }
                }
                self.values[y * self.columns + x] = sum / count;
            }
        }
    }

    /// Writes the lightness of the paper at each pixel of one row of the thumbnail, as [`at`](Self::at) gives it.
    fn along_row(&self, y: usize, paper: &mut [f32]) {
        let y = ((y as f32 + 0.5) / TILE as f32 - 0.5).clamp(0.0, (self.rows - 1) as f32);
        let (top, dy) = (y as usize, y.fract());
        let bottom = (top + 1).min(self.rows - 1);
        let of_row = |row: usize| &self.values[row * self.columns..][..self.columns];
        let (upper, lower) = (of_row(top), of_row(bottom));
        let between = |dx: f32, left: usize, right: usize| {
            let upper = upper[left] * (1.0 - dx) + upper[right] * dx;
            let lower = lower[left] * (1.0 - dx) + lower[right] * dx;
            upper * (1.0 - dy) + lower * dy
        };
        // Up to the centre of the first tile, then from centre to centre.
        let (first, others) = paper.split_at_mut((TILE / 2).min(paper.len()));
        first.fill(between(0.0, 0, 0));
        for (left, span) in others.chunks_mut(TILE).enumerate() {
            if left + 1 < self.columns {
                for (nth, value) in span.iter_mut().enumerate() {
                    *value = between((nth as f32 + 0.5) / TILE as f32, left, left + 1);
                }
            } else {
                span.fill(between(0.0, left, left));
            }
        }
    }

    /// Returns the lightness of the paper at a place in tiles, between the centres of the four tiles around it.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x.clamp(0.0, (self.columns - 1) as f32), y.clamp(0.0, (self.rows - 1) as f32));
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.columns - 1), (top + 1).min(self.rows - 1));
        let (dx, dy) = (x - left as f32, y - top as f32);
        let value = |column: usize, row: usize| self.values[row * self.columns + column];
        let upper = value(left, top) * (1.0 - dx) + value(right, top) * dx;
        let lower = value(left, bottom) * (1.0 - dx) + value(right, bottom) * dx;
        upper * (1.0 - dy) + lower * dy
    }

    /// Returns the share of a page pixel's side that one tile spans, for stepping through [`at`](Self::at).
    pub fn tiles_per_pixel(scale: usize) -> f32 {
        1.0 / (TILE * scale) as f32
    }

    /// Returns the lightest paper of the page.
    pub fn lightest(&self) -> u8 {
        self.values.iter().copied().fold(1.0, f32::max) as u8
    }

    /// Returns the paper's lightness at the 5th and 95th hundredth of its tiles.
    pub fn range(&self) -> (f32, f32) {
        let mut sorted = self.values.clone();
        sorted.sort_by(f32::total_cmp);
        let at = |share: f32| sorted.get((sorted.len() as f32 * share) as usize).copied().unwrap_or(255.0);
        (at(0.05), at(0.95))
    }
}

/// Returns the value below which this share of the counted values lies.
pub fn percentile(histogram: &[u32; 256], share: f32) -> u8 {
    let total: u32 = histogram.iter().sum();
    let wanted = (total as f32 * share) as u32;
    let mut below = 0;
    for (value, count) in (0_u8..=255).zip(histogram) {
        below += count;
        if below > wanted {
            return value;
        }
    }
    255
}

/// Returns the page with each `scale` by `scale` pixels as their mean; what is left over at the edges is dropped.
fn shrink(page: &GrayImage, scale: usize) -> (usize, usize, Vec<u8>) {
    let full_width = page.width() as usize;
    let (width, height) = ((full_width / scale).max(1), (page.height() as usize / scale).max(1));
    if scale == 1 || full_width < scale || (page.height() as usize) < scale {
        return (full_width, page.height() as usize, page.as_raw().clone());
    }
    let area = (scale * scale) as u32;
    let mut grey = Vec::with_capacity(width * height);
    // Down the columns first: that addition the processor does for many pixels at once.
    let mut columns = vec![0_u16; full_width]; // at most 64 * 255
    for band in page.as_raw().chunks_exact(full_width * scale).take(height) {
        columns.fill(0);
        for row in band.chunks_exact(full_width) {
            columns.iter_mut().zip(row).for_each(|(sum, &value)| *sum += u16::from(value));
        }
        let blocks = columns.chunks_exact(scale);
        grey.extend(blocks.map(|block| (block.iter().map(|&sum| u32::from(sum)).sum::<u32>() / area) as u8));
    }
    (width, height, grey)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use image::Luma;

    /// A white page at 100 dpi with `lines` lines of small blocks, each `height` pixels tall.
    pub fn page_of_lines(lines: u32, height: u32) -> GrayImage {
        GrayImage::from_fn(827, 1169, |x, y| {
            let in_line = y >= 100 && (y - 100) / 30 < lines && (y - 100) % 30 < height;
            Luma([if in_line && (100..700).contains(&x) && x % 5 < 3 { 30 } else { 240 }])
        })
    }

    #[test]
    fn ink_is_found_on_light_dark_and_faint_pages_alike() {
        for (ink, paper) in [(0, 255), (20, 120), (150, 220)] {
            let page = GrayImage::from_fn(827, 1169, |x, y| Luma([if x % 40 < 4 && y % 30 < 8 { ink } else { paper }]));
            let thumbnail = Thumbnail::of(&page, Dpi(100));
            let share = thumbnail.ink.iter().filter(|ink| **ink).count() as f32 / thumbnail.ink.len() as f32;
            assert!((0.02..0.04).contains(&share), "{share} for {ink} on {paper}");
        }
    }

    #[test]
    fn what_only_shines_through_is_no_ink() {
        let page = GrayImage::from_fn(827, 1169, |x, y| Luma([if x % 40 < 4 && y % 30 < 8 { 215 } else { 240 }]));
        assert!(!Thumbnail::of(&page, Dpi(100)).ink.contains(&true));
    }

    #[test]
    fn paper_along_a_row_is_that_at_each_place() {
        for (width, height) in [(1, 1), (7, 40), (8, 8), (24, 17), (25, 33), (131, 90)] {
            let page = GrayImage::from_fn(width, height, |x, y| Luma([(100 + x + y / 2) as u8]));
            let paper = Thumbnail::of(&page, Dpi(100)).paper;
            let place = |at: u32| (at as f32 + 0.5) / TILE as f32 - 0.5;
            for y in 0..height {
                let mut row = vec![0.0; width as usize];
                paper.along_row(y as usize, &mut row);
                let one_by_one: Vec<f32> = (0..width).map(|x| paper.at(place(x), place(y))).collect();
                assert_eq!(row, one_by_one, "row {y} of {width} by {height}");
            }
        }
    }

    #[test]
    fn tiny_pages_have_thumbnails_too() {
        for (width, height) in [(1, 1), (2, 900), (900, 2)] {
            let page = GrayImage::from_pixel(width, height, Luma([255]));
            let thumbnail = Thumbnail::of(&page, Dpi(300));
            assert_eq!(thumbnail.grey.len(), thumbnail.width * thumbnail.height);
            assert_eq!(thumbnail.ink.len(), thumbnail.grey.len());
        }
    }
}
