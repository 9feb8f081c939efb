//! Addresses that are told of changes, and up to which change each was told.

use super::book::seconds;
use super::users::{user_row, viewer_of};
use super::{AccessError, Book, Secret, Viewer};
use rusqlite::{OptionalExtension, Row, params};

/// An address to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRow {
    /// Its row.
    pub id: i64,
    /// Where.
    pub url: String,
    /// Signs what is sent.
    pub secret: String,
    /// The account that sees what is told.
    pub user: i64,
    /// The last change told.
    pub sent: u64,
    /// The last failure of a file told.
    pub failed: u64,
    /// Tries in a row that failed.
    pub failures: u32,
    /// Not before, in seconds since 1970.
    pub next_try: i64,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

impl Book {
    /// Enters an address; it is told of what happens after change `since` and failure `failed`. Returns the secret that signs.
    ///
    /// # Errors
    /// [`AccessError`], as everywhere here: the file cannot be read or written.
    pub fn add_webhook(&self, user: i64, url: &str, since: u64, failed: u64) -> Result<Secret, AccessError> {
        let secret = Secret::new()?;
        self.write(|db| {
            let sql = "INSERT INTO webhooks (url, secret, user, created, sent, failed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            db.execute(sql, params![url, secret.text(), user, seconds(), whole(since), whole(failed)])
        })?;
        Ok(secret)
    }

    /// Takes an address out.
    ///
    /// # Errors
    /// See [`Self::add_webhook`].
    pub fn remove_webhook(&self, id: i64) -> Result<(), AccessError> {
        self.write(|db| db.execute("DELETE FROM webhooks WHERE id = ?1", [id]))?;
        Ok(())
    }

    /// Returns all addresses.
    ///
    /// # Errors
    /// See [`Self::add_webhook`].
    pub fn webhooks(&self) -> Result<Vec<WebhookRow>, AccessError> {
        self.read(|db| db.prepare_cached("SELECT * FROM webhooks ORDER BY id")?.query_map([], webhook_row)?.collect())
    }

    /// Returns who sees what an address is told; `None` where the account may see nothing any more.
    ///
    /// # Errors
    /// See [`Self::add_webhook`].
    pub fn webhook_viewer(&self, webhook: &WebhookRow) -> Result<Option<Viewer>, AccessError> {
        let user = self.read(|db| {
            let mut statement = db.prepare_cached("SELECT * FROM users WHERE id = ?1 AND disabled = 0")?;
            statement.query_row([webhook.user], user_row).optional()
        })?;
        Ok(user.map(|user| viewer_of(user, None, String::new())))
    }

    /// Notes that an address was told of everything up to a change and a failure.
    ///
    /// # Errors
    /// See [`Self::add_webhook`].
    pub fn webhook_told(&self, id: i64, sent: u64, failed: u64) -> Result<(), AccessError> {
        self.write(|db| {
            let sql = "UPDATE webhooks SET sent = ?2, failed = ?3, failures = 0, next_try = 0, last_error = NULL WHERE id = ?1";
            db.execute(sql, params![id, whole(sent), whole(failed)])
        })?;
        Ok(())
    }

    /// Notes that an address could not be told, and how many seconds to wait before the next try.
    ///
    /// # Errors
    /// See [`Self::add_webhook`].
    pub fn webhook_failed(&self, id: i64, error: &str, wait_seconds: i64) -> Result<(), AccessError> {
        self.write(|db| {
            let sql = "UPDATE webhooks SET failures = failures + 1, next_try = ?2, last_error = ?3 WHERE id = ?1";
            db.execute(sql, params![id, seconds() + wait_seconds, error])
        })?;
        Ok(())
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn webhook_row(row: &Row<'_>) -> rusqlite::Result<WebhookRow> {
    Ok(WebhookRow {
        id: row.get("id")?,
        url: row.get("url")?,
        secret: row.get("secret")?,
        user: row.get("user")?,
        sent: row.get::<_, i64>("sent")?.unsigned_abs(),
        failed: row.get::<_, i64>("failed")?.unsigned_abs(),
        failures: row.get("failures")?,
        next_try: row.get("next_try")?,
        last_error: row.get("last_error")?,
    })
}
