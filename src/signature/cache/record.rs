//! One fact in 144 bytes: 112 of content, 32 of HMAC-SHA256.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::model::crypto::SlhDsaSet;
use crate::model::{
    Digest, Fingerprint, KeyAlgorithm, RequestId, SignatureFormat, Time, VerifiedSignature,
};

/// Size of a record, in bytes.
pub(super) const RECORD: usize = BODY + MAC;
const BODY: usize = 112;
const MAC: usize = 32;
/// Stands for "no time" in a field of eight bytes; far outside of what a [`Time`] can be.
const NO_TIME: i64 = i64::MIN;

/// Goes into each MAC: facts of another release, whose defects we do not know, do not count.
const DOMAIN: &[u8] = concat!("gatecheck-facts/1 ", env!("CARGO_PKG_VERSION"), "\0").as_bytes();

/// A sealed fact. Layout, integers big-endian: request id 32, format 1, kind of fingerprint 1,
/// fingerprint 32 (zero-padded), created 8, expires 8, key created 8, digest 2, algorithm 1,
/// its number 4, zeros to 112, MAC 32.
#[derive(Clone, Debug)]
pub(super) struct Record([u8; RECORD]);

/// What makes and checks MACs: the key and the release are taken in once.
#[derive(Clone)]
pub(super) struct Seal(Hmac<Sha256>);

impl Seal {
    /// `None` never happens: HMAC takes keys of any length.
    pub(super) fn new(key: &[u8; 32]) -> Option<Self> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(DOMAIN);
        Some(Self(mac))
    }

    fn mac(&self, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(body);
        mac
    }
}

impl Record {
    pub(super) const fn from_bytes(raw: [u8; RECORD]) -> Self {
        Self(raw)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; RECORD] {
        &self.0
    }

    /// Which request it claims to answer.
    pub(super) fn id(&self) -> RequestId {
        RequestId(self.0.first_chunk::<32>().copied().unwrap_or_default())
    }

    /// Writes a fact down. `None` for one that has no place in the layout.
    pub(super) fn seal(id: RequestId, fact: &VerifiedSignature, seal: &Seal) -> Option<Self> {
        let mut body = id.0.to_vec();
        body.push(match fact.format {
            SignatureFormat::OpenPgp => 1,
            SignatureFormat::Ssh => 2,
            _ => return None,
        });
        body.push(match fact.key {
            Fingerprint::OpenPgpV4(_) => 4,
            Fingerprint::OpenPgpV6(_) => 6,
            Fingerprint::Ssh(_) => 2,
        });
        body.extend_from_slice(fact.key.as_bytes());
        body.resize(66, 0);
        for time in [fact.created, fact.expires, fact.key_created] {
            body.extend(time.map_or(NO_TIME, Time::unix).to_be_bytes());
        }
        body.extend(digest_number(fact.digest));
        let (algorithm, number) = algorithm_number(fact.algorithm);
        body.push(algorithm);
        body.extend(number.to_be_bytes());
        body.resize(BODY, 0);
        body.extend(seal.mac(&body).finalize().into_bytes());
        body.try_into().ok().map(Self)
    }

    /// Reads the fact back, if its MAC is right.
    pub(super) fn open(&self, seal: &Seal) -> Option<VerifiedSignature> {
        let (body, tag) = self.0.split_at_checked(BODY)?;
        seal.mac(body).verify_slice(tag).ok()?;
        let format = match body.get(32)? {
            1 => SignatureFormat::OpenPgp,
            2 => SignatureFormat::Ssh,
            _ => return None,
        };
        let raw: [u8; 32] = body.get(34..66)?.try_into().ok()?;
        let key = match body.get(33)? {
            4 => Fingerprint::OpenPgpV4(*raw.first_chunk::<20>()?),
            6 => Fingerprint::OpenPgpV6(raw),
            2 => Fingerprint::Ssh(raw),
            _ => return None,
        };
        let number = u32::from_be_bytes(body.get(93..97)?.try_into().ok()?);
        Some(VerifiedSignature {
            format,
            key,
            primaries: Vec::new(),
            created: time(body.get(66..74)?)?,
            expires: time(body.get(74..82)?)?,
            key_created: time(body.get(82..90)?)?,
            digest: digest_of(*body.get(90)?, *body.get(91)?)?,
            algorithm: algorithm_of(*body.get(92)?, number)?,
        })
    }
}

/// `None` is malformed, `Some(None)` is "no time".
fn time(raw: &[u8]) -> Option<Option<Time>> {
    match i64::from_be_bytes(raw.try_into().ok()?) {
        NO_TIME => Some(None),
        seconds => Time::from_unix(seconds).map(Some),
    }
}

/// Digests of the model and their numbers in a record.
const DIGESTS: [(Digest, u8); 9] = [
    (Digest::Md5, 1),
    (Digest::Sha1, 2),
    (Digest::Ripemd160, 3),
    (Digest::Sha224, 4),
    (Digest::Sha256, 5),
    (Digest::Sha384, 6),
    (Digest::Sha512, 7),
    (Digest::Sha3_256, 8),
    (Digest::Sha3_512, 9),
];

fn digest_number(digest: Digest) -> [u8; 2] {
    if let Digest::Other(number) = digest {
        return [255, number];
    }
    let known = DIGESTS.iter().find(|(known, _)| *known == digest);
    [known.map_or(0, |(_, number)| *number), 0]
}

fn digest_of(kind: u8, number: u8) -> Option<Digest> {
    if kind == 255 {
        return Some(Digest::Other(number));
    }
    DIGESTS.iter().find(|(_, known)| *known == kind).map(|(digest, _)| *digest)
}

fn algorithm_number(algorithm: KeyAlgorithm) -> (u8, u32) {
    match algorithm {
        KeyAlgorithm::Rsa(bits) => (1, bits),
        KeyAlgorithm::Dsa(bits) => (2, bits),
        KeyAlgorithm::ElGamal => (3, 0),
        KeyAlgorithm::Ecdsa(bits) => (4, bits),
        KeyAlgorithm::Ed25519 => (5, 0),
        KeyAlgorithm::Ed448 => (6, 0),
        KeyAlgorithm::MlDsa65Ed25519 => (7, 0),
        KeyAlgorithm::MlDsa87Ed448 => (8, 0),
        KeyAlgorithm::SlhDsa(SlhDsaSet::Shake128s) => (9, 1),
        KeyAlgorithm::SlhDsa(SlhDsaSet::Shake128f) => (9, 2),
        KeyAlgorithm::SlhDsa(SlhDsaSet::Shake256s) => (9, 3),
        KeyAlgorithm::SkEd25519 => (10, 0),
        KeyAlgorithm::SkEcdsaP256 => (11, 0),
        KeyAlgorithm::Other(number) => (255, u32::from(number)),
    }
}

fn algorithm_of(kind: u8, number: u32) -> Option<KeyAlgorithm> {
    Some(match (kind, number) {
        (1, bits) => KeyAlgorithm::Rsa(bits),
        (2, bits) => KeyAlgorithm::Dsa(bits),
        (3, _) => KeyAlgorithm::ElGamal,
        (4, bits) => KeyAlgorithm::Ecdsa(bits),
        (5, _) => KeyAlgorithm::Ed25519,
        (6, _) => KeyAlgorithm::Ed448,
        (7, _) => KeyAlgorithm::MlDsa65Ed25519,
        (8, _) => KeyAlgorithm::MlDsa87Ed448,
        (9, 1) => KeyAlgorithm::SlhDsa(SlhDsaSet::Shake128s),
        (9, 2) => KeyAlgorithm::SlhDsa(SlhDsaSet::Shake128f),
        (9, 3) => KeyAlgorithm::SlhDsa(SlhDsaSet::Shake256s),
        (10, _) => KeyAlgorithm::SkEd25519,
        (11, _) => KeyAlgorithm::SkEcdsaP256,
        (255, number) => KeyAlgorithm::Other(u8::try_from(number).ok()?),
        _ => return None,
    })
}
