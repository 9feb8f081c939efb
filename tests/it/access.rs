//! Who sees what: every route of the server, asked by every kind of account, told from what each may see. A letter of another body
//! or of a higher secrecy must be in no list, no count, no completion and no download.

use crate::serve::{Server, body_json};
use crate::support::{run, sample, temp_dir};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use ureq::Body;
use ureq::http::Response;

const FAW: &str = "الفاو";
const DHI_QAR: &str = "ذي قار";
const PASSWORD: &str = "كلمة مرور طويلة";

/// A letter of the archive: which sample, whose, and how secret.
const LETTERS: [(&str, Option<&str>, Option<&str>); 5] = [
    ("02", Some(FAW), None),
    ("03", Some(FAW), Some("سري")),
    ("04", Some(DHI_QAR), None),
    ("09", Some(DHI_QAR), Some("سري للغاية")),
    ("13", None, None),
];

/// An account, and the letters it sees by their place in [`LETTERS`].
struct Account {
    name: &'static str,
    role: &'static str,
    organisations: &'static str,
    clearance: &'static str,
    sees: &'static [usize],
}

const ACCOUNTS: [Account; 6] = [
    Account { name: "faw.reader", role: "reader", organisations: FAW, clearance: "open", sees: &[0] },
    Account { name: "faw.secret", role: "clerk", organisations: FAW, clearance: "secret", sees: &[0, 1] },
    Account { name: "dhi.clerk", role: "clerk", organisations: DHI_QAR, clearance: "restricted", sees: &[2] },
    Account { name: "dhi.top", role: "archivist", organisations: DHI_QAR, clearance: "top_secret", sees: &[2, 3] },
    Account { name: "all.open", role: "archivist", organisations: "", clearance: "open", sees: &[0, 2, 4] },
    Account { name: "elsewhere", role: "reader", organisations: "ميسان", clearance: "top_secret", sees: &[] },
];

/// A person who is logged in.
pub struct Session<'a> {
    server: &'a Server,
    cookie: String,
}

impl<'a> Session<'a> {
    /// Sets a password by a link, which logs in.
    pub fn welcome(server: &'a Server, link: &str, name: &str) -> Self {
        let path = link.trim_start_matches(server.url.as_str());
        let body = form(&[("name", name), ("password", PASSWORD), ("again", PASSWORD)]);
        let answer = server.post(path, &FORM, body.as_bytes());
        assert_eq!(answer.status(), 303, "{name} is welcome");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        Self { server, cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    fn get(&self, path: &str) -> Response<Body> {
        self.server.get_with(path, &[("cookie", &self.cookie)])
    }

    fn text(&self, path: &str) -> String {
        self.get(path).body_mut().read_to_string().unwrap()
    }

    fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status(), 200, "{path}");
        body_json(answer)
    }

    /// What forms of this session must send back.
    fn form_token(&self) -> String {
        between(&self.text("/"), "name=\"form\" content=\"", "\"").unwrap()
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response<Body> {
        let token = self.form_token();
        let all: Vec<(&str, &str)> = [("form", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        let headers = [FORM[0], ("cookie", self.cookie.as_str())];
        self.server.post(path, &headers, form(&all).as_bytes())
    }
}

const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    Some(text.split_once(before)?.1.split_once(after)?.0.to_owned())
}

/// Fills the archive and returns the ids of its letters, in order.
fn fill(archive: &Path) -> Vec<String> {
    LETTERS
        .iter()
        .map(|(start, organisation, secrecy)| {
            let file = sample(start);
            let mut arguments = vec!["ingest", "--json"];
            if let Some(organisation) = organisation {
                arguments.extend(["--organisation", organisation]);
            }
            arguments.push(file.to_str().unwrap());
            let lines = run(archive, arguments).expect_code(0).lines();
            let id = lines[0]["documents"][0].as_str().unwrap().to_owned();
            if let Some(secrecy) = secrecy {
                run(archive, ["correct", "--by", "test", &id, "secrecy", secrecy]).expect_code(0);
            }
            id
        })
        .collect()
}

#[test]
fn nobody_learns_of_a_letter_that_is_not_his_to_see() {
    let archive = temp_dir();
    let ids = fill(archive.path());
    let server = Server::start(archive.path());
    let boss = Session::welcome(&server, &server.first_link.clone().unwrap(), "boss");
    check_lists(&boss, "boss", &ids, &[0, 1, 2, 3, 4]);
    for account in &ACCOUNTS {
        let fields = [
            ("name", account.name),
            ("display", account.name),
            ("role", account.role),
            ("organisations", account.organisations),
            ("clearance", account.clearance),
        ];
        let page = boss.post("/users", &fields).body_mut().read_to_string().unwrap();
        let link = between(&page, "id=\"link\" href=\"", "\"").unwrap_or_else(|| panic!("no link in {page}"));
        let session = Session::welcome(&server, &link, "");
        check_lists(&session, account.name, &ids, account.sees);
        for (n, id) in ids.iter().enumerate() {
            check_document(&session, account, id, account.sees.contains(&n));
        }
        check_rights(&session, account);
    }
    check_strangers(&server, &ids[0]);
    let wrong = server.post("/login", &FORM, form(&[("name", "boss"), ("password", "a guess")]).as_bytes());
    assert_eq!(wrong.status(), 401);
    let right =
        server.post("/login", &FORM, form(&[("name", "boss"), ("password", PASSWORD), ("next", "/work")]).as_bytes());
    assert_eq!((right.status().as_u16(), &right.headers()["location"]), (303, &"/work".parse().unwrap()));
    let record = boss.text("/audit.csv");
    for action in ["log_in", "log_in_failed", "search", "read", "export", "account_made", "password_set"] {
        assert!(record.contains(&format!("\"{action}\"")), "{action} is written down");
    }
}

/// Lists, counts and completions hold the letters that are seen, and nothing of the others.
#[track_caller]
fn check_lists(session: &Session<'_>, who: &str, ids: &[String], sees: &[usize]) {
    let wanted: BTreeSet<&str> = sees.iter().map(|n| ids[*n].as_str()).collect();
    let hidden: Vec<&String> = ids.iter().filter(|id| !wanted.contains(id.as_str())).collect();
    let found = session.json("/api/v1/search?q=%D9%88%D8%B2%D8%A7%D8%B1%D8%A9&facets=true&limit=100");
    let hits: BTreeSet<&str> =
        found["hits"].as_array().unwrap().iter().filter_map(|hit| hit["document"].as_str()).collect();
    assert_eq!(hits, wanted, "{who} finds");
    assert_eq!(found["total"], wanted.len(), "{who} counts");
    let organisations: BTreeSet<Option<&str>> = sees.iter().map(|n| LETTERS[*n].1).collect();
    for count in found["facets"]["organisations"].as_array().unwrap() {
        assert!(organisations.contains(&count["value"].as_str()), "{who} is told of {count}");
    }
    let every = session.json("/api/v1/search?q=&date_from=1900-01-01&limit=100");
    assert_eq!(every["total"].as_u64().unwrap() as usize, every["hits"].as_array().unwrap().len(), "{who}: {every}");
    let changes = session.json("/api/v1/changes?limit=1000");
    let told: BTreeSet<&str> =
        changes["changes"].as_array().unwrap().iter().filter_map(|one| one["document"].as_str()).collect();
    assert!(told.is_subset(&wanted), "{who} is told of changes of {told:?}");
    let suggested = session.json("/api/v1/suggest?q=%D9%88%D8%B2%D8%A7%D8%B1%D8%A9&limit=20");
    let most = suggested.as_array().unwrap().iter().filter_map(|one| one["letters"].as_u64()).max().unwrap_or(0);
    assert!(most <= wanted.len() as u64, "{who} completes with {suggested}");
    for path in ["/", "/?q=%D9%88%D8%B2%D8%A7%D8%B1%D8%A9", "/review", "/work"] {
        let page = session.text(path);
        for id in &hidden {
            assert!(!page.contains(id.as_str()), "{who} sees {id} on {path}");
        }
    }
}

/// Every route of a document: there for who may see it, not there for others.
#[track_caller]
fn check_document(session: &Session<'_>, account: &Account, id: &str, seen: bool) {
    for rest in ["", "/original", "/pdf", "/text", "/thread", "/pages/1/image?width=160"] {
        let status = session.get(&format!("/api/v1/documents/{id}{rest}")).status();
        assert_eq!(status, if seen { 200 } else { 404 }, "{} at {rest}", account.name);
    }
    assert_eq!(session.get(&format!("/letters/{id}")).status(), if seen { 200 } else { 404 }, "{}", account.name);
    let corrects = account.role != "reader";
    let wanted = match (corrects, seen) {
        (false, _) => 403,
        (true, true) => 200,
        (true, false) => 404,
    };
    assert_eq!(session.get(&format!("/review/{id}")).status(), wanted, "{}", account.name);
    if wanted != 200 {
        assert_eq!(session.post(&format!("/review/{id}"), &[("number", "1")]).status(), wanted, "{}", account.name);
        let json = [
            ("content-type", "application/json"),
            ("cookie", &session.cookie),
            ("x-warraq-form", &session.form_token()),
        ];
        let body = b"{\"field\":\"number\",\"values\":[\"1\"]}";
        let status = session.server.post(&format!("/api/v1/documents/{id}/corrections"), &json, body).status();
        assert_eq!(status, wanted, "{} corrects", account.name);
    }
    let thread = session.get(&format!("/api/v1/documents/{id}/thread"));
    if seen {
        let thread = body_json(thread);
        let members = thread["letters"].as_array().unwrap().iter().filter_map(|letter| letter["document"].as_str());
        for member in members {
            assert_eq!(
                session.get(&format!("/api/v1/documents/{member}")).status(),
                200,
                "{} in a thread",
                account.name
            );
        }
    }
}

/// What a role may do at all.
#[track_caller]
fn check_rights(session: &Session<'_>, account: &Account) {
    let manages = account.role == "archivist";
    for (path, allowed) in [
        ("/upload", account.role != "reader"),
        ("/review", account.role != "reader"),
        ("/work", manages),
        ("/metrics", manages),
        ("/users", false),
        ("/audit", false),
        ("/webhooks", false),
        ("/audit.csv", false),
        ("/account", true),
    ] {
        let status = session.get(path).status().as_u16();
        assert_eq!(status == 403, !allowed, "{} at {path}: {status}", account.name);
    }
    for path in ["/users", "/users/1", "/users/1/link"] {
        assert_eq!(
            session.post(path, &[("role", "administrator"), ("clearance", "open")]).status(),
            403,
            "{}",
            account.name
        );
    }
    let without_token =
        session.server.post("/account/tokens", &[FORM[0], ("cookie", &session.cookie)], b"name=x&scope=read");
    assert_eq!(without_token.status(), 403, "a form of another place");
    let mut made = session.post("/account/tokens", &[("name", "system"), ("scope", "read")]);
    let token = between(&made.body_mut().read_to_string().unwrap(), "id=\"token\">", "<").unwrap();
    let bearer = format!("Bearer {token}");
    let by_token =
        session.server.get_with("/api/v1/search?q=%D9%88%D8%B2%D8%A7%D8%B1%D8%A9", &[("authorization", &bearer)]);
    assert_eq!(body_json(by_token)["total"], account.sees.len(), "{} by token", account.name);
    let upload = session.server.post(
        "/api/v1/documents",
        &[("authorization", &bearer), ("content-type", "multipart/form-data; boundary=x")],
        b"--x--\r\n",
    );
    assert_eq!(upload.status(), 403, "{}: a token to read", account.name);
}

/// Once there are accounts, whoever has none gets nothing: every route of the description, and the pages.
fn check_strangers(server: &Server, id: &str) {
    let description: Value = serde_json::from_str(&warraq::serve::openapi()).unwrap();
    let open = ["/healthz"];
    for (path, methods) in description["paths"].as_object().unwrap() {
        let asked = path.replace("{id}", id).replace("{number}", "1");
        for method in methods.as_object().unwrap().keys() {
            let status = match method.as_str() {
                "get" => server.get(&asked).status().as_u16(),
                _ => server.post(&asked, &[("content-type", "application/json")], b"{}").status().as_u16(),
            };
            let wanted = if open.contains(&path.as_str()) { 200 } else { 401 };
            assert_eq!(status, wanted, "a stranger at {method} {path}");
        }
    }
    for page in
        ["/", "/upload", "/review", "/work", "/users", "/audit", "/audit.csv", "/account", &format!("/letters/{id}")]
    {
        let answer = server.get(page);
        assert_eq!(answer.status(), 303, "a stranger at {page}");
        assert!(answer.headers()["location"].to_str().unwrap().starts_with("/login?next="), "{page}");
    }
}

#[test]
fn another_system_is_told_of_letters_and_failures_by_a_signed_request_until_it_takes_it() {
    let archive = temp_dir();
    let config = archive.path().join("serve.toml");
    fs::write(&config, "[serve]\nprivate_webhooks = true\n").unwrap();
    let server = Server::with(archive.path(), &["--config", config.to_str().unwrap()]);
    let boss = Session::welcome(&server, &server.first_link.clone().unwrap(), "boss");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let page = boss.post("/webhooks", &[("url", &url)]).body_mut().read_to_string().unwrap();
    let secret = between(&page, "id=\"secret\">", "<").unwrap();
    let token = boss.form_token();
    let headers = [("cookie", boss.cookie.as_str()), ("x-warraq-form", token.as_str())];
    let job = server.upload(&headers, None, &[&sample("04")]);
    let refused = answer(&listener, "503 Busy");
    let taken = answer(&listener, "204 No Content");
    assert_eq!(refused.1, taken.1, "the same again");
    let told: Value = serde_json::from_str(&taken.1).unwrap();
    assert_eq!(told["changes"][0]["change"], "stored");
    assert_eq!(told["changes"][0]["document"], job["files"][0]["documents"][0]);
    let signed = taken.0.lines().find_map(|line| line.strip_prefix("warraq-signature: ")).unwrap().to_owned();
    let at = between(&signed, "t=", ",").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{}", taken.1).as_bytes());
    let want: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(signed, format!("t={at},v1={want}"));

    let broken = archive.path().join("broken.png");
    let mut bytes = fs::read(sample("08")).unwrap();
    bytes.iter_mut().skip(60).take(400).for_each(|byte| *byte ^= 0x55);
    fs::write(&broken, &bytes).unwrap();
    server.upload(&headers, None, &[&broken]);
    let told: Value = serde_json::from_str(&answer(&listener, "204 No Content").1).unwrap();
    assert_eq!((&told["changes"], &told["failed"][0]["code"]), (&json!([]), &json!("damaged_image")), "{told}");
}

/// Takes one request, answers it so, and returns its head and body.
fn answer(listener: &TcpListener, status: &str) -> (String, String) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "the request ends with {head:?}");
    }
    let length = between(&head.to_lowercase(), "content-length: ", "\r\n").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    (head.replace("\r\n", "\n"), String::from_utf8(body).unwrap())
}
