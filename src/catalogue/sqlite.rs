//! The catalogue in one SQLite file, with a write-ahead log: one writer, many readers, durable at every commit.

use super::{
    BriefRow, Catalogue, CatalogueError, ChangeRow, CitationRow, CorrectionRow, CutRow, DocumentRow, FailureRow,
    InputId, InputRow, InputStatus, Ledger, LedgerBy, LetterKey, LetterRow, ListOrder, NamedBlob, NewInput, RowFilter,
    StageKey, UnreadPage, changes, documents, inputs, people,
};
use crate::model::{ContentHash, DocumentId, LetterDate};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

mod embedded {
    #![allow(missing_docs)] // made by the macro
    refinery::embed_migrations!("src/catalogue/migrations");
}

/// How long a statement waits for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Copies a database as it is at one moment to `to`, where nothing lies, while others may write to it.
///
/// # Errors
/// [`CatalogueError`] when it cannot be read, or the copy not be written.
pub fn copy_database(from: &Path, to: &Path) -> Result<(), CatalogueError> {
    let failed = |source| CatalogueError::Database { path: from.to_owned(), source };
    let connection = Connection::open(from).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(failed)?;
    Ok(())
}

/// A catalogue in a SQLite file.
pub struct SqliteCatalogue {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl SqliteCatalogue {
    /// Opens the catalogue at `path`, making it where it is missing and bringing an older one to this version's form.
    ///
    /// # Errors
    /// [`CatalogueError`] when the file is no catalogue, cannot be written, or was written by a later version.
    pub fn open(path: &Path) -> Result<Self, CatalogueError> {
        let failed = |source| CatalogueError::Database { path: path.to_owned(), source };
        let mut connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        // In one transaction: a form reached without a note of it would be reached for again, in vain.
        let migrate = |connection: &mut Connection| embedded::migrations::runner().set_grouped(true).run(connection);
        if migrate(&mut connection).is_err() {
            // Another process may have been quicker to bring it to this form.
            std::thread::sleep(Duration::from_millis(300));
            migrate(&mut connection)
                .map_err(|error| CatalogueError::Migration { path: path.to_owned(), source: Box::new(error) })?;
        }
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection) })
    }

    /// A thread that died holding the connection left no transaction open: dropping one rolls it back.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, CatalogueError> {
        work(&self.connection()).map_err(|source| self.failed(source))
    }

    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, CatalogueError> {
        let mut connection = self.connection();
        let run = || {
            let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let answer = work(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        };
        run().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: rusqlite::Error) -> CatalogueError {
        CatalogueError::Database { path: self.path.clone(), source }
    }
}

pub(super) fn now() -> String {
    Timestamp::now().to_string()
}

/// Reads a column whose text must parse.
pub(super) fn parsed<T: std::str::FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error| {
        let index = row.as_ref().column_index(column).unwrap_or_default();
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}

pub(super) fn document_id_rows(
    connection: &Connection,
    sql: &str,
    argument: &str,
) -> rusqlite::Result<Vec<DocumentId>> {
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map([argument], |row| parsed(row, "id"))?.collect()
}

impl Catalogue for SqliteCatalogue {
    fn receive(&self, input: &NewInput) -> Result<InputRow, CatalogueError> {
        self.write(|transaction| inputs::receive(transaction, input))
    }

    fn settle(&self, input: InputId, status: &InputStatus) -> Result<(), CatalogueError> {
        self.write(|transaction| inputs::settle(transaction, input, status))
    }

    fn begin_filing(&self, input: InputId) -> Result<(), CatalogueError> {
        self.write(|transaction| inputs::begin_filing(transaction, input))
    }

    fn note_deaths(&self) -> Result<u64, CatalogueError> {
        self.write(|transaction| inputs::note_deaths(transaction))
    }

    fn rest(&self) -> Result<(), CatalogueError> {
        self.write(|transaction| inputs::rest(transaction))
    }

    fn unchanged(&self, location: &str, stamp: &str) -> Result<Option<InputRow>, CatalogueError> {
        self.read(|connection| inputs::unchanged(connection, location, stamp))
    }

    fn ignore(&self, location: &str, source: &str) -> Result<(), CatalogueError> {
        self.write(|transaction| {
            let sql = "INSERT OR IGNORE INTO ignored (location, first_seen, source) VALUES (?1, ?2, ?3)";
            transaction.execute(sql, params![location, now(), source])
        })?;
        Ok(())
    }

    fn result(&self, key: &StageKey) -> Result<Option<ContentHash>, CatalogueError> {
        self.read(|connection| {
            let sql = "SELECT record FROM results WHERE original = ?1 AND page = ?2 AND stage = ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let key = params![key.original.to_string(), key.page, key.stage];
            statement.query_row(key, |row| parsed(row, "record")).optional()
        })
    }

    fn keep_result(&self, key: &StageKey, record: &ContentHash) -> Result<(), CatalogueError> {
        self.write(|transaction| {
            let sql = "INSERT OR REPLACE INTO results (original, page, stage, record) VALUES (?1, ?2, ?3, ?4)";
            let mut statement = transaction.prepare_cached(sql)?;
            statement.execute(params![key.original.to_string(), key.page, key.stage, record.to_string()])
        })?;
        Ok(())
    }

    fn file(&self, rows: &[DocumentRow], unread: &[UnreadPage], input: InputId) -> Result<(), CatalogueError> {
        self.write(|transaction| {
            documents::replace(transaction, rows)?;
            if let Some(row) = rows.first() {
                inputs::set_unread(transaction, &row.id.original, unread)?;
            }
            inputs::settle(transaction, input, &InputStatus::Stored)
        })
    }

    fn refile(&self, rows: &[DocumentRow]) -> Result<(), CatalogueError> {
        self.write(|transaction| documents::replace(transaction, rows))
    }

    fn document(&self, id: &DocumentId) -> Result<Option<DocumentRow>, CatalogueError> {
        self.read(|connection| documents::read(connection, id))
    }

    fn letter_record(&self, id: &DocumentId) -> Result<Option<String>, CatalogueError> {
        self.read(|connection| documents::letter_record(connection, id))
    }

    fn documents_of(&self, original: &ContentHash) -> Result<Vec<DocumentId>, CatalogueError> {
        let sql = "SELECT id FROM documents WHERE original = ?1 ORDER BY part";
        self.read(|connection| document_id_rows(connection, sql, &original.to_string()))
    }

    fn document_ids(&self, prefix: &str, limit: usize) -> Result<Vec<DocumentId>, CatalogueError> {
        self.read(|connection| {
            // GLOB knows no escape; ids are hexadecimal digits and a hyphen, so nothing else can begin one.
            if !prefix.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
                return Ok(Vec::new());
            }
            let sql = format!(
                "SELECT id FROM documents WHERE id GLOB ?1 || '*' ORDER BY id LIMIT {}",
                i64::try_from(limit).unwrap_or(i64::MAX)
            );
            document_id_rows(connection, &sql, &prefix.to_ascii_lowercase())
        })
    }

    fn not_indexed(&self) -> Result<Vec<DocumentId>, CatalogueError> {
        let sql = "SELECT id FROM documents WHERE indexed = 0 AND ?1 = '' ORDER BY id";
        self.read(|connection| document_id_rows(connection, sql, ""))
    }

    fn set_indexed(&self, documents: &[DocumentId]) -> Result<(), CatalogueError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached("UPDATE documents SET indexed = 1 WHERE id = ?1")?;
            documents.iter().try_for_each(|id| statement.execute([id.to_string()]).map(|_| ()))
        })
    }

    fn clear_indexed(&self) -> Result<(), CatalogueError> {
        self.write(|transaction| transaction.execute("UPDATE documents SET indexed = 0", []))?;
        Ok(())
    }

    fn withdrawn(&self) -> Result<Vec<DocumentId>, CatalogueError> {
        let sql = "SELECT id FROM withdrawn WHERE ?1 = '' ORDER BY id";
        self.read(|connection| document_id_rows(connection, sql, ""))
    }

    fn forget_withdrawn(&self, documents: &[DocumentId]) -> Result<(), CatalogueError> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached("DELETE FROM withdrawn WHERE id = ?1")?;
            documents.iter().try_for_each(|id| statement.execute([id.to_string()]).map(|_| ()))
        })
    }

    fn not_related(&self) -> Result<Vec<DocumentId>, CatalogueError> {
        let sql = "SELECT id FROM documents WHERE related = 0 AND ?1 = '' ORDER BY id";
        self.read(|connection| document_id_rows(connection, sql, ""))
    }

    fn relate(&self, document: &DocumentId, letter: &LetterRow) -> Result<(), CatalogueError> {
        self.write(|transaction| documents::relate(transaction, document, letter))
    }

    fn letters_like(&self, number_key: &str, date: Option<LetterDate>) -> Result<Vec<LetterKey>, CatalogueError> {
        self.read(|connection| documents::letters_like(connection, number_key, date))
    }

    fn citations_like(&self, number_key: &str, date: Option<LetterDate>) -> Result<Vec<CitationRow>, CatalogueError> {
        self.read(|connection| documents::citations_like(connection, number_key, date))
    }

    fn numbers_of(
        &self,
        issuer: &str,
        days: (LetterDate, LetterDate),
        without: &DocumentId,
    ) -> Result<Vec<(LetterDate, String)>, CatalogueError> {
        self.read(|connection| documents::numbers_of(connection, issuer, days, without))
    }

    fn codes(&self) -> Result<Vec<(String, u64)>, CatalogueError> {
        self.read(documents::codes)
    }

    fn has_more_undated(&self, most: usize) -> Result<bool, CatalogueError> {
        self.read(|connection| documents::has_more_undated(connection, most))
    }

    fn undated_letters(&self, limit: usize) -> Result<Vec<LetterKey>, CatalogueError> {
        self.read(|connection| documents::undated_letters(connection, limit))
    }

    fn usual_dates(&self, least: u32) -> Result<Option<(LetterDate, LetterDate)>, CatalogueError> {
        self.read(|connection| documents::usual_dates(connection, least))
    }

    fn cited_issuers(&self) -> Result<Vec<String>, CatalogueError> {
        self.read(documents::cited_issuers)
    }

    fn citations_of(&self, issuer: &str, limit: usize) -> Result<Vec<CitationRow>, CatalogueError> {
        self.read(|connection| documents::citations_of(connection, issuer, limit))
    }

    fn signatories(&self) -> Result<Vec<(String, u64)>, CatalogueError> {
        self.read(documents::signatories)
    }

    fn citations(&self) -> Result<Vec<CitationRow>, CatalogueError> {
        self.read(documents::citations)
    }

    fn issuers(&self) -> Result<Vec<(String, u64)>, CatalogueError> {
        self.read(documents::issuers)
    }

    fn changes(&self, since: u64, limit: usize) -> Result<Vec<ChangeRow>, CatalogueError> {
        self.read(|connection| changes::changes(connection, since, limit))
    }

    fn last_change(&self) -> Result<u64, CatalogueError> {
        self.read(changes::last_change)
    }

    fn failures(&self, since: u64, limit: usize) -> Result<Vec<FailureRow>, CatalogueError> {
        self.read(|connection| changes::failures(connection, since, limit))
    }

    fn last_failure(&self) -> Result<u64, CatalogueError> {
        self.read(changes::last_failure)
    }

    fn list(&self, order: ListOrder, limit: usize, offset: usize) -> Result<Vec<BriefRow>, CatalogueError> {
        self.read(|connection| changes::list(connection, order, limit, offset))
    }

    fn secrecy_grades(&self) -> Result<Vec<String>, CatalogueError> {
        self.read(changes::secrecy_grades)
    }

    fn correct(&self, correction: &CorrectionRow) -> Result<(), CatalogueError> {
        self.write(|transaction| people::correct(transaction, correction))
    }

    fn corrections(&self, original: &ContentHash) -> Result<Vec<CorrectionRow>, CatalogueError> {
        self.read(|connection| people::corrections(connection, original))
    }

    fn cut(&self, cut: &CutRow) -> Result<(), CatalogueError> {
        self.write(|transaction| people::cut(transaction, cut))
    }

    fn cuts(&self, original: &ContentHash) -> Result<Vec<CutRow>, CatalogueError> {
        self.read(|connection| people::cuts(connection, original))
    }

    fn inputs(&self, filter: &RowFilter) -> Result<Vec<InputRow>, CatalogueError> {
        self.read(|connection| inputs::list(connection, filter))
    }

    fn inputs_of(&self, original: &ContentHash) -> Result<Vec<InputRow>, CatalogueError> {
        self.read(|connection| inputs::of_content(connection, original))
    }

    fn ignored(&self, since: Option<Timestamp>) -> Result<Vec<String>, CatalogueError> {
        self.read(|connection| inputs::ignored(connection, since))
    }

    fn note_unread(&self, page: &UnreadPage) -> Result<(), CatalogueError> {
        self.write(|transaction| inputs::note_unread(transaction, page))
    }

    fn unread(&self, original: Option<&ContentHash>) -> Result<Vec<UnreadPage>, CatalogueError> {
        self.read(|connection| inputs::unread(connection, original))
    }

    fn named_blobs(&self) -> Result<Vec<NamedBlob>, CatalogueError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT sha256 AS hash, 'original' AS role, path AS named_by FROM inputs WHERE sha256 <> ''
                 UNION ALL SELECT record, 'page ' || number, document FROM pages
                 UNION ALL SELECT record, 'reading of page ' || (page + 1), original FROM results",
            )?;
            let rows = statement.query_map([], |row| {
                let (role, named_by) = (row.get("role")?, row.get("named_by")?);
                Ok(NamedBlob { hash: parsed(row, "hash")?, role, named_by })
            })?;
            rows.collect()
        })
    }

    fn ledger_since(&self, since: Option<Timestamp>) -> Result<Ledger, CatalogueError> {
        self.read(|connection| inputs::ledger(connection, since))
    }

    fn ledger_by(&self, by: LedgerBy, since: Option<Timestamp>) -> Result<Vec<(String, Ledger)>, CatalogueError> {
        self.read(|connection| inputs::ledger_by(connection, by, since))
    }

    fn check(&self) -> Result<Vec<String>, CatalogueError> {
        self.read(|connection| {
            let mut found = Vec::new();
            connection.pragma_query(None, "integrity_check", |row| {
                let line: String = row.get(0)?;
                found.extend((line != "ok").then_some(line));
                Ok(())
            })?;
            connection.pragma_query(None, "foreign_key_check", |row| {
                let table: String = row.get(0)?;
                found.push(format!("a row of {table} names a document that is not there"));
                Ok(())
            })?;
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;

    fn catalogue() -> (tempfile::TempDir, SqliteCatalogue) {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = SqliteCatalogue::open(&folder.path().join("catalogue.sqlite")).unwrap();
        (folder, catalogue)
    }

    fn input(name: &str, content: &str) -> NewInput {
        NewInput {
            location: format!("/in/{name}"),
            path: format!("in/{name}"),
            content: Some(ContentHash::of(content.as_bytes())),
            bytes: content.len() as u64,
            media_type: "image/tiff".to_owned(),
            ..NewInput::default()
        }
    }

    fn document(content: &str) -> DocumentRow {
        let original = ContentHash::of(content.as_bytes());
        DocumentRow {
            id: DocumentId { original, part: None },
            source: Source {
                name: "a.tif".to_owned(),
                path: "in/a.tif".to_owned(),
                media_type: "image/tiff".to_owned(),
                bytes: 6,
                received: "2026-01-05T08:12:44Z".parse().unwrap(),
                pages: (1, 2),
            },
            organisation: Some("الفاو".to_owned()),
            letter: LetterRow {
                record: "{}".to_owned(),
                number: Some("12/3".to_owned()),
                date: Some(jiff::civil::date(2014, 3, 12)),
                number_key: Some("12/3".to_owned()),
                issuer: Some("وزارة المالية".to_owned()),
                subject: None,
                sketch: None,
                secrecy: None,
                doubt: 0.0,
                signatory: Some("سعد عبد الرحمن".to_owned()),
                citations: vec![CitationRow {
                    document: DocumentId { original, part: None },
                    number: "ق.م/77".to_owned(),
                    number_key: "قم/77".to_owned(),
                    date: Some(jiff::civil::date(2014, 3, 1)),
                    issuer: None,
                }],
            },
            pages: vec![ContentHash::of(b"page 1"), ContentHash::of(b"page 2")],
            begins: None,
        }
    }

    fn part(content: &str, part: u32) -> DocumentRow {
        let mut row = document(content);
        row.id.part = Some(part);
        row.source.pages = (part, part);
        row.pages.truncate(1);
        row.begins = Some("letterhead".to_owned());
        row.letter.citations[0].document = row.id;
        row
    }

    #[test]
    fn documents_of_an_original_are_replaced_together_and_the_others_withdrawn() {
        let (_folder, catalogue) = catalogue();
        let row = catalogue.receive(&input("a.tif", "letter")).unwrap();
        catalogue.file(&[document("letter")], &[], row.id).unwrap();
        let parts = [part("letter", 1), part("letter", 2)];
        catalogue.refile(&parts).unwrap();
        let whole = document("letter").id;
        assert_eq!(catalogue.documents_of(&whole.original).unwrap(), [parts[0].id, parts[1].id]);
        assert_eq!(catalogue.document(&parts[1].id).unwrap().as_ref(), Some(&parts[1]));
        assert_eq!(catalogue.withdrawn().unwrap(), [whole]);
        catalogue.refile(&[document("letter")]).unwrap();
        assert_eq!(catalogue.withdrawn().unwrap(), [parts[0].id, parts[1].id]);
        catalogue.forget_withdrawn(&[parts[0].id]).unwrap();
        assert_eq!(catalogue.withdrawn().unwrap(), [parts[1].id]);
        assert!(catalogue.ledger().unwrap().balances());
    }

    #[test]
    fn letters_and_citations_are_found_by_number_or_date() {
        let (_folder, catalogue) = catalogue();
        let row = catalogue.receive(&input("a.tif", "letter")).unwrap();
        catalogue.file(&[document("letter")], &[], row.id).unwrap();
        let date = |day| Some(jiff::civil::date(2014, 3, day));
        let letters = |key: &str, day| catalogue.letters_like(key, date(day)).unwrap().len();
        assert_eq!((letters("12/3", 1), letters("0", 12), letters("0", 1)), (1, 1, 0));
        let citations = |key: &str, day| catalogue.citations_like(key, date(day)).unwrap().len();
        assert_eq!((citations("قم/77", 9), citations("0", 1), citations("0", 9)), (1, 1, 0));
        assert_eq!(catalogue.issuers().unwrap(), [("وزارة المالية".to_owned(), 1)]);
        assert_eq!(catalogue.signatories().unwrap(), [("سعد عبد الرحمن".to_owned(), 1)]);
        assert_eq!(catalogue.usual_dates(1).unwrap(), date(12).zip(date(12)));
        assert_eq!(catalogue.usual_dates(2).unwrap(), None);
        assert_eq!(catalogue.undated_letters(10).unwrap(), []);
        assert!(!catalogue.has_more_undated(0).unwrap());
        assert_eq!(catalogue.cited_issuers().unwrap(), Vec::<String>::new());
        assert_eq!(catalogue.citations_of("وزارة المالية", 10).unwrap(), []);
    }

    #[test]
    fn what_people_say_stays_in_its_order() {
        let (_folder, catalogue) = catalogue();
        let original = ContentHash::of(b"letter");
        let at = "2026-01-05T08:12:44Z".parse().unwrap();
        let correction = |new: &str| CorrectionRow {
            original,
            first_page: 1,
            field: "number".to_owned(),
            old: vec![],
            new: vec![new.to_owned()],
            by: "سعاد".to_owned(),
            at,
        };
        catalogue.correct(&correction("12")).unwrap();
        catalogue.correct(&correction("13")).unwrap();
        assert_eq!(catalogue.corrections(&original).unwrap(), [correction("12"), correction("13")]);
        let cut = CutRow { original, page: 3, begins: true, by: "سعاد".to_owned(), at };
        catalogue.cut(&cut).unwrap();
        assert_eq!(catalogue.cuts(&original).unwrap(), [cut]);
        assert_eq!(catalogue.cuts(&ContentHash::of(b"other")).unwrap(), []);
    }

    #[test]
    fn a_catalogue_of_the_first_form_is_brought_to_this_one_and_its_letters_are_entered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.sqlite");
        let id = document("letter").id;
        {
            let mut connection = Connection::open(&path).unwrap();
            let first = refinery::Target::Version(1);
            embedded::migrations::runner().set_target(first).run(&mut connection).unwrap();
            let sql = "INSERT INTO documents VALUES (?1, ?2, NULL, 'a.tif', 'in/a.tif', 'image/tiff', 6,
                       '2026-01-05T08:12:44Z', NULL, 1, 1, '{}', '12/3', '2014-03-12', 1)";
            connection.execute(sql, params![id.to_string(), id.original.to_string()]).unwrap();
        }
        let catalogue = SqliteCatalogue::open(&path).unwrap();
        assert_eq!(catalogue.not_related().unwrap(), [id]);
        catalogue.relate(&id, &document("letter").letter).unwrap();
        assert_eq!(catalogue.not_related().unwrap(), []);
        assert_eq!(catalogue.citations().unwrap(), document("letter").letter.citations);
        assert_eq!(catalogue.not_indexed().unwrap(), [], "it was searchable and stays so");
    }

    #[test]
    fn a_filed_document_comes_back_and_its_file_is_stored() {
        let (_folder, catalogue) = catalogue();
        let row = catalogue.receive(&input("a.tif", "letter")).unwrap();
        assert_eq!((row.status, row.attempts), (InputStatus::Waiting, 1));
        catalogue.file(&[document("letter")], &[], row.id).unwrap();
        let id = document("letter").id;
        assert_eq!(catalogue.document(&id).unwrap(), Some(document("letter")));
        assert_eq!(catalogue.not_indexed().unwrap(), [id]);
        catalogue.set_indexed(&[id]).unwrap();
        assert_eq!(catalogue.not_indexed().unwrap(), []);
        assert_eq!(catalogue.document_ids(&id.to_string()[..6], 10).unwrap(), [id]);
        assert_eq!(catalogue.document_ids("*", 10).unwrap(), []);
        let ledger = catalogue.ledger().unwrap();
        assert_eq!((ledger.seen, ledger.stored, ledger.balances()), (1, 1, true));
    }

    #[test]
    fn a_kept_result_is_found_by_its_whole_key() {
        let (_folder, catalogue) = catalogue();
        let original = ContentHash::of(b"letter");
        let key = StageKey { original, page: 0, stage: "read 1".to_owned() };
        let record = ContentHash::of(b"record");
        catalogue.keep_result(&key, &record).unwrap();
        assert_eq!(catalogue.result(&key).unwrap(), Some(record));
        assert_eq!(catalogue.result(&StageKey { page: 1, ..key.clone() }).unwrap(), None);
        assert_eq!(catalogue.result(&StageKey { stage: "read 2".to_owned(), ..key }).unwrap(), None);
    }
}
