//! Small TIFF files made here, one a coding, and what must come of them.

use super::*;
use crate::decode::OpenFile;
use crate::model::Dpi;
use std::io::Write;
use std::path::Path;

/// A value of a tag: short, long, or as many shorts.
pub(in crate::decode) enum Value {
    Short(u16),
    Long(u32),
    Shorts(Vec<u16>),
    Bytes(Vec<u8>),
    Ratio(u32, u32),
}

/// One page: its tags, and the strips or tiles that the offset and count tags named here point to.
pub(in crate::decode) struct TestPage {
    pub tags: Vec<(u16, Value)>,
    pub chunks: Vec<Vec<u8>>,
}

/// Writes pages as a TIFF; the order of entries is by tag, as it must be.
pub(in crate::decode) fn written(pages: Vec<TestPage>, big_endian: bool) -> Vec<u8> {
    let two = |n: u16| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let four = |n: u32| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let mut file = if big_endian { b"MM".to_vec() } else { b"II".to_vec() };
    file.extend(two(42));
    let mut link = file.len();
    file.extend(four(0));
    for mut page in pages {
        let tiled = page.tags.iter().any(|(tag, _)| *tag == tag::TILE_WIDTH);
        let (offset_tag, count_tag) = if tiled {
            (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS)
        };
        let mut places = Vec::new();
        for chunk in &page.chunks {
            places.push((file.len() as u32, chunk.len() as u32));
            file.extend_from_slice(chunk);
        }
        let longs = |numbers: Vec<u32>| Value::Bytes(numbers.into_iter().flat_map(four).collect());
        page.tags.push((offset_tag, longs(places.iter().map(|place| place.0).collect())));
        page.tags.push((count_tag, longs(places.iter().map(|place| place.1).collect())));
        page.tags.sort_by_key(|(tag, _)| *tag);
        let mut entries = Vec::new();
        for (tag, value) in page.tags {
            let long_list = tag == offset_tag || tag == count_tag;
            let (kind, count, bytes) = match value {
                Value::Short(n) => (3, 1, two(n).to_vec()),
                Value::Long(n) => (4, 1, four(n).to_vec()),
                Value::Shorts(list) => (3, list.len(), list.into_iter().flat_map(two).collect()),
                Value::Bytes(bytes) if long_list => (4, bytes.len() / 4, bytes),
                Value::Bytes(bytes) => (7, bytes.len(), bytes),
                Value::Ratio(above, below) => (5, 1, [four(above), four(below)].concat()),
            };
            entries.extend(two(tag));
            entries.extend(two(kind));
            entries.extend(four(count as u32));
            if bytes.len() <= 4 {
                entries.extend(bytes.iter().chain([&0; 4]).take(4));
            } else {
                entries.extend(four(file.len() as u32));
                file.extend(bytes);
            }
        }
        let here = four(file.len() as u32);
        file[link..link + 4].copy_from_slice(&here);
        file.extend(two((entries.len() / 12) as u16));
        file.extend(entries);
        link = file.len();
        file.extend(four(0));
    }
    file
}

/// A page of one strip.
pub(in crate::decode) fn page(width: u32, height: u32, tags: Vec<(u16, Value)>, strip: Vec<u8>) -> TestPage {
    let mut tags = tags;
    tags.push((tag::WIDTH, Value::Long(width)));
    tags.push((tag::HEIGHT, Value::Long(height)));
    TestPage { tags, chunks: vec![strip] }
}

pub(in crate::decode) fn open(bytes: &[u8]) -> Result<OpenFile, DecodeError> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("is written");
    OpenFile::open(file.path(), crate::decode::Format::Tiff, &Settings::default(), Path::new("/no/program"))
}

#[track_caller]
fn check(page: TestPage, want: &[u8]) {
    let file = open(&written(vec![page], false)).expect("opens");
    let header = file.page_header(0).expect("has a header");
    let image = file.page(0).expect("decodes");
    assert_eq!(image.size(), header.size);
    assert_eq!(image.pixels.as_bytes(), want);
}

fn tags(photometric: u16, compression: u16, bits: &[u16]) -> Vec<(u16, Value)> {
    vec![
        (tag::PHOTOMETRIC, Value::Short(photometric)),
        (tag::COMPRESSION, Value::Short(compression)),
        (tag::BITS_PER_SAMPLE, Value::Shorts(bits.to_vec())),
        (tag::SAMPLES_PER_PIXEL, Value::Short(bits.len() as u16)),
    ]
}

fn with(mut tags: Vec<(u16, Value)>, tag: u16, value: Value) -> Vec<(u16, Value)> {
    tags.push((tag, value));
    tags
}

#[test]
fn one_bit_in_either_sense_and_order() {
    check(page(4, 2, tags(0, 1, &[1]), vec![0b1010_0000, 0b0000_0000]), &[0, 255, 0, 255, 255, 255, 255, 255]);
    check(page(4, 2, tags(1, 1, &[1]), vec![0b1010_0000, 0b1111_0000]), &[255, 0, 255, 0, 255, 255, 255, 255]);
    let reversed = with(tags(0, 1, &[1]), tag::FILL_ORDER, Value::Short(2));
    check(page(4, 1, reversed, vec![0b0000_0001]), &[0, 255, 255, 255]);
}

#[test]
fn greys_of_all_depths() {
    check(page(2, 1, tags(1, 1, &[4]), vec![0x3F]), &[51, 255]);
    check(page(3, 1, tags(1, 1, &[2]), vec![0b0001_1000]), &[0, 85, 170]);
    check(page(2, 1, tags(0, 1, &[8]), vec![0, 55]), &[255, 200]);
    check(page(2, 1, tags(1, 1, &[16]), vec![0x11, 0x22, 0x33, 0x44]), &[0x22, 0x44]);
    check(page(2, 1, tags(1, 1, &[12]), vec![0xFF, 0xF0, 0x00]), &[255, 0]);
}

#[test]
fn a_palette_is_looked_up() {
    let colours = (0..16).flat_map(|_| [0]).chain([0; 0]);
    let mut map: Vec<u16> = colours.collect();
    map.resize(48, 0);
    (map[1], map[17], map[33]) = (0xC8_00, 0x64_00, 0x32_00);
    let tags = with(tags(3, 1, &[4]), tag::COLOR_MAP, Value::Shorts(map));
    check(page(2, 1, tags, vec![0x10]), &[200, 100, 50, 0, 0, 0]);
}

#[test]
fn inks_and_transparency_come_out_as_seen() {
    check(page(1, 1, tags(5, 1, &[8; 4]), vec![0, 255, 255, 0]), &[255, 0, 0]);
    let transparent = with(tags(2, 1, &[8; 4]), tag::EXTRA_SAMPLES, Value::Short(2));
    check(page(2, 1, transparent, vec![200, 0, 0, 0, 200, 0, 0, 255]), &[255, 255, 255, 200, 0, 0]);
}

#[test]
fn codings_unpack_to_the_same_rows() {
    let rows = [10, 20, 30, 40, 50, 60, 70, 80];
    let lzw = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(&rows).expect("packs");
    check(page(4, 2, tags(1, 5, &[8]), lzw), &rows);
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    deflate.write_all(&rows).expect("packs");
    let deflated = deflate.finish().expect("packs");
    check(page(4, 2, tags(1, 8, &[8]), deflated.clone()), &rows);
    check(page(4, 2, tags(1, 32946, &[8]), deflated), &rows);
    check(page(4, 2, tags(1, 32773, &[8]), [&[7][..], &rows].concat()), &rows);
    let differences = with(tags(1, 1, &[8]), tag::PREDICTOR, Value::Short(2));
    check(page(4, 2, differences, vec![10, 10, 10, 10, 50, 10, 10, 10]), &rows);
}

#[test]
fn fax_codings_unpack() {
    // Group 4: a white row is V0, the bit 1; a row with two black pixels in front is the horizontal mode 001 with
    // white 0 (00110101) and black 2 (11), then V0.
    let group4 = vec![0b1001_0011, 0b0101_1110, 0b0000_0000, 0b0001_0000, 0b0000_0001];
    check(page(8, 2, tags(0, 4, &[1]), group4.clone()), &[[255; 8], [0, 0, 255, 255, 255, 255, 255, 255]].concat());
    check(page(8, 2, tags(1, 4, &[1]), group4), &[[0; 8], [255, 255, 0, 0, 0, 0, 0, 0]].concat());
    // Modified Huffman, rows aligned to bytes: white 8 is 10011.
    check(page(8, 2, tags(0, 2, &[1]), vec![0b1001_1000, 0b1001_1000]), &[255; 16]);
}

#[test]
fn jpeg_strips_unpack() {
    let strip = crate::decode::jpeg::tests::encoded(16, 16);
    let file = open(&written(vec![page(16, 16, tags(1, 7, &[8]), strip)], false)).expect("opens");
    assert_eq!(file.page(0).expect("decodes").pixels.as_bytes().len(), 256);
}

#[test]
fn tiles_lie_side_by_side_and_overhang() {
    let mut tags = tags(1, 1, &[8]);
    tags.extend([(tag::TILE_WIDTH, Value::Short(2)), (tag::TILE_HEIGHT, Value::Short(2))]);
    tags.extend([(tag::WIDTH, Value::Long(3)), (tag::HEIGHT, Value::Long(2))]);
    let chunks = vec![vec![1, 2, 4, 5], vec![3, 99, 6, 99]];
    check(TestPage { tags, chunks }, &[1, 2, 3, 4, 5, 6]);
}

#[test]
fn pages_keep_their_number_turn_and_resolution() {
    let mut turned = tags(1, 1, &[8]);
    turned.extend([
        (tag::ORIENTATION, Value::Short(6)),
        (tag::RESOLUTION_UNIT, Value::Short(3)),
        (tag::X_RESOLUTION, Value::Ratio(11811, 100)),
        (tag::Y_RESOLUTION, Value::Ratio(11811, 100)),
    ]);
    let thumbnail = with(tags(1, 1, &[8]), tag::NEW_SUBFILE_TYPE, Value::Long(1));
    let pages =
        vec![page(1, 1, tags(1, 1, &[8]), vec![7]), page(1, 1, thumbnail, vec![9]), page(2, 1, turned, vec![1, 2])];
    let file = open(&written(pages, true)).expect("opens");
    assert_eq!(file.page_count(), 2, "a thumbnail is no page");
    assert_eq!(file.page(0).expect("decodes").pixels.as_bytes(), [7]);
    let second = file.page(1).expect("decodes");
    assert_eq!((second.pixels.width(), second.pixels.height(), second.dpi), (1, 2, Some(Dpi(300))));
    assert!(matches!(file.page(2), Err(DecodeError::NoSuchPage { index: 2, pages: 2 })));
}

#[test]
fn a_page_lost_to_a_torn_chain_is_seen() {
    let pages = || vec![page(1, 1, tags(1, 1, &[8]), vec![7]), page(1, 1, tags(1, 1, &[8]), vec![8])];
    let bytes = written(pages(), false);
    let file = open(&bytes[..bytes.len() - 30]).expect("opens");
    assert_eq!(file.page_count(), 2);
    assert!(file.page(0).is_ok());
    assert!(matches!(file.page(1), Err(DecodeError::DamagedImage { .. })));
}

#[test]
fn a_strip_cut_short_is_damaged() {
    let file = open(&written(vec![page(4, 4, tags(1, 1, &[8]), vec![1; 12])], false)).expect("opens");
    assert!(matches!(file.page(0), Err(DecodeError::DamagedImage { .. })));
}

#[test]
fn what_is_not_read_or_too_large_is_said_at_once() {
    let error = |page| open(&written(vec![page], false)).err();
    assert!(matches!(error(page(40_000, 40_000, tags(0, 4, &[1]), vec![])), Some(DecodeError::TooLarge { .. })));
    assert!(matches!(error(page(8, 8, tags(6, 6, &[8; 3]), vec![])), Some(DecodeError::Unsupported { .. })));
    assert!(matches!(error(page(8, 8, tags(1, 34712, &[8]), vec![])), Some(DecodeError::Unsupported { .. })));
    assert!(matches!(error(page(0, 8, tags(1, 1, &[8]), vec![])), Some(DecodeError::DamagedImage { .. })));
}
