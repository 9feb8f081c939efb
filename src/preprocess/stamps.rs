//! Lifts round stamps in coloured ink off the print beneath them: colour page in, grey page and the stamps' places out.
//!
//! Ink of a stamp absorbs some colours more than others, black print absorbs all alike. So where a stamp stands, the
//! absorbance of each pixel is split into print and stamp ink, after Beer and Lambert: what the weakest colour absorbs is
//! print, less the stamp's own share of it. Only rings are taken for stamps: letters written or printed in colour are to
//! be read.

use super::circles::{Mask, Ring};
use crate::model::{Dpi, PixelBox};
use image::{GrayImage, RgbImage};

/// Resolution of the copy on which stamps are looked for, in dpi.
const COPY_DPI: u32 = 38;
/// A pixel is coloured where its channels differ by this share of their paper.
const COLOURED: f32 = 0.06;
/// A page with more coloured ink than this share holds pictures, or is coloured paper.
const MOST_COLOURED: f32 = 0.08;
/// Share of the stamp's strongest absorbance that its weakest is taken for at most; more is no colour.
const MOST_GREY: f32 = 0.75;

/// Returns the stamps of a page, in its pixels, and takes their ink off its grey image.
pub fn lift(grey: &mut GrayImage, colour: &RgbImage, dpi: Dpi) -> Vec<PixelBox> {
    if grey.dimensions() != colour.dimensions() {
        return Vec::new();
    }
    let copy = Copy::of(colour, dpi);
    if copy.mask.share() > MOST_COLOURED {
        return Vec::new();
    }
    let places: Vec<PixelBox> = copy.mask.rings().iter().map(|ring| copy.on_page(ring, grey.dimensions())).collect();
    for place in &places {
        take_off(grey, colour, *place, &copy.paper);
    }
    places
}

/// A small copy of the page, with the places of coloured ink.
struct Copy {
    mask: Mask,
    /// Page pixels to one of these, along each side.
    scale: usize,
    /// Lightness of the paper in each channel.
    paper: [f32; 3],
}

impl Copy {
    fn of(colour: &RgbImage, dpi: Dpi) -> Self {
        let scale = (dpi.0 / COPY_DPI).max(1) as usize;
        let (full_width, full_height) = (colour.width() as usize, colour.height() as usize);
        let (width, height) = (full_width / scale, full_height / scale);
        // A few pixels of each block are enough to tell its colour.
        let step = (scale / 3).max(1);
        let mut values = Vec::with_capacity(width * height);
        for band in colour.as_raw().chunks_exact((full_width * scale * 3).max(1)).take(height) {
            let mut sums = vec![[0_u32; 3]; width];
            let mut count = 0;
            for row in band.chunks_exact(full_width * 3).step_by(step) {
                for (sum, block) in sums.iter_mut().zip(row.chunks_exact(scale * 3)) {
                    for pixel in block.chunks_exact(3).step_by(step) {
                        sum.iter_mut().zip(pixel).for_each(|(sum, &value)| *sum += u32::from(value));
                    }
                }
                count += scale.div_ceil(step) as u32;
            }
            values.extend(sums.into_iter().map(|sum| sum.map(|sum| (sum / count.max(1)) as u8)));
        }
        let paper = [0, 1, 2].map(|channel| lightness_of_paper(&values, channel));
        let is_coloured = |value: &[u8; 3]| {
            let shares = [0, 1, 2].map(|channel| f32::from(value[channel]) / paper[channel]);
            let (low, high) = range(shares);
            high.min(1.0) - low > COLOURED
        };
        let coloured = values.iter().enumerate().filter(|(_, value)| is_coloured(value)).map(|(at, _)| at);
        Self { mask: Mask::of(width, height, dpi.0 as f32 / scale as f32, coloured), scale, paper }
    }

    /// Returns the place on the page, a little wider than on the copy.
    fn on_page(&self, ring: &Ring, (width, height): (u32, u32)) -> PixelBox {
        let place = |at: i32, limit: u32| (at.max(0) as u32 * self.scale as u32).min(limit);
        let reach = ring.radius + 2;
        PixelBox::new(
            place(ring.x - reach, width),
            place(ring.y - reach, height),
            place(ring.x + reach + 1, width),
            place(ring.y + reach + 1, height),
        )
    }
}

/// Returns the lightness that a fifth of the page exceeds in one channel; at least 1.
fn lightness_of_paper(values: &[[u8; 3]], channel: usize) -> f32 {
    let mut histogram = [0_u32; 256];
    values.iter().for_each(|value| histogram[usize::from(value[channel])] += 1);
    f32::from(super::thumbnail::percentile(&histogram, 0.8)).max(1.0)
}

fn range(values: [f32; 3]) -> (f32, f32) {
    values.iter().fold((f32::MAX, f32::MIN), |(low, high), &value| (low.min(value), high.max(value)))
}

/// Takes the ink of one stamp off the grey page.
fn take_off(grey: &mut GrayImage, colour: &RgbImage, place: PixelBox, paper: &[f32; 3]) {
    let absorbed = |x: u32, y: u32| {
        let pixel = colour.get_pixel(x, y).0;
        let shares = [0, 1, 2].map(|channel| (f32::from(pixel[channel].max(4)) / paper[channel]).min(1.0));
        let (low, high) = range(shares);
        (-high.ln(), -low.ln())
    };
    let places = || (place.top..place.bottom).flat_map(|y| (place.left..place.right).map(move |x| (x, y)));
    // The purest ink of the stamp tells how much its weakest colour absorbs for what the strongest does.
    let mut ratios: Vec<f32> = places()
        .map(|(x, y)| absorbed(x, y))
        .filter(|(weak, strong)| *strong > 0.25 && weak < &(strong * MOST_GREY))
        .map(|(weak, strong)| weak / strong)
        .collect();
    if ratios.is_empty() {
        return;
    }
    let middle = ratios.len() / 2;
    let ratio = *ratios.select_nth_unstable_by(middle, f32::total_cmp).1;
    for (x, y) in places() {
        let (weak, strong) = absorbed(x, y);
        let stamp = (strong - weak).max(0.0) / (1.0 - ratio);
        if stamp < 0.05 {
            continue;
        }
        // A pixel and a half of stamp ink is taken for each one found: colour is stored more coarsely than light.
        let print = (weak - ratio * stamp * 1.25).max(0.0);
        let lightness = paper.iter().sum::<f32>() / 3.0 * (-print).exp();
        let value = &mut grey.get_pixel_mut(x, y).0[0];
        *value = (*value).max(lightness.min(255.0) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    const INK: [f32; 3] = [0.2, 0.25, 0.65];

    /// A page with lines of black print, and over some of it what `coloured` says.
    fn page(coloured: impl Fn(i64, i64) -> bool) -> (GrayImage, RgbImage) {
        let colour = RgbImage::from_fn(800, 1000, |x, y| {
            let print: f32 = if y % 40 < 12 && x % 14 < 7 && (100..700).contains(&x) { 0.1 } else { 1.0 };
            let ink = |channel: usize| if coloured(i64::from(x), i64::from(y)) { INK[channel] } else { 1.0 };
            Rgb([0, 1, 2].map(|channel| (250.0 * print * ink(channel)) as u8))
        });
        (image::imageops::grayscale(&colour), colour)
    }

    fn distance(x: i64, y: i64) -> f64 {
        ((x - 400).pow(2) as f64 + (y - 600).pow(2) as f64).sqrt()
    }

    #[test]
    fn a_ring_is_lifted_and_the_print_under_it_stays() {
        let ring = |x: i64, y: i64| (68.0..80.0).contains(&distance(x, y));
        let (mut grey, colour) = page(ring);
        let stamps = lift(&mut grey, &colour, Dpi(100));
        assert_eq!(stamps.len(), 1);
        let (near, far) = (|at: u32, want: u32| at.abs_diff(want) <= 9, stamps[0]);
        assert!(near(far.left, 320) && near(far.right, 480) && near(far.top, 520) && near(far.bottom, 680), "{far:?}");
        for (x, y, pixel) in grey.enumerate_pixels() {
            let printed = y % 40 < 12 && x % 14 < 7 && (100..700).contains(&x);
            let value = pixel.0[0];
            assert!(if printed { value < 60 } else { value > 200 }, "{value} at {x}, {y}");
        }
    }

    #[test]
    fn coloured_letters_and_grey_rings_are_no_stamps() {
        let (mut grey, colour) =
            page(|x, y| y % 40 < 12 && x % 14 < 7 && (300..460).contains(&x) && (500..660).contains(&y));
        let before = grey.clone();
        assert_eq!(lift(&mut grey, &colour, Dpi(100)), []);
        assert_eq!(grey, before);
        let (_, black) = page(|_, _| false);
        assert_eq!(lift(&mut grey, &black, Dpi(100)), []);
    }
}
