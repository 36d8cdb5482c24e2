//! With the real gpg.

use super::*;

#[test]
fn a_key_signs_by_whatever_name_git_knows_it() {
    let home = Home::new();
    let key = home.gpg_key("ada@example.org", "", &["sign", "never"]);
    let public = home.gpg(&["--armor", "--export", "ada@example.org"]);
    let long = key.to_string().to_uppercase();
    for name in ["ada@example.org", &long, &format!("{long}!"), &long[24..]] {
        let signature = home.sign(&home.settings("openpgp", name), &[key]).unwrap();
        assert!(signature.starts_with("-----BEGIN PGP SIGNATURE-----\n"), "{signature}");
        assert_eq!(signer(&signature, public.as_bytes()), key, "{name}");
    }
}

#[test]
fn the_subkey_that_the_registry_names_signs() {
    let home = Home::new();
    let primary = home.gpg_key("ada@example.org", "", &["cert", "never"]);
    for _ in 0..2 {
        home.gpg(&[
            "--passphrase",
            "",
            "--quick-add-key",
            &primary.to_string(),
            "ed25519",
            "sign",
            "never",
        ]);
    }
    let keys = home.gpg_keys("ada@example.org");
    let public = home.gpg(&["--armor", "--export", "ada@example.org"]);
    let signed = |name: &str, acceptable: &[Fingerprint]| {
        let signature = home.sign(&home.settings("openpgp", name), acceptable)?;
        Ok::<_, Error>(signer(&signature, public.as_bytes()))
    };
    for subkey in &keys[1..] {
        // An entry for a subkey covers only itself; so does git's mark.
        assert_eq!(signed("ada@example.org", &[*subkey]).unwrap(), *subkey);
        assert_eq!(signed(&format!("{subkey}!"), &[primary]).unwrap(), *subkey);
    }
    assert!(keys[1..].contains(&signed("ada@example.org", &[primary]).unwrap()));
    let error = words(signed(&format!("{}!", keys[1]), &[keys[2]]), &home);
    assert!(error.contains(&format!("one of these would do: {}", keys[2])), "{error}");
}

#[test]
fn what_cannot_sign_says_why() {
    let home = Home::new();
    let mut told = String::new();
    let mut tell = |what: &str, user: &str, key: Fingerprint| {
        let error = words(home.sign(&home.settings("openpgp", user), &[key]), &home);
        assert!(error.contains("nothing was changed"), "{error}");
        told.push_str(&format!("{what}:\n{}\n", error.replace(&key.to_string(), "FINGERPRINT")));
    };
    let expired = home.gpg_key("expired@example.org", "", &["sign", "2025-06-01"]);
    tell("expired", "expired@example.org", expired);
    let certifies = home.gpg_key("certifies@example.org", "", &["cert", "never"]);
    tell("certifies only", "certifies@example.org", certifies);
    let lost = home.gpg_key("lost@example.org", "", &["sign", "never"]);
    home.gpg(&["--yes", "--delete-secret-keys", &lost.to_string()]);
    tell("no secret key", "lost@example.org", lost);

    let locked = home.gpg_key("locked@example.org", "secret", &["sign", "never"]);
    let answer = |answer: &str| {
        let pinentry = home.script(
            "pinentry",
            &format!(
                "echo OK\nwhile read line; do case \"$line\" in\nGETPIN*) {answer};;\n\
                 BYE*) echo OK; exit;;\n*) echo OK;;\nesac; done"
            ),
        );
        std::fs::write(home.path("gpg-agent.conf"), format!("pinentry-program {pinentry}\n"))
            .unwrap();
        let mut kill = Command::new("gpgconf");
        kill.env("GNUPGHOME", home.path("")).args(["--kill", "gpg-agent"]).output().unwrap();
    };
    answer("echo 'ERR 83886179 Operation cancelled <Pinentry>'");
    tell("cancelled", "locked@example.org", locked);
    answer("echo 'D wrong'; echo OK");
    tell("wrong passphrase", "locked@example.org", locked);
    answer("exit 1");
    tell("pinentry dies", "locked@example.org", locked);
    insta::assert_snapshot!(told);
    answer("echo 'D secret'; echo OK");
    home.sign(&home.settings("openpgp", "locked@example.org"), &[locked]).unwrap();
}

#[test]
fn a_text_mode_signature_is_not_handed_out() {
    let home = Home::new();
    let key = home.gpg_key("ada@example.org", "", &["sign", "never"]);
    std::fs::write(home.path("gpg.conf"), "textmode\n").unwrap();
    let error = words(home.sign(&home.settings("openpgp", "ada@example.org"), &[key]), &home);
    assert!(error.contains("no signature that would count"), "{error}");
}

#[test]
fn a_program_that_takes_another_subkey_is_found_out() {
    let home = Home::new();
    let primary = home.gpg_key("ada@example.org", "", &["cert", "never"]).to_string();
    for _ in 0..2 {
        home.gpg(&["--passphrase", "", "--quick-add-key", &primary, "ed25519", "sign", "never"]);
    }
    let keys = home.gpg_keys("ada@example.org");
    let limits = Limits::default();
    let session = home.session(&limits);
    let settings = home.settings("openpgp", &format!("{}!", keys[1]));
    let key = settings.choose(None, &set(&keys[..1]), &session).unwrap();
    let real = home.path("gpg").display().to_string();
    let other = format!(
        "for a; do [ \"$last\" = --output ] && out=$a; last=$a; done\n\
         exec {real} --batch --armor --detach-sign --local-user {}! --output \"$out\" -- \"$a\"",
        keys[2]
    );
    let fake = home.script("fake", &other);
    let result = Settings { gpg: Some(fake), ..settings }.sign(STATEMENT, &key, &session);
    let error = words(result, &home);
    assert!(error.contains(&format!("would count: {}", keys[2])), "{error}");
}
