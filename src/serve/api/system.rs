//! For those who watch over the server.

use crate::serve::access::Right;
use crate::serve::app::{Shared, reading};
use crate::serve::auth::Asked;
use crate::serve::error::{Problem, ProblemObject};
use crate::serve::metrics::Gauge;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::sync::atomic::Ordering;

/// Says that the server answers and its archive can be read.
#[utoipa::path(
    get, path = "/healthz", tag = "system",
    responses(
        (status = 200, description = "All well", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 500, description = "The archive cannot be read", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn healthz(State(app): State<Shared>) -> Result<&'static str, Problem> {
    reading(&app, |app, store| {
        store.catalogue.document_ids("0", 1)?;
        app.archive.index()?;
        Ok("ok\n")
    })
    .await
}

/// Returns counts in Prometheus' text form; those of files and pages for who sees the letters of all bodies and degrees.
#[utoipa::path(
    get, path = "/metrics", tag = "system",
    responses(
        (status = 200, description = "Counts", body = String, content_type = "text/plain; version=0.0.4"),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn metrics(State(app): State<Shared>, asked: Asked) -> Result<Response, Problem> {
    asked.needs(Right::Manage)?;
    let text = reading(&app, move |app, store| {
        // Counts over all bodies are for those alone who see all of them.
        if !asked.viewer.sees_all() {
            return Ok(app.metrics.written(&[]));
        }
        let ledger = store.catalogue.ledger()?;
        let jobs = app.book.open_jobs()?.len() as u64;
        let pages = app.pages_read.load(Ordering::Relaxed);
        let gauge = |name, help, value| Gauge { name, help, value };
        Ok(app.metrics.written(&[
            gauge("warraq_files_seen", "Files ever handed in.", ledger.seen),
            gauge("warraq_files_stored", "Files stored.", ledger.stored),
            gauge("warraq_files_failed", "Files that failed.", ledger.failed),
            gauge("warraq_files_waiting", "Files not done.", ledger.waiting),
            gauge("warraq_jobs_open", "Uploads not done.", jobs),
            gauge("warraq_pages_read", "Pages read since the start.", pages),
        ]))
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
