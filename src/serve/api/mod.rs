//! The interface for programs, under `/api/v1`, with its description made from the code.

mod changes;
mod documents;
mod jobs;
mod search;
mod system;

pub use changes::told;
pub use documents::{MOST_RELATED, set_right, told_thread, visible, whole};
pub use jobs::{hand_in, job_told};

use super::app::Shared;
use super::error::Problem;
use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Warraq",
        description = "Searches an archive of official correspondence, shows its letters and takes new ones in. Boxes are \
                       [left, top, right, bottom] in pixels of the page image as archived. Errors are RFC 9457 problem objects."
    ),
    security(("token" = []), ())
)]
struct Description;

fn described() -> (Router<Shared>, utoipa::openapi::OpenApi) {
    let (router, mut description) = OpenApiRouter::<Shared>::with_openapi(Description::openapi())
        .routes(routes!(search::search))
        .routes(routes!(search::suggest))
        .routes(routes!(documents::document))
        .routes(routes!(documents::original))
        .routes(routes!(documents::pdf))
        .routes(routes!(documents::text))
        .routes(routes!(documents::thread))
        .routes(routes!(documents::related))
        .routes(routes!(documents::page_image))
        .routes(routes!(documents::correct))
        .routes(routes!(changes::changes))
        .routes(routes!(jobs::upload).layer(DefaultBodyLimit::disable()))
        .routes(routes!(jobs::job))
        .routes(routes!(system::healthz))
        .routes(routes!(system::metrics))
        .split_for_parts();
    let token = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    description.components.get_or_insert_default().add_security_scheme("token", token);
    (router, description)
}

/// Returns the description of the interface, OpenAPI 3.1, as it is served.
pub fn openapi() -> String {
    let (_, description) = described();
    // The description is made of plain maps and texts, which JSON can always hold.
    description.to_pretty_json().unwrap_or_default() + "\n"
}

/// Returns the routes.
pub fn router() -> Router<Shared> {
    let (router, description) = described();
    let served = move || {
        let description = description.clone();
        async move { Json(description) }
    };
    router.route("/api/v1/openapi.json", get(served)).route("/api/{*rest}", get(nothing).post(nothing))
}

async fn nothing() -> Response {
    Problem::Missing("address").into_response()
}
