//! A TIFF page as coded, where PDF knows the coding: strips of Group 3 and 4, of JPEG and of zlib.

use super::chunk::{packed, whole_jpeg};
use super::layout::{Compression, Ink, Layout};
use super::strips;
use crate::decode::DecodeError;
use crate::decode::ccitt::EncodingMode;
use crate::decode::source::ReadAt;
use crate::model::{Coding, Colours, EncodedImage, EncodedPage, PixelSize};

/// More strips than this, where they cannot be joined as they are, are decoded and packed as one image.
const MAX_STRIPS: usize = 200;

/// Returns the strips of a page as coded; `None` where PDF does not know their coding.
pub(super) fn coded<S: ReadAt + ?Sized>(source: &S, layout: &Layout) -> Result<Option<EncodedPage>, DecodeError> {
    let strips = layout.chunks_down();
    if layout.tiled || layout.planar || layout.alpha.is_some() {
        return Ok(None);
    }
    let Some(form) = form_of(layout) else { return Ok(None) };
    let mut images = Vec::with_capacity(strips);
    for index in 0..strips {
        let top = index as u32 * layout.chunk_size.height;
        let size =
            PixelSize { width: layout.size.width, height: layout.chunk_size.height.min(layout.size.height - top) };
        let data = packed(source, layout, index)?;
        let data = if matches!(form.coding, Coding::Jpeg { .. }) { whole_jpeg(layout, data) } else { data };
        images.push(EncodedImage { size, top, data, bits: layout.bits, ..form.clone() });
    }
    if strips > 1 && matches!(form.coding, Coding::Jpeg { .. }) {
        let data: Vec<Vec<u8>> = images.iter_mut().map(|image| std::mem::take(&mut image.data)).collect();
        match strips::joined(&data, layout.size.height, layout.chunk_size.height) {
            Some(data) => images = vec![EncodedImage { data, bits: layout.bits, ..form }],
            None => images.iter_mut().zip(data).for_each(|(image, data)| image.data = data),
        }
    }
    if images.len() > MAX_STRIPS {
        return Ok(None);
    }
    let (mirrored, rotation) = (layout.turn.mirrored, layout.turn.rotation);
    Ok(Some(EncodedPage { size: layout.size, mirrored, rotation, images }))
}

/// Returns what all strips share.
fn form_of(layout: &Layout) -> Option<EncodedImage> {
    let colours = match &layout.ink {
        Ink::Grey { .. } if layout.samples == 1 => Colours::Grey,
        Ink::Rgb if layout.samples == 3 => Colours::Rgb,
        Ink::YCbCr { .. } if layout.samples == 3 && matches!(layout.compression, Compression::Jpeg) => Colours::Rgb,
        Ink::Palette(colours) if layout.samples == 1 => Colours::Palette(colours.clone()),
        _ => return None,
    };
    let white_is_zero = matches!(layout.ink, Ink::Grey { inverted: true });
    let (coding, inverted) = match layout.compression {
        Compression::Fax(fax) if layout.bits == 1 && colours == Colours::Grey => {
            let k = match fax.mode {
                EncodingMode::Group4 => -1,
                EncodingMode::Group3_1D => 0,
                EncodingMode::Group3_2D => 4,
            };
            let (byte_aligned, end_of_line) = (fax.rows_are_byte_aligned, fax.end_of_line);
            // A fax coding calls its black runs 1, which is black only where white is 0.
            (Coding::Fax { k, byte_aligned, end_of_line }, !white_is_zero)
        }
        Compression::Jpeg if layout.bits == 8 && !matches!(colours, Colours::Palette(_)) => {
            let transform = (colours == Colours::Rgb).then_some(layout.ink != Ink::Rgb);
            (Coding::Jpeg { transform }, white_is_zero)
        }
        Compression::Deflate if matches!(layout.bits, 1 | 2 | 4 | 8) && !matches!(layout.ink, Ink::YCbCr { .. }) => {
            (Coding::Flate { predictor: if layout.differences { 2 } else { 1 } }, white_is_zero)
        }
        _ => return None,
    };
    let (size, bits) = (layout.size, layout.bits);
    Some(EncodedImage { size, top: 0, colours, bits, inverted, coding, data: Vec::new() })
}
