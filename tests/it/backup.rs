//! Archives copied beside running work, brought back elsewhere, and mended from their copy.

use crate::support::{ingest_report, run, sample, temp_dir, warraq};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

fn ingest(archive: &Path, files: &[PathBuf]) {
    let mut arguments: Vec<PathBuf> =
        ["ingest", "--json", "--text-from", "samples"].iter().map(PathBuf::from).collect();
    arguments.extend_from_slice(files);
    ingest_report(&run(archive, &arguments).expect_code(0));
}

fn exported(archive: &Path) -> String {
    run(archive, ["export", "--format", "jsonl", "--words"]).expect_code(0).stdout
}

/// Returns some blob that is a page's record, or an original.
fn blob(archive: &Path, of: &str) -> PathBuf {
    let connection = rusqlite::Connection::open(archive.join("catalogue.sqlite")).unwrap();
    let hash: String = connection.query_row(of, [], |row| row.get(0)).unwrap();
    archive.join("blobs").join(&hash[..2]).join(&hash[2..4]).join(hash)
}

const RECORD: &str = "SELECT record FROM pages ORDER BY record LIMIT 1";
const ORIGINAL: &str = "SELECT original FROM documents ORDER BY original LIMIT 1";

#[test]
fn an_archive_comes_back_from_its_backup_as_it_was() {
    let folder = temp_dir();
    let place = |name: &str| folder.path().join(name);
    let (archive, bag, back) = (place("archive"), place("bag"), place("back"));
    ingest(&archive, &[sample("08"), sample("04")]);
    let backup = || run(&archive, [Path::new("backup"), Path::new("--json"), &bag]).expect_code(0).object();
    let first = backup();
    assert!(first["summary"]["copied"].as_u64() > first["summary"]["blobs"].as_u64());
    ingest(&archive, &[sample("15")]);
    let second = backup();
    let new = second["summary"]["blobs"].as_u64().unwrap() - first["summary"]["blobs"].as_u64().unwrap();
    assert_eq!(second["summary"]["copied"], new + 2, "what is new, and the rows: {second}");
    let manifest = fs::read_to_string(bag.join("manifest-sha256.txt")).unwrap();
    let payload = walkdir::WalkDir::new(bag.join("data"))
        .into_iter()
        .filter(|entry| entry.as_ref().unwrap().file_type().is_file());
    assert_eq!(manifest.lines().count(), payload.count());

    let done = run(&back, [Path::new("restore"), Path::new("--json"), &bag]).expect_code(0).object();
    assert_eq!(done["summary"]["documents"], 3, "{done}");
    assert_eq!(exported(&back), exported(&archive));
    run(&back, ["verify"]).expect_code(0);
    run(&back, [Path::new("restore"), &bag]).expect_code(2);
    run(&place("nothing"), [Path::new("restore"), folder.path()]).expect_code(3);
}

#[test]
fn rot_in_a_blob_is_found_and_mended() {
    let folder = temp_dir();
    let (archive, bag) = (folder.path().join("archive"), folder.path().join("bag"));
    let letter = folder.path().join("08-png-1bit.png");
    fs::copy(sample("08"), &letter).unwrap();
    ingest(&archive, &[letter]);
    run(&archive, [Path::new("backup"), &bag]).expect_code(0);
    let before = exported(&archive);
    let spoil = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(path, bytes).unwrap();
    };
    let (record, original) = (blob(&archive, RECORD), blob(&archive, ORIGINAL));
    spoil(&record);
    spoil(&original);
    let found = run(&archive, ["verify", "--json"]).expect_code(1).lines();
    assert_eq!(found.iter().filter(|line| line["finding"] == "damaged_blob").count(), 2, "{found:?}");
    // Without a backup the original comes back from where it was handed in, and the page is read again.
    let mended = run(&archive, ["verify", "--json", "--repair"]).expect_code(0).lines();
    assert!(
        mended.iter().any(|line| line["mended"].as_str().is_some_and(|by| by.contains("08-png-1bit.png"))),
        "{mended:?}"
    );
    run(&archive, ["retry", "--text-from", "samples"]).expect_code(0);
    run(&archive, ["verify"]).expect_code(0);
    assert_eq!(exported(&archive), before);
    // With one, everything does.
    fs::remove_file(blob(&archive, RECORD)).unwrap();
    let bag = bag.to_str().unwrap();
    run(&archive, ["verify", "--repair", "--backup", bag]).expect_code(0);
    run(&archive, ["verify", "--sample", "50"]).expect_code(0);
    run(&archive, ["verify", "--sample", "0"]).expect_code(2);
    // The index is built anew where it is gone.
    fs::remove_dir_all(archive.join("index")).unwrap();
    run(&archive, ["verify", "--repair"]).expect_code(0);
    run(&archive, ["search", "وزارة"]).expect_code(0);
}

#[test]
fn a_backup_beside_an_ingest_is_whole() {
    let folder = temp_dir();
    let (archive, bag, back) = (folder.path().join("archive"), folder.path().join("bag"), folder.path().join("back"));
    ingest(&archive, &[sample("08")]);
    let mut reading = warraq(&archive).args(["ingest", "--json", "samples"]).stdout(Stdio::null()).spawn().unwrap();
    let mut backups = 0;
    while reading.try_wait().unwrap().is_none() {
        run(&archive, [Path::new("backup"), &bag]).expect_code(0);
        backups += 1;
    }
    assert!(backups > 0);
    let done = run(&back, [Path::new("restore"), Path::new("--json"), &bag]).expect_code(0).object();
    assert!(done["summary"]["documents"].as_u64() >= Some(1), "{done}");
    let findings = run(&back, ["verify", "--json"]).expect_code(0).lines();
    assert_eq!(findings.len(), 1, "{findings:?}");
}
