//! The scan of a page as a drawing: its image, and over it the words found and the places of the fields.
//!
//! Image and boxes are drawn in the pixels of the archived page and turned together, so no box can slip.

use crate::model::{Page, PixelBox, Rotation};
use maud::{Markup, html};

/// Width at which a page is sent: sharp on common screens at 150 %.
const SENT_WIDTH: u32 = 1920;

/// What is drawn.
pub struct Scan<'a> {
    /// The document.
    pub id: &'a str,
    /// The page.
    pub page: &'a Page,
    /// The clockwise turn by which the page is shown; makes it upright, unless somebody turned it further.
    pub turn: Rotation,
    /// Words found.
    pub hits: &'a [PixelBox],
    /// Places of fields, each with the id by which it is named.
    pub fields: &'a [(String, PixelBox)],
    /// What it is called.
    pub label: &'a str,
}

impl Scan<'_> {
    /// Returns the drawing.
    pub fn drawn(&self) -> Markup {
        let (width, height) = (self.page.size.width, self.page.size.height);
        let (shown, moved) = match self.turn {
            Rotation::None => ((width, height), String::new()),
            Rotation::Clockwise90 => ((height, width), format!("translate({height} 0) rotate(90)")),
            Rotation::Half => ((width, height), format!("translate({width} {height}) rotate(180)")),
            Rotation::Clockwise270 => ((height, width), format!("translate(0 {width}) rotate(270)")),
        };
        let image = format!("/api/v1/documents/{}/pages/{}/image?width={SENT_WIDTH}", self.id, self.page.number);
        html! {
            svg viewBox={ "0 0 " (shown.0) " " (shown.1) } role="img" aria-label=(self.label) {
                g transform=[(!moved.is_empty()).then_some(&moved)] {
                    image href=(image) width=(width) height=(height) preserveAspectRatio="none" {}
                    g.fields { @for (id, place) in self.fields { (rect(Some(id), place)) } }
                    g.hits { @for place in self.hits { (rect(None, place)) } }
                }
            }
        }
    }
}

fn rect(id: Option<&String>, place: &PixelBox) -> Markup {
    // A little room around the word, so that the frame touches no letter.
    let room = (place.height() / 8).max(2);
    html! {
        rect id=[id] x=(place.left.saturating_sub(room)) y=(place.top.saturating_sub(room))
            width=(place.width() + 2 * room) height=(place.height() + 2 * room) rx=(room) {}
    }
}
