//! The configuration: one TOML file in, one checked [`Config`] out, made of each stage's settings.
//!
//! Everything has a default, so that no file is needed. Unknown keys are errors: a misspelt limit must not be silently
//! without effect.

use crate::decode;
use crate::ingest::{FolderRule, RuleError};
use crate::ocr::TesseractSettings;
use crate::pipeline;
use crate::preprocess;
use crate::serve;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// All settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[decode]`: limits on what is opened.
    pub decode: decode::Settings,
    /// `[preprocess]`: which clean-up steps may be taken.
    pub preprocess: preprocess::Settings,
    /// `[tesseract]`: how Tesseract reads.
    pub tesseract: TesseractSettings,
    /// `[pipeline]`: how much at once.
    pub pipeline: pipeline::Settings,
    /// `[serve]`: how the server behaves.
    pub serve: serve::Settings,
    /// `[[folders]]`: what folders say of the papers in them.
    pub folders: Vec<FolderRule>,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the configuration {} is wrong: {source}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        source: Box<toml::de::Error>,
    },
    /// A rule for a folder cannot be understood.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A value is outside its range.
    #[error("{key} is {value}, it must be {range}")]
    Range {
        /// The key, with its table.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        range: &'static str,
    },
}

impl Config {
    /// Reads the configuration of a file, or returns the defaults where none is given.
    ///
    /// # Errors
    /// [`ConfigError`] when the file cannot be read, holds an unknown key, or a value is out of range.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let config: Self = toml::from_str(&text)
            .map_err(|source| ConfigError::Wrong { path: path.to_owned(), source: Box::new(source) })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let within = |key, value: u32, range: std::ops::RangeInclusive<u32>, words| {
            if range.contains(&value) {
                Ok(())
            } else {
                Err(ConfigError::Range { key, value: value.to_string(), range: words })
            }
        };
        within("decode.max_page_megapixels", self.decode.max_page_megapixels, 1..=2000, "from 1 to 2000")?;
        within("decode.max_pages", self.decode.max_pages, 1..=100_000, "from 1 to 100000")?;
        within("decode.max_file_mib", self.decode.max_file_mib, 1..=65_536, "from 1 to 65536")?;
        within("decode.pdf_memory_mib", self.decode.pdf_memory_mib, 256..=65_536, "from 256 to 65536")?;
        within("decode.pdf_page_seconds", self.decode.pdf_page_seconds, 1..=3600, "from 1 to 3600")?;
        within("decode.pdf_render_dpi", self.decode.pdf_render_dpi, 100..=600, "from 100 to 600")?;
        self.folders.iter().try_for_each(FolderRule::check)?;
        within("pipeline.page_seconds", self.pipeline.page_seconds, 1..=86_400, "from 1 to 86400")?;
        within("pipeline.file_seconds", self.pipeline.file_seconds, 1..=604_800, "from 1 to 604800")?;
        within("decode.pdf_render_max_megapixels", self.decode.pdf_render_max_megapixels, 1..=2000, "from 1 to 2000")?;
        within("pipeline.page_memory_mib", self.pipeline.page_memory_mib, 16..=1_048_576, "from 16 to 1048576")?;
        within("serve.upload_mib", self.serve.upload_mib, 1..=1_048_576, "from 1 to 1048576")?;
        within("serve.upload_files", self.serve.upload_files, 1..=100_000, "from 1 to 100000")?;
        within("serve.slow_client_seconds", self.serve.slow_client_seconds, 1..=3600, "from 1 to 3600")?;
        let mode = u32::from(self.tesseract.page_segmentation_mode);
        within("tesseract.page_segmentation_mode", mode, 3..=13, "from 3 to 13")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::load(Some(file.path()))
    }

    #[test]
    fn what_is_not_said_keeps_its_default() {
        let config = load("[pipeline]\njobs = 3\n").unwrap();
        assert_eq!(config.pipeline, pipeline::Settings { jobs: 3, ..pipeline::Settings::default() });
        assert_eq!(config.decode, decode::Settings::default());
    }

    #[test]
    fn rules_for_folders_are_read_and_checked() {
        let rule =
            "[[folders]]\npath = '/srv/scans'\norganisation = 'وزارة المالية'\nbox = '3'\nparts = '{shelf}/{file}'\n";
        let config = load(rule).unwrap();
        assert_eq!((config.folders.len(), config.folders[0].carton.as_deref()), (1, Some("3")));
        let wrong = load("[[folders]]\npath = '/srv/scans'\nparts = '{room}'\n").unwrap_err().to_string();
        assert!(wrong.contains("{room}") && wrong.contains("/srv/scans"), "{wrong}");
    }

    #[test]
    fn a_misspelt_key_and_a_value_out_of_range_are_errors_that_say_where() {
        let wrong = load("[decode]\nmax_page = 3\n").unwrap_err().to_string();
        assert!(wrong.contains("max_page"), "{wrong}");
        let range = load("[decode]\nmax_pages = 0\n").unwrap_err().to_string();
        assert!(range.contains("decode.max_pages") && range.contains("100000"), "{range}");
    }
}
