//! A reader process, seen from the process that started it: asked, waited for, and ended.

use super::protocol::{self, Reply, Request};
use crate::decode::DecodeError;
use crate::decode::Settings;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// One reader of one PDF. Dropping it ends the process and waits until it is gone.
pub(super) struct Reader {
    process: Child,
    requests: ChildStdin,
    replies: Receiver<io::Result<(Reply, Vec<u8>)>>,
    last_words: Option<JoinHandle<String>>,
    settings: Settings,
    served: u32,
}

/// Time beyond that of a page: for starting the process and for the pixels' way through the pipe.
const GRACE: Duration = Duration::from_secs(5);

/// What the program and its reader must share.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What Rust writes before it aborts for want of memory.
const OUT_OF_MEMORY: &str = "memory allocation of";

/// Signals by number (POSIX, as Linux numbers them).
const SIGXCPU: i32 = 24;

impl Reader {
    /// Starts a reader and has it open the PDF at `path`; returns it with the number of pages.
    ///
    /// The reader is the small program of its own that lies beside `program`, where there is one of the same version;
    /// else `program` itself.
    pub(super) fn start(program: &Path, path: &Path, settings: &Settings) -> Result<(Self, u32), DecodeError> {
        let small = program.with_file_name(format!("warraq-pdf{}", std::env::consts::EXE_SUFFIX));
        if small.is_file() {
            match Self::start_program(&small, path, settings) {
                // It lies about its kind, is of another version, or fell over this file: the other one shall say.
                Err(DecodeError::Crashed { .. } | DecodeError::NoReader { .. }) => {}
                started => return started,
            }
        }
        Self::start_program(program, path, settings)
    }

    fn start_program(program: &Path, path: &Path, settings: &Settings) -> Result<(Self, u32), DecodeError> {
        let no_reader = |what: &str| DecodeError::NoReader { what: what.to_owned() };
        let mut process = Command::new(program)
            .arg("pdf-pages")
            .arg(path)
            .arg(VERSION)
            // Its libraries read this while it is being loaded; the reader itself has one thread at work.
            .env("OMP_THREAD_LIMIT", "1")
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| no_reader(&format!("{} cannot be started: {error}", program.display())))?;
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let (Some(requests), Some(mut output), Some(errors)) = pipes else { return Err(no_reader("it has no pipes")) };
        let max_pixels = u64::from(settings.max_page_megapixels.max(settings.pdf_render_max_megapixels)) * 3_000_000;
        // A file written anew is the old one with some text.
        let max_pixels = max_pixels.max(u64::from(settings.max_file_mib) << 21);
        let (sender, replies) = mpsc::channel();
        // Ends with the process: the pipe closes.
        thread::spawn(move || {
            loop {
                let reply = protocol::receive(&mut output, max_pixels);
                let last = reply.is_err();
                if sender.send(reply).is_err() || last {
                    break;
                }
            }
        });
        let last_words = Some(thread::spawn(move || tail_of(errors)));
        let mut reader = Self { process, requests, replies, last_words, settings: settings.clone(), served: 0 };
        match reader.ask(&Request::Open { settings: settings.clone() })? {
            (Reply::Opened { pages }, _) => {
                reader.served = 0;
                Ok((reader, pages))
            }
            (Reply::Failed(error), _) => Err(error),
            (reply, _) => Err(reply.unexpected()),
        }
    }

    /// Says whether no page has been asked of it yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.served == 0
    }

    /// Asks and waits for the answer. After an error other than a reply of its own, the reader is of no more use.
    pub(super) fn ask(&mut self, request: &Request) -> Result<(Reply, Vec<u8>), DecodeError> {
        self.served += 1;
        // Where the reader is gone already, the missing answer tells.
        let _ = protocol::send(&mut self.requests, request, &[]);
        let patience = Duration::from_secs(self.settings.pdf_page_seconds.into()) + GRACE;
        match self.replies.recv_timeout(patience) {
            Ok(Ok(answer)) => Ok(answer),
            Err(RecvTimeoutError::Timeout) => {
                self.end();
                Err(DecodeError::TimedOut { limit_seconds: self.settings.pdf_page_seconds })
            }
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(self.cause_of_death()),
        }
    }

    fn end(&mut self) -> Option<ExitStatus> {
        let _ = self.process.kill();
        self.process.wait().ok()
    }

    fn cause_of_death(&mut self) -> DecodeError {
        // Its output has closed, so it is dead or dying; the status is that of its own end unless it lingers.
        let status = self.wait_a_moment().or_else(|| self.end());
        let words = self.last_words.take().and_then(|words| words.join().ok()).unwrap_or_default();
        if words.contains(OUT_OF_MEMORY) {
            return DecodeError::OutOfMemory { limit_mib: self.settings.pdf_memory_mib };
        }
        if status.and_then(|status| status.signal()) == Some(SIGXCPU) {
            return DecodeError::TimedOut { limit_seconds: self.settings.pdf_page_seconds };
        }
        let ending = status.map_or_else(|| "unknown end".to_owned(), |status| status.to_string());
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        DecodeError::Crashed { what: if words.is_empty() { ending } else { format!("{ending}, {words}") } }
    }

    fn wait_a_moment(&mut self) -> Option<ExitStatus> {
        for _ in 0..100 {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.end();
    }
}

/// Bytes kept of what a reader writes to its standard error.
const TAIL: usize = 400;

fn tail_of(mut errors: impl Read) -> String {
    let mut tail: Vec<u8> = Vec::new();
    let mut part = [0; 1024];
    while let Ok(count @ 1..) = errors.read(&mut part) {
        tail.extend_from_slice(part.get(..count).unwrap_or_default());
        tail.drain(..tail.len().saturating_sub(TAIL));
    }
    String::from_utf8_lossy(&tail).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_long_words_the_last_are_kept() {
        let words = [vec![b'x'; 5000], b"memory allocation of 7 bytes failed".to_vec()].concat();
        let tail = tail_of(&words[..]);
        assert_eq!(tail.len(), TAIL);
        assert!(tail.contains(OUT_OF_MEMORY));
    }

    #[test]
    fn a_program_that_is_no_reader_is_noticed() {
        let path = Path::new("/tmp/nothing.pdf");
        let error = Reader::start(Path::new("/bin/false"), path, &Settings::default()).map(|_| ());
        assert!(matches!(error, Err(DecodeError::Crashed { .. })), "{error:?}");
        let error = Reader::start(Path::new("/no/such/program"), path, &Settings::default()).map(|_| ());
        assert!(matches!(error, Err(DecodeError::NoReader { .. })), "{error:?}");
    }
}
