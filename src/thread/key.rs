//! The form in which letter numbers are compared: `م.ع / ١٢ / ٠٣٤٥` and `م ع/12/345` are one number.

use crate::text::digits::fold_digit;
use crate::text::normalise::fold_char;

/// Digits that two numbers must have to be compared with a slip: shorter ones all lie near each other.
const FEWEST_DIGITS: usize = 3;
/// Costs of the ways in which two readings of one number differ; equal ones cost nothing.
const CODE_LOST: f32 = 0.5;
const CODE_DIFFERS: f32 = 0.8;
const BEGINNING_LOST: f32 = 0.9;
const BEGINNING_DIFFERS: f32 = 1.4;
/// Digits of a group that tells a number by itself.
const LONG_GROUP: usize = 4;
const DIGIT_SLIP: f32 = 1.4;

/// Returns the key of a letter's number, or `None` where it has no digit: codes of letters folded and without dots, digits
/// Western and without leading zeros, parts joined by strokes.
pub fn number_key(number: &str) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut open = false;
    for c in number.chars().flat_map(fold_char).map(fold_digit) {
        if !c.is_alphanumeric() {
            // A full stop or a space stands within a code, not between its letters and what follows.
            open &= matches!(c, '.' | ' ') && parts.last().is_some_and(|part| !is_digits(part));
            continue;
        }
        match parts.last_mut().filter(|part| open && is_digits(part) == c.is_ascii_digit()) {
            Some(part) => part.push(c),
            None => parts.push(c.to_string()),
        }
        open = true;
    }
    if !parts.iter().any(|part| is_digits(part)) {
        return None;
    }
    let bare = parts.iter().map(|part| match part.trim_start_matches('0') {
        "" => "0",
        rest if is_digits(part) => rest,
        _ => part.as_str(),
    });
    Some(bare.collect::<Vec<_>>().join("/"))
}

fn is_digits(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns what it costs to take two keys for readings of one number: 0 for equal ones, `None` where they are two numbers.
///
/// A code of letters may be lost or misread, one digit or stroke may be misread, lost or added; not both at once.
pub fn slip(a: &str, b: &str) -> Option<f32> {
    if a == b {
        return Some(0.0);
    }
    let ((code_a, digits_a), (code_b, digits_b)) = (split(a), split(b));
    let figures = |digits: &str| digits.bytes().filter(u8::is_ascii_digit).count();
    if figures(&digits_a).min(figures(&digits_b)) < FEWEST_DIGITS {
        return None;
    }
    if digits_a != digits_b && (is_rest(a, b) || is_rest(b, a)) {
        return Some(BEGINNING_LOST);
    }
    let differs = match (code_a == code_b, digits_a == digits_b) {
        (_, true) if code_a.is_empty() || code_b.is_empty() => Some(CODE_LOST),
        // The same digits under two codes are two registers, unless one letter was misread.
        (false, true) => one_edit(&code_a, &code_b).then_some(CODE_DIFFERS),
        (true, false) => one_edit(&digits_a, &digits_b).then_some(DIGIT_SLIP),
        _ => None,
    };
    differs.or_else(|| has_same_end(a, b).then_some(BEGINNING_DIFFERS))
}

/// Says whether the beginnings alone of two numbers differ, and their ends are long enough to tell them.
fn has_same_end(a: &str, b: &str) -> bool {
    let ends = a.rsplit_once('/').zip(b.rsplit_once('/'));
    ends.is_some_and(|((_, a), (_, b))| a == b && a.len() >= LONG_GROUP && is_digits(a))
}

/// Says whether `rest` is the last group of digits of `whole`, and long enough to be no other number's.
fn is_rest(rest: &str, whole: &str) -> bool {
    let last = whole.rsplit_once('/').map(|(_, last)| last);
    rest.len() >= LONG_GROUP && is_digits(rest) && last == Some(rest)
}

/// Parts a key into its letters and its groups of digits.
fn split(key: &str) -> (String, String) {
    let (digits, letters): (Vec<&str>, Vec<&str>) = key.split('/').partition(|part| is_digits(part));
    (letters.concat(), digits.join("/"))
}

/// Says whether one character replaced, added or taken away makes one text the other.
pub fn one_edit(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same_start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (rest_a, rest_b) = (a.len() - same_start, b.len() - same_start);
    let same_end = a.iter().rev().zip(b.iter().rev()).take(rest_a.min(rest_b)).take_while(|(a, b)| a == b).count();
    rest_a - same_end <= 1 && rest_b - same_end <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_key(number: &str, want: Option<&str>) {
        assert_eq!(number_key(number).as_deref(), want, "in {number:?}");
    }

    #[test]
    fn one_number_has_one_key_however_it_is_written() {
        check_key("م.ع/12/345", Some("مع/12/345"));
        check_key("م ع / ١٢ / ٠٣٤٥", Some("مع/12/345"));
        check_key("مـ.ع-12-345", Some("مع/12/345"));
        check_key("هـ/4", Some("ه/4"));
        check_key("345ص", Some("345/ص"));
        check_key("12 345", Some("12/345"));
        check_key("ق.م / س", None);
    }

    #[track_caller]
    fn check_slip(a: &str, b: &str, want: Option<f32>) {
        assert_eq!((slip(a, b), slip(b, a)), (want, want), "{a} and {b}");
    }

    #[test]
    fn one_slip_is_allowed_and_no_more() {
        check_slip("مع/12/345", "مع/12/345", Some(0.0));
        check_slip("مع/12/345", "12/345", Some(CODE_LOST));
        check_slip("مع/12/345", "ع/12/345", Some(CODE_DIFFERS));
        check_slip("مع/12/345", "مع/12/845", Some(DIGIT_SLIP));
        check_slip("12345", "1345", Some(DIGIT_SLIP));
        check_slip("12/345", "12345", Some(DIGIT_SLIP));
        check_slip("قم/23/18131", "18131", Some(BEGINNING_LOST));
        check_slip("دف/30/2108", "230/2108", Some(BEGINNING_DIFFERS));
        check_slip("ع/ز/1209", "ع/6/1209", Some(BEGINNING_DIFFERS));
        check_slip("مع/12/345", "ع/12/845", None);
        check_slip("مع/12/345", "قف/12/345", None);
        check_slip("12345", "12543", None);
        check_slip("12", "13", None);
    }
}
