//! Waits until a file is complete: looks at one file again and again, and at last a verdict.
//!
//! A file is complete when nothing about it has changed for long enough: neither what it looks like from outside nor its bytes, since
//! network shares tell sizes and times late; and when its format's end is there. Where the writer was seen to close it, less time is enough: a
//! quarter, and half for formats to which scanners append page by page.

use super::complete;
use crate::decode::SNIFF_BYTES;
use crate::ingest::Stamp;
use crate::model::ContentHash;
use crate::model::hash::Hasher;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Larger files are compared by so many bytes from their beginning and end and between.
const COMPARED_WHOLE_BYTES: u64 = 32 << 20;
const COMPARED_BYTES: u64 = 4 << 20;
const COMPARED_PARTS: u64 = 16;

/// A file without its format's end, or that cannot be opened, is handed on all the same after so many times the usual wait.
const PATIENCE: u32 = 12;
const LEAST_PATIENCE: Duration = Duration::from_secs(60);

/// A file that is waited for.
#[derive(Debug)]
pub struct Pending {
    stamp: Stamp,
    unchanged_since: Instant,
    closed: bool,
    seen: Option<Seen>,
    /// When to look again.
    pub look_at: Instant,
}

/// What was seen of a file's bytes.
#[derive(Debug)]
struct Seen {
    bytes: ContentHash,
    whole: bool,
    may_grow: bool,
}

/// What a look at a file says.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Look again later.
    Wait,
    /// Nothing will change any more; to be handed on.
    Complete,
    /// It is not there any more.
    Gone,
}

impl Pending {
    /// Begins to wait for a file that looks like this.
    pub fn new(stamp: Stamp, now: Instant) -> Self {
        Self { stamp, unchanged_since: now, closed: false, seen: None, look_at: now }
    }

    /// Notes that somebody saw the file change, or its writer close it.
    pub fn touched(&mut self, stamp: &Stamp, closed: bool, now: Instant) {
        if self.stamp != *stamp {
            *self = Self::new(stamp.clone(), now);
        }
        self.closed |= closed;
        self.look_at = now;
    }

    /// Looks at the file.
    pub fn look(&mut self, path: &Path, settle: Duration, now: Instant) -> Verdict {
        let Ok(about) = path.symlink_metadata() else { return Verdict::Gone };
        if !about.is_file() {
            return Verdict::Gone;
        }
        let stamp = Stamp::of(&about);
        if stamp != self.stamp {
            // Its writer is at it again.
            *self = Self::new(stamp, now);
        }
        let age = now.saturating_duration_since(self.unchanged_since);
        let may_grow = self.seen.as_ref().is_some_and(|seen| seen.may_grow);
        let wait = match (self.closed, may_grow) {
            (false, _) => settle,
            (true, true) => settle / 2,
            (true, false) => settle / 4,
        };
        let patience = (settle * PATIENCE).max(LEAST_PATIENCE);
        if age < wait / 2 {
            self.look_at = self.unchanged_since + wait / 2;
            return Verdict::Wait;
        }
        match look_inside(path, &about) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Verdict::Gone,
            // Locked, or not to be read by us: who hands it on finds out and says so.
            Err(_) if age >= patience => Verdict::Complete,
            Err(_) => {
                self.look_at = now + wait;
                Verdict::Wait
            }
            Ok(seen) => {
                let (same, whole) = (self.seen.as_ref().is_some_and(|before| before.bytes == seen.bytes), seen.whole);
                if !same && self.seen.is_some() {
                    // Changed without a change from outside.
                    *self = Self::new(self.stamp.clone(), now);
                }
                self.seen = Some(seen);
                if same && age >= wait && (whole || age >= patience) {
                    return Verdict::Complete;
                }
                self.look_at = if age < wait { self.unchanged_since + wait } else { now + wait };
                Verdict::Wait
            }
        }
    }
}

/// Opens a file that somebody may be writing to, and never a pipe or a link.
///
/// # Errors
/// It cannot be opened, or somebody holds it locked.
pub fn open(path: &Path) -> io::Result<File> {
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW).open(path)?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Err(io::Error::new(io::ErrorKind::WouldBlock, "somebody holds it locked")),
        // Given back at once; file systems that know no locks have none that could be held.
        Ok(()) => file.unlock().map(|()| file),
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

fn look_inside(path: &Path, about: &std::fs::Metadata) -> io::Result<Seen> {
    let mut file = open(path)?;
    let whole = complete::has_its_end(&mut file)?;
    let mut head = [0; SNIFF_BYTES];
    file.rewind()?;
    let length_of_head = file.read(&mut head)?;
    let may_grow = complete::may_grow(head.get(..length_of_head).unwrap_or_default());
    let (length, mut hasher) = (about.len(), Hasher::default());
    if length <= COMPARED_WHOLE_BYTES {
        update(&mut hasher, &mut file, 0, length)?;
    } else {
        let step = (length - COMPARED_BYTES) / (COMPARED_PARTS - 1);
        for part in 0..COMPARED_PARTS {
            update(&mut hasher, &mut file, part * step, COMPARED_BYTES)?;
        }
    }
    Ok(Seen { bytes: hasher.finish(), whole, may_grow })
}

fn update(hasher: &mut Hasher, file: &mut File, from: u64, bytes: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(from))?;
    let mut part = vec![0; 1 << 16];
    let mut rest = file.take(bytes);
    loop {
        match rest.read(&mut part) {
            Ok(0) => return Ok(()),
            Ok(count) => hasher.update(part.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    const SETTLE: Duration = Duration::from_secs(4);
    const END: &[u8] = b"\xFF\xD8\xFF\xE0 picture \xFF\xD9";

    fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf, Pending, Instant) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        fs::write(&path, bytes).unwrap();
        let now = Instant::now();
        let pending = Pending::new(Stamp::of(&path.symlink_metadata().unwrap()), now);
        (folder, path, pending, now)
    }

    /// Looks at the file every half second until something is said, for at most two minutes; returns what and when.
    fn verdict(path: &Path, pending: &mut Pending, from: Instant) -> (Verdict, f32) {
        for half in 0..240 {
            let after = Duration::from_millis(500) * half;
            let verdict = pending.look(path, SETTLE, from + after);
            if verdict != Verdict::Wait {
                return (verdict, after.as_secs_f32());
            }
        }
        (Verdict::Wait, 120.0)
    }

    #[test]
    fn a_file_at_rest_is_complete_after_the_wait_and_sooner_where_it_was_seen_closed() {
        let (_folder, path, mut pending, now) = file(END);
        assert_eq!(verdict(&path, &mut pending, now), (Verdict::Complete, 4.0));
        let (_folder, path, mut pending, now) = file(END);
        let stamp = pending.stamp.clone();
        pending.touched(&stamp, true, now);
        assert_eq!(verdict(&path, &mut pending, now), (Verdict::Complete, 1.0));
    }

    #[test]
    fn a_file_without_its_end_is_waited_for_longer_and_not_for_ever() {
        let (_folder, path, mut pending, now) = file(&END[..9]);
        assert_eq!(verdict(&path, &mut pending, now), (Verdict::Complete, 60.0));
    }

    #[test]
    fn every_change_starts_the_wait_anew() {
        let (_folder, path, mut pending, now) = file(END);
        assert_eq!(pending.look(&path, SETTLE, now + Duration::from_secs(3)), Verdict::Wait);
        fs::write(&path, [END, END].concat()).unwrap();
        let later = now + Duration::from_secs(4);
        assert_eq!(verdict(&path, &mut pending, later), (Verdict::Complete, 4.0));
    }

    #[test]
    fn bytes_that_change_behind_the_same_size_and_times_are_noticed() {
        let (_folder, path, mut pending, now) = file(END);
        assert_eq!(pending.look(&path, SETTLE, now + Duration::from_secs(2)), Verdict::Wait);
        fs::write(&path, [&END[..5], &[7], &END[6..]].concat()).unwrap();
        pending.stamp = Stamp::of(&path.symlink_metadata().unwrap()); // a share that tells no change
        let later = now + Duration::from_secs(4);
        assert_eq!(pending.look(&path, SETTLE, later), Verdict::Wait);
        assert_eq!(verdict(&path, &mut pending, later), (Verdict::Complete, 4.0));
    }

    #[test]
    fn a_locked_file_is_waited_for_and_one_that_goes_is_let_go() {
        let (_folder, path, mut pending, now) = file(END);
        let writer = File::options().write(true).open(&path).unwrap();
        writer.lock().unwrap();
        assert_eq!(pending.look(&path, SETTLE, now + Duration::from_secs(20)), Verdict::Wait);
        drop(writer);
        let later = now + Duration::from_secs(20);
        assert_eq!(pending.look(&path, SETTLE, later), Verdict::Wait);
        assert_eq!(pending.look(&path, SETTLE, later + SETTLE), Verdict::Complete);
        fs::remove_file(&path).unwrap();
        assert_eq!(pending.look(&path, SETTLE, later), Verdict::Gone);
    }
}
