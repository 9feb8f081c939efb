//! Boxes in, order out: pages as engines cut them up, and what must hold for every page.

use super::*;
use crate::model::{Confidence, PixelBox};
use proptest::prelude::*;

/// Returns a word of this text and box (left, top, right, bottom).
pub fn word(text: &str, bounds: [u32; 4]) -> Word {
    Word {
        text: text.to_owned(),
        bounds: PixelBox::from(bounds),
        confidence: Confidence::new(0.9),
        readings: Vec::new(),
    }
}

/// Returns the line of these words, set from `right` at height `top`: letters 10 pixels wide and 20 high.
fn line(text: &str, right: u32, top: u32) -> Line {
    let mut at = right;
    let words = text.split_whitespace().map(|text| {
        let left = at - 10 * text.chars().count() as u32;
        let word = word(text, [left, top, at, top + 20]);
        at = left - 8;
        word
    });
    Line::new(words.collect())
}

/// Returns one line of the words of several, as engines join what stands at one height.
fn merged(lines: &[Line]) -> Line {
    Line::new(lines.iter().flat_map(|line| line.words.clone()).collect())
}

fn texts(lines: Vec<Line>) -> Vec<String> {
    in_reading_order(lines).iter().map(Line::text).collect()
}

#[track_caller]
fn check(lines: Vec<Line>, want: &[&str]) {
    assert_eq!(texts(lines), want);
}

const BODY: &str = "نرجو تزويدنا بالأوليات كافة لغرض إكمال الإجراءات اللازمة خلال المدة المحددة أعلاه";

#[test]
fn the_end_of_a_line_goes_back_to_its_line() {
    let lines = vec![line(BODY, 1000, 100), line(BODY, 1000, 150), line("وشكرا", 120, 103)];
    check(lines, &[&format!("{BODY} وشكرا"), BODY]);
}

#[test]
fn a_value_comes_back_to_its_label() {
    let lines =
        vec![line("العدد :", 1000, 100), line("التاريخ :", 1000, 150), line("٥٤٣", 880, 104), line("٢٠١٤", 880, 148)];
    check(lines, &["العدد : ٥٤٣", "التاريخ : ٢٠١٤"]);
}

#[test]
fn a_letterhead_is_read_column_by_column() {
    let lines = vec![
        merged(&[line("جمهورية العراق", 950, 100), line("العدد : ٥", 250, 110)]),
        merged(&[line("وزارة الإعمار والإسكان", 990, 140), line("التاريخ : ٧", 250, 150)]),
        line("الدائرة القانونية", 960, 180),
        line("إلى : هيئة النزاهة", 1000, 280),
        line(BODY, 1000, 340),
    ];
    let want = [
        "جمهورية العراق",
        "وزارة الإعمار والإسكان",
        "الدائرة القانونية",
        "العدد : ٥",
        "التاريخ : ٧",
        "إلى : هيئة النزاهة",
        BODY,
    ];
    check(lines, &want);
}

#[test]
fn the_middle_of_a_letterhead_comes_before_its_left() {
    let lines = vec![
        line("العدد : ٥", 250, 100),
        line("Republic Iraq", 600, 101),
        line("جمهورية العراق", 1000, 100),
        line("وزارة الإعمار", 1000, 140),
        line("Ministry", 560, 140),
        line("دائرة المشاريع", 1000, 180),
        line(BODY, 1000, 300),
    ];
    let read = texts(lines);
    assert_eq!(read[..3], ["جمهورية العراق", "وزارة الإعمار", "دائرة المشاريع"]);
    assert_eq!(read[5..], ["العدد : ٥", BODY]);
}

#[test]
fn a_centred_letterhead_keeps_its_order() {
    let lines = vec![
        line("جمهورية العراق", 600, 100),
        line("وزارة الإعمار", 590, 140),
        line("العدد : ٥", 1000, 230),
        line("التاريخ : ٧", 1000, 270),
        line("م / توزيع", 560, 360),
        line(BODY, 1000, 420),
    ];
    let want: Vec<String> = lines.iter().map(Line::text).collect();
    assert_eq!(texts(lines), want);
}

#[test]
fn a_table_is_read_row_by_row_also_at_the_top_of_a_page() {
    let column = |right: u32, cells: [&str; 4]| {
        (0..).zip(cells).map(move |(row, cell)| line(cell, right, 100 + 50 * row)).collect::<Vec<_>>()
    };
    let narrow = [
        column(1000, ["ت", "1", "2", "3"]),
        column(800, ["الاسم", "سعد", "علي", "هبة"]),
        column(300, ["الدرجة", "4", "5", "6"]),
    ];
    check(narrow.concat(), &["ت الاسم الدرجة", "1 سعد 4", "2 علي 5", "3 هبة 6"]);
}

#[test]
fn running_text_in_columns_is_read_right_column_first() {
    let column = |right: u32, words: &str| {
        (0..9).map(|row| line(&format!("{words}{row} في كل سطر كلام كثير"), right, 100 + 40 * row)).collect::<Vec<_>>()
    };
    let (right, left) = (column(1000, "أول"), column(600, "ثان"));
    let across: Vec<Line> = right.iter().zip(&left).map(|(a, b)| merged(&[a.clone(), b.clone()])).collect();
    let want: Vec<String> = right.iter().chain(&left).map(Line::text).collect();
    assert_eq!(texts(across), want);
}

#[test]
fn halves_of_a_verse_are_read_across() {
    let verse =
        |row: u32| [line("قفا نبك من ذكرى", 1000, 100 + 40 * row), line("بسقط اللوى بين الدخول", 600, 100 + 40 * row)];
    let right: Vec<Line> = (0..10).map(|row| verse(row)[0].clone()).collect();
    let left: Vec<Line> = (0..10).map(|row| verse(row)[1].clone()).collect();
    assert_eq!(texts([right, left].concat()), vec!["قفا نبك من ذكرى بسقط اللوى بين الدخول"; 10]);
}

#[test]
fn a_page_askew_keeps_its_rows() {
    let askew = |text: &str, right: u32, top: u32| {
        let lower = |word: Word| {
            let [left, top, right, bottom] = word.bounds.edges();
            let down = left / 60;
            Word { bounds: PixelBox::new(left, top + down, right, bottom + down), ..word }
        };
        Line::new(line(text, right, top).words.into_iter().map(lower).collect())
    };
    let lines =
        vec![askew(BODY, 1300, 100), askew(BODY, 1300, 130), askew("انتهى هنا", 300, 130), askew(BODY, 1300, 160)];
    check(lines, &[BODY, &format!("{BODY} انتهى هنا"), BODY]);
}

#[test]
fn lines_without_boxes_stay_as_they_are() {
    let bare = |text: &str| Line::new(vec![word(text, [0, 0, 0, 0])]);
    check(vec![bare("ب"), line("أ", 100, 10), bare("ج")], &["ب", "أ", "ج"]);
    check(Vec::new(), &[]);
}

fn a_page() -> impl Strategy<Value = Vec<Line>> {
    let text = prop::sample::select(vec!["العدد", "ت", "12", ":", "وزارة", "CAT", "النفط", "|", "٢٠١٤/٣/٤"]);
    let a_word = (text, 0u32..900, 0u32..40, 1u32..120, 1u32..40);
    let a_line = (prop::collection::vec(a_word, 1..6), 0u32..1200).prop_map(|(words, top)| {
        let place = |(text, left, down, width, height): (&str, u32, u32, u32, u32)| {
            word(text, [left, top + down, left + width, top + down + height])
        };
        Line::new(words.into_iter().map(place).collect())
    });
    prop::collection::vec(a_line, 0..25)
}

fn moved(lines: &[Line], scale: u32, right: u32, down: u32) -> Vec<Line> {
    let place = |word: &Word| {
        let [left, top, to, bottom] = word.bounds.edges().map(|edge| edge * scale);
        Word { bounds: PixelBox::new(left + right, top + down, to + right, bottom + down), ..word.clone() }
    };
    lines.iter().map(|line| Line::new(line.words.iter().map(place).collect())).collect()
}

proptest! {
    #[test]
    fn no_word_is_lost_or_doubled(page in a_page()) {
        let key = |lines: &[Line]| {
            let mut words: Vec<_> =
                lines.iter().flat_map(|line| &line.words).map(|word| (word.bounds.edges(), word.text.clone())).collect();
            words.sort();
            words
        };
        let read = in_reading_order(page.clone());
        prop_assert!(read.iter().all(|line| !line.words.is_empty()));
        prop_assert_eq!(key(&read), key(&page));
    }

    #[test]
    fn neither_margins_nor_resolution_matter(page in a_page(), right in 0u32..8, down in 0u32..8) {
        // Powers of two, so that no rounding decides.
        let other = moved(&page, 2, right * 64, down * 64);
        prop_assert_eq!(texts(page), texts(other));
    }
}
