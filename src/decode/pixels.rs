//! Pixels on the way from a decoder to a page image: bits spread to bytes, inks to RGB, turned, cropped, and brought
//! to one of the two forms a page has.

use crate::model::Dpi;
use crate::model::PageImage;
use crate::model::PixelBox;
use crate::model::PixelSize;
use crate::model::Rotation;
use image::{DynamicImage, GrayImage, RgbImage};

/// Samples of a picture, row by row without padding.
pub(super) enum Samples {
    /// One byte a pixel, 0 black.
    Grey(Vec<u8>),
    /// Three bytes a pixel.
    Rgb(Vec<u8>),
}

/// A decoded picture.
pub(super) struct Picture {
    pub size: PixelSize,
    pub samples: Samples,
}

/// How a picture is brought upright: mirrored left to right if so said, then turned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    pub mirrored: bool,
    pub rotation: Rotation,
}

impl Turn {
    /// Returns the turn that the Orientation of EXIF and TIFF stands for; unknown values turn nothing.
    pub(super) fn of_orientation(orientation: u64) -> Self {
        let (mirrored, rotation) = match orientation {
            2 => (true, Rotation::None),
            3 => (false, Rotation::Half),
            4 => (true, Rotation::Half),
            5 => (true, Rotation::Clockwise270),
            6 => (false, Rotation::Clockwise90),
            7 => (true, Rotation::Clockwise90),
            8 => (false, Rotation::Clockwise270),
            _ => (false, Rotation::None),
        };
        Self { mirrored, rotation }
    }

    /// Returns the size of a picture of `size` after this turn.
    pub(super) fn turned_size(self, size: PixelSize) -> PixelSize {
        if self.rotation.swaps_sides() { PixelSize { width: size.height, height: size.width } } else { size }
    }
}

impl Picture {
    pub(super) fn grey(size: PixelSize, samples: Vec<u8>) -> Self {
        Self { size, samples: Samples::Grey(samples) }
    }

    pub(super) fn rgb(size: PixelSize, samples: Vec<u8>) -> Self {
        Self { size, samples: Samples::Rgb(samples) }
    }

    /// Returns the picture after `turn`.
    pub(super) fn turned(self, turn: Turn) -> Self {
        if turn == Turn::default() {
            return self;
        }
        let samples = match self.samples {
            Samples::Grey(samples) => Samples::Grey(turn_pixels::<1>(&samples, self.size, turn)),
            Samples::Rgb(samples) => Samples::Rgb(turn_pixels::<3>(&samples, self.size, turn)),
        };
        Self { size: turn.turned_size(self.size), samples }
    }

    /// Returns the part of the picture within `part`.
    pub(super) fn cropped(self, part: PixelBox) -> Self {
        let part = PixelBox::new(
            part.left.min(self.size.width),
            part.top.min(self.size.height),
            part.right.min(self.size.width),
            part.bottom.min(self.size.height),
        );
        let size = PixelSize { width: part.width(), height: part.height() };
        if size == self.size || part.is_empty() {
            return self;
        }
        let samples = match self.samples {
            Samples::Grey(samples) => Samples::Grey(crop_pixels(&samples, self.size, part, 1)),
            Samples::Rgb(samples) => Samples::Rgb(crop_pixels(&samples, self.size, part, 3)),
        };
        Self { size, samples }
    }

    /// Returns the picture in RGB.
    pub(super) fn into_rgb(self) -> Vec<u8> {
        match self.samples {
            Samples::Rgb(samples) => samples,
            Samples::Grey(samples) => samples.iter().flat_map(|grey| [*grey; 3]).collect(),
        }
    }

    /// Returns the page image: grey where the picture has no colour to speak of.
    pub(super) fn into_page(self, dpi: Option<Dpi>) -> Option<PageImage> {
        let PixelSize { width, height } = self.size;
        let grey = match self.samples {
            Samples::Grey(samples) => samples,
            Samples::Rgb(samples) if is_grey(&samples) => greys_of(&samples),
            Samples::Rgb(samples) => {
                let pixels = DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, samples)?);
                return Some(PageImage { pixels, dpi, bilevel: false });
            }
        };
        let bilevel = grey.chunks(4096).all(|part| part.iter().all(|grey| *grey == 0 || *grey == 255));
        let pixels = DynamicImage::ImageLuma8(GrayImage::from_raw(width, height, grey)?);
        Some(PageImage { pixels, dpi, bilevel })
    }
}

/// Spread between the channels of a pixel from which on it counts as coloured. The chroma noise of JPEG and of colour
/// scanners on grey paper stays below.
const COLOUR_SPREAD: u8 = 24;

/// Of so many pixels one may be coloured before the picture is: a stamp of 3 cm, drawn thin, has ten times as many.
const PIXELS_PER_COLOURED: usize = 10_000;

fn is_grey(rgb: &[u8]) -> bool {
    let allowed = rgb.len() / 3 / PIXELS_PER_COLOURED;
    let mut coloured = 0;
    for part in rgb.chunks(3 * 4096) {
        let (pixels, _) = part.as_chunks::<3>();
        let found = pixels.iter().map(|[r, g, b]| {
            let spread = *r.max(g).max(b) - *r.min(g).min(b);
            u16::from(spread > COLOUR_SPREAD)
        });
        coloured += usize::from(found.sum::<u16>());
        if coloured > allowed {
            return false;
        }
    }
    true
}

/// Luma as in ITU-R BT.601, which JPEG uses as well.
pub(super) fn luma([r, g, b]: [u8; 3]) -> u8 {
    ((u32::from(r) * 19595 + u32::from(g) * 38470 + u32::from(b) * 7471 + 32768) >> 16) as u8
}

fn greys_of(rgb: &[u8]) -> Vec<u8> {
    rgb.as_chunks::<3>().0.iter().map(|pixel| luma(*pixel)).collect()
}

/// Spreads rows of packed bits, each row starting at a byte, to one byte a pixel: `values[bit]`.
///
/// Missing bits come out as `values[0]`.
pub(super) fn spread_bits(packed: &[u8], width: usize, height: usize, values: [u8; 2]) -> Vec<u8> {
    let mut spread = Vec::new();
    spread.resize(width * height, values[0]);
    if width == 0 {
        return spread;
    }
    let mut eight = [[0; 8]; 256];
    for (byte, pixels) in eight.iter_mut().enumerate() {
        for (bit, pixel) in pixels.iter_mut().enumerate() {
            *pixel = values[(byte >> (7 - bit)) & 1];
        }
    }
    for (row, bits) in spread.chunks_exact_mut(width).zip(packed.chunks(width.div_ceil(8))) {
        let (whole, rest) = row.as_chunks_mut::<8>();
        for (pixels, byte) in whole.iter_mut().zip(bits) {
            *pixels = eight[usize::from(*byte)];
        }
        if let Some(last) = bits.get(width / 8) {
            rest.copy_from_slice(&eight[usize::from(*last)][..rest.len()]);
        }
    }
    spread
}

/// Returns the RGB of inks in CMYK, 255 full ink, or with `inverted` 255 no ink, as Adobe writes JPEGs.
pub(super) fn rgb_of_cmyk(inks: &[u8], inverted: bool) -> Vec<u8> {
    let flip = if inverted { 0 } else { 255 };
    let light = |ink: u8, black: u8| {
        let product = u32::from(ink ^ flip) * u32::from(black ^ flip) + 128;
        ((product + (product >> 8)) >> 8) as u8
    };
    let pixels = inks.as_chunks::<4>().0.iter();
    pixels.flat_map(|[c, m, y, k]| [light(*c, *k), light(*m, *k), light(*y, *k)]).collect()
}

/// Returns `sample` as it looks on white paper; with `weighted` it has been multiplied by `alpha` before.
pub(super) fn over_white(sample: u8, alpha: u8, weighted: bool) -> u8 {
    let paper = 255 - u32::from(alpha);
    let ink = if weighted { u32::from(sample) } else { (u32::from(sample) * u32::from(alpha) + 127) / 255 };
    (ink + paper).min(255) as u8
}

fn crop_pixels(samples: &[u8], size: PixelSize, part: PixelBox, channels: usize) -> Vec<u8> {
    let rows = samples.chunks_exact(size.width as usize * channels);
    let columns = part.left as usize * channels..part.right as usize * channels;
    let rows = rows.skip(part.top as usize).take(part.height() as usize);
    rows.flat_map(|row| row.get(columns.clone()).unwrap_or_default()).copied().collect()
}

/// Side of the squares in which pixels are turned, so that what is read and written stays in the cache.
const TURN_BLOCK: usize = 32;

fn turn_pixels<const N: usize>(samples: &[u8], size: PixelSize, turn: Turn) -> Vec<u8> {
    let (width, height) = (size.width as usize, size.height as usize);
    let (source, _) = samples.as_chunks::<N>();
    let new_size = turn.turned_size(size);
    let (new_width, new_height) = (new_size.width as usize, new_size.height as usize);
    let mut turned = vec![0; width * height * N];
    let (target, _) = turned.as_chunks_mut::<N>();
    if source.len() < target.len() {
        return turned;
    }
    let source_index = |x: usize, y: usize| {
        let (column, row) = match turn.rotation {
            Rotation::None => (x, y),
            Rotation::Clockwise90 => (y, height - 1 - x),
            Rotation::Half => (width - 1 - x, height - 1 - y),
            Rotation::Clockwise270 => (width - 1 - y, x),
        };
        row * width + if turn.mirrored { width - 1 - column } else { column }
    };
    for top in (0..new_height).step_by(TURN_BLOCK) {
        for left in (0..new_width).step_by(TURN_BLOCK) {
            for y in top..(top + TURN_BLOCK).min(new_height) {
                let right = (left + TURN_BLOCK).min(new_width);
                let start = y * new_width;
                for (x, pixel) in (left..right).zip(&mut target[start + left..start + right]) {
                    *pixel = source[source_index(x, y)];
                }
            }
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, samples: &[u8]) -> Picture {
        Picture::grey(PixelSize { width, height }, samples.to_vec())
    }

    fn samples(picture: Picture) -> Vec<u8> {
        match picture.samples {
            Samples::Grey(samples) | Samples::Rgb(samples) => samples,
        }
    }

    /// What each Orientation does to the letters of
    /// ```text
    /// a b c
    /// d e f
    /// ```
    #[test]
    fn orientations_turn_as_exif_says() {
        let wants = [b"abcdef", b"cbafed", b"fedcba", b"defabc", b"adbecf", b"daebfc", b"fcebda", b"cfbead"];
        for (orientation, want) in (1..).zip(wants) {
            let turned = picture(3, 2, b"abcdef").turned(Turn::of_orientation(orientation));
            let sideways = orientation >= 5;
            assert_eq!(turned.size.width, if sideways { 2 } else { 3 }, "orientation {orientation}");
            assert_eq!(samples(turned), want, "orientation {orientation}");
        }
    }

    #[test]
    fn a_turn_and_its_inverse_return_every_pixel() {
        let size = PixelSize { width: 71, height: 45 };
        let rgb: Vec<u8> = (0..size.pixels() as u32 * 3).map(|n| (n % 251) as u8).collect();
        for rotation in Rotation::ALL {
            let there = Picture::rgb(size, rgb.clone()).turned(Turn { mirrored: false, rotation });
            let back = there.turned(Turn { mirrored: false, rotation: rotation.inverse() });
            assert_eq!(back.size, size);
            assert!(samples(back) == rgb, "{rotation:?}");
        }
    }

    #[test]
    fn bits_become_bytes() {
        assert_eq!(spread_bits(&[0b1010_0000, 0b0100_0000], 3, 2, [255, 0]), [0, 255, 0, 255, 0, 255]);
        assert_eq!(spread_bits(&[0xFF, 0x80], 9, 1, [0, 255]), [255; 9]);
        assert_eq!(spread_bits(&[0xFF], 9, 2, [0, 255])[8..], [0; 10], "bits that are missing");
    }

    #[test]
    fn a_picture_without_colour_is_grey() {
        let size = PixelSize { width: 100, height: 200 };
        let mut rgb = [200, 210, 205].repeat(20_000);
        rgb[..3].copy_from_slice(&[255, 0, 0]);
        let page = |rgb: &[u8]| Picture::rgb(size, rgb.to_vec()).into_page(None).map(|page| page.pixels.color());
        assert_eq!(page(&rgb), Some(image::ColorType::L8), "a single coloured pixel is noise");
        rgb[..300].copy_from_slice(&[0, 0, 255].repeat(100));
        assert_eq!(page(&rgb), Some(image::ColorType::Rgb8), "a hundred are a signature");
    }

    #[test]
    fn black_and_white_is_noticed() {
        let bilevel = |samples: &[u8]| picture(2, 1, samples).into_page(None).map(|page| page.bilevel);
        assert_eq!(bilevel(&[0, 255]), Some(true));
        assert_eq!(bilevel(&[1, 255]), Some(false));
    }

    #[test]
    fn inks_become_light() {
        assert_eq!(
            rgb_of_cmyk(&[0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255], false),
            [255, 255, 255, 0, 255, 255, 0, 0, 0]
        );
        assert_eq!(rgb_of_cmyk(&[255, 255, 255, 255], true), [255, 255, 255]);
        assert_eq!([over_white(0, 0, false), over_white(0, 255, false), over_white(100, 255, true)], [255, 0, 100]);
    }

    #[test]
    fn a_part_is_cut_out() {
        let part = picture(3, 2, b"abcdef").cropped(PixelBox::new(1, 0, 3, 9));
        assert_eq!(part.size, PixelSize { width: 2, height: 2 });
        assert_eq!(samples(part), b"bcef");
    }
}
