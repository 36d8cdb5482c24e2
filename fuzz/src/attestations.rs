//! Attestations of a verdict: what others wrote, read within bounds and in one form alone.

use gatecheck::model::Limits;
use gatecheck::statement::{Envelope, SIGNATURES, read_summary, summary_statement};

/// An envelope, or a statement without one, is read as it was written, or refused.
pub fn attestation(bytes: &[u8]) -> bool {
    let limits = Limits { file_bytes: 8 << 10, signature_bytes: 64, ..Limits::default() };
    let mut read = false;
    if let Ok(envelope) = Envelope::read(bytes, &limits) {
        read = true;
        assert!((1..=SIGNATURES).contains(&envelope.signatures.len()));
        assert!(envelope.signatures.iter().all(|s| s.signature.len() <= 64));
        let again = Envelope::read(envelope.to_json().as_bytes(), &Limits::default());
        assert_eq!(again.as_ref(), Ok(&envelope));
        statement(&envelope.payload);
    }
    statement(bytes) || read
}

fn statement(bytes: &[u8]) -> bool {
    let Ok(summary) = read_summary(bytes) else { return false };
    let written = summary_statement(&summary).expect("what was read can be written");
    assert_eq!(written.json().as_bytes(), bytes);
    true
}
