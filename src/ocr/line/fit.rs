//! The picture the net sees: a line's grey image in, scaled to the net's height with its contrast stretched out.
//!
//! Exactly what training makes of a line, `training/fit.py`: an area filter where the image shrinks, a bilinear one where it
//! grows, whole grey levels between; then the 1st percentile becomes full ink and the 95th paper.

use image::GrayImage;

/// Lines narrower than this at the net's height are stretched to it.
const LEAST_WIDTH: usize = 8;
/// The stretch goes no further than to this contrast: paper alone must not become ink.
const LEAST_CONTRAST: f32 = 20.0;
const INK_PERCENTILE: f32 = 1.0;
const PAPER_PERCENTILE: f32 = 95.0;

/// A line as the net sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ink {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Row by row; 1.0 is ink, 0.0 paper.
    pub values: Vec<f32>,
    /// Columns of the line image for each column here.
    pub columns_each: f32,
    /// Pixels of the line image darker than this are ink.
    pub ink_below: u8,
}

impl Ink {
    /// Returns columns `from..to` alone.
    pub fn part(&self, from: usize, to: usize) -> Vec<f32> {
        let (from, to) = (from.min(self.width), to.min(self.width));
        self.values.chunks(self.width.max(1)).flat_map(|row| row.get(from..to).unwrap_or(&[])).copied().collect()
    }

    /// Returns how much ink a column holds.
    pub fn weight(&self, column: usize) -> f32 {
        self.values.iter().skip(column).step_by(self.width.max(1)).sum()
    }
}

/// Returns the line as the net sees it, `height` rows high; `None` for a line without pixels.
pub fn fit(line: &GrayImage, height: usize) -> Option<Ink> {
    let (columns, rows) = (line.width() as usize, line.height() as usize);
    if columns == 0 || rows == 0 || height == 0 {
        return None;
    }
    let width = LEAST_WIDTH.max((columns as f64 * height as f64 / rows as f64).round() as usize);
    let shrink = rows > height;
    let across = Taps::new(columns, width, shrink);
    let down = Taps::new(rows, height, shrink);

    let mut narrow = Vec::with_capacity(width * rows);
    for row in line.as_raw().chunks_exact(columns) {
        narrow.extend(across.taps.iter().map(|tap| tap.sum(|at| row.get(at).copied().map_or(0.0, f32::from))));
    }
    let mut scaled = Vec::with_capacity(width * height);
    for tap in &down.taps {
        for x in 0..width {
            let value = tap.sum(|y| narrow.get(y * width + x).copied().unwrap_or(0.0));
            scaled.push(value.round().clamp(0.0, 255.0) as u8);
        }
    }
    let (low, high) = (percentile(&scaled, INK_PERCENTILE), percentile(&scaled, PAPER_PERCENTILE));
    let contrast = (high - low).max(LEAST_CONTRAST);
    let ink_of = |level: u8| 1.0 - ((f32::from(level) - low) / contrast).clamp(0.0, 1.0);
    let values = scaled.iter().map(|level| (ink_of(*level) * 255.0).round() / 255.0).collect();
    let ink_below = (low + contrast / 2.0).clamp(1.0, 255.0) as u8;
    Some(Ink { width, height, values, columns_each: columns as f32 / width as f32, ink_below })
}

/// How one side of an image is resampled: for each new pixel, the old ones it is made of.
struct Taps {
    taps: Vec<Tap>,
}

struct Tap {
    first: usize,
    weights: Vec<f32>,
}

impl Tap {
    fn sum(&self, value: impl Fn(usize) -> f32) -> f32 {
        self.weights.iter().enumerate().map(|(at, weight)| weight * value(self.first + at)).sum()
    }
}

impl Taps {
    fn new(from: usize, to: usize, shrink: bool) -> Self {
        let scale = from as f64 / to as f64;
        let tap = |at| if shrink { area(at as f64 * scale, scale, from) } else { linear(at as f64, scale, from) };
        Self { taps: (0..to).map(tap).collect() }
    }
}

/// Each old pixel counts by how much of it is covered.
fn area(start: f64, length: f64, from: usize) -> Tap {
    let end = (start + length).min(from as f64);
    let first = (start.floor() as usize).min(from - 1);
    let last = (end.ceil() as usize).clamp(first + 1, from);
    let covered = |at: usize| (end.min(at as f64 + 1.0) - start.max(at as f64)).max(0.0);
    let total: f64 = (first..last).map(covered).sum();
    let weights = (first..last).map(|at| if total > 0.0 { (covered(at) / total) as f32 } else { 1.0 }).collect();
    Tap { first, weights }
}

/// The two old pixels whose centres lie around the new one's.
fn linear(at: f64, scale: f64, from: usize) -> Tap {
    let centre = ((at + 0.5) * scale - 0.5).clamp(0.0, (from - 1) as f64);
    let first = centre.floor() as usize;
    let share = (centre - first as f64) as f32;
    if first + 1 < from { Tap { first, weights: vec![1.0 - share, share] } } else { Tap { first, weights: vec![1.0] } }
}

/// Returns the percentile of some levels, between neighbours by proportion.
fn percentile(levels: &[u8], percent: f32) -> f32 {
    let mut counts = [0_usize; 256];
    for level in levels {
        counts[usize::from(*level)] += 1;
    }
    let rank = f64::from(percent) / 100.0 * (levels.len().saturating_sub(1)) as f64;
    let below = level_at(&counts, rank.floor() as usize);
    let above = level_at(&counts, rank.ceil() as usize);
    below + (above - below) * rank.fract() as f32
}

fn level_at(counts: &[usize; 256], rank: usize) -> f32 {
    let mut passed = 0;
    let level = counts.iter().position(|count| {
        passed += count;
        passed > rank
    });
    level.unwrap_or(255) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    #[test]
    fn the_height_is_the_nets_and_the_aspect_stays() {
        let ink = fit(&GrayImage::from_pixel(300, 96, Luma([255])), 48).unwrap();
        assert_eq!((ink.width, ink.height, ink.values.len()), (150, 48, 150 * 48));
        assert_eq!(ink.columns_each, 2.0);
        assert_eq!(fit(&GrayImage::from_pixel(1, 500, Luma([0])), 48).unwrap().width, LEAST_WIDTH);
        assert_eq!(fit(&GrayImage::new(0, 10), 48), None);
    }

    #[test]
    fn paper_alone_is_no_ink_and_grey_ink_on_grey_paper_is_full_ink() {
        let mut line = GrayImage::from_pixel(96, 48, Luma([200]));
        assert!(fit(&line, 48).unwrap().values.iter().all(|ink| *ink == 0.0 || *ink == 1.0));
        for x in 10..14 {
            for y in 0..48 {
                line.put_pixel(x, y, Luma([120]));
            }
        }
        let ink = fit(&line, 48).unwrap();
        assert_eq!((ink.values[5], ink.values[11]), (0.0, 1.0));
        assert_eq!((ink.weight(11), ink.weight(20)), (48.0, 0.0));
        assert_eq!(ink.ink_below, 160);
        assert_eq!(ink.part(9, 11)[..4], [0.0, 1.0, 0.0, 1.0]);
    }

    #[test]
    fn shrinking_covers_and_growing_interpolates() {
        let shrunk: f32 = area(1.5, 1.5, 6).sum(|at| [0.0, 100.0, 50.0, 0.0, 0.0, 0.0][at]);
        assert!((shrunk - 100.0 * (0.5 / 1.5) - 50.0 * (1.0 / 1.5)).abs() < 1e-4, "{shrunk}");
        assert_eq!(linear(1.0, 0.5, 2).sum(|at| [0.0, 100.0][at]), 25.0);
    }

    #[test]
    fn percentiles_lie_between_neighbours() {
        assert_eq!(percentile(&[0, 10], 50.0), 5.0);
        assert_eq!(percentile(&[7], 95.0), 7.0);
    }
}
