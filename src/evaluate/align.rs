//! Lays the words read beside the words of the truth: two lists in, the pairs of equal words in the cheapest alignment out.

/// Returns for each item of `read` the index of its equal in `truth`, where an alignment with fewest edits pairs them.
///
/// Wagner and Fischer's table, "The string-to-string correction problem", JACM 21 (1974); a byte for each pair of items.
pub fn equal_pairs(truth: &[&str], read: &[&str]) -> Vec<Option<usize>> {
    const BOTH: u8 = 0;
    const TRUTH_ALONE: u8 = 1;
    const READ_ALONE: u8 = 2;
    let width = read.len() + 1;
    let mut step = vec![TRUTH_ALONE; (truth.len() + 1) * width];
    step[..width].fill(READ_ALONE);
    let mut above: Vec<usize> = (0..width).collect();
    for (row, word) in truth.iter().enumerate() {
        let mut here = Vec::with_capacity(width);
        here.push(row + 1);
        for (column, other) in read.iter().enumerate() {
            let ways = [
                (above[column] + usize::from(word != other), BOTH),
                (above[column + 1] + 1, TRUTH_ALONE),
                (here[column] + 1, READ_ALONE),
            ];
            let best = ways.into_iter().min().unwrap_or((0, BOTH));
            here.push(best.0);
            step[(row + 1) * width + column + 1] = best.1;
        }
        above = here;
    }
    let mut pairs = vec![None; read.len()];
    let (mut row, mut column) = (truth.len(), read.len());
    while row > 0 || column > 0 {
        match step[row * width + column] {
            BOTH => {
                (row, column) = (row - 1, column - 1);
                pairs[column] = (truth[row] == read[column]).then_some(row);
            }
            TRUTH_ALONE => row -= 1,
            _ => column -= 1,
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(truth: &str, read: &str, want: &[Option<usize>]) {
        let (truth, read): (Vec<&str>, Vec<&str>) =
            (truth.split_whitespace().collect(), read.split_whitespace().collect());
        assert_eq!(equal_pairs(&truth, &read), want);
    }

    #[test]
    fn equal_words_are_paired_around_what_differs() {
        check("a b c d", "a x c d", &[Some(0), None, Some(2), Some(3)]);
        check("a b c", "b c", &[Some(1), Some(2)]);
        check("b c", "a b c e", &[None, Some(0), Some(1), None]);
        check("", "a", &[None]);
        check("a", "", &[]);
    }
}
