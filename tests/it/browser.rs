//! The pages in a real browser, as clerks use them, in both languages: first start, log-in, upload, search with another spelling, the
//! word marked on the scan at the right place, a correction, log-out. axe-core looks at every page on the way.
//!
//! Screenshots are left under `target/screens`. `make test` installs Debian's Chromium; without it this is told, and not tested.

use crate::serve::{Server, body_json};
use crate::support::{root, run, sample, temp_dir};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// A page must show what is waited for within this; reading a scan takes the longest.
const PATIENCE: Duration = Duration::from_secs(60);
/// The search as it is typed, with other spellings than the letter has.
const QUERY: &str = "شبكه الماء";

/// The driver of the browser; ends with its test.
struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    /// Starts it; `None` where it is not installed.
    fn start() -> Option<Self> {
        let mut child =
            Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let port: String = line.split("on port ").nth(1)?.chars().take_while(char::is_ascii_digit).collect();
            line.contains("started successfully").then_some(port)
        });
        Some(Self { child, url: format!("http://127.0.0.1:{}", port.unwrap()) })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// One clerk at one browser.
struct Clerk<'a> {
    browser: Client,
    server: &'a Server,
    screens: PathBuf,
    language: &'static str,
    taken: u32,
}

impl Clerk<'_> {
    async fn go(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.server.url)).await.unwrap();
    }

    async fn type_in(&self, field: &str, text: &str) {
        let field = self.browser.find(Locator::Css(field)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    async fn click(&self, what: &str) {
        self.wait_for(what).await;
        self.browser.find(Locator::Css(what)).await.unwrap().click().await.unwrap();
    }

    async fn wait_for(&self, what: &str) {
        let until = Instant::now() + PATIENCE;
        while self.browser.find(Locator::Css(what)).await.is_err() {
            assert!(Instant::now() < until, "no {what} on {}", self.browser.current_url().await.unwrap());
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn script(&self, script: &str) -> Value {
        self.browser.execute(script, Vec::new()).await.unwrap()
    }

    /// Keeps a picture of the page, and has axe-core look at it.
    async fn look(&mut self, name: &str) {
        self.taken += 1;
        let picture = self.browser.screenshot().await.unwrap();
        fs::write(self.screens.join(format!("{}-{:02}-{name}.png", self.language, self.taken)), picture).unwrap();
        let axe = include_str!("../browser/axe.min.js");
        let run = "const done = arguments[arguments.length - 1]; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', \
                   'wcag21aa', 'wcag22aa'] }).then(found => done(found.violations.map(one => ({ id: one.id, impact: one.impact, \
                   nodes: one.nodes.map(node => node.html + ' ' + node.failureSummary) }))), error => done([{ id: String(error), impact: 'critical' }]));";
        self.browser.execute(axe, Vec::new()).await.unwrap();
        let found = self.browser.execute_async(run, Vec::new()).await.unwrap();
        let grave: Vec<&Value> = found
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["impact"] == "serious" || one["impact"] == "critical")
            .collect();
        assert!(grave.is_empty(), "axe-core on {name} ({}): {grave:#?}", self.language);
        let direction = self.script("return getComputedStyle(document.documentElement).direction").await;
        assert_eq!(direction, if self.language == "ar" { "rtl" } else { "ltr" }, "{name}");
        let overflow = self.script("return document.documentElement.scrollWidth - innerWidth").await;
        assert!(overflow.as_i64().unwrap() <= 0, "{name} is {overflow} pixels too wide");
    }
}

#[test]
fn a_clerk_finds_a_letter_in_arabic() {
    journey("ar");
}

#[test]
fn a_clerk_finds_a_letter_in_english() {
    journey("en");
}

/// Runs `visit` with a browser, where there is one.
fn with_browser<F: Future<Output = ()>>(visit: impl FnOnce(Client) -> F) {
    let Some(driver) = Driver::start() else {
        eprintln!("skipped: chromedriver is not installed (scripts/install-deps.sh --tests)");
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = json!({"goog:chromeOptions": {"args":
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1024,768"]}});
        let Value::Object(options) = options else { unreachable!() };
        let browser = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(options.into_iter().collect())
            .connect(&driver.url)
            .await
            .unwrap();
        visit(browser.clone()).await;
        browser.close().await.unwrap();
    });
}

/// What a hostile letter may hold: a script, marks that turn the direction of everything after them, a word of a million letters.
#[test]
fn hostile_text_is_shown_inert() {
    let (archive, texts) = (temp_dir(), temp_dir());
    let long = "س".repeat(1_000_000);
    let text = format!(
        "وزارة التجارب\nالعدد: 12/34\nم/ <script>window.hacked = 1</script> <img src=x onerror=\"window.hacked = 1\">\n\
         </title></bdi><script>window.hacked = 1</script> &lt;b&gt; \u{202E}مقلوب\u{2066} {{{{7*7}}}} javascript:alert(1)\n{long}\n"
    );
    let scan = sample("09");
    let stem = scan.file_stem().unwrap().to_str().unwrap();
    fs::write(texts.path().join(format!("{stem}.gt.txt")), text).unwrap();
    let arguments = ["ingest", "--json", "--text-from", texts.path().to_str().unwrap(), scan.to_str().unwrap()];
    let lines = run(archive.path(), arguments).expect_code(0).lines();
    let id = lines[0]["documents"][0].as_str().unwrap().to_owned();
    let server = Server::start(archive.path());
    let raw = server.get(&format!("/letters/{id}?q=script")).body_mut().read_to_string().unwrap();
    assert!(!raw.contains("<script>window") && !raw.contains("<img src=x") && !raw.contains('\u{202E}'));
    with_browser(async |browser| {
        let mut clerk = Clerk { browser, server: &server, screens: screens(), language: "ar", taken: 90 };
        for (path, name) in [
            (format!("/letters/{id}?q=script"), "hostile-letter"),
            ("/?q=script".to_owned(), "hostile-found"),
            ("/".to_owned(), "hostile-list"),
        ] {
            clerk.go(&path).await;
            clerk.look(name).await;
            assert_eq!(
                clerk.script("return window.hacked === undefined").await,
                true,
                "a script of a letter ran on {path}"
            );
            assert_eq!(
                clerk.script("return document.querySelectorAll('main img[src=x], main script').length").await,
                0,
                "{path}"
            );
        }
    });
}

fn screens() -> PathBuf {
    let screens = root().join("target").join("screens");
    fs::create_dir_all(&screens).unwrap();
    screens
}

fn journey(language: &'static str) {
    with_browser(async |browser| {
        let archive = temp_dir();
        let server = Server::start(archive.path());
        let mut clerk = Clerk { browser, server: &server, screens: screens(), language, taken: 0 };
        first_start(&mut clerk).await;
        let letter = upload(&mut clerk).await;
        find_and_see(&mut clerk, &letter).await;
        correct(&mut clerk, &letter).await;
        the_other_pages(&mut clerk).await;
        log_out(&mut clerk).await;
    });
}

/// The one-time link makes an administrator, who chooses his language.
async fn first_start(clerk: &mut Clerk<'_>) {
    clerk.go("/login").await;
    clerk.go(&format!("/language?to={}&next=/login", clerk.language)).await;
    clerk.look("log-in").await;
    let link = clerk.server.first_link.clone().unwrap();
    clerk.browser.goto(&link).await.unwrap();
    clerk.look("welcome").await;
    clerk.type_in("input[name=name]", "سعاد").await;
    clerk.type_in("input[name=password]", "كلمة مرور طويلة").await;
    clerk.type_in("input[name=again]", "كلمة مرور طويلة").await;
    clerk.click("main button[type=submit]").await;
    clerk.wait_for("#q").await;
    clerk.look("empty").await;
    clerk.browser.goto(&link).await.unwrap();
    assert!(clerk.browser.find(Locator::Css("input[name=password]")).await.is_err(), "the link works once");
}

/// A scan is handed in and arrives; returns its id.
async fn upload(clerk: &mut Clerk<'_>) -> String {
    clerk.go("/upload").await;
    let scan = sample("02");
    clerk
        .browser
        .find(Locator::Css("input[type=file]"))
        .await
        .unwrap()
        .send_keys(scan.to_str().unwrap())
        .await
        .unwrap();
    clerk.look("upload").await;
    clerk.click("#upload button[type=submit]").await;
    clerk.wait_for("#ended .tag.good").await;
    clerk.look("arrived").await;
    let link = clerk.browser.find(Locator::Css("#ended a")).await.unwrap().attr("href").await.unwrap().unwrap();
    link.trim_start_matches("/letters/").to_owned()
}

/// The letter is found by another spelling, and its words are marked where they stand.
async fn find_and_see(clerk: &mut Clerk<'_>, letter: &str) {
    clerk.go("/").await;
    clerk.type_in("#q", &format!("{QUERY}\u{E007}")).await; // Enter
    clerk.wait_for("article.hit mark").await;
    clerk.look("found").await;
    clerk.click("article.hit h3 a").await;
    clerk.wait_for(".scan .hits rect").await;
    let at = clerk.browser.current_url().await.unwrap();
    assert!(at.path().ends_with(letter), "{at}");
    clerk.look("letter").await;
    check_marks(clerk, letter).await;
}

/// Each word that was found must lie under a mark, which the colours on the screen tell.
async fn check_marks(clerk: &Clerk<'_>, letter: &str) {
    // The whole page in view, and the image loaded.
    clerk.browser.set_window_size(1600, 2400).await.unwrap();
    let loaded = "const image = document.querySelector('.scan image'); const probe = new Image(); probe.src = image.getAttribute('href'); \
                  return probe.decode().then(() => true)";
    assert_eq!(clerk.script(loaded).await, true);
    clerk.script("scrollTo(0, 0); document.querySelector('.scan .view').style.maxHeight = 'none'").await;
    sleep(Duration::from_millis(300)).await;
    let session = clerk.browser.get_named_cookie("warraq-session").await.unwrap();
    let cookie = format!("warraq-session={}", session.value());
    let document = body_json(clerk.server.get_with(&format!("/api/v1/documents/{letter}"), &[("cookie", &cookie)]));
    let words = document["pages"][0]["words"].as_array().unwrap();
    let word = words.iter().find(|word| word["text"] == "شبكة").expect("the word is read");
    let corners = format!(
        "const g = document.querySelector('.scan g'), m = g.getScreenCTM(), b = {}; \
         const p = (x, y) => {{ const q = new DOMPoint(x, y).matrixTransform(m); return [q.x, q.y]; }}; \
         return [...p(b[0], b[1]), ...p(b[2], b[3])]",
        word["box"]
    );
    let place: Vec<f64> = serde_json::from_value(clerk.script(&corners).await).unwrap();
    let picture = image::load_from_memory(&clerk.browser.screenshot().await.unwrap()).unwrap().to_rgb8();
    let (left, top) = (place[0].min(place[2]), place[1].min(place[3]));
    let (width, height) = ((place[0] - place[2]).abs(), (place[1] - place[3]).abs());
    assert!(width > 8.0 && height > 5.0 && left > 0.0 && top > 0.0, "{place:?}");
    // The mark is a yellow over the scan: paper under it has much red and little blue.
    let marked = |left: f64, top: f64| {
        let mut yellow = 0;
        for y in top as u32..(top + height) as u32 {
            for x in left as u32..(left + width) as u32 {
                let [r, _, b] = picture.get_pixel(x, y).0;
                yellow += u32::from(i32::from(r) - i32::from(b) > 60);
            }
        }
        f64::from(yellow) / (width * height)
    };
    let (on, below) = (marked(left, top), marked(left, top + 3.0 * height));
    assert!(on > 0.5, "{on:.2} of the word's box is marked");
    assert!(below < 0.05, "{below:.2} of a box beside it is marked");
    clerk.browser.set_window_size(1024, 768).await.unwrap();
}

/// The number is set right by keyboard, and the letter found by it.
async fn correct(clerk: &mut Clerk<'_>, letter: &str) {
    clerk.go(&format!("/review/{letter}")).await;
    clerk.look("review").await;
    clerk.type_in("#review input[name=number]", "ق/٩٨/٧٦٥٤\u{E007}").await;
    let until = Instant::now() + PATIENCE;
    loop {
        clerk.go("/?q=number:98/7654").await;
        if clerk.browser.find(Locator::Css("article.hit h3 a")).await.is_ok() {
            break;
        }
        assert!(Instant::now() < until, "not found by its corrected number");
        sleep(Duration::from_millis(200)).await;
    }
    let link = clerk.browser.find(Locator::Css("article.hit h3 a")).await.unwrap().attr("href").await.unwrap().unwrap();
    assert!(link.contains(letter), "{link}");
    clerk.look("corrected").await;
}

/// Every other page is looked at once, one of them on a telephone and one at 200 %.
async fn the_other_pages(clerk: &mut Clerk<'_>) {
    for (path, name) in [
        ("/work", "files"),
        ("/users", "accounts"),
        ("/audit", "record"),
        ("/webhooks", "webhooks"),
        ("/account", "account"),
        ("/nowhere", "missing"),
    ] {
        clerk.go(path).await;
        clerk.look(name).await;
    }
    clerk.browser.set_window_size(500, 900).await.unwrap();
    clerk.go(&format!("/?q={QUERY}")).await;
    clerk.look("telephone").await;
    clerk.browser.set_window_size(1024, 768).await.unwrap();
}

async fn log_out(clerk: &mut Clerk<'_>) {
    clerk.go("/").await;
    clerk.click("header form button").await;
    clerk.wait_for("input[name=password]").await;
    clerk.go("/review").await;
    assert!(clerk.browser.current_url().await.unwrap().path().starts_with("/login"), "logged out is out");
}
