//! CODEOWNERS in force: as the last accepted epoch gate left it.
//!
//! A change never brings the file by which it is judged itself. One that cannot be read is held
//! against the gate that brings it, so that none comes into force but at the anchor.

use super::Ledger;
use crate::finding::{Code, Finding};
use crate::model::manifest::{Binding, Manifest, Target};
use crate::model::owners::OwnersFile;
use crate::model::step::Step;

/// CODEOWNERS in the tree of an epoch gate.
pub(super) fn owners_of<'s>(step: &'s Step, binding: &Binding) -> &'s OwnersFile {
    let bound = match binding {
        Binding::Commit(commit) => Some(*commit),
        _ => None,
    };
    step.owners.get(&bound).unwrap_or(&OwnersFile::NotAsked)
}

impl Ledger {
    /// Why it cannot be told whose paths these are, or those of what comes after this gate.
    pub(super) fn owners_unread(&self, step: &Step, manifest: &Manifest) -> Vec<Finding> {
        let Some(domain) = self.registry.domains.values().find(|domain| domain.codeowners) else {
            return Vec::new();
        };
        let asked = self.context().registry_place(domain.spot, "asked for here");
        let told = |finding: Finding| finding.domain(&domain.id).at(asked.clone());
        let mut findings: Vec<Finding> = problems(&self.owners)
            .into_iter()
            .map(|finding| {
                told(finding).help(format!(
                    "the file as the last gate (or the anchor) left it counts here; to go on without it, \
                     list the paths of {} in the registry, with `codeowners = false`: \
                     gatecheck ceremony plan amend",
                    domain.id
                ))
            })
            .collect();
        let left = owners_of(step, &manifest.binding);
        if matches!(manifest.target, Target::Epoch(_)) && !matches!(left, OwnersFile::Unread) {
            findings.extend(problems(left).into_iter().map(told));
        }
        findings
    }
}

fn problems(file: &OwnersFile) -> Vec<Finding> {
    match file {
        OwnersFile::Missing => Vec::new(),
        OwnersFile::File(reading) => reading.problems.clone(),
        OwnersFile::NotAsked | OwnersFile::Unread => vec![
            Finding::new(
                Code::UnsupportedVersion,
                "the registry asks for CODEOWNERS, and nobody looked for it",
            )
            .compared("not looked for", "the file, or that there is none")
            .help("add one epoch manifest in a commit; where this one does, it is a defect of gatecheck: please report it"),
        ],
    }
}
