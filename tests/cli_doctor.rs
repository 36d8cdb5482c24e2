//! `gatecheck doctor` on clones that lack something, and the words of `--help`.
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

fn origin() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    sandbox.repository("project");
    assert_eq!(sandbox.gatecheck("project", &["init"]).status, 0);
    for message in ["one", "two", "three"] {
        sandbox.write("project/file", message);
        sandbox.commit("project", message);
    }
    sandbox.git("project", &["config", "uploadpack.allowFilter", "true"]);
    sandbox
}

#[test]
fn a_shallow_clone_is_told_and_mended() {
    let sandbox = origin();
    let from = format!("file://{}", sandbox.path("project").display());
    sandbox.git(".", &["clone", "-q", "--depth", "1", &from, "clone"]);
    let said = sandbox.gatecheck("clone", &["doctor"]);
    assert_eq!(said.status, 3, "{}", said.out);
    assert!(said.out.contains("undecided: the clone is shallow"), "{}", said.out);
    assert!(said.out.contains("git fetch --unshallow"), "{}", said.out);
    sandbox.git("clone", &["fetch", "-q", "--unshallow", "--tags", "--force"]);
    let said = sandbox.gatecheck("clone", &["doctor"]);
    assert!(!said.out.contains("shallow") && said.out.contains("no anchor"), "{}", said.out);
}

#[test]
fn what_lies_behind_the_anchor_is_not_missed() {
    let sandbox = origin();
    let from = format!("file://{}", sandbox.path("project").display());
    sandbox.git(".", &["clone", "-q", "--depth", "2", &from, "clone"]);
    let anchor = sandbox.git("clone", &["rev-parse", "HEAD~1"]);
    let said = sandbox.gatecheck("clone", &["doctor", "--anchor", &anchor]);
    assert!(said.status == 0 && said.out.contains("note: the clone is shallow"), "{}", said.out);
    let first = sandbox.git("project", &["rev-parse", "HEAD~2"]);
    assert_eq!(sandbox.gatecheck("clone", &["doctor", "--anchor", &first]).status, 3);
}

#[test]
fn a_clone_that_cannot_be_opened_is_helped_as_well() {
    let sandbox = origin();
    let from = format!("file://{}", sandbox.path("project").display());
    sandbox.git(".", &["clone", "-q", "--filter=blob:none", &from, "clone"]);
    sandbox.git("clone", &["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git("clone", &["config", "extensions.partialClone", "origin"]);
    let said = sandbox.gatecheck(".", &["doctor", "--repo", "clone"]);
    assert_eq!(said.status, 3, "{}{}", said.out, said.err);
    assert!(said.out.contains("partial clone") && said.out.contains("git -C"), "{}", said.out);
    let said = sandbox.gatecheck("home", &["doctor"]);
    assert!(said.status == 2 && said.err.contains("no git repository"), "{}", said.err);
}

#[test]
fn every_command_teaches_with_an_example() {
    let sandbox = Sandbox::new();
    for command in [
        &["verify"][..],
        &["explain"],
        &["doctor"],
        &["init"],
        &["completions"],
        &["registry", "lint"],
        &["registry", "fmt"],
        &["registry", "diff"],
        &["registry", "timeline"],
        &["registry", "import"],
        &["signoff", "payload"],
        &["signoff", "check"],
    ] {
        let said = sandbox.gatecheck("home", &[command, &["--help"]].concat());
        assert_eq!(said.status, 0, "{command:?}");
        let example = said.out.split("Example").nth(1).unwrap_or_default();
        assert!(
            example.contains(&format!("gatecheck {}", command.join(" "))),
            "{command:?}: {}",
            said.out
        );
    }
}
