//! Finds the lists after a letter: copies and enclosures.

use super::header::is_bare_date;
use super::labels::{self, Phrase, labels};
use super::passage::{Atom, Passage, Sort};
use super::sheet::Sheet;
use crate::model::Field;

const BULLETS: &str = "-–—•●▪*·ـ.";
/// What stands behind the number of an item.
const AFTER_NUMBER: &str = "-–—.):";
/// An entry has at least so many letters; less is a speck or a signature's flourish.
const FEWEST_LETTERS: usize = 3;
/// How many times as far as usual a label may lie from its word where items below it say what it is.
const SPOILT_SLACK: f32 = 2.2;

/// Returns the atom behind the bullet or number of an item, where a line starts with one.
pub fn bullet(atoms: &[Atom]) -> Option<usize> {
    let first = atoms.first()?;
    if first.is_mark(BULLETS) {
        let end = atoms.iter().position(|atom| !atom.is_mark(BULLETS))?;
        return Some(end);
    }
    let numbered = first.sort == Sort::Digits && first.key.len() <= 2 && atoms.get(1)?.is_mark(AFTER_NUMBER);
    (numbered && atoms.get(2)?.sort == Sort::Letters).then_some(2)
}

/// Returns strip and atom behind the last label out of `phrases` that starts a strip.
fn label(sheet: &Sheet, phrases: &[Phrase]) -> Option<(usize, usize)> {
    let found = |(index, strip): (usize, &Passage)| {
        let start = strip.atoms.iter().position(|atom| atom.sort != Sort::Mark)?;
        let label = labels::find_at(&strip.atoms, start, phrases)?;
        let alone = label.end == strip.atoms.len();
        let marked = strip.atoms.get(label.end).is_some_and(|atom| atom.sort == Sort::Mark);
        // Above items, what stands behind the label is a pen's or a stamp's.
        let above_items =
            || start == 0 && sheet.strips.get(index + 1).is_some_and(|next| bullet(&next.atoms).is_some());
        if alone || marked { Some((index, label.end)) } else { above_items().then_some((index, strip.atoms.len())) }
    };
    sheet.strips.iter().enumerate().filter_map(found).next_back()
}

/// Returns the index of the strip with the label of the copies.
pub fn copies_label(sheet: &Sheet) -> Option<usize> {
    label_of_copies(sheet).map(|(index, _)| index)
}

fn label_of_copies(sheet: &Sheet) -> Option<(usize, usize)> {
    label(sheet, &labels().copies).or_else(|| spoilt_label_of_copies(sheet))
}

/// Returns strip and atom behind a label of copies that was read badly: a short line, far like one, above the items that end the letter.
fn spoilt_label_of_copies(sheet: &Sheet) -> Option<(usize, usize)> {
    let is_item = |strip: &Passage| bullet(&strip.atoms).is_some_and(|start| item(strip, start).is_some());
    let is_nothing = |strip: &Passage| ends_list(strip) || item(strip, 0).is_none();
    let index = sheet.strips.iter().rposition(|strip| !is_item(strip) && !is_nothing(strip))?;
    let (strip, below) = (sheet.strips.get(index)?, sheet.strips.get(index + 1..)?);
    if !below.iter().any(is_item) {
        return None;
    }
    let letters: Vec<Atom> = strip.atoms.iter().filter(|atom| atom.sort == Sort::Letters).cloned().collect();
    let is_label = |phrase: &Phrase| {
        labels::find_near(&letters, 0, std::slice::from_ref(phrase), SPOILT_SLACK)
            .is_some_and(|found| found.end == letters.len())
    };
    labels().copies.iter().any(is_label).then_some((index, strip.atoms.len()))
}

/// Returns who gets a copy.
pub fn copies(sheet: &Sheet) -> Vec<Field<String>> {
    let Some((index, end)) = label_of_copies(sheet) else { return Vec::new() };
    let strips = sheet.strips.get(index + 1..).unwrap_or_default();
    let bulleted = strips.iter().take(3).any(|strip| bullet(&strip.atoms).is_some());
    let mut items: Vec<Field<String>> =
        sheet.strips.get(index).and_then(|strip| item(strip, end)).into_iter().collect();
    for strip in strips {
        if ends_list(strip) {
            break;
        }
        let start = bullet(&strip.atoms);
        let Some(next) = item(strip, start.unwrap_or(0)) else { continue };
        match items.last_mut().filter(|_| bulleted && start.is_none() && runs_on(sheet, strip)) {
            Some(last) => join(last, next),
            None if bulleted && start.is_none() => {}
            None => items.push(next),
        }
    }
    items
}

/// Returns what is enclosed. Only lines with a bullet count: below the list stands the signatory, whom nothing sets apart.
pub fn attachments(sheet: &Sheet) -> Vec<Field<String>> {
    let Some((index, end)) = label(sheet, &labels().attachments) else { return Vec::new() };
    let behind = sheet.strips.get(index).and_then(|strip| item(strip, end));
    let strips = sheet.strips.get(index + 1..).unwrap_or_default().iter();
    let bulleted = strips.map_while(|strip| item(strip, bullet(&strip.atoms).filter(|_| !ends_list(strip))?));
    behind.into_iter().chain(bulleted).collect()
}

fn item(strip: &Passage, start: usize) -> Option<Field<String>> {
    let range = strip.trimmed(start..strip.atoms.len());
    (strip.letters(range.clone()) >= FEWEST_LETTERS).then(|| strip.field(strip.text(range.clone()), range))
}

fn join(last: &mut Field<String>, next: Field<String>) {
    last.value.push(' ');
    last.value.push_str(&next.value);
    last.evidence.extend(next.evidence);
}

/// Says whether a line without a bullet continues the item before it: that one must have been a full line.
fn runs_on(sheet: &Sheet, strip: &Passage) -> bool {
    let before =
        sheet.strips.iter().position(|other| std::ptr::eq(other, strip)).and_then(|index| index.checked_sub(1));
    before.and_then(|index| sheet.strips.get(index)).is_some_and(|before| sheet.is_full(before))
}

fn ends_list(strip: &Passage) -> bool {
    let starts =
        |phrases: &[Phrase]| labels::find_at(&strip.atoms, 0, phrases).is_some_and(|found| found.distance == 0.0);
    is_bare_date(strip) || starts(&labels().attachments) || starts(&labels().copies) || starts(&labels().contact)
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::pages_of;
    use super::*;

    fn values(fields: Vec<Field<String>>) -> Vec<String> {
        fields.into_iter().map(|field| field.value).collect()
    }

    #[test]
    fn copies_run_over_pages() {
        let pages = pages_of(
            "المدير العام\nنسخة منه الى :\n- قسم المتابعة / للمتابعة\n- الأرشيف\u{c}- 2 -\n- ملف المشروع\nهاتف: ٥٣٧",
        );
        assert_eq!(values(copies(&Sheet::new(&pages))), ["قسم المتابعة / للمتابعة", "الأرشيف", "ملف المشروع"]);
    }

    #[test]
    fn what_a_pen_left_behind_the_label_is_no_item() {
        let pages = pages_of("المدير العام\nنسخة منه الىتذ: ٦٦ سمك ،\n- قسم المتابعة\n- الأرشيف\nهاتف: ٥٣٧");
        assert_eq!(values(copies(&Sheet::new(&pages))), ["قسم المتابعة", "الأرشيف"]);
        let enclosed = pages_of("المدير العام\nالمرفقات :\n- نسخة منه مصدقة\n- جدول\nهاتف: ٥٣٧");
        assert_eq!(values(copies(&Sheet::new(&enclosed))), <[&str; 0]>::default());
    }

    #[test]
    fn a_label_read_badly_is_known_by_the_items_below_it() {
        let pages = pages_of("المدير العام\nصوة مله ال /\n- قسم المتابعة\n- الأرشيف\nهاتف: ٥٣٧");
        assert_eq!(values(copies(&Sheet::new(&pages))), ["قسم المتابعة", "الأرشيف"]);
        let pages = pages_of("مع التقدير\nالمدير العام\n- قسم المتابعة\n- الأرشيف");
        assert_eq!(values(copies(&Sheet::new(&pages))), [] as [&str; 0]);
    }

    #[test]
    fn bullets_may_be_lost_in_reading() {
        let pages = pages_of("صورة منه الى /\nقسم المتابعة\nالأرشيف");
        assert_eq!(values(copies(&Sheet::new(&pages))), ["قسم المتابعة", "الأرشيف"]);
    }

    #[test]
    fn enclosures_end_before_the_signatory() {
        let pages = pages_of("المرفقات/\n- جدول بالأسماء\n- استمارة عدد (٢)\nالمهندس\nمصطفى هاشم");
        assert_eq!(values(attachments(&Sheet::new(&pages))), ["جدول بالأسماء", "استمارة عدد (٢)"]);
    }
}
