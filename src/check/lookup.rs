//! The fold up to the tip, for questions that are not about the verdict.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::{Draft, Request, Run, trust};
use crate::error::{Error, Result};
use crate::finding::{Code, Finding, Severity};
use crate::history::Failure;
use crate::ledger::{Ledger, Question};
use crate::model::{KeyFile, Oid};
use crate::progress::Progress;
use crate::repo::Repository;
use crate::report::{Anchor, Tip};

/// A history that was read to its tip.
pub(super) struct Folded {
    pub(super) ledger: Ledger,
    /// Every version of every key file.
    pub(super) seen: BTreeMap<Oid, KeyFile>,
    pub(super) anchor: Anchor,
    pub(super) tip: Tip,
    /// Why the answer may be another one in truth: what the fold itself does not say.
    pub(super) open: Vec<Finding>,
}

/// Folds the history up to the tip. Revocations from everywhere in it are known to the ledger.
///
/// # Errors
/// [`Error::Unusable`] where no registry can be in force; [`Error::CannotRead`]
/// where the history cannot be read up to the tip.
pub(super) fn folded(
    repo: &Repository,
    request: &Request,
    facts: &Facts,
    doubt: Option<Question>,
    progress: &dyn Progress,
) -> Result<Folded> {
    let trust = trust::decide(repo, request)?;
    let mut draft = Draft::new(repo, request, &trust);
    let Some(anchor) = trust.anchor.clone() else {
        return Err(because(trust.findings.last()));
    };
    let run = Run { repo, request, facts, progress, trust: &trust };
    let (mut ledger, seen) = match run.walk_asked(anchor.commit, &mut draft, doubt) {
        Ok(Some(folded)) => folded,
        Ok(None) => return Err(because(draft.findings.last())),
        Err(Failure::Found(finding)) => {
            return Err(Error::cannot_read(finding.message, finding.help));
        }
        Err(Failure::Error(error)) => return Err(error),
    };
    ledger.learn_revocations(seen.values());
    let mut open = draft.findings;
    if let Some(recorded) = request.checkpoint
        && ledger.registry().serial < recorded.serial
    {
        open.push(super::serial_went_back(ledger.registry().serial, recorded.serial));
    }
    open.retain(|finding| finding.severity >= Severity::Undecided);
    Ok(Folded { ledger, seen, anchor, tip: trust.tip.clone(), open })
}

fn because(finding: Option<&Finding>) -> Error {
    let (message, help) = finding.map_or(("it holds no registry", "gatecheck verify"), |finding| {
        (finding.message.as_str(), finding.help.as_str())
    });
    Error::unusable(format!("no registry is in force at the tip: {message}"), help)
}

/// What the fold could not decide: it may hide a gate, or a registry. That there is no gate yet hides
/// nothing. A newer registry that the mainline left behind is the one that should be told about.
pub(super) fn undecided(findings: &[Finding]) -> impl Iterator<Item = Finding> + '_ {
    findings
        .iter()
        .filter(|found| match found.severity {
            Severity::Undecided => found.code != Code::NoGate,
            Severity::Error => found.code == Code::MainlineReplaced,
            _ => false,
        })
        .cloned()
}
