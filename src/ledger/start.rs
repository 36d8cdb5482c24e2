//! Where the fold starts: the anchor's tree, trusted as it stands.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::finding::{Code, Finding, Severity};
use crate::model::manifest::Binding;
use crate::model::policy::CryptoPolicy;
use crate::model::step::{RegistryFile, StandingManifest, Start, Step};
use crate::model::{
    ApprovalRole, CeremonyKind, Fingerprint, ManifestName, Oid, RecordName, RecordReading,
    ReviewerId, SignatureFact, Time, VerifiedSignature,
};
use crate::report::Counts;
use crate::rules::authority::EntryIndex;
use crate::rules::certificate;
use crate::rules::currency::Participation;
use crate::rules::keyring::Keyring;
use crate::rules::registry_change::{InForce, not_regular, secret};

use super::reattest::{AcceptedEpoch, Covers};
use super::step::committed;
use super::{LastGate, Ledger, Options};

/// The anchor cannot start a fold; the findings say why.
#[derive(Debug)]
pub struct Unusable(pub Vec<Finding>);

impl Ledger {
    /// Starts at the anchor.
    pub fn start(start: &Start, options: Options) -> Result<Self, Unusable> {
        let anchor = start.step.id;
        let (blob, reading) = match &start.registry {
            RegistryFile::File(blob, reading) => (*blob, reading),
            RegistryFile::Missing => {
                return Err(Unusable(vec![
                    Finding::new(Code::RegistryMissing, "the anchor's tree holds no registry")
                        .commit(anchor)
                        .compared("no file", crate::model::registry::REGISTRY_PATH)
                        .help("pin the commit that brings the registry, or write one with `gatecheck init`"),
                ]));
            }
            RegistryFile::NotRegular(what) => {
                return Err(Unusable(vec![not_regular(what).commit(anchor)]));
            }
        };
        let mut findings: Vec<Finding> =
            reading.problems.iter().map(|problem| at_anchor(problem.clone(), anchor)).collect();
        let Some(registry) = reading.registry.clone() else {
            return Err(Unusable(findings));
        };
        let mut keyring = Keyring::default();
        let mut in_force = InForce { registry: Some(blob), ..InForce::default() };
        let named = registry.key_paths();
        for (path, (blob, file)) in &start.key_files {
            keyring.accept(path, file);
            // What no entry names can change unseen, so that whoever names it later brings it.
            if named.contains(path) {
                in_force.key_files.insert(path.clone(), (*blob, Arc::clone(file)));
            }
            if file.holds_secret {
                findings.push(secret(path).commit(anchor));
            }
        }
        findings.extend(unread_enrolments(&start.records, anchor));
        let mut paths = registry.policy.gates.manifest.clone();
        if let Some(branch) = &options.branch {
            paths = paths.for_branch(branch);
        }
        let mut ledger = Self {
            anchor,
            index: EntryIndex::new(&registry.keys),
            registry_commit: anchor,
            keyring,
            owners: start.owners.clone(),
            in_force,
            paths,
            last_gate: None,
            last_time: None,
            manifests: BTreeMap::new(),
            participation: BTreeMap::new(),
            epochs: BTreeMap::new(),
            reattested: BTreeMap::new(),
            origins: BTreeMap::new(),
            governors: BTreeMap::new(),
            contributions: Vec::new(),
            mainline: HashMap::from([(anchor, 0)]),
            open_dissents: Vec::new(),
            refused_before: None,
            dates: Vec::new(),
            position: 0,
            needs: Vec::new(),
            cured: BTreeSet::new(),
            unrepaired: BTreeMap::new(),
            doubt: options.doubt.clone().map(super::doubt::Doubt::new),
            anchor_is_gate: false,
            gates: Vec::new(),
            findings: findings.into_iter().map(|finding| (0, finding)).collect(),
            commits: Vec::new(),
            counts: Counts::default(),
            registry,
            options,
        };
        ledger.check_key_files();
        ledger.check_introduction(start);
        ledger.take_over(start);
        ledger.anchor_is_gate = ledger.judge_anchor(start);
        Ok(ledger)
    }

    /// Every standing key must be in the file that its entry names.
    fn check_key_files(&mut self) {
        let found = certificate::missing_keys(&self.context());
        let anchor = self.anchor;
        self.findings.extend(found.into_iter().map(|finding| (0, at_anchor(finding, anchor))));
    }

    fn check_introduction(&mut self, start: &Start) {
        let Some(pinned) = self.options.anchor_signer else { return };
        let seen = match &start.step.signature {
            Some(SignatureFact::Verified(v)) => match self.introduced_by(v, pinned, &start.step) {
                None => return,
                Some(why) => format!("{}{why}", v.key),
            },
            Some(SignatureFact::Refused { observed, .. }) => observed.clone(),
            Some(SignatureFact::Absent) | None => "no signature".to_owned(),
        };
        self.findings.push((
            0,
            Finding::new(
                Code::IntroductionMismatch,
                "the anchor is not signed by the key pinned with it",
            )
            .commit(self.anchor)
            .fingerprint(pinned)
            .compared(seen, pinned.to_string())
            .help(
                "compare the anchor's id and the fingerprint with the project's published values",
            ),
        ));
    }

    /// Why a signature is not by the pinned key or a signing subkey that it binds; `None` where it
    /// is. The registry beside it and its policy are what is being introduced, so they say nothing.
    fn introduced_by(
        &self,
        signature: &VerifiedSignature,
        pinned: Fingerprint,
        step: &Step,
    ) -> Option<&'static str> {
        let usual = CryptoPolicy::default().refuse;
        let weak = |digest| usual.iter().any(|refusal| refusal.what.is_digest(digest));
        if weak(signature.digest) || usual.iter().any(|r| r.what.is_key(signature.algorithm)) {
            return Some(", by weak cryptography");
        }
        let signed = signature.created.or(committed(step));
        if signature.key != pinned {
            let bound = self.keyring.certificates(pinned).any(|certificate| {
                let Some(key) = certificate.key(signature.key) else { return false };
                let binding = signed.and_then(|signed| certificate::binding_at(key, signed));
                binding.is_some_and(|b| b.for_signing && b.back_signed && !weak(b.digest))
            });
            if !bound {
                return Some(", which the pinned key does not bind for signing");
            }
        }
        let mut revocations = self.keyring.revocations(pinned, signature.key);
        if revocations.any(|(_, r)| r.hard || signed.is_none_or(|signed| r.created <= signed)) {
            return Some(", which its owner revoked");
        }
        None
    }

    /// Last epoch, participation and qualification, from the manifests and records in the tree.
    fn take_over(&mut self, start: &Start) {
        let anchor_time =
            start.step.commit.as_ref().map(|head| head.committer.time).ok().or(self.last_time);
        let mut last: Option<(u64, &StandingManifest)> = None;
        for standing in &start.manifests {
            let Some(name) = self.paths.classify(&standing.path) else { continue };
            self.manifests.insert(standing.path.clone(), standing.blob);
            if let ManifestName::Epoch(epoch) = name
                && last.is_none_or(|(highest, _)| epoch > highest)
            {
                last = Some((epoch, standing));
            }
        }
        let enrolled_epoch = last.map_or_else(
            || epoch_number(self.registry.policy.gates.first_epoch).saturating_sub(1),
            |(epoch, _)| epoch_number(epoch),
        );
        // A date that cannot be read makes nobody current.
        let enrolled_time = anchor_time.unwrap_or(Time::from_unix_clamped(0));
        let newcomers = enrolled_by_record(&start.records);
        for reviewer in self.registry.reviewers.keys() {
            self.participation.insert(
                reviewer.clone(),
                Participation {
                    last_epoch: enrolled_epoch,
                    last_time: enrolled_time,
                    qualified: !newcomers.contains(reviewer),
                    cosigned: 0,
                },
            );
        }
        self.take_over_signoffs(start);
        if let Some((epoch, standing)) = last {
            self.take_over_gate(epoch, standing);
        }
        // An anchor that changes the registry is a ceremony: nothing is dated back past it.
        if start.step.registry.is_some() {
            self.last_time = self.last_time.max(anchor_time);
        }
    }

    fn take_over_signoffs(&mut self, start: &Start) {
        let mut seen: BTreeMap<ReviewerId, (u64, Time, BTreeSet<u64>)> = BTreeMap::new();
        for standing in &start.manifests {
            let Some(ManifestName::Epoch(epoch)) = self.paths.classify(&standing.path) else {
                continue;
            };
            let Some(manifest) = &standing.reading.manifest else { continue };
            for signoff in &manifest.signoffs {
                if signoff.withdrawn || !signoff.superseded_by.is_empty() {
                    continue;
                }
                let known = seen.entry(signoff.reviewer_id.clone()).or_insert((
                    epoch,
                    signoff.timestamp,
                    BTreeSet::new(),
                ));
                if epoch > known.0 {
                    (known.0, known.1) = (epoch, signoff.timestamp);
                } else if epoch == known.0 {
                    known.1 = known.1.max(signoff.timestamp);
                }
                known.2.insert(epoch);
            }
        }
        for (reviewer, (epoch, time, epochs)) in seen {
            if let Some(participation) = self.participation.get_mut(&reviewer) {
                participation.last_epoch = epoch_number(epoch);
                participation.last_time = time;
                participation.cosigned = epochs.len() as u64;
            }
        }
    }

    fn take_over_gate(&mut self, epoch: u64, standing: &StandingManifest) {
        let manifest = standing.reading.manifest.as_ref();
        let signed_later = manifest.and_then(|m| match m.binding {
            Binding::Commit(commit) => Some(commit),
            _ => None,
        });
        let id = signed_later.or(standing.added_by.map(|(commit, _)| commit));
        let Some(id) = id else {
            self.findings.push((
                0,
                Finding::new(
                    Code::ShallowHistory,
                    format!("the commit that made the gate of epoch {epoch} is not in this clone"),
                )
                .commit(self.anchor)
                .epoch(epoch)
                .compared(
                    "history that ends at or before the anchor",
                    "the commit that added the manifest",
                )
                .help("git fetch --unshallow"),
            ));
            return;
        };
        let times = manifest.into_iter().flat_map(|m| m.signoffs.iter().map(|s| s.timestamp));
        self.last_time = times.chain(standing.added_by.map(|(_, time)| time)).max();
        self.last_gate = Some(LastGate { id, position: 0, epoch, only_manifest_after: 0 });
        if let Some(manifest) = manifest
            && let Some(previous) = manifest.previous_gate
        {
            let about = AcceptedEpoch {
                gate: id,
                previous,
                binding: manifest.binding.clone(),
                content: manifest.subject_sha256,
                authors: Vec::new(),
                covered: Covers::of(&manifest.signoffs),
                asked: None,
            };
            self.epochs.insert(epoch, about);
        }
    }
}

pub(super) fn epoch_number(epoch: u64) -> i64 {
    i64::try_from(epoch).unwrap_or(i64::MAX)
}

fn at_anchor(mut finding: Finding, anchor: Oid) -> Finding {
    finding.commit = Some(anchor);
    for place in &mut finding.places {
        place.commit.get_or_insert(anchor);
    }
    finding
}

/// People whom an `enroll` record names: newcomers until they were co-signed. A record that cannot
/// be read still has its name.
fn enrolled_by_record(records: &[Arc<RecordReading>]) -> BTreeSet<ReviewerId> {
    let mut people = BTreeSet::new();
    for reading in records {
        let name = RecordName::of(&reading.path).filter(|name| name.kind == CeremonyKind::Enroll);
        let Some(name) = name else { continue };
        let by = |role| {
            let approvals = reading.record.iter().flat_map(|record| &record.approvals);
            let approvals = approvals.filter(move |approval| approval.role == role);
            approvals.map(|approval| &approval.reviewer_id)
        };
        // Whoever could authorise it was there before, and may have rotated a key beside it.
        let there: BTreeSet<&ReviewerId> = by(ApprovalRole::Authorise).collect();
        let brought = by(ApprovalRole::Possession).chain(&name.reviewer);
        people.extend(brought.filter(|person| !there.contains(person)).cloned());
    }
    people
}

/// Whom an `enroll` record brought cannot be told where it cannot be read. The anchor's tree is
/// trusted as it stands, so that this is worth a warning.
fn unread_enrolments(records: &[Arc<RecordReading>], anchor: Oid) -> Vec<Finding> {
    let enrols = |path| RecordName::of(path).is_some_and(|name| name.kind == CeremonyKind::Enroll);
    let enrolments = records.iter().filter(|reading| enrols(&reading.path));
    let problems = enrolments.flat_map(|reading| reading.problems.iter().cloned());
    problems.map(|problem| at_anchor(problem, anchor).severity(Severity::Warning)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony;
    use crate::model::Limits;

    fn record(name: &str, kind: &str, role: &str) -> Arc<RecordReading> {
        let (digest, oid) = ("a".repeat(64), "b".repeat(40));
        let text = format!(
            "[ceremony]\nserial = 2\nkind = \"{kind}\"\nprevious_registry_sha256 = \"{digest}\"\n\
             registry_sha256 = \"{digest}\"\nparent = \"{oid}\"\n[[approvals]]\n\
             role = \"{role}\"\nreviewer_id = \"grace\"\nfingerprint = \"{oid}\"\n\
             timestamp = 2026-06-11\n"
        );
        let path = format!("keys/ceremonies/{name}.toml");
        Arc::new(ceremony::read(&path, text.as_bytes(), &Limits::default()))
    }

    #[test]
    fn newcomers_are_named_by_an_enrolment_or_prove_possession_in_it() {
        let named = |name, kind, role| -> Vec<String> {
            let people = enrolled_by_record(&[record(name, kind, role)]);
            people.into_iter().map(|person| person.to_string()).collect()
        };
        assert_eq!(named("0002-enroll", "enroll", "possession"), ["grace"]);
        assert_eq!(named("0002-enroll-ada-b", "enroll", "possession"), ["ada-b", "grace"]);
        assert_eq!(named("0002-enroll-ada", "enroll", "authorise"), ["ada"]);
        assert!(named("0002-rotate-ada", "rotate", "possession").is_empty());
        assert!(named("2-enroll-ada", "enroll", "possession").is_empty());
        // What cannot be read still has its name.
        assert_eq!(named("0002-enroll-ada", "enrol", "possession"), ["ada"]);
    }

    #[test]
    fn an_enrolment_that_cannot_be_read_is_told() {
        let anchor = Oid::from_bytes(&[7; 20]).unwrap();
        let found = |name, kind| unread_enrolments(&[record(name, kind, "possession")], anchor);
        assert_eq!(found("0002-enroll", "enroll"), []);
        assert_eq!(found("0002-rotate", "enroll"), []);
        let told = found("0002-enroll", "enrol");
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].code, told[0].severity), (Code::CeremonyMismatch, Severity::Warning));
        assert_eq!((told[0].commit, told[0].places[0].commit), (Some(anchor), Some(anchor)));
    }
}
