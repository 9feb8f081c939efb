//! An archive's folder: blobs, catalogue and index side by side, one writer at a time.

use super::bodies;
use super::failure::ArchiveError;
use super::parts::Part;
use super::remembered::Remembered;
use super::{settle, threads, words};
use crate::archive::record;
use crate::archive::{BlobStore, FsBlobs};
use crate::catalogue::{Catalogue, DocumentRow, SqliteCatalogue};
use crate::model::{ContentHash, Document, DocumentId, Letter, Page, PageNumber};
use crate::search::{LocalIndex, SearchIndex};
use crate::thread::bodies::Bodies;
use crate::thread::likeness::Pairs;
use crate::thread::names::Names;
use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The form of archive this program writes.
const FORM: u32 = 1;

/// Whether an archive is opened to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Alone, making the archive where there is none.
    Write,
    /// Beside a writer, an archive that is there.
    Read,
}

/// An open archive.
pub struct Store {
    folder: PathBuf,
    /// Originals and records.
    pub blobs: Box<dyn BlobStore>,
    /// Rows.
    pub catalogue: Box<dyn Catalogue>,
    /// Held for as long as the archive is open for writing.
    _lock: Option<File>,
    bodies: OnceLock<Bodies>,
    codes: OnceLock<HashMap<String, u64>>,
    names: OnceLock<Names>,
    /// Names in the form of the list of bodies, ready to be compared.
    pairs: Remembered<Arc<Pairs>>,
    /// Names of the bodies that names were recognised as.
    recognised: Remembered<Option<String>>,
}

/// Returns the letter of a row as it was understood by itself.
fn letter_of(row: &DocumentRow) -> Result<Letter, ArchiveError> {
    record::decode_letter(&row.letter.record)
        .map_err(|source| ArchiveError::Record { what: format!("letter of {}", row.id), source })
}

impl Store {
    /// Opens the archive in `folder`.
    ///
    /// # Errors
    /// [`ArchiveError`] when there is none (for reading), another process writes it, a later version made it, or the
    /// disk refuses.
    pub fn open(folder: &Path, access: Access) -> Result<Self, ArchiveError> {
        let form = folder.join("form");
        if access == Access::Read && !form.is_file() {
            return Err(ArchiveError::Missing(folder.to_owned()));
        }
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| ArchiveError::Folder { path, source }
        };
        let lock = if access == Access::Write {
            fs::create_dir_all(folder).map_err(failed(folder))?;
            Some(lock(folder)?)
        } else {
            None
        };
        match fs::read_to_string(&form) {
            Ok(found) => match found.trim().parse() {
                Ok(1..=FORM) => {}
                _ => {
                    let found = found.trim().to_owned();
                    return Err(ArchiveError::Version { path: folder.to_owned(), found, known: FORM });
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_form(folder).map_err(failed(&form))?;
            }
            Err(error) => return Err(failed(&form)(error)),
        }
        words::take_up(folder)?;
        let blobs = FsBlobs::open(folder)?;
        if access == Access::Write {
            blobs.clear_unfinished()?;
        }
        let catalogue = SqliteCatalogue::open(&folder.join("catalogue.sqlite"))?;
        let store = Self {
            folder: folder.to_owned(),
            blobs: Box::new(blobs),
            catalogue: Box::new(catalogue),
            _lock: lock,
            bodies: OnceLock::new(),
            codes: OnceLock::new(),
            names: OnceLock::new(),
            pairs: Remembered::default(),
            recognised: Remembered::default(),
        };
        if access == Access::Write {
            let suspects = store.catalogue.note_deaths()?;
            if suspects > 0 {
                tracing::warn!(
                    files = suspects,
                    "a process died while it was at work on files; they are read apart next"
                );
            }
            store.relate_earlier_letters()?;
        }
        Ok(store)
    }

    /// Enters the letters of an archive that an earlier program wrote with what they are looked up by.
    fn relate_earlier_letters(&self) -> Result<(), ArchiveError> {
        for id in self.catalogue.not_related()? {
            match self.document_as_read(&id) {
                Ok(Some(document)) => self.catalogue.relate(&id, &threads::letter_row(&document)?)?,
                Ok(None) => {}
                // `verify` names the damage; a letter that cannot be read now may be restored later.
                Err(error) => tracing::warn!(document = %id, %error, "letter not related to others"),
            }
        }
        Ok(())
    }

    /// Opens the index of this archive.
    ///
    /// # Errors
    /// [`ArchiveError::Search`] when the index is damaged or of another version; `reindex` mends both.
    pub fn index(&self, access: Access) -> Result<Box<dyn SearchIndex>, ArchiveError> {
        let folder = self.folder.join("index");
        Ok(match access {
            Access::Write => Box::new(LocalIndex::open(&folder)?),
            Access::Read => Box::new(LocalIndex::open_read_only(&folder)?),
        })
    }

    /// Builds the index anew beside the old one and puts it in its place; `each` is called after each document.
    /// Returns the number of documents.
    ///
    /// # Errors
    /// [`ArchiveError`]; the old index stays then.
    pub fn reindex(&self, mut each: impl FnMut()) -> Result<u64, ArchiveError> {
        let [fresh, live, old] = ["index.new", "index", "index.old"].map(|name| self.folder.join(name));
        for left_over in [&fresh, &old] {
            remove_folder(left_over)?;
        }
        let mut documents = Vec::new();
        {
            let index = LocalIndex::open(&fresh)?;
            for id in self.catalogue.document_ids("", usize::MAX)? {
                if let Some(document) = self.document(&id)? {
                    index.add(&document)?;
                    documents.push(id);
                    each();
                }
            }
            index.commit()?;
        }
        self.catalogue.clear_indexed()?;
        if live.exists() {
            rename(&live, &old)?;
        }
        rename(&fresh, &live)?;
        self.catalogue.set_indexed(&documents)?;
        remove_folder(&old)?;
        Ok(documents.len() as u64)
    }

    /// Returns the bodies this archive knows.
    pub fn bodies(&self) -> &Bodies {
        self.bodies.get_or_init(|| {
            bodies::load(self).unwrap_or_else(|error| {
                // A slip in a file that people edit must not close the archive; `warraq bodies` says what is wrong.
                tracing::warn!(%error, "the list of bodies that comes with the program is used");
                bodies::embedded()
            })
        })
    }

    /// Returns how alike the names of two issuers are in the form of the list of bodies, 0.0..=1.0.
    pub(super) fn issuers_alike(&self, one: &str, other: &str) -> f32 {
        let pairs = |name: &str| self.pairs.get(name, || Arc::new(Pairs::of(&self.bodies().canonical(name))));
        pairs(one).likeness(&pairs(other))
    }

    /// Returns the name of the body that a name is, misread or not.
    pub(super) fn recognised(&self, name: &str) -> Option<String> {
        self.recognised.get(name, || self.bodies().recognise(name).map(|body| body.name.clone()))
    }

    /// Returns the codes of letters that numbers begin with, each with how many letters and citations have it; as they were when they were
    /// first asked for.
    ///
    /// # Errors
    /// [`ArchiveError`] when the catalogue does not answer.
    pub fn codes(&self) -> Result<&HashMap<String, u64>, ArchiveError> {
        if self.codes.get().is_none() {
            let codes = self.catalogue.codes()?.into_iter().collect();
            return Ok(self.codes.get_or_init(|| codes));
        }
        Ok(self.codes.get_or_init(HashMap::new))
    }

    /// Returns the names of those who signed letters, as they were when they were first asked for.
    ///
    /// # Errors
    /// [`ArchiveError`] when the catalogue does not answer.
    pub fn names(&self) -> Result<&Names, ArchiveError> {
        if self.names.get().is_none() {
            let names = Names::new(self.catalogue.signatories()?);
            return Ok(self.names.get_or_init(|| names));
        }
        Ok(self.names.get_or_init(Names::default))
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns a whole document, with its pages from the archive.
    ///
    /// # Errors
    /// [`ArchiveError`] when a record is missing or damaged; `verify` names which.
    pub fn document(&self, id: &DocumentId) -> Result<Option<Document>, ArchiveError> {
        let Some(mut document) = self.document_as_read(id)? else { return Ok(None) };
        settle::link(self, *id, &mut document.letter)?;
        Ok(Some(document))
    }

    /// Returns a whole document as it was understood by itself, without what other letters say of it.
    fn document_as_read(&self, id: &DocumentId) -> Result<Option<Document>, ArchiveError> {
        let Some(row) = self.catalogue.document(id)? else { return Ok(None) };
        let letter = letter_of(&row)?;
        let mut pages = Vec::with_capacity(row.pages.len());
        for (number, hash) in (1..).zip(&row.pages) {
            pages.push(Page { number: PageNumber(number), ..self.page(hash)? });
        }
        Ok(Some(Document { id: *id, source: row.source, organisation: row.organisation, pages, letter }))
    }

    /// Returns what was understood of a document, with the letters it cites.
    ///
    /// # Errors
    /// [`ArchiveError`] when the record is damaged.
    pub fn letter(&self, row: &DocumentRow) -> Result<Letter, ArchiveError> {
        let mut letter = letter_of(row)?;
        settle::link(self, row.id, &mut letter)?;
        Ok(letter)
    }

    /// Returns the pages of a document that could not be read, by their number in it, from 1.
    ///
    /// # Errors
    /// [`ArchiveError`] when the catalogue does not answer.
    pub fn unread_pages(&self, id: &DocumentId) -> Result<Vec<u32>, ArchiveError> {
        let unread = self.catalogue.unread(Some(&id.original))?;
        if unread.is_empty() {
            return Ok(Vec::new());
        }
        let Some(row) = self.catalogue.document(id)? else { return Ok(Vec::new()) };
        let (first, last) = row.source.pages;
        let own = unread.iter().map(|page| page.page).filter(|page| (first..=last).contains(page));
        Ok(own.map(|page| page - first + 1).collect())
    }

    /// Returns the page of a record.
    ///
    /// # Errors
    /// [`ArchiveError`] when the record is missing or damaged.
    pub fn page(&self, hash: &ContentHash) -> Result<Page, ArchiveError> {
        record::decode_page(&self.blobs.get(hash)?)
            .map_err(|source| ArchiveError::Record { what: format!("page record {hash}"), source })
    }

    /// Keeps a page's record and returns its hash.
    ///
    /// # Errors
    /// [`ArchiveError`] when the archive cannot be written.
    pub fn keep_page(&self, page: &Page) -> Result<ContentHash, ArchiveError> {
        let record = record::encode_page(page)
            .map_err(|source| ArchiveError::Record { what: format!("page {}", page.number), source })?;
        Ok(self.blobs.put(&record)?)
    }

    /// Returns the row of a document.
    ///
    /// # Errors
    /// [`ArchiveError::Record`] when the letter has no record.
    pub fn row_of(part: &Part) -> Result<DocumentRow, ArchiveError> {
        let document = &part.document;
        Ok(DocumentRow {
            id: document.id,
            source: document.source.clone(),
            organisation: document.organisation.clone(),
            letter: threads::letter_row(document)?,
            pages: part.records.clone(),
            begins: part.begins.clone(),
        })
    }
}

/// Takes the archive's lock, which the system gives back when the process ends, however it ends.
fn lock(folder: &Path) -> Result<File, ArchiveError> {
    let path = folder.join("lock");
    let failed = |source| ArchiveError::Folder { path: path.clone(), source };
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(failed)?;
            let since = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ");
            write!(file, "process {} on {} since {since}", std::process::id(), host()).map_err(failed)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.rewind().map_err(failed)?;
            file.take(400).read_to_string(&mut holder).map_err(failed)?;
            Err(ArchiveError::Locked { path: folder.to_owned(), holder })
        }
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Writes the file that says which form the archive has; it appears whole or not at all.
fn write_form(folder: &Path) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{FORM}")?;
    file.as_file().sync_all()?;
    file.persist(folder.join("form")).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// Returns the name of this machine.
fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    name.map_or_else(|_| "an unnamed machine".to_owned(), |name| name.trim().to_owned())
}

fn remove_folder(folder: &Path) -> Result<(), ArchiveError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ArchiveError::Folder { path: folder.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), ArchiveError> {
    fs::rename(from, to).map_err(|source| ArchiveError::Folder { path: to.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_told_who_holds_the_archive() {
        let folder = tempfile::tempdir().unwrap();
        let first = Store::open(folder.path(), Access::Write).unwrap();
        let second = Store::open(folder.path(), Access::Write).err().unwrap();
        let process = format!("process {} on {} since 20", std::process::id(), host());
        assert!(second.to_string().contains(&process), "{second}");
        assert!(Store::open(folder.path(), Access::Read).is_ok());
        drop(first);
        assert!(Store::open(folder.path(), Access::Write).is_ok());
    }

    #[test]
    fn a_missing_archive_is_not_made_by_reading() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nothing");
        assert!(matches!(Store::open(&missing, Access::Read), Err(ArchiveError::Missing(_))));
        assert!(!missing.exists());
    }

    #[test]
    fn an_archive_of_a_later_form_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path(), Access::Write).unwrap());
        fs::write(folder.path().join("form"), "2\n").unwrap();
        assert!(matches!(Store::open(folder.path(), Access::Write), Err(ArchiveError::Version { .. })));
    }
}
