//! JPEG: markers read for size, resolution and turn; pixels by zune-jpeg, asked to be strict.
//!
//! A lenient JPEG decoder fills what is missing with grey and reports success, which would make half a letter pass for
//! a whole one. So the data must decode strictly; what strictness merely dislikes about headers is forgiven.

use super::DecodeError;
use super::believable_dpi;
use super::guard::checked_size;
use super::pixels::{Picture, Turn, rgb_of_cmyk};
use super::source::ReadAt;
use super::tags::Exif;
use crate::model::Dpi;
use crate::model::PixelSize;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// What stands before the pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JpegHeader {
    pub size: PixelSize,
    pub components: u8,
    pub progressive: bool,
    pub dpi: Option<Dpi>,
    pub turn: Turn,
}

impl JpegHeader {
    /// Returns the memory that decoding takes: the samples, the page, and all coefficients where scans build on each other.
    pub(super) fn decoded_bytes(&self) -> u64 {
        let samples = self.size.pixels() * u64::from(self.components);
        samples * if self.progressive { 4 } else { 2 }
    }
}

/// Which colours three components are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    /// What the markers say; YCbCr where they say nothing.
    AsMarked,
    /// RGB as they are, whatever the markers say (TIFF).
    Rgb,
}

/// Most segments looked at in search of the frame header.
const MAX_SEGMENTS: usize = 1000;

/// Reads the markers up to the first frame header.
pub(super) fn read_header<S: ReadAt + ?Sized>(source: &S, limit_megapixels: u32) -> Result<JpegHeader, DecodeError> {
    let mut jfif = None;
    let mut exif: Option<Exif> = None;
    let mut position = 2;
    for _ in 0..MAX_SEGMENTS {
        let [marker, length @ ..] = segment_start(source, &mut position)?;
        let length = u64::from(u16::from_be_bytes(length));
        let body = position + 4;
        match marker {
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let frame = source.bytes(body, 6)?;
                let [_, h1, h0, w1, w0, components] = frame[..] else { break };
                let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
                let size = checked_size(width.into(), height.into(), limit_megapixels)?;
                let exif = exif.unwrap_or_default();
                let progressive = !matches!(marker, 0xC0 | 0xC1);
                return Ok(JpegHeader { size, components, progressive, dpi: jfif.or(exif.dpi), turn: exif.turn });
            }
            0xE0 if jfif.is_none() => jfif = source.bytes(body, 12).ok().and_then(|body| jfif_dpi(&body)),
            0xE1 if exif.is_none() => {
                let block = source.bytes(body, length.saturating_sub(2))?;
                exif = block.strip_prefix(b"Exif\0\0").map(Exif::read);
            }
            0xD9 | 0xDA => break,
            _ => {}
        }
        position = body - 2 + length.max(2);
    }
    Err(DecodeError::damaged_image("it has no JPEG frame"))
}

/// Returns marker and length of the segment at `position`, which is moved past fill bytes to its 0xFF.
fn segment_start<S: ReadAt + ?Sized>(source: &S, position: &mut u64) -> Result<[u8; 3], DecodeError> {
    loop {
        let bytes = source.bytes(*position, 4)?;
        match bytes[..] {
            [0xFF, marker, high, low] if !matches!(marker, 0 | 0x01 | 0xD0..=0xD8 | 0xFF) => {
                return Ok([marker, high, low]);
            }
            _ => *position += 1,
        }
    }
}

fn jfif_dpi(body: &[u8]) -> Option<Dpi> {
    let [unit, x1, x0, y1, y0] = body.strip_prefix(b"JFIF\0")?.get(2..7)?.try_into().ok()?;
    let per_inch = match unit {
        1 => 1.0,
        2 => 2.54,
        _ => return None,
    };
    let density = |high, low| f64::from(u16::from_be_bytes([high, low])) * per_inch;
    believable_dpi(density(x1, x0), density(y1, y0))
}

/// Decodes `data`, whose header has been read, without turning it.
pub(super) fn decode(data: &[u8], header: &JpegHeader, colours: Colours) -> Result<Picture, DecodeError> {
    match decode_with(data, header, colours, true) {
        // zune-jpeg marks a mere dislike of a header as such, or counts components that the markers do not explain.
        Err(error) if is_about_headers(&error) => decode_with(data, header, colours, false),
        result => result,
    }
    .map_err(|error| match error {
        DecodeErrors::Unsupported(what) => DecodeError::unsupported(format!("JPEG with {what:?}")),
        error => DecodeError::damaged_image(error_text(&error)),
    })
}

fn is_about_headers(error: &DecodeErrors) -> bool {
    let text = error_text(error);
    text.contains("strict-mode") || text.contains("component")
}

fn error_text(error: &DecodeErrors) -> String {
    // Some of its messages have several lines; what is told of a file is one.
    format!("{error:?}").trim_matches('"').split_whitespace().collect::<Vec<_>>().join(" ")
}

fn decode_with(data: &[u8], header: &JpegHeader, colours: Colours, strict: bool) -> Result<Picture, DecodeErrors> {
    let side = usize::from(u16::MAX);
    let options = DecoderOptions::default().set_strict_mode(strict).set_max_width(side).set_max_height(side);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(data), options);
    decoder.decode_headers()?;
    let stored = decoder.input_colorspace().unwrap_or(ColorSpace::YCbCr);
    let wanted = match stored {
        ColorSpace::Luma | ColorSpace::CMYK | ColorSpace::YCCK => stored,
        _ if colours == Colours::Rgb => stored,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let mut samples = decoder.decode()?;
    let size = header.size;
    let expected = size.pixels() as usize * wanted.num_components();
    if samples.len() != expected {
        return Err(DecodeErrors::Format(format!("{} samples instead of {expected}", samples.len())));
    }
    Ok(match wanted {
        ColorSpace::Luma => Picture::grey(size, samples),
        ColorSpace::CMYK => Picture::rgb(size, rgb_of_cmyk(&samples, has_adobe_marker(data))),
        ColorSpace::YCCK => {
            inks_of_ycck(&mut samples);
            Picture::rgb(size, rgb_of_cmyk(&samples, has_adobe_marker(data)))
        }
        _ => Picture::rgb(size, samples),
    })
}

/// Turns YCCK into CMYK in place: K stays, and the others are the complement of the RGB that YCbCr stands for.
///
/// Source: libjpeg, jdcolor.c, `ycck_cmyk_convert`.
fn inks_of_ycck(samples: &mut [u8]) {
    let complement = |value: f32| (255.0 - value).round().clamp(0.0, 255.0) as u8;
    for [c, m, y, _] in samples.as_chunks_mut::<4>().0 {
        let (luma, blue, red) = (f32::from(*c), f32::from(*m) - 128.0, f32::from(*y) - 128.0);
        *c = complement(luma + 1.402 * red);
        *m = complement(luma - 0.344_136 * blue - 0.714_136 * red);
        *y = complement(luma + 1.772 * blue);
    }
}

/// Says whether an Adobe marker stands before the pixels: its writers store inks inverted.
fn has_adobe_marker(data: &[u8]) -> bool {
    let mut position = 2;
    for _ in 0..MAX_SEGMENTS {
        let Ok([marker, length @ ..]) = segment_start(data, &mut position) else { return false };
        match marker {
            0xEE if data.bytes(position + 4, 5).is_ok_and(|name| name == b"Adobe") => return true,
            0xDA => return false,
            _ => position += 2 + u64::from(u16::from_be_bytes(length)).max(2),
        }
    }
    false
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::decode::pixels::Samples;

    /// A grey ramp as JPEG, 300 dpi.
    pub(in crate::decode) fn encoded(width: u32, height: u32) -> Vec<u8> {
        let image = image::GrayImage::from_fn(width, height, |x, y| image::Luma([((x * 3 + y * 7) % 256) as u8]));
        let mut bytes = Vec::new();
        let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90);
        encoder.set_pixel_density(image::codecs::jpeg::PixelDensity::dpi(300));
        encoder.encode_image(&image).expect("encodes into memory");
        bytes
    }

    fn decode_all(data: &[u8]) -> Result<Picture, DecodeError> {
        decode(data, &read_header(data, 200)?, Colours::AsMarked)
    }

    #[test]
    fn size_and_resolution_stand_in_the_header() {
        let header = read_header(&encoded(64, 48)[..], 200).expect("has a header");
        assert_eq!(header.size, PixelSize { width: 64, height: 48 });
        assert_eq!((header.components, header.progressive, header.dpi), (1, false, Some(Dpi(300))));
    }

    #[test]
    fn ycck_stands_for_inks_that_adobe_inverts() {
        // A grey of Y 100 without black: the inverted inks are 155, and light as they say.
        let mut samples = [100, 128, 128, 255];
        inks_of_ycck(&mut samples);
        assert_eq!(samples, [155, 155, 155, 255]);
        assert_eq!(rgb_of_cmyk(&samples, true), [155, 155, 155]);
    }

    #[test]
    fn a_jpeg_that_lacks_its_end_marker_alone_is_whole() {
        let bytes = encoded(160, 160);
        let whole = decode_all(&bytes[..bytes.len() - 2]).expect("all rows are there");
        assert!(matches!(whole.samples, Samples::Grey(samples) if samples.len() == 160 * 160));
    }

    #[test]
    fn a_jpeg_cut_short_is_damaged() {
        let bytes = encoded(160, 160);
        for part in [50, 70, 90] {
            let cut = decode_all(&bytes[..bytes.len() * part / 100]);
            assert!(matches!(cut, Err(DecodeError::DamagedImage { .. })), "{part} % of the file");
        }
    }

    #[test]
    fn a_huge_size_is_refused_from_the_header() {
        let mut bytes = encoded(16, 16);
        let frame = bytes.windows(2).position(|marker| marker == [0xFF, 0xC0]).expect("has a frame");
        bytes[frame + 5..frame + 9].copy_from_slice(&[0x9C, 0x40, 0x9C, 0x40]);
        assert!(matches!(decode_all(&bytes), Err(DecodeError::TooLarge { width: 40_000, height: 40_000, .. })));
    }
}
