//! The way back from pixels of a clean page to pixels of the archived image: one affine map.

use crate::model::{PixelBox, PixelSize, Rotation};

/// Leads points and boxes of a clean page back to the archived image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageMap {
    /// Rows of the map: archived x and y from clean (x, y, 1).
    rows: [[f64; 3]; 2],
    /// Size of the page at this stage of the way.
    clean: (f64, f64),
    archived: PixelSize,
}

impl PageMap {
    /// Returns the map of a page that is still as archived.
    pub fn identity(archived: PixelSize) -> Self {
        let clean = (f64::from(archived.width), f64::from(archived.height));
        Self { rows: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], clean, archived }
    }

    /// Returns the map after the page was halved.
    pub fn after_halving(self) -> Self {
        let clean = ((self.clean.0 / 2.0).floor().max(1.0), (self.clean.1 / 2.0).floor().max(1.0));
        self.after([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]], clean)
    }

    /// Returns the map after the page was turned clockwise.
    pub fn after_turn(self, turn: Rotation) -> Self {
        let (width, height) = self.clean;
        match turn {
            Rotation::None => self,
            Rotation::Clockwise90 => self.after([[0.0, 1.0, 0.0], [-1.0, 0.0, height]], (height, width)),
            Rotation::Half => self.after([[-1.0, 0.0, width], [0.0, -1.0, height]], self.clean),
            Rotation::Clockwise270 => self.after([[0.0, -1.0, width], [1.0, 0.0, 0.0]], (height, width)),
        }
    }

    /// Returns the map after the page was turned by `degrees` clockwise about its centre, keeping its size.
    pub fn after_deskew(self, degrees: f32) -> Self {
        let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
        let (x, y) = (self.clean.0 / 2.0, self.clean.1 / 2.0);
        self.after([[cos, sin, x - cos * x - sin * y], [-sin, cos, y + sin * x - cos * y]], self.clean)
    }

    /// Returns this map preceded by `step`, which leads from the new page to the page before the step.
    fn after(self, step: [[f64; 3]; 2], clean: (f64, f64)) -> Self {
        let compose = |[a, b, c]: [f64; 3]| {
            let [[p, q, r], [s, t, u]] = step;
            [a * p + b * s, a * q + b * t, a * r + b * u + c]
        };
        Self { rows: self.rows.map(compose), clean, archived: self.archived }
    }

    /// Returns the smallest box of the archived image that holds the four corners of `clean`, cut at the page's edges.
    pub fn to_archived(&self, clean: PixelBox) -> PixelBox {
        let corners = [
            (clean.left, clean.top),
            (clean.right, clean.top),
            (clean.left, clean.bottom),
            (clean.right, clean.bottom),
        ];
        let range = |[a, b, c]: [f64; 3], limit: u32| {
            let values = corners.map(|(x, y)| a * f64::from(x) + b * f64::from(y) + c);
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            // A hair's breadth of rounding must not widen a box by a pixel.
            let limit = f64::from(limit);
            ((low + 1e-6).floor().clamp(0.0, limit) as u32, (high - 1e-6).ceil().clamp(0.0, limit) as u32)
        };
        let (left, right) = range(self.rows[0], self.archived.width);
        let (top, bottom) = range(self.rows[1], self.archived.height);
        PixelBox::new(left, top, right, bottom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A4: PixelSize = PixelSize { width: 2480, height: 3508 };

    #[test]
    fn a_quarter_turn_leads_back_to_the_archived_corner() {
        // Turned clockwise, the archived top-left corner comes to lie at the top right.
        let map = PageMap::identity(A4).after_turn(Rotation::Clockwise90);
        assert_eq!(map.to_archived(PixelBox::new(3508 - 10, 0, 3508, 20)), PixelBox::new(0, 0, 20, 10));
        let map = PageMap::identity(A4).after_turn(Rotation::Clockwise270);
        assert_eq!(map.to_archived(PixelBox::new(0, 2480 - 20, 10, 2480)), PixelBox::new(0, 0, 20, 10));
    }

    #[test]
    fn four_quarter_turns_are_none() {
        let turned = (0..4).fold(PageMap::identity(A4), |map, _| map.after_turn(Rotation::Clockwise90));
        let word = PixelBox::new(100, 200, 300, 250);
        assert_eq!(turned.to_archived(word), word);
    }

    proptest! {
        #[test]
        fn a_deskewed_box_holds_the_place_it_came_from(
            left in 400_u32..1800, top in 400_u32..3000, width in 10_u32..200, height in 10_u32..60, tenths in -50_i32..50,
        ) {
            let degrees = tenths as f32 / 10.0;
            let there = PageMap::identity(A4).after_deskew(degrees);
            let back = PageMap::identity(A4).after_deskew(-degrees);
            let word = PixelBox::new(left, top, left + width, top + height);
            let returned = there.to_archived(back.to_archived(word));
            prop_assert!(returned.left <= word.left && returned.right >= word.right);
            prop_assert!(returned.top <= word.top && returned.bottom >= word.bottom);
        }

        #[test]
        fn halving_then_turning_stays_on_the_page(left in 0_u32..1000, top in 0_u32..1500, turn in 0_usize..4) {
            let map = PageMap::identity(A4).after_halving().after_turn(Rotation::ALL[turn]);
            let found = map.to_archived(PixelBox::new(left, top, left + 100, top + 50));
            prop_assert!(found.right <= A4.width && found.bottom <= A4.height);
        }
    }
}
