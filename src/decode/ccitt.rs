//! Fax codings (ITU-T T.4 and T.6), as TIFF and PDF hold them: packed runs in, one byte a pixel out.

use super::DecodeError;
use crate::model::PixelSize;
use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext};

pub(super) use hayro_ccitt::EncodingMode;

/// What must be known of a fax coding beside its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct FaxCoding {
    pub mode: EncodingMode,
    pub rows_are_byte_aligned: bool,
    pub end_of_line: bool,
    pub end_of_block: bool,
}

/// Of so many rows one may be missing at the end. Some writers count rows wrongly; a page cut short lacks more.
const ROWS_PER_MISSING: u32 = 50;

/// Decodes `data` into `page`, a byte a pixel, 255 for the coding's white and 0 for its black. `page` must be white.
pub(super) fn decode(data: &[u8], coding: FaxCoding, size: PixelSize, page: &mut [u8]) -> Result<(), DecodeError> {
    let settings = DecodeSettings {
        columns: size.width,
        rows: size.height,
        end_of_block: coding.end_of_block,
        end_of_line: coding.end_of_line,
        rows_are_byte_aligned: coding.rows_are_byte_aligned,
        encoding: coding.mode,
        strict: false,
    };
    let mut rows = Rows { left: page.chunks_exact_mut(size.width as usize), filled: 0 };
    let result = hayro_ccitt::decode(data, &mut rows, &mut DecoderContext::new(settings));
    if size.height - rows.filled.min(size.height) > size.height / ROWS_PER_MISSING {
        let why = result.err().map(|error| format!(": {error}")).unwrap_or_default();
        let what = format!("its fax coding ends after {} of {} rows{why}", rows.filled, size.height);
        return Err(DecodeError::DamagedImage { what });
    }
    Ok(())
}

struct Rows<'a> {
    left: std::slice::ChunksExactMut<'a, u8>,
    filled: u32,
}

impl Decoder for Rows<'_> {
    fn push_row(&mut self, changes: &[u32]) {
        let Some(row) = self.left.next() else { return };
        self.filled += 1;
        for run in changes.chunks(2) {
            let start = run.first().map_or(0, |start| *start as usize);
            let end = run.get(1).map_or(row.len(), |end| *end as usize);
            if let Some(black) = row.get_mut(start..end) {
                black.fill(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP4: FaxCoding =
        FaxCoding { mode: EncodingMode::Group4, rows_are_byte_aligned: false, end_of_line: false, end_of_block: true };

    /// Eight white rows: V0 is the bit 1, and two end-of-line codes end the block.
    const WHITE_ROWS: [u8; 4] = [0xFF, 0x00, 0x10, 0x01];

    #[test]
    fn white_rows_are_white() {
        let mut page = vec![255; 64];
        assert_eq!(decode(&WHITE_ROWS, GROUP4, PixelSize { width: 8, height: 8 }, &mut page), Ok(()));
        assert_eq!(page, [255; 64]);
    }

    #[test]
    fn rows_that_are_missing_are_noticed() {
        let size = PixelSize { width: 8, height: 100 };
        let result = decode(&WHITE_ROWS, GROUP4, size, &mut vec![255; 800]);
        assert!(matches!(result, Err(DecodeError::DamagedImage { .. })), "{result:?}");
    }
}
