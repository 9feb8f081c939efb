//! Takes files in over HTTP: a multipart body in, a job out. Files go to disk as they come, under the limits of the settings.

use super::access::NewFile;
use super::app::Shared;
use super::auth::Asked;
use super::error::Problem;
use crate::model::hash::Hasher;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

/// Field names that hold files, and the one that names the body they belong to.
const ORGANISATION: &str = "organisation";
/// The field by which a form sends back what the page was given; it must come before the files.
const FORM: &str = "form";
/// A sender may be slower than this on the whole only for [`FIRST_MINUTES`]: who sends a byte now and then keeps a file open for ever.
const LEAST_BYTES_A_SECOND: u64 = 2048;
const FIRST_MINUTES: Duration = Duration::from_secs(300);
/// Longest text field.
const MOST_TEXT_BYTES: usize = 4096;
/// Longest name that is kept of a file, in letters.
const MOST_NAME_LETTERS: usize = 100;

/// What was handed in.
pub struct Received {
    /// The folder the files wait in; named by the job.
    pub folder: PathBuf,
    /// The files.
    pub files: Vec<NewFile>,
    /// The body they belong to.
    pub organisation: Option<String>,
}

/// Receives the files of a request into `folder`, which is made.
///
/// # Errors
/// [`Problem`] when there is no file, too much, or nothing more comes; nothing stays on disk then.
pub async fn receive(app: &Shared, asked: &Asked, folder: &Path, body: Multipart) -> Result<Received, Problem> {
    let answer = receive_all(app, asked, folder, body).await;
    if answer.is_err() {
        fs::remove_dir_all(folder).await.ok(); // what was received of it is nobody's
    }
    answer
}

async fn receive_all(app: &Shared, asked: &Asked, folder: &Path, mut body: Multipart) -> Result<Received, Problem> {
    let mut received = Received { folder: folder.to_owned(), files: Vec::new(), organisation: None };
    let patience = Duration::from_secs(u64::from(app.settings.slow_client_seconds));
    let mut left = u64::from(app.settings.upload_mib) << 20;
    let mut checked = !asked.form_pending;
    let started = Instant::now();
    while let Some(field) = timeout(patience, body.next_field()).await.map_err(|_| Problem::Slow)?.map_err(wrong)? {
        match (field.name().unwrap_or_default(), field.file_name()) {
            (FORM, None) => {
                asked.check_form(Some(&text(field, patience).await?))?;
                checked = true;
            }
            (ORGANISATION, None) => {
                let organisation = text(field, patience).await?.trim().to_owned();
                received.organisation = (!organisation.is_empty()).then_some(organisation);
            }
            // A form sends an empty part where no file was chosen.
            (_, Some("")) => {}
            (_, Some(name)) => {
                if !checked {
                    asked.check_form(None)?;
                }
                if received.files.len() >= app.settings.upload_files as usize {
                    let most = app.settings.upload_files;
                    return Err(Problem::TooLarge(format!("at most {most} files at a time are taken")));
                }
                let name = safe_name(name);
                let place = folder.join(received.files.len().to_string());
                fs::create_dir_all(&place).await.map_err(disk)?;
                let file = keep(app, field, &place.join(&name), name, &mut left, (patience, started)).await?;
                received.files.push(file);
            }
            (name, None) => {
                return Err(Problem::Wrong(format!("there is no field {name:?}: give file and organisation")));
            }
        }
    }
    if received.files.is_empty() {
        return Err(Problem::Wrong("no file was sent: give at least one field with a file name".to_owned()));
    }
    Ok(received)
}

async fn keep(
    app: &Shared,
    mut field: Field<'_>,
    path: &Path,
    name: String,
    left: &mut u64,
    (patience, started): (Duration, Instant),
) -> Result<NewFile, Problem> {
    let mut file = File::create_new(path).await.map_err(disk)?;
    let mut hasher = Hasher::default();
    let mut size = 0_u64;
    while let Some(piece) = timeout(patience, field.chunk()).await.map_err(|_| Problem::Slow)?.map_err(wrong)? {
        let bytes = piece.len() as u64;
        if bytes > *left {
            let most = app.settings.upload_mib;
            return Err(Problem::TooLarge(format!("an upload holds at most {most} MiB (serve.upload_mib)")));
        }
        *left -= bytes;
        if is_too_slow((u64::from(app.settings.upload_mib) << 20) - *left, started.elapsed()) {
            return Err(Problem::Slow);
        }
        size += bytes;
        hasher.update(&piece);
        file.write_all(&piece).await.map_err(disk)?;
    }
    // The job is entered next, and whoever is told so must find the file after a power cut.
    file.sync_all().await.map_err(disk)?;
    let path = path.to_str().ok_or_else(|| Problem::Internal("the archive's folder is no Unicode path".to_owned()))?;
    Ok(NewFile {
        name,
        path: path.to_owned(),
        sha256: hasher.finish().to_string(),
        bytes: i64::try_from(size).unwrap_or(i64::MAX),
    })
}

fn is_too_slow(bytes: u64, took: Duration) -> bool {
    took > FIRST_MINUTES && bytes < took.as_secs() * LEAST_BYTES_A_SECOND
}

async fn text(mut field: Field<'_>, patience: Duration) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = timeout(patience, field.chunk()).await.map_err(|_| Problem::Slow)?.map_err(wrong)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MOST_TEXT_BYTES {
            return Err(Problem::TooLarge(format!("a text field holds at most {MOST_TEXT_BYTES} bytes")));
        }
    }
    String::from_utf8(bytes).map_err(|_| Problem::Wrong("a text field is no UTF-8".to_owned()))
}

fn wrong(error: MultipartError) -> Problem {
    Problem::Wrong(error.body_text())
}

fn disk(error: std::io::Error) -> Problem {
    Problem::Internal(format!("a file handed in could not be kept: {error}"))
}

/// Returns a name that is a name alone, on every system: no folders, no controls, no direction marks, not too long.
fn safe_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let harmless = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
            && !matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
    };
    let name: String = last.chars().filter(harmless).collect();
    let name = name.trim().trim_matches('.').trim();
    let letters: Vec<char> = name.chars().collect();
    match letters.len() {
        0 => "file".to_owned(),
        // The end holds what kind of file people take it for.
        n if n > MOST_NAME_LETTERS => letters[n - MOST_NAME_LETTERS..].iter().collect(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_line_is_borne_and_a_byte_now_and_then_is_not() {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        assert!(!is_too_slow(0, minutes(4)));
        assert!(!is_too_slow(5 << 20, minutes(30)), "28.8 kbit/s");
        assert!(is_too_slow(4000, minutes(10)));
    }

    #[track_caller]
    fn check(given: &str, want: &str) {
        assert_eq!(safe_name(given), want, "{given:?}");
    }

    #[test]
    fn names_lead_nowhere() {
        check("كتاب 12.tif", "كتاب 12.tif");
        check("../../etc/passwd", "passwd");
        check("C:\\scans\\1.tif", "1.tif");
        check("..", "file");
        check("", "file");
        check("a\0b\n\u{202E}fdp.exe", "abfdp.exe");
        check(".hidden", "hidden");
        let long = safe_name(&format!("{}.tif", "ص".repeat(500)));
        assert!(long.chars().count() == 100 && long.ends_with(".tif"));
    }
}
