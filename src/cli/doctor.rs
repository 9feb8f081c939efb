//! `doctor`: checks what the program needs of its machine, and says the mend for each finding.

use super::Outcome;
use super::args::{Common, DoctorArgs};
use crate::config::Config;
use crate::decode::{Format, OpenFile};
use crate::model::{CleanPage, Dpi};
use crate::ocr::{LineReader, OcrEngine, Tesseract};
use crate::pipeline::{Access, Store};
use anyhow::Result;
use image::GrayImage;
use serde_json::json;
use std::env;
use std::io::{self, Write};
use std::path::Path;

/// Less free space than this is a finding: some ten thousand pages.
const LEAST_FREE_BYTES: u64 = 1 << 30;

/// A PDF of one empty page, to try the process that reads PDFs.
const EMPTY_PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj\ntrailer<</Root 1 0 R>>\n";

/// One check: whether all is well, what was seen, and what to do where it is not.
struct Check {
    name: &'static str,
    seen: Result<String, String>,
    mend: &'static str,
}

/// Runs `doctor`.
pub fn run(common: &Common, config: &Config, args: &DoctorArgs) -> Result<Outcome> {
    let checks = [
        Check {
            name: "model",
            seen: model(config, args),
            mend: "give the folder of a Tesseract model with --tessdata, or leave --tessdata away",
        },
        Check {
            name: "line reader",
            seen: line_reader(args),
            mend: "leave --tessdata away, or give a folder with a net of this version",
        },
        Check { name: "openmp", seen: openmp(), mend: "start the program with OMP_THREAD_LIMIT=1" },
        Check {
            name: "pdf",
            seen: pdf(config),
            mend: "allow the program to start itself and to write to the folder for temporary files",
        },
        Check {
            name: "archive",
            seen: archive(&common.archive),
            mend: "see the message; an archive begins with the first ingest",
        },
        Check { name: "index", seen: index(&common.archive), mend: "run reindex" },
        Check {
            name: "free space",
            seen: free_space(&common.archive),
            mend: "free space on the archive's disk, or move the archive",
        },
    ];
    let mut out = io::stdout().lock();
    for check in &checks {
        let (ok, seen) = match &check.seen {
            Ok(seen) => (true, seen),
            Err(seen) => (false, seen),
        };
        let mend = (!ok).then_some(check.mend);
        if common.json {
            writeln!(out, "{}", json!({"check": check.name, "ok": ok, "seen": seen, "mend": mend}))?;
        } else {
            let mend = mend.map_or(String::new(), |mend| format!("; {mend}"));
            writeln!(out, "{}  {:<11}  {seen}{mend}", if ok { "ok " } else { "BAD" }, check.name)?;
        }
    }
    Ok(if checks.iter().all(|check| check.seen.is_ok()) { Outcome::Well } else { Outcome::NotAll })
}

fn model(config: &Config, args: &DoctorArgs) -> Result<String, String> {
    let engine = Tesseract::load(args.tessdata.as_deref(), &config.tesseract).map_err(|error| error.to_string())?;
    let page = CleanPage { grey: GrayImage::from_pixel(300, 300, image::Luma([255])), dpi: Dpi(150) };
    engine.read(&page, &[]).map_err(|error| error.to_string())?;
    Ok(engine.identity().to_string())
}

fn line_reader(args: &DoctorArgs) -> Result<String, String> {
    let reader = LineReader::load(args.tessdata.as_deref()).map_err(|error| error.to_string())?;
    reader.self_test().map_err(|error| error.to_string())?;
    Ok(format!("{}, a known line is read rightly", reader.identity()))
}

fn openmp() -> Result<String, String> {
    match env::var("OMP_THREAD_LIMIT") {
        Ok(limit) if limit == "1" => Ok("one thread a page".to_owned()),
        Ok(limit) => Err(format!("OMP_THREAD_LIMIT is {limit}: pages compete for processors")),
        Err(_) => Err("OMP_THREAD_LIMIT is not set: pages compete for processors".to_owned()),
    }
}

fn pdf(config: &Config) -> Result<String, String> {
    let read = || -> Result<u32> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(EMPTY_PDF)?;
        Ok(OpenFile::open(file.path(), Format::Pdf, &config.decode, &env::current_exe()?)?.page_count())
    };
    match read() {
        Ok(1) => Ok("PDFs are read in a process of their own".to_owned()),
        Ok(pages) => Err(format!("a PDF of one page was read as one of {pages}")),
        Err(error) => Err(format!("{error:#}")),
    }
}

fn archive(folder: &Path) -> Result<String, String> {
    if !folder.exists() {
        return Ok(format!("none yet in {}", folder.display()));
    }
    let store = Store::open(folder, Access::Read).map_err(|error| error.to_string())?;
    let ledger = store.catalogue.ledger().map_err(|error| error.to_string())?;
    Ok(format!("{} files seen in {}", ledger.seen, folder.display()))
}

fn index(folder: &Path) -> Result<String, String> {
    if !folder.exists() {
        return Ok("none yet".to_owned());
    }
    let store = Store::open(folder, Access::Read).map_err(|error| error.to_string())?;
    let index = store.index(Access::Read).map_err(|error| error.to_string())?;
    let documents = index.document_ids().map_err(|error| error.to_string())?;
    Ok(format!("{} documents", documents.len()))
}

fn free_space(folder: &Path) -> Result<String, String> {
    let folder = std::path::absolute(folder).map_err(|error| error.to_string())?;
    let Some(existing) = folder.ancestors().find(|folder| folder.is_dir()) else {
        return Err(format!("{} lies on no disk", folder.display()));
    };
    let free = fs4::available_space(existing).map_err(|error| error.to_string())?;
    let seen = format!("{} MiB free", free >> 20);
    if free < LEAST_FREE_BYTES { Err(seen) } else { Ok(seen) }
}
