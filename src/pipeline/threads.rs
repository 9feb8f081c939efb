//! Joins letters to the letters they cite: an archive in, threads with their dates and reply times out.
//!
//! Which letter a citation means is found whenever it is asked, by number, date and issuing body. So it does not matter in which
//! order letters were taken in, and a correction mends every thread it touches.

use super::doubt;
use super::failure::ArchiveError;
use super::store::Store;
use crate::archive::record;
use crate::catalogue::{CitationRow, LetterKey, LetterRow};
use crate::model::{
    Confidence, Document, DocumentId, Evidence, Field, FieldSource, Letter, LetterDate, PageNumber, PixelBox, Reading,
    Reference,
};
use crate::thread::consensus::{self, Others};
use crate::thread::likeness::{Sketch, likeness};
use crate::thread::{self, Candidate, Citation, Witness, number_key};
use jiff::ToSpan;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Letters that a thread shows at most: a circular that all cite would bring in half the archive.
const MOST_LETTERS: usize = 300;

/// Letters that cite each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thread {
    /// The letters, by date; those never received among them.
    pub letters: Vec<Member>,
    /// Who cites whom.
    pub edges: Vec<Edge>,
    /// Whether letters were left out, since there are too many.
    pub is_cut_off: bool,
}

/// A letter of a thread.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Member {
    /// The document; `None` for a letter that is cited and is not in the archive.
    pub document: Option<DocumentId>,
    /// Name of the file it came from.
    pub source: Option<String>,
    /// What is known of it.
    pub facts: Facts,
    /// How many letters of the archive cite it.
    pub cited: usize,
    /// The same letter, scanned again or held by another body.
    pub copies: Vec<DocumentId>,
}

/// What a thread says of a letter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Its number.
    pub number: Option<String>,
    /// Its date.
    pub date: Option<LetterDate>,
    /// Who wrote it.
    pub from: Option<String>,
    /// To whom.
    pub to: Vec<String>,
    /// What it is about.
    pub subject: Option<String>,
}

/// One letter cites another.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The letter that cites.
    pub citing: DocumentId,
    /// The letter cited, where the archive holds it.
    pub cited: Option<DocumentId>,
    /// Its number as cited.
    pub number: String,
    /// Its date as cited.
    pub date: Option<LetterDate>,
    /// Days between the letter cited and the one that cites: the time the answer took.
    pub days: Option<i32>,
}

/// A letter that was cited and never received.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// Its number.
    pub number: String,
    /// Its date.
    pub date: Option<LetterDate>,
    /// Who wrote it, where a citation says so.
    pub issuer: Option<String>,
    /// The letters that cite it.
    pub cited_by: Vec<DocumentId>,
}

/// Returns what the catalogue keeps of a letter to look it up by.
///
/// # Errors
/// [`ArchiveError::Record`] when the letter has no record.
pub fn letter_row(document: &Document) -> Result<LetterRow, ArchiveError> {
    let letter = &document.letter;
    let record = record::encode_letter(letter)
        .map_err(|source| ArchiveError::Record { what: format!("letter of {}", document.id), source })?;
    let number = letter.number.as_ref().map(|field| field.value.clone());
    let cited = letter.references.iter().map(|field| &field.value);
    let text: String = document.pages.iter().map(|page| page.text() + "\n").collect();
    Ok(LetterRow {
        record,
        number_key: number.as_deref().and_then(number_key),
        number,
        date: letter.date.as_ref().map(|field| field.value),
        issuer: letter.from.as_ref().map(|field| field.value.clone()),
        subject: letter.subject.as_ref().map(|field| field.value.clone()),
        sketch: Sketch::of(&text).map(|sketch| sketch.written()),
        secrecy: letter.secrecy.as_ref().map(|field| field.value.clone()),
        doubt: doubt::of(document),
        citations: cited
            .filter_map(|cited| {
                Some(CitationRow {
                    document: document.id,
                    number: cited.number.clone(),
                    number_key: number_key(&cited.number)?,
                    date: cited.date,
                    issuer: cited.issuer.clone(),
                })
            })
            .collect(),
    })
}

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
        agree(store, document, letter)?;
        date_as_cited(store, document, letter)?;
    }
    Ok(())
}

/// A citation whose number has a smaller share of its readings counts only if its letter is found.
const SURE_CITATION: f32 = 0.3;

fn is_sure(cited: &Reference) -> bool {
    let own = cited.may_be.iter().find(|reading| reading.text == cited.number);
    let all: f32 = cited.may_be.iter().map(|reading| reading.probability.get()).sum();
    cited.may_be.is_empty() || own.is_some_and(|reading| reading.probability.get() >= SURE_CITATION * all)
}

/// Sets a letter's number to what the letters that cite it, and the numbers of its office, make of what was read.
fn agree(store: &Store, document: DocumentId, letter: &mut Letter) -> Result<(), ArchiveError> {
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
const DOUBTED_BELOW: f32 = 0.5;
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

fn resolve(store: &Store, citation: &Citation<'_>) -> Result<Option<DocumentId>, ArchiveError> {
    let letters = store.catalogue.letters_like(citation.number, citation.date)?;
    let issuer = citation.issuer.map(|issuer| store.bodies().canonical(issuer));
    let citation = Citation { issuer: issuer.as_deref(), ..*citation };
    let mut candidates = Vec::with_capacity(letters.len());
    for letter in letters {
        let mut candidate = candidate(store, letter);
        if candidate.number.as_deref() != Some(citation.number)
            && let Some(row) = store.catalogue.document(&candidate.document)?
        {
            let mut letter = record::decode_letter(&row.letter.record)
                .map_err(|source| ArchiveError::Record { what: format!("letter of {}", candidate.document), source })?;
            candidate.may_be = letter.number_may_be.iter().filter_map(|reading| number_key(&reading.text)).collect();
            let likeliest = letter.number_may_be.first();
            candidate.is_doubted = likeliest.is_some_and(|reading| reading.probability.get() < DOUBTED_BELOW);
            agree(store, candidate.document, &mut letter)?;
            candidate.may_be.extend(letter.number.and_then(|number| number_key(&number.value)));
        }
        candidates.push(candidate);
    }
    Ok(thread::resolve(&citation, &candidates))
}

/// A body that changed its name is one body: names are compared as the list of bodies has them.
fn candidate(store: &Store, letter: LetterKey) -> Candidate {
    Candidate {
        document: letter.document,
        number: letter.number_key,
        may_be: Vec::new(),
        is_doubted: false,
        date: letter.date,
        issuer: letter.issuer.map(|issuer| store.bodies().canonical(&issuer)),
        subject: letter.subject,
        sketch: letter.sketch.as_deref().and_then(Sketch::parse),
    }
}

/// Returns the same letter wherever else it is in the archive: scanned again, or held as a copy by another body.
///
/// # Errors
/// [`ArchiveError`] when the catalogue cannot be read.
pub fn copies(store: &Store, id: &DocumentId) -> Result<Vec<DocumentId>, ArchiveError> {
    let Some(row) = store.catalogue.document(id)? else { return Ok(Vec::new()) };
    let Some(key) = row.letter.number_key.clone() else { return Ok(Vec::new()) };
    let own = Candidate {
        document: *id,
        sketch: row.letter.sketch.as_deref().and_then(Sketch::parse),
        number: row.letter.number_key,
        may_be: Vec::new(),
        is_doubted: false,
        date: row.letter.date,
        issuer: row.letter.issuer.map(|issuer| store.bodies().canonical(&issuer)),
        subject: row.letter.subject,
    };
    let others = store.catalogue.letters_like(&key, row.letter.date)?.into_iter();
    let others = others.map(|letter| candidate(store, letter));
    let same = others.filter(|other| other.document != *id && thread::same_letter(&own, other));
    Ok(same.map(|other| other.document).collect())
}

/// Returns the thread of a letter: what it cites, what cites it, and so on from those.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be read.
pub fn thread(store: &Store, id: DocumentId) -> Result<Thread, ArchiveError> {
    let mut found = Thread::default();
    let mut seen = BTreeSet::from([id]);
    let mut waiting = VecDeque::from([id]);
    let mut missing: BTreeMap<(String, Option<LetterDate>), Member> = BTreeMap::new();
    while let Some(id) = waiting.pop_front() {
        let Some(letter) = letter_of(store, &id)? else { continue };
        let copies = copies(store, &id)?;
        let mut neighbours: Vec<DocumentId> = copies.clone();
        for field in &letter.references {
            let cited = &field.value;
            neighbours.extend(cited.document);
            if cited.document.is_none() {
                let key = number_key(&cited.number).unwrap_or_else(|| cited.number.clone());
                let facts = Facts {
                    number: Some(cited.number.clone()),
                    date: cited.date,
                    from: cited.issuer.clone(),
                    ..Facts::default()
                };
                let member = || Member { facts, ..Member::default() };
                missing.entry((key, cited.date)).or_insert_with(member).cited += 1;
            }
            found.edges.push(Edge {
                citing: id,
                cited: cited.document,
                number: cited.number.clone(),
                date: cited.date,
                days: letter.date.as_ref().zip(cited.date).and_then(|(on, cited)| days_between(cited, on.value)),
            });
        }
        let citing = citing(store, &id, &letter)?;
        let source = store.catalogue.document(&id)?.map(|row| row.source.name);
        let facts = facts_of(&letter);
        found.letters.push(Member { document: Some(id), source, facts, cited: citing.len(), copies });
        for neighbour in neighbours.into_iter().chain(citing) {
            if seen.len() >= MOST_LETTERS {
                found.is_cut_off |= !seen.contains(&neighbour);
            } else if seen.insert(neighbour) {
                waiting.push_back(neighbour);
            }
        }
    }
    found.letters.extend(missing.into_values());
    found.letters.sort_by_key(|letter| (letter.facts.date, letter.document));
    let order: Vec<DocumentId> = found.letters.iter().filter_map(|letter| letter.document).collect();
    found.edges.sort_by_key(|edge| order.iter().position(|id| *id == edge.citing));
    Ok(found)
}

fn letter_of(store: &Store, id: &DocumentId) -> Result<Option<Letter>, ArchiveError> {
    let Some(row) = store.catalogue.document(id)? else { return Ok(None) };
    Ok(Some(store.letter(&row)?))
}

/// Returns the letters that cite a letter.
fn citing(store: &Store, id: &DocumentId, letter: &Letter) -> Result<Vec<DocumentId>, ArchiveError> {
    // A letter whose number was not read may be meant by its date all the same.
    let key = letter.number.as_ref().and_then(|number| number_key(&number.value)).unwrap_or_default();
    let date = letter.date.as_ref().map(|date| date.value);
    let mut citing = BTreeSet::new();
    for citation in store.catalogue.citations_like(&key, date)? {
        if !citing.contains(&citation.document) && meant(store, &citation)? == Some(*id) {
            citing.insert(citation.document);
        }
    }
    Ok(citing.into_iter().collect())
}

/// Returns the letter that a citation means.
fn meant(store: &Store, citation: &CitationRow) -> Result<Option<DocumentId>, ArchiveError> {
    let Some(citing) = store.catalogue.document(&citation.document)? else { return Ok(None) };
    let asked = Citation {
        by: citation.document,
        number: &citation.number_key,
        date: citation.date,
        issuer: citation.issuer.as_deref(),
        on: citing.letter.date,
        subject: citing.letter.subject.as_deref(),
    };
    resolve(store, &asked)
}

fn facts_of(letter: &Letter) -> Facts {
    Facts {
        number: letter.number.as_ref().map(|field| field.value.clone()),
        date: letter.date.as_ref().map(|field| field.value),
        from: letter.from.as_ref().map(|field| field.value.clone()),
        to: letter.to.iter().map(|field| field.value.clone()).collect(),
        subject: letter.subject.as_ref().map(|field| field.value.clone()),
    }
}

fn days_between(from: LetterDate, until: LetterDate) -> Option<i32> {
    from.until(until).ok().map(|span| span.get_days())
}

/// Returns the letters that were cited and never received, the most cited first.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be read.
pub fn missing(store: &Store) -> Result<Vec<Missing>, ArchiveError> {
    let mut found: BTreeMap<(String, Option<LetterDate>), Missing> = BTreeMap::new();
    for citation in store.catalogue.citations()? {
        if meant(store, &citation)?.is_some() {
            continue;
        }
        let letter = found.entry((citation.number_key, citation.date)).or_insert_with(|| Missing {
            number: citation.number,
            date: citation.date,
            issuer: None,
            cited_by: Vec::new(),
        });
        letter.issuer = letter.issuer.take().or(citation.issuer);
        letter.cited_by.push(citation.document);
    }
    let mut missing: Vec<Missing> = found.into_values().collect();
    missing.sort_by_key(|letter| std::cmp::Reverse(letter.cited_by.len()));
    Ok(missing)
}
