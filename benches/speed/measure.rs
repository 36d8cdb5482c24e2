//! What a child process costs: time on the wall, time on the processors, memory at its peak.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The cost of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// User and system time of the child and of all that it waited for, to a hundredth of a second.
    pub(crate) cpu: Duration,
    /// Peak of the resident memory, as far as it was seen; 0 where the system does not tell.
    pub(crate) peak_kib: u64,
}

impl Cost {
    /// The best of several runs, each figure by itself.
    pub(crate) fn best(runs: impl IntoIterator<Item = Self>) -> Self {
        let best = |a: Self, b: Self| Self {
            wall: a.wall.min(b.wall),
            cpu: a.cpu.min(b.cpu),
            peak_kib: a.peak_kib.min(b.peak_kib),
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
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status;
        }
        peak_kib = peak(child.id()).max(peak_kib);
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
    Cost { wall, cpu, peak_kib }
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
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
