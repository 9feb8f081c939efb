//! Word lists that come with the program, and what an archive adds to them: two TOML texts in, one set of lists out.
//!
//! Lists are taken up once in a process, before the first word is read or looked for, and stay: a letter must be looked up by the
//! same lists by which it was indexed.

use serde::de::DeserializeOwned;
use std::sync::OnceLock;
use toml::{Table, Value};

/// Why word lists cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WordListError {
    /// They are no TOML, or hold something else than they should.
    #[error("{0}")]
    Wrong(#[from] toml::de::Error),
    /// Others are in use.
    #[error("this program already works with other word lists; they change with its next start")]
    InUse,
}

/// A set of lists in use, and the text from which an archive's additions to them came.
#[derive(Debug)]
pub(crate) struct InUse<T> {
    lists: OnceLock<(T, String)>,
    built_in: &'static str,
}

impl<T: DeserializeOwned + Default> InUse<T> {
    pub(crate) const fn new(built_in: &'static str) -> Self {
        Self { lists: OnceLock::new(), built_in }
    }

    /// Returns the lists, those that come with the program if none were added.
    pub(crate) fn get(&self) -> &T {
        &self.held().0
    }

    /// Returns what was added, as TOML.
    pub(crate) fn added(&self) -> &str {
        &self.held().1
    }

    fn held(&self) -> &(T, String) {
        // A test parses each of the built-in files, so the empty lists that a broken one would give cannot leave the workshop.
        self.lists.get_or_init(|| (toml::from_str(self.built_in).unwrap_or_default(), String::new()))
    }

    /// Adds the lists of `own` to those that come with the program.
    pub(crate) fn add(&self, own: &str) -> Result<(), WordListError> {
        let joined = Value::Table(joined(self.built_in, own)?).try_into()?;
        if self.lists.get().is_none() {
            self.lists.set((joined, own.to_owned())).ok(); // who came first is compared below
        }
        if self.added() == own { Ok(()) } else { Err(WordListError::InUse) }
    }
}

/// Returns the lists of both texts, those of the second behind those of the first.
fn joined(built_in: &str, own: &str) -> Result<Table, toml::de::Error> {
    let (mut all, own): (Table, Table) = (toml::from_str(built_in)?, toml::from_str(own)?);
    append(&mut all, own);
    Ok(all)
}

fn append(all: &mut Table, own: Table) {
    for (name, value) in own {
        match (all.get_mut(&name), value) {
            (Some(Value::Table(all)), Value::Table(own)) => append(all, own),
            (Some(Value::Array(all)), Value::Array(own)) => all.extend(own),
            (_, value) => drop(all.insert(name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Lists {
        near: Vec<String>,
        far: Far,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Far {
        away: Vec<String>,
    }

    const BUILT_IN: &str = "near = ['a']\n[far]\naway = ['b']";

    #[test]
    fn lists_of_an_archive_stand_behind_those_of_the_program() {
        let lists: InUse<Lists> = InUse::new(BUILT_IN);
        lists.add("[far]\naway = ['c']").unwrap();
        let want = Lists { near: vec!["a".to_owned()], far: Far { away: vec!["b".to_owned(), "c".to_owned()] } };
        assert_eq!(*lists.get(), want);
        assert!(matches!(lists.add("near = ['d']"), Err(WordListError::InUse)));
        assert!(lists.add("[far]\naway = ['c']").is_ok());
    }

    #[test]
    fn a_slip_is_named() {
        let lists: InUse<Lists> = InUse::new(BUILT_IN);
        assert!(lists.add("nearr = ['d']").unwrap_err().to_string().contains("nearr"));
        assert!(lists.add("near = 3").unwrap_err().to_string().contains("near"));
        assert!(lists.add("near = [").unwrap_err().to_string().contains("line 1"));
        assert_eq!(lists.get().near, ["a"]);
    }
}
