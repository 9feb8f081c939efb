//! Files of one image: JPEG, PNG, BMP and WebP.

use super::DecodeError;
use super::Format;
use super::PageHeader;
use super::Settings;
use super::believable_dpi;
use super::guard::checked_size;
use super::jpeg::{self, JpegHeader};
use super::passthrough;
use super::pixels::{Picture, Turn, over_white};
use super::source::{Cursor, FileBytes, ReadAt};
use super::tags::Exif;
use crate::model::{Coding, Colours, Dpi, EncodedImage, EncodedPage, PageImage, PixelSize};
use image::codecs::{bmp::BmpDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, Limits};
use std::io::BufReader;

/// A file of one image with its header read.
pub(super) struct SingleImage {
    file: FileBytes,
    header: Header,
    max_page_megapixels: u32,
}

enum Header {
    Jpeg(JpegHeader),
    Other { format: Format, size: PixelSize, sample_bytes: u64, dpi: Option<Dpi>, turn: Turn },
}

impl SingleImage {
    pub(super) fn open(file: FileBytes, format: Format, settings: &Settings) -> Result<Self, DecodeError> {
        let max_page_megapixels = settings.max_page_megapixels;
        let header = match format {
            Format::Jpeg => Header::Jpeg(jpeg::read_header(&file, max_page_megapixels)?),
            _ => read_header(&file, format, max_page_megapixels)?,
        };
        Ok(Self { file, header, max_page_megapixels })
    }

    pub(super) fn page_header(&self) -> PageHeader {
        match &self.header {
            Header::Jpeg(header) => PageHeader {
                size: header.turn.turned_size(header.size),
                decoded_bytes: self.file.len() + header.decoded_bytes(),
            },
            Header::Other { size, sample_bytes, turn, .. } => PageHeader {
                size: turn.turned_size(*size),
                decoded_bytes: self.file.len() + sample_bytes + size.pixels() * 3,
            },
        }
    }

    /// Returns the page as coded, where PDF knows its coding.
    pub(super) fn coded(&self) -> Result<Option<EncodedPage>, DecodeError> {
        match &self.header {
            Header::Jpeg(header) => {
                let data = passthrough::all(&self.file)?;
                let colours = match header.components {
                    1 => Colours::Grey,
                    3 => Colours::Rgb,
                    4 => Colours::Cmyk,
                    _ => return Ok(None),
                };
                let inverted = header.components == 4 && passthrough::has_adobe_marker(&data);
                let (size, coding) = (header.size, Coding::Jpeg { transform: None });
                let image = EncodedImage { size, top: 0, colours, bits: 8, inverted, coding, data };
                let (mirrored, rotation) = (header.turn.mirrored, header.turn.rotation);
                Ok(Some(EncodedPage { size, mirrored, rotation, images: vec![image] }))
            }
            Header::Other { format: Format::Png, turn, .. } if *turn == Turn::default() => {
                Ok(passthrough::png(&self.file.all()?))
            }
            Header::Other { .. } => Ok(None),
        }
    }

    pub(super) fn page(&self) -> Result<PageImage, DecodeError> {
        let bytes = self.file.all()?;
        let (picture, turn, dpi) = match &self.header {
            Header::Jpeg(header) => (jpeg::decode(&bytes, header, jpeg::Colours::AsMarked)?, header.turn, header.dpi),
            Header::Other { format, dpi, turn, .. } => {
                let mut decoder = decoder_of(&bytes[..], *format)?;
                decoder.set_limits(limits(self.max_page_megapixels)).map_err(damaged)?;
                let image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
                (picture_of(image), *turn, *dpi)
            }
        };
        let page = picture.turned(turn).into_page(dpi);
        page.ok_or_else(|| DecodeError::damaged_image("it has fewer samples than pixels"))
    }
}

fn limits(max_page_megapixels: u32) -> Limits {
    let mut limits = Limits::no_limits();
    // Sixteen bits of four channels, twice: the decoders' own buffers count as well.
    limits.max_alloc = Some(u64::from(max_page_megapixels) * 1_000_000 * 16);
    limits
}

fn decoder_of<'a, S: ReadAt + ?Sized>(bytes: &'a S, format: Format) -> Result<Box<dyn ImageDecoder + 'a>, DecodeError> {
    let reader = BufReader::new(Cursor::new(bytes));
    let decoder: Box<dyn ImageDecoder> = match format {
        Format::Png => Box::new(PngDecoder::new(reader).map_err(damaged)?),
        Format::Bmp => Box::new(BmpDecoder::new(reader).map_err(damaged)?),
        Format::WebP => Box::new(WebPDecoder::new(reader).map_err(damaged)?),
        Format::Jpeg | Format::Tiff | Format::Pdf => return Err(DecodeError::unsupported(format.media_type())),
    };
    Ok(decoder)
}

fn damaged(error: ImageError) -> DecodeError {
    match error {
        ImageError::Unsupported(error) => DecodeError::unsupported(error.to_string()),
        error => DecodeError::damaged_image(error.to_string()),
    }
}

fn read_header(file: &FileBytes, format: Format, limit_megapixels: u32) -> Result<Header, DecodeError> {
    // The decoder of PNG refuses huge sizes with an error of its own, so the size is looked at first.
    if format == Format::Png {
        let head = file.bytes(16, 8)?;
        checked_size(big_endian(&head[..4]), big_endian(&head[4..]), limit_megapixels)?;
    }
    let mut decoder = decoder_of(file, format)?;
    let (width, height) = decoder.dimensions();
    let size = checked_size(width.into(), height.into(), limit_megapixels)?;
    let turn = Turn::of_orientation(decoder.orientation().unwrap_or(Orientation::NoTransforms).to_exif().into());
    let stated = match format {
        Format::Png => png_dpi(file),
        Format::Bmp => bmp_dpi(file),
        _ => None,
    };
    let dpi = stated.or_else(|| Exif::read(&decoder.exif_metadata().ok()??).dpi);
    Ok(Header::Other { format, size, sample_bytes: decoder.total_bytes(), dpi, turn })
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

const METRES_PER_INCH: f64 = 0.0254;

/// Returns the resolution that a PNG states in its pHYs chunk, which stands before the pixels.
fn png_dpi(file: &FileBytes) -> Option<Dpi> {
    let mut position = 8;
    loop {
        let head = file.bytes(position, 8).ok()?;
        match head.get(4..)? {
            b"pHYs" => {
                let body = file.bytes(position + 8, 9).ok()?;
                let per_inch = |metre: Option<&[u8]>| Some(big_endian(metre?) as f64 * METRES_PER_INCH);
                let [horizontal, vertical] = [per_inch(body.get(..4))?, per_inch(body.get(4..8))?];
                return believable_dpi(horizontal, vertical).filter(|_| body.last() == Some(&1));
            }
            b"IDAT" | b"IEND" => return None,
            _ => position += 12 + big_endian(head.get(..4)?),
        }
    }
}

/// Returns the resolution that a BMP states; its oldest header has no place for one.
fn bmp_dpi(file: &FileBytes) -> Option<Dpi> {
    let head = file.bytes(0, 46).ok()?;
    let number = |at: usize| Some(f64::from(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?)));
    let header_size = number(14)?;
    let per_inch = |at| Some(number(at)? * METRES_PER_INCH);
    believable_dpi(per_inch(38)?, per_inch(42)?).filter(|_| header_size >= 40.0)
}

/// Brings what a decoder returns to one byte a sample, transparent parts over white.
fn picture_of(image: DynamicImage) -> Picture {
    let size = PixelSize { width: image.width(), height: image.height() };
    match image {
        DynamicImage::ImageLuma8(image) => Picture::grey(size, image.into_raw()),
        DynamicImage::ImageLuma16(image) => Picture::grey(size, image.iter().map(high_byte).collect()),
        DynamicImage::ImageLumaA8(image) => {
            let pixels = image.as_raw().as_chunks::<2>().0.iter();
            Picture::grey(size, pixels.map(|[grey, alpha]| over_white(*grey, *alpha, false)).collect())
        }
        DynamicImage::ImageLumaA16(_) => picture_of(DynamicImage::ImageLumaA8(image.into_luma_alpha8())),
        DynamicImage::ImageRgb8(image) => Picture::rgb(size, image.into_raw()),
        DynamicImage::ImageRgba8(image) => {
            let pixels = image.as_raw().as_chunks::<4>().0.iter();
            let flat = pixels.flat_map(|[r, g, b, alpha]| [r, g, b].map(|sample| over_white(*sample, *alpha, false)));
            Picture::rgb(size, flat.collect())
        }
        DynamicImage::ImageRgb16(image) => Picture::rgb(size, image.iter().map(high_byte).collect()),
        other => picture_of(DynamicImage::ImageRgba8(other.into_rgba8())),
    }
}

fn high_byte(sample: &u16) -> u8 {
    (sample >> 8) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Luma, LumaA, Rgb, Rgba};
    use std::io::Cursor as MemoryCursor;

    fn open(image: impl Into<DynamicImage>, format: ImageFormat) -> SingleImage {
        let mut bytes = MemoryCursor::new(Vec::new());
        image.into().write_to(&mut bytes, format).expect("encodes into memory");
        open_bytes(bytes.get_ref()).expect("opens")
    }

    fn open_bytes(bytes: &[u8]) -> Result<SingleImage, DecodeError> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), bytes).expect("is written");
        let format = Format::sniff(bytes).expect("is known");
        SingleImage::open(FileBytes::open(file.path())?, format, &Settings::default())
    }

    #[track_caller]
    fn check(image: SingleImage, want: &[u8]) {
        let page = image.page().expect("decodes");
        assert_eq!(page.size(), image.page_header().size);
        assert_eq!(page.pixels.as_bytes(), want);
    }

    #[test]
    fn every_form_of_grey_comes_out_grey() {
        let size = (2, 1);
        let column = |x: u32| (x * 200) as u8;
        check(open(image::GrayImage::from_fn(size.0, size.1, |x, _| Luma([column(x)])), ImageFormat::Png), &[0, 200]);
        let deep = image::ImageBuffer::<Luma<u16>, _>::from_fn(2, 1, |x, _| Luma([u16::from(column(x)) << 8 | 77]));
        check(open(deep, ImageFormat::Png), &[0, 200]);
        let grey = image::RgbImage::from_fn(2, 1, |x, _| Rgb([column(x); 3]));
        check(open(grey.clone(), ImageFormat::Bmp), &[0, 200]);
        check(open(grey.clone(), ImageFormat::WebP), &[0, 200]);
        check(open(grey, ImageFormat::Png), &[0, 200]);
    }

    #[test]
    fn what_is_transparent_is_paper() {
        let greys = image::GrayAlphaImage::from_fn(3, 1, |x, _| LumaA([100, [0, 255, 128][x as usize]]));
        check(open(greys, ImageFormat::Png), &[255, 100, 177]);
        let colours = image::RgbaImage::from_fn(2, 1, |x, _| Rgba([200, 0, 0, [0, 255][x as usize]]));
        check(open(colours, ImageFormat::Png), &[255, 255, 255, 200, 0, 0]);
    }

    #[test]
    fn colour_stays_colour() {
        let pixel = [10, 20, 200];
        for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP] {
            check(open(image::RgbImage::from_pixel(2, 2, Rgb(pixel)), format), &pixel.repeat(4));
        }
    }

    #[test]
    fn a_file_cut_short_is_damaged() {
        let image = image::RgbImage::from_fn(64, 64, |x, y| Rgb([(x * y) as u8, x as u8, y as u8]));
        for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP] {
            let mut bytes = MemoryCursor::new(Vec::new());
            DynamicImage::from(image.clone()).write_to(&mut bytes, format).expect("encodes");
            let bytes = bytes.into_inner();
            let cut = open_bytes(&bytes[..bytes.len() * 3 / 4]).and_then(|image| image.page());
            assert!(matches!(cut, Err(DecodeError::DamagedImage { .. })), "{format:?}: {cut:?}");
        }
    }

    #[test]
    fn a_huge_size_is_refused_from_the_header() {
        let mut bytes = MemoryCursor::new(Vec::new());
        image::GrayImage::new(4, 4).write_to(&mut bytes, ImageFormat::Png).expect("encodes");
        let mut bytes = bytes.into_inner();
        bytes[16..24].copy_from_slice(&[0, 0, 0x9C, 0x40, 0, 0, 0x9C, 0x40]);
        assert!(matches!(open_bytes(&bytes), Err(DecodeError::TooLarge { .. })));
    }
}
