//! Milliseconds that it takes to understand a letter that was read: `cargo bench --bench letters -- ARCHIVE`, an archive with letters in it.
//!
//! The pages of each document go through [`warraq::extract::read_letter`] several times; opening the document, which also settles what other
//! letters say of it, is told apart. Times are those of the thread on a processor, as Linux tells them.

use std::env;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use warraq::extract::read_letter;
use warraq::model::Document;
use warraq::pipeline::{Access, Store};

const TIMES: u32 = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let archive = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let archive = archive.ok_or("which archive? cargo bench --bench letters -- ARCHIVE")?;
    let store = Store::open(Path::new(&archive), Access::Read)?;
    let ids = store.catalogue.document_ids("", usize::MAX)?;
    let began = thread_milliseconds();
    let documents: Vec<Document> =
        ids.iter().filter_map(|id| store.document(id).transpose()).collect::<Result<_, _>>()?;
    let opened = thread_milliseconds() - began;
    let mut each: Vec<f64> = documents.iter().map(time).collect();
    each.sort_by(f64::total_cmp);
    let letters = each.len().max(1);
    let at = |share: usize| each.get(letters * share / 100).or(each.last()).copied().unwrap_or(0.0);
    println!("{letters} letters, ms of processor time each:");
    println!(
        "  understood  mean {:.2}  median {:.2}  p99 {:.2}",
        each.iter().sum::<f64>() / letters as f64,
        at(50),
        at(99)
    );
    println!("  opened      mean {:.2}", opened / letters as f64);
    Ok(())
}

fn time(document: &Document) -> f64 {
    let began = thread_milliseconds();
    for _ in 0..TIMES {
        black_box(read_letter(black_box(&document.pages)));
    }
    (thread_milliseconds() - began) / f64::from(TIMES)
}

fn thread_milliseconds() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|spent| spent.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
}
