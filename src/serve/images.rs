//! Images of pages as they are shown: a page of a document and a width in, a JPEG out, kept for the next time.
//!
//! The name of a kept image is made of the original's hash, so none is ever out of date. Widths are rounded up to one of
//! [`WIDTHS`], so that nobody fills the disk by asking for every width there is.

use super::app::App;
use super::error::Problem;
use crate::catalogue::DocumentRow;
use crate::model::Rotation;
use crate::pipeline::{self, Store};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, imageops};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;
use walkdir::WalkDir;

/// Widths that are made, in pixels.
pub const WIDTHS: [u32; 7] = [160, 320, 640, 960, 1280, 1920, 2560];
/// The width shown in lists, made when a file comes in.
pub const THUMBNAIL: u32 = 320;
/// Print stays sharp at this, at about half the size of 90.
const JPEG_QUALITY: u8 = 78;
/// After tidying up, this much of the room is taken.
const TIDY_SHARE: f64 = 0.8;

/// Kept images, in a folder of the archive that may be deleted at any time.
pub struct ImageCache {
    folder: PathBuf,
    most_bytes: u64,
    bytes: AtomicU64,
    tidying: Mutex<()>,
}

/// Which image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Page of the document, from 1.
    pub page: u32,
    /// Pixels from left to right, at least.
    pub width: u32,
    /// The clockwise turn.
    pub turn: Rotation,
}

impl ImageCache {
    /// Opens the cache; images that an earlier run kept count.
    pub fn open(folder: PathBuf, most_mib: u32) -> Self {
        let bytes = files(&folder).map(|(_, bytes, _)| bytes).sum();
        Self { folder, most_bytes: u64::from(most_mib) << 20, bytes: AtomicU64::new(bytes), tidying: Mutex::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name.get(..2).unwrap_or("00")).join(name)
    }

    fn keep(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        let size = bytes.len() as u64;
        if self.bytes.fetch_add(size, Ordering::Relaxed) + size > self.most_bytes {
            self.tidy();
        }
        Ok(())
    }

    /// Removes the oldest images until there is room.
    fn tidy(&self) {
        let _one = self.tidying.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = files(&self.folder).collect();
        all.sort_by_key(|(_, _, made)| *made);
        let mut bytes: u64 = all.iter().map(|(_, bytes, _)| bytes).sum();
        let aim = (self.most_bytes as f64 * TIDY_SHARE) as u64;
        for (path, size, _) in all {
            if bytes <= aim {
                break;
            }
            if fs::remove_file(path).is_ok() {
                bytes = bytes.saturating_sub(size);
            }
        }
        self.bytes.store(bytes, Ordering::Relaxed);
    }
}

fn files(folder: &Path) -> impl Iterator<Item = (PathBuf, u64, SystemTime)> {
    WalkDir::new(folder).into_iter().flatten().filter_map(|entry| {
        let about = entry.metadata().ok().filter(|about| about.is_file())?;
        Some((entry.into_path(), about.len(), about.modified().unwrap_or(SystemTime::UNIX_EPOCH)))
    })
}

/// Returns the name of an image, which is also its entity tag: it changes with everything the image depends on.
pub fn name(row: &DocumentRow, wanted: Wanted) -> String {
    let page = row.source.pages.0.saturating_add(wanted.page).saturating_sub(1);
    let width = WIDTHS.into_iter().find(|width| *width >= wanted.width).unwrap_or(2560);
    format!("{}-{page}-{width}-{}.jpg", row.id.original, wanted.turn.degrees())
}

/// Returns an image of a page, as JPEG; never larger than the page was scanned.
///
/// # Errors
/// [`Problem`] when there is no such page, or it cannot be decoded.
pub fn page_jpeg(app: &App, store: &Store, row: &DocumentRow, wanted: Wanted) -> Result<Vec<u8>, Problem> {
    if wanted.page == 0 || wanted.page as usize > row.pages.len() {
        return Err(Problem::Missing("page"));
    }
    let path = app.images.path(&name(row, wanted));
    if let Ok(bytes) = fs::read(&path) {
        return Ok(bytes);
    }
    let page = pipeline::page_image(store, row, wanted.page, &app.decode, &app.program)?;
    let turned = match wanted.turn {
        Rotation::None => page.pixels,
        Rotation::Clockwise90 => page.pixels.rotate90(),
        Rotation::Half => page.pixels.rotate180(),
        Rotation::Clockwise270 => page.pixels.rotate270(),
    };
    let width = WIDTHS.into_iter().find(|width| *width >= wanted.width).unwrap_or(2560);
    let bytes = jpeg(&shrunk(turned, width)).map_err(|error| Problem::Internal(error.to_string()))?;
    if let Err(error) = app.images.keep(&path, &bytes) {
        tracing::warn!(%error, "an image of a page could not be kept");
    }
    Ok(bytes)
}

fn shrunk(page: DynamicImage, width: u32) -> DynamicImage {
    if page.width() <= width {
        return page;
    }
    let height = (u64::from(page.height()) * u64::from(width) / u64::from(page.width())).max(1);
    let height = u32::try_from(height).unwrap_or(u32::MAX);
    // Every pixel counts by its area: thin strokes of bilevel scans turn grey instead of vanishing.
    match page {
        DynamicImage::ImageLuma8(grey) => imageops::thumbnail(&grey, width, height).into(),
        other => imageops::thumbnail(&other.into_rgb8(), width, height).into(),
    }
}

fn jpeg(page: &DynamicImage) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    page.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))?;
    Ok(bytes)
}

/// Makes the image shown in lists, ahead of time.
pub fn make_thumbnail(app: &App, store: &Store, row: &DocumentRow) -> Result<(), Problem> {
    let turn = turn_of(store, row, 1)?;
    page_jpeg(app, store, row, Wanted { page: 1, width: THUMBNAIL, turn }).map(|_| ())
}

/// Returns the turn that makes a page upright.
///
/// # Errors
/// [`Problem`] when there is no such page.
pub fn turn_of(store: &Store, row: &DocumentRow, page: u32) -> Result<Rotation, Problem> {
    let record = page.checked_sub(1).and_then(|at| row.pages.get(at as usize)).ok_or(Problem::Missing("page"))?;
    Ok(store.page(record)?.rotation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Luma};

    #[test]
    fn thin_strokes_stay_to_be_seen() {
        let mut page = GrayImage::from_pixel(1000, 1000, Luma([255]));
        (0..1000).for_each(|y| page.put_pixel(501, y, Luma([0])));
        let small = shrunk(page.into(), 160).into_luma8();
        assert_eq!(small.dimensions(), (160, 160));
        assert!(small.pixels().any(|pixel| pixel.0[0] < 230), "the stroke is gone");
    }

    #[test]
    fn the_oldest_images_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ImageCache::open(folder.path().join("pages"), 1);
        for n in 0..5 {
            cache.keep(&cache.path(&format!("{n}{n}-image")), &[0; 300 << 10]).unwrap();
        }
        let left: u64 = files(&cache.folder).map(|(_, bytes, _)| bytes).sum();
        assert!(left <= 1 << 20, "{left}");
        assert!(cache.path("44-image").exists() && !cache.path("00-image").exists());
    }
}
