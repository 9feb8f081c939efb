//! `bodies`: the list of bodies, shown and changed.

use super::args::{BodiesArgs, BodiesCommand, Common};
use super::{Outcome, UsageError};
use crate::pipeline::{Access, ArchiveError, Store, bodies};
use crate::thread::bodies::{Bodies, BodiesError, Body};
use anyhow::Result;
use serde_json::json;
use std::io::{self, Write};

/// Runs `bodies`.
pub fn run(common: &Common, args: &BodiesArgs) -> Result<Outcome> {
    match &args.command {
        BodiesCommand::List => {
            let store = Store::open(&common.archive, Access::Read)?;
            let known = bodies::load(&store)?;
            list(common, &known, &known.proposals(&store.catalogue.issuers()?))
        }
        BodiesCommand::Add { name, also, short, above, from, until, now } => {
            let body = Body {
                name: name.clone(),
                also: also.clone(),
                short: short.clone(),
                above: above.clone(),
                from: *from,
                until: *until,
                now: now.clone(),
            };
            change(common, |known| known.with(body))
        }
        BodiesCommand::Merge { name, into } => change(common, |known| known.merged(name, into)),
    }
}

fn change(common: &Common, how: impl FnOnce(&Bodies) -> Result<Bodies, BodiesError>) -> Result<Outcome> {
    Store::open(&common.archive, Access::Read)?; // an archive is not made by naming bodies
    let store = Store::open(&common.archive, Access::Write)?;
    let changed = match bodies::change(&store, how) {
        Err(ArchiveError::Bodies { source, .. }) => return Err(UsageError(source.to_string()).into()),
        changed => changed?,
    };
    let mut out = io::stdout().lock();
    if common.json {
        writeln!(out, "{}", json!({"version": changed.version, "bodies": changed.iter().count()}))?;
    } else {
        writeln!(out, "{} bodies, version {} of the list", changed.iter().count(), changed.version)?;
    }
    Ok(Outcome::Well)
}

fn list(common: &Common, known: &Bodies, proposals: &[(String, u64)]) -> Result<Outcome> {
    let mut out = io::stdout().lock();
    for body in known.iter() {
        if common.json {
            let line = json!({
                "name": body.name, "also": body.also, "short": body.short, "above": body.above, "from": body.from,
                "until": body.until, "now": body.now, "proposed": false,
            });
            writeln!(out, "{line}")?;
        } else {
            let years = match (body.from, body.until) {
                (None, None) => String::new(),
                (from, until) => {
                    let year = |year: Option<u16>| year.map_or(String::new(), |year| year.to_string());
                    format!(" ({}-{})", year(from), year(until))
                }
            };
            let also = if body.also.is_empty() { String::new() } else { format!("  = {}", body.also.join(" = ")) };
            writeln!(out, "known{years}  {}{also}", body.name)?;
        }
    }
    for (name, letters) in proposals {
        if common.json {
            writeln!(out, "{}", json!({"name": name, "letters": letters, "proposed": true}))?;
        } else {
            writeln!(out, "proposed, {letters} letters  {name}")?;
        }
    }
    Ok(Outcome::Well)
}
