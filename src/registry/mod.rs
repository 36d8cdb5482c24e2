//! The reviewer registry: TOML to [`crate::model::Registry`], every problem at once, and the file
//! as people work with it (its schema, its canonical form, what changed, a picture of its keys).
//!
//! Reading is pure: bytes in, a value and findings out. Which problems make a registry unusable:
//!
//! | problem | registry |
//! |---|---|
//! | not TOML, unknown field, wrong type, bad value, unknown version, bad reference | unusable |
//! | anything with two meanings: a fingerprint of two people or of overlapping windows, an address of two people, a compromised key that stands again | unusable |
//! | a zero where people are counted (`invalid-threshold`): it would let everything pass | unusable |
//! | a number of people that nobody can meet (`invalid-threshold`), `coverage-gap`, `confusable-id` of two people: refuses more, never less | usable, reported as an error |
//! | short or placeholder fingerprint | usable, reported as an error; the entry authorises nothing |
//! | `missing-backup`, `key-too-long-lived` | usable, a warning |

mod change;
mod check;
mod confusable;
mod diff;
mod diff_policy;
pub mod document;
pub mod document_policy;
mod domains;
pub mod edit;
mod fmt;
mod fmt_comments;
mod keys;
mod lint;
mod people;
mod policy;
mod quorum;
mod read;
mod stub;
mod timeline;
pub(crate) mod words;
mod write;
#[cfg(test)]
mod tests;

pub use change::{Change, DomainPeople, KeyName};
pub use diff::{diff, key_name};
pub use document::{Document, schema};
pub use fmt::{NotFormatted, fmt};
pub use keys::is_key_path;
pub use lint::{expiring_soon, lint};
pub use read::read;
pub use timeline::timeline;
pub use words::{MAX_PATTERN_BYTES, MAX_PATTERNS, MAX_REGEX_BYTES, MAX_REGEXES};
