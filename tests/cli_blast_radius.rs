//! `gatecheck blast-radius`: the demo for what is said, stories for what is found.
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
#[allow(dead_code, reason = "each test file uses its part")]
mod support;
mod told;

use std::collections::BTreeSet;
use std::process::Command;

use cli_support::schema;
use serde_json::Value;
use support::sign::{self, Order};
use support::story::SigSpec;
use support::{run, setup};
use told::{ADA, EDSGER, EPOCH_0, SUMMER, Told, asked, demo, word};

#[test]
fn the_blast_radius_is_told_to_people() {
    let sandbox = demo();
    let said = asked(&sandbox, SUMMER, &["blast-radius", ADA]);
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{}", said.out);
    insta::assert_snapshot!("blast-radius", said.out);
    let said = asked(&sandbox, SUMMER, &["blast-radius", ADA, "--from", EPOCH_0]);
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{}", said.out);
    insta::assert_snapshot!("blast-radius-from", said.out);
}

#[test]
fn the_blast_radius_is_told_to_programs() {
    let sandbox = demo();
    let file = sandbox.path("revoked.json");
    let args = ["blast-radius", ADA, "--format", "json", "--revocations", file.to_str().unwrap()];
    let said = asked(&sandbox, SUMMER, &args);
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{}", said.out);
    schema::checked(&said.out);
    schema::checked(&sandbox.read("revoked.json"));
    let text = said.out.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!("blast-radius-json", text);
    insta::assert_snapshot!("revocations-json", sandbox.read("revoked.json"));
}

#[test]
fn what_cannot_be_used_is_refused() {
    let sandbox = demo();
    let stranger = "a".repeat(40);
    let off = sandbox.git("lighthouse", &["rev-parse", "reviewed"]);
    for args in [
        vec!["blast-radius", &stranger],
        vec!["blast-radius", "fbf484ed"],
        vec!["blast-radius", ADA, "--from", &off],
        vec!["blast-radius", ADA, "--from", "main"],
        vec!["blast-radius"],
        vec!["status", "--registry", "keys/reviewer-registry.toml"],
        vec!["status", "--due", "-1"],
    ] {
        let said = asked(&sandbox, SUMMER, &args);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{args:?}: {}", said.err);
    }
    let said = asked(&sandbox, SUMMER, &["blast-radius", &stranger]);
    assert!(said.err.contains("nothing in this history knows the key"), "{}", said.err);
    // Known to the registry, but nothing was signed with it after this.
    let tip = sandbox.git("lighthouse", &["rev-parse", "main"]);
    let said = asked(&sandbox, SUMMER, &["blast-radius", EDSGER, "--from", &tip]);
    assert_eq!(said.status, 0);
    assert!(said.out.contains("nothing accepted rests on it"), "{}", said.out);
}

#[test]
fn without_an_anchor_it_is_the_repositorys_own_word() {
    let sandbox = demo();
    for args in [&["status"][..], &["blast-radius", ADA]] {
        let said = sandbox.gatecheck("lighthouse", &[args, &["--at", SUMMER]].concat());
        assert_eq!(said.status, 3, "{}", said.err);
        assert!(said.out.contains("undecided[no-anchor]"), "{}", said.out);
        assert!(said.err.contains("the repository's own word"), "{}", said.err);
        let first = [args, &["--at", SUMMER, "--trust-on-first-use"]].concat();
        assert_eq!(sandbox.gatecheck("lighthouse", &first).status, 0);
    }
    // A deadline is told even where the rest is open.
    let said = sandbox.gatecheck("lighthouse", &["status", "--due", "120", "--at", SUMMER]);
    assert_eq!(said.status, 1);
}

/// What rests on a key is what `verify` refuses once the key is declared compromised.
#[test]
fn the_radius_is_what_is_refused_later() {
    let stories = [
        ("ceremony-compromise-without-trust-refuses-older-gates", "clancy", None, "gate0"),
        ("ceremony-compromise-with-trust-keeps-honest-gates", "clancy", Some("gate0"), "gate0"),
        (
            "ceremony-approved-by-a-key-that-was-bad-refuses-what-rests-on-it",
            "ada",
            Some("anchor"),
            "gate0",
        ),
    ];
    for (story, key, from, before) in stories {
        let told = Told::of(story);
        let key = told.key(key);
        let from = from.map(|from| told.id(from));
        let mut args = vec!["blast-radius", key.as_str()];
        if let Some(from) = &from {
            args.extend(["--from", from.as_str()]);
        }
        let (status, answer) = told.ask(Some(before), &args);
        assert_eq!(status, 0, "{story}: {answer:#}");
        let in_doubt: BTreeSet<String> =
            answer["items"].as_array().unwrap().iter().map(|i| word(&i["commit"]).into()).collect();
        let judged = run::run(&told.world, &told.repo, &told.world.story.run.at).report.unwrap();
        let refused: BTreeSet<String> = judged["gates"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|gate| gate["verdict"] == "refused")
            .map(|gate| word(&gate["commit"]).into())
            .collect();
        assert_eq!(in_doubt, refused, "{story}: {answer:#}");
        // Afterwards it is still told.
        let (status, after) = told.ask(None, &args);
        assert_eq!(status, 0, "{story}");
        assert_eq!(told.items(&after), told.items(&answer), "{story}");
        let verdicts: Vec<&Value> =
            after["items"].as_array().unwrap().iter().map(|item| &item["verdict"]).collect();
        assert!(verdicts.iter().all(|verdict| **verdict == "refused"), "{story}: {verdicts:?}");
    }
}

#[test]
fn doubt_goes_on_through_the_ceremonies() {
    let told = Told::of("ceremony-approved-by-a-key-that-was-bad-refuses-what-rests-on-it");
    let (ada, bert) = (told.key("ada"), told.key("bert"));
    let (_, answer) = told.ask(Some("gate0"), &["blast-radius", &ada]);
    // Two of clancy, grace and edsger are enough for an enrolment; ada's domain is another matter.
    assert_eq!(told.items(&answer), ["ceremony enrolment refused", "epoch gate0 pass"]);
    let enrolment = &answer["items"][0];
    assert_eq!(enrolment["signatures"][0]["signed"], "approval");
    assert_eq!(enrolment["brought"][0]["fingerprint"], bert.as_str());
    let signature = &answer["items"][1]["signatures"][0];
    assert_eq!(signature["reviewer_id"], "bert");
    assert_eq!(signature["brought_by"], told.id("enrolment"));
    let commands: Vec<&str> = answer["commands"].as_array().unwrap().iter().map(word).collect();
    assert!(commands[0].contains(&format!("--acknowledge {}", told.id("enrolment"))));
    assert_eq!(commands[1], "gatecheck signoff reattest 0");

    // Bert's own key proves that he holds it, and signed one of two sign-offs for the kernel.
    let (_, answer) = told.ask(Some("gate0"), &["blast-radius", &bert]);
    assert_eq!(told.items(&answer), ["ceremony enrolment pass", "epoch gate0 pass"]);
    assert_eq!(answer["items"][0]["signatures"][0]["signed"], "possession");
    assert!(answer["items"][0]["brought"].as_array().unwrap().is_empty());

    // A point of trust after the enrolment saves it, and all that came of it.
    let from = told.id("enrolment");
    let (_, answer) = told.ask(Some("gate0"), &["blast-radius", &ada, "--from", &from]);
    assert!(told.items(&answer).is_empty(), "{answer:#}");
}

const TWO_EPOCHS: &str = "story = \"x\"\n[[commits]]\nname = \"gate0\"\nepoch = 0\n\
    [[commits]]\nname = \"work\"\n[[commits]]\nname = \"gate1\"\nepoch = 1\n\
    [expect]\nverdict = \"pass\"\n";

#[test]
fn tags_are_in_doubt_whatever_their_dates() {
    let told = Told::new(TWO_EPOCHS);
    let tag = |name: &str, target: &str, key: Option<&str>| {
        let mut raw = format!(
            "object {}\ntype commit\ntag {name}\ntagger A <a@example.org> 1769338800 +0000\n\n{name}\n",
            told.id(target)
        )
        .into_bytes();
        if let Some(key) = key {
            let order = Order {
                keys: &told.world.keys,
                key,
                time: "2026-01-25T11:00:00Z",
                namespace: "git",
                spec: &SigSpec::default(),
                gpg_home: &told.world.gpg_home(),
            };
            let armor = sign::sign(&order, &raw);
            raw.extend(armor);
        }
        let file = told.world.folder.path().join(name);
        std::fs::write(&file, raw).unwrap();
        let made = setup::git(
            &told.repo,
            &["hash-object", "-w", "-t", "tag", "--literally", file.to_str().unwrap()],
        );
        let id = String::from_utf8(made).unwrap();
        setup::git(&told.repo, &["update-ref", &format!("refs/tags/{name}"), id.trim()]);
    };
    tag("v0", "gate0", Some("grace"));
    tag("v0-ada", "anchor", Some("ada"));
    tag("v1", "gate1", None);
    tag("wip", "work", Some("grace"));
    setup::git(&told.repo, &["tag", "light", &told.id("gate1")]);
    let file = told.world.folder.path().join("revoked.json");
    let (ada, from) = (told.key("ada"), told.id("gate0"));
    let args = ["blast-radius", &ada, "--from", &from, "--revocations", file.to_str().unwrap()];
    let (status, answer) = told.ask(None, &args);
    assert_eq!(status, 0);
    let tags: Vec<(&str, bool, bool)> = answer["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| (word(&t["name"]), t["signed"] == true, t["points_at_doubt"] == true))
        .collect();
    assert_eq!(
        tags,
        [
            ("refs/tags/light", false, true),
            ("refs/tags/v0-ada", true, false),
            ("refs/tags/v1", false, true),
        ]
    );
    let revoked: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let list: Vec<(&str, &str)> = revoked["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (word(&one["kind"]), word(&one["verdict_without"])))
        .collect();
    // Ada alone signed off her domain at gate1.
    assert_eq!(
        list,
        [("epoch", "refused"), ("tag", "refused"), ("tag", "refused"), ("tag", "refused")]
    );
}

/// The rules judge again: a newcomer's sign-off does not outlive that of whoever co-signed it.
#[test]
fn quorum_is_judged_again_without_the_key() {
    let told = Told::of("newcomer-cosigned");
    let of = |who: &str| told.items(&told.ask(None, &["blast-radius", &told.key(who)]).1);
    // Grace co-signed twice, and was not there at the third gate.
    assert_eq!(of("grace"), ["epoch gate0 refused", "epoch gate1 refused"]);
    assert_eq!(of("edsger"), ["epoch gate0 pass", "epoch gate1 pass", "epoch gate2 refused"]);
    let (_, answer) = told.ask(None, &["blast-radius", &told.key("grace")]);
    assert_eq!(answer["items"][0]["missing"][0]["code"], "reviewer-not-qualified", "{answer:#}");
}

#[test]
fn a_primary_key_stands_for_its_subkeys() {
    let told = Told::of("signing-subkey-of-a-registered-primary");
    let (primary, subkey) =
        (told.key("ada"), told.world.keys["ada"].signing_fingerprint().to_lowercase());
    for key in [&primary, &subkey] {
        let (status, answer) = told.ask(None, &["blast-radius", key]);
        assert_eq!((status, &answer["entry"]), (0, &Value::from(primary.as_str())));
        assert_eq!(told.items(&answer), ["epoch gate0 refused"]);
        assert_eq!(answer["items"][0]["signatures"][0]["fingerprint"], subkey.as_str());
        assert!(word(&answer["commands"][0]).contains(&format!("--retire {primary}")));
    }
    // Where the registry names the subkey, its primary stands for it all the same.
    let told = Told::of("entry-for-a-subkey");
    let (_, answer) = told.ask(None, &["blast-radius", &told.key("edsger")]);
    assert_eq!(told.items(&answer), ["epoch gate0 refused"]);
}

#[test]
fn reattestations_squash_gates_and_the_anchors_own_gate_are_found() {
    let told = Told::of("re-attestation-of-an-accepted-gate");
    let (ada, gate0) = (told.key("ada"), told.id("gate0"));
    let (_, answer) = told.ask(None, &["blast-radius", &ada]);
    assert_eq!(told.items(&answer), ["epoch gate0 refused", "reattestation gate0 refused"]);
    assert_eq!(answer["items"][1]["carrier"], told.id("again"));
    let (_, answer) = told.ask(None, &["blast-radius", &ada, "--from", &gate0]);
    assert_eq!(told.items(&answer), ["reattestation gate0 refused"]);

    let told = Told::of("squash-gate");
    let (_, answer) = told.ask(None, &["blast-radius", &told.key("ada")]);
    let items = ["epoch gate0 refused", "squash big refused", "epoch gate1 refused"];
    assert_eq!(told.items(&answer), items);
    assert_eq!(answer["reattest"]["epochs"].as_array().unwrap().len(), 2);
    let (_, answer) = told.ask(None, &["blast-radius", &told.key("grace")]);
    assert_eq!(told.items(&answer), ["epoch gate0 refused", "epoch gate1 refused"]);
    assert_eq!(answer["items"][1]["changed"]["count"], 3, "{answer:#}");

    let told = Told::of("anchor-is-the-last-gate");
    let (_, answer) = told.ask(None, &["blast-radius", &told.key("ada")]);
    assert_eq!(told.items(&answer), ["epoch gate0 refused", "epoch gate1 refused"]);
    let gate0 = told.id("gate0");
    let (_, answer) = told.ask(None, &["blast-radius", &told.key("ada"), "--from", &gate0]);
    assert_eq!(told.items(&answer), ["epoch gate1 refused"]);
}

#[test]
fn a_history_that_cannot_be_read_is_undecided() {
    let told = Told::new(&TWO_EPOCHS.replace(
        "[expect]",
        "[repository]\ndelete = [\"blob:gate0:epoch_signoffs/epoch-0.toml\"]\n[expect]",
    ));
    for args in [&["status"][..], &["blast-radius", &told.key("ada")]] {
        let done = Command::new(env!("CARGO_BIN_EXE_gatecheck"))
            .env_clear()
            .args(args)
            .args(["--no-cache", "--anchor", &told.id("anchor"), "--repo"])
            .arg(&told.repo)
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&done.stdout);
        assert_eq!(done.status.code(), Some(3), "{out}");
        assert!(out.contains("undecided[missing-object]"), "{out}");
    }
}
