//! The mainlines that a tag is held against.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::{Draft, Request, trust};
use super::Judge;
use crate::error::{Error, Result};
use crate::finding::{Code, Finding, Severity};
use crate::history::{self, Failure};
use crate::ledger::Ledger;
use crate::model::text::shown;
use crate::model::{GateKind, KeyFile, Oid};
use crate::report::{Tip, Verdict};

/// A fold that has arrived, with everything that is known of revocations.
pub(super) struct Walked {
    pub(super) ledger: Ledger,
    pub(super) seen: BTreeMap<Oid, KeyFile>,
    pub(super) draft: Draft,
}

/// What a tag is held against: the fold up to it, and those that go further.
pub(super) struct Histories<'a> {
    pub(super) own: &'a Ledger,
    pub(super) further: Vec<Rc<Walked>>,
}

impl Judge<'_> {
    /// The mainline here and as `origin` has it: walked, as far as they start at the anchor; and by
    /// name and tip those that do not lie behind it.
    pub(super) fn mainlines(
        &self,
        trust: &trust::Trust,
        anchor: Oid,
        commit: Oid,
    ) -> Result<(Vec<Rc<Walked>>, Vec<(String, Oid)>)> {
        let registry = trust.registry.as_ref().and_then(|reading| reading.registry.as_deref());
        let Some(registry) = registry else { return Ok((Vec::new(), Vec::new())) };
        let name = match &self.request.branch {
            Some(branch) => trust::branch(branch, registry)?,
            None => None,
        };
        let mainline = name.unwrap_or_else(|| registry.mainline.clone());
        let mut walked = Vec::new();
        let mut tips = Vec::new();
        for name in trust::names(&mainline) {
            let Some(id) = self.repo.reference(&name)? else { continue };
            let tip = self.repo.peel(id)?;
            let known = self.walked.borrow().get(&(anchor, tip)).cloned();
            let history = match known {
                Some(known) => known,
                None => {
                    let history = self.walk(trust, anchor, &name, tip)?.map(Rc::new);
                    self.walked.borrow_mut().insert((anchor, tip), history.clone());
                    history
                }
            };
            if let Some(history) = history {
                walked.push(history);
                tips.push((name, tip));
            } else if tip == commit {
                // The tag's own walk will say what is wrong.
                return Ok((Vec::new(), Vec::new()));
            } else if !history::contains(self.repo, anchor, tip).unwrap_or(false) {
                // Neither from the anchor on nor behind it: another history.
                tips.push((name, tip));
            }
        }
        Ok((walked, tips))
    }

    /// `None` for a mainline that does not start at the anchor.
    fn walk(
        &self,
        trust: &trust::Trust,
        anchor: Oid,
        name: &str,
        tip: Oid,
    ) -> Result<Option<Walked>> {
        let request = Request { tip: Some(tip.to_string()), ..self.request.clone() };
        let trust = trust::Trust {
            anchor: trust.anchor.clone(),
            tip: Tip { reference: Some(name.to_owned()), commit: tip },
            registry: trust.registry.clone(),
            findings: Vec::new(),
            input_unusable: false,
        };
        let run = self.run(&request, &trust);
        let mut draft = Draft::new(self.repo, &request, &trust);
        draft.findings.clear();
        match run.walk(anchor, &mut draft) {
            Ok(Some((mut ledger, seen))) => {
                ledger.learn_revocations(seen.values());
                run.conclude(ledger.clone(), &seen, &mut draft);
                Ok(Some(Walked { ledger, seen, draft }))
            }
            Ok(None) => Ok(None),
            Err(Failure::Found(finding)) if finding.severity == Severity::Undecided => {
                // What the mainline knows of this tag's keys cannot be told.
                Err(Error::cannot_read(
                    format!("the mainline {} cannot be read: {}", shown(name), finding.message),
                    finding.help,
                ))
            }
            Err(Failure::Found(_)) => Ok(None),
            Err(Failure::Error(error)) => Err(error),
        }
    }
}

/// The mainline commit that carries the manifest of the gate whose commit this is.
pub(super) fn carrier(walked: &Walked, commit: Oid) -> Option<Oid> {
    let mut gates = walked.draft.gates.iter().rev();
    gates
        .find(|g| {
            g.kind == GateKind::Epoch
                && g.verdict != Verdict::Refused
                && (g.commit == commit || g.carrier == commit)
        })
        .map(|gate| gate.carrier)
}

/// What a history that goes further has against commits that the tag contains: hindsight, and what
/// keeps it from being told.
pub(super) fn later(walked: &Walked, own: &Ledger) -> Vec<Finding> {
    let tip = walked.draft.tip.commit;
    let concerns = |finding: &&Finding| match finding.code {
        Code::MissingObject | Code::ShallowHistory | Code::Rollback => true,
        // Behind the checkpoint; that of a later commit is no business of the tag's.
        Code::RegistryRollback => finding.commit.is_none(),
        Code::MainlineReplaced => finding.commit == Some(tip),
        Code::KeyCompromised | Code::KeyRevoked => {
            finding.commit.is_some_and(|commit| own.holds(commit))
        }
        _ => false,
    };
    walked.draft.findings.iter().filter(concerns).cloned().collect()
}
