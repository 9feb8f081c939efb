//! Cuts text into the words that index, query and highlighter agree on: a text in, search keys with their places out.
//!
//! A token is a run of letters and digits with what [`super::normalise`] folds away. Three habits of offices bend that
//! rule: initials joined by dots are one token (`م.ع`, `U.P.V.C`), digits grouped by thousands are one number
//! (`1,234,567`, `١٬٢٣٤٬٥٦٧`), and Arabic letters that touch digits are parted from them (`رقم12`).

use super::digits::{fold_digit, is_digit};
use super::normalise::{fold_one, is_ignorable, search_key};
use std::ops::Range;

/// A token longer than this is noise of a reader; its key is cut here.
const LONGEST_KEY_CHARS: usize = 48;

/// A word for searching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its search key, never empty and without spaces.
    pub key: String,
    /// The bytes of the text it stands for.
    pub span: Range<usize>,
}

/// Returns the tokens of `text` in order. Spans lie on character boundaries and do not overlap, save that the parts of
/// one ligature that stands for several words share its span.
pub fn tokens(text: &str) -> Vec<Token> {
    // Most words are Arabic letters and nothing else, and to know so is cheap.
    if !text.is_empty() && text.len() <= LONGEST_KEY_CHARS && text.chars().all(|c| matches!(c, 'ء'..='غ' | 'ف'..='ي'))
    {
        return vec![Token { key: text.chars().filter_map(fold_one).collect(), span: 0..text.len() }];
    }
    let pieces = pieces(text);
    let mut found = Vec::with_capacity(pieces.len());
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let joined = initials(text, &pieces[at..]).or_else(|| thousands(text, &pieces[at..])).unwrap_or(1);
        let end = pieces.get(at + joined - 1).map_or(piece.span.end, |last| last.span.end);
        push_keys(text, piece.span.start..end, joined > 1, &mut found);
        at += joined;
    }
    found
}

/// Returns the search key of one word without spaces; several words run together.
pub fn word_key(word: &str) -> String {
    let mut key = String::with_capacity(word.len());
    if word.chars().all(is_plain) {
        key.extend(
            word.chars().filter_map(fold_one).filter(|c| is_letter_or_digit(*c)).map(|c| c.to_ascii_lowercase()),
        );
    } else {
        key.extend(search_key(word).chars().filter(|c| *c != ' '));
    }
    key
}

/// Says whether compatibility forms and combining marks play no part in folding `c`, so that it can be folded alone.
fn is_plain(c: char) -> bool {
    c.is_ascii() || matches!(c, '\u{0621}'..='\u{0652}' | '\u{0660}'..='\u{0669}' | '،' | '٬')
}

/// The same as [`char::is_alphanumeric`], quicker for the letters of nearly every word.
fn is_letter_or_digit(c: char) -> bool {
    match c {
        'ء'..='غ' | 'ف'..='ي' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => c.is_alphanumeric(),
    }
}

fn push_keys(text: &str, span: Range<usize>, joined: bool, found: &mut Vec<Token>) {
    let Some(piece) = text.get(span.clone()) else { return };
    if joined || piece.chars().all(is_plain) {
        push_key(word_key(piece), span, found);
    } else {
        search_key(piece).split(' ').for_each(|key| push_key(key.to_owned(), span.clone(), found));
    }
}

fn push_key(mut key: String, span: Range<usize>, found: &mut Vec<Token>) {
    if let Some((cut, _)) = key.char_indices().nth(LONGEST_KEY_CHARS) {
        key.truncate(cut);
    }
    if !key.is_empty() {
        found.push(Token { key, span });
    }
}

/// A maximal run of letters, or of digits.
struct Piece {
    span: Range<usize>,
    inked_chars: usize,
    digits: bool,
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut open: Option<(Piece, bool)> = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if !matches!(c, 'ء'..='غ' | 'ف'..='ي') && is_ignorable(c) {
            if let Some((piece, _)) = &mut open {
                piece.span.end = end;
            }
            continue;
        }
        if !is_letter_or_digit(c) {
            found.extend(open.take().map(|(piece, _)| piece));
            continue;
        }
        let digit = is_digit(c);
        // Latin model names keep their digits (`R720`); Arabic words only touch a number by accident.
        let latin = c.is_ascii_alphabetic();
        match &mut open {
            Some((piece, was_latin)) if piece.digits == digit || *was_latin || latin => {
                piece.span.end = end;
                piece.inked_chars += 1;
                piece.digits &= digit;
                *was_latin |= latin;
            }
            _ => {
                found.extend(open.take().map(|(piece, _)| piece));
                open = Some((Piece { span: at..end, inked_chars: 1, digits: digit }, latin));
            }
        }
    }
    found.extend(open.map(|(piece, _)| piece));
    found
}

/// Returns how many of the leading pieces are initials with only a dot between them, if at least two are.
fn initials(text: &str, pieces: &[Piece]) -> Option<usize> {
    let is_initial = |piece: &Piece| piece.inked_chars == 1 && !piece.digits;
    let count = pieces.iter().take_while(|piece| is_initial(piece)).count();
    let joined = pieces.windows(2).take(count.saturating_sub(1)).take_while(|pair| between(text, pair) == Some('.'));
    let run = joined.count() + 1;
    (run > 1).then_some(run)
}

/// Returns how many of the leading pieces make one number grouped by thousands, if at least two do.
fn thousands(text: &str, pieces: &[Piece]) -> Option<usize> {
    let first = pieces.first()?;
    if !first.digits || first.inked_chars > 3 {
        return None;
    }
    let mark = between(text, pieces.get(..2)?)?;
    let least = match mark {
        ',' | '٬' | '،' | '\'' | '’' => 2,
        // One group after a point may be a decimal fraction.
        '.' => 3,
        _ => return None,
    };
    let groups = pieces.windows(2).take_while(|pair| {
        between(text, pair) == Some(mark) && matches!(pair, [_, next] if next.digits && next.inked_chars == 3)
    });
    let run = groups.count() + 1;
    let begins_with_zero = text.get(first.span.clone())?.chars().next().map(fold_digit) == Some('0');
    (run >= least && !begins_with_zero).then_some(run)
}

/// Returns the one character between two pieces.
fn between(text: &str, pair: &[Piece]) -> Option<char> {
    let [left, right] = pair else { return None };
    let mut gap = text.get(left.span.end..right.span.start)?.chars();
    let only = gap.next()?;
    gap.next().is_none().then_some(only)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let keys: Vec<_> = tokens(text).into_iter().map(|token| token.key).collect();
        assert_eq!(keys, want, "of {text:?}");
    }

    #[test]
    fn initials_are_one_word() {
        check("العدد: م.ع/١٢/٣٤٥", &["العدد", "مع", "12", "345"]);
        check("نوافذ U.P.V.C عدد 3", &["نوافذ", "upvc", "عدد", "3"]);
        check("ا. احمد", &["ا", "احمد"]);
    }

    #[test]
    fn thousands_are_one_number() {
        check("(825,200,000) دينار", &["825200000", "دينار"]);
        check("١٬٢٣٤٬٥٦٧ و 1.234.567", &["1234567", "و", "1234567"]);
        check("2.500 طن، 12/3/2014", &["2", "500", "طن", "12", "3", "2014"]);
    }

    #[test]
    fn arabic_letters_part_from_digits_and_latin_ones_keep_them() {
        check("رقم12 حاسبة R720", &["رقم", "12", "حاسبه", "r720"]);
        check("العـــدد", &["العدد"]);
    }

    #[test]
    fn a_ligature_of_several_words_gives_all_of_them() {
        check("محمد ﷺ", &["محمد", "صلي", "الله", "عليه", "وسلم"]);
    }

    proptest! {
        #[test]
        fn every_span_holds_its_key(text in "[\\PC ,.ء-ي٠-٩0-9]{0,60}") {
            let mut last = 0..0;
            for token in tokens(&text) {
                prop_assert!(!token.key.is_empty() && !token.key.contains(' '));
                prop_assert!(token.span.start >= last.end || token.span == last);
                let piece = text.get(token.span.clone());
                prop_assert!(piece.is_some_and(|piece| word_key(piece).contains(&token.key)));
                last = token.span;
            }
        }

        #[test]
        fn keys_are_folded_already(text in "[\\PC ,.ء-ي٠-٩0-9]{0,60}") {
            for token in tokens(&text) {
                prop_assert_eq!(search_key(&token.key).replace(' ', ""), token.key);
            }
        }

        #[test]
        fn folding_letter_by_letter_is_folding_the_word(word in "[ء-ْ٠-٩a-zA-Z0-9]{0,20}") {
            prop_assert_eq!(word_key(&word), search_key(&word).replace(' ', ""));
        }
    }
}
