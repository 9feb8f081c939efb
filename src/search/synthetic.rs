//! Letters that nobody wrote, to measure an index with: a seed in, documents and queries out, the same on every machine.
//!
//! Words are drawn by Zipf's law from the office words that the stemmer knows, then from words made of roots and
//! patterns, so that an index of them has the common words, the long tail and, by a share of misread letters, the
//! endless once-only words of a scanned archive. Nothing is learnt from them about how well letters are found.

use crate::model::{
    Confidence, ContentHash, Document, DocumentId, Dpi, Field, Kind, Letter, Line, Origin, Page, PageNumber, PixelBox,
    PixelSize, Rotation, Source, Word,
};
use crate::text::stem::lexicon_source;
use jiff::civil::Date;

const MADE_WORDS: usize = 60_000;
const BODIES: u64 = 400;
const WORDS_A_LINE: usize = 11;

/// A kind of query, by what a search must do for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueryClass {
    /// One word of a letter.
    Word,
    /// Three to six words that stand near each other.
    Words,
    /// Two or three of the commonest words.
    Common,
    /// Three or four words in quotes.
    Phrase,
    /// A letter number.
    Number,
    /// A day or a month.
    Date,
    /// A body and words of the subject, by their fields.
    Fields,
    /// The beginning of a word.
    Prefix,
    /// A word misspelt.
    Misspelt,
    /// A single letter, or two with a star: what stands for more than anybody can read.
    Short,
}

impl QueryClass {
    /// All classes.
    pub const ALL: [Self; 10] = [
        Self::Word,
        Self::Words,
        Self::Common,
        Self::Phrase,
        Self::Number,
        Self::Date,
        Self::Fields,
        Self::Prefix,
        Self::Misspelt,
        Self::Short,
    ];

    /// Says whether people ask so; the others are measured apart.
    pub fn is_usual(self) -> bool {
        self != Self::Short
    }

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Words => "words",
            Self::Common => "common words",
            Self::Phrase => "phrase",
            Self::Number => "number",
            Self::Date => "date",
            Self::Fields => "fields",
            Self::Prefix => "prefix",
            Self::Misspelt => "misspelt",
            Self::Short => "one letter",
        }
    }
}

/// Random numbers: SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// 0.0..1.0
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len() as u64) as usize)
    }
}

/// Makes letters.
pub struct Synthetic {
    seed: u64,
    words: Vec<String>,
}

impl Synthetic {
    /// Makes the vocabulary for `seed`.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let is_arabic = |word: &&str| word.chars().all(|c| ('ء'..='ي').contains(&c)) && word.chars().count() > 1;
        let mut words: Vec<String> =
            lexicon_source().split('"').filter(|word| !word.is_empty()).filter(is_arabic).map(str::to_owned).collect();
        // Particles come first in every text.
        let mut head: Vec<String> = ["من", "في", "على", "الى", "عن", "ان", "هذا", "التي"].map(str::to_owned).to_vec();
        for at in (1..words.len()).rev() {
            words.swap(at, random.below(at as u64 + 1) as usize);
        }
        head.append(&mut words);
        head.extend((0..MADE_WORDS).map(|_| made_word(&mut random)));
        Self { seed, words: head }
    }

    fn random(&self, purpose: u64, number: u64) -> Random {
        let mut random = Random(
            self.seed ^ purpose.wrapping_mul(0xA24B_AED4_963E_E407) ^ number.wrapping_mul(0x9FB2_1C65_1E98_DF25),
        );
        random.next();
        random
    }

    /// Returns a word by Zipf's law.
    fn word(&self, random: &mut Random) -> &str {
        let rank = ((self.words.len() as f64).ln() * random.share()).exp() as usize;
        self.words.get(rank.saturating_sub(1)).map_or("", String::as_str)
    }

    fn run(&self, random: &mut Random, words: u64) -> String {
        (0..words).map(|_| self.word(random)).collect::<Vec<_>>().join(" ")
    }

    fn body(&self, number: u64) -> String {
        const KINDS: [&str; 6] = ["وزارة", "دائرة", "مديرية", "شركة", "هيئة", "مجلس"];
        let mut random = self.random(2, number);
        let kind = random.of(&KINDS).copied().unwrap_or_default();
        let words = 2 + random.below(2);
        format!("{kind} {}", (0..words).map(|_| format!("ال{}", self.word(&mut random))).collect::<Vec<_>>().join(" "))
    }

    fn letter(&self, number: u64) -> (Letter, Random) {
        let mut random = self.random(1, number);
        let from = random.below(BODIES);
        let initials = ["م.ع", "ق.م", "ش", "ف/د", "ن"];
        let initial = random.of(&initials).copied().unwrap_or_default();
        let text = format!("{initial}/{}/{}", 1 + random.below(40), 1 + random.below(30_000));
        let (year, month, day) = (2003 + random.below(21), 1 + random.below(12), 1 + random.below(28));
        let date = Date::new(year as i16, month as i8, day as i8).ok();
        let kind = random.of(&Kind::ALL).copied().unwrap_or_default();
        let to = random.below(BODIES);
        let words = 4 + random.below(5);
        let subject = self.run(&mut random, words);
        let letter = Letter {
            kind: field(kind),
            number: field(text),
            date: date.and_then(field),
            from: field(self.body(from)),
            to: field(self.body(to)).into_iter().collect(),
            subject: field(subject),
            ..Letter::default()
        };
        (letter, random)
    }

    /// Returns the letter with this number, as it was read.
    pub fn document(&self, number: u64) -> Document {
        let (letter, mut random) = self.letter(number);
        let pages = match random.below(10) {
            0..6 => 1,
            6..9 => 2,
            _ => 3 + random.below(4),
        };
        // Of ten pages six are clean, three worn and one bad.
        let misread = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.02, 0.03, 0.05, 0.10];
        let misread = random.of(&misread).copied().unwrap_or_default();
        let name = format!("{number:08}.tif");
        let read = |page: u64, random: &mut Random| {
            let mut lines = if page == 1 { heading(&letter) } else { Vec::new() };
            let words = 120 + random.below(120);
            lines.extend(in_lines(&self.run(random, words)));
            page_of(page, lines.iter().map(|line| misreading(line, misread, random)), 1.0 - misread)
        };
        let pages: Vec<Page> = (1..=pages).map(|page| read(page, &mut random)).collect();
        let source = Source {
            path: name.clone(),
            name,
            media_type: "image/tiff".to_owned(),
            bytes: 1,
            received: jiff::Timestamp::UNIX_EPOCH,
            pages: (1, pages.len() as u32),
        };
        let id = DocumentId { original: ContentHash::of(format!("{} {number}", self.seed).as_bytes()), part: None };
        let organisation = Some(format!("o{}", number % 7));
        Document { id, source, organisation, pages, letter }
    }

    /// Returns the query with this number, of a class, for an archive of so many letters.
    pub fn query(&self, class: QueryClass, number: u64, letters: u64) -> String {
        let mut random = self.random(3 + class as u64, number);
        let document = self.document(random.below(letters));
        let text: Vec<String> = document.pages.iter().flat_map(Page::words).map(|word| word.text.clone()).collect();
        let from = |random: &mut Random, words: u64| {
            let words = words.min(text.len() as u64);
            let start = random.below(text.len() as u64 - words + 1) as usize;
            text.get(start..start + words as usize).unwrap_or_default().to_vec()
        };
        let letter = &document.letter;
        let own = |field: &Option<Field<String>>| field.as_ref().map(|field| field.value.clone()).unwrap_or_default();
        match class {
            QueryClass::Word => from(&mut random, 1).concat(),
            QueryClass::Words => {
                let wanted = 3 + random.below(4) as usize;
                let mut words = from(&mut random, 10);
                while words.len() > wanted {
                    words.remove(random.below(words.len() as u64) as usize);
                }
                words.join(" ")
            }
            QueryClass::Common => {
                let commonest = self.words.get(8..60).unwrap_or_default();
                let words = 2 + random.below(2);
                (0..words).filter_map(|_| random.of(commonest).cloned()).collect::<Vec<_>>().join(" ")
            }
            QueryClass::Phrase => {
                let words = 3 + random.below(2);
                format!("\"{}\"", from(&mut random, words).join(" "))
            }
            QueryClass::Number => own(&letter.number),
            QueryClass::Date => letter.date.as_ref().map_or_else(String::new, |date| match random.below(2) {
                0 => format!("{}/{}/{}", date.value.day(), date.value.month(), date.value.year()),
                _ => format!("date:{}/{}", date.value.month(), date.value.year()),
            }),
            QueryClass::Fields => {
                let subject = own(&letter.subject);
                let words: Vec<&str> = subject.split(' ').take(2).collect();
                format!("from:\"{}\" {}", own(&letter.from), words.join(" "))
            }
            QueryClass::Prefix => {
                let word = from(&mut random, 1).concat();
                let letters = 2 + random.below(2) as usize;
                word.chars().take(letters).collect::<String>() + "*"
            }
            QueryClass::Short => match from(&mut random, 1).concat().chars().take(2).collect::<Vec<_>>()[..] {
                [one, next] if number.is_multiple_of(2) => format!("{one}{next}*"),
                [one, ..] => one.to_string(),
                [] => String::new(),
            },
            QueryClass::Misspelt => misreading(&from(&mut random, 2).join(" "), 0.15, &mut random),
        }
    }
}

fn field<T>(value: T) -> Option<Field<T>> {
    Some(Field { value, evidence: Vec::new() })
}

/// Returns a word of a made root in a pattern, now and then with article and endings.
fn made_word(random: &mut Random) -> String {
    const PATTERNS: [&str; 16] = [
        "123",
        "1ا23",
        "م12و3",
        "12ي3",
        "ت12ي3",
        "ا1ت2ا3",
        "است12ا3",
        "12ا3ه",
        "م123ه",
        "12و3",
        "م1ا23",
        "ت1ا23",
        "1و2ا3",
        "ا12ا3",
        "12ا3ي",
        "م1ت23",
    ];
    let letters: Vec<char> = "بتجحخدرزسشصطعغفقكلمنهوي".chars().collect();
    let root: Vec<char> = (0..3).filter_map(|_| random.of(&letters).copied()).collect();
    let pattern = random.of(&PATTERNS).copied().unwrap_or_default();
    let consonant = |c: char| c.to_digit(10).and_then(|at| root.get(at as usize - 1)).copied().unwrap_or(c);
    let stem: String = pattern.chars().map(consonant).collect();
    match random.below(10) {
        0..4 => stem,
        4..7 => format!("ال{stem}"),
        7 => format!("وال{stem}"),
        8 => format!("{stem}ات"),
        _ => format!("{stem}ها"),
    }
}

fn heading(letter: &Letter) -> Vec<String> {
    let own = |field: &Option<Field<String>>| field.as_ref().map(|field| field.value.clone()).unwrap_or_default();
    let date = letter
        .date
        .as_ref()
        .map_or(String::new(), |date| format!("{}/{}/{}", date.value.day(), date.value.month(), date.value.year()));
    let to = letter.to.first().map_or("", |to| to.value.as_str());
    vec![
        own(&letter.from),
        format!("العدد: {}", own(&letter.number)),
        format!("التاريخ: {date}"),
        format!("الى / {to}"),
        format!("م/ {}", own(&letter.subject)),
    ]
}

fn in_lines(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split(' ').collect();
    words.chunks(WORDS_A_LINE).map(|line| line.join(" ")).collect()
}

/// Returns a line with this share of its letters misread.
fn misreading(line: &str, share: f64, random: &mut Random) -> String {
    const LIKE: [&str; 8] = ["بتثني", "جحخ", "دذرزو", "سش", "صضطظ", "عغفقم", "كل", "اله"];
    if share == 0.0 {
        return line.to_owned();
    }
    let mut read = String::with_capacity(line.len());
    for c in line.chars() {
        if c == ' ' || random.share() >= share {
            read.push(c);
            continue;
        }
        let like: Vec<char> =
            LIKE.iter().find(|like| like.contains(c)).map_or(Vec::new(), |like| like.chars().collect());
        match random.below(8) {
            // Lost, or torn; else taken for a letter like it.
            0 => {}
            1 => read.extend([c, ' ']),
            _ => read.push(random.of(&like).copied().unwrap_or(c)),
        }
    }
    read.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn page_of(number: u64, lines: impl Iterator<Item = String>, confidence: f64) -> Page {
    let word = |text: &str| Word {
        text: text.to_owned(),
        bounds: PixelBox::default(),
        confidence: Confidence::new(confidence as f32),
        readings: Vec::new(),
    };
    Page {
        number: PageNumber(number as u32),
        size: PixelSize { width: 2480, height: 3508 },
        dpi: Dpi(300),
        rotation: Rotation::None,
        origin: Origin::Ocr,
        engine: None,
        reason: None,
        lines: lines.map(|line| Line::new(line.split(' ').map(word).collect())).collect(),
        second_reading: Vec::new(),
        codes: Vec::new(),
        filled_in: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_makes_the_same_letters_and_queries() {
        let (one, other) = (Synthetic::new(7), Synthetic::new(7));
        assert_eq!(one.document(3), other.document(3));
        assert_ne!(one.document(3).pages, one.document(4).pages);
        for class in QueryClass::ALL {
            assert_eq!(one.query(class, 5, 100), other.query(class, 5, 100));
        }
    }
}
