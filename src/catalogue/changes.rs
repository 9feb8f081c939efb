//! What other programs are told of, and the short rows by which letters are listed, in SQLite.

use super::sqlite::parsed;
use super::{BriefRow, ChangeKind, ChangeRow, ListOrder};
use rusqlite::{Connection, Row, params};

/// Returns the changes after `since`, in the order in which they happened.
pub(super) fn changes(connection: &Connection, since: u64, limit: usize) -> rusqlite::Result<Vec<ChangeRow>> {
    let mut statement = connection.prepare_cached("SELECT * FROM changes WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
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
        })
    })?;
    rows.collect()
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
