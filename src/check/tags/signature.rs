//! A tag's signature, in every history that bears on it.

use super::histories::Histories;
use crate::finding::{Code, Finding, Severity};
use crate::model::{
    Digest, KeyFile, SignatureFact, SignatureFormat, Signer, Time, VerifiedSignature,
};
use crate::rules::tag as rule;

/// Whose signature it is in its own history, and every reason in any history not to count it.
pub(super) fn held_against(
    reference: &str,
    fact: &SignatureFact,
    tagged: Time,
    fresh: bool,
    histories: &Histories<'_>,
) -> (Option<Signer>, Vec<Finding>) {
    let (signer, mut found) = histories.own.judge_tag(reference, fact, tagged);
    let Some(signer) = signer else { return (None, found) };
    for walked in &histories.further {
        if walked.ledger.lists_as_compromised(&signer) {
            found.push(rule::compromised(reference, &signer, tagged));
        } else if fresh {
            let (_, later) = walked.ledger.judge_tag(reference, fact, tagged);
            // That it follows later gates is no wonder.
            let odd = |f: &Finding| f.code != Code::NonMonotonicTime && !found.contains(f);
            let later: Vec<Finding> = later.into_iter().filter(odd).collect();
            found.extend(later);
        } else {
            let (_, later) = walked.ledger.judge_tag(reference, fact, tagged);
            if later.iter().any(|f| f.code == Code::KeyRetired) {
                found.push(rule::retired_since(reference, &signer, tagged));
            }
        }
    }
    found.dedup();
    let refused = found.iter().any(|finding| finding.severity == Severity::Error);
    ((!refused).then_some(signer), found)
}

/// The best that could come of a signature by one of these keys, made now.
pub(super) fn would_sign(
    reference: &str,
    keys: &KeyFile,
    histories: &Histories<'_>,
    now: Time,
) -> (Option<Signer>, Vec<Finding>) {
    let mut refusal: Option<Vec<Finding>> = None;
    for signature in possible_signatures(keys, now) {
        let fact = SignatureFact::Verified(signature);
        let (signer, found) = held_against(reference, &fact, now, true, histories);
        if signer.is_some() {
            return (signer, found);
        }
        // The one of a key that the registry knows says more than that of a stranger.
        let vague = |found: &[Finding]| {
            found.iter().all(|f| matches!(f.code, Code::UnknownSigner | Code::NotSigningCapable))
        };
        if refusal.as_deref().is_none_or(|known| vague(known) && !vague(&found)) {
            refusal = Some(found);
        }
    }
    (None, refusal.unwrap_or_else(|| vec![rule::no_key(reference)]))
}

fn possible_signatures(keys: &KeyFile, now: Time) -> Vec<VerifiedSignature> {
    let plain = |key, primary, algorithm, format, key_created| VerifiedSignature {
        format,
        key,
        primaries: vec![primary],
        created: Some(now),
        expires: None,
        digest: Digest::Sha512,
        algorithm,
        key_created,
    };
    let ssh = keys
        .ssh_keys
        .iter()
        .map(|(key, algorithm)| plain(*key, *key, *algorithm, SignatureFormat::Ssh, None));
    let openpgp = keys.certificates.iter().flat_map(|certificate| {
        certificate
            .keys
            .iter()
            .filter(|key| key.bindings.iter().any(|binding| binding.for_signing))
            .map(|key| {
                let (fingerprint, primary) = (key.fingerprint, certificate.primary);
                let created = Some(key.created);
                plain(fingerprint, primary, key.algorithm, SignatureFormat::OpenPgp, created)
            })
    });
    ssh.chain(openpgp).collect()
}
