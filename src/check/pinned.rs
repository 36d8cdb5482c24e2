//! Every commit by a registry that the verifier pins: no mainline, no gates, dates decide.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Result;
use crate::finding::{Code, Finding};
use crate::history::{self, Failure, Reachable, Unverified, Which};
use crate::ledger::{Judged, Pinned, Tally};
use crate::model::Limits;
use crate::model::step::RegistryReading;
use crate::progress::Progress;
use crate::repo::Repository;
use crate::report::{Anchor, RegistryInForce, Report, Tip};
use crate::rules::keyring::Keyring;
use crate::signature::{self, FactCache, KeyPool, Namespace, Sealed};

use super::trust::Trust;
use super::{Draft, Request, problems_at};

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
    mut cache: Option<FactCache>,
    progress: &dyn Progress,
) -> Result<Report> {
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
    let mut pool = KeyPool::new();
    let mut keyring = Keyring::default();
    for (path, bytes) in &pinned.key_files {
        keyring.accept(path, &pool.add_file(bytes, &request.limits));
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
    let judge = Pinned::new(registry, &keyring, request.now, request.record_commits);
    let work = Work { pool: &pool, judge: &judge, limits: &request.limits };
    let mut tally = Tally::default();
    let options = history::Options { which: Which::Everything, ..history::Options::default() };
    let anchor = request.anchor.map(|(commit, _)| commit);
    match Reachable::new(repo, trust.tip.commit, anchor, &options) {
        Ok(mut walk) => {
            let threads = signature::threads(request.jobs);
            while let Some(done) =
                walk.next(threads.as_ref(), |commit| work.on(commit, cache.as_ref()))
            {
                progress.set_total(walk.total() as u64);
                progress.advance(done.len() as u64);
                for (number, (judged, news)) in done {
                    tally.add(number, judged);
                    if let Some(cache) = &mut cache {
                        cache.keep(news);
                    }
                }
            }
            draft.gaps(walk.gaps().iter().map(|gap| &gap.finding));
            draft.counts = tally.counts();
            if draft.counts.commits == 0 {
                draft.findings.push(nothing());
            }
            if !tally.is_silent() {
                let places = walk.places();
                let (findings, commits) = tally.in_order(|number| places.of(number));
                draft.findings.extend(findings);
                draft.commits = commits;
            }
        }
        Err(Failure::Found(finding)) => {
            draft.findings.push(*finding);
            draft.findings.push(nothing());
        }
        Err(Failure::Error(error)) => return Err(error),
    }
    if let Some(cache) = &mut cache {
        // Nothing depends on it, so a failure is no error.
        let _ = cache.save();
    }
    Ok(draft.finish())
}

fn nothing() -> Finding {
    Finding::new(Code::NoGate, "there was no commit to judge")
        .compared("no commit between anchor and tip", "at least one commit")
        .help("check the anchor and the tip")
}

/// From a commit that was read to what came of it.
struct Work<'a> {
    pool: &'a KeyPool,
    judge: &'a Pinned<'a>,
    limits: &'a Limits,
}

impl Work<'_> {
    fn on(&self, commit: Unverified, cache: Option<&FactCache>) -> (Judged, Option<Sealed>) {
        let Unverified { mut brought, request } = commit;
        let mut news = None;
        if let Some(request) = &request {
            let asked = signature::SignatureRequest {
                payload: &request.payload,
                signature: &request.signature,
                namespace: Namespace::Git,
            };
            let answer = self.pool.ask(&asked, self.limits, cache);
            brought.signature = Some(answer.fact);
            news = answer.news;
        }
        (self.judge.judge(&brought), news)
    }
}
