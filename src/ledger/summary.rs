//! Attestations of a verdict, judged by the registry in force where the fold has arrived.

use crate::finding::Finding;
use crate::model::{SignatureFact, Signer, Time};
use crate::rules::summary;

use super::Ledger;

impl Ledger {
    /// Judges an attestation's signature as that of a gate's commit would be, were it made now.
    /// Every revocation that is to count was learnt before.
    #[must_use]
    pub fn judge_summary(
        &self,
        fact: &SignatureFact,
        said: Time,
    ) -> (Option<Signer>, Vec<Finding>) {
        summary::signature(&self.context(), &self.index, fact, said)
    }
}
