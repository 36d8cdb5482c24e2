//! Against the real git, in both object formats.

use super::testing::{Lab, command_in, git_in, program};
use super::tree::{MODE_EXECUTABLE, MODE_FILE, MODE_SUBMODULE, MODE_SYMLINK, MODE_TREE};
use super::*;
use crate::error::Error;
use crate::model::{Limits, ObjectFormat, Oid};

const FORMATS: [ObjectFormat; 2] = [ObjectFormat::Sha1, ObjectFormat::Sha256];

fn open(path: &std::path::Path) -> crate::error::Result<Repository> {
    Repository::open(path, &Limits::default())
}

#[test]
fn what_we_write_and_hash_is_what_git_reads() {
    for format in FORMATS {
        let lab = Lab::new(format);
        let tree = lab.files(&[("a/b/c.txt", "c"), ("a.b", "x"), ("z", "z")]);
        let one = lab.commit(tree, &[]);
        let two = lab.commit(tree, &[one]);
        lab.main(two);
        lab.repo.check_out().unwrap();
        lab.git(&["fsck", "--strict"]);
        assert_eq!(lab.git(&["rev-parse", "HEAD^{tree}"]).trim(), tree.to_string());
        assert_eq!(lab.git(&["status", "--porcelain"]), "");
        assert_eq!(lab.git(&["rev-list", "HEAD"]), format!("{two}\n{one}\n"));
        assert_eq!(std::fs::read_to_string(lab.path().join("a/b/c.txt")).unwrap(), "c");
        assert_eq!(lab.repo.head().unwrap().commit, two);
        let below = open(&lab.path().join("a/b")).unwrap();
        assert_eq!((below.format(), below.head().unwrap().commit), (format, two));
    }
}

#[test]
fn a_damaged_or_foreign_object_is_never_read() {
    let lab = Lab::sha1();
    let (good, other) = (lab.blob("good"), lab.blob("other"));
    let file = |id: Oid| {
        let hex = id.to_string();
        lab.path().join(".git/objects").join(&hex[..2]).join(&hex[2..])
    };
    // The bytes of another object under this name.
    std::fs::remove_file(file(good)).unwrap();
    std::fs::copy(file(other), file(good)).unwrap();
    let found = lab.reopened().read(good).unwrap_err();
    assert!(matches!(found, ReadFailure::Corrupt { .. }), "{found:?}");
    std::fs::remove_file(file(good)).unwrap();
    assert_eq!(lab.reopened().read(good), Err(ReadFailure::Missing(good)));
}

#[test]
fn sizes_are_held_against_limits_before_reading() {
    let lab = Lab::sha1();
    let blob = lab.blob(&"x".repeat(100));
    let limits = Limits { file_bytes: 99, ..Limits::default() };
    let repo = Repository::open(&lab.path(), &limits).unwrap();
    let found = repo.read_blob(blob).unwrap_err();
    assert_eq!(
        found.to_string(),
        format!("object {blob} has 100 bytes; the limit file-bytes allows 99")
    );
    assert!(repo.with_large_blob(blob, |bytes| bytes.len()).is_ok());
}

#[test]
fn objects_are_read_from_many_threads() {
    let lab = Lab::sha1();
    let ids: Vec<Oid> = (0..50).map(|n| lab.blob(&n.to_string())).collect();
    let check = |repo: &Repository| {
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(repo.read_blob(*id).unwrap(), n.to_string().as_bytes());
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| check(&lab.repo));
        }
    });
    // Threads of the pool have databases of their own, and learn of new objects too.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    pool.broadcast(|_| check(&lab.repo));
    let new = lab.blob("new");
    pool.broadcast(|_| assert_eq!(lab.repo.read_blob(new).unwrap(), b"new"));
}

#[test]
fn subject_trees_are_those_that_git_writes() {
    for format in FORMATS {
        let lab = Lab::new(format);
        let before = lab.files(&[("a", "1"), ("s/deep/other", "2"), ("t", "3")]);
        let after = lab.files(&[
            ("a", "1"),
            ("s/deep/other", "2"),
            ("s/deep/m.toml", "m"),
            ("new/er/m.toml", "m"),
            ("t", "3"),
        ]);
        let without = |paths: &[&str]| lab.repo.tree_without(after, paths).unwrap();
        assert_eq!(without(&["s/deep/m.toml", "new/er/m.toml"]), before);
        assert_eq!(without(&[]), after);
        assert_eq!(without(&["no/such", "s/deep", "a/b"]), after);
        lab.main(lab.commit(after, &[]));
        lab.git(&["read-tree", "HEAD"]);
        lab.git(&["rm", "-q", "--cached", "new/er/m.toml", "t"]);
        let git = lab.git(&["write-tree"]);
        assert_eq!(without(&["new/er/m.toml", "t"]).to_string(), git.trim());
        let all = ["a", "s/deep/other", "s/deep/m.toml", "new/er/m.toml", "t"];
        assert_eq!(without(&all), lab.files(&[]));
    }
}

#[test]
fn a_content_digest_is_the_same_in_both_formats() {
    let digests: Vec<[u8; 32]> = FORMATS
        .iter()
        .map(|format| {
            let lab = Lab::new(*format);
            let tree = lab.tree(&[
                ("a.b", (MODE_FILE, lab.blob("one"))),
                ("a/run", (MODE_EXECUTABLE, lab.blob("two"))),
                ("a/link", (MODE_SYMLINK, lab.blob("run"))),
                ("m.toml", (MODE_FILE, lab.blob("manifest"))),
            ]);
            lab.repo.content_digest(tree, &["m.toml"]).unwrap()
        })
        .collect();
    let hex = |text: &str| hex::encode(digest::sha256(text.as_bytes()));
    let records = format!(
        "100644 {} a.b\0120000 {} a/link\0100755 {} a/run\0",
        hex("one"),
        hex("run"),
        hex("two")
    );
    assert_eq!(digests, [digest::sha256(records.as_bytes()); 2]);

    let lab = Lab::sha1();
    let commit = Oid::from_hex(&"7".repeat(40)).unwrap();
    let tree = lab.tree(&[("sub", (MODE_SUBMODULE, commit))]);
    let record = format!("160000 {commit} sub\0");
    assert_eq!(lab.repo.content_digest(tree, &[]).unwrap(), digest::sha256(record.as_bytes()));
}

#[test]
fn differences_are_those_that_git_sees() {
    let lab = Lab::sha1();
    let before = lab.files(&[("a", "1"), ("d/x", "1"), ("d/y", "1"), ("e/f/g", "1"), ("k", "1")]);
    let after = lab.tree(&[
        ("a/now/folder", (MODE_FILE, lab.blob("2"))),
        ("d/x", (MODE_EXECUTABLE, lab.blob("1"))),
        ("d/y", (MODE_FILE, lab.blob("1"))),
        ("e", (MODE_SYMLINK, lab.blob("d"))),
        ("k", (MODE_FILE, lab.blob("2"))),
    ]);
    let paths = |changes: Vec<TreeChange>| {
        changes.into_iter().map(|c| String::from_utf8(c.path).unwrap()).collect::<Vec<_>>()
    };
    let ours = paths(lab.repo.diff(Some(before), Some(after)).unwrap());
    let (b, a) = (before.to_string(), after.to_string());
    let git = lab.git(&["diff-tree", "-r", "--no-renames", "--name-only", &b, &a]);
    let mut git: Vec<_> = git.lines().map(str::to_owned).collect();
    git.sort();
    assert_eq!(ours, git);
    assert_eq!(ours, ["a", "a/now/folder", "d/x", "e", "e/f/g", "k"]);
    let only = |folder, deep| {
        paths(lab.repo.diff_folder(Some(before), Some(after), folder, deep).unwrap())
    };
    assert_eq!(only("d", true), ["d/x"]);
    assert_eq!(only("e", true), ["e/f/g"]);
    assert_eq!(only("e", false), [""; 0]);
    assert_eq!(only("", false), ["a", "e", "k"]);
    assert_eq!(lab.repo.diff(None, Some(before)).unwrap().len(), 5);
}

#[test]
fn twins_in_other_letters_are_found() {
    let lab = Lab::sha1();
    let tree = lab.files(&[
        ("keys/reviewer-registry.toml", "1"),
        ("keys/Reviewer-Registry.toml", "2"),
        ("Keys/reviewer-registry.toml", "3"),
        ("KEYS/other", "4"),
    ]);
    let shown = |path| -> Vec<String> {
        let twins = lab.repo.twins(tree, path).unwrap();
        twins.into_iter().map(|t| String::from_utf8(t).unwrap()).collect()
    };
    assert_eq!(
        shown("keys/reviewer-registry.toml"),
        ["Keys/reviewer-registry.toml", "keys/Reviewer-Registry.toml"]
    );
    assert_eq!(shown("keys"), ["KEYS", "Keys"]);
}

#[test]
fn names_resolve_as_git_resolves_them_but_never_in_doubt() {
    let lab = Lab::sha1();
    let tree = lab.files(&[]);
    let (one, two) = (lab.commit(tree, &[]), lab.commit(tree, &[]));
    lab.main(one);
    lab.git(&["tag", "light", &one.to_string()]);
    lab.git(&["tag", "-a", "-m", "x", "full", &two.to_string()]);
    lab.git(&["update-ref", "refs/remotes/origin/topic", &two.to_string()]);
    let at = |name: &str| lab.repo.resolve(name).map(|r| (r.reference, r.commit));
    let full = |name: &str, id| Ok::<_, ()>((Some(name.to_owned()), id));
    assert_eq!(at("main").map_err(drop), full("refs/heads/main", one));
    assert_eq!(at("heads/main").map_err(drop), full("refs/heads/main", one));
    assert_eq!(at("light").map_err(drop), full("refs/tags/light", one));
    assert_eq!(at("full").map_err(drop), full("refs/tags/full", two));
    assert_eq!(at("origin/topic").map_err(drop), full("refs/remotes/origin/topic", two));
    assert_eq!(at("HEAD").map_err(drop), full("HEAD", one));
    assert_eq!(at(&two.to_string()).map_err(drop), Ok((None, two)));
    for bad in ["nope", "", "HEAD~1", "-x", &one.to_string()[..12], &tree.to_string()] {
        assert!(matches!(at(bad), Err(Error::Unusable { .. })), "{bad}: {:?}", at(bad));
    }
    lab.git(&["branch", "light", &two.to_string()]);
    assert!(at("light").unwrap_err().to_string().contains("means both"));
}

#[test]
fn payloads_and_signatures_are_those_that_git_verifies() {
    for format in FORMATS {
        let lab = Lab::new(format);
        // A program in gpg's place that keeps what git hands it.
        let spy = lab.path().join("spy");
        program(
            &spy,
            "#!/bin/sh\ndir=$(dirname \"$0\")\ncat > \"$dir/payload\"\n\
            for f in \"$@\"; do [ -f \"$f\" ] && cp \"$f\" \"$dir/signature\"; done\nexit 0\n",
        );
        lab.git(&["config", "gpg.program", spy.to_str().unwrap()]);
        let armor = "-----BEGIN PGP SIGNATURE-----\n \n QUJD\n -----END PGP SIGNATURE-----\n";
        let tree = lab.files(&[("a", "1")]);
        let extras = [
            format!("gpgsig {armor}gpgsig-sha256 {armor}"),
            format!("encoding x\ngpgsig-sha256 {armor}x-other y\n z\ngpgsig {armor}"),
            format!(
                "mergetag object x\n type commit\n {armor}gpgsig {armor}gpgsig-sha256 {armor}HG:x y\n"
            ),
        ];
        for extra in extras {
            let id = lab.commit_with(tree, &[], &extra, "Subject\n\ngpgsig in the text\n no\n");
            lab.main(id);
            // git says "no good signature": only what it handed over matters.
            let _ = command_in(&lab.path(), &["verify-commit", "HEAD"])
                .output()
                .expect("git must be installed");
            let ours = parse_commit(id, &lab.repo.read_commit(id).unwrap()).unwrap();
            let git = |name| std::fs::read(lab.path().join(name)).unwrap();
            assert_eq!(ours.payload, git("payload"), "{extra}");
            assert_eq!(ours.signature.unwrap(), git("signature"), "{extra}");
        }
    }
}

#[test]
fn conditions_and_the_commands_that_mend_them() {
    let lab = Lab::sha1();
    let tree = lab.files(&[("a", "1")]);
    let one = lab.commit(tree, &[]);
    let two = lab.commit(lab.files(&[("a", "2")]), &[one]);
    lab.main(two);
    assert_eq!(lab.repo.conditions(), Conditions::default());
    assert_eq!(doctor(&lab.repo, Some(two)).unwrap(), []);
    lab.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", lab.path().display());

    let shallow = lab.dir.path().join("shallow");
    git_in(lab.dir.path(), &["clone", "-q", "--depth=1", &url, "shallow"]);
    let found = open(&shallow).unwrap().conditions();
    assert_eq!(found.shallow.iter().copied().collect::<Vec<_>>(), [two]);
    git_in(&shallow, &["fetch", "-q", "--unshallow", "--tags", "--force"]);
    assert_eq!(open(&shallow).unwrap().conditions(), Conditions::default());

    let partial = lab.dir.path().join("partial");
    git_in(
        lab.dir.path(),
        &["clone", "-q", "--filter=blob:none", "--no-checkout", &url, "partial"],
    );
    let blob = lab.blob("2");
    let repo = open(&partial).unwrap();
    assert_eq!(repo.conditions().promisor.as_deref(), Some("origin"));
    assert_eq!(repo.read(blob), Err(ReadFailure::Missing(blob)));
    let ailments = doctor(&repo, Some(two)).unwrap();
    assert_eq!(ailments[0].command, "git fetch --refetch --no-filter origin");
    git_in(&partial, &["fetch", "-q", "--refetch", "--no-filter", "origin"]);
    assert!(open(&partial).unwrap().read(blob).is_ok());

    // Older versions of git wrote an extension, which libgit2 refuses.
    git_in(&partial, &["config", "extensions.partialClone", "origin"]);
    let told = open(&partial).unwrap_err().to_string();
    assert!(told.contains("partial clone") && told.contains("--unset"), "{told}");
    git_in(&partial, &["config", "--unset", "extensions.partialClone"]);
    assert!(open(&partial).is_ok());

    lab.git(&["replace", &two.to_string(), &one.to_string()]);
    std::fs::write(lab.path().join(".git/info/grafts"), format!("{two}\n")).unwrap();
    lab.git(&["tag", "v1"]);
    let words: Vec<String> = doctor(&lab.repo, None).unwrap().into_iter().map(|a| a.what).collect();
    assert!(words[0].contains("replaced") && words[1].contains("grafts"), "{words:?}");
    assert!(words[2].contains("refs/tags/v1"), "{words:?}");
    // The real commit is read all the same.
    let real = parse_commit(two, &lab.repo.read_commit(two).unwrap()).unwrap();
    assert_eq!(real.parents, [one]);
}

#[test]
fn bare_linked_and_borrowing_repositories_open() {
    let lab = Lab::sha1();
    let one = lab.commit(lab.files(&[("a", "1")]), &[]);
    lab.main(one);
    let url = lab.path().display().to_string();
    git_in(lab.dir.path(), &["clone", "-q", "--bare", &url, "bare"]);
    git_in(lab.dir.path(), &["clone", "-q", "--shared", &url, "shared"]);
    lab.git(&["worktree", "add", "-q", "--detach", "../linked", "HEAD"]);
    for name in ["bare", "shared", "linked"] {
        let repo = open(&lab.dir.path().join(name)).unwrap();
        assert_eq!(repo.head().unwrap().commit, one, "{name}");
        assert_eq!(repo.work_dir().is_none(), name == "bare", "{name}");
        assert_eq!(repo.conditions().alternates.is_empty(), name != "shared", "{name}");
    }
}

#[test]
fn no_repository_and_unknown_kinds_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let told = open(dir.path()).unwrap_err();
    assert!(matches!(told, Error::Unusable { .. }), "{told}");
    git_in(dir.path(), &["init", "-q", "r"]);
    // As `git init --ref-format=reftable` writes it, which older versions do not know.
    let config = dir.path().join("r/.git/config");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("repositoryformatversion = 0", "repositoryformatversion = 1");
    std::fs::write(&config, format!("{text}[extensions]\n\trefStorage = reftable\n")).unwrap();
    let told = open(&dir.path().join("r")).unwrap_err().to_string();
    assert!(told.contains("reftable"), "{told}");
    git_in(dir.path(), &["init", "-q", "x"]);
    git_in(&dir.path().join("x"), &["config", "core.repositoryformatversion", "1"]);
    git_in(&dir.path().join("x"), &["config", "extensions.mystery", "1"]);
    let told = open(&dir.path().join("x")).unwrap_err().to_string();
    assert!(told.contains("extension"), "{told}");
}

/// A tree of folders within folders, each holding the next one ten times: 10^20 folders, and
/// not a single file unless `bottom` is one.
fn bomb(lab: &Lab, bottom: (u32, Oid)) -> Oid {
    let names: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    let mut below = bottom;
    for _ in 0..20 {
        let entries: Vec<_> = names.iter().map(|name| (name.as_str(), below)).collect();
        below = (MODE_TREE, lab.tree(&entries));
    }
    below.1
}

#[test]
fn trees_that_hold_each_other_are_bounded() {
    let lab = Lab::sha1();
    let empty = lab.tree(&[]);
    let plain = bomb(&lab, (MODE_TREE, empty));
    let other = bomb(&lab, (MODE_FILE, lab.blob("x")));
    let limits = Limits { changed_paths: 1_000, ..Limits::default() };
    let repo = Repository::open(&lab.path(), &limits).unwrap();
    let bounded = |failure: ReadFailure| {
        let found = matches!(failure, ReadFailure::TooLarge { limit: "changed-paths", .. });
        assert!(found, "{failure}");
    };
    bounded(repo.content_digest(plain, &[]).unwrap_err());
    bounded(repo.list(plain).unwrap_err());
    bounded(repo.diff(None, Some(plain)).unwrap_err());
    bounded(repo.diff(Some(plain), Some(other)).unwrap_err());
}

#[test]
fn an_id_of_the_other_format_is_nowhere() {
    for (own, other) in
        [(ObjectFormat::Sha1, ObjectFormat::Sha256), (ObjectFormat::Sha256, ObjectFormat::Sha1)]
    {
        let lab = Lab::new(own);
        let commit = lab.commit(lab.files(&[("a", "1")]), &[]);
        let repo = lab.reopened();
        let digits = if other == ObjectFormat::Sha1 { 40 } else { 64 };
        let foreign = Oid::from_hex(&"1".repeat(digits)).unwrap();
        for _ in 0..100 {
            assert!(!repo.is_commit(foreign) && !repo.holds(foreign));
            assert_eq!(
                repo.with_large_blob(foreign, <[u8]>::len),
                Err(ReadFailure::Missing(foreign))
            );
        }
        assert!(repo.set_reference("refs/heads/x", foreign).is_err());
        assert!(repo.is_commit(commit));
    }
}
