//! Finds the printed lines of a clean page: pixels in, one straightened image a line out, and zones that are no print.
//!
//! [`ink`] tells ink from paper, [`component`] gathers it, [`chain`] joins components into lines along an [`axis`], [`cut`] takes
//! each line out of the page; [`codes`] reads sheets that stand between letters. A printed line that stands in parts (columns of a
//! letterhead, cells of a table) comes as several images; the layout stage puts what was read in order. Which recogniser reads the lines does not matter here.

mod axis;
mod chain;
pub mod codes;
mod component;
mod cut;
mod ink;
mod patch;
mod zone;

pub use zone::{Zone, ZoneKind};

use crate::model::{CleanPage, LineImage};
use component::Components;
use cut::Sheet;
use ink::Ink;

/// Raised when the same page gives other lines than before.
pub const VERSION: u16 = 3;

/// The lines and other parts of a page.
#[derive(Clone, Debug, Default)]
pub struct Segmentation {
    /// Lines, or parts of lines that stand apart, from the top. Boxes refer to the clean page.
    pub lines: Vec<LineImage>,
    /// What is no print.
    pub zones: Vec<Zone>,
}

/// Finds the lines of a page. A page without print has none.
pub fn segment(page: &CleanPage) -> Segmentation {
    let ink = Ink::of(page);
    let (scale, inch) = (ink.scale, ink.inch);
    let components = Components::of(ink);
    let chains = chain::chain(&components.all, page.grey.width() as f32 / scale as f32, inch);
    let sheet = Sheet::new(page, &components, &chains, scale);
    let mut order: Vec<usize> = (0..chains.chains.len()).collect();
    let row = |at: usize| chains.chains.get(at).map_or(0.0, |chain| chain.axis.at(chain.left));
    order.sort_by(|&a, &b| row(a).total_cmp(&row(b)));
    let lines = order.into_iter().filter_map(|number| sheet.cut(number)).collect();
    Segmentation { lines, zones: zone::zones(&components, &chains, inch, scale) }
}

#[cfg(test)]
mod tests;
