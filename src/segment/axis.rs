//! The run of a printed line across the page: a straight line, or a gentle curve for long ones.

/// Lines of copied books and of pages that lay on rollers bend no more than this many pixels a pixel, end against end.
const STEEPEST: f32 = 0.12;

/// Height of a line's middle as a polynomial of the column; beyond the points it was fitted to it goes on straight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    origin: f32,
    height: f32,
    slope: f32,
    bend: f32,
    /// Columns on both sides of the origin within which it bends.
    reach: f32,
}

/// A point the line passes, with its weight.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Column.
    pub x: f32,
    /// Row.
    pub y: f32,
    /// How much it counts.
    pub weight: f32,
}

impl Axis {
    /// Returns the straight line of this slope nearest to the points.
    pub fn sloping(points: &[Point], slope: f32) -> Self {
        let (mut weight, mut x, mut y) = (0.0, 0.0, 0.0);
        for point in points {
            weight += point.weight;
            x += point.weight * point.x;
            y += point.weight * point.y;
        }
        let weight = f32::max(weight, f32::MIN_POSITIVE);
        Self { origin: x / weight, height: y / weight, slope, bend: 0.0, reach: 0.0 }
    }

    /// Returns the straight line nearest to the points by weighted least squares; a level one where they do not tell.
    pub fn straight(points: &[Point]) -> Self {
        let level = Self::sloping(points, 0.0);
        let (mut spread, mut shared) = (0.0, 0.0);
        for point in points {
            let x = point.x - level.origin;
            spread += point.weight * x * x;
            shared += point.weight * x * (point.y - level.height);
        }
        if spread <= f32::EPSILON {
            return level;
        }
        Self { slope: (shared / spread).clamp(-STEEPEST, STEEPEST), ..level }
    }

    /// Returns the parabola nearest to the points by weighted least squares, or the straight line where it bends too much.
    pub fn bent(points: &[Point]) -> Self {
        let straight = Self::straight(points);
        let half = points.iter().map(|point| (point.x - straight.origin).abs()).fold(1.0, f32::max);
        // Normal equations for 1, u and u² with u in -1.0..=1.0; f64, for they are ill-conditioned where points are few.
        let mut sums = [0.0_f64; 5];
        let mut right = [0.0_f64; 3];
        for point in points {
            let (u, weight) = (f64::from((point.x - straight.origin) / half), f64::from(point.weight));
            let rest = f64::from(point.y - straight.at(point.x));
            for (power, sum) in sums.iter_mut().enumerate() {
                *sum += weight * u.powi(power as i32);
            }
            for (power, sum) in right.iter_mut().enumerate() {
                *sum += weight * u.powi(power as i32) * rest;
            }
        }
        let [a, b, c, d, e] = sums;
        let Some([height, slope, bend]) = solved([[a, b, c, right[0]], [b, c, d, right[1]], [c, d, e, right[2]]])
        else {
            return straight;
        };
        let curve = Self {
            origin: straight.origin,
            height: straight.height + height,
            slope: straight.slope + slope / half,
            bend: bend / (half * half),
            reach: half,
        };
        let steepest = (curve.slope.abs()).max((curve.slope + 2.0 * curve.bend * half).abs());
        if steepest.max((curve.slope - 2.0 * curve.bend * half).abs()) > STEEPEST { straight } else { curve }
    }

    /// Returns the row at which the line passes column `x`.
    pub fn at(&self, x: f32) -> f32 {
        let x = x - self.origin;
        let bent = x.clamp(-self.reach, self.reach);
        self.height + x * self.slope + self.bend * bent * bent
    }

    /// Returns the rows it falls a column to the right, at its middle.
    pub fn slope(&self) -> f32 {
        self.slope
    }
}

/// Solves three linear equations by Gauss's elimination with pivots.
fn solved(mut rows: [[f64; 4]; 3]) -> Option<[f32; 3]> {
    for column in 0..3 {
        let pivot = (column..3).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        if rows[column][column].abs() < 1e-9 {
            return None;
        }
        for other in 0..3 {
            if other != column {
                let factor = rows[other][column] / rows[column][column];
                let pivot = rows[column];
                rows[other].iter_mut().zip(pivot).for_each(|(value, pivot)| *value -= factor * pivot);
            }
        }
    }
    Some([0, 1, 2].map(|row| (rows[row][3] / rows[row][row]) as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fit: fn(&[Point]) -> Axis, curve: fn(f32) -> f32, tolerance: f32) {
        let points: Vec<Point> =
            (0..40).map(|i| i as f32 * 50.0).map(|x| Point { x, y: curve(x), weight: 1.0 }).collect();
        let axis = fit(&points);
        for point in &points {
            let apart = (axis.at(point.x) - point.y).abs();
            assert!(apart <= tolerance, "{apart} at {}", point.x);
        }
    }

    #[test]
    fn lines_are_followed() {
        check(Axis::straight, |x| 700.0 + 0.03 * x, 0.01);
        check(Axis::bent, |x| 700.0 - 0.03 * x, 0.05);
        check(Axis::bent, |x| 700.0 + 0.01 * x + 14.0 * (x / 2000.0 * 3.0).sin(), 3.0);
    }

    #[test]
    fn a_line_that_bends_too_much_is_taken_for_straight() {
        let points: Vec<Point> =
            [(0.0, 0.0), (10.0, 30.0), (20.0, 0.0)].map(|(x, y)| Point { x, y, weight: 1.0 }).to_vec();
        assert!((Axis::bent(&points).at(10.0) - 10.0).abs() < 0.1);
        assert_eq!(Axis::straight(&points[..1]).at(90.0), 0.0);
        assert_eq!(Axis::bent(&[]).at(90.0), 0.0);
    }
}
