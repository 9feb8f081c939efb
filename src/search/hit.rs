//! What a search returns.

use super::facets::Facets;
use crate::model::DocumentId;

/// How closely the words of a page match those of the query; the later, the looser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Match {
    /// Letter by letter.
    Exact,
    /// By the search key: other spelling habits.
    Folded,
    /// By the stem: other forms of the word.
    Stem,
    /// Only when errors of reading are allowed for.
    Ocr,
}

impl Match {
    /// Returns the kind of match as programs know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Folded => "folded",
            Self::Stem => "stem",
            Self::Ocr => "ocr",
        }
    }
}

/// How one thing that a query asks for was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// What was asked for, as typed.
    pub asked: String,
    /// What stands there for it; `None` where neither the best page nor the letter's fields hold it.
    pub found: Option<String>,
    /// How closely that matches.
    pub matched: Match,
    /// The fields of the letter that hold it too, as programs know them.
    pub fields: Vec<&'static str>,
    /// How much it tells of a letter: rare words tell more, particles next to nothing.
    pub worth: f32,
}

/// A document that answers a query, with its best page.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The document.
    pub document: DocumentId,
    /// File name as handed in.
    pub source: String,
    /// The best page, from 1.
    pub page: u32,
    /// Higher is better; comparable within one answer.
    pub score: f32,
    /// Whether it lies beyond the strict count.
    pub possible: bool,
    /// The letter's number.
    pub number: Option<String>,
    /// The letter's date, ISO 8601.
    pub date: Option<String>,
    /// The issuing body.
    pub from: Option<String>,
    /// The bodies addressed.
    pub to: Vec<String>,
    /// The subject.
    pub subject: Option<String>,
    /// Words around the best match: HTML with `&`, `<`, `>` and `"` of the text escaped, matched words between `<mark>` and `</mark>`.
    pub snippet: String,
    /// Ordinals of the matched words of that page, as `Page::words` yields them, ascending.
    pub words: Vec<usize>,
    /// The loosest match that was needed.
    pub matched: Match,
    /// What each part of the query was found by, where that was asked for.
    pub why: Vec<Reason>,
}

/// The answer to a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// How many documents hold at least 60 % of the query's words, and everything else it asks for.
    pub total: u64,
    /// The part of the hits that was asked for: strict ones first, then possible ones.
    pub hits: Vec<Hit>,
    /// What the query's writer should know: unknown fields, dates that are none.
    pub notes: Vec<String>,
    /// How the letters of the strict count spread, where that was asked for.
    pub facets: Option<Facets>,
    /// Where nothing holds the query strictly: the query in words of the archive, which has strict hits.
    pub suggestion: Option<String>,
}
