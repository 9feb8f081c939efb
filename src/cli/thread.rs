//! `thread`: letters that cite each other, as a table for people and as a graph for programs. `related`: these, and those
//! with the same subject, as a list.

use super::Outcome;
use super::args::{Common, RelatedArgs, ThreadArgs};
use super::run::resolve;
use crate::model::{Document, DocumentId};
use crate::pipeline::related::{self, Related, Relation};
use crate::pipeline::threads::{self, Edge, Member, Missing, Thread};
use crate::pipeline::{Access, Store};
use crate::search::Filters;
use anyhow::Result;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Runs `thread`.
pub fn run(common: &Common, args: &ThreadArgs) -> Result<Outcome> {
    let store = Store::open(&common.archive, Access::Read)?;
    let mut out = io::stdout().lock();
    let Some(id) = &args.id else {
        let missing = threads::missing(&store)?;
        missing.iter().try_for_each(|letter| write_missing(&mut out, letter, common.json))?;
        return Ok(Outcome::Well);
    };
    let thread = threads::thread(&store, resolve(&store, id)?)?;
    if common.json {
        let letters: Vec<Value> = thread.letters.iter().map(member).collect();
        let edges: Vec<Value> = thread.edges.iter().map(edge).collect();
        writeln!(out, "{}", json!({"letters": letters, "edges": edges, "cut_off": thread.is_cut_off}))?;
    } else {
        write_thread(&mut out, &thread)?;
    }
    Ok(Outcome::Well)
}

fn member(letter: &Member) -> Value {
    let facts = &letter.facts;
    let copies: Vec<String> = letter.copies.iter().map(DocumentId::to_string).collect();
    json!({
        "document": letter.document.map(|id| id.to_string()), "source": letter.source, "number": facts.number,
        "date": facts.date, "from": facts.from, "to": facts.to, "subject": facts.subject, "cited": letter.cited,
        "copies": copies,
    })
}

fn edge(edge: &Edge) -> Value {
    json!({
        "from": edge.citing.to_string(), "to": edge.cited.map(|id| id.to_string()), "number": edge.number,
        "date": edge.date, "days": edge.days,
    })
}

/// Runs `related`.
pub fn related(common: &Common, args: &RelatedArgs) -> Result<Outcome> {
    let store = Store::open(&common.archive, Access::Read)?;
    let id = resolve(&store, &args.id)?;
    let thread = threads::thread(&store, id)?;
    let index = store.index(Access::Read)?;
    let found = related::related(index.as_ref(), id, &thread, args.limit, &Filters::default())?;
    let mut out = io::stdout().lock();
    if common.json {
        let letters: Vec<Value> = found.iter().map(related_letter).collect();
        writeln!(out, "{}", json!({ "letters": letters }))?;
        return Ok(Outcome::Well);
    }
    for letter in &found {
        let date = letter.facts.date.map_or("-".to_owned(), |date| date.to_string());
        let number = letter.facts.number.as_deref().unwrap_or("-");
        let why = match letter.relation {
            Relation::Thread => "same thread ",
            Relation::Subject => "same subject",
        };
        writeln!(out, "{why}  {}  {date}  {number}", short(letter.document))?;
        if let Some(subject) = &letter.facts.subject {
            writeln!(out, "              {subject}")?;
        }
    }
    Ok(Outcome::Well)
}

fn related_letter(letter: &Related) -> Value {
    let facts = &letter.facts;
    json!({
        "document": letter.document.to_string(), "source": letter.source, "number": facts.number, "date": facts.date,
        "from": facts.from, "to": facts.to, "subject": facts.subject, "relation": letter.relation.as_str(),
    })
}

/// Writes a line a letter, by date, and under it what it answers.
fn write_thread(out: &mut impl Write, thread: &Thread) -> io::Result<()> {
    for letter in &thread.letters {
        let facts = &letter.facts;
        let date = facts.date.map_or("-".to_owned(), |date| date.to_string());
        let number = facts.number.as_deref().unwrap_or("-");
        let place = match letter.document {
            Some(id) => short(id),
            None => format!("never received, cited {} times", letter.cited),
        };
        writeln!(out, "{date}  {place}  {number}  {}", facts.from.as_deref().unwrap_or_default())?;
        if let Some(subject) = &facts.subject {
            writeln!(out, "            {subject}")?;
        }
        for copy in &letter.copies {
            writeln!(out, "            also as {}", short(*copy))?;
        }
        for edge in thread.edges.iter().filter(|edge| Some(edge.citing) == letter.document) {
            let after = edge.days.map_or(String::new(), |days| format!(" after {days} days"));
            writeln!(out, "            answers{after}: {}", edge.number)?;
        }
    }
    if thread.is_cut_off {
        writeln!(out, "more letters belong to this thread than are shown")?;
    }
    Ok(())
}

fn write_missing(out: &mut impl Write, letter: &Missing, as_json: bool) -> io::Result<()> {
    if as_json {
        let cited_by: Vec<String> = letter.cited_by.iter().map(DocumentId::to_string).collect();
        let line = json!({"number": letter.number, "date": letter.date, "from": letter.issuer, "cited_by": cited_by});
        return writeln!(out, "{line}");
    }
    let date = letter.date.map_or("-".to_owned(), |date| date.to_string());
    let issuer = letter.issuer.as_deref().unwrap_or_default();
    writeln!(out, "cited {} times  {date}  {}  {issuer}", letter.cited_by.len(), letter.number)
}

/// Writes what stands around a document: the rest of its file, and other scans of the same letter.
pub fn beside(out: &mut impl Write, store: &Store, document: &Document) -> Result<()> {
    if document.id.part.is_some() {
        let (first, last) = document.source.pages;
        let begins = store.catalogue.document(&document.id)?.and_then(|row| row.begins);
        let because = begins.map_or(String::new(), |reason| format!(", since: {reason}"));
        writeln!(out, "\npages {first} to {last} of a file that holds several letters{because}")?;
    }
    for copy in threads::copies(store, &document.id)? {
        writeln!(out, "the same letter also as {}", short(copy))?;
    }
    Ok(())
}

/// Returns the first digits of an id, for people.
fn short(id: DocumentId) -> String {
    let part = id.part.map_or(String::new(), |part| format!("-{part}"));
    format!("{}{part}", id.original.short())
}
