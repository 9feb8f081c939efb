//! How the letters found spread over years, months, bodies, kinds and organisations: first pages in, counts out.

use crate::text::normalise::search_key;
use jiff::ToSpan;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use tantivy::columnar::StrColumn;
use tantivy::{DocId, SegmentReader};

/// The most bodies and organisations told of.
const MOST_NAMES: usize = 30;

/// How many letters have a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The value: a year, a month (`2014-03`), a name.
    pub value: String,
    /// How many letters of the strict count have it.
    pub letters: u64,
}

/// How the letters of the strict count spread. Those without a value are in none of its counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// By year, in order.
    pub years: Vec<Count>,
    /// By month, in order: a histogram without the empty months.
    pub months: Vec<Count>,
    /// By issuing body, most letters first, at most thirty; spellings that fold alike are one.
    pub bodies: Vec<Count>,
    /// By kind, most letters first.
    pub kinds: Vec<Count>,
    /// By organisation, most letters first, at most thirty.
    pub organisations: Vec<Count>,
    /// Letters without a date.
    pub undated: u64,
}

/// What was counted so far.
#[derive(Default)]
pub(super) struct FacetCounter {
    days: FxHashMap<i64, u64>,
    undated: u64,
    bodies: FxHashMap<String, (String, u64)>,
    kinds: FxHashMap<String, (String, u64)>,
    organisations: FxHashMap<String, (String, u64)>,
}

impl FacetCounter {
    /// Counts the documents of a segment that begin on these pages.
    pub(super) fn count(
        &mut self,
        reader: &SegmentReader,
        firsts: impl Iterator<Item = DocId> + Clone,
    ) -> tantivy::Result<()> {
        let days = reader.fast_fields().i64("day")?;
        for first in firsts.clone() {
            match days.first(first) {
                Some(day) => *self.days.entry(day).or_default() += 1,
                None => self.undated += 1,
            }
        }
        let columns =
            [("body", &mut self.bodies), ("kind", &mut self.kinds), ("organisation", &mut self.organisations)];
        for (field, counts) in columns {
            if let Some(column) = reader.fast_fields().str(field)? {
                count_names(&column, firsts.clone(), counts)?;
            }
        }
        Ok(())
    }

    /// Adds what another one counted.
    pub(super) fn with(mut self, other: Self) -> Self {
        other.days.into_iter().for_each(|(day, letters)| *self.days.entry(day).or_default() += letters);
        self.undated += other.undated;
        for (all, own) in [
            (&mut self.bodies, other.bodies),
            (&mut self.kinds, other.kinds),
            (&mut self.organisations, other.organisations),
        ] {
            for (key, (name, letters)) in own {
                all.entry(key).or_insert((name, 0)).1 += letters;
            }
        }
        self
    }

    pub(super) fn finish(self) -> Facets {
        let (mut years, mut months) = (BTreeMap::<String, u64>::new(), BTreeMap::<String, u64>::new());
        let epoch = jiff::civil::date(1970, 1, 1);
        for (day, letters) in self.days {
            if let Ok(date) = epoch.checked_add(day.days()) {
                *years.entry(format!("{:04}", date.year())).or_default() += letters;
                *months.entry(format!("{:04}-{:02}", date.year(), date.month())).or_default() += letters;
            }
        }
        let in_order = |counts: BTreeMap<String, u64>| {
            counts.into_iter().map(|(value, letters)| Count { value, letters }).collect::<Vec<_>>()
        };
        Facets {
            years: in_order(years),
            months: in_order(months),
            bodies: most_first(self.bodies),
            kinds: most_first(self.kinds),
            organisations: most_first(self.organisations),
            undated: self.undated,
        }
    }
}

fn count_names(
    column: &StrColumn,
    firsts: impl Iterator<Item = DocId>,
    counts: &mut FxHashMap<String, (String, u64)>,
) -> tantivy::Result<()> {
    let mut by_ordinal: FxHashMap<u64, u64> = FxHashMap::default();
    for first in firsts {
        if let Some(ordinal) = column.ords().first(first) {
            *by_ordinal.entry(ordinal).or_default() += 1;
        }
    }
    let mut ordinals: Vec<_> = by_ordinal.into_iter().collect();
    // The ones with few letters cannot come to the top of one segment's list, nor far up in all of them.
    ordinals.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    ordinals.truncate(20 * MOST_NAMES);
    let mut name = String::new();
    for (ordinal, letters) in ordinals {
        name.clear();
        if column.ord_to_str(ordinal, &mut name)? {
            counts.entry(search_key(&name)).or_insert_with(|| (name.clone(), 0)).1 += letters;
        }
    }
    Ok(())
}

fn most_first(counts: FxHashMap<String, (String, u64)>) -> Vec<Count> {
    let mut counts: Vec<_> = counts.into_values().map(|(value, letters)| Count { value, letters }).collect();
    counts.sort_unstable_by(|a, b| b.letters.cmp(&a.letters).then_with(|| a.value.cmp(&b.value)));
    counts.truncate(MOST_NAMES);
    counts
}
