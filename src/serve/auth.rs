//! Finds out who asks: a request in, the [`Viewer`] it is made by out.
//!
//! A token in `Authorization` speaks for a program, a cookie for a person. A request that changes something and comes from a page
//! must come from one of our own: browsers say where a form stood (`Origin`), and it must send back what the page was given.

use super::access::{Right, Viewer};
use super::app::{App, Shared};
use super::error::Problem;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{AUTHORIZATION, COOKIE, FORWARDED, HOST, ORIGIN, VIA};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use std::net::{IpAddr, SocketAddr};

/// The cookie that holds the key of a session.
pub const SESSION: &str = "warraq-session";
/// The header by which scripts send back what the page was given.
pub const FORM_HEADER: &str = "x-warraq-form";
/// What proxies add: behind one that nobody told us of, a request does not come from this machine.
const PROXY_HEADERS: [&str; 4] = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// Who asks, and from where.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who.
    pub viewer: Viewer,
    /// From which address.
    pub address: String,
    /// Whether the form token still has to be looked for in the form itself.
    pub form_pending: bool,
}

impl Asked {
    /// Says yes only to who may do this.
    ///
    /// # Errors
    /// [`Problem::Forbidden`].
    pub fn needs(&self, right: Right) -> Result<(), Problem> {
        if self.viewer.may(right) {
            return Ok(());
        }
        Err(Problem::Forbidden(format!("this needs the right to {right}, which {} does not have", self.viewer.name)))
    }

    /// Takes what a form sent back.
    ///
    /// # Errors
    /// [`Problem::Forbidden`] when it is not what the page was given.
    pub fn check_form(&self, token: Option<&str>) -> Result<(), Problem> {
        if !self.form_pending || token.is_some_and(|token| same(token, &self.viewer.csrf)) {
            return Ok(());
        }
        Err(Problem::Forbidden("the form is too old: load the page again".to_owned()))
    }

    /// Writes down what was done.
    pub fn note(&self, app: &App, action: &str, subject: &str, detail: &str) {
        if let Err(error) = app.book.note(&self.viewer.name, action, subject, detail, &self.address) {
            tracing::error!(%error, action, "what was done could not be written down");
        }
    }
}

/// Compares in a time that does not tell how much is alike: both are hashed first.
fn same(one: &str, other: &str) -> bool {
    !one.is_empty() && super::access::hash(one) == super::access::hash(other)
}

impl FromRequestParts<Shared> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
        let address = address(app, &parts.headers, peer);
        let bearer =
            header(&parts.headers, AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
        if let Some(token) = bearer {
            let viewer = app.book.token(token)?.ok_or(Problem::LogIn)?;
            return Ok(Self { viewer, address, form_pending: false });
        }
        let changes = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
        if changes && !is_of_own_page(app, &parts.headers) {
            return Err(Problem::Forbidden("this request comes from a page of another place".to_owned()));
        }
        let session = cookie(&parts.headers, SESSION).map(|key| app.book.session(key)).transpose()?.flatten();
        let by_person = session.is_some();
        let viewer = match session {
            Some(viewer) => viewer,
            // Behind a proxy everybody comes from where the proxy runs.
            None if !app.behind_proxy && !app.has_users()? && is_of_this_machine(&parts.headers, peer) => {
                Viewer::at_this_machine(String::new())
            }
            None => return Err(Problem::LogIn),
        };
        let sent = header(&parts.headers, FORM_HEADER).is_some_and(|token| same(token, &viewer.csrf));
        Ok(Self { form_pending: by_person && changes && !sent, viewer, address })
    }
}

/// Says whether a request comes from a page of this server, as far as browsers say; programs say nothing.
pub fn is_of_own_page(app: &App, headers: &HeaderMap) -> bool {
    let Some(origin) = header(headers, ORIGIN) else { return true };
    let host = host(app, headers);
    origin.split_once("://").is_some_and(|(_, of)| Some(of) == host)
}

/// Before anybody has an account, only a program or browser of this very machine is let in, and by no name that another place
/// could have given it (DNS rebinding).
fn is_of_this_machine(headers: &HeaderMap, peer: Option<SocketAddr>) -> bool {
    let Some(host) = header(headers, HOST) else { return false };
    let name = host
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map_or_else(|| host.split(':').next().unwrap_or_default(), |(address, _)| address);
    let local = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let by_proxy = [FORWARDED, VIA].iter().any(|name| headers.contains_key(name))
        || PROXY_HEADERS.iter().any(|name| headers.contains_key(*name));
    local && peer.is_some_and(|peer| peer.ip().is_loopback()) && !by_proxy
}

fn host<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    let forwarded = if app.behind_proxy { header(headers, "x-forwarded-host") } else { None };
    forwarded.or_else(|| header(headers, HOST))
}

/// Returns from which address a request comes: the last that the proxy adds, where there is one.
pub fn address(app: &App, headers: &HeaderMap, peer: Option<SocketAddr>) -> String {
    let forwarded = if app.behind_proxy { last_forwarded(headers) } else { None };
    let last = forwarded.and_then(|last| last.parse::<IpAddr>().ok());
    last.or(peer.map(|peer| peer.ip())).map_or_else(|| "-".to_owned(), |address| address.to_string())
}

/// What comes before it was written by the client, who may say what he likes; so may he in a header line of his own.
fn last_forwarded(headers: &HeaderMap) -> Option<&str> {
    let line = headers.get_all("x-forwarded-for").into_iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim)
}

fn header(headers: &HeaderMap, name: impl axum::http::header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Returns the value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[track_caller]
    fn check(host: &'static str, peer: &str, want: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static(host));
        assert_eq!(is_of_this_machine(&headers, peer.parse().ok()), want, "{host} {peer}");
    }

    #[test]
    fn only_this_machine_by_its_own_names_is_let_in_without_an_account() {
        check("localhost:8080", "127.0.0.1:5", true);
        check("127.0.0.1", "127.0.0.1:5", true);
        check("[::1]:8080", "[::1]:5", true);
        check("rebound.example:8080", "127.0.0.1:5", false);
        check("localhost:8080", "10.0.0.7:5", false);
    }

    #[test]
    fn behind_a_proxy_nobody_is_of_this_machine() {
        for name in ["x-forwarded-for", "x-real-ip", "via", "forwarded"] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("127.0.0.1:8080"));
            headers.insert(name, HeaderValue::from_static("10.0.0.7"));
            assert!(!is_of_this_machine(&headers, "127.0.0.1:5".parse().ok()), "{name}");
        }
    }

    #[test]
    fn the_address_is_the_one_that_the_proxy_adds() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("1.1.1.1"));
        headers.append("x-forwarded-for", HeaderValue::from_static("2.2.2.2, 10.0.0.7"));
        assert_eq!(last_forwarded(&headers), Some("10.0.0.7"));
        assert_eq!(last_forwarded(&HeaderMap::new()), None);
    }

    #[test]
    fn cookies_are_told_apart() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("a=1; warraq-session=key; warraq-session2=x"));
        assert_eq!(cookie(&headers, SESSION), Some("key"));
        assert_eq!(cookie(&headers, "b"), None);
    }
}
