//! Signatures, honest and otherwise, over given bytes.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketValue};
use openpgp::packet::{Packet, Signature};
use openpgp::serialize::Serialize as _;
use openpgp::types::{HashAlgorithm, SignatureType};
use sequoia_openpgp as openpgp;
use sha2::{Digest as _, Sha512};

use super::keys::{Pgp, Ssh, TestKey, moment};
use super::story::SigSpec;

/// Everything that a signature needs beside its payload.
pub(crate) struct Order<'a> {
    pub(crate) keys: &'a BTreeMap<String, TestKey>,
    pub(crate) key: &'a str,
    pub(crate) time: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) spec: &'a SigSpec,
    /// Folder for the real gpg's keyring.
    pub(crate) gpg_home: &'a Path,
}

/// The armored signature.
pub(crate) fn sign(order: &Order<'_>, payload: &[u8]) -> Vec<u8> {
    let spec = order.spec;
    let payload = spec.over.as_ref().map_or(payload, |text| text.as_bytes());
    let mut armor = match key(order.keys, order.key) {
        TestKey::Ssh(ssh) if spec.ssh_sha1 => sign_ssh_sha1(ssh, order.namespace, payload),
        TestKey::Ssh(ssh) => {
            sign_ssh(ssh, spec.namespace.as_deref().unwrap_or(order.namespace), payload)
        }
        TestKey::Pgp(pgp) if spec.with_gpg => sign_gpg(pgp, order, payload),
        TestKey::Pgp(_) => {
            let makers = if spec.packets.is_empty() {
                vec![order.key.to_owned()]
            } else {
                spec.packets.clone()
            };
            let packets: Vec<Signature> = makers
                .iter()
                .map(|name| match key(order.keys, name) {
                    TestKey::Pgp(pgp) => sign_pgp(pgp, order, payload),
                    TestKey::Ssh(_) => panic!("an SSH key makes no OpenPGP packet"),
                })
                .collect();
            armored(packets, spec.wrapped)
        }
    };
    armor = edited(armor, &spec.edit);
    if spec.junk_lines > 0 {
        let at = armor.windows(2).position(|w| w == b"\n\n").unwrap() + 2;
        let junk = (STANDARD.encode([0xff; 48]) + "\n").repeat(spec.junk_lines);
        armor.splice(at..at, junk.into_bytes());
    }
    if let Some(length) = spec.truncate {
        armor.truncate(length);
    }
    armor
}

/// Looks up a key by name.
pub(crate) fn key<'a>(keys: &'a BTreeMap<String, TestKey>, name: &str) -> &'a TestKey {
    keys.get(name).unwrap_or_else(|| panic!("the story has no key {name:?}"))
}

/// Replaces the first place of each text, which must be there.
pub(crate) fn edited(bytes: Vec<u8>, edits: &[[String; 2]]) -> Vec<u8> {
    edits.iter().fold(bytes, |bytes, [old, new]| {
        let at = bytes
            .windows(old.len())
            .position(|window| window == old.as_bytes())
            .unwrap_or_else(|| panic!("{old:?} is not in {}", String::from_utf8_lossy(&bytes)));
        [&bytes[..at], new.as_bytes(), &bytes[at + old.len()..]].concat()
    })
}

fn sign_pgp(key: &Pgp, order: &Order<'_>, payload: &[u8]) -> Signature {
    let spec = order.spec;
    let typ = match spec.typ {
        Some(number) => SignatureType::from(number),
        None if spec.text => SignatureType::Text,
        None => SignatureType::Binary,
    };
    let hash = match spec.hash.as_deref() {
        None | Some("sha512") => HashAlgorithm::SHA512,
        Some("sha256") => HashAlgorithm::SHA256,
        Some("sha1") => HashAlgorithm::SHA1,
        Some(other) => panic!("no digest: {other}"),
    };
    let mut builder = SignatureBuilder::new(typ)
        .set_hash_algo(hash)
        .set_signature_creation_time(moment(order.time))
        .unwrap();
    if let Some(seconds) = spec.expires_in {
        builder = builder.set_signature_validity_period(Duration::from_secs(seconds)).unwrap();
    }
    let pgp = |name: &str| match self::key(order.keys, name) {
        TestKey::Pgp(pgp) => pgp.signer.fingerprint(),
        TestKey::Ssh(_) => panic!("an SSH key is no issuer"),
    };
    if let Some(victim) = &spec.issuer {
        let issuer = SubpacketValue::Issuer(pgp(victim).into());
        builder.unhashed_area_mut().add(Subpacket::new(issuer, false).unwrap()).unwrap();
    }
    if let Some(victim) = &spec.issuer_hashed {
        builder = builder.set_issuer_fingerprint(pgp(victim)).unwrap();
    }
    let text;
    let payload = if spec.text {
        text = String::from_utf8(payload.to_vec()).unwrap().replace('\n', "\r\n");
        text.as_bytes()
    } else {
        payload
    };
    let mut signer = key.signer.clone().into_keypair().unwrap();
    builder.sign_message(&mut signer, payload).unwrap()
}

fn armored(signatures: Vec<Signature>, wrapped: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for signature in signatures {
        Packet::from(signature).serialize(&mut bytes).unwrap();
    }
    if wrapped {
        // RFC 9580, 4.2.1 and 5.6: tag 8, a length of five octets, algorithm 0.
        let length = u32::try_from(bytes.len() + 1).unwrap().to_be_bytes();
        bytes = [&[0xc8, 0xff], length.as_slice(), &[0], &bytes].concat();
    }
    let mut writer =
        openpgp::armor::Writer::new(Vec::new(), openpgp::armor::Kind::Signature).unwrap();
    writer.write_all(&bytes).unwrap();
    writer.finalize().unwrap()
}

fn sign_gpg(key: &Pgp, order: &Order<'_>, payload: &[u8]) -> Vec<u8> {
    let secret = self::key(order.keys, order.key).secret();
    gpg(order.gpg_home, &["--import"], secret.as_bytes());
    let user = format!("{}!", key.signer.fingerprint().to_hex());
    let time = chrono::DateTime::parse_from_rfc3339(order.time).unwrap();
    let time = format!("{}!", time.format("%Y%m%dT%H%M%S"));
    gpg(
        order.gpg_home,
        &["--faked-system-time", &time, "--armor", "--detach-sign", "-u", &user],
        payload,
    )
}

/// Runs the real gpg; panics where it fails.
pub(crate) fn gpg(home: &Path, args: &[&str], input: &[u8]) -> Vec<u8> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).recursive(true).create(home).unwrap();
    let mut command = Command::new("gpg");
    command.env("GNUPGHOME", home).args(["--batch", "--quiet", "--no-tty"]).args(args);
    piped(command, input)
}

fn sign_ssh(key: &Ssh, namespace: &str, payload: &[u8]) -> Vec<u8> {
    if let Some((seed, touched)) = key.token {
        return sign_token(key, &seed, touched, namespace, payload);
    }
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(&key.file);
    piped(command, payload)
}

/// What `ssh-keygen` would never make: an RSA signature over SHA-1.
fn sign_ssh_sha1(key: &Ssh, namespace: &str, payload: &[u8]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha1", "-sign"]).arg(&key.file);
    let raw = piped(command, &ssh_preimage(namespace, payload));
    // OpenSSH will not look at it any more, so somebody else has to say that it is good.
    let file = key.file.with_extension("sha1");
    std::fs::write(&file, &raw).unwrap();
    let mut verify = Command::new("openssl");
    verify.args(["dgst", "-sha1", "-prverify"]).arg(&key.file).arg("-signature").arg(&file);
    piped(verify, &ssh_preimage(namespace, payload));
    ssh_armored(key, namespace, &[string(b"ssh-rsa"), string(&raw)].concat())
}

/// Plays a FIDO token (PROTOCOL.u2f of OpenSSH).
fn sign_token(
    key: &Ssh,
    seed: &[u8; 32],
    touched: bool,
    namespace: &str,
    payload: &[u8],
) -> Vec<u8> {
    use sha2::Sha256;
    use ssh_key::private::{Ed25519Keypair, PrivateKey};
    let flags = u8::from(touched);
    let counter = 7_u32.to_be_bytes();
    let signed = [
        Sha256::digest(b"ssh:").as_slice(),
        &[flags],
        &counter,
        Sha256::digest(ssh_preimage(namespace, payload)).as_slice(),
    ]
    .concat();
    let raw = raw_signature(&PrivateKey::from(Ed25519Keypair::from_seed(seed)), &signed);
    let name = b"sk-ssh-ed25519@openssh.com";
    let inner = [string(name), string(raw.as_bytes()), vec![flags], counter.into()].concat();
    ssh_armored(key, namespace, &inner)
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// The bytes that an SSH signature covers (PROTOCOL.sshsig of OpenSSH, 3).
fn ssh_preimage(namespace: &str, payload: &[u8]) -> Vec<u8> {
    [
        b"SSHSIG".to_vec(),
        string(namespace.as_bytes()),
        string(b""),
        string(b"sha512"),
        string(&Sha512::digest(payload)),
    ]
    .concat()
}

/// The armored form (PROTOCOL.sshsig of OpenSSH, 2).
fn ssh_armored(key: &Ssh, namespace: &str, signature: &[u8]) -> Vec<u8> {
    let public = STANDARD.decode(key.line.split(' ').nth(1).unwrap()).unwrap();
    let blob = [
        b"SSHSIG".to_vec(),
        1_u32.to_be_bytes().into(),
        string(&public),
        string(namespace.as_bytes()),
        string(b""),
        string(b"sha512"),
        string(signature),
    ]
    .concat();
    let body = STANDARD.encode(blob);
    let lines: Vec<&str> =
        body.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let (begin, end) = ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----");
    format!("{begin}\n{}\n{end}\n", lines.join("\n")).into_bytes()
}

/// The `Signer` trait comes with the bound; its crate is none of ours.
fn raw_signature(key: &impl ssh_key::SigningKey, message: &[u8]) -> ssh_key::Signature {
    key.try_sign(message).unwrap()
}

/// Runs a program on input; panics where it fails.
pub(crate) fn piped(mut command: Command, input: &[u8]) -> Vec<u8> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}
