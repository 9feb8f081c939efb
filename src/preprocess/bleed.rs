//! Takes away what shines through from the back of the sheet: a page whose print stands in two blacknesses in, the darker one on paper out.
//!
//! Print of the page has a dark core, print of the back has none. So whatever lies near no dark core becomes paper (thresholding with
//! hysteresis, as Canny has it for edges), and the edges of real strokes stay as they are.

use super::pieces;
use super::thumbnail::{Paper, Thumbnail};
use crate::model::Dpi;
use image::GrayImage;

/// What is lighter than this share of its paper is no ink of either side.
const PAPER_FROM: f32 = 0.9;
/// Pieces counted: as large as letters and parts of words, in inches.
const HEIGHT_INCHES: std::ops::RangeInclusive<f32> = 0.05..=0.4;
const WIDTH_INCHES: f32 = 0.04;
/// Pixels of such a piece at 100 dpi, at least.
const LEAST_AREA: usize = 20;
/// A page has at least so many pieces of letters, and
const LEAST_PIECES: usize = 20;
/// this share of them is faint where the back shines through. On 64 pages without it at most 0.11 were, on 16 with it at least 0.15.
const FAINT_SHARE: f32 = 0.14;
/// Faint pieces stand in so many of the cells of a grid of five by five: a stamp or a note in pencil is in one place.
const LEAST_CELLS: usize = 7;
const GRID: usize = 5;
/// A cell counts from so many pieces on.
const PIECES_OF_CELL: usize = 2;
/// How much darker than the faintest twentieth of faint pieces the cores of the page's own strokes are, as a share of the paper.
const MARGIN: f32 = 0.05;
/// How far from a dark core its stroke reaches, in inches.
const REACH_INCHES: f32 = 0.01;

/// Removes what shines through, where the page needs it; returns whether it did.
pub fn remove(page: &mut GrayImage, thumbnail: &Thumbnail, dpi: Dpi) -> bool {
    let Some(core) = core_share(thumbnail) else { return false };
    let (width, height) = (page.width() as usize, page.height() as usize);
    let reach = ((REACH_INCHES * dpi.0 as f32).round() as usize).max(1);
    let step = Paper::tiles_per_pixel(thumbnail.scale);
    let mut papers = vec![0_u8; width];
    let mut near = vec![false; width * height];
    // Along rows first, then down columns: a square around each dark pixel.
    for (y, (row, near)) in page.as_raw().chunks_exact(width).zip(near.chunks_exact_mut(width)).enumerate() {
        papers_of_row(thumbnail, step, y, &mut papers);
        for (x, (&value, &paper)) in row.iter().zip(&papers).enumerate() {
            if f32::from(value) < core * f32::from(paper) {
                near[x.saturating_sub(reach)..(x + reach + 1).min(width)].fill(true);
            }
        }
    }
    let near = widened_down(&near, width, reach);
    for (y, (row, near)) in
        page.as_flat_samples_mut().samples.chunks_exact_mut(width).zip(near.chunks_exact(width)).enumerate()
    {
        papers_of_row(thumbnail, step, y, &mut papers);
        for ((value, _), paper) in row.iter_mut().zip(near).zip(&papers).filter(|((_, near), _)| !**near) {
            *value = (*value).max(*paper);
        }
    }
    true
}

/// Writes the lightness of the paper along a row of the page.
fn papers_of_row(thumbnail: &Thumbnail, step: f32, y: usize, papers: &mut [u8]) {
    let row = (y as f32 + 0.5) * step - 0.5;
    for (block, papers) in papers.chunks_mut(8).enumerate() {
        papers.fill(thumbnail.paper.at((block as f32 * 8.0 + 4.0) * step - 0.5, row) as u8);
    }
}

/// Returns `mask` with each marked pixel reaching so far up and down.
fn widened_down(mask: &[bool], width: usize, reach: usize) -> Vec<bool> {
    let height = mask.len() / width.max(1);
    let mut wide = vec![false; mask.len()];
    for (y, row) in mask.chunks_exact(width).enumerate() {
        for target in wide[y.saturating_sub(reach) * width..(y + reach + 1).min(height) * width].chunks_exact_mut(width)
        {
            target.iter_mut().zip(row).for_each(|(wide, &marked)| *wide |= marked);
        }
    }
    wide
}

/// Returns the share of its paper below which a pixel is of the page's own ink, or `None` where nothing shines through.
fn core_share(thumbnail: &Thumbnail) -> Option<f32> {
    let inch = thumbnail.dpi;
    let shares = thumbnail.shares();
    let inked: Vec<bool> = shares.iter().map(|&share| f32::from(share) < PAPER_FROM * 255.0).collect();
    let mut darkest: Vec<u8> = Vec::new();
    let pieces = pieces::visited(&inked, thumbnail.width, |piece, at| {
        darkest.resize(darkest.len().max(piece + 1), u8::MAX);
        darkest[piece] = darkest[piece].min(shares[at]);
    });
    let mut letters: Vec<(f32, usize)> = Vec::new();
    for (piece, darkest) in pieces.iter().zip(darkest) {
        let is_letter = HEIGHT_INCHES.contains(&(piece.height() as f32 / inch))
            && piece.width() as f32 >= WIDTH_INCHES * inch
            && piece.area >= LEAST_AREA;
        if is_letter {
            let (column, row) = (piece.left * GRID / thumbnail.width, piece.top * GRID / thumbnail.height);
            letters.push((f32::from(darkest) / 255.0, row * GRID + column));
        }
    }
    letters.sort_by(|a, b| a.0.total_cmp(&b.0));
    let own = letters.get(letters.len() / 5)?.0;
    let halfway = own + (1.0 - own) / 2.0;
    let faint = letters.get(letters.partition_point(|(darkest, _)| *darkest <= halfway)..)?;
    let mut cells = [0; GRID * GRID];
    faint.iter().for_each(|(_, cell)| cells[*cell] += 1);
    let spread = cells.iter().filter(|pieces| **pieces >= PIECES_OF_CELL).count();
    let shines_through = faint.len() >= LEAST_PIECES
        && faint.len() as f32 >= FAINT_SHARE * letters.len() as f32
        && spread >= LEAST_CELLS;
    let lightest_core = faint.get(faint.len() / 20)?.0 - MARGIN;
    shines_through.then_some(lightest_core.max(own + 0.35 * (1.0 - own)))
}

#[cfg(test)]
mod tests {
    use super::super::thumbnail::tests::page_of_lines;
    use super::*;

    /// A page with dark lines, and between them lines of another lightness down to this row.
    fn page(faint: u8, until: u32) -> GrayImage {
        let mut page = GrayImage::from_pixel(850, 1100, image::Luma([230]));
        for (x, y, pixel) in page.enumerate_pixels_mut() {
            let in_letter = x % 20 < 12 && (60..790).contains(&x) && (60..1040).contains(&y);
            let row = y % 60;
            if in_letter && row < 12 {
                pixel.0[0] = 40;
            } else if in_letter && (30..42).contains(&row) && y < until {
                pixel.0[0] = faint;
            }
        }
        page
    }

    #[test]
    fn faint_print_between_dark_print_becomes_paper_and_dark_print_stays() {
        let mut shining = page(170, 1100);
        let before = shining.clone();
        assert!(remove(&mut shining, &Thumbnail::of(&before, Dpi(100)), Dpi(100)));
        for (x, y, pixel) in before.enumerate_pixels() {
            let now = shining.get_pixel(x, y).0[0];
            match pixel.0[0] {
                40 => assert_eq!(now, 40, "{x} {y}"),
                _ => assert!((222..=235).contains(&now), "{x} {y}: {now}"),
            }
        }
    }

    #[test]
    fn pages_of_one_blackness_and_faint_notes_in_one_place_are_left_alone() {
        for mut untouched in [page(40, 1100), page(230, 1100), page(170, 220), page_of_lines(30, 12)] {
            let before = untouched.clone();
            assert!(!remove(&mut untouched, &Thumbnail::of(&before, Dpi(100)), Dpi(100)));
            assert_eq!(before, untouched);
        }
    }

    #[test]
    fn tiny_pages_are_survived() {
        for (width, height) in [(1, 1), (3, 900), (900, 2)] {
            let mut page = GrayImage::from_pixel(width, height, image::Luma([90]));
            let thumbnail = Thumbnail::of(&page, Dpi(300));
            assert!(!remove(&mut page, &thumbnail, Dpi(300)));
        }
    }
}
