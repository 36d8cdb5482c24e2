//! What a child process costs: time on the wall, time on the processors, memory at its peak.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The cost of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// User and system time of the child and of all that it waited for, to a hundredth of a second.
    pub(crate) cpu: Duration,
    /// Peak of the memory that is the process's own, as far as it was seen; 0 where the system
    /// does not tell. Pages of the repository's files that git maps are not counted.
    pub(crate) peak_kib: u64,
    /// How much work there is for each unit of the longest way through it: the first thread,
    /// which hands work out and takes it in, and then the busiest of the others. So many times
    /// faster than on one processor it would be if every thread had one of its own; on a machine
    /// with other work to do, the time on the wall does not tell. 1 where nothing was seen.
    pub(crate) spread: f64,
}

impl Cost {
    /// The best of several runs, each figure by itself.
    pub(crate) fn best(runs: impl IntoIterator<Item = Self>) -> Self {
        let best = |a: Self, b: Self| Self {
            wall: a.wall.min(b.wall),
            cpu: a.cpu.min(b.cpu),
            peak_kib: a.peak_kib.min(b.peak_kib),
            spread: a.spread.max(b.spread),
        };
        runs.into_iter().reduce(best).expect("at least one run")
    }

    /// As if the run had been so many times as long.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self { wall: self.wall.mul_f64(factor), cpu: self.cpu.mul_f64(factor), ..self }
    }
}

/// Runs a command to its end. It must succeed with one of these exit statuses.
pub(crate) fn run(command: &mut Command, good: &[i32]) -> Cost {
    let before = children();
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut peak_kib = 0;
    let mut threads = BTreeMap::new();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status;
        }
        peak_kib = peak(child.id()).max(peak_kib);
        look_at_threads(child.id(), &mut threads);
        std::thread::sleep(Duration::from_millis(1));
    };
    let wall = begun.elapsed();
    let cpu = children().saturating_sub(before);
    if !status.code().is_some_and(|code| good.contains(&code)) {
        let mut words = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            let _ = std::io::Read::read_to_string(&mut stderr, &mut words);
        }
        panic!("{command:?} ended with {status}: {words}");
    }
    let first = threads.remove(&child.id()).unwrap_or(0);
    let all: u64 = threads.values().sum();
    let busiest = threads.values().max().copied().unwrap_or(0);
    let spread = if busiest == 0 { 1.0 } else { (first + all) as f64 / (first + busiest) as f64 };
    Cost { wall, cpu, peak_kib, spread }
}

/// Nanoseconds on a processor, by thread; those that ended are remembered.
fn look_at_threads(id: u32, threads: &mut BTreeMap<u32, u64>) {
    let Ok(folder) = std::fs::read_dir(format!("/proc/{id}/task")) else { return };
    for entry in folder.flatten() {
        let Some(thread) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("schedstat")).unwrap_or_default();
        if let Some(spent) = stat.split(' ').next().and_then(|field| field.parse().ok()) {
            threads.insert(thread, spent);
        }
    }
}

/// Processor time of all children that were waited for.
fn children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in parentheses may hold spaces; fields are counted behind it (proc(5)).
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(14) + ticks(15)) * 10)
}

fn peak(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
