//! Logging in and out, the link that sets a password once, and an account's own tokens.

use super::frame::{self, Fields, LANGUAGE, Page, next_address};
use super::language::Language;
use crate::serve::access::{LoginError, NewToken, Right, Secret, TokenRow};
use crate::serve::app::{Shared, at_the_door};
use crate::serve::auth::{self, SESSION};
use crate::serve::error::Problem;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::net::SocketAddr;

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Next {
    next: Option<String>,
    to: Option<String>,
}

/// Shows the form to log in.
pub async fn login_page(headers: HeaderMap, Query(next): Query<Next>) -> Response {
    login_form(frame::language(&headers), &next_address(next.next.as_deref()), "", None, StatusCode::OK)
}

fn login_form(language: Language, next: &str, name: &str, trouble: Option<&str>, status: StatusCode) -> Response {
    let title = language.t("تسجيل الدخول", "Log in");
    let content = html! {
        div.card.narrow {
            h1 { (title) }
            @if let Some(trouble) = trouble { p.note.bad role="alert" { (trouble) } }
            form method="post" action="/login" {
                input type="hidden" name="next" value=(next);
                label { span { (language.t("اسم المستخدم", "Name")) } input name="name" value=(name) autocomplete="username" required autofocus; }
                label { span { (language.t("كلمة المرور", "Password")) } input type="password" name="password" autocomplete="current-password" required; }
                button type="submit" { (title) }
            }
        }
    };
    let mut response = frame::page(language, None, title, content);
    *response.status_mut() = status;
    response
}

/// Logs in.
pub async fn log_in(
    State(app): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let language = frame::language(&headers);
    if !auth::is_of_own_page(&app, &headers) {
        return frame::sorry(
            language,
            None,
            &Problem::Forbidden("this form stood on a page of another place".to_owned()),
        );
    }
    let next = next_address(fields.text("next"));
    let name = fields.text("name").unwrap_or_default().to_owned();
    let password = fields.typed("password").to_owned();
    let address = auth::address(&app, &headers, Some(peer));
    if !app.doors.lets_in(&address) {
        let trouble = language
            .t("محاولات كثيرة من هذا الجهاز. انتظر خمس دقائق.", "Too many tries from this machine. Wait five minutes.");
        return login_form(language, &next, &name, Some(trouble), StatusCode::TOO_MANY_REQUESTS);
    }
    let earlier = auth::cookie(&headers, SESSION).map(str::to_owned);
    // Names are short; what is longer is no name, and some type their password here.
    let typed: String = name.chars().take(64).collect();
    let tried = at_the_door(&app, move |app| {
        let tried = app.book.log_in(&typed, &password);
        if tried.is_ok() {
            app.doors.was_right(&address);
            // Whoever used this browser before is not in it any more.
            earlier.map(|key| app.book.log_out(&key)).transpose()?;
        }
        let (action, detail) = match &tried {
            Ok(_) => ("log_in", String::new()),
            Err(error) => ("log_in_failed", error.to_string()),
        };
        app.book.note(&typed, action, "", &detail, &address)?;
        Ok(tried)
    });
    match tried.await {
        Ok(Ok(secret)) => (session_cookie(&app, Some(&secret)), Redirect::to(&next)).into_response(),
        Ok(Err(LoginError::Wrong)) => {
            let trouble = language.t("الاسم أو كلمة المرور غير صحيحة.", "The name or the password is wrong.");
            login_form(language, &next, &name, Some(trouble), StatusCode::UNAUTHORIZED)
        }
        Ok(Err(LoginError::Locked(seconds))) => {
            let minutes = (seconds + 59) / 60;
            let trouble = match language {
                Language::Arabic => format!("أُقفل الحساب مؤقتاً بعد محاولات خاطئة. أعد المحاولة بعد {minutes} دقيقة."),
                Language::English => format!("The account is locked after wrong tries. Try again in {minutes} min."),
            };
            login_form(language, &next, &name, Some(&trouble), StatusCode::TOO_MANY_REQUESTS)
        }
        Ok(Err(LoginError::Access(error))) => frame::sorry(language, None, &error.into()),
        Err(problem) => frame::sorry(language, None, &problem),
    }
}

fn session_cookie(app: &Shared, secret: Option<&Secret>) -> [(header::HeaderName, String); 1] {
    let secure = if app.secure { "; Secure" } else { "" };
    let (value, age) = secret.map_or(("", "; Max-Age=0"), |secret| (secret.text(), ""));
    [(header::SET_COOKIE, format!("{SESSION}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"))]
}

/// Logs out.
pub async fn log_out(State(app): State<Shared>, page: Page, headers: HeaderMap, fields: Fields) -> Response {
    if let Err(problem) = page.asked.check_form(fields.text("form")) {
        return page.go(Err(problem));
    }
    let ended = auth::cookie(&headers, SESSION).map(|key| app.book.log_out(key)).transpose();
    page.asked.note(&app, "log_out", "", "");
    match ended {
        Ok(_) => (session_cookie(&app, None), Redirect::to("/login")).into_response(),
        Err(error) => page.go(Err(error.into())),
    }
}

/// Shows the form of a link that sets a password once.
pub async fn welcome_page(State(app): State<Shared>, headers: HeaderMap, Path(secret): Path<String>) -> Response {
    welcome_form(&app, frame::language(&headers), &secret, "", None)
}

fn welcome_form(app: &Shared, language: Language, secret: &str, name: &str, trouble: Option<&str>) -> Response {
    let of = match app.book.link_of(secret) {
        Ok(Some(of)) => of,
        Ok(None) => {
            let title = language.t("رابط منتهٍ", "The link has ended");
            let content = html! { div.card.narrow {
                h1 { (title) }
                p { (language.t("استُعمل هذا الرابط أو انتهت مدته. اطلب رابطاً جديداً من مدير النظام.", "This link was used or is too old. Ask the administrator for another.")) }
                p { a href="/login" { (language.t("تسجيل الدخول", "Log in")) } }
            } };
            let mut response = frame::page(language, None, title, content);
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        }
        Err(error) => return frame::sorry(language, None, &error.into()),
    };
    let title = match &of {
        None => language.t("إنشاء حساب مدير النظام", "Make the administrator's account"),
        Some(_) => language.t("اختيار كلمة المرور", "Choose a password"),
    };
    let content = html! {
        div.card.narrow {
            h1 { (title) }
            @if let Some(trouble) = trouble { p.note.bad role="alert" { (trouble) } }
            form method="post" action={ "/welcome/" (secret) } {
                @match &of {
                    None => label { span { (language.t("اسم المستخدم", "Name")) } input name="name" value=(name) autocomplete="username" required autofocus; },
                    Some(user) => p { bdi { (user.display) } " (" bdi { (user.name) } ")" },
                }
                label { span { (language.t("كلمة المرور، ثمانية أحرف أو أكثر", "Password, eight letters or more")) }
                    input type="password" name="password" autocomplete="new-password" minlength="8" required; }
                label { span { (language.t("كلمة المرور مرة أخرى", "The password again")) }
                    input type="password" name="again" autocomplete="new-password" minlength="8" required; }
                button type="submit" { (language.t("حفظ", "Save")) }
            }
        }
    };
    frame::page(language, None, title, content)
}

/// Sets the password and logs in.
pub async fn welcome(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(secret): Path<String>,
    fields: Fields,
) -> Response {
    let language = frame::language(&headers);
    if !auth::is_of_own_page(&app, &headers) {
        return frame::sorry(
            language,
            None,
            &Problem::Forbidden("this form stood on a page of another place".to_owned()),
        );
    }
    let name = fields.text("name").unwrap_or_default().to_owned();
    let password = fields.typed("password").to_owned();
    if password != fields.typed("again") {
        let trouble = language.t("كلمتا المرور غير متطابقتين.", "The two passwords differ.");
        return welcome_form(&app, language, &secret, &name, Some(trouble));
    }
    let (link, typed) = (secret.clone(), name.clone());
    let used = at_the_door(&app, move |app| {
        let id = app.book.use_link(&link, &typed, &password)?;
        let user = app.book.users()?.into_iter().find(|user| user.id == id).ok_or(Problem::Missing("account"))?;
        app.book.note(&user.name, "password_set", "", "", "")?;
        let session = app.book.log_in(&user.name, &password)?;
        Ok(session)
    });
    match used.await {
        Ok(session) => (session_cookie(&app, Some(&session)), Redirect::to("/")).into_response(),
        Err(Problem::Wrong(_)) => {
            let trouble = language.t(
                "لم يُقبل. الاسم من حروف وأرقام بلا فراغات، وكلمة المرور ثمانية أحرف أو أكثر.",
                "Not taken. A name has letters and digits without spaces, a password eight letters or more.",
            );
            welcome_form(&app, language, &secret, &name, Some(trouble))
        }
        Err(problem) => frame::sorry(language, None, &problem),
    }
}

/// Changes the language.
pub async fn language(Query(next): Query<Next>) -> Response {
    let language = Language::of(next.to.as_deref().unwrap_or_default()).code();
    let cookie = format!("{LANGUAGE}={language}; Path=/; SameSite=Lax; Max-Age=31536000");
    ([(header::SET_COOKIE, cookie)], Redirect::to(&next_address(next.next.as_deref()))).into_response()
}

/// Shows the account and its tokens.
pub async fn page(State(app): State<Shared>, page: Page) -> Response {
    let title = page.language.t("حسابي", "My account");
    let content = own(&app, &page, None);
    page.answer(title, content)
}

fn own(app: &Shared, page: &Page, fresh: Option<&Secret>) -> Result<Markup, Problem> {
    let (language, viewer) = (page.language, &page.asked.viewer);
    let user = viewer.user.ok_or(Problem::Missing("account"))?;
    let tokens = app.book.tokens(user)?;
    Ok(html! {
        h1 { (language.t("حسابي", "My account")) }
        div.card {
            dl.fields {
                dt { (language.t("الاسم", "Name")) } dd { bdi { (viewer.display) } }
                dt { (language.t("الدور", "Role")) } dd { (super::users::role(language, viewer.role)) }
                dt { (language.t("الجهات", "Organisations")) } dd { (super::users::organisations(language, viewer.organisations.as_deref())) }
                dt { (language.t("السرية حتى", "Secrecy up to")) } dd { (super::users::clearance(language, viewer.clearance)) }
            }
        }
        h2 { (language.t("مفاتيح البرامج", "Tokens for programs")) }
        @if let Some(fresh) = fresh {
            div.note.good { p { (language.t("انسخ المفتاح الآن، فلن يظهر ثانية:", "Copy the token now; it is shown this once:")) } p { code.num id="token" { (fresh.text()) } } }
        }
        div.card {
            @if !tokens.is_empty() { (token_table(page, &tokens)) }
            form.bar method="post" action="/account/tokens" {
                (page.form_field())
                label { span { (language.t("لأي برنامج", "For which program")) } input name="name" maxlength="80" required; }
                label { span { (language.t("يُسمح له", "It may")) }
                    select name="scope" {
                        option value="read" { (language.t("القراءة", "read")) }
                        option value="read upload" { (language.t("القراءة والإضافة", "read and add")) }
                        option value="read upload correct" { (language.t("القراءة والإضافة والتصحيح", "read, add and correct")) }
                        option value="read manage" { (language.t("القراءة ومتابعة الخادم", "read and watch the server")) }
                    } }
                label { span { (language.t("المدة بالأيام", "For how many days")) } input type="number" name="days" min="1" max="3650" value="365"; }
                button type="submit" { (language.t("إنشاء مفتاح", "Make a token")) }
            }
        }
    })
}

fn token_table(page: &Page, tokens: &[TokenRow]) -> Markup {
    let language = page.language;
    html! {
        table {
            thead { tr { th { (language.t("البرنامج", "Program")) } th { (language.t("المسموح", "May")) } th { span.unseen { (language.t("إلغاء", "Take back")) } } } }
            tbody { @for token in tokens { tr {
                td { bdi { (token.name) } }
                td.num { (token.scopes) }
                td { form method="post" action={ "/account/tokens/" (token.id) } { (page.form_field()) button.plain type="submit" { (language.t("إلغاء", "Take back")) } } }
            } } }
        }
    }
}

/// Makes a token.
pub async fn add_token(State(app): State<Shared>, page: Page, fields: Fields) -> Response {
    let made = || -> Result<Markup, Problem> {
        page.posts(Right::Read, &fields)?;
        let user = page.asked.viewer.user.ok_or(Problem::Missing("account"))?;
        let scopes: Vec<Right> =
            fields.text("scope").unwrap_or("read").split(' ').filter_map(|scope| scope.parse().ok()).collect();
        let days = fields.text("days").and_then(|days| days.parse().ok()).unwrap_or(365);
        let name = fields.text("name").unwrap_or("-").chars().take(80).collect();
        let secret = app.book.add_token(&NewToken { user, name, scopes, days: Some(days) })?;
        page.asked.note(&app, "token_made", "", fields.text("scope").unwrap_or("read"));
        own(&app, &page, Some(&secret))
    };
    page.answer(page.language.t("حسابي", "My account"), made())
}

/// Takes a token back.
pub async fn remove_token(State(app): State<Shared>, page: Page, Path(id): Path<i64>, fields: Fields) -> Response {
    let removed = || -> Result<String, Problem> {
        page.posts(Right::Read, &fields)?;
        app.book.remove_token(page.asked.viewer.user.ok_or(Problem::Missing("account"))?, id)?;
        page.asked.note(&app, "token_taken_back", &id.to_string(), "");
        Ok("/account".to_owned())
    };
    page.go(removed())
}
