//! Words that stand together, cut into atoms: runs of letters, runs of digits, single marks.
//!
//! Readers glue labels to their values (`العدد/١٢٣`, `م/توزيع`) as often as they part them, so rules look at atoms
//! and never at words; each atom knows its word, so that a value found returns to the words it was read from.

use super::distance::Signature;
use crate::model::{Confidence, Evidence, Field, FieldSource, PageNumber, PixelBox, Word};
use crate::text::digits::{is_digit, to_western};
use crate::text::normalise::fold_char;
use std::ops::Range;

/// What an atom is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A run of letters with their marks.
    Letters,
    /// A run of digits of any shape.
    Digits,
    /// One other character.
    Mark,
}

/// The smallest piece that rules look at.
#[derive(Clone, Debug)]
pub struct Atom {
    /// What it is made of.
    pub sort: Sort,
    /// As it stands on the page.
    pub text: String,
    /// Letters folded as in the search key, digits in Western shape, marks as they are.
    pub key: Vec<char>,
    /// Whether white space parts it from the atom before.
    pub spaced: bool,
    /// Which letters its key has.
    pub signature: Signature,
    /// Its word within the passage.
    word: usize,
}

impl Atom {
    /// Says whether it is a mark out of `marks`.
    pub fn is_mark(&self, marks: &str) -> bool {
        self.sort == Sort::Mark && self.text.chars().all(|c| marks.contains(c))
    }

    /// Returns the number that its digits write, if it is one of at most nine digits.
    pub fn value(&self) -> Option<u32> {
        (self.sort == Sort::Digits && self.key.len() <= 9).then(|| to_western(&self.text).parse().ok()).flatten()
    }

    /// Says whether its search key is `key`.
    pub fn key_is(&self, key: &str) -> bool {
        self.key.iter().copied().eq(key.chars())
    }
}

/// A word with its page, and with its box as it lies on the upright page.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The word.
    pub word: &'a Word,
    /// Its page.
    pub page: PageNumber,
    /// Its box once the page is turned upright; empty where it is not known.
    pub upright: PixelBox,
    /// Whether the reader itself doubts it.
    pub doubtful: bool,
    /// Whether its figures were filled in, by hand or with a stamp.
    pub filled_in: bool,
}

/// Words that stand together: a printed line or one column of it, or the running text of several pages.
#[derive(Clone, Debug)]
pub struct Passage<'a> {
    /// The words in reading order.
    pub words: Vec<Placed<'a>>,
    /// The same, cut into atoms.
    pub atoms: Vec<Atom>,
    /// Box around them on the upright page; empty where it is not known.
    pub bounds: PixelBox,
}

impl<'a> Passage<'a> {
    /// Returns the passage of these words.
    pub fn new(words: Vec<Placed<'a>>) -> Self {
        let texts: Vec<&str> = words.iter().map(|placed| placed.word.text.as_str()).collect();
        Self::read_as(words, &texts)
    }

    /// Returns the passage of these words if each is read as the text in its place.
    pub fn read_as(words: Vec<Placed<'a>>, texts: &[&str]) -> Self {
        let mut atoms = Vec::with_capacity(words.len() * 2);
        for (index, text) in texts.iter().enumerate() {
            cut(text, index, &mut atoms);
        }
        for atom in &mut atoms {
            atom.signature = Signature::of(&atom.key);
        }
        let bounds = PixelBox::around(words.iter().map(|placed| placed.upright));
        Self { words, atoms, bounds }
    }

    /// Returns the word that an atom stands in.
    pub fn word_of(&self, atom: usize) -> Option<usize> {
        self.atoms.get(atom).map(|atom| atom.word)
    }

    /// Returns the words that atoms stand in.
    pub fn words_of(&self, atoms: &Range<usize>) -> Range<usize> {
        let slice = self.slice(atoms.clone());
        slice.first().zip(slice.last()).map_or(0..0, |(first, last)| first.word..last.word + 1)
    }

    /// Returns the words of a range; what lies beyond the end is left out.
    pub fn words_at(&self, words: &Range<usize>) -> &[Placed<'a>] {
        let end = words.end.min(self.words.len());
        self.words.get(words.start.min(end)..end).unwrap_or_default()
    }

    /// Returns the first atom of a word, or where it would stand.
    pub fn first_atom(&self, word: usize) -> usize {
        self.atoms.partition_point(|atom| atom.word < word)
    }

    /// Returns the keys of the first atoms of a word.
    pub fn keys(&self, word: usize, atoms: usize) -> Vec<Vec<char>> {
        let first = self.first_atom(word);
        self.slice(first..first + atoms).iter().map(|atom| atom.key.clone()).collect()
    }

    /// Returns the page of its first word.
    pub fn page(&self) -> Option<PageNumber> {
        self.words.first().map(|placed| placed.page)
    }

    /// Returns the atoms of a range; what lies beyond the end is left out.
    pub fn slice(&self, range: Range<usize>) -> &[Atom] {
        let end = range.end.min(self.atoms.len());
        self.atoms.get(range.start.min(end)..end).unwrap_or_default()
    }

    /// Returns the atoms of a range as they stand on the page.
    pub fn text(&self, range: Range<usize>) -> String {
        let mut text = String::new();
        for atom in self.slice(range) {
            if atom.spaced && !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&atom.text);
        }
        text
    }

    /// Returns the range without marks at its start and, except for closing brackets and full stops, at its end.
    pub fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let (mut start, mut end) = (range.start, range.end.min(self.atoms.len()));
        while start < end && self.atoms[start].sort == Sort::Mark && !self.atoms[start].is_mark("([«\"") {
            start += 1;
        }
        while end > start && self.atoms[end - 1].sort == Sort::Mark && !self.atoms[end - 1].is_mark(")]»\"%") {
            end -= 1;
        }
        start..end
    }

    /// Returns the number of letters in a range.
    pub fn letters(&self, range: Range<usize>) -> usize {
        self.slice(range).iter().filter(|atom| atom.sort == Sort::Letters).map(|atom| atom.key.len()).sum()
    }

    /// Returns the length of the whole in characters.
    pub fn length(&self) -> usize {
        self.words.iter().map(|placed| placed.word.text.chars().count() + 1).sum()
    }

    /// Returns the words of a range as evidence: one piece for each page they stand on.
    pub fn evidence(&self, range: Range<usize>) -> Vec<Evidence> {
        let atoms = self.slice(range);
        let (Some(first), Some(last)) = (atoms.first(), atoms.last()) else { return Vec::new() };
        self.evidence_in(first.word..last.word + 1)
    }

    /// Returns the words of a range of words as evidence.
    pub fn evidence_in(&self, words: Range<usize>) -> Vec<Evidence> {
        self.words_at(&words).chunk_by(|a, b| a.page == b.page).filter_map(piece).collect()
    }

    /// Says whether the reader doubts a word with digits in a range: then a number made of them is a guess.
    pub fn is_doubtful(&self, range: Range<usize>) -> bool {
        let digits = self.slice(range).iter().filter(|atom| atom.sort == Sort::Digits);
        digits.filter_map(|atom| self.words.get(atom.word)).any(|placed| placed.doubtful)
    }

    /// Returns the confidence of the least sure word of a range.
    pub fn confidence(&self, range: Range<usize>) -> f32 {
        self.evidence(range).iter().map(|place| place.confidence.get()).fold(1.0, f32::min)
    }

    /// Returns `value` as a field read from the words of a range.
    pub fn field<T>(&self, value: T, range: Range<usize>) -> Field<T> {
        Field { value, evidence: self.evidence(range) }
    }
}

fn piece(words: &[Placed]) -> Option<Evidence> {
    let page = words.first()?.page;
    let confidence = words.iter().map(|placed| placed.word.confidence.get()).fold(1.0, f32::min);
    Some(Evidence {
        written: words.iter().map(|placed| placed.word.text.as_str()).collect::<Vec<_>>().join(" "),
        page,
        bounds: PixelBox::around(words.iter().map(|placed| placed.word.bounds)),
        confidence: Confidence::new(confidence),
        source: FieldSource::Read,
        filled_in: are_filled_in(words),
    })
}

/// Says whether most words with figures were filled in.
fn are_filled_in(words: &[Placed]) -> bool {
    let with_figures = || words.iter().filter(|placed| placed.word.text.chars().any(is_digit));
    let filled_in = with_figures().filter(|placed| placed.filled_in).count();
    filled_in > 0 && 2 * filled_in >= with_figures().count()
}

/// Says whether all digits are of one shape, Western or Eastern: print does not mix them within a number, misreading does.
pub fn one_shape(atoms: &[Atom]) -> bool {
    let mut digits = atoms.iter().filter(|atom| atom.sort == Sort::Digits).flat_map(|atom| atom.text.chars());
    let first = digits.next().is_none_or(|c| c.is_ascii());
    digits.all(|c| c.is_ascii() == first)
}

fn sort_of(c: char) -> Option<Sort> {
    match c {
        c if is_digit(c) => Some(Sort::Digits),
        c if c.is_alphabetic() => Some(Sort::Letters),
        // Harakat and tatweel belong to the letters before them; direction marks belong to nothing.
        c if fold_char(c).next().is_none() => None,
        _ => Some(Sort::Mark),
    }
}

fn cut(text: &str, word: usize, atoms: &mut Vec<Atom>) {
    // What a word may be otherwise can be two words.
    let mut parted = true;
    for c in text.chars() {
        if c.is_whitespace() {
            parted = true;
            continue;
        }
        let sort = sort_of(c);
        let open = !parted;
        match (sort, atoms.last_mut()) {
            (None, Some(last)) if open && last.sort == Sort::Letters => last.text.push(c),
            (None, _) => {}
            (Some(sort), Some(last)) if open && last.sort == sort && sort != Sort::Mark => {
                last.text.push(c);
                last.key.extend(fold_char(c));
            }
            (Some(sort), _) => {
                let key = fold_char(c).collect();
                atoms.push(Atom {
                    sort,
                    text: c.to_string(),
                    key,
                    spaced: !open,
                    signature: Signature::default(),
                    word,
                });
                parted = false;
            }
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Returns words without boxes, for tests.
    pub fn words(text: &str) -> Vec<Word> {
        let word = |text: &str| Word {
            text: text.to_owned(),
            bounds: PixelBox::default(),
            confidence: Confidence::new(1.0),
            readings: Vec::new(),
        };
        text.split_whitespace().map(word).collect()
    }

    /// Returns a passage of words without boxes, for tests.
    pub fn passage(words: &[Word]) -> Passage<'_> {
        let placed = |word| Placed {
            word,
            page: PageNumber(1),
            upright: PixelBox::default(),
            doubtful: false,
            filled_in: false,
        };
        Passage::new(words.iter().map(placed).collect())
    }

    #[test]
    fn a_passage_returns_as_it_was_written() {
        let line = "العـــدد/ م.ع / ١٢ /٣٤٥ (نسخة)";
        let words = words(line);
        let passage = passage(&words);
        assert_eq!(passage.text(0..passage.atoms.len()), line);
        assert_eq!(passage.atoms[0].key.iter().collect::<String>(), "العدد");
    }

    #[test]
    fn evidence_names_whole_words() {
        let words = words("العدد:١٢٣ التاريخ");
        let passage = passage(&words);
        let evidence = passage.evidence(2..3);
        assert_eq!(evidence.len(), 1);
        assert_eq!(evidence[0].written, "العدد:١٢٣");
    }

    #[test]
    fn a_value_is_filled_in_where_most_of_its_figures_are() {
        let words = words("العدد ق.م ١٢ ٣٤٥");
        let written = |filled_in: [bool; 4]| {
            let placed = words.iter().zip(filled_in).map(|(word, filled_in)| Placed {
                word,
                page: PageNumber(1),
                upright: PixelBox::default(),
                doubtful: false,
                filled_in,
            });
            let passage = Passage::new(placed.collect());
            passage.evidence(0..passage.atoms.len())[0].filled_in
        };
        assert!(written([false, true, true, true]));
        assert!(written([false, false, true, false]));
        // A word without figures says nothing of those beside it.
        assert!(!written([true, true, false, false]));
    }
}
