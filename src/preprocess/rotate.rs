//! Finds the quarter turn that makes a page upright, and turns it.
//!
//! Which end of a page is up shows in its print alone: letters stand on their baseline, dots stand above more often than
//! below, tails swing to one side. So the small [patterns](super::patterns) of ink are counted, and a weight for each says
//! how much more often upright print shows it than print that lies otherwise (softmax regression over the four turns of
//! cells of upright pages; `scripts/train_turns.py` learns the weights). Each cell of the page has a vote, and no single cell
//! decides, since stamps and handwriting stand at any angle.

use super::patterns::{self, Counts};
use super::thumbnail::Thumbnail;
use super::turn_weights::WEIGHTS;
use crate::model::Rotation;
use image::{GrayImage, imageops};

/// Weights are whole numbers of this size.
const WEIGHT_UNIT: f32 = 1.0 / 64.0;
/// How probable it is that the vote of a cell is worth nothing.
const WORTHLESS: f32 = 0.05;
/// Inked places that a cell needs for a vote.
const FEWEST_INKED: u32 = 60;
/// By how much the turn found is more probable than the next, as a natural logarithm, where it is beyond doubt.
const SURE: f32 = 12.0;

/// A quarter turn, and whether it is beyond doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Clockwise turn that makes the page upright.
    pub rotation: Rotation,
    /// The next best turn.
    pub second: Rotation,
    /// Whether the page shows clearly which end is up.
    pub sure: bool,
}

/// Returns the turn that makes the page upright; none, in doubt, where there is too little print to tell.
pub fn find(thumbnail: &Thumbnail) -> Turn {
    let mut turns = Rotation::ALL.map(|turn| (turn, 0.0));
    for cell in patterns::count(thumbnail) {
        turns.iter_mut().zip(votes(&cell)).for_each(|((_, sum), vote)| *sum += vote);
    }
    // Stable: without any vote the page stays as it is.
    turns.sort_by(|a, b| b.1.total_cmp(&a.1));
    let [(rotation, best), (second, next), ..] = turns;
    if best == next {
        return Turn { rotation: Rotation::None, second: Rotation::Half, sure: false };
    }
    Turn { rotation, second, sure: best - next >= SURE }
}

/// Returns how probable each turn of [`Rotation::ALL`] is after one cell, as natural logarithms.
fn votes(cell: &Counts) -> [f32; 4] {
    let inked: u32 = cell.iter().take(patterns::PATTERNS).map(|&count| u32::from(count)).sum();
    if inked < FEWEST_INKED {
        return [0.0; 4];
    }
    let mut sums = [0.0; 4];
    for (pattern, count) in cell.iter().enumerate().filter(|(_, count)| **count > 0) {
        let amount = f32::from(*count).sqrt() * WEIGHT_UNIT;
        let mut seen = pattern;
        for sum in &mut sums {
            *sum += amount * f32::from(WEIGHTS[seen]);
            seen = patterns::turned(seen);
        }
    }
    let most = sums.iter().copied().fold(f32::MIN, f32::max);
    let shares = sums.map(|sum| (sum - most).exp());
    let all: f32 = shares.iter().sum();
    shares.map(|share| ((1.0 - WORTHLESS) * share / all + WORTHLESS / 4.0).ln())
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
            assert_eq!((found.rotation, found.sure), (turn, true));
        }
    }

    #[test]
    fn an_empty_page_stays_as_it_is_in_doubt() {
        let empty = GrayImage::from_pixel(827, 1169, Luma([250]));
        let found = find(&Thumbnail::of(&empty, Dpi(100)));
        assert_eq!((found.rotation, found.sure), (Rotation::None, false));
    }
}
