//! Searching, and help while typing.

use crate::serve::access::Right;
use crate::serve::app::{Shared, reading};
use crate::serve::auth::Asked;
use crate::serve::dto::{CompletionObject, SearchObject};
use crate::serve::error::{Problem, ProblemObject};
use crate::serve::find::{self, Query};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as FromQuery, State};
use serde::Deserialize;
use utoipa::IntoParams;

/// Finds letters.
#[utoipa::path(
    get, path = "/api/v1/search", tag = "search", params(Query),
    responses(
        (status = 200, description = "Hits, best first", body = SearchObject),
        (status = 400, description = "A parameter is wrong", body = ProblemObject, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn search(
    State(app): State<Shared>,
    asked: Asked,
    query: Result<FromQuery<Query>, QueryRejection>,
) -> Result<Json<SearchObject>, Problem> {
    asked.needs(Right::Read)?;
    let FromQuery(query) = query.map_err(|error| Problem::Wrong(error.body_text()))?;
    let answer = reading(&app, move |app, store| {
        let answer = find::find(app, store, &asked.viewer, &query)?;
        asked.note(app, "search", &query.q, &format!("{} letters", answer.total));
        Ok(answer)
    });
    answer.await.map(Json)
}

/// What is being typed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Typed {
    /// What was typed so far.
    #[serde(default)]
    q: String,
    /// Most completions of each kind, 1 to 20.
    #[param(minimum = 1, maximum = 20, default = 5)]
    limit: Option<usize>,
}

/// Completes what is being typed with numbers, bodies and subjects of the archive.
#[utoipa::path(
    get, path = "/api/v1/suggest", tag = "search", params(Typed),
    responses(
        (status = 200, description = "Completions, of each kind those with most letters first", body = Vec<CompletionObject>),
        (status = 400, description = "A parameter is wrong", body = ProblemObject, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn suggest(
    State(app): State<Shared>,
    asked: Asked,
    typed: Result<FromQuery<Typed>, QueryRejection>,
) -> Result<Json<Vec<CompletionObject>>, Problem> {
    asked.needs(Right::Read)?;
    let FromQuery(typed) = typed.map_err(|error| Problem::Wrong(error.body_text()))?;
    let limit = typed.limit.unwrap_or(5);
    if !(1..=20).contains(&limit) {
        return Err(Problem::Wrong(format!("limit is {limit}, it must be from 1 to 20")));
    }
    let found = reading(&app, move |app, store| find::complete(app, store, &asked.viewer, &typed.q, limit)).await?;
    Ok(Json(found.into_iter().map(Into::into).collect()))
}
