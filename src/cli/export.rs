//! `export`: documents of the archive into files of other forms.

use super::args::{AltoVersion, Common, ExportArgs, Format};
use super::ingest::with_passwords;
use super::run::{load, progress_bar, resolve};
use super::{Outcome, UsageError, print};
use crate::config::Config;
use crate::export::{self, Alto, FileNames};
use crate::model::{Document, DocumentId};
use crate::pipeline::{Access, Store, searchable_pdf};
use anyhow::{Context, Result};
use std::env;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Runs `export`.
pub fn run(common: &Common, config: &Config, args: &ExportArgs) -> Result<Outcome> {
    let store = Store::open(&common.archive, Access::Read)?;
    let ids = match args.ids.as_slice() {
        [] => store.catalogue.document_ids("", usize::MAX)?,
        typed => typed.iter().map(|id| resolve(&store, id)).collect::<Result<_>>()?,
    };
    match (args.format, &args.output) {
        (Format::Jsonl, None) => {
            let mut out = BufWriter::new(io::stdout().lock());
            for id in ids {
                export::write_jsonl(&load(&store, id)?, args.words, &mut out)?;
            }
            out.flush()?;
            Ok(Outcome::Well)
        }
        (_, None) => {
            let message = "this format writes a file a document: say where with --output DIR";
            Err(UsageError(message.to_owned()).into())
        }
        (_, Some(folder)) => files(common, config, args, &store, folder, &ids),
    }
}

/// Writes a file a document. One that cannot be written is told and costs only itself.
fn files(
    common: &Common,
    config: &Config,
    args: &ExportArgs,
    store: &Store,
    folder: &Path,
    ids: &[DocumentId],
) -> Result<Outcome> {
    fs::create_dir_all(folder).with_context(|| format!("making the folder {} failed", folder.display()))?;
    let mut names = FileNames::default();
    for id in store.catalogue.document_ids("", usize::MAX)? {
        if let Some(row) = store.catalogue.document(&id)? {
            names.count(&id, &row.source.name);
        }
    }
    let decode = with_passwords(&config.decode, args.password_file.as_deref())?;
    let program = env::current_exe().context("the program cannot find itself, which it starts anew for PDFs")?;
    let bar = progress_bar(common, ids.len() as u64, "documents");
    let mut outcome = Outcome::Well;
    for id in ids {
        let document = load(store, *id)?;
        let path = folder.join(names.name(id, &document.source.name, ending(args.format)));
        let bytes = match args.format {
            Format::Pdf => {
                searchable_pdf(store, &document, &decode, &program, args.optimise).map_err(anyhow::Error::from)
            }
            _ => written(&document, args).map_err(anyhow::Error::from),
        };
        match bytes {
            Ok(bytes) => {
                fs::write(&path, bytes).with_context(|| format!("writing {} failed", path.display()))?;
            }
            Err(error) => {
                bar.suspend(|| print::aside(&format_args!("{}: {error:#}", document.source.path)));
                outcome = Outcome::NotAll;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(outcome)
}

fn ending(format: Format) -> &'static str {
    match format {
        Format::Jsonl => "jsonl",
        Format::Text => "txt",
        Format::Pdf => "pdf",
        Format::Alto => "xml",
        Format::Hocr => "hocr",
    }
}

fn written(document: &Document, args: &ExportArgs) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match args.format {
        Format::Jsonl => export::write_jsonl(document, args.words, &mut bytes)?,
        Format::Text | Format::Pdf => export::write_text(document, &mut bytes)?,
        Format::Alto => {
            let version = match args.alto_version {
                AltoVersion::Two => Alto::V2,
                AltoVersion::Four => Alto::V4,
            };
            export::write_alto(document, version, &mut bytes)?;
        }
        Format::Hocr => export::write_hocr(document, &mut bytes)?,
    }
    Ok(bytes)
}
