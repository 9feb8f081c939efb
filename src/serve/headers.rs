//! Headers of answers: entity tags, ranges of bytes, names of downloads, and what a browser may do with a page.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::ops::Range;

/// What a page may load and run: its own parts alone, nothing written into the page.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What is no page may do nothing at all, should a browser take it for one.
const OTHER_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// Sent with every answer.
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds what every answer has, and to those that do not say so that nobody may keep them and that they may do nothing.
pub fn complete(response: &mut Response<Body>) {
    for (name, value) in ALWAYS {
        set(response, name, value);
    }
    for (name, value) in [(header::CACHE_CONTROL, "private, no-store"), (header::CONTENT_SECURITY_POLICY, OTHER_POLICY)]
    {
        if !response.headers().contains_key(&name) {
            set(response, name, value);
        }
    }
    // A browser that two people use one after the other must not show the second what it kept for the first.
    if response.headers().get(header::CACHE_CONTROL).is_some_and(|cache| cache.as_bytes().starts_with(b"private")) {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("cookie, authorization"));
    }
}

/// Answers with these bytes and their tag, or with 304 where the client has them.
pub fn tagged(asked: &HeaderMap, tag: &str, media_type: &'static str, cache: &'static str, bytes: Vec<u8>) -> Response {
    let tag = format!("\"{tag}\"");
    let mut response = if has_tag(asked, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, media_type)], bytes).into_response()
    };
    set(&mut response, header::ETAG, &tag);
    set(&mut response, header::CACHE_CONTROL, cache);
    response
}

/// Says whether the client has what has this tag.
pub fn has_tag(asked: &HeaderMap, tag: &str) -> bool {
    let all = asked.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(',')).map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

/// Sets a header; what cannot stand in one is left out.
pub fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Returns the header that makes a browser keep a file under this name (RFC 6266).
pub fn attachment(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("attachment; filename*=UTF-8''{encoded}")
}

/// What part of a file is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it; also where the range makes no sense and RFC 9110 lets it be passed over.
    Whole,
    /// These bytes.
    Bytes(Range<u64>),
    /// None that it has.
    Beyond,
}

/// Returns the part of a file of `size` bytes that is asked for. Several ranges at once are answered with the whole.
pub fn part(asked: &HeaderMap, tag: &str, size: u64) -> Part {
    if asked.get(header::IF_RANGE).is_some_and(|known| known.as_bytes() != tag.as_bytes()) {
        return Part::Whole;
    }
    let range = asked.get(header::RANGE).and_then(|value| value.to_str().ok());
    let Some((first, last)) =
        range.and_then(|range| range.strip_prefix("bytes=")).and_then(|range| range.split_once('-'))
    else {
        return Part::Whole;
    };
    let (first, last) = (first.trim(), last.trim());
    let bytes = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(length)) if first.is_empty() => size.saturating_sub(length)..size,
        _ => return Part::Whole,
    };
    if bytes.start < bytes.end { Part::Bytes(bytes) } else { Part::Beyond }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(range: &'static str, want: Part) {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static(range));
        assert_eq!(part(&headers, "\"t\"", 100), want, "{range}");
    }

    #[test]
    fn ranges_are_read_as_rfc_9110_has_them() {
        check("bytes=0-9", Part::Bytes(0..10));
        check("bytes=90-", Part::Bytes(90..100));
        check("bytes=90-500", Part::Bytes(90..100));
        check("bytes=-5", Part::Bytes(95..100));
        check("bytes=-500", Part::Bytes(0..100));
        check("bytes=100-", Part::Beyond);
        check("bytes=-0", Part::Beyond);
        check("bytes=9-3", Part::Whole);
        check("bytes=0-1,5-6", Part::Whole);
        check("lines=0-1", Part::Whole);
    }

    #[test]
    fn a_range_of_another_state_is_the_whole() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-9"));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"old\""));
        assert_eq!(part(&headers, "\"new\"", 100), Part::Whole);
    }

    #[test]
    fn names_of_downloads_cannot_leave_their_header() {
        assert_eq!(attachment("a\"\r\n.pdf"), "attachment; filename*=UTF-8''a%22%0D%0A.pdf");
        assert_eq!(attachment("كتاب"), "attachment; filename*=UTF-8''%D9%83%D8%AA%D8%A7%D8%A8");
    }

    #[test]
    fn tags_are_found_in_lists() {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"a\", W/\"b\""));
        assert!(has_tag(&headers, "\"b\"") && !has_tag(&headers, "\"c\""));
    }
}
