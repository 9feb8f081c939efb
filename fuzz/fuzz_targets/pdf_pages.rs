//! Reads images and text of all pages of a PDF made of any bytes, in this very process and without its limits.
//!
//! `cargo +nightly fuzz run pdf_pages -- -rss_limit_mb=4096 -timeout=60 -max_len=200000`, with small PDFs in
//! `fuzz/corpus/pdf_pages`. Exhausted memory and endless work are for the limits of the reader's process to stop;
//! what is looked for here are panics that nothing catches and aborts.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| warraq::decode::read_pdf_in_process(bytes.to_vec()));
