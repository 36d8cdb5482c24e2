//! Verdicts, counts and stable order of what was found.
//!
//! A [`Report`] holds everything that a format shows; rendering decides nothing.

use std::cmp::Reverse;

use crate::finding::{Code, Finding, Severity};
pub use crate::model::Signer;
use crate::model::registry::{KeyState, RetiredReason};
use crate::model::{
    DomainId, Fingerprint, GateKind, KeyEntry, ObjectFormat, Oid, Registry, ReviewerId, Time,
    Window,
};

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Everything that was judged holds, and there was something to judge.
    Pass,
    /// We cannot tell; nothing was refused.
    Undecided,
    /// Something is refused.
    Refused,
}

impl Verdict {
    /// The word in the reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Undecided => "undecided",
            Self::Refused => "refused",
        }
    }

    /// The verdict that findings of these severities lead to.
    pub fn of(severities: impl IntoIterator<Item = Severity>) -> Self {
        match severities.into_iter().max() {
            Some(Severity::Error) => Self::Refused,
            Some(Severity::Undecided) => Self::Undecided,
            Some(Severity::Warning | Severity::Note) | None => Self::Pass,
        }
    }
}

/// Everything that one run has to say.
#[derive(Clone, Debug)]
pub struct Report {
    /// The answer over all.
    pub verdict: Verdict,
    /// The verifier's own input (anchor's or pinned registry) was unusable: exit status 2.
    pub input_unusable: bool,
    /// Where trust starts.
    pub anchor: Option<Anchor>,
    /// What was judged.
    pub tip: Tip,
    /// How the repository names objects.
    pub object_format: ObjectFormat,
    /// The project's id; empty where the registry has none.
    pub project: String,
    /// The registry in force at the end.
    pub registry: Option<RegistryInForce>,
    /// Up to where gates cover the history.
    pub covered: Option<Covered>,
    /// The checkpoint that the run was given or has reached.
    pub checkpoint: Option<Checkpoint>,
    /// Whether only the commits were judged (a pinned registry), and no gates.
    pub commits_only: bool,
    /// Numbers.
    pub counts: Counts,
    /// Gates in mainline order.
    pub gates: Vec<GateReport>,
    /// Findings in mainline order.
    pub findings: Vec<Finding>,
    /// Judged commits in mainline order; filled only where the run was asked to record them.
    pub commits: Vec<JudgedCommit>,
    /// The windows of the keys of the registry in force at the end, in its order. For pictures;
    /// `gatecheck-report/1` does not hold them.
    pub keys: Vec<KeyWindow>,
}

/// Where trust starts, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The commit.
    pub commit: Oid,
    /// Who named it.
    pub source: AnchorSource,
}

/// Who named the anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorSource {
    /// `--anchor`.
    Flag,
    /// `GATECHECK_ANCHOR`.
    Environment,
    /// The user's or system's git configuration.
    Config,
    /// The platform's event (CI).
    Event,
    /// Nobody: `--trust-on-first-use`.
    FirstUse,
}

impl AnchorSource {
    /// The word in the reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::Config => "config",
            Self::Event => "event",
            Self::FirstUse => "trust-on-first-use",
        }
    }
}

/// The judged tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The ref it was named by; `None` where it was named by its id.
    pub reference: Option<String>,
    /// The commit.
    pub commit: Oid,
}

/// The registry in force at the end of the fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryInForce {
    /// Its serial.
    pub serial: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// The mainline commit that brought it (the anchor, or a ceremony); `None` for a pinned file.
    pub commit: Option<Oid>,
    /// Whether the verifier pinned it with `--registry`.
    pub pinned: bool,
}

/// Up to where the history is covered by an accepted gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The last accepted epoch gate.
    pub commit: Oid,
    /// Its epoch.
    pub epoch: u64,
    /// How many mainline commits lie beyond.
    pub behind: u64,
}

/// A gate and serial that an earlier run accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The gate's commit.
    pub commit: Oid,
    /// The registry's serial then.
    pub serial: u64,
}

/// Numbers over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commits walked.
    pub commits: u64,
    /// Signatures that were looked at.
    pub signatures: u64,
    /// Gates judged.
    pub gates: u64,
    /// Gates (or, commit by commit, commits) refused.
    pub refused: u64,
    /// Gates (or commits) undecided.
    pub undecided: u64,
    /// Findings that are errors.
    pub errors: u64,
    /// Findings that are warnings.
    pub warnings: u64,
}

/// One gate and its verdict.
#[derive(Clone, Debug)]
pub struct GateReport {
    /// Which kind.
    pub kind: GateKind,
    /// Its epoch, for an epoch gate.
    pub epoch: Option<u64>,
    /// Its name, for a squash gate.
    pub name: Option<String>,
    /// The gate's id.
    pub commit: Oid,
    /// The mainline commit that carries the manifest; the same unless signed off later.
    pub carrier: Oid,
    /// The answer for this gate.
    pub verdict: Verdict,
    /// The tree or commit that the sign-offs are bound to.
    pub subject: Option<Oid>,
    /// Who signed the commit, where that is known.
    pub signer: Option<Signer>,
    /// When the commit's signature says it was made.
    pub signature_time: Option<Time>,
    /// The commit's committer date.
    pub committer_time: Option<Time>,
    /// Its sign-offs in manifest order.
    pub signoffs: Vec<SignoffReport>,
}

/// One sign-off as it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignoffReport {
    /// Whose it says it is.
    pub reviewer_id: ReviewerId,
    /// For which domain.
    pub domain: DomainId,
    /// The reviewer's own key signed this statement.
    pub attested: bool,
    /// It counts for the quorum.
    pub counted: bool,
    /// Why it is not attested or not counted, in plain English.
    pub why: Option<String>,
    /// The key that signed it.
    pub fingerprint: Option<Fingerprint>,
    /// When the reviewer says it was made.
    pub timestamp: Time,
}

/// When one key could act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyWindow {
    /// Whose key it is.
    pub reviewer_id: ReviewerId,
    /// The key; `None` for a placeholder, which authorises nothing.
    pub fingerprint: Option<Fingerprint>,
    /// The window that the registry gives it.
    pub window: Window,
    /// What has become of it.
    pub state: KeyStanding,
}

/// What has become of a key by the time of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyStanding {
    /// Listed as active, and its window is not over.
    Standing,
    /// Its window came to its planned end.
    Expired,
    /// Retired for another reason than its age.
    Retired,
    /// Retired because somebody else may have it.
    Compromised,
}

impl KeyStanding {
    /// The word in the reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Expired => "expired",
            Self::Retired => "retired",
            Self::Compromised => "compromised",
        }
    }
}

impl KeyWindow {
    /// The windows of a registry's keys, in its order. `now` is the run's clock.
    #[must_use]
    pub fn of(registry: &Registry, now: Time) -> Vec<Self> {
        registry.keys.iter().map(|key| Self::of_key(key, now)).collect()
    }

    fn of_key(key: &KeyEntry, now: Time) -> Self {
        let state = match &key.state {
            KeyState::Standing if key.window.until.is_some_and(|until| until <= now) => {
                KeyStanding::Expired
            }
            KeyState::Standing => KeyStanding::Standing,
            KeyState::Retired(retirement) => match retirement.reason {
                RetiredReason::Compromised => KeyStanding::Compromised,
                RetiredReason::Expired => KeyStanding::Expired,
                RetiredReason::Rotated | RetiredReason::Departed | RetiredReason::Superseded => {
                    KeyStanding::Retired
                }
            },
        };
        Self {
            reviewer_id: key.reviewer.clone(),
            fingerprint: key.fingerprint,
            window: key.window,
            state,
        }
    }
}

/// One judged commit, for the line-by-line format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedCommit {
    /// Its id.
    pub commit: Oid,
    /// `epoch`, `squash`, `ceremony` or `ordinary`; several are joined with `+`.
    pub kind: String,
    /// The answer for this commit.
    pub verdict: Verdict,
    /// The worst finding's code.
    pub code: Option<Code>,
    /// Who signed it.
    pub signer: Option<Signer>,
    /// The key that verified the signature, registered or not.
    pub fingerprint: Option<Fingerprint>,
    /// When the signature says it was made.
    pub signature_time: Option<Time>,
    /// Committer date.
    pub committer_time: Option<Time>,
}

impl Report {
    /// The exit status that belongs to this report; the output format never changes it.
    #[must_use]
    pub const fn exit_status(&self) -> u8 {
        if self.input_unusable {
            return 2;
        }
        match self.verdict {
            Verdict::Pass => 0,
            Verdict::Refused => 1,
            Verdict::Undecided => 3,
        }
    }

    /// The findings, the worst first, else in their order.
    #[must_use]
    pub fn worst_first(&self) -> Vec<&Finding> {
        let mut sorted: Vec<&Finding> = self.findings.iter().collect();
        sorted.sort_by_key(|finding| Reverse(finding.severity));
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Limits;

    const FULL: &str = include_str!("registry/tests/full.toml");

    fn states(text: &str, now: &str) -> Vec<(String, KeyStanding)> {
        let reading = crate::registry::read("registry.toml", text.as_bytes(), &Limits::default());
        let registry = reading.registry.unwrap();
        let windows = KeyWindow::of(&registry, Time::parse(now).unwrap());
        windows.into_iter().map(|key| (key.reviewer_id.to_string(), key.state)).collect()
    }

    #[test]
    fn what_became_of_a_key_is_told_by_the_registry_and_the_runs_clock() {
        use KeyStanding::{Compromised, Expired, Retired, Standing};
        let of = |text: &str, now: &str, who: &str| -> Vec<KeyStanding> {
            states(text, now).into_iter().filter(|(id, _)| id == who).map(|(_, s)| s).collect()
        };
        assert_eq!(of(FULL, "2027-12-31", "ada"), [Standing]);
        assert_eq!(of(FULL, "2028-01-01", "ada"), [Expired], "the end is outside of the window");
        assert_eq!(of(FULL, "2099-01-01", "github"), [Standing]);
        assert_eq!(of(FULL, "2027-01-01", "clancy"), [Standing, Compromised]);
        for (reason, state) in [("rotated", Retired), ("departed", Retired), ("expired", Expired)] {
            let text = FULL
                .replace("reason = \"compromised\"", &format!("reason = \"{reason}\""))
                .lines()
                .filter(|line| {
                    !["trusted_until", "acknowledged", "charter_ack"]
                        .iter()
                        .any(|field| line.starts_with(field))
                })
                .collect::<Vec<_>>()
                .join("\n");
            assert_eq!(of(&text, "2027-01-01", "clancy"), [Standing, state], "{reason}");
        }
    }
}
