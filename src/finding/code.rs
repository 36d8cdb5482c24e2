//! The one list of codes. They are names that others build on: none is ever renamed or reused.

use std::fmt;

/// How bad a finding is. Ordered: the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Does not change the verdict.
    Warning,
    /// We cannot tell: never a pass.
    Undecided,
    /// Refused.
    Error,
}

impl Severity {
    /// The word in the reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Undecided => "undecided",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($name:ident = $text:literal, $severity:ident;)*) => {
        /// What can be found. `gatecheck explain CODE` tells about each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "explained by the rules, which a test holds complete")]
        pub enum Code {
            $($name,)*
        }

        impl Code {
            /// Every code, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The severity that belongs to it, where the situation does not say otherwise.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)*
                }
            }
        }
    };
}

codes! {
    // Commit and signature
    Unsigned = "unsigned", Error;
    BadSignature = "bad-signature", Error;
    MalformedObject = "malformed-object", Error;
    MalformedSignature = "malformed-signature", Error;
    MultipleSignatures = "multiple-signatures", Error;
    UnsignedHeader = "unsigned-header", Error;
    SignatureType = "signature-type", Error;
    UnsupportedSignature = "unsupported-signature", Error;
    UnsupportedVersion = "unsupported-version", Undecided;
    WeakDigest = "weak-digest", Error;
    WeakKey = "weak-key", Error;
    WeakCertificate = "weak-certificate", Undecided;
    NotSigningCapable = "not-signing-capable", Error;
    SignatureExpired = "signature-expired", Error;
    SshNamespace = "ssh-namespace", Error;
    SshAlgorithm = "ssh-algorithm", Error;
    SshNoPresence = "ssh-no-presence", Error;
    UnknownSigner = "unknown-signer", Error;
    ForgeSignature = "forge-signature", Error;
    NotAHuman = "not-a-human", Error;
    // Windows
    KeyNotYetEffective = "key-not-yet-effective", Error;
    KeyWindowClosed = "key-window-closed", Error;
    KeyRetired = "key-retired", Error;
    KeyCompromised = "key-compromised", Error;
    SignedByLaterCompromisedKey = "signed-by-later-compromised-key", Warning;
    KeyRevoked = "key-revoked", Error;
    CertExpired = "cert-expired", Warning;
    KeyNewerThanSignature = "key-newer-than-signature", Error;
    FutureDated = "future-dated", Undecided;
    ClockSkew = "clock-skew", Warning;
    NonMonotonicTime = "non-monotonic-time", Warning;
    // Registry
    RegistryMissing = "registry-missing", Error;
    RegistryInvalid = "registry-invalid", Error;
    RegistryNotRegular = "registry-not-regular", Error;
    UnauthorisedRegistryChange = "unauthorised-registry-change", Error;
    RegistryRollback = "registry-rollback", Error;
    RegistryEntryRemoved = "registry-entry-removed", Error;
    RetroactiveWindow = "retroactive-window", Error;
    PossessionMissing = "possession-missing", Error;
    CeremonyMismatch = "ceremony-mismatch", Error;
    CharterAckMissing = "charter-ack-missing", Error;
    CoverageGap = "coverage-gap", Error;
    CertMismatch = "cert-mismatch", Error;
    DuplicateFingerprint = "duplicate-fingerprint", Error;
    PlaceholderFingerprint = "placeholder-fingerprint", Error;
    ShortFingerprint = "short-fingerprint", Error;
    ConfusableId = "confusable-id", Error;
    InvalidThreshold = "invalid-threshold", Error;
    MissingBackup = "missing-backup", Warning;
    SecretKeyCommitted = "secret-key-committed", Error;
    KeyTooLongLived = "key-too-long-lived", Warning;
    ExpiringSoon = "expiring-soon", Warning;
    // Sign-offs
    ManifestMissing = "manifest-missing", Error;
    ManifestInvalid = "manifest-invalid", Error;
    ManifestChanged = "manifest-changed", Error;
    EpochMismatch = "epoch-mismatch", Error;
    EpochSequence = "epoch-sequence", Error;
    DuplicateEpoch = "duplicate-epoch", Error;
    GateCommitUnresolvable = "gate-commit-unresolvable", Error;
    SubjectMismatch = "subject-mismatch", Error;
    PreviousGateMismatch = "previous-gate-mismatch", Error;
    SignoffUnattested = "signoff-unattested", Error;
    SignoffForged = "signoff-forged", Error;
    SignoffReplayed = "signoff-replayed", Error;
    UnknownDomain = "unknown-domain", Error;
    WrongDomain = "wrong-domain", Error;
    UnknownReviewer = "unknown-reviewer", Error;
    SelfReview = "self-review", Error;
    SignoffTime = "signoff-time", Error;
    ScopeIncomplete = "scope-incomplete", Error;
    QuorumNotMet = "quorum-not-met", Error;
    TooFewPeople = "too-few-people", Error;
    MultiDomainUnjustified = "multi-domain-unjustified", Error;
    UnresolvedDissent = "unresolved-dissent", Error;
    SupersedeChain = "supersede-chain", Error;
    ReviewerStale = "reviewer-stale", Error;
    ReviewerNotQualified = "reviewer-not-qualified", Error;
    // Change
    SecondReviewMissing = "second-review-missing", Error;
    AiAttestationMissing = "ai-attestation-missing", Error;
    ForbiddenText = "forbidden-text", Error;
    ChecklistIncomplete = "checklist-incomplete", Error;
    CharterAmendmentInvalid = "charter-amendment-invalid", Error;
    OverrideUnrecorded = "override-unrecorded", Error;
    // History
    NotDescendant = "not-descendant", Error;
    MainlineReplaced = "mainline-replaced", Error;
    Rollback = "rollback", Error;
    OctopusMerge = "octopus-merge", Error;
    DuplicateParent = "duplicate-parent", Error;
    NotCovered = "not-covered", Warning;
    ShallowHistory = "shallow-history", Undecided;
    MissingObject = "missing-object", Undecided;
    ReplaceRefs = "replace-refs", Warning;
    NoAnchor = "no-anchor", Undecided;
    OtherSignatureIgnored = "other-signature-ignored", Warning;
    PinnedByDate = "pinned-by-date", Note;
    NoGate = "no-gate", Undecided;
    Cured = "cured", Warning;
    IntroductionMismatch = "introduction-mismatch", Error;
    // Tags
    TagUnsigned = "tag-unsigned", Error;
    TagMismatch = "tag-mismatch", Error;
    TagNotAGate = "tag-not-a-gate", Error;
    TagExists = "tag-exists", Error;
    // Attestations
    AttestationUnsigned = "attestation-unsigned", Error;
    AttestationInvalid = "attestation-invalid", Error;
    AttestationMismatch = "attestation-mismatch", Error;
}

impl Code {
    /// The code with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for code in Code::ALL {
            assert_eq!(Code::from_name(code.name()), Some(*code));
        }
        assert_eq!(Code::from_name("no-such-code"), None);
    }
}
