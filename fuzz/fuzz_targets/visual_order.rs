//! Puts any line into logical order: every piece must come back once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use warraq::text::visual::{Base, logical_order};

fuzz_target!(|line: &str| {
    let pieces: Vec<String> = line.chars().map(String::from).collect();
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    for base in [Base::RightToLeft, Base::LeftToRight] {
        let mut indices: Vec<usize> = logical_order(&pieces, base).iter().map(|placed| placed.index).collect();
        indices.sort_unstable();
        assert!(indices.into_iter().eq(0..pieces.len()));
    }
});
