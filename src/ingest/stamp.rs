//! What a file looks like from outside: enough to tell that it has not been touched since it was read.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A file written to within this time of being looked at may be written to again without a change of its times: file systems count in
/// steps, of two seconds at the coarsest (FAT).
const COARSEST_STEP: Duration = Duration::from_secs(2);

/// Device, inode, size and times of a file. Two equal stamps of one path mean equal bytes, where [`Stamp::proves`] says so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    text: String,
    size: u64,
    touched: Duration,
}

impl Stamp {
    /// Returns the stamp of a file. Its times are the last change of its bytes and that of its inode, which no program can set back.
    pub fn of(about: &Metadata) -> Self {
        let time = |seconds: i64, nanoseconds: i64| {
            Duration::new(u64::try_from(seconds).unwrap_or(0), u32::try_from(nanoseconds).unwrap_or(0))
        };
        let (modified, changed) = (time(about.mtime(), about.mtime_nsec()), time(about.ctime(), about.ctime_nsec()));
        let text = format!("{}:{}:{}:{modified:?}:{changed:?}", about.dev(), about.ino(), about.size());
        Self { text, size: about.size(), touched: modified.max(changed) }
    }

    /// Says whether a later stamp that is equal proves that the bytes are those of `now`: the last change must lie far enough back.
    pub fn proves(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        now.checked_sub(self.touched).is_some_and(|age| age > COARSEST_STEP)
    }

    /// Returns the stamp as text, to be kept.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_touched_file_has_another_stamp_and_a_fresh_one_proves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        fs::write(&path, "letter").unwrap();
        let stamp = || Stamp::of(&fs::metadata(&path).unwrap());
        let first = stamp();
        assert_eq!(first, stamp());
        assert_eq!(first.size(), 6);
        let now = SystemTime::now();
        assert!(!first.proves(now) && first.proves(now + Duration::from_secs(5)));
        assert!(!first.proves(now - Duration::from_secs(3600)), "the clock was set back");
        fs::write(&path, "letter, rescanned").unwrap();
        assert_ne!(first, stamp());
    }
}
