//! Pages for people, made here and sent whole: Arabic first, English at will; a small script makes them quicker, none needs it to
//! search and read. Every text of a letter is escaped by the templates and stands in an element that isolates its direction.

mod account;
mod assets;
mod frame;
mod language;
mod letter;
mod review;
mod scan;
mod search;
mod upload;
mod users;
mod work;

use super::app::Shared;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

/// Returns the routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(search::page))
        .route("/letters/{id}", get(letter::page))
        .route("/upload", get(upload::page).post(upload::send).layer(DefaultBodyLimit::disable()))
        .route("/work", get(work::page))
        .route("/review", get(review::next))
        .route("/review/{id}", get(review::page).post(review::settle))
        .route("/login", get(account::login_page).post(account::log_in))
        .route("/logout", post(account::log_out))
        .route("/welcome/{secret}", get(account::welcome_page).post(account::welcome))
        .route("/account", get(account::page))
        .route("/account/tokens", post(account::add_token))
        .route("/account/tokens/{id}", post(account::remove_token))
        .route("/language", get(account::language))
        .route("/users", get(users::page).post(users::add))
        .route("/users/{id}", post(users::change))
        .route("/users/{id}/link", post(users::link))
        .route("/audit", get(users::audit))
        .route("/audit.csv", get(users::audit_csv))
        .route("/assets/{version}/{name}", get(assets::asset))
        .route("/favicon.ico", get(assets::icon))
        .fallback(frame::nothing)
}
