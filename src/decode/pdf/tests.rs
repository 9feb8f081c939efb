//! Small PDFs made here, and the page images that must come of them.

use super::pages::{PdfPages, open};
use crate::decode::DecodeError;
use crate::decode::PageHeader;
use crate::decode::Settings;
use crate::model::Dpi;
use crate::model::PageImage;

/// Writes a PDF of these objects, numbered from 1; the first is the catalogue.
pub(in crate::decode) fn written(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(file.len());
        file.extend(format!("{number} 0 obj\n").bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let table = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        file.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    file.extend(format!("trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n").bytes());
    file
}

pub(in crate::decode) fn stream(dict: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<<{dict}/Length {}>>stream\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}

/// A PDF of one page, 72 x 144 pt, which shows `content` and knows the images `/I0`, `/I1` … and the font `/F`.
pub(in crate::decode) fn one_page(page: &str, content: &str, images: &[Vec<u8>]) -> Vec<u8> {
    let names: String = (0..images.len()).map(|index| format!("/I{index} {} 0 R", index + 6)).collect();
    let resources = format!("/Resources<</XObject<<{names}>>/Font<</F 5 0 R>>>>");
    let mut objects = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 144]/Contents 4 0 R{resources}{page}>>").into_bytes(),
        stream("", content.as_bytes()),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec(),
    ];
    objects.extend_from_slice(images);
    written(&objects)
}

/// An image of 2 x 4 grey pixels: 0, 10, 20 … 70.
pub(in crate::decode) fn grey_image() -> Vec<u8> {
    let samples: Vec<u8> = (0..8).map(|n| n * 10).collect();
    image_of("/Width 2/Height 4/ColorSpace/DeviceGray/BitsPerComponent 8", &samples)
}

fn image_of(dict: &str, data: &[u8]) -> Vec<u8> {
    stream(&format!("/Type/XObject/Subtype/Image{dict}"), data)
}

const WHOLE_PAGE: &str = "q 72 0 0 144 0 0 cm /I0 Do Q";

fn read(bytes: Vec<u8>) -> Result<(PageHeader, PageImage), DecodeError> {
    let settings = Settings { max_page_megapixels: 20, ..Settings::default() };
    let pdf = open(&bytes.into(), &[])?;
    let mut pages = PdfPages::new(&pdf, &settings)?;
    let header = pages.header(0)?;
    let page = pages.page(0)?;
    assert_eq!(header.size, page.size());
    Ok((header, page))
}

#[track_caller]
fn check_pixels(bytes: Vec<u8>, width: u32, want: &[u8]) {
    let (_, page) = read(bytes).expect("is read");
    assert_eq!((page.pixels.width(), page.pixels.as_bytes()), (width, want));
}

/// The page must have been drawn: 72 pt at 300 dpi are 300 pixels.
#[track_caller]
fn check_drawn(bytes: Vec<u8>) {
    let (_, page) = read(bytes).expect("is read");
    assert_eq!((page.pixels.width(), page.pixels.height(), page.dpi), (300, 600, Some(Dpi(300))));
}

const RAMP: [u8; 8] = [0, 10, 20, 30, 40, 50, 60, 70];

#[test]
fn a_scan_is_taken_as_it_is() {
    check_pixels(one_page("", WHOLE_PAGE, &[grey_image()]), 2, &RAMP);
}

#[test]
fn a_scan_is_turned_as_page_and_matrix_say() {
    let page = |rotate: &str, matrix: &str| one_page(rotate, &format!("q {matrix} cm /I0 Do Q"), &[grey_image()]);
    check_pixels(page("/Rotate 90", "72 0 0 144 0 0"), 4, &[60, 40, 20, 0, 70, 50, 30, 10]);
    check_pixels(page("/Rotate 180", "72 0 0 144 0 0"), 2, &[70, 60, 50, 40, 30, 20, 10, 0]);
    check_pixels(page("/Rotate 270", "72 0 0 144 0 0"), 4, &[10, 30, 50, 70, 0, 20, 40, 60]);
    check_pixels(page("", "-72 0 0 -144 72 144"), 2, &[70, 60, 50, 40, 30, 20, 10, 0]);
    check_pixels(page("", "72 0 0 -144 0 144"), 2, &[60, 70, 40, 50, 20, 30, 0, 10]);
    check_pixels(page("", "-72 0 0 144 72 0"), 2, &[10, 0, 30, 20, 50, 40, 70, 60]);
    check_pixels(page("", "0 144 -72 0 72 0"), 4, &[10, 30, 50, 70, 0, 20, 40, 60]);
}

#[test]
fn a_crop_box_cuts_pixels_off() {
    check_pixels(one_page("/CropBox[36 36 72 144]", WHOLE_PAGE, &[grey_image()]), 1, &[10, 30, 50]);
}

#[test]
fn text_that_is_not_seen_does_not_make_a_page_born_digital() {
    let text = |mode: u8| format!("BT /F 12 Tf {mode} Tr 10 70 Td (word) Tj ET");
    let scan = || vec![grey_image()];
    check_pixels(one_page("", &format!("{WHOLE_PAGE} {}", text(3)), &scan()), 2, &RAMP);
    check_pixels(one_page("", &format!("{} {WHOLE_PAGE}", text(0)), &scan()), 2, &RAMP);
    check_drawn(one_page("", &format!("{WHOLE_PAGE} {}", text(0)), &scan()));
}

#[test]
fn a_white_ground_is_nothing_and_a_line_is_something() {
    let scan = || vec![grey_image()];
    check_pixels(one_page("", &format!("1 g 0 0 72 144 re f {WHOLE_PAGE}"), &scan()), 2, &RAMP);
    check_drawn(one_page("", &format!("{WHOLE_PAGE} 0 G 5 5 m 60 60 l S"), &scan()));
}

#[test]
fn strips_are_joined_and_layers_are_drawn() {
    let strips = "q 72 0 0 72 0 72 cm /I0 Do Q q 72 0 0 72 0 0 cm /I1 Do Q";
    let strip = |samples: &[u8]| image_of("/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 8", samples);
    check_pixels(one_page("", strips, &[strip(&RAMP[..4]), strip(&RAMP[4..])]), 2, &RAMP);
    let mask = image_of("/Width 8/Height 2/ImageMask true", &[0x55, 0xAA]);
    check_drawn(one_page("", &format!("{WHOLE_PAGE} q 72 0 0 144 0 0 cm /I1 Do Q"), &[grey_image(), mask]));
}

#[test]
fn an_image_that_leaves_a_margin_is_drawn() {
    check_drawn(one_page("", "q 60 0 0 120 6 12 cm /I0 Do Q", &[grey_image()]));
    check_drawn(one_page("", "", &[]));
}

#[test]
fn plain_colour_spaces_are_looked_up() {
    let check = |dict: &str, data: &[u8], want: &[u8]| {
        check_pixels(one_page("", WHOLE_PAGE, &[image_of(dict, data)]), 2, want);
    };
    let bits = [0b1000_0000, 0b0100_0000];
    check("/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 1", &bits, &[255, 0, 0, 255]);
    check("/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 1/Decode[1 0]", &bits, &[0, 255, 255, 0]);
    check("/Width 2/Height 2/ImageMask true", &bits, &[255, 0, 0, 255]);
    check("/Width 2/Height 2/ImageMask true/Decode[1 0]", &bits, &[0, 255, 255, 0]);
    check("/Width 2/Height 1/ColorSpace/DeviceGray/BitsPerComponent 4", &[0x3F], &[51, 255]);
    check("/Width 2/Height 1/ColorSpace/DeviceRGB/BitsPerComponent 8", &[9, 8, 90, 1, 2, 3], &[9, 8, 90, 1, 2, 3]);
    let palette = "/ColorSpace[/Indexed/DeviceRGB 1<C80000 00C800>]";
    check(&format!("/Width 2/Height 1{palette}/BitsPerComponent 1"), &[0b0100_0000], &[200, 0, 0, 0, 200, 0]);
    check("/Width 2/Height 1/ColorSpace/DeviceCMYK/BitsPerComponent 8", &[0; 8], &[255, 255]);
}

#[test]
fn fax_and_jpeg_are_unpacked() {
    let group4 = [0b1001_0011, 0b0101_1110, 0b0000_0000, 0b0001_0000, 0b0000_0001];
    let fax = "/Width 8/Height 2/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/CCITTFaxDecode";
    let black = [255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 255, 255, 255, 255, 255, 255];
    let page = |params: &str| one_page("", WHOLE_PAGE, &[image_of(&format!("{fax}/DecodeParms<<{params}>>"), &group4)]);
    check_pixels(page("/K -1/Columns 8/Rows 2"), 8, &black);
    check_pixels(page("/K -1/Columns 8/Rows 2/BlackIs1 true"), 8, &black.map(|pixel: u8| !pixel));
    let jpeg = crate::decode::jpeg::tests::encoded(16, 32);
    let dict = "/Width 16/Height 32/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode";
    let (_, page) = read(one_page("", WHOLE_PAGE, &[image_of(dict, &jpeg)])).expect("is read");
    assert_eq!((page.pixels.width(), page.pixels.height()), (16, 32));
}

#[test]
fn images_cut_short_are_damage() {
    let damaged = |dict: &str, data: &[u8]| {
        let error = read(one_page("", WHOLE_PAGE, &[image_of(dict, data)])).err();
        assert!(
            matches!(error, Some(DecodeError::DamagedPdf { .. } | DecodeError::DamagedImage { .. })),
            "{dict}: {error:?}"
        );
    };
    let jpeg = crate::decode::jpeg::tests::encoded(160, 160);
    let dict = "/Width 160/Height 160/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode";
    damaged(dict, &jpeg[..jpeg.len() / 2]);
    damaged("/Width 2/Height 4/ColorSpace/DeviceGray/BitsPerComponent 8", &[1, 2, 3]);
    damaged("/Width 8/Height 8/ImageMask true", &[1, 2, 3]);
    damaged("/Width 2/Height 4/ColorSpace/DeviceCMYK/BitsPerComponent 8", &[0; 20]);
}

#[test]
fn what_the_file_does_not_hold_is_missed() {
    let bytes = one_page("", WHOLE_PAGE, &[grey_image()]);
    let start = bytes.windows(8).rposition(|window| window == b"6 0 obj\n").expect("has the image");
    let error = read(bytes[..start + 20].to_vec()).err();
    assert!(matches!(error, Some(DecodeError::DamagedPdf { .. })), "{error:?}");
    let page = b"<</Type/Page/MediaBox[0 0 72 144]>>".to_vec();
    let tree = b"<</Type/Pages/Kids[3 0 R 9 0 R]/Count 2>>".to_vec();
    let pdf = open(&written(&[b"<</Type/Catalog/Pages 2 0 R>>".to_vec(), tree, page]).into(), &[]).expect("is parsed");
    let mut pages = PdfPages::new(&pdf, &Settings::default()).expect("has pages");
    assert_eq!(pages.count(), 2);
    assert!(pages.page(0).is_ok());
    assert!(matches!(pages.page(1), Err(DecodeError::DamagedPdf { .. })));
}

#[test]
fn loops_end_and_empty_files_are_said_to_be_empty() {
    let tree = |kids: &str| {
        let tree = format!("<</Type/Pages/Kids[{kids}]/Count 1>>").into_bytes();
        let pdf = open(&written(&[b"<</Type/Catalog/Pages 2 0 R>>".to_vec(), tree]).into(), &[])?;
        PdfPages::new(&pdf, &Settings::default()).map(|pages| pages.count())
    };
    assert!(matches!(tree(""), Err(DecodeError::Empty { .. })));
    assert!(matches!(tree("2 0 R 2 0 R"), Err(DecodeError::Empty { .. })));
    let itself = stream("/Type/XObject/Subtype/Form/BBox[0 0 72 144]/Resources<</XObject<</I0 6 0 R>>>>", b"/I0 Do");
    check_drawn(one_page("", "/I0 Do", &[itself]));
}

#[test]
fn sizes_over_the_limit_are_refused_before_decoding() {
    let too_large = |dict: &str, content: &str| {
        let error = read(one_page("", content, &[image_of(dict, b"")])).err();
        assert!(matches!(error, Some(DecodeError::TooLarge { .. })), "{dict}: {error:?}");
    };
    let grey = "/ColorSpace/DeviceGray/BitsPerComponent 1";
    too_large(&format!("/Width 40000/Height 40000{grey}/Filter/FlateDecode"), WHOLE_PAGE);
    too_large(&format!("/Width 40000/Height 40000{grey}/Filter/FlateDecode"), "q 10 0 0 10 0 0 cm /I0 Do Q");
    let columns = "/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 2000000000>>";
    too_large(&format!("/Width 8/Height 800{grey}{columns}"), WHOLE_PAGE);
}

#[test]
fn what_is_no_pdf_is_damaged() {
    assert!(matches!(open(&b"%PDF-1.4 nothing".to_vec().into(), &[]), Err(DecodeError::DamagedPdf { .. })));
}
