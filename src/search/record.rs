//! Turns a document into the records of the index, one a page; the first one also holds the fields of the letter.

use super::SearchError;
use super::analyser::{field_pairs, field_terms, join, page_terms, serial_term};
use super::complete::{Completed, completion_terms};
use super::query::FieldName;
use super::rank::Header;
use super::schema::Fields;
use super::span::day_number;
use crate::model::{Document, Field, Letter, Page};
use crate::text::marks::{Reading, find_marks, whole_number};
use crate::text::normalise::search_key;
use std::collections::BTreeSet;
use tantivy::TantivyDocument;

/// Returns the records of a document's pages; a document without pages has one, so that its fields can be found.
pub(super) fn records(fields: &Fields, document: &Document) -> Result<Vec<TantivyDocument>, SearchError> {
    let id = document.id.to_string();
    let letter = &document.letter;
    let of_letter: Vec<&str> = [&letter.subject, &letter.from]
        .into_iter()
        .flatten()
        .chain(&letter.to)
        .map(|field| field.value.as_str())
        .collect();
    let total = document.pages.len().max(1) as u64;
    let mut records = Vec::with_capacity(document.pages.len().max(1));
    for (number, page) in (1..=total).zip(document.pages.iter().map(Some).chain([None])) {
        let lines = page.map(lines_of).unwrap_or_default();
        let own: &[&str] = if number == 1 { &of_letter } else { &[] };
        let mut record = page_record(fields, &lines, own);
        record.add_text(fields.id, &id);
        record.add_u64(fields.page, number);
        record.add_u64(fields.pages, total);
        records.push(record);
    }
    if let Some(first) = records.first_mut() {
        add_letter(fields, first, document)?;
    }
    Ok(records)
}

fn page_record(fields: &Fields, lines: &[Vec<String>], of_letter: &[&str]) -> TantivyDocument {
    let lines: Vec<Vec<&str>> = lines.iter().map(|line| line.iter().map(String::as_str).collect()).collect();
    let terms = page_terms(&lines, of_letter);
    let mut record = TantivyDocument::default();
    record.add_text(fields.norm, terms.norm);
    record.add_text(fields.stem, terms.stem);
    record.add_text(fields.pairs, terms.pairs);
    record.add_text(fields.roots, terms.roots);
    record.add_text(fields.marks, terms.marks);
    record.add_text(fields.text, lines.iter().map(|line| line.join(" ")).collect::<Vec<_>>().join("\n"));
    record
}

/// Returns the words of each line that has any. Their number must come back from the stored text, so white space
/// inside a word, which no reader should give, becomes a no-break space, and a word without letters is one.
fn lines_of(page: &Page) -> Vec<Vec<String>> {
    const NO_BREAK: &str = "\u{00A0}";
    let word = |text: &str| if text.is_empty() { NO_BREAK.to_owned() } else { text.replace([' ', '\n'], NO_BREAK) };
    let lines = page.lines.iter().map(|line| line.words.iter().map(|own| word(&own.text)).collect::<Vec<_>>());
    lines.filter(|line| !line.is_empty()).collect()
}

fn add_letter(fields: &Fields, record: &mut TantivyDocument, document: &Document) -> Result<(), SearchError> {
    let letter = &document.letter;
    let text = |field: &Option<Field<String>>| field.as_ref().map(|field| field.value.clone());
    let header = Header {
        source: document.source.name.clone(),
        number: text(&letter.number),
        date: letter.date.as_ref().map(|date| date.value.to_string()),
        hijri_date: text(&letter.hijri_date),
        from: text(&letter.from),
        to: letter.to.iter().map(|to| to.value.clone()).collect(),
        subject: text(&letter.subject),
    };
    record.add_text(fields.own, join(own_terms(letter)));
    let to = header.to.join(" ");
    let texts = [(FieldName::From, &header.from), (FieldName::To, &Some(to)), (FieldName::Subject, &header.subject)];
    for (name, text) in texts {
        if let (Some((field, place)), Some(text)) = (fields.of_words(name), text) {
            record.add_text(field, field_terms(text));
            record.add_text(fields.pairs, join(field_pairs(place, text)));
        }
    }
    if let Some(date) = &letter.date {
        record.add_i64(fields.day, day_number(date.value));
    }
    add_values(fields, record, document);
    let header = serde_json::to_string(&header).map_err(std::io::Error::from)?;
    record.add_text(fields.header, header);
    Ok(())
}

/// Adds what filters, counts and completions go by.
fn add_values(fields: &Fields, record: &mut TantivyDocument, document: &Document) {
    let letter = &document.letter;
    let values = [
        (fields.organisation, document.organisation.clone()),
        (fields.secrecy, letter.secrecy.as_ref().map(|secrecy| search_key(&secrecy.value))),
        (fields.kind, letter.kind.as_ref().map(|kind| kind.value.as_str().to_owned())),
        (fields.body, letter.from.as_ref().map(|from| from.value.clone())),
    ];
    for (field, value) in values {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            record.add_text(field, value);
        }
    }
    let completed =
        [(Completed::Number, &letter.number), (Completed::Body, &letter.from), (Completed::Subject, &letter.subject)];
    for (kind, value) in completed {
        let terms = value.iter().flat_map(|value| completion_terms(kind, &value.value));
        terms.for_each(|term| record.add_text(fields.complete, term));
    }
}

/// Returns the terms of the letter's own number and dates.
fn own_terms(letter: &Letter) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    if let Some(number) = letter.number.as_ref().and_then(|number| whole_number(&number.value)) {
        terms.extend(serial_term(&number));
        terms.extend(number.terms());
    }
    let dates = [
        letter.date.as_ref().map(|date| date.value.to_string()),
        letter.hijri_date.as_ref().map(|date| date.value.clone()),
    ];
    for mark in dates.iter().flatten().flat_map(|date| find_marks(date)) {
        let dates = mark.readings.iter().filter(|reading| matches!(reading, Reading::Date(_)));
        terms.extend(dates.flat_map(Reading::terms));
    }
    terms
}
