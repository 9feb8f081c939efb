//! `inspect`: a file in, pictures of how its pages are read out.

use super::args::{Common, InspectArgs};
use super::{Outcome, UsageError, engine, print};
use crate::config::Config;
use crate::decode::{Format, OpenFile, SNIFF_BYTES};
use crate::pipeline::{Patience, Reader};
use anyhow::{Context, Result};
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, Read, Write};

/// Runs `inspect`.
pub fn run(common: &Common, config: &Config, args: &InspectArgs) -> Result<Outcome> {
    let name = args.file.display();
    let mut head = Vec::new();
    let file = File::open(&args.file).with_context(|| format!("{name} cannot be opened"))?;
    file.take(SNIFF_BYTES as u64).read_to_end(&mut head).with_context(|| format!("{name} cannot be read"))?;
    let format = Format::sniff(&head).ok_or_else(|| UsageError(format!("{name} is no kind of file Warraq reads")))?;
    let program = std::env::current_exe().context("the program cannot find itself, which it starts anew for PDFs")?;
    let file = OpenFile::open(&args.file, format, &config.decode, &program).with_context(|| name.to_string())?;
    if let Some(page) = args.page.filter(|page| *page > file.page_count()) {
        return Err(UsageError(format!("{name} has no page {page}, only {}", file.page_count())).into());
    }
    let engine = engine::load(args.engine, args.tessdata.as_deref(), config)?;
    let reader = Reader::Image { engine, preprocess: config.preprocess.clone() };
    fs::create_dir_all(&args.output).with_context(|| format!("{} cannot be made", args.output.display()))?;

    let stem = args.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut out = io::stdout().lock();
    let pages = args.page.map_or(1..=file.page_count(), |page| page..=page);
    let mut outcome = Outcome::Well;
    for number in pages {
        let read = reader.inspect(&file, number - 1).and_then(|pictures| {
            Ok((pictures, reader.read(&file, &args.file, number - 1, |_| None, &Patience::endless())?))
        });
        let (pictures, page) = match read {
            Ok(read) => read,
            Err(failure) => {
                print::aside(&format_args!("warraq: {name}, page {number}: {failure}"));
                outcome = Outcome::NotAll;
                continue;
            }
        };
        let mut written = Vec::new();
        for picture in pictures {
            let path = args.output.join(format!("{stem}-p{number:03}-{}.png", picture.name));
            picture.image.save(&path).with_context(|| format!("{} cannot be written", path.display()))?;
            written.push(path);
        }
        written.sort();
        let confidence = page.confidence().map(|confidence| f64::from((confidence.get() * 1000.0).round()) / 1000.0);
        let (words, lines, turn) = (page.words().count(), page.lines.len(), page.rotation.degrees());
        if common.json {
            let files: Vec<_> = written.iter().map(|path| path.display().to_string()).collect();
            let object = json!({
                "page": number, "dpi": page.dpi.0, "rotation": turn, "lines": lines, "words": words,
                "confidence": confidence, "reason": page.reason, "pictures": files,
            });
            writeln!(out, "{object}")?;
            continue;
        }
        let reason = page.reason.map_or(String::new(), |reason| format!(", {reason}"));
        let sure = confidence.map_or("-".to_owned(), |confidence| format!("{:.0} %", confidence * 100.0));
        writeln!(
            out,
            "page {number}: {} dpi, turned by {turn}, {lines} lines, {words} words, sure of {sure}{reason}",
            page.dpi.0
        )?;
        for path in written {
            writeln!(out, "  {}", path.display())?;
        }
    }
    Ok(outcome)
}
