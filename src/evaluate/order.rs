//! How much the order of lines costs: the errors left when each line read may be compared with any line of the truth.

use rapidfuzz::distance::levenshtein;

/// Lines that differ by this share of the longer one's length or more are not matched: they have nothing in common.
const FOREIGN: f64 = 0.75;

/// Returns the least edits over characters that were found when the lines read are matched freely with those of the truth, each
/// with one at most: like lines first. What stays without a match counts whole. Both are in the same form; empty lines do
/// not count. The matching is greedy, so the figure is an upper bound.
pub fn free_errors(truth: &[String], read: &[String]) -> usize {
    let truth: Vec<Vec<char>> = letters(truth);
    let read: Vec<Vec<char>> = letters(read);
    let mut pairs: Vec<(f64, usize, usize, usize)> = Vec::new();
    for (at, line) in truth.iter().enumerate() {
        for (other, candidate) in read.iter().enumerate() {
            let longer = line.len().max(candidate.len());
            // A line much shorter or longer cannot match, whatever stands in it.
            if line.len().abs_diff(candidate.len()) as f64 >= FOREIGN * longer as f64 {
                continue;
            }
            let errors = levenshtein::distance(line.iter().copied(), candidate.iter().copied());
            let share = errors as f64 / longer as f64;
            if share < FOREIGN {
                pairs.push((share, at, other, errors));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut open, mut spare) = (vec![true; truth.len()], vec![true; read.len()]);
    let mut sum = 0;
    for (_, at, other, errors) in pairs {
        if open[at] && spare[other] {
            (open[at], spare[other]) = (false, false);
            sum += errors;
        }
    }
    let left = |lines: &[Vec<char>], flags: &[bool]| {
        lines.iter().zip(flags).filter(|(_, open)| **open).map(|(line, _)| line.len()).sum::<usize>()
    };
    sum + left(&truth, &open) + left(&read, &spare)
}

fn letters(lines: &[String]) -> Vec<Vec<char>> {
    lines.iter().map(|line| line.chars().collect()).filter(|line: &Vec<char>| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(truth: &[&str], read: &[&str], want: usize) {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(free_errors(&lines(truth), &lines(read)), want);
    }

    #[test]
    fn the_order_of_lines_does_not_count() {
        check(&["العدد 12", "وزاره الاعمار", ""], &["وزاره الاعمار", "العدد 12"], 0);
        check(&["العدد 12", "وزاره الاعمار"], &["وزاره الاعماد", "العدد 1"], 2);
    }

    #[test]
    fn what_is_missing_or_invented_counts_whole() {
        check(&["العدد 12", "وزاره"], &["العدد 12"], 5);
        check(&["العدد 12"], &["xyzw", "العدد 12"], 4);
        check(&[], &[], 0);
    }
}
