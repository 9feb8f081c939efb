//! What all pages share: who asks and in which language, the frame around their content, and pages that say what went wrong.

use super::assets;
use super::language::Language;
use crate::serve::access::{Right, Viewer};
use crate::serve::app::Shared;
use crate::serve::auth::{self, Asked};
use crate::serve::error::Problem;
use crate::serve::headers;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, html};

/// The cookie that holds the language.
pub const LANGUAGE: &str = "warraq-language";

/// A request for a page by somebody who is logged in.
pub struct Page {
    /// Who asks.
    pub asked: Asked,
    /// In which language.
    pub language: Language,
    /// The address asked for, with what follows `?`.
    pub address: String,
}

/// Returns the language of a request.
pub fn language(headers: &HeaderMap) -> Language {
    Language::of(auth::cookie(headers, LANGUAGE).unwrap_or_default())
}

impl FromRequestParts<Shared> for Page {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Response> {
        let language = language(&parts.headers);
        let address = parts.uri.path_and_query().map_or("/", |address| address.as_str()).to_owned();
        match Asked::from_request_parts(parts, app).await {
            // A token may do what it was made for, and making another is never that.
            Ok(asked) if asked.viewer.scopes.is_some() => {
                let problem = Problem::Forbidden("pages are for people: a token asks under /api/v1".to_owned());
                Err(sorry(language, None, &problem))
            }
            Ok(asked) => Ok(Self { asked, language, address }),
            Err(Problem::LogIn) => {
                let next = form_urlencoded(&address);
                Err(Redirect::to(&format!("/login?next={next}")).into_response())
            }
            Err(problem) => Err(sorry(language, None, &problem)),
        }
    }
}

/// Returns a text as it stands in an address.
pub fn form_urlencoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The fields of a form, in order.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Returns the first value of a field, trimmed.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Returns a field as it was typed: passwords may begin with a space.
    pub fn typed(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let language = language(request.headers());
        let wrong = |text: String| sorry(language, None, &Problem::Wrong(text));
        let body = Bytes::from_request(request, state).await.map_err(|error| wrong(error.body_text()))?;
        serde_urlencoded::from_bytes(&body).map(Self).map_err(|error| wrong(error.to_string()))
    }
}

impl Page {
    /// Says yes only to a form of our own, by who may do this.
    ///
    /// # Errors
    /// [`Problem::Forbidden`].
    pub fn posts(&self, right: Right, fields: &Fields) -> Result<(), Problem> {
        self.asked.check_form(fields.text("form"))?;
        self.asked.needs(right)
    }

    /// Answers with a page, or with one that says what went wrong.
    pub fn answer(&self, title: &str, content: Result<Markup, Problem>) -> Response {
        match content {
            Ok(content) => page(self.language, Some(self), title, content),
            Err(problem) => sorry(self.language, Some(self), &problem),
        }
    }

    /// Answers with another address, or with a page that says what went wrong.
    pub fn go(&self, done: Result<String, Problem>) -> Response {
        match done {
            Ok(address) => Redirect::to(&address).into_response(),
            Err(problem) => sorry(self.language, Some(self), &problem),
        }
    }

    /// Returns the hidden field that a form sends back.
    pub fn form_field(&self) -> Markup {
        html! { input type="hidden" name="form" value=(self.asked.viewer.csrf); }
    }
}

/// Sends a page.
pub fn page(language: Language, by: Option<&Page>, title: &str, content: Markup) -> Response {
    let markup = framed(language, by, title, &content);
    let mut response = (StatusCode::OK, markup.into_string()).into_response();
    headers::set(&mut response, header::CONTENT_TYPE, "text/html; charset=utf-8");
    headers::set(&mut response, header::CONTENT_SECURITY_POLICY, headers::PAGE_POLICY);
    headers::set(&mut response, header::CACHE_CONTROL, "private, no-store");
    headers::set(&mut response, header::CONTENT_LANGUAGE, language.code());
    response
}

/// Sends a page that says what went wrong.
pub fn sorry(language: Language, by: Option<&Page>, problem: &Problem) -> Response {
    problem.log();
    let title = match problem {
        Problem::Missing(_) => language.t("غير موجود", "Not found"),
        Problem::Forbidden(_) => language.t("غير مسموح", "Not allowed"),
        Problem::Busy(_) => language.t("الأرشيف مشغول", "The archive is busy"),
        Problem::Internal(_) => language.t("خلل في الخادم", "A fault in the server"),
        _ => language.t("لا يمكن تنفيذ الطلب", "This cannot be done"),
    };
    let explained = match problem {
        Problem::Missing(_) => language.t(
            "لا يوجد ما تبحث عنه هنا، أو ليس لك الاطلاع عليه.",
            "What you look for is not here, or not for you to see.",
        ),
        Problem::Busy(_) => language.t(
            "برنامج آخر يكتب في الأرشيف الآن. أعد المحاولة بعد قليل.",
            "Another program is writing to the archive now. Try again soon.",
        ),
        Problem::Internal(_) => language.t(
            "سُجّل الخلل. أعد المحاولة، فإن تكرر فأخبر مسؤول النظام.",
            "It was written down. Try again; if it happens again, tell whoever runs the system.",
        ),
        _ => "",
    };
    let content = html! {
        h1 { (title) }
        div.note.bad {
            @if !explained.is_empty() { p { (explained) } }
            @if !matches!(problem, Problem::Missing(_)) { p.soft dir="auto" { (problem.told()) } }
        }
        p { a href="/" { (language.t("إلى البحث", "To the search")) } }
    };
    let mut response = page(language, by, title, content);
    *response.status_mut() = problem.status();
    response
}

/// Answers where there is no page.
pub async fn nothing(uri: Uri, headers: HeaderMap) -> Response {
    let problem = Problem::Missing("page");
    if uri.path().starts_with("/api/") { problem.into_response() } else { sorry(language(&headers), None, &problem) }
}

fn framed(language: Language, by: Option<&Page>, title: &str, content: &Markup) -> Markup {
    let viewer = by.map(|page| &page.asked.viewer);
    let here = by.map_or("", |page| page.address.split('?').next().unwrap_or_default());
    html! {
        (DOCTYPE)
        html lang=(language.code()) dir=(language.direction()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (language.t("ورّاق", "Warraq")) }
                @if let Some(viewer) = viewer { meta name="form" content=(viewer.csrf); }
                link rel="icon" href="/favicon.ico" type="image/svg+xml";
                link rel="stylesheet" href=(assets::address("style.css"));
                script src=(assets::address("app.js")) defer {}
            }
            body {
                a.skip href="#content" { (language.t("إلى المحتوى", "To the content")) }
                header.top { div.in {
                    a.name href="/" { (language.t("ورّاق", "Warraq")) }
                    nav aria-label=(language.t("أقسام النظام", "Sections")) { @if let Some(viewer) = viewer { (links(language, viewer, here)) } }
                    div.who {
                        (switch(language, by))
                        @if let (Some(page), Some(viewer)) = (by, viewer) { (who(language, page, viewer)) }
                    }
                } }
                main id="content" { (content) }
                footer { (language.t("ورّاق: أرشيف المخاطبات الرسمية", "Warraq: an archive of official correspondence")) }
            }
        }
    }
}

fn links(language: Language, viewer: &Viewer, here: &str) -> Markup {
    let all = [
        ("/", Right::Read, language.t("البحث", "Search")),
        ("/upload", Right::Upload, language.t("إضافة كتب", "Add letters")),
        ("/review", Right::Correct, language.t("المراجعة", "Review")),
        ("/work", Right::Manage, language.t("سجل الملفات", "Files")),
        ("/users", Right::Administer, language.t("المستخدمون", "Accounts")),
        ("/webhooks", Right::Administer, language.t("إشعار الأنظمة", "Webhooks")),
        ("/audit", Right::Administer, language.t("سجل الأعمال", "Record")),
    ];
    let here = |address: &str| if address == "/" { here == "/" } else { here.starts_with(address) };
    html! {
        @for (address, right, name) in all {
            @if viewer.may(right) { a href=(address) aria-current=[here(address).then_some("page")] { (name) } }
        }
    }
}

fn switch(language: Language, by: Option<&Page>) -> Markup {
    let next = form_urlencoded(by.map_or("/", |page| &page.address));
    match language {
        Language::Arabic => html! { a href={ "/language?to=en&next=" (next) } lang="en" dir="ltr" { "English" } },
        Language::English => html! { a href={ "/language?to=ar&next=" (next) } lang="ar" dir="rtl" { "العربية" } },
    }
}

fn who(language: Language, page: &Page, viewer: &Viewer) -> Markup {
    html! {
        @if viewer.user.is_some() {
            a href="/account" { bdi { (viewer.display) } }
            form method="post" action="/logout" {
                (page.form_field())
                button type="submit" { (language.t("خروج", "Log out")) }
            }
        }
    }
}

/// Returns where to go after a form: an address of this server, nothing else.
pub fn next_address(given: Option<&str>) -> String {
    let local = |address: &&str| {
        address.starts_with('/') && !address.starts_with("//") && !address.contains(['\\', '\r', '\n', '\t'])
    };
    given.filter(local).unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_leads_elsewhere() {
        assert_eq!(next_address(Some("/letters/1?q=a")), "/letters/1?q=a");
        for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", ""] {
            assert_eq!(next_address(Some(elsewhere)), "/", "{elsewhere}");
        }
    }

    #[test]
    fn what_is_typed_is_shown_inert() {
        let markup =
            framed(Language::Arabic, None, "<script>", &html! { p { "\"><img src=x onerror=1>" } }).into_string();
        assert!(!markup.contains("<script>") && !markup.contains("<img"), "{markup}");
    }
}
