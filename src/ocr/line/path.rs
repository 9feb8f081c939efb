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
mod tests {
    use super::*;

    /// Steps of which each names one class of three with probability 0.8.
    fn steps_of(classes: &[usize]) -> Steps {
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
}
