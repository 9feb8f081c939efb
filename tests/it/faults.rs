//! Disks that are full or fail, files that are broken, two programs on one archive: nothing is lost, and the next run completes what one could not.
//!
//! `WARRAQ_MUTANTS` sets how many broken files are handed in (300). The test that has every single system call fail takes long and needs strace:
//! `cargo test --test it -- --ignored every_system_call`.

use crate::support::{Dice, Done, exported, ingest_report, root, run, sample, temp_dir, warraq};
use serde_json::Value;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// One letter as an image, one as a PDF of its own text, one of two pages.
fn inbox() -> tempfile::TempDir {
    let folder = temp_dir();
    for name in ["04", "08", "15"] {
        let file = sample(name);
        fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
    }
    folder
}

/// Returns the arguments of an ingest that takes its texts from beside the samples: reading is not what is tried here.
fn ingest(inbox: &Path) -> Vec<PathBuf> {
    let texts = root().join("samples");
    ["ingest", "--json", "--jobs", "1", "--text-from"]
        .iter()
        .map(PathBuf::from)
        .chain([texts, inbox.to_owned()])
        .collect()
}

/// Runs the program by way of another, such as strace or a shell that sets limits.
fn by_way_of(way: &[&str], archive: &Path, arguments: &[PathBuf]) -> Done {
    let whole = warraq(archive);
    let mut command = Command::new(way[0]);
    command.args(&way[1..]).arg(whole.get_program()).args(whole.get_args()).args(arguments);
    let output = command.current_dir(root()).env("OMP_THREAD_LIMIT", "1").stdin(Stdio::null()).output().unwrap();
    Done {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Checks that an archive in which something failed names nothing that is not there, and that the next run completes it.
fn check_completes(archive: &Path, inbox: &Path, wanted: &[Value], when: &str) {
    if archive.join("form").exists() && archive.join("index/meta.json").exists() {
        let findings = run(archive, ["verify", "--json"]).lines();
        let broken = |line: &&Value| line["finding"].as_str().is_some_and(|code| !code.contains("index"));
        assert_eq!(findings.iter().find(broken), None, "{when}: a row that points at nothing");
    }
    let done = run(archive, ingest(inbox));
    assert_eq!(done.code, 0, "{when}: {}\n{}", done.stdout, done.stderr);
    let texts = |documents: &[Value]| -> Vec<Value> {
        documents.iter().map(|one| serde_json::json!([one["id"], one["pages"], one["letter"]])).collect()
    };
    assert_eq!(texts(&exported(archive)), texts(wanted), "{when}");
    run(archive, ["verify"]).expect_code(0);
    let ledger = run(archive, ["ledger", "--json"]).expect_code(0).object();
    assert_eq!((&ledger["seen"], &ledger["stored"]), (&3.into(), &3.into()), "{when}: {ledger}");
}

fn untroubled(inbox: &Path) -> Vec<Value> {
    let archive = temp_dir();
    run(archive.path(), ingest(inbox)).expect_code(0);
    exported(archive.path())
}

#[test]
fn a_full_disk_is_said_clearly_and_the_next_run_completes() {
    let inbox = inbox();
    let wanted = untroubled(inbox.path());
    let mut refused = 0;
    for most_kib in [1, 12, 40, 90, 150, 400] {
        let archive = temp_dir();
        let limit = format!("ulimit -f {most_kib}; exec \"$@\"");
        let done = by_way_of(&["bash", "-c", &limit, "bash"], archive.path(), &ingest(inbox.path()));
        let when = format!("files of at most {most_kib} KiB");
        assert!([0, 3].contains(&done.code), "{when}: exit code {}: {}", done.code, done.stderr);
        if done.code == 3 {
            refused += 1;
            assert!(
                done.stderr.starts_with("warraq: ") || done.stderr.contains("\nwarraq: "),
                "{when}: {}",
                done.stderr
            );
        }
        check_completes(archive.path(), inbox.path(), &wanted, &when);
    }
    assert!(refused >= 3, "only {refused} runs met the limit");
}

#[test]
fn a_disk_that_became_read_only_is_said_clearly_and_nothing_is_broken() {
    let (inbox, archive) = (inbox(), temp_dir());
    let wanted = untroubled(inbox.path());
    let one = inbox.path().join(sample("08").file_name().unwrap());
    run(archive.path(), ingest(&one)).expect_code(0);
    // Rights do not bind a test that runs as root; a mount of its own does.
    let folder = archive.path().to_str().unwrap();
    let mount = format!("mount --bind {folder} {folder} && mount -o remount,bind,ro {folder} || exit 77; exec \"$@\"");
    let way = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", &mount, "bash"];
    let done = by_way_of(&way, archive.path(), &ingest(inbox.path()));
    if done.code == 77 || done.stderr.starts_with("unshare:") {
        eprintln!("skipped: this system lets nobody mount: {}", done.stderr);
        return;
    }
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert!(done.stderr.contains("Read-only file system"), "{}", done.stderr);
    assert_eq!(done.stderr.matches("Read-only file system").count(), 1, "{}", done.stderr);
    check_completes(archive.path(), inbox.path(), &wanted, "after the disk was read-only");
}

#[test]
fn a_clock_set_back_changes_nothing_but_times() {
    let (inbox, archive) = (inbox(), temp_dir());
    let wanted = untroubled(inbox.path());
    let one = inbox.path().join(sample("08").file_name().unwrap());
    run(archive.path(), ingest(&one)).expect_code(0);
    // What was written so far seems to come from the future, and so does the next file.
    let connection = rusqlite::Connection::open(archive.path().join("catalogue.sqlite")).unwrap();
    let later = "UPDATE inputs SET first_seen = '2099-01-01T00:00:00Z', updated = '2099-01-01T00:00:00Z';
                 UPDATE documents SET received = '2099-01-01T00:00:00Z'; UPDATE changes SET at = '2099-01-01T00:00:00Z'";
    connection.execute_batch(later).unwrap();
    drop(connection);
    let file = fs::File::options().append(true).open(inbox.path().join(sample("04").file_name().unwrap())).unwrap();
    file.set_modified(std::time::SystemTime::now() + Duration::from_secs(86_400)).unwrap();
    drop(file);
    check_completes(archive.path(), inbox.path(), &wanted, "after the clock was set back");
    let (files, _) = ingest_report(&run(archive.path(), ingest(inbox.path())));
    assert!(files.iter().all(|line| line["status"] == "duplicate"), "{files:?}");
}

#[test]
#[ignore = "takes a quarter of an hour, and strace"]
fn every_system_call_that_fails_once_leaves_an_archive_that_completes() {
    let inbox = inbox();
    let wanted = untroubled(inbox.path());
    let mut tried = 0;
    for (call, error) in [
        ("write", "ENOSPC"),
        ("pwrite64", "EIO"),
        ("fsync", "EIO"),
        ("fdatasync", "EIO"),
        ("rename", "EIO"),
        ("mkdir", "ENOSPC"),
        ("ftruncate", "EIO"),
        ("unlink", "EIO"),
    ] {
        let mut untouched = 0;
        for nth in 1.. {
            let archive = temp_dir();
            let inject = format!("inject={call}:error={error}:when={nth}");
            let way = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
            let done = by_way_of(&way, archive.path(), &ingest(inbox.path()));
            assert!(done.code != 101 && done.code != 134, "{call} {nth}: {}", done.stderr);
            tried += 1;
            check_completes(archive.path(), inbox.path(), &wanted, &format!("{call} number {nth} fails with {error}"));
            // The counter runs for each thread by itself; after some runs in which none got so far, there are no more calls.
            untouched = if done.code == 0 && done.stderr.is_empty() { untouched + 1 } else { 0 };
            if untouched > 3 || nth > 150 {
                break;
            }
        }
    }
    eprintln!("{tried} runs with one failing call each");
}

#[test]
fn a_second_program_is_told_who_holds_the_archive() {
    let (inbox, archive) = (inbox(), temp_dir());
    run(archive.path(), ingest(inbox.path())).expect_code(0);
    // Reads for a while; it is not waited for.
    let mut first = warraq(archive.path());
    let mut first = first.args(["ingest", "--jobs", "1", "samples"]).stdout(Stdio::null()).spawn().unwrap();
    let holder = format!("process {} on ", first.id());
    let lock = archive.path().join("lock");
    for _ in 0..300 {
        if fs::read_to_string(&lock).is_ok_and(|text| text.contains(&holder)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let said = run(archive.path(), ingest(inbox.path())).expect_code(3).stderr;
    run(archive.path(), ["search", "وزارة"]).expect_code(0);
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(said.contains(&holder) && said.contains(" since 20"), "{said}");
    run(archive.path(), ingest(inbox.path())).expect_code(0);
}

/// Small pictures of a piece of a letter in every format, and a TIFF and a PDF as scanners write them.
fn originals() -> Vec<(&'static str, Vec<u8>)> {
    let piece = image::open(sample("08")).unwrap().crop_imm(300, 300, 320, 200).into_luma8();
    let coded = |format| {
        let mut bytes = Cursor::new(Vec::new());
        piece.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    let read = |name: &str| fs::read(sample(name)).unwrap();
    vec![
        ("png", coded(image::ImageFormat::Png)),
        ("jpg", coded(image::ImageFormat::Jpeg)),
        ("bmp", coded(image::ImageFormat::Bmp)),
        ("webp", coded(image::ImageFormat::WebP)),
        ("tif", tiff_of(&piece)),
        ("pdf", pdf_of(&coded(image::ImageFormat::Jpeg))),
        ("pdf", read("04")),
    ]
}

fn tiff_of(piece: &image::GrayImage) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &1_u32.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let (width, height) = piece.dimensions();
    let entries = [
        entry(256, 4, width),
        entry(257, 4, height),
        entry(258, 3, 8),
        entry(259, 3, 1),
        entry(262, 3, 1),
        entry(273, 4, 122),
        entry(277, 3, 1),
        entry(278, 4, height),
        entry(279, 4, width * height),
    ];
    [&b"II*\0\x08\0\0\0"[..], &9_u16.to_le_bytes(), &entries.concat(), &[0; 4], piece.as_raw()].concat()
}

fn pdf_of(jpeg: &[u8]) -> Vec<u8> {
    let draw = "q 320 0 0 200 0 0 cm /I Do Q";
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 320 200] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>";
    let image = format!(
        "<< /Subtype /Image /Width 320 /Height 200 /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode /Length {} >>",
        jpeg.len()
    );
    let mut file = format!(
        "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
         3 0 obj\n{page}\nendobj\n4 0 obj\n<< /Length {} >>\nstream\n{draw}\nendstream\nendobj\n5 0 obj\n{image}\nstream\n",
        draw.len()
    )
    .into_bytes();
    file.extend_from_slice(jpeg);
    file.extend_from_slice(b"\nendstream\nendobj\ntrailer\n<< /Size 6 /Root 1 0 R >>\n%%EOF\n");
    file
}

fn mutant(original: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = original.to_vec();
    if dice.below(3) == 0 {
        bytes.truncate(dice.below(original.len()));
    }
    for _ in 0..dice.below(8) {
        let Some(last) = bytes.len().checked_sub(1) else { break };
        // Headers are where lies do harm.
        let place = if dice.below(2) == 0 { dice.below(last.min(200) + 1) } else { dice.below(last + 1) };
        match dice.below(4) {
            0 => bytes[place] ^= 1 << dice.below(8),
            1 => bytes[place] = [0, 0xFF, 0x7F, 0x80][dice.below(4)],
            2 => drop(bytes.drain(place..(place + dice.below(9)).min(last + 1))),
            _ => bytes.insert(place, dice.below(256) as u8),
        }
    }
    bytes
}

#[test]
fn broken_files_each_get_one_status_and_nothing_crashes() {
    let count: usize = std::env::var("WARRAQ_MUTANTS").map_or(300, |count| count.parse().expect("a number"));
    let (folder, archive) = (temp_dir(), temp_dir());
    let mut dice = Dice::new(2_030);
    let originals = originals();
    for number in 0..count {
        let (ending, original) = &originals[number % originals.len()];
        fs::write(folder.path().join(format!("{number:05}.{ending}")), mutant(original, &mut dice)).unwrap();
    }
    let config = folder.path().join("small.toml");
    fs::write(&config, "[decode]\nmax_page_megapixels = 20\npdf_page_seconds = 10\npdf_memory_mib = 512\n").unwrap();
    let arguments = ["--config", config.to_str().unwrap(), "ingest", "--json", folder.path().to_str().unwrap()];
    let done = run(archive.path(), arguments);
    assert!([0, 1].contains(&done.code), "exit code {}: {}", done.code, done.stderr);
    let (files, summary) = ingest_report(&done);
    assert_eq!(files.len(), count + 1, "one line a file, and one for the configuration");
    let of = |status: &str| files.iter().filter(|line| line["status"] == status).count();
    assert_eq!(of("stored") + of("duplicate") + of("failed") + of("ignored"), count + 1);
    let crashed: Vec<&Value> = files
        .iter()
        .filter(|line| ["crashed", "internal"].contains(&line["error"]["code"].as_str().unwrap_or("")))
        .collect();
    assert!(crashed.is_empty(), "{crashed:?}");
    assert!(of("stored") > count / 10 && of("failed") > count / 10, "{summary}");
    let ledger = run(archive.path(), ["ledger", "--json"]).expect_code(0).object();
    assert_eq!((&ledger["balances"], &ledger["waiting"]), (&true.into(), &0.into()), "{ledger}");
    run(archive.path(), ["verify"]).expect_code(0);
    eprintln!("{count} broken files: {summary}");
}
