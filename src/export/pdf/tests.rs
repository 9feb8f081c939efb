//! PDFs written and read again with the library that wrote them; other readers are asked in `tests/it`.

use super::*;
use crate::model::{Coding, Colours, EncodedImage, EncodedPage, PixelSize, Rotation};

fn job() -> Job {
    let json = r#"{"pages":[{"number":1,"width":600,"height":800,"dpi":100,"turn":90,"read":true,
        "lines":[[["العدد",[400,100,500,120]],["12/3",[300,100,380,120]]]]}],
        "title":"تزويد & <نقل>","number":"م.ع/12","date":"2014-03-12","from":"الدائرة","to":["القسم"],
        "id":"4f2a9c1e4f2a9c1e4f2a9c1e4f2a9c1e","received":"2026-01-05T08:12:44Z"}"#;
    serde_json::from_str(json).unwrap()
}

fn image(colours: Colours) -> EncodedPage {
    let size = PixelSize { width: 600, height: 800 };
    let coding = Coding::Jpeg { transform: None };
    let image = EncodedImage { size, top: 0, colours, bits: 8, inverted: false, coding, data: b"as it is".to_vec() };
    EncodedPage { size, mirrored: false, rotation: Rotation::None, images: vec![image] }
}

#[test]
fn a_page_holds_its_image_untouched_and_says_what_it_is() {
    let bytes = written(&job(), [Some(image(Colours::Rgb))]).unwrap();
    let file = Document::load_mem(&bytes).unwrap();
    let streams: Vec<_> = file.objects.values().filter_map(|object| object.as_stream().ok()).collect();
    assert!(streams.iter().any(|stream| stream.content == b"as it is"));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for part in ["<pdfaid:part>2<", "تزويد &amp; &lt;نقل&gt;", "<dc:identifier>م.ع/12<", "GTS_PDFA1", "/Rotate 90"]
    {
        assert!(text.contains(part), "{part}");
    }
    assert_eq!(written(&job(), [Some(image(Colours::Rgb))]).unwrap(), bytes, "the same document gives the same bytes");
}

#[test]
fn what_is_not_archival_does_not_say_so() {
    let bytes = written(&job(), [Some(image(Colours::Cmyk))]).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("pdfaid:part>"));
}
