//! Remembers what was made of names: the same few hundred issuers come up with every citation, and to read a name anew takes longer than to
//! look it up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// More names than this are forgotten all at once: misread ones would fill the memory of a server that runs for years.
const MOST: usize = 20_000;

/// What was made of names.
#[derive(Debug)]
pub struct Remembered<T>(Mutex<HashMap<String, T>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<T: Clone> Remembered<T> {
    /// Returns what was made of `name`; `make` is asked the first time.
    pub fn get(&self, name: &str, make: impl FnOnce() -> T) -> T {
        let all = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all().get(name) {
            return known.clone();
        }
        let new = make();
        let mut all = all();
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(name.to_owned(), new.clone());
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_once() {
        let names = Remembered::default();
        assert_eq!(names.get("a", || 1), 1);
        assert_eq!(names.get("a", || 2), 1);
        assert_eq!(names.get("b", || 3), 3);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let names = Remembered::default();
        for name in 0..MOST {
            assert_eq!(names.get(&name.to_string(), || name), name);
        }
        assert_eq!(names.get("7", || 0), 7);
        assert_eq!(names.get("one more", || 0), 0);
        assert_eq!(names.get("7", || 1), 1);
    }
}
