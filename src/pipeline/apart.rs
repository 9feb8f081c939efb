//! Reads a file under suspicion in a process of its own: pages asked for by number, their records or the reason why not back.
//!
//! A file that a process was at work on when it died may have killed it, or may have stood by when somebody pulled the plug. The next run finds
//! out: this side starts the program anew for that file alone and watches it; the other side is [`serve`]. If that process dies, too, the file
//! is the cause, and nothing else was at risk. What takes too long is ended.

use super::Reader;
use super::failure::Failure;
use super::patience::{CLOCK_TO_WORK, Patience};
use crate::archive::record;
use crate::decode::{self, Format, OpenFile, SNIFF_BYTES};
use crate::model::FailureCode;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Time for starting and opening a file, and beyond the time of a page.
const GRACE: Duration = Duration::from_secs(30);

/// No record of a page is larger.
const MOST_RECORD_BYTES: u64 = 1 << 30;

/// What a process of this kind is asked with.
#[derive(Clone, Debug)]
pub struct Way {
    /// This program.
    pub program: PathBuf,
    /// What it takes to start it as a reader of one file; the path of the file comes last.
    pub arguments: Vec<OsString>,
    /// Time that a page may take.
    pub page: Duration,
}

/// First line of an answer; the record follows it.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Opened { pages: u32 },
    Record { bytes: u64 },
    Failed { code: String, message: String },
}

type Replies = Receiver<io::Result<(Answer, Vec<u8>)>>;

/// A file under suspicion, read by a process of its own.
pub struct Apart {
    way: Way,
    path: PathBuf,
    process: Mutex<Option<Process>>,
}

struct Process {
    child: Child,
    requests: ChildStdin,
    replies: Replies,
}

impl Apart {
    /// Starts the process and has it open the file at `path`.
    ///
    /// # Errors
    /// [`Failure::Crashed`] when it dies of that; any other failure of opening.
    pub fn open(way: &Way, path: &Path) -> Result<Self, Failure> {
        let process = Process::start(way, path)?;
        Ok(Self { way: way.clone(), path: path.to_owned(), process: Mutex::new(Some(process)) })
    }

    /// Returns the record of page `index`, from 0. After a death the next page gets a new process.
    ///
    /// # Errors
    /// [`Failure::Crashed`] when the process dies of the page, [`Failure::Slow`] when it does not come back; any other failure of reading.
    pub fn page(&self, index: u32) -> Result<Vec<u8>, Failure> {
        let mut place = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let mut process = match place.take() {
            Some(process) => process,
            None => Process::start(&self.way, &self.path)?,
        };
        // Where it is gone already, the missing answer tells.
        writeln!(process.requests, "{index}").ok();
        // A page may be tried twice, and its text looked at before.
        let answer = process.answer(self.way.page * 3 * CLOCK_TO_WORK + GRACE)?;
        *place = Some(process);
        match answer {
            (Answer::Record { .. }, record) => Ok(record),
            (Answer::Failed { code, message }, _) => Err(told(&code, message)),
            (Answer::Opened { .. }, _) => Err(Failure::Internal("a process answered what was not asked".to_owned())),
        }
    }
}

impl Process {
    fn start(way: &Way, path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::Internal(format!("the program cannot be started anew: {error}"));
        let mut child = Command::new(&way.program)
            .args(&way.arguments)
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // An interrupt typed at a terminal is for this program, and must not look like a death.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let (Some(requests), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::Internal("the process has no pipes".to_owned()));
        };
        let (sender, replies) = channel();
        // Ends with the process: the pipe closes.
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            loop {
                let reply = receive(&mut output);
                let last = reply.is_err();
                if sender.send(reply).is_err() || last {
                    break;
                }
            }
        });
        let mut process = Self { child, requests, replies };
        match process.answer(GRACE + way.page)? {
            (Answer::Opened { .. }, _) => Ok(process),
            (Answer::Failed { code, message }, _) => Err(told(&code, message)),
            (Answer::Record { .. }, _) => Err(Failure::Internal("a process answered what was not asked".to_owned())),
        }
    }

    fn answer(&mut self, patience: Duration) -> Result<(Answer, Vec<u8>), Failure> {
        match self.replies.recv_timeout(patience) {
            Ok(Ok(answer)) => Ok(answer),
            Err(RecvTimeoutError::Timeout) => Err(Failure::Slow { seconds: patience.as_secs() }),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => {
                let how = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(Failure::Crashed { how })
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok(); // it may have ended by itself
        self.child.wait().ok();
    }
}

fn told(code: &str, message: String) -> Failure {
    Failure::Told { code: code.parse().unwrap_or(FailureCode::Internal), message }
}

fn receive(output: &mut impl BufRead) -> io::Result<(Answer, Vec<u8>)> {
    let mut line = String::new();
    output.read_line(&mut line)?;
    let answer: Answer = serde_json::from_str(&line)?;
    let mut record = Vec::new();
    if let Answer::Record { bytes } = answer
        && (bytes > MOST_RECORD_BYTES || output.take(bytes).read_to_end(&mut record)? as u64 != bytes)
    {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((answer, record))
}

/// Answers the requests on `input` about the file at `path` until they end.
///
/// # Errors
/// Whoever asks is gone.
pub fn serve(
    reader: &Reader,
    settings: &decode::Settings,
    program: &Path,
    path: &Path,
    page: Duration,
    input: impl BufRead,
    mut output: impl Write,
) -> io::Result<()> {
    let opened = catch_unwind(AssertUnwindSafe(|| open(path, settings, program)));
    let file = match opened.unwrap_or_else(|panic| Err(Failure::Internal(super::words_of(&*panic)))) {
        Ok(file) => file,
        Err(failure) => return send(&mut output, &failed(&failure), &[]),
    };
    send(&mut output, &Answer::Opened { pages: file.page_count() }, &[])?;
    for line in input.lines() {
        let Ok(index) = line?.trim().parse() else { continue };
        let never = AtomicBool::new(false);
        let read = || {
            let page = reader.read(&file, path, index, |_| None, &Patience::until(page, &never))?;
            record::encode_page(&page).map_err(|error| Failure::Internal(error.to_string()))
        };
        let read = catch_unwind(AssertUnwindSafe(read));
        match read.unwrap_or_else(|panic| Err(Failure::Internal(super::words_of(&*panic)))) {
            Ok(record) => send(&mut output, &Answer::Record { bytes: record.len() as u64 }, &record)?,
            Err(failure) => send(&mut output, &failed(&failure), &[])?,
        }
    }
    Ok(())
}

fn open(path: &Path, settings: &decode::Settings, program: &Path) -> Result<OpenFile, Failure> {
    let mut head = Vec::with_capacity(SNIFF_BYTES);
    let file = File::open(path).map_err(Failure::Unreadable)?;
    file.take(SNIFF_BYTES as u64).read_to_end(&mut head).map_err(Failure::Unreadable)?;
    let format = Format::sniff(&head).ok_or(Failure::UnsupportedFormat)?;
    Ok(OpenFile::open(path, format, settings, program)?)
}

fn failed(failure: &Failure) -> Answer {
    Answer::Failed { code: failure.code().to_string(), message: failure.to_string() }
}

fn send(output: &mut impl Write, answer: &Answer, record: &[u8]) -> io::Result<()> {
    serde_json::to_writer(&mut *output, answer)?;
    output.write_all(b"\n")?;
    output.write_all(record)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(script: &str) -> Way {
        let arguments = ["-c", script].map(OsString::from).to_vec();
        Way { program: "/bin/sh".into(), arguments, page: Duration::from_secs(5) }
    }

    #[test]
    fn a_process_that_dies_of_a_page_fails_that_page_alone() {
        // Dies on page 1 as a program does whose memory ran out; answers every other.
        let script = r#"echo '{"Opened":{"pages":3}}'
            while read page; do [ "$page" = 1 ] && kill -ABRT $$; printf '{"Record":{"bytes":6}}\npage %s' "$page"; done"#;
        let apart = Apart::open(&way(script), Path::new("x.tif")).unwrap();
        assert_eq!(apart.page(0).unwrap(), b"page 0");
        let failure = apart.page(1).unwrap_err();
        assert_eq!(failure.code(), FailureCode::Crashed);
        assert!(failure.to_string().contains("signal: 6"), "{failure}");
        assert_eq!(apart.page(2).unwrap(), b"page 2");
    }

    #[test]
    fn a_process_that_dies_of_opening_fails_the_file_and_one_that_refuses_says_why() {
        let crashed = Apart::open(&way("exit 7"), Path::new("x.tif")).err().unwrap();
        assert_eq!(crashed.code(), FailureCode::Crashed);
        let script = r#"echo '{"Failed":{"code":"empty","message":"nothing in it"}}'"#;
        let refused = Apart::open(&way(script), Path::new("x.tif")).err().unwrap();
        assert_eq!((refused.code(), refused.to_string().as_str()), (FailureCode::Empty, "nothing in it"));
    }

    #[test]
    fn the_other_side_answers_with_records_and_reasons() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        image::GrayImage::new(40, 30).save(&path).unwrap();
        std::fs::write(folder.path().join("a.gt.txt"), "العدد ١٢").unwrap();
        let reader = Reader::Text { folder: folder.path().to_owned() };
        let mut output = Vec::new();
        let (settings, program) = (decode::Settings::default(), Path::new("/no/program"));
        serve(&reader, &settings, program, &path, Duration::from_secs(9), &b"0\n7\n"[..], &mut output).unwrap();
        let mut output = output.as_slice();
        assert!(matches!(receive(&mut output).unwrap().0, Answer::Opened { pages: 1 }));
        let (_, record) = receive(&mut output).unwrap();
        assert_eq!(record::decode_page(&record).unwrap().text(), "العدد ١٢");
        assert!(matches!(receive(&mut output).unwrap().0, Answer::Failed { .. }));
    }
}
