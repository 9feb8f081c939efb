//! hOCR: pages, lines and words with their places as HTML, as Tesseract and OCRmyPDF write it.
//!
//! Source: the hOCR specification 1.2, <https://kba.github.io/hocr-spec/1.2/>. Boxes are pixels of the archived image.

use super::xml::escaped;
use crate::model::{Document, Line, Page, PixelBox};
use std::io::{self, Write};

/// Writes the words of a document as hOCR.
///
/// # Errors
/// What `out` answers.
pub fn write_hocr(document: &Document, out: &mut impl Write) -> io::Result<()> {
    let title = escaped(&document.source.name);
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" \
         lang=\"ar\" dir=\"rtl\">\n<head>\n<title>{title}</title>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"ocr-system\" content=\"Warraq {}\"/>\n\
         <meta name=\"ocr-capabilities\" content=\"ocr_page ocr_line ocrx_word\"/>\n</head>\n<body>",
        env!("CARGO_PKG_VERSION")
    )?;
    for page in &document.pages {
        write_page(page, &title, out)?;
    }
    writeln!(out, "</body>\n</html>")
}

fn write_page(page: &Page, image: &str, out: &mut impl Write) -> io::Result<()> {
    let number = page.number.0;
    let whole = place(&PixelBox::new(0, 0, page.size.width, page.size.height));
    let dpi = page.dpi.0;
    writeln!(
        out,
        "<div class=\"ocr_page\" id=\"page_{number}\" title=\"image &apos;{image}&apos;; {whole}; ppageno {}; \
         scan_res {dpi} {dpi}\">",
        number.saturating_sub(1)
    )?;
    for (line, index) in page.lines.iter().zip(1..) {
        write_line(line, number, index, out)?;
    }
    writeln!(out, "</div>")
}

fn write_line(line: &Line, page: u32, index: u32, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<span class=\"ocr_line\" id=\"line_{page}_{index}\" title=\"{}\">", place(&line.bounds))?;
    for (word, at) in line.words.iter().zip(1..) {
        let (text, confidence) = (escaped(&word.text), (word.confidence.get() * 100.0).round());
        writeln!(
            out,
            "<span class=\"ocrx_word\" id=\"word_{page}_{index}_{at}\" title=\"{}; x_wconf {confidence}\">{text}</span>",
            place(&word.bounds)
        )?;
    }
    writeln!(out, "</span>")
}

fn place(bounds: &PixelBox) -> String {
    let [left, top, right, bottom] = bounds.edges();
    format!("bbox {left} {top} {right} {bottom}")
}
