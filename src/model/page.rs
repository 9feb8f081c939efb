//! A page as read: lines of words with their boxes.

use super::{PixelBox, PixelSize, Rotation};
use std::fmt;

/// Number of a page within its document, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageNumber(pub u32);

impl fmt::Display for PageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Resolution in dots per inch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dpi(pub u32);

/// How sure a reader is of a word: 0.0..=1.0.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Confidence(f32);

impl Confidence {
    /// Returns `value` held within 0.0..=1.0; what is not a number counts as 0.
    pub fn new(value: f32) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }

    /// Returns the number, 0.0..=1.0.
    pub fn get(self) -> f32 {
        self.0
    }
}

/// Which reader, in which version, with which model, gave a reading. Part of the key of every kept result.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EngineId(pub String);

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the text of a page comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Read from the page's image.
    Ocr,
    /// Taken from text that came with the page.
    TextLayer,
    /// The page holds nothing to read.
    Blank,
}

/// A word as read: logical order, NFC, without direction marks. Never altered afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The letters, without white space.
    pub text: String,
    /// Its place on the archived page image; empty where it is not known.
    pub bounds: PixelBox,
    /// How sure the reader is.
    pub confidence: Confidence,
    /// What the reader thought that it may be, the likeliest first, where it looked twice; else empty.
    pub readings: Vec<Reading>,
}

/// What a word may be, and how likely that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The text, in logical order.
    pub text: String,
    /// Its probability among all texts.
    pub probability: Confidence,
}

/// A printed line: its words in reading order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Words in reading order.
    pub words: Vec<Word>,
    /// The box around them.
    pub bounds: PixelBox,
}

impl Line {
    /// Returns the line of these words, bounded by their boxes.
    pub fn new(words: Vec<Word>) -> Self {
        let bounds = PixelBox::around(words.iter().map(|word| word.bounds));
        Self { words, bounds }
    }

    /// Returns the words parted by single spaces.
    pub fn text(&self) -> String {
        self.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// A page as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Its number within the document.
    pub number: PageNumber,
    /// Size of the archived page image.
    pub size: PixelSize,
    /// Resolution the page was read at: as the file states it, else as estimated from the page's size.
    pub dpi: Dpi,
    /// The clockwise turn that makes the archived image upright.
    pub rotation: Rotation,
    /// Where the text comes from.
    pub origin: Origin,
    /// The reader, where one read.
    pub engine: Option<EngineId>,
    /// Why the page has no text, or why its text was taken as it was.
    pub reason: Option<String>,
    /// Lines in reading order.
    pub lines: Vec<Line>,
    /// Another reading that came with the page, such as the text layer of a scan: kept, never preferred unseen.
    pub second_reading: Vec<Line>,
    /// Codes for machines, looked for only on pages of next to no text.
    pub codes: Vec<Code>,
    /// Boxes of words, on the archived page image, whose figures were filled in by hand or with a stamp.
    pub filled_in: Vec<PixelBox>,
}

/// A code for machines on a page: a sheet between letters is told by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// How it is written.
    pub symbology: Symbology,
    /// What it says; the name of the pattern for a patch code.
    pub text: String,
    /// Its place on the archived page image.
    pub bounds: PixelBox,
}

/// How a code is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbology {
    /// ISO/IEC 18004.
    QrCode,
    /// ISO/IEC 15417.
    Code128,
    /// ISO/IEC 16388.
    Code39,
    /// Kodak's patch code T: four bars, two of them wide.
    PatchT,
}

impl Symbology {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::QrCode, Self::Code128, Self::Code39, Self::PatchT];

    /// Returns the name, as kept and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QrCode => "QR code",
            Self::Code128 => "Code 128",
            Self::Code39 => "Code 39",
            Self::PatchT => "patch T",
        }
    }
}

impl Page {
    /// Returns all words in reading order.
    pub fn words(&self) -> impl Iterator<Item = &Word> {
        self.lines.iter().flat_map(|line| &line.words)
    }

    /// Returns the text, a printed line a line.
    pub fn text(&self) -> String {
        self.lines.iter().map(Line::text).collect::<Vec<_>>().join("\n")
    }

    /// Returns the mean confidence of the words by their length, or `None` on a page without words.
    pub fn confidence(&self) -> Option<Confidence> {
        let (mut sum, mut letters) = (0.0, 0.0);
        for word in self.words() {
            let length = word.text.chars().count() as f32;
            sum += word.confidence.get() * length;
            letters += length;
        }
        (letters > 0.0).then(|| Confidence::new(sum / letters))
    }
}
