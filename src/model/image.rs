//! A page as pixels: as decoded, and as cleaned for reading.

use super::{Dpi, PixelSize};
use image::{DynamicImage, GrayImage};

/// One page as pixels: the file's own image after its EXIF turn, or after PDF `/Rotate` and crop box.
#[derive(Clone, Debug)]
pub struct PageImage {
    /// `ImageLuma8` (bilevel pages as 0 and 255; black is ink) or `ImageRgb8`; nothing else.
    pub pixels: DynamicImage,
    /// Resolution as the file states it, if it states a believable one.
    pub dpi: Option<Dpi>,
    /// Whether every pixel is black or white.
    pub bilevel: bool,
}

impl PageImage {
    /// Returns width and height.
    pub fn size(&self) -> PixelSize {
        PixelSize { width: self.pixels.width(), height: self.pixels.height() }
    }
}

/// A page ready to be read: upright, straight, dark ink on light paper, at 100 to 400 dpi.
#[derive(Clone, Debug)]
pub struct CleanPage {
    /// One byte a pixel, 0 is ink.
    pub grey: GrayImage,
    /// Resolution of `grey`.
    pub dpi: Dpi,
}
