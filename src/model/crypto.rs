//! Names of digests and key algorithms, as facts state them and policy refuses them.

use std::fmt;

/// A digest algorithm that a signature was made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Digest {
    Md5,
    Sha1,
    Ripemd160,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha3_256,
    Sha3_512,
    /// Another one, by its OpenPGP number (RFC 9580, 9.5).
    Other(u8),
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Ripemd160 => "ripemd160",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Sha3_256 => "sha3-256",
            Self::Sha3_512 => "sha3-512",
            Self::Other(n) => return write!(f, "digest-{n}"),
        })
    }
}

/// A public key's algorithm and strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyAlgorithm {
    /// RSA with this many bits of modulus.
    Rsa(u32),
    /// DSA with this many bits of prime.
    Dsa(u32),
    /// ElGamal; cannot be trusted to sign.
    ElGamal,
    /// ECDSA over the NIST curve of this many bits (256, 384, 521), or 0 for another curve.
    Ecdsa(u32),
    /// Ed25519, OpenPGP (either packet form) or SSH.
    Ed25519,
    /// Ed448.
    Ed448,
    /// ML-DSA-65 with Ed25519 (RFC 9980).
    MlDsa65Ed25519,
    /// ML-DSA-87 with Ed448 (RFC 9980).
    MlDsa87Ed448,
    /// SLH-DSA-SHAKE-128s, -128f or -256s (RFC 9980).
    SlhDsa(SlhDsaSet),
    /// Ed25519 on a FIDO token (`sk-ssh-ed25519@openssh.com`).
    SkEd25519,
    /// ECDSA P-256 on a FIDO token (`sk-ecdsa-sha2-nistp256@openssh.com`).
    SkEcdsaP256,
    /// Another one, by its OpenPGP number (RFC 9580, 9.1).
    Other(u8),
}

/// Parameter sets of SLH-DSA in OpenPGP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of FIPS 205")]
pub enum SlhDsaSet {
    Shake128s,
    Shake128f,
    Shake256s,
}

impl KeyAlgorithm {
    /// Whether a large quantum computer would not break it.
    #[must_use]
    pub const fn is_post_quantum(self) -> bool {
        matches!(self, Self::MlDsa65Ed25519 | Self::MlDsa87Ed448 | Self::SlhDsa(_))
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa(bits) => return write!(f, "rsa{bits}"),
            Self::Dsa(bits) => return write!(f, "dsa{bits}"),
            Self::ElGamal => "elgamal",
            Self::Ecdsa(0) => "ecdsa",
            Self::Ecdsa(bits) => return write!(f, "ecdsa-p{bits}"),
            Self::Ed25519 => "ed25519",
            Self::Ed448 => "ed448",
            Self::MlDsa65Ed25519 => "ml-dsa-65+ed25519",
            Self::MlDsa87Ed448 => "ml-dsa-87+ed448",
            Self::SlhDsa(SlhDsaSet::Shake128s) => "slh-dsa-shake-128s",
            Self::SlhDsa(SlhDsaSet::Shake128f) => "slh-dsa-shake-128f",
            Self::SlhDsa(SlhDsaSet::Shake256s) => "slh-dsa-shake-256s",
            Self::SkEd25519 => "sk-ed25519",
            Self::SkEcdsaP256 => "sk-ecdsa-p256",
            Self::Other(n) => return write!(f, "algorithm-{n}"),
        })
    }
}

/// What `[policy.crypto] refuse` can name in `what`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WeakThing {
    /// A digest: `md5`, `sha1`, `ripemd160`, `sha224`, `sha256`, `sha384`, `sha512`.
    Digest(Digest),
    /// `rsa<N`: RSA keys of fewer than N bits.
    RsaBelow(u32),
    /// Every RSA key.
    Rsa,
    /// Every DSA key.
    Dsa,
    /// Every ECDSA key.
    Ecdsa,
    /// Every Ed25519 key.
    Ed25519,
    /// Every Ed448 key.
    Ed448,
}

impl WeakThing {
    /// Reads the `what` of a refusal.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(bits) = text.strip_prefix("rsa<") {
            return bits.parse().ok().map(Self::RsaBelow);
        }
        Some(match text {
            "md5" => Self::Digest(Digest::Md5),
            "sha1" => Self::Digest(Digest::Sha1),
            "ripemd160" => Self::Digest(Digest::Ripemd160),
            "sha224" => Self::Digest(Digest::Sha224),
            "sha256" => Self::Digest(Digest::Sha256),
            "sha384" => Self::Digest(Digest::Sha384),
            "sha512" => Self::Digest(Digest::Sha512),
            "rsa" => Self::Rsa,
            "dsa" => Self::Dsa,
            "ecdsa" => Self::Ecdsa,
            "ed25519" => Self::Ed25519,
            "ed448" => Self::Ed448,
            _ => return None,
        })
    }

    /// Whether this names the digest.
    #[must_use]
    pub fn is_digest(&self, digest: Digest) -> bool {
        *self == Self::Digest(digest)
    }

    /// Whether this names the key. A hybrid with a post-quantum part is never meant.
    #[must_use]
    pub const fn is_key(&self, key: KeyAlgorithm) -> bool {
        match (self, key) {
            (Self::RsaBelow(least), KeyAlgorithm::Rsa(bits)) => bits < *least,
            (Self::Rsa, KeyAlgorithm::Rsa(_))
            | (Self::Dsa, KeyAlgorithm::Dsa(_))
            | (Self::Ecdsa, KeyAlgorithm::Ecdsa(_) | KeyAlgorithm::SkEcdsaP256)
            | (Self::Ed25519, KeyAlgorithm::Ed25519 | KeyAlgorithm::SkEd25519)
            | (Self::Ed448, KeyAlgorithm::Ed448) => true,
            _ => false,
        }
    }
}

impl fmt::Display for WeakThing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => digest.fmt(f),
            Self::RsaBelow(bits) => write!(f, "rsa<{bits}"),
            Self::Rsa => f.write_str("rsa"),
            Self::Dsa => f.write_str("dsa"),
            Self::Ecdsa => f.write_str("ecdsa"),
            Self::Ed25519 => f.write_str("ed25519"),
            Self::Ed448 => f.write_str("ed448"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_weak_things_round_trip() {
        for text in ["md5", "sha1", "ripemd160", "rsa<2048", "rsa", "dsa", "ecdsa", "ed25519"] {
            assert_eq!(WeakThing::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(WeakThing::parse("rot13"), None);
        assert_eq!(WeakThing::parse("rsa<"), None);
    }

    #[test]
    fn rsa_below_compares_bits() {
        let weak = WeakThing::RsaBelow(2048);
        assert!(weak.is_key(KeyAlgorithm::Rsa(2047)));
        assert!(!weak.is_key(KeyAlgorithm::Rsa(2048)));
        assert!(!weak.is_key(KeyAlgorithm::Ed25519));
    }
}
