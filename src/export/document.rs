//! The document object: what `export --format jsonl`, `show --json` and the HTTP interface answer.

use crate::model::{Document, Evidence, Field, FieldSource, Letter, LetterDate, Line, Origin, Page};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A document as programs see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentObject {
    id: String,
    source: SourceObject,
    organisation: Option<String>,
    pages: Vec<PageObject>,
    letter: LetterObject,
}

#[derive(Debug, Serialize, ToSchema)]
struct SourceObject {
    name: String,
    path: String,
    media_type: String,
    bytes: u64,
    sha256: String,
    received: String,
    pages: [u32; 2],
}

#[derive(Debug, Serialize, ToSchema)]
struct PageObject {
    number: u32,
    text: String,
    origin: &'static str,
    reason: Option<String>,
    engine: Option<String>,
    confidence: Option<f32>,
    rotation: u16,
    width: u32,
    height: u32,
    dpi: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Vec<WordObject>>,
    /// Text that came with the page and was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    second_reading: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WordObject {
    text: String,
    #[serde(rename = "box")]
    bounds: [u32; 4],
    confidence: f32,
}

#[derive(Debug, Serialize, ToSchema)]
struct LetterObject {
    kind: Option<&'static str>,
    number: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<LetterDate>,
    hijri_date: Option<String>,
    from: Option<String>,
    to: Vec<String>,
    subject: Option<String>,
    references: Vec<ReferenceObject>,
    copies_to: Vec<String>,
    signatory: Option<SignatoryObject>,
    attachments: Vec<String>,
    secrecy: Option<String>,
    received: Option<ReceivedObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<BTreeMap<&'static str, Vec<EvidenceObject>>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ReferenceObject {
    number: String,
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<LetterDate>,
    document: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SignatoryObject {
    name: Option<String>,
    title: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ReceivedObject {
    number: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<LetterDate>,
}

#[derive(Debug, Serialize, ToSchema)]
struct EvidenceObject {
    written: String,
    page: u32,
    #[serde(rename = "box")]
    bounds: [u32; 4],
    confidence: f32,
    source: &'static str,
    /// Whether its figures were filled in on the paper, by hand or with a stamp; left out where they were not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    filled_in: bool,
}

impl DocumentObject {
    /// Returns the object of a document; with `words`, each word's box and confidence and each field's evidence.
    pub fn of(document: &Document, words: bool) -> Self {
        let source = &document.source;
        Self {
            id: document.id.to_string(),
            source: SourceObject {
                name: source.name.clone(),
                path: source.path.clone(),
                media_type: source.media_type.clone(),
                bytes: source.bytes,
                sha256: document.id.original.to_string(),
                received: source.received.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                pages: source.pages.into(),
            },
            organisation: document.organisation.clone(),
            pages: document.pages.iter().map(|page| PageObject::of(page, words)).collect(),
            letter: LetterObject::of(&document.letter, words),
        }
    }
}

impl PageObject {
    fn of(page: &Page, words: bool) -> Self {
        Self {
            number: page.number.0,
            text: page.text(),
            origin: match page.origin {
                Origin::Ocr => "ocr",
                Origin::TextLayer => "text-layer",
                Origin::Blank => "blank",
            },
            reason: page.reason.clone(),
            engine: page.engine.as_ref().map(ToString::to_string),
            confidence: page.confidence().map(|confidence| rounded(confidence.get())),
            rotation: page.rotation.degrees(),
            width: page.size.width,
            height: page.size.height,
            dpi: page.dpi.0,
            words: words.then(|| page.lines.iter().flat_map(WordObject::of_line).collect()),
            second_reading: (words && !page.second_reading.is_empty())
                .then(|| page.second_reading.iter().map(Line::text).collect::<Vec<_>>().join("\n")),
        }
    }
}

impl WordObject {
    fn of_line(line: &Line) -> impl Iterator<Item = Self> + '_ {
        line.words.iter().map(|word| Self {
            text: word.text.clone(),
            bounds: word.bounds.edges(),
            confidence: rounded(word.confidence.get()),
        })
    }
}

impl LetterObject {
    fn of(letter: &Letter, evidence: bool) -> Self {
        let values = |fields: &[Field<String>]| fields.iter().map(|field| field.value.clone()).collect();
        let value = |field: &Option<Field<String>>| field.as_ref().map(|field| field.value.clone());
        Self {
            kind: letter.kind.as_ref().map(|field| field.value.as_str()),
            number: value(&letter.number),
            date: letter.date.as_ref().map(|field| field.value),
            hijri_date: value(&letter.hijri_date),
            from: value(&letter.from),
            to: values(&letter.to),
            subject: value(&letter.subject),
            references: (letter.references.iter())
                .map(|field| ReferenceObject {
                    number: field.value.number.clone(),
                    date: field.value.date,
                    document: field.value.document.map(|id| id.to_string()),
                })
                .collect(),
            copies_to: values(&letter.copies_to),
            signatory: letter
                .signatory
                .as_ref()
                .map(|field| SignatoryObject { name: field.value.name.clone(), title: field.value.title.clone() }),
            attachments: values(&letter.attachments),
            secrecy: value(&letter.secrecy),
            received: letter
                .received
                .as_ref()
                .map(|field| ReceivedObject { number: field.value.number.clone(), date: field.value.date }),
            evidence: evidence.then(|| evidence_of(letter)),
        }
    }
}

fn evidence_of(letter: &Letter) -> BTreeMap<&'static str, Vec<EvidenceObject>> {
    fn one<T>(field: &Option<Field<T>>) -> Vec<EvidenceObject> {
        many(field.as_slice())
    }
    fn many<T>(fields: &[Field<T>]) -> Vec<EvidenceObject> {
        fields.iter().flat_map(|field| &field.evidence).map(EvidenceObject::of).collect()
    }
    let all = [
        ("kind", one(&letter.kind)),
        ("number", one(&letter.number)),
        ("date", one(&letter.date)),
        ("hijri_date", one(&letter.hijri_date)),
        ("from", one(&letter.from)),
        ("to", many(&letter.to)),
        ("subject", one(&letter.subject)),
        ("references", many(&letter.references)),
        ("copies_to", many(&letter.copies_to)),
        ("signatory", one(&letter.signatory)),
        ("attachments", many(&letter.attachments)),
        ("secrecy", one(&letter.secrecy)),
        ("received", one(&letter.received)),
    ];
    all.into_iter().filter(|(_, places)| !places.is_empty()).collect()
}

impl EvidenceObject {
    fn of(evidence: &Evidence) -> Self {
        Self {
            written: evidence.written.clone(),
            page: evidence.page.0,
            bounds: evidence.bounds.edges(),
            confidence: rounded(evidence.confidence.get()),
            source: match evidence.source {
                FieldSource::Read => "read",
                FieldSource::Clerk => "clerk",
            },
            filled_in: evidence.filled_in,
        }
    }
}

/// Returns a confidence to three places: more would be noise.
fn rounded(confidence: f32) -> f32 {
    (confidence * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Confidence, ContentHash, DocumentId, Dpi, PageNumber, PixelBox, PixelSize, Rotation, Source, Word,
    };

    fn document() -> Document {
        let word = Word {
            text: "العدد".to_owned(),
            bounds: PixelBox::new(1, 2, 3, 4),
            confidence: Confidence::new(0.97),
            readings: Vec::new(),
        };
        let evidence = Evidence {
            written: "العدد ١٢".to_owned(),
            page: PageNumber(1),
            bounds: PixelBox::new(1, 2, 3, 4),
            confidence: Confidence::new(0.91),
            source: FieldSource::Read,
            filled_in: false,
        };
        Document {
            id: DocumentId { original: ContentHash::of(b"scan"), part: None },
            source: Source {
                name: "0007.tif".to_owned(),
                path: "in/0007.tif".to_owned(),
                media_type: "image/tiff".to_owned(),
                bytes: 4,
                received: "2026-01-05T08:12:44.123Z".parse().unwrap(),
                pages: (1, 1),
            },
            organisation: None,
            pages: vec![Page {
                number: PageNumber(1),
                size: PixelSize { width: 2480, height: 3508 },
                dpi: Dpi(300),
                rotation: Rotation::Half,
                origin: Origin::Ocr,
                engine: None,
                reason: None,
                lines: vec![Line::new(vec![word])],
                second_reading: Vec::new(),
                codes: Vec::new(),
                filled_in: Vec::new(),
            }],
            letter: Letter {
                number: Some(Field { value: "12".to_owned(), evidence: vec![evidence] }),
                ..Letter::default()
            },
        }
    }

    #[test]
    fn the_object_has_the_form_of_the_contract() {
        let json = serde_json::to_value(DocumentObject::of(&document(), false)).unwrap();
        assert_eq!(json["source"]["received"], "2026-01-05T08:12:44Z");
        assert_eq!(json["source"]["pages"], serde_json::json!([1, 1]));
        assert_eq!(json["pages"][0]["rotation"], 180);
        assert_eq!(json["letter"]["number"], "12");
        assert_eq!(json["letter"]["date"], serde_json::Value::Null);
        assert_eq!(json["letter"]["to"], serde_json::json!([]));
        assert!(json["pages"][0].get("words").is_none() && json["letter"].get("evidence").is_none());
    }

    #[test]
    fn words_and_evidence_come_when_asked_for() {
        let json = serde_json::to_value(DocumentObject::of(&document(), true)).unwrap();
        assert_eq!(json["pages"][0]["words"][0]["box"], serde_json::json!([1, 2, 3, 4]));
        assert_eq!(json["letter"]["evidence"]["number"][0]["source"], "read");
        assert!(json["letter"]["evidence"].get("date").is_none());
    }
}
