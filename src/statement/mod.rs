//! The canonical bytes that people sign: in-toto Statement v1 as RFC 8785 canonical JSON, inside
//! the DSSE pre-authentication encoding.
//!
//! Nothing is stored twice: the bytes are rebuilt from the TOML that carries the signature. So
//! every value that a rule relies on must be in here, and two different values must never make
//! the same bytes.

mod ceremony;
mod document;
mod dsse;
mod envelope;
mod request;
mod signoff;
mod summary;
#[cfg(test)]
mod ceremony_tests;
#[cfg(test)]
mod published_tests;
#[cfg(test)]
mod summary_tests;
#[cfg(test)]
mod tests;

pub use ceremony::{CEREMONY_PREDICATE_TYPE, ceremony_payload, ceremony_statement};
pub use document::{NoStatement, STATEMENT_TYPE, SignerContext, Statement};
pub use dsse::{PAYLOAD_TYPE, pre_authentication_encoding};
pub use envelope::{Envelope, EnvelopeSignature, NotAnEnvelope, SIGNATURES};
pub use request::request_id;
pub use signoff::{SIGNOFF_PREDICATE_TYPE, signoff_payload, signoff_statement, statement_json};
pub use summary::{
    LEVEL_COVERED, LEVEL_EVERY_COMMIT, LEVEL_GATES, NotASummary, SUMMARY_PREDICATE_TYPE, Summary,
    is_uri, project_resource, read_summary, summary_statement,
};
