//! Text of PDFs against what their pages say: word F1 and, in order, the rate of wrong characters.
//!
//! `WARRAQ_PDF_SET` names a folder of `<name>.pdf` beside `<name>.gt.txt`, as in its `manifest.tsv`, that is measured
//! too; the texts as read are then written to the folder `WARRAQ_PDF_OUT`, if that is set.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;
use warraq::decode::trust::{self, Verdict};
use warraq::decode::{Format, OpenFile, Settings};
use warraq::layout;

/// Returns the text of all pages as the file gives it.
fn text_of(path: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_warraq"));
    let file = OpenFile::open(path, Format::Pdf, &Settings::default(), program).unwrap();
    let mut text = String::new();
    for index in 0..file.page_count() {
        let layer = file.text(index).unwrap().unwrap();
        let lines = if layer.left_to_right { layer.lines } else { layout::in_reading_order(layer.lines) };
        for line in lines {
            text.push_str(&line.text());
            text.push('\n');
        }
    }
    text
}

/// Returns the text as it is compared: NFKC, without tatweel, marks and direction marks, white space collapsed.
fn compared(text: &str) -> String {
    let kept = |c: &char| !matches!(c, '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6ED}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    let text: String = text.nfkc().filter(kept).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> HashMap<String, i64> {
    let mut words = HashMap::new();
    for word in text.split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        if !word.is_empty() {
            *words.entry(word.to_owned()).or_default() += 1;
        }
    }
    words
}

fn word_f1(truth: &str, read: &str) -> f64 {
    let (truth, read) = (words(truth), words(read));
    let shared: i64 = truth.iter().map(|(word, count)| read.get(word).copied().unwrap_or(0).min(*count)).sum();
    2.0 * shared as f64 / (truth.values().sum::<i64>() + read.values().sum::<i64>()).max(1) as f64
}

fn character_errors(truth: &str, read: &str) -> f64 {
    strsim::levenshtein(truth, read) as f64 / truth.chars().count().max(1) as f64
}

/// Prints and returns word F1 and character error rate of one file.
fn score(path: &Path) -> (f64, f64) {
    let truth = compared(&fs::read_to_string(path.with_extension("gt.txt")).unwrap());
    let text = text_of(path);
    if let Some(out) = std::env::var_os("WARRAQ_PDF_OUT") {
        fs::write(PathBuf::from(out).join(path.with_extension("txt").file_name().unwrap()), &text).unwrap();
    }
    let read = compared(&text);
    let (f1, cer) = (word_f1(&truth, &read), character_errors(&truth, &read));
    println!("{:40} F1 {:5.1}  CER {:5.1}", path.file_stem().unwrap().to_string_lossy(), f1 * 100.0, cer * 100.0);
    (f1, cer)
}

#[test]
fn the_set_named_by_the_environment_is_read_right() {
    let Some(set) = std::env::var_os("WARRAQ_PDF_SET").map(PathBuf::from) else { return };
    let manifest = fs::read_to_string(set.join("manifest.tsv")).unwrap();
    let rows = manifest.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>());
    let (mut born, mut failed) = (Vec::new(), Vec::new());
    for row in rows {
        let path = set.join(row[0]);
        let has_truth = path.with_extension("gt.txt").is_file();
        if !has_truth || !(row[3] == "text-layer" || row[0].starts_with("written/")) {
            continue;
        }
        let (f1, cer) = score(&path);
        if row[0].starts_with("born-digital/") {
            born.push((f1, cer));
        }
        let least = if row[0].starts_with("public/") { 1.0 } else { 0.9 };
        if f1 < least {
            failed.push(row[0].to_owned());
        }
    }
    let mean = |part: fn(&(f64, f64)) -> f64| born.iter().map(part).sum::<f64>() / born.len() as f64;
    let (f1, cer) = (mean(|score| score.0), mean(|score| score.1));
    println!("{} born-digital files: F1 {:.1}, CER {:.1}", born.len(), f1 * 100.0, cer * 100.0);
    assert!(failed.is_empty() && f1 >= 0.98 && cer <= 0.03, "{failed:?}");
}

#[test]
fn the_pages_of_the_set_are_judged_as_its_manifest_says() {
    let Some(set) = std::env::var_os("WARRAQ_PDF_SET").map(PathBuf::from) else { return };
    let manifest = fs::read_to_string(set.join("manifest.tsv")).unwrap();
    let (mut right, mut wrong) = (0, Vec::new());
    for row in manifest.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>()) {
        let program = Path::new(env!("CARGO_BIN_EXE_warraq"));
        let file = OpenFile::open(&set.join(row[0]), Format::Pdf, &Settings::default(), program).unwrap();
        for index in 0..file.page_count() {
            let verdict = trust::judge(&file.text(index).unwrap().unwrap(), |_| None);
            println!("{:44} {verdict:?}", row[0]);
            if matches!(verdict, Verdict::Take { .. }) == (row[3] == "text-layer") {
                right += 1;
            } else {
                wrong.push(row[0].to_owned());
            }
        }
    }
    assert!(right * 100 >= 97 * (right + wrong.len()), "{right} right, wrong: {wrong:?}");
}
