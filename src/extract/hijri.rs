//! The Hijri calendar as a check on the civil date beside it.
//!
//! Days are counted by the Umm al-Qura calendar and by the tabular one (leap years 2, 5, 7, 10, 13, 16, 18, 21, 24, 26 and 29 of thirty,
//! from Friday, 16 July 622, Julian), both as `icu_calendar` has them. What a government announces may lie a day off either.

use crate::model::LetterDate;
use icu_calendar::Date;
use icu_calendar::cal::Hijri;
use icu_calendar::cal::hijri::{TabularAlgorithmEpoch, TabularAlgorithmLeapYears};
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

    /// Returns how many days the two dates lie apart, by that calendar by which it is less.
    pub fn days_from(self, date: LetterDate) -> Option<i32> {
        let apart = |day: LetterDate| Some(day.until(date).ok()?.get_days().abs());
        self.by_calendar().into_iter().flatten().filter_map(apart).min()
    }

    /// Returns the civil day by either calendar, Umm al-Qura first.
    fn by_calendar(self) -> [Option<LetterDate>; 2] {
        let Ok(month) = u8::try_from(self.month) else { return [None, None] };
        let umm_al_qura = Date::try_new_hijri_with_calendar(self.year, month, 1, Hijri::new_umm_al_qura());
        let tabular = Hijri::new_tabular(TabularAlgorithmLeapYears::TypeII, TabularAlgorithmEpoch::Friday);
        let tabular = Date::try_new_hijri_with_calendar(self.year, month, 1, tabular);
        let first_days = [umm_al_qura.ok().map(|date| date.to_rata_die()), tabular.ok().map(|date| date.to_rata_die())];
        // From the first of the month on, since an announced month may be longer than the calendar's. Day 1 of this count is 0001-01-01.
        first_days.map(|first| {
            let days = first?.to_i64_date() - 1 + i64::from(self.day) - 1;
            LetterDate::new(1, 1, 1).ok()?.checked_add(days.days()).ok()
        })
    }
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
        let date = HijriDate::new(hijri.0, hijri.1, hijri.2).and_then(|date| date.by_calendar()[0]);
        assert_eq!(date.map(|date| date.to_string()).as_deref(), Some(civil));
    }

    #[test]
    fn the_umm_al_qura_calendar() {
        check((1300, 1, 1), "1882-11-12");
        check((1435, 1, 1), "2013-11-04");
        check((1435, 2, 26), "2013-12-29");
        check((1436, 9, 1), "2015-06-18");
        check((1445, 1, 1), "2023-07-19");
    }

    #[test]
    fn both_calendars_are_held_against_a_civil_day() {
        let days = |hijri: (u32, u32, u32), civil: &str| {
            HijriDate::new(hijri.0, hijri.1, hijri.2).unwrap().days_from(civil.parse().unwrap())
        };
        assert_eq!(days((1435, 2, 26), "2013-12-29"), Some(0));
        // By the tabular calendar.
        assert_eq!(days((1435, 2, 26), "2013-12-30"), Some(0));
        assert_eq!(days((1435, 2, 26), "2014-01-02"), Some(3));
        // The last day of a month that the announced one may have.
        assert_eq!(days((1435, 12, 30), "2014-10-24"), Some(0));
    }

    #[test]
    fn impossible_days_are_refused() {
        assert_eq!(HijriDate::new(1435, 13, 1), None);
        assert_eq!(HijriDate::new(1435, 1, 31), None);
        assert_eq!(HijriDate::new(2014, 1, 1), None);
    }
}
