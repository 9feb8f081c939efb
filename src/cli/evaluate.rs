//! `evaluate`: pages with their truth beside them in, error rates by engine out.

use super::args::{Common, Engine, EvaluateArgs};
use super::run::progress_bar;
use super::{Outcome, UsageError, engine, print};
use crate::config::Config;
use crate::decode::{Format, OpenFile};
use crate::evaluate::{BINS, Bin, Score, TextErrors};
use crate::model::Page;
use crate::pipeline::{Patience, Reader};
use anyhow::{Context, Result};
use clap::ValueEnum;
use indicatif::ProgressBar;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

const TRUTH: &str = ".gt.txt";
/// As many bytes tell every format.
const HEAD_BYTES: u64 = 4096;

/// A file with its truth.
struct Pair {
    file: PathBuf,
    truth: PathBuf,
}

/// What one engine made of all files.
#[derive(Default)]
struct Measured {
    score: Score,
    pages: usize,
    seconds: f64,
    failed: Vec<String>,
}

/// Runs `evaluate`.
pub fn run(common: &Common, config: &Config, args: &EvaluateArgs) -> Result<Outcome> {
    let pairs = pairs(&args.truth)?;
    if pairs.is_empty() {
        let message = format!("--truth {}: no file with its {TRUTH} beside it", args.truth.display());
        return Err(UsageError(message).into());
    }
    let engines = if args.engine.is_empty() { vec![Engine::default()] } else { args.engine.clone() };
    let pool = ThreadPoolBuilder::new().num_threads(args.jobs.unwrap_or(config.pipeline.jobs)).build()?;
    let program = std::env::current_exe().context("the program cannot find itself, which it starts anew for PDFs")?;
    let mut all = Vec::new();
    for engine in engines {
        let reader = Reader::Image {
            engine: engine::load(engine, args.tessdata.as_deref(), config)?,
            preprocess: config.preprocess.clone(),
        };
        let bar = progress_bar(common, pairs.len() as u64, "files");
        let measure =
            || pairs.par_iter().map(|pair| measure(pair, &reader, config, &program, &bar)).collect::<Vec<_>>();
        let measured = pool.install(measure).into_iter().fold(Measured::default(), Measured::and);
        bar.finish_and_clear();
        for failed in &measured.failed {
            print::aside(failed);
        }
        all.push((engine, measured));
    }
    let mut out = io::stdout().lock();
    if common.json {
        let engines: Vec<Value> = all.iter().map(|(engine, measured)| object(*engine, measured)).collect();
        writeln!(out, "{}", json!({ "engines": engines }))?;
    } else {
        table(&mut out, &all)?;
    }
    Ok(if all.iter().all(|(_, measured)| measured.failed.is_empty()) { Outcome::Well } else { Outcome::NotAll })
}

/// Returns the files of a folder that have their truth beside them, in the order of their names.
fn pairs(folder: &Path) -> Result<Vec<Pair>> {
    let unreadable = || format!("the folder {} cannot be read", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        files.push(entry.with_context(unreadable)?.path());
    }
    files.sort();
    let pair = |file: PathBuf| {
        let stem = file.file_stem()?.to_str()?;
        let truth = file.with_file_name(format!("{stem}{TRUTH}"));
        (file.is_file() && truth.is_file() && truth != file && format_of(&file).is_some())
            .then_some(Pair { file, truth })
    };
    Ok(files.into_iter().filter_map(pair).collect())
}

fn format_of(file: &Path) -> Option<Format> {
    let mut head = Vec::new();
    File::open(file).ok()?.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    Format::sniff(&head)
}

fn measure(pair: &Pair, reader: &Reader, config: &Config, program: &Path, bar: &ProgressBar) -> Measured {
    let started = Instant::now();
    let read = || -> Result<(String, Vec<Page>)> {
        let truth = fs::read_to_string(&pair.truth)?;
        let format = format_of(&pair.file).context("no kind of file Warraq reads")?;
        let open = OpenFile::open(&pair.file, format, &config.decode, program)?;
        let pages = (0..open.page_count())
            .map(|index| Ok(reader.read(&open, &pair.file, index, |_| None, &Patience::endless())?));
        Ok((truth, pages.collect::<Result<_>>()?))
    };
    let read = read();
    let seconds = started.elapsed().as_secs_f64();
    bar.inc(1);
    match read {
        Ok((truth, pages)) => {
            let score = Score::of(&truth, &pages);
            Measured { score, pages: pages.len(), seconds, failed: Vec::new() }
        }
        Err(error) => {
            let failed = vec![format!("{}: {error:#}", pair.file.display())];
            Measured { failed, ..Measured::default() }
        }
    }
}

impl Measured {
    fn and(mut self, other: Self) -> Self {
        self.score.add(&other.score);
        self.pages += other.pages;
        self.seconds += other.seconds;
        self.failed.extend(other.failed);
        self
    }

    fn seconds_a_page(&self) -> f64 {
        self.seconds / self.pages.max(1) as f64
    }
}

fn name(engine: Engine) -> String {
    engine.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned())
}

fn object(engine: Engine, measured: &Measured) -> Value {
    let form = |errors: &TextErrors| json!({"cer": errors.cer(), "wer": errors.wer(), "f1": errors.f1()});
    let score = &measured.score;
    let bin = |bin: &Bin| {
        let words = bin.words.max(1) as f64;
        json!({"words": bin.words, "confidence": bin.confidence / words, "right": bin.right as f64 / words})
    };
    let bins = |bins: &[Bin]| bins.iter().map(bin).collect::<Vec<Value>>();
    json!({
        "engine": name(engine), "files": score.files, "failed": measured.failed, "pages": measured.pages,
        "seconds_a_page": measured.seconds_a_page(), "strict": form(&score.strict), "search": form(&score.search),
        "numbers": score.numbers, "numbers_right": score.number_rate(),
        "order_cost": score.order_cost(), "calibration_error": score.calibration_error(), "bins": bins(&score.bins()), "fine_bins": bins(&score.fine_bins),
    })
}

fn table(out: &mut impl Write, all: &[(Engine, Measured)]) -> io::Result<()> {
    writeln!(
        out,
        "                        search form            as printed           order  numbers  calibration  seconds"
    )?;
    writeln!(
        out,
        "engine      files pages   CER %  WER %   F1 %   CER %  WER %   F1 %  cost %  right %        error   a page"
    )?;
    for (engine, measured) in all {
        let score = &measured.score;
        write!(out, "{:<10} {:>6} {:>5}", name(*engine), score.files, measured.pages)?;
        for errors in [&score.search, &score.strict] {
            let rates = [errors.cer(), errors.wer(), errors.f1()].map(|rate| format!(" {:>6.2}", 100.0 * rate));
            write!(out, " {}", rates.concat())?;
        }
        write!(out, "  {:>6.2}", 100.0 * score.order_cost())?;
        let numbers = score.number_rate().map_or("-".to_owned(), |rate| format!("{:.1}", 100.0 * rate));
        writeln!(out, "  {numbers:>7}  {:>11.3}  {:>7.2}", score.calibration_error(), measured.seconds_a_page())?;
    }
    writeln!(out, "\nof the words given a confidence from … to …, so many per cent are right")?;
    for at in 0..BINS {
        write!(out, "{:.1} to {:.1}", at as f64 / BINS as f64, (at + 1) as f64 / BINS as f64)?;
        for (engine, measured) in all {
            let bin = measured.score.bins().get(at).copied().unwrap_or_default();
            let right = if bin.words == 0 {
                "-".to_owned()
            } else {
                format!("{:.1}", 100.0 * bin.right as f64 / bin.words as f64)
            };
            write!(out, "   {} {right:>5} of {:>6}", name(*engine), bin.words)?;
        }
        writeln!(out)?;
    }
    Ok(())
}
