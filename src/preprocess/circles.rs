//! Finds circles on a small picture of ink: a mask in, rings out.

use std::f32::consts::TAU;
use std::ops::RangeInclusive;

/// Radius of round stamps, in inches.
const RADIUS_INCHES: RangeInclusive<f32> = 0.5..=1.1;
/// Directions from the centre of a ring, and how many of them meet it where there is one.
const DIRECTIONS: usize = 72;
pub const LEAST_DIRECTIONS: u16 = 54;
/// How many of them meet ink a little further out at most: a ring ends there, a text goes on.
const MOST_OUTSIDE: u16 = 12;

/// Where a page has ink of the kind that is looked at.
pub struct Mask {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Pixels an inch.
    pub dpi: f32,
    /// Whether each pixel is such ink.
    pub ink: Vec<bool>,
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
    /// Returns the outermost ring of each stamp: votes of all pixels of ink for the centres of rings through them, radius
    /// by radius (Duda and Hart, "Use of the Hough transformation to detect lines and curves in pictures", 1972).
    pub fn rings(&self) -> Vec<Ring> {
        let inked: Vec<(i32, i32)> = (0..self.ink.len())
            .filter(|&at| self.ink[at])
            .map(|at| ((at % self.width) as i32, (at / self.width) as i32))
            .collect();
        let radius = |inches: f32| (inches * self.dpi) as i32;
        let mut rings: Vec<Ring> = Vec::new();
        // The largest first: the rings inside a stamp add nothing.
        for radius in (radius(*RADIUS_INCHES.start())..=radius(*RADIUS_INCHES.end())).rev() {
            let mut votes = vec![0_u16; self.ink.len()];
            let circle = circle(radius);
            for (x, y) in &inked {
                for (dx, dy) in &circle {
                    if let Some(at) = self.at(x + dx, y + dy) {
                        votes[at] += 1;
                    }
                }
            }
            // Half of the votes a whole ring a pixel thick would have; then it is looked at.
            let likely = votes.iter().enumerate().filter(|(_, votes)| usize::from(**votes) * 2 >= circle.len());
            let mut found: Vec<Ring> = likely
                .map(|(at, _)| Ring { x: (at % self.width) as i32, y: (at / self.width) as i32, radius, met: 0 })
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
        let meets = |direction: usize| {
            let (sin, cos) = (direction as f32 * TAU / DIRECTIONS as f32).sin_cos();
            [0.0, -1.0].into_iter().any(|beside| {
                let reach = ring.radius as f32 + beside;
                let (x, y) = (ring.x + (cos * reach).round() as i32, ring.y + (sin * reach).round() as i32);
                self.at(x, y).is_some_and(|at| self.ink[at])
            })
        };
        (0..DIRECTIONS).filter(|&direction| meets(direction)).count() as u16
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
