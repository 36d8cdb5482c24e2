//! The same objects in the eyes of git (with gpg and ssh-keygen) and of gatecheck.
//!
//! Commits are made by the real `git commit -S`, then bytes are changed. Both must say the same of
//! each, but for the differences that are listed here, one by one: where both suddenly agree on
//! one of those, the list is wrong, and that fails too.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has done its work"
)]

mod bench;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bench::{Bench, KEYS};

fn find(haystack: &[u8], needle: &[u8]) -> usize {
    haystack.windows(needle.len()).position(|w| w == needle).expect("it is there")
}

/// Adds a header at the end of the others, or a value of several lines folded.
fn with_header(raw: &[u8], name: &str, value: &[u8]) -> Vec<u8> {
    let end = find(raw, b"\n\n") + 1;
    let value = String::from_utf8(value.to_vec()).unwrap();
    let header = format!("{name} {}\n", value.trim_end().replace('\n', "\n "));
    [&raw[..end], header.as_bytes(), &raw[end..]].concat()
}

/// Where the signature's header stands in the object, its name and last line end included.
fn signature_of(raw: &[u8]) -> std::ops::Range<usize> {
    let from = find(raw, b"\ngpgsig ") + 1;
    let end = find(&raw[from..], b"\n ----") + from;
    let end = raw[end + 1..].iter().position(|b| *b == b'\n').unwrap() + end + 2;
    // The first line that ends the armor; the BEGIN line has no space before it.
    from..end
}

/// Places in the object that gatecheck does not ask about and gpg does: the parts of an OpenPGP v4
/// signature that nothing signs (issuer hints, two bytes of the digest), and the armor's checksum,
/// which RFC 9580 (6.1) tells everybody to ignore. gpg looks for the issuer that is named, where
/// gatecheck asks which key verifies; and it holds the checksum against every change. That is how it
/// notices a number that says it has more bits than it has, as those of some forges do, which both
/// read: such a change keeps its place and its value.
fn only_gpg_asks(raw: &[u8]) -> [BTreeSet<usize>; 3] {
    let signature = signature_of(raw);
    let body = find(&raw[signature.clone()], b"\n \n") + 3 + signature.start;
    let checksum = find(&raw[body..], b"\n =") + body + 2;
    let digits: Vec<usize> =
        (body..checksum).filter(|at| !matches!(raw[*at], b'\n' | b' ')).collect();
    let text: String = digits.iter().map(|at| char::from(raw[*at])).collect();
    let packet = STANDARD.decode(text).unwrap();
    // An old packet header, then version, type, key, digest, and the two areas.
    let header = match packet[0] {
        0x88 => 2,
        0x89 => 3,
        other => panic!("{other:#x}: another kind of packet than gpg made so far"),
    };
    assert_eq!(packet[header], 4, "another version of signatures");
    let length = |at: usize| usize::from(u16::from_be_bytes([packet[at], packet[at + 1]]));
    let unhashed = header + 6 + length(header + 4);
    let unhashed = unhashed..unhashed + 2 + length(unhashed) + 2;
    // Two numbers, each behind the number of its bits.
    let first = unhashed.end..unhashed.end + 2;
    let second = first.end + length(first.start).div_ceil(8);
    let of = |bytes: &[std::ops::Range<usize>]| {
        let touches = |n: &usize| {
            (n * 6 / 8..(n * 6 + 5) / 8 + 1).any(|at| bytes.iter().any(|area| area.contains(&at)))
        };
        (0..digits.len()).filter(touches).map(|n| digits[n]).collect()
    };
    let counts = of(&[first, second..second + 2]);
    [of(&[unhashed]), (checksum..checksum + 5).collect(), counts]
}

/// Runs a check of each item on a few threads and collects what it complains about.
fn each<T: Sync>(items: &[T], check: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(complaint) = check(item) {
                        wrong.lock().unwrap().push(complaint);
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    wrong
}

/// What is expected of one object.
#[derive(Clone, Debug, PartialEq)]
enum Expect {
    /// Both name the same key.
    Good,
    /// Both refuse it.
    Bad,
    /// git takes it, gatecheck refuses it with this code.
    Stricter(&'static str),
}

fn judge(bench: &Bench, name: &str, raw: &[u8], expected: &Expect) -> Option<String> {
    let id = bench.write(raw);
    let (git, ours) = (bench.git_says(&id), bench.gatecheck_says(&id));
    let fits = match (expected, &git, &ours) {
        (Expect::Good, Ok(theirs), Ok(ours)) => theirs == ours,
        (Expect::Bad, Err(_), Err(_)) => true,
        (Expect::Stricter(expected), Ok(_), Err(code)) => code == expected,
        _ => false,
    };
    (!fits).then(|| format!("{name}: git {git:?}, gatecheck {ours:?}, expected {expected:?}"))
}

#[test]
fn honest_signatures_are_good_to_both_and_one_changed_byte_is_bad_to_both() {
    let bench = Bench::new();
    let mut cases = Vec::new();
    for (key, format) in KEYS {
        let raw = bench.commit(key, format, "a message\n\nSigned-off-by: A <a@example.org>");
        let signature = signature_of(&raw);
        // Bits of the payload: in hashes, dates, names, the message.
        let payload: Vec<usize> = (0..raw.len()).filter(|at| !signature.contains(at)).collect();
        for at in payload.iter().step_by(payload.len() / 12) {
            let mut flipped = raw.clone();
            flipped[*at] ^= 1;
            cases.push((format!("{key}: bit 0 of byte {at}"), flipped, Expect::Bad));
        }
        // Bits of the signature proper, behind everything that only gpg asks about.
        let body = match format {
            "openpgp" => only_gpg_asks(&raw)[0].last().unwrap() + 8,
            _ => signature.end - 70,
        };
        for at in (body..).filter(|at| raw[*at].is_ascii_alphanumeric()).take(6) {
            let mut flipped = raw.clone();
            flipped[at] = if raw[at] == b'A' { b'B' } else { b'A' };
            cases.push((format!("{key}: digit {at} of the armor"), flipped, Expect::Bad));
        }
        let unsigned = [&raw[..signature.start], &raw[signature.end..]].concat();
        cases.push((format!("{key}: without its signature"), unsigned, Expect::Bad));
        cases.push((format!("{key}: as it is"), raw, Expect::Good));
    }
    let wrong = each(&cases, |(name, raw, expected)| judge(&bench, name, raw, expected));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Bytes of the armor changed, one by one: where gatecheck takes it, git does.
#[test]
fn no_change_of_the_armor_is_taken_that_git_refuses() {
    let bench = Bench::new();
    let (mut cases, mut asked) = (Vec::new(), <[BTreeSet<usize>; 3]>::default());
    for (key, format) in [KEYS[0], KEYS[3]] {
        let raw = bench.commit(key, format, "m");
        if format == "openpgp" {
            asked = only_gpg_asks(&raw);
        }
        for (n, at) in signature_of(&raw).skip(7).enumerate() {
            // A part of the digits of the body, all of those that only gpg asks about, and all that
            // frames them.
            let listed = format == "openpgp" && asked.iter().any(|places| places.contains(&at));
            if raw[at].is_ascii_alphanumeric() && n % 5 != 0 && !listed {
                continue;
            }
            // Whichever digit it is, another one.
            let digit = listed.then_some(if raw[at] == b'A' { b'B' } else { b'A' });
            for new in [b' ', b'=', b'\t', raw[at] ^ 1].into_iter().chain(digit) {
                let mut changed = raw.clone();
                changed[at] = new;
                cases.push((key, at, new, changed));
            }
        }
    }
    let seen = Mutex::new([false; 2]);
    let wrong = each(&cases, |(key, at, new, raw)| {
        let id = bench.write(raw);
        let ours = bench.gatecheck_says(&id).ok()?;
        let git = bench.git_says(&id);
        if git.as_ref() == Ok(&ours) {
            return None;
        }
        let known = asked.each_ref().map(|places| *key == "ed25519" && places.contains(at));
        if git.is_err() && known != [false; 3] {
            let mut seen = seen.lock().unwrap();
            *seen = [seen[0] | known[0], seen[1] | known[1]];
            return None;
        }
        Some(format!("{key}: byte {at} is {new:#x}: git {git:?}, gatecheck {ours}"))
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(seen.into_inner().unwrap(), [true; 2], "a difference that is listed is gone");
}

/// Where the two differ on purpose, and neighbours of those cases on which they do not.
#[test]
fn the_differences_are_these() {
    use Expect::{Bad, Good, Stricter};
    let bench = Bench::new();
    let plain = {
        let raw = bench.commit("rsa3072", "openpgp", "a message");
        let signature = signature_of(&raw);
        [&raw[..signature.start], &raw[signature.end..]].concat()
    };
    let edit = |old: &str, new: &str| {
        let at = find(&plain, old.as_bytes());
        [&plain[..at], new.as_bytes(), &plain[at + old.len()..]].concat()
    };
    // Signed as it stands by a registered key, however odd it is.
    let signed =
        |payload: &[u8]| with_header(payload, "gpgsig", &bench.sign("rsa3072", &[], payload));
    let by =
        |key: &str, more: &[&str]| with_header(&plain, "gpgsig", &bench.sign(key, more, &plain));
    let author = {
        let from = find(&plain, b"author ");
        let end = plain[from..].iter().position(|b| *b == b'\n').unwrap() + from + 1;
        String::from_utf8(plain[from..end].to_vec()).unwrap()
    };
    let honest = by("rsa3072", &[]);
    let date = author.rsplit("> ").next().unwrap().trim_end().to_owned();
    let appended = |name: &str, value: &[u8]| with_header(&honest, name, value);
    let foreign = bench.sign("ed25519", &[], &plain);
    let cases = [
        ("signed by hand", honest.clone(), Good),
        ("a comment in the armor", by("rsa3072", &["--comment", "hello: world"]), Good),
        ("a version in the armor", by("rsa3072", &["--emit-version"]), Good),
        ("SHA-256", by("rsa3072", &["--digest-algo", "SHA256"]), Good),
        ("a text-mode signature", by("rsa3072", &["--textmode"]), Stricter("signature-type")),
        ("SHA-1", by("rsa3072", &["--digest-algo", "SHA1"]), Stricter("weak-digest")),
        ("RIPEMD-160", by("rsa3072", &["--digest-algo", "RIPEMD160"]), Stricter("weak-digest")),
        ("a key that is not registered", by("stranger", &[]), Stricter("unknown-signer")),
        (
            "author twice, signed",
            signed(&edit(&author, &author.repeat(2))),
            Stricter("malformed-object"),
        ),
        ("a tree of the wrong length, signed", signed(&edit("tree ", "tree 0")), Bad),
        ("a NUL, signed", signed(&edit("a message", "a\0message")), Stricter("malformed-object")),
        ("a negative date, signed", signed(&edit(&date, "-5 +0000")), Stricter("malformed-object")),
        ("no date, signed", signed(&edit(&format!(" {date}"), "")), Stricter("malformed-object")),
        ("an unknown header, signed", signed(&edit("\n\n", "\nfoo bar\n\n")), Good),
        ("encoding, signed", signed(&edit("\n\n", "\nencoding latin1\n\n")), Good),
        (
            "encoding twice, signed",
            signed(&edit("\n\n", "\nencoding a\nencoding b\n\n")),
            Stricter("malformed-object"),
        ),
        ("an unknown header, added later", appended("foo", b"bar"), Bad),
        ("gpgsig-foo, added later", appended("gpgsig-foo", b"bar"), Stricter("unsigned-header")),
        ("gpgsig-sha256, added later", appended("gpgsig-sha256", &foreign), Good),
        ("a second gpgsig by somebody else", appended("gpgsig", &foreign), Bad),
        ("the same gpgsig again", appended("gpgsig", &bench.sign("rsa3072", &[], &plain)), Bad),
        (
            "a signature over nothing",
            with_header(&plain, "gpgsig", &bench.sign("rsa3072", &[], b"")),
            Bad,
        ),
        (
            "an SSH signature for files",
            with_header(&plain, "gpgsig", &bench.sign_ssh("ssh-ed25519", "file", &plain)),
            Bad,
        ),
        (
            "an SSH signature of a statement",
            with_header(&plain, "gpgsig", &bench.sign_ssh("ssh-ed25519", "gatecheck", &plain)),
            Bad,
        ),
        (
            "an SSH signature by hand",
            with_header(&plain, "gpgsig", &bench.sign_ssh("ssh-ed25519", "git", &plain)),
            Good,
        ),
    ];
    let wrong = each(&cases, |(name, raw, expected)| judge(&bench, name, raw, expected));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
