//! What holds for all kinds of signatures: agreement with `gpg`, order, cache, and that no
//! bytes make it panic or pass.

use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;
use crate::model::{Fingerprint, KeyAlgorithm, Limits};

const PAYLOAD: &[u8] = b"tree 1234\n\nmessage\n";

/// A GnuPG home that lives as long as this.
struct Gpg(tempfile::TempDir);

impl Gpg {
    fn new() -> Self {
        // The agent's socket must have a short path.
        let folder = tempfile::Builder::new().prefix("gc").tempdir_in("/tmp").unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(folder.path(), private).unwrap();
        Self(folder)
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut child = Command::new("gpg")
            .args(["--batch", "--no-tty", "--quiet", "--passphrase", ""])
            .args(["--pinentry-mode", "loopback"])
            .args(arguments)
            .env("GNUPGHOME", self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("gpg is needed for this test");
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    }

    fn generate(&self, algorithm: &str) -> Fingerprint {
        self.run(&["--quick-generate-key", "Alice <a@example.org>", algorithm, "sign", "0"], b"");
        let listed = self.run(&["--with-colons", "--list-keys"], b"");
        let listed = String::from_utf8(listed).unwrap();
        let line = listed.lines().find(|line| line.starts_with("fpr:")).unwrap();
        Fingerprint::parse(line.split(':').nth(9).unwrap()).unwrap()
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .args(["--kill", "gpg-agent"])
            .env("GNUPGHOME", self.0.path())
            .status();
    }
}

#[test]
fn gpg_agrees() {
    for (name, algorithm) in [
        ("rsa2048", KeyAlgorithm::Rsa(2048)),
        ("rsa4096", KeyAlgorithm::Rsa(4096)),
        ("ed25519", KeyAlgorithm::Ed25519),
        ("nistp384", KeyAlgorithm::Ecdsa(384)),
        ("dsa2048", KeyAlgorithm::Dsa(2048)),
    ] {
        let gpg = Gpg::new();
        let fingerprint = gpg.generate(name);
        let mut pool = KeyPool::new();
        let file = pool.add_file(&gpg.run(&["--armor", "--export"], b""), &Limits::default());
        assert_eq!(file.problems, [""; 0], "{name}");
        let key = &file.certificates[0].keys[0];
        assert_eq!((key.fingerprint, key.algorithm), (fingerprint, algorithm));
        assert!(key.bindings[0].for_signing);
        assert!(
            pool.add_file(&gpg.run(&["--armor", "--export-secret-keys"], b""), &Limits::default())
                .holds_secret
        );
        let verify = |payload: &[u8], signature: &[u8]| {
            pool.verify(payload, signature, Namespace::Git, &Limits::default())
        };
        for digest in ["SHA512", "SHA256"] {
            let mut arguments = vec!["--armor", "--detach-sign"];
            // GnuPG 2.2 signs with no DSA or large ECDSA key over a digest of its own choosing
            // that does not fit the group.
            if !matches!(algorithm, KeyAlgorithm::Dsa(_) | KeyAlgorithm::Ecdsa(_)) {
                arguments.extend(["--digest-algo", digest]);
            }
            let signature = gpg.run(&arguments, PAYLOAD);
            let SignatureFact::Verified(seen) = verify(PAYLOAD, &signature) else {
                panic!("{name} {digest}: {:?}", verify(PAYLOAD, &signature));
            };
            assert_eq!((seen.key, seen.algorithm), (fingerprint, algorithm));
            let altered = verify(b"other", &signature);
            assert!(matches!(altered, SignatureFact::Refused { code: Code::BadSignature, .. }));
        }
        let text = gpg.run(&["--armor", "--detach-sign", "--textmode"], PAYLOAD);
        let text = verify(PAYLOAD, &text);
        assert!(matches!(text, SignatureFact::Refused { code: Code::SignatureType, .. }));
        let clear = gpg.run(&["--clearsign"], PAYLOAD);
        let clear = verify(PAYLOAD, &clear);
        assert!(matches!(clear, SignatureFact::Refused { code: Code::MalformedSignature, .. }));
    }
}

/// A key file and three signatures by GnuPG, two of them over other payloads.
fn signed() -> (Vec<u8>, Vec<(Vec<u8>, Vec<u8>)>) {
    let gpg = Gpg::new();
    gpg.generate("ed25519");
    let file = gpg.run(&["--armor", "--export"], b"");
    let signed = (0..3)
        .map(|n| {
            let payload = [PAYLOAD, &[n]].concat();
            let signature = gpg.run(&["--armor", "--detach-sign"], &payload);
            (payload, signature)
        })
        .collect();
    (file, signed)
}

fn requests(signed: &[(Vec<u8>, Vec<u8>)]) -> Vec<SignatureRequest<'_>> {
    let mut requests: Vec<_> = signed
        .iter()
        .map(|(payload, signature)| SignatureRequest {
            payload,
            signature,
            namespace: Namespace::Git,
        })
        .collect();
    requests.insert(1, SignatureRequest { payload: b"x", ..requests[0] });
    requests
}

#[test]
fn many_keep_their_order_and_a_cache_changes_nothing() {
    let (file, signed) = signed();
    let requests = requests(&signed);
    let limits = Limits::default();
    let mut pool = KeyPool::new();
    pool.add_file(&file, &limits);
    let facts = pool.verify_many(&requests, &limits, 2);
    let good: Vec<bool> =
        facts.iter().map(|fact| matches!(fact, SignatureFact::Verified(_))).collect();
    assert_eq!(good, [true, false, true, true]);

    let folder = tempfile::tempdir().unwrap();
    for saved in [0, 3, 3] {
        let mut cache = FactCache::open(folder.path()).unwrap();
        assert_eq!(cache.len(), saved);
        assert_eq!(pool.verify_many_cached(&requests, &limits, 0, &mut cache), facts);
        cache.save().unwrap();
    }
    // What the cache knows of keys that no file holds any more is not believed.
    let mut cache = FactCache::open(folder.path()).unwrap();
    let nobody = KeyPool::new();
    let facts = nobody.verify_many_cached(&requests, &limits, 1, &mut cache);
    assert_eq!(facts, nobody.verify_many(&requests, &limits, 1));
    assert!(facts.iter().all(|fact| !matches!(fact, SignatureFact::Verified(_))));
    let small = Limits { signature_bytes: 10, ..limits };
    let facts = pool.verify_many_cached(&requests, &small, 1, &mut cache);
    assert!(facts.iter().all(|fact| !matches!(fact, SignatureFact::Verified(_))));
}

#[test]
fn requests_that_differ_have_different_names() {
    let request =
        |payload, signature, namespace| SignatureRequest { payload, signature, namespace }.id();
    let ids = [
        request(&b"ab"[..], &b"c"[..], Namespace::Git),
        request(b"a", b"bc", Namespace::Git),
        request(b"ab", b"c", Namespace::Statement),
    ];
    assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
}

#[test]
fn foreign_bytes_are_shown_inert() {
    let fact = KeyPool::new().verify(b"", b"\x1b[31m::error::", Namespace::Git, &Limits::default());
    let SignatureFact::Refused { observed, code, .. } = fact else { panic!() };
    assert_eq!(code, Code::MalformedSignature);
    assert!(observed.contains("\\u{1b}[31m"), "{observed}");
}

#[test]
fn no_altered_signature_or_payload_passes() {
    let (file, signed) = signed();
    let limits = Limits::default();
    let mut pool = KeyPool::new();
    pool.add_file(&file, &limits);
    let (payload, signature) = &signed[0];
    let raw = armor::single(signature, "PGP SIGNATURE", armor::Style::OpenPgp).unwrap();
    let SignatureFact::Verified(truth) = pool.verify(payload, signature, Namespace::Git, &limits)
    else {
        panic!()
    };
    proptest!(ProptestConfig::with_cases(2_000), |(at in 0..raw.len(), bit in 0..8_u8)| {
        let mut altered = raw.clone();
        altered[at] ^= 1 << bit;
        let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &altered);
        let text = format!(
            "-----BEGIN PGP SIGNATURE-----\n\n{base64}\n-----END PGP SIGNATURE-----\n"
        );
        // Bits outside of what is signed (unhashed area, digest prefix) may change; then
        // the fact must be the same. Nothing else may verify.
        if let SignatureFact::Verified(seen) =
            pool.verify(payload, text.as_bytes(), Namespace::Git, &limits)
        {
            prop_assert_eq!(&seen, &truth);
        }
        prop_assert!(!matches!(
            pool.verify(b"other", text.as_bytes(), Namespace::Git, &limits),
            SignatureFact::Verified(_)
        ));
    });
    proptest!(|(at in 0..payload.len(), bit in 0..8_u8)| {
        let mut altered = payload.clone();
        altered[at] ^= 1 << bit;
        let fact = pool.verify(&altered, signature, Namespace::Git, &limits);
        prop_assert!(!matches!(fact, SignatureFact::Verified(_)));
    });
}

proptest! {
    #[test]
    fn no_bytes_panic_or_pass(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        kind in 0..4,
    ) {
        let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
        let packet = [&[0xc2, u8::try_from(bytes.len().min(191)).unwrap()], &bytes[..bytes.len().min(191)]].concat();
        let framed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &packet);
        let text = match kind {
            0 => bytes.clone(),
            1 => format!("-----BEGIN PGP SIGNATURE-----\n\n{base64}\n-----END PGP SIGNATURE-----").into_bytes(),
            2 => format!("-----BEGIN PGP SIGNATURE-----\n\n{framed}\n-----END PGP SIGNATURE-----").into_bytes(),
            _ => format!("-----BEGIN SSH SIGNATURE-----\n{base64}\n-----END SSH SIGNATURE-----").into_bytes(),
        };
        let mut pool = KeyPool::new();
        let _ = pool.add_file(&bytes, &Limits::default());
        let _ = pool.add_file(&packet, &Limits::default());
        let fact = pool.verify(PAYLOAD, &text, Namespace::Git, &Limits::default());
        let refused = matches!(fact, SignatureFact::Refused { .. });
        prop_assert!(refused);
    }
}
