//! Rule: the manifest of an accepted gate is written once; every manifest can be read.

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::Oid;
use crate::model::step::ManifestChange;
use crate::model::text::shown;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::ManifestMissing,
        what: "The manifest that a gate needs is not there.",
        why: "Without a manifest nobody signed the gate off.",
        fix: "Add the manifest in the gate commit, or in a later mainline commit that names the gate in `gate_commit`.",
    },
    CodeDoc {
        code: Code::ManifestInvalid,
        what: "The manifest cannot be read as one: its syntax, a field or a value is wrong.",
        why: "What cannot be read exactly cannot be what somebody signed.",
        fix: "Correct the line that the finding shows; `gatecheck signoff check FILE` lists all problems at once.",
    },
    CodeDoc {
        code: Code::ManifestChanged,
        what: "The manifest of an accepted gate was changed or removed afterwards.",
        why: "A sign-off is evidence; evidence that can be edited later proves nothing to an auditor.",
        fix: "Put the accepted bytes back in a new commit. A correction is a re-attestation in a file of its own.",
    },
    CodeDoc {
        code: Code::EpochMismatch,
        what: "The epoch in the manifest, in a sign-off, or in the file's name differs from the others, or is written with leading zeros.",
        why: "A sign-off for one epoch must not serve for another, and each epoch has exactly one file name.",
        fix: "Write the same number everywhere, without leading zeros.",
    },
];

/// Judges a change to a manifest that an accepted gate (or the anchor's tree) brought.
/// `accepted` is its blob in force. Putting those bytes back is a repair.
#[must_use]
pub fn check_written_once(change: &ManifestChange, accepted: Oid) -> Option<Finding> {
    let regular = change.file.after.filter(|(mode, _)| *mode == 0o100_644).map(|(_, blob)| blob);
    if regular == Some(accepted) {
        return None;
    }
    let path = shown(&change.file.path);
    let verb = if change.file.after.is_none() { "removed" } else { "changed" };
    Some(
        Finding::new(
            Code::ManifestChanged,
            format!("{path} was {verb} after its gate was accepted"),
        )
        .compared(format!("{path} {verb}"), format!("the accepted bytes, blob {accepted}"))
        .help("put the accepted bytes back in a new commit"),
    )
}

/// A manifest path that holds no regular file.
#[must_use]
pub fn not_regular(change: &ManifestChange) -> Option<Finding> {
    let (mode, _) = change.file.after.filter(|(mode, _)| *mode != 0o100_644)?;
    let path = shown(&change.file.path);
    Some(
        Finding::new(Code::ManifestInvalid, format!("{path} is not a regular file"))
            .compared(format!("mode {mode:06o}"), "a regular file (mode 100644)")
            .help("commit the manifest as a plain file"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ManifestName;
    use crate::model::step::FileChange;
    use crate::rules::testing::id;

    fn change(after: Option<(u32, u8)>) -> ManifestChange {
        ManifestChange {
            name: ManifestName::Epoch(1),
            file: FileChange {
                path: "epoch_signoffs/epoch-1.toml".into(),
                before: Some((0o100_644, id(2))),
                after: after.map(|(mode, n)| (mode, id(n))),
            },
            reading: None,
        }
    }

    #[test]
    fn putting_the_accepted_bytes_back_is_accepted() {
        assert_eq!(check_written_once(&change(Some((0o100_644, 1))), id(1)), None);
    }

    #[test]
    fn edits_removals_and_modes_are_refused() {
        for after in [Some((0o100_644, 3)), None, Some((0o100_755, 1))] {
            let found = check_written_once(&change(after), id(1)).unwrap();
            assert_eq!(found.code, Code::ManifestChanged);
        }
        assert_eq!(not_regular(&change(Some((0o120_000, 1)))).unwrap().code, Code::ManifestInvalid);
    }
}
