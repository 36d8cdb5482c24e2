//! TOML → [`Manifest`](crate::model::Manifest), all problems at once.
//!
//! A problem of severity error refuses the gate. Where the file could be read despite it, the
//! value is there too, so that one run can name everything that is wrong. What the value says is
//! never more than what stands in the file: a field that cannot be read is absent, a binding that
//! is ambiguous is missing.

mod document;
pub mod edit;
mod expect;
mod head;
mod read;
mod signoff;
#[cfg(test)]
mod tests;

pub use document::{SCHEMA_PATH, schema};
pub use read::read;
