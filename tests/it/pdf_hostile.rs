//! PDFs made to bring their reader down: each ends as pages or as an error within its limits, and the reader that fell
//! takes nothing with it.
//!
//! `WARRAQ_PDF_SET` names a folder of PDFs of which `WARRAQ_PDF_MUTANTS` (200) seeded mutants are tried too.

use crate::support::{Dice, temp_dir};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use warraq::decode::{Format, OpenFile, Settings};

fn settings() -> Settings {
    Settings { pdf_memory_mib: 512, pdf_page_seconds: 4, max_pages: 200, ..Settings::default() }
}

/// Reads everything of a PDF; returns how many pages came, or the code of the error that all of it came to.
fn read(path: &Path) -> Result<u32, String> {
    let program = Path::new(env!("CARGO_BIN_EXE_warraq"));
    let file = OpenFile::open(path, Format::Pdf, &settings(), program).map_err(|error| error.code().to_string())?;
    let mut read = 0;
    let mut last = String::new();
    for index in 0..file.page_count().min(5) {
        let _ = file.page_header(index);
        let _ = file.text(index);
        match file.page(index) {
            Ok(_) => read += 1,
            Err(error) => last = error.code().to_string(),
        }
    }
    if read > 0 { Ok(read) } else { Err(last) }
}

/// Writes a PDF of these objects, numbered from 1; the first is the catalogue.
fn written(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.5\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(file.len());
        writeln!(file, "{number} 0 obj").unwrap();
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let table = file.len();
    write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
    for place in places {
        writeln!(file, "{place:010} 00000 n ").unwrap();
    }
    let size = objects.len() + 1;
    write!(file, "trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n").unwrap();
    file
}

fn stream(dict: &str, data: &[u8]) -> Vec<u8> {
    [format!("<<{dict}/Length {}>>stream\n", data.len()).as_bytes(), data, b"\nendstream"].concat()
}

/// A PDF of one page with this content, whose objects from 5 on are `more`.
fn page(content: Vec<u8>, resources: &str, more: Vec<Vec<u8>>) -> Vec<u8> {
    let mut objects = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<{resources}>>>>").into(),
        content,
    ];
    objects.extend(more);
    written(&objects)
}

/// So many bytes of one value, packed.
fn flate(byte: u8, mebibytes: usize) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..mebibytes {
        packer.write_all(&vec![byte; 1 << 20]).unwrap();
    }
    packer.finish().unwrap()
}

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let image =
        |dict: &str, data: &[u8]| stream(&format!("/Type/XObject/Subtype/Image/ColorSpace/DeviceGray{dict}"), data);
    let whole = || stream("", b"q 595 0 0 842 0 0 cm /I0 Do Q");
    let shows = "/XObject<</I0 5 0 R>>";
    let form = |next: usize| {
        let again = format!("/F {next} 0 R");
        stream(
            &format!("/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<<{again}>>>>"),
            "/F Do ".repeat(12).as_bytes(),
        )
    };
    let forms: Vec<Vec<u8>> =
        (6..20).map(form).chain([stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", b"0 0 9 9 re f")]).collect();
    let deep = format!("<</Type/Pages/Kids[{}]/Count 1>>", "[".repeat(100_000));
    let nested = [b"<</Type/Catalog/Pages 2 0 R>>".to_vec(), deep.into_bytes()];
    let tree_loop = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R 2 0 R]/Count 9>>".to_vec(),
        b"<</Type/Pages/Kids[2 0 R 3 0 R]/Parent 3 0 R/Count 9>>".to_vec(),
    ];
    let map = stream("/Filter/FlateDecode", &flate(b'<', 600));
    let font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>".to_vec();
    vec![
        ("content of 2 GiB", page(stream("/Filter/FlateDecode", &flate(b' ', 2048)), "", Vec::new())),
        (
            "image of 1.6 Gpx",
            page(
                whole(),
                shows,
                vec![image("/Width 40000/Height 40000/BitsPerComponent 8/Filter/FlateDecode", &flate(0, 64))],
            ),
        ),
        (
            "fax of two thousand million columns",
            page(
                whole(),
                shows,
                vec![image(
                    "/Width 8/Height 80000/BitsPerComponent 1/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 2000000000>>",
                    &[0x26; 64],
                )],
            ),
        ),
        ("forms to the power of fifteen", page(stream("", b"/F Do"), "/XObject<</F 5 0 R>>", forms)),
        ("arrays a hundred thousand deep", written(&nested)),
        ("a tree of pages that bites itself", written(&tree_loop)),
        (
            "a character map of 600 MiB",
            page(stream("", b"BT /F 12 Tf 10 70 Td (word) Tj ET"), "/Font<</F 5 0 R>>", vec![font, map]),
        ),
        ("brackets without end", page(stream("", &b"[".repeat(1 << 20)), "", Vec::new())),
        ("a million saved states", page(stream("", &b"q ".repeat(1 << 20)), "", Vec::new())),
    ]
}

#[test]
fn bombs_end_within_their_limits() {
    let folder = temp_dir();
    for (name, bytes) in bombs() {
        let path = folder.path().join("bomb.pdf");
        fs::write(&path, bytes).unwrap();
        let started = Instant::now();
        let result = read(&path);
        // Opening, a page's header, text and image, each with its limit and some seconds to start.
        assert!(started.elapsed() < Duration::from_secs(60), "{name} took {:?}", started.elapsed());
        println!("{name}: {result:?} in {:?}", started.elapsed());
    }
}

#[test]
fn the_reader_has_no_rights_left() {
    let folder = temp_dir();
    let path = folder.path().join("one.pdf");
    fs::write(&path, page(stream("", b"0 0 9 9 re f"), "", Vec::new())).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_warraq"));
    let _file = OpenFile::open(&path, Format::Pdf, &settings(), program).unwrap();
    let ours = std::process::id().to_string();
    let is_reader = |status: &str| {
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        field("PPid:") == Some(&ours) && field("Name:").is_some_and(|name| name.starts_with("warraq"))
    };
    let statuses = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("status")).ok());
    let readers: Vec<String> = statuses.filter(|status| is_reader(status)).collect();
    assert!(!readers.is_empty());
    for status in readers {
        assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    }
}

#[test]
fn mutants_of_the_set_end_as_pages_or_errors() {
    let Some(set) = std::env::var_os("WARRAQ_PDF_SET").map(PathBuf::from) else { return };
    let count = std::env::var("WARRAQ_PDF_MUTANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(200);
    let manifest = fs::read_to_string(set.join("manifest.tsv")).unwrap();
    let files: Vec<PathBuf> =
        manifest.lines().skip(1).filter_map(|row| Some(set.join(row.split('\t').next()?))).collect();
    let folder = temp_dir();
    let mut dice = Dice::new(1447);
    let mut ends: std::collections::BTreeMap<String, u32> = Default::default();
    for number in 0..count {
        let mut bytes = fs::read(&files[number % files.len()]).unwrap();
        if dice.below(4) == 0 {
            bytes.truncate(dice.below(bytes.len()));
        }
        for _ in 0..1 + dice.below(30) {
            let at = dice.below(bytes.len().max(1));
            if let Some(byte) = bytes.get_mut(at) {
                *byte = if dice.below(2) == 0 { *byte ^ (1 << dice.below(8)) } else { b"0 9<>[]/R-"[dice.below(10)] };
            }
        }
        let path = folder.path().join("mutant.pdf");
        fs::write(&path, &bytes).unwrap();
        let started = Instant::now();
        let end = if bytes.is_empty() { Err("empty".to_owned()) } else { read(&path) };
        assert!(started.elapsed() < Duration::from_secs(120), "mutant {number} took {:?}", started.elapsed());
        *ends.entry(end.map_or_else(|code| code, |_| "pages".to_owned())).or_default() += 1;
    }
    println!("{count} mutants: {ends:?}");
    assert!(!ends.contains_key("internal") && !ends.contains_key(""), "{ends:?}");
}
