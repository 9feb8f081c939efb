//! The index as its callers see it: documents in, answers out.

use super::*;
use crate::model::{
    Confidence, ContentHash, Dpi, Field, Letter, Line, Origin, Page, PageNumber, PixelBox, PixelSize, Rotation, Source,
    Word,
};
use proptest::prelude::*;
use std::sync::LazyLock;
use tempfile::TempDir;

fn id(name: &str) -> DocumentId {
    DocumentId { original: ContentHash::of(name.as_bytes()), part: None }
}

/// A document whose pages are parted by form feeds.
fn document(name: &str, text: &str, letter: Letter) -> Document {
    let word = |text: &str| Word {
        text: text.to_owned(),
        bounds: PixelBox::default(),
        confidence: Confidence::new(0.9),
        readings: Vec::new(),
    };
    let page = |(at, text): (usize, &str)| Page {
        number: PageNumber(at as u32 + 1),
        size: PixelSize { width: 2480, height: 3508 },
        dpi: Dpi(300),
        rotation: Rotation::None,
        origin: Origin::Ocr,
        engine: None,
        reason: None,
        lines: text.lines().map(|line| Line::new(line.split(' ').map(word).collect())).collect(),
        second_reading: Vec::new(),
    };
    let pages: Vec<Page> = text.split('\u{c}').enumerate().map(page).collect();
    let source = Source {
        name: name.to_owned(),
        path: name.to_owned(),
        media_type: "image/tiff".to_owned(),
        bytes: 1,
        received: jiff::Timestamp::UNIX_EPOCH,
        pages: (1, pages.len() as u32),
    };
    Document { id: id(name), source, organisation: None, pages, letter }
}

fn field<T>(value: T) -> Option<Field<T>> {
    Some(Field { value, evidence: Vec::new() })
}

fn index_of(documents: &[Document]) -> (TempDir, LocalIndex) {
    let dir = tempfile::tempdir().unwrap();
    let index = LocalIndex::open(dir.path()).unwrap();
    documents.iter().for_each(|document| index.add(document).unwrap());
    index.commit().unwrap();
    (dir, index)
}

const BRIDGE: &str = "العدد: م.ع/١٢/٣٤٥\nالتاريخ: ٢٠١٤/٣/١٢\nم/ صيانة جسر الهندية\nنرجو تزويدنا بالكشوفات الفنية\nالمبلغ (٧٦٢,٢٠٠,٠٠٠) دينار";
const ANSWER: &str = "كتابكم المرقم م.ع/12/345 في 12/3/2014\nمستحقات الموظفين عن دورة الحاسبات";
const TRAINING: &str = "دورة تدريبية للموظفات\u{c}السيد عبدالكريم جاسم\nمركز البيانات في بغداد 12 آذار 2015";
const MISREAD: &str = "وزاره الاعمار\nضيانه حسر الهنديه <b>";

static LETTERS: LazyLock<(TempDir, LocalIndex)> = LazyLock::new(|| {
    let letter = Letter {
        number: field("م.ع/12/345".to_owned()),
        date: field(jiff::civil::date(2014, 3, 12)),
        from: field("وزارة الإعمار والإسكان / دائرة الطرق والجسور".to_owned()),
        to: field("هيئة النزاهة".to_owned()).into_iter().collect(),
        subject: field("صيانة جسر الهندية".to_owned()),
        ..Letter::default()
    };
    index_of(&[
        document("bridge", BRIDGE, letter),
        document("answer", ANSWER, Letter::default()),
        document("training", TRAINING, Letter::default()),
        document("misread", MISREAD, Letter::default()),
    ])
});

fn answer(query: &str) -> Answer {
    LETTERS.1.search(query, &SearchOptions::default()).unwrap()
}

/// Checks the strict hits in order, then the possible ones, which carry a question mark.
#[track_caller]
fn check(query: &str, want: &[&str]) {
    let answer = answer(query);
    let found: Vec<_> =
        answer.hits.iter().map(|hit| format!("{}{}", hit.source, if hit.possible { "?" } else { "" })).collect();
    assert_eq!(found, want, "for {query:?}");
    assert_eq!(answer.total as usize, want.iter().filter(|name| !name.ends_with('?')).count(), "total for {query:?}");
}

#[test]
fn words_in_all_their_forms() {
    check("موظف", &["training", "answer"]);
    check("والحاسبة", &["answer"]);
    check("صيانة جسور الهندية", &["bridge", "misread?"]);
    check("عبد الكريم", &["training"]);
}

#[test]
fn the_letter_that_bears_a_number_comes_before_the_one_that_cites_it() {
    check("م.ع/١٢/٣٤٥", &["bridge", "answer"]);
    check("كتاب رقم 345", &["bridge", "answer"]);
    check("number:345", &["bridge", "answer?"]);
    check("العدد: م.ع/12/345", &["bridge", "answer?"]);
}

#[test]
fn dates_and_amounts_in_every_shape() {
    for query in ["12/3/2014", "٢٠١٤/٣/١٢", "2014-03-12", "12 آذار 2014", "كتب شهر آذار 2014"] {
        assert_eq!(answer(query).hits.first().map(|hit| hit.source.as_str()), Some("bridge"), "for {query}");
        assert_eq!(answer(query).total, 2, "for {query}");
    }
    check("762200000", &["bridge"]);
    check("date:2014-01..2014-06", &["bridge"]);
    check("date:2014 جسر", &["bridge"]);
}

#[test]
fn fields_phrases_beginnings_and_exclusions() {
    check("from:دائرة الطرق", &["bridge"]);
    check("إلى: هيئة النزاهة", &["bridge"]);
    check("\"مركز البيانات\"", &["training"]);
    assert_eq!(answer("\"البيانات مركز جاسم\"").total, 0);
    check("تدريب*", &["training"]);
    check("دورة -تدريبية", &["answer"]);
}

#[test]
fn a_hit_shows_where_and_how() {
    let answer = answer("مركز البيانات");
    let hit = answer.hits.first().unwrap();
    assert_eq!((hit.page, hit.matched, &hit.words[..]), (2, Match::Exact, &[3, 4][..]));
    assert_eq!(hit.snippet, "السيد عبدالكريم جاسم <mark>مركز البيانات</mark> في بغداد 12 آذار 2015");
    let hit = self::answer("حسر الهندية").hits.into_iter().find(|hit| hit.source == "misread").unwrap();
    assert!(hit.snippet.ends_with("&lt;b&gt;"), "{}", hit.snippet);
}

#[test]
fn odd_queries_get_notes() {
    for query in ["", "   ", "\u{200F}", "!!!", "-جسر", "*"] {
        let answer = answer(query);
        assert!(answer.hits.is_empty() && answer.total == 0 && !answer.notes.is_empty(), "for {query:?}");
    }
    assert_eq!(answer("foo:جسر").notes.len(), 1);
    assert_eq!(answer("date:غدا جسر").notes.len(), 1);
}

#[test]
fn a_replaced_document_stands_there_once() {
    let (dir, index) = index_of(&[document("a", "جسر الهندية", Letter::default())]);
    for text in ["جسر الصويرة", "جسر الصويرة\u{c}جسر"] {
        index.add(&document("a", text, Letter::default())).unwrap();
        index.commit().unwrap();
    }
    let found = index.search("جسر", &SearchOptions::default()).unwrap();
    assert_eq!((found.total, found.hits.len()), (1, 1));
    assert_eq!(index.search("\"جسر الهندية\"", &SearchOptions::default()).unwrap().total, 0);
    assert_eq!(index.document_ids().unwrap(), [id("a")]);
    let other = LocalIndex::open_read_only(dir.path()).unwrap();
    assert_eq!(other.search("الصويرة", &SearchOptions::default()).unwrap().total, 1);
    assert!(matches!(other.commit(), Err(SearchError::ReadOnly)));
    assert!(matches!(LocalIndex::open(dir.path()), Err(SearchError::Busy(_))));
    index.remove(&id("a")).unwrap();
    index.commit().unwrap();
    assert!(index.document_ids().unwrap().is_empty());
}

#[test]
fn pages_of_an_answer_fit_together() {
    let many: Vec<_> =
        (0..150).map(|n| document(&format!("{n}"), &"جسر ".repeat(1 + n % 7), Letter::default())).collect();
    let (_dir, index) = index_of(&many);
    let mut seen = std::collections::BTreeSet::new();
    for offset in (0..160).step_by(20) {
        let part = index.search("جسر", &SearchOptions { limit: 20, offset }).unwrap();
        assert_eq!(part.total, 150);
        seen.extend(part.hits.into_iter().map(|hit| hit.source));
    }
    assert_eq!(seen.len(), 150);
}

#[test]
fn an_index_of_another_format_is_refused_and_rebuilt() {
    let (dir, index) = index_of(&[document("a", "جسر", Letter::default())]);
    drop(index);
    std::fs::write(dir.path().join("warraq-format"), "0 old").unwrap();
    let refused = LocalIndex::open(dir.path()).err().unwrap();
    assert!(refused.to_string().ends_with("rebuild it with reindex"), "{refused}");
    assert!(LocalIndex::rebuild(dir.path()).unwrap().document_ids().unwrap().is_empty());
    assert!(matches!(LocalIndex::open_read_only(&dir.path().join("none")), Err(SearchError::Missing(_))));
}

#[test]
fn a_document_without_pages_is_found_by_its_fields() {
    let letter = Letter { subject: field("صيانة جسر".to_owned()), ..Letter::default() };
    let mut bare = document("bare", "", letter);
    bare.pages.clear();
    let (_dir, index) = index_of(&[bare]);
    let found = index.search("صيانة", &SearchOptions::default()).unwrap();
    assert_eq!((found.total, found.hits[0].snippet.as_str()), (1, ""));
}

proptest! {
    #[test]
    fn any_query_is_answered(text in "\\PC{0,60}", marked in "[-\"«»:* \u{200F}()~^+&|a-cمنإلىجسر٠-٩/.]{0,60}") {
        for query in [text, marked] {
            let answer = answer(&query);
            for hit in &answer.hits {
                prop_assert_eq!(hit.snippet.matches("<mark>").count(), hit.snippet.matches("</mark>").count());
                prop_assert!(hit.words.is_sorted());
            }
        }
    }
}
