//! Holds the direction of dependencies: which module may name which. Reads `src/` and fails with file and line.

use std::fs;
use std::path::{Path, PathBuf};

/// A module and the modules it may name beside itself. Arrows point down the way of a letter.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("text", &[]),
    ("ingest", &["model"]),
    ("preprocess", &["model"]),
    ("archive", &["model"]),
    ("catalogue", &["model"]),
    ("decode", &["model", "text"]),
    ("ocr", &["model", "text"]),
    ("layout", &["model", "text"]),
    ("segment", &["model"]),
    ("extract", &["model", "text"]),
    ("thread", &["model", "text"]),
    ("search", &["model", "text"]),
    ("export", &["model", "text"]),
    ("evaluate", &["model", "text"]),
    // The stages' settings.
    ("config", &["ingest", "decode", "preprocess", "ocr", "pipeline", "search", "serve", "model"]),
    (
        "pipeline",
        &[
            "ingest",
            "decode",
            "preprocess",
            "ocr",
            "segment",
            "layout",
            "extract",
            "thread",
            "archive",
            "catalogue",
            "search",
            "export",
            "model",
            "text",
        ],
    ),
    // Limits of decoding are handed through; uploads are handed to the pipeline as found files.
    ("serve", &["pipeline", "catalogue", "search", "export", "thread", "decode", "ingest", "model", "text"]),
    // The command line also runs the child process that parses PDFs, and names engines and folders.
    (
        "cli",
        &[
            "pipeline",
            "serve",
            "config",
            "archive",
            "catalogue",
            "search",
            "export",
            "thread",
            "model",
            "decode",
            "ocr",
            "ingest",
            "evaluate",
        ],
    ),
    ("main", &["cli"]),
    // The reader of PDFs as a program of its own.
    ("bin", &["decode", "export"]),
];

#[test]
fn modules_name_only_what_lies_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for file in rust_files(&root) {
        let inside = file.strip_prefix(&root).unwrap();
        let source = fs::read_to_string(&file).unwrap();
        found.extend(violations(inside, &source));
    }
    assert!(found.is_empty(), "against the direction of dependencies:\n{}", found.join("\n"));
}

#[test]
fn every_module_stands_in_the_table() {
    let lib = include_str!("../../src/lib.rs");
    let listed = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    for module in listed {
        assert!(MAY_NAME.iter().any(|(name, _)| *name == module), "{module} has no line in MAY_NAME");
    }
}

#[track_caller]
fn check(file: &str, source: &str, want: &[&str]) {
    assert_eq!(violations(Path::new(file), source), want, "in {source:?}");
}

#[test]
fn a_forbidden_name_is_found_with_its_line() {
    check("ocr/mod.rs", "use crate::model::Page;\nuse crate::archive::Fs;", &["src/ocr/mod.rs:2: ocr names archive"]);
    check("model/page.rs", "fn f(x: crate::text::Key) {}", &["src/model/page.rs:1: model names text"]);
    check("config.rs", "use super::cli::Args;", &["src/config.rs:1: config names cli"]);
    check("text/mod.rs", "use super::super::decode;", &["src/text/mod.rs:1: text names decode"]);
    check("main.rs", "warraq::pipeline::run()", &["src/main.rs:1: main names pipeline"]);
}

#[test]
fn a_group_hides_nothing() {
    let message = "src/ocr/mod.rs:1: ocr names a group, crate::{…}: write one path a line";
    check("ocr/mod.rs", "use crate::{model::Page, archive::Fs};", &[message]);
    check("ocr/mod.rs", "use crate:: { model::Page };", &[message]);
    check("ocr/mod.rs", "use crate::*;", &["src/ocr/mod.rs:1: ocr names everything, crate::*"]);
}

#[test]
fn comments_and_own_names_are_no_violations() {
    check("ocr/mod.rs", "//! See [`crate::archive`].\n/* crate::cli\n crate::search */ use crate::ocr::Engine;", &[]);
    check("ocr/mod.rs", "let pattern = \"a//b\"; use crate::text::search_key; // crate::cli", &[]);
    check("ocr/lines.rs", "use super::super::model::Page;", &[]);
}

#[test]
fn code_after_a_string_with_slashes_is_still_read() {
    let found = &["src/ocr/mod.rs:1: ocr names cli"];
    check("ocr/mod.rs", "let url = \"http://x\"; crate::cli::run();", found);
    check("ocr/mod.rs", "let quote = ['\"', '\\'', '\\\\']; crate::cli::run();", found);
    check("ocr/mod.rs", "let raw = r#\"one \" alone\"#; crate::cli::run::<'a>('x');", found);
}

/// Returns what `source`, the text of `src/<file>`, names against the table.
fn violations(file: &Path, source: &str) -> Vec<String> {
    let module = top_module(file);
    if module == "lib" {
        return Vec::new(); // lib.rs declares all modules and holds no code
    }
    let allowed = MAY_NAME.iter().find(|(name, _)| *name == module).map_or(&[][..], |(_, allowed)| *allowed);
    let mut found = Vec::new();
    for (number, line) in without_comments(source).lines().enumerate() {
        let place = format!("src/{}:{}: {module} names", file.display(), number + 1);
        for named in names(file, line) {
            match named.as_str() {
                "{" => found.push(format!("{place} a group, crate::{{…}}: write one path a line")),
                "*" => found.push(format!("{place} everything, crate::*")),
                name if name != module && !allowed.contains(&name) => found.push(format!("{place} {name}")),
                _ => {}
            }
        }
    }
    found
}

/// Returns the top-level modules named in a line of code; `{` or `*` stands for a group or a glob at the crate's root.
fn names(file: &Path, line: &str) -> Vec<String> {
    let line: String = line.split_whitespace().collect::<Vec<_>>().join(" ").replace(":: ", "::").replace(" ::", "::");
    // A file right under src/ reaches its siblings with one `super::`, files in folders with two or more.
    let ways: &[&str] = match (file.components().count(), file.to_str()) {
        (1, Some("main.rs")) | (2, Some("bin/warraq-pdf.rs")) => &["crate::", "warraq::"],
        (1, _) => &["crate::", "super::"],
        _ => &["crate::", "super::super::"],
    };
    let mut found = Vec::new();
    for way in ways {
        let rooted = !way.starts_with("super");
        for rest in line.split(way).skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let known = MAY_NAME.iter().any(|(module, _)| *module == name);
            match rest.chars().next() {
                Some(first @ ('{' | '*')) if rooted => found.push(first.to_string()),
                // Inline modules (`mod tests`) use `super::` for their own file: only what is a module's name counts.
                _ if known || (rooted && !name.is_empty()) => found.push(name),
                _ => {}
            }
        }
    }
    found
}

/// Returns the module a file belongs to: `ocr` for `ocr/mod.rs` and `ocr.rs`.
fn top_module(file: &Path) -> String {
    let first = file.components().next().unwrap();
    Path::new(first.as_os_str()).file_stem().unwrap().to_string_lossy().into_owned()
}

/// Returns the code of `source`: comments and literals left out, line breaks kept.
fn without_comments(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let (mut code, mut at) = (String::with_capacity(source.len()), 0);
    while at < chars.len() {
        match end_of_silence(&chars, at) {
            Some(end) => {
                code.extend(chars[at..end].iter().filter(|c| **c == '\n'));
                at = end;
            }
            None => {
                code.push(chars[at]);
                at += 1;
            }
        }
    }
    code
}

/// Returns where the comment or literal that begins at `at` ends, or `None` where code stands.
fn end_of_silence(chars: &[char], at: usize) -> Option<usize> {
    let starts = |place: usize, text: &str| text.chars().enumerate().all(|(i, c)| chars.get(place + i) == Some(&c));
    let find = |from: usize, text: &str| (from..chars.len()).find(|place| starts(*place, text));
    if starts(at, "//") {
        return Some(find(at, "\n").unwrap_or(chars.len()));
    }
    if starts(at, "/*") {
        let (mut depth, mut place) = (1, at + 2);
        while depth > 0 && place < chars.len() {
            depth += i32::from(starts(place, "/*")) - i32::from(starts(place, "*/"));
            place += if starts(place, "/*") || starts(place, "*/") { 2 } else { 1 };
        }
        return Some(place);
    }
    let in_a_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    if chars[at] == 'r' && !in_a_word {
        let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
        if chars.get(at + 1 + hashes) == Some(&'"') {
            let closing = format!("\"{}", "#".repeat(hashes));
            return Some(find(at + 2 + hashes, &closing).map_or(chars.len(), |place| place + 1 + hashes));
        }
    }
    // `'a'` and `'\n'` are literals, `'a` is a lifetime.
    let quoted = chars[at] == '\'' && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\''));
    if chars[at] == '"' || quoted {
        let mut place = at + 1;
        while place < chars.len() && chars[place] != chars[at] {
            place += if chars[place] == '\\' { 2 } else { 1 };
        }
        return Some((place + 1).min(chars.len()));
    }
    None
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
