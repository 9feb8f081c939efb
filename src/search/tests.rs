//! The index as its callers see it: documents in, answers out.

use super::*;
use crate::model::{
    Confidence, ContentHash, Dpi, Field, Kind, Letter, Line, Origin, Page, PageNumber, PixelBox, PixelSize, Rotation,
    Source, Word,
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
        codes: Vec::new(),
        filled_in: Vec::new(),
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
fn choices_groups_and_ranges() {
    check("(صيانة OR مستحقات) الهندية", &["bridge", "misread?", "answer?"]);
    check("دورة -(الحاسبات الموظفين)", &["training"]);
    check("date:2013..2014 جسر", &["bridge"]);
    check("التاريخ: من 2015 إلى 2016", &[]);
    check("kind:أمر", &[]);
    check("subject:\"جسر الهندية\"", &["bridge"]);
}

#[test]
fn what_is_misspelt_is_suggested_only_if_it_has_hits() {
    let suggestion = |query: &str, filters: Filters| {
        let answer = FILED.1.search(query, &SearchOptions { filters, ..SearchOptions::default() }).unwrap();
        assert_eq!(answer.total, 0, "for {query}");
        answer.suggestion
    };
    assert_eq!(suggestion("الجسير", Filters::default()).as_deref(), Some("جسر"));
    let nobody = Filters { organisations: Some(Vec::new()), ..Filters::default() };
    assert_eq!(suggestion("الجسير", nobody), None);
    assert_eq!(suggestion("قسطنطينية", Filters::default()), None);
}

#[track_caller]
fn check_why(query: &str, source: &str, want: &[(&str, Option<&str>, Match, &str)]) {
    let options = SearchOptions { explain: true, ..SearchOptions::default() };
    let answer = LETTERS.1.search(query, &options).unwrap();
    let hit = answer.hits.iter().find(|hit| hit.source == source).unwrap();
    let told: Vec<_> = hit
        .why
        .iter()
        .map(|why| (why.asked.as_str(), why.found.as_deref(), why.matched, why.fields.join(" ")))
        .collect();
    let want: Vec<_> =
        want.iter().map(|(asked, found, how, fields)| (*asked, *found, *how, (*fields).to_owned())).collect();
    assert_eq!(told, want, "for {query:?}");
}

#[test]
fn a_hit_says_what_it_was_found_by() {
    check_why(
        "جسور الهندية مدرسة",
        "bridge",
        &[
            ("جسور", Some("جسر"), Match::Stem, "subject from"),
            ("الهندية", Some("الهندية"), Match::Exact, "subject"),
            ("مدرسة", None, Match::Folded, ""),
        ],
    );
    check_why("صيانة", "misread", &[("صيانة", Some("ضيانه"), Match::Ocr, "")]);
    check_why("12-3-2014", "answer", &[("12-3-2014", Some("12/3/2014"), Match::Folded, "")]);
    check_why("\"مركز البيانات\"", "training", &[("مركز البيانات", Some("مركز البيانات"), Match::Exact, "")]);
}

#[test]
fn letters_about_the_same() {
    let about = |subject: &str, without: &[DocumentId]| {
        let hits = LETTERS.1.about(subject, without, 5, &Filters::default()).unwrap();
        hits.into_iter().map(|hit| hit.source).collect::<Vec<_>>()
    };
    assert_eq!(about("م/ صيانة (جسور) الهندية: -\"أو", &[]), ["bridge"]);
    assert!(about("صيانة جسر الهندية", &[id("bridge")]).is_empty());
    assert!(about("- / أو", &[]).is_empty());
}

#[test]
fn whoever_quotes_finds_what_he_quotes() {
    let (_dir, index) = index_of(&[
        document("speck", "دائرة . ن الماء والمجاري", Letter::default()),
        document("apart", "دائرة الطرق\nمجاري المياه", Letter::default()),
        document("foreign", "نرجو تفضلكم سيدي بالموافقة على الصرف", Letter::default()),
    ]);
    let found = |query: &str| {
        let answer = index.search(query, &SearchOptions::default()).unwrap();
        let strict = answer.hits.into_iter().filter(|hit| !hit.possible);
        strict.map(|hit| hit.source).collect::<Vec<_>>()
    };
    assert_eq!(found("\"دائرة الماء\""), ["speck"]);
    assert_eq!(found("\"تفضلكم بالموافقة على\""), ["foreign"]);
    assert!(found("\"دائرة المجاري\"").is_empty());
}

/// Queries of a seed: pieces that the query language gives a meaning, run together at random.
#[test]
fn hostile_queries_are_answered() {
    const PIECES: [&str; 40] = [
        "(",
        ")",
        "\"",
        "«",
        "-",
        "*",
        ":",
        "..",
        "OR",
        "أو",
        "|",
        "date:",
        "العدد:",
        "من:",
        "kind:",
        "foo:",
        ">",
        "<=",
        "/",
        "جسر",
        "صيانة",
        "12",
        "٢٠١٤",
        "345/",
        "م.ع/",
        "\u{200F}",
        " ",
        " ",
        " ",
        "ا",
        "ﷺ",
        "a",
        "\u{0}",
        "\n",
        "١٬٠٠٠",
        "-(",
        "((((",
        "😀",
        "الموظفين",
        "ِ",
    ];
    let mut seed: u64 = 8;
    for _ in 0..1_000 {
        let mut query = String::new();
        for _ in 0..seed % 23 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            query.push_str(PIECES[(seed >> 33) as usize % PIECES.len()]);
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 1;
        let answer = answer(&query);
        assert!(answer.hits.iter().filter(|hit| !hit.possible).count() as u64 <= answer.total, "{query:?}");
    }
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

static FILED: LazyLock<(TempDir, LocalIndex)> = LazyLock::new(|| {
    let letter = |from: &str, to: &str, date: jiff::civil::Date, kind, secrecy: Option<&str>| Letter {
        number: field(format!("م.ع/{}/77", date.year())),
        date: field(date),
        from: field(from.to_owned()),
        to: field(to.to_owned()).into_iter().collect(),
        kind: field(kind),
        subject: field("صيانة جسر".to_owned()),
        secrecy: secrecy.and_then(|secrecy| field(secrecy.to_owned())),
        ..Letter::default()
    };
    let of = |organisation: Option<&str>, document: Document| Document {
        organisation: organisation.map(str::to_owned),
        ..document
    };
    let date = jiff::civil::date;
    index_of(&[
        of(
            Some("roads"),
            document("a", "جسر", letter("وزارة الإعمار", "أمانة بغداد", date(2013, 5, 1), Kind::Letter, None)),
        ),
        of(
            Some("roads"),
            document("b", "ما\u{c}جسر", letter("وزارة الاعمار", "هيئة النزاهة", date(2014, 3, 12), Kind::Order, None)),
        ),
        of(
            Some("water"),
            document("c", "جسر", letter("وزارة الموارد", "أمانة بغداد", date(2014, 3, 30), Kind::Letter, Some("سرّي"))),
        ),
        document("d", "جسر", Letter::default()),
    ])
});

#[track_caller]
fn check_filtered(query: &str, filters: Filters, want: &str) {
    let options = SearchOptions { filters: filters.clone(), ..SearchOptions::default() };
    let answer = FILED.1.search(query, &options).unwrap();
    let mut found: Vec<_> = answer.hits.iter().map(|hit| hit.source.as_str()).collect();
    if !query.is_empty() {
        found.sort_unstable();
    }
    assert_eq!((found.concat(), answer.total as usize), (want.to_owned(), want.len()), "{query:?} with {filters:?}");
}

#[test]
fn filters_hold_before_counts_and_ranks() {
    let some = |text: &str| Some(text.to_owned());
    let list = |values: &[&str]| Some(values.iter().map(|value| (*value).to_owned()).collect());
    check_filtered("جسر", Filters::default(), "abcd");
    check_filtered("جسر", Filters { organisations: list(&["roads"]), ..Filters::default() }, "ab");
    check_filtered("جسر", Filters { organisations: list(&["water", ""]), ..Filters::default() }, "cd");
    check_filtered("جسر", Filters { organisations: list(&[]), ..Filters::default() }, "");
    check_filtered("جسر", Filters { secrecy: list(&[""]), ..Filters::default() }, "abd");
    check_filtered("جسر", Filters { secrecy: list(&["سري"]), ..Filters::default() }, "c");
    check_filtered("جسر", Filters { from: some("الإعمار"), ..Filters::default() }, "ab");
    check_filtered("جسر", Filters { to: some("امانه بغداد"), from: some("الموارد"), ..Filters::default() }, "c");
    check_filtered("جسر", Filters { from: some("قسطنطينية"), ..Filters::default() }, "");
    check_filtered("جسر", Filters { kind: Some(Kind::Order), ..Filters::default() }, "b");
    let march = Some(jiff::civil::date(2014, 3, 1));
    check_filtered("جسر", Filters { date_from: march, ..Filters::default() }, "bc");
    check_filtered("جسر", Filters { date_to: march, ..Filters::default() }, "a");
    check_filtered("", Filters { date_from: march, ..Filters::default() }, "cb");
    check_filtered("", Filters { organisations: list(&["roads"]), ..Filters::default() }, "ba");
    check_filtered("", Filters::default(), "");
}

#[test]
fn facets_count_what_the_filters_leave() {
    let shown = |counts: &[Count]| {
        counts.iter().map(|count| format!("{} {}", count.value, count.letters)).collect::<Vec<_>>().join(", ")
    };
    let secrecy = Some(vec![String::new()]);
    for (query, filters, want) in [
        (
            "جسر",
            Filters::default(),
            "2013 1, 2014 2; 2013-05 1, 2014-03 2; وزارة الإعمار 2, وزارة الموارد 1; letter 2, order 1; roads 2, water 1; 1",
        ),
        (
            "جسر",
            Filters { secrecy, ..Filters::default() },
            "2013 1, 2014 1; 2013-05 1, 2014-03 1; وزارة الإعمار 2; letter 1, order 1; roads 2; 1",
        ),
    ] {
        let options = SearchOptions { filters, facets: true, ..SearchOptions::default() };
        let facets = FILED.1.search(query, &options).unwrap().facets.unwrap();
        let counts = [&facets.years, &facets.months, &facets.bodies, &facets.kinds, &facets.organisations];
        let found = counts.map(|counts| shown(counts)).join("; ") + &format!("; {}", facets.undated);
        assert_eq!(found, want);
    }
}

#[test]
fn beginnings_are_completed_from_what_may_be_seen() {
    let texts = |typed: &str, filters: &Filters| {
        let found = FILED.1.complete(typed, 5, filters).unwrap();
        found.iter().map(|own| format!("{} {} {}", own.kind.as_str(), own.text, own.letters)).collect::<Vec<_>>()
    };
    let all = Filters::default();
    assert_eq!(texts("وزاره ال", &all), ["body وزارة الإعمار 2", "body وزارة الموارد 1"]);
    let ordinary = Filters { secrecy: Some(vec![String::new()]), ..Filters::default() };
    assert_eq!(texts("وزاره ال", &ordinary), ["body وزارة الإعمار 2"]);
    assert_eq!(texts("م.ع/٢٠١٣", &all), ["number م.ع/2013/77 1"]);
    assert_eq!(texts("جس", &all), ["subject صيانة جسر 3"]);
    assert!(texts("", &all).is_empty() && texts("*", &all).is_empty());
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
        let part = index.search("جسر", &SearchOptions { limit: 20, offset, ..SearchOptions::default() }).unwrap();
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
