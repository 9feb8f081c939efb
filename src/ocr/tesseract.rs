//! Tesseract 5 as a reader: one warm handle for each page being read, the model held in memory once.
//!
//! `tesseract-plumbing` rather than its sister crate `tesseract`: it keeps the handle after an error. Words come from
//! Tesseract's TSV, which orders them as they are read; its direction marks are taken off and brackets, which it writes
//! as they look, are turned to what they mean.

use super::{OcrEngine, OcrError, print_alone};
use crate::model::{CleanPage, Confidence, ContentHash, Dpi, EngineId, Line, LineImage, PixelBox, Word};
use crate::text::visual::mirrored;
use crate::text::{digits, normalise};
use image::GrayImage;
use image::imageops::{self, FilterType};
use serde::Deserialize;
use std::borrow::Cow;
use std::ffi::CString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tesseract_plumbing::TessBaseApi;
use tesseract_plumbing::tesseract_sys::{TessOcrEngineMode_OEM_LSTM_ONLY, TessPageSegMode};
use unicode_normalization::UnicodeNormalization;

/// Raised when the same page gives other lines than before, with the same library and model.
const VERSION: u16 = 4;

/// The model that is part of the program, so that it reads wherever it is put. See `tessdata/README.md`.
const BUILT_IN_MODEL: &[u8] = include_bytes!("../../tessdata/ara.traineddata");
const BUILT_IN_LANGUAGE: &str = "ara";

/// Tesseract's page segmentation mode for an image of one line, to be read as it is: mode 7, which looks for the line in the
/// image once more, loses letters at its edges.
const RAW_LINE: u8 = 13;
/// The mode in which a page is read otherwise: as one column of lines of any size, which the library finds itself.
const ONE_COLUMN: u8 = 4;
/// Height of a line in pixels as the library's network takes it. It would shrink lines to it by itself, but no better.
const LINE_HEIGHT: u32 = 36;
/// No line is wider than this after shrinking; a rule taken for a line may be.
const WIDEST_LINE: u32 = 8000;

/// Words of one letter or digit that are less sure than this are left out: Latin and digits that the model cannot write come out as a
/// row of such pieces. On 60 letters word F1 rises from 81.7 to 82.5 %, on 23 old pages the CER falls by 0.1 points.
const SURE_ALONE: f32 = 0.7;

/// How Tesseract reads.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Name of the model without `.traineddata`.
    pub language: String,
    /// Tesseract's page segmentation mode: 13 reads the lines that were found on the page one by one; the others let the library
    /// look for lines: 3 looks for columns, 4 takes the page for one column of lines of any size, 6 for one block. The layout
    /// stage puts the lines of all of them in order.
    pub page_segmentation_mode: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { language: "ara".to_owned(), page_segmentation_mode: RAW_LINE }
    }
}

/// Tesseract with one model.
pub struct Tesseract {
    identity: EngineId,
    model: Cow<'static, [u8]>,
    path: PathBuf,
    settings: Settings,
    /// Handles that are not reading. A handle is not `Sync`: out for a page, then back.
    idle: Mutex<Vec<TessBaseApi>>,
}

impl Tesseract {
    /// Loads the model `<language>.traineddata` of the folder `tessdata`, or the one built in, and tries it.
    ///
    /// # Errors
    /// [`OcrError`] when the model is missing or the library refuses it.
    pub fn load(tessdata: Option<&Path>, settings: &Settings) -> Result<Self, OcrError> {
        let name = format!("{}.traineddata", settings.language);
        let (path, model) = match tessdata {
            Some(folder) => {
                let path = folder.join(name);
                let model = read_model(&path, folder, &settings.language)?;
                (path, Cow::Owned(model))
            }
            None if settings.language == BUILT_IN_LANGUAGE => (PathBuf::from(name), Cow::Borrowed(BUILT_IN_MODEL)),
            None => {
                let language = settings.language.clone();
                return Err(OcrError::NotBuiltIn { language, built_in: BUILT_IN_LANGUAGE });
            }
        };
        let identity = EngineId(format!(
            "tesseract {} {} {} psm {} v{VERSION}",
            version(),
            settings.language,
            ContentHash::of(&model).short(),
            settings.page_segmentation_mode,
        ));
        let engine = Self { identity, model, path, settings: settings.clone(), idle: Mutex::new(Vec::new()) };
        let handle = engine.new_handle()?;
        engine.give_back(handle);
        Ok(engine)
    }

    fn new_handle(&self) -> Result<TessBaseApi, OcrError> {
        let refused = || OcrError::Refused { path: self.path.clone() };
        let mut handle = TessBaseApi::create();
        let language = CString::new(self.settings.language.as_str()).map_err(|_| refused())?;
        handle.init_1(&self.model, Some(&language), TessOcrEngineMode_OEM_LSTM_ONLY).map_err(|_| refused())?;
        handle.set_page_seg_mode(TessPageSegMode::from(self.settings.page_segmentation_mode));
        // Damaged pages would fill the terminal with the library's own remarks.
        handle.set_variable(c"debug_file", c"/dev/null").map_err(|_| refused())?;
        Ok(handle)
    }

    /// Reads one line. Boxes are those of its page.
    ///
    /// # Errors
    /// [`OcrError::Page`] when the library fails.
    pub fn line(&self, image: &LineImage, dpi: Dpi) -> Result<Line, OcrError> {
        let (width, height) = image.grey.dimensions();
        let shrink = f64::from(LINE_HEIGHT) / f64::from(height.max(1));
        let target = ((f64::from(width) * shrink).round() as u32).clamp(1, WIDEST_LINE);
        let grey = imageops::resize(&image.grey, target, LINE_HEIGHT, FilterType::CatmullRom);
        let mut handle = self.take_handle()?;
        handle.set_page_seg_mode(TessPageSegMode::from(RAW_LINE));
        let table = read_table(&mut handle, &grey, dpi)?;
        handle.set_page_seg_mode(TessPageSegMode::from(self.settings.page_segmentation_mode));
        self.give_back(handle);
        let column = |x: u32| (f64::from(x) * f64::from(width) / f64::from(target)).round() as u32;
        let place = |bounds: PixelBox| image.place(column(bounds.left)..column(bounds.right));
        let words = lines_of(&table, grey.dimensions()).into_iter().flat_map(|line| line.words);
        Ok(Line::new(words.map(|word| Word { bounds: place(word.bounds), ..word }).collect()))
    }

    /// Reads a page whose lines the library finds itself.
    fn page(&self, page: &CleanPage, mode: u8) -> Result<Vec<Line>, OcrError> {
        let mut handle = self.take_handle()?;
        handle.set_page_seg_mode(TessPageSegMode::from(mode));
        let table = read_table(&mut handle, &page.grey, page.dpi)?;
        let lines = lines_of(&table, page.grey.dimensions());
        handle.set_page_seg_mode(TessPageSegMode::from(self.settings.page_segmentation_mode));
        self.give_back(handle);
        Ok(without_pieces(lines))
    }

    fn take_handle(&self) -> Result<TessBaseApi, OcrError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.new_handle(), Ok)
    }

    fn give_back(&self, handle: TessBaseApi) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }
}

fn read_model(path: &Path, folder: &Path, language: &str) -> Result<Vec<u8>, OcrError> {
    fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => OcrError::NoModel { language: language.to_owned(), folder: folder.to_owned() },
        _ => OcrError::Model { path: path.to_owned(), source },
    })
}

/// Returns the version of the library in use.
pub fn version() -> String {
    tesseract_plumbing::version().to_string_lossy().into_owned()
}

impl OcrEngine for Tesseract {
    fn identity(&self) -> &EngineId {
        &self.identity
    }

    fn read(&self, page: &CleanPage, lines: &[LineImage]) -> Result<Vec<Line>, OcrError> {
        if self.settings.page_segmentation_mode == RAW_LINE {
            let lines = lines.iter().map(|image| self.line(image, page.dpi)).collect::<Result<Vec<_>, _>>()?;
            return Ok(without_pieces(print_alone(lines)));
        }
        self.page(page, self.settings.page_segmentation_mode)
    }

    fn read_otherwise(&self, page: &CleanPage) -> Option<Result<Vec<Line>, OcrError>> {
        self.reads_by_line().then(|| self.page(page, ONE_COLUMN))
    }

    fn reads_by_line(&self) -> bool {
        self.settings.page_segmentation_mode == RAW_LINE
    }
}

fn read_table(handle: &mut TessBaseApi, grey: &GrayImage, dpi: Dpi) -> Result<String, OcrError> {
    let (width, height) = grey.dimensions();
    let failed = |what| move || OcrError::Page { width, height, what };
    let side = |pixels: u32| i32::try_from(pixels).map_err(|_| failed("the page is too large")());
    handle
        .set_image(grey.as_raw(), side(width)?, side(height)?, 1, side(width)?)
        .map_err(|_| failed("setting the image")())?;
    handle.set_source_resolution(side(dpi.0)?);
    // The word "recognise" here is the library's: layout and reading in one.
    handle.recognize().map_err(|_| failed("recognising")())?;
    let table = handle.get_tsv_text(0).map_err(|_| failed("fetching the words")())?;
    Ok(table.as_ref().to_string_lossy().into_owned())
}

/// One word's row of Tesseract's TSV.
struct Row<'a> {
    line: (&'a str, &'a str, &'a str),
    word: Word,
}

/// Returns the lines of Tesseract's TSV, boxes cut at the page's edges, lines without a readable word left out.
fn lines_of(table: &str, (width, height): (u32, u32)) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    let mut current = None;
    for row in table.lines().filter_map(row_of) {
        if current != Some(row.line) && !words.is_empty() {
            lines.push(Line::new(std::mem::take(&mut words)));
        }
        current = Some(row.line);
        let mut word = row.word;
        let [left, top, right, bottom] = word.bounds.edges();
        word.bounds = PixelBox::new(left.min(width), top.min(height), right.min(width), bottom.min(height));
        words.push(word);
    }
    if !words.is_empty() {
        lines.push(Line::new(words));
    }
    lines
}

/// Leaves out single letters and digits that are not sure. One with punctuation stays: `م/` and `ع.` mean something.
fn without_pieces(lines: Vec<Line>) -> Vec<Line> {
    let is_piece = |word: &Word| {
        let mut letters = word.text.chars().filter(|c| !normalise::is_ignorable(*c));
        letters.next().is_some_and(char::is_alphanumeric)
            && letters.next().is_none()
            && word.confidence.get() < SURE_ALONE
    };
    let kept = |line: Line| Line::new(line.words.into_iter().filter(|word| !is_piece(word)).collect());
    lines.into_iter().map(kept).filter(|line| !line.words.is_empty()).collect()
}

fn row_of(row: &str) -> Option<Row<'_>> {
    let columns: Vec<&str> = row.splitn(12, '\t').collect();
    let &["5", _, block, paragraph, line, _, left, top, width, height, confidence, text] = columns.as_slice() else {
        return None;
    };
    let text = plain(text);
    if text.is_empty() {
        return None;
    }
    let pixels = |text: &str| text.parse::<i64>().ok().map(|value| value.clamp(0, i64::from(u32::MAX / 2)) as u32);
    let (left, top) = (pixels(left)?, pixels(top)?);
    let bounds = PixelBox::new(left, top, left + pixels(width)?, top + pixels(height)?);
    let confidence = Confidence::new(confidence.parse::<f32>().ok()? / 100.0);
    Some(Row { line: (block, paragraph, line), word: Word { text, bounds, confidence, readings: Vec::new() } })
}

/// Returns a word as it means: NFC, without direction marks, and with brackets that face a run of digits mended.
fn plain(text: &str) -> String {
    let text: String = text.nfc().filter(|c| !normalise::is_direction_mark(*c) && !c.is_whitespace()).collect();
    mend_brackets(&text)
}

/// Digits stand left to right inside right-to-left text, and Tesseract writes the brackets around them as they look: `)375(`.
/// A word that begins with a closing bracket, or ends with an opening one, has them the wrong way round.
fn mend_brackets(text: &str) -> String {
    let wrong = text.starts_with([')', ']', '}', '»']) || text.ends_with(['(', '[', '{', '«']);
    if !wrong || !text.chars().any(|c| digits::is_digit(c) || c.is_alphabetic()) {
        return text.to_owned();
    }
    text.chars().map(|c| mirrored(c).unwrap_or(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    const HEADER: &str =
        "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n";

    fn engine() -> Tesseract {
        Tesseract::load(None, &Settings::default()).unwrap()
    }

    #[test]
    fn words_are_grouped_by_line_and_stripped_of_marks() {
        let table = format!(
            "{HEADER}4\t1\t1\t1\t1\t0\t10\t10\t900\t40\t-1\t\n\
             5\t1\t1\t1\t1\t1\t800\t10\t100\t40\t96.5\t\u{200F}العدد\n\
             5\t1\t1\t1\t1\t2\t700\t10\t80\t40\t90\t)\u{200E}375\u{200E}(\n\
             5\t1\t1\t1\t2\t1\t800\t60\t400\t40\t40\tم/\n\
             5\t1\t1\t1\t2\t2\t700\t60\t80\t40\t95\t \n"
        );
        let lines = lines_of(&table, (1000, 1000));
        let texts: Vec<String> = lines.iter().map(Line::text).collect();
        assert_eq!(texts, ["العدد (375)", "م/"]);
        assert_eq!(lines[0].words[0].bounds, PixelBox::new(800, 10, 900, 50));
        assert_eq!(lines[0].words[0].confidence, Confidence::new(0.965));
        assert_eq!(lines[1].bounds.right, 1000);
    }

    #[test]
    fn single_letters_stay_where_they_are_sure_or_punctuated() {
        let row = |number: u32, confidence: u32, text: &str| {
            format!("5\t1\t1\t1\t{number}\t1\t800\t60\t400\t40\t{confidence}\t{text}\n")
        };
        let table =
            [row(1, 69, "ا"), row(2, 71, "و"), row(3, 20, "م/"), row(4, 20, "في"), row(5, 20, "-"), row(6, 50, "7")];
        let lines = without_pieces(lines_of(&table.concat(), (2000, 1000)));
        assert_eq!(lines.iter().map(Line::text).collect::<Vec<_>>(), ["و", "م/", "في", "-"]);
    }

    #[test]
    fn brackets_that_are_right_stay() {
        for word in ["(375)", "(أ", "ب)", "1)", "(", ")"] {
            assert_eq!(mend_brackets(word), word);
        }
        assert_eq!(mend_brackets(")ب"), "(ب");
    }

    #[test]
    fn a_missing_or_foreign_model_is_a_clear_error() {
        let folder = tempfile::tempdir().unwrap();
        let latin = Settings { language: "eng".to_owned(), ..Settings::default() };
        assert!(matches!(Tesseract::load(None, &latin), Err(OcrError::NotBuiltIn { .. })));
        let missing = Tesseract::load(Some(folder.path()), &Settings::default()).err().unwrap();
        assert!(missing.to_string().contains("--tessdata"), "{missing}");
        fs::write(folder.path().join("ara.traineddata"), b"no model").unwrap();
        assert!(matches!(Tesseract::load(Some(folder.path()), &Settings::default()), Err(OcrError::Refused { .. })));
    }

    #[test]
    fn an_empty_page_has_no_lines() {
        let page = CleanPage { grey: GrayImage::from_pixel(600, 400, Luma([255])), dpi: Dpi(150) };
        assert_eq!(engine().read(&page, &[]).unwrap(), []);
    }

    #[test]
    fn a_page_of_one_pixel_is_survived() {
        let page = CleanPage { grey: GrayImage::from_pixel(1, 1, Luma([0])), dpi: Dpi(300) };
        assert!(engine().read(&page, &[]).unwrap_or_default().is_empty());
    }
}
