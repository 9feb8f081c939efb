//! Whitens the paper of scans that were kept in a few levels of grey.
//!
//! Rounded to seven or eight levels, shaded paper falls into patches and clouds of specks a whole level darker than white, as dark as faint
//! print, and no division by the paper around evens them out. Print tells itself apart by its edges: where letters stand, each level has its
//! share of the next darker one. A level that covers much of a place, or has hardly anything darker beside it, is paper there, or shines
//! through it.

use crate::model::Dpi;
use image::GrayImage;
use std::ops::RangeInclusive;

/// Pages of so many levels are looked at; two are black and white.
const LEVELS: RangeInclusive<usize> = 4..=12;
/// Every so many rows are looked at first.
const SAMPLED_ROWS: usize = 64;
/// Side of the squares in which paper is told from print, in inches.
const SIDE_INCHES: f32 = 0.25;
/// What the level below white has on a page with such paper.
const UNEVEN_PAGE: Sign = Sign { share: 0.015, times: 1.5 };
/// Where a level is paper.
const COVERS: Sign = Sign { share: 0.2, times: 2.5 };
const STANDS_ALONE: Sign = Sign { share: 0.02, times: 8.0 };
/// Where it is although the next lighter level is mixed with it.
const COVERS_MUCH: Sign = Sign { share: 0.3, times: 4.0 };
/// Where it is, beside a square in which it is.
const BESIDE: Sign = Sign { share: 0.04, times: 1.5 };
/// Paper is at least this light, as a share of the lightest.
const DARKEST_PAPER: f32 = 0.5;

/// What tells that a level is paper: the share of a square that it covers, and how many times as frequent it is as the next darker level.
#[derive(Clone, Copy, Debug)]
struct Sign {
    share: f32,
    times: f32,
}

impl Sign {
    fn is_at_least(self, other: Self) -> bool {
        self.share >= other.share && self.times >= other.times
    }
}

/// Whitens the paper of a page of few levels; returns whether it did.
pub fn whiten(page: &mut GrayImage, dpi: Dpi) -> bool {
    let Some(levels) = levels(page) else { return false };
    let squares = Squares::count(page, &levels, (SIDE_INCHES * dpi.0 as f32) as usize);
    if !squares.are_of_uneven_paper() {
        return false;
    }
    let floors = squares.floors(&levels);
    let (Some(&white), true) = (levels.last(), floors.iter().any(|&floor| floor + 1 < levels.len())) else {
        return false;
    };
    let width = page.width() as usize;
    for (y, row) in page.as_flat_samples_mut().samples.chunks_exact_mut(width.max(1)).enumerate() {
        let floors = floors.chunks_exact(squares.columns).nth(y / squares.side).unwrap_or(&[]);
        for (part, &floor) in row.chunks_mut(squares.side).zip(floors) {
            let lightness = levels.get(floor).copied().unwrap_or(white);
            part.iter_mut().filter(|value| **value >= lightness).for_each(|value| *value = white);
        }
    }
    true
}

/// Returns the levels of a page from the darkest, where they are few.
fn levels(page: &GrayImage) -> Option<Vec<u8>> {
    let mut is_there = [false; 256];
    let mut count = 0;
    // A few rows first: they tell pages of many levels soon, also those whose upper part is empty.
    let rows = || page.as_raw().chunks_exact((page.width() as usize).max(1));
    for &value in rows().step_by(SAMPLED_ROWS).chain(rows()).flatten() {
        if !std::mem::replace(&mut is_there[usize::from(value)], true) {
            count += 1;
            if count > *LEVELS.end() {
                return None;
            }
        }
    }
    LEVELS.contains(&count).then(|| (0..=255).filter(|&value| is_there[usize::from(value)]).collect())
}

/// How often each level stands in each square of a page.
struct Squares {
    side: usize,
    columns: usize,
    /// By square, row by row: pixels of each level.
    counts: Vec<Vec<u32>>,
}

impl Squares {
    fn count(page: &GrayImage, levels: &[u8], side: usize) -> Self {
        let (side, width) = (side.max(8), (page.width() as usize).max(1));
        let columns = width.div_ceil(side);
        let mut ranks = [0; 256];
        levels.iter().enumerate().for_each(|(rank, &level)| ranks[usize::from(level)] = rank);
        let mut counts = Vec::new();
        for band in page.as_raw().chunks(width * side) {
            let mut of_band = vec![vec![0; levels.len()]; columns];
            for row in band.chunks_exact(width) {
                for (part, counts) in row.chunks(side).zip(&mut of_band) {
                    part.iter().for_each(|&value| counts[ranks[usize::from(value)]] += 1);
                }
            }
            counts.append(&mut of_band);
        }
        Self { side, columns, counts }
    }

    /// Says whether on the page as a whole the level below white has more than edges of letters and thin rules would give it.
    fn are_of_uneven_paper(&self) -> bool {
        let of_page = |rank: usize| self.counts.iter().filter_map(|counts| counts.get(rank)).sum::<u32>();
        let levels = self.counts.first().map_or(0, Vec::len);
        let all: u32 = (0..levels).map(of_page).sum();
        let Some((below_white, darker)) = levels.checked_sub(2).zip(levels.checked_sub(3)) else { return false };
        let (below_white, darker) = (of_page(below_white) as f32, of_page(darker) as f32);
        let sign = Sign { share: below_white / all.max(1) as f32, times: below_white / darker.max(1.0) };
        sign.is_at_least(UNEVEN_PAGE)
    }

    /// Returns, for each square, the index of the darkest level that is paper there.
    fn floors(&self, levels: &[u8]) -> Vec<usize> {
        let last = levels.len() - 1;
        let darkest = levels.iter().position(|&level| f32::from(level) >= DARKEST_PAPER * f32::from(levels[last]));
        let darkest = darkest.unwrap_or(last).max(1);
        let floor = |counts: &[u32], is_paper: &dyn Fn(usize, Sign) -> bool| {
            let all = counts.iter().sum::<u32>().max(1) as f32;
            let sign = |level: usize| Sign {
                share: counts[level] as f32 / all,
                times: counts[level] as f32 / counts[level.saturating_sub(1)].max(1) as f32,
            };
            let mut floor = last;
            for level in (darkest..last).rev() {
                if is_paper(level, sign(level)) {
                    floor = level;
                } else if level == darkest || !sign(level - 1).is_at_least(COVERS_MUCH) {
                    break;
                }
            }
            floor
        };
        let own = |_, sign: Sign| sign.is_at_least(COVERS) || sign.is_at_least(STANDS_ALONE);
        let floors: Vec<usize> = self.counts.iter().map(|counts| floor(counts, &own)).collect();
        let lowest_around = |at: usize| {
            let (row, column) = (at / self.columns, at % self.columns);
            let columns = column.saturating_sub(1)..(column + 2).min(self.columns);
            let near = floors.chunks_exact(self.columns).take(row + 2).skip(row.saturating_sub(1));
            near.flat_map(|row| &row[columns.clone()]).min().copied().unwrap_or(last)
        };
        let spread = |(at, counts): (usize, &Vec<u32>)| {
            let near = lowest_around(at);
            let beside = |level, sign: Sign| level >= near && sign.is_at_least(BESIDE);
            floors[at].min(floor(counts, &beside))
        };
        self.counts.iter().enumerate().map(spread).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    /// Letters as dark as `ink` with an edge of each level, on white paper; `paper` says how light it is where nothing stands.
    fn page(paper: impl Fn(u32, u32) -> u8) -> GrayImage {
        GrayImage::from_fn(600, 600, |x, y| {
            let in_line = y % 40 < 20 && (60..540).contains(&x);
            let level = match (in_line, x % 24) {
                (true, 0 | 11) => 180,
                (true, 1 | 10) => 144,
                (true, 2 | 9) => 108,
                (true, 3..=8) => 36,
                _ => 255,
            };
            Luma([level.min(paper(x, y))])
        })
    }

    /// A cloud of specks that grows denser to the right.
    fn clouded(x: u32, y: u32) -> u8 {
        let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519)).wrapping_mul(3_266_489_917) >> 16;
        if noise % 600 < x.saturating_sub(100) { 180 } else { 255 }
    }

    fn differing(a: &GrayImage, b: &GrayImage) -> usize {
        a.as_raw().iter().zip(b.as_raw()).filter(|(a, b)| a != b).count()
    }

    #[test]
    fn clouds_of_specks_go_and_letters_stay() {
        let clean = page(|_, _| 255);
        let mut clouded = page(clouded);
        let before = differing(&clouded, &clean);
        assert!(whiten(&mut clouded, Dpi(150)));
        let off = clouded.as_raw().iter().zip(clean.as_raw()).filter(|(got, clean)| **clean < 180 && got != clean);
        assert_eq!(off.count(), 0, "letters were touched");
        assert!(differing(&clouded, &clean) * 8 < before, "{} of {before}", differing(&clouded, &clean));
    }

    #[test]
    fn a_page_of_print_on_white_paper_stays_as_it_is() {
        let clean = page(|_, _| 255);
        let mut same = clean.clone();
        assert!(!whiten(&mut same, Dpi(150)));
        assert_eq!(same, clean);
    }

    #[test]
    fn thin_rules_on_white_paper_stay() {
        let ruled = page(|_, y| if y % 100 == 33 { 180 } else { 255 });
        let mut same = ruled.clone();
        assert!(!whiten(&mut same, Dpi(150)));
        assert_eq!(same, ruled);
    }

    #[test]
    fn pages_of_many_levels_and_of_two_are_not_looked_at() {
        let mut many = GrayImage::from_fn(300, 300, |x, _| Luma([180 + (x % 40) as u8]));
        let mut two = GrayImage::from_fn(300, 300, |x, _| Luma([if x % 3 == 0 { 180 } else { 255 }]));
        assert!(!whiten(&mut many, Dpi(150)) && !whiten(&mut two, Dpi(150)));
        assert!(!whiten(&mut GrayImage::new(0, 0), Dpi(150)));
    }
}
