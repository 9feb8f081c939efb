//! Holds the licences of everything that is linked in or runs in the build: each must be allowed by `deny.toml`.
//!
//! The same list as `cargo deny` reads, checked without it, without the network, on every test run.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

#[test]
fn every_dependency_has_an_allowed_licence() {
    let allowed = allowed_licences();
    assert!(!allowed.iter().any(|id| id.contains("GPL")), "the list allows a GPL");
    let metadata = metadata();
    let packages: BTreeMap<&str, &Value> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package))
        .collect();
    let shipped = shipped(&metadata);
    assert!(shipped.len() > 50, "only {} packages in the tree: the walk went wrong", shipped.len());
    let mut refused = Vec::new();
    for id in shipped {
        let licence = packages[id]["license"].as_str().unwrap_or("none stated");
        if !is_allowed(licence, &allowed) {
            refused.push(format!("{id}: {licence}"));
        }
    }
    assert!(refused.is_empty(), "not allowed by deny.toml:\n{}", refused.join("\n"));
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"].map(str::to_owned).into();
    let check = |expression: &str, want: bool| assert_eq!(is_allowed(expression, &allowed), want, "{expression}");
    check("MIT", true);
    check("GPL-3.0-only", false);
    check("AGPL-3.0-or-later OR MIT", true);
    check("MIT AND GPL-2.0-only", false);
    check("(MIT OR GPL-2.0-only) AND Unicode-3.0", true);
    check("MIT OR GPL-2.0-only AND LGPL-2.1-only", true);
    check("(MIT OR Apache-2.0) AND OpenSSL", false);
    check("Apache-2.0 WITH LLVM-exception", true);
    check("GPL-3.0-only WITH GCC-exception-3.1", false);
    check("Apache-2.0 / MIT", true); // the older way to write OR
    check("none stated", false);
    check("", false);
}

fn allowed_licences() -> BTreeSet<String> {
    let deny: toml::Table = include_str!("../../deny.toml").parse().unwrap();
    deny["licenses"]["allow"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// Returns what cargo knows of the crates for this platform alone: those for others may never have been downloaded.
fn metadata() -> Value {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let rustc = String::from_utf8(rustc.stdout).unwrap();
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the ids of all packages reached by dependencies other than those of tests.
fn shipped(metadata: &Value) -> BTreeSet<&str> {
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    let mut reached = BTreeSet::new();
    let mut ahead = vec![metadata["resolve"]["root"].as_str().unwrap()];
    while let Some(id) = ahead.pop() {
        if !reached.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            if dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"] != "dev") {
                ahead.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    reached
}

/// Says whether an SPDX expression can be met with the allowed licences: AND binds closer than OR.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = any_of(&tokens, &mut at, allowed);
    met && at == tokens.len()
}

fn any_of(tokens: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = all_of(tokens, at, allowed);
    while tokens.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all_of(tokens, at, allowed);
    }
    met
}

fn all_of(tokens: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(tokens, at, allowed);
    while tokens.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(tokens, at, allowed);
    }
    met
}

fn one(tokens: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let Some(first) = tokens.get(*at) else { return false };
    *at += 1;
    if *first == "(" {
        let met = any_of(tokens, at, allowed);
        *at += 1; // the closing bracket
        return met;
    }
    if tokens.get(*at) == Some(&"WITH") {
        let exception = tokens.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return allowed.contains(&format!("{first} WITH {exception}"));
    }
    allowed.contains(*first)
}
