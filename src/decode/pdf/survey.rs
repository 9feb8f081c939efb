//! Looks at a PDF page without decoding anything, and decides how to get its image.
//!
//! A scan is best taken as it is: the pixels of its one image, or of the strips it was cut into, without resampling.
//! That holds where images cover the page and nothing else is to be seen on it. Invisible text, text hidden beneath the
//! scan, and white backgrounds are not to be seen. Every other page has to be drawn.

use super::image::check_sizes;
use super::space::{PlainImage, Space};
use crate::decode::DecodeError;
use crate::decode::pixels::Turn;
use crate::model::PixelBox;
use crate::model::PixelSize;
use crate::model::Rotation;
use hayro::hayro_interpret::font::{Glyph, GlyphRun};
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, Paint, SoftMask,
};
use hayro::hayro_syntax::object::Dict;
use hayro::hayro_syntax::object::dict::keys;
use hayro::kurbo::{Affine, BezPath, Point, Rect, Shape};

/// Part of the page that images must cover to be the page.
const COVER: f64 = 0.95;

/// Part of the page from which on an image decides on the resolution at which the page is drawn.
const LARGE: f64 = 0.2;

/// How far in points edges may be apart and still count as the same: page sizes are rounded, scans are not.
const TOLERANCE_PT: f64 = 1.0;

/// More images than any scanner cuts a page into.
const MAX_IMAGES: usize = 2000;

/// How to get the image of a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plan {
    /// Put the pixels of these images together, then cut out what the page shows.
    Pixels { tiles: Vec<Tile>, canvas: PixelSize, shown: PixelBox, dpi: (f64, f64), grey: bool },
    /// Draw the page, at least at this resolution; with how much of it images cover.
    Draw { min_dpi: f64, image_cover: f64 },
}

/// An image that is part of a page: the `ordinal`-th drawn on it, with its place after its turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tile {
    pub ordinal: usize,
    pub turn: Turn,
    pub left: u32,
    pub top: u32,
}

/// An image as it is placed on the page; `rect` is all of it, `shown` what clips and page leave.
#[derive(Clone, Copy, Debug)]
struct Placed {
    ordinal: usize,
    /// `None` for an image within the content itself.
    object: Option<(u32, u16)>,
    size: PixelSize,
    to_page: Affine,
    rect: Rect,
    shown: Rect,
    /// Whether its pixels are the page's: nothing is mixed with them, and no odd clip cuts them.
    plain: bool,
    opaque: bool,
    grey: bool,
}

/// An image of a scan: its object, and the way from its pixels to points of the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScanImage {
    pub object: (u32, u16),
    pub size: PixelSize,
    pub to_page: Affine,
}

/// A device that draws nothing and notes what would be seen. Page coordinates are points, from the top left.
pub(super) struct Survey {
    page: Rect,
    /// What is left to draw in, and whether it is a rectangle.
    clips: Vec<(Rect, bool)>,
    /// Whether a group leaves what is drawn in it as it is.
    groups: Vec<bool>,
    images: Vec<Placed>,
    drawn: usize,
    /// Around all that is seen beside images.
    ink: Option<Rect>,
    crowded: bool,
    limit_megapixels: u32,
    oversized: Option<DecodeError>,
    /// How often an image was drawn over the whole page.
    pub covers: u32,
}

impl Survey {
    pub(super) fn new(width: f64, height: f64, limit_megapixels: u32) -> Self {
        Self {
            page: Rect::new(0.0, 0.0, width, height),
            clips: Vec::new(),
            groups: Vec::new(),
            images: Vec::new(),
            drawn: 0,
            ink: None,
            crowded: false,
            limit_megapixels,
            oversized: None,
            covers: 0,
        }
    }

    /// Returns the images left on the page; `None` where one of them is no object of its own.
    pub(super) fn objects(&self) -> Option<Vec<ScanImage>> {
        let image =
            |image: &Placed| Some(ScanImage { object: image.object?, size: image.size, to_page: image.to_page });
        self.images.iter().map(image).collect()
    }

    pub(super) fn page_area(&self) -> Rect {
        self.page
    }

    /// Returns the part of the page that is being drawn in.
    pub(super) fn seen_area(&self) -> Rect {
        self.clip().0.intersect(self.page)
    }

    fn clip(&self) -> (Rect, bool) {
        self.clips.last().copied().unwrap_or((self.page, true))
    }

    fn note_ink(&mut self, bounds: Rect) {
        let (clip, _) = self.clip();
        let seen = bounds.intersect(clip);
        if seen.x1 > seen.x0 && seen.y1 > seen.y0 {
            self.ink = Some(self.ink.map_or(seen, |ink| ink.union(seen)));
        }
    }

    /// Decides on the page, once all of it has been seen.
    ///
    /// # Errors
    /// An image on it is too large.
    pub(super) fn plan(&self) -> Result<Plan, DecodeError> {
        if let Some(error) = &self.oversized {
            return Err(error.clone());
        }
        Ok(self.pixels_plan().unwrap_or_else(|| {
            // A logo, or a glyph that came as an image, does not make a page of text a scan.
            let large = self.images.iter().filter(|image| image.shown.area() > LARGE * self.page.area());
            let largest = large.max_by_key(|image| image.size.pixels());
            let min_dpi = largest.map_or(0.0, |image| {
                let (across, down) = image.dpi();
                across.min(down)
            });
            let covered: f64 = self.images.iter().map(|image| image.shown.area()).sum();
            Plan::Draw { min_dpi, image_cover: covered / self.page.area().max(1.0) }
        }))
    }

    fn pixels_plan(&self) -> Option<Plan> {
        let first = self.images.first()?;
        if self.ink.is_some() || self.crowded || !self.images.iter().all(|image| image.plain) {
            return None;
        }
        let turn = first.turn()?;
        let around = self.images.iter().fold(first.rect, |all, image| all.union(image.rect));
        let shown = self.images.iter().fold(first.shown, |all, image| all.union(image.shown));
        if shown.area() <= COVER * self.page.area() {
            return None;
        }
        let size = turn.turned_size(first.size);
        let (width_pt, height_pt) =
            (first.rect.width() / f64::from(size.width), first.rect.height() / f64::from(size.height));
        let canvas = PixelSize {
            width: (around.width() / width_pt).round() as u32,
            height: (around.height() / height_pt).round() as u32,
        };
        let mut tiles = Vec::new();
        let mut pixels = 0;
        for image in &self.images {
            let size = turn.turned_size(image.size);
            let off = |points: f64, pixel_pt: f64, pixels: u32| (points / pixel_pt - f64::from(pixels)).abs() > 1.5;
            let stretched =
                off(image.rect.width(), width_pt, size.width) || off(image.rect.height(), height_pt, size.height);
            if stretched || image.turn() != Some(turn) {
                return None;
            }
            pixels += size.pixels();
            let left = ((image.rect.x0 - around.x0) / width_pt).round() as u32;
            let top = ((image.rect.y0 - around.y0) / height_pt).round() as u32;
            tiles.push(Tile { ordinal: image.ordinal, turn, left, top });
        }
        // Strips lie side by side: where they leave gaps or overlap, they are something else.
        let fill = pixels as f64 / canvas.pixels().max(1) as f64;
        if !(0.98..=1.05).contains(&fill) {
            return None;
        }
        let edge = |seen: f64, all: f64, pixel_pt: f64, end: u32| {
            let cut = (seen - all).abs();
            if cut <= TOLERANCE_PT { end } else { end.abs_diff((cut / pixel_pt).round() as u32) }
        };
        let shown = PixelBox::new(
            edge(shown.x0, around.x0, width_pt, 0),
            edge(shown.y0, around.y0, height_pt, 0),
            edge(shown.x1, around.x1, width_pt, canvas.width),
            edge(shown.y1, around.y1, height_pt, canvas.height),
        );
        let dpi = (72.0 / width_pt, 72.0 / height_pt);
        Some(Plan::Pixels { tiles, canvas, shown, dpi, grey: self.images.iter().all(|image| image.grey) })
    }
}

impl Placed {
    /// Returns the turn that brings the image's pixels into the directions of the page, if a turn is all it takes.
    fn turn(&self) -> Option<Turn> {
        let [a, b, c, d, _, _] = self.to_page.as_coeffs();
        let (width, height) = (f64::from(self.size.width), f64::from(self.size.height));
        // How far in points the sides of the image are off the vertical and horizontal.
        let upright = (b * width).abs() < TOLERANCE_PT && (c * height).abs() < TOLERANCE_PT;
        let sideways = (a * width).abs() < TOLERANCE_PT && (d * height).abs() < TOLERANCE_PT;
        let (mirrored, rotation) = match (upright, sideways) {
            (true, false) => match (a > 0.0, d > 0.0) {
                (true, true) => (false, Rotation::None),
                (false, false) => (false, Rotation::Half),
                (false, true) => (true, Rotation::None),
                (true, false) => (true, Rotation::Half),
            },
            (false, true) => match (b > 0.0, c > 0.0) {
                (true, false) => (false, Rotation::Clockwise90),
                (false, true) => (false, Rotation::Clockwise270),
                // x runs down and y runs right: a mirror along the diagonal.
                (true, true) => (true, Rotation::Clockwise270),
                (false, false) => (true, Rotation::Clockwise90),
            },
            _ => return None,
        };
        Some(Turn { mirrored, rotation })
    }

    fn dpi(&self) -> (f64, f64) {
        let [a, b, c, d, _, _] = self.to_page.as_coeffs();
        (72.0 / a.hypot(b).max(1e-6), 72.0 / c.hypot(d).max(1e-6))
    }
}

pub(super) fn alpha_of(paint: &Paint<'_>) -> f32 {
    match paint {
        Paint::Color(color) => color.to_rgba().components()[3],
        Paint::Pattern(_) => 1.0,
    }
}

fn is_white(paint: &Paint<'_>) -> bool {
    matches!(paint, Paint::Color(color) if color.to_rgba().to_rgba8()[..3].iter().all(|part| *part >= 250))
}

fn is_greyish(dict: &Dict<'_>) -> bool {
    let bits = dict.get::<u8>(keys::BITS_PER_COMPONENT).or_else(|| dict.get::<u8>(keys::BPC));
    bits == Some(1) || PlainImage::of(dict).is_some_and(|image| image.space == Space::Grey)
}

impl<'a> Device<'a> for Survey {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        let width = match mode {
            DrawMode::Invisible => return,
            DrawMode::Fill(_) => 0.0,
            DrawMode::Stroke(stroke) | DrawMode::FillAndStroke(_, stroke) => {
                f64::from(stroke.line_width).max(0.1) / 2.0
            }
        };
        let untouched = self.images.is_empty() && self.ink.is_none();
        if alpha_of(&props.paint) <= 0.0 || untouched && is_white(&props.paint) {
            return;
        }
        let bounds = path.bounding_box().inflate(width, width);
        self.note_ink(props.transform.transform_rect_bbox(bounds));
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        let (outer, rectangle) = self.clip();
        let bounds = clip.path.bounding_box();
        let full = bounds.area() > 0.0 && clip.path.area().abs() >= 0.999 * bounds.area();
        self.clips.push((outer.intersect(bounds), rectangle && full));
    }

    fn push_transparency_group(&mut self, opacity: f32, mask: Option<SoftMask<'a>>, blend_mode: BlendMode) {
        self.groups.push(opacity >= 0.999 && mask.is_none() && blend_mode == BlendMode::Normal);
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        if matches!(mode, DrawMode::Invisible) || alpha_of(&props.paint) <= 0.0 {
            return;
        }
        for glyph in run.glyphs() {
            let at = props.transform * glyph.transform() * Point::ORIGIN;
            let here = Rect::from_center_size(at, (0.1, 0.1));
            // Spaces leave no ink; their outlines are looked at only until the first ink is found.
            let blank =
                self.ink.is_none() && matches!(&**glyph, Glyph::Outline(outline) if outline.outline().is_empty());
            if !blank {
                self.note_ink(here);
            }
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let ordinal = self.drawn;
        self.drawn += 1;
        let size = PixelSize { width: image.width(), height: image.height() };
        let (clip, rectangle) = self.clip();
        let pixels = Rect::new(0.0, 0.0, f64::from(size.width), f64::from(size.height));
        let rect = props.transform.transform_rect_bbox(pixels);
        let shown = rect.intersect(clip);
        if shown.width() <= 0.0 || shown.height() <= 0.0 {
            return;
        }
        let unmixed = rectangle && props.soft_mask.is_none() && self.groups.iter().all(|plain| *plain);
        let (stream, opaque, grey) = match &image {
            // What is poured through a mask is known only once it is decoded.
            Image::Stencil(stencil) => (stencil.stream(), false, true),
            Image::Raster(raster) => {
                let dict = raster.stream().dict();
                let alpha = [keys::SMASK, keys::MASK, keys::SMASK_IN_DATA].iter().any(|key| dict.contains_key(key));
                (raster.stream(), !alpha, is_greyish(dict))
            }
        };
        let object = stream.dict().obj_id().and_then(|id| Some((id.obj_number, u16::try_from(id.gen_number).ok()?)));
        if let (Err(error), None) = (check_sizes(stream, size, self.limit_megapixels), &self.oversized) {
            self.oversized = Some(error);
        }
        let plain = unmixed && props.blend_mode == BlendMode::Normal;
        let image = Placed {
            ordinal,
            object,
            size,
            to_page: props.transform,
            rect,
            shown,
            plain,
            opaque: plain && opaque,
            grey,
        };
        if image.opaque && image.shown.area() > COVER * self.page.area() {
            self.hide_beneath(image.shown.inflate(TOLERANCE_PT, TOLERANCE_PT));
            self.covers += 1;
        }
        self.crowded |= self.images.len() >= MAX_IMAGES;
        if !self.crowded {
            self.images.push(image);
        }
    }

    fn pop_clip(&mut self) {
        self.clips.pop();
    }

    fn pop_transparency_group(&mut self) {
        self.groups.pop();
    }
}

impl Survey {
    /// Forgets what an opaque image drawn later hides.
    fn hide_beneath(&mut self, cover: Rect) {
        let hidden = |bounds: Rect| cover.contains_rect(bounds);
        self.images.retain(|image| !hidden(image.shown));
        self.ink = self.ink.filter(|ink| !hidden(*ink));
    }
}
