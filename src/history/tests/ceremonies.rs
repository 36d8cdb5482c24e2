//! Ceremony records, what they cite, the registries of merged branches, and what all registries
//! together ask for.

use super::*;
use crate::model::CeremonyKind;

const NAMING: &str = "epoch_signoffs/epoch-{epoch}.toml";

/// A sound record.
fn record(serial: u64, ack: &str) -> String {
    let (digest, oid) = ("a".repeat(64), "b".repeat(40));
    format!(
        "[ceremony]\nserial = {serial}\nkind = \"amend\"\nprevious_registry_sha256 = \"{digest}\"\n\
         registry_sha256 = \"{digest}\"\nparent = \"{oid}\"\ncharter_ack = \"{ack}\"\n"
    )
}

fn name(serial: u64) -> String {
    format!("keys/ceremonies/{serial:04}-amend.toml")
}

/// The only step from a commit with `base` to one with `tree`.
fn step(lab: &Lab, base: &[(&str, (u32, Oid))], tree: &[(&str, (u32, Oid))]) -> Step {
    let anchor = lab.commit(lab.tree(base), &[]);
    let tip = lab.commit(lab.tree(tree), &[anchor]);
    walk(&lab.reopened(), tip, anchor, &Options::default()).steps.remove(0)
}

#[test]
fn records_that_were_added_or_changed_are_read() {
    let lab = Lab::sha1();
    let file = |text: &str| (MODE_FILE, lab.blob(text));
    let base = [
        (REGISTRY, file("r")),
        ("keys/ceremonies/0001-amend.toml", file(&record(1, ""))),
        ("keys/ceremonies/0002-amend.toml", file(&record(2, ""))),
        ("keys/ceremonies/0003-amend.toml", file(&record(3, ""))),
    ];
    let huge = format!("{}#{}", record(5, ""), "x".repeat(1 << 20));
    let tree = [
        base[0],
        base[1],
        ("keys/ceremonies/0002-amend.toml", file(&record(2, "D.md#changed"))),
        ("keys/ceremonies/0004-amend.toml", file(&record(4, ""))),
        ("keys/ceremonies/0005-amend.toml", file(&huge)),
        (
            "keys/ceremonies/0006-amend.toml",
            (MODE_FILE, lab.put(crate::repo::ObjectKind::Blob, b"\xff")),
        ),
        ("keys/ceremonies/0007-amend.toml", (MODE_EXECUTABLE, lab.blob(&record(7, "")))),
        ("keys/ceremonies/0008-amend.toml", file(&record(9, ""))),
        ("keys/ceremonies/README", file("no record")),
    ];
    let step = step(&lab, &base, &tree);
    assert_eq!(step.gaps, []);
    let read: Vec<_> = step
        .records
        .iter()
        .map(|r| (&r.path[16..20], r.record.as_ref().map(|r| r.serial)))
        .collect();
    assert_eq!(
        read,
        [("0002", Some(2)), ("0004", Some(4)), ("0005", None), ("0006", None), ("0008", None)]
    );
    assert_eq!(step.records[1].record.as_ref().unwrap().kind, CeremonyKind::Amend);
    for broken in &step.records[2..] {
        assert_eq!(broken.problems.len(), 1, "{}", broken.path);
        assert_eq!(broken.problems[0].code, Code::CeremonyMismatch);
    }
    assert!(step.records[2].problems[0].help.contains("--limit file-bytes="));
    // What was removed or is no regular file is a change below keys/ all the same.
    assert!(step.keys.iter().any(|change| change.path == name(3) && change.after.is_none()));
    assert!(step.keys.iter().any(|change| change.path == name(7)));
}

#[test]
fn what_a_record_cites_is_read_from_its_own_commit() {
    let lab = Lab::sha1();
    let file = |text: &str| (MODE_FILE, lab.blob(text));
    let cited = |ack: &str, more: &[(&str, (u32, Oid))]| {
        let base = [(REGISTRY, file("r")), ("DECISION_LOG.md", file("old"))];
        let mut tree = vec![(REGISTRY, file("r"))];
        tree.push(("keys/ceremonies/0002-amend.toml", file(&record(2, ack))));
        tree.extend(more);
        step(&lab, &base, &tree)
    };
    let log = [("DECISION_LOG.md", file("## new")), ("docs/LOG.md", file("deep"))];
    for (ack, text) in [
        ("DECISION_LOG.md#new", Some("## new")),
        ("docs/LOG.md#x#y", Some("deep")),
        ("DECISION_LOG.md", None),
        ("ELSEWHERE.md#new", None),
        ("../DECISION_LOG.md#new", None),
        ("/DECISION_LOG.md#new", None),
        ("docs#new", None),
        ("", None),
    ] {
        let step = cited(ack, &log);
        let read: Vec<_> = step.cited.values().map(|source| source.text()).collect();
        assert_eq!(read, Vec::from_iter(text), "{ack}");
        assert!(step.cited.iter().all(|(path, source)| path == source.path()));
        assert_eq!(step.gaps, [], "{ack}");
    }
    let link = [("DECISION_LOG.md", (MODE_SYMLINK, lab.blob("docs/LOG.md"))), log[1]];
    assert!(cited("DECISION_LOG.md#new", &link).cited.is_empty());
    let raw = lab.put(crate::repo::ObjectKind::Blob, b"## new\xff");
    assert!(cited("D.md#new", &[("D.md", (MODE_FILE, raw))]).cited.is_empty());
    // What cannot be told is a gap.
    let huge = [("D.md", file(&"x".repeat((1 << 20) + 1)))];
    let large = cited("D.md#new", &huge);
    assert!(large.cited.is_empty());
    assert!(large.gaps[0].finding.help.contains("--limit file-bytes="));
    let lost = lab.blob("lost");
    lab.lose(lost);
    let lost = cited("D.md#new", &[("D.md", (MODE_FILE, lost))]);
    assert!(lost.cited.is_empty());
    assert_eq!(lost.gaps[0].finding.code, Code::MissingObject);
    assert_eq!(lost.gaps[0].finding.severity, Severity::Undecided);
}

/// Merges a branch of these files into a mainline whose registry has serial 3.
fn merge(lab: &Lab, ours: &str, branch: &[(String, String)]) -> Step {
    let base = lab.files(&[(REGISTRY, ours)]);
    let anchor = lab.commit(base, &[]);
    let files: Vec<(&str, &str)> =
        branch.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let ahead = lab.commit(lab.files(&files), &[anchor]);
    let tip = lab.commit(base, &[anchor, ahead]);
    walk(&lab.repo, tip, anchor, &Options::default()).steps.remove(0)
}

#[test]
fn a_merged_registry_comes_with_the_records_that_lead_to_it() {
    let lab = Lab::sha1();
    let ours = format!("{NAMING} 3");
    let mut branch = vec![(REGISTRY.to_owned(), format!("{NAMING} 10"))];
    for serial in [2, 3, 4, 5, 10, 10_000] {
        branch.push((name(serial), record(serial, "")));
    }
    branch.push(("keys/ceremonies/0006-amend.toml".into(), "broken".into()));
    branch.push(("keys/ceremonies/0007-turn.toml".into(), record(7, "")));
    branch.push(("keys/ceremonies/deep/0008-amend.toml".into(), record(8, "")));
    let serials = |step: &Step| -> Vec<String> {
        assert_eq!(step.merged_registries.len(), 1);
        let records = step.merged_registries[0].records.iter();
        records
            .map(|r| format!("{}{}", r.path, if r.record.is_some() { "" } else { "?" }))
            .collect()
    };
    let merged = merge(&lab, &ours, &branch);
    assert_eq!(merged.gaps, []);
    assert!(merged.records.is_empty(), "the mainline's own tree has none");
    let broken = format!("{}?", name(6));
    assert_eq!(serials(&merged), [name(4), name(5), broken.clone(), name(10), name(10_000)]);
    // Where the mainline has no registry that says how far it is, all of them are newer.
    let merged = merge(&lab, "", &branch);
    assert_eq!(serials(&merged)[0], name(2));

    for (last, told) in [(67, 0), (68, 1)] {
        let mut branch = vec![(REGISTRY.to_owned(), format!("{NAMING} {last}"))];
        branch.extend((1..=last).map(|serial| (name(serial), record(serial, ""))));
        let merged = merge(&lab, &ours, &branch);
        assert_eq!(serials(&merged), (4..=67).map(name).collect::<Vec<_>>(), "{last}");
        assert_eq!(merged.gaps.len(), told, "{last}");
        assert!(merged.gaps.iter().all(|gap| gap.finding.severity == Severity::Undecided));
    }
}

#[test]
fn every_registry_on_the_mainline_is_asked_what_it_needs() {
    let lab = Lab::sha1();
    let asks = |texts: &[&str]| {
        let mut commits: Vec<Oid> = Vec::new();
        for text in texts {
            let parents: Vec<Oid> = commits.last().copied().into_iter().collect();
            commits.push(lab.commit(lab.files(&[(REGISTRY, text)]), &parents));
        }
        let (anchor, tip) = (commits[0], *commits.last().unwrap());
        survey(&lab.repo, &Toys, tip, anchor, &Options::default()).unwrap().asks
    };
    let main = |project: &str| (project.to_owned(), "refs/heads/main".to_owned());
    let plain = asks(&["n a", "n a 2", "n a 3"]);
    assert_eq!(plain, Asks { projects: [main("a")].into(), ..Asks::default() });
    let more = asks(&["n a", "n b every", "n c charter", "n a"]);
    assert_eq!(more.projects, ["a", "b", "c"].map(main).into());
    assert!(more.every_commit && more.changed_paths);
    assert!(asks(&["n a every", "n a"]).every_commit);
    assert!(!asks(&["n a charter", "n a"]).every_commit);

    // The newest are kept, and the anchor's own, wherever it stands.
    let names: Vec<String> = (10..40).map(|n| format!("n p{n}")).collect();
    let mut texts: Vec<&str> = vec!["n own"];
    texts.extend(names.iter().map(String::as_str));
    let mut kept: BTreeSet<_> = (24..40).map(|n| main(&format!("p{n}"))).collect();
    kept.insert(main("own"));
    assert_eq!(asks(&texts).projects, kept);
    // The same folder in the middle, one too many there, is still the anchor's.
    texts.insert(5, "n own");
    assert_eq!(asks(&texts).projects, kept);
}
