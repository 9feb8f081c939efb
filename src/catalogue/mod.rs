//! Knows what is kept and what became of every file ever handed in.
//!
//! Rows name blobs of [`crate::archive`] by hash and are written after them. The ledger has one row for every path with
//! one content; [`Ledger`] counts them and must balance.

mod changes;
mod documents;
mod inputs;
mod people;
mod sqlite;

pub use sqlite::{SqliteCatalogue, copy_database};

use crate::model::{ContentHash, DocumentId, FailureCode, LetterDate, Place, Source};
use jiff::Timestamp;
use std::path::PathBuf;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputStatus {
    /// Handed in and not yet done.
    Waiting,
    /// Its pages are in the archive.
    Stored,
    /// The same bytes were in the archive before.
    Duplicate,
    /// Could not be taken in.
    Failed(InputError),
}

/// Why a file could not be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// For programs.
    pub code: FailureCode,
    /// For people: what, where and what to do.
    pub message: String,
    /// The page it happened on, from 1, where it was one.
    pub page: Option<u32>,
}

/// A file as handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewInput {
    /// Absolute path, in Unicode; bytes that are none are escaped.
    pub location: String,
    /// Path as handed in.
    pub path: String,
    /// SHA-256 of its bytes; `None` where they could not be read.
    pub content: Option<ContentHash>,
    /// Size in bytes.
    pub bytes: u64,
    /// Media type by content; empty where it is no kind of file Warraq reads.
    pub media_type: String,
    /// The body it belongs to, if that was said.
    pub organisation: Option<String>,
    /// The folder or file that was handed in, absolute.
    pub source: String,
    /// Who handed it in.
    pub by: String,
    /// Where the paper lies.
    pub place: Place,
    /// What the file looked like from outside when its bytes were read; empty where that proves nothing.
    pub stamp: String,
}

/// Row of a file in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputId(pub i64);

/// A file in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputRow {
    /// Its row.
    pub id: InputId,
    /// As it was handed in.
    pub input: NewInput,
    /// What became of it.
    pub status: InputStatus,
    /// How often it was begun.
    pub attempts: u32,
    /// How often a process died while it was at work on this content.
    pub deaths: u32,
    /// When it was seen first.
    pub first_seen: Timestamp,
    /// When this row changed last.
    pub updated: Timestamp,
}

/// Which rows of the ledger are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// Of this status name (`waiting`, `stored`, `duplicate`, `failed`); of any where none is given.
    pub status: Option<String>,
    /// Failed with this code.
    pub code: Option<FailureCode>,
    /// First seen at this time or later.
    pub since: Option<Timestamp>,
    /// Rows after this one, in the order handed in.
    pub after: Option<InputId>,
    /// At most so many; all where none is given.
    pub limit: Option<u32>,
}

/// A page of a stored file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadPage {
    /// The original.
    pub original: ContentHash,
    /// The page of it, from 1.
    pub page: u32,
    /// Code of the failure.
    pub code: FailureCode,
    /// The reason, for people.
    pub message: String,
}

/// What the ledger is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerBy {
    /// Day on which a file was seen first (UTC).
    Day,
    /// Folder that was handed in.
    Source,
}

/// A document with the blobs of its pages.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentRow {
    /// Its identity.
    pub id: DocumentId,
    /// Where it came from.
    pub source: Source,
    /// The body whose archive it belongs to.
    pub organisation: Option<String>,
    /// What was understood of it.
    pub letter: LetterRow,
    /// Record of each page, in order.
    pub pages: Vec<ContentHash>,
    /// Why the letter begins at its first page, in a file that holds several.
    pub begins: Option<String>,
}

/// A letter's record, with what letters are looked up by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LetterRow {
    /// The record, versioned; the catalogue does not look into it.
    pub record: String,
    /// The letter's number in canonical form.
    pub number: Option<String>,
    /// The letter's date.
    pub date: Option<LetterDate>,
    /// The number as it is compared.
    pub number_key: Option<String>,
    /// Who wrote it.
    pub issuer: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// Sketch of its words, by which copies are known.
    pub sketch: Option<String>,
    /// How secret it says it is.
    pub secrecy: Option<String>,
    /// How much a person's look at it would help search: 0.0 for nothing, higher for more.
    pub doubt: f64,
    /// Who signed it, if that was read without doubt.
    pub signatory: Option<String>,
    /// The letters it cites.
    pub citations: Vec<CitationRow>,
}

/// A letter that another one cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CitationRow {
    /// The letter that cites.
    pub document: DocumentId,
    /// The number cited, in canonical form.
    pub number: String,
    /// The number as it is compared.
    pub number_key: String,
    /// The date cited.
    pub date: Option<LetterDate>,
    /// Who wrote it, where the citation says so.
    pub issuer: Option<String>,
}

/// What a letter is looked up by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterKey {
    /// The letter.
    pub document: DocumentId,
    /// Its number as it is compared.
    pub number_key: Option<String>,
    /// Its date.
    pub date: Option<LetterDate>,
    /// Who wrote it.
    pub issuer: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// Sketch of its words.
    pub sketch: Option<String>,
}

/// What happened to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It came into the archive.
    Stored,
    /// It was made anew: corrected by a person, or understood by better rules.
    Corrected,
    /// It is no more, since its file was split otherwise.
    Withdrawn,
}

impl ChangeKind {
    /// Returns the kind as programs know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Corrected => "corrected",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A change, as other programs are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// Its place in the order of changes; grows, with gaps.
    pub seq: u64,
    /// The document.
    pub document: DocumentId,
    /// What happened to it.
    pub kind: ChangeKind,
    /// When.
    pub at: Timestamp,
    /// The body whose archive the document belongs to.
    pub organisation: Option<String>,
    /// How secret the letter says it is.
    pub secrecy: Option<String>,
    /// Body and secrecy as they were after the change before of the same document, where there was one.
    pub before: Option<(Option<String>, Option<String>)>,
}

/// A file that could not be taken in, as other programs are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureRow {
    /// Its place in the order of failures; grows, with gaps.
    pub seq: u64,
    /// Path as handed in.
    pub path: String,
    /// Hash of its bytes; empty where they could not be read.
    pub sha256: String,
    /// What kind of failure, a [`crate::model::FailureCode`].
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// The page it went wrong on, from 1.
    pub page: Option<u32>,
    /// When.
    pub at: Timestamp,
    /// The body that the file was handed in for.
    pub organisation: Option<String>,
}

/// In which order documents are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListOrder {
    /// The last received first.
    Latest,
    /// Those first that a person's look would help most.
    MostDoubtful,
}

/// A document in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct BriefRow {
    /// Its identity.
    pub document: DocumentId,
    /// File name as handed in.
    pub name: String,
    /// When it was taken in.
    pub received: Timestamp,
    /// The body whose archive it belongs to.
    pub organisation: Option<String>,
    /// How secret it says it is.
    pub secrecy: Option<String>,
    /// The letter's number.
    pub number: Option<String>,
    /// Its date.
    pub date: Option<LetterDate>,
    /// Who wrote it.
    pub issuer: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// See [`LetterRow::doubt`].
    pub doubt: f64,
}

/// A field set right by a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionRow {
    /// The original that holds the letter.
    pub original: ContentHash,
    /// The page of the original on which the letter began then.
    pub first_page: u32,
    /// Name of the field.
    pub field: String,
    /// Its values before.
    pub old: Vec<String>,
    /// Its values since.
    pub new: Vec<String>,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A page on which, as a person says, a letter begins or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutRow {
    /// The original.
    pub original: ContentHash,
    /// The page in it, from 1.
    pub page: u32,
    /// Whether a letter begins there.
    pub begins: bool,
    /// Who says so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Names a stage's answer for one page of one original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageKey {
    /// The original file.
    pub original: ContentHash,
    /// The page in it, from 0.
    pub page: u32,
    /// Name and version of the stage, with all settings and the engine that its answer depends on.
    pub stage: String,
}

/// The balance of everything ever handed in. `seen` = stored + duplicate + failed + waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Rows: paths with one content each.
    pub seen: u64,
    /// Rows stored.
    pub stored: u64,
    /// Rows whose bytes were there before.
    pub duplicate: u64,
    /// Rows failed.
    pub failed: u64,
    /// Rows not done.
    pub waiting: u64,
    /// Paths ignored; not part of `seen`.
    pub ignored: u64,
    /// Stored rows whose content has no document: always 0 unless the catalogue was tampered with.
    pub without_document: u64,
    /// Pages of stored files that could not be read.
    pub unread_pages: u64,
}

impl Ledger {
    /// Says whether every file seen has exactly one end and everything stored has its documents.
    pub fn balances(&self) -> bool {
        self.seen == self.stored + self.duplicate + self.failed + self.waiting && self.without_document == 0
    }
}

/// The rows of the archive. No verb assumes that one process alone uses the catalogue.
pub trait Catalogue: Send + Sync {
    /// Enters a file as waiting, or takes up its row again, and counts the attempt. Rows already stored or duplicate
    /// stay as they are.
    ///
    /// # Errors
    /// [`CatalogueError`], as every verb here: the catalogue cannot be read or written.
    fn receive(&self, input: &NewInput) -> Result<InputRow, CatalogueError>;

    /// Notes what became of a file.
    fn settle(&self, input: InputId, status: &InputStatus) -> Result<(), CatalogueError>;

    /// Notes that all pages of a file are read and that its documents are about to be filed.
    fn begin_filing(&self, input: InputId) -> Result<(), CatalogueError>;

    /// Notes, for files that a process was at work on when it died, that it died; those it was filing once more, having died over them
    /// before, are failed as `crashed`. To be called by the one process that writes, before it begins. Returns how many files that were.
    fn note_deaths(&self) -> Result<u64, CatalogueError>;

    /// Notes that nobody is at work on any file: the run ended in order.
    fn rest(&self) -> Result<(), CatalogueError>;

    /// Returns the row of a stored or duplicate file at this place that looked just like this from outside.
    fn unchanged(&self, location: &str, stamp: &str) -> Result<Option<InputRow>, CatalogueError>;

    /// Notes a path that holds no kind of file Warraq reads.
    fn ignore(&self, location: &str, source: &str) -> Result<(), CatalogueError>;

    /// Returns a stage's kept answer.
    fn result(&self, key: &StageKey) -> Result<Option<ContentHash>, CatalogueError>;

    /// Keeps a stage's answer, whose blob is written.
    fn keep_result(&self, key: &StageKey, record: &ContentHash) -> Result<(), CatalogueError>;

    /// Files the documents of an original, all or none, and notes its file as stored in the same step, with those of its pages that
    /// could not be read. Documents filed of it before are replaced, or withdrawn.
    fn file(&self, documents: &[DocumentRow], unread: &[UnreadPage], input: InputId) -> Result<(), CatalogueError>;

    /// Puts these documents in the place of all that were filed of their original, all or none. Those whose id is none of
    /// these are withdrawn.
    fn refile(&self, documents: &[DocumentRow]) -> Result<(), CatalogueError>;

    /// Returns a document by its id.
    fn document(&self, id: &DocumentId) -> Result<Option<DocumentRow>, CatalogueError>;

    /// Returns the record of a document's letter alone.
    fn letter_record(&self, id: &DocumentId) -> Result<Option<String>, CatalogueError>;

    /// Returns the ids of the documents of an original, in order.
    fn documents_of(&self, original: &ContentHash) -> Result<Vec<DocumentId>, CatalogueError>;

    /// Returns all ids that begin with `prefix`, at most `limit`, in order; all of them for an empty prefix.
    fn document_ids(&self, prefix: &str, limit: usize) -> Result<Vec<DocumentId>, CatalogueError>;

    /// Returns the documents that the index does not have for good.
    fn not_indexed(&self) -> Result<Vec<DocumentId>, CatalogueError>;

    /// Notes that the index has these documents for good.
    fn set_indexed(&self, documents: &[DocumentId]) -> Result<(), CatalogueError>;

    /// Notes that the index has nothing for good: it is about to be rebuilt.
    fn clear_indexed(&self) -> Result<(), CatalogueError>;

    /// Returns the documents that are no more, and that the index may still hold.
    fn withdrawn(&self) -> Result<Vec<DocumentId>, CatalogueError>;

    /// Notes that the index does not hold these documents for good.
    fn forget_withdrawn(&self, documents: &[DocumentId]) -> Result<(), CatalogueError>;

    /// Returns the documents filed by a program that did not relate letters to each other.
    fn not_related(&self) -> Result<Vec<DocumentId>, CatalogueError>;

    /// Enters what a document filed by such a program is looked up by.
    fn relate(&self, document: &DocumentId, letter: &LetterRow) -> Result<(), CatalogueError>;

    /// Returns the letters of this number or this date, the first received first.
    fn letters_like(&self, number_key: &str, date: Option<LetterDate>) -> Result<Vec<LetterKey>, CatalogueError>;

    /// Returns the citations of this number or this date.
    fn citations_like(&self, number_key: &str, date: Option<LetterDate>) -> Result<Vec<CitationRow>, CatalogueError>;

    /// Returns the numbers of the letters of a body dated from one day to another, with their days, without one letter; of very many those
    /// nearest to the middle.
    fn numbers_of(
        &self,
        issuer: &str,
        days: (LetterDate, LetterDate),
        without: &DocumentId,
    ) -> Result<Vec<(LetterDate, String)>, CatalogueError>;

    /// Returns the codes of letters before the first stroke of numbers, with how many letters and citations have each.
    fn codes(&self) -> Result<Vec<(String, u64)>, CatalogueError>;

    /// Says whether there are more than `most` letters of which issuer and subject were read and no date.
    fn has_more_undated(&self, most: usize) -> Result<bool, CatalogueError>;

    /// Returns the letters of which issuer and subject were read and no date, the first received first, `limit` at most.
    fn undated_letters(&self, limit: usize) -> Result<Vec<LetterKey>, CatalogueError>;

    /// Returns the days between which nearly all letters are dated; `None` with fewer than `least` dated letters.
    fn usual_dates(&self, least: u32) -> Result<Option<(LetterDate, LetterDate)>, CatalogueError>;

    /// Returns the bodies of which letters are cited.
    fn cited_issuers(&self) -> Result<Vec<String>, CatalogueError>;

    /// Returns the citations of letters of a body, `limit` at most.
    fn citations_of(&self, issuer: &str, limit: usize) -> Result<Vec<CitationRow>, CatalogueError>;

    /// Returns who signed letters, as read without doubt, with the number of the letters.
    fn signatories(&self) -> Result<Vec<(String, u64)>, CatalogueError>;

    /// Returns every citation, by number.
    fn citations(&self) -> Result<Vec<CitationRow>, CatalogueError>;

    /// Returns the bodies that wrote letters, each with the number of its letters, most first.
    fn issuers(&self) -> Result<Vec<(String, u64)>, CatalogueError>;

    /// Returns at most `limit` changes after the one numbered `since`, in the order in which they happened.
    fn changes(&self, since: u64, limit: usize) -> Result<Vec<ChangeRow>, CatalogueError>;

    /// Returns the number of the last change; 0 where nothing happened yet.
    fn last_change(&self) -> Result<u64, CatalogueError>;

    /// Returns at most `limit` failures of files after the one numbered `since`, in the order in which they happened.
    fn failures(&self, since: u64, limit: usize) -> Result<Vec<FailureRow>, CatalogueError>;

    /// Returns the number of the last failure of a file; 0 where none failed yet.
    fn last_failure(&self) -> Result<u64, CatalogueError>;

    /// Returns at most `limit` documents in this order, after `offset` others.
    fn list(&self, order: ListOrder, limit: usize, offset: usize) -> Result<Vec<BriefRow>, CatalogueError>;

    /// Returns how secret letters say they are, each wording once.
    fn secrecy_grades(&self) -> Result<Vec<String>, CatalogueError>;

    /// Enters a correction. What it replaces stays on record.
    fn correct(&self, correction: &CorrectionRow) -> Result<(), CatalogueError>;

    /// Returns the corrections of the letters of an original, the oldest first.
    fn corrections(&self, original: &ContentHash) -> Result<Vec<CorrectionRow>, CatalogueError>;

    /// Enters where a letter begins or does not.
    fn cut(&self, cut: &CutRow) -> Result<(), CatalogueError>;

    /// Returns where people say that letters begin in an original or do not, the oldest first.
    fn cuts(&self, original: &ContentHash) -> Result<Vec<CutRow>, CatalogueError>;

    /// Returns the rows of files, in the order handed in.
    fn inputs(&self, filter: &RowFilter) -> Result<Vec<InputRow>, CatalogueError>;

    /// Returns the rows of this content, in the order handed in.
    fn inputs_of(&self, original: &ContentHash) -> Result<Vec<InputRow>, CatalogueError>;

    /// Returns the paths ignored since then, in order.
    fn ignored(&self, since: Option<Timestamp>) -> Result<Vec<String>, CatalogueError>;

    /// Notes a page that is to be read again.
    fn note_unread(&self, page: &UnreadPage) -> Result<(), CatalogueError>;

    /// Returns the pages that could not be read: of one original, or of all.
    fn unread(&self, original: Option<&ContentHash>) -> Result<Vec<UnreadPage>, CatalogueError>;

    /// Returns every blob that some row names.
    fn named_blobs(&self) -> Result<Vec<NamedBlob>, CatalogueError>;

    /// Counts what became of everything ever handed in.
    fn ledger(&self) -> Result<Ledger, CatalogueError> {
        self.ledger_since(None)
    }

    /// Counts what became of everything first seen at this time or later.
    fn ledger_since(&self, since: Option<Timestamp>) -> Result<Ledger, CatalogueError>;

    /// Counts the same for each day or folder, in order.
    fn ledger_by(&self, by: LedgerBy, since: Option<Timestamp>) -> Result<Vec<(String, Ledger)>, CatalogueError>;

    /// Checks the catalogue's own structure; returns what is wrong with it.
    fn check(&self) -> Result<Vec<String>, CatalogueError>;
}

/// A blob with the row that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedBlob {
    /// The blob.
    pub hash: ContentHash,
    /// What it is to the row, such as `original` or `page 2`.
    pub role: String,
    /// Path or document that names it.
    pub named_by: String,
}

/// The catalogue cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The database answered with an error.
    #[error("the catalogue {} does not answer: {source}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// Its answer.
        source: rusqlite::Error,
    },
    /// The database could not be brought to this program's form.
    #[error("the catalogue {} cannot be brought to this version's form: {source}", path.display())]
    Migration {
        /// The database file.
        path: PathBuf,
        /// What went wrong.
        source: Box<refinery::Error>,
    },
}
