//! `serve`: pages for people and an interface for programs, until it is told to stop.

use super::args::{Common, ServeArgs};
use super::{Outcome, UsageError, ingest};
use crate::config::Config;
use crate::pipeline::Settings;
use crate::serve::{self, Options, ServeError};
use anyhow::{Context, Result};
use serde_json::json;
use std::env;
use std::io::{self, Write};

/// Runs `serve`.
pub fn run(common: &Common, config: &Config, args: &ServeArgs) -> Result<Outcome> {
    let program = env::current_exe().context("the program cannot find itself, which it starts anew for PDFs")?;
    let (reading, loaded) = (args.reading.clone(), config.clone());
    let options = Options {
        archive: common.archive.clone(),
        listen: args.listen,
        behind_proxy: args.behind_proxy,
        certificate: args.certificate.clone().zip(args.key.clone()),
        settings: config.serve.clone(),
        decode: ingest::with_passwords(&config.decode, reading.password_file.as_deref())?,
        pipeline: Settings { jobs: reading.jobs.unwrap_or(config.pipeline.jobs), ..config.pipeline.clone() },
        program,
        apart: if reading.text_from.is_some() { Vec::new() } else { ingest::apart(common, &reading) },
        load_reader: Box::new(move || ingest::reader(&loaded, &reading).map_err(|error| format!("{error:#}"))),
    };
    let served = serve::run(options, |ready| {
        let mut out = io::stdout().lock();
        // Nobody may be listening to what is said here; the server serves all the same.
        if common.json {
            writeln!(out, "{}", json!({"url": ready.url, "first_link": ready.first_link})).ok();
        } else {
            writeln!(out, "serving {}", ready.url).ok();
            if let Some(link) = ready.first_link {
                writeln!(
                    out,
                    "nobody has an account yet; whoever opens this address once becomes administrator:\n{link}"
                )
                .ok();
            }
        }
        out.flush().ok();
    });
    match served {
        Err(error @ ServeError::Clear(_)) => Err(UsageError(error.to_string()).into()),
        other => Ok(other.map(|()| Outcome::Well)?),
    }
}
