//! Lends the readers and the makers of facts to the walk.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::history::{Purpose, Readers, SignatureRequest, Verifier};
use crate::model::step::{ManifestReading, RegistryReading, Step};
use crate::model::{KeyFile, Limits, ManifestName, Registry, RequestId, SignatureFact};
use crate::repo::digest::sha256;
use crate::signature::{self, FactCache, KeyPool, Namespace};
use crate::source::Source;
use crate::statement::{SignerContext, request_id, signoff_payload};
use crate::{manifest, registry};

/// All key material, the cache, and the projects that statements can be about.
pub(super) struct Facts {
    limits: Limits,
    jobs: usize,
    pool: RefCell<KeyPool>,
    cache: RefCell<Option<FactCache>>,
    /// Key files by the SHA-256 of their bytes: the survey and the steps ask for the same ones.
    known: RefCell<HashMap<[u8; 32], KeyFile>>,
    /// Project and mainline of every registry that can be in force.
    contexts: RefCell<BTreeSet<(String, String)>>,
}

impl Facts {
    pub(super) fn new(limits: Limits, jobs: usize, cache: Option<FactCache>) -> Self {
        Self {
            limits,
            jobs,
            pool: RefCell::new(KeyPool::new()),
            cache: RefCell::new(cache),
            known: RefCell::new(HashMap::new()),
            contexts: RefCell::new(BTreeSet::new()),
        }
    }

    /// Statements can be about this registry's project.
    pub(super) fn bind(&self, registry: &Registry, branch: Option<&str>) {
        let mainline = branch.unwrap_or(&registry.mainline).to_owned();
        self.contexts.borrow_mut().insert((registry.project.clone(), mainline));
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
        let contexts = self.contexts.borrow();
        let corrections = step.corrections.values().flat_map(|correction| &correction.manifests);
        let changes = step.manifests.iter().chain(corrections);
        let manifests = changes.filter_map(|m| m.reading.as_ref()?.manifest.as_ref());
        let mut requests = Vec::new();
        for manifest in manifests {
            for signoff in manifest.signoffs.iter().filter(|s| !s.signature.is_empty()) {
                for (project, mainline) in contexts.iter() {
                    let context = SignerContext { project, mainline };
                    let Ok(payload) = signoff_payload(&context, manifest, signoff) else {
                        continue;
                    };
                    let signature = signoff.signature.clone().into_bytes();
                    let id = request_id(&payload, &signature);
                    let purpose = Purpose::Statement;
                    requests.push((id, SignatureRequest { purpose, payload, signature }));
                }
            }
        }
        requests
    }
}
