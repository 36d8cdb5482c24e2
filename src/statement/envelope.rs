//! DSSE envelopes (<https://github.com/secure-systems-lab/dsse/blob/v1.0.0/envelope.md>): a
//! statement together with signatures over its pre-authentication encoding.
//!
//! `sig` is the base64 of the detached, armored signature as `gpg --detach-sign --armor` or
//! `ssh-keygen -Y sign -n gatecheck` writes it, armor included.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::dsse::{PAYLOAD_TYPE, pre_authentication_encoding};
use crate::model::Limits;

/// Signatures that one envelope may carry.
pub const SIGNATURES: usize = 16;

/// A payload and its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The statement's JSON.
    pub payload: Vec<u8>,
    /// At least one, at most [`SIGNATURES`].
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// The key's fingerprint, as a hint: nobody signed it, and nothing is decided by it.
    pub keyid: String,
    /// The armored signature.
    pub signature: Vec<u8>,
}

/// Why bytes are no envelope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEnvelope {
    /// Longer than the limit `file-bytes`.
    #[error("it is longer than {0} bytes")]
    TooLong(u64),
    /// Not the JSON of an envelope: a field twice, missing, or of another type.
    #[error("it is no DSSE envelope: {0}")]
    Form(String),
    /// Another payload type.
    #[error("its payload type is not {PAYLOAD_TYPE}")]
    PayloadType,
    /// A field that is not base64.
    #[error("its {0} is not base64")]
    Base64(&'static str),
    /// None, or too many.
    #[error("it carries {0} signatures, where 1 to {SIGNATURES} may stand")]
    Count(usize),
    /// A signature longer than the limit `signature-bytes`.
    #[error("a signature is longer than {0} bytes")]
    LongSignature(u64),
}

impl Envelope {
    /// What each signature is over.
    #[must_use]
    pub fn signed(&self) -> Vec<u8> {
        pre_authentication_encoding(PAYLOAD_TYPE, &self.payload)
    }

    /// One line of JSON, fields in canonical order, with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let signatures = self
            .signatures
            .iter()
            .map(|s| RawSignature {
                keyid: s.keyid.clone(),
                sig: STANDARD.encode(&s.signature),
                _others: BTreeMap::new(),
            })
            .collect();
        let raw = Raw {
            payload: STANDARD.encode(&self.payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures,
            _others: BTreeMap::new(),
        };
        // Strings alone: nothing that could fail.
        serde_json::to_string(&raw).unwrap_or_default() + "\n"
    }

    /// Reads an envelope.
    ///
    /// # Errors
    /// See [`NotAnEnvelope`].
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, NotAnEnvelope> {
        if bytes.len() as u64 > limits.file_bytes {
            return Err(NotAnEnvelope::TooLong(limits.file_bytes));
        }
        let raw: Raw = serde_json::from_slice(bytes)
            .map_err(|error| NotAnEnvelope::Form(error.to_string()))?;
        if raw.payload_type != PAYLOAD_TYPE {
            return Err(NotAnEnvelope::PayloadType);
        }
        let count = raw.signatures.len();
        if count == 0 || count > SIGNATURES {
            return Err(NotAnEnvelope::Count(count));
        }
        let payload = decode(&raw.payload).ok_or(NotAnEnvelope::Base64("payload"))?;
        let mut signatures = Vec::new();
        for signature in raw.signatures {
            let bytes = decode(&signature.sig).ok_or(NotAnEnvelope::Base64("sig"))?;
            if bytes.len() as u64 > limits.signature_bytes {
                return Err(NotAnEnvelope::LongSignature(limits.signature_bytes));
            }
            signatures.push(EnvelopeSignature { keyid: signature.keyid, signature: bytes });
        }
        Ok(Self { payload, signatures })
    }
}

/// Both alphabets are allowed.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

/// Fields beyond these are passed over, as the format asks of who reads: nobody signed them, and
/// nothing is decided by them. They have names: without a place for them here, a list of the values
/// alone would be read as well.
#[derive(Serialize, Deserialize)]
struct Raw {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<RawSignature>,
    #[serde(flatten, skip_serializing)]
    _others: BTreeMap<String, IgnoredAny>,
}

#[derive(Serialize, Deserialize)]
struct RawSignature {
    #[serde(default)]
    keyid: String,
    sig: String,
    #[serde(flatten, skip_serializing)]
    _others: BTreeMap<String, IgnoredAny>,
}
