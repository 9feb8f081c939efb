//! Pages a second, by stage: `make bench`, or `cargo bench --bench pages -- FOLDER` for scans of your own.
//!
//! First every stage alone, one page after the other, as milliseconds a page. Then a whole ingest of the same folder on
//! all processors: pages a second, and the share of processor time spent outside Tesseract. Linux tells both times, of a
//! thread and of the process with its children, in `/proc`.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use warraq::archive::{BlobStore, FsBlobs, record};
use warraq::decode::{self, Format, OpenFile, SNIFF_BYTES};
use warraq::extract;
use warraq::ingest::{self, What};
use warraq::model::{CleanPage, EngineId, Line, Origin, Page, PageNumber, Rotation};
use warraq::ocr::{OcrEngine, OcrError, Tesseract, TesseractSettings};
use warraq::pipeline::{self, Access, Ingest, Reader, Store};
use warraq::preprocess::{self, Outcome};

type Outcomes<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcomes<()> {
    let folder = env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"));
    by_stage(&folder)?;
    whole_ingest(&folder)
}

/// Time spent in one stage.
#[derive(Default)]
struct Stages(Vec<(&'static str, Duration)>);

impl Stages {
    fn time<T>(&mut self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let answer = work();
        let took = started.elapsed();
        match self.0.iter_mut().find(|(name, _)| *name == stage) {
            Some((_, sum)) => *sum += took,
            None => self.0.push((stage, took)),
        }
        answer
    }
}

fn by_stage(folder: &Path) -> Outcomes<()> {
    let engine = Tesseract::load(None, &TesseractSettings::default())?;
    let archive = tempfile::tempdir()?;
    let blobs = FsBlobs::open(archive.path())?;
    let (mut stages, mut pages) = (Stages::default(), 0_u32);
    for path in files(folder) {
        let mut bytes = fs::read(&path)?;
        let Some(format) = Format::sniff(&bytes[..bytes.len().min(SNIFF_BYTES)]) else { continue };
        let hash = stages.time("keep the original", || blobs.put(&bytes))?;
        bytes.clear();
        let blob = blobs.as_file(&hash)?;
        let settings = decode::Settings::default();
        let file = stages.time("decode", || OpenFile::open(blob.path(), format, &settings, &program()))?;
        let mut read = Vec::new();
        for index in 0..file.page_count() {
            let image = stages.time("decode", || file.page(index))?;
            pages += 1;
            let size = image.size();
            let prepared = stages.time("clean up", || preprocess::prepare(image, &preprocess::Settings::default()));
            let Outcome::Page(prepared) = prepared else { continue };
            let lines = stages.time("read (Tesseract)", || engine.read(&prepared.clean, &[]))?;
            let page = Page {
                number: PageNumber(index + 1),
                size,
                dpi: prepared.dpi,
                rotation: Rotation::None,
                origin: Origin::Ocr,
                engine: None,
                reason: None,
                lines,
                second_reading: Vec::new(),
                codes: Vec::new(),
                filled_in: Vec::new(),
            };
            let record = stages.time("pack the record", || record::encode_page(&page))?;
            stages.time("keep the record", || blobs.put(&record))?;
            read.push(page);
        }
        stages.time("understand the letter", || extract::read_letter(&read));
    }
    let all: Duration = stages.0.iter().map(|(_, took)| *took).sum();
    println!("{pages} pages of {}, one after the other:", folder.display());
    for (stage, took) in &stages.0 {
        let a_page = took.as_secs_f64() * 1000.0 / f64::from(pages.max(1));
        println!("  {stage:<22} {a_page:8.1} ms a page  {:5.1} %", 100.0 * took.as_secs_f64() / all.as_secs_f64());
    }
    Ok(())
}

/// Tesseract, with the processor time it takes.
struct Timed {
    engine: Tesseract,
    nanoseconds: AtomicU64,
}

impl OcrEngine for &'static Timed {
    fn identity(&self) -> &EngineId {
        self.engine.identity()
    }

    fn read(&self, page: &CleanPage, lines: &[warraq::model::LineImage]) -> Result<Vec<Line>, OcrError> {
        let before = thread_nanoseconds();
        let lines = self.engine.read(page, lines);
        self.nanoseconds.fetch_add(thread_nanoseconds() - before, Ordering::Relaxed);
        lines
    }
}

fn whole_ingest(folder: &Path) -> Outcomes<()> {
    let engine = Tesseract::load(None, &TesseractSettings::default())?;
    let timed: &'static Timed = Box::leak(Box::new(Timed { engine, nanoseconds: AtomicU64::new(0) }));
    let archive = tempfile::tempdir()?;
    let store = Store::open(archive.path(), Access::Write)?;
    let index = store.index(Access::Write)?;
    let reader = Reader::Image { engine: Box::new(timed), preprocess: preprocess::Settings::default() };
    let run = Ingest {
        store: &store,
        index: &*index,
        reader: &reader,
        decode: &decode::Settings::default(),
        settings: &pipeline::Settings::default(),
        program: &program(),
        apart: &[],
        organisation: None,
        rules: &[],
        by: "bench",
        paranoid: false,
        stop: &AtomicBool::new(false),
    };
    let (started, cpu_before) = (Instant::now(), process_seconds());
    let found = files(folder).into_iter().map(|path| ingest::Found {
        root: path.clone(),
        path,
        named: false,
        what: What::File,
    });
    let summary = pipeline::ingest(&run, found, |_| ())?;
    let (wall, cpu) = (started.elapsed().as_secs_f64(), process_seconds() - cpu_before);
    let reading = timed.nanoseconds.load(Ordering::Relaxed) as f64 / 1e9;
    println!("{} pages ingested in {wall:.1} s: {:.2} pages/s", summary.pages, summary.pages as f64 / wall);
    println!("  {cpu:.1} s of processor time, {:.1} % of it outside Tesseract", 100.0 * (1.0 - reading / cpu));
    Ok(())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = [folder.to_owned()];
    ingest::find(&paths).filter(|found| matches!(found.what, What::File)).map(|found| found.path).collect()
}

/// The program that reads PDFs, which cargo builds beside this benchmark.
fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_warraq"))
}

/// Returns the time this thread has been on a processor.
fn thread_nanoseconds() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0)
}

/// Returns the processor time of this process and of its ended children, to a hundredth of a second.
fn process_seconds() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the program's name in brackets, and may hold anything.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}
