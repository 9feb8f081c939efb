//! The line reader with the net that is built in.

use super::*;
use image::{GrayImage, Luma};

fn reader() -> LineReader {
    LineReader::load(None).unwrap()
}

fn test_line() -> LineImage {
    let grey = image::load_from_memory(SELF_TEST).unwrap().into_luma8();
    LineImage { tops: vec![100; grey.width() as usize], grey, left: 200 }
}

fn line_of(grey: GrayImage) -> LineImage {
    LineImage { tops: vec![0; grey.width() as usize], grey, left: 0 }
}

#[test]
fn a_known_line_is_read_in_logical_order_with_boxes_from_the_right() {
    let reader = reader();
    reader.self_test().unwrap();
    let line = reader.lines(&[test_line()]).unwrap().remove(0);
    assert_eq!(line.words.len(), 4);
    for (word, next) in line.words.iter().zip(&line.words[1..]) {
        assert!(word.bounds.left > next.bounds.right, "{word:?} {next:?}");
        assert!(word.confidence.get() > 0.0, "{word:?}");
    }
    let (all, width) = (line.bounds, test_line().grey.width());
    assert!(all.left >= 200 && all.right <= 200 + width && all.top >= 100, "{all:?}");
    assert!(all.width() > width * 9 / 10, "{all:?}");
}

#[test]
fn lines_are_read_alike_alone_and_together() {
    let reader = reader();
    let mut images = vec![test_line(); 3];
    images.push(line_of(GrayImage::from_pixel(1500, 40, Luma([255]))));
    let lines = reader.lines(&images).unwrap();
    let alone = reader.lines(&images[..1]).unwrap().remove(0);
    assert_eq!(lines.len(), 4);
    assert!(lines[..3].iter().all(|line| line.text() == alone.text()));
}

#[test]
fn lines_of_any_size_are_survived() {
    let reader = reader();
    for (width, height) in [(0, 0), (1, 1), (3, 400), (400, 3), (9_000, 60), (1, 3000)] {
        for level in [0, 255] {
            let line = line_of(GrayImage::from_pixel(width, height, Luma([level])));
            assert_eq!(reader.lines(&[line]).unwrap().len(), 1, "{width}x{height}");
        }
    }
    assert!(reader.lines(&[]).unwrap().is_empty());
}

#[test]
fn doubtful_numbers_are_looked_at_twice() {
    let reader = reader();
    // The line as faint as a bad copy: its number and date can be read, but not surely.
    let mut line = test_line();
    line.grey.pixels_mut().for_each(|pixel| pixel.0[0] = if pixel.0[0] < 100 { 190 } else { 200 });
    let words = reader.lines(&[line]).unwrap().remove(0).words;
    let twice: Vec<_> = words.iter().filter(|word| !word.readings.is_empty()).collect();
    assert!(!twice.is_empty(), "{words:?}");
    for word in twice {
        let readings = &word.readings;
        let sum: f32 = readings.iter().map(|reading| reading.probability.get()).sum();
        assert!(sum <= 1.001 && readings.len() > 1, "{word:?}");
        assert!(readings.windows(2).all(|pair| pair[0].probability >= pair[1].probability), "{word:?}");
        assert!(readings.iter().all(|reading| !reading.text.is_empty()), "{word:?}");
    }
    let sure = reader.lines(&[test_line()]).unwrap().remove(0).words;
    assert!(sure.iter().all(|word| word.readings.is_empty() || word.confidence.get() < 0.998), "{sure:?}");
}

#[test]
fn a_damaged_net_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(WEIGHTS), b"no net").unwrap();
    fs::write(folder.path().join(ABOUT), BUILT_IN_ABOUT).unwrap();
    assert!(matches!(LineReader::load(Some(folder.path())), Err(OcrError::Net(NetError::Load(_)))));
    fs::write(folder.path().join(ABOUT), b"{}").unwrap();
    assert!(matches!(LineReader::load(Some(folder.path())), Err(OcrError::Net(NetError::About(_)))));
}
