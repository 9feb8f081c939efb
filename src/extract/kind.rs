//! Finds what sort of paper it is: by its title line, else a letter if it is addressed like one.

use super::labels::{self, labels};
use super::passage::{Atom, Passage, Sort};
use super::sheet::Sheet;
use super::{lists, parties, subject};
use crate::model::{Field, Kind};

/// A title has at most so many words more than the words that make it one.
const MOST_FURTHER_WORDS: usize = 4;
/// Strips at the top of the first page among which a title is looked for.
const HEAD_STRIPS: usize = 24;

/// Returns the kind that a line names if it is a title.
pub fn of_title(atoms: &[Atom]) -> Option<Kind> {
    let start = atoms.iter().position(|atom| atom.sort != Sort::Mark)?;
    let title = atoms.get(start..)?;
    let kinds = &labels().kinds;
    let closed = [
        (Kind::Memo, &kinds.memo),
        (Kind::Circular, &kinds.circular),
        (Kind::Order, &kinds.order),
        (Kind::Minutes, &kinds.minutes),
    ];
    let whole = closed.into_iter().find(|(_, phrases)| labels::is_whole(title, phrases));
    whole.map(|(kind, _)| kind).or_else(|| {
        let found = labels::find_at(title, 0, &kinds.open)?;
        let further = title.get(found.end..)?;
        let plain = further.iter().all(|atom| atom.sort == Sort::Letters);
        (plain && further.len() <= MOST_FURTHER_WORDS).then_some(Kind::Minutes)
    })
}

/// Returns the kind of a letter.
pub fn find(sheet: &Sheet) -> Option<Field<Kind>> {
    let head = || sheet.strips.iter().take(HEAD_STRIPS).take_while(|strip| strip.page() == sheet.first_page());
    for strip in head() {
        // A list of enclosures may name minutes, but every list has bullets.
        if lists::bullet(&strip.atoms).is_some() {
            continue;
        }
        let text = subject::label_at_start(strip).unwrap_or(0);
        if let Some(kind) = of_title(strip.slice(text..usize::MAX)) {
            return Some(strip.field(kind, 0..strip.atoms.len()));
        }
    }
    let addressed = |strip: &&Passage| {
        let greeting = labels::find_at(&strip.atoms, 0, &labels().greetings).is_some();
        greeting || parties::label_at_start(strip).is_some() || subject::label_at_start(strip).is_some()
    };
    head().find(addressed).map(|strip| strip.field(Kind::Letter, 0..strip.atoms.len()))
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::pages_of;
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<Kind>) {
        let pages = pages_of(text);
        assert_eq!(find(&Sheet::new(&pages)).map(|field| field.value), want, "in {text:?}");
    }

    #[test]
    fn titles() {
        check("جمهورية العراق\nأمـر إداري\nالموضوع: توزيع", Some(Kind::Order));
        check("مذكرة داخلية\nالى / قسم", Some(Kind::Memo));
        check("م / إعمام\nالى / الدوائر", Some(Kind::Circular));
        check("محضر كشف موقعي", Some(Kind::Minutes));
        check("محضر لجنة فتح العطاءات", Some(Kind::Minutes));
    }

    #[test]
    fn a_letter_is_addressed_and_has_no_title() {
        check("الى / وزارة المالية\nم/ محضر التخصيص المؤرخ في ٢٠١٥/٥/٢٣", Some(Kind::Letter));
        check("وزارة المالية", None);
    }
}
