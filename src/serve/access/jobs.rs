//! Files handed in over HTTP, from their upload until the archive has them: kept, so that a restart loses none.

use super::book::now;
use super::{AccessError, Book};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Files handed in together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its id: 32 hexadecimal digits that cannot be guessed.
    pub id: String,
    /// The account that handed them in.
    pub owner: Option<i64>,
    /// Its name.
    pub by: String,
    /// The body they belong to.
    pub organisation: Option<String>,
    /// When they came.
    pub created: String,
    /// When the last of them ended.
    pub ended: Option<String>,
    /// The files.
    pub files: Vec<JobFile>,
}

/// A file handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFile {
    /// Its place in the job, from 0.
    pub position: i64,
    /// Name as handed in.
    pub name: String,
    /// Where it waits.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Size.
    pub bytes: i64,
    /// What became of it.
    pub end: Option<FileEnd>,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEnd {
    /// `stored`, `duplicate` or `failed`.
    pub status: String,
    /// Documents that hold its content.
    pub documents: Vec<String>,
    /// Pages filed.
    pub pages: u32,
    /// Why it failed: a code for programs and words for people.
    pub error: Option<(String, String)>,
}

/// A file that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Name as handed in.
    pub name: String,
    /// Where it waits.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Size.
    pub bytes: i64,
}

impl Book {
    /// Enters a job whose files are received.
    ///
    /// # Errors
    /// [`AccessError`], as everywhere here: the file cannot be read or written.
    pub fn add_job(
        &self,
        id: &str,
        owner: (Option<i64>, &str),
        organisation: Option<&str>,
        files: &[NewFile],
    ) -> Result<(), AccessError> {
        self.write(|db| {
            let sql = "INSERT INTO jobs (id, owner, by_whom, organisation, created) VALUES (?1, ?2, ?3, ?4, ?5)";
            db.execute(sql, params![id, owner.0, owner.1, organisation, now()])?;
            let sql = "INSERT INTO job_files (job, position, name, path, sha256, bytes, status)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting')";
            let mut statement = db.prepare_cached(sql)?;
            (0_i64..).zip(files).try_for_each(|(position, file)| {
                statement.execute(params![id, position, file.name, file.path, file.sha256, file.bytes]).map(|_| ())
            })
        })
    }

    /// Returns a job.
    ///
    /// # Errors
    /// See [`Self::add_job`].
    pub fn job(&self, id: &str) -> Result<Option<JobRow>, AccessError> {
        self.read(|db| {
            let job = db.prepare_cached("SELECT * FROM jobs WHERE id = ?1")?.query_row([id], job_row).optional()?;
            job.map(|job| with_files(db, job)).transpose()
        })
    }

    /// Returns the last jobs, the newest first.
    ///
    /// # Errors
    /// See [`Self::add_job`].
    pub fn last_jobs(&self, limit: u32) -> Result<Vec<JobRow>, AccessError> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT * FROM jobs ORDER BY created DESC, id LIMIT ?1")?;
            let jobs: Vec<JobRow> = statement.query_map([limit], job_row)?.collect::<rusqlite::Result<_>>()?;
            jobs.into_iter().map(|job| with_files(db, job)).collect()
        })
    }

    /// Returns the jobs that have not ended, the oldest first.
    ///
    /// # Errors
    /// See [`Self::add_job`].
    pub fn open_jobs(&self) -> Result<Vec<JobRow>, AccessError> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT * FROM jobs WHERE ended IS NULL ORDER BY created, id")?;
            let jobs: Vec<JobRow> = statement.query_map([], job_row)?.collect::<rusqlite::Result<_>>()?;
            jobs.into_iter().map(|job| with_files(db, job)).collect()
        })
    }

    /// Returns an account's open job that holds these very contents: who sends a file again before it ended gets the same job.
    ///
    /// # Errors
    /// See [`Self::add_job`].
    pub fn same_job(
        &self,
        owner: Option<i64>,
        organisation: Option<&str>,
        files: &[NewFile],
    ) -> Result<Option<JobRow>, AccessError> {
        let wanted: Vec<&str> = files.iter().map(|file| file.sha256.as_str()).collect();
        let open = self.open_jobs()?.into_iter();
        let mut same = open.filter(|job| job.owner == owner && job.organisation.as_deref() == organisation);
        Ok(same.find(|job| job.files.iter().map(|file| file.sha256.as_str()).eq(wanted.iter().copied())))
    }

    /// Notes what became of a file; the job ends with its last file.
    ///
    /// # Errors
    /// See [`Self::add_job`].
    pub fn end_file(&self, job: &str, position: i64, end: &FileEnd) -> Result<(), AccessError> {
        self.write(|db| {
            let sql = "UPDATE job_files SET status = ?3, documents = ?4, pages = ?5, code = ?6, message = ?7
                       WHERE job = ?1 AND position = ?2";
            let documents = serde_json::Value::from(end.documents.as_slice()).to_string();
            let (code, message) = match &end.error {
                Some((code, message)) => (Some(code), Some(message)),
                None => (None, None),
            };
            db.execute(sql, params![job, position, end.status, documents, end.pages, code, message])?;
            let sql = "UPDATE jobs SET ended = ?2 WHERE id = ?1 AND ended IS NULL
                       AND NOT EXISTS (SELECT 1 FROM job_files WHERE job = ?1 AND status = 'waiting')";
            db.execute(sql, params![job, now()])?;
            Ok(())
        })
    }

    /// Notes that a person looked at a letter.
    ///
    /// # Errors
    /// See [`Self::add_job`].
    pub fn set_reviewed(&self, document: &str, by: &str) -> Result<(), AccessError> {
        self.write(|db| {
            let sql = "INSERT OR REPLACE INTO reviewed (document, by_whom, at) VALUES (?1, ?2, ?3)";
            db.execute(sql, params![document, by, now()])
        })?;
        Ok(())
    }

    /// Says whether a person looked at a letter.
    ///
    /// # Errors
    /// See [`Self::add_job`].
    pub fn is_reviewed(&self, document: &str) -> Result<bool, AccessError> {
        self.read(|db| {
            let sql = "SELECT EXISTS (SELECT 1 FROM reviewed WHERE document = ?1)";
            db.prepare_cached(sql)?.query_row([document], |row| row.get(0))
        })
    }
}

fn job_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    Ok(JobRow {
        id: row.get("id")?,
        owner: row.get("owner")?,
        by: row.get("by_whom")?,
        organisation: row.get("organisation")?,
        created: row.get("created")?,
        ended: row.get("ended")?,
        files: Vec::new(),
    })
}

fn with_files(db: &Connection, mut job: JobRow) -> rusqlite::Result<JobRow> {
    let mut statement = db.prepare_cached("SELECT * FROM job_files WHERE job = ?1 ORDER BY position")?;
    let files = statement.query_map([&job.id], |row| {
        let status: String = row.get("status")?;
        let documents: String = row.get("documents")?;
        let code: Option<String> = row.get("code")?;
        let end = FileEnd {
            documents: serde_json::from_str(&documents).unwrap_or_default(),
            pages: row.get("pages")?,
            error: code.zip(row.get("message")?),
            status,
        };
        Ok(JobFile {
            position: row.get("position")?,
            name: row.get("name")?,
            path: row.get("path")?,
            sha256: row.get("sha256")?,
            bytes: row.get("bytes")?,
            end: (end.status != "waiting").then_some(end),
        })
    })?;
    job.files = files.collect::<rusqlite::Result<_>>()?;
    Ok(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_ends_with_its_last_file_and_outlives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.db");
        let file = |name: &str| NewFile {
            name: name.to_owned(),
            path: format!("in/{name}"),
            sha256: name.to_owned(),
            bytes: 3,
        };
        let files = [file("a.tif"), file("b.tif")];
        let book = Book::open(&path).unwrap();
        book.add_job("1", (None, "-"), Some("الفاو"), &files).unwrap();
        drop(book);
        let book = Book::open(&path).unwrap();
        assert_eq!(book.same_job(None, Some("الفاو"), &files).unwrap().unwrap().id, "1");
        assert_eq!(book.same_job(None, None, &files).unwrap(), None);
        let end = FileEnd { status: "stored".to_owned(), documents: vec!["d".to_owned()], pages: 2, error: None };
        book.end_file("1", 0, &end).unwrap();
        assert_eq!(book.open_jobs().unwrap()[0].files[0].end, Some(end.clone()));
        book.end_file("1", 1, &end).unwrap();
        assert!(book.open_jobs().unwrap().is_empty() && book.job("1").unwrap().unwrap().ended.is_some());
        assert_eq!(book.same_job(None, Some("الفاو"), &files).unwrap(), None);
    }
}
