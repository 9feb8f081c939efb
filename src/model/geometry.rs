//! Sizes, boxes and quarter turns of page images.

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PixelSize {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl PixelSize {
    /// Returns the number of pixels.
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Rectangle in pixels of the page image as archived: origin top-left, `right` and `bottom` exclusive.
///
/// An empty box (`right == left`) stands for a word whose place is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PixelBox {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Column after the last.
    pub right: u32,
    /// Row after the last.
    pub bottom: u32,
}

impl PixelBox {
    /// Returns the box of these edges; edges in the wrong order are swapped.
    pub fn new(left: u32, top: u32, right: u32, bottom: u32) -> Self {
        Self { left: left.min(right), top: top.min(bottom), right: left.max(right), bottom: top.max(bottom) }
    }

    /// Returns the number of columns.
    pub fn width(&self) -> u32 {
        self.right - self.left
    }

    /// Returns the number of rows.
    pub fn height(&self) -> u32 {
        self.bottom - self.top
    }

    /// Says whether the box holds no pixel.
    pub fn is_empty(&self) -> bool {
        self.width() == 0 || self.height() == 0
    }

    /// Returns the smallest box that holds both; an empty box adds nothing.
    pub fn union(&self, other: &Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => *other,
            (_, true) => *self,
            _ => Self {
                left: self.left.min(other.left),
                top: self.top.min(other.top),
                right: self.right.max(other.right),
                bottom: self.bottom.max(other.bottom),
            },
        }
    }

    /// Returns the smallest box that holds all of `boxes`.
    pub fn around(boxes: impl IntoIterator<Item = Self>) -> Self {
        boxes.into_iter().fold(Self::default(), |all, next| all.union(&next))
    }

    /// Returns the edges in the order of the contract: left, top, right, bottom.
    pub fn edges(&self) -> [u32; 4] {
        [self.left, self.top, self.right, self.bottom]
    }
}

impl From<[u32; 4]> for PixelBox {
    fn from([left, top, right, bottom]: [u32; 4]) -> Self {
        Self::new(left, top, right, bottom)
    }
}

/// A clockwise turn by quarters: the turn that makes the archived image upright.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// Upright as it is.
    #[default]
    None,
    /// A quarter turn clockwise.
    Clockwise90,
    /// Half a turn.
    Half,
    /// A quarter turn anticlockwise.
    Clockwise270,
}

impl Rotation {
    /// All four turns.
    pub const ALL: [Self; 4] = [Self::None, Self::Clockwise90, Self::Half, Self::Clockwise270];

    /// Returns the clockwise turn in degrees: 0, 90, 180 or 270.
    pub fn degrees(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Clockwise90 => 90,
            Self::Half => 180,
            Self::Clockwise270 => 270,
        }
    }

    /// Returns the turn of so many clockwise degrees, if it is a whole number of quarters.
    pub fn from_degrees(degrees: i64) -> Option<Self> {
        match degrees.rem_euclid(360) {
            0 => Some(Self::None),
            90 => Some(Self::Clockwise90),
            180 => Some(Self::Half),
            270 => Some(Self::Clockwise270),
            _ => None,
        }
    }

    /// Returns this turn followed by `next`.
    pub fn then(self, next: Self) -> Self {
        Self::from_degrees(i64::from(self.degrees()) + i64::from(next.degrees())).unwrap_or_default()
    }

    /// Returns the turn that undoes this one.
    pub fn inverse(self) -> Self {
        Self::from_degrees(-i64::from(self.degrees())).unwrap_or_default()
    }

    /// Says whether width and height change places.
    pub fn swaps_sides(self) -> bool {
        matches!(self, Self::Clockwise90 | Self::Clockwise270)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_and_its_inverse_cancel() {
        for turn in Rotation::ALL {
            assert_eq!(turn.then(turn.inverse()), Rotation::None);
            assert_eq!(Rotation::from_degrees(i64::from(turn.degrees()) - 360), Some(turn));
        }
        assert_eq!(Rotation::from_degrees(45), None);
    }

    #[test]
    fn an_empty_box_adds_nothing_to_a_union() {
        let word = PixelBox::new(10, 20, 30, 40);
        assert_eq!(PixelBox::around([PixelBox::default(), word]), word);
        assert_eq!(PixelBox::around([word, PixelBox::new(5, 30, 15, 50)]), PixelBox::new(5, 20, 30, 50));
    }
}
