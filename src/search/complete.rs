//! Completion of what is being typed: letter numbers, bodies and subjects of the archive that go on from a beginning.
//!
//! Each completion is a term of its own, `sign key \u{1} text as shown`, on the first page of its letter; so the
//! beginnings stand together in the dictionary, and who may see a completion is who may see one of its letters. A body
//! and a subject can be entered at the beginning of their words, a number at each of its digit groups.

use super::filter::{Filters, Gate};
use super::schema::Fields;
use crate::text::marks::{Reading, whole_number};
use crate::text::normalise::search_key;
use crate::text::tokens::tokens;
use std::collections::{BTreeSet, HashMap};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Searcher, SegmentReader, TERMINATED};

/// What a completion names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Completed {
    /// A letter number.
    Number,
    /// A body that issued letters.
    Body,
    /// A subject.
    Subject,
}

impl Completed {
    const ALL: [Self; 3] = [Self::Number, Self::Body, Self::Subject];

    /// Returns the name of what is completed, as programs know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Body => "body",
            Self::Subject => "subject",
        }
    }

    fn sign(self) -> char {
        match self {
            Self::Number => 'n',
            Self::Body => 'b',
            Self::Subject => 's',
        }
    }
}

/// A completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What it names.
    pub kind: Completed,
    /// As it is written on a letter.
    pub text: String,
    /// How many letters have it, of those that may be found; counted up to some thousand.
    pub letters: u64,
}

const PARTING: char = '\u{1}';
const MOST_WORD_STARTS: usize = 6;
const LONGEST_TEXT_CHARS: usize = 160;
/// So many terms are looked at for each kind in a segment: a beginning with more is too short to be helped.
const MOST_TERMS: usize = 1500;
const MOST_LETTERS: u64 = 1000;

/// Returns the terms by which a value is completed.
pub(super) fn completion_terms(kind: Completed, value: &str) -> BTreeSet<String> {
    let shown: String = value.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT_CHARS).collect();
    let keys = match (kind, whole_number(value)) {
        (Completed::Number, Some(Reading::Number(parts))) => {
            let starts = (0..parts.len()).filter(|at| *at == 0 || parts[*at].starts_with(|c: char| c.is_ascii_digit()));
            starts.map(|at| parts[at..].join("/")).collect::<Vec<_>>()
        }
        (Completed::Number, _) => Vec::new(),
        _ => {
            let words: Vec<String> = tokens(&shown).into_iter().map(|token| token.key).collect();
            (0..words.len().min(MOST_WORD_STARTS)).map(|at| words[at..].join(" ")).collect()
        }
    };
    keys.into_iter().map(|key| format!("{}{key}{PARTING}{shown}", kind.sign())).collect()
}

/// Returns what goes on from `typed`, of each kind those with most letters first.
pub(super) fn complete(
    searcher: &Searcher,
    fields: &Fields,
    typed: &str,
    limit: usize,
    filters: &Filters,
) -> tantivy::Result<Vec<Completion>> {
    let mut found = Vec::new();
    for kind in Completed::ALL {
        let Some(beginning) = beginning(kind, typed) else { continue };
        let mut counts: HashMap<String, Completion> = HashMap::new();
        for reader in searcher.segment_readers() {
            collect(reader, fields, kind, &beginning, filters, &mut counts)?;
        }
        let mut own: Vec<_> = counts.into_values().collect();
        own.sort_unstable_by(|a, b| b.letters.cmp(&a.letters).then_with(|| a.text.cmp(&b.text)));
        own.truncate(limit);
        found.extend(own);
    }
    Ok(found)
}

fn beginning(kind: Completed, typed: &str) -> Option<String> {
    let key = match kind {
        Completed::Number => match whole_number(typed)? {
            Reading::Number(parts) => parts.join("/"),
            Reading::Date(_) => return None,
        },
        _ => tokens(typed).into_iter().map(|token| token.key).collect::<Vec<_>>().join(" "),
    };
    (key.chars().count() >= 2).then(|| format!("{}{key}", kind.sign()))
}

fn collect(
    reader: &SegmentReader,
    fields: &Fields,
    kind: Completed,
    beginning: &str,
    filters: &Filters,
    counts: &mut HashMap<String, Completion>,
) -> tantivy::Result<()> {
    let index = reader.inverted_index(fields.complete)?;
    let mut terms = index.terms().range().ge(beginning.as_bytes()).into_stream()?;
    let mut looked_at = 0;
    while looked_at < MOST_TERMS && terms.advance() && terms.key().starts_with(beginning.as_bytes()) {
        looked_at += 1;
        let Some((_, text)) = std::str::from_utf8(terms.key()).ok().and_then(|term| term.split_once(PARTING)) else {
            continue;
        };
        let mut gate = Gate::new(reader, fields, filters)?;
        let mut pages = index.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
        let mut letters = 0;
        while pages.doc() != TERMINATED && letters < MOST_LETTERS {
            letters += u64::from(!reader.is_deleted(pages.doc()) && gate.admits(pages.doc()));
            pages.advance();
        }
        if letters > 0 {
            let fresh = || Completion { kind, text: text.to_owned(), letters: 0 };
            counts.entry(search_key(text)).or_insert_with(fresh).letters += letters;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Completed, value: &str, typed: &str, want: bool) {
        let terms = completion_terms(kind, value);
        let found = beginning(kind, typed).is_some_and(|begin| terms.iter().any(|term| term.starts_with(&begin)));
        assert_eq!(found, want, "{typed:?} for {value:?}: {terms:?}");
    }

    #[test]
    fn values_are_entered_at_their_words_and_groups() {
        check(Completed::Number, "م.ع/12/345", "م.ع/١٢/٣", true);
        check(Completed::Number, "م.ع/12/345", "34", true);
        check(Completed::Number, "م.ع/12/345", "45", false);
        check(Completed::Body, "وزارة الإعمار والإسكان", "وزاره الاع", true);
        check(Completed::Body, "وزارة الإعمار والإسكان", "الاعمار", true);
        check(Completed::Subject, "صيانة جسر الهندية", "جس", true);
        check(Completed::Subject, "صيانة جسر الهندية", "سر", false);
    }
}
