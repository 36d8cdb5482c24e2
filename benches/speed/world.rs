//! Repositories of signed commits, and registries of throw-away people.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use sequoia_openpgp as openpgp;

use openpgp::Cert;
use openpgp::cert::{CertBuilder, CertRevocationBuilder, CipherSuite};
use openpgp::crypto::KeyPair;
use openpgp::packet::Packet;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::serialize::SerializeInto as _;
use openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};

/// 2024-01-01, when every key begins.
const BEGIN: u64 = 1_704_067_200;
/// The first commit is made a month later; all commits fit into half a year.
const FIRST: u64 = BEGIN + 31 * 86_400;

/// Somebody who signs.
pub(crate) struct Person {
    pub(crate) cert: Cert,
    signer: KeyPair,
}

impl Person {
    /// A person with a new key that certifies and signs.
    pub(crate) fn new(n: usize, suite: CipherSuite) -> Self {
        let (cert, _) = CertBuilder::new()
            .set_creation_time(SystemTime::UNIX_EPOCH + Duration::from_secs(BEGIN))
            .add_userid(format!("p{n} (THROW-AWAY BENCHMARK KEY) <p{n}@example.org>"))
            .set_cipher_suite(suite)
            .set_primary_key_flags(KeyFlags::empty().set_certification().set_signing())
            .generate()
            .expect("a key can be made");
        let key = cert.primary_key().key().clone().parts_into_secret().expect("it is new");
        let signer = key.into_keypair().expect("it has no password");
        Self { cert: cert.strip_secret_key_material(), signer }
    }

    /// The armored signature over a payload, as git asks gpg for it.
    fn sign(&mut self, payload: &[u8], at: u64) -> Vec<u8> {
        let signature = SignatureBuilder::new(SignatureType::Binary)
            .set_hash_algo(HashAlgorithm::SHA512)
            .set_signature_creation_time(SystemTime::UNIX_EPOCH + Duration::from_secs(at))
            .and_then(|builder| builder.sign_message(&mut self.signer, payload))
            .expect("a payload can be signed");
        let mut out = openpgp::armor::Writer::new(Vec::new(), openpgp::armor::Kind::Signature)
            .expect("memory can be written");
        openpgp::serialize::Serialize::serialize(&Packet::from(signature), &mut out)
            .expect("memory can be written");
        out.finalize().expect("memory can be written")
    }

    /// The certificate, revoked as retired a year after it began.
    pub(crate) fn revoked(&mut self) -> Cert {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(BEGIN + 366 * 86_400);
        let revocation = CertRevocationBuilder::new()
            .set_signature_creation_time(at)
            .and_then(|b| b.set_reason_for_revocation(ReasonForRevocation::KeyRetired, b"left"))
            .and_then(|b| b.build(&mut self.signer, &self.cert, None))
            .expect("a key can revoke itself");
        let revoked = self.cert.clone().insert_packets(vec![Packet::from(revocation)]);
        revoked.expect("its own packet").0
    }
}

/// Writes a registry and the key files beside it; the path of the registry.
pub(crate) fn registry(folder: &Path, certs: &[Cert]) -> PathBuf {
    std::fs::create_dir_all(folder).expect("a temporary folder can be written");
    let mut text = String::from(
        "[schema]\nversion = \"1.1.0\"\nserial = 1\n\n\
         [project]\nid = \"speed\"\nmainline = \"refs/heads/main\"\n\n\
         [[domains]]\nid = \"all\"\nprimary = \"p0\"\nbackup = \"p1\"\n",
    );
    for n in 0..certs.len() {
        let _ = write!(
            text,
            "\n[[reviewers]]\nid = \"p{n}\"\nname = \"p{n}\"\nemails = [\"p{n}@example.org\"]\n\
             kind = \"human\"\n"
        );
    }
    for (n, cert) in certs.iter().enumerate() {
        let _ = write!(
            text,
            "\n[[keys]]\nreviewer_id = \"p{n}\"\nformat = \"openpgp\"\n\
             fingerprint = \"{}\"\npublic_key = \"keys/p{n}.asc\"\n\
             effective_from = 2024-01-01\neffective_until = 2026-01-01\n",
            cert.fingerprint().to_hex()
        );
        write_cert(&folder.join(format!("p{n}.asc")), cert);
    }
    let path = folder.join("reviewer-registry.toml");
    std::fs::write(&path, text).expect("a temporary file can be written");
    path
}

/// Writes one certificate, armored.
pub(crate) fn write_cert(path: &Path, cert: &Cert) {
    let armored = cert.armored().to_vec().expect("memory can be written");
    std::fs::write(path, armored).expect("a temporary file can be written");
}

/// Commits between two packs: they are kept in memory until then.
const PACK: usize = 5_000;

/// Makes a bare repository with a linear history; each commit changes one file and is signed by
/// one of these people in turn. It is packed as a fresh clone would be.
pub(crate) fn repository(folder: &Path, commits: usize, people: &mut [Person]) {
    let mut parent: Option<git2::Oid> = None;
    let mut at = 0;
    while at < commits {
        let end = commits.min(at + PACK);
        parent = Some(pack(folder, at..end, parent, people));
        at = end;
    }
    let repo = git2::Repository::open_bare(folder).expect("it was just made");
    let tip = parent.expect("at least one commit");
    repo.reference("refs/heads/main", tip, true, "tip").expect("a ref can be written");
    repo.set_head("refs/heads/main").expect("a ref can be written");
    git(folder, &["repack", "-adq"]);
}

/// Runs git in a repository, without the user's configuration.
fn git(folder: &Path, arguments: &[&str]) {
    let status = command("git", folder).arg("-C").arg(folder).args(arguments).status();
    assert!(status.expect("git can be run").success(), "git {arguments:?}");
}

/// A command in an environment without configuration.
pub(crate) fn command(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).env("GNUPGHOME", home.join("gnupg"));
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

fn pack(
    folder: &Path,
    range: std::ops::Range<usize>,
    mut parent: Option<git2::Oid>,
    people: &mut [Person],
) -> git2::Oid {
    let repo = git2::Repository::init_bare(folder).expect("a temporary folder can be written");
    let odb = repo.odb().expect("an object database");
    let mempack = odb.add_new_mempack_backend(1_000).expect("memory");
    for n in range {
        let (id, at) = (n as u64, FIRST + n as u64 * 60);
        let blob = odb.write(git2::ObjectType::Blob, format!("change {id}\n").as_bytes());
        let mut tree = b"100644 file\0".to_vec();
        tree.extend_from_slice(blob.expect("memory").as_bytes());
        let tree = odb.write(git2::ObjectType::Tree, &tree).expect("memory");
        let signer = n % people.len();
        let mut head = format!("tree {tree}\n");
        if let Some(parent) = parent {
            let _ = writeln!(head, "parent {parent}");
        }
        let _ = writeln!(head, "author p{signer} <p{signer}@example.org> {at} +0100");
        let _ = writeln!(head, "committer p{signer} <p{signer}@example.org> {at} +0100");
        let message = format!(
            "\npart {}: change number {n}\n\nWhat the change does, and why it is done in this \
             way:\n{:x} was not what people expected.\n\nReviewed-by: p{signer} <p{signer}@example.org>\n",
            n % 17,
            id.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        );
        let signature = people[signer].sign(format!("{head}{message}").as_bytes(), at);
        let signature = String::from_utf8(signature).expect("armor is text");
        let header = signature.trim_end().replace('\n', "\n ");
        let raw = format!("{head}gpgsig {header}\n{message}");
        parent = Some(odb.write(git2::ObjectType::Commit, raw.as_bytes()).expect("memory"));
    }
    let mut bytes = git2::Buf::new();
    mempack.dump(&repo, &mut bytes).expect("memory");
    // A handle of its own: through the first one the objects would go to memory again.
    let disk = git2::Repository::open_bare(folder).expect("it was just made");
    let disk = disk.odb().expect("an object database");
    let mut writer = disk.packwriter().expect("a temporary folder can be written");
    std::io::Write::write_all(&mut writer, &bytes).expect("a temporary file can be written");
    writer.commit().expect("a temporary file can be written");
    parent.expect("at least one commit")
}
