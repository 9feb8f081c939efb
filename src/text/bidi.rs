//! The Unicode bidirectional algorithm run backwards: what stands on a line from left to right in, the order in which it
//! is read out. For readers of images and for PDF pages, which both know where a letter stands and not where it belongs.
//!
//! The line is one of a right-to-left paragraph, as offices write. UAX #9 then knows two levels: Arabic letters and all
//! that is neutral beside them run to the left; Latin runs and numbers stand inside them left to right. Which separators
//! hold a number together depends on what was read before it: `2014-3-12` at the start of a line is one run, after an
//! Arabic letter it is three. So the line is walked from its right end, and the runs are found that the forward
//! algorithm would have made.
//!
//! Several texts can look alike (`HP 1020` and `1020 HP` after Arabic), and then Latin is read left to right. Two
//! deviations are deliberate: a line without any Arabic letter but with Latin ones is taken for one of a left-to-right
//! paragraph, and a percent sign follows its number wherever it was drawn.

use std::ops::Range;
use unicode_bidi::{BidiClass, bidi_class};

/// One piece of a line in the order of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its index in the line as seen from left to right.
    pub index: usize,
    /// Whether it was drawn inside a right-to-left run, where brackets are drawn mirrored.
    pub mirrored: bool,
}

/// What a piece is to the algorithm, after its W rules as far as they do not look around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// An Arabic letter: a Western number after it counts as Arabic.
    Arabic,
    /// Another right-to-left letter.
    RightToLeft,
    Latin,
    WesternNumber,
    ArabicNumber,
    /// `+` and `-`: holds Western numbers together.
    Sign,
    /// `. , : /`: holds numbers of one kind together.
    Separator,
    /// `$ % °`: belongs to a Western number beside it.
    Terminator,
    Mark,
    Neutral,
}

impl Class {
    fn of(piece: &str) -> Self {
        let mut first = None;
        for c in piece.chars() {
            let class = match bidi_class(c) {
                BidiClass::AL => return Self::Arabic,
                BidiClass::R => return Self::RightToLeft,
                BidiClass::L => return Self::Latin,
                BidiClass::EN => Self::WesternNumber,
                BidiClass::AN => Self::ArabicNumber,
                BidiClass::ES => Self::Sign,
                BidiClass::CS => Self::Separator,
                BidiClass::ET => Self::Terminator,
                BidiClass::NSM => Self::Mark,
                _ => Self::Neutral,
            };
            first = first.or(Some(class));
        }
        first.unwrap_or(Self::Neutral)
    }

    fn is_right_to_left(self) -> bool {
        matches!(self, Self::Arabic | Self::RightToLeft)
    }

    fn is_left_to_right(self) -> bool {
        matches!(self, Self::Latin | Self::WesternNumber | Self::ArabicNumber)
    }
}

/// Returns the pieces of a line, given from left to right as they are seen, in the order in which they are read.
///
/// A piece is a letter with its marks, a ligature, a space: whatever has one place on the line; what is inside it stays
/// as it is. Every index comes back exactly once.
pub fn logical_order<S: AsRef<str>>(visual: &[S]) -> Vec<Placed> {
    let line = Line::new(visual);
    if line.is_left_to_right() {
        return line.of_a_left_to_right_paragraph();
    }
    let mut order = Vec::with_capacity(visual.len());
    let mut end = visual.len();
    for run in line.runs() {
        order.extend((run.end..end).rev().map(|index| Placed { index, mirrored: true }));
        order.extend(run.clone().map(|index| Placed { index, mirrored: false }));
        end = run.start;
    }
    order.extend((0..end).rev().map(|index| Placed { index, mirrored: true }));
    order
}

/// Returns a line as it is read from its characters as they are seen from left to right, brackets turned to what they mean.
pub fn logical_text(visual: &str) -> String {
    let mut buffer = [0; 4];
    let pieces: Vec<String> = visual.chars().map(|c| c.encode_utf8(&mut buffer).to_owned()).collect();
    let mut text = String::with_capacity(visual.len());
    for placed in logical_order(&pieces) {
        let piece = pieces.get(placed.index).map_or("", String::as_str);
        text.extend(piece.chars().map(|c| if placed.mirrored { mirror(c) } else { c }));
    }
    text
}

/// Returns the other bracket of a pair, other characters as they are.
pub fn mirror(c: char) -> char {
    match c {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '{' => '}',
        '}' => '{',
        '«' => '»',
        '»' => '«',
        '‹' => '›',
        '›' => '‹',
        '<' => '>',
        '>' => '<',
        other => other,
    }
}

/// A line as it is seen.
struct Line {
    classes: Vec<Class>,
    /// The first character of each piece.
    heads: Vec<char>,
}

impl Line {
    fn new<S: AsRef<str>>(visual: &[S]) -> Self {
        let mut classes: Vec<Class> = visual.iter().map(|piece| Class::of(piece.as_ref())).collect();
        let heads = visual.iter().map(|piece| piece.as_ref().chars().next().unwrap_or(' ')).collect();
        // A mark in right-to-left text stands left of its letter once the line is turned round; in Latin, right of it.
        for at in (0..classes.len()).rev() {
            if classes.get(at) != Some(&Class::Mark) {
                continue;
            }
            let right = classes.get(at + 1).copied().unwrap_or(Class::Neutral);
            let left = classes[..at].iter().rev().copied().find(|class| *class != Class::Mark);
            classes[at] = match left {
                _ if right.is_right_to_left() => right,
                Some(Class::Latin) => Class::Latin,
                _ => Class::Neutral,
            };
        }
        Self { classes, heads }
    }

    fn class(&self, at: usize) -> Class {
        self.classes.get(at).copied().unwrap_or(Class::Neutral)
    }

    fn head(&self, at: usize) -> char {
        self.heads.get(at).copied().unwrap_or(' ')
    }

    fn is_left_to_right(&self) -> bool {
        self.classes.contains(&Class::Latin) && !self.classes.iter().any(|class| class.is_right_to_left())
    }

    /// A full stop that a right-to-left paragraph drew at the left of a Latin line goes back to its end.
    fn of_a_left_to_right_paragraph(&self) -> Vec<Placed> {
        let strays =
            self.heads.iter().take_while(|c| matches!(c, '.' | ',' | ':' | ';' | '!' | '?' | '،' | '؛' | '؟')).count();
        let placed = |index| Placed { index, mirrored: false };
        (strays..self.heads.len()).map(placed).chain((0..strays).rev().map(placed)).collect()
    }

    /// Returns the left-to-right runs inside the line, from its right end.
    fn runs(&self) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut before = Class::RightToLeft;
        let mut at = self.classes.len();
        while at > 0 {
            let class = self.class(at - 1);
            if class.is_right_to_left() {
                before = class;
            }
            if !class.is_left_to_right() {
                at -= 1;
                continue;
            }
            let limit = runs.last().map_or(self.classes.len(), |run| run.start);
            let run = self.with_edges(self.start_of_run(at - 1, before)..at, before, limit);
            if self.classes[run.clone()].contains(&Class::Latin) {
                before = Class::Latin;
            }
            at = run.start;
            runs.push(run);
        }
        runs
    }

    /// Returns where the run whose last letter or digit stands at `last` begins; `before` is the letter read before it.
    fn start_of_run(&self, last: usize, before: Class) -> usize {
        let mut start = last;
        while let Some(next) = (0..start).rev().find(|at| self.is_letter_or_digit(*at)) {
            if self.class(next).is_right_to_left() || !self.joined(next, start, before) {
                break;
            }
            start = next;
        }
        start
    }

    fn is_letter_or_digit(&self, at: usize) -> bool {
        self.class(at).is_left_to_right() || self.class(at).is_right_to_left()
    }

    /// Says whether what stands between `left` and `right` belongs to one left-to-right run with both.
    fn joined(&self, left: usize, right: usize, before: Class) -> bool {
        use Class::{ArabicNumber, Latin, Separator, Sign, Terminator, WesternNumber};
        let gap = &self.classes[left + 1..right];
        let is_one = |class| gap == [class];
        // A Western number is Latin after a Latin letter, and Arabic after an Arabic one.
        let number_in_latin = before == Latin || self.latin_begins(left);
        let number_in_arabic = before == Class::Arabic && !number_in_latin;
        match (self.class(left), self.class(right)) {
            _ if gap.is_empty() => true,
            (Latin, Latin) if self.closing_bracket(left, right) == self.last_bracket(left, right) => true,
            (Latin, Latin | WesternNumber) => !self.ends_a_bracket_after_arabic(left, right),
            (WesternNumber, Latin) if !number_in_latin => self.last_bracket(left, right).is_none(),
            (WesternNumber, Latin) => !self.ends_a_bracket_after_arabic(left, right),
            (WesternNumber, WesternNumber) if number_in_latin => !self.ends_a_bracket_after_arabic(left, right),
            (WesternNumber, WesternNumber) if !number_in_arabic => {
                is_one(Separator) || is_one(Sign) || gap.iter().all(|class| *class == Terminator)
            }
            (ArabicNumber, ArabicNumber) | (WesternNumber, WesternNumber) => is_one(Separator),
            (ArabicNumber, WesternNumber) | (WesternNumber, ArabicNumber) => number_in_arabic && is_one(Separator),
            _ => false,
        }
    }

    /// Says whether a Latin letter begins the stretch of Western numbers that ends at `at`.
    fn latin_begins(&self, at: usize) -> bool {
        let mut right = at + 1;
        while let Some(left) = (0..right).rev().find(|at| self.is_letter_or_digit(*at)) {
            match self.class(left) {
                Class::WesternNumber => right = left,
                Class::Latin => return !self.ends_a_bracket_after_arabic(left, right),
                _ => break,
            }
        }
        false
    }

    fn closing_bracket(&self, left: usize, right: usize) -> Option<usize> {
        (left + 1..right).find(|at| matches!(self.head(*at), ')' | ']' | '}' | '»'))
    }

    fn last_bracket(&self, left: usize, right: usize) -> Option<usize> {
        (left + 1..right).rev().find(|at| mirror(self.head(*at)) != self.head(*at))
    }

    /// Says whether a bracket that closes between `left` and `right` was opened with no Latin letter before it: such brackets
    /// belong to the Arabic text around them.
    fn ends_a_bracket_after_arabic(&self, left: usize, right: usize) -> bool {
        let Some(closing) = self.closing_bracket(left, right).map(|at| self.head(at)) else { return false };
        let opening = (0..=left).rev().find(|at| self.head(*at) == mirror(closing));
        opening.is_some_and(|at| !self.latin_begins(at))
    }

    /// Returns the run with the signs of its numbers and the brackets of its Latin words that lie at its edges.
    fn with_edges(&self, mut run: Range<usize>, before: Class, limit: usize) -> Range<usize> {
        let last_is_western = self.class(run.end - 1) == Class::WesternNumber;
        let has_latin = self.classes[run.clone()].contains(&Class::Latin);
        let in_arabic = before == Class::Arabic && !has_latin;
        if last_is_western && !in_arabic {
            while run.end < limit && self.class(run.end) == Class::Terminator {
                run.end += 1;
            }
        }
        let is_percent = |at: usize| matches!(self.head(at), '%' | '٪');
        if run.end < limit && is_percent(run.end) && !self.class(run.end + 1).is_left_to_right() {
            run.end += 1;
        }
        if self.class(run.start) == Class::WesternNumber && !in_arabic {
            while run.start > 0 && self.class(run.start - 1) == Class::Terminator && !is_percent(run.start - 1) {
                run.start -= 1;
            }
        }
        if has_latin { self.with_brackets(run, limit) } else { run }
    }

    /// Latin words keep the brackets whose partner stands among them: `HP (LaserJet)`.
    fn with_brackets(&self, mut run: Range<usize>, limit: usize) -> Range<usize> {
        let (mut opened, mut closed): (Vec<char>, Vec<char>) = (Vec::new(), Vec::new());
        for c in run.clone().map(|at| self.head(at)) {
            match c {
                '(' | '[' | '{' | '«' => opened.push(c),
                ')' | ']' | '}' | '»' if opened.last() == Some(&mirror(c)) => drop(opened.pop()),
                ')' | ']' | '}' | '»' => closed.push(c),
                _ => {}
            }
        }
        for bracket in opened.into_iter().rev() {
            let mut neutrals = (run.end..limit).take_while(|at| !self.is_letter_or_digit(*at));
            let Some(at) = neutrals.find(|at| self.head(*at) == mirror(bracket)) else { break };
            run.end = at + 1;
        }
        for bracket in closed {
            let mut neutrals = (0..run.start).rev().take_while(|at| !self.is_letter_or_digit(*at));
            let Some(at) = neutrals.find(|at| self.head(*at) == mirror(bracket)) else { break };
            run.start = at;
        }
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_bidi::{BidiInfo, Level};

    /// The forward algorithm: a right-to-left paragraph as it is seen from left to right, brackets as they are drawn.
    fn seen(text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let info = BidiInfo::new(text, Some(Level::rtl()));
        let levels: Vec<Level> = info.reordered_levels_per_char(&info.paragraphs[0], 0..text.len());
        let drawn: Vec<char> =
            text.chars().zip(&levels).map(|(c, level)| if level.is_rtl() { mirror(c) } else { c }).collect();
        BidiInfo::reorder_visual(&levels).into_iter().map(|at| drawn[at]).collect()
    }

    #[track_caller]
    fn check(text: &str) {
        let visual = seen(text);
        assert_eq!(logical_text(&visual), text, "seen as {visual:?}");
    }

    #[test]
    fn letter_numbers() {
        check("العدد: م.ع/ ١٢/ ٣٤٥");
        check("العدد / م.ع / ١٢ / ٣٤٥");
        check("م.ع/١٢/٣٤٥");
        check("م.ع/12/345");
        check("ذي العدد (٣٧٥) في ٢٠١٤/٣/١٢");
        check("العدد: ق.د/7/1204 في 12/3/2014");
        check("كتابكم المرقم 45-6 في");
    }

    #[test]
    fn dates_and_times() {
        check("التاريخ: ٢٠١٤/٣/١٢");
        check("التاريخ: 12 / 3 / 2014");
        check("التاريخ ١٢-٣-٢٠١٤ م");
        check("12-3-2014");
        check("في 12-3-2014 الساعة 12:30");
        check("١٢ كانون الثاني ٢٠١٤");
        check("الموافق 3/ربيع الأول/1435 هـ");
    }

    #[test]
    fn amounts_and_signs() {
        check("مبلغ 1,234,567 دينار");
        check("مبلغا قدره (١,٢٣٤,٥٦٧) دينار");
        check("بنسبة ٥٠٪ من");
        check("بنسبة 50% من");
        check("50% من المبلغ");
        check("الفقرة (٢-أ) من المادة [٧]");
        check("1- توفير الأجهزة");
        check("أ- توفير (٣) أجهزة، و(٢) حاسبة.");
        check("«قرار» رقم 5.5");
    }

    #[test]
    fn latin_in_arabic() {
        check("طابعة HP LaserJet 1020 عدد ٣");
        check("البريد info@moch.gov.iq أعلاه");
        check("شهادة (ISO 9001) للجودة");
        check("طابعة HP (LaserJet) حديثة");
        check("ورق A4 عدد 50");
        check("Contract No. 12/345 المؤرخ");
        check("على الموقع www.moch.gov.iq/news");
        check("(ISO) 9001 شهادة");
        check("الماركة HP ١٢ LG");
    }

    #[test]
    fn a_latin_line_is_read_from_the_left() {
        check("info@moch.gov.iq");
        check("HP LaserJet 1020.");
        assert_eq!(logical_text("Republic of Iraq (Baghdad)."), "Republic of Iraq (Baghdad).");
    }

    #[test]
    fn numbers_alone_and_nothing_at_all() {
        check("٢٠١٤/٣/١٢");
        check("(٣٧٥)");
        check("١٢ / ٣ / ٢٠١٤");
        check("");
        check("...");
    }

    #[test]
    fn marks_stay_with_their_letters() {
        check("مُدَرِّسٌ");
        assert_eq!(logical_text("e\u{0301}"), "e\u{0301}");
    }

    #[test]
    fn a_percent_sign_follows_its_number_however_it_was_drawn() {
        for seen in ["نم ٪٥٠", "نم ٥٠٪"] {
            assert_eq!(logical_text(seen), "٥٠٪ من");
        }
    }

    fn word() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[ابتجدرسعلمنوي]{1,6}",
            1 => "[ابتجد]\\.[عقم]/",
            2 => "[٠-٩]{1,4}([/.,:][٠-٩]{1,3}){0,2}",
            2 => "[0-9]{1,4}([/.,:-][0-9]{1,3}){0,2}",
            1 => "\\([٠-٩]{1,4}\\)",
            1 => "\\([0-9]{1,4}\\)",
            1 => "[A-Za-z]{1,5}[0-9]{0,2}",
            1 => "[-/:.،()]",
            1 => "[ابتجد]{2,4}[.،:]",
        ]
    }

    proptest! {
        #[test]
        fn what_is_read_would_be_seen_so(words in prop::collection::vec(word(), 1..8)) {
            let visual = seen(&format!("في {}", words.join(" ")));
            let text = logical_text(&visual);
            prop_assert_eq!(seen(&text), visual, "read as {}", text);
        }

        #[test]
        fn arabic_with_numbers_returns(words in prop::collection::vec(
            prop_oneof!["[ابتجدرسعلمنوي]{1,6}", "[٠-٩]{1,4}(/[٠-٩]{1,3}){0,2}", "[0-9]{1,4}([/.][0-9]{1,3}){0,2}", "\\([٠-٩]{1,4}\\)", "[-/:.،]"],
            1..8,
        )) {
            let text = format!("في {}", words.join(" "));
            prop_assert_eq!(logical_text(&seen(&text)), text);
        }

        #[test]
        fn every_piece_comes_back_once(visual in "\\PC{0,30}") {
            let pieces: Vec<String> = visual.chars().map(String::from).collect();
            let mut places: Vec<usize> = logical_order(&pieces).iter().map(|placed| placed.index).collect();
            places.sort_unstable();
            prop_assert_eq!(places, (0..pieces.len()).collect::<Vec<_>>());
        }
    }
}
