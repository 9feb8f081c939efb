//! Cuts the lines of a letter into strips: a printed line, or one column of it where a wide gap parts columns.
//!
//! A line of a letterhead may read `جمهورية العراق   العدد : 123`, since readers take what stands at one height as one line. Where
//! boxes are known the gap parts the two; where they are not, the line stays whole and rules look for labels within it.
//! Page numbers and the addresses at the foot of a page are left out: sentences run on over them.

use super::labels::{self, labels};
use super::passage::{Passage, Placed, Sort};
use crate::model::{Line, Origin, Page, PageNumber, PixelBox, Rotation, Word};

/// A gap wider than this many times the height of the words parts columns.
const COLUMN_GAP_HEIGHTS: f32 = 1.7;
/// A line reaching this share of the page's text width is full: the sentence may go on below.
const FULL_SHARE: f32 = 0.85;
/// Below this confidence most numbers that Tesseract read on the measuring pages were wrong.
const DOUBTFUL_BELOW: f32 = 0.4;
/// Lines at the foot of a page among which the address is looked for.
const FOOT_LINES: usize = 3;

/// All strips of a letter in reading order, and how wide each page is set.
pub struct Sheet<'a> {
    /// The strips.
    pub strips: Vec<Passage<'a>>,
    widths: Vec<Width>,
}

struct Width {
    page: PageNumber,
    edges: PixelBox,
    characters: usize,
}

impl<'a> Sheet<'a> {
    /// Returns the strips of `pages`.
    pub fn new(pages: &'a [Page]) -> Self {
        let mut strips = Vec::new();
        let mut widths = Vec::new();
        for page in pages {
            let of_page = strips_of(page);
            widths.push(Width::of(page.number, &of_page));
            strips.extend(of_page);
        }
        Self { strips, widths }
    }

    /// Returns the number of the first page that has words.
    pub fn first_page(&self) -> Option<PageNumber> {
        self.strips.first()?.page()
    }

    /// Returns the text of the strips that `wanted` picks as one passage, for sentences that run over lines and pages.
    pub fn running_text(&self, wanted: impl Fn(usize) -> bool) -> Passage<'a> {
        let strips = self.strips.iter().enumerate().filter(|(index, _)| wanted(*index));
        Passage::new(strips.flat_map(|(_, strip)| strip.words.iter().copied()).collect())
    }

    /// Says whether a strip reaches so far to the left that its sentence may go on below.
    pub fn is_full(&self, strip: &Passage) -> bool {
        let Some(width) = self.widths.iter().find(|width| Some(width.page) == strip.page()) else { return false };
        if strip.bounds.is_empty() || width.edges.is_empty() {
            return strip.length() as f32 >= FULL_SHARE * width.characters as f32;
        }
        strip.bounds.width() as f32 >= FULL_SHARE * width.edges.width() as f32
    }

    /// Returns the strip at the same height, next to the left of strip `index`, where boxes are known.
    pub fn beside(&self, index: usize) -> Option<usize> {
        let strip = self.strips.get(index)?;
        let beside = |other: &Passage| {
            let same_page = other.page() == strip.page() && !other.bounds.is_empty();
            same_page
                && other.bounds.left < strip.bounds.left
                && other.bounds.right < strip.bounds.right
                && shares_height(&strip.bounds, &other.bounds)
        };
        let candidates = self.strips.iter().enumerate().filter(|(other, passage)| *other != index && beside(passage));
        candidates.max_by_key(|(_, passage)| passage.bounds.right).map(|(other, _)| other)
    }

    /// Returns the strip right below strip `index`: by its box where boxes are known, else the next in order.
    pub fn below(&self, index: usize) -> Option<usize> {
        let strip = self.strips.get(index)?;
        if strip.bounds.is_empty() {
            return self.strips.get(index + 1).filter(|next| next.page() == strip.page()).map(|_| index + 1);
        }
        let (top, height) = (strip.bounds.top, strip.bounds.height());
        let below = |other: &Passage| {
            let sits = other.bounds.top > top + height / 2 && other.bounds.top < strip.bounds.bottom + 2 * height;
            let overlaps = other.bounds.left < strip.bounds.right && strip.bounds.left < other.bounds.right;
            other.page() == strip.page() && sits && overlaps
        };
        let candidates = self.strips.iter().enumerate().filter(|(other, passage)| *other != index && below(passage));
        candidates.min_by_key(|(_, passage)| passage.bounds.top).map(|(other, _)| other)
    }
}

impl Width {
    fn of(page: PageNumber, strips: &[Passage]) -> Self {
        let mut lengths: Vec<usize> = strips.iter().map(Passage::length).collect();
        lengths.sort_unstable();
        // One line that two columns share, or a row of a table, must not set the measure.
        let characters = lengths.iter().rev().nth(2).or(lengths.last()).copied().unwrap_or(0);
        Self { page, edges: PixelBox::around(strips.iter().map(|strip| strip.bounds)), characters }
    }
}

fn shares_height(a: &PixelBox, b: &PixelBox) -> bool {
    let shared = a.bottom.min(b.bottom).saturating_sub(a.top.max(b.top));
    2 * shared >= a.height().min(b.height()).max(1)
}

fn strips_of(page: &Page) -> Vec<Passage<'_>> {
    let lines: Vec<&Line> = page.lines.iter().filter(|line| !line.words.is_empty()).collect();
    let foot = lines.len().saturating_sub(FOOT_LINES);
    let mut strips = Vec::with_capacity(lines.len() + 8);
    for (index, line) in lines.iter().enumerate() {
        for words in columns(page, line) {
            let strip = Passage::new(words);
            let at_foot = index >= foot;
            let furniture = (index == 0 || at_foot) && is_page_number(&strip) || at_foot && is_contact(&strip);
            if !strip.atoms.is_empty() && !furniture && !is_speck(&strip) {
                strips.push(strip);
            }
        }
    }
    strips
}

/// Returns the columns of a line from right to left, the words of each in reading order.
fn columns<'a>(page: &'a Page, line: &'a Line) -> Vec<Vec<Placed<'a>>> {
    let place = |word: &'a Word| Placed {
        word,
        page: page.number,
        upright: upright(word.bounds, page),
        // What a word may be otherwise is weighed where it is needed.
        doubtful: page.origin == Origin::Ocr
            && !word.bounds.is_empty()
            && word.readings.is_empty()
            && word.confidence.get() < DOUBTFUL_BELOW,
        filled_in: page.filled_in.contains(&word.bounds),
    };
    let words: Vec<Placed> = line.words.iter().map(place).collect();
    if words.iter().any(|placed| placed.upright.is_empty()) {
        return vec![words];
    }
    let mut heights: Vec<u32> = words.iter().map(|placed| placed.upright.height()).collect();
    heights.sort_unstable();
    let gap = heights.get(heights.len() / 2).map_or(0.0, |height| *height as f32 * COLUMN_GAP_HEIGHTS);
    let mut by_right: Vec<PixelBox> = words.iter().map(|placed| placed.upright).collect();
    by_right.sort_unstable_by_key(|bounds| std::cmp::Reverse(bounds.right));
    // Left edges of the columns, from right to left.
    let mut cuts = Vec::new();
    let mut reached = u32::MAX;
    for bounds in by_right {
        if reached != u32::MAX && reached.saturating_sub(bounds.right) as f32 > gap {
            cuts.push(reached);
        }
        reached = reached.min(bounds.left);
    }
    let mut columns = vec![Vec::new(); cuts.len() + 1];
    for placed in words {
        let column = cuts.iter().filter(|cut| placed.upright.right < **cut).count();
        if let Some(column) = columns.get_mut(column) {
            column.push(placed);
        }
    }
    columns
}

/// Returns where a box lies once the page is turned upright.
fn upright(bounds: PixelBox, page: &Page) -> PixelBox {
    let (width, height) = (page.size.width, page.size.height);
    let PixelBox { left, top, right, bottom } = bounds;
    if bounds.is_empty() {
        return PixelBox::default();
    }
    match page.rotation {
        Rotation::None => bounds,
        Rotation::Clockwise90 => PixelBox::new(height.saturating_sub(bottom), left, height.saturating_sub(top), right),
        Rotation::Half => PixelBox::new(
            width.saturating_sub(right),
            height.saturating_sub(bottom),
            width.saturating_sub(left),
            height.saturating_sub(top),
        ),
        Rotation::Clockwise270 => PixelBox::new(top, width.saturating_sub(right), bottom, width.saturating_sub(left)),
    }
}

/// Returns the number that a page bears in its first or one of its last lines: 2 for `- 2 -`, `2 / 3` and `صفحة 2 من 3`.
pub fn page_number(page: &Page) -> Option<u32> {
    let lines: Vec<&Line> = page.lines.iter().filter(|line| !line.words.is_empty()).collect();
    let foot = lines.len().saturating_sub(FOOT_LINES).max(1);
    let edges = lines.first().into_iter().chain(lines.get(foot..).unwrap_or_default());
    let strips = edges.flat_map(|line| columns(page, line)).map(Passage::new);
    // Of page and total the smaller is the page, whichever way the reader put them.
    // A stroke by itself is no page number.
    let is_stroke = |strip: &Passage| strip.atoms.len() == 1 && strip.atoms.iter().all(|atom| atom.value() == Some(1));
    strips
        .filter(|strip| is_page_number(strip) && !is_stroke(strip))
        .filter_map(|strip| strip.atoms.iter().filter_map(super::passage::Atom::value).min())
        .next()
}

/// Says whether the strip is a page number: `- 2 -`, `2 / 3`, `صفحة 2 من 3`.
fn is_page_number(strip: &Passage) -> bool {
    let digits = strip.atoms.iter().filter(|atom| atom.sort == Sort::Digits);
    let short = digits.clone().count() <= 2 && digits.clone().all(|atom| atom.key.len() <= 2);
    let word = |key: &str| ["صفحه", "الصفحه", "من", "ص", "page", "of"].contains(&key);
    let bare = strip
        .atoms
        .iter()
        .filter(|atom| atom.sort == Sort::Letters)
        .all(|atom| word(&atom.key.iter().collect::<String>()));
    short && bare && strip.atoms.len() <= 6
}

/// Says whether the strip is a stroke that was read as a letter: a line of print is wider.
fn is_speck(strip: &Passage) -> bool {
    let [only] = strip.atoms.as_slice() else { return false };
    let one_letter = only.sort == Sort::Letters && only.key.len() <= 1 && !only.key_is("م");
    one_letter && !strip.bounds.is_empty()
}

/// Says whether the strip tells how to reach the office.
fn is_contact(strip: &Passage) -> bool {
    let at_sign = strip.atoms.iter().any(|atom| atom.is_mark("@"));
    let post_box =
        strip.atoms.windows(3).any(|atoms| atoms[0].key_is("ص") && atoms[1].is_mark("./") && atoms[2].key_is("ب"));
    at_sign || post_box || labels::find(&strip.atoms, 0, &labels().contact).is_some()
}

#[cfg(test)]
pub mod tests {
    use super::super::passage::tests::words;
    use super::*;
    use crate::model::{Confidence, Dpi, PixelSize};

    /// Returns a page of these lines, for tests.
    pub fn page_of(number: u32, lines: Vec<Line>) -> Page {
        Page {
            number: PageNumber(number),
            size: PixelSize { width: 1000, height: 1400 },
            dpi: Dpi(200),
            rotation: Rotation::None,
            origin: Origin::TextLayer,
            engine: None,
            reason: None,
            lines,
            second_reading: Vec::new(),
            codes: Vec::new(),
            filled_in: Vec::new(),
        }
    }

    /// Returns pages without boxes, parted by form feeds, for tests.
    pub fn pages_of(text: &str) -> Vec<Page> {
        let lines = |page: &str| page.lines().map(|line| Line::new(words(line))).collect();
        text.split('\u{c}').zip(1..).map(|(page, number)| page_of(number, lines(page))).collect()
    }

    /// Returns a line of words with boxes: text, left edge, right edge; all at one height.
    pub fn line_at(top: u32, words: &[(&str, u32, u32)]) -> Line {
        let word = |&(text, left, right): &(&str, u32, u32)| Word {
            text: text.to_owned(),
            bounds: PixelBox::new(left, top, right, top + 30),
            confidence: Confidence::new(0.9),
            readings: Vec::new(),
        };
        Line::new(words.iter().map(word).collect())
    }

    #[test]
    fn a_wide_gap_parts_columns() {
        let line = line_at(100, &[("جمهورية", 800, 900), ("العراق", 700, 790), ("العدد", 200, 280), ("123", 100, 190)]);
        let pages = [page_of(1, vec![line])];
        let sheet = Sheet::new(&pages);
        let texts: Vec<String> = sheet.strips.iter().map(|strip| strip.text(0..9)).collect();
        assert_eq!(texts, ["جمهورية العراق", "العدد 123"]);
        assert_eq!(sheet.beside(0), Some(1));
    }

    #[test]
    fn turned_pages_are_cut_upright() {
        let mut page = page_of(1, vec![line_at(100, &[("بم", 0, 20), ("ام", 500, 520)])]);
        page.rotation = Rotation::Half;
        let pages = [page];
        let texts: Vec<String> = Sheet::new(&pages).strips.iter().map(|strip| strip.text(0..9)).collect();
        assert_eq!(texts, ["بم", "ام"]);
    }

    #[test]
    fn page_numbers_and_addresses_are_left_out() {
        let pages = pages_of("- 2 -\nنص الكتاب\nهاتف: ٥٣٧٢١٤٥");
        let sheet = Sheet::new(&pages);
        assert_eq!(sheet.strips.len(), 1);
    }
}
