//! TIFF: the pages of a file, each read strip by strip or tile by tile.
//!
//! Directories and strips are read here rather than by a library, because archives hold what scanners and fax
//! servers wrote over thirty years: Group 3 beside Group 4, palettes, reversed bits, missing byte counts. Source: TIFF
//! revision 6.0 (Adobe, 1992), its Technical Note 2 on JPEG, and RFC 2306 on fax profiles.

mod chunk;
mod coded;
mod layout;
mod samples;
mod strips;

use super::DecodeError;
use super::PageHeader;
use super::Settings;
use super::pixels::Picture;
use super::source::FileBytes;
use super::tags::{Directories, tag};
use crate::model::EncodedPage;
use crate::model::PageImage;
use layout::Layout;
use std::collections::HashSet;

/// An open TIFF with the directories of all its pages read.
pub(super) struct TiffFile {
    file: FileBytes,
    /// A page whose directory is broken stands here as its error, so that the others keep their numbers.
    pages: Vec<Result<Layout, DecodeError>>,
}

/// Bits of NewSubfileType that say a directory is no page: a thumbnail, or a mask for another image.
const NO_PAGE: u64 = 1 | 4;

impl TiffFile {
    pub(super) fn open(file: FileBytes, settings: &Settings) -> Result<Self, DecodeError> {
        let directories = Directories::open(&file)?;
        let mut pages = Vec::new();
        let mut asides = Vec::new();
        let mut seen = HashSet::new();
        let mut next = directories.first;
        while next != 0 && seen.insert(next) && pages.len() <= settings.max_pages as usize {
            match directories.directory(next) {
                Ok(directory) => {
                    let kind = directories.first_number(&directory, tag::NEW_SUBFILE_TYPE).ok().flatten();
                    let page = Layout::read(&directories, &directory, settings);
                    let aside = kind.unwrap_or(0) & NO_PAGE != 0;
                    if aside {
                        asides.push(page)
                    } else {
                        pages.push(page)
                    }
                    next = directory.next;
                }
                // The chain of pages is torn: what follows is lost, and that must be seen.
                Err(error) => {
                    pages.push(Err(error));
                    next = 0;
                }
            }
        }
        if pages.is_empty() {
            pages = asides;
        }
        match &pages[..] {
            [Err(error)] => Err(error.clone()),
            _ => Ok(Self { file, pages }),
        }
    }

    pub(super) fn page_count(&self) -> u32 {
        u32::try_from(self.pages.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn page_header(&self, index: u32) -> Result<PageHeader, DecodeError> {
        let layout = self.layout(index)?;
        Ok(PageHeader { size: layout.turn.turned_size(layout.size), decoded_bytes: layout.decoded_bytes() })
    }

    pub(super) fn page(&self, index: u32) -> Result<PageImage, DecodeError> {
        let layout = self.layout(index)?;
        let samples = chunk::read_all(&self.file, layout)?;
        let picture = match layout.channels() {
            1 => Picture::grey(layout.size, samples),
            _ => Picture::rgb(layout.size, samples),
        };
        let page = picture.turned(layout.turn).into_page(layout.dpi);
        page.ok_or_else(|| DecodeError::damaged_image("it has fewer samples than pixels"))
    }

    /// Returns the page as coded, where PDF knows its coding.
    pub(super) fn coded(&self, index: u32) -> Result<Option<EncodedPage>, DecodeError> {
        coded::coded(&self.file, self.layout(index)?)
    }

    fn layout(&self, index: u32) -> Result<&Layout, DecodeError> {
        match self.pages.get(index as usize) {
            Some(Ok(layout)) => Ok(layout),
            Some(Err(error)) => Err(error.clone()),
            None => Err(DecodeError::NoSuchPage { index, pages: self.page_count() }),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
