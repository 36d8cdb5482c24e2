//! Who could sign when, as lanes of text: the picture that `html` draws, for a terminal.

mod axis;
pub(super) mod geometry;

use self::geometry::{Bar, Geometry, Grain, Kind, Lane, Mark};
use super::{Style, escape, words};
use crate::report::{KeyStanding, Report};

/// Columns that a lane's name takes.
const NAME: usize = 20;
/// Fewest and most columns of a lane.
const COLUMNS: std::ops::RangeInclusive<usize> = 20..=400;

const LEGEND: &str = "\
keys   = standing  - retired  ~ expired  ! compromised  < > beyond the picture
marks  | holds, counts  x refused, not attested  ? cannot be told  o does not count
";

pub(super) fn render(report: &Report, style: &Style) -> String {
    let mut out = format!("{}\n\n", words::title(report));
    let columns = style.width.saturating_sub(NAME).clamp(*COLUMNS.start(), *COLUMNS.end());
    let grain = Grain { columns: u32::try_from(columns).unwrap_or(0), gap: 1, label: 12 };
    match Geometry::new(report, grain) {
        Some(geometry) => out.push_str(&picture(&geometry, columns)),
        None => out.push_str("no key and no gate has a date\n"),
    }
    out.push_str(&format!("\n{}\n", words::verdict(report)));
    out
}

fn picture(geometry: &Geometry<'_>, columns: usize) -> String {
    let mut out = String::new();
    let dates = geometry.axis.iter().map(|mark| (mark.at, mark.label.clone()));
    line(&mut out, "", &labels(dates, columns));
    if !geometry.gates.is_empty() {
        let mut marks = vec![' '; columns];
        put_marks(&mut marks, &geometry.gates);
        line(&mut out, "gates", &marks.iter().collect::<String>());
        let epochs = geometry.gates.iter().filter_map(|mark| {
            let epoch = mark.first.epoch.or(mark.last.epoch)?;
            Some((mark.at, epoch.to_string()))
        });
        line(&mut out, "epoch", &labels(epochs, columns));
    }
    for lane in &geometry.lanes {
        for row in 0..lane.rows {
            let name = if row == 0 { lane.reviewer.as_str() } else { "" };
            line(&mut out, name, &lane_row(lane, row, columns));
        }
    }
    if geometry.more_lanes > 0 {
        line(&mut out, &format!("and {} reviewers more", geometry.more_lanes), "");
    }
    out.push('\n');
    out.push_str(LEGEND);
    out
}

fn line(out: &mut String, name: &str, lane: &str) {
    let name = escape::line_start(name);
    let short = name.chars().count() < NAME;
    let name = if short {
        format!("{name:<NAME$}")
    } else {
        let cut: String = name.chars().take(NAME.saturating_sub(2)).collect();
        format!("{cut}… ")
    };
    out.push_str(format!("{name}{lane}").trim_end());
    out.push('\n');
}

/// Texts at their positions; one that would touch the text before it is left out, and so is one
/// that would not fit.
fn labels(texts: impl Iterator<Item = (u32, String)>, columns: usize) -> String {
    let mut out = String::new();
    for (at, text) in texts {
        let at = position(at);
        let room = at.saturating_add(text.len()) <= columns;
        if room && (out.is_empty() || out.len() < at) {
            out.push_str(&" ".repeat(at.saturating_sub(out.len())));
            out.push_str(&text);
        }
    }
    out
}

fn position(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn lane_row(lane: &Lane<'_>, row: usize, columns: usize) -> String {
    let mut cells = vec!['.'; columns];
    for bar in lane.bars.iter().filter(|bar| bar.row == row) {
        put_bar(&mut cells, bar);
    }
    if row == 0 {
        put_marks(&mut cells, &lane.marks);
    }
    cells.into_iter().collect()
}

fn put_bar(cells: &mut [char], bar: &Bar<'_>) {
    let (from, until) = (position(bar.from), position(bar.until));
    for cell in cells.iter_mut().take(until.saturating_add(1)).skip(from) {
        *cell = match bar.key.state {
            KeyStanding::Standing => '=',
            KeyStanding::Retired => '-',
            KeyStanding::Expired => '~',
            KeyStanding::Compromised => '!',
        };
    }
    if bar.from_before
        && let Some(cell) = cells.get_mut(from)
    {
        *cell = '<';
    }
    if bar.until_after
        && let Some(cell) = cells.get_mut(until)
    {
        *cell = '>';
    }
}

fn put_marks(cells: &mut [char], marks: &[Mark<'_>]) {
    for mark in marks {
        if let Some(cell) = cells.get_mut(position(mark.at)) {
            *cell = match mark.kind {
                Kind::Holds => '|',
                Kind::Aside => 'o',
                Kind::Undecided => '?',
                Kind::Refused => 'x',
            };
        }
    }
}
