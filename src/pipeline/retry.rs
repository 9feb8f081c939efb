//! Takes up again what failed or waits: rows of the ledger in, the ends of their files out.

use super::failure::ArchiveError;
use super::intake::Handed;
use super::{Ingest, News, Summary, take_in};
use crate::catalogue::{InputRow, InputStatus, RowFilter};
use crate::model::FailureCode;
use std::collections::BTreeMap;

/// Takes up again every file that failed, every one that waits, and every page of a stored file that could not be read; with `codes`, those
/// alone that failed with one of them. Bytes come from the archive where they were kept, else from the file's path.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be used; files not done by then stay waiting.
pub fn retry(run: &Ingest<'_>, codes: &[FailureCode], news: impl FnMut(News) + Send) -> Result<Summary, ArchiveError> {
    let rows = wanted(run, codes)?;
    take_in(run, rows.into_iter().map(|row| Handed::Again(Box::new(row))), news)
}

fn wanted(run: &Ingest<'_>, codes: &[FailureCode]) -> Result<Vec<InputRow>, ArchiveError> {
    let catalogue = &run.store.catalogue;
    let is_wanted = |code: &FailureCode| codes.is_empty() || codes.contains(code);
    let mut rows = BTreeMap::new();
    for status in ["failed", "waiting"] {
        let filter = RowFilter { status: Some(status.to_owned()), ..RowFilter::default() };
        for row in catalogue.inputs(&filter)? {
            let wanted = match &row.status {
                InputStatus::Failed(error) => is_wanted(&error.code),
                _ => codes.is_empty(),
            };
            if wanted {
                rows.insert(row.id.0, row);
            }
        }
    }
    for page in catalogue.unread(None)? {
        if is_wanted(&page.code) {
            let of_content = catalogue.inputs_of(&page.original)?;
            let stored = of_content.into_iter().find(|row| row.status == InputStatus::Stored);
            rows.extend(stored.map(|row| (row.id.0, row)));
        }
    }
    Ok(rows.into_values().collect())
}
