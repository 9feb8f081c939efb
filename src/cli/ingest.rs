//! `ingest`: what was typed becomes a run of the pipeline, its news lines on standard output.

use super::args::{Common, IngestArgs};
use super::run::progress_bar;
use super::{Outcome, UsageError, engine, print};
use crate::config::Config;
use crate::decode;
use crate::ingest::find;
use crate::pipeline::{self, Access, Ingest, News, Reader, Settings, Store};
use anyhow::{Context, Result};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Returns the settings with the passwords of a file, a line each, to try on encrypted PDFs.
pub fn with_passwords(settings: &decode::Settings, file: Option<&Path>) -> Result<decode::Settings> {
    let mut settings = settings.clone();
    if let Some(file) = file {
        let passwords = fs::read_to_string(file)
            .with_context(|| format!("the file of passwords {} cannot be read", file.display()))
            .map_err(|error| UsageError(format!("{error:#}")))?;
        settings.pdf_passwords.extend(passwords.lines().filter(|line| !line.is_empty()).map(str::to_owned));
    }
    Ok(settings)
}

/// Runs `ingest`.
pub fn run(common: &Common, config: &Config, args: &IngestArgs) -> Result<Outcome> {
    let started = Instant::now();
    let reader = reader(config, args)?;
    let store = Store::open(&common.archive, Access::Write)?;
    let index = store.index(Access::Write)?;
    let program = env::current_exe().context("the program cannot find itself, which it starts anew for PDFs")?;
    let stop = stop_on_signals().context("signals cannot be caught")?;
    let settings = Settings { jobs: args.jobs.unwrap_or(config.pipeline.jobs), ..config.pipeline.clone() };
    let decode = with_passwords(&config.decode, args.password_file.as_deref())?;
    let run = Ingest {
        store: &store,
        index: &*index,
        reader: &reader,
        decode: &decode,
        settings: &settings,
        program: &program,
        organisation: args.organisation.as_deref(),
        stop: &stop,
    };

    let bar = progress_bar(common, 0, "files");
    if !bar.is_hidden() {
        bar.set_length(find(&args.paths).count() as u64);
    }
    let mut pages = 0_u32;
    let mut written = Ok(());
    let summary = pipeline::ingest(&run, find(&args.paths), |news| match news {
        News::Page => {
            pages += 1;
            bar.set_message(format!("{:.1} pages/s", f64::from(pages) / started.elapsed().as_secs_f64()));
        }
        News::File(ended) => {
            bar.inc(1);
            if written.is_ok() {
                written = bar.suspend(|| print::ended(&mut io::stdout().lock(), &ended, common.json, common.quiet));
            }
            if written.is_err() {
                stop.store(true, Ordering::Relaxed); // nobody listens any more
            }
        }
    });
    bar.finish_and_clear();
    let summary =
        summary.with_context(|| "the ingest stopped; what was read before is kept, and ingest goes on from there")?;
    written?;

    let mut out = io::stdout().lock();
    if common.json {
        let seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        let summary = json!({"summary": {
            "files": summary.files, "stored": summary.stored, "duplicate": summary.duplicate, "failed": summary.failed,
            "ignored": summary.ignored, "pages": summary.pages, "seconds": seconds,
        }});
        writeln!(out, "{summary}")?;
    } else if !common.quiet {
        print::summary(&mut out, &summary, started.elapsed())?;
    }
    Ok(match (stop.load(Ordering::Relaxed), summary.failed) {
        (true, _) => Outcome::Interrupted,
        (false, 0) => Outcome::Well,
        (false, _) => Outcome::NotAll,
    })
}

fn reader(config: &Config, args: &IngestArgs) -> Result<Reader> {
    if let Some(folder) = &args.text_from {
        if !folder.is_dir() {
            return Err(UsageError(format!("--text-from {}: no such folder", folder.display())).into());
        }
        return Ok(Reader::Text { folder: folder.clone() });
    }
    let engine = engine::load(args.engine, args.tessdata.as_deref(), config)?;
    Ok(Reader::Image { engine, preprocess: config.preprocess.clone() })
}

/// Returns a flag that the first interrupt sets; the second ends the program at once.
fn stop_on_signals() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}
