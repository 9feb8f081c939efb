//! The feed of changes, by which the electronic system keeps up with the archive.

use crate::pipeline::Store;
use crate::serve::access::{Right, Viewer};
use crate::serve::app::{Shared, reading};
use crate::serve::auth::Asked;
use crate::serve::dto::{ChangeObject, ChangesObject};
use crate::serve::error::{Problem, ProblemObject};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use utoipa::IntoParams;

/// From where to read on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// `next` of the answer before; 0 for everything.
    #[serde(default)]
    since: u64,
    /// Most changes to return, 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// Tells what was stored, corrected or withdrawn, in order. An answer without changes means that there are none yet.
#[utoipa::path(
    get, path = "/api/v1/changes", tag = "changes", params(Since),
    responses(
        (status = 200, description = "Changes after `since`", body = ChangesObject),
        (status = 400, description = "A parameter is wrong", body = ProblemObject, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn changes(
    State(app): State<Shared>,
    asked: Asked,
    since: Result<Query<Since>, QueryRejection>,
) -> Result<Json<ChangesObject>, Problem> {
    asked.needs(Right::Read)?;
    let Query(since) = since.map_err(|error| Problem::Wrong(error.body_text()))?;
    let limit = since.limit.unwrap_or(100);
    if !(1..=1000).contains(&limit) {
        return Err(Problem::Wrong(format!("limit is {limit}, it must be from 1 to 1000")));
    }
    reading(&app, move |_, store| told(store, &asked.viewer, since.since, limit)).await.map(Json)
}

/// Returns the changes after `since` that a viewer may know of.
///
/// # Errors
/// [`Problem`] when the catalogue cannot be read.
pub fn told(store: &Store, viewer: &Viewer, since: u64, limit: usize) -> Result<ChangesObject, Problem> {
    let rows = store.catalogue.changes(since, limit.saturating_add(1))?;
    let more = rows.len() > limit;
    let rows = rows.get(..limit.min(rows.len())).unwrap_or_default();
    let next = rows.last().map_or(since, |row| row.seq);
    let seen = rows.iter().filter(|row| viewer.sees(row.organisation.as_deref(), row.secrecy.as_deref()));
    Ok(ChangesObject { changes: seen.map(ChangeObject::from).collect(), next, more })
}
