//! Words of the index that a reader may have made of a word: a key in, terms with their likeness out.
//!
//! The dictionary is walked once with the row of an edit distance as state, so that all branches that cost too much are
//! left at once. The prices are those of [`super::similarity`], in twentieths. A word is walked for in passes, each wider
//! than the one before, within a budget of steps: in a dictionary of millions of misread words a short word is near
//! thousands of them, and the nearest come from few steps.

use super::similarity::{SWAP, Shape, insertion, substitution};
use rayon::prelude::*;
use std::cell::Cell;
use std::collections::BTreeMap;
use tantivy::postings::TermInfo;
use tantivy::schema::Field;
use tantivy::{InvertedIndexReader, SegmentReader};
use tantivy_fst::Automaton;

/// Longer words are not expanded.
const LONGEST: usize = 15;
/// The most terms returned for a word.
const MOST_TERMS: usize = 48;
/// What a word may cost in each pass: a wider one is made only where the ones before found few.
const REACHES: [f32; 3] = [0.7, 1.05, f32::MAX];
/// A wider pass takes about so many times the steps of the one before.
const WIDENING: u32 = 6;
const UNIT: f32 = 20.0;
const FAR: u8 = 200;

/// A word of the index.
#[derive(Clone, Debug)]
pub(super) struct Near {
    pub key: String,
    /// 0.0..=1.0
    pub likeness: f32,
    /// How many pages hold it.
    pub pages: u64,
    /// Where each segment keeps its pages.
    pub lists: Vec<(u32, TermInfo)>,
}

/// Returns terms of `field` that are at least `least` like `key` and not equal to it, the likest first. In a dictionary
/// too large to be walked in so many steps only nearer ones are found.
pub(super) fn near(
    readers: &[SegmentReader],
    field: Field,
    key: &str,
    least: f32,
    steps: u32,
) -> tantivy::Result<Vec<Near>> {
    let shape = Shape::new(key);
    let mut found: BTreeMap<String, Near> = BTreeMap::new();
    if !(3..=LONGEST).contains(&shape.len()) {
        return Ok(Vec::new());
    }
    // The longer of both words sets the measure; terms that are much longer cost more than this anyway.
    let widest = (1.0 - least) * (shape.len() + 1) as f32;
    let indexes = readers.iter().map(|reader| reader.inverted_index(field)).collect::<tantivy::Result<Vec<_>>>()?;
    let terms: usize = indexes.iter().map(|index| index.terms().num_terms()).sum();
    let mut left = steps;
    for reach in REACHES {
        let walked = indexes.par_iter().map(|index| {
            let share = index.terms().num_terms() as f64 / terms.max(1) as f64;
            let own = Cell::new((f64::from(left) * share) as u32);
            let start = own.get();
            let found = walk(index, key, &shape, (reach.min(widest), least), &own)?;
            Ok((found, start - own.get()))
        });
        let walked = walked.collect::<tantivy::Result<Vec<_>>>()?;
        let took = walked.iter().map(|(_, steps)| *steps).sum();
        left = left.saturating_sub(took);
        found.clear();
        for (segment, (terms, _)) in (0..).zip(walked) {
            for (key, likeness, info) in terms {
                let near = found.entry(key.clone()).or_insert(Near { key, likeness, pages: 0, lists: Vec::new() });
                near.pages += u64::from(info.doc_freq);
                near.lists.push((segment, info));
            }
        }
        if found.len() >= MOST_TERMS || reach >= widest || took.saturating_mul(WIDENING) > left {
            break;
        }
    }
    let mut found: Vec<Near> = found.into_values().collect();
    found.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then_with(|| b.pages.cmp(&a.pages)));
    found.truncate(MOST_TERMS);
    Ok(found)
}

/// Returns the terms of one dictionary that cost no more than `reach` and are `least` like the key.
fn walk(
    index: &InvertedIndexReader,
    key: &str,
    shape: &Shape,
    (reach, least): (f32, f32),
    steps: &Cell<u32>,
) -> tantivy::Result<Vec<(String, f32, TermInfo)>> {
    let walk = Walk::new(key, reach, steps);
    let mut found = Vec::new();
    let mut terms = index.terms().search(&walk).into_stream()?;
    while terms.advance() {
        let Ok(term) = std::str::from_utf8(terms.key()) else { continue };
        if term == key {
            continue;
        }
        if let Some(likeness) = shape.likeness(&Shape::new(term), least) {
            found.push((term.to_owned(), likeness, terms.value().clone()));
        }
    }
    Ok(found)
}

/// Letters the prices are known for, by place: Arabic ones, digits, Latin ones.
const LETTERS: usize = 42 + 10 + 26;

struct Walk<'a> {
    letters: usize,
    limit: u8,
    /// What it costs to take the letter of a term for that of the word, by letter and place.
    taking: Vec<[u8; LONGEST]>,
    /// What it costs that a term has a letter more.
    adding: [u8; LETTERS + 1],
    /// What it costs that the word's letter is missing.
    dropping: [u8; LONGEST],
    /// The word's letters.
    word: [usize; LONGEST],
    steps: &'a Cell<u32>,
}

/// A row of the table of costs.
#[derive(Clone, Copy)]
struct Row {
    costs: [u8; LONGEST + 1],
    before: [u8; LONGEST + 1],
    /// The least of the costs, and of those before.
    least: u8,
    least_before: u8,
    last: usize,
    /// The first byte of a letter of two.
    pending: u8,
}

fn place_of(c: char) -> usize {
    match c {
        'ء'..='ي' => c as usize - 'ء' as usize,
        '0'..='9' => 42 + c as usize - '0' as usize,
        'a'..='z' => 52 + c as usize - 'a' as usize,
        _ => LETTERS,
    }
}

fn letter_at(place: usize) -> char {
    let from = |base: char, place: usize| char::from_u32(base as u32 + place as u32).unwrap_or('\u{1}');
    match place {
        0..42 => from('ء', place),
        42..52 => from('0', place - 42),
        52..LETTERS => from('a', place - 52),
        _ => '\u{1}',
    }
}

fn twentieths(cost: f32) -> u8 {
    (cost * UNIT).round().clamp(0.0, f32::from(FAR)) as u8
}

impl<'a> Walk<'a> {
    /// A walk to the terms that cost no more than `reach`.
    fn new(key: &str, reach: f32, steps: &'a Cell<u32>) -> Self {
        let chars: Vec<char> = key.chars().take(LONGEST).collect();
        let mut walk = Self {
            letters: chars.len(),
            limit: twentieths(reach),
            taking: vec![[FAR; LONGEST]; LETTERS + 1],
            adding: [0; LETTERS + 1],
            dropping: [0; LONGEST],
            word: [LETTERS; LONGEST],
            steps,
        };
        for (place, prices) in walk.taking.iter_mut().enumerate() {
            for (price, c) in prices.iter_mut().zip(&chars) {
                *price = twentieths(substitution(*c, letter_at(place)));
            }
        }
        for (place, price) in walk.adding.iter_mut().enumerate() {
            *price = twentieths(insertion(letter_at(place)));
        }
        for (c, (price, place)) in chars.iter().zip(walk.dropping.iter_mut().zip(&mut walk.word)) {
            *price = twentieths(insertion(*c));
            *place = place_of(*c);
        }
        walk
    }

    fn step(&self, row: &Row, place: usize) -> Row {
        let adding = self.adding.get(place).copied().unwrap_or(FAR);
        let mut next = Row {
            costs: [FAR; LONGEST + 1],
            before: row.costs,
            least: FAR,
            least_before: row.least,
            last: place,
            pending: 0,
        };
        let Some(taking) = self.taking.get(place) else { return next };
        next.costs[0] = row.costs[0].saturating_add(adding);
        next.least = next.costs[0];
        for (at, taken) in taking.iter().enumerate().take(self.letters) {
            let mut best = row.costs[at].saturating_add(*taken);
            best = best.min(row.costs[at + 1].saturating_add(adding));
            best = best.min(next.costs[at].saturating_add(self.dropping[at]));
            if at > 0 && self.word[at] == row.last && self.word[at - 1] == place {
                best = best.min(row.before[at - 1].saturating_add(twentieths(SWAP)));
            }
            next.costs[at + 1] = best;
            next.least = next.least.min(best);
        }
        next
    }
}

impl Automaton for Walk<'_> {
    type State = Row;

    fn start(&self) -> Row {
        let mut costs = [FAR; LONGEST + 1];
        let mut sum = 0_u8;
        costs[0] = 0;
        for (cost, dropping) in costs.iter_mut().skip(1).zip(&self.dropping).take(self.letters) {
            sum = sum.saturating_add(*dropping);
            *cost = sum;
        }
        Row { costs, before: [FAR; LONGEST + 1], least: 0, least_before: FAR, last: LETTERS + 1, pending: 0 }
    }

    fn is_match(&self, row: &Row) -> bool {
        row.pending == 0 && row.costs[self.letters] <= self.limit
    }

    fn can_match(&self, row: &Row) -> bool {
        self.steps.get() > 0
            && (row.least <= self.limit || row.least_before.saturating_add(twentieths(SWAP)) <= self.limit)
    }

    fn accept(&self, row: &Row, byte: u8) -> Row {
        self.steps.set(self.steps.get().saturating_sub(1));
        match (row.pending, byte) {
            (0, 0..0x80) => self.step(row, place_of(char::from(byte))),
            (0, 0xC2..=0xDF) => Row { pending: byte, ..*row },
            (first @ 0xC2..=0xDF, 0x80..0xC0) => {
                let code = u32::from(first & 0x1F) << 6 | u32::from(byte & 0x3F);
                self.step(row, char::from_u32(code).map_or(LETTERS, place_of))
            }
            // Letters of other scripts are none of this word's.
            _ => Row { costs: [FAR; LONGEST + 1], before: [FAR; LONGEST + 1], least: FAR, least_before: FAR, ..*row },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepts(walk: &Walk, term: &str) -> bool {
        let mut row = walk.start();
        for byte in term.bytes() {
            if !walk.can_match(&row) {
                return false;
            }
            row = walk.accept(&row, byte);
        }
        walk.is_match(&row)
    }

    proptest! {
        #[test]
        fn no_term_that_is_alike_is_missed(word in "[ء-غف-ي0-9]{3,9}", other in "[ء-غف-ي0-9]{3,9}", at in 0usize..9, c in "[ء-غف-ي]") {
            let mut changed: Vec<char> = word.chars().collect();
            if let Some(own) = changed.get_mut(at) {
                own.clone_from(&c.chars().next().unwrap());
            }
            let changed: String = changed.into_iter().collect();
            let steps = Cell::new(u32::MAX);
            let walk = Walk::new(&word, 0.26 * (word.chars().count() + 1) as f32, &steps);
            for term in [other, changed, format!("{word}{c}")] {
                // A twentieth is the grain of the prices.
                if Shape::new(&word).likeness(&Shape::new(&term), 0.76).is_some() {
                    prop_assert!(accepts(&walk, &term), "{} for {}", term, word);
                }
            }
        }
    }
}
