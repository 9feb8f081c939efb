//! Looks at a page once for both questions: how to get its image, and what text it brings along.

use super::survey::{Survey, alpha_of};
use super::text::glyphs::Glyphs;
use hayro::hayro_interpret::font::GlyphRun;
use hayro::hayro_interpret::{BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, SoftMask};
use hayro::hayro_syntax::object::Dict;
use hayro::kurbo::BezPath;

/// A device that draws nothing: it notes what would be seen, and every glyph.
pub(super) struct Look {
    pub survey: Survey,
    pub glyphs: Glyphs,
}

impl<'a> Device<'a> for Look {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        self.survey.draw_path(path, props, mode);
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        self.survey.push_clip_path(clip);
    }

    fn push_transparency_group(&mut self, opacity: f32, mask: Option<SoftMask<'a>>, blend_mode: BlendMode) {
        self.survey.push_transparency_group(opacity, mask, blend_mode);
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        let visible = !matches!(mode, DrawMode::Invisible) && alpha_of(&props.paint) > 0.0;
        // Layers of text are often written with the clip of an image around them, so the clip counts for what is seen.
        let area = if visible { self.survey.seen_area() } else { self.survey.page_area() };
        self.glyphs.note(run, props.transform, area, visible);
        self.survey.draw_glyph_run(run, props, mode);
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let covers = self.survey.covers;
        self.survey.draw_image(image, props);
        if self.survey.covers > covers {
            self.glyphs.cells.iter_mut().for_each(|cell| cell.visible = false);
        }
    }

    fn begin_marked_content(&mut self, _tag: &[u8], properties: Option<&Dict<'_>>) {
        self.glyphs.begin_span(properties);
    }

    fn end_marked_content(&mut self) {
        self.glyphs.end_span();
    }

    fn pop_clip(&mut self) {
        self.survey.pop_clip();
    }

    fn pop_transparency_group(&mut self) {
        self.survey.pop_transparency_group();
    }
}
