//! Words side by side: terms for pairs of words in, pages that hold a whole run of words out.
//!
//! Words of phrases are often so common that they stand on every other page, and to compare their positions there takes
//! long in a large archive. So the index also holds each pair of neighbouring words, as one of 2^18 terms. A page that holds all
//! pairs of a phrase nearly always holds the phrase; positions decide.

use super::lists::common;
use rustc_hash::FxHashMap;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::{DocId, DocSet, TERMINATED};

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
/// of its words, these with positions. `reach` says how much of them is gone through; where that is not all, `cut` is set.
pub(super) fn pages_with_run(
    pairs: Vec<Option<SegmentPostings>>,
    words: Vec<SegmentPostings>,
    reach: RunReach,
    cut: &mut bool,
) -> Vec<DocId> {
    let all = pairs.len();
    let mut pairs: Vec<SegmentPostings> = pairs.into_iter().flatten().collect();
    let held: u64 = pairs.iter().map(|pair| u64::from(pair.doc_freq())).sum();
    if all > 1 && held <= reach.loose {
        let mut pages = all_but_one(&mut pairs, all);
        let mut words = Places::new(words);
        pages.retain(|page| words.read(*page) && is_run(&words.places));
        return pages;
    }
    if pairs.len() < all {
        return Vec::new();
    }
    pairs.sort_by_key(SegmentPostings::doc_freq);
    let mut pages = common(&mut pairs);
    // All pairs are there: where the last word stands as far behind the first as it should, so do those between them.
    let length = words.len();
    let mut ends = Places::new(ends(words));
    let most = reach.places / ends.words.len().max(1);
    let mut compared = 0;
    *cut |= pages.len() > most;
    pages.retain(|page| {
        compared += 1;
        compared > most || ends.read(*page) && are_apart(&ends.places, length)
    });
    pages
}

/// How much of a segment is gone through for one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunReach {
    /// So often is it read where a word stands on a page; the pages behind those count by their pairs.
    pub places: usize,
    /// A run with one foreign word in it is looked for where its pairs stand on so many pages at most.
    pub loose: u64,
}

/// Returns the first and the last of them.
fn ends(mut words: Vec<SegmentPostings>) -> Vec<SegmentPostings> {
    let last = if words.len() > 1 { words.pop() } else { None };
    words.truncate(1);
    words.into_iter().chain(last).collect()
}

/// Says whether a run of `length` words lies between the first and the last, with at most one foreign word among them.
fn are_apart(ends: &[Vec<u32>], length: usize) -> bool {
    let [first, last] = ends else { return ends.len() == 1 };
    let Ok(apart) = u32::try_from(length.saturating_sub(1)) else { return false };
    let holds = |place: u32| last.binary_search(&place).is_ok();
    first.iter().any(|start| holds(start + apart) || holds(start + apart + 1))
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

/// Where words stand on a page.
struct Places {
    words: Vec<SegmentPostings>,
    rarest_first: Vec<usize>,
    /// By word: ordinals on the page that was read last.
    places: Vec<Vec<u32>>,
}

impl Places {
    fn new(words: Vec<SegmentPostings>) -> Self {
        let mut rarest_first: Vec<usize> = (0..words.len()).collect();
        rarest_first.sort_by_key(|at| words.get(*at).map(SegmentPostings::doc_freq));
        let places = vec![Vec::new(); words.len()];
        Self { words, rarest_first, places }
    }

    /// Reads where each of the words stands on `page`; false where one does not. Asked for in ascending order.
    fn read(&mut self, page: DocId) -> bool {
        // Where a word stands is read only on pages that hold all of them: it takes far longer than to see that.
        let held = self.rarest_first.iter().all(|at| {
            self.words.get_mut(*at).is_some_and(|word| {
                if word.doc() < page {
                    word.seek(page);
                }
                word.doc() == page
            })
        });
        if held {
            self.words.iter_mut().zip(&mut self.places).for_each(|(word, places)| word.positions(places));
        }
        held
    }
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
    fn the_ends_of_a_run_stand_as_far_apart_as_it_is_long() {
        let apart =
            |ends: &[&[u32]], length| are_apart(&ends.iter().map(|places| places.to_vec()).collect::<Vec<_>>(), length);
        assert!(apart(&[&[3, 9], &[11]], 3));
        assert!(apart(&[&[3], &[6]], 3));
        assert!(!apart(&[&[3], &[7]], 3));
        assert!(!apart(&[&[3], &[1]], 3));
        assert!(apart(&[&[3]], 1));
        assert!(!apart(&[], 0));
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
