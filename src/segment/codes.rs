//! Finds codes for machines on a page of next to no text: an image in, what its codes say out.
//!
//! Offices part the letters of a batch by sheets with a QR code, a barcode or a patch code on them. All but the last are read by rxing, a
//! port of ZXing. Patch codes say nothing but which of six they are, and no library at hand reads them: see [`super::patch`].

use super::patch;
use crate::model::{Code, PixelBox, Symbology};
use image::{GrayImage, imageops};
use rxing::common::HybridBinarizer;
use rxing::multi::{GenericMultipleBarcodeReader, MultipleBarcodeReader};
use rxing::{BarcodeFormat, BinaryBitmap, DecodeHints, Luma8Source, MultiFormatReader};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Longer side, in pixels, of the image that is looked at: A4 at about 200 dpi, which gives the narrowest usual bars (0.25 mm) two pixels.
const LONGER_SIDE: u32 = 2400;
/// A shorter barcode is a pattern of print that happens to pass its check.
const SHORTEST: usize = 3;

/// Returns the codes on the image of a page, in any of the four turns. Boxes refer to the image.
pub fn find(page: &GrayImage) -> Vec<Code> {
    let longer = page.width().max(page.height()).max(1);
    let small = (longer > LONGER_SIDE).then(|| {
        let side = |pixels: u32| (u64::from(pixels) * u64::from(LONGER_SIDE) / u64::from(longer)).max(1) as u32;
        imageops::thumbnail(page, side(page.width()), side(page.height()))
    });
    let image = small.as_ref().unwrap_or(page);
    let scale = longer as f32 / image.width().max(image.height()).max(1) as f32;
    // Codes are bytes from outside, like any file: what trips the reader over costs the page its codes.
    let mut codes = catch_unwind(AssertUnwindSafe(|| read(image))).unwrap_or_default();
    codes.extend(patch::find(image).map(|bounds| Code {
        symbology: Symbology::PatchT,
        text: "PATCH T".to_owned(),
        bounds,
    }));
    for code in &mut codes {
        let [left, top, right, bottom] = code.bounds.edges().map(|edge| (edge as f32 * scale).round() as u32);
        code.bounds = PixelBox::new(left, top, right.min(page.width()), bottom.min(page.height()));
    }
    codes
}

fn read(image: &GrayImage) -> Vec<Code> {
    let Ok(source) = Luma8Source::new_with_slice(image.as_raw(), image.width(), image.height()) else {
        return Vec::new();
    };
    let formats = [BarcodeFormat::QR_CODE, BarcodeFormat::CODE_128, BarcodeFormat::CODE_39];
    let hints =
        DecodeHints { PossibleFormats: Some(HashSet::from(formats)), TryHarder: Some(true), ..DecodeHints::default() };
    let mut reader = GenericMultipleBarcodeReader::new(MultiFormatReader::default());
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    let found = reader.decode_multiple_with_hints(&mut bitmap, &hints).unwrap_or_default();
    let code = |result: &rxing::RXingResult| {
        let symbology = match result.getBarcodeFormat() {
            BarcodeFormat::QR_CODE => Symbology::QrCode,
            BarcodeFormat::CODE_128 => Symbology::Code128,
            BarcodeFormat::CODE_39 => Symbology::Code39,
            _ => return None,
        };
        let text = result.getText().to_owned();
        let places = result.getPoints().iter();
        let bounds = PixelBox::around(places.map(|point| {
            let (x, y) = (point.x.max(0.0) as u32, point.y.max(0.0) as u32);
            PixelBox::new(x, y, x + 1, y + 1)
        }));
        let is_long_enough = symbology == Symbology::QrCode || text.chars().count() >= SHORTEST;
        is_long_enough.then_some(Code { symbology, text, bounds })
    };
    let mut codes: Vec<Code> = found.iter().filter_map(code).collect();
    codes.sort_by_key(|code| (code.bounds.top, code.bounds.left));
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    /// Bars and spaces of Code 128, set B, by the values of the symbols used here, from ISO/IEC 15417.
    const CODE_128: [(u32, &str); 8] = [
        (104, "211214"),  // start B
        (33, "111323"),   // A
        (35, "131321"),   // C
        (40, "231113"),   // H
        (48, "313121"),   // P
        (52, "213311"),   // T
        (99, "113141"),   // the check of PATCHT
        (106, "2331112"), // stop
    ];

    /// `BOX 12` in version 1, level M, as the Python package segno draws it.
    const QR_CODE: [&str; 21] = [
        "#######.#.###.#######",
        "#.....#..#..#.#.....#",
        "#.###.#..####.#.###.#",
        "#.###.#.#.#.#.#.###.#",
        "#.###.#..#....#.###.#",
        "#.....#..#.##.#.....#",
        "#######.#.#.#.#######",
        ".........#..#........",
        "..#.###.##.#.#...#..#",
        "##..#...##.###...##.#",
        "##.######.#..#..##.##",
        "#.###..#..##......##.",
        "####.#######.##.#...#",
        "........#..#..##.#.##",
        "#######....#...#....#",
        "#.....#.#..#.#####..#",
        "#.###.#.##.#.#.#..#.#",
        "#.###.#..#.#####.###.",
        "#.###.#.###..#..##..#",
        "#.....#....##.##..###",
        "#######..####.#.#.#.#",
    ];

    fn code_128(text: &str) -> Vec<u8> {
        let values: Vec<u32> = text.bytes().map(|byte| u32::from(byte) - 32).collect();
        let check = (values.iter().zip(1..)).fold(104, |sum, (value, place)| sum + value * place) % 103;
        let symbols = [104].into_iter().chain(values).chain([check, 106]);
        let pattern = |value: u32| CODE_128.iter().find(|(known, _)| *known == value).map_or("", |(_, bars)| bars);
        symbols.flat_map(|value| pattern(value).bytes().map(|width| width - b'0')).collect()
    }

    fn turns(page: GrayImage) -> [GrayImage; 4] {
        let turned = [imageops::rotate90(&page), imageops::rotate180(&page), imageops::rotate270(&page)];
        let [quarter, half, three] = turned;
        [page, quarter, half, three]
    }

    /// Returns a page of 200 dpi with bars of these widths in modules of three pixels.
    fn page_of(bars: &[u8]) -> GrayImage {
        let mut page = GrayImage::from_pixel(1654, 2339, Luma([235]));
        let mut left = 300;
        for (index, &width) in bars.iter().enumerate() {
            let right = left + u32::from(width) * 3;
            if index % 2 == 0 {
                (left..right).for_each(|x| (600..760).for_each(|y| page.put_pixel(x, y, Luma([25]))));
            }
            left = right;
        }
        page
    }

    #[test]
    fn a_barcode_is_read_in_every_turn() {
        for page in turns(page_of(&code_128("PATCHT"))) {
            let codes = find(&page);
            let [Code { symbology: Symbology::Code128, text, bounds }] = codes.as_slice() else {
                panic!("{codes:?}");
            };
            assert_eq!(text, "PATCHT");
            assert!(bounds.right <= page.width() && bounds.bottom <= page.height());
        }
    }

    #[test]
    fn a_qr_code_is_read_in_every_turn_and_at_every_resolution() {
        for module in [4, 6, 12, 24] {
            let page = GrayImage::from_fn(module * 200, module * 290, |x, y| {
                let row = (y / module).checked_sub(100).and_then(|row| QR_CODE.get(row as usize));
                let column = (x / module).checked_sub(70);
                let inked =
                    row.zip(column).is_some_and(|(row, column)| row.as_bytes().get(column as usize) == Some(&b'#'));
                Luma([if inked { 40 } else { 230 }])
            });
            let codes = find(&page);
            assert!(codes.iter().all(|code| (69 * module..=91 * module).contains(&code.bounds.left)), "{codes:?}");
            for page in turns(page) {
                let codes = find(&page);
                let [Code { symbology: Symbology::QrCode, text, .. }] = codes.as_slice() else {
                    panic!("{module} pixels: {codes:?}");
                };
                assert_eq!(text, "BOX 12");
            }
        }
    }

    #[test]
    fn paper_and_noise_hold_no_code() {
        assert_eq!(find(&GrayImage::from_pixel(1654, 2339, Luma([240]))), []);
        assert_eq!(find(&GrayImage::new(0, 0)), []);
        let noise =
            GrayImage::from_fn(900, 1200, |x, y| Luma([(x.wrapping_mul(7919) ^ y.wrapping_mul(104_729)) as u8]));
        assert_eq!(find(&noise), []);
    }
}
