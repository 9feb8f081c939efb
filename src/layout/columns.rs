//! Reads columns one after another where they stand beside each other: rows of a page in, rows in reading order out.
//!
//! Two places have columns that a reader follows downwards: the letterhead (office at the right, emblem or a second language
//! in the middle, number and date at the left) and running text in columns. Everything else at one height belongs
//! together: cells of a table, a label and its value, the halves of a verse.

use super::piece::Piece;
use super::rows::{self, Row};

/// An empty strip this many heights of a word wide parts columns.
const GUTTER_HEIGHTS: f32 = 1.0;
/// The letterhead ends above the first piece that takes this share of the text's width.
const WIDE_SHARE: f32 = 0.45;
/// Lines of a block follow each other at one pitch; a step this many times as far begins another block.
const PITCH_SLACK: f32 = 1.3;
/// No pitch is larger than this many heights of a word: a line between may not have been read.
const PITCH_HEIGHTS: f32 = 2.0;
/// Letterheads have at most three columns.
const TABLE_COLUMNS: usize = 4;
/// From so many rows on, cells beside each other in most of them make a table.
const TABLE_ROWS: usize = 4;
/// Share of the rows of a table that have more than one cell. Columns of a letterhead differ in length.
const TABLE_SHARE: f32 = 0.8;
/// Running text in columns has at least this many lines in each; fewer may be a table.
const RUNNING_LINES: usize = 8;
/// Half of the lines of running text have at least this many words. Halves of a verse have fewer, and are read across.
const RUNNING_WORDS: usize = 6;
/// Half of the lines of running text take at least this share of their column.
const RUNNING_SHARE: f32 = 0.75;

/// Returns the rows of a page in reading order; `height` is that of the page's words.
pub fn in_order(rows: Vec<Row>, height: f32) -> Vec<Row> {
    let mut ordered = Vec::new();
    let mut is_top = true;
    for stretch in stretches(rows, height) {
        if is_running_text(&stretch, height) {
            ordered.extend(by_column(stretch, height));
        } else if is_top {
            ordered.extend(with_letterhead(stretch, height));
        } else {
            ordered.extend(stretch);
        }
        is_top = false;
    }
    ordered
}

/// Columns as edges, from the left.
type Edges = Vec<(f32, f32)>;

/// Returns the columns that empty strips part, by the pieces long enough to be trusted.
fn columns<'a>(rows: impl IntoIterator<Item = &'a Row>, height: f32) -> Edges {
    let mut edges: Edges = rows.into_iter().flat_map(Row::solid).map(|piece| (piece.left, piece.right)).collect();
    edges.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut columns: Edges = Vec::new();
    for (left, right) in edges {
        match columns.last_mut().filter(|column| left < column.1 + GUTTER_HEIGHTS * height) {
            Some(column) => column.1 = column.1.max(right),
            None => columns.push((left, right)),
        }
    }
    columns
}

/// Returns which of `columns` a piece stands in, or is nearest to.
fn column_of(piece: &Piece, columns: &Edges) -> usize {
    let centre = piece.centre();
    let away = |(left, right): &(f32, f32)| (left - centre).max(centre - right).max(0.0);
    let nearest = columns.iter().enumerate().min_by(|a, b| away(a.1).total_cmp(&away(b.1)));
    nearest.map_or(0, |(index, _)| index)
}

/// Returns the rows, column after column from the right.
fn by_column(rows: Vec<Row>, height: f32) -> Vec<Row> {
    let columns = columns(&rows, height);
    let mut pieces: Vec<Vec<Piece>> = columns.iter().map(|_| Vec::new()).collect();
    for piece in rows.into_iter().flat_map(|row| row.pieces) {
        let index = column_of(&piece, &columns);
        if let Some(column) = pieces.get_mut(index) {
            column.push(piece);
        }
    }
    pieces.into_iter().rev().flat_map(|column| rows::rows(column, height)).collect()
}

/// Cuts a page into stretches of rows: those that share an empty strip, and those between.
fn stretches(rows: Vec<Row>, height: f32) -> Vec<Vec<Row>> {
    let mut stretches: Vec<Vec<Row>> = Vec::new();
    let mut parted = false;
    for row in rows {
        let parts = columns([&row], height).len() > 1;
        if let Some(stretch) = stretches.last_mut() {
            let goes_on = if parted { columns(stretch.iter().chain([&row]), height).len() > 1 } else { !parts };
            if goes_on {
                stretch.push(row);
                continue;
            }
        }
        stretches.push(vec![row]);
        parted = parts;
    }
    joined(stretches, height)
}

/// Joins stretches that are no running text.
fn joined(stretches: Vec<Vec<Row>>, height: f32) -> Vec<Vec<Row>> {
    let mut joined: Vec<(bool, Vec<Row>)> = Vec::new();
    for mut stretch in stretches {
        let running = is_running_text(&stretch, height);
        match joined.last_mut() {
            Some((false, before)) if !running => before.append(&mut stretch),
            _ => joined.push((running, stretch)),
        }
    }
    joined.into_iter().map(|(_, stretch)| stretch).collect()
}

/// Says whether rows are running text set in columns.
fn is_running_text(rows: &[Row], height: f32) -> bool {
    if rows.len() < RUNNING_LINES {
        return false;
    }
    let columns = columns(rows, height);
    let is_full = |(index, (left, right)): (usize, &(f32, f32))| {
        let lines = || rows.iter().flat_map(Row::solid).filter(|piece| column_of(piece, &columns) == index);
        let of_half = |test: &dyn Fn(&Piece) -> bool| lines().filter(|line| test(line)).count() * 2 >= lines().count();
        lines().count() >= RUNNING_LINES
            && of_half(&|line| line.words.len() >= RUNNING_WORDS)
            && of_half(&|line| line.width() >= RUNNING_SHARE * (right - left))
    };
    (2..TABLE_COLUMNS).contains(&columns.len()) && columns.iter().enumerate().all(is_full)
}

/// Returns the rows of the top of a page, the columns of a letterhead one after another.
fn with_letterhead(mut rows: Vec<Row>, height: f32) -> Vec<Row> {
    let pieces = || rows.iter().flat_map(|row| &row.pieces);
    let left = pieces().map(|piece| piece.left).fold(f32::MAX, f32::min);
    let right = pieces().map(|piece| piece.right).fold(f32::MIN, f32::max);
    let is_wide = |row: &Row| row.pieces.iter().any(|piece| piece.width() > WIDE_SHARE * (right - left));
    let end = rows.iter().position(is_wide).unwrap_or(rows.len());
    let below = rows.split_off(end);
    let blocks = blocks(rows, height, (left + right) / 2.0);
    blocks.into_iter().flat_map(|block| block_in_order(block, height)).chain(below).collect()
}

/// Cuts rows into blocks: at steps wider than the usual, and where a row closes the strip between columns.
fn blocks(rows: Vec<Row>, height: f32, centre: f32) -> Vec<Vec<Row>> {
    let step = PITCH_SLACK * usual_step(&rows, height, centre);
    let mut blocks: Vec<Vec<Row>> = Vec::new();
    let mut above: Option<f32> = None;
    for row in rows {
        let (mut middle, mut count) = (0.0, 0.0);
        for piece in row.solid() {
            middle += piece.middle;
            count += 1.0;
        }
        let middle = (count > 0.0).then(|| middle / count);
        let steps_far = matches!((above, middle), (Some(above), Some(middle)) if middle - above > step);
        above = middle.or(above);
        match blocks.last_mut().filter(|block| !steps_far && !closes_strip(block, &row, height)) {
            Some(block) => block.push(row),
            None => blocks.push(vec![row]),
        }
    }
    blocks
}

/// Returns the usual step between lines of the office's name: those that reach into the right half of the page.
fn usual_step(rows: &[Row], height: f32, centre: f32) -> f32 {
    let firsts = rows.iter().filter_map(|row| row.solid().next()).filter(|piece| piece.right > centre);
    let middles: Vec<f32> = firsts.map(|piece| piece.middle).collect();
    let steps = middles.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?));
    let mut steps: Vec<f32> = steps.filter(|step| *step > 0.6 * height).collect();
    steps.sort_by(f32::total_cmp);
    // The lower third: steps between blocks are among them.
    let usual = steps.get(steps.len().saturating_sub(1) / 3).copied();
    usual.unwrap_or(f32::MAX).min(PITCH_HEIGHTS * height)
}

/// Says whether a row stands in the strip between the columns above it, or parts in two what was one column.
fn closes_strip(block: &[Row], row: &Row, height: f32) -> bool {
    if row.solid().next().is_none() || columns(block.iter().chain([row]), height).len() > 1 {
        return false;
    }
    columns(block, height).len() > 1 || columns([row], height).len() > 1
}

/// Returns the rows of a block in reading order: by column where columns stand beside each other and make no table.
fn block_in_order(block: Vec<Row>, height: f32) -> Vec<Row> {
    let columns = columns(&block, height);
    let in_columns = block.len() > 1
        && (2..TABLE_COLUMNS).contains(&columns.len())
        && !is_table(&block)
        && stand_beside_each_other(&block, &columns, height);
    if in_columns { by_column(block, height) } else { block }
}

/// Says whether rows have cells beside each other nearly all the way down.
fn is_table(rows: &[Row]) -> bool {
    let cells = |row: &Row| row.pieces.iter().filter(|piece| piece.says_something()).count();
    let filled = rows.iter().filter(|row| cells(row) > 0).count();
    let several = rows.iter().filter(|row| cells(row) > 1).count();
    filled >= TABLE_ROWS && several as f32 >= TABLE_SHARE * filled as f32
}

/// Says whether any two pieces of different columns stand at about one height.
fn stand_beside_each_other(block: &[Row], columns: &Edges, height: f32) -> bool {
    let placed: Vec<(usize, f32)> =
        block.iter().flat_map(Row::solid).map(|piece| (column_of(piece, columns), piece.middle)).collect();
    placed
        .iter()
        .any(|(column, middle)| placed.iter().any(|(other, at)| column != other && (middle - at).abs() < height))
}
