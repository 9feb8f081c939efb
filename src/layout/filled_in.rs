//! Tells figures that were filled in, by hand or with a stamp, from printed ones: a page's image and its words in, boxes of words out.
//!
//! Three signs count, each against the print around: ink of another colour than the label before it, ink clearly lighter than all print
//! though its strokes are no thinner, and a dotted line below, as forms have it where something is to be filled in. What was filled in with
//! a black pen on no line, and scanned without shades, gives no sign; it is then taken for print.

use crate::model::{Dpi, Line, PixelBox, Rotation, Word};
use crate::text::digits::is_digit;
use image::{DynamicImage, GrayImage, RgbImage};

/// Raised when the same page gives other figures than before.
pub const VERSION: u16 = 1;

/// Colourfulness by which ink differs from that of its label, as a share of what it absorbs. Figures of 100 colour letters: 0.06 to 0.38
/// where filled in, 0.05 at most where printed.
const OTHER_COLOUR: f32 = 0.055;
/// How much the colourfulness of one ink varies, as a share of it.
const COLOUR_SPREAD: f32 = 0.15;
/// Lightness by which ink differs from all print, as a share of the print's contrast with the paper.
const LIGHTER: f32 = 0.14;
/// Thinner strokes look lighter than they are: the stroke must be this wide, as a share of that of other figures.
const LEAST_STROKE: f32 = 0.98;
/// Distance of the dots of a dotted line, in points.
const DOT_POINTS: std::ops::RangeInclusive<f32> = 0.8..=2.4;
/// Ink this far above or below is no more of the dot, in points.
const DOT_HEIGHT: f32 = 1.2;
/// How much the distance of dots varies along one line, as a share of it.
const DOT_SPREAD: f32 = 0.4;
/// Dots in a row that make a line.
const LEAST_DOTS: usize = 5;
/// How much darker than what parts them dots are, as a share of the ink's contrast.
const DOT_CONTRAST: f32 = 0.15;
/// Share of the figures' width that dots are found below.
const DOTTED_SHARE: f32 = 0.25;
/// Words of a label have this many letters; shorter ones may belong to the number, as in م.ع/12.
const LABEL_LETTERS: usize = 3;
/// Printed words that figures are compared with, at most.
const MOST_PRINT: usize = 48;

/// Returns the boxes of words whose figures were filled in, on the archived image.
///
/// `image` is the page as archived, `rotation` the turn that makes it upright, `lines` its words with their boxes on the archived image.
pub fn filled_in(image: &DynamicImage, rotation: Rotation, dpi: Dpi, lines: &[Line]) -> Vec<PixelBox> {
    let page = Page { image, rotation, dpi, paper: paper(image) };
    let figures: Vec<Figures<'_>> = lines.iter().flat_map(|line| figures(&line.words)).collect();
    if figures.iter().all(|figures| figures.label.is_none()) {
        return Vec::new();
    }
    let looks: Vec<Option<Look>> = figures.iter().map(|figures| page.look(figures.bounds)).collect();
    let print = page.print(lines);
    let mut filled = Vec::new();
    for (at, of) in figures.iter().enumerate() {
        let (Some(label), Some(look)) = (of.label, looks[at]) else { continue };
        let Some(label) = page.look(label) else { continue };
        let others: Vec<Look> =
            looks.iter().enumerate().filter(|(other, _)| *other != at).filter_map(|(_, look)| *look).collect();
        let print = if others.len() >= 2 { [print, middle(&others)] } else { [print, print] };
        let dotted = page.share_on_dots(of.bounds);
        let text = of.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        tracing::debug!(text, ?look, ?label, ?print, dotted, "figures");
        let is_other = if page.image.as_rgb8().is_some() {
            look.colour - label.colour > OTHER_COLOUR + COLOUR_SPREAD * label.colour
        } else {
            is_lighter(&look, &label, &print)
        };
        if is_other || dotted >= DOTTED_SHARE {
            filled.extend(of.words.iter().map(|word| word.bounds));
        }
    }
    filled
}

/// Figures that stand together in a line, with the short words between them, and the label before them.
struct Figures<'a> {
    words: &'a [Word],
    bounds: PixelBox,
    label: Option<PixelBox>,
}

/// Returns the figures of a line: runs of words with digits, and of short words and marks among them.
fn figures(words: &[Word]) -> Vec<Figures<'_>> {
    let belongs = |word: &Word| has_digit(word) || letters(word) < LABEL_LETTERS;
    let mut all = Vec::new();
    let mut at = 0;
    for run in words.chunk_by(|a, b| belongs(a) == belongs(b)) {
        let label = words[..at].last().filter(|word| !word.bounds.is_empty()).map(|word| word.bounds);
        at += run.len();
        let first = run.iter().position(has_digit);
        let Some((first, last)) = first.zip(run.iter().rposition(has_digit)) else { continue };
        // A code before the digits (م.ع / ١٢) was filled in with them, a mark that ends the label was not.
        let first = run[..first].iter().position(|word| letters(word) > 0).unwrap_or(first);
        let words = &run[first..=last];
        let bounds = PixelBox::around(words.iter().map(|word| word.bounds));
        if !bounds.is_empty() {
            all.push(Figures { words, bounds, label });
        }
    }
    all
}

fn has_digit(word: &Word) -> bool {
    word.text.chars().any(is_digit)
}

fn letters(word: &Word) -> usize {
    word.text.chars().filter(|c| c.is_alphabetic()).count()
}

/// How the ink of a word looks.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// Mean lightness of its darker half: 0.0..=255.0.
    lightness: f32,
    /// How unevenly it absorbs the three colours, as a share of what it absorbs most: 0 is grey.
    colour: f32,
    /// Mean width of its strokes in pixels.
    stroke: f32,
}

/// Says whether the ink is lighter than that of its label and of the print, though not thinner.
fn is_lighter(look: &Look, label: &Look, print: &[Look]) -> bool {
    let stroke = print.last().map_or(label.stroke, |print| print.stroke);
    let lighter = |than: &Look| look.lightness - than.lightness > LIGHTER * (230.0 - than.lightness).max(20.0);
    look.stroke >= LEAST_STROKE * stroke && lighter(label) && print.iter().all(lighter)
}

/// Returns the look of most of them.
fn middle(looks: &[Look]) -> Look {
    let middle = |of: fn(&Look) -> f32| {
        let mut values: Vec<f32> = looks.iter().map(of).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Look {
        lightness: middle(|look| look.lightness),
        colour: middle(|look| look.colour),
        stroke: middle(|look| look.stroke),
    }
}

struct Page<'a> {
    image: &'a DynamicImage,
    rotation: Rotation,
    dpi: Dpi,
    /// Lightness of the paper in each channel.
    paper: [f32; 3],
}

impl Page<'_> {
    /// Returns the part of the image under a box of it, upright.
    fn part(&self, bounds: PixelBox) -> DynamicImage {
        let part = self.image.crop_imm(bounds.left, bounds.top, bounds.width(), bounds.height());
        match self.rotation {
            Rotation::None => part,
            Rotation::Clockwise90 => part.rotate90(),
            Rotation::Half => part.rotate180(),
            Rotation::Clockwise270 => part.rotate270(),
        }
    }

    /// Returns how the ink in a box looks; `None` where there is next to none.
    fn look(&self, bounds: PixelBox) -> Option<Look> {
        let part = self.part(bounds);
        let grey = part.to_luma8();
        let threshold = threshold(&grey)?;
        let is_ink = |value: u8| value < threshold;
        let mut dark: Vec<u8> = grey.as_raw().iter().copied().filter(|&value| is_ink(value)).collect();
        if dark.len() < 10 {
            return None;
        }
        let half = dark.len() / 2;
        let (darker, ..) = dark.select_nth_unstable(half);
        let lightness = darker.iter().map(|&value| f32::from(value)).sum::<f32>() / half.max(1) as f32;
        let colour = part.as_rgb8().map_or(0.0, |part| self.colour_of(part, &grey, threshold));
        Some(Look { lightness, colour, stroke: stroke(&grey, threshold) })
    }

    fn colour_of(&self, part: &RgbImage, grey: &GrayImage, threshold: u8) -> f32 {
        let inked = || part.pixels().zip(grey.as_raw()).filter(|(_, grey)| **grey < threshold);
        let count = inked().count().max(1) as f32;
        let absorbed = [0, 1, 2].map(|channel| {
            let lightness: f32 = inked().map(|(pixel, _)| f32::from(pixel.0[channel])).sum();
            self.paper[channel] - lightness / count
        });
        let most = absorbed.iter().copied().fold(f32::MIN, f32::max);
        let least = absorbed.iter().copied().fold(f32::MAX, f32::min);
        (most - least) / most.max(1.0)
    }

    /// Returns how print looks on this page.
    fn print(&self, lines: &[Line]) -> Look {
        let printed: Vec<&Word> = (lines.iter().flat_map(|line| &line.words))
            .filter(|word| letters(word) > LABEL_LETTERS && !word.bounds.is_empty())
            .collect();
        let step = printed.len().div_ceil(MOST_PRINT).max(1);
        let looks: Vec<Look> = printed.iter().step_by(step).filter_map(|word| self.look(word.bounds)).collect();
        middle(&looks)
    }

    /// Returns the share of the figures' width below which evenly spaced dots stand. In a scan that is a little askew
    /// some of them lie in one row and some in the next.
    fn share_on_dots(&self, bounds: PixelBox) -> f32 {
        let part = self.part(self.with_what_is_below(bounds)).to_luma8();
        let (width, height) = part.dimensions();
        let Some((ink, paper)) = range(&part) else { return 0.0 };
        let contrast = f32::from(paper.saturating_sub(ink)).max(20.0);
        let band = (self.dpi.0 / 150).max(1);
        let distance = |points: f32| points / 72.0 * self.dpi.0 as f32;
        let dot = (distance(DOT_HEIGHT).round() as u32).max(2);
        let (nearest, widest) = (distance(*DOT_POINTS.start()), distance(*DOT_POINTS.end()));
        let mut rows = vec![vec![false; width as usize]; height as usize];
        for top in height / 3..height.saturating_sub(band) {
            let darkness = |x: u32, top: u32| {
                let darkest = (top..top + band).map(|y| part.get_pixel(x, y).0[0]).min().unwrap_or(paper);
                f32::from(paper.saturating_sub(darkest)) / contrast
            };
            let mut dots = dots((0..width).map(|x| darkness(x, top)));
            // Strokes of the figures themselves go on above or below.
            let is_low = |x: u32| {
                let beside =
                    |top: u32| (x.saturating_sub(1)..(x + 2).min(width)).map(|x| darkness(x, top)).fold(0.0, f32::max);
                let clear = |row: Option<u32>| {
                    row.filter(|row| row + band <= height)
                        .is_none_or(|row| beside(row) < darkness(x, top) - DOT_CONTRAST)
                };
                clear(top.checked_sub(dot)) && clear(Some(top + dot))
            };
            dots.retain(|&x| is_low(x as u32));
            for run in rows_of_dots(&dots, nearest, widest) {
                rows[top as usize][run].fill(true);
            }
        }
        let together = |rows: &[Vec<bool>]| (0..width as usize).filter(|&x| rows.iter().any(|row| row[x])).count();
        let most = rows.windows((self.dpi.0 / 75).max(1) as usize).map(together).max().unwrap_or(0);
        most as f32 / width.max(1) as f32
    }

    /// Returns the box and as much again as half of it below, as that lies on the archived image.
    fn with_what_is_below(&self, bounds: PixelBox) -> PixelBox {
        let (width, height) = (self.image.width(), self.image.height());
        let further = if self.rotation.swaps_sides() { bounds.width() / 2 } else { bounds.height() / 2 };
        match self.rotation {
            Rotation::None => PixelBox { bottom: (bounds.bottom + further).min(height), ..bounds },
            Rotation::Clockwise90 => PixelBox { right: (bounds.right + further).min(width), ..bounds },
            Rotation::Half => PixelBox { top: bounds.top.saturating_sub(further), ..bounds },
            Rotation::Clockwise270 => PixelBox { left: bounds.left.saturating_sub(further), ..bounds },
        }
    }
}

/// Returns where darkness has its peaks, each followed and preceded by something clearly lighter.
fn dots(darkness: impl Iterator<Item = f32>) -> Vec<usize> {
    let mut peaks = Vec::new();
    let (mut low, mut high, mut rising) = (f32::MAX, (0, f32::MIN), true);
    for (x, value) in darkness.enumerate() {
        if value > high.1 {
            high = (x, value);
        }
        low = low.min(value);
        if rising && value < high.1 - DOT_CONTRAST {
            peaks.push(high.0);
            (rising, low) = (false, value);
        } else if !rising && value > low + DOT_CONTRAST {
            (rising, high) = (true, (x, value));
        }
    }
    peaks
}

/// Returns the columns that runs of evenly spaced dots cover.
fn rows_of_dots(dots: &[usize], nearest: f32, widest: f32) -> Vec<std::ops::Range<usize>> {
    let mut rows = Vec::new();
    let mut first = 0;
    let gap = |at: usize| (dots[at + 1] - dots[at]) as f32;
    while first + LEAST_DOTS <= dots.len() {
        let usual = gap(first);
        let mut last = first;
        if (nearest..=widest).contains(&usual) {
            while last + 1 < dots.len() && (gap(last) - usual).abs() <= (DOT_SPREAD * usual).max(1.0) {
                last += 1;
            }
        }
        if last + 1 >= first + LEAST_DOTS {
            rows.push(dots[first]..dots[last]);
        }
        first = last.max(first + 1);
    }
    rows
}

/// Returns the lightness that parts ink from paper: halfway between the darkest and the lightest twentieth. `None` where they are all but alike.
fn threshold(grey: &GrayImage) -> Option<u8> {
    let (ink, paper) = range(grey)?;
    (paper - ink >= 24).then(|| ink + (paper - ink) / 2)
}

/// Returns the lightness of the darkest and of the lightest twentieth; `None` for an empty image.
fn range(grey: &GrayImage) -> Option<(u8, u8)> {
    let mut values = grey.as_raw().clone();
    let twentieth = values.len() / 20;
    let last = values.len().checked_sub(1)?;
    let ink = *values.select_nth_unstable(twentieth).1;
    let paper = *values.select_nth_unstable(last - twentieth).1;
    Some((ink.min(paper), paper))
}

/// Returns the mean width of strokes: for each pixel of ink the shorter of its runs along row and column.
fn stroke(grey: &GrayImage, threshold: u8) -> f32 {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let ink: Vec<bool> = grey.as_raw().iter().map(|&value| value < threshold).collect();
    let mut runs = vec![u32::MAX; ink.len()];
    let mut mark = |places: &mut dyn Iterator<Item = usize>| {
        let mut run: Vec<usize> = Vec::new();
        for at in places.map(Some).chain(std::iter::once(None)) {
            match at.filter(|&at| ink[at]) {
                Some(at) => run.push(at),
                None => {
                    let length = run.len() as u32;
                    run.drain(..).for_each(|at| runs[at] = runs[at].min(length));
                }
            }
        }
    };
    for y in 0..height {
        mark(&mut (y * width..(y + 1) * width));
    }
    for x in 0..width {
        mark(&mut (0..height).map(|y| y * width + x));
    }
    let lengths = || runs.iter().filter(|length| **length != u32::MAX);
    lengths().sum::<u32>() as f32 / lengths().count().max(1) as f32
}

/// Returns the lightness that a fifth of the page exceeds in each channel; a page in grey has one for all.
fn paper(image: &DynamicImage) -> [f32; 3] {
    const STEP: usize = 97;
    let of = |values: &mut Vec<u8>| {
        let at = values.len() * 4 / 5;
        if values.is_empty() { 255.0 } else { f32::from(*values.select_nth_unstable(at).1) }
    };
    match image {
        DynamicImage::ImageRgb8(colour) => [0, 1, 2].map(|channel| {
            of(&mut colour.as_raw().chunks_exact(3).step_by(STEP).map(|pixel| pixel[channel]).collect())
        }),
        // Only ink in colour is measured against it.
        _ => [255.0; 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Confidence;
    use image::Rgb;

    const INK: [u8; 3] = [20, 20, 20];
    const PEN: [u8; 3] = [40, 60, 160];
    const PAPER: [u8; 3] = [245, 240, 230];

    /// A page at 300 dpi with four lines of print, each a label and figures, whose first figures are written in `ink`, with dots below or without.
    fn page(ink: [u8; 3], dotted: bool) -> (RgbImage, Vec<Line>) {
        let mut image = RgbImage::from_pixel(900, 700, Rgb(PAPER));
        let mut lines = Vec::new();
        for row in 0..4 {
            let top = 100 + row * 120;
            let label = draw(&mut image, "المرقم", (500, top), 12, INK);
            let figures = draw(&mut image, "٣٤٥٦", (300, top), 6, if row == 0 { ink } else { INK });
            if dotted && row == 0 {
                for x in (300..440).filter(|x| x % 6 < 3) {
                    (top + 48..top + 51).for_each(|y| image.put_pixel(x, y, Rgb(INK)));
                }
            }
            lines.push(Line::new(vec![label, figures]));
        }
        (image, lines)
    }

    /// Draws upright strokes of 6 pixels, 24 apart, with a foot along some of them.
    fn draw(image: &mut RgbImage, text: &str, (left, top): (u32, u32), strokes: u32, ink: [u8; 3]) -> Word {
        let (width, height) = (strokes * 24, 44);
        for y in 0..height {
            for x in 0..width {
                if x % 24 < 6 || y > 34 && y < 41 && x % 72 < 40 {
                    image.put_pixel(left + x, top + y, Rgb(ink));
                }
            }
        }
        let bounds = PixelBox::new(left, top, left + width, top + height);
        Word { text: text.to_owned(), bounds, confidence: Confidence::new(1.0), readings: Vec::new() }
    }

    #[track_caller]
    fn check(image: DynamicImage, lines: &[Line], first_is_filled_in: bool) {
        let want = if first_is_filled_in { vec![lines[0].words[1].bounds] } else { Vec::new() };
        assert_eq!(filled_in(&image, Rotation::None, Dpi(300), lines), want);
    }

    #[test]
    fn figures_in_the_ink_of_their_label_are_print() {
        let (image, lines) = page(INK, false);
        check(image.clone().into(), &lines, false);
        check(image::imageops::grayscale(&image).into(), &lines, false);
    }

    #[test]
    fn figures_in_another_colour_were_filled_in() {
        let (image, lines) = page(PEN, false);
        check(image.into(), &lines, true);
    }

    #[test]
    fn figures_clearly_lighter_than_print_were_filled_in() {
        let (image, lines) = page([90, 90, 90], false);
        check(image::imageops::grayscale(&image).into(), &lines, true);
        let (image, lines) = page([40, 40, 40], false);
        check(image::imageops::grayscale(&image).into(), &lines, false);
    }

    #[test]
    fn figures_on_a_dotted_line_were_filled_in_whichever_way_the_page_lies() {
        let (image, lines) = page(INK, true);
        let grey: DynamicImage = image::imageops::grayscale(&image).into();
        check(grey.clone(), &lines, true);
        // On a page that lies on its head, boxes are turned with it.
        let (width, height) = (grey.width(), grey.height());
        let turned = |word: &Word| {
            let PixelBox { left, top, right, bottom } = word.bounds;
            Word { bounds: PixelBox::new(width - right, height - bottom, width - left, height - top), ..word.clone() }
        };
        let lines: Vec<Line> = lines.iter().map(|line| Line::new(line.words.iter().map(turned).collect())).collect();
        let found = filled_in(&grey.rotate180(), Rotation::Half, Dpi(300), &lines);
        assert_eq!(found, [lines[0].words[1].bounds]);
    }

    #[test]
    fn nothing_is_told_without_a_label_or_a_place() {
        let (image, lines) = page(PEN, true);
        let bare: Vec<Line> = lines.iter().map(|line| Line::new(vec![line.words[1].clone()])).collect();
        check(image.clone().into(), &bare, false);
        let nowhere = |word: &Word| Word { bounds: PixelBox::default(), ..word.clone() };
        let lines: Vec<Line> = lines.iter().map(|line| Line::new(line.words.iter().map(nowhere).collect())).collect();
        check(image.into(), &lines, false);
    }
}
