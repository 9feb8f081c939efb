//! Finds the letter that a citation means, and the same letter scanned twice: keys and facts of letters in, pairs out.
//!
//! [`key`] brings numbers into the form by which they are compared, [`consensus`] weighs several readings of one, [`likeness`] measures how alike two names or texts are,
//! [`names`] mends the names of those who sign, [`resolve`] weighs the letters that a citation can mean. Nothing here reads the archive: whoever does hands the candidates in.
//! Readers lose digits, and offices number letters one after another, so that a neighbour's number lies one digit away: a slip is
//! believed only where something else says that it is the same letter. A wrong link is worse than none.

pub mod bodies;
pub mod consensus;
pub mod key;
pub mod likeness;
pub mod names;
pub mod resolve;

pub use consensus::Witness;
pub use key::number_key;
pub use resolve::{Candidate, Citation, dates_meant, resolve, same_letter};
