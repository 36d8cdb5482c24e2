use std::ffi::OsString;

use crate::cli::{Environment, Streams, run};
use crate::finding::Code;
use crate::model::Time;

use super::*;

/// Exit status, standard output, standard error, as seen from `folder`.
fn demo_in(folder: &Path, args: &[&str]) -> (u8, String, String) {
    let none: [(&str, &str); 0] = [];
    // Whatever the clock says.
    let mut environment = Environment::fixed(Time::from_unix_clamped(0), none);
    environment.folder = folder.to_owned();
    let args = ["gatecheck", "demo"].iter().chain(args).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(args, &environment, &mut Streams { out: &mut out, err: &mut err });
    (exit.status(), String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn the_mainline_passes_and_the_attack_is_refused_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let (status, out, err) = demo_in(folder.path(), &["lighthouse"]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    insta::assert_snapshot!("demo", out);
}

#[test]
fn each_part_of_the_attack_is_found_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let anchor = demo::write(folder.path()).unwrap();
    let codes = |tip| -> Vec<Code> {
        judged(folder.path(), anchor, tip).unwrap().findings.iter().map(|f| f.code).collect()
    };
    assert_eq!(codes(demo::MAINLINE), []);
    let mut attack = codes(demo::ATTACK);
    attack.sort();
    attack.dedup();
    let mut expected = [
        Code::UnknownSigner,
        Code::UnauthorisedRegistryChange,
        Code::SubjectMismatch,
        Code::NotCovered,
    ];
    expected.sort();
    assert_eq!(attack, expected);
}

#[test]
fn what_is_left_is_a_repository_that_git_finds_sound() {
    let folder = tempfile::tempdir().unwrap();
    demo::write(folder.path()).unwrap();
    let git = |args: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let done = git.arg("-C").arg(folder.path()).args(args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    git(&["fsck", "--strict", "--no-dangling"]);
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert_eq!(git(&["symbolic-ref", "HEAD"]).trim(), demo::MAINLINE);
    let changed = git(&["diff", "--name-only", demo::REVIEWED, demo::ATTACK]);
    assert!(changed.contains("kernel/scheduler.rs") && changed.contains("keys/ada-2.asc"));
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine"), "precious").unwrap();
    let (status, out, err) = demo_in(folder.path(), &["."]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("is not empty"), "{err}");
    let (status, ..) = demo_in(folder.path(), &["mine"]);
    assert_eq!(status, 2);
    assert_eq!(std::fs::read_to_string(folder.path().join("mine")).unwrap(), "precious");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn commands_are_shown_as_a_shell_takes_them() {
    assert_eq!(typed(Path::new("/tmp/a-b_1.x")), "/tmp/a-b_1.x");
    assert_eq!(typed(Path::new("my demo")), "'my demo'");
    assert_eq!(typed(Path::new("it's; rm")), r"'it'\''s; rm'");
}
