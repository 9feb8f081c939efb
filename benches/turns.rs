//! How often pages are turned wrongly, and blank pages told wrongly: `cargo bench --bench turns -- FOLDER…`.
//!
//! A folder holds scans and, beside each, `<stem>.gt.json` with `page_rotations` (clockwise turn of the scan away from
//! upright, a page each) and `blank_pages` (numbers from 1); scans without one count as upright and not blank. Every page is
//! tried in all four turns. `--patterns FILE` writes the patterns of the upright pages for `scripts/train_turns.py`: for each
//! cell of a page its number (four bytes, lowest first), then a byte a pattern with its count, 255 for more.

use serde_json::Value;
use std::env;
use std::error::Error;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use warraq::decode::{self, Format, OpenFile, SNIFF_BYTES};
use warraq::ingest::{self, What};
use warraq::model::{Dpi, Rotation};
use warraq::preprocess::thumbnail::Thumbnail;
use warraq::preprocess::{blank, border, holes, patterns, rotate};

/// Pages tried, and what went wrong.
#[derive(Default)]
struct Tally {
    upright: u32,
    upright_turned: u32,
    upright_in_doubt: u32,
    turned: u32,
    turned_wrong: u32,
    turned_in_doubt: u32,
    blank: u32,
    blank_missed: u32,
    text: u32,
    text_called_blank: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (mut folders, mut patterns) = (Vec::new(), None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--patterns" => patterns = arguments.next().map(fs::File::create).transpose()?.map(BufWriter::new),
            flag if flag.starts_with("--") => {}
            _ => folders.push(PathBuf::from(argument)),
        }
    }
    if folders.is_empty() {
        folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"));
    }
    let (mut tally, mut number) = (Tally::default(), 0_u32);
    for found in ingest::find(&folders).filter(|found| matches!(found.what, What::File)) {
        for scan in pages(&found.path)? {
            let upright = rotate::turned(scan.grey, scan.turn);
            tally.add(&scan.name, &upright, scan.dpi, scan.blank);
            if let Some(out) = patterns.as_mut().filter(|_| !scan.blank) {
                write_patterns(out, number, &upright, scan.dpi)?;
                number += 1;
            }
        }
    }
    let Tally { upright, turned, text, blank, .. } = tally;
    println!("{upright} upright pages: {} turned, {} in doubt", tally.upright_turned, tally.upright_in_doubt);
    println!("{turned} turned pages: {} turned wrongly, {} in doubt", tally.turned_wrong, tally.turned_in_doubt);
    println!(
        "{blank} blank pages: {} missed; {text} others: {} called blank",
        tally.blank_missed, tally.text_called_blank
    );
    Ok(())
}

/// One scanned page and what is known of it.
struct Scan {
    name: String,
    grey: image::GrayImage,
    dpi: Dpi,
    /// The turn that makes the scan upright.
    turn: Rotation,
    blank: bool,
}

fn pages(path: &Path) -> Result<Vec<Scan>, Box<dyn Error>> {
    let bytes = fs::read(path)?;
    let Some(format) = Format::sniff(&bytes[..bytes.len().min(SNIFF_BYTES)]) else { return Ok(Vec::new()) };
    let truth = fs::read(path.with_extension("gt.json")).ok().and_then(|json| serde_json::from_slice(&json).ok());
    let truth: Value = truth.unwrap_or_default();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_warraq"));
    let file = OpenFile::open(path, format, &decode::Settings::default(), &program)?;
    let mut pages = Vec::new();
    for index in 0..file.page_count() {
        let page = file.page(index)?;
        let away = truth["page_rotations"][index as usize].as_i64().unwrap_or(0);
        let blanks = truth["blank_pages"].as_array();
        let blank = blanks.is_some_and(|numbers| numbers.contains(&Value::from(index + 1)));
        let dpi = page.dpi.unwrap_or(Dpi((page.pixels.height().max(page.pixels.width()) as f32 / 11.69) as u32));
        let turn = Rotation::from_degrees(-away).unwrap_or_default();
        let name = format!("{} page {}", path.display(), index + 1);
        pages.push(Scan { name, grey: page.pixels.into_luma8(), dpi, turn, blank });
    }
    Ok(pages)
}

/// Returns the thumbnail as turns are looked for on it.
fn thumbnail(page: &image::GrayImage, dpi: Dpi) -> Thumbnail {
    let mut page = page.clone();
    let mut thumbnail = Thumbnail::of(&page, dpi);
    border::remove(&mut page, &mut thumbnail);
    holes::remove(&mut page, &mut thumbnail);
    thumbnail
}

impl Tally {
    fn add(&mut self, name: &str, upright: &image::GrayImage, dpi: Dpi, is_blank: bool) {
        let called_blank = blank::is_blank(&thumbnail(upright, dpi));
        if is_blank {
            self.blank += 1;
            self.blank_missed += u32::from(!called_blank);
        } else {
            self.text += 1;
            self.text_called_blank += u32::from(called_blank);
        }
        if called_blank != is_blank {
            println!("{name}: {}", if is_blank { "blank, and not found to be" } else { "called blank" });
        }
        if called_blank || is_blank {
            return;
        }
        for turn in Rotation::ALL {
            let scan = rotate::turned(upright.clone(), turn.inverse());
            let found = rotate::find(&thumbnail(&scan, dpi));
            let (wrong, doubt) = (u32::from(found.sure && found.rotation != turn), u32::from(!found.sure));
            if turn == Rotation::None {
                self.upright += 1;
                self.upright_turned += wrong;
                self.upright_in_doubt += doubt;
            } else {
                self.turned += 1;
                self.turned_wrong += wrong;
                self.turned_in_doubt += doubt;
            }
            if wrong > 0 {
                println!("{name}: needs {} degrees, {} found", turn.degrees(), found.rotation.degrees());
            }
        }
    }
}

fn write_patterns(out: &mut impl Write, number: u32, upright: &image::GrayImage, dpi: Dpi) -> std::io::Result<()> {
    for cell in patterns::count(&thumbnail(upright, dpi)) {
        out.write_all(&number.to_le_bytes())?;
        let counts: Vec<u8> = cell.iter().map(|&count| u8::try_from(count).unwrap_or(u8::MAX)).collect();
        out.write_all(&counts)?;
    }
    Ok(())
}
