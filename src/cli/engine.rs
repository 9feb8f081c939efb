//! The reader of pages that was asked for.

use super::args::Engine;
use crate::config::Config;
use crate::ocr::{Both, LineReader, OcrEngine, OcrError, Tesseract};
use std::path::Path;

/// Loads an engine with the models built in, or with those of a folder.
///
/// # Errors
/// [`OcrError`] when a model is missing or cannot be used.
pub fn load(engine: Engine, models: Option<&Path>, config: &Config) -> Result<Box<dyn OcrEngine>, OcrError> {
    Ok(match engine {
        Engine::Tesseract => Box::new(Tesseract::load(models, &config.tesseract)?),
        Engine::Warraq => Box::new(LineReader::load(models)?),
        Engine::Both => Box::new(Both::new(LineReader::load(models)?, Tesseract::load(models, &config.tesseract)?)),
    })
}
