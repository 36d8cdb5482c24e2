//! Histories of plain values for the fold: a telling (`Told`) becomes steps. Signatures are toys:
//! a fact says who signed, and no cryptography is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gatecheck::ledger::{Ledger, Options, Outcome};
use gatecheck::model::gate::ManifestPaths;
use gatecheck::model::manifest::{Binding as BoundTo, PreviousGate, Target};
use gatecheck::model::owners::OwnersFile;
use gatecheck::model::step::*;
use gatecheck::model::*;
use gatecheck::source::{Source, Spot};
use gatecheck::statement::{SignerContext, request_id, signoff_payload};

/// People of the registry; the last two have keys that must never count.
pub(crate) const PEOPLE: [&str; 7] =
    ["clancy", "ada", "grace", "edsger", "robot", "gone", "stolen"];
pub(crate) const DOMAINS: [&str; 2] = ["kernel", "process"];
pub(crate) const DAY: i64 = 86_400;
/// The anchor's date.
pub(crate) const BEGIN: i64 = 1_769_338_800;

/// Whose key made a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The key of a person of the registry.
    Person(usize),
    Stranger,
    /// A signature that does not verify.
    Bad,
    /// No signature.
    Nobody,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToldSignoff {
    pub(crate) who: usize,
    pub(crate) domain: usize,
    pub(crate) by: By,
    /// Hours before the gate's date.
    pub(crate) early: i64,
    pub(crate) dissent: bool,
    pub(crate) withdrawn: bool,
    /// Names all domains and says why.
    pub(crate) roles: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToldGate {
    pub(crate) signer: By,
    /// Away from the epoch that is due.
    pub(crate) off: i64,
    pub(crate) wrong_previous: bool,
    pub(crate) wrong_tree: bool,
    pub(crate) signoffs: Vec<ToldSignoff>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToldCommit {
    /// Days since the commit before.
    pub(crate) days: i64,
    /// Who wrote it, and in which domain's folder.
    pub(crate) author: usize,
    pub(crate) touches: Option<usize>,
    pub(crate) gate: Option<ToldGate>,
}

#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) rule: &'static str,
    pub(crate) people: u64,
    pub(crate) commits: Vec<ToldCommit>,
}

pub(crate) fn oid(n: usize) -> Oid {
    let mut raw = [0x11; 20];
    raw[..8].copy_from_slice(&(n as u64).to_be_bytes());
    Oid::from_bytes(&raw).unwrap()
}

pub(crate) fn time(seconds: i64) -> Time {
    Time::from_unix_clamped(seconds)
}

pub(crate) fn key_of(by: usize) -> Fingerprint {
    Fingerprint::OpenPgpV4([by as u8 + 1; 20])
}

pub(crate) fn fact(by: By, at: i64) -> SignatureFact {
    let key = match by {
        By::Person(who) => key_of(who),
        By::Stranger => key_of(99),
        By::Nobody => return SignatureFact::Absent,
        By::Bad => {
            return SignatureFact::Refused {
                code: gatecheck::finding::Code::BadSignature,
                format: SignatureFormat::OpenPgp,
                observed: "a signature over something else".into(),
                required: "one over these bytes".into(),
                hints: vec![],
            };
        }
    };
    SignatureFact::Verified(VerifiedSignature {
        format: SignatureFormat::OpenPgp,
        key,
        primaries: vec![key],
        created: Some(time(at)),
        expires: None,
        digest: Digest::Sha512,
        algorithm: KeyAlgorithm::Ed25519,
        key_created: Some(time(0)),
    })
}

pub(crate) fn registry_text(told: &Told) -> String {
    let mut text = format!(
        "[schema]\nversion = \"1.1.0\"\nserial = 1\n[project]\nid = \"p\"\nmainline = \"refs/heads/main\"\n\
         [policy.quorum]\nrule = {}\ndistinct_reviewers = {}\n",
        told.rule, told.people
    );
    for who in PEOPLE {
        let kind = if who == "robot" { "bot" } else { "human" };
        text += &format!(
            "[[reviewers]]\nid = \"{who}\"\nemails = [\"{who}@example.org\"]\nkind = \"{kind}\"\n"
        );
    }
    for (domain, primary) in DOMAINS.iter().zip(PEOPLE) {
        let others: Vec<&str> = PEOPLE.into_iter().filter(|who| *who != primary).collect();
        text += &format!(
            "[[domains]]\nid = \"{domain}\"\nprimary = \"{primary}\"\nbackup = \"{}\"\n\
             reviewers = {:?}\npaths = [\"{domain}/**\"]\n",
            others[0],
            &others[1..]
        );
    }
    for (n, who) in PEOPLE.iter().enumerate() {
        let retired = match *who {
            "gone" => "retired_at = 2026-02-10\nreason = \"departed\"\n",
            "stolen" => {
                "retired_at = 2026-02-10\nreason = \"compromised\"\n\
                         charter_ack = \"DECISION_LOG.md#x\"\n"
            }
            _ => "effective_until = 2028-01-01\n",
        };
        let table = if retired.starts_with("retired") { "retired_keys" } else { "keys" };
        text += &format!(
            "[[{table}]]\nreviewer_id = \"{who}\"\nformat = \"openpgp\"\nfingerprint = \"{}\"\n\
             public_key = \"keys/{who}.asc\"\neffective_from = 2026-01-01\n{retired}",
            key_of(n)
        );
    }
    text
}

/// There are few registries and many tellings: each is read once.
fn registry(told: &Told) -> Arc<RegistryReading> {
    static READ: Mutex<BTreeMap<String, Arc<RegistryReading>>> = Mutex::new(BTreeMap::new());
    let text = registry_text(told);
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let reading = read.entry(text).or_insert_with_key(|text| {
        let path = "keys/reviewer-registry.toml";
        Arc::new(gatecheck::registry::read(path, text.as_bytes(), &Limits::default()))
    });
    assert!(reading.registry.is_some(), "{:#?}", reading.problems);
    Arc::clone(reading)
}

/// The key file of somebody, or of a key that nobody has yet.
pub(crate) fn key_file(who: usize) -> KeyFile {
    KeyFile {
        certificates: vec![Certificate {
            primary: key_of(who),
            keys: vec![CertificateKey {
                fingerprint: key_of(who),
                algorithm: KeyAlgorithm::Ed25519,
                created: time(0),
                bindings: vec![Binding {
                    created: time(0),
                    digest: Digest::Sha512,
                    for_signing: true,
                    back_signed: true,
                    expires: None,
                }],
                revocations: vec![],
            }],
            user_ids: vec![],
        }],
        ..KeyFile::default()
    }
}

fn key_files() -> BTreeMap<String, (Oid, Arc<KeyFile>)> {
    let file = |who: usize| (oid(500 + who), Arc::new(key_file(who)));
    (0..PEOPLE.len()).map(|who| (format!("keys/{}.asc", PEOPLE[who]), file(who))).collect()
}

fn head(author: &str, at: i64) -> Head {
    let email = format!("{author}@example.org");
    let identity = Identity { name: author.into(), email, time: time(at) };
    Head {
        tree: oid(7),
        parents: vec![],
        author: identity.clone(),
        committer: identity,
        subject: String::new(),
        co_authors: vec![],
        trailers: vec![],
        marks: vec![],
        other_signature: None,
    }
}

pub(crate) fn blank(n: usize, author: &str, at: i64, paths: Vec<Vec<u8>>) -> Step {
    let head = head(author, at);
    let brought = Brought { id: oid(n), commit: Ok(head.clone()), signature: None, paths };
    Step { position: n as u64, brought: vec![brought], ..Step::empty(oid(n), Ok(head)) }
}

fn signoff(told: &ToldSignoff, n: usize, at: i64) -> Signoff {
    let roles = told.roles.then(|| DOMAINS.map(str::to_owned).to_vec());
    Signoff {
        reviewer_id: ReviewerId::new(PEOPLE[told.who]).unwrap(),
        domain: DomainId::new(DOMAINS[told.domain]).unwrap(),
        scope: vec![],
        reviews: vec![],
        checklist: vec![],
        epoch: None,
        timestamp: time(at - told.early * 3_600),
        dissent: if told.dissent { "no".into() } else { String::new() },
        withdrawn: told.withdrawn,
        superseded_by: String::new(),
        authored_by: String::new(),
        multi_domain_roles: roles.unwrap_or_default(),
        multi_domain_justification: if told.roles { "few".into() } else { String::new() },
        ai_attestation: None,
        signature: if told.by == By::Nobody { String::new() } else { format!("signature {n}") },
        spot: Spot::START,
        spots: BTreeMap::new(),
    }
}

/// The facts about the sign-offs of a manifest.
fn learn(step: &mut Step, told: &[ToldSignoff], manifest: &Manifest) {
    let context = SignerContext { project: "p", mainline: "refs/heads/main" };
    for (told, signoff) in told.iter().zip(&manifest.signoffs) {
        let payload = signoff_payload(&context, manifest, signoff).unwrap();
        let id = request_id(&payload, signoff.signature.as_bytes());
        step.facts.insert(id, fact(told.by, signoff.timestamp.unix()));
    }
}

/// Adds a gate to a step, after a history whose last accepted gate is `last` (id and epoch).
fn add_gate(step: &mut Step, gate: &ToldGate, at: i64, last: Option<(Oid, u64)>) {
    let due = last.map_or(0, |(_, epoch)| epoch as i64 + 1);
    // Nothing lies before the first epoch: it is missed the other way.
    let epoch = u64::try_from(due + if due == 0 { gate.off.abs() } else { gate.off }).unwrap();
    let path = format!("epoch_signoffs/epoch-{epoch}.toml");
    let previous = match last {
        Some((id, _)) if !gate.wrong_previous => PreviousGate::Gate(id),
        None if gate.wrong_previous => PreviousGate::Gate(oid(999)),
        _ => PreviousGate::None,
    };
    let signoffs: Vec<Signoff> =
        gate.signoffs.iter().enumerate().map(|(n, told)| signoff(told, n, at)).collect();
    let manifest = Manifest {
        source: Source::new(path.clone(), "[manifest]\n"),
        target: Target::Epoch(epoch),
        reattest: 0,
        previous_gate: Some(previous),
        binding: BoundTo::Tree(oid(if gate.wrong_tree { 9 } else { 8 })),
        subject_sha256: None,
        mv_team_justification: String::new(),
        cures: vec![],
        signoffs,
        spots: BTreeMap::new(),
    };
    learn(step, &gate.signoffs, &manifest);
    step.signature = Some(fact(gate.signer, at));
    let subject = Subject { tree: oid(8), content_sha256: None };
    step.subjects.insert(ManifestPaths::default(), subject);
    step.changed = Some(vec![path.clone().into_bytes()]);
    let blob = oid(600 + usize::try_from(step.position).unwrap());
    step.manifests.push(ManifestChange {
        name: ManifestName::Epoch(epoch),
        file: FileChange { path, before: None, after: Some((0o100_644, blob)) },
        reading: Some(Arc::new(ManifestReading {
            manifest: Some(Arc::new(manifest)),
            problems: vec![],
        })),
    });
}

/// The anchor of a telling.
pub(crate) fn start(told: &Told) -> Start {
    Start {
        step: blank(0, "clancy", BEGIN, vec![]),
        registry: RegistryFile::File(oid(501), registry(told)),
        key_files: key_files(),
        manifests: vec![],
        owners: OwnersFile::NotAsked,
        records: vec![],
    }
}

/// The steps of a telling. Each gate names what was accepted before it, as honest people would.
pub(crate) fn steps(told: &Told) -> Vec<Step> {
    let start = start(told);
    let mut steps: Vec<Step> = Vec::new();
    let mut at = BEGIN;
    for (n, commit) in (1..).zip(&told.commits) {
        at += commit.days * DAY;
        let paths = commit.touches.map(|d| format!("{}/a.rs", DOMAINS[d]).into_bytes());
        let mut step = blank(n, PEOPLE[commit.author], at, paths.into_iter().collect());
        if let Some(gate) = &commit.gate {
            let covered = fold(&start, &steps, LATE).covered;
            add_gate(&mut step, gate, at, covered.map(|covered| (covered.commit, covered.epoch)));
        }
        steps.push(step);
    }
    steps
}

/// A run long after everything.
pub(crate) const LATE: i64 = BEGIN + 3_000 * DAY;

/// Adds a squash gate beside the epoch gate of a step, for the same content, signed off by `who`.
pub(crate) fn add_squash(step: &mut Step, who: &[usize], previous: PreviousGate, at: i64) {
    let change = step.manifests.first().expect("a step with a gate").clone();
    let reading = change.reading.as_ref().unwrap().manifest.as_ref().unwrap();
    let told = |who: &usize| ToldSignoff {
        who: *who,
        domain: 0,
        by: By::Person(*who),
        early: 1,
        dissent: false,
        withdrawn: false,
        roles: false,
    };
    let told: Vec<ToldSignoff> = who.iter().map(told).collect();
    let manifest = Manifest {
        target: Target::Squash("more".into()),
        previous_gate: Some(previous),
        signoffs: (10..).zip(&told).map(|(n, told)| signoff(told, n, at)).collect(),
        ..Manifest::clone(reading)
    };
    learn(step, &told, &manifest);
    let path = "epoch_signoffs/squash-more.toml".to_owned();
    step.manifests.push(ManifestChange {
        name: ManifestName::Squash("more".into()),
        file: FileChange { path, before: None, after: Some((0o100_644, oid(700))) },
        reading: Some(Arc::new(ManifestReading {
            manifest: Some(Arc::new(manifest)),
            problems: vec![],
        })),
    });
}

/// A version of a key file in which its owner revokes the key as compromised.
pub(crate) fn revoked(who: usize) -> KeyFile {
    let (_, file) = &key_files()[&format!("keys/{}.asc", PEOPLE[who])];
    let mut file = KeyFile::clone(file);
    file.certificates[0].keys[0].revocations.push(Revocation {
        created: time(LATE),
        hard: true,
        digest: Digest::Sha512,
        reason: "stolen".into(),
    });
    file
}

/// The whole fold, with the clock at `now`.
pub(crate) fn fold(start: &Start, steps: &[Step], now: i64) -> Outcome {
    fold_knowing(start, steps, now, &[])
}

/// The same, where these key files were seen somewhere in the history.
pub(crate) fn fold_knowing(start: &Start, steps: &[Step], now: i64, seen: &[KeyFile]) -> Outcome {
    let options = Options {
        now: time(now),
        every_commit: false,
        record_commits: true,
        branch: None,
        anchor_signer: None,
        require_covered: false,
        doubt: None,
    };
    let mut ledger = Ledger::start(start, options).unwrap_or_else(|no| panic!("{:#?}", no.0));
    for step in steps {
        ledger.step(step);
    }
    ledger.finish(seen)
}
