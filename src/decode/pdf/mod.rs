//! PDF: the pages of a file as its reader, a process of its own, hands them over.
//!
//! This side starts the reader, asks it for pages, and watches the clock; the other side is [`child`]. A reader that
//! dies or takes too long costs the page it was at: the next page gets a new one.

pub mod child;
mod complete;
mod confine;
mod image;
mod look;
mod mend;
mod pages;
mod protocol;
mod reader;
mod space;
mod survey;
#[cfg(test)]
pub(super) mod tests;
mod text;

use super::DecodeError;
use super::PageHeader;
use super::Settings;
use super::TextLayer;
use crate::model::PageImage;
use protocol::{Reply, Request};
use reader::Reader;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Resolution at which a page is drawn that took too long at the usual one.
const CHEAP_DPI: u32 = 100;

/// An open PDF: one reader process at a time, asked by one thread at a time.
pub(super) struct PdfFile {
    path: PathBuf,
    program: PathBuf,
    settings: Settings,
    pages: u32,
    reader: Mutex<Option<Reader>>,
}

impl PdfFile {
    pub(super) fn open(path: &Path, settings: &Settings, program: &Path) -> Result<Self, DecodeError> {
        let path = std::path::absolute(path).map_err(|error| DecodeError::Unreadable { what: error.to_string() })?;
        let (reader, pages) = Reader::start(program, &path, settings)?;
        let (program, settings) = (program.to_path_buf(), settings.clone());
        Ok(Self { path, program, settings, pages, reader: Mutex::new(Some(reader)) })
    }

    pub(super) fn page_count(&self) -> u32 {
        self.pages
    }

    pub(super) fn page_header(&self, index: u32) -> Result<PageHeader, DecodeError> {
        match self.ask(&Request::Header { index })? {
            (Reply::Header { size, decoded_bytes }, _) => Ok(PageHeader { size: size.into(), decoded_bytes }),
            (reply, _) => Err(reply.unexpected()),
        }
    }

    pub(super) fn page(&self, index: u32) -> Result<PageImage, DecodeError> {
        match self.ask(&Request::Page { index })? {
            (Reply::Page(about), pixels) => about.into_page(pixels),
            (reply, _) => Err(reply.unexpected()),
        }
    }

    /// Returns the page by a reader of its own that draws at a low resolution.
    pub(super) fn cheap_page(&self, index: u32) -> Result<PageImage, DecodeError> {
        let dpi = self.settings.pdf_render_dpi.min(CHEAP_DPI);
        let settings = Settings { pdf_render_dpi: dpi, pdf_render_max_megapixels: 2, ..self.settings.clone() };
        let (mut reader, _) = Reader::start(&self.program, &self.path, &settings)?;
        match reader.ask(&Request::Page { index })? {
            (Reply::Page(about), pixels) => about.into_page(pixels),
            (Reply::Failed(error), _) => Err(error),
            (reply, _) => Err(reply.unexpected()),
        }
    }

    /// Returns the text that the file gives for the page.
    pub(super) fn text(&self, index: u32) -> Result<TextLayer, DecodeError> {
        match self.ask(&Request::Text { index })? {
            (Reply::Text(words), _) => Ok(words.into_layer()),
            (reply, _) => Err(reply.unexpected()),
        }
    }

    /// Has the file written anew by its reader.
    pub(super) fn rewritten(&self, pages: &[u32], job: &[u8]) -> Result<Vec<u8>, DecodeError> {
        let job = String::from_utf8_lossy(job).into_owned();
        match self.ask(&Request::Rewrite { pages: pages.to_vec(), job })? {
            (Reply::Rewritten, bytes) => Ok(bytes),
            (reply, _) => Err(reply.unexpected()),
        }
    }

    /// Asks the reader, a new one where there is none.
    ///
    /// A reader that served other pages may have died of what they left behind, so its page gets a second try alone.
    fn ask(&self, request: &Request) -> Result<(Reply, Vec<u8>), DecodeError> {
        let mut place = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let mut reader = match place.take() {
                Some(reader) => reader,
                None => Reader::start(&self.program, &self.path, &self.settings)?.0,
            };
            let fresh = reader.is_fresh();
            match reader.ask(request) {
                Ok((Reply::Failed(error), _)) => {
                    *place = Some(reader);
                    return Err(error);
                }
                Ok(answer) => {
                    *place = Some(reader);
                    return Ok(answer);
                }
                Err(DecodeError::Crashed { .. } | DecodeError::OutOfMemory { .. }) if !fresh => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Reads all pages of a PDF in this very process, as its reader does, and lets go of them.
#[cfg(any(test, fuzzing))]
pub(super) fn pages_in_process(bytes: Vec<u8>, settings: &Settings) {
    let _ = super::guard::pdfs(|| {
        let pdf = pages::open(&bytes.into(), &[])?;
        let mut pages = pages::PdfPages::new(&pdf, settings)?;
        for index in 0..pages.count().min(settings.max_pages) {
            let _ = super::guard::pdfs(|| pages.header(index));
            let _ = super::guard::pdfs(|| pages.page(index));
            let _ = super::guard::pdfs(|| pages.text(index));
        }
        Ok(())
    });
}
