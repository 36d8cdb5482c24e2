//! Where everything stands in the picture of who could sign when: lanes, positions, merged marks.
//! Pure numbers; `html` draws them as vectors and `timeline` as text.

use std::collections::BTreeMap;

use super::axis::{self, AxisMark};
use crate::model::{Age, ReviewerId, Time};
use crate::report::{GateReport, KeyWindow, Report, SignoffReport, Verdict};

/// Lanes that are drawn; the rest is counted.
const MOST_LANES: usize = 200;
/// Rows of one lane; bars that would need more share the last.
const MOST_ROWS: usize = 4;
/// How far key windows and refused gates may stretch the picture beyond the gates that hold, where
/// these are close together.
const REACH: i64 = 180 * 86_400;

/// How fine the picture is.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Grain {
    /// Positions from left to right.
    pub columns: u32,
    /// Marks that are nearer to each other than this become one.
    pub gap: u32,
    /// Positions that a label of the axis takes.
    pub label: u32,
}

/// The whole picture.
#[derive(Clone, Debug)]
pub(in crate::render) struct Geometry<'a> {
    /// Dates along the edge.
    pub axis: Vec<AxisMark>,
    /// The gates, merged where they meet.
    pub gates: Vec<Mark<'a>>,
    /// One lane a reviewer, by id.
    pub lanes: Vec<Lane<'a>>,
    /// Reviewers without a lane.
    pub more_lanes: usize,
}

/// One reviewer.
#[derive(Clone, Debug)]
pub(in crate::render) struct Lane<'a> {
    /// Who.
    pub reviewer: &'a ReviewerId,
    /// Rows of bars, at least one.
    pub rows: usize,
    /// Windows of keys.
    pub bars: Vec<Bar<'a>>,
    /// Sign-offs, merged where they meet.
    pub marks: Vec<Mark<'a>>,
}

/// The window of one key.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Bar<'a> {
    /// The key.
    pub key: &'a KeyWindow,
    /// In which row of its lane, from 0.
    pub row: usize,
    /// First position.
    pub from: u32,
    /// Last position.
    pub until: u32,
    /// The window begins before the picture.
    pub from_before: bool,
    /// The window goes on beyond the picture, or for ever.
    pub until_after: bool,
}

/// How a mark looks. Ordered: of merged marks, the greatest is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::render) enum Kind {
    /// A gate that holds; a sign-off that counts.
    Holds,
    /// A sign-off that is attested and does not count.
    Aside,
    /// A gate that cannot be told.
    Undecided,
    /// A gate that is refused; a sign-off that is not attested.
    Refused,
}

/// One gate or sign-off, or several that would be drawn over each other.
#[derive(Clone, Debug)]
pub(in crate::render) struct Mark<'a> {
    /// Position of the first.
    pub at: u32,
    /// The worst.
    pub kind: Kind,
    /// How many of each kind.
    pub counts: BTreeMap<Kind, usize>,
    /// The first in the history.
    pub first: &'a GateReport,
    /// The last in the history.
    pub last: &'a GateReport,
}

impl Mark<'_> {
    /// How many it stands for.
    pub(in crate::render) fn total(&self) -> usize {
        self.counts.values().sum()
    }
}

impl<'a> Geometry<'a> {
    /// The picture of a report; `None` where there is no date to draw anything at.
    pub(in crate::render) fn new(report: &'a Report, grain: Grain) -> Option<Self> {
        let scale = Scale::over(report, grain.columns)?;
        let places = places(report, &scale);
        let gates = places.iter().map(|(gate, at)| (*gate, *at, kind(gate.verdict)));
        let mut lanes: BTreeMap<&ReviewerId, (Vec<&KeyWindow>, Vec<_>)> = BTreeMap::new();
        for key in &report.keys {
            lanes.entry(&key.reviewer_id).or_default().0.push(key);
        }
        for (gate, at) in &places {
            for signoff in &gate.signoffs {
                let marks = &mut lanes.entry(&signoff.reviewer_id).or_default().1;
                marks.push((*gate, *at, kind_of_signoff(signoff)));
            }
        }
        let more_lanes = lanes.len().saturating_sub(MOST_LANES);
        let lanes = lanes.into_iter().take(MOST_LANES);
        Some(Self {
            axis: axis::marks(&scale, grain.label),
            gates: merged(gates, grain.gap),
            lanes: lanes
                .map(|(who, (keys, marks))| lane(who, keys, marks, &scale, grain))
                .collect(),
            more_lanes,
        })
    }
}

const fn kind(verdict: Verdict) -> Kind {
    match verdict {
        Verdict::Pass => Kind::Holds,
        Verdict::Undecided => Kind::Undecided,
        Verdict::Refused => Kind::Refused,
    }
}

/// What became of the sign-off itself: why its gate fell stands in the lane of the gates.
const fn kind_of_signoff(signoff: &SignoffReport) -> Kind {
    match (signoff.attested, signoff.counted) {
        (true, true) => Kind::Holds,
        (true, false) => Kind::Aside,
        (false, _) => Kind::Refused,
    }
}

/// Every gate and its position. A gate without a date stands where the one before it does: what is
/// wrong with it must not keep it out of the picture.
fn places<'a>(report: &'a Report, scale: &Scale) -> Vec<(&'a GateReport, u32)> {
    let mut before = 0;
    let mut places = Vec::new();
    for gate in &report.gates {
        let at = date(gate).map_or(before, |at| scale.column(at));
        before = at;
        places.push((gate, at));
    }
    places
}

fn date(gate: &GateReport) -> Option<Time> {
    gate.committer_time.or(gate.signature_time)
}

fn lane<'a>(
    reviewer: &'a ReviewerId,
    mut keys: Vec<&'a KeyWindow>,
    marks: Vec<(&'a GateReport, u32, Kind)>,
    scale: &Scale,
    grain: Grain,
) -> Lane<'a> {
    keys.sort_by_key(|key| key.window.from);
    // The last position taken in each row.
    let mut rows: Vec<u32> = Vec::new();
    let mut bars = Vec::new();
    for key in keys {
        let Some(mut bar) = scale.bar(key) else { continue };
        let free = rows.iter().position(|last| *last < bar.from);
        bar.row = match free {
            Some(row) => row,
            None if rows.len() < MOST_ROWS => {
                rows.push(0);
                rows.len().saturating_sub(1)
            }
            None => MOST_ROWS.saturating_sub(1),
        };
        if let Some(last) = rows.get_mut(bar.row) {
            *last = bar.until.max(*last);
        }
        bars.push(bar);
    }
    Lane { reviewer, rows: rows.len().max(1), bars, marks: merged(marks.into_iter(), grain.gap) }
}

/// Marks from left to right; a mark within `gap` of the first of a group joins it.
fn merged<'a>(marks: impl Iterator<Item = (&'a GateReport, u32, Kind)>, gap: u32) -> Vec<Mark<'a>> {
    let mut sorted: Vec<_> = marks.collect();
    sorted.sort_by_key(|(_, at, _)| *at);
    let mut merged: Vec<Mark<'a>> = Vec::new();
    for (gate, at, kind) in sorted {
        match merged.last_mut().filter(|mark| at.saturating_sub(mark.at) < gap.max(1)) {
            Some(mark) => {
                mark.kind = mark.kind.max(kind);
                let count = mark.counts.entry(kind).or_default();
                *count = count.saturating_add(1);
                mark.last = gate;
            }
            None => merged.push(Mark {
                at,
                kind,
                counts: BTreeMap::from([(kind, 1)]),
                first: gate,
                last: gate,
            }),
        }
    }
    merged
}

/// Times to positions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// The first moment of the picture.
    pub start: Time,
    /// The last.
    pub end: Time,
    /// Positions from left to right.
    pub columns: u32,
}

impl Scale {
    /// The time from the first to the last gate that holds fills the picture. Windows and refused
    /// gates stretch it, but by no more than a third on either side: dates are claims, and one in the
    /// year 9999 must not press everything else into a line.
    fn over(report: &Report, columns: u32) -> Option<Self> {
        let held = report.gates.iter().filter(|gate| gate.verdict == Verdict::Pass);
        let held: Vec<Time> = held.filter_map(date).collect();
        let windows = || report.keys.iter().map(|key| key.window).filter(|w| !w.is_empty());
        let froms: Vec<Time> = windows().map(|window| window.from).collect();
        let others: Vec<Time> = report.gates.iter().filter_map(date).collect();
        let core = [&held, &froms, &others].into_iter().find(|times| !times.is_empty())?;
        let (low, high) = (core.iter().min()?.unix(), core.iter().max()?.unix());
        let reach = (high.saturating_sub(low) / 3).max(REACH);
        let untils = windows().filter_map(|window| window.until);
        let all: Vec<i64> =
            froms.iter().chain(&others).copied().chain(untils).map(Time::unix).collect();
        let start = all.iter().copied().min()?.max(low.saturating_sub(reach));
        let end = all.iter().copied().max()?.min(high.saturating_add(reach));
        // Some room at the right, where windows without an end go on.
        let room = end.saturating_sub(start) / 24;
        let end = Time::from_unix_clamped(end.saturating_add(room.max(86_400)));
        let start = Time::from_unix_clamped(start).min(end.minus(Age::days(1)));
        Some(Self { start, end, columns: columns.max(2) })
    }

    /// The position of a time; what lies outside stands at the edge.
    pub(super) fn column(&self, at: Time) -> u32 {
        let start = i128::from(self.start.unix());
        let span = i128::from(self.end.unix()).saturating_sub(start).max(1);
        let last = i128::from(self.columns.saturating_sub(1));
        let into = i128::from(at.unix()).saturating_sub(start);
        let column = into.saturating_mul(last).checked_div(span).unwrap_or(0);
        u32::try_from(column.clamp(0, last)).unwrap_or(0)
    }

    /// The bar of a key; `None` where its window holds no moment.
    fn bar<'a>(&self, key: &'a KeyWindow) -> Option<Bar<'a>> {
        if key.window.is_empty() {
            return None;
        }
        let last = self.columns.saturating_sub(1);
        let until = key.window.until.filter(|until| *until <= self.end);
        let from = self.column(key.window.from);
        let until_column = until.map_or(last, |until| self.column(until).saturating_sub(1));
        Some(Bar {
            key,
            row: 0,
            from,
            // However short, a window that holds a moment is seen.
            until: until_column.max(from),
            from_before: key.window.from < self.start,
            until_after: until.is_none(),
        })
    }
}

#[cfg(test)]
#[path = "geometry_tests.rs"]
mod tests;
