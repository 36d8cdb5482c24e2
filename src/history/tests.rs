//! The walk on small repositories, with toys in the place of readers and cryptography.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::finding::{Code, Severity};
use crate::model::gate::ManifestPaths;
use crate::model::manifest::{Binding, PreviousGate, Target};
use crate::model::registry::SchemaVersion;
use crate::model::step::{ManifestReading, RegistryFile, RegistryReading, Step};
use crate::model::{
    KeyFile, Limits, Manifest, ManifestName, ObjectFormat, Oid, Policy, Registry, RequestId,
    SignatureFact, SignatureFormat,
};
use crate::repo::Repository;
use crate::repo::testing::{Lab, git_in};
use crate::repo::tree::{MODE_EXECUTABLE, MODE_FILE, MODE_SYMLINK};
use crate::source::Source;

const REGISTRY: &str = "keys/reviewer-registry.toml";

/// A registry's text is its manifest naming; a manifest's the commit it is bound to.
struct Toys;

impl Readers for Toys {
    fn registry(&self, source: &Arc<Source>) -> RegistryReading {
        let mut policy = Policy::default();
        if let Some(paths) = ManifestPaths::new(source.text()) {
            policy.gates.manifest = paths;
        }
        let registry = Registry {
            source: Arc::clone(source),
            sha256: [0; 32],
            version: SchemaVersion::V1_1,
            serial: 1,
            project: String::new(),
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

#[test]
fn merges_bring_what_git_says_wherever_they_forked_off() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let lab = Lab::new(format);
        let t = lab.files(&[("a", "1")]);
        let root = lab.commit(t, &[]);
        let old = lab.commit(t, &[root]);
        let old_side = lab.commit(t, &[root]);
        let anchor = lab.commit(t, &[old, old_side]);
        let before_1 = lab.commit(t, &[old_side]); // forked off before the anchor
        let before_2 = lab.commit(t, &[before_1, old]);
        let one = lab.commit(t, &[anchor]);
        let after_1 = lab.commit(t, &[one]);
        let after_2 = lab.commit(t, &[after_1, anchor]);
        let two = lab.commit(t, &[one, after_2]);
        let three = lab.commit(t, &[two, before_2]);
        let stranger = lab.commit(t, &[]); // an unrelated root
        let four = lab.commit(t, &[three, stranger, before_1, root]);
        let tip = lab.commit(t, &[four, after_1]);
        let walked = walk(&lab.repo, tip, anchor, &everything());
        check_against_git(&lab, &walked);
        assert!(walked.survey.gaps.is_empty());
        assert!(walked.steps.iter().all(|s| s.gaps.is_empty()));
        assert_eq!(walked.steps[3].brought.len(), 2);

        let options = Options { chunk: 2, ..Options::default() };
        let notary = Notary::default();
        let all = |anchor: Option<Oid>| -> BTreeSet<String> {
            let walk = Reachable::new(&lab.repo, &notary, tip, anchor, &options).unwrap();
            let total = walk.total();
            let ids: Vec<String> = walk.flatten().map(|b| b.id.to_string()).collect();
            assert_eq!(ids.len(), total);
            ids.into_iter().collect()
        };
        let tip = tip.to_string();
        assert_eq!(all(None), rev_list(&lab, &[&tip]));
        assert_eq!(all(Some(anchor)), rev_list(&lab, &[&tip, &format!("^{anchor}")]));
        assert_eq!(all(Some(old)), rev_list(&lab, &[&tip, &format!("^{old}")]));
    }
}

#[test]
fn random_histories_bring_what_git_says() {
    let mut state = 7u64;
    let mut dice = |n: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % n
    };
    let lab = Lab::sha1();
    let t = lab.files(&[("a", "1")]);
    for _ in 0..12 {
        let mut all = vec![lab.commit(t, &[])];
        for _ in 0..30 {
            let mut parents = vec![all[all.len() - 1 - dice(all.len().min(4))]];
            for _ in 0..dice(3) {
                let more = all[dice(all.len())];
                if !parents.contains(&more) {
                    parents.push(more);
                }
            }
            if dice(12) == 0 {
                parents.clear();
            }
            all.push(lab.commit(t, &parents));
        }
        let tip = *all.last().unwrap();
        let chain = lab.git(&["rev-list", "--first-parent", &tip.to_string()]);
        let chain: Vec<&str> = chain.lines().collect();
        let anchor = Oid::from_hex(chain[chain.len() / 2]).unwrap();
        check_against_git(&lab, &walk(&lab.repo, tip, anchor, &everything()));
    }
}

#[test]
fn a_ladder_of_merges_and_an_octopus_take_linear_time() {
    let lab = Lab::sha1();
    let t = lab.files(&[("a", "1")]);
    let anchor = lab.commit(t, &[]);
    let (mut left, mut right) = (lab.commit(t, &[anchor]), lab.commit(t, &[anchor]));
    for _ in 0..60 {
        (left, right) = (lab.commit(t, &[left, right]), lab.commit(t, &[right, left]));
    }
    let arms: Vec<Oid> = (0..100).map(|_| lab.commit(t, &[anchor])).collect();
    let mut parents = vec![left];
    parents.extend(&arms);
    let tip = lab.commit(t, &parents);
    let walked = walk(&lab.repo, tip, anchor, &everything());
    let total: usize = walked.steps.iter().map(|s| s.brought.len()).sum();
    assert_eq!(total, rev_list(&lab, &[&tip.to_string(), &format!("^{anchor}")]).len());
    assert_eq!(walked.steps.last().unwrap().brought.len(), 101);
}

#[test]
fn deep_histories_need_no_stack() {
    let lab = Lab::sha1();
    let t = lab.files(&[("a", "1")]);
    let anchor = lab.commit(t, &[]);
    let mut side = anchor;
    for _ in 0..3_000 {
        side = lab.commit(t, &[side]);
    }
    let tip = lab.commit(t, &[anchor, side]);
    let walked = walk(&lab.repo, tip, anchor, &Options::default());
    assert_eq!(walked.steps[0].brought.len(), 3_001);
}

#[test]
fn the_mainline_must_lead_to_the_anchor() {
    let lab = Lab::sha1();
    let t = lab.files(&[("a", "1")]);
    let root = lab.commit(t, &[]);
    let (anchor, other) = (lab.commit(t, &[root]), lab.commit(t, &[root]));
    let swapped = lab.commit(t, &[other, anchor]);
    let options = Options::default();
    let found_at = |tip| found(survey(&lab.repo, &Toys, tip, anchor, &options));
    assert_eq!(found_at(swapped).code, Code::MainlineReplaced);
    assert_eq!(found_at(other).code, Code::NotDescendant);
    assert_eq!(found_at(root).code, Code::NotDescendant);
    assert!(survey(&lab.repo, &Toys, anchor, anchor, &options).is_ok());
    let notary = Notary::default();
    for tip in [other, root] {
        let walk = Reachable::new(&lab.repo, &notary, tip, Some(anchor), &options);
        assert_eq!(found(walk.map(|r| r.total())).code, Code::NotDescendant);
    }
    assert_eq!(
        Reachable::new(&lab.repo, &notary, anchor, Some(anchor), &options).unwrap().total(),
        0
    );
}

#[test]
fn local_files_and_dates_change_nothing() {
    let lab = Lab::sha1();
    let t = lab.files(&[("a", "1")]);
    let anchor = lab.commit(t, &[]);
    let one = lab.commit(t, &[anchor]);
    let tip = lab.commit(t, &[one]);
    let evil = lab.commit(t, &[anchor]);
    lab.main(tip);
    let ids = |repo: &Repository| -> Vec<Oid> {
        walk(repo, tip, anchor, &everything()).steps.iter().map(|s| s.id).collect()
    };
    assert_eq!(ids(&lab.repo), [one, tip]);
    lab.git(&["replace", &tip.to_string(), &evil.to_string()]);
    std::fs::write(lab.path().join(".git/info/grafts"), format!("{tip} {evil}\n")).unwrap();
    std::fs::write(lab.path().join(".git/shallow"), format!("{tip}\n")).unwrap();
    assert_eq!(ids(&lab.reopened()), [one, tip]);
    // A commit-graph made while the graft was there says that tip's parent is another.
    std::fs::remove_file(lab.path().join(".git/shallow")).unwrap();
    lab.git(&["-c", "core.commitGraph=true", "replace", "-d", &tip.to_string()]);
    lab.git(&["commit-graph", "write", "--reachable"]);
    let graph = lab.path().join(".git/objects/info/commit-graph");
    if let Ok(mut bytes) = std::fs::read(&graph) {
        for byte in bytes.iter_mut().skip(1_100) {
            *byte ^= 0x01;
        }
        let _ = std::fs::remove_file(&graph);
        std::fs::write(&graph, bytes).unwrap();
    }
    assert_eq!(ids(&lab.reopened()), [one, tip]);
}

#[test]
fn shallow_clones_and_missing_objects_are_undecided() {
    let lab = Lab::sha1();
    let t = lab.files(&[("keys/a.asc", "1")]);
    let anchor = lab.commit(t, &[]);
    let one = lab.commit(t, &[anchor]);
    let two = lab.commit(t, &[one]);
    let tip = lab.commit(t, &[two]);
    lab.main(tip);
    let url = format!("file://{}", lab.path().display());
    git_in(lab.dir.path(), &["clone", "-q", "--depth=2", &url, "shallow"]);
    let shallow = Repository::open(&lab.dir.path().join("shallow"), &Limits::default()).unwrap();
    let options = Options::default();
    let told = found(survey(&shallow, &Toys, tip, anchor, &options));
    assert_eq!((told.code, told.severity), (Code::ShallowHistory, Severity::Undecided));
    assert_eq!(told.commit, Some(two));
    assert!(told.help.contains("--unshallow"), "{}", told.help);
    // From the boundary on, nothing is lacking.
    assert!(survey(&shallow, &Toys, tip, two, &options).unwrap().gaps.is_empty());

    lab.lose(one);
    let told = found(survey(&lab.reopened(), &Toys, tip, anchor, &options));
    assert_eq!((told.code, told.severity), (Code::MissingObject, Severity::Undecided));
    assert!(told.message.contains(&one.to_string()), "{}", told.message);
}

#[test]
fn a_side_branch_into_a_missing_past_is_a_gap_and_no_refusal() {
    let lab = Lab::sha1();
    let t = lab.files(&[("a", "1")]);
    let root = lab.commit(t, &[]);
    let old = lab.commit(t, &[root]);
    let anchor = lab.commit(t, &[old]);
    let side = lab.commit(t, &[old]);
    let good = lab.commit(t, &[anchor]);
    let one = lab.commit(t, &[anchor, good]);
    let tip = lab.commit(t, &[one, side]);
    assert_eq!(walk(&lab.repo, tip, anchor, &everything()).steps[1].brought.len(), 2);
    lab.lose(old);
    let walked = walk(&lab.reopened(), tip, anchor, &everything());
    assert!(walked.steps[0].gaps.is_empty(), "the first merge needs nothing of the past");
    assert_eq!(walked.steps[0].brought.len(), 2);
    // `old` is named by the anchor, so that it is known to be the past; `side` is not.
    assert_eq!(walked.steps[1].gaps.len(), 1);
    assert_eq!(walked.steps[1].gaps[0].finding.severity, Severity::Undecided);
    assert_eq!(walked.steps[1].brought.len(), 1);
}

#[test]
fn every_version_of_keys_is_known_beforehand() {
    let lab = Lab::sha1();
    let tree = |key: &str, naming: &str| lab.files(&[("keys/a.asc", key), (REGISTRY, naming)]);
    let anchor = lab.commit(tree("v1", "gates/e-{epoch}.toml"), &[]);
    let revoked = lab.commit(tree("revoked", "elsewhere/x{epoch}.toml"), &[anchor]);
    let one = lab.commit(tree("v2", "gates/e-{epoch}.toml"), &[anchor]);
    // The merge keeps the mainline's files: the revocation stands only on the branch.
    let merge = lab.commit(tree("v2", "gates/e-{epoch}.toml"), &[one, revoked]);
    let tip = lab.commit(tree("v3", "moved/e-{epoch}.toml"), &[merge]);
    let walked = walk(&lab.repo, tip, anchor, &Options::default());
    let blobs: BTreeSet<Oid> = walked.survey.key_blobs.keys().copied().collect();
    assert_eq!(blobs, ["v1", "v2", "v3", "revoked"].map(|text| lab.blob(text)).into());
    let namings: Vec<String> =
        walked.survey.manifest_paths.iter().map(ToString::to_string).collect();
    assert_eq!(namings, ["gates/e-{epoch}.toml", "moved/e-{epoch}.toml"]);
    let merged = &walked.steps[1].merged_registries;
    assert_eq!(merged.len(), 1);
    assert_eq!(merged[0].0, revoked);
    assert!(walked.steps[1].keys.is_empty());

    let branch = Options { branch: Some("refs/heads/release/1".to_owned()), ..Options::default() };
    let survey = survey(&lab.repo, &Toys, tip, anchor, &branch).unwrap();
    assert_eq!(survey.manifest_paths[0].folder(), "gates/release/1");
}

#[test]
fn gates_carry_what_rules_ask_for() {
    let lab = Lab::sha1();
    let naming = "epoch_signoffs/epoch-{epoch}.toml";
    let base = [("a", "1"), (REGISTRY, naming), ("keys/a.asc", "key")];
    let anchor = lab.commit(lab.files(&base), &[]);
    let quiet = lab.commit_with(lab.files(&base), &[anchor], "gpgsig quiet\n", "m\n");
    let mut files = base.to_vec();
    files[0] = ("a", "2");
    let subject = lab.files(&files);
    files.push(("epoch_signoffs/epoch-0.toml", "toml"));
    let gate = lab.commit_with(lab.files(&files), &[quiet], "gpgsig gate\n", "m\n");
    let quiet_text = quiet.to_string();
    files.push(("epoch_signoffs/epoch-1.toml", &quiet_text));
    let later = lab.commit(lab.files(&files), &[gate]);
    let walked = walk(&lab.repo, later, anchor, &Options::default());
    let [quiet_step, gate_step, later_step] = walked.steps.as_slice() else { panic!() };

    assert_eq!(text_of(&quiet_step.signature), "no fact");
    assert_eq!(text_of(&gate_step.signature), "gate");
    assert_eq!(text_of(&later_step.signature), "absent");
    assert_eq!(gate_step.manifests[0].name, ManifestName::Epoch(0));
    assert_eq!(gate_step.subject.unwrap().tree, subject);
    assert_eq!(
        gate_step.subject.unwrap().content_sha256,
        Some(lab.repo.content_digest(subject, &[]).unwrap())
    );
    let changed = gate_step.changed.as_ref().unwrap();
    assert_eq!(changed, &[b"a".to_vec(), b"epoch_signoffs/epoch-0.toml".to_vec()]);
    assert_eq!(gate_step.brought[0].paths, *changed);
    assert!(gate_step.facts.get(RequestId([9; 32])).is_some());
    assert!(quiet_step.facts.is_empty() && quiet_step.changed.is_none());
    // A gate that was made first and signed off later.
    assert_eq!(text_of(&later_step.named[&quiet].signature), "quiet");
    let quiet_tree = lab.files(&base);
    assert_eq!(later_step.bound_content[&quiet], lab.repo.content_digest(quiet_tree, &[]).unwrap());
    assert_eq!(walked.asked, 4, "two commits, two statements");

    let every = Options { which: Which::EveryMainline, ..Options::default() };
    let walked = walk(&lab.repo, later, anchor, &every);
    assert_eq!(text_of(&walked.steps[0].signature), "quiet");
}

#[test]
fn the_start_is_the_anchors_tree_and_the_anchor_a_step() {
    let lab = Lab::sha1();
    let naming = "epoch_signoffs/epoch-{epoch}.toml";
    let mut files = vec![
        (REGISTRY, naming),
        ("keys/a.asc", "key"),
        ("keys/ceremonies/0001-genesis.toml", "record"),
        ("epoch_signoffs/epoch-4.toml", "x"),
    ];
    let root = lab.commit(lab.files(&files), &[]);
    files.push(("epoch_signoffs/epoch-5.toml", "x"));
    let five = lab.commit(lab.files(&files), &[root]);
    files.push(("other", "x"));
    let anchor = lab.commit_with(lab.files(&files), &[five], "gpgsig mine\n", "m\n");
    let options = Options::default();
    let start = |repo: &Repository, anchor: Oid| {
        let survey = survey(repo, &Toys, anchor, anchor, &options).unwrap();
        let notary = Notary::default();
        let mut steps = Steps::new(repo, &survey, &Toys, &notary, &options).unwrap();
        let start = steps.start().unwrap();
        assert!(steps.next().is_none());
        start
    };
    let at = start(&lab.repo, anchor);
    assert!(matches!(at.registry, RegistryFile::File(..)));
    assert_eq!(at.key_files.keys().collect::<Vec<_>>(), ["keys/a.asc"]);
    assert_eq!(at.records[0].text(), "record");
    let added: Vec<_> = at.manifests.iter().map(|m| m.added_by.map(|(id, _)| id)).collect();
    assert_eq!(added, [None, Some(five)]);
    assert_eq!(text_of(&at.step.signature), "mine");
    assert!(at.step.manifests.is_empty() && at.step.gaps.is_empty());
    // The anchor is the gate itself.
    let gate = start(&lab.repo, five);
    assert_eq!(gate.step.manifests[0].name, ManifestName::Epoch(5));
    // A root brings everything.
    assert_eq!(start(&lab.repo, root).step.manifests.len(), 1);
    // Where the anchor's parent is not here, it is no gate but has a gap.
    lab.lose(root);
    let alone = start(&lab.reopened(), five);
    assert!(alone.step.manifests.is_empty());
    assert_eq!(alone.step.gaps.len(), 1);
}

#[test]
fn odd_things_below_keys_are_told_apart() {
    let lab = Lab::sha1();
    let file = |text: &str| (MODE_FILE, lab.blob(text));
    let base = [(REGISTRY, file("r")), ("keys/a.asc", file("a"))];
    let anchor = lab.commit(lab.tree(&base), &[]);
    let step = |tree: Oid| {
        let tip = lab.commit(tree, &[anchor]);
        let mut steps = walk(&lab.repo, tip, anchor, &Options::default()).steps;
        assert!(steps[0].gaps.is_empty(), "{:?}", steps[0].gaps);
        steps.remove(0)
    };
    let link = (MODE_SYMLINK, lab.blob("elsewhere"));
    let registry = |tree| match step(tree).registry {
        Some(RegistryFile::NotRegular(what)) => what,
        Some(RegistryFile::Missing) => "missing".to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(registry(lab.tree(&[(REGISTRY, link), base[1]])), "a symbolic link");
    let executable = (MODE_EXECUTABLE, lab.blob("r"));
    assert_eq!(registry(lab.tree(&[(REGISTRY, executable), base[1]])), "an executable file");
    assert_eq!(registry(lab.tree(&[base[1]])), "missing");
    assert_eq!(registry(lab.tree(&[("keys", link)])), "keys is a symbolic link, not a folder");

    let raw = (MODE_FILE, lab.put(crate::repo::ObjectKind::Blob, b"\xff"));
    let Some(RegistryFile::File(_, reading)) = step(lab.tree(&[(REGISTRY, raw)])).registry else {
        panic!()
    };
    assert_eq!(reading.problems[0].code, Code::RegistryInvalid);
    assert!(reading.registry.is_none());

    let secret = (MODE_EXECUTABLE, lab.blob("SECRET"));
    let hidden = step(lab.tree(&[
        base[0],
        base[1],
        ("keys/run.sh", secret),
        ("keys/ceremonies/1.toml", file("SECRET")),
        ("keys/b.asc", file("b")),
        ("keys/c.asc", link),
    ]));
    let secrets: Vec<_> =
        hidden.key_files.iter().map(|(path, (_, f))| (path.as_str(), f.holds_secret)).collect();
    assert_eq!(
        secrets,
        [("keys/b.asc", false), ("keys/ceremonies/1.toml", true), ("keys/run.sh", true)]
    );
    assert!(hidden.key_files["keys/run.sh"].1.problems[0].contains("executable"));
    assert_eq!(hidden.keys.len(), 4);
    assert_eq!(hidden.records.len(), 1);

    let twins =
        step(lab.tree(&[base[0], base[1], ("Keys/reviewer-registry.toml", file("x"))])).twins;
    assert_eq!(twins, ["Keys", "Keys/reviewer-registry.toml"]);
}

#[test]
fn malformed_commits_are_steps_or_ends_of_the_walk() {
    let lab = Lab::sha1();
    let t = lab.files(&[("a", "1")]);
    let anchor = lab.commit(t, &[]);
    let bad = lab.commit_with(t, &[anchor], "author x <y> 1 +0000\ngpgsig s\n", "m\n");
    let tip = lab.commit(t, &[bad]);
    let walked = walk(&lab.repo, tip, anchor, &everything());
    let malformed = walked.steps[0].commit.as_ref().unwrap_err();
    assert_eq!(malformed.code, Code::MalformedObject);
    assert_eq!(text_of(&walked.steps[0].signature), "no fact");
    let worse = lab.commit_with(t, &[anchor], &format!("parent {anchor}\n"), "m\n");
    let tip = lab.commit(t, &[worse]);
    let told = found(survey(&lab.repo, &Toys, tip, anchor, &everything()));
    assert_eq!((told.code, told.severity), (Code::MalformedObject, Severity::Error));
    assert_eq!(told.commit, Some(worse));
}

#[test]
fn limits_end_a_walk_and_are_named() {
    let lab = Lab::sha1();
    let t = lab.files(&[("keys/a", "1"), ("keys/b", "2")]);
    let mut tip = lab.commit(t, &[]);
    let anchor = tip;
    for _ in 0..5 {
        tip = lab.commit(t, &[tip]);
    }
    let with = |limits: Limits| Repository::open(&lab.path(), &limits).unwrap();
    let few = with(Limits { commits: 4, ..Limits::default() });
    let told = found(survey(&few, &Toys, tip, anchor, &Options::default()));
    assert!(told.help.contains("--limit commits="), "{}", told.help);
    assert_eq!(told.severity, Severity::Undecided);
    let notary = Notary::default();
    let walk = Reachable::new(&few, &notary, tip, None, &Options::default()).unwrap();
    assert_eq!(walk.gaps().len(), 1);
    let few = with(Limits { key_files: 1, ..Limits::default() });
    let told = found(survey(&few, &Toys, tip, anchor, &Options::default()));
    assert!(told.help.contains("--limit key-files="), "{}", told.help);
}
