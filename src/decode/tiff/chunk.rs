//! Strips and tiles of a TIFF page: their bytes in, the page's samples out, one or three bytes a pixel.

use super::layout::{Compression, Ink, Layout};
use super::samples;
use crate::decode::DecodeError;
use crate::decode::ccitt;
use crate::decode::jpeg::{self, Colours};
use crate::decode::pixels::{Picture, Samples};
use crate::decode::source::ReadAt;
use crate::model::PixelSize;
use std::io::Read;

/// Where a strip or tile lies on the page: the part of it that the page shows.
struct Spot {
    left: usize,
    top: usize,
    size: PixelSize,
}

/// Reads all strips or tiles of a page.
pub(super) fn read_all<S: ReadAt + ?Sized>(source: &S, layout: &Layout) -> Result<Vec<u8>, DecodeError> {
    let channels = layout.channels();
    let width = layout.size.width as usize;
    if let Compression::OldJpeg(place, length) = layout.compression {
        return old_jpeg(source, layout, place, length);
    }
    let mut page = vec![255; width * layout.size.height as usize * channels];
    let mut index = 0;
    for row in 0..layout.chunks_down() {
        for column in 0..layout.chunks_across() {
            let (left, top) = (column * layout.chunk_size.width as usize, row * layout.chunk_size.height as usize);
            let shown = PixelSize {
                width: layout.chunk_size.width.min(layout.size.width - left as u32),
                height: layout.chunk_size.height.min(layout.size.height - top as u32),
            };
            let spot = Spot { left, top, size: shown };
            read_chunk(source, layout, index, &spot, &mut page)?;
            index += 1;
        }
    }
    Ok(page)
}

fn read_chunk<S: ReadAt + ?Sized>(
    source: &S,
    layout: &Layout,
    index: usize,
    spot: &Spot,
    page: &mut [u8],
) -> Result<(), DecodeError> {
    // A tile is stored whole even where it overhangs the page; the last strip is as short as the page.
    let stored = if layout.tiled { layout.chunk_size } else { spot.size };
    let channels = layout.channels();
    match layout.compression {
        Compression::Fax(coding) => {
            let bytes = packed(source, layout, index)?;
            let inverted = !matches!(layout.ink, Ink::Grey { inverted: true });
            if layout.bits != 1 || layout.samples != 1 || channels != 1 {
                return Err(DecodeError::unsupported("TIFF with a fax coding of other than black and white"));
            }
            let finish = |pixels: &mut [u8]| {
                if inverted {
                    pixels.iter_mut().for_each(|pixel| *pixel = !*pixel)
                }
            };
            if layout.tiled {
                let mut pixels = vec![255; stored.pixels() as usize];
                ccitt::decode(&bytes, coding, stored, &mut pixels)?;
                finish(&mut pixels);
                paste(&pixels, stored, spot, page, layout.size, channels);
            } else {
                let start = spot.top * layout.size.width as usize;
                let rows = page.get_mut(start..start + stored.pixels() as usize).unwrap_or_default();
                ccitt::decode(&bytes, coding, stored, rows)?;
                finish(rows);
            }
        }
        Compression::Jpeg => {
            let picture = jpeg_chunk(source, layout, index)?;
            if picture.size.width < spot.size.width || picture.size.height < spot.size.height {
                return Err(DecodeError::damaged_image("a JPEG in it is smaller than its strip or tile"));
            }
            let size = picture.size;
            paste(&jpeg_samples(picture, layout), size, spot, page, layout.size, channels);
        }
        _ => {
            let pixels = if layout.planar {
                let planes = layout.chunks_across() * layout.chunks_down();
                let read = |plane: usize| unpacked(source, layout, index + plane * planes, stored, 1);
                let planes = (0..layout.samples).map(read).collect::<Result<Vec<_>, _>>()?;
                samples::to_pixels(layout, samples::interleaved(&planes), stored)
            } else if let Ink::YCbCr { across, down } = layout.ink {
                shared_chroma(source, layout, index, stored, across, down)?
            } else if layout.bits == 1 && layout.samples == 1 && !matches!(layout.ink, Ink::Palette(_)) {
                let bytes = decompressed(source, layout, index, stored.width.div_ceil(8) as usize, stored.height)?;
                samples::bilevel(layout, &bytes, stored)
            } else {
                let unpacked = unpacked(source, layout, index, stored, layout.samples)?;
                samples::to_pixels(layout, unpacked, stored)
            };
            paste(&pixels, stored, spot, page, layout.size, channels);
        }
    }
    Ok(())
}

/// Copies what of `chunk` the page shows to its place.
fn paste(chunk: &[u8], stored: PixelSize, spot: &Spot, page: &mut [u8], page_size: PixelSize, channels: usize) {
    let page_rows = page.chunks_exact_mut(page_size.width as usize * channels).skip(spot.top);
    let rows = chunk.chunks_exact(stored.width as usize * channels).take(spot.size.height as usize);
    let (left, count) = (spot.left * channels, spot.size.width as usize * channels);
    for (page_row, row) in page_rows.zip(rows) {
        if let (Some(to), Some(from)) = (page_row.get_mut(left..left + count), row.get(..count)) {
            to.copy_from_slice(from);
        }
    }
}

pub(super) fn packed<S: ReadAt + ?Sized>(source: &S, layout: &Layout, index: usize) -> Result<Vec<u8>, DecodeError> {
    let (offset, count) = layout.places.get(index).copied().unwrap_or_default();
    let mut bytes = source.bytes(offset, count)?;
    // JPEG has an order of bits of its own, which FillOrder does not touch (libtiff, TIFF_NOBITREV).
    if layout.reversed_bits && !matches!(layout.compression, Compression::Jpeg) {
        bytes.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
    }
    Ok(bytes)
}

/// Returns the bytes of `rows` rows, exactly as many as they take.
fn decompressed<S: ReadAt + ?Sized>(
    source: &S,
    layout: &Layout,
    index: usize,
    row_bytes: usize,
    rows: u32,
) -> Result<Vec<u8>, DecodeError> {
    let bytes = packed(source, layout, index)?;
    let expected = row_bytes * rows as usize;
    let mut plain = match layout.compression {
        Compression::PackBits => unpack_bits(&bytes, expected),
        Compression::Lzw => unpack_lzw(&bytes, expected),
        Compression::Deflate => unpack_deflate(&bytes, expected),
        _ => bytes,
    };
    if plain.len() < expected {
        let what = format!("a strip or tile ends after {} of {expected} bytes", plain.len());
        return Err(DecodeError::DamagedImage { what });
    }
    plain.truncate(expected);
    Ok(plain)
}

fn unpacked<S: ReadAt + ?Sized>(
    source: &S,
    layout: &Layout,
    index: usize,
    size: PixelSize,
    samples: usize,
) -> Result<Vec<u8>, DecodeError> {
    let row_samples = size.width as usize * samples;
    let row_bytes = (row_samples * usize::from(layout.bits)).div_ceil(8);
    let mut bytes = decompressed(source, layout, index, row_bytes, size.height)?;
    if layout.differences {
        samples::undo_differences(&mut bytes, row_bytes, samples, layout.bits, layout.big_endian)?;
    }
    Ok(samples::to_bytes(bytes, row_bytes, row_samples, layout))
}

/// Reads YCbCr samples stored in blocks: the lumas of `across` x `down` pixels, then the chroma they share.
fn shared_chroma<S: ReadAt + ?Sized>(
    source: &S,
    layout: &Layout,
    index: usize,
    size: PixelSize,
    across: usize,
    down: usize,
) -> Result<Vec<u8>, DecodeError> {
    if layout.bits != 8 || layout.samples != 3 || layout.differences && across * down > 1 {
        return Err(DecodeError::unsupported("TIFF with YCbCr of other than 8 bits"));
    }
    let block_bytes = across * down + 2;
    let row_bytes = (size.width as usize).div_ceil(across) * block_bytes;
    let block_rows = (size.height as usize).div_ceil(down);
    let mut bytes = decompressed(source, layout, index, row_bytes, block_rows as u32)?;
    if layout.differences {
        samples::undo_differences(&mut bytes, row_bytes, 3, 8, layout.big_endian)?;
    }
    Ok(samples::rgb_of_blocks(&bytes, row_bytes, size, across, down))
}

fn jpeg_chunk<S: ReadAt + ?Sized>(source: &S, layout: &Layout, index: usize) -> Result<Picture, DecodeError> {
    let bytes = whole_jpeg(layout, packed(source, layout, index)?);
    let limit = (layout.chunk_size.pixels().max(layout.size.pixels()) / 1_000_000 + 2) * 2;
    let header = jpeg::read_header(&bytes[..], u32::try_from(limit).unwrap_or(u32::MAX))?;
    let colours = if layout.ink == Ink::Rgb { Colours::Rgb } else { Colours::AsMarked };
    jpeg::decode(&bytes, &header, colours)
}

/// Returns a strip as a JPEG of its own, with the tables that all strips share.
pub(super) fn whole_jpeg(layout: &Layout, strip: Vec<u8>) -> Vec<u8> {
    // The tables come as a JPEG without pixels: its end marker and the strip's start marker go.
    match (layout.jpeg_tables.strip_suffix(&[0xFF, 0xD9]), strip.strip_prefix(&[0xFF, 0xD8])) {
        (Some(tables), Some(rest)) if tables.len() > 2 => [tables, rest].concat(),
        _ => strip,
    }
}

fn jpeg_samples(picture: Picture, layout: &Layout) -> Vec<u8> {
    match (picture.samples, &layout.ink) {
        (Samples::Grey(mut greys), Ink::Grey { inverted }) => {
            if *inverted {
                greys.iter_mut().for_each(|grey| *grey = !*grey);
            }
            greys
        }
        (Samples::Rgb(colours), Ink::Grey { .. }) => colours.iter().step_by(3).copied().collect(),
        (samples, _) => Picture { size: picture.size, samples }.into_rgb(),
    }
}

fn old_jpeg<S: ReadAt + ?Sized>(source: &S, layout: &Layout, place: u64, length: u64) -> Result<Vec<u8>, DecodeError> {
    let unsupported = || DecodeError::unsupported("TIFF with the deprecated kind of JPEG (compression 6) in pieces");
    let bytes = source.bytes(place, length.min(source.len().saturating_sub(place)))?;
    let header = jpeg::read_header(&bytes[..], u32::MAX).map_err(|_| unsupported())?;
    if header.size != layout.size {
        return Err(unsupported());
    }
    let picture = jpeg::decode(&bytes, &header, Colours::AsMarked).map_err(|_| unsupported())?;
    Ok(jpeg_samples(picture, layout))
}

/// Undoes PackBits: a count, then bytes as they are or one byte to repeat.
fn unpack_bits(packed: &[u8], expected: usize) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut rest = packed;
    while let ([head, tail @ ..], true) = (rest, plain.len() < expected) {
        let count = usize::from(*head);
        rest = match (count, tail) {
            (0..=127, _) => {
                let (literal, after) = tail.split_at(tail.len().min(count + 1));
                plain.extend_from_slice(literal);
                after
            }
            (129.., [byte, after @ ..]) => {
                plain.resize(plain.len() + 257 - count, *byte);
                after
            }
            _ => tail,
        };
    }
    plain
}

/// Undoes LZW as far as it goes; what is missing is for the caller to see.
fn unpack_lzw(packed: &[u8], expected: usize) -> Vec<u8> {
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
    let mut plain = vec![0; expected];
    let (mut rest, mut filled) = (packed, 0);
    while let Some(space @ [_, ..]) = plain.get_mut(filled..) {
        let result = decoder.decode_bytes(rest, space);
        filled += result.consumed_out;
        rest = rest.get(result.consumed_in..).unwrap_or_default();
        if !matches!(result.status, Ok(weezl::LzwStatus::Ok)) {
            break;
        }
    }
    plain.truncate(filled);
    plain
}

fn unpack_deflate(packed: &[u8], expected: usize) -> Vec<u8> {
    let mut plain = Vec::new();
    // What was read before an error stays in `plain`; its length is checked.
    let _ = flate2::read::ZlibDecoder::new(packed).take(expected as u64).read_to_end(&mut plain);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_bits_are_unpacked() {
        // The example of TIFF 6.0, section 9.
        let packed = [0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA];
        let mut plain = vec![0xAA; 3];
        plain.extend([0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22]);
        plain.extend([0xAA; 10]);
        assert_eq!(unpack_bits(&packed, plain.len()), plain);
        assert_eq!(unpack_bits(&[5, 1, 2], 6), [1, 2], "what is missing is not made up");
        assert_eq!(unpack_bits(&[128, 0xFF], 6), [0; 0]);
    }
}
