//! What can go wrong between bytes and page image.

use crate::model::FailureCode;
use serde::{Deserialize, Serialize};

/// Why a file or page could not be decoded. Crosses the pipe between a PDF's reader and this process as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum DecodeError {
    /// The bytes cannot be had.
    #[error("the file cannot be read: {what}")]
    Unreadable {
        /// What the system says.
        what: String,
    },
    /// A kind of file or coding that is not read.
    #[error("not read: {what}")]
    Unsupported {
        /// The kind or coding.
        what: String,
    },
    /// The image is broken or cut short.
    #[error("the image is damaged: {what}")]
    DamagedImage {
        /// What is wrong with it.
        what: String,
    },
    /// The PDF is broken or cut short.
    #[error("the PDF is damaged: {what}")]
    DamagedPdf {
        /// What is wrong with it.
        what: String,
    },
    /// The PDF opens with a password alone.
    #[error("the PDF needs a password")]
    EncryptedPdf,
    /// The page has too many pixels.
    #[error(
        "the page is {width}x{height} pixels, over the limit of {limit_megapixels} Mpx (decode.max_page_megapixels)"
    )]
    TooLarge {
        /// Width the file declares.
        width: u64,
        /// Height the file declares.
        height: u64,
        /// The limit.
        limit_megapixels: u32,
    },
    /// The file has too many bytes.
    #[error("the file has {mib} MiB, over the limit of {limit_mib} MiB (decode.max_file_mib)")]
    FileTooLarge {
        /// Its size.
        mib: u64,
        /// The limit.
        limit_mib: u32,
    },
    /// Reading the PDF takes too much memory.
    #[error("reading the PDF takes more than the limit of {limit_mib} MiB of memory (decode.pdf_memory_mib)")]
    OutOfMemory {
        /// The limit.
        limit_mib: u32,
    },
    /// The file has too many pages.
    #[error("the file has {pages} pages, over the limit of {limit} (decode.max_pages)")]
    TooManyPages {
        /// Pages in the file.
        pages: u32,
        /// The limit.
        limit: u32,
    },
    /// Reading the PDF takes too long.
    #[error("the PDF took longer than the limit of {limit_seconds} s a page (decode.pdf_page_seconds)")]
    TimedOut {
        /// The limit.
        limit_seconds: u32,
    },
    /// The reader of the PDF died.
    #[error("the reader of the PDF died: {what}")]
    Crashed {
        /// How it died, and its last words.
        what: String,
    },
    /// Nothing in it.
    #[error("empty: {what}")]
    Empty {
        /// What is missing.
        what: String,
    },
    /// The caller asked for a page beyond the last.
    #[error("page {index} (counted from 0) was asked for, and the file has {pages}")]
    NoSuchPage {
        /// The page asked for.
        index: u32,
        /// Pages in the file.
        pages: u32,
    },
    /// The reader of PDFs could not be started or spoken to.
    #[error("the reader of PDFs cannot be used: {what}")]
    NoReader {
        /// What the system says.
        what: String,
    },
}

impl DecodeError {
    /// Returns the code of the contract.
    pub fn code(&self) -> FailureCode {
        match self {
            Self::Unreadable { .. } => FailureCode::Unreadable,
            Self::Unsupported { .. } => FailureCode::UnsupportedFormat,
            Self::DamagedImage { .. } => FailureCode::DamagedImage,
            Self::DamagedPdf { .. } => FailureCode::DamagedPdf,
            Self::EncryptedPdf => FailureCode::EncryptedPdf,
            Self::TooLarge { .. } | Self::FileTooLarge { .. } | Self::OutOfMemory { .. } => FailureCode::TooLarge,
            Self::TooManyPages { .. } => FailureCode::TooManyPages,
            Self::TimedOut { .. } => FailureCode::TimedOut,
            Self::Crashed { .. } => FailureCode::Crashed,
            Self::Empty { .. } => FailureCode::Empty,
            Self::NoSuchPage { .. } | Self::NoReader { .. } => FailureCode::Internal,
        }
    }

    pub(super) fn damaged_image(what: impl Into<String>) -> Self {
        Self::DamagedImage { what: what.into() }
    }

    pub(super) fn damaged_pdf(what: impl Into<String>) -> Self {
        Self::DamagedPdf { what: what.into() }
    }

    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}
