//! Decides what a query looks for: its tree in, a plan out: items, each with the terms that hold it strictly and with
//! what the word-by-word comparison needs, and the rule by which a document that holds some of them answers the query.

use super::analyser::{ANYWHERE, bare_stem, root_term, serial_term, stem_term};
use super::query::{Clause, FieldName, Form, Node, Query};
use super::rule::Rule;
use super::runs::pair_term;
use super::schema::Fields;
use super::span::{date_in, days_of};
use crate::model::Kind;
use crate::text::marks::{DateMark, Mark, Reading, find_marks, whole_number};
use crate::text::normalise::search_key;
use crate::text::stem::{is_weak, root, stem};
use crate::text::tokens::{tokens, word_key};
use std::collections::BTreeSet;
use std::ops::Range;
use tantivy::Term;
use tantivy::schema::Field;

/// More items than this are dropped: a mask of them must fit a machine word.
pub(super) const MOST_ITEMS: usize = 64;
const MOST_PHRASE_WORDS: usize = 24;

/// What to look for.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub items: Vec<Item>,
    pub rule: Rule,
    pub notes: Vec<String>,
}

impl Item {
    /// Says whether another item looks for the same thing in the same place.
    fn is_like(&self, other: &Self) -> bool {
        self.negative == other.negative
            && self.scope == other.scope
            && self.probe == other.probe
            && self.lookups == other.lookups
    }

    /// Returns the words it looks for.
    pub(super) fn words(&self) -> &[Word] {
        match &self.probe {
            Probe::Word(word) => std::slice::from_ref(word),
            Probe::Phrase(words) => words,
            Probe::Prefix(_) | Probe::Mark(_) | Probe::Value => &[],
        }
    }
}

/// One thing to look for.
#[derive(Debug)]
pub(super) struct Item {
    pub probe: Probe,
    /// Where it may stand: anywhere, or in one field of the letter.
    pub scope: Option<FieldName>,
    pub lookups: Vec<Lookup>,
    /// Terms that raise a page among others and make none of them a match.
    pub bonus: Vec<(Term, f32)>,
    /// Terms that suggest a page where nothing better is found.
    pub hints: Vec<(Term, f32)>,
    /// Items of one group stand side by side in the query.
    pub group: usize,
    /// Items of one choice count as one.
    pub choice: Option<usize>,
    /// Says little; it counts only where there is nothing else.
    pub weak: bool,
    /// Documents with it are left out.
    pub negative: bool,
    /// Where the query says so.
    pub span: Range<usize>,
}

/// What the word-by-word comparison looks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Probe {
    Word(Word),
    Phrase(Vec<Word>),
    Prefix(Vec<String>),
    Mark(Vec<Reading>),
    /// Something that stands in no text: days, a kind.
    Value,
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
#[derive(Debug, PartialEq)]
pub(super) struct Lookup {
    pub by: By,
    pub weight: f32,
}

/// How the index is asked.
#[derive(Debug, PartialEq)]
pub(super) enum By {
    /// All of these terms.
    Terms(Vec<Term>),
    /// These terms one after the other, and the terms of their pairs.
    Phrase(Vec<Term>, Vec<Term>),
    /// Any term of the field that begins so.
    Prefix(Field, String),
    /// A letter of these days, both included.
    Days(i64, i64),
    /// A letter with this value in a column.
    Value(&'static str, String),
}

/// Makes the plan of `query`; `known` says whether the index holds a term.
pub(super) fn plan(query: Query, fields: &Fields, known: &dyn Fn(&Term) -> bool) -> Plan {
    let mut planner = Planner {
        fields,
        known,
        items: Vec::new(),
        notes: query.notes,
        groups: 0,
        choices: 0,
        choice: None,
        negative: false,
    };
    let rule = planner.all_of(&query.nodes);
    let (items, rule) = without_doubles(planner.items, rule);
    let mut plan = Plan { items, rule, notes: planner.notes };
    if plan.items.len() > MOST_ITEMS {
        plan.items.truncate(MOST_ITEMS);
        plan.rule = plan.rule.only_first(MOST_ITEMS).unwrap_or_default();
        plan.notes.push(format!("only the first {MOST_ITEMS} words of the query were used"));
    }
    let all_weak = plan.items.iter().filter(|item| !item.negative).all(|item| item.weak);
    plan.items.iter_mut().filter(|_| all_weak).for_each(|item| item.weak = false);
    plan
}

/// Keeps one of the items of a choice that look for the same thing: asking for it once more takes as long again and says nothing new.
fn without_doubles(items: Vec<Item>, rule: Rule) -> (Vec<Item>, Rule) {
    let mut kept: Vec<Item> = Vec::with_capacity(items.len());
    let mut numbers = Vec::with_capacity(items.len());
    for item in items {
        let same = |other: &Item| item.choice.is_some() && other.choice == item.choice && other.is_like(&item);
        numbers.push(kept.iter().position(same).unwrap_or(kept.len()));
        if numbers.last() == Some(&kept.len()) {
            kept.push(item);
        }
    }
    let rule = rule.renumbered(&numbers).simplified();
    (kept, rule)
}

struct Planner<'a> {
    fields: &'a Fields,
    known: &'a dyn Fn(&Term) -> bool,
    items: Vec<Item>,
    notes: Vec<String>,
    groups: usize,
    choices: usize,
    choice: Option<usize>,
    negative: bool,
}

impl Planner<'_> {
    /// Plans nodes that stand side by side: most of the plain words, and all of the rest.
    fn all_of(&mut self, nodes: &[Node]) -> Rule {
        let plain_group = self.new_group();
        let (mut plain, mut all) = (Vec::new(), Vec::new());
        for node in nodes {
            match node {
                Node::Clause(clause) => self.clause(clause, plain_group, &mut plain, &mut all),
                Node::Not(nodes) => {
                    let before = self.negative;
                    self.negative = !before;
                    let inner = self.all_of(nodes);
                    self.negative = before;
                    if inner != Rule::default() {
                        all.push(Rule::Not(Box::new(inner)));
                    }
                }
                Node::Any(choices) => plain.extend(self.any_of(choices)),
            }
        }
        let counted = self.most_of(&plain);
        if !counted.is_empty() {
            all.insert(0, Rule::Most(counted));
        }
        if all.len() == 1 { all.remove(0) } else { Rule::All(all) }
    }

    /// Leaves out the words that say little, unless there are no others.
    fn most_of(&self, plain: &[Rule]) -> Vec<Rule> {
        let is_weak =
            |rule: &Rule| matches!(rule, Rule::Item(item) if self.items.get(*item).is_some_and(|item| item.weak));
        let telling: Vec<_> = plain.iter().filter(|rule| !is_weak(rule)).cloned().collect();
        if telling.is_empty() { plain.to_vec() } else { telling }
    }

    fn any_of(&mut self, choices: &[Vec<Node>]) -> Option<Rule> {
        self.choices += 1;
        let outer = self.choice;
        self.choice = outer.or(Some(self.choices));
        let rules: Vec<_> =
            choices.iter().map(|nodes| self.all_of(nodes)).filter(|rule| *rule != Rule::default()).collect();
        self.choice = outer;
        (!rules.is_empty()).then_some(Rule::Any(rules))
    }

    /// Plans a clause: rules for plain words go to `plain`, a field's or a phrase's to `all`.
    fn clause(&mut self, clause: &Clause, group: usize, plain: &mut Vec<Rule>, all: &mut Vec<Rule>) {
        let first_new = self.items.len();
        let text = clause.text.as_str();
        let mut of_field = clause.field.is_some();
        match (clause.form, clause.field) {
            (Form::Words | Form::Phrase, Some(FieldName::Number)) => of_field = self.number(clause, group, plain),
            (Form::Words | Form::Phrase, Some(FieldName::Date)) => of_field = self.date(clause, group, plain),
            (_, Some(FieldName::Kind | FieldName::Organisation | FieldName::Secrecy)) => of_field = self.value(clause),
            (Form::Words, None) => return self.plain(text, clause.span.start, group, plain),
            (Form::Words, field) => {
                let group = self.new_group();
                for token in tokens(text) {
                    self.word(&text[token.span.clone()], &token.key, field, group, shifted(&token.span, clause));
                }
            }
            (Form::Phrase, field) => self.phrase(clause, field),
            (Form::Prefix, field) => self.prefix(clause, field, group),
        }
        if !of_field && clause.field.is_some() {
            return self.plain(text, clause.span.start, group, plain);
        }
        let rules: Vec<_> =
            (first_new..self.items.len()).map(Rule::Item).filter(|rule| !plain.contains(rule)).collect();
        match (clause.form, clause.field) {
            (Form::Prefix, None) => plain.extend(rules),
            _ => {
                let counted = self.most_of(&rules);
                all.extend((!counted.is_empty()).then_some(Rule::Most(counted)));
            }
        }
    }

    fn new_group(&mut self) -> usize {
        self.groups += 1;
        self.groups
    }

    fn push(&mut self, probe: Probe, scope: Option<FieldName>, group: usize, lookups: Vec<Lookup>, span: Range<usize>) {
        self.items.push(Item {
            probe,
            scope,
            lookups,
            bonus: Vec::new(),
            hints: Vec::new(),
            group,
            choice: self.choice,
            weak: false,
            negative: self.negative,
            span,
        });
    }

    /// Plain text: numbers and dates among words. `start` is where it stands in the query.
    fn plain(&mut self, text: &str, start: usize, group: usize, plain: &mut Vec<Rule>) {
        let first_new = self.items.len();
        let mut at = 0;
        for mark in find_marks(text) {
            self.words(text, at..mark.span.start, start, group);
            at = mark.span.end;
            let span = start + mark.span.start..start + mark.span.end;
            self.mark(mark, None, group, span);
        }
        self.words(text, at..text.len(), start, group);
        plain.extend((first_new..self.items.len()).map(Rule::Item));
    }

    fn words(&mut self, text: &str, part: Range<usize>, start: usize, group: usize) {
        let Some(words) = text.get(part.clone()) else { return };
        for token in tokens(words) {
            let from = start + part.start;
            let span = from + token.span.start..from + token.span.end;
            self.word(&words[token.span], &token.key, None, group, span);
        }
    }

    fn word(&mut self, written: &str, key: &str, scope: Option<FieldName>, group: usize, span: Range<usize>) {
        let word = Word::new(written, key);
        let lookups = self.word_lookups(&word, scope);
        let weak = is_weak(key);
        let bonus = if scope.is_none() { self.word_bonus(&word) } else { Vec::new() };
        let root = root_term(key).filter(|_| !weak && scope.is_none());
        self.push(Probe::Word(word), scope, group, lookups, span);
        if let Some(item) = self.items.last_mut() {
            item.weak = weak;
            item.bonus = bonus;
            item.hints.extend(root.map(|root| (Term::from_field_text(self.fields.roots, &root), 0.4)));
        }
    }

    fn word_lookups(&self, word: &Word, scope: Option<FieldName>) -> Vec<Lookup> {
        let one = |field, text: &str, weight| Lookup::terms(vec![Term::from_field_text(field, text)], weight);
        if let Some((field, _)) = scope.and_then(|scope| self.fields.of_words(scope)) {
            return vec![one(field, &word.key, 0.5), one(field, &stem_term(&word.key), 0.5)];
        }
        let mut lookups = vec![one(self.fields.stem, &word.stem, 1.0)];
        // The query's word may itself begin with a particle that cannot be told from its own letters.
        let known = lookups.iter().any(|lookup| lookup.any_term(self.known));
        let bare = word.key.strip_prefix(['ل', 'ب', 'ف', 'ك', 'س']).map(stem);
        let bare = bare_stem(&word.stem)
            .map(str::to_owned)
            .or(bare.filter(|bare| !known && bare.chars().count() >= 3))
            .filter(|bare| *bare != word.stem);
        lookups.extend(bare.map(|bare| one(self.fields.stem, &bare, 0.7)));
        lookups
    }

    fn word_bonus(&self, word: &Word) -> Vec<(Term, f32)> {
        let marked = stem_term(&word.key);
        let term = |field, text: &str| Term::from_field_text(field, text);
        let fields = [(self.fields.subject, 0.25), (self.fields.from, 0.2), (self.fields.to, 0.1)];
        let exact = (term(self.fields.norm, &word.key), 0.45);
        let in_fields = fields
            .into_iter()
            .flat_map(|(field, weight)| [(term(field, &word.key), 0.5 * weight), (term(field, &marked), 0.5 * weight)]);
        [exact].into_iter().chain(in_fields).collect()
    }

    fn phrase(&mut self, clause: &Clause, scope: Option<FieldName>) {
        let text = clause.text.as_str();
        let words: Vec<Word> = tokens(text)
            .into_iter()
            .take(MOST_PHRASE_WORDS)
            .map(|token| Word::new(&text[token.span], &token.key))
            .collect();
        let group = self.new_group();
        let lookups = match (&words[..], scope.and_then(|scope| self.fields.of_words(scope))) {
            ([], _) => return,
            ([word], _) => self.word_lookups(word, scope),
            (words, field) => {
                let (field, place, form): (_, _, fn(&Word) -> String) = match field {
                    Some((field, place)) => (field, place, |word| stem_term(&word.key)),
                    None => (self.fields.stem, ANYWHERE, |word| word.stem.clone()),
                };
                let forms: Vec<_> = words.iter().map(form).collect();
                let run = forms.iter().map(|form| Term::from_field_text(field, form)).collect();
                let beside = forms.windows(2).filter_map(|two| Some(pair_term(place, two.first()?, two.get(1)?)));
                let beside: BTreeSet<_> = beside.map(|pair| Term::from_field_text(self.fields.pairs, &pair)).collect();
                vec![Lookup { by: By::Phrase(run, beside.into_iter().collect()), weight: 1.0 }]
            }
        };
        let hints: Vec<_> = lookups.iter().flat_map(part_of_run).collect();
        self.push(Probe::Phrase(words), scope, group, lookups, clause.span.clone());
        self.items.last_mut().into_iter().for_each(|item| item.hints.clone_from(&hints));
    }

    fn prefix(&mut self, clause: &Clause, scope: Option<FieldName>, group: usize) {
        const PARTICLES: [&str; 10] = ["", "ال", "و", "وال", "ب", "بال", "ل", "لل", "ف", "ك"];
        let key = word_key(&clause.text);
        if key.is_empty() {
            return;
        }
        let arabic = key.chars().all(|c| matches!(c, 'ء'..='ي'));
        let particles = if arabic { &PARTICLES[..] } else { &PARTICLES[..1] };
        let beginnings: Vec<_> = particles.iter().map(|particle| format!("{particle}{key}")).collect();
        let field = scope.and_then(|scope| self.fields.of_words(scope)).map_or(self.fields.norm, |(field, _)| field);
        let lookups =
            beginnings.iter().map(|begin| Lookup { by: By::Prefix(field, begin.clone()), weight: 1.0 }).collect();
        self.push(Probe::Prefix(beginnings), scope, group, lookups, clause.span.clone());
    }

    /// A number or date: of the letter itself, or cited on the page.
    fn mark(&mut self, mark: Mark, scope: Option<FieldName>, group: usize, span: Range<usize>) {
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
        let hints = if scope.is_some() { self.cited(&readings) } else { Vec::new() };
        self.push(Probe::Mark(readings), scope, group, lookups, span);
        self.items.last_mut().into_iter().for_each(|item| item.hints.clone_from(&hints));
    }

    /// Returns what suggests a page that holds the value of a field, which may be the letter's own and was not
    /// understood as such.
    fn cited(&self, readings: &[Reading]) -> Vec<(Term, f32)> {
        let terms = readings.iter().flat_map(|reading| match reading {
            Reading::Date(_) => reading.whole().into_iter().collect(),
            Reading::Number(_) => reading.terms(),
        });
        terms.map(|term| (Term::from_field_text(self.fields.marks, &term), 0.5)).collect()
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

    /// A letter's number; false where the text holds none.
    fn number(&mut self, clause: &Clause, group: usize, plain: &mut Vec<Rule>) -> bool {
        let text = clause.text.as_str();
        let is_number = |mark: &Mark| mark.readings.iter().any(|reading| matches!(reading, Reading::Number(_)));
        let found = find_marks(text).into_iter().find(is_number);
        let whole = whole_number(text).map(|reading| Mark { readings: vec![reading], span: 0..text.len() });
        let Some(mut mark) = found.or(whole) else {
            self.notes.push(format!("{text:?} holds no letter number, searched as words"));
            return false;
        };
        mark.readings.retain(|reading| matches!(reading, Reading::Number(_)));
        self.field_mark(clause, mark, FieldName::Number, group, plain);
        true
    }

    /// A letter's day, month or year, or a range of them; false where the text holds none.
    fn date(&mut self, clause: &Clause, group: usize, plain: &mut Vec<Rule>) -> bool {
        let text = clause.text.as_str();
        if let Some(range) = days_of(text, &mut self.notes) {
            let group = self.new_group();
            let lookup = Lookup { by: By::Days(*range.start(), *range.end()), weight: 1.0 };
            self.push(Probe::Value, Some(FieldName::Date), group, vec![lookup], clause.span.clone());
            return true;
        }
        let Some((date, mark)) = date_in(text) else {
            self.notes.push(format!(
                "{text:?} is no date, searched as words; dates are 12/3/2014, 2014-03, آذار 2014, 2014 and 2012..2014"
            ));
            return false;
        };
        self.field_mark(clause, Mark { readings: vec![Reading::Date(date)], ..mark }, FieldName::Date, group, plain);
        true
    }

    /// The value of a field, with the words around it as plain ones.
    fn field_mark(&mut self, clause: &Clause, mark: Mark, field: FieldName, group: usize, plain: &mut Vec<Rule>) {
        let own_group = self.new_group();
        let (before, after) = (0..mark.span.start, mark.span.end..clause.text.len());
        self.mark(mark, Some(field), own_group, clause.span.clone());
        for part in [before, after] {
            let words = clause.text.get(part.clone()).unwrap_or_default();
            self.plain(words, clause.span.start + part.start, group, plain);
        }
    }

    /// A value that letters have or have not; false where there is no such value.
    fn value(&mut self, clause: &Clause) -> bool {
        let key = search_key(&clause.text);
        let (column, value) = match clause.field {
            Some(FieldName::Kind) => match kind_named(&key) {
                Some(kind) => ("kind", kind.as_str().to_owned()),
                None => {
                    let kinds = "letter, memo, circular, order, minutes, other";
                    self.notes.push(format!(
                        "no kind of letter is called {:?}, searched as words; kinds are {kinds}",
                        clause.text
                    ));
                    return false;
                }
            },
            Some(FieldName::Organisation) => ("organisation", clause.text.trim().to_owned()),
            _ => ("secrecy", key),
        };
        let group = self.new_group();
        let lookup = Lookup { by: By::Value(column, value), weight: 1.0 };
        self.push(Probe::Value, clause.field, group, vec![lookup], clause.span.clone());
        true
    }
}

/// Returns what suggests a page that holds part of a run of words.
fn part_of_run(lookup: &Lookup) -> Vec<(Term, f32)> {
    match &lookup.by {
        By::Phrase(_, pairs) if pairs.len() > 1 => {
            pairs.iter().map(|pair| (pair.clone(), 0.8 / pairs.len() as f32)).collect()
        }
        _ => Vec::new(),
    }
}

fn shifted(span: &Range<usize>, clause: &Clause) -> Range<usize> {
    clause.span.start + span.start..clause.span.start + span.end
}

fn kind_named(key: &str) -> Option<Kind> {
    const NAMES: [(&str, Kind); 14] = [
        ("كتاب", Kind::Letter),
        ("كتاب رسمي", Kind::Letter),
        ("رساله", Kind::Letter),
        ("مذكره", Kind::Memo),
        ("مذكره داخليه", Kind::Memo),
        ("اعمام", Kind::Circular),
        ("تعميم", Kind::Circular),
        ("امر", Kind::Order),
        ("امر اداري", Kind::Order),
        ("امر وزاري", Kind::Order),
        ("قرار", Kind::Order),
        ("محضر", Kind::Minutes),
        ("محضر اجتماع", Kind::Minutes),
        ("اخري", Kind::Other),
    ];
    let bare = key.strip_prefix("ال").unwrap_or(key);
    let named = NAMES.iter().find(|(name, _)| *name == key || *name == bare).map(|(_, kind)| *kind);
    named.or_else(|| Kind::ALL.into_iter().find(|kind| kind.as_str() == key))
}

impl Lookup {
    fn terms(terms: Vec<Term>, weight: f32) -> Self {
        Self { by: By::Terms(terms), weight }
    }

    fn any_term(&self, known: &dyn Fn(&Term) -> bool) -> bool {
        matches!(&self.by, By::Terms(terms) if terms.iter().any(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_names_in_both_languages() {
        for (name, want) in
            [("order", Some(Kind::Order)), ("الأوامر", None), ("الأمر الإداري", None), ("إعمام", Some(Kind::Circular))]
        {
            assert_eq!(kind_named(&search_key(name)), want, "{name}");
        }
    }
}
