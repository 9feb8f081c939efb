//! One document as a searchable PDF: its original from the archive, its words from the catalogue, the file out.

use super::failure::ArchiveError;
use super::store::Store;
use crate::decode::{self, DecodeError, Format, OpenFile, SNIFF_BYTES};
use crate::export::pdf::{self, Job, PdfError};
use crate::model::Document;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Why a document could not be written as PDF.
#[derive(Debug, thiserror::Error)]
pub enum SearchableError {
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The original cannot be read.
    #[error("the original cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The original is of no kind that has pages.
    #[error("the original is of no kind that has pages")]
    Unknown,
    /// A page of it cannot be had.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The PDF cannot be written.
    #[error(transparent)]
    Write(#[from] PdfError),
}

/// Returns the document as PDF/A-2b where its original allows that: page images as they are, its words unseen over them.
///
/// With `optimise`, pages of image files in grey and colour are packed anew where that takes less room; PDFs keep theirs.
/// `program` is this program, in a process of which a PDF is written anew under the limits of `settings`.
///
/// # Errors
/// [`SearchableError`] when the original cannot be read, or the PDF not be written.
pub fn searchable_pdf(
    store: &Store,
    document: &Document,
    settings: &decode::Settings,
    program: &Path,
    optimise: bool,
) -> Result<Vec<u8>, SearchableError> {
    let original = store.blobs.as_file(&document.id.original).map_err(ArchiveError::from)?;
    let mut head = Vec::with_capacity(SNIFF_BYTES);
    File::open(original.path())?.take(SNIFF_BYTES as u64).read_to_end(&mut head)?;
    let format = Format::sniff(&head).ok_or(SearchableError::Unknown)?;
    let file = OpenFile::open(original.path(), format, settings, program)?;
    let job = Job::of(document);
    if format == Format::Pdf {
        return Ok(file.rewritten(&job.indices(), &job.to_json()?)?);
    }
    let page = |index| if optimise { file.small_page(index) } else { file.coded_page(index) };
    // A page that could not be read when it came cannot be drawn now either; its place stays.
    let pages = job.indices().into_iter().map(|index| match page(index) {
        Ok(page) => Some(page),
        Err(error) => {
            tracing::warn!(document = %document.id.original.short(), page = index + 1, %error, "page left white");
            None
        }
    });
    Ok(pdf::written(&job, pages)?)
}
