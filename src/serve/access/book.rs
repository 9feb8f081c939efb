//! The file `access.db` in the archive's folder.

use super::Secret;
use super::users::Strangers;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

mod embedded {
    #![allow(missing_docs)] // made by the macro
    refinery::embed_migrations!("src/serve/access/migrations");
}

/// Accounts, sessions, tokens, jobs and the record of what was done.
pub struct Book {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Signs what forms must send back; new with every start, as sessions before accounts are.
    pub(super) form_key: Secret,
    /// Names that were tried and that nobody has.
    pub(super) strangers: Strangers,
}

/// Accounts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The database answered with an error.
    #[error("the accounts in {} cannot be used: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Its answer.
        source: rusqlite::Error,
    },
    /// It could not be brought to this program's form.
    #[error("the accounts in {} cannot be brought to this version's form: {source}", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: Box<refinery::Error>,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// A password that is not taken.
    #[error("a password has at least 8 letters and at most 512 bytes")]
    Password,
    /// A name that is not taken.
    #[error("a name has 1 to 64 letters, digits, dots, hyphens or underscores, and no other account has it")]
    Name,
    /// The link was used or is too old.
    #[error("this link was used already or is too old")]
    Link,
    /// The last administrator must stay.
    #[error("the last administrator cannot be disabled or made something else")]
    LastAdministrator,
    /// A word that names nothing.
    #[error("there is no {what} {given:?}")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// What was given.
        given: String,
    },
}

impl Book {
    /// Opens the accounts of an archive, making the file where it is missing.
    ///
    /// # Errors
    /// [`AccessError`] when the file is damaged or cannot be written.
    pub fn open(path: &Path) -> Result<Self, AccessError> {
        let failed = |source| AccessError::Database { path: path.to_owned(), source };
        let mut connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        embedded::migrations::runner()
            .run(&mut connection)
            .map_err(|error| AccessError::Migration { path: path.to_owned(), source: Box::new(error) })?;
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
            form_key: Secret::new()?,
            strangers: Strangers::default(),
        })
    }

    /// A thread that died holding the connection left no transaction open: dropping one rolls it back.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, AccessError> {
        work(&self.connection()).map_err(|source| self.failed(source))
    }

    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, AccessError> {
        let mut connection = self.connection();
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = work(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        };
        run().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: rusqlite::Error) -> AccessError {
        AccessError::Database { path: self.path.clone(), source }
    }
}

/// Returns the present as seconds since 1970.
pub(super) fn seconds() -> i64 {
    Timestamp::now().as_second()
}

/// Returns the present as it is written down.
pub(super) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
