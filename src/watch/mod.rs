//! Watches folders that scanners drop files into: folders in, complete files out, each once, for as long as it is asked.
//!
//! Events of the system tell at once that something happened, where they exist; network shares tell nothing of what other machines do. So a slow
//! walk through the folders never stops, and events only make things quicker. What a file's name, first event or size says is not believed:
//! [`pending`] waits until its bytes are at rest and its end is there. [`after`] does away with files that are in the archive.

pub mod after;
mod complete;
mod name;
mod pending;
mod reason;

use crate::ingest::{Found, Stamp, What};
use crate::model::ContentHash;
use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use pending::{Pending, Verdict};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use walkdir::WalkDir;

/// How long [`Watch::next`] waits for something to happen.
const TICK: Duration = Duration::from_millis(200);

/// Files remembered as handed on; beyond that the memory starts anew, and the archive's own memory serves.
const MOST_REMEMBERED: usize = 1_000_000;

/// How folders are watched.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a file must be at rest.
    pub settle: Duration,
    /// Time between two walks through the folders.
    pub rescan: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { settle: Duration::from_secs(5), rescan: Duration::from_secs(60) }
    }
}

/// What may be done with a file that the archive knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The archive does not know it, or not in this state.
    No,
    /// Nothing is to be done.
    LeaveIt,
    /// It is to be handed on, since it is still to be moved or deleted.
    HandOn,
}

enum News {
    Of(notify::Result<Event>),
    Again(PathBuf),
}

/// Tells a watch that a file it handed on is to be handed on again.
#[derive(Clone)]
pub struct Again(Sender<News>);

impl Again {
    /// Has the file looked at anew.
    pub fn look_at(&self, path: &Path) {
        self.0.send(News::Again(path.to_owned())).ok(); // the watch has ended
    }
}

/// One folder under watch.
struct Folder {
    path: PathBuf,
    /// Device and inode while events come; another folder may be mounted in its place.
    watched: Option<(u64, u64)>,
    missing: bool,
}

/// Folders under watch.
pub struct Watch {
    settings: Settings,
    folders: Vec<Folder>,
    /// Folders in them that are not looked into.
    left_out: Vec<PathBuf>,
    events: Option<RecommendedWatcher>,
    news: Receiver<News>,
    sender: Sender<News>,
    pending: HashMap<PathBuf, Pending>,
    ready: BTreeSet<PathBuf>,
    handed_on: HashSet<[u8; 16]>,
    walk_at: Instant,
}

impl Watch {
    /// Begins to watch `folders`, absolute paths; what lies in the folders `left_out` is passed over.
    pub fn new(folders: &[PathBuf], left_out: Vec<PathBuf>, settings: Settings) -> Self {
        let (sender, news) = channel();
        let to = sender.clone();
        let events = notify::recommended_watcher(move |event| {
            to.send(News::Of(event)).ok(); // the watch has ended
        });
        let events = match events {
            Ok(events) => Some(events),
            Err(error) => {
                tracing::warn!(%error, "the system tells no events; folders are walked through instead");
                None
            }
        };
        let folder = |path: &PathBuf| Folder { path: path.clone(), watched: None, missing: false };
        Self {
            settings,
            folders: folders.iter().map(folder).collect(),
            left_out,
            events,
            news,
            sender,
            pending: HashMap::new(),
            ready: BTreeSet::new(),
            handed_on: HashSet::new(),
            walk_at: Instant::now(),
        }
    }

    /// Returns a way to have files handed on again.
    pub fn again(&self) -> Again {
        Again(self.sender.clone())
    }

    /// Returns how many files are waited for.
    pub fn waiting(&self) -> usize {
        self.pending.len() + self.ready.len()
    }

    /// Returns the next complete file, or `None` when there was none for a moment; then more may come.
    ///
    /// `known` says what the archive knows of a file that looks like this.
    pub fn next(&mut self, known: &dyn Fn(&Path, &Stamp) -> Known) -> Option<Found> {
        if let Some(path) = self.ready.pop_first() {
            return self.hand_on(path);
        }
        let mut wait = TICK;
        while let Ok(news) = self.news.recv_timeout(wait) {
            self.hear(news, known);
            wait = Duration::ZERO; // take in what else has come, and go on
        }
        if Instant::now() >= self.walk_at {
            self.walk(known);
        }
        self.look();
        self.ready.pop_first().and_then(|path| self.hand_on(path))
    }

    fn hand_on(&mut self, path: PathBuf) -> Option<Found> {
        // Whatever happens to it from here on is another state of it.
        let about = path.symlink_metadata().ok()?;
        self.remember(&path, &Stamp::of(&about));
        let what = if about.is_file() { What::File } else { What::Special };
        let root = self.folders.iter().map(|folder| &folder.path).find(|folder| path.starts_with(folder));
        Some(Found { root: root.cloned().unwrap_or_default(), path, named: false, what })
    }

    fn remember(&mut self, path: &Path, stamp: &Stamp) {
        if self.handed_on.len() >= MOST_REMEMBERED {
            self.handed_on.clear();
        }
        self.handed_on.insert(key(path, stamp));
    }

    fn hear(&mut self, news: News, known: &dyn Fn(&Path, &Stamp) -> Known) {
        let event = match news {
            News::Again(path) => {
                if let Ok(about) = path.symlink_metadata() {
                    self.handed_on.remove(&key(&path, &Stamp::of(&about)));
                    self.touch(&path, false, known);
                }
                return;
            }
            News::Of(Err(error)) => {
                tracing::warn!(%error, "events were lost; the folders are walked through");
                self.walk_at = Instant::now();
                return;
            }
            News::Of(Ok(event)) => event,
        };
        if event.need_rescan() {
            self.walk_at = Instant::now();
        }
        let closed = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
            EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => true,
            EventKind::Access(_) | EventKind::Remove(_) => return,
            _ => false,
        };
        for path in &event.paths {
            if path.is_dir() && !path.is_symlink() {
                self.walk_through(path, known);
            } else {
                self.touch(path, closed, known);
            }
        }
    }

    /// Walks through all folders, and has events told of those that came back.
    fn walk(&mut self, known: &dyn Fn(&Path, &Stamp) -> Known) {
        for at in 0..self.folders.len() {
            let Some(folder) = self.folders.get_mut(at) else { continue };
            let path = folder.path.clone();
            match fs::metadata(&path) {
                Ok(about) if about.is_dir() => {
                    if std::mem::take(&mut folder.missing) {
                        tracing::warn!(folder = %path.display(), "the folder is back");
                    }
                    let now = Some((about.dev(), about.ino()));
                    if folder.watched != now {
                        folder.watched = now;
                        self.tell_events_of(&path);
                    }
                    self.walk_through(&path, known);
                }
                _ => {
                    folder.watched = None;
                    if !std::mem::replace(&mut folder.missing, true) {
                        tracing::warn!(folder = %path.display(), "the folder is not there; it is watched for");
                    }
                }
            }
        }
        self.walk_at = Instant::now() + self.settings.rescan;
    }

    fn tell_events_of(&mut self, folder: &Path) {
        let Some(events) = &mut self.events else { return };
        events.unwatch(folder).ok(); // it was not watched, or another folder lay there
        if let Err(error) = events.watch(folder, RecursiveMode::Recursive) {
            tracing::warn!(folder = %folder.display(), %error, "the system tells no events of it; it is walked through");
        }
    }

    fn walk_through(&mut self, folder: &Path, known: &dyn Fn(&Path, &Stamp) -> Known) {
        let left_out = self.left_out.clone();
        let inside = WalkDir::new(folder).into_iter().filter_entry(|entry| {
            entry.depth() == 0 || (!left_out.iter().any(|out| entry.path() == out) && !is_hidden_folder(entry))
        });
        let mut refused = 0_u32;
        for entry in inside {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => self.touch(entry.path(), false, known),
                // Gone since it was listed, or not to be read.
                Err(_) => refused += 1,
            }
        }
        if refused > 0 {
            tracing::info!(folder = %folder.display(), refused, "folders or files in it could not be looked at");
        }
    }

    /// Takes note of a path at which something happened.
    fn touch(&mut self, path: &Path, closed: bool, known: &dyn Fn(&Path, &Stamp) -> Known) {
        let root = self.folders.iter().find_map(|folder| path.strip_prefix(&folder.path).ok());
        if root.is_none_or(name::is_passed_over) || self.left_out.iter().any(|out| path.starts_with(out)) {
            return;
        }
        let Ok(about) = path.symlink_metadata() else { return };
        if about.is_dir() {
            return;
        }
        let stamp = Stamp::of(&about);
        if self.handed_on.contains(&key(path, &stamp)) || self.ready.contains(path) {
            return;
        }
        if !about.is_file() {
            // Links, pipes and devices are refused once and for all.
            self.ready.insert(path.to_owned());
            return;
        }
        let now = Instant::now();
        if let Some(pending) = self.pending.get_mut(path) {
            pending.touched(&stamp, closed, now);
            return;
        }
        match known(path, &stamp) {
            Known::LeaveIt => self.remember(path, &stamp),
            Known::HandOn => drop(self.ready.insert(path.to_owned())),
            Known::No => {
                let mut pending = Pending::new(stamp.clone(), now);
                pending.touched(&stamp, closed, now);
                self.pending.insert(path.to_owned(), pending);
            }
        }
    }

    /// Looks at every file that is due.
    fn look(&mut self) {
        let (now, settle) = (Instant::now(), self.settings.settle);
        let (ready, until) = (&mut self.ready, now + TICK * 5);
        self.pending.retain(|path, pending| {
            // Thousands of files take a while; what is complete by now is handed on first.
            if pending.look_at > now || Instant::now() > until {
                return true;
            }
            match pending.look(path, settle, now) {
                Verdict::Wait => return true,
                Verdict::Complete => drop(ready.insert(path.clone())),
                Verdict::Gone => {}
            }
            false
        });
    }
}

fn is_hidden_folder(entry: &walkdir::DirEntry) -> bool {
    entry.file_type().is_dir() && entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// A file in one state, in few bytes.
fn key(path: &Path, stamp: &Stamp) -> [u8; 16] {
    let state = [path.as_os_str().as_encoded_bytes(), b"\0", stamp.as_str().as_bytes()].concat();
    ContentHash::of(&state).first_half()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    const PICTURE: &[u8] = b"\xFF\xD8\xFF\xE0 picture \xFF\xD9";

    fn settings() -> Settings {
        Settings { settle: Duration::from_millis(400), rescan: Duration::from_millis(300) }
    }

    /// Returns the names handed on within so many milliseconds.
    fn handed_on(watch: &mut Watch, milliseconds: u64) -> Vec<(String, bool)> {
        let until = Instant::now() + Duration::from_millis(milliseconds);
        let mut names = Vec::new();
        while Instant::now() < until {
            if let Some(found) = watch.next(&|_, _| Known::No) {
                let name = found.path.file_name().unwrap().to_string_lossy().into_owned();
                names.push((name, matches!(found.what, What::File)));
            }
        }
        names
    }

    fn files(names: &[&str]) -> Vec<(String, bool)> {
        names.iter().map(|name| ((*name).to_owned(), true)).collect()
    }

    #[test]
    fn files_are_handed_on_once_and_again_when_other_bytes_come_under_their_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("failed")).unwrap();
        for name in ["a.jpg", "b.jpg", "._a.jpg", "c.jpg.part", "failed/x.jpg"] {
            fs::write(path(name), PICTURE).unwrap();
        }
        symlink(path("a.jpg"), path("link.jpg")).unwrap();
        let mut watch = Watch::new(&[folder.path().to_owned()], vec![path("failed")], settings());
        let first = handed_on(&mut watch, 2500);
        assert_eq!(first[0], ("link.jpg".to_owned(), false));
        assert_eq!(first[1..], files(&["a.jpg", "b.jpg"]));
        fs::rename(path("c.jpg.part"), path("c.jpg")).unwrap();
        fs::write(path("a.jpg"), [PICTURE, PICTURE].concat()).unwrap();
        let mut second = handed_on(&mut watch, 2500);
        second.sort();
        assert_eq!(second, files(&["a.jpg", "c.jpg"]));
        watch.again().look_at(&path("b.jpg"));
        assert_eq!(handed_on(&mut watch, 1500), files(&["b.jpg"]));
        assert_eq!(watch.waiting(), 0);
    }

    #[test]
    fn a_file_that_grows_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("slow.jpg");
        let mut watch = Watch::new(&[folder.path().to_owned()], Vec::new(), settings());
        for end in 1..PICTURE.len() {
            fs::write(&path, &PICTURE[..end]).unwrap();
            assert_eq!(handed_on(&mut watch, 150), []);
        }
        fs::write(&path, PICTURE).unwrap();
        assert_eq!(handed_on(&mut watch, 1500), files(&["slow.jpg"]));
    }

    #[test]
    fn a_folder_that_goes_and_comes_back_is_watched_again() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("share");
        let mut watch = Watch::new(std::slice::from_ref(&folder), Vec::new(), settings());
        assert_eq!(handed_on(&mut watch, 400), []);
        fs::create_dir_all(folder.join("deep")).unwrap();
        fs::write(folder.join("deep/a.jpg"), PICTURE).unwrap();
        assert_eq!(handed_on(&mut watch, 2000), files(&["a.jpg"]));
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(handed_on(&mut watch, 700), []);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("b.jpg"), PICTURE).unwrap();
        assert_eq!(handed_on(&mut watch, 2000), files(&["b.jpg"]));
    }

    #[test]
    fn what_the_archive_knows_is_left_or_handed_on_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["known.jpg", "to-be-moved.jpg"] {
            fs::write(folder.path().join(name), PICTURE).unwrap();
        }
        let known = |path: &Path, _: &Stamp| {
            if path.ends_with("known.jpg") { Known::LeaveIt } else { Known::HandOn }
        };
        let mut watch = Watch::new(&[folder.path().to_owned()], Vec::new(), settings());
        let first = watch.next(&known).unwrap();
        assert!(first.path.ends_with("to-be-moved.jpg") && first.root == folder.path());
        assert!(watch.next(&known).is_none());
    }
}
