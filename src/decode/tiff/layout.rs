//! What a directory of TIFF tags says about a page: its size, its samples, and where their bytes lie.

use crate::decode::DecodeError;
use crate::decode::Settings;
use crate::decode::ccitt::{EncodingMode, FaxCoding};
use crate::decode::guard::checked_size;
use crate::decode::pixels::Turn;
use crate::decode::source::ReadAt;
use crate::decode::tags::{Directories, Directory, tag};
use crate::model::Dpi;
use crate::model::PixelSize;

/// What the samples of a pixel mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// Grey, 0 black; with `inverted` 0 is white.
    Grey {
        inverted: bool,
    },
    Rgb,
    Palette(Vec<[u8; 3]>),
    Cmyk,
    /// With how many pixels across and down share one pair of chroma samples.
    YCbCr {
        across: usize,
        down: usize,
    },
}

/// How the bytes of a strip or tile are packed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Compression {
    None,
    PackBits,
    Lzw,
    Deflate,
    Fax(FaxCoding),
    Jpeg,
    /// The deprecated JPEG of TIFF 6.0, read where it holds a whole JPEG: place and length.
    OldJpeg(u64, u64),
}

/// A page as its directory describes it.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub size: PixelSize,
    pub turn: Turn,
    pub dpi: Option<Dpi>,
    pub big_endian: bool,
    pub bits: u8,
    pub samples: usize,
    pub ink: Ink,
    /// Whether the sample after the colours is alpha, and then whether the colours are multiplied by it.
    pub alpha: Option<bool>,
    pub compression: Compression,
    pub planar: bool,
    pub reversed_bits: bool,
    /// Whether each sample holds the difference from its left neighbour.
    pub differences: bool,
    pub jpeg_tables: Vec<u8>,
    pub chunk_size: PixelSize,
    pub tiled: bool,
    /// Place and length of every strip or tile, plane after plane.
    pub places: Vec<(u64, u64)>,
}

impl Layout {
    pub(super) fn read<S: ReadAt + ?Sized>(
        tags: &Directories<'_, S>,
        directory: &Directory,
        settings: &Settings,
    ) -> Result<Self, DecodeError> {
        let number = |tag| tags.first_number(directory, tag);
        let required = |tag, name: &str| {
            number(tag)?.ok_or_else(|| DecodeError::damaged_image(format!("its directory has no {name}")))
        };
        let (width, height) = (required(tag::WIDTH, "width")?, required(tag::HEIGHT, "height")?);
        let size = checked_size(width, height, settings.max_page_megapixels)?;
        let samples = number(tag::SAMPLES_PER_PIXEL)?.unwrap_or(1);
        let bits = tags.numbers(directory, tag::BITS_PER_SAMPLE)?.unwrap_or_else(|| vec![1]);
        let bit = bits.first().copied().unwrap_or(1);
        if bits.iter().any(|other| *other != bit) || !matches!(bit, 1..=16 | 32) || !(1..=32).contains(&samples) {
            return Err(DecodeError::unsupported(format!("TIFF with {samples} samples of {bits:?} bits")));
        }
        if number(tag::SAMPLE_FORMAT)?.is_some_and(|format| !matches!(format, 1 | 4)) {
            return Err(DecodeError::unsupported("TIFF whose samples are not unsigned numbers"));
        }
        let compression = compression(tags, directory)?;
        let ink = ink(tags, directory, compression, samples)?;
        let colours = if matches!(ink, Ink::Grey { .. } | Ink::Palette(_)) { 1 } else { ink.colours() };
        if samples < colours as u64 {
            return Err(DecodeError::damaged_image(format!("it has {samples} samples a pixel, and needs {colours}")));
        }
        let alpha = match number(tag::EXTRA_SAMPLES)? {
            Some(kind @ (1 | 2)) if samples > colours as u64 => Some(kind == 1),
            _ => None,
        };
        let planar = number(tag::PLANAR_CONFIGURATION)? == Some(2) && samples > 1;
        let mut layout = Self {
            size,
            turn: tags.turn(directory),
            dpi: tags.dpi(directory),
            big_endian: tags.big_endian(),
            bits: bit as u8,
            samples: samples as usize,
            ink,
            alpha,
            compression,
            planar,
            reversed_bits: number(tag::FILL_ORDER)? == Some(2),
            differences: match number(tag::PREDICTOR)? {
                Some(3) => return Err(DecodeError::unsupported("TIFF with the predictor for floating point")),
                predictor => predictor == Some(2),
            },
            jpeg_tables: tags.raw(directory, tag::JPEG_TABLES)?.unwrap_or_default(),
            chunk_size: size,
            tiled: false,
            places: Vec::new(),
        };
        layout.read_places(tags, directory, settings)?;
        Ok(layout)
    }

    fn read_places<S: ReadAt + ?Sized>(
        &mut self,
        tags: &Directories<'_, S>,
        directory: &Directory,
        settings: &Settings,
    ) -> Result<(), DecodeError> {
        if matches!(self.compression, Compression::OldJpeg(..)) {
            return Ok(());
        }
        let tile = (tags.first_number(directory, tag::TILE_WIDTH)?, tags.first_number(directory, tag::TILE_HEIGHT)?);
        let (offsets, counts) = match tile {
            (Some(width), Some(height)) => {
                self.tiled = true;
                self.chunk_size = checked_size(width, height, settings.max_page_megapixels)?;
                (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS)
            }
            _ => {
                let rows = tags.first_number(directory, tag::ROWS_PER_STRIP)?.unwrap_or(u64::MAX);
                self.chunk_size.height = rows.clamp(1, u64::from(self.size.height)) as u32;
                (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS)
            }
        };
        let offsets = tags.numbers(directory, offsets)?;
        let offsets =
            offsets.ok_or_else(|| DecodeError::damaged_image("its directory does not say where pixels lie"))?;
        let planes = if self.planar { self.samples } else { 1 };
        let expected = self.chunks_across() * self.chunks_down() * planes;
        if offsets.len() < expected {
            let what = format!("it has {} strips or tiles instead of {expected}", offsets.len());
            return Err(DecodeError::DamagedImage { what });
        }
        // Old writers leave the counts out; what is needed then goes on to the next strip or to the end of the file.
        let counts = tags.numbers(directory, counts)?.unwrap_or_default();
        let count = |index: usize, offset: u64| match counts.get(index) {
            Some(count) if *count > 0 => *count,
            _ => {
                let later = offsets.iter().filter(|other| **other > offset).min();
                later.copied().unwrap_or(tags.len()).saturating_sub(offset)
            }
        };
        self.places = (0..expected).zip(&offsets).map(|(index, offset)| (*offset, count(index, *offset))).collect();
        Ok(())
    }

    pub(super) fn chunks_across(&self) -> usize {
        self.size.width.div_ceil(self.chunk_size.width) as usize
    }

    pub(super) fn chunks_down(&self) -> usize {
        self.size.height.div_ceil(self.chunk_size.height) as usize
    }

    /// Returns the bytes a pixel of the page has: 1 for grey, 3 for RGB.
    pub(super) fn channels(&self) -> usize {
        match &self.ink {
            Ink::Grey { .. } => 1,
            Ink::Palette(colours) if colours.iter().all(|[r, g, b]| r == g && g == b) => 1,
            _ => 3,
        }
    }

    /// Returns the most memory that decoding holds at one time.
    pub(super) fn decoded_bytes(&self) -> u64 {
        let chunk = self.chunk_size.pixels().min(self.size.pixels());
        let sample_bytes = chunk * self.samples as u64 * u64::from(self.bits.div_ceil(8) + 1);
        let packed = self.places.iter().map(|(_, count)| *count).max().unwrap_or(0);
        // A turn, or the change from RGB to grey, needs the page a second time.
        self.size.pixels() * self.channels() as u64 * 2 + sample_bytes + packed
    }
}

impl Ink {
    /// Returns the number of samples that make a colour.
    pub(super) fn colours(&self) -> usize {
        match self {
            Self::Grey { .. } | Self::Palette(_) => 1,
            Self::Rgb | Self::YCbCr { .. } => 3,
            Self::Cmyk => 4,
        }
    }
}

fn compression<S: ReadAt + ?Sized>(
    tags: &Directories<'_, S>,
    directory: &Directory,
) -> Result<Compression, DecodeError> {
    let options = tags.first_number(directory, tag::T4_OPTIONS)?.unwrap_or(0);
    let fax = |mode, rows_are_byte_aligned, end_of_line| {
        Compression::Fax(FaxCoding { mode, rows_are_byte_aligned, end_of_line, end_of_block: true })
    };
    Ok(match tags.first_number(directory, tag::COMPRESSION)?.unwrap_or(1) {
        1 => Compression::None,
        2 => fax(EncodingMode::Group3_1D, true, false),
        3 if options & 1 != 0 => fax(EncodingMode::Group3_2D, false, true),
        3 => fax(EncodingMode::Group3_1D, false, true),
        4 => fax(EncodingMode::Group4, false, false),
        5 => Compression::Lzw,
        6 => {
            let place = tags.first_number(directory, tag::JPEG_INTERCHANGE_FORMAT)?;
            let length = tags.first_number(directory, tag::JPEG_INTERCHANGE_LENGTH)?;
            match (place, length) {
                (Some(place), Some(length)) => Compression::OldJpeg(place, length),
                _ => return Err(DecodeError::unsupported("TIFF with the deprecated kind of JPEG (compression 6)")),
            }
        }
        7 => Compression::Jpeg,
        8 | 32946 => Compression::Deflate,
        32773 => Compression::PackBits,
        other => return Err(DecodeError::unsupported(format!("TIFF with compression {other}"))),
    })
}

fn ink<S: ReadAt + ?Sized>(
    tags: &Directories<'_, S>,
    directory: &Directory,
    compression: Compression,
    samples: u64,
) -> Result<Ink, DecodeError> {
    let photometric = tags.first_number(directory, tag::PHOTOMETRIC)?;
    Ok(match photometric {
        Some(0) => Ink::Grey { inverted: true },
        Some(1) => Ink::Grey { inverted: false },
        Some(2) => Ink::Rgb,
        Some(3) => Ink::Palette(palette(tags, directory)?),
        // A mask alone in its file is a page of black on white.
        Some(4) => Ink::Grey { inverted: true },
        Some(5) => Ink::Cmyk,
        Some(6) => {
            let sharing = tags.numbers(directory, tag::YCBCR_SUBSAMPLING)?.unwrap_or_else(|| vec![2, 2]);
            match sharing[..] {
                [across @ (1 | 2 | 4), down @ (1 | 2 | 4)] => {
                    Ink::YCbCr { across: across as usize, down: down as usize }
                }
                _ => return Err(DecodeError::damaged_image(format!("its chroma is shared by {sharing:?} pixels"))),
            }
        }
        // Lightness alone is read of CIE L*a*b*.
        Some(8 | 9) => Ink::Grey { inverted: false },
        None if matches!(compression, Compression::Fax(_)) => Ink::Grey { inverted: true },
        None if samples >= 3 => Ink::Rgb,
        None => Ink::Grey { inverted: false },
        Some(other) => return Err(DecodeError::unsupported(format!("TIFF with photometric interpretation {other}"))),
    })
}

/// Reads the palette: all reds, then all greens, then all blues, 16 bits each.
fn palette<S: ReadAt + ?Sized>(tags: &Directories<'_, S>, directory: &Directory) -> Result<Vec<[u8; 3]>, DecodeError> {
    let map = tags.numbers(directory, tag::COLOR_MAP)?;
    let map = map.ok_or_else(|| DecodeError::damaged_image("its palette is missing"))?;
    // Some writers put 8 bits where 16 belong.
    let shift = if map.iter().all(|value| *value < 256) { 0 } else { 8 };
    let count = map.len() / 3;
    let sample = |index: usize| map.get(index).map_or(0, |value| (value >> shift) as u8);
    Ok((0..count).map(|index| [sample(index), sample(count + index), sample(2 * count + index)]).collect())
}
