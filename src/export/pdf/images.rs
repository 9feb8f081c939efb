//! Pages made of images as their files code them: an order and coded pages in, a PDF out.

use super::font::BlankFont;
use super::job::{Job, PageText};
use super::metadata::bare_catalogue;
use super::{PdfError, finished, font_resources, numbers, stream, text};
use crate::model::{Coding, Colours, EncodedImage, EncodedPage, Rotation};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use std::fmt::Write;

/// Returns the PDF of a document whose pages are these images; a page that cannot be had is `None` and stays white.
///
/// # Errors
/// [`PdfError`] when the library refuses.
pub fn written(job: &Job, pages: impl IntoIterator<Item = Option<EncodedPage>>) -> Result<Vec<u8>, PdfError> {
    let mut file = Document::with_version("1.7");
    let mut font = BlankFont::default();
    let (font_id, tree) = (file.new_object_id(), file.new_object_id());
    let (mut kids, mut archival) = (Vec::new(), true);
    for (page, image) in job.pages.iter().zip(pages) {
        archival &= !image.iter().flat_map(|page| &page.images).any(|image| image.colours == Colours::Cmyk);
        let dictionary = page_of(&mut file, page, image, &mut font, font_id, tree);
        kids.push(file.add_object(dictionary));
    }
    let kids_array: Vec<Object> = kids.iter().map(|id| (*id).into()).collect();
    let count = kids.len() as i64;
    let pages = dictionary! { "Type" => "Pages", "Kids" => kids_array, "Count" => count };
    file.objects.insert(tree, Object::Dictionary(pages));
    let catalogue = file.add_object(bare_catalogue(tree));
    file.trailer.set("Root", catalogue);
    finished(file, job, &kids, (font_id, font), archival)
}

fn page_of(
    file: &mut Document,
    page: &PageText,
    image: Option<EncodedPage>,
    font: &mut BlankFont,
    font_id: ObjectId,
    tree: ObjectId,
) -> Dictionary {
    let points = |pixels: u32| f64::from(pixels) * 72.0 / f64::from(page.dpi);
    let (width, height) = (points(page.width), points(page.height));
    let mut content = String::new();
    let mut objects = Dictionary::new();
    if let Some(image) = image {
        let [a, b, c, d, e, f] = stored_to_page(&image, width, height);
        let _ = writeln!(content, "q {a:.4} {b:.4} {c:.4} {d:.4} {e:.4} {f:.4} cm");
        for (index, strip) in image.images.into_iter().enumerate() {
            // The unit square is the whole image: a strip is a part of its height, counted from the top.
            let rows = f64::from(image.size.height.max(1));
            let (part, below) = (f64::from(strip.size.height) / rows, f64::from(strip.top + strip.size.height) / rows);
            let name = format!("I{index}");
            let _ = writeln!(content, "q 1 0 0 {part:.6} 0 {:.6} cm /{name} Do Q", 1.0 - below);
            objects.set(name, file.add_object(object_of(strip)));
        }
        content.push_str("Q\n");
    }
    let mut content = content.into_bytes();
    content.extend(text::content(page, width, height, &mut font.used));
    let content = file.add_object(stream(dictionary! {}, content));
    dictionary! {
        "Type" => "Page",
        "Parent" => tree,
        "MediaBox" => numbers([0.0, 0.0, width, height]),
        "Rotate" => i64::from(page.turn),
        "Resources" => dictionary! { "XObject" => objects, "Font" => font_resources(font_id) },
        "Contents" => content,
    }
}

/// Returns the matrix from the unit square of the image as stored to the page: mirrored if so said, then turned.
fn stored_to_page(image: &EncodedPage, width: f64, height: f64) -> [f64; 6] {
    // Where the corners of the square come to lie: its lower left, and the ways along its bottom and its left side.
    let [a, b, c, d, e, f] = match image.rotation {
        Rotation::None => [width, 0.0, 0.0, height, 0.0, 0.0],
        Rotation::Clockwise90 => [0.0, -height, width, 0.0, 0.0, height],
        Rotation::Half => [-width, 0.0, 0.0, -height, width, height],
        Rotation::Clockwise270 => [0.0, height, -width, 0.0, width, 0.0],
    };
    if image.mirrored { [-a, -b, c, d, e + a, f + b] } else { [a, b, c, d, e, f] }
}

fn object_of(image: EncodedImage) -> Stream {
    let EncodedImage { size, colours, bits, inverted, coding, data, .. } = image;
    let samples = match colours {
        Colours::Grey | Colours::Palette(_) => 1_i64,
        Colours::Rgb => 3,
        Colours::Cmyk => 4,
    };
    let space: Object = match colours {
        Colours::Grey => "DeviceGray".into(),
        Colours::Rgb => "DeviceRGB".into(),
        Colours::Cmyk => "DeviceCMYK".into(),
        Colours::Palette(colours) => {
            let last = colours.len().saturating_sub(1).min(255) as i64;
            let table = Object::String(colours.concat(), lopdf::StringFormat::Hexadecimal);
            vec!["Indexed".into(), "DeviceRGB".into(), last.into(), table].into()
        }
    };
    let mut dict = dictionary! {
        "Type" => "XObject",
        "Subtype" => "Image",
        "Width" => i64::from(size.width),
        "Height" => i64::from(size.height),
        "ColorSpace" => space,
        "BitsPerComponent" => i64::from(bits),
    };
    let columns = i64::from(size.width);
    let (filter, parameters) = match coding {
        Coding::Jpeg { transform } => {
            let transform = transform.map(|transform| dictionary! { "ColorTransform" => i64::from(transform) });
            ("DCTDecode", transform)
        }
        Coding::Fax { k, byte_aligned, end_of_line } => {
            let mut fax = dictionary! {
                "K" => i64::from(k), "Columns" => columns, "Rows" => i64::from(size.height), "EndOfBlock" => false,
            };
            if byte_aligned {
                fax.set("EncodedByteAlign", true);
            }
            if end_of_line {
                fax.set("EndOfLine", true);
            }
            ("CCITTFaxDecode", Some(fax))
        }
        Coding::Flate { predictor: 1 } => ("FlateDecode", None),
        Coding::Flate { predictor } => {
            let parameters = dictionary! {
                "Predictor" => i64::from(predictor), "Colors" => samples, "BitsPerComponent" => i64::from(bits),
                "Columns" => columns,
            };
            ("FlateDecode", Some(parameters))
        }
    };
    dict.set("Filter", filter);
    if let Some(parameters) = parameters {
        dict.set("DecodeParms", parameters);
    }
    if inverted {
        let pairs = (0..samples).flat_map(|_| [Object::from(1), Object::from(0)]);
        dict.set("Decode", pairs.collect::<Vec<_>>());
    }
    Stream::new(dict, data)
}
