//! What a crash leaves behind: the program is killed, or its machine loses power, in the middle of its work, and started again.
//!
//! Whatever the moment, the next run must end with every letter in the archive once, and nothing may be read twice that was
//! filed before. `WARRAQ_CRASH_ROUNDS` sets the number of kills (6); the power is cut a third as often.

use crate::support::{Dice, Done, exported, ingest_report, run, sample, temp_dir, warraq};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Samples by number: one page and two, images and PDFs, so that a kill meets every stage.
const INBOX: [&str; 5] = ["01", "03", "04", "08", "15"];
/// Their pages, the blank back among them.
const PAGES: usize = 7;

#[test]
fn after_a_kill_at_any_moment_every_letter_is_there_once() {
    let rounds = rounds();
    let inbox = inbox();
    let untroubled = temp_dir();
    let started = Instant::now();
    let whole = ingest(untroubled.path(), inbox.path());
    let usual = started.elapsed();
    let wanted = essence(&exported(untroubled.path()));
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    assert_eq!(wanted.len(), INBOX.len());

    let mut dice = Dice::new(20_160_214);
    for round in 0..rounds {
        // One kill in each equal stretch of the time an untroubled run takes, at a thrown moment within it.
        let share = (f64::from(round) + dice.below(1000) as f64 / 1000.0) / f64::from(rounds);
        let moment = usual.mul_f64(share);
        let archive = temp_dir();
        let killed = kill_after(start(archive.path(), inbox.path()), moment);
        check_recovery(
            archive.path(),
            inbox.path(),
            &killed,
            &wanted,
            &format!("round {round}, killed after {moment:?}"),
        );
    }
}

#[test]
fn after_a_power_cut_at_any_moment_what_was_said_to_be_stored_is_there() {
    let inbox = inbox();
    let untroubled = temp_dir();
    let started = Instant::now();
    ingest(untroubled.path(), inbox.path()).expect_code(0);
    let usual = started.elapsed();
    let wanted = essence(&exported(untroubled.path()));

    let rounds = rounds().div_ceil(3);
    let mut dice = Dice::new(20_140_312);
    for round in 0..rounds {
        let share = (f64::from(round) + dice.below(1000) as f64 / 1000.0) / f64::from(rounds);
        let moment = usual.mul_f64(share);
        let Some(disk) = Disk::new() else {
            eprintln!("skipped: this system has no mkfs.ext4 or lets nobody mount a disk");
            return;
        };
        let child = start(&disk.archive(), inbox.path());
        thread::sleep(moment);
        // What no program has asked to be kept is lost, or else this test proves nothing.
        let unsynced = disk.folder.join("unsynced");
        fs::write(&unsynced, [1; 10_000]).unwrap();
        let killed = kill_after(child, Duration::ZERO);
        let disk = disk.without_power();
        let kept = fs::read(disk.folder.join("unsynced")).unwrap_or_default();
        assert_ne!(kept, [1; 10_000], "the disk kept what was never synced");
        let when = format!("round {round}, power cut after {moment:?}");
        check_recovery(&disk.archive(), inbox.path(), &killed, &wanted, &when);
    }
}

/// A disk of its own in a file, mounted.
struct Disk {
    home: tempfile::TempDir,
    image: PathBuf,
    folder: PathBuf,
}

impl Disk {
    /// Returns an empty one; `None` where that takes rights or programs that are not there.
    fn new() -> Option<Self> {
        let home = temp_dir();
        let image = home.path().join("disk");
        fs::File::create(&image).unwrap().set_len(256 << 20).unwrap();
        let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).output().ok()?;
        if made.status.success() { Self::mounted(home, image) } else { None }
    }

    /// Mounts an image. The file system writes nothing by itself for ten minutes: what it has on disk was asked for.
    fn mounted(home: tempfile::TempDir, image: PathBuf) -> Option<Self> {
        let folder = image.with_extension("mounted");
        fs::create_dir(&folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-o", "loop,commit=600"]).arg(&image).arg(&folder);
        let done = mount.output().ok()?;
        done.status.success().then_some(Self { home, image, folder })
    }

    fn archive(&self) -> PathBuf {
        self.folder.join("archive")
    }

    /// Returns the disk as it would be found if the machine had lost its power now.
    fn without_power(self) -> Self {
        let home = temp_dir();
        let image = home.path().join("disk");
        let copied = Command::new("cp").arg("--sparse=always").arg(&self.image).arg(&image).status().unwrap();
        assert!(copied.success());
        drop(self);
        Self::mounted(home, image).expect("mounts as the one before")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg(&self.folder).output();
        let is_gone = done.is_ok_and(|done| done.status.success());
        // A failing test must say why it fails, not this.
        if !is_gone && !thread::panicking() {
            panic!("{} stays mounted in {}", self.folder.display(), self.home.path().display());
        }
    }
}

fn rounds() -> u32 {
    std::env::var("WARRAQ_CRASH_ROUNDS").map_or(6, |rounds| rounds.parse().expect("WARRAQ_CRASH_ROUNDS is a number"))
}

#[test]
fn killed_again_and_again_it_still_comes_to_an_end() {
    // Each run lives a little longer than the last. What one has read the next must not read again, and a file must not be given up
    // because the power failed while it was being read.
    let (inbox, archive) = (inbox(), temp_dir());
    for life in [300, 700, 1100] {
        kill_after(start(archive.path(), inbox.path()), Duration::from_millis(life));
    }
    let (files, _) = ingest_report(&ingest(archive.path(), inbox.path()).expect_code(0));
    assert!(files.iter().all(|line| line["error"].is_null()), "{files:?}");
    assert_eq!(exported(archive.path()).len(), INBOX.len());
    assert_sound(archive.path(), "after three kills");
}

/// Ingests again after a kill and checks that all is there, once, and that what was filed before was not read anew.
fn check_recovery(archive: &Path, inbox: &Path, killed: &Done, wanted: &[Value], when: &str) {
    let filed: BTreeSet<String> = killed
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok()) // the kill may have cut the last line
        .filter(|line| line["status"] == "stored")
        .map(|line| line["path"].as_str().unwrap().to_owned())
        .collect();
    let kept = kept_readings(archive);
    let done = ingest(archive, inbox);
    assert_eq!(done.code, 0, "{when}: {}\n{}", done.stdout, done.stderr);
    let read = done.stderr.matches("page read").count();
    assert_eq!(read + kept, PAGES, "{when}: {kept} pages had been read, {read} were read now");
    let (files, summary) = ingest_report(&done);
    assert_eq!(files.len(), INBOX.len(), "{when}: one line a file");
    for line in &files {
        let status = line["status"].as_str().unwrap();
        assert!(["stored", "duplicate"].contains(&status), "{when}: {line}");
        if filed.contains(line["path"].as_str().unwrap()) {
            assert_eq!(status, "duplicate", "{when}: was filed before the kill: {line}");
        }
    }
    let stored: u64 =
        files.iter().filter(|line| line["status"] == "stored").map(|line| line["pages"].as_u64().unwrap()).sum();
    assert_eq!(summary["pages"], stored, "{when}: pages of what was stored now");
    assert_eq!(essence(&exported(archive)), wanted, "{when}: the same as without a kill");
    assert_sound(archive, when);
}

fn assert_sound(archive: &Path, when: &str) {
    let verified = run(archive, ["verify", "--json"]);
    assert_eq!(verified.code, 0, "{when}: {}", verified.stdout);
    let ledger = run(archive, ["ledger", "--json"]).expect_code(0).object();
    assert_eq!(ledger["balances"], true, "{when}: {ledger}");
    assert_eq!(ledger["waiting"], 0, "{when}: {ledger}");
    assert_eq!(ledger["stored"], INBOX.len(), "{when}: {ledger}");
    let found = run(archive, ["search", "--json", "--limit", "50", "وزارة"]).expect_code(0).object();
    let hits: Vec<&str> =
        found["hits"].as_array().unwrap().iter().map(|hit| hit["document"].as_str().unwrap()).collect();
    let once: BTreeSet<&str> = hits.iter().copied().collect();
    assert_eq!(hits.len(), once.len(), "{when}: a letter is found twice");
}

/// What must not depend on the way an archive came about: ids, texts and fields, not the time of receipt.
fn essence(documents: &[Value]) -> Vec<Value> {
    let part = |document: &Value| {
        let texts: Vec<&Value> = document["pages"].as_array().unwrap().iter().map(|page| &page["text"]).collect();
        serde_json::json!([document["id"], document["source"]["name"], texts, document["letter"]])
    };
    documents.iter().map(part).collect()
}

fn inbox() -> tempfile::TempDir {
    let folder = temp_dir();
    for name in INBOX {
        let file = sample(name);
        fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
    }
    folder
}

fn ingest(archive: &Path, inbox: &Path) -> Done {
    run(archive, [Path::new("ingest"), Path::new("--json"), Path::new("-vv"), inbox])
}

/// Returns the number of pages whose reading the archive has kept.
fn kept_readings(archive: &Path) -> usize {
    let catalogue = archive.join("catalogue.sqlite");
    if !catalogue.exists() {
        return 0;
    }
    let connection = rusqlite::Connection::open(catalogue).unwrap();
    // Killed early, the program had not made the table.
    connection.query_row("SELECT count(*) FROM results", [], |row| row.get::<_, u32>(0)).unwrap_or(0) as usize
}

fn start(archive: &Path, inbox: &Path) -> Child {
    let mut command = warraq(archive);
    command.args(["ingest", "--json"]).arg(inbox).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Kills the process without a chance to tidy up, and returns what it had said until then.
fn kill_after(mut child: Child, life: Duration) -> Done {
    thread::sleep(life);
    child.kill().unwrap(); // SIGKILL; no error where it has ended by itself
    let output = child.wait_with_output().unwrap();
    Done {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
