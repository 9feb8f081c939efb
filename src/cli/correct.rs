//! `correct`, `split`, `join`: what people know better than the program, typed in.

use super::args::{By, Common, CorrectArgs, JoinArgs, SplitArgs};
use super::run::{load, progress_bar, resolve};
use super::{Outcome, UsageError, print};
use crate::export;
use crate::model::DocumentId;
use crate::pipeline::correct::{self, CorrectError};
use crate::pipeline::{self, Access, Store};
use crate::search::SearchIndex;
use anyhow::Result;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Runs `correct`.
pub fn correct(common: &Common, args: &CorrectArgs) -> Result<Outcome> {
    let Some(field) = &args.field else { return history(common, args) };
    let (store, index) = open(common)?;
    let id = resolve(&store, &args.id)?;
    typed(correct::correct(&store, &*index, &id, field, &args.values, name(&args.by)))?;
    written(common, &store, &[id])
}

/// Lists what was set right in a document.
fn history(common: &Common, args: &CorrectArgs) -> Result<Outcome> {
    let store = Store::open(&common.archive, Access::Read)?;
    let id = resolve(&store, &args.id)?;
    let mut out = io::stdout().lock();
    for row in typed(correct::history(&store, &id))? {
        let at = row.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        if common.json {
            let row = json!({"field": row.field, "old": row.old, "new": row.new, "by": row.by, "at": at});
            writeln!(out, "{row}")?;
        } else {
            let list = |values: &[String]| if values.is_empty() { "-".to_owned() } else { values.join("، ") };
            writeln!(out, "{at}  {}  {}\n  was {}\n  now {}", row.by, row.field, list(&row.old), list(&row.new))?;
        }
    }
    Ok(Outcome::Well)
}

/// Runs `split`.
pub fn split(common: &Common, args: &SplitArgs) -> Result<Outcome> {
    let (store, index) = open(common)?;
    let id = resolve(&store, &args.id)?;
    let ids = typed(correct::split(&store, &*index, &id, args.page, name(&args.by)))?;
    written(common, &store, &ids)
}

/// Runs `join`.
pub fn join(common: &Common, args: &JoinArgs) -> Result<Outcome> {
    let (store, index) = open(common)?;
    let (one, other) = (resolve(&store, &args.id)?, resolve(&store, &args.other)?);
    let ids = typed(correct::join(&store, &*index, [&one, &other], name(&args.by)))?;
    written(common, &store, &ids)
}

/// Understands every letter of the archive anew, from its pages as they were read.
pub fn understand_anew(common: &Common, store: &Store) -> Result<()> {
    let index = store.index(Access::Write)?;
    let ids = store.catalogue.document_ids("", usize::MAX)?;
    let originals: BTreeSet<_> = ids.iter().map(|id| id.original).collect();
    let bar = progress_bar(common, originals.len() as u64, "files");
    for original in originals {
        pipeline::refile(store, &*index, &original)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

fn open(common: &Common) -> Result<(Store, Box<dyn SearchIndex>)> {
    Store::open(&common.archive, Access::Read)?; // an archive is not made by correcting it
    let store = Store::open(&common.archive, Access::Write)?;
    let index = store.index(Access::Write)?;
    Ok((store, index))
}

fn name(by: &By) -> &str {
    if by.by.trim().is_empty() { "unknown" } else { by.by.trim() }
}

/// What cannot be done because of what was typed is a wrong call.
fn typed<T>(done: Result<T, CorrectError>) -> Result<T> {
    done.map_err(|error| match error {
        CorrectError::Archive(error) => error.into(),
        error => UsageError(error.to_string()).into(),
    })
}

/// Writes documents as they stand since.
fn written(common: &Common, store: &Store, ids: &[DocumentId]) -> Result<Outcome> {
    let mut out = io::stdout().lock();
    for id in ids {
        let document = load(store, *id)?;
        if common.json {
            export::write_jsonl(&document, true, &mut out)?;
        } else if ids.len() == 1 {
            print::document(&mut out, &document)?;
        } else {
            let (first, last) = document.source.pages;
            let subject = document.letter.subject.map_or(String::new(), |subject| subject.value);
            writeln!(out, "{id}  pages {first} to {last}  {subject}")?;
        }
    }
    Ok(Outcome::Well)
}
