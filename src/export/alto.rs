//! ALTO: pages, lines and words with their places, as libraries and archives exchange them.
//!
//! Version 4.4 and, for older programs, 2.1; what is written differs in the name of the schema, the description of the
//! processing, and the direction and language of text, which version 2 cannot say. Units are pixels of the archived image.
//! Source: the schemas of the Library of Congress, <https://www.loc.gov/standards/alto/>.

use super::xml::escaped;
use crate::model::{Document, Line, Page, PixelBox, Word};
use std::io::{self, Write};

/// A version of ALTO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alto {
    /// 2.1
    V2,
    /// 4.4
    V4,
}

/// Writes the words of a document as ALTO, with a page element a page.
///
/// # Errors
/// What `out` answers.
pub fn write_alto(document: &Document, version: Alto, out: &mut impl Write) -> io::Result<()> {
    let (space, schema) = match version {
        Alto::V2 => ("http://www.loc.gov/standards/alto/ns-v2#", "http://www.loc.gov/standards/alto/alto-v2.1.xsd"),
        Alto::V4 => ("http://www.loc.gov/standards/alto/ns-v4#", "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"),
    };
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<alto xmlns=\"{space}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"{space} {schema}\">"
    )?;
    let name = escaped(&document.source.name);
    writeln!(out, "<Description><MeasurementUnit>pixel</MeasurementUnit>")?;
    writeln!(out, "<sourceImageInformation><fileName>{name}</fileName></sourceImageInformation>")?;
    let software = format!(
        "<processingSoftware><softwareCreator>Warraq</softwareCreator><softwareName>Warraq</softwareName>\
         <softwareVersion>{}</softwareVersion></processingSoftware>",
        env!("CARGO_PKG_VERSION")
    );
    match version {
        Alto::V2 => writeln!(
            out,
            "<OCRProcessing ID=\"OCR_1\"><ocrProcessingStep>{software}</ocrProcessingStep></OCRProcessing>"
        )?,
        Alto::V4 => writeln!(
            out,
            "<Processing ID=\"OCR_1\"><processingCategory>contentGeneration</processingCategory>{software}</Processing>"
        )?,
    }
    writeln!(out, "</Description>\n<Layout>")?;
    for page in &document.pages {
        write_page(page, version, out)?;
    }
    writeln!(out, "</Layout>\n</alto>")
}

fn write_page(page: &Page, version: Alto, out: &mut impl Write) -> io::Result<()> {
    let (number, size) = (page.number.0, page.size);
    let confidence = page.confidence().map_or(String::new(), |confidence| format!(" PC=\"{:.3}\"", confidence.get()));
    writeln!(
        out,
        "<Page ID=\"P{number}\" PHYSICAL_IMG_NR=\"{number}\" WIDTH=\"{}\" HEIGHT=\"{}\"{confidence}>",
        size.width, size.height
    )?;
    let whole = PixelBox::new(0, 0, size.width, size.height);
    writeln!(out, "<PrintSpace {}>", place(&whole))?;
    if !page.lines.is_empty() {
        let bounds = PixelBox::around(page.lines.iter().map(|line| line.bounds));
        let language = if version == Alto::V4 { " LANG=\"ar\"" } else { "" };
        writeln!(out, "<TextBlock ID=\"P{number}_B1\" {}{language}>", place(&bounds))?;
        for (line, index) in page.lines.iter().zip(1..) {
            write_line(line, number, index, version, out)?;
        }
        writeln!(out, "</TextBlock>")?;
    }
    writeln!(out, "</PrintSpace>\n</Page>")
}

fn write_line(line: &Line, page: u32, index: u32, version: Alto, out: &mut impl Write) -> io::Result<()> {
    let direction = if version == Alto::V4 { " BASEDIRECTION=\"rtl\"" } else { "" };
    writeln!(out, "<TextLine ID=\"P{page}_L{index}\" {}{direction}>", place(&line.bounds))?;
    for (word, at) in line.words.iter().zip(1..) {
        if at > 1 {
            writeln!(out, "<SP/>")?;
        }
        write_word(word, &format!("P{page}_L{index}_W{at}"), out)?;
    }
    writeln!(out, "</TextLine>")
}

fn write_word(word: &Word, id: &str, out: &mut impl Write) -> io::Result<()> {
    let (text, confidence) = (escaped(&word.text), word.confidence.get());
    writeln!(out, "<String ID=\"{id}\" {} CONTENT=\"{text}\" WC=\"{confidence:.3}\"/>", place(&word.bounds))
}

fn place(bounds: &PixelBox) -> String {
    let (left, top) = (bounds.left, bounds.top);
    format!("HPOS=\"{left}\" VPOS=\"{top}\" WIDTH=\"{}\" HEIGHT=\"{}\"", bounds.width(), bounds.height())
}
