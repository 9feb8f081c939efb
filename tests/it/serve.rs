//! The server from outside: the real program on a port of its own, asked over HTTP.

use crate::support::{Done, root, run, sample, shared, temp_dir, warraq};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use ureq::http::Response;
use ureq::{Agent, Body};

/// A server that ends with its test.
pub struct Server {
    child: Child,
    /// Its address.
    pub url: String,
    /// The page that makes the first administrator.
    pub first_link: Option<String>,
    agent: Agent,
}

impl Server {
    /// Starts a server on `archive` and waits until it listens.
    pub fn start(archive: &Path) -> Self {
        Self::with(archive, &[])
    }

    /// The same, with further arguments.
    pub fn with(archive: &Path, arguments: &[&str]) -> Self {
        let mut command = warraq(archive);
        command.args(["--json", "serve", "--listen", "127.0.0.1:0"]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            let left = child.wait_with_output().unwrap();
            panic!("{line:?} instead of an address: {}", String::from_utf8_lossy(&left.stderr))
        };
        let agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let text = |name: &str| ready[name].as_str().map(str::to_owned);
        Self { child, url: text("url").unwrap(), first_link: text("first_link"), agent }
    }

    /// Asks for a path.
    pub fn get(&self, path: &str) -> Response<Body> {
        self.get_with(path, &[])
    }

    /// The same, with headers.
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.call().unwrap()
    }

    /// Sends a body.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response<Body> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send(body).unwrap()
    }

    /// Asks for JSON that must be there.
    #[track_caller]
    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status(), 200, "{path}");
        body_json(answer)
    }

    /// Hands files in and waits until their job has ended.
    #[track_caller]
    pub fn upload(&self, headers: &[(&str, &str)], organisation: Option<&str>, files: &[&Path]) -> Value {
        let (kind, body) = multipart(organisation, files);
        let mut all = headers.to_vec();
        all.push(("content-type", &kind));
        let answer = self.post("/api/v1/documents", &all, &body);
        assert_eq!(answer.status(), 202);
        let place = answer.headers()["location"].to_str().unwrap().to_owned();
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let job = body_json(self.get_with(&place, headers));
            if job["status"] == "done" {
                return job;
            }
            assert!(Instant::now() < until, "not done in time: {job}");
            sleep(Duration::from_millis(100));
        }
    }

    /// Tells the server to end, and returns its exit code.
    pub fn end(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Returns the body of an answer as JSON.
#[track_caller]
pub fn body_json(mut answer: Response<Body>) -> Value {
    let text = answer.body_mut().read_to_string().unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn multipart(organisation: Option<&str>, files: &[&Path]) -> (String, Vec<u8>) {
    const PARTING: &str = "a-line-that-no-scan-holds";
    let mut body = Vec::new();
    if let Some(organisation) = organisation {
        let head = "Content-Disposition: form-data; name=\"organisation\"";
        body.extend(format!("--{PARTING}\r\n{head}\r\n\r\n{organisation}\r\n").bytes());
    }
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy();
        let head = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
        body.extend(format!("--{PARTING}\r\n{head}\r\nContent-Type: application/octet-stream\r\n\r\n").bytes());
        body.extend(fs::read(file).unwrap());
        body.extend(b"\r\n");
    }
    body.extend(format!("--{PARTING}--\r\n").bytes());
    (format!("multipart/form-data; boundary={PARTING}"), body)
}

#[track_caller]
fn check_problem(answer: Response<Body>, status: u16) {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem = body_json(answer);
    assert_eq!(problem["status"], status);
    assert!(problem["type"].as_str().unwrap().starts_with("urn:warraq:problem:"), "{problem}");
    assert!(!problem["detail"].as_str().unwrap().is_empty(), "{problem}");
}

#[test]
fn the_description_of_the_interface_is_the_one_kept() {
    let kept = root().join("tests/golden/openapi.json");
    let made = warraq::serve::openapi();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&kept, &made).unwrap();
    }
    let kept = fs::read_to_string(&kept).unwrap_or_default();
    assert_eq!(made.trim_end(), kept.trim_end(), "UPDATE_GOLDEN=1 writes it anew");
}

#[test]
fn programs_search_read_and_download() {
    let server = Server::start(&shared().archive);
    assert_eq!(server.get("/healthz").status(), 200);
    let cli: Value = run(&shared().archive, ["search", "--json", "وزارة"]).object();
    let found = server.json("/api/v1/search?q=%D9%88%D8%B2%D8%A7%D8%B1%D8%A9&facets=true&limit=10");
    assert_eq!(found["total"], cli["total"]);
    let shape = |answer: &Value| {
        let of = |hit: &Value| (hit["document"].clone(), hit["snippet"].clone(), hit["boxes"].clone());
        answer["hits"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(shape(&found), shape(&cli), "the command line and the server find the same");
    assert!(!found["facets"]["years"].as_array().unwrap().is_empty());

    let id = found["hits"][0]["document"].as_str().unwrap();
    let document = server.json(&format!("/api/v1/documents/{id}"));
    let exported: Done = run(&shared().archive, ["export", "--format", "jsonl", "--words", id]);
    assert_eq!(document, exported.object(), "one form of the document for all");

    let mut original = server.get(&format!("/api/v1/documents/{id}/original"));
    let tag = original.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", document["source"]["sha256"].as_str().unwrap()));
    let whole = original.body_mut().read_to_vec().unwrap();
    assert_eq!(whole.len(), document["source"]["bytes"]);
    let mut part = server.get_with(&format!("/api/v1/documents/{id}/original"), &[("range", "bytes=10-19")]);
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 10-19/{}", whole.len()).as_str());
    assert_eq!(part.body_mut().read_to_vec().unwrap(), &whole[10..20]);
    let known = server.get_with(&format!("/api/v1/documents/{id}/original"), &[("if-none-match", &tag)]);
    assert_eq!(known.status(), 304);
    let beyond = server.get_with(&format!("/api/v1/documents/{id}/original"), &[("range", "bytes=999999999-")]);
    assert_eq!(beyond.status(), 416);

    let mut pdf = server.get(&format!("/api/v1/documents/{id}/pdf"));
    assert!(pdf.body_mut().read_to_vec().unwrap().starts_with(b"%PDF-"));
    let thread = server.json(&format!("/api/v1/documents/{id}/thread"));
    let cli = run(&shared().archive, ["thread", "--json", id]).object();
    assert_eq!(thread["letters"][0]["document"], cli["letters"][0]["document"]);
}

#[test]
fn page_images_come_at_the_size_asked_and_are_kept() {
    let server = Server::start(&shared().archive);
    let found = server.json("/api/v1/search?q=%D9%88%D8%B2%D8%A7%D8%B1%D8%A9&limit=1");
    let id = found["hits"][0]["document"].as_str().unwrap().to_owned();
    let page = server.json(&format!("/api/v1/documents/{id}"))["pages"][0].clone();
    let mut image = server.get(&format!("/api/v1/documents/{id}/pages/1/image?width=600"));
    assert_eq!(image.headers()["content-type"], "image/jpeg");
    let tag = image.headers()["etag"].to_str().unwrap().to_owned();
    let bytes = image.body_mut().read_to_vec().unwrap();
    let image = image::load_from_memory(&bytes).unwrap();
    assert_eq!(image.width(), 640, "the next width that is made");
    let (width, height) = (page["width"].as_f64().unwrap(), page["height"].as_f64().unwrap());
    assert!((f64::from(image.height()) / 640.0 - height / width).abs() < 0.01);
    let again = server.get_with(&format!("/api/v1/documents/{id}/pages/1/image?width=600"), &[("if-none-match", &tag)]);
    assert_eq!(again.status(), 304);
    for none in ["0", "99", "x"] {
        check_problem(server.get(&format!("/api/v1/documents/{id}/pages/{none}/image")), 404);
    }
    check_problem(server.get(&format!("/api/v1/documents/{id}/pages/1/image?width=0")), 400);
}

#[test]
fn what_is_wrong_is_told_as_rfc_9457_has_it() {
    let server = Server::start(&shared().archive);
    for (path, status) in [
        ("/api/v1/search?limit=0", 400),
        ("/api/v1/search?limit=x", 400),
        ("/api/v1/search?date_from=tomorrow", 400),
        ("/api/v1/search?kind=novel", 400),
        ("/api/v1/documents/7", 404),
        ("/api/v1/documents/..%2F..%2Fetc%2Fpasswd/original", 404),
        ("/api/v1/jobs/0", 404),
        ("/api/v1/changes?since=-1", 400),
        ("/api/v2/search", 404),
    ] {
        check_problem(server.get(path), status);
    }
    check_problem(server.post("/api/v1/documents", &[("content-type", "text/plain")], b"x"), 400);
    let elsewhere = [("origin", "http://evil.example"), ("content-type", "application/json")];
    let id = server.json("/api/v1/search?q=%D9%88%D8%B2%D8%A7%D8%B1%D8%A9")["hits"][0]["document"].clone();
    let path = format!("/api/v1/documents/{}/corrections", id.as_str().unwrap());
    check_problem(server.post(&path, &elsewhere, b"{\"field\":\"number\",\"values\":[\"1\"]}"), 403);
    let rebound = server.get_with("/api/v1/search?q=a", &[("host", "rebound.example")]);
    check_problem(rebound, 401);
}

#[test]
fn a_file_handed_in_is_found_corrected_and_told_of() {
    let archive = temp_dir();
    let server = Server::start(archive.path());
    let scan = sample("04");
    let job = server.upload(&[], Some("الفاو"), &[&scan]);
    let file = &job["files"][0];
    assert_eq!((file["status"].as_str(), &file["error"]), (Some("stored"), &Value::Null), "{job}");
    let id = file["documents"][0].as_str().unwrap();
    let document = server.json(&format!("/api/v1/documents/{id}"));
    assert_eq!(document["organisation"], "الفاو");
    assert_eq!(document["source"]["name"], scan.file_name().unwrap().to_str().unwrap());
    assert!(fs::read_dir(archive.path().join("incoming")).unwrap().next().is_none(), "nothing is left behind");

    let again = server.upload(&[], Some("الفاو"), &[&scan]);
    assert_eq!(again["files"][0]["status"], "duplicate");
    assert_eq!(again["files"][0]["documents"][0], id);
    let junk = archive.path().join("notes.txt");
    fs::write(&junk, "no scan").unwrap();
    let failed = server.upload(&[], None, &[&junk]);
    assert_eq!(failed["files"][0]["error"]["code"], "unsupported_format");

    let json = [("content-type", "application/json")];
    let path = format!("/api/v1/documents/{id}/corrections");
    let mut corrected = server.post(&path, &json, "{\"field\":\"number\",\"values\":[\"٩٩/٧٧٧\"]}".as_bytes());
    assert_eq!(corrected.status(), 200, "{:?}", corrected.body_mut().read_to_string());
    check_problem(server.post(&path, &json, b"{\"field\":\"date\",\"values\":[\"soon\"]}"), 400);
    let until = Instant::now() + Duration::from_secs(10);
    while server.json("/api/v1/search?q=number:99/777")["total"] != 1 {
        assert!(Instant::now() < until, "the corrected number is not found");
        sleep(Duration::from_millis(100));
    }

    let first = server.json("/api/v1/changes?limit=1");
    assert_eq!((first["changes"][0]["change"].as_str(), &first["more"]), (Some("stored"), &Value::Bool(true)));
    let next = server.json(&format!("/api/v1/changes?since={}", first["next"]));
    assert_eq!(next["changes"][0]["change"], "corrected");
    assert_eq!(next["changes"][0]["document"], id);
    assert_eq!(server.json(&format!("/api/v1/changes?since={}", next["next"]))["changes"], Value::Array(Vec::new()));
    assert_eq!(server.end(), Some(0), "told to end, it ends in order");
}

#[test]
fn an_archive_that_another_process_writes_is_read_and_jobs_wait() {
    let archive = temp_dir();
    let server = Server::start(archive.path());
    let held = warraq::pipeline::Store::open(archive.path(), warraq::pipeline::Access::Write).unwrap();
    let (kind, body) = multipart(None, &[&sample("04")]);
    let job = server.post("/api/v1/documents", &[("content-type", &kind)], &body);
    assert_eq!(job.status(), 202, "handing in never fails for that");
    let place = job.headers()["location"].to_str().unwrap().to_owned();
    sleep(Duration::from_millis(300));
    assert_eq!(server.json(&place)["status"], "waiting");
    assert_eq!(server.get("/api/v1/search?q=a").status(), 200);
    drop(held);
    let until = Instant::now() + Duration::from_secs(60);
    while server.json(&place)["status"] != "done" {
        assert!(Instant::now() < until);
        sleep(Duration::from_millis(200));
    }
}

#[test]
fn nobody_is_served_in_the_clear_over_the_network() {
    let archive = temp_dir();
    let done = run(archive.path(), ["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(done.code, 2, "{}", done.stderr);
    assert!(done.stderr.contains("--behind-proxy"), "{}", done.stderr);
}
