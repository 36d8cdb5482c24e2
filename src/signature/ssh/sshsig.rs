//! One SSH signature over one payload. The key stands in the signature; whether anybody
//! registered it is for the rules.

use ssh_key::{HashAlg, PublicKey, Signature, SshSig};

use super::keys;
use super::wire::Wire;
use crate::finding::Code;
use crate::model::text::shown_bytes;
use crate::model::{
    Digest, Fingerprint, KeyAlgorithm, KeyHint, SignatureFact, SignatureFormat, VerifiedSignature,
};
use crate::signature::Namespace;
use crate::signature::armor::{self, Style};
use crate::signature::{refused, refused_with};

const LABEL: &str = "SSH SIGNATURE";
const MAGIC: &[u8] = b"SSHSIG";
/// The token's user touched it (U2F raw message format, "user presence").
const USER_PRESENT: u8 = 0x01;
/// The smallest RSA modulus, in bits.
const LEAST_RSA: u32 = 2_048;
/// The largest that the arithmetic takes, in bits.
const LARGEST_RSA: u32 = 4_096;
const ALGORITHMS: &str = "an Ed25519, ECDSA P-256/384/521 or RSA key (2048 to 4096 bits, rsa-sha2-256 or rsa-sha2-512), also of a FIDO token (sk-)";

type Refusal = Box<SignatureFact>;

/// Whether signatures by such a key are read.
pub(in crate::signature) fn takes(algorithm: KeyAlgorithm) -> bool {
    match algorithm {
        KeyAlgorithm::Rsa(bits) => (LEAST_RSA..=LARGEST_RSA).contains(&bits),
        _ => true,
    }
}

/// Verifies an armored signature. The caller has checked its length.
///
/// The application string of `sk-` keys may be anything (it is part of the key, and so of
/// its fingerprint), and the counter is not looked at.
pub(in crate::signature) fn verify(
    payload: &[u8],
    text: &[u8],
    namespace: Namespace,
) -> SignatureFact {
    check(payload, text, namespace).unwrap_or_else(|refusal| *refusal)
}

fn check(payload: &[u8], text: &[u8], namespace: Namespace) -> Result<SignatureFact, Refusal> {
    if armor::count(text, LABEL) > 1 {
        return Err(refuse(
            Code::MultipleSignatures,
            "several armored SSH signatures in one place",
            "one SSH signature",
        ));
    }
    let blob = armor::single(text, LABEL, Style::Plain).map_err(|why| malformed(&why))?;
    let parts = Parts::read(&blob).ok_or_else(|| malformed("its fields cannot be read"))?;
    parts.check_version()?;
    let key = Signer::read(parts.key)?;
    if parts.namespace != namespace.name().as_bytes() {
        return Err(Box::new(refused_with(
            Code::SshNamespace,
            SignatureFormat::Ssh,
            format!("a signature for the namespace \"{}\"", shown_bytes(parts.namespace)),
            format!("the namespace \"{0}\" (ssh-keygen -Y sign -n {0})", namespace.name()),
            key.hints(),
        )));
    }
    let (digest, hash) = parts.hash()?;
    let signature = key.signature(parts.signature)?;
    // Put together anew from what was checked: nothing else of the blob takes part.
    let whole = SshSig::new(key.key.key_data().clone(), namespace.name(), hash, signature)
        .map_err(|_| malformed("its fields do not fit together"))?;
    if key.key.verify(namespace.name(), payload, &whole).is_err() {
        return Err(Box::new(refused_with(
            Code::BadSignature,
            SignatureFormat::Ssh,
            format!(
                "the signature does not verify under the key {} that it carries: payload or signature were altered",
                key.fingerprint
            ),
            "an SSH signature over these bytes",
            key.hints(),
        )));
    }
    Ok(SignatureFact::Verified(VerifiedSignature {
        format: SignatureFormat::Ssh,
        key: key.fingerprint,
        primaries: vec![key.fingerprint],
        created: None,
        expires: None,
        digest,
        algorithm: key.algorithm,
        key_created: None,
    }))
}

/// The fields of the blob (PROTOCOL.sshsig, "Blob format").
struct Parts<'a> {
    version: u32,
    key: &'a [u8],
    namespace: &'a [u8],
    reserved: &'a [u8],
    hash: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(blob: &'a [u8]) -> Option<Self> {
        let mut wire = Wire::new(blob);
        if wire.take(MAGIC.len())? != MAGIC {
            return None;
        }
        let parts = Self {
            version: wire.number()?,
            key: wire.string()?,
            namespace: wire.string()?,
            reserved: wire.string()?,
            hash: wire.string()?,
            signature: wire.string()?,
        };
        wire.is_empty().then_some(parts)
    }

    fn check_version(&self) -> Result<(), Refusal> {
        if self.version == 1 {
            // ssh-keygen signs and verifies with an empty reserved field, whatever stands here.
            if self.reserved.is_empty() {
                return Ok(());
            }
            return Err(malformed("its reserved field is not empty"));
        }
        Err(refuse(
            Code::UnsupportedSignature,
            format!("an SSH signature of version {}", self.version),
            "an SSH signature of version 1",
        ))
    }

    fn hash(&self) -> Result<(Digest, HashAlg), Refusal> {
        match self.hash {
            b"sha256" => Ok((Digest::Sha256, HashAlg::Sha256)),
            b"sha512" => Ok((Digest::Sha512, HashAlg::Sha512)),
            other => Err(refuse(
                Code::SshAlgorithm,
                format!("an SSH signature over the digest \"{}\"", shown_bytes(other)),
                "sha256 or sha512",
            )),
        }
    }
}

/// The key that the signature carries.
struct Signer {
    key: PublicKey,
    fingerprint: Fingerprint,
    algorithm: KeyAlgorithm,
}

impl Signer {
    fn read(blob: &[u8]) -> Result<Self, Refusal> {
        let kind = Wire::new(blob).string().unwrap_or_default();
        let unsupported = |what: String| refuse(Code::SshAlgorithm, what, ALGORITHMS);
        if is_certificate(kind) {
            return Err(unsupported(format!(
                "an SSH certificate (\"{}\") in place of a plain key",
                shown_bytes(kind)
            )));
        }
        if !KINDS.contains(&kind) {
            return Err(unsupported(format!(
                "an SSH signature by a key of type \"{}\"",
                shown_bytes(kind)
            )));
        }
        let key = PublicKey::from_bytes(blob).map_err(|_| malformed("its key cannot be read"))?;
        // One key has one encoding, or it would have several fingerprints.
        if key.to_bytes().ok().as_deref() != Some(blob) {
            return Err(malformed("its key is not in canonical encoding"));
        }
        let algorithm =
            keys::algorithm(key.key_data()).ok_or_else(|| malformed("its key is not valid"))?;
        if let KeyAlgorithm::Rsa(bits) = algorithm
            && !takes(algorithm)
        {
            return Err(unsupported(format!("an SSH signature by an RSA key of {bits} bits")));
        }
        Ok(Self { key, fingerprint: keys::fingerprint(blob), algorithm })
    }

    fn hints(&self) -> Vec<KeyHint> {
        vec![KeyHint::Fingerprint(self.fingerprint)]
    }

    /// Decodes the inner signature, whose algorithm must be the key's.
    fn signature(&self, blob: &[u8]) -> Result<Signature, Refusal> {
        let mut wire = Wire::new(blob);
        let name = wire.string().ok_or_else(|| malformed("its inner signature is truncated"))?;
        wire.string().ok_or_else(|| malformed("its inner signature is truncated"))?;
        let key_name = self.key.algorithm();
        let fits = match self.algorithm {
            KeyAlgorithm::Rsa(_) => matches!(name, b"rsa-sha2-256" | b"rsa-sha2-512"),
            _ => name == key_name.as_str().as_bytes(),
        };
        if !fits {
            return Err(Box::new(refused_with(
                Code::SshAlgorithm,
                SignatureFormat::Ssh,
                format!(
                    "an SSH signature with the algorithm \"{}\" by a {} key",
                    shown_bytes(name),
                    self.algorithm
                ),
                ALGORITHMS,
                self.hints(),
            )));
        }
        if matches!(self.algorithm, KeyAlgorithm::SkEd25519 | KeyAlgorithm::SkEcdsaP256) {
            self.check_presence(&mut wire)?;
        }
        if !wire.is_empty() {
            return Err(malformed("bytes follow its inner signature"));
        }
        Signature::try_from(blob).map_err(|_| malformed("its inner signature cannot be read"))
    }

    /// Reads flags and counter (PROTOCOL.u2f, "SSH U2F Signatures"). The flags are part of
    /// what the token signs.
    fn check_presence(&self, wire: &mut Wire<'_>) -> Result<(), Refusal> {
        let flags = wire.byte().ok_or_else(|| malformed("its token flags are missing"))?;
        wire.number().ok_or_else(|| malformed("its token counter is missing"))?;
        if flags & USER_PRESENT != 0 {
            return Ok(());
        }
        Err(Box::new(refused_with(
            Code::SshNoPresence,
            SignatureFormat::Ssh,
            format!(
                "a signature by the token key {} without a touch (flags 0x{flags:02x})",
                self.fingerprint
            ),
            "a signature that the person at the token confirmed by touch (flag 0x01)",
            self.hints(),
        )))
    }
}

/// Types of keys that may sign.
const KINDS: [&[u8]; 7] = [
    b"ssh-ed25519",
    b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521",
    b"ssh-rsa",
    b"sk-ssh-ed25519@openssh.com",
    b"sk-ecdsa-sha2-nistp256@openssh.com",
];

fn is_certificate(kind: &[u8]) -> bool {
    kind.windows(b"-cert-v0".len()).any(|window| window == b"-cert-v0")
}

fn refuse(code: Code, observed: impl Into<String>, required: impl Into<String>) -> Refusal {
    Box::new(refused(code, SignatureFormat::Ssh, observed, required))
}

fn malformed(why: &str) -> Refusal {
    refuse(
        Code::MalformedSignature,
        format!("a malformed SSH signature: {why}"),
        "an armored SSH signature (PROTOCOL.sshsig)",
    )
}
