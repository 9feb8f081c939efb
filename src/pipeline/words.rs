//! The word lists of an archive: `labels.toml`, `months.toml` and `lexicon.toml` in its folder, each with what is to be added to the lists
//! of the same name that come with the program.

use super::failure::ArchiveError;
use crate::extract::{add_labels, add_months};
use crate::text::stem::add_words;
use crate::text::word_lists::WordListError;
use std::fs;
use std::io;
use std::path::Path;

/// A file of an archive, and what takes up its lists.
type Taker = (&'static str, fn(&str) -> Result<(), WordListError>);

/// The files, each with what takes it up.
const FILES: [Taker; 3] = [("labels.toml", add_labels), ("months.toml", add_months), ("lexicon.toml", add_words)];

/// Takes up the word lists of the archive in `folder`, as far as there are any. What was changed since this program took them
/// up counts from its next start on.
///
/// # Errors
/// [`ArchiveError`] when a file cannot be read or is wrong: letters must not be read and indexed by other lists than was meant.
pub(super) fn take_up(folder: &Path) -> Result<(), ArchiveError> {
    for (name, take) in FILES {
        let path = folder.join(name);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(ArchiveError::Folder { path, source }),
        };
        match take(&text) {
            Err(error @ WordListError::InUse) => {
                tracing::warn!(file = %path.display(), %error, "word list not taken up")
            }
            taken => taken.map_err(|source| ArchiveError::WordList { path, source })?,
        }
    }
    Ok(())
}
