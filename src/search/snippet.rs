//! The piece of a page that shows why it was found: words and matches in, marked HTML out.

/// Words before, between and after the matches.
const WINDOW: usize = 26;
const LEAD: usize = 6;
/// Letters shown of one word: what is longer is no word, and must not make an answer of a megabyte.
const LONGEST_WORD: usize = 80;

/// Returns the window of `words` whose matches tell most, `&`, `<`, `>` and `"` escaped, runs of matched words between
/// `<mark>` and `</mark>`. `marked` holds ordinals of matched words, ascending, with what each tells.
pub(super) fn snippet(words: &[&str], marked: &[(usize, f32)]) -> String {
    let start = best_start(marked).saturating_sub(LEAD).min(words.len().saturating_sub(WINDOW));
    let end = (start + WINDOW).min(words.len());
    let is_marked = |at: usize| marked.binary_search_by_key(&at, |(word, _)| *word).is_ok();
    let mut html = String::new();
    if start > 0 {
        html.push_str("… ");
    }
    for (at, word) in words.iter().enumerate().take(end).skip(start) {
        let (marked, follows) = (is_marked(at), at > start && is_marked(at - 1));
        if follows && !marked {
            html.push_str("</mark>");
        }
        if at > start {
            html.push(' ');
        }
        if marked && !follows {
            html.push_str("<mark>");
        }
        escape(word, &mut html);
    }
    if end > start && is_marked(end - 1) {
        html.push_str("</mark>");
    }
    if end < words.len() {
        html.push_str(" …");
    }
    html
}

/// Returns the matched word from which a window catches the most telling matches.
fn best_start(marked: &[(usize, f32)]) -> usize {
    let mut best = (0.0, 0);
    for (at, (first, _)) in marked.iter().enumerate() {
        let reach = first + WINDOW - LEAD;
        let told: f32 = marked.iter().skip(at).take_while(|(word, _)| *word < reach).map(|(_, told)| told).sum();
        if told > best.0 {
            best = (told, *first);
        }
    }
    best.1
}

fn escape(word: &str, html: &mut String) {
    for c in word.chars().take(LONGEST_WORD) {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<&str> {
        text.split(' ').collect()
    }

    #[test]
    fn marks_runs_and_escapes() {
        let shown = snippet(&words("في مركز البيانات <b> بغداد"), &[(1, 1.0), (2, 1.0), (4, 0.5)]);
        assert_eq!(shown, "في <mark>مركز البيانات</mark> &lt;b&gt; <mark>بغداد</mark>");
        assert_eq!(snippet(&[], &[]), "");
    }

    #[test]
    fn shows_the_window_with_most_matches() {
        let mut text = vec!["كلمة"; 200];
        text[150] = "جسر";
        let shown = snippet(&text, &[(10, 0.2), (150, 3.0)]);
        assert!(shown.starts_with("… كلمة") && shown.ends_with("كلمة …") && shown.contains("<mark>جسر</mark>"));
    }

    proptest! {
        #[test]
        fn marks_are_balanced_and_words_whole(
            text in proptest::collection::vec("\\PC{1,6}", 0..60),
            mut marked in proptest::collection::btree_set(0usize..80, 0..20),
        ) {
            let text: Vec<String> = text.iter().map(|word| word.replace(' ', "_")).collect();
            let marked: Vec<(usize, f32)> = std::mem::take(&mut marked).into_iter().map(|word| (word, 1.0)).collect();
            let text: Vec<&str> = text.iter().map(String::as_str).collect();
            let shown = snippet(&text, &marked);
            prop_assert_eq!(shown.matches("<mark>").count(), shown.matches("</mark>").count());
            let plain = shown.replace("<mark>", "").replace("</mark>", "").replace("&lt;", "<").replace("&gt;", ">");
            let plain = plain.replace("&quot;", "\"").replace("&amp;", "&");
            let shown_words: Vec<&str> = plain.trim_start_matches("… ").trim_end_matches(" …").split(' ').collect();
            let held = text.windows(shown_words.len()).any(|window| window == shown_words);
            prop_assert!(held || text.is_empty(), "{:?}", shown);
        }
    }
}
