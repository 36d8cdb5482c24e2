//! `gatecheck attest` and `gatecheck verify-attestation`, with real git, gpg and ssh-keygen.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has done its work"
)]

mod cli_support;

use std::io::Write as _;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cli_support::project::{founded, gate, pin, released, work};
use cli_support::{Said, Sandbox};
use serde_json::Value;

fn attest(sandbox: &Sandbox, more: &[&str]) -> Said {
    let args = [&["attest", "--sign", "--output", "../verdict.json"], more].concat();
    sandbox.gatecheck("project", &args)
}

fn verify(sandbox: &Sandbox, more: &[&str]) -> Said {
    sandbox.gatecheck("project", &[&["verify-attestation", "../verdict.json"], more].concat())
}

/// Puts another payload into the envelope.
fn edit(sandbox: &Sandbox, from: &str, to: &str) {
    let mut envelope: Value = serde_json::from_str(&sandbox.read("verdict.json")).unwrap();
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    let edited = payload.replacen(from, to, 1);
    assert_ne!(payload, edited, "{from} is not in {payload}");
    envelope["payload"] = STANDARD.encode(edited).into();
    sandbox.write("verdict.json", &envelope.to_string());
}

/// Signs a statement as `gatecheck attest --sign` would, with an SSH key of choice.
fn forge(sandbox: &Sandbox, payload: &str, key: &str, namespace: &str) {
    let signed = format!("DSSEv1 28 application/vnd.in-toto+json {} {payload}", payload.len());
    let mut child = sandbox
        .command("ssh-keygen", "home")
        .args(["-Y", "sign", "-n", namespace, "-f", key])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(signed.as_bytes()).unwrap();
    let signature = child.wait_with_output().unwrap().stdout;
    assert!(signature.starts_with(b"-----BEGIN "));
    let envelope = serde_json::json!({
        "payload": STANDARD.encode(payload),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{ "keyid": "whatever", "sig": STANDARD.encode(signature) }],
    });
    sandbox.write("verdict.json", &envelope.to_string());
}

#[test]
fn a_pass_is_attested_by_ssh_and_checked() {
    let sandbox = Sandbox::new();
    let key = sandbox.ssh_key();
    let (anchor, gate) = released(&sandbox);
    let said =
        sandbox.gatecheck("project", &["attest", "--at", "2098-01-01T00:00:00Z"]).must(0, &[]);
    let statement: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/verification_summary/v1");
    assert_eq!(statement["subject"][0]["digest"]["gitCommit"], gate.as_str());
    assert_eq!(statement["subject"][1]["digest"]["gitCommit"], gate.as_str());
    let predicate = &statement["predicate"];
    assert_eq!(predicate["timeVerified"], "2098-01-01T00:00:00Z");
    assert_eq!(predicate["resourceUri"], "git+urn:x-gatecheck:project:project@refs/heads/main");
    assert_eq!(predicate["verificationResult"], "PASSED");
    assert_eq!(predicate["urn:x-gatecheck:summary:v1"]["anchor"], anchor.as_str());
    let digest = sandbox.tool("sha256sum", "project", &["keys/reviewer-registry.toml"]);
    assert_eq!(predicate["policy"]["digest"]["sha256"], digest.split(' ').next().unwrap());
    // Not signed: a statement, and no proof.
    sandbox.write("verdict.json", &said.out);
    verify(&sandbox, &[]).must(1, &["attestation-unsigned", "gatecheck attest --sign"]);

    attest(&sandbox, &[]).must(0, &["attested: ", "gatecheck verify-attestation"]);
    // What is to be typed next holds where the anchor was a flag.
    let next = format!("verdict.json --anchor {anchor}\n");
    attest(&sandbox, &["--anchor", &anchor]).must(0, &[&next]);
    let said = verify(&sandbox, &[]);
    said.must(0, &["yes: the attestation is signed", &format!("signed: {key} of ada"), &gate]);
    verify(&sandbox, &["--anchor", &anchor]).must(0, &[]);
    let envelope: Value = serde_json::from_str(&sandbox.read("verdict.json")).unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");

    // The outside tool agrees on what was signed.
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let mut signed =
        format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len()).into_bytes();
    signed.extend(payload);
    let armor = STANDARD.decode(envelope["signatures"][0]["sig"].as_str().unwrap()).unwrap();
    sandbox.write("home/sig", &String::from_utf8(armor).unwrap());
    let line = format!("ada {}", sandbox.read("home/.ssh/id.pub"));
    sandbox.write("home/allowed", &line);
    let check = ["-Y", "verify", "-f", "allowed", "-I", "ada", "-n", "gatecheck", "-s", "sig"];
    let mut child =
        sandbox.command("ssh-keygen", "home").args(check).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&signed).unwrap();
    assert!(child.wait().unwrap().success());

    // History goes on, and the attestation of old stays true, also behind the checkpoint.
    work(&sandbox, "project", "2");
    verify(&sandbox, &[]).must(0, &[]);
    let earlier = sandbox.read("verdict.json");
    let next = cli_support::project::gate(&sandbox, "project", 1, &gate);
    let keep = ["--checkpoint", "../check"];
    sandbox.gatecheck("project", &[&["verify"], &keep[..]].concat()).must(0, &[]);
    assert!(sandbox.read("check").contains(&next));
    verify(&sandbox, &keep).must(0, &["yes: "]);
    sandbox.git("project", &["reset", "-q", "--hard", "HEAD~"]);
    verify(&sandbox, &keep).must(1, &["rollback"]);
    sandbox.write("verdict.json", &earlier);
    // Of a tip beyond the gate it is said that it is.
    attest(&sandbox, &["--resource", "https://example.org/x.git"]).must(0, &[]);
    verify(&sandbox, &[]).must(0, &["https://example.org/x.git, as the attestation says"]);
    verify(&sandbox, &["--resource", "https://example.org/x.git"]).must(0, &[]);
    verify(&sandbox, &["--resource", "https://example.org/y.git"])
        .must(1, &["attestation-mismatch", "another resource"]);
    attest(&sandbox, &["--require-covered"]).must(1, &["not-covered", "nothing was attested"]);
    attest(&sandbox, &["--every-commit"]).must(1, &["unsigned", "nothing was attested"]);
    attest(&sandbox, &["--resource", "no uri"]).must(2, &[]);
    sandbox.write("empty.toml", "");
    attest(&sandbox, &["--registry", "../empty.toml"]).must(2, &["leave --registry out"]);
}

#[test]
fn with_openpgp_and_a_key_that_is_lost_later() {
    let sandbox = Sandbox::new();
    let fingerprint = sandbox.openpgp_key();
    let (_, gate) = released(&sandbox);
    attest(&sandbox, &[]).must(0, &[]);
    verify(&sandbox, &[]).must(0, &[&format!("signed: {fingerprint} of ada")]);
    let file = format!("home/.gnupg/openpgp-revocs.d/{}.rev", fingerprint.to_uppercase());
    let revocation = sandbox.read(&file).replace(":-----BEGIN", "-----BEGIN");
    sandbox.write("home/revocation", &revocation);
    sandbox.tool("gpg", "home", &["--batch", "--import", "revocation"]);
    let key = sandbox.tool("gpg", "home", &["--batch", "--armor", "--export", &fingerprint]);
    sandbox.write("project/keys/ada.asc", &(key + "\n"));
    sandbox.commit("project", "Tell that the key was lost");
    verify(&sandbox, &[]).must(1, &["key-compromised", "no: the attestation does not hold"]);
    // Whoever signs: the gate rests on that key, and the mainline knows.
    let said = sandbox.gatecheck("project", &["attest", &gate]);
    said.must(1, &["key-compromised", "nothing was attested: the verdict is refused"]);
}

#[test]
fn only_a_pass_is_attested_and_nothing_is_left_behind() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let anchor = founded(&sandbox, "project");
    attest(&sandbox, &[]).must(3, &["no-anchor", "nothing was attested: the verdict is undecided"]);
    pin(&sandbox, &anchor);
    attest(&sandbox, &[]).must(3, &["no-gate", "nothing was attested"]);
    gate(&sandbox, "project", 0, "none");
    sandbox.write("project/keys/reviewer-registry.toml", "broken");
    sandbox.commit("project", "Break the registry");
    attest(&sandbox, &[]).must(1, &["nothing was attested"]);
    sandbox.git("project", &["reset", "-q", "--hard", "HEAD~"]);
    // A stranger's key, and a program that does not sign.
    sandbox.tool("ssh-keygen", "home", &["-q", "-t", "ed25519", "-N", "", "-f", ".ssh/eve"]);
    let eve = sandbox.path("home/.ssh/eve.pub");
    attest(&sandbox, &["--key", eve.to_str().unwrap()]).must(2, &["one of these would do"]);
    sandbox.git("home", &["config", "--global", "gpg.ssh.program", "false"]);
    attest(&sandbox, &[]).must(2, &["did not sign"]);
    assert!(!sandbox.path("verdict.json").exists());
    let left: Vec<String> =
        sandbox.files(".").into_iter().filter(|name| name.contains(".gatecheck-")).collect();
    assert_eq!(left, Vec::<String>::new());
}

/// Each with a valid signature by the reviewer's own key, so that only what is said is wrong.
#[test]
fn what_is_signed_and_not_true_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let (anchor, first) = released(&sandbox);
    work(&sandbox, "project", "2");
    let second = gate(&sandbox, "project", 1, &first);
    let good = sandbox.gatecheck("project", &["attest"]).must(0, &[]).out;
    forge(&sandbox, &good, ".ssh/id", "gatecheck");
    verify(&sandbox, &[]).must(0, &[]);

    let digest = sandbox.tool("sha256sum", "project", &["keys/reviewer-registry.toml"]);
    let digest = digest.split(' ').next().unwrap();
    let covered = r#","GATECHECK_TIP_COVERED""#;
    let cases: &[(&str, &str, &str)] = &[
        ("\"project\":\"project\"", "\"project\":\"other\"", "another project"),
        (digest, &"0".repeat(64), "another registry"),
        ("\"registrySerial\":1", "\"registrySerial\":2", "another registry"),
        ("\"epoch\":1", "\"epoch\":2", "another last accepted gate"),
        ("@refs/heads/main", "@refs/heads/release", "another branch"),
        (covered, "", "another extent"),
        (&format!("\"anchor\":\"{anchor}\""), &format!("\"anchor\":\"{first}\""), "another anchor"),
        (
            &format!("{second}\"}},\"name\":\"gate\""),
            &format!("{first}\"}},\"name\":\"gate\""),
            "another last accepted gate",
        ),
        // An earlier tip, with the gates of the later one.
        (
            &format!("{second}\"}},\"name\":\"tip\""),
            &format!("{first}\"}},\"name\":\"tip\""),
            "another last accepted gate",
        ),
    ];
    for (from, to, words) in cases {
        let edited = good.replacen(from, to, 1);
        assert_ne!(edited, good, "{from}");
        forge(&sandbox, &edited, ".ssh/id", "gatecheck");
        verify(&sandbox, &[]).must(1, &["attestation-mismatch", words]);
    }
    // Said to be judged commit by commit, which this history is not.
    let every = good.replacen(
        "\"GATECHECK_TIP_COVERED\"",
        "\"GATECHECK_TIP_COVERED\",\"GATECHECK_EVERY_COMMIT_SIGNED\"",
        1,
    );
    forge(&sandbox, &every, ".ssh/id", "gatecheck");
    verify(&sandbox, &[]).must(1, &["unsigned", "attestation-mismatch"]);
    // A commit that is nowhere, and one beside the mainline.
    forge(&sandbox, &good.replace(&second, &"1".repeat(40)), ".ssh/id", "gatecheck");
    assert_ne!(verify(&sandbox, &[]).status, 0);
    forge(&sandbox, &good, ".ssh/id", "gatecheck");
    sandbox.git("project", &["branch", "keep"]);
    sandbox.git("project", &["reset", "-q", "--hard", &first]);
    sandbox.write("project/code", "another");
    sandbox.commit("project", "Another history");
    verify(&sandbox, &[]).must(1, &["mainline-replaced", "neither on the mainline nor ahead"]);
    // One that does not even begin at the anchor.
    sandbox.git("project", &["checkout", "-q", "--orphan", "stranger"]);
    sandbox.commit("project", "A history of somebody else");
    sandbox.git("project", &["branch", "-q", "-M", "stranger", "main"]);
    verify(&sandbox, &[]).must(1, &["mainline-replaced"]);
    // One that lies behind is no contradiction.
    sandbox.git("project", &["reset", "-q", "--hard", &anchor]);
    verify(&sandbox, &[]).must(0, &[]);
    sandbox.git("project", &["reset", "-q", "--hard", "keep"]);

    // Another anchor of the verifier's, and none.
    verify(&sandbox, &["--anchor", &first]).must(1, &["another anchor"]);
    sandbox.git("home", &["config", "--global", "--unset", "gatecheck.project.anchor"]);
    verify(&sandbox, &[]).must(3, &["no-anchor", "undecided"]);
    verify(&sandbox, &["--trust-on-first-use"]).must(0, &[]);
}

#[test]
fn signatures_that_do_not_count_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    released(&sandbox);
    let good = sandbox.gatecheck("project", &["attest"]).must(0, &[]).out;
    sandbox.tool("ssh-keygen", "home", &["-q", "-t", "ed25519", "-N", "", "-f", ".ssh/eve"]);
    forge(&sandbox, &good, ".ssh/eve", "gatecheck");
    verify(&sandbox, &[]).must(1, &["unknown-signer"]);
    forge(&sandbox, &good, ".ssh/id", "git");
    verify(&sandbox, &[]).must(1, &["ssh-namespace"]);
    forge(&sandbox, &good, ".ssh/id", "gatecheck");
    // A good signature beside a stranger's.
    let mut both: Value = serde_json::from_str(&sandbox.read("verdict.json")).unwrap();
    forge(&sandbox, &good, ".ssh/eve", "gatecheck");
    let eve: Value = serde_json::from_str(&sandbox.read("verdict.json")).unwrap();
    both["signatures"].as_array_mut().unwrap().push(eve["signatures"][0].clone());
    sandbox.write("verdict.json", &both.to_string());
    verify(&sandbox, &[]).must(1, &["unknown-signer"]);

    forge(&sandbox, &good, ".ssh/id", "gatecheck");
    edit(&sandbox, "\"gatecheck\":\"", "\"gatecheck\":\"9");
    verify(&sandbox, &[]).must(1, &["bad-signature", "over this attestation"]);
    // Canonical or nothing, whoever signed it.
    forge(&sandbox, &good.replace("\"epoch\":0", "\"epoch\": 0"), ".ssh/id", "gatecheck");
    verify(&sandbox, &[]).must(1, &["attestation-invalid"]);
    for junk in ["", "{}", "null", "\u{0}", &"[".repeat(200_000), &" ".repeat(900_000)] {
        sandbox.write("verdict.json", junk);
        verify(&sandbox, &[]).must(1, &["attestation-invalid"]);
    }
    sandbox.write("verdict.json", &" ".repeat(2_000_000));
    verify(&sandbox, &[]).must(2, &["longer than"]);
    sandbox.gatecheck("project", &["verify-attestation", "../nowhere.json"]).must(2, &[]);
    // Of the wrong key at the wrong time: long before the key was enrolled.
    let early = good.replacen("\"timeVerified\":\"20", "\"timeVerified\":\"19", 1);
    forge(&sandbox, &early, ".ssh/id", "gatecheck");
    verify(&sandbox, &[]).must(1, &["key-"]);
    let late = good.replacen("\"timeVerified\":\"20", "\"timeVerified\":\"29", 1);
    forge(&sandbox, &late, ".ssh/id", "gatecheck");
    assert_ne!(verify(&sandbox, &[]).status, 0);
}
