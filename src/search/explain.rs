//! Why a letter is a hit: a document that was read for a plan in, the words and fields that spoke for it out.

use super::hit::{Match, Reason};
use super::plan::{Item, Probe};
use super::query::FieldName;
use super::rank::{Assessed, Found, PageRead, Ranker, text_words};
use super::target::compare_marks;
use crate::text::marks::{Reading, find_marks, whole_number};

impl Ranker<'_> {
    /// Returns how each part of `query` was found on the best page of a document, and in the fields of its letter.
    pub(super) fn reasons(&mut self, assessed: &Assessed, query: &str) -> Vec<Reason> {
        let page = self.read_page(assessed.text.clone());
        let words: Vec<&str> = text_words(&assessed.text).collect();
        let in_fields = self.found_in_fields(assessed);
        let items = self.plan.items.iter().enumerate().filter(|(_, item)| !item.negative);
        items
            .map(|(at, item)| {
                let on_page = self.on_page(at, item, &page, &words);
                let fields: Vec<_> = in_fields.iter().filter(|found| found.item == at).collect();
                let closest = fields.iter().max_by(|a, b| a.quality.total_cmp(&b.quality));
                let value = matches!(item.probe, Probe::Value) && assessed.candidate.strict;
                let (found, matched) = match (on_page, closest) {
                    (Some((text, found)), _) => (Some(text), found.level),
                    (None, Some(field)) => (Some(field.text.clone()), field.level),
                    (None, None) => (value.then(|| asked(item, query)), Match::Folded),
                };
                let mut fields: Vec<_> = fields.iter().map(|found| found.name).collect();
                fields.dedup();
                Reason { asked: asked(item, query), found, matched, fields, worth: self.worth(at) }
            })
            .collect()
    }

    /// Returns the words of the page that an item was best found by.
    fn on_page(&self, at: usize, item: &Item, page: &PageRead, words: &[&str]) -> Option<(String, Found)> {
        let mut parts = Vec::new();
        let mut found: Option<Found> = None;
        for place in self.best_places(at, page) {
            parts.push(words.get(place.words.0..=place.words.1)?.join(" "));
            let own = Found { quality: place.quality, level: place.level };
            found = Some(found.map_or(own, |found| Found {
                quality: found.quality.min(own.quality),
                level: found.level.max(own.level),
            }));
        }
        // A phrase of which words are missing is not there.
        let whole = !matches!(item.probe, Probe::Phrase(_)) || parts.len() == item.words().len();
        Some((parts.join(" "), found?)).filter(|_| whole)
    }

    fn found_in_fields(&mut self, assessed: &Assessed) -> Vec<InField> {
        let header = &assessed.header;
        let mut found = Vec::new();
        let to = header.to.join(" ");
        let texts = [
            (FieldName::Subject, "subject", header.subject.as_deref()),
            (FieldName::From, "from", header.from.as_deref()),
            (FieldName::To, "to", Some(to.as_str())),
        ];
        for (scope, name, text) in texts {
            for word in text.unwrap_or_default().split(' ') {
                for (item, quality, level) in self.matches_of(word, scope) {
                    found.push(InField { item, name, text: word.to_owned(), quality, level });
                }
            }
        }
        let dates = [&header.date, &header.hijri_date].into_iter().flatten();
        let dates = dates.flat_map(|date| find_marks(date).into_iter().map(|mark| (date.clone(), mark.readings)));
        let dates = dates.map(|(text, mut readings)| {
            readings.retain(|reading| matches!(reading, Reading::Date(_)));
            (FieldName::Date, "date", text, readings)
        });
        let number = header
            .number
            .iter()
            .filter_map(|text| Some((FieldName::Number, "number", text.clone(), vec![whole_number(text)?])));
        for (scope, name, text, readings) in dates.chain(number) {
            for (item, wanted) in self.plan.items.iter().enumerate() {
                let Probe::Mark(marks) = &wanted.probe else { continue };
                if let Some((quality, level)) = compare_marks(marks, &readings)
                    && wanted.scope.is_none_or(|own| own == scope)
                {
                    found.push(InField { item, name, text: text.clone(), quality, level });
                }
            }
        }
        found
    }
}

/// An item found in a field of the letter.
struct InField {
    item: usize,
    name: &'static str,
    text: String,
    quality: f32,
    level: Match,
}

fn asked(item: &Item, query: &str) -> String {
    query.get(item.span.clone()).unwrap_or_default().to_owned()
}
