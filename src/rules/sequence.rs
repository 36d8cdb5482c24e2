//! Rule: epochs follow one another without gaps, each has one gate, and a gate names the one before it.

use crate::finding::{Code, CodeDoc, Finding, Place};
use crate::model::Oid;
use crate::model::manifest::{Manifest, PreviousGate};

use super::Context;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::EpochSequence,
        what: "The epoch is not the successor of the last accepted one, or one commit adds several epoch manifests.",
        why: "A skipped epoch is a review that nobody did.",
        fix: "Make the gate of the missing epoch first. Where an earlier gate was refused, mend that one: all later epochs wait for it.",
    },
    CodeDoc {
        code: Code::DuplicateEpoch,
        what: "This epoch already has an accepted gate.",
        why: "Two gates for one epoch would let people choose later which one counts.",
        fix: "Use the next epoch number; to sign an old gate off again, use a re-attestation file.",
    },
    CodeDoc {
        code: Code::PreviousGateMismatch,
        what: "The manifest does not name the last accepted epoch gate in `previous_gate`.",
        why: "Naming the predecessor ties each sign-off to one history, so that it cannot be replayed on another.",
        fix: "Set `previous_gate` to the full id that the finding shows (\"none\" before the first gate), and have the sign-offs made again: the field is part of what they sign.",
    },
];

/// Checks the epoch's number.
#[must_use]
pub fn check_epoch(
    cx: &Context<'_>,
    epoch: u64,
    last: Option<u64>,
    refused_before: Option<(u64, Oid)>,
) -> Option<Finding> {
    let first = cx.registry.policy.gates.first_epoch;
    let expected = last.map_or(first, |last| last.saturating_add(1));
    if epoch == expected {
        return None;
    }
    if last.is_some_and(|last| epoch <= last) {
        return Some(
            Finding::new(
                Code::DuplicateEpoch,
                format!("epoch {epoch} already has an accepted gate"),
            )
            .compared(format!("epoch {epoch}"), format!("epoch {expected}"))
            .help(format!("use epoch {expected}")),
        );
    }
    let message = match refused_before {
        Some((refused, at)) if refused < epoch => format!(
            "epoch {epoch} cannot follow: epoch {expected} has no accepted gate (epoch {refused} was refused at {})",
            at.short()
        ),
        _ => format!("epoch {epoch} cannot follow: epoch {expected} has no accepted gate"),
    };
    Some(
        Finding::new(Code::EpochSequence, message)
            .compared(format!("epoch {epoch}"), format!("epoch {expected}"))
            .at_some(cx.policy_place("gates.first_epoch", "epochs are counted from here"))
            .help(format!("make the gate of epoch {expected} first; later epochs wait for it")),
    )
}

/// One commit that adds several epoch manifests.
#[must_use]
pub fn several(paths: &[&str]) -> Finding {
    Finding::new(Code::EpochSequence, "one commit adds several epoch manifests")
        .compared(
            paths.iter().map(|p| crate::model::text::shown(p)).collect::<Vec<_>>().join(", "),
            "at most one epoch manifest",
        )
        .help("make one gate commit an epoch")
}

/// Checks `previous_gate`.
#[must_use]
pub fn check_previous(manifest: &Manifest, commit: Oid, expected: PreviousGate) -> Option<Finding> {
    if manifest.previous_gate == Some(expected) {
        return None;
    }
    let observed =
        manifest.previous_gate.map_or_else(|| "no `previous_gate`".to_owned(), |p| p.to_string());
    Some(
        Finding::new(
            Code::PreviousGateMismatch,
            "the manifest does not name the last accepted epoch gate as its predecessor",
        )
        .compared(observed, expected.to_string())
        .at(Place::new(
            &manifest.source,
            Some(commit),
            manifest.spot("previous_gate"),
            "stated here",
        ))
        .help(format!("set previous_gate = \"{expected}\" and have the sign-offs made again")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, id, manifest};

    #[test]
    fn successors_are_accepted_and_gaps_and_repeats_refused() {
        let world = World::new();
        let cx = world.context();
        let code = |epoch, last| check_epoch(&cx, epoch, last, None).map(|f| f.code);
        assert_eq!(code(0, None), None);
        assert_eq!(code(6, Some(5)), None);
        assert_eq!(code(7, Some(5)), Some(Code::EpochSequence));
        assert_eq!(code(1, None), Some(Code::EpochSequence));
        assert_eq!(code(5, Some(5)), Some(Code::DuplicateEpoch));
        assert_eq!(code(4, Some(5)), Some(Code::DuplicateEpoch));
    }

    #[test]
    fn the_predecessor_is_named_exactly() {
        let mut manifest = manifest(1);
        manifest.previous_gate = Some(PreviousGate::Gate(id(1)));
        assert_eq!(check_previous(&manifest, id(9), PreviousGate::Gate(id(1))), None);
        for wrong in [None, Some(PreviousGate::None), Some(PreviousGate::Gate(id(2)))] {
            manifest.previous_gate = wrong;
            let found = check_previous(&manifest, id(9), PreviousGate::Gate(id(1))).unwrap();
            assert_eq!(found.code, Code::PreviousGateMismatch);
        }
    }
}
