//! `gatecheck init` as its user sees it.
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

const REGISTRY: &str = "project/keys/reviewer-registry.toml";

#[test]
fn an_openpgp_key_founds_a_registry_that_lints() {
    let sandbox = Sandbox::new();
    let fingerprint = sandbox.openpgp_key();
    sandbox.repository("project");
    let said = sandbox.gatecheck("project", &["init"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let registry = sandbox.read(REGISTRY);
    assert!(registry.contains(&format!("fingerprint = \"{fingerprint}\"")), "{registry}");
    assert!(registry.contains("id = \"project\"") && registry.contains("refs/heads/main"));
    assert!(registry.contains("distinct_reviewers = 1") && registry.contains("one stolen key"));
    assert!(sandbox.read("project/keys/ada.asc").starts_with("-----BEGIN PGP PUBLIC KEY BLOCK"));
    assert!(
        said.out.contains("distinct_reviewers = 1") && !said.out.contains("warning"),
        "{}",
        said.out
    );
    assert!(said.out.contains("git config --global gatecheck.project.anchor"), "{}", said.out);
    let lint = sandbox.gatecheck("project", &["registry", "lint"]);
    assert!(lint.status == 0 && lint.out.contains("missing-backup"), "{}{}", lint.out, lint.err);
    assert!(lint.out.ends_with("0 errors, 1 warning\n"), "{}", lint.out);
    assert_eq!(sandbox.gatecheck("project", &["registry", "fmt", "--check"]).status, 0);
}

#[test]
fn an_ssh_key_founds_one_and_the_private_half_stays_where_it_is() {
    let sandbox = Sandbox::new();
    let fingerprint = sandbox.ssh_key();
    sandbox.repository("project");
    let said =
        sandbox.gatecheck("project", &["init", "--reviewer", "ada", "--project", "acme/tool"]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(sandbox.read(REGISTRY).contains(&fingerprint));
    let key = sandbox.read("project/keys/ada.pub");
    assert_eq!(key, sandbox.read("home/.ssh/id.pub"));
    assert_eq!(sandbox.files("project/keys"), ["ada.pub", "reviewer-registry.toml"]);
    assert_eq!(sandbox.gatecheck("project", &["registry", "lint"]).status, 0);

    // From here a verifier can start: the anchor pins, and says that there is no gate yet.
    sandbox.git("project", &["add", "-A"]);
    sandbox.git("project", &["commit", "-q", "-S", "-m", "Found the reviewer registry"]);
    let anchor = sandbox.git("project", &["rev-parse", "HEAD"]);
    sandbox.git("home", &["config", "--global", "gatecheck.acme/tool.anchor", &anchor]);
    let said = sandbox.gatecheck("project", &["verify", "--format", "concise"]);
    assert!(said.status == 3 && said.out.contains("no-gate"), "{}", said.out);
    let said = sandbox.gatecheck("project", &["doctor"]);
    assert_eq!(
        (said.status, said.out.lines().last()),
        (0, Some("healthy: nothing here keeps a verdict from being reached")),
        "{}",
        said.out
    );
}

#[test]
fn without_a_key_the_file_says_what_is_missing() {
    let sandbox = Sandbox::new();
    sandbox.repository("project");
    let said = sandbox.gatecheck("project", &["init"]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.contains("no signing key was found"), "{}", said.out);
    let registry = sandbox.read(REGISTRY);
    assert!(registry.contains("# [[keys]]") && registry.contains("gpg --armor --export"));
    // Nobody could ever change or use it as it is, so it must not be pinned unnoticed.
    let lint = sandbox.gatecheck("project", &["registry", "lint"]);
    assert!(lint.status == 1 && lint.out.contains("people with a standing key"), "{}", lint.out);
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    sandbox.repository("project");
    sandbox.write(REGISTRY, "mine\n");
    let said = sandbox.gatecheck("project", &["init"]);
    assert_eq!((said.status, sandbox.read(REGISTRY).as_str()), (2, "mine\n"));
    std::fs::remove_file(sandbox.path(REGISTRY)).unwrap();
    sandbox.write("project/keys/ada.pub", "somebody else's\n");
    let said = sandbox.gatecheck("project", &["init"]);
    assert!(said.status == 2 && said.err.contains("nothing is overwritten"), "{}", said.err);
    assert_eq!(sandbox.files("project/keys"), ["ada.pub"]);
    // A run that was cut short after the key file is finished by the next.
    std::fs::copy(sandbox.path("home/.ssh/id.pub"), sandbox.path("project/keys/ada.pub")).unwrap();
    assert_eq!(sandbox.gatecheck("project", &["init"]).status, 0);
}

#[test]
fn the_configuration_of_a_clone_names_neither_key_nor_program() {
    let sandbox = Sandbox::new();
    sandbox.repository("project");
    sandbox.program("evil", "#!/bin/sh\ntouch \"$HOME/ran\"\n");
    let evil = sandbox.path("evil");
    sandbox.git("project", &["config", "user.signingKey", "ABCD"]);
    sandbox.git("project", &["config", "gpg.program", evil.to_str().unwrap()]);
    let said = sandbox.gatecheck("project", &["init"]);
    assert!(said.status == 0 && said.out.contains("no signing key was found"), "{}", said.out);
    assert!(!sandbox.path("home/ran").exists());
}

#[test]
fn a_private_key_in_place_of_the_public_one_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    std::fs::copy(sandbox.path("home/.ssh/id"), sandbox.path("home/.ssh/id.pub")).unwrap();
    sandbox.repository("project");
    let said = sandbox.gatecheck("project", &["init"]);
    assert!(said.status == 2 && said.err.contains("private key"), "{}", said.err);
    assert!(!sandbox.path("project/keys").exists());
}
