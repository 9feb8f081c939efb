//! How alike two search keys are, when a reader of Arabic print may have erred: an edit distance whose prices know
//! which letters share a body and differ by dots (`ب ت ث ن ي`), which shapes are near each other, and which letters are
//! so thin that they appear and vanish.

/// A key as the comparison needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    chars: Vec<char>,
    /// One bit for each letter body it holds.
    bodies: u32,
}

impl Shape {
    pub(super) fn new(key: &str) -> Self {
        let chars: Vec<char> = key.chars().collect();
        let bodies = chars.iter().fold(0, |bodies, c| bodies | 1 << (body(*c) % 32));
        Self { chars, bodies }
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// Says whether `word` holds nearly all the letter bodies of this stem that no form of a word goes without. What
    /// does not is no form of the word, and too far from it to be a misreading.
    pub(super) fn is_core_of(&self, word: &Self) -> bool {
        const VOWELS: u32 = 1 << 11 | 1 << 15 | 1 << 16;
        let core = self.bodies & !VOWELS;
        (core & !word.bodies).count_ones() <= (core.count_ones() / 3).max(1)
    }

    /// Returns this shape followed by `next`.
    pub(super) fn followed_by(&self, next: &Self) -> Self {
        let chars = self.chars.iter().chain(&next.chars).copied().collect();
        Self { chars, bodies: self.bodies | next.bodies }
    }

    /// Returns how alike `whole` is to this shape followed by `next`, if that is at least `least`.
    pub(super) fn joined_likeness(&self, next: &Self, whole: &Self, least: f32) -> Option<f32> {
        // Nearly all words beside each other are none torn in two, and to know so is cheap.
        let bodies = self.bodies | next.bodies;
        let missing = (bodies & !whole.bodies).count_ones().max((whole.bodies & !bodies).count_ones());
        if missing as f32 * NEAR.min(THIN) > (1.0 - least) * (self.len() + next.len()).max(whole.len()) as f32 {
            return None;
        }
        self.followed_by(next).likeness(whole, least)
    }

    /// Returns how alike the two are, 0.0..=1.0, if that is at least `least`.
    pub(super) fn likeness(&self, other: &Self, least: f32) -> Option<f32> {
        if !self.can_match(other, least) {
            return None;
        }
        let longer = self.len().max(other.len()) as f32;
        let limit = (1.0 - least) * longer;
        let likeness = 1.0 - distance(&self.chars, &other.chars, limit)? / longer;
        (likeness >= least).then_some(likeness)
    }

    /// Says whether lengths and letter bodies leave room for that much likeness. Quick, and never wrongly negative.
    fn can_match(&self, other: &Self, least: f32) -> bool {
        let (longer, shorter) = (self.len().max(other.len()), self.len().min(other.len()));
        let limit = (1.0 - least) * longer as f32;
        if longer == 0 || (longer - shorter) as f32 * THIN > limit {
            return false;
        }
        // Every letter body that the other lacks costs at least the cheapest change of bodies.
        let missing = (self.bodies & !other.bodies).count_ones().max((other.bodies & !self.bodies).count_ones());
        missing as f32 * NEAR.min(THIN) <= limit
    }
}

const SAME_BODY: f32 = 0.35;
const NEAR: f32 = 0.6;
const THIN: f32 = 0.6;
pub(super) const SWAP: f32 = 0.7;

/// Letters that are one body without their dots.
fn body(c: char) -> u32 {
    match c {
        'ب' | 'ت' | 'ث' | 'ن' | 'ي' | 'پ' => 1,
        'ج' | 'ح' | 'خ' | 'چ' => 2,
        'د' | 'ذ' => 3,
        'ر' | 'ز' | 'ژ' => 4,
        'س' | 'ش' => 5,
        'ص' | 'ض' => 6,
        'ط' | 'ظ' => 7,
        'ع' | 'غ' => 8,
        'ف' | 'ق' | 'ڤ' => 9,
        'ك' | 'گ' => 10,
        'ا' => 11,
        'ل' => 12,
        'م' => 13,
        'ه' => 14,
        'و' => 15,
        'ء' => 16,
        '0'..='9' => 17 + (c as u32 - '0' as u32) % 5,
        _ => 22 + c as u32 % 10,
    }
}

/// Returns what it costs to take one letter for another.
pub(super) fn substitution(a: char, b: char) -> f32 {
    if a == b {
        return 0.0;
    }
    if a.is_ascii_digit() || b.is_ascii_digit() {
        return match (a, b) {
            // A digit that looks like a letter, and the digits that readers take for each other.
            ('1', 'ا') | ('ا', '1') | ('0' | '5', 'ه') | ('ه', '0' | '5') => NEAR,
            ('2', '3') | ('3', '2') | ('0', '5') | ('5', '0') | ('7', '8') | ('8', '7') | ('6', '9') | ('9', '6') => {
                NEAR
            }
            ('1', '7') | ('7', '1') | ('3', '8') | ('8', '3') | ('4', '6') | ('6', '4') | ('2', '4') | ('4', '2') => {
                0.8
            }
            _ => 1.0,
        };
    }
    if a.is_ascii() || b.is_ascii() {
        return 1.0;
    }
    let (low, high) = (body(a).min(body(b)), body(a).max(body(b)));
    match (low, high) {
        (same, other) if same == other && same <= 10 => SAME_BODY,
        // ر د و, ا ل, ف ع م, ه م, س and ب in a row of teeth, ص and ط, ك and ل.
        (3, 4)
        | (4, 15)
        | (3, 15)
        | (11, 12)
        | (8, 9)
        | (9, 13)
        | (8, 13)
        | (13, 14)
        | (1, 5)
        | (6, 7)
        | (10, 12)
        | (9, 15)
        | (5, 6) => NEAR,
        (1, 11) | (1, 12) | (14, 15) | (2, 8) => 0.8,
        _ => 1.0,
    }
}

/// Returns what a letter too many or too few costs.
pub(super) fn insertion(c: char) -> f32 {
    if matches!(body(c), 1 | 11 | 12 | 16) && !c.is_ascii() { THIN } else { 1.0 }
}

/// Longer keys are no words; they are only compared for being equal.
const LONGEST: usize = 63;

/// Returns the cheapest way from `a` to `b`, or `None` if it costs more than `limit`.
fn distance(a: &[char], b: &[char], limit: f32) -> Option<f32> {
    if a.len() > LONGEST || b.len() > LONGEST {
        return (a == b).then_some(0.0);
    }
    let mut adding = [0.0; LONGEST + 1];
    let (mut before, mut last, mut row) = ([0.0_f32; LONGEST + 1], [0.0_f32; LONGEST + 1], [0.0_f32; LONGEST + 1]);
    for (j, c) in b.iter().enumerate() {
        adding[j] = insertion(*c);
        last[j + 1] = last[j] + adding[j];
    }
    for (i, from) in a.iter().enumerate() {
        let dropping = insertion(*from);
        row[0] = last[0] + dropping;
        let mut least = row[0];
        for (j, to) in b.iter().enumerate() {
            let mut best = (last[j] + substitution(*from, *to)).min(last[j + 1] + dropping).min(row[j] + adding[j]);
            if i > 0 && j > 0 && a[i - 1] == *to && b[j - 1] == *from {
                best = best.min(before[j - 1] + SWAP);
            }
            row[j + 1] = best;
            least = least.min(best);
        }
        if least > limit {
            return None;
        }
        (before, last, row) = (last, row, before);
    }
    Some(last[b.len()]).filter(|cost| *cost <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn alike(a: &str, b: &str) -> f32 {
        Shape::new(a).likeness(&Shape::new(b), 0.0).unwrap_or_default()
    }

    #[track_caller]
    fn closer(word: &str, near: &str, far: &str) {
        assert!(
            alike(word, near) > alike(word, far),
            "{word}: {near} {}, {far} {}",
            alike(word, near),
            alike(word, far)
        );
    }

    #[test]
    fn dots_are_cheaper_than_bodies() {
        closer("تدريب", "بدريب", "مدريب");
        closer("جسور", "حسور", "كسور");
        closer("12793", "13793", "18793");
        assert!(alike("الموظفين", "الموظفين") == 1.0);
        assert!(alike("الموظفين", "الموطفين") > 0.9);
        assert!(alike("وزاره", "تجهيز") < 0.6);
    }

    proptest! {
        #[test]
        fn likeness_is_symmetric_and_the_quick_test_never_errs(a in "[ء-ي0-9]{1,9}", b in "[ء-ي0-9]{1,9}") {
            let (one, other) = (Shape::new(&a), Shape::new(&b));
            let full = one.likeness(&other, 0.0).unwrap_or_default();
            prop_assert!((full - other.likeness(&one, 0.0).unwrap_or_default()).abs() < 1e-4);
            prop_assert!((0.0..=1.0).contains(&full));
            let full = 1.0 - distance(&one.chars, &other.chars, f32::MAX).unwrap() / a.chars().count().max(b.chars().count()) as f32;
            if full >= 0.7001 {
                prop_assert!(one.likeness(&other, 0.7).is_some());
            }
        }
    }
}
