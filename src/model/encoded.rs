//! Page images as their files code them, for exports that pass them on untouched.

use super::{PixelSize, Rotation};

/// What the samples of an image mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Colours {
    /// One sample, 0 black.
    Grey,
    /// Three samples.
    Rgb,
    /// Four samples.
    Cmyk,
    /// One sample, an index into these colours.
    Palette(Vec<[u8; 3]>),
}

/// How the bytes of an image are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// A whole JPEG file. `transform` says, where its markers do not, whether three components are YCbCr.
    Jpeg {
        /// Whether colours are stored as YCbCr.
        transform: Option<bool>,
    },
    /// CCITT Group 3 or 4, black as 0.
    Fax {
        /// Below 0 for Group 4, 0 for Group 3 in one dimension, above for two.
        k: i8,
        /// Whether every row begins with a byte.
        byte_aligned: bool,
        /// Whether end-of-line codes stand before rows.
        end_of_line: bool,
    },
    /// zlib, after a predictor as PDF numbers them: 1 none, 2 that of TIFF, 15 those of PNG.
    Flate {
        /// The predictor.
        predictor: u8,
    },
}

/// An image, or a strip of one, as coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedImage {
    /// Its size.
    pub size: PixelSize,
    /// Row of the page at which it begins.
    pub top: u32,
    /// What its samples mean.
    pub colours: Colours,
    /// Bits a sample.
    pub bits: u8,
    /// Whether samples mean the opposite: 0 is white.
    pub inverted: bool,
    /// How it is packed.
    pub coding: Coding,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// A page as one image, or as strips from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedPage {
    /// Size as stored, before its turn.
    pub size: PixelSize,
    /// Whether the stored image is mirrored left to right before it is turned.
    pub mirrored: bool,
    /// The turn that leads from the stored to the archived image.
    pub rotation: Rotation,
    /// The image or its strips.
    pub images: Vec<EncodedImage>,
}

/// A page of a PDF that is to be exported again.
#[derive(Clone, Debug, PartialEq)]
pub struct PdfPage {
    /// Width and height in points, as shown.
    pub size: (f64, f64),
    /// The way from points from the top left of the page as shown to the page's own coordinates.
    pub to_user: [f64; 6],
    /// The images that are all that is seen on the page, in the order they are drawn, each with its matrix; `None` for
    /// pages that hold more than images.
    pub scan: Option<Vec<PlacedObject>>,
}

/// An image of a PDF by its object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedObject {
    /// Number and generation.
    pub object: (u32, u16),
    /// Where the unit square comes to lie, in the page's own coordinates.
    pub matrix: [f64; 6],
}
