//! Pictures of how a page was read, for people who want to see why it reads badly: a page in all its stages in, images out.

use crate::model::{Confidence, Line, PixelBox};
use crate::preprocess::Prepared;
use crate::segment::{Segmentation, ZoneKind};
use image::{DynamicImage, Rgb, RgbImage};

/// Outlines of lines, one after the other, so that neighbours differ.
const LINE_COLOURS: [Rgb<u8>; 4] = [Rgb([200, 30, 30]), Rgb([30, 60, 200]), Rgb([0, 130, 60]), Rgb([170, 0, 170])];
/// Digits three pixels wide and five high, a row a value, the left pixel its highest bit.
const DIGITS: [[u8; 5]; 10] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 7, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 1, 1],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
];
/// Width of an outline in inches; digits are five of it high.
const STROKE_INCHES: f32 = 0.012;

/// A picture of one stage.
pub struct Picture {
    /// What it shows, fit for a file's name.
    pub name: &'static str,
    /// The picture.
    pub image: RgbImage,
}

/// Returns what there is to see of a page: the scan as archived, the clean page, its lines with their numbers in reading
/// order and its zones, its words from red for doubtful to green for sure. `lines` are those read, on the clean page.
pub fn pictures(
    archived: &DynamicImage,
    prepared: &Prepared,
    segmentation: &Segmentation,
    lines: &[Line],
) -> Vec<Picture> {
    let clean = DynamicImage::ImageLuma8(prepared.clean.grey.clone()).into_rgb8();
    let stroke = ((prepared.clean.dpi.0 as f32 * STROKE_INCHES).round() as u32).max(1);
    vec![
        Picture { name: "1-scan", image: archived.to_rgb8() },
        Picture { name: "3-lines", image: with_lines(clean.clone(), segmentation, lines, stroke) },
        Picture { name: "4-words", image: with_words(clean.clone(), lines, stroke) },
        Picture { name: "2-clean", image: clean },
    ]
}

fn with_lines(mut image: RgbImage, segmentation: &Segmentation, lines: &[Line], stroke: u32) -> RgbImage {
    for zone in &segmentation.zones {
        frame(&mut image, zone.bounds, stroke, colour_of(zone.kind));
    }
    for (line, colour) in segmentation.lines.iter().zip(LINE_COLOURS.iter().cycle()) {
        let height = line.grey.height();
        for (x, &top) in (line.left..).zip(&line.tops) {
            for y in [top, top.saturating_add_unsigned(height)] {
                let y = u32::try_from(y).unwrap_or(0);
                fill(&mut image, PixelBox::new(x, y, x + 1, y + stroke), *colour);
            }
        }
        let ends = [(line.left, line.tops.first()), (line.left + line.grey.width(), line.tops.last())];
        for (x, top) in ends {
            let top = u32::try_from(top.copied().unwrap_or(0)).unwrap_or(0);
            fill(&mut image, PixelBox::new(x, top, x + stroke, top + height), *colour);
        }
    }
    for (number, line) in (1..).zip(lines) {
        let right = line.bounds.right + 3 * stroke;
        write_number(&mut image, number, (right, line.bounds.top), stroke, Rgb([220, 0, 0]));
    }
    image
}

fn with_words(mut image: RgbImage, lines: &[Line], stroke: u32) -> RgbImage {
    for word in lines.iter().flat_map(|line| &line.words) {
        frame(&mut image, word.bounds, stroke, colour_of_confidence(word.confidence));
    }
    image
}

fn colour_of(kind: ZoneKind) -> Rgb<u8> {
    match kind {
        ZoneKind::Rule => Rgb([0, 180, 200]),
        ZoneKind::Stamp => Rgb([150, 60, 220]),
        ZoneKind::Figure => Rgb([230, 130, 0]),
        ZoneKind::Handwriting => Rgb([60, 130, 255]),
    }
}

/// Red for 0, yellow for a half, green for 1.
fn colour_of_confidence(confidence: Confidence) -> Rgb<u8> {
    let share = confidence.get();
    let level = |share: f32| (share.clamp(0.0, 1.0) * 200.0) as u8;
    Rgb([level(2.0 - 2.0 * share), level(2.0 * share), 0])
}

fn frame(image: &mut RgbImage, place: PixelBox, stroke: u32, colour: Rgb<u8>) {
    let [left, top, right, bottom] = place.edges();
    if place.is_empty() {
        return;
    }
    fill(image, PixelBox::new(left, top, right, top + stroke), colour);
    fill(image, PixelBox::new(left, bottom.saturating_sub(stroke), right, bottom), colour);
    fill(image, PixelBox::new(left, top, left + stroke, bottom), colour);
    fill(image, PixelBox::new(right.saturating_sub(stroke), top, right, bottom), colour);
}

fn fill(image: &mut RgbImage, place: PixelBox, colour: Rgb<u8>) {
    for y in place.top..place.bottom.min(image.height()) {
        for x in place.left..place.right.min(image.width()) {
            image.put_pixel(x, y, colour);
        }
    }
}

/// Writes a number from `at` to the right, its digits five `dot`s high; to the left where the page ends.
fn write_number(image: &mut RgbImage, number: u32, (left, top): (u32, u32), dot: u32, colour: Rgb<u8>) {
    let digits = number.to_string();
    let dot = 2 * dot;
    let width = digits.len() as u32 * 4 * dot;
    let left = left.min(image.width().saturating_sub(width));
    for (place, digit) in (0_u32..).zip(digits.bytes()) {
        let rows = DIGITS.get(usize::from(digit - b'0')).copied().unwrap_or_default();
        for (row, bits) in (0_u32..).zip(rows) {
            for column in (0..3).filter(|column| bits >> (2 - column) & 1 == 1) {
                let (x, y) = (left + (place * 4 + column) * dot, top + row * dot);
                fill(image, PixelBox::new(x, y, x + dot, y + dot), colour);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coloured(image: &RgbImage) -> Vec<(u32, u32)> {
        image.enumerate_pixels().filter(|(_, _, pixel)| pixel.0 != [0; 3]).map(|(x, y, _)| (x, y)).collect()
    }

    #[test]
    fn frames_and_numbers_stay_on_the_page() {
        let mut image = RgbImage::new(30, 20);
        frame(&mut image, PixelBox::new(25, 15, 90, 90), 1, Rgb([255; 3]));
        assert!(coloured(&image).iter().all(|&(x, y)| (x == 25 || y == 15) && x >= 25 && y >= 15));
        let mut image = RgbImage::new(30, 20);
        write_number(&mut image, 17, (200, 2), 1, Rgb([255; 3]));
        // A 1 is eight dots, a 7 seven, each dot four pixels.
        assert_eq!(coloured(&image).len(), 60);
    }

    #[test]
    fn doubtful_words_are_red_and_sure_ones_green() {
        assert_eq!(colour_of_confidence(Confidence::new(0.0)), Rgb([200, 0, 0]));
        assert_eq!(colour_of_confidence(Confidence::new(1.0)), Rgb([0, 200, 0]));
    }
}
