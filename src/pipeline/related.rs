//! Letters related to one: a letter and its thread in, the others of the thread and the letters with its subject out.

use super::failure::ArchiveError;
use super::threads::{Facts, Member, Thread};
use crate::model::DocumentId;
use crate::search::{Filters, Hit, SearchIndex};

/// Why a letter is related to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// One answers the other, or both belong to one exchange.
    Thread,
    /// Its subject holds most of the words of the other's.
    Subject,
}

impl Relation {
    /// Returns its name, as programs know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Subject => "subject",
        }
    }
}

/// A related letter.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// Its document.
    pub document: DocumentId,
    /// Name of the file it came from.
    pub source: Option<String>,
    /// What is known of it.
    pub facts: Facts,
    /// Why it is related.
    pub relation: Relation,
}

/// Returns the letters related to `id`: those of its thread by date, then at most `limit` others with its subject, the
/// likest first. `thread` and `filters` say what may be told of.
///
/// # Errors
/// [`ArchiveError::Search`] when the index cannot be read.
pub fn related(
    index: &dyn SearchIndex,
    id: DocumentId,
    thread: &Thread,
    limit: usize,
    filters: &Filters,
) -> Result<Vec<Related>, ArchiveError> {
    let of_thread = |id: DocumentId, letter: &Member| Related {
        document: id,
        source: letter.source.clone(),
        facts: letter.facts.clone(),
        relation: Relation::Thread,
    };
    let received = || thread.letters.iter().filter_map(|letter| Some((letter.document?, letter)));
    let mut found: Vec<_> = received().filter(|(other, _)| *other != id).map(|(id, own)| of_thread(id, own)).collect();
    let subject = received().find(|(other, _)| *other == id).and_then(|(_, letter)| letter.facts.subject.as_deref());
    if let Some(subject) = subject {
        let copies = thread.letters.iter().flat_map(|letter| letter.copies.iter().copied());
        let known: Vec<DocumentId> = received().map(|(other, _)| other).chain(copies).collect();
        found.extend(index.about(subject, &known, limit, filters)?.into_iter().map(of_subject));
    }
    Ok(found)
}

fn of_subject(hit: Hit) -> Related {
    Related {
        document: hit.document,
        source: Some(hit.source),
        facts: Facts {
            number: hit.number,
            date: hit.date.and_then(|date| date.parse().ok()),
            from: hit.from,
            to: hit.to,
            subject: hit.subject,
        },
        relation: Relation::Subject,
    }
}
