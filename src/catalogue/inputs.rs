//! Rows of the ledger in SQLite: files as they were handed in, what became of them, and their balance.

use super::sqlite::{now, parsed};
use super::{InputError, InputId, InputRow, InputStatus, Ledger, LedgerBy, NewInput, RowFilter, UnreadPage};
use crate::model::{ContentHash, FailureCode, Place};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Deaths after which a file whose filing was begun once more is set aside.
const DEATHS_TO_CRASH: u32 = 1;

const CRASHED_WHILE_FILING: &str =
    "the program died twice over this file, the second time while filing it: please report it with this file";

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
        source: row.get("source")?,
        by: row.get("by_whom")?,
        place: Place { shelf: row.get("shelf")?, carton: row.get("carton")?, binder: row.get("binder")? },
        stamp: row.get("stamp")?,
    };
    Ok(InputRow {
        id: InputId(row.get("id")?),
        input,
        status,
        attempts: row.get("attempts")?,
        deaths: row.get("deaths")?,
        first_seen: parsed(row, "first_seen")?,
        updated: parsed(row, "updated")?,
    })
}

/// Enters a file as waiting and begun, or takes its row up again; rows stored or duplicate stay as they are.
pub(super) fn receive(transaction: &Connection, input: &NewInput) -> rusqlite::Result<InputRow> {
    let content = input.content.map(|hash| hash.to_string()).unwrap_or_default();
    if !content.is_empty() {
        // The path could not be read before and can be now: it is the same row, with its content known.
        transaction.execute(
            "UPDATE OR IGNORE inputs SET sha256 = ?2 WHERE location = ?1 AND sha256 = ''",
            params![input.location, content],
        )?;
        transaction.execute("DELETE FROM inputs WHERE location = ?1 AND sha256 = ''", [&input.location])?;
    }
    transaction.execute("DELETE FROM ignored WHERE location = ?1", [&input.location])?;
    transaction.execute("UPDATE inputs SET stamp = '' WHERE location = ?1 AND stamp <> ''", [&input.location])?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO inputs (location, path, sha256, bytes, media_type, organisation, status, attempts, first_seen, updated,
                             source, by_whom, shelf, carton, binder, stamp, begun)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', 1, ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'reading')
         ON CONFLICT (location, sha256) DO UPDATE SET
             path = excluded.path, bytes = excluded.bytes, media_type = excluded.media_type,
             organisation = coalesce(excluded.organisation, organisation), updated = excluded.updated,
             source = CASE source WHEN '' THEN excluded.source ELSE source END,
             by_whom = CASE by_whom WHEN '' THEN excluded.by_whom ELSE by_whom END,
             shelf = coalesce(excluded.shelf, shelf), carton = coalesce(excluded.carton, carton),
             binder = coalesce(excluded.binder, binder), stamp = excluded.stamp,
             attempts = attempts + (status IN ('waiting', 'failed')),
             begun = CASE WHEN status IN ('waiting', 'failed') THEN 'reading' END,
             status = CASE status WHEN 'failed' THEN 'waiting' ELSE status END
         RETURNING *",
    )?;
    let bytes = i64::try_from(input.bytes).unwrap_or(i64::MAX);
    let place = &input.place;
    let values = params![
        input.location,
        input.path,
        content,
        bytes,
        input.media_type,
        input.organisation,
        now(),
        input.source,
        input.by,
        place.shelf,
        place.carton,
        place.binder,
        input.stamp,
    ];
    let mut row = statement.query_row(values, input_row)?;
    if !content.is_empty() {
        // The same bytes under another name are as dangerous.
        let sql = "SELECT max(deaths) FROM inputs WHERE sha256 = ?1";
        row.deaths = transaction.prepare_cached(sql)?.query_row([content], |row| row.get(0))?;
    }
    Ok(row)
}

/// Notes what became of a file.
pub(super) fn settle(transaction: &Connection, input: InputId, status: &InputStatus) -> rusqlite::Result<()> {
    let (name, error) = match status {
        InputStatus::Waiting => ("waiting", None),
        InputStatus::Stored => ("stored", None),
        InputStatus::Duplicate => ("duplicate", None),
        InputStatus::Failed(error) => ("failed", Some(error)),
    };
    let mut statement = transaction.prepare_cached(
        "UPDATE inputs SET status = ?2, code = ?3, message = ?4, page = ?5, updated = ?6, begun = NULL WHERE id = ?1",
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

/// Notes that a file is about to be filed.
pub(super) fn begin_filing(transaction: &Connection, input: InputId) -> rusqlite::Result<()> {
    transaction.execute("UPDATE inputs SET begun = 'filing' WHERE id = ?1", [input.0])?;
    Ok(())
}

/// Counts a death for every file that was begun, and sets those aside that killed the process while they were filed once more.
pub(super) fn note_deaths(transaction: &Connection) -> rusqlite::Result<u64> {
    let sql = "UPDATE inputs SET deaths = deaths + 1 WHERE begun IS NOT NULL";
    let counted = transaction.execute(sql, [])?;
    transaction.execute(
        "UPDATE inputs SET status = 'failed', code = ?1, message = ?2, page = NULL, updated = ?3
         WHERE begun = 'filing' AND deaths > ?4",
        params![FailureCode::Crashed.as_str(), CRASHED_WHILE_FILING, now(), DEATHS_TO_CRASH],
    )?;
    rest(transaction)?;
    Ok(counted as u64)
}

/// Notes that nobody is at work on any file.
pub(super) fn rest(transaction: &Connection) -> rusqlite::Result<()> {
    transaction.execute("UPDATE inputs SET begun = NULL WHERE begun IS NOT NULL", [])?;
    Ok(())
}

/// Returns the row of a stored or duplicate file that looked just like this from outside.
pub(super) fn unchanged(connection: &Connection, location: &str, stamp: &str) -> rusqlite::Result<Option<InputRow>> {
    let sql = "SELECT * FROM inputs WHERE location = ?1 AND stamp = ?2 AND stamp <> ''
               AND status IN ('stored', 'duplicate')";
    connection.prepare_cached(sql)?.query_row([location, stamp], input_row).optional()
}

/// Returns rows in the order handed in.
pub(super) fn list(connection: &Connection, filter: &RowFilter) -> rusqlite::Result<Vec<InputRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM inputs WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR code = ?2)
         AND (?3 IS NULL OR first_seen >= ?3) AND id > ?4 ORDER BY id LIMIT ?5",
    )?;
    let values = params![
        filter.status,
        filter.code.map(FailureCode::as_str),
        filter.since.map(second),
        filter.after.map_or(0, |id| id.0),
        filter.limit.map_or(-1, i64::from),
    ];
    statement.query_map(values, input_row)?.collect()
}

/// Returns the rows of this content.
pub(super) fn of_content(connection: &Connection, original: &ContentHash) -> rusqlite::Result<Vec<InputRow>> {
    let mut statement = connection.prepare_cached("SELECT * FROM inputs WHERE sha256 = ?1 ORDER BY id")?;
    statement.query_map([original.to_string()], input_row)?.collect()
}

/// Returns the paths ignored since then.
pub(super) fn ignored(connection: &Connection, since: Option<Timestamp>) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT location FROM ignored WHERE ?1 IS NULL OR first_seen >= ?1 ORDER BY location";
    connection.prepare_cached(sql)?.query_map([since.map(second)], |row| row.get(0))?.collect()
}

/// Enters the pages of an original that could not be read, in the place of those entered before.
pub(super) fn set_unread(
    transaction: &Connection,
    original: &ContentHash,
    unread: &[UnreadPage],
) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM unread WHERE original = ?1")?.execute([original.to_string()])?;
    let sql = "INSERT INTO unread (original, page, code, message, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut statement = transaction.prepare_cached(sql)?;
    for page in unread {
        statement.execute(params![original.to_string(), page.page, page.code.as_str(), page.message, now()])?;
    }
    Ok(())
}

/// Returns the pages that could not be read, of one original or of all.
pub(super) fn unread(connection: &Connection, original: Option<&ContentHash>) -> rusqlite::Result<Vec<UnreadPage>> {
    let sql = "SELECT * FROM unread WHERE ?1 IS NULL OR original = ?1 ORDER BY original, page";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([original.map(ContentHash::to_string)], |row| {
        Ok(UnreadPage {
            original: parsed(row, "original")?,
            page: row.get("page")?,
            code: parsed(row, "code")?,
            message: row.get("message")?,
        })
    })?;
    rows.collect()
}

/// A time as text that stands before every later one: times are kept with as many digits of a second as they have.
fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Counts what became of everything first seen at this time or later.
pub(super) fn ledger(connection: &Connection, since: Option<Timestamp>) -> rusqlite::Result<Ledger> {
    let all = counted(connection, "''", since)?;
    Ok(all.into_iter().next().map(|(_, ledger)| ledger).unwrap_or_default())
}

/// Counts the same for each day or folder.
pub(super) fn ledger_by(
    connection: &Connection,
    by: LedgerBy,
    since: Option<Timestamp>,
) -> rusqlite::Result<Vec<(String, Ledger)>> {
    let key = match by {
        LedgerBy::Day => "substr(first_seen, 1, 10)",
        LedgerBy::Source => "source",
    };
    counted(connection, key, since)
}

/// Counts rows by the SQL expression `key`. Each number is counted by itself, so that a sum that is wrong shows.
fn counted(connection: &Connection, key: &str, since: Option<Timestamp>) -> rusqlite::Result<Vec<(String, Ledger)>> {
    let sql = format!(
        "WITH rows (key, kind) AS (
             SELECT {key}, status FROM inputs WHERE ?1 IS NULL OR first_seen >= ?1
             UNION ALL SELECT {key}, 'seen' FROM inputs WHERE ?1 IS NULL OR first_seen >= ?1
             UNION ALL SELECT {key}, 'ignored' FROM ignored WHERE ?1 IS NULL OR first_seen >= ?1
             UNION ALL SELECT {key}, 'without_document' FROM inputs
                 WHERE (?1 IS NULL OR first_seen >= ?1) AND status IN ('stored', 'duplicate')
                 AND sha256 NOT IN (SELECT original FROM documents)
             UNION ALL SELECT {key}, 'unread' FROM inputs JOIN unread ON unread.original = inputs.sha256
                 WHERE (?1 IS NULL OR first_seen >= ?1) AND inputs.status = 'stored')
         SELECT key, sum(kind = 'seen'), sum(kind = 'stored'), sum(kind = 'duplicate'), sum(kind = 'failed'),
                sum(kind = 'waiting'), sum(kind = 'ignored'), sum(kind = 'without_document'), sum(kind = 'unread')
         FROM rows GROUP BY key ORDER BY key"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([since.map(second)], |row| {
        let count = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
        let ledger = Ledger {
            seen: count(1)?,
            stored: count(2)?,
            duplicate: count(3)?,
            failed: count(4)?,
            waiting: count(5)?,
            ignored: count(6)?,
            without_document: count(7)?,
            unread_pages: count(8)?,
        };
        Ok((row.get(0)?, ledger))
    })?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Catalogue, SqliteCatalogue};
    use super::*;

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
            source: "/in".to_owned(),
            ..NewInput::default()
        }
    }

    fn failed(code: FailureCode) -> InputStatus {
        InputStatus::Failed(InputError { code, message: "cut short".to_owned(), page: Some(1) })
    }

    #[test]
    fn the_same_path_and_content_is_one_row_whatever_became_of_it() {
        let (_folder, catalogue) = catalogue();
        let first = catalogue.receive(&input("a.tif", "letter")).unwrap();
        catalogue.settle(first.id, &failed(FailureCode::DamagedImage)).unwrap();
        let wanted = RowFilter { code: Some(FailureCode::DamagedImage), ..RowFilter::default() };
        assert_eq!(catalogue.inputs(&wanted).unwrap()[0].status, failed(FailureCode::DamagedImage));
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
    fn what_a_process_was_at_work_on_when_it_died_is_under_suspicion_and_set_aside_if_filing_it_kills_again() {
        let (_folder, catalogue) = catalogue();
        let deaths = |name: &str| catalogue.receive(&input(name, name)).unwrap().deaths;
        let (done, poison) = (input("done", "done"), input("poison", "poison"));
        catalogue.settle(catalogue.receive(&done).unwrap().id, &failed(FailureCode::Empty)).unwrap();
        let row = catalogue.receive(&poison).unwrap();
        catalogue.begin_filing(row.id).unwrap();
        assert_eq!(catalogue.note_deaths().unwrap(), 1);
        assert_eq!((deaths("done"), deaths("poison")), (0, 1), "one death is no proof");
        catalogue.rest().unwrap();
        assert_eq!(catalogue.note_deaths().unwrap(), 0, "a run that ended in order kills nobody");
        for _ in 0..3 {
            catalogue.receive(&poison).unwrap();
            catalogue.note_deaths().unwrap();
            let waiting = RowFilter { status: Some("waiting".to_owned()), ..RowFilter::default() };
            assert_eq!(catalogue.inputs(&waiting).unwrap().len(), 2, "pulled plugs prove nothing, however often");
        }
        catalogue.receive(&poison).unwrap();
        catalogue.begin_filing(row.id).unwrap();
        catalogue.note_deaths().unwrap();
        let crashed = RowFilter { code: Some(FailureCode::Crashed), ..RowFilter::default() };
        assert_eq!(catalogue.inputs(&crashed).unwrap()[0].id, row.id);
        assert_eq!(catalogue.receive(&input("other name", "poison")).unwrap().deaths, 5);
    }

    #[test]
    fn an_unchanged_file_is_known_by_its_stamp_and_the_last_content_of_a_path_alone_has_one() {
        let (_folder, catalogue) = catalogue();
        let stamped = |content: &str, stamp: &str| NewInput { stamp: stamp.to_owned(), ..input("a.tif", content) };
        let row = catalogue.receive(&stamped("letter", "1")).unwrap();
        let known = |stamp: &str| catalogue.unchanged("/in/a.tif", stamp).unwrap().map(|row| row.id);
        assert_eq!(known("1"), None, "not before it is stored");
        catalogue.settle(row.id, &InputStatus::Stored).unwrap();
        assert_eq!((known("1"), known("2"), known("")), (Some(row.id), None, None));
        catalogue.receive(&stamped("rescanned", "2")).unwrap();
        assert_eq!(known("1"), None);
    }

    #[test]
    fn days_and_folders_balance_and_add_up() {
        let (_folder, catalogue) = catalogue();
        for (name, source) in [("a", "/in"), ("b", "/in"), ("c", "/other")] {
            let input = NewInput { source: source.to_owned(), ..input(name, name) };
            let row = catalogue.receive(&input).unwrap();
            if name == "b" {
                catalogue.settle(row.id, &failed(FailureCode::Empty)).unwrap();
            }
        }
        catalogue.ignore("/other/Thumbs.db", "/other").unwrap();
        let sources = catalogue.ledger_by(LedgerBy::Source, None).unwrap();
        let numbers: Vec<_> = sources
            .iter()
            .map(|(name, one)| (name.as_str(), one.seen, one.failed, one.waiting, one.ignored, one.balances()))
            .collect();
        assert_eq!(numbers, [("/in", 2, 1, 1, 0, true), ("/other", 1, 0, 1, 1, true)]);
        let days = catalogue.ledger_by(LedgerBy::Day, None).unwrap();
        assert_eq!(days.iter().map(|(_, ledger)| ledger.seen).sum::<u64>(), 3);
        let hour = jiff::SignedDuration::from_hours(1);
        assert_eq!(catalogue.ledger_since(Some(Timestamp::now() + hour)).unwrap(), Ledger::default());
        assert_eq!(catalogue.ledger_since(Some(Timestamp::now() - hour)).unwrap().seen, 3);
        assert_eq!(catalogue.ignored(None).unwrap(), ["/other/Thumbs.db"]);
    }
}
