//! Joins letters to the letters they cite: an archive in, threads with their dates and reply times out.
//!
//! Which letter a citation means is found whenever it is asked, by number, date and issuing body. So it does not matter in which
//! order letters were taken in, and a correction mends every thread it touches.

use super::doubt;
use super::failure::ArchiveError;
use super::settle;
use super::store::Store;
use crate::archive::record;
use crate::catalogue::{CitationRow, LetterKey, LetterRow};
use crate::model::{Document, DocumentId, Evidence, Field, FieldSource, Letter, LetterDate, Signatory};
use crate::thread::key::slip;
use crate::thread::likeness::Sketch;
use crate::thread::{self, Candidate, Citation, number_key};
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
    /// Who wrote it, where the citation says so.
    pub issuer: Option<String>,
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

impl Thread {
    /// Returns what somebody may know of the thread of `start` who may know of the letters for which `seen` says yes: a hidden
    /// letter that one of these cites stands in it as one never received, and what only hidden letters join to it is left out.
    pub fn told(mut self, start: DocumentId, seen: impl Fn(&DocumentId) -> bool) -> Self {
        self.edges.retain(|edge| seen(&edge.citing));
        for edge in &mut self.edges {
            edge.cited = edge.cited.filter(&seen);
        }
        self.letters.retain(|letter| letter.document.as_ref().is_some_and(&seen));
        for letter in &mut self.letters {
            letter.copies.retain(&seen);
        }
        let reached = self.reached(start);
        let is_reached = |id: &DocumentId| reached.contains(id);
        self.edges.retain(|edge| is_reached(&edge.citing));
        self.letters.retain(|letter| letter.document.as_ref().is_some_and(is_reached));
        for letter in &mut self.letters {
            letter.cited =
                self.edges.iter().filter(|edge| edge.cited.is_some() && edge.cited == letter.document).count();
        }
        self.letters.extend(never_received(&self.edges));
        self.letters.sort_by_key(|letter| (letter.facts.date, letter.document));
        self
    }

    /// Returns the letters that are joined to `start` by what is left of the thread.
    fn reached(&self, start: DocumentId) -> BTreeSet<DocumentId> {
        let mut joined: BTreeMap<DocumentId, Vec<DocumentId>> = BTreeMap::new();
        let cited = self.edges.iter().filter_map(|edge| Some((edge.citing, edge.cited?)));
        let copies = self.letters.iter().filter_map(|letter| Some((letter.document?, &letter.copies)));
        let copies = copies.flat_map(|(id, copies)| copies.iter().map(move |copy| (id, *copy)));
        for (one, other) in cited.chain(copies) {
            joined.entry(one).or_default().push(other);
            joined.entry(other).or_default().push(one);
        }
        let mut reached = BTreeSet::from([start]);
        let mut waiting = VecDeque::from([start]);
        while let Some(id) = waiting.pop_front() {
            for other in joined.get(&id).into_iter().flatten() {
                if reached.insert(*other) {
                    waiting.push_back(*other);
                }
            }
        }
        reached
    }
}

/// Returns the letters that edges cite and that are not there, each once.
fn never_received(edges: &[Edge]) -> Vec<Member> {
    let mut missing: BTreeMap<(String, Option<LetterDate>), Member> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.cited.is_none()) {
        let key = number_key(&edge.number).unwrap_or_else(|| edge.number.clone());
        let facts =
            Facts { number: Some(edge.number.clone()), date: edge.date, from: edge.issuer.clone(), ..Facts::default() };
        let member = || Member { facts, ..Member::default() };
        missing.entry((key, edge.date)).or_insert_with(member).cited += 1;
    }
    missing.into_values().collect()
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
        signatory: letter.signatory.as_ref().and_then(known_signatory),
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

/// Names read with less confidence mend no others.
const SURE_NAME: f32 = 0.8;

fn known_signatory(field: &Field<Signatory>) -> Option<String> {
    let is_sure = |place: &Evidence| place.confidence.get() >= SURE_NAME || place.source == FieldSource::Clerk;
    field.value.name.clone().filter(|_| field.evidence.first().is_some_and(is_sure))
}

/// Returns the letter that a citation means, if the archive holds it.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be read.
pub(super) fn resolve(store: &Store, citation: &Citation<'_>) -> Result<Option<DocumentId>, ArchiveError> {
    let letters = store.catalogue.letters_like(citation.number, citation.date)?;
    let issuer = citation.issuer.map(|issuer| store.bodies().canonical(issuer));
    let citation = Citation { issuer: issuer.as_deref(), ..*citation };
    // What the others of that day may be, only their citations tell, and going through those takes long: it is asked only where no letter
    // is plainly the one.
    let plain = letters.iter().filter(|letter| is_plainly(store, letter, &citation)).cloned().collect();
    if let Some(found) = thread::resolve(&citation, &candidates(store, &citation, plain)?) {
        return Ok(Some(found));
    }
    if let Some(found) = thread::resolve(&citation, &candidates(store, &citation, letters)?) {
        return Ok(Some(found));
    }
    for date in citation.date.into_iter().flat_map(thread::dates_meant) {
        let letters = store.catalogue.letters_like(citation.number, Some(date))?;
        if let Some(found) = thread::resolve(&citation, &candidates(store, &citation, letters)?) {
            return Ok(Some(found));
        }
    }
    settle::undated(store, &citation)
}

/// Says whether a letter has the very number, date and issuer that are cited.
fn is_plainly(store: &Store, letter: &LetterKey, citation: &Citation<'_>) -> bool {
    letter.number_key.as_deref() == Some(citation.number)
        && citation.date.is_some()
        && letter.date == citation.date
        && (citation.issuer.zip(letter.issuer.as_deref()))
            .is_none_or(|(cited, own)| store.issuers_alike(cited, own) >= settle::SAME)
}

/// Returns letters with what they may be besides what was read of them.
pub(super) fn candidates(
    store: &Store,
    citation: &Citation<'_>,
    letters: Vec<LetterKey>,
) -> Result<Vec<Candidate>, ArchiveError> {
    let mut candidates = Vec::with_capacity(letters.len());
    for letter in letters {
        let mut candidate = candidate(store, letter);
        if candidate.number.as_deref() != Some(citation.number)
            && let Some(record) = store.catalogue.letter_record(&candidate.document)?
        {
            let mut letter = record::decode_letter(&record)
                .map_err(|source| ArchiveError::Record { what: format!("letter of {}", candidate.document), source })?;
            // A number read without doubt that lies further than a slip from the one cited is not the one, whatever others say of it; most
            // letters of a day are such, and asking what others say takes long.
            let is_sure = letter.number_may_be.is_empty();
            if is_sure && candidate.number.as_ref().is_some_and(|number| slip(number, citation.number).is_none()) {
                continue;
            }
            candidate.may_be = letter.number_may_be.iter().filter_map(|reading| number_key(&reading.text)).collect();
            let likeliest = letter.number_may_be.first();
            candidate.is_doubted = likeliest.is_some_and(|reading| reading.probability.get() < settle::DOUBTED_BELOW);
            settle::agree(store, candidate.document, &mut letter)?;
            candidate.may_be.extend(letter.number.and_then(|number| number_key(&number.value)));
        }
        candidates.push(candidate);
    }
    Ok(candidates)
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
    while let Some(id) = waiting.pop_front() {
        let Some(letter) = letter_of(store, &id)? else { continue };
        let copies = copies(store, &id)?;
        let mut neighbours: Vec<DocumentId> = copies.clone();
        for field in &letter.references {
            let cited = &field.value;
            neighbours.extend(cited.document);
            found.edges.push(Edge {
                citing: id,
                cited: cited.document,
                number: cited.number.clone(),
                date: cited.date,
                issuer: cited.issuer.clone(),
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
    found.letters.extend(never_received(&found.edges));
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
