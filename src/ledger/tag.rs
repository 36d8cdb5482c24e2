//! Tags, judged by the registry in force where the fold has arrived. A tag has no place on the
//! mainline, so nothing of it is taken over.

use crate::finding::Finding;
use crate::model::{Oid, SignatureFact, Signer, Time};
use crate::rules::tag;

use super::Ledger;

impl Ledger {
    /// Judges a tag's signature as that of a gate's commit would be, were it made now. Every
    /// revocation that is to count was learnt before.
    #[must_use]
    pub fn judge_tag(
        &self,
        reference: &str,
        fact: &SignatureFact,
        tagged: Time,
    ) -> (Option<Signer>, Vec<Finding>) {
        tag::signature(&self.context(), &self.index, reference, fact, tagged)
    }

    /// Whether the registry in force lists a signer's key as compromised. An entry for the key
    /// itself outranks its primary's.
    #[must_use]
    pub fn lists_as_compromised(&self, signer: &Signer) -> bool {
        let own = self.registry.entries(signer.fingerprint).next().is_some();
        let key = if own { signer.fingerprint } else { signer.primary };
        self.registry.entries(key).any(crate::model::KeyEntry::is_compromised)
    }

    /// Whether a commit is the anchor, or a mainline commit that was judged.
    #[must_use]
    pub fn holds(&self, commit: Oid) -> bool {
        self.mainline.contains_key(&commit)
    }
}
