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
/// And the share of the cells with a vote that are for it: blots and noise vote one way here, another there.
const AGREED: f32 = 0.55;

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
    let votes: Vec<[f32; 4]> = patterns::count(thumbnail).iter().filter_map(vote).collect();
    let mut turns: [(usize, f32); 4] = [0, 1, 2, 3].map(|turn| (turn, votes.iter().map(|vote| vote[turn]).sum()));
    turns.sort_by(|a, b| b.1.total_cmp(&a.1));
    let [(first, best), (second, next), ..] = turns;
    if votes.is_empty() {
        return Turn { rotation: Rotation::None, second: Rotation::Half, sure: false };
    }
    let agree = votes.iter().filter(|vote| vote.iter().all(|other| *other <= vote[first])).count();
    let sure = best - next >= SURE && agree as f32 >= votes.len() as f32 * AGREED;
    Turn { rotation: Rotation::ALL[first], second: Rotation::ALL[second], sure }
}

/// Returns how probable each turn of [`Rotation::ALL`] is after one cell, as natural logarithms; `None` for cells with
/// hardly any ink.
fn vote(cell: &Counts) -> Option<[f32; 4]> {
    let inked: u32 = cell.iter().take(patterns::PATTERNS).map(|&count| u32::from(count)).sum();
    if inked < FEWEST_INKED {
        return None;
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
    Some(shares.map(|share| ((1.0 - WORTHLESS) * share / all + WORTHLESS / 4.0).ln()))
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
