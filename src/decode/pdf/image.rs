//! Decodes the images that a page is made of: the second look at a page, which takes the pixels the first one chose.

use super::space::{PlainImage, Space, entry};
use super::survey::Tile;
use crate::decode::DecodeError;
use crate::decode::ccitt::{self, EncodingMode, FaxCoding};
use crate::decode::guard::checked_size;
use crate::decode::jpeg::{self, Colours};
use crate::decode::pixels::{Picture, Samples, over_white, spread_bits};
use crate::model::PixelSize;
use hayro::hayro_interpret::font::GlyphRun;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageData, ImageDrawProps, LumaData, Paint, RasterImage,
    SoftMask, StencilImage,
};
use hayro::hayro_syntax::Filter;
use hayro::hayro_syntax::object::dict::keys;
use hayro::hayro_syntax::object::{Dict, Object, Stream};
use hayro::kurbo::BezPath;

/// Why the pixels of an image were not taken.
pub(super) enum Refusal {
    /// The page must be drawn: colour is poured through a mask, or a mask of another size lies over the image.
    MustBeDrawn,
    /// The image cannot be had.
    Failed(DecodeError),
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::Failed(error)
    }
}

/// A device that decodes the images it was told to, by their order on the page, and ignores everything else.
pub(super) struct Taker<'p> {
    tiles: &'p [Tile],
    max_page_megapixels: u32,
    drawn: usize,
    pub taken: Vec<(Tile, Picture)>,
    pub refusal: Option<Refusal>,
}

impl<'p> Taker<'p> {
    pub(super) fn new(tiles: &'p [Tile], max_page_megapixels: u32) -> Self {
        Self { tiles, max_page_megapixels, drawn: 0, taken: Vec::new(), refusal: None }
    }

    fn decode(&self, image: &Image<'_, '_>) -> Result<Picture, Refusal> {
        let limit = self.max_page_megapixels;
        let declared = PixelSize { width: image.width(), height: image.height() };
        let stream = match image {
            Image::Stencil(stencil) => stencil.stream(),
            Image::Raster(raster) => raster.stream(),
        };
        check_sizes(stream, declared, limit)?;
        match image {
            Image::Stencil(stencil) => stencil_picture(stencil, declared),
            Image::Raster(raster) => match plain_picture(stream, declared, limit)? {
                Some(picture) => Ok(picture),
                None => raster_picture(raster, stream, declared),
            },
        }
    }
}

impl<'a> Device<'a> for Taker<'_> {
    fn draw_image(&mut self, image: Image<'a, '_>, _: ImageDrawProps<'a>) {
        let ordinal = self.drawn;
        self.drawn += 1;
        let Some(tile) = self.tiles.iter().find(|tile| tile.ordinal == ordinal) else { return };
        if self.refusal.is_none() {
            match self.decode(&image) {
                Ok(picture) => self.taken.push((*tile, picture.turned(tile.turn))),
                Err(refusal) => self.refusal = Some(refusal),
            }
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// Checks the size that an image declares, and those within its data, which need not be the same.
pub(super) fn check_sizes(stream: &Stream<'_>, declared: PixelSize, limit: u32) -> Result<(), DecodeError> {
    let dict = stream.dict();
    checked_size(declared.width.into(), declared.height.into(), limit)?;
    for (filter, params) in stream.filters().iter().zip(decode_params(dict)) {
        if *filter == Filter::CcittFaxDecode {
            let columns = params.get::<u32>(keys::COLUMNS).unwrap_or(1728);
            checked_size(columns.into(), declared.height.into(), limit)?;
        }
    }
    if stream.filters().last() == Some(&Filter::JpxDecode) && stream.filters().len() == 1 {
        // The size segment follows the start of the codestream: Xsiz, Ysiz, XOsiz, YOsiz (ISO 15444-1, A.5.1).
        let data = stream.raw_data();
        let start = data.windows(4).take(4096).position(|marker| marker == [0xFF, 0x4F, 0xFF, 0x51]);
        if let Some(size) = start.and_then(|start| data.get(start + 8..start + 24)) {
            let number =
                |at: usize| size.get(at..at + 4).map_or(0, |n| n.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)));
            checked_size(number(0).saturating_sub(number(8)), number(4).saturating_sub(number(12)), limit)?;
        }
    }
    for mask in [keys::SMASK, keys::MASK] {
        if let Some(mask) = dict.get::<Stream<'_>>(mask) {
            let side = |name| mask.dict().get::<u32>(name).map_or(1, u64::from);
            checked_size(side(keys::WIDTH), side(keys::HEIGHT), limit)?;
        }
    }
    Ok(())
}

fn decode_params<'a>(dict: &Dict<'a>) -> Vec<Dict<'a>> {
    match entry(dict, keys::DECODE_PARMS, keys::DP) {
        Some(Object::Dict(params)) => vec![params],
        Some(Object::Array(params)) => {
            params.iter::<Object<'_>>().map(|params| params.into_dict().unwrap_or_default()).collect()
        }
        _ => vec![Dict::default()],
    }
}

/// Decodes an image whose colours need no more than a look-up; `None` where the PDF library must do it.
fn plain_picture(stream: &Stream<'_>, size: PixelSize, limit: u32) -> Result<Option<Picture>, DecodeError> {
    let Some(plain) = PlainImage::of(stream.dict()) else { return Ok(None) };
    let filters = stream.filters();
    match filters[..] {
        [Filter::CcittFaxDecode] if plain.components() == 1 => fax_picture(stream, &plain, size),
        [Filter::DctDecode] => jpeg_picture(stream, &plain, size, limit),
        _ if filters.iter().any(|filter| is_image_coding(*filter)) => Ok(None),
        _ => {
            let Ok(bytes) = stream.decoded_data() else {
                return Err(DecodeError::damaged_pdf("an image cannot be unpacked"));
            };
            samples_picture(&bytes, &plain, size).map(Some)
        }
    }
}

fn is_image_coding(filter: Filter) -> bool {
    matches!(filter, Filter::CcittFaxDecode | Filter::DctDecode | Filter::Jbig2Decode | Filter::JpxDecode)
}

fn fax_picture(stream: &Stream<'_>, plain: &PlainImage, size: PixelSize) -> Result<Option<Picture>, DecodeError> {
    let params = decode_params(stream.dict()).into_iter().next().unwrap_or_default();
    if params.get::<u32>(keys::COLUMNS).unwrap_or(1728) != size.width {
        return Ok(None);
    }
    let flag = |name, default| params.get::<bool>(name).unwrap_or(default);
    let mode = match params.get::<i32>(keys::K).unwrap_or(0) {
        ..0 => EncodingMode::Group4,
        0 => EncodingMode::Group3_1D,
        1.. => EncodingMode::Group3_2D,
    };
    let coding = FaxCoding {
        mode,
        rows_are_byte_aligned: flag(keys::ENCODED_BYTE_ALIGN, false),
        end_of_line: flag(keys::END_OF_LINE, false),
        end_of_block: flag(keys::END_OF_BLOCK, true),
    };
    let mut pixels = vec![255; size.pixels() as usize];
    ccitt::decode(&stream.raw_data(), coding, size, &mut pixels)?;
    // The coding's black is sample 0, unless it says that it is 1.
    let black = u8::from(flag(keys::BLACK_IS_1, false));
    let (black, white) = (plain.colour(black), plain.colour(1 - black));
    Ok(Some(match (black, white) {
        ([0, 0, 0], [255, 255, 255]) => Picture::grey(size, pixels),
        ([b, b1, b2], [w, w1, w2]) if b == b1 && b1 == b2 && w == w1 && w1 == w2 => {
            pixels.iter_mut().for_each(|pixel| *pixel = if *pixel == 0 { b } else { w });
            Picture::grey(size, pixels)
        }
        _ => Picture::rgb(size, pixels.iter().flat_map(|pixel| if *pixel == 0 { black } else { white }).collect()),
    }))
}

fn jpeg_picture(
    stream: &Stream<'_>,
    plain: &PlainImage,
    size: PixelSize,
    limit: u32,
) -> Result<Option<Picture>, DecodeError> {
    let data = stream.raw_data();
    let header = jpeg::read_header(&data[..], limit)?;
    let transform = decode_params(stream.dict()).iter().any(|params| params.contains_key(keys::COLOR_TRANSFORM));
    let simple = !transform && !plain.inverted && !matches!(plain.space, Space::Palette(_));
    if !simple || header.size != size || usize::from(header.components) != plain.components() {
        return Ok(None);
    }
    jpeg::decode(&data, &header, Colours::AsMarked).map(Some)
}

fn samples_picture(bytes: &[u8], plain: &PlainImage, size: PixelSize) -> Result<Picture, DecodeError> {
    let (width, height) = (size.width as usize, size.height as usize);
    let row_bytes = (width * plain.components() * usize::from(plain.bits)).div_ceil(8);
    check_rows(bytes.len() / row_bytes, height)?;
    let table: Vec<[u8; 3]> = (0..=255).map(|sample| plain.colour(sample)).collect();
    let grey = table.iter().all(|[r, g, b]| r == g && g == b);
    Ok(match (plain.bits, &plain.space) {
        (1, _) if grey => Picture::grey(size, spread_bits(bytes, width, height, [table[0][0], table[1][0]])),
        (8, Space::Grey | Space::Rgb) => {
            let mut samples = bytes.get(..row_bytes * height).unwrap_or(bytes).to_vec();
            samples.resize(row_bytes * height, 255);
            if plain.inverted {
                samples.iter_mut().for_each(|sample| *sample = !*sample);
            }
            if plain.components() == 3 { Picture::rgb(size, samples) } else { Picture::grey(size, samples) }
        }
        _ => {
            let bits = usize::from(plain.bits);
            let mask = ((1_u16 << bits) - 1) as u8;
            let row_samples = width * plain.components();
            let empty = Vec::new();
            let rows = bytes.chunks(row_bytes).chain(std::iter::repeat(&empty[..])).take(height);
            let samples = rows.flat_map(|row| {
                (0..row_samples).map(move |index| {
                    let first = index * bits;
                    row.get(first / 8).map_or(mask, |byte| byte >> (8 - bits - first % 8) & mask)
                })
            });
            if plain.components() == 3 || grey {
                let samples = samples.map(|sample| table[usize::from(sample)][0]).collect();
                if plain.components() == 3 { Picture::rgb(size, samples) } else { Picture::grey(size, samples) }
            } else {
                Picture::rgb(size, samples.flat_map(|sample| table[usize::from(sample)]).collect())
            }
        }
    })
}

/// Of so many rows one may be missing at the end of an image.
const ROWS_PER_MISSING: usize = 50;

fn check_rows(found: usize, declared: usize) -> Result<(), DecodeError> {
    if declared.saturating_sub(found) > declared / ROWS_PER_MISSING {
        return Err(DecodeError::DamagedPdf { what: format!("an image ends after {found} of {declared} rows") });
    }
    Ok(())
}

fn stencil_picture(stencil: &StencilImage<'_, '_>, declared: PixelSize) -> Result<Picture, Refusal> {
    let mut result = Err(DecodeError::damaged_pdf("an image cannot be decoded").into());
    let take = |mask: LumaData, paint: &Paint<'_>| {
        let ink = matches!(paint, Paint::Color(color) if color.to_rgba().to_rgba8()[..3].iter().all(|part| *part <= 8));
        result = if ink {
            let inverted = mask.data.iter().map(|covered| !covered).collect();
            whole(Samples::Grey(inverted), mask.width, mask.height, declared)
        } else {
            Err(Refusal::MustBeDrawn)
        };
    };
    stencil.with_stencil(take, None);
    result
}

fn raster_picture(raster: &RasterImage<'_>, stream: &Stream<'_>, declared: PixelSize) -> Result<Picture, Refusal> {
    // The library fills up what a stream lacks, so a stream of plain samples is measured first.
    if !stream.filters().iter().any(|filter| is_image_coding(*filter)) {
        let bits = entry(stream.dict(), keys::BITS_PER_COMPONENT, keys::BPC).and_then(Object::into_u8).unwrap_or(8);
        let bytes = stream.decoded_data().map_or(0, |bytes| bytes.len());
        check_rows(bytes / (declared.width as usize * usize::from(bits)).div_ceil(8), declared.height as usize)?;
    }
    let mut result = Err(DecodeError::damaged_pdf("an image cannot be decoded").into());
    let take = |image: ImageData, alpha: Option<LumaData>| {
        let (width, height) = (image.width(), image.height());
        let samples = match image {
            ImageData::Luma(luma) => Samples::Grey(luma.data),
            ImageData::Rgb(rgb) => Samples::Rgb(rgb.data),
        };
        result = match alpha {
            Some(alpha) if alpha.data.iter().any(|alpha| *alpha != 255) => {
                if (alpha.width, alpha.height) == (width, height) {
                    whole(on_white(samples, &alpha.data), width, height, declared)
                } else {
                    Err(Refusal::MustBeDrawn)
                }
            }
            _ => whole(samples, width, height, declared),
        };
    };
    raster.with_rgba(take, None);
    result
}

fn on_white(samples: Samples, alpha: &[u8]) -> Samples {
    match samples {
        Samples::Grey(mut greys) => {
            greys.iter_mut().zip(alpha).for_each(|(grey, alpha)| *grey = over_white(*grey, *alpha, false));
            Samples::Grey(greys)
        }
        Samples::Rgb(mut colours) => {
            for (pixel, alpha) in colours.as_chunks_mut::<3>().0.iter_mut().zip(alpha) {
                *pixel = pixel.map(|sample| over_white(sample, *alpha, false));
            }
            Samples::Rgb(colours)
        }
    }
}

/// Returns the picture as large as declared; a few rows may be missing, and are white then.
fn whole(samples: Samples, width: u32, height: u32, declared: PixelSize) -> Result<Picture, Refusal> {
    check_rows(height as usize, declared.height as usize)?;
    if width != declared.width {
        // JPEG 2000 and JBIG2 state a size of their own, which then is the true one.
        return Ok(Picture { size: PixelSize { width, height }, samples });
    }
    let fill = |mut samples: Vec<u8>, channels: usize| {
        samples.resize(declared.pixels() as usize * channels, 255);
        samples
    };
    let samples = match samples {
        Samples::Grey(greys) => Samples::Grey(fill(greys, 1)),
        Samples::Rgb(colours) => Samples::Rgb(fill(colours, 3)),
    };
    Ok(Picture { size: declared, samples })
}
