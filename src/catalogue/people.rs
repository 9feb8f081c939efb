//! What people said of letters, in SQLite: fields set right, and where letters begin. Rows are added and never changed.

use super::sqlite::parsed;
use super::{CorrectionRow, CutRow};
use crate::model::ContentHash;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

/// Enters a correction.
pub(super) fn correct(transaction: &Connection, correction: &CorrectionRow) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO corrections (original, first_page, field, old, new, by_whom, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            correction.original.to_string(),
            correction.first_page,
            correction.field,
            written(&correction.old),
            written(&correction.new),
            correction.by,
            correction.at.to_string(),
        ],
    )?;
    Ok(())
}

/// Returns the corrections of the letters of an original, the oldest first.
pub(super) fn corrections(connection: &Connection, original: &ContentHash) -> rusqlite::Result<Vec<CorrectionRow>> {
    let mut statement = connection.prepare_cached("SELECT * FROM corrections WHERE original = ?1 ORDER BY id")?;
    let rows = statement.query_map([original.to_string()], |row| {
        Ok(CorrectionRow {
            original: *original,
            first_page: row.get("first_page")?,
            field: row.get("field")?,
            old: values(row, "old")?,
            new: values(row, "new")?,
            by: row.get("by_whom")?,
            at: parsed(row, "at")?,
        })
    })?;
    rows.collect()
}

fn written(values: &[String]) -> String {
    serde_json::Value::from(values).to_string()
}

fn values(row: &Row<'_>, column: &str) -> rusqlite::Result<Vec<String>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        let index = row.as_ref().column_index(column).unwrap_or_default();
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}

/// Enters where a letter begins or does not.
pub(super) fn cut(transaction: &Connection, cut: &CutRow) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO cuts (original, page, begins, by_whom, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![cut.original.to_string(), cut.page, cut.begins, cut.by, cut.at.to_string()],
    )?;
    Ok(())
}

/// Returns where people say that letters begin in an original or do not, the oldest first.
pub(super) fn cuts(connection: &Connection, original: &ContentHash) -> rusqlite::Result<Vec<CutRow>> {
    let mut statement = connection.prepare_cached("SELECT * FROM cuts WHERE original = ?1 ORDER BY id")?;
    let rows = statement.query_map([original.to_string()], |row| {
        Ok(CutRow {
            original: *original,
            page: row.get("page")?,
            begins: row.get("begins")?,
            by: row.get("by_whom")?,
            at: parsed(row, "at")?,
        })
    })?;
    rows.collect()
}
