//! Understands a letter: pages of lines of words in, its fields with their evidence out.
//!
//! [`sheet`] cuts the pages into strips and [`passage`] cuts strips into atoms; [`labels`] knows the words by which parts of a letter
//! are recognised, in data files, and [`distance`] how far a misread word may lie from them. On these stand the finders, a module each:
//! [`header`] (number, dates, receipt, secrecy), [`parties`], [`subject`], [`kind`], [`references`], [`signatory`], [`lists`].
//! [`batch`] finds where letters begin in a file that holds several.
//!
//! Words come from a reader that errs, so a field is left out rather than guessed: a wrong number misleads a clerk,
//! a missing one is looked up.

pub mod batch;
mod date;
mod dates;
mod distance;
mod doubt;
mod header;
mod hijri;
mod kind;
mod labels;
mod lists;
mod number;
mod parties;
mod passage;
mod references;
mod sheet;
mod signatory;
mod subject;
pub mod typed;

use crate::model::{Field, Kind, Letter, LetterDate, Page, Reference};
use header::Header;
use hijri::HijriDate;
use references::{Cited, Issuer};
use sheet::Sheet;

pub use labels::{add_labels, add_months};

/// Why a field is absent or doubtful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    /// No label of a number.
    #[error("no number: its label was not found")]
    NoNumber,
    /// A label without a readable number.
    #[error("number unreadable: nothing behind its label is a letter number")]
    NumberUnreadable,
    /// No label of a date, and no date below the signature.
    #[error("no date: its label was not found")]
    NoDate,
    /// A label without a readable date.
    #[error("date unreadable: nothing behind its label is a whole and possible date")]
    DateUnreadable,
    /// The date stands below the signature, not in the letterhead.
    #[error("the date was taken from below the signature")]
    DateFromSignature,
    /// The dates in the letterhead and below the signature differ.
    #[error("the dates in the letterhead and below the signature differ")]
    DatesDiffer,
    /// Hijri and civil date are not the same day.
    #[error("civil and Hijri date lie {days} days apart")]
    CalendarsDisagree {
        /// By how many days, by the tabular calendar.
        days: i32,
    },
    /// A letter cited is dated after the letter.
    #[error("a letter cited is dated after this one")]
    DateBeforeReference,
    /// No issuing body.
    #[error("no issuing body: no line of the letterhead names one")]
    NoSender,
    /// No recipient.
    #[error("no recipient: its label was not found")]
    NoRecipient,
    /// No subject.
    #[error("no subject: its label was not found")]
    NoSubject,
}

/// Returns what the pages say as a letter, and why what is missing or doubtful is so.
///
/// Boxes may be empty: then the order of the words alone counts. Pages without words are passed over.
pub fn read_letter(pages: &[Page]) -> (Letter, Vec<Remark>) {
    let sheet = Sheet::new(pages);
    let mut remarks = Vec::new();
    if sheet.strips.is_empty() {
        return (
            Letter::default(),
            vec![Remark::NoNumber, Remark::NoDate, Remark::NoSender, Remark::NoRecipient, Remark::NoSubject],
        );
    }
    let header = Header::of(&sheet);
    let kind = kind::find(&sheet);
    let is_minutes = kind.as_ref().is_some_and(|kind| kind.value == Kind::Minutes);
    let found = references::find(&sheet, &header);
    let day_of =
        |Cited { field, .. }: &Cited| Some(Field { value: field.value.date?, evidence: field.evidence.clone() });
    let days: Vec<Field<LetterDate>> = found.iter().filter_map(day_of).collect();
    let latest = days.iter().map(|day| day.value).max();
    let dates = header.dates(&days, &mut remarks);
    let (number, number_may_be) = header.number(&mut remarks);
    let mut letter = Letter {
        number,
        number_may_be,
        date: dates.civil,
        date_may_be: Vec::new(),
        hijri_date: dates.hijri.map(|Field { value, evidence }| Field { value: value.to_string(), evidence }),
        from: parties::from(&sheet, &header),
        to: parties::to(&sheet, &header),
        subject: subject::find(&sheet),
        references: Vec::new(),
        copies_to: lists::copies(&sheet),
        signatory: if is_minutes { None } else { signatory::find(&sheet, header.end()) },
        attachments: lists::attachments(&sheet),
        secrecy: header.secrecy(),
        received: header.received(),
        kind,
    };
    letter.date = letter.date.take().or_else(|| mended_date(&dates.civil_may_be, &letter, latest));
    if letter.date.is_none() {
        letter.date_may_be = dates.civil_may_be;
    }
    letter.references = cited(found, &letter);
    prefer_possible_date(&mut letter, dates.below);
    remarks.extend(remarks_on(&letter));
    (letter, remarks)
}

/// Returns the letters cited with the bodies that wrote them: `كتابنا` is the sender's, `كتابكم` the recipient's.
fn cited(found: Vec<Cited>, letter: &Letter) -> Vec<Field<Reference>> {
    let sender = letter.from.as_ref().map(|from| from.value.clone());
    // Of several recipients nobody can say which is meant.
    let recipient = if let [only] = letter.to.as_slice() { Some(only.value.clone()) } else { None };
    let on = letter.date.as_ref().map(|date| date.value);
    let with_issuer = |Cited { mut field, issuer, days }: Cited| {
        // A letter is answered within the year or so.
        let mut possible = days.into_iter().filter(|day| on.is_some_and(|on| dates::is_answered_within(*day, on)));
        if let (Some(only), None) = (possible.next(), possible.next()) {
            field.value.date = Some(only);
        }
        field.value.issuer = match issuer {
            Issuer::Own => sender.clone(),
            Issuer::Addressee => recipient.clone(),
            Issuer::Named(name) => Some(name),
            Issuer::Unsaid => None,
        };
        field
    };
    found.into_iter().map(with_issuer).collect()
}

/// Returns the only one of possible dates that the Hijri date beside it, or else the latest letter cited, agrees with.
fn mended_date(may_be: &[Field<LetterDate>], letter: &Letter, latest: Option<LetterDate>) -> Option<Field<LetterDate>> {
    let hijri = letter.hijri_date.as_ref().and_then(|hijri| HijriDate::parse(&hijri.value));
    let agrees = |day: LetterDate| match hijri {
        Some(hijri) => hijri.days_from(day).is_some_and(|apart| apart <= dates::CALENDARS_APART),
        None => latest.is_some_and(|latest| dates::is_answered_within(latest, day)),
    };
    let mut possible = may_be.iter().filter(|field| agrees(field.value));
    let only = possible.next()?;
    possible.next().is_none().then(|| only.clone())
}

/// No letter cites a later one: where the date in the letterhead says so and the one below the signature does not, that one counts.
fn prefer_possible_date(letter: &mut Letter, below: Option<Field<LetterDate>>) {
    let latest = letter.references.iter().filter_map(|cited| cited.value.date).max();
    let (Some(latest), Some(date), Some(below)) = (latest, &letter.date, below) else { return };
    if date.value < latest && below.value >= latest {
        letter.date = Some(below);
    }
}

fn remarks_on(letter: &Letter) -> Vec<Remark> {
    let date = letter.date.as_ref().map(|date| date.value);
    let cited_later = letter.references.iter().any(|cited| cited.value.date > date && date.is_some());
    let remarks = [
        (cited_later, Remark::DateBeforeReference),
        (letter.from.is_none(), Remark::NoSender),
        (letter.to.is_empty(), Remark::NoRecipient),
        (letter.subject.is_none(), Remark::NoSubject),
    ];
    remarks.into_iter().filter(|(holds, _)| *holds).map(|(_, remark)| remark).collect()
}

#[cfg(test)]
mod tests {
    use super::sheet::tests::{line_at, page_of, pages_of};
    use super::*;
    use crate::model::{Confidence, Line, Origin, PageNumber};
    use proptest::prelude::*;

    const LETTER: &str = "جمهورية العراق العدد : م.ع / ١٢ / ٣٤٥\n\
        وزارة النقل التاريخ : ١٢ / ٣ / ٢٠١٤\n\
        الدائرة القانونية الموافق ١٠ جمادى الأولى ١٤٣٥ هـ\n\
        سري\n\
        إلى / وزارة المالية / دائرة الموازنة\n\
        الموضوع / صرف السلفة رقم (٧)\n\
        تحية طيبة ...\n\
        كتابكم المرقم (٢٢/٧٧) في ١/ ٣/ ٢٠١٤ ، نود إعلامكم أن المبلغ (٦,١٢٤,٠٠٠) دينار\n\
        ورقم الهاتف ٠٧٨١٦٠٥٦٣٣٨ والمراجعة يوم الأحد الموافق ٥/٤/٢٠١٤ مع التقدير\n\
        المرفقات :\n\
        - جدول بالأسماء\n\
        المهندس\n\
        سعد عبد الرحمن التميمي\n\
        المدير العام\n\
        نسخة منه إلى :\n\
        - قسم الحسابات / للعلم";

    fn value<T: Clone>(field: &Option<Field<T>>) -> Option<T> {
        field.as_ref().map(|field| field.value.clone())
    }

    #[test]
    fn a_whole_letter() {
        let (letter, remarks) = read_letter(&pages_of(LETTER));
        assert_eq!(value(&letter.kind), Some(Kind::Letter));
        assert_eq!(value(&letter.number).as_deref(), Some("م.ع/12/345"));
        assert_eq!(value(&letter.date).map(|date| date.to_string()).as_deref(), Some("2014-03-12"));
        assert_eq!(value(&letter.hijri_date).as_deref(), Some("1435-05-10"));
        assert_eq!(value(&letter.from).as_deref(), Some("وزارة النقل / الدائرة القانونية"));
        assert_eq!(letter.to.len(), 1);
        assert_eq!(value(&letter.subject).as_deref(), Some("صرف السلفة رقم (٧)"));
        assert_eq!(letter.references.len(), 1);
        assert_eq!(letter.copies_to.len(), 1);
        assert_eq!(letter.attachments.len(), 1);
        assert_eq!(value(&letter.secrecy).as_deref(), Some("سري"));
        assert_eq!(value(&letter.signatory).and_then(|who| who.title).as_deref(), Some("المدير العام"));
        assert_eq!(letter.received, None);
        assert_eq!(remarks, []);
        let evidence = &letter.number.expect("has a number").evidence;
        assert_eq!(evidence[0].written, "العدد : م.ع / ١٢ / ٣٤٥");
        assert_eq!(evidence[0].page, PageNumber(1));
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Examples {
        letter: Vec<Example>,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        name: String,
        text: String,
        is: toml::Table,
    }

    /// Writes a letter as the examples do: what was not found is left out.
    fn as_example(letter: &Letter) -> toml::Table {
        let texts = |fields: &[Field<String>]| fields.iter().map(|field| field.value.clone()).collect::<Vec<_>>();
        let joined = |parts: [Option<String>; 2], by: &str| parts.into_iter().flatten().collect::<Vec<_>>().join(by);
        let cited = |field: &Field<Reference>| {
            joined([Some(field.value.number.clone()), field.value.date.map(|date| date.to_string())], " ")
        };
        let one = |name: &str, value: Option<String>| Some((name.to_owned(), toml::Value::String(value?)));
        let many = |name: &str, values: Vec<String>| {
            (!values.is_empty()).then(|| (name.to_owned(), toml::Value::from(values)))
        };
        let fields = [
            one("kind", value(&letter.kind).map(|kind| kind.as_str().to_owned())),
            one("number", value(&letter.number)),
            one("date", value(&letter.date).map(|date| date.to_string())),
            one("hijri_date", value(&letter.hijri_date)),
            one("from", value(&letter.from)),
            many("to", texts(&letter.to)),
            one("subject", value(&letter.subject)),
            many("references", letter.references.iter().map(cited).collect()),
            many("copies_to", texts(&letter.copies_to)),
            one("signatory", value(&letter.signatory).map(|who| joined([who.name, who.title], "، "))),
            many("attachments", texts(&letter.attachments)),
            one("secrecy", value(&letter.secrecy)),
            one(
                "received",
                value(&letter.received).map(|on| joined([on.number, on.date.map(|date| date.to_string())], " ")),
            ),
        ];
        fields.into_iter().flatten().collect()
    }

    #[test]
    fn every_example_is_understood() {
        let examples: Examples = toml::from_str(include_str!("examples.toml")).unwrap();
        assert!(!examples.letter.is_empty());
        for example in examples.letter {
            let (letter, _) = read_letter(&pages_of(example.text.trim()));
            assert_eq!(as_example(&letter), example.is, "{}", example.name);
        }
    }

    #[track_caller]
    fn check_dates(edit: impl Fn(String) -> String, civil: Option<&str>, hijri: Option<&str>) {
        let (letter, _) = read_letter(&pages_of(&edit(LETTER.to_owned())));
        assert_eq!(value(&letter.date).map(|date| date.to_string()).as_deref(), civil);
        assert_eq!(value(&letter.hijri_date).as_deref(), hijri);
    }

    #[test]
    fn dates_that_contradict_each_other_are_weighed() {
        let below = |text: String, date: &str| text.replace("المدير العام\n", &format!("المدير العام\n{date}\n"));
        let misread = |text: String| text.replace("١٢ / ٣ / ٢٠١٤", "١٢ / ٨ / ٢٠١٤");
        check_dates(misread, None, None);
        check_dates(|text| below(misread(text), "١٢ / ٣ / ٢٠١٤"), Some("2014-03-12"), Some("1435-05-10"));
        check_dates(|text| below(misread(text), "١٢ / ٨ / ٢٠١٤"), Some("2014-08-12"), None);
        // The letter cites one of 1 March.
        let early =
            |text: String| text.replace("الموافق ١٠ جمادى الأولى ١٤٣٥ هـ", "").replace("١٢ / ٣ / ٢٠١٤", "١٢ / ١ / ٢٠١٤");
        check_dates(early, Some("2014-01-12"), None);
        check_dates(|text| below(early(text), "١٢ / ٣ / ٢٠١٤"), Some("2014-03-12"), None);
    }

    #[test]
    fn values_stand_left_of_their_labels_or_below() {
        let lines = vec![
            line_at(100, &[("وزارة", 900, 960), ("النقل", 820, 890), ("العدد:", 300, 380)]),
            line_at(
                160,
                &[("الدائرة", 880, 960), ("الفنية", 800, 870), ("التاريخ:", 290, 380), ("12/3/2014", 60, 200)],
            ),
            line_at(106, &[("345", 100, 180)]),
            line_at(260, &[("م/", 600, 640), ("صيانة", 500, 590), ("الطريق", 400, 490)]),
        ];
        let (letter, _) = read_letter(&[page_of(1, lines)]);
        assert_eq!(value(&letter.number).as_deref(), Some("345"));
        assert_eq!(value(&letter.date).map(|date| date.to_string()).as_deref(), Some("2014-03-12"));
    }

    #[test]
    fn a_number_that_the_reader_doubts_is_none() {
        let mut page = page_of(1, vec![line_at(100, &[("العدد:", 300, 380), ("345", 100, 180)])]);
        page.origin = Origin::Ocr;
        let doubt = |line: &mut Line| line.words.iter_mut().for_each(|word| word.confidence = Confidence::new(0.2));
        page.lines.iter_mut().for_each(doubt);
        let (letter, remarks) = read_letter(&[page]);
        assert_eq!(letter.number, None);
        assert!(remarks.contains(&Remark::NumberUnreadable));
    }

    #[test]
    fn the_stamp_of_receipt_is_not_the_letterhead() {
        let (letter, _) = read_letter(&pages_of(
            "وزارة النقل\nالعدد: 77\nالواردة / قسم المتابعة\nالعدد: 4817\nالتاريخ: 17/8/2015\nم/ صيانة الطريق\nتحية طيبة",
        ));
        assert_eq!(value(&letter.number).as_deref(), Some("77"));
        assert_eq!(letter.date, None);
        let received = value(&letter.received).expect("was received");
        assert_eq!((received.number.as_deref(), received.date.is_some()), (Some("4817"), true));
    }

    #[test]
    fn a_number_with_a_whole_date_is_the_letters_own() {
        let (letter, _) = read_letter(&pages_of(
            "وزارة النقل\nقسم المتابعة\nالعدد: 4817\n17/8\nالعدد: م.ع/77\nالتاريخ: 12/8/2015\nم/ صيانة الطريق\nتحية طيبة",
        ));
        assert_eq!(value(&letter.number).as_deref(), Some("م.ع/77"));
        assert_eq!(value(&letter.date).map(|date| date.to_string()).as_deref(), Some("2015-08-12"));
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        let (letter, remarks) = read_letter(&[]);
        assert_eq!(letter, Letter::default());
        assert!(remarks.contains(&Remark::NoNumber));
        assert_eq!(read_letter(&pages_of("\u{c}\u{c}")).0, Letter::default());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "([العددتريخموضكبنسه٠-٩0-9/:.() -]|\\PC|\n|\u{c}){0,200}") {
            read_letter(&pages_of(&text));
        }
    }
}
