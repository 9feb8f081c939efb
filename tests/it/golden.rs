//! Archives that earlier programs wrote: opened, brought to this program's form, found and exported as they were.

use crate::support::{exported, root, run, temp_dir};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns where in the new value the old one is not to be found again; members may have been added to objects.
fn lost(old: &Value, new: &Value, at: &str) -> Vec<String> {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => old
            .iter()
            .flat_map(|(key, value)| lost(value, new.get(key).unwrap_or(&Value::Null), &format!("{at}.{key}")))
            .collect(),
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            old.iter().zip(new).enumerate().flat_map(|(n, (old, new))| lost(old, new, &format!("{at}[{n}]"))).collect()
        }
        _ if old == new => Vec::new(),
        _ => vec![format!("{at}: {old} became {new}")],
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let place = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(place).unwrap();
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

#[test]
fn archives_of_earlier_programs_open_and_hold_what_they_held() {
    let golden = root().join("tests/golden");
    let archives: Vec<PathBuf> =
        fs::read_dir(&golden).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    assert!(!archives.is_empty());
    for from in archives {
        let folder = temp_dir();
        let archive = folder.path().join("archive");
        copy_folder(&from, &archive);
        run(&archive, ["reindex"]).expect_code(0);
        run(&archive, ["verify"]).expect_code(0);
        let found = run(&archive, ["search", "--json", "وزارة الإعمار"]).expect_code(0).object();
        assert!(found["total"].as_u64() >= Some(1), "{found}");
        let text = fs::read_to_string(from.with_extension("jsonl")).unwrap();
        let old: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let new = exported(&archive);
        assert_eq!(old.len(), new.len());
        let lost: Vec<String> = old.iter().zip(&new).flat_map(|(old, new)| lost(old, new, "document")).collect();
        assert!(lost.is_empty(), "{}: {lost:#?}", from.display());
        let ledger = run(&archive, ["ledger", "--json"]).expect_code(0).object();
        assert_eq!(
            (&ledger["seen"], &ledger["stored"], &ledger["failed"]),
            (&3.into(), &2.into(), &1.into()),
            "{ledger}"
        );
    }
}
