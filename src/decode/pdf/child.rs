//! The reader of one PDF, a process of its own: requests come in on standard input, pages go out on standard output.
//!
//! PDF parsers can exhaust memory, recurse without end or never return, and none of that can be caught. So they run
//! here, with limits on memory and time, and take nothing with them when they fall.

use super::confine::confine;
use super::pages::PdfPages;
use super::protocol::{self, PageWords, Reply, Request};
use crate::decode::DecodeError;
use crate::decode::Settings;
use crate::decode::guard;
use crate::model::PdfPage;
use rlimit::Resource;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

/// Stack of the thread that reads: nested forms and patterns recurse.
const STACK_BYTES: usize = 64 << 20;

/// Writes a PDF anew: its bytes, the passwords that may open it, the pages to write, and what to do with them.
///
/// The reader of PDFs knows how to read alone; who starts it says how PDFs are written.
pub type Rewrite = fn(&[u8], &[String], &[PdfPage], &str) -> Result<Vec<u8>, String>;

/// Answers the requests on standard input about the PDF at `path` until they end.
///
/// This is what `warraq pdf-pages PATH` does; [`crate::decode::OpenFile`] starts it.
pub fn run(path: &Path, rewrite: Rewrite) -> ExitCode {
    let (sender, requests) = mpsc::channel();
    let file = File::open(path);
    // The file is open and its bytes are all that is needed from here on; threads inherit what is given up.
    confine();
    let reader = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || serve(file, rewrite, &requests));
    // This thread watches standard input, so that the process ends with the one that started it even in mid-page.
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Ok((request, _)) = protocol::receive::<Request>(&mut input, 0) {
            if sender.send(request).is_err() {
                return;
            }
        }
        std::process::exit(0);
    });
    match reader.map(thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn serve(file: io::Result<File>, rewrite: Rewrite, requests: &Receiver<Request>) -> io::Result<()> {
    let mut output = io::stdout().lock();
    let Ok(Request::Open { settings }) = requests.recv() else { return Ok(()) };
    limit_memory(&settings);
    limit_time(&settings, 0);
    let answered = guard::pdfs(|| {
        let unreadable = |error: io::Error| DecodeError::Unreadable { what: error.to_string() };
        let mut file = file.map_err(unreadable)?;
        let mut bytes = Vec::with_capacity(file.metadata().map_or(0, |about| about.len() as usize));
        file.read_to_end(&mut bytes).map_err(unreadable)?;
        let bytes = Arc::new(bytes);
        let pdf = super::pages::open(&bytes, &settings.pdf_passwords)?;
        let pages = guard::pdfs(|| PdfPages::new(&pdf, &settings))?;
        // From here on errors are those of the pipe: whoever asked is gone.
        let writer = Writer { rewrite, bytes: &bytes, passwords: &settings.pdf_passwords };
        Ok(answer(pages, &writer, &settings, requests, &mut output))
    });
    match answered {
        Ok(result) => result,
        Err(error) => protocol::send(&mut output, &Reply::Failed(error), &[]),
    }
}

/// What writing the file anew takes.
struct Writer<'a> {
    rewrite: Rewrite,
    bytes: &'a [u8],
    passwords: &'a [String],
}

impl Writer<'_> {
    fn written(&self, pages: &mut PdfPages<'_>, wanted: &[u32], job: &str) -> Result<Vec<u8>, DecodeError> {
        let about = wanted.iter().map(|index| pages.about(*index)).collect::<Result<Vec<_>, _>>()?;
        (self.rewrite)(self.bytes, self.passwords, &about, job).map_err(|what| DecodeError::DamagedPdf { what })
    }
}

fn answer(
    mut pages: PdfPages<'_>,
    writer: &Writer<'_>,
    settings: &Settings,
    requests: &Receiver<Request>,
    output: &mut impl Write,
) -> io::Result<()> {
    protocol::send(output, &Reply::Opened { pages: pages.count() }, &[])?;
    for (number, request) in (1..).zip(requests) {
        limit_time(settings, number);
        let reply = guard::pdfs(|| match request {
            Request::Open { .. } => Ok((Reply::Opened { pages: pages.count() }, Vec::new())),
            Request::Header { index } => Ok((Reply::from(pages.header(index)?), Vec::new())),
            Request::Page { index } => {
                let (words, pixels) = PageWords::of(pages.page(index)?);
                Ok((Reply::Page(words), pixels))
            }
            Request::Rewrite { pages: wanted, job } => {
                Ok((Reply::Rewritten, writer.written(&mut pages, &wanted, &job)?))
            }
            Request::Text { index } => Ok((Reply::Text(Box::new(pages.text(index)?.into())), Vec::new())),
        });
        match reply {
            Ok((reply, pixels)) => protocol::send(output, &reply, &pixels)?,
            Err(error) => protocol::send(output, &Reply::Failed(as_pdf_error(error)), &[])?,
        }
    }
    Ok(())
}

/// A damaged image in a PDF is a damaged PDF to whoever handed it in.
fn as_pdf_error(error: DecodeError) -> DecodeError {
    match error {
        DecodeError::DamagedImage { what } => DecodeError::DamagedPdf { what: format!("an image in it: {what}") },
        other => other,
    }
}

/// Bounds the memory of this process. Where the system forbids that, the clock of the other process still holds.
fn limit_memory(settings: &Settings) {
    let bytes = u64::from(settings.pdf_memory_mib) << 20;
    let _ = lower(Resource::AS, bytes);
    // Nobody looks at the memory image of a reader that died of a broken file.
    let _ = lower(Resource::CORE, 0);
}

/// Allows the time of `requests` pages and some to spare. The other process measures each page by the clock; this
/// bound holds when that process is gone.
fn limit_time(settings: &Settings, requests: u64) {
    let _ = lower(Resource::CPU, (requests + 2) * u64::from(settings.pdf_page_seconds.max(1)));
}

/// Sets the soft limit, which may be raised again, and leaves the hard one.
fn lower(resource: Resource, limit: u64) -> io::Result<()> {
    let (_, hard) = resource.get()?;
    resource.set(limit.min(hard), hard)
}
