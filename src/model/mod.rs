//! What flows through Warraq: content hashes, page images, pages of lines and words, letters and documents.
//!
//! Plain values without I/O. None of them derives `Serialize`: what is kept on disk is
//! [`crate::archive::record`], what is shown to programs is [`crate::export::document`], so that renaming a field
//! here can change neither by accident.

pub mod document;
pub mod encoded;
pub mod failure;
pub mod geometry;
pub mod hash;
pub mod image;
pub mod letter;
pub mod page;
pub mod place;

pub use document::{Document, DocumentId, Source};
pub use encoded::{Coding, Colours, EncodedImage, EncodedPage, PdfPage, PlacedObject};
pub use failure::FailureCode;
pub use geometry::{PixelBox, PixelSize, Rotation};
pub use hash::ContentHash;
pub use image::{CleanPage, LineImage, PageImage};
pub use letter::{Evidence, Field, FieldSource, Kind, Letter, LetterDate, Received, Reference, Signatory};
pub use page::{Code, Confidence, Dpi, EngineId, Line, Origin, Page, PageNumber, Reading, Symbology, Word};
pub use place::Place;
