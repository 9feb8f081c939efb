//! Finds amounts whose zeros a reader lost or moved: a line in, values with the bytes they stand on out.
//!
//! The zero of Eastern digits is a dot. Readers take a row of them for fewer, for full stops, or for a word of its own, which in a
//! line from right to left then stands before the figure: `٤,٣٨٥,٠٠٠` becomes `٠. ٤,٣٨٥,٠`. What is left tells the
//! value all the same, since all groups but the first have three digits. Amounts whose groups are whole are none of these.

use super::digits::{fold_digit, is_digit};
use std::ops::Range;

/// The longest amount, in digits.
const MOST_DIGITS: usize = 15;

/// An amount as it must have stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mended {
    /// Western digits without separators.
    pub value: String,
    /// The bytes of the text it stands on.
    pub span: Range<usize>,
}

/// Returns the amounts of `text` that lack zeros, have them elsewhere, or are parted by several signs.
pub(super) fn mended_amounts(text: &str) -> Vec<Mended> {
    let blobs = blobs(text);
    let blob = |at: usize| blobs.get(at).and_then(|span| text.get(span.clone()));
    let beside = |one: usize, next: usize| match (blobs.get(one), blobs.get(next)) {
        (Some(one), Some(next)) => text.get(one.end..next.start) == Some(" "),
        _ => false,
    };
    let mut found = Vec::new();
    for (at, span) in blobs.iter().enumerate() {
        let Some(own) = blob(at).filter(|blob| !is_tail(blob)) else { continue };
        let before = at.checked_sub(1).filter(|before| beside(*before, at));
        let mended = before
            .and_then(|before| Some((mended(own, Some(blob(before).filter(|tail| is_tail(tail))?))?, before, at)))
            .or_else(|| {
                let next = blob(at + 1).filter(|tail| beside(at, at + 1) && is_tail(tail))?;
                let is_broken = Figure::of(own)?.is_broken();
                Some((mended(own, Some(next).filter(|_| is_broken))?, at, if is_broken { at + 1 } else { at }))
            })
            .or_else(|| Some((mended(own, None)?, at, at)));
        if let Some((value, first, last)) = mended {
            let start = blobs.get(first).map_or(span.start, |first| first.start);
            let end = blobs.get(last).map_or(span.end, |last| last.end);
            found.push(Mended { value, span: start..end });
        }
    }
    found
}

/// Returns the value of a figure, if it must be mended; `tail` is what stands apart from it of its zeros.
fn mended(figure: &str, tail: Option<&str>) -> Option<String> {
    let joined = tail.and_then(|tail| Figure::of(&format!("{figure}{tail}"))).filter(|joined| joined.groups.len() > 1);
    let value = match (joined.filter(|joined| !joined.is_broken()), tail) {
        (Some(joined), _) => joined.value(),
        (None, None) => Some(Figure::of(figure)?).filter(|own| own.is_broken() || own.is_mixed)?.value(),
        (None, Some(_)) => {
            let own = Figure::of(figure)?;
            own.value() + if own.is_broken() { "" } else { "000" }
        }
    };
    (value.len() <= MOST_DIGITS).then_some(value)
}

fn is_separator(c: char) -> bool {
    matches!(c, ',' | '،' | '٬' | '.' | '٫')
}

/// Returns the runs of digits and separators.
fn blobs(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| is_digit(*c) || is_separator(*c)) {
        match found.last_mut() {
            Some(last) if last.end == at => last.end = at + c.len_utf8(),
            _ => found.push(at..at + c.len_utf8()),
        }
    }
    found
}

/// Says whether a run is nothing but zeros, some of them perhaps read as full stops.
fn is_tail(blob: &str) -> bool {
    let zeros = blob.chars().filter(|c| fold_digit(*c) == '0').count();
    let dots = blob.chars().filter(|c| *c == '.').count();
    zeros + dots > 0 && (zeros > 0 || dots > 1) && blob.chars().all(|c| is_separator(c) || fold_digit(c) == '0')
}

fn is_zeros(group: &str) -> bool {
    group.bytes().all(|byte| byte == b'0')
}

/// A figure of several groups.
struct Figure {
    groups: Vec<String>,
    /// Several kinds of signs part its groups.
    is_mixed: bool,
}

impl Figure {
    fn of(blob: &str) -> Option<Self> {
        let groups: Vec<String> = blob
            .split(is_separator)
            .filter(|group| !group.is_empty())
            .map(|group| group.chars().map(fold_digit).collect())
            .collect();
        let mut signs: Vec<char> = blob.trim_matches(is_separator).chars().filter(|c| is_separator(*c)).collect();
        signs.dedup();
        let (first, others) = groups.split_first()?;
        let sensible = !first.starts_with('0') && first.len() <= 4;
        let whole = |group: &String| group.len() == 3 || is_zeros(group) && group.len() <= 4;
        // One full stop parts a whole number from its fraction.
        let amount = others.len() > 1 || others.len() == 1 && signs != ['.'];
        (sensible && amount && others.iter().all(whole)).then_some(Self { groups, is_mixed: signs.len() > 1 })
    }

    fn is_broken(&self) -> bool {
        self.groups.iter().skip(1).any(|group| group.len() != 3)
            || self.groups.first().is_some_and(|group| group.len() > 3)
    }

    /// Returns the digits, three for each group but the first.
    fn value(&self) -> String {
        let others = self.groups.iter().skip(1).map(|group| if is_zeros(group) { "000" } else { group.as_str() });
        self.groups.first().map(String::as_str).into_iter().chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let found = mended_amounts(text);
        assert_eq!(found.iter().map(|amount| amount.value.as_str()).collect::<Vec<_>>(), want, "in {text:?}");
        assert!(found.iter().all(|amount| text.get(amount.span.clone()).is_some_and(|span| !span.contains('('))));
    }

    #[test]
    fn zeros_that_became_a_word_before_the_figure() {
        check("البالغة (٠. ٤,٣٨٥,٠) دينار", &["4385000"]);
        check("بمبلغ (٠٠ ٦٧,٧٠٠,٠)", &["67700000"]);
        check("بمبلغ (٠٠٠. ٦٢٥,١٠٠) ستمئة", &["625100000"]);
        check("(٠. ,٧٦٢,٢٠٠) سبعمئة", &["762200000"]);
        check("(٠,٠٠٠ ٢٨٧,٨٠) مئتان", &["287800000"]);
        check("(٠٠٠، ٤٦٥,٠٠٠)", &["465000000"]);
        check("(.. ٣,١١٢,٠)", &["3112000"]);
    }

    #[test]
    fn zeros_that_are_lost() {
        check("( ٣٠,٨١٤,٠٠) ثلاثون", &["30814000"]);
        check("٨٠,٠٠٠ ٤٥,٢٠٠,٠٠", &["45200000"]);
        check("(٢٨٥,٠,٠) و(٥٩٣٢,٠٠) و(٢.٨٧٤.٠٠٠٠)", &["285000000", "5932000", "2874000"]);
        check("(٤٤.٠٧٣,٠٠٠)", &["44073000"]);
    }

    #[test]
    fn figures_that_are_whole_or_no_amounts() {
        check("(٤,٣٨٥,٠٠٠) دينار و 2.50 و 3,5 و 10.0 و 12.3.2014 و 12,345 و ٠ ٧ و ...", &[]);
        check("٢٠١٤/١٢/٣ ، ٢٠١٥ ٠٠", &[]);
    }
}
