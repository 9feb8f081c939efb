//! Arabic text: pure functions over `&str`, shared by field finding, index, query and highlighter.
//!
//! Three texts are kept apart: *as read* ([`crate::model::Word::text`], never altered), *as shown*, and the
//! *search key* made here. Index and query pass through the same functions: [`normalise`], [`tokens`], [`stem`], and
//! [`marks`] for the numbers and dates among the words.

mod amounts;
pub mod bidi;
pub mod digits;
pub mod marks;
pub mod normalise;
pub mod stem;
pub mod tokens;
pub mod visual;
pub mod word_lists;
