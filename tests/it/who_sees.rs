//! Who sees what: every route of the server asked by accounts of every role, body and clearance, and nothing told of a letter that
//! is not theirs to see. A route that is not in the table fails the test.

use crate::serve::{Server, body_json};
use crate::support::{root, run, temp_dir};
use image::{GrayImage, Luma};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};
use ureq::Body;
use ureq::http::Response;
use warraq::serve::access::{Book, Clearance, NewToken, NewUser, Right, Role, Viewer};

const FAW: &str = "الفاو";
const KAR: &str = "ذي قار";
/// Every letter's own word, in its subject and nowhere else.
const WORDS: [&str; 13] =
    ["زقفوط", "بخصاف", "ثعلاج", "خنطور", "ذرقام", "شفلاط", "ضبخاز", "ظرفوم", "غنجاس", "قشطاب", "كعموز", "لبثوخ", "حضروف"];
/// Every letter's own issuer.
const ISSUERS: [&str; 13] = [
    "المراعي",
    "المناحل",
    "الينابيع",
    "المطاحن",
    "المغازل",
    "الأفران",
    "المرافئ",
    "المناجم",
    "المقالع",
    "البساتين",
    "المعابر",
    "السدود",
    "المراصد",
];
const SECRECY: [&str; 4] = ["", "محدود", "سري", "سري للغاية"];
/// The letter that is handed in over HTTP: secret, of [`FAW`].
const UPLOADED: usize = 12;

/// A letter of the archive.
struct Letter {
    n: usize,
    id: String,
}

impl Letter {
    fn organisation(n: usize) -> Option<&'static str> {
        [None, Some(FAW), Some(KAR), Some(FAW)][n / 4]
    }

    fn secrecy(n: usize) -> &'static str {
        if n == UPLOADED { "سري" } else { SECRECY[n % 4] }
    }

    fn number(n: usize) -> String {
        format!("م ع/{}", 4100 + n * 7)
    }

    /// Each cites the one before and another of another body, so one thread runs through all bodies and degrees.
    fn cites(n: usize) -> Vec<usize> {
        [1, 5].into_iter().filter_map(|back| n.checked_sub(back)).collect()
    }

    fn is_for(&self, viewer: &Viewer) -> bool {
        viewer.sees(Self::organisation(self.n), Some(Self::secrecy(self.n)))
    }

    /// What tells of it wherever it stands; its number may also stand in letters that cite it.
    fn marks(&self, cited: bool) -> Vec<String> {
        let mut marks = vec![
            self.id.clone(),
            WORDS[self.n].to_owned(),
            ISSUERS[self.n].to_owned(),
            format!("letter-{}.png", self.n),
        ];
        if !cited {
            marks.push(Self::number(self.n));
        }
        marks
    }
}

/// How a route is asked.
enum Ask {
    /// With these addresses.
    Paths(&'static [&'static str]),
    /// About each letter.
    Letter,
    /// With this body.
    Form(&'static str),
    /// Not here: says nothing of letters, or is asked about apart.
    Apart,
}
use Ask::{Apart, Form, Paths};

/// Every route: method, pattern, the right it needs, how it is asked.
const ROUTES: &[(&str, &str, Option<Right>, Ask)] = &[
    (
        "GET",
        "/api/v1/search",
        Some(Right::Read),
        Paths(&["/api/v1/search?limit=200&facets=true", "/api/v1/search?q=صيانة&limit=200&facets=true"]),
    ),
    (
        "GET",
        "/api/v1/suggest",
        Some(Right::Read),
        Paths(&[
            "/api/v1/suggest?limit=20&q=صيانة",
            "/api/v1/suggest?limit=20&q=دائرة",
            "/api/v1/suggest?limit=20&q=وزارة",
            "/api/v1/suggest?limit=20&q=41",
        ]),
    ),
    ("GET", "/api/v1/documents/{id}", Some(Right::Read), Ask::Letter),
    ("GET", "/api/v1/documents/{id}/original", Some(Right::Read), Ask::Letter),
    ("GET", "/api/v1/documents/{id}/pdf", Some(Right::Read), Ask::Letter),
    ("GET", "/api/v1/documents/{id}/text", Some(Right::Read), Ask::Letter),
    ("GET", "/api/v1/documents/{id}/thread", Some(Right::Read), Ask::Letter),
    ("GET", "/api/v1/documents/{id}/related", Some(Right::Read), Ask::Letter),
    ("GET", "/api/v1/documents/{id}/pages/{number}/image", Some(Right::Read), Ask::Letter),
    ("POST", "/api/v1/documents/{id}/corrections", Some(Right::Correct), Ask::Letter),
    ("GET", "/api/v1/changes", Some(Right::Read), Paths(&["/api/v1/changes?limit=1000", "/api/v1/changes?limit=3"])),
    ("POST", "/api/v1/documents", Some(Right::Upload), Form("")),
    ("GET", "/api/v1/jobs/{id}", None, Apart),
    ("GET", "/healthz", None, Apart),
    ("GET", "/metrics", Some(Right::Manage), Paths(&["/metrics"])),
    ("GET", "/", Some(Right::Read), Paths(&["/", "/?q=صيانة", "/?organisation=الفاو", "/?q=صيانة&offset=2"])),
    ("GET", "/letters/{id}", Some(Right::Read), Ask::Letter),
    ("GET", "/upload", Some(Right::Upload), Paths(&["/upload"])),
    ("POST", "/upload", Some(Right::Upload), Form("")),
    ("GET", "/work", Some(Right::Manage), Paths(&["/work"])),
    ("POST", "/work/retry", Some(Right::Manage), Apart),
    ("POST", "/searches", None, Apart),
    ("POST", "/searches/{id}", None, Apart),
    ("GET", "/webhooks", Some(Right::Administer), Paths(&["/webhooks"])),
    ("POST", "/webhooks", Some(Right::Administer), Form("url=x")),
    ("POST", "/webhooks/{id}", Some(Right::Administer), Form("")),
    ("GET", "/review", Some(Right::Correct), Paths(&["/review"])),
    ("GET", "/review/{id}", Some(Right::Correct), Ask::Letter),
    ("POST", "/review/{id}", Some(Right::Correct), Ask::Letter),
    ("GET", "/login", None, Apart),
    ("POST", "/login", None, Apart),
    ("POST", "/logout", None, Apart),
    ("GET", "/welcome/{secret}", None, Apart),
    ("POST", "/welcome/{secret}", None, Apart),
    ("GET", "/account", None, Paths(&["/account"])),
    ("POST", "/account/tokens", None, Apart),
    ("POST", "/account/tokens/{id}", None, Apart),
    ("GET", "/language", None, Apart),
    ("GET", "/users", Some(Right::Administer), Paths(&["/users"])),
    ("POST", "/users", Some(Right::Administer), Form("name=x&role=reader&clearance=open")),
    ("POST", "/users/{id}", Some(Right::Administer), Form("role=reader&clearance=open")),
    ("POST", "/users/{id}/link", Some(Right::Administer), Form("")),
    // Who administers reads what everybody did; asked about apart, since it tells what this test searched for.
    ("GET", "/audit", Some(Right::Administer), Apart),
    ("GET", "/audit.csv", Some(Right::Administer), Apart),
    ("GET", "/assets/{version}/{name}", None, Apart),
    ("GET", "/favicon.ico", None, Apart),
];

/// An account, and the two ways it asks.
struct Account {
    viewer: Viewer,
    cookie: String,
    token: String,
}

impl Account {
    fn make(book: &Book, name: &str, role: Role, organisations: Option<&[&str]>, clearance: Clearance) -> Self {
        let organisations = organisations.map(|list| list.iter().map(|&one| one.to_owned()).collect());
        let new = NewUser { name: name.to_owned(), display: name.to_owned(), role, organisations, clearance };
        let user = book.add_user(&new).unwrap();
        book.use_link(book.link(user).unwrap().text(), "", "a long password").unwrap();
        let session = book.log_in(name, "a long password").unwrap();
        let new = NewToken { user, name: "test".to_owned(), scopes: Right::ALL.to_vec(), days: Some(1) };
        let token = book.add_token(&new).unwrap();
        Self {
            viewer: book.session(session.text()).unwrap().unwrap(),
            cookie: format!("warraq-session={}", session.text()),
            token: format!("Bearer {}", token.text()),
        }
    }

    /// Asks as a program under `/api` and for counts, as a person everywhere else.
    fn header(&self, path: &str) -> (&'static str, &str) {
        if is_for_programs(path) { ("authorization", &self.token) } else { ("cookie", &self.cookie) }
    }

    fn get(&self, server: &Server, path: &str) -> Response<Body> {
        server.get_with(&encoded(path), &[self.header(path)])
    }

    /// Sends a form or JSON; from a page of our own where `form` is what that page was given.
    fn post(&self, server: &Server, path: &str, body: &str, form: &str) -> Response<Body> {
        let kind =
            if path.ends_with("/corrections") { "application/json" } else { "application/x-www-form-urlencoded" };
        let multipart = path == "/api/v1/documents" || path == "/upload";
        let kind = if multipart { "multipart/form-data; boundary=b" } else { kind };
        let body = match (multipart, is_for_programs(path)) {
            (true, _) => format!("--b\r\nContent-Disposition: form-data; name=\"form\"\r\n\r\n{form}\r\n--b--\r\n"),
            (false, true) => body.to_owned(),
            (false, false) => format!("{body}&form={form}"),
        };
        server.post(&encoded(path), &[self.header(path), ("content-type", kind)], body.as_bytes())
    }

    /// Returns what forms of this account send back.
    fn form(&self, server: &Server) -> String {
        let page = text(self.get(server, "/account"));
        let (_, rest) = page.split_once("<meta name=\"form\" content=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/") || path == "/metrics"
}

fn text(mut answer: Response<Body>) -> String {
    let redirect = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
    let bytes = answer.body_mut().read_to_vec().unwrap();
    redirect.unwrap_or_default() + &String::from_utf8_lossy(&bytes)
}

/// Returns an address as it is sent: what is not ASCII percent-encoded.
fn encoded(path: &str) -> String {
    let one = |byte: u8| {
        if byte.is_ascii() && !matches!(byte, b' ' | b'"') {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    path.bytes().map(one).collect()
}

/// Writes a letter: an image that says nothing, and beside it the text that is read from it.
fn write_letter(folder: &Path, n: usize) {
    fs::create_dir_all(folder).unwrap();
    let mut image = GrayImage::from_pixel(400, 560, Luma([255]));
    image.put_pixel(n as u32, 0, Luma([0]));
    image.save(folder.join(format!("letter-{n}.png"))).unwrap();
    let cited: Vec<String> = Letter::cites(n)
        .into_iter()
        .map(|m| format!("كتابكم المرقم {} في {}-4-2016", Letter::number(m), m + 1))
        .collect();
    let lines = [
        "جمهورية العراق",
        "وزارة الموارد",
        &format!("دائرة {}", ISSUERS[n]),
        &format!("العدد / {}", Letter::number(n)),
        &format!("التاريخ / {}-4-2016", n + 1),
        Letter::secrecy(n),
        "إلى / شركة الأهوار العامة لمشاريع الماء",
        &format!("م/ صيانة {} في المجمع السكني", WORDS[n]),
        "تحية وتقدير",
        &cited.join(" و"),
        "نرجو الاطلاع على تفاصيل المشروع وإعلامنا ما يتم",
        "مع التقدير",
    ];
    fs::write(folder.join(format!("letter-{n}.gt.txt")), lines.join("\n")).unwrap();
}

/// The server over an archive of thirteen letters, with its accounts; the first sees everything.
struct Scene {
    server: Server,
    letters: Vec<Letter>,
    accounts: Vec<Account>,
    /// The job by which the last letter came.
    job: String,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn set() -> Self {
        let folder = temp_dir();
        let (archive, texts) = (folder.path().join("archive"), folder.path().join("texts"));
        (0..=UPLOADED).for_each(|n| write_letter(&texts, n));
        let texts = texts.to_str().unwrap();
        for (group, organisation) in [None, Some(FAW), Some(KAR)].into_iter().enumerate() {
            let mut arguments = vec!["ingest".to_owned(), "--text-from".to_owned(), texts.to_owned()];
            arguments.extend(organisation.iter().flat_map(|&body| ["--organisation".to_owned(), body.to_owned()]));
            arguments.extend((4 * group..4 * group + 4).map(|n| format!("{texts}/letter-{n}.png")));
            if organisation == Some(KAR) {
                let junk = folder.path().join("kar-alone.txt");
                fs::write(&junk, "no scan").unwrap();
                arguments.push(junk.to_str().unwrap().to_owned());
            }
            let code = i32::from(organisation == Some(KAR));
            run(&archive, arguments).expect_code(code);
        }
        let book = Book::open(&archive.join("access.db")).unwrap();
        let accounts = vec![
            Account::make(&book, "boss", Role::Administrator, None, Clearance::TopSecret),
            Account::make(&book, "all-open", Role::Reader, None, Clearance::Open),
            Account::make(&book, "faw-clerk", Role::Clerk, Some(&[FAW]), Clearance::Restricted),
            Account::make(&book, "faw-archivist", Role::Archivist, Some(&[FAW]), Clearance::Open),
            Account::make(&book, "kar-archivist", Role::Archivist, Some(&[KAR]), Clearance::TopSecret),
            Account::make(&book, "kar-head", Role::Administrator, Some(&[KAR]), Clearance::Open),
            Account::make(&book, "both", Role::Clerk, Some(&[FAW, KAR]), Clearance::Secret),
            Account::make(&book, "none", Role::Reader, Some(&[]), Clearance::TopSecret),
            Account::make(&book, "all-secret", Role::Archivist, None, Clearance::Secret),
            Account::make(&book, "faw-top", Role::Reader, Some(&[FAW]), Clearance::TopSecret),
        ];
        let server = Server::with(&archive, &["--text-from", texts]);
        let token = [accounts[0].header("/api/v1/")];
        let job = server.upload(&token, Some(FAW), &[Path::new(&format!("{texts}/letter-{UPLOADED}.png"))]);
        assert_eq!(job["files"][0]["status"], "stored", "{job}");
        // What was committed to the index is seen soon, not at once.
        let until = Instant::now() + Duration::from_secs(20);
        let all = loop {
            let all = body_json(accounts[0].get(&server, "/api/v1/search?q=صيانة&limit=200"));
            if all["hits"].as_array().unwrap().len() > UPLOADED || Instant::now() > until {
                break all;
            }
            sleep(Duration::from_millis(100));
        };
        let by_name: BTreeMap<&str, &str> = all["hits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| (hit["source"].as_str().unwrap(), hit["document"].as_str().unwrap()))
            .collect();
        let letters = (0..=UPLOADED).map(|n| Letter { n, id: by_name[&*format!("letter-{n}.png")].to_owned() });
        let (letters, job) = (letters.collect(), job["id"].as_str().unwrap().to_owned());
        Self { server, letters, accounts, job, _folder: folder }
    }

    fn parted(&self, viewer: &Viewer) -> (Vec<&Letter>, Vec<&Letter>) {
        self.letters.iter().partition(|letter| letter.is_for(viewer))
    }

    /// Fails where an answer tells of a letter that the account may not see.
    #[track_caller]
    fn check(&self, account: &Account, path: &str, answer: &str) {
        let (shown, hidden) = self.parted(&account.viewer);
        let cited: BTreeSet<usize> = shown.iter().flat_map(|letter| Letter::cites(letter.n)).collect();
        for letter in hidden {
            for mark in letter.marks(cited.contains(&letter.n)) {
                assert!(!answer.contains(&mark), "{} learns {mark:?} from {path}:\n{answer}", account.viewer.name);
            }
        }
    }
}

/// The routes as they stand in the sources, so that none is forgotten here.
#[test]
fn every_route_is_in_the_table() {
    let described: Value = serde_json::from_str(&warraq::serve::openapi()).unwrap();
    let mut all = BTreeSet::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        all.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    let pages = fs::read_to_string(root().join("src/serve/pages/mod.rs")).unwrap();
    for line in pages.split(".route(\"").skip(1) {
        let (path, rest) = line.split_once('"').unwrap();
        let rest = rest.split(".route(").next().unwrap();
        for method in ["GET", "POST"] {
            if rest.contains(&format!("{}(", method.to_lowercase())) {
                all.insert((method.to_owned(), path.to_owned()));
            }
        }
    }
    let known = ROUTES.iter().map(|(method, path, _, _)| ((*method).to_owned(), (*path).to_owned()));
    assert_eq!(all, known.collect::<BTreeSet<_>>());
}

#[test]
fn nobody_learns_of_a_letter_that_is_not_his_to_see() {
    let scene = Scene::set();
    for account in &scene.accounts {
        let form = account.form(&scene.server);
        for (method, pattern, right, ask) in ROUTES {
            let may = right.is_none_or(|right| account.viewer.may(right));
            match ask {
                Paths(paths) => paths.iter().for_each(|path| {
                    let answer = account.get(&scene.server, path);
                    assert_eq!(answer.status() == 403, !may, "{} {path}", account.viewer.name);
                    scene.check(account, path, &text(answer));
                }),
                Form(body) if !may => {
                    let path = pattern.replace("{id}", "1");
                    let answer = account.post(&scene.server, &path, body, &form);
                    assert_eq!(answer.status(), 403, "{} {path}", account.viewer.name);
                }
                Ask::Letter => check_letters(&scene, account, method, pattern, may, &form),
                _ => {}
            }
        }
        check_counts(&scene, account);
        check_thread(&scene, account);
        check_job(&scene, account);
    }
    check_forms(&scene);
    check_strangers(&scene);
}

/// A letter that is hidden answers as one that is not there, to the byte.
fn check_letters(scene: &Scene, account: &Account, method: &str, pattern: &str, may: bool, form: &str) {
    let path_of = |id: &str| pattern.replace("{id}", id).replace("{number}", "1");
    let body =
        if pattern.ends_with("corrections") { "{\"field\":\"subject\",\"values\":[\"x\"]}" } else { "subject=x" };
    let ask = |id: &str| {
        let path = path_of(id);
        if method == "POST" {
            account.post(&scene.server, &path, body, form)
        } else {
            account.get(&scene.server, &path)
        }
    };
    let absent = "0".repeat(64);
    let nothing = ask(&absent);
    assert_eq!(nothing.status(), if may { 404 } else { 403 }, "{} {pattern}", account.viewer.name);
    let nothing = text(nothing);
    for letter in &scene.letters {
        if !letter.is_for(&account.viewer) {
            let hidden = text(ask(&letter.id)).replace(&letter.id, &absent);
            assert_eq!(hidden, nothing, "{} is told apart by {}", path_of(&letter.id), account.viewer.name);
        } else if method == "GET" {
            let answer = ask(&letter.id);
            assert_eq!(answer.status(), if may { 200 } else { 403 }, "{} {pattern}", account.viewer.name);
            scene.check(account, pattern, &text(answer));
        }
    }
}

fn check_counts(scene: &Scene, account: &Account) {
    let (shown, hidden) = scene.parted(&account.viewer);
    let name = &account.viewer.name;
    let want = shown.len() as u64;
    let sum =
        |counts: &Value| counts.as_array().unwrap().iter().map(|one| one["letters"].as_u64().unwrap()).sum::<u64>();
    for path in ["/api/v1/search?limit=200&facets=true", "/api/v1/search?q=صيانة&limit=200&facets=true"] {
        let found = body_json(account.get(&scene.server, path));
        assert_eq!(found["total"], want, "{name} {path}");
        assert_eq!(found["hits"].as_array().unwrap().len() as u64, want, "{name} {path}");
        let facets = &found["facets"];
        for counts in ["years", "months", "kinds", "bodies"] {
            assert!(sum(&facets[counts]) <= want, "{name} {path} {counts}: {facets}");
        }
        assert_eq!(sum(&facets["years"]) + facets["undated"].as_u64().unwrap(), want, "{name} {facets}");
        let bodies = shown.iter().filter(|letter| Letter::organisation(letter.n).is_some()).count() as u64;
        assert_eq!(sum(&facets["organisations"]), bodies, "{name} {facets}");
    }
    for letter in &scene.letters {
        for query in [WORDS[letter.n].to_owned(), format!("number:\"{}\"", Letter::number(letter.n))] {
            let found = body_json(account.get(&scene.server, &format!("/api/v1/search?q={query}")));
            let sources: Vec<&str> =
                found["hits"].as_array().unwrap().iter().filter_map(|hit| hit["document"].as_str()).collect();
            let is_found = sources.contains(&letter.id.as_str());
            assert_eq!(is_found, letter.is_for(&account.viewer), "{name} {query}: {found}");
            assert!(hidden.iter().all(|other| !sources.contains(&other.id.as_str())), "{name} {query}: {found}");
        }
    }
    let told = body_json(account.get(&scene.server, "/api/v1/changes?limit=1000"));
    assert_eq!(told["changes"].as_array().unwrap().len() as u64, want, "{name} {told}");
    assert_eq!(told["more"], false, "{name} {told}");
    let home = text(account.get(&scene.server, "/?q=صيانة"));
    assert_eq!(home.matches("<article").count() as u64, want, "{name}");
    if account.viewer.may(Right::Manage) {
        let metrics = text(account.get(&scene.server, "/metrics"));
        assert_eq!(metrics.contains("warraq_files_seen"), account.viewer.sees_all(), "{name}");
        let work = text(account.get(&scene.server, "/work"));
        let kar = account.viewer.sees(Some(KAR), None);
        assert_eq!(work.contains("kar-alone.txt"), kar, "{name} sees which files of others failed");
        assert_eq!(work.contains("dl class=\"numbers\""), account.viewer.sees_all(), "{name} sees the balance of all");
    }
}

/// A hidden letter that a shown one cites stands in the thread as one never received, and nothing stands there that only hidden
/// letters lead to.
fn check_thread(scene: &Scene, account: &Account) {
    let (shown, _) = scene.parted(&account.viewer);
    let ids: BTreeMap<&str, usize> = shown.iter().map(|letter| (letter.id.as_str(), letter.n)).collect();
    for letter in &shown {
        let thread = body_json(account.get(&scene.server, &format!("/api/v1/documents/{}/thread", letter.id)));
        let members: Vec<usize> = thread["letters"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| ids.get(one["document"].as_str()?).copied())
            .collect();
        let mut want = BTreeSet::from([letter.n]);
        let joined =
            |one: usize, other: usize| Letter::cites(one).contains(&other) || Letter::cites(other).contains(&one);
        for _ in 0..shown.len() {
            let next: Vec<usize> =
                ids.values().copied().filter(|n| want.iter().any(|other| joined(*n, *other))).collect();
            want.extend(next);
        }
        assert_eq!(members.iter().copied().collect::<BTreeSet<_>>(), want, "{} {thread}", account.viewer.name);
        let missing: BTreeSet<String> = thread["letters"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["document"].is_null())
            .map(|one| one["number"].as_str().unwrap().to_owned())
            .collect();
        let hidden = want.iter().flat_map(|n| Letter::cites(*n)).filter(|n| !want.contains(n)).map(Letter::number);
        assert_eq!(missing, hidden.collect(), "{} {thread}", account.viewer.name);
    }
}

/// A job is known to who handed it in, and to who looks after its body and may see what came of it.
fn check_job(scene: &Scene, account: &Account) {
    let viewer = &account.viewer;
    let knows = viewer.name == "boss" || viewer.may(Right::Manage) && scene.letters[UPLOADED].is_for(viewer);
    let answer = account.get(&scene.server, &format!("/api/v1/jobs/{}", scene.job));
    assert_eq!(answer.status(), if knows { 200 } else { 404 }, "{}", viewer.name);
    let answer = text(answer);
    let page = text(account.get(&scene.server, &format!("/upload?job={}", scene.job)));
    let id = &scene.letters[UPLOADED].id;
    assert_eq!((answer.contains(id), page.contains(id)), (knows, knows), "{}", viewer.name);
    assert_eq!(page.contains(&format!("letter-{UPLOADED}.png")), knows, "{}", viewer.name);
    if viewer.may(Right::Manage) {
        assert_eq!(text(account.get(&scene.server, "/work")).contains(id), knows, "{}", viewer.name);
    }
}

/// No form is taken that did not come from a page of our own, and no page is shown to a program.
fn check_forms(scene: &Scene) {
    let boss = &scene.accounts[0];
    for (method, pattern, _, _) in ROUTES {
        let path = pattern.replace("{id}", &scene.letters[0].id).replace("{number}", "1");
        let path = if ["/users/", "/account/", "/searches/", "/webhooks/"].iter().any(|of| pattern.starts_with(of)) {
            pattern.replace("{id}", "1")
        } else {
            path
        };
        let is_open = ["/login", "/language", "/welcome", "/assets", "/favicon", "/healthz"]
            .iter()
            .any(|open| path.starts_with(open));
        if *method == "POST" && !is_open {
            let by_person = [("cookie", boss.cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
            let by_person = if path.ends_with("corrections") {
                [by_person[0], ("content-type", "application/json")]
            } else {
                by_person
            };
            if !path.ends_with("/documents") && path != "/upload" {
                let body: &[u8] =
                    if path.ends_with("corrections") { b"{\"field\":\"subject\",\"values\":[]}" } else { b"name=x" };
                assert_eq!(
                    scene.server.post(&path, &by_person, body).status(),
                    403,
                    "{path} without what the page was given"
                );
            }
            let elsewhere = [by_person[0], by_person[1], ("origin", "https://evil.example")];
            assert_eq!(scene.server.post(&path, &elsewhere, b"").status(), 403, "{path} from a page of another place");
        }
        if !is_for_programs(&path) && !is_open {
            let headers =
                [("authorization", boss.token.as_str()), ("content-type", "application/x-www-form-urlencoded")];
            let answer = if *method == "POST" {
                scene.server.post(&path, &headers, b"")
            } else {
                scene.server.get_with(&path, &headers)
            };
            assert_eq!(answer.status(), 403, "{path} shows a page to a program");
        }
    }
}

/// Who has no account gets nothing.
fn check_strangers(scene: &Scene) {
    for (method, pattern, _, _) in ROUTES.iter().filter(|route| route.0 == "GET") {
        let path = pattern.replace("{id}", &scene.letters[0].id).replace("{number}", "1").replace(['{', '}'], "");
        let answer = scene.server.get(&path);
        let status = answer.status().as_u16();
        let want: &[u16] = match *pattern {
            "/healthz" | "/login" | "/favicon.ico" => &[200],
            "/language" => &[303],
            "/welcome/{secret}" | "/assets/{version}/{name}" => &[404],
            path if is_for_programs(path) => &[401],
            _ => &[303],
        };
        assert!(want.contains(&status), "{method} {path} answers a stranger with {status}");
        let place = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        assert!(place.is_none_or(|place| place.starts_with("/login?") || place == "/"), "{path}");
    }
}
