//! Things that must not be guessed: session keys, tokens, one-time links.

use super::AccessError;
use crate::model::ContentHash;
use std::fmt::Write;

/// 32 random bytes, written as 64 hexadecimal digits. Shown once, kept by its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Returns a new one from the system's source of randomness.
    ///
    /// # Errors
    /// [`AccessError::Random`] when the system has none.
    pub fn new() -> Result<Self, AccessError> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|error| AccessError::Random(error.to_string()))?;
        let mut text = String::with_capacity(64);
        for byte in bytes {
            write!(text, "{byte:02x}").map_err(|error| AccessError::Random(error.to_string()))?;
        }
        Ok(Self(text))
    }

    /// Returns it as it is shown.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Returns its hash, as it is kept.
    pub fn hash(&self) -> String {
        hash(&self.0)
    }
}

/// Returns what is kept of a secret. It has 256 random bits, so a plain hash says nothing about it.
pub fn hash(secret: &str) -> String {
    ContentHash::of(secret.as_bytes()).to_string()
}
