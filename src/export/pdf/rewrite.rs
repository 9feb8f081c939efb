//! A PDF written anew: its bytes and what is known of its pages in, the searchable PDF out.
//!
//! Runs in the process that reads PDFs, since what it parses may be hostile.

use super::font::{BlankFont, NAME};
use super::job::{Job, PageText};
use super::metadata::bare_catalogue;
use super::{PdfError, finished, font_resources, numbers, stream, text};
use crate::model::{PdfPage, PlacedObject};
use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, dictionary};
use std::fmt::Write;

/// Returns the PDF written anew by the order `job`, whose pages are described by `pages`, one for each.
///
/// # Errors
/// What went wrong, in words.
pub fn rewritten(original: &[u8], passwords: &[String], pages: &[PdfPage], job: &str) -> Result<Vec<u8>, String> {
    let job: Job = serde_json::from_str(job).map_err(|error| PdfError::from(error).to_string())?;
    rewrite(original, passwords, pages, &job).map_err(|error| error.to_string())
}

fn rewrite(original: &[u8], passwords: &[String], pages: &[PdfPage], job: &Job) -> Result<Vec<u8>, PdfError> {
    let mut file = load(original, passwords)?;
    let all = file.get_pages();
    let unwanted: Vec<u32> = all.keys().copied().filter(|n| job.pages.iter().all(|page| page.number != *n)).collect();
    let kept: Vec<ObjectId> = (job.pages.iter())
        .map(|page| all.get(&page.number).copied().ok_or(PdfError::Missing { what: "page of this number" }))
        .collect::<Result<_, _>>()?;
    file.delete_pages(&unwanted);
    let mut writer = Writer { file, font: BlankFont::default(), font_id: (0, 0) };
    writer.font_id = writer.file.new_object_id();
    let mut archival = true;
    for ((id, text), page) in kept.iter().zip(&job.pages).zip(pages) {
        let made_anew = match &page.scan {
            Some(images) => writer.make_anew(*id, text, page, images)?,
            None => false,
        };
        if !made_anew && text.read {
            writer.lay_over(*id, text, page)?;
        }
        archival &= made_anew && writer.images_are_archival(page);
    }
    if pages.iter().all(|page| page.scan.is_some()) {
        let tree = writer.file.catalog()?.get(b"Pages")?.as_reference()?;
        let catalogue = writer.file.add_object(bare_catalogue(tree));
        writer.file.trailer.set("Root", catalogue);
    }
    writer.file.trailer.remove(b"Info");
    writer.file.trailer.remove(b"Encrypt");
    // The font and the metadata are added after what nothing leads to any more has gone.
    writer.file.objects.insert(writer.font_id, Object::Dictionary(Dictionary::new()));
    writer.file.prune_objects();
    if writer.file.version.as_str() < "1.7" || archival {
        "1.7".clone_into(&mut writer.file.version);
    }
    finished(writer.file, job, &kept, (writer.font_id, writer.font), archival)
}

/// Loads a PDF with the empty password or the first that opens it.
fn load(original: &[u8], passwords: &[String]) -> Result<Document, PdfError> {
    let file = match Document::load_mem(original) {
        Ok(file) if !file.is_encrypted() => return Ok(file),
        other => other,
    };
    for password in passwords {
        if let Ok(file) = Document::load_mem_with_options(original, LoadOptions::with_password(password)) {
            return Ok(file);
        }
    }
    Ok(file?)
}

struct Writer {
    file: Document,
    font: BlankFont,
    font_id: ObjectId,
}

impl Writer {
    /// Makes a page that is a scan anew, of its images as they are and its text. Returns whether that could be done.
    fn make_anew(
        &mut self,
        id: ObjectId,
        text: &PageText,
        page: &PdfPage,
        images: &[PlacedObject],
    ) -> Result<bool, PdfError> {
        let mut content = String::new();
        let mut objects = Dictionary::new();
        for (index, image) in images.iter().enumerate() {
            if !self.cleaned(image.object) {
                return Ok(false);
            }
            let [a, b, c, d, e, f] = image.matrix;
            let name = format!("I{index}");
            let _ = writeln!(content, "q {a:.4} {b:.4} {c:.4} {d:.4} {e:.4} {f:.4} cm /{name} Do Q");
            objects.set(name, image.object);
        }
        let mut content = content.into_bytes();
        content.extend(self.text_over(text, page));
        let content = self.file.add_object(stream(dictionary! {}, content));
        let resources = dictionary! { "XObject" => objects, "Font" => font_resources(self.font_id) };
        let mut made = dictionary! { "Type" => "Page", "Resources" => resources, "Contents" => content };
        for key in ["MediaBox", "CropBox", "Rotate", "UserUnit"] {
            if let Some(value) = self.inherited(id, key.as_bytes()) {
                made.set(key, value);
            }
        }
        let turned = made.get(b"Rotate").and_then(Object::as_i64).unwrap_or(0) + i64::from(text.turn);
        made.set("Rotate", turned.rem_euclid(360));
        if !made.has(b"MediaBox") {
            made.set("MediaBox", numbers([0.0, 0.0, page.size.0, page.size.1]));
        }
        let parent = self.file.get_dictionary(id)?.get(b"Parent").cloned();
        made.set("Parent", parent.unwrap_or(Object::Null));
        self.file.objects.insert(id, Object::Dictionary(made));
        Ok(true)
    }

    /// Takes from an image what PDF/A has no place for. Returns whether it is there.
    fn cleaned(&mut self, id: ObjectId) -> bool {
        let Ok(image) = self.file.get_object_mut(id).and_then(Object::as_stream_mut) else { return false };
        for key in ["Interpolate", "Alternates", "OPI", "Metadata", "OC", "StructParent", "Name"] {
            image.dict.remove(key.as_bytes());
        }
        let lzw = image.filters().is_ok_and(|filters| filters.contains(&&b"LZWDecode"[..]));
        if lzw && let Ok(plain) = image.get_plain_content() {
            image.set_plain_content(plain);
            let _ = image.compress();
        }
        true
    }

    /// Says whether the images of a page keep to PDF/A without a profile of inks.
    fn images_are_archival(&self, page: &PdfPage) -> bool {
        let images = page.scan.iter().flatten();
        let mut spaces = images.filter_map(|image| self.file.get_object(image.object).ok()?.as_stream().ok());
        spaces.all(|image| {
            let unusual = image.filters().is_ok_and(|filters| filters.contains(&&b"LZWDecode"[..]));
            let space = image.dict.get(b"ColorSpace").and_then(|space| self.file.dereference(space));
            let inks = match space {
                Ok((_, Object::Name(name))) => name == b"DeviceCMYK",
                Ok((_, Object::Array(parts))) => {
                    let named = |part: &Object| matches!(part, Object::Name(name) if name == b"DeviceCMYK" || name == b"DeviceN" || name == b"Separation");
                    parts.iter().any(named)
                }
                _ => false,
            };
            !unusual && !inks && !image.dict.has(b"SMask")
        })
    }

    /// Lays text over a page that stays as it is; unseen text of another reader goes.
    fn lay_over(&mut self, id: ObjectId, text: &PageText, page: &PdfPage) -> Result<(), PdfError> {
        let over = self.text_over(text, page);
        if let Some(content) = without_unseen_text(&self.file.get_page_content(id)) {
            let content = self.file.add_object(stream(dictionary! {}, content));
            self.file.get_dictionary_mut(id)?.set("Contents", content);
        }
        let before = self.file.add_object(stream(dictionary! {}, b"q\n".to_vec()));
        let over = self.file.add_object(stream(dictionary! {}, [&b"\nQ\n"[..], &over].concat()));
        let mut contents: Vec<Object> = vec![before.into()];
        contents.extend(self.file.get_page_contents(id).into_iter().map(Object::from));
        contents.push(over.into());
        let mut resources =
            self.inherited(id, b"Resources").and_then(|object| self.owned_dictionary(&object)).unwrap_or_default();
        let mut fonts = resources.get(b"Font").ok().and_then(|fonts| self.owned_dictionary(fonts)).unwrap_or_default();
        fonts.set(NAME, self.font_id);
        resources.set("Font", fonts);
        let page = self.file.get_dictionary_mut(id)?;
        page.set("Contents", contents);
        page.set("Resources", resources);
        Ok(())
    }

    /// Returns the operators of the unseen text, in the page's own coordinates.
    fn text_over(&mut self, text: &PageText, page: &PdfPage) -> Vec<u8> {
        let (width, height) = page.size;
        let [a, b, c, d, e, f] = page.to_user;
        // From the lower left corner upwards instead of from the upper left corner downwards.
        let (c, d, e, f) = (-c, -d, e + c * height, f + d * height);
        let mut content = format!("q {a:.5} {b:.5} {c:.5} {d:.5} {e:.4} {f:.4} cm\n").into_bytes();
        content.extend(text::content(text, width, height, &mut self.font.used));
        content.extend(b"Q\n");
        content
    }

    fn owned_dictionary(&self, object: &Object) -> Option<Dictionary> {
        self.file.dereference(object).ok()?.1.as_dict().ok().cloned()
    }

    /// Returns an entry of a page, or of the nearest branch of the page tree that has it.
    fn inherited(&self, page: ObjectId, key: &[u8]) -> Option<Object> {
        let mut node = self.file.get_dictionary(page).ok()?;
        for _ in 0..64 {
            if let Ok(value) = node.get(key) {
                return self.file.dereference(value).ok().map(|(_, value)| value.clone());
            }
            node = self.file.get_dictionary(node.get(b"Parent").ok()?.as_reference().ok()?).ok()?;
        }
        None
    }
}

/// Returns the content without the text that is drawn unseen; `None` where there is none, or the content is one that
/// the library cannot write back.
fn without_unseen_text(content: &[u8]) -> Option<Vec<u8>> {
    let mut content = Content::decode(content).ok()?;
    if content.operations.iter().any(|operation| operation.operator == "BI") {
        return None;
    }
    let (mut mode, mut saved, mut dropped) = (0, Vec::new(), false);
    let unseen =
        |operation: &Operation, mode: i64| mode == 3 && matches!(operation.operator.as_str(), "Tj" | "TJ" | "'" | "\"");
    content.operations.retain(|operation| {
        match operation.operator.as_str() {
            "q" => saved.push(mode),
            "Q" => mode = saved.pop().unwrap_or(0),
            "Tr" => mode = operation.operands.first().and_then(|mode| mode.as_i64().ok()).unwrap_or(0),
            _ => {}
        }
        let drop = unseen(operation, mode);
        dropped |= drop;
        !drop
    });
    if dropped { content.encode().ok() } else { None }
}
