//! Two readers for one page: our own reads every line, Tesseract those of which it is least sure; the surer reading counts.
//!
//! What the second reading costs is bounded: at most one line in four is read twice. Confidence of both readers means the
//! same, the share of words that are right, so it can be compared.

use super::{LineReader, OcrEngine, OcrError, Tesseract, print_alone, sureness};
use crate::model::{CleanPage, EngineId, Line, LineImage};

/// Raised when the same readings are chosen from differently.
const VERSION: u16 = 1;

/// Lines surer than this are not read twice.
const SURE: f32 = 0.8;
/// At most one line in so many is read twice.
const TWICE_ONE_IN: usize = 4;
/// Tesseract's reading counts where it is surer by this: its character set is the smaller.
const MARGIN: f32 = 0.1;

/// The line reader with Tesseract beside it.
pub struct Both {
    identity: EngineId,
    first: LineReader,
    second: Tesseract,
}

impl Both {
    /// Joins two readers.
    pub fn new(first: LineReader, second: Tesseract) -> Self {
        let identity = EngineId(format!("{} + {} both v{VERSION}", first.identity(), second.identity()));
        Self { identity, first, second }
    }
}

impl OcrEngine for Both {
    fn identity(&self) -> &EngineId {
        &self.identity
    }

    fn read(&self, page: &CleanPage, images: &[LineImage]) -> Result<Vec<Line>, OcrError> {
        let mut lines = self.first.lines(images)?;
        for at in doubtful(&lines) {
            let (Some(line), Some(image)) = (lines.get_mut(at), images.get(at)) else { continue };
            let other = self.second.line(image, page.dpi)?;
            if sureness(&other) > sureness(line) + MARGIN {
                *line = other;
            }
        }
        Ok(print_alone(lines))
    }

    fn reads_by_line(&self) -> bool {
        true
    }
}

/// Returns the lines to read twice, the most doubtful first.
fn doubtful(lines: &[Line]) -> Vec<usize> {
    let mut doubtful: Vec<(f32, usize)> =
        lines.iter().map(sureness).zip(0..).filter(|(sure, _)| *sure < SURE).collect();
    doubtful.sort_by(|a, b| a.0.total_cmp(&b.0));
    doubtful.truncate(lines.len().div_ceil(TWICE_ONE_IN));
    doubtful.into_iter().map(|(_, at)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, PixelBox, Word};

    fn line(confidence: f32) -> Line {
        let confidence = Confidence::new(confidence);
        Line::new(vec![Word {
            text: "كتاب".to_owned(), bounds: PixelBox::default(), confidence, readings: Vec::new()
        }])
    }

    #[test]
    fn few_lines_are_read_twice_and_those_the_least_sure() {
        let lines: Vec<Line> = [0.9, 0.3, 0.7, 0.1, 0.95, 0.5].map(line).into();
        assert_eq!(doubtful(&lines), [3, 1]);
        assert_eq!(doubtful(&[line(0.99)]), [0_usize; 0]);
        assert_eq!(doubtful(&[Line::default()]), [0]);
    }
}
