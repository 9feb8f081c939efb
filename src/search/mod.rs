//! Finds letters again: documents in, and for a query the documents that answer it, best first, with their best page.
//!
//! The index holds a record a *page*: folded words, stems and character trigrams of its text, and on a document's first
//! page the fields of the letter. A search runs in two steps. [`gather`] lets every word of the query speak for the
//! pages that hold it, counts the documents that hold at least 60 % of the words (the strict count), and picks the
//! most promising pages; [`rank`] then reads those pages word by word with a comparison that knows how OCR errs. What is
//! found only by that tolerance is shown after the strict hits, as possible.
//!
//! Index and query pass through the same analysis ([`crate::text`]); when it changes, [`LocalIndex::open`] refuses the
//! older index, since the index can be rebuilt from the archive at will.

mod analyser;
mod complete;
mod explain;
mod facets;
mod filter;
mod fuzzy;
mod gather;
mod hit;
mod hostile;
mod lists;
mod local;
mod places;
mod plan;
mod possible;
mod query;
mod rank;
mod record;
mod rule;
mod runs;
mod schema;
mod similarity;
mod snippet;
mod span;
pub mod synthetic;
mod target;
#[cfg(test)]
mod tests;

pub use complete::{Completed, Completion};
pub use facets::{Count, Facets};
pub use filter::Filters;
pub use hit::{Answer, Hit, Match, Reason};
pub use hostile::hostile_query;
pub use local::LocalIndex;

use crate::model::{Document, DocumentId};
use std::path::PathBuf;
use tantivy::TantivyError;

/// What can go wrong with an index.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// No index stands there.
    #[error("no search index in {}; rebuild it with reindex", .0.display())]
    Missing(PathBuf),
    /// The index was built by another version.
    #[error("the search index in {} has format {found:?} and this program writes {wanted:?}; rebuild it with reindex", .path.display())]
    Outdated {
        /// Where it stands.
        path: PathBuf,
        /// The format it has.
        found: String,
        /// The format of this program.
        wanted: String,
    },
    /// Another process writes to it.
    #[error("another process is writing to the search index in {}", .0.display())]
    Busy(PathBuf),
    /// It was opened for reading.
    #[error("the search index is open for reading only")]
    ReadOnly,
    /// Its folder cannot be read or written.
    #[error("cannot use the folder of the search index: {0}")]
    Io(#[from] std::io::Error),
    /// The index is damaged, or its disk is.
    #[error("search index: {0}; if it is damaged, rebuild it with reindex")]
    Index(#[from] TantivyError),
}

/// What the answer is confined to, and which part of it is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchOptions {
    /// The most hits to return.
    pub limit: usize,
    /// How many hits to skip first.
    pub offset: usize,
    /// Which documents may be found. With filters, a query without words finds all documents they allow, the newest
    /// first.
    pub filters: Filters,
    /// Whether to count how the letters of the strict count spread.
    pub facets: bool,
    /// Whether to tell of each hit why it is one.
    pub explain: bool,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self { limit: 20, offset: 0, filters: Filters::default(), facets: false, explain: false }
    }
}

/// A full-text index over documents. It holds nothing that the archive does not, and is rebuilt at will.
pub trait SearchIndex: Send + Sync {
    /// Takes a document in; it replaces what stood under its id. Seen by searches after [`Self::commit`].
    ///
    /// # Errors
    /// When the index cannot be written.
    fn add(&self, document: &Document) -> Result<(), SearchError>;

    /// Takes a document out, if it is there. Seen by searches after [`Self::commit`].
    ///
    /// # Errors
    /// When the index cannot be written.
    fn remove(&self, id: &DocumentId) -> Result<(), SearchError>;

    /// Makes everything added and removed so far durable and visible.
    ///
    /// # Errors
    /// When the index cannot be written; what was not committed before is then lost and must be added again.
    fn commit(&self) -> Result<(), SearchError>;

    /// Answers a query. Any text is a query; what cannot be understood is searched as words.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn search(&self, query: &str, options: &SearchOptions) -> Result<Answer, SearchError>;

    /// Returns letters whose subject holds most of the words of `subject`, best first: at most `limit`, without those
    /// of `without`.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn about(
        &self,
        subject: &str,
        without: &[DocumentId],
        limit: usize,
        filters: &Filters,
    ) -> Result<Vec<Hit>, SearchError>;

    /// Returns numbers, bodies and subjects that go on from what is being typed: of each kind at most `limit`, those
    /// with most letters first. Only letters that `filters` allow are told of.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn complete(&self, typed: &str, limit: usize, filters: &Filters) -> Result<Vec<Completion>, SearchError>;

    /// Says whether a word, as search key, stands on several pages of the index; `None` where the index is too small to tell.
    fn knows(&self, key: &str) -> Option<bool>;

    /// Returns the ids of all documents committed, in order.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn document_ids(&self) -> Result<Vec<DocumentId>, SearchError>;
}
