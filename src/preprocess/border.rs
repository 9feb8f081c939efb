//! Takes away the black frame a scanner leaves where the paper did not cover the glass.

use super::thumbnail::Thumbnail;
use image::GrayImage;

/// Frame is darker than this share of the lightest paper.
const DARKER_THAN: f32 = 0.45;
/// A dark region at the edge is frame from this share of the page's shorter side on, along either axis.
const LONGER_THAN: f32 = 0.12;

/// Paints dark regions that touch the edge of the page as paper, on the page and on its thumbnail. Pages without such a
/// region stay as they are.
pub fn remove(page: &mut GrayImage, thumbnail: &mut Thumbnail) {
    let Some(mask) = find(thumbnail) else { return };
    paint_mask(page, thumbnail, &mask);
}

/// Paints what the mask covers as paper, on the page and on its thumbnail.
pub(super) fn paint_mask(page: &mut GrayImage, thumbnail: &mut Thumbnail, mask: &[bool]) {
    let white = thumbnail.paper.lightest();
    paint(page, thumbnail, mask, white);
    thumbnail.paint(mask);
}

/// Returns the mask of the frame, or `None` where there is none.
fn find(thumbnail: &Thumbnail) -> Option<Vec<bool>> {
    let (width, height) = (thumbnail.width, thumbnail.height);
    let limit = (f32::from(thumbnail.paper.lightest()) * DARKER_THAN) as u8;
    let dark = |at: usize| thumbnail.grey.get(at).is_some_and(|&value| value < limit);
    let mut seen = vec![false; thumbnail.grey.len()];
    let mut frame = vec![false; thumbnail.grey.len()];
    let mut found = false;
    let edge = (0..width).flat_map(|x| [x, (height - 1) * width + x]);
    let edge = edge.chain((0..height).flat_map(|y| [y * width, y * width + width - 1]));
    for start in edge {
        if !dark(start) || seen[start] {
            continue;
        }
        let region = flood(start, width, height, &dark, &mut seen);
        if is_frame(&region, width, height) {
            found = true;
            region.iter().for_each(|&at| frame[at] = true);
        }
    }
    found.then(|| grown(&frame, width, height))
}

/// Returns all dark pixels connected with `start` along rows and columns, marking them as seen.
fn flood(start: usize, width: usize, height: usize, dark: &impl Fn(usize) -> bool, seen: &mut [bool]) -> Vec<usize> {
    let (mut region, mut next) = (Vec::new(), vec![start]);
    seen[start] = true;
    while let Some(at) = next.pop() {
        region.push(at);
        let (x, y) = (at % width, at / width);
        let neighbours = [
            (x > 0).then(|| at - 1),
            (x + 1 < width).then(|| at + 1),
            (y > 0).then(|| at - width),
            (y + 1 < height).then(|| at + width),
        ];
        for neighbour in neighbours.into_iter().flatten() {
            if !seen[neighbour] && dark(neighbour) {
                seen[neighbour] = true;
                next.push(neighbour);
            }
        }
    }
    region
}

/// A frame is long and lies in the margin; a heavy table whose rule runs off the paper reaches into the text.
fn is_frame(region: &[usize], width: usize, height: usize) -> bool {
    let columns = region.iter().map(|at| at % width);
    let rows = region.iter().map(|at| at / width);
    let span = |low: Option<usize>, high: Option<usize>| high.zip(low).map_or(0, |(high, low)| high - low + 1);
    let wide = span(columns.clone().min(), columns.clone().max());
    let tall = span(rows.clone().min(), rows.clone().max());
    let long = wide.max(tall) as f32 >= width.min(height) as f32 * LONGER_THAN;
    let (inner_x, inner_y) = (width / 8, height / 8);
    let inside = region
        .iter()
        .filter(|&at| {
            let (x, y) = (at % width, at / width);
            (inner_x..width - inner_x).contains(&x) && (inner_y..height - inner_y).contains(&y)
        })
        .count();
    long && inside * 10 <= region.len()
}

/// Returns the mask grown by one pixel all round: the frame's blurred edge goes with it.
fn grown(mask: &[bool], width: usize, height: usize) -> Vec<bool> {
    let mut grown = mask.to_vec();
    for (at, _) in mask.iter().enumerate().filter(|(_, masked)| **masked) {
        let (x, y) = (at % width, at / width);
        for row in y.saturating_sub(1)..(y + 2).min(height) {
            for column in x.saturating_sub(1)..(x + 2).min(width) {
                grown[row * width + column] = true;
            }
        }
    }
    grown
}

/// Paints the mask on the page. Rows and columns left over by the thumbnail's scale follow their neighbours.
fn paint(page: &mut GrayImage, thumbnail: &Thumbnail, mask: &[bool], white: u8) {
    let (scale, columns) = (thumbnail.scale, thumbnail.width);
    let width = page.width() as usize;
    for (y, row) in page.as_flat_samples_mut().samples.chunks_exact_mut(width.max(1)).enumerate() {
        let from = (y / scale).min(thumbnail.height - 1) * columns;
        let Some(mask) = mask.get(from..from + columns) else { continue };
        if !mask.contains(&true) {
            continue;
        }
        for (block, _) in row.chunks_mut(scale).zip(mask).filter(|(_, masked)| **masked) {
            block.fill(white);
        }
        if mask.last() == Some(&true) {
            row.iter_mut().skip(columns * scale).for_each(|value| *value = white);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::thumbnail::tests::page_of_lines;
    use super::*;
    use crate::model::Dpi;
    use image::Luma;

    #[test]
    fn a_frame_goes_and_the_text_stays() {
        let clean = page_of_lines(20, 10);
        let mut framed = clean.clone();
        for (x, y, pixel) in framed.enumerate_pixels_mut() {
            if x < 20 + y / 80 || y > 1150 {
                *pixel = Luma([15]);
            }
        }
        let mut thumbnail = Thumbnail::of(&framed, Dpi(100));
        remove(&mut framed, &mut thumbnail);
        assert!(framed.get_pixel(3, 600).0[0] > 200 && framed.get_pixel(400, 1160).0[0] > 200);
        let text =
            |page: &GrayImage| page.enumerate_pixels().filter(|(x, y, p)| *x > 60 && *y < 1100 && p.0[0] < 100).count();
        assert_eq!(text(&framed), text(&clean));
        assert_eq!(thumbnail.ink.iter().filter(|ink| **ink).count(), text(&clean));
    }

    #[test]
    fn a_page_without_a_frame_stays_as_it_is() {
        let clean = page_of_lines(20, 10);
        let mut page = clean.clone();
        let mut thumbnail = Thumbnail::of(&page, Dpi(100));
        remove(&mut page, &mut thumbnail);
        assert_eq!(page, clean);
    }
}
