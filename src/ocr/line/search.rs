//! Several readings of the same steps: which texts of some characters are likeliest, and how likely each is.
//!
//! Prefix beam search: texts grow by a character at a time, and all paths that say the same text count together. Source:
//! Hannun et al., "First-pass large vocabulary continuous speech recognition using bi-directional recurrent DNNs" (2014).

use super::net::Steps;
use super::path::BLANK;
use std::collections::HashMap;

/// Texts kept at every step.
const BEAM: usize = 16;

/// A text and the logarithm of its probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Classes from left to right.
    pub classes: Vec<usize>,
    /// Natural logarithm of its probability, over all paths that say it.
    pub log_prob: f32,
}

/// The probabilities of a text so far: of all paths that end in a blank, and of all that end in its last character.
#[derive(Clone, Copy)]
struct Ends {
    blank: f32,
    character: f32,
}

impl Ends {
    const NEVER: Self = Self { blank: f32::NEG_INFINITY, character: f32::NEG_INFINITY };

    fn total(self) -> f32 {
        add(self.blank, self.character)
    }
}

/// Returns at most `wanted` texts made of the `allowed` classes, the likeliest first. At each step classes are tried whose logarithm is
/// at least `least`.
pub fn best(steps: &Steps, allowed: &[usize], wanted: usize, least: f32) -> Vec<Found> {
    let mut texts: HashMap<Vec<usize>, Ends> =
        HashMap::from([(Vec::new(), Ends { blank: 0.0, character: f32::NEG_INFINITY })]);
    for row in steps.rows() {
        let log_prob = |class: usize| row.get(class).copied().unwrap_or(f32::NEG_INFINITY);
        let tried: Vec<usize> = allowed.iter().copied().filter(|class| log_prob(*class) >= least).collect();
        let mut next: HashMap<Vec<usize>, Ends> = HashMap::new();
        for (text, ends) in &texts {
            let stays = next.entry(text.clone()).or_insert(Ends::NEVER);
            stays.blank = add(stays.blank, ends.total() + log_prob(BLANK));
            if let Some(last) = text.last() {
                stays.character = add(stays.character, ends.character + log_prob(*last));
            }
            for class in &tried {
                // The same character again is a new one only after a blank.
                let before = if text.last() == Some(class) { ends.blank } else { ends.total() };
                if before > f32::NEG_INFINITY {
                    let longer: Vec<usize> = text.iter().chain([class]).copied().collect();
                    let grows = next.entry(longer).or_insert(Ends::NEVER);
                    grows.character = add(grows.character, before + log_prob(*class));
                }
            }
        }
        texts = likeliest(next, BEAM).into_iter().collect();
    }
    let found = |(classes, ends): (Vec<usize>, Ends)| Found { classes, log_prob: ends.total() };
    likeliest(texts, wanted).into_iter().map(found).collect()
}

fn likeliest(texts: HashMap<Vec<usize>, Ends>, wanted: usize) -> Vec<(Vec<usize>, Ends)> {
    let mut texts: Vec<(Vec<usize>, Ends)> = texts.into_iter().collect();
    texts.sort_by(|a, b| b.1.total().total_cmp(&a.1.total()).then_with(|| a.0.cmp(&b.0)));
    texts.truncate(wanted);
    texts
}

/// Returns the logarithm of the sum of two probabilities given by theirs.
fn add(a: f32, b: f32) -> f32 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f32::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(rows: &[[f32; 3]]) -> Steps {
        Steps::new(3, rows.concat().iter().map(|p| p.ln()).collect())
    }

    #[test]
    fn all_paths_of_a_text_count_together() {
        // The likeliest path says nothing (0.36); the text of one character has three paths (0.24 + 0.24 + 0.16).
        let found = best(&steps(&[[0.6, 0.4, 1e-9], [0.6, 0.4, 1e-9]]), &[1], 5, -12.0);
        assert_eq!(found[0].classes, [1]);
        assert!((found[0].log_prob.exp() - 0.64).abs() < 1e-4, "{found:?}");
        assert!((found[1].log_prob.exp() - 0.36).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn only_what_is_allowed_is_read_and_at_the_price_of_the_rest() {
        let found = best(&steps(&[[0.1, 0.2, 0.7], [0.8, 0.1, 0.1]]), &[1], 1, -12.0);
        assert_eq!(found[0].classes, [1]);
        assert!((found[0].log_prob.exp() - (0.2 * 0.8 + 0.1 * 0.1 + 0.2 * 0.1)).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn a_doubled_character_needs_a_blank_between() {
        let found = best(&steps(&[[0.1, 0.9, 1e-9], [0.9, 0.1, 1e-9], [0.1, 0.9, 1e-9]]), &[1, 2], 2, -12.0);
        assert_eq!(found[0].classes, [1, 1]);
    }

    #[test]
    fn no_steps_say_nothing_for_sure() {
        assert_eq!(best(&Steps::new(3, Vec::new()), &[1, 2], 3, -12.0), [Found { classes: vec![], log_prob: 0.0 }]);
    }
}
