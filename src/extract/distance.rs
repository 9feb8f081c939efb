//! How far two search keys lie apart when a reader of Arabic print has read one of them: a weighted edit distance.
//!
//! Letters that share their skeleton and differ by dots alone (ب ت ث ن ي) are the usual confusion and cost little; a letter
//! doubled or halved costs little as well. Method: Wagner and Fischer, "The String-to-String Correction Problem" (1974).

/// Letters that differ by their dots alone, or by a stroke that a scanner loses.
const ALIKE: [&str; 10] = ["بتثني", "جحخ", "دذ", "رز", "سش", "صض", "طظ", "عغ", "فق", "كگ"];
/// Letters that a blurred print confuses, though their skeletons differ.
const NEAR: [&str; 8] = ["ور", "وز", "ال", "مه", "در", "له", "فو", "عم"];

const ALIKE_COST: f32 = 0.4;
const NEAR_COST: f32 = 0.7;
const GAP_COST: f32 = 0.8;
const DOUBLED_COST: f32 = 0.4;

/// Which letters occur in a key, letters alike as one: a quick lower bound on the distance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signature(u64);

impl Signature {
    /// Returns the signature of a key.
    pub fn of(key: &[char]) -> Self {
        Self::default().with(key)
    }

    /// Returns the signature of this key with more letters behind it.
    pub fn with(self, key: &[char]) -> Self {
        let bit =
            |c: char| ALIKE.iter().position(|group| group.contains(c)).map_or(c as u32 % 54, |group| 54 + group as u32);
        Self(key.iter().fold(self.0, |bits, c| bits | 1 << bit(*c)))
    }

    /// Returns a distance that no two keys of these signatures fall below.
    pub fn distance_at_least(self, other: Self) -> f32 {
        // One edit brings in or takes away one kind of letter on either side, and none that does costs less than this.
        let missing = (self.0 & !other.0).count_ones().max((other.0 & !self.0).count_ones());
        missing as f32 * NEAR_COST.min(GAP_COST)
    }
}

/// Returns the distance between `read` and `meant`, or `None` where it exceeds `limit`.
pub fn within(read: &[char], meant: &[char], limit: f32) -> Option<f32> {
    if read == meant {
        return Some(0.0);
    }
    if limit <= 0.0 || read.len().abs_diff(meant.len()) as f32 * DOUBLED_COST > limit {
        return None;
    }
    let mut above: Vec<f32> = Vec::with_capacity(meant.len() + 1);
    above.push(0.0);
    for j in 0..meant.len() {
        above.push(above[j] + gap_cost(meant, j));
    }
    for (i, &letter) in read.iter().enumerate() {
        let dropped = gap_cost(read, i);
        let mut row = Vec::with_capacity(above.len());
        row.push(above[0] + dropped);
        for (j, &wanted) in meant.iter().enumerate() {
            let replaced = above[j] + replace_cost(letter, wanted);
            let skipped = above[j + 1] + dropped;
            let added = row[j] + gap_cost(meant, j);
            row.push(replaced.min(skipped).min(added));
        }
        if row.iter().all(|cost| *cost > limit) {
            return None;
        }
        above = row;
    }
    above.last().copied().filter(|cost| *cost <= limit)
}

fn gap_cost(letters: &[char], at: usize) -> f32 {
    let doubled = at > 0 && letters.get(at) == letters.get(at - 1);
    if doubled { DOUBLED_COST } else { GAP_COST }
}

fn replace_cost(a: char, b: char) -> f32 {
    let share = |groups: &[&str]| groups.iter().any(|group| group.contains(a) && group.contains(b));
    match () {
        () if a == b => 0.0,
        () if share(&ALIKE) => ALIKE_COST,
        () if share(&NEAR) => NEAR_COST,
        () => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn distance(read: &str, meant: &str) -> Option<f32> {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        within(&letters(read), &letters(meant), 1.0)
    }

    #[test]
    fn slips_of_reading_are_near() {
        assert_eq!(distance("العدد", "العدد"), Some(0.0));
        assert_eq!(distance("العدذ", "العدد"), Some(ALIKE_COST));
        assert_eq!(distance("الععدد", "العدد"), Some(DOUBLED_COST));
        assert_eq!(distance("التاريح", "التاريخ"), Some(ALIKE_COST));
    }

    #[test]
    fn other_words_are_far() {
        assert_eq!(distance("الوزاره", "العدد"), None);
        assert_eq!(distance("", "العدد"), None);
    }

    proptest! {
        #[test]
        fn the_signature_never_exceeds_the_distance(a in "[ابتجحدذرزسشمهعغفق]{0,8}", b in "[ابتجحدذرزسشمهعغفق]{0,8}") {
            let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
            let bound = Signature::of(&a).distance_at_least(Signature::of(&b));
            prop_assert!(bound <= within(&a, &b, 9.0).unwrap_or(9.0) + 1e-4);
        }

        #[test]
        fn the_distance_is_the_same_both_ways(a in "[ابتجحدذرزسشعغفق]{0,8}", b in "[ابتجحدذرزسشعغفق]{0,8}") {
            let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
            let (there, back) = (within(&a, &b, 9.0), within(&b, &a, 9.0));
            prop_assert!((there.unwrap_or(9.0) - back.unwrap_or(9.0)).abs() < 1e-4);
        }
    }
}
