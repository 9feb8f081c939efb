//! What is to be written, taken from a document: its words by page, and what is said about it.

use crate::model::{Document, Field, Line, Origin, Page};
use serde::{Deserialize, Serialize};

/// The text and the metadata of a PDF to be written. Crosses the pipe to the process that rewrites PDFs as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub(super) pages: Vec<PageText>,
    pub(super) title: String,
    pub(super) number: Option<String>,
    pub(super) date: Option<String>,
    pub(super) from: Option<String>,
    pub(super) to: Vec<String>,
    /// The document's id, and the time it was received.
    pub(super) id: String,
    pub(super) received: String,
}

/// The text of a page, boxes in pixels of its archived image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PageText {
    /// Number of the page in the original file, from 1.
    pub number: u32,
    pub width: u32,
    pub height: u32,
    pub dpi: u32,
    /// The clockwise turn that makes the image upright.
    pub turn: u16,
    /// Whether the words were read from the image, so that the file itself does not hold them.
    pub read: bool,
    pub lines: Vec<Vec<(String, [u32; 4])>>,
}

impl Job {
    /// Returns the order to write a document.
    pub fn of(document: &Document) -> Self {
        let letter = &document.letter;
        let value = |field: &Option<Field<String>>| field.as_ref().map(|field| field.value.clone());
        let first = document.source.pages.0.max(1);
        Self {
            pages: document.pages.iter().zip(first..).map(|(page, number)| PageText::of(page, number)).collect(),
            title: value(&letter.subject).unwrap_or_else(|| document.source.name.clone()),
            number: value(&letter.number),
            date: letter.date.as_ref().map(|date| date.value.to_string()),
            from: value(&letter.from),
            to: letter.to.iter().map(|field| field.value.clone()).collect(),
            id: document.id.to_string(),
            received: document.source.received.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }

    /// Returns the indices of the pages in the original file, from 0.
    pub fn indices(&self) -> Vec<u32> {
        self.pages.iter().map(|page| page.number - 1).collect()
    }

    /// Returns the order as it crosses a pipe.
    ///
    /// # Errors
    /// Never for orders this program made.
    pub fn to_json(&self) -> Result<Vec<u8>, super::PdfError> {
        Ok(serde_json::to_vec(self)?)
    }
}

impl PageText {
    fn of(page: &Page, number: u32) -> Self {
        let words = |line: &Line| line.words.iter().map(|word| (word.text.clone(), word.bounds.edges())).collect();
        Self {
            number,
            width: page.size.width.max(1),
            height: page.size.height.max(1),
            dpi: if page.dpi.0 == 0 { 300 } else { page.dpi.0 },
            turn: page.rotation.degrees(),
            read: page.origin != Origin::TextLayer || page.lines.iter().any(|line| line.bounds.is_empty()),
            lines: page.lines.iter().map(words).collect(),
        }
    }
}
