//! The Hijri calendar by its tabular form, as a check on the civil date beside it: the announced date may lie a day or two off.
//!
//! Source: Reingold and Dershowitz, "Calendrical Calculations", the arithmetic Islamic calendar: 30-year cycle with leap years
//! 2, 5, 7, 10, 13, 16, 18, 21, 24, 26 and 29, counted from Friday, 16 July 622 (Julian).

use crate::model::LetterDate;
use jiff::ToSpan;
use std::fmt;

/// A day of the Hijri calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HijriDate {
    year: i32,
    month: i32,
    day: i32,
}

/// Years that letters are dated in.
const YEARS: std::ops::RangeInclusive<u32> = 1300..=1500;

/// Day count of 1 Muharram 1300, and the civil day it fell on.
const ANCHOR_YEAR: i32 = 1300;

impl HijriDate {
    /// Returns the day, if the calendar has it and letters are dated in its year.
    pub fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        // Announced months may be longer or shorter than tabular ones by a day, so thirty days are allowed in each.
        let plausible = YEARS.contains(&year) && (1..=12).contains(&month) && (1..=30).contains(&day);
        plausible.then_some(Self { year: year as i32, month: month as i32, day: day as i32 })
    }

    /// Returns the day that [`fmt::Display`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-').map(|part| part.parse().ok());
        Self::new(parts.next()??, parts.next()??, parts.next()??)
    }

    /// Returns the civil day by the tabular calendar.
    pub fn to_civil(self) -> Option<LetterDate> {
        let anchor = LetterDate::new(1882, 11, 12).ok()?;
        let days = days_before_year(self.year) - days_before_year(ANCHOR_YEAR)
            + 29 * (self.month - 1)
            + self.month / 2
            + self.day
            - 1;
        anchor.checked_add(days.days()).ok()
    }

    /// Returns how many days the two dates lie apart.
    pub fn days_from(self, date: LetterDate) -> Option<i32> {
        let span = self.to_civil()?.until(date).ok()?;
        Some(span.get_days().abs())
    }
}

fn days_before_year(year: i32) -> i32 {
    (year - 1) * 354 + (3 + 11 * year).div_euclid(30)
}

impl fmt::Display for HijriDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hijri: (u32, u32, u32), civil: &str) {
        let date = HijriDate::new(hijri.0, hijri.1, hijri.2).and_then(HijriDate::to_civil);
        assert_eq!(date.map(|date| date.to_string()).as_deref(), Some(civil));
    }

    #[test]
    fn the_tabular_calendar() {
        check((1300, 1, 1), "1882-11-12");
        check((1400, 1, 1), "1979-11-21");
        check((1435, 2, 26), "2013-12-30");
        check((1433, 11, 7), "2012-09-23");
        check((1436, 9, 18), "2015-07-05");
    }

    #[test]
    fn impossible_days_are_refused() {
        assert_eq!(HijriDate::new(1435, 13, 1), None);
        assert_eq!(HijriDate::new(1435, 1, 31), None);
        assert_eq!(HijriDate::new(2014, 1, 1), None);
    }
}
