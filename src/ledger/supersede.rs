//! Corrections of sign-offs, judged by the registry in force where they are used.

use crate::finding::Finding;
use crate::model::manifest::{Manifest, Signoff};
use crate::model::step::{Correction, ManifestChange};
use crate::model::{ManifestName, Oid, SignatureFact};
use crate::rules::attestation::Carrier;
use crate::rules::authority::Authorised;
use crate::rules::commit_signature::{self, Accepts};
use crate::rules::dissent::OpenDissent;
use crate::rules::supersede::{Corrections, follow};

use super::Ledger;
use super::signoffs::Around;

/// The fold's state, and what the step brings.
struct Held<'a> {
    ledger: &'a Ledger,
    around: &'a Around<'a>,
}

impl Ledger {
    /// Follows `superseded_by`, where it is stated, to the correction. Where that dissents, the
    /// dissent is as open as one in the manifest itself.
    pub(super) fn supersession(
        &self,
        manifest: &Manifest,
        signoff: &Signoff,
        around: &Around<'_>,
    ) -> Option<Result<Option<OpenDissent>, Box<Finding>>> {
        if signoff.superseded_by.is_empty() {
            return None;
        }
        let held = Held { ledger: self, around };
        let found = follow(&held, manifest, signoff, around.carrier);
        Some(found.map(|(commit, manifest, signoff)| {
            // The correction may stand on a merged branch: what uses it opens its dissent.
            signoff.dissents().then(|| OpenDissent {
                opened: around.carrier,
                ..OpenDissent::of(manifest, signoff, commit, self.next_epoch())
            })
        }))
    }
}

impl Held<'_> {
    fn signer(&self, correction: &Correction) -> Option<Authorised> {
        let head = correction.commit.commit.as_ref().ok()?;
        let fact = correction.commit.signature.as_ref().unwrap_or(&SignatureFact::Absent);
        let accepts = Accepts { forge: false, bot: false };
        let (cx, time) = (self.ledger.context(), head.committer.time);
        commit_signature::check(&cx, &self.ledger.index, fact, time, accepts).ok()
    }
}

impl Corrections for Held<'_> {
    fn find(&self, commit: Oid) -> Option<&Correction> {
        self.around.corrections.get(&commit)
    }

    fn is_signed_by(&self, correction: &Correction, signoff: &Signoff) -> bool {
        let signer = self.signer(correction);
        signer.is_some_and(|signer| signer.signer.reviewer_id == signoff.reviewer_id)
    }

    fn manifests<'c>(&self, correction: &'c Correction) -> Vec<&'c Manifest> {
        let of_gate = |change: &&ManifestChange| {
            self.ledger.is_own(change)
                && matches!(
                    change.name,
                    ManifestName::Epoch(_)
                        | ManifestName::Squash(_)
                        | ManifestName::Reattest { .. }
                )
        };
        let changes = correction.manifests.iter().filter(of_gate);
        changes.filter_map(|change| change.reading.as_ref()?.manifest.as_deref()).collect()
    }

    fn is_attested(&self, correction: &Correction, manifest: &Manifest, signoff: &Signoff) -> bool {
        let Ok(head) = &correction.commit.commit else { return false };
        let signer = self.signer(correction);
        let carrier = Carrier {
            commit: correction.commit.id,
            committed: head.committer.time,
            signer: signer.as_ref().map(|signer| &signer.signer),
            epoch: self.around.is_epoch.then_some(self.around.epoch),
        };
        let attested = self.ledger.attest(manifest, signoff, self.around.facts, carrier);
        attested.attested && attested.findings.iter().all(|f| !blocks(f))
    }
}

fn blocks(finding: &Finding) -> bool {
    finding.severity >= crate::finding::Severity::Undecided
}
