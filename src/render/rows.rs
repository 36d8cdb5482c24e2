//! Rows of tables: gates that hold are folded, and what does not fit is counted.

use super::words;
use crate::report::{GateReport, Verdict};

/// Up to so many gates are shown one by one whatever their verdict.
const MOST_UNFOLDED: usize = 12;
/// Gates that hold are folded only where so many stand in a row.
const SHORTEST_FOLD: usize = 3;

/// A row of the table of gates.
#[derive(Clone, Copy)]
pub(super) enum Row<'a> {
    /// One gate.
    One(&'a GateReport),
    /// Gates in a row that hold.
    Fold(&'a [GateReport]),
}

impl<'a> Row<'a> {
    /// The rows for some gates, in their order.
    pub(super) fn of(gates: &'a [GateReport]) -> Vec<Self> {
        if gates.len() <= MOST_UNFOLDED {
            return gates.iter().map(Row::One).collect();
        }
        // The last gate always stands for itself: it says where the history is now.
        let Some((last, earlier)) = gates.split_last() else { return Vec::new() };
        let mut rows = Vec::new();
        for run in earlier.chunk_by(|a, b| holds(a) && holds(b)) {
            if run.len() >= SHORTEST_FOLD {
                rows.push(Row::Fold(run));
            } else {
                rows.extend(run.iter().map(Row::One));
            }
        }
        rows.push(Row::One(last));
        rows
    }

    /// `epoch 7`, or `epoch 3 to 6`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::One(gate) => words::gate(gate),
            Self::Fold(gates) => {
                let mut epochs = gates.iter().filter_map(|gate| gate.epoch);
                match (epochs.next(), epochs.next_back()) {
                    (Some(first), Some(last)) => format!("epoch {first} to {last}"),
                    (Some(only), None) => format!("with epoch {only}"),
                    (None, _) => "no epoch".to_owned(),
                }
            }
        }
    }
}

fn holds(gate: &GateReport) -> bool {
    gate.verdict == Verdict::Pass
}

/// Rows, in order, as long as all of them together take at most `room` bytes; and how many of them
/// are left out. A row is there whole or not at all.
pub(super) fn within(rows: impl Iterator<Item = String>, room: usize) -> (String, usize) {
    let mut text = String::new();
    let mut left_out = 0_usize;
    for row in rows {
        if left_out > 0 || text.len().saturating_add(row.len()) > room {
            left_out = left_out.saturating_add(1);
        } else {
            text.push_str(&row);
        }
    }
    (text, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole_and_those_left_out_are_the_last() {
        let rows = || ["aa", "bbb", "c", "d"].into_iter().map(str::to_owned);
        assert_eq!(within(rows(), 7), ("aabbbcd".to_owned(), 0));
        assert_eq!(within(rows(), 6), ("aabbbc".to_owned(), 1));
        assert_eq!(within(rows(), 4), ("aa".to_owned(), 3), "c and d would fit; order is kept");
        assert_eq!(within(rows(), 0), (String::new(), 4));
    }
}
