//! Serves an archive over HTTP: to people as pages in Arabic and English, to programs as JSON.
//!
//! Requests come in on tokio's threads, and every look at the archive is taken on threads that may block ([`app`]). The server
//! reads beside any writer; it takes the archive's lock only while handed-in files are being read or a correction is made
//! ([`archive`], [`worker`]). Who may see what stands in [`access`]; every handler asks for it by taking [`auth::Asked`].
//! What goes out has forms of its own ([`dto`]); only [`error`] knows status codes, and it sends less than it logs.

pub mod access;
mod api;
mod app;
mod archive;
mod auth;
mod bounds;
mod dto;
mod error;
mod find;
mod headers;
mod images;
mod limit;
mod metrics;
mod pages;
mod settings;
mod start;
mod tell;
mod uploads;
mod worker;

pub use api::openapi;
pub use settings::Settings;
pub use start::{Options, Ready, ServeError, run};
pub use worker::LoadReader;
