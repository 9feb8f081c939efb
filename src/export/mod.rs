//! Writes documents out: as the JSON object that programs read, a line a document, as plain text, as searchable PDF,
//! and in the two forms that other programs know for words with their places, ALTO and hOCR.

mod alto;
pub mod document;
mod hocr;
mod names;
pub mod pdf;
mod xml;

pub use alto::{Alto, write_alto};
pub use hocr::write_hocr;
pub use names::FileNames;

use crate::model::Document;
use std::io::{self, Write};

/// Writes one document as a line of JSON; with `words`, each word's box and confidence and each field's evidence.
///
/// # Errors
/// What `out` answers.
pub fn write_jsonl(document: &Document, words: bool, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &document::DocumentObject::of(document, words))?;
    out.write_all(b"\n")
}

/// Writes the text of a document, a printed line a line, with a form feed between pages.
///
/// # Errors
/// What `out` answers.
pub fn write_text(document: &Document, out: &mut impl Write) -> io::Result<()> {
    for (index, page) in document.pages.iter().enumerate() {
        if index > 0 {
            out.write_all(b"\x0C")?;
        }
        out.write_all(page.text().as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
