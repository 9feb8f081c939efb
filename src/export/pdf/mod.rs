//! Searchable PDF/A-2b: a document and its page images in, one PDF out in which every viewer finds and copies the words.
//!
//! The images of a scan go into the PDF as their file codes them; nothing is decoded that need not be. Over each lies
//! its text, unseen: a line at a time in visual order, every word as wide as on the page, with real spaces between, which
//! is the form that poppler, pdfium and pdf.js all put back into logical order. `ActualText` is not used: two of the
//! three then turn words around.
//!
//! A document that came as a PDF is written anew from that PDF ([`rewritten`]), in the process that reads PDFs: pages
//! that are scans become images and text, as above; other pages stay as they are and get text only where theirs was
//! not to be trusted. What cannot be promised is not claimed: the mark of PDF/A-2b is left out where a page was kept or
//! an image is in inks.

mod font;
mod images;
mod job;
mod metadata;
mod rewrite;
#[cfg(test)]
mod tests;
mod text;

pub use images::written;
pub use job::Job;
pub use rewrite::rewritten;

use font::BlankFont;
use lopdf::{Document, Object, ObjectId, Stream, dictionary};

/// Why a PDF could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The library refuses, for want of memory or a damaged original.
    #[error("the PDF cannot be written: {0}")]
    Library(#[from] lopdf::Error),
    /// Writing into memory failed.
    #[error("the PDF cannot be written: {0}")]
    Write(#[from] std::io::Error),
    /// The order to write is not one.
    #[error("the order to write a PDF cannot be understood: {0}")]
    Job(#[from] serde_json::Error),
    /// The original does not hold what it should.
    #[error("the original has no {what}")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
}

/// Streams shorter than this are not packed.
const PACK_FROM: usize = 100;

/// Returns a stream, packed where that makes it shorter.
fn stream(dict: lopdf::Dictionary, content: Vec<u8>) -> Stream {
    let mut stream = Stream::new(dict, content);
    if stream.content.len() >= PACK_FROM {
        let _ = stream.compress(); // what cannot be packed stays as it is
    }
    stream
}

/// Returns an array of numbers.
fn numbers(values: impl IntoIterator<Item = f64>) -> Object {
    Object::Array(values.into_iter().map(|value| Object::Real(value as f32)).collect())
}

/// Ends a document whose pages are made: fonts, metadata, outline; returns its bytes.
fn finished(
    mut file: Document,
    job: &Job,
    pages: &[ObjectId],
    font: (ObjectId, BlankFont),
    archival: bool,
) -> Result<Vec<u8>, PdfError> {
    let (font_id, font) = font;
    font.add(&mut file, font_id);
    metadata::add(&mut file, job, pages, archival)?;
    let mut bytes = Vec::new();
    file.save_to(&mut bytes)?;
    Ok(bytes)
}

/// Returns the dictionary of a page's font resource under its name.
fn font_resources(font: ObjectId) -> lopdf::Dictionary {
    dictionary! { font::NAME => font }
}
