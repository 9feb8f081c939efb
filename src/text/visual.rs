//! Logical order from visual order: what stands side by side on a line, from the left, in the order in which it is read.
//!
//! This is the Unicode bidirectional algorithm (UAX #9) run backwards. It has no unique answer, since several logical
//! texts can look alike; where they do, the one that people write more often is taken: `ISO 9001` within Arabic is one
//! phrase from the left, and after an Arabic letter only `. , : /` join two numbers, as rules W2 to W4 have it.
//! [`visual_order`] is the way back, for writing lines that readers of PDF put in order again.

use std::ops::Range;
use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

/// The direction of a line as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// As Arabic runs.
    RightToLeft,
    /// As Latin runs.
    LeftToRight,
}

/// A piece of a line in logical order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its index from the left.
    pub index: usize,
    /// Whether it runs from right to left, so that brackets are drawn mirrored.
    pub right_to_left: bool,
}

/// What a piece is to the order of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Right {
        arabic: bool,
    },
    Left,
    European,
    ArabicNumber,
    /// Joins two numbers anywhere: `. , : /`.
    Common,
    /// Joins two numbers where no Arabic letter comes before: `+ -`.
    Sign,
    /// Belongs to the number it touches where no Arabic letter comes before: `% $`.
    Unit,
    Neutral,
}

impl Sort {
    fn of(piece: &str) -> Self {
        let sort = |c: char| match bidi_class(c) {
            BidiClass::AL => Some(Self::Right { arabic: true }),
            BidiClass::R => Some(Self::Right { arabic: false }),
            BidiClass::L => Some(Self::Left),
            BidiClass::EN => Some(Self::European),
            BidiClass::AN => Some(Self::ArabicNumber),
            BidiClass::CS => Some(Self::Common),
            BidiClass::ES => Some(Self::Sign),
            BidiClass::ET => Some(Self::Unit),
            _ => None,
        };
        piece.chars().find_map(sort).unwrap_or(Self::Neutral)
    }

    fn is_number(self) -> bool {
        matches!(self, Self::European | Self::ArabicNumber)
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Right { .. })
    }
}

/// Returns the order in which pieces that stand side by side, given from the left, are read.
///
/// A piece is a letter with its marks, a ligature or a space; whatever a piece holds is in logical order already.
pub fn logical_order(pieces: &[&str], base: Base) -> Vec<Placed> {
    let line = VisualLine { pieces, sorts: pieces.iter().map(|piece| Sort::of(piece)).collect() };
    let mut order = Vec::with_capacity(pieces.len());
    match base {
        Base::RightToLeft => line.read_from_the_right(0..pieces.len(), &mut order),
        Base::LeftToRight => line.read_from_the_left(&mut order),
    }
    order
}

/// Pieces from the left, with what each is to the order.
struct VisualLine<'a> {
    pieces: &'a [&'a str],
    sorts: Vec<Sort>,
}

impl VisualLine<'_> {
    fn sort(&self, at: usize) -> Sort {
        self.sorts.get(at).copied().unwrap_or(Sort::Neutral)
    }

    fn read_from_the_left(&self, order: &mut Vec<Placed>) {
        let mut at = 0;
        while at < self.sorts.len() {
            if !self.sort(at).is_right() {
                order.push(Placed { index: at, right_to_left: false });
                at += 1;
                continue;
            }
            let run = self.sorts.iter().enumerate().skip(at).take_while(|(_, sort)| **sort != Sort::Left);
            let end = run.filter(|(_, sort)| sort.is_right()).last().map_or(at, |(index, _)| index) + 1;
            self.read_from_the_right(at..end, order);
            at = end;
        }
    }

    fn read_from_the_right(&self, range: Range<usize>, order: &mut Vec<Placed>) {
        let mut end = range.end;
        while end > range.start {
            let run = self.phrase(range.start, end).or_else(|| self.number(range.start, end));
            let start = run.unwrap_or(end - 1);
            order.extend((start..end).map(|index| Placed { index, right_to_left: run.is_none() }));
            end = start;
        }
    }

    /// Returns where a phrase of Latin words begins that ends before `end`.
    fn phrase(&self, from: usize, end: usize) -> Option<usize> {
        let last = end.checked_sub(1)?;
        let (mut start, mut latin) = (None, false);
        for at in (from..end).rev() {
            match self.sort(at) {
                Sort::Right { .. } | Sort::ArabicNumber => break,
                Sort::Left => (start, latin) = (Some(at), true),
                Sort::European => start = Some(at),
                // A phrase ends with a letter, a number and its unit, or the bracket that it opened.
                _ if at == last && self.sort(at) == Sort::Unit && at > from && self.sort(at - 1) == Sort::European => {}
                _ if at == last && opening_of(self.pieces.get(at)?).is_some() => {}
                _ if at == last => return None,
                _ => {}
            }
        }
        let start = start.filter(|_| latin)?;
        let Some(opening) = self.pieces.get(last).and_then(|piece| opening_of(piece)) else { return Some(start) };
        let inside = self.pieces.get(start..last)?;
        let depth = inside.iter().fold(0_i32, |depth, piece| {
            depth + i32::from(*piece == opening) - i32::from(opening_of(piece) == Some(opening))
        });
        (depth > 0).then_some(start)
    }

    /// Returns where a number begins that ends before `end`: digits and what joins them, and their unit.
    fn number(&self, from: usize, end: usize) -> Option<usize> {
        let strong = self.sorts.iter().skip(end).find(|sort| sort.is_right() || **sort == Sort::Left);
        let plain = strong != Some(&Sort::Right { arabic: true });
        let mut start = end.checked_sub(1)?;
        if self.sort(start) == Sort::Unit && plain && start > from && self.sort(start - 1) == Sort::European {
            start -= 1;
        }
        let kind = self.sort(start);
        if !kind.is_number() {
            return None;
        }
        let joins = |sort| match sort {
            Sort::Common => true,
            Sort::Sign => plain && kind == Sort::European,
            _ => false,
        };
        while start > from {
            if self.sort(start - 1) == kind {
                start -= 1;
            } else if start >= from + 2 && joins(self.sort(start - 1)) && self.sort(start - 2) == kind {
                start -= 2;
            } else {
                break;
            }
        }
        if start > from && self.sort(start - 1) == Sort::Unit && plain && kind == Sort::European {
            start -= 1;
        }
        Some(start)
    }
}

/// Returns the bracket that `piece` closes.
fn opening_of(piece: &str) -> Option<&'static str> {
    match piece {
        ")" => Some("("),
        "]" => Some("["),
        "}" => Some("{"),
        "»" => Some("«"),
        _ => None,
    }
}

/// Returns the bracket that looks like `c` in a mirror.
pub fn mirrored(c: char) -> Option<char> {
    Some(match c {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '{' => '}',
        '}' => '{',
        '<' => '>',
        '>' => '<',
        '«' => '»',
        '»' => '«',
        '‹' => '›',
        '›' => '‹',
        _ => return None,
    })
}

/// Says whether `c` opens a pair of brackets in logical order; `None` for what is no bracket.
pub fn opens(c: char) -> Option<bool> {
    match c {
        '(' | '[' | '{' | '<' | '«' | '‹' => Some(true),
        ')' | ']' | '}' | '>' | '»' | '›' => Some(false),
        _ => None,
    }
}

/// Returns the characters of a line of logical text as they stand side by side, from the left, each with its byte index
/// in `line`; brackets that run from right to left are mirrored.
pub fn visual_order(line: &str, base: Base) -> Vec<(usize, char)> {
    let level = if base == Base::RightToLeft { Level::rtl() } else { Level::ltr() };
    let info = BidiInfo::new(line, Some(level));
    let mut order = Vec::with_capacity(line.len());
    for paragraph in &info.paragraphs {
        let (levels, runs) = info.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let right_to_left = levels.get(run.start).is_some_and(Level::is_rtl);
            let characters = line.get(run.clone()).unwrap_or_default().char_indices();
            let placed = characters.map(|(index, c)| (run.start + index, c));
            if right_to_left {
                order.extend(placed.rev().map(|(index, c)| (index, mirrored(c).unwrap_or(c))));
            } else {
                order.extend(placed);
            }
        }
    }
    order
}

/// Says whether `c` is an Arabic letter, in its own block or as a presentation form.
pub fn is_arabic_letter(c: char) -> bool {
    bidi_class(c) == BidiClass::AL
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(visual: &str, base: Base) -> String {
        let pieces: Vec<String> = visual.chars().map(String::from).collect();
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        logical_order(&pieces, base).iter().map(|placed| pieces[placed.index]).collect()
    }

    /// Lays `logical` out and reads it back.
    #[track_caller]
    fn check(logical: &str) {
        let visual: String = visual_order(logical, Base::RightToLeft).into_iter().map(|(_, c)| c).collect();
        let mirrored_back: String = read(&visual, Base::RightToLeft);
        let brackets_aside = |text: &str| text.replace(['(', ')', '[', ']', '«', '»'], "|");
        assert_eq!(brackets_aside(&mirrored_back), brackets_aside(logical), "laid out as {visual:?}");
    }

    #[test]
    fn lines_of_letters_return_from_their_visual_order() {
        check("العدد: م.ع/١٢/٣٤٥٦ التاريخ: ١٢/٠٣/١٤٤٥هـ");
        check("مذكرة داخلية رقم 2024/118");
        check("تقرر إيقاف الخدمة يوم 15-11-2024 من الساعة 22:30 حتى 06:00");
        check("ترقية نظام Windows Server 2019 وقاعدة بيانات Oracle");
        check("الهاتف 011-4567890 أو البريد support@example.org في أي وقت.");
        check("تبلغ 125,750.50 ريالا بنسبة 15% فقط");
        check("المرجع (IT-AR/77) معتمد [القرار 9] ولا يجوز");
        check("التاريخ 12 / 3 / 2014");
        check("١ ورق ١٢٠ ١٨٫٥٠ ٢٬٢٢٠");
        check("نظام Windows (Server) جديد");
        check("12-3 كتابكم");
        check("2024");
    }

    #[test]
    fn lines_of_latin_words_keep_their_order() {
        let visual: String =
            visual_order("A line (العربية كلها) 12 word.", Base::LeftToRight).into_iter().map(|(_, c)| c).collect();
        assert_eq!(read(&visual, Base::LeftToRight).replace(['(', ')'], "|"), "A line |العربية كلها| 12 word.");
    }

    proptest::proptest! {
        #[test]
        fn every_piece_comes_back_once(line in "[\\u{627}-\\u{64A}a-c0-3٠-٣ ./%()+-]{0,24}") {
            let pieces: Vec<String> = line.chars().map(String::from).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            for base in [Base::RightToLeft, Base::LeftToRight] {
                let mut indices: Vec<usize> = logical_order(&pieces, base).iter().map(|placed| placed.index).collect();
                indices.sort_unstable();
                proptest::prop_assert!(indices.into_iter().eq(0..pieces.len()));
            }
        }
    }

    #[test]
    fn brackets_are_known_to_run_from_right_to_left() {
        let pieces = [")", "ب", "(", " ", "x", "(", "y", ")"];
        let order = logical_order(&pieces, Base::RightToLeft);
        let mirrored: Vec<usize> = order.iter().filter(|at| at.right_to_left).map(|at| at.index).collect();
        assert_eq!(mirrored, [3, 2, 1, 0]);
    }
}
