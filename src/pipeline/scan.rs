//! One page of a document as it was scanned: its original from the archive in, the page's image out.

use super::failure::ArchiveError;
use super::store::Store;
use crate::catalogue::DocumentRow;
use crate::decode::{self, DecodeError, Format, OpenFile, SNIFF_BYTES};
use crate::model::PageImage;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The original cannot be read.
    #[error("the original cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The original is of no kind that has pages.
    #[error("the original is of no kind that has pages")]
    Unknown,
    /// No such page.
    #[error("the document has no page {0}")]
    Page(u32),
    /// The page cannot be had.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// Returns the image of page `number` of a document, from 1, as archived: boxes of its words refer to it.
///
/// A PDF is read in a process of `program` under the limits of `settings`.
///
/// # Errors
/// [`ScanError`] when there is no such page, or the original cannot be read.
pub fn page_image(
    store: &Store,
    document: &DocumentRow,
    number: u32,
    settings: &decode::Settings,
    program: &Path,
) -> Result<PageImage, ScanError> {
    let (first, last) = document.source.pages;
    let index = number.checked_sub(1).map(|before| first - 1 + before).filter(|index| *index < last);
    let index = index.ok_or(ScanError::Page(number))?;
    let original = store.blobs.as_file(&document.id.original).map_err(ArchiveError::from)?;
    let mut head = Vec::with_capacity(SNIFF_BYTES);
    File::open(original.path())?.take(SNIFF_BYTES as u64).read_to_end(&mut head)?;
    let format = Format::sniff(&head).ok_or(ScanError::Unknown)?;
    Ok(OpenFile::open(original.path(), format, settings, program)?.page(index)?)
}
