//! `ingest` and `retry`: what was typed becomes a run of the pipeline, its news lines on standard output.

use super::args::{Common, IngestArgs, ReadingArgs, RetryArgs};
use super::run::progress_bar;
use super::{Outcome, UsageError, engine, print};
use crate::config::Config;
use crate::decode;
use crate::ingest::{FolderRule, find};
use crate::model::FailureCode;
use crate::pipeline::{self, Access, Ingest, News, Reader, Settings, Store, Summary};
use crate::search::SearchIndex;
use anyhow::{Context, Result};
use clap::ValueEnum;
use indicatif::ProgressBar;
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

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

/// What a run needs besides archive and files: models loaded, settings checked, signals caught.
pub struct Ready {
    reader: Reader,
    decode: decode::Settings,
    settings: Settings,
    program: PathBuf,
    apart: Vec<OsString>,
    rules: Vec<FolderRule>,
    by: String,
    /// Set by the first interrupt.
    pub stop: Arc<AtomicBool>,
}

impl Ready {
    /// Makes ready for a run.
    pub fn new(common: &Common, config: &Config, args: &ReadingArgs) -> Result<Self> {
        Ok(Self {
            reader: reader(config, args)?,
            decode: with_passwords(&config.decode, args.password_file.as_deref())?,
            settings: Settings { jobs: args.jobs.unwrap_or(config.pipeline.jobs), ..config.pipeline.clone() },
            program: env::current_exe().context("the program cannot find itself, which it starts anew for PDFs")?,
            apart: if args.text_from.is_some() { Vec::new() } else { apart(common, args) },
            rules: config.folders.clone(),
            by: env::var("USER").unwrap_or_else(|_| "unknown".to_owned()),
            stop: stop_on_signals().context("signals cannot be caught")?,
        })
    }

    /// Returns a run into an archive.
    pub fn run<'a>(&'a self, store: &'a Store, index: &'a dyn SearchIndex) -> Ingest<'a> {
        Ingest {
            store,
            index,
            reader: &self.reader,
            decode: &self.decode,
            settings: &self.settings,
            program: &self.program,
            apart: &self.apart,
            organisation: None,
            rules: &self.rules,
            by: &self.by,
            paranoid: false,
            stop: &self.stop,
        }
    }
}

/// Returns the arguments that make this program the reader of one file, with the settings of this call.
pub fn apart(common: &Common, args: &ReadingArgs) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut give = |name: &str, value: Option<OsString>| {
        if let Some(value) = value {
            arguments.extend([OsString::from(name), value]);
        }
    };
    let path = |path: &Option<PathBuf>| path.clone().map(PathBuf::into_os_string);
    give("--config", path(&common.config));
    give("--engine", args.engine.to_possible_value().map(|engine| engine.get_name().into()));
    give("--tessdata", path(&args.tessdata));
    give("--password-file", path(&args.password_file));
    arguments.insert(0, "read-apart".into());
    arguments
}

/// Runs `read-apart`: the reader of one file under suspicion, for the program that started it.
pub fn read_apart(config: &Config, args: &ReadingArgs, path: &Path) -> Result<Outcome> {
    let reader = reader(config, args)?;
    let decode = with_passwords(&config.decode, args.password_file.as_deref())?;
    let page = Duration::from_secs(config.pipeline.page_seconds.into());
    let (input, output) = (io::stdin().lock(), io::stdout().lock());
    pipeline::apart::serve(&reader, &decode, &env::current_exe()?, path, page, input, output)?;
    Ok(Outcome::Well)
}

/// Runs `ingest`.
pub fn run(common: &Common, config: &Config, args: &IngestArgs) -> Result<Outcome> {
    let ready = Ready::new(common, config, &args.reading)?;
    let store = Store::open(&common.archive, Access::Write)?;
    let index = store.index(Access::Write)?;
    let organisation = args.organisation.as_deref();
    let run = Ingest { organisation, paranoid: args.paranoid, ..ready.run(&store, &*index) };
    let mut reporter = Reporter::new(common, &ready.stop);
    if !reporter.bar.is_hidden() {
        reporter.bar.set_length(find(&args.paths).count() as u64);
    }
    let summary = pipeline::ingest(&run, find(&args.paths), |news| reporter.tell(news));
    reporter.end(summary)
}

/// Runs `retry`.
pub fn retry(common: &Common, config: &Config, args: &RetryArgs) -> Result<Outcome> {
    let unknown = |error| UsageError(format!("--code: {error}"));
    let codes =
        args.code.iter().map(|code| code.parse().map_err(unknown)).collect::<Result<Vec<FailureCode>, UsageError>>()?;
    let ready = Ready::new(common, config, &args.reading)?;
    Store::open(&common.archive, Access::Read)?; // an archive is not made by trying again
    let store = Store::open(&common.archive, Access::Write)?;
    let index = store.index(Access::Write)?;
    let mut reporter = Reporter::new(common, &ready.stop);
    let summary = pipeline::retry(&ready.run(&store, &*index), &codes, |news| reporter.tell(news));
    reporter.end(summary)
}

/// Tells people and programs how a run goes.
pub struct Reporter<'a> {
    common: &'a Common,
    stop: &'a AtomicBool,
    bar: ProgressBar,
    started: Instant,
    pages: u32,
    written: io::Result<()>,
}

impl<'a> Reporter<'a> {
    /// Begins to tell; sets `stop` when nobody listens any more.
    pub fn new(common: &'a Common, stop: &'a AtomicBool) -> Self {
        let bar = progress_bar(common, 0, "files");
        Self { common, stop, bar, started: Instant::now(), pages: 0, written: Ok(()) }
    }

    /// Tells a piece of news.
    pub fn tell(&mut self, news: News) {
        match news {
            News::Page => {
                self.pages += 1;
                let rate = f64::from(self.pages) / self.started.elapsed().as_secs_f64();
                self.bar.set_message(format!("{rate:.1} pages/s"));
            }
            News::File(ended) => {
                self.bar.inc(1);
                if self.written.is_ok() {
                    let Common { json, quiet, .. } = *self.common;
                    self.written = self.bar.suspend(|| print::ended(&mut io::stdout().lock(), &ended, json, quiet));
                }
                if self.written.is_err() {
                    self.stop.store(true, Ordering::Relaxed);
                }
            }
        }
    }

    /// Tells the counts and returns how the run ended.
    pub fn end(self, summary: Result<Summary, pipeline::ArchiveError>) -> Result<Outcome> {
        self.bar.finish_and_clear();
        let summary = summary
            .with_context(|| "the run stopped; what was read before is kept, and the next run goes on from there")?;
        self.written?;
        let mut out = io::stdout().lock();
        if self.common.json {
            let seconds = (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
            let summary = json!({"summary": {
                "files": summary.files, "stored": summary.stored, "duplicate": summary.duplicate,
                "failed": summary.failed, "ignored": summary.ignored, "pages": summary.pages, "seconds": seconds,
            }});
            writeln!(out, "{summary}")?;
        } else if !self.common.quiet {
            print::summary(&mut out, &summary, self.started.elapsed())?;
        }
        Ok(match (self.stop.load(Ordering::Relaxed), summary.failed) {
            (true, _) => Outcome::Interrupted,
            (false, 0) => Outcome::Well,
            (false, _) => Outcome::NotAll,
        })
    }
}

/// Returns what reads pages.
pub fn reader(config: &Config, args: &ReadingArgs) -> Result<Reader> {
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

#[cfg(test)]
mod tests {
    use super::super::args::{Cli, Command, Engine};
    use super::*;
    use clap::Parser;

    #[test]
    fn the_reader_of_one_file_understands_what_it_is_started_with() {
        let typed = ["warraq", "--config", "w.toml", "ingest", "--engine", "both", "--tessdata", "models", "in"];
        let cli = Cli::parse_from(typed);
        let Command::Ingest(args) = &cli.command else { panic!("{cli:?}") };
        let mut again = vec![OsString::from("warraq")];
        again.extend(apart(&cli.common, &args.reading));
        again.push("blob".into());
        let cli = Cli::parse_from(again);
        let Command::ReadApart { reading, path } = &cli.command else { panic!("{cli:?}") };
        assert_eq!(cli.common.config.as_deref(), Some(Path::new("w.toml")));
        assert_eq!((reading.engine, reading.tessdata.as_deref()), (Engine::Both, Some(Path::new("models"))));
        assert_eq!(path, Path::new("blob"));
    }
}
