//! Letters among letters: threads in whatever order they come, files that hold several, what people set right, the bodies that write.
//!
//! The pages are empty sheets whose texts are given beside them, so that fields and not reading are judged.

use crate::support::{run, temp_dir};
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder of scans with their texts, and an archive to take them in.
struct Desk {
    scans: TempDir,
    archive: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { scans: temp_dir(), archive: temp_dir() }
    }

    /// Takes in a file of these pages and returns the ids of its documents.
    fn take_in(&self, name: &str, pages: &[&str]) -> Vec<String> {
        let file = self.scans.path().join(format!("{name}.pdf"));
        fs::write(&file, pdf_of(pages.len(), name)).unwrap();
        fs::write(self.scans.path().join(format!("{name}.gt.txt")), pages.join("\u{c}")).unwrap();
        let texts = self.scans.path().to_str().unwrap();
        let done = run(self.archive(), ["ingest", "--json", "--text-from", texts, file.to_str().unwrap()]);
        let ids = done.expect_code(0).lines()[0]["documents"].clone();
        ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    fn archive(&self) -> &Path {
        self.archive.path()
    }

    fn show(&self, id: &str) -> Value {
        run(self.archive(), ["show", "--json", id]).expect_code(0).object()
    }

    /// Returns the source names and ids of what a search finds.
    fn hits(&self, query: &str) -> Vec<String> {
        let answer = run(self.archive(), ["search", "--json", query]).object();
        answer["hits"].as_array().unwrap().iter().map(|hit| hit["document"].as_str().unwrap().to_owned()).collect()
    }
}

/// Returns a PDF of empty pages; the name makes its bytes differ from those of others.
fn pdf_of(pages: usize, name: &str) -> Vec<u8> {
    let kids: String = (0..pages).fold(String::new(), |mut kids, page| {
        write!(kids, "{} 0 R ", page + 3).unwrap();
        kids
    });
    let mut pdf = format!("%PDF-1.4\n% {name}\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n");
    writeln!(pdf, "2 0 obj<</Type/Pages/Kids[{kids}]/Count {pages}>>endobj").unwrap();
    for page in 0..pages {
        writeln!(pdf, "{} 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj", page + 3).unwrap();
    }
    pdf.push_str("trailer<</Root 1 0 R>>\n");
    pdf.into_bytes()
}

/// Returns the text of a letter.
fn letter(from: &str, to: &str, number: &str, date: &str, subject: &str, text: &str) -> String {
    format!(
        "جمهورية العراق\n{from}\nالعدد : {number}\nالتاريخ : {date}\nإلى / {to}\nم/ {subject}\nتحية طيبة\n{text}\nمع التقدير\n\
         سعد عبد الرحمن التميمي\nالمدير العام\nنسخة منه إلى :\n- الأرشيف"
    )
}

const MINISTRY: &str = "وزارة النقل";
const COMPANY: &str = "شركة الميناء العامة للمقاولات";

fn question() -> String {
    letter(MINISTRY, COMPANY, "ف/١٥/٤٢٧١", "١/٣/٢٠١٤", "صيانة جسر الكوت", "نرجو بيان الرأي")
}

fn answer() -> String {
    let text =
        "كتابكم المرقم (ف/١٥/٤٢٧١) في ١/٣/٢٠١٤ ، وإشارة إلى كتاب وزارة المالية ذي العدد ٧٧١٢ في ٥/٢/٢٠١٤ نبين رأينا";
    letter(COMPANY, MINISTRY, "م.ع/٨٨٣", "١١/٣/٢٠١٤", "صيانة جسر الكوت", text)
}

#[test]
fn a_thread_is_whole_in_whatever_order_its_letters_come() {
    for answer_first in [true, false] {
        let desk = Desk::new();
        let (mut question_id, mut answer_id) = (String::new(), String::new());
        for is_answer in [answer_first, !answer_first] {
            let (name, text, id) = match is_answer {
                true => ("answer", answer(), &mut answer_id),
                false => ("question", question(), &mut question_id),
            };
            *id = desk.take_in(name, &[&text])[0].clone();
            if is_answer && answer_first {
                let cited = desk.show(id)["letter"]["references"].clone();
                assert_eq!((&cited[0]["number"], &cited[0]["document"]), (&"ف/15/4271".into(), &Value::Null));
            }
        }
        let cited = desk.show(&answer_id)["letter"]["references"].clone();
        assert_eq!(cited[0]["document"], question_id.as_str(), "{cited}");
        assert_eq!(cited[1]["document"], Value::Null, "{cited}");

        for id in [&question_id, &answer_id] {
            let thread = run(desk.archive(), ["thread", "--json", id]).expect_code(0).object();
            let letters = thread["letters"].as_array().unwrap();
            assert_eq!(letters.len(), 3, "{thread}");
            assert_eq!(letters[1]["document"], question_id.as_str(), "by date: {thread}");
            assert_eq!((&letters[0]["document"], &letters[0]["cited"]), (&Value::Null, &1.into()), "{thread}");
            let edge = &thread["edges"][0];
            assert_eq!((&edge["from"], &edge["to"]), (&answer_id.as_str().into(), &question_id.as_str().into()));
            assert_eq!(edge["days"], 10);
        }
        let missing = run(desk.archive(), ["thread", "--missing", "--json"]).expect_code(0).lines();
        assert_eq!(missing.len(), 1);
        assert_eq!((&missing[0]["number"], &missing[0]["from"]), (&"7712".into(), &"وزارة المالية".into()));
    }
}

/// Leaves out the lines that begin so: what ink covers.
fn without(text: &str, covered: &[&str]) -> String {
    let stays = |line: &&str| !covered.iter().any(|start| line.starts_with(start));
    text.lines().filter(stays).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_letter_whose_number_and_date_are_lost_is_found_by_what_it_is_about() {
    let desk = Desk::new();
    let lost = desk.take_in("lost", &[&without(&question(), &["العدد", "التاريخ"])]).remove(0);
    // Another of that day whose number is lost, of another body, is not meant.
    let other = letter("أمانة بغداد", COMPANY, "", "١/٣/٢٠١٤", "تبليط شارع", "نرجو بيان الرأي");
    desk.take_in("other", &[&without(&other, &["العدد"])]);
    assert_eq!(desk.show(&lost)["letter"]["number"], Value::Null);
    let answer_id = desk.take_in("answer", &[&answer()]).remove(0);
    assert_eq!(desk.show(&answer_id)["letter"]["references"][0]["document"], *lost);
    let letter = &desk.show(&lost)["letter"];
    assert_eq!((letter["number"].as_str(), letter["date"].as_str()), (Some("ف/15/4271"), Some("2014-03-01")));
    let found = run(desk.archive(), ["search", "--json", "العدد:ف/15/4271"]).expect_code(0).object();
    assert_eq!(found["hits"][0]["document"], *lost, "the index knows it without being built anew");
    // A second letter that may be meant, and neither is.
    let twin = letter_about_the_bridge("نرجو الإسراع");
    desk.take_in("twin", &[&without(&twin, &["العدد", "التاريخ"])]);
    assert_eq!(desk.show(&answer_id)["letter"]["references"][0]["document"], Value::Null);
    assert_eq!(desk.show(&lost)["letter"]["number"], Value::Null);
}

fn letter_about_the_bridge(text: &str) -> String {
    letter(MINISTRY, COMPANY, "ف/١٥/٤٢٧٢", "٢/٣/٢٠١٤", "صيانة جسر الكوت", text)
}

#[test]
fn a_name_without_its_beginning_is_the_one_that_signed_before() {
    let desk = Desk::new();
    let covered = answer().replace("سعد عبد الرحمن التميمي", "عبد الرحمن التميمي");
    let answer_id = desk.take_in("answer", &[&covered]).remove(0);
    let name = || desk.show(&answer_id)["letter"]["signatory"]["name"].clone();
    assert_eq!(name(), "عبد الرحمن التميمي");
    desk.take_in("question", &[&question()]);
    assert_eq!(name(), "سعد عبد الرحمن التميمي");
    run(desk.archive(), ["correct", &answer_id, "signatory.name", "عبد الرحمن التميمي"]).expect_code(0);
    assert_eq!(name(), "عبد الرحمن التميمي", "what a person set stays");
}

#[test]
fn a_file_of_several_letters_is_parted_joined_and_parted_again() {
    let desk = Desk::new();
    let pages = [question(), "- 2 -\nوكذلك نرجو إعلامنا بالكلفة".to_owned(), String::new(), answer()];
    let ids = desk.take_in("batch", &pages.each_ref().map(String::as_str));
    assert_eq!(ids.len(), 2, "{ids:?}");
    let hash = ids[0].strip_suffix("-1").unwrap().to_owned();
    assert_eq!(ids[1], format!("{hash}-2"));
    assert_eq!(desk.show(&ids[0])["source"]["pages"], serde_json::json!([1, 3]));
    assert_eq!(desk.show(&ids[1])["pages"][0]["number"], 1);
    assert_eq!(desk.show(&ids[1])["letter"]["number"], "م.ع/883");
    assert_eq!(desk.hits("number:883"), [ids[1].as_str()]);
    let shown = run(desk.archive(), ["show", &ids[1]]).expect_code(0).stdout;
    assert!(shown.contains("pages 4 to 4") && shown.contains("letterhead"), "{shown}");

    let joined = run(desk.archive(), ["join", "--json", "--by", "سعاد", &ids[0], &ids[1]]).expect_code(0).lines();
    assert_eq!(joined.iter().map(|document| document["id"].clone()).collect::<Vec<_>>(), [Value::from(hash.as_str())]);
    assert_eq!(desk.hits("number:4271"), [hash.as_str()]);
    run(desk.archive(), ["verify"]).expect_code(0);

    let parted = run(desk.archive(), ["split", "--json", &hash, "4"]).expect_code(0).lines();
    assert_eq!(parted.len(), 2);
    assert_eq!(parted[1]["letter"]["number"], "م.ع/883");
    assert_eq!(desk.hits("number:883"), [ids[1].as_str()]);
    run(desk.archive(), ["verify"]).expect_code(0);
    run(desk.archive(), ["ledger"]).expect_code(0);
    run(desk.archive(), ["split", &ids[1], "2"]).expect_code(2);
}

#[test]
fn what_a_clerk_sets_right_wins_for_good() {
    let desk = Desk::new();
    let misread = question().replace("٤٢٧١", "٤٢٧");
    let id = desk.take_in("question", &[&misread])[0].clone();
    let set = |field: &str, value: &str| {
        run(desk.archive(), ["correct", "--json", "--by", "سعاد", &id, field, value]).expect_code(0).object()
    };
    let corrected = set("number", "ف / ١٥ / ٤٢٧١");
    assert_eq!(corrected["letter"]["number"], "ف/15/4271");
    assert_eq!(corrected["letter"]["evidence"]["number"][0]["source"], "clerk");
    set("subject", "صيانة جسر العمارة");
    run(desk.archive(), ["reindex", "--letters"]).expect_code(0);
    let letter = desk.show(&id)["letter"].clone();
    assert_eq!((&letter["number"], &letter["subject"]), (&"ف/15/4271".into(), &"صيانة جسر العمارة".into()));
    assert_eq!(letter["date"], "2014-03-01", "what nobody set is as read");
    assert_eq!(desk.hits("number:4271"), [id.as_str()]);
    assert_eq!(desk.hits("subject:العمارة"), [id.as_str()]);

    let history = run(desk.archive(), ["correct", "--json", &id]).expect_code(0).lines();
    assert_eq!(history.len(), 2);
    assert_eq!((&history[0]["field"], &history[0]["by"]), (&"number".into(), &"سعاد".into()));
    assert_eq!((&history[0]["old"][0], &history[0]["new"][0]), (&"ف/15/427".into(), &"ف / ١٥ / ٤٢٧١".into()));
    run(desk.archive(), ["correct", &id, "date", "31/4/2014"]).expect_code(2);
    run(desk.archive(), ["correct", &id, "colour", "red"]).expect_code(2);

    // The answer that cites the number as it was set finds its letter.
    let answer = desk.take_in("answer", &[&answer()])[0].clone();
    assert_eq!(desk.show(&answer)["letter"]["references"][0]["document"], id.as_str());
}

#[test]
fn a_letter_scanned_twice_is_known_as_one() {
    let desk = Desk::new();
    let first = desk.take_in("first", &[&question()])[0].clone();
    let second = desk.take_in("second", &[&question().replace("الكوت", "الكون")])[0].clone();
    desk.take_in("other", &[&answer()]);
    let shown = run(desk.archive(), ["show", &first]).expect_code(0).stdout;
    assert!(shown.contains(&format!("also as {}", &second[..8])), "{shown}");
}

#[test]
fn bodies_that_nobody_entered_are_proposed_and_can_be_entered() {
    let desk = Desk::new();
    desk.take_in("answer", &[&answer()]);
    let proposed = || {
        let bodies = run(desk.archive(), ["bodies", "list", "--json"]).expect_code(0).lines();
        bodies.iter().filter(|body| body["proposed"] == true).map(|body| body["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(proposed(), [COMPANY]);
    run(desk.archive(), ["bodies", "add", COMPANY, "--also", "شركة الموانئ"]).expect_code(0);
    assert_eq!(proposed(), [] as [&str; 0]);
    run(desk.archive(), ["bodies", "add", COMPANY]).expect_code(2);
    run(desk.archive(), ["bodies", "merge", "شركة الميناء", COMPANY]).expect_code(0);
    run(desk.archive(), ["bodies", "merge", "شركة الميناء", "وزارة الخيال"]).expect_code(2);
}

#[test]
fn an_archive_adds_words_of_its_own() {
    let text = question()
        .replace("العدد :", "قيد الديوان :")
        .replace("١/٣/٢٠١٤", "١ ربيعان ٢٠١٤")
        .replace("نرجو", "هذا تبليغ نرجو");
    let read = |desk: &Desk| {
        let letter = desk.show(&desk.take_in("question", &[&text])[0])["letter"].clone();
        (letter["number"].clone(), letter["date"].clone())
    };
    assert_eq!(read(&Desk::new()), (Value::Null, Value::Null));

    let desk = Desk::new();
    let add = |name: &str, text: &str| fs::write(desk.archive().join(name), text).unwrap();
    add("labels.toml", "number = ['قيد الديوان']");
    add("months.toml", "civil = [[], [], ['ربيعان'], [], [], [], [], [], [], [], [], []]");
    assert_eq!(read(&desk), ("ف/15/4271".into(), "2014-03-01".into()));
    let found = || run(desk.archive(), ["search", "--json", "المفاتحة"]).object()["total"].clone();
    assert_eq!(found(), 0);

    add("lexicon.toml", "together = [['تبليغ', 'مفاتحة']]");
    let other = run(desk.archive(), ["search", "مفاتحة"]).expect_code(3);
    assert!(other.stderr.contains("reindex"), "{}", other.stderr);
    run(desk.archive(), ["reindex"]).expect_code(0);
    assert_eq!(found(), 1);

    add("labels.toml", "nummer = ['قيد الديوان']");
    let wrong = run(desk.archive(), ["ledger"]).expect_code(3);
    assert!(wrong.stderr.contains("labels.toml") && wrong.stderr.contains("nummer"), "{}", wrong.stderr);
}
