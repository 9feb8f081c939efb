//! Decides what a query looks for: clauses in, items out, each with the terms that hold it strictly and with what the
//! word-by-word comparison needs.

use super::analyser::{grams_of, root_term, serial_term, stem_term};
use super::query::{Clause, FieldName, Form, Query};
use super::schema::Fields;
use crate::text::marks::{DateMark, Mark, Reading, find_marks, whole_number};
use crate::text::stem::{is_weak, root, stem};
use crate::text::tokens::{tokens, word_key};
use jiff::civil::Date;
use tantivy::Term;
use tantivy::schema::Field;

/// More items than this are dropped: a mask of them must fit a machine word.
pub(super) const MOST_ITEMS: usize = 64;
const MOST_PHRASE_WORDS: usize = 24;

/// What to look for.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub items: Vec<Item>,
    /// Documents that hold one of these strictly are left out.
    pub excluded: Vec<Item>,
    /// How many groups there are; each must be satisfied on its own.
    pub groups: usize,
    pub notes: Vec<String>,
}

/// One thing to look for.
#[derive(Debug)]
pub(super) struct Item {
    pub probe: Probe,
    /// Where it may stand: anywhere, or in one field of the letter.
    pub scope: Option<FieldName>,
    pub lookups: Vec<Lookup>,
    /// What suggests a page without making it a strict match: trigrams of the word, for pages where it was misread.
    pub grams: Vec<Term>,
    /// Its root, for pages that hold a word akin to it.
    pub root: Option<Term>,
    /// Items of one group count together: the plain words, the words of one field, a phrase.
    pub group: usize,
    /// Says little; it counts only where its group holds nothing else.
    pub weak: bool,
}

/// What the word-by-word comparison looks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Probe {
    Word(Word),
    Phrase(Vec<Word>),
    Prefix(Vec<String>),
    Mark(Vec<Reading>),
    Days,
}

/// A word in the forms it is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub written: String,
    pub key: String,
    pub stem: String,
    pub root: Option<String>,
}

impl Word {
    fn new(written: &str, key: &str) -> Self {
        Self { written: written.to_owned(), key: key.to_owned(), stem: stem(key), root: root(key) }
    }
}

/// One way in which the index can hold an item strictly.
#[derive(Debug)]
pub(super) struct Lookup {
    pub by: By,
    pub weight: f32,
}

/// How the index is asked.
#[derive(Debug)]
pub(super) enum By {
    /// All of these terms.
    Terms(Vec<Term>),
    /// These terms one after the other.
    Phrase(Vec<Term>),
    /// Any term of the field that begins so.
    Prefix(Field, String),
    /// A letter of these days, both included.
    Days(i64, i64),
}

/// Makes the plan of `query`; `known` says whether the index holds a term.
pub(super) fn plan(query: Query, fields: &Fields, known: &dyn Fn(&Term) -> bool) -> Plan {
    let mut planner = Planner { fields, known, plan: Plan { groups: 1, notes: query.notes, ..Plan::default() } };
    for clause in &query.clauses {
        planner.clause(clause);
    }
    let mut plan = planner.plan;
    if plan.items.len() > MOST_ITEMS {
        plan.items.truncate(MOST_ITEMS);
        plan.notes.push(format!("only the first {MOST_ITEMS} words of the query were used"));
    }
    for group in 0..plan.groups {
        let all_weak = plan.items.iter().filter(|item| item.group == group).all(|item| item.weak);
        plan.items.iter_mut().filter(|item| item.group == group && all_weak).for_each(|item| item.weak = false);
    }
    plan
}

struct Planner<'a> {
    fields: &'a Fields,
    known: &'a dyn Fn(&Term) -> bool,
    plan: Plan,
}

impl Planner<'_> {
    fn clause(&mut self, clause: &Clause) {
        let first_new = self.plan.items.len();
        match (&clause.form, clause.field) {
            (Form::Words(text) | Form::Phrase(text), Some(FieldName::Number)) => self.number(text),
            (Form::Words(text) | Form::Phrase(text), Some(FieldName::Date)) => self.date(text),
            (Form::Words(text), None) => self.plain(text),
            (Form::Words(text), field) => {
                let group = self.new_group();
                tokens(text).into_iter().for_each(|token| self.word(&text[token.span], &token.key, field, group));
            }
            (Form::Phrase(text), field) => self.phrase(text, field),
            (Form::Prefix(text), field) => self.prefix(text, field),
        }
        if clause.excluded {
            let items = self.plan.items.split_off(first_new);
            self.plan.excluded.extend(items);
        }
    }

    fn new_group(&mut self) -> usize {
        self.plan.groups += 1;
        self.plan.groups - 1
    }

    fn push(&mut self, probe: Probe, scope: Option<FieldName>, group: usize, lookups: Vec<Lookup>) {
        self.plan.items.push(Item { probe, scope, lookups, grams: Vec::new(), root: None, group, weak: false });
    }

    /// Plain text: numbers and dates among words.
    fn plain(&mut self, text: &str) {
        let mut at = 0;
        for mark in find_marks(text) {
            self.words(text.get(at..mark.span.start).unwrap_or_default());
            at = mark.span.end;
            self.mark(mark, None, 0);
        }
        self.words(text.get(at..).unwrap_or_default());
    }

    fn words(&mut self, text: &str) {
        tokens(text).into_iter().for_each(|token| self.word(&text[token.span], &token.key, None, 0));
    }

    fn word(&mut self, written: &str, key: &str, scope: Option<FieldName>, group: usize) {
        let word = Word::new(written, key);
        let lookups = self.word_lookups(&word, scope);
        let weak = is_weak(key);
        let grams = if weak { Vec::new() } else { grams_of(key) };
        let grams = grams.iter().map(|gram| Term::from_field_text(self.fields.grams, gram)).collect();
        let root = root_term(key).filter(|_| !weak && scope.is_none());
        let root = root.map(|root| Term::from_field_text(self.fields.grams, &root));
        self.plan.items.push(Item { probe: Probe::Word(word), scope, lookups, grams, root, group, weak });
    }

    fn word_lookups(&self, word: &Word, scope: Option<FieldName>) -> Vec<Lookup> {
        let one = |field, text: &str, weight| Lookup::terms(vec![Term::from_field_text(field, text)], weight);
        let marked = stem_term(&word.key);
        if let Some(field) = scope.and_then(|scope| self.field_of(scope)) {
            return vec![one(field, &word.key, 0.5), one(field, &marked, 0.5)];
        }
        let mut lookups = vec![one(self.fields.norm, &word.key, 0.45), one(self.fields.stem, &word.stem, 0.55)];
        for (field, weight) in [(self.fields.subject, 0.25), (self.fields.from, 0.2), (self.fields.to, 0.1)] {
            lookups.push(one(field, &word.key, weight * 0.5));
            lookups.push(one(field, &marked, weight * 0.5));
        }
        let letters = word.stem.chars().count();
        if letters >= 4 && word.stem.chars().all(|c| matches!(c, 'ء'..='ي')) {
            // Particles of one letter cannot be told from the word's own letters when the page is indexed.
            lookups.extend(
                ["ل", "ب", "ف", "ك"]
                    .map(|one_letter| one(self.fields.stem, &format!("{one_letter}{}", word.stem), 0.4)),
            );
        }
        if !lookups.iter().any(|lookup| lookup.any_term(self.known)) {
            let bare = word.key.strip_prefix(['ل', 'ب', 'ف', 'ك', 'س']).filter(|bare| bare.chars().count() >= 3);
            lookups.extend(bare.map(|bare| one(self.fields.stem, &stem(bare), 0.5)));
        }
        lookups
    }

    fn field_of(&self, name: FieldName) -> Option<Field> {
        match name {
            FieldName::From => Some(self.fields.from),
            FieldName::To => Some(self.fields.to),
            FieldName::Subject => Some(self.fields.subject),
            FieldName::Number | FieldName::Date => None,
        }
    }

    fn phrase(&mut self, text: &str, scope: Option<FieldName>) {
        let words: Vec<Word> = tokens(text)
            .into_iter()
            .take(MOST_PHRASE_WORDS)
            .map(|token| Word::new(&text[token.span], &token.key))
            .collect();
        let group = if words.is_empty() { 0 } else { self.new_group() };
        if let [word] = &words[..] {
            let lookups = self.word_lookups(word, scope);
            self.push(Probe::Phrase(words), scope, group, lookups);
            return;
        }
        if words.is_empty() {
            return;
        }
        let run = |field, form: &dyn Fn(&Word) -> String| Lookup {
            by: By::Phrase(words.iter().map(|word| Term::from_field_text(field, &form(word))).collect()),
            weight: 1.0,
        };
        let lookups = match scope.and_then(|scope| self.field_of(scope)) {
            Some(field) => vec![run(field, &|word| word.key.clone()), run(field, &|word| stem_term(&word.key))],
            None => vec![
                run(self.fields.norm, &|word| word.key.clone()),
                run(self.fields.stem, &|word| word.stem.clone()),
                run(self.fields.subject, &|word| word.key.clone()),
                run(self.fields.from, &|word| word.key.clone()),
                run(self.fields.to, &|word| word.key.clone()),
            ],
        };
        let grams = words.iter().filter(|word| !is_weak(&word.key)).flat_map(|word| grams_of(&word.key));
        let grams = grams.map(|gram| Term::from_field_text(self.fields.grams, &gram)).collect();
        self.plan.items.push(Item {
            probe: Probe::Phrase(words),
            scope,
            lookups,
            grams,
            root: None,
            group,
            weak: false,
        });
    }

    fn prefix(&mut self, text: &str, scope: Option<FieldName>) {
        const PARTICLES: [&str; 10] = ["", "ال", "و", "وال", "ب", "بال", "ل", "لل", "ف", "ك"];
        let key = word_key(text);
        if key.is_empty() {
            return;
        }
        let arabic = key.chars().all(|c| matches!(c, 'ء'..='ي'));
        let particles = if arabic { &PARTICLES[..] } else { &PARTICLES[..1] };
        let beginnings: Vec<_> = particles.iter().map(|particle| format!("{particle}{key}")).collect();
        let field = scope.and_then(|scope| self.field_of(scope)).unwrap_or(self.fields.norm);
        let lookups =
            beginnings.iter().map(|begin| Lookup { by: By::Prefix(field, begin.clone()), weight: 1.0 }).collect();
        let group = if scope.is_some() { self.new_group() } else { 0 };
        self.push(Probe::Prefix(beginnings), scope, group, lookups);
    }

    /// A number or date: of the letter itself, or cited on the page.
    fn mark(&mut self, mark: Mark, scope: Option<FieldName>, group: usize) {
        let mut readings = mark.readings;
        if let [Reading::Number(parts)] = &readings[..]
            && let [year] = &parts[..]
            && let Ok(year @ 1900..=2100) = year.parse()
        {
            readings.push(Reading::Date(DateMark { year, month: None, day: None }));
        }
        let mut lookups = Vec::new();
        for reading in &readings {
            self.mark_lookups(reading, scope, &mut lookups);
        }
        let grams = if scope.is_some() { self.cited(&readings) } else { self.digit_grams(&readings) };
        self.plan.items.push(Item {
            probe: Probe::Mark(readings),
            scope,
            lookups,
            grams,
            root: None,
            group,
            weak: false,
        });
    }

    /// Returns what suggests a page where a lone number was misread.
    fn digit_grams(&self, readings: &[Reading]) -> Vec<Term> {
        let part = match readings {
            [Reading::Number(parts)] => parts.iter().max_by_key(|part| part.len()),
            _ => None,
        };
        let grams = part.into_iter().flat_map(|part| grams_of(part));
        grams.map(|gram| Term::from_field_text(self.fields.grams, &gram)).collect()
    }

    /// Returns what suggests a page that holds the value of a field, which may be the letter's own and was not
    /// understood as such.
    fn cited(&self, readings: &[Reading]) -> Vec<Term> {
        let terms = readings.iter().flat_map(|reading| match reading {
            Reading::Date(_) => reading.whole().into_iter().collect(),
            Reading::Number(_) => reading.terms(),
        });
        terms.map(|term| Term::from_field_text(self.fields.marks, &term)).collect()
    }

    fn mark_lookups(&self, reading: &Reading, scope: Option<FieldName>, lookups: &mut Vec<Lookup>) {
        let term = |field, text: &str| Term::from_field_text(field, text);
        let all = |field| reading.groups().iter().map(|group| term(field, &format!("g:{group}"))).collect::<Vec<_>>();
        let anywhere = scope.is_none();
        if let Some(whole) = reading.whole() {
            lookups.push(Lookup::terms(vec![term(self.fields.own, &whole)], 3.0));
            if anywhere {
                lookups.push(Lookup::terms(vec![term(self.fields.marks, &whole)], 1.0));
            }
        } else if let Some(serial) = serial_term(reading) {
            lookups.push(Lookup::terms(vec![term(self.fields.own, &serial)], 1.5));
        }
        if !reading.groups().is_empty() {
            lookups.push(Lookup::terms(all(self.fields.own), 1.5));
            if anywhere {
                lookups.push(Lookup::terms(all(self.fields.marks), 1.0));
            }
        }
    }

    fn number(&mut self, text: &str) {
        let is_number = |mark: &Mark| mark.readings.iter().any(|reading| matches!(reading, Reading::Number(_)));
        let found = find_marks(text).into_iter().find(is_number);
        let whole = whole_number(text).map(|reading| Mark { readings: vec![reading], span: 0..text.len() });
        let Some(mut mark) = found.or(whole) else {
            self.plan.notes.push(format!("{text:?} holds no letter number, searched as words"));
            return self.plain(text);
        };
        mark.readings.retain(|reading| matches!(reading, Reading::Number(_)));
        self.field_mark(text, mark, FieldName::Number);
    }

    fn date(&mut self, text: &str) {
        if let Some((first, last)) = text.split_once("..")
            && let (Some(first), Some(last)) = (date_in(first), date_in(last))
            && let (Some((from, _)), Some((_, to))) = (days_of(first.0), days_of(last.0))
        {
            let group = self.new_group();
            self.push(Probe::Days, Some(FieldName::Date), group, vec![Lookup { by: By::Days(from, to), weight: 1.0 }]);
            return;
        }
        let Some((date, mark)) = date_in(text) else {
            self.plan
                .notes
                .push(format!("{text:?} is no date, searched as words; dates are 12/3/2014, 2014-03 or 2014"));
            return self.plain(text);
        };
        self.field_mark(text, Mark { readings: vec![Reading::Date(date)], ..mark }, FieldName::Date);
    }

    /// The value of a field, with the words around it as plain ones.
    fn field_mark(&mut self, text: &str, mark: Mark, field: FieldName) {
        let (before, after) = (text.get(..mark.span.start), text.get(mark.span.end..));
        let group = self.new_group();
        self.mark(mark, Some(field), group);
        before.into_iter().chain(after).for_each(|words| self.plain(words));
    }
}

impl Lookup {
    fn terms(terms: Vec<Term>, weight: f32) -> Self {
        Self { by: By::Terms(terms), weight }
    }

    fn any_term(&self, known: &dyn Fn(&Term) -> bool) -> bool {
        matches!(&self.by, By::Terms(terms) if terms.iter().any(known))
    }
}

/// Returns the first date of `text`; a lone year counts as one.
fn date_in(text: &str) -> Option<(DateMark, Mark)> {
    find_marks(text).into_iter().find_map(|mark| {
        let date = mark.readings.iter().find_map(|reading| match reading {
            Reading::Date(date) => Some(*date),
            Reading::Number(parts) => match &parts[..] {
                [year] => year.parse().ok().filter(|year| matches!(year, 1300..=1499 | 1800..=2199)),
                _ => None,
            }
            .map(|year| DateMark { year, month: None, day: None }),
        })?;
        Some((date, mark))
    })
}

/// Returns the first and last day of a Gregorian date, as days since 1970-01-01.
fn days_of(date: DateMark) -> Option<(i64, i64)> {
    if date.is_hijri() {
        return None;
    }
    let year = i16::try_from(date.year).ok()?;
    let number = |month: u8, day: u8| {
        Some(day_number(Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?))
    };
    let last_month = date.month.unwrap_or(12);
    let days = i8::try_from(last_month).ok().and_then(|month| Date::new(year, month, 1).ok())?.days_in_month();
    let last_day = date.day.or_else(|| u8::try_from(days).ok())?;
    Some((number(date.month.unwrap_or(1), date.day.unwrap_or(1))?, number(last_month, last_day)?))
}

/// Returns the days from 1970-01-01 to `date`.
pub(super) fn day_number(date: Date) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1);
    (date - epoch).get_days().into()
}
