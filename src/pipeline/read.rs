//! Reads one page: an open file and a page's index in, the page with its words out.

use super::failure::Failure;
use super::inspect::{self, Picture};
use super::patience::Patience;
use crate::decode::trust::{self, Verdict};
use crate::decode::{self, DecodeError, OpenFile, TextLayer};
use crate::layout;
use crate::model::{
    Code, Confidence, Dpi, Line, Origin, Page, PageImage, PageNumber, PixelBox, PixelSize, Rotation, Word,
};
use crate::ocr::OcrEngine;
use crate::preprocess::{self, Outcome, Prepared};
use crate::segment::{self, Segmentation, codes};
use crate::text::normalise::is_direction_mark;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// Pages read with less confidence than this are tried the other way up, however sure their turn seemed.
const UNSURE_READING: f32 = 0.35;
/// Pages with so few letters may lie any way, if they are read with less confidence than this.
const FEW_LETTERS: usize = 300;
const POOR_READING: f32 = 0.7;

/// Pages read with less confidence than this are read in the engine's other way, too, and that reading counts if it is surer by so much.
const READ_OTHERWISE_BELOW: f32 = 0.75;
const CLEARLY: f32 = 0.05;

/// Pages with more letters than this are no sheets between letters, and not looked through for codes.
const LETTERS_BESIDE_CODES: usize = 60;

/// Lines read between two looks at the clock. Few pages have more, so that few are read in parts.
const LINES_AT_ONCE: usize = if cfg!(test) { 8 } else { 64 };

/// Longer side, in pixels, of a page that took too long and is read once more: A4 at about 150 dpi.
const LOW_RESOLUTION: u32 = 1754;

/// Where the words of a page come from.
pub enum Reader {
    /// The page's image, read by an engine.
    Image {
        /// The engine.
        engine: Box<dyn OcrEngine>,
        /// How pages are made ready for it.
        preprocess: preprocess::Settings,
    },
    /// Texts given beside the images, as `<stem>.gt.txt` with a form feed between pages.
    Text {
        /// Their folder.
        folder: PathBuf,
    },
}

impl Reader {
    /// Returns what a kept reading depends on: engine, versions and settings. `None` where readings are not kept.
    pub fn stage(&self) -> Option<String> {
        match self {
            Self::Image { engine, preprocess } => Some(format!(
                "read decode {} preprocess {} {preprocess:?} segment {} layout {} filled in {} {}",
                decode::VERSION,
                preprocess::VERSION,
                segment::VERSION,
                layout::VERSION,
                layout::FILLED_IN_VERSION,
                engine.identity()
            )),
            Self::Text { .. } => None,
        }
    }

    /// Reads page `index`, from 0, of a file that was handed in as `path`.
    ///
    /// `knows` says whether a search key stands elsewhere in the archive, which sharpens the verdict on text that came
    /// with the page; `None` while the archive is too small to tell. A page that takes longer than `patience` allows is read
    /// once more at a low resolution.
    ///
    /// # Errors
    /// [`Failure`] when the page cannot be decoded or read, or not in time.
    pub fn read(
        &self,
        file: &OpenFile,
        path: &Path,
        index: u32,
        knows: impl Fn(&str) -> Option<bool>,
        patience: &Patience<'_>,
    ) -> Result<Page, Failure> {
        let number = PageNumber(index + 1);
        match self {
            Self::Image { engine, preprocess } => {
                let layer = text_layer(file, index);
                let verdict = layer.as_ref().map_or(Verdict::NoText, |layer| trust::judge(layer, &knows));
                match (layer, verdict) {
                    (Some(layer), Verdict::Take { reason }) => Ok(page_of_text(layer, reason, number)),
                    (Some(layer), Verdict::ReadImage { reason }) => {
                        let page = read_image(&**engine, preprocess, file, index, number, patience)?;
                        let reason = page.reason.map_or(reason.clone(), |other| format!("{other}; {reason}"));
                        Ok(Page { reason: Some(reason), second_reading: in_order(layer), ..page })
                    }
                    (_, _) => read_image(&**engine, preprocess, file, index, number, patience),
                }
            }
            Self::Text { folder } => read_text(folder, path, file.page_header(index)?.size, index, number),
        }
    }

    /// Returns pictures of how the image of page `index`, from 0, is read; none of a page that is blank or not read from an image.
    ///
    /// # Errors
    /// [`Failure`] when the page cannot be decoded or read.
    pub fn inspect(&self, file: &OpenFile, index: u32) -> Result<Vec<Picture>, Failure> {
        let Self::Image { engine, preprocess } = self else { return Ok(Vec::new()) };
        let image = file.page(index)?;
        let archived = image.pixels.clone();
        let Outcome::Page(prepared) = preprocess::prepare(image, preprocess) else { return Ok(Vec::new()) };
        let Sight { prepared, segmentation, lines } =
            read_the_right_way_up(&**engine, *prepared, &Patience::endless())?;
        Ok(inspect::pictures(&archived, &prepared, &segmentation, &lines))
    }
}

/// Returns the text that came with the page. Where it cannot be had, the image may be had all the same.
fn text_layer(file: &OpenFile, index: u32) -> Option<TextLayer> {
    file.text(index).unwrap_or_else(|error| {
        tracing::debug!(page = index + 1, %error, "the text of the page cannot be had");
        None
    })
}

fn page_of_text(layer: TextLayer, reason: String, number: PageNumber) -> Page {
    Page {
        number,
        size: layer.size,
        dpi: layer.dpi.unwrap_or(Dpi(300)),
        rotation: layer.turn,
        origin: Origin::TextLayer,
        engine: None,
        reason: Some(reason),
        lines: in_order(layer),
        second_reading: Vec::new(),
        codes: Vec::new(),
        filled_in: Vec::new(),
    }
}

/// Returns the lines of a layer in reading order: columns are looked for where lines are read from the right.
fn in_order(layer: TextLayer) -> Vec<Line> {
    if layer.left_to_right || layer.turn != Rotation::None {
        layer.lines
    } else {
        layout::in_reading_order(layer.lines)
    }
}

fn read_image(
    engine: &dyn OcrEngine,
    settings: &preprocess::Settings,
    file: &OpenFile,
    index: u32,
    number: PageNumber,
    patience: &Patience<'_>,
) -> Result<Page, Failure> {
    let read = |image| read_pixels(engine, settings, image, number, patience);
    match file.page(index).map_err(Failure::from).and_then(read) {
        Err(Failure::Slow { .. } | Failure::Decode(DecodeError::TimedOut { .. })) => {
            tracing::info!(page = %number, "the page takes too long and is read at a low resolution");
            patience.begin_again();
            let image = file.cheap_page(index)?;
            let size = file.page_header(index).map_or(image.size(), |header| header.size);
            let page = read(at_low_resolution(image))?;
            Ok(at_size(page, size))
        }
        Ok(page) if page.origin == Origin::Ocr && letters(&page) <= LETTERS_BESIDE_CODES => {
            let codes = codes(file, index);
            Ok(Page { codes, ..page })
        }
        read => read,
    }
}

/// Returns the codes on the archived image. Without them the page is still read.
fn codes(file: &OpenFile, index: u32) -> Vec<Code> {
    match file.page(index) {
        Ok(image) => codes::find(&image.pixels.to_luma8()),
        Err(error) => {
            tracing::debug!(page = index + 1, %error, "the page cannot be looked through for codes");
            Vec::new()
        }
    }
}

fn letters(page: &Page) -> usize {
    page.words().map(|word| word.text.chars().count()).sum()
}

/// Returns the image with a longer side of [`LOW_RESOLUTION`] pixels at most.
fn at_low_resolution(image: PageImage) -> PageImage {
    let longer = image.size().width.max(image.size().height);
    if longer <= LOW_RESOLUTION {
        return image;
    }
    let scale = f64::from(LOW_RESOLUTION) / f64::from(longer);
    let side = |pixels: u32| ((f64::from(pixels) * scale).round() as u32).max(1);
    let pixels = image.pixels.thumbnail_exact(side(image.pixels.width()), side(image.pixels.height()));
    let dpi = image.dpi.map(|dpi| Dpi(((f64::from(dpi.0) * scale).round() as u32).max(1)));
    PageImage { pixels, dpi, bilevel: false }
}

/// Returns a page that was read at a low resolution as one of the size it is archived in.
fn at_size(page: Page, size: PixelSize) -> Page {
    let (from, to) = (page.size, size);
    let moved = |edge: u32, from: u32, to: u32| {
        let edge = u64::from(edge) * u64::from(to) / u64::from(from.max(1));
        u32::try_from(edge).unwrap_or(u32::MAX)
    };
    let bounds = |old: PixelBox| {
        let (left, right) = (moved(old.left, from.width, to.width), moved(old.right, from.width, to.width));
        let (top, bottom) = (moved(old.top, from.height, to.height), moved(old.bottom, from.height, to.height));
        PixelBox::new(left, top, right, bottom)
    };
    let word = |word: Word| Word { bounds: bounds(word.bounds), ..word };
    let slow = "read at a low resolution, since it took too long at its own".to_owned();
    Page {
        size,
        dpi: Dpi(moved(page.dpi.0, from.width, to.width)),
        reason: Some(page.reason.map_or(slow.clone(), |other| format!("{slow}; {other}"))),
        lines: page.lines.into_iter().map(|line| Line::new(line.words.into_iter().map(word).collect())).collect(),
        filled_in: page.filled_in.into_iter().map(bounds).collect(),
        ..page
    }
}

fn read_pixels(
    engine: &dyn OcrEngine,
    settings: &preprocess::Settings,
    image: PageImage,
    number: PageNumber,
    patience: &Patience<'_>,
) -> Result<Page, Failure> {
    let size = image.size();
    let page = |dpi, rotation, origin, lines| Page {
        number,
        size,
        dpi,
        rotation,
        origin,
        engine: Some(engine.identity().clone()),
        reason: None,
        lines,
        second_reading: Vec::new(),
        codes: Vec::new(),
        filled_in: Vec::new(),
    };
    patience.check()?;
    let archived_image = image.pixels.clone();
    match preprocess::prepare(image, settings) {
        Outcome::Blank { dpi } => {
            let reason = Some("nothing on the page but paper".to_owned());
            Ok(Page { engine: None, reason, ..page(dpi, Rotation::None, Origin::Blank, Vec::new()) })
        }
        Outcome::Page(prepared) => {
            let Sight { lines, prepared, .. } = read_the_right_way_up(engine, *prepared, patience)?;
            if lines.is_empty() {
                // Nothing tells how such a page should lie, either.
                let reason = Some("there is ink on the page, but no words were found".to_owned());
                return Ok(Page { reason, ..page(prepared.dpi, Rotation::None, Origin::Ocr, Vec::new()) });
            }
            let lines = archived(lines, &prepared);
            let filled_in = layout::filled_in(&archived_image, prepared.rotation, prepared.dpi, &lines);
            Ok(Page { filled_in, ..page(prepared.dpi, prepared.rotation, Origin::Ocr, lines) })
        }
    }
}

/// A page as it was seen: made ready, cut into lines, read.
pub(super) struct Sight {
    /// The clean page.
    pub prepared: Prepared,
    /// Its lines as images, and what is no print.
    pub segmentation: Segmentation,
    /// What was read, in reading order, on the clean page.
    pub lines: Vec<Line>,
}

/// Reads the page; where its turn is in doubt, also the next best way up, and if there is little on it that could tell its turn and that is
/// read badly, every way up. Returns the best reading.
pub(super) fn read_the_right_way_up(
    engine: &dyn OcrEngine,
    prepared: Prepared,
    patience: &Patience<'_>,
) -> Result<Sight, Failure> {
    let mut best = see(engine, prepared, patience)?;
    if best.prepared.rotation_is_sure && mean_confidence(&best.lines) >= UNSURE_READING && !tells_no_turn(&best) {
        return Ok(best);
    }
    let (first, second) = (best.prepared.rotation, best.prepared.second_rotation);
    let others = Rotation::ALL.into_iter().filter(|other| ![first, second].contains(other));
    for (nth, rotation) in iter::once(second).chain(others).enumerate() {
        if nth > 0 && !tells_no_turn(&best) {
            break;
        }
        match see(engine, best.prepared.turned_to(rotation), patience) {
            Ok(other) if weight(&other.lines) > weight(&best.lines) => best = other,
            Ok(_) => {}
            // One reading is there; time ran out over another.
            Err(Failure::Slow { .. }) if !best.lines.is_empty() => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(best)
}

/// Says whether there is too little on a page, and too badly read, to tell that it lies the right way up.
fn tells_no_turn(sight: &Sight) -> bool {
    let letters: usize = words(&sight.lines).map(|word| word.text.chars().count()).sum();
    letters <= FEW_LETTERS && mean_confidence(&sight.lines) < POOR_READING
}

fn see(engine: &dyn OcrEngine, prepared: Prepared, patience: &Patience<'_>) -> Result<Sight, Failure> {
    patience.check()?;
    let segmentation = segment::segment(&prepared.clean);
    let mut lines = Vec::new();
    if engine.reads_by_line() {
        for some in segmentation.lines.chunks(LINES_AT_ONCE) {
            patience.check()?;
            lines.extend(engine.read(&prepared.clean, some)?);
        }
    } else {
        lines = engine.read(&prepared.clean, &segmentation.lines)?;
    }
    let lines = layout::in_reading_order(lines);
    let lines = better_otherwise(engine, &prepared, patience, &lines).unwrap_or(lines);
    tracing::debug!(
        turned = ?prepared.rotation,
        lines = lines.len(),
        weight = weight(&lines),
        confidence = mean_confidence(&lines),
        "page seen"
    );
    Ok(Sight { prepared, segmentation, lines })
}

/// Returns the page as the engine reads it in its other way, if it has one, its first reading is doubtful, and this one is clearly surer.
fn better_otherwise(
    engine: &dyn OcrEngine,
    prepared: &Prepared,
    patience: &Patience<'_>,
    lines: &[Line],
) -> Option<Vec<Line>> {
    let sure = mean_confidence(lines);
    if sure >= READ_OTHERWISE_BELOW || patience.check().is_err() {
        return None;
    }
    let other = engine.read_otherwise(&prepared.clean)?.ok()?;
    (!other.is_empty() && mean_confidence(&other) > sure + CLEARLY).then(|| layout::in_reading_order(other))
}

/// Returns the mean confidence of the words, by length; 1 for no words.
fn mean_confidence(lines: &[Line]) -> f32 {
    let letters: usize = words(lines).map(|word| word.text.chars().count()).sum();
    if letters == 0 { 1.0 } else { summed_confidence(lines) / letters as f32 }
}

/// Returns how much was read with how much confidence: letters upside down give some words, all of them doubtful.
fn weight(lines: &[Line]) -> f32 {
    summed_confidence(lines) * mean_confidence(lines)
}

fn summed_confidence(lines: &[Line]) -> f32 {
    words(lines).map(|word| word.confidence.get() * word.text.chars().count() as f32).sum()
}

fn words(lines: &[Line]) -> impl Iterator<Item = &Word> {
    lines.iter().flat_map(|line| &line.words)
}

/// Returns the lines with their boxes on the archived image.
fn archived(lines: Vec<Line>, prepared: &Prepared) -> Vec<Line> {
    let word = |word: Word| Word { bounds: prepared.map.to_archived(word.bounds), ..word };
    lines.into_iter().map(|line| Line::new(line.words.into_iter().map(word).collect())).collect()
}

fn read_text(folder: &Path, path: &Path, size: PixelSize, index: u32, number: PageNumber) -> Result<Page, Failure> {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(".gt.txt");
    let source = folder.join(name);
    let text = fs::read_to_string(&source).map_err(|error| Failure::Text { path: source.clone(), source: error })?;
    let text: String = text.nfc().filter(|c| !is_direction_mark(*c)).collect();
    let lines: Vec<Line> = lines_of(text.split('\u{000C}').nth(index as usize).unwrap_or_default());
    Ok(Page {
        number,
        size,
        dpi: Dpi(300),
        rotation: Rotation::None,
        origin: if lines.is_empty() { Origin::Blank } else { Origin::TextLayer },
        engine: None,
        reason: Some("text given beside the image".to_owned()),
        lines,
        second_reading: Vec::new(),
        codes: Vec::new(),
        filled_in: Vec::new(),
    })
}

/// Returns the lines of a plain text. Where its words stand on the image is not known.
fn lines_of(text: &str) -> Vec<Line> {
    let word = |text: &str| Word {
        text: text.to_owned(),
        bounds: PixelBox::default(),
        confidence: Confidence::new(1.0),
        readings: Vec::new(),
    };
    let line = |line: &str| Line::new(line.split_whitespace().map(word).collect());
    text.lines().map(line).filter(|line| !line.words.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::patience::worked;
    use super::*;
    use crate::model::{CleanPage, EngineId};
    use image::{GrayImage, Luma};
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    /// Reads a page well when its top-left pixel is black, badly otherwise; one word in that corner.
    struct CornerReader(EngineId);

    impl OcrEngine for CornerReader {
        fn identity(&self) -> &EngineId {
            &self.0
        }

        fn read(
            &self,
            page: &CleanPage,
            _lines: &[crate::model::LineImage],
        ) -> Result<Vec<Line>, crate::ocr::OcrError> {
            let upright = page.grey.get_pixel(0, 0).0[0] < 128;
            let confidence = Confidence::new(if upright { 0.9 } else { 0.3 });
            let text = if upright { "العدد" } else { "ىوخبح" }.to_owned();
            Ok(vec![Line::new(vec![Word {
                text,
                bounds: PixelBox::new(0, 0, 10, 5),
                confidence,
                readings: Vec::new(),
            }])])
        }
    }

    /// Reads a page of 100 by 60 pixels that is upright once `corner` is its top-left one.
    fn sight(corner: (u32, u32), rotation_is_sure: bool) -> Sight {
        let size = PixelSize { width: 100, height: 60 };
        let mut grey = GrayImage::from_pixel(size.width, size.height, Luma([255]));
        grey.put_pixel(corner.0, corner.1, Luma([0]));
        let prepared = Prepared {
            clean: CleanPage { grey, dpi: Dpi(100) },
            map: preprocess::map::PageMap::identity(size),
            rotation: Rotation::None,
            second_rotation: Rotation::Half,
            rotation_is_sure,
            dpi: Dpi(100),
            stamps: Vec::new(),
        };
        let engine = CornerReader(EngineId("corner".to_owned()));
        read_the_right_way_up(&engine, prepared, &Patience::endless()).unwrap()
    }

    #[test]
    fn a_sheet_of_few_words_is_read_every_way_up_however_sure_its_turn_seemed() {
        for (corner, turn) in
            [((0, 0), Rotation::None), ((99, 0), Rotation::Clockwise270), ((0, 59), Rotation::Clockwise90)]
        {
            let Sight { lines, prepared, .. } = sight(corner, true);
            assert_eq!((lines[0].text().as_str(), prepared.rotation), ("العدد", turn));
        }
    }

    #[test]
    fn a_doubtful_page_is_read_both_ways_and_boxes_lead_back_to_the_archived_image() {
        let Sight { lines, prepared, .. } = sight((99, 59), false);
        assert_eq!((lines[0].text().as_str(), prepared.rotation), ("العدد", Rotation::Half));
        assert_eq!(archived(lines, &prepared)[0].words[0].bounds, PixelBox::new(90, 55, 100, 60));
    }

    /// Takes its time over every line.
    struct SlowReader(EngineId, Duration);

    impl OcrEngine for SlowReader {
        fn identity(&self) -> &EngineId {
            &self.0
        }

        fn reads_by_line(&self) -> bool {
            true
        }

        fn read(
            &self,
            page: &CleanPage,
            _lines: &[crate::model::LineImage],
        ) -> Result<Vec<Line>, crate::ocr::OcrError> {
            // Slow on large pages alone.
            if page.grey.width() > LOW_RESOLUTION {
                let before = worked();
                while worked() - before < self.1 {}
            }
            let bounds = PixelBox::new(0, 0, page.grey.width(), page.grey.height() / 2);
            Ok(vec![Line::new(vec![Word {
                text: "العدد".to_owned(),
                bounds,
                confidence: Confidence::new(0.9),
                readings: Vec::new(),
            }])])
        }
    }

    const SIDE: u32 = 2 * LOW_RESOLUTION;

    fn slow_page(limit: Duration, takes: Duration, stop: bool) -> Result<Page, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.png");
        let sample = image::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/08-png-1bit.png")).unwrap();
        let grey = sample.resize_exact(SIDE, SIDE, image::imageops::FilterType::Nearest).into_luma8();
        grey.save(&path).unwrap();
        let format = decode::Format::Png;
        let file = OpenFile::open(&path, format, &decode::Settings::default(), Path::new("/no/program")).unwrap();
        let engine = Box::new(SlowReader(EngineId("slow".to_owned()), takes));
        let reader = Reader::Image { engine, preprocess: preprocess::Settings { turn: false, ..Default::default() } };
        let stop = AtomicBool::new(stop);
        reader.read(&file, &path, 0, |_| None, &Patience::until(limit, &stop))
    }

    #[test]
    fn a_page_that_takes_too_long_is_read_at_a_low_resolution_and_keeps_its_size() {
        let page = slow_page(Duration::from_secs(2), Duration::from_millis(2100), false).unwrap();
        assert_eq!((page.size.width, page.size.height), (SIDE, SIDE));
        assert!(page.reason.as_deref().is_some_and(|reason| reason.contains("low resolution")), "{:?}", page.reason);
        let bounds = page.lines[0].words[0].bounds;
        assert!(bounds.right > LOW_RESOLUTION && bounds.right <= SIDE, "{bounds:?}");
    }

    #[test]
    fn a_page_that_takes_too_long_either_way_fails_and_names_the_setting() {
        let failure = slow_page(Duration::ZERO, Duration::from_millis(20), false).unwrap_err();
        assert_eq!(failure.code(), crate::model::FailureCode::TimedOut);
        assert!(failure.to_string().contains("pipeline.page_seconds"), "{failure}");
    }

    #[test]
    fn a_text_given_beside_the_image_keeps_its_lines() {
        let lines = lines_of("العدد : ١٢\n\n  م/ سلف\tنقدية \n");
        assert_eq!(lines.iter().map(Line::text).collect::<Vec<_>>(), ["العدد : ١٢", "م/ سلف نقدية"]);
    }
}
