//! Finds who wrote and who is addressed.

use super::header::Header;
use super::kind;
use super::labels::{self, Phrase, labels};
use super::passage::{Atom, Passage, Placed, Sort};
use super::sheet::Sheet;
use super::subject;
use crate::model::Field;
use std::ops::Range;

const MARKS: &str = ":/\\؛;.-–=|";
/// Recipients have at least so many letters.
const FEWEST_LETTERS: usize = 4;
/// Lines that the name of a body runs over at most.
const MOST_NAME_LINES: usize = 3;
/// Lines below the first recipient among which others are looked for.
const MOST_LINES: usize = 8;

/// Returns the atom behind the label of a recipient and its marks, where a strip starts with one.
pub fn label_at_start(strip: &Passage) -> Option<usize> {
    let start = strip.atoms.iter().position(|atom| atom.sort != Sort::Mark)?;
    let found = labels::find_at(&strip.atoms, start, &labels().to)?;
    let end = after_marks(strip, found.end);
    (end > found.end).then_some(end)
}

fn after_marks(strip: &Passage, from: usize) -> usize {
    let rest = strip.slice(from..usize::MAX);
    from + rest.iter().position(|atom| !atom.is_mark(MARKS)).unwrap_or(rest.len())
}

/// Returns the recipients: strips above the subject that start with their label, and the lines that follow such a strip.
pub fn to(sheet: &Sheet, header: &Header) -> Vec<Field<String>> {
    let end = header.end();
    let mut recipients: Vec<Field<String>> = Vec::new();
    let strips = sheet.strips.get(..end).unwrap_or_default();
    let mut follows: Option<usize> = None;
    for (index, strip) in strips.iter().enumerate() {
        // Without a mark a weak label is a word like others: it begins the recipients, but does not part one from the next.
        let weak = || weak_label(strip).filter(|start| recipients.is_empty() || *start > 0);
        let label = label_at_start(strip).or_else(|| unmarked(strip)).or_else(weak);
        if let Some(start) = label {
            recipients.extend(recipient(strip, start));
            follows = Some(index);
            continue;
        }
        let Some(first) = follows else { continue };
        let Some(next) =
            (index - first <= MOST_LINES && !subject::starts_something(strip)).then(|| recipient(strip, 0)).flatten()
        else {
            follows = None;
            continue;
        };
        let previous = index.checked_sub(1).and_then(|before| strips.get(before));
        let label_stood_alone = recipients.is_empty();
        match recipients.last_mut() {
            _ if label_stood_alone || starts_with_body(strip) => recipients.push(next),
            Some(last) if previous.is_some_and(|previous| sheet.is_full(previous)) => {
                last.value.push(' ');
                last.value.push_str(&next.value);
                last.evidence.extend(next.evidence);
            }
            _ if previous.is_some_and(|previous| is_list(previous, strip)) => recipients.push(next),
            _ => follows = None,
        }
    }
    recipients
}

/// A label whose mark was lost in reading: then a body must be named behind it.
fn unmarked(strip: &Passage) -> Option<usize> {
    let found = labels::find_at(&strip.atoms, 0, &labels().to)?;
    is_body(strip, found.end).then_some(found.end)
}

/// السادة / … and the like; without a mark the word belongs to what is printed: السيد مدير عام …
fn weak_label(strip: &Passage) -> Option<usize> {
    let found = labels::find_at(&strip.atoms, 0, &labels().weak_to)?;
    let end = after_marks(strip, found.end);
    (strip.atoms.len() > end).then_some(if end > found.end { end } else { 0 })
}

fn recipient(strip: &Passage, start: usize) -> Option<Field<String>> {
    let range = strip.trimmed(start..strip.atoms.len());
    (strip.letters(range.clone()) >= FEWEST_LETTERS)
        .then(|| strip.field(strip.text(range.clone()), start.min(range.start)..range.end))
}

/// Says whether a line can be a further recipient though its first word is not known: words alone, below the one before.
fn is_list(previous: &Passage, strip: &Passage) -> bool {
    let plain = strip.atoms.iter().all(|atom| atom.sort == Sort::Letters || atom.is_mark("/"));
    let overlap =
        strip.bounds.right.min(previous.bounds.right).saturating_sub(strip.bounds.left.max(previous.bounds.left));
    plain && is_sure(strip) && strip.words.len() >= 2 && 2 * overlap >= strip.bounds.width()
}

/// Says whether what was read is words and no specks: none doubted, none very short.
fn is_sure(strip: &Passage) -> bool {
    let short = |placed: &Placed| placed.word.text.chars().filter(|c| c.is_alphabetic()).count() == 2;
    strip.words.iter().all(|placed| !placed.doubtful) && !strip.words.iter().any(short)
}

fn starts_with_body(strip: &Passage) -> bool {
    is_body(strip, 0)
}

/// Says whether the name of a body begins at atom `at`.
pub fn is_body(strip: &Passage, at: usize) -> bool {
    let bodies = &labels().bodies;
    [&bodies.top, &bodies.independent, &bodies.part, &bodies.unit, &bodies.others]
        .iter()
        .any(|phrases| labels::find_at(&strip.atoms, at, phrases).is_some())
}

/// What a line of the letterhead names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rank {
    Top,
    Independent,
    Part,
    Unit,
}

/// A line of the letterhead that names a body, with the lines it runs on over.
struct Named<'s, 'a> {
    rank: Rank,
    lines: Vec<(&'s Passage<'a>, Range<usize>)>,
}

impl Named<'_, '_> {
    fn text(&self) -> String {
        self.lines.iter().map(|(strip, range)| strip.text(range.clone())).collect::<Vec<_>>().join(" ")
    }

    fn starts_with(&self, phrases: &[Phrase]) -> bool {
        self.lines.first().is_some_and(|(strip, range)| labels::find_at(&strip.atoms, range.start, phrases).is_some())
    }
}

/// Returns the issuing body as the letterhead names it: a company by its own name, a department of a ministry as `ministry / department`.
/// Units within a department (قسم, شعبة) are left out.
pub fn from(sheet: &Sheet, header: &Header) -> Option<Field<String>> {
    let mut named: Vec<Named> = Vec::new();
    for (index, strip) in sheet.strips.iter().enumerate().take_while(|(index, _)| *index < header.end()) {
        if !header.holds(index) {
            continue;
        }
        if is_below_letterhead(strip) {
            break;
        }
        let end = label_start(strip);
        let range = strip.trimmed(first_letters(strip)..before_digits(strip, end));
        let follows = named.last().is_some_and(|last| last.lines.len() < MOST_NAME_LINES)
            && is_name(strip, &strip.trimmed(0..end));
        match rank_of(strip, range.start) {
            Some(rank) if !range.is_empty() => named.push(Named { rank, lines: vec![(strip, range)] }),
            None if follows && runs_on(strip, &range) => named.last_mut()?.lines.push((strip, range)),
            None if follows && is_sure(strip) => {
                let rank = if is_nearly_company(strip, &range) { Rank::Independent } else { Rank::Part };
                named.push(Named { rank, lines: vec![(strip, range)] });
            }
            _ => {}
        }
    }
    let chosen = choose(&named)?;
    let value = chosen.iter().map(|named| named.text()).collect::<Vec<_>>().join(" / ");
    let evidence =
        chosen.iter().flat_map(|named| &named.lines).flat_map(|(strip, range)| strip.evidence(range.clone())).collect();
    Some(Field { value, evidence })
}

/// Says whether a line of several words begins with a slip of the word that companies begin with.
fn is_nearly_company(strip: &Passage, range: &Range<usize>) -> bool {
    const LEAST_WORDS: usize = 3;
    let first = strip.slice(range.clone()).first();
    let is_slip = |first: &Atom| labels().bodies.independent.iter().any(|word| word.is_nearly(&first.key));
    range.len() >= LEAST_WORDS && first.is_some_and(is_slip)
}

fn choose<'n, 's, 'a>(named: &'n [Named<'s, 'a>]) -> Option<Vec<&'n Named<'s, 'a>>> {
    let of = |rank| named.iter().find(move |named| named.rank == rank);
    if let Some(company) = of(Rank::Independent) {
        return Some(vec![company]);
    }
    let top = of(Rank::Top);
    let part = of(Rank::Part);
    let unit = of(Rank::Unit)
        .filter(|_| part.is_none() && top.is_some_and(|top| top.starts_with(&labels().bodies.with_units)));
    let chosen: Vec<_> = [top, part, unit].into_iter().flatten().collect();
    (!chosen.is_empty()).then_some(chosen)
}

/// Returns the atom where a label of number or date starts, or the end of the strip.
fn label_start(strip: &Passage) -> usize {
    let lists = [&labels().number, &labels().date, &labels().also_date];
    let starts = lists.map(|phrases| labels::find(&strip.atoms, 0, phrases).map(|(start, _)| start));
    starts.into_iter().flatten().min().unwrap_or(strip.atoms.len())
}

/// Returns the first digits before atom `end`, or `end`: no name of a body has digits.
fn before_digits(strip: &Passage, end: usize) -> usize {
    (first_letters(strip)..end)
        .find(|at| strip.slice(*at..at + 1).iter().all(|atom| atom.sort == Sort::Digits))
        .unwrap_or(end)
}

/// Returns the first atom of letters: what stands before it in a letterhead is specks.
fn first_letters(strip: &Passage) -> usize {
    strip.atoms.iter().position(|atom| atom.sort == Sort::Letters).unwrap_or(0)
}

fn is_below_letterhead(strip: &Passage) -> bool {
    label_at_start(strip).is_some() || unmarked(strip).is_some() || kind::of_title(&strip.atoms).is_some()
}

fn rank_of(strip: &Passage, at: usize) -> Option<Rank> {
    let bodies = &labels().bodies;
    let lists = [
        (Rank::Independent, &bodies.independent),
        (Rank::Top, &bodies.top),
        (Rank::Part, &bodies.part),
        (Rank::Unit, &bodies.unit),
    ];
    let found =
        lists.into_iter().filter_map(|(rank, phrases)| Some((rank, labels::find_at(&strip.atoms, at, phrases)?)));
    found.min_by(|a, b| a.1.distance.total_cmp(&b.1.distance).then(b.1.end.cmp(&a.1.end))).map(|(rank, _)| rank)
}

/// Says whether a line can be the rest of the name above it: its first word has an article or a particle.
fn runs_on(strip: &Passage, range: &Range<usize>) -> bool {
    let first = strip.slice(range.clone()).first();
    first.is_some_and(|atom| {
        ["ال", "لل", "ل", "و", "في", "ب"]
            .iter()
            .any(|start| atom.key.iter().copied().take(start.chars().count()).eq(start.chars()))
    })
}

/// Says whether a line can be a name or a part of one: letters of Arabic alone, and not the name of a state.
fn is_name(strip: &Passage, range: &Range<usize>) -> bool {
    let atoms = strip.slice(range.clone());
    let arabic =
        |atom: &super::passage::Atom| atom.sort == Sort::Letters && atom.key.first().is_some_and(|c| !c.is_ascii());
    let is_state = labels::find_at(atoms, 0, &labels().states).is_some();
    !atoms.is_empty()
        && atoms.iter().all(arabic)
        && atoms.iter().map(|atom| atom.key.len()).sum::<usize>() >= FEWEST_LETTERS
        && !is_state
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::pages_of;
    use super::*;

    #[track_caller]
    fn check(text: &str, sender: Option<&str>, recipients: &[&str]) {
        let pages = pages_of(text);
        let sheet = Sheet::new(&pages);
        let header = Header::of(&sheet);
        assert_eq!(from(&sheet, &header).map(|field| field.value).as_deref(), sender, "in {text:?}");
        let to: Vec<String> = to(&sheet, &header).into_iter().map(|field| field.value).collect();
        assert_eq!(to, recipients, "in {text:?}");
    }

    #[test]
    fn a_department_is_named_with_its_ministry() {
        check(
            "جمهورية العراق\nوزارة النقل\nالدائرة القانونية\nقسم العقود\nالعدد: ١\nالى / وزارة المالية / دائرة الموازنة\nم/ صيانة الطريق",
            Some("وزارة النقل / الدائرة القانونية"),
            &["وزارة المالية / دائرة الموازنة"],
        );
    }

    #[test]
    fn a_company_stands_by_itself_over_two_lines() {
        check(
            "جمهورية العراق\nوزارة النقل\nشركة بابل العامة\nللمقاولات الميكانيكية\nالعدد: ١\nإلى: وزارة المالية\nأمانة بغداد\nم/ صيانة الطريق",
            Some("شركة بابل العامة للمقاولات الميكانيكية"),
            &["وزارة المالية", "أمانة بغداد"],
        );
    }

    #[test]
    fn a_company_whose_first_word_was_misread_is_no_department() {
        let letterhead = |company: &str| format!("جمهورية العراق\nوزارة النقل\n{company}\nالعدد: ١\nم/ صيانة الطريق");
        let company = "سزكة بابل العامة للمقاولات";
        check(&letterhead(company), Some(company), &[]);
        // Two words may as well be a department.
        check(&letterhead("سزكة بابل"), Some("وزارة النقل / سزكة بابل"), &[]);
    }

    #[test]
    fn columns_read_as_one_line() {
        check("جمهورية العراق العدد : 123\nوزارة النقل التاريخ : 1/2/2014\nم/ صيانة الطريق", Some("وزارة النقل"), &[]);
    }

    #[test]
    fn words_of_the_text_are_no_recipients() {
        check("تحية طيبة\nاستناداً\nالى / ما جاء", None, &[]);
    }
}
