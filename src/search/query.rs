//! Takes a query apart: any text in, a tree of clauses out, each with the bytes it stands on. It never fails; what is no
//! clause is words, and what looks like a mistake gets a note.
//!
//! | written | means |
//! | --- | --- |
//! | `صيانة جسر` | words; most of them must be there |
//! | `"مركز البيانات"` | these words together |
//! | `عجل*` | words that begin so |
//! | `-سيارة`, `-"مركز البيانات"`, `-(أ ب)` | letters without it |
//! | `جسر أو نفق`, `جسر OR نفق`, `جسر \| نفق` | either; binds the two beside it |
//! | `(صيانة جسر) أو (ترميم نفق)` | groups; parentheses without `أو` or a field in them part nothing |
//! | `العدد:12/345`, `from:وزارة الصحة` | a field, which reaches to the next field, or over the quoted value or group after it |

use crate::text::normalise::{is_ignorable, search_key};
use std::ops::Range;

/// A field of the letter that a clause is confined to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldName {
    Number,
    Date,
    From,
    To,
    Subject,
    Kind,
    Organisation,
    Secrecy,
}

/// What a clause asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Words,
    Phrase,
    Prefix,
}

/// A part of a query that asks for one thing, or for words side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    pub field: Option<FieldName>,
    pub form: Form,
    /// As written, without quotes and stars.
    pub text: String,
    /// Where that stands in the query.
    pub span: Range<usize>,
}

/// A query taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Clause(Clause),
    /// Letters that hold this are left out.
    Not(Vec<Node>),
    /// One of these; each stands for all of its own nodes.
    Any(Vec<Vec<Node>>),
}

/// A query taken apart, with what its writer should know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub nodes: Vec<Node>,
    pub notes: Vec<String>,
}

/// A query longer than this is cut: nobody types it, and programs should not send it.
const LONGEST_QUERY_CHARS: usize = 2000;
/// Groups within groups; deeper parentheses are plain text.
const DEEPEST: usize = 8;

/// Takes `text` apart.
pub(super) fn parse(text: &str) -> Query {
    let mut notes = Vec::new();
    let mut end = text.len();
    if let Some((cut, _)) = text.char_indices().nth(LONGEST_QUERY_CHARS) {
        end = cut;
        notes.push(format!("only the first {LONGEST_QUERY_CHARS} characters of the query were used"));
    }
    let mut parser = Parser { text: text.get(..end).unwrap_or(text), at: 0, depth: 0, notes };
    let mut nodes = Vec::new();
    loop {
        nodes.extend(parser.sequence());
        if parser.rest().is_empty() {
            return Query { nodes, notes: parser.notes };
        }
        // A closing parenthesis too many.
        parser.skip_char();
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    notes: Vec<String>,
}

/// What a unit of a sequence turned out to be.
enum Unit {
    Node(Node),
    /// A group that parts nothing.
    Nodes(Vec<Node>),
    Field(FieldName),
    Nothing,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_char(&mut self) {
        self.at += self.rest().chars().next().map_or(0, char::len_utf8);
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is_blank).len();
    }

    /// Takes units up to the end, or to the parenthesis that closes this group.
    fn sequence(&mut self) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut field = None;
        loop {
            self.skip_blanks();
            if self.rest().is_empty() || (self.depth > 0 && self.closes()) {
                return nodes;
            }
            if !nodes.is_empty() && self.takes_or() {
                let alternative = self.alternative(field);
                self.join(&mut nodes, None, alternative);
                continue;
            }
            match self.unit(field) {
                Unit::Field(name) => {
                    self.skip_blanks();
                    field = match self.field_value(name) {
                        Some(node) => {
                            nodes.push(node);
                            None
                        }
                        None => Some(name),
                    };
                }
                Unit::Nodes(group) => {
                    self.skip_blanks();
                    if !group.is_empty() && self.takes_or() {
                        let alternative = self.alternative(field);
                        self.join(&mut nodes, Some(group), alternative);
                    } else {
                        group.into_iter().for_each(|node| self.push(&mut nodes, node));
                    }
                }
                Unit::Node(node) => self.push(&mut nodes, node),
                Unit::Nothing => {}
            }
        }
    }

    /// Adds a node; words that follow words are one clause.
    fn push(&self, nodes: &mut Vec<Node>, node: Node) {
        if let (Some(Node::Clause(last)), Node::Clause(next)) = (nodes.last_mut(), &node)
            && (last.form, next.form, last.field) == (Form::Words, Form::Words, next.field)
        {
            last.span.end = next.span.end;
            last.text = self.text.get(last.span.clone()).unwrap_or_default().to_owned();
            return;
        }
        nodes.push(node);
    }

    /// Says whether a parenthesis that closes the group comes next.
    fn closes(&self) -> bool {
        self.rest().starts_with([')', '）'])
    }

    /// Takes a sign of choice that has something after it.
    fn takes_or(&mut self) -> bool {
        let rest = self.rest();
        let word = rest.split(is_blank).next().unwrap_or_default();
        let after = rest.get(word.len()..).unwrap_or_default().trim_start_matches(is_blank);
        let is_or = matches!(word, "OR" | "|" | "||") || search_key(word) == "او";
        if !is_or || after.is_empty() || after.starts_with([')', '）']) {
            return false;
        }
        self.at += word.len();
        self.skip_blanks();
        true
    }

    /// Takes the one unit after a sign of choice.
    fn alternative(&mut self, field: Option<FieldName>) -> Vec<Node> {
        match self.unit(field) {
            Unit::Field(name) => {
                self.skip_blanks();
                let value = self.field_value(name).map_or_else(|| self.unit(Some(name)), Unit::Node);
                if let Unit::Node(node) = value { vec![node] } else { Vec::new() }
            }
            Unit::Nodes(nodes) => nodes,
            Unit::Node(node) => vec![node],
            Unit::Nothing => Vec::new(),
        }
    }

    /// Makes `group`, or else the last unit of `nodes`, and `alternative` a choice.
    fn join(&self, nodes: &mut Vec<Node>, group: Option<Vec<Node>>, alternative: Vec<Node>) {
        let first = match (group, nodes.pop()) {
            (Some(group), before) => {
                nodes.extend(before);
                group
            }
            (None, Some(Node::Any(mut choices))) => {
                choices.extend(Some(alternative).filter(|nodes| !nodes.is_empty()));
                nodes.push(Node::Any(choices));
                return;
            }
            (None, Some(Node::Clause(clause))) if clause.form == Form::Words => {
                let (before, last) = split_last(&clause);
                nodes.extend(before.map(Node::Clause));
                vec![Node::Clause(last)]
            }
            (None, last) => last.into_iter().collect(),
        };
        if alternative.is_empty() || first.is_empty() {
            first.into_iter().chain(alternative).for_each(|node| self.push(nodes, node));
        } else {
            nodes.push(Node::Any(vec![first, alternative]));
        }
    }

    fn unit(&mut self, field: Option<FieldName>) -> Unit {
        let mut chars = self.rest().chars();
        let Some(first) = chars.next() else { return Unit::Nothing };
        let opens = |c: char| c.is_alphanumeric() || is_quote(c) || matches!(c, '(' | '（');
        if matches!(first, '-' | '−') && chars.next().is_some_and(opens) && self.depth < DEEPEST {
            return self.negation(field);
        }
        if let Some(phrase) = self.phrase(field) {
            return Unit::Node(phrase);
        }
        if let Some(nodes) = self.group() {
            let choice = nodes.iter().any(|node| !matches!(node, Node::Clause(Clause { field: None, .. })));
            // A choice inside a group must not reach over its border, a plain group has none.
            return if choice && nodes.len() > 1 { Unit::Node(Node::Any(vec![nodes])) } else { Unit::Nodes(nodes) };
        }
        self.word(field)
    }

    fn negation(&mut self, field: Option<FieldName>) -> Unit {
        self.skip_char();
        self.depth += 1;
        let nodes = self.alternative(field);
        self.depth -= 1;
        if nodes.is_empty() { Unit::Nothing } else { Unit::Node(Node::Not(nodes)) }
    }

    /// Takes the quoted value or the group that follows a field's name at once.
    fn field_value(&mut self, name: FieldName) -> Option<Node> {
        if let Some(phrase) = self.phrase(Some(name)) {
            return Some(phrase);
        }
        let start = self.at;
        self.group()?;
        let inner = start + 1..self.at.saturating_sub(1);
        let text = self.text.get(inner.clone())?.trim_matches(['(', ')', '（', '）']).to_owned();
        Some(Node::Clause(Clause { field: Some(name), form: Form::Words, text, span: inner }))
    }

    fn phrase(&mut self, field: Option<FieldName>) -> Option<Node> {
        let open = self.rest().chars().next().filter(|c| is_quote(*c))?;
        let start = self.at + open.len_utf8();
        let inner = self.text.get(start..)?;
        let (phrase, after) = inner.split_once(is_quote)?;
        self.at = self.text.len() - after.len();
        let span = start..start + phrase.len();
        Some(Node::Clause(Clause { field, form: Form::Phrase, text: phrase.to_owned(), span }))
    }

    /// Takes a group in parentheses, if it is closed.
    fn group(&mut self) -> Option<Vec<Node>> {
        if !self.rest().starts_with(['(', '（']) || self.depth >= DEEPEST || !is_closed(self.rest()) {
            return None;
        }
        self.skip_char();
        let before = self.depth;
        self.depth += 1;
        let nodes = self.sequence();
        self.depth = before;
        self.skip_char();
        Some(nodes)
    }

    /// Takes a word: a field's name, the beginning of a word, or a word.
    fn word(&mut self, field: Option<FieldName>) -> Unit {
        let rest = self.rest();
        let word = rest.split(|c| is_blank(c) || is_quote(c)).next().unwrap_or_default();
        let word = if self.depth > 0 { before_closing(word) } else { word };
        if word.is_empty() {
            // A quote that nobody closed, a parenthesis that opens nothing.
            self.skip_char();
            return Unit::Nothing;
        }
        if let Some(name) = self.field_name(word) {
            return Unit::Field(name);
        }
        let span = self.at..self.at + word.len();
        self.at = span.end;
        let bare = word.trim_end_matches('*');
        let letters = bare.chars().filter(|c| c.is_alphanumeric()).count();
        let (form, text) =
            if bare.len() < word.len() && letters >= 2 { (Form::Prefix, bare) } else { (Form::Words, word) };
        Unit::Node(Node::Clause(Clause { field, form, text: text.to_owned(), span }))
    }

    /// Takes `word` as the name of a field, with the colon in it or after it.
    fn field_name(&mut self, word: &'a str) -> Option<FieldName> {
        let is_colon = |c: char| matches!(c, ':' | '：' | '︓');
        if let Some((name, value)) = word.split_once(is_colon) {
            if let Some(field) = field_named(name) {
                self.at += word.len() - value.len();
                return Some(field);
            }
            let like_a_name = name.chars().count() > 1 && name.chars().all(char::is_alphabetic);
            if like_a_name && !value.is_empty() && !value.starts_with('/') {
                self.notes.push(format!("unknown field {name:?}, searched as words; {FIELDS}"));
            }
            return None;
        }
        let after = self.rest().get(word.len()..)?.trim_start_matches(is_blank);
        let colon = after.chars().next().filter(|c| is_colon(*c))?;
        let field = field_named(word)?;
        self.at = self.text.len() - after.len() + colon.len_utf8();
        Some(field)
    }
}

const FIELDS: &str = "fields are number, date, from, to, subject, kind, organisation, secrecy";

/// Parts a clause of words before its last word.
fn split_last(clause: &Clause) -> (Option<Clause>, Clause) {
    let Some((before, last)) = clause.text.rsplit_once(is_blank) else { return (None, clause.clone()) };
    let start = clause.span.end - last.len();
    let head = Clause {
        text: before.trim_end_matches(is_blank).to_owned(),
        span: clause.span.start..clause.span.start + before.len(),
        ..clause.clone()
    };
    let last = Clause { text: last.to_owned(), span: start..clause.span.end, ..clause.clone() };
    (Some(head).filter(|head| !head.text.is_empty()), last)
}

/// Says whether the parenthesis that begins `text` is closed.
fn is_closed(text: &str) -> bool {
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '（' => depth += 1,
            ')' | '）' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return true;
        }
    }
    false
}

/// Returns the part of a word before the parenthesis that closes the group around it; one opened in the word is its own.
fn before_closing(word: &str) -> &str {
    let mut own = 0_usize;
    for (at, c) in word.char_indices() {
        match c {
            '(' | '（' => own += 1,
            ')' | '）' if own == 0 => return word.get(..at).unwrap_or(word),
            ')' | '）' => own -= 1,
            _ => {}
        }
    }
    word
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_ignorable(c)
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '＂')
}

fn field_named(name: &str) -> Option<FieldName> {
    Some(match search_key(name).as_str() {
        "number" | "العدد" | "الرقم" | "رقم" | "عدد" => FieldName::Number,
        "date" | "التاريخ" | "تاريخ" => FieldName::Date,
        "from" | "من" | "المرسل" => FieldName::From,
        "to" | "الي" | "المستلم" => FieldName::To,
        "subject" | "الموضوع" | "موضوع" => FieldName::Subject,
        "kind" | "type" | "النوع" | "نوع" => FieldName::Kind,
        "organisation" | "organization" | "org" | "الجهه" | "الموسسه" => FieldName::Organisation,
        "secrecy" | "السريه" => FieldName::Secrecy,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(nodes: &[Node]) -> String {
        let show = |node: &Node| match node {
            Node::Clause(Clause { field, form, text, .. }) => {
                let field = field.map(|field| format!("{field:?}:")).unwrap_or_default();
                match form {
                    Form::Words => format!("{field}{text}"),
                    Form::Phrase => format!("{field}«{text}»"),
                    Form::Prefix => format!("{field}{text}*"),
                }
            }
            Node::Not(nodes) => format!("-[{}]", shown(nodes)),
            Node::Any(choices) => {
                format!("<{}>", choices.iter().map(|nodes| shown(nodes)).collect::<Vec<_>>().join(" | "))
            }
        };
        nodes.iter().map(show).collect::<Vec<_>>().join(", ")
    }

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(shown(&parse(text).nodes), want, "of {text:?}");
    }

    #[test]
    fn words_phrases_beginnings_exclusions() {
        check("صيانة جسر", "صيانة جسر");
        check("«مركز البيانات» بغداد", "«مركز البيانات», بغداد");
        check("عجل* -سيارة", "عجل*, -[سيارة]");
        check("30-12-2013 - 5", "30-12-2013 - 5");
        check("\"بلا نهاية", "بلا نهاية");
        check("*", "*");
    }

    #[test]
    fn choices_bind_their_neighbours() {
        check("صيانة جسر أو نفق", "صيانة, <جسر | نفق>");
        check("جسر OR نفق | طريق", "<جسر | نفق | طريق>");
        check("(صيانة جسر) OR \"ترميم نفق\"", "<صيانة جسر | «ترميم نفق»>");
        check("أو جسر أو", "أو جسر أو");
        check("from:الصحة OR from:الإعمار", "<From:الصحة | From:الإعمار>");
    }

    #[test]
    fn parentheses_part_only_what_needs_it() {
        check("كتاب (345) في", "كتاب (345) في");
        check("شركة م.ع(12) )", "شركة م.ع(12) )");
        check("-(جسر نفق) طريق", "-[جسر نفق], طريق");
        check("طريق (جسر أو نفق)", "طريق, <جسر | نفق>");
        check("(طريق (جسر", "(طريق (جسر");
        check("من:(وزارة الصحة) جسر", "From:وزارة الصحة, جسر");
    }

    #[test]
    fn fields_reach_to_the_next_field() {
        check("from:وزارة الصحة subject: أدوية", "From:وزارة الصحة, Subject:أدوية");
        check("العدد : م.ع/12 التاريخ: 12/3/2014", "Number:م.ع/12, Date:12/3/2014");
        check("الى:\"دائرة الطرق\" جسر", "To:«دائرة الطرق», جسر");
        check("كتاب من الوزارة إلى الشركة", "كتاب من الوزارة إلى الشركة");
    }

    #[test]
    fn unknown_fields_are_words_with_a_note() {
        let query = parse("foo:bar 10:30 http://x");
        assert_eq!((query.nodes.len(), query.notes.len()), (1, 1));
    }

    fn clauses(nodes: &[Node]) -> Vec<&Clause> {
        fn inner(node: &Node) -> Vec<&Clause> {
            match node {
                Node::Clause(clause) => vec![clause],
                Node::Not(nodes) => clauses(nodes),
                Node::Any(choices) => choices.iter().flat_map(|nodes| clauses(nodes)).collect(),
            }
        }
        nodes.iter().flat_map(inner).collect()
    }

    proptest! {
        #[test]
        fn any_text_is_a_query_and_every_clause_stands_in_it(
            text in "\\PC{0,80}",
            marked in "[-\"«»:*()| \u{200F}a-cORمنإلىأو٠-٩/.]{0,60}",
        ) {
            for text in [text, marked] {
                let query = parse(&text);
                for clause in clauses(&query.nodes) {
                    let written = text.get(clause.span.clone());
                    prop_assert!(written.is_some_and(|written| written.contains(clause.text.as_str())), "{:?}", clause);
                }
            }
        }
    }
}
