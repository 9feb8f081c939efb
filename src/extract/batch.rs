//! Finds where letters begin in a file that holds several: pages in, the pages on which a further letter begins out, each with the reason.
//!
//! Signs of a beginning add up: letterhead, number and date, recipient, subject, greeting, the title of an order. A page number above
//! one, or a page that goes on with the list of copies, speaks against. Any of them can be misread or missing, so that none decides by
//! itself. Blank sheets stay with the letter before them, as the backs of its pages do.

use super::header::{self, is_bare_date};
use super::kind;
use super::labels::{self, Phrase, labels};
use super::lists;
use super::parties;
use super::passage::{Passage, Sort};
use super::sheet::{self, Sheet};
use super::subject;
use crate::model::Page;

/// Strips at the top of a page among which the signs of a beginning are looked for.
const HEAD: usize = 22;
/// Strips among which the name of a state and of a body stand.
const TOP: usize = 6;
/// Lines with the shape of `label : value` that a letterhead has at least, however its labels were read.
const LABELLED_LINES: usize = 3;
/// Words of a line that names a body.
const MOST_NAME_WORDS: usize = 9;
/// A page begins a letter when its signs weigh so much.
const ENOUGH: f32 = 2.5;
const NUMBERED_PAGE: f32 = -4.0;
const FIRST_PAGE: f32 = 1.0;
const AFTER_THE_END: f32 = 1.0;
const IN_THE_MIDDLE: f32 = -0.5;
const COPIES_GO_ON: f32 = -1.0;
/// A separator sheet holds no more letters than this: with more, a code on it says something of the letter.
const SEPARATOR_LETTERS: usize = 60;

/// A page on which a further letter begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Index of the page, from 0; never 0.
    pub page: usize,
    /// What tells, for people.
    pub reason: String,
}

/// Returns the pages after the first on which a letter begins.
pub fn starts(pages: &[Page]) -> Vec<Start> {
    if pages.len() < 2 {
        return Vec::new();
    }
    let looks: Vec<Look> = pages.iter().enumerate().map(|(index, page)| Look::at(page, index)).collect();
    let mut starts = Vec::new();
    let mut before: Option<&Look> = None;
    let mut separated: Option<String> = None;
    for (page, look) in looks.iter().enumerate() {
        if look.separator.is_some() {
            separated.clone_from(&look.separator);
            continue;
        }
        if look.is_empty {
            continue;
        }
        // Nothing but blank or separator sheets stands before the first letter.
        if let Some(before) = before {
            let reason = separated.take().or_else(|| look.begins_after(before));
            starts.extend(reason.map(|reason| Start { page, reason }));
        }
        separated = None;
        before = Some(look);
    }
    starts
}

/// What is seen on one page.
#[derive(Debug, Default)]
struct Look {
    is_empty: bool,
    /// What tells that the page is a separator sheet.
    separator: Option<String>,
    /// Signs of a beginning, with their weights.
    signs: Vec<(&'static str, f32)>,
    number: Option<u32>,
    starts_with_copies: bool,
    ends_letter: bool,
}

impl Look {
    fn at(page: &Page, index: usize) -> Self {
        let sheet = Sheet::new(std::slice::from_ref(page));
        // Page 2 of a letter has a page before it: what claims otherwise is a date in a stamp, or a list's number.
        let number = sheet::page_number(page).filter(|number| *number as usize <= index + 1);
        let code =
            page.codes.first().map(|code| format!("separator sheet ({}: {})", code.symbology.as_str(), code.text));
        let Some(first) = sheet.strips.first() else {
            return Self { is_empty: number.is_none(), separator: code, number, ..Self::default() };
        };
        let letters: usize = sheet.strips.iter().map(|strip| strip.letters(0..usize::MAX)).sum();
        let is = |strip: &Passage, phrases: &[Phrase]| labels::find(&strip.atoms, 0, phrases).is_some();
        let says_so = || sheet.strips.iter().any(|strip| is(strip, &labels().separators));
        let separator = (letters <= SEPARATOR_LETTERS)
            .then(|| code.or_else(|| says_so().then(|| "separator sheet".to_owned())))
            .flatten();
        Self {
            is_empty: false,
            separator,
            signs: signs(&sheet),
            number,
            starts_with_copies: lists::bullet(&first.atoms).is_some()
                || labels::find_at(&first.atoms, 0, &labels().copies).is_some(),
            ends_letter: lists::copies_label(&sheet).is_some() || signed(&sheet),
        }
    }

    /// Returns what tells that a letter begins here, if enough does; `before` is the page before, blank ones left out.
    fn begins_after(&self, before: &Self) -> Option<String> {
        let mut weight: f32 = self.signs.iter().map(|(_, weight)| weight).sum();
        let mut reasons: Vec<&str> = self.signs.iter().map(|(sign, _)| *sign).collect();
        match self.number {
            Some(1) => {
                weight += FIRST_PAGE;
                reasons.push("page number 1");
            }
            Some(_) => weight += NUMBERED_PAGE,
            None => {}
        }
        if self.starts_with_copies {
            weight += COPIES_GO_ON;
        }
        if before.ends_letter {
            weight += AFTER_THE_END;
            reasons.push("the page before ends a letter");
        } else {
            weight += IN_THE_MIDDLE;
        }
        (weight >= ENOUGH && !self.signs.is_empty()).then(|| reasons.join(", "))
    }
}

/// Returns the signs of a beginning on a page.
fn signs(sheet: &Sheet) -> Vec<(&'static str, f32)> {
    let head: Vec<&Passage> =
        sheet.strips.iter().take(HEAD).filter(|strip| lists::bullet(&strip.atoms).is_none()).collect();
    let top = || head.iter().take(TOP);
    let at_start = |strip: &&&Passage, phrases: &[Phrase]| {
        let start = strip.atoms.iter().position(|atom| atom.sort == Sort::Letters);
        start.is_some_and(|start| labels::find_at(&strip.atoms, start, phrases).is_some())
    };
    let any = |phrases: &'static [Phrase]| head.iter().any(|strip| at_start(&strip, phrases));
    let marked = |phrases: &'static [Phrase]| head.iter().any(|strip| header::has_marked_label(strip, phrases));
    let all = [
        ("letterhead", 2.0, top().any(|strip| at_start(&strip, &labels().states))),
        ("issuing body", 1.0, top().any(|strip| names_body(strip))),
        ("number", 1.5, marked(&labels().number)),
        ("date", 1.0, marked(&labels().date) || head.iter().take(TOP * 2).any(|strip| is_bare_date(strip))),
        ("recipient", 1.5, head.iter().any(|strip| parties::label_at_start(strip).is_some())),
        ("subject", 1.5, head.iter().any(|strip| subject::label_at_start(strip).is_some())),
        ("greeting", 1.0, any(&labels().greetings)),
        (
            "labelled lines",
            1.0,
            head.iter().take(HEAD / 2).filter(|strip| is_labelled(strip)).count() >= LABELLED_LINES,
        ),
        ("title", 1.5, head.iter().take(HEAD / 2).any(|strip| kind::of_title(&strip.atoms).is_some())),
    ];
    all.into_iter().filter(|(_, _, holds)| *holds).map(|(sign, weight, _)| (sign, weight)).collect()
}

/// Says whether a line has the shape of a label with its value: a word, a mark, and something behind it.
fn is_labelled(strip: &Passage) -> bool {
    let [word, mark, _, ..] = strip.atoms.as_slice() else { return false };
    word.sort == Sort::Letters && mark.is_mark(":/")
}

/// Says whether a line names a body and nothing else.
fn names_body(strip: &Passage) -> bool {
    let letters = strip.atoms.iter().filter(|atom| atom.sort == Sort::Letters).count();
    let plain = strip.atoms.iter().all(|atom| atom.sort == Sort::Letters);
    plain && letters <= MOST_NAME_WORDS && parties::is_body(strip, 0)
}

/// Says whether the page bears an office that signs.
fn signed(sheet: &Sheet) -> bool {
    super::signatory::is_signed(sheet)
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::pages_of;
    use super::*;
    use crate::model::{Code, PixelBox, Symbology};

    #[track_caller]
    fn check(text: &str, want: &[usize]) {
        let found = starts(&pages_of(text));
        assert_eq!(found.iter().map(|start| start.page).collect::<Vec<_>>(), want, "{found:?}");
        assert!(found.iter().all(|start| !start.reason.is_empty()));
    }

    const FIRST: &str = "جمهورية العراق\nوزارة النقل\nالعدد: ١٢\nالتاريخ: ١/٢/٢٠١٤\nالى / وزارة المالية\nم/ صيانة الطريق\nتحية طيبة\n\
        نود إعلامكم بأن العمل قد أنجز";
    const LAST: &str = "- 2 -\nوحيث أن المدة انتهت\nمع التقدير\nسعد عبد الرحمن\nالمدير العام\nنسخة منه الى\n- الأرشيف";

    #[test]
    fn a_letterhead_begins_a_letter_and_a_page_number_goes_on() {
        check(&format!("{FIRST}\u{c}{LAST}\u{c}{FIRST}\u{c}{FIRST}\u{c}{LAST}"), &[2, 3]);
    }

    #[test]
    fn a_page_without_number_goes_on_too() {
        check(&format!("{FIRST}\u{c}وعلى أن يتم الالتزام بالضوابط\nنسخة منه الى\n- الأرشيف\u{c}{FIRST}"), &[2]);
        check(&format!("{FIRST}\u{c}- قسم الحسابات\n- مديرية الطرق / للعلم\u{c}{FIRST}"), &[2]);
    }

    #[test]
    fn a_letterhead_of_which_half_is_lost_still_begins_a_letter() {
        let rest = "وزارة النقل\nالعدد: \nم/ صيانة الطريق\nنود إعلامكم بأن العمل قد أنجز";
        check(&format!("{FIRST}\u{c}{LAST}\u{c}{rest}"), &[2]);
    }

    #[test]
    fn a_letterhead_without_one_word_read_right_is_known_by_its_shape() {
        let misread = "حهرة اعهق\nورارة هالمز والاسكا\nالدد : ع/؟\nلتاريخ: 1/ ١١\nل/ شزةآسوز العامل\nموضع: تنسيب موظويب\nوحيث لم يردنا";
        check(&format!("{FIRST}\u{c}{LAST}\u{c}{misread}"), &[2]);
        // Points of a text have that shape as well.
        check(&format!("{FIRST}\u{c}أولاً : يتم الصرف\nثانياً : ينفذ\nثالثاً : يبلغ\nرابعاً : يعمم"), &[]);
    }

    #[test]
    fn blank_sheets_stay_with_the_letter_before() {
        check(&format!("{FIRST}\u{c}\u{c}{LAST}\u{c}\u{c}{FIRST}"), &[4]);
        check(&format!("\u{c}{FIRST}\u{c}{LAST}"), &[]);
    }

    #[test]
    fn whatever_follows_a_separator_sheet_begins() {
        check(&format!("{FIRST}\u{c}PATCH T\u{c}كشف بأسماء الموظفين المشمولين"), &[2]);
    }

    #[test]
    fn a_code_on_a_page_of_its_own_parts_letters_and_one_on_a_letter_does_not() {
        let code =
            Code { symbology: Symbology::QrCode, text: "box 12".to_owned(), bounds: PixelBox::new(0, 0, 10, 10) };
        let parted = |text: &str, on: usize| {
            let mut pages = pages_of(text);
            pages[on].codes.push(code.clone());
            starts(&pages)
        };
        let reason = "separator sheet (QR code: box 12)".to_owned();
        for sheet in ["", "12 كيس"] {
            let text = format!("{FIRST}\u{c}{sheet}\u{c}كشف بأسماء الموظفين المشمولين");
            assert_eq!(parted(&text, 1), [Start { page: 2, reason: reason.clone() }], "{sheet:?}");
        }
        assert_eq!(parted(&format!("{FIRST}\u{c}{LAST}\u{c}كشف بأسماء الموظفين المشمولين"), 1), []);
    }

    #[test]
    fn one_page_is_one_letter() {
        check(FIRST, &[]);
        check("", &[]);
    }
}
