//! Cuts the lines of an engine at their wide gaps: the words of a line in, pieces that stand together out.

use crate::model::{PixelBox, Word};

/// A gap wider than this many heights of a word parts pieces: wider than the spaces of justified text.
const GAP_HEIGHTS: f32 = 1.7;
/// Pieces with fewer letters and digits are often no print: specks, rules, parts of an emblem.
const SOLID_FROM: usize = 3;

/// Words of a line that stand together, in reading order.
#[derive(Debug)]
pub struct Piece {
    /// The words; never none.
    pub words: Vec<Word>,
    /// The edges in pixels.
    pub left: f32,
    /// The edges in pixels.
    pub right: f32,
    /// Height of its middle on the page in pixels from the top, the page's slope taken out.
    pub middle: f32,
}

impl Piece {
    fn new(words: Vec<Word>, slope: f32) -> Self {
        let bounds = PixelBox::around(words.iter().map(|word| word.bounds));
        let middle = middle(&words, slope);
        Self { words, left: bounds.left as f32, right: bounds.right as f32, middle }
    }

    /// Returns its width in pixels.
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    /// Returns the pixel column halfway between its edges.
    pub fn centre(&self) -> f32 {
        (self.left + self.right) / 2.0
    }

    /// Says whether it ends like a label whose value is still to come.
    pub fn awaits_value(&self) -> bool {
        self.is_solid() && self.words.last().is_some_and(|word| word.text.ends_with([':', '/']))
    }

    /// Takes in the words of the piece to its left.
    pub fn append(&mut self, mut next: Self) {
        self.words.append(&mut next.words);
        (self.left, self.right) = (self.left.min(next.left), self.right.max(next.right));
    }

    /// Says whether it holds any letter or digit.
    pub fn says_something(&self) -> bool {
        self.letters() > 0
    }

    /// Says whether it is long enough to be trusted as print.
    pub fn is_solid(&self) -> bool {
        self.letters() >= SOLID_FROM
    }

    fn letters(&self) -> usize {
        self.words.iter().flat_map(|word| word.text.chars()).filter(|c| c.is_alphanumeric()).count()
    }
}

/// Returns the centre of a word's box, in pixels.
pub fn centre(word: &Word) -> (f32, f32) {
    let [left, top, right, bottom] = word.bounds.edges().map(|edge| edge as f32);
    ((left + right) / 2.0, (top + bottom) / 2.0)
}

/// Returns the median of the words' middles, each counted by its length: short words sit high or low.
fn middle(words: &[Word], slope: f32) -> f32 {
    let placed = words.iter().filter(|word| !word.bounds.is_empty());
    let mut middles: Vec<(f32, usize)> = placed
        .map(|word| {
            let (x, y) = centre(word);
            (y - slope * x, word.text.chars().count())
        })
        .collect();
    middles.sort_by(|a, b| a.0.total_cmp(&b.0));
    let letters: usize = middles.iter().map(|(_, letters)| letters).sum();
    let mut passed = 0;
    let median = middles.iter().find(|(_, letters_of_word)| {
        passed += letters_of_word;
        passed * 2 >= letters
    });
    median.map_or(0.0, |(middle, _)| *middle)
}

/// Returns the pieces of a line. `height` is that of the page's words.
pub fn pieces(words: Vec<Word>, height: f32, slope: f32) -> Vec<Piece> {
    let mut cut: Vec<(PixelBox, Vec<Word>)> = Vec::new();
    for word in right_to_left(words, height) {
        match cut.last_mut().filter(|(bounds, _)| gap(bounds, &word.bounds) <= GAP_HEIGHTS * height) {
            Some((bounds, words)) => {
                *bounds = bounds.union(&word.bounds);
                words.push(word);
            }
            None => cut.push((word.bounds, vec![word])),
        }
    }
    // Words of unknown place at the start of a line belong to its first piece.
    if cut.len() > 1 && cut.first().is_some_and(|(bounds, _)| bounds.is_empty()) {
        let (_, mut unplaced) = cut.remove(0);
        if let Some((_, words)) = cut.first_mut() {
            unplaced.append(words);
            *words = unplaced;
        }
    }
    cut.into_iter().map(|(_, words)| Piece::new(words, slope)).collect()
}

/// Returns the pixels between two boxes side by side; none where they overlap or one is empty.
fn gap(a: &PixelBox, b: &PixelBox) -> f32 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    a.left.saturating_sub(b.right).max(b.left.saturating_sub(a.right)) as f32
}

/// Returns the words of a line that was taken for left-to-right in Arabic order.
///
/// Tesseract takes a line for left-to-right when its paragraph looks so, and then writes the runs of Arabic between digits,
/// stops and Latin from the left: the boxes show it, since each run stands to the right of the one before. Within runs, and
/// for runs of digits and Latin, its order is right; the boxes of neighbouring words are too rough to judge it by.
fn right_to_left(words: Vec<Word>, height: f32) -> Vec<Word> {
    let mut runs: Vec<(bool, Vec<Word>)> = Vec::new();
    for word in words {
        let arabic = is_arabic(&word.text);
        match runs.last_mut() {
            Some((kind, run)) if *kind == arabic => run.push(word),
            _ => runs.push((arabic, vec![word])),
        }
    }
    let arabic = runs.iter().filter(|(arabic, _)| *arabic);
    let boxes: Vec<PixelBox> = arabic.map(|(_, run)| PixelBox::around(run.iter().map(|word| word.bounds))).collect();
    let middle = |bounds: &PixelBox| (bounds.left as f32 + bounds.right as f32) / 2.0;
    let leads_right = |pair: &[PixelBox]| matches!(pair, [first, next] if middle(next) > middle(first) + height);
    if boxes.len() > 1 && boxes.windows(2).all(leads_right) {
        runs.reverse();
    }
    runs.into_iter().flat_map(|(_, run)| run).collect()
}

/// Says whether a word has a letter written from right to left; digits have no direction of their own.
fn is_arabic(text: &str) -> bool {
    text.chars().any(|c| c.is_alphabetic() && matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FEFC}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::tests::word;

    #[track_caller]
    fn check(words: &[(&str, u32, u32)], want: &[&str]) {
        let words = words.iter().map(|(text, left, right)| word(text, [*left, 100, *right, 120])).collect();
        let text = |piece: &Piece| piece.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        assert_eq!(pieces(words, 20.0, 0.0).iter().map(text).collect::<Vec<_>>(), want);
    }

    #[test]
    fn wide_gaps_part_pieces() {
        check(
            &[("جمهورية", 800, 900), ("العراق", 700, 790), ("العدد", 300, 360), ("٥", 270, 290)],
            &["جمهورية العراق", "العدد ٥"],
        );
        check(&[("ا", 10, 14), ("وزارة", 800, 900), ("الإعمار", 690, 790)], &["ا", "وزارة الإعمار"]);
    }

    #[test]
    fn runs_written_from_the_left_are_turned_round() {
        check(
            &[("ذلك", 400, 450), ("هي", 360, 395), (".", 460, 465), ("يهتدي", 560, 620), ("بها", 470, 550)],
            &["يهتدي بها . ذلك هي"],
        );
    }

    #[test]
    fn numbers_latin_and_rough_boxes_keep_their_order() {
        check(&[("نوع", 500, 550), ("HP", 440, 470), ("Pro", 472, 495), ("عدد", 400, 430)], &["نوع HP Pro عدد"]);
        check(&[("قسم", 500, 540), ("/", 470, 474), ("للعلم", 476, 498), ("رجاء", 400, 465)], &["قسم / للعلم رجاء"]);
    }

    #[test]
    fn a_word_of_unknown_place_stays_with_its_neighbours() {
        let words = vec![word("أ", [0, 0, 0, 0]), word("بغداد", [50, 10, 90, 30]), word("ب", [0, 0, 0, 0])];
        assert_eq!(pieces(words, 20.0, 0.0).len(), 1);
    }
}
