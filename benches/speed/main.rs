//! How fast every commit of a history is judged, beside what it must cost at the least and what
//! git with gpg needs. `docs/speed.md` says how to run it and what was measured.
//!
//! Everything is measured on child processes, in one run, so that the ratios hold whatever the
//! machine: wall-clock time, processor time and peak memory.
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
    reason = "a tool of the developers, without input"
)]

mod bare;
mod measure;
mod rows;
mod world;

use std::path::PathBuf;

/// What the command line asks for.
pub(crate) struct Plan {
    /// Lengths of the histories.
    pub(crate) commits: Vec<usize>,
    /// Commits that git with gpg is shown.
    pub(crate) sample: usize,
    /// Commits signed with RSA-4096.
    pub(crate) rsa: usize,
    /// Each short measurement is made so often, and the best one is taken.
    pub(crate) rounds: usize,
    /// A repository of the reader's own, for the cost of reading alone.
    pub(crate) repository: Option<PathBuf>,
    /// Where repositories and registries are made and left; a folder that goes away by default.
    pub(crate) keep: Option<PathBuf>,
}

const USAGE: &str = "cargo bench --bench speed -- [--large] [--quick] [--commits N,N] \
                     [--sample N] [--rsa N] [--rounds N] [--repo PATH] [--keep FOLDER]";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, rest @ ..] = arguments.as_slice()
        && word == bare::WORD
    {
        bare::main(rest);
        return;
    }
    rows::run_plan(&plan(&arguments));
}

fn plan(arguments: &[String]) -> Plan {
    let mut plan = Plan {
        commits: vec![1_000, 10_000],
        sample: 200,
        rsa: 1_000,
        rounds: 3,
        repository: None,
        keep: None,
    };
    let mut words = arguments.iter();
    let number = |word: Option<&String>| -> usize {
        word.and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{USAGE}"))
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            // Cargo says this to every benchmark.
            "--bench" => {}
            "--large" => plan.commits.push(100_000),
            "--quick" => {
                plan.commits = vec![1_000];
                (plan.sample, plan.rsa, plan.rounds) = (50, 200, 1);
            }
            "--commits" => {
                let list = words.next().unwrap_or_else(|| panic!("{USAGE}"));
                plan.commits = list.split(',').map(|n| number(Some(&n.to_owned()))).collect();
            }
            "--sample" => plan.sample = number(words.next()),
            "--rsa" => plan.rsa = number(words.next()),
            "--rounds" => plan.rounds = number(words.next()).max(1),
            "--keep" => plan.keep = words.next().map(PathBuf::from),
            "--repo" => plan.repository = words.next().map(PathBuf::from),
            _ => panic!("{USAGE}"),
        }
    }
    plan
}
