//! Searches for a viewer: what was asked in, the hits that he may see out. Pages and programs ask through here alike.

use super::access::{Clearance, Viewer};
use super::app::App;
use super::dto::{HitObject, SearchObject};
use super::error::Problem;
use crate::catalogue::DocumentRow;
use crate::model::{DocumentId, Kind, LetterDate, PageNumber};
use crate::pipeline::Store;
use crate::pipeline::related::{self, Related};
use crate::pipeline::threads::Thread;
use crate::search::{Completion, Filters, SearchOptions};
use serde::Deserialize;
use std::time::Instant;
use utoipa::IntoParams;

/// Most hits at a time.
pub const MOST_HITS: usize = 200;
/// Paging ends here: whoever needs more narrows the search, or exports.
const LAST_OFFSET: usize = 100_000;
/// Longest query, in letters.
pub const LONGEST_QUERY: usize = 2000;
/// Longest name to narrow by, in letters.
const LONGEST_NAME: usize = 500;

/// What is asked of a search, as it stands in an address.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Words, "phrases", -excluded words, fields such as `number:12/345`; empty for all letters that the filters allow.
    #[param(max_length = 2000)]
    pub q: String,
    /// Most hits to return, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 20)]
    pub limit: Option<usize>,
    /// Hits to pass over.
    #[param(minimum = 0, maximum = 100000, default = 0)]
    pub offset: Option<usize>,
    /// Letters of this organisation.
    #[param(max_length = 500)]
    pub organisation: Option<String>,
    /// Letters by a body with these words in its name.
    #[param(max_length = 500)]
    pub from: Option<String>,
    /// Letters to a body with these words in its name.
    #[param(max_length = 500)]
    pub to: Option<String>,
    /// Letters of this kind.
    #[param(pattern = "^(letter|memo|circular|order|minutes|other)?$")]
    pub kind: Option<String>,
    /// Letters of this day or later.
    #[param(
        pattern = r"^(\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|[12]\d)))?$"
    )]
    pub date_from: Option<String>,
    /// Letters of this day or earlier.
    #[param(
        pattern = r"^(\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|[12]\d)))?$"
    )]
    pub date_to: Option<String>,
    /// Whether to count how the letters spread over years, months, bodies, kinds and organisations.
    pub facets: bool,
}

impl Query {
    /// Returns the filters asked for, within what the viewer may see.
    ///
    /// # Errors
    /// [`Problem::Wrong`] when a value is none.
    pub fn filters(&self, store: &Store, viewer: &Viewer) -> Result<Filters, Problem> {
        let given =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let day = |name: &str, text: &Option<String>| -> Result<Option<LetterDate>, Problem> {
            let wrong = |text: &str| Problem::Wrong(format!("{name} is {text:?}, it must be a day such as 2014-03-12"));
            given(text).map(|text| text.parse().map_err(|_| wrong(&text))).transpose()
        };
        let kind = given(&self.kind).map(|name| {
            let known = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
            known.ok_or_else(|| {
                Problem::Wrong(format!(
                    "there is no kind {name:?}: give letter, memo, circular, order, minutes or other"
                ))
            })
        });
        for (name, text) in [("from", &self.from), ("to", &self.to), ("organisation", &self.organisation)] {
            if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_NAME) {
                return Err(Problem::Wrong(format!("{name} has at most {LONGEST_NAME} letters")));
            }
        }
        let mut filters = Filters {
            from: given(&self.from),
            to: given(&self.to),
            kind: kind.transpose()?,
            date_from: day("date_from", &self.date_from)?,
            date_to: day("date_to", &self.date_to)?,
            ..within(store, viewer)?
        };
        if let Some(wanted) = given(&self.organisation) {
            let allowed = filters.organisations.as_ref().is_none_or(|own| own.contains(&wanted));
            filters.organisations = Some(if allowed { vec![wanted] } else { Vec::new() });
        }
        Ok(filters)
    }
}

/// Returns the filters that leave what a viewer may see.
///
/// # Errors
/// [`Problem`] when the catalogue cannot be read.
pub fn within(store: &Store, viewer: &Viewer) -> Result<Filters, Problem> {
    let secrecy = if viewer.clearance == Clearance::TopSecret {
        None
    } else {
        // Grades as letters write them; one that nobody understands is not in the list, and so its letters are not seen.
        let mut grades = store.catalogue.secrecy_grades()?;
        grades.retain(|grade| Clearance::of_letter(Some(grade)) <= viewer.clearance);
        grades.push(String::new());
        Some(grades)
    };
    Ok(Filters { organisations: viewer.organisations.clone(), secrecy, ..Filters::default() })
}

/// Searches.
///
/// # Errors
/// [`Problem`] when what is asked is wrong, or the index cannot be used.
pub fn find(app: &App, store: &Store, viewer: &Viewer, query: &Query) -> Result<SearchObject, Problem> {
    let (limit, offset) = (query.limit.unwrap_or(20), query.offset.unwrap_or(0));
    if !(1..=MOST_HITS).contains(&limit) {
        return Err(Problem::Wrong(format!("limit is {limit}, it must be from 1 to {MOST_HITS}")));
    }
    if offset > LAST_OFFSET {
        return Err(Problem::Wrong(format!("offset is {offset}, it must be at most {LAST_OFFSET}: narrow the search")));
    }
    if query.q.chars().count() > LONGEST_QUERY {
        return Err(Problem::Wrong(format!("a query has at most {LONGEST_QUERY} letters")));
    }
    let started = Instant::now();
    let mut filters = query.filters(store, viewer)?;
    if filters.is_empty() {
        // Without a word and without a filter the index finds nothing; all grades of secrecy there are let every letter through.
        let mut every = store.catalogue.secrecy_grades()?;
        every.push(String::new());
        filters.secrecy = Some(every);
    }
    let options = SearchOptions { limit, offset, filters, facets: query.facets, explain: false };
    let answer = app.archive.index()?.search(&query.q, &options)?;
    let mut hits = Vec::with_capacity(answer.hits.len());
    for mut hit in answer.hits {
        // The index may be a moment behind the catalogue, which has the last word on who may see a letter.
        let Some(row) = store.catalogue.document(&hit.document)? else { continue };
        if !viewer.sees(row.organisation.as_deref(), row.letter.secrecy.as_deref()) {
            continue;
        }
        let boxes = boxes(store, &row, PageNumber(hit.page), &hit.words)?;
        hit.snippet = shortened(hit.snippet);
        hits.push(HitObject::of(hit, boxes));
    }
    let took_ms = (started.elapsed().as_secs_f64() * 10_000.0).round() / 10.0;
    let (total, notes, suggestion) = (answer.total, answer.notes, answer.suggestion);
    Ok(SearchObject { total, took_ms, hits, notes, suggestion, facets: answer.facets.map(Into::into) })
}

/// Returns numbers, bodies and subjects that go on from what is being typed.
///
/// # Errors
/// [`Problem`] when the index cannot be used.
pub fn complete(
    app: &App,
    store: &Store,
    viewer: &Viewer,
    typed: &str,
    limit: usize,
) -> Result<Vec<Completion>, Problem> {
    let typed: String = typed.chars().take(200).collect();
    Ok(app.archive.index()?.complete(&typed, limit, &within(store, viewer)?)?)
}

/// Returns the letters related to one that the viewer may see, by its thread as he may know of it.
///
/// # Errors
/// [`Problem`] when the index or the catalogue cannot be used.
pub fn related(
    app: &App,
    store: &Store,
    viewer: &Viewer,
    id: DocumentId,
    thread: &Thread,
    limit: usize,
) -> Result<Vec<Related>, Problem> {
    let index = app.archive.index()?;
    let found = related::related(index.as_ref(), id, thread, limit, &within(store, viewer)?)?;
    let mut seen = Vec::with_capacity(found.len());
    for letter in found {
        // As with hits, the catalogue has the last word.
        let Some(row) = store.catalogue.document(&letter.document)? else { continue };
        if viewer.sees(row.organisation.as_deref(), row.letter.secrecy.as_deref()) {
            seen.push(letter);
        }
    }
    Ok(seen)
}

/// Returns the boxes of these words of a page, on its archived image.
fn boxes(store: &Store, row: &DocumentRow, page: PageNumber, words: &[usize]) -> Result<Vec<[u32; 4]>, Problem> {
    let Some(record) = row.pages.get(page.0.saturating_sub(1) as usize) else { return Ok(Vec::new()) };
    let page = store.page(record)?;
    let all: Vec<_> = page.words().collect();
    let found = words.iter().filter_map(|&at| all.get(at)).filter(|word| !word.bounds.is_empty());
    Ok(found.map(|word| word.bounds.edges()).collect())
}

/// Longest snippet, in bytes of HTML. Those of print have a tenth of it; a damaged text layer may hold words of a million letters.
const LONGEST_SNIPPET: usize = 4000;

/// Cuts a snippet that is too long, between its signs and marks.
fn shortened(snippet: String) -> String {
    if snippet.len() <= LONGEST_SNIPPET {
        return snippet;
    }
    let end = (0..=LONGEST_SNIPPET).rev().find(|at| snippet.is_char_boundary(*at)).unwrap_or(0);
    let mut cut = snippet.get(..end).unwrap_or_default();
    for (begins, ends) in [('<', '>'), ('&', ';')] {
        if let Some(at) = cut.rfind(begins)
            && !cut.get(at..).unwrap_or_default().contains(ends)
        {
            cut = cut.get(..at).unwrap_or_default();
        }
    }
    let is_open = cut.rfind("<mark>") > cut.rfind("</mark>");
    format!("{cut}{} …", if is_open { "</mark>" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_snippets_are_cut_where_html_allows() {
        assert_eq!(shortened("<mark>a</mark> &lt;".to_owned()), "<mark>a</mark> &lt;");
        let word = "س".repeat(5000);
        let cut = shortened(format!("a <mark>{word}</mark> b"));
        assert!(cut.len() < 4100 && cut.ends_with("س</mark> …"), "{}", cut.len());
        let signs = shortened("&lt;".repeat(2000));
        assert!(signs.trim_end_matches(" …").ends_with("&lt;"));
        let tag = shortened(format!("{}<mark>x</mark>", "a".repeat(LONGEST_SNIPPET - 3)));
        assert!(!tag.contains('<'), "{tag}");
    }
}
