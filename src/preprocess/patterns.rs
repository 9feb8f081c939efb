//! Counts the small patterns that ink makes on a page, a table of counts for each square cell of it.
//!
//! A pattern is a square of three by three blocks, each ink or paper: 512 of them at each of a few sizes. Turning a page
//! turns its patterns, so one count serves all four turns of the page: [`turned`] says which pattern becomes which.

use super::thumbnail::Thumbnail;

/// Resolution at which patterns are counted, in dpi.
const DPI: f32 = 100.0;
/// Sides of the blocks, in pixels at that resolution.
pub const BLOCKS: [usize; 3] = [1, 2, 4];
/// Patterns of one size.
pub const PATTERNS: usize = 512;
/// Side of a cell in pixels.
const CELL: usize = 80;

/// Counts of patterns in one cell of a page.
pub type Counts = [u16; PATTERNS * BLOCKS.len()];

/// Returns the counts of each cell that holds ink.
pub fn count(thumbnail: &Thumbnail) -> Vec<Counts> {
    let page = Ink::of(thumbnail);
    let columns = page.width.div_ceil(CELL);
    let mut cells = vec![[0; PATTERNS * BLOCKS.len()]; columns * page.height.div_ceil(CELL)];
    for (size, block) in BLOCKS.into_iter().enumerate() {
        let blocks = page.blocks(block);
        let reach = 2 * block;
        for y in (0..page.height.saturating_sub(reach)).step_by(block.div_ceil(2)) {
            let row = |n: usize| &blocks[(y + n * block) * page.width..][..page.width];
            let (above, middle, below) = (row(0), row(1), row(2));
            let cells = &mut cells[y / CELL * columns..][..columns];
            for x in (0..page.width.saturating_sub(reach)).step_by(block.div_ceil(2)) {
                let bits = |row: &[u8]| {
                    u16::from(row[x]) << 2 | u16::from(row[x + block]) << 1 | u16::from(row[x + 2 * block])
                };
                let pattern = bits(above) << 6 | bits(middle) << 3 | bits(below);
                if pattern != 0 {
                    cells[x / CELL][size * PATTERNS + usize::from(pattern)] += 1;
                }
            }
        }
    }
    cells.retain(|cell| cell.iter().any(|count| *count > 0));
    cells
}

/// Returns the pattern that `pattern` becomes when the page is turned clockwise by a quarter.
pub fn turned(pattern: usize) -> usize {
    let (size, bits) = (pattern / PATTERNS, pattern % PATTERNS);
    let ink = |row: usize, column: usize| bits >> (8 - 3 * row - column) & 1;
    let turned = (0..9).fold(0, |turned, place| turned << 1 | ink(2 - place % 3, place / 3));
    size * PATTERNS + turned
}

/// The ink of a page at a resolution that hardly varies.
struct Ink {
    width: usize,
    height: usize,
    /// 1 where there is ink.
    bits: Vec<u8>,
}

impl Ink {
    fn of(thumbnail: &Thumbnail) -> Self {
        let (width, height) = (thumbnail.width, thumbnail.height);
        let scale = thumbnail.dpi / DPI;
        if (0.9..1.12).contains(&scale) {
            return Self { width, height, bits: thumbnail.ink.iter().map(|&ink| u8::from(ink)).collect() };
        }
        let (new_width, new_height) =
            (((width as f32 / scale) as usize).max(1), ((height as f32 / scale) as usize).max(1));
        let ink = |x: usize, y: usize| f32::from(u8::from(thumbnail.ink[y.min(height - 1) * width + x.min(width - 1)]));
        let mut bits = Vec::with_capacity(new_width * new_height);
        for y in 0..new_height {
            let from_y = ((y as f32 + 0.5) * scale - 0.5).max(0.0);
            let (top, down) = (from_y as usize, from_y.fract());
            for x in 0..new_width {
                let from_x = ((x as f32 + 0.5) * scale - 0.5).max(0.0);
                let (left, across) = (from_x as usize, from_x.fract());
                let upper = ink(left, top) * (1.0 - across) + ink(left + 1, top) * across;
                let lower = ink(left, top + 1) * (1.0 - across) + ink(left + 1, top + 1) * across;
                bits.push(u8::from(upper * (1.0 - down) + lower * down >= 0.5));
            }
        }
        Self { width: new_width, height: new_height, bits }
    }

    /// Returns, for each pixel, whether the block that begins there is ink: 1 where at least three eighths of it are.
    fn blocks(&self, side: usize) -> Vec<u8> {
        if side == 1 {
            return self.bits.clone();
        }
        let mut sums = self.bits.clone();
        // Sums along rows, then down columns; what lies beyond the edges is paper.
        for row in sums.chunks_exact_mut(self.width) {
            for x in 0..row.len() {
                row[x] = row[x..(x + side).min(row.len())].iter().sum();
            }
        }
        let enough = (side * side * 3).div_ceil(8) as u8;
        let mut blocks = vec![0; sums.len()];
        for y in 0..self.height {
            let rows = &sums[y * self.width..((y + side).min(self.height)) * self.width];
            let row = &mut blocks[y * self.width..][..self.width];
            for part in rows.chunks_exact(self.width) {
                row.iter_mut().zip(part).for_each(|(sum, &ink)| *sum += ink);
            }
            row.iter_mut().for_each(|sum| *sum = u8::from(*sum >= enough));
        }
        blocks
    }
}
