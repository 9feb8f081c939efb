//! Why a file or page could not be taken in: the codes that other programs rely on.

use std::{fmt, str::FromStr};

/// What went wrong with a file, as a code of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureCode {
    /// The bytes could not be read from where they lie.
    Unreadable,
    /// Not a kind of file Warraq reads.
    UnsupportedFormat,
    /// The image is broken.
    DamagedImage,
    /// The PDF is broken.
    DamagedPdf,
    /// The PDF needs a password.
    EncryptedPdf,
    /// Over a limit of pixels or bytes.
    TooLarge,
    /// Over the limit of pages.
    TooManyPages,
    /// Took longer than allowed.
    TimedOut,
    /// The reader of this file died.
    Crashed,
    /// No bytes, or no pages.
    Empty,
    /// The archive could not be written or read.
    Storage,
    /// A fault of the program.
    Internal,
}

impl FailureCode {
    /// All codes.
    pub const ALL: [Self; 12] = [
        Self::Unreadable,
        Self::UnsupportedFormat,
        Self::DamagedImage,
        Self::DamagedPdf,
        Self::EncryptedPdf,
        Self::TooLarge,
        Self::TooManyPages,
        Self::TimedOut,
        Self::Crashed,
        Self::Empty,
        Self::Storage,
        Self::Internal,
    ];

    /// Returns the code as programs know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::UnsupportedFormat => "unsupported_format",
            Self::DamagedImage => "damaged_image",
            Self::DamagedPdf => "damaged_pdf",
            Self::EncryptedPdf => "encrypted_pdf",
            Self::TooLarge => "too_large",
            Self::TooManyPages => "too_many_pages",
            Self::TimedOut => "timed_out",
            Self::Crashed => "crashed",
            Self::Empty => "empty",
            Self::Storage => "storage",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No such failure code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no failure code")]
pub struct ParseFailureCodeError(String);

impl FromStr for FailureCode {
    type Err = ParseFailureCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|code| code.as_str() == text).ok_or_else(|| ParseFailureCodeError(text.to_owned()))
    }
}
