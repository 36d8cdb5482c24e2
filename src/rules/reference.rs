//! Explanations of codes that no single rule here owns: those of reading files and of walking the
//! history.

use crate::finding::{Code, CodeDoc};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::UnsupportedVersion,
        what: "A file states a format version, or a policy asks for a check, that this version of gatecheck does not know.",
        why: "What is not understood cannot be judged; guessing would be a pass that nobody earned.",
        fix: "Use a newer gatecheck, or correct the version.",
    },
    CodeDoc {
        code: Code::DuplicateFingerprint,
        what: "The same key stands in the registry more than once, for two people or with overlapping windows.",
        why: "One key is one person; two windows that overlap leave open which of them decided.",
        fix: "Keep one entry; a key may have several windows for one person if they do not overlap.",
    },
    CodeDoc {
        code: Code::PlaceholderFingerprint,
        what: "A key entry holds a placeholder where its fingerprint belongs.",
        why: "A placeholder authorises nobody, so nothing can pass with it.",
        fix: "Put in the full fingerprint (`gpg --list-keys --with-colons`, or `ssh-keygen -lf KEY.pub`) and add the public key file.",
    },
    CodeDoc {
        code: Code::ShortFingerprint,
        what: "A fingerprint is given by its last digits only.",
        why: "Keys with a chosen short id can be made in minutes.",
        fix: "Write all 40 or 64 digits; `gpg --list-keys --with-colons` prints them.",
    },
    CodeDoc {
        code: Code::ConfusableId,
        what: "An id looks like another one, or holds letters of another script that look like plain ones.",
        why: "People approve what they read; a look-alike would be approved as somebody else.",
        fix: "Choose an id of plain lower-case letters that nobody can mistake.",
    },
    CodeDoc {
        code: Code::MissingBackup,
        what: "A domain has a primary and nobody to stand in.",
        why: "When that one person is away or loses the key, the domain stops.",
        fix: "Name a `backup` for the domain.",
    },
    CodeDoc {
        code: Code::KeyTooLongLived,
        what: "A key's window is longer than `[policy.ceremony] max_key_days`, or has no end.",
        why: "The longer a key lives the more copies and chances for theft there are.",
        fix: "Set `effective_until` within the limit; rotation is a ceremony.",
    },
    CodeDoc {
        code: Code::ExpiringSoon,
        what: "A standing key's window ends within `[policy.ceremony] warn_days`.",
        why: "After that no gate passes with it.",
        fix: "Rotate the key in time.",
    },
    CodeDoc {
        code: Code::NotDescendant,
        what: "The judged tip does not contain the anchor.",
        why: "The anchor is where trust starts; a history without it proves nothing.",
        fix: "Check the anchor's id, and that this is the right repository: git merge-base --is-ancestor ANCHOR TIP.",
    },
    CodeDoc {
        code: Code::MainlineReplaced,
        what: "The anchor or checkpoint is contained in the tip, but does not lie on its first-parent chain; or a merged branch carries a newer valid registry.",
        why: "Somebody made another branch the mainline, so that the gates of the real one became side history.",
        fix: "Judge the branch that holds the anchor on its first-parent chain, or move the branch back to it.",
    },
    CodeDoc {
        code: Code::Rollback,
        what: "The judged tip does not contain the recorded checkpoint.",
        why: "A host can serve an old state that was once valid, to hide later revocations.",
        fix: "Fetch again from a source that you trust; if the checkpoint itself is wrong, remove its file deliberately.",
    },
    CodeDoc {
        code: Code::NotCovered,
        what: "Mainline commits after the last accepted epoch gate are not vouched for.",
        why: "What lies beyond the last gate nobody has signed off yet.",
        fix: "Make the next gate, or release the commit of the last one.",
    },
    CodeDoc {
        code: Code::ShallowHistory,
        what: "The clone is shallow between the tip and the anchor.",
        why: "The missing part could hold anything.",
        fix: "Get the whole history: git fetch --unshallow.",
    },
    CodeDoc {
        code: Code::MissingObject,
        what: "An object that the verdict needs is missing or damaged.",
        why: "What cannot be read cannot be judged, and a missing piece must never count as a good one.",
        fix: "Get it again: git fetch --refetch, or clone anew; git fsck tells what else is missing.",
    },
    CodeDoc {
        code: Code::ReplaceRefs,
        what: "The repository has replace refs or grafts, which make git show other objects than the real ones.",
        why: "They are unsigned local settings that anybody with access can plant.",
        fix: "The real objects were judged. Remove them with git replace -d, and .git/info/grafts.",
    },
    CodeDoc {
        code: Code::NoAnchor,
        what: "No anchor was pinned, so trust starts at a commit that the repository itself offers.",
        why: "Whoever serves the repository can serve a whole history of their own.",
        fix: "Pin the anchor: --anchor COMMIT, GATECHECK_ANCHOR, or git config --global gatecheck.PROJECT.anchor COMMIT; --trust-on-first-use accepts the risk once.",
    },
    CodeDoc {
        code: Code::OtherSignatureIgnored,
        what: "The commit carries a signature header of the other object format as well; it was not judged.",
        why: "It covers another form of the commit, which this repository does not hold.",
        fix: "Nothing, if the repository was converted between object formats.",
    },
    CodeDoc {
        code: Code::PinnedByDate,
        what: "The registry was pinned by the verifier and has no history, so dates alone decide which key could act when.",
        why: "Whoever holds an old key can choose a date inside its window; only a registry with history can stop that.",
        fix: "Nothing; know what this run proves and what it does not.",
    },
    CodeDoc {
        code: Code::NoGate,
        what: "No gate was found to judge.",
        why: "A verdict needs at least one gate; an empty history is no pass.",
        fix: "Check the anchor and the tip; `gatecheck verify --every-commit` judges every commit instead.",
    },
    CodeDoc {
        code: Code::Cured,
        what: "A refused commit was looked into and listed in `cures` by a later accepted gate.",
        why: "It stays refused but no longer blocks.",
        fix: "Nothing needs to be done.",
    },
    CodeDoc {
        code: Code::IntroductionMismatch,
        what: "The anchor is not signed by the key that was pinned with it.",
        why: "The anchor's id may have been mistaken or exchanged.",
        fix: "Compare both with the project's published values.",
    },
];
