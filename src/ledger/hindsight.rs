//! What the tip knows about bad keys, applied backwards. It changes verdicts, not the state.

use std::collections::BTreeMap;

use crate::finding::{Code, Finding, Severity};
use crate::model::registry::{KeyEntry, KeyState};
use crate::report::Verdict;

use super::{Ledger, Need};

impl Ledger {
    pub(super) fn apply_hindsight(&mut self) {
        let judged: Vec<(usize, Finding)> = self
            .needs
            .iter()
            .enumerate()
            .filter_map(|(n, need)| Some((n, self.look_back(need)?)))
            .collect();
        let mut refused = BTreeMap::new();
        for (n, finding) in judged {
            let Some(need) = self.needs.get(n) else { continue };
            let (gate, signoff, position) = (need.gate, need.signoff, need.position);
            if finding.severity == Severity::Error {
                refused.entry(need.carrier).or_insert(finding.code);
            }
            if finding.severity == Severity::Error
                && let Some(report) = gate.and_then(|gate| self.gates.get_mut(gate))
            {
                report.verdict = Verdict::Refused;
                let row = signoff.and_then(|signoff| report.signoffs.get_mut(signoff));
                if let Some(row) = row {
                    row.counted = false;
                    row.why = Some(format!("{}: {}", finding.code, finding.message));
                }
            }
            self.findings.push((position, finding));
        }
        for line in &mut self.commits {
            if let Some(code) = refused.get(&line.commit) {
                line.verdict = Verdict::Refused;
                line.code = Some(*code);
            }
        }
    }

    fn look_back(&self, need: &Need) -> Option<Finding> {
        let finding = self.by_registry(need).or_else(|| self.by_certificate(need))?;
        let epoch = need.gate.and_then(|gate| self.gates.get(gate)).and_then(|gate| gate.epoch);
        let mut finding = finding
            .commit(need.carrier)
            .reviewer(&need.reviewer)
            .fingerprint(need.key)
            .signature_time(Some(need.signed));
        finding.epoch = epoch;
        Some(finding)
    }

    fn compromised(&self, need: &Need) -> Option<&KeyEntry> {
        let own = self.registry.entries(need.key).find(|entry| entry.is_compromised());
        let listed = self.registry.entries(need.key).next().is_some();
        if own.is_some() || listed {
            return own;
        }
        self.registry.entries(need.primary).find(|entry| entry.is_compromised())
    }

    /// The registry governs over the certificate: `trusted_until` names the last good commit.
    fn by_registry(&self, need: &Need) -> Option<Finding> {
        let entry = self.compromised(need)?;
        let KeyState::Retired(retirement) = &entry.state else { return None };
        let trusted = retirement.trusted_until.and_then(|until| self.mainline.get(&until));
        let place = self
            .context()
            .registry_place(entry.spot("trusted_until"), "the tip's registry says so here");
        if trusted.is_some_and(|until| need.position <= *until) {
            return Some(
                Finding::new(
                    Code::SignedByLaterCompromisedKey,
                    "a key that was compromised later signed this, at a point in history that is trusted",
                )
                .at(place)
                .help("nothing; the registry names a later commit as the last one known good"),
            );
        }
        Some(
            Finding::new(
                Code::KeyCompromised,
                "this rests on a key that is known to be compromised, and lies after the last commit known good",
            )
            .compared(
                retirement.trusted_until.map_or_else(
                    || "no trusted_until: none is trusted".to_owned(),
                    |until| format!("trusted until {until}"),
                ),
                "a commit at or before trusted_until",
            )
            .at(place)
            .help("have it signed off again with other keys, and acknowledge that in a ceremony"),
        )
    }

    fn by_certificate(&self, need: &Need) -> Option<Finding> {
        let worst = self
            .keyring
            .revocations(need.primary, need.key)
            .map(|(_, revocation)| revocation)
            .filter(|revocation| revocation.hard || revocation.created <= need.signed)
            .max_by_key(|revocation| revocation.hard)?;
        let (code, message) = if worst.hard {
            (Code::KeyCompromised, "the key's owner revoked it as compromised or without a reason")
        } else {
            (Code::KeyRevoked, "the key's owner had revoked it before this signature was made")
        };
        Some(
            Finding::new(code, message)
                .compared(
                    format!(
                        "revoked {}: \"{}\"",
                        worst.created,
                        crate::model::text::shown(&worst.reason)
                    ),
                    "a key without such a revocation",
                )
                .help("record the compromise in a ceremony, and have this signed off again with another key"),
        )
    }
}
