//! Handing files in, and what became of them.

use crate::pipeline::Store;
use crate::serve::access::JobRow;
use crate::serve::access::{Right, Secret, Viewer};
use crate::serve::app::{App, Shared, blocking};
use crate::serve::auth::Asked;
use crate::serve::dto::{self, JobObject};
use crate::serve::error::{Problem, ProblemObject};
use crate::serve::uploads;
use axum::Json;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;

/// Files to be read.
#[derive(ToSchema, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the form, which is read piece by piece")]
pub struct Upload {
    /// A scan or PDF; the field may come several times.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The body they belong to.
    organisation: Option<String>,
}

/// Hands files in. They are read in the background; the job tells what became of them. Files that the archive holds already
/// end as duplicates.
#[utoipa::path(
    post, path = "/api/v1/documents", tag = "documents", request_body(content = Upload, content_type = "multipart/form-data"),
    responses(
        (status = 202, description = "Received; the job's address stands in Location", body = JobObject),
        (status = 400, description = "No file, or no multipart form", body = ProblemObject, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
        (status = 408, description = "Nothing more came", body = ProblemObject, content_type = "application/problem+json"),
        (status = 413, description = "Too much at once", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn upload(
    State(app): State<Shared>,
    asked: Asked,
    body: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|error| Problem::Wrong(error.body_text()))?;
    let viewer = asked.viewer.clone();
    let job = hand_in(&app, asked, body).await?;
    let place = format!("/api/v1/jobs/{}", job.id);
    let object = blocking(&app, move |app| object(app, &viewer, job)).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(object)).into_response())
}

/// Receives the files of a form and enters their job.
///
/// # Errors
/// [`Problem`] when the viewer may not, or what comes is not taken.
pub async fn hand_in(app: &Shared, asked: Asked, body: Multipart) -> Result<JobRow, Problem> {
    asked.needs(Right::Upload)?;
    let id: String = Secret::new()?.text().chars().take(32).collect();
    let folder = app.archive.folder().join("incoming").join(&id);
    let mut received = uploads::receive(app, &asked, &folder, body).await?;
    let organisation = belongs_to(&asked.viewer, received.organisation.take());
    blocking(app, move |app| {
        let organisation = organisation.inspect_err(|_| discard(&received.folder))?;
        let owner = (asked.viewer.user, asked.viewer.name.as_str());
        if let Some(same) = app.book.same_job(owner.0, organisation.as_deref(), &received.files)? {
            discard(&received.folder);
            return Ok(same);
        }
        app.book.add_job(&id, owner, organisation.as_deref(), &received.files)?;
        asked.note(app, "upload", &id, &format!("{} files", received.files.len()));
        app.wake_worker();
        app.book.job(&id)?.ok_or(Problem::Missing("job"))
    })
    .await
}

fn discard(folder: &std::path::Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::warn!(%error, "files that nobody needs could not be removed");
    }
}

/// Returns the body that files belong to: the one given, or the viewer's own where it has just one.
fn belongs_to(viewer: &Viewer, given: Option<String>) -> Result<Option<String>, Problem> {
    match (&viewer.organisations, given) {
        (None, given) => Ok(given),
        (Some(own), Some(given)) if own.contains(&given) => Ok(Some(given)),
        (Some(_), Some(given)) => Err(Problem::Forbidden(format!("{} hands in nothing for {given}", viewer.name))),
        (Some(own), None) => match own.as_slice() {
            [only] => Ok(Some(only.clone())),
            _ => Err(Problem::Wrong("say which organisation the files belong to".to_owned())),
        },
    }
}

/// Returns the object of a job as a viewer may see it.
fn object(app: &App, viewer: &Viewer, job: JobRow) -> Result<JobObject, Problem> {
    app.archive.read(|store| job_told(store, viewer, job).map(JobObject::of).ok_or(Problem::Missing("job")))
}

/// Returns a job as a viewer may know of it: without the letters that are not for him to see, and without their files, whose names
/// and hashes tell of them, unless he handed them in himself. A job of which nothing is left is none for him.
pub fn job_told(store: &Store, viewer: &Viewer, mut job: JobRow) -> Option<JobRow> {
    let own = viewer.user == job.owner;
    job.files.retain_mut(|file| {
        let Some(end) = &mut file.end else { return true };
        let became_letters = !end.documents.is_empty();
        end.documents.retain(|id| super::visible(store, viewer, id).is_ok());
        own || !became_letters || !end.documents.is_empty()
    });
    (own || !job.files.is_empty()).then_some(job)
}

/// Tells what became of files handed in.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", tag = "documents", params(("id" = String, Path, description = "Id of the job")),
    responses(
        (status = 200, description = "The job", body = JobObject),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 404, description = "No such job", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn job(State(app): State<Shared>, asked: Asked, Path(id): Path<String>) -> Result<Json<JobObject>, Problem> {
    let found = blocking(&app, move |app| {
        let job =
            app.book.job(&id)?.filter(|job| dto::may_see_job(&asked.viewer, job)).ok_or(Problem::Missing("job"))?;
        object(app, &asked.viewer, job)
    });
    found.await.map(Json)
}
