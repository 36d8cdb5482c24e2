//! The windows of keys as lanes of text.

use std::collections::BTreeMap;

use crate::model::registry::KeyState;
use crate::model::{KeyEntry, Registry, ReviewerId, Time};

/// Columns that a key's label takes.
const LABEL: usize = 32;
/// Fewest and most columns of a lane.
const LANE: std::ops::RangeInclusive<usize> = 20..=400;
/// Most lanes that are drawn; the rest is counted.
const MAX_LANES: usize = 1_000;

/// Draws each key's window, one lane a key, grouped by person, with the given gates (epoch and
/// time) and, where a time is given, today, below. `width` is that of the whole picture in columns;
/// a lane has at least 20. Lines end with a line end and have no spaces at their ends.
///
/// `=` standing, `-` retired, `x` compromised, `>` without an end, `.` outside.
#[must_use]
pub fn timeline(
    registry: &Registry,
    gates: &[(u64, Time)],
    width: usize,
    now: Option<Time>,
) -> String {
    let columns = width.saturating_sub(LABEL).clamp(*LANE.start(), *LANE.end());
    let Some(scale) = Scale::over(registry, gates, now, columns) else {
        return "no keys\n".to_owned();
    };
    let mut picture = String::new();
    line(&mut picture, "", &scale.ends());
    let mut people: BTreeMap<&ReviewerId, Vec<&KeyEntry>> = BTreeMap::new();
    for key in registry.keys.iter().take(MAX_LANES) {
        people.entry(&key.reviewer).or_default().push(key);
    }
    for (person, mut keys) in people {
        keys.sort_by_key(|key| key.window.from);
        line(&mut picture, person.as_str(), "");
        for key in keys {
            line(&mut picture, &label(key), &scale.lane(key));
        }
    }
    if let Some(more) = registry.keys.len().checked_sub(MAX_LANES).filter(|more| *more > 0) {
        line(&mut picture, &format!("and {more} keys more"), "");
    }
    if !gates.is_empty() {
        let (marks, names) = scale.gates(gates);
        line(&mut picture, "gates", &marks);
        line(&mut picture, "", &names);
    }
    if let Some(now) = now {
        let mark = format!("{}^ {}", " ".repeat(scale.column(now)), now.date());
        line(&mut picture, "now", &mark);
    }
    line(&mut picture, "= standing  - retired  x compromised  > no end", "");
    picture
}

fn line(picture: &mut String, label: &str, lane: &str) {
    picture.push_str(format!("{label:<LABEL$}{lane}").trim_end());
    picture.push('\n');
}

/// `  3c3f1b7c5ad0e1e1 rotated`
fn label(key: &KeyEntry) -> String {
    let text = key.fingerprint.map_or_else(|| "placeholder".to_owned(), |f| f.to_string());
    let short: String = text.trim_start_matches("SHA256:").chars().take(16).collect();
    let state = match &key.state {
        KeyState::Standing => "",
        KeyState::Retired(retirement) => retirement.reason.name(),
    };
    format!("  {short} {state}").chars().take(LABEL).collect()
}

/// Times to columns.
struct Scale {
    start: Time,
    end: Time,
    columns: usize,
}

impl Scale {
    fn over(
        registry: &Registry,
        gates: &[(u64, Time)],
        now: Option<Time>,
        columns: usize,
    ) -> Option<Self> {
        let windows = registry.keys.iter().map(|key| key.window);
        let times = windows
            .flat_map(|window| [Some(window.from), window.until])
            .flatten()
            .chain(gates.iter().map(|(_, at)| *at))
            .chain(now);
        let (mut start, mut end) = (None::<Time>, None::<Time>);
        for time in times {
            start = Some(start.map_or(time, |start| start.min(time)));
            end = Some(end.map_or(time, |end| end.max(time)));
        }
        if registry.keys.is_empty() {
            return None;
        }
        Some(Self { start: start?, end: end?, columns })
    }

    fn ends(&self) -> String {
        let (start, end) = (self.start.date(), self.end.date());
        let gap = self.columns.saturating_sub(start.len().saturating_add(end.len())).max(1);
        format!("{start}{}{end}", " ".repeat(gap))
    }

    /// The column of a time, from 0.
    fn column(&self, at: Time) -> usize {
        let span = i128::from(self.end.unix()).saturating_sub(i128::from(self.start.unix()));
        let into = i128::from(at.unix()).saturating_sub(i128::from(self.start.unix()));
        let last = i128::try_from(self.columns.saturating_sub(1)).unwrap_or(0);
        let column = into.saturating_mul(last).checked_div(span).unwrap_or(0);
        usize::try_from(column.clamp(0, last)).unwrap_or(0)
    }

    fn lane(&self, key: &KeyEntry) -> String {
        let bar = match &key.state {
            KeyState::Standing => '=',
            KeyState::Retired(_) if key.is_compromised() => 'x',
            KeyState::Retired(_) => '-',
        };
        let from = self.column(key.window.from);
        let last = self.columns.saturating_sub(1);
        let until = key.window.until.map_or(last, |until| self.column(until));
        (0..self.columns)
            .map(|column| match column {
                // However short, a window that holds a moment is seen.
                c if key.window.is_empty() || c < from => '.',
                c if c == last && key.window.until.is_none() => '>',
                c if c == from || c < until => bar,
                _ => '.',
            })
            .collect()
    }

    /// Marks, and the epochs' numbers where there is room for them.
    fn gates(&self, gates: &[(u64, Time)]) -> (String, String) {
        let mut sorted: Vec<(usize, u64)> =
            gates.iter().map(|(epoch, at)| (self.column(*at), *epoch)).collect();
        sorted.sort_unstable();
        let mut marks = vec![' '; self.columns];
        let mut names = String::new();
        for (column, epoch) in sorted {
            if let Some(mark) = marks.get_mut(column) {
                *mark = '|';
            }
            if names.is_empty() || names.len() < column {
                let gap = column.saturating_sub(names.len());
                names.push_str(&" ".repeat(gap));
                names.push_str(&epoch.to_string());
            }
        }
        (marks.into_iter().collect(), names)
    }
}
