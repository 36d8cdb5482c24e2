//! Which commits a walk meets, and where it ends.

use super::*;

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
        let all = |anchor: Option<Oid>| -> BTreeSet<String> {
            reached(&lab.repo, tip, anchor, &options)
                .into_iter()
                .map(|b| b.id.to_string())
                .collect()
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
    for tip in [other, root] {
        let walk = Reachable::new(&lab.repo, tip, Some(anchor), &options);
        assert_eq!(found(walk.map(|r| r.total())).code, Code::NotDescendant);
    }
    assert!(reached(&lab.repo, anchor, Some(anchor), &options).is_empty());
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
    std::fs::remove_file(lab.path().join(".git/shallow")).unwrap();
    std::fs::remove_file(lab.path().join(".git/info/grafts")).unwrap();
    lab.git(&["replace", "-d", &tip.to_string()]);
    graph_of_another_past(&lab, anchor);
    let misled = lab.git(&["-c", "core.commitGraph=true", "rev-list", "--count", "main"]);
    assert_eq!(misled.trim(), "2");
    assert_eq!(ids(&lab.reopened()), [one, tip]);
}

/// Writes a commit-graph, and gives every later commit of it the anchor as its parent.
fn graph_of_another_past(lab: &Lab, anchor: Oid) {
    lab.git(&["commit-graph", "write", "--reachable"]);
    let file = lab.path().join(".git/objects/info/commit-graph");
    let mut graph = std::fs::read(&file).unwrap();
    // Below the header of 8 bytes: where each chunk starts.
    let chunk = |name: &[u8]| {
        let entry = graph[8..].chunks(12).find(|entry| entry.starts_with(name)).unwrap();
        usize::try_from(u64::from_be_bytes(entry[4..].try_into().unwrap())).unwrap()
    };
    let (ids, commits) = (chunk(b"OIDL"), chunk(b"CDAT"));
    let mut listed = graph[ids..].chunks(20).map(hex::encode);
    let place = listed.position(|id| id == anchor.to_string()).unwrap();
    let place = u32::try_from(place).unwrap().to_be_bytes();
    // Each is a tree, two parents and a date.
    for at in (0..3).filter(|at| *at != usize::from(place[3])) {
        graph[commits + at * 36 + 20..][..4].copy_from_slice(&place);
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, graph).unwrap();
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
    let mixed = lab.commit(t, &[side, good]);
    let tip = lab.commit(t, &[one, mixed]);
    assert_eq!(walk(&lab.repo, tip, anchor, &everything()).steps[1].brought.len(), 3);
    lab.lose(old);
    let walked = walk(&lab.reopened(), tip, anchor, &everything());
    assert!(walked.steps[0].gaps.is_empty(), "the first merge needs nothing of the past");
    assert_eq!(walked.steps[0].brought.len(), 2);
    // `old` is named by the anchor, so that it is known to be the past; `side` is not.
    assert_eq!(walked.steps[1].gaps.len(), 1);
    assert_eq!(walked.steps[1].gaps[0].finding.severity, Severity::Undecided);
    // What descends from the anchor is new for certain.
    let brought: Vec<Oid> = walked.steps[1].brought.iter().map(|b| b.id).collect();
    assert_eq!(brought, [mixed, tip]);
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
    let mut walk = Reachable::new(&few, tip, None, &Options::default()).unwrap();
    while walk.next(None, |_| ()).is_some() {}
    assert_eq!(walk.gaps().len(), 1);
    let few = with(Limits { key_files: 1, ..Limits::default() });
    let told = found(survey(&few, &Toys, tip, anchor, &Options::default()));
    assert!(told.help.contains("--limit key-files="), "{}", told.help);
}

#[test]
fn paths_of_all_commits_together_are_bounded() {
    let lab = Lab::sha1();
    let trees = [lab.files(&[("a", "1"), ("b", "1")]), lab.files(&[("a", "2"), ("b", "2")])];
    let anchor = lab.commit(trees[0], &[]);
    let mut tip = anchor;
    for n in 1..20 {
        tip = lab.commit(trees[n % 2], &[tip]);
    }
    let repo =
        Repository::open(&lab.path(), &Limits { changed_paths: 3, ..Limits::default() }).unwrap();
    let bounded = walk(&repo, tip, anchor, &Options::default());
    let kept: usize = bounded.steps.iter().flat_map(|s| &s.brought).map(|b| b.paths.len()).sum();
    assert_eq!(kept, 26, "24, and what the commit had that went past it");
    let last = &bounded.steps.last().unwrap().gaps[0].finding;
    assert_eq!(last.severity, Severity::Undecided);
    assert!(last.help.contains("--limit changed-paths="), "{}", last.help);
    let whole = walk(&lab.repo, tip, anchor, &Options::default());
    assert!(whole.steps.iter().all(|step| step.gaps.is_empty()));
}

/// A tree of `wide` × `wide` × `wide` files with long names, in three objects.
fn long_paths(lab: &Lab, text: &str, wide: usize) -> Oid {
    let mut below = (MODE_FILE, lab.blob(text));
    for _ in 0..3 {
        let names: Vec<String> = (0..wide).map(|n| format!("{n:0>250}")).collect();
        let entries: Vec<(&str, (u32, Oid))> =
            names.iter().map(|name| (name.as_str(), below)).collect();
        below = (crate::repo::tree::MODE_TREE, lab.tree(&entries));
    }
    below.1
}

#[test]
fn a_chunk_ends_where_its_steps_keep_much() {
    let lab = Lab::sha1();
    let registry = (MODE_FILE, lab.blob("epoch_signoffs/epoch-{epoch}.toml reviews"));
    let trees = ["1", "2"].map(|text| {
        let x = (crate::repo::tree::MODE_TREE, long_paths(&lab, text, 7));
        lab.tree(&[(REGISTRY, registry), ("x", x)])
    });
    let anchor = lab.commit(trees[0], &[]);
    let mut tip = anchor;
    for n in 0..40 {
        tip = lab.commit(trees[(n + 1) % 2], &[tip]);
    }
    let options = Options::default();
    let survey = survey(&lab.repo, &Toys, tip, anchor, &options).unwrap();
    let notary = Notary::default();
    let chunks: Vec<usize> = Steps::new(&lab.repo, &survey, &Toys, &notary, &options)
        .unwrap()
        .map(|chunk| chunk.len())
        .collect();
    assert_eq!(chunks.iter().sum::<usize>(), 40);
    assert!(chunks.len() > 1 && chunks[0] > 1, "{chunks:?}");
}

#[test]
fn paths_that_policies_ask_about_are_bounded_together() {
    use crate::model::probe::Answer;
    let lab = Lab::sha1();
    let registry = "epoch_signoffs/epoch-{epoch}.toml reviews";
    let anchor = lab.commit(lab.files(&[(REGISTRY, registry)]), &[]);
    let tip = lab.commit(lab.files(&[(REGISTRY, registry), ("a", "1"), ("b", "2")]), &[anchor]);
    let unknown = |paths: u64| {
        let limits = Limits { changed_paths: paths, ..Limits::default() };
        let repo = Repository::open(&lab.path(), &limits).unwrap();
        let walked = walk(&repo, tip, anchor, &Options::default());
        let landed = walked.steps[0].landed.values();
        let told: Vec<bool> = landed.map(|a| matches!(a, Answer::Changed(_))).collect();
        assert_eq!(told.len(), 12);
        told.iter().filter(|told| !**told).count()
    };
    // Twelve questions about two paths each.
    assert_eq!(unknown(3), 0);
    assert!(unknown(2) > 0);
}
