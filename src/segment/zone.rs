//! Names what is no print: rules, stamps, figures and handwriting, each with its box.

use super::chain::Chains;
use super::component::{Component, Components};
use crate::model::PixelBox;

/// Stamps and seals are about as wide as high, and this large in inches.
const STAMP_INCHES: std::ops::RangeInclusive<f32> = 0.7..=2.4;
/// How much wider than high, or higher than wide, a stamp may be.
const STAMP_RATIO: f32 = 1.7;
/// Strokes of a pen cover less of their box than this; emblems and pictures more.
const PEN_SHARE: f32 = 0.22;

/// What a zone holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneKind {
    /// A ruled line, of a table or under a heading.
    Rule,
    /// A stamp or seal.
    Stamp,
    /// An emblem, a picture, a dark patch.
    Figure,
    /// Strokes of a pen: a signature, a note.
    Handwriting,
}

/// A part of a page that is no print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    /// What it holds.
    pub kind: ZoneKind,
    /// Its box on the clean page.
    pub bounds: PixelBox,
}

/// Returns the zones of a page; touching ones of one kind are one.
pub fn zones(components: &Components, chains: &Chains, inch: f32, scale: u32) -> Vec<Zone> {
    let of_page = |component: &Component| {
        PixelBox::new(component.left * scale, component.top * scale, component.right * scale, component.bottom * scale)
    };
    let rules = components.rules.iter().filter(|rule| rule.width().max(rule.height()) > 0.3 * inch);
    let mut zones: Vec<Zone> = rules.map(|rule| Zone { kind: ZoneKind::Rule, bounds: of_page(rule) }).collect();
    for component in chains.others.iter().filter_map(|&at| components.all.get(at)) {
        let next = Zone { kind: kind(component, inch), bounds: of_page(component) };
        match zones
            .iter_mut()
            .find(|zone| zone.kind == next.kind && zone.kind != ZoneKind::Rule && overlap(&zone.bounds, &next.bounds))
        {
            Some(zone) => zone.bounds = zone.bounds.union(&next.bounds),
            None => zones.push(next),
        }
    }
    zones
}

fn kind(component: &Component, inch: f32) -> ZoneKind {
    let (width, height) = (component.width(), component.height());
    let (long, short) = (width.max(height), width.min(height));
    let share = component.area as f32 / (width * height).max(1.0);
    if long > 0.3 * inch && short < 0.06 * inch {
        ZoneKind::Rule
    } else if STAMP_INCHES.contains(&(long / inch)) && long <= STAMP_RATIO * short && share < 0.5 {
        ZoneKind::Stamp
    } else if share < PEN_SHARE {
        ZoneKind::Handwriting
    } else {
        ZoneKind::Figure
    }
}

fn overlap(a: &PixelBox, b: &PixelBox) -> bool {
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(width: u32, height: u32, area: u32, want: ZoneKind) {
        let component = Component { left: 0, top: 0, right: width, bottom: height, area, middle: height as f32 / 2.0 };
        assert_eq!(kind(&component, 150.0), want);
    }

    #[test]
    fn zones_are_told_by_size_and_ink() {
        check(600, 3, 1700, ZoneKind::Rule);
        check(4, 300, 1100, ZoneKind::Rule);
        check(200, 190, 6000, ZoneKind::Stamp);
        check(300, 90, 3000, ZoneKind::Handwriting);
        check(100, 95, 7000, ZoneKind::Figure);
    }
}
