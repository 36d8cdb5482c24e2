//! What the state keeps of a gate that was judged.

use std::collections::BTreeSet;

use crate::finding::{Code, Finding};
use crate::model::manifest::Binding;
use crate::model::step::Step;
use crate::model::{Oid, ReviewerId, Time};
use crate::report::Verdict;
use crate::rules::again::Asked;
use crate::rules::authority::Authorised;
use crate::rules::binding::Bound;

use super::epoch::JudgedGate;
use super::owners::owners_of;
use super::reattest::{AcceptedEpoch, Covers, condensed};
use super::start::epoch_number;
use super::{LastGate, Ledger, Need};

/// What the state takes over if the whole commit holds.
pub(super) struct Acceptance {
    pub(super) path: String,
    pub(super) blob: Oid,
    pub(super) bound: Bound,
    pub(super) binding: Binding,
    pub(super) content: Option<[u8; 32]>,
    pub(super) asked: Asked,
    pub(super) covers: Covers,
    pub(super) epoch: Option<u64>,
    pub(super) time: Time,
    pub(super) people: BTreeSet<ReviewerId>,
    pub(super) cures: Vec<Oid>,
    pub(super) needs: Vec<Need>,
    pub(super) only_manifests: bool,
}

impl Ledger {
    /// Takes an accepted gate over into the state. `index` is its place among all gates.
    pub(super) fn accept(
        &mut self,
        gate: &mut JudgedGate,
        index: usize,
        step: &Step,
        signer: Option<&Authorised>,
    ) {
        gate.report.verdict = Verdict::of(gate.findings.iter().map(|f| f.severity));
        let Some(accepted) = gate.accept.take() else { return };
        self.note_without(index, gate.without.take());
        self.needs.extend(accepted.needs.into_iter().map(|n| Need { gate: Some(index), ..n }));
        if let Some(signer) = signer {
            let need = self.need_of_signer(step, signer);
            self.needs.push(Need { gate: Some(index), ..need });
        }
        self.manifests.insert(accepted.path, accepted.blob);
        self.last_time = self.last_time.max(Some(accepted.time));
        self.name_later_dates(accepted.time);
        let Some(epoch) = accepted.epoch else { return };
        let before = self.previous_gate();
        let position = self.position_of(accepted.bound.gate, step).unwrap_or(step.position);
        let later = accepted.bound.gate != step.id && accepted.only_manifests;
        let authors = condensed(
            &self.context(),
            self.contributions.iter().filter(|c| c.position <= position),
            &self.own_manifests(step),
        );
        self.owners = owners_of(step, &accepted.binding).clone();
        self.last_gate = Some(LastGate {
            id: accepted.bound.gate,
            position,
            epoch,
            only_manifest_after: u64::from(later),
        });
        self.epochs.insert(
            epoch,
            AcceptedEpoch {
                gate: accepted.bound.gate,
                previous: before,
                binding: accepted.binding,
                content: accepted.content,
                covered: accepted.covers,
                asked: Some(accepted.asked),
                authors,
            },
        );
        // What still stands in the tree cannot have been looked into and put right.
        let standing: BTreeSet<Oid> = self.unrepaired.values().flatten().copied().collect();
        let cures = accepted.cures.into_iter();
        self.cured.extend(cures.filter(|c| self.mainline.contains_key(c) && !standing.contains(c)));
        self.contributions.retain(|c| c.position > position);
        self.open_dissents.clear();
        self.refused_before = None;
        let needed = self.registry.policy.currency.newcomer_cosigns;
        for person in accepted.people {
            if let Some(known) = self.participation.get_mut(&person) {
                known.last_epoch = epoch_number(epoch);
                known.last_time = accepted.time;
                known.cosigned = known.cosigned.saturating_add(1);
                known.qualified |= known.cosigned >= needed;
            }
        }
    }

    /// Mainline commits before a gate that are dated after it.
    fn name_later_dates(&mut self, gate: Time) {
        for (id, position, committed) in std::mem::take(&mut self.dates) {
            if committed <= gate {
                continue;
            }
            let finding = Finding::new(
                Code::NonMonotonicTime,
                "the commit is dated after the gate that follows it",
            )
            .commit(id)
            .committer_time(Some(committed))
            .compared(format!("committed {committed}"), format!("not after {gate}"))
            .help("check the clocks of the machines that made these commits");
            self.findings.push((position, finding));
        }
    }

    /// Remembers a refused gate: its attested dissents stay open.
    pub(super) fn refuse(&mut self, gate: &mut JudgedGate, step: &Step) {
        gate.report.verdict = Verdict::of(gate.findings.iter().map(|f| f.severity));
        if let Some(epoch) = gate.report.epoch {
            self.refused_before.get_or_insert((epoch, step.id));
        }
        gate.accept = None;
        self.open_dissents.append(&mut gate.dissents);
    }
}
