//! How much a person's look at a letter would help those who search: a document in, a number out, and the fields that make it up.
//!
//! Clerks search by number, date and bodies first, so doubt about these weighs most; doubtful words of the text weigh little each.

use crate::model::{Document, Evidence, FieldSource};

/// A field read with less is worth a look.
const SURE: f32 = 0.8;
/// A word read with less is doubtful.
const SURE_WORD: f32 = 0.5;
/// Doubt about a field that was not found: less than about one that was found and is hardly believed, since many letters lack it.
const MISSING: f64 = 0.6;
/// What the words of the text weigh together where all are doubtful.
const WORDS: f64 = 1.0;

/// Returns how much a look would help: 0.0 where everything is sure, up to 6.5.
pub fn of(document: &Document) -> f64 {
    let fields: f64 = fields(document).iter().map(|(_, doubt)| doubt).sum();
    let (mut doubtful, mut words) = (0_u32, 0_u32);
    for word in document.pages.iter().flat_map(|page| page.words()) {
        words += 1;
        doubtful += u32::from(word.confidence.get() < SURE_WORD);
    }
    fields + WORDS * f64::from(doubtful) / f64::from(words.max(1))
}

/// Returns the fields that are worth a look, each with its weight in doubt, the heaviest first.
pub fn fields(document: &Document) -> Vec<(&'static str, f64)> {
    let letter = &document.letter;
    fn places<T>(field: &Option<crate::model::Field<T>>) -> Option<&[Evidence]> {
        field.as_ref().map(|field| field.evidence.as_slice())
    }
    let to = letter.to.first().map(|field| field.evidence.as_slice());
    let all = [
        ("number", 2.0, places(&letter.number)),
        ("date", 1.5, places(&letter.date)),
        ("from", 1.0, places(&letter.from)),
        ("to", 0.5, to),
        ("subject", 0.5, places(&letter.subject)),
    ];
    let mut found: Vec<(&'static str, f64)> = all
        .into_iter()
        .filter_map(|(name, weight, evidence)| {
            let doubt = evidence.map_or(MISSING, doubt_of);
            (doubt > 0.0).then_some((name, weight * doubt))
        })
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found
}

/// What a person set is sure, whatever was read.
fn doubt_of(evidence: &[Evidence]) -> f64 {
    if evidence.iter().any(|place| place.source == FieldSource::Clerk) {
        return 0.0;
    }
    let best = evidence.iter().map(|place| place.confidence.get()).fold(0.0_f32, f32::max);
    if best >= SURE { 0.0 } else { f64::from(1.0 - best) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, ContentHash, DocumentId, Field, Letter, PageNumber, PixelBox, Source};

    fn document(number: Option<(f32, FieldSource)>) -> Document {
        let field = |(confidence, source)| Field {
            value: "12/3".to_owned(),
            evidence: vec![Evidence {
                written: "١٢/٣".to_owned(),
                page: PageNumber(1),
                bounds: PixelBox::default(),
                confidence: Confidence::new(confidence),
                source,
                filled_in: false,
            }],
        };
        Document {
            id: DocumentId { original: ContentHash::of(b"scan"), part: None },
            source: Source {
                name: "1.tif".to_owned(),
                path: "1.tif".to_owned(),
                media_type: "image/tiff".to_owned(),
                bytes: 1,
                received: jiff::Timestamp::UNIX_EPOCH,
                pages: (1, 1),
            },
            organisation: None,
            pages: Vec::new(),
            letter: Letter { number: number.map(field), ..Letter::default() },
        }
    }

    #[test]
    fn a_number_hardly_believed_weighs_most_and_one_set_by_a_person_nothing() {
        let doubt = |number| fields(&document(number)).iter().find(|(name, _)| *name == "number").map(|found| found.1);
        let hardly = doubt(Some((0.1, FieldSource::Read))).unwrap();
        let missing = doubt(None).unwrap();
        assert!(hardly > missing && missing > 0.0, "{hardly} {missing}");
        assert_eq!(doubt(Some((0.1, FieldSource::Clerk))), None);
        assert_eq!(doubt(Some((0.95, FieldSource::Read))), None);
        assert!(of(&document(None)) > of(&document(Some((0.95, FieldSource::Read)))));
    }
}
