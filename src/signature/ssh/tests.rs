//! SSH signatures: made by the crate where it can, put together by hand where no honest
//! program would, and by `ssh-keygen` as the reference.

use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256, Sha512};
use signature::Signer as _;
use ssh_key::private::{EcdsaKeypair, Ed25519Keypair, KeypairData};
use ssh_key::{EcdsaCurve, HashAlg, LineEnding, PrivateKey};

use crate::finding::Code;
use crate::model::{Digest, Fingerprint, KeyAlgorithm, Limits, SignatureFact, VerifiedSignature};
use crate::signature::{KeyPool, Namespace};

const PAYLOAD: &[u8] = b"tree 1234\n\nmessage\n";

fn fact(signature: &[u8]) -> SignatureFact {
    KeyPool::new().verify(PAYLOAD, signature, Namespace::Git, &Limits::default())
}

#[track_caller]
fn verified(signature: &[u8]) -> VerifiedSignature {
    match fact(signature) {
        SignatureFact::Verified(verified) => verified,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(signature: &[u8], code: Code, words: &str) {
    match fact(signature) {
        SignatureFact::Refused { code: seen, observed, .. } => {
            assert_eq!(seen, code, "{observed}");
            assert!(observed.contains(words), "{observed}");
        }
        other => panic!("{other:?}"),
    }
}

fn string(out: &mut Vec<u8>, field: &[u8]) {
    out.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
    out.extend(field);
}

fn strings(fields: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields {
        string(&mut out, field);
    }
    out
}

fn signed_data(namespace: &[u8], payload: &[u8]) -> Vec<u8> {
    let hashed = Sha512::digest(payload);
    [b"SSHSIG".to_vec(), strings(&[namespace, b"", b"sha512", &hashed])].concat()
}

/// The blob of a signature, field by field.
struct Blob {
    version: u32,
    key: Vec<u8>,
    namespace: Vec<u8>,
    reserved: Vec<u8>,
    hash: Vec<u8>,
    signature: Vec<u8>,
    after: Vec<u8>,
}

impl Blob {
    fn new(key: Vec<u8>, signature: Vec<u8>) -> Self {
        Self {
            version: 1,
            key,
            namespace: b"git".to_vec(),
            reserved: vec![],
            hash: b"sha512".to_vec(),
            signature,
            after: vec![],
        }
    }

    fn armored(&self) -> Vec<u8> {
        let mut blob = b"SSHSIG".to_vec();
        blob.extend(self.version.to_be_bytes());
        for field in [&self.key, &self.namespace, &self.reserved, &self.hash, &self.signature] {
            string(&mut blob, field);
        }
        blob.extend(&self.after);
        armor(&blob)
    }
}

fn armor(blob: &[u8]) -> Vec<u8> {
    let base64 = STANDARD.encode(blob);
    format!("-----BEGIN SSH SIGNATURE-----\n{base64}\n-----END SSH SIGNATURE-----\n").into_bytes()
}

fn ed25519() -> Ed25519Keypair {
    Ed25519Keypair::from_seed(&[7; 32])
}

/// A good signature by hand.
fn by_hand() -> Blob {
    let pair = ed25519();
    let key = strings(&[b"ssh-ed25519", pair.public.as_ref()]);
    let signature = pair.sign(&signed_data(b"git", PAYLOAD));
    Blob::new(key, strings(&[b"ssh-ed25519", signature.as_bytes()]))
}

fn made_by(pair: impl Into<KeypairData>, hash: HashAlg) -> Vec<u8> {
    let key = PrivateKey::new(pair.into(), "").unwrap();
    let signature = key.sign("git", hash, PAYLOAD).unwrap();
    signature.to_pem(LineEnding::LF).unwrap().into_bytes()
}

#[test]
fn software_keys_verify() {
    let seen = verified(&by_hand().armored());
    assert_eq!((seen.algorithm, seen.digest), (KeyAlgorithm::Ed25519, Digest::Sha512));
    assert_eq!(seen.primaries, [seen.key]);
    assert_eq!((seen.created, seen.key_created), (None, None));
    let seen = verified(&made_by(ed25519(), HashAlg::Sha256));
    assert_eq!(seen.digest, Digest::Sha256);
    for (curve, bits) in
        [(EcdsaCurve::NistP256, 256), (EcdsaCurve::NistP384, 384), (EcdsaCurve::NistP521, 521)]
    {
        let pair = EcdsaKeypair::random(&mut rand_core(), curve).unwrap();
        let seen = verified(&made_by(KeypairData::from(pair), HashAlg::Sha512));
        assert_eq!(seen.algorithm, KeyAlgorithm::Ecdsa(bits));
    }
}

fn rand_core() -> impl ssh_key::rand_core::CryptoRngCore {
    ssh_key::rand_core::OsRng
}

#[test]
fn each_odd_field_has_its_refusal() {
    let edit = |change: &dyn Fn(&mut Blob)| {
        let mut blob = by_hand();
        change(&mut blob);
        blob.armored()
    };
    let malformed = Code::MalformedSignature;
    refused(&edit(&|b| b.namespace = b"file".to_vec()), Code::SshNamespace, "\"file\"");
    refused(&edit(&|b| b.namespace = b"git\0".to_vec()), Code::SshNamespace, "\"git\\u{0}\"");
    refused(&edit(&|b| b.namespace = vec![]), Code::SshNamespace, "\"\"");
    refused(&edit(&|b| b.version = 2), Code::UnsupportedSignature, "version 2");
    refused(&edit(&|b| b.reserved = vec![1]), malformed, "reserved");
    refused(&edit(&|b| b.hash = b"sha1".to_vec()), Code::SshAlgorithm, "\"sha1\"");
    refused(&edit(&|b| b.hash = b"sha256".to_vec()), Code::BadSignature, "altered");
    refused(&edit(&|b| b.after = vec![0]), malformed, "fields");
    refused(&edit(&|b| b.signature.push(0)), malformed, "bytes follow");
    refused(&edit(&|b| b.key.push(0)), malformed, "key cannot be read");
    refused(&edit(&|b| *b.signature.last_mut().unwrap() ^= 1), Code::BadSignature, "altered");
    let rsa_named = strings(&[b"ssh-rsa", &[1; 64]]);
    refused(&edit(&|b| b.signature = rsa_named.clone()), Code::SshAlgorithm, "\"ssh-rsa\"");
    let certificate = strings(&[b"ssh-ed25519-cert-v01@openssh.com", &[1; 32]]);
    refused(&edit(&|b| b.key = certificate.clone()), Code::SshAlgorithm, "an SSH certificate");
    let dsa = strings(&[b"ssh-dss", &[1; 128]]);
    refused(&edit(&|b| b.key = dsa.clone()), Code::SshAlgorithm, "\"ssh-dss\"");
    let statement = KeyPool::new().verify(
        PAYLOAD,
        &by_hand().armored(),
        Namespace::Statement,
        &Limits::default(),
    );
    assert!(matches!(statement, SignatureFact::Refused { code: Code::SshNamespace, .. }));
}

#[test]
fn every_truncation_is_malformed() {
    let text = by_hand().armored();
    let blob = STANDARD.decode(text.split(|b| *b == b'\n').nth(1).unwrap()).unwrap();
    for cut in 0..blob.len() {
        refused(&armor(&blob[..cut]), Code::MalformedSignature, "");
    }
    refused(&[text.clone(), text].concat(), Code::MultipleSignatures, "several");
}

#[test]
fn small_and_sha1_rsa_are_refused() {
    let rsa = |bits: usize, name: &[u8]| {
        let mut modulus = vec![0x80; bits / 8];
        modulus.insert(0, 0);
        let key = strings(&[b"ssh-rsa", &[1, 0, 1], &modulus]);
        Blob::new(key, strings(&[name, &vec![1; bits / 8]])).armored()
    };
    refused(&rsa(1024, b"rsa-sha2-512"), Code::SshAlgorithm, "RSA key of 1024 bits");
    refused(&rsa(8192, b"rsa-sha2-512"), Code::SshAlgorithm, "RSA key of 8192 bits");
    refused(&rsa(2048, b"ssh-rsa"), Code::SshAlgorithm, "\"ssh-rsa\"");
    refused(&rsa(2048, b"rsa-sha2-512"), Code::BadSignature, "altered");
}

/// A token's signature with these flags (PROTOCOL.u2f).
fn token(flags: u8, application: &[u8]) -> Vec<u8> {
    let pair = ed25519();
    let name = b"sk-ssh-ed25519@openssh.com";
    let key = strings(&[name, pair.public.as_ref(), application]);
    let counter = 9_u32.to_be_bytes();
    let data = [
        Sha256::digest(application).to_vec(),
        vec![flags],
        counter.to_vec(),
        Sha256::digest(signed_data(b"git", PAYLOAD)).to_vec(),
    ]
    .concat();
    let mut signature = strings(&[name, pair.sign(&data).as_bytes()]);
    signature.push(flags);
    signature.extend(counter);
    Blob::new(key, signature).armored()
}

#[test]
fn a_token_must_have_been_touched() {
    let touched = verified(&token(0x01, b"ssh:"));
    assert_eq!(touched.algorithm, KeyAlgorithm::SkEd25519);
    assert_ne!(touched.key, verified(&token(0x05, b"ssh:other")).key, "application is in the key");
    refused(&token(0x00, b"ssh:"), Code::SshNoPresence, "without a touch (flags 0x00)");
    refused(&token(0x04, b"ssh:"), Code::SshNoPresence, "flags 0x04");
    // The flag cannot be added afterwards.
    let text = String::from_utf8(token(0x00, b"ssh:")).unwrap();
    let mut blob = STANDARD.decode(text.lines().nth(1).unwrap()).unwrap();
    let at = blob.len() - 5;
    blob[at] = 1;
    refused(&armor(&blob), Code::BadSignature, "altered");
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let out = Command::new("ssh-keygen")
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .expect("ssh-keygen is needed for this test");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn ssh_keygen_agrees() {
    let cases = [
        ("ed25519", "256", KeyAlgorithm::Ed25519),
        ("ecdsa", "256", KeyAlgorithm::Ecdsa(256)),
        ("ecdsa", "384", KeyAlgorithm::Ecdsa(384)),
        ("ecdsa", "521", KeyAlgorithm::Ecdsa(521)),
        ("rsa", "2048", KeyAlgorithm::Rsa(2048)),
        ("rsa", "4096", KeyAlgorithm::Rsa(4096)),
    ];
    for (kind, bits, algorithm) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        run(path, &["-q", "-t", kind, "-b", bits, "-N", "", "-C", "a comment", "-f", "key"]);
        let printed = run(path, &["-l", "-f", "key.pub"]);
        let expected = Fingerprint::parse(printed.split(' ').nth(1).unwrap()).unwrap();
        let mut pool = KeyPool::new();
        let file = pool.add_file(&std::fs::read(path.join("key.pub")).unwrap(), &Limits::default());
        assert_eq!(file.ssh_keys, [(expected, algorithm)]);
        assert_eq!((file.holds_secret, file.problems.len()), (false, 0));
        let secret = pool.add_file(&std::fs::read(path.join("key")).unwrap(), &Limits::default());
        assert!(secret.holds_secret);

        std::fs::write(path.join("payload"), PAYLOAD).unwrap();
        for namespace in ["git", "file"] {
            run(path, &["-q", "-Y", "sign", "-n", namespace, "-f", "key", "payload"]);
            let signature = std::fs::read(path.join("payload.sig")).unwrap();
            std::fs::remove_file(path.join("payload.sig")).unwrap();
            if namespace == "file" {
                refused(&signature, Code::SshNamespace, "\"file\"");
                continue;
            }
            let seen = verified(&signature);
            assert_eq!((seen.key, seen.algorithm), (expected, algorithm));
            let altered = pool.verify(b"other", &signature, Namespace::Git, &Limits::default());
            assert!(matches!(altered, SignatureFact::Refused { code: Code::BadSignature, .. }));
        }
    }
}
