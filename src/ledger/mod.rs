//! The fold: the mainline, oldest first, judged by the registry in force before each commit.
//!
//! Pure and sequential. It knows no git, no cryptography and no clock but the one it is given,
//! and that one changes no state. What the tip knows of compromised keys is applied afterwards, in
//! `hindsight`: it changes verdicts, never the state that the fold went through.

mod accept;
mod anchor;
mod ceremony;
mod commits;
mod dissents;
mod doubt;
mod epoch;
mod foresee;
mod govern;
mod hindsight;
mod kinds;
mod outlook;
mod owners;
mod reattest;
mod repairs;
mod signoffs;
mod standing;
mod start;
mod step;
mod summary;
mod tag;
mod supersede;

pub use commits::{Judged, Pinned, Tally};
pub use doubt::{Question, Rest, RestKind, RestSignature, SignedAs};
pub use foresee::{Foreseen, ForeseenCeremony};
pub use outlook::{Accepted, Candidate, Outlook};
pub use standing::{
    CutOff, DomainNow, Due, DueKind, KeyNow, NextGate, OpenFor, Person, SigningKey, Standing,
};
pub use start::Unusable;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::finding::{Code, Finding, Severity};
use crate::model::gate::ManifestPaths;
use crate::model::manifest::PreviousGate;
use crate::model::owners::OwnersFile;
use crate::model::{Fingerprint, KeyFile, Oid, Registry, ReviewerId, Time};
use crate::report::{Counts, Covered, GateReport, JudgedCommit, RegistryInForce, Verdict};
use crate::rules::Context;
use crate::rules::authority::EntryIndex;
use crate::rules::currency::Participation;
use crate::rules::dissent::OpenDissent;
use crate::rules::keyring::Keyring;
use crate::rules::registry_change::InForce;
use crate::rules::self_review::Contribution;
use doubt::Doubt;
use reattest::{AcceptedEpoch, Reattestation};

/// What the run was asked, as far as judging is concerned.
#[derive(Clone, Debug)]
pub struct Options {
    /// The run's clock.
    pub now: Time,
    /// Judge every commit that the mainline brings, not only gates.
    pub every_commit: bool,
    /// Keep a line for each judged commit.
    pub record_commits: bool,
    /// The branch that the run names, where the registry gives it gates of its own.
    pub branch: Option<String>,
    /// The key that must have signed the anchor.
    pub anchor_signer: Option<Fingerprint>,
    /// Uncovered commits are an error.
    pub require_covered: bool,
    /// A key about which the fold is asked what rests on it.
    pub doubt: Option<Question>,
}

/// A signature that an accepted gate rests on.
#[derive(Clone, Debug)]
struct Need {
    /// Index of the gate in the outcome; `None` for an ordinary commit.
    gate: Option<usize>,
    /// Index of the sign-off in the gate's manifest; `None` for the commit's own signature.
    signoff: Option<usize>,
    /// It is an approval of a ceremony.
    approval: bool,
    /// The commit that carries the signature.
    carrier: Oid,
    /// Its place on the mainline.
    position: u64,
    key: Fingerprint,
    primary: Fingerprint,
    reviewer: ReviewerId,
    signed: Time,
    /// The ceremony that had brought the key by then, for keys that came after the anchor.
    origin: Option<usize>,
}

/// The last accepted epoch gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LastGate {
    id: Oid,
    /// Place of `id` on the mainline; 0 for gates at or before the anchor.
    position: u64,
    epoch: u64,
    /// Mainline commits after `id` that hold nothing but this gate's manifest.
    only_manifest_after: u64,
}

/// The state of the fold.
#[derive(Clone)]
pub struct Ledger {
    options: Options,
    anchor: Oid,
    registry: Arc<Registry>,
    registry_commit: Oid,
    index: EntryIndex,
    keyring: Keyring,
    /// CODEOWNERS in the tree of the last accepted epoch gate, the anchor's before the first.
    owners: OwnersFile,
    in_force: InForce,
    paths: ManifestPaths,
    last_gate: Option<LastGate>,
    /// T of the previous accepted gate.
    last_time: Option<Time>,
    /// Blobs of accepted manifests, by path.
    manifests: BTreeMap<String, Oid>,
    participation: BTreeMap<ReviewerId, Participation>,
    /// Accepted epoch gates, as far as re-attestations ask.
    epochs: BTreeMap<u64, AcceptedEpoch>,
    /// Valid re-attestations, by gate.
    reattested: BTreeMap<Oid, Vec<Reattestation>>,
    /// Index of the ceremony that brought a key, for keys that came after the anchor.
    origins: BTreeMap<Fingerprint, usize>,
    /// Indices of the ceremonies that said something about a key's compromise after the anchor.
    governors: BTreeMap<Fingerprint, BTreeSet<usize>>,
    contributions: Vec<Contribution>,
    mainline: HashMap<Oid, u64>,
    open_dissents: Vec<OpenDissent>,
    refused_before: Option<(u64, Oid)>,
    /// Mainline commits since the last gate, with place and committer date.
    dates: Vec<(Oid, u64, Time)>,
    position: u64,
    needs: Vec<Need>,
    cured: BTreeSet<Oid>,
    /// Paths below `keys/` that are not as they are in force, and the commits that left them so.
    unrepaired: BTreeMap<String, BTreeSet<Oid>>,
    /// What is gathered for the question that the run was asked.
    doubt: Option<Doubt>,
    /// Whether the anchor is a gate that its own registry supports.
    anchor_is_gate: bool,
    gates: Vec<GateReport>,
    /// With the place on the mainline that each belongs to.
    findings: Vec<(u64, Finding)>,
    commits: Vec<JudgedCommit>,
    counts: Counts,
}

/// What the fold came to.
pub struct Outcome {
    /// Gates in mainline order.
    pub gates: Vec<GateReport>,
    /// Findings in mainline order.
    pub findings: Vec<Finding>,
    /// Judged commits in mainline order, where asked for.
    pub commits: Vec<JudgedCommit>,
    /// Numbers.
    pub counts: Counts,
    /// Up to where gates cover the history.
    pub covered: Option<Covered>,
    /// The registry in force at the end.
    pub registry: Arc<Registry>,
    /// The same for the report.
    pub in_force: RegistryInForce,
    /// What rests on the key that the run was asked about, in mainline order.
    pub rests: Vec<Rest>,
}

impl Ledger {
    fn context(&self) -> Context<'_> {
        Context {
            registry: &self.registry,
            registry_commit: Some(self.registry_commit),
            keyring: &self.keyring,
            owners: &self.owners,
            previous_time: self.last_time,
            now: self.options.now,
            pinned: false,
        }
    }

    /// The registry in force now.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The time that the next gate is judged at, were it made now: never before the last one.
    fn time_of_next_gate(&self) -> Time {
        let now = self.options.now;
        self.last_time.map_or(now, |last| last.max(now))
    }

    fn previous_gate(&self) -> PreviousGate {
        self.last_gate.map_or(PreviousGate::None, |gate| PreviousGate::Gate(gate.id))
    }

    /// Ends the fold: hindsight, cures, coverage. `seen` are all versions of all key files in the
    /// judged history, accepted or not.
    #[must_use]
    pub fn finish<'a>(mut self, seen: impl IntoIterator<Item = &'a KeyFile>) -> Outcome {
        for file in seen {
            self.keyring.learn_revocations(file);
        }
        self.apply_cures();
        self.apply_hindsight();
        let covered = self.coverage();
        self.require_a_gate();
        self.count();
        let rests = self.rests();
        // Hindsight and cures come last, and are shown where they belong. The sort is stable.
        self.findings.sort_by_key(|(position, _)| *position);
        Outcome {
            in_force: RegistryInForce {
                serial: self.registry.serial,
                sha256: self.registry.sha256,
                commit: Some(self.registry_commit),
                pinned: false,
            },
            gates: self.gates,
            findings: self.findings.into_iter().map(|(_, finding)| finding).collect(),
            commits: self.commits,
            counts: self.counts,
            covered,
            registry: self.registry,
            rests,
        }
    }

    /// Errors of commits that a later accepted epoch gate looked into become warnings.
    fn apply_cures(&mut self) {
        let mut cured = BTreeSet::new();
        for (position, finding) in &mut self.findings {
            let Some(commit) = finding.commit.filter(|commit| self.cured.contains(commit)) else {
                continue;
            };
            if finding.severity == Severity::Error && is_curable(finding.code) {
                finding.severity = Severity::Warning;
                cured.insert((*position, commit));
            }
        }
        for (position, commit) in cured {
            let finding =
                Finding::new(Code::Cured, "a later accepted gate looked into this refused commit")
                    .commit(commit)
                    .help("the commit stays refused, and no longer blocks");
            self.findings.push((position, finding));
        }
    }

    fn coverage(&mut self) -> Option<Covered> {
        let gate = self.last_gate?;
        let behind =
            self.position.saturating_sub(gate.position).saturating_sub(gate.only_manifest_after);
        if behind > 0 {
            let severity =
                if self.options.require_covered { Severity::Error } else { Severity::Warning };
            let commits = if behind == 1 { "commit lies" } else { "commits lie" };
            self.findings.push((
                self.position,
                Finding::new(
                    Code::NotCovered,
                    format!("{behind} mainline {commits} beyond the gate of epoch {}", gate.epoch),
                )
                .severity(severity)
                .commit(gate.id)
                .epoch(gate.epoch)
                .compared(format!("{behind} beyond the last accepted gate"), "none")
                .help("make the next gate, or release the commit of the last one"),
            ));
        }
        Some(Covered { commit: gate.id, epoch: gate.epoch, behind })
    }

    fn require_a_gate(&mut self) {
        use crate::model::GateKind;
        let judged = self.gates.iter().any(|gate| gate.kind != GateKind::Ceremony);
        let commits = self.options.every_commit && self.counts.commits > 0;
        if !judged && !commits && !self.anchor_is_gate {
            self.findings.push((
                self.position,
                Finding::new(Code::NoGate, "no epoch or squash gate lies between the anchor and the tip")
                    .compared("no gate", "at least one epoch or squash gate")
                    .help(format!(
                        "gates are found by their manifests, here {}; make one, or check the anchor and the tip",
                        self.paths
                    )),
            ));
        }
    }

    fn count(&mut self) {
        let of =
            |severity| self.findings.iter().filter(|(_, f)| f.severity == severity).count() as u64;
        self.counts.errors = of(Severity::Error);
        self.counts.warnings = of(Severity::Warning);
        let of = |verdict| self.gates.iter().filter(|gate| gate.verdict == verdict).count() as u64;
        self.counts.refused = of(Verdict::Refused);
        self.counts.undecided = of(Verdict::Undecided);
        self.counts.gates = self.gates.len() as u64;
    }
}

/// What no later gate can cure.
fn is_curable(code: Code) -> bool {
    !matches!(
        code,
        Code::MainlineReplaced
            | Code::Rollback
            | Code::NotDescendant
            | Code::SecretKeyCommitted
            | Code::ManifestChanged
    )
}
