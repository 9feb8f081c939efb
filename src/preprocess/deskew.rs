//! Straightens pages that lie askew by a few degrees.
//!
//! The angle is the one at which the ink of the page gathers most in rows (Postl, "Detection of linear oblique structures
//! and skew scan in digitized documents", ICPR 1986), tried on the thumbnail's ink.

use super::thumbnail::Thumbnail;
use crate::model::Rotation;
use image::GrayImage;

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
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (centre_x, centre_y) = (width as f32 / 2.0, height as f32 / 2.0);
    let source = page.as_raw();
    let mut target = vec![255; width * height];
    for (y, row) in target.chunks_exact_mut(width.max(1)).enumerate() {
        let dy = y as f32 + 0.5 - centre_y;
        for (x, value) in row.iter_mut().enumerate() {
            let dx = x as f32 + 0.5 - centre_x;
            let (from_x, from_y) = (cos * dx + sin * dy + centre_x - 0.5, -sin * dx + cos * dy + centre_y - 0.5);
            if from_x < 0.0 || from_y < 0.0 {
                continue;
            }
            let (left, top) = (from_x as usize, from_y as usize);
            if left + 1 >= width || top + 1 >= height {
                continue;
            }
            // Between four pixels, in 1/256 of a pixel: whole numbers are quicker than fractions here.
            let (share_x, share_y) = (((from_x - left as f32) * 256.0) as u32, ((from_y - top as f32) * 256.0) as u32);
            let at = top * width + left;
            let mix = |at: usize| u32::from(source[at]) * (256 - share_x) + u32::from(source[at + 1]) * share_x;
            *value = ((mix(at) * (256 - share_y) + mix(at + width) * share_y) >> 16) as u8;
        }
    }
    GrayImage::from_raw(page.width(), page.height(), target).unwrap_or_else(|| page.clone())
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
