//! Words side by side: terms for pairs of words in, pages that hold a whole run of words out.
//!
//! Words of phrases are often so common that they stand on every other page, and to compare their positions there takes
//! long in a large archive. So the index also holds each pair of neighbouring words, as one of 2^18 terms. A page that holds all
//! pairs of a phrase nearly always holds the phrase; positions decide.

use super::lists::common;
use rustc_hash::FxHashMap;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::{DocId, DocSet, TERMINATED};

/// Runs are looked for with one foreign word in them in so many pages at most.
const MOST_LOOSE: u64 = 20_000;
/// Returns the term for two words that stand side by side; `place` keeps the texts apart in which they may.
pub(super) fn pair_term(place: char, one: &str, next: &str) -> String {
    const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
    // FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo): the same for ever, and on every machine.
    let bytes = one.bytes().chain([0xFF]).chain(next.bytes());
    let hash =
        bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    let mixed = hash ^ (hash >> 18) ^ (hash >> 36);
    let digit = |shift: u32| DIGITS.get((mixed >> shift & 63) as usize).copied().map_or('0', char::from);
    [place, digit(12), digit(6), digit(0)].into_iter().collect()
}

/// Returns the pairs of a text's words, which stand in slots: each word with the other forms it is looked for by. A lone
/// letter between two words is a speck as often as a word, so these are neighbours too.
pub(super) fn pairs_of(place: char, slots: &[String]) -> Vec<String> {
    let mut found = Vec::with_capacity(slots.len());
    let mut join = |one: &str, next: &str| {
        for one in one.split(' ') {
            found.extend(next.split(' ').map(|next| pair_term(place, one, next)));
        }
    };
    for (at, slot) in slots.iter().enumerate() {
        let Some(next) = slots.get(at + 1) else { break };
        join(slot, next);
        if next.chars().count() == 1
            && let Some(third) = slots.get(at + 2)
        {
            join(slot, third);
        }
    }
    found
}

/// Returns the pages that hold a run: `pairs` and `words` are the lists of its pairs, as far as they stand anywhere, and
/// of its words, these with positions. Positions are read `most` times; the pages behind those count by their pairs, and `cut` is set.
pub(super) fn pages_with_run(
    pairs: Vec<Option<SegmentPostings>>,
    mut words: Vec<SegmentPostings>,
    most: usize,
    cut: &mut bool,
) -> Vec<DocId> {
    let all = pairs.len();
    let mut pairs: Vec<SegmentPostings> = pairs.into_iter().flatten().collect();
    let held: u64 = pairs.iter().map(|pair| u64::from(pair.doc_freq())).sum();
    let mut whole = 0;
    let mut candidates = if all > 1 && held <= MOST_LOOSE {
        all_but_one(&mut pairs, all)
    } else if pairs.len() == all {
        pairs.sort_by_key(SegmentPostings::doc_freq);
        let pages = common(&mut pairs);
        whole = pages.len();
        pages
    } else {
        Vec::new()
    };
    let most = most / words.len().max(1);
    let mut compared = 0;
    let mut places = vec![Vec::new(); words.len()];
    candidates.retain(|page| {
        compared += 1;
        if compared > most && whole > 0 {
            return true;
        }
        places_on(&mut words, *page, &mut places) && is_run(&places)
    });
    *cut |= whole > most;
    candidates
}

/// Returns the pages on which at most one of `all` pairs is missing.
fn all_but_one(pairs: &mut [SegmentPostings], all: usize) -> Vec<DocId> {
    let mut counts: FxHashMap<DocId, usize> = FxHashMap::default();
    for pair in pairs {
        while pair.doc() != TERMINATED {
            *counts.entry(pair.doc()).or_default() += 1;
            pair.advance();
        }
    }
    let mut pages: Vec<_> = counts.into_iter().filter(|(_, held)| held + 1 >= all).map(|(page, _)| page).collect();
    pages.sort_unstable();
    pages
}

/// Reads where each of the words stands on `page`; false where one does not. Asked for in ascending order.
fn places_on(words: &mut [SegmentPostings], page: DocId, places: &mut [Vec<u32>]) -> bool {
    words.iter_mut().zip(places).all(|(word, places)| {
        if word.doc() < page {
            word.seek(page);
        }
        let held = word.doc() == page;
        if held {
            word.positions(places);
        }
        held
    })
}

/// Says whether the words stand one after the other, with at most one foreign word among them.
fn is_run(places: &[Vec<u32>]) -> bool {
    let Some((first, others)) = places.split_first() else { return false };
    first.iter().any(|start| {
        let (mut close, mut loose) = (true, false);
        for (at, places) in (start + 1..).zip(others) {
            let holds = |place: u32| places.binary_search(&place).is_ok();
            (close, loose) = (close && holds(at), (close || loose) && holds(at + 1));
        }
        close || loose
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(places: &[&[u32]], want: bool) {
        let places: Vec<Vec<u32>> = places.iter().map(|places| places.to_vec()).collect();
        assert_eq!(is_run(&places), want, "{places:?}");
    }

    #[test]
    fn a_run_may_hold_one_foreign_word() {
        check(&[&[3, 9], &[4]], true);
        check(&[&[3], &[5], &[6]], true);
        check(&[&[3], &[4], &[6]], true);
        check(&[&[3], &[5], &[7]], false);
        check(&[&[3], &[2]], false);
        check(&[&[1, 7], &[2, 8], &[9]], true);
        check(&[], false);
    }

    #[test]
    fn neighbours_in_all_their_forms() {
        let slots = ["عبد عبدالله", "الله", "ا", "جسر"].map(str::to_owned);
        let want = [("عبد", "الله"), ("عبدالله", "الله"), ("الله", "ا"), ("الله", "جسر"), ("ا", "جسر")];
        let want: Vec<_> = want.iter().map(|(one, next)| pair_term('t', one, next)).collect();
        assert_eq!(pairs_of('t', &slots), want);
        assert_ne!(pair_term('t', "ا", "ب"), pair_term('f', "ا", "ب"));
        assert_ne!(pair_term('t', "ا", "ب"), pair_term('t', "ب", "ا"));
    }
}
