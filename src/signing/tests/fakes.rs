//! Programs that do everything but sign.

use super::*;

/// What becomes of signing with a gpg that can export and otherwise does this.
fn with_gpg(home: &Home, key: Fingerprint, does: &str, session: &Session<'_>) -> Result<String> {
    let settings = home.settings("openpgp", &key.to_string());
    let chosen = settings.choose(None, &set(&[key]), session).unwrap();
    let fake = home.script(
        "fake",
        &format!("for a; do last=$o; o=$a; [ \"$last\" = --output ] && out=$a; done\n{does}"),
    );
    Settings { gpg: Some(fake), ..settings }.sign(STATEMENT, &chosen, session)
}

#[test]
fn a_program_that_does_not_sign_is_told_of_and_ended() {
    let home = Home::new();
    let key = home.gpg_key("ada@example.org", "", &["sign", "never"]);
    let other = home.gpg_key("eve@example.org", "", &["sign", "never"]);
    let limits = Limits::default();
    let session = home.session(&limits);
    let mut told = String::new();
    let real = home.path("gpg").to_str().unwrap().to_owned();
    for (what, does) in [
        ("refuses", "echo 'gpg: I will not' >&2; printf 'and \\033[31mred\\n' >&2; exit 2"),
        ("says nothing", "exit 3"),
        ("no output", "exit 0"),
        ("empty output", ": > \"$out\""),
        ("no signature", "echo hello > \"$out\""),
        ("no card", "echo '[GNUPG:] CARDCTRL 1 D2760001240102'; exit 2"),
        ("megabytes of status", "exec yes"),
        ("megabytes of words", "yes | head -c 3000000 >&2; exit 1"),
        ("megabytes of signature", "head -c 3000000 /dev/zero > \"$out\""),
        ("a pipe that nobody writes to", "mkfifo \"$out\""),
        ("a link to another file", "ln -s /etc/passwd \"$out\""),
        (
            "another payload",
            &format!("echo x | '{real}' --batch --armor --detach-sign -u {key} --output \"$out\""),
        ),
        (
            "another key",
            &format!(
                "'{real}' --batch --armor --detach-sign -u {other} --output \"$out\" -- \"$o\""
            ),
        ),
    ] {
        let error = words(with_gpg(&home, key, does, &session), &home);
        assert!(error.contains("nothing was changed"), "{error}");
        let error = error.replace(&key.to_string(), "KEY").replace(&other.to_string(), "OTHER");
        told.push_str(&format!("{what}:\n{error}\n"));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_program_that_hangs_is_ended() {
    let home = Home::new();
    let key = home.gpg_key("ada@example.org", "", &["sign", "never"]);
    let limits = Limits::default();
    let session = home.session(&limits);
    // The key is chosen with the real one, which may take its time.
    let settings = home.settings("openpgp", &key.to_string());
    let chosen = settings.choose(None, &set(&[key]), &session).unwrap();
    let fake = home.script(
        "fake",
        "echo $$ > ~/pid; exec sleep 600".replace('~', home.path("").to_str().unwrap()).as_str(),
    );
    let settings = Settings { gpg: Some(fake), ..settings };
    // Within a second it has hardly begun where much else runs.
    for seconds in [1, 10, 100] {
        let session = Session { time_limit: Duration::from_secs(seconds), ..session };
        let error = words(settings.sign(STATEMENT, &chosen, &session), &home);
        assert!(
            error.contains(&format!("took longer than {seconds} s"))
                && error.contains("nothing was changed"),
            "{error}"
        );
        let pid = std::fs::read_to_string(home.path("pid")).unwrap_or_default();
        if let Ok(pid) = pid.trim().parse::<u32>() {
            // Another process may have got the number since.
            let runs = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            assert_ne!(runs, b"sleep\x00600\x00", "{pid} still runs");
            return;
        }
    }
    panic!("the program never began");
}

#[test]
fn a_program_is_told_whether_somebody_can_be_asked() {
    let home = Home::new();
    let key = home.gpg_key("ada@example.org", "", &["sign", "never"]);
    let limits = Limits::default();
    for terminal in [false, true] {
        let session = Session { terminal, ..home.session(&limits) };
        let folder = home.path("");
        let does = format!(
            "echo \"$@\" > {0}/said; readlink /proc/$$/fd/0 > {0}/input; exit 1",
            folder.display()
        );
        with_gpg(&home, key, &does, &session).unwrap_err();
        let said = home.read("said");
        assert_eq!(said.contains("--batch --no-tty"), !terminal, "{said}");
        assert!(said.contains("--status-fd 1 --detach-sign --armor --local-user"), "{said}");
        let own = std::fs::read_link("/proc/self/fd/0").unwrap();
        let input = home.read("input");
        let expected =
            if terminal { own.to_str().unwrap().to_owned() } else { "/dev/null".to_owned() };
        assert_eq!(input.trim(), expected);
    }
}

#[test]
fn a_missing_program_is_told_of() {
    let home = Home::new();
    let key = home.gpg_key("ada@example.org", "", &["sign", "never"]);
    let limits = Limits::default();
    let session = home.session(&limits);
    let settings = home.settings("openpgp", &key.to_string());
    let chosen = settings.choose(None, &set(&[key]), &session).unwrap();
    let settings = Settings { gpg: Some("~/nowhere".to_owned()), ..settings };
    let error = words(settings.sign(STATEMENT, &chosen, &session), &home);
    assert!(error.contains("there is no such program") && error.contains("gpg.program"), "{error}");

    let ssh = home.ssh_key("id", "");
    let settings =
        Settings { ssh_keygen: Some("/does/not/exist".to_owned()), ..home.settings("ssh", "~/id") };
    let error = words(home.sign(&settings, &[ssh]), &home);
    assert!(
        error.contains("there is no such program") && error.contains("gpg.ssh.program"),
        "{error}"
    );
}

#[test]
fn a_token_is_used_by_its_public_file_and_must_be_touched() {
    use ::signature::Signer as _;
    let home = Home::new();
    let string =
        |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let base64 =
        |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let name = b"sk-ssh-ed25519@openssh.com";
    let pair = ssh_key::private::Ed25519Keypair::from_seed(&[7; 32]);
    let public = [string(name), string(pair.public.as_ref()), string(b"ssh:")].concat();
    let line = format!("sk-ssh-ed25519@openssh.com {} a token\n", base64(&public));
    std::fs::write(home.path("sk.pub"), &line).unwrap();
    let read = crate::signature::read_file(line.as_bytes(), &Limits::default());
    let fingerprint = read.ssh_keys[0].0;
    // PROTOCOL.sshsig and PROTOCOL.u2f of OpenSSH: what a token signs.
    let sha = |bytes: &[u8]| <sha2::Sha256 as sha2::Digest>::digest(bytes).to_vec();
    let sha512 = <sha2::Sha512 as sha2::Digest>::digest(STATEMENT);
    let head = [b"SSHSIG".to_vec(), string(b"gatecheck"), string(b""), string(b"sha512")].concat();
    let message = sha(&[head, string(&sha512)].concat());
    for touched in [1_u8, 0] {
        let counter = 7_u32.to_be_bytes().to_vec();
        let signed = [sha(b"ssh:"), vec![touched], counter.clone(), message.clone()].concat();
        let raw: ssh_key::Signature =
            ssh_key::PrivateKey::from(pair.clone()).try_sign(&signed).unwrap();
        let inner = [string(name), string(raw.as_bytes()), vec![touched], counter].concat();
        let blob = [
            [b"SSHSIG".to_vec(), vec![0, 0, 0, 1], string(&public), string(b"gatecheck")].concat(),
            [string(b""), string(b"sha512"), string(&inner)].concat(),
        ]
        .concat();
        let (begin, end) = ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----");
        let body = base64(&blob);
        let body: Vec<&str> =
            body.as_bytes().chunks(70).map(|l| std::str::from_utf8(l).unwrap()).collect();
        std::fs::write(home.path("made"), format!("{begin}\n{}\n{end}\n", body.join("\n")))
            .unwrap();
        let folder = home.path("");
        home.script(
            "ssh",
            &format!(
                "echo \"$@\" > {0}/said\nfor a; do o=$a; done\ncp {0}/made \"$o.sig\"",
                folder.display()
            ),
        );
        let result = home.sign(&home.settings("ssh", "~/sk.pub"), &[fingerprint]);
        let said = home.read("said");
        assert!(
            said.starts_with(&format!("-Y sign -n gatecheck -f {}", home.path("sk.pub").display())),
            "{said}"
        );
        if touched == 1 {
            assert_eq!(signer(&result.unwrap(), line.as_bytes()), fingerprint);
        } else {
            let error = words(result, &home);
            assert!(error.contains("no signature that would count"), "{error}");
        }
    }
}
