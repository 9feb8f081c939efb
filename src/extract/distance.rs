//! How far two search keys lie apart when a reader of Arabic print has read one of them: a weighted edit distance.
//!
//! Letters that share their skeleton and differ by dots alone (ب ت ث ن ي) are the usual confusion and cost little; a letter
//! doubled or halved costs little as well. Method: Wagner and Fischer, "The String-to-String Correction Problem" (1974).

/// Letters that a blurred print confuses, though their skeletons differ.
const NEAR: [[char; 2]; 11] = [
    ['و', 'ر'],
    ['و', 'ز'],
    ['ا', 'ل'],
    ['م', 'ه'],
    ['د', 'ر'],
    ['ذ', 'ز'],
    ['ذ', 'ر'],
    ['د', 'ز'],
    ['ل', 'ه'],
    ['ف', 'و'],
    ['ع', 'م'],
];

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
        Self(key.iter().fold(0, |bits, c| bits | 1 << kind_of(*c)))
    }

    /// Returns the signature of two keys joined.
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
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
    let near = || NEAR.iter().any(|pair| pair.contains(&a) && pair.contains(&b));
    match () {
        () if a == b => 0.0,
        () if kind_of(a) == kind_of(b) && kind_of(a) < 52 => ALIKE_COST,
        () if near() => NEAR_COST,
        () => 1.0,
    }
}

/// Returns a number below 64, the same for letters that differ by their dots alone or by a stroke that a scanner loses.
fn kind_of(c: char) -> u32 {
    match c {
        'ب' | 'ت' | 'ث' | 'ن' | 'ي' => 0,
        'ج' | 'ح' | 'خ' => 1,
        'د' | 'ذ' => 2,
        'ر' | 'ز' => 3,
        'س' | 'ش' => 4,
        'ص' | 'ض' => 5,
        'ط' | 'ظ' => 6,
        'ع' | 'غ' => 7,
        'ف' | 'ق' => 8,
        'ك' | 'گ' => 9,
        'ا' => 10,
        'ل' => 11,
        'م' => 12,
        'ه' => 13,
        'و' => 14,
        'ء' => 15,
        'a'..='z' => 16 + (c as u32 - 'a' as u32),
        '0'..='9' => 42 + (c as u32 - '0' as u32),
        _ => 52 + c as u32 % 12,
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
