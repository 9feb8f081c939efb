//! Finds circles on a small picture of ink: a mask in, rings out.

use std::f32::consts::TAU;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// Radius of round stamps, in inches.
const RADIUS_INCHES: RangeInclusive<f32> = 0.5..=1.1;
/// Directions from the centre of a ring, and how many of them meet it where there is one.
const DIRECTIONS: usize = 72;
pub const LEAST_DIRECTIONS: u16 = 54;
/// How many of them meet ink a little further out at most: a ring ends there, a text goes on.
const MOST_OUTSIDE: u16 = 12;

/// The directions, as their sines and cosines.
static COMPASS: LazyLock<[(f32, f32); DIRECTIONS]> =
    LazyLock::new(|| std::array::from_fn(|nth| (nth as f32 * TAU / DIRECTIONS as f32).sin_cos()));

/// Where a page has ink of the kind that is looked at.
pub struct Mask {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Pixels an inch.
    pub dpi: f32,
    /// Whether each pixel is such ink.
    ink: Vec<bool>,
    /// Those that are, counted row by row.
    inked: Vec<usize>,
}

/// A ring on a mask, and in how many of 72 directions from its centre there is ink on it.
#[derive(Clone, Copy, Debug)]
pub struct Ring {
    /// Column of the centre.
    pub x: i32,
    /// Row of the centre.
    pub y: i32,
    /// Pixels from the centre to the ink.
    pub radius: i32,
    /// Directions with ink.
    pub met: u16,
}

impl Mask {
    /// Returns the mask of the pixels at these places, counted row by row.
    pub fn of(width: usize, height: usize, dpi: f32, places: impl Iterator<Item = usize>) -> Self {
        let mut ink = vec![false; width * height];
        let inked = places.filter(|&at| !std::mem::replace(&mut ink[at], true)).collect();
        Self { width, height, dpi, ink, inked }
    }

    /// Returns the share of the pixels that are ink.
    pub fn share(&self) -> f32 {
        self.inked.len() as f32 / self.ink.len().max(1) as f32
    }

    /// Returns it at a whole part of its resolution; a pixel is ink where any of its parts is.
    pub fn coarser(&self, factor: usize) -> Self {
        let (width, height) = (self.width.div_ceil(factor), self.height.div_ceil(factor));
        let place = |at: &usize| at / self.width / factor * width + at % self.width / factor;
        Self::of(width, height, self.dpi / factor as f32, self.inked.iter().map(place))
    }

    /// Returns the outermost ring of each stamp: votes of all pixels of ink for the centres of rings through them, radius
    /// by radius (Duda and Hart, "Use of the Hough transformation to detect lines and curves in pictures", 1972).
    pub fn rings(&self) -> Vec<Ring> {
        let radius = |inches: f32| (inches * self.dpi) as i32;
        let (smallest, largest) = (radius(*RADIUS_INCHES.start()), radius(*RADIUS_INCHES.end()));
        // The votes have a margin, so that no centre lies outside.
        let margin = largest as usize;
        let width = self.width + 2 * margin;
        let inked: Vec<usize> = self.inked.iter().map(|at| at / self.width * width + at % self.width).collect();
        let mut votes = vec![0_u16; width * (self.height + 2 * margin)];
        let mut rings: Vec<Ring> = Vec::new();
        // The largest first: the rings inside a stamp add nothing.
        for radius in (smallest..=largest).rev() {
            let circle = circle(radius);
            // Half of the votes a whole ring a pixel thick would have; then it is looked at.
            let enough = circle.len().div_ceil(2);
            if inked.len() < enough {
                continue;
            }
            let centres = circle.iter().map(|(x, y)| (y + largest) as usize * width + (x + largest) as usize);
            let centres: Vec<usize> = centres.collect();
            let mut likely: Vec<usize> = Vec::new();
            votes.fill(0);
            for at in &inked {
                for centre in &centres {
                    let votes = &mut votes[at + centre];
                    *votes += 1;
                    if usize::from(*votes) == enough {
                        likely.push(at + centre);
                    }
                }
            }
            likely.sort_unstable();
            let mut found: Vec<Ring> = likely
                .into_iter()
                .map(|at| Ring { x: (at % width) as i32 - largest, y: (at / width) as i32 - largest, radius, met: 0 })
                .filter(|ring| self.at(ring.x, ring.y).is_some())
                .map(|ring| Ring { met: self.met(&ring), ..ring })
                .filter(|ring| ring.met >= LEAST_DIRECTIONS && self.met(&ring.wider()) <= MOST_OUTSIDE)
                .collect();
            found.sort_by_key(|ring| std::cmp::Reverse(ring.met));
            for ring in found {
                if rings.iter().all(|other| !ring.overlaps(other)) {
                    rings.push(ring);
                }
            }
        }
        rings
    }

    /// Returns in how many directions ink lies on the ring, or a pixel beside it.
    pub fn met(&self, ring: &Ring) -> u16 {
        let meets = |(sin, cos): &(f32, f32)| {
            [0.0, -1.0].into_iter().any(|beside| {
                let reach = ring.radius as f32 + beside;
                let (x, y) = (ring.x + (cos * reach).round() as i32, ring.y + (sin * reach).round() as i32);
                self.at(x, y).is_some_and(|at| self.ink[at])
            })
        };
        COMPASS.iter().filter(|direction| meets(direction)).count() as u16
    }

    fn at(&self, x: i32, y: i32) -> Option<usize> {
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        (x < self.width && y < self.height).then(|| y * self.width + x)
    }
}

impl Ring {
    fn wider(&self) -> Self {
        Self { radius: self.radius + (self.radius / 8).max(3), ..*self }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        dx * dx + dy * dy < (self.radius + other.radius).pow(2) / 2
    }
}

/// Returns the pixels of a circle about the origin, each once.
fn circle(radius: i32) -> Vec<(i32, i32)> {
    let steps = radius * 8;
    let place = |step: i32| {
        let (sin, cos) = (step as f32 * TAU / steps as f32).sin_cos();
        ((cos * radius as f32).round() as i32, (sin * radius as f32).round() as i32)
    };
    let mut places: Vec<(i32, i32)> = (0..steps).map(place).collect();
    places.dedup();
    places
}
