//! Files that are broken, lying or hostile: each gets exactly one line and the right code, and the run goes on.

use crate::support::{Dice, exported, ingest_report, run, sample, temp_dir};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Codes that a broken image or PDF may have.
const DAMAGE: [&str; 9] = [
    "unsupported_format",
    "damaged_image",
    "damaged_pdf",
    "encrypted_pdf",
    "too_large",
    "too_many_pages",
    "timed_out",
    "crashed",
    "empty",
];

#[test]
fn broken_copies_of_the_samples_stop_nothing() {
    let (folder, archive) = (temp_dir(), temp_dir());
    let mut dice = Dice::new(1436);
    let mut made = 0;
    // One of each kind of file; pages of a few kinds are enough to be read to the end.
    for name in ["01", "03", "04", "07", "08", "11", "12", "13", "16"] {
        let file = sample(name);
        let bytes = fs::read(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let cut = bytes.len() * (5 + dice.below(90)) / 100;
        fs::write(folder.path().join(format!("cut-{name}")), &bytes[..cut]).unwrap();
        let mut flipped = bytes.clone();
        for _ in 0..24 {
            let at = dice.below(flipped.len());
            flipped[at] ^= 1 << dice.below(8);
        }
        fs::write(folder.path().join(format!("flipped-{name}")), flipped).unwrap();
        let mut headless = bytes;
        for byte in headless.iter_mut().skip(4).take(120) {
            *byte = dice.below(256) as u8;
        }
        fs::write(folder.path().join(format!("headless-{name}")), headless).unwrap();
        made += 3;
    }
    let good = sample("08");
    fs::copy(&good, folder.path().join("zz-good.png")).unwrap();

    let done = run(archive.path(), [Path::new("ingest"), Path::new("--json"), folder.path()]);
    assert!([0, 1].contains(&done.code), "exit code {}: {}", done.code, done.stderr);
    assert!(!done.stderr.contains("panicked at"), "{}", done.stderr);
    let (files, summary) = ingest_report(&done);
    assert_eq!(files.len(), made + 1, "one line a file");
    assert_eq!(summary["files"], files.len());
    for line in &files {
        match line["status"].as_str().unwrap() {
            // Readers of images forgive much; what could be shown was read.
            "stored" => assert!(line["error"].is_null() && line["pages"].as_u64().unwrap() > 0, "{line}"),
            "failed" => {
                let code = line["error"]["code"].as_str().unwrap();
                assert!(DAMAGE.contains(&code) && code != "encrypted_pdf", "{line}");
                assert!(!line["error"]["message"].as_str().unwrap().is_empty(), "{line}");
            }
            other => panic!("{other}: {line}"),
        }
    }
    assert!(summary["failed"].as_u64().unwrap() >= 6, "a headless file cannot be read: {summary}");
    assert_eq!(of(&files, "zz-good.png")["status"], "stored", "the last file is read all the same");
    let ledger = run(archive.path(), ["ledger", "--json"]).expect_code(0).object();
    assert_eq!((&ledger["seen"], &ledger["balances"]), (&files.len().into(), &true.into()), "{ledger}");
    run(archive.path(), ["verify"]).expect_code(0);
}

#[test]
fn a_name_decides_nothing() {
    let (folder, archive) = (temp_dir(), temp_dir());
    let put = |start: &str, name: &str| fs::copy(sample(start), folder.path().join(name)).unwrap();
    put("04", "really-a-pdf.tif");
    put("08", "really-a-png.pdf");
    put("02", "really-a-tiff.jpg");
    put("09", "رسالة من الدائرة.PNG");
    fs::write(folder.path().join("really-a-note.pdf"), "قائمة المشتريات").unwrap();
    let done = run(archive.path(), [Path::new("ingest"), Path::new("--json"), folder.path()]);
    let (files, _) = ingest_report(&done);
    assert_eq!(files.len(), 5);
    for name in ["really-a-pdf.tif", "really-a-png.pdf", "really-a-tiff.jpg", "رسالة من الدائرة.PNG"] {
        assert_eq!(of(&files, name)["status"], "stored", "{}", of(&files, name));
    }
    let media = |name: &str| {
        let documents = exported(archive.path());
        documents.iter().find(|document| document["source"]["name"] == name).unwrap()["source"]["media_type"].clone()
    };
    assert_eq!(media("really-a-pdf.tif"), "application/pdf");
    assert_eq!(media("really-a-tiff.jpg"), "image/tiff");
    // A file that calls itself a PDF and is none is trouble somebody should hear of, or a note nobody misses; never a letter.
    assert_ne!(of(&files, "really-a-note.pdf")["status"], "stored");
}

#[test]
fn each_kind_of_trouble_has_its_code() {
    let (folder, archive) = (temp_dir(), temp_dir());
    let trouble: [(&str, Vec<u8>, &[&str]); 9] = [
        ("empty.tif", Vec::new(), &["empty"]),
        (
            "noise.png",
            (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect(),
            &["unsupported_format"],
        ),
        ("huge.tif", huge_tiff(), &["too_large"]),
        ("huge.png", huge_png(), &["too_large"]),
        ("huge.bmp", huge_bmp(), &["too_large"]),
        ("huge.jpg", huge_jpeg(), &["too_large"]),
        ("huge.pdf", huge_pdf(), &["too_large"]),
        ("encrypted.pdf", include_bytes!("encrypted.pdf").to_vec(), &["encrypted_pdf"]),
        ("nothing-in-it.pdf", b"%PDF-1.4\n%%EOF\n".to_vec(), &["damaged_pdf", "empty"]),
    ];
    let mut arguments = vec!["ingest".into(), "--json".into()];
    for (name, bytes, _) in &trouble {
        fs::write(folder.path().join(name), bytes).unwrap();
        arguments.push(folder.path().join(name));
    }
    arguments.push(folder.path().join("was-never-there.tif"));
    arguments.push(sample("08"));
    let started = Instant::now();
    let done = run(archive.path(), &arguments).expect_code(1);
    assert!(started.elapsed().as_secs() < 60, "the bombs took {:?}", started.elapsed());
    let (files, summary) = ingest_report(&done);
    assert_eq!(files.len(), trouble.len() + 2);
    for (name, _, codes) in &trouble {
        let line = of(&files, name);
        assert_eq!(line["status"], "failed", "{line}");
        assert!(codes.contains(&line["error"]["code"].as_str().unwrap()), "{line}");
    }
    assert_eq!(of(&files, "was-never-there.tif")["error"]["code"], "unreadable");
    assert_eq!(of(&files, "08-png-1bit.png")["status"], "stored");
    assert_eq!((&summary["stored"], &summary["failed"]), (&1.into(), &10.into()), "{summary}");
}

#[cfg(unix)]
#[test]
fn folders_links_and_locked_files() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let (folder, archive, elsewhere) = (temp_dir(), temp_dir(), temp_dir());
    let inside = folder.path().join("x.tif"); // a folder, whatever its name says
    fs::create_dir(&inside).unwrap();
    fs::copy(sample("08"), inside.join("letter.png")).unwrap();
    symlink(folder.path(), inside.join("round-and-round")).unwrap();
    symlink(elsewhere.path().join("gone.tif"), folder.path().join("dangling.tif")).unwrap();
    let locked = folder.path().join("locked.png");
    fs::copy(sample("09"), &locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let may_read_all = fs::read(&locked).is_ok(); // root may

    let done = run(archive.path(), [Path::new("ingest"), Path::new("--json"), folder.path()]);
    let (files, _) = ingest_report(&done);
    assert_eq!(of(&files, "letter.png")["status"], "stored");
    if may_read_all {
        assert_eq!(of(&files, "locked.png")["status"], "stored");
    } else {
        assert_eq!(of(&files, "locked.png")["error"]["code"], "unreadable");
    }
    assert!(
        files.iter().filter(|line| line["status"] == "stored").count() <= 2,
        "a ring of links is walked once: {files:?}"
    );
    for line in files.iter().filter(|line| line["path"].as_str().unwrap().contains("dangling")) {
        assert!(line["status"] == "ignored" || line["error"]["code"] == "unreadable", "{line}");
    }
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Returns the one line about the file of this name.
#[track_caller]
fn of<'a>(files: &'a [Value], name: &str) -> &'a Value {
    let lines: Vec<&Value> = files.iter().filter(|line| line["path"].as_str().unwrap().ends_with(name)).collect();
    assert_eq!(lines.len(), 1, "lines about {name} in {files:#?}");
    lines[0]
}

// What follows writes headers that promise 40000 x 40000 pixels over a few bytes of nothing.

fn huge_tiff() -> Vec<u8> {
    tiff_of(40_000, 16)
}

/// Returns a black TIFF that says it is a square of this side, with so many bytes of pixels.
fn tiff_of(side: u32, pixels: u32) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &1_u32.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let entries = [
        entry(256, 4, side),   // width
        entry(257, 4, side),   // height
        entry(258, 3, 8),      // bits a sample
        entry(259, 3, 1),      // not compressed
        entry(262, 3, 1),      // black is zero
        entry(273, 4, 122),    // where the strip begins
        entry(277, 3, 1),      // samples a pixel
        entry(278, 4, side),   // rows a strip
        entry(279, 4, pixels), // bytes in the strip
    ];
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend((entries.len() as u16).to_le_bytes());
    file.extend(entries.concat());
    file.extend([0; 4]); // no further page
    file.resize(file.len() + pixels as usize, 0);
    file
}

fn huge_png() -> Vec<u8> {
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let body = [&name[..], data].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&body);
        [&(data.len() as u32).to_be_bytes()[..], &body, &crc.sum().to_be_bytes()].concat()
    };
    let header = [&40_000_u32.to_be_bytes()[..], &40_000_u32.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let data = [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01]; // zlib, empty
    [b"\x89PNG\r\n\x1A\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &data), chunk(b"IEND", &[])].concat()
}

fn huge_bmp() -> Vec<u8> {
    let mut file = b"BM".to_vec();
    for word in [80_u32, 0, 54, 40, 40_000, 40_000] {
        file.extend(word.to_le_bytes());
    }
    file.extend([1, 0, 24, 0]); // one plane, 24 bits
    file.extend([0; 24 + 26]);
    file
}

fn huge_jpeg() -> Vec<u8> {
    let mut file = fs::read(sample("05")).unwrap();
    // Baseline and progressive frames carry height and width five bytes after their marker.
    let frame = file.windows(2).position(|pair| pair == [0xFF, 0xC0] || pair == [0xFF, 0xC2]).unwrap();
    file[frame + 5..frame + 9].copy_from_slice(&[0x9C, 0x40, 0x9C, 0x40]);
    file
}

fn huge_pdf() -> Vec<u8> {
    let image = "<< /Type /XObject /Subtype /Image /Width 40000 /Height 40000 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 4 >>\n\
                 stream\n\0\0\0\0\nendstream";
    let draw = "q 595 0 0 842 0 0 cm /Im0 Do Q";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /Im0 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{draw}\nendstream", draw.len()),
        image.to_owned(),
    ];
    let (mut file, mut offsets) = ("%PDF-1.4\n".to_owned(), Vec::new());
    for (number, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", number + 1);
    }
    let start = file.len();
    file += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        file += &format!("{offset:010} 00000 n \n");
    }
    file += &format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    file.into_bytes()
}

#[test]
fn the_headers_are_the_only_lie() {
    // The builders above would prove nothing if their files were refused for another fault.
    for (bytes, name) in [(huge_png(), "PNG"), (huge_bmp(), "BMP"), (huge_jpeg(), "JPEG")] {
        let reader = image::ImageReader::new(std::io::Cursor::new(&bytes)).with_guessed_format().unwrap();
        assert_eq!(reader.into_dimensions().unwrap(), (40_000, 40_000), "{name}");
    }
    let (folder, archive) = (temp_dir(), temp_dir());
    let honest = folder.path().join("honest.tif");
    fs::write(&honest, tiff_of(400, 160_000)).unwrap();
    run(archive.path(), [Path::new("ingest"), &honest]).expect_code(0);
}

#[test]
fn encrypted_pdfs_open_with_a_password_of_the_file_or_with_none() {
    let (folder, archive) = (temp_dir(), temp_dir());
    let encrypted = |name: &str, user: &str| {
        let file = folder.path().join(name);
        let mut qpdf = std::process::Command::new("qpdf");
        qpdf.args(["--encrypt", user, "of-its-owner", "256", "--"]).arg(sample("04")).arg(&file);
        assert!(qpdf.status().unwrap().success());
        file
    };
    let (closed, open) = (encrypted("closed.pdf", "12345"), encrypted("open.pdf", ""));
    let passwords = folder.path().join("passwords.txt");
    fs::write(&passwords, "wrong\n12345\n").unwrap();
    let (files, _) = ingest_report(&run(archive.path(), [Path::new("ingest"), Path::new("--json"), &closed, &open]));
    let ends: Vec<_> = files.iter().map(|line| (&line["status"], &line["error"]["code"])).collect();
    assert_eq!(ends, [(&"failed".into(), &"encrypted_pdf".into()), (&"stored".into(), &Value::Null)]);
    let again = [Path::new("ingest"), Path::new("--json"), Path::new("--password-file"), &passwords, &closed];
    let (files, _) = ingest_report(&run(archive.path(), again).expect_code(0));
    assert_eq!(files[0]["status"], "stored", "{files:?}");
    // What is on the page is read, not only opened.
    let texts: Vec<Value> =
        exported(archive.path()).iter().map(|document| document["pages"][0]["text"].clone()).collect();
    assert!(texts.len() == 2 && texts[0] == texts[1] && texts[0].as_str().unwrap().len() > 100, "{texts:?}");
}
