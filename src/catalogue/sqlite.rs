//! The catalogue in one SQLite file, with a write-ahead log: one writer, many readers, durable at every commit.

use super::{
    Catalogue, CatalogueError, DocumentRow, InputError, InputId, InputRow, InputStatus, Ledger, LetterRow, NamedBlob,
    NewInput, StageKey,
};
use crate::model::{ContentHash, DocumentId, Source};
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
        embedded::migrations::runner()
            .run(&mut connection)
            .map_err(|error| CatalogueError::Migration { path: path.to_owned(), source: Box::new(error) })?;
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

fn now() -> String {
    Timestamp::now().to_string()
}

/// Reads a column whose text must parse.
fn parsed<T: std::str::FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error| {
        let index = row.as_ref().column_index(column).unwrap_or_default();
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}

fn input_row(row: &Row<'_>) -> rusqlite::Result<InputRow> {
    let status: String = row.get("status")?;
    let status = match status.as_str() {
        "stored" => InputStatus::Stored,
        "duplicate" => InputStatus::Duplicate,
        "failed" => InputStatus::Failed(InputError {
            code: parsed(row, "code")?,
            message: row.get("message")?,
            page: row.get("page")?,
        }),
        _ => InputStatus::Waiting,
    };
    let content: String = row.get("sha256")?;
    let input = NewInput {
        location: row.get("location")?,
        path: row.get("path")?,
        content: if content.is_empty() { None } else { Some(parsed(row, "sha256")?) },
        bytes: row.get::<_, i64>("bytes")?.unsigned_abs(),
        media_type: row.get("media_type")?,
        organisation: row.get("organisation")?,
    };
    Ok(InputRow { id: InputId(row.get("id")?), input, status, attempts: row.get("attempts")? })
}

fn status_columns(status: &InputStatus) -> (&'static str, Option<&InputError>) {
    match status {
        InputStatus::Waiting => ("waiting", None),
        InputStatus::Stored => ("stored", None),
        InputStatus::Duplicate => ("duplicate", None),
        InputStatus::Failed(error) => ("failed", Some(error)),
    }
}

fn settle(transaction: &Connection, input: InputId, status: &InputStatus) -> rusqlite::Result<()> {
    let (name, error) = status_columns(status);
    let mut statement = transaction.prepare_cached(
        "UPDATE inputs SET status = ?2, code = ?3, message = ?4, page = ?5, updated = ?6 WHERE id = ?1",
    )?;
    statement.execute(params![
        input.0,
        name,
        error.map(|error| error.code.as_str()),
        error.map(|error| error.message.as_str()),
        error.and_then(|error| error.page),
        now(),
    ])?;
    Ok(())
}

fn document_id_rows(connection: &Connection, sql: &str, argument: &str) -> rusqlite::Result<Vec<DocumentId>> {
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map([argument], |row| parsed(row, "id"))?.collect()
}

impl Catalogue for SqliteCatalogue {
    fn receive(&self, input: &NewInput) -> Result<InputRow, CatalogueError> {
        let content = input.content.map(|hash| hash.to_string()).unwrap_or_default();
        self.write(|transaction| {
            if !content.is_empty() {
                // The path could not be read before and can be now: it is the same row, with its content known.
                transaction.execute(
                    "UPDATE OR IGNORE inputs SET sha256 = ?2 WHERE location = ?1 AND sha256 = ''",
                    params![input.location, content],
                )?;
                transaction.execute("DELETE FROM inputs WHERE location = ?1 AND sha256 = ''", [&input.location])?;
            }
            transaction.execute("DELETE FROM ignored WHERE location = ?1", [&input.location])?;
            let mut statement = transaction.prepare_cached(
                "INSERT INTO inputs (location, path, sha256, bytes, media_type, organisation, status, attempts,
                                     first_seen, updated)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', 1, ?7, ?7)
                 ON CONFLICT (location, sha256) DO UPDATE SET
                     path = excluded.path, bytes = excluded.bytes, media_type = excluded.media_type,
                     organisation = coalesce(excluded.organisation, organisation), updated = excluded.updated,
                     attempts = attempts + (status IN ('waiting', 'failed')),
                     status = CASE status WHEN 'failed' THEN 'waiting' ELSE status END
                 RETURNING *",
            )?;
            let bytes = i64::try_from(input.bytes).unwrap_or(i64::MAX);
            statement.query_row(
                params![input.location, input.path, content, bytes, input.media_type, input.organisation, now()],
                input_row,
            )
        })
    }

    fn settle(&self, input: InputId, status: &InputStatus) -> Result<(), CatalogueError> {
        self.write(|transaction| settle(transaction, input, status))
    }

    fn ignore(&self, location: &str) -> Result<(), CatalogueError> {
        self.write(|transaction| {
            let sql = "INSERT OR IGNORE INTO ignored (location, first_seen) VALUES (?1, ?2)";
            transaction.execute(sql, params![location, now()])
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

    fn file(&self, documents: &[DocumentRow], input: InputId) -> Result<(), CatalogueError> {
        self.write(|transaction| {
            documents.iter().try_for_each(|document| write_document(transaction, document))?;
            settle(transaction, input, &InputStatus::Stored)
        })
    }

    fn document(&self, id: &DocumentId) -> Result<Option<DocumentRow>, CatalogueError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM documents WHERE id = ?1")?;
            let row = statement.query_row([id.to_string()], |row| document_row(*id, row)).optional()?;
            let Some(mut document) = row else { return Ok(None) };
            let sql = "SELECT record FROM pages WHERE document = ?1 ORDER BY number";
            let mut statement = connection.prepare_cached(sql)?;
            document.pages =
                statement.query_map([id.to_string()], |row| parsed(row, "record"))?.collect::<rusqlite::Result<_>>()?;
            Ok(Some(document))
        })
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

    fn inputs(&self, status: &str) -> Result<Vec<InputRow>, CatalogueError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM inputs WHERE status = ?1 ORDER BY id")?;
            statement.query_map([status], input_row)?.collect()
        })
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

    fn ledger(&self) -> Result<Ledger, CatalogueError> {
        self.read(|connection| {
            let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
            let of = |status: &str| count(&format!("SELECT count(*) FROM inputs WHERE status = '{status}'"));
            Ok(Ledger {
                seen: count("SELECT count(*) FROM inputs")?,
                stored: of("stored")?,
                duplicate: of("duplicate")?,
                failed: of("failed")?,
                waiting: of("waiting")?,
                ignored: count("SELECT count(*) FROM ignored")?,
                without_document: count(
                    "SELECT count(*) FROM inputs WHERE status IN ('stored', 'duplicate')
                     AND sha256 NOT IN (SELECT original FROM documents)",
                )?,
            })
        })
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

/// Reads a row of `documents`, without its pages.
fn document_row(id: DocumentId, row: &Row<'_>) -> rusqlite::Result<DocumentRow> {
    let source = Source {
        name: row.get("name")?,
        path: row.get("path")?,
        media_type: row.get("media_type")?,
        bytes: row.get::<_, i64>("bytes")?.unsigned_abs(),
        received: parsed(row, "received")?,
        pages: (row.get("first_page")?, row.get("last_page")?),
    };
    let date: Option<String> = row.get("letter_date")?;
    let letter = LetterRow {
        record: row.get("letter")?,
        number: row.get("letter_number")?,
        date: date.map(|_| parsed(row, "letter_date")).transpose()?,
    };
    Ok(DocumentRow { id, source, organisation: row.get("organisation")?, letter, pages: Vec::new() })
}

fn write_document(transaction: &Connection, document: &DocumentRow) -> rusqlite::Result<()> {
    let id = document.id.to_string();
    transaction.execute("DELETE FROM pages WHERE document = ?1", [&id])?;
    let source = &document.source;
    transaction.execute(
        "INSERT OR REPLACE INTO documents (id, original, part, name, path, media_type, bytes, received, organisation,
                                           first_page, last_page, letter, letter_number, letter_date, indexed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0)",
        params![
            id,
            document.id.original.to_string(),
            document.id.part,
            source.name,
            source.path,
            source.media_type,
            i64::try_from(source.bytes).unwrap_or(i64::MAX),
            source.received.to_string(),
            document.organisation,
            source.pages.0,
            source.pages.1,
            document.letter.record,
            document.letter.number,
            document.letter.date.map(|date| date.to_string()),
        ],
    )?;
    let mut statement =
        transaction.prepare_cached("INSERT INTO pages (document, number, record) VALUES (?1, ?2, ?3)")?;
    for (number, record) in (1_u32..).zip(&document.pages) {
        statement.execute(params![id, number, record.to_string()])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureCode;

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
            organisation: None,
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
            },
            pages: vec![ContentHash::of(b"page 1"), ContentHash::of(b"page 2")],
        }
    }

    #[test]
    fn a_filed_document_comes_back_and_its_file_is_stored() {
        let (_folder, catalogue) = catalogue();
        let row = catalogue.receive(&input("a.tif", "letter")).unwrap();
        assert_eq!((row.status, row.attempts), (InputStatus::Waiting, 1));
        catalogue.file(&[document("letter")], row.id).unwrap();
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
    fn the_same_path_and_content_is_one_row_whatever_became_of_it() {
        let (_folder, catalogue) = catalogue();
        let first = catalogue.receive(&input("a.tif", "letter")).unwrap();
        let error = InputError { code: FailureCode::DamagedImage, message: "cut short".to_owned(), page: Some(1) };
        catalogue.settle(first.id, &InputStatus::Failed(error.clone())).unwrap();
        assert_eq!(catalogue.inputs("failed").unwrap()[0].status, InputStatus::Failed(error));
        let again = catalogue.receive(&input("a.tif", "letter")).unwrap();
        assert_eq!((again.id, again.attempts, again.status), (first.id, 2, InputStatus::Waiting));
        catalogue.settle(first.id, &InputStatus::Duplicate).unwrap();
        let third = catalogue.receive(&input("a.tif", "letter")).unwrap();
        assert_eq!((third.attempts, third.status), (2, InputStatus::Duplicate));
        assert_eq!(catalogue.ledger().unwrap().seen, 1);
        catalogue.receive(&input("a.tif", "rescanned")).unwrap();
        assert_eq!(catalogue.ledger().unwrap().seen, 2);
    }

    #[test]
    fn a_file_that_can_be_read_at_last_keeps_its_row() {
        let (_folder, catalogue) = catalogue();
        let unreadable = NewInput { content: None, ..input("a.tif", "") };
        let first = catalogue.receive(&unreadable).unwrap();
        let readable = catalogue.receive(&input("a.tif", "letter")).unwrap();
        assert_eq!(readable.id, first.id);
        assert_eq!(catalogue.ledger().unwrap().seen, 1);
    }

    #[test]
    fn a_stored_row_without_its_document_does_not_balance() {
        let (_folder, catalogue) = catalogue();
        let row = catalogue.receive(&input("a.tif", "letter")).unwrap();
        catalogue.settle(row.id, &InputStatus::Stored).unwrap();
        assert!(!catalogue.ledger().unwrap().balances());
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
