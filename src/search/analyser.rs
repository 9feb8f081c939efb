//! Turns pages and fields into what the index holds: search keys, stems, roots, numbers and dates.
//!
//! The index takes texts that are analysed already: slots parted by line feeds, and in a slot the terms that stand at
//! one position, parted by spaces. [`SlotTokenizer`] only takes them apart again.

use super::runs::pairs_of;
use crate::text::marks::{Reading, find_marks};
use crate::text::stem::{root, stem};
use crate::text::tokens::tokens;
use std::collections::BTreeSet;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Stands before a stem where keys and stems share a field; no search key holds it.
const STEM_SIGN: char = '=';

/// Stands before pairs of words of a page, as letters of fields stand before theirs.
pub(super) const ANYWHERE: char = 't';

/// What the index holds of a page's text.
#[derive(Debug, Default)]
pub(super) struct PageTerms {
    pub norm: String,
    pub stem: String,
    pub pairs: String,
    pub roots: String,
    pub marks: String,
}

/// Returns the terms of a page's lines and of the fields that stand with it, so that a word of a field that people set
/// right is found like one on the page.
pub(super) fn page_terms(lines: &[Vec<&str>], fields: &[&str]) -> PageTerms {
    /// No phrase reaches from one text over this many empty slots into the next.
    const GAP: &str = "\n\n\n\n\n\n";
    let key_of = |text: &str| tokens(text).into_iter().map(|token| token.key).collect::<Vec<_>>();
    let page: Vec<String> = lines.iter().flatten().flat_map(|word| key_of(word)).collect();
    let texts: Vec<Vec<String>> = [page].into_iter().chain(fields.iter().map(|text| key_of(text))).collect();
    let (mut norm, mut roots) = (BTreeSet::new(), BTreeSet::new());
    let (mut stems, mut pairs) = (Vec::new(), BTreeSet::new());
    for (text, keys) in texts.iter().enumerate() {
        let mut slots = Vec::with_capacity(keys.len());
        for (at, key) in keys.iter().enumerate() {
            let other = other_spellings(key, keys.get(at + 1));
            let own = stem(key);
            let bare = bare_stem(&own).map(str::to_owned);
            slots.push(slot(own, other.iter().map(|spelling| stem(spelling)).chain(bare)));
            // Akin words of a field are no reason to show a letter.
            roots.extend(root_term(key).filter(|_| text == 0));
            norm.extend(other);
        }
        pairs.extend(pairs_of(ANYWHERE, &slots));
        stems.push(slots.join("\n"));
    }
    norm.extend(texts.into_iter().flatten());
    let marks: BTreeSet<String> = lines
        .iter()
        .flat_map(|line| find_marks(&line.join(" ")))
        .flat_map(|mark| mark.readings.iter().flat_map(Reading::terms).collect::<Vec<_>>())
        .collect();
    PageTerms { norm: join(norm), stem: stems.join(GAP), pairs: join(pairs), roots: join(roots), marks: join(marks) }
}

/// Returns a stem without the one-letter particle that it may begin with, which cannot be told from its own letters.
pub(super) fn bare_stem(stem: &str) -> Option<&str> {
    let bare = stem.strip_prefix(['ل', 'ب', 'ف', 'ك'])?;
    (bare.chars().count() >= 4 && bare.chars().all(|c| matches!(c, 'ء'..='ي'))).then_some(bare)
}

/// Returns the slots of a field's text: each key with its stem.
pub(super) fn field_terms(text: &str) -> String {
    let slots: Vec<_> = tokens(text).iter().map(|token| slot(token.key.clone(), [stem_term(&token.key)])).collect();
    slots.join("\n")
}

/// Returns the pairs of neighbouring words of a field's text, by their marked stems.
pub(super) fn field_pairs(place: char, text: &str) -> Vec<String> {
    let stems: Vec<_> = tokens(text).iter().map(|token| stem_term(&token.key)).collect();
    pairs_of(place, &stems)
}

/// Returns the term that a word's stem has in a field that also holds keys.
pub(super) fn stem_term(key: &str) -> String {
    format!("{STEM_SIGN}{}", stem(key))
}

/// Returns the term of a word's root.
pub(super) fn root_term(key: &str) -> Option<String> {
    root(key)
}

/// Returns the term for the digit group by which people name a letter: the longest one, of equals the last.
pub(super) fn serial_term(number: &Reading) -> Option<String> {
    number.groups().into_iter().max_by_key(|group| group.len()).map(|group| format!("s:{group}"))
}

/// Compound names are written in one word or two (`عبدالله`, `عبد الله`); each finds the other.
pub(super) fn other_spellings(key: &str, next: Option<&String>) -> Vec<String> {
    const HEADS: [&str; 2] = ["عبد", "ابو"];
    for head in HEADS {
        if key == head || key.strip_prefix('و') == Some(head) {
            return next
                .filter(|next| next.starts_with("ال"))
                .map(|next| format!("{head}{next}"))
                .into_iter()
                .collect();
        }
        let tail = key.strip_prefix(head).filter(|tail| tail.starts_with("ال") && tail.chars().count() > 3);
        if let Some(tail) = tail {
            return vec![head.to_owned(), tail.to_owned()];
        }
    }
    Vec::new()
}

fn slot(first: String, others: impl IntoIterator<Item = String>) -> String {
    others.into_iter().fold(first, |slot, other| slot + " " + &other)
}

pub(super) fn join(terms: impl IntoIterator<Item = String>) -> String {
    terms.into_iter().collect::<Vec<_>>().join("\n")
}

/// Takes slots apart.
#[derive(Clone, Debug)]
pub(super) struct SlotTokenizer;

/// The terms of some slots.
pub(super) struct SlotStream<'a> {
    terms: Box<dyn Iterator<Item = (usize, &'a str)> + 'a>,
    token: Token,
}

impl Tokenizer for SlotTokenizer {
    type TokenStream<'a> = SlotStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SlotStream<'a> {
        let slots = text.split('\n').enumerate();
        let terms = slots.flat_map(|(position, slot)| slot.split(' ').map(move |term| (position, term)));
        SlotStream { terms: Box::new(terms.filter(|(_, term)| !term.is_empty())), token: Token::default() }
    }
}

impl TokenStream for SlotStream<'_> {
    fn advance(&mut self) -> bool {
        let Some((position, term)) = self.terms.next() else { return false };
        self.token.reset();
        self.token.position = position;
        self.token.text.push_str(term);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_keep_positions() {
        let mut tokenizer = SlotTokenizer;
        let mut stream = tokenizer.token_stream("عبد عبدالله\nالله\n\nغ");
        let mut found = Vec::new();
        while stream.advance() {
            found.push((stream.token().position, stream.token().text.clone()));
        }
        let want = [(0, "عبد"), (0, "عبدالله"), (1, "الله"), (3, "غ")];
        assert_eq!(found, want.map(|(position, term)| (position, term.to_owned())));
    }

    #[test]
    fn a_page_becomes_terms() {
        let terms = page_terms(&[vec!["العدد:", "م.ع/١٢/٣٤٥"], vec!["والموظفون", "بالتنسيب"]], &["جسر"]);
        assert_eq!(terms.norm, "12\n345\nالعدد\nبالتنسيب\nجسر\nمع\nوالموظفون");
        assert_eq!(terms.stem, "عدد\nمع\n12\n345\nموظف\nتنسيب\n\n\n\n\n\nجسر");
        assert_eq!(terms.marks, "c:مع/12/345\ng:12\ng:345");
    }

    #[test]
    fn particles_that_cannot_be_told_are_indexed_both_ways() {
        assert_eq!(page_terms(&[vec!["لزخرفيل"]], &[]).stem, "لزخرفيل زخرفيل");
        assert_eq!(page_terms(&[vec!["كتاب"]], &[]).stem, "كتاب");
    }

    #[test]
    fn compound_names_find_each_other() {
        assert_eq!(other_spellings("عبدالله", None), ["عبد", "الله"]);
        assert_eq!(other_spellings("عبد", Some(&"الله".to_owned())), ["عبدالله"]);
        assert!(other_spellings("عبد", Some(&"محمد".to_owned())).is_empty());
    }
}
