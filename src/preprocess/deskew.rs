//! Straightens pages that lie askew by a few degrees.
//!
//! The angle is the one at which the ink of the page gathers most in rows (Postl, "Detection of linear oblique structures
//! and skew scan in digitized documents", ICPR 1986), tried on the thumbnail's ink.

use super::thumbnail::Thumbnail;
use crate::model::Rotation;
use image::GrayImage;
use std::cmp::Ordering;
use std::ops::Range;

/// Largest angle looked for, in degrees.
const MOST_DEGREES: f32 = 6.0;
/// Angles below this are left alone: Tesseract reads such pages as well as straight ones, and turning blurs.
const LEAST_DEGREES: f32 = 1.0;
/// Points of ink used at most; more give no better angle.
const MOST_POINTS: usize = 40_000;

/// Returns by how many degrees the page, once made upright, must be turned clockwise to lie straight; `None` where it
/// lies straight enough or shows no lines.
pub fn needed_angle(thumbnail: &Thumbnail, upright: Rotation) -> Option<f32> {
    let points = points(thumbnail, upright);
    if points.len() < 200 {
        return None;
    }
    let coarse = best_angle(&points, -MOST_DEGREES, MOST_DEGREES, 0.5);
    let fine = best_angle(&points, coarse - 0.5, coarse + 0.5, 0.1);
    (fine.abs() >= LEAST_DEGREES && fine.abs() < MOST_DEGREES).then_some(fine)
}

/// Returns places of ink on the upright page: every n-th where there are very many.
fn points(thumbnail: &Thumbnail, upright: Rotation) -> Vec<(f32, f32)> {
    let (width, height) = (thumbnail.width as f32, thumbnail.height as f32);
    let ink: Vec<usize> = thumbnail.ink.iter().enumerate().filter(|(_, ink)| **ink).map(|(at, _)| at).collect();
    let step = ink.len().div_ceil(MOST_POINTS).max(1);
    let place = |at: &usize| {
        let (x, y) = ((at % thumbnail.width) as f32, (at / thumbnail.width) as f32);
        match upright {
            Rotation::None => (x, y),
            Rotation::Clockwise90 => (height - 1.0 - y, x),
            Rotation::Half => (width - 1.0 - x, height - 1.0 - y),
            Rotation::Clockwise270 => (y, width - 1.0 - x),
        }
    };
    ink.iter().step_by(step).map(place).collect()
}

/// Returns the angle, of those `step` degrees apart, at which the points gather most in rows.
fn best_angle(points: &[(f32, f32)], from: f32, to: f32, step: f32) -> f32 {
    let steps = ((to - from) / step).round() as usize;
    let angles = (0..=steps).map(|n| from + n as f32 * step);
    // Ties go to the smallest angle, so that a page without lines stays as it is.
    let gathered = angles.map(|angle| (angle, gathering(points, angle)));
    let best = gathered.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.abs().total_cmp(&a.0.abs())));
    best.map_or(0.0, |(angle, _)| angle)
}

/// Returns the sum of squares of ink a row after the page is turned clockwise by `degrees`.
fn gathering(points: &[(f32, f32)], degrees: f32) -> f64 {
    let slope = degrees.to_radians().tan();
    let row = |&(x, y): &(f32, f32)| y + slope * x;
    let lowest = points.iter().map(row).fold(f32::INFINITY, f32::min);
    let mut rows: Vec<u32> = Vec::new();
    for point in points {
        let at = (row(point) - lowest) as usize;
        if at >= rows.len() {
            rows.resize(at + 1, 0);
        }
        rows[at] += 1;
    }
    rows.iter().map(|&ink| f64::from(ink) * f64::from(ink)).sum()
}

/// Returns the page turned clockwise by `degrees` about its centre, the same size as before, white where nothing was.
pub fn straightened(page: &GrayImage, degrees: f32) -> GrayImage {
    let (width, height) = (page.width() as usize, page.height() as usize);
    let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
    let (centre_x, centre_y) = (width as f64 / 2.0, height as f64 / 2.0);
    let source = page.as_raw();
    let mut target = vec![255; width * height];
    let (step_x, step_y) = (fixed(cos), fixed(-sin));
    for (y, row) in target.chunks_exact_mut(width.max(1)).enumerate() {
        let (dx, dy) = (0.5 - centre_x, y as f64 + 0.5 - centre_y);
        // The first pixel's place on the page before, and those after it by steps.
        let from_x = fixed(cos * dx + sin * dy + centre_x - 0.5);
        let from_y = fixed(-sin * dx + cos * dy + centre_y - 0.5);
        let inside_x = steps_inside(from_x, step_x, width, row.len());
        let inside_y = steps_inside(from_y, step_y, height, row.len());
        let (first, end) = (inside_x.start.max(inside_y.start), inside_x.end.min(inside_y.end));
        let Some(row) = row.get_mut(first..end) else { continue };
        let (mut from_x, mut from_y) = (from_x + step_x * first as i64, from_y + step_y * first as i64);
        for value in row {
            let at = (from_y >> 16) as usize * width + (from_x >> 16) as usize;
            let (share_x, share_y) = ((from_x as u32 & 0xFFFF) >> 8, (from_y as u32 & 0xFFFF) >> 8);
            if let (Some([a, b]), Some([c, d])) = (source.get(at..at + 2), source.get(at + width..at + width + 2)) {
                let upper = u32::from(*a) * (256 - share_x) + u32::from(*b) * share_x;
                let lower = u32::from(*c) * (256 - share_x) + u32::from(*d) * share_x;
                *value = ((upper * (256 - share_y) + lower * share_y) >> 16) as u8;
            }
            (from_x, from_y) = (from_x + step_x, from_y + step_y);
        }
    }
    GrayImage::from_raw(page.width(), page.height(), target).unwrap_or_else(|| page.clone())
}

/// Returns a place in 65536ths of a pixel: whole numbers are quicker than fractions here.
fn fixed(place: f64) -> i64 {
    (place * 65536.0).round() as i64
}

/// Returns which of `count` steps from a place lie on pixels `0..size` that have a next one.
fn steps_inside(from: i64, step: i64, size: usize, count: usize) -> Range<usize> {
    let end = (size as i64 - 1) << 16;
    // Steps needed to reach `to` or pass it.
    let steps_to = |to: i64| {
        let steps = (to - from).div_euclid(step) + i64::from((to - from).rem_euclid(step) != 0);
        steps.clamp(0, count as i64) as usize
    };
    match step.cmp(&0) {
        Ordering::Greater => steps_to(0)..steps_to(end),
        Ordering::Less => steps_inside(end - 1 - from, -step, size, count),
        Ordering::Equal if (0..end).contains(&from) => 0..count,
        Ordering::Equal => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::thumbnail::tests::page_of_lines;
    use super::*;
    use crate::model::Dpi;
    use image::Luma;

    fn askew(degrees: f32) -> GrayImage {
        let mut page = straightened(&page_of_lines(30, 8), -degrees);
        // Scanners show paper, not white, where the page was turned away from.
        page.pixels_mut().filter(|pixel| pixel.0[0] > 240).for_each(|pixel| *pixel = Luma([240]));
        page
    }

    #[test]
    fn every_pixel_comes_from_its_place_before() {
        let page = GrayImage::from_fn(97, 61, |x, y| Luma([(x * 2 + y) as u8]));
        for degrees in [-5.9, -1.0, 0.0, 0.7, 5.9] {
            let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
            for (x, y, value) in straightened(&page, degrees).enumerate_pixels() {
                let (dx, dy) = (f64::from(x) - 48.0, f64::from(y) - 30.0);
                let (from_x, from_y) = (cos * dx + sin * dy + 48.0, cos * dy - sin * dx + 30.0);
                let inside = (0.1..95.9).contains(&from_x) && (0.1..59.9).contains(&from_y);
                if inside {
                    let wanted = from_x * 2.0 + from_y;
                    assert!((f64::from(value.0[0]) - wanted).abs() < 1.6, "{x},{y} at {degrees}: {value:?}, {wanted}");
                } else if from_x < -0.1 || from_y < -0.1 || from_x > 96.1 || from_y > 60.1 {
                    assert_eq!(value.0[0], 255, "{x},{y} at {degrees}");
                }
            }
        }
    }

    #[test]
    fn angles_are_found_to_a_tenth_of_a_degree() {
        for degrees in [-4.3, -2.0, 1.5, 3.2] {
            let found = needed_angle(&Thumbnail::of(&askew(degrees), Dpi(100)), Rotation::None);
            assert!(found.is_some_and(|found| (found - degrees).abs() < 0.15), "{found:?} for {degrees}");
        }
    }

    #[test]
    fn small_angles_and_empty_pages_are_left_alone() {
        assert_eq!(needed_angle(&Thumbnail::of(&askew(0.3), Dpi(100)), Rotation::None), None);
        let empty = GrayImage::from_pixel(300, 300, Luma([250]));
        assert_eq!(needed_angle(&Thumbnail::of(&empty, Dpi(100)), Rotation::None), None);
    }
}
