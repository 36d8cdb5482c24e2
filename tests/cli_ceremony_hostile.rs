//! `gatecheck ceremony` on requests, work trees and histories that somebody else made.
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

use std::process::Stdio;

use cli_support::Sandbox;
use cli_support::ceremony::*;

/// A request of ada's, who founded the project alone: her registry with this behind it, and files
/// beside it. The path is on her machine.
fn amended(ada: &Sandbox, more: &str, files: &[(&str, &str)], args: &[&str]) -> String {
    let registry = ada.read(REGISTRY);
    ada.write("draft/reviewer-registry.toml", &format!("{registry}\n{more}"));
    for (name, text) in files {
        ada.write(&format!("draft/{name}"), text);
    }
    let plan = ["ceremony", "plan", "amend", "--registry", "../draft/reviewer-registry.toml"];
    good(ada.gatecheck("project", &[&plan[..], &["-o", "../r.toml"], args].concat()));
    "r.toml".to_owned()
}

/// A further domain.
const DOCS: &str = "[[domains]]\nid = \"docs\"\nprimary = \"ada\"\n";

fn lone(ada: &Sandbox) -> String {
    let key = ada.ssh_key();
    founded(ada);
    key
}

/// A bot with a key at a path.
fn bot(ada: &Sandbox, path: &str) -> (String, String) {
    let (file, fingerprint) = another_key(ada, "bot");
    let entries = format!(
        "[[reviewers]]\nid = \"bot\"\nname = \"bot\"\nkind = \"bot\"\n\n[[keys]]\nreviewer_id = \"bot\"\n\
         format = \"ssh\"\nfingerprint = \"{fingerprint}\"\npublic_key = \"{path}\"\n\
         effective_from = 2026-01-01\n"
    );
    (entries, std::fs::read_to_string(file).unwrap())
}

#[test]
fn an_approval_by_a_key_that_no_registry_lists_is_not_called_good() {
    let (ada, eve) = (machine("ada"), machine("eve"));
    let hers = lone(&ada);
    let foreign = eve.ssh_key();
    amended(&ada, DOCS, &[], &[]);
    good(ada.gatecheck(".", &["ceremony", "approve", "r.toml", "--yes"]));
    let signed = ada.read("r.toml");
    let dry = good(ada.gatecheck(".", &["ceremony", "approve", "r.toml", "--dry-run"])).out;
    let time = |text: &str, mark: &str| {
        let rest = text.split_once(mark).unwrap().1;
        rest.split(['"', '\n']).next().unwrap().to_owned()
    };
    let made = time(&dry, "\"timestamp\":\"");
    let stated = time(&signed, "\ntimestamp = ");
    let payload = dry.replace(&made, &stated).replace(&hers, &foreign);
    eve.write("payload", &payload);
    let key = eve.path("home/.ssh/id");
    eve.tool(
        "ssh-keygen",
        ".",
        &["-q", "-Y", "sign", "-n", "gatecheck", "-f", key.to_str().unwrap(), "payload"],
    );
    let begin = signed.find("-----BEGIN SSH").unwrap();
    let end = signed.find("-----END SSH SIGNATURE-----\n").unwrap();
    let end = end + "-----END SSH SIGNATURE-----\n".len();
    let (head, tail) = (&signed[..begin], &signed[end..]);
    let at = head.rfind(&hers).unwrap();
    let head = format!("{}{foreign}{}", &head[..at], &head[at + hers.len()..]);
    let public = eve.read("home/.ssh/id.pub");
    let forged = format!(
        "{head}{}{tail}\n[[known_key_files]]\npath = \"keys/eve.pub\"\ntext = '''\n{public}'''\n",
        eve.read("payload.sig")
    );
    ada.write("forged.toml", &forged);
    let shown = ada.gatecheck(".", &["ceremony", "show", "forged.toml"]);
    refused(&shown, 1, "no registry of this ceremony lists the key for ada");
    let apply = ada.gatecheck("project", &["ceremony", "apply", "../forged.toml"]);
    assert_eq!(apply.status, 1, "{}{}", apply.out, apply.err);
}
