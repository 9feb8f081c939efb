//! Rows of documents and of what they are looked up by, in SQLite.

use super::sqlite::{now, parsed};
use super::{CitationRow, DocumentRow, LetterKey, LetterRow};
use crate::model::{ContentHash, DocumentId, LetterDate, Source};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashSet;

/// Returns a document, if there is one of this id.
pub(super) fn read(connection: &Connection, id: &DocumentId) -> rusqlite::Result<Option<DocumentRow>> {
    let id_text = id.to_string();
    let key = [id_text.as_str()];
    let mut statement = connection.prepare_cached("SELECT * FROM documents WHERE id = ?1")?;
    let Some(mut document) = statement.query_row(key, |row| document_row(*id, row)).optional()? else {
        return Ok(None);
    };
    let mut statement = connection.prepare_cached("SELECT record FROM pages WHERE document = ?1 ORDER BY number")?;
    document.pages = statement.query_map(key, |row| parsed(row, "record"))?.collect::<rusqlite::Result<_>>()?;
    let sql = "SELECT * FROM citations WHERE document = ?1 ORDER BY position";
    let mut statement = connection.prepare_cached(sql)?;
    document.letter.citations = statement.query_map(key, citation_row)?.collect::<rusqlite::Result<_>>()?;
    Ok(Some(document))
}

/// Returns the record of a document's letter, if there is one of this id.
pub(super) fn letter_record(connection: &Connection, id: &DocumentId) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT letter FROM documents WHERE id = ?1")?;
    statement.query_row([id.to_string()], |row| row.get(0)).optional()
}

/// Reads a row of `documents`, without its pages and citations.
fn document_row(id: DocumentId, row: &Row<'_>) -> rusqlite::Result<DocumentRow> {
    let source = Source {
        name: row.get("name")?,
        path: row.get("path")?,
        media_type: row.get("media_type")?,
        bytes: row.get::<_, i64>("bytes")?.unsigned_abs(),
        received: parsed(row, "received")?,
        pages: (row.get("first_page")?, row.get("last_page")?),
    };
    let letter = LetterRow {
        record: row.get("letter")?,
        number: row.get("letter_number")?,
        date: date(row, "letter_date")?,
        number_key: row.get("number_key")?,
        issuer: row.get("issuer")?,
        subject: row.get("subject")?,
        sketch: row.get("sketch")?,
        secrecy: row.get("secrecy")?,
        doubt: row.get("doubt")?,
        signatory: row.get("signatory")?,
        citations: Vec::new(),
    };
    let organisation = row.get("organisation")?;
    Ok(DocumentRow { id, source, organisation, letter, pages: Vec::new(), begins: row.get("begins")? })
}

fn date(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<LetterDate>> {
    let text: Option<String> = row.get(column)?;
    text.map(|_| parsed(row, column)).transpose()
}

fn citation_row(row: &Row<'_>) -> rusqlite::Result<CitationRow> {
    Ok(CitationRow {
        document: parsed(row, "document")?,
        number: row.get("number")?,
        number_key: row.get("number_key")?,
        date: date(row, "date")?,
        issuer: row.get("issuer")?,
    })
}

/// Writes a document; it replaces the one of the same id.
pub(super) fn write(transaction: &Connection, document: &DocumentRow) -> rusqlite::Result<()> {
    let id = document.id.to_string();
    delete(transaction, &id)?;
    let source = &document.source;
    transaction.execute(
        "INSERT INTO documents (id, original, part, name, path, media_type, bytes, received, organisation, first_page,
                                last_page, letter, letter_number, letter_date, begins, secrecy, indexed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 0)",
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
            document.begins,
            document.letter.secrecy,
        ],
    )?;
    let mut statement =
        transaction.prepare_cached("INSERT INTO pages (document, number, record) VALUES (?1, ?2, ?3)")?;
    for (number, record) in (1_u32..).zip(&document.pages) {
        statement.execute(params![id, number, record.to_string()])?;
    }
    relate(transaction, &document.id, &document.letter)
}

fn delete(transaction: &Connection, id: &str) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM pages WHERE document = ?1",
        "DELETE FROM citations WHERE document = ?1",
        "DELETE FROM documents WHERE id = ?1",
        "DELETE FROM withdrawn WHERE id = ?1",
    ] {
        transaction.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

/// Puts documents in the place of all that were filed of their originals; those of other ids are withdrawn.
pub(super) fn replace(transaction: &Connection, rows: &[DocumentRow]) -> rusqlite::Result<()> {
    let originals: HashSet<ContentHash> = rows.iter().map(|row| row.id.original).collect();
    for original in originals {
        let sql = "SELECT id FROM documents WHERE original = ?1";
        let before: Vec<String> = {
            let mut statement = transaction.prepare_cached(sql)?;
            statement.query_map([original.to_string()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
        };
        for id in before {
            delete(transaction, &id)?;
            if !rows.iter().any(|row| row.id.to_string() == id) {
                transaction.execute("INSERT INTO withdrawn (id, at) VALUES (?1, ?2)", params![id, now()])?;
            }
        }
    }
    rows.iter().try_for_each(|row| write(transaction, row))
}

/// Enters what a document is looked up by.
pub(super) fn relate(transaction: &Connection, id: &DocumentId, letter: &LetterRow) -> rusqlite::Result<()> {
    let id = id.to_string();
    transaction.prepare_cached("DELETE FROM citations WHERE document = ?1")?.execute([&id])?;
    let sql = "UPDATE documents SET number_key = ?2, issuer = ?3, subject = ?4, sketch = ?5, secrecy = ?6, doubt = ?7,
               signatory = ?8, related = 1 WHERE id = ?1";
    let LetterRow { number_key, issuer, subject, sketch, secrecy, doubt, signatory, .. } = letter;
    let keys = params![id, number_key, issuer, subject, sketch, secrecy, doubt, signatory];
    transaction.prepare_cached(sql)?.execute(keys)?;
    // Changes entered by a program that did not know secrecy become as secret as the letter is.
    let sql = "UPDATE changes SET secrecy = ?2 WHERE document = ?1 AND secrecy IS NULL";
    transaction.prepare_cached(sql)?.execute(params![id, letter.secrecy])?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO citations (document, position, number, number_key, date, issuer) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (position, cited) in (0_u32..).zip(&letter.citations) {
        let date = cited.date.map(|date| date.to_string());
        statement.execute(params![id, position, cited.number, cited.number_key, date, cited.issuer])?;
    }
    Ok(())
}

/// Returns the letters of this number or this date, the first received first.
pub(super) fn letters_like(
    connection: &Connection,
    number_key: &str,
    date: Option<LetterDate>,
) -> rusqlite::Result<Vec<LetterKey>> {
    // Two indexes answer this; an OR over both columns would read the whole table on some plans.
    let mut statement = connection.prepare_cached(
        "SELECT id, number_key, letter_date, issuer, subject, sketch, received FROM documents WHERE number_key = ?1
         UNION SELECT id, number_key, letter_date, issuer, subject, sketch, received FROM documents
               WHERE letter_date = ?2
         ORDER BY received, id",
    )?;
    let letters = statement.query_map(params![number_key, date.map(|date| date.to_string())], letter_key)?;
    letters.collect()
}

fn letter_key(row: &Row<'_>) -> rusqlite::Result<LetterKey> {
    Ok(LetterKey {
        document: parsed(row, "id")?,
        number_key: row.get("number_key")?,
        date: date(row, "letter_date")?,
        issuer: row.get("issuer")?,
        subject: row.get("subject")?,
        sketch: row.get("sketch")?,
    })
}

/// Says whether there are more than `most` letters of which issuer and subject were read and no date: quicker than fetching them.
pub(super) fn has_more_undated(connection: &Connection, most: usize) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM documents
               WHERE letter_date IS NULL AND issuer IS NOT NULL AND subject IS NOT NULL LIMIT ?1)";
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    connection.prepare_cached(sql)?.query_row([limit], |row| Ok(row.get::<_, i64>(0)? == limit))
}

/// Returns the letters of which issuer and subject were read and no date, the first received first, `limit` at most.
pub(super) fn undated_letters(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<LetterKey>> {
    let sql = "SELECT id, number_key, letter_date, issuer, subject, sketch FROM documents
               WHERE letter_date IS NULL AND issuer IS NOT NULL AND subject IS NOT NULL
               ORDER BY received, id LIMIT ?1";
    connection.prepare_cached(sql)?.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], letter_key)?.collect()
}

/// Returns the days between which nearly all letters are dated: a hundredth of them may lie before, as many after.
/// `None` with fewer than `least` dated letters.
pub(super) fn usual_dates(connection: &Connection, least: u32) -> rusqlite::Result<Option<(LetterDate, LetterDate)>> {
    let count = "SELECT count(*) FROM documents WHERE letter_date IS NOT NULL";
    let count: u32 = connection.prepare_cached(count)?.query_row([], |row| row.get(0))?;
    if count < least.max(1) {
        return Ok(None);
    }
    let nth = |order: &str| {
        let sql = format!(
            "SELECT letter_date FROM documents WHERE letter_date IS NOT NULL ORDER BY letter_date {order} LIMIT 1 OFFSET ?1"
        );
        connection.prepare_cached(&sql)?.query_row([count / 100], |row| parsed(row, "letter_date"))
    };
    Ok(Some((nth("ASC")?, nth("DESC")?)))
}

/// Returns the bodies of which letters are cited.
pub(super) fn cited_issuers(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT DISTINCT issuer FROM citations WHERE issuer IS NOT NULL";
    connection.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// Returns the citations of letters of a body, `limit` at most.
pub(super) fn citations_of(connection: &Connection, issuer: &str, limit: usize) -> rusqlite::Result<Vec<CitationRow>> {
    let sql = "SELECT * FROM citations WHERE issuer = ?1 LIMIT ?2";
    let keys = params![issuer, i64::try_from(limit).unwrap_or(i64::MAX)];
    connection.prepare_cached(sql)?.query_map(keys, citation_row)?.collect()
}

/// Returns who signed letters, as read without doubt, with the number of the letters.
pub(super) fn signatories(connection: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    let sql = "SELECT signatory, count(*) FROM documents WHERE signatory IS NOT NULL GROUP BY signatory";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?.collect()
}

/// Returns the citations of this number or this date.
pub(super) fn citations_like(
    connection: &Connection,
    number_key: &str,
    date: Option<LetterDate>,
) -> rusqlite::Result<Vec<CitationRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM citations WHERE number_key = ?1 UNION SELECT * FROM citations WHERE date = ?2
         ORDER BY document, position",
    )?;
    statement.query_map(params![number_key, date.map(|date| date.to_string())], citation_row)?.collect()
}

/// Returns the numbers of the letters of a body dated from one day to another, with their days, without one letter; of very many those
/// nearest to the middle.
pub(super) fn numbers_of(
    connection: &Connection,
    issuer: &str,
    (from, until): (LetterDate, LetterDate),
    without: &DocumentId,
) -> rusqlite::Result<Vec<(LetterDate, String)>> {
    let sql = "SELECT letter_date, letter_number FROM documents WHERE letter_date BETWEEN ?1 AND ?2 AND issuer = ?3 AND id <> ?4
                      AND letter_number IS NOT NULL
               ORDER BY abs(julianday(letter_date) - (julianday(?1) + julianday(?2)) / 2), letter_number LIMIT 200";
    let keys = params![from.to_string(), until.to_string(), issuer, without.to_string()];
    let dated = |row: &Row<'_>| Ok((date(row, "letter_date")?, row.get("letter_number")?));
    let numbers: Vec<(Option<LetterDate>, String)> =
        connection.prepare_cached(sql)?.query_map(keys, dated)?.collect::<rusqlite::Result<_>>()?;
    Ok(numbers.into_iter().filter_map(|(day, number)| Some((day?, number))).collect())
}

/// Returns the codes of letters before the first stroke of numbers, with how many letters and citations have each.
pub(super) fn codes(connection: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    let sql = "SELECT substr(number_key, 1, instr(number_key, '/') - 1) AS code, count(*) FROM
                   (SELECT number_key FROM documents WHERE number_key IS NOT NULL
                    UNION ALL SELECT number_key FROM citations)
               WHERE instr(number_key, '/') > 0 AND code GLOB '[^0-9]*' GROUP BY code";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?.collect()
}

/// Returns every citation, by number.
pub(super) fn citations(connection: &Connection) -> rusqlite::Result<Vec<CitationRow>> {
    let sql = "SELECT * FROM citations ORDER BY number_key, date, document, position";
    connection.prepare_cached(sql)?.query_map([], citation_row)?.collect()
}

/// Returns the bodies that wrote letters with the number of their letters, most first.
pub(super) fn issuers(connection: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    let sql = "SELECT issuer, count(*) AS letters FROM documents WHERE issuer IS NOT NULL
               GROUP BY issuer ORDER BY letters DESC, issuer";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?.collect()
}
