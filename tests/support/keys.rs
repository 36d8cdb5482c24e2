//! THROW-AWAY TEST KEYS, made from their names: the secret half is public knowledge.
//!
//! Kinds: `openpgp-ed25519` (one key that certifies and signs), `openpgp-ed25519-subkey` (a signing
//! subkey), `openpgp-subkey-without-backsig`, `openpgp-encryption-subkey` (both sign what they must
//! not), `openpgp-v6-ed25519`, `openpgp-rsa1024`, `openpgp-rsa2048`, `ssh-ed25519`, `ssh-ecdsa`,
//! `ssh-rsa2048`, `ssh-sk`, `ssh-sk-untouched` (a token without and with its user-presence flag).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sequoia_openpgp as openpgp;

use openpgp::packet::key::{
    Key4, Key6, PrimaryRole, SecretParts, SubordinateRole, UnspecifiedRole,
};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::{Key, UserID};
use openpgp::serialize::SerializeInto as _;
use openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};
use openpgp::{Cert, Packet};
use sha2::{Digest as _, Sha256};

use super::story::KeySpec;

/// A key that can sign.
pub(crate) enum TestKey {
    Pgp(Box<Pgp>),
    Ssh(Ssh),
}

pub(crate) struct Pgp {
    pub(crate) cert: Cert,
    /// The key that makes signatures: the primary or a subkey.
    pub(crate) signer: Key<SecretParts, UnspecifiedRole>,
    primary: Key<SecretParts, PrimaryRole>,
    created: SystemTime,
}

pub(crate) struct Ssh {
    /// The private key's file, for `ssh-keygen`.
    pub(crate) file: PathBuf,
    /// The line of the `.pub` file.
    pub(crate) line: String,
    /// For tokens, which `ssh-keygen` cannot play: the seed, and whether somebody touches it.
    pub(crate) token: Option<([u8; 32], bool)>,
}

impl TestKey {
    /// Makes (again) the key of a name.
    pub(crate) fn new(name: &str, spec: &KeySpec, folder: &Path) -> Self {
        let person = spec.person.as_deref().unwrap_or(name);
        let user = spec.user_id.clone().unwrap_or_else(|| {
            format!("{person} (THROW-AWAY TEST REVIEWER) <{person}@example.org>")
        });
        if spec.kind.starts_with("ssh-") {
            return Self::Ssh(Ssh::new(name, &spec.kind, folder));
        }
        let created = moment(&spec.created);
        let expires = spec.expires.as_deref().map(moment);
        Self::Pgp(Box::new(Pgp::new(name, &spec.kind, &user, created, expires)))
    }

    /// The full fingerprint as a registry states it: of the primary, or `SHA256:…`.
    pub(crate) fn fingerprint(&self) -> String {
        match self {
            Self::Pgp(key) => key.cert.fingerprint().to_hex(),
            Self::Ssh(key) => {
                let blob = key.line.split(' ').nth(1).unwrap();
                let hash = Sha256::digest(STANDARD.decode(blob).unwrap());
                format!("SHA256:{}", STANDARD_NO_PAD.encode(hash))
            }
        }
    }

    /// The fingerprint of the key that makes the signatures.
    pub(crate) fn signing_fingerprint(&self) -> String {
        match self {
            Self::Pgp(key) => key.signer.fingerprint().to_hex(),
            Self::Ssh(_) => self.fingerprint(),
        }
    }

    /// What the key file holds.
    pub(crate) fn public(&self) -> String {
        match self {
            Self::Pgp(key) => armored(&key.cert),
            Self::Ssh(key) => key.line.clone(),
        }
    }

    /// The secret key, armored: what must never be committed.
    pub(crate) fn secret(&self) -> String {
        match self {
            Self::Pgp(key) => {
                String::from_utf8(key.cert.as_tsk().armored().to_vec().unwrap()).unwrap()
            }
            Self::Ssh(key) => std::fs::read_to_string(&key.file).unwrap(),
        }
    }

    /// The key file with a revocation of the certificate.
    pub(crate) fn revoked(&self, reason: &str, at: &str) -> String {
        let Self::Pgp(key) = self else { panic!("only OpenPGP keys can be revoked") };
        let reason = match reason {
            "compromised" => ReasonForRevocation::KeyCompromised,
            "unspecified" => ReasonForRevocation::Unspecified,
            "retired" => ReasonForRevocation::KeyRetired,
            "superseded" => ReasonForRevocation::KeySuperseded,
            other => panic!("no reason for a revocation: {other}"),
        };
        let mut signer = key.primary.clone().into_keypair().unwrap();
        let revocation = openpgp::cert::CertRevocationBuilder::new()
            .set_signature_creation_time(moment(at))
            .unwrap()
            .set_reason_for_revocation(reason, b"a test")
            .unwrap()
            .build(&mut signer, &key.cert, Some(HashAlgorithm::SHA512))
            .unwrap();
        let (cert, _) = key.cert.clone().insert_packets(vec![Packet::from(revocation)]).unwrap();
        armored(&cert)
    }
}

impl TestKey {
    /// A key file with this key's certificate in which another key stands as a subkey:
    /// `claims` (nothing says that it belongs there, so anybody can write it), `adopts` (bound by
    /// this key's primary, without a back-signature), `revokes` (revoked by this key's primary as
    /// compromised, on 2026-03-01). `primary` takes the other's primary key, else the one that
    /// signs.
    pub(crate) fn with_subkey_of(&self, how: &str, primary: bool, other: &Self) -> String {
        let (Self::Pgp(this), Self::Pgp(other)) = (self, other) else { panic!("OpenPGP only") };
        let taken: Key<SecretParts, UnspecifiedRole> = if primary {
            other.primary.clone().role_into_unspecified()
        } else {
            other.signer.clone()
        };
        let taken = taken.take_secret().0.role_into_subordinate();
        let mut keypair = this.primary.clone().into_keypair().unwrap();
        let mut packets: Vec<Packet> = this.cert.clone().into_packets().collect();
        packets.push(Packet::from(taken.clone()));
        let at = moment("2026-03-01T00:00:00Z");
        let own = this.cert.primary_key().key();
        match how {
            "claims" => {}
            "adopts" => {
                let flags = KeyFlags::empty().set_signing();
                let builder = this.binding(SignatureType::SubkeyBinding, flags);
                let binding = builder.sign_subkey_binding(&mut keypair, Some(own), &taken).unwrap();
                packets.push(binding.into());
            }
            "revokes" => {
                let builder = SignatureBuilder::new(SignatureType::SubkeyRevocation)
                    .set_signature_creation_time(at)
                    .unwrap()
                    .set_reason_for_revocation(ReasonForRevocation::KeyCompromised, b"mine")
                    .unwrap();
                let revocation =
                    builder.sign_subkey_binding(&mut keypair, Some(own), &taken).unwrap();
                packets.push(revocation.into());
            }
            other => panic!("no such claim: {other}"),
        }
        let mut writer =
            openpgp::armor::Writer::new(Vec::new(), openpgp::armor::Kind::PublicKey).unwrap();
        for packet in packets {
            openpgp::serialize::Serialize::serialize(&packet, &mut writer).unwrap();
        }
        String::from_utf8(writer.finalize().unwrap()).unwrap()
    }
}

impl Pgp {
    fn new(
        name: &str,
        kind: &str,
        user: &str,
        created: SystemTime,
        expires: Option<SystemTime>,
    ) -> Self {
        let primary: Key<SecretParts, PrimaryRole> =
            material(name, kind, created).role_into_primary();
        let with_subkey = kind.contains("subkey");
        let mut flags = KeyFlags::empty().set_certification();
        if !with_subkey {
            flags = flags.set_signing();
        }
        let mut this = Self {
            cert: Cert::try_from(vec![Packet::from(primary.clone())]).unwrap(),
            signer: primary.clone().role_into_unspecified(),
            primary,
            created,
        };
        let mut builder = this.binding(SignatureType::PositiveCertification, flags);
        builder = builder.set_primary_userid(true).unwrap();
        if let Some(at) = expires {
            builder = builder.set_key_validity_period(at.duration_since(created).unwrap()).unwrap();
        }
        let user = UserID::from(user);
        let mut keypair = this.primary.clone().into_keypair().unwrap();
        let binding = user.bind(&mut keypair, &this.cert, builder).unwrap();
        this.add(vec![user.into(), binding.into()]);
        if with_subkey {
            this.add_subkey(name, kind);
        }
        this
    }

    fn add_subkey(&mut self, name: &str, kind: &str) {
        let subkey: Key<SecretParts, SubordinateRole> =
            material(&format!("{name}, subkey"), kind, self.created).role_into_subordinate();
        self.signer = subkey.clone().role_into_unspecified();
        let flags = match kind {
            "openpgp-encryption-subkey" => KeyFlags::empty().set_transport_encryption(),
            _ => KeyFlags::empty().set_signing(),
        };
        let mut builder = self.binding(SignatureType::SubkeyBinding, flags);
        if kind == "openpgp-ed25519-subkey" {
            let mut keypair = subkey.clone().into_keypair().unwrap();
            let back = SignatureBuilder::new(SignatureType::PrimaryKeyBinding)
                .set_signature_creation_time(self.created)
                .unwrap()
                .sign_primary_key_binding(&mut keypair, self.cert.primary_key().key(), &subkey)
                .unwrap();
            builder = builder.set_embedded_signature(back).unwrap();
        }
        let mut keypair = self.primary.clone().into_keypair().unwrap();
        let binding = subkey.bind(&mut keypair, &self.cert, builder).unwrap();
        self.add(vec![Packet::from(subkey), binding.into()]);
    }

    fn binding(&self, typ: SignatureType, flags: KeyFlags) -> SignatureBuilder {
        SignatureBuilder::new(typ)
            .set_signature_creation_time(self.created)
            .unwrap()
            .set_hash_algo(HashAlgorithm::SHA512)
            .set_key_flags(flags)
            .unwrap()
    }

    fn add(&mut self, packets: Vec<Packet>) {
        self.cert = self.cert.clone().insert_packets(packets).unwrap().0;
    }
}

/// Key material; RSA is made once in a process, as it is slow.
fn material(name: &str, kind: &str, created: SystemTime) -> Key<SecretParts, UnspecifiedRole> {
    static RSA1024: OnceLock<Key4<SecretParts, UnspecifiedRole>> = OnceLock::new();
    static RSA2048: OnceLock<Key4<SecretParts, UnspecifiedRole>> = OnceLock::new();
    let rsa = |cell: &OnceLock<Key4<SecretParts, UnspecifiedRole>>, bits| {
        let mut key = cell.get_or_init(|| Key4::generate_rsa(bits).unwrap()).clone();
        key.set_creation_time(created).unwrap();
        key
    };
    match kind {
        "openpgp-rsa1024" => rsa(&RSA1024, 1024).into(),
        "openpgp-rsa2048" => rsa(&RSA2048, 2048).into(),
        "openpgp-v6-ed25519" => Key6::import_secret_ed25519(&seed(name), created).unwrap().into(),
        // Made anew in every process: there is no seed to give.
        "openpgp-v6-mldsa65" => {
            static MLDSA65: OnceLock<Key6<SecretParts, UnspecifiedRole>> = OnceLock::new();
            let mut key = MLDSA65.get_or_init(|| Key6::generate_mldsa65_ed25519().unwrap()).clone();
            key.set_creation_time(created).unwrap();
            key.into()
        }
        "openpgp-ed25519"
        | "openpgp-ed25519-subkey"
        | "openpgp-subkey-without-backsig"
        | "openpgp-encryption-subkey" => {
            Key4::import_secret_ed25519(&seed(name), created).unwrap().into()
        }
        other => panic!("no kind of key: {other}"),
    }
}

impl Ssh {
    fn new(name: &str, kind: &str, folder: &Path) -> Self {
        let file = folder.join(format!("ssh-{name}"));
        let comment = format!("{name}@example.org");
        let pair = ssh_key::private::Ed25519Keypair::from_seed(&seed(name));
        if let Some(token) = kind.strip_prefix("ssh-sk") {
            let mut blob = Vec::new();
            for part in [b"sk-ssh-ed25519@openssh.com".as_slice(), pair.public.as_ref(), b"ssh:"] {
                blob.extend((part.len() as u32).to_be_bytes());
                blob.extend(part);
            }
            let line = format!("sk-ssh-ed25519@openssh.com {} {comment}\n", STANDARD.encode(blob));
            return Self { file, line, token: Some((seed(name), token != "-untouched")) };
        }
        match kind {
            "ssh-ed25519" => {
                let key = ssh_key::PrivateKey::new(pair.into(), comment).unwrap();
                let text = key.to_openssh(ssh_key::LineEnding::LF).unwrap();
                write_private(&file, text.as_bytes());
                let line = key.public_key().to_openssh().unwrap() + "\n";
                Self { file, line, token: None }
            }
            "ssh-ecdsa" => Self::generate(file, &comment, &["-t", "ecdsa", "-b", "256"]),
            "ssh-rsa2048" => {
                Self::generate(file, &comment, &["-t", "rsa", "-b", "2048", "-m", "PEM"])
            }
            "ssh-rsa1024" => {
                Self::generate(file, &comment, &["-t", "rsa", "-b", "1024", "-m", "PEM"])
            }
            other => panic!("no kind of key: {other}"),
        }
    }

    fn generate(file: PathBuf, comment: &str, kind: &[&str]) -> Self {
        let done = Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-C", comment, "-f"])
            .arg(&file)
            .args(kind)
            .output()
            .expect("ssh-keygen is needed");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let line = std::fs::read_to_string(file.with_extension("pub")).unwrap();
        Self { file, line, token: None }
    }
}

fn write_private(file: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let mut out = options.create(true).write(true).truncate(true).mode(0o600).open(file).unwrap();
    out.write_all(bytes).unwrap();
}

fn seed(name: &str) -> [u8; 32] {
    Sha256::digest(format!("gatecheck THROW-AWAY TEST KEY: {name}")).into()
}

fn armored(cert: &Cert) -> String {
    String::from_utf8(cert.armored().to_vec().unwrap()).unwrap()
}

/// Seconds since 1970 of an RFC 3339 date-time.
pub(crate) fn unix(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text)
        .unwrap_or_else(|e| panic!("{text:?} is no date-time: {e}"))
        .timestamp()
}

pub(crate) fn moment(text: &str) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(unix(text).try_into().expect("after 1970"))
}
