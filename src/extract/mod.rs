//! Understands a letter: pages of lines of words in, its fields with their evidence out.
//!
//! [`sheet`] cuts the pages into strips and [`passage`] cuts strips into atoms; [`labels`] knows the words by which parts of a letter
//! are recognised, in data files, and [`distance`] how far a misread word may lie from them. On these stand the finders, a module each:
//! [`header`] (number, dates, receipt, secrecy), [`parties`], [`subject`], [`kind`], [`references`], [`signatory`], [`lists`].
//!
//! Words come from a reader that errs, so a field is left out rather than guessed: a wrong number misleads a clerk,
//! a missing one is looked up.

mod date;
mod distance;
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

use crate::model::{Field, Kind, Letter, Page};
use header::Header;
use sheet::Sheet;

/// Raised when the output for equal input changes: kept results of older versions are made anew.
pub const VERSION: u16 = 1;

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
    let dates = header.dates(&mut remarks);
    let letter = Letter {
        number: header.number(&mut remarks),
        date: dates.civil,
        hijri_date: dates.hijri.map(|Field { value, evidence }| Field { value: value.to_string(), evidence }),
        from: parties::from(&sheet, &header),
        to: parties::to(&sheet, &header),
        subject: subject::find(&sheet),
        references: references::find(&sheet, &header),
        copies_to: lists::copies(&sheet),
        signatory: if is_minutes { None } else { signatory::find(&sheet, header.end()) },
        attachments: lists::attachments(&sheet),
        secrecy: header.secrecy(),
        received: header.received(),
        kind,
    };
    remarks.extend(remarks_on(&letter));
    (letter, remarks)
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
