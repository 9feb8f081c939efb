//! PDFs as they are read in earnest: by a process of its own, which may die or hang without harm to anyone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use warraq::decode::{DecodeError, Format, OpenFile, Settings};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_warraq"))
}

/// Writes a PDF of these objects, numbered from 1; the first is the catalogue, the second the page tree.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    for (number, object) in (1..).zip(objects) {
        file.extend(format!("{number} 0 obj\n").bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    // Without a table of objects the reader looks for them itself.
    file.extend(b"trailer\n<</Root 1 0 R>>\n%%EOF\n");
    file
}

fn stream(dict: &str, data: &[u8]) -> Vec<u8> {
    [format!("<<{dict}/Length {}>>stream\n", data.len()).as_bytes(), data, b"\nendstream"].concat()
}

/// A PDF whose pages are these contents, with `objects` from number 20 on as `/X20`, `/X21` ….
fn pages(contents: &[&str], objects: &[Vec<u8>]) -> Vec<u8> {
    assert!(contents.len() <= 8, "objects from 20 on are the caller's");
    let names: String = (20..20 + objects.len()).map(|number| format!("/X{number} {number} 0 R")).collect();
    let kids: String = (0..contents.len()).map(|page| format!("{} 0 R ", 3 + 2 * page)).collect();
    let mut all = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages/Kids[{kids}]/Count {}>>", contents.len()).into_bytes(),
    ];
    for (index, content) in contents.iter().enumerate() {
        let contents = 4 + 2 * index;
        let resources = format!("/Resources<</XObject<<{names}>>>>");
        let page = format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 144]/Contents {contents} 0 R{resources}>>");
        all.push(page.into_bytes());
        all.push(stream("", content.as_bytes()));
    }
    all.resize(19, b"null".to_vec());
    all.extend_from_slice(objects);
    pdf(&all)
}

struct Case {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Case {
    fn of(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("letter with spaces.pdf");
        fs::write(&path, bytes).expect("is written");
        Self { _folder: folder, path }
    }

    fn open(&self, settings: &Settings) -> Result<OpenFile, DecodeError> {
        let bytes = fs::read(&self.path).expect("can be read");
        let format = Format::sniff(&bytes).unwrap_or(Format::Pdf);
        OpenFile::open(&self.path, format, settings, program())
    }
}

fn grey_image() -> Vec<u8> {
    let samples: Vec<u8> = (0..8).map(|n| n * 10).collect();
    stream("/Subtype/Image/Width 2/Height 4/ColorSpace/DeviceGray/BitsPerComponent 8", &samples)
}

const SCAN: &str = "q 72 0 0 144 0 0 cm /X20 Do Q";

/// Twelve forms, each showing the next one twenty times: more operators than anyone can wait for.
fn endless_forms() -> Vec<Vec<u8>> {
    let form = |next: usize| {
        let names = format!("/Resources<</XObject<</N {next} 0 R>>>>");
        let content = if next < 33 { "/N Do ".repeat(20) } else { "0 0 m 9 9 l S".to_owned() };
        stream(&format!("/Subtype/Form/BBox[0 0 72 144]{names}"), content.as_bytes())
    };
    (22..34).map(form).collect()
}

/// An image of 18,000 x 11,000 pixels in 24 kB: within the limit of pixels, over that of memory.
fn image_bomb() -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..570 {
        std::io::Write::write_all(&mut packed, &zeros).expect("packs");
    }
    let packed = packed.finish().expect("packs");
    let dict = "/Subtype/Image/Width 18000/Height 11000/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/FlateDecode";
    stream(dict, &packed)
}

#[test]
fn pages_come_through_the_pipe() {
    let case = Case::of(&pages(&[SCAN, "0 0 m 9 9 l S"], &[grey_image()]));
    let file = case.open(&Settings::default()).expect("opens");
    assert_eq!(file.page_count(), 2);
    let scan = file.page(0).expect("is read");
    assert_eq!(scan.pixels.as_bytes(), [0, 10, 20, 30, 40, 50, 60, 70]);
    assert_eq!(file.page_header(0).expect("has a header").size, scan.size());
    let drawn = file.page(1).expect("is drawn");
    assert_eq!((drawn.pixels.width(), drawn.pixels.height()), (300, 600));
    assert!(matches!(file.page(2), Err(DecodeError::NoSuchPage { index: 2, pages: 2 })));
}

#[test]
fn threads_may_ask_at_once() {
    let case = Case::of(&pages(&[SCAN, "0 0 m 9 9 l S", SCAN], &[grey_image()]));
    let file = &case.open(&Settings::default()).expect("opens");
    std::thread::scope(|threads| {
        for thread in 0..4 {
            threads.spawn(move || {
                for page in [thread % 3, 0, 2] {
                    assert!(file.page(page).is_ok());
                }
            });
        }
    });
}

#[test]
fn a_page_without_end_is_given_up_and_the_next_one_read() {
    let mut objects = vec![grey_image()];
    objects.extend(endless_forms());
    let case = Case::of(&pages(&["/X21 Do", SCAN], &objects));
    let file = case.open(&Settings { pdf_page_seconds: 1, ..Settings::default() }).expect("opens");
    let start = Instant::now();
    let error = file.page(0).err();
    assert!(matches!(error, Some(DecodeError::TimedOut { .. })), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(file.page(1).is_ok(), "one bad page does not lose the file");
}

#[test]
fn a_page_that_takes_too_much_memory_is_given_up_and_the_next_one_read() {
    let case = Case::of(&pages(&["q 72 0 0 144 0 0 cm /X21 Do Q", SCAN], &[grey_image(), image_bomb()]));
    let file = case.open(&Settings { pdf_memory_mib: 512, ..Settings::default() }).expect("opens");
    let error = file.page(0).err();
    assert!(matches!(error, Some(DecodeError::OutOfMemory { .. })), "{error:?}");
    assert!(file.page(1).is_ok(), "one bad page does not lose the file");
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let error = |bytes: &[u8]| Case::of(bytes).open(&Settings::default()).err().map(|error| error.code().as_str());
    assert_eq!(error(b""), Some("empty"));
    assert_eq!(error(b"%PDF-1.4\nnothing"), Some("damaged_pdf"));
    assert_eq!(error(&pages(&[], &[])), Some("empty"));
    let few = Settings { max_pages: 1, ..Settings::default() };
    let many = Case::of(&pages(&["", ""], &[])).open(&few).err();
    assert!(matches!(many, Some(DecodeError::TooManyPages { pages: 2, limit: 1 })), "{many:?}");
}

#[test]
fn the_reader_ends_when_nobody_asks_any_more() {
    let case = Case::of(&pages(&[SCAN], &[grey_image()]));
    let mut reader = std::process::Command::new(program())
        .arg("pdf-pages")
        .arg(&case.path)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("starts");
    drop(reader.stdin.take());
    for _ in 0..200 {
        if reader.try_wait().expect("can be asked").is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    reader.kill().expect("can be ended");
    panic!("the reader outlived the one who asked");
}
