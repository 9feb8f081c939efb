//! What became of everything handed in: the balance, what is under way, and what failed and why.

use super::frame::{Fields, Page};
use super::language::Language;
use crate::catalogue::{InputRow, InputStatus, Ledger, RowFilter};
use crate::serve::access::{JobRow, Right};
use crate::serve::api;
use crate::serve::app::{Shared, reading};
use crate::serve::dto::may_see_job;
use crate::serve::error::Problem;
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use std::sync::atomic::Ordering;

/// Uploads shown.
const MOST_JOBS: u32 = 20;
/// Failures shown.
const MOST_FAILURES: usize = 200;

/// Has everything that failed taken up again.
pub async fn retry(State(app): State<Shared>, page: Page, fields: Fields) -> Response {
    let asked = page.posts(Right::Manage, &fields).and_then(|()| {
        // Files of all bodies are taken up: only who sees all of them asks for it.
        if page.asked.viewer.sees_all() {
            Ok(())
        } else {
            Err(Problem::Forbidden("this takes up files of all organisations".to_owned()))
        }
    });
    page.go(asked.map(|()| {
        app.retry.store(true, Ordering::Relaxed);
        app.wake_worker();
        page.asked.note(&app, "retry", "", "");
        "/work".to_owned()
    }))
}

/// Shows the page.
pub async fn page(State(app): State<Shared>, page: Page) -> Response {
    let title = page.language.t("سجل الملفات", "Files");
    if let Err(problem) = page.asked.needs(Right::Manage) {
        return page.go(Err(problem));
    }
    let (asked, language, field) = (page.asked.clone(), page.language, page.form_field());
    let content = reading(&app, move |app, store| {
        let viewer = &asked.viewer;
        // The balance counts files of all bodies: only who sees all of them sees it.
        let ledger = if viewer.sees_all() { Some(store.catalogue.ledger()?) } else { None };
        let mut failed =
            store.catalogue.inputs(&RowFilter { status: Some("failed".to_owned()), ..RowFilter::default() })?;
        failed.retain(|row| viewer.sees(row.input.organisation.as_deref(), None));
        failed.reverse();
        let mut jobs = app.book.last_jobs(MOST_JOBS)?;
        jobs.retain(|job| may_see_job(viewer, job));
        let jobs: Vec<JobRow> = jobs.into_iter().filter_map(|job| api::job_told(store, viewer, job)).collect();
        let retry = html! { @if ledger.is_some() && !failed.is_empty() {
            form method="post" action="/work/retry" { (field) button.plain type="submit" { (language.t("أعد المحاولة على الكل", "Try all again")) } }
        } };
        Ok(html! { (shown(language, title, ledger.as_ref(), &jobs, &failed)) (retry) })
    });
    page.answer(title, content.await)
}

fn shown(language: Language, title: &str, ledger: Option<&Ledger>, jobs: &[JobRow], failed: &[InputRow]) -> Markup {
    let live = if jobs.iter().any(|job| job.ended.is_none()) { "on" } else { "off" };
    html! {
        h1 { (title) }
        div data-live=(live) aria-live="polite" {
            @if let Some(ledger) = ledger { (balance(language, ledger)) }
            @if !jobs.is_empty() {
                h2 { (language.t("آخر ما أُضيف", "Added last")) }
                div.card.scroll { table {
                    thead { tr { th { (language.t("الملف", "File")) } th { (language.t("الحالة", "State")) } th { (language.t("التفاصيل", "Details")) } } }
                    tbody { @for job in jobs { (job_files(language, job)) } }
                } }
            }
            h2 { (language.t("ملفات تعذّرت", "Files that failed")) }
            @if failed.is_empty() { p.note.good { (language.t("لا يوجد ملف متعذّر.", "No file has failed.")) } }
            @else { (failures(language, failed)) }
        }
    }
}

fn balance(language: Language, ledger: &Ledger) -> Markup {
    let numbers = [
        (language.t("كل ما وصل", "Ever handed in"), ledger.seen),
        (language.t("حُفظ", "Stored"), ledger.stored),
        (language.t("مكرر", "Duplicates"), ledger.duplicate),
        (language.t("تعذّر", "Failed"), ledger.failed),
        (language.t("بالانتظار", "Waiting"), ledger.waiting),
        (language.t("أُهمل", "Ignored"), ledger.ignored),
    ];
    html! {
        dl.numbers { @for (name, number) in numbers { div { dt { (name) } dd.num { (number) } } } }
        @if ledger.balances() {
            p.soft { (language.t("الحساب متوازن: لكل ملف وصل نهاية واحدة معروفة.", "The account balances: every file has one known end.")) }
        } @else {
            p.note.bad { (language.t("الحساب غير متوازن: شغّل warraq verify.", "The account does not balance: run warraq verify.")) }
        }
    }
}

/// Shows the files of a job, a row each.
pub fn job_files(language: Language, job: &JobRow) -> Markup {
    html! {
        @for file in &job.files {
            @let status = file.end.as_ref().map_or("waiting", |end| end.status.as_str());
            tr {
                td { bdi { (file.name) } }
                td { span.tag.bad[status == "failed"].good[matches!(status, "stored" | "duplicate")] { (language.status(status)) } }
                td { @if let Some(end) = &file.end {
                    @for id in &end.documents { a href={ "/letters/" (id) } { (language.t("فتح الكتاب", "Open the letter")) } " " }
                    @if let Some((code, message)) = &end.error { (language.failure(code)) span.soft dir="ltr" { " " (message) } }
                } }
            }
        }
    }
}

fn failures(language: Language, failed: &[InputRow]) -> Markup {
    html! {
        div.card.scroll { table {
            thead { tr { th { (language.t("الملف", "File")) } th { (language.t("السبب", "Reason")) } th { (language.t("المحاولات", "Tries")) } } }
            tbody { @for row in failed.iter().take(MOST_FAILURES) {
                @if let InputStatus::Failed(error) = &row.status { tr {
                    td { bdi { (row.input.path) } }
                    td { (language.failure(error.code.as_str())) div.soft dir="ltr" { (error.message) } }
                    td.num { (row.attempts) }
                } }
            } }
        } }
        @if failed.len() > MOST_FAILURES { p.soft { (language.t("وغيرها", "and more")) ": " span.num { (failed.len() - MOST_FAILURES) } } }
    }
}
