use super::*;
use crate::model::{Dpi, PixelBox};
use image::{GrayImage, Luma};
use proptest::prelude::*;

/// A page of "words": each a row of letters 14 high with a dot above every second one, at 100 dpi.
struct Drawing(GrayImage);

impl Drawing {
    fn new(width: u32, height: u32) -> Self {
        Self(GrayImage::from_pixel(width, height, Luma([240])))
    }

    fn fill(&mut self, left: i32, top: i32, width: i32, height: i32) {
        for y in top..top + height {
            for x in left..left + width {
                if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
                    && x < self.0.width()
                    && y < self.0.height()
                {
                    self.0.put_pixel(x, y, Luma([20]));
                }
            }
        }
    }

    /// Draws words from `left` to `right` with their feet on row `base`, falling by `slope`; letters are `size` high.
    fn line(&mut self, left: i32, right: i32, base: i32, size: i32, slope: f32) {
        let mut x = left;
        let mut letter = 0;
        while x + size <= right {
            let foot = base + (slope * (x - left) as f32).round() as i32;
            // An L: a foot and a stem, so that it is neither a blot nor a rule.
            self.fill(x, foot - size / 3, size, size / 3);
            self.fill(x, foot - size, size / 4, size);
            if letter % 2 == 0 {
                self.fill(x + size / 2, foot - size + size / 8, size / 6, size / 6);
            }
            letter += 1;
            x += if letter % 4 == 0 { 2 * size } else { size + size / 4 };
        }
    }

    fn segmented(self) -> Segmentation {
        segment(&CleanPage { grey: self.0, dpi: Dpi(100) })
    }
}

fn bounds(line: &LineImage) -> PixelBox {
    line.place(0..line.grey.width())
}

#[test]
fn each_line_is_cut_out_once_with_its_dots() {
    let mut page = Drawing::new(800, 600);
    for row in 0..8 {
        page.line(100, 700, 100 + 40 * row, 16, 0.0);
    }
    let found = page.segmented();
    assert_eq!(found.lines.len(), 8);
    for (row, line) in (0_u32..).zip(&found.lines) {
        let place = bounds(line);
        assert_eq!((place.top, place.bottom), (84 + 40 * row, 100 + 40 * row));
        assert!((90..=100).contains(&place.left) && (670..=710).contains(&place.right), "{place:?}");
    }
}

#[test]
fn sloping_lines_are_straightened() {
    let mut page = Drawing::new(1000, 600);
    for row in 0..6 {
        page.line(100, 900, 150 + 45 * row, 16, 0.03);
    }
    let found = page.segmented();
    assert_eq!(found.lines.len(), 6);
    for line in &found.lines {
        // Askew, the line would take 40 rows.
        assert!(line.grey.height() <= 24, "{}", line.grey.height());
        let (first, last) = (line.place(0..60), line.place(line.grey.width() - 60..line.grey.width()));
        assert!(last.bottom >= first.bottom + 18, "{first:?} {last:?}");
    }
}

#[test]
fn columns_and_sizes_do_not_mix() {
    let mut page = Drawing::new(1000, 400);
    page.line(600, 900, 100, 24, 0.0);
    page.line(600, 900, 150, 24, 0.0);
    page.line(100, 300, 92, 12, 0.0);
    page.line(100, 300, 120, 12, 0.0);
    page.line(100, 300, 148, 12, 0.0);
    let mut heights: Vec<u32> = page.segmented().lines.iter().map(|line| bounds(line).height()).collect();
    heights.sort_unstable();
    assert_eq!(heights, [12, 12, 12, 24, 24]);
}

#[test]
fn a_table_gives_its_cells_and_not_its_rules() {
    let mut page = Drawing::new(800, 500);
    page.line(100, 700, 60, 16, 0.0);
    for row in 0..5 {
        page.fill(100, 100 + 40 * row, 602, 2);
        if row < 4 {
            page.line(120, 300, 130 + 40 * row, 16, 0.0);
            page.line(420, 560, 130 + 40 * row, 16, 0.0);
        }
    }
    for column in [100, 360, 700] {
        page.fill(column, 100, 2, 162);
    }
    let found = page.segmented();
    assert_eq!(found.lines.len(), 9);
    assert!(found.zones.iter().any(|zone| zone.kind == ZoneKind::Rule));
}

#[test]
fn ink_of_neighbours_is_taken_out() {
    let mut page = Drawing::new(800, 300);
    page.line(100, 700, 100, 20, 0.0);
    // A stem of the upper line's last letter hangs down to where the lower line's ink begins.
    page.fill(100, 90, 4, 32);
    page.line(140, 700, 140, 20, 0.0);
    let found = page.segmented();
    assert_eq!(found.lines.len(), 2);
    let lower = &found.lines[1];
    let dark = lower.grey.enumerate_pixels().filter(|(x, y, pixel)| {
        let row = lower.tops[*x as usize] + *y as i32;
        pixel.0[0] < 128 && row < 120
    });
    assert_eq!(dark.count(), 0);
}

#[test]
fn a_page_without_print_has_no_lines() {
    assert!(Drawing::new(500, 700).segmented().lines.is_empty());
    let mut ring = Drawing::new(500, 700);
    for degree in 0..720 {
        let angle = (degree as f32 / 2.0).to_radians();
        ring.fill(250 + (60.0 * angle.cos()) as i32, 300 + (60.0 * angle.sin()) as i32, 3, 3);
    }
    let found = ring.segmented();
    assert!(found.lines.is_empty());
    assert_eq!(found.zones.iter().map(|zone| zone.kind).collect::<Vec<_>>(), [ZoneKind::Stamp]);
}

#[test]
fn a_frayed_black_edge_is_no_print() {
    let mut page = Drawing::new(850, 600);
    for row in 0..6 {
        page.line(150, 700, 100 + 50 * row, 16, 0.0);
    }
    let mut state = 7_u32;
    for y in 0..600 {
        for x in 830..850 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if state >> 24 < if (y / 9) % 3 == 0 { 180 } else { 60 } {
                page.fill(x, y, 1, 1);
            }
        }
    }
    assert_eq!(page.segmented().lines.len(), 6);
}

proptest! {
    #[test]
    fn any_page_is_survived_and_lines_lie_on_it(
        width in 1_u32..200, height in 1_u32..200, dpi in 50_u32..700, seed in any::<u64>(), share in 2_u64..40,
    ) {
        let mut state = seed | 1;
        let grey = GrayImage::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Luma([if (state >> 33) % share == 0 { 0 } else { 250 }])
        });
        let found = segment(&CleanPage { grey, dpi: Dpi(dpi) });
        for line in &found.lines {
            prop_assert_eq!(line.tops.len(), line.grey.width() as usize);
            prop_assert!(line.left + line.grey.width() <= width);
        }
    }
}

#[test]
fn an_underline_is_taken_out_and_the_letters_that_cross_it_stay_whole() {
    let mut page = Drawing::new(800, 300);
    for row in 0..3 {
        page.line(100, 700, 100 + 50 * row, 16, 0.0);
    }
    // Three pixels below the feet of the second line, and five tails through it.
    page.fill(100, 153, 600, 2);
    let tails = [100, 180, 260, 340, 420];
    for left in tails {
        page.fill(left, 148, 4, 12);
    }
    let found = page.segmented();
    assert_eq!(found.lines.len(), 3);
    let line = &found.lines[1];
    let dark = |y: u32| -> Vec<u32> {
        let row = y - line.tops[0] as u32;
        (0..line.grey.width()).filter(|x| line.grey.get_pixel(*x, row).0[0] < 128).map(|x| x + line.left).collect()
    };
    let of_tails: Vec<u32> = tails.iter().flat_map(|&left| left as u32..left as u32 + 4).collect();
    for y in [151, 152, 153, 154, 155, 156, 158] {
        assert_eq!(dark(y), of_tails, "row {y}");
    }
}

#[test]
fn two_lines_tied_together_by_a_letter_are_parted() {
    let mut page = Drawing::new(1000, 500);
    for row in 0..4 {
        page.line(100, 900, 60 + 90 * row, 16, 0.0);
    }
    page.line(500, 900, 420, 16, 0.0);
    page.line(300, 900, 444, 16, 0.0);
    // It begins with the one line and ends with the other.
    page.fill(902, 404, 12, 38);
    assert_eq!(page.segmented().lines.len(), 6);
}
