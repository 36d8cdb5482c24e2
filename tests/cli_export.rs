//! `gatecheck registry export`, read by git, gpg and ssh-keygen: they are never told more than the
//! registry says.
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

use cli_support::Sandbox;
use cli_support::people::{Person, found};

const REGISTRY: &str = "project/keys/reviewer-registry.toml";

#[test]
fn what_is_exported_serves_git_gpg_and_ssh_keygen() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_openpgp(&sandbox, "bob"));
    let anchor = found(&sandbox, [&ada, &bob], "");
    let export = |kind: &str| ada.gatecheck(&["registry", "export", "--as", kind]);
    let good = |signers: &str| {
        sandbox.write("signers", signers);
        let file = format!("gpg.ssh.allowedSignersFile={}", sandbox.path("signers").display());
        let done = ada
            .command("git", "project")
            .args(["-c", &file, "verify-commit", &anchor])
            .output()
            .unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.success(), said.contains("for ada@example.org"), "{said}");
        done.status.success()
    };
    let signers = export("allowed-signers").must(0, &[]).out;
    let from = export("allowed-signers").err;
    assert!(from.contains("(serial 1, sha256 ") && from.contains("nobody judged it"), "{from}");
    assert!(signers.starts_with("ada@example.org namespaces=\"git,gatecheck\",valid-after=\"2020"));
    assert!(good(&signers), "{signers}");
    let certificates = export("openpgp").must(0, &[]).out;
    sandbox.write("certificates.asc", &certificates);
    let shown = bob.run("gpg", ".", &["--with-colons", "--show-keys", "certificates.asc"]);
    assert!(shown.contains(&bob.key.to_string().to_uppercase()), "{shown}");
    // The window comes along, and the moment of its end is outside of it.
    let registry = sandbox.read(REGISTRY);
    let first = |from: &str, to: &str| sandbox.write(REGISTRY, &registry.replacen(from, to, 1));
    let from = "effective_from = 2020-01-01\n";
    first(from, &format!("{from}effective_until = 2021-01-01\n"));
    let signers = export("allowed-signers").must(0, &[]).out;
    assert!(signers.contains("valid-before=\"20201231235959Z\""), "{signers}");
    assert!(!good(&signers), "{signers}");
    first("kind = \"human\"", "kind = \"bot\"");
    let said = export("allowed-signers").must(0, &["who is not human, and is left out", "nothing"]);
    assert_eq!(said.out, "");
    let keys = registry.find("[[keys]]").unwrap();
    let (before, entry) = registry.split_at(keys);
    let entry = entry.replacen("[[keys]]", "[[retired_keys]]", 1).replacen(
        from,
        "effective_from = 2020-01-01\nretired_at = 2021-01-01\nreason = \"compromised\"\n\
         charter_ack = \"LOG.md#stolen\"\n",
        1,
    );
    sandbox.write(REGISTRY, &format!("{before}{entry}"));
    let said = export("allowed-signers").must(0, &["was compromised and is left out"]);
    assert_eq!(said.out, "");
    sandbox.write(REGISTRY, &registry);
    sandbox.write("project/keys/ada.pub", "ssh-ed25519 AAAA\n");
    export("allowed-signers").must(2, &["keys/ada.pub does not hold the key", "registry lint"]);
    std::fs::remove_file(sandbox.path("project/keys/ada.pub")).unwrap();
    export("allowed-signers").must(2, &["keys/ada.pub is not there"]);
    sandbox.write(REGISTRY, "[schema]\nversion = \"9\"\n");
    export("openpgp").must(2, &["is no registry that could be used"]);
}

/// A registry of ada's SSH key in `keys/ada.pub` with these lines of its entry, and what is exported.
fn exported(sandbox: &Sandbox, email: &str, entry: &str) -> (String, String) {
    let line = sandbox.tool("ssh-keygen", "project", &["-l", "-f", "keys/ada.pub"]);
    let key = line.split(' ').nth(1).unwrap();
    sandbox.write(
        REGISTRY,
        &format!(
            "[schema]\nversion = \"1.1.0\"\nserial = 1\n[project]\nid = \"project\"\n\
             mainline = \"refs/heads/main\"\n[[reviewers]]\nid = \"ada\"\nname = \"Ada\"\n\
             emails = [{email}]\nkind = \"human\"\n[[keys]]\nreviewer_id = \"ada\"\nformat = \"ssh\"\n\
             fingerprint = \"{key}\"\n{entry}"
        ),
    );
    let said = sandbox.gatecheck("project", &["registry", "export", "--as", "allowed-signers"]);
    assert_eq!(said.status, 0, "{}", said.err);
    (said.out, said.err)
}

#[test]
fn no_line_of_allowed_signers_says_more_than_the_registry() {
    let sandbox = Sandbox::new();
    sandbox.write("project/keys/.keep", "");
    let make = |kind: &[&str], name: &str| {
        let args = [&["-q", "-N", "", "-C", "test", "-f", name, "-t"], kind].concat();
        sandbox.tool("ssh-keygen", ".", &args);
        std::fs::copy(sandbox.path(&format!("{name}.pub")), sandbox.path("project/keys/ada.pub"))
            .unwrap();
    };
    make(&["ed25519"], "ed");
    sandbox.write("message", "hello\n");
    let sign = ["-q", "-Y", "sign", "-n", "git", "-f", "ed", "message"];
    sandbox.tool("ssh-keygen", ".", &sign);
    let good = |signers: &str, who: &str, at: &str| {
        sandbox.write("signers", signers);
        let at = format!("-Overify-time={at}");
        let mut child = sandbox
            .command("ssh-keygen", ".")
            .args([
                "-Y",
                "verify",
                "-f",
                "signers",
                "-I",
                who,
                "-n",
                "git",
                "-s",
                "message.sig",
                &at,
            ])
            .env("TZ", "Pacific/Kiritimati")
            .stdin(std::fs::File::open(sandbox.path("message")).unwrap())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        child.wait().unwrap().success()
    };
    // As `registry import` writes a line without valid-after.
    let (signers, _) = exported(&sandbox, "\"ada@x\"", "effective_from = 1970-01-01\n");
    assert!(good(&signers, "ada@x", "20260101000000Z"), "{signers}");
    // Both ends to the second, wherever the reader lives.
    let entry = "effective_from = 2026-01-01\neffective_until = 2027-01-01\n";
    let (signers, _) = exported(&sandbox, "\"ada@x\"", entry);
    for (at, inside) in [
        ("20251231235959Z", false),
        ("20260101000000Z", true),
        ("20261231235959Z", true),
        ("20270101000000Z", false),
    ] {
        assert_eq!(good(&signers, "ada@x", at), inside, "{at}: {signers}");
    }
    // What policy refuses from some day on ends then.
    let policy = "[policy.crypto]\nrefuse = [{ what = \"ed25519\", from = 2026-06-01 }]\n";
    let (signers, _) = exported(&sandbox, "\"ada@x\"", &format!("{entry}{policy}"));
    assert!(
        good(&signers, "ada@x", "20260531235959Z") && !good(&signers, "ada@x", "20260601000000Z")
    );
    let short = "effective_from = 2026-01-01\neffective_until = 2026-01-01T00:00:01Z\n";
    let (signers, notes) = exported(&sandbox, "\"ada@x\"", short);
    assert!(signers.is_empty() && notes.contains("shorter than ssh-keygen can say"), "{notes}");
    let always = format!("{entry}{}", policy.replace(", from = 2026-06-01", ""));
    let (signers, notes) = exported(&sandbox, "\"ada@x\"", &always);
    assert!(signers.is_empty() && notes.contains("`[policy.crypto] refuse` names"), "{notes}");
    // No address is a pattern.
    for email in ["*@x", "a?a@x", "!eve@x"] {
        let (signers, notes) = exported(&sandbox, &format!("\"{email}\""), entry);
        assert!(signers.starts_with("ada namespaces"), "{signers}");
        assert!(notes.contains(&format!("note: {email} of ada is left out")), "{notes}");
        assert!(!good(&signers, "aaa@x", "20260201000000Z"), "{signers}");
    }
    // ssh-keygen takes smaller RSA keys than gatecheck does.
    make(&["rsa", "-b", "1024"], "rsa");
    let (signers, notes) = exported(&sandbox, "\"ada@x\"", entry);
    assert!(
        signers.is_empty() && notes.contains("is left out: no SSH signature by an RSA"),
        "{notes}"
    );
}

#[test]
fn gpg_gets_the_registered_keys_and_nothing_else() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_openpgp(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    let batch = ["--batch", "--yes", "--quiet", "--passphrase", ""];
    let gpg = |args: &[&str]| bob.run("gpg", ".", &[&batch, args].concat());
    let primary = bob.key.clone();
    for (algorithm, usage) in [("ed25519", "sign"), ("ed25519", "sign"), ("cv25519", "encr")] {
        gpg(&["--quick-add-key", &primary, algorithm, usage, "2y"]);
    }
    // Somebody else's opinion, and somebody else's certificate.
    gpg(&[
        "--quick-gen-key",
        "eve (THROW-AWAY TEST KEY) <eve@example.org>",
        "ed25519",
        "sign",
        "2y",
    ]);
    gpg(&["-u", "eve@example.org", "--quick-sign-key", &primary]);
    let prints = |text: &str, kinds: [&str; 2]| -> Vec<String> {
        let mut lines = text.lines();
        let mut found = Vec::new();
        while let Some(line) = lines.next() {
            if kinds.iter().any(|kind| line.starts_with(kind)) {
                found.push(lines.next().unwrap().split(':').nth(9).unwrap().to_lowercase());
            }
        }
        found
    };
    let list = ["--with-colons", "--with-subkey-fingerprint", "--list-keys", &primary];
    let all = prints(&gpg(&list), ["pub:", "sub:"]);
    let [_, one, two, _] = &all[..] else { panic!("{all:?}") };
    // Not armored, as a keyring of several is often kept.
    let keyring = bob.command("gpg", ".").args(["--export", &primary, "eve@example.org"]).output();
    std::fs::write(sandbox.path("project/keys/bob.asc"), keyring.unwrap().stdout).unwrap();
    let registry = sandbox.read(REGISTRY);
    let export = |registry: &str| {
        sandbox.write(REGISTRY, registry);
        let said = ada.gatecheck(&["registry", "export", "--as", "openpgp"]).must(0, &[]);
        sandbox.write("exported.asc", &said.out);
        let show = ["--show-keys", "--with-colons", "--with-subkey-fingerprint"];
        let shown = if said.out.is_empty() {
            String::new()
        } else {
            gpg(&[&show[..], &["exported.asc"]].concat())
        };
        let packets = if said.out.is_empty() {
            String::new()
        } else {
            gpg(&["--list-packets", "exported.asc"])
        };
        (prints(&shown, ["pub:", "sub:"]), packets.matches(":signature packet:").count(), said.err)
    };
    // The primary key's entry covers its signing subkeys. Three signatures, all her own.
    let (keys, signatures, _) = export(&registry);
    assert_eq!(keys.iter().collect::<Vec<_>>(), [&primary, one, two]);
    assert_eq!(signatures, 3);
    // A subkey's covers itself; what stands above it has to come along, and is told.
    let (keys, signatures, notes) = export(&registry.replace(&primary, one));
    assert_eq!((keys, signatures), (vec![primary.clone(), one.clone()], 2));
    assert!(notes.contains(&format!("{primary} is written, for keys of this registry")), "{notes}");
    let gone = |key: &str, reason: &str| {
        format!(
            "{registry}\n[[retired_keys]]\nreviewer_id = \"bob\"\nformat = \"openpgp\"\n\
             fingerprint = \"{key}\"\neffective_from = 2020-01-01\nretired_at = 2021-01-01\n\
             reason = \"{reason}\"\ncharter_ack = \"LOG.md#stolen\"\n"
        )
    };
    let (keys, _, notes) = export(&gone(two, "compromised"));
    assert_eq!(keys.iter().collect::<Vec<_>>(), [&primary, one]);
    assert!(notes.contains(&format!("{two} of bob was compromised and is left out")), "{notes}");
    let other = gone(&primary, "compromised").replacen(&primary, one, 1);
    let (keys, _, notes) = export(&other);
    assert!(keys.is_empty() && notes.contains("stands in the certificate"), "{notes}");
    assert!(notes.contains("nothing is left to be written"), "{notes}");
    let (_, _, notes) =
        export(&gone(one, "rotated").replace("charter_ack = \"LOG.md#stolen\"\n", ""));
    assert!(notes.contains("1 of the entries are retired or at their end"), "{notes}");
    // No way leads out for a private key.
    let secret = ["--armor", "--pinentry-mode", "loopback", "--export-secret-keys", &primary];
    sandbox.write("project/keys/bob.asc", &gpg(&secret));
    sandbox.write(REGISTRY, &registry);
    let said =
        ada.gatecheck(&["registry", "export", "--as", "openpgp"]).must(2, &["holds a private key"]);
    assert_eq!(said.out, "");
}
