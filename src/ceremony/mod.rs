//! Ceremony records: TOML → [`CeremonyRecord`](crate::model::CeremonyRecord), all problems at once,
//! and back to the one text that gatecheck writes.
//!
//! A record with any problem is no record. It is written once and by a program, so that nothing is
//! gained by reading half of one, and whoever judges a ceremony could take the half for the whole.

mod document;
mod files;
mod head;
mod read;
pub mod request;
#[cfg(test)]
mod tests;
mod write;

pub use document::{SCHEMA_PATH, schema};
pub use read::read;
pub use request::Request;
pub use write::write;
