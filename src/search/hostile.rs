//! Queries that nobody means well: a seed and a number in, a query out, the same on every machine. They are searched to measure that
//! whatever is typed, pasted or sent gets its answer, and soon.

use super::synthetic::Random;

/// Returns the hostile query with this number.
pub fn hostile_query(seed: u64, number: u64) -> String {
    let mut random = Random::new(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    match number % 10 {
        0 => of_signs(&mut random),
        1 => of_anything(&mut random),
        2 => repeated(&mut random, 1500, |random| letters(random, 1)),
        3 => repeated(&mut random, 300, |random| letters(random, 2) + "*"),
        4 => repeated(&mut random, 300, |random| letters(random, 3) + " أو"),
        5 => nested(&mut random),
        6 => repeated(&mut random, 200, |random| format!("{}/{}", random.below(3000), random.below(50))),
        7 => format!("\"{}\"", repeated(&mut random, 60, |random| common(random).to_owned())),
        8 => repeated(&mut random, 120, |random| format!("-{} {}", letters(random, 1), common(random))),
        _ => letters(&mut random, 5000),
    }
}

fn letters(random: &mut Random, most: u64) -> String {
    const LETTERS: &str = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءأةى0123456789٣٤a";
    let letters: Vec<char> = LETTERS.chars().collect();
    (0..1 + random.below(most)).filter_map(|_| random.of(&letters)).collect()
}

fn common(random: &mut Random) -> &'static str {
    const WORDS: [&str; 12] = ["من", "في", "على", "الى", "عن", "ان", "هذا", "التي", "وزارة", "كتاب", "دائرة", "مع"];
    random.of(&WORDS).copied().unwrap_or_default()
}

/// Up to `most` pieces, in most queries far fewer.
fn repeated(random: &mut Random, most: u64, mut piece: impl FnMut(&mut Random) -> String) -> String {
    let bound = 1 + random.below(most);
    let pieces = 1 + random.below(bound);
    (0..pieces).map(|_| piece(random)).collect::<Vec<_>>().join(" ")
}

/// Signs of the query language without sense.
fn of_signs(random: &mut Random) -> String {
    const PIECES: [&str; 24] = [
        "\"",
        "(",
        ")",
        "-",
        "*",
        "أو",
        "OR",
        "|",
        "من:",
        "date:",
        "العدد:",
        "..",
        ">=",
        "2014",
        "12/3",
        "م.ع/",
        "وزارة",
        "ا",
        " ",
        "\u{200F}",
        "kind:",
        "«",
        "»",
        "--",
    ];
    repeated(random, 200, |random| random.of(&PIECES).map_or_else(String::new, |piece| (*piece).to_owned()))
}

fn of_anything(random: &mut Random) -> String {
    let chars = 1 + random.below(400);
    (0..chars).filter_map(|_| char::from_u32(random.below(0x1_1000) as u32)).collect()
}

fn nested(random: &mut Random) -> String {
    let depth = 1 + random.below(400) as usize;
    let inner = repeated(random, 20, |random| common(random).to_owned());
    format!("{}{inner}{}", "(".repeat(depth), ") أو ا".repeat(depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_makes_the_same_queries() {
        for number in 0..40 {
            assert_eq!(hostile_query(5, number), hostile_query(5, number));
            assert_ne!(hostile_query(5, number), hostile_query(5, number + 10));
        }
    }
}
