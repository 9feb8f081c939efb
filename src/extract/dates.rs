//! Which days a letter is dated: every way in which its dates may be read in, the days that agree best with each other and with the rest of the
//! letter out.
//!
//! A digit of a date is soon misread, and the misread date is a day as well. What else the letter says tells them apart: the Hijri date
//! beside it, the date below the signature, and the letters that it cites, which are older, and seldom by more than a year.

use super::Remark;
use super::date::Day;
use super::doubt::Weighed;
use super::hijri::HijriDate;
use crate::model::{Evidence, Field, LetterDate};
use std::ops::Range;

/// Days that the two calendars may lie apart: months begin when the moon is seen, which may be a day off what is laid down.
pub const CALENDARS_APART: i32 = 1;
/// Days within which a letter is answered, nearly always.
const ANSWERED_WITHIN: i32 = 330;
/// Of two dates that contradict each other one is believed if it was read with so much more confidence.
const CLEARLY: f32 = 0.15;
/// What is left of the likelihood of a reading with which something else in the letter disagrees: the date of the other calendar, the
/// date below the signature, the latest letter cited. Each of these may be misread itself.
const AGAINST_CALENDAR: f32 = 0.05;
const AGAINST_SIGNATURE: f32 = 0.1;
const AGAINST_CITED: f32 = 0.05;
/// A letter cited is believed to be of its day, and no letter to be older, where it was read with this confidence.
const SURELY_CITED: f32 = 0.8;

/// The dates of a letter.
#[derive(Default)]
pub struct Dates {
    /// The civil one.
    pub civil: Option<Field<LetterDate>>,
    /// What the civil one may be where the reader lost a digit of its year.
    pub civil_may_be: Vec<Field<LetterDate>>,
    /// The Hijri one.
    pub hijri: Option<Field<HijriDate>>,
    /// The civil one below the signature.
    pub below: Option<Field<LetterDate>>,
    /// The ways in which the civil one may be read, where one was found first.
    civil_readings: Vec<Weighed<Field<LetterDate>>>,
    /// The same of the Hijri one.
    hijri_readings: Vec<Weighed<Field<HijriDate>>>,
}

impl Dates {
    /// Returns the dates of a letter with this one below its signature.
    pub fn of_signature(below: Option<Field<LetterDate>>) -> Self {
        Self { below, ..Self::default() }
    }

    /// Takes in the ways in which the date at one place may be read, the likeliest first, where that calendar has none yet; `evidence`
    /// returns the place of words.
    pub fn take_in(&mut self, values: &[Weighed<Day>], evidence: impl Fn(Range<usize>) -> Vec<Evidence>) {
        let civil = |day: Day| match day {
            Day::Civil(day) => Some(day),
            Day::Hijri(_) => None,
        };
        let hijri = |day: Day| match day {
            Day::Hijri(day) => Some(day),
            Day::Civil(_) => None,
        };
        take_in(values, civil, &evidence, &mut self.civil, &mut self.civil_readings);
        take_in(values, hijri, &evidence, &mut self.hijri, &mut self.hijri_readings);
    }

    /// Takes of each date the reading that agrees best with the rest of the letter; `cited` holds the days of the letters cited.
    pub fn weigh(&mut self, cited: &[Field<LetterDate>]) {
        let latest = cited.iter().map(|cited| cited.value).max();
        let surely = cited.iter().filter(|cited| surety(cited) >= SURELY_CITED).map(|cited| cited.value).max();
        let is_near =
            |civil: LetterDate, hijri: HijriDate| hijri.days_from(civil).is_some_and(|apart| apart <= CALENDARS_APART);
        let of_rest = |day: LetterDate| {
            let below = self.below.as_ref().is_none_or(|below| below.value == day);
            let cited = match latest {
                _ if surely.is_some_and(|cited| day < cited) => 0.0,
                Some(latest) if !is_answered_within(latest, day) => AGAINST_CITED,
                _ => 1.0,
            };
            cited * if below { 1.0 } else { AGAINST_SIGNATURE }
        };
        let civil_rest: Vec<f32> = self.civil_readings.iter().map(|one| of_rest(one.value.value)).collect();
        let agreement =
            |civil: LetterDate, hijri: HijriDate| if is_near(civil, hijri) { 1.0 } else { AGAINST_CALENDAR };
        // Each reading of the one calendar is as likely as all of the other together make it.
        let of_hijri = |day: LetterDate| -> f32 {
            let each = self.hijri_readings.iter();
            each.map(|other| other.probability * agreement(day, other.value.value)).sum()
        };
        let of_civil = |day: HijriDate| -> f32 {
            let each = self.civil_readings.iter().zip(&civil_rest);
            each.map(|(other, rest)| other.probability * rest * agreement(other.value.value, day)).sum()
        };
        let civil: Vec<f32> = self
            .civil_readings
            .iter()
            .zip(&civil_rest)
            .map(|(one, rest)| rest * if self.hijri_readings.is_empty() { 1.0 } else { of_hijri(one.value.value) })
            .collect();
        // Civil readings that are all impossible say nothing of the Hijri date.
        let says_nothing = civil_rest.iter().all(|rest| *rest == 0.0);
        let hijri: Vec<f32> =
            self.hijri_readings.iter().map(|one| if says_nothing { 1.0 } else { of_civil(one.value.value) }).collect();
        settle(&mut self.civil, &self.civil_readings, &civil);
        settle(&mut self.hijri, &self.hijri_readings, &hijri);
    }

    /// Holds the two calendars against each other: where they name days too far apart one was misread, and the date below the signature
    /// tells which. Where it does not, the one read with clearly more confidence stays, else neither.
    pub fn reconcile(&mut self, remarks: &mut Vec<Remark>) {
        let (Some(civil), Some(hijri)) = (&self.civil, &self.hijri) else { return };
        let apart = |date: LetterDate| hijri.value.days_from(date).unwrap_or(i32::MAX);
        if apart(civil.value) <= CALENDARS_APART {
            return;
        }
        remarks.push(Remark::CalendarsDisagree { days: apart(civil.value) });
        match &self.below {
            Some(below) if below.value == civil.value => self.hijri = None,
            Some(below) if apart(below.value) <= CALENDARS_APART => self.civil = Some(below.clone()),
            _ => {
                let (of_civil, of_hijri) = (surety(civil), surety(hijri));
                if of_civil < of_hijri + CLEARLY {
                    self.civil = None;
                }
                if of_hijri < of_civil + CLEARLY {
                    self.hijri = None;
                }
            }
        }
    }
}

/// Says whether a letter of one day would be answered by one of the other.
pub fn is_answered_within(cited: LetterDate, on: LetterDate) -> bool {
    cited.until(on).is_ok_and(|span| (0..=ANSWERED_WITHIN).contains(&span.get_days()))
}

fn take_in<T>(
    values: &[Weighed<Day>],
    of_calendar: impl Fn(Day) -> Option<T>,
    evidence: &impl Fn(Range<usize>) -> Vec<Evidence>,
    taken: &mut Option<Field<T>>,
    readings: &mut Vec<Weighed<Field<T>>>,
) {
    let field = |value: &Weighed<Day>| {
        Some(Field { value: of_calendar(value.value)?, evidence: evidence(value.words.clone()) })
    };
    if let Some(first) = values.first().filter(|first| taken.is_none() && first.is_likely()) {
        *taken = field(first);
    }
    if readings.is_empty() {
        let reading = |value: &Weighed<Day>| {
            let Weighed { probability, mass, ref words, .. } = *value;
            Some(Weighed { value: field(value)?, probability, mass, words: words.clone() })
        };
        readings.extend(values.iter().filter_map(reading));
    }
}

/// Sets a date to the reading that is the likeliest with what the rest of the letter makes of each; to none where none is likely enough.
fn settle<T: Clone + PartialEq>(taken: &mut Option<Field<T>>, readings: &[Weighed<Field<T>>], rest: &[f32]) {
    let is_other = |field: &Field<T>| readings.iter().all(|reading| reading.value.value != field.value);
    let is_doubted = readings.iter().any(|reading| reading.mass < 1.0);
    if !is_doubted || taken.as_ref().is_some_and(is_other) {
        return;
    }
    let scores: Vec<f32> = readings.iter().zip(rest).map(|(reading, rest)| reading.mass * rest).collect();
    let all: f32 = scores.iter().sum();
    let best = scores.iter().zip(readings).reduce(|best, one| if one.0 > best.0 { one } else { best });
    *taken = best.and_then(|(score, reading)| {
        let weighed = Weighed { probability: score / all, ..reading.clone() };
        weighed.is_likely().then_some(weighed.value)
    });
}

/// Returns the confidence of the least sure word that a value was read from.
fn surety<T>(field: &Field<T>) -> f32 {
    field.evidence.iter().map(|place| place.confidence.get()).fold(1.0, f32::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, FieldSource, PageNumber, PixelBox};

    fn readings(days: &[(&str, f32)]) -> Vec<Weighed<Day>> {
        let all: f32 = days.iter().map(|(_, mass)| mass).sum();
        let day = |text: &str| match HijriDate::parse(text) {
            Some(hijri) if text.starts_with("14") => Day::Hijri(hijri),
            _ => Day::Civil(text.parse().unwrap()),
        };
        let one = |(text, mass): &(&str, f32)| Weighed {
            value: day(text),
            probability: mass / all,
            mass: *mass,
            words: 1..2,
        };
        days.iter().map(one).collect()
    }

    #[track_caller]
    fn check(
        civil: &[(&str, f32)],
        hijri: &[(&str, f32)],
        below: Option<&str>,
        cited: Option<&str>,
        want: [Option<&str>; 2],
    ) {
        let below = below.map(|day| Field { value: day.parse().unwrap(), evidence: Vec::new() });
        let mut dates = Dates::of_signature(below);
        for values in [readings(civil), readings(hijri)] {
            dates.take_in(&values, |_| Vec::new());
        }
        let evidence = Evidence {
            written: String::new(),
            page: PageNumber(1),
            bounds: PixelBox::default(),
            confidence: Confidence::new(0.9),
            source: FieldSource::Read,
            filled_in: false,
        };
        let cited = cited.map(|day| Field { value: day.parse().unwrap(), evidence: vec![evidence] });
        dates.weigh(cited.as_slice());
        let got = [dates.civil.map(|day| day.value.to_string()), dates.hijri.map(|day| day.value.to_string())];
        assert_eq!(got.each_ref().map(Option::as_deref), want);
    }

    const DOUBTED: [(&str, f32); 2] = [("2010-04-01", 0.27), ("2010-04-11", 0.24)];

    #[test]
    fn the_other_calendar_settles_a_doubt() {
        check(&DOUBTED, &[], None, None, [Some("2010-04-01"), None]);
        check(&DOUBTED, &[("1431-04-26", 1.0)], None, None, [Some("2010-04-11"), Some("1431-04-26")]);
        let both = [("1431-04-06", 0.4), ("1431-04-26", 0.3)];
        check(&[("2010-04-11", 1.0)], &both, None, None, [Some("2010-04-11"), Some("1431-04-26")]);
        check(&DOUBTED, &both, None, None, [Some("2010-04-11"), Some("1431-04-26")]);
    }

    #[test]
    fn so_do_the_signature_and_the_letters_cited() {
        check(&DOUBTED, &[], Some("2010-04-11"), None, [Some("2010-04-11"), None]);
        check(&DOUBTED, &[], None, Some("2010-04-07"), [Some("2010-04-11"), None]);
        let years = [("2017-05-22", 0.32), ("2011-05-22", 0.26)];
        check(&years, &[], None, Some("2011-04-13"), [Some("2011-05-22"), None]);
        check(&years, &[], None, Some("2009-04-13"), [Some("2017-05-22"), None]);
        // No letter is older than one that it cites.
        check(&[("2012-04-11", 0.2)], &[], None, None, [Some("2012-04-11"), None]);
        check(&[("2012-04-11", 0.2)], &[], None, Some("2013-03-25"), [None, None]);
        let doubted = [("1434-05-30", 0.7), ("1434-05-20", 0.2)];
        check(&[("2012-04-11", 0.2)], &doubted, None, Some("2013-03-25"), [None, Some("1434-05-30")]);
    }

    #[test]
    fn what_nothing_settles_is_left_out() {
        let three = [("2010-04-01", 0.3), ("2010-04-11", 0.29), ("2010-04-17", 0.28)];
        check(&three, &[], None, None, [None, None]);
        check(&three, &[], None, Some("2010-04-07"), [Some("2010-04-11"), None]);
        check(&[("2010-04-01", 0.01), ("2010-04-11", 0.01)], &[], Some("2010-04-11"), None, [None, None]);
    }

    #[test]
    fn what_was_read_without_doubt_stays() {
        check(
            &[("2010-04-01", 1.0)],
            &[("1431-04-26", 1.0)],
            Some("2010-04-11"),
            None,
            [Some("2010-04-01"), Some("1431-04-26")],
        );
    }
}
