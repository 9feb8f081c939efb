//! Page images as their files code them: what PDF can hold as it is stays as it is, the rest is packed without loss.

use super::DecodeError;
use super::source::ReadAt;
use crate::model::{Coding, Colours, EncodedImage, EncodedPage, PageImage, PixelSize, Rotation};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::DynamicImage;
use image::codecs::jpeg::JpegEncoder;
use std::io::Write;

/// Returns the only image of a page that is stored as it is archived.
pub(super) fn upright(image: EncodedImage) -> EncodedPage {
    EncodedPage { size: image.size, mirrored: false, rotation: Rotation::None, images: vec![image] }
}

/// Packs a decoded page without loss.
pub(super) fn packed(page: &PageImage) -> Result<EncodedPage, DecodeError> {
    let size = page.size();
    let width = size.width as usize;
    let (colours, bits, predictor, rows) = match &page.pixels {
        DynamicImage::ImageLuma8(grey) if page.bilevel => (Colours::Grey, 1, 1, bits_of(grey.as_raw(), width)),
        DynamicImage::ImageLuma8(grey) => (Colours::Grey, 8, 15, above_subtracted(grey.as_raw(), width)),
        other => (Colours::Rgb, 8, 15, above_subtracted(other.to_rgb8().as_raw(), width * 3)),
    };
    let data = deflated(&rows)?;
    let coding = Coding::Flate { predictor };
    Ok(upright(EncodedImage { size, top: 0, colours, bits, inverted: false, coding, data }))
}

/// Quality of JPEGs made to save room: text stays clean at 200 dpi and more.
const SMALL_QUALITY: u8 = 60;

/// Returns the page as JPEG where that takes less room than `coded`; pages of black and white stay as they are.
pub(super) fn smaller(page: &PageImage, coded: EncodedPage) -> EncodedPage {
    let mut data = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut data, SMALL_QUALITY);
    let size = page.size();
    if page.bilevel || encoder.encode_image(&page.pixels).is_err() {
        return coded;
    }
    let bytes: usize = coded.images.iter().map(|image| image.data.len()).sum();
    if data.len() >= bytes {
        return coded;
    }
    let colours = if matches!(page.pixels, DynamicImage::ImageLuma8(_)) { Colours::Grey } else { Colours::Rgb };
    let coding = Coding::Jpeg { transform: None };
    upright(EncodedImage { size, top: 0, colours, bits: 8, inverted: false, coding, data })
}

/// Returns zlib's packing of `bytes`.
pub(super) fn deflated(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::new(7));
    let packed = packer.write_all(bytes).and_then(|()| packer.finish());
    packed.map_err(|error| DecodeError::Unreadable { what: error.to_string() })
}

/// Packs eight pixels into a byte, black as 0.
fn bits_of(pixels: &[u8], width: usize) -> Vec<u8> {
    let byte = |eight: &[u8]| {
        let bits = eight.iter().fold(0_u8, |bits, pixel| bits << 1 | u8::from(*pixel >= 128));
        bits.wrapping_shl(8 - eight.len() as u32)
    };
    pixels.chunks(width.max(1)).flat_map(|row| row.chunks(8).map(byte)).collect()
}

/// Puts PNG's filter "up" on every row, which packs grey scans a little better than none.
fn above_subtracted(samples: &[u8], row_bytes: usize) -> Vec<u8> {
    let mut rows = Vec::with_capacity(samples.len() + samples.len() / row_bytes.max(1));
    let mut above = vec![0; row_bytes];
    for row in samples.chunks(row_bytes.max(1)) {
        rows.push(2);
        rows.extend(row.iter().zip(&above).map(|(sample, above)| sample.wrapping_sub(*above)));
        above = row.to_vec();
    }
    rows
}

/// Returns a PNG's pixels as it packs them, if PDF knows that way: no interlacing, no transparency.
pub(super) fn png(bytes: &[u8]) -> Option<EncodedPage> {
    let mut rest = bytes.get(8..)?;
    let (mut header, mut palette, mut data) = (None, Vec::new(), Vec::new());
    while let Some((head, body)) = rest.split_at_checked(8) {
        let length = u32::from_be_bytes(head.get(..4)?.try_into().ok()?) as usize;
        let chunk = body.get(..length)?;
        match head.get(4..)? {
            b"IHDR" => header = Some(chunk),
            b"PLTE" => palette = chunk.as_chunks::<3>().0.to_vec(),
            b"IDAT" => data.extend_from_slice(chunk),
            b"tRNS" | b"acTL" => return None,
            b"IEND" => break,
            _ => {}
        }
        rest = body.get(length + 4..)?;
    }
    let [w3, w2, w1, w0, h3, h2, h1, h0, bits, colour, 0, 0, 0] = *header? else { return None };
    let size = PixelSize { width: u32::from_be_bytes([w3, w2, w1, w0]), height: u32::from_be_bytes([h3, h2, h1, h0]) };
    let colours = match colour {
        0 => Colours::Grey,
        2 => Colours::Rgb,
        3 if !palette.is_empty() => Colours::Palette(palette),
        _ => return None,
    };
    let coding = Coding::Flate { predictor: 15 };
    Some(upright(EncodedImage { size, top: 0, colours, bits, inverted: false, coding, data }))
}

/// Says whether a JPEG carries Adobe's marker, after which four inks are stored inverted.
pub(super) fn has_adobe_marker(jpeg: &[u8]) -> bool {
    let head = jpeg.get(..jpeg.len().min(64 << 10)).unwrap_or(jpeg);
    head.windows(9).any(|window| matches!(window, [0xFF, 0xEE, 0, 14, b'A', b'd', b'o', b'b', b'e']))
}

/// Returns all bytes of a source.
pub(super) fn all<S: ReadAt + ?Sized>(source: &S) -> Result<Vec<u8>, DecodeError> {
    source.bytes(0, source.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PixelSize;
    use image::{GrayImage, ImageFormat, Luma};
    use std::io::{Cursor, Read};

    #[test]
    fn black_and_white_takes_a_bit_a_pixel() {
        let grey = GrayImage::from_fn(10, 2, |x, y| Luma([if x == 9 && y == 1 { 0 } else { 255 }]));
        let page = PageImage { pixels: DynamicImage::ImageLuma8(grey), dpi: None, bilevel: true };
        let coded = packed(&page).unwrap();
        let mut plain = Vec::new();
        flate2::read::ZlibDecoder::new(&coded.images[0].data[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, [0xFF, 0xC0, 0xFF, 0x80]);
    }

    #[test]
    fn a_png_is_taken_as_it_is_unless_it_is_transparent() {
        let written = |image: DynamicImage| {
            let mut bytes = Cursor::new(Vec::new());
            image.write_to(&mut bytes, ImageFormat::Png).unwrap();
            bytes.into_inner()
        };
        let page = png(&written(DynamicImage::new_luma8(5, 3))).unwrap();
        assert_eq!((page.size, &page.images[0].colours), (PixelSize { width: 5, height: 3 }, &Colours::Grey));
        assert_eq!(png(&written(DynamicImage::new_rgba8(5, 3))), None);
        assert_eq!(png(b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR"), None);
    }
}
