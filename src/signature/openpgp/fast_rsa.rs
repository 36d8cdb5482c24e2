//! RSA by `ring`, because the arithmetic of `crypto-rust` is several times slower (RSA-4096:
//! 1,100 against 6,000 to 7,000 a second on one thread of an unoptimised build).
//!
//! Closed on both sides: ring sees a message only if its digest is the one that Sequoia
//! computed from its own parse, and only under the key and the number that Sequoia parsed.
//! Its yes is then the same statement as Sequoia's (PKCS #1 v1.5 over that digest); its no
//! means nothing, and the backend is asked. Keys that the backend does not take are not shown
//! to ring, so that verdicts do not depend on this feature.

use ring::digest as ring_digest;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents,
};
use sequoia_openpgp as openpgp;

use openpgp::crypto::mpi;
use openpgp::packet::Signature;
use openpgp::types::HashAlgorithm;

use super::digest::{AnyKey, LARGEST_RSA, is_rsa, salt, salt_fits};

const SMALLEST: usize = 2_048;

/// All the bytes under a signature's digest (RFC 9580, 5.2.4).
pub(super) struct Message {
    bytes: Vec<u8>,
    parameters: &'static RsaParameters,
}

impl Message {
    /// Salt, payload, the signed front of the signature packet, trailer. `None` where this is
    /// no RSA signature that ring knows, or where the digest is not Sequoia's.
    pub(super) fn new(
        signature: &Signature,
        body: &[u8],
        payload: &[u8],
        digest: &[u8],
    ) -> Option<Self> {
        if !is_rsa(signature.pk_algo()) {
            return None;
        }
        let (parameters, hash) = match signature.hash_algo() {
            HashAlgorithm::SHA256 => (&RSA_PKCS1_2048_8192_SHA256, &ring_digest::SHA256),
            HashAlgorithm::SHA384 => (&RSA_PKCS1_2048_8192_SHA384, &ring_digest::SHA384),
            HashAlgorithm::SHA512 => (&RSA_PKCS1_2048_8192_SHA512, &ring_digest::SHA512),
            _ => return None,
        };
        let front = signed_front(body)?;
        let mut bytes = salt(signature).unwrap_or_default().to_vec();
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(front);
        bytes.extend([signature.version(), 0xff]);
        bytes.extend(u32::try_from(front.len()).ok()?.to_be_bytes());
        let same = ring_digest::digest(hash, &bytes).as_ref() == digest;
        same.then_some(Self { bytes, parameters })
    }

    /// Whether ring says yes.
    pub(super) fn verifies(&self, key: &AnyKey, signature: &Signature) -> bool {
        let (mpi::PublicKey::RSA { e, n }, mpi::Signature::RSA { s }) =
            (key.mpis(), signature.mpis())
        else {
            return false;
        };
        let versions_fit = (signature.version() == 6) == (key.version() == 6);
        if !versions_fit || !salt_fits(signature) || !(SMALLEST..=LARGEST_RSA).contains(&n.bits()) {
            return false;
        }
        // The number stands in the packet without its leading zeros.
        let Ok(s) = s.value_padded(n.value().len()) else { return false };
        RsaPublicKeyComponents { n: n.value(), e: e.value() }
            .verify(self.parameters, &self.bytes, &s)
            .is_ok()
    }
}

/// From the version up to the end of the hashed area (RFC 9580, 5.2.3).
fn signed_front(body: &[u8]) -> Option<&[u8]> {
    let (fixed, length) = match *body.first()? {
        4 => (6, usize::from(u16::from_be_bytes(body.get(4..6)?.try_into().ok()?))),
        6 => (8, usize::try_from(u32::from_be_bytes(body.get(4..8)?.try_into().ok()?)).ok()?),
        _ => return None,
    };
    body.get(..length.checked_add(fixed)?)
}

#[cfg(test)]
mod tests {
    use openpgp::Profile;
    use openpgp::cert::CipherSuite;
    use openpgp::serialize::MarshalInto as _;
    use openpgp::types::SignatureType;
    use proptest::prelude::*;

    use super::super::digest::{self, Answer, Subject};
    use super::super::packet;
    use super::super::testing::{PAYLOAD, builder, cert, signers};
    use super::*;

    /// What ring and the backend say of one signature over one payload.
    fn both(key: &AnyKey, signature: &Signature, payload: &[u8]) -> (Option<bool>, Answer) {
        let body = openpgp::packet::Signature::to_vec(signature).unwrap();
        let digest = digest::compute(signature, Subject::Payload(payload)).unwrap();
        let ring = Message::new(signature, &body, payload, &digest)
            .map(|message| message.verifies(key, signature));
        (ring, digest::ask(key, signature, &digest))
    }

    /// A packet as it stands in bytes, and its body.
    fn parse(bytes: &[u8]) -> Option<(Signature, &[u8])> {
        let (raw, _) = packet::next(bytes)?.ok()?;
        match <openpgp::Packet as openpgp::parse::Parse<_>>::from_bytes(bytes).ok()? {
            openpgp::Packet::Signature(signature) => Some((signature, raw.body)),
            _ => None,
        }
    }

    #[test]
    fn ring_and_the_backend_agree_on_good_and_bad() {
        for (suite, profile) in [
            (CipherSuite::RSA2k, Profile::RFC4880),
            (CipherSuite::RSA3k, Profile::RFC9580),
            (CipherSuite::RSA4k, Profile::RFC4880),
        ] {
            let mut pairs = signers(&cert("a", suite, profile));
            let other: AnyKey = pairs[1].public().clone();
            let signer = &mut pairs[0];
            let key: AnyKey = signer.public().clone();
            for hash in [HashAlgorithm::SHA256, HashAlgorithm::SHA384, HashAlgorithm::SHA512] {
                let signature = builder(SignatureType::Binary)
                    .set_hash_algo(hash)
                    .sign_message(signer, PAYLOAD)
                    .unwrap();
                assert_eq!(both(&key, &signature, PAYLOAD), (Some(true), Answer::Good));
                assert_eq!(both(&key, &signature, b"other"), (Some(false), Answer::Bad));
                assert_eq!(both(&other, &signature, PAYLOAD), (Some(false), Answer::Bad));
            }
        }
    }

    #[test]
    fn ring_sees_nothing_that_it_should_not() {
        let mut signer = signers(&cert("a", CipherSuite::RSA2k, Profile::RFC4880)).remove(0);
        let key: AnyKey = signer.public().clone();
        for hash in [HashAlgorithm::SHA1, HashAlgorithm::MD5, HashAlgorithm::SHA224] {
            let weak = builder(SignatureType::Binary).set_hash_algo(hash);
            let weak = weak.sign_message(&mut signer, PAYLOAD).unwrap();
            assert_eq!(both(&key, &weak, PAYLOAD), (None, Answer::Good), "{hash}");
        }
        let good = builder(SignatureType::Binary).sign_message(&mut signer, PAYLOAD).unwrap();
        let mut body = openpgp::packet::Signature::to_vec(&good).unwrap();
        let digest = digest::compute(&good, Subject::Payload(PAYLOAD)).unwrap();
        assert!(Message::new(&good, &body, PAYLOAD, &digest).is_some());
        assert!(Message::new(&good, &body, b"other", &digest).is_none(), "digests differ");
        body[1] ^= 1;
        assert!(Message::new(&good, &body, PAYLOAD, &digest).is_none(), "fronts differ");
        assert_eq!(signed_front(&[4, 0, 1, 8, 255, 255, 0]), None);
        assert_eq!(signed_front(&[3, 0, 1, 8, 0, 0]), None);
    }

    #[test]
    fn ring_never_says_yes_where_the_backend_says_no() {
        let mut signer = signers(&cert("a", CipherSuite::RSA2k, Profile::RFC4880)).remove(0);
        let key: AnyKey = signer.public().clone();
        let good = builder(SignatureType::Binary).sign_message(&mut signer, PAYLOAD).unwrap();
        let bytes = openpgp::Packet::from(good).to_vec().unwrap();
        assert!(parse(&bytes).is_some());
        proptest!(ProptestConfig::with_cases(1_000), |(at in 3..bytes.len(), bit in 0..8_u8)| {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << bit;
            if let Some((signature, body)) = parse(&altered)
                && let Some(digest) = digest::compute(&signature, Subject::Payload(PAYLOAD))
            {
                let backend = digest::ask(&key, &signature, &digest);
                let ring = Message::new(&signature, body, PAYLOAD, &digest)
                    .map(|message| message.verifies(&key, &signature));
                prop_assert!(ring != Some(true) || backend == Answer::Good);
                prop_assert!(ring.is_none() || ring == Some(backend == Answer::Good));
            }
        });
    }
}
