//! Makes facts: which key verifies which bytes.
//!
//! ```text
//!   key files ─► KeyPool ──┐
//!                          ├─► SignatureFact   (bytes alone decide; no clock, no policy)
//!   payload + signature ───┘        │
//!                                   └─► FactCache: Verified facts, under a MAC of this machine
//! ```
//!
//! Nothing here judges: a signature over MD5, by a revoked key, or by a subkey that nobody
//! bound is a fact like any other, and the rules refuse it. What is refused here is what
//! cannot be a fact at all: malformed, of the wrong type, or verified by no known key.
//!
//! `sequoia_openpgp` is named only in `openpgp`, `ssh_key` only in `ssh`.

mod armor;
mod cache;
mod openpgp;
mod pool;
mod secret;
mod ssh;
mod x509;

#[cfg(test)]
mod tests;

pub use cache::{FactCache, Sealed};
pub use pool::{Answer, KeyPool, minimal_certificates, read_file, takes_ssh, threads};

use sha2::{Digest as _, Sha256};

use crate::finding::Code;
use crate::model::text::shown_bytes;
use crate::model::{KeyHint, RequestId, SignatureFact, SignatureFormat};

/// What a signature is for. An SSH signature must say so in its namespace
/// (PROTOCOL.sshsig); OpenPGP has no such field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// Commits and tags: `git`.
    Git,
    /// Statements of gatecheck (sign-offs and ceremony approvals): `gatecheck`.
    Statement,
}

impl Namespace {
    /// The namespace as it stands in an SSH signature, and after `ssh-keygen -Y sign -n`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Statement => "gatecheck",
        }
    }
}

/// The question "which key verifies this signature over these bytes?"
#[derive(Clone, Copy, Debug)]
pub struct SignatureRequest<'a> {
    /// The signed bytes, exactly.
    pub payload: &'a [u8],
    /// The signature as it was stored: armored text.
    pub signature: &'a [u8],
    /// What the signature is for.
    pub namespace: Namespace,
}

impl SignatureRequest<'_> {
    /// Names the question by its content: SHA-256 over namespace, payload and signature,
    /// each behind its length, so that no two questions share a name.
    #[must_use]
    pub fn id(&self) -> RequestId {
        let mut hash = Sha256::new();
        hash.update(b"gatecheck-request/1\0");
        for part in [self.namespace.name().as_bytes(), self.payload, self.signature] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        RequestId(hash.finalize().into())
    }
}

/// Which kind of signature the bytes look like, by their first line.
#[must_use]
pub fn format_of(signature: &[u8]) -> SignatureFormat {
    let text = signature.trim_ascii_start();
    if text.starts_with(b"-----BEGIN PGP ") {
        SignatureFormat::OpenPgp
    } else if text.starts_with(b"-----BEGIN SSH SIGNATURE-----") {
        SignatureFormat::Ssh
    } else if text.starts_with(b"-----BEGIN SIGNED MESSAGE-----") {
        x509::format_of(text)
    } else {
        SignatureFormat::Unknown
    }
}

/// A refusal without hints about the signer.
fn refused(
    code: Code,
    format: SignatureFormat,
    observed: impl Into<String>,
    required: impl Into<String>,
) -> SignatureFact {
    refused_with(code, format, observed, required, Vec::new())
}

/// A refusal, with the keys that the signature says made it.
fn refused_with(
    code: Code,
    format: SignatureFormat,
    observed: impl Into<String>,
    required: impl Into<String>,
    hints: Vec<KeyHint>,
) -> SignatureFact {
    SignatureFact::Refused {
        code,
        format,
        observed: observed.into(),
        required: required.into(),
        hints,
    }
}

/// The signature is none that we know.
fn unknown_format(signature: &[u8]) -> SignatureFact {
    let first = signature.trim_ascii_start().split(|b| *b == b'\n').next().unwrap_or_default();
    let observed = if first.is_empty() {
        "an empty signature".to_owned()
    } else {
        let start = first.get(..60).unwrap_or(first);
        format!("bytes that are no armored signature, beginning \"{}\"", shown_bytes(start))
    };
    refused(
        Code::MalformedSignature,
        SignatureFormat::Unknown,
        observed,
        "an armored OpenPGP signature (BEGIN PGP SIGNATURE) or SSH signature (BEGIN SSH SIGNATURE)",
    )
}
