//! The search page: a box, what was found, and what to narrow it by.

use super::frame::{Page, form_urlencoded};
use super::language::Language;
use crate::catalogue::{BriefRow, ListOrder};
use crate::serve::access::Right;
use crate::serve::app::{Shared, reading};
use crate::serve::dto::{FacetsObject, HitObject, SearchObject};
use crate::serve::error::Problem;
use crate::serve::find::{self, Query};
use axum::extract::{Query as FromQuery, State};
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
            return Ok(home(language, &typed, &latest));
        }
        let found = find::find(app, store, &asked.viewer, &typed)?;
        asked.note(app, "search", &typed.q, &format!("{} letters", found.total));
        Ok(results(language, &typed, &found))
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

fn home(language: Language, query: &Query, latest: &[BriefRow]) -> Markup {
    html! {
        h1 { (language.t("ابحث في أرشيف المخاطبات", "Search the archive of correspondence")) }
        (form(language, query))
        p.soft {
            (language.t("اكتب ما تذكره كما تذكره. للعبارة بنصها ضعها بين \"\"، ولاستبعاد كلمة ضع قبلها علامة ناقص، وللعدد اكتب ", "Type what you remember. Put a phrase in quotes, a minus before words to leave out, and for a number type "))
            bdi.num { "number:12/345" } "."
        }
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
        Some(subject) => html! { bdi { (subject) } },
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
                @if let Some(number) = self.number { span { (language.field("number")) ": " bdi { (number) } } }
                @if let Some(date) = &self.date { span { (language.field("date")) ": " bdi.num { (date) } } }
                @if let Some(from) = self.from { span { (language.field("from")) ": " bdi { (from) } } }
                span { (language.t("الملف", "File")) ": " bdi { (self.source) } }
            }
        }
    }
}

fn results(language: Language, query: &Query, found: &SearchObject) -> Markup {
    let (strict, possible): (Vec<&HitObject>, Vec<&HitObject>) = found.hits.iter().partition(|hit| !hit.possible);
    let has_facets = found.facets.as_ref().is_some_and(|facets| facets.years.len() + facets.bodies.len() > 0);
    html! {
        h1.unseen { (language.t("نتائج البحث", "Found")) }
        (form(language, query))
        (chips(language, query))
        @for note in &found.notes { p.note dir="auto" { (note) } }
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
                            (label) ": " bdi { (value) } span aria-hidden="true" { " ✕" }
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
    let named = |name: &'static str, counts: &[crate::serve::dto::CountObject]| {
        let one = |count: &crate::serve::dto::CountObject| {
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
                    ul { @for (value, letters, link) in counts { li { a href=(link) { bdi { (value) } span.num { (letters) } } } } }
                }
            }
        }
    }
}

/// A bar a month, drawn as an image whose bars are links; by year where the months are too many.
fn histogram(language: Language, query: &Query, facets: &FacetsObject) -> Markup {
    let by_month = facets.months.len() <= 48;
    let counts = if by_month { &facets.months } else { &facets.years };
    if counts.len() < 2 {
        return html! {};
    }
    let most = counts.iter().map(|count| count.letters).max().unwrap_or(1).max(1);
    let width = 20 * counts.len();
    html! {
        svg.months viewBox={ "0 0 " (width) " 60" } preserveAspectRatio="none" role="group" aria-label=(language.t("عدد الكتب بحسب الزمن", "Letters over time")) {
            @for (n, count) in counts.iter().enumerate() {
                @let height = (count.letters * 56 / most).max(3);
                @let (from, to) = if by_month { (format!("{}-01", count.value), last_day(&count.value)) } else { (format!("{}-01-01", count.value), format!("{}-12-31", count.value)) };
                a href=(address(query, &[("date_from", &from), ("date_to", &to)], 0)) aria-label={ (count.value) ": " (language.letters(count.letters)) } {
                    rect x=(20 * n + 2) y=(60 - height) width="16" height=(height) { title { (count.value) ": " (language.letters(count.letters)) } }
                }
            }
        }
    }
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
}
