//! Every commit: each one that the mainline brings is signed by a registered key.

use crate::finding::Finding;
use crate::model::step::{Brought, Step};
use crate::model::{Registry, SignatureFact, Signer, Time};
use crate::report::{JudgedCommit, Verdict};
use crate::rules::authority::EntryIndex;
use crate::rules::commit_signature::{self, Accepts};
use crate::rules::keyring::Keyring;
use crate::rules::{Context, clock};

use super::Ledger;
use super::step::{key_of, malformed_finding, other_signature, time_of};

/// Judges one commit by itself. `None` for the signer where the signature does not count.
fn judge(
    cx: &Context<'_>,
    index: &EntryIndex,
    brought: &Brought,
) -> (Option<Signer>, Vec<Finding>) {
    let head = match &brought.commit {
        Ok(head) => head,
        Err(malformed) => return (None, vec![malformed_finding(malformed).commit(brought.id)]),
    };
    let mut findings: Vec<Finding> =
        head.other_signature.map(other_signature).into_iter().collect();
    let fact = brought.signature.as_ref().unwrap_or(&SignatureFact::Absent);
    let accepts = Accepts { forge: cx.registry.policy.mainline.accept_forge, bot: true };
    let mut signer = None;
    match commit_signature::check(cx, index, fact, head.committer.time, accepts) {
        Ok(mut good) => {
            findings.append(&mut good.warnings);
            // Whether commits run forward in time is asked of gates only.
            let free = Context { previous_time: None, ..*cx };
            findings.extend(clock::check(&free, Some(good.time), head.committer.time));
            signer = Some(good.signer);
        }
        Err(finding) => findings.push(*finding),
    }
    for finding in &mut findings {
        finding.commit = Some(brought.id);
        finding.committer_time = Some(head.committer.time);
    }
    (signer, findings)
}

fn line(brought: &Brought, signer: Option<Signer>, findings: &[Finding]) -> JudgedCommit {
    JudgedCommit {
        commit: brought.id,
        kind: "ordinary".to_owned(),
        verdict: Verdict::of(findings.iter().map(|f| f.severity)),
        code: findings.iter().max_by_key(|f| f.severity).map(|f| f.code),
        signer,
        fingerprint: key_of(brought.signature.as_ref()),
        signature_time: time_of(brought.signature.as_ref()),
        committer_time: match &brought.commit {
            Ok(head) => Some(head.committer.time),
            Err(malformed) => malformed.committer_time,
        },
    }
}

impl Ledger {
    /// Judges what a mainline commit brought, where the run asks for every commit. The mainline
    /// commit itself is left out where it was judged already, as a gate or by policy.
    /// `before` is the time of the last gate before this commit: what it brought was signed before
    /// its own gate, if it is one.
    pub(super) fn judge_brought(&mut self, step: &Step, before: Option<Time>) {
        if !self.options.every_commit {
            return;
        }
        let judged_before = step.commit.is_err()
            || self.requires_every_signature()
            || self.gates.iter().rev().take_while(|g| g.carrier == step.id).next().is_some();
        for brought in &step.brought {
            let own = brought.id == step.id;
            if own && judged_before {
                continue;
            }
            let cx = Context { previous_time: before, ..self.context() };
            let (signer, findings) = judge(&cx, &self.index, brought);
            self.counts.signatures = self.counts.signatures.saturating_add(1);
            if !own {
                self.counts.commits = self.counts.commits.saturating_add(1);
            }
            if self.options.record_commits {
                let line = line(brought, signer, &findings);
                match self.commits.last_mut().filter(|last| own && last.commit == step.id) {
                    Some(last) if last.verdict <= line.verdict => {
                        *last = JudgedCommit { kind: last.kind.clone(), ..line };
                    }
                    Some(_) => {}
                    None => self.commits.push(line),
                }
            }
            self.findings.extend(findings.into_iter().map(|finding| (step.position, finding)));
        }
    }
}

/// Judges commits with a registry that the verifier pinned: no mainline, no gates, dates decide.
/// Each commit is judged by itself, so that many threads can do it.
pub struct Pinned<'a> {
    registry: &'a Registry,
    index: EntryIndex,
    now: crate::model::Time,
    record: bool,
}

/// What came of one commit.
pub struct Judged {
    verdict: Verdict,
    findings: Vec<Finding>,
    line: Option<JudgedCommit>,
}

impl<'a> Pinned<'a> {
    /// By a registry.
    #[must_use]
    pub fn new(registry: &'a Registry, now: crate::model::Time, record: bool) -> Self {
        Self { index: EntryIndex::new(&registry.keys), registry, now, record }
    }

    /// Judges one commit by what the key files say. Needed is every file that holds the key of
    /// its signature or one of that key's primaries.
    #[must_use]
    pub fn judge(&self, brought: &Brought, keyring: &Keyring) -> Judged {
        let cx = Context::pinned(self.registry, keyring, self.now);
        let (signer, findings) = judge(&cx, &self.index, brought);
        Judged {
            verdict: Verdict::of(findings.iter().map(|f| f.severity)),
            line: self.record.then(|| line(brought, signer, &findings)),
            findings,
        }
    }
}

/// Adds up what [`Pinned`] judged. Of a commit about which there is nothing to say, only a number
/// is kept.
#[derive(Default)]
pub struct Tally {
    findings: Vec<(u32, Finding)>,
    commits: Vec<(u32, JudgedCommit)>,
    counts: crate::report::Counts,
}

impl Tally {
    /// Takes in what came of the commit with this number.
    pub fn add(&mut self, number: u32, judged: Judged) {
        let counts = &mut self.counts;
        counts.commits = counts.commits.saturating_add(1);
        counts.signatures = counts.signatures.saturating_add(1);
        match judged.verdict {
            Verdict::Refused => counts.refused = counts.refused.saturating_add(1),
            Verdict::Undecided => counts.undecided = counts.undecided.saturating_add(1),
            Verdict::Pass => {}
        }
        self.findings.extend(judged.findings.into_iter().map(|finding| (number, finding)));
        self.commits.extend(judged.line.map(|line| (number, line)));
    }

    /// The numbers.
    #[must_use]
    pub const fn counts(&self) -> crate::report::Counts {
        self.counts
    }

    /// Whether there is anything to bring into order.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.findings.is_empty() && self.commits.is_empty()
    }

    /// Findings and judged commits in the order of the report, by the place of each number.
    #[must_use]
    pub fn in_order(mut self, place: impl Fn(u32) -> u32) -> (Vec<Finding>, Vec<JudgedCommit>) {
        self.findings.sort_by_key(|(number, _)| place(*number));
        self.commits.sort_by_key(|(number, _)| place(*number));
        (
            self.findings.into_iter().map(|(_, finding)| finding).collect(),
            self.commits.into_iter().map(|(_, line)| line).collect(),
        )
    }
}
