//! The record of what was done: rows are added and never changed.

use super::book::now;
use super::{AccessError, Book};
use rusqlite::params;

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place in the record.
    pub id: i64,
    /// When.
    pub at: String,
    /// Who did it.
    pub who: String,
    /// What: `log_in`, `read`, `search`, `correct`, `export` …
    pub action: String,
    /// To what.
    pub subject: String,
    /// Further facts.
    pub detail: String,
    /// From where.
    pub address: String,
}

impl Book {
    /// Writes down what was done.
    ///
    /// # Errors
    /// [`AccessError`] when the record cannot be written.
    pub fn note(&self, who: &str, action: &str, subject: &str, detail: &str, address: &str) -> Result<(), AccessError> {
        self.write(|db| {
            let sql = "INSERT INTO audit (at, who, action, subject, detail, address) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            db.prepare_cached(sql)?.execute(params![now(), who, action, subject, detail, address])
        })?;
        Ok(())
    }

    /// Returns at most `limit` rows before the one numbered `before`, the last first.
    ///
    /// # Errors
    /// [`AccessError`] when the record cannot be read.
    pub fn record(&self, before: i64, limit: u32) -> Result<Vec<AuditRow>, AccessError> {
        self.read(|db| {
            let sql = "SELECT * FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
            let mut statement = db.prepare_cached(sql)?;
            let rows = statement.query_map(params![before, limit], |row| {
                Ok(AuditRow {
                    id: row.get("id")?,
                    at: row.get("at")?,
                    who: row.get("who")?,
                    action: row.get("action")?,
                    subject: row.get("subject")?,
                    detail: row.get("detail")?,
                    address: row.get("address")?,
                })
            })?;
            rows.collect()
        })
    }
}
