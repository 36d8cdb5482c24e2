//! X.509 signatures (gpgsm, S/MIME, gitsign): recognised and named; they count for nothing
//! until a registry can pin an identity.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::refused;
use super::secret::find;
use crate::finding::Code;
use crate::model::{SignatureFact, SignatureFormat};

/// DER of the arc 1.3.6.1.4.1.57264, under which Sigstore's Fulcio names its extensions.
const SIGSTORE: [u8; 8] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30];

/// How much of a signature is looked at for Sigstore's extensions, in bytes of armor.
const LOOKED_AT: usize = 256 << 10;

/// Whether a Sigstore certificate lies in the message. This names the signature for people
/// and decides nothing.
pub(super) fn format_of(text: &[u8]) -> SignatureFormat {
    let text = text.get(..LOOKED_AT).unwrap_or(text);
    let base64: Vec<u8> = text
        .split(|b| *b == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.starts_with(b"-----"))
        .flatten()
        .copied()
        .collect();
    match STANDARD.decode(&base64) {
        Ok(der) if find(&der, &SIGSTORE).is_some() => SignatureFormat::Gitsign,
        _ => SignatureFormat::X509,
    }
}

/// Refuses, naming the kind.
pub(super) fn refuse(format: SignatureFormat) -> SignatureFact {
    let observed = match format {
        SignatureFormat::Gitsign => {
            "a gitsign signature (X.509 with a short-lived Sigstore certificate)"
        }
        _ => "an X.509 signature (BEGIN SIGNED MESSAGE)",
    };
    refused(
        Code::UnsupportedSignature,
        format,
        observed,
        "an OpenPGP or SSH signature by a registered key",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn armored(der: &[u8]) -> String {
        let base64 = STANDARD.encode(der);
        format!("-----BEGIN SIGNED MESSAGE-----\n{base64}\n-----END SIGNED MESSAGE-----\n")
    }

    #[test]
    fn gitsign_is_told_apart_from_plain_x509() {
        let mut der = vec![0x30, 0x80];
        assert_eq!(format_of(armored(&der).as_bytes()), SignatureFormat::X509);
        der.extend(SIGSTORE);
        der.push(1);
        assert_eq!(format_of(armored(&der).as_bytes()), SignatureFormat::Gitsign);
        assert_eq!(format_of(b"-----BEGIN SIGNED MESSAGE-----\n!!"), SignatureFormat::X509);
    }

    #[test]
    fn both_are_refused_by_name() {
        for (format, name) in
            [(SignatureFormat::X509, "an X.509"), (SignatureFormat::Gitsign, "a gitsign")]
        {
            let SignatureFact::Refused { code, observed, .. } = refuse(format) else { panic!() };
            assert_eq!(code, Code::UnsupportedSignature);
            assert!(observed.starts_with(name), "{observed}");
        }
    }
}
