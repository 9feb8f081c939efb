//! Finds the subject: the text behind `الموضوع` or `م/`, with the lines it runs on over.

use super::kind;
use super::labels::{self, Phrase, labels};
use super::number;
use super::passage::{Passage, Sort};
use super::sheet::Sheet;
use super::{lists, parties};
use crate::model::Field;
use std::ops::Range;

/// A subject has at least so many letters.
const FEWEST_LETTERS: usize = 4;
/// Strips below the label of the recipients among which a misread label of the subject is looked for.
const BELOW_RECIPIENTS: usize = 3;
/// How much further than usual a label may lie from what was read, right below the recipients and with a mark behind it.
const HALF_LOST_SLACK: f32 = 2.0;
/// Lines that a subject runs over at most.
const MOST_LINES: usize = 3;
const MARKS: &str = ":/\\؛;.-–=|";

/// Returns the atom behind the label of a subject and its marks, where a strip starts with one.
pub fn label_at_start(strip: &Passage) -> Option<usize> {
    let start = strip.atoms.iter().position(|atom| atom.sort != Sort::Mark)?;
    let atoms = &strip.atoms;
    let short = labels::find_at(atoms, start, &labels().short_subject);
    // م.ع/١٢ is a number: behind the short label stands no full stop, and then no digit.
    let short = short.filter(|found| {
        let dash = atoms.get(found.end).is_some_and(|mark| mark.is_mark("-–"));
        let text = atoms.get(found.end + 1).is_some_and(|atom| atom.sort == Sort::Letters && atom.key.len() > 1);
        atoms.get(found.end).is_some_and(|mark| mark.is_mark(":/\\")) || dash && text
    });
    let found = labels::find_at(atoms, start, &labels().subject).or(short)?;
    let mut end = found.end;
    while atoms.get(end).is_some_and(|atom| atom.is_mark(MARKS)) {
        end += 1;
    }
    let is_number = number::find_at(atoms, start).is_some_and(|number| number.range.start == start);
    (end > found.end && !is_number).then_some(end)
}

/// Returns the atom behind what can be a misread `م/`: one or two letters and a mark, the mark alone, or the letter alone.
pub fn misread_label(strip: &Passage) -> Option<usize> {
    let [first, second, ..] = strip.atoms.as_slice() else { return None };
    let end = match (first.sort, second.sort) {
        (Sort::Letters, Sort::Mark) if first.key.len() <= 2 && !second.is_mark(".()-–") => 2,
        (Sort::Letters, Sort::Letters) if first.key_is("م") && second.spaced => 1,
        (Sort::Mark, Sort::Letters) if first.is_mark("/\\") => 1,
        _ => return None,
    };
    (strip.letters(end..usize::MAX) >= FEWEST_LETTERS).then_some(end)
}

/// Returns the subject: behind its label, or where that is misread, right below the recipients.
pub fn find(sheet: &Sheet) -> Option<Field<String>> {
    let labelled = sheet.strips.iter().enumerate().filter_map(|(index, strip)| Some((index, label_at_start(strip)?)));
    let fields: Vec<(Field<String>, bool)> = labelled.filter_map(|(index, end)| field_at(sheet, index, end)).collect();
    // `م/ إعمام` is a title; it is the subject only where nothing else is.
    let first = fields.iter().position(|(_, is_title)| !is_title).unwrap_or(0);
    fields.into_iter().nth(first).map(|(field, _)| field).or_else(|| below_recipients(sheet))
}

fn below_recipients(sheet: &Sheet) -> Option<Field<String>> {
    let recipients = sheet.strips.iter().take_while(|strip| strip.page() == sheet.first_page());
    let last = recipients.enumerate().filter(|(_, strip)| parties::label_at_start(strip).is_some()).last()?.0;
    let near = sheet.strips.iter().enumerate().skip(last + 1).take(BELOW_RECIPIENTS);
    let label = |strip: &Passage| misread_label(strip).or_else(|| half_lost_label(strip));
    let (index, end) = near.filter_map(|(index, strip)| Some((index, label(strip)?))).next()?;
    field_at(sheet, index, end).map(|(field, _)| field)
}

/// Returns the atom behind a label of which less is left than tells it elsewhere: a mark stands behind `الوفوع`, the stroke of `م/` was
/// read as a letter.
fn half_lost_label(strip: &Passage) -> Option<usize> {
    if let Some(end) = fused_label(strip) {
        return Some(end);
    }
    let far = labels::find_near(&strip.atoms, 0, &labels().subject, HALF_LOST_SLACK)
        .filter(|found| strip.atoms.get(found.end).is_some_and(|mark| mark.is_mark(":/")))
        .map(|found| found.end + 1);
    let stroke = || strip.atoms.first().is_some_and(|atom| atom.key_is("ما") || atom.key_is("مل")).then_some(1);
    far.or_else(stroke).filter(|end| strip.letters(*end..usize::MAX) >= FEWEST_LETTERS)
}

/// Returns the atom behind a label whose mark was read as its last letter: `الموضوعة`.
fn fused_label(strip: &Passage) -> Option<usize> {
    let first = strip.atoms.first()?;
    let is_fused = |phrase: &Phrase| phrase.length() + 1 == first.key.len() && phrase.begins(&first.key);
    (labels().subject.iter().any(is_fused) && strip.letters(1..usize::MAX) >= FEWEST_LETTERS).then_some(1)
}

/// Returns the subject behind the label that ends at atom `end`, and whether it names a kind of paper alone.
fn field_at(sheet: &Sheet, index: usize, end: usize) -> Option<(Field<String>, bool)> {
    let strip = sheet.strips.get(index)?;
    let range = strip.trimmed(end..strip.atoms.len());
    let mut field = strip.field(strip.text(range.clone()), 0..range.end);
    let is_title = kind::of_title(strip.slice(range.clone())).is_some();
    let mut last = index;
    // A label alone on its line has its subject beside or below it.
    let mut wants_more = strip.letters(range.clone()) == 0 || sheet.is_full(strip);
    for _ in 1..MOST_LINES {
        let beside = (last == index && range.is_empty()).then(|| sheet.beside(last)).flatten();
        let Some(next) = beside.or_else(|| sheet.below(last)).filter(|_| wants_more) else { break };
        let Some(strip) = sheet.strips.get(next).filter(|strip| !starts_something(strip)) else { break };
        let range = continuation(strip);
        if !field.value.is_empty() {
            field.value.push(' ');
        }
        field.value.push_str(&strip.text(range.clone()));
        field.evidence.extend(strip.evidence(range));
        wants_more = sheet.is_full(strip);
        last = next;
    }
    let letters = field.value.chars().filter(|c| c.is_alphabetic()).count();
    (letters >= FEWEST_LETTERS).then_some((field, is_title))
}

fn continuation(strip: &Passage) -> Range<usize> {
    strip.trimmed(0..strip.atoms.len())
}

/// Says whether a strip begins another part of the letter or an item of a list, so that no sentence runs on into it.
pub fn starts_something(strip: &Passage) -> bool {
    starts_part(strip) || lists::bullet(&strip.atoms).is_some()
}

/// Says whether a strip begins another part of the letter.
pub fn starts_part(strip: &Passage) -> bool {
    let labels = labels();
    let atoms = &strip.atoms;
    let lists = [
        &labels.greetings,
        &labels.openings,
        &labels.number,
        &labels.date,
        &labels.copies,
        &labels.attachments,
        &labels.closings,
        &labels.references.nouns,
    ];
    lists.iter().any(|phrases| labels::find_at(atoms, 0, phrases).is_some())
        || label_at_start(strip).is_some()
        || misread_label(strip).is_some()
        || fused_label(strip).is_some()
        || parties::label_at_start(strip).is_some()
        || kind::of_title(atoms).is_some()
        || atoms.iter().any(|atom| atom.sort == Sort::Digits) && super::references::starts_with_one(strip)
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::pages_of;
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        let pages = pages_of(text);
        let found = find(&Sheet::new(&pages));
        assert_eq!(found.map(|field| field.value).as_deref(), want, "in {text:?}");
    }

    #[test]
    fn long_and_short_labels() {
        check("الموضوع: توزيع الوحدات السكنية", Some("توزيع الوحدات السكنية"));
        check("م / صيانة جسر الهندية\nتحية طيبة", Some("صيانة جسر الهندية"));
        check("م/صرف السلفة رقم (٧)", Some("صرف السلفة رقم (٧)"));
        check("المـوضوع / تمديد مدة", Some("تمديد مدة"));
        check("الموضوع:\nتمديد مدة المقاولة\nتحية طيبة", Some("تمديد مدة المقاولة"));
    }

    #[test]
    fn a_title_gives_way_to_the_subject() {
        check("م / إعمام\nالى / دوائر الوزارة كافة\nالموضوع / جرد المخازن", Some("جرد المخازن"));
        check("م / إعمام\nتحية طيبة", Some("إعمام"));
    }

    #[test]
    fn a_misread_label_is_known_by_its_place() {
        check("الى / وزارة المالية\nم ؛ حادث حريق\nتحية طيبة", Some("حادث حريق"));
        check("الى / وزارة المالية\nم نقل خدمات الموظف\nتحية طيبة", Some("نقل خدمات الموظف"));
        check("الى / وزارة المالية\n/ ترشيح موظفين\nتحية طيبة", Some("ترشيح موظفين"));
    }

    #[test]
    fn words_of_the_text_are_no_labels() {
        check("وبخصوص\nالموضوع أعلاه نود", None);
        check("م.ع/ ١٢/ ٣٤٥", None);
    }
}
