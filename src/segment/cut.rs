//! Cuts lines out of a page: chains in, line images out, straightened along their axes and freed of their neighbours' ink.

use super::chain::{Chain, Chains};
use super::component::Components;
use super::ink::Run;
use crate::model::{CleanPage, LineImage};
use image::GrayImage;
use std::ops::Range;

/// Room above and below the ink of a line, as a share of its height.
const MARGIN_SHARE: f32 = 1.0 / 12.0;
/// Room left and right of it, in heights of the page's usual component.
const SIDE_HEIGHTS: f32 = 0.25;
/// Marks reach at most this far beyond the print of their line, in heights of the usual component.
const MARKS_HEIGHTS: f32 = 0.9;

/// Specks of at most this share of the square over the usual component's height do not widen a line; dots are larger.
const SPECK_SHARE: f32 = 0.02;

/// What lines are cut from.
pub struct Sheet<'a> {
    page: &'a CleanPage,
    components: &'a Components,
    chains: &'a Chains,
    /// Pixels of the page to one of the working copy.
    scale: u32,
    /// For each working row, the index of its first run.
    rows: Vec<usize>,
    /// The same for runs of rules.
    rule_rows: Vec<usize>,
    /// For each component, the chain it belongs to.
    owners: Vec<Option<usize>>,
}

impl<'a> Sheet<'a> {
    /// Prepares cutting. `scale` is the number of page pixels to one of the working copy that components and chains are of.
    pub fn new(page: &'a CleanPage, components: &'a Components, chains: &'a Chains, scale: u32) -> Self {
        let mut owners = vec![None; components.all.len()];
        for (number, chain) in chains.chains.iter().enumerate() {
            for &at in &chain.members {
                if let Some(owner) = owners.get_mut(at) {
                    *owner = Some(number);
                }
            }
        }
        let (rows, rule_rows) = (first_of_rows(&components.runs), first_of_rows(&components.rule_runs));
        Self { page, components, chains, scale, rows, rule_rows, owners }
    }

    /// Cuts out line number `number`; `None` where nothing of it lies on the page.
    pub fn cut(&self, number: usize) -> Option<LineImage> {
        let chain = self.chains.chains.get(number)?;
        let (above, below) = self.extent(number, chain);
        let scale = self.scale as f32;
        let (page_width, page_height) = self.page.grey.dimensions();
        let side = SIDE_HEIGHTS * self.chains.height;
        let left = ((chain.left - side).max(0.0) * scale) as u32;
        let right = (((chain.right + side) * scale).ceil() as u32).min(page_width);
        let margin = MARGIN_SHARE * (above + below);
        let height = (((above + below + 2.0 * margin) * scale).round() as u32).clamp(1, page_height);
        if left >= right {
            return None;
        }
        let top = |x: u32| ((chain.axis.at(x as f32 / scale) - above - margin) * scale).round() as i32;
        let tops: Vec<i32> = (left..right).map(top).collect();
        let mut line = LineImage { grey: GrayImage::new(right - left, height), left, tops };
        self.copy(&mut line);
        self.clear_neighbours(&mut line, number);
        self.clear_rules(&mut line);
        Some(line)
    }

    /// Returns how far the ink of a chain reaches above and below its axis, in working pixels.
    fn extent(&self, number: usize, chain: &Chain) -> (f32, f32) {
        let marks = MARKS_HEIGHTS * self.chains.height;
        let (mut above, mut below) = (1.0_f32, 1.0_f32);
        let members = chain.members.iter().filter_map(|&at| self.components.all.get(at));
        let least = SPECK_SHARE * self.chains.height * self.chains.height;
        for component in members.filter(|component| component.area as f32 > least) {
            let middle = chain.axis.at(component.centre());
            above = above.max(middle - component.top as f32);
            below = below.max(component.bottom as f32 - middle);
        }
        let is_shared = self.chains.shared.values().any(|chains| chains.contains(&number));
        let (least_above, least_below) = if is_shared { (chain.above, chain.below) } else { (1.0, 1.0) };
        (above.max(least_above).min(chain.above + marks), below.max(least_below).min(chain.below + marks))
    }

    fn copy(&self, line: &mut LineImage) {
        let (page_width, page_height) = self.page.grey.dimensions();
        let source = self.page.grey.as_raw();
        let (width, left) = (line.grey.width() as usize, line.left as usize);
        let pixels: &mut [u8] = &mut line.grey;
        for (row, target) in pixels.chunks_exact_mut(width).enumerate() {
            for (x, (value, top)) in target.iter_mut().zip(&line.tops).enumerate() {
                let y = i64::from(*top) + row as i64;
                // Beyond the page's edge the line goes on as at the edge.
                let y = y.clamp(0, i64::from(page_height) - 1) as usize;
                *value = source.get(y * page_width as usize + left + x).copied().unwrap_or(255);
            }
        }
    }

    /// Paints the ink of other lines in the colour of the paper.
    fn clear_neighbours(&self, line: &mut LineImage, number: usize) {
        let of_line = self.span(line, &self.rows);
        let runs = self.components.runs.get(of_line.clone()).unwrap_or(&[]);
        let owners = self.components.owners.get(of_line).unwrap_or(&[]);
        let foreign = runs.iter().zip(owners).filter(|(run, owner)| self.is_foreign(run, **owner, number));
        // A pixel more on each side: the edges of letters are grey.
        self.paint(line, foreign.map(|(run, _)| run), 1);
    }

    /// Paints rules in the colour of the paper: underlines, and what frames leave in a line. Where a letter stands on one, the rule is part
    /// of the letter and stays.
    fn clear_rules(&self, line: &mut LineImage) {
        let runs = self.components.rule_runs.get(self.span(line, &self.rule_rows)).unwrap_or(&[]);
        // Nothing left and right of it: there letters may touch.
        self.paint(line, runs.iter(), 0);
    }

    /// Returns which runs may lie in a line; `rows` has the first of each row.
    fn span(&self, line: &LineImage, rows: &[usize]) -> Range<usize> {
        let (scale, height) = (i64::from(self.scale), i64::from(line.grey.height()));
        let highest = line.tops.iter().copied().min().unwrap_or(0);
        let lowest = line.tops.iter().copied().max().unwrap_or(0);
        let at = |row: i64| rows.get(row.max(0) as usize).or(rows.last()).copied().unwrap_or(0);
        at(i64::from(highest) / scale - 1)..at((i64::from(lowest) + height) / scale + 2)
    }

    /// Paints runs in the colour of the paper, with a row above and below and `beside` columns left and right.
    fn paint<'r>(&self, line: &mut LineImage, runs: impl Iterator<Item = &'r Run>, beside: i64) {
        let scale = i64::from(self.scale);
        let (width, height) = (i64::from(line.grey.width()), i64::from(line.grey.height()));
        let left = i64::from(line.left);
        let mut paper = None;
        for run in runs {
            let columns = ((i64::from(run.left) - beside) * scale - left).max(0)
                ..((i64::from(run.right) + beside) * scale - left).min(width);
            if columns.is_empty() {
                continue;
            }
            let paper = *paper.get_or_insert_with(|| paper_of(&line.grey));
            for x in columns {
                let top = line.tops.get(x as usize).map_or(0, |&top| i64::from(top));
                let rows =
                    ((i64::from(run.y) - 1) * scale - top).max(0)..((i64::from(run.y) + 2) * scale - top).min(height);
                for y in rows {
                    line.grey.put_pixel(x as u32, y as u32, image::Luma([paper]));
                }
            }
        }
    }

    /// Says whether a run belongs to another line than `number`. What belongs to no line stays: it may be a part of a letter.
    fn is_foreign(&self, run: &Run, component: u32, number: usize) -> bool {
        if let Some(chains) = self.chains.shared.get(&(component as usize)) {
            let x = (run.left + run.right) as f32 / 2.0;
            let away =
                |&at: &usize| self.chains.chains.get(at).map_or(f32::MAX, |chain| chain.distance(x, run.y as f32));
            let nearest = chains.iter().min_by(|a, b| away(a).total_cmp(&away(b)));
            return nearest.is_some_and(|&nearest| nearest != number);
        }
        self.owners.get(component as usize).copied().flatten().is_some_and(|owner| owner != number)
    }
}

/// Returns, for each row, the index of its first run, and behind the last row the number of runs.
fn first_of_rows(runs: &[Run]) -> Vec<usize> {
    let mut rows = Vec::with_capacity(runs.last().map_or(0, |run| run.y as usize + 1) + 1);
    for (index, run) in runs.iter().enumerate() {
        while rows.len() <= run.y as usize {
            rows.push(index);
        }
    }
    rows.push(runs.len());
    rows
}

impl Chain {
    /// Returns how far a point lies from the band of the line's print; none within it.
    fn distance(&self, x: f32, y: f32) -> f32 {
        let off = y - self.axis.at(x);
        (-off - self.above).max(off - self.below)
    }
}

/// Returns the lightness of paper: what nine in ten pixels do not exceed.
fn paper_of(grey: &GrayImage) -> u8 {
    let mut histogram = [0_u32; 256];
    grey.as_raw().iter().step_by(7).for_each(|&value| histogram[usize::from(value)] += 1);
    let limit = histogram.iter().sum::<u32>() * 3 / 4;
    let mut passed = 0;
    let found = histogram.iter().position(|count| {
        passed += count;
        passed > limit
    });
    found.map_or(255, |value| value as u8)
}
