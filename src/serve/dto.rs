//! What is sent: the objects of the HTTP interface.

use super::access::{JobFile, JobRow, Viewer};
use crate::catalogue::{ChangeKind, ChangeRow, FailureRow};
use crate::model::{DocumentId, LetterDate};
use crate::pipeline::related::Related;
use crate::pipeline::threads::{Edge, Member, Thread};
use crate::search::{Completion, Count, Facets, Hit};
use serde::Serialize;
use utoipa::ToSchema;

/// The answer to a search.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchObject {
    /// How many documents hold at least 60 % of the words; possible ones follow in the same paging.
    pub total: u64,
    /// Milliseconds that the search took.
    pub took_ms: f64,
    /// The hits of this page, best first.
    pub hits: Vec<HitObject>,
    /// What the writer of the query should know.
    pub notes: Vec<String>,
    /// Where nothing holds the query strictly: the query in words of the archive, which finds something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// How the letters counted spread, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<FacetsObject>,
}

/// A document with its best page.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitObject {
    /// Id of the document.
    pub document: String,
    /// File name as handed in.
    pub source: String,
    /// The best page, from 1.
    pub page: u32,
    /// Comparable within one answer.
    pub score: f32,
    /// Whether it lies beyond the strict count.
    pub possible: bool,
    /// The letter's number.
    pub number: Option<String>,
    /// The letter's date.
    pub date: Option<String>,
    /// The issuing body.
    pub from: Option<String>,
    /// The bodies addressed.
    pub to: Vec<String>,
    /// The subject.
    pub subject: Option<String>,
    /// HTML: text with the words found between `<mark>` and `</mark>`.
    pub snippet: String,
    /// Boxes of the words found, on the page image as archived: left, top, right, bottom.
    pub boxes: Vec<[u32; 4]>,
    /// The loosest match that was needed: `exact`, `folded`, `stem` or `ocr`.
    #[serde(rename = "match")]
    pub matched: &'static str,
}

impl HitObject {
    /// Returns the object of a hit whose words stand in `boxes`.
    pub fn of(hit: Hit, boxes: Vec<[u32; 4]>) -> Self {
        Self {
            document: hit.document.to_string(),
            source: hit.source,
            page: hit.page,
            score: hit.score,
            possible: hit.possible,
            number: hit.number,
            date: hit.date,
            from: hit.from,
            to: hit.to,
            subject: hit.subject,
            snippet: hit.snippet,
            boxes,
            matched: hit.matched.as_str(),
        }
    }
}

/// How the letters counted spread.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacetsObject {
    /// By year, in order.
    pub years: Vec<CountObject>,
    /// By month, in order.
    pub months: Vec<CountObject>,
    /// By issuing body, most first.
    pub bodies: Vec<CountObject>,
    /// By kind, most first.
    pub kinds: Vec<CountObject>,
    /// By organisation, most first.
    pub organisations: Vec<CountObject>,
    /// Letters without a date.
    pub undated: u64,
}

/// How many letters have a value.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountObject {
    /// The value.
    pub value: String,
    /// How many letters.
    pub letters: u64,
}

impl From<Facets> for FacetsObject {
    fn from(facets: Facets) -> Self {
        fn all(counts: Vec<Count>) -> Vec<CountObject> {
            counts.into_iter().map(|count| CountObject { value: count.value, letters: count.letters }).collect()
        }
        Self {
            years: all(facets.years),
            months: all(facets.months),
            bodies: all(facets.bodies),
            kinds: all(facets.kinds),
            organisations: all(facets.organisations),
            undated: facets.undated,
        }
    }
}

/// Something that goes on from what is being typed.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompletionObject {
    /// `number`, `body` or `subject`.
    kind: &'static str,
    /// As it is written on a letter.
    text: String,
    /// How many letters have it.
    letters: u64,
}

impl From<Completion> for CompletionObject {
    fn from(completion: Completion) -> Self {
        Self { kind: completion.kind.as_str(), text: completion.text, letters: completion.letters }
    }
}

/// Letters that cite each other.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThreadObject {
    /// The letters, by date.
    pub letters: Vec<MemberObject>,
    /// Who cites whom.
    pub edges: Vec<EdgeObject>,
    /// Whether letters were left out, since there are too many.
    pub cut_off: bool,
}

/// A letter of a thread.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberObject {
    /// Its document; `null` for a letter that is cited and was never received.
    pub document: Option<String>,
    /// Name of the file it came from.
    pub source: Option<String>,
    /// Its number.
    pub number: Option<String>,
    /// Its date.
    #[schema(value_type = Option<String>, format = Date)]
    pub date: Option<LetterDate>,
    /// Who wrote it.
    pub from: Option<String>,
    /// To whom.
    pub to: Vec<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// How many letters of this thread cite it.
    pub cited: usize,
    /// The same letter, scanned again or held by another body.
    pub copies: Vec<String>,
}

/// One letter cites another.
#[derive(Debug, Serialize, ToSchema)]
pub struct EdgeObject {
    /// The letter that cites.
    pub from: String,
    /// The letter cited, where it is in the archive.
    pub to: Option<String>,
    /// Its number as cited.
    pub number: String,
    /// Its date as cited.
    #[schema(value_type = Option<String>, format = Date)]
    pub date: Option<LetterDate>,
    /// Days between the two.
    pub days: Option<i32>,
}

/// Letters related to one.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelatedObject {
    /// Those of its thread by date, then those with its subject, the likest first.
    pub letters: Vec<RelatedLetterObject>,
}

/// A letter related to another.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelatedLetterObject {
    /// Its document.
    pub document: String,
    /// Name of the file it came from.
    pub source: Option<String>,
    /// Its number.
    pub number: Option<String>,
    /// Its date.
    #[schema(value_type = Option<String>, format = Date)]
    pub date: Option<LetterDate>,
    /// Who wrote it.
    pub from: Option<String>,
    /// To whom.
    pub to: Vec<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// Why it is related: `thread` or `subject`.
    pub relation: &'static str,
}

impl RelatedObject {
    /// Returns the object of letters related to one.
    pub fn of(letters: Vec<Related>) -> Self {
        let letter = |letter: Related| RelatedLetterObject {
            document: letter.document.to_string(),
            source: letter.source,
            number: letter.facts.number,
            date: letter.facts.date,
            from: letter.facts.from,
            to: letter.facts.to,
            subject: letter.facts.subject,
            relation: letter.relation.as_str(),
        };
        Self { letters: letters.into_iter().map(letter).collect() }
    }
}

impl ThreadObject {
    /// Returns the object of a thread as its viewer may know of it.
    pub fn of(thread: Thread) -> Self {
        let letter = |member: Member| MemberObject {
            document: member.document.map(|id| id.to_string()),
            source: member.source,
            number: member.facts.number,
            date: member.facts.date,
            from: member.facts.from,
            to: member.facts.to,
            subject: member.facts.subject,
            cited: member.cited,
            copies: member.copies.iter().map(DocumentId::to_string).collect(),
        };
        let edge = |edge: Edge| EdgeObject {
            from: edge.citing.to_string(),
            to: edge.cited.map(|id| id.to_string()),
            number: edge.number,
            date: edge.date,
            days: edge.days,
        };
        Self {
            letters: thread.letters.into_iter().map(letter).collect(),
            edges: thread.edges.into_iter().map(edge).collect(),
            cut_off: thread.is_cut_off,
        }
    }
}

/// Changes, to be read on from `next`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangesObject {
    /// In the order in which they happened.
    pub changes: Vec<ChangeObject>,
    /// What to ask for next: `since=next`.
    pub next: u64,
    /// Whether there are more already.
    pub more: bool,
}

/// What a webhook is told.
#[derive(Debug, Serialize)]
pub struct ToldObject {
    /// Changes of documents, in the order in which they happened.
    pub changes: Vec<ChangeObject>,
    /// Files that could not be taken in, in that order too.
    pub failed: Vec<FailureObject>,
    /// The last change told, as for the feed of changes.
    pub next: u64,
}

/// A file that could not be taken in.
#[derive(Debug, Serialize)]
pub struct FailureObject {
    seq: u64,
    path: String,
    sha256: Option<String>,
    code: String,
    message: String,
    page: Option<u32>,
    at: String,
    organisation: Option<String>,
}

impl From<FailureRow> for FailureObject {
    fn from(row: FailureRow) -> Self {
        Self {
            seq: row.seq,
            path: row.path,
            sha256: Some(row.sha256).filter(|hash| !hash.is_empty()),
            code: row.code,
            message: row.message,
            page: row.page,
            at: row.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            organisation: row.organisation,
        }
    }
}

/// Something that happened to a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeObject {
    /// Its place in the order; grows, with gaps.
    seq: u64,
    /// `stored`, `corrected` or `withdrawn`.
    change: &'static str,
    /// The document.
    document: String,
    /// When.
    at: String,
    /// The body it belongs to.
    organisation: Option<String>,
}

impl ChangeObject {
    /// Returns the object of a change that is told as one of this kind.
    pub fn of(row: &ChangeRow, kind: ChangeKind) -> Self {
        Self {
            seq: row.seq,
            change: kind.as_str(),
            document: row.document.to_string(),
            at: row.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            organisation: row.organisation.clone(),
        }
    }
}

/// Files handed in together.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobObject {
    /// Its id.
    id: String,
    /// `waiting` or `done`.
    status: &'static str,
    /// The body they belong to.
    organisation: Option<String>,
    /// When they came.
    created: String,
    /// When the last of them ended.
    ended: Option<String>,
    /// The files.
    files: Vec<JobFileObject>,
}

/// A file handed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobFileObject {
    /// Name as handed in.
    name: String,
    /// Size.
    bytes: i64,
    /// Hash of its bytes.
    sha256: String,
    /// `waiting`, `stored`, `duplicate` or `failed`.
    status: String,
    /// Documents that hold its content.
    documents: Vec<String>,
    /// Pages filed.
    pages: u32,
    /// Why it failed.
    error: Option<JobErrorObject>,
}

/// Why a file failed.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobErrorObject {
    /// One of the codes of failures.
    code: String,
    /// What, where, and what to do.
    message: String,
}

impl JobObject {
    /// Returns the object of a job as its viewer may know of it.
    pub fn of(job: JobRow) -> Self {
        Self {
            id: job.id,
            status: if job.ended.is_some() { "done" } else { "waiting" },
            organisation: job.organisation,
            created: job.created,
            ended: job.ended,
            files: job.files.into_iter().map(JobFileObject::of).collect(),
        }
    }
}

impl JobFileObject {
    fn of(file: JobFile) -> Self {
        let JobFile { name, bytes, sha256, end, .. } = file;
        match end {
            None => {
                Self { name, bytes, sha256, status: "waiting".to_owned(), documents: Vec::new(), pages: 0, error: None }
            }
            Some(end) => Self {
                name,
                bytes,
                sha256,
                status: end.status,
                documents: end.documents,
                pages: end.pages,
                error: end.error.map(|(code, message)| JobErrorObject { code, message }),
            },
        }
    }
}

/// Says whether a viewer may know of a job: its own, or any where it manages.
pub fn may_see_job(viewer: &Viewer, job: &JobRow) -> bool {
    let own = viewer.user == job.owner;
    own || (viewer.may(super::access::Right::Manage) && viewer.sees(job.organisation.as_deref(), None))
}
