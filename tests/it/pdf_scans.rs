//! Page images of scanned PDFs, held against what poppler takes out of them and what it draws: `pdfimages` and `pdftoppm`, which
//! the tests install. `WARRAQ_PDF_SET` names a folder whose `scan` is looked through besides the samples; the rate is printed, not tested.

use crate::support::{root, temp_dir};
use image::{GrayImage, imageops};
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use warraq::decode::{Format, OpenFile, Settings};

/// Rendered images differ from a scan's own pixels by interpolation and colour management alone.
const LEAST_PSNR: f64 = 30.0;

#[test]
fn page_images_are_the_pixels_of_the_scan() {
    let mut files = pdfs(&root().join("samples"), |name| !name.contains("text") && !name.contains("born"));
    if let Some(set) = std::env::var_os("WARRAQ_PDF_SET") {
        files.extend(pdfs(&Path::new(&set).join("scan"), |_| true));
    }
    let (mut pages, mut bilevel, mut took) = (0, 0, Duration::ZERO);
    for path in &files {
        let started = Instant::now();
        let program = Path::new(env!("CARGO_BIN_EXE_warraq-pdf"));
        let file = OpenFile::open(path, Format::Pdf, &Settings::default(), program).unwrap();
        let images: Vec<_> = (0..file.page_count()).map(|index| file.page(index).unwrap()).collect();
        took += started.elapsed();
        for (index, page) in images.into_iter().enumerate() {
            pages += 1;
            let name = format!("{} page {}", path.display(), index + 1);
            let own = page.pixels.to_luma8();
            let mut kept = kept_in(path, index + 1);
            kept.extend(stacked(&kept));
            if page.bilevel {
                bilevel += 1;
                let is_kept = kept.contains(&own) || kept.iter().any(|kept| turned(kept).contains(&own));
                assert!(is_kept, "{name}: not the pixels that pdfimages has");
                continue;
            }
            // poppler fits the image to the page's size by fractions of a pixel, which sharp print shows: where the page is one image,
            // its own pixels are what counts. Looked at one by one, since turning takes its time.
            let drawn = || drawn_by_poppler(path, index + 1, own.dimensions());
            let others = kept.iter().cloned().chain(iter::once_with(drawn)).chain(kept.iter().flat_map(turned));
            let mut best: f64 = 0.0;
            others.map(|other| psnr(&own, &other)).any(|psnr| {
                best = best.max(psnr);
                best >= LEAST_PSNR
            });
            eprintln!("{name}: {:?} dpi, {best:.1} dB", page.dpi.map(|dpi| dpi.0));
            assert!(best >= LEAST_PSNR, "{name}: {best:.1} dB against poppler");
        }
    }
    assert!(pages >= 3 && bilevel >= 1, "{pages} pages, {bilevel} of them black and white");
    eprintln!("{pages} pages, {bilevel} black and white: {:.1} a second", f64::from(pages) / took.as_secs_f64());
}

fn pdfs(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "pdf"))
        .filter(|path| wanted(&path.file_name().unwrap().to_string_lossy()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no PDF in {}", folder.display());
    files
}

/// Returns the images of a page as `pdfimages` takes them out.
fn kept_in(path: &Path, page: usize) -> Vec<GrayImage> {
    let folder = temp_dir();
    let number = page.to_string();
    let mut command = Command::new("pdfimages");
    command.args(["-png", "-f", &number, "-l", &number]).arg(path).arg(folder.path().join("image"));
    assert!(command.status().unwrap().success());
    let mut images: Vec<PathBuf> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    images.sort();
    images.into_iter().map(|path| image::open(path).unwrap().to_luma8()).collect()
}

/// Returns the page as poppler draws it in the size of the scan.
fn drawn_by_poppler(path: &Path, page: usize, (width, height): (u32, u32)) -> GrayImage {
    let folder = temp_dir();
    let (number, width, height) = (page.to_string(), width.to_string(), height.to_string());
    let mut command = Command::new("pdftoppm");
    command.args([
        "-png",
        "-cropbox",
        "-scale-to-x",
        &width,
        "-scale-to-y",
        &height,
        "-f",
        &number,
        "-l",
        &number,
        "-singlefile",
    ]);
    command.arg(path).arg(folder.path().join("page"));
    assert!(command.status().unwrap().success());
    image::open(folder.path().join("page.png")).unwrap().to_luma8()
}

/// Returns strips of one width as the image that they make.
fn stacked(strips: &[GrayImage]) -> Option<GrayImage> {
    let width = strips.first().filter(|_| strips.len() > 1)?.width();
    let pixels: Vec<u8> = strips.iter().flat_map(|strip| strip.as_raw()).copied().collect();
    GrayImage::from_raw(width, strips.iter().map(GrayImage::height).sum(), pixels)
}

/// Returns an image turned, as pages may show theirs.
fn turned(image: &GrayImage) -> [GrayImage; 3] {
    [imageops::rotate180(image), imageops::rotate90(image), imageops::rotate270(image)]
}

/// Returns the peak signal-to-noise ratio in dB; 0 for images of other sizes.
fn psnr(one: &GrayImage, other: &GrayImage) -> f64 {
    let (width, height) = one.dimensions();
    if other.dimensions() != (width, height) {
        return 0.0;
    }
    let off = |(one, other): (&u8, &u8)| u64::from(one.abs_diff(*other)).pow(2);
    let sum: u64 = one.as_raw().iter().zip(other.as_raw()).map(off).sum();
    let mean = sum as f64 / (f64::from(width) * f64::from(height)).max(1.0);
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}
