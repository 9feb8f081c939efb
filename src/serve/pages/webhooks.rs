//! The addresses that are told of changes, for administrators.

use super::frame::{Fields, Page};
use crate::serve::access::{Right, Secret, WebhookRow};
use crate::serve::app::{Shared, blocking};
use crate::serve::error::Problem;
use crate::serve::tell;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;

/// Shows the addresses.
pub async fn page(State(app): State<Shared>, page: Page) -> Response {
    shown(&app, &page, None).await
}

async fn shown(app: &Shared, page: &Page, fresh: Option<Secret>) -> Response {
    let language = page.language;
    let title = language.t("إشعار الأنظمة", "Webhooks");
    if let Err(problem) = page.asked.needs(Right::Administer) {
        return page.go(Err(problem));
    }
    let content = blocking(app, |app| Ok(app.book.webhooks()?)).await.map(|webhooks| {
        html! {
            h1 { (title) }
            p.soft { (language.t("تُبلَّغ هذه العناوين بكل كتاب يُحفظ أو يُصحح وبكل ملف يتعذّر، بطلب موقّع بمفتاح العنوان.", "These addresses are told of every letter stored or corrected and of every file that fails, by a request that the address's secret signs.")) }
            @if let Some(secret) = &fresh {
                div.note.good { p { (language.t("انسخ مفتاح التوقيع الآن، فلن يظهر ثانية:", "Copy the secret now; it is shown this once:")) } p { code.num id="secret" { (secret.text()) } } }
            }
            @if !webhooks.is_empty() { div.card.scroll { table {
                thead { tr { th { (language.t("العنوان", "Address")) } th { (language.t("الحالة", "State")) } th { span.unseen { (language.t("إلغاء", "Remove")) } } } }
                tbody { @for webhook in &webhooks { (row(page, webhook)) } }
            } } }
            @if page.asked.viewer.user.is_some() {
                form.card.bar method="post" action="/webhooks" {
                    (page.form_field())
                    label { span { (language.t("عنوان جديد", "New address")) } input type="url" name="url" maxlength="500" dir="ltr" required placeholder="https://"; }
                    button type="submit" { (language.t("إضافة", "Add")) }
                }
            }
        }
    });
    page.answer(title, content)
}

fn row(page: &Page, webhook: &WebhookRow) -> maud::Markup {
    let language = page.language;
    html! {
        tr {
            td { bdi.num { (webhook.url) } }
            td { @match &webhook.last_error {
                Some(error) => { span.tag.bad { (language.t("تعذّر", "failed")) } " " span.num { (webhook.failures) } div.soft dir="ltr" { (error) } },
                None => span.tag.good { (language.t("حتى التغيير", "told up to change")) " " (webhook.sent) },
            } }
            td { form method="post" action={ "/webhooks/" (webhook.id) } { (page.form_field()) button.plain type="submit" { (language.t("إلغاء", "Remove")) } } }
        }
    }
}

/// Enters an address; it is told of what happens from now on.
pub async fn add(State(app): State<Shared>, page: Page, fields: Fields) -> Response {
    if let Err(problem) = page.posts(Right::Administer, &fields) {
        return page.go(Err(problem));
    }
    let (asked, url) = (page.asked.clone(), fields.text("url").unwrap_or_default().to_owned());
    let added = blocking(&app, move |app| {
        if !tell::is_address(&url, app.settings.private_webhooks) {
            let wanted = "the address must be https and of the open internet; serve.private_webhooks allows others";
            return Err(Problem::Wrong(wanted.to_owned()));
        }
        let user = asked.viewer.user.ok_or(Problem::Missing("account"))?;
        let (change, failure) = app
            .archive
            .read(|store| Ok::<_, Problem>((store.catalogue.last_change()?, store.catalogue.last_failure()?)))?;
        let secret = app.book.add_webhook(user, &url, change, failure)?;
        asked.note(app, "webhook_made", &url, "");
        Ok(secret)
    });
    match added.await {
        Ok(secret) => shown(&app, &page, Some(secret)).await,
        Err(problem) => page.go(Err(problem)),
    }
}

/// Takes an address out.
pub async fn remove(State(app): State<Shared>, page: Page, Path(id): Path<i64>, fields: Fields) -> Response {
    let removed = || -> Result<String, Problem> {
        page.posts(Right::Administer, &fields)?;
        app.book.remove_webhook(id)?;
        page.asked.note(&app, "webhook_removed", &id.to_string(), "");
        Ok("/webhooks".to_owned())
    };
    page.go(removed())
}
