//! The walk on small repositories, with toys in the place of readers and cryptography.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) use super::*;
use crate::finding::{Code, Severity};
use crate::model::gate::ManifestPaths;
use crate::model::manifest::{Binding, PreviousGate, Target};
use crate::model::owners::OwnersReading;
use crate::model::policy::{CharterPolicy, RequireSignature, SecondReview};
use crate::model::registry::SchemaVersion;
use crate::model::step::{Brought, ManifestReading, RegistryFile, RegistryReading, Step};
use crate::model::{
    KeyFile, Limits, Manifest, ManifestName, ObjectFormat, Oid, PathPattern, Policy, RecordReading,
    Registry, RequestId, SignatureFact, SignatureFormat,
};
use crate::repo::Repository;
use crate::repo::testing::{Lab, git_in};
use crate::repo::tree::{MODE_EXECUTABLE, MODE_FILE, MODE_SYMLINK};
use crate::source::Source;

mod ceremonies;
mod contents;
mod shapes;

const REGISTRY: &str = "keys/reviewer-registry.toml";

/// A registry's text is its manifest naming, then words: its serial, its project, `every` commit
/// to be signed, a `charter`, `reviews` of every path at every commit. A manifest's text is the commit it is bound to.
struct Toys;

impl Readers for Toys {
    fn registry(&self, source: &Arc<Source>) -> RegistryReading {
        let mut policy = Policy::default();
        let mut words = source.text().split(' ');
        if let Some(paths) = words.next().and_then(ManifestPaths::new) {
            policy.gates.manifest = paths;
        }
        let (mut serial, mut project) = (1, String::new());
        for word in words {
            match word {
                "every" => policy.mainline.require_signature = RequireSignature::EveryCommit,
                "charter" => policy.charter = Some(CharterPolicy::default()),
                "reviews" => policy.second_review.extend((0..12).map(|n| SecondReview {
                    name: n.to_string(),
                    paths: vec![
                        PathPattern::new("**").unwrap(),
                        PathPattern::new(&n.to_string()).unwrap(),
                    ],
                    added_tokens: Vec::new(),
                    reviewers: 1,
                    other_domain: false,
                    at_commit: true,
                })),
                word => match word.parse() {
                    Ok(number) => serial = number,
                    Err(_) => project = word.to_owned(),
                },
            }
        }
        let registry = Registry {
            source: Arc::clone(source),
            sha256: [0; 32],
            version: SchemaVersion::V1_1,
            serial,
            project,
            mainline: "refs/heads/main".to_owned(),
            branches: Vec::new(),
            reviewers: BTreeMap::new(),
            domains: BTreeMap::new(),
            keys: Vec::new(),
            policy,
        };
        RegistryReading { registry: Some(Arc::new(registry)), problems: Vec::new() }
    }

    fn manifest(&self, _: &ManifestName, source: &Arc<Source>) -> ManifestReading {
        let binding = match Oid::from_hex(source.text()) {
            Some(commit) => Binding::Commit(commit),
            None => Binding::Tree(Oid::from_bytes(&[1; 20]).unwrap()),
        };
        let manifest = Manifest {
            source: Arc::clone(source),
            target: Target::Epoch(0),
            reattest: 0,
            previous_gate: Some(PreviousGate::None),
            binding,
            subject_sha256: Some([0; 32]),
            mv_team_justification: String::new(),
            cures: Vec::new(),
            signoffs: Vec::new(),
            spots: BTreeMap::new(),
        };
        ManifestReading { manifest: Some(Arc::new(manifest)), problems: Vec::new() }
    }

    fn record(&self, source: &Arc<Source>) -> RecordReading {
        crate::ceremony::read(source.path(), source.text().as_bytes(), &Limits::default())
    }

    fn owners(&self, source: &Arc<Source>) -> OwnersReading {
        crate::codeowners::read(source, &Limits::default())
    }

    fn key_file(&self, bytes: &[u8]) -> KeyFile {
        let holds_secret = bytes.starts_with(b"SECRET");
        KeyFile { holds_secret, problems: vec!["toy".to_owned()], ..KeyFile::default() }
    }
}

/// Every signature is refused with its own text; counts what it was asked.
#[derive(Default)]
struct Notary {
    asked: Cell<usize>,
}

impl Verifier for Notary {
    fn verify(&self, requests: &[SignatureRequest]) -> Vec<SignatureFact> {
        self.asked.set(self.asked.get() + requests.len());
        requests
            .iter()
            .map(|request| SignatureFact::Refused {
                code: Code::BadSignature,
                format: SignatureFormat::Unknown,
                observed: String::from_utf8(request.signature.clone()).unwrap(),
                required: String::new(),
                hints: Vec::new(),
            })
            .collect()
    }

    fn statements(&self, step: &Step) -> Vec<(RequestId, SignatureRequest)> {
        let request = SignatureRequest {
            purpose: Purpose::Statement,
            payload: Vec::new(),
            signature: step.id.to_string().into_bytes(),
        };
        if step.manifests.is_empty() { Vec::new() } else { vec![(RequestId([9; 32]), request)] }
    }
}

fn text_of(fact: &Option<SignatureFact>) -> &str {
    match fact {
        None => "no fact",
        Some(SignatureFact::Refused { observed, .. }) => observed.trim_end(),
        Some(SignatureFact::Absent) => "absent",
        Some(SignatureFact::Verified(_)) => "verified",
    }
}

fn found<T: std::fmt::Debug>(result: Result<T, Failure>) -> crate::finding::Finding {
    match result {
        Err(Failure::Found(finding)) => *finding,
        other => panic!("{other:?}"),
    }
}

struct Walked {
    survey: Survey,
    steps: Vec<Step>,
    asked: usize,
}

fn walk(repo: &Repository, tip: Oid, anchor: Oid, options: &Options) -> Walked {
    let survey = survey(repo, &Toys, tip, anchor, options).unwrap();
    let notary = Notary::default();
    let steps = Steps::new(repo, &survey, &Toys, &notary, options).unwrap().flatten().collect();
    Walked { survey, steps, asked: notary.asked.get() }
}

fn everything() -> Options {
    Options { which: Which::Everything, chunk: 3, ..Options::default() }
}

fn brought_ids(step: &Step) -> BTreeSet<String> {
    step.brought.iter().map(|b| b.id.to_string()).collect()
}

fn rev_list(lab: &Lab, args: &[&str]) -> BTreeSet<String> {
    let all: Vec<&str> = ["rev-list"].iter().chain(args).copied().collect();
    lab.git(&all).lines().map(str::to_owned).collect()
}

/// Each step brings what git says, and parents come before children.
fn check_against_git(lab: &Lab, walked: &Walked) {
    let (tip, anchor) = (walked.survey.tip().unwrap(), walked.survey.anchor().unwrap());
    let chain = lab.git(&["rev-list", "--first-parent", "--reverse", &format!("{anchor}..{tip}")]);
    let ours: Vec<String> = walked.steps.iter().map(|s| s.id.to_string()).collect();
    assert_eq!(ours, chain.lines().collect::<Vec<_>>());
    for step in &walked.steps {
        let id = step.id.to_string();
        let not = [format!("^{id}^1"), format!("^{anchor}")];
        assert_eq!(brought_ids(step), rev_list(lab, &[&id, &not[0], &not[1]]), "{id}");
        assert_eq!(step.brought.last().unwrap().id, step.id);
        let mut later: BTreeSet<Oid> = step.brought.iter().map(|b| b.id).collect();
        for brought in &step.brought {
            later.remove(&brought.id);
            let parents = &brought.commit.as_ref().unwrap().parents;
            assert!(parents.iter().all(|p| !later.contains(p)), "{} before a parent", brought.id);
        }
    }
}

/// Everything reachable in the order of the report, the same on one thread and on several.
fn reached(repo: &Repository, tip: Oid, anchor: Option<Oid>, options: &Options) -> Vec<Brought> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let all = |threads| {
        let mut walk = Reachable::new(repo, tip, anchor, options).unwrap();
        let mut found = Vec::new();
        while let Some(done) = walk.next(threads, |commit: Unverified| commit.brought) {
            assert!(done.len() <= options.chunk);
            found.extend(done);
        }
        assert_eq!(found.len(), walk.total());
        assert!(walk.gaps().is_empty());
        let places = walk.places();
        found.sort_by_key(|(number, _)| places.of(*number));
        found.into_iter().map(|(_, brought)| brought).collect::<Vec<Brought>>()
    };
    let (one, several) = (all(None), all(Some(&threads)));
    let ids = |all: &[Brought]| all.iter().map(|b| b.id).collect::<Vec<Oid>>();
    assert_eq!(ids(&one), ids(&several));
    let mut later: BTreeSet<Oid> = ids(&one).into_iter().collect();
    assert_eq!(later.len(), one.len(), "each once");
    for brought in &one {
        later.remove(&brought.id);
        let parents = &brought.commit.as_ref().unwrap().parents;
        assert!(parents.iter().all(|p| !later.contains(p)), "{} before a parent", brought.id);
    }
    one
}
