//! Why a file or a page was not taken in, with the code programs rely on; and why a whole run cannot go on.

use crate::archive::StoreError;
use crate::archive::record::RecordError;
use crate::catalogue::{CatalogueError, InputError};
use crate::decode::DecodeError;
use crate::model::FailureCode;
use crate::ocr::OcrError;
use crate::search::SearchError;
use crate::text::word_lists::WordListError;
use crate::thread::bodies::BodiesError;
use std::io;
use std::path::PathBuf;

/// Why one file, or one page of it, was not taken in. Nothing else is lost because of it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The bytes cannot be read from where they lie.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// A pipe, socket or device.
    #[error("not a regular file: only files are taken in, no pipes, sockets or devices")]
    NotAFile,
    /// The bytes are of no kind Warraq reads.
    #[error(
        "the bytes are of no kind Warraq reads (TIFF, JPEG, PNG, BMP, WebP, PDF): damaged at the very beginning, or \
         something else under this name"
    )]
    UnsupportedFormat,
    /// The file holds no bytes.
    #[error("the file is empty: scan or copy it again")]
    Empty,
    /// The bytes are larger than allowed.
    #[error("the file has {bytes} bytes, over the limit of {limit_mib} MiB (decode.max_file_mib)")]
    TooLarge {
        /// Size of the file.
        bytes: u64,
        /// The limit.
        limit_mib: u32,
    },
    /// Decoding failed.
    #[error("{0}")]
    Decode(#[from] DecodeError),
    /// Reading failed.
    #[error("{0}")]
    Ocr(#[from] OcrError),
    /// The text to be used instead of reading is not there.
    #[error("the text {} cannot be read: {source}", path.display())]
    Text {
        /// Where it should lie.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// Reading a page takes too long.
    #[error(
        "reading the page took longer than the limit of {seconds} s (pipeline.page_seconds), at a low resolution, too"
    )]
    Slow {
        /// The limit.
        seconds: u64,
    },
    /// Reading the file takes too long.
    #[error("the file took longer than the limit of {seconds} s (pipeline.file_seconds) before this page was begun")]
    SlowFile {
        /// The limit.
        seconds: u32,
    },
    /// The run was told to stop before the page was read.
    #[error("the run was told to stop before the page was read")]
    Stopped,
    /// The file was written to while it was being copied.
    #[error("the file was being written while it was read: hand it in again when it is complete")]
    Changing,
    /// The process that read a file under suspicion died.
    #[error(
        "the program died while it read this file, and so did the process that read it by itself ({how}): keep the file, it is worth reporting"
    )]
    Crashed {
        /// How it died.
        how: String,
    },
    /// Said by the process that read a file under suspicion.
    #[error("{message}")]
    Told {
        /// The code.
        code: FailureCode,
        /// The reason.
        message: String,
    },
    /// A fault of ours was caught.
    #[error("a fault in the program was caught ({0}): please report it with this file")]
    Internal(String),
}

impl Failure {
    /// Returns the code programs know.
    pub fn code(&self) -> FailureCode {
        match self {
            Self::Unreadable(_) | Self::NotAFile | Self::Text { .. } | Self::Changing => FailureCode::Unreadable,
            Self::Slow { .. } | Self::SlowFile { .. } => FailureCode::TimedOut,
            Self::Crashed { .. } => FailureCode::Crashed,
            Self::Told { code, .. } => *code,
            Self::UnsupportedFormat => FailureCode::UnsupportedFormat,
            Self::Empty => FailureCode::Empty,
            Self::TooLarge { .. } => FailureCode::TooLarge,
            Self::Decode(error) => error.code(),
            Self::Ocr(_) | Self::Internal(_) | Self::Stopped => FailureCode::Internal,
        }
    }

    /// Returns what the ledger keeps of it; `page` is the page of the file it happened on, from 1.
    pub fn for_ledger(&self, page: Option<u32>) -> InputError {
        InputError { code: self.code(), message: self.to_string(), page }
    }
}

/// The archive itself cannot be used, so that nothing can go on. What was stored before stays stored.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The archive's folder or its lock.
    #[error("the archive {} cannot be used: {source}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// There is no archive.
    #[error("there is no archive in {}: give its folder with --archive, or begin one with ingest", .0.display())]
    Missing(PathBuf),
    /// Another process is writing.
    #[error("the archive {} is being written by {holder}: wait for it to end, or stop it", path.display())]
    Locked {
        /// The archive.
        path: PathBuf,
        /// Who holds it: process, machine and since when.
        holder: String,
    },
    /// Written by a later version.
    #[error("the archive {} has form {found}, this program knows up to {known}: use a later version", path.display())]
    Version {
        /// The archive.
        path: PathBuf,
        /// Form found.
        found: String,
        /// Highest form known.
        known: u32,
    },
    /// Blobs.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rows.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// Index.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// A record.
    #[error("{what}: {source}")]
    Record {
        /// Which record.
        what: String,
        /// What is wrong with it.
        source: RecordError,
    },
    /// The list of bodies.
    #[error("{}: {source}", path.display())]
    Bodies {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: BodiesError,
    },
    /// A word list of the archive.
    #[error("{}: {source}", path.display())]
    WordList {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: WordListError,
    },
    /// The threads of a run could not be started, or one of them died.
    #[error("the threads of the run failed: {0}")]
    Threads(String),
}
