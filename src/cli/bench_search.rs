//! `bench-search`: builds an index of made letters and asks it made queries. How big it gets and how quick it is go out.

use super::Outcome;
use super::args::{BenchSearchArgs, Common};
use crate::model::Document;
use crate::search::synthetic::{QueryClass, Synthetic};
use crate::search::{LocalIndex, SearchError, SearchIndex, SearchOptions, hostile_query};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// The queries asked to warm up have numbers from here on.
const WARM_UP_FROM: u64 = 1_000_000_000;
/// Pages are added up to this number, then those at hand are made searchable.
const LETTERS_A_COMMIT: u64 = 100_000;

/// What building an index came to.
#[derive(Default)]
struct Built {
    letters: u64,
    pages: u64,
    text_bytes: u64,
    /// Without the time to make the letters.
    took: Duration,
}

impl Built {
    fn report(&self, seed: u64) -> Value {
        let mut report = json!({"seed": seed, "letters": self.letters});
        if self.pages > 0 {
            report["pages"] = self.pages.into();
            report["text_bytes"] = self.text_bytes.into();
            report["pages_a_second"] = (self.pages as f64 / self.took.as_secs_f64().max(0.001)).round().into();
        }
        report
    }
}

/// Measures.
pub fn run(common: &Common, args: &BenchSearchArgs) -> Result<Outcome> {
    let kept = args.index.clone();
    let fresh = tempfile::tempdir().context("a folder for the index")?;
    let folder = kept.as_deref().unwrap_or(fresh.path());
    let letters = Synthetic::new(args.seed);
    let built = match letters_in(folder, &letters)? {
        Some(letters) => Built { letters, ..Built::default() },
        None => build(folder, &letters, args.pages)?,
    };
    let mut report = built.report(args.seed);
    report["index_bytes"] = size_of(folder)?.into();
    let opening = Instant::now();
    let index = LocalIndex::open_read_only(folder)?;
    index.search(&letters.query(QueryClass::Words, 0, built.letters), &SearchOptions::default())?;
    report["open_and_first_search_ms"] = milliseconds(opening.elapsed()).into();
    let options = SearchOptions { facets: args.facets, ..SearchOptions::default() };
    let time = |query: &str| -> Result<Took> {
        let (started, worked) = (Instant::now(), processor_time());
        let answer = index.search(query, &options)?;
        let took = Took { wall: started.elapsed(), processor: processor_time().saturating_sub(worked) };
        tracing::debug!(milliseconds = milliseconds(took.wall), letters = answer.total, notes = ?answer.notes, query);
        Ok(took)
    };
    let mut all = Vec::new();
    let mut classes = serde_json::Map::new();
    let wanted = |class: &QueryClass| args.class.is_empty() || args.class.iter().any(|name| name == class.as_str());
    for class in QueryClass::ALL.into_iter().filter(&wanted) {
        for number in WARM_UP_FROM..WARM_UP_FROM + args.warm_up {
            index.search(&letters.query(class, number, built.letters), &options)?;
        }
    }
    for class in QueryClass::ALL.into_iter().filter(wanted) {
        let queries = (0..args.queries).map(|number| letters.query(class, number, built.letters));
        let took = queries.map(|query| time(&query)).collect::<Result<Vec<_>>>()?;
        if class.is_usual() {
            all.extend_from_slice(&took);
        }
        classes.insert(class.as_str().to_owned(), percentiles(took));
    }
    let hostile = (0..args.hostile).map(|number| time(&hostile_query(args.seed, number)));
    let hostile = hostile.collect::<Result<Vec<_>>>()?;
    if let Some((number, took)) = (0_u64..).zip(&hostile).max_by_key(|(_, took)| took.wall) {
        report["slowest_hostile_query"] = json!({"number": number, "ms": milliseconds(took.wall)});
    }
    if !hostile.is_empty() {
        classes.insert("hostile".to_owned(), percentiles(hostile));
    }
    classes.insert("all usual ones".to_owned(), percentiles(all));
    report["milliseconds"] = Value::from(classes);
    report["memory_bytes"] = most_memory().into();
    print(common, &report)?;
    Ok(Outcome::Well)
}

/// Returns how many letters the index in `folder` holds, `None` where there is none.
fn letters_in(folder: &Path, letters: &Synthetic) -> Result<Option<u64>> {
    let index = match LocalIndex::open_read_only(folder) {
        Err(SearchError::Missing(_)) => return Ok(None),
        opened => opened?,
    };
    let ids = index.document_ids()?;
    let own = ids.binary_search(&letters.document(0).id).is_ok();
    anyhow::ensure!(own, "the index in {} holds letters that were not made from this seed", folder.display());
    Ok(Some(ids.len() as u64))
}

fn build(folder: &Path, letters: &Synthetic, pages: u64) -> Result<Built> {
    let index = LocalIndex::open(folder)?;
    let mut built = Built::default();
    while built.pages < pages {
        let document: Document = letters.document(built.letters);
        built.pages += document.pages.len() as u64;
        built.text_bytes += document.pages.iter().map(|page| page.text().len() as u64).sum::<u64>();
        built.letters += 1;
        let started = Instant::now();
        index.add(&document)?;
        if built.letters.is_multiple_of(LETTERS_A_COMMIT) {
            index.commit()?;
        }
        built.took += started.elapsed();
    }
    let started = Instant::now();
    index.commit()?;
    index.close()?;
    built.took += started.elapsed();
    Ok(built)
}

fn size_of(folder: &Path) -> Result<u64> {
    let files = fs::read_dir(folder).with_context(|| format!("the folder {}", folder.display()))?;
    Ok(files.map(|file| Ok(file?.metadata()?.len())).sum::<io::Result<u64>>()?)
}

fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 10_000.0).round() / 10.0
}

/// What a query took.
#[derive(Clone, Copy)]
struct Took {
    wall: Duration,
    /// Of all threads together: what it costs, however busy the machine is with other things.
    processor: Duration,
}

fn percentiles(took: Vec<Took>) -> Value {
    let mut wall: Vec<_> = took.iter().map(|took| took.wall).collect();
    let mut processor: Vec<_> = took.iter().map(|took| took.processor).collect();
    wall.sort_unstable();
    processor.sort_unstable();
    let at = |times: &[Duration], share: usize| {
        times.get(times.len() * share / 100).or(times.last()).copied().map_or(0.0, milliseconds)
    };
    json!({
        "p50": at(&wall, 50), "p90": at(&wall, 90), "p99": at(&wall, 99), "max": at(&wall, 100),
        "processor_p50": at(&processor, 50), "processor_p99": at(&processor, 99),
    })
}

/// Returns the processor time of this process so far, where the system tells (Linux), else none.
fn processor_time() -> Duration {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = tasks.filter_map(|task| {
        let told = fs::read_to_string(task.path().join("schedstat")).ok()?;
        told.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(spent.sum())
}

/// Returns the most memory this process ever held, where the system tells; mapped files that were read count too.
fn most_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn print(common: &Common, report: &Value) -> Result<()> {
    let mut out = io::stdout().lock();
    if common.json {
        writeln!(out, "{report}")?;
        return Ok(());
    }
    let megabytes = |name: &str| report[name].as_u64().unwrap_or(0) as f64 / 1e6;
    writeln!(out, "{} letters: index {:.1} MB", report["letters"], megabytes("index_bytes"))?;
    if !report["pages"].is_null() {
        let (pages, rate) = (&report["pages"], &report["pages_a_second"]);
        writeln!(out, "{pages} pages, {:.1} MB of text, built at {rate} pages/s", megabytes("text_bytes"))?;
    }
    writeln!(
        out,
        "opened and searched for the first time in {} ms; most memory held {:.0} MB",
        report["open_and_first_search_ms"],
        megabytes("memory_bytes"),
    )?;
    writeln!(
        out,
        "{:<14} {:>8} {:>8} {:>8} {:>8} {:>14} {:>14}  ms",
        "queries", "p50", "p90", "p99", "max", "processor p50", "processor p99"
    )?;
    for (class, took) in report["milliseconds"].as_object().into_iter().flatten() {
        let at = |share: &str| took[share].as_f64().unwrap_or(0.0);
        write!(out, "{class:<14} {:>8.1} {:>8.1} {:>8.1} {:>8.1}", at("p50"), at("p90"), at("p99"), at("max"))?;
        writeln!(out, " {:>14.1} {:>14.1}", at("processor_p50"), at("processor_p99"))?;
    }
    Ok(())
}
