//! One document: its fields and text, its original, its pages, its thread, and corrections of it.

use crate::catalogue::DocumentRow;
use crate::export;
use crate::export::document::DocumentObject;
use crate::model::{ContentHash, Document, DocumentId, Rotation};
use crate::pipeline::threads::{self, Thread};
use crate::pipeline::{self, Store, correct as corrections};
use crate::serve::access::{Right, Viewer};
use crate::serve::app::{Shared, blocking, reading};
use crate::serve::auth::Asked;
use crate::serve::dto::{RelatedObject, ThreadObject};
use crate::serve::error::{Problem, ProblemObject};
use crate::serve::find;
use crate::serve::headers::{self, Part};
use crate::serve::images::{self, Wanted};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::collections::HashSet;
use std::io::SeekFrom;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};

/// A correction waits so long for another process that is writing.
const PATIENCE: Duration = Duration::from_secs(4);
/// Letters told of for their subject.
pub const MOST_RELATED: usize = 10;
/// What may change is asked for again every time; whether it changed costs little to say.
const ASK_AGAIN: &str = "private, no-cache";
/// What is named by its content never changes.
const FOR_GOOD: &str = "private, max-age=31536000, immutable";

/// Returns the row of a document that a viewer may see; one he may not see is not there for him.
///
/// # Errors
/// [`Problem::Missing`].
pub fn visible(store: &Store, viewer: &Viewer, id: &str) -> Result<DocumentRow, Problem> {
    let id: DocumentId = id.parse().map_err(|_| Problem::Missing("document"))?;
    let row = store.catalogue.document(&id)?.ok_or(Problem::Missing("document"))?;
    if viewer.sees(row.organisation.as_deref(), row.letter.secrecy.as_deref()) {
        Ok(row)
    } else {
        Err(Problem::Missing("document"))
    }
}

/// Returns a whole document as a viewer may see it: letters it cites that he may not see are not told to be here.
pub fn whole(store: &Store, viewer: &Viewer, id: &str) -> Result<Document, Problem> {
    let row = visible(store, viewer, id)?;
    let mut document = store.document(&row.id)?.ok_or(Problem::Missing("document"))?;
    for reference in &mut document.letter.references {
        if let Some(cited) = reference.value.document
            && visible(store, viewer, &cited.to_string()).is_err()
        {
            reference.value.document = None;
        }
    }
    Ok(document)
}

/// What is wanted of a document.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Shape {
    /// Whether to tell each word's box and confidence and each field's evidence; `true` unless said otherwise.
    words: Option<bool>,
}

/// Returns a document: fields, text, words with their places.
#[utoipa::path(
    get, path = "/api/v1/documents/{id}", tag = "documents", params(("id" = String, Path, description = "Id of the document"), Shape),
    responses(
        (status = 200, description = "The document", body = DocumentObject),
        (status = 304, description = "As the client has it"),
        (status = 400, description = "A parameter is wrong", body = ProblemObject, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
        (status = 404, description = "No such document", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn document(
    State(app): State<Shared>,
    asked: Asked,
    Path(id): Path<String>,
    shape: Result<Query<Shape>, QueryRejection>,
    sent: HeaderMap,
) -> Result<Response, Problem> {
    asked.needs(Right::Read)?;
    let Query(shape) = shape.map_err(|error| Problem::Wrong(error.body_text()))?;
    let bytes = reading(&app, move |app, store| {
        let document = whole(store, &asked.viewer, &id)?;
        asked.note(app, "read", &id, "document");
        let object = DocumentObject::of(&document, shape.words.unwrap_or(true));
        serde_json::to_vec(&object).map_err(|error| Problem::Internal(error.to_string()))
    })
    .await?;
    let tag = ContentHash::of(&bytes).to_string();
    Ok(headers::tagged(&sent, &tag, "application/json", ASK_AGAIN, bytes))
}

/// Returns the original file, byte for byte; parts of it where they are asked for.
#[utoipa::path(
    get, path = "/api/v1/documents/{id}/original", tag = "documents", params(("id" = String, Path, description = "Id of the document")),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "*/*"),
        (status = 206, description = "The part asked for", body = Vec<u8>, content_type = "*/*"),
        (status = 304, description = "As the client has it"),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
        (status = 404, description = "No such document", body = ProblemObject, content_type = "application/problem+json"),
        (status = 416, description = "The part asked for lies beyond the end"),
    )
)]
pub async fn original(
    State(app): State<Shared>,
    asked: Asked,
    Path(id): Path<String>,
    sent: HeaderMap,
) -> Result<Response, Problem> {
    asked.needs(Right::Read)?;
    let (row, blob) = reading(&app, move |app, store| {
        let row = visible(store, &asked.viewer, &id)?;
        // A file of several letters holds more than this one.
        if row.id.part.is_some() {
            for other in store.catalogue.documents_of(&row.id.original)? {
                visible(store, &asked.viewer, &other.to_string())?;
            }
        }
        asked.note(app, "export", &id, "original");
        let blob = store.blobs.as_file(&row.id.original).map_err(pipeline::ArchiveError::from)?;
        Ok((row, blob))
    })
    .await?;
    let tag = format!("\"{}\"", row.id.original);
    let mut response = if headers::has_tag(&sent, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut file = File::open(blob.path()).await.map_err(|error| Problem::Internal(error.to_string()))?;
        let size = row.source.bytes;
        let part = headers::part(&sent, &tag, size);
        let (status, bytes) = match part {
            Part::Whole => (StatusCode::OK, 0..size),
            Part::Bytes(bytes) => (StatusCode::PARTIAL_CONTENT, bytes),
            Part::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, 0..0),
        };
        file.seek(SeekFrom::Start(bytes.start)).await.map_err(|error| Problem::Internal(error.to_string()))?;
        let length = bytes.end - bytes.start;
        let mut response = (status, Body::from_stream(ReaderStream::new(file.take(length)))).into_response();
        headers::set(&mut response, header::CONTENT_LENGTH, &length.to_string());
        match status {
            StatusCode::PARTIAL_CONTENT => {
                let range = format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1);
                headers::set(&mut response, header::CONTENT_RANGE, &range);
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {
                headers::set(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
            }
            _ => {}
        }
        headers::set(&mut response, header::CONTENT_TYPE, &row.source.media_type);
        headers::set(&mut response, header::CONTENT_DISPOSITION, &headers::attachment(&row.source.name));
        response
    };
    headers::set(&mut response, header::ETAG, &tag);
    headers::set(&mut response, header::ACCEPT_RANGES, "bytes");
    headers::set(&mut response, header::CACHE_CONTROL, FOR_GOOD);
    Ok(response)
}

/// Returns the document as searchable PDF.
#[utoipa::path(
    get, path = "/api/v1/documents/{id}/pdf", tag = "documents", params(("id" = String, Path, description = "Id of the document")),
    responses(
        (status = 200, description = "The PDF", body = Vec<u8>, content_type = "application/pdf"),
        (status = 304, description = "As the client has it"),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
        (status = 404, description = "No such document", body = ProblemObject, content_type = "application/problem+json"),
        (status = 422, description = "The original can no longer be read", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn pdf(
    State(app): State<Shared>,
    asked: Asked,
    Path(id): Path<String>,
    sent: HeaderMap,
) -> Result<Response, Problem> {
    asked.needs(Right::Read)?;
    let (name, bytes) = reading(&app, move |app, store| {
        let document = whole(store, &asked.viewer, &id)?;
        asked.note(app, "export", &id, "pdf");
        let bytes = pipeline::searchable_pdf(store, &document, &app.decode, &app.program, false)?;
        Ok((download_name(&document, "pdf"), bytes))
    })
    .await?;
    let tag = ContentHash::of(&bytes).to_string();
    let mut response = headers::tagged(&sent, &tag, "application/pdf", ASK_AGAIN, bytes);
    headers::set(&mut response, header::CONTENT_DISPOSITION, &headers::attachment(&name));
    Ok(response)
}

/// Returns the text of a document, a printed line a line, with a form feed between pages.
#[utoipa::path(
    get, path = "/api/v1/documents/{id}/text", tag = "documents", params(("id" = String, Path, description = "Id of the document")),
    responses(
        (status = 200, description = "The text", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 304, description = "As the client has it"),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
        (status = 404, description = "No such document", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn text(
    State(app): State<Shared>,
    asked: Asked,
    Path(id): Path<String>,
    sent: HeaderMap,
) -> Result<Response, Problem> {
    asked.needs(Right::Read)?;
    let (name, bytes) = reading(&app, move |app, store| {
        let document = whole(store, &asked.viewer, &id)?;
        asked.note(app, "export", &id, "text");
        let mut bytes = Vec::new();
        export::write_text(&document, &mut bytes).map_err(|error| Problem::Internal(error.to_string()))?;
        Ok((download_name(&document, "txt"), bytes))
    })
    .await?;
    let tag = ContentHash::of(&bytes).to_string();
    let mut response = headers::tagged(&sent, &tag, "text/plain; charset=utf-8", ASK_AGAIN, bytes);
    headers::set(&mut response, header::CONTENT_DISPOSITION, &headers::attachment(&name));
    Ok(response)
}

fn download_name(document: &Document, ending: &str) -> String {
    let name = &document.source.name;
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let part = document.id.part.map_or(String::new(), |part| format!("-{part}"));
    format!("{stem}{part}.{ending}")
}

/// Returns the letters that this one answers and that answer it, and so on.
#[utoipa::path(
    get, path = "/api/v1/documents/{id}/thread", tag = "documents", params(("id" = String, Path, description = "Id of the document")),
    responses(
        (status = 200, description = "The thread", body = ThreadObject),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
        (status = 404, description = "No such document", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn thread(
    State(app): State<Shared>,
    asked: Asked,
    Path(id): Path<String>,
) -> Result<Json<ThreadObject>, Problem> {
    asked.needs(Right::Read)?;
    let object = reading(&app, move |_, store| {
        let row = visible(store, &asked.viewer, &id)?;
        thread_of(store, &asked.viewer, row.id)
    });
    object.await.map(Json)
}

/// Returns the letters related to this one: those of its thread, and others with its subject.
#[utoipa::path(
    get, path = "/api/v1/documents/{id}/related", tag = "documents", params(("id" = String, Path, description = "Id of the document")),
    responses(
        (status = 200, description = "The related letters", body = RelatedObject),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
        (status = 404, description = "No such document", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn related(
    State(app): State<Shared>,
    asked: Asked,
    Path(id): Path<String>,
) -> Result<Json<RelatedObject>, Problem> {
    asked.needs(Right::Read)?;
    let object = reading(&app, move |app, store| {
        let row = visible(store, &asked.viewer, &id)?;
        let thread = told_thread(store, &asked.viewer, row.id)?;
        let letters = find::related(app, store, &asked.viewer, row.id, &thread, MOST_RELATED)?;
        Ok(RelatedObject::of(letters))
    });
    object.await.map(Json)
}

/// Returns a thread as a viewer may see it.
pub fn thread_of(store: &Store, viewer: &Viewer, id: DocumentId) -> Result<ThreadObject, Problem> {
    told_thread(store, viewer, id).map(ThreadObject::of)
}

/// Returns what a viewer may know of a thread.
pub fn told_thread(store: &Store, viewer: &Viewer, id: DocumentId) -> Result<Thread, Problem> {
    let thread = threads::thread(store, id)?;
    let mut seen = HashSet::new();
    let named = thread.letters.iter().flat_map(|letter| letter.document.iter().chain(&letter.copies));
    let cited = thread.edges.iter().filter_map(|edge| edge.cited.as_ref());
    for other in named.chain(cited) {
        if visible(store, viewer, &other.to_string()).is_ok() {
            seen.insert(*other);
        }
    }
    Ok(thread.told(id, |id| seen.contains(id)))
}

/// How a page is to be shown.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Shown {
    /// Pixels from left to right, at least; never more than were scanned.
    #[param(minimum = 1, maximum = 2560, default = 1280)]
    width: Option<u32>,
    /// Whether to turn the page upright. Boxes refer to the page as archived, which is what comes otherwise.
    #[serde(default)]
    upright: bool,
}

/// Returns the image of a page, as JPEG.
#[utoipa::path(
    get, path = "/api/v1/documents/{id}/pages/{number}/image", tag = "documents",
    params(
        ("id" = String, Path, description = "Id of the document"),
        ("number" = u32, Path, description = "The page, from 1"),
        Shown
    ),
    responses(
        (status = 200, description = "The image", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 304, description = "As the client has it"),
        (status = 400, description = "A parameter is wrong", body = ProblemObject, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
        (status = 404, description = "No such page", body = ProblemObject, content_type = "application/problem+json"),
        (status = 422, description = "The page cannot be decoded", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn page_image(
    State(app): State<Shared>,
    asked: Asked,
    Path((id, number)): Path<(String, String)>,
    shown: Result<Query<Shown>, QueryRejection>,
    sent: HeaderMap,
) -> Result<Response, Problem> {
    asked.needs(Right::Read)?;
    let number: u32 = number.parse().map_err(|_| Problem::Missing("page"))?;
    let Query(shown) = shown.map_err(|error| Problem::Wrong(error.body_text()))?;
    let width = shown.width.unwrap_or(1280);
    if !(1..=2560).contains(&width) {
        return Err(Problem::Wrong(format!("width is {width}, it must be from 1 to 2560")));
    }
    let known = sent.clone();
    let (tag, bytes) = reading(&app, move |app, store| {
        let row = visible(store, &asked.viewer, &id)?;
        if number == 0 || number as usize > row.pages.len() {
            return Err(Problem::Missing("page"));
        }
        let turn = if shown.upright { images::turn_of(store, &row, number)? } else { Rotation::None };
        let wanted = Wanted { page: number, width, turn };
        let tag = images::name(&row, wanted);
        if headers::has_tag(&known, &format!("\"{tag}\"")) {
            return Ok((tag, Vec::new()));
        }
        let bytes = images::page_jpeg(app, store, &row, wanted)?;
        Ok((tag, bytes))
    })
    .await?;
    Ok(headers::tagged(&sent, &tag, "image/jpeg", "private, max-age=3600", bytes))
}

/// A field set right.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Correction {
    /// Name of the field: `kind`, `number`, `date`, `hijri_date`, `from`, `to`, `subject`, `references`, `copies_to`,
    /// `signatory.name`, `signatory.title`, `attachments`, `secrecy`, `received.number`, `received.date`.
    #[schema(
        pattern = r"^(kind|number|date|hijri_date|from|to|subject|references|copies_to|signatory\.(name|title)|attachments|secrecy|received\.(number|date))$"
    )]
    field: String,
    /// Its value, or values where it holds a list; none clears it.
    values: Vec<String>,
}

/// Sets a field of a letter right, for good, and returns the document as it stands since.
#[utoipa::path(
    post, path = "/api/v1/documents/{id}/corrections", tag = "documents", params(("id" = String, Path, description = "Id of the document")),
    request_body = Correction,
    responses(
        (status = 200, description = "The document", body = DocumentObject),
        (status = 400, description = "The field cannot hold this", body = ProblemObject, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is logged in", body = ProblemObject, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = ProblemObject, content_type = "application/problem+json"),
        (status = 404, description = "No such document", body = ProblemObject, content_type = "application/problem+json"),
        (status = 503, description = "Another process is writing", body = ProblemObject, content_type = "application/problem+json"),
    )
)]
pub async fn correct(
    State(app): State<Shared>,
    asked: Asked,
    Path(id): Path<String>,
    correction: Result<Json<Correction>, JsonRejection>,
) -> Result<Json<DocumentObject>, Problem> {
    asked.needs(Right::Correct)?;
    asked.check_form(None)?;
    let Json(correction) = correction.map_err(|error| Problem::Wrong(error.body_text()))?;
    let object = blocking(&app, move |app| {
        let document = set_right(app, &asked, &id, &correction.field, &correction.values)?;
        Ok(DocumentObject::of(&document, true))
    });
    object.await.map(Json)
}

/// Sets a field right for whoever asks, and returns the document as it stands since.
///
/// # Errors
/// [`Problem`] when the field cannot hold the values, or another process is writing.
pub fn set_right(
    app: &crate::serve::app::App,
    asked: &Asked,
    id: &str,
    field: &str,
    values: &[String],
) -> Result<Document, Problem> {
    let row = app.archive.read(|store| visible(store, &asked.viewer, id))?;
    let writer = app.archive.writer(PATIENCE)?;
    corrections::correct(&writer.store, &*writer.index, &row.id, field, values, &asked.viewer.name)?;
    asked.note(app, "correct", id, &format!("{field}: {}", values.join("، ")));
    let document = writer.store.document(&row.id)?.ok_or(Problem::Missing("document"))?;
    // A letter made more secret than its corrector may see is his no more.
    let secrecy = document.letter.secrecy.as_ref().map(|field| field.value.as_str());
    if asked.viewer.sees(document.organisation.as_deref(), secrecy) {
        Ok(document)
    } else {
        Err(Problem::Missing("document"))
    }
}
