//! The fields of the index, and its format on disk.

use super::SearchError;
use super::analyser::SlotTokenizer;
use super::query::FieldName;
use crate::model::ContentHash;
use crate::text::stem;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use tantivy::schema::{FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, IndexSettings};

/// Raised when the fields or the analysis change.
const VERSION: u32 = 6;
const FORMAT_FILE: &str = "warraq-format";
const SLOTS: &str = "slots";
const RAW: &str = "raw";

/// The fields of a page's record. Those of the letter stand on a document's first page alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    /// The document's id as text.
    pub id: Field,
    /// The page's number within its document, whose pages stand next to each other.
    pub page: Field,
    /// How many pages the document has.
    pub pages: Field,
    /// Search keys.
    pub norm: Field,
    /// Stems, with positions.
    pub stem: Field,
    /// Pairs of neighbouring words, of the page and of the fields.
    pub pairs: Field,
    /// Roots: what suggests a page without making it a strict match.
    pub roots: Field,
    /// Numbers and dates found on the page.
    pub marks: Field,
    /// The letter's own number and dates.
    pub own: Field,
    /// The letter's day, as days since 1970-01-01.
    pub day: Field,
    /// Keys and marked stems of the issuing body.
    pub from: Field,
    /// The same of the bodies addressed.
    pub to: Field,
    /// The same of the subject.
    pub subject: Field,
    /// The page's words as read; lines parted by line feeds, words by spaces.
    pub text: Field,
    /// What a hit shows of the document, as JSON.
    pub header: Field,
    /// The organisation, for filters and counts.
    pub organisation: Field,
    /// The grade of secrecy as search key, for filters.
    pub secrecy: Field,
    /// The kind of letter, for filters and counts.
    pub kind: Field,
    /// The issuing body as written, for counts.
    pub body: Field,
    /// Beginnings to be completed, each with what it completes to.
    pub complete: Field,
}

impl Fields {
    pub(super) fn build() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let slots = |option| {
            let positions = matches!(option, IndexRecordOption::WithFreqsAndPositions);
            let indexing = TextFieldIndexing::default().set_tokenizer(SLOTS).set_index_option(option);
            TextOptions::default().set_indexing_options(indexing.set_fieldnorms(positions))
        };
        let text = slots(IndexRecordOption::WithFreqsAndPositions);
        let present = slots(IndexRecordOption::Basic);
        let stored = TextOptions::default().set_stored();
        let value = TextOptions::default().set_fast(RAW);
        let whole = TextFieldIndexing::default().set_tokenizer(RAW).set_fieldnorms(false);
        let whole = TextOptions::default().set_indexing_options(whole.set_index_option(IndexRecordOption::Basic));
        let fields = Self {
            id: schema.add_text_field("id", STRING | STORED),
            page: schema.add_u64_field("page", FAST),
            pages: schema.add_u64_field("pages", FAST),
            norm: schema.add_text_field("norm", present.clone()),
            stem: schema.add_text_field("stem", text.clone()),
            pairs: schema.add_text_field("pairs", present.clone()),
            roots: schema.add_text_field("roots", present.clone()),
            marks: schema.add_text_field("marks", present.clone()),
            own: schema.add_text_field("own", present),
            day: schema.add_i64_field("day", FAST),
            from: schema.add_text_field("from", text.clone()),
            to: schema.add_text_field("to", text.clone()),
            subject: schema.add_text_field("subject", text),
            text: schema.add_text_field("text", stored.clone()),
            header: schema.add_text_field("header", stored),
            organisation: schema.add_text_field("organisation", value.clone()),
            secrecy: schema.add_text_field("secrecy", value.clone()),
            kind: schema.add_text_field("kind", value.clone()),
            body: schema.add_text_field("body", value),
            complete: schema.add_text_field("complete", whole),
        };
        (schema.build(), fields)
    }

    /// Returns the field that holds the words of a field of the letter, and the sign of its pairs of words.
    pub(super) fn of_words(&self, name: FieldName) -> Option<(Field, char)> {
        match name {
            FieldName::From => Some((self.from, 'f')),
            FieldName::To => Some((self.to, 'o')),
            FieldName::Subject => Some((self.subject, 's')),
            _ => None,
        }
    }
}

/// Returns the format of an index that this program writes: version, and the word list the stems come from.
fn format() -> String {
    format!("{VERSION} {}", ContentHash::of(stem::lexicon_in_use().as_bytes()).short())
}

/// Opens the index in `dir`.
pub(super) fn open(dir: &Path) -> Result<(Index, Fields), SearchError> {
    // Without it nothing was ever indexed here, whatever a crash left of the rest.
    if !dir.join("meta.json").exists() {
        return Err(SearchError::Missing(dir.to_owned()));
    }
    let found = match fs::read_to_string(dir.join(FORMAT_FILE)) {
        Ok(text) => text.trim().to_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "unknown".to_owned(),
        Err(error) => return Err(error.into()),
    };
    if found != format() {
        return Err(SearchError::Outdated { path: dir.to_owned(), found, wanted: format() });
    }
    let index = Index::open_in_dir(dir)?;
    index.tokenizers().register(SLOTS, SlotTokenizer);
    Ok((index, Fields::build().1))
}

/// Makes an empty index in `dir`, which holds none.
pub(super) fn create(dir: &Path) -> Result<(Index, Fields), SearchError> {
    fs::create_dir_all(dir)?;
    // The format stands first: an index without it would count as one of an unknown version.
    let mut file = File::create(dir.join(FORMAT_FILE))?;
    file.write_all(format().as_bytes())?;
    file.sync_all()?;
    let (schema, fields) = Fields::build();
    // Pages are read one by one from all over the index: small blocks hold little that nobody asked for.
    let settings = IndexSettings { docstore_blocksize: 4096, ..IndexSettings::default() };
    let index = Index::builder().schema(schema).settings(settings).create_in_dir(dir)?;
    index.tokenizers().register(SLOTS, SlotTokenizer);
    Ok((index, fields))
}

/// Removes the index in `dir`, if there is one.
pub(super) fn clear(dir: &Path) -> Result<(), SearchError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_full_disk_left_of_an_index_is_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FORMAT_FILE), "").unwrap();
        assert!(matches!(open(folder.path()), Err(SearchError::Missing(_))));
        create(folder.path()).unwrap();
        assert!(open(folder.path()).is_ok());
        fs::write(folder.path().join(FORMAT_FILE), "4 abc").unwrap();
        assert!(matches!(open(folder.path()), Err(SearchError::Outdated { .. })));
    }
}
