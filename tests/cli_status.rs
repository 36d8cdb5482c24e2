//! `gatecheck status`: the demo for what is said, stories for what is found.
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

use cli_support::{Said, schema};
use serde_json::Value;
use support::setup;
use told::{ADA, SUMMER, Told, asked, demo, word};

#[test]
fn status_is_told_to_people() {
    let sandbox = demo();
    let said = asked(&sandbox, SUMMER, &["status", "--due", "120", "--crypto"]);
    assert_eq!((said.status, said.err.as_str()), (1, ""), "{}", said.out);
    insta::assert_snapshot!("status", said.out);
}

#[test]
fn status_is_told_to_programs() {
    let sandbox = demo();
    let said = asked(&sandbox, SUMMER, &["status", "--due", "120", "--format", "json"]);
    assert_eq!((said.status, said.err.as_str()), (1, ""), "{}", said.out);
    schema::checked(&said.out);
    insta::assert_snapshot!("status-json", said.out.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

/// Edsger's last gate was at 2025-03-14T11:00:00Z, and six months are given.
#[test]
fn a_reviewer_becomes_stale_on_the_second() {
    let sandbox = demo();
    let of = |at: &str, due: &str| {
        let said = asked(&sandbox, at, &["status", "--due", due, "--format", "json"]);
        let told: Value = serde_json::from_str(&said.out).unwrap();
        let people = told["people"].as_array().unwrap().clone();
        let edsger = people.into_iter().find(|p| p["reviewer_id"] == "edsger").unwrap();
        (said.status, edsger["condition"].as_str().unwrap().to_owned(), told)
    };
    let (status, condition, told) = of("2025-09-14T11:00:00Z", "0");
    assert_eq!((status, condition.as_str()), (0, "current"), "{told:#}");
    let (status, condition, told) = of("2025-09-14T11:00:01Z", "0");
    assert_eq!((status, condition.as_str()), (1, "stale"), "{told:#}");
    // One day after, he counts beside barbara only, so that process hangs on her.
    let process = &told["next"]["domains"][2];
    assert_eq!(process["with_help"], serde_json::json!(["edsger"]));
    assert_eq!(process["hangs_on"], serde_json::json!(["barbara"]));
    // The end is exclusive: one day of notice sees it, no day does not.
    let (status, _, told) = of("2025-09-13T11:00:01Z", "1");
    assert_eq!(status, 1);
    assert_eq!(told["due"]["items"][0]["at"], "2025-09-14T11:00:01Z");
    assert_eq!(of("2025-09-13T11:00:00Z", "1").0, 0);
}

#[test]
fn when_nobody_is_current_no_gate_can_be_made() {
    let sandbox = demo();
    let said = asked(&sandbox, "2025-12-01T00:00:00Z", &["status"]);
    assert_eq!(said.status, 0, "nothing was asked to be due");
    for words in ["not now    the quorum is not met", "kernel     nobody", "stale: "] {
        assert!(said.out.contains(words), "{words}\n{}", said.out);
    }
    let said = asked(&sandbox, "2025-12-01T00:00:00Z", &["blast-radius", ADA]);
    assert!(said.out.contains("gatecheck ceremony plan requalify"), "{}", said.out);
}

#[test]
fn windows_that_end_are_due() {
    let sandbox = demo();
    let at = "2098-12-01T00:00:00Z";
    let (before, said) = (
        asked(&sandbox, at, &["status", "--due", "30", "--format", "json"]),
        asked(&sandbox, at, &["status", "--due", "31", "--format", "json"]),
    );
    let windows = |said: &Said| {
        let told: Value = serde_json::from_str(&said.out).unwrap();
        let items = told["due"]["items"].as_array().unwrap().clone();
        items.into_iter().filter(|item| item["kind"] == "window").count()
    };
    assert_eq!((windows(&before), windows(&said)), (0, 4), "{}", said.out);
}

#[test]
fn newcomers_and_people_whom_the_epochs_leave_behind_are_told() {
    let told = Told::of("newcomer-cosigned");
    let edsger = |tip: &str| {
        // What is checked out does not matter; the mainline's ref does.
        setup::git(&told.repo, &["update-ref", "refs/heads/main", &told.id(tip)]);
        let (_, answer) = told.ask(None, &["status"]);
        let people = answer["people"].as_array().unwrap().clone();
        let edsger = people.into_iter().find(|p| p["reviewer_id"] == "edsger").unwrap();
        let lacking = edsger["cosigns_lacking"].as_u64().unwrap();
        (answer["next"]["epoch"].as_u64().unwrap(), lacking)
    };
    assert_eq!(edsger("anchor"), (0, 2));
    assert_eq!(edsger("gate0"), (1, 1));
    assert_eq!(edsger("gate1"), (2, 0));

    let told = Told::of("reviewer-stale-by-one-epoch");
    let edsger = |tip: &str| {
        setup::git(&told.repo, &["update-ref", "refs/heads/main", &told.id(tip)]);
        let (status, answer) = told.ask_at("2026-01-20T00:00:00Z", None, &["status", "--due", "0"]);
        let people = answer["people"].as_array().unwrap().clone();
        let edsger = people.into_iter().find(|p| p["reviewer_id"] == "edsger").unwrap();
        (status, word(&edsger["condition"]).to_owned(), answer["due"]["items"].clone())
    };
    assert_eq!(edsger("gate0"), (0, "current".into(), serde_json::json!([])));
    let due = serde_json::json!([{ "kind": "epochs", "reviewer_id": "edsger" }]);
    assert_eq!(edsger("gate1"), (1, "stale".into(), due));
}

#[test]
fn an_open_dissent_is_told_with_its_age() {
    let told = Told::of("dissent-file-before-the-gate-is-left-out");
    setup::git(&told.repo, &["update-ref", "refs/heads/main", &told.id("dissent")]);
    let (_, answer) = told.ask_at("2026-03-01T00:00:00Z", None, &["status"]);
    let dissent = &answer["dissents"][0];
    assert_eq!((word(&dissent["reviewer_id"]), dissent["epoch"].as_u64()), ("edsger", Some(0)));
    assert_eq!(dissent["words"], "the scheduler is unproven");
    assert_eq!(dissent["commit"], told.id("dissent"));
    assert!(dissent["days"].as_u64() > Some(14), "{dissent:#}");
}

const STRONG: &str = "story = \"x\"\n[keys.grace]\nkind = \"openpgp-rsa2048\"\n\
    [registry]\npolicy = \"\"\"\n[policy.crypto]\npost_quantum_from_epoch = 3\n\
    refuse = [{ what = \"sha1\" }, { what = \"rsa<3072\", from = 2027-01-01 }]\n\"\"\"\n\
    [[commits]]\nname = \"gate0\"\nepoch = 0\n[expect]\nverdict = \"pass\"\n";

#[test]
fn cut_offs_are_foreseen_for_each_key() {
    let told = Told::new(STRONG);
    let cut_offs = |who: &str| -> Vec<(String, bool)> {
        let (_, answer) = told.ask(None, &["status"]);
        let people = answer["people"].as_array().unwrap().clone();
        let person = people.into_iter().find(|p| p["reviewer_id"] == who).unwrap();
        let all = person["keys"][0]["signing"][0]["cut_offs"].as_array().unwrap().clone();
        let told = all.iter().map(|c| (word(&c["what"]).to_owned(), c["counts"] == true));
        // Those that policy names itself come after the usual ones.
        told.skip_while(|(what, _)| what != "sha1").collect()
    };
    let told_of = |rsa| [("sha1", true), ("rsa<3072", rsa), ("classical", false)];
    let owned = |list: [(&str, bool); 3]| list.map(|(what, counts)| (what.to_owned(), counts));
    assert_eq!(cut_offs("grace"), owned(told_of(false)));
    assert_eq!(cut_offs("ada"), owned(told_of(true)));
}

#[test]
fn a_certificate_is_due_only_where_policy_enforces_its_end() {
    let due = |expiry: &str| {
        let told = Told::new(&format!(
            "story = \"x\"\n[keys.ada]\nexpires = \"2026-12-20T00:00:00Z\"\n[registry]\n\
             policy = \"\"\"\n[policy.crypto]\ncert_expiry = \"{expiry}\"\n\"\"\"\n\
             [[commits]]\nname = \"gate0\"\nepoch = 0\n[expect]\nverdict = \"pass\"\n"
        ));
        let (_, answer) = told.ask_at("2026-12-01T00:00:00Z", None, &["status", "--due", "30"]);
        let items = answer["due"]["items"].as_array().unwrap().clone();
        let found: Vec<Value> =
            items.into_iter().filter(|item| item["kind"] == "certificate").collect();
        (found, told.key("ada"))
    };
    let (found, ada) = due("enforce");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["fingerprint"], ada.as_str());
    assert_eq!(found[0]["at"], "2026-12-20T00:00:00Z");
    assert!(due("warn").0.is_empty());
}

/// Policy counts no key of this kind from a day on; the registry's windows go on.
#[test]
fn a_key_that_a_cut_off_ends_is_due() {
    let told = Told::new(
        "story = \"x\"\n[registry]\npolicy = \"\"\"\n[policy.crypto]\n\
         refuse = [{ what = \"ed25519\", from = 2027-01-01 }]\n\"\"\"\n\
         [[commits]]\nname = \"gate0\"\nepoch = 0\n[expect]\nverdict = \"pass\"\n",
    );
    let due = |at: &str, days: &str| {
        let (status, answer) = told.ask_at(at, None, &["status", "--due", days]);
        let items = answer["due"]["items"].as_array().unwrap().clone();
        let found = items.into_iter().filter(|item| item["kind"] == "cut-off");
        (status, found.collect::<Vec<Value>>())
    };
    assert!(due("2026-12-01T00:00:00Z", "30").1.is_empty());
    let (status, found) = due("2026-12-01T00:00:00Z", "31");
    assert!(status == 1 && found.len() > 1, "{found:?}");
    assert_eq!(found[0]["at"], "2027-01-01T00:00:00Z");
    assert!(due("2027-03-01T00:00:00Z", "0").1.len() > 1, "what has run out is due");
}

#[test]
fn a_key_that_was_revoked_is_due() {
    let told = Told::of("soft-revocation-spares-what-came-before");
    let due = |tip: &str| {
        setup::git(&told.repo, &["update-ref", "refs/heads/main", &told.id(tip)]);
        let (status, answer) = told.ask_at("2026-03-03T00:00:00Z", None, &["status", "--due", "0"]);
        (status, answer["due"]["items"].clone())
    };
    assert_eq!(due("gate0"), (0, serde_json::json!([])));
    let (status, items) = due("refresh");
    let edsger = told.key("edsger");
    let item =
        serde_json::json!({ "kind": "refused", "reviewer_id": "edsger", "fingerprint": edsger });
    assert_eq!((status, items), (1, serde_json::json!([item])));
}

#[test]
fn words_of_a_dissent_are_data() {
    let told = Told::new(
        "story = \"x\"\n[[commits]]\nname = \"dissent\"\nby = \"edsger\"\nepoch = 0\n\
         dissent_of = \"edsger\"\nsignoffs = [{ by = \"edsger\", domain = \"kernel\", \
         dissent = \"no\\n::error::x ##[set] \\u001b[31m\" }]\n[expect]\nverdict = \"undecided\"\n",
    );
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_gatecheck"))
        .env_clear()
        .args(["status", "--no-cache", "--anchor", &told.id("anchor"), "--repo"])
        .arg(&told.repo)
        .output()
        .unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    assert!(out.contains("open dissents") && out.contains("no\\n::error::x"), "{out}");
    for bad in ["\n::error", "##[", "\u{1b}"] {
        assert!(!out.contains(bad), "{bad:?}\n{out}");
    }
}
