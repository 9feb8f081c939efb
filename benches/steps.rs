//! Milliseconds a page by step of the page analysis, at 150, 200, 300 and 600 dpi: `cargo bench --bench steps`, with
//! `-- FOLDER` for scans of your own.
//!
//! Every page of the folder is brought to each resolution, then goes through the steps one by one as
//! [`preprocess::prepare`] takes them. A step asks first whether the page needs it; `acted` says on how many pages it did.
//! Times are those of the thread on a processor, as Linux tells them, so that a busy machine does not blur them.

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, RgbImage};
use std::env;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use warraq::decode::{self, Format, OpenFile, SNIFF_BYTES};
use warraq::ingest::{self, What};
use warraq::model::{Dpi, PageImage, Rotation};
use warraq::preprocess::thumbnail::Thumbnail;
use warraq::preprocess::{self, Settings};
use warraq::preprocess::{
    background, blank, border, deskew, despeckle, few_levels, holes, rotate, round_stamps, stamps, thin_print,
};

const RESOLUTIONS: [u32; 4] = [150, 200, 300, 600];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"));
    let pages = pages(&folder)?;
    let tables: Vec<Table> = RESOLUTIONS.map(|dpi| measure(&pages, Dpi(dpi))).into();
    println!("{} pages of {}, ms a page (pages on which the step acted):", pages.len(), folder.display());
    print!("{:<28}", "");
    RESOLUTIONS.iter().for_each(|dpi| print!("{:>16}", format!("{dpi} dpi")));
    println!();
    let steps = tables.first().map_or(0, |table| table.0.len());
    for step in 0..steps {
        let rows = tables.iter().filter_map(|table| table.0.get(step));
        for (at, row) in rows.enumerate() {
            if at == 0 {
                print!("{:<28}", row.step);
            }
            let a_page = row.nanoseconds as f64 / 1e6 / row.pages.max(1) as f64;
            print!("{:>16}", format!("{a_page:.1} ({})", row.acted));
        }
        println!();
    }
    Ok(())
}

/// Time and effect of each step, in the order in which they are taken.
#[derive(Default)]
struct Table(Vec<Row>);

struct Row {
    step: &'static str,
    nanoseconds: u64,
    pages: usize,
    acted: usize,
}

impl Table {
    fn time<T>(&mut self, step: &'static str, acted: impl Fn(&T) -> bool, work: impl FnOnce() -> T) -> T {
        let before = thread_nanoseconds();
        let answer = black_box(work());
        let nanoseconds = thread_nanoseconds() - before;
        let at = self.0.iter().position(|row| row.step == step).unwrap_or_else(|| {
            self.0.push(Row { step, nanoseconds: 0, pages: 0, acted: 0 });
            self.0.len() - 1
        });
        let row = &mut self.0[at];
        row.nanoseconds += nanoseconds;
        row.pages += 1;
        row.acted += usize::from(acted(&answer));
        answer
    }
}

fn measure(pages: &[PageImage], dpi: Dpi) -> Table {
    let mut table = Table::default();
    for page in pages {
        let page = resampled(page, dpi);
        let whole = page.clone();
        table.time("all clean-up", |_| true, || preprocess::prepare(whole, &Settings::default()));
        let mut grey = page.pixels.to_luma8();
        let colour = page.pixels.as_rgb8().cloned().unwrap_or_else(|| RgbImage::new(0, 0));
        let stamps = table.time(
            "  lift coloured stamps",
            |found: &Vec<_>| !found.is_empty(),
            || stamps::lift(&mut grey, &colour, dpi),
        );
        table.time("  few levels", |acted| *acted, || !page.bilevel && few_levels::whiten(&mut grey, dpi));
        let (mut grey, dpi) = if dpi.0 >= 450 {
            (table.time("  halve", |_| true, || preprocess::halve(&grey)), Dpi(dpi.0 / 2))
        } else {
            (table.time("  halve", |_| false, || grey), dpi)
        };
        let mut thumbnail = table.time("  small copy", |_| true, || Thumbnail::of(&grey, dpi));
        let dark = |grey: &GrayImage| grey.as_raw().iter().filter(|value| **value < 128).count();
        let ink = dark(&grey);
        table.time("  remove border", |_| false, || border::remove(&mut grey, &mut thumbnail));
        if dark(&grey) < ink
            && let Some(row) = table.0.last_mut()
        {
            row.acted += usize::from(row.step == "  remove border");
        }
        table.time("  fill holes", |holes| *holes > 0, || holes::remove(&mut grey, &mut thumbnail));
        if table.time("  blank?", |blank| *blank, || blank::is_blank(&thumbnail)) {
            continue;
        }
        if !page.bilevel {
            table.time("  even background", |acted| *acted, || background::even(&mut grey, &thumbnail));
        }
        if stamps.is_empty() {
            table.time("  lift other stamps", |found| *found > 0, || round_stamps::lift(&mut grey, &thumbnail));
        }
        let counts = table.time("  count strokes", |_| false, || despeckle::Counts::of(&grey));
        let was_thin =
            page.bilevel && table.time("  thicken print", |acted| *acted, || thin_print::thicken(&mut grey, &counts));
        if !was_thin {
            table.time("  despeckle", |acted| *acted, || despeckle::remove(&mut grey, &counts, dpi));
        }
        let turned = |turn: &rotate::Turn| turn.rotation != Rotation::None;
        let turn = table.time("  find turn", turned, || rotate::find(&thumbnail));
        let angle = table.time("  find skew", Option::is_some, || deskew::needed_angle(&thumbnail, turn.rotation));
        let grey = table.time("  turn", |_| turned(&turn), || rotate::turned(grey, turn.rotation));
        if let Some(degrees) = angle {
            table.time("  straighten", |_| true, || deskew::straightened(&grey, degrees));
        }
        // Steps that find lines on the clean page follow here.
    }
    table
}

/// Returns the page as it would be at another resolution.
fn resampled(page: &PageImage, dpi: Dpi) -> PageImage {
    let from = page.dpi.map_or_else(|| page.pixels.height() as f32 / 11.69, |dpi| dpi.0 as f32);
    let scale = dpi.0 as f32 / from;
    let side = |pixels: u32| ((pixels as f32 * scale).round() as u32).max(1);
    let (width, height) = (side(page.pixels.width()), side(page.pixels.height()));
    let pixels = match &page.pixels {
        DynamicImage::ImageRgb8(colour) => imageops::resize(colour, width, height, FilterType::Triangle).into(),
        other => imageops::resize(&other.to_luma8(), width, height, FilterType::Triangle).into(),
    };
    PageImage { pixels, dpi: Some(dpi), bilevel: false }
}

fn pages(folder: &Path) -> Result<Vec<PageImage>, Box<dyn Error>> {
    let mut pages = Vec::new();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_warraq"));
    let paths = [folder.to_owned()];
    for found in ingest::find(&paths).filter(|found| matches!(found.what, What::File)) {
        let bytes = fs::read(&found.path)?;
        let Some(format) = Format::sniff(&bytes[..bytes.len().min(SNIFF_BYTES)]) else { continue };
        let file = OpenFile::open(&found.path, format, &decode::Settings::default(), &program)?;
        for index in 0..file.page_count() {
            pages.push(file.page(index)?);
        }
    }
    Ok(pages)
}

/// Returns the time this thread has been on a processor.
fn thread_nanoseconds() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0)
}
