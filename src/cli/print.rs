//! What people and programs see on standard output. Arabic comes last in a line, so that it cannot reorder its neighbours.

use crate::catalogue::{InputError, InputRow, InputStatus, Ledger, UnreadPage};
use crate::ingest::written;
use crate::model::{Document, DocumentId, Field};
use crate::pipeline::{End, Ended, Finding, Summary};
use crate::search::{Answer, Hit, Match, Reason};
use serde::Serialize;
use serde_json::json;
use std::fmt::Display;
use std::io::{self, Write};
use std::time::Duration;

/// Writes a line to standard error. Where that cannot be written to there is nobody to tell, and the work goes on.
pub fn aside(line: &impl Display) {
    writeln!(io::stderr(), "{line}").ok();
}

/// Writes how one file ended.
pub fn ended(out: &mut impl Write, ended: &Ended, as_json: bool, quiet: bool) -> io::Result<()> {
    let path = written(&ended.path);
    let status = match &ended.end {
        End::Stored => "stored",
        End::Duplicate => "duplicate",
        End::Failed(_) => "failed",
        End::Ignored => "ignored",
    };
    let error = if let End::Failed(error) = &ended.end { Some(error) } else { None };
    if as_json {
        let documents: Vec<String> = ended.documents.iter().map(DocumentId::to_string).collect();
        let error =
            error.map(|error| json!({"code": error.code.as_str(), "message": error.message, "page": error.page}));
        let line = json!({
            "path": path, "status": status, "documents": documents, "pages": ended.pages, "error": error,
        });
        return writeln!(out, "{line}");
    }
    match (&ended.end, error) {
        (_, Some(error)) => {
            let page = error.page.map_or(String::new(), |page| format!("page {page}: "));
            writeln!(out, "{path}  failed  {}: {page}{}", error.code, error.message)
        }
        (End::Ignored, _) if quiet => Ok(()),
        _ => {
            let short = ended.documents.first().map_or(String::new(), |id| format!("  {}", id.original.short()));
            let pages = match ended.pages {
                0 => String::new(),
                1 => "  1 page".to_owned(),
                pages => format!("  {pages} pages"),
            };
            writeln!(out, "{path}  {status}{short}{pages}")
        }
    }
}

/// Writes the counts of an ingest.
pub fn summary(out: &mut impl Write, summary: &Summary, took: Duration) -> io::Result<()> {
    let rate = summary.pages as f64 / took.as_secs_f64().max(0.001);
    writeln!(
        out,
        "{} files: {} stored, {} duplicate, {} failed, {} ignored; {} pages in {:.1} s ({rate:.2} pages/s)",
        summary.files,
        summary.stored,
        summary.duplicate,
        summary.failed,
        summary.ignored,
        summary.pages,
        took.as_secs_f64(),
    )?;
    if summary.failed > 0 { writeln!(out, "See `warraq ledger` for what failed and why.") } else { Ok(()) }
}

/// A hit as programs see it.
#[derive(Debug, Serialize)]
pub struct HitObject<'a> {
    document: String,
    source: &'a str,
    page: u32,
    score: f32,
    possible: bool,
    number: Option<&'a str>,
    date: Option<&'a str>,
    from: Option<&'a str>,
    to: &'a [String],
    subject: Option<&'a str>,
    snippet: &'a str,
    boxes: Vec<[u32; 4]>,
    #[serde(rename = "match")]
    matched: &'static str,
    /// Pages of the document that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread_pages: Vec<u32>,
    /// What each part of the query was found by, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    why: Vec<ReasonObject<'a>>,
}

/// How one thing that a query asks for was found.
#[derive(Debug, Serialize)]
struct ReasonObject<'a> {
    asked: &'a str,
    found: Option<&'a str>,
    #[serde(rename = "match")]
    matched: Option<&'static str>,
    fields: &'a [&'static str],
    weight: f32,
}

impl<'a> ReasonObject<'a> {
    fn of(reason: &'a Reason) -> Self {
        Self {
            asked: &reason.asked,
            found: reason.found.as_deref(),
            matched: reason.found.is_some().then(|| reason.matched.as_str()),
            fields: &reason.fields,
            weight: reason.worth,
        }
    }
}

impl<'a> HitObject<'a> {
    /// Returns the object of a hit whose words stand in `boxes`.
    pub fn of(hit: &'a Hit, boxes: Vec<[u32; 4]>) -> Self {
        Self {
            document: hit.document.to_string(),
            source: &hit.source,
            page: hit.page,
            score: hit.score,
            possible: hit.possible,
            number: hit.number.as_deref(),
            date: hit.date.as_deref(),
            from: hit.from.as_deref(),
            to: &hit.to,
            subject: hit.subject.as_deref(),
            snippet: &hit.snippet,
            boxes,
            matched: hit.matched.as_str(),
            unread_pages: Vec::new(),
            why: hit.why.iter().map(ReasonObject::of).collect(),
        }
    }
}

/// Writes hits for people: a line with what each is, a line with its subject and one with the passage found.
pub fn hits(out: &mut impl Write, answer: &Answer, offset: usize, took_ms: f64) -> io::Result<()> {
    let mut possible = false;
    for (rank, hit) in (offset + 1..).zip(&answer.hits) {
        if hit.possible && !possible {
            possible = true;
            writeln!(out, "possibly also:")?;
        }
        let date = hit.date.as_deref().unwrap_or("-");
        let number = hit.number.as_deref().unwrap_or("-");
        let short = hit.document.original.short();
        writeln!(out, "{rank}. {}  page {}  {short}  {date}  {number}", hit.source, hit.page)?;
        if let Some(subject) = &hit.subject {
            writeln!(out, "   {subject}")?;
        }
        if !hit.snippet.is_empty() {
            writeln!(out, "   {}", plain(&hit.snippet))?;
        }
        why(out, hit)?;
    }
    writeln!(out, "{} letters in {took_ms:.1} ms", answer.total)
}

/// Returns a snippet as a terminal shows it: marks as brackets, escapes undone.
/// Writes what each part of the query was found by, where that was asked for; Arabic last, so that it cannot reorder its
/// neighbours.
fn why(out: &mut impl Write, hit: &Hit) -> io::Result<()> {
    if !hit.why.is_empty() {
        writeln!(out, "   score {:.2}; weight and match of each part:", hit.score)?;
    }
    for reason in &hit.why {
        let how = match (&reason.found, reason.matched) {
            (None, _) => "not on this page",
            (_, Match::Exact) => "as typed",
            (_, Match::Folded) => "other spelling",
            (_, Match::Stem) => "other form",
            (_, Match::Ocr) => "misread, perhaps",
        };
        let fields = match &reason.fields[..] {
            [] => String::new(),
            fields => format!("in {}", fields.join(", ")),
        };
        let found = reason.found.as_deref().filter(|found| *found != reason.asked);
        let found = found.map_or(String::new(), |found| format!(" : {found}"));
        writeln!(out, "   {:>7.2}  {how:<17}  {fields:<20}  {}{found}", reason.worth, reason.asked)?;
    }
    Ok(())
}

fn plain(snippet: &str) -> String {
    let marked = snippet.replace("<mark>", "[").replace("</mark>", "]");
    marked.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// Writes a document for people: where it came from, its fields, its text.
pub fn document(out: &mut impl Write, document: &Document) -> io::Result<()> {
    let (source, letter) = (&document.source, &document.letter);
    writeln!(out, "{}", document.id)?;
    writeln!(out, "source     {}  {}  {} bytes", source.path, source.media_type, source.bytes)?;
    writeln!(out, "received   {}", source.received.strftime("%Y-%m-%d %H:%M:%SZ"))?;
    let mut field = |name: &str, value: Option<String>| match value {
        Some(value) if !value.is_empty() => writeln!(out, "{name:<10} {value}"),
        _ => Ok(()),
    };
    let text = |field: &Option<Field<String>>| field.as_ref().map(|field| field.value.clone());
    let texts =
        |fields: &[Field<String>]| Some(fields.iter().map(|field| field.value.as_str()).collect::<Vec<_>>().join("، "));
    field("kind", letter.kind.as_ref().map(|kind| kind.value.as_str().to_owned()))?;
    field("number", text(&letter.number))?;
    field("date", letter.date.as_ref().map(|date| date.value.to_string()))?;
    field("hijri date", text(&letter.hijri_date))?;
    field("from", text(&letter.from))?;
    field("to", texts(&letter.to))?;
    field("subject", text(&letter.subject))?;
    for reference in &letter.references {
        let date = reference.value.date.map_or(String::new(), |date| format!("{date}  "));
        field("refers to", Some(format!("{date}{}", reference.value.number)))?;
    }
    field("copies to", texts(&letter.copies_to))?;
    if let Some(signatory) = &letter.signatory {
        let parts = [&signatory.value.name, &signatory.value.title];
        field("signed by", Some(parts.into_iter().flatten().cloned().collect::<Vec<_>>().join("، ")))?;
    }
    for page in &document.pages {
        let sure = page.confidence().map_or(String::new(), |sure| format!(", confidence {:.2}", sure.get()));
        let why = page.reason.as_ref().map_or(String::new(), |reason| format!(", {reason}"));
        writeln!(
            out,
            "\n--- page {} of {}: {}x{} pixels, {} dpi, turned {} degrees{sure}{why}",
            page.number,
            document.pages.len(),
            page.size.width,
            page.size.height,
            page.dpi.0,
            page.rotation.degrees(),
        )?;
        writeln!(out, "{}", page.text())?;
    }
    Ok(())
}

/// Returns the name of a status, and the error of a failure.
pub fn status_of(status: &InputStatus) -> (&'static str, Option<&InputError>) {
    match status {
        InputStatus::Waiting => ("waiting", None),
        InputStatus::Stored => ("stored", None),
        InputStatus::Duplicate => ("duplicate", None),
        InputStatus::Failed(error) => ("failed", Some(error)),
    }
}

/// Writes the balance, and what failed, waits or could not be read with its reason.
pub fn ledger(
    out: &mut impl Write,
    ledger: &Ledger,
    failed: &[InputRow],
    waiting: &[InputRow],
    unread: &[UnreadPage],
) -> io::Result<()> {
    for row in failed {
        if let InputStatus::Failed(error) = &row.status {
            let page = error.page.map_or(String::new(), |page| format!("page {page}: "));
            writeln!(out, "failed   {}  {}: {page}{}", row.input.path, error.code, error.message)?;
        }
    }
    for row in waiting {
        writeln!(out, "waiting  {}  begun {} times: ingest it again, or run retry", row.input.path, row.attempts)?;
    }
    for page in unread {
        writeln!(out, "unread   {}  page {}: {}: {}", page.original.short(), page.page, page.code, page.message)?;
    }
    balance(out, ledger, "")
}

/// Writes one balance; `name` says of what.
pub fn balance(out: &mut impl Write, ledger: &Ledger, name: &str) -> io::Result<()> {
    let verdict = if ledger.balances() { "balances" } else { "DOES NOT BALANCE: run `warraq verify`" };
    let unread = match ledger.unread_pages {
        0 => String::new(),
        pages => format!("; {pages} pages of stored files could not be read"),
    };
    let name = if name.is_empty() { String::new() } else { format!("  {name}") };
    writeln!(
        out,
        "{} seen = {} stored + {} duplicate + {} failed + {} waiting; {} ignored{unread}; {verdict}{name}",
        ledger.seen, ledger.stored, ledger.duplicate, ledger.failed, ledger.waiting, ledger.ignored,
    )
}

/// Writes one finding of `verify`, and what mended it.
pub fn finding(out: &mut impl Write, finding: &Finding, mended: Option<&str>, as_json: bool) -> io::Result<()> {
    if as_json {
        let line = json!({"finding": finding.code, "what": finding.what, "mend": finding.cure, "mended": mended});
        writeln!(out, "{line}")
    } else {
        let cure = mended.map_or_else(|| finding.cure.to_owned(), |by| format!("mended: {by}"));
        writeln!(out, "{}: {}; {cure}", finding.code, finding.what)
    }
}
