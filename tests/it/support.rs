//! What the other tests stand on: the program, the samples with their truth, one archive of them that all readers share.

use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Returns the root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns a folder that is gone after the test.
pub fn temp_dir() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Returns the program, ready to take a command, with nothing of this shell's settings.
pub fn warraq(archive: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warraq"));
    command.env_remove("WARRAQ_ARCHIVE").env_remove("WARRAQ_LOG");
    // libgomp reads this at load; the program would have to start itself anew without it.
    command.env("OMP_THREAD_LIMIT", "1");
    command.current_dir(root()).arg("--archive").arg(archive).stdin(Stdio::null());
    command
}

/// What a finished command left.
pub struct Done {
    /// Exit code; -1 for a signal.
    pub code: i32,
    /// Results.
    pub stdout: String,
    /// Progress and trouble.
    pub stderr: String,
}

impl Done {
    /// Returns stdout as one JSON value a line.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| self.parse(line)).collect()
    }

    /// Returns stdout as one JSON object.
    #[track_caller]
    pub fn object(&self) -> Value {
        self.parse(&self.stdout)
    }

    #[track_caller]
    fn parse(&self, text: &str) -> Value {
        serde_json::from_str(text)
            .unwrap_or_else(|e| panic!("{e} in {text:?}, exit code {}\n{}", self.code, self.stderr))
    }

    /// Returns itself if the program ended with `code`, else fails with what it said.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\nstdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

/// Runs the program on `archive` to its end.
pub fn run<S: AsRef<OsStr>>(archive: &Path, arguments: impl IntoIterator<Item = S>) -> Done {
    let output = warraq(archive).args(arguments).output().unwrap();
    Done {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Takes the report of `ingest --json` apart: a line a file, and the summary.
#[track_caller]
pub fn ingest_report(done: &Done) -> (Vec<Value>, Value) {
    let mut files = done.lines();
    let last = files.pop().unwrap_or_else(|| panic!("no summary; stderr: {}", done.stderr));
    let summary = last.get("summary").unwrap_or_else(|| panic!("the last line is no summary: {last}")).clone();
    (files, summary)
}

/// One sample letter with its truth.
pub struct Sample {
    /// The scan.
    pub file: PathBuf,
    /// Its file name.
    pub name: String,
    /// Text of each page; empty for a blank back.
    pub pages: Vec<String>,
    /// Fields, as `samples/README.md` explains them.
    pub truth: Value,
}

impl Sample {
    /// Says whether the number is printed in digits that the stock model can write.
    pub fn has_western_digits(&self) -> bool {
        self.truth["digits"] == "western"
    }
}

/// Returns all samples, by name.
pub fn samples() -> Vec<Sample> {
    let folder = root().join("samples");
    let mut truths: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".gt.json"))
        .collect();
    truths.sort();
    let read = |path: &Path| {
        let truth: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let text = fs::read_to_string(folder.join(format!("{}.gt.txt", truth["id"].as_str().unwrap()))).unwrap();
        let name = truth["file"].as_str().unwrap().to_owned();
        Sample {
            file: folder.join(&name),
            name,
            pages: text.split('\u{c}').map(|page| page.trim().to_owned()).collect(),
            truth,
        }
    };
    let samples: Vec<Sample> = truths.iter().map(|path| read(path)).collect();
    assert!(samples.len() >= 10, "only {} samples in {}", samples.len(), folder.display());
    samples
}

/// Returns the scan of the sample whose name begins with `start`.
pub fn sample(start: &str) -> PathBuf {
    samples().into_iter().find(|sample| sample.name.starts_with(start)).unwrap().file
}

/// The samples as taken in, once for all tests that only read.
pub struct Shared {
    /// The archive.
    pub archive: PathBuf,
    /// What the program said while taking them in.
    pub ingested: Done,
}

/// Returns the archive of all samples; the first caller has them read.
pub fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        remove_what_earlier_runs_left(parent);
        let archive = parent.join(format!("shared-{}", std::process::id()));
        let ingested = run(&archive, ["ingest", "--json", "samples"]);
        Shared { archive, ingested }
    })
}

/// A static is never dropped, so the shared archive outlives its run; the next run removes it.
fn remove_what_earlier_runs_left(parent: &Path) {
    for entry in fs::read_dir(parent).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(process) = name.strip_prefix("shared-") else { continue };
        if !Path::new("/proc").join(process).exists() {
            fs::remove_dir_all(entry.path()).ok(); // another run may be removing it too
        }
    }
}

/// Returns the whole archive as `export --format jsonl` gives it, by file name.
#[track_caller]
pub fn exported(archive: &Path) -> Vec<Value> {
    let mut documents = run(archive, ["export", "--format", "jsonl"]).expect_code(0).lines();
    documents.sort_by_key(|document| document["source"]["name"].as_str().unwrap().to_owned());
    documents
}

/// A small generator of numbers that are the same on every run: xorshift64*.
pub struct Dice(u64);

impl Dice {
    /// Returns the sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Returns the next number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize) % limit
    }
}
