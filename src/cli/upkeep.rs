//! `verify`, `backup` and `restore`: what keeps an archive sound, and brings it back.

use super::args::{BackupArgs, Common, RestoreArgs, VerifyArgs};
use super::run::progress_bar;
use super::{Outcome, UsageError, print};
use crate::pipeline::{self, Access, BackupError, Copied, Finding, Store};
use anyhow::Result;
use serde_json::json;
use std::io::{self, Write};

/// Runs `verify`.
pub fn verify(common: &Common, args: &VerifyArgs) -> Result<Outcome> {
    if !(args.sample > 0.0 && args.sample <= 100.0) {
        return Err(
            UsageError(format!("--sample {}: give a share in percent, above 0 and up to 100", args.sample)).into()
        );
    }
    let share = args.sample / 100.0;
    let mut told = Told { common, findings: 0, open: 0, written: Ok(()) };
    let store = Store::open(&common.archive, Access::Read)?; // an archive is not made by looking at it
    let checked = if args.repair {
        drop(store);
        let store = Store::open(&common.archive, Access::Write)?;
        let backup = args.backup.as_deref();
        pipeline::repair(&store, backup, share, |repaired| told.tell(&repaired.finding, repaired.by.as_deref()))?
    } else {
        let index = store.index(Access::Read)?;
        pipeline::verify(&store, &*index, share, |finding| told.tell(&finding, None))?
    };
    let Told { findings, open, written, .. } = told;
    written?;
    let mut out = io::stdout().lock();
    if common.json {
        let summary = json!({"blobs": checked.blobs, "documents": checked.documents, "findings": findings, "mended": findings - open});
        writeln!(out, "{}", json!({"summary": summary}))?;
    } else {
        let mended = if args.repair { format!(", {} mended", findings - open) } else { String::new() };
        writeln!(
            out,
            "{} blobs and {} documents checked: {findings} findings{mended}",
            checked.blobs, checked.documents
        )?;
    }
    Ok(if open == 0 { Outcome::Well } else { Outcome::NotAll })
}

/// Tells findings and counts them.
struct Told<'a> {
    common: &'a Common,
    findings: u64,
    open: u64,
    written: io::Result<()>,
}

impl Told<'_> {
    fn tell(&mut self, finding: &Finding, mended: Option<&str>) {
        self.findings += 1;
        self.open += u64::from(mended.is_none());
        if self.written.is_ok() {
            self.written = print::finding(&mut io::stdout().lock(), finding, mended, self.common.json);
        }
    }
}

/// Runs `backup`.
pub fn backup(common: &Common, args: &BackupArgs) -> Result<Outcome> {
    let store = Store::open(&common.archive, Access::Read)?;
    let bar = progress_bar(common, 0, "blobs");
    let copied = pipeline::backup(&store, &args.folder, args.all, || bar.inc(1)).map_err(usage)?;
    bar.finish_and_clear();
    tell(common, &copied)
}

/// Runs `restore`.
pub fn restore(common: &Common, args: &RestoreArgs) -> Result<Outcome> {
    let bar = progress_bar(common, 0, "files");
    let copied = pipeline::restore(&args.folder, &common.archive, || bar.inc(1)).map_err(usage)?;
    bar.finish_and_clear();
    tell(common, &copied)
}

/// Folders that hold something else are a wrong call.
fn usage(error: BackupError) -> anyhow::Error {
    match error {
        BackupError::NotEmpty(_) | BackupError::Occupied(_) | BackupError::NoState(_) => {
            UsageError(error.to_string()).into()
        }
        other => other.into(),
    }
}

fn tell(common: &Common, copied: &Copied) -> Result<Outcome> {
    let mut out = io::stdout().lock();
    if common.json {
        let summary = json!({
            "blobs": copied.blobs, "copied": copied.copied, "bytes": copied.bytes, "documents": copied.documents,
            "damaged": copied.damaged,
        });
        writeln!(out, "{}", json!({"summary": summary}))?;
    } else {
        for damaged in &copied.damaged {
            writeln!(out, "{damaged}")?;
        }
        let mib = copied.bytes as f64 / f64::from(1 << 20);
        writeln!(
            out,
            "{} blobs; {} files copied and read back, {mib:.1} MiB; {} findings",
            copied.blobs,
            copied.copied,
            copied.damaged.len()
        )?;
    }
    Ok(if copied.damaged.is_empty() { Outcome::Well } else { Outcome::NotAll })
}
