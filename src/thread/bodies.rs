//! The authority file of bodies: ministries, companies and directorates with their other names. A name as read goes in, the body it
//! means comes out, or none: bodies that nobody entered are proposed to a person, never invented.

use super::key::one_edit;
use crate::text::normalise::search_key;
use serde::Deserialize;
use std::collections::HashMap;

/// The list that an archive begins with.
pub const EMBEDDED: &str = include_str!("bodies.toml");

/// Words of fewer letters have near neighbours that name other bodies: شركة سعد, شركة نصر.
const SHORT_WORD: usize = 4;
/// At most one word in so many may be misread.
const WORDS_A_SLIP: usize = 2;

/// A body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Its name.
    pub name: String,
    /// Other names of it.
    #[serde(default)]
    pub also: Vec<String>,
    /// Abbreviations. Compared letter by letter: short ones all lie near each other.
    #[serde(default)]
    pub short: Vec<String>,
    /// Name of the body above it.
    pub above: Option<String>,
    /// First year of the name.
    pub from: Option<u16>,
    /// Last year of the name.
    pub until: Option<u16>,
    /// Name of the body that took its place.
    pub now: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFile {
    version: u32,
    #[serde(default)]
    body: Vec<Body>,
}

/// The list of bodies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BodiesError {
    /// Not the TOML it should be.
    #[error("the list of bodies is wrong: {0}")]
    Form(#[from] toml::de::Error),
    /// A name that two bodies bear.
    #[error("two bodies are called {0:?}: merge them, or take the name from one")]
    Twice(String),
    /// No body of this name.
    #[error("no body is called {0:?}: see `warraq bodies list`")]
    Unknown(String),
    /// A body without a name.
    #[error("a body needs a name with letters")]
    Nameless,
}

/// All bodies known.
#[derive(Clone, Debug, Default)]
pub struct Bodies {
    /// How often the list was changed.
    pub version: u32,
    bodies: Vec<Body>,
    by_key: HashMap<String, usize>,
}

impl Bodies {
    /// Reads a list.
    ///
    /// # Errors
    /// [`BodiesError`] when the text is no list, or two bodies share a name.
    pub fn parse(text: &str) -> Result<Self, BodiesError> {
        let file: ListFile = toml::from_str(text)?;
        Self::of(file.version, file.body)
    }

    fn of(version: u32, bodies: Vec<Body>) -> Result<Self, BodiesError> {
        let mut by_key = HashMap::new();
        for (index, body) in bodies.iter().enumerate() {
            for name in names(body).chain(body.short.iter().map(String::as_str)) {
                let key = search_key(name);
                if key.is_empty() {
                    return Err(BodiesError::Nameless);
                }
                if by_key.insert(key, index).is_some_and(|other| other != index) {
                    return Err(BodiesError::Twice(name.to_owned()));
                }
            }
        }
        Ok(Self { version, bodies, by_key })
    }

    /// Returns the bodies in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = &Body> {
        self.bodies.iter()
    }

    /// Returns the body that a name means: one of its names to the letter, else the only one that slips of reading make of it.
    pub fn recognise(&self, name: &str) -> Option<&Body> {
        self.known(name).or_else(|| self.misread(name).map(|(body, _)| body))
    }

    /// Returns the body that bears a name, spelling habits aside.
    fn known(&self, name: &str) -> Option<&Body> {
        self.bodies.get(*self.by_key.get(&search_key(name))?)
    }

    /// Returns the body whose name was misread as `name`, and that name as it should be; none where two could be meant.
    fn misread(&self, name: &str) -> Option<(&Body, &str)> {
        let key = search_key(name);
        let alike = self
            .bodies
            .iter()
            .filter_map(|body| Some((body, names(body).find(|own| is_slip(&search_key(own), &key))?)));
        let mut alike = alike.fuse();
        let first = alike.next()?;
        alike.next().is_none().then_some(first)
    }

    /// Returns the name of the body that a sender or recipient is, part by part where it names a body and one above it:
    /// `وزارة المالية / دائرة الموازنة`. Parts that no body bears stay as they are written.
    pub fn canonical(&self, name: &str) -> String {
        self.by_parts(name, |part| self.known(part).map(|body| body.name.as_str()))
    }

    /// Returns a sender or recipient as read with the slips taken out of names that are known; old names stay old.
    pub fn mended(&self, name: &str) -> Option<String> {
        let mend = |part: &str| match self.known(part) {
            Some(_) => None,
            None => self.misread(part).map(|(_, name)| name),
        };
        let mended = self.by_parts(name, mend);
        (search_key(&mended) != search_key(name)).then_some(mended)
    }

    fn by_parts<'a>(&'a self, name: &str, better: impl Fn(&str) -> Option<&'a str>) -> String {
        if let Some(better) = better(name) {
            return better.to_owned();
        }
        let parts = name.split('/').map(str::trim).map(|part| better(part).unwrap_or(part).to_owned());
        parts.collect::<Vec<_>>().join(" / ")
    }

    /// Adds a body.
    ///
    /// # Errors
    /// [`BodiesError`] when one of its names is taken.
    pub fn with(&self, body: Body) -> Result<Self, BodiesError> {
        let mut bodies = self.bodies.clone();
        bodies.push(body);
        Self::of(self.version + 1, bodies)
    }

    /// Makes a name, with all other names of its body if it is one's own, a further name of another body.
    ///
    /// # Errors
    /// [`BodiesError`] when the other body is not known.
    pub fn merged(&self, name: &str, into: &str) -> Result<Self, BodiesError> {
        let key = |name: &str| self.by_key.get(&search_key(name)).copied();
        let target = key(into).ok_or_else(|| BodiesError::Unknown(into.to_owned()))?;
        let mut bodies = self.bodies.clone();
        let gone = key(name).filter(|gone| *gone != target);
        let mut further = vec![name.to_owned()];
        if let Some(gone) = gone.and_then(|gone| self.bodies.get(gone)) {
            further = names(gone).map(str::to_owned).collect();
            if let Some(target) = bodies.get_mut(target) {
                target.short.extend(gone.short.iter().cloned());
            }
        }
        if let Some(target) = bodies.get_mut(target) {
            let known: Vec<String> = names(target).map(search_key).collect();
            target.also.extend(further.into_iter().filter(|name| !known.contains(&search_key(name))));
        }
        if let Some(gone) = gone {
            bodies.remove(gone);
        }
        Self::of(self.version + 1, bodies)
    }

    /// Returns the list as [`Self::parse`] reads it.
    pub fn written(&self) -> String {
        // TOML's basic strings have the escapes of JSON.
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let list = |texts: &[String]| serde_json::Value::from(texts).to_string();
        let mut out = format!("version = {}\n", self.version);
        for body in &self.bodies {
            out.push_str(&format!("\n[[body]]\nname = {}\n", text(&body.name)));
            let lists = [("also", &body.also), ("short", &body.short)];
            for (key, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
                out.push_str(&format!("{key} = {}\n", list(names)));
            }
            for (key, name) in [("above", &body.above), ("now", &body.now)] {
                out.extend(name.as_deref().map(|name| format!("{key} = {}\n", text(name))));
            }
            for (key, year) in [("from", body.from), ("until", body.until)] {
                out.extend(year.map(|year| format!("{key} = {year}\n")));
            }
        }
        out
    }

    /// Returns the names of senders that mean no body known, alike ones together, with the number of their letters: what a person may add.
    pub fn proposals(&self, senders: &[(String, u64)]) -> Vec<(String, u64)> {
        let mut proposals: Vec<(String, u64)> = Vec::new();
        for (name, letters) in senders {
            let last = name.rsplit('/').next().unwrap_or(name).trim();
            if self.recognise(name).is_some() || self.recognise(last).is_some() || search_key(name).is_empty() {
                continue;
            }
            let key = search_key(name);
            let is_same = |other: &str| search_key(other) == key || is_slip(&search_key(other), &key);
            match proposals.iter_mut().find(|(other, _)| is_same(other)) {
                // The first of them has the most letters, so that misread names come under the right one.
                Some((_, all)) => *all += letters,
                None => proposals.push((name.clone(), *letters)),
            }
        }
        proposals.sort_by_key(|(_, letters)| std::cmp::Reverse(*letters));
        proposals
    }
}

/// Says whether one key is the other misread: word by word the same but for one letter in some longer ones.
fn is_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split(' ').collect(), b.split(' ').collect());
    if a.len() != b.len() {
        return false;
    }
    let long = |word: &str| word.chars().count() >= SHORT_WORD;
    let differing: Vec<_> = a.iter().zip(&b).filter(|(a, b)| a != b).collect();
    differing.len() <= a.len().div_ceil(WORDS_A_SLIP)
        && differing.iter().all(|(a, b)| long(a) && long(b) && one_edit(a, b))
}

fn names(body: &Body) -> impl Iterator<Item = &str> {
    std::iter::once(body.name.as_str()).chain(body.also.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded() -> Bodies {
        Bodies::parse(EMBEDDED).expect("bodies.toml parses and no name stands twice")
    }

    #[track_caller]
    fn check(name: &str, want: Option<&str>) {
        assert_eq!(embedded().recognise(name).map(|body| body.name.as_str()), want, "for {name:?}");
    }

    #[test]
    fn names_are_known_by_spelling_age_and_slips_of_reading() {
        check("وزاره الاعمار والاسكان", Some("وزارة الإعمار والإسكان"));
        check("وزارة الإعمار والإسكان والبلديات العامة", Some("وزارة الإعمار والإسكان والبلديات والأشغال العامة"));
        check("شركة حموراني العامة للمقاولات الانشائية", Some("شركة حمورابي العامة للمقاولات الإنشائية"));
        check("أمانة العاصمة", Some("أمانة بغداد"));
    }

    #[test]
    fn a_name_between_two_bodies_is_neither() {
        check("شركة النخيل العامة للمقاولات الإنشائية", None);
        check("شركة نصر العامة للمقاولات الإنشائية", None);
        check("وزارة", None);
        check("", None);
    }

    #[test]
    fn every_body_named_as_above_or_now_is_known() {
        let bodies = embedded();
        for body in bodies.iter() {
            for name in [&body.above, &body.now].into_iter().flatten() {
                assert!(bodies.by_key.contains_key(&search_key(name)), "{name} of {}", body.name);
            }
        }
    }

    #[test]
    fn parts_of_a_sender_are_named_one_by_one() {
        let bodies = embedded();
        assert_eq!(bodies.canonical("وزاره الماليه / دائرة الموازنة"), "وزارة المالية / دائرة الموازنة");
        let mended = bodies.mended("وزارة الاعمار والاسكأن / دائرة الطرف والجسور");
        assert_eq!(mended.as_deref(), Some("وزارة الاعمار والاسكأن / دائرة الطرق والجسور"));
        assert_eq!(bodies.mended("وزاره الاعمار والاسكان / الدائرة المعدومة"), None, "spelling is no slip");
    }

    #[test]
    fn a_list_changes_and_returns_from_its_text() {
        let added = Body { name: "دائرة \"الموازنة\"".to_owned(), from: Some(2003), ..Body::default() };
        let changed = embedded().with(added.clone()).unwrap().merged("مصرف الرشيد", "مصرف الرافدين").unwrap();
        let again = Bodies::parse(&changed.written()).unwrap();
        assert_eq!((again.version, again.bodies.clone()), (3, changed.bodies.clone()));
        assert_eq!(again.recognise("مصرف الرشيد").map(|body| body.name.as_str()), Some("مصرف الرافدين"));
        assert_eq!(again.recognise("دائرة الموازنة"), Some(&added));
        assert!(matches!(
            embedded().with(Body { name: "وزارة النفط".into(), ..Body::default() }),
            Err(BodiesError::Twice(_))
        ));
        assert!(matches!(embedded().merged("أ", "وزارة الخيال"), Err(BodiesError::Unknown(_))));
    }

    #[test]
    fn senders_nobody_knows_are_proposed_once() {
        let senders = [
            ("وزارة المالية".to_owned(), 9),
            ("شركة النخلة الذهبية للتجارة".to_owned(), 4),
            ("شركة النخله الدهبية للتجارة".to_owned(), 1),
        ];
        assert_eq!(embedded().proposals(&senders), [("شركة النخلة الذهبية للتجارة".to_owned(), 5)]);
    }
}
