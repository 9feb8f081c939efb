//! Days asked for: what people write as a date or a range of dates in, days since 1970-01-01 out.

use crate::text::marks::{DateMark, Mark, Reading, find_marks};
use crate::text::normalise::search_key;
use jiff::civil::Date;
use std::ops::RangeInclusive;

/// Returns the days that a range means: `2012..2014`, `2012..`, `..آذار 2014`, `>2012`, `من 2012 إلى 2014`. `None` for what
/// is no range of civil dates. A range that runs backwards is turned, with a note.
pub(super) fn days_of(text: &str, notes: &mut Vec<String>) -> Option<RangeInclusive<i64>> {
    let (first, last) = ends(text)?;
    let days = |text: &str| match text.trim() {
        "" => Some(None),
        text => date_in(text).and_then(|(date, _)| days_in(date)).map(Some),
    };
    match (days(&first)?, days(&last)?) {
        (None, None) => None,
        (Some(first), None) => Some(*first.start()..=i64::MAX),
        (None, Some(last)) => Some(i64::MIN..=*last.end()),
        (Some(first), Some(last)) if first.start() > last.end() => {
            notes.push(format!("{text:?} runs backwards, and was turned"));
            Some(*last.start()..=*first.end())
        }
        (Some(first), Some(last)) => Some(*first.start()..=*last.end()),
    }
}

/// Returns the texts of both ends of a range; one of them may be empty.
fn ends(text: &str) -> Option<(String, String)> {
    let own = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
    if let Some((first, last)) = text.split_once("..").or_else(|| text.split_once('…')) {
        return own(first, last.trim_start_matches('.'));
    }
    let text = text.trim();
    if let Some(first) = text.strip_prefix(">=").or_else(|| text.strip_prefix('>')) {
        return own(first, "");
    }
    if let Some(last) = text.strip_prefix("<=").or_else(|| text.strip_prefix('<')) {
        return own("", last);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let keys: Vec<String> = words.iter().map(|word| search_key(word)).collect();
    let begins = keys.first().is_some_and(|key| matches!(key.as_str(), "من" | "بين" | "from" | "between"));
    let parts = keys.iter().position(|key| matches!(key.as_str(), "الي" | "حتي" | "لغايه" | "و" | "to" | "and"))?;
    if !begins {
        return None;
    }
    own(&words.get(1..parts)?.join(" "), &words.get(parts + 1..)?.join(" "))
}

/// Returns the first date of `text`; a lone year counts as one.
pub(super) fn date_in(text: &str) -> Option<(DateMark, Mark)> {
    find_marks(text).into_iter().find_map(|mark| {
        let date = mark.readings.iter().find_map(|reading| match reading {
            Reading::Date(date) => Some(*date),
            Reading::Number(parts) => match &parts[..] {
                [year] => year.parse().ok().filter(|year| matches!(year, 1300..=1499 | 1800..=2199)),
                _ => None,
            }
            .map(|year| DateMark { year, month: None, day: None }),
        })?;
        Some((date, mark))
    })
}

/// Returns the first and last day of a Gregorian date, as days since 1970-01-01.
fn days_in(date: DateMark) -> Option<RangeInclusive<i64>> {
    if date.is_hijri() {
        return None;
    }
    let year = i16::try_from(date.year).ok()?;
    let number = |month: u8, day: u8| {
        Some(day_number(Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?))
    };
    let last_month = date.month.unwrap_or(12);
    let days = i8::try_from(last_month).ok().and_then(|month| Date::new(year, month, 1).ok())?.days_in_month();
    let last_day = date.day.or_else(|| u8::try_from(days).ok())?;
    Some(number(date.month.unwrap_or(1), date.day.unwrap_or(1))?..=number(last_month, last_day)?)
}

/// Returns the days from 1970-01-01 to `date`.
pub(super) fn day_number(date: Date) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1);
    (date - epoch).get_days().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Day = Option<(i16, i8, i8)>;

    #[track_caller]
    fn check(text: &str, want: Option<(Day, Day)>) {
        let day = |(year, month, day)| day_number(jiff::civil::date(year, month, day));
        let want = want.map(|(first, last)| first.map_or(i64::MIN, day)..=last.map_or(i64::MAX, day));
        assert_eq!(days_of(text, &mut Vec::new()), want, "of {text:?}");
    }

    #[test]
    fn ranges_in_the_shapes_people_use() {
        let years = Some((Some((2012, 1, 1)), Some((2014, 12, 31))));
        for text in ["2012..2014", "٢٠١٢ .. ٢٠١٤", "2012...2014", "من 2012 إلى 2014", "بين ٢٠١٢ و ٢٠١٤", "2014..2012"]
        {
            check(text, years);
        }
        check("آذار 2014..15/4/2014", Some((Some((2014, 3, 1)), Some((2014, 4, 15)))));
        check("2012..", Some((Some((2012, 1, 1)), None)));
        check("<=2/2012", Some((None, Some((2012, 2, 29)))));
        check("> 2012", Some((Some((2012, 1, 1)), None)));
    }

    #[test]
    fn what_is_no_range() {
        for text in ["2012", "..", "أمس..اليوم", "من الوزارة إلى الشركة", "2014/1/1"] {
            check(text, None);
        }
    }
}
