//! What a search is confined to apart from its words: bodies, kinds, days, organisations, secrecy. Decided for a whole
//! document by the fields on its first page, before anything is counted or ranked, so that nobody learns of letters that
//! he may not see.

use super::analyser::stem_term;
use super::schema::Fields;
use super::span::day_number;
use crate::model::Kind;
use crate::text::normalise::search_key;
use crate::text::tokens::tokens;
use jiff::civil::Date;
use std::collections::HashSet;
use tantivy::columnar::{Column, StrColumn};
use tantivy::postings::SegmentPostings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, SegmentReader, Term};

/// Which documents a search may find. The default allows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// Documents of one of these organisations; the empty text stands for documents that belong to none. `None`: all.
    pub organisations: Option<Vec<String>>,
    /// Documents of one of these grades of secrecy (`سري`); the empty text stands for ordinary ones. `None`: all.
    pub secrecy: Option<Vec<String>>,
    /// Documents issued by a body with all of these words in its name.
    pub from: Option<String>,
    /// Documents addressed to bodies with all of these words in their names.
    pub to: Option<String>,
    /// Documents of this kind.
    pub kind: Option<Kind>,
    /// Documents of this day or later; undated ones are left out.
    pub date_from: Option<Date>,
    /// Documents of this day or earlier; undated ones are left out.
    pub date_to: Option<Date>,
}

impl Filters {
    /// Says whether every document is allowed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The filters, ready for the documents of one segment. Documents must be asked for in ascending order.
pub(super) struct Gate {
    days: Option<(Column<i64>, i64, i64)>,
    sets: Vec<AllowedValues>,
    /// A document must stand in all of these.
    parties: Vec<SegmentPostings>,
    nothing: bool,
}

/// The values of a column that are allowed, as ordinals of its dictionary.
pub(super) struct AllowedValues {
    column: Option<Column<u64>>,
    ordinals: HashSet<u64>,
    none_too: bool,
}

impl Gate {
    pub(super) fn new(reader: &SegmentReader, fields: &Fields, filters: &Filters) -> tantivy::Result<Self> {
        let mut gate = Self { days: None, sets: Vec::new(), parties: Vec::new(), nothing: false };
        if filters.date_from.is_some() || filters.date_to.is_some() {
            let first = filters.date_from.map_or(i64::MIN, day_number);
            let last = filters.date_to.map_or(i64::MAX, day_number);
            gate.days = Some((reader.fast_fields().i64("day")?, first, last));
        }
        if let Some(allowed) = &filters.organisations {
            gate.sets.push(AllowedValues::new(reader, "organisation", allowed.iter().cloned())?);
        }
        if let Some(allowed) = &filters.secrecy {
            gate.sets.push(AllowedValues::new(reader, "secrecy", allowed.iter().map(|grade| search_key(grade)))?);
        }
        if let Some(kind) = filters.kind {
            gate.sets.push(AllowedValues::new(reader, "kind", [kind.as_str().to_owned()])?);
        }
        for (field, name) in [(fields.from, &filters.from), (fields.to, &filters.to)] {
            gate.party(reader, field, name.as_deref().unwrap_or_default())?;
        }
        Ok(gate)
    }

    fn party(&mut self, reader: &SegmentReader, field: Field, name: &str) -> tantivy::Result<()> {
        for token in tokens(name) {
            let term = Term::from_field_text(field, &stem_term(&token.key));
            match reader.inverted_index(field)?.read_postings(&term, IndexRecordOption::Basic)? {
                Some(postings) => self.parties.push(postings),
                None => self.nothing = true,
            }
        }
        Ok(())
    }

    /// Says whether the document that begins on page `first` may be found.
    pub(super) fn admits(&mut self, first: DocId) -> bool {
        !self.nothing
            && self.sets.iter().all(|set| set.holds(first))
            && self
                .days
                .as_ref()
                .is_none_or(|(days, from, to)| days.first(first).is_some_and(|day| (*from..=*to).contains(&day)))
            && self.parties.iter_mut().all(|postings| stands_in(postings, first))
    }
}

/// Says whether `page` is among `pages`, which are asked for in ascending order.
pub(super) fn stands_in(pages: &mut impl DocSet, page: DocId) -> bool {
    if pages.doc() < page {
        pages.seek(page);
    }
    pages.doc() == page
}

impl AllowedValues {
    pub(super) fn new(
        reader: &SegmentReader,
        field: &str,
        allowed: impl IntoIterator<Item = String>,
    ) -> tantivy::Result<Self> {
        let column: Option<StrColumn> = reader.fast_fields().str(field)?;
        let mut set = Self { column: None, ordinals: HashSet::new(), none_too: false };
        for value in allowed {
            if value.is_empty() {
                set.none_too = true;
            } else if let Some(column) = &column {
                set.ordinals.extend(column.dictionary().term_ord(value)?);
            }
        }
        set.column = column.map(|column| column.ords().clone());
        Ok(set)
    }

    pub(super) fn holds(&self, first: DocId) -> bool {
        match self.column.as_ref().and_then(|column| column.first(first)) {
            Some(ordinal) => self.ordinals.contains(&ordinal),
            None => self.none_too,
        }
    }
}
