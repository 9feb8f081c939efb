//! Makes a page ready to be read: a page image as archived in, a clean upright page and the way back out.
//!
//! Each step stands behind a gate that measures the need, since a filter that helps a bad page harms a clean one. All
//! gates look at one small copy of the page ([`thumbnail::Thumbnail`], about 100 dpi), so that a clean page pays little.
//! No step moves a box: [`map::PageMap`] leads every box back to the archived image.

pub mod background;
pub mod blank;
pub mod bleed;
pub mod border;
mod circles;
pub mod deskew;
pub mod despeckle;
pub mod few_levels;
pub mod holes;
pub mod map;
pub mod patterns;
pub mod pieces;
pub mod rotate;
pub mod round_stamps;
pub mod stamps;
pub mod thin_print;
pub mod thumbnail;
mod turn_weights;

use crate::model::{CleanPage, Dpi, PageImage, PixelBox, PixelSize, Rotation};
use image::{DynamicImage, GrayImage, RgbImage};
use map::PageMap;
use serde::Deserialize;
use thumbnail::Thumbnail;

/// Raised when the same page gives another result than before.
pub const VERSION: u16 = 8;

/// Long side of A4 in inches, for pages that do not say their resolution.
const A4_HEIGHT_INCHES: f32 = 11.69;

/// Pages at or above this resolution are halved: slower and worse to read otherwise.
const HALVE_FROM_DPI: u32 = 450;

/// Which steps may be taken; each still asks whether the page needs it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whiten the paper of scans kept in a few levels of grey.
    pub whiten_paper: bool,
    /// Take black scanner borders away.
    pub remove_border: bool,
    /// Fill punched holes.
    pub fill_holes: bool,
    /// Lift round stamps off the print beneath them.
    pub lift_stamps: bool,
    /// Take away what shines through from the back.
    pub remove_bleed: bool,
    /// Even out shaded and low-contrast paper.
    pub even_background: bool,
    /// Take speckle away.
    pub despeckle: bool,
    /// Thicken print that was cut too thin.
    pub thicken_print: bool,
    /// Turn pages scanned sideways or upside down.
    pub turn: bool,
    /// Straighten pages that are askew.
    pub deskew: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            whiten_paper: true,
            remove_border: true,
            fill_holes: true,
            lift_stamps: true,
            remove_bleed: true,
            even_background: true,
            despeckle: true,
            thicken_print: true,
            turn: true,
            deskew: true,
        }
    }
}

/// A page ready to be read, with what was found out on the way.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The page as a reader wants it.
    pub clean: CleanPage,
    /// From pixels of `clean` to pixels of the archived image.
    pub map: PageMap,
    /// The clockwise turn that made the archived image upright.
    pub rotation: Rotation,
    /// The next best turn: what a reader should try, too, where the first is in doubt or reads badly.
    pub second_rotation: Rotation,
    /// Whether the turn is beyond doubt.
    pub rotation_is_sure: bool,
    /// Resolution of the archived image: as stated, else estimated from its size.
    pub dpi: Dpi,
    /// Where coloured stamps stand on the archived image; their ink is lifted off.
    pub stamps: Vec<PixelBox>,
}

/// What [`prepare`] makes of a page.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Something to read.
    Page(Box<Prepared>),
    /// Nothing on it but paper, dust, holes or what shines through.
    Blank {
        /// Resolution of the archived image.
        dpi: Dpi,
    },
}

/// Returns the page cleaned, turned upright and straightened, or the finding that it is blank.
pub fn prepare(page: PageImage, settings: &Settings) -> Outcome {
    let archived = page.size();
    let dpi = page.dpi.unwrap_or_else(|| estimate_dpi(archived));
    let bilevel = page.bilevel;
    let mut map = PageMap::identity(archived);
    let (mut grey, stamps) = into_grey(page.pixels, dpi, settings);
    if settings.whiten_paper && !bilevel {
        few_levels::whiten(&mut grey, dpi);
    }
    let mut grey_dpi = dpi;
    if dpi.0 >= HALVE_FROM_DPI {
        grey = halve(&grey);
        grey_dpi = Dpi(dpi.0 / 2);
        map = map.after_halving();
    }

    let mut thumbnail = Thumbnail::of(&grey, grey_dpi);
    if settings.remove_border {
        border::remove(&mut grey, &mut thumbnail);
    }
    if settings.fill_holes {
        holes::remove(&mut grey, &mut thumbnail);
    }
    if blank::is_blank(&thumbnail) {
        return Outcome::Blank { dpi };
    }
    if settings.remove_bleed && !bilevel && bleed::remove(&mut grey, &thumbnail, grey_dpi) {
        thumbnail = Thumbnail::of(&grey, grey_dpi);
    }
    if settings.even_background && !bilevel {
        background::even(&mut grey, &thumbnail);
    }
    if settings.lift_stamps && stamps.is_empty() {
        round_stamps::lift(&mut grey, &thumbnail);
    }
    let counts = despeckle::Counts::of(&grey);
    // What takes speckle away takes thin strokes away, too.
    let was_thin = settings.thicken_print && bilevel && thin_print::thicken(&mut grey, &counts);
    if settings.despeckle && !was_thin {
        despeckle::remove(&mut grey, &counts, grey_dpi);
    }
    let mut turn = rotate::Turn { rotation: Rotation::None, second: Rotation::Half, sure: true };
    if settings.turn {
        turn = rotate::find(&thumbnail);
    }
    let angle = if settings.deskew { deskew::needed_angle(&thumbnail, turn.rotation) } else { None };
    grey = rotate::turned(grey, turn.rotation);
    map = map.after_turn(turn.rotation);
    if let Some(degrees) = angle {
        grey = deskew::straightened(&grey, degrees);
        map = map.after_deskew(degrees);
    }
    Outcome::Page(Box::new(Prepared {
        clean: CleanPage { grey, dpi: grey_dpi },
        map,
        rotation: turn.rotation,
        second_rotation: turn.second,
        rotation_is_sure: turn.sure,
        dpi,
        stamps,
    }))
}

impl Prepared {
    /// Returns the same page turned another way.
    pub fn turned_to(&self, rotation: Rotation) -> Self {
        let further = self.rotation.inverse().then(rotation);
        Self {
            clean: CleanPage { grey: rotate::turned(self.clean.grey.clone(), further), dpi: self.clean.dpi },
            map: self.map.after_turn(further),
            rotation,
            second_rotation: self.rotation,
            stamps: self.stamps.clone(),
            ..*self
        }
    }
}

/// Returns the resolution at which the page would be as tall, or as wide, as A4.
fn estimate_dpi(size: PixelSize) -> Dpi {
    let long_side = size.width.max(size.height) as f32;
    Dpi(((long_side / A4_HEIGHT_INCHES).round() as u32).clamp(50, 1200))
}

/// Returns the page in grey, and where coloured stamps stood on it.
fn into_grey(pixels: DynamicImage, dpi: Dpi, settings: &Settings) -> (GrayImage, Vec<PixelBox>) {
    match pixels {
        DynamicImage::ImageLuma8(grey) => (grey, Vec::new()),
        DynamicImage::ImageRgb8(colour) => {
            let mut grey = luminance(&colour);
            let stamps = if settings.lift_stamps { stamps::lift(&mut grey, &colour, dpi) } else { Vec::new() };
            (grey, stamps)
        }
        other => (other.into_luma8(), Vec::new()),
    }
}

/// Returns the lightness of each pixel by the weights of Rec. 709, as the image crate has it, in whole numbers.
fn luminance(colour: &RgbImage) -> GrayImage {
    let lightness = |pixel: &[u8]| match *pixel {
        [red, green, blue] => {
            ((u32::from(red) * 2126 + u32::from(green) * 7152 + u32::from(blue) * 722) / 10_000) as u8
        }
        _ => 255,
    };
    let values = colour.as_raw().chunks_exact(3).map(lightness).collect();
    GrayImage::from_raw(colour.width(), colour.height(), values).unwrap_or_default()
}

/// Returns the image at half its size, each pixel the mean of four; an odd last row or column is dropped.
pub fn halve(grey: &GrayImage) -> GrayImage {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let (half_width, half_height) = ((width / 2).max(1), (height / 2).max(1));
    let source = grey.as_raw();
    let mut target = Vec::with_capacity(half_width * half_height);
    for y in 0..half_height {
        let row = |y: usize| source.get(y.min(height - 1) * width..).and_then(|rest| rest.get(..width)).unwrap_or(&[]);
        let (upper, lower) = (row(2 * y), row(2 * y + 1));
        if width < 2 {
            target.extend_from_slice(upper);
            continue;
        }
        let (upper, lower) = (upper.as_chunks::<2>().0, lower.as_chunks::<2>().0);
        let sums = upper.iter().zip(lower).map(|(a, b)| [a[0], a[1], b[0], b[1]].map(u16::from).iter().sum::<u16>());
        target.extend(sums.map(|sum| ((sum + 2) / 4) as u8));
    }
    GrayImage::from_raw(half_width as u32, half_height as u32, target).unwrap_or_else(|| grey.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_takes_means_and_copes_with_thin_images() {
        let grey = GrayImage::from_raw(3, 2, vec![0, 100, 9, 100, 200, 9]).unwrap();
        assert_eq!(halve(&grey).as_raw(), &[100]);
        assert_eq!(halve(&GrayImage::from_pixel(1, 1, image::Luma([7]))).as_raw(), &[7]);
        assert_eq!(halve(&GrayImage::from_pixel(1, 6, image::Luma([7]))).dimensions(), (1, 3));
    }

    #[test]
    fn a_page_that_does_not_say_is_taken_for_a4() {
        assert_eq!(estimate_dpi(PixelSize { width: 2480, height: 3508 }), Dpi(300));
        assert_eq!(estimate_dpi(PixelSize { width: 3508, height: 2480 }), Dpi(300));
    }
}
