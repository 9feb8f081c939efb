//! Warraq turns paper archives of Arabic official correspondence into something a clerk can search.
//!
//! The modules stand in the order in which a letter travels through them. [`ingest`] finds files and hands each on
//! exactly once; [`watch`] does so for ever; [`decode`] turns bytes into page images; [`preprocess`] turns a page upright, straightens and cleans
//! it; [`ocr`] reads lines of words and [`layout`] puts them into the order of reading; [`extract`] understands them as a
//! letter, and [`thread`] knows which letter it cites; [`archive`] keeps bytes and readings for good and [`catalogue`] knows what is kept and what became of every
//! file; [`search`] finds letters again; [`export`] writes them out. [`pipeline`] runs these stages over many pages at
//! once, [`serve`] shows the archive to people and programs over HTTP, [`evaluate`] measures how well pages are read, [`cli`] is what
//! people type.
//! [`model`] holds the values that flow between the stages, [`text`] what is known about Arabic writing.
//!
//! ```text
//! ingest -> decode -> preprocess -> ocr -> layout -> extract -> archive + catalogue -> search -> export
//! bytes     pages     clean grey    words  lines     fields     blobs     rows        index     files
//! ```

#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))] // both panic where nobody listens

pub mod model;
pub mod text;

pub mod archive;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod decode;
pub mod evaluate;
pub mod export;
pub mod extract;
pub mod ingest;
pub mod layout;
pub mod ocr;
pub mod pipeline;
pub mod preprocess;
pub mod search;
pub mod segment;
pub mod serve;
pub mod thread;
pub mod watch;
