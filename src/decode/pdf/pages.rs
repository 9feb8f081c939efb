//! The pages of a PDF, read in this very process: bytes in, page images out. Runs in the reader process and in tests.

use super::complete::{leaves_of, missing_part};
use super::image::{Refusal, Taker};
use super::look::Look;
use super::mend::with_mended_maps;
use super::survey::{Plan, ScanImage, Survey, Tile};
use super::text::glyphs::Glyphs;
use super::text::{RawText, text_of};
use crate::decode::DecodeError;
use crate::decode::PageHeader;
use crate::decode::Settings;
use crate::decode::believable_dpi;
use crate::decode::guard::checked_size;
use crate::decode::pixels::{Picture, Samples};
use crate::model::{Dpi, PageImage, PdfPage, PixelBox, PixelSize, PlacedObject};
use hayro::hayro_interpret::{
    Context, Device, InterpreterCache, InterpreterSettings, InterpreterWarning, interpret_page,
};
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::kurbo::{Affine, Rect};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources as DrawResources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// After so many pages what was kept of fonts and images is let go, so that long files do not fill the memory.
const PAGES_PER_CACHE: u32 = 50;

/// Parses a PDF and mends its character maps. Where it is encrypted, the empty password is tried and then `passwords`.
pub(super) fn open(bytes: &Arc<Vec<u8>>, passwords: &[String]) -> Result<Pdf, DecodeError> {
    let mut opened = parsed(bytes, "");
    for password in passwords {
        if !matches!(opened, Err(DecodeError::EncryptedPdf)) {
            break;
        }
        opened = parsed(bytes, password);
    }
    let pdf = opened?;
    let mended = with_mended_maps(&pdf, bytes).and_then(|mended| parsed(&Arc::new(mended), "").ok());
    Ok(mended.filter(|mended| mended.pages().len() == pdf.pages().len()).unwrap_or(pdf))
}

fn parsed(bytes: &Arc<Vec<u8>>, password: &str) -> Result<Pdf, DecodeError> {
    Pdf::new_with_password(Arc::clone(bytes), password).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => DecodeError::EncryptedPdf,
        LoadPdfError::Decryption(error) => DecodeError::DamagedPdf { what: format!("its encryption: {error:?}") },
        LoadPdfError::Invalid => DecodeError::damaged_pdf("it cannot be parsed"),
    })
}

/// Looks at pages whose text is kept until it is asked for.
const MAX_KEPT_LOOKS: usize = 64;

/// The text of a page, with what its page image will be.
pub(super) struct PageText {
    pub text: RawText,
    /// Width and height of the page in points.
    pub points: (f64, f64),
    pub size: PixelSize,
    pub dpi: Option<Dpi>,
    /// Whether images are all that is to be seen on the page.
    pub scan: bool,
    /// How much of the page images cover.
    pub image_cover: f64,
}

/// The pages of a parsed PDF.
pub(super) struct PdfPages<'a> {
    /// A page that the page tree names and the file does not hold is `None`.
    pages: Vec<Option<&'a Page<'a>>>,
    plans: HashMap<u32, Plan>,
    /// Kept from the look at a page until it is asked for.
    glyphs: HashMap<u32, Glyphs>,
    /// The images of pages that are scans: object, and the way from its pixels to points of the page.
    scans: HashMap<u32, Option<Vec<ScanImage>>>,
    settings: Settings,
    fonts: InterpreterCache<'a>,
    drawings: RenderCache<'a>,
    uses: u32,
}

impl<'a> PdfPages<'a> {
    pub(super) fn new(pdf: &'a Pdf, settings: &Settings) -> Result<Self, DecodeError> {
        let found = pdf.pages();
        let mut left = found.iter();
        // The library passes over pages it cannot find. Going through the tree again tells which those are.
        let leaves = leaves_of(pdf, settings.max_pages as usize)?;
        let mut pages: Vec<_> = leaves.iter().map(|present| if *present { left.next() } else { None }).collect();
        pages.extend(left.map(Some));
        let present = pages.iter().flatten().count();
        if pages.is_empty() {
            return Err(DecodeError::Empty { what: "the PDF has no pages".to_owned() });
        }
        if present == 0 {
            return Err(DecodeError::damaged_pdf("none of its pages can be found"));
        }
        let (fonts, drawings) = (InterpreterCache::new(), RenderCache::new());
        Ok(Self {
            pages,
            plans: HashMap::new(),
            glyphs: HashMap::new(),
            scans: HashMap::new(),
            settings: settings.clone(),
            fonts,
            drawings,
            uses: 0,
        })
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.pages.len()).unwrap_or(u32::MAX)
    }

    /// Returns size and cost of a page without decoding its images.
    pub(super) fn header(&mut self, index: u32) -> Result<PageHeader, DecodeError> {
        let page = self.get(index)?;
        Ok(match self.plan(index)? {
            Plan::Pixels { canvas, shown, grey, .. } => {
                let channels = if grey { 1 } else { 3 };
                let size = PixelSize { width: shown.width(), height: shown.height() };
                // The reader holds the image as decoded and as sent, the asking process as received.
                PageHeader { size, decoded_bytes: (canvas.pixels() * 2 + size.pixels()) * channels }
            }
            Plan::Draw { min_dpi, .. } => {
                let (size, _) = self.drawing_size(page, min_dpi);
                PageHeader { size, decoded_bytes: size.pixels() * (4 + 3 + 3) }
            }
        })
    }

    /// Returns the image of a page.
    pub(super) fn page(&mut self, index: u32) -> Result<PageImage, DecodeError> {
        let page = self.get(index)?;
        if let Some(what) = missing_part(page) {
            return Err(DecodeError::DamagedPdf { what });
        }
        match self.plan(index)? {
            Plan::Draw { min_dpi, image_cover } => self.draw(page, min_dpi, image_cover),
            Plan::Pixels { tiles, canvas, shown, dpi, .. } => match self.take(page, &tiles, canvas, shown) {
                Ok(picture) => {
                    let page = picture.into_page(believable_dpi(dpi.0, dpi.1));
                    page.ok_or_else(|| DecodeError::damaged_pdf("an image has fewer samples than pixels"))
                }
                Err(Refusal::MustBeDrawn) => {
                    let plan = Plan::Draw { min_dpi: dpi.0.min(dpi.1), image_cover: 1.0 };
                    self.plans.insert(index, plan);
                    self.draw(page, dpi.0.min(dpi.1), 1.0)
                }
                Err(Refusal::Failed(error)) => Err(error),
            },
        }
    }

    /// Returns the text that the file gives for a page, with its boxes in points.
    pub(super) fn text(&mut self, index: u32) -> Result<PageText, DecodeError> {
        let page = self.get(index)?;
        if let Some(what) = missing_part(page) {
            return Err(DecodeError::DamagedPdf { what });
        }
        let plan = self.plan(index)?;
        let glyphs = match self.glyphs.remove(&index) {
            Some(glyphs) => glyphs,
            None => {
                self.plans.remove(&index);
                self.plan(index)?;
                self.glyphs.remove(&index).unwrap_or_default()
            }
        };
        let (width, height) = page.render_dimensions();
        let (size, dpi, scan, image_cover) = match plan {
            Plan::Pixels { shown, dpi, .. } => {
                let size = PixelSize { width: shown.width(), height: shown.height() };
                (size, believable_dpi(dpi.0, dpi.1), true, 1.0)
            }
            Plan::Draw { min_dpi, image_cover } => {
                let (size, scale) = self.drawing_size(page, min_dpi);
                (size, believable_dpi(scale * 72.0, scale * 72.0), false, image_cover)
            }
        };
        let points = (f64::from(width), f64::from(height));
        Ok(PageText { text: text_of(glyphs, points.0, points.1), points, size, dpi, scan, image_cover })
    }

    /// Returns what writing the page anew must know of it.
    pub(super) fn about(&mut self, index: u32) -> Result<PdfPage, DecodeError> {
        let page = self.get(index)?;
        self.plan(index)?;
        let (width, height) = page.render_dimensions();
        let to_user = to_page(page).inverse();
        if !to_user.is_finite() {
            return Err(DecodeError::damaged_pdf("its page has no area"));
        }
        let placed = |image: &ScanImage| {
            let (width, height) = (f64::from(image.size.width), f64::from(image.size.height));
            let square = Affine::new([width, 0.0, 0.0, -height, 0.0, height]);
            PlacedObject { object: image.object, matrix: (to_user * image.to_page * square).as_coeffs() }
        };
        let scan = self.scans.get(&index).and_then(Option::as_ref).map(|images| images.iter().map(placed).collect());
        Ok(PdfPage { size: (width.into(), height.into()), to_user: to_user.as_coeffs(), scan })
    }

    fn get(&mut self, index: u32) -> Result<&'a Page<'a>, DecodeError> {
        self.uses += 1;
        if self.uses.is_multiple_of(2 * PAGES_PER_CACHE) {
            (self.fonts, self.drawings) = (InterpreterCache::new(), RenderCache::new());
        }
        match self.pages.get(index as usize) {
            Some(Some(page)) => Ok(page),
            Some(None) => Err(DecodeError::DamagedPdf { what: format!("page {} is not in the file", index + 1) }),
            None => Err(DecodeError::NoSuchPage { index, pages: self.count() }),
        }
    }

    fn plan(&mut self, index: u32) -> Result<Plan, DecodeError> {
        if let Some(plan) = self.plans.get(&index) {
            return Ok(plan.clone());
        }
        let page = self.get(index)?;
        let (width, height) = page.render_dimensions();
        let survey = Survey::new(width.into(), height.into(), self.settings.max_page_megapixels);
        let mut look = Look { survey, glyphs: Glyphs::default() };
        self.interpret(page, &mut look);
        let plan = look.survey.plan()?;
        if self.glyphs.len() >= MAX_KEPT_LOOKS {
            self.glyphs.clear();
        }
        self.glyphs.insert(index, look.glyphs);
        if matches!(plan, Plan::Pixels { .. }) {
            self.scans.insert(index, look.survey.objects());
        }
        if let Plan::Pixels { canvas, .. } = &plan {
            checked_size(canvas.width.into(), canvas.height.into(), self.settings.max_page_megapixels)?;
        }
        self.plans.insert(index, plan.clone());
        Ok(plan)
    }

    /// Runs the page's operators; `device` sees points from the top left of the page as shown.
    fn interpret(&self, page: &'a Page<'a>, device: &mut impl Device<'a>) {
        let (width, height) = page.render_dimensions();
        let area = Rect::new(0.0, 0.0, width.into(), height.into());
        let settings = InterpreterSettings::default();
        let mut context = Context::new(to_page(page), area, &self.fonts, page.xref(), settings);
        interpret_page(page, &mut context, device);
    }

    fn take(&self, page: &'a Page<'a>, tiles: &[Tile], canvas: PixelSize, shown: PixelBox) -> Result<Picture, Refusal> {
        let mut taker = Taker::new(tiles, self.settings.max_page_megapixels);
        self.interpret(page, &mut taker);
        if let Some(refusal) = taker.refusal {
            return Err(refusal);
        }
        let picture = match (taker.taken.pop(), taker.taken.is_empty()) {
            (Some((_, picture)), true) => picture,
            (Some(last), false) => {
                taker.taken.push(last);
                joined(taker.taken, canvas)
            }
            (None, _) => return Err(DecodeError::damaged_pdf("its image cannot be found again").into()),
        };
        Ok(picture.cropped(shown))
    }

    /// Returns the size at which a page is drawn, and the scale from points to pixels.
    fn drawing_size(&self, page: &Page<'_>, min_dpi: f64) -> (PixelSize, f64) {
        let (width, height) = page.render_dimensions();
        let (width, height) = (f64::from(width).max(0.1), f64::from(height).max(0.1));
        let wanted = min_dpi.max(f64::from(self.settings.pdf_render_dpi)).min(1200.0) / 72.0;
        let most = (f64::from(self.settings.pdf_render_max_megapixels) * 1e6 / (width * height)).sqrt();
        let scale = wanted.min(most).min(f64::from(u16::MAX) / width.max(height));
        let side = |points: f64| (points * scale).round().clamp(1.0, f64::from(u16::MAX)) as u32;
        (PixelSize { width: side(width), height: side(height) }, scale)
    }

    fn draw(&self, page: &'a Page<'a>, min_dpi: f64, image_cover: f64) -> Result<PageImage, DecodeError> {
        let (size, scale) = self.drawing_size(page, min_dpi);
        let failed = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&failed);
        let settings = InterpreterSettings {
            warning_sink: Arc::new(move |warning| {
                if matches!(warning, InterpreterWarning::ImageDecodeFailure) {
                    noted.store(true, Ordering::Relaxed);
                }
            }),
            ..InterpreterSettings::default()
        };
        let mut drawing = RenderContext::new(size.width as u16, size.height as u16);
        let to_pixels = Affine::scale(scale) * to_page(page);
        render_into(page, &self.drawings, &settings, &RenderSettings::default(), &mut drawing, to_pixels);
        drawing.flush();
        // A page that is mostly image and lacks it would pass for a blank one; a missing logo would not.
        if failed.load(Ordering::Relaxed) && image_cover > 0.5 {
            return Err(DecodeError::damaged_pdf("an image on the page cannot be decoded"));
        }
        let mut pixmap = Pixmap::new(size.width as u16, size.height as u16);
        let white = RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..RasterizerSettings::default() };
        drawing.render_with(&mut pixmap, &mut DrawResources::default(), white);
        let rgb = pixmap.data_as_u8_slice().as_chunks::<4>().0.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
        let page = Picture::rgb(size, rgb).into_page(believable_dpi(scale * 72.0, scale * 72.0));
        page.ok_or_else(|| DecodeError::damaged_pdf("its drawing has fewer samples than pixels"))
    }
}

/// Returns the way from PDF coordinates to points from the top left of the page as shown.
fn to_page(page: &Page<'_>) -> Affine {
    Affine::new(page.initial_transform(true).as_coeffs())
}

/// Lays tiles side by side on white.
fn joined(tiles: Vec<(Tile, Picture)>, canvas: PixelSize) -> Picture {
    let grey = tiles.iter().all(|(_, picture)| matches!(picture.samples, Samples::Grey(_)));
    let channels = if grey { 1 } else { 3 };
    let width = canvas.width as usize;
    let mut page = vec![255; width * canvas.height as usize * channels];
    for (tile, picture) in tiles {
        let size = picture.size;
        let samples = match picture.samples {
            Samples::Grey(greys) if grey => greys,
            samples => Picture { size, samples }.into_rgb(),
        };
        let count = size.width.min(canvas.width.saturating_sub(tile.left)) as usize * channels;
        let left = tile.left as usize * channels;
        let page_rows = page.chunks_exact_mut(width * channels).skip(tile.top as usize);
        for (to, from) in page_rows.zip(samples.chunks_exact(size.width as usize * channels)) {
            if let (Some(to), Some(from)) = (to.get_mut(left..left + count), from.get(..count)) {
                to.copy_from_slice(from);
            }
        }
    }
    if grey { Picture::grey(canvas, page) } else { Picture::rgb(canvas, page) }
}
