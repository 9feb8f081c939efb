//! The search key of a word: what is left when spelling habits and OCR's small slips are taken away.
//!
//! Folded: presentation forms and ligatures (NFKC), harakat, tatweel and direction marks, alef with hamza or madda,
//! alef maqsura and Persian yeh, teh marbuta, hamza carriers, keheh, digits of all shapes, Latin case. Punctuation and
//! symbols become spaces.

use super::digits::fold_digit;
use unicode_normalization::UnicodeNormalization;

/// Returns the search key of `text`: folded letters, words parted by single spaces. Folding twice changes nothing.
pub fn search_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.nfkc().flat_map(fold_char) {
        if c.is_alphanumeric() {
            if gap && !key.is_empty() {
                key.push(' ');
            }
            gap = false;
            key.push(c);
        } else if !is_ignorable(c) {
            gap = true;
        }
    }
    key
}

/// Returns the folded form of one character: one letter, several for a few Latin capitals, or none for a mark.
pub fn fold_char(c: char) -> impl Iterator<Item = char> {
    fold_one(c).into_iter().flat_map(char::to_lowercase)
}

/// Returns the folded form of a character but for its case, or `None` for a mark.
pub(super) fn fold_one(c: char) -> Option<char> {
    match c {
        'أ' | 'إ' | 'آ' | 'ٱ' => Some('ا'),
        'ى' | 'ی' | 'ئ' | 'ې' | 'ے' => Some('ي'),
        'ؤ' => Some('و'),
        'ة' | 'ۀ' | 'ہ' | 'ە' => Some('ه'),
        'ک' | 'ڪ' => Some('ك'),
        'ء'..='غ' | 'ف'..='ي' => Some(c),
        c if is_ignorable(c) => None,
        c => Some(fold_digit(c)),
    }
}

/// Says whether `c` has no place in a search key and parts no words: harakat, tatweel, direction marks, joiners.
pub fn is_ignorable(c: char) -> bool {
    is_direction_mark(c)
        || matches!(c,
            '\u{0610}'..='\u{061A}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}'
            | '\u{06D6}'..='\u{06DC}' | '\u{06DF}'..='\u{06E8}' | '\u{06EA}'..='\u{06ED}'
            | '\u{0300}'..='\u{036F}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}

/// Says whether `c` only steers the direction of text and has no ink.
pub fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(search_key(text), want, "of {text:?}");
    }

    #[test]
    fn spelling_habits_fold_together() {
        check("أُستاذَة", "استاذه");
        check("إلـــى", "الي");
        check("مسؤولية", "مسووليه");
        check("ﻻ ﷲ", "لا الله");
        check("کتاب", "كتاب");
    }

    #[test]
    fn digits_and_separators() {
        check("م.ع/ ١٢/ ٣٤٥", "م ع 12 345");
        check("\u{200F}(٣٧٥)\u{200E}", "375");
    }

    #[test]
    fn latin_is_folded_by_case_and_accent_alone_is_kept_apart() {
        check("Ministry of HOUSING", "ministry of housing");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = search_key(&text);
            prop_assert_eq!(search_key(&once), once);
        }
    }
}
