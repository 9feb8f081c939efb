//! Accounts and the record of what was done, for administrators.

use super::frame::{Fields, Page};
use super::language::Language;
use crate::model::DocumentId;
use crate::serve::access::{AuditRow, Clearance, NewUser, Right, Role, Secret, User};
use crate::serve::app::{Shared, blocking};
use crate::serve::error::Problem;
use crate::serve::headers;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

/// Rows of the record on a page.
const ROWS: u32 = 100;

/// Returns the name of a role.
pub fn role(language: Language, role: Role) -> &'static str {
    match (language, role) {
        (Language::Arabic, Role::Reader) => "قارئ",
        (Language::Arabic, Role::Clerk) => "كاتب",
        (Language::Arabic, Role::Archivist) => "أمين أرشيف",
        (Language::Arabic, Role::Administrator) => "مدير النظام",
        (Language::English, Role::Reader) => "Reader",
        (Language::English, Role::Clerk) => "Clerk",
        (Language::English, Role::Archivist) => "Archivist",
        (Language::English, Role::Administrator) => "Administrator",
    }
}

/// Returns the name of a degree of secrecy.
pub fn clearance(language: Language, clearance: Clearance) -> &'static str {
    match (language, clearance) {
        (Language::Arabic, Clearance::Open) => "عادي",
        (Language::Arabic, Clearance::Restricted) => "محدود",
        (Language::Arabic, Clearance::Secret) => "سري",
        (Language::Arabic, Clearance::TopSecret) => "سري للغاية",
        (Language::English, Clearance::Open) => "ordinary",
        (Language::English, Clearance::Restricted) => "restricted",
        (Language::English, Clearance::Secret) => "secret",
        (Language::English, Clearance::TopSecret) => "top secret",
    }
}

/// Returns the bodies whose letters somebody sees.
pub fn organisations(language: Language, organisations: Option<&[String]>) -> String {
    organisations.map_or(language.t("الكل", "all").to_owned(), |list| list.join("، "))
}

/// Shows the accounts.
pub async fn page(State(app): State<Shared>, page: Page) -> Response {
    shown(&app, &page, None).await
}

async fn shown(app: &Shared, page: &Page, link: Option<(String, Secret)>) -> Response {
    let title = page.language.t("المستخدمون", "Accounts");
    if let Err(problem) = page.asked.needs(Right::Administer) {
        return page.go(Err(problem));
    }
    let users = blocking(app, |app| Ok((app.book.users()?, app.has_users()?))).await;
    let content = users.map(|(users, has_users)| {
        let language = page.language;
        html! {
            h1 { (title) }
            @if !has_users {
                p.note { (language.t("لا حسابات بعد: كل من يعمل على هذا الجهاز يرى كل شيء. افتح الرابط الذي ظهر عند تشغيل الخادم لإنشاء حساب المدير.", "There are no accounts yet: whoever works at this machine sees everything. Open the link that the server showed when it started to make the administrator's account.")) }
            }
            @if let Some((name, link)) = &link {
                div.note.good {
                    p { (language.t("سلّم هذا الرابط إلى ", "Give this link to ")) bdi { (name) } (language.t(". يُستعمل مرة واحدة خلال ثلاثة أيام:", ". It works once, within three days:")) }
                    p { a.num id="link" href={ "/welcome/" (link.text()) } { "/welcome/" (link.text()) } }
                }
            }
            @if has_users { (table(page, &users)) (add_form(page)) }
        }
    });
    page.answer(title, content)
}

fn table(page: &Page, users: &[User]) -> Markup {
    let language = page.language;
    html! {
        div.card.scroll { table {
            thead { tr {
                th { (language.t("الاسم", "Name")) } th { (language.t("الدور", "Role")) } th { (language.t("الجهات", "Organisations")) }
                th { (language.t("السرية حتى", "Secrecy up to")) } th { (language.t("الحالة", "State")) } th { span.unseen { (language.t("تغيير", "Change")) } }
            } }
            tbody { @for user in users { tr {
                td { bdi { (user.display) } div.soft { bdi { (user.name) } } }
                td { (role(language, user.role)) }
                td { bdi { (organisations(language, user.organisations.as_deref())) } }
                td { (clearance(language, user.clearance)) }
                td { @if user.disabled { span.tag.bad { (language.t("موقوف", "disabled")) } } @else if user.ready { span.tag.good { (language.t("فعّال", "active")) } } @else { span.tag { (language.t("بلا كلمة مرور", "no password yet")) } } }
                td { details { summary { (language.t("تغيير", "Change")) } (change_form(page, user)) } }
            } } }
        } }
    }
}

fn change_form(page: &Page, user: &User) -> Markup {
    let language = page.language;
    html! {
        form method="post" action={ "/users/" (user.id) } {
            (page.form_field())
            (rights(language, Some(user)))
            label { input type="checkbox" name="disabled" value="yes" checked[user.disabled]; " " (language.t("موقوف", "disabled")) }
            button type="submit" { (language.t("حفظ", "Save")) }
        }
        form method="post" action={ "/users/" (user.id) "/link" } {
            (page.form_field())
            button.plain type="submit" { (language.t("رابط كلمة مرور جديدة", "Link for a new password")) }
        }
    }
}

fn add_form(page: &Page) -> Markup {
    let language = page.language;
    html! {
        h2 { (language.t("حساب جديد", "New account")) }
        form.card method="post" action="/users" {
            (page.form_field())
            label { span { (language.t("اسم الدخول، بلا فراغات", "Name to log in, without spaces")) } input name="name" maxlength="64" required; }
            (rights(language, None))
            button type="submit" { (language.t("إنشاء الحساب", "Make the account")) }
        }
    }
}

fn rights(language: Language, user: Option<&User>) -> Markup {
    let own = user.and_then(|user| user.organisations.as_ref()).map(|list| list.join("، ")).unwrap_or_default();
    html! {
        label { span { (language.t("الاسم الظاهر", "Name as shown")) } input name="display" maxlength="100" dir="auto" value=(user.map_or("", |user| &user.display)); }
        label { span { (language.t("الدور", "Role")) } select name="role" { @for one in Role::ALL {
            option value=(one) selected[user.is_some_and(|user| user.role == one)] { (role(language, one)) }
        } } }
        label { span { (language.t("الجهات مفصولة بفواصل؛ فارغ يعني الكل", "Organisations parted by commas; empty for all")) } input name="organisations" maxlength="1000" dir="auto" value=(own); }
        label { span { (language.t("السرية حتى", "Secrecy up to")) } select name="clearance" { @for one in Clearance::ALL {
            option value=(one) selected[user.is_some_and(|user| user.clearance == one)] { (clearance(language, one)) }
        } } }
    }
}

fn typed(fields: &Fields, name: &str) -> Result<NewUser, Problem> {
    let list =
        |text: &str| text.split(['،', ',']).map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect();
    Ok(NewUser {
        name: name.to_owned(),
        display: fields.text("display").unwrap_or(name).to_owned(),
        role: fields.text("role").unwrap_or_default().parse()?,
        organisations: fields.text("organisations").map(list),
        clearance: fields.text("clearance").unwrap_or_default().parse()?,
    })
}

/// Makes an account and shows the link that sets its password.
pub async fn add(State(app): State<Shared>, page: Page, fields: Fields) -> Response {
    let made = || -> Result<(String, Secret), Problem> {
        page.posts(Right::Administer, &fields)?;
        let new = typed(&fields, fields.text("name").unwrap_or_default())?;
        let id = app.book.add_user(&new)?;
        page.asked.note(&app, "account_made", &new.name, new.role.as_str());
        Ok((new.display, app.book.link(id)?))
    };
    match made() {
        Ok(link) => shown(&app, &page, Some(link)).await,
        Err(problem) => page.go(Err(problem)),
    }
}

/// Changes what an account is for.
pub async fn change(State(app): State<Shared>, page: Page, Path(id): Path<i64>, fields: Fields) -> Response {
    let changed = || -> Result<String, Problem> {
        page.posts(Right::Administer, &fields)?;
        let user = app.book.users()?.into_iter().find(|user| user.id == id).ok_or(Problem::Missing("account"))?;
        let new = typed(&fields, &user.name)?;
        app.book.change_user(id, &new, fields.text("disabled").is_some())?;
        page.asked.note(&app, "account_changed", &user.name, new.role.as_str());
        Ok("/users".to_owned())
    };
    page.go(changed())
}

/// Makes a link by which an account's password is set anew.
pub async fn link(State(app): State<Shared>, page: Page, Path(id): Path<i64>, fields: Fields) -> Response {
    let made = || -> Result<(String, Secret), Problem> {
        page.posts(Right::Administer, &fields)?;
        let user = app.book.users()?.into_iter().find(|user| user.id == id).ok_or(Problem::Missing("account"))?;
        page.asked.note(&app, "link_made", &user.name, "");
        Ok((user.display, app.book.link(id)?))
    };
    match made() {
        Ok(link) => shown(&app, &page, Some(link)).await,
        Err(problem) => page.go(Err(problem)),
    }
}

/// Where to go on in the record.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Before {
    before: Option<i64>,
}

/// Shows the record of what was done, the last first.
pub async fn audit(State(app): State<Shared>, page: Page, Query(from): Query<Before>) -> Response {
    let title = page.language.t("سجل الأعمال", "Record of what was done");
    if let Err(problem) = page.asked.needs(Right::Administer) {
        return page.go(Err(problem));
    }
    let language = page.language;
    let rows = blocking(&app, move |app| Ok(app.book.record(from.before.unwrap_or(i64::MAX), ROWS)?)).await;
    let content = rows.map(|rows| html! {
        h1 { (title) }
        p { a.button.plain href="/audit.csv" { (language.t("تنزيل CSV", "Download CSV")) } }
        div.card.scroll { table {
            thead { tr { th { (language.t("الوقت", "When")) } th { (language.t("من", "Who")) } th { (language.t("العمل", "What")) } th { (language.t("على", "To")) } th { (language.t("التفاصيل", "Details")) } th { (language.t("العنوان", "From")) } } }
            tbody { @for row in &rows { tr {
                td.num.once { (row.at.replace('T', " ").trim_end_matches('Z')) } td.once { bdi { (row.who) } } td { (action(language, &row.action)) }
                td { (subject(&row.subject)) } td { bdi { (detail(language, &row.action, &row.detail)) } } td.num.once { (row.address) }
            } } }
        } }
        @if let Some(last) = rows.last().filter(|_| rows.len() as u32 == ROWS) { nav.pages { a.button.plain href={ "/audit?before=" (last.id) } { (language.t("الأقدم", "Older")) } } }
    });
    page.answer(title, content)
}

/// Shows what something was done to: letters by the first digits of their id.
fn subject(subject: &str) -> Markup {
    html! {
        @match subject.parse::<DocumentId>() {
            Ok(id) => a.num href={ "/letters/" (id) } { (id.original.short()) @if let Some(part) = id.part { "-" (part) } },
            Err(_) => bdi { (subject.chars().take(60).collect::<String>()) },
        }
    }
}

fn action(language: Language, action: &str) -> &str {
    match action {
        "log_in" => language.t("دخول", "logged in"),
        "log_in_failed" => language.t("محاولة دخول فاشلة", "failed to log in"),
        "log_out" => language.t("خروج", "logged out"),
        "password_set" => language.t("تعيين كلمة مرور", "set a password"),
        "search" => language.t("بحث", "searched"),
        "read" => language.t("اطلاع", "read"),
        "export" => language.t("تنزيل", "downloaded"),
        "correct" => language.t("تصحيح", "corrected"),
        "review" => language.t("مراجعة", "reviewed"),
        "upload" => language.t("إضافة ملفات", "handed in"),
        "account_made" => language.t("إنشاء حساب", "made an account"),
        "account_changed" => language.t("تغيير حساب", "changed an account"),
        "link_made" => language.t("رابط كلمة مرور", "made a link"),
        "token_made" => language.t("إنشاء مفتاح", "made a token"),
        "token_taken_back" => language.t("إلغاء مفتاح", "took a token back"),
        "retry" => language.t("إعادة المحاولة", "had failed files taken up"),
        "webhook_made" => language.t("إضافة عنوان إشعار", "added a webhook"),
        "webhook_removed" => language.t("إلغاء عنوان إشعار", "removed a webhook"),
        other => other,
    }
}

/// Returns what is to be known of what was done; the record itself keeps it in one language.
fn detail(language: Language, action: &str, detail: &str) -> String {
    let count = |noun: &str| detail.strip_suffix(noun).and_then(|count| count.trim().parse().ok());
    if let Some(letters) = count("letters") {
        return language.letters(letters);
    }
    if let Some(files) = count("files") {
        return language.files(files);
    }
    match (action, detail.split_once(": ")) {
        ("correct", Some((field, values))) => format!("{}: {values}", language.field(field)),
        ("account_made" | "account_changed", _) => {
            let known = Role::ALL.into_iter().find(|role| role.as_str() == detail);
            known.map_or(detail, |known| role(language, known)).to_owned()
        }
        _ => match detail {
            "document" => language.t("الكتاب", "the letter"),
            "page" => language.t("صفحة الكتاب", "the letter's page"),
            "review" => language.t("في المراجعة", "in the review"),
            "original" => language.t("الملف الأصلي", "the original file"),
            "pdf" => language.t("PDF قابل للبحث", "a searchable PDF"),
            "text" => language.t("النص", "the text"),
            "record" => language.t("سجل الأعمال", "the record of what was done"),
            other => other,
        }
        .to_owned(),
    }
}

/// Sends the whole record as CSV, the last first.
pub async fn audit_csv(State(app): State<Shared>, page: Page) -> Response {
    if let Err(problem) = page.asked.needs(Right::Administer) {
        return page.go(Err(problem));
    }
    page.asked.note(&app, "export", "", "record");
    let whole = blocking(&app, |app| {
        let mut text = String::from("id,at,who,action,subject,detail,address\r\n");
        let mut before = i64::MAX;
        loop {
            let rows = app.book.record(before, 1000)?;
            let Some(last) = rows.last() else { return Ok(text) };
            before = last.id;
            rows.iter().for_each(|row| text.push_str(&csv(row)));
        }
    });
    match whole.await {
        Ok(text) => {
            let mut response: Response<Body> = text.into_response();
            headers::set(&mut response, header::CONTENT_TYPE, "text/csv; charset=utf-8");
            headers::set(&mut response, header::CONTENT_DISPOSITION, &headers::attachment("record.csv"));
            response
        }
        Err(problem) => page.go(Err(problem)),
    }
}

fn csv(row: &AuditRow) -> String {
    let id = row.id.to_string();
    let all = [id.as_str(), &row.at, &row.who, &row.action, &row.subject, &row.detail, &row.address];
    let quoted = all.map(|value| {
        // A spreadsheet takes what begins so for a formula.
        let guard = if value.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        format!("\"{guard}{}\"", value.replace('"', "\"\""))
    });
    quoted.join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_search_becomes_a_formula_in_a_spreadsheet() {
        let row = AuditRow {
            id: 1,
            at: "2026-01-01T00:00:00Z".to_owned(),
            who: "سعاد".to_owned(),
            action: "search".to_owned(),
            subject: "=1+1,\"x\"".to_owned(),
            detail: String::new(),
            address: "127.0.0.1".to_owned(),
        };
        assert_eq!(
            csv(&row),
            "\"1\",\"2026-01-01T00:00:00Z\",\"سعاد\",\"search\",\"'=1+1,\"\"x\"\"\",\"\",\"127.0.0.1\"\r\n"
        );
    }
}
