//! What goes wrong, as programs are told: RFC 9457 problem objects. Less is sent than is logged.

use super::access::{AccessError, LoginError};
use crate::catalogue::CatalogueError;
use crate::pipeline::correct::CorrectError;
use crate::pipeline::{ArchiveError, ScanError, SearchableError};
use crate::search::SearchError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request is not answered as it asks.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The request is wrong.
    #[error("{0}")]
    Wrong(String),
    /// Nobody is logged in.
    #[error("log in, or send a token: Authorization: Bearer …")]
    LogIn,
    /// Whoever is logged in may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing, or the viewer must not know of it.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// Another process holds what is needed.
    #[error("{0}")]
    Busy(String),
    /// More than is taken.
    #[error("{0}")]
    TooLarge(String),
    /// Too often.
    #[error("{0}")]
    TooMany(String),
    /// The request came too slowly.
    #[error("nothing came for too long")]
    Slow,
    /// The page or file is there and cannot be shown.
    #[error("{0}")]
    Unreadable(String),
    /// A fault; what it was stands in the log.
    #[error("{0}")]
    Internal(String),
}

/// A problem as it is sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemObject {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The status code of the answer.
    status: u16,
    /// What happened here.
    detail: String,
}

impl Problem {
    /// Returns the status code.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Wrong(_) => StatusCode::BAD_REQUEST,
            Self::LogIn => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn name_and_title(&self) -> (&'static str, &'static str) {
        match self {
            Self::Wrong(_) => ("wrong_request", "The request is wrong"),
            Self::LogIn => ("not_logged_in", "Nobody is logged in"),
            Self::Forbidden(_) => ("forbidden", "This is not allowed"),
            Self::Missing(_) => ("missing", "There is no such thing"),
            Self::Busy(_) => ("busy", "Another process is writing"),
            Self::TooLarge(_) => ("too_large", "More than is taken"),
            Self::TooMany(_) => ("too_many", "Too often"),
            Self::Slow => ("slow", "The request came too slowly"),
            Self::Unreadable(_) => ("unreadable", "This cannot be shown"),
            Self::Internal(_) => ("internal", "A fault in the server"),
        }
    }

    /// Returns what people and programs are told.
    pub fn told(&self) -> String {
        match self {
            Self::Internal(_) => "the server's log says more".to_owned(),
            other => other.to_string(),
        }
    }

    /// Writes a fault into the log.
    pub fn log(&self) {
        if let Self::Internal(detail) = self {
            tracing::error!(%detail, "a request failed");
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.log();
        let (name, title) = self.name_and_title();
        let object = ProblemObject {
            kind: format!("urn:warraq:problem:{name}"),
            title,
            status: self.status().as_u16(),
            detail: self.told(),
        };
        let mut response = (self.status(), Json(object)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::LogIn => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Self::Busy(_) => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5")),
            Self::TooMany(_) => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60")),
            _ => None,
        };
        response
    }
}

impl From<ArchiveError> for Problem {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Locked { holder, .. } => {
                Self::Busy(format!("the archive is being written by {holder}: try again soon"))
            }
            ArchiveError::Search(SearchError::Busy(_)) => {
                Self::Busy("the search index is being written by another process: try again soon".to_owned())
            }
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<CatalogueError> for Problem {
    fn from(error: CatalogueError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        ArchiveError::from(error).into()
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Database { .. } | AccessError::Migration { .. } | AccessError::Random(_) => {
                Self::Internal(error.to_string())
            }
            other => Self::Wrong(other.to_string()),
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Wrong => Self::Wrong(error.to_string()),
            LoginError::Locked(_) => Self::TooMany(error.to_string()),
            LoginError::Access(error) => error.into(),
        }
    }
}

impl From<CorrectError> for Problem {
    fn from(error: CorrectError) -> Self {
        match error {
            CorrectError::Archive(error) => error.into(),
            CorrectError::Document(_) => Self::Missing("document"),
            other => Self::Wrong(other.to_string()),
        }
    }
}

impl From<ScanError> for Problem {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Archive(error) => error.into(),
            ScanError::Page(_) => Self::Missing("page"),
            ScanError::Unreadable(error) => Self::Internal(error.to_string()),
            ScanError::Unknown | ScanError::Decode(_) => Self::Unreadable(error.to_string()),
        }
    }
}

impl From<SearchableError> for Problem {
    fn from(error: SearchableError) -> Self {
        match error {
            SearchableError::Archive(error) => error.into(),
            SearchableError::Unreadable(error) => Self::Internal(error.to_string()),
            SearchableError::Write(error) => Self::Internal(error.to_string()),
            SearchableError::Unknown | SearchableError::Decode(_) => Self::Unreadable(error.to_string()),
        }
    }
}
