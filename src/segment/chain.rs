//! Chains components into printed lines: components in, chains with their axes out.
//!
//! Parts of words are joined to their neighbours at the same height (in the manner of O'Gorman's docstrum, 1993, by
//! pairs of neighbours rather than by rows of the page, so that slope, columns and mixed sizes do not matter). Each chain gets
//! an axis; what the pairs left out is then added to the chain whose band it lies in: low and flat letters first, then dots and
//! marks, each to the print nearest to it. All lengths are in heights of the page's usual component.

use super::axis::{Axis, Point};
use super::component::Component;
use std::collections::BTreeMap;

/// Components at least this high can begin a chain; lower ones are dots and marks.
const CORE_HEIGHTS: f32 = 0.42;
/// Or at least this long while this high: a stroke between two letters.
const FLAT_HEIGHTS: (f32, f32) = (0.8, 0.2);
/// Components higher than this are no print, or lines that touch.
const TALL_HEIGHTS: f32 = 2.6;
/// Neighbours stand at most this far apart, in heights of the larger.
const GAP_HEIGHTS: f32 = 1.5;
/// What makes neighbours, and what makes them where two lines are tied together by letters that reach from one to the other.
const LOOSELY: Closeness = Closeness { shared_rows: 0.4, step: 0.5 };
const CLOSELY: Closeness = Closeness { shared_rows: 0.6, step: 0.3 };
/// Letters stand above each other in hardly any columns of one line; dots and marks are not counted.
const STACKED_SHARE: f32 = 0.2;
/// Neighbours are at most this many times as high as each other,
const RATIO: f32 = 3.2;
/// and this many where one is tall: an emblem beside print is no letter of it.
const TALL_RATIO: f32 = 1.7;
/// A component this full of ink and higher than this is a hole or a blot.
const BLOT: (f32, f32) = (0.68, 1.4);
/// Nine tenths of a line's ink have their middles within so many heights of its axis.
const LEVEL_HEIGHTS: f32 = 1.0;
/// Edges of a scan are looked for in a margin of this many inches.
const EDGE_INCHES: f32 = 0.6;
/// Specks cover less than this share of the square over the usual height; dots are larger.
const SPECK_HEIGHTS: f32 = 0.02;
/// A frayed edge has more specks than this on the square over the usual height.
const SPECKS_OF_EDGE: f32 = 0.25;
/// A line's band is at most this many times as high as most of its letters.
const CLIMBING: f32 = 2.2;
/// Where lines are tied together, components higher than this are taken out.
const UNTANGLED_HEIGHTS: f32 = 1.5;
/// What stands alone, far from any line, is a digit from this height on.
const LONE_DIGIT_HEIGHTS: f32 = 0.45;
/// So many small components side by side make a line of small print.
const SMALL_PRINT_FROM: usize = 4;
/// Chains this long, in heights, show their own slope.
const OWN_SLOPE_HEIGHTS: f32 = 8.0;
/// Chains this long show their own bend.
const OWN_BEND_HEIGHTS: f32 = 25.0;
/// A chain of no more than this many heights, both ways, is a hamza, a vowel sign or a speck unless it lies in a line.
const MARK_SIZE: f32 = 0.75;
/// Dots lie at most this far from the print they belong to.
const MARK_HEIGHTS: f32 = 1.0;
/// Heights believed of usual components, in inches.
const BELIEVED_INCHES: std::ops::RangeInclusive<f32> = 0.035..=0.4;

/// How much alike the heights must be at which neighbours stand.
#[derive(Clone, Copy, Debug)]
struct Closeness {
    /// Share of the lower one's rows that the other has, too.
    shared_rows: f32,
    /// How far their middles are apart at most, as a part of the higher one's height.
    step: f32,
}

/// Components that make a printed line, or a part of one that stands apart.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Indices of its components, marks included.
    pub members: Vec<usize>,
    /// The row of its middle, by column.
    pub axis: Axis,
    /// How far its print reaches above the axis, in pixels.
    pub above: f32,
    /// How far below.
    pub below: f32,
    /// First column.
    pub left: f32,
    /// Column after the last.
    pub right: f32,
}

/// What a page's components come to.
#[derive(Clone, Debug, Default)]
pub struct Chains {
    /// The chains.
    pub chains: Vec<Chain>,
    /// Components across several lines that touch, with the chains they are to be parted between.
    pub shared: BTreeMap<usize, Vec<usize>>,
    /// Components that belong to no line and are too large for dust.
    pub others: Vec<usize>,
    /// Height of the usual component in pixels: two thirds of an em.
    pub height: f32,
}

/// Chains the components of a page `page_width` pixels wide, with `inch` pixels an inch.
pub fn chain(components: &[Component], page_width: f32, inch: f32) -> Chains {
    let Some(height) = usual_height(components, inch) else {
        return Chains { others: large(components, 0.0, inch), ..Chains::default() };
    };
    let mut groups = groups(components, &(0..components.len()).collect::<Vec<_>>(), height, inch);
    // Tall components that found no neighbours of their size are no lines of their own yet.
    let is_tall = |at: &usize| components[*at].height() > TALL_HEIGHTS * height;
    groups.retain(|group| group.len() > 2 || !group.iter().all(is_tall));
    let slope = page_slope(components, &groups, height);
    let mut chains: Vec<Chain> =
        groups.into_iter().map(|members| Chain::of(components, members, slope, height)).collect();
    chains.retain(|chain| chain.is_level(components));
    let mut chains = merged(chains, components, slope, height);
    chains.retain(|chain| !chain.is_mark(components, height));
    let mut taken = vec![false; components.len()];
    chains.iter().flat_map(|chain| &chain.members).for_each(|&at| taken[at] = true);
    add_marks(&mut chains, components, &mut taken, height);
    let mut more = small_print(components, &taken, slope, inch);
    more.iter().flat_map(|chain| &chain.members).for_each(|&at| taken[at] = true);
    more.extend(lone_digits(components, &taken, slope, height));
    more.iter().flat_map(|chain| &chain.members).for_each(|&at| taken[at] = true);
    if !more.is_empty() {
        chains = merged(chains.into_iter().chain(more).collect(), components, slope, height);
    }
    chains.retain(|chain| !chain.is_frayed_edge(components, page_width, height, inch));
    let shared = add_tall(&mut chains, components, &mut taken, height);
    add_marks(&mut chains, components, &mut taken, height);
    let is_other = |at: &usize| !taken[*at] || shared.contains_key(at);
    let others = large(components, height, inch).into_iter().filter(is_other).collect();
    Chains { chains, shared, others, height }
}

/// Returns components that may begin a chain, joined to their neighbours.
fn groups(components: &[Component], among: &[usize], height: f32, inch: f32) -> Vec<Vec<usize>> {
    let is_core = |at: &usize| {
        let component = &components[*at];
        let (high, wide) = (component.height() / height, component.width() / height);
        let full = component.area as f32 / (component.width() * component.height()).max(1.0);
        let is_print = high >= CORE_HEIGHTS || wide >= FLAT_HEIGHTS.0 && high >= FLAT_HEIGHTS.1;
        let is_large_print = high <= 2.5 * TALL_HEIGHTS && wide <= 12.0 && component.height() < 0.6 * inch;
        let is_blot = full > BLOT.0 && high > BLOT.1 && wide > BLOT.1;
        !is_blot && if high <= TALL_HEIGHTS { is_print } else { is_large_print }
    };
    let cores: Vec<usize> = among.iter().copied().filter(is_core).collect();
    let grid = Grid::of(components, height);
    let is_line =
        |group: &Vec<usize>| is_level(components, group, height) && stacked_share(components, group) <= STACKED_SHARE;
    let (level, tangled): (Vec<_>, Vec<_>) =
        pairs(components, &cores, &grid, height, LOOSELY).into_iter().partition(is_line);
    let untangle = |group: Vec<usize>| {
        let usual: Vec<usize> =
            group.into_iter().filter(|&at| components[at].height() <= UNTANGLED_HEIGHTS * height).collect();
        pairs(components, &usual, &grid, height, LOOSELY)
    };
    let (level_now, still): (Vec<_>, Vec<_>) = tangled.into_iter().flat_map(untangle).partition(is_line);
    let parted = still.into_iter().flat_map(|group| pairs(components, &group, &grid, height, CLOSELY));
    level.into_iter().chain(level_now).chain(parted).collect()
}

/// Says whether a group is one line. Strokes of a stamp or of a pen tie lines together that they cross.
fn is_level(components: &[Component], group: &[usize], height: f32) -> bool {
    let points = points(components, group);
    let axis = Axis::straight(&points);
    let off = points.iter().map(|point| ((point.y - axis.at(point.x)).abs(), point.weight));
    upper(off.collect())
        <= LEVEL_HEIGHTS * height.max(upper(group.iter().map(|&at| (components[at].height() / 2.0, 1.0)).collect()))
}

/// Returns the share of a group's columns in which one of its components stands above another.
fn stacked_share(components: &[Component], group: &[usize]) -> f32 {
    let mut edges: Vec<(u32, bool, usize)> = Vec::new();
    for &at in group {
        edges.extend([(components[at].left, true, at), (components[at].right, false, at)]);
    }
    edges.sort_unstable();
    let (mut covered, mut stacked, mut from) = (0, 0, 0);
    let mut open: Vec<usize> = Vec::new();
    for (column, begins, at) in edges {
        let is_above = |one: &usize| open.iter().any(|other| components[*one].shared_rows(&components[*other]) < 0.0);
        covered += if open.is_empty() { 0 } else { column - from };
        stacked += if open.iter().any(is_above) { column - from } else { 0 };
        from = column;
        if begins {
            open.push(at);
        } else {
            open.retain(|&other| other != at);
        }
    }
    stacked as f32 / covered.max(1) as f32
}

/// Returns chains of print much smaller than the page's usual, among the components not yet taken.
fn small_print(components: &[Component], taken: &[bool], slope: f32, inch: f32) -> Vec<Chain> {
    let left_over: Vec<usize> = (0..components.len()).filter(|&at| !taken[at]).collect();
    let sizes: Vec<Component> = left_over.iter().map(|&at| components[at]).collect();
    let Some(height) = usual_height(&sizes, inch) else { return Vec::new() };
    let mut groups = groups(components, &left_over, height, inch);
    groups.retain(|group| group.len() >= SMALL_PRINT_FROM);
    let chains = groups.into_iter().map(|members| Chain::of(components, members, slope, height));
    merged(chains.collect(), components, slope, height)
}

/// Returns chains of single digits, as in the cells of a table, among the components that no line took.
fn lone_digits(components: &[Component], taken: &[bool], slope: f32, height: f32) -> Vec<Chain> {
    let is_digit = |at: &usize| {
        let (high, wide) = (components[*at].height() / height, components[*at].width() / height);
        !taken[*at] && (LONE_DIGIT_HEIGHTS..=TALL_HEIGHTS / 2.0).contains(&high) && wide >= 0.1 && wide <= 1.2 * high
    };
    let alone = (0..components.len()).filter(is_digit);
    alone.map(|at| Chain::of(components, vec![at], slope, height)).collect()
}

/// Adds tall components to the chain they lie in, and returns those that lie across several, to be parted between them.
fn add_tall(
    chains: &mut [Chain],
    components: &[Component],
    taken: &mut [bool],
    height: f32,
) -> BTreeMap<usize, Vec<usize>> {
    let mut shared = BTreeMap::new();
    for (at, component) in components.iter().enumerate() {
        if taken[at] || component.height() <= TALL_HEIGHTS * height {
            continue;
        }
        let crossing = crossing(chains, component, height);
        match crossing.as_slice() {
            [] => {}
            &[only] if component.height() <= 1.6 * TALL_HEIGHTS * height => {
                chains[only].take(component, at);
                taken[at] = true;
            }
            _ => {
                taken[at] = true;
                shared.insert(at, crossing);
            }
        }
    }
    shared
}

/// Returns components that are neither print nor dust.
fn large(components: &[Component], height: f32, inch: f32) -> Vec<usize> {
    let limit = (TALL_HEIGHTS * height).max(0.3 * inch);
    let is_large = |component: &Component| {
        component.height() > limit || component.width() > 2.0 * inch && component.height() > 0.05 * inch
    };
    (0..components.len()).filter(|&at| is_large(&components[at])).collect()
}

/// Returns the median height of components that may be parts of words, each counted by its width.
fn usual_height(components: &[Component], inch: f32) -> Option<f32> {
    let may_be_print = |component: &&Component| {
        BELIEVED_INCHES.contains(&(component.height() / inch))
            && component.width() >= 0.5 * component.height()
            && component.width() <= 12.0 * component.height()
    };
    let mut heights: Vec<(f32, f32)> =
        components.iter().filter(may_be_print).map(|component| (component.height(), component.width())).collect();
    heights.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = heights.iter().map(|(_, width)| width).sum::<f32>() / 2.0;
    let mut passed = 0.0;
    let median = heights.iter().find(|(_, width)| {
        passed += width;
        passed >= half
    });
    median.map(|(height, _)| *height)
}

/// Components by place: squares of some heights' side, each with the components that begin there.
struct Grid {
    side: f32,
    squares: BTreeMap<(i32, i32), Vec<usize>>,
}

impl Grid {
    fn of(components: &[Component], height: f32) -> Self {
        let side = (3.0 * height).max(1.0);
        let mut squares: BTreeMap<(i32, i32), Vec<usize>> = BTreeMap::new();
        for (at, component) in components.iter().enumerate() {
            // Wide ones stand in each square of their width, so that neighbours find them; very wide ones are no print.
            let square = |pixels: f32| (pixels / side) as i32;
            let row = square(component.middle);
            for column in
                square(component.left as f32)..=square(component.right as f32).min(square(component.left as f32) + 20)
            {
                squares.entry((row, column)).or_default().push(at);
            }
        }
        Self { side, squares }
    }

    fn near(&self, left: f32, right: f32, y: f32, reach: f32) -> impl Iterator<Item = usize> {
        let square = |pixels: f32| (pixels / self.side).floor() as i32;
        let columns = square(left - reach)..=square(right + reach);
        let rows = square(y - reach)..=square(y + reach);
        rows.flat_map(move |row| self.squares.range((row, *columns.start())..=(row, *columns.end())))
            .flat_map(|(_, all)| all.iter().copied())
    }
}

/// Joins cores that stand side by side.
fn pairs(
    components: &[Component],
    cores: &[usize],
    index: &Grid,
    height: f32,
    closeness: Closeness,
) -> Vec<Vec<usize>> {
    let mut parents: Vec<usize> = (0..components.len()).collect();
    let mut is_core = vec![false; components.len()];
    cores.iter().for_each(|&at| is_core[at] = true);
    for &at in cores {
        let one = &components[at];
        let (left, right) = (one.left as f32, one.right as f32);
        let reach = GAP_HEIGHTS * one.height().max(height).min(3.0 * height);
        for other in index.near(left, right, one.middle, reach.max(one.height() / 2.0)) {
            if other != at && is_core[other] && side_by_side(one, &components[other], height, closeness) {
                let (a, b) = (root(&mut parents, at), root(&mut parents, other));
                parents[a.max(b)] = a.min(b);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &at in cores {
        groups.entry(root(&mut parents, at)).or_default().push(at);
    }
    groups.into_values().collect()
}

fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

fn side_by_side(a: &Component, b: &Component, height: f32, closeness: Closeness) -> bool {
    let (low, high) = (a.height().min(b.height()), a.height().max(b.height()));
    let ratio = if high > TALL_HEIGHTS * height { TALL_RATIO } else { RATIO };
    high <= ratio * low.max(0.5 * height)
        && a.gap(b) <= GAP_HEIGHTS * high.max(0.8 * height)
        && a.shared_rows(b) >= closeness.shared_rows * low
        && (a.middle - b.middle).abs() <= closeness.step * high
}

/// Returns the median slope of the long groups, each counted by its length.
fn page_slope(components: &[Component], groups: &[Vec<usize>], height: f32) -> f32 {
    let mut slopes: Vec<(f32, f32)> = Vec::new();
    for group in groups {
        let points = points(components, group);
        let left = points.iter().map(|point| point.x).fold(f32::MAX, f32::min);
        let right = points.iter().map(|point| point.x).fold(f32::MIN, f32::max);
        if right - left >= OWN_SLOPE_HEIGHTS * height {
            slopes.push((Axis::straight(&points).slope(), right - left));
        }
    }
    slopes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = slopes.iter().map(|(_, length)| length).sum::<f32>() / 2.0;
    let mut passed = 0.0;
    let median = slopes.iter().find(|(_, length)| {
        passed += length;
        passed >= half
    });
    median.map_or(0.0, |(slope, _)| *slope)
}

fn points(components: &[Component], members: &[usize]) -> Vec<Point> {
    let point = |at: &usize| {
        let component = &components[*at];
        Point { x: component.centre(), y: component.middle, weight: component.area as f32 }
    };
    members.iter().map(point).collect()
}

impl Chain {
    fn of(components: &[Component], members: Vec<usize>, slope: f32, height: f32) -> Self {
        let left = members.iter().map(|&at| components[at].left).min().unwrap_or(0) as f32;
        let right = members.iter().map(|&at| components[at].right).max().unwrap_or(0) as f32;
        let fit = |points: &[Point]| {
            if right - left >= OWN_BEND_HEIGHTS * height {
                Axis::bent(points)
            } else if right - left >= OWN_SLOPE_HEIGHTS * height {
                Axis::straight(points)
            } else {
                Axis::sloping(points, slope)
            }
        };
        let points = points(components, &members);
        let rough = fit(&points);
        let near: Vec<Point> =
            points.iter().copied().filter(|point| (point.y - rough.at(point.x)).abs() <= 0.6 * height).collect();
        let axis = if near.len() * 3 >= points.len() * 2 { fit(&near) } else { rough };
        let mut chain = Self { members, axis, above: 0.0, below: 0.0, left, right };
        chain.measure(components);
        chain
    }

    /// Measures how far most of its print reaches above and below the axis.
    fn measure(&mut self, components: &[Component]) {
        let mut tops = Vec::new();
        let mut bottoms = Vec::new();
        for &at in &self.members {
            let component = &components[at];
            let middle = self.axis.at(component.centre());
            tops.push((middle - component.top as f32, component.width()));
            bottoms.push((component.bottom as f32 - middle, component.width()));
        }
        self.above = upper(tops).max(1.0);
        self.below = upper(bottoms).max(1.0);
    }

    /// Says whether its band is hardly higher than its letters: arcs of a stamp climb.
    fn is_level(&self, components: &[Component]) -> bool {
        let heights = self.members.iter().map(|&at| (components[at].height(), components[at].width()));
        self.above + self.below <= CLIMBING * upper(heights.collect())
    }

    /// Says whether it is a part of a frayed black edge of the scan: within a narrow margin, and full of specks.
    fn is_frayed_edge(&self, components: &[Component], page_width: f32, height: f32, inch: f32) -> bool {
        let margin = EDGE_INCHES * inch;
        if self.right > margin && self.left < page_width - margin {
            return false;
        }
        let (middle, reach) = ((self.left + self.right) / 2.0, height.max((self.above + self.below) / 2.0));
        let row = self.axis.at(middle);
        let is_speck_here = |component: &&Component| {
            (component.area as f32) < SPECK_HEIGHTS * height * height
                && (component.middle - row).abs() <= reach
                && component.centre() >= self.left - height
                && component.centre() <= self.right + height
        };
        let specks = components.iter().filter(is_speck_here).count() as f32;
        specks * height * height > SPECKS_OF_EDGE * 2.0 * reach * (self.right - self.left + 2.0 * height)
    }

    /// Says whether all there is of it is a mark. Digits that stand alone are higher.
    fn is_mark(&self, components: &[Component], height: f32) -> bool {
        let high = self.members.iter().map(|&at| components[at].height()).fold(0.0, f32::max);
        let is_small = high <= MARK_SIZE * height && self.right - self.left <= 1.6 * MARK_SIZE * height;
        // A stroke of a fold or of a rule.
        is_small || high < CORE_HEIGHTS * height && self.members.len() < SMALL_PRINT_FROM
    }

    fn take(&mut self, component: &Component, at: usize) {
        self.members.push(at);
        self.left = self.left.min(component.left as f32);
        self.right = self.right.max(component.right as f32);
    }

    /// Returns the columns between this chain's ends and a component; none where they overlap.
    fn gap(&self, component: &Component) -> f32 {
        (component.left as f32 - self.right).max(self.left - component.right as f32).max(0.0)
    }
}

/// Returns the value below which nine tenths lie by weight.
fn upper(mut values: Vec<(f32, f32)>) -> f32 {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let limit = 0.9 * values.iter().map(|(_, weight)| weight).sum::<f32>();
    let mut passed = 0.0;
    let found = values.iter().find(|(_, weight)| {
        passed += weight;
        passed >= limit
    });
    found.map_or(0.0, |(value, _)| *value)
}

/// Joins chains that are parts of one line: those that lie in the band of another, beside it or within it.
fn merged(mut chains: Vec<Chain>, components: &[Component], slope: f32, height: f32) -> Vec<Chain> {
    chains.sort_by(|a, b| (b.right - b.left).total_cmp(&(a.right - a.left)));
    let mut lines: Vec<Chain> = Vec::new();
    for chain in chains {
        let middle = (chain.left + chain.right) / 2.0;
        let y = chain.axis.at(middle);
        let step = |line: &Chain| {
            let gap = (chain.left - line.right).max(line.left - chain.right);
            let off = y - line.axis.at(middle);
            let size = (line.above + line.below).max(height);
            let (top, bottom) = (y - chain.above, y + chain.below);
            let (line_top, line_bottom) = (line.axis.at(middle) - line.above, line.axis.at(middle) + line.below);
            let inside = bottom.min(line_bottom) - top.max(line_top);
            let beside = gap <= GAP_HEIGHTS * size.min(1.6 * height).max(height);
            let (small, large) = (size.min(chain.above + chain.below), size.max(chain.above + chain.below));
            let similar = chain.above + chain.below <= 1.8 * size && (large <= 4.0 * height || large <= 1.8 * small);
            // A deep letter within a line has its middle low.
            let (share, step) = if gap < 0.0 { (0.3, 0.65) } else { (0.5, 0.5) };
            (beside && similar && inside >= share * (bottom - top) && off.abs() <= step * size).then_some(off.abs())
        };
        let best = lines.iter().enumerate().filter_map(|(at, line)| Some((step(line)?, at)));
        match best.min_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((_, at)) => {
                let mut members = std::mem::take(&mut lines[at].members);
                members.extend(chain.members);
                lines[at] = Chain::of(components, members, slope, height);
            }
            None => lines.push(chain),
        }
    }
    lines
}

/// Returns the chains whose axes cross a component, or would if they were a little longer, from the top.
fn crossing(chains: &[Chain], component: &Component, height: f32) -> Vec<usize> {
    let (top, bottom) = (component.top as f32, component.bottom as f32);
    let crosses = |chain: &Chain| {
        let y = chain.axis.at(component.centre());
        chain.gap(component) <= height && y >= top - 0.2 * height && y <= bottom + 0.2 * height
    };
    let mut found: Vec<usize> = (0..chains.len()).filter(|&at| crosses(&chains[at])).collect();
    found.sort_by(|&a, &b| chains[a].axis.at(component.centre()).total_cmp(&chains[b].axis.at(component.centre())));
    found
}

/// Adds dots, marks and small letters to the chain with the print nearest to them; twice, since dots come in rows.
fn add_marks(chains: &mut [Chain], components: &[Component], taken: &mut [bool], height: f32) {
    for _ in 0..2 {
        add_marks_once(chains, components, taken, height);
    }
}

fn add_marks_once(chains: &mut [Chain], components: &[Component], taken: &mut [bool], height: f32) {
    let mut owners: Vec<Option<usize>> = vec![None; components.len()];
    for (number, chain) in chains.iter().enumerate() {
        chain.members.iter().for_each(|&at| owners[at] = Some(number));
    }
    let print: Vec<usize> = (0..components.len()).filter(|&at| owners[at].is_some()).collect();
    let placed: Vec<Component> = print.iter().map(|&at| components[at]).collect();
    let index = Grid::of(&placed, height);
    let mut found: Vec<(usize, usize)> = Vec::new();
    for at in (0..components.len()).filter(|&at| !taken[at] && components[at].height() <= TALL_HEIGHTS * height) {
        let mark = &components[at];
        let reach = 2.5 * height;
        let nearest = index
            .near(mark.left as f32, mark.right as f32, mark.middle, reach)
            .filter_map(|near| {
                let other = &placed[near];
                let number = owners[print[near]]?;
                let chain = &chains[number];
                let (across, down) = (other.gap(mark).max(0.0), (-other.shared_rows(mark)).max(0.0));
                let off = mark.middle - chain.axis.at(mark.centre());
                let beyond = (-off - chain.above).max(off - chain.below).max(0.0);
                let limit = MARK_HEIGHTS * height.min(chain.above + chain.below);
                (across <= limit && down <= limit && beyond <= 0.75 * limit)
                    .then_some((down + 0.7 * across + 0.5 * beyond, number))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, number)) = nearest {
            found.push((at, number));
        }
    }
    for (at, number) in found {
        taken[at] = true;
        chains[number].take(&components[at], at);
    }
}
