//! Keys for the length of one run.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sequoia_openpgp as openpgp;

use openpgp::packet::key::{Key4, PrimaryRole, SecretParts};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::{Key, UserID};
use openpgp::serialize::{Serialize as _, SerializeInto as _};
use openpgp::types::{HashAlgorithm, KeyFlags, SignatureType};
use openpgp::{Cert, Packet};

/// When every key was made: Monday, 2025-03-03, 08:00 UTC.
pub(crate) const MADE: i64 = 1_740_988_800;

/// A key that can sign.
pub(crate) enum DemoKey {
    Pgp { cert: Box<Cert>, secret: Box<Key<SecretParts, PrimaryRole>> },
    Ssh(Box<ssh_key::PrivateKey>),
}

fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).expect("randomness");
    seed
}

fn moment(unix: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(unix.try_into().expect("after 1970"))
}

impl DemoKey {
    pub(crate) fn openpgp(name: &str) -> Self {
        let secret: Key<SecretParts, PrimaryRole> =
            Key4::import_secret_ed25519(&seed(), moment(MADE)).unwrap().into();
        let bare = Cert::try_from(vec![Packet::from(secret.clone())]).unwrap();
        let id = name.to_ascii_lowercase();
        let user = UserID::from(format!("{name} (THROW-AWAY DEMO KEY) <{id}@demo.invalid>"));
        let binding = SignatureBuilder::new(SignatureType::PositiveCertification)
            .set_signature_creation_time(moment(MADE))
            .unwrap()
            .set_hash_algo(HashAlgorithm::SHA512)
            .set_key_flags(KeyFlags::empty().set_certification().set_signing())
            .unwrap();
        let mut signer = secret.clone().into_keypair().unwrap();
        let binding = user.bind(&mut signer, &bare, binding).unwrap();
        let packets: Vec<Packet> = vec![user.into(), binding.into()];
        let cert = bare.insert_packets(packets).unwrap().0;
        Self::Pgp { cert: Box::new(cert), secret: Box::new(secret) }
    }

    pub(crate) fn ssh(name: &str) -> Self {
        let pair = ssh_key::private::Ed25519Keypair::from_seed(&seed());
        let comment = format!("{}@demo.invalid THROW-AWAY DEMO KEY", name.to_ascii_lowercase());
        Self::Ssh(Box::new(ssh_key::PrivateKey::new(pair.into(), comment).unwrap()))
    }

    pub(crate) fn format(&self) -> &'static str {
        match self {
            Self::Pgp { .. } => "openpgp",
            Self::Ssh(_) => "ssh",
        }
    }

    pub(crate) fn extension(&self) -> &'static str {
        match self {
            Self::Pgp { .. } => "asc",
            Self::Ssh(_) => "pub",
        }
    }

    pub(crate) fn fingerprint(&self) -> String {
        match self {
            Self::Pgp { cert, .. } => cert.fingerprint().to_hex(),
            Self::Ssh(key) => key.fingerprint(ssh_key::HashAlg::Sha256).to_string(),
        }
    }

    /// What the key file holds.
    pub(crate) fn public(&self) -> String {
        match self {
            Self::Pgp { cert, .. } => String::from_utf8(cert.armored().to_vec().unwrap()).unwrap(),
            Self::Ssh(key) => key.public_key().to_openssh().unwrap() + "\n",
        }
    }

    /// A detached, armored signature.
    pub(crate) fn sign(&self, namespace: &str, unix: i64, payload: &[u8]) -> String {
        match self {
            Self::Pgp { secret, .. } => {
                let mut signer = Key::clone(secret).into_keypair().unwrap();
                let signature = SignatureBuilder::new(SignatureType::Binary)
                    .set_hash_algo(HashAlgorithm::SHA512)
                    .set_signature_creation_time(moment(unix))
                    .unwrap()
                    .sign_message(&mut signer, payload)
                    .unwrap();
                let kind = openpgp::armor::Kind::Signature;
                let mut armor = openpgp::armor::Writer::new(Vec::new(), kind).unwrap();
                Packet::from(signature).serialize(&mut armor).unwrap();
                String::from_utf8(armor.finalize().unwrap()).unwrap()
            }
            Self::Ssh(key) => {
                let signature = key.sign(namespace, ssh_key::HashAlg::Sha512, payload).unwrap();
                signature.to_pem(ssh_key::LineEnding::LF).unwrap()
            }
        }
    }
}
