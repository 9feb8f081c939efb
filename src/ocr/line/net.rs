//! The network: lines as it sees them in, the probability of every character at every step of them out.
//!
//! rten runs it. It brings a pool of threads of its own and a rayon worker that waits for another pool takes up other work
//! meanwhile: a second page on the same stack. So the lines of a page are read on a pool of one thread, for which the
//! caller waits without stealing: one thread a page, whoever calls.
//!
//! Batches are small: rten's convolutions gain nothing from them (6.0 ms a line alone, 6.3 ms among sixteen).

use super::fit::Ink;
use rten::{Model, RunOptions, ThreadPool};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use serde::Deserialize;
use std::sync::Arc;
use std::thread;

/// Columns of a batch, padding included: what bounds the memory of a run.
const BATCH_COLUMNS: usize = 4096;
/// Wider lines are read in pieces.
const PIECE_COLUMNS: usize = 4096;
/// How far from its end a piece may be cut to find a column without ink.
const CUT_WITHIN: usize = 512;
/// At most one column in so many is padding.
const PADDING_SHARE: usize = 16;

/// What stands beside the weights.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct About {
    /// The characters, in visual order of the line; class 0 is the blank, class k the k-th of these.
    pub chars: Vec<char>,
    /// Rows of the picture.
    pub height: usize,
    /// Columns of the picture for each step.
    pub stride: usize,
    /// The picture is padded to a multiple of so many columns.
    #[serde(default = "eight")]
    pub width_multiple: usize,
    /// Raised with every set of weights.
    pub version: u32,
    /// Pairs of a word's raw score and the share of words that are right at that score, rising in both.
    #[serde(default)]
    pub confidence: Vec<(f32, f32)>,
}

fn eight() -> usize {
    8
}

/// Why a net cannot be used, or failed.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// What stands beside the weights is not understood.
    #[error("its description is wrong: {0}")]
    About(String),
    /// The weights cannot be loaded.
    #[error("its weights cannot be loaded: {0}")]
    Load(Box<rten::LoadError>),
    /// A run failed.
    #[error("it failed on {lines} lines of {columns} columns: {what}")]
    Run {
        /// Lines of the batch.
        lines: usize,
        /// Columns of each.
        columns: usize,
        /// What rten answered.
        what: String,
    },
}

/// Natural logarithms of the probabilities of all classes at every step of a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    classes: usize,
    log_probs: Vec<f32>,
}

impl Steps {
    /// Returns the steps of a line from rows of `classes` logarithms each.
    pub fn new(classes: usize, log_probs: Vec<f32>) -> Self {
        Self { classes: classes.max(1), log_probs }
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.log_probs.len() / self.classes.max(1)
    }

    /// Returns the logarithms of each step in turn.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.log_probs.chunks_exact(self.classes.max(1))
    }

    /// Returns some of the steps.
    pub fn part(&self, from: usize, to: usize) -> Self {
        let (from, to) = (from.min(self.len()), to.min(self.len()));
        let log_probs = self.log_probs.get(from * self.classes..to * self.classes).unwrap_or(&[]).to_vec();
        Self { classes: self.classes, log_probs }
    }
}

/// The network with its description.
pub struct Net {
    model: Model,
    /// What stands beside the weights.
    pub about: About,
}

impl Net {
    /// Loads a net and tries it on an empty line.
    ///
    /// # Errors
    /// [`NetError`] when weights or description cannot be used, or do not belong together.
    pub fn load(weights: Vec<u8>, about: &[u8]) -> Result<Self, NetError> {
        let about: About = serde_json::from_slice(about).map_err(|error| NetError::About(error.to_string()))?;
        let wrong = |what: &str| Err(NetError::About(what.to_owned()));
        if !(8..=256).contains(&about.height) {
            return wrong("the height is not from 8 to 256");
        }
        if !(1..=64).contains(&about.stride) || !(1..=64).contains(&about.width_multiple) {
            return wrong("stride or width multiple are not from 1 to 64");
        }
        if about.chars.is_empty() || about.chars.len() > 5000 {
            return wrong("there are no characters, or over 5000");
        }
        let rising = about.confidence.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        if !rising {
            return wrong("the table of confidence does not rise");
        }
        let model = Model::load(weights).map_err(|error| NetError::Load(Box::new(error)))?;
        let net = Self { model, about };
        net.read(&[blank_line(net.about.height)])?;
        Ok(net)
    }

    /// Returns the steps of each line, on the caller's time and one thread.
    ///
    /// # Errors
    /// [`NetError::Run`] when the net fails.
    pub fn read(&self, lines: &[Ink]) -> Result<Vec<Steps>, NetError> {
        let pieces: Vec<Piece> = lines
            .iter()
            .enumerate()
            .flat_map(|(line, ink)| pieces(ink, self.about.stride).map(move |columns| Piece { line, columns }))
            .collect();
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        let read = || self.read_pieces(lines, &pieces, &pool);
        let answer = thread::scope(|threads| threads.spawn(|| pool.run(read)).join());
        let failed = |what: &str| NetError::Run { lines: lines.len(), columns: 0, what: what.to_owned() };
        let read = answer.map_err(|_| failed("rten panicked"))??;
        let mut steps = vec![Steps::new(self.classes(), Vec::new()); lines.len()];
        for (piece, log_probs) in pieces.iter().zip(read) {
            if let Some(steps) = steps.get_mut(piece.line) {
                steps.log_probs.extend(log_probs);
            }
        }
        Ok(steps)
    }

    fn classes(&self) -> usize {
        self.about.chars.len() + 1
    }

    /// Returns the logarithms of each piece, in their order.
    fn read_pieces(&self, lines: &[Ink], pieces: &[Piece], pool: &Arc<ThreadPool>) -> Result<Vec<Vec<f32>>, NetError> {
        let mut read = vec![Vec::new(); pieces.len()];
        for batch in batches(pieces, self.about.width_multiple) {
            let images: Vec<(&Ink, &Piece)> = batch
                .iter()
                .filter_map(|at| pieces.get(*at))
                .filter_map(|piece| Some((lines.get(piece.line)?, piece)))
                .collect();
            for (at, log_probs) in batch.iter().zip(self.run(&images, pool)?) {
                if let Some(place) = read.get_mut(*at) {
                    *place = log_probs;
                }
            }
        }
        Ok(read)
    }

    fn run(&self, batch: &[(&Ink, &Piece)], pool: &Arc<ThreadPool>) -> Result<Vec<Vec<f32>>, NetError> {
        let (height, stride) = (self.about.height, self.about.stride);
        let widest = batch.iter().map(|(_, piece)| piece.width()).max().unwrap_or(0);
        let columns = widest.next_multiple_of(self.about.width_multiple.max(stride));
        let failed = |what: String| NetError::Run { lines: batch.len(), columns, what };
        let mut input = Vec::with_capacity(batch.len() * height * columns);
        for (ink, piece) in batch {
            let part = ink.part(piece.columns.0, piece.columns.1);
            for row in part.chunks(piece.width().max(1)).take(height) {
                input.extend_from_slice(row);
                input.resize(input.len() + columns - row.len(), 0.0);
            }
        }
        if input.len() != batch.len() * height * columns {
            return Err(failed("the lines are not as high as the net's picture".to_owned()));
        }
        let input = NdTensor::from_data([batch.len(), 1, height, columns], input);
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(pool)));
        let output = self.model.run_one(input.into(), Some(options)).map_err(|error| failed(error.to_string()))?;
        let logits = NdTensor::<f32, 3>::try_from(output).map_err(|error| failed(format!("{error:?}")))?;
        let [lines, classes, steps] = logits.shape();
        if (lines, classes) != (batch.len(), self.classes()) || steps < widest.div_ceil(stride) {
            return Err(failed(format!("it answered {lines} lines of {classes} classes and {steps} steps")));
        }
        let logits = logits.to_vec();
        let of_line = logits.chunks_exact(classes * steps);
        Ok(of_line
            .zip(batch)
            .map(|(line, (_, piece))| log_softmax(line, steps, piece.width().div_ceil(stride)))
            .collect())
    }
}

/// Returns the first `wanted` of the steps of one line, as a row of logarithms each. Logits come as a row for each class.
fn log_softmax(logits: &[f32], steps: usize, wanted: usize) -> Vec<f32> {
    let classes = logits.len() / steps.max(1);
    let mut log_probs = Vec::with_capacity(wanted * classes);
    for step in 0..wanted {
        let row = log_probs.len();
        log_probs.extend(logits.iter().skip(step).step_by(steps.max(1)));
        let row = &mut log_probs[row..];
        let top = row.iter().copied().fold(f32::MIN, f32::max);
        let sum: f32 = row.iter().map(|logit| (logit - top).exp()).sum();
        let shift = top + sum.ln();
        row.iter_mut().for_each(|logit| *logit -= shift);
    }
    log_probs
}

/// Some columns of a line.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    line: usize,
    columns: (usize, usize),
}

impl Piece {
    fn width(&self) -> usize {
        self.columns.1 - self.columns.0
    }
}

/// Cuts a line into pieces that fit a batch, between steps where it has least ink; most lines are one piece.
fn pieces(ink: &Ink, stride: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        if from >= ink.width {
            return None;
        }
        let mut to = ink.width;
        if to - from > PIECE_COLUMNS {
            let last = from + PIECE_COLUMNS / stride * stride;
            let candidates = (0..CUT_WITHIN / stride).map(|steps| last - steps * stride);
            to = candidates.min_by(|a, b| ink.weight(*a).total_cmp(&ink.weight(*b))).unwrap_or(last);
        }
        let piece = (from, to);
        from = to;
        Some(piece)
    })
}

/// Groups pieces of like width, by their index.
fn batches(pieces: &[Piece], multiple: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    let width = |at: usize| pieces.get(at).map_or(0, |piece| piece.width().next_multiple_of(multiple.max(1)));
    order.sort_by_key(|at| width(*at));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut filled = 0;
    for at in order {
        let width = width(at);
        match batches.last_mut() {
            Some(batch)
                if (batch.len() + 1) * width <= BATCH_COLUMNS
                    && (batch.len() + 1) * width - filled - width <= (batch.len() + 1) * width / PADDING_SHARE =>
            {
                batch.push(at);
                filled += width;
            }
            _ => {
                batches.push(vec![at]);
                filled = width;
            }
        }
    }
    batches
}

fn blank_line(height: usize) -> Ink {
    Ink { width: 64, height, values: vec![0.0; 64 * height], columns_each: 1.0, ink_below: 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ink(width: usize, blank: usize) -> Ink {
        let values = (0..width).map(|x| if x == blank { 0.0 } else { 1.0 }).collect();
        Ink { width, height: 1, values, columns_each: 1.0, ink_below: 128 }
    }

    #[test]
    fn a_line_of_any_width_is_cut_where_it_has_no_ink() {
        assert_eq!(pieces(&ink(300, 5), 4).collect::<Vec<_>>(), [(0, 300)]);
        assert_eq!(pieces(&ink(5000, 4000), 4).collect::<Vec<_>>(), [(0, 4000), (4000, 5000)]);
        let cuts: Vec<_> = pieces(&ink(100_000, 4000), 4).collect();
        assert!(cuts.iter().all(|(from, to)| from < to && to - from <= PIECE_COLUMNS), "{cuts:?}");
        assert_eq!((cuts[0].0, cuts[cuts.len() - 1].1), (0, 100_000));
    }

    #[test]
    fn batches_hold_lines_of_like_width_and_little_padding() {
        let widths = [800, 40, 816, 4096, 805, 48, 2000, 2100];
        let all: Vec<Piece> =
            widths.iter().enumerate().map(|(line, width)| Piece { line, columns: (0, *width) }).collect();
        let mut seen = Vec::new();
        for batch in batches(&all, 8) {
            let widest = batch.iter().map(|at| widths[*at].next_multiple_of(8)).max().unwrap();
            let filled: usize = batch.iter().map(|at| widths[*at].next_multiple_of(8)).sum();
            let columns = widest * batch.len();
            assert!(batch.len() == 1 || columns <= BATCH_COLUMNS, "{batch:?}");
            assert!((columns - filled) * PADDING_SHARE <= columns, "{batch:?}");
            seen.extend(batch);
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..widths.len()).collect::<Vec<_>>());
    }

    #[test]
    fn logits_become_probabilities_step_by_step() {
        let rows = log_softmax(&[0.0, 1.0, 9.0, 0.0, 1.0, 9.0], 3, 2);
        assert_eq!(rows.len(), 4);
        assert!(rows.iter().all(|log_prob| (log_prob.exp() - 0.5).abs() < 1e-6), "{rows:?}");
        let steps = Steps::new(2, rows);
        assert_eq!((steps.len(), steps.part(1, 9).len(), steps.rows().count()), (2, 1, 2));
    }
}
