//! Where a paper lies that was scanned.

/// The paper's own place, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Shelf, cabinet or room.
    pub shelf: Option<String>,
    /// Box.
    pub carton: Option<String>,
    /// File: the binder or folder of papers.
    pub binder: Option<String>,
}
