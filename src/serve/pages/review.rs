//! The queue of letters that a person's look would help most, each with the scan beside its doubtful fields.

use super::frame::{Fields, Page, form_urlencoded};
use super::language::Language;
use super::letter::{Shown, View, places};
use crate::catalogue::ListOrder;
use crate::model::{Document, DocumentId, Letter};
use crate::pipeline::doubt;
use crate::pipeline::{Store, correct as corrections};
use crate::serve::access::Right;
use crate::serve::api;
use crate::serve::app::{App, Shared, blocking, reading};
use crate::serve::auth::Asked;
use crate::serve::error::Problem;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};

/// Rows looked at to find the next letter that nobody looked at yet.
const AT_ONCE: usize = 200;
/// Letters less doubtful than this are left alone.
const LEAST_DOUBT: f64 = 0.15;
/// Fields that a search goes by first; the others are set right on the letter's page.
const ASKED: [&str; 6] = ["number", "date", "from", "to", "subject", "secrecy"];

/// Leads to the letter that a look would help most.
pub async fn next(State(app): State<Shared>, page: Page) -> Response {
    if let Err(problem) = page.asked.needs(Right::Correct) {
        return page.go(Err(problem));
    }
    let asked = page.asked.clone();
    match reading(&app, move |app, store| find_next(app, store, &asked, None)).await {
        Ok(Some(id)) => page.go(Ok(format!("/review/{id}"))),
        Ok(None) => page.answer(page.language.t("المراجعة", "Review"), Ok(nothing(page.language))),
        Err(problem) => page.go(Err(problem)),
    }
}

/// Returns the most doubtful letter that the viewer may see and nobody looked at.
fn find_next(app: &App, store: &Store, asked: &Asked, but: Option<DocumentId>) -> Result<Option<DocumentId>, Problem> {
    for offset in (0..).step_by(AT_ONCE) {
        let rows = store.catalogue.list(ListOrder::MostDoubtful, AT_ONCE, offset)?;
        let last = rows.len() < AT_ONCE;
        for row in rows {
            if row.doubt < LEAST_DOUBT {
                return Ok(None);
            }
            let sees = asked.viewer.sees(row.organisation.as_deref(), row.secrecy.as_deref());
            if sees && Some(row.document) != but && !app.book.is_reviewed(&row.document.to_string())? {
                return Ok(Some(row.document));
            }
        }
        if last {
            break;
        }
    }
    Ok(None)
}

fn nothing(language: Language) -> Markup {
    html! {
        h1 { (language.t("المراجعة", "Review")) }
        p.note.good { (language.t("لا يوجد كتاب يحتاج إلى مراجعة.", "No letter needs a look.")) }
    }
}

/// Shows a letter to be set right.
pub async fn page(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Response {
    if let Err(problem) = page.asked.needs(Right::Correct) {
        return page.go(Err(problem));
    }
    let title = page.language.t("المراجعة", "Review");
    let (asked, language) = (page.asked.clone(), page.language);
    let found = reading(&app, move |app, store| {
        let document = api::whole(store, &asked.viewer, &id)?;
        asked.note(app, "read", &id, "review");
        let view = View::of(app, store, &asked.viewer, &document, &shown)?;
        let scan = view.scan(language);
        Ok((document, scan))
    });
    let content = found.await.map(|(document, scan)| form(&page, &document, &scan));
    page.answer(title, content)
}

fn form(page: &Page, document: &Document, scan: &Markup) -> Markup {
    let language = page.language;
    let doubtful = doubt::fields(document);
    let letter = &document.letter;
    html! {
        h1 { (language.t("المراجعة", "Review")) ": " bdi { (document.source.name) } }
        div.letter {
            form.card id="review" method="post" action={ "/review/" (document.id) } {
                (page.form_field())
                p.soft { (language.t("صحّح ما يخالف الصورة، ثم ", "Set right what differs from the scan, then ")) kbd { "Enter" } (language.t(" للحفظ والانتقال إلى الكتاب التالي.", " saves and goes to the next letter.")) }
                @for field in ASKED {
                    @let value = value_of(letter, field);
                    @let is_doubtful = doubtful.iter().any(|(name, _)| *name == field);
                    @let place = places(letter, 1).into_iter().find(|(name, _)| name.starts_with(&format!("f-{field}-")));
                    label {
                        span { (language.field(field)) @if is_doubtful { " " span.tag.bad { (language.t("مشكوك فيه", "doubtful")) } } }
                        input name=(field) value=(value) dir="auto" maxlength="500" data-doubt[is_doubtful] data-shows=[place.map(|(name, _)| name)];
                        input type="hidden" name={ "was." (field) } value=(value);
                    }
                }
                div.bar {
                    button id="settle" type="submit" { (language.t("حفظ والتالي", "Save, next")) }
                    a.button.plain href={ "/letters/" (document.id) } { (language.t("صفحة الكتاب", "The letter's page")) }
                }
            }
            (scan)
        }
    }
}

/// Returns the values of a field as they are typed: several parted by a semicolon.
fn value_of(letter: &Letter, field: &str) -> String {
    corrections::values_of(letter, field).join("؛ ")
}

/// Keeps what was typed, notes that the letter was looked at, and leads to the next.
pub async fn settle(State(app): State<Shared>, page: Page, Path(id): Path<String>, fields: Fields) -> Response {
    if let Err(problem) = page.posts(Right::Correct, &fields) {
        return page.go(Err(problem));
    }
    let asked = page.asked.clone();
    let done = blocking(&app, move |app| {
        let row = app.archive.read(|store| api::visible(store, &asked.viewer, &id))?;
        for field in ASKED {
            let (typed, was) =
                (fields.text(field).unwrap_or_default(), fields.text(&format!("was.{field}")).unwrap_or_default());
            if typed != was {
                let values: Vec<String> = typed
                    .split(['؛', ';'])
                    .map(str::trim)
                    .filter(|value| !value.is_empty())
                    .map(str::to_owned)
                    .collect();
                match api::set_right(app, &asked, &id, field, &values) {
                    // Made more secret than he who did it may see, it is done and gone for him.
                    Err(Problem::Missing(_)) if field == "secrecy" => {}
                    done => drop(done?),
                }
            }
        }
        app.book.set_reviewed(&id, &asked.viewer.name)?;
        asked.note(app, "review", &id, "");
        app.archive.read(|store| find_next(app, store, &asked, Some(row.id)))
    });
    page.go(done
        .await
        .map(|next| next.map_or("/review".to_owned(), |id| format!("/review/{}", form_urlencoded(&id.to_string())))))
}
