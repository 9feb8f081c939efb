//! Words of the index that a reader may have made of a word: a key in, terms with their likeness out.
//!
//! The dictionary is walked once with the row of an edit distance as state, so that all branches that cost too much are
//! left at once. The prices are those of [`super::similarity`], in twentieths. A walk has a budget of steps: in a
//! dictionary of millions of misread words a short word is near thousands of them, and the nearest come from few steps.

use super::similarity::{SWAP, Shape, insertion, substitution};
use std::cell::Cell;
use tantivy::SegmentReader;
use tantivy::postings::TermInfo;
use tantivy::schema::Field;
use tantivy_fst::Automaton;

/// Longer words are not expanded.
const LONGEST: usize = 15;
/// The most terms returned for a word in a segment.
const MOST_TERMS: usize = 48;
const UNIT: f32 = 20.0;
const FAR: u8 = 200;

/// A word of the index.
pub(super) struct Near {
    pub key: String,
    /// 0.0..=1.0
    pub likeness: f32,
    pub info: TermInfo,
}

/// Returns terms of `field` that are at least `least` like `key` and not equal to it, the likest first. `steps` is what
/// remains of the budget.
pub(super) fn near(
    reader: &SegmentReader,
    field: Field,
    key: &str,
    least: f32,
    steps: &Cell<u32>,
) -> tantivy::Result<Vec<Near>> {
    let shape = Shape::new(key);
    let mut found = Vec::new();
    if !(3..=LONGEST).contains(&shape.len()) {
        return Ok(found);
    }
    let walk = Walk::new(key, least, steps);
    let index = reader.inverted_index(field)?;
    let mut terms = index.terms().search(&walk).into_stream()?;
    while terms.advance() {
        let Ok(term) = std::str::from_utf8(terms.key()) else { continue };
        if term == key {
            continue;
        }
        if let Some(likeness) = shape.likeness(&Shape::new(term), least) {
            found.push(Near { key: term.to_owned(), likeness, info: terms.value().clone() });
        }
    }
    found.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then_with(|| b.info.doc_freq.cmp(&a.info.doc_freq)));
    found.truncate(MOST_TERMS);
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
    fn new(key: &str, least: f32, steps: &'a Cell<u32>) -> Self {
        let chars: Vec<char> = key.chars().take(LONGEST).collect();
        let mut walk = Self {
            letters: chars.len(),
            // The longer of both words sets the measure; terms that are much longer cost more than this anyway.
            limit: twentieths((1.0 - least) * (chars.len() + 1) as f32),
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
        let mut next = Row { costs: [FAR; LONGEST + 1], before: row.costs, last: place, pending: 0 };
        let Some(taking) = self.taking.get(place) else { return next };
        next.costs[0] = row.costs[0].saturating_add(adding);
        for (at, taken) in taking.iter().enumerate().take(self.letters) {
            let mut best = row.costs[at].saturating_add(*taken);
            best = best.min(row.costs[at + 1].saturating_add(adding));
            best = best.min(next.costs[at].saturating_add(self.dropping[at]));
            if at > 0 && self.word[at] == row.last && self.word[at - 1] == place {
                best = best.min(row.before[at - 1].saturating_add(twentieths(SWAP)));
            }
            next.costs[at + 1] = best;
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
        Row { costs, before: [FAR; LONGEST + 1], last: LETTERS + 1, pending: 0 }
    }

    fn is_match(&self, row: &Row) -> bool {
        row.pending == 0 && row.costs[self.letters] <= self.limit
    }

    fn can_match(&self, row: &Row) -> bool {
        let least = |costs: &[u8; LONGEST + 1]| costs.iter().take(self.letters + 1).copied().min().unwrap_or(FAR);
        self.steps.get() > 0
            && (least(&row.costs) <= self.limit || least(&row.before).saturating_add(twentieths(SWAP)) <= self.limit)
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
            _ => Row { costs: [FAR; LONGEST + 1], before: [FAR; LONGEST + 1], ..*row },
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
            let walk = Walk::new(&word, 0.74, &steps);
            for term in [other, changed, format!("{word}{c}")] {
                // A twentieth is the grain of the prices.
                if Shape::new(&word).likeness(&Shape::new(&term), 0.76).is_some() {
                    prop_assert!(accepts(&walk, &term), "{} for {}", term, word);
                }
            }
        }
    }
}
