//! Samples of a TIFF strip or tile: from bits as stored to one or three bytes a pixel.

use super::layout::{Ink, Layout};
use crate::decode::DecodeError;
use crate::decode::pixels::{over_white, rgb_of_cmyk, spread_bits};
use crate::model::PixelSize;

/// Returns a strip of one bit a pixel as grey.
pub(super) fn bilevel(layout: &Layout, bytes: &[u8], size: PixelSize) -> Vec<u8> {
    let inverted = matches!(layout.ink, Ink::Grey { inverted: true });
    let values = if inverted { [255, 0] } else { [0, 255] };
    spread_bits(bytes, size.width as usize, size.height as usize, values)
}

/// Adds up rows whose samples are stored as the difference from the sample before of the same colour.
pub(super) fn undo_differences(
    bytes: &mut [u8],
    row_bytes: usize,
    samples: usize,
    bits: u8,
    big_endian: bool,
) -> Result<(), DecodeError> {
    match bits {
        8 => {
            for row in bytes.chunks_exact_mut(row_bytes) {
                for index in samples..row.len() {
                    row[index] = row[index].wrapping_add(row[index - samples]);
                }
            }
            Ok(())
        }
        16 => {
            let read = |pair: [u8; 2]| if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
            for row in bytes.chunks_exact_mut(row_bytes) {
                let (pairs, _) = row.as_chunks_mut::<2>();
                for index in samples..pairs.len() {
                    let sum = read(pairs[index]).wrapping_add(read(pairs[index - samples]));
                    pairs[index] = if big_endian { sum.to_be_bytes() } else { sum.to_le_bytes() };
                }
            }
            Ok(())
        }
        _ => Err(DecodeError::unsupported(format!("TIFF with differences of {bits} bits"))),
    }
}

/// Returns one byte a sample: the highest eight bits, or all spread over 0..=255; numbers into a palette stay as they are.
pub(super) fn to_bytes(bytes: Vec<u8>, row_bytes: usize, row_samples: usize, layout: &Layout) -> Vec<u8> {
    let bits = usize::from(layout.bits);
    match bits {
        8 => bytes,
        16 | 32 => {
            let size = bits / 8;
            let high = if layout.big_endian { 0 } else { size - 1 };
            bytes.iter().skip(high).step_by(size).copied().collect()
        }
        _ => {
            let full = (1_u32 << bits) - 1;
            let scaled = !matches!(layout.ink, Ink::Palette(_));
            let rows = bytes.chunks_exact(row_bytes);
            let sample = |row: &[u8], index: usize| {
                let first = index * bits;
                let byte = |at: usize| row.get(at).map_or(0, |byte| u32::from(*byte));
                let window = byte(first / 8) << 16 | byte(first / 8 + 1) << 8 | byte(first / 8 + 2);
                let value = window >> (24 - bits - first % 8) & full;
                if scaled { ((value * 255 + full / 2) / full) as u8 } else { value as u8 }
            };
            rows.flat_map(|row| (0..row_samples).map(move |index| sample(row, index))).collect()
        }
    }
}

/// Joins planes of one sample each to pixels.
pub(super) fn interleaved(planes: &[Vec<u8>]) -> Vec<u8> {
    let count = planes.iter().map(Vec::len).min().unwrap_or(0);
    (0..count).flat_map(|index| planes.iter().map(move |plane| plane[index])).collect()
}

/// Returns the pixels that samples stand for, on white where they are transparent.
pub(super) fn to_pixels(layout: &Layout, samples: Vec<u8>, size: PixelSize) -> Vec<u8> {
    let colours = layout.ink.colours();
    let samples = match (layout.samples == colours, layout.alpha) {
        (true, _) => samples,
        (false, None) => without_extras(&samples, layout.samples, colours),
        (false, Some(weighted)) => on_white(layout, &samples, colours, weighted),
    };
    match &layout.ink {
        Ink::Grey { inverted: false } | Ink::Rgb => samples,
        Ink::Grey { inverted: true } => samples.iter().map(|sample| !sample).collect(),
        Ink::Cmyk => rgb_of_cmyk(&samples, false),
        Ink::YCbCr { .. } => {
            samples.as_chunks::<3>().0.iter().flat_map(|[y, cb, cr]| rgb_of_ycbcr(*y, *cb, *cr)).collect()
        }
        Ink::Palette(palette) => {
            let colour = |index: &u8| palette.get(usize::from(*index)).copied().unwrap_or([255; 3]);
            let mut pixels = Vec::with_capacity(size.pixels() as usize * layout.channels());
            match layout.channels() {
                1 => pixels.extend(samples.iter().map(|index| colour(index)[0])),
                _ => pixels.extend(samples.iter().flat_map(colour)),
            }
            pixels
        }
    }
}

fn without_extras(samples: &[u8], stored: usize, colours: usize) -> Vec<u8> {
    samples.chunks_exact(stored).flat_map(|pixel| &pixel[..colours]).copied().collect()
}

fn on_white(layout: &Layout, samples: &[u8], colours: usize, weighted: bool) -> Vec<u8> {
    // White is no ink in CMYK and where 0 is white; an index into a palette cannot be mixed at all.
    let dark_is_high = matches!(layout.ink, Ink::Cmyk | Ink::Grey { inverted: true });
    let mixed = !matches!(layout.ink, Ink::Palette(_));
    let pixels = samples.chunks_exact(layout.samples);
    let mix = |sample: u8, alpha: u8| match (mixed, dark_is_high) {
        (false, _) => sample,
        (true, false) => over_white(sample, alpha, weighted),
        (true, true) if weighted => sample.min(alpha),
        (true, true) => !over_white(!sample, alpha, false),
    };
    pixels.flat_map(|pixel| pixel[..colours].iter().map(|sample| mix(*sample, pixel[colours]))).collect()
}

/// Returns the RGB of pixels stored as blocks of lumas with shared chroma.
pub(super) fn rgb_of_blocks(bytes: &[u8], row_bytes: usize, size: PixelSize, across: usize, down: usize) -> Vec<u8> {
    let (width, height) = (size.width as usize, size.height as usize);
    let mut pixels = vec![255; width * height * 3];
    let block_bytes = across * down + 2;
    for (y, row) in pixels.chunks_exact_mut(width * 3).enumerate() {
        let blocks = bytes.get(y / down * row_bytes..).unwrap_or_default();
        for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let start = x / across * block_bytes;
            let Some(block) = blocks.get(start..start + block_bytes) else { break };
            let luma = block[y % down * across + x % across];
            *pixel = rgb_of_ycbcr(luma, block[block_bytes - 2], block[block_bytes - 1]);
        }
    }
    pixels
}

/// Returns the RGB of a YCbCr colour, ITU-R BT.601 over the full range.
fn rgb_of_ycbcr(luma: u8, blue: u8, red: u8) -> [u8; 3] {
    let (luma, blue, red) = (f32::from(luma), f32::from(blue) - 128.0, f32::from(red) - 128.0);
    let colours = [luma + 1.402 * red, luma - 0.344_136 * blue - 0.714_136 * red, luma + 1.772 * blue];
    colours.map(|colour| colour.round().clamp(0.0, 255.0) as u8)
}
