//! What people type: arguments in, results on standard output, an exit code out.
//!
//! Results alone go to standard output; progress and trouble go to standard error.

mod args;
mod bench_search;
mod bodies;
mod correct;
mod doctor;
mod engine;
mod evaluate;
mod export;
mod ingest;
mod inspect;
mod ledger;
mod print;
pub mod restart;
mod run;
mod search;
mod serve;
mod thread;
mod upkeep;
mod watch;

use crate::config::ConfigError;
use args::{Cli, Command};
use clap::Parser;
use clap::error::ErrorKind;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tracing_subscriber::EnvFilter;

/// How a command ended, as programs see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// All well.
    Well,
    /// Done, with something to report: failed inputs, no hit, findings, a ledger that does not balance.
    NotAll,
    /// Interrupted; everything read so far is kept.
    Interrupted,
}

/// The call itself is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// Runs the program and returns its exit code: 0 all well, 1 not all, 2 the call or the configuration is wrong, 3 the
/// archive or a needed part cannot be used, 130 interrupted.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            error.print().ok(); // nobody is left to tell when standard error is gone
            return ExitCode::from(if asked { 0 } else { 2 });
        }
    };
    if let Command::PdfPages { path, .. } = &cli.command {
        return crate::decode::pdf_child::run(path, crate::export::pdf::rewritten);
    }
    start_log(&cli);
    outlive_limits();
    // Faults in decoders are caught and become failures of their file; their own words belong in the log.
    // What a fault says may hold words of a letter (a string cut at the wrong place is printed whole); where it happened is enough.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::warn!(place, "a thread panicked");
    }));
    match run::run(cli) {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::NotAll) => ExitCode::from(1),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS, // whoever reads our output has enough
        Err(error) => {
            print::aside(&format_args!("warraq: {}", said_once(&error)));
            let wrong_call = error.is::<UsageError>() || error.is::<ConfigError>();
            ExitCode::from(if wrong_call { 2 } else { 3 })
        }
    }
}

/// Returns what went wrong and why. Most messages name their cause by themselves; it is not said again.
fn said_once(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |mut said, cause| {
        let cause = cause.to_string();
        if !said.contains(&cause) {
            if !said.is_empty() {
                said.push_str(": ");
            }
            said.push_str(&cause);
        }
        said
    })
}

/// Has writes beyond a limit of file sizes fail, as on a full disk, instead of ending the program.
fn outlive_limits() {
    let noticed = Arc::new(AtomicBool::new(false));
    if let Err(error) = signal_hook::flag::register(libc::SIGXFSZ, noticed) {
        tracing::debug!(%error, "a limit of file sizes would end the program");
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Sends the log to standard error: warnings, more with `-v`, or what `WARRAQ_LOG` says.
fn start_log(cli: &Cli) {
    let level = match (cli.common.quiet, cli.common.verbose) {
        (true, _) => "error",
        (_, 0) => "warn",
        (_, 1) => "info",
        _ => "debug",
    };
    let filter =
        EnvFilter::try_from_env("WARRAQ_LOG").unwrap_or_else(|_| EnvFilter::new(format!("off,warraq={level}")));
    // What cannot be written to standard error is not told there either: that would panic.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false)
        .log_internal_errors(false)
        .init();
}
