//! Every commit by a registry that the verifier pins: no mainline, no gates, dates decide.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::finding::{Code, Finding};
use crate::history::{self, Failure, Reachable, Which};
use crate::ledger::Pinned;
use crate::model::step::RegistryReading;
use crate::progress::Progress;
use crate::repo::Repository;
use crate::report::{Anchor, RegistryInForce, Report, Tip};
use crate::rules::keyring::Keyring;
use crate::signature::FactCache;

use super::facts::Facts;
use super::trust::Trust;
use super::{Draft, Request, problems_at, unusable};

/// A registry file of the verifier's own, with the key files beside it.
#[derive(Clone, Debug)]
pub struct PinnedRegistry {
    /// The file, read.
    pub reading: Arc<RegistryReading>,
    /// Bytes of the key files that it names and that were found, by their path below `keys/`.
    pub key_files: BTreeMap<String, Vec<u8>>,
}

pub(super) fn verify(
    repo: &Repository,
    request: &Request,
    pinned: &PinnedRegistry,
    cache: Option<FactCache>,
    progress: &dyn Progress,
) -> Result<Report> {
    refuse_what_would_be_passed_over(request)?;
    let resolved = match &request.tip {
        Some(name) => repo.resolve(name)?,
        None => repo.head()?,
    };
    let trust = Trust {
        anchor: request.anchor.map(|(commit, source)| Anchor { commit, source }),
        tip: Tip { reference: resolved.reference, commit: resolved.commit },
        registry: Some(Arc::clone(&pinned.reading)),
        findings: problems_at(&pinned.reading, None),
        input_unusable: pinned.reading.registry.is_none(),
    };
    let mut draft = Draft::new(repo, request, &trust);
    draft.commits_only = true;
    let Some(registry) = &pinned.reading.registry else { return Ok(draft.finish()) };
    let facts = Facts::new(request.limits, request.jobs, cache);
    let mut keyring = Keyring::default();
    for (path, bytes) in &pinned.key_files {
        keyring.accept(path, &facts.learn(bytes));
    }
    draft.registry = Some(RegistryInForce {
        serial: registry.serial,
        sha256: registry.sha256,
        commit: None,
        pinned: true,
    });
    draft.findings.push(
        Finding::new(
            Code::PinnedByDate,
            "the registry was pinned, so dates alone decide which key could act when",
        )
        .help(
            "know what this proves: whoever holds an old key can choose a date inside its window",
        ),
    );
    let mut judge = Pinned::new(registry, &keyring, request.now, request.record_commits);
    let anchor = request.anchor.map(|(commit, _)| commit);
    let options = history::Options { which: Which::Everything, ..history::Options::default() };
    match Reachable::new(repo, &facts, trust.tip.commit, anchor, &options) {
        Ok(mut walk) => {
            progress.set_total(walk.total() as u64);
            for chunk in walk.by_ref() {
                for brought in &chunk {
                    judge.step(brought);
                }
                progress.advance(chunk.len() as u64);
            }
            draft.gaps(walk.gaps().iter().map(|gap| &gap.finding));
        }
        Err(Failure::Found(finding)) => draft.findings.push(*finding),
        Err(Failure::Error(error)) => return Err(error),
    }
    facts.save();
    draft.counts = judge.counts();
    if draft.counts.commits == 0 {
        draft.findings.push(
            Finding::new(Code::NoGate, "there was no commit to judge")
                .compared("no commit between anchor and tip", "at least one commit")
                .help("check the anchor and the tip"),
        );
    }
    draft.findings.extend(judge.findings);
    draft.commits = judge.commits;
    Ok(draft.finish())
}

/// Commit by commit there is no mainline and no gate, so some promises cannot be kept; a verifier
/// who asks for one must not take a pass for it.
fn refuse_what_would_be_passed_over(request: &Request) -> Result<()> {
    let asked = [
        ("--checkpoint", request.checkpoint.is_some()),
        ("--anchor-signer", request.anchor_signer.is_some()),
        ("--require-covered", request.require_covered),
        ("--branch", request.branch.is_some()),
    ];
    match asked.into_iter().find(|(_, asked)| *asked) {
        None => Ok(()),
        Some((flag, _)) => Err(passed_over(flag)),
    }
}

/// A flag that says nothing where a registry is pinned.
#[must_use]
pub fn passed_over(flag: &str) -> Error {
    unusable(
        format!("{flag} is about gates, and with --registry every commit is judged by itself"),
        format!("leave out {flag}, or --registry"),
    )
}
