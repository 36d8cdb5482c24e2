//! What is asked of every parser, whatever the bytes: no panic, an answer, and what must hold
//! of that answer. `fuzz_targets/` lends each function to libFuzzer, and `tests/fuzz_smoke.rs` of
//! the main package runs all of them on the seeds and on fixed mutations of them.

mod attestations;
mod bundles;
mod edits;
mod events;
#[allow(dead_code, unreachable_pub, reason = "the tests of the fold tell more")]
#[path = "../../tests/fold/mod.rs"]
mod fold;
mod folds;
mod histories;
mod messages;
mod objects;
mod papers;
mod records;
mod reports;
mod requests;
mod signatures;
mod successions;
mod tables;
mod texts;

/// One parser under test.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name: also of the folder with its seeds, and of the program in `fuzz_targets/`.
    pub name: &'static str,
    /// Runs it once and says whether the bytes were what the parser reads; a panic is a defect.
    pub run: fn(&[u8]) -> bool,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "commit", run: objects::commit },
    Target { name: "tag", run: objects::tag },
    Target { name: "tree", run: objects::tree },
    Target { name: "identity", run: objects::identity },
    Target { name: "registry", run: tables::registry },
    Target { name: "manifest", run: tables::manifest },
    Target { name: "record", run: records::record },
    Target { name: "codeowners", run: texts::codeowners },
    Target { name: "request", run: requests::request },
    Target { name: "statement", run: tables::statement },
    Target { name: "pattern", run: texts::pattern },
    Target { name: "tokens", run: texts::tokens },
    Target { name: "words", run: tables::words },
    Target { name: "attestation", run: attestations::attestation },
    Target { name: "history", run: histories::history },
    Target { name: "checkpoint", run: tables::checkpoint },
    Target { name: "allowed_signers", run: tables::allowed_signers },
    Target { name: "guix", run: tables::guix },
    Target { name: "key_file", run: signatures::key_file },
    Target { name: "openpgp", run: signatures::openpgp },
    Target { name: "ssh", run: signatures::ssh },
    Target { name: "facts", run: signatures::facts },
    Target { name: "event", run: events::event },
    Target { name: "bundle", run: bundles::bundle },
    Target { name: "message", run: messages::message },
    Target { name: "checklist", run: papers::checklist },
    Target { name: "decision_log", run: papers::decision_log },
    Target { name: "manifest_edit", run: edits::manifest_edit },
    Target { name: "registry_edit", run: edits::registry_edit },
    Target { name: "report", run: reports::report },
    Target { name: "fold", run: folds::history },
    Target { name: "succession", run: successions::succession },
    Target { name: "certificates", run: tables::certificates },
];

/// Runs the target of a name.
///
/// # Panics
/// Where there is none, and where the target finds a defect.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let _ = (target.unwrap_or_else(|| panic!("no target is called {name}")).run)(bytes);
}

/// What a message shows of foreign text must be inert.
fn assert_inert(text: &str) {
    assert!(!text.chars().any(gatecheck::model::text::is_unsafe), "{text:?}");
}

/// Every finding says what to do, and shows nothing that steers a terminal.
fn assert_sound(findings: &[gatecheck::finding::Finding]) {
    for finding in findings {
        assert!(!finding.help.is_empty() && !finding.message.is_empty(), "{finding:?}");
        let words = [Some(&finding.message), finding.observed.as_ref(), finding.required.as_ref()];
        words.into_iter().flatten().for_each(|text| assert_inert(text));
    }
}
