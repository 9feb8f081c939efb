//! Accounts, log-ins, sessions and the links that set a password once.

use super::book::seconds;
use super::{AccessError, Book, Clearance, Right, Role, Secret, Viewer, hash, password};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A session ends when it was not used for so long.
const IDLE_SECONDS: i64 = 8 * 3600;
/// A session ends so long after its log-in, however much it is used.
const LONGEST_SECONDS: i64 = 7 * 24 * 3600;
/// A one-time link can be used for so long.
const LINK_SECONDS: i64 = 3 * 24 * 3600;
/// So many wrong passwords lock an account for a while, each further one for twice as long.
const FAILURES_BEFORE_LOCK: i64 = 5;
/// First lock.
const LOCK_SECONDS: i64 = 60;
/// Longest lock.
const LONGEST_LOCK_SECONDS: i64 = 3600;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its row.
    pub id: i64,
    /// What is typed to log in.
    pub name: String,
    /// As shown.
    pub display: String,
    /// What it is for.
    pub role: Role,
    /// The bodies whose letters it sees; `None` for all.
    pub organisations: Option<Vec<String>>,
    /// Up to which secrecy.
    pub clearance: Clearance,
    /// Whether it may log in no more.
    pub disabled: bool,
    /// Whether a password was set.
    pub ready: bool,
}

/// An account to be made, or what it shall be from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// What is typed to log in.
    pub name: String,
    /// As shown.
    pub display: String,
    /// What it is for.
    pub role: Role,
    /// The bodies whose letters it sees; `None` for all.
    pub organisations: Option<Vec<String>>,
    /// Up to which secrecy.
    pub clearance: Clearance,
}

/// A log-in that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong name or password; which, is not said.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Too many wrong passwords.
    #[error("too many wrong passwords: try again in {0} seconds")]
    Locked(i64),
    /// The accounts cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl Book {
    /// Says whether anybody has an account with a password.
    ///
    /// # Errors
    /// [`AccessError`], as everywhere here: the file cannot be read or written.
    pub fn has_users(&self) -> Result<bool, AccessError> {
        self.read(|db| {
            db.query_row("SELECT EXISTS (SELECT 1 FROM users WHERE password IS NOT NULL)", [], |row| row.get(0))
        })
    }

    /// Makes the link that makes the first administrator; earlier ones stop working.
    pub fn first_link(&self) -> Result<Secret, AccessError> {
        let secret = Secret::new()?;
        self.write(|db| {
            db.execute("DELETE FROM links WHERE user IS NULL", [])?;
            db.execute(
                "INSERT INTO links (secret, user, expires) VALUES (?1, NULL, ?2)",
                params![secret.hash(), seconds() + LINK_SECONDS],
            )
        })?;
        Ok(secret)
    }

    /// Makes a link by which an account's password is set, once; earlier ones of the account stop working.
    pub fn link(&self, user: i64) -> Result<Secret, AccessError> {
        let secret = Secret::new()?;
        self.write(|db| {
            db.execute("DELETE FROM links WHERE user = ?1", [user])?;
            let expires = seconds() + LINK_SECONDS;
            db.execute(
                "INSERT INTO links (secret, user, expires) VALUES (?1, ?2, ?3)",
                params![secret.hash(), user, expires],
            )
        })?;
        Ok(secret)
    }

    /// Returns whose password a link sets: `Some(None)` for that of the first administrator, `None` where it is no link any more.
    pub fn link_of(&self, secret: &str) -> Result<Option<Option<User>>, AccessError> {
        self.read(|db| {
            let sql = "SELECT user FROM links WHERE secret = ?1 AND expires > ?2";
            let found: Option<Option<i64>> =
                db.query_row(sql, params![hash(secret), seconds()], |row| row.get(0)).optional()?;
            Ok(match found {
                None => None,
                Some(None) => Some(None),
                Some(Some(id)) => user(db, id)?.map(Some),
            })
        })
    }

    /// Uses a link: makes the first administrator of this name, or sets the account's password. Returns the account's id.
    pub fn use_link(&self, secret: &str, name: &str, chosen: &str) -> Result<i64, AccessError> {
        let of = self.link_of(secret)?.ok_or(AccessError::Link)?;
        if of.is_none() && !is_name(name) {
            return Err(AccessError::Name);
        }
        let kept = password::hashed(chosen)?;
        let used = self.write(|db| {
            // Of two who use it at once, one wins.
            if db.execute("DELETE FROM links WHERE secret = ?1", [hash(secret)])? == 0 {
                return Ok(None);
            }
            let id = match of {
                Some(user) => user.id,
                None => {
                    let sql = "INSERT INTO users (name, display, role, clearance, created)
                               VALUES (?1, ?1, 'administrator', 'top_secret', ?2)
                               ON CONFLICT (name) DO UPDATE SET role = 'administrator', disabled = 0 RETURNING id";
                    db.query_row(sql, params![name, seconds()], |row| row.get(0))?
                }
            };
            let sql = "UPDATE users SET password = ?2, failures = 0, locked_until = 0 WHERE id = ?1";
            db.execute(sql, params![id, kept])?;
            db.execute("DELETE FROM sessions WHERE user = ?1", [id])?;
            Ok(Some(id))
        })?;
        used.ok_or(AccessError::Link)
    }

    /// Makes an account without a password; [`Self::link`] lets its owner set one.
    pub fn add_user(&self, new: &NewUser) -> Result<i64, AccessError> {
        if !is_name(&new.name) {
            return Err(AccessError::Name);
        }
        let added = self.write(|db| {
            let sql = "INSERT INTO users (name, display, role, organisations, clearance, created)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING RETURNING id";
            let values = params![
                new.name,
                new.display,
                new.role.as_str(),
                list(&new.organisations),
                new.clearance.as_str(),
                seconds()
            ];
            db.query_row(sql, values, |row| row.get(0)).optional()
        })?;
        added.ok_or(AccessError::Name)
    }

    /// Changes what an account is for; its sessions see that at once.
    pub fn change_user(&self, id: i64, new: &NewUser, disabled: bool) -> Result<(), AccessError> {
        let changed = self.write(|db| {
            let sql = "UPDATE users SET display = ?2, role = ?3, organisations = ?4, clearance = ?5, disabled = ?6 WHERE id = ?1";
            let values = params![id, new.display, new.role.as_str(), list(&new.organisations), new.clearance.as_str(), disabled];
            db.execute(sql, values)?;
            if disabled {
                db.execute("DELETE FROM sessions WHERE user = ?1", [id])?;
            }
            let left = "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'administrator' AND disabled = 0 AND password IS NOT NULL)";
            if db.query_row(left, [], |row| row.get(0))? { Ok(true) } else { Err(rusqlite::Error::ExecuteReturnedResults) }
        });
        match changed {
            Err(AccessError::Database { source: rusqlite::Error::ExecuteReturnedResults, .. }) => {
                Err(AccessError::LastAdministrator)
            }
            other => other.map(|_| ()),
        }
    }

    /// Returns all accounts by name.
    pub fn users(&self) -> Result<Vec<User>, AccessError> {
        self.read(|db| db.prepare_cached("SELECT * FROM users ORDER BY name")?.query_map([], user_row)?.collect())
    }

    /// Logs in and returns the key of the new session.
    ///
    /// # Errors
    /// [`LoginError`]; what was wrong is not said, so that nobody learns who has an account.
    pub fn log_in(&self, name: &str, given: &str) -> Result<Secret, LoginError> {
        let now = seconds();
        let row: Option<(i64, Option<String>, i64, bool)> = self.read(|db| {
            let sql = "SELECT id, password, locked_until, disabled FROM users WHERE name = ?1";
            db.query_row(sql, [name.trim()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).optional()
        })?;
        // A name without an account is locked just the same, so that nobody learns from that who has one.
        let until = row.as_ref().map_or_else(|| self.strangers.locked_until(name), |row| row.2);
        if until > now {
            return Err(LoginError::Locked(until - now));
        }
        let kept = row.as_ref().and_then(|row| row.1.as_deref());
        let fits = password::fits(given, kept);
        let Some((id, _, _, disabled)) = row else {
            self.strangers.count_failure(name, now);
            return Err(LoginError::Wrong);
        };
        if !fits || disabled {
            self.count_failure(id, now)?;
            return Err(LoginError::Wrong);
        }
        let secret = Secret::new()?;
        self.write(|db| {
            db.execute("UPDATE users SET failures = 0, locked_until = 0 WHERE id = ?1", [id])?;
            db.execute(
                "DELETE FROM sessions WHERE seen < ?1 OR created < ?2",
                [now - IDLE_SECONDS, now - LONGEST_SECONDS],
            )?;
            let sql = "INSERT INTO sessions (secret, user, created, seen) VALUES (?1, ?2, ?3, ?3)";
            db.execute(sql, params![secret.hash(), id, now])
        })?;
        Ok(secret)
    }

    fn count_failure(&self, id: i64, now: i64) -> Result<(), AccessError> {
        self.write(|db| {
            let sql = "UPDATE users SET failures = failures + 1 WHERE id = ?1 RETURNING failures";
            let failures: i64 = db.query_row(sql, [id], |row| row.get(0))?;
            if let Some(lock) = lock_seconds(failures) {
                db.execute("UPDATE users SET locked_until = ?2 WHERE id = ?1", [id, now + lock])?;
            }
            Ok(())
        })
    }

    /// Returns who a session belongs to, if it is one and not too old.
    pub fn session(&self, secret: &str) -> Result<Option<Viewer>, AccessError> {
        let (key, now) = (hash(secret), seconds());
        let found = self.read(|db| {
            let sql = "SELECT users.*, sessions.seen AS seen FROM sessions JOIN users ON users.id = sessions.user
                       WHERE sessions.secret = ?1 AND sessions.seen > ?2 AND sessions.created > ?3 AND disabled = 0";
            let mut statement = db.prepare_cached(sql)?;
            let key = params![key, now - IDLE_SECONDS, now - LONGEST_SECONDS];
            statement.query_row(key, |row| Ok((user_row(row)?, row.get::<_, i64>("seen")?))).optional()
        })?;
        let Some((user, seen)) = found else { return Ok(None) };
        if now - seen > 60 {
            self.write(|db| db.execute("UPDATE sessions SET seen = ?2 WHERE secret = ?1", params![key, now]))?;
        }
        Ok(Some(viewer_of(user, None, self.form_token(&key))))
    }

    /// Ends a session.
    pub fn log_out(&self, secret: &str) -> Result<(), AccessError> {
        self.write(|db| db.execute("DELETE FROM sessions WHERE secret = ?1", [hash(secret)]))?;
        Ok(())
    }

    /// Returns what forms of this session must send back: it cannot be made without this program's key.
    pub fn form_token(&self, session: &str) -> String {
        hash(&format!("{}{session}", self.form_key.text()))
    }
}

/// Returns how long so many wrong passwords in a row lock a name.
fn lock_seconds(failures: i64) -> Option<i64> {
    if failures < FAILURES_BEFORE_LOCK {
        return None;
    }
    let doublings = u32::try_from(failures - FAILURES_BEFORE_LOCK).unwrap_or(0).min(10);
    Some((LOCK_SECONDS << doublings).min(LONGEST_LOCK_SECONDS))
}

/// Names that were tried and that nobody has: for each, wrong passwords in a row and until when it is locked.
#[derive(Default)]
pub(super) struct Strangers(Mutex<HashMap<String, (i64, i64)>>);

/// Names remembered; beyond them all are forgotten.
const MOST_STRANGERS: usize = 10_000;

impl Strangers {
    fn locked_until(&self, name: &str) -> i64 {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(&Self::key(name)).map_or(0, |(_, until)| *until)
    }

    fn count_failure(&self, name: &str, now: i64) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MOST_STRANGERS {
            names.clear();
        }
        let (failures, until) = names.entry(Self::key(name)).or_default();
        *failures += 1;
        *until = lock_seconds(*failures).map_or(0, |lock| now + lock);
    }

    /// SQLite compares names without regard to the case of Latin letters.
    fn key(name: &str) -> String {
        hash(&name.trim().to_ascii_lowercase())
    }
}

pub(super) fn viewer_of(user: User, scopes: Option<Vec<Right>>, csrf: String) -> Viewer {
    Viewer {
        user: Some(user.id),
        name: user.name,
        display: user.display,
        role: user.role,
        scopes,
        organisations: user.organisations,
        clearance: user.clearance,
        csrf,
    }
}

fn user(db: &Connection, id: i64) -> rusqlite::Result<Option<User>> {
    db.prepare_cached("SELECT * FROM users WHERE id = ?1")?.query_row([id], user_row).optional()
}

pub(super) fn user_row(row: &Row<'_>) -> rusqlite::Result<User> {
    let role: String = row.get("role")?;
    let clearance: String = row.get("clearance")?;
    let organisations: Option<String> = row.get("organisations")?;
    Ok(User {
        id: row.get("id")?,
        name: row.get("name")?,
        display: row.get("display")?,
        // What cannot be read gives the least.
        role: role.parse().unwrap_or(Role::Reader),
        organisations: organisations.map(|list| serde_json::from_str(&list).unwrap_or_default()),
        clearance: clearance.parse().unwrap_or_default(),
        disabled: row.get("disabled")?,
        ready: row.get::<_, Option<String>>("password")?.is_some(),
    })
}

fn list(organisations: &Option<Vec<String>>) -> Option<String> {
    organisations.as_ref().map(|list| serde_json::Value::from(list.as_slice()).to_string())
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.chars().count())
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> (tempfile::TempDir, Book) {
        let folder = tempfile::tempdir().unwrap();
        let book = Book::open(&folder.path().join("access.db")).unwrap();
        (folder, book)
    }

    fn new(name: &str, role: Role) -> NewUser {
        NewUser {
            name: name.to_owned(),
            display: name.to_owned(),
            role,
            organisations: None,
            clearance: Clearance::Open,
        }
    }

    #[test]
    fn the_first_link_makes_an_administrator_once() {
        let (_folder, book) = book();
        assert!(!book.has_users().unwrap());
        let (old, link) = (book.first_link().unwrap(), book.first_link().unwrap());
        assert!(matches!(book.use_link(old.text(), "سعاد", "كلمة طويلة"), Err(AccessError::Link)));
        book.use_link(link.text(), "سعاد", "كلمة طويلة").unwrap();
        assert!(matches!(book.use_link(link.text(), "علي", "كلمة طويلة"), Err(AccessError::Link)));
        assert!(book.has_users().unwrap());
        let session = book.log_in("سعاد", "كلمة طويلة").unwrap();
        let viewer = book.session(session.text()).unwrap().unwrap();
        assert_eq!((viewer.role, viewer.clearance), (Role::Administrator, Clearance::TopSecret));
        book.log_out(session.text()).unwrap();
        assert_eq!(book.session(session.text()).unwrap(), None);
    }

    #[test]
    fn wrong_passwords_lock_an_account_and_a_disabled_one_is_out_at_once() {
        let (_folder, book) = book();
        let administrator = book.use_link(book.first_link().unwrap().text(), "boss", "long enough").unwrap();
        let id = book.add_user(&new("clerk", Role::Clerk)).unwrap();
        assert!(matches!(book.log_in("clerk", ""), Err(LoginError::Wrong)), "no password is set yet");
        book.use_link(book.link(id).unwrap().text(), "", "another one").unwrap();
        let session = book.log_in("CLERK", "another one").unwrap();
        for _ in 0..FAILURES_BEFORE_LOCK {
            assert!(matches!(book.log_in("clerk", "guess"), Err(LoginError::Wrong)));
        }
        assert!(matches!(book.log_in("clerk", "another one"), Err(LoginError::Locked(1..=60))));
        assert!(book.session(session.text()).unwrap().is_some(), "a guesser throws nobody out");
        book.change_user(id, &new("clerk", Role::Clerk), true).unwrap();
        assert_eq!(book.session(session.text()).unwrap(), None);
        for _ in 0..FAILURES_BEFORE_LOCK {
            assert!(matches!(book.log_in("nobody", "guess"), Err(LoginError::Wrong)));
        }
        assert!(
            matches!(book.log_in("Nobody ", "guess"), Err(LoginError::Locked(1..=60))),
            "as if there were such an account"
        );
        let down = book.change_user(administrator, &new("boss", Role::Reader), false);
        assert!(matches!(down, Err(AccessError::LastAdministrator)));
        assert!(matches!(book.add_user(&new("Clerk", Role::Reader)), Err(AccessError::Name)));
    }
}
