//! `gatecheck registry` as its user sees it.
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

fn founded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    sandbox.repository("project");
    assert_eq!(sandbox.gatecheck("project", &["init"]).status, 0);
    sandbox
}

#[test]
fn lint_looks_into_the_files_beside_it() {
    let sandbox = founded();
    let lint =
        |args: &[&str]| sandbox.gatecheck("project", &[&["registry", "lint"], args].concat());
    assert_eq!(lint(&[]).status, 0);
    std::fs::copy(sandbox.path("home/.ssh/id"), sandbox.path("project/keys/backup")).unwrap();
    let said = lint(&[]);
    assert!(said.status == 1 && said.out.contains("secret-key-committed"), "{}", said.out);
    std::fs::remove_file(sandbox.path("project/keys/backup")).unwrap();
    sandbox.tool("ssh-keygen", ".", &["-q", "-t", "ed25519", "-N", "", "-f", "other"]);
    std::fs::copy(sandbox.path("other.pub"), sandbox.path("project/keys/ada.pub")).unwrap();
    let said = lint(&["--format", "concise"]);
    assert!(said.status == 1, "{}", said.out);
    assert!(
        said.out.contains("reviewer-registry.toml:") && said.out.contains("error[cert-mismatch]"),
        "{}",
        said.out
    );
    let json = cli_support::schema::checked(&lint(&["--format", "json"]).out);
    assert_eq!(json["schema"], "gatecheck-findings/1");
    // From another folder, by name.
    let said = sandbox.gatecheck(".", &["registry", "lint", REGISTRY]);
    assert!(said.status == 1 && said.out.contains(&format!("--> {REGISTRY}:")), "{}", said.out);
    let said = sandbox.gatecheck("home", &["registry", "lint"]);
    assert!(said.status == 2 && said.err.contains("gatecheck init"), "{}", said.err);
}

#[test]
fn fmt_checks_and_mends() {
    let sandbox = founded();
    let tidy = sandbox.read(REGISTRY);
    let fmt = |args: &[&str]| sandbox.gatecheck("project", &[&["registry", "fmt"], args].concat());
    sandbox.write(REGISTRY, &tidy.replace("serial = 1", "serial   =   1"));
    let said = fmt(&["--check"]);
    assert_eq!(said.status, 1);
    assert!(said.out.contains("-serial   =   1\n+serial = 1\n"), "{}", said.out);
    assert!(sandbox.read(REGISTRY).contains("serial   =   1"), "nothing is changed");
    assert_eq!(fmt(&[]).status, 0);
    assert_eq!(sandbox.read(REGISTRY), tidy);
    assert_eq!(fmt(&["--check"]).status, 0);
    assert_eq!(sandbox.files("project/keys"), ["ada.pub", "reviewer-registry.toml"]);
    sandbox.write(REGISTRY, "serial = \n");
    assert_eq!(fmt(&[]).status, 1);
    assert_eq!(sandbox.read(REGISTRY), "serial = \n");
}

#[test]
fn diff_takes_commits_and_files() {
    let sandbox = founded();
    sandbox.commit("project", "one");
    let old = sandbox.read(REGISTRY);
    sandbox.write(REGISTRY, &old.replace("serial = 1", "serial = 2"));
    let diff =
        |args: &[&str]| sandbox.gatecheck("project", &[&["registry", "diff"], args].concat());
    assert_eq!(diff(&["HEAD"]).out, "serial: 1 → 2\n");
    sandbox.commit("project", "two");
    assert_eq!(diff(&["HEAD~1", "HEAD"]).out, "serial: 1 → 2\n");
    assert_eq!(diff(&["HEAD"]).out, "no difference in what they say\n");
    sandbox.write("other.toml", &old);
    assert_eq!(diff(&["HEAD", "../other.toml"]).out, "serial: 2 → 1\n");
    for bad in ["HEAD~9", "nope", "HEAD^2"] {
        let said = diff(&[bad]);
        assert!(said.status == 2 && said.err.contains("help:"), "{}", said.err);
    }
}

#[test]
fn an_allowed_signers_file_becomes_a_registry_that_judges() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    sandbox.repository("project");
    sandbox.git("project", &["commit", "-q", "-S", "--allow-empty", "-m", "one"]);
    let line =
        format!("ada@example.org valid-after=\"20200101Z\" {}", sandbox.read("home/.ssh/id.pub"));
    sandbox.write("signers", &line);
    let import = [
        "registry",
        "import",
        "--from",
        "allowed-signers",
        "signers",
        "--to",
        "pinned",
        "--project",
        "p",
    ];
    let said = sandbox.gatecheck(".", &import);
    assert_eq!(said.status, 0, "{}", said.err);
    let next = "gatecheck verify --registry pinned/reviewer-registry.toml --every-commit";
    assert!(said.err.contains(next), "{}", said.err);
    assert_eq!(sandbox.files("pinned").len(), 2);
    let again = sandbox.gatecheck(".", &import);
    assert!(again.status == 2 && again.err.contains("nothing is overwritten"), "{}", again.err);
    let verify = [
        "verify",
        "--repo",
        "project",
        "--registry",
        "pinned/reviewer-registry.toml",
        "--every-commit",
    ];
    let said = sandbox.gatecheck(".", &verify);
    assert!(said.status == 0 && said.out.contains("pass: the commit"), "{}", said.out);
    sandbox.git("project", &["commit", "-q", "--allow-empty", "-m", "unsigned"]);
    assert_eq!(sandbox.gatecheck(".", &verify).status, 1);
    let said = sandbox
        .gatecheck(".", &["registry", "timeline", "--registry", "pinned/reviewer-registry.toml"]);
    assert!(said.status == 0 && said.out.contains("= standing"), "{}", said.out);
}

#[test]
fn a_folder_of_certificates_becomes_a_registry() {
    let sandbox = Sandbox::new();
    let fingerprint = sandbox.openpgp_key();
    let key = sandbox.tool("gpg", "home", &["--armor", "--export", &fingerprint]);
    sandbox.write("keyring/ada.asc", &key);
    let import = [
        "registry",
        "import",
        "--from",
        "openpgp",
        "keyring",
        "--to",
        "a/pinned",
        "--project",
        "p",
    ];
    let said = sandbox.gatecheck(".", &import);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(!said.err.contains("cannot sign"), "{}", said.err);
    assert!(sandbox.read("a/pinned/reviewer-registry.toml").contains(&fingerprint));
    assert_eq!(
        sandbox.gatecheck(".", &["registry", "lint", "a/pinned/reviewer-registry.toml"]).status,
        0
    );
}

#[test]
fn a_guix_channel_becomes_a_registry_with_its_history() {
    let sandbox = Sandbox::new();
    let fingerprint = sandbox.openpgp_key();
    let key = sandbox.tool("gpg", "home", &["--armor", "--export", &fingerprint]);
    sandbox.repository("channel");
    sandbox.commit("channel", "before");
    let list = format!("(authorizations (version 0) ((\"{fingerprint}\" (name \"ada\"))))\n");
    sandbox.write("channel/.guix-authorizations", &list);
    sandbox.git("channel", &["add", "-A"]);
    sandbox.git("channel", &["commit", "-q", "-S", "-m", "introduce"]);
    let introduction = sandbox.git("channel", &["rev-parse", "HEAD"]);
    sandbox.git("channel", &["commit", "-q", "-S", "--allow-empty", "-m", "more"]);
    let import = [
        "registry",
        "import",
        "--from",
        "guix",
        "--repo",
        "channel",
        "--to",
        "pinned",
        "--project",
        "p",
    ];
    let said = sandbox.gatecheck(".", &import);
    assert!(said.status == 2 && said.err.contains("--keyring-branch"), "{}", said.err);
    // As a clone has it: the keyring is a branch of the remote.
    sandbox.git("channel", &["checkout", "-q", "--orphan", "keyring"]);
    sandbox.git("channel", &["rm", "-rfq", "."]);
    sandbox.write("channel/ada.key", &key);
    sandbox.commit("channel", "keys");
    sandbox.git("channel", &["checkout", "-q", "main"]);
    sandbox.git(".", &["clone", "-q", "channel", "clone"]);
    let import = [
        "registry",
        "import",
        "--from",
        "guix",
        "--repo",
        "clone",
        "--to",
        "pinned",
        "--project",
        "p",
    ];
    let said = sandbox.gatecheck(".", &import);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.err.contains(&format!("--anchor {introduction}")), "{}", said.err);
    let verify = [
        "verify",
        "--repo",
        "clone",
        "--registry",
        "pinned/reviewer-registry.toml",
        "--every-commit",
        "--anchor",
        &introduction,
    ];
    let said = sandbox.gatecheck(".", &verify);
    assert_eq!(said.status, 0, "{}", said.out);
}
