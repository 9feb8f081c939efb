//! What other programs read from the PDFs that are exported: poppler, pdfium and pdf.js must find the words of the letters, and
//! in their order; qpdf must find the files sound.
//!
//! `make test` installs these readers (scripts/install-readers.sh); one that is missing is told, and not tested.

use crate::support::{Shared, root, run, shared, temp_dir};
use rapidfuzz::distance::lcs_seq;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use unicode_normalization::UnicodeNormalization;

/// The least part of the words that must be found in order.
const FLOOR: f64 = 0.97;

/// A file with the texts of its pages, as some reader has them.
type Texts = BTreeMap<PathBuf, Vec<String>>;

/// Returns the words of a text without marks, direction marks and the signs around them.
fn words(text: &str) -> Vec<String> {
    let shown = |c: &char| !matches!(c, '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    let text: String = text.nfkc().filter(shown).collect();
    let trimmed = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned());
    trimmed.filter(|word| !word.is_empty()).collect()
}

/// Exports the samples as PDF, and returns the words that were read on each page of each file.
fn exported(folder: &Path, Shared { archive, .. }: &Shared) -> Texts {
    run(archive, ["export", "--format", "pdf", "--output", folder.to_str().unwrap()]).expect_code(0);
    let documents = run(archive, ["export", "--format", "jsonl"]).expect_code(0).lines();
    let text =
        |page: &Value| if page["origin"] == "ocr" { page["text"].as_str().unwrap().to_owned() } else { String::new() };
    let pages = |document: &Value| document["pages"].as_array().unwrap().iter().map(text).collect();
    let file = |document: &Value| {
        let name = Path::new(document["source"]["name"].as_str().unwrap()).with_extension("pdf");
        folder.join(name)
    };
    documents.iter().map(|document| (file(document), pages(document))).collect()
}

/// Holds what a reader found against what was written.
#[track_caller]
fn check(reader: &str, written: &Texts, found: &Texts) {
    let (mut all, mut in_order) = (0, 0);
    for (file, pages) in written {
        let found = found.get(file).unwrap_or_else(|| panic!("{reader} did not read {}", file.display()));
        assert!(
            found.len() >= pages.len(),
            "{reader} finds {} of {} pages in {}",
            found.len(),
            pages.len(),
            file.display()
        );
        for (wanted, got) in pages.iter().zip(found) {
            let (wanted, got) = (words(wanted), words(got));
            let mut numbers = BTreeMap::new();
            let mut numbered = |words: Vec<String>| -> Vec<u32> {
                words
                    .into_iter()
                    .map(|word| {
                        let next = numbers.len() as u32;
                        *numbers.entry(word).or_insert(next)
                    })
                    .collect()
            };
            let (wanted, got) = (numbered(wanted), numbered(got));
            all += wanted.len();
            in_order += lcs_seq::similarity(wanted, got);
        }
    }
    assert!(all > 1000, "only {all} words were written");
    let part = in_order as f64 / all as f64;
    println!("{reader}: {in_order} of {all} words in order, {:.1} %", 100.0 * part);
    assert!(part >= FLOOR, "{reader} finds {:.1} % of the words in order", 100.0 * part);
}

/// Runs a reader that prints `{"path": …, "pages": […]}` for each file.
fn read_by(command: &mut Command, files: &Texts) -> Texts {
    let output = command.args(files.keys()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = |line: &str| {
        let read: Value = serde_json::from_str(line).unwrap();
        let pages = read["pages"].as_array().unwrap().iter().map(|page| page.as_str().unwrap().to_owned()).collect();
        (PathBuf::from(read["path"].as_str().unwrap()), pages)
    };
    String::from_utf8(output.stdout).unwrap().lines().map(line).collect()
}

fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        println!("skipped: {program} is not installed; see scripts/install-readers.sh");
    }
    found
}

#[test]
fn others_read_back_what_was_exported() {
    let folder = temp_dir();
    let written = exported(folder.path(), shared());
    let readers = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("readers");
    let scripts = root().join("tests/readers");
    if is_there("pdftotext") {
        let read = |file: &PathBuf| {
            let output = Command::new("pdftotext").arg(file).arg("-").output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            (file.clone(), text.split('\u{c}').map(str::to_owned).collect())
        };
        // poppler puts columns in an order of its own, so its words are counted wherever they stand.
        let sorted = |texts: &Texts| -> Texts {
            let sort = |page: &String| {
                let mut words = words(page);
                words.sort();
                words.join(" ")
            };
            texts.iter().map(|(file, pages)| (file.clone(), pages.iter().map(sort).collect())).collect()
        };
        check("poppler", &sorted(&written), &sorted(&written.keys().map(read).collect()));
    }
    let python = readers.join("venv/bin/python");
    if is_there(&python.to_string_lossy()) {
        check("pdfium", &written, &read_by(Command::new(&python).arg(scripts.join("pdfium.py")), &written));
    }
    let modules = readers.join("node_modules");
    if is_there("node") && modules.is_dir() {
        check(
            "pdf.js",
            &written,
            &read_by(Command::new("node").arg(scripts.join("pdfjs.mjs")).arg(&modules), &written),
        );
    } else {
        println!("skipped: pdf.js is not installed; see scripts/install-readers.sh");
    }
}

#[test]
fn qpdf_finds_exported_files_sound() {
    if !is_there("qpdf") {
        return;
    }
    let folder = temp_dir();
    let files = exported(folder.path(), shared());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), files.len());
    for file in files.keys() {
        let output = Command::new("qpdf").arg("--check").arg(file).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", file.display());
    }
}
