//! The command line as other programs hold on to it: statuses, shapes, exit codes.

use crate::support::{Done, exported, ingest_report, root, run, sample, samples, shared, temp_dir};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_sample_is_stored_and_everything_else_ignored() {
    let (files, summary) = ingest_report(&shared().ingested);
    let samples = samples();
    let pages: usize = samples.iter().map(|sample| sample.pages.len()).sum();
    assert_eq!(shared().ingested.code, 0, "{}", shared().ingested.stderr);
    for sample in &samples {
        let lines: Vec<&Value> =
            files.iter().filter(|line| line["path"].as_str().unwrap().ends_with(&sample.name)).collect();
        assert_eq!(lines.len(), 1, "lines of {}", sample.name);
        assert_eq!(lines[0]["status"], "stored", "{}", lines[0]);
        assert_eq!(lines[0]["pages"], sample.pages.len(), "{}", lines[0]);
        assert_eq!(lines[0]["documents"].as_array().unwrap().len(), 1, "{}", lines[0]);
        assert!(lines[0]["error"].is_null(), "{}", lines[0]);
    }
    let ignored = files.iter().filter(|line| line["status"] == "ignored").count();
    assert!(ignored > 2 * samples.len(), "{ignored} ignored: truth, README and vocabulary lie beside the scans");
    assert_eq!(summary["files"], files.len());
    assert_eq!(summary["stored"], samples.len());
    assert_eq!(summary["ignored"], ignored);
    assert_eq!(summary["pages"], pages);
    for none in ["duplicate", "failed"] {
        assert_eq!(summary[none], 0, "{summary}");
    }
    assert!(summary["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn handed_in_again_everything_is_a_duplicate_and_nothing_is_counted_twice() {
    let (folder, archive) = (temp_dir(), temp_dir());
    for name in ["04", "08"] {
        copy_sample(name, folder.path());
    }
    let ingest = || run(archive.path(), [Path::new("ingest"), Path::new("--json"), folder.path()]).expect_code(0);
    let (first, _) = ingest_report(&ingest());
    let before = ledger(archive.path());
    let (second, summary) = ingest_report(&ingest());
    assert!(first.iter().all(|line| line["status"] == "stored"), "{first:?}");
    assert!(second.iter().all(|line| line["status"] == "duplicate"), "{second:?}");
    let documents = |lines: &[Value]| lines.iter().map(|line| line["documents"].to_string()).collect::<BTreeSet<_>>();
    assert_eq!(documents(&first), documents(&second), "a duplicate names the document it repeats");
    assert_eq!((&summary["stored"], &summary["duplicate"]), (&0.into(), &2.into()));
    assert_eq!(ledger(archive.path()), before, "the same path with the same bytes is no new row");

    // The same bytes under another name are a row of their own, and a duplicate.
    fs::rename(folder.path().join("08-png-1bit.png"), folder.path().join("renamed.png")).unwrap();
    ingest();
    let after = ledger(archive.path());
    assert_eq!((&after["seen"], &after["stored"], &after["duplicate"]), (&3.into(), &2.into(), &1.into()), "{after}");
    assert_eq!(exported(archive.path()).len(), 2);
}

#[test]
fn a_named_file_is_never_ignored() {
    let (folder, archive) = (temp_dir(), temp_dir());
    let note = folder.path().join("notes.txt");
    fs::write(&note, "bring milk").unwrap();
    let done = run(archive.path(), [Path::new("ingest"), Path::new("--json"), &note]).expect_code(1);
    let (files, summary) = ingest_report(&done);
    assert_eq!(files.len(), 1);
    assert_eq!(files[0]["status"], "failed");
    assert_eq!(files[0]["error"]["code"], "unsupported_format", "{}", files[0]);
    assert_eq!(summary["failed"], 1);

    // Found inside a folder, the same file is ignored and no failure.
    let (folder, archive) = (temp_dir(), temp_dir());
    fs::write(folder.path().join("notes.txt"), "bring milk").unwrap();
    fs::write(folder.path().join("Thumbs.db"), [0xD0, 0xCF, 0x11, 0xE0]).unwrap();
    let done = run(archive.path(), [Path::new("ingest"), Path::new("--json"), folder.path()]).expect_code(0);
    let (files, _) = ingest_report(&done);
    assert!(files.iter().all(|line| line["status"] == "ignored") && files.len() == 2, "{files:?}");
    assert_eq!(ledger(archive.path())["ignored"], 2);
}

#[test]
fn a_wrong_call_is_code_2_and_a_useless_archive_code_3() {
    let archive = temp_dir();
    let none: [&str; 0] = [];
    run(archive.path(), ["gather"]).expect_code(2);
    run(archive.path(), ["search"]).expect_code(2);
    run(archive.path(), none).expect_code(2);
    run(archive.path(), ["export", "--format", "docx"]).expect_code(2);
    run(archive.path(), ["--config", "/nonexistent/warraq.toml", "ledger"]).expect_code(2);
    let config = archive.path().join("warraq.toml");
    fs::write(&config, "page_memory_gib = 1\n").unwrap();
    let done = run(archive.path(), ["--config", config.to_str().unwrap(), "ledger"]).expect_code(2);
    assert!(done.stderr.contains("page_memory_gib"), "an unknown key is named: {}", done.stderr);

    // A file stands where the archive should be.
    let file = archive.path().join("not-a-folder");
    fs::write(&file, "x").unwrap();
    run(&file, ["ingest", "samples"]).expect_code(3);
    run(&file, ["search", "مدرسة"]).expect_code(3);
}

#[test]
fn a_missing_model_is_code_3_and_says_so() {
    let (archive, empty) = (temp_dir(), temp_dir());
    let file = sample("08");
    let tesseract = ["ingest", "--engine", "tesseract", "--tessdata"].map(Path::new);
    let arguments = [&tesseract[..], &[empty.path(), &file]].concat();
    let done = run(archive.path(), arguments).expect_code(3);
    assert!(done.stderr.contains("ara.traineddata"), "{}", done.stderr);
    assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
}

#[test]
fn a_search_answers_in_the_shape_of_the_contract() {
    let archive = &shared().archive;
    let done = run(archive, ["search", "--json", "--limit", "5", "الأنابيب"]).expect_code(0);
    let answer = done.object();
    assert!(answer["total"].as_u64().unwrap() >= 1, "{answer}");
    assert!(answer["took_ms"].as_f64().unwrap() >= 0.0);
    let hits = answer["hits"].as_array().unwrap();
    assert!(!hits.is_empty() && hits.len() <= 5);
    let names: BTreeSet<String> = samples().into_iter().map(|sample| sample.name).collect();
    for hit in hits {
        assert!(names.contains(hit["source"].as_str().unwrap()), "{hit}");
        assert!(hit["document"].as_str().unwrap().len() >= 64 && hit["page"].as_u64().unwrap() >= 1, "{hit}");
        assert!(hit["score"].is_number() && hit["possible"].is_boolean(), "{hit}");
        assert!(["exact", "folded", "stem", "ocr"].contains(&hit["match"].as_str().unwrap()), "{hit}");
        for field in ["number", "date", "from", "to", "subject"] {
            assert!(hit.get(field).is_some(), "{field} in {hit}");
        }
    }
    let best = &hits[0];
    assert!(best["snippet"].as_str().unwrap().contains("<mark>"), "{best}");
    let boxes = best["boxes"].as_array().unwrap();
    assert!(!boxes.is_empty(), "{best}");
    for edges in boxes {
        let edges: Vec<u64> = edges.as_array().unwrap().iter().map(|edge| edge.as_u64().unwrap()).collect();
        assert!(edges.len() == 4 && edges[0] < edges[2] && edges[1] < edges[3], "{best}");
    }
    assert!(best["source"].as_str().unwrap().starts_with("0"), "the water letters are 01 to 04: {best}");
}

#[test]
fn paging_goes_on_where_the_last_page_ended() {
    let archive = &shared().archive;
    let hits = |offset: &str, limit: &str| -> Vec<String> {
        let answer = run(archive, ["search", "--json", "--offset", offset, "--limit", limit, "وزارة الإعمار"])
            .expect_code(0)
            .object();
        answer["hits"].as_array().unwrap().iter().map(|hit| hit["document"].as_str().unwrap().to_owned()).collect()
    };
    let whole = hits("0", "6");
    assert_eq!(whole.len(), 6);
    assert_eq!([hits("0", "3"), hits("3", "3")].concat(), whole);
}

#[test]
fn a_search_without_a_hit_is_code_1() {
    let done = run(&shared().archive, ["search", "--json", "قسطنطينية"]).expect_code(1);
    assert_eq!(done.object()["total"], 0);
}

#[test]
fn a_document_is_shown_by_its_id() {
    let archive = &shared().archive;
    let known =
        exported(archive).into_iter().find(|document| document["source"]["name"] == "04-pdf-born-digital.pdf").unwrap();
    let shown = run(archive, ["show", "--json", known["id"].as_str().unwrap()]).expect_code(0).object();
    assert_eq!(shown["id"], known["id"]);
    assert_eq!(shown["letter"]["subject"], known["letter"]["subject"]);
    assert_eq!(shown["pages"][0]["text"], known["pages"][0]["text"]);
    let nobody = "0".repeat(64);
    assert_ne!(run(archive, ["show", &nobody]).code, 0);
    run(archive, ["show", "seven"]).expect_code(2);
}

#[test]
fn jsonl_has_the_document_object_a_line() {
    let samples = samples();
    let documents = exported(&shared().archive);
    assert_eq!(documents.len(), samples.len());
    for (document, sample) in documents.iter().zip(&samples) {
        let name = &sample.name;
        assert_eq!(document["source"]["name"], *name);
        assert_eq!(document["source"]["bytes"], fs::metadata(&sample.file).unwrap().len(), "{name}");
        assert_eq!(document["id"], document["source"]["sha256"], "{name}: one letter a file");
        let pages = document["pages"].as_array().unwrap();
        assert_eq!(pages.len(), sample.pages.len(), "{name}");
        assert!(pages.iter().all(|page| page.get("words").is_none()), "{name}: words only on request");
        for (number, page) in pages.iter().enumerate() {
            assert_eq!(page["number"], number + 1, "{name}");
            assert!(page["width"].as_u64().unwrap() > 500 && page["height"].as_u64().unwrap() > 500, "{name}");
        }
        for field in
            ["kind", "number", "date", "hijri_date", "from", "to", "subject", "references", "copies_to", "signatory"]
        {
            assert!(document["letter"].get(field).is_some(), "{field} of {name}");
        }
    }
    let page = |name: &str, number: usize| {
        let document =
            documents.iter().find(|document| document["source"]["name"].as_str().unwrap().starts_with(name)).unwrap();
        document["pages"][number].clone()
    };
    assert_eq!(page("15", 1)["origin"], "blank", "the back of 15");
    assert_eq!(page("14", 0)["rotation"], 180, "14 lies on its head");
    assert_eq!(page("02", 0)["rotation"], 0);
    assert_eq!(page("02", 0)["origin"], "ocr");
    assert_eq!(page("16", 0)["origin"], "ocr", "the junk under 16 is not believed");
}

#[test]
fn words_come_with_boxes_inside_their_page() {
    let archive = &shared().archive;
    for document in run(archive, ["export", "--format", "jsonl", "--words"]).expect_code(0).lines() {
        for page in document["pages"].as_array().unwrap() {
            let (width, height) = (page["width"].as_u64().unwrap(), page["height"].as_u64().unwrap());
            for word in page["words"].as_array().unwrap() {
                let edges: Vec<u64> =
                    word["box"].as_array().unwrap().iter().map(|edge| edge.as_u64().unwrap()).collect();
                let [left, top, right, bottom] = edges[..] else { panic!("{word}") };
                assert!(
                    left <= right && right <= width && top <= bottom && bottom <= height,
                    "{word} on {width}x{height}"
                );
                assert!((0.0..=1.0).contains(&word["confidence"].as_f64().unwrap()), "{word}");
            }
        }
    }
}

#[test]
fn texts_are_written_a_file_a_letter() {
    let out = temp_dir();
    let output = out.path().to_str().unwrap();
    run(&shared().archive, ["export", "--format", "text", "--output", output]).expect_code(0);
    for sample in samples() {
        let stem = Path::new(&sample.name).with_extension("txt");
        let text = fs::read_to_string(out.path().join(&stem)).unwrap_or_else(|e| panic!("{}: {e}", stem.display()));
        assert_eq!(text.split('\u{c}').count(), sample.pages.len(), "pages of {}", sample.name);
        let arabic = text.chars().filter(|c| ('\u{0621}'..='\u{064A}').contains(c)).count();
        assert!(arabic > 100, "{arabic} Arabic letters in {}", stem.display());
        assert!(
            !text
                .chars()
                .any(|c| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
        );
    }
}

#[test]
fn the_ledger_balances() {
    let ledger = ledger(&shared().archive);
    let count = |key: &str| ledger[key].as_u64().unwrap();
    assert_eq!(ledger["balances"], true);
    assert_eq!(count("seen"), count("stored") + count("duplicate") + count("failed") + count("waiting"));
    assert_eq!((count("stored"), count("failed"), count("waiting")), (samples().len() as u64, 0, 0));
}

#[test]
fn a_sound_archive_verifies_and_a_changed_byte_is_found() {
    run(&shared().archive, ["verify", "--json"]).expect_code(0);

    let archive = temp_dir();
    let file = sample("04");
    run(archive.path(), [Path::new("ingest"), &file]).expect_code(0);
    run(archive.path(), ["verify"]).expect_code(0);
    let size = fs::metadata(&file).unwrap().len();
    let original =
        files_under(archive.path()).into_iter().find(|path| fs::metadata(path).unwrap().len() == size).unwrap();
    let mut bytes = fs::read(&original).unwrap();
    bytes[100] ^= 1;
    let mut permissions = fs::metadata(&original).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false)] // a file of this test's own
    permissions.set_readonly(false);
    fs::set_permissions(&original, permissions).unwrap();
    fs::write(&original, bytes).unwrap();
    let done = run(archive.path(), ["verify", "--json"]).expect_code(1);
    assert!(done.lines().len() >= 2, "a finding and a summary: {}", done.stdout);
}

#[test]
fn an_index_built_anew_gives_the_same_answers() {
    let archive = temp_dir();
    copy_folder(&shared().archive, archive.path());
    let ask = |query: &str| -> Vec<Value> {
        let answer = run(archive.path(), ["search", "--json", query]).object();
        let hits = answer["hits"].as_array().unwrap().iter();
        let mut hits: Vec<Value> =
            hits.map(|hit| serde_json::json!([hit["document"], hit["page"], hit["boxes"], hit["match"]])).collect();
        // How the index is cut into segments moves scores by a thousandth, so near equals may change places.
        hits.sort_by_key(Value::to_string);
        hits
    };
    let queries = ["شبكة الماء", "مدرسة الفجر", "فحص التحميل", "13909"];
    let before: Vec<_> = queries.map(ask).into();
    assert!(before.iter().all(|hits| !hits.is_empty()), "{before:?}");
    run(archive.path(), ["reindex"]).expect_code(0);
    assert_eq!(before, queries.map(ask), "after reindex");
    run(archive.path(), ["verify"]).expect_code(0);
}

#[test]
fn the_doctor_finds_this_machine_well() {
    let done = run(&shared().archive, ["doctor", "--json"]).expect_code(0);
    let checks = done.lines();
    assert!(checks.len() >= 3, "{}", done.stdout);
    for check in checks {
        assert!(check["check"].is_string() && check["ok"].is_boolean() && check.get("mend").is_some(), "{check}");
        assert_eq!(check["ok"], true, "{check}");
    }
}

#[test]
fn the_program_needs_no_setting_of_the_environment() {
    // Without OMP_THREAD_LIMIT the program starts itself anew; what it was told must survive that.
    let archive = temp_dir();
    let mut command = crate::support::warraq(archive.path());
    let output = command.env_remove("OMP_THREAD_LIMIT").args(["ingest", "--json"]).arg(sample("08")).output().unwrap();
    let done = Done {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::new(),
    };
    let (files, _) = ingest_report(&done);
    assert_eq!(files[0]["status"], "stored");
}

fn ledger(archive: &Path) -> Value {
    run(archive, ["ledger", "--json"]).expect_code(0).object()
}

fn copy_sample(start: &str, folder: &Path) {
    let file = sample(start);
    fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
}

fn files_under(folder: &Path) -> Vec<std::path::PathBuf> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .flatten()
        .filter(|e| e.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}

fn copy_folder(from: &Path, to: &Path) {
    for file in files_under(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, &target).unwrap();
    }
}

#[test]
fn the_readme_of_the_samples_names_each_of_them() {
    let readme = fs::read_to_string(root().join("samples/README.md")).unwrap();
    for sample in samples() {
        assert!(readme.contains(&format!("`{}`", sample.name)), "{} is not described", sample.name);
    }
}
