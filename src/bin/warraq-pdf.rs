//! The reader of PDFs as a program of its own, which links no more than it needs.
//!
//! Started once a file, the whole program spends most of that time loading the libraries of its OCR engine. `warraq`
//! starts this one where it lies beside it, else itself as `warraq pdf-pages`.

use std::path::PathBuf;
use std::process::ExitCode;
use warraq::decode::pdf_child;
use warraq::export::pdf;

fn main() -> ExitCode {
    // As `warraq` takes it: the word `pdf-pages`, the file, and the version of who asks.
    let mut arguments = std::env::args_os().skip(2);
    match (arguments.next(), arguments.next()) {
        (Some(path), Some(version)) if version == env!("CARGO_PKG_VERSION") => {
            pdf_child::run(&PathBuf::from(path), pdf::rewritten)
        }
        _ => ExitCode::from(2),
    }
}
