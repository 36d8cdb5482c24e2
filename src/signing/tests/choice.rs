//! Which key it is.

use super::*;

fn chosen(
    home: &Home,
    settings: &Settings,
    wanted: Option<&str>,
    acceptable: &[Fingerprint],
) -> Result<SigningKey> {
    let limits = Limits::default();
    settings.choose(wanted, &set(acceptable), &home.session(&limits))
}

#[test]
fn the_configured_key_is_taken_where_it_would_do_and_else_those_are_named_that_would() {
    let home = Home::new();
    let ada = home.gpg_key("ada@example.org", "", &["sign", "never"]);
    let bea = home.gpg_key("bea@example.org", "", &["sign", "never"]);
    let (id, other) = (home.ssh_key("id", ""), home.ssh_key("other", ""));
    let gpg = home.settings("openpgp", "ada@example.org");
    let ssh = home.settings("ssh", "~/id");
    let none = Settings { key: None, ..gpg.clone() };
    let x509 = home.settings("x509", "ada");
    let default = Settings { format: None, ..gpg.clone() };
    let bea_words = bea.to_string();
    let id_words = id.to_string();
    let absent = "a".repeat(40);
    let good: [(&Settings, Option<&str>, &[Fingerprint], Fingerprint); 7] = [
        (&gpg, None, &[ada, bea, id], ada),
        (&default, None, &[ada], ada),
        (&ssh, None, &[ada, id], id),
        (&gpg, Some(&bea_words), &[ada, bea], bea),
        (&none, Some("~/id"), &[id], id),
        (&gpg, Some("other.pub"), &[other], other),
        (&ssh, Some(&id_words), &[id, other], id),
    ];
    for (settings, wanted, acceptable, entry) in good {
        let key = chosen(&home, settings, wanted, acceptable).unwrap();
        assert_eq!(key.entry, entry, "{wanted:?}");
    }
    // "example.org" is in both user ids; one of the two would do.
    let both = home.settings("openpgp", "example.org");
    assert_eq!(chosen(&home, &both, None, &[bea]).unwrap().entry, bea);

    std::fs::copy(home.path("id"), home.path("private.pub")).unwrap();
    let bad: [(&Settings, Option<&str>, &[Fingerprint]); 12] = [
        (&gpg, None, &[]),
        (&gpg, None, &[bea]),
        (&ssh, None, &[other]),
        (&none, None, &[bea, id]),
        (&x509, None, &[bea]),
        (&both, None, &[ada, bea]),
        (&gpg, Some("AAAABBBBCCCCDDDD"), &[ada]),
        (&gpg, Some(&absent), &[ada]),
        (&gpg, Some("~/nothing.pub"), &[id]),
        (&gpg, Some("private.pub"), &[id]),
        (&gpg, Some(&id_words), &[id]),
        (&ssh, Some(&id_words), &[other]),
    ];
    let mut told = String::new();
    for (settings, wanted, acceptable) in bad {
        let mut error = words(chosen(&home, settings, wanted, acceptable), &home);
        for (key, name) in [(ada, "ADA"), (bea, "BEA"), (id, "ID"), (other, "OTHER")] {
            error = error.replace(&key.to_string(), name);
        }
        // Their order is that of random fingerprints.
        error = error.replace("BEA, ADA", "ADA, BEA").replace("--key ADA", "--key BEA");
        told.push_str(&format!("{error}\n"));
    }
    insta::assert_snapshot!(told);
}
