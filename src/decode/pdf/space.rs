//! Images in a PDF that need no colour management: grey, RGB and palettes, as their dictionary describes them.
//!
//! Such images are nearly all scans. Decoding them here rather than in the PDF library tells a stream that is cut short
//! from a whole one, and saves a pass over the pixels. All other images are left to the library.

use hayro::hayro_syntax::object::dict::keys;
use hayro::hayro_syntax::object::{Dict, Name, Object, Stream};

/// What the samples of an image mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Grey,
    Rgb,
    Palette(Vec<[u8; 3]>),
}

/// An image whose samples can be taken as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlainImage {
    pub space: Space,
    pub bits: u8,
    /// Whether /Decode turns all samples over.
    pub inverted: bool,
}

impl PlainImage {
    /// Describes the image of this dictionary; `None` where its colours need more than a look-up.
    ///
    /// An image mask comes out as grey: 0 where it is painted.
    pub(super) fn of(dict: &Dict<'_>) -> Option<Self> {
        let mask = is_mask(dict);
        let space = if mask { Space::Grey } else { space_of(&entry(dict, keys::COLORSPACE, keys::CS)?)? };
        let bits = if mask {
            1
        } else {
            entry(dict, keys::BITS_PER_COMPONENT, keys::BPC).and_then(Object::into_u8).unwrap_or(8)
        };
        let has_alpha = [keys::SMASK, keys::MASK, keys::SMASK_IN_DATA].iter().any(|key| dict.contains_key(key));
        if has_alpha || !matches!(bits, 1 | 2 | 4 | 8) {
            return None;
        }
        let highest = if matches!(space, Space::Palette(_)) { f32::from((1_u16 << bits) - 1) } else { 1.0 };
        let inverted = match entry(dict, keys::DECODE, keys::D).and_then(Object::into_array) {
            None => false,
            Some(decode) => {
                let ends: Vec<f32> = decode.iter::<f32>().collect();
                let all = |low: f32, high: f32| ends.chunks(2).all(|pair| pair == [low, high]);
                match (all(0.0, highest), all(highest, 0.0)) {
                    (true, _) => false,
                    (_, true) if !matches!(space, Space::Palette(_)) => true,
                    _ => return None,
                }
            }
        };
        Some(Self { space, bits, inverted })
    }

    /// Returns the samples a pixel has.
    pub(super) fn components(&self) -> usize {
        if self.space == Space::Rgb { 3 } else { 1 }
    }

    /// Returns the colour of a sample of one component.
    pub(super) fn colour(&self, sample: u8) -> [u8; 3] {
        let highest = ((1_u16 << self.bits) - 1) as u8;
        let sample = if self.inverted { highest - sample.min(highest) } else { sample };
        match &self.space {
            Space::Palette(palette) => palette.get(usize::from(sample)).or(palette.last()).copied().unwrap_or([0; 3]),
            _ => [(u16::from(sample) * 255 / u16::from(highest)) as u8; 3],
        }
    }
}

/// Says whether the image is a mask through which a colour is painted.
pub(super) fn is_mask(dict: &Dict<'_>) -> bool {
    entry(dict, keys::IMAGE_MASK, keys::IM).and_then(Object::into_bool).unwrap_or(false)
}

/// Returns an entry by its name, or by the short name it has in inline images.
pub(super) fn entry<'a>(dict: &Dict<'a>, name: &[u8], short: &[u8]) -> Option<Object<'a>> {
    dict.get::<Object<'_>>(name).or_else(|| dict.get::<Object<'_>>(short))
}

fn space_of(object: &Object<'_>) -> Option<Space> {
    match object {
        Object::Name(name) => named(name),
        Object::Array(array) => {
            let mut parts = array.flex_iter();
            let kind = parts.next::<Name<'_>>()?;
            match kind.as_ref() {
                b"CalGray" => Some(Space::Grey),
                b"ICCBased" => {
                    let profile = parts.next::<Stream<'_>>()?;
                    (profile.dict().get::<u8>(keys::N) == Some(1)).then_some(Space::Grey)
                }
                b"Indexed" | b"I" => {
                    let base = space_of(&parts.next::<Object<'_>>()?)?;
                    let highest = parts.next::<u8>()?;
                    palette(base, highest, &parts.next::<Object<'_>>()?)
                }
                _ => named(&kind),
            }
        }
        _ => None,
    }
}

fn named(name: &Name<'_>) -> Option<Space> {
    match name.as_ref() {
        b"DeviceGray" | b"G" | b"CalGray" => Some(Space::Grey),
        b"DeviceRGB" | b"RGB" => Some(Space::Rgb),
        _ => None,
    }
}

fn palette(base: Space, highest: u8, table: &Object<'_>) -> Option<Space> {
    let bytes = match table {
        Object::String(string) => string.as_bytes().to_vec(),
        Object::Stream(stream) => stream.decoded_data().ok()?.into_owned(),
        _ => return None,
    };
    let count = usize::from(highest) + 1;
    let colours: Vec<[u8; 3]> = match base {
        Space::Grey => bytes.iter().take(count).map(|grey| [*grey; 3]).collect(),
        Space::Rgb => bytes.as_chunks::<3>().0.iter().take(count).copied().collect(),
        Space::Palette(_) => return None,
    };
    (!colours.is_empty()).then_some(Space::Palette(colours))
}
