//! Turns bytes into page images: a file in, one [`PageImage`] a page out, at the file's own resolution.
//!
//! The kind of a file is told from its first bytes, never from its name. TIFF, JPEG, PNG, BMP and WebP are read in
//! this process; a PDF is read by a child process with limits of its own ([`pdf_child`]), since PDFs can bring a
//! reader down in ways no caller can catch. Every page comes out as grey (`bilevel` where it is black and white alone)
//! or as RGB, turned as its file says. A page that cannot be had whole is an error, never half a page: who files
//! letters must not take the upper half of one for the letter.

mod ccitt;
mod error;
mod guard;
mod jpeg;
mod passthrough;
mod pdf;
mod pixels;
mod raster;
mod source;
mod tags;
mod tiff;
pub mod trust;

#[cfg(test)]
mod mutants;

pub use error::DecodeError;
pub use pdf::child as pdf_child;

use crate::model::{Dpi, EncodedPage, Line, PageImage, PixelSize, Rotation};
use serde::{Deserialize, Serialize};
use source::{FileBytes, ReadAt};
use std::path::Path;

/// Raised when the same file gives other pixels than before.
pub const VERSION: u16 = 2;

/// How many bytes from the start of a file [`Format::sniff`] wants to see.
pub const SNIFF_BYTES: usize = 1024;

/// A kind of file that holds page images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// TIFF and BigTIFF.
    Tiff,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// Windows bitmap.
    Bmp,
    /// WebP.
    WebP,
    /// PDF.
    Pdf,
}

impl Format {
    /// Returns the kind of file that starts with `head`, the first [`SNIFF_BYTES`] of it or all if it is shorter.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        let head = head.get(..SNIFF_BYTES).unwrap_or(head);
        match head {
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            // "BM" alone may start a text; the size of the header that follows takes few values.
            [b'B', b'M', ..] if matches!(head.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])) => {
                Some(Self::Bmp)
            }
            // Readers accept a PDF whose header stands anywhere in the first 1024 bytes (PDF 1.7, annex H.3).
            _ => head.windows(5).any(|window| window == b"%PDF-").then_some(Self::Pdf),
        }
    }

    /// Returns the media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Tiff => "image/tiff",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Bmp => "image/bmp",
            Self::WebP => "image/webp",
            Self::Pdf => "application/pdf",
        }
    }
}

/// Reads all pages of a PDF in this very process, without the limits of its reader, and lets go of them.
#[cfg(fuzzing)]
pub fn read_pdf_in_process(bytes: Vec<u8>) {
    pdf::pages_in_process(
        bytes,
        &Settings { max_page_megapixels: 2, pdf_render_max_megapixels: 1, ..Settings::default() },
    );
}

/// Limits on what is read, and how born-digital PDF pages are drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Largest page taken, in millions of pixels.
    pub max_page_megapixels: u32,
    /// Most pages taken from one file.
    pub max_pages: u32,
    /// Largest file taken.
    pub max_file_mib: u32,
    /// Memory that the reader of one PDF may use.
    pub pdf_memory_mib: u32,
    /// Time that one page of a PDF may take.
    pub pdf_page_seconds: u32,
    /// Resolution at which PDF pages that are not a scan are drawn.
    pub pdf_render_dpi: u32,
    /// Largest drawing of a PDF page, in millions of pixels; a larger page is drawn at a lower resolution.
    pub pdf_render_max_megapixels: u32,
    /// Passwords tried on encrypted PDFs, after the empty one. `ingest --password-file` gives them without writing them
    /// into a configuration.
    pub pdf_passwords: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_page_megapixels: 200,
            max_pages: 5000,
            max_file_mib: 1024,
            pdf_memory_mib: 2048,
            pdf_page_seconds: 30,
            pdf_render_dpi: 300,
            pdf_render_max_megapixels: 40,
            pdf_passwords: Vec::new(),
        }
    }
}

/// What is known of a page before it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageHeader {
    /// Size of the page image that [`OpenFile::page`] returns.
    pub size: PixelSize,
    /// Most memory that decoding the page holds at one time, the image itself included.
    pub decoded_bytes: u64,
}

/// Text that came with a page, and what is known of it. Whether it is to be believed is for [`crate::decode::trust`] to say.
#[derive(Clone, Debug, PartialEq)]
pub struct TextLayer {
    /// Printed lines from top to bottom, words in logical order, boxes on the page image.
    pub lines: Vec<Line>,
    /// Size of the page image that [`OpenFile::page`] returns.
    pub size: PixelSize,
    /// Its resolution.
    pub dpi: Option<Dpi>,
    /// The clockwise turn that brings most of the text upright.
    pub turn: Rotation,
    /// Whether lines and columns are read from left to right: Latin text, or Arabic laid out the wrong way round.
    pub left_to_right: bool,
    /// Glyphs whose characters are known.
    pub legible: u32,
    /// Glyphs whose characters are not, or cannot be written.
    pub illegible: u32,
    /// Whether none of the text is to be seen on the page.
    pub invisible: bool,
    /// Whether images are all that is to be seen on the page.
    pub scan: bool,
    /// How much of the page images cover, 0.0 to 1.0 and more where they overlap.
    pub image_cover: f32,
}

/// A file of page images, opened and counted.
pub struct OpenFile {
    pages: Pages,
}

enum Pages {
    Tiff(tiff::TiffFile),
    Single(raster::SingleImage),
    Pdf(pdf::PdfFile),
}

impl OpenFile {
    /// Opens the file at `path`, which starts as `format` does, and reads its headers.
    ///
    /// `program` is this program's own executable; a PDF is read by `program pdf-pages PATH`, which must call
    /// [`pdf_child::run`].
    ///
    /// # Errors
    /// The file cannot be read, is empty, is no such file, or is over a limit of `settings`.
    pub fn open(path: &Path, format: Format, settings: &Settings, program: &Path) -> Result<Self, DecodeError> {
        let file = FileBytes::open(path)?;
        if file.len() == 0 {
            return Err(DecodeError::Empty { what: "the file has no bytes".to_owned() });
        }
        if file.len() > u64::from(settings.max_file_mib) << 20 {
            return Err(DecodeError::FileTooLarge { mib: file.len() >> 20, limit_mib: settings.max_file_mib });
        }
        let pages = match format {
            Format::Pdf => Pages::Pdf(pdf::PdfFile::open(path, settings, program)?),
            Format::Tiff => guard::images(|| Ok(Pages::Tiff(tiff::TiffFile::open(file, settings)?)))?,
            Format::Jpeg | Format::Png | Format::Bmp | Format::WebP => {
                guard::images(|| Ok(Pages::Single(raster::SingleImage::open(file, format, settings)?)))?
            }
        };
        let opened = Self { pages };
        match opened.page_count() {
            0 => Err(DecodeError::Empty { what: "the file has no pages".to_owned() }),
            pages if pages > settings.max_pages => Err(DecodeError::TooManyPages { pages, limit: settings.max_pages }),
            _ => Ok(opened),
        }
    }

    /// Returns the number of pages, at least 1.
    pub fn page_count(&self) -> u32 {
        match &self.pages {
            Pages::Tiff(file) => file.page_count(),
            Pages::Single(_) => 1,
            Pages::Pdf(file) => file.page_count(),
        }
    }

    /// Returns size and cost of page `index`, counted from 0, without decoding it.
    ///
    /// # Errors
    /// The page is damaged, over a limit, or does not exist.
    pub fn page_header(&self, index: u32) -> Result<PageHeader, DecodeError> {
        self.check_index(index)?;
        match &self.pages {
            Pages::Tiff(file) => file.page_header(index),
            Pages::Single(image) => Ok(image.page_header()),
            Pages::Pdf(file) => file.page_header(index),
        }
    }

    /// Decodes page `index`, counted from 0.
    ///
    /// # Errors
    /// The page is damaged or cut short, over a limit, or does not exist.
    pub fn page(&self, index: u32) -> Result<PageImage, DecodeError> {
        self.check_index(index)?;
        match &self.pages {
            Pages::Tiff(file) => guard::images(|| file.page(index)),
            Pages::Single(image) => guard::images(|| image.page()),
            Pages::Pdf(file) => file.page(index),
        }
    }

    /// Decodes page `index`, counted from 0, at less cost than [`Self::page`]: a page that a PDF draws is drawn small. Others cost what
    /// they cost.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn cheap_page(&self, index: u32) -> Result<PageImage, DecodeError> {
        self.check_index(index)?;
        match &self.pages {
            Pages::Pdf(file) => file.cheap_page(index),
            Pages::Tiff(_) | Pages::Single(_) => self.page(index),
        }
    }

    /// Returns page `index`, counted from 0, as its file codes it where PDF knows that coding, else packed without loss.
    ///
    /// # Errors
    /// The page is damaged, over a limit, or does not exist; or the file is a PDF, which is exported as a whole.
    pub fn coded_page(&self, index: u32) -> Result<EncodedPage, DecodeError> {
        self.check_index(index)?;
        let coded = match &self.pages {
            Pages::Tiff(file) => guard::images(|| file.coded(index))?,
            Pages::Single(image) => guard::images(|| image.coded())?,
            Pages::Pdf(_) => return Err(DecodeError::unsupported("pages of a PDF one by one")),
        };
        coded.map_or_else(|| passthrough::packed(&self.page(index)?), Ok)
    }

    /// Returns the same with the image packed anew, as JPEG, where that takes less room.
    ///
    /// # Errors
    /// As [`Self::coded_page`].
    pub fn small_page(&self, index: u32) -> Result<EncodedPage, DecodeError> {
        let coded = self.coded_page(index)?;
        Ok(passthrough::smaller(&self.page(index)?, coded))
    }

    /// Has a PDF written anew, in its reader's process and under its limits. `job` goes to the function that
    /// [`pdf_child::run`] was given, with the pages that it names.
    ///
    /// # Errors
    /// The file is no PDF, or cannot be rewritten.
    pub fn rewritten(&self, pages: &[u32], job: &[u8]) -> Result<Vec<u8>, DecodeError> {
        match &self.pages {
            Pages::Pdf(file) => file.rewritten(pages, job),
            Pages::Tiff(_) | Pages::Single(_) => Err(DecodeError::unsupported("writing an image file as PDF")),
        }
    }

    /// Returns the text that page `index`, counted from 0, brings along; `None` for kinds of file without text.
    ///
    /// # Errors
    /// The page is damaged, over a limit, or does not exist.
    pub fn text(&self, index: u32) -> Result<Option<TextLayer>, DecodeError> {
        self.check_index(index)?;
        match &self.pages {
            Pages::Tiff(_) | Pages::Single(_) => Ok(None),
            Pages::Pdf(file) => file.text(index).map(Some),
        }
    }

    fn check_index(&self, index: u32) -> Result<(), DecodeError> {
        let pages = self.page_count();
        if index < pages { Ok(()) } else { Err(DecodeError::NoSuchPage { index, pages }) }
    }
}

/// Returns the resolution if it is one that a scanner can have: 50..=1200 dpi.
///
/// Where the two directions differ, as in faxes, the vertical one counts: it is the one that says how tall letters are.
fn believable_dpi(horizontal: f64, vertical: f64) -> Option<Dpi> {
    let believable = |dpi: f64| (49.5..=1200.5).contains(&dpi);
    (believable(horizontal) && believable(vertical)).then(|| Dpi(vertical.round() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], want: Option<Format>) {
        assert_eq!(Format::sniff(head), want, "{head:?}")
    }

    #[test]
    fn formats_are_known_by_their_first_bytes() {
        check(b"II*\0\x08\0\0\0", Some(Format::Tiff));
        check(b"MM\0+\0\x08\0\0", Some(Format::Tiff));
        check(b"\xFF\xD8\xFF\xE0", Some(Format::Jpeg));
        check(b"\x89PNG\r\n\x1A\n", Some(Format::Png));
        check(b"RIFF\x10\0\0\0WEBPVP8 ", Some(Format::WebP));
        check(b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", Some(Format::Bmp));
        check(b"%PDF-1.4", Some(Format::Pdf));
        check(&[vec![b'\n'; 1000], b"%PDF-1.7".to_vec()].concat(), Some(Format::Pdf));
    }

    #[test]
    fn other_files_are_not_taken() {
        check(b"", None);
        check(b"BM is how this text starts", None);
        check(b"II*", None);
        check(&[vec![b'\n'; 1024], b"%PDF-1.7".to_vec()].concat(), None);
    }

    #[test]
    fn resolutions_no_scanner_has_are_not_believed() {
        assert_eq!(believable_dpi(300.0, 299.999), Some(Dpi(300)));
        assert_eq!(believable_dpi(204.0, 98.0), Some(Dpi(98)));
        assert_eq!(believable_dpi(1.0, 1.0), None);
        assert_eq!(believable_dpi(f64::NAN, 300.0), None);
        assert_eq!(believable_dpi(300.0, 2400.0), None);
    }
}
