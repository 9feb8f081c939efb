//! `watch`: an ingest that never ends, fed by folders, as a command or as a service of systemd.

use super::args::{Common, WatchArgs};
use super::ingest::Ready;
use super::{Outcome, UsageError, print};
use crate::config::Config;
use crate::ingest::{Stamp, located, written};
use crate::model::FailureCode;
use crate::pipeline::{self, Access, ArchiveError, End, Ended, Handed, Ingest, News, Store};
use crate::watch::after::{After, Afterwards, Done, Ending};
use crate::watch::{Again, Known, Settings, Watch};
use anyhow::{Context, Result};
use sd_notify::NotifyState;
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A service that is told to stop has ten seconds. What is under way after this time is given up; it is read when the service starts again.
const TIME_TO_STOP: Duration = Duration::from_secs(8);

/// The archive is given back to others when no file has come for so long.
const HELD_WHILE_IDLE: Duration = Duration::from_secs(2);

/// Runs `watch`.
pub fn run(common: &Common, config: &Config, args: &WatchArgs) -> Result<Outcome> {
    let folders: Vec<PathBuf> = args.folders.iter().map(|folder| located(folder)).collect();
    let after = after(&args.after)?;
    let settings = Settings { settle: seconds("--settle", &args.settle)?, rescan: seconds("--rescan", &args.rescan)? };
    if let Some(inside) = folders.iter().find(|folder| located(&common.archive).starts_with(folder)) {
        let text = format!("the archive lies in {}, which is to be watched: put it elsewhere", inside.display());
        return Err(UsageError(text).into());
    }
    let ready = Ready::new(common, config, &args.reading)?;
    drop(Store::open(&common.archive, Access::Write)?.index(Access::Write)?); // made where there is none
    let memory = Store::open(&common.archive, Access::Read)?;
    let afterwards = Afterwards { after, folders: folders.clone(), blobs: &*memory.blobs };
    let mut watch = Watch::new(&folders, afterwards.left_out(), settings);
    let keeps = afterwards.after == After::Keep;
    let known = |path: &Path, stamp: &Stamp| match memory.catalogue.unchanged(&written(path), stamp.as_str()) {
        Ok(Some(_)) if keeps => Known::LeaveIt,
        Ok(Some(_)) => Known::HandOn,
        // What the catalogue cannot say is found out when the file is handed on.
        Ok(None) | Err(_) => Known::No,
    };

    let service = Service::begin(&ready.stop, Duration::from_secs(u64::from(config.pipeline.page_seconds) * 3 + 60));
    let mut teller = Teller {
        common,
        stop: &ready.stop,
        afterwards: &afterwards,
        again: watch.again(),
        taken: 0,
        failed: 0,
        unreadable: HashSet::new(),
    };
    while !ready.stop.load(Ordering::Relaxed) {
        service.is_alive();
        let Some(first) = watch.next(&known) else { continue };
        // The archive is held while there is work alone, so that people can correct letters and hand in others meanwhile.
        let Some(store) = writer(common, &ready.stop, &service)? else { break };
        let index = store.index(Access::Write)?;
        let run = Ingest { organisation: args.organisation.as_deref(), ..ready.run(&store, &*index) };
        let mut idle_since = Instant::now();
        let mut first = Some(first);
        let handed = std::iter::from_fn(|| {
            service.is_alive();
            match first.take().or_else(|| watch.next(&known)) {
                Some(found) => {
                    idle_since = Instant::now();
                    Some(Handed::Found(found))
                }
                None => (idle_since.elapsed() < HELD_WHILE_IDLE).then_some(Handed::Nothing),
            }
        });
        let summary = pipeline::take_in(&run, handed, |news| {
            service.is_alive();
            if let News::File(ended) = news {
                teller.tell(&ended);
                service.say(&format!("{} files taken in, {} failed since it started", teller.taken, teller.failed));
            }
        });
        summary
            .with_context(|| "watching stopped; what was read before is kept, and the next run goes on from there")?;
    }
    service.stopping();
    Ok(Outcome::Interrupted)
}

/// Opens the archive for writing, as soon as nobody else does; `None` where the program is told to stop before.
fn writer(common: &Common, stop: &AtomicBool, service: &Service) -> Result<Option<Store>> {
    let mut told = false;
    while !stop.load(Ordering::Relaxed) {
        service.is_alive();
        match Store::open(&common.archive, Access::Write) {
            Ok(store) => return Ok(Some(store)),
            Err(ArchiveError::Locked { holder, .. }) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::warn!(%holder, "the archive is being written by another program; files wait");
                }
                thread::sleep(Duration::from_millis(200));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

fn after(text: &str) -> Result<After, UsageError> {
    match text.split_once(':') {
        None if text == "keep" => Ok(After::Keep),
        None if text == "delete" => Ok(After::Delete),
        Some(("move", folder)) if !folder.is_empty() => Ok(After::Move(located(Path::new(folder)))),
        _ => Err(UsageError(format!("--after {text:?}: give keep, move:DIR or delete"))),
    }
}

/// Returns a time such as `5s`, `500ms` or `2m`; a plain number is seconds.
fn seconds(name: &str, text: &str) -> Result<Duration, UsageError> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_ms = match &text[digits.len()..] {
        "ms" => 1,
        "" | "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    match digits.parse::<u64>() {
        Ok(count) if unit_ms > 0 && (1..=86_400_000).contains(&(count.saturating_mul(unit_ms))) => {
            Ok(Duration::from_millis(count * unit_ms))
        }
        _ => Err(UsageError(format!("{name} {text:?}: give a time such as 5s, 500ms or 2m, at most a day"))),
    }
}

/// Tells how files ended, and does away with them.
struct Teller<'a> {
    common: &'a Common,
    stop: &'a AtomicBool,
    afterwards: &'a Afterwards<'a>,
    again: Again,
    taken: u64,
    failed: u64,
    /// Told already; they are tried again and again.
    unreadable: HashSet<PathBuf>,
}

impl Teller<'_> {
    fn tell(&mut self, ended: &Ended) {
        let is_news = match &ended.end {
            End::Failed(error) if error.code == FailureCode::Unreadable => self.unreadable.insert(ended.path.clone()),
            _ => {
                self.unreadable.remove(&ended.path);
                !ended.unchanged
            }
        };
        if is_news {
            let Common { json, quiet, .. } = *self.common;
            let mut out = io::stdout().lock();
            if print::ended(&mut out, ended, json, quiet).and_then(|()| out.flush()).is_err() {
                self.stop.store(true, Ordering::Relaxed); // nobody listens any more
            }
        }
        let ending = match (&ended.end, &ended.content) {
            (End::Stored | End::Duplicate, Some(content)) => {
                self.taken += 1;
                Ending::Kept(content)
            }
            (End::Failed(error), _) => {
                self.failed += 1;
                Ending::Failed { code: error.code, message: &error.message }
            }
            _ => return,
        };
        match self.afterwards.act(&ended.path, ending) {
            Ok(Done::Changed) => self.again.look_at(&ended.path),
            Ok(Done::Nothing) => self.look_again_if_unreadable(ended),
            Ok(done) => tracing::info!(path = %ended.path.display(), ?done, "done with a file"),
            Err(error) => tracing::warn!(%error, "a file stays where it is"),
        }
    }

    /// A file that was being written to when it was taken in has not failed for good.
    fn look_again_if_unreadable(&self, ended: &Ended) {
        if let End::Failed(error) = &ended.end
            && error.code == FailureCode::Unreadable
            && ended.path.is_file()
        {
            self.again.look_at(&ended.path);
        }
    }
}

/// What systemd is told, where it asks.
struct Service {
    /// Milliseconds since the start at which something last went on.
    alive: Arc<AtomicU64>,
    started: Instant,
}

impl Service {
    /// Says that all is ready, and goes on to say that all is well as long as something has gone on within `patience`.
    fn begin(stop: &Arc<AtomicBool>, patience: Duration) -> Self {
        let (alive, started) = (Arc::new(AtomicU64::new(0)), Instant::now());
        tell_systemd(&[NotifyState::Ready]);
        let (stop, seen) = (Arc::clone(stop), Arc::clone(&alive));
        // Ends with the program.
        thread::spawn(move || {
            let mut asked_at = Instant::now();
            while !stop.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(100));
                let idle = started.elapsed().saturating_sub(Duration::from_millis(seen.load(Ordering::Relaxed)));
                if asked_at.elapsed() > Duration::from_secs(5) && idle < patience {
                    tell_systemd(&[NotifyState::Watchdog]);
                    asked_at = Instant::now();
                }
            }
            thread::sleep(TIME_TO_STOP);
            tracing::warn!("pages under way are given up; they are read when watching starts again");
            // Everything filed is on disk; a file under way stays waiting in the ledger.
            std::process::exit(130);
        });
        Self { alive, started }
    }

    fn is_alive(&self) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.alive.store(now, Ordering::Relaxed);
    }

    fn say(&self, status: &str) {
        tell_systemd(&[NotifyState::Status(status)]);
    }

    fn stopping(&self) {
        tell_systemd(&[NotifyState::Stopping]);
    }
}

/// Without systemd nobody is told, and with it nothing depends on its hearing.
fn tell_systemd(state: &[NotifyState<'_>]) {
    sd_notify::notify(false, state).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        let check = |text: &str, want: Option<u64>| {
            assert_eq!(seconds("--settle", text).ok().map(|time| time.as_millis() as u64), want, "{text}");
        };
        check("5s", Some(5000));
        check("5", Some(5000));
        check("250ms", Some(250));
        check("2m", Some(120_000));
        for wrong in ["", "s", "0s", "-1s", "5 s", "1d", "99999999999999999h"] {
            check(wrong, None);
        }
    }

    #[test]
    fn what_is_done_afterwards_is_read() {
        assert_eq!(after("keep").unwrap(), After::Keep);
        assert_eq!(after("delete").unwrap(), After::Delete);
        assert_eq!(after("move:/done").unwrap(), After::Move(PathBuf::from("/done")));
        for wrong in ["", "move", "move:", "keep:x", "burn"] {
            assert!(after(wrong).is_err(), "{wrong}");
        }
    }
}
