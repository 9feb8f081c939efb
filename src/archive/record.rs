//! The versioned forms in which readings and letters lie on disk.
//!
//! A page is JSON packed with gzip, a letter is JSON: `zcat` and any JSON reader open them without Warraq. Each carries
//! its version. A later version gets a type of its own beside these, and the readers here learn to lift the old one.

use crate::model::{
    Code, Confidence, Dpi, EngineId, Evidence, Field, FieldSource, Kind, Letter, Line, Origin, Page, PageNumber,
    PixelBox, PixelSize, Reading, Received, Reference, Rotation, Signatory, Symbology, Word,
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// A record cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not gzip, or broken off.
    #[error("the record cannot be unpacked: {0}")]
    Packed(#[from] io::Error),
    /// Not the JSON it should be.
    #[error("the record is no JSON of a known form: {0}")]
    Json(#[from] serde_json::Error),
    /// Written by a later program.
    #[error("the record has version {found}, this program reads up to {known}")]
    Version {
        /// Version found.
        found: u32,
        /// Highest version known.
        known: u32,
    },
    /// A value that no program of ours writes.
    #[error("the record holds {value:?} for {field}")]
    Value {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: String,
    },
}

const PAGE_VERSION: u32 = 1;
const LETTER_VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct PageV1 {
    version: u32,
    number: u32,
    width: u32,
    height: u32,
    dpi: u32,
    rotation: u16,
    origin: String,
    engine: Option<String>,
    reason: Option<String>,
    lines: Vec<Vec<WordV1>>,
    /// Left out where there is none, as in all records written before there were any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    second_reading: Vec<Vec<WordV1>>,
    /// What doubtful words may be; left out where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    doubts: Vec<DoubtV1>,
    /// Codes for machines: how written, what they say, where; left out where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    codes: Vec<(String, String, [u32; 4])>,
    /// Boxes of words whose figures were filled in; left out where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    filled_in: Vec<[u32; 4]>,
}

/// Text, box and confidence in thousandths: short, since a page has hundreds.
#[derive(Serialize, Deserialize)]
struct WordV1(String, [u32; 4], u16);

/// Line and word it stands for, from 0, and what that word may be, with probabilities in thousandths.
#[derive(Serialize, Deserialize)]
struct DoubtV1(usize, usize, Vec<(String, u16)>);

/// Returns the record of a page. Equal pages give equal bytes.
///
/// # Errors
/// [`RecordError`] never for pages this program made; packing in memory has no other way to fail.
pub fn encode_page(page: &Page) -> Result<Vec<u8>, RecordError> {
    let word = |word: &Word| WordV1(word.text.clone(), word.bounds.edges(), thousandths(word.confidence));
    let lines = |lines: &[Line]| lines.iter().map(|line| line.words.iter().map(word).collect()).collect();
    let record = PageV1 {
        version: PAGE_VERSION,
        number: page.number.0,
        width: page.size.width,
        height: page.size.height,
        dpi: page.dpi.0,
        rotation: page.rotation.degrees(),
        origin: origin_name(page.origin).to_owned(),
        engine: page.engine.as_ref().map(|engine| engine.0.clone()),
        reason: page.reason.clone(),
        lines: lines(&page.lines),
        second_reading: lines(&page.second_reading),
        doubts: doubts(&page.lines),
        codes: (page.codes.iter())
            .map(|code| (code.symbology.as_str().to_owned(), code.text.clone(), code.bounds.edges()))
            .collect(),
        filled_in: page.filled_in.iter().map(PixelBox::edges).collect(),
    };
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(&serde_json::to_vec(&record)?)?;
    Ok(packer.finish()?)
}

/// Returns the page of a record.
///
/// # Errors
/// [`RecordError`] when the bytes are no page record, or one of a later version.
pub fn decode_page(record: &[u8]) -> Result<Page, RecordError> {
    let mut json = Vec::new();
    GzDecoder::new(record).read_to_end(&mut json)?;
    check_version(&json, PAGE_VERSION)?;
    let record: PageV1 = serde_json::from_slice(&json)?;
    let word = |WordV1(text, bounds, thousandths): WordV1| Word {
        text,
        bounds: PixelBox::from(bounds),
        confidence: confidence(thousandths),
        readings: Vec::new(),
    };
    let line = |words: Vec<WordV1>| Line::new(words.into_iter().map(word).collect());
    let mut lines: Vec<Line> = record.lines.into_iter().map(line).collect();
    for DoubtV1(line, word, readings) in record.doubts {
        if let Some(word) = lines.get_mut(line).and_then(|line| line.words.get_mut(word)) {
            word.readings = unpack_readings(readings);
        }
    }
    Ok(Page {
        number: PageNumber(record.number),
        size: PixelSize { width: record.width, height: record.height },
        dpi: Dpi(record.dpi),
        rotation: Rotation::from_degrees(record.rotation.into())
            .ok_or_else(|| RecordError::Value { field: "rotation", value: record.rotation.to_string() })?,
        origin: origin_of(&record.origin)?,
        engine: record.engine.map(EngineId),
        reason: record.reason,
        lines,
        second_reading: record.second_reading.into_iter().map(line).collect(),
        codes: record.codes.into_iter().map(code_of).collect::<Result<_, _>>()?,
        filled_in: record.filled_in.into_iter().map(PixelBox::from).collect(),
    })
}

fn code_of((symbology, text, bounds): (String, String, [u32; 4])) -> Result<Code, RecordError> {
    match Symbology::ALL.into_iter().find(|known| known.as_str() == symbology) {
        Some(symbology) => Ok(Code { symbology, text, bounds: PixelBox::from(bounds) }),
        None => Err(RecordError::Value { field: "codes", value: symbology }),
    }
}

fn thousandths(confidence: Confidence) -> u16 {
    (confidence.get() * 1000.0).round() as u16
}

fn confidence(thousandths: u16) -> Confidence {
    Confidence::new(f32::from(thousandths) / 1000.0)
}

fn doubts(lines: &[Line]) -> Vec<DoubtV1> {
    let mut doubts = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let doubtful = line.words.iter().enumerate().filter(|(_, word)| !word.readings.is_empty());
        doubts.extend(doubtful.map(|(word_at, word)| DoubtV1(at, word_at, pack_readings(&word.readings))));
    }
    doubts
}

fn pack_readings(readings: &[Reading]) -> Vec<(String, u16)> {
    readings.iter().map(|reading| (reading.text.clone(), thousandths(reading.probability))).collect()
}

fn unpack_readings(readings: Vec<(String, u16)>) -> Vec<Reading> {
    let reading = |(text, thousandths)| Reading { text, probability: confidence(thousandths) };
    readings.into_iter().map(reading).collect()
}

fn check_version(json: &[u8], known: u32) -> Result<(), RecordError> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let Version { version: found } = serde_json::from_slice(json)?;
    if found == 0 || found > known { Err(RecordError::Version { found, known }) } else { Ok(()) }
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Ocr => "ocr",
        Origin::TextLayer => "text-layer",
        Origin::Blank => "blank",
    }
}

fn origin_of(name: &str) -> Result<Origin, RecordError> {
    match name {
        "ocr" => Ok(Origin::Ocr),
        "text-layer" => Ok(Origin::TextLayer),
        "blank" => Ok(Origin::Blank),
        _ => Err(RecordError::Value { field: "origin", value: name.to_owned() }),
    }
}

#[derive(Serialize, Deserialize)]
struct LetterV1 {
    version: u32,
    kind: Option<FieldV1<String>>,
    number: Option<FieldV1<String>>,
    /// What the number may be, with probabilities in thousandths; left out where it was read without doubt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    number_may_be: Vec<(String, u16)>,
    date: Option<FieldV1<Date>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    date_may_be: Vec<FieldV1<Date>>,
    hijri_date: Option<FieldV1<String>>,
    from: Option<FieldV1<String>>,
    to: Vec<FieldV1<String>>,
    subject: Option<FieldV1<String>>,
    references: Vec<FieldV1<ReferenceV1>>,
    copies_to: Vec<FieldV1<String>>,
    signatory: Option<FieldV1<SignatoryV1>>,
    attachments: Vec<FieldV1<String>>,
    secrecy: Option<FieldV1<String>>,
    received: Option<FieldV1<NumberDateV1>>,
}

#[derive(Serialize, Deserialize)]
struct FieldV1<T> {
    value: T,
    evidence: Vec<EvidenceV1>,
}

#[derive(Serialize, Deserialize)]
struct EvidenceV1 {
    written: String,
    page: u32,
    bounds: [u32; 4],
    confidence: f32,
    clerk: bool,
    /// Left out where it is not, as in all records written before it was known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    filled_in: bool,
}

#[derive(Serialize, Deserialize)]
struct NumberDateV1 {
    number: Option<String>,
    date: Option<Date>,
}

#[derive(Serialize, Deserialize)]
struct ReferenceV1 {
    number: Option<String>,
    date: Option<Date>,
    /// Came later: earlier records do not have it, and earlier programs pass over it.
    #[serde(default)]
    issuer: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    may_be: Vec<(String, u16)>,
}

#[derive(Serialize, Deserialize)]
struct SignatoryV1 {
    name: Option<String>,
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unread: Option<String>,
}

/// Returns the record of a letter.
///
/// # Errors
/// [`RecordError`] never for letters this program made.
pub fn encode_letter(letter: &Letter) -> Result<String, RecordError> {
    let text = |field: &Field<String>| pack(field, String::clone);
    let texts = |fields: &[Field<String>]| fields.iter().map(text).collect();
    let record = LetterV1 {
        version: LETTER_VERSION,
        kind: letter.kind.as_ref().map(|kind| pack(kind, |kind| kind.as_str().to_owned())),
        number: letter.number.as_ref().map(text),
        number_may_be: pack_readings(&letter.number_may_be),
        date: letter.date.as_ref().map(|date| pack(date, |date| *date)),
        date_may_be: letter.date_may_be.iter().map(|date| pack(date, |date| *date)).collect(),
        hijri_date: letter.hijri_date.as_ref().map(text),
        from: letter.from.as_ref().map(text),
        to: texts(&letter.to),
        subject: letter.subject.as_ref().map(text),
        references: (letter.references.iter())
            .map(|field| {
                pack(field, |to| ReferenceV1 {
                    number: Some(to.number.clone()),
                    date: to.date,
                    issuer: to.issuer.clone(),
                    may_be: pack_readings(&to.may_be),
                })
            })
            .collect(),
        copies_to: texts(&letter.copies_to),
        signatory: (letter.signatory.as_ref()).map(|field| {
            pack(field, |by| SignatoryV1 { name: by.name.clone(), title: by.title.clone(), unread: by.unread.clone() })
        }),
        attachments: texts(&letter.attachments),
        secrecy: letter.secrecy.as_ref().map(text),
        received: (letter.received.as_ref())
            .map(|field| pack(field, |on| NumberDateV1 { number: on.number.clone(), date: on.date })),
    };
    Ok(serde_json::to_string(&record)?)
}

/// Returns the letter of a record.
///
/// # Errors
/// [`RecordError`] when the text is no letter record, or one of a later version.
pub fn decode_letter(record: &str) -> Result<Letter, RecordError> {
    check_version(record.as_bytes(), LETTER_VERSION)?;
    let record: LetterV1 = serde_json::from_str(record)?;
    let texts = |fields: Vec<FieldV1<String>>| {
        fields.into_iter().map(|field| unpack(field, Ok)).collect::<Result<Vec<_>, RecordError>>()
    };
    Ok(Letter {
        kind: record.kind.map(|field| unpack(field, kind_of)).transpose()?,
        number: record.number.map(|field| unpack(field, Ok)).transpose()?,
        number_may_be: unpack_readings(record.number_may_be),
        date: record.date.map(|field| unpack(field, Ok)).transpose()?,
        date_may_be: record.date_may_be.into_iter().map(|field| unpack(field, Ok)).collect::<Result<_, _>>()?,
        hijri_date: record.hijri_date.map(|field| unpack(field, Ok)).transpose()?,
        from: record.from.map(|field| unpack(field, Ok)).transpose()?,
        to: texts(record.to)?,
        subject: record.subject.map(|field| unpack(field, Ok)).transpose()?,
        references: (record.references.into_iter())
            .map(|field| {
                unpack(field, |to| {
                    let (number, date, issuer) = (to.number.unwrap_or_default(), to.date, to.issuer);
                    Ok(Reference { number, date, issuer, may_be: unpack_readings(to.may_be), document: None })
                })
            })
            .collect::<Result<_, _>>()?,
        copies_to: texts(record.copies_to)?,
        signatory: (record.signatory)
            .map(|field| unpack(field, |by| Ok(Signatory { name: by.name, title: by.title, unread: by.unread })))
            .transpose()?,
        attachments: texts(record.attachments)?,
        secrecy: record.secrecy.map(|field| unpack(field, Ok)).transpose()?,
        received: (record.received)
            .map(|field| unpack(field, |on| Ok(Received { number: on.number, date: on.date })))
            .transpose()?,
    })
}

fn pack<T, R>(field: &Field<T>, value: impl Fn(&T) -> R) -> FieldV1<R> {
    let evidence = field.evidence.iter().map(|place| EvidenceV1 {
        written: place.written.clone(),
        page: place.page.0,
        bounds: place.bounds.edges(),
        confidence: place.confidence.get(),
        clerk: place.source == FieldSource::Clerk,
        filled_in: place.filled_in,
    });
    FieldV1 { value: value(&field.value), evidence: evidence.collect() }
}

fn unpack<R, T>(field: FieldV1<R>, value: impl Fn(R) -> Result<T, RecordError>) -> Result<Field<T>, RecordError> {
    let evidence = field.evidence.into_iter().map(|place| Evidence {
        written: place.written,
        page: PageNumber(place.page),
        bounds: PixelBox::from(place.bounds),
        confidence: Confidence::new(place.confidence),
        source: if place.clerk { FieldSource::Clerk } else { FieldSource::Read },
        filled_in: place.filled_in,
    });
    Ok(Field { value: value(field.value)?, evidence: evidence.collect() })
}

fn kind_of(name: String) -> Result<Kind, RecordError> {
    let known = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
    known.ok_or(RecordError::Value { field: "kind", value: name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        let word = |text: &str, left| Word {
            text: text.to_owned(),
            bounds: PixelBox::new(left, 40, left + 50, 80),
            confidence: Confidence::new(0.875),
            readings: Vec::new(),
        };
        let reading =
            |text: &str, probability| Reading { text: text.to_owned(), probability: Confidence::new(probability) };
        let doubtful =
            Word { readings: vec![reading("١٢/٣", 0.5), reading("١٢/٨", 0.25)], ..word("١٢/٣", 900) };
        Page {
            number: PageNumber(2),
            size: PixelSize { width: 2480, height: 3508 },
            dpi: Dpi(300),
            rotation: Rotation::Half,
            origin: Origin::Ocr,
            engine: Some(EngineId("tesseract 5.3.0".to_owned())),
            reason: None,
            lines: vec![Line::new(vec![word("العدد", 1000), doubtful]), Line::new(vec![word("م/", 500)])],
            second_reading: vec![Line::new(vec![word("العبد", 1000)])],
            codes: vec![Code {
                symbology: Symbology::Code128,
                text: "PATCHT".to_owned(),
                bounds: PixelBox::new(3, 2, 9, 8),
            }],
            filled_in: vec![PixelBox::new(900, 2, 940, 8)],
        }
    }

    fn field<T>(value: T) -> Field<T> {
        let evidence = Evidence {
            written: "العدد : ١٢".to_owned(),
            page: PageNumber(1),
            bounds: PixelBox::new(1, 2, 3, 4),
            confidence: Confidence::new(0.5),
            source: FieldSource::Clerk,
            filled_in: true,
        };
        Field { value, evidence: vec![evidence] }
    }

    #[test]
    fn a_page_comes_back_and_equal_pages_give_equal_bytes() {
        let record = encode_page(&page()).unwrap();
        assert_eq!(decode_page(&record).unwrap(), page());
        assert_eq!(encode_page(&page()).unwrap(), record);
    }

    #[test]
    fn a_letter_comes_back() {
        let letter = Letter {
            kind: Some(field(Kind::Circular)),
            number: Some(field("م.ع/12".to_owned())),
            date: Some(field(jiff::civil::date(2014, 3, 12))),
            to: vec![field("شركة الفاو".to_owned())],
            number_may_be: vec![Reading { text: "م.ع/13".to_owned(), probability: Confidence::new(0.125) }],
            references: vec![field(Reference {
                number: "375".to_owned(),
                may_be: vec![Reading { text: "876".to_owned(), probability: Confidence::new(0.25) }],
                issuer: Some("أمانة بغداد".to_owned()),
                ..Reference::default()
            })],
            signatory: Some(field(Signatory {
                name: None,
                title: Some("المدير العام".to_owned()),
                unread: Some("حسن ع".to_owned()),
            })),
            received: Some(field(Received { number: Some("9".to_owned()), date: None })),
            ..Letter::default()
        };
        assert_eq!(decode_letter(&encode_letter(&letter).unwrap()).unwrap(), letter);
    }

    #[test]
    fn a_reference_of_an_earlier_record_has_no_issuer() {
        let cited = Reference { number: "375".to_owned(), ..Reference::default() };
        let letter = Letter { references: vec![field(cited)], ..Letter::default() };
        let record = encode_letter(&letter).unwrap();
        let earlier = record.replace(",\"issuer\":null", "");
        assert_ne!(earlier, record);
        assert_eq!(decode_letter(&earlier).unwrap(), letter);
    }

    #[test]
    fn a_record_of_a_later_program_is_refused_by_its_version() {
        let later = encode_letter(&Letter::default()).unwrap().replace("\"version\":1", "\"version\":9");
        assert!(matches!(decode_letter(&later), Err(RecordError::Version { found: 9, known: 1 })));
    }

    #[test]
    fn bytes_of_another_kind_are_refused() {
        assert!(matches!(decode_page(b"II*\0"), Err(RecordError::Packed(_))));
    }
}
