//! Makes the documents of an original out of its pages: where letters begin by rule and by what people said, what each says, and what
//! people set right in it. The same pages give the same documents whenever this is done anew.

use super::correct;
use super::failure::ArchiveError;
use super::store::Store;
use crate::extract;
use crate::extract::batch;
use crate::model::{ContentHash, Document, DocumentId, Letter, Page, PageNumber, Source};
use crate::search::SearchIndex;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A page of an original with its record.
pub struct KeptPage {
    /// The page, by its number in the original.
    pub page: Page,
    /// Its record, in the archive.
    pub record: ContentHash,
}

/// A document with the records of its pages.
pub struct Part {
    /// The document.
    pub document: Document,
    /// Records of its pages.
    pub records: Vec<ContentHash>,
    /// Why a letter begins here, in a file of several.
    pub begins: Option<String>,
}

/// Returns the documents of an original; `source` is that of the whole file.
///
/// # Errors
/// [`ArchiveError`] when the catalogue does not answer.
pub fn parts(
    store: &Store,
    original: ContentHash,
    source: &Source,
    organisation: Option<&str>,
    kept: Vec<KeptPage>,
) -> Result<Vec<Part>, ArchiveError> {
    let (pages, records): (Vec<Page>, Vec<ContentHash>) = kept.into_iter().map(|kept| (kept.page, kept.record)).unzip();
    let starts = starts(store, &original, &pages)?;
    let corrections = store.catalogue.corrections(&original)?;
    let several = starts.len() > 1;
    let ends = starts.keys().skip(1).copied().chain([pages.len()]);
    let mut parts = Vec::with_capacity(starts.len());
    for (number, ((first, reason), end)) in (1..).zip(starts.iter().zip(ends)) {
        let own = pages.get(*first..end).unwrap_or_default();
        let pages: Vec<Page> =
            own.iter().zip(1..).map(|(page, number)| Page { number: PageNumber(number), ..page.clone() }).collect();
        let range = (*first as u32 + 1, end as u32);
        let mut letter = understood(&original, &pages);
        for party in letter.from.iter_mut().chain(&mut letter.to) {
            if let Some(mended) = store.bodies().mended(&party.value) {
                party.value = mended;
            }
        }
        for correction in correct::of_pages(&corrections, range) {
            // What was set under rules that have changed since cannot stop a document from being filed.
            if let Err(error) = correct::apply(&mut letter, &correction.field, &correction.new) {
                tracing::warn!(document = %original.short(), field = %correction.field, %error, "correction passed over");
            }
        }
        let document = Document {
            id: DocumentId { original, part: several.then_some(number) },
            source: Source { pages: range, ..source.clone() },
            organisation: organisation.map(str::to_owned),
            pages,
            letter,
        };
        let begins = several.then(|| reason.clone()).filter(|reason| !reason.is_empty());
        parts.push(Part { document, records: records.get(*first..end).unwrap_or_default().to_vec(), begins });
    }
    Ok(parts)
}

/// Returns the indexes of the pages on which letters begin, the first among them, each with the reason.
fn starts(store: &Store, original: &ContentHash, pages: &[Page]) -> Result<BTreeMap<usize, String>, ArchiveError> {
    let found = catch_unwind(AssertUnwindSafe(|| batch::starts(pages))).unwrap_or_default();
    let mut starts: BTreeMap<usize, String> = found.into_iter().map(|start| (start.page, start.reason)).collect();
    for cut in store.catalogue.cuts(original)? {
        let Some(page) = cut.page.checked_sub(1).map(|page| page as usize).filter(|page| *page < pages.len()) else {
            continue;
        };
        if cut.begins {
            starts.insert(page, format!("{} said so on {}", cut.by, cut.at.strftime("%Y-%m-%d")));
        } else {
            starts.remove(&page);
        }
    }
    starts.insert(0, String::new());
    Ok(starts)
}

/// Returns the letter's fields; none where a fault of ours was caught, since the pages are worth keeping all the same.
fn understood(content: &ContentHash, pages: &[Page]) -> Letter {
    let read = catch_unwind(AssertUnwindSafe(|| extract::read_letter(pages)));
    let Ok((letter, remarks)) = read else { return Letter::default() };
    for remark in remarks {
        tracing::debug!(document = %content.short(), %remark, "letter understood");
    }
    letter
}

/// Understands the letters of an original anew, from its pages as they were read, and files them in the place of those that stood there.
/// Returns their ids.
///
/// # Errors
/// [`ArchiveError`] when a page's record is damaged, or catalogue or index cannot be written.
pub fn refile(store: &Store, index: &dyn SearchIndex, original: &ContentHash) -> Result<Vec<DocumentId>, ArchiveError> {
    let mut kept = Vec::new();
    let mut of_file: Option<(Source, Option<String>)> = None;
    let mut rows = Vec::new();
    for id in store.catalogue.documents_of(original)? {
        rows.extend(store.catalogue.document(&id)?);
    }
    rows.sort_by_key(|row| row.source.pages.0);
    for row in rows {
        for (number, record) in (row.source.pages.0..).zip(&row.pages) {
            kept.push(KeptPage { page: Page { number: PageNumber(number), ..store.page(record)? }, record: *record });
        }
        of_file.get_or_insert((row.source, row.organisation));
    }
    let Some((source, organisation)) = of_file else { return Ok(Vec::new()) };
    let parts = parts(store, *original, &source, organisation.as_deref(), kept)?;
    let rows = parts.iter().map(Store::row_of).collect::<Result<Vec<_>, _>>()?;
    store.catalogue.refile(&rows)?;
    let withdrawn = store.catalogue.withdrawn()?;
    withdrawn.iter().try_for_each(|id| index.remove(id))?;
    parts.iter().try_for_each(|part| index.add(&part.document))?;
    index.commit()?;
    let ids: Vec<DocumentId> = parts.iter().map(|part| part.document.id).collect();
    store.catalogue.set_indexed(&ids)?;
    store.catalogue.forget_withdrawn(&withdrawn)?;
    Ok(ids)
}
