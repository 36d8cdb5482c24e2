//! What a step carries.

use super::*;
use crate::model::gate::ManifestPaths;

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
    assert_eq!(merged[0].parent, revoked);
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
    assert_eq!(gate_step.subjects[&ManifestPaths::default()].tree, subject);
    assert_eq!(
        gate_step.subjects[&ManifestPaths::default()].content_sha256,
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
    assert_eq!(at.records[0].path, "keys/ceremonies/0001-genesis.toml");
    assert!(at.records[0].record.is_none() && !at.records[0].problems.is_empty());
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
    let below = "below keys, which is a symbolic link, not a folder";
    assert_eq!(registry(lab.tree(&[("keys", link)])), below);

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
