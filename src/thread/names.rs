//! The names of those who sign: a name as read in, the one of the archive's own names that it is out.
//!
//! Ink lies over names more than over anything else, and those who sign one letter sign others. So a name that was read badly is the only
//! known one that is like it; a name without its beginning is the only known one that ends so. Method: Levenshtein, "Binary codes capable
//! of correcting deletions, insertions, and reversals" (1966), over letters and over their shapes without dots.

use crate::text::normalise::search_key;
use rapidfuzz::distance::levenshtein;

/// Words of a name that is told from others by the words before its last ones.
const WHOLE_NAME: usize = 3;
/// Names that are kept, those of most letters first: one must be compared with all.
const MOST_NAMES: usize = 2_000;
/// Words at the end of a name that tell it where those before were lost.
const TAIL_WORDS: usize = 2;
/// A name read with more confidence stays as it is, unless its beginning is missing.
const SURE: f32 = 0.8;
/// A known name must be so much like the one read, and so much more than the next.
const ALIKE: f64 = 0.66;
const MARGIN: f64 = 0.1;
/// Two known names as much alike as this are one, once misread.
const ONE_NAME: f64 = 0.85;
/// What likeness counts where the ends of two names alone are compared.
const OF_TAILS: f64 = 0.92;

/// A name as it is compared.
#[derive(Clone, Debug)]
struct Form {
    words: Vec<String>,
    whole: Shapes,
    tail: Shapes,
}

/// Letters, and the same without dots.
#[derive(Clone, Debug)]
struct Shapes(Vec<char>, Vec<char>);

impl Shapes {
    fn of(words: &[String]) -> Self {
        let letters: Vec<char> = words.iter().flat_map(|word| word.chars()).collect();
        let bare = letters.iter().copied().map(without_dots).collect();
        Self(letters, bare)
    }

    fn likeness(&self, other: &Self) -> f64 {
        let alike = |a: &[char], b: &[char]| levenshtein::normalized_similarity(a.iter().copied(), b.iter().copied());
        f64::midpoint(alike(&self.0, &other.0), alike(&self.1, &other.1))
    }
}

impl Form {
    fn of(name: &str) -> Self {
        let words: Vec<String> = search_key(name).split(' ').map(str::to_owned).collect();
        let tail = words.get(words.len().saturating_sub(TAIL_WORDS)..).unwrap_or_default();
        Self { whole: Shapes::of(&words), tail: Shapes::of(tail), words }
    }

    /// Returns how much a name as read, with or without the words before its last two, is like this one.
    fn likeness(&self, read: &Self) -> f64 {
        let starts = 0..=read.words.len().saturating_sub(TAIL_WORDS);
        let rests = starts.map(|start| Shapes::of(read.words.get(start..).unwrap_or_default()));
        let whole = rests.map(|rest| rest.likeness(&self.whole)).fold(0.0, f64::max);
        let by_tail = self.words.len() > TAIL_WORDS && read.words.len() >= TAIL_WORDS;
        if by_tail { whole.max(OF_TAILS * read.tail.likeness(&self.tail)) } else { whole }
    }
}

/// Names that signed letters, as read without doubt.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The name with the number of its letters.
    known: Vec<(String, u64, Form)>,
}

impl Names {
    /// Returns the list of these names, each with the number of letters that bear it.
    pub fn new(mut names: Vec<(String, u64)>) -> Self {
        names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let known = names.into_iter().take(MOST_NAMES).map(|(name, letters)| {
            let form = Form::of(&name);
            (name, letters, form)
        });
        Self { known: known.filter(|(_, _, form)| form.words.len() >= WHOLE_NAME).collect() }
    }

    /// Returns the known name that a name read with this confidence is, where that is another and nothing else can be meant.
    pub fn meant(&self, read: &str, confidence: f32) -> Option<&str> {
        let read = Form::of(read);
        let known = self.known.iter().find(|(_, _, form)| form.words == read.words).map(|(_, letters, _)| *letters);
        let nearest = || (confidence < SURE && known.is_none()).then(|| self.nearest(&read)).flatten();
        self.with_its_beginning(&read, known.unwrap_or(0)).or_else(nearest)
    }

    /// Returns the only name that is this one with a word before it and signed as many letters: nobody signs with the names of father and
    /// grandfather alone.
    fn with_its_beginning(&self, read: &Form, letters: u64) -> Option<&str> {
        let ends_so = |form: &Form| {
            form.words.len() == read.words.len() + 1 && form.words.get(1..) == Some(read.words.as_slice())
        };
        let mut found = self.known.iter().filter(|(_, _, form)| read.words.len() >= TAIL_WORDS && ends_so(form));
        let (only, of_only, _) = found.next()?;
        (found.next().is_none() && *of_only >= letters).then_some(only.as_str())
    }

    fn nearest(&self, read: &Form) -> Option<&str> {
        let mut priced: Vec<(f64, &(String, u64, Form))> =
            self.known.iter().map(|known| (known.2.likeness(read), known)).collect();
        priced.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (most, best) = *priced.first().filter(|(alike, _)| *alike >= ALIKE)?;
        let near = priced.iter().take_while(|(alike, _)| *alike > most - MARGIN).map(|(_, known)| *known);
        let near: Vec<&(String, u64, Form)> = near.collect();
        if near.iter().any(|known| known.2.whole.likeness(&best.2.whole) < ONE_NAME) {
            return None;
        }
        near.into_iter().reduce(|a, b| if b.1 > a.1 { b } else { a }).map(|(name, _, _)| name.as_str())
    }
}

/// Returns the letter that a letter is without its dots.
fn without_dots(c: char) -> char {
    match c {
        'ت' | 'ث' | 'ن' | 'ي' => 'ب',
        'ج' | 'خ' => 'ح',
        'ذ' => 'د',
        'ز' => 'ر',
        'ش' => 'س',
        'ض' => 'ص',
        'ظ' => 'ط',
        'غ' => 'ع',
        'ق' => 'ف',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(read: &str, confidence: f32, want: Option<&str>) {
        let names = [
            ("فلاح حسن علوان", 3),
            ("رائد يحيى سلمان", 1),
            ("خالد إسماعيل الدليمي", 2),
            ("أحمد هادي الموسوي", 1),
            ("صلاح هادي الموسوي", 2),
            ("سعاد كريم البياتي", 4),
            ("سعاد كرم البياتي", 1),
        ];
        let names = Names::new(names.into_iter().map(|(name, letters)| (name.to_owned(), letters)).collect());
        assert_eq!(names.meant(read, confidence), want, "for {read:?}");
    }

    #[test]
    fn a_name_read_badly_is_the_known_one_it_is_like() {
        check("خلد اساعيل الدليمي", 0.3, Some("خالد إسماعيل الدليمي"));
        check("الديحي سلعان", 0.1, Some("رائد يحيى سلمان"));
        check("لابع.خلد اساعيل الدليمي", 0.0, Some("خالد إسماعيل الدليمي"));
        check("سعاد كرمم البياتي", 0.4, Some("سعاد كريم البياتي"));
    }

    #[test]
    fn a_name_without_its_beginning_is_the_only_one_that_ends_so() {
        check("حسن علوان", 0.99, Some("فلاح حسن علوان"));
        check("هادي الموسوي", 0.99, None);
        check("علوان", 0.99, None);
    }

    #[test]
    fn what_was_read_well_or_is_like_no_name_stays() {
        check("فالح حسن علوان", 0.95, None);
        check("خالد اسماعيل الدليمي", 0.2, None);
        check("منذر رحمن سلطان", 0.2, None);
        check("", 0.0, None);
    }
}
