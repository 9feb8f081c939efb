//! Checks an archive against itself: blobs against their names, the catalogue against the blobs, the index against the
//! catalogue. Every finding names its cure.

use super::failure::ArchiveError;
use super::store::Store;
use crate::archive::record;
use crate::model::{ContentHash, DocumentId};
use crate::search::SearchIndex;
use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

const CURE_OF_BLOB: &str = "run verify --repair, with --backup DIR where there is a backup; without one an original is mended from the path it \
                            was handed in by, and a page is read again";

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Kind of finding, for programs.
    pub code: &'static str,
    /// What was found, and where.
    pub what: String,
    /// What to do.
    pub cure: &'static str,
    /// The blob that is damaged or missing.
    pub blob: Option<ContentHash>,
}

impl Finding {
    fn new(code: &'static str, what: String, cure: &'static str) -> Self {
        Self { code, what, cure, blob: None }
    }
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Blobs read.
    pub blobs: u64,
    /// Documents looked at.
    pub documents: u64,
}

/// Checks everything, but reads again only this `share` of the blobs (0.0 to 1.0), others each time; returns how many blobs were read and
/// documents looked at. `found` is called for every finding.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be read at all.
pub fn verify(
    store: &Store,
    index: &dyn SearchIndex,
    share: f64,
    mut found: impl FnMut(Finding),
) -> Result<Checked, ArchiveError> {
    for what in store.catalogue.check()? {
        found(Finding::new("catalogue", what, "restore the catalogue from a backup"));
    }
    let blobs = check_blobs(store, share, &mut found)?;
    let documents = store.catalogue.document_ids("", usize::MAX)?;
    check_documents(store, &documents, &mut found)?;
    check_index(store, index, &documents, &mut found)?;
    if !store.catalogue.ledger()?.balances() {
        let what = "the ledger does not balance: a file counts as stored and has no document".to_owned();
        found(Finding::new("ledger", what, "ingest the file again"));
    }
    Ok(Checked { blobs, documents: documents.len() as u64 })
}

/// Re-hashes a share of the blobs of the store; returns how many that were.
fn check_blobs(store: &Store, share: f64, found: &mut impl FnMut(Finding)) -> Result<u64, ArchiveError> {
    let mut names: HashMap<_, Vec<String>> = HashMap::new();
    for blob in store.catalogue.named_blobs()? {
        names.entry(blob.hash).or_default().push(format!("{} of {}", blob.role, blob.named_by));
    }
    let (mut seen, mut read) = (HashSet::new(), 0);
    let dice = RandomState::new();
    let is_drawn = |hash: &ContentHash| (dice.hash_one(hash) as f64) < share * u64::MAX as f64;
    for hash in store.blobs.list()? {
        let hash = hash?;
        seen.insert(hash);
        if share < 1.0 && !is_drawn(&hash) {
            continue;
        }
        read += 1;
        let named_by = || names.get(&hash).map_or("nothing".to_owned(), |names| names.join(", "));
        match store.blobs.check(&hash) {
            Ok(Some(true)) => {}
            Ok(_) => found(Finding {
                code: "damaged_blob",
                what: format!("the bytes of blob {hash} have changed; it is {}", named_by()),
                cure: CURE_OF_BLOB,
                blob: Some(hash),
            }),
            Err(error) => found(Finding {
                code: "unreadable_blob",
                what: format!("{error}; it is {}", named_by()),
                cure: "check the disk and the rights on the file",
                blob: Some(hash),
            }),
        }
    }
    for (hash, names) in names.iter().filter(|(hash, _)| !seen.contains(*hash)) {
        found(Finding {
            code: "missing_blob",
            what: format!("blob {hash} is not there; it is {}", names.join(", ")),
            cure: CURE_OF_BLOB,
            blob: Some(*hash),
        });
    }
    Ok(read)
}

/// Opens every document's record.
fn check_documents(
    store: &Store,
    documents: &[DocumentId],
    found: &mut impl FnMut(Finding),
) -> Result<(), ArchiveError> {
    for id in documents {
        let Some(row) = store.catalogue.document(id)? else { continue };
        if let Err(error) = record::decode_letter(&row.letter.record) {
            let what = format!("the letter of document {id}: {error}");
            found(Finding::new("damaged_record", what, "restore the catalogue from a backup"));
        }
        if row.pages.len() as u32 != row.source.pages.1 - row.source.pages.0 + 1 {
            let what = format!("document {id} has {} page records for its pages", row.pages.len());
            found(Finding::new("missing_page", what, "restore the catalogue from a backup"));
        }
    }
    Ok(())
}

/// Compares the documents that the catalogue says are indexed with those the index holds.
fn check_index(
    store: &Store,
    index: &dyn SearchIndex,
    documents: &[DocumentId],
    found: &mut impl FnMut(Finding),
) -> Result<(), ArchiveError> {
    let waiting: HashSet<DocumentId> = store.catalogue.not_indexed()?.into_iter().collect();
    let indexed: HashSet<DocumentId> = index.document_ids()?.into_iter().collect();
    let known: HashSet<DocumentId> = documents.iter().copied().collect();
    let mut finding = |code, what| found(Finding::new(code, what, "run reindex"));
    for id in documents {
        if waiting.contains(id) {
            finding("not_indexed", format!("document {id} waits to be indexed"));
        } else if !indexed.contains(id) {
            finding("missing_in_index", format!("document {id} is not in the index"));
        }
    }
    for id in indexed.difference(&known) {
        finding("unknown_in_index", format!("the index holds {id}, which is no document of the archive"));
    }
    Ok(())
}
