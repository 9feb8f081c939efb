//! Searches that people keep to ask again.

use super::{AccessError, Book};
use rusqlite::params;

/// Most searches that one account keeps; the oldest give way.
const MOST: i64 = 50;

/// A search kept by an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRow {
    /// Its row.
    pub id: i64,
    /// As its owner calls it.
    pub name: String,
    /// Its address on the search page.
    pub query: String,
}

impl Book {
    /// Keeps a search.
    ///
    /// # Errors
    /// [`AccessError`], as everywhere here: the file cannot be read or written.
    pub fn add_search(&self, user: i64, name: &str, query: &str) -> Result<(), AccessError> {
        self.write(|db| {
            db.execute("INSERT INTO searches (user, name, query) VALUES (?1, ?2, ?3)", params![user, name, query])?;
            let sql = "DELETE FROM searches WHERE user = ?1 AND id NOT IN
                       (SELECT id FROM searches WHERE user = ?1 ORDER BY id DESC LIMIT ?2)";
            db.execute(sql, [user, MOST])
        })?;
        Ok(())
    }

    /// Returns what an account keeps, the newest first.
    ///
    /// # Errors
    /// See [`Self::add_search`].
    pub fn searches(&self, user: i64) -> Result<Vec<SearchRow>, AccessError> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT * FROM searches WHERE user = ?1 ORDER BY id DESC")?;
            let rows = statement.query_map([user], |row| {
                Ok(SearchRow { id: row.get("id")?, name: row.get("name")?, query: row.get("query")? })
            })?;
            rows.collect()
        })
    }

    /// Takes a search of an account away.
    ///
    /// # Errors
    /// See [`Self::add_search`].
    pub fn remove_search(&self, user: i64, id: i64) -> Result<(), AccessError> {
        self.write(|db| db.execute("DELETE FROM searches WHERE id = ?1 AND user = ?2", [id, user]))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_keeps_his_own_searches() {
        let folder = tempfile::tempdir().unwrap();
        let book = Book::open(&folder.path().join("access.db")).unwrap();
        let user = book.use_link(book.first_link().unwrap().text(), "boss", "long enough").unwrap();
        for n in 0..MOST + 3 {
            book.add_search(user, &n.to_string(), "/?q=a").unwrap();
        }
        let kept = book.searches(user).unwrap();
        assert_eq!((kept.len() as i64, kept[0].name.as_str()), (MOST, "52"));
        book.remove_search(user + 1, kept[0].id).unwrap();
        assert_eq!(book.searches(user).unwrap().len(), kept.len());
        book.remove_search(user, kept[0].id).unwrap();
        assert_eq!(book.searches(user).unwrap()[0].name, "51");
    }
}
