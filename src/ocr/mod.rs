//! Reads a clean page: pixels in, lines of words out, in logical order with boxes and confidence.

mod both;
pub mod line;
mod tesseract;

pub use both::Both;
pub use line::LineReader;
pub use tesseract::{Settings as TesseractSettings, Tesseract};

use crate::model::{CleanPage, EngineId, Line, LineImage};
use std::path::PathBuf;

/// Something that reads clean pages.
pub trait OcrEngine: Send + Sync {
    /// Returns name, version, model and settings: what a kept reading depends on.
    fn identity(&self) -> &EngineId;

    /// Returns the lines of a page. Boxes are in pixels of the clean page. `lines` are the page's printed lines as they were
    /// found on it; a reader with a page analysis of its own does not look at them. Uses the caller's time alone; may be called
    /// from many threads at once.
    ///
    /// # Errors
    /// [`OcrError`] when the page cannot be read at all; a page without words is no error.
    fn read(&self, page: &CleanPage, lines: &[LineImage]) -> Result<Vec<Line>, OcrError>;

    /// Says whether `lines` may be handed over in parts, between which the caller looks at the clock.
    fn reads_by_line(&self) -> bool {
        false
    }

    /// Reads the page in another way that does better on some pages; `None` where the engine has none.
    fn read_otherwise(&self, _page: &CleanPage) -> Option<Result<Vec<Line>, OcrError>> {
        None
    }
}

/// Lines read with less confidence than this are strokes of a pen, arcs of a stamp, parts of an emblem: no print. On 60 letters
/// the error over characters was 6.3 % with all lines and 5.3 % without these.
const NO_PRINT: f32 = 0.2;

/// Returns the lines without those that hold no print.
fn print_alone(mut lines: Vec<Line>) -> Vec<Line> {
    lines.retain(|line| !line.words.is_empty() && sureness(line) >= NO_PRINT);
    lines
}

/// Returns the mean confidence of a line's words by their length; 0 for no words.
fn sureness(line: &Line) -> f32 {
    let (mut sum, mut letters) = (0.0, 0.0);
    for word in &line.words {
        let length = word.text.chars().count() as f32;
        sum += word.confidence.get() * length;
        letters += length;
    }
    if letters > 0.0 { sum / letters } else { 0.0 }
}

/// A page cannot be read, or a reader cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum OcrError {
    /// The model is not there.
    #[error("no model {language}.traineddata in {}: give its folder with --tessdata", folder.display())]
    NoModel {
        /// Language of the model.
        language: String,
        /// Folder looked in.
        folder: PathBuf,
    },
    /// Another model than the one built in is asked for.
    #[error("the model {language} is not built in, only {built_in} is: give its folder with --tessdata")]
    NotBuiltIn {
        /// Language asked for.
        language: String,
        /// Language of the model built in.
        built_in: &'static str,
    },
    /// The model is there and cannot be read.
    #[error("reading the model {} failed: {source}", path.display())]
    Model {
        /// The model.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// The library refuses the model.
    #[error("tesseract refuses the model {}: it is damaged or of another version", path.display())]
    Refused {
        /// The model.
        path: PathBuf,
    },
    /// The net of the line reader cannot be used, or failed.
    #[error("the line reader's net: {0}")]
    Net(#[from] line::NetError),
    /// The line reader reads a known line wrongly.
    #[error("the line reader reads its test line as {read:?}")]
    SelfTest {
        /// What it read.
        read: String,
    },
    /// The library failed on a page.
    #[error("tesseract failed on a page of {width}x{height} pixels: {what}")]
    Page {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// Which step.
        what: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, PixelBox, Word};

    #[test]
    fn lines_of_no_print_are_left_out() {
        let line = |confidence| {
            let confidence = Confidence::new(confidence);
            Line::new(vec![Word {
                text: "كتاب".to_owned(),
                bounds: PixelBox::default(),
                confidence,
                readings: Vec::new(),
            }])
        };
        let kept = print_alone(vec![line(0.9), Line::default(), line(0.1), line(0.3)]);
        assert_eq!(kept, [line(0.9), line(0.3)]);
    }
}
