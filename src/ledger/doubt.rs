//! What rests on a key. The question comes before the fold, which answers it as it goes: only then
//! can a gate be judged once more, by the same rules and the same state, without somebody.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding, Severity};
use crate::model::manifest::{Manifest, Signoff};
use crate::model::step::{Head, Step};
use crate::model::{
    ApprovalRole, DomainId, Fingerprint, GateKind, Oid, ReviewerId, SignatureFact, Time,
};
use crate::report::Verdict;
use crate::rules::authority::Authorised;
use crate::rules::binding::Bound;
use crate::rules::ceremony::{self, Approved, Proposal};

use super::signoffs::{Judged, SignedBy};
use super::{Ledger, Need};

/// The key that a run is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its fingerprint. A primary key stands for its subkeys as well.
    pub key: Fingerprint,
    /// The last mainline commit at which it is known good; `None`: at none.
    pub from: Option<Oid>,
}

/// What a key signed for something accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedAs {
    /// The commit itself.
    Commit,
    /// A sign-off for this domain.
    Signoff(DomainId),
    /// An approval of the ceremony.
    Approval,
    /// A proof that somebody holds the key that the ceremony brings.
    Possession,
}

/// One signature that is in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestSignature {
    /// What was signed.
    pub what: SignedAs,
    /// The key that verified it.
    pub key: Fingerprint,
    /// The primary key that it belongs to.
    pub primary: Fingerprint,
    /// Whose it is.
    pub reviewer: ReviewerId,
    /// The signature's time.
    pub time: Time,
    /// Where not the key itself is in doubt but the ceremony that brought it: that ceremony.
    pub brought_by: Option<Oid>,
}

/// What kind of thing rests on the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RestKind {
    /// A gate of an epoch.
    Epoch,
    /// A squash gate.
    Squash,
    /// A ceremony.
    Ceremony,
    /// A re-attestation of an earlier gate.
    Reattestation,
}

/// Something accepted that rests on the key, directly or through a ceremony that does.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    /// What it is.
    pub kind: RestKind,
    /// Its place among the gates of the outcome; `None` for a re-attestation.
    pub gate: Option<usize>,
    /// The gate's id; for a re-attestation that of the gate that it is about.
    pub commit: Oid,
    /// The mainline commit that carries the signatures.
    pub carrier: Oid,
    /// Its epoch; `None` for squash gates and ceremonies.
    pub epoch: Option<u64>,
    /// Place of the carrier on the mainline; the anchor is 0.
    pub position: u64,
    /// The accepted epoch gate before it, for gates.
    pub previous: Option<Oid>,
    /// The signatures in doubt.
    pub signatures: Vec<RestSignature>,
    /// Whether it stands without them, by the rules that it was judged by. (Where a registry
    /// declares the key compromised, all of it is refused until it is acknowledged.)
    pub without: Verdict,
    /// What is missing without them.
    pub missing: Vec<Finding>,
    /// The registry entries that a ceremony in doubt brought: key and owner.
    pub brought: Vec<(Fingerprint, ReviewerId)>,
}

/// What is gathered for a question while the fold goes on.
#[derive(Clone)]
pub(super) struct Doubt {
    question: Question,
    /// Ceremonies, by their place among gates, that rest on the key.
    fallen: BTreeSet<usize>,
    /// By gate: what is missing without the doubtful signatures, and the gate before it.
    without: BTreeMap<usize, (Vec<Finding>, Option<Oid>)>,
    possessions: BTreeMap<usize, Vec<RestSignature>>,
    reattestations: Vec<Rest>,
}

impl Doubt {
    pub(super) const fn new(question: Question) -> Self {
        Self {
            question,
            fallen: BTreeSet::new(),
            without: BTreeMap::new(),
            possessions: BTreeMap::new(),
            reattestations: Vec::new(),
        }
    }

    pub(super) fn keep(&mut self, reattestation: Option<Rest>) {
        self.reattestations.extend(reattestation);
    }
}

/// A manifest that is judged again, and all that it is judged with.
pub(super) struct Retold<'a> {
    pub(super) step: &'a Step,
    pub(super) head: &'a Head,
    pub(super) manifest: &'a Manifest,
    pub(super) signer: Option<&'a Authorised>,
    pub(super) epoch: Option<u64>,
    pub(super) until: u64,
    pub(super) bound: Option<Bound>,
}

/// What the key in doubt did for a ceremony.
pub(super) struct Shaken {
    without: Vec<Finding>,
    possessions: Vec<RestSignature>,
}

impl Ledger {
    /// Whether a signature at this place is in doubt: `Some(None)` for the key's own, else the
    /// ceremony that brought its key.
    fn doubted(
        &self,
        key: Fingerprint,
        primary: Fingerprint,
        position: u64,
    ) -> Option<Option<usize>> {
        let doubt = self.doubt.as_ref()?;
        if key == doubt.question.key || primary == doubt.question.key {
            return self.is_after_trust(position).then_some(None);
        }
        let origin = self.origin_of(key, primary)?;
        doubt.fallen.contains(&origin).then_some(Some(origin))
    }

    /// Whether a key is in doubt for whatever comes next.
    pub(super) fn is_in_doubt(&self, key: Fingerprint, primary: Fingerprint) -> bool {
        self.doubted(key, primary, u64::MAX).is_some()
    }

    fn is_after_trust(&self, position: u64) -> bool {
        let from = self.doubt.as_ref().and_then(|doubt| doubt.question.from);
        // A commit that was not seen yet lies after all that was.
        from.is_none_or(|from| self.mainline.get(&from).is_some_and(|last| *last < position))
    }

    /// Place of a commit on the judged mainline.
    #[must_use]
    pub fn position(&self, commit: Oid) -> Option<u64> {
        self.mainline.get(&commit).copied()
    }

    /// Judges a manifest once more with the doubtful sign-offs taken back, which changes nothing of
    /// what anybody signed. `None` where none is in doubt.
    pub(super) fn judge_without(
        &self,
        told: &Retold<'_>,
        judged: &Judged<'_>,
        trusted: bool,
    ) -> Option<Vec<Finding>> {
        let at = told.step.position;
        let doubted: BTreeSet<usize> = judged
            .signed_by
            .iter()
            .filter(|by| self.doubted(by.key, by.primary, at).is_some())
            .map(|by| by.signoff)
            .collect();
        if doubted.is_empty() {
            return None;
        }
        let mut manifest = told.manifest.clone();
        for (n, signoff) in manifest.signoffs.iter_mut().enumerate() {
            signoff.withdrawn |= doubted.contains(&n);
        }
        let Retold { step, head, signer, epoch, until, .. } = *told;
        let again = self.judge_people(step, head, &manifest, signer, epoch, until, trusted);
        let mut findings = again.findings.clone();
        findings.extend(self.check_whole(step, &manifest, epoch, &again));
        if let Some(bound) = told.bound.filter(|_| epoch.is_some()) {
            findings.extend(self.govern(step, &manifest, &again, bound, until).0);
        }
        findings.retain(is_missing);
        Some(findings)
    }

    /// Remembers what an accepted gate would lack, and the gate before it.
    pub(super) fn note_without(&mut self, gate: usize, without: Option<Vec<Finding>>) {
        let before = self.last_gate.map(|gate| gate.id);
        if let Some(doubt) = self.doubt.as_mut() {
            doubt.without.insert(gate, (without.unwrap_or_default(), before));
        }
    }

    /// What a ceremony would lack without the doubtful approvals; `None` where nothing is asked.
    pub(super) fn shake(&self, proposal: &Proposal<'_>, approved: &[Approved]) -> Option<Shaken> {
        let question = &self.doubt.as_ref()?.question;
        let at = proposal.step.position;
        let left: Vec<Approved> = approved
            .iter()
            .filter(|one| self.doubted(one.signer.fingerprint, one.signer.primary, at).is_none())
            .cloned()
            .collect();
        let mut without = Vec::new();
        if left.len() < approved.len() {
            without = ceremony::enough(proposal, &left);
            without.retain(is_missing);
        }
        let approvals = proposal.record.approvals.iter().zip(&proposal.facts);
        let possessions = approvals
            .filter(|(approval, _)| approval.role == ApprovalRole::Possession)
            .filter_map(|(approval, fact)| match fact {
                Some(SignatureFact::Verified(signature)) => Some((approval, signature)),
                _ => None,
            })
            .filter(|(_, signature)| {
                signature.key == question.key || signature.primaries.contains(&question.key)
            })
            .filter(|_| self.is_after_trust(at))
            .map(|(approval, signature)| RestSignature {
                what: SignedAs::Possession,
                key: signature.key,
                primary: question.key,
                reviewer: approval.reviewer_id.clone(),
                time: signature.created.unwrap_or(approval.timestamp),
                brought_by: None,
            })
            .collect();
        Some(Shaken { without, possessions })
    }

    /// Takes over an accepted ceremony: what it brings rests on whatever it rests on itself.
    pub(super) fn note_ceremony(&mut self, index: usize, shaken: Option<Shaken>) {
        let mut own = self.needs.iter().filter(|need| need.gate == Some(index));
        let falls = own.any(|n| self.doubted(n.key, n.primary, n.position).is_some());
        let (Some(doubt), Some(shaken)) = (self.doubt.as_mut(), shaken) else { return };
        if falls {
            doubt.fallen.insert(index);
        }
        doubt.without.insert(index, (shaken.without, None));
        if !shaken.possessions.is_empty() {
            doubt.possessions.insert(index, shaken.possessions);
        }
    }

    /// A valid re-attestation, where a signature of it is in doubt.
    pub(super) fn reattestation_in_doubt<'a>(
        &self,
        step: &Step,
        epoch: u64,
        gate: Oid,
        signed: impl Iterator<Item = (&'a Signoff, &'a SignedBy)>,
    ) -> Option<Rest> {
        let signatures: Vec<RestSignature> = signed
            .filter_map(|(signoff, by)| {
                let through = self.doubted(by.key, by.primary, step.position)?;
                Some(RestSignature {
                    what: SignedAs::Signoff(signoff.domain.clone()),
                    key: by.key,
                    primary: by.primary,
                    reviewer: signoff.reviewer_id.clone(),
                    time: by.at,
                    brought_by: self.commit_of(through),
                })
            })
            .collect();
        (!signatures.is_empty()).then(|| Rest {
            kind: RestKind::Reattestation,
            gate: None,
            commit: gate,
            carrier: step.id,
            epoch: Some(epoch),
            position: step.position,
            previous: None,
            signatures,
            // One bad key in it and it proves nothing.
            without: Verdict::Refused,
            missing: Vec::new(),
            brought: Vec::new(),
        })
    }

    fn commit_of(&self, ceremony: Option<usize>) -> Option<Oid> {
        ceremony.and_then(|index| self.gates.get(index)).map(|gate| gate.commit)
    }

    /// The answer, in mainline order.
    pub(super) fn rests(&self) -> Vec<Rest> {
        let Some(doubt) = &self.doubt else { return Vec::new() };
        let mut signatures: BTreeMap<usize, Vec<RestSignature>> = BTreeMap::new();
        let mut places: BTreeMap<usize, u64> = BTreeMap::new();
        for need in &self.needs {
            let Some(gate) = need.gate else { continue };
            places.entry(gate).or_insert(need.position);
            if let Some(through) = self.doubted(need.key, need.primary, need.position) {
                signatures.entry(gate).or_default().push(self.signature(need, gate, through));
            }
        }
        for (gate, proofs) in &doubt.possessions {
            signatures.entry(*gate).or_default().extend(proofs.iter().cloned());
        }
        let mut rests: Vec<Rest> = signatures
            .into_iter()
            .filter_map(|(gate, signatures)| {
                self.rest(doubt, gate, *places.get(&gate)?, signatures)
            })
            .chain(doubt.reattestations.iter().cloned())
            .collect();
        rests.sort_by_key(|rest| (rest.position, rest.gate));
        rests
    }

    fn signature(&self, need: &Need, gate: usize, through: Option<usize>) -> RestSignature {
        let domain = need.signoff.and_then(|signoff| {
            let row = self.gates.get(gate)?.signoffs.get(signoff)?;
            Some(row.domain.clone())
        });
        RestSignature {
            what: match domain {
                Some(domain) => SignedAs::Signoff(domain),
                None if need.approval => SignedAs::Approval,
                None => SignedAs::Commit,
            },
            key: need.key,
            primary: need.primary,
            reviewer: need.reviewer.clone(),
            time: need.signed,
            brought_by: self.commit_of(through),
        }
    }

    fn rest(
        &self,
        doubt: &Doubt,
        index: usize,
        position: u64,
        signatures: Vec<RestSignature>,
    ) -> Option<Rest> {
        let gate = self.gates.get(index)?;
        let (missing, previous) = doubt.without.get(&index).cloned().unwrap_or_default();
        let signed = signatures.iter().any(|one| one.what == SignedAs::Commit);
        let enough = Verdict::of(missing.iter().map(|finding| finding.severity));
        let brought = self.origins.iter().filter(|(_, origin)| **origin == index);
        let owner =
            |key: Fingerprint| self.registry.entries(key).next().map(|e| e.reviewer.clone());
        Some(Rest {
            kind: match gate.kind {
                GateKind::Epoch => RestKind::Epoch,
                GateKind::Squash => RestKind::Squash,
                GateKind::Ceremony => RestKind::Ceremony,
            },
            gate: Some(index),
            commit: gate.commit,
            carrier: gate.carrier,
            epoch: gate.epoch,
            position,
            previous,
            signatures,
            without: if signed { Verdict::Refused } else { enough },
            missing,
            brought: brought
                .filter(|_| doubt.fallen.contains(&index))
                .filter_map(|(key, _)| Some((*key, owner(*key)?)))
                .collect(),
        })
    }
}

/// A date in the future of the run says nothing about who is missing.
fn is_missing(finding: &Finding) -> bool {
    finding.severity >= Severity::Undecided && finding.code != Code::FutureDated
}
