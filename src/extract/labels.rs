//! The words by which a letter's parts are known, and how they are recognised on a noisy page.
//!
//! `labels.toml` and `months.toml` are data: rules name a list of theirs, never a word. A label is found where the letters from
//! an atom on, joined without spaces, lie within a small weighted distance of it, so that `الع دد` and `نسخةمنه` still count.

use super::distance::{self, Signature};
use super::passage::{Atom, Sort};
use crate::text::normalise::search_key;
use crate::text::word_lists::{InUse, WordListError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

const LABELS: &str = include_str!("labels.toml");
const MONTHS: &str = include_str!("months.toml");

/// A word or several, as a search key without spaces.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Phrase {
    written: String,
    key: Vec<char>,
    words: usize,
    signature: Signature,
}

/// An entry of a list without letters or digits: it would stand everywhere.
#[derive(Debug, thiserror::Error)]
#[error("the entry {0:?} holds no letter")]
pub struct EmptyPhrase(String);

impl TryFrom<String> for Phrase {
    type Error = EmptyPhrase;

    fn try_from(text: String) -> Result<Self, EmptyPhrase> {
        let spaced = search_key(&text);
        let key: Vec<char> = spaced.chars().filter(|c| *c != ' ').collect();
        if key.is_empty() {
            return Err(EmptyPhrase(text));
        }
        Ok(Self { words: spaced.split(' ').count(), signature: Signature::of(&key), key, written: text })
    }
}

impl Phrase {
    /// Says whether the phrase is exactly this key.
    pub fn is(&self, key: &[char]) -> bool {
        self.key == key
    }

    /// Returns the phrase as the list has it.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Returns the number of its letters.
    pub fn length(&self) -> usize {
        self.key.len()
    }

    /// Says whether these letters begin with the key of the phrase.
    pub fn begins(&self, letters: &[char]) -> bool {
        letters.starts_with(&self.key)
    }

    /// Says whether the key of the phrase ends with these letters.
    pub fn ends_with(&self, letters: &[char]) -> bool {
        self.key.ends_with(letters)
    }

    /// Says whether a key is the phrase but for one letter, or what is left of it behind its first one or two: for places where
    /// other evidence stands beside it.
    pub fn is_nearly(&self, key: &[char]) -> bool {
        let rest = self.key.len() >= 4 && key.len() >= 2 && key.len() + 2 >= self.key.len() && self.key.ends_with(key);
        rest || self.key.len() >= 4 && distance::within(key, &self.key, 1.0).is_some()
    }

    /// Returns how far a reading may lie from the phrase. Short words have near neighbours that mean other things.
    fn allowance(&self) -> f32 {
        match self.key.len() {
            0..=2 => 0.0,
            3 | 4 => 0.4,
            5 => 0.8,
            6 | 7 => 1.0,
            length => (length as f32 * 0.16).min(2.4),
        }
    }
}

/// A phrase found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// The atom after its last.
    pub end: usize,
    /// Distance between what was read and what was meant.
    pub distance: f32,
    /// Which phrase of the list.
    pub which: usize,
    letters: usize,
    merged: usize,
}

impl Match {
    /// Near before far; of equals the longer phrase, unless words must be merged or split for it: `المرقم هـ/٤` is not `المرقمة`.
    fn better_than(&self, other: &Self) -> bool {
        let worth = |found: &Self| found.letters as f32 - 4.0 * found.distance - 1.5 * found.merged as f32;
        worth(self) > worth(other)
    }
}

/// Returns the best of `phrases` that stands at atom `at`, if any does.
pub fn find_at(atoms: &[Atom], at: usize, phrases: &[Phrase]) -> Option<Match> {
    find_near(atoms, at, phrases, 1.0)
}

/// Does the same with `slack` times the usual distance allowed, for places where other evidence stands beside the label.
pub fn find_near(atoms: &[Atom], at: usize, phrases: &[Phrase], slack: f32) -> Option<Match> {
    let mut best: Option<Match> = None;
    let mut letters: Vec<char> = Vec::with_capacity(24);
    let mut signature = Signature::default();
    let longest = phrases.iter().map(|phrase| phrase.words).max().unwrap_or(0) + 1;
    let following = atoms.get(at..).unwrap_or_default().iter().take(longest);
    for (taken, atom) in following.take_while(|atom| atom.sort == Sort::Letters).enumerate() {
        letters.extend(&atom.key);
        signature = signature.with(atom.signature);
        for (which, phrase) in phrases.iter().enumerate() {
            if taken + 1 > phrase.words + 1 {
                continue;
            }
            let limit = phrase.allowance() * slack;
            if signature.distance_at_least(phrase.signature) > limit {
                continue;
            }
            let Some(distance) = distance::within(&letters, &phrase.key, limit) else { continue };
            let merged = phrase.words.abs_diff(taken + 1);
            let found = Match { end: at + taken + 1, distance, which, letters: phrase.key.len(), merged };
            if best.is_none_or(|best| found.better_than(&best)) {
                best = Some(found);
            }
        }
    }
    best
}

/// Returns the first place from `from` on where one of `phrases` stands: the atom it starts at, and the match.
pub fn find(atoms: &[Atom], from: usize, phrases: &[Phrase]) -> Option<(usize, Match)> {
    (from..atoms.len()).find_map(|at| find_at(atoms, at, phrases).map(|found| (at, found)))
}

/// Says whether the letters of `atoms`, marks and digits aside, are one of `phrases` and nothing else.
pub fn is_whole(atoms: &[Atom], phrases: &[Phrase]) -> bool {
    let letters: Vec<Atom> = atoms.iter().filter(|atom| atom.sort == Sort::Letters).cloned().collect();
    find_at(&letters, 0, phrases).is_some_and(|found| found.end == letters.len())
}

/// Every word list of `labels.toml`; what each is for stands there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Labels {
    pub number: Vec<Phrase>,
    pub date: Vec<Phrase>,
    pub also_date: Vec<Phrase>,
    pub to: Vec<Phrase>,
    pub weak_to: Vec<Phrase>,
    pub subject: Vec<Phrase>,
    pub short_subject: Vec<Phrase>,
    pub greetings: Vec<Phrase>,
    pub openings: Vec<Phrase>,
    pub copies: Vec<Phrase>,
    pub attachments: Vec<Phrase>,
    pub received: Vec<Phrase>,
    pub secrecy: Vec<Phrase>,
    pub states: Vec<Phrase>,
    pub contact: Vec<Phrase>,
    pub closings: Vec<Phrase>,
    pub separators: Vec<Phrase>,
    pub bodies: Bodies,
    pub kinds: Kinds,
    pub references: References,
    pub signatory: Signing,
}

/// First words of the names of bodies.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Bodies {
    pub top: Vec<Phrase>,
    pub independent: Vec<Phrase>,
    pub part: Vec<Phrase>,
    pub unit: Vec<Phrase>,
    pub with_units: Vec<Phrase>,
    pub others: Vec<Phrase>,
}

/// Title lines by kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Kinds {
    pub memo: Vec<Phrase>,
    pub circular: Vec<Phrase>,
    pub order: Vec<Phrase>,
    pub minutes: Vec<Phrase>,
    pub open: Vec<Phrase>,
}

/// Words around earlier letters.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct References {
    pub nouns: Vec<Phrase>,
    pub others: Vec<Phrase>,
    #[serde(deserialize_with = "letters")]
    pub prefixes: Vec<Vec<char>>,
    pub strong: Vec<Phrase>,
    pub weak: Vec<Phrase>,
    pub dated: Vec<Phrase>,
}

/// Words around the signatory.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Signing {
    pub honorifics: Vec<Phrase>,
    pub titles: Vec<Phrase>,
    pub offices: Vec<Phrase>,
}

/// Names of the twelve months in both calendars.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Months {
    #[serde(deserialize_with = "by_month")]
    pub civil: Vec<Vec<Phrase>>,
    #[serde(deserialize_with = "by_month")]
    pub hijri: Vec<Vec<Phrase>>,
}

/// Reads lists of the names of twelve months, those of an archive behind those of the program.
fn by_month<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<Vec<Phrase>>, D::Error> {
    const MONTHS: usize = 12;
    let lists = Vec::<Vec<Phrase>>::deserialize(source)?;
    if !lists.len().is_multiple_of(MONTHS) {
        return Err(D::Error::custom("a list for each of the twelve months is needed, empty where there is no name"));
    }
    let mut months = vec![Vec::new(); MONTHS];
    for (month, names) in (0..MONTHS).cycle().zip(lists) {
        months.get_mut(month).into_iter().for_each(|month| month.extend(names.iter().cloned()));
    }
    Ok(months)
}

fn letters<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<Vec<char>>, D::Error> {
    let texts = Vec::<String>::deserialize(source)?;
    Ok(texts.iter().map(|text| text.chars().collect()).collect())
}

static LABELS_IN_USE: InUse<Labels> = InUse::new(LABELS);
static MONTHS_IN_USE: InUse<Months> = InUse::new(MONTHS);

/// Returns the word lists.
pub fn labels() -> &'static Labels {
    LABELS_IN_USE.get()
}

/// Returns the names of the months.
pub fn months() -> &'static Months {
    MONTHS_IN_USE.get()
}

/// Adds to the labels that come with the program: TOML with the same lists, as an archive keeps it.
///
/// # Errors
/// [`WordListError`] when the text is wrong, or letters were already read by other lists in this process.
pub fn add_labels(own: &str) -> Result<(), WordListError> {
    LABELS_IN_USE.add(own)
}

/// Adds names to those of the months: TOML with a list for each of the twelve months.
///
/// # Errors
/// As [`add_labels`].
pub fn add_months(own: &str) -> Result<(), WordListError> {
    MONTHS_IN_USE.add(own)
}

#[cfg(test)]
mod tests {
    use super::super::passage::tests::{passage, words};
    use super::*;

    #[test]
    fn the_embedded_files_are_whole() {
        let labels: Labels = toml::from_str(LABELS).expect("labels.toml parses");
        assert!(!labels.number.is_empty() && !labels.signatory.titles.is_empty());
        let months: Months = toml::from_str(MONTHS).expect("months.toml parses");
        assert_eq!((months.civil.len(), months.hijri.len()), (12, 12));
    }

    #[track_caller]
    fn check(line: &str, want: Option<usize>) {
        let words = words(line);
        let found = find_at(&passage(&words).atoms, 0, &labels().number);
        assert_eq!(found.map(|found| found.end), want, "in {line:?}");
    }

    #[test]
    fn labels_are_known_when_misread() {
        check("العدد/ 12", Some(1));
        check("الععدد: 12", Some(1));
        check("العدذ 12", Some(1));
        check("الع دد 12", Some(2));
        check("رقم الكتاب: 12", Some(2));
    }

    #[test]
    fn other_words_are_no_labels() {
        check("الوزارة 12", None);
        check("وزارة العدل", None);
    }
}
