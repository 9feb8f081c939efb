//! The page to hand files in. With the script files are dropped and progress is seen; without it the form is sent as a whole.

use super::frame::Page;
use crate::serve::access::{JobRow, Right};
use crate::serve::api;
use crate::serve::app::{Shared, reading};
use crate::serve::error::Problem;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

/// What was handed in just now.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    job: Option<String>,
}

/// Shows the page.
pub async fn page(State(app): State<Shared>, page: Page, Query(sent): Query<Sent>) -> Response {
    let title = page.language.t("إضافة كتب", "Add letters");
    if let Err(problem) = page.asked.needs(Right::Upload) {
        return page.go(Err(problem));
    }
    let asked = page.asked.clone();
    let job = reading(&app, move |app, store| {
        let Some(id) = sent.job else { return Ok(None) };
        let job = app.book.job(&id)?.filter(|job| crate::serve::dto::may_see_job(&asked.viewer, job));
        Ok(job.and_then(|job| api::job_told(store, &asked.viewer, job)))
    });
    let content = job.await.map(|job| form(&page, title, job.as_ref()));
    page.answer(title, content)
}

/// Takes the form in where there is no script.
pub async fn send(State(app): State<Shared>, page: Page, body: Result<Multipart, MultipartRejection>) -> Response {
    let sent = match body {
        Ok(body) => api::hand_in(&app, page.asked.clone(), body).await,
        Err(error) => Err(Problem::Wrong(error.body_text())),
    };
    page.go(sent.map(|job| format!("/upload?job={}", job.id)))
}

fn form(page: &Page, title: &str, job: Option<&JobRow>) -> Markup {
    let language = page.language;
    let own = page.asked.viewer.organisations.as_deref();
    html! {
        h1 { (title) }
        form id="upload" method="post" action="/upload" enctype="multipart/form-data"
            data-job=[job.map(|job| &job.id)]
            data-stored=(language.status("stored")) data-duplicate=(language.status("duplicate"))
            data-failed=(language.status("failed")) data-waiting=(language.status("waiting"))
            data-open=(language.t("فتح الكتاب", "Open the letter"))
            data-sending=(language.t("جارٍ الإرسال…", "Sending…"))
            data-reading=(language.t("وصلت الملفات، وتجري قراءتها…", "The files are here and being read…"))
            data-done=(language.t("اكتملت القراءة.", "All are read."))
            data-broken=(language.t("انقطع الإرسال. أعد المحاولة.", "Sending was cut off. Try again.")) {
            (page.form_field())
            div.drop {
                p { strong { (language.t("أسقط صور الكتب هنا", "Drop scans here")) } }
                p.soft { (language.t("أو اخترها من الجهاز: TIFF، JPEG، PNG، BMP، WebP، PDF", "or choose them: TIFF, JPEG, PNG, BMP, WebP, PDF")) }
                label { span.unseen { (language.t("الملفات", "Files")) }
                    input type="file" name="file" multiple required accept=".tif,.tiff,.jpg,.jpeg,.png,.bmp,.webp,.pdf"; }
                @match own {
                    Some([_]) => {}
                    Some(own) => label { span { (language.t("تعود إلى", "They belong to")) } select name="organisation" required { @for one in own { option value=(one) { (one) } } } },
                    None => label { span { (language.t("تعود إلى الجهة (اختياري)", "They belong to the organisation (optional)")) } input name="organisation" maxlength="200" dir="auto"; },
                }
                button type="submit" { (language.t("أرسل", "Send")) }
            }
            p role="status" aria-live="polite" id="told" {}
            progress id="sent" hidden aria-label=(language.t("ما أُرسل", "Sent")) {}
            div.scroll { table hidden[job.is_none()] {
                thead { tr { th { (language.t("الملف", "File")) } th { (language.t("الحالة", "State")) } th { (language.t("التفاصيل", "Details")) } } }
                tbody id="ended" { @if let Some(job) = job { (super::work::job_files(language, job)) } }
            } }
        }
    }
}
