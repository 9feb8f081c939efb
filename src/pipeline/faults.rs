//! A blob store that fails at its n-th write, for every n: no row may point at nothing, and the next run completes.

use super::{Access, Ingest, Reader, Settings, Store, ingest, verify};
use crate::archive::{BlobFile, BlobStore, FsBlobs, PutError, StoreError};
use crate::decode;
use crate::ingest::find;
use crate::model::ContentHash;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// A store that writes as another one does, but for one time.
struct Failing {
    inner: Box<dyn BlobStore>,
    writes: AtomicU32,
    fails_at: u32,
}

impl Failing {
    fn fails(&self) -> Result<(), StoreError> {
        if self.writes.fetch_add(1, Ordering::SeqCst) + 1 == self.fails_at {
            let source = io::Error::from(io::ErrorKind::StorageFull);
            return Err(StoreError { action: "writing", path: PathBuf::from("blob"), source });
        }
        Ok(())
    }
}

impl BlobStore for Failing {
    fn put(&self, bytes: &[u8]) -> Result<ContentHash, StoreError> {
        self.fails()?;
        self.inner.put(bytes)
    }

    fn put_from(&self, source: &mut dyn Read) -> Result<(ContentHash, u64), PutError> {
        self.fails()?;
        self.inner.put_from(source)
    }

    fn get(&self, hash: &ContentHash) -> Result<Vec<u8>, StoreError> {
        self.inner.get(hash)
    }

    fn as_file(&self, hash: &ContentHash) -> Result<BlobFile, StoreError> {
        self.inner.as_file(hash)
    }

    fn contains(&self, hash: &ContentHash) -> Result<bool, StoreError> {
        self.inner.contains(hash)
    }

    fn check(&self, hash: &ContentHash) -> Result<Option<bool>, StoreError> {
        self.inner.check(hash)
    }

    fn list(&self) -> Result<Box<dyn Iterator<Item = Result<ContentHash, StoreError>> + '_>, StoreError> {
        self.inner.list()
    }
}

/// Three pictures with their texts, two of them with the same bytes.
fn inbox() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, shade) in [("a", 10), ("b", 20), ("c", 20)] {
        let picture = image::GrayImage::from_pixel(40, 30, image::Luma([shade]));
        picture.save(folder.path().join(format!("{name}.png"))).unwrap();
        fs::write(folder.path().join(format!("{name}.gt.txt")), format!("العدد: {shade}")).unwrap();
    }
    folder
}

/// Ingests into an archive whose write number `fails_at` fails, from 1; says whether the run ended well.
fn run(archive: &Path, inbox: &Path, fails_at: u32) -> bool {
    let mut store = Store::open(archive, Access::Write).unwrap();
    let inner = std::mem::replace(&mut store.blobs, Box::new(FsBlobs::open(archive).unwrap()));
    store.blobs = Box::new(Failing { inner, writes: AtomicU32::new(0), fails_at });
    let index = store.index(Access::Write).unwrap();
    let run = Ingest {
        store: &store,
        index: &*index,
        reader: &Reader::Text { folder: inbox.to_owned() },
        decode: &decode::Settings::default(),
        settings: &Settings { jobs: 2, ..Settings::default() },
        program: Path::new("/no/program"),
        apart: &[],
        organisation: None,
        rules: &[],
        by: "test",
        paranoid: false,
        stop: &AtomicBool::new(false),
    };
    ingest(&run, find(&[inbox.to_owned()]), |_| ()).is_ok()
}

#[test]
fn whichever_write_fails_no_row_points_at_nothing_and_the_next_run_completes() {
    let inbox = inbox();
    let mut failed = 0;
    for nth in 1.. {
        let archive = tempfile::tempdir().unwrap();
        let ended_well = run(archive.path(), inbox.path(), nth);
        failed += u32::from(!ended_well);
        let sound = |when: &str| {
            let store = Store::open(archive.path(), Access::Read).unwrap();
            let index = store.index(Access::Read).unwrap();
            let mut findings = Vec::new();
            verify(&store, &*index, 1.0, |finding| findings.push(finding)).unwrap();
            findings.retain(|finding| finding.code != "not_indexed");
            assert_eq!(findings, [], "write {nth}, {when}");
            store.catalogue.ledger().unwrap()
        };
        sound("after the failure");
        assert!(run(archive.path(), inbox.path(), 0), "write {nth}: the second run ends well");
        let ledger = sound("after the second run");
        assert_eq!((ledger.seen, ledger.stored, ledger.duplicate, ledger.waiting), (3, 2, 1, 0), "write {nth}");
        if ended_well {
            break;
        }
    }
    assert!(failed >= 5, "only {failed} writes were met: three originals, and a record for each of two pages");
}
