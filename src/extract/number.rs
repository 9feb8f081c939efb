//! Reads letter numbers: atoms in, the canonical form out (`م.ع / ١٢ / ٣٤٥` becomes `م.ع/12/345`).
//!
//! A number is digits, at most with a code of letters before or behind, parted by strokes or dashes. What has no digit
//! is no number, nor is a date, an amount with thousands set off, or a telephone number.

use super::date;
use super::passage::{self, Atom, Sort};
use crate::text::digits::to_western;
use crate::text::normalise::fold_char;
use std::ops::Range;

const SEPARATORS: &str = "/\\-–—_";
const OPENING: &str = ":/\\.-–—=؛;،,([{«\"'*_";
/// Marks that may follow a number without a space.
const CLOSING: &str = ")]}»,،.:؛;-–—/\\";
/// Longest code of letters that may stand apart from a stroke, as in `م و / ١٢`.
const LONGEST_CODE: usize = 4;
/// Longest word that may stand right before a stroke and digits, as in `الإدارية/١٢`.
const LONGEST_WORD: usize = 10;
const MOST_DIGITS: usize = 9;

/// A number as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// In canonical form.
    pub value: String,
    /// Its atoms.
    pub range: Range<usize>,
}

/// Returns the number that starts at atom `at`, marks before it passed over.
pub fn find_at(atoms: &[Atom], at: usize) -> Option<Found> {
    let mut start = at;
    while atoms.get(start).is_some_and(|atom| atom.is_mark(OPENING)) {
        start += 1;
    }
    let mut reader = Reader { atoms, next: start, value: String::new(), digits: 0, end: start, done: String::new() };
    reader.read();
    let Reader { done: value, end, digits, .. } = reader;
    let range = start..end;
    let whole = atoms.get(range.clone())?;
    let refused = value.is_empty()
        || digits > MOST_DIGITS
        || !passage::one_shape(whole)
        || is_cut_off(atoms, &range)
        || has_digits_read_as_letters(whole)
        || is_amount(atoms, &range)
        || date::find_at(atoms, start).is_some()
        || date::looks_like_one(atoms, start) && value.rsplit('/').next().is_some_and(|year| year.len() == 4);
    (!refused).then_some(Found { value, range })
}

/// Takes in part by part; `done` is the value up to the last part that can end a number.
struct Reader<'a> {
    atoms: &'a [Atom],
    next: usize,
    value: String,
    digits: usize,
    end: usize,
    done: String,
}

impl Reader<'_> {
    fn read(&mut self) {
        while self.part() {
            let Some(mark) = self.atoms.get(self.next) else { return };
            let dot = mark.is_mark(".") && !mark.spaced && self.after_letters();
            if dot {
                self.value.push('.');
                self.next += 1;
            } else if mark.is_mark(SEPARATORS) {
                // A dash between number and date parts them: `٣٤٥ - ١٢/٣/٢٠١٤`.
                if self.digits > 0 && !mark.is_mark("/\\") && date::find_at(self.atoms, self.next + 1).is_some() {
                    return;
                }
                self.value.push(if mark.is_mark("/\\") { '/' } else { '-' });
                self.next += 1;
            } else if self.digits > 0 || mark.sort == Sort::Mark {
                return;
            } else {
                self.value.push(' ');
            }
        }
    }

    fn after_letters(&self) -> bool {
        self.next > 0 && self.atoms.get(self.next - 1).is_some_and(|atom| atom.sort == Sort::Letters)
    }

    /// Takes in one run of digits or letters; says whether the number may go on.
    fn part(&mut self) -> bool {
        let Some(atom) = self.atoms.get(self.next) else { return false };
        match atom.sort {
            Sort::Digits => {
                self.digits += atom.key.len();
                self.value.push_str(&to_western(&atom.text));
                // In `14ص` and in the decimal `1.5` the digits do not end the number, so neither is one.
            }
            Sort::Letters if self.fits(atom) => {
                let letters = self.letters_of(atom);
                self.value.push_str(&letters);
            }
            _ => return false,
        }
        self.next += 1;
        if self.digits > 0 {
            self.end = self.next;
            self.done = self.value.clone();
        }
        true
    }

    /// Returns the letters of a code as print has them: between full stops stands one letter each, so that `مم.ع` is `م.ع`, and no office's
    /// code is the word `في`, for which a wide ف is taken.
    fn letters_of(&self, atom: &Atom) -> String {
        let letters: Vec<char> = atom.text.chars().filter(|c| fold_char(*c).next().is_some()).collect();
        let is_stop = |at: Option<usize>| at.and_then(|at| self.atoms.get(at)).is_some_and(|mark| mark.is_mark("."));
        let abbreviated = is_stop(Some(self.next + 1)) || is_stop(self.next.checked_sub(1));
        let doubled = abbreviated && matches!(atom.key.as_slice(), [a, b] if a == b);
        let before_stroke = self.atoms.get(self.next + 1).is_some_and(|mark| mark.is_mark("/\\"));
        let preposition = self.value.is_empty() && before_stroke && (atom.key_is("في") || atom.key_is("فى"));
        let kept = if doubled || preposition { 1 } else { letters.len() };
        letters.into_iter().take(kept).collect()
    }

    /// Says whether a run of letters can be a code at this place.
    fn fits(&self, atom: &Atom) -> bool {
        let next = self.atoms.get(self.next + 1);
        let before_stroke = next.is_some_and(|mark| mark.is_mark("/\\-"))
            && self.atoms.get(self.next + 2).is_some_and(|digits| digits.sort == Sort::Digits);
        let length = atom.key.len();
        if self.digits == 0 {
            let more = next.is_some_and(|atom| {
                atom.is_mark("/\\-.")
                    || atom.sort == Sort::Letters && atom.key.len() <= 2
                    || atom.sort == Sort::Digits && !atom.spaced
            });
            return length <= LONGEST_CODE && more || length <= LONGEST_WORD && before_stroke;
        }
        // Behind the digits a code follows its stroke closely, and no further text follows the code as in `٣٤٥ / م المدير`.
        length <= LONGEST_CODE && (!atom.spaced || next.is_none()) || length <= LONGEST_WORD && before_stroke
    }
}

/// Says whether what stands around the range shows that the reader lost a part of the number.
fn is_cut_off(atoms: &[Atom], range: &Range<usize>) -> bool {
    let digits_from_zero =
        range.len() == 1 && atoms.get(range.start).is_some_and(|atom| atom.key.first() == Some(&'0'));
    let Some(next) = atoms.get(range.end) else { return digits_from_zero };
    // `157:5` is what was left of one number.
    let goes_on = next.sort == Sort::Mark
        && !next.spaced
        && !next.is_mark("()[]{}")
        && atoms.get(range.end + 1).is_some_and(|more| more.sort == Sort::Digits && !more.spaced)
        && date::find_at(atoms, range.end + 1).is_none();
    let glued = !next.spaced && !next.is_mark(CLOSING) || goes_on;
    let open = next.is_mark("/\\");
    let torn = next.sort == Sort::Digits && date::find_at(atoms, range.end).is_none();
    digits_from_zero || glued || open || torn
}

/// Letters that Eastern digits are misread as: ٥ ٩ ١.
const LIKE_DIGITS: [char; 3] = ['ه', 'و', 'ا'];

/// Says whether letters stand right before digits that digits are misread as: `هوه١١` was `٥٩٥١١`. A code has a stroke behind it.
fn has_digits_read_as_letters(atoms: &[Atom]) -> bool {
    atoms.windows(2).any(|pair| match pair {
        [letters, digits] if letters.sort == Sort::Letters && digits.sort == Sort::Digits && !digits.spaced => {
            letters.key.iter().all(|letter| LIKE_DIGITS.contains(letter))
        }
        _ => false,
    })
}

/// Says whether thousands are set off at the end of the range (`6,124,000`), or a share follows (`86%`).
fn is_amount(atoms: &[Atom], range: &Range<usize>) -> bool {
    let mark = atoms.get(range.end);
    let more = atoms.get(range.end + 1);
    mark.is_some_and(|mark| mark.is_mark("%٪"))
        || mark.is_some_and(|mark| mark.is_mark(",٬٫،.") && !mark.spaced)
            && more.is_some_and(|atom| atom.sort == Sort::Digits && !atom.spaced)
}

#[cfg(test)]
mod tests {
    use super::super::passage::tests::{passage, words};
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        let words = words(text);
        let found = find_at(&passage(&words).atoms, 0);
        assert_eq!(found.map(|found| found.value).as_deref(), want, "in {text:?}");
    }

    #[test]
    fn plain_and_coded_numbers() {
        check(": ١٢٣٧٧", Some("12377"));
        check("/ ق.م / ٢٠ / ١٥٩٤٣", Some("ق.م/20/15943"));
        check("م.ع/ ١٢/ ٣٤٥", Some("م.ع/12/345"));
        check("م و/12/345", Some("م و/12/345"));
        check("هـ/ 4/ 12", Some("ه/4/12"));
        check("ق/ت/5/77", Some("ق/ت/5/77"));
        check("١٢٣٤/ص", Some("1234/ص"));
        check("الإدارية/345", Some("الإدارية/345"));
        check("٣٤/المدينة/١٢٧", Some("34/المدينة/127"));
        check("د.ف/2/17 التاريخ", Some("د.ف/2/17"));
        check("(13863) والمؤرخ", Some("13863"));
        check("AB-12/7", Some("AB-12/7"));
        check("مم.ع / ١١ / ١٢", Some("م.ع/11/12"));
        check("ه.مم/5631", Some("ه.م/5631"));
        check("في/785", Some("ف/785"));
    }

    #[test]
    fn a_number_ends_where_text_begins() {
        check("13809 في 15/9/2013", Some("13809"));
        check("13809 - 15/9/2013", Some("13809"));
        check("2222 جمهورية العراق", Some("2222"));
    }

    #[test]
    fn what_a_reader_left_of_a_number_is_none() {
        check("م.ع / 28 /", None);
        check("ح/ 6 6335", None);
        check("١174/1١", None);
        check("17م", None);
        check("44؟", None);
        check("157:5", None);
        check("هوه١١", None);
    }

    #[test]
    fn other_numbers_are_refused() {
        check("15/9/2013", None);
        check("٦,١٢٤,٠٠٠ دينار", None);
        check("86%", None);
        check("07816056338", None);
        check("ق.م / س /", None);
        check("0", None);
        check("وزارة الإعمار", None);
    }
}
