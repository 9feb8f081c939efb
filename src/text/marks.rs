//! Finds the numbers and dates among the words of a line: letter numbers, dates and amounts in every digit shape and
//! separator, each with the bytes it stands on and the terms by which it can be found.
//!
//! A string of digits can be read in several ways: `3/2014` is the third letter of 2014 and March 2014. All readings
//! are returned; the index holds them all, and a query asks for any of them. Days come before months, as Iraqi offices
//! write, unless the figures say otherwise. A two-digit year from 50 is of the twentieth century.

use super::amounts::{Mended, mended_amounts};
use super::digits::to_western;
use super::tokens::tokens;
use std::ops::Range;

/// A day, a month or a year of the Gregorian or the Hijri calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateMark {
    /// Four digits.
    pub year: u16,
    /// 1..=12.
    pub month: Option<u8>,
    /// 1..=31; only with a month.
    pub day: Option<u8>,
}

impl DateMark {
    /// Returns the year, the month if it is known, and the day if it is known, as ISO 8601 writes them.
    pub fn iso(&self) -> String {
        match (self.month, self.day) {
            (Some(month), Some(day)) => format!("{:04}-{month:02}-{day:02}", self.year),
            (Some(month), None) => format!("{:04}-{month:02}", self.year),
            _ => format!("{:04}", self.year),
        }
    }

    /// Says whether the year is one of the Hijri calendar.
    pub fn is_hijri(&self) -> bool {
        self.year < 1700
    }

    fn checked(year: u16, month: Option<u8>, day: Option<u8>) -> Option<Self> {
        let plausible = matches!(year, 1300..=1499 | 1800..=2199)
            && month.is_none_or(|month| (1..=12).contains(&month))
            && day.is_none_or(|day| (1..=31).contains(&day));
        plausible.then_some(Self { year, month, day })
    }
}

/// One way to read a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A date.
    Date(DateMark),
    /// A letter number or an amount: letters and digit groups, in order. Letters are search keys without dots; digits
    /// are Western, without leading zeros and thousands separators.
    Number(Vec<String>),
}

impl Reading {
    /// Returns the terms under which the index holds this reading: a date's day, month and year, a number's whole and
    /// its digit groups.
    pub fn terms(&self) -> Vec<String> {
        match self {
            Self::Date(date) => {
                let year = DateMark { month: None, day: None, ..*date };
                let month = DateMark { day: None, ..*date };
                let mut terms: Vec<_> = [*date, month, year].iter().map(|mark| format!("d:{}", mark.iso())).collect();
                terms.dedup();
                terms
            }
            Self::Number(parts) => {
                let mut terms: Vec<_> =
                    parts.iter().filter(|part| is_number(part)).map(|part| format!("g:{part}")).collect();
                terms.extend(self.whole());
                terms
            }
        }
    }

    /// Returns the term of the whole: a date at its precision, a number with all its parts. `None` for a number that
    /// is a single group.
    pub fn whole(&self) -> Option<String> {
        match self {
            Self::Date(date) => Some(format!("d:{}", date.iso())),
            Self::Number(parts) => (parts.len() > 1).then(|| format!("c:{}", parts.join("/"))),
        }
    }

    /// Returns the digit groups of a number.
    pub fn groups(&self) -> Vec<&str> {
        match self {
            Self::Date(_) => Vec::new(),
            Self::Number(parts) => parts.iter().map(String::as_str).filter(|part| is_number(part)).collect(),
        }
    }
}

/// A number or date in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// All ways to read it, the likeliest first; at least one.
    pub readings: Vec<Reading>,
    /// The bytes of the text it stands on.
    pub span: Range<usize>,
}

/// Returns the numbers and dates of `text` in order, without overlaps.
pub fn find_marks(text: &str) -> Vec<Mark> {
    let atoms = atoms(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < atoms.len() {
        let rest = &atoms[at..];
        let mark = longest([number_at(rest), numeric_date_at(rest), named_date_at(rest)]);
        match mark.and_then(|(readings, taken)| Some((readings, rest.get(taken.checked_sub(1)?)?, taken))) {
            Some((readings, last, taken)) => {
                found.push(Mark { readings, span: rest[0].span.start..last.span.end });
                at += taken;
            }
            None => at += 1,
        }
    }
    mended_amounts(text).into_iter().for_each(|amount| put_amount(amount, &mut found));
    found
}

/// Puts a mended amount in place of the marks on its span, whose readings it keeps as less likely ones.
fn put_amount(amount: Mended, found: &mut Vec<Mark>) {
    let first = found.partition_point(|mark| mark.span.end <= amount.span.start);
    let last = found.partition_point(|mark| mark.span.start < amount.span.end).max(first);
    let mut mark = Mark { readings: vec![Reading::Number(vec![amount.value])], span: amount.span };
    for other in found.drain(first..last) {
        mark.span = mark.span.start.min(other.span.start)..mark.span.end.max(other.span.end);
        mark.readings.extend(other.readings);
    }
    found.insert(first, mark);
}

/// Returns the reading of `text` as one letter number, if it holds a digit.
pub fn whole_number(text: &str) -> Option<Reading> {
    let parts: Vec<_> = atoms(text).into_iter().filter(|atom| !atom.is_gap()).map(|atom| atom.part()).collect();
    parts.iter().any(|part| is_number(part)).then_some(Reading::Number(parts))
}

/// Some atoms read as marks, and how many were taken.
type Taken = Option<(Vec<Reading>, usize)>;

/// Joins the readings that take the most atoms, dates first.
fn longest(candidates: [Taken; 3]) -> Taken {
    let most = candidates.iter().flatten().map(|(_, taken)| *taken).max()?;
    let mut readings: Vec<_> = candidates
        .into_iter()
        .flatten()
        .filter(|(_, taken)| *taken == most)
        .flat_map(|(readings, _)| readings)
        .collect();
    readings.sort_by_key(|reading| matches!(reading, Reading::Number(_)));
    Some((readings, most))
}

fn is_number(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty()
}

/// A word, a number, or what stands between two of them.
struct Atom {
    key: String,
    span: Range<usize>,
    /// For a gap, its separator: a space where there is nothing else, `?` where there are several.
    gap: Option<char>,
    spaced: bool,
}

impl Atom {
    fn is_gap(&self) -> bool {
        self.gap.is_some()
    }

    fn is_digits(&self) -> bool {
        !self.is_gap() && is_number(&self.key)
    }

    fn is_letters(&self) -> bool {
        !self.is_gap() && !self.key.bytes().any(|byte| byte.is_ascii_digit())
    }

    /// Says whether this gap can stand inside a number or date written in figures.
    fn joins(&self) -> bool {
        match self.gap {
            Some('/' | '\\') => true,
            Some('-' | '–' | '_' | '.') => !self.spaced,
            _ => false,
        }
    }

    fn part(&self) -> String {
        if !self.is_digits() {
            return self.key.clone();
        }
        let bare = self.key.trim_start_matches('0');
        (if bare.is_empty() { "0" } else { bare }).to_owned()
    }

    fn figure(&self) -> Option<u16> {
        if self.is_digits() && self.key.len() <= 4 { self.key.parse().ok() } else { None }
    }
}

/// Returns the words of `text` with the gaps between them.
fn atoms(text: &str) -> Vec<Atom> {
    let mut found: Vec<Atom> = Vec::new();
    for token in tokens(text) {
        if let Some(last) = found.last().map(|atom| atom.span.end) {
            // A ligature of several words (`¼`) is one atom.
            let Some(between) = text.get(last..token.span.start) else { continue };
            let mut marks = between.chars().filter(|c| !c.is_whitespace());
            let gap = match (marks.next(), marks.next()) {
                (None, _) => ' ',
                (Some(mark), None) => mark,
                _ => '?',
            };
            let spaced = between.contains(char::is_whitespace);
            found.push(Atom { key: String::new(), span: last..token.span.start, gap: Some(gap), spaced });
        }
        found.push(Atom { key: to_western(&token.key), span: token.span, gap: None, spaced: false });
    }
    found
}

/// Letters of one to three characters, and digit groups, joined by slashes or dashes.
fn number_at(atoms: &[Atom]) -> Taken {
    const MOST_PARTS: usize = 6;
    let short = |atom: &Atom| atom.is_letters() && atom.key.chars().count() <= 3;
    let first = atoms.first().filter(|atom| atom.is_digits() || short(atom))?;
    let (mut parts, mut taken, mut end) = (vec![first.part()], 1, usize::from(first.is_digits()));
    while let [gap, next, ..] = &atoms[taken..]
        && gap.joins()
        && (next.is_digits() || short(next))
        && parts.len() < MOST_PARTS
    {
        // `1/ في` and the like: after digits, spaced letters begin a sentence.
        if short(next) && gap.spaced && parts.iter().any(|part| is_number(part)) {
            break;
        }
        parts.push(next.part());
        taken += 2;
        if parts.iter().any(|part| is_number(part)) {
            end = taken;
        }
    }
    parts.truncate(end.div_ceil(2));
    (end > 0).then(|| (vec![Reading::Number(parts)], end))
}

/// Two or three figures that make a month or a day.
fn numeric_date_at(atoms: &[Atom]) -> Taken {
    let figures: Vec<_> = atoms.iter().step_by(2).take(4).map_while(Atom::figure).collect();
    let joined = atoms.iter().skip(1).step_by(2).take(3).take_while(|gap| gap.joins()).count();
    let (date, taken) = match (&figures[..], joined) {
        ([a, b, c, ..], 2..) => (day_of(*a, *b, *c)?, 5),
        ([a, b, ..], 1) => (month_of(*a, *b)?, 3),
        _ => return None,
    };
    // Four figures are a number; a letter in front (`م.ع/12/3/14`) is seen by `number_at`, which then takes more.
    (joined < 3).then(|| (vec![Reading::Date(date)], taken))
}

fn day_of(a: u16, b: u16, c: u16) -> Option<DateMark> {
    let (year, month, day) = match (a, c) {
        (1000.., 0..=31) => (a, b, c),
        (0..=31, 1000..) => (c, b, a),
        (0..=31, 50..=99) => (c + 1900, b, a),
        (0..=31, 0..=49) => (c + 2000, b, a),
        _ => return None,
    };
    let (month, day) = if month > 12 && day <= 12 { (day, month) } else { (month, day) };
    DateMark::checked(year, Some(u8::try_from(month).ok()?), Some(u8::try_from(day).ok()?))
}

fn month_of(a: u16, b: u16) -> Option<DateMark> {
    let (year, month) = if a >= 1000 { (a, b) } else { (b, a) };
    DateMark::checked(year, Some(u8::try_from(month).ok()?), None)
}

/// A named month with its year, and its day if one stands before it.
fn named_date_at(atoms: &[Atom]) -> Taken {
    let day = atoms.first().and_then(Atom::figure).filter(|day| (1..=31).contains(day));
    let start = if day.is_some() { 2 } else { 0 };
    if day.is_some() && !atoms.get(1).is_some_and(can_part_a_date) {
        return None;
    }
    let (month, words) = month_named(atoms.get(start..)?)?;
    let (year, end) = year_after(atoms, start + words)?;
    let date = DateMark::checked(year, Some(month), day.and_then(|day| u8::try_from(day).ok()))?;
    Some((vec![Reading::Date(date)], end))
}

fn year_after(atoms: &[Atom], month_end: usize) -> Option<(u16, usize)> {
    let mut at = month_end;
    for _ in 0..2 {
        if !atoms.get(at).is_some_and(can_part_a_date) {
            return None;
        }
        let next = atoms.get(at + 1)?;
        match next.figure() {
            Some(year) if year >= 1000 => return Some((year, at + 2)),
            // `آذار من عام 2014`, `آذار لسنة 2014`
            None if matches!(next.key.as_str(), "عام" | "لعام" | "سنه" | "لسنه" | "من") => at += 2,
            _ => return None,
        }
    }
    None
}

fn can_part_a_date(gap: &Atom) -> bool {
    matches!(gap.gap, Some(' ' | '/' | '-' | ',' | '،' | '.'))
}

/// Months by their search keys; the Hijri ones stand in a year of their own calendar.
const MONTHS: [(&str, u8); 56] = [
    ("كانون الثاني", 1),
    ("كانون ثاني", 1),
    ("شباط", 2),
    ("اذار", 3),
    ("نيسان", 4),
    ("ايار", 5),
    ("مايس", 5),
    ("حزيران", 6),
    ("تموز", 7),
    ("اب", 8),
    ("ايلول", 9),
    ("تشرين الاول", 10),
    ("تشرين اول", 10),
    ("تشرين الثاني", 11),
    ("تشرين ثاني", 11),
    ("كانون الاول", 12),
    ("كانون اول", 12),
    ("يناير", 1),
    ("فبراير", 2),
    ("مارس", 3),
    ("ابريل", 4),
    ("مايو", 5),
    ("يونيو", 6),
    ("يونيه", 6),
    ("يوليو", 7),
    ("يوليه", 7),
    ("اغسطس", 8),
    ("سبتمبر", 9),
    ("اكتوبر", 10),
    ("نوفمبر", 11),
    ("ديسمبر", 12),
    ("محرم", 1),
    ("صفر", 2),
    ("ربيع الاول", 3),
    ("ربيع الاخر", 4),
    ("ربيع الثاني", 4),
    ("جمادي الاولي", 5),
    ("جمادي الاخره", 6),
    ("جمادي الثانيه", 6),
    ("رجب", 7),
    ("شعبان", 8),
    ("رمضان", 9),
    ("شوال", 10),
    ("ذو القعده", 11),
    ("ذي القعده", 11),
    ("ذو الحجه", 12),
    ("ذي الحجه", 12),
    ("january", 1),
    ("february", 2),
    ("march", 3),
    ("april", 4),
    ("june", 6),
    ("july", 7),
    ("august", 8),
    ("october", 10),
    ("december", 12),
];

/// Returns the month that the first words name, and how many atoms the name takes.
fn month_named(atoms: &[Atom]) -> Option<(u8, usize)> {
    let first = &atoms.first()?.key;
    MONTHS.iter().find_map(|(name, month)| {
        let (head, tail) = name.split_once(' ').map_or((*name, None), |(head, tail)| (head, Some(tail)));
        let matches = first == head && tail.is_none_or(|tail| atoms.get(2).is_some_and(|word| word.key == tail));
        matches.then_some((*month, if tail.is_some() { 3 } else { 1 }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn dates(text: &str, want: &[&str]) {
        let readings = find_marks(text).into_iter().flat_map(|mark| mark.readings);
        let found: Vec<_> = readings.filter(|r| matches!(r, Reading::Date(_))).filter_map(|r| r.whole()).collect();
        assert_eq!(found, want.iter().map(|iso| format!("d:{iso}")).collect::<Vec<_>>(), "in {text:?}");
    }

    #[track_caller]
    fn numbers(text: &str, want: &[&str]) {
        let found: Vec<_> = find_marks(text)
            .into_iter()
            .flat_map(|mark| mark.readings)
            .filter_map(|reading| match reading {
                Reading::Number(parts) => Some(parts.join("/")),
                Reading::Date(_) => None,
            })
            .collect();
        assert_eq!(found, want, "in {text:?}");
    }

    #[test]
    fn a_day_in_every_shape() {
        for text in ["12/3/2014", "٢٠١٤/٣/١٢", "12-3-2014", "12 / 03 / 2014", "12.3.2014", "2014-03-12", "12 آذار 2014"]
        {
            dates(text, &["2014-03-12"]);
        }
        dates("١٢ مارس، ٢٠١٤", &["2014-03-12"]);
        dates("3/15/2014", &["2014-03-15"]);
        dates("12/3/95", &["1995-03-12"]);
        dates("28 تشرين الثاني ٢٠١٣", &["2013-11-28"]);
        dates("في 10 رجب 1435 هـ", &["1435-07-10"]);
    }

    #[test]
    fn a_month() {
        dates("كتب شهر تشرين الثاني 2013", &["2013-11"]);
        dates("آذار لسنة 2014", &["2014-03"]);
        dates("3/2014", &["2014-03"]);
    }

    #[test]
    fn no_dates() {
        dates("34/13/2014 و 12/345 و آب", &[]);
    }

    #[test]
    fn letter_numbers_in_every_shape() {
        for text in ["م.ع/١٢/٣٤٥", "م.ع / 12 / 345", "مع/12/345", "م.ع-12-345", "م.ع/012/345"] {
            numbers(text, &["مع/12/345"]);
        }
        numbers("كتابكم المرقم (16230) في 29/7/2010", &["16230", "29/7/2010"]);
        numbers("1234/ص", &["1234/ص"]);
        numbers("مبلغ 1,234,567 دينار", &["1234567"]);
        numbers("7/ في الجدول", &["7"]);
    }

    #[test]
    fn terms_hold_the_whole_and_its_groups() {
        let terms = whole_number("م.ع/ ١٢/ ٣٤٥").unwrap().terms();
        assert_eq!(terms, ["g:12", "g:345", "c:مع/12/345"]);
        assert_eq!(whole_number("بلا رقم"), None);
    }

    proptest! {
        #[test]
        fn spans_are_in_order_and_on_boundaries(text in "[\\PC /.,٠-٩0-9ء-ي-]{0,60}") {
            let mut last = 0;
            for mark in find_marks(&text) {
                prop_assert!(mark.span.start >= last && !mark.readings.is_empty());
                prop_assert!(text.get(mark.span.clone()).is_some());
                last = mark.span.end;
            }
        }
    }
}
