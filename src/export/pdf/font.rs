//! A font of blanks: embedded as PDF/A asks, glyphs of equal width that leave no ink, and the characters that each code means.
//!
//! The code of a character is its number in Unicode's first plane, so no text needs a table of its own; every code shows
//! the same blank.

use super::stream;
use lopdf::{Document, Object, ObjectId, dictionary};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Name of the font in the resources of a page.
pub(super) const NAME: &str = "Warraq";
/// Width of every glyph, in thousandths of the font's size.
pub(super) const ADVANCE: f64 = 500.0;

/// The characters that a document's text uses.
#[derive(Default)]
pub(super) struct BlankFont {
    pub used: BTreeSet<char>,
}

impl BlankFont {
    /// Adds the font's objects, itself as `id`.
    pub(super) fn add(&self, file: &mut Document, id: ObjectId) {
        let program = program();
        let length = program.len() as i64;
        let program = file.add_object(stream(dictionary! { "Length1" => length }, program));
        let descriptor = file.add_object(dictionary! {
            "Type" => "FontDescriptor",
            "FontName" => "WARRAQ+Blank",
            "Flags" => 4,
            "FontBBox" => vec![0.into(), (-200).into(), 500.into(), 800.into()],
            "ItalicAngle" => 0,
            "Ascent" => 800,
            "Descent" => -200,
            "CapHeight" => 800,
            "StemV" => 80,
            "FontFile2" => program,
        });
        let last = self.used.last().map_or(0, |c| u32::from(*c) as usize);
        let to_glyph = file.add_object(stream(dictionary! {}, [0, 1].repeat(last + 1)));
        let descendant = file.add_object(dictionary! {
            "Type" => "Font",
            "Subtype" => "CIDFontType2",
            "BaseFont" => "WARRAQ+Blank",
            "CIDSystemInfo" => dictionary! {
                "Registry" => Object::string_literal("Adobe"),
                "Ordering" => Object::string_literal("Identity"),
                "Supplement" => 0,
            },
            "FontDescriptor" => descriptor,
            "DW" => ADVANCE as i64,
            "CIDToGIDMap" => to_glyph,
        });
        let to_unicode = file.add_object(stream(dictionary! {}, self.to_unicode().into_bytes()));
        let font = dictionary! {
            "Type" => "Font",
            "Subtype" => "Type0",
            "BaseFont" => "WARRAQ+Blank",
            "Encoding" => "Identity-H",
            "DescendantFonts" => vec![descendant.into()],
            "ToUnicode" => to_unicode,
        };
        file.objects.insert(id, Object::Dictionary(font));
    }

    fn to_unicode(&self) -> String {
        let mut map = String::from(
            "/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)\
             /Supplement 0>>def\n/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n1 begincodespacerange<0000><FFFF>\
             endcodespacerange\n",
        );
        // A block of a map has at most a hundred lines.
        let used: Vec<u32> = self.used.iter().map(|c| u32::from(*c)).collect();
        for block in used.chunks(100) {
            let _ = writeln!(map, "{} beginbfchar", block.len());
            for code in block {
                let _ = writeln!(map, "<{code:04X}><{code:04X}>");
            }
            map.push_str("endbfchar\n");
        }
        map.push_str("endcmap CMapName currentdict/CMap defineresource pop end end\n");
        map
    }
}

/// Returns a TrueType program of two blank glyphs (Apple, "TrueType Reference Manual"; ISO/IEC 14496-22).
fn program() -> Vec<u8> {
    let words = |words: &[u16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let advance = ADVANCE as u16;
    let below = (-200_i16).cast_unsigned();
    let head =
        words(&[1, 0, 1, 0, 0, 0, 0x5F0F, 0x3CF5, 0, 1000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 500, 800, 0, 8, 2, 0, 0]);
    let hhea = words(&[1, 0, 800, below, 0, advance, 0, 0, advance, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    // A line up and back again: it leaves no ink, and readers that measure letters by their outlines find one.
    let rise = (-1000_i16).cast_unsigned();
    let back = (-500_i16).cast_unsigned();
    let outline = words(&[1, 0, below, advance, 800, 2, 0]);
    let ways = words(&[0, advance, back, below, 1000, rise]);
    let mut glyph = [outline, vec![1; 3], ways].concat();
    glyph.resize(glyph.len().next_multiple_of(4), 0);
    let length = (glyph.len() / 2) as u16;
    let maxp = words(&[1, 0, 2, 3, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let post = words(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // One subtable that leads nowhere: readers choose codes by the map beside the program.
    let cmap = words(&[0, 1, 3, 0, 0, 12, 4, 24, 0, 2, 2, 0, 0, 0xFFFF, 0, 0xFFFF, 1, 0]);
    let tables: [(&[u8; 4], Vec<u8>); 8] = [
        (b"cmap", cmap),
        (b"glyf", glyph),
        (b"head", head),
        (b"hhea", hhea),
        (b"hmtx", words(&[advance, 0, 0])),
        (b"loca", words(&[0, 0, length])),
        (b"maxp", maxp),
        (b"post", post),
    ];
    assembled(&tables)
}

fn assembled(tables: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let count = tables.len() as u16;
    let (power, log) = (1_u16 << count.ilog2(), count.ilog2() as u16);
    let mut font = vec![0, 1, 0, 0];
    for word in [count, power * 16, log, count * 16 - power * 16] {
        font.extend(word.to_be_bytes());
    }
    let mut at = 12 + 16 * tables.len();
    for (tag, table) in tables {
        font.extend(*tag);
        for word in [checksum(table), at as u32, table.len() as u32] {
            font.extend(word.to_be_bytes());
        }
        at += table.len().next_multiple_of(4);
    }
    for (_, table) in tables {
        font.extend(table);
        font.resize(font.len().next_multiple_of(4), 0);
    }
    // The checksum of the whole makes up for itself in the table `head`.
    let adjustment = 0xB1B0_AFBA_u32.wrapping_sub(checksum(&font));
    let mut before = 12 + 16 * tables.len();
    for (tag, table) in tables {
        if *tag == b"head"
            && let Some(place) = font.get_mut(before + 8..before + 12)
        {
            place.copy_from_slice(&adjustment.to_be_bytes());
        }
        before += table.len().next_multiple_of(4);
    }
    font
}

fn checksum(bytes: &[u8]) -> u32 {
    let word = |four: &[u8]| four.iter().chain(&[0; 3]).take(4).fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    bytes.chunks(4).map(word).fold(0, u32::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_is_whole() {
        let font = program();
        assert_eq!(checksum(&font), 0xB1B0_AFBA, "the sum that TrueType asks of a whole font");
        assert_eq!(font.len() % 4, 0);
    }
}
