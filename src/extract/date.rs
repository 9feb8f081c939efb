//! Finds dates: atoms in, civil or Hijri days out.
//!
//! All three parts must be there, and the year in four digits, for a reader that loses digits makes `١٢/٣/١` out of `١٢/٣/٢٠١٤`.
//! The year may stand first or last; between day and month the order is day first, unless only the other is possible.

use super::hijri::HijriDate;
use super::labels::{self, Phrase};
use super::passage::{self, Atom, Sort};
use crate::model::LetterDate;

/// Years that letters are dated in.
const YEARS: std::ops::RangeInclusive<u32> = 1920..=2100;
/// How much further than usual the name of a month may lie from what was read: day and year stand beside it.
const MONTH_SLACK: f32 = 2.2;
/// What parts day, month and year.
const SEPARATORS: &str = "/\\-–—.|_،,";

/// A day in either calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// By the civil calendar.
    Civil(LetterDate),
    /// By the Hijri calendar.
    Hijri(HijriDate),
}

/// A date and the atom after its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The day.
    pub day: Day,
    /// The atom after its last.
    pub end: usize,
}

/// Returns the date that starts at atom `at`, if one does.
pub fn find_at(atoms: &[Atom], at: usize) -> Option<Found> {
    // A date does not begin in the middle of a longer number.
    let inside = at >= 2
        && !atoms.get(at)?.spaced
        && atoms[at - 1].is_mark(SEPARATORS)
        && !atoms[at - 1].spaced
        && atoms[at - 2].sort == Sort::Digits;
    if inside {
        return None;
    }
    let found = in_digits(atoms, at).or_else(|| with_month_name(atoms, at))?;
    passage::one_shape(atoms.get(at..found.end)?).then_some(found)
}

/// Returns the first date that starts at or after `from` and before `until`: the atom it starts at, and the date.
pub fn find(atoms: &[Atom], from: usize, until: usize) -> Option<(usize, Found)> {
    (from..until.min(atoms.len())).find_map(|at| find_at(atoms, at).map(|found| (at, found)))
}

/// Says whether three groups of digits stand at `at` as in a date, possible or not.
pub fn looks_like_one(atoms: &[Atom], at: usize) -> bool {
    three_groups(atoms, at).is_some()
}

/// Returns the number that an atom of digits writes, and how many they are.
fn digits(atom: Option<&Atom>) -> Option<Group> {
    let atom = atom?;
    let length = atom.key.len();
    // The full stop behind a date stands left of it and is read as ٠.
    let stop = matches!(length, 3 | 5) && atom.text.starts_with('٠');
    Some((atom.value()?, length - usize::from(stop)))
}

/// Returns the first place from `from` on and before `until` where a date stands whose year has two digits, three or five: the atom it starts
/// at, the days that it can be, and the atom after its last. Readers take two equal digits for one or one for two; two alone mean a
/// year of any century.
pub fn find_damaged(atoms: &[Atom], from: usize, until: usize) -> Option<(usize, Vec<LetterDate>, usize)> {
    (from..until.min(atoms.len())).find_map(|at| {
        let ([first, second, third], end) = three_groups(atoms, at)?;
        if goes_on(atoms, end) {
            return None;
        }
        let (year, day) = match (first.1, third.1) {
            (1 | 2, 3 | 5) => (third.0, first.0),
            (3 | 5, 1 | 2) => (first.0, third.0),
            (2, 1 | 2) if first.0 > 31 => (first.0, third.0),
            (1 | 2, 2) => (third.0, first.0),
            _ => return None,
        };
        let of_century = first.1 <= 2 && third.1 <= 2;
        let digits = year.to_string();
        // Or five: a digit was read twice.
        let without_one = |text: &str| -> Vec<String> {
            let without = |at: usize| text.chars().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c).collect();
            (0..text.len()).map(without).collect()
        };
        let lost = |whole: &u32| {
            let whole = whole.to_string();
            without_one(&whole).contains(&digits) || without_one(&digits).contains(&whole)
        };
        let years = YEARS.filter(|whole| if of_century { whole % 100 == year } else { lost(whole) });
        let days: Vec<LetterDate> = years
            .filter_map(|year| match civil(year, second.0, day)? {
                Day::Civil(day) => Some(day),
                Day::Hijri(_) => None,
            })
            .collect();
        (!days.is_empty() && second.1 <= 2).then_some((at, days, end))
    })
}

/// Returns the atom after one separator, which may stand apart from what it parts.
fn after_separator(atoms: &[Atom], at: usize) -> Option<usize> {
    let after = atoms.get(at)?.is_mark(SEPARATORS).then_some(at + 1)?;
    // A speck beside a stroke is read as a dash.
    Some(after + usize::from(atoms.get(after).is_some_and(|mark| mark.is_mark("-–.ـ"))))
}

type Group = (u32, usize);

fn three_groups(atoms: &[Atom], at: usize) -> Option<([Group; 3], usize)> {
    let first = digits(atoms.get(at))?;
    let second_at = after_separator(atoms, at + 1)?;
    let second = digits(atoms.get(second_at))?;
    // Readers drop strokes before a space: `17/ 8 2015`. Before four digits nothing else can be meant.
    let dropped = digits(atoms.get(second_at + 1)).is_some_and(|year| year.1 == 4 && first.1 <= 2);
    let third_at = after_separator(atoms, second_at + 1).or(dropped.then_some(second_at + 1))?;
    let third = digits(atoms.get(third_at))?;
    Some(([first, second, third], third_at + 1))
}

/// Says whether more groups of digits follow: then it is no date.
fn goes_on(atoms: &[Atom], end: usize) -> bool {
    atoms.get(end).is_some_and(|mark| !mark.spaced && mark.is_mark("/\\-"))
        && atoms.get(end + 1).is_some_and(|atom| !atom.spaced && atom.sort == Sort::Digits)
}

fn in_digits(atoms: &[Atom], at: usize) -> Option<Found> {
    let ([first, second, third], end) = three_groups(atoms, at)?;
    if goes_on(atoms, end) || second.1 > 2 {
        return None;
    }
    let (year, day) = match (first.1, third.1) {
        (1 | 2, 4) => (third.0, first.0),
        (4, 1 | 2) => (first.0, third.0),
        _ => return None,
    };
    let day = day_of(year, second.0, day).or_else(|| day_of(year, day, second.0))?;
    Some(Found { day, end: after_era(atoms, end, day) })
}

fn with_month_name(atoms: &[Atom], at: usize) -> Option<Found> {
    let (first, length) = digits(atoms.get(at))?;
    let mut next = at + 1;
    let skip = |mut next: usize| {
        while atoms.get(next).is_some_and(|atom| atom.is_mark(SEPARATORS) || atom.key_is("من") || atom.key_is("شهر"))
        {
            next += 1;
        }
        next
    };
    next = skip(next);
    let (month, is_hijri, after_month) = month_at(atoms, next)?;
    let mut third = skip(after_month);
    if atoms.get(third).is_some_and(|atom| atom.key_is("سنه") || atom.key_is("لسنه") || atom.key_is("عام")) {
        third += 1;
    }
    let (last, last_length) = digits(atoms.get(third))?;
    let (year, day) = match (length, last_length) {
        (1 | 2, 4) => (last, first),
        (4, 1 | 2) => (first, last),
        _ => return None,
    };
    let day = if is_hijri { HijriDate::new(year, month, day).map(Day::Hijri) } else { civil(year, month, day) }?;
    Some(Found { day, end: after_era(atoms, third + 1, day) })
}

/// Returns number of the month, whether it is a Hijri one, and the atom after its name.
fn month_at(atoms: &[Atom], at: usize) -> Option<(u32, bool, usize)> {
    let months = labels::months();
    let of = |lists: &[Vec<Phrase>], is_hijri: bool| {
        let found = lists
            .iter()
            .enumerate()
            .filter_map(|(i, names)| Some((i, labels::find_near(atoms, at, names, MONTH_SLACK)?)));
        let mut found: Vec<_> = found.collect();
        found.sort_by(|a, b| a.1.distance.total_cmp(&b.1.distance));
        // A name as near to another month as to this one says nothing.
        let unsure = matches!(found.as_slice(), [a, b, ..] if b.1.distance - a.1.distance < 0.3);
        let (index, best) = found.into_iter().next().filter(|_| !unsure)?;
        Some((best.distance, (index as u32 + 1, is_hijri, best.end)))
    };
    let both = [of(&months.civil, false), of(&months.hijri, true)];
    both.into_iter().flatten().min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, month)| month)
}

fn day_of(year: u32, month: u32, day: u32) -> Option<Day> {
    civil(year, month, day).or_else(|| HijriDate::new(year, month, day).map(Day::Hijri))
}

fn civil(year: u32, month: u32, day: u32) -> Option<Day> {
    if !YEARS.contains(&year) {
        return None;
    }
    let narrow = |n: u32| i8::try_from(n).ok();
    LetterDate::new(i16::try_from(year).ok()?, narrow(month)?, narrow(day)?).ok().map(Day::Civil)
}

/// Takes in the letter that names the calendar: م or هـ.
fn after_era(atoms: &[Atom], end: usize, day: Day) -> usize {
    let era = match day {
        Day::Civil(_) => "م",
        Day::Hijri(_) => "ه",
    };
    end + usize::from(atoms.get(end).is_some_and(|atom| atom.key_is(era)))
}

#[cfg(test)]
mod tests {
    use super::super::passage::tests::{passage, words};
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        let words = words(text);
        let found = find(&passage(&words).atoms, 0, usize::MAX);
        let day = found.map(|(_, found)| match found.day {
            Day::Civil(date) => date.to_string(),
            Day::Hijri(date) => format!("{date} H"),
        });
        assert_eq!(day.as_deref(), want, "in {text:?}");
    }

    #[test]
    fn digits_of_all_shapes_and_orders() {
        check("التاريخ: ١٢/ ٣ / ٢٠١٤", Some("2014-03-12"));
        check("2014/3/12", Some("2014-03-12"));
        check("12-3-2014 م", Some("2014-03-12"));
        check("٠٧/٠٤/٢٠١٤", Some("2014-04-07"));
        check("۲۰۱۴/۳/۱۲", Some("2014-03-12"));
        check("25.3.2014", Some("2014-03-25"));
        check("17/ 8 2015", Some("2015-08-17"));
    }

    #[test]
    fn the_order_that_is_possible_counts() {
        check("3/25/2014", Some("2014-03-25"));
        check("2014/25/3", Some("2014-03-25"));
        check("31/4/2014", None);
        check("32/13/2014", None);
    }

    #[test]
    fn month_names() {
        check("٢٨ تشرين الثاني ٢٠١٣", Some("2013-11-28"));
        check("12 كانون الثانى 2014", Some("2014-01-12"));
        check("5 اغسطس 2011", Some("2011-08-05"));
        check("1/شباط/2010", Some("2010-02-01"));
        check("28 تشربن الثاني 2013", Some("2013-11-28"));
        check("12 من آذار سنة 2009", Some("2009-03-12"));
    }

    #[track_caller]
    fn check_damaged(text: &str, want: &[&str]) {
        let words = words(text);
        let found = find_damaged(&passage(&words).atoms, 0, usize::MAX);
        let days = found.map(|(_, days, _)| days).unwrap_or_default();
        assert_eq!(days.iter().map(ToString::to_string).collect::<Vec<_>>(), want, "in {text:?}");
    }

    #[test]
    fn years_of_two_digits_or_one_too_few_leave_a_choice() {
        check_damaged("12/3/87", &["1987-03-12", "2087-03-12"]);
        check_damaged("٢٢/٣/٩", &[]);
        check_damaged("87/03/05", &["1987-03-05", "2087-03-05"]);
        check_damaged("١٢/٣/٢١٤", &["2014-03-12"]);
        check_damaged("12/3/14/7", &[]);
        check_damaged("12/13/14", &[]);
        check_damaged("12/3/2014", &[]);
    }

    #[test]
    fn hijri_days_are_no_civil_days() {
        check("٢٦ صفر ١٤٣٥ هـ", Some("1435-02-26 H"));
        check("7 ذو القعدة 1433", Some("1433-11-07 H"));
        check("1435/2/26 هـ", Some("1435-02-26 H"));
    }

    #[test]
    fn parts_of_other_numbers_are_no_dates() {
        check("12/3/20", None);
        check("2017/1١/1١", None);
        check("٢٠/١٥٩٤٣", None);
        check("5/12/3/2014", None);
        check("12/3/2014/7", None);
        check("٦,١٢٤,٠٠٠", None);
        check("5372145 - 5378801", None);
        check("م.ع/12/3456", None);
    }
}
