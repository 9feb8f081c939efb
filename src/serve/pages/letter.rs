//! A letter's page: its fields with their evidence, the scan with the words found, its text, its thread.

use super::frame::{Page, form_urlencoded};
use super::language::{Language, shown};
use super::scan::Scan;
use crate::model::{Document, Evidence, Field, FieldSource, Letter, PixelBox, Rotation, Word};
use crate::pipeline::Store;
use crate::pipeline::related::Relation;
use crate::search::SearchOptions;
use crate::serve::access::{Right, Viewer};
use crate::serve::api;
use crate::serve::app::{App, Shared, reading};
use crate::serve::dto::{MemberObject, RelatedObject, ThreadObject};
use crate::serve::error::Problem;
use crate::serve::find;
use crate::text::normalise::search_key;
use crate::text::stem::stem;
use crate::text::tokens::tokens;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::HashSet;

/// A field read with less is shown as doubtful.
const SURE: f32 = 0.8;
/// A word read with less is underlined.
const SURE_WORD: f32 = 0.5;
/// Words shown of a page's text; a page of print has some hundred.
const MOST_WORDS: usize = 5000;
/// Letters shown of one word.
const LONGEST_WORD: usize = 80;
/// How far down the hits of a search the letter is looked for, to mark the very words that the search found.
const MOST_RANKED: usize = 60;

/// How the letter is to be shown.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    page: Option<u32>,
    q: String,
    turn: Option<u16>,
}

/// Shows a letter.
pub async fn page(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Response {
    if let Err(problem) = page.asked.needs(Right::Read) {
        return page.go(Err(problem));
    }
    let (asked, language) = (page.asked.clone(), page.language);
    let content = reading(&app, move |app, store| {
        if shown.q.chars().count() > find::LONGEST_QUERY {
            return Err(Problem::Wrong(format!("a query has at most {} letters", find::LONGEST_QUERY)));
        }
        let document = api::whole(store, &asked.viewer, &id)?;
        asked.note(app, "read", &id, "page");
        let thread = api::told_thread(store, &asked.viewer, document.id)?;
        let mut related = find::related(app, store, &asked.viewer, document.id, &thread, api::MOST_RELATED)?;
        related.retain(|letter| letter.relation == Relation::Subject);
        let (thread, related) = (ThreadObject::of(thread), RelatedObject::of(related));
        let view = View::of(app, store, &asked.viewer, &document, &shown)?;
        Ok(view.drawn(language, &asked.viewer, &thread, &related))
    });
    page.answer(page.language.t("كتاب", "Letter"), content.await)
}

/// A letter with what is marked in it.
pub struct View<'a> {
    document: &'a Document,
    shown: &'a Shown,
    /// Page shown, from 1.
    number: u32,
    /// For each page, the places of the words found.
    hits: Vec<Vec<PixelBox>>,
    /// Words of the page shown that were found, by their order.
    marked: HashSet<usize>,
}

impl<'a> View<'a> {
    /// Looks up what is to be marked.
    pub fn of(
        app: &App,
        store: &Store,
        viewer: &Viewer,
        document: &'a Document,
        shown: &'a Shown,
    ) -> Result<Self, Problem> {
        let best = best_page(app, store, viewer, document, &shown.q)?;
        let keys: HashSet<String> = tokens(&shown.q).iter().map(|token| stem(&token.key)).collect();
        let mut hits = Vec::with_capacity(document.pages.len());
        let mut found = Vec::with_capacity(document.pages.len());
        for page in &document.pages {
            let ordinals: HashSet<usize> = match &best {
                Some((number, words)) if *number == page.number.0 => words.iter().copied().collect(),
                _ => page.words().enumerate().filter(|(_, word)| is_one_of(word, &keys)).map(|(at, _)| at).collect(),
            };
            let places = page.words().enumerate().filter(|(at, word)| ordinals.contains(at) && !word.bounds.is_empty());
            hits.push(places.map(|(_, word)| word.bounds).collect::<Vec<_>>());
            found.push(ordinals);
        }
        let pages = u32::try_from(document.pages.len()).unwrap_or(u32::MAX);
        let number = shown.page.or(best.map(|best| best.0)).unwrap_or(1).clamp(1, pages.max(1));
        let marked = found.into_iter().nth(number as usize - 1).unwrap_or_default();
        Ok(Self { document, shown, number, hits, marked })
    }

    fn drawn(&self, language: Language, viewer: &Viewer, thread: &ThreadObject, related: &RelatedObject) -> Markup {
        let letter = &self.document.letter;
        let id = self.document.id.to_string();
        let subject = letter.subject.as_ref().map(|field| field.value.as_str());
        html! {
            h1 { @match subject {
                Some(subject) => bdi { (shown(subject)) },
                None => (language.t("كتاب بلا موضوع", "Letter without a subject")),
            } }
            div.bar.noprint {
                @if !self.shown.q.is_empty() { a.button.plain href={ "/?q=" (form_urlencoded(&self.shown.q)) } { (language.t("إلى النتائج", "To the results")) } }
                a.button.plain href={ "/api/v1/documents/" (id) "/pdf" } { (language.t("PDF قابل للبحث", "Searchable PDF")) }
                a.button.plain href={ "/api/v1/documents/" (id) "/original" } { (language.t("الملف الأصلي", "Original file")) }
                a.button.plain href={ "/api/v1/documents/" (id) "/text" } { (language.t("النص", "Text")) }
                @if viewer.may(Right::Correct) { a.button.plain href={ "/review/" (id) } { (language.t("تصحيح", "Correct")) } }
                button.plain type="button" data-print="" hidden { (language.t("طباعة", "Print")) }
            }
            div.letter {
                div {
                    section.card aria-label=(language.t("بيانات الكتاب", "What is known of the letter")) { (fields_list(language, letter, self.number, &self.shown.q, &id)) (source(language, self.document)) }
                    @if thread.letters.len() > 1 { section.card { h2 { (language.t("سلسلة المخاطبات", "Thread")) } (timeline(language, thread, &id)) } }
                    @if !related.letters.is_empty() {
                        section.card.noprint { h2 { (language.t("كتب بالموضوع نفسه", "Letters with the same subject")) } (same_subject(language, related)) }
                    }
                    section.card.noprint { h2 { (language.t("نص الصفحة", "Text of the page")) } (self.text()) }
                }
                (self.scan(language))
            }
        }
    }

    /// The scan with what is marked on it, and what turns and enlarges it.
    pub fn scan(&self, language: Language) -> Markup {
        let Some(page) = self.document.pages.get(self.number as usize - 1) else { return html! {} };
        let id = self.document.id.to_string();
        let turned = Rotation::from_degrees(i64::from(self.shown.turn.unwrap_or(0))).unwrap_or_default();
        let fields = places(&self.document.letter, self.number);
        let hits = self.hits.get(self.number as usize - 1).map(Vec::as_slice).unwrap_or_default();
        let label = format!("{} {}", language.t("صورة الصفحة", "Scan of page"), self.number);
        let scan = Scan { id: &id, page, turn: page.rotation.then(turned), hits, fields: &fields, label: &label };
        let pages = self.document.pages.len();
        let has_hits = |number: &usize| self.hits.get(number - 1).is_some_and(|hits| !hits.is_empty());
        let here = self.number as usize;
        let (before, after) = ((1..here).rev().find(has_hits), (here + 1..=pages).find(has_hits));
        let further = turned.then(Rotation::Clockwise90).degrees();
        html! {
            section.scan aria-label=(label) {
                div.bar.noprint {
                    @if pages > 1 {
                        @if here > 1 { a.button.plain rel="prev" href=(self.address(here - 1, 0)) { (language.t("السابقة", "Previous")) } }
                        span { (language.t("صفحة", "Page")) " " span.num { (here) " / " (pages) } }
                        @if here < pages { a.button.plain rel="next" href=(self.address(here + 1, 0)) { (language.t("التالية", "Next")) } }
                    }
                    button.plain type="button" data-zoom-by="1" hidden { "+" span.unseen { (language.t("تكبير", "Larger")) } }
                    button.plain type="button" data-zoom-by="-1" hidden { "−" span.unseen { (language.t("تصغير", "Smaller")) } }
                    a.button.plain href=(self.address(here, further)) { "⟳ " (language.t("تدوير", "Turn")) }
                    @if !hits.is_empty() {
                        button.plain type="button" data-hit-by="-1" hidden { (language.t("الموضع السابق", "Hit before")) }
                        span.num id="hit-number" { (hits.len()) }
                        button.plain type="button" data-hit-by="1" hidden { (language.t("الموضع التالي", "Next hit")) }
                    }
                    @if let Some(page) = before { a id="previous-hits" href=(self.address(page, 0)) { (language.t("مواضع في صفحة", "Hits on page")) " " (page) } }
                    @if let Some(page) = after { a id="next-hits" href=(self.address(page, 0)) { (language.t("مواضع في صفحة", "Hits on page")) " " (page) } }
                }
                div.view tabindex="0" data-reveal=[(!self.shown.q.is_empty()).then_some("on")] { (scan.drawn()) }
                @if let Some(reason) = &page.reason { p.soft dir="auto" { (reason) } }
            }
        }
    }

    fn address(&self, page: usize, turn: u16) -> String {
        let turn = if turn == 0 { String::new() } else { format!("&turn={turn}") };
        format!("/letters/{}?page={page}&q={}{turn}", self.document.id, form_urlencoded(&self.shown.q))
    }

    fn text(&self) -> Markup {
        let Some(page) = self.document.pages.get(self.number as usize - 1) else { return html! {} };
        let mut next = 0;
        let lines = page.lines.iter().map(|line| {
            let first = next;
            next += line.words.len();
            (first, line)
        });
        html! {
            div.text dir="auto" lang="ar" tabindex="0" {
                @for (first, line) in lines {
                    @for (at, word) in (first..MOST_WORDS).zip(&line.words) { (self.word(at, word)) " " }
                    "\n"
                }
            }
        }
    }

    fn word(&self, at: usize, word: &Word) -> Markup {
        let text: String = shown(&word.text).chars().take(LONGEST_WORD).collect();
        html! {
            @if self.marked.contains(&at) { mark { (text) } }
            @else if word.confidence.get() < SURE_WORD { span.doubt { (text) } }
            @else { (text) }
        }
    }
}

fn is_one_of(word: &Word, keys: &HashSet<String>) -> bool {
    !keys.is_empty() && tokens(&word.text).iter().any(|token| keys.contains(&stem(&token.key)))
}

/// Returns the page of a letter that a search finds best, with the ordinals of the words found on it.
fn best_page(
    app: &App,
    store: &Store,
    viewer: &Viewer,
    document: &Document,
    query: &str,
) -> Result<Option<(u32, Vec<usize>)>, Problem> {
    if search_key(query).is_empty() {
        return Ok(None);
    }
    let options =
        SearchOptions { limit: MOST_RANKED, filters: find::within(store, viewer)?, ..SearchOptions::default() };
    let answer = app.archive.index()?.search(query, &options)?;
    let hit = answer.hits.into_iter().find(|hit| hit.document == document.id);
    Ok(hit.map(|hit| (hit.page, hit.words)))
}

/// Returns the places of a letter's fields on a page, each with its name in the drawing.
pub fn places(letter: &Letter, page: u32) -> Vec<(String, PixelBox)> {
    let mut all = Vec::new();
    for (name, evidence) in evidence(letter) {
        for (n, place) in evidence.iter().enumerate() {
            if place.page.0 == page && !place.bounds.is_empty() {
                all.push((format!("f-{name}-{n}"), place.bounds));
            }
        }
    }
    all
}

fn evidence(letter: &Letter) -> Vec<(&'static str, Vec<&Evidence>)> {
    fn one<T>(field: &Option<Field<T>>) -> Vec<&Evidence> {
        field.iter().flat_map(|field| &field.evidence).collect()
    }
    fn many<T>(fields: &[Field<T>]) -> Vec<&Evidence> {
        fields.iter().flat_map(|field| &field.evidence).collect()
    }
    vec![
        ("number", one(&letter.number)),
        ("date", one(&letter.date)),
        ("hijri_date", one(&letter.hijri_date)),
        ("from", one(&letter.from)),
        ("to", many(&letter.to)),
        ("subject", one(&letter.subject)),
        ("references", many(&letter.references)),
        ("copies_to", many(&letter.copies_to)),
        ("signatory", one(&letter.signatory)),
        ("attachments", many(&letter.attachments)),
        ("secrecy", one(&letter.secrecy)),
        ("received", one(&letter.received)),
    ]
}

/// Shows the fields, each a link to its place on the scan.
fn fields_list(language: Language, letter: &Letter, page: u32, query: &str, id: &str) -> Markup {
    let evidence = evidence(letter);
    let link = |field: &str, n: usize, text: &str| {
        let place = evidence.iter().find(|(name, _)| *name == field).and_then(|(_, all)| all.get(n).copied());
        shown_with(place, field, n, text, (page, query, id))
    };
    let doubt = |field: &str| {
        let all = evidence.iter().find(|(name, _)| *name == field).map(|(_, all)| all.as_slice()).unwrap_or_default();
        !all.is_empty() && all.iter().all(|place| place.source == FieldSource::Read && place.confidence.get() < SURE)
    };
    let filled_in = |field: &str, n: usize| {
        let place = evidence.iter().find(|(name, _)| *name == field).and_then(|(_, all)| all.get(n));
        html! { @if place.is_some_and(|place| place.filled_in) {
            " " span.tag title=(language.t("لم يُطبع مع الكتاب، بل كُتب باليد أو خُتم", "not printed with the letter: written by pen or stamped")) { (language.t("باليد أو بالختم", "by hand or stamp")) }
        } }
    };
    let texts = |fields: &[Field<String>]| fields.iter().map(|field| field.value.clone()).collect::<Vec<_>>();
    let rows: Vec<(&str, Vec<String>)> = vec![
        ("number", texts(letter.number.as_slice())),
        ("date", letter.date.iter().map(|field| language.day(field.value)).collect()),
        ("hijri_date", texts(letter.hijri_date.as_slice())),
        ("from", texts(letter.from.as_slice())),
        ("to", texts(&letter.to)),
        ("subject", texts(letter.subject.as_slice())),
        ("copies_to", texts(&letter.copies_to)),
        ("attachments", texts(&letter.attachments)),
        ("secrecy", texts(letter.secrecy.as_slice())),
    ];
    html! {
        dl.fields {
            @if let Some(kind) = &letter.kind { dt { (language.field("kind")) } dd { (language.kind(kind.value.as_str())) } }
            @for (field, values) in rows {
                @if !values.is_empty() {
                    dt { (language.field(field)) }
                    dd.doubt[doubt(field)] { @for (n, value) in values.iter().enumerate() { @if n > 0 { br; } (link(field, n, value)) (filled_in(field, n)) } }
                }
            }
            @if !letter.references.is_empty() {
                dt { (language.field("references")) }
                dd { @for (n, field) in letter.references.iter().enumerate() {
                    @if n > 0 { br; }
                    @let text = field.value.date.map_or(field.value.number.clone(), |date| format!("{} · {}", field.value.number, language.day(date)));
                    (link("references", n, &text))
                    @if let Some(cited) = field.value.document { " " a href={ "/letters/" (cited) } { (language.t("فتح", "open")) } }
                    @else { " " span.soft { (language.t("(غير موجود)", "(not here)")) } }
                } }
            }
            @if let Some(signatory) = &letter.signatory {
                dt { (language.field("signatory")) }
                dd { @if let Some(name) = &signatory.value.name { (link("signatory", 0, name)) } @if let Some(title) = &signatory.value.title { " " span.soft { bdi { (shown(title)) } } } }
            }
            @if let Some(received) = &letter.received {
                dt { (language.field("received")) }
                dd { @if let Some(number) = &received.value.number { (link("received", 0, number)) } @if let Some(date) = received.value.date { " " bdi.num { (language.day(date)) } } (filled_in("received", 0)) }
            }
        }
    }
}

fn shown_with(
    place: Option<&Evidence>,
    field: &str,
    n: usize,
    text: &str,
    (page, query, id): (u32, &str, &str),
) -> Markup {
    match place {
        Some(place) if !place.bounds.is_empty() => {
            let name = format!("#f-{field}-{n}");
            let link = if place.page.0 == page {
                name
            } else {
                format!("/letters/{id}?page={}&q={}{name}", place.page, form_urlencoded(query))
            };
            html! { a.where href=(link) title=(shown(&place.written)) { bdi { (shown(text)) } } }
        }
        _ => html! { bdi { (shown(text)) } },
    }
}

fn source(language: Language, document: &Document) -> Markup {
    let source = &document.source;
    html! {
        p.soft {
            (language.t("الملف", "File")) ": " bdi { (shown(&source.name)) }
            @if document.id.part.is_some() { "، " (language.t("الصفحات", "pages")) " " span.num { (source.pages.0) "–" (source.pages.1) } }
            @if let Some(organisation) = &document.organisation { " · " (language.t("أرشيف", "archive of")) " " bdi { (organisation) } }
            " · " (language.t("وصل", "taken in")) " " bdi.num { (source.received.strftime("%Y-%m-%d").to_string()) }
        }
    }
}

fn same_subject(language: Language, related: &RelatedObject) -> Markup {
    html! {
        ul.plain {
            @for letter in &related.letters {
                li {
                    a href={ "/letters/" (letter.document) } {
                        bdi { (shown(letter.number.as_deref().or(letter.source.as_deref()).unwrap_or("-"))) }
                    }
                    @if let Some(date) = letter.date { " · " span.num { (date) } }
                    @if let Some(from) = &letter.from { " · " bdi { (shown(from)) } }
                    @if let Some(subject) = &letter.subject { div.soft { bdi { (shown(subject)) } } }
                    @else { div.soft { (language.t("بلا موضوع", "without a subject")) } }
                }
            }
        }
    }
}

fn timeline(language: Language, thread: &ThreadObject, here: &str) -> Markup {
    html! {
        ol.thread {
            @for letter in &thread.letters {
                @let is_here = letter.document.as_deref() == Some(here);
                li.missing[letter.document.is_none()].here[is_here] aria-current=[is_here.then_some("true")] {
                    (member(language, letter, is_here))
                    @for edge in thread.edges.iter().filter(|edge| Some(&edge.from) == letter.document.as_ref()) {
                        div.soft {
                            (language.t("جواب على", "answers")) " " bdi { (shown(&edge.number)) }
                            @if let Some(days) = edge.days { " · " (language.t("بعد", "after")) " " span.num { (days) } " " (language.t("يوم", "days")) }
                        }
                    }
                }
            }
        }
        @if thread.cut_off { p.soft { (language.t("للسلسلة كتب أخرى لا تظهر هنا.", "More letters belong to this thread than are shown.")) } }
    }
}

fn member(language: Language, letter: &MemberObject, is_here: bool) -> Markup {
    let name = letter.number.as_deref().or(letter.source.as_deref()).unwrap_or("-");
    html! {
        @if let Some(date) = letter.date { bdi.num { (language.day(date)) } " · " }
        @match &letter.document {
            Some(id) if !is_here => a href={ "/letters/" (id) } { bdi { (shown(name)) } },
            Some(_) => strong { bdi { (shown(name)) } },
            None => { bdi { (shown(name)) } " " span.tag.bad { (language.t("لم يُستلم", "never received")) } },
        }
        @if let Some(from) = &letter.from { div { bdi { (shown(from)) } } }
        @if let Some(subject) = &letter.subject { div.soft { bdi { (shown(subject)) } } }
    }
}
