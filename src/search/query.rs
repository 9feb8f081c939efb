//! Takes a query apart: any text in, clauses out. It never fails; what is no clause is words.
//!
//! `"…"` is a phrase, `-word` leaves out, `word*` is a beginning, `field:` reaches to the next field, or over the quoted
//! value that follows it. Fields have Arabic names too, as they stand on letters (`العدد: …`), so that a heading pasted
//! into the search box does what it says.

use crate::text::normalise::{is_ignorable, search_key};

/// A field of the letter that a clause is confined to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldName {
    Number,
    Date,
    From,
    To,
    Subject,
}

/// What a clause asks for, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Words(String),
    Phrase(String),
    Prefix(String),
}

/// A part of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    pub field: Option<FieldName>,
    pub excluded: bool,
    pub form: Form,
}

/// A query taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub clauses: Vec<Clause>,
    pub notes: Vec<String>,
}

/// A query longer than this is cut: nobody types it, and programs should not send it.
const LONGEST_QUERY_CHARS: usize = 2000;

/// Takes `text` apart.
pub(super) fn parse(text: &str) -> Query {
    let mut parser = Parser { rest: text, query: Query::default(), field: None };
    if let Some((cut, _)) = text.char_indices().nth(LONGEST_QUERY_CHARS) {
        parser.rest = text.get(..cut).unwrap_or(text);
        parser.query.notes.push(format!("only the first {LONGEST_QUERY_CHARS} characters of the query were used"));
    }
    while parser.step() {}
    parser.query
}

struct Parser<'a> {
    rest: &'a str,
    query: Query,
    field: Option<FieldName>,
}

impl<'a> Parser<'a> {
    /// Takes the next part; false at the end.
    fn step(&mut self) -> bool {
        self.rest = self.rest.trim_start_matches(is_blank);
        let mut chars = self.rest.chars();
        let Some(first) = chars.next() else { return false };
        let mut excluded = false;
        if matches!(first, '-' | '−') && chars.next().is_some_and(|next| next.is_alphanumeric() || is_quote(next)) {
            excluded = true;
            self.rest = self.rest.get(first.len_utf8()..).unwrap_or_default();
        }
        if self.phrase(excluded) {
            return true;
        }
        let word = self.rest.split(|c| is_blank(c) || is_quote(c)).next().unwrap_or_default();
        if word.is_empty() {
            // A quote that nobody closed.
            self.skip(self.rest.chars().next().map_or(0, char::len_utf8));
        } else if !self.field_name(word, excluded) {
            self.skip(word.len());
            self.word(word, excluded);
        }
        true
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn phrase(&mut self, excluded: bool) -> bool {
        let Some(open) = self.rest.chars().next().filter(|c| is_quote(*c)) else { return false };
        let Some(inner) = self.rest.get(open.len_utf8()..) else { return false };
        let Some((phrase, after)) = inner.split_once(is_quote) else { return false };
        self.rest = after;
        // A field holds the quoted value that follows it at once, and no later one.
        let holds = matches!(self.query.clauses.last(), Some(last) if last.field == self.field && self.field.is_some());
        let field = self.field.take().filter(|_| !holds);
        self.push(Clause { field, excluded, form: Form::Phrase(phrase.to_owned()) });
        true
    }

    /// Takes `word` as the name of a field, with the colon in it or after it.
    fn field_name(&mut self, word: &'a str, excluded: bool) -> bool {
        let is_colon = |c: char| matches!(c, ':' | '：' | '︓');
        if let Some((name, value)) = word.split_once(is_colon) {
            let colon = word.len() - name.len() - value.len();
            if let Some(field) = field_named(name) {
                self.skip(name.len() + colon);
                self.field = Some(field);
                return true;
            }
            let like_a_name = name.chars().count() > 1 && name.chars().all(char::is_alphabetic);
            if like_a_name && !value.is_empty() && !value.starts_with('/') {
                let note =
                    format!("unknown field {name:?}, searched as words; fields are number, date, from, to, subject");
                self.query.notes.push(note);
                self.skip(word.len());
                self.word(name, excluded);
                self.word(value, excluded);
                return true;
            }
            return false;
        }
        let after = self.rest.get(word.len()..).unwrap_or_default().trim_start_matches(is_blank);
        match (field_named(word), after.chars().next()) {
            (Some(field), Some(c)) if is_colon(c) => {
                self.rest = after.get(c.len_utf8()..).unwrap_or_default();
                self.field = Some(field);
                true
            }
            _ => false,
        }
    }

    fn word(&mut self, word: &str, excluded: bool) {
        let bare = word.trim_end_matches('*');
        let letters = bare.chars().filter(|c| c.is_alphanumeric()).count();
        if bare.len() < word.len() && letters >= 2 {
            self.push(Clause { field: self.field, excluded, form: Form::Prefix(bare.to_owned()) });
            return;
        }
        if let Some(Clause { field, excluded: false, form: Form::Words(words) }) = self.query.clauses.last_mut()
            && *field == self.field
            && !excluded
        {
            words.push(' ');
            words.push_str(word);
            return;
        }
        self.push(Clause { field: self.field, excluded, form: Form::Words(word.to_owned()) });
    }

    fn push(&mut self, clause: Clause) {
        self.query.clauses.push(clause);
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_ignorable(c)
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '＂')
}

fn field_named(name: &str) -> Option<FieldName> {
    Some(match search_key(name).as_str() {
        "number" | "العدد" | "الرقم" | "رقم" => FieldName::Number,
        "date" | "التاريخ" => FieldName::Date,
        "from" | "من" => FieldName::From,
        "to" | "الي" => FieldName::To,
        "subject" | "الموضوع" => FieldName::Subject,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |clause: Clause| {
            let field = clause.field.map(|field| format!("{field:?}=")).unwrap_or_default();
            format!("{}{field}{:?}", if clause.excluded { "-" } else { "" }, clause.form)
        };
        parse(text).clauses.into_iter().map(show).collect()
    }

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        assert_eq!(shown(text), want, "of {text:?}");
    }

    #[test]
    fn words_phrases_beginnings_exclusions() {
        check("صيانة جسر", &[r#"Words("صيانة جسر")"#]);
        check("«مركز البيانات» بغداد", &[r#"Phrase("مركز البيانات")"#, r#"Words("بغداد")"#]);
        check("عجل* -سيارة", &[r#"Prefix("عجل")"#, r#"-Words("سيارة")"#]);
        check("30-12-2013 - 5", &[r#"Words("30-12-2013 - 5")"#]);
        check("\"بلا نهاية", &[r#"Words("بلا نهاية")"#]);
        check("*", &[r#"Words("*")"#]);
    }

    #[test]
    fn fields_reach_to_the_next_field() {
        check("from:وزارة الصحة subject: أدوية", &[r#"From=Words("وزارة الصحة")"#, r#"Subject=Words("أدوية")"#]);
        check("العدد : م.ع/12 التاريخ: 12/3/2014", &[r#"Number=Words("م.ع/12")"#, r#"Date=Words("12/3/2014")"#]);
        check("الى:\"دائرة الطرق\" جسر", &[r#"To=Phrase("دائرة الطرق")"#, r#"Words("جسر")"#]);
        check("كتاب من الوزارة إلى الشركة", &[r#"Words("كتاب من الوزارة إلى الشركة")"#]);
    }

    #[test]
    fn unknown_fields_are_words_with_a_note() {
        let query = parse("foo:bar 10:30 http://x");
        assert_eq!(query.clauses.len(), 1);
        assert_eq!(query.notes.len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_a_query(text in "\\PC{0,80}", marked in "[-\"«»:* \u{200F}a-cمنإلى٠-٩/.]{0,60}") {
            parse(&text);
            parse(&marked);
        }
    }
}
