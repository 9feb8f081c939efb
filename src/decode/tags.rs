//! Directories of tags, the form in which TIFF and EXIF keep what they say about an image.
//!
//! Every offset and count is checked against the bytes there are before memory is taken. Source: TIFF revision 6.0
//! (Adobe, 1992), section 2; BigTIFF as libtiff describes it.

use super::DecodeError;
use super::believable_dpi;
use super::pixels::Turn;
use super::source::ReadAt;
use crate::model::Dpi;

/// Numbers of the tags that are read.
pub(super) mod tag {
    pub const NEW_SUBFILE_TYPE: u16 = 254;
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS_PER_SAMPLE: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const FILL_ORDER: u16 = 266;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const ORIENTATION: u16 = 274;
    pub const SAMPLES_PER_PIXEL: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_BYTE_COUNTS: u16 = 279;
    pub const X_RESOLUTION: u16 = 282;
    pub const Y_RESOLUTION: u16 = 283;
    pub const PLANAR_CONFIGURATION: u16 = 284;
    pub const T4_OPTIONS: u16 = 292;
    pub const RESOLUTION_UNIT: u16 = 296;
    pub const PREDICTOR: u16 = 317;
    pub const COLOR_MAP: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_BYTE_COUNTS: u16 = 325;
    pub const EXTRA_SAMPLES: u16 = 338;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const JPEG_TABLES: u16 = 347;
    pub const JPEG_INTERCHANGE_FORMAT: u16 = 513;
    pub const JPEG_INTERCHANGE_LENGTH: u16 = 514;
    pub const YCBCR_SUBSAMPLING: u16 = 530;
}

/// Most entries that a directory may have: files in the wild have some forty.
const MAX_ENTRIES: u64 = 4096;

/// One entry: what it holds stands at `offset`.
struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    offset: u64,
}

/// One directory, and where the next one starts (0: nowhere).
pub(super) struct Directory {
    entries: Vec<Entry>,
    pub next: u64,
}

/// Reads directories from bytes that start with a TIFF header.
pub(super) struct Directories<'a, S: ReadAt + ?Sized> {
    source: &'a S,
    big_endian: bool,
    big_tiff: bool,
    /// Where the first directory starts.
    pub first: u64,
}

impl<'a, S: ReadAt + ?Sized> Directories<'a, S> {
    pub(super) fn open(source: &'a S) -> Result<Self, DecodeError> {
        let head = source.bytes(0, 8)?;
        let big_endian = head.first() == Some(&b'M');
        let mut directories = Self { source, big_endian, big_tiff: false, first: 0 };
        directories.big_tiff = match directories.number(head.get(2..4)) {
            42 => false,
            43 => true,
            _ => return Err(DecodeError::damaged_image("it has no TIFF header")),
        };
        let first = if directories.big_tiff { source.bytes(8, 8)? } else { source.bytes(4, 4)? };
        directories.first = directories.number(Some(&first));
        Ok(directories)
    }

    pub(super) fn big_endian(&self) -> bool {
        self.big_endian
    }

    /// Returns the length of the bytes that the directories stand in.
    pub(super) fn len(&self) -> u64 {
        self.source.len()
    }

    /// Reads the directory at `offset`.
    pub(super) fn directory(&self, offset: u64) -> Result<Directory, DecodeError> {
        let (count_size, entry_size, value_size) = if self.big_tiff { (8, 20, 8) } else { (2, 12, 4) };
        let count = self.number(Some(&self.source.bytes(offset, count_size)?));
        if count == 0 || count > MAX_ENTRIES {
            return Err(DecodeError::damaged_image(format!("a directory of tags has {count} entries")));
        }
        let start = offset + count_size;
        let bytes = self.source.bytes(start, count * entry_size)?;
        let entries = bytes.chunks_exact(entry_size as usize).zip(0..).filter_map(|(entry, index)| {
            let kind = self.number(entry.get(2..4)) as u16;
            let (count, value) = entry.get(4..)?.split_at_checked(entry.len() - 4 - value_size as usize)?;
            let count = self.number(Some(count));
            let fits = size_of_kind(kind)?.checked_mul(count)? <= value_size;
            let here = start + index * entry_size + entry_size - value_size;
            let offset = if fits { here } else { self.number(Some(value)) };
            Some(Entry { tag: self.number(entry.get(..2)) as u16, kind, count, offset })
        });
        let entries = entries.collect();
        // Where the file ends right after the last entry, nothing follows.
        let next = self.source.bytes(start + count * entry_size, value_size);
        Ok(Directory { entries, next: next.map_or(0, |next| self.number(Some(&next))) })
    }

    /// Returns the whole numbers of `tag`, if the directory has it.
    pub(super) fn numbers(&self, directory: &Directory, tag: u16) -> Result<Option<Vec<u64>>, DecodeError> {
        let Some(entry) = directory.entries.iter().find(|entry| entry.tag == tag) else { return Ok(None) };
        let size = match entry.kind {
            1 | 3 | 4 | 6 | 7 | 8 | 9 | 13 | 16 | 17 | 18 => size_of_kind(entry.kind).unwrap_or(1),
            _ => return Ok(None),
        };
        let bytes = self.source.bytes(entry.offset, entry.count.saturating_mul(size))?;
        Ok(Some(bytes.chunks_exact(size as usize).map(|number| self.number(Some(number))).collect()))
    }

    /// Returns the first whole number of `tag`, if the directory has it.
    pub(super) fn first_number(&self, directory: &Directory, tag: u16) -> Result<Option<u64>, DecodeError> {
        Ok(self.numbers(directory, tag)?.and_then(|numbers| numbers.first().copied()))
    }

    /// Returns the bytes of `tag`, if the directory has it.
    pub(super) fn raw(&self, directory: &Directory, tag: u16) -> Result<Option<Vec<u8>>, DecodeError> {
        let Some(entry) = directory.entries.iter().find(|entry| entry.tag == tag) else { return Ok(None) };
        let size = size_of_kind(entry.kind).unwrap_or(1);
        self.source.bytes(entry.offset, entry.count.saturating_mul(size)).map(Some)
    }

    fn fraction(&self, directory: &Directory, tag: u16) -> Option<f64> {
        let entry = directory.entries.iter().find(|entry| entry.tag == tag)?;
        let bytes = self.raw(directory, tag).ok()??;
        match entry.kind {
            5 => Some(self.number(bytes.get(..4)) as f64 / self.number(bytes.get(4..8)) as f64),
            11 => Some(f64::from(f32::from_bits(self.number(bytes.get(..4)) as u32))),
            12 => Some(f64::from_bits(self.number(bytes.get(..8)))),
            _ => Some(self.number(bytes.get(..size_of_kind(entry.kind)? as usize)) as f64),
        }
    }

    /// Returns the resolution that the directory states.
    pub(super) fn dpi(&self, directory: &Directory) -> Option<Dpi> {
        let per_inch = match self.first_number(directory, tag::RESOLUTION_UNIT).ok().flatten() {
            None | Some(2) => 1.0,
            Some(3) => 2.54,
            _ => return None,
        };
        let horizontal = self.fraction(directory, tag::X_RESOLUTION);
        let vertical = self.fraction(directory, tag::Y_RESOLUTION);
        believable_dpi(horizontal.or(vertical)? * per_inch, vertical.or(horizontal)? * per_inch)
    }

    /// Returns the turn that the directory asks for.
    pub(super) fn turn(&self, directory: &Directory) -> Turn {
        let orientation = self.first_number(directory, tag::ORIENTATION).ok().flatten();
        Turn::of_orientation(orientation.unwrap_or(1))
    }

    fn number(&self, bytes: Option<&[u8]>) -> u64 {
        let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        let bytes = bytes.unwrap_or_default();
        if self.big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
    }
}

fn size_of_kind(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16..=18 => Some(8),
        _ => None,
    }
}

/// What an EXIF block says about the picture it comes with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Exif {
    pub turn: Turn,
    pub dpi: Option<Dpi>,
}

impl Exif {
    /// Reads an EXIF block that starts with its TIFF header; of a damaged one nothing is believed.
    pub(super) fn read(block: &[u8]) -> Self {
        let read = || {
            let directories = Directories::open(block).ok()?;
            let directory = directories.directory(directories.first).ok()?;
            Some(Self { turn: directories.turn(&directory), dpi: directories.dpi(&directory) })
        };
        read().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rotation;

    /// Orientation 6 and 118.11 pixels a centimetre, in either byte order.
    fn block(big_endian: bool) -> Vec<u8> {
        let two = |n: u16| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
        let four = |n: u32| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
        let mut block = if big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        block.extend(two(42));
        block.extend(four(8));
        block.extend(two(3));
        for (tag, kind, value) in [(274, 3, 6), (282, 5, 50), (296, 3, 3)] {
            block.extend(two(tag));
            block.extend(two(kind));
            block.extend(four(1));
            block.extend(if kind == 3 { [two(value), [0, 0]].concat() } else { four(u32::from(value)).to_vec() });
        }
        block.extend(four(0));
        block.extend(four(11811));
        block.extend(four(100));
        block
    }

    #[test]
    fn turn_and_resolution_are_read_in_both_byte_orders() {
        for big_endian in [false, true] {
            let exif = Exif::read(&block(big_endian));
            assert_eq!(exif.turn, Turn { mirrored: false, rotation: Rotation::Clockwise90 });
            assert_eq!(exif.dpi, Some(Dpi(300)));
        }
    }

    #[test]
    fn of_a_damaged_block_nothing_is_believed() {
        let block = block(false);
        for length in 0..block.len() - 8 {
            let _ = Exif::read(&block[..length]);
        }
        assert_eq!(Exif::read(&block[..20]), Exif::default());
        assert_eq!(Exif::read(b"no exif"), Exif::default());
    }
}
