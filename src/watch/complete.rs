//! Says whether a file has the end that its format asks for: bytes in, a verdict out.
//!
//! A copy under way has its first bytes before its last, so the end is what to look for. Nothing is decoded; a file that passes here may still be
//! damaged. What has no known format has no known end and counts as whole.

use crate::decode::{Format, SNIFF_BYTES};
use std::io::{self, Read, Seek, SeekFrom};

/// Where the end mark is looked for: some programs write a few bytes after it.
const TAIL_BYTES: u64 = 2048;

/// More directories than this in one TIFF are not followed.
const MOST_DIRECTORIES: u32 = 20_000;

/// Says whether a file that begins so is of a format to which scanners append page by page.
pub fn may_grow(head: &[u8]) -> bool {
    matches!(Format::sniff(head), Some(Format::Tiff | Format::Pdf))
}

/// Says whether the file has its format's end.
///
/// # Errors
/// The file cannot be read.
pub fn has_its_end(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let length = file.seek(SeekFrom::End(0))?;
    let head = bytes_at(file, 0, SNIFF_BYTES as u64)?;
    let tail = bytes_at(file, length.saturating_sub(TAIL_BYTES), TAIL_BYTES)?;
    let ends_with = |mark: &[u8]| tail.windows(mark.len()).any(|window| window == mark);
    Ok(match Format::sniff(&head) {
        Some(Format::Jpeg) => ends_with(&[0xFF, 0xD9]),
        Some(Format::Png) => ends_with(b"IEND\xAE\x42\x60\x82"),
        Some(Format::Pdf) => ends_with(b"%%EOF"),
        Some(Format::WebP) => little(&head, 4, 4).is_some_and(|size| size + 8 <= length),
        // Some programs leave the size out.
        Some(Format::Bmp) => little(&head, 2, 4).is_some_and(|size| size <= length),
        Some(Format::Tiff) => tiff_is_whole(file, &head, length)?,
        None => length > 0,
    })
}

fn bytes_at(file: &mut (impl Read + Seek), offset: u64, most: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn little(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + width)?;
    Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn big(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + width)?;
    Some(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// How numbers stand in a TIFF: their order, and the widths of its offsets and counts.
struct Shape {
    number: fn(&[u8], usize, usize) -> Option<u64>,
    offset: usize,
    entries: usize,
    entry: usize,
}

/// Tags of strips and tiles: where they lie, and how long they are.
const OFFSETS: [u64; 2] = [273, 324];
const LENGTHS: [u64; 2] = [279, 325];

/// Says whether all directories of a TIFF, and all strips and tiles they name, lie within the file.
fn tiff_is_whole(file: &mut (impl Read + Seek), head: &[u8], length: u64) -> io::Result<bool> {
    let number: fn(&[u8], usize, usize) -> Option<u64> = if head.starts_with(b"II") { little } else { big };
    let is_big = number(head, 2, 2) == Some(43);
    let (offset, entries, entry) = if is_big { (8, 8, 20) } else { (4, 2, 12) };
    let shape = Shape { number, offset, entries, entry };
    let mut next = number(head, if is_big { 8 } else { 4 }, offset).unwrap_or(0);
    // Writers put the first directory's place in last.
    if next == 0 {
        return Ok(false);
    }
    for _ in 0..MOST_DIRECTORIES {
        let Some(after) = directory(file, &shape, next, length)? else { return Ok(false) };
        if after == 0 {
            return Ok(true);
        }
        next = after;
    }
    Ok(true)
}

/// Returns where the next directory lies, 0 for none, if this one is whole.
fn directory(file: &mut (impl Read + Seek), shape: &Shape, at: u64, length: u64) -> io::Result<Option<u64>> {
    let count = bytes_at(file, at, shape.entries as u64)?;
    let Some(count) = (shape.number)(&count, 0, shape.entries).filter(|count| (1..=4096).contains(count)) else {
        return Ok(None);
    };
    let size = count as usize * shape.entry + shape.offset;
    let bytes = bytes_at(file, at.saturating_add(shape.entries as u64), size as u64)?;
    if bytes.len() < size {
        return Ok(None);
    }
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for entry in bytes.chunks_exact(shape.entry).take(count as usize) {
        let tag = (shape.number)(entry, 0, 2).unwrap_or(0);
        let list = match tag {
            tag if OFFSETS.contains(&tag) => &mut offsets,
            tag if LENGTHS.contains(&tag) => &mut lengths,
            _ => continue,
        };
        match values(file, shape, entry, length)? {
            Some(values) => *list = values,
            None => return Ok(None),
        }
    }
    let last = offsets.iter().zip(&lengths).map(|(offset, size)| offset.saturating_add(*size)).max().unwrap_or(0);
    if last > length || offsets.iter().any(|offset| *offset > length) {
        return Ok(None);
    }
    Ok((shape.number)(&bytes, count as usize * shape.entry, shape.offset))
}

/// Returns the numbers of an entry; `None` where they lie beyond the file's end.
fn values(file: &mut (impl Read + Seek), shape: &Shape, entry: &[u8], length: u64) -> io::Result<Option<Vec<u64>>> {
    let width = match (shape.number)(entry, 2, 2) {
        Some(3) => 2,
        Some(4 | 13) => 4,
        Some(16 | 18) => 8,
        _ => return Ok(Some(Vec::new())),
    };
    let count = (shape.number)(entry, 4, shape.offset).unwrap_or(0);
    let size = count.saturating_mul(width as u64);
    if size > length {
        return Ok(None);
    }
    let place = 4 + shape.offset;
    let bytes = if size <= shape.offset as u64 {
        entry.get(place..).unwrap_or_default().to_vec()
    } else {
        let at = (shape.number)(entry, place, shape.offset).unwrap_or(0);
        bytes_at(file, at, size)?
    };
    if (bytes.len() as u64) < size {
        return Ok(None);
    }
    Ok(Some((0..count as usize).filter_map(|at| (shape.number)(&bytes, at * width, width)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Cursor;
    use std::path::{Path, PathBuf};

    fn samples() -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let kinds = ["tif", "pdf", "png", "jpg", "bmp", "webp"];
        let scan = |path: &PathBuf| kinds.iter().any(|kind| path.extension().is_some_and(|ending| ending == *kind));
        let samples: Vec<PathBuf> = entries.filter(scan).collect();
        assert!(samples.len() >= 16);
        samples
    }

    #[test]
    fn whole_scans_have_their_end_and_no_part_of_them_has() {
        for path in samples() {
            let bytes = fs::read(&path).unwrap();
            assert!(has_its_end(&mut Cursor::new(&bytes)).unwrap(), "{}", path.display());
            for percent in [1, 10, 50, 90, 99] {
                let cut = bytes.len() * percent / 100;
                let mut part = bytes[..cut].to_vec();
                assert!(!has_its_end(&mut Cursor::new(&part)).unwrap(), "{percent} % of {}", path.display());
                // Copies onto network shares often get their full size first.
                part.resize(bytes.len(), 0);
                let forgiving =
                    path.extension().is_some_and(|ending| ending == "bmp" || ending == "webp" || ending == "tif");
                if !forgiving {
                    assert!(!has_its_end(&mut Cursor::new(&part)).unwrap(), "{percent} % of {}", path.display());
                }
            }
        }
    }

    #[test]
    fn lies_about_sizes_end() {
        let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
        tiff.extend([0xFF; 200]);
        assert!(!has_its_end(&mut Cursor::new(&tiff)).unwrap());
        // A directory that names itself as the next.
        let mut ring = b"II*\0\x08\0\0\0\x01\0".to_vec();
        ring.extend([0, 1, 4, 0, 1, 0, 0, 0, 9, 0, 0, 0]);
        ring.extend([8, 0, 0, 0]);
        assert!(has_its_end(&mut Cursor::new(&ring)).unwrap());
        assert!(!has_its_end(&mut Cursor::new(b"")).unwrap());
        assert!(has_its_end(&mut Cursor::new(b"a note")).unwrap());
    }
}
