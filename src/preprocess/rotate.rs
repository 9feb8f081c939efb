//! Finds the quarter turn that makes a page upright, and turns it.
//!
//! Lines of print make rows of ink and rows of paper alternate, so the direction in which ink changes faster is down the
//! page. Which end is up shows in each line: Arabic (and Latin) letters rise from their baseline, which holds the most
//! ink, further and more often than they sink below it. The measure is taken in narrow strips, where a page a few
//! degrees askew is still straight.

use super::thumbnail::Thumbnail;
use crate::model::Rotation;
use image::{GrayImage, imageops};

/// Width of a strip in inches.
const STRIP_INCHES: f32 = 0.8;
/// Heights of printed lines in inches, letters of 5 to 40 points.
const LINE_INCHES: std::ops::RangeInclusive<f32> = 0.05..=0.5;
/// Distance from the middle of a line to the gap beside it, in inches.
const GAP_INCHES: f32 = 0.08;
/// Lines seen up or down, as a share of all, from which on the turn is beyond doubt.
const SURE_SHARE: f32 = 0.25;
/// Fewer pieces of lines than this prove nothing.
const FEW_LINES: f32 = 25.0;

/// A quarter turn, and whether it is beyond doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Clockwise turn that makes the page upright.
    pub rotation: Rotation,
    /// Whether the page shows clearly which end is up.
    pub sure: bool,
}

/// Returns the turn that makes the page upright; none, in doubt, where there is too little print to tell.
pub fn find(thumbnail: &Thumbnail) -> Turn {
    let upright = Profiles::of(thumbnail, Rotation::None);
    let turned = Profiles::of(thumbnail, Rotation::Clockwise90);
    let sideways = turned.contrast() > upright.contrast() * 1.2;
    let (profiles, base) = if sideways { (turned, Rotation::Clockwise90) } else { (upright, Rotation::None) };
    let lean = profiles.lean();
    let sure = lean.lines >= FEW_LINES && lean.share.abs() >= SURE_SHARE;
    let rotation = if lean.share < 0.0 && sure { base.then(Rotation::Half) } else { base };
    Turn { rotation, sure }
}

/// Returns the image turned clockwise.
pub fn turned(image: GrayImage, rotation: Rotation) -> GrayImage {
    match rotation {
        Rotation::None => image,
        Rotation::Clockwise90 => imageops::rotate90(&image),
        Rotation::Half => imageops::rotate180(&image),
        Rotation::Clockwise270 => imageops::rotate270(&image),
    }
}

/// Amounts of ink row by row, in vertical strips of a page.
struct Profiles {
    strips: Vec<Vec<f32>>,
    dpi: f32,
}

/// Which way lines rise from their baselines.
struct Lean {
    /// Pieces of lines seen.
    lines: f32,
    /// Pieces that rise upwards less those that rise downwards, as a share of all: -1.0..=1.0.
    share: f32,
}

impl Profiles {
    /// Measures the page as it would be after `turn`: none, or clockwise by a quarter.
    fn of(thumbnail: &Thumbnail, turn: Rotation) -> Self {
        let (width, height) = (thumbnail.width, thumbnail.height);
        let (across, down) = if turn.swaps_sides() { (height, width) } else { (width, height) };
        let strip = ((thumbnail.dpi * STRIP_INCHES) as usize).max(1);
        let mut strips = vec![vec![0.0; down]; across.div_ceil(strip)];
        for (at, _) in thumbnail.ink.iter().enumerate().filter(|(_, ink)| **ink) {
            let (x, y) = (at % width, at / width);
            let (x, y) = if turn.swaps_sides() { (height - 1 - y, x) } else { (x, y) };
            strips[x / strip][y] += 1.0;
        }
        Self { strips, dpi: thumbnail.dpi }
    }

    /// Returns how much ink changes over the distance between a line and the gap below it, as a share of all ink.
    ///
    /// Both rows compared are means over that distance, so that single strokes, which stand closer, do not count.
    fn contrast(&self) -> f32 {
        let distance = ((self.dpi * GAP_INCHES) as usize).max(1);
        let (mut change, mut energy) = (0.0, 0.0);
        for strip in &self.strips {
            let means: Vec<f32> =
                strip.windows(distance).map(|rows| rows.iter().sum::<f32>() / distance as f32).collect();
            let later = means.iter().skip(distance);
            change += means.iter().zip(later).map(|(ink, below)| (below - ink).powi(2)).sum::<f32>();
            energy += means.iter().map(|ink| ink * ink).sum::<f32>();
        }
        if energy > 0.0 { change / energy } else { 0.0 }
    }

    /// Returns which way the lines lean.
    fn lean(&self) -> Lean {
        let (mut up, mut down) = (0.0, 0.0);
        for strip in &self.strips {
            for line in self.lines(strip) {
                let peak = line.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(at, _)| at);
                let total: f32 = line.iter().sum();
                let centre = line.iter().enumerate().map(|(at, ink)| at as f32 * ink).sum::<f32>() / total.max(1.0);
                // Leaning by less than a twentieth of the line's height says nothing.
                let lean = (peak as f32 - centre) / line.len() as f32;
                if lean > 0.05 {
                    up += 1.0;
                } else if lean < -0.05 {
                    down += 1.0;
                }
            }
        }
        let lines: f32 = up + down;
        Lean { lines, share: if lines > 0.0 { (up - down) / lines } else { 0.0 } }
    }

    /// Returns the runs of inked rows that are as tall as lines of print.
    fn lines<'a>(&self, strip: &'a [f32]) -> impl Iterator<Item = &'a [f32]> {
        let (least, most) = (self.dpi * LINE_INCHES.start(), self.dpi * LINE_INCHES.end());
        strip.split(|ink| *ink < 1.0).filter(move |line| {
            let ink: f32 = line.iter().sum();
            (least..=most).contains(&(line.len() as f32)) && ink > 3.0 * line.len() as f32
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Dpi;
    use image::Luma;

    /// Lines with a full baseline row near the bottom, strokes rising far above it and a few sinking a little below.
    fn page() -> GrayImage {
        GrayImage::from_fn(827, 1169, |x, y| {
            let (line, row) = (y / 30, y % 30);
            let inside = (2..36).contains(&line) && (80..740).contains(&x);
            let ink = match row {
                4..=17 => x % 9 < 2,
                18..=20 => x % 40 < 34,
                21..=24 => x % 23 < 2,
                _ => false,
            };
            Luma([if inside && ink { 10 } else { 245 }])
        })
    }

    #[test]
    fn each_turn_is_found() {
        for turn in Rotation::ALL {
            let scanned = turned(page(), turn.inverse());
            let found = find(&Thumbnail::of(&scanned, Dpi(100)));
            assert_eq!(found, Turn { rotation: turn, sure: true });
        }
    }

    #[test]
    fn an_empty_page_stays_as_it_is_in_doubt() {
        let empty = GrayImage::from_pixel(827, 1169, Luma([250]));
        assert_eq!(find(&Thumbnail::of(&empty, Dpi(100))), Turn { rotation: Rotation::None, sure: false });
    }
}
