//! The search page: a box, what was found, and what to narrow it by.

use super::frame::{Fields, Page, form_urlencoded, next_address};
use super::language::{Language, shown};
use crate::catalogue::{BriefRow, ListOrder};
use crate::serve::access::{Right, SearchRow, Viewer};
use crate::serve::app::{Shared, blocking, reading};
use crate::serve::dto::{CountObject, FacetsObject, HitObject, SearchObject};
use crate::serve::error::Problem;
use crate::serve::find::{self, Query};
use axum::extract::{Path, Query as FromQuery, State};
use axum::response::Response;
use maud::{Markup, PreEscaped, html};

/// Hits on a page.
const A_PAGE: usize = 20;
/// Letters shown before anything is asked for.
const LATEST: usize = 12;
/// Rows read to find so many that the viewer may see.
const MOST_LISTED: usize = 300;

/// Shows the search page.
pub async fn page(State(app): State<Shared>, page: Page, FromQuery(mut query): FromQuery<Query>) -> Response {
    let asks = !query.q.trim().is_empty() || has_filters(&query);
    let title =
        if asks { page.language.t("نتائج البحث", "Found") } else { page.language.t("البحث", "Search") };
    if let Err(problem) = page.asked.needs(Right::Read) {
        return page.go(Err(problem));
    }
    query.limit = Some(A_PAGE);
    query.facets = true;
    let (asked, typed, language) = (page.asked.clone(), query.clone(), page.language);
    let content = reading(&app, move |app, store| {
        if !asks {
            let mut latest = store.catalogue.list(ListOrder::Latest, MOST_LISTED, 0)?;
            latest.retain(|row| asked.viewer.sees(row.organisation.as_deref(), row.secrecy.as_deref()));
            latest.truncate(LATEST);
            let kept = asked.viewer.user.map_or(Ok(Vec::new()), |user| app.book.searches(user))?;
            return Ok(home(language, &asked.viewer, &typed, &latest, &kept));
        }
        let found = find::find(app, store, &asked.viewer, &typed)?;
        asked.note(app, "search", &typed.q, &format!("{} letters", found.total));
        Ok(results(language, &asked.viewer, &typed, &found))
    });
    let content = match content.await {
        // What was typed into an address by hand; the form cannot send it.
        Err(Problem::Wrong(trouble)) => Ok(html! { (form(page.language, &query)) p.note.bad dir="auto" { (trouble) } }),
        other => other,
    };
    page.answer(title, content)
}

fn has_filters(query: &Query) -> bool {
    filters(query).iter().any(|(_, value)| !value.is_empty())
}

fn filters(query: &Query) -> [(&'static str, &str); 6] {
    fn given(value: &Option<String>) -> &str {
        value.as_deref().map(str::trim).unwrap_or_default()
    }
    [
        ("from", given(&query.from)),
        ("to", given(&query.to)),
        ("kind", given(&query.kind)),
        ("date_from", given(&query.date_from)),
        ("date_to", given(&query.date_to)),
        ("organisation", given(&query.organisation)),
    ]
}

/// Returns the address of this search with some filters set otherwise.
fn address(query: &Query, changed: &[(&str, &str)], offset: usize) -> String {
    let mut parts = vec![format!("q={}", form_urlencoded(&query.q))];
    for (name, value) in filters(query) {
        let value = changed.iter().find(|(other, _)| *other == name).map_or(value, |(_, value)| value);
        if !value.is_empty() {
            parts.push(format!("{name}={}", form_urlencoded(value)));
        }
    }
    if offset > 0 {
        parts.push(format!("offset={offset}"));
    }
    format!("/?{}", parts.join("&"))
}

fn form(language: Language, query: &Query) -> Markup {
    let hint =
        language.t("كلمات من الكتاب، أو عدده، أو تاريخه، أو الجهة", "Words of the letter, its number, date or body");
    html! {
        form.ask role="search" action="/" method="get" {
            div.box {
                label.unseen for="q" { (language.t("ابحث في الكتب", "Search the letters")) }
                input id="q" type="search" name="q" value=(query.q) placeholder=(hint) autocomplete="off" dir=[(!query.q.is_empty()).then_some("auto")]
                    role="combobox" aria-expanded="false" aria-controls="offers" aria-autocomplete="list" maxlength="2000"
                    autofocus[query.q.is_empty()];
                ul.offers id="offers" role="listbox" hidden aria-label=(language.t("اقتراحات", "Suggestions"))
                    data-number=(language.t("عدد", "number")) data-body=(language.t("جهة", "body")) data-subject=(language.t("موضوع", "subject")) {}
            }
            @for (name, value) in filters(query) { @if !value.is_empty() { input type="hidden" name=(name) value=(value); } }
            button type="submit" { (language.t("ابحث", "Search")) }
        }
    }
}

fn home(language: Language, viewer: &Viewer, query: &Query, latest: &[BriefRow], kept: &[SearchRow]) -> Markup {
    html! {
        h1 { (language.t("ابحث في أرشيف المخاطبات", "Search the archive of correspondence")) }
        (form(language, query))
        p.soft {
            (language.t("اكتب ما تذكره كما تذكره. للعبارة بنصها ضعها بين \"\"، ولاستبعاد كلمة ضع قبلها علامة ناقص، وللعدد اكتب ", "Type what you remember. Put a phrase in quotes, a minus before words to leave out, and for a number type "))
            bdi.num { "number:12/345" } "."
        }
        @if !kept.is_empty() { (kept_searches(language, viewer, kept)) }
        @if latest.is_empty() {
            p.note { (language.t("لا توجد كتب في الأرشيف بعد.", "There are no letters in the archive yet.")) }
        } @else {
            h2 { (language.t("آخر ما وصل", "Received last")) }
            @for row in latest { (brief(language, row)) }
        }
    }
}

/// Shows a letter of a list.
pub fn brief(language: Language, row: &BriefRow) -> Markup {
    let id = row.document.to_string();
    let facts = Facts {
        number: row.number.as_deref(),
        date: row.date.map(|date| language.day(date)),
        from: row.issuer.as_deref(),
        source: &row.name,
    };
    html! {
        article.hit {
            a href={ "/letters/" (id) } tabindex="-1" aria-hidden="true" { (thumbnail(&id, 1)) }
            div {
                h3 { a href={ "/letters/" (id) } { (subject(language, row.subject.as_deref(), &row.name)) } }
                (facts.shown(language))
            }
        }
    }
}

fn thumbnail(id: &str, page: u32) -> Markup {
    html! { img src={ "/api/v1/documents/" (id) "/pages/" (page) "/image?width=320&upright=true" } alt="" width="88" height="117" loading="lazy"; }
}

fn subject(language: Language, subject: Option<&str>, name: &str) -> Markup {
    match subject {
        Some(subject) => html! { bdi { (shown(subject)) } },
        None => html! { (language.t("كتاب بلا موضوع", "Letter without a subject")) " (" bdi { (name) } ")" },
    }
}

/// What stands under a letter's subject.
struct Facts<'a> {
    number: Option<&'a str>,
    date: Option<String>,
    from: Option<&'a str>,
    source: &'a str,
}

impl Facts<'_> {
    fn shown(&self, language: Language) -> Markup {
        html! {
            p.facts {
                @if let Some(number) = self.number { span { (language.field("number")) ": " bdi { (shown(number)) } } }
                @if let Some(date) = &self.date { span { (language.field("date")) ": " bdi.num { (date) } } }
                @if let Some(from) = self.from { span { (language.field("from")) ": " bdi { (shown(from)) } } }
                span { (language.t("الملف", "File")) ": " bdi { (shown(self.source)) } }
            }
        }
    }
}

fn results(language: Language, viewer: &Viewer, query: &Query, found: &SearchObject) -> Markup {
    let (strict, possible): (Vec<&HitObject>, Vec<&HitObject>) = found.hits.iter().partition(|hit| !hit.possible);
    let has_facets = found.facets.as_ref().is_some_and(|facets| facets.years.len() + facets.bodies.len() > 0);
    html! {
        h1.unseen { (language.t("نتائج البحث", "Found")) }
        (form(language, query))
        (chips(language, query))
        (save_form(language, viewer, query))
        @for note in &found.notes { p.note dir="auto" { (note) } }
        @if let Some(suggestion) = &found.suggestion {
            p.note { (language.t("لعلك تقصد:", "Perhaps you mean:")) " " a href=(address(&Query { q: suggestion.clone(), ..query.clone() }, &[], 0)) { bdi { (suggestion) } } }
        }
        div.found.alone[!has_facets] {
            @if let (Some(facets), true) = (&found.facets, has_facets) {
                aside.facets aria-label=(language.t("تضييق البحث", "Narrow the search")) { (facets_shown(language, query, facets)) }
            }
            section aria-label=(language.t("النتائج", "Results")) {
                p.soft role="status" { (language.letters(found.total)) }
                @if let Some(facets) = &found.facets { (histogram(language, query, facets)) }
                @for hit in &strict { (hit_shown(language, query, hit)) }
                @if !possible.is_empty() {
                    h2 { (language.t("نتائج محتملة", "Possible matches")) }
                    p.soft { (language.t("كتب قد تكون كلماتها قُرئت خطأً من الصورة.", "Letters whose words may have been misread from the scan.")) }
                    @for hit in &possible { (hit_shown(language, query, hit)) }
                }
                @if found.hits.is_empty() { (nothing(language)) }
                (paging(language, query, found))
            }
        }
    }
}

/// Offers to keep a search, to whoever has an account.
fn save_form(language: Language, viewer: &Viewer, query: &Query) -> Markup {
    html! {
        @if viewer.user.is_some() {
            details.noprint {
                summary.soft { (language.t("احفظ هذا البحث", "Keep this search")) }
                form.bar method="post" action="/searches" {
                    input type="hidden" name="form" value=(viewer.csrf);
                    input type="hidden" name="query" value=(address(query, &[], 0));
                    label { span { (language.t("باسم", "as")) } input name="name" maxlength="80" required dir="auto" value=(query.q.chars().take(80).collect::<String>()); }
                    button.plain type="submit" { (language.t("حفظ", "Keep")) }
                }
            }
        }
    }
}

fn kept_searches(language: Language, viewer: &Viewer, kept: &[SearchRow]) -> Markup {
    html! {
        h2 { (language.t("عمليات بحث محفوظة", "Kept searches")) }
        div.chips {
            @for search in kept {
                form.bar method="post" action={ "/searches/" (search.id) } {
                    input type="hidden" name="form" value=(viewer.csrf);
                    a href=(search.query) { bdi { (search.name) } }
                    button.plain type="submit" { "✕" span.unseen { (language.t("إزالة", "take away")) " " (search.name) } }
                }
            }
        }
    }
}

/// Keeps a search of whoever asks.
pub async fn keep(State(app): State<Shared>, page: Page, fields: Fields) -> Response {
    if let Err(problem) = page.posts(Right::Read, &fields) {
        return page.go(Err(problem));
    }
    let user = page.asked.viewer.user;
    let name: String = fields.text("name").unwrap_or("-").chars().take(80).collect();
    let query = next_address(fields.text("query"));
    let kept = blocking(&app, move |app| {
        app.book.add_search(user.ok_or(Problem::Missing("account"))?, &name, &query)?;
        Ok(query)
    });
    page.go(kept.await)
}

/// Takes a kept search of whoever asks away.
pub async fn forget(State(app): State<Shared>, page: Page, Path(id): Path<i64>, fields: Fields) -> Response {
    if let Err(problem) = page.posts(Right::Read, &fields) {
        return page.go(Err(problem));
    }
    let user = page.asked.viewer.user;
    let done = blocking(&app, move |app| Ok(app.book.remove_search(user.ok_or(Problem::Missing("account"))?, id)?));
    page.go(done.await.map(|()| "/".to_owned()))
}

fn nothing(language: Language) -> Markup {
    html! {
        div.card {
            p { (language.t("لم يُعثر على شيء. جرّب:", "Nothing was found. Try:")) }
            ul {
                li { (language.t("كلمات أقل، أو جزءاً من العدد.", "fewer words, or a part of the number.")) }
                li { (language.t("إزالة التضييق أعلاه.", "taking the filters above away.")) }
                li { (language.t("اسم الجهة أو السنة وحدها.", "the body or the year alone.")) }
            }
        }
    }
}

fn hit_shown(language: Language, query: &Query, hit: &HitObject) -> Markup {
    let link = format!("/letters/{}?page={}&q={}", hit.document, hit.page, form_urlencoded(&query.q));
    let facts = Facts {
        number: hit.number.as_deref(),
        date: hit.date.as_deref().map(|date| language.written_day(date)),
        from: hit.from.as_deref(),
        source: &hit.source,
    };
    html! {
        article.hit {
            a href=(link) tabindex="-1" aria-hidden="true" { (thumbnail(&hit.document, hit.page)) }
            div {
                h3 { a href=(link) { (subject(language, hit.subject.as_deref(), &hit.source)) } }
                (facts.shown(language))
                // The search escapes the words and adds nothing but its marks.
                p dir="auto" { (PreEscaped(&hit.snippet)) }
            }
        }
    }
}

fn chips(language: Language, query: &Query) -> Markup {
    html! {
        @if has_filters(query) {
            div.chips {
                @for (name, value) in filters(query) {
                    @if !value.is_empty() {
                        @let label = match name {
                            "date_from" => language.t("منذ", "since"),
                            "date_to" => language.t("حتى", "until"),
                            "organisation" => language.t("الأرشيف", "archive of"),
                            other => language.field(other),
                        };
                        @let value = match name {
                            "kind" => language.kind(value).to_owned(),
                            "date_from" | "date_to" => language.written_day(value),
                            _ => value.to_owned(),
                        };
                        a href=(address(query, &[(name, "")], 0)) {
                            (label) ": " bdi { (shown(&value)) } span aria-hidden="true" { " ✕" }
                            span.unseen { (language.t("إزالة", "take away")) }
                        }
                    }
                }
            }
        }
    }
}

fn facets_shown(language: Language, query: &Query, facets: &FacetsObject) -> Markup {
    let years = facets.years.iter().rev().map(|year| {
        let (from, to) = (format!("{}-01-01", year.value), format!("{}-12-31", year.value));
        (year.value.clone(), year.letters, address(query, &[("date_from", &from), ("date_to", &to)], 0))
    });
    let named = |name: &'static str, counts: &[CountObject]| {
        let one = |count: &CountObject| {
            let shown = if name == "kind" { language.kind(&count.value).to_owned() } else { count.value.clone() };
            (shown, count.letters, address(query, &[(name, &count.value)], 0))
        };
        counts.iter().take(8).map(one).collect::<Vec<_>>()
    };
    let groups = [
        (language.t("السنة", "Year"), years.take(12).collect()),
        (language.t("الجهة المصدِرة", "Issued by"), named("from", &facets.bodies)),
        (language.t("النوع", "Kind"), named("kind", &facets.kinds)),
        (language.t("الأرشيف", "Archive of"), named("organisation", &facets.organisations)),
    ];
    html! {
        div.card {
            @for (title, counts) in groups {
                @if !counts.is_empty() {
                    h3 { (title) }
                    ul { @for (value, letters, link) in counts { li { a href=(link) { bdi { (shown(&value)) } span.num { (letters) } } } } }
                }
            }
        }
    }
}

/// A bar a month, drawn as an image whose bars are links; by year where the months are too many. Time runs as the language is written.
fn histogram(language: Language, query: &Query, facets: &FacetsObject) -> Markup {
    let months = every_month(&facets.months);
    let (counts, by_month) = if months.len() <= MOST_BARS { (months, true) } else { (pairs(&facets.years), false) };
    let (Some(first), Some(last)) = (counts.first(), counts.last()) else { return html! {} };
    if counts.len() < 2 {
        return html! {};
    }
    let most = counts.iter().map(|(_, letters)| *letters).max().unwrap_or(1).max(1);
    let bars = counts.len().max(24);
    html! {
        svg.months viewBox={ "0 0 " (20 * bars) " 60" } preserveAspectRatio="none" role="group" aria-label=(language.t("عدد الكتب بحسب الزمن", "Letters over time")) {
            @for (n, (value, letters)) in counts.iter().enumerate().filter(|(_, (_, letters))| *letters > 0) {
                @let height = (letters * 56 / most).max(3);
                @let place = if language == Language::Arabic { bars - 1 - n } else { n };
                @let (from, to) = if by_month { (format!("{value}-01"), last_day(value)) } else { (format!("{value}-01-01"), format!("{value}-12-31")) };
                a href=(address(query, &[("date_from", &from), ("date_to", &to)], 0)) aria-label={ (value) ": " (language.letters(*letters)) } {
                    rect x=(20 * place + 2) y=(60 - height) width="16" height=(height) { title { (value) ": " (language.letters(*letters)) } }
                }
            }
        }
        p.soft.axis aria-hidden="true" { span.num { (first.0) } @if counts.len() > 12 { span.num { (last.0) } } }
    }
}

/// Bars that can be told apart.
const MOST_BARS: usize = 60;

fn pairs(counts: &[CountObject]) -> Vec<(String, u64)> {
    counts.iter().map(|count| (count.value.clone(), count.letters)).collect()
}

/// Returns every month from the first to the last, empty ones with 0; only so many that it is seen they are too many.
fn every_month(counts: &[CountObject]) -> Vec<(String, u64)> {
    let day = |count: &CountObject| format!("{}-01", count.value).parse::<jiff::civil::Date>().ok();
    let (Some(first), Some(last)) = (counts.first().and_then(day), counts.last().and_then(day)) else {
        return Vec::new();
    };
    let months = (0_i32..).map_while(|n| first.checked_add(jiff::Span::new().months(n)).ok());
    let months = months.take_while(|month| *month <= last).take(MOST_BARS + 1);
    let named = months.map(|month| month.strftime("%Y-%m").to_string());
    let letters = |name: &str| counts.iter().find(|count| count.value == name).map_or(0, |count| count.letters);
    named.map(|name| (letters(&name), name)).map(|(letters, name)| (name, letters)).collect()
}

/// Returns the last day of a month such as `2014-02`.
fn last_day(month: &str) -> String {
    let first: Option<jiff::civil::Date> = format!("{month}-01").parse().ok();
    first.map_or_else(|| format!("{month}-28"), |first| first.last_of_month().to_string())
}

fn paging(language: Language, query: &Query, found: &SearchObject) -> Markup {
    let offset = query.offset.unwrap_or(0);
    html! {
        nav.pages aria-label=(language.t("صفحات النتائج", "Pages of results")) {
            @if offset > 0 { a.button.plain rel="prev" href=(address(query, &[], offset.saturating_sub(A_PAGE))) { (language.t("السابق", "Previous")) } }
            @if found.hits.len() == A_PAGE { a.button.plain rel="next" href=(address(query, &[], offset + A_PAGE)) { (language.t("التالي", "Next")) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_the_search_as_it_was() {
        let query = Query { q: "شبكة \"أ&ب\"".to_owned(), kind: Some("memo".to_owned()), ..Query::default() };
        let link = address(&query, &[("date_from", "2014-01-01")], 20);
        assert!(link.contains("kind=memo&date_from=2014-01-01&offset=20") && link.contains("%26"), "{link}");
        assert!(!address(&query, &[("kind", "")], 0).contains("kind"));
        assert_eq!(last_day("2016-02"), "2016-02-29");
    }

    #[test]
    fn empty_months_keep_their_place() {
        let count = |value: &str, letters| CountObject { value: value.to_owned(), letters };
        let months = every_month(&[count("2013-11", 2), count("2014-02", 1)]);
        let want = [("2013-11", 2), ("2013-12", 0), ("2014-01", 0), ("2014-02", 1)];
        assert_eq!(months, want.map(|(name, letters)| (name.to_owned(), letters)));
        assert_eq!(every_month(&[count("1950-01", 1), count("2020-01", 1)]).len(), MOST_BARS + 1);
        assert!(every_month(&[]).is_empty());
    }
}
