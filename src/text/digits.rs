//! Digits of all the shapes that Arabic offices print: `٣` (Arabic-Indic), `۳` (Persian) and `3`.

/// Returns the Western digit of a digit in any of the three shapes; other characters are returned as they are.
pub fn fold_digit(c: char) -> char {
    let base = match c {
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        '０'..='９' => '０',
        _ => return c,
    };
    char::from(b'0' + (c as u32 - base as u32) as u8)
}

/// Returns `text` with every digit in its Western shape, the same number of characters as before.
pub fn to_western(text: &str) -> String {
    text.chars().map(fold_digit).collect()
}

/// Says whether `c` is a digit in any of the three shapes.
pub fn is_digit(c: char) -> bool {
    fold_digit(c).is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shapes_become_western() {
        assert_eq!(to_western("م.ع/ ١٢/ ۳۴۵-6"), "م.ع/ 12/ 345-6");
    }
}
