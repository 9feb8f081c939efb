//! Takes round stamps without colour off the print they stand on: a grey page in, the same page without them out.
//!
//! A stamp ties the words together that its rings cross, and letters are not told apart in what is left. Rings are looked for among the
//! large pieces of ink. Where the stamp is clearly lighter than print, all of it goes; where it is as black, its rings go, each as far as it
//! is no thicker than elsewhere: where a letter crosses it, both stay.

use super::circles::{LEAST_DIRECTIONS, Mask, Ring};
use super::pieces::{self, Piece};
use super::thumbnail::{Thumbnail, percentile};
use image::GrayImage;
use std::f32::consts::TAU;

/// Resolution of the copy on which rings are looked for, in dpi.
const COPY_DPI: f32 = 38.0;
/// Ink of stamps is darker than this share of the paper around, of 255.
const LIGHTEST: u8 = 217;
/// Pieces of ink that may be parts of rings: both sides at least this long, in inches, and filled with ink by at most this share,
const LARGE_INCHES: f32 = 0.3;
const LARGE_FILL: f32 = 0.45;
/// or so long and so thick at most, in pixels of the thumbnail; words are thicker.
const ARC_INCHES: f32 = 0.14;
const ARC_THICKNESS: f32 = 3.5;
/// None is longer than this, in inches.
const LONGEST_INCHES: f32 = 4.0;
/// With more such ink than this share of the page, it is a picture or a dirty page.
const MOST_INK: f32 = 0.04;
/// Rings within a stamp are at least this large, as a share of the outermost.
const INNERMOST: f32 = 0.35;
/// Rings are found where they are thought to be, or this far off, in inches.
const OFF_INCHES: f32 = 0.025;
/// They are no thicker than this, in inches.
const THICKEST_INCHES: f32 = 0.05;
/// Where a ring is thicker by more than this share, something else stands there, too.
const THICKER: f32 = 1.6;
/// A stamp is lighter than print by this share of the print's contrast with the paper.
const LIGHTER: f32 = 0.25;

/// Takes the stamps off the page; returns how many there were. The thumbnail is that of the page.
pub fn lift(page: &mut GrayImage, thumbnail: &Thumbnail) -> usize {
    let Some(fine) = large_pieces(thumbnail) else { return 0 };
    let factor = ((thumbnail.dpi / COPY_DPI).round() as usize).max(1);
    let rings = fine.coarser(factor).rings();
    for ring in &rings {
        let outermost = settled(ring, &fine, factor);
        let stamp = Stamp::new(&outermost, &fine, thumbnail);
        stamp.take_off(page, thumbnail);
    }
    rings.len()
}

/// Returns the ink of a page that may be part of a ring; `None` where there is none, or far too much.
fn large_pieces(thumbnail: &Thumbnail) -> Option<Mask> {
    // Stamps are lighter than what counts as ink elsewhere.
    let ink: Vec<bool> = thumbnail.shares().into_iter().map(|share| share < LIGHTEST).collect();
    let mut places = Vec::new();
    let pieces = pieces::visited(&ink, thumbnail.width, |_, at| places.push(at));
    let inches = |pixels: usize| pixels as f32 / thumbnail.dpi;
    let may_be_of_one = |piece: &Piece| {
        let is_large = inches(piece.short()) >= LARGE_INCHES && piece.fill() <= LARGE_FILL;
        let is_thin = inches(piece.long()) >= ARC_INCHES && piece.area as f32 <= ARC_THICKNESS * piece.long() as f32;
        inches(piece.long()) <= LONGEST_INCHES && (is_large || is_thin)
    };
    // The places of a piece stand together, in the order of the pieces.
    let mut rest = places.as_slice();
    let mut kept: Vec<usize> = Vec::new();
    for piece in &pieces {
        let (of_piece, others) = rest.split_at(piece.area);
        if may_be_of_one(piece) {
            kept.extend(of_piece);
        }
        rest = others;
    }
    let mask = Mask::of(thumbnail.width, thumbnail.height, thumbnail.dpi, kept.into_iter());
    (mask.share() > 0.0 && mask.share() <= MOST_INK).then_some(mask)
}

/// Returns the place of a ring of the coarser mask on the finer one.
fn settled(ring: &Ring, fine: &Mask, factor: usize) -> Ring {
    let factor = factor as i32;
    let near = |at: i32| at * factor - factor..=at * factor + 2 * factor;
    let mut best = Ring { x: ring.x * factor, y: ring.y * factor, radius: ring.radius * factor, met: 0 };
    for radius in near(ring.radius) {
        for y in near(ring.y) {
            for x in near(ring.x) {
                let one = Ring { x, y, radius, met: 0 };
                let met = fine.met(&one);
                // Of equals the larger: it is the outermost.
                if met >= best.met {
                    best = Ring { met, ..one };
                }
            }
        }
    }
    best
}

/// A stamp on the page, in its pixels.
struct Stamp {
    centre: (f32, f32),
    /// The outermost first.
    radii: Vec<f32>,
    inch: f32,
}

/// Ink of a ring along one direction from its centre, from pixel to pixel.
#[derive(Clone, Copy)]
struct Crossing {
    direction: f32,
    from: f32,
    to: f32,
}

impl Stamp {
    fn new(outermost: &Ring, fine: &Mask, thumbnail: &Thumbnail) -> Self {
        let scale = thumbnail.scale as f32;
        let on_page = |at: i32| (at as f32 + 0.5) * scale;
        let met = |radius: i32| fine.met(&Ring { radius, ..*outermost });
        let innermost = (outermost.radius as f32 * INNERMOST) as i32;
        let mut radii: Vec<f32> = vec![outermost.radius as f32 * scale];
        // Where more directions meet ink than a pixel further in or out, there is a ring.
        for radius in (innermost..outermost.radius - 1).rev() {
            let here = met(radius);
            if here >= LEAST_DIRECTIONS && here > met(radius + 1) && here >= met(radius - 1) {
                radii.push(radius as f32 * scale);
            }
        }
        Self { centre: (on_page(outermost.x), on_page(outermost.y)), radii, inch: thumbnail.dpi * scale }
    }

    fn outermost(&self) -> f32 {
        self.radii.first().copied().unwrap_or(0.0)
    }

    /// Returns the page's columns and rows on which it stands.
    fn extent(&self, page: &GrayImage) -> (std::ops::Range<u32>, std::ops::Range<u32>) {
        let reach = self.outermost() + OFF_INCHES * self.inch;
        let range = |centre: f32, size: u32| {
            (centre - reach).max(0.0) as u32..((centre + reach).ceil().max(0.0) as u32).min(size)
        };
        (range(self.centre.0, page.width()), range(self.centre.1, page.height()))
    }

    fn is_within(&self, x: u32, y: u32) -> bool {
        (x as f32 - self.centre.0).hypot(y as f32 - self.centre.1) <= self.outermost() + OFF_INCHES * self.inch
    }

    fn take_off(&self, page: &mut GrayImage, thumbnail: &Thumbnail) {
        let (columns, rows) = self.extent(page);
        let mut histogram = [0_u32; 256];
        for y in rows {
            columns.clone().for_each(|x| histogram[usize::from(page.get_pixel(x, y).0[0])] += 1);
        }
        let paper = percentile(&histogram, 0.8);
        let Some(&outermost) = self.radii.first() else { return };
        let Some(of_stamp) = self.lightness_of_ring(page, outermost) else { return };
        let of_print = self.lightness_of_print(page, thumbnail);
        let contrast = f32::from(paper) - f32::from(of_print);
        if f32::from(of_stamp) - f32::from(of_print) >= LIGHTER * contrast && contrast > 0.0 {
            self.whiten(page, of_print + (of_stamp - of_print) / 2, paper);
        } else {
            let ink = of_stamp.min(paper) + paper.saturating_sub(of_stamp) / 2;
            self.radii.iter().for_each(|&radius| self.erase_ring(page, radius, ink, paper));
        }
    }

    /// Paints all but print in the colour of the paper.
    fn whiten(&self, page: &mut GrayImage, print: u8, paper: u8) {
        let (columns, rows) = self.extent(page);
        let before = page.clone();
        let is_print = |x: u32, y: u32| before.get_pixel_checked(x, y).is_some_and(|pixel| pixel.0[0] <= print);
        for (x, y) in rows.flat_map(|y| columns.clone().map(move |x| (x, y))).filter(|&(x, y)| self.is_within(x, y)) {
            // The edges of letters are lighter than letters.
            let is_at_print = [(0, 1), (1, 0), (1, 2), (2, 1), (1, 1)]
                .iter()
                .any(|(right, down)| is_print((x + right).wrapping_sub(1), (y + down).wrapping_sub(1)));
            if !is_at_print {
                page.put_pixel(x, y, image::Luma([paper]));
            }
        }
    }

    /// Returns the lightness of the ring's ink: in each direction the darkest near the ring, the median of these.
    fn lightness_of_ring(&self, page: &GrayImage, radius: f32) -> Option<u8> {
        let mut histogram = [0_u32; 256];
        for direction in directions(radius, 2.0) {
            let darkest = self.along(radius).filter_map(|reach| self.value(page, direction, reach)).min();
            darkest.into_iter().for_each(|value| histogram[usize::from(value)] += 1);
        }
        (histogram.iter().sum::<u32>() > 0).then(|| percentile(&histogram, 0.5))
    }

    /// Returns the lightness of print elsewhere: of each pixel of ink of the thumbnail the darkest of the page, the median of these.
    fn lightness_of_print(&self, page: &GrayImage, thumbnail: &Thumbnail) -> u8 {
        const STEP: usize = 7;
        let mut histogram = [0_u32; 256];
        for (at, _) in thumbnail.ink.iter().enumerate().filter(|(_, ink)| **ink).step_by(STEP) {
            let (x, y) =
                ((at % thumbnail.width * thumbnail.scale) as u32, (at / thumbnail.width * thumbnail.scale) as u32);
            if !self.is_within(x, y) {
                let side = 0..thumbnail.scale as u32;
                let values = side.clone().flat_map(|down| side.clone().map(move |right| (x + right, y + down)));
                let darkest = values.filter_map(|(x, y)| page.get_pixel_checked(x, y)).map(|pixel| pixel.0[0]).min();
                darkest.into_iter().for_each(|value| histogram[usize::from(value)] += 1);
            }
        }
        percentile(&histogram, 0.5)
    }

    fn erase_ring(&self, page: &mut GrayImage, radius: f32, ink: u8, paper: u8) {
        let crossings: Vec<Crossing> =
            directions(radius, 0.5).filter_map(|direction| self.crossing(page, direction, radius, ink)).collect();
        let mut lengths: Vec<f32> = crossings.iter().map(|crossing| crossing.to - crossing.from + 1.0).collect();
        lengths.sort_by(f32::total_cmp);
        let Some(&usual) = lengths.get(lengths.len() / 2) else { return };
        if usual > THICKEST_INCHES * self.inch {
            return;
        }
        for crossing in crossings.iter().filter(|crossing| crossing.to - crossing.from + 1.0 <= THICKER * usual + 1.0) {
            let mut reach = crossing.from - 1.0;
            while reach <= crossing.to + 1.0 {
                let (x, y) = self.place(crossing.direction, reach);
                if let Some(pixel) = page.get_pixel_mut_checked(x, y) {
                    pixel.0[0] = paper;
                }
                reach += 0.5;
            }
        }
    }

    /// Returns the ink nearest to the ring in one direction, as far as it goes on.
    fn crossing(&self, page: &GrayImage, direction: f32, radius: f32, ink: u8) -> Option<Crossing> {
        let is_ink = |reach: f32| self.value(page, direction, reach).is_some_and(|value| value < ink);
        let off = |reach: &f32| (reach - radius).abs();
        let at = self.along(radius).filter(|&reach| is_ink(reach)).min_by(|a, b| off(a).total_cmp(&off(b)))?;
        let (mut from, mut to) = (at, at);
        let farthest = 2.0 * THICKEST_INCHES * self.inch;
        while is_ink(from - 1.0) && at - from < farthest {
            from -= 1.0;
        }
        while is_ink(to + 1.0) && to - at < farthest {
            to += 1.0;
        }
        Some(Crossing { direction, from, to })
    }

    fn along(&self, radius: f32) -> impl Iterator<Item = f32> {
        let off = (OFF_INCHES * self.inch).round() as i32;
        (-off..=off).map(move |off| radius + off as f32)
    }

    fn place(&self, direction: f32, reach: f32) -> (u32, u32) {
        let (sin, cos) = direction.sin_cos();
        let on_page = |at: f32| if at < 0.0 { u32::MAX } else { at as u32 };
        (on_page(self.centre.0 + cos * reach), on_page(self.centre.1 + sin * reach))
    }

    fn value(&self, page: &GrayImage, direction: f32, reach: f32) -> Option<u8> {
        let (x, y) = self.place(direction, reach);
        page.get_pixel_checked(x, y).map(|pixel| pixel.0[0])
    }
}

/// Returns directions in radians, so many pixels apart on a circle.
fn directions(radius: f32, apart: f32) -> impl Iterator<Item = f32> {
    let count = ((TAU * radius / apart) as usize).max(8);
    (0..count).map(move |nth| nth as f32 * TAU / count as f32)
}

#[cfg(test)]
mod tests {
    use super::super::thumbnail::tests::page_of_lines;
    use super::*;
    use crate::model::Dpi;
    use image::Luma;

    const CENTRE: (i64, i64) = (420, 640);

    /// A page of print at 100 dpi, with two rings of this lightness over it.
    fn stamped(lightness: u8) -> (GrayImage, GrayImage) {
        let clean = page_of_lines(20, 10);
        let mut page = clean.clone();
        for (x, y, pixel) in page.enumerate_pixels_mut() {
            let apart = ((i64::from(x) - CENTRE.0).pow(2) + (i64::from(y) - CENTRE.1).pow(2)) as f64;
            if (74.0..77.0).contains(&apart.sqrt()) || (44.0..46.0).contains(&apart.sqrt()) {
                pixel.0[0] = pixel.0[0].min(lightness);
            }
        }
        (clean, page)
    }

    fn lifted(page: &GrayImage) -> (usize, GrayImage) {
        let mut after = page.clone();
        let count = lift(&mut after, &Thumbnail::of(page, Dpi(100)));
        (count, after)
    }

    /// Returns how many pixels differ by more than shades of paper.
    fn differing(a: &GrayImage, b: &GrayImage) -> usize {
        a.as_raw().iter().zip(b.as_raw()).filter(|(a, b)| a.abs_diff(**b) > 40).count()
    }

    #[test]
    fn a_stamp_lighter_than_print_goes_and_the_print_stays() {
        let (clean, page) = stamped(150);
        let (count, after) = lifted(&page);
        assert_eq!(count, 1);
        // Beside letters a pixel of the stamp is taken for their edge.
        let (before, left) = (differing(&page, &clean), differing(&after, &clean));
        assert!(left * 4 < before, "{left} of {before} are left");
        let letters = after.as_raw().iter().zip(clean.as_raw()).filter(|(after, clean)| **clean < 60 && after != clean);
        assert_eq!(letters.count(), 0, "print was touched");
    }

    #[test]
    fn rings_as_black_as_print_go_where_no_letter_stands() {
        let (clean, page) = stamped(20);
        let (count, after) = lifted(&page);
        assert_eq!(count, 1);
        let letters_lost =
            after.as_raw().iter().zip(clean.as_raw()).filter(|(after, clean)| **clean < 60 && **after > 150);
        let (before, left) = (differing(&page, &clean), differing(&after, &clean));
        assert!(left * 3 < before, "{left} of {before} are left");
        let letters_lost = letters_lost.count();
        assert!(letters_lost * 3 < before, "{letters_lost} pixels of letters went with {before} of the stamp");
    }

    #[test]
    fn print_frames_and_blank_pages_have_no_stamps() {
        let mut page = page_of_lines(20, 10);
        for (x, y, pixel) in page.enumerate_pixels_mut() {
            let on_frame = (x == 300 || x == 460) && (560..=720).contains(&y)
                || (y == 560 || y == 720) && (300..=460).contains(&x);
            if on_frame {
                *pixel = Luma([20]);
            }
        }
        assert_eq!(lifted(&page), (0, page));
        let blank = GrayImage::from_pixel(600, 800, Luma([240]));
        assert_eq!(lifted(&blank), (0, blank));
    }
}
