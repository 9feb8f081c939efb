//! Damaged files: whatever is cut off or flipped, decoding ends, with a page or with an error and never with a panic.
//!
//! Every mutant is made from a number, so that a failure names the file that caused it.

use super::*;
use crate::decode::pdf::pages_in_process;
use image::ImageFormat;
use std::io::{Cursor, Write};
use std::path::Path;

/// Numbers that look random and are the same in every run: xorshift64* (Vigna, "An experimental exploration of
/// Marsaglia's xorshift generators, scrambled", 2016).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end.max(1)
    }
}

fn mutant(original: &[u8], seed: u64) -> Vec<u8> {
    let mut numbers = Numbers(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut bytes = original.to_vec();
    if numbers.below(3) == 0 {
        bytes.truncate(numbers.below(original.len()));
    }
    for _ in 0..numbers.below(6) {
        if bytes.is_empty() {
            break;
        }
        let place = numbers.below(bytes.len());
        match numbers.below(3) {
            0 => bytes[place] ^= 1 << numbers.below(8),
            1 => bytes[place] = [0, 0xFF, 0x7F, 0x80][numbers.below(4)],
            _ => drop(bytes.drain(place..(place + numbers.below(9)).min(bytes.len()))),
        }
    }
    bytes
}

/// Small limits, so that a mutant which claims to be large is refused rather than decoded.
fn settings() -> Settings {
    Settings { max_page_megapixels: 2, max_pages: 20, pdf_render_max_megapixels: 1, ..Settings::default() }
}

fn decode_all(bytes: &[u8]) {
    let Some(format) = Format::sniff(bytes) else { return };
    if format == Format::Pdf {
        return pages_in_process(bytes.to_vec(), &settings());
    }
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("is written");
    let Ok(opened) = OpenFile::open(file.path(), format, &settings(), Path::new("/no/program")) else { return };
    for index in 0..opened.page_count() {
        let _ = opened.page_header(index);
        if let Ok(page) = opened.page(index) {
            assert!(page.size().pixels() > 0);
        }
    }
}

#[track_caller]
fn check(originals: &[Vec<u8>], mutants_each: u64) {
    for (number, original) in originals.iter().enumerate() {
        decode_all(original);
        for seed in 0..mutants_each {
            let bytes = mutant(original, seed);
            let result = std::panic::catch_unwind(|| decode_all(&bytes));
            assert!(result.is_ok(), "original {number}, mutant {seed}");
        }
    }
}

#[test]
fn mutants_of_single_images() {
    let image = image::RgbImage::from_fn(24, 20, |x, y| image::Rgb([(x * 9) as u8, (y * 11) as u8, 7]));
    let encode = |format| {
        let mut bytes = Cursor::new(Vec::new());
        image::DynamicImage::from(image.clone()).write_to(&mut bytes, format).expect("encodes");
        bytes.into_inner()
    };
    check(&[ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP].map(encode), 150);
}

#[test]
fn mutants_of_tiffs() {
    use super::tags::tag;
    use super::tiff::tests::{Value, page, written};
    let file = |compression, photometric, bits: Vec<u16>, strip: Vec<u8>| {
        let tags = vec![
            (tag::PHOTOMETRIC, Value::Short(photometric)),
            (tag::COMPRESSION, Value::Short(compression)),
            (tag::SAMPLES_PER_PIXEL, Value::Short(bits.len() as u16)),
            (tag::BITS_PER_SAMPLE, Value::Shorts(bits)),
        ];
        written(vec![page(8, 4, tags, strip)], false)
    };
    let lzw = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(&[7; 96]).expect("packs");
    let files = [
        file(1, 2, vec![8; 3], vec![9; 96]),
        file(4, 0, vec![1], vec![0xFF, 0x00, 0x10, 0x01]),
        file(3, 0, vec![1], vec![0x00, 0x19, 0x80, 0x19, 0x80, 0x19, 0x80, 0x19, 0x80]),
        file(5, 2, vec![8; 3], lzw),
        file(32773, 1, vec![8], vec![31, 1, 2, 3, 4, 5, 6, 7]),
        file(7, 1, vec![8], super::jpeg::tests::encoded(8, 8)),
        file(1, 6, vec![8; 3], vec![100; 96]),
    ];
    check(&files, 150);
}

#[test]
fn mutants_of_pdfs() {
    use super::pdf::tests::{grey_image, one_page, stream};
    let page = |content: &str, images: &[Vec<u8>]| one_page("", content, images);
    let fax = stream(
        "/Subtype/Image/Width 8/Height 8/ImageMask true/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 8>>",
        &[0xFF, 0x00, 0x10, 0x01],
    );
    let jpeg = stream(
        "/Subtype/Image/Width 16/Height 16/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode",
        &super::jpeg::tests::encoded(16, 16),
    );
    let whole = "q 72 0 0 144 0 0 cm /I0 Do Q";
    let text = "BT /F 12 Tf 10 70 Td (word) Tj ET 10 10 m 50 90 l S";
    let files = [page(whole, &[grey_image()]), page(whole, &[fax]), page(whole, &[jpeg]), page(text, &[])];
    check(&files, 60);
}
