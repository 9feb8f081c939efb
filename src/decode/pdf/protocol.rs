//! What this process and the reader of a PDF say to each other over a pipe.
//!
//! A message is the length of its words (4 bytes) and of its pixels (8 bytes), little-endian, then its words as JSON,
//! then its pixels.

use super::pages::PageText;
use super::text::{PlacedWord, RawText};
use crate::decode::DecodeError;
use crate::decode::PageHeader;
use crate::decode::Settings;
use crate::decode::TextLayer;
use crate::model::{Confidence, Dpi, Line, PageImage, PixelBox, PixelSize, Rotation, Word};
use image::{DynamicImage, GrayImage, RgbImage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// What the reader is asked. The first request of all is `Open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Request {
    Open {
        settings: Settings,
    },
    Header {
        index: u32,
    },
    Page {
        index: u32,
    },
    Text {
        index: u32,
    },
    /// Write the file anew: pages counted from 0, and what is to be done in words of the writer's own.
    Rewrite {
        pages: Vec<u32>,
        job: String,
    },
}

/// What the reader answers, one reply a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Reply {
    Opened {
        pages: u32,
    },
    Header {
        size: Size,
        decoded_bytes: u64,
    },
    /// Its pixels follow.
    Page(PageWords),
    Text(Box<TextWords>),
    /// The file follows in the place of pixels.
    Rewritten,
    Failed(DecodeError),
}

impl Reply {
    pub(super) fn unexpected(&self) -> DecodeError {
        DecodeError::NoReader { what: "it answered something that was not asked".to_owned() }
    }
}

impl From<PageHeader> for Reply {
    fn from(header: PageHeader) -> Self {
        Self::Header { size: header.size.into(), decoded_bytes: header.decoded_bytes }
    }
}

/// Width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Size {
    width: u32,
    height: u32,
}

impl From<PixelSize> for Size {
    fn from(PixelSize { width, height }: PixelSize) -> Self {
        Self { width, height }
    }
}

impl From<Size> for PixelSize {
    fn from(Size { width, height }: Size) -> Self {
        Self { width, height }
    }
}

/// A page image but for its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageWords {
    size: Size,
    rgb: bool,
    bilevel: bool,
    dpi: Option<u32>,
}

impl PageWords {
    /// Parts a page into words and pixels.
    pub(super) fn of(page: PageImage) -> (Self, Vec<u8>) {
        let size = page.size().into();
        let rgb = matches!(page.pixels, DynamicImage::ImageRgb8(_));
        let words = Self { size, rgb, bilevel: page.bilevel, dpi: page.dpi.map(|dpi| dpi.0) };
        (words, page.pixels.into_bytes())
    }

    /// Joins words and pixels to a page.
    pub(super) fn into_page(self, pixels: Vec<u8>) -> Result<PageImage, DecodeError> {
        let Size { width, height } = self.size;
        let pixels = if self.rgb {
            RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
        } else {
            GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
        };
        let pixels = pixels.ok_or(DecodeError::NoReader { what: "it sent too few pixels".to_owned() })?;
        Ok(PageImage { pixels, dpi: self.dpi.map(Dpi), bilevel: self.bilevel })
    }
}

/// The text of a page, boxes in points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TextWords {
    text: RawText,
    points: (f64, f64),
    size: Size,
    dpi: Option<u32>,
    scan: bool,
    image_cover: f64,
}

impl From<PageText> for TextWords {
    fn from(page: PageText) -> Self {
        let PageText { text, points, size, dpi, scan, image_cover } = page;
        Self { text, points, size: size.into(), dpi: dpi.map(|dpi| dpi.0), scan, image_cover }
    }
}

impl TextWords {
    /// Returns the text with boxes in pixels of the page image.
    pub(super) fn into_layer(self) -> TextLayer {
        let size = PixelSize::from(self.size);
        let across = f64::from(size.width) / self.points.0.max(0.1);
        let down = f64::from(size.height) / self.points.1.max(0.1);
        let word = |word: PlacedWord| {
            let [left, top, right, bottom] = word.bounds;
            let bounds = PixelBox::new(
                ((left * across).floor().max(0.0) as u32).min(size.width.saturating_sub(1)),
                ((top * down).floor().max(0.0) as u32).min(size.height.saturating_sub(1)),
                ((right * across).ceil().max(1.0) as u32).min(size.width),
                ((bottom * down).ceil().max(1.0) as u32).min(size.height),
            );
            Word { text: word.text, bounds, confidence: Confidence::new(1.0), readings: Vec::new() }
        };
        let line = |words: Vec<PlacedWord>| Line::new(words.into_iter().map(word).collect());
        TextLayer {
            lines: self.text.lines.into_iter().map(line).collect(),
            size,
            dpi: self.dpi.map(Dpi),
            turn: Rotation::from_degrees(self.text.turn.into()).unwrap_or_default(),
            left_to_right: self.text.left_to_right,
            legible: self.text.legible,
            illegible: self.text.illegible,
            invisible: self.text.invisible,
            scan: self.scan,
            image_cover: self.image_cover as f32,
        }
    }
}

/// Longest words a message may have: the text of a page with as many glyphs as are taken.
const MAX_WORDS: usize = 64 << 20;

/// Writes one message.
pub(super) fn send(to: &mut impl Write, words: &impl Serialize, pixels: &[u8]) -> io::Result<()> {
    let words = serde_json::to_vec(words)?;
    let mut head = Vec::with_capacity(12 + words.len());
    head.extend((words.len() as u32).to_le_bytes());
    head.extend((pixels.len() as u64).to_le_bytes());
    head.extend(words);
    to.write_all(&head)?;
    to.write_all(pixels)?;
    to.flush()
}

/// Reads one message of at most `max_pixels` bytes of pixels.
pub(super) fn receive<T: DeserializeOwned>(from: &mut impl Read, max_pixels: u64) -> io::Result<(T, Vec<u8>)> {
    let (mut words, mut pixels) = ([0; 4], [0; 8]);
    from.read_exact(&mut words)?;
    from.read_exact(&mut pixels)?;
    let (words, pixels) = (u32::from_le_bytes(words) as usize, u64::from_le_bytes(pixels));
    if words > MAX_WORDS || pixels > max_pixels {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a message that is too long"));
    }
    let mut text = vec![0; words];
    from.read_exact(&mut text)?;
    let mut bytes = vec![0; pixels as usize];
    from.read_exact(&mut bytes)?;
    Ok((serde_json::from_slice(&text)?, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_return_from_their_bytes() {
        let page = PageImage {
            pixels: DynamicImage::ImageRgb8(RgbImage::from_raw(2, 1, vec![1, 2, 3, 4, 5, 6]).expect("fits")),
            dpi: Some(Dpi(300)),
            bilevel: false,
        };
        let (words, pixels) = PageWords::of(page);
        let mut pipe = Vec::new();
        send(&mut pipe, &Request::Open { settings: Settings::default() }, &[]).expect("is written");
        send(&mut pipe, &Reply::Page(words), &pixels).expect("is written");
        send(&mut pipe, &Reply::Failed(DecodeError::EncryptedPdf), &[]).expect("is written");
        let mut pipe = &pipe[..];
        let (request, _) = receive::<Request>(&mut pipe, 0).expect("is there");
        assert_eq!(request, Request::Open { settings: Settings::default() });
        let (reply, pixels) = receive::<Reply>(&mut pipe, 6).expect("is there");
        assert_eq!(reply, Reply::Page(words));
        assert_eq!(words.into_page(pixels).expect("has its pixels").pixels.as_bytes(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(
            receive::<Reply>(&mut pipe, 0).expect("is there"),
            (Reply::Failed(DecodeError::EncryptedPdf), vec![])
        );
        assert!(receive::<Reply>(&mut pipe, 0).is_err());
    }

    #[test]
    fn a_message_that_claims_too_much_is_refused() {
        let claim = [&5_u32.to_le_bytes()[..], &u64::MAX.to_le_bytes()].concat();
        assert!(receive::<Reply>(&mut &claim[..], 100).is_err());
    }
}
