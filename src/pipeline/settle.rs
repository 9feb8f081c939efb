//! Settles what was read with doubt by what other letters of the archive say: a letter with its citations in, its number, its date and the
//! letters that it cites out.
//!
//! Nothing of this is stored: it is found whenever a letter is opened, so that every letter taken in and every correction counts at once.

use super::failure::ArchiveError;
use super::store::Store;
use super::threads::resolve;
use crate::archive::record;
use crate::catalogue::{CitationRow, LetterKey, LetterRow};
use crate::model::{
    Confidence, DocumentId, Evidence, Field, FieldSource, Letter, LetterDate, PageNumber, PixelBox, Reading, Reference,
};
use crate::thread::consensus::{self, Others};
use crate::thread::key::slip;
use crate::thread::likeness::likeness;
use crate::thread::{Citation, Witness, number_key};
use jiff::ToSpan;
use std::collections::BTreeSet;

/// Fills in which letters of the archive those cited are, and what the letters of the archive say of numbers that were read with doubt.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be read.
pub fn link(store: &Store, document: DocumentId, letter: &mut Letter) -> Result<(), ArchiveError> {
    let on = letter.date.as_ref().map(|field| field.value);
    let subject = letter.subject.as_ref().map(|field| field.value.clone());
    for field in &mut letter.references {
        let cited = &mut field.value;
        let mut keys: Vec<String> = number_key(&cited.number).into_iter().collect();
        keys.extend(cited.may_be.iter().filter_map(|reading| number_key(&reading.text)));
        for key in &keys {
            let (date, issuer) = (cited.date, cited.issuer.as_deref());
            let citation = Citation { by: document, number: key, date, issuer, on, subject: subject.as_deref() };
            cited.document = resolve(store, &citation)?;
            if cited.document.is_some() {
                break;
            }
        }
        if let Some(target) = cited.document
            && let Some(number) = number_of(store, &target)?
        {
            // What was read stays in the evidence.
            cited.number = number;
        }
    }
    letter.references.retain(|field| field.value.document.is_some() || is_sure(&field.value));
    let by_clerk = |place: &Evidence| place.source == FieldSource::Clerk;
    if letter.number.as_ref().is_none_or(|number| !number.evidence.iter().any(by_clerk)) {
        if letter.number.is_none() && letter.date.is_none() {
            as_claimed(store, document, letter)?;
        }
        agree(store, document, letter)?;
        date_as_cited(store, document, letter)?;
    }
    Ok(())
}

/// Returns the letter that a citation means among those of which neither number nor date was read: the only one of that issuer in that
/// matter, if no other number is cited of them.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be read.
pub(super) fn unread(store: &Store, citation: &Citation<'_>) -> Result<Option<DocumentId>, ArchiveError> {
    let (Some(issuer), Some(subject)) = (citation.issuer, citation.subject) else { return Ok(None) };
    let mut meant = Vec::new();
    for letter in store.catalogue.unread_letters()? {
        let agrees = letter.document != citation.by
            && letter
                .issuer
                .as_deref()
                .is_some_and(|own| likeness(&store.bodies().canonical(own), issuer) >= SAME_UNREAD)
            && letter.subject.as_deref().is_some_and(|own| likeness(own, subject) >= SAME);
        if agrees {
            meant.push(letter);
        }
    }
    let [letter] = meant.as_slice() else { return Ok(None) };
    let claims = claims(store, letter)?;
    let is_only = claims.iter().all(|claim| claim.number_key == citation.number);
    Ok((is_only && !claims.is_empty()).then_some(letter.document))
}

/// Returns the citations that may mean a letter of which neither number nor date was read.
fn claims(store: &Store, letter: &LetterKey) -> Result<Vec<CitationRow>, ArchiveError> {
    let (Some(issuer), Some(subject)) = (&letter.issuer, &letter.subject) else { return Ok(Vec::new()) };
    let issuer = store.bodies().canonical(issuer);
    let mut claims = Vec::new();
    for row in store.catalogue.citations()? {
        let of_issuer = row.document != letter.document
            && row
                .issuer
                .as_deref()
                .is_some_and(|other| likeness(&issuer, &store.bodies().canonical(other)) >= SAME_UNREAD);
        if !of_issuer {
            continue;
        }
        let Some(citing) = store.catalogue.document(&row.document)? else { continue };
        if citing.letter.subject.as_deref().is_some_and(|other| likeness(subject, other) >= SAME)
            && !is_read(store, &row)?
        {
            claims.push(row);
        }
    }
    Ok(claims)
}

/// Says whether a letter of the number cited is in the archive.
fn is_read(store: &Store, row: &CitationRow) -> Result<bool, ArchiveError> {
    let letters = store.catalogue.letters_like(&row.number_key, row.date)?;
    Ok(letters
        .iter()
        .any(|letter| letter.number_key.as_deref().is_none_or(|number| slip(number, &row.number_key).is_some())))
}

/// Sets number and date of a letter on which neither was read to those by which alone it can be cited.
fn as_claimed(store: &Store, document: DocumentId, letter: &mut Letter) -> Result<(), ArchiveError> {
    let Some(unread) = store.catalogue.unread_letters()?.into_iter().find(|unread| unread.document == document) else {
        return Ok(());
    };
    let claims = claims(store, &unread)?;
    let Some(first) = claims.first().filter(|first| claims.iter().all(|claim| claim.number_key == first.number_key))
    else {
        return Ok(());
    };
    let rivals = store.catalogue.unread_letters()?.into_iter().filter(|other| other.document != document);
    let is_rival = |other: &LetterKey| {
        let alike = |own: &Option<String>, other: &Option<String>, least| {
            own.as_deref().zip(other.as_deref()).is_some_and(|(own, other)| likeness(own, other) >= least)
        };
        alike(&unread.issuer, &other.issuer, SAME_UNREAD) && alike(&unread.subject, &other.subject, SAME)
    };
    if rivals.into_iter().any(|other| is_rival(&other)) {
        return Ok(());
    }
    letter.number = Some(Field { value: first.number.clone(), evidence: vec![as_cited(&first.number)] });
    let dates: BTreeSet<LetterDate> = claims.iter().filter_map(|claim| claim.date).collect();
    if let (Some(date), 1) = (dates.first(), dates.len()) {
        letter.date = Some(Field { value: *date, evidence: vec![as_cited(&date.to_string())] });
    }
    Ok(())
}

/// Names more alike than this are of one issuer where nothing else was read.
const SAME_UNREAD: f32 = 0.6;

/// A citation whose number has a smaller share of its readings counts only if its letter is found.
const SURE_CITATION: f32 = 0.3;
/// So does one of whose readings so few are a number.
const LEAST_SURE: f32 = 0.02;

fn is_sure(cited: &Reference) -> bool {
    let own = cited.may_be.iter().find(|reading| reading.text == cited.number);
    let all: f32 = cited.may_be.iter().map(|reading| reading.probability.get()).sum();
    let is_likeliest = own.is_some_and(|reading| reading.probability.get() >= SURE_CITATION * all);
    cited.may_be.is_empty() || is_likeliest && all >= LEAST_SURE
}

/// Sets a letter's number to what the letters that cite it, and the numbers of its office, make of what was read.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be read.
pub(super) fn agree(store: &Store, document: DocumentId, letter: &mut Letter) -> Result<(), ArchiveError> {
    let own = Witness::new(letter.number.as_ref().map(|number| number.value.as_str()), &letter.number_may_be);
    let (cited, office) = witnesses(store, document, letter, &own)?;
    let is_doubted = !letter.number_may_be.is_empty() || letter.number.is_none();
    if cited.is_empty() && (office.is_empty() || !is_doubted) {
        return Ok(());
    }
    let others = Others { office, codes: store.codes()?.clone() };
    let Some(agreed) = consensus::number(&own, &cited, &others) else { return Ok(()) };
    match &mut letter.number {
        Some(number) if number_key(&number.value) != number_key(&agreed) => number.value = agreed,
        Some(_) => {}
        None => letter.number = Some(Field { evidence: vec![as_cited(&agreed)], value: agreed }),
    }
    Ok(())
}

/// Evidence of a value that stands in other letters alone.
fn as_cited(written: &str) -> Evidence {
    Evidence {
        written: written.to_owned(),
        page: PageNumber(1),
        bounds: PixelBox::default(),
        confidence: Confidence::new(CITED),
        source: FieldSource::Read,
    }
}

/// A number whose likeliest reading is less likely may be any other.
pub(super) const DOUBTED_BELOW: f32 = 0.5;
/// Confidence in what only other letters say of a letter.
const CITED: f32 = 0.5;

/// Sets the date of a letter on which none was read to the one by which all letters that cite its number cite it.
fn date_as_cited(store: &Store, document: DocumentId, letter: &mut Letter) -> Result<(), ArchiveError> {
    let number = letter.number.as_ref().filter(|_| letter.date.is_none()).map(|number| &number.value);
    let Some(key) = number.and_then(|number| number_key(number)) else { return Ok(()) };
    let issuer = letter.from.as_ref().map(|from| store.bodies().canonical(&from.value));
    let mut dates = BTreeSet::new();
    for row in store.catalogue.citations_like(&key, None)?.into_iter().filter(|row| row.document != document) {
        let agrees = issuer
            .as_ref()
            .zip(row.issuer.as_ref())
            .is_some_and(|(own, other)| likeness(own, &store.bodies().canonical(other)) >= SAME);
        dates.extend(row.date.filter(|_| agrees && row.number_key == key));
    }
    if let (Some(date), 1) = (dates.first(), dates.len()) {
        letter.date = Some(Field { value: *date, evidence: vec![as_cited(&date.to_string())] });
    }
    Ok(())
}

/// Returns what the letters that cite a letter say of its number, and the numbers of other letters of its office.
fn witnesses(
    store: &Store,
    document: DocumentId,
    letter: &Letter,
    own: &Witness,
) -> Result<(Vec<Witness>, Vec<String>), ArchiveError> {
    let Some(date) = letter.date.as_ref().map(|date| date.value) else { return Ok((Vec::new(), Vec::new())) };
    let issuer = letter.from.as_ref().map(|from| store.bodies().canonical(&from.value));
    let subject = letter.subject.as_ref().map(|subject| subject.value.as_str());
    let mut cited = Vec::new();
    for row in store.catalogue.citations_like("", Some(date))? {
        if row.document == document {
            continue;
        }
        let agrees = match (&issuer, row.issuer.as_deref().map(|issuer| store.bodies().canonical(issuer))) {
            (Some(own), Some(other)) => Some(likeness(own, &other)),
            _ => None,
        };
        if agrees.is_some_and(|agrees| agrees < OTHER_ISSUER) {
            continue;
        }
        let Some(citing) = store.catalogue.document(&row.document)? else { continue };
        let witness = Witness::new(Some(&row.number), &may_be(&citing.letter, &row.number)?);
        let same_matter = || {
            let other = citing.letter.subject.as_deref();
            subject.zip(other).is_some_and(|(own, other)| likeness(own, other) >= SAME)
        };
        let speaks = if own.is_silent() {
            agrees.is_some_and(|agrees| agrees >= SAME) && same_matter()
        } else {
            own.can_mean(&witness)
        };
        if speaks {
            cited.push(witness);
        }
    }
    let mut office = Vec::new();
    if let Some(issuer) = letter.from.as_ref().filter(|_| !letter.number_may_be.is_empty()) {
        let (from, until) = (date.saturating_sub(REGISTER_DAYS.days()), date.saturating_add(REGISTER_DAYS.days()));
        office = store.catalogue.numbers_of(&issuer.value, (from, until), &document)?;
        let own = letter.references.iter().map(|field| &field.value);
        office.extend(
            own.filter(|cited| cited.issuer.as_deref() == Some(issuer.value.as_str()) && cited.document.is_none())
                .map(|cited| cited.number.clone()),
        );
    }
    Ok((cited, office))
}

/// Names less alike than this are two issuers; names and subjects more alike than the second are one.
const OTHER_ISSUER: f32 = 0.4;
const SAME: f32 = 0.7;
/// Days before and after a letter within which its office numbers letters in the same form.
const REGISTER_DAYS: i64 = 180;

/// Returns what the number of a citation may be.
fn may_be(citing: &LetterRow, number: &str) -> Result<Vec<Reading>, ArchiveError> {
    let letter = record::decode_letter(&citing.record)
        .map_err(|source| ArchiveError::Record { what: "letter that cites another".to_owned(), source })?;
    let mut cited = letter.references.into_iter().map(|field| field.value);
    Ok(cited.find(|cited| cited.number == number).map(|cited| cited.may_be).unwrap_or_default())
}

/// Returns the number of a letter as its citations have it.
fn number_of(store: &Store, id: &DocumentId) -> Result<Option<String>, ArchiveError> {
    let Some(row) = store.catalogue.document(id)? else { return Ok(None) };
    let mut letter = record::decode_letter(&row.letter.record)
        .map_err(|source| ArchiveError::Record { what: format!("letter of {id}"), source })?;
    let by_clerk = |place: &Evidence| place.source == FieldSource::Clerk;
    if letter.number.as_ref().is_none_or(|number| !number.evidence.iter().any(by_clerk)) {
        agree(store, *id, &mut letter)?;
    }
    Ok(letter.number.map(|number| number.value))
}
