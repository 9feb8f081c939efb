//! What other programs are told of, and the short rows by which letters are listed, in SQLite.

use super::sqlite::parsed;
use super::{BriefRow, ChangeKind, ChangeRow, FailureRow, ListOrder};
use rusqlite::{Connection, Row, params};

/// Returns the changes after `since`, in the order in which they happened.
pub(super) fn changes(connection: &Connection, since: u64, limit: usize) -> rusqlite::Result<Vec<ChangeRow>> {
    let sql = "SELECT changes.*, last.seq AS last_seq, last.organisation AS last_organisation, last.secrecy AS last_secrecy
               FROM changes LEFT JOIN changes AS last ON last.seq = (
                   SELECT MAX(seq) FROM changes AS earlier WHERE earlier.document = changes.document AND earlier.seq < changes.seq)
               WHERE changes.seq > ?1 ORDER BY changes.seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![whole(since), whole(limit as u64)], |row| {
        let kind: String = row.get("kind")?;
        Ok(ChangeRow {
            seq: row.get::<_, i64>("seq")?.unsigned_abs(),
            document: parsed(row, "document")?,
            kind: match kind.as_str() {
                "stored" => ChangeKind::Stored,
                "corrected" => ChangeKind::Corrected,
                _ => ChangeKind::Withdrawn,
            },
            at: parsed(row, "at")?,
            organisation: row.get("organisation")?,
            secrecy: row.get("secrecy")?,
            before: match row.get::<_, Option<i64>>("last_seq")? {
                Some(_) => Some((row.get("last_organisation")?, row.get("last_secrecy")?)),
                None => None,
            },
        })
    })?;
    rows.collect()
}

/// Returns the number of the last change.
pub(super) fn last_change(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce(max(seq), 0) FROM changes";
    connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

/// Returns the failures of files after `since`, in the order in which they happened.
pub(super) fn failures(connection: &Connection, since: u64, limit: usize) -> rusqlite::Result<Vec<FailureRow>> {
    let sql = "SELECT * FROM failures WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![whole(since), whole(limit as u64)], |row| {
        Ok(FailureRow {
            seq: row.get::<_, i64>("seq")?.unsigned_abs(),
            path: row.get("path")?,
            sha256: row.get("sha256")?,
            code: row.get("code")?,
            message: row.get("message")?,
            page: row.get("page")?,
            at: parsed(row, "at")?,
            organisation: row.get("organisation")?,
        })
    })?;
    rows.collect()
}

/// Returns the number of the last failure.
pub(super) fn last_failure(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce(max(seq), 0) FROM failures";
    connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

/// Returns documents in this order.
pub(super) fn list(
    connection: &Connection,
    order: ListOrder,
    limit: usize,
    offset: usize,
) -> rusqlite::Result<Vec<BriefRow>> {
    let order = match order {
        ListOrder::Latest => "received DESC, id",
        ListOrder::MostDoubtful => "doubt DESC, received, id",
    };
    let sql = format!(
        "SELECT id, name, received, organisation, secrecy, letter_number, letter_date, issuer, subject, doubt
         FROM documents ORDER BY {order} LIMIT ?1 OFFSET ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map(params![whole(limit as u64), whole(offset as u64)], brief)?.collect()
}

/// Returns how secret letters say they are, each wording once. Most letters say nothing and are not in the index it walks.
pub(super) fn secrecy_grades(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT DISTINCT secrecy FROM documents WHERE secrecy IS NOT NULL";
    connection.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn brief(row: &Row<'_>) -> rusqlite::Result<BriefRow> {
    Ok(BriefRow {
        document: parsed(row, "id")?,
        name: row.get("name")?,
        received: parsed(row, "received")?,
        organisation: row.get("organisation")?,
        secrecy: row.get("secrecy")?,
        number: row.get("letter_number")?,
        date: row.get::<_, Option<String>>("letter_date")?.map(|_| parsed(row, "letter_date")).transpose()?,
        issuer: row.get("issuer")?,
        subject: row.get("subject")?,
        doubt: row.get("doubt")?,
    })
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
