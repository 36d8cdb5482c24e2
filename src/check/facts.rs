//! Lends the readers and the makers of facts to the walk.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::history::{Purpose, Readers, SignatureRequest, Verifier};
use crate::model::owners::OwnersReading;
use crate::model::step::{ManifestReading, RegistryReading, Step};
use crate::model::{
    CeremonyRecord, KeyFile, Limits, Manifest, ManifestName, RecordReading, RequestId,
    SignatureFact,
};
use crate::repo::digest::sha256;
use crate::signature::{self, FactCache, KeyPool, Namespace};
use crate::source::Source;
use crate::statement::{NoStatement, SignerContext, ceremony_payload, request_id, signoff_payload};
use crate::{ceremony, codeowners, manifest, registry};

/// All key material, the cache, and the projects that statements can be about.
pub(super) struct Facts {
    limits: Limits,
    jobs: usize,
    pool: RefCell<KeyPool>,
    cache: RefCell<Option<FactCache>>,
    /// Key files by the SHA-256 of their bytes: the survey and the steps ask for the same ones.
    known: RefCell<HashMap<[u8; 32], KeyFile>>,
    /// Project and mainline of every registry that can be in force.
    projects: RefCell<BTreeSet<(String, String)>>,
    /// The branch of the run, which sign-offs name in the mainline's place.
    branch: RefCell<Option<String>>,
}

impl Facts {
    pub(super) fn new(limits: Limits, jobs: usize, cache: Option<FactCache>) -> Self {
        Self {
            limits,
            jobs,
            pool: RefCell::new(KeyPool::new()),
            cache: RefCell::new(cache),
            known: RefCell::new(HashMap::new()),
            projects: RefCell::new(BTreeSet::new()),
            branch: RefCell::new(None),
        }
    }

    /// Statements can be about these projects and mainlines, and sign-offs about this branch.
    pub(super) fn bind(&self, projects: &BTreeSet<(String, String)>, branch: Option<&str>) {
        self.projects.borrow_mut().extend(projects.iter().cloned());
        *self.branch.borrow_mut() = branch.map(str::to_owned);
    }

    /// Takes over the keys of one version of a key file.
    pub(super) fn learn(&self, bytes: &[u8]) -> KeyFile {
        let name = sha256(bytes);
        if let Some(known) = self.known.borrow().get(&name) {
            return known.clone();
        }
        let file = self.pool.borrow_mut().add_file(bytes, &self.limits);
        self.known.borrow_mut().insert(name, file.clone());
        file
    }

    /// Writes the cache. Nothing depends on it, so a failure is no error.
    pub(super) fn save(&self) {
        if let Some(cache) = self.cache.borrow_mut().as_mut() {
            let _ = cache.save();
        }
    }
}

impl Readers for Facts {
    fn registry(&self, source: &Arc<Source>) -> RegistryReading {
        registry::read(source.path(), source.text().as_bytes(), &self.limits)
    }

    fn manifest(&self, name: &ManifestName, source: &Arc<Source>) -> ManifestReading {
        manifest::read(name, source.path(), source.text().as_bytes(), &self.limits)
    }

    fn record(&self, source: &Arc<Source>) -> RecordReading {
        ceremony::read(source.path(), source.text().as_bytes(), &self.limits)
    }

    fn owners(&self, source: &Arc<Source>) -> OwnersReading {
        codeowners::read(source, &self.limits)
    }

    fn key_file(&self, bytes: &[u8]) -> KeyFile {
        self.learn(bytes)
    }
}

impl Verifier for Facts {
    fn verify(&self, requests: &[SignatureRequest]) -> Vec<SignatureFact> {
        let requests: Vec<signature::SignatureRequest<'_>> = requests
            .iter()
            .map(|request| signature::SignatureRequest {
                payload: &request.payload,
                signature: &request.signature,
                namespace: match request.purpose {
                    Purpose::Git => Namespace::Git,
                    Purpose::Statement => Namespace::Statement,
                },
            })
            .collect();
        let pool = self.pool.borrow();
        match self.cache.borrow_mut().as_mut() {
            Some(cache) => pool.verify_many_cached(&requests, &self.limits, self.jobs, cache),
            None => pool.verify_many(&requests, &self.limits, self.jobs),
        }
    }

    fn statements(&self, step: &Step) -> Vec<(RequestId, SignatureRequest)> {
        let projects = self.projects.borrow();
        let branch = self.branch.borrow();
        let named = |mainline| branch.as_deref().unwrap_or(mainline);
        // Two mainlines of one project are one where the branch of the run stands in for both.
        let for_signoffs: BTreeSet<(&str, &str)> = projects
            .iter()
            .map(|(project, mainline)| (project.as_str(), named(mainline)))
            .collect();
        let mut asked = Asked::up_to(STATEMENT_BYTES);
        for manifest in manifests(step) {
            for signoff in &manifest.signoffs {
                for (project, mainline) in &for_signoffs {
                    let context = SignerContext { project, mainline };
                    asked.add(&signoff.signature, || signoff_payload(&context, manifest, signoff));
                }
            }
        }
        for record in usable(&step.records) {
            asked.approvals(record, &projects);
        }
        let mut requests = asked.requests;
        // One by one: what else a merged branch holds must not hide an approved record.
        for record in step.merged_registries.iter().flat_map(|merged| usable(&merged.records)) {
            let mut asked = Asked::up_to(MERGED_BYTES);
            asked.approvals(record, &projects);
            requests.append(&mut asked.requests);
        }
        requests
    }
}

fn manifests(step: &Step) -> impl Iterator<Item = &Manifest> {
    let corrections = step.corrections.values().flat_map(|correction| &correction.manifests);
    let changes = step.manifests.iter().chain(corrections);
    changes.filter_map(|change| change.reading.as_ref()?.manifest.as_deref())
}

fn usable(records: &[Arc<RecordReading>]) -> impl Iterator<Item = &CeremonyRecord> {
    records.iter().filter_map(|reading| reading.record.as_deref())
}

/// Signed bytes that the statements of one commit can have together: 256 MiB. An approval names
/// every file of its ceremony, so that a small file can hold a great many large statements. What is
/// left out has no fact, and counts for nothing.
const STATEMENT_BYTES: usize = 256 << 20;
/// The same for one record of a merged registry: 8 MiB.
const MERGED_BYTES: usize = 8 << 20;

/// Questions about statements, as long as there is room.
struct Asked {
    requests: Vec<(RequestId, SignatureRequest)>,
    room: usize,
}

impl Asked {
    const fn up_to(room: usize) -> Self {
        Self { requests: Vec::new(), room }
    }

    fn approvals(&mut self, record: &CeremonyRecord, projects: &BTreeSet<(String, String)>) {
        for approval in &record.approvals {
            for (project, mainline) in projects {
                let context = SignerContext { project, mainline };
                self.add(&approval.signature, || ceremony_payload(&context, record, approval));
            }
        }
    }

    fn add(&mut self, signature: &str, payload: impl FnOnce() -> Result<Vec<u8>, NoStatement>) {
        if signature.is_empty() || self.room == 0 {
            return;
        }
        let Ok(payload) = payload() else { return };
        self.room = self.room.saturating_sub(payload.len());
        if self.room == 0 {
            return;
        }
        let signature = signature.to_owned().into_bytes();
        let id = request_id(&payload, &signature);
        let purpose = Purpose::Statement;
        self.requests.push((id, SignatureRequest { purpose, payload, signature }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::step::{MergedRegistry, RegistryFile};
    use crate::model::{MalformedObject, ObjectFormat, Oid};

    #[test]
    fn statements_of_one_commit_are_bounded() {
        let mut asked = Asked::up_to(10);
        asked.add("", || panic!("nothing is asked about no signature"));
        asked.add("a", || Ok(vec![1; 6]));
        asked.add("b", || Err(NoStatement::NoSubject));
        asked.add("c", || Ok(vec![1; 6]));
        asked.add("d", || panic!("no statement is made that has no room"));
        let signatures: Vec<&[u8]> = asked.requests.iter().map(|(_, r)| &*r.signature).collect();
        assert_eq!(signatures, [b"a"]);
    }

    fn reading(serial: u64, signatures: &[&str]) -> Arc<RecordReading> {
        let (digest, oid) = ("a".repeat(64), "b".repeat(40));
        let mut text = format!(
            "[ceremony]\nserial = {serial}\nkind = \"amend\"\nparent = \"{oid}\"\n\
             previous_registry_sha256 = \"{digest}\"\nregistry_sha256 = \"{digest}\"\n"
        );
        for signature in signatures {
            text += &format!(
                "[[approvals]]\nrole = \"authorise\"\nreviewer_id = \"ada\"\n\
                 fingerprint = \"{oid}\"\ntimestamp = 2026-06-11\nsignature = \"{signature}\"\n"
            );
        }
        let path = format!("keys/ceremonies/{serial:04}-amend.toml");
        Arc::new(ceremony::read(&path, text.as_bytes(), &Limits::default()))
    }

    #[test]
    fn approvals_are_asked_about_under_every_project_and_the_registrys_mainline() {
        let id = Oid::zero(ObjectFormat::Sha1);
        let malformed = MalformedObject {
            code: crate::finding::Code::MalformedObject,
            observed: String::new(),
            required: String::new(),
            parents: None,
            tree: None,
            committer_time: None,
        };
        let mut step = Step::empty(id, Err(malformed));
        let broken = Arc::new(ceremony::read("keys/x.toml", b"", &Limits::default()));
        step.records = vec![reading(5, &["one", ""]), broken];
        step.merged_registries = vec![MergedRegistry {
            parent: id,
            file: RegistryFile::Missing,
            records: vec![reading(6, &["two"]), reading(7, &["three"])],
        }];
        let facts = Facts::new(Limits::default(), 1, None);
        assert!(facts.statements(&step).is_empty(), "no project, no statement");
        let projects = [("a", "refs/heads/main"), ("b", "refs/heads/trunk")];
        let projects =
            projects.map(|(project, mainline)| (project.to_owned(), mainline.to_owned()));
        facts.bind(&BTreeSet::from(projects.clone()), Some("refs/heads/release/1"));
        let mut expected = Vec::new();
        let records = [&step.records[0]].into_iter().chain(&step.merged_registries[0].records);
        for record in records.map(|reading| reading.record.as_ref().unwrap()) {
            let approval = &record.approvals[0];
            for (project, mainline) in &projects {
                let context = SignerContext { project, mainline };
                let payload = ceremony_payload(&context, record, approval).unwrap();
                expected.push(request_id(&payload, approval.signature.as_bytes()));
            }
        }
        let asked = facts.statements(&step);
        assert_eq!(asked.iter().map(|(id, _)| *id).collect::<Vec<_>>(), expected);
        assert_eq!(expected.len(), 6);
        for (id, request) in &asked {
            assert_eq!(request.purpose, Purpose::Statement);
            assert_eq!(*id, request_id(&request.payload, &request.signature));
        }
    }
}
