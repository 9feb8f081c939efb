//! Finds the earlier letters that a letter cites: `كتابكم المرقم (٣٤٥) في ١٢/٣/٢٠١٤`.
//!
//! The text is read as one passage, since references run over lines. Three forms count: a word that says "numbered" with number and
//! date; the same without a date, if a word for a letter stands right before it; and a word for a letter with number and date at once.
//! Laws (`قانون رقم (١٤) لسنة ١٩٩١`), accounts and identity cards have numbers but no date of this form.

use super::date::{self, Day};
use super::doubt::{self, Weighed};
use super::header::Header;
use super::labels::{self, Phrase, labels};
use super::number;
use super::parties;
use super::passage::{Atom, Passage, Sort};
use super::sheet::Sheet;
use crate::model::{Confidence, Field, LetterDate, Reading, Reference};
use std::ops::Range;

/// Atoms between the word for a letter and its number: the name of a body may stand there.
const NOUN_REACH: usize = 18;
/// Atoms between number and date: a bracket, and words such as `والمؤرخ في`.
const DATE_REACH: usize = 6;

/// Letters of a word that may be `كتابنا` or `كتابكم` misread.
const LEAST_OF_NOUN: usize = 5;

/// Digits that the rest of a broken number has at least, and atoms among which it is looked for.
const REST_DIGITS: usize = 4;
const REST_REACH: usize = 10;
const REST_LIKELIHOOD: f32 = 0.01;

/// What the last noun before a number was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Noun {
    Letter,
    Other,
}

/// Who wrote a letter that is cited, as the citation says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// كتابنا
    Own,
    /// كتابكم
    Addressee,
    /// كتاب وزارة المالية
    Named(String),
    /// The citation does not say.
    Unsaid,
}

/// A letter cited.
#[derive(Clone, Debug)]
pub struct Cited {
    /// Number and date.
    pub field: Field<Reference>,
    /// Who wrote it.
    pub issuer: Issuer,
    /// Its possible dates, where the reader lost a digit of the year.
    pub days: Vec<LetterDate>,
}

/// Returns the letters cited below the letterhead, in the order of the text, each once.
pub fn find(sheet: &Sheet, header: &Header) -> Vec<Cited> {
    let text = sheet.running_text(|index| !header.holds(index));
    let mut found: Vec<Cited> = Vec::new();
    let mut at = 0;
    let mut noun: Option<(Noun, usize)> = None;
    while at < text.atoms.len() {
        noun = noun_at(&text.atoms, at).map(|noun| (noun, at + 1)).or(noun.filter(|(_, end)| at < end + NOUN_REACH));
        match reference_at(&text, at, noun) {
            Some((field, days, end)) => {
                if !found.iter().any(|other| other.field.value.number == field.value.number) {
                    let letter = noun.filter(|(noun, _)| *noun == Noun::Letter);
                    let issuer = letter.map_or(Issuer::Unsaid, |(_, noun_end)| issuer_of(&text, noun_end, at));
                    found.push(Cited { field, issuer, days });
                }
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// Says whether a strip starts with a reference.
pub fn starts_with_one(strip: &Passage) -> bool {
    (0..strip.atoms.len()).any(|at| labels::find_at(&strip.atoms, at, &labels().references.strong).is_some())
}

/// Says what the noun at `at` is, with or without particles before it: كتابكم, وكتابنا, بكتاب, لإعمامنا.
fn noun_at(atoms: &[Atom], at: usize) -> Option<Noun> {
    let atom = atoms.get(at).filter(|atom| atom.sort == Sort::Letters)?;
    let words = &labels().references;
    let kind = |atom: &Atom| {
        let near =
            |phrases: &[Phrase]| labels::find_at(std::slice::from_ref(atom), 0, phrases).map(|found| found.distance);
        let (letter, other) = (near(&words.nouns), near(&words.others).filter(|distance| *distance == 0.0));
        letter.map(|_| Noun::Letter).filter(|_| other.is_none()).or(other.map(|_| Noun::Other))
    };
    kind(atom).or_else(|| {
        let stem = |prefix: &Vec<char>| atom.key.strip_prefix(prefix.as_slice());
        let is_one = |phrases: &[Phrase]| {
            words.prefixes.iter().filter_map(stem).any(|stem| phrases.iter().any(|phrase| phrase.is(stem)))
        };
        is_one(&words.nouns).then_some(Noun::Letter).or_else(|| is_one(&words.others).then_some(Noun::Other))
    })
}

/// Returns who wrote the letter whose noun ends at `noun_end` and whose "numbered" stands at `at`.
fn issuer_of(text: &Passage, noun_end: usize, at: usize) -> Issuer {
    let Some(noun) = noun_end.checked_sub(1).and_then(|noun| text.atoms.get(noun)) else { return Issuer::Unsaid };
    // Right before "numbered" stands the word for a letter, though it be too badly read to be known as one.
    let last = at.checked_sub(1).filter(|_| may_be_noun(text, at)).and_then(|last| text.atoms.get(last));
    for word in last.into_iter().chain([noun]) {
        if word.key.ends_with(&OUR) {
            return Issuer::Own;
        }
        if word.key.ends_with(&YOUR) {
            return Issuer::Addressee;
        }
    }
    let name = text.trimmed(noun_end..at.max(noun_end));
    // `الأمر الوزاري` names no body, for all that the word is like one.
    if name.len() < 2 || !parties::is_body(text, name.start) {
        return Issuer::Unsaid;
    }
    Issuer::Named(text.text(name))
}

/// Ends of the words for our letter and for your letter.
const OUR: [char; 2] = ['ن', 'ا'];
const YOUR: [char; 2] = ['ك', 'م'];

/// Says whether the word before `at` has the end of `كتابنا` or `كتابكم`.
fn may_be_noun(text: &Passage, at: usize) -> bool {
    let last = at.checked_sub(1).and_then(|last| text.atoms.get(last));
    last.is_some_and(|last| {
        last.sort == Sort::Letters
            && last.key.len() >= LEAST_OF_NOUN
            && (last.key.ends_with(&OUR) || last.key.ends_with(&YOUR))
    })
}

/// Returns the reference whose "numbered", or word for a letter, stands at `at` right before its number.
fn reference_at(
    text: &Passage,
    at: usize,
    noun: Option<(Noun, usize)>,
) -> Option<(Field<Reference>, Vec<LetterDate>, usize)> {
    let words = &labels().references;
    let letter = noun.filter(|(noun, _)| *noun == Noun::Letter).map(|(_, end)| end);
    let strong = labels::find_at(&text.atoms, at, &words.strong);
    let is_strong = strong.is_some();
    let (number_at, needs_date) = match strong {
        Some(_) if noun.is_some_and(|(noun, _)| noun == Noun::Other) => return None,
        Some(found) => (found.end, letter.is_none_or(|end| at > end + 1)),
        None if letter == Some(at + 1) => {
            let weak = labels::find_at(&text.atoms, at + 1, &words.weak);
            (weak.map_or(at + 1, |found| found.end), true)
        }
        None => {
            letter?;
            (labels::find_at(&text.atoms, at, &words.weak)?.end, true)
        }
    };
    let find = |text: &Passage, at| number_and_date(text, at, needs_date);
    let found = doubt::values(text, number_at, doubt::of_number, find);
    // Before a word that says "numbered" the number itself may still come.
    let is_cited = || letter.is_some() || may_be_noun(text, at);
    let broken = || (is_strong && is_cited()).then(|| rest_of_broken(text, number_at)).flatten();
    let (reference, days, words) = likeliest(&found).or_else(broken)?;
    let end = text.first_atom(words.end).max(at + 1);
    let words = text.words_of(&(at..at + 1)).start..words.end;
    Some((Field { value: reference, evidence: text.evidence_in(words) }, days, end))
}

/// Returns the last digits of a number whose beginning cannot be read, with the date behind them: too little to be given, enough to find
/// the letter by.
fn rest_of_broken(text: &Passage, from: usize) -> Option<(Reference, Vec<LetterDate>, Range<usize>)> {
    let is_rest = |at: &usize| {
        let atom = text.atoms.get(*at).filter(|atom| atom.sort == Sort::Digits && atom.key.len() >= REST_DIGITS)?;
        match when(text, at + 1) {
            (When::On(date), end) if date::find_at(&text.atoms, *at).is_none() => {
                Some((atom.key.iter().collect::<String>(), date, end))
            }
            _ => None,
        }
    };
    let (at, (number, date, end)) = (from..from + REST_REACH).find_map(|at| Some((at, is_rest(&at)?)))?;
    let may_be = vec![Reading { text: number.clone(), probability: Confidence::new(REST_LIKELIHOOD) }];
    let words = text.words_of(&(at..end));
    Some((Reference { number, date: Some(date), may_be, ..Reference::default() }, Vec::new(), words))
}

type Dated = (String, When);

/// What a citation says of its letter's date.
#[derive(Clone, Debug, PartialEq, Eq)]
enum When {
    Unsaid,
    On(LetterDate),
    /// A digit of the year was lost.
    OneOf(Vec<LetterDate>),
}

/// Returns the number that stands at atom `at` with the date behind it, and the atoms of both.
fn number_and_date(text: &Passage, at: usize, needs_date: bool) -> Option<(Dated, Range<usize>)> {
    let number = number::find_at(&text.atoms, at)?;
    if number.range.start > at + 2 || text.is_doubtful(number.range.clone()) {
        return None;
    }
    let (when, end) = when(text, number.range.end);
    if when == When::Unsaid && (needs_date || has_broken_date(text, number.range.end)) {
        return None;
    }
    Some(((number.value, when), number.range.start..end))
}

/// Returns the likeliest number, with the likeliest of its dates.
fn likeliest(found: &[Weighed<Dated>]) -> Option<(Reference, Vec<LetterDate>, Range<usize>)> {
    let mut numbers: Vec<Weighed<String>> = Vec::new();
    for Weighed { value: (number, _), probability, mass, words } in found {
        match numbers.iter_mut().find(|other| other.value == *number) {
            Some(other) => {
                other.probability += probability;
                other.mass += mass;
            }
            None => numbers.push(Weighed {
                value: number.clone(),
                probability: *probability,
                mass: *mass,
                words: words.clone(),
            }),
        }
    }
    numbers.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let best = numbers.first()?;
    let dated = || found.iter().filter(|dated| dated.value.0 == best.value);
    let with_date = dated().find(|dated| matches!(dated.value.1, When::On(_)));
    let with_date =
        with_date.or_else(|| dated().find(|dated| dated.value.1 != When::Unsaid)).or_else(|| dated().next())?;
    let may_be: Vec<Reading> = doubt::readings(&numbers, String::clone);
    let (number, when) = with_date.value.clone();
    let (date, days) = match when {
        When::On(date) => (Some(date), Vec::new()),
        When::OneOf(days) => (None, days),
        When::Unsaid => (None, Vec::new()),
    };
    Some((Reference { number, date, may_be, ..Reference::default() }, days, with_date.words.clone()))
}

/// Returns the date that follows a number, and the atom after what was said.
fn when(text: &Passage, from: usize) -> (When, usize) {
    let atoms = &text.atoms;
    let mut at = from;
    while at <= from + DATE_REACH {
        if let Some(found) = date::find_at(atoms, at) {
            return match found.day {
                Day::Civil(date) if !text.is_doubtful(at..found.end) => (When::On(date), found.end),
                _ => (When::Unsaid, from),
            };
        }
        if let Some((_, days, end)) = date::find_damaged(atoms, at, at + 1) {
            return (When::OneOf(days), end);
        }
        let next = atoms.get(at).and_then(|atom| match atom.sort {
            Sort::Digits => None,
            Sort::Mark => Some(at + 1),
            Sort::Letters => labels::find_at(atoms, at, &labels().references.dated).map(|found| found.end),
        });
        let Some(next) = next else { break };
        at = next;
    }
    (When::Unsaid, from)
}

/// Says whether a date was to follow and cannot be read: a reader that lost digits there has lost some of the number as well.
fn has_broken_date(text: &Passage, from: usize) -> bool {
    let mut at = from;
    let mut announced = false;
    while let Some(atom) = text.atoms.get(at).filter(|_| at <= from + DATE_REACH) {
        at = match atom.sort {
            Sort::Digits => return announced,
            Sort::Mark => at + 1,
            Sort::Letters => match labels::find_at(&text.atoms, at, &labels().references.dated) {
                Some(found) => found.end,
                None => return false,
            },
        };
        announced |= atom.sort == Sort::Letters;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::pages_of;
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[(&str, Option<&str>)]) {
        let letter = format!("تحية طيبة\n{text}");
        let pages = pages_of(&letter);
        let sheet = Sheet::new(&pages);
        let found = find(&sheet, &Header::of(&sheet));
        let found: Vec<_> = found
            .iter()
            .map(|cited| &cited.field.value)
            .map(|cited| (cited.number.clone(), cited.date.map(|date| date.to_string())))
            .collect();
        let want: Vec<_> = want.iter().map(|(number, date)| ((*number).to_owned(), date.map(str::to_owned))).collect();
        assert_eq!(found, want, "in {text:?}");
    }

    #[test]
    fn the_usual_forms() {
        check("كتابكم المرقم (ق.م / ٢٠ / ١٥٩٤٣) في ٢٨/ ١١/ ٢٠١٣ ، وللأسباب", &[("ق.م/20/15943", Some("2013-11-28"))]);
        check("إشارة الى كتابكم ذي العدد (١٢) والمؤرخ في ٢٠١٤/٣/١٢", &[("12", Some("2014-03-12"))]);
        check("كتابكم ١٢/٣٤٥ في ١/٢/٢٠١٤", &[("12/345", Some("2014-02-01"))]);
        check("لاحقاً لكتابنا المرقم 77 بتاريخ 5/6/2010", &[("77", Some("2010-06-05"))]);
        check("بكتاب وزارة المالية / دائرة الموازنة ذي العدد ح/٣ في ١/١/٢٠١٢", &[("ح/3", Some("2012-01-01"))]);
        check("الأمر الوزاري المرقم 13809 في 15/9/2013 تقرر", &[("13809", Some("2013-09-15"))]);
        check("كتابكم رقم 45 وتاريخ 1/2/2014", &[("45", Some("2014-02-01"))]);
    }

    #[track_caller]
    fn check_issuer(text: &str, want: Issuer) {
        let letter = format!("تحية طيبة\n{text}");
        let pages = pages_of(&letter);
        let sheet = Sheet::new(&pages);
        let found = find(&sheet, &Header::of(&sheet));
        assert_eq!(found.first().map(|cited| &cited.issuer), Some(&want), "in {text:?}");
    }

    #[test]
    fn a_citation_says_who_wrote() {
        check_issuer("إشارة الى كتابكم ذي العدد (١٢٣) في ٢٠١٤/٣/١٢", Issuer::Addressee);
        check_issuer("عطفاً على كتابكم وكتلبنا المرقم 59 في 2/1/2014", Issuer::Own);
        check_issuer("لاحقاً لكتابنا المرقم 77 بتاريخ 5/6/2010", Issuer::Own);
        let named = Issuer::Named("وزارة المالية / دائرة الموازنة".to_owned());
        check_issuer("بكتاب وزارة المالية / دائرة الموازنة ذي العدد ح/٣ في ١/١/٢٠١٢", named);
        check_issuer("الأمر الوزاري المرقم 13809 في 15/9/2013 تقرر", Issuer::Unsaid);
    }

    #[test]
    fn references_run_over_lines_and_follow_each_other() {
        check(
            "بكتاب شركة سعد ذي العدد م.ع / ٢٨ /\n١٣٠٨ في ٩/٣/٢٠١٤ وكتابنا المرقم ق.م / ٢٠ /\u{c}- 2 -\n١٩٣٦ في ٩/٢/٢٠١٤ ،",
            &[("م.ع/28/1308", Some("2014-03-09")), ("ق.م/20/1936", Some("2014-02-09"))],
        );
    }

    #[test]
    fn a_reference_whose_date_is_lost() {
        check("كتابكم المرقم 123 في ‏ ، وبصدد", &[("123", None)]);
        // Digits were lost in the date, so what is left of the number is not believed either.
        check("كتابكم المرقم 123 في 1/ /20 ، وبصدد", &[]);
    }

    #[test]
    fn other_numbers_are_no_references() {
        check("قانون انضباط موظفي الدولة رقم (١٤) لسنة ١٩٩١ المعدل", &[]);
        check("هوية رقم (٢٣٦٣).", &[]);
        check("إشارة الى كتابكم نرجو تخصيص القطعة المرقمة (٩٨/٢) مقاطعة (١٤)", &[]);
        check("بموجب مستند الإخراج المرقم (٤١٢٨) في ٢٤/١٢/٢٠١٦", &[]);
        check("في حساب المركز المرقم (١٢) قبل استلام التقارير", &[]);
        check("بهامشه المؤرخ في ٢٢/٦/٢٠١٥", &[]);
        check("محضر التخصيص المؤرخ في ٢٠١٥/٥/٢٣", &[]);
    }
}
