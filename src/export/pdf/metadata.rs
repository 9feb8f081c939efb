//! What a PDF says about itself: XMP, the meaning of its colours, labels of its pages, an outline.

use super::job::Job;
use super::{PdfError, stream};
use crate::export::xml::escaped;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use std::fmt::Write;

/// Adds everything to the catalogue and the trailer. `archival` says whether the file keeps to PDF/A-2b.
pub(super) fn add(file: &mut Document, job: &Job, pages: &[ObjectId], archival: bool) -> Result<(), PdfError> {
    let xmp = Stream::new(dictionary! { "Type" => "Metadata", "Subtype" => "XML" }, xmp(job, archival).into_bytes());
    let xmp = file.add_object(xmp);
    let profile = stream(dictionary! { "N" => 3 }, srgb_profile());
    let profile = archival.then(|| file.add_object(profile));
    let outline = outline(file, job, pages);
    let first = job.pages.first().map_or(1, |page| page.number);
    let label = dictionary! { "S" => "D", "St" => i64::from(first) };
    let catalogue = file.catalog_mut()?;
    catalogue.set("Metadata", xmp);
    catalogue.set("Lang", Object::string_literal("ar"));
    catalogue.set("PageLabels", dictionary! { "Nums" => vec![0.into(), label.into()] });
    catalogue.set("ViewerPreferences", dictionary! { "Direction" => "R2L", "DisplayDocTitle" => true });
    if let Some(profile) = profile {
        let intent = dictionary! {
            "Type" => "OutputIntent",
            "S" => "GTS_PDFA1",
            "OutputConditionIdentifier" => Object::string_literal("sRGB"),
            "Info" => Object::string_literal("sRGB"),
            "DestOutputProfile" => profile,
        };
        catalogue.set("OutputIntents", vec![intent.into()]);
    }
    if let Some(outline) = outline {
        catalogue.set("Outlines", outline);
    }
    file.trailer.remove(b"Info");
    file.trailer.remove(b"Encrypt");
    let id = job.id.get(..32).unwrap_or(&job.id).as_bytes().to_vec();
    let id = Object::String(id, lopdf::StringFormat::Hexadecimal);
    file.trailer.set("ID", vec![id.clone(), id]);
    Ok(())
}

/// Adds an outline of one entry, the letter: viewers show it, and files put together keep it.
fn outline(file: &mut Document, job: &Job, pages: &[ObjectId]) -> Option<ObjectId> {
    let first = *pages.first()?;
    let root = file.new_object_id();
    let title: Vec<&str> = job.number.as_deref().into_iter().chain([job.title.as_str()]).collect();
    let entry = file.add_object(dictionary! {
        "Title" => text_string(&title.join(" - ")),
        "Parent" => root,
        "Dest" => vec![first.into(), "Fit".into()],
    });
    let outline = dictionary! { "Type" => "Outlines", "First" => entry, "Last" => entry, "Count" => 1 };
    file.objects.insert(root, Object::Dictionary(outline));
    Some(root)
}

/// Returns a text string in UTF-16 with its mark.
fn text_string(text: &str) -> Object {
    let bytes = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    Object::String(bytes, lopdf::StringFormat::Hexadecimal)
}

/// Returns the XMP packet (ISO 16684-1): title, number, date and parties as Dublin Core, so that no schema of our own
/// has to be described, as PDF/A would ask.
fn xmp(job: &Job, archival: bool) -> String {
    let mut about = String::new();
    let title = escaped(&job.title);
    let _ = write!(about, "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>");
    list(&mut about, "creator", "Seq", job.from.as_slice());
    list(&mut about, "contributor", "Bag", &job.to);
    list(&mut about, "date", "Seq", job.date.as_slice());
    list(&mut about, "language", "Bag", &["ar".to_owned()]);
    if let Some(number) = &job.number {
        let _ = write!(about, "<dc:identifier>{}</dc:identifier>", escaped(number));
    }
    let _ = write!(about, "<dc:source>{}</dc:source><dc:format>application/pdf</dc:format>", escaped(&job.id));
    let _ = write!(about, "<xmp:CreateDate>{0}</xmp:CreateDate><xmp:ModifyDate>{0}</xmp:ModifyDate>", job.received);
    let version = env!("CARGO_PKG_VERSION");
    let _ = write!(
        about,
        "<xmp:CreatorTool>Warraq {version}</xmp:CreatorTool><pdf:Producer>Warraq {version}</pdf:Producer>"
    );
    if archival {
        about.push_str("<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>");
    }
    format!(
        "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
         xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" \
         xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">{about}\
         </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>"
    )
}

fn list(about: &mut String, name: &str, kind: &str, values: &[String]) {
    if !values.is_empty() {
        let items: String = values.iter().map(|value| format!("<rdf:li>{}</rdf:li>", escaped(value))).collect();
        let _ = write!(about, "<dc:{name}><rdf:{kind}>{items}</rdf:{kind}></dc:{name}>");
    }
}

/// Returns an ICC profile of sRGB, made here from its definition (IEC 61966-2-1; form: ICC.1:2010).
fn srgb_profile() -> Vec<u8> {
    let fixed = |value: f64| ((value * 65536.0).round() as i32).to_be_bytes();
    let kind = |name: &[u8; 4]| [&name[..], &[0; 4]].concat();
    let xyz = |values: [f64; 3]| [kind(b"XYZ "), values.map(fixed).concat()].concat();
    let words = |text: &str| {
        let text: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let head = [[0, 0, 0, 1], [0, 0, 0, 12], *b"enUS", (text.len() as u32).to_be_bytes(), [0, 0, 0, 28]].concat();
        [kind(b"mluc"), head, text].concat()
    };
    let parameters = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045].map(fixed).concat();
    let curve = [kind(b"para"), vec![0, 3, 0, 0], parameters].concat();
    // Bradford's way from the white of D65 to that of D50, in which profiles are written.
    let to_d50 = [1.047_88, 0.022_92, -0.050_2, 0.029_59, 0.990_46, -0.017_07, -0.009_23, 0.015_06, 0.751_68];
    let white = [0.964_2, 1.0, 0.824_9];
    let tags: [(&[u8; 4], Vec<u8>); 10] = [
        (b"desc", words("sRGB")),
        (b"cprt", words("CC0")),
        (b"wtpt", xyz(white)),
        (b"chad", [kind(b"sf32"), to_d50.map(fixed).concat()].concat()),
        (b"rXYZ", xyz([0.436_04, 0.222_49, 0.013_92])),
        (b"gXYZ", xyz([0.385_12, 0.716_90, 0.097_06])),
        (b"bXYZ", xyz([0.143_05, 0.060_61, 0.713_93])),
        (b"rTRC", curve.clone()),
        (b"gTRC", curve.clone()),
        (b"bTRC", curve),
    ];
    let (mut table, mut data) = ((tags.len() as u32).to_be_bytes().to_vec(), Vec::new());
    let start = 128 + 4 + 12 * tags.len();
    let mut curve_at = None;
    for (name, content) in &tags {
        let shared = curve_at.filter(|_| name.ends_with(b"TRC"));
        let at = shared.unwrap_or(start + data.len());
        if name.ends_with(b"TRC") {
            curve_at = Some(at);
        }
        table.extend([&name[..], &(at as u32).to_be_bytes(), &(content.len() as u32).to_be_bytes()].concat());
        if shared.is_none() {
            data.extend(content);
            data.resize(data.len().next_multiple_of(4), 0);
        }
    }
    let size = (start + data.len()) as u32;
    let mut profile = [&size.to_be_bytes()[..], &[0; 4], &[4, 0x20, 0, 0], b"mntrRGB XYZ "].concat();
    // Made on the first of January 2026.
    profile.extend([2026_u16, 1, 1, 0, 0, 0].iter().flat_map(|part| part.to_be_bytes()));
    profile.extend([&b"acsp"[..], &[0; 28]].concat());
    profile.extend(white.map(fixed).concat());
    profile.resize(128, 0);
    [profile, table, data].concat()
}

/// Returns the dictionary of the catalogue for pages that are all made anew.
pub(super) fn bare_catalogue(pages: ObjectId) -> Dictionary {
    dictionary! { "Type" => "Catalog", "Pages" => pages }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_says_its_own_size() {
        let profile = srgb_profile();
        assert_eq!(u32::from_be_bytes(profile[..4].try_into().unwrap()) as usize, profile.len());
        assert_eq!(&profile[36..40], b"acsp");
    }
}
