//! Mends what [`verify`](super::verify) found: blobs from a backup or from where they were handed in, the index from the archive.

use super::backup::blob_in;
use super::failure::ArchiveError;
use super::store::{Access, Store};
use super::verify::{Checked, Finding, verify};
use crate::archive::bag;
use crate::catalogue::UnreadPage;
use crate::model::{ContentHash, DocumentId, FailureCode};
use std::fs::File;
use std::path::{Path, PathBuf};

/// A finding, and how it was mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The finding.
    pub finding: Finding,
    /// What mended it, or was begun; `None` where nothing could.
    pub by: Option<String>,
}

/// Checks the archive, of its blobs only this `share` (0.0 to 1.0), and mends what can be mended: from the bag at `backup`, from the paths that
/// files were handed in by, and by building the index anew. `told` is called for every finding. The archive must be open for writing, and
/// its index closed.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be read or written at all.
pub fn repair(
    store: &Store,
    backup: Option<&Path>,
    share: f64,
    mut told: impl FnMut(Repaired),
) -> Result<Checked, ArchiveError> {
    let mut findings = Vec::new();
    let mut index_is_whole = true;
    let index = match store.index(Access::Read) {
        Ok(index) => index,
        Err(_) => {
            // Missing, damaged or of another version: whatever it is, it can be built.
            index_is_whole = false;
            store.reindex(|| ())?;
            store.index(Access::Read)?
        }
    };
    let checked = verify(store, &*index, share, |finding| findings.push(finding))?;
    drop(index);
    if !index_is_whole {
        let what = "the index could not be opened".to_owned();
        let finding = Finding { code: "index", what, cure: "run reindex", blob: None };
        told(Repaired { finding, by: Some("built anew".to_owned()) });
    }
    let of_index = |finding: &Finding| finding.cure == "run reindex";
    if findings.iter().any(of_index) {
        store.reindex(|| ())?;
    }
    for finding in findings {
        let by = match &finding.blob {
            Some(hash) => mended(store, hash, backup)?,
            None if of_index(&finding) => Some("index built anew".to_owned()),
            None => None,
        };
        told(Repaired { finding, by });
    }
    Ok(checked)
}

/// Puts a blob back; returns from where. A page's record that is nowhere is noted as a page to be read again.
fn mended(store: &Store, hash: &ContentHash, backup: Option<&Path>) -> Result<Option<String>, ArchiveError> {
    let rows = store.catalogue.inputs_of(hash)?;
    let in_backup = backup.and_then(|backup| blob_in(backup, hash));
    let handed_in = rows.iter().map(|row| PathBuf::from(&row.input.location)).filter(|path| path.is_file());
    for path in in_backup.into_iter().chain(handed_in) {
        // Only bytes that are the blob's are put into the archive.
        if !bag::file_hash(&path).is_ok_and(|found| found == *hash) {
            continue;
        }
        let put = File::open(&path).map(|mut file| store.blobs.put_from(&mut file));
        if matches!(put, Ok(Ok(_))) && store.blobs.check(hash)? == Some(true) {
            return Ok(Some(format!("brought back from {}", path.display())));
        }
    }
    if rows.is_empty() { to_be_read_again(store, hash) } else { Ok(None) }
}

/// Notes the pages of this record as not read.
fn to_be_read_again(store: &Store, record: &ContentHash) -> Result<Option<String>, ArchiveError> {
    let mut pages = 0;
    for blob in store.catalogue.named_blobs()?.into_iter().filter(|blob| blob.hash == *record) {
        let Ok(id) = blob.named_by.parse::<DocumentId>() else { continue };
        let (Some(number), Some(row)) = (
            blob.role.strip_prefix("page ").and_then(|number| number.parse::<u32>().ok()),
            store.catalogue.document(&id)?,
        ) else {
            continue;
        };
        if store.blobs.check(&id.original)? == Some(true) {
            let message = "the record of its reading was lost".to_owned();
            let page = row.source.pages.0 + number - 1;
            store.catalogue.note_unread(&UnreadPage {
                original: id.original,
                page,
                code: FailureCode::Storage,
                message,
            })?;
            pages += 1;
        }
    }
    Ok((pages > 0).then(|| "its page is noted to be read again: run `warraq retry`".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::backup::backup;
    use super::*;
    use crate::catalogue::NewInput;
    use std::fs;

    #[test]
    fn damaged_and_missing_blobs_come_back_from_a_backup_or_from_their_path() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, to) = (folder.path().join("archive"), folder.path().join("backup"));
        let store = Store::open(&archive, Access::Write).unwrap();
        drop(store.index(Access::Write).unwrap());
        let put = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, name).unwrap();
            let content = store.blobs.put(name.as_bytes()).unwrap();
            let location = path.to_str().unwrap().to_owned();
            store.catalogue.receive(&NewInput { location, content: Some(content), ..NewInput::default() }).unwrap();
            content
        };
        let saved = put("in the backup");
        backup(&store, &to, false, || ()).unwrap();
        let (there, lost) = (put("still in its folder"), put("nowhere"));
        for name in ["in the backup", "nowhere"] {
            fs::remove_file(folder.path().join(name)).unwrap();
        }
        let path = |hash: &ContentHash| store.blobs.as_file(hash).unwrap().path().to_owned();
        let (damaged, missing, gone) = (path(&saved), path(&there), path(&lost));
        fs::write(damaged, "in the bAckup").unwrap();
        fs::remove_file(missing).unwrap();
        fs::remove_file(gone).unwrap();
        let mut told = Vec::new();
        repair(&store, Some(&to), 1.0, |repaired| told.push(repaired)).unwrap();
        let by = |hash: &ContentHash| told.iter().find(|one| one.finding.blob == Some(*hash)).unwrap().by.clone();
        assert!(by(&saved).is_some_and(|by| by.contains("backup/data")), "{told:?}");
        assert!(by(&there).is_some_and(|by| by.contains("still in its folder")), "{told:?}");
        assert_eq!(by(&lost), None);
        let index = store.index(Access::Read).unwrap();
        let mut left = Vec::new();
        verify(&store, &*index, 1.0, |finding| left.push(finding.blob)).unwrap();
        assert_eq!(left, [Some(lost)]);
    }
}
