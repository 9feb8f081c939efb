//! Connected pieces of ink on a page's thumbnail, and groups of pieces that lie close together.

use super::thumbnail::Thumbnail;

/// A connected piece of ink, or a group of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// Last column.
    pub right: usize,
    /// Last row.
    pub bottom: usize,
    /// Inked pixels.
    pub area: usize,
}

impl Piece {
    /// Returns the number of columns.
    pub fn width(&self) -> usize {
        self.right - self.left + 1
    }

    /// Returns the number of rows.
    pub fn height(&self) -> usize {
        self.bottom - self.top + 1
    }

    /// Returns the longer side.
    pub fn long(&self) -> usize {
        self.width().max(self.height())
    }

    /// Returns the shorter side.
    pub fn short(&self) -> usize {
        self.width().min(self.height())
    }

    /// Returns the inked share of the box around the piece.
    pub fn fill(&self) -> f32 {
        self.area as f32 / (self.width() * self.height()) as f32
    }

    /// Returns how far the box around the piece lies from the nearest edge of the page.
    pub fn distance_from_edge(&self, page: &Thumbnail) -> usize {
        let (right, bottom) = (page.width.saturating_sub(self.right + 1), page.height.saturating_sub(self.bottom + 1));
        self.left.min(self.top).min(right).min(bottom)
    }

    fn add(&mut self, other: &Self) {
        self.left = self.left.min(other.left);
        self.top = self.top.min(other.top);
        self.right = self.right.max(other.right);
        self.bottom = self.bottom.max(other.bottom);
        self.area += other.area;
    }

    fn is_near(&self, other: &Self, reach: usize) -> bool {
        let near = |low: usize, high: usize, other_low: usize, other_high: usize| {
            low <= other_high + reach && other_low <= high + reach
        };
        near(self.left, self.right, other.left, other.right) && near(self.top, self.bottom, other.top, other.bottom)
    }
}

/// Returns the pieces of ink connected along rows, columns and diagonals, on an image of this width.
pub fn of(ink: &[bool], width: usize) -> Vec<Piece> {
    visited(ink, width, |_, _| {})
}

/// Returns them as [`of`] does, and tells the number of its piece for each pixel of ink.
pub fn visited(ink: &[bool], width: usize, mut visit: impl FnMut(usize, usize)) -> Vec<Piece> {
    let height = ink.len() / width.max(1);
    let mut left_over = ink.to_vec();
    let mut pieces = Vec::new();
    let mut next = Vec::new();
    for start in 0..left_over.len() {
        if !std::mem::take(&mut left_over[start]) {
            continue;
        }
        let (x, y) = (start % width, start / width);
        let mut piece = Piece { left: x, top: y, right: x, bottom: y, area: 0 };
        next.push(start);
        while let Some(at) = next.pop() {
            let (x, y) = (at % width, at / width);
            visit(pieces.len(), at);
            piece.add(&Piece { left: x, top: y, right: x, bottom: y, area: 1 });
            for row in y.saturating_sub(1)..(y + 2).min(height) {
                for column in x.saturating_sub(1)..(x + 2).min(width) {
                    let neighbour = row * width + column;
                    if std::mem::take(&mut left_over[neighbour]) {
                        next.push(neighbour);
                    }
                }
            }
        }
        pieces.push(piece);
    }
    pieces
}

/// Returns the groups of pieces whose boxes lie within `reach` of each other.
pub fn grouped(mut pieces: Vec<Piece>, reach: usize) -> Vec<Piece> {
    // Sorted by their left edges, only pieces shortly before can be near.
    pieces.sort_unstable_by_key(|piece| piece.left);
    let mut parents: Vec<usize> = (0..pieces.len()).collect();
    let mut reaching: Vec<usize> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        reaching.retain(|&other| pieces[other].right + reach >= piece.left);
        for &other in &reaching {
            if piece.is_near(&pieces[other], reach) {
                let (a, b) = (root(&mut parents, at), root(&mut parents, other));
                parents[a.max(b)] = a.min(b);
            }
        }
        reaching.push(at);
    }
    let mut groups: Vec<Option<Piece>> = vec![None; pieces.len()];
    for (at, piece) in pieces.iter().enumerate() {
        let root = root(&mut parents, at);
        groups[root].get_or_insert(Piece { area: 0, ..*piece }).add(piece);
    }
    groups.into_iter().flatten().collect()
}

fn root(parents: &mut [usize], of: usize) -> usize {
    let mut at = of;
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_close_together_are_one_group() {
        let inked = |x: usize, y: usize| {
            let in_word = (100..110).contains(&y) && ((50..60).contains(&x) || (66..80).contains(&x));
            in_word || (200..204).contains(&y) && (300..304).contains(&x)
        };
        let ink: Vec<bool> = (0..400 * 300).map(|at| inked(at % 400, at / 400)).collect();
        let pieces = of(&ink, 400);
        assert_eq!(pieces.len(), 3);
        let groups = grouped(pieces, 8);
        assert_eq!(
            groups,
            [
                Piece { left: 50, top: 100, right: 79, bottom: 109, area: 240 },
                Piece { left: 300, top: 200, right: 303, bottom: 203, area: 16 }
            ]
        );
    }
}
