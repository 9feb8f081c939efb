//! What is written on a line: its steps in, the characters from left to right out, each with the steps it stands on.
//!
//! Connectionist temporal classification: at every step the net names a character or the blank, a character said at several
//! steps on end is one character. Source: Graves et al., "Connectionist temporal classification", ICML 2006.

use super::net::Steps;
use std::ops::Range;

/// The class of no character.
pub const BLANK: usize = 0;

/// One class for every step, with the logarithm of its probability.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// Class and logarithm at each step.
    pub steps: Vec<(usize, f32)>,
}

/// A character on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// Its class, never the blank.
    pub class: usize,
    /// The steps at which the net names it.
    pub steps: Range<usize>,
}

impl Sign {
    /// Returns twice the middle of its steps.
    pub fn doubled_centre(&self) -> usize {
        self.steps.start + self.steps.end
    }
}

impl Path {
    /// Returns the likeliest class of every step.
    pub fn greedy(steps: &Steps) -> Self {
        let best = |row: &[f32]| {
            let best = row.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
            best.unwrap_or((BLANK, 0.0))
        };
        Self { steps: steps.rows().map(best).collect() }
    }

    /// Returns the likeliest path that says just `classes`, or `None` where there are too few steps for them.
    pub fn saying(classes: &[usize], steps: &Steps) -> Option<Self> {
        // State 2k is the blank before the k-th character, 2k + 1 the character itself.
        let class_of =
            |state: usize| if state % 2 == 0 { BLANK } else { classes.get(state / 2).copied().unwrap_or(BLANK) };
        let states = 2 * classes.len() + 1;
        let mut score = vec![f32::NEG_INFINITY; states];
        let mut came_from: Vec<Vec<u8>> = Vec::with_capacity(steps.len());
        for (step, row) in steps.rows().enumerate() {
            let log_prob = |state: usize| row.get(class_of(state)).copied().unwrap_or(f32::NEG_INFINITY);
            let mut next = vec![f32::NEG_INFINITY; states];
            let mut from = vec![0_u8; states];
            for state in 0..states {
                let reached = |back: usize| {
                    let before = state.checked_sub(back)?;
                    // A character may follow another at once, unless it is the same again.
                    let allowed = back < 2 || (state % 2 == 1 && class_of(state) != class_of(before));
                    allowed.then(|| (score.get(before).copied().unwrap_or(f32::NEG_INFINITY), back as u8))
                };
                let best = if step == 0 {
                    (if state < 2 { 0.0 } else { f32::NEG_INFINITY }, 0)
                } else {
                    let ways = (0..3).filter_map(reached);
                    ways.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f32::NEG_INFINITY, 0))
                };
                next[state] = best.0 + log_prob(state);
                from[state] = best.1;
            }
            score = next;
            came_from.push(from);
        }
        let mut state = (states.saturating_sub(2)..states).max_by(|a, b| score[*a].total_cmp(&score[*b]))?;
        if score[state] == f32::NEG_INFINITY {
            return None;
        }
        let mut path = Vec::with_capacity(steps.len());
        for (row, from) in steps.rows().zip(&came_from).collect::<Vec<_>>().into_iter().rev() {
            let class = class_of(state);
            path.push((class, row.get(class).copied().unwrap_or(f32::NEG_INFINITY)));
            state -= usize::from(from[state]);
        }
        path.reverse();
        Some(Self { steps: path })
    }

    /// Returns the characters it says.
    pub fn signs(&self) -> Vec<Sign> {
        let mut signs: Vec<Sign> = Vec::new();
        let mut before = BLANK;
        for (step, (class, _)) in self.steps.iter().enumerate() {
            match signs.last_mut() {
                Some(sign) if *class == before && *class != BLANK => sign.steps.end = step + 1,
                _ if *class != BLANK => signs.push(Sign { class: *class, steps: step..step + 1 }),
                _ => {}
            }
            before = *class;
        }
        signs
    }

    /// Returns the probability of some of its steps, all together.
    pub fn probability(&self, steps: Range<usize>) -> f32 {
        let inside = steps.start.min(self.steps.len())..steps.end.min(self.steps.len());
        self.steps.get(inside).unwrap_or(&[]).iter().map(|(_, log_prob)| log_prob).sum::<f32>().exp()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Steps of which each names one class of three with probability 0.8.
    pub fn steps_of(classes: &[usize]) -> Steps {
        let row =
            |class: &usize| (0..3).map(|other| if other == *class { 0.8_f32.ln() } else { 0.1_f32.ln() }).collect();
        let rows: Vec<Vec<f32>> = classes.iter().map(row).collect();
        Steps::new(3, rows.concat())
    }

    fn classes(path: &Path) -> Vec<usize> {
        path.signs().iter().map(|sign| sign.class).collect()
    }

    #[test]
    fn repeated_classes_are_one_character_and_a_blank_parts_two() {
        let path = Path::greedy(&steps_of(&[0, 1, 1, 0, 1, 2, 2, 0]));
        assert_eq!(classes(&path), [1, 1, 2]);
        assert_eq!(path.signs()[2].steps, 5..7);
        assert!((path.probability(1..3) - 0.64).abs() < 1e-5);
        assert!(Path::greedy(&Steps::new(3, Vec::new())).signs().is_empty());
    }

    #[test]
    fn a_path_that_says_the_greedy_text_is_the_greedy_path() {
        let steps = steps_of(&[0, 1, 1, 0, 1, 2, 2, 0]);
        assert_eq!(Path::saying(&[1, 1, 2], &steps), Some(Path::greedy(&steps)));
    }

    #[test]
    fn a_path_can_be_made_to_say_another_text_if_there_is_room() {
        let steps = steps_of(&[1, 1, 1]);
        assert_eq!(classes(&Path::saying(&[1, 1], &steps).unwrap()), [1, 1]);
        assert_eq!(Path::saying(&[1, 1, 1], &steps), None);
        assert!(classes(&Path::saying(&[], &steps).unwrap()).is_empty());
        assert_eq!(Path::saying(&[1], &steps_of(&[])), None);
    }
}
