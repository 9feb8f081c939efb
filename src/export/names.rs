//! Names for exported files: the stem of the source's name, made unique where stems collide.

use crate::model::DocumentId;
use std::collections::HashMap;

/// Knows how often each stem comes, so that a document's file is named alike whatever else is exported beside it.
#[derive(Debug, Default)]
pub struct FileNames(HashMap<String, u32>);

impl FileNames {
    /// Counts a document that will be written. Letters of one file share their stem and do not collide.
    pub fn count(&mut self, id: &DocumentId, source_name: &str) {
        if id.part.is_none_or(|part| part == 1) {
            *self.0.entry(stem(source_name)).or_default() += 1;
        }
    }

    /// Returns the file name of a document: `<stem>.<ending>`, with `-<first 8 of the id>` where stems collide and
    /// `-<n>` for the n-th letter of a file.
    pub fn name(&self, id: &DocumentId, source_name: &str, ending: &str) -> String {
        let mut name = stem(source_name);
        if self.0.get(&name).is_some_and(|count| *count > 1) {
            name = format!("{name}-{}", id.original.short());
        }
        if let Some(part) = id.part {
            name = format!("{name}-{part}");
        }
        format!("{name}.{ending}")
    }
}

/// Returns the name without its ending; what would lead out of a folder is replaced.
fn stem(source_name: &str) -> String {
    let stem = match source_name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => source_name,
    };
    stem.replace(['/', '\\', '\0'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ContentHash;

    #[test]
    fn colliding_stems_are_told_apart_by_id() {
        let id = |bytes: &[u8], part| DocumentId { original: ContentHash::of(bytes), part };
        let (first, second, batch) = (id(b"1", None), id(b"2", None), id(b"3", Some(2)));
        let mut names = FileNames::default();
        names.count(&first, "0007.tif");
        names.count(&second, "0007.pdf");
        names.count(&batch, "0008.pdf");
        assert_eq!(names.name(&first, "0007.tif", "txt"), format!("0007-{}.txt", first.original.short()));
        assert_ne!(names.name(&first, "0007.tif", "txt"), names.name(&second, "0007.pdf", "txt"));
        assert_eq!(names.name(&batch, "0008.pdf", "txt"), "0008-2.txt");
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert_eq!(stem("../../etc/passwd"), ".._.._etc_passwd".rsplit_once('.').unwrap().0);
        assert!(!stem("a/b.tif").contains('/'));
        assert_eq!(stem(".hidden"), ".hidden");
    }
}
