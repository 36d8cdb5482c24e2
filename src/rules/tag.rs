//! Rule: a release tag is an annotated tag, signed by an active human key, that names an accepted
//! epoch gate and stands under its own name.

use crate::finding::{Code, CodeDoc, Finding, Severity};
use crate::model::text::{shown, shown_bytes};
use crate::model::{GateKind, MalformedObject, Oid, SignatureFact, Signer, Time};
use crate::report::{GateReport, Verdict};

use super::authority::EntryIndex;
use super::commit_signature::{self, Accepts};
use super::{Context, clock};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::TagUnsigned,
        what: "The tag carries no signature, or is a lightweight tag.",
        why: "Anybody who can push can move an unsigned tag.",
        fix: "Make it again under a new name: gatecheck tag NAME --create. Where the remote's tag is annotated, fetch it: git fetch --tags --force.",
    },
    CodeDoc {
        code: Code::TagMismatch,
        what: "The tag's own name, target or type is not what its ref says.",
        why: "A signed tag moved under another name passes off one release as another.",
        fix: "Delete the ref and fetch the tag again, or make a new one.",
    },
    CodeDoc {
        code: Code::TagNotAGate,
        what: "The tagged object is not the commit of an accepted epoch gate, nor the one that carries its manifest.",
        why: "A release is what a gate vouches for.",
        fix: "Tag the commit of an accepted epoch gate; `gatecheck verify` lists them.",
    },
    CodeDoc {
        code: Code::TagExists,
        what: "A tag of this name exists already, and would be made again, moved or deleted.",
        why: "A tag that moves means two releases of one name.",
        fix: "Choose another name for the new tag.",
    },
];

/// What an annotated tag says, and what is found under its ref.
#[derive(Clone, Copy, Debug)]
pub struct Annotated<'a> {
    /// The full name of the ref.
    pub reference: &'a str,
    /// The name in the tag object, which its signature covers.
    pub own_name: &'a [u8],
    /// What it names.
    pub target: Oid,
    /// The kind of object that it says it names.
    pub said_kind: &'static str,
    /// The kind that the object has; `None` where it cannot be read.
    pub real_kind: Option<&'static str>,
    /// Whether it says who made it and when.
    pub has_tagger: bool,
    /// The header of the other object format's signature.
    pub other_signature: Option<&'static str>,
}

/// The short name of a tag's ref.
#[must_use]
pub fn short(reference: &str) -> &str {
    reference.strip_prefix("refs/tags/").unwrap_or(reference)
}

/// A ref that leads to something else than a tag object.
#[must_use]
pub fn lightweight(reference: &str, target: Oid, kind: &'static str) -> Vec<Finding> {
    let mut found = vec![
        about(reference, Code::TagUnsigned, "the tag is lightweight: a name without a signature")
            .compared(format!("a {kind}"), "an annotated, signed tag")
            .help("git fetch --tags --force gets the remote's tag, if that one is annotated (checkouts of CI drop it); else make a signed one under a new name: gatecheck tag NAME --create"),
    ];
    if kind != "commit" {
        found.push(not_a_commit(reference, target, kind));
    }
    found
}

/// A tag object that git would read and that is not judged.
#[must_use]
pub fn malformed(reference: &str, why: &MalformedObject) -> Finding {
    about(reference, why.code, "the tag object is not one that git writes")
        .compared(why.observed.as_str(), why.required.as_str())
        .help("make the tag again, under a new name: gatecheck tag NAME --create")
}

/// Name, target and date of a tag.
#[must_use]
pub fn shape(tag: &Annotated<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let name = short(tag.reference);
    if tag.own_name != name.as_bytes() {
        found.push(
            about(
                tag.reference,
                Code::TagMismatch,
                "the tag was signed under another name than the one it stands under",
            )
            .compared(format!("tag {}", shown_bytes(tag.own_name)), format!("tag {}", shown(name)))
            .help(format!(
                "somebody moved it; fetch it again from a source that you trust, or judge it as {}",
                shown_bytes(tag.own_name)
            )),
        );
    }
    if let Some(real) = tag.real_kind.filter(|real| *real != tag.said_kind) {
        found.push(
            about(
                tag.reference,
                Code::TagMismatch,
                "the tag says that it names another kind of object than it does",
            )
            .compared(format!("{} is a {real}", tag.target), format!("a {}", tag.said_kind))
            .help("make the tag again, under a new name: gatecheck tag NAME --create"),
        );
    } else if tag.said_kind != "commit" {
        found.push(not_a_commit(tag.reference, tag.target, tag.said_kind));
    }
    if !tag.has_tagger {
        found.push(
            about(tag.reference, Code::MalformedObject, "the tag does not say when it was made")
                .compared("no tagger", "a tagger with a date")
                .help("make the tag again, under a new name: gatecheck tag NAME --create"),
        );
    }
    if let Some(header) = tag.other_signature {
        found.push(
            about(
                tag.reference,
                Code::OtherSignatureIgnored,
                "the tag also carries a signature for the other object format, which was not judged",
            )
            .compared(header, "the signature at the end of the message")
            .help("nothing, if the repository was converted between object formats"),
        );
    }
    found
}

/// Judges the fact about a tag's signature as that of a gate's commit is. `tagged` is the tagger's
/// date.
#[must_use]
pub fn signature(
    cx: &Context<'_>,
    index: &EntryIndex,
    reference: &str,
    fact: &SignatureFact,
    tagged: Time,
) -> (Option<Signer>, Vec<Finding>) {
    if *fact == SignatureFact::Absent {
        let finding = about(reference, Code::TagUnsigned, "the tag is not signed")
            .compared("no signature", "a signature by a reviewer's active key")
            .help("make a signed one, under a new name: gatecheck tag NAME --create");
        return (None, vec![finding]);
    }
    let people = Accepts { forge: false, bot: false };
    let (signer, time, mut found) = match commit_signature::check(cx, index, fact, tagged, people) {
        Ok(good) => (Some(good.signer), Some(good.time), good.warnings),
        Err(refusal) => {
            let mut refusal = *refusal;
            refusal.message = as_tag(&refusal.message);
            refusal.help = as_tag(&refusal.help);
            (None, None, vec![refusal])
        }
    };
    found.extend(clock::check(cx, time, tagged).into_iter().map(|mut finding| {
        finding.message = as_tag(&finding.message);
        finding
    }));
    for finding in &mut found {
        finding.tag = Some(shown(short(reference)));
    }
    (signer, found)
}

/// The words of the rule about commits, said of a tag.
fn as_tag(words: &str) -> String {
    words
        .replace("the commit's ", "the tag's ")
        .replace("the commit could", "the tag could")
        .replace("the commit", "the tag")
        .replace("this commit", "this tag")
        .replace("committer date", "tagger date")
        .replace("that it follows", "that it names")
}

/// Whether the tagged commit is that of an accepted epoch gate, or carries its manifest.
#[must_use]
pub fn gate(reference: &str, target: Oid, gates: &[GateReport]) -> Option<Finding> {
    let here = || gates.iter().filter(|gate| gate.commit == target || gate.carrier == target);
    let of_epoch = || here().filter(|gate| gate.kind == GateKind::Epoch);
    if of_epoch().any(|gate| gate.verdict == Verdict::Pass) {
        return None;
    }
    let undecided = of_epoch().any(|gate| gate.verdict == Verdict::Undecided);
    let seen = match (of_epoch().next(), here().next()) {
        (Some(gate), _) => {
            format!("the gate of epoch {}, {}", gate.epoch.unwrap_or(0), gate.verdict.name())
        }
        (None, Some(gate)) => format!("a {} gate", gate.kind.name()),
        (None, None) => "an ordinary commit".to_owned(),
    };
    let mut finding =
        about(reference, Code::TagNotAGate, "the tagged commit is not an accepted epoch gate")
            .commit(target)
            .compared(seen, "the commit of an accepted epoch gate")
            .help(match gates.iter().rev().find(|gate| is_accepted(gate)) {
                Some(gate) => format!("the last accepted one is {}", gate.commit),
                None => {
                    "make a gate first: `gatecheck signoff check` tells what it needs".to_owned()
                }
            });
    if undecided {
        finding.severity = Severity::Undecided;
    }
    Some(finding)
}

fn is_accepted(gate: &GateReport) -> bool {
    gate.kind == GateKind::Epoch && gate.verdict == Verdict::Pass
}

/// A key that is known as compromised made the tag. When it did nobody can tell: a tag has no place
/// in the order of history, and its date is free text.
#[must_use]
pub fn compromised(reference: &str, signer: &Signer, tagged: Time) -> Finding {
    about(
        reference,
        Code::KeyCompromised,
        "the tag was signed with a key that the mainline's registry lists as compromised",
    )
    .fingerprint(signer.fingerprint)
    .reviewer(&signer.reviewer_id)
    .signature_time(Some(tagged))
    .compared(
        "a tag has no place in the history, so that `trusted_until` cannot speak for it",
        "a key that is not compromised",
    )
    .help("have another reviewer tag this gate, under a new name: gatecheck tag NAME --create")
}

/// A key that was retired after the tagged gate made the tag. It may be as old as the gate, or made
/// yesterday and dated back: the gate stands either way, and only the name is in question.
#[must_use]
pub fn retired_since(reference: &str, signer: &Signer, tagged: Time) -> Finding {
    about(
        reference,
        Code::KeyRetired,
        "the tag was signed with a key that was retired since, and nothing proves that it was made before",
    )
    .severity(Severity::Warning)
    .fingerprint(signer.fingerprint)
    .reviewer(&signer.reviewer_id)
    .signature_time(Some(tagged))
    .compared("a tag has no place in the history, and its date is free text", "a key that is standing still")
    .help("compare the tag's id with one that you noted when it was released; else have a standing key tag this gate under a new name")
}

/// The tagged commit is neither on the mainline nor ahead of it.
#[must_use]
pub fn beside_the_mainline(reference: &str, target: Oid, mainline: &str, tip: Oid) -> Finding {
    about(
        reference,
        Code::MainlineReplaced,
        "the tagged commit lies neither on the mainline nor ahead of it",
    )
    .commit(target)
    .compared(
        format!("{target}, beside {} at {tip}", shown(mainline)),
        "a commit of the mainline's first-parent chain",
    )
    .help("tag a commit of the mainline; if yours is behind, fetch it")
}

/// A tag of that name is there already.
#[must_use]
pub fn exists(reference: &str, standing: Oid, wanted: &str) -> Finding {
    about(
        reference,
        Code::TagExists,
        format!("a tag of this name is there already, and would be {wanted}"),
    )
    .compared(format!("it stands for {standing}"), "a name that was never given")
    .help("choose another name")
}

/// There is no key that could have made the signature.
#[must_use]
pub fn no_key(reference: &str) -> Finding {
    about(reference, Code::UnsupportedSignature, "no key that git signs with here can sign a tag")
        .compared("no key that can sign", "an OpenPGP or SSH key")
        .help("check user.signingKey: git config --global --get user.signingKey")
}

fn not_a_commit(reference: &str, target: Oid, kind: &str) -> Finding {
    about(reference, Code::TagNotAGate, format!("the tag names a {kind}, not a commit"))
        .compared(format!("{kind} {target}"), "the commit of an accepted epoch gate")
        .help("tag the commit itself: gatecheck tag NAME COMMIT --create")
}

fn about(reference: &str, code: Code, message: impl Into<String>) -> Finding {
    let mut finding = Finding::new(code, message);
    finding.tag = Some(shown(short(reference)));
    finding
}

#[cfg(test)]
mod tests;
