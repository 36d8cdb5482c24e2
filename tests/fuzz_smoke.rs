//! Every fuzz target on its seeds and on some thousand fixed mutations of them, without nightly.
//!
//! `fuzz/` holds the targets and the seeds. The same mutations are made each time;
//! `FUZZ_SECONDS=60` makes more of them.
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

#[allow(dead_code, unreachable_pub, reason = "the targets are a crate of their own")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fuzz::{TARGETS, Target};

/// Mutations of each target, however slow the machine: how far it gets must not decide what fails.
const ROUNDS: u64 = 4_000;
/// Longest input that is made.
const LONGEST: usize = 8 << 10;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = folder().join("seeds").join(target.name);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no seed", target.name);
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Marsaglia's xorshift64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    /// A stretch of the bytes, mostly short.
    fn stretch(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let from = self.below(bytes.len() + 1);
        let most = if self.below(4) == 0 { bytes.len() } else { 16 };
        from..(from + self.below(most + 1)).min(bytes.len())
    }
}

/// What parsers stumble over.
const HARD: &[&[u8]] = &[
    b"\0",
    b"\n",
    b"\r",
    b"\n\n",
    b"\"",
    b"'",
    b"\"\"\"",
    b"[",
    b"]]",
    b"(",
    b")",
    b"<",
    b">",
    b"= ",
    b" ",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"\xff",
    b"\xc3",
    b"\xf0\x9f\x92\xa9",
    "\u{202e}".as_bytes(),
    "\u{0430}".as_bytes(),
    b"\xef\xbb\xbf",
    b"/",
    b"..",
    b"**/",
    b"?",
    b"gpgsig ",
    b"gpgsig-x ",
    b"parent ",
    b"-----BEGIN PGP SIGNATURE-----\n",
    b"\x7f\xff\xff\xff",
    b"T12:00:00+14:00",
    b"\\u0000",
    b"{",
    b"}",
    b"#",
    b";",
];

fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.stretch(&bytes);
        match random.below(8) {
            0 if !bytes.is_empty() => {
                let at = at.start.min(bytes.len() - 1);
                bytes[at] ^= 1 << random.below(8);
            }
            1 if !bytes.is_empty() => {
                let at = at.start.min(bytes.len() - 1);
                bytes[at] = random.next().to_le_bytes()[0];
            }
            2 => drop(bytes.drain(at)),
            3 => bytes.truncate(at.start),
            4 => {
                let again = bytes[at.clone()].to_vec();
                bytes.splice(at.start..at.start, again);
            }
            5 => {
                let other = &seeds[random.below(seeds.len())];
                let part = other[random.stretch(other)].to_vec();
                bytes.splice(at, part);
            }
            _ => drop(bytes.splice(at, HARD[random.below(HARD.len())].iter().copied())),
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

fn check(target: &Target, bytes: &[u8]) -> Result<(), String> {
    let ran = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes)));
    ran.map(drop).map_err(|_| {
        let path = std::env::temp_dir().join(format!("fuzz-smoke-{}", target.name));
        let kept = std::fs::write(&path, bytes).map(|()| path.display().to_string());
        format!("{}: {} (kept in {kept:?})", target.name, bytes.escape_ascii())
    })
}

fn fuzz_one(target: &Target, limit: Duration) -> Result<u64, String> {
    let seeds = seeds(target);
    for bytes in seeds.iter().map(Vec::as_slice).chain([b"".as_slice()]) {
        check(target, bytes)?;
    }
    let mut random = Random(target.name.bytes().fold(0x9e37_79b9_7f4a_7c15, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }));
    let started = Instant::now();
    let mut done = 0;
    while done < ROUNDS || started.elapsed() < limit {
        check(target, &mutate(&mut random, &seeds))?;
        done += 1;
    }
    Ok(done)
}

#[test]
fn no_seed_and_no_mutation_of_one_breaks_a_parser() {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let limit = Duration::from_secs(seconds.unwrap_or(0));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failed = Vec::new();
        while let Some(target) = TARGETS.get(next.fetch_add(1, Ordering::Relaxed)) {
            match fuzz_one(target, limit) {
                Ok(rounds) => println!("{}: {rounds} mutations", target.name),
                Err(why) => failed.push(why),
            }
        }
        failed
    };
    let failed: Vec<String> = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// A target that nobody runs, or that runs another's function, finds nothing.
#[test]
fn every_target_has_its_program_and_its_seeds() {
    let manifest = std::fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    let mut names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    for name in &names {
        let program = folder().join("fuzz_targets").join(format!("{name}.rs"));
        let program = std::fs::read_to_string(&program).unwrap();
        assert!(program.contains(&format!("gatecheck_fuzz::run(\"{name}\", bytes)")), "{name}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
    assert_eq!(std::fs::read_dir(folder().join("fuzz_targets")).unwrap().count(), names.len());
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), TARGETS.len(), "two targets of one name");
}

/// Otherwise mutations of the seeds would test nothing but how the first byte is refused.
#[test]
fn the_seeds_are_read_and_nonsense_is_not() {
    for target in TARGETS {
        assert!(seeds(target).iter().any(|bytes| (target.run)(bytes)), "{}: no seed", target.name);
        let nonsense: &[u8] = if target.name == "facts" { b"\x07\0\0\x55" } else { b"\xff(\"" };
        // Any words make a statement, and an empty tree is a tree.
        if target.name != "statement" {
            assert!(!(target.run)(nonsense), "{}: nonsense is read", target.name);
        }
    }
}
