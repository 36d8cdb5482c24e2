//! Every commit by a registry that the verifier pins: no mainline, no gates, dates decide.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::error::{Error, Result};
use crate::finding::{Code, Finding};
use crate::history::{self, Failure, Reachable, Unverified, Which};
use crate::ledger::{Judged, Pinned, Tally};
use crate::model::step::RegistryReading;
use crate::model::{Fingerprint, Limits, SignatureFact};
use crate::progress::Progress;
use crate::repo::Repository;
use crate::report::{Anchor, KeyWindow, RegistryInForce, Report, Tip};
use crate::rules::keyring::Keyring;
use crate::signature::{self, FactCache, KeyPool, Namespace, Sealed};

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
    mut cache: Option<FactCache>,
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
    let mut pool = KeyPool::new();
    let rings = Keyrings::new(&pinned.key_files, &mut pool, &request.limits);
    draft.registry = Some(RegistryInForce {
        serial: registry.serial,
        sha256: registry.sha256,
        commit: None,
        pinned: true,
    });
    draft.keys = KeyWindow::of(registry, request.now);
    draft.findings.push(
        Finding::new(
            Code::PinnedByDate,
            "the registry was pinned, so dates alone decide which key could act when",
        )
        .help(
            "know what this proves: whoever holds an old key can choose a date inside its window",
        ),
    );
    let judge = Pinned::new(registry, request.now, request.record_commits);
    let work = Work { pool: &pool, rings: &rings, judge: &judge, limits: &request.limits };
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

/// The pinned key files, each read whole only when a key of it has signed something: the
/// self-signatures of a certificate cost as much as those of a few commits.
struct Keyrings<'a> {
    files: Vec<(&'a str, &'a [u8])>,
    limits: &'a Limits,
    /// The files that hold a key.
    holding: BTreeMap<Fingerprint, Vec<usize>>,
    /// What the files say that hold a key or one of its primaries: all that rules ask about it.
    rings: BTreeMap<Fingerprint, OnceLock<Keyring>>,
    /// The paths of all files, and nothing of what they say.
    unread: Keyring,
}

impl<'a> Keyrings<'a> {
    fn new(files: &'a BTreeMap<String, Vec<u8>>, pool: &mut KeyPool, limits: &'a Limits) -> Self {
        let mut holding: BTreeMap<Fingerprint, Vec<usize>> = BTreeMap::new();
        let mut unread = Keyring::default();
        for (n, (path, bytes)) in files.iter().enumerate() {
            unread.accept_unread(path);
            for key in pool.add_keys(bytes, limits) {
                holding.entry(key).or_default().push(n);
            }
        }
        let files = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let rings = holding.keys().map(|key| (*key, OnceLock::new())).collect();
        Self { files, limits, holding, rings, unread }
    }

    fn of(&self, key: Fingerprint, pool: &KeyPool) -> &Keyring {
        let Some(ring) = self.rings.get(&key) else { return &self.unread };
        ring.get_or_init(|| {
            let mut ring = self.unread.clone();
            let keys = std::iter::once(key).chain(pool.primaries(key));
            let wanted: BTreeSet<usize> =
                keys.filter_map(|key| self.holding.get(&key)).flatten().copied().collect();
            for (path, bytes) in wanted.into_iter().filter_map(|n| self.files.get(n)) {
                ring.accept(path, &signature::read_file(bytes, self.limits));
            }
            ring
        })
    }
}

/// From a commit that was read to what came of it.
struct Work<'a> {
    pool: &'a KeyPool,
    rings: &'a Keyrings<'a>,
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
        let keyring = match &brought.signature {
            Some(SignatureFact::Verified(signature)) => self.rings.of(signature.key, self.pool),
            _ => &self.rings.unread,
        };
        (self.judge.judge(&brought, keyring), news)
    }
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
