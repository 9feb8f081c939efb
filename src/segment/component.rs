//! Gathers runs of ink into connected components, and frees print from the rules it touches.

use super::ink::{Ink, Run};
use std::collections::HashMap;

/// A rule is at least this long, in inches.
const RULE_INCHES: f32 = 0.48;
/// And at most this thick.
const RULE_THICKNESS_INCHES: f32 = 0.045;
/// A shorter one that lies may be a letter drawn out; nothing is as long and stands.
const CERTAIN_INCHES: f32 = 1.0;
/// Pieces of one rule climb at most so much from one to the next.
const STEEPEST: f32 = 0.03;
/// Components at least this large, in inches along each side, may be frames of tables with print touching them.
const FRAME_INCHES: f32 = 0.5;

/// Ink that hangs together along rows, columns and diagonals. Edges in working pixels, `right` and `bottom` exclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Component {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Column after the last.
    pub right: u32,
    /// Row after the last.
    pub bottom: u32,
    /// Pixels of ink.
    pub area: u32,
    /// Mean row of its ink.
    pub middle: f32,
}

impl Component {
    /// Returns the number of columns.
    pub fn width(&self) -> f32 {
        (self.right - self.left) as f32
    }

    /// Returns the number of rows.
    pub fn height(&self) -> f32 {
        (self.bottom - self.top) as f32
    }

    /// Returns the column halfway between its edges.
    pub fn centre(&self) -> f32 {
        (self.left + self.right) as f32 / 2.0
    }

    /// Returns the columns between this and another; negative where they overlap.
    pub fn gap(&self, other: &Self) -> f32 {
        self.left.max(other.left) as f32 - self.right.min(other.right) as f32
    }

    /// Returns the rows shared with another; negative where there are rows between.
    pub fn shared_rows(&self, other: &Self) -> f32 {
        self.bottom.min(other.bottom) as f32 - self.top.max(other.top) as f32
    }
}

/// The components of a page, and which of them each run of ink belongs to.
#[derive(Clone, Debug)]
pub struct Components {
    /// The components.
    pub all: Vec<Component>,
    /// All runs but those of rules, row by row.
    pub runs: Vec<Run>,
    /// For each run, the index of its component.
    pub owners: Vec<u32>,
    /// Rules, horizontal and vertical, as boxes.
    pub rules: Vec<Component>,
    /// The runs of rules that no letter can be, row by row.
    pub rule_runs: Vec<Run>,
}

impl Components {
    /// Returns the components of a page's ink. Frames and other large components are taken apart along their rules.
    pub fn of(ink: Ink) -> Self {
        let inch = ink.inch;
        let mut runs = ink.runs;
        let (mut all, mut owners) = connect(&runs);
        let framed: Vec<bool> = all.iter().map(|component| may_be_frame(component, inch)).collect();
        if !framed.contains(&true) {
            return Self { all, runs, owners, rules: Vec::new(), rule_runs: Vec::new() };
        }
        let mut freed: HashMap<u32, Vec<Run>> = HashMap::new();
        for (run, owner) in runs.iter().zip(&owners) {
            if framed.get(*owner as usize) == Some(&true) {
                freed.entry(*owner).or_default().push(*run);
            }
        }
        let is_framed = |owner: u32| framed.get(owner as usize) == Some(&true);
        let untouched = runs.iter().zip(&owners).filter(|(_, owner)| !is_framed(**owner));
        let mut kept: Vec<(Run, bool)> = untouched.map(|(run, _)| (*run, false)).collect();
        let mut rule_runs = Vec::new();
        for (owner, runs) in freed {
            let Some(component) = all.get(owner as usize) else { continue };
            let (rules, others) = without_rules(component, &runs, inch);
            rule_runs.extend(rules);
            kept.extend(others);
        }
        kept.sort_by_key(|(run, _)| (run.y, run.left));
        rule_runs.sort_by_key(|(run, _)| (run.y, run.left));
        let touching: Vec<bool>;
        (runs, touching) = kept.into_iter().unzip();
        (all, owners) = connect(&runs);
        let (mut rule_runs, certain): (Vec<Run>, Vec<bool>) = rule_runs.into_iter().unzip();
        let rules = connect(&rule_runs).0;
        let mut certain = certain.iter();
        rule_runs.retain(|_| certain.next() == Some(&true));
        Self { all, runs, owners, rules, rule_runs }.without_splinters(&touching, inch)
    }

    /// Drops what is left of rules where they cross or are frayed: components no thicker than a rule that touched one.
    fn without_splinters(mut self, touching: &[bool], inch: f32) -> Self {
        let thick = 1.2 * RULE_THICKNESS_INCHES * inch;
        let mut splinters = vec![false; self.all.len()];
        for (&owner, _) in self.owners.iter().zip(touching).filter(|(_, touches)| **touches) {
            let is_thin = |component: &Component| component.width().min(component.height()) <= thick;
            if let (Some(splinter), Some(component)) = (splinters.get_mut(owner as usize), self.all.get(owner as usize))
            {
                *splinter = is_thin(component);
            }
        }
        let mut numbers = Vec::with_capacity(self.all.len());
        let mut kept = 0;
        for &splinter in &splinters {
            numbers.push(kept);
            kept += u32::from(!splinter);
        }
        let stays = |owner: u32| splinters.get(owner as usize) == Some(&false);
        let runs = self.runs.iter().zip(&self.owners).filter(|(_, owner)| stays(**owner));
        let (runs, owners) = runs.filter_map(|(run, owner)| Some((*run, *numbers.get(*owner as usize)?))).unzip();
        let mut splinters = splinters.iter();
        self.all.retain(|_| splinters.next() == Some(&false));
        Self { runs, owners, ..self }
    }
}

fn may_be_frame(component: &Component, inch: f32) -> bool {
    let (long, short) = (component.width().max(component.height()), component.width().min(component.height()));
    long >= FRAME_INCHES * inch && short >= 0.6 * FRAME_INCHES * inch || long >= 2.0 * FRAME_INCHES * inch
}

/// Returns connected components and, for each run, the index of its component.
fn connect(runs: &[Run]) -> (Vec<Component>, Vec<u32>) {
    let mut parents: Vec<u32> = (0..runs.len() as u32).collect();
    let mut above = 0;
    for (index, run) in runs.iter().enumerate() {
        // Runs of the row above that end left of this one cannot touch later ones of this row either.
        while runs.get(above).is_some_and(|other| other.y + 1 < run.y || other.y + 1 == run.y && other.right < run.left)
        {
            above += 1;
        }
        let touching = runs.get(above..index).unwrap_or(&[]).iter().enumerate();
        for (offset, _) in touching.take_while(|(_, other)| other.y + 1 == run.y && other.left <= run.right) {
            join(&mut parents, (above + offset) as u32, index as u32);
        }
    }
    let mut numbers: Vec<u32> = vec![u32::MAX; runs.len()];
    let mut components: Vec<Component> = Vec::new();
    let mut sums: Vec<f64> = Vec::new();
    let mut owners = Vec::with_capacity(runs.len());
    for (index, run) in runs.iter().enumerate() {
        let root = root(&mut parents, index as u32) as usize;
        if numbers[root] == u32::MAX {
            numbers[root] = components.len() as u32;
            let (top, bottom) = (run.y, run.y + 1);
            components.push(Component { left: run.left, top, right: run.right, bottom, area: 0, middle: 0.0 });
            sums.push(0.0);
        }
        let number = numbers[root];
        owners.push(number);
        let component = &mut components[number as usize];
        component.left = component.left.min(run.left);
        component.right = component.right.max(run.right);
        component.bottom = component.bottom.max(run.y + 1);
        component.area += run.right - run.left;
        sums[number as usize] += f64::from(run.y) * f64::from(run.right - run.left);
    }
    for (component, sum) in components.iter_mut().zip(sums) {
        component.middle = (sum / f64::from(component.area.max(1))) as f32 + 0.5;
    }
    (components, owners)
}

fn root(parents: &mut [u32], mut index: u32) -> u32 {
    while parents[index as usize] != index {
        // Halving the way keeps later walks short.
        parents[index as usize] = parents[parents[index as usize] as usize];
        index = parents[index as usize];
    }
    index
}

fn join(parents: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parents, a), root(parents, b));
    let (low, high) = (a.min(b), a.max(b));
    parents[high as usize] = low;
}

/// Runs with what is to be known of each.
type Marked = Vec<(Run, bool)>;

/// Returns the pieces into which letters part rules that lie; `lying` says which pixels are of one.
fn lying_pieces(width: usize, height: usize, lying: impl Fn(usize) -> bool) -> Vec<Component> {
    let mut runs = Vec::new();
    for y in 0..height {
        let mut start = None;
        for x in 0..=width {
            match (x < width && lying(y * width + x), start) {
                (true, None) => start = Some(x),
                (false, Some(left)) => {
                    runs.push(Run { y: y as u32, left: left as u32, right: x as u32 });
                    start = None;
                }
                _ => {}
            }
        }
    }
    connect(&runs).0
}

/// Marks as rule what lies between two pieces of one where letters stand on it or hang from it. Where ink goes through the rule it is a letter's
/// and stays.
fn bridge(pieces: &[Component], width: usize, ink: &[bool], inch: f32, rule: &mut [bool]) {
    let thick = (RULE_THICKNESS_INCHES * inch).ceil();
    let is_ink = |x: usize, y: f32| y >= 0.0 && ink.get(y as usize * width + x) == Some(&true);
    for piece in pieces {
        let follows = |other: &&Component| {
            let gap = other.left as f32 - piece.right as f32;
            (0.0..=inch).contains(&gap) && (other.middle - piece.middle).abs() <= 0.5 * thick + STEEPEST * gap
        };
        let Some(next) = pieces.iter().filter(follows).min_by_key(|other| other.left) else { continue };
        let thickness = |piece: &Component| piece.area as f32 / piece.width().max(1.0);
        let half = thickness(piece).min(thickness(next)).max(1.0) / 2.0;
        let (from, until) = (piece.right as usize, next.left as usize);
        for x in from..until {
            let share = (x - from + 1) as f32 / (until - from + 1) as f32;
            let middle = piece.middle + share * (next.middle - piece.middle);
            // A row beyond the rule on each side: its edges are not straight.
            let (above, below) = ((middle - half).round() - 2.0, (middle + half).round() + 1.0);
            if is_ink(x, above) && is_ink(x, below) {
                continue;
            }
            for y in (above + 2.0).max(0.0) as usize..below as usize {
                if is_ink(x, y as f32) {
                    rule[y * width + x] = true;
                }
            }
        }
    }
}

/// Parts the runs of a component into those of thin long rules and all others. A pixel is part of a rule when it lies in a long
/// run along the rule and a short one across it: where a letter stands on the rule, the run across is long.
/// Each run of a rule comes with whether it is too long for a letter, each of the others with whether it touches a rule.
fn without_rules(component: &Component, runs: &[Run], inch: f32) -> (Marked, Marked) {
    let (width, height) = ((component.right - component.left) as usize, (component.bottom - component.top) as usize);
    let mut ink = vec![false; width * height];
    for run in runs {
        let row = (run.y - component.top) as usize * width;
        let (left, right) = ((run.left - component.left) as usize, (run.right - component.left) as usize);
        ink[row + left..row + right].fill(true);
    }
    let long = (RULE_INCHES * inch) as u16;
    let thick = (RULE_THICKNESS_INCHES * inch).ceil() as u16;
    let (mut along_row, mut along_column) = (vec![0_u16; ink.len()], vec![0_u16; ink.len()]);
    for run in runs {
        let row = (run.y - component.top) as usize * width;
        let (left, right) = ((run.left - component.left) as usize, (run.right - component.left) as usize);
        along_row[row + left..row + right].fill(u16::try_from(right - left).unwrap_or(u16::MAX));
    }
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            if ink[at] {
                along_column[at] = if y > 0 { along_column[at - width].saturating_add(1) } else { 1 };
            }
        }
    }
    for at in (0..ink.len().saturating_sub(width)).rev() {
        if ink[at] && ink[at + width] {
            along_column[at] = along_column[at + width];
        }
    }
    let mut rule: Vec<bool> = (0..ink.len())
        .map(|at| {
            ink[at]
                && (along_row[at] >= long && along_column[at] <= thick
                    || along_column[at] >= long && along_row[at] <= thick)
        })
        .collect();
    let certain = (CERTAIN_INCHES * inch) as u32;
    let lying = |at: usize| rule[at] && u32::from(along_row[at]) >= certain;
    let pieces = lying_pieces(width, height, lying);
    bridge(&pieces, width, &ink, inch, &mut rule);
    let is_rule = |at: usize| rule[at];
    let touches = |run: &Run| {
        let columns = (run.left - component.left) as usize..(run.right - component.left) as usize;
        let (row, y) = ((run.y - component.top) as usize * width, (run.y - component.top) as usize);
        columns.start > 0 && is_rule(row + columns.start - 1)
            || columns.end < width && is_rule(row + columns.end)
            || y > 0 && columns.clone().any(|x| is_rule(row - width + x))
            || y + 1 < height && columns.clone().any(|x| is_rule(row + width + x))
    };
    let (mut rules, mut others) = (Vec::new(), Vec::new());
    for run in runs {
        // Letters that cross a rule part it into short pieces, but not the ink it is a part of.
        let is_certain = run.right - run.left >= certain || run.right - run.left < u32::from(long);
        let row = (run.y - component.top) as usize * width;
        let mut start = run.left;
        let mut kind = None;
        for x in run.left..=run.right {
            let here = (x < run.right).then(|| is_rule(row + (x - component.left) as usize));
            if here != kind {
                match kind {
                    Some(true) => rules.push((Run { y: run.y, left: start, right: x }, is_certain)),
                    Some(false) => {
                        let part = Run { y: run.y, left: start, right: x };
                        others.push((part, touches(&part)));
                    }
                    None => {}
                }
                (start, kind) = (x, here);
            }
        }
    }
    (rules, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ink drawn with letters: any but a space is ink.
    fn drawn(rows: &[&str], inch: f32) -> Ink {
        let mut runs = Vec::new();
        for (y, row) in rows.iter().enumerate() {
            let cells: Vec<bool> = row.chars().map(|c| c != ' ').chain([false]).collect();
            let mut start = None;
            for (x, &ink) in cells.iter().enumerate() {
                match (ink, start) {
                    (true, None) => start = Some(x),
                    (false, Some(left)) => {
                        runs.push(Run { y: y as u32, left: left as u32, right: x as u32 });
                        start = None;
                    }
                    _ => {}
                }
            }
        }
        Ink { scale: 1, inch, runs }
    }

    #[track_caller]
    fn check(rows: &[&str], want: &[(u32, u32, u32, u32, u32)]) {
        let found = Components::of(drawn(rows, 1000.0));
        let mut boxes: Vec<_> = found.all.iter().map(|c| (c.left, c.top, c.right, c.bottom, c.area)).collect();
        boxes.sort_unstable();
        assert_eq!(boxes, want);
    }

    #[test]
    fn ink_hangs_together_along_diagonals() {
        check(&["x  x", " xx ", "x  x"], &[(0, 0, 4, 3, 6)]);
        check(&["x x", "   ", "x x"], &[(0, 0, 1, 1, 1), (0, 2, 1, 3, 1), (2, 0, 3, 1, 1), (2, 2, 3, 3, 1)]);
        check(&["x x x", "x x x", "xxxxx"], &[(0, 0, 5, 3, 11)]);
        check(&["xxxxx", "x   x", "x x x"], &[(0, 0, 5, 3, 9), (2, 2, 3, 3, 1)]);
    }

    #[test]
    fn print_is_freed_from_the_frame_it_touches() {
        let mut rows = vec!["x".repeat(40)];
        for row in 0..30 {
            let cell = if (10..16).contains(&row) { "x        xxxx" } else { "x            " };
            rows.push(format!("{cell}{}x", " ".repeat(26)));
        }
        rows.push("x".repeat(40));
        // A letter that stands on the lower rule.
        for row in rows.iter_mut().skip(25).take(6) {
            row.replace_range(20..23, "xxx");
        }
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let found = Components::of(drawn(&rows, 50.0));
        let mut boxes: Vec<_> = found.all.iter().map(|c| (c.left, c.top, c.right, c.bottom)).collect();
        boxes.sort_unstable();
        assert_eq!(boxes, [(9, 11, 13, 17), (20, 25, 23, 32)]);
        assert!(!found.rules.is_empty());
        let owned: u32 = found.runs.iter().map(|run| run.right - run.left).sum();
        assert_eq!(owned, found.all.iter().map(|c| c.area).sum::<u32>());
    }
}
