//! The feed of changes, by which the electronic system keeps up with the archive.

use crate::catalogue::{ChangeKind, ChangeRow};
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

/// Rows read at once.
const ROWS_A_ROUND: usize = 1000;
/// Rounds for one answer; one that passes over more says that there is more.
const MOST_ROUNDS: usize = 50;

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

/// Tells what was stored, corrected or withdrawn, in order. Read on from `next` as long as `more` is true.
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
    if i64::try_from(since.since).is_err() {
        return Err(Problem::Wrong("since is at most 9223372036854775807".to_owned()));
    }
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
    let (mut next, mut changes) = (since, Vec::new());
    // An answer without changes means that there are none, so those that are not for the viewer are passed over here.
    for _ in 0..MOST_ROUNDS {
        let rows = store.catalogue.changes(next, ROWS_A_ROUND)?;
        let last = rows.len() < ROWS_A_ROUND;
        for row in rows {
            if changes.len() == limit {
                return Ok(ChangesObject { changes, next, more: true });
            }
            if let Some(kind) = kind_for(store, viewer, &row)? {
                changes.push(ChangeObject::of(&row, kind));
            }
            next = row.seq;
        }
        if last {
            return Ok(ChangesObject { changes, next, more: false });
        }
    }
    Ok(ChangesObject { changes, next, more: true })
}

/// Returns as what a change is told to a viewer: a letter that he may see no more has been withdrawn as far as he knows, and one
/// that he may see from now on is new to him.
fn kind_for(store: &Store, viewer: &Viewer, row: &ChangeRow) -> Result<Option<ChangeKind>, Problem> {
    if viewer.sees_all() {
        return Ok(Some(row.kind));
    }
    let seen = |(organisation, secrecy): (&Option<String>, &Option<String>)| {
        viewer.sees(organisation.as_deref(), secrecy.as_deref())
    };
    let before = row.before.as_ref().is_some_and(|(organisation, secrecy)| seen((organisation, secrecy)));
    if !seen((&row.organisation, &row.secrecy)) {
        return Ok(before.then_some(ChangeKind::Withdrawn));
    }
    if row.kind == ChangeKind::Withdrawn {
        return Ok(Some(row.kind));
    }
    // What was open then and is secret now is not told of: the row that made it so follows.
    let now = store.catalogue.document(&row.document)?;
    if now.is_some_and(|now| !viewer.sees(now.organisation.as_deref(), now.letter.secrecy.as_deref())) {
        return Ok(None);
    }
    Ok(Some(if before { row.kind } else { ChangeKind::Stored }))
}
