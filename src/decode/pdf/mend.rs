//! Mends character maps that the PDF library would drop whole: the bytes of a PDF in, mended bytes out where there was need.
//!
//! Some producers write an empty target, `<>`, for a glyph that adds no character of its own, such as the second half of a
//! ligature. That is outside the form of a ToUnicode map (PDF 2.0, 9.10.3), and the library then knows no character of
//! the font at all. Such targets become a character that stands for nothing.

use super::text::glyphs::SILENT;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::object::dict::keys;
use hayro::hayro_syntax::object::{Dict, Stream};
use std::collections::HashSet;

/// Maps larger than this are left as they are.
const MAX_MAP_BYTES: usize = 4 << 20;

/// Returns the numbers of the objects that hold maps with empty targets.
fn damaged_maps(pdf: &Pdf) -> HashSet<u32> {
    let mut seen = HashSet::new();
    let mut damaged = HashSet::new();
    for page in pdf.pages().iter() {
        let fonts = &page.resources().fonts;
        for name in fonts.keys() {
            let Some(id) = fonts.get_ref(&*name).filter(|id| seen.insert(id.obj_number)) else { continue };
            let Some(font) = page.xref().get::<Dict<'_>>(id.into()) else { continue };
            let Some(map) = font.get_ref(keys::TO_UNICODE) else { continue };
            let stream = page.xref().get::<Stream<'_>>(map.into());
            let text = stream.and_then(|stream| stream.decoded().ok().map(|text| text.into_owned()));
            if text.is_some_and(|text| text.len() <= MAX_MAP_BYTES && mended(&text).is_some()) {
                damaged.insert(map.obj_number);
            }
        }
    }
    damaged
}

/// Returns the file with its damaged maps mended; `None` where none is damaged or the file cannot be changed.
pub(super) fn with_mended_maps(pdf: &Pdf, bytes: &[u8]) -> Option<Vec<u8>> {
    let damaged = damaged_maps(pdf);
    if damaged.is_empty() {
        return None;
    }
    let mut file = lopdf::Document::load_mem(bytes).ok()?;
    for (id, object) in &mut file.objects {
        let lopdf::Object::Stream(stream) = object else { continue };
        if damaged.contains(&id.0)
            && let Some(text) = stream.get_plain_content().ok().and_then(|text| mended(&text))
        {
            stream.set_plain_content(text);
        }
    }
    let mut changed = Vec::with_capacity(bytes.len());
    file.save_to(&mut changed).ok()?;
    Some(changed)
}

/// Returns the map with a character in the place of each empty target, if it has any.
fn mended(map: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(map.len());
    let mut rest = map;
    let mut found = false;
    while let Some((&byte, after)) = rest.split_first() {
        let blank = after.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if byte == b'<' && after.get(blank) == Some(&b'>') && !text.ends_with(b"<") {
            text.extend(format!("<{:04X}>", u32::from(SILENT)).bytes());
            rest = after.get(blank + 1..).unwrap_or_default();
            found = true;
        } else {
            text.push(byte);
            rest = after;
        }
    }
    found.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(map: &str, want: Option<&str>) {
        assert_eq!(mended(map.as_bytes()), want.map(|want| want.as_bytes().to_vec()), "{map}");
    }

    #[test]
    fn empty_targets_become_a_silent_character() {
        check("<0003> <>\n<0004> <0627>", Some("<0003> <FFF9>\n<0004> <0627>"));
        check("<01> <02> [< > <0628>]", Some("<01> <02> [<FFF9> <0628>]"));
        check("<0004> <0627> << /Registry (x) >>", None);
    }
}
