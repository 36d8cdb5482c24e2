//! `gatecheck ceremony apply` where something goes wrong: other people's changes, killed runs, full disks.
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

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use cli_support::Sandbox;
use cli_support::ceremony::*;

/// An approved enrolment of bob that is not applied yet, `r.toml` on ada's machine.
fn approved(ada: &Sandbox) {
    ada.ssh_key();
    founded(ada);
    let (key, _) = another_key(ada, "bob");
    let plan = ["ceremony", "plan", "enroll", "bob", "--name", "Bob", "--key", &key];
    good(
        ada.gatecheck(
            "project",
            &[&plan[..], &["--domain", "project", "-o", "../r.toml"]].concat(),
        ),
    );
    good(ada.gatecheck(".", &["ceremony", "approve", "r.toml", "--yes"]));
    approve_as(ada, "r.toml", "bob");
}

#[test]
fn other_changes_below_keys_are_not_carried_along() {
    let ada = machine("ada");
    approved(&ada);
    let apply = ["ceremony", "apply", "../r.toml"];
    let text = ada.read(REGISTRY);
    ada.write(REGISTRY, &format!("{text}\n# mine\n"));
    refused(
        &ada.gatecheck("project", &apply),
        2,
        "keys/reviewer-registry.toml; nothing was written",
    );
    assert!(ada.read(REGISTRY).ends_with("# mine\n"));
    ada.write(REGISTRY, &text);
    ada.write("project/keys/stranger.pub", "x");
    refused(&ada.gatecheck("project", &apply), 2, "keys/stranger.pub; nothing was written");
    ada.git("project", &["add", "keys/stranger.pub"]);
    refused(&ada.gatecheck("project", &apply), 2, "keys/stranger.pub; nothing was written");
    ada.git("project", &["rm", "-qf", "keys/stranger.pub"]);
    ada.git("project", &["mv", "keys/ada.pub", "elsewhere"]);
    refused(&ada.gatecheck("project", &apply), 2, "keys/ada.pub; nothing was written");
    ada.git("project", &["mv", "elsewhere", "keys/ada.pub"]);
    let elsewhere = ada.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, ada.path("project/keys/ceremonies")).unwrap();
    let said = ada.gatecheck("project", &apply);
    assert_eq!(said.status, 2, "{}{}", said.out, said.err);
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0, "nothing goes through a link");
}

/// The program is killed before each of its writes. What is left is the old state, or one that the
/// same command completes and `--abort` drops.
#[test]
fn a_run_that_is_killed_is_finished_or_dropped() {
    let ada = machine("ada");
    approved(&ada);
    let old = state(&ada);
    good(ada.gatecheck("project", &["ceremony", "apply", "../r.toml"]));
    let new = state(&ada);
    assert!(new != old && !ada.path(JOURNAL).exists());
    let reset = || {
        ada.git("project", &["reset", "-q", "--hard"]);
        ada.git("project", &["clean", "-qfd"]);
        assert_eq!(state(&ada), old);
    };
    let registries = [&old, &new].map(|state| {
        let held = state.0.iter().find(|(name, _)| name == "reviewer-registry.toml");
        held.unwrap().1.clone()
    });
    let mut killed = 0;
    for finish in [true, false] {
        for n in 0.. {
            reset();
            let mut child = ada
                .command(env!("CARGO_BIN_EXE_gatecheck"), "project")
                .args(["ceremony", "apply", "../r.toml", "--halt-before", &n.to_string()])
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stderr.take().unwrap()).lines();
            let halted = lines.map_while(Result::ok).any(|line| line == "halted");
            // SIGKILL.
            child.kill().unwrap();
            child.wait().unwrap();
            if !halted {
                assert_eq!(state(&ada), new, "it ran to its end");
                assert!(n >= 8, "only {n} writes");
                break;
            }
            killed += 1;
            assert!(registries.contains(&ada.read(REGISTRY)), "half a registry after {n}");
            if n == 0 {
                assert_eq!(state(&ada), old);
            } else {
                assert!(ada.path(JOURNAL).exists(), "{n}");
            }
            if finish {
                let again: &[&str] = if n % 2 == 1 {
                    &["ceremony", "apply"]
                } else {
                    &["ceremony", "apply", "../r.toml"]
                };
                good(ada.gatecheck("project", again));
                assert_eq!(state(&ada), new, "finished after {n}");
            } else {
                good(ada.gatecheck("project", &["ceremony", "apply", "--abort"]));
                assert_eq!(state(&ada), old, "dropped after {n}");
            }
            assert!(!ada.path(JOURNAL).exists(), "{n}");
        }
    }
    assert!(killed >= 16, "{killed}");
}

/// A disk without room, told as a bound on the size of files.
#[test]
fn a_full_disk_leaves_what_can_be_finished() {
    let ada = machine("ada");
    approved(&ada);
    let old = state(&ada);
    let mut failed = 0;
    for blocks in 0..24 {
        let program = env!("CARGO_BIN_EXE_gatecheck");
        let script =
            format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" ceremony apply ../r.toml");
        let done = ada.command("sh", "project").args(["-c", &script, program]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        if done.status.success() {
            break;
        }
        failed += 1;
        assert_eq!(done.status.code(), Some(2), "{said}");
        if ada.path(JOURNAL).exists() {
            good(ada.gatecheck("project", &["ceremony", "apply", "--abort"]));
        }
        assert_eq!(state(&ada), old, "{blocks}: {said}");
    }
    assert!((4..24).contains(&failed), "{failed}");
    assert!(!ada.path(JOURNAL).exists());
}

#[test]
fn another_ceremony_waits_until_the_first_is_finished_or_dropped() {
    let ada = machine("ada");
    approved(&ada);
    let mut child = ada
        .command(env!("CARGO_BIN_EXE_gatecheck"), "project")
        .args(["ceremony", "apply", "../r.toml", "--halt-before", "3"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "halted"));
    child.kill().unwrap();
    child.wait().unwrap();
    let request = ada.read("r.toml");
    ada.write("other.toml", &request.replacen("reason = \"\"", "reason = \"x\"", 1));
    let other = ada.gatecheck("project", &["ceremony", "apply", "../other.toml"]);
    refused(
        &other,
        2,
        "another ceremony was being written when it was cut short: Ceremony 0002: enroll bob",
    );
    good(ada.gatecheck("project", &["ceremony", "apply", "--abort"]));
}
