use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;

/// An Ed25519 key that nobody holds.
fn key_text(byte: u8) -> String {
    let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    blob.extend_from_slice(&[byte; 32]);
    format!("ssh-ed25519 {}", STANDARD.encode(blob))
}

fn line(text: &str) -> Line {
    parse(text).unwrap().unwrap()
}

fn refused(text: &str) -> String {
    parse(text).unwrap_err()
}

fn at(text: &str) -> Time {
    Time::parse(text).unwrap()
}

#[test]
fn principals_options_key_and_comment() {
    let key = key_text(1);
    let plain = line(&format!("ada@example.org {key} a comment here"));
    assert_eq!(plain.principals, ["ada@example.org"]);
    assert_eq!(plain.window, Window { from: at("1970-01-01"), until: None });
    assert_eq!(plain.public_key(), format!("{key}\n"));
    assert_eq!(line(&format!(" \"ada b,bob\"\t{key}")).principals, ["ada b", "bob"]);
    let full = line(&format!(
        "a,b Namespaces=\"file,git\",VALID-AFTER=\"20240229Z\",valid-before=\"202501020304Z\" {key}"
    ));
    let window = Window { from: at("2024-02-29"), until: Some(at("2025-01-02T03:04:00Z")) };
    assert_eq!((full.window, full.narrowed), (window, false));
    assert_eq!(line(&format!("ada@x,eve@x,!eve* {key}")).principals, ["ada@x", "!eve*"]);
    for nothing in ["", "  ", "# ada ssh-ed25519", "\r"] {
        assert_eq!(parse(nothing), Ok(None), "{nothing:?}");
    }
}

#[test]
fn lines_that_say_what_the_registry_cannot_are_left_out_with_the_reason() {
    let key = key_text(1);
    for (text, why) in [
        (format!("a cert-authority {key}"), "cert-authority stands for every certificate"),
        (format!("a namespaces=\"file\" {key}"), "without \"git\""),
        (format!("a namespaces=\"git,!git\" {key}"), "without \"git\""),
        (format!("a valid-after=\"soon\" {key}"), "\"soon\" is no time"),
        (format!("a valid-after=\"20250230Z\" {key}"), "is no time"),
        (format!("a valid-after=20250101Z {key}"), "is not quoted"),
        (format!("a valid-after=\"20250101Z\"x {key}"), "something follows"),
        (format!("a valid-after=\"20250101Z\",valid-after=\"20240101Z\" {key}"), "twice"),
        (format!("a valid-after=\"20250101Z\",valid-before=\"20240101Z\" {key}"), "no moment"),
        (format!("a no-such-option {key}"), "the option \"no-such-option\""),
        (format!("!eve@x {key}"), "it allows the key to nobody"),
        (format!("ada@x,!ada@x {key}"), "it allows the key to nobody"),
        (format!("!*@x,*@x,ada@x {key}"), "it allows the key to nobody"),
        (format!("a no-\u{1b}[31m {key}"), "\\u{1b}[31m"),
        ("a ssh-ed25519 !".to_owned(), "the key is no base64"),
        ("a ssh-ed25519 AAAA".to_owned(), "is not of type"),
        ("a ssh-dss AAAA".to_owned(), "\"ssh-dss\" is no type of key"),
        (key.replace("ssh-ed25519 ", "a ssh-rsa "), "is not of type ssh-rsa"),
        ("a namespaces=\"git ssh-ed25519 AAAA".to_owned(), "never closed"),
        ("\"a".to_owned(), "never closed"),
        ("a".to_owned(), "no key"),
        (format!(", {key}"), "no principal"),
    ] {
        assert!(refused(&text).contains(why), "{text}: {}", refused(&text));
    }
}

#[test]
fn local_times_are_narrowed_to_what_holds_everywhere() {
    let text =
        format!("a valid-after=\"20250101\",valid-before=\"20250201120000\" {}", key_text(1));
    let line = line(&text);
    let window =
        Window { from: at("2025-01-01T12:00:00Z"), until: Some(at("2025-01-31T22:00:00Z")) };
    assert_eq!((line.window, line.narrowed), (window, true));
}

#[test]
fn patterns_match_as_in_ssh() {
    for (list, allowed) in [
        ("git", true),
        ("*", true),
        ("g?t", true),
        ("g*t*", true),
        ("gitx,*i*", true),
        ("", false),
        ("gi", false),
        ("?git", false),
        ("*,!g*", false),
        ("!g*,*", false),
        ("!file", false),
    ] {
        assert_eq!(allows_git(list), allowed, "{list}");
    }
    assert!(!matches_glob(&b"*a".repeat(5_000), &[b'a'; 100]));
}

fn run(command: &mut Command, input: &[u8]) -> bool {
    let mut child = command
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("ssh-keygen must be there");
    // Whoever refuses the arguments may be gone before he has read anything.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait().unwrap().success()
}

fn ssh_keygen(folder: &Path) -> Command {
    let mut command = Command::new("ssh-keygen");
    command.current_dir(folder);
    command
}

/// Never more than ssh-keygen itself accepts, and exactly that where times say `Z`.
#[test]
fn windows_are_those_of_ssh_keygen() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(run(
        ssh_keygen(folder).args(["-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", "k"]),
        b""
    ));
    std::fs::write(folder.join("message"), "hello").unwrap();
    assert!(run(ssh_keygen(folder).args(["-Y", "sign", "-n", "git", "-f", "k", "message"]), b""));
    let key = std::fs::read_to_string(folder.join("k.pub")).unwrap();
    for options in [
        "",
        "namespaces=\"git\"",
        "namespaces=\"file\"",
        "namespaces=\"!git,*\"",
        "namespaces=\"g*,file\"",
        "valid-after=\"20250102Z\"",
        "valid-before=\"202503040506Z\"",
        "valid-after=\"20250102030405Z\",valid-before=\"20250304Z\",namespaces=\"git\"",
        "VALID-AFTER=\"20250102\"",
        "valid-after=\"2025010203\"",
        "valid-after=\"20250102Z\",valid-after=\"20250103Z\"",
        "valid-after=20250102Z",
        "valid-after=\"20250304Z\",valid-before=\"20250102Z\"",
        "namespaces=\"git\\\"\"",
        "namespaces=\"git\\\\\"",
        "namespaces=\"x\\\",git\"",
        "unknown",
    ] {
        let text = format!("ada {options} {key}");
        std::fs::write(folder.join("allowed"), &text).unwrap();
        let ours = parse(text.trim_end()).ok().flatten();
        let edges = ["20250101235959", "20250102000000", "20250102030404", "20250102030405"];
        let ends = ["20250303235959", "20250304000001", "20250304050559", "20250304050601"];
        for time in edges.iter().chain(&ends) {
            let (moment, _) = moment(time).unwrap();
            let accepted = ours.as_ref().is_some_and(|line| line.window.contains(moment));
            let theirs = run(
                ssh_keygen(folder).args(["-Y", "verify", "-f", "allowed", "-I", "ada"]).args([
                    "-n",
                    "git",
                    "-s",
                    "message.sig",
                    &format!("-Overify-time={time}Z"),
                ]),
                b"hello",
            );
            if ours.as_ref().is_some_and(|line| line.narrowed) {
                assert!(!accepted || theirs, "{options} at {time}");
            } else {
                assert_eq!(accepted, theirs, "{options} at {time}");
            }
        }
    }
}

#[test]
fn fingerprints_are_those_of_ssh_keygen() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let mut make = ssh_keygen(folder.path());
        assert!(run(make.args(["-q", "-t", kind, "-N", "", "-C", "x y", "-f", kind]), b""));
        let key = std::fs::read_to_string(folder.path().join(format!("{kind}.pub"))).unwrap();
        let shown = Command::new("ssh-keygen")
            .args(["-l", "-f", kind])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        let fingerprint = line(&format!("ada {}", key.trim_end())).fingerprint().to_string();
        assert!(shown.contains(&fingerprint), "{shown} lacks {fingerprint}");
    }
}

proptest! {
    #[test]
    fn no_line_panics(text in "(a|\"a b\"|\\*)? ?(namespaces=|valid-after=|,|\\\\|\"|20250101Z|é| ){0,8}(ssh-ed25519 )?.{0,8}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_text_panics(text in ".{0,60}") {
        let _ = parse(&text);
    }
}
