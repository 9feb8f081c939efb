//! Decides whether the text that came with a page is taken, or the page's image read instead: a layer in, a verdict with
//! its reason out.
//!
//! A page is read from its image unless its text gives no cause for doubt, since an image that is read costs time and a
//! wrong text costs the letter. Two kinds of bad text are met: layers that some reader put under a scan long ago, and
//! characters that do not mean what the page shows, since the maps from glyphs to characters are lost or wrong. The
//! first are known by the page being a picture, the second by characters nobody writes and by the spelling of Arabic.

use super::TextLayer;
use crate::text::normalise::search_key;
use crate::text::visual::is_arabic_letter;

/// What is to be done with the text of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is none.
    NoText,
    /// It is the text of the page.
    Take {
        /// Why, for people.
        reason: String,
    },
    /// The image is to be read; the text may be kept beside what is read.
    ReadImage {
        /// Why, for people.
        reason: String,
    },
}

/// Most glyphs, as a share, that may mean no character: each may be a letter lost.
const MAX_ILLEGIBLE: f32 = 0.0075;
/// Most characters, as a share, that may be such as nobody writes.
const MAX_UNWRITTEN: f32 = 0.02;
/// Least share of Arabic among the letters of a page that is not in another language altogether.
const MIN_ARABIC: f32 = 0.3;
/// Most words of one letter, as a share.
const MAX_SINGLE_LETTERS: f32 = 0.2;
/// Most words that have ة or ى before their end, as a share: these letters only end words.
const MAX_MISSPELT: f32 = 0.05;
/// Least share of frequent words in running Arabic.
const MIN_FREQUENT: f32 = 0.02;
/// Least share of words that stand in the archive, once it is large enough to tell.
const MIN_KNOWN: f32 = 0.15;
/// Least share of frequent words in running English or French.
const MIN_FREQUENT_LATIN: f32 = 0.06;
/// Shares of fewer words than this say nothing.
const MIN_WORDS: usize = 40;
/// Pages that images cover this much with less text than this are pictures with a caption.
const PICTURE_COVER: f32 = 0.5;
const PICTURE_LETTERS: u32 = 120;

/// Words that stand in most Arabic letters, as search keys.
const FREQUENT: &[&str] = &[
    "من",
    "في",
    "علي",
    "الي",
    "عن",
    "ان",
    "لا",
    "ما",
    "مع",
    "هذا",
    "هذه",
    "ذلك",
    "التي",
    "الذي",
    "او",
    "كما",
    "تم",
    "بعد",
    "قبل",
    "كل",
    "قد",
    "لم",
    "بها",
    "فيها",
    "وفق",
    "حسب",
    "خلال",
    "رقم",
    "يوم",
    "السيد",
    "السيده",
    "الساده",
    "مدير",
    "المدير",
    "العام",
    "العامه",
    "وزاره",
    "دائره",
    "قسم",
    "كتاب",
    "كتابكم",
    "المرقم",
    "التاريخ",
    "العدد",
    "الموضوع",
    "تحيه",
    "طيبه",
    "التقدير",
    "شركه",
    "الشركه",
    "نسخه",
    "منه",
    "للتفضل",
    "بالاطلاع",
    "يرجي",
    "نرجو",
    "مدينه",
    "الله",
    "بسم",
    "هيئه",
    "لجنه",
    "بشان",
    "اللجنه",
    "نعلمكم",
    "اعلاه",
    "ادناه",
    "المرفق",
    "جميع",
    "غير",
    "علما",
    "وذلك",
    "بموجب",
    "لغرض",
];

/// Frequent words of the other languages that offices write letters in.
const FREQUENT_LATIN: &[&str] = &[
    "the", "of", "and", "to", "in", "for", "on", "is", "with", "be", "by", "are", "from", "at", "this", "that", "your",
    "we", "our", "dear", "ref", "date", "subject", "de", "la", "le", "les", "et", "des", "en", "du", "à", "est",
    "pour",
];

/// Judges the text of a page. `knows` says whether a search key stands in the archive; `None` where it is too small to tell.
pub fn judge(layer: &TextLayer, knows: impl Fn(&str) -> Option<bool>) -> Verdict {
    let words: Vec<&str> = layer.lines.iter().flat_map(|line| &line.words).map(|word| word.text.as_str()).collect();
    if words.is_empty() {
        return Verdict::NoText;
    }
    match doubt(layer, &words, knows) {
        Some(reason) => Verdict::ReadImage { reason },
        None => Verdict::Take { reason: format!("the page's own text: {} words", words.len()) },
    }
}

fn doubt(layer: &TextLayer, words: &[&str], knows: impl Fn(&str) -> Option<bool>) -> Option<String> {
    if layer.scan {
        return Some("the page is a scan, with text laid under it".to_owned());
    }
    if layer.invisible {
        return Some("none of the page's text is to be seen on it".to_owned());
    }
    if layer.image_cover > PICTURE_COVER && layer.legible < PICTURE_LETTERS {
        return Some("most of the page is a picture".to_owned());
    }
    let illegible = share(layer.illegible as usize, (layer.legible + layer.illegible) as usize);
    if illegible >= MAX_ILLEGIBLE {
        return Some(format!("{:.1} % of the page's glyphs mean no character", illegible * 100.0));
    }
    doubtful_characters(words).or_else(|| doubtful_words(words, knows))
}

fn doubtful_characters(words: &[&str]) -> Option<String> {
    let characters: Vec<char> = words.iter().flat_map(|word| word.chars()).collect();
    let odd = share(characters.iter().filter(|c| is_odd(**c)).count(), characters.len());
    let letters = characters.iter().filter(|c| c.is_alphabetic()).count();
    let arabic = share(characters.iter().filter(|c| is_arabic_letter(**c)).count(), letters);
    let spelt_in_latin = || {
        let count = words.iter().filter(|word| FREQUENT_LATIN.contains(&word.to_lowercase().as_str())).count();
        share(count, words.len()) >= MIN_FREQUENT_LATIN && odd < MAX_UNWRITTEN
    };
    // A few letters beside numbers tell nothing: a table is a table in any language.
    let mostly_numbers = share(letters, characters.len()) < 0.2;
    if letters > 0 && arabic < MIN_ARABIC && !mostly_numbers && !spelt_in_latin() {
        return Some(format!("only {:.0} % of the text's letters are Arabic", arabic * 100.0));
    }
    (odd >= MAX_UNWRITTEN).then(|| format!("{:.0} % of the text's characters are such as nobody writes", odd * 100.0))
}

/// Says whether `c` is a character that letters do not hold: from a wrong map or an old code page.
fn is_odd(c: char) -> bool {
    match c {
        '«' | '»' | '°' | '·' | '×' | '÷' | '±' | '²' | '³' | '©' | '®' | '½' | '¼' | '¾' | '§' => false,
        '\u{80}'..='\u{24F}' | '\u{E000}'..='\u{F8FF}' | '\u{FFF0}'..='\u{FFFF}' | '\u{F0000}'.. => true,
        c => c.is_control(),
    }
}

fn doubtful_words(words: &[&str], knows: impl Fn(&str) -> Option<bool>) -> Option<String> {
    let letters = |word: &&str| word.chars().filter(|c| is_arabic_letter(*c)).collect::<Vec<char>>();
    let arabic: Vec<Vec<char>> = words.iter().map(letters).filter(|letters| !letters.is_empty()).collect();
    let single = share(arabic.iter().filter(|letters| letters.len() == 1).count(), arabic.len());
    if arabic.len() >= 10 && single >= MAX_SINGLE_LETTERS {
        return Some(format!("{:.0} % of the text's words are single letters", single * 100.0));
    }
    let misspelt = |letters: &&Vec<char>| {
        letters.split_last().is_some_and(|(_, rest)| rest.iter().any(|c| matches!(c, 'ة' | 'ى')))
    };
    let misspelt = share(arabic.iter().filter(misspelt).count(), arabic.len());
    if arabic.len() >= 10 && misspelt >= MAX_MISSPELT {
        return Some(format!("{:.0} % of the text's words are spelt as no word is", misspelt * 100.0));
    }
    if arabic.len() < MIN_WORDS {
        return None;
    }
    let keys: Vec<String> = words.iter().filter(|word| letters(word).len() >= 2).map(|word| search_key(word)).collect();
    let is_frequent = |key: &&String| {
        let bare = key.strip_prefix('و').unwrap_or(key);
        FREQUENT.contains(&key.as_str()) || FREQUENT.contains(&bare)
    };
    let frequent = share(keys.iter().filter(is_frequent).count(), keys.len());
    if frequent < MIN_FREQUENT {
        return Some("hardly any of the text's words are common ones".to_owned());
    }
    let known: Vec<bool> = keys.iter().filter_map(|key| knows(key)).collect();
    let share_known = share(known.iter().filter(|known| **known).count(), known.len());
    (known.len() >= MIN_WORDS && share_known < MIN_KNOWN)
        .then(|| format!("only {:.0} % of the text's words stand elsewhere in the archive", share_known * 100.0))
}

fn share(part: usize, all: usize) -> f32 {
    if all == 0 { 0.0 } else { part as f32 / all as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, Line, PixelBox, PixelSize, Rotation, Word};

    fn layer(text: &str) -> TextLayer {
        let word = |text: &str| Word {
            text: text.to_owned(),
            bounds: PixelBox::new(0, 0, 10, 10),
            confidence: Confidence::new(1.0),
            readings: Vec::new(),
        };
        TextLayer {
            lines: text.lines().map(|line| Line::new(line.split_whitespace().map(word).collect())).collect(),
            size: PixelSize { width: 2480, height: 3508 },
            dpi: None,
            turn: Rotation::None,
            left_to_right: false,
            legible: text.chars().count() as u32,
            illegible: 0,
            invisible: false,
            scan: false,
            image_cover: 0.0,
        }
    }

    #[track_caller]
    fn check(layer: &TextLayer, taken: bool) {
        let verdict = judge(layer, |_| None);
        assert_eq!(matches!(verdict, Verdict::Take { .. }), taken, "{verdict:?}");
    }

    const LETTER: &str = "العدد: م.ع/١٢/٣٤٥٦ التاريخ: ١٢/٣/٢٠١٤\nإلى/ السادة مدير عام الشركة\nتحية طيبة وبعد نرفق لكم نسخة \
                          من كتاب الوزارة المرقم ٤٥٨ في ٥/٢/٢٠١٤ للتفضل بالاطلاع مع التقدير";

    #[test]
    fn a_letter_is_taken_and_a_scan_is_read() {
        check(&layer(LETTER), true);
        check(&TextLayer { scan: true, ..layer(LETTER) }, false);
        check(&TextLayer { invisible: true, ..layer(LETTER) }, false);
        check(&TextLayer { image_cover: 0.9, legible: 30, ..layer("سري") }, false);
        assert_eq!(judge(&layer(""), |_| None), Verdict::NoText);
    }

    #[test]
    fn text_from_wrong_maps_is_not_taken() {
        check(&layer("Çáããáßɉ ÇáÚÑÈíÉ ÇáÓÚæÏíÉ æÒÇÑÉ ÇáÔÄæä"), false);
        check(&layer("Wkh ulvvlqj orjlf ri wkhvh zrugv iroorzv qr odqjxdjh"), false);
        check(&TextLayer { illegible: 9, ..layer(LETTER) }, false);
        check(&layer(&LETTER.chars().map(|c| if c == 'ا' { 'ة' } else { c }).collect::<String>()), false);
        check(&layer("ا ل ع د د م ن ا ل ى ب ع د"), false);
    }

    #[test]
    fn other_languages_and_tables_are_taken() {
        check(&layer("Dear Sir, please find the report of the committee attached to this letter"), true);
        check(&layer("1 2024 15.50\n2 2023 1,250\nkg 44 55 66 77 88 99"), true);
    }

    #[test]
    fn words_that_the_archive_does_not_know_speak_against_a_text() {
        let long = LETTER.replace('\n', " ").repeat(2);
        assert!(matches!(judge(&layer(&long), |_| Some(true)), Verdict::Take { .. }));
        assert!(matches!(judge(&layer(&long), |_| Some(false)), Verdict::ReadImage { .. }));
    }
}
