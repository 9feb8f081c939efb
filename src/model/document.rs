//! A document: one letter, with its pages and where it came from.

use super::{ContentHash, Letter, Page};
use jiff::Timestamp;
use std::{fmt, str::FromStr};

/// Hash of the original file, with `-<n>` for the n-th letter (from 1) of a file that holds several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId {
    /// SHA-256 of the original file.
    pub original: ContentHash,
    /// Which letter of the file, from 1; `None` where the file is one letter.
    pub part: Option<u32>,
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            None => self.original.fmt(f),
            Some(part) => write!(f, "{}-{part}", self.original),
        }
    }
}

/// The text is no document id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no document id: 64 hexadecimal digits, with -1, -2 … for a letter of a file that holds several")]
pub struct ParseDocumentIdError(String);

impl FromStr for DocumentId {
    type Err = ParseDocumentIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseDocumentIdError(text.to_owned());
        let (hash, part) = match text.split_once('-') {
            Some((hash, part)) => (hash, Some(part.parse().ok().filter(|n| *n >= 1).ok_or_else(wrong)?)),
            None => (text, None),
        };
        Ok(Self { original: hash.parse().map_err(|_| wrong())?, part })
    }
}

/// Where a document came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// File name as handed in.
    pub name: String,
    /// Path as handed in.
    pub path: String,
    /// Media type by content, such as `image/tiff`.
    pub media_type: String,
    /// Size of the original in bytes.
    pub bytes: u64,
    /// When it was taken in.
    pub received: Timestamp,
    /// First and last page in the original file, from 1.
    pub pages: (u32, u32),
}

/// One letter with its pages.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its identity.
    pub id: DocumentId,
    /// Where it came from.
    pub source: Source,
    /// The body whose archive it belongs to, if that was said.
    pub organisation: Option<String>,
    /// Pages in order.
    pub pages: Vec<Page>,
    /// What was understood of it.
    pub letter: Letter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_return_from_their_text() {
        let original = ContentHash::of(b"letter");
        for id in [DocumentId { original, part: None }, DocumentId { original, part: Some(3) }] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert!(format!("{original}-0").parse::<DocumentId>().is_err());
        assert!("7".parse::<DocumentId>().is_err());
    }
}
