//! Keeps decoders from harming the run: declared sizes are checked before memory is taken, and panics are caught.

use super::DecodeError;
use crate::model::PixelSize;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`, which reads an image; a panic in it is a damaged image.
pub(super) fn images<T>(work: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    caught(work, |what| DecodeError::DamagedImage { what })
}

/// Runs `work`, which reads a PDF; a panic in it is a damaged PDF.
pub(super) fn pdfs<T>(work: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    caught(work, |what| DecodeError::DamagedPdf { what })
}

fn caught<T>(
    work: impl FnOnce() -> Result<T, DecodeError>,
    damaged: impl FnOnce(String) -> DecodeError,
) -> Result<T, DecodeError> {
    // What `work` leaves behind when it panics is dropped unseen: every caller hands it values of its own or bytes.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => Err(damaged(format!("its decoder gave up ({})", words_of(&*panic)))),
    }
}

fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without a word")
}

/// Returns the size that a file declares, if it is one that may be decoded.
pub(super) fn checked_size(width: u64, height: u64, limit_megapixels: u32) -> Result<PixelSize, DecodeError> {
    if width == 0 || height == 0 {
        return Err(DecodeError::damaged_image(format!("its size is {width}x{height}")));
    }
    let within = width.checked_mul(height).is_some_and(|pixels| pixels <= u64::from(limit_megapixels) * 1_000_000);
    match (u32::try_from(width), u32::try_from(height)) {
        (Ok(width), Ok(height)) if within => Ok(PixelSize { width, height }),
        _ => Err(DecodeError::TooLarge { width, height, limit_megapixels }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_checked_before_anything_is_decoded() {
        assert_eq!(checked_size(10_000, 20_000, 200), Ok(PixelSize { width: 10_000, height: 20_000 }));
        assert!(matches!(checked_size(40_000, 40_000, 200), Err(DecodeError::TooLarge { .. })));
        assert!(matches!(checked_size(u64::MAX, 2, 200), Err(DecodeError::TooLarge { .. })));
        assert!(matches!(checked_size(0, 2, 200), Err(DecodeError::DamagedImage { .. })));
    }

    #[test]
    fn a_panic_is_a_damaged_image() {
        let result: Result<(), _> = images(|| {
            let rows: Vec<u8> = Vec::new();
            let _ = rows[std::hint::black_box(3)];
            Ok(())
        });
        assert!(matches!(result, Err(DecodeError::DamagedImage { .. })));
    }
}
