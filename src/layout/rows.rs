//! Gathers pieces that stand at one height: pieces in any order in, rows from the top, each from the right, out.

use super::piece::Piece;

/// Neighbours in a row stand no further apart in height than this share of a word's height.
const STEP_HEIGHTS: f32 = 0.5;
/// Neighbours in a row may overlap sideways by this share of a word's height: boxes are rough.
const OVERLAP_HEIGHTS: f32 = 0.5;
/// A value stands at most this many heights of a word left of its label: dotted lines are filled in by hand.
const VALUE_HEIGHTS: f32 = 8.0;
/// Only so many rows above can hold a piece's neighbours.
const ROWS_LOOKED_AT: usize = 6;

/// Pieces at one height, from the right; never none.
#[derive(Debug, Default)]
pub struct Row {
    /// The pieces.
    pub pieces: Vec<Piece>,
}

impl Row {
    /// Returns the mean of its pieces' middles.
    pub fn middle(&self) -> f32 {
        self.pieces.iter().map(|piece| piece.middle).sum::<f32>() / self.pieces.len() as f32
    }

    /// Returns the pieces long enough to be trusted.
    pub fn solid(&self) -> impl Iterator<Item = &Piece> {
        self.pieces.iter().filter(|piece| piece.is_solid())
    }

    /// Returns how much higher or lower `piece` stands than its neighbour in the row, if it fits beside all of them.
    fn step_to(&self, piece: &Piece, height: f32) -> Option<f32> {
        let apart = |other: &Piece| (other.left - piece.right).max(piece.left - other.right);
        if self.pieces.iter().any(|other| apart(other) < -OVERLAP_HEIGHTS * height) {
            return None;
        }
        let neighbour = self.pieces.iter().min_by(|a, b| apart(a).total_cmp(&apart(b)))?;
        Some((neighbour.middle - piece.middle).abs()).filter(|step| *step <= STEP_HEIGHTS * height)
    }
}

/// Returns the rows of `pieces`; `height` is that of the page's words.
pub fn rows(mut pieces: Vec<Piece>, height: f32) -> Vec<Row> {
    pieces.sort_by(|a, b| a.middle.total_cmp(&b.middle));
    let mut rows: Vec<Row> = Vec::new();
    for piece in pieces {
        let near = rows.len().saturating_sub(ROWS_LOOKED_AT);
        let steps = rows.iter_mut().skip(near).filter_map(|row| Some((row.step_to(&piece, height)?, row)));
        match steps.min_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((_, row)) => row.pieces.push(piece),
            None => rows.push(Row { pieces: vec![piece] }),
        }
    }
    for row in &mut rows {
        row.pieces.sort_by(|a, b| b.centre().total_cmp(&a.centre()));
        row.pieces = with_values(std::mem::take(&mut row.pieces), height);
    }
    rows.sort_by(|a, b| a.middle().total_cmp(&b.middle()));
    rows
}

/// Returns the pieces of a row, those that end in a colon or a slash joined to what follows: a label and its value.
fn with_values(pieces: Vec<Piece>, height: f32) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        let near = |label: &&mut Piece| label.awaits_value() && label.left - piece.right <= VALUE_HEIGHTS * height;
        match joined.last_mut().filter(near) {
            Some(label) => label.append(piece),
            None => joined.push(piece),
        }
    }
    joined
}
