//! Fields that people set right: they win over every reading, and every one stays on record with who set it, when, and what stood there.

use super::failure::ArchiveError;
use super::parts;
use super::store::Store;
use crate::catalogue::{CatalogueError, CorrectionRow, CutRow};
use crate::extract::typed;
use crate::model::{
    Confidence, ContentHash, DocumentId, Evidence, Field, FieldSource, Kind, Letter, PageNumber, PixelBox, Received,
    Reference, Signatory,
};
use crate::search::SearchIndex;
use jiff::Timestamp;

/// Names of the fields that can be set.
pub const FIELDS: [&str; 16] = [
    "kind",
    "number",
    "date",
    "hijri_date",
    "from",
    "to",
    "subject",
    "references",
    "copies_to",
    "signatory.name",
    "signatory.title",
    "attachments",
    "secrecy",
    "received.number",
    "received.date",
    "received",
];

/// A correction, a cut or a join that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CorrectError {
    /// No field of this name.
    #[error("there is no field {0:?}: give one of {fields}", fields = FIELDS.join(", "))]
    Field(String),
    /// More values than the field holds.
    #[error("{field} holds one value, {given} were given")]
    TooMany {
        /// The field.
        field: String,
        /// How many were given.
        given: usize,
    },
    /// A value of the wrong form.
    #[error("{value:?} is no value for {field}: {wanted}")]
    Value {
        /// The field.
        field: String,
        /// The value.
        value: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// No such document.
    #[error("there is no document {0}")]
    Document(DocumentId),
    /// A page on which nothing can begin.
    #[error("document {id} has pages 1 to {pages}: a second letter can begin on pages 2 to {pages}")]
    Page {
        /// The document.
        id: DocumentId,
        /// How many pages it has.
        pages: u32,
    },
    /// Documents that do not stand side by side.
    #[error("{0} and {1} do not follow each other in one file: only such letters can be joined")]
    Apart(DocumentId, DocumentId),
    /// The archive cannot be used.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl From<CatalogueError> for CorrectError {
    fn from(error: CatalogueError) -> Self {
        Self::Archive(error.into())
    }
}

/// Returns the corrections of the letter on these pages of the original, those made for another letter on them first.
pub fn of_pages(corrections: &[CorrectionRow], (first, last): (u32, u32)) -> impl Iterator<Item = &CorrectionRow> {
    let inside = move |row: &&CorrectionRow| (first..=last).contains(&row.first_page);
    let joined = corrections.iter().filter(inside).filter(move |row| row.first_page != first);
    joined.chain(corrections.iter().filter(move |row| row.first_page == first))
}

/// Sets a field of a letter to these values; to none to clear it.
///
/// # Errors
/// [`CorrectError`] when there is no such field, or it cannot hold the values.
pub fn apply(letter: &mut Letter, field: &str, values: &[String]) -> Result<(), CorrectError> {
    let one = || match values {
        [] => Ok(None),
        [only] => Ok(Some(only.trim().to_owned())),
        _ => Err(CorrectError::TooMany { field: field.to_owned(), given: values.len() }),
    };
    let wrong = |value: &str, wanted| CorrectError::Value { field: field.to_owned(), value: value.to_owned(), wanted };
    let day = |value: &str| typed::day(value).ok_or_else(|| wrong(value, "a day such as 2014-03-12"));
    let texts = || values.iter().map(|value| set(value.trim().to_owned(), value)).collect();
    let text = || Ok::<_, CorrectError>(one()?.map(|value| set(value.clone(), &value)));
    match field {
        "kind" => {
            let known = |value: &str| Kind::ALL.into_iter().find(|kind| kind.as_str() == value);
            let kind = |value: String| {
                let kind =
                    known(&value).ok_or_else(|| wrong(&value, "letter, memo, circular, order, minutes or other"));
                Ok::<_, CorrectError>(set(kind?, &value))
            };
            letter.kind = one()?.map(kind).transpose()?;
        }
        "number" => letter.number = one()?.map(|value| set(typed::number(&value), &value)),
        "date" => letter.date = one()?.map(|value| Ok::<_, CorrectError>(set(day(&value)?, &value))).transpose()?,
        "hijri_date" => {
            let hijri = |value: String| {
                let day = typed::hijri_day(&value).ok_or_else(|| wrong(&value, "a Hijri day such as 1435-05-10"))?;
                Ok::<_, CorrectError>(set(day, &value))
            };
            letter.hijri_date = one()?.map(hijri).transpose()?;
        }
        "from" => letter.from = text()?,
        "to" => letter.to = texts(),
        "subject" => letter.subject = text()?,
        "references" => letter.references = values.iter().map(|value| set(reference(value), value)).collect(),
        "copies_to" => letter.copies_to = texts(),
        "attachments" => letter.attachments = texts(),
        "secrecy" => letter.secrecy = text()?,
        "signatory.name" | "signatory.title" => {
            let value = one()?;
            let before = letter.signatory.take().map(|field| field.value).unwrap_or_default();
            let signatory = match field {
                "signatory.name" => Signatory { name: value.clone(), title: before.title, unread: None },
                _ => Signatory { title: value.clone(), ..before },
            };
            let is_empty = signatory.name.is_none() && signatory.title.is_none();
            letter.signatory = (!is_empty).then(|| set(signatory, &value.unwrap_or_default()));
        }
        "received" | "received.number" | "received.date" => {
            let value = one()?;
            let before = letter.received.take().map(|field| field.value).unwrap_or_default();
            let received = match (field, value.as_deref()) {
                ("received", None) => Received::default(),
                ("received", Some(value)) => {
                    let Reference { number, date, .. } = reference(value);
                    Received { number: Some(number), date }
                }
                ("received.number", value) => Received { number: value.map(typed::number), ..before },
                (_, value) => Received { date: value.map(day).transpose()?, ..before },
            };
            let is_empty = received == Received::default();
            letter.received = (!is_empty).then(|| set(received, &value.unwrap_or_default()));
        }
        _ => return Err(CorrectError::Field(field.to_owned())),
    }
    Ok(())
}

/// Returns number and date of a letter typed as `12/345 2014-03-12`; the date may be missing.
fn reference(value: &str) -> Reference {
    let dated = value.trim().rsplit_once(char::is_whitespace);
    let dated = dated.and_then(|(number, date)| Some((number, typed::day(date)?)));
    let (number, date) = dated.map_or((value, None), |(number, date)| (number, Some(date)));
    Reference { number: typed::number(number), date, ..Reference::default() }
}

fn set<T>(value: T, written: &str) -> Field<T> {
    let evidence = Evidence {
        written: written.to_owned(),
        page: PageNumber(1),
        bounds: PixelBox::default(),
        confidence: Confidence::new(1.0),
        source: FieldSource::Clerk,
        filled_in: false,
    };
    Field { value, evidence: vec![evidence] }
}

/// Returns the values that a field has, as they would be typed.
pub fn values_of(letter: &Letter, field: &str) -> Vec<String> {
    fn texts(fields: &[Field<String>]) -> Vec<String> {
        fields.iter().map(|field| field.value.clone()).collect()
    }
    let pair = |number: Option<&str>, date: Option<jiff::civil::Date>| {
        let date = date.map(|date| date.to_string());
        [number, date.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    let signatory = letter.signatory.as_ref().map(|field| &field.value);
    let received = letter.received.as_ref().map(|field| &field.value);
    match field {
        "kind" => letter.kind.iter().map(|kind| kind.value.as_str().to_owned()).collect(),
        "number" => texts(letter.number.as_slice()),
        "date" => letter.date.iter().map(|date| date.value.to_string()).collect(),
        "hijri_date" => texts(letter.hijri_date.as_slice()),
        "from" => texts(letter.from.as_slice()),
        "to" => texts(&letter.to),
        "subject" => texts(letter.subject.as_slice()),
        "references" => {
            letter.references.iter().map(|field| pair(Some(&field.value.number), field.value.date)).collect()
        }
        "copies_to" => texts(&letter.copies_to),
        "attachments" => texts(&letter.attachments),
        "secrecy" => texts(letter.secrecy.as_slice()),
        "signatory.name" => signatory.and_then(|who| who.name.clone()).into_iter().collect(),
        "signatory.title" => signatory.and_then(|who| who.title.clone()).into_iter().collect(),
        "received" => received.map(|on| pair(on.number.as_deref(), on.date)).into_iter().collect(),
        "received.number" => received.and_then(|on| on.number.clone()).into_iter().collect(),
        "received.date" => received.and_then(|on| on.date).map(|date| date.to_string()).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Sets a field of a document right, for good, and makes it searchable so.
///
/// # Errors
/// [`CorrectError`] when the document or the field does not exist or cannot hold the values.
pub fn correct(
    store: &Store,
    index: &dyn SearchIndex,
    id: &DocumentId,
    field: &str,
    values: &[String],
    by: &str,
) -> Result<(), CorrectError> {
    let document = store.document(id)?.ok_or(CorrectError::Document(*id))?;
    apply(&mut document.letter.clone(), field, values)?;
    store.catalogue.correct(&CorrectionRow {
        original: id.original,
        first_page: document.source.pages.0,
        field: field.to_owned(),
        old: values_of(&document.letter, field),
        new: values.to_vec(),
        by: by.to_owned(),
        at: Timestamp::now(),
    })?;
    parts::refile(store, index, &id.original)?;
    Ok(())
}

/// Returns what people set right in a document, the oldest first.
///
/// # Errors
/// [`CorrectError`] when there is no such document or the catalogue cannot be read.
pub fn history(store: &Store, id: &DocumentId) -> Result<Vec<CorrectionRow>, CorrectError> {
    let row = store.catalogue.document(id)?.ok_or(CorrectError::Document(*id))?;
    let (first, last) = row.source.pages;
    let all = store.catalogue.corrections(&id.original)?;
    Ok(all.into_iter().filter(|row| (first..=last).contains(&row.first_page)).collect())
}

/// Parts a document: a further letter begins on `page` of it, from 2. Returns the documents of the file since.
///
/// # Errors
/// [`CorrectError`] when the document has no such page.
pub fn split(
    store: &Store,
    index: &dyn SearchIndex,
    id: &DocumentId,
    page: u32,
    by: &str,
) -> Result<Vec<DocumentId>, CorrectError> {
    let row = store.catalogue.document(id)?.ok_or(CorrectError::Document(*id))?;
    let (first, last) = row.source.pages;
    let pages = last - first + 1;
    if page < 2 || page > pages {
        return Err(CorrectError::Page { id: *id, pages });
    }
    cut(store, &id.original, first + page - 1, true, by)?;
    Ok(parts::refile(store, index, &id.original)?)
}

/// Joins two letters that follow each other in one file. Returns the documents of the file since.
///
/// # Errors
/// [`CorrectError`] when they do not follow each other.
pub fn join(
    store: &Store,
    index: &dyn SearchIndex,
    ids: [&DocumentId; 2],
    by: &str,
) -> Result<Vec<DocumentId>, CorrectError> {
    let [a, b] = ids;
    let pages = |id: &DocumentId| -> Result<(u32, u32), CorrectError> {
        Ok(store.catalogue.document(id)?.ok_or(CorrectError::Document(*id))?.source.pages)
    };
    let (of_a, of_b) = (pages(a)?, pages(b)?);
    let second = if of_a.0 < of_b.0 { of_b } else { of_a };
    let first = if of_a.0 < of_b.0 { of_a } else { of_b };
    if a.original != b.original || first.1 + 1 != second.0 {
        return Err(CorrectError::Apart(*a, *b));
    }
    cut(store, &a.original, second.0, false, by)?;
    Ok(parts::refile(store, index, &a.original)?)
}

fn cut(store: &Store, original: &ContentHash, page: u32, begins: bool, by: &str) -> Result<(), CorrectError> {
    let cut = CutRow { original: *original, page, begins, by: by.to_owned(), at: Timestamp::now() };
    Ok(store.catalogue.cut(&cut)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(field: &str, values: &[&str], want: &[&str]) {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let mut letter = Letter::default();
        apply(&mut letter, field, &values).unwrap();
        assert_eq!(values_of(&letter, field), want, "{field}");
        apply(&mut letter, field, &[]).unwrap();
        assert_eq!(letter, Letter::default(), "{field} cleared");
    }

    #[test]
    fn every_field_takes_a_value_and_gives_it_up() {
        for field in FIELDS {
            let (value, want) = match field {
                "kind" => ("memo", "memo"),
                "number" | "received.number" => ("م.ع / ١٢ / ٣٤٥", "م.ع/12/345"),
                "date" | "received.date" => ("١٢/٣/٢٠١٤", "2014-03-12"),
                "hijri_date" => ("1435-05-10", "1435-05-10"),
                "references" | "received" => ("١٢ / ٣٤٥ 2014-03-12", "12/345 2014-03-12"),
                _ => ("وزارة المالية", "وزارة المالية"),
            };
            check(field, &[value], &[want]);
        }
        check("to", &["وزارة المالية", "أمانة بغداد"], &["وزارة المالية", "أمانة بغداد"]);
    }

    #[test]
    fn what_a_field_cannot_hold_is_refused_with_what_it_can() {
        let refused = |field: &str, values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            apply(&mut Letter::default(), field, &values).unwrap_err().to_string()
        };
        assert!(refused("date", &["31/4/2014"]).contains("2014-03-12"));
        assert!(refused("kind", &["كتاب"]).contains("minutes"));
        assert!(refused("number", &["1", "2"]).contains("one value"));
        assert!(refused("sender", &["x"]).contains("signatory.name"));
    }

    #[test]
    fn a_letter_keeps_its_corrections_wherever_its_pages_go() {
        let original = ContentHash::of(b"batch");
        let row = |first_page, new: &str| CorrectionRow {
            original,
            first_page,
            field: "number".to_owned(),
            old: Vec::new(),
            new: vec![new.to_owned()],
            by: "سعاد".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        let all = [row(1, "1"), row(3, "3"), row(5, "5")];
        let of = |pages| of_pages(&all, pages).map(|row| row.new[0].clone()).collect::<Vec<_>>();
        assert_eq!(of((3, 4)), ["3"]);
        assert_eq!(of((1, 4)), ["3", "1"], "of a joined letter the first part's counts");
        assert_eq!(of((6, 9)), Vec::<String>::new());
    }
}
