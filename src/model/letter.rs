//! A letter as understood: its fields, each with the evidence it was read from.

use super::{Confidence, DocumentId, PageNumber, PixelBox, Reading};
use jiff::civil::Date;

/// The day of a letter in the civil calendar.
pub type LetterDate = Date;

/// How a value came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldSource {
    /// Read from the page.
    Read,
    /// Set by a person.
    Clerk,
}

/// One place a value was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The words as they stand on the page, parted by spaces.
    pub written: String,
    /// The page they stand on.
    pub page: PageNumber,
    /// The box around them; empty where it is not known.
    pub bounds: PixelBox,
    /// The least sure of the words.
    pub confidence: Confidence,
    /// Whether it was read or set by a person.
    pub source: FieldSource,
    /// Whether its figures were filled in on the paper, by hand or with a stamp, and not printed.
    pub filled_in: bool,
}

/// A value with the places it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Field<T> {
    /// The value in its canonical form.
    pub value: T,
    /// Where it was read, at least one place.
    pub evidence: Vec<Evidence>,
}

/// What sort of paper it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// كتاب رسمي
    #[default]
    Letter,
    /// مذكرة
    Memo,
    /// إعمام، تعميم
    Circular,
    /// أمر إداري، أمر وزاري
    Order,
    /// محضر
    Minutes,
    /// Something else.
    Other,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] = [Self::Letter, Self::Memo, Self::Circular, Self::Order, Self::Minutes, Self::Other];

    /// Returns the kind as programs know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Letter => "letter",
            Self::Memo => "memo",
            Self::Circular => "circular",
            Self::Order => "order",
            Self::Minutes => "minutes",
            Self::Other => "other",
        }
    }
}

/// An earlier letter that this one cites.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// Its number in canonical form.
    pub number: String,
    /// Its date.
    pub date: Option<LetterDate>,
    /// The body that wrote it, where the citation says so.
    pub issuer: Option<String>,
    /// What the number may be, the likeliest first, where it was read with doubt.
    pub may_be: Vec<Reading>,
    /// The letter itself, where the archive holds it. Found anew whenever the document is opened, and never kept.
    pub document: Option<DocumentId>,
}

/// Who signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatory {
    /// The name, without academic titles.
    pub name: Option<String>,
    /// The office held.
    pub title: Option<String>,
    /// What stands where the name should and is too badly read to be one: the names that the archive knows may tell.
    pub unread: Option<String>,
}

/// The stamp of receipt (وارد).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Number given by the receiver.
    pub number: Option<String>,
    /// Day of receipt.
    pub date: Option<LetterDate>,
}

/// A letter's fields. What was not found is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Letter {
    /// What sort of paper it is.
    pub kind: Option<Field<Kind>>,
    /// العدد in canonical form: Western digits, no spaces around separators (`م.ع/12/345`).
    pub number: Option<Field<String>>,
    /// What the number may be, the likeliest first, where it was read with doubt: letters that cite it may know.
    pub number_may_be: Vec<Reading>,
    /// التاريخ
    pub date: Option<Field<LetterDate>>,
    /// What the date may be where its year was written with two digits, or read with one too few.
    pub date_may_be: Vec<Field<LetterDate>>,
    /// The Hijri date as `YYYY-MM-DD` of that calendar.
    pub hijri_date: Option<Field<String>>,
    /// The issuing body.
    pub from: Option<Field<String>>,
    /// The bodies it is addressed to.
    pub to: Vec<Field<String>>,
    /// م/ or الموضوع
    pub subject: Option<Field<String>>,
    /// Earlier letters cited.
    pub references: Vec<Field<Reference>>,
    /// نسخة منه إلى
    pub copies_to: Vec<Field<String>>,
    /// Who signed.
    pub signatory: Option<Field<Signatory>>,
    /// المرفقات
    pub attachments: Vec<Field<String>>,
    /// سري، سري للغاية، شخصي
    pub secrecy: Option<Field<String>>,
    /// The stamp of receipt.
    pub received: Option<Field<Received>>,
}
