//! Strips of JPEG joined to one JPEG without decoding: each strip becomes a restart interval of the whole.
//!
//! At the beginning of a restart interval the coder starts afresh, as it does at the beginning of a strip (ITU-T T.81,
//! E.1.4), so the coded samples need not be touched. That holds where strips end with whole blocks and share their tables.

/// A strip taken apart: what stands before its samples but for its own marker, and the samples as coded.
struct Strip<'a> {
    /// From after the start marker to the scan header.
    tables: &'a [u8],
    /// Where in `tables` the frame header's body begins.
    frame: usize,
    scan: &'a [u8],
    samples: &'a [u8],
}

/// Returns the JPEG of an image of this height, of strips of so many rows each but the last.
pub(super) fn joined(strips: &[Vec<u8>], height: u32, rows: u32) -> Option<Vec<u8>> {
    let parts: Vec<Strip<'_>> = strips.iter().map(|strip| taken_apart(strip)).collect::<Option<_>>()?;
    let first = parts.first()?;
    let (blocks_across, block_rows) = blocks(first.tables.get(first.frame..)?)?;
    let same = |part: &Strip<'_>| part.scan == first.scan && without_height(part) == without_height(first);
    if !rows.is_multiple_of(block_rows) || !parts.iter().all(same) {
        return None;
    }
    let interval = u16::try_from(blocks_across * (rows / block_rows)).ok()?;
    let mut tables = first.tables.to_vec();
    let height = u16::try_from(height).ok()?.to_be_bytes();
    tables.get_mut(first.frame + 1..first.frame + 3)?.copy_from_slice(&height);
    let mut whole = vec![0xFF, 0xD8];
    whole.extend(tables);
    whole.extend([0xFF, 0xDD, 0, 4]);
    whole.extend(interval.to_be_bytes());
    whole.extend(first.scan);
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            whole.extend([0xFF, 0xD0 + ((number - 1) % 8) as u8]);
        }
        whole.extend(part.samples);
    }
    whole.extend([0xFF, 0xD9]);
    Some(whole)
}

/// Returns the headers with the height of the strip left out, which alone may differ.
fn without_height(part: &Strip<'_>) -> Vec<u8> {
    let mut tables = part.tables.to_vec();
    tables.get_mut(part.frame + 1..part.frame + 3).unwrap_or_default().fill(0);
    tables
}

/// Takes a baseline JPEG of one scan without restarts apart.
fn taken_apart(strip: &[u8]) -> Option<Strip<'_>> {
    let body = strip.strip_prefix(&[0xFF, 0xD8])?;
    let (mut at, mut frame) = (0, None);
    loop {
        let [0xFF, marker, high, low] = *body.get(at..at + 4)? else { return None };
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        match marker {
            0xC0 | 0xC1 => frame = Some(at + 4),
            0xC4 | 0xDB | 0xE0..=0xEF | 0xFE => {}
            0xDA => {
                let samples = body.get(end..)?;
                let last = samples.windows(2).rposition(|pair| pair == [0xFF, 0xD9])?;
                let samples = samples.get(..last)?;
                // Fill bytes and further markers within would not survive being joined.
                let plain = samples.windows(2).all(|pair| pair[0] != 0xFF || pair[1] == 0);
                let strip = Strip { tables: body.get(..at)?, frame: frame?, scan: body.get(at..end)?, samples };
                return plain.then_some(strip);
            }
            _ => return None,
        }
        at = end;
    }
}

/// Returns how many blocks of all components stand side by side, and how many rows one takes.
fn blocks(frame: &[u8]) -> Option<(u32, u32)> {
    let [_, _, _, high, low, count, rest @ ..] = frame else { return None };
    let factors = rest.as_chunks::<3>().0.get(..usize::from(*count))?;
    let across = factors.iter().map(|[_, factor, _]| u32::from(factor >> 4)).max()?;
    let down = factors.iter().map(|[_, factor, _]| u32::from(factor & 15)).max()?;
    // A lone component is coded block by block, whatever its factors say.
    let (across, down) = if *count == 1 { (1, 1) } else { (across, down) };
    let width = u32::from(u16::from_be_bytes([*high, *low]));
    (across > 0 && down > 0).then(|| (width.div_ceil(8 * across), 8 * down))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;
    use image::{GrayImage, Luma};

    #[test]
    fn strips_join_to_the_image_they_were_cut_from() {
        let grey = GrayImage::from_fn(20, 21, |x, y| Luma([(x * 11 + y * 7) as u8]));
        let strip = |top: u32, rows: u32| {
            let mut bytes = Vec::new();
            let part = image::imageops::crop_imm(&grey, 0, top, 20, rows).to_image();
            JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(&part).unwrap();
            bytes
        };
        let strips = [strip(0, 8), strip(8, 8), strip(16, 5)];
        let whole = image::load_from_memory(&joined(&strips, 21, 8).unwrap()).unwrap().into_luma8();
        assert_eq!(whole.dimensions(), (20, 21));
        for (number, strip) in strips.iter().enumerate() {
            let part = image::load_from_memory(strip).unwrap().into_luma8();
            let same = image::imageops::crop_imm(&whole, 0, number as u32 * 8, 20, part.height()).to_image();
            assert_eq!(part, same, "strip {number}");
        }
        assert_eq!(joined(&strips, 21, 7), None, "strips that end within a block cannot be joined");
    }
}
