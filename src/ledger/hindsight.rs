//! What the tip knows about bad keys, applied backwards. It changes verdicts, not the state.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding, Severity};
use crate::model::registry::{KeyEntry, KeyState, Retirement};
use crate::model::{Fingerprint, GateKind, Oid};
use crate::report::Verdict;

use super::{Ledger, Need};

/// Ceremonies, by their place among gates, that stand as far as the tip knows.
type Standing = BTreeSet<usize>;

impl Ledger {
    pub(super) fn apply_hindsight(&mut self) {
        let standing = self.standing_ceremonies();
        let judged: Vec<(usize, Finding)> = self
            .needs
            .iter()
            .enumerate()
            .filter_map(|(n, need)| Some((n, self.look_back(need, &standing)?)))
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

    /// Which ceremonies stand. What makes one stand (a point of trust, an acknowledgment) may come
    /// from a later ceremony only if that stands without it: so this begins with none, and adds
    /// those that stand by what is known to stand, until there are no more.
    fn standing_ceremonies(&self) -> Standing {
        let of_ceremonies: Vec<&Need> =
            self.needs.iter().filter(|need| self.is_ceremony(need.gate)).collect();
        let all: Standing = of_ceremonies.iter().filter_map(|need| need.gate).collect();
        let mut standing = Standing::new();
        loop {
            let mut next = all.clone();
            // Needs are in mainline order, so that one pass sees every consequence.
            for need in &of_ceremonies {
                let refused = self
                    .look_back_at(need, &standing, &next)
                    .is_some_and(|finding| finding.severity == Severity::Error);
                if refused && let Some(gate) = need.gate {
                    next.remove(&gate);
                }
            }
            if next == standing {
                return standing;
            }
            standing = next;
        }
    }

    fn is_ceremony(&self, gate: Option<usize>) -> bool {
        let gate = gate.and_then(|gate| self.gates.get(gate));
        gate.is_some_and(|gate| gate.kind == GateKind::Ceremony)
    }

    fn look_back(&self, need: &Need, standing: &Standing) -> Option<Finding> {
        self.look_back_at(need, standing, standing)
    }

    /// `standing` are ceremonies whose words count, `sources` those whose keys do.
    fn look_back_at(
        &self,
        need: &Need,
        standing: &Standing,
        sources: &Standing,
    ) -> Option<Finding> {
        let finding = self
            .by_registry(need, standing)
            .or_else(|| self.by_certificate(need))
            .filter(|finding| finding.severity == Severity::Error)
            .or_else(|| self.by_origin(need, sources))
            .or_else(|| self.by_registry(need, standing))?;
        Some(self.about(need, finding))
    }

    /// A ceremony that hindsight refuses also refuses everything that needs an entry it brought.
    fn by_origin(&self, need: &Need, sources: &Standing) -> Option<Finding> {
        let origin = need.origin.filter(|origin| !sources.contains(origin))?;
        let origin = self.gates.get(origin)?;
        Some(
            Finding::new(Code::KeyCompromised, "this rests on a key that a refused ceremony brought")
                .compared(
                    format!("the key came with {}", origin.commit),
                    "a key that came with a ceremony that stands",
                )
                .help("have it signed off again with other keys, or acknowledge that ceremony in one of kind compromise"),
        )
    }

    fn about(&self, need: &Need, finding: Finding) -> Finding {
        let epoch = need.gate.and_then(|gate| self.gates.get(gate)).and_then(|gate| gate.epoch);
        let mut finding = finding
            .commit(need.carrier)
            .reviewer(&need.reviewer)
            .fingerprint(need.key)
            .signature_time(Some(need.signed));
        finding.epoch = epoch;
        finding
    }

    /// The entries that say that a key was compromised: its own, which outrank, or its primary's.
    fn compromised(
        &self,
        key: Fingerprint,
        primary: Fingerprint,
    ) -> impl Iterator<Item = &KeyEntry> {
        let listed = self.registry.entries(key).next().is_some();
        let entries = self.registry.entries(if listed { key } else { primary });
        entries.filter(|entry| entry.is_compromised())
    }

    /// The registry governs over the certificate: `trusted_until` names the last good commit, and
    /// `acknowledged` what was looked into since.
    fn by_registry(&self, need: &Need, standing: &Standing) -> Option<Finding> {
        // Of several windows each has a say: where in the file they stand decides nothing.
        let mut said: Vec<Finding> = self
            .compromised(need.key, need.primary)
            .filter_map(|entry| self.by_entry(need, standing, entry))
            .collect();
        said.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        said.into_iter().next()
    }

    fn by_entry(&self, need: &Need, standing: &Standing, entry: &KeyEntry) -> Option<Finding> {
        let KeyState::Retired(retirement) = &entry.state else { return None };
        // What a ceremony says that does not stand itself is not heard.
        let heard = entry
            .fingerprint
            .and_then(|key| self.governors.get(&key))
            .is_none_or(|governors| governors.iter().all(|g| standing.contains(g)));
        let place = |field: &str| {
            self.context().registry_place(entry.spot(field), "the tip's registry says so here")
        };
        if heard && self.is_trusted(retirement, need.position) {
            return Some(
                Finding::new(
                    Code::SignedByLaterCompromisedKey,
                    "a key that was compromised later signed this, at a point in history that is trusted",
                )
                .at(place("trusted_until"))
                .help("nothing; the registry names a later commit as the last one known good"),
            );
        }
        let gate = need.gate.and_then(|gate| self.gates.get(gate));
        let (id, ceremony) = gate
            .map_or((need.carrier, false), |gate| (gate.commit, gate.kind == GateKind::Ceremony));
        let listed = heard && gate.is_some() && retirement.acknowledged.contains(&id);
        if listed && (ceremony || self.is_reattested(id, standing)) {
            let why = if ceremony {
                "a key that was compromised later approved this; a ceremony has acknowledged it since"
            } else {
                "a key that was compromised later signed this; it was attested again and acknowledged since"
            };
            return Some(
                Finding::new(Code::SignedByLaterCompromisedKey, why)
                    .at(place("acknowledged"))
                    .help("nothing; the registry acknowledges it"),
            );
        }
        Some(self.refused_for(retirement, id, listed, ceremony).at(place("trusted_until")))
    }

    fn refused_for(
        &self,
        retirement: &Retirement,
        id: Oid,
        listed: bool,
        ceremony: bool,
    ) -> Finding {
        let observed = match retirement.trusted_until {
            _ if listed => {
                "acknowledged, but no valid re-attestation stands on the mainline".to_owned()
            }
            None => "no trusted_until: none is trusted".to_owned(),
            Some(until) if self.mainline.contains_key(&until) => format!("trusted until {until}"),
            Some(until) => {
                format!("trusted until {until}, which is not on the mainline: none is trusted")
            }
        };
        let help = if ceremony {
            format!("have a ceremony of kind compromise acknowledge {id}")
        } else {
            format!(
                "have it signed off again with other keys (gatecheck signoff reattest), and acknowledge {id} in a ceremony of kind compromise"
            )
        };
        Finding::new(
            Code::KeyCompromised,
            "this rests on a key that is known to be compromised, and lies after the last commit known good",
        )
        .compared(observed, "a commit at or before trusted_until, or an acknowledged one")
        .help(help)
    }

    fn is_trusted(&self, retirement: &Retirement, position: u64) -> bool {
        let until = retirement.trusted_until.and_then(|until| self.mainline.get(&until));
        until.is_some_and(|until| position <= *until)
    }

    /// Whether people vouched for a gate again, with keys that are good as far as the tip knows.
    fn is_reattested(&self, gate: Oid, standing: &Standing) -> bool {
        // A re-attestation is no gate, so that nothing acknowledges it.
        let good = |need: &Need| {
            self.look_back(need, standing).is_none_or(|finding| finding.severity < Severity::Error)
        };
        let all = self.reattested.get(&gate);
        all.is_some_and(|all| all.iter().any(|one| one.needs.iter().all(good)))
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
