//! Finds who signed: name and office, below the text and above the copies.
//!
//! The office is known by its first word (المدير العام, ع/ الوزير); the name stands above it, sometimes below, and is two to
//! six words of letters. Minutes are signed by all who were present: they have no signatory.

use super::date::{self, Day};
use super::header::is_bare_date;
use super::labels::{self, labels};
use super::lists;
use super::passage::{Atom, Passage, Placed, Sort};
use super::sheet::Sheet;
use super::subject;
use crate::model::{Field, LetterDate, Signatory};
use std::ops::Range;

/// Strips above the copies among which the signatory is looked for.
const REACH: usize = 12;
/// Strips above the copies among which a date below the signature is looked for.
const DATE_REACH: usize = 6;
const MOST_TITLE_WORDS: usize = 8;
const NAME_WORDS: std::ops::RangeInclusive<usize> = 2..=6;
/// Atoms before a title that may be ink.
const MOST_SPECKS: usize = 3;
/// Letters that the reader makes of a stroke at most.
const SPECK_LETTERS: usize = 3;
/// And where it doubts them.
const DOUBTED_SPECK_LETTERS: usize = 5;
/// A strip of fewer letters, all of them doubted, is no line of print.
const LEAST_READ: usize = 4;
/// Letters of a name under ink that may tell it.
const LEAST_OF_NAME: usize = 6;
/// Letters before the end of an office's name that may be what is left of its beginning.
const MOST_OF_BEGINNING: usize = 3;
/// A short word before a name read with less confidence is none of it.
const STRAY_BELOW: f32 = 0.5;
/// Letters of such a word at most: the rest of a name half covered has more.
const STRAY_LETTERS: usize = 2;
/// How much further than usual an academic title may lie from what was read, where a name is looked for.
const HONORIFIC_SLACK: f32 = 1.6;
/// How much further than usual the whole name of an office may lie from what was read.
const OFFICE_SLACK: f32 = 1.2;
/// Letters of the end of an office's name that tell it.
const LEAST_END: usize = 6;

/// Returns the signatory.
pub fn find(sheet: &Sheet, from: usize) -> Option<Field<Signatory>> {
    let tail = tail(sheet, from);
    // What was read well counts before what must be mended.
    let plain = |index: &usize| tail.get(*index).and_then(|strip| plain_office(strip));
    let mended = |index: &usize| tail.get(*index).and_then(|strip| mended_office(strip));
    let office = || named(&tail, plain).or_else(|| named(&tail, mended));
    office().or_else(|| titleless(&tail)).or_else(|| nameless(&tail, margin(sheet), mended))
}

/// Says whether an office that signs stands at the end of a sheet, read without doubt.
pub fn is_signed(sheet: &Sheet) -> bool {
    let tail = tail(sheet, 0);
    named(&tail, |index| tail.get(*index).and_then(|strip| plain_office(strip))).is_some()
}

/// Returns the strips among which the signatory is looked for.
fn tail<'s, 'a>(sheet: &'s Sheet<'a>, from: usize) -> Vec<&'s Passage<'a>> {
    let end = lists::copies_label(sheet).filter(|copies| *copies > from).unwrap_or(sheet.strips.len());
    let strips = sheet.strips.get(end.saturating_sub(REACH).max(from)..end).unwrap_or_default().iter();
    let margin = margin(sheet);
    // What looks like a bullet away from the margin that lists begin at is a stroke of the pen.
    let is_item = |strip: &&Passage| lists::bullet(&strip.atoms).is_some() && !is_apart(strip, margin);
    strips.filter(|strip| !is_item(strip) && !is_bare_date(strip) && !is_flourish(strip)).collect()
}

/// Returns the margin that text begins at.
fn margin(sheet: &Sheet) -> u32 {
    sheet.strips.iter().map(|strip| strip.bounds.right).max().unwrap_or(0)
}

/// Says whether a strip stands away from the margin, as signatures do.
fn is_apart(strip: &Passage, margin: u32) -> bool {
    !strip.bounds.is_empty() && strip.bounds.right < margin / 4 * 3
}

/// An office as it is called, and the atoms that name it.
struct Office {
    title: String,
    range: Range<usize>,
}

/// Returns the lowest office that has a name above or below it.
fn named(tail: &[&Passage], office: impl Fn(&usize) -> Option<Office>) -> Option<Field<Signatory>> {
    (0..tail.len()).rev().find_map(|index| {
        let office = office(&index)?;
        let title = tail.get(index)?;
        let name_of = |at: Option<usize>| tail.get(at?).and_then(|strip| Some((*strip, name_in(strip)?)));
        let (strip, name) = name_of(index.checked_sub(1)).or_else(|| name_of(index.checked_add(1)))?;
        let value = Signatory { name: Some(strip.text(name.clone())), title: Some(office.title), unread: None };
        let mut evidence = strip.evidence(name);
        evidence.extend(title.evidence(office.range));
        Some(Field { value, evidence })
    })
}

/// Returns the lowest name that stands below an academic title by itself: what is lost below it is the office.
fn titleless(tail: &[&Passage]) -> Option<Field<Signatory>> {
    tail.windows(2).rev().find_map(|pair| {
        let [honorific, strip] = pair else { return None };
        let is_below = labels::is_whole(&honorific.atoms, &labels().signatory.honorifics);
        let name = name_in(strip).filter(|_| is_below && mended_office(strip).is_none())?;
        let value = Signatory { name: Some(strip.text(name.clone())), ..Signatory::default() };
        Some(Field { value, evidence: strip.evidence(name) })
    })
}

/// Returns the lowest office whose name is lost under ink: a line that says nothing else, away from the margin that text begins at.
fn nameless(tail: &[&Passage], margin: u32, office: impl Fn(&usize) -> Option<Office>) -> Option<Field<Signatory>> {
    (0..tail.len()).rev().find_map(|index| {
        let strip = tail.get(index)?;
        let office = office(&index).filter(|_| is_apart(strip, margin))?;
        let above = index.checked_sub(1).and_then(|above| tail.get(above));
        let unread =
            above.filter(|above| may_hold_name(above, strip, margin)).map(|above| above.text(0..above.atoms.len()));
        let value = Signatory { name: None, title: Some(office.title), unread };
        Some(Field { value, evidence: strip.evidence(office.range) })
    })
}

/// Says whether what stands above an office is print under ink: away from the margin, over the office, and no other part of a letter.
fn may_hold_name(strip: &Passage, office: &Passage, margin: u32) -> bool {
    is_apart(strip, margin)
        && strip.bounds.left < office.bounds.right
        && office.bounds.left < strip.bounds.right
        && strip.letters(0..strip.atoms.len()) >= LEAST_OF_NAME
        && !is_closing(strip)
        && !labels::is_whole(&strip.atoms, &labels().signatory.honorifics)
}

/// Says whether a strip is what a pen left between print: no two letters that the reader stands by.
fn is_flourish(strip: &Passage) -> bool {
    let read = strip.words.iter().filter(|placed| !placed.doubtful);
    let letters = |placed: &Placed| placed.word.text.chars().filter(|c| c.is_alphabetic()).count();
    read.map(letters).sum::<usize>() < 2 && strip.letters(0..strip.atoms.len()) < LEAST_READ
}

/// Returns the date that stands by itself below the signature, right above the copies.
pub fn date_below(sheet: &Sheet, from: usize) -> Option<Field<LetterDate>> {
    let end = lists::copies_label(sheet).filter(|copies| *copies > from).unwrap_or(sheet.strips.len());
    let tail = sheet.strips.get(end.saturating_sub(DATE_REACH).max(from)..end)?;
    let is_office = |index: &usize| tail.get(*index).is_some_and(is_title);
    let office = (0..tail.len()).rev().find(is_office)?;
    tail.get(office + 1..)?.iter().find_map(|strip| {
        let range = strip.trimmed(0..strip.atoms.len());
        let found = date::find_at(&strip.atoms, range.start).filter(|found| found.end == range.end)?;
        match found.day {
            Day::Civil(date) if !strip.is_doubtful(range.clone()) => Some(strip.field(date, range)),
            _ => None,
        }
    })
}

/// Says whether a strip is the name of an office.
fn is_title(strip: &Passage) -> bool {
    plain_office(strip).is_some()
}

/// Returns the office that a strip names, if its first words were read right.
fn plain_office(strip: &Passage) -> Option<Office> {
    let words = strip.atoms.iter().filter(|atom| atom.sort == Sort::Letters).count();
    let plain = strip.atoms.iter().all(|atom| atom.sort == Sort::Letters || atom.is_mark("/\\.-()،"));
    let honorific = labels::is_whole(&strip.atoms, &labels().signatory.honorifics);
    let is_office = plain
        && !honorific
        && (1..=MOST_TITLE_WORDS).contains(&words)
        && labels::find_at(&strip.atoms, 0, &labels().signatory.titles).is_some()
        && !is_closing(strip);
    let range = strip.trimmed(0..strip.atoms.len());
    is_office.then(|| Office { title: strip.text(range.clone()), range })
}

/// Returns the office that a strip names behind specks of ink, or with its first word misread or half covered.
fn mended_office(strip: &Passage) -> Option<Office> {
    let end = strip.trimmed(0..strip.atoms.len()).end;
    let is_short = |at: usize| strip.slice(at..end).iter().filter(|atom| atom.sort == Sort::Letters).count();
    if is_closing(strip) {
        return None;
    }
    (0..=MOST_SPECKS.min(end)).filter(|at| (0..*at).all(|at| is_speck(strip, at))).find_map(|at| {
        if !(1..=MOST_TITLE_WORDS).contains(&is_short(at)) {
            return None;
        }
        let title = whole_office(strip, at..end).or_else(|| office_by_its_rest(strip, at..end)).or_else(|| {
            let first = labels::find_at(&strip.atoms, at, &labels().signatory.titles)?;
            (at > 0 && first.end < end && strip.slice(at..end).iter().all(|atom| atom.sort != Sort::Digits))
                .then(|| strip.text(at..end))
        })?;
        Some(Office { title, range: at..end })
    })
}

/// Says whether an atom before a title can be what a pen or a stamp left there.
fn is_speck(strip: &Passage, at: usize) -> bool {
    let doubted = || strip.confidence(at..at + 1) < STRAY_BELOW;
    strip.slice(at..at + 1).iter().all(|atom| {
        atom.sort != Sort::Letters
            || atom.key.len() <= SPECK_LETTERS
            || atom.key.len() <= DOUBTED_SPECK_LETTERS && doubted()
    })
}

/// Returns the office in the list of whole names that a range is, slips of reading aside, or whose end it is.
fn whole_office(strip: &Passage, range: Range<usize>) -> Option<String> {
    let atoms: Vec<Atom> = strip.slice(range).iter().filter(|atom| atom.sort == Sort::Letters).cloned().collect();
    let offices = &labels().signatory.offices;
    let found = labels::find_near(&atoms, 0, offices, OFFICE_SLACK).filter(|found| found.end == atoms.len());
    let letters: Vec<char> = atoms.iter().flat_map(|atom| atom.key.iter().copied()).collect();
    let of_end = || {
        (0..=MOST_OF_BEGINNING).find_map(|lost| {
            let end = letters.get(lost..).filter(|end| end.len() >= LEAST_END)?;
            offices.iter().find(|office| office.ends_with(end) && 2 * end.len() >= office.length())
        })
    };
    found.and_then(|found| offices.get(found.which)).or_else(of_end).map(|office| office.written().to_owned())
}

/// Returns an office of a department whose first word alone was misread: `ير قسم الموارد البشرية` is `مدير` of it.
fn office_by_its_rest(strip: &Passage, range: Range<usize>) -> Option<String> {
    let [first, second, ..] = strip.slice(range.clone()) else { return None };
    let bodies = &labels().bodies;
    let of_body = [&bodies.unit, &bodies.part]
        .iter()
        .any(|list| labels::find_at(&strip.atoms, range.start + 1, list).is_some_and(|found| found.distance == 0.0));
    if first.sort != Sort::Letters || second.sort != Sort::Letters || !of_body {
        return None;
    }
    let word = labels().signatory.titles.iter().find(|title| title.is_nearly(&first.key))?;
    let rest = range.start + 1..range.end;
    Some(format!("{} {}", word.written(), strip.text(rest)))
}

fn is_closing(strip: &Passage) -> bool {
    labels::find(&strip.atoms, 0, &labels().closings).is_some()
}

/// Returns the atoms of the name that a strip holds, without academic titles before it and specks of ink around it.
fn name_in(strip: &Passage) -> Option<Range<usize>> {
    let range = strip.trimmed(0..strip.atoms.len());
    let honorifics = &labels().signatory.honorifics;
    // `المهندس/ سعد عبد الله`, and a stroke of the pen that crosses the line.
    let least = *NAME_WORDS.start();
    let stroke = range.clone().rev().find(|at| strip.slice(*at..*at + 1).iter().any(|atom| atom.is_mark("/\\")));
    let mut start = stroke.filter(|stroke| stroke + least < range.end).map_or(range.start, |stroke| stroke + 1);
    loop {
        let is_mark = |at: usize| strip.atoms.get(at).is_some_and(|atom| atom.sort != Sort::Letters);
        match labels::find_at(&strip.atoms, start, honorifics).filter(|found| found.end < range.end) {
            Some(found) => start = found.end,
            None if start < range.end && is_mark(start) => start += 1,
            // One letter is no name, nor are letters that the reader made of strokes.
            None if start + 2 < range.end && is_stray(strip, start) => start += 1,
            None => break,
        }
    }
    let mut end = range.end;
    while end > start && strip.slice(end - 1..end).iter().any(|atom| atom.sort != Sort::Letters || is_loose(strip, end))
    {
        end -= 1;
    }
    let atoms = strip.slice(start..end);
    let letters = atoms.iter().all(|atom| atom.sort == Sort::Letters);
    let fits = letters
        && NAME_WORDS.contains(&atoms.len())
        && !is_closing(strip)
        && !is_title(strip)
        && !subject::starts_part(strip);
    let honorific =
        labels::find_near(atoms, 0, honorifics, HONORIFIC_SLACK).is_some_and(|found| found.end == atoms.len());
    (fits && !honorific).then_some(start..end)
}

/// Says whether atom `at` is a letter by itself, or a short word that the reader doubts.
fn is_stray(strip: &Passage, at: usize) -> bool {
    let atom = strip.slice(at..at + 1).first();
    atom.is_some_and(|atom| {
        atom.key.len() == 1 || atom.key.len() <= STRAY_LETTERS && strip.confidence(at..at + 1) < STRAY_BELOW
    })
}

/// Says whether the letter before `end` stands by itself and belongs to no word: behind a letter that joins none, it does (`داو د`).
fn is_loose(strip: &Passage, end: usize) -> bool {
    let (Some(last), Some(before)) = (strip.atoms.get(end.wrapping_sub(1)), strip.atoms.get(end.wrapping_sub(2)))
    else {
        return false;
    };
    last.key.len() == 1 && !before.key.last().is_some_and(|c| "ادذرزو".contains(*c))
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::{line_at, page_of, pages_of};
    use super::*;
    use crate::model::Confidence;

    #[track_caller]
    fn check(text: &str, want: Option<(&str, &str)>) {
        let pages = pages_of(text);
        let found = find(&Sheet::new(&pages), 0).map(|field| field.value);
        let found = found.map(|signatory| (signatory.name.unwrap_or_default(), signatory.title.unwrap_or_default()));
        assert_eq!(found.as_ref().map(|(name, title)| (name.as_str(), title.as_str())), want, "in {text:?}");
    }

    #[test]
    fn a_name_stands_behind_a_stroke() {
        let end = "المدير العام\nنسخة منه الى :\n- الأرشيف";
        check(&format!("مع التقدير\nتعال/ اسماء عبد الغني\n{end}"), Some(("اسماء عبد الغني", "المدير العام")));
    }

    #[test]
    fn name_above_the_office() {
        check(
            "راجين التفضل ... مع التقدير\nالمهندس\nمصطفى هاشم العزاوي\nالمدير العام وكالة\n14/11/2018\nنسخة منه الى :\n- الأرشيف",
            Some(("مصطفى هاشم العزاوي", "المدير العام وكالة")),
        );
        check("مع التقدير\nد. سعد عبد الرحمن\nع/ الوزير", Some(("سعد عبد الرحمن", "ع/ الوزير")));
    }

    #[test]
    fn name_below_the_office() {
        check("مع التقدير\nالمدير العام\nسعد عبد الرحمن", Some(("سعد عبد الرحمن", "المدير العام")));
    }

    #[test]
    fn a_pen_leaves_strokes_between_print() {
        check("مع التقدير\nا رياض جعفر اللامي\nرئيس مجلس الادارة", Some(("رياض جعفر اللامي", "رئيس مجلس الادارة")));
        check("مع التقدير\nحنان رؤوف امين\n؟ الوكيل الفني", Some(("حنان رؤوف امين", "الوكيل الفني")));
        check("مع التقدير\nسناء عبد الوهاب ٤\nع/ الوزير", Some(("سناء عبد الوهاب", "ع/ الوزير")));
        check("مع التقدير\nحيدر عباس الربيعي\n/\nالوكيل الفني", Some(("حيدر عباس الربيعي", "الوكيل الفني")));
        check("مع التقدير\nهيثم رؤوف داو د\nمدير القسم", Some(("هيثم رؤوف داو د", "مدير القسم")));
    }

    #[test]
    fn a_longer_speck_before_an_office_counts_as_one_where_it_was_doubted() {
        let office = |confidence: f32| {
            let mut lines = vec![
                line_at(100, &[("مع", 800, 840), ("التقدير", 700, 790)]),
                line_at(200, &[("حنان", 340, 390), ("رؤوف", 270, 330), ("امين", 200, 260)]),
                line_at(260, &[("لولا", 340, 400), ("الوكيل", 260, 330), ("الفني", 190, 250)]),
            ];
            lines[2].words[0].confidence = Confidence::new(confidence);
            let pages = [page_of(1, lines)];
            find(&Sheet::new(&pages), 0).and_then(|field| field.value.title)
        };
        assert_eq!(office(0.3).as_deref(), Some("الوكيل الفني"));
        assert_eq!(office(0.99), None);
    }

    #[test]
    fn an_office_half_covered_is_known_by_what_is_left() {
        check("مع التقدير\nسعد عبد الرحمن\nذير العام وكالة", Some(("سعد عبد الرحمن", "المدير العام وكالة")));
        check("مع التقدير\nسعد عبد الرحمن\nير العام وكالة", Some(("سعد عبد الرحمن", "المدير العام وكالة")));
        check("مع التقدير\nسعد عبد الرحمن\nمجلس الادارة", Some(("سعد عبد الرحمن", "رئيس مجلس الإدارة")));
        check(
            "مع التقدير\nسعد عبد الرحمن\nمدين قسم الموارد البشرية",
            Some(("سعد عبد الرحمن", "مدير قسم الموارد البشرية")),
        );
        check("مع التقدير\nسعد عبد الرحمن\nير قسم الحسابات", Some(("سعد عبد الرحمن", "مدير قسم الحسابات")));
    }

    #[test]
    fn a_name_below_an_academic_title_needs_no_office() {
        check("مع التقدير\nالدكتورة\nسناء عبد الوهاب ٤\nنسخة منه الى :\n- الأرشيف", Some(("سناء عبد الوهاب", "")));
        check("مع التقدير\nطارق نعمة الخفاجي\nالمدير العام", Some(("طارق نعمة الخفاجي", "المدير العام")));
    }

    #[test]
    fn a_stroke_before_a_name_makes_it_no_item_of_a_list() {
        let lines = |name: (&str, u32, u32)| {
            vec![
                line_at(100, &[("للتفضل", 850, 950), ("مع", 800, 840), ("التقدير", 700, 790)]),
                line_at(200, &[("-", 400, 405), ("اياد", 340, 390), ("حميد", 270, 330), name]),
                line_at(260, &[("المدير", 300, 380), ("العام", 220, 290)]),
            ]
        };
        let found = |name| {
            let pages = [page_of(1, lines(name))];
            find(&Sheet::new(&pages), 0).map(|field| field.value)
        };
        let who = |name: Option<&str>, unread: Option<&str>| {
            Some(Signatory {
                name: name.map(str::to_owned),
                title: Some("المدير العام".to_owned()),
                unread: unread.map(str::to_owned),
            })
        };
        assert_eq!(found(("عودة", 200, 260)), who(Some("اياد حميد عودة"), None));
        assert_eq!(found(("عو/دة", 200, 260)), who(None, Some("- اياد حميد عو/دة")));
    }

    #[test]
    fn no_office_no_signatory() {
        check("مع التقدير\nسعد عبد الرحمن\nنسخة منه الى", None);
    }
}
