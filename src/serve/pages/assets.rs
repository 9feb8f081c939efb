//! Style, script and fonts, embedded. Their address holds a hash of all of them, so that browsers may keep them for good.

use crate::model::ContentHash;
use crate::serve::error::Problem;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::sync::OnceLock;

const ASSETS: [(&str, &str, &[u8]); 4] = [
    ("style.css", "text/css; charset=utf-8", include_bytes!("../../../web/style.css")),
    ("app.js", "text/javascript; charset=utf-8", include_bytes!("../../../web/app.js")),
    ("arabic.woff2", "font/woff2", include_bytes!("../../../web/arabic.woff2")),
    ("arabic-bold.woff2", "font/woff2", include_bytes!("../../../web/arabic-bold.woff2")),
];

/// Returns the address of an asset.
pub fn address(name: &str) -> String {
    static VERSION: OnceLock<String> = OnceLock::new();
    let version = VERSION.get_or_init(|| {
        let all: Vec<u8> = ASSETS.iter().flat_map(|(_, _, bytes)| bytes.iter().copied()).collect();
        ContentHash::of(&all).short()
    });
    format!("/assets/{version}/{name}")
}

/// Sends an asset.
pub async fn asset(Path((_version, name)): Path<(String, String)>) -> Response {
    match ASSETS.iter().find(|(known, _, _)| *known == name) {
        Some((_, media_type, bytes)) => {
            let kept = "public, max-age=31536000, immutable";
            ([(header::CONTENT_TYPE, *media_type), (header::CACHE_CONTROL, kept)], *bytes).into_response()
        }
        None => Problem::Missing("asset").into_response(),
    }
}

/// Sends the sign shown on tabs: a page with a line of gold.
pub async fn icon() -> Response {
    const SIGN: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect x="2" width="12" height="16" rx="1.5" fill="#08333d"/><path d="M5 4h6M5 7h6M7 10h4" stroke="#fff" stroke-width="1.3"/><path d="M2 13h12" stroke="#b8892b" stroke-width="1.6"/></svg>"##;
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")], SIGN).into_response()
}
