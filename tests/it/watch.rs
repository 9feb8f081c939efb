//! Folders under watch, by the real program: dropped files are taken in once, put away and found; a service starts, stops and is killed in order.
//!
//! `WARRAQ_WATCH_ROUNDS` sets how often the program is killed (4), `WARRAQ_WATCH_FILES` how many files are dropped at once (300).

use crate::support::{Dice, exported, run, sample, samples, temp_dir, warraq};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The program while it watches.
struct Watching {
    child: Child,
    lines: Receiver<Value>,
    ready_after: Duration,
}

impl Watching {
    /// Starts to watch and waits until it says, as systemd is told, that it is ready.
    fn start(archive: &Path, arguments: &[&str]) -> Self {
        let sockets = temp_dir();
        let path = sockets.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut command = warraq(archive);
        command.env("NOTIFY_SOCKET", &path).args(["watch", "--json"]).args(arguments);
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut told = [0; 200];
        let length = socket.recv(&mut told).expect("the program says that it is ready");
        assert!(told[..length].starts_with(b"READY=1"));
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Ok(line) = serde_json::from_str(&line) {
                    sender.send(line).ok(); // the test has ended
                }
            }
        });
        Self { child, lines, ready_after: started.elapsed() }
    }

    /// Returns the next line, by file name and status.
    #[track_caller]
    fn next(&self) -> (String, String) {
        let line = self.lines.recv_timeout(Duration::from_secs(120)).expect("a file ends");
        let path = PathBuf::from(line["path"].as_str().unwrap());
        (path.file_name().unwrap().to_string_lossy().into_owned(), line["status"].as_str().unwrap().to_owned())
    }

    /// Tells it to stop; returns its exit code and how long that took.
    fn stop(mut self) -> (Option<i32>, Duration) {
        let asked = Instant::now();
        let process = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
        (self.child.wait().unwrap().code(), asked.elapsed())
    }
}

/// Waits until this is so.
#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        thread::sleep(Duration::from_millis(50));
    }
}

fn ledger(archive: &Path) -> Value {
    run(archive, ["ledger", "--json"]).expect_code(0).object()
}

#[test]
fn dropped_letters_are_taken_in_moved_and_found_and_what_fails_says_why() {
    let (folder, archive) = (temp_dir(), temp_dir());
    let (inbox, done) = (folder.path().join("in"), folder.path().join("done"));
    fs::create_dir_all(inbox.join("box-7")).unwrap();
    fs::write(inbox.join("Thumbs.db"), "x").unwrap();
    let after = format!("move:{}", done.display());
    let arguments = ["--settle", "2s", "--after", &after, inbox.to_str().unwrap()];
    let watching = Watching::start(archive.path(), &arguments);
    let letter = sample("08");
    let name = letter.file_name().unwrap().to_str().unwrap();
    // A scanner that writes in two goes, under the final name.
    let bytes = fs::read(&letter).unwrap();
    let place = inbox.join("box-7").join(name);
    let mut file = File::create(&place).unwrap();
    file.write_all(&bytes[..bytes.len() / 2]).unwrap();
    thread::sleep(Duration::from_millis(2500));
    file.write_all(&bytes[bytes.len() / 2..]).unwrap();
    drop(file);
    let complete = Instant::now();
    assert_eq!(watching.next(), (name.to_owned(), "stored".to_owned()));
    wait_until("searchable", || run(archive.path(), ["search", "وزارة"]).code == 0);
    let took = complete.elapsed();
    assert!(took < Duration::from_secs(30), "searchable after {took:?}");
    wait_until("moved", || !place.exists());
    assert_eq!(fs::read(done.join("box-7").join(name)).unwrap(), bytes);

    let mut broken = bytes.clone();
    broken.iter_mut().skip(60).take(400).for_each(|byte| *byte ^= 0x55);
    fs::write(inbox.join("broken.png"), &broken).unwrap();
    fs::write(inbox.join("unfinished.tif.part"), &bytes).unwrap();
    fs::copy(&letter, inbox.join("again.png")).unwrap();
    let mut ended = vec![watching.next(), watching.next()];
    ended.sort();
    let want = [("again.png", "duplicate"), ("broken.png", "failed")];
    assert_eq!(ended, want.map(|(name, status)| (name.to_owned(), status.to_owned())));
    let said = inbox.join("failed/broken.png.reason.txt");
    wait_until("put aside", || said.exists() && !inbox.join("again.png").exists());
    let reason = fs::read_to_string(&said).unwrap();
    assert!(reason.contains("damaged_image") && reason.contains("الصورة"), "{reason}");
    assert_eq!(fs::read(inbox.join("failed/broken.png")).unwrap(), broken);
    assert!(inbox.join("Thumbs.db").exists() && inbox.join("unfinished.tif.part").exists());

    let (code, took) = watching.stop();
    assert_eq!(code, Some(130), "interrupted, with everything kept");
    assert!(took < Duration::from_secs(10), "stopped after {took:?}");
    let ledger = ledger(archive.path());
    assert_eq!((&ledger["seen"], &ledger["failed"], &ledger["stored"]), (&3.into(), &1.into(), &1.into()), "{ledger}");
    run(archive.path(), ["verify"]).expect_code(0);
}

/// Returns the bytes of a picture unlike all others, with its text beside where texts are taken from.
fn picture(number: u32) -> Vec<u8> {
    let image = image::GrayImage::from_fn(40, 30, |x, y| image::Luma([((x * 7 + y * 13 + number) % 251) as u8]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    // Bytes after the end of a PNG are nobody's; they make it unlike the others.
    let mut bytes = bytes.into_inner();
    bytes.extend(number.to_le_bytes());
    bytes
}

#[test]
fn many_files_at_once_beside_slow_writers_are_each_stored_once_and_whole() {
    let count: u32 = number("WARRAQ_WATCH_FILES", 300);
    let (folder, archive) = (temp_dir(), temp_dir());
    let (inbox, texts) = (folder.path().join("in"), folder.path().join("texts"));
    fs::create_dir_all(&inbox).unwrap();
    fs::create_dir_all(&texts).unwrap();
    let name = |number: u32| format!("scan-{number:05}");
    for number in 0..count + 3 {
        fs::write(texts.join(name(number) + ".gt.txt"), format!("العدد: {number}")).unwrap();
    }
    let arguments =
        ["--text-from", texts.to_str().unwrap(), "--settle", "1s", "--rescan", "5s", inbox.to_str().unwrap()];
    let watching = Watching::start(archive.path(), &arguments);
    let idle = memory_kib(&watching.child);
    let writers: Vec<_> = (count..count + 3)
        .map(|number| {
            let (path, bytes) = (inbox.join(name(number) + ".png"), picture(number));
            thread::spawn(move || {
                let mut file = File::create(path).unwrap();
                for part in bytes.chunks(bytes.len() / 8) {
                    file.write_all(part).unwrap();
                    thread::sleep(Duration::from_millis(700));
                }
            })
        })
        .collect();
    let started = Instant::now();
    for number in 0..count {
        fs::write(inbox.join(name(number) + ".png"), picture(number)).unwrap();
    }
    let mut ends: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..count + 3 {
        let (name, status) = watching.next();
        ends.entry(name).or_default().push(status);
    }
    let took = started.elapsed();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    thread::sleep(Duration::from_secs(6)); // walked through once more
    assert!(watching.lines.try_recv().is_err(), "nothing is taken in twice");
    assert_eq!(ends.len(), count as usize + 3);
    assert!(ends.values().all(|statuses| statuses == &["stored"]), "{ends:?}");
    let after = memory_kib(&watching.child);
    assert!(watching.stop().0.is_some());
    let ledger = ledger(archive.path());
    assert_eq!((&ledger["seen"], &ledger["stored"]), (&(count + 3).into(), &(count + 3).into()), "{ledger}");
    eprintln!("{count} files in {took:?}; memory {idle} KiB before, {after} KiB after");
    // Each run of the test drops other numbers of files; what is held must not grow with them.
    assert!(after < idle + 150 * 1024, "memory {idle} KiB before, {after} KiB after");
}

/// Returns the memory that a process holds, without what is mapped from files.
fn memory_kib(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn number(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).map_or(usual, |number| number.parse().expect("a number"))
}

#[test]
fn killed_at_any_moment_a_watch_loses_nothing_and_takes_nothing_in_twice() {
    let rounds = number("WARRAQ_WATCH_ROUNDS", 4);
    let (folder, archive) = (temp_dir(), temp_dir());
    let inbox = folder.path().join("in");
    fs::create_dir_all(&inbox).unwrap();
    let done = folder.path().join("done");
    let after = format!("move:{}", done.display());
    let arguments = ["--settle", "300ms", "--rescan", "1s", "--after", &after, inbox.to_str().unwrap()];
    let mut dice = Dice::new(1_438);
    // Real letters to be read, so that a kill meets every stage; each with some bytes of its own after its end.
    let letters: Vec<PathBuf> = samples().into_iter().map(|sample| sample.file).collect();
    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        let letter = &letters[round as usize % letters.len()];
        let mut bytes = fs::read(letter).unwrap();
        if letter.extension().is_some_and(|ending| ending == "png" || ending == "jpg") {
            bytes.extend(round.to_le_bytes());
        }
        let ending = letter.extension().unwrap().to_str().unwrap();
        fs::write(inbox.join(format!("{round:03}.{ending}")), bytes).unwrap();
        let mut watching = Watching::start(archive.path(), &arguments);
        slowest = slowest.max(watching.ready_after);
        thread::sleep(Duration::from_millis(dice.below(2500) as u64));
        watching.child.kill().unwrap();
        watching.child.wait().unwrap();
    }
    let watching = Watching::start(archive.path(), &arguments);
    slowest = slowest.max(watching.ready_after);
    let mut last = Instant::now();
    while fs::read_dir(&inbox).unwrap().count() > 0 {
        if watching.lines.try_recv().is_ok() {
            last = Instant::now();
        }
        assert!(last.elapsed() < Duration::from_secs(120), "files lie there, and none ends any more");
        thread::sleep(Duration::from_millis(50));
    }
    watching.stop();
    assert_eq!(fs::read_dir(&done).unwrap().count(), rounds as usize, "every file lies where it was to go");
    let ledger = ledger(archive.path());
    assert_eq!((&ledger["seen"], &ledger["balances"]), (&rounds.into(), &true.into()), "{ledger}");
    assert_eq!(
        (&ledger["failed"], &ledger["waiting"]),
        (&0.into(), &0.into()),
        "pulled plugs are no file's fault: {ledger}"
    );
    let documents = exported(archive.path());
    let mut ids: Vec<&str> = documents.iter().map(|document| document["id"].as_str().unwrap()).collect();
    ids.dedup();
    assert_eq!(ids.len(), documents.len(), "nothing twice");
    assert!(ledger["stored"].as_u64().unwrap() as usize <= ids.len());
    run(archive.path(), ["verify"]).expect_code(0);
    eprintln!("{rounds} kills; ready after {slowest:?} at most");
    assert!(slowest < Duration::from_secs(20), "ready after {slowest:?}");
}
