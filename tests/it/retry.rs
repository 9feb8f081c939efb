//! The ledger's lists and its balance by day and folder; files taken up again; pages that could not be read; a file that kills the program.

use crate::support::{Done, ingest_report, run, sample, temp_dir, warraq};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

fn ledger(archive: &Path, arguments: &[&str]) -> Done {
    run(archive, [&["ledger"], arguments].concat())
}

fn counts(ledger: &Value) -> [u64; 5] {
    ["seen", "stored", "duplicate", "failed", "waiting"].map(|key| ledger[key].as_u64().unwrap())
}

#[test]
fn what_failed_is_taken_up_again_and_the_ledger_tells_the_way() {
    let (folder, archive) = (temp_dir(), temp_dir());
    let scans = folder.path().join("shelf-ب/box-12");
    fs::create_dir_all(&scans).unwrap();
    let letter = scans.join("letter.png");
    fs::write(&letter, "no picture at all").unwrap();
    fs::write(scans.join("empty.tif"), "").unwrap();
    fs::write(scans.join("Thumbs.db"), "x").unwrap();
    let config = folder.path().join("warraq.toml");
    let rule = format!(
        "[[folders]]\npath = {:?}\norganisation = 'وزارة المالية'\nparts = 'shelf-{{shelf}}/box-{{box}}'\n",
        folder.path()
    );
    fs::write(&config, rule).unwrap();
    let configured = |arguments: &[&str]| {
        let mut all = vec!["--config", config.to_str().unwrap()];
        all.extend(arguments);
        run(archive.path(), all)
    };
    configured(&["ingest", "--json", folder.path().to_str().unwrap()]).expect_code(1);
    let before = ledger(archive.path(), &["--json"]).expect_code(0).object();
    assert_eq!((counts(&before), &before["ignored"]), ([2, 0, 0, 2, 0], &2.into()), "{before}");

    fs::copy(sample("08"), &letter).unwrap();
    let done = configured(&["retry", "--json", "--code", "empty"]).expect_code(1);
    assert_eq!(ingest_report(&done).1["files"], 1, "the other code is left alone");
    let done = configured(&["retry", "--json"]).expect_code(1);
    let (files, summary) = ingest_report(&done);
    assert_eq!((&summary["files"], &summary["stored"]), (&2.into(), &1.into()), "{files:?}");
    let after = ledger(archive.path(), &["--json"]).expect_code(0).object();
    assert_eq!(counts(&after), [2, 1, 0, 1, 0], "{after}");
    let sums = |key: &str| {
        let groups = after[key].as_array().unwrap();
        groups.iter().map(|group| group["seen"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((sums("days"), sums("sources")), (2, 2));
    assert_eq!(after["sources"][0]["source"], folder.path().to_str().unwrap());

    let stored = ledger(archive.path(), &["--json", "--list", "stored"]).expect_code(0).object();
    assert_eq!((&stored["shelf"], &stored["box"]), (&"ب".into(), &"12".into()), "{stored}");
    assert_eq!(stored["organisation"], "وزارة المالية");
    assert_eq!(stored["attempts"], 2);
    let table = ledger(archive.path(), &["--csv"]).expect_code(0).stdout;
    assert!(table.starts_with("path,location,source,by,sha256,bytes,") && table.lines().count() == 3, "{table}");
    let later = ledger(archive.path(), &["--json", "--since", "2190-01-01"]).expect_code(0).object();
    assert_eq!(counts(&later), [0; 5]);
    ledger(archive.path(), &["--since", "yesterday"]).expect_code(2);
    configured(&["retry", "--code", "bad_luck"]).expect_code(2);
}

#[test]
fn an_unchanged_file_is_not_read_again_and_a_changed_one_is() {
    let (folder, archive) = (temp_dir(), temp_dir());
    let letter = folder.path().join("letter.png");
    fs::copy(sample("08"), &letter).unwrap();
    let old = fs::File::options().write(true).open(&letter).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(2100)); // until then its times prove nothing
    let ingest = |more: &[&str]| {
        let path = folder.path().to_str().unwrap();
        ingest_report(&run(archive.path(), [&["ingest", "--json", path], more].concat()).expect_code(0)).0[0].clone()
    };
    assert_eq!(ingest(&[])["status"], "stored");
    let blob = fs::read_dir(archive.path().join("blobs")).unwrap().count();
    assert_eq!(ingest(&[])["status"], "duplicate");
    assert_eq!(ingest(&["--paranoid"])["status"], "duplicate");
    let bytes = fs::read(sample("09")).unwrap();
    fs::write(&letter, &bytes).unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap(); // nobody is fooled by an old date
    assert_eq!(ingest(&[])["status"], "stored", "other bytes under the same name are another file");
    assert!(fs::read_dir(archive.path().join("blobs")).unwrap().count() > blob);
    assert_eq!(counts(&ledger(archive.path(), &["--json"]).object()), [2, 2, 0, 0, 0]);
}

#[test]
fn a_refusal_names_its_limit_and_retry_takes_the_file_under_another() {
    let (folder, archive) = (temp_dir(), temp_dir());
    let config = folder.path().join("warraq.toml");
    fs::write(&config, "[pipeline]\njobs = 1\n[decode]\nmax_page_megapixels = 1\n").unwrap();
    let file = sample("15");
    let config = config.to_str().unwrap();
    let done = run(archive.path(), ["--config", config, "ingest", "--json", file.to_str().unwrap()]);
    let line = &ingest_report(&done).0[0];
    assert_eq!(line["status"], "failed", "both pages are over the limit: {line}");
    let message = line["error"]["message"].as_str().unwrap();
    assert!(message.contains("decode.max_page_megapixels"), "{message}");
    let done = run(archive.path(), ["retry", "--json", "--code", "too_large"]).expect_code(0);
    assert_eq!(ingest_report(&done).1["stored"], 1);
}

#[test]
fn a_page_that_cannot_be_read_fails_within_its_document_and_everybody_says_so() {
    let (folder, archive) = (temp_dir(), temp_dir());
    let file = folder.path().join("two-pages.pdf");
    fs::write(&file, two_pages()).unwrap();
    let done = run(archive.path(), [Path::new("ingest"), Path::new("--json"), &file]).expect_code(0);
    let line = &ingest_report(&done).0[0];
    assert_eq!((&line["status"], &line["pages"]), (&"stored".into(), &2.into()), "{line}");
    let is_told = || {
        let ledger = ledger(archive.path(), &["--json"]).expect_code(0).object();
        assert_eq!((&ledger["unread_pages"], &ledger["stored"]), (&1.into(), &1.into()), "{ledger}");
        let unread = self::ledger(archive.path(), &["--json", "--list", "unread"]).expect_code(0).object();
        assert_eq!((&unread["page"], &unread["code"]), (&2.into(), &"damaged_pdf".into()), "{unread}");
        let found = run(archive.path(), ["search", "--json", "وزارة"]).expect_code(0).object();
        assert_eq!(found["hits"][0]["unread_pages"], serde_json::json!([2]), "{found}");
        let shown = run(archive.path(), ["show", line["documents"][0].as_str().unwrap()]).expect_code(0).stdout;
        assert!(shown.contains("damaged_pdf"), "{shown}");
    };
    is_told();
    let retried = run(archive.path(), ["retry", "--json"]).expect_code(0);
    assert_eq!(ingest_report(&retried).1["stored"], 1, "it is taken up again, and no better");
    is_told();
    run(archive.path(), ["verify"]).expect_code(0);
}

/// Returns a PDF with a letter on its first page and, on the second, an image that is not in the file.
fn two_pages() -> Vec<u8> {
    let letter = image::open(sample("08")).unwrap().into_luma8();
    let mut jpeg = std::io::Cursor::new(Vec::new());
    letter.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    let (jpeg, draw) = (jpeg.into_inner(), "q 595 0 0 842 0 0 cm /I Do Q");
    let page = |image: u32| {
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /I {image} 0 R >> >> >>"
        )
    };
    let image = format!(
        "<< /Subtype /Image /Width {} /Height {} /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode /Length {} >>",
        letter.width(),
        letter.height(),
        jpeg.len()
    );
    let head = format!(
        "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>\nendobj\n\
         3 0 obj\n{}\nendobj\n6 0 obj\n{}\nendobj\n4 0 obj\n<< /Length {} >>\nstream\n{draw}\nendstream\nendobj\n5 0 obj\n{image}\nstream\n",
        page(5),
        page(9),
        draw.len()
    );
    let tail = b"\nendstream\nendobj\ntrailer\n<< /Size 7 /Root 1 0 R >>\n%%EOF\n";
    [head.as_bytes(), &jpeg, tail].concat()
}

#[test]
fn a_file_that_kills_the_program_is_set_aside_and_the_rest_goes_on() {
    let (folder, archive) = (temp_dir(), temp_dir());
    fs::copy(sample("08"), folder.path().join("b-letter.png")).unwrap();
    // 190 million black and white pixels: little on disk, too much for the memory that the program is given.
    let side = 13_700;
    let poison = folder.path().join("a-poison.png");
    image::GrayImage::from_fn(side, side, |x, y| {
        image::Luma([if (x / 50 + y / 70).is_multiple_of(3) { 0 } else { 255 }])
    })
    .save(&poison)
    .unwrap();
    let ingest = || {
        let whole = warraq(archive.path());
        let mut command = Command::new("bash");
        command.arg("-c").arg(format!("ulimit -c 0; ulimit -v {MEMORY_KIB}; exec \"$@\"")).arg("bash");
        command.arg(whole.get_program()).args(whole.get_args()).env("OMP_THREAD_LIMIT", "1");
        command.env("MALLOC_ARENA_MAX", "2").env("RUST_BACKTRACE", "0");
        command.args(["ingest", "--json", "--jobs", "1"]).arg(folder.path()).output().unwrap()
    };
    let first = ingest();
    assert_eq!(first.status.code(), None, "the program dies: {}", String::from_utf8_lossy(&first.stderr));
    let second = ingest();
    let (files, _) = ingest_report(&Done {
        code: second.status.code().unwrap_or(-1),
        stdout: String::from_utf8(second.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&second.stderr).into_owned(),
    });
    let of = |name: &str| files.iter().find(|line| line["path"].as_str().unwrap().ends_with(name)).unwrap();
    assert_eq!(of("a-poison.png")["error"]["code"], "crashed", "{files:?}");
    assert_eq!(of("b-letter.png")["status"], "stored", "{files:?}");
    assert_eq!(counts(&ledger(archive.path(), &["--json"]).expect_code(0).object()), [2, 1, 0, 1, 0]);
    run(archive.path(), ["verify"]).expect_code(0);
}

/// Address space in which a letter is read and the poison is not.
const MEMORY_KIB: u32 = 300_000;
