//! How alike two texts are, by the pairs of letters they share: names of bodies, subjects, whole letters.
//!
//! Method: Dice, "Measures of the Amount of Ecologic Association Between Species", Ecology 26 (1945), over pairs of letters; for whole
//! letters Broder, "On the resemblance and containment of documents" (1997), the smallest hashes of runs of letters.

use crate::text::normalise::search_key;
use std::cmp::Ordering;

/// Returns how alike two names or subjects are, 0.0..=1.0: twice the shared pairs of letters over all pairs. Spelling habits, spaces
/// and marks do not count.
pub fn likeness(a: &str, b: &str) -> f32 {
    Pairs::of(a).likeness(&Pairs::of(b))
}

/// The pairs of letters of a name or subject, to be compared with many others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs(Vec<(char, char)>);

impl Pairs {
    /// Returns the pairs of a text.
    pub fn of(text: &str) -> Self {
        let letters: Vec<char> = search_key(text).chars().filter(|c| *c != ' ').collect();
        let mut pairs: Vec<_> = letters.iter().copied().zip(letters.iter().copied().skip(1)).collect();
        pairs.sort_unstable();
        Self(pairs)
    }

    /// Returns how alike two texts are, 0.0..=1.0.
    pub fn likeness(&self, other: &Self) -> f32 {
        let all = self.0.len() + other.0.len();
        if all == 0 {
            return 0.0;
        }
        // Both in order: what stands first in one and later in the other is not shared.
        let (mut own, mut others) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut shared = 0;
        while let (Some(a), Some(b)) = (own.peek(), others.peek()) {
            match a.cmp(b) {
                Ordering::Less => drop(own.next()),
                Ordering::Greater => drop(others.next()),
                Ordering::Equal => {
                    shared += 1;
                    own.next();
                    others.next();
                }
            }
        }
        2.0 * shared as f32 / all as f32
    }
}

/// Hashes in a sketch.
const SKETCH: usize = 48;
/// Letters in a run.
const RUN: usize = 5;

/// What is kept of a letter's words to tell copies of it: 48 hashes, the smallest of each kind over all runs of five letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch([u16; SKETCH]);

impl Sketch {
    /// Returns the sketch of a text, or `None` where it is too short to tell letters apart.
    pub fn of(text: &str) -> Option<Self> {
        let letters: Vec<char> = search_key(text).chars().filter(|c| *c != ' ').collect();
        if letters.len() < 20 * RUN {
            return None;
        }
        let mut smallest = [u64::MAX; SKETCH];
        for run in letters.windows(RUN) {
            let hash = run.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, c| {
                (hash ^ u64::from(u32::from(*c))).wrapping_mul(0x0000_0100_0000_01B3)
            });
            for (kind, least) in (1_u64..).zip(&mut smallest) {
                *least = (*least).min(mixed(hash ^ kind.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
            }
        }
        // The upper bits of the smallest of many hashes are all zero: the lower ones tell.
        Some(Self(smallest.map(|hash| (hash & 0xFFFF) as u16)))
    }

    /// Returns the share of hashes that both have: an estimate of the share of runs they have in common, 0.0..=1.0.
    pub fn likeness(&self, other: &Self) -> f32 {
        let same = self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count();
        same as f32 / SKETCH as f32
    }

    /// Returns the sketch as text: four hexadecimal digits a hash.
    pub fn written(&self) -> String {
        self.0.iter().map(|hash| format!("{hash:04x}")).collect()
    }

    /// Returns the sketch that [`Self::written`] gave, or `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut hashes = [0; SKETCH];
        if text.len() != 4 * SKETCH || !text.is_ascii() {
            return None;
        }
        for (hash, digits) in hashes.iter_mut().zip(text.as_bytes().chunks(4)) {
            *hash = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self(hashes))
    }
}

/// Mixes all bits of a hash: the finaliser of Stafford's variant 13 of MurmurHash3.
fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_alike_whatever_their_spelling() {
        assert!(likeness("وزارة الاعمار والاسكان / الدائرة القانونية", "وزارة الإعمار والإسكان/ الدائرة القانونيه") > 0.99);
        assert!(likeness("دائرة الطرق والجسور", "دائرة الطرف والجسور") > 0.85);
        assert!(likeness("وزارة الكهرباء", "أمانة بغداد") < 0.3);
        assert!(likeness("", "") == 0.0);
    }

    const LETTER: &str = "نود إعلامكم بأن أعمال صيانة الجسر قد أنجزت بالكامل ونرجو التفضل بتسمية ممثل عن دائرتكم لحضور أعمال \
        لجنة الاستلام الأولي في الموقع يوم الأحد القادم مع تزويدنا بنسخة من محضر الكشف السابق وكشف بالأعمال الإضافية";

    #[test]
    fn a_copy_read_with_slips_is_known_and_another_letter_is_not() {
        let copy = LETTER.replace("الجسر", "الحسر").replace("لجنة", "لجثة").replace("القادم", "القاد م");
        let other = "استناداً الى الصلاحيات المخولة لنا تقرر منح الموظف إجازة اعتيادية لمدة شهر واحد براتب تام اعتباراً من تاريخ \
            انفكاكه على أن يباشر بعد انتهاء مدة إجازته وينفذ هذا الأمر من قبل الجهات المعنية كافة كل حسب اختصاصه";
        let of = |text: &str| Sketch::of(text).expect("long enough");
        assert!(of(LETTER).likeness(&of(&copy)) > 0.6);
        assert!(of(LETTER).likeness(&of(other)) < 0.2);
        assert_eq!(Sketch::of("قصير"), None);
    }

    #[test]
    fn a_sketch_returns_from_its_text() {
        let sketch = Sketch::of(LETTER).expect("long enough");
        assert_eq!(Sketch::parse(&sketch.written()), Some(sketch));
        assert_eq!(Sketch::parse("12é4"), None);
    }
}
