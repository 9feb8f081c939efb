//! One function a subcommand.

use super::args::{Cli, Command, Common, ReindexArgs, ShowArgs};
use super::{
    Outcome, UsageError, bench_search, bodies, correct, doctor, evaluate, export, ingest, inspect, ledger, print,
    search, serve, thread, upkeep, watch,
};
use crate::config::Config;
use crate::export::write_jsonl;
use crate::model::{Document, DocumentId};
use crate::pipeline::{Access, Store};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::{self, IsTerminal, Write};

/// Runs what was typed.
pub fn run(cli: Cli) -> Result<Outcome> {
    let config = Config::load(cli.common.config.as_deref())?;
    let common = &cli.common;
    match cli.command {
        Command::Ingest(args) => ingest::run(common, &config, &args),
        Command::Watch(args) => watch::run(common, &config, &args),
        Command::Search(args) => search::run(common, &args),
        Command::Show(args) => show(common, &args),
        Command::Export(args) => export::run(common, &config, &args),
        Command::Thread(args) => thread::run(common, &args),
        Command::Related(args) => thread::related(common, &args),
        Command::Correct(args) => correct::correct(common, &args),
        Command::Split(args) => correct::split(common, &args),
        Command::Join(args) => correct::join(common, &args),
        Command::Bodies(args) => bodies::run(common, &args),
        Command::Serve(args) => serve::run(common, &config, &args),
        Command::Ledger(args) => ledger::run(common, &args),
        Command::Retry(args) => ingest::retry(common, &config, &args),
        Command::ReadApart { reading, path } => ingest::read_apart(&config, &reading, &path),
        Command::Verify(args) => upkeep::verify(common, &args),
        Command::Backup(args) => upkeep::backup(common, &args),
        Command::Restore(args) => upkeep::restore(common, &args),
        Command::Reindex(args) => reindex(common, &args),
        Command::Evaluate(args) => evaluate::run(common, &config, &args),
        Command::BenchSearch(args) => bench_search::run(common, &args),
        Command::Inspect(args) => inspect::run(common, &config, &args),
        Command::Doctor(args) => doctor::run(common, &config, &args),
        Command::PdfPages { .. } => unreachable!("served before anything is set up"),
    }
}

fn show(common: &Common, args: &ShowArgs) -> Result<Outcome> {
    let store = Store::open(&common.archive, Access::Read)?;
    let document = load(&store, resolve(&store, &args.id)?)?;
    let mut out = io::stdout().lock();
    if common.json {
        write_jsonl(&document, true, &mut out)?;
    } else {
        print::document(&mut out, &document)?;
        thread::beside(&mut out, &store, &document)?;
    }
    Ok(Outcome::Well)
}

/// Returns the id that was typed whole or by its first digits.
pub fn resolve(store: &Store, typed: &str) -> Result<DocumentId> {
    let shortest = 4;
    if typed.len() < shortest {
        return Err(UsageError(format!("{typed:?} is too short for an id: give {shortest} digits or more")).into());
    }
    match store.catalogue.document_ids(typed, 2)?.as_slice() {
        [] => Err(UsageError(format!("no document has an id that begins with {typed:?}")).into()),
        [only] => Ok(*only),
        // The id of a file that is one letter also begins the ids of its parts, were it split; whole ids win.
        [first, ..] if first.to_string() == typed => Ok(*first),
        _ => Err(UsageError(format!("several documents have ids that begin with {typed:?}: give more digits")).into()),
    }
}

/// Returns a document of the archive.
pub fn load(store: &Store, id: DocumentId) -> Result<Document> {
    store.document(&id)?.with_context(|| format!("document {id} has gone from the catalogue"))
}

fn reindex(common: &Common, args: &ReindexArgs) -> Result<Outcome> {
    Store::open(&common.archive, Access::Read)?; // an archive is not made by rebuilding its index
    let store = Store::open(&common.archive, Access::Write)?;
    if args.letters {
        correct::understand_anew(common, &store)?;
    }
    let total = store.catalogue.document_ids("", usize::MAX)?.len() as u64;
    let bar = progress_bar(common, total, "documents");
    let documents = store.reindex(|| bar.inc(1))?;
    bar.finish_and_clear();
    let mut out = io::stdout().lock();
    if common.json {
        writeln!(out, "{}", json!({"summary": {"documents": documents}}))?;
    } else {
        writeln!(out, "{documents} documents indexed")?;
    }
    Ok(Outcome::Well)
}

/// Returns a bar on standard error with the rate and the time left; hidden where nobody would see it.
pub fn progress_bar(common: &Common, total: u64, unit: &str) -> ProgressBar {
    if common.quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = format!("{{bar:40}} {{pos}}/{{len}} {unit}  {{msg}}  {{eta}} left");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style)
}
