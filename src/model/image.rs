//! A page as pixels: as decoded, as cleaned for reading, and cut into lines.

use super::{Dpi, PixelBox, PixelSize};
use image::{DynamicImage, GrayImage};
use std::ops::Range;

/// One page as pixels: the file's own image after its EXIF turn, or after PDF `/Rotate` and crop box.
#[derive(Clone, Debug)]
pub struct PageImage {
    /// `ImageLuma8` (bilevel pages as 0 and 255; black is ink) or `ImageRgb8`; nothing else.
    pub pixels: DynamicImage,
    /// Resolution as the file states it, if it states a believable one.
    pub dpi: Option<Dpi>,
    /// Whether every pixel is black or white.
    pub bilevel: bool,
}

impl PageImage {
    /// Returns width and height.
    pub fn size(&self) -> PixelSize {
        PixelSize { width: self.pixels.width(), height: self.pixels.height() }
    }
}

/// A page ready to be read: upright, straight, dark ink on light paper, at 100 to 400 dpi.
#[derive(Clone, Debug)]
pub struct CleanPage {
    /// One byte a pixel, 0 is ink.
    pub grey: GrayImage,
    /// Resolution of `grey`.
    pub dpi: Dpi,
}

/// Pixels darker than this are ink when a word's box is drawn tight; where print is faint, those nearer to its darkest than to its paper.
const INK_BELOW: u8 = 128;
/// What differs from its paper by less is none.
const FAINTEST: u8 = 40;
/// Share of a word's pixels that are lighter than its paper at most.
const LIGHTER_THAN_PAPER: f32 = 0.2;

/// A printed line cut out of a clean page: straightened along its baseline, its neighbours' ink taken out.
#[derive(Clone, Debug)]
pub struct LineImage {
    /// One byte a pixel, 0 is ink, paper near 255. As high as the ink of the line, and a twelfth of that above and below.
    pub grey: GrayImage,
    /// The column of the clean page at which column 0 of `grey` lies.
    pub left: u32,
    /// For each column of `grey`, the row of the clean page at which its row 0 lies; may lie beyond the page's edge.
    pub tops: Vec<i32>,
}

impl LineImage {
    /// Returns the box on the clean page around the ink in some columns of `grey`; around all of their rows where there is none.
    pub fn place(&self, columns: Range<u32>) -> PixelBox {
        let (width, height) = self.grey.dimensions();
        let columns = columns.start.min(width)..columns.end.min(width);
        let ink_below = self.ink_below(columns.clone());
        let mut ink = (i32::MAX, i32::MIN);
        let mut all = (i32::MAX, i32::MIN);
        for x in columns.clone() {
            let Some(&top) = self.tops.get(x as usize) else { continue };
            all = (all.0.min(top), all.1.max(top.saturating_add_unsigned(height)));
            for y in (0..height).filter(|&y| self.grey.get_pixel(x, y).0[0] < ink_below) {
                let y = top.saturating_add_unsigned(y);
                ink = (ink.0.min(y), ink.1.max(y + 1));
            }
        }
        let (top, bottom) = if ink.0 < ink.1 { ink } else { all };
        let row = |y: i32| u32::try_from(y).unwrap_or(0);
        if top >= bottom {
            return PixelBox::default();
        }
        PixelBox::new(self.left + columns.start, row(top), self.left + columns.end, row(bottom))
    }

    /// Returns the lightness below which a pixel of these columns is ink.
    fn ink_below(&self, columns: Range<u32>) -> u8 {
        let rows = 0..self.grey.height();
        let mut values: Vec<u8> = rows
            .flat_map(|y| columns.clone().map(move |x| (x, y)))
            .map(|(x, y)| self.grey.get_pixel(x, y).0[0])
            .collect();
        values.sort_unstable();
        let lighter = (values.len() as f32 * LIGHTER_THAN_PAPER) as usize;
        let (Some(&darkest), Some(&paper)) = (values.first(), values.iter().rev().nth(lighter)) else {
            return INK_BELOW;
        };
        if paper - darkest < FAINTEST { INK_BELOW } else { INK_BELOW.max(u8::midpoint(darkest, paper)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    #[test]
    fn a_box_of_columns_follows_the_sloping_line_and_hugs_its_ink() {
        let mut grey = GrayImage::from_pixel(40, 10, Luma([255]));
        grey.put_pixel(20, 4, Luma([0]));
        grey.put_pixel(25, 6, Luma([0]));
        let line = LineImage { grey, left: 100, tops: (0..40).map(|x| 50 + x / 10).collect() };
        assert_eq!(line.place(20..26), PixelBox::new(120, 56, 126, 59));
        assert_eq!(line.place(0..5), PixelBox::new(100, 50, 105, 60));
        assert_eq!(line.place(39..60), PixelBox::new(139, 53, 140, 63));
        assert_eq!(line.place(50..60), PixelBox::default());
    }

    #[test]
    fn boxes_hug_faint_ink_as_well() {
        let faint = GrayImage::from_fn(40, 20, |x, y| {
            let in_letter = (10..30).contains(&x) && (5..15).contains(&y);
            Luma([if in_letter && y == 12 {
                120
            } else if in_letter {
                140
            } else {
                225 + (x % 5) as u8
            }])
        });
        let line = LineImage { grey: faint, left: 0, tops: vec![0; 40] };
        assert_eq!(line.place(10..30), PixelBox::new(10, 5, 30, 15));
        assert_eq!(line.place(32..38), PixelBox::new(32, 0, 38, 20));
    }
}
