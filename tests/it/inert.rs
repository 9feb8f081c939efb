//! Letters, names and queries that mean harm: whatever stands in them is shown as text, and a word of a megabyte makes no page of one.

use crate::serve::{Server, body_json};
use crate::support::{run, temp_dir};
use image::{GrayImage, Luma};
use std::fs;
use std::path::Path;

const SUBJECT: &str = "صيانة <script>alert(1)</script> \"'><img src=x onerror=alert(2)> في المجمع";
const NAME: &str = "\"><svg onload=alert(3)>\u{202E}fdp.png";
/// What would run if it were not escaped.
const HARM: [&str; 3] = ["<script>alert", "<img src=x", "<svg onload"];

fn write_letter(folder: &Path) {
    let mut image = GrayImage::from_pixel(400, 560, Luma([255]));
    image.put_pixel(1, 1, Luma([0]));
    image.save(folder.join("plain.png")).unwrap();
    fs::rename(folder.join("plain.png"), folder.join(NAME)).unwrap();
    let long = "ص".repeat(500_000);
    let text = [
        "وزارة <b>الموارد</b>",
        "العدد / م ع/4100\"><script>alert(4)</script>",
        "التاريخ / 1-4-2016",
        "إلى / شركة \u{202E}الأهوار\u{2066} العامة",
        &format!("م/ {SUBJECT}"),
        "تحية وتقدير",
        "{{7*7}} ${7*7} javascript:alert(5) &lt;script&gt; ]]> <!-- --> \u{202E}\u{2067}مقلوب",
        &long,
        "مع التقدير",
    ];
    fs::write(folder.join(Path::new(NAME).with_extension("gt.txt")), text.join("\n")).unwrap();
}

/// A page holds nothing that would run, forbids what it does not bring itself, and stays small.
#[track_caller]
fn check_page(server: &Server, path: &str) -> String {
    let mut answer = server.get(path);
    assert_eq!(answer.status(), 200, "{path}");
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"),
        "{path}: {policy}"
    );
    let page = answer.body_mut().read_to_string().unwrap();
    for harm in HARM {
        assert!(!page.contains(harm), "{harm:?} on {path}");
    }
    let ours = page.matches("<script src=\"/assets/").count();
    assert_eq!(page.matches("<script").count(), ours, "a script of another's on {path}");
    assert!(!page.contains(" style=\"") && !page.contains("javascript:alert(5)\""), "{path}");
    assert!(page.len() < 100_000, "{path} has {} bytes", page.len());
    page
}

#[test]
fn hostile_letters_are_shown_as_text() {
    let folder = temp_dir();
    let (archive, texts) = (folder.path().join("archive"), folder.path().join("texts"));
    fs::create_dir(&texts).unwrap();
    write_letter(&texts);
    let texts = texts.to_str().unwrap();
    run(&archive, ["ingest", "--text-from", texts, "--organisation", "<i>\"الفاو\"</i>", texts]).expect_code(0);
    let server = Server::with(&archive, &["--text-from", texts]);
    let found = body_json(server.get("/api/v1/search?limit=1&q=%D8%B5%D9%8A%D8%A7%D9%86%D8%A9"));
    let hit = &found["hits"][0];
    let id = hit["document"].as_str().unwrap();
    let snippet = hit["snippet"].as_str().unwrap();
    assert!(snippet.contains("&lt;script&gt;") && snippet.contains("<mark>") && snippet.len() < 10_000, "{snippet}");

    let letter = check_page(&server, &format!("/letters/{id}?q=%D8%B5%D9%8A%D8%A7%D9%86%D8%A9"));
    assert!(letter.contains("&lt;script&gt;alert(1)"), "what is written is shown");
    assert!(letter.contains("&lt;svg onload=alert(3)&gt;"), "the file's name too");
    check_page(&server, &format!("/review/{id}"));
    check_page(&server, "/");
    check_page(&server, "/work");
    let hostile = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E%3Cimg%20src=x%20onerror=alert(2)%3E%E2%80%AEfdp";
    for path in [
        format!("/?q={hostile}"),
        format!("/?q=%D8%B5%D9%8A%D8%A7%D9%86%D8%A9&from={hostile}"),
        format!("/?q=a&organisation={hostile}&kind={hostile}&date_from={hostile}"),
        format!("/letters/{id}?q={hostile}"),
        format!("/upload?job={hostile}"),
        format!("/login?next={hostile}"),
        format!("/language?to={hostile}&next={hostile}"),
        format!("/{hostile}"),
    ] {
        let mut answer = server.get(&path);
        let page = answer.body_mut().read_to_string().unwrap();
        for harm in HARM {
            assert!(!page.contains(harm), "{harm:?} on {path}");
        }
    }
    // The name keeps its marks, being a name; wherever it stands, its direction is its own.
    assert_eq!(
        letter.matches('\u{202E}').count(),
        letter.matches("<bdi>&quot;&gt;&lt;svg onload=alert(3)&gt;\u{202E}").count()
    );
    let document = server.get(&format!("/api/v1/documents/{id}/text")).body_mut().read_to_string().unwrap();
    assert!(!document.contains(['\u{202E}', '\u{2066}', '\u{2067}']), "a text holds no direction marks");
}
