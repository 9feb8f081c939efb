//! `search`: a query and filters in, hits out, with the boxes of the words found.

use super::args::{Common, SearchArgs};
use super::{Outcome, print};
use crate::model::{DocumentId, PageNumber};
use crate::pipeline::{Access, Store};
use crate::search::{Count, Facets, Filters, SearchOptions};
use anyhow::Result;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::time::Instant;

/// Searches the archive.
pub fn run(common: &Common, args: &SearchArgs) -> Result<Outcome> {
    let store = Store::open(&common.archive, Access::Read)?;
    let index = store.index(Access::Read)?;
    let started = Instant::now();
    let answer = index.search(&args.query.join(" "), &options(args))?;
    let mut hits = Vec::with_capacity(answer.hits.len());
    for hit in &answer.hits {
        let unread_pages = store.unread_pages(&hit.document)?;
        let boxes = boxes(&store, hit.document, PageNumber(hit.page), &hit.words)?;
        let mut object = print::HitObject::of(hit, boxes);
        object.unread_pages = unread_pages;
        hits.push(object);
    }
    let took_ms = started.elapsed().as_secs_f64() * 1000.0;
    let mut out = io::stdout().lock();
    if common.json {
        let mut object = json!({
            "total": answer.total, "took_ms": (took_ms * 10.0).round() / 10.0, "hits": hits, "notes": answer.notes,
        });
        if let (Some(facets), Some(object)) = (&answer.facets, object.as_object_mut()) {
            object.insert("facets".to_owned(), facets_object(facets));
        }
        if let (Some(suggestion), Some(object)) = (&answer.suggestion, object.as_object_mut()) {
            object.insert("suggestion".to_owned(), suggestion.as_str().into());
        }
        writeln!(out, "{object}")?;
    } else {
        for note in &answer.notes {
            print::aside(note);
        }
        if let Some(suggestion) = &answer.suggestion {
            print::aside(&format_args!("nothing holds these words; perhaps: {suggestion}"));
        }
        print::hits(&mut out, &answer, args.offset, took_ms)?;
        for (hit, object) in answer.hits.iter().zip(&hits).filter(|(_, object)| !object.unread_pages.is_empty()) {
            let pages: Vec<String> = object.unread_pages.iter().map(u32::to_string).collect();
            writeln!(out, "not read: page {} of {}  {}", pages.join(", "), hit.document.original.short(), hit.source)?;
        }
        if let Some(facets) = &answer.facets {
            print_facets(&mut out, facets)?;
        }
    }
    Ok(if answer.hits.is_empty() { Outcome::NotAll } else { Outcome::Well })
}

fn options(args: &SearchArgs) -> SearchOptions {
    let filters = Filters {
        organisations: (!args.organisation.is_empty()).then(|| args.organisation.clone()),
        secrecy: None,
        from: args.from.clone(),
        to: args.to.clone(),
        kind: args.kind,
        date_from: args.date_from,
        date_to: args.date_to,
    };
    SearchOptions { limit: args.limit, offset: args.offset, filters, facets: args.facets, explain: args.explain }
}

/// Returns the boxes of these words of a page, on its archived image.
fn boxes(store: &Store, document: DocumentId, page: PageNumber, words: &[usize]) -> Result<Vec<[u32; 4]>> {
    let Some(row) = store.catalogue.document(&document)? else { return Ok(Vec::new()) };
    let Some(record) = row.pages.get(page.0.saturating_sub(1) as usize) else { return Ok(Vec::new()) };
    let page = store.page(record)?;
    let all: Vec<_> = page.words().collect();
    let found = words.iter().filter_map(|&at| all.get(at)).filter(|word| !word.bounds.is_empty());
    Ok(found.map(|word| word.bounds.edges()).collect())
}

fn named(facets: &Facets) -> [(&'static str, &[Count]); 5] {
    [
        ("year", &facets.years),
        ("month", &facets.months),
        ("body", &facets.bodies),
        ("kind", &facets.kinds),
        ("organisation", &facets.organisations),
    ]
}

fn facets_object(facets: &Facets) -> Value {
    let count = |count: &Count| json!({"value": count.value, "letters": count.letters});
    let counts = |counts: &[Count]| Value::from(counts.iter().map(count).collect::<Vec<_>>());
    let mut object: serde_json::Map<_, _> =
        named(facets).iter().map(|(name, own)| ((*name).to_owned(), counts(own))).collect();
    object.insert("undated".to_owned(), facets.undated.into());
    Value::from(object)
}

/// Writes the counts for people, the months left out: they are a histogram for programs to draw.
fn print_facets(out: &mut impl Write, facets: &Facets) -> io::Result<()> {
    for (name, counts) in named(facets).into_iter().filter(|(name, counts)| *name != "month" && !counts.is_empty()) {
        writeln!(out, "by {name}:")?;
        for count in counts {
            writeln!(out, "{:>8}  {}", count.letters, count.value)?;
        }
    }
    Ok(())
}
