//! Tokens by which programs speak for an account, each for some of its rights only.

use super::book::seconds;
use super::users::{user_row, viewer_of};
use super::{AccessError, Book, Right, Secret, Viewer, hash};
use rusqlite::{OptionalExtension, params};

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The account it speaks for.
    pub user: i64,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Right>,
    /// After how many days it ends; never for `None`.
    pub days: Option<u32>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its row.
    pub id: i64,
    /// The account it speaks for.
    pub user: i64,
    /// What it is for.
    pub name: String,
    /// What it may do, words parted by spaces.
    pub scopes: String,
    /// Seconds since 1970.
    pub expires: Option<i64>,
    /// When it was last used, to the hour.
    pub used: Option<i64>,
}

impl Book {
    /// Makes a token and returns its secret, which is shown once.
    ///
    /// # Errors
    /// [`AccessError`], as everywhere here: the file cannot be read or written.
    pub fn add_token(&self, new: &NewToken) -> Result<Secret, AccessError> {
        let secret = Secret::new()?;
        let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        let expires = new.days.map(|days| seconds() + i64::from(days) * 24 * 3600);
        self.write(|db| {
            let sql =
                "INSERT INTO tokens (secret, user, name, scopes, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            db.execute(sql, params![secret.hash(), new.user, new.name, scopes.join(" "), seconds(), expires])
        })?;
        Ok(secret)
    }

    /// Returns an account's tokens.
    ///
    /// # Errors
    /// See [`Self::add_token`].
    pub fn tokens(&self, user: i64) -> Result<Vec<TokenRow>, AccessError> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT * FROM tokens WHERE user = ?1 ORDER BY id")?;
            let rows = statement.query_map([user], |row| {
                Ok(TokenRow {
                    id: row.get("id")?,
                    user: row.get("user")?,
                    name: row.get("name")?,
                    scopes: row.get("scopes")?,
                    expires: row.get("expires")?,
                    used: row.get("used")?,
                })
            })?;
            rows.collect()
        })
    }

    /// Takes a token of an account back.
    ///
    /// # Errors
    /// See [`Self::add_token`].
    pub fn remove_token(&self, user: i64, id: i64) -> Result<(), AccessError> {
        self.write(|db| db.execute("DELETE FROM tokens WHERE id = ?1 AND user = ?2", [id, user]))?;
        Ok(())
    }

    /// Returns for whom a token speaks.
    ///
    /// # Errors
    /// See [`Self::add_token`].
    pub fn token(&self, secret: &str) -> Result<Option<Viewer>, AccessError> {
        let (key, now) = (hash(secret), seconds());
        let found = self.read(|db| {
            let sql = "SELECT users.*, tokens.scopes AS scopes, tokens.used AS used
                       FROM tokens JOIN users ON users.id = tokens.user
                       WHERE tokens.secret = ?1 AND (expires IS NULL OR expires > ?2) AND disabled = 0";
            let mut statement = db.prepare_cached(sql)?;
            let row = statement.query_row(params![key, now], |row| {
                Ok((user_row(row)?, row.get::<_, String>("scopes")?, row.get::<_, Option<i64>>("used")?))
            });
            row.optional()
        })?;
        let Some((user, scopes, used)) = found else { return Ok(None) };
        if used.is_none_or(|used| now - used > 3600) {
            self.write(|db| db.execute("UPDATE tokens SET used = ?2 WHERE secret = ?1", params![key, now]))?;
        }
        let scopes = scopes.split(' ').filter_map(|scope| scope.parse().ok()).collect();
        Ok(Some(viewer_of(user, Some(scopes), String::new())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_speaks_for_its_owner_until_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let book = Book::open(&folder.path().join("access.db")).unwrap();
        let user = book.use_link(book.first_link().unwrap().text(), "boss", "long enough").unwrap();
        let new = |days| NewToken { user, name: "system".to_owned(), scopes: vec![Right::Read], days };
        let secret = book.add_token(&new(Some(1))).unwrap();
        let viewer = book.token(secret.text()).unwrap().unwrap();
        assert!(viewer.may(Right::Read) && !viewer.may(Right::Upload) && viewer.csrf.is_empty());
        let ended = book.add_token(&new(Some(0))).unwrap();
        assert_eq!(book.token(ended.text()).unwrap(), None);
        let id = book.tokens(user).unwrap()[0].id;
        book.remove_token(user + 1, id).unwrap();
        assert!(book.token(secret.text()).unwrap().is_some(), "nobody takes another's token back");
        book.remove_token(user, id).unwrap();
        assert_eq!(book.token(secret.text()).unwrap(), None);
    }
}
