//! Gathers glyphs into printed lines by their baselines: cells in any order in, lines of places from top to bottom out.
//!
//! Everything is measured on the upright page: text that runs down or up the page is turned first, each of the four
//! directions for itself. Marks are no part of this; they go to the letter that they stand over once lines are known.

use super::glyphs::Cell;
use crate::model::Rotation;
use hayro::kurbo::{Affine, Point};

/// Baselines this part of the font's size apart may be one: raised figures, letters that hang.
const SAME_BASELINE: f64 = 0.35;
/// A mark may stand this many sizes above or below the baseline of its letter.
const MARK_REACH: f64 = 1.2;
/// The same character drawn again this near is the bold or the shadow of the first.
const SAME_PLACE: f64 = 0.12;

/// A glyph on its line. Lengths are points on the upright page.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its characters, marks after the letter they stand on.
    pub text: String,
    pub left: f64,
    pub right: f64,
    pub baseline: f64,
    /// Height of the font's square.
    pub size: f64,
    /// When it was drawn.
    pub drawn: usize,
    pub operator: u32,
    pub space: bool,
}

/// A printed line, its places from left to right.
#[derive(Clone, Debug)]
pub(super) struct VisualLine {
    pub places: Vec<Place>,
    pub turn: Rotation,
}

/// Returns the lines, and the clockwise turn that brings most of them upright.
pub(super) fn lines(cells: Vec<Cell>, width: f64, height: f64) -> (Vec<VisualLine>, Rotation) {
    let mut turned: [Vec<(Place, bool)>; 4] = Default::default();
    for (drawn, cell) in cells.into_iter().enumerate() {
        let turn = turn_of(&cell);
        let place = upright(&cell, turn, width, height, drawn);
        if let Some(places) = turned.get_mut(usize::from(turn.degrees() / 90)) {
            places.push((place, cell.is_mark()));
        }
    }
    let count = |turn: &Rotation| turned.get(usize::from(turn.degrees() / 90)).map_or(0, Vec::len);
    // Of equals the last counts; upright text wins over turned text.
    let main = Rotation::ALL.into_iter().rev().max_by_key(count).unwrap_or_default();
    let mut order = Rotation::ALL;
    order.sort_by_key(|turn| *turn != main);
    let mut lines = Vec::new();
    for turn in order {
        let places = turned.get_mut(usize::from(turn.degrees() / 90)).map(std::mem::take).unwrap_or_default();
        lines.extend(baselines(places).into_iter().map(|places| VisualLine { places, turn }));
    }
    (lines, main)
}

/// Returns the clockwise turn of the page that brings the glyph upright.
fn turn_of(cell: &Cell) -> Rotation {
    let (x, y) = (cell.up.x, cell.up.y);
    match (x.abs() > y.abs(), x > 0.0, y > 0.0) {
        (true, true, _) => Rotation::Clockwise270,
        (true, false, _) => Rotation::Clockwise90,
        (false, _, true) => Rotation::Half,
        (false, _, false) => Rotation::None,
    }
}

/// Returns the way from the page to the page turned clockwise.
pub(super) fn turning(turn: Rotation, width: f64, height: f64) -> Affine {
    match turn {
        Rotation::None => Affine::IDENTITY,
        Rotation::Clockwise90 => Affine::new([0.0, 1.0, -1.0, 0.0, height, 0.0]),
        Rotation::Half => Affine::new([-1.0, 0.0, 0.0, -1.0, width, height]),
        Rotation::Clockwise270 => Affine::new([0.0, -1.0, 1.0, 0.0, 0.0, width]),
    }
}

fn upright(cell: &Cell, turn: Rotation, width: f64, height: f64, drawn: usize) -> Place {
    let way = turning(turn, width, height);
    let (start, end): (Point, Point) = (way * cell.start, way * cell.end);
    Place {
        text: cell.text.clone(),
        left: start.x.min(end.x),
        right: start.x.max(end.x),
        baseline: (start.y + end.y) / 2.0,
        size: cell.up.hypot(),
        drawn,
        operator: cell.operator,
        space: cell.is_space(),
    }
}

fn baselines(places: Vec<(Place, bool)>) -> Vec<Vec<Place>> {
    let (marks, mut letters): (Vec<_>, Vec<_>) = places.into_iter().partition(|(_, mark)| *mark);
    letters.sort_by(|(a, _), (b, _)| a.baseline.total_cmp(&b.baseline));
    let mut lines: Vec<Line> = Vec::new();
    for (place, _) in letters {
        // Lines of a large and of a small font may lie close; a few lines back is far enough.
        let near = lines.iter_mut().rev().take(3);
        let fits =
            near.filter(|line| (line.baseline - place.baseline).abs() < SAME_BASELINE * line.size.max(place.size));
        match fits.min_by(|a, b| (a.baseline - place.baseline).abs().total_cmp(&(b.baseline - place.baseline).abs())) {
            Some(line) => line.add(place),
            None => lines.push(Line { baseline: place.baseline, size: place.size, places: vec![place] }),
        }
    }
    for (mark, _) in marks {
        attach(&mut lines, mark);
    }
    lines.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    lines.into_iter().map(Line::sorted).filter(|places| places.iter().any(|place| !place.space)).collect()
}

/// A line as it grows.
struct Line {
    /// Mean of its letters' baselines.
    baseline: f64,
    /// Largest font on it.
    size: f64,
    places: Vec<Place>,
}

impl Line {
    fn add(&mut self, place: Place) {
        let count = self.places.len() as f64;
        if !place.space {
            self.baseline = (self.baseline * count + place.baseline) / (count + 1.0);
            self.size = self.size.max(place.size);
        }
        self.places.push(place);
    }

    fn sorted(self) -> Vec<Place> {
        let mut places = self.places;
        places.sort_by(|a, b| centre(a).total_cmp(&centre(b)).then(a.drawn.cmp(&b.drawn)));
        let mut sorted: Vec<Place> = Vec::with_capacity(places.len());
        for place in places {
            let again = sorted.iter().rev().take(4).any(|before| {
                before.text == place.text
                    && !place.space
                    && before.operator != place.operator
                    && (before.left - place.left).abs() < SAME_PLACE * place.size
                    && (before.baseline - place.baseline).abs() < SAME_PLACE * place.size
            });
            if !again {
                sorted.push(place);
            }
        }
        sorted
    }
}

pub(super) fn centre(place: &Place) -> f64 {
    (place.left + place.right) / 2.0
}

/// Puts a mark behind the letter it stands on: the nearest one sideways on the nearest line.
fn attach(lines: &mut [Line], mark: Place) {
    let at = centre(&mark);
    let candidates = lines.iter_mut().filter(|line| (line.baseline - mark.baseline).abs() < MARK_REACH * mark.size);
    let letters = candidates.flat_map(|line| line.places.iter_mut().filter(|place| !place.space));
    let distance = |place: &Place| {
        let beside = (place.left - at).max(at - place.right).max(0.0);
        // Of letters that overlap, the one drawn just before carries the mark.
        let drawn = mark.drawn.abs_diff(place.drawn) as f64 * 0.01;
        beside + (place.baseline - mark.baseline).abs() * 0.5 + drawn.min(1.0) * mark.size * 0.2
    };
    if let Some(letter) = letters.min_by(|a, b| distance(a).total_cmp(&distance(b))) {
        letter.text.push_str(&mark.text);
    }
}
