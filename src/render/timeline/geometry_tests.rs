//! The picture in numbers.

use proptest::prelude::*;

use super::*;
use crate::model::Window;
use crate::render::samples::{self, at};
use crate::report::KeyStanding;

const GRAIN: Grain = Grain { columns: 100, gap: 3, label: 12 };

fn gate_at(epoch: u64, verdict: Verdict, date: Option<&str>) -> GateReport {
    let date = date.map(at);
    GateReport { committer_time: date, signature_time: date, ..samples::gate(epoch, verdict) }
}

fn drawn(report: &Report) -> Geometry<'_> {
    Geometry::new(report, GRAIN).unwrap()
}

fn with_gates(gates: Vec<GateReport>) -> Report {
    Report { gates, keys: Vec::new(), ..samples::passing() }
}

#[test]
fn windows_stand_in_rows_that_do_not_overlap() {
    let mut report = samples::passing();
    let window = |from: &str, until: Option<&str>| KeyWindow {
        window: Window { from: at(from), until: until.map(at) },
        ..report.keys[0].clone()
    };
    report.keys = vec![
        window("2026-05-01", None),
        window("2026-01-01", Some("2026-06-01")),
        window("2026-06-01", Some("2026-07-01")),
        window("2026-06-01", Some("2026-06-01")),
    ];
    let geometry = drawn(&report);
    let lane = geometry.lanes.iter().find(|lane| lane.reviewer.as_str() == "clancy").unwrap();
    let rows: Vec<usize> = lane.bars.iter().map(|bar| bar.row).collect();
    assert_eq!(rows, [0, 1, 0], "by their start; the empty one is no bar");
    assert_eq!(lane.rows, 2);
    assert!(lane.bars[1].until_after && !lane.bars[0].until_after);
    assert_eq!(lane.bars[1].until, 99);
    for (n, a) in lane.bars.iter().enumerate() {
        for b in &lane.bars[n + 1..] {
            assert!(a.row != b.row || a.until < b.from || b.until < a.from, "{a:?} {b:?}");
        }
    }
}

#[test]
fn marks_that_meet_are_one_and_the_worst_is_seen() {
    let report = with_gates(vec![
        gate_at(0, Verdict::Pass, Some("2026-01-01")),
        gate_at(1, Verdict::Pass, Some("2026-06-01")),
        gate_at(2, Verdict::Refused, Some("2026-06-02")),
        gate_at(3, Verdict::Pass, Some("2026-12-31")),
    ]);
    let geometry = drawn(&report);
    let seen: Vec<_> = geometry.gates.iter().map(|mark| (mark.kind, mark.total())).collect();
    assert_eq!(seen, [(Kind::Holds, 1), (Kind::Refused, 2), (Kind::Holds, 1)]);
    let middle = &geometry.gates[1];
    assert_eq!((middle.first.epoch, middle.last.epoch), (Some(1), Some(2)));
    assert_eq!(middle.counts[&Kind::Refused], 1);
}

#[test]
fn one_forged_date_does_not_squeeze_the_rest() {
    let report = with_gates(vec![
        gate_at(0, Verdict::Pass, Some("2026-01-01")),
        gate_at(1, Verdict::Pass, Some("2026-12-31")),
        gate_at(2, Verdict::Refused, Some("9999-01-01")),
        gate_at(3, Verdict::Refused, Some("0001-01-01")),
        gate_at(4, Verdict::Refused, None),
    ]);
    let geometry = drawn(&report);
    let ats: Vec<u32> = geometry.gates.iter().map(|mark| mark.at).collect();
    assert_eq!((ats[0], ats[3]), (0, 99), "at the edges");
    assert!(ats[2] - ats[1] > 25, "{ats:?}");
    assert_eq!(geometry.gates[0].total(), 2, "the one without a date stands by the one before it");
}

#[test]
fn sign_offs_stand_in_the_lanes_of_those_who_made_them() {
    let mut report = samples::refused();
    report.gates[0].signoffs[1].counted = false;
    report.gates[2].committer_time = Some(at("2026-09-01"));
    report.gates[0].committer_time = Some(at("2024-01-01"));
    let geometry = drawn(&report);
    let ada = geometry.lanes.iter().find(|lane| lane.reviewer.as_str() == "ada").unwrap();
    assert_eq!(ada.marks[0].kind, Kind::Aside);
    assert_eq!(ada.marks.last().unwrap().kind, Kind::Refused);
    let lanes: Vec<&str> = geometry.lanes.iter().map(|lane| lane.reviewer.as_str()).collect();
    assert_eq!(lanes, ["ada", "clancy", "mallory", "nobody"]);
}

#[test]
fn dates_are_round_and_there_is_room_for_them() {
    let labels = |from: &str, to: &str| -> Vec<String> {
        let scale = Scale { start: at(from), end: at(to), columns: 100 };
        axis::marks(&scale, 12).into_iter().map(|mark| mark.label).collect()
    };
    assert_eq!(labels("2026-06-01", "2026-06-04").len(), 4);
    assert_eq!(labels("2026-06-11", "2027-02-01")[0], "2026-07");
    let years = labels("2024-06-11", "2031-02-01");
    assert_eq!(years, ["2025", "2026", "2027", "2028", "2029", "2030", "2031"]);
    assert!(!labels("0001-01-01", "9999-12-31").is_empty());
}

#[test]
fn a_report_without_dates_has_no_picture() {
    assert!(Geometry::new(&samples::empty(), GRAIN).is_none());
    let report = with_gates(vec![gate_at(0, Verdict::Refused, None)]);
    assert!(Geometry::new(&report, GRAIN).is_none());
}

proptest! {
    #[test]
    fn everything_is_in_the_picture(
        froms in proptest::collection::vec((any::<i64>(), proptest::option::of(any::<i64>())), 0..9),
        gates in proptest::collection::vec((any::<i64>(), 0u8..3), 0..40),
        columns in 0u32..2_000, gap in 0u32..20, label in 0u32..90,
    ) {
        let mut report = samples::passing();
        let key = report.keys[0].clone();
        report.keys = froms
            .into_iter()
            .map(|(from, until)| KeyWindow {
                window: Window {
                    from: Time::from_unix_clamped(from),
                    until: until.map(Time::from_unix_clamped),
                },
                state: KeyStanding::Standing,
                ..key.clone()
            })
            .collect();
        report.gates = gates
            .iter()
            .map(|(at, verdict)| {
                let verdict = match verdict {
                    0 => Verdict::Pass,
                    1 => Verdict::Undecided,
                    _ => Verdict::Refused,
                };
                let time = Some(Time::from_unix_clamped(*at));
                GateReport { committer_time: time, ..samples::gate(1, verdict) }
            })
            .collect();
        let grain = Grain { columns, gap, label };
        let columns = columns.max(2);
        if let Some(geometry) = Geometry::new(&report, grain) {
            let drawn: usize = geometry.gates.iter().map(Mark::total).sum();
            prop_assert_eq!(drawn, report.gates.len());
            prop_assert!(geometry.gates.iter().all(|mark| mark.at < columns));
            prop_assert!(geometry.axis.iter().all(|mark| mark.at < columns));
            let apart = |pair: &[Mark<'_>]| pair[1].at - pair[0].at >= gap.max(1);
            prop_assert!(geometry.gates.windows(2).all(apart));
            for bar in geometry.lanes.iter().flat_map(|lane| &lane.bars) {
                prop_assert!(bar.from <= bar.until && bar.until < columns);
            }
        }
    }
}
