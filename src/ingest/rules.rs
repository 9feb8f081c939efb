//! What folders say of the papers in them: a path in; the organisation, shelf, box and file out, by the rules of the configuration.

use crate::model::Place;
use serde::Deserialize;
use std::path::{Component, Path, PathBuf};

/// A rule for one folder and everything below it.
///
/// `parts` names the folders below it in turn, parted by `/`. A part is text with at most one field in braces (`{shelf}`, `{box}`, `{file}`,
/// `{organisation}`), such as `box-{box}`, or `*` for a folder that says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderRule {
    /// The folder, absolute or as it will be handed in.
    pub path: PathBuf,
    /// Organisation of everything in it.
    #[serde(default)]
    pub organisation: Option<String>,
    /// Shelf of everything in it.
    #[serde(default)]
    pub shelf: Option<String>,
    /// Box of everything in it.
    #[serde(default, rename = "box")]
    pub carton: Option<String>,
    /// File of everything in it.
    #[serde(default, rename = "file")]
    pub binder: Option<String>,
    /// What the folders below it are called by.
    #[serde(default)]
    pub parts: String,
}

/// What is known of a paper by where its scan lay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The body it belongs to.
    pub organisation: Option<String>,
    /// Its place.
    pub place: Place,
}

/// A rule that cannot be understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{part:?} in the rule for {} is neither text, nor *, nor text with one of {{shelf}}, {{box}}, {{file}}, {{organisation}}", path.display())]
pub struct RuleError {
    /// The folder of the rule.
    pub path: PathBuf,
    /// The part.
    pub part: String,
}

impl FolderRule {
    /// Checks that every part can be understood.
    ///
    /// # Errors
    /// [`RuleError`] with the first that cannot.
    pub fn check(&self) -> Result<(), RuleError> {
        for part in self.patterns() {
            let field_is_known = match field(part) {
                Some((_, name, after)) => !after.contains(['{', '}']) && KEYS.contains(&name),
                None => !part.contains(['{', '}']),
            };
            if !field_is_known {
                return Err(RuleError { path: self.path.clone(), part: part.to_owned() });
            }
        }
        Ok(())
    }

    fn patterns(&self) -> impl Iterator<Item = &str> {
        self.parts.split('/').filter(|part| !part.is_empty())
    }

    /// Returns what this rule says of a file below its folder.
    fn apply(&self, below: &Path) -> Known {
        let mut known = Known {
            organisation: self.organisation.clone(),
            place: Place { shelf: self.shelf.clone(), carton: self.carton.clone(), binder: self.binder.clone() },
        };
        let folders: Vec<String> = below
            .parent()
            .into_iter()
            .flat_map(Path::components)
            .filter_map(|component| match component {
                Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
                _ => None,
            })
            .collect();
        for (pattern, folder) in self.patterns().zip(&folders) {
            let Some((name, value)) = captured(pattern, folder) else { continue };
            let slot = match name {
                "organisation" => &mut known.organisation,
                "shelf" => &mut known.place.shelf,
                "box" => &mut known.place.carton,
                _ => &mut known.place.binder,
            };
            *slot = Some(value.to_owned());
        }
        known
    }
}

const KEYS: [&str; 4] = ["organisation", "shelf", "box", "file"];

/// Returns what stands before the field of a part, the field's name, and what stands after it.
fn field(pattern: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = pattern.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// Returns the field of a part and its value, where the folder's name is of this shape.
fn captured<'a>(pattern: &'a str, folder: &'a str) -> Option<(&'a str, &'a str)> {
    let (before, name, after) = field(pattern)?;
    let value = folder.strip_prefix(before)?.strip_suffix(after)?;
    (!value.is_empty()).then_some((name, value))
}

/// Returns what the rule with the longest path around `location`, an absolute path, says of it.
pub fn known_of(rules: &[FolderRule], location: &Path) -> Known {
    let around = rules.iter().filter_map(|rule| {
        let folder = super::located(&rule.path);
        let below = location.strip_prefix(&folder).ok()?;
        Some((folder.components().count(), rule.apply(below)))
    });
    around.max_by_key(|(length, _)| *length).map(|(_, known)| known).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(path: &str, parts: &str) -> FolderRule {
        FolderRule {
            path: path.into(),
            organisation: Some("وزارة المالية".to_owned()),
            shelf: None,
            carton: None,
            binder: None,
            parts: parts.to_owned(),
        }
    }

    #[track_caller]
    fn check(parts: &str, location: &str, want: [Option<&str>; 4]) {
        let known = known_of(&[rule("/srv", "{shelf}"), rule("/srv/scans", parts)], Path::new(location));
        let found = [known.organisation, known.place.shelf, known.place.carton, known.place.binder];
        assert_eq!(found.each_ref().map(Option::as_deref), want, "{parts} on {location}");
    }

    #[test]
    fn folders_tell_the_place_of_the_paper() {
        let body = Some("وزارة المالية");
        check("{shelf}/box-{box}/{file}", "/srv/scans/أ/box-12/7/0001.tif", [body, Some("أ"), Some("12"), Some("7")]);
        check("{shelf}/box-{box}/{file}", "/srv/scans/أ/0001.tif", [body, Some("أ"), None, None]);
        check("*/box-{box}", "/srv/scans/x/other/0001.tif", [body, None, None, None]);
        check("{organisation}/{box}", "/srv/scans/النفط/3/a.tif", [Some("النفط"), None, Some("3"), None]);
        check("", "/elsewhere/a.tif", [None; 4]);
    }

    #[test]
    fn a_part_that_cannot_be_understood_is_named() {
        assert_eq!(rule("/srv", "{shelf}/*/x-{box}-y/plain").check(), Ok(()));
        for part in ["{room}", "{box}{file}", "{box", "box}"] {
            assert_eq!(rule("/srv", part).check().unwrap_err().part, part);
        }
    }
}
