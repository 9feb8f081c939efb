//! The program from outside, in one binary: its rules of structure, its command line on the sample letters, its accuracy as a
//! number with a floor, threads, batches and corrections, its manners with broken files, and what a crash leaves behind.
//!
//! Everything runs the real executable in folders of its own under `target/tmp`; nothing here needs the network, a port or
//! a terminal. `WARRAQ_CRASH_ROUNDS` sets how often the crash tests kill the program (6).

// Helpers beside the test functions unwrap too: whatever is unexpected ends the test.
#![allow(clippy::unwrap_used)]

mod accuracy;

mod access;
mod architecture;
mod backup;
mod bad_files;
mod browser;
mod cli;
mod crash;
mod decode;
mod faults;
mod golden;
mod inert;
mod letters;
mod licences;
mod pdf_hostile;
mod pdf_readback;
mod pdf_scans;
mod pdf_text;
mod retry;
mod serve;
mod support;
mod watch;
mod who_sees;
