//! Which number a letter bears: what was read on it, what the letters that cite it say, and how its office numbers letters in, the number
//! that agrees best with all of them out.
//!
//! Each is a witness that errs at times, so a number is as likely as the product of what the witnesses say of it. An office keeps to
//! one form, so that `ح/16/8673` is likelier than `ع/16/8673` where the same office also wrote `ح/16/7429`; and its numbers grow
//! from day to day until the year ends, so that `8673` is likelier than `3673` between `7429` and `9012`.

use super::key::{number_key, slip};
use crate::model::{LetterDate, Reading};
use std::collections::HashMap;

/// Share of the readings that were not kept that would say a number a slip away from one that was.
const OF_THE_REST: f32 = 0.1;
/// How likely a number is that was read without doubt.
const READ: f32 = 0.93;
/// What is left of a reading's likelihood for a number that lies one slip from it, and for any other number.
const SLIP: f32 = 0.03;
const OTHER: f32 = 1e-5;
/// The code ح by itself was read as ع in 4 of 31 letters of 340, never the other way round.
const TAKEN_FOR: f32 = 0.13;
const LIKE: (char, char) = ('ح', 'ع');
/// What is left of a number's likelihood if one other letter of the office has another form, and if several have.
const FORM_OF_ONE: f32 = 0.15;
const FORM_OF_SEVERAL: f32 = 0.01;
/// What is left of a number's likelihood for each of the letters of the same register dated next to it that it overtakes.
const OVERTAKES: f32 = 0.3;
/// Letters before and behind it that are asked.
const NEIGHBOURS: usize = 2;
/// What a code counts that no other number has.
const UNSEEN: f32 = 0.3;
/// A number read is given up for one that is so many times as likely.
const CLEARLY: f32 = 1.5;
/// A number must be at least this likely among all that may be meant.
const LIKELY: f32 = 0.45;

/// What one place says the number is.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// Numbers with their keys and how likely each is.
    says: Vec<(String, String, f32)>,
}

impl Witness {
    /// Returns what a place says where `number` was taken and `may_be` was weighed.
    pub fn new(number: Option<&str>, may_be: &[Reading]) -> Self {
        let mut says: Vec<(String, String, f32)> = Vec::new();
        let sure = number.filter(|_| may_be.is_empty()).map(|number| (number, READ));
        let weighed = may_be.iter().map(|reading| (reading.text.as_str(), reading.probability.get().min(READ)));
        for (text, likelihood) in sure.into_iter().chain(weighed) {
            let Some(key) = number_key(text) else { continue };
            match says.iter_mut().find(|(_, other, _)| *other == key) {
                Some((_, _, sum)) => *sum = (*sum + likelihood).min(READ),
                None => says.push((text.to_owned(), key, likelihood)),
            }
        }
        Self { says }
    }

    /// Says whether it names no number at all.
    pub fn is_silent(&self) -> bool {
        self.says.is_empty()
    }

    /// Returns the keys of the numbers that it names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.says.iter().map(|(_, key, _)| key.as_str())
    }

    /// Says whether both can speak of one letter: a number of the one is one of the other, or a slip away from it.
    pub fn can_mean(&self, other: &Self) -> bool {
        self.keys().any(|a| other.keys().any(|b| slip(a, b).is_some()))
    }

    fn likelihood(&self, key: &str) -> f32 {
        if self.says.is_empty() {
            return 1.0;
        }
        let of = |(_, said, likelihood): &(String, String, f32)| match slip(said, key) {
            Some(0.0) => *likelihood,
            Some(_) if is_taken_for(key, said) => likelihood * TAKEN_FOR,
            Some(_) => likelihood * SLIP,
            None => 0.0,
        };
        let said: f32 = self.says.iter().map(of).sum();
        // What is left is readings that make no number, or were not kept: of them some would say this one.
        let left = 1.0 - self.says.iter().map(|(_, _, likelihood)| likelihood).sum::<f32>();
        let near = self.keys().any(|said| slip(said, key).is_some());
        said.max(OTHER) + if near { left.max(0.0) * OF_THE_REST } else { 0.0 }
    }
}

fn is_taken_for(meant: &str, said: &str) -> bool {
    let mut differing = meant.chars().zip(said.chars()).filter(|(a, b)| a != b);
    meant.chars().count() == said.chars().count() && differing.next() == Some(LIKE) && differing.next().is_none()
}

/// A number that an office gave, and the day of its letter if that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// The number as it stands in the letter.
    pub number: String,
    /// Day of the letter.
    pub on: Option<LetterDate>,
}

/// What numbers of other letters there are.
#[derive(Clone, Debug, Default)]
pub struct Others {
    /// Those of the same office.
    pub office: Vec<Numbered>,
    /// The day of the letter itself.
    pub on: Option<LetterDate>,
    /// Codes that numbers begin with, and how many numbers have each.
    pub codes: HashMap<String, u64>,
}

/// Returns the number that a letter bears: `own` is what was read on it, `cited` what each letter that cites it says. `None` where nothing
/// is likely enough.
pub fn number(own: &Witness, cited: &[Witness], others: &Others) -> Option<String> {
    let offices: Vec<Form> = others.office.iter().filter_map(|other| Form::of(&number_key(&other.number)?)).collect();
    let mut possible: Vec<(String, String)> = Vec::new();
    for (text, key, _) in std::iter::once(own).chain(cited).flat_map(|witness| &witness.says) {
        if !possible.iter().any(|(_, other)| other == key) {
            possible.push((text.clone(), key.clone()));
        }
    }
    for (text, key) in possible.clone() {
        for (text, key) in offices.iter().filter_map(|form| form.worn_by(&text, &key)) {
            if !possible.iter().any(|(_, other)| *other == key) {
                possible.push((text, key));
            }
        }
    }
    let score = |key: &str| {
        let said: f32 = cited.iter().map(|witness| witness.likelihood(key)).product();
        let usual =
            form_likelihood(key, &offices) * code_likelihood(key, &others.codes) * growth_likelihood(key, others);
        own.likelihood(key) * said * usual
    };
    let scored: Vec<(f32, &str)> = possible.iter().map(|(text, key)| (score(key), text.as_str())).collect();
    let all: f32 = scored.iter().map(|(score, _)| score).sum();
    let best = scored.iter().copied().reduce(|a, b| if b.0 > a.0 { b } else { a })?;
    let first = scored.first().copied().filter(|_| !own.is_silent());
    match first {
        Some(first) if best.0 < CLEARLY * first.0 => (first.0 >= LIKELY * all).then(|| first.1.to_owned()),
        _ => (best.0 >= LIKELY * all).then(|| best.1.to_owned()),
    }
}

/// Most misread codes are no code at all.
fn code_likelihood(key: &str, codes: &HashMap<String, u64>) -> f32 {
    let count = |code: &str| codes.get(code).copied().unwrap_or(0) as f32 + UNSEEN;
    let most = codes.values().max().copied().unwrap_or(0) as f32 + UNSEEN;
    match key.split('/').next().filter(|code| !code.starts_with(|c: char| c.is_ascii_digit())) {
        Some(code) => (count(code) / most).sqrt(),
        None => 1.0,
    }
}

fn form_likelihood(key: &str, offices: &[Form]) -> f32 {
    let Some(own) = Form::of(key) else { return 1.0 };
    match offices.iter().filter(|form| **form != own).count() {
        _ if offices.contains(&own) => 1.0,
        0 => 1.0,
        1 => FORM_OF_ONE,
        _ => FORM_OF_SEVERAL,
    }
}

/// Numbers of a register grow with the days of a year; those of the letters dated next before and next after it hold a number between them.
fn growth_likelihood(key: &str, others: &Others) -> f32 {
    let (Some(on), Some(own)) = (others.on, place_in_register(key)) else { return 1.0 };
    let mut register: Vec<(LetterDate, u64)> = Vec::new();
    for other in &others.office {
        let day = other.on.filter(|day| day.year() == on.year() && *day != on);
        let place =
            number_key(&other.number).and_then(|key| place_in_register(&key)).filter(|(form, _)| *form == own.0);
        register.extend(day.zip(place.map(|(_, serial)| serial)));
    }
    register.sort_unstable();
    let later = register.partition_point(|(day, _)| *day < on);
    let (before, after) = (&register[later.saturating_sub(NEIGHBOURS)..later], &register[later..]);
    let near: Vec<_> = before.iter().chain(after.iter().take(NEIGHBOURS)).collect();
    if !near.is_sorted_by_key(|(_, serial)| *serial) {
        return 1.0; // one of them was misread, or the office numbers otherwise
    }
    let overtakes = |(day, serial): &&&(LetterDate, u64)| if *day < on { *serial >= own.1 } else { *serial <= own.1 };
    OVERTAKES.powi(near.iter().filter(overtakes).count() as i32)
}

/// Returns which register of its office a key is of, and its place there.
fn place_in_register(key: &str) -> Option<(Form, u64)> {
    Some((Form::of(key)?, key.rsplit('/').next()?.parse().ok()?))
}

/// What the numbers of an office have in common: all but the last group of digits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Form(String);

impl Form {
    /// Returns the form of a key that ends with digits.
    fn of(key: &str) -> Option<Self> {
        let (before, last) = key.rsplit_once('/').unwrap_or(("", key));
        last.bytes().all(|byte| byte.is_ascii_digit()).then(|| Self(before.to_owned()))
    }

    /// Returns a number in this form, if it differs from it by a slip alone.
    fn worn_by(&self, text: &str, key: &str) -> Option<(String, String)> {
        let last = key.rsplit('/').next()?;
        let worn = if self.0.is_empty() { last.to_owned() } else { format!("{}/{last}", self.0) };
        let is_slip = worn != key && slip(&worn, key).is_some();
        // Written as the key has it: the stops within a code are not known.
        is_slip.then(|| (if text == key { key.to_owned() } else { worn.clone() }, worn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Confidence;

    fn witness(readings: &[(&str, f32)]) -> Witness {
        let reading = |(text, p): &(&str, f32)| Reading { text: (*text).to_owned(), probability: Confidence::new(*p) };
        Witness::new(None, &readings.iter().map(reading).collect::<Vec<_>>())
    }

    #[track_caller]
    fn check(own: &[(&str, f32)], cited: &[&[(&str, f32)]], office: &[&str], want: Option<&str>) {
        let cited: Vec<Witness> = cited.iter().map(|says| witness(says)).collect();
        let office = office.iter().map(|number| Numbered { number: (*number).to_owned(), on: None }).collect();
        let others = Others { office, ..Others::default() };
        assert_eq!(number(&witness(own), &cited, &others).as_deref(), want, "{own:?} {cited:?} {others:?}");
    }

    #[test]
    fn what_was_read_without_doubt_stays() {
        check(&[("م.ع/12/345", 1.0)], &[], &[], Some("م.ع/12/345"));
        check(&[("م.ع/12/345", 1.0)], &[&[("م.ع/12/845", 0.5)]], &[], Some("م.ع/12/345"));
        check(&[("م.ع/12/345", 0.4), ("م.ع/12/845", 0.35), ("م.ع/12/245", 0.2)], &[], &[], None);
        check(&[], &[], &["345"], None);
    }

    #[test]
    fn letters_that_cite_it_settle_a_doubt() {
        check(
            &[("ل.م/20/15943", 0.13), ("ق.م/20/15943", 0.04)],
            &[&[("ق.م/20/15943", 0.9)]],
            &[],
            Some("ق.م/20/15943"),
        );
        check(&[("م.ع/11/1858", 0.5), ("م.ع/11/12858", 0.38)], &[&[("م.ع/11/12858", 0.1)]], &[], Some("م.ع/11/12858"));
        check(&[], &[&[("ق.م/77", 0.8)]], &[], Some("ق.م/77"));
        check(&[("ه.م/5631", 0.05), ("د.م/5631", 0.04)], &[&[("ق.م/5631", 0.9)]], &[], Some("ق.م/5631"));
        let twice: &[(&str, f32)] = &[("ح/411", 0.9)];
        check(&[("ح/417", 0.93)], &[twice, twice], &[], Some("ح/411"));
    }

    #[test]
    fn a_usual_slip_is_given_up_sooner_than_others() {
        check(&[("ع/1166", 0.93)], &[&[("ح/1166", 0.9)]], &[], Some("ح/1166"));
        check(&[("ح/1166", 0.93)], &[&[("ع/1166", 0.9)]], &[], Some("ح/1166"));
        check(&[("ف/1166", 0.93)], &[&[("ش/1166", 0.9)]], &[], Some("ف/1166"));
    }

    #[test]
    fn a_code_that_nobody_else_has_is_doubtful() {
        let codes = [("قم".to_owned(), 40), ("هم".to_owned(), 1)].into_iter().collect();
        let others = Others { codes, ..Others::default() };
        let said = [witness(&[("ق.م/5631", 0.4)])];
        assert_eq!(number(&witness(&[("ه.م/5631", 0.3)]), &said, &others).as_deref(), Some("ق.م/5631"));
    }

    #[test]
    fn codes_of_the_archive_settle_a_doubt_that_no_letter_speaks_of() {
        let own =
            witness(&[("د.ف/26/1019", 0.07), ("ي.ف/26/1019", 0.06), ("ف/26/1019", 0.02), ("يد.ف/26/1019", 0.016)]);
        assert_eq!(number(&own, &[], &Others::default()), None);
        let codes = [("دف".to_owned(), 20), ("قم".to_owned(), 60)].into_iter().collect();
        let others = Others { codes, ..Others::default() };
        assert_eq!(number(&own, &[], &others).as_deref(), Some("د.ف/26/1019"));
    }

    #[test]
    fn an_office_keeps_to_its_form() {
        check(&[("ع/16/8673", 0.8), ("ح/16/8673", 0.12)], &[], &["ح/16/7429", "ح/16/7001"], Some("ح/16/8673"));
        check(&[("ع/16/8673", 0.93)], &[], &["ق.م/7429"], Some("ع/16/8673"));
        check(&[("ه.م/15/21065", 0.6)], &[], &["ق.م/15/20001", "ق.م/15/19000"], Some("قم/15/21065"));
    }

    #[track_caller]
    fn check_register(own: &[(&str, f32)], register: &[(&str, &str)], want: Option<&str>) {
        let numbered = |(on, number): &(&str, &str)| Numbered { number: (*number).to_owned(), on: on.parse().ok() };
        let office = register.iter().map(numbered).collect();
        let others = Others { office, on: "2014-05-20".parse().ok(), ..Others::default() };
        assert_eq!(number(&witness(own), &[], &others).as_deref(), want, "{own:?} in {register:?}");
    }

    #[test]
    fn numbers_grow_with_the_days_of_a_year() {
        let doubted = [("ف/3673", 0.5), ("ف/8673", 0.4)];
        check_register(&doubted, &[("2014-04-02", "ف/7429"), ("2014-06-11", "ف/9012")], Some("ف/8673"));
        check_register(&doubted, &[("2014-04-02", "ف/2429"), ("2014-06-11", "ف/4012")], Some("ف/3673"));
        // Another year, and a register that does not grow, say nothing.
        for nothing in
            [[("2013-04-02", "ف/7429"), ("2015-06-11", "ف/2012")], [("2014-04-02", "ف/9429"), ("2014-06-11", "ف/1012")]]
        {
            check_register(&[("ف/3673", 0.6), ("ف/8673", 0.3)], &nothing, Some("ف/3673"));
        }
    }
}
