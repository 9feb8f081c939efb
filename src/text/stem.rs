//! The light stem of a word: what is left when article, particles and endings are taken off, so that
//! `والموظفين` and `موظف` meet. Search keys in, stems out.
//!
//! The affixes are those of light10 (L. Larkey, L. Ballesteros, M. Connell, "Light Stemming for Arabic Information
//! Retrieval", 2007) with the pronouns of letters (`كتابكم`) added. Endings come off in turn, since `كهربائية` and
//! `كهرباء` only meet when all are gone. Broken plurals cannot be found by cutting: [`Lexicon`] lists those of offices.

use super::tokens::word_key;
use super::word_lists::{InUse, WordListError};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// The word list that stems are mended with.
const LEXICON: &str = include_str!("lexicon.toml");

static IN_USE: InUse<Lexicon> = InUse::new(LEXICON);

/// Returns the stem of a word's search key by the [`Lexicon`] in use.
pub fn stem(key: &str) -> String {
    IN_USE.get().stem(key)
}

/// Adds words to the [`Lexicon`] that comes with the program: TOML with the same lists, as an archive keeps it.
///
/// # Errors
/// [`WordListError`] when the text is wrong, or stems were already made by another lexicon in this process.
pub fn add_words(lexicon: &str) -> Result<(), WordListError> {
    IN_USE.add(lexicon)
}

/// Returns the likely root of a word's search key: three consonants, by taking the letters away that patterns add
/// (`مشروع`, `مشاريع`: `شرع`). It brings `محفوظات` and `حفظ` together, and now and then words that only look akin, so it
/// can suggest a match but not make one.
pub fn root(key: &str) -> Option<String> {
    let cut = IN_USE.get().cut(key);
    if !cut.chars().all(|c| matches!(c, 'ء'..='ي')) {
        return None;
    }
    let tail = ["است", "مست"].iter().find_map(|prefix| strip(&cut, prefix, 3)).unwrap_or(&cut);
    let bare = consonants(tail);
    let inner = consonants(tail.strip_prefix(['م', 'ت', 'ا']).unwrap_or(tail));
    let mut root = if bare.len() > 3 { inner } else { bare };
    match root[..] {
        // متدرب
        ['ت', _, _, _] => drop(root.remove(0)),
        // The pattern of اجتماع puts its ت behind the first consonant.
        [_, 'ت', _, _] => drop(root.remove(1)),
        _ => {}
    }
    if let [_, last] = root[..] {
        root.push(last);
    }
    (root.len() == 3).then(|| root.into_iter().collect())
}

/// Returns the letters of a word without long vowels; و and ي that begin it are no vowels.
fn consonants(word: &str) -> Vec<char> {
    let vowel = |(at, c): &(usize, char)| matches!(c, 'ا' | 'ء') || *at > 0 && matches!(c, 'و' | 'ي');
    word.chars().enumerate().filter(|letter| !vowel(letter)).map(|(_, c)| c).collect()
}

/// Says whether the search key is a word that says little about a letter: particles, and words such as `كتاب رقم`.
pub fn is_weak(key: &str) -> bool {
    IN_USE.get().weak.contains(key)
}

/// Returns the word list that comes with the program, as text.
pub fn lexicon_source() -> &'static str {
    LEXICON
}

/// Returns both parts of the lexicon in use as text: an index built with another one must be built anew.
pub fn lexicon_in_use() -> String {
    format!("{LEXICON}{}", IN_USE.added())
}

/// What cutting alone gets wrong, or cannot know.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Written")]
pub struct Lexicon {
    /// Stem as cut, to the stem that stands for all forms of the word.
    together: HashMap<String, String>,
    /// Words whose first letters look like a particle and are none.
    whole: HashSet<String>,
    weak: HashSet<String>,
}

/// The word list as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    together: Vec<Vec<String>>,
    whole: Vec<String>,
    weak: Vec<String>,
}

impl From<Written> for Lexicon {
    fn from(written: Written) -> Self {
        let mut lexicon = Self {
            whole: written.whole.iter().map(|word| strip_endings(&word_key(word)).to_owned()).collect(),
            weak: written.weak.iter().map(|word| word_key(word)).collect(),
            together: HashMap::new(),
        };
        for forms in &written.together {
            let stems: Vec<_> = forms.iter().map(|form| lexicon.cut(&word_key(form))).collect();
            let Some(first) = stems.first() else { continue };
            // A form that stands in two groups joins them through the group that came first.
            let chosen = stems.iter().find_map(|stem| lexicon.together.get(stem)).unwrap_or(first).clone();
            for stem in stems {
                lexicon.together.entry(stem).or_insert_with(|| chosen.clone());
            }
        }
        lexicon
    }
}

impl Lexicon {
    /// Returns the stem of a search key. Keys with other than Arabic letters are their own stems.
    pub fn stem(&self, key: &str) -> String {
        if !key.chars().all(|c| matches!(c, 'ء'..='ي')) {
            return key.to_owned();
        }
        let cut = self.cut(key);
        if let Some(stem) = self.together.get(&cut) {
            return stem.clone();
        }
        // One-letter particles cannot be told from a word's own letters, unless what follows is a word of the list.
        let known = cut.strip_prefix(['ل', 'ب', 'ف', 'ك']).filter(|bare| letters(bare) >= 3);
        known.and_then(|bare| self.together.get(bare)).cloned().unwrap_or(cut)
    }

    /// Takes particles and endings off until none is left, so that `الإلكتروني` and `إلكتروني` meet and a stem is its own stem.
    fn cut(&self, key: &str) -> String {
        let mut rest = key;
        loop {
            let shorter = strip_endings(self.strip_particles(rest));
            if shorter == rest {
                return rest.to_owned();
            }
            rest = shorter;
        }
    }

    fn strip_particles<'a>(&self, key: &'a str) -> &'a str {
        // Most words have no particle, and to know so is cheap.
        const FIRST: [&str; 6] = ["و", "ال", "لل", "بال", "كال", "فال"];
        if !FIRST.iter().any(|particle| key.starts_with(particle)) || self.is_whole(key) {
            return key;
        }
        let rest = strip(key, "و", 3).unwrap_or(key);
        if self.is_whole(rest) {
            return rest;
        }
        const ARTICLES: [(&str, usize); 5] = [("ال", 2), ("لل", 2), ("بال", 3), ("كال", 3), ("فال", 3)];
        ARTICLES.iter().find_map(|(article, least)| strip(rest, article, *least)).unwrap_or(rest)
    }

    fn is_whole(&self, word: &str) -> bool {
        /// `القانونية` would shrink to a short word of the list; endings are not longer than this in truth.
        const LONGEST_ENDING: usize = 4;
        let stem = strip_endings(word);
        letters(word) <= letters(stem) + LONGEST_ENDING && self.whole.contains(stem)
    }
}

/// Returns `word` without `prefix` if at least `least` letters remain.
fn strip<'a>(word: &'a str, prefix: &str, least: usize) -> Option<&'a str> {
    word.strip_prefix(prefix).filter(|rest| letters(rest) >= least)
}

fn letters(word: &str) -> usize {
    word.chars().count()
}

/// Takes endings off, one after the other, while at least three letters remain.
fn strip_endings(word: &str) -> &str {
    let mut rest = word;
    while let Some(shorter) = strip_ending(rest) {
        rest = shorter;
    }
    rest
}

fn strip_ending(word: &str) -> Option<&str> {
    /// Endings before which the feminine ending is written `ت`: pronouns and duals.
    const OPENING: [&str; 7] = ["هما", "كم", "هم", "ها", "نا", "ين", "ان"];
    const CLOSING: [&str; 8] = ["ات", "ون", "يه", "تي", "ه", "ي", "ا", "ء"];
    // Most words end in none of these letters, and to know so is cheap.
    if !word.ends_with(['م', 'ا', 'ن', 'ت', 'ه', 'ي', 'ء']) {
        return None;
    }
    let left = |ending: &str, least: usize| word.strip_suffix(ending).filter(|rest| letters(rest) >= least);
    for ending in OPENING {
        // `قانونا` is `قانون` in the accusative, not "our" something; `بيان` keeps its own letters.
        let own_letters = ending == "نا" && left(ending, 1).is_some_and(|rest| rest.ends_with(['و', 'ا', 'ي']));
        if own_letters {
            continue;
        }
        let least = if matches!(ending, "كم" | "هم") { 4 } else { 3 };
        if let Some(rest) = left(ending, least) {
            return Some(rest.strip_suffix('ت').filter(|shorter| letters(shorter) >= 3).unwrap_or(rest));
        }
    }
    // The pronoun `ه` opens the feminine ending too, but `مؤقتة` ends in a letter of its own and the feminine one.
    if let Some(rest) = left("ته", 4) {
        return Some(rest);
    }
    CLOSING.iter().find_map(|ending| left(ending, if matches!(*ending, "تي" | "ا") { 4 } else { 3 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn meet(words: &[&str]) {
        let stems: HashSet<_> = words.iter().map(|word| stem(&word_key(word))).collect();
        assert_eq!(stems.len(), 1, "{words:?} have the stems {stems:?}");
    }

    #[track_caller]
    fn differ(one: &str, other: &str) {
        assert_ne!(stem(&word_key(one)), stem(&word_key(other)), "{one} and {other}");
    }

    #[test]
    fn the_word_list_can_be_read() {
        let lexicon: Lexicon = toml::from_str(LEXICON).unwrap();
        assert!(lexicon.together.len() > 250 && lexicon.whole.len() > 40 && lexicon.weak.len() > 60);
    }

    #[test]
    fn article_and_particles() {
        meet(&["موظف", "الموظف", "والموظف", "للموظف", "بالموظف", "وللموظف", "وموظف"]);
    }

    #[test]
    fn endings() {
        meet(&["موظف", "موظفين", "الموظفون", "موظفة", "موظفات", "موظفيكم", "موظفيها"]);
        meet(&["شركة", "الشركات", "شركتكم", "شركتنا", "لشركتها".trim_start_matches('ل')]);
        meet(&["كهرباء", "كهربائي", "الكهربائية"]);
        meet(&["قانون", "قانوناً", "القانونية"]);
        meet(&["مناقصة", "المناقصتين", "مناقصات"]);
    }

    #[test]
    fn radical_letters_are_no_particles() {
        meet(&["وزارة", "الوزارة", "ووزارة", "وزارتكم"]);
        meet(&["التزام", "الالتزام", "التزامات"]);
        meet(&["إلغاء", "الإلغاء"]);
        meet(&["والدته", "الوالد"]);
        differ("بغداد", "غداد");
    }

    #[test]
    fn each_word_of_the_list_has_a_stem_of_its_own() {
        for word in LEXICON.split('"').map(word_key) {
            assert_eq!(stem(&stem(&word)), stem(&word), "{word}");
        }
        meet(&["إلكتروني", "الإلكتروني", "الإلكترونية"]);
    }

    #[test]
    fn broken_plurals() {
        meet(&["كتاب", "كتب", "كتبنا", "والكتب"]);
        meet(&["عقد", "عقود", "العقود"]);
        meet(&["راتب", "رواتبهم"]);
        meet(&["إجازة", "الإجازات"]);
        meet(&["جهة", "الجهات"]);
    }

    #[track_caller]
    fn akin(words: &[&str]) {
        let roots: HashSet<_> = words.iter().map(|word| root(&word_key(word))).collect();
        assert!(roots.len() == 1 && !roots.contains(&None), "{words:?} have the roots {roots:?}");
    }

    #[test]
    fn roots() {
        akin(&["حفظ", "محفوظة", "المحفوظات", "محافظ"]);
        akin(&["صف", "صفوف"]);
        akin(&["ساكنين", "سكن", "مساكن"]);
        akin(&["اجتماع", "جمع", "مجمع"]);
        akin(&["تدريب", "مدرب", "المتدربين"]);
        assert_eq!(root("345"), None);
    }

    proptest! {
        #[test]
        fn a_stem_is_never_empty(key in "[ء-ي]{1,12}") {
            prop_assert!(!stem(&key).is_empty());
        }

        #[test]
        fn a_stem_is_its_own_stem(particle in "(|و|ال|وال|لل|بال|و?ب?ال)", word in "[ء-ي]{1,9}", ending in "(|ة|ات|ين|هم|كم|ية|يين)") {
            let stem = stem(&word_key(&format!("{particle}{word}{ending}")));
            prop_assert_eq!(super::stem(&stem), stem);
        }
    }
}
