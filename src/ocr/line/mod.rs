//! Our own reader of printed lines: images of lines in, their words in logical order with boxes and confidence out.
//!
//! Each line is [fitted](fit) to the picture that the [network](net) was trained on, the network says what stands at every step
//! of it, the likeliest [path] through the steps is the text from left to right, and [words] turns it into the order of
//! reading; doubtful words in and around numbers get a [second] look. The network knows Arabic letters, digits of both shapes, Latin letters and marks; it reads one line at a
//! time and knows nothing of the page.

mod fit;
mod net;
mod path;
mod search;
mod second;
mod words;

pub use net::NetError;

use super::{OcrEngine, OcrError, print_alone};
use crate::model::{CleanPage, ContentHash, EngineId, Line, LineImage};
use fit::{Ink, fit};
use net::Net;
use std::fs;
use std::path::Path;

/// Raised when the same line gives other words than before, with the same net.
const VERSION: u16 = 4;

/// The net that is part of the program. See `tessdata/README.md`.
const BUILT_IN_WEIGHTS: &[u8] = include_bytes!("../../../tessdata/warraq-line.onnx");
const BUILT_IN_ABOUT: &[u8] = include_bytes!("../../../tessdata/warraq-line.json");

/// A line of print drawn with the typeface Amiri, and what stands on it.
const SELF_TEST: &[u8] = include_bytes!("../../../tessdata/self-test.png");
const SELF_TEST_TEXT: &str = "العدد: م.ع/١٢/٣٤٥٦ في ٢٠١٤/٣/٩";

/// Names of the net's two files.
const WEIGHTS: &str = "warraq-line.onnx";
const ABOUT: &str = "warraq-line.json";

/// Reads printed lines with one net, from any number of threads at once.
pub struct LineReader {
    identity: EngineId,
    net: Net,
}

impl LineReader {
    /// Loads the net of a folder, or the one built in where no folder is given or none lies in it, and tries it.
    ///
    /// # Errors
    /// [`OcrError`] when the files cannot be used.
    pub fn load(folder: Option<&Path>) -> Result<Self, OcrError> {
        let Some(folder) = folder.filter(|folder| folder.join(WEIGHTS).exists()) else {
            return Self::from_bytes(BUILT_IN_WEIGHTS.to_vec(), BUILT_IN_ABOUT);
        };
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).map_err(|source| OcrError::Model { path, source })
        };
        Self::from_bytes(read(WEIGHTS)?, &read(ABOUT)?)
    }

    fn from_bytes(weights: Vec<u8>, about: &[u8]) -> Result<Self, OcrError> {
        let hash = ContentHash::of(&[weights.as_slice(), about].concat());
        let net = Net::load(weights, about)?;
        let identity = EngineId(format!("warraq-line {} {} v{VERSION}", net.about.version, hash.short()));
        Ok(Self { identity, net })
    }

    /// Returns what stands on each of the lines; a line of nothing where there is nothing to read.
    ///
    /// # Errors
    /// [`OcrError`] when the net fails.
    pub fn lines(&self, images: &[LineImage]) -> Result<Vec<Line>, OcrError> {
        let fitted: Vec<(usize, Ink)> = images
            .iter()
            .enumerate()
            .filter_map(|(at, image)| Some((at, fit(&image.grey, self.net.about.height)?)))
            .collect();
        let (places, inks): (Vec<usize>, Vec<Ink>) = fitted.into_iter().unzip();
        let mut lines = vec![Line::default(); images.len()];
        for ((at, ink), steps) in places.into_iter().zip(&inks).zip(self.net.read(&inks)?) {
            if let (Some(line), Some(image)) = (lines.get_mut(at), images.get(at)) {
                *line = words::words(&steps, &self.net.about, image, ink);
            }
        }
        Ok(lines)
    }

    /// Reads a line whose text is known.
    ///
    /// # Errors
    /// [`OcrError`] when the net fails or reads something else.
    pub fn self_test(&self) -> Result<(), OcrError> {
        let picture = image::load_from_memory(SELF_TEST);
        let grey = picture.map_err(|error| OcrError::SelfTest { read: error.to_string() })?.into_luma8();
        let image = LineImage { tops: vec![0; grey.width() as usize], grey, left: 0 };
        let read: String = self.lines(&[image])?.iter().map(Line::text).collect();
        if read == SELF_TEST_TEXT { Ok(()) } else { Err(OcrError::SelfTest { read }) }
    }
}

impl OcrEngine for LineReader {
    fn identity(&self) -> &EngineId {
        &self.identity
    }

    fn read(&self, _page: &CleanPage, lines: &[LineImage]) -> Result<Vec<Line>, OcrError> {
        let mut lines = self.lines(lines)?;
        if self.net.about.confidence.is_empty() {
            // Without a table confidence is a raw score, by which nothing may be left out.
            lines.retain(|line| !line.words.is_empty());
            return Ok(lines);
        }
        Ok(print_alone(lines))
    }

    fn reads_by_line(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
