//! The canonical bytes that people sign: in-toto Statement v1 as RFC 8785 canonical JSON, inside
//! the DSSE pre-authentication encoding.
//!
//! Nothing is stored twice: the bytes are rebuilt from the TOML that carries the signature. So
//! every value that a rule relies on must be in here, and two different values must never make
//! the same bytes.

mod dsse;
mod request;
mod signoff;
#[cfg(test)]
mod tests;

pub use dsse::{PAYLOAD_TYPE, pre_authentication_encoding};
pub use request::request_id;
pub use signoff::{
    NoStatement, SIGNOFF_PREDICATE_TYPE, STATEMENT_TYPE, SignerContext, signoff_payload,
    signoff_statement, statement_json,
};

/// One statement, ready to be signed or shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The in-toto Statement as RFC 8785 canonical JSON: UTF-8, one line, no line end.
    json: String,
}

impl Statement {
    /// The canonical JSON. Strings in it are foreign; canonical JSON escapes control characters
    /// below U+0020 and nothing else.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// What is signed: the DSSE pre-authentication encoding of the canonical JSON.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        pre_authentication_encoding(PAYLOAD_TYPE, self.json.as_bytes())
    }
}
