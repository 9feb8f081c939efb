//! Settles what was read with doubt by what other letters of the archive say: a letter with its citations in, its number, its date and the
//! letters that it cites out.
//!
//! Nothing of this is stored: it is found whenever a letter is opened, so that every letter taken in and every correction counts at once.

use super::failure::ArchiveError;
use super::store::Store;
use super::threads::{self, resolve};
use crate::archive::record;
use crate::catalogue::{CitationRow, LetterKey, LetterRow};
use crate::model::{
    Confidence, DocumentId, Evidence, Field, FieldSource, Letter, LetterDate, PageNumber, PixelBox, Reading, Reference,
};
use crate::thread::consensus::{self, Numbered, Others};
use crate::thread::key::slip;
use crate::thread::likeness::likeness;
use crate::thread::{self, Citation, Witness, number_key};
use jiff::ToSpan;
use std::collections::{BTreeSet, HashMap};
use std::iter;

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
        // A citation of several recipients' letter says of none of them that it is his.
        let issuers: Vec<Option<&str>> = match cited.issuer.as_deref() {
            None => iter::once(None).chain(letter.to.iter().map(|to| Some(to.value.as_str()))).collect(),
            issuer => vec![issuer],
        };
        for (key, issuer) in keys.iter().flat_map(|key| issuers.iter().map(move |issuer| (key, *issuer))) {
            let subject = subject.as_deref();
            let citation = Citation { by: document, number: key, date: cited.date, issuer, on, subject };
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
        date_as_usual(store, letter)?;
    }
    name_as_known(store, letter)
}

/// Letters of one day that are looked at for what a citation may settle of them.
const MOST_OF_A_DAY: usize = 100;

/// Returns the letters, itself among them, whose number or date may be another one now that this letter is there. Most letters leave
/// nothing open, and nothing is asked about those.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be read.
pub fn touched_by(store: &Store, id: &DocumentId) -> Result<Vec<DocumentId>, ArchiveError> {
    let Some(row) = store.catalogue.document(id)? else { return Ok(Vec::new()) };
    let mut touched = Vec::new();
    if is_open(id, &row.letter)? {
        touched.push(*id);
    }
    let mut all_plain = true;
    for cited in &row.letter.citations {
        let letters = store.catalogue.letters_like(&cited.number_key, cited.date)?;
        let is_plain = |letter: &LetterKey| {
            letter.number_key.as_ref() == Some(&cited.number_key) && cited.date.is_some() && letter.date == cited.date
        };
        if letters.iter().any(is_plain) {
            continue;
        }
        all_plain = false;
        for letter in letters.into_iter().take(MOST_OF_A_DAY) {
            let Some(row) = store.catalogue.document(&letter.document)? else { continue };
            if is_open(&letter.document, &row.letter)? {
                touched.push(letter.document);
            }
        }
    }
    if !all_plain && !store.catalogue.undated_letters(1)?.is_empty() {
        touched.extend(store.letter(&row)?.references.into_iter().filter_map(|field| field.value.document));
    }
    Ok(touched)
}

/// Says whether number or date of a letter were not read, or the number with doubt.
fn is_open(id: &DocumentId, row: &LetterRow) -> Result<bool, ArchiveError> {
    if row.number.is_none() || row.date.is_none() {
        return Ok(true);
    }
    let letter = record::decode_letter(&row.record)
        .map_err(|source| ArchiveError::Record { what: format!("letter of {id}"), source })?;
    Ok(!letter.number_may_be.is_empty())
}

/// Returns the letter that a citation means among those of which no date was read: by its number, else the only one of that issuer in
/// that matter of which no number was read either, if no other number is cited of it.
///
/// # Errors
/// [`ArchiveError`] when the archive cannot be read.
pub(super) fn undated(store: &Store, citation: &Citation<'_>) -> Result<Option<DocumentId>, ArchiveError> {
    let (Some(issuer), Some(subject)) = (citation.issuer, citation.subject) else { return Ok(None) };
    let alike = |letter: &LetterKey| letter.document != citation.by && is_alike(store, letter, issuer, subject);
    let letters: Vec<LetterKey> = undated_letters(store)?.into_iter().filter(alike).collect();
    let (numbered, unread): (Vec<LetterKey>, Vec<LetterKey>) =
        letters.into_iter().partition(|letter| letter.number_key.is_some());
    if let Some(found) = thread::resolve(citation, &threads::candidates(store, citation, numbered)?) {
        return Ok(Some(found));
    }
    let [letter] = unread.as_slice() else { return Ok(None) };
    let claims = claims(store, letter)?;
    let is_only = claims.iter().all(|claim| claim.number_key == citation.number);
    Ok((is_only && !claims.is_empty()).then_some(letter.document))
}

/// Letters without a date that are looked through, and citations of one issuer: where there are more, none of them is found so, since
/// going through all would take longer than a reader waits.
const MOST_LOOKED_THROUGH: usize = 1_000;

fn undated_letters(store: &Store) -> Result<Vec<LetterKey>, ArchiveError> {
    if store.catalogue.has_more_undated(MOST_LOOKED_THROUGH)? {
        return Ok(Vec::new());
    }
    Ok(store.catalogue.undated_letters(MOST_LOOKED_THROUGH)?)
}

/// Says whether a letter is of this issuer, in the form of the list of bodies, and in this matter.
fn is_alike(store: &Store, letter: &LetterKey, issuer: &str, subject: &str) -> bool {
    letter.subject.as_deref().is_some_and(|own| likeness(own, subject) >= SAME)
        && letter.issuer.as_deref().is_some_and(|own| is_issuer(store, own, issuer))
}

/// Says whether a name is that of an issuer: two bodies of the list are one or two, other names are compared.
fn is_issuer(store: &Store, name: &str, issuer: &str) -> bool {
    match (store.recognised(name), store.recognised(issuer)) {
        (Some(own), Some(other)) => own == other,
        _ => is_name(&store.bodies().canonical(name), issuer),
    }
}

/// Says whether two names are one, as a whole, in their last parts where both have several, or with one part of the other where one was lost.
fn is_name(name: &str, other: &str) -> bool {
    match (name.rsplit_once('/'), other.rsplit_once('/')) {
        // The departments of a ministry share its name.
        (Some((_, own)), Some((_, last))) => likeness(name, other) >= SAME_PART && likeness(own, last) >= SAME_PART,
        (None, Some((first, last))) => likeness(name, first) >= SAME || likeness(name, last) >= SAME,
        (Some((first, last)), None) => likeness(first, other) >= SAME || likeness(last, other) >= SAME,
        (None, None) => likeness(name, other) >= SAME,
    }
}

/// Returns the citations that may mean a letter of which neither number nor date was read; none where they are too many to look through.
fn claims(store: &Store, letter: &LetterKey) -> Result<Vec<CitationRow>, ArchiveError> {
    let (Some(issuer), Some(subject)) = (&letter.issuer, &letter.subject) else { return Ok(Vec::new()) };
    let issuer = store.bodies().canonical(issuer);
    let mut claims = Vec::new();
    let mut left = MOST_LOOKED_THROUGH;
    for name in store.catalogue.cited_issuers()?.into_iter().filter(|name| is_issuer(store, name, &issuer)) {
        let rows = store.catalogue.citations_of(&name, left + 1)?;
        let Some(rest) = left.checked_sub(rows.len()) else { return Ok(Vec::new()) };
        left = rest;
        for row in rows.into_iter().filter(|row| row.document != letter.document) {
            let Some(citing) = store.catalogue.document(&row.document)? else { continue };
            let same_matter = citing.letter.subject.as_deref().is_some_and(|other| likeness(subject, other) >= SAME);
            if same_matter && !is_read(store, &row, letter, &issuer)? {
                claims.push(row);
            }
        }
    }
    Ok(claims)
}

/// Says whether the letter cited is in the archive besides `letter`, or one of that issuer and day whose number was not read.
fn is_read(store: &Store, row: &CitationRow, letter: &LetterKey, issuer: &str) -> Result<bool, ArchiveError> {
    let letters = store.catalogue.letters_like(&row.number_key, row.date)?;
    let may_be = |other: &LetterKey| match &other.number_key {
        Some(number) => slip(number, &row.number_key).is_some(),
        None => other.issuer.as_deref().is_none_or(|own| is_issuer(store, own, issuer)),
    };
    Ok(letters.iter().filter(|other| other.document != letter.document).any(may_be))
}

/// Sets number and date of a letter on which neither was read to those by which alone it can be cited.
fn as_claimed(store: &Store, document: DocumentId, letter: &mut Letter) -> Result<(), ArchiveError> {
    let (mut own, others): (Vec<LetterKey>, Vec<LetterKey>) =
        undated_letters(store)?.into_iter().partition(|unread| unread.document == document);
    let Some(own) = own.pop().filter(|own| own.number_key.is_none()) else { return Ok(()) };
    let (Some(issuer), Some(subject)) = (&own.issuer, &own.subject) else { return Ok(()) };
    let issuer = store.bodies().canonical(issuer);
    let is_rival = |other: &LetterKey| other.number_key.is_none() && is_alike(store, other, &issuer, subject);
    if others.iter().any(is_rival) {
        return Ok(());
    }
    let claims = claims(store, &own)?;
    let is_one = |first: &&CitationRow| claims.iter().all(|claim| claim.number_key == first.number_key);
    let Some(first) = claims.first().filter(is_one) else { return Ok(()) };
    letter.number = Some(Field { value: first.number.clone(), evidence: vec![as_cited(&first.number)] });
    let dates: BTreeSet<LetterDate> = claims.iter().filter_map(|claim| claim.date).collect();
    if let (Some(date), 1) = (dates.first(), dates.len()) {
        letter.date = Some(Field { value: *date, evidence: vec![as_cited(&date.to_string())] });
    }
    Ok(())
}

/// Sets the name of who signed to the one that the archive knows where it was read badly; what was read stays in the evidence.
fn name_as_known(store: &Store, letter: &mut Letter) -> Result<(), ArchiveError> {
    let Some(field) = &mut letter.signatory else { return Ok(()) };
    if field.evidence.iter().any(|place| place.source == FieldSource::Clerk) {
        return Ok(());
    }
    let sure = field.evidence.first().map_or(0.0, |place| place.confidence.get());
    let read = field.value.name.as_deref().map(|name| (name, sure));
    let read = read.or(field.value.unread.as_deref().map(|unread| (unread, 0.0)));
    if let Some((read, confidence)) = read
        && let Some(meant) = store.names()?.meant(read, confidence)
    {
        field.value.name = Some(meant.to_owned());
    }
    Ok(())
}

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
    // What codes the archive's numbers have is little, where hardly any reading of the number is one.
    let read: f32 = letter.number_may_be.iter().map(|reading| reading.probability.get()).sum();
    let says_little = office.is_empty() && letter.number.is_none() && read < LEAST_READ;
    if cited.is_empty() && (!is_doubted || says_little) {
        return Ok(());
    }
    let on = letter.date.as_ref().map(|date| date.value);
    let others = Others { office, on, codes: store.codes()?.clone() };
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
        filled_in: false,
    }
}

/// A number whose likeliest reading is less likely may be any other.
pub(super) const DOUBTED_BELOW: f32 = 0.5;
/// Probability that all readings of a number have together at least, where nothing but its code speaks for one of them.
const LEAST_READ: f32 = 0.1;
/// Confidence in what only other letters say of a letter.
const CITED: f32 = 0.5;

/// Sets the date of a letter on which none was read to the one by which all letters that cite its number cite it.
fn date_as_cited(store: &Store, document: DocumentId, letter: &mut Letter) -> Result<(), ArchiveError> {
    let number = letter.number.as_ref().filter(|_| letter.date.is_none()).map(|number| &number.value);
    let Some(key) = number.and_then(|number| number_key(number)) else { return Ok(()) };
    let issuer = letter.from.as_ref().map(|from| from.value.as_str());
    let mut dates = BTreeSet::new();
    for row in store.catalogue.citations_like(&key, None)?.into_iter().filter(|row| row.document != document) {
        let agrees =
            issuer.zip(row.issuer.as_deref()).is_some_and(|(own, other)| store.issuers_alike(own, other) >= SAME);
        dates.extend(row.date.filter(|_| agrees && row.number_key == key));
    }
    if let (Some(date), 1) = (dates.first(), dates.len()) {
        letter.date = Some(Field { value: *date, evidence: vec![as_cited(&date.to_string())] });
    }
    Ok(())
}

/// Dated letters that an archive has at least before they tell between which years it lies.
const TELLING: u32 = 10;

/// Sets a date whose year was written with two digits, or read with one too few, to the only one that the archive's years allow; where it has
/// too few letters to have any, to the only one that is not to come.
fn date_as_usual(store: &Store, letter: &mut Letter) -> Result<(), ArchiveError> {
    if letter.date.is_some() || letter.date_may_be.is_empty() {
        return Ok(());
    }
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let years = match store.catalogue.usual_dates(TELLING)? {
        Some((first, last)) => first.year() - 1..=(last.year() + 1).min(today.year()),
        None => LetterDate::MIN.year()..=today.year(),
    };
    let mut possible = letter.date_may_be.iter().filter(|date| years.contains(&date.value.year()));
    if let (Some(only), None) = (possible.next(), possible.next()) {
        letter.date = Some(only.clone());
    }
    Ok(())
}

/// Returns what the letters that cite a letter say of its number, and the numbers of other letters of its office.
fn witnesses(
    store: &Store,
    document: DocumentId,
    letter: &Letter,
    own: &Witness,
) -> Result<(Vec<Witness>, Vec<Numbered>), ArchiveError> {
    let Some(date) = letter.date.as_ref().map(|date| date.value) else {
        return Ok((undated_witnesses(store, document, own)?, Vec::new()));
    };
    let issuer = letter.from.as_ref().map(|from| from.value.as_str());
    let subject = letter.subject.as_ref().map(|subject| subject.value.as_str());
    let mut cited = Vec::new();
    let mut heard: HashMap<(String, Option<String>), usize> = HashMap::new();
    for row in store.catalogue.citations_like("", Some(date))?.into_iter().take(MOST_LOOKED_THROUGH) {
        if row.document == document {
            continue;
        }
        let alike = heard.entry((row.number_key.clone(), row.issuer.clone())).or_default();
        *alike += 1;
        if *alike > ENOUGH_ALIKE {
            continue;
        }
        let agrees_with = |other: &str| Some(store.issuers_alike(issuer?, other));
        let agrees = row.issuer.as_deref().and_then(agrees_with);
        if agrees.is_some_and(|agrees| agrees < OTHER_ISSUER) {
            continue;
        }
        let Some(citing) = store.catalogue.document(&row.document)? else { continue };
        let (may_be, to) = may_be(&citing.letter, &row.number)?;
        // Whose letter it is may stay open between several recipients.
        let agrees = agrees.or_else(|| to.iter().filter_map(|to| agrees_with(to)).reduce(f32::max));
        let witness = Witness::new(Some(&row.number), &may_be);
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
        let numbers = store.catalogue.numbers_of(&issuer.value, (from, until), &document)?;
        office.extend(numbers.into_iter().map(|(on, number)| Numbered { number, on: Some(on) }));
        let own = letter.references.iter().map(|field| &field.value);
        office.extend(
            own.filter(|cited| cited.issuer.as_deref() == Some(issuer.value.as_str()) && cited.document.is_none())
                .map(|cited| Numbered { number: cited.number.clone(), on: cited.date }),
        );
    }
    Ok((cited, office))
}

/// Returns what the letters that may cite a letter say of its number, where its date was not read.
fn undated_witnesses(store: &Store, document: DocumentId, own: &Witness) -> Result<Vec<Witness>, ArchiveError> {
    let Some(letter) = undated_letters(store)?.into_iter().find(|letter| letter.document == document) else {
        return Ok(Vec::new());
    };
    let mut witnesses = Vec::new();
    for row in claims(store, &letter)? {
        let Some(citing) = store.catalogue.document(&row.document)? else { continue };
        let (may_be, _) = may_be(&citing.letter, &row.number)?;
        let witness = Witness::new(Some(&row.number), &may_be);
        if own.can_mean(&witness) {
            witnesses.push(witness);
        }
    }
    Ok(witnesses)
}

/// A circular may be cited by thousands: what so many letters say of it in the same way, no more of them need say.
const ENOUGH_ALIKE: usize = 20;
/// Names less alike than this are two issuers; names and subjects more alike than the second are one.
const OTHER_ISSUER: f32 = 0.4;
pub(super) const SAME: f32 = 0.7;
/// Names of several parts may be a little less so in each.
const SAME_PART: f32 = 0.6;
/// Days before and after a letter within which its office numbers letters in the same form.
const REGISTER_DAYS: i64 = 180;

/// Returns what the number of a citation may be, and to whom the letter that cites goes.
fn may_be(citing: &LetterRow, number: &str) -> Result<(Vec<Reading>, Vec<String>), ArchiveError> {
    let letter = record::decode_letter(&citing.record)
        .map_err(|source| ArchiveError::Record { what: "letter that cites another".to_owned(), source })?;
    let mut cited = letter.references.into_iter().map(|field| field.value);
    let may_be = cited.find(|cited| cited.number == number).map(|cited| cited.may_be).unwrap_or_default();
    Ok((may_be, letter.to.into_iter().map(|field| field.value).collect()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, other: &str, want: bool) {
        assert_eq!((is_name(name, other), is_name(other, name)), (want, want), "{name} and {other}");
    }

    #[test]
    fn names_are_one_with_a_part_lost_and_two_where_only_the_ministry_agrees() {
        check("ائرة المشاريع", "أمانة بغداد / دائرة المشاريع", true);
        check("وزارة الإعمار والإسكان", "وزارة الاعمار والاسكان / الهيئة العامة للاسكان", true);
        check("وزارة الإعمار والإسكان / الدائرة الفنية", "وزارة الإعمار والإسكان / الدائره الفنيه", true);
        check("وزارة الإعمار والإسكان / الدائرة الفنية", "وزارة الإعمار والإسكان / مكتب المفتش العام", false);
        check("وزارة المالية", "وزارة النقل", false);
    }
}
