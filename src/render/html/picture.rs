//! The picture as vectors: names at the left, which stay where they are when the lanes scroll.

use crate::render::timeline::geometry::{Bar, Geometry, Grain, Kind, Lane, Mark};
use crate::render::{words, xml};
use crate::report::{KeyStanding, Report};

/// Widths in pixels; the style sheet has their proportion for printing.
const NAMES: u32 = 146;
const LANES: u32 = 960;
/// Room at both ends, so that what stands at an edge is whole.
const EDGE: u32 = 10;
/// Marks are drawn as near to each other as this.
const GAP: u32 = 12;
/// Height of the dates, of a row of bars, and of what is free around them.
const DATES: u32 = 24;
const ROW: u32 = 14;
const FREE: u32 = 5;
/// Height of the strip below the bars in which sign-offs stand.
const STRIP: u32 = 10;
/// Height of a drawing after which another is begun, so that it fits on a sheet of paper.
const TALLEST: u32 = 1_380;
/// Characters of a name that fit in a line, and the height of one.
const NAME_CHARS: usize = 18;
const LINE: u32 = 13;

const PATTERNS: &str = "<defs>\
<pattern id=\"retired\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path class=\"old\" d=\"M-1 7L7-1M-1 1L1-1M5 7L7 5\"/></pattern>\
<pattern id=\"expired\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><circle class=\"dot\" cx=\"3\" cy=\"3\" r=\"1\"/></pattern>\
<pattern id=\"compromised\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path class=\"hit\" d=\"M0 0L6 6M0 6L6 0\"/></pattern>\
</defs>";

pub(super) fn render(report: &Report, room: usize) -> String {
    let grain =
        Grain { columns: LANES.saturating_sub(EDGE.saturating_mul(2)), gap: GAP, label: 84 };
    let Some(geometry) = Geometry::new(report, grain) else { return String::new() };
    // One sheet of paper holds one drawing. Patterns of the first serve all.
    let mut drawings = String::new();
    let mut drawing = Drawing::new(&geometry, PATTERNS);
    let mut drawn = 0_usize;
    for lane in &geometry.lanes {
        if drawing.height >= TALLEST {
            let full = std::mem::replace(&mut drawing, Drawing::new(&geometry, ""));
            drawings.push_str(&full.finish(&geometry));
        }
        if !drawing.lane(lane, room.saturating_sub(drawings.len())) {
            break;
        }
        drawn = drawn.saturating_add(1);
    }
    drawings.push_str(&drawing.finish(&geometry));
    let undrawn = geometry.lanes.len().saturating_sub(drawn).saturating_add(geometry.more_lanes);
    format!(
        "<section>\n<h2>Who could sign when</h2>\n\
         <p class=\"soft wider\">The picture is wider than this window, and goes on to the right.</p>\n\
         {drawings}{}{}</section>\n",
        super::left_out(undrawn, "reviewer"),
        legend()
    )
}

/// Two drawings of one height.
struct Drawing {
    patterns: &'static str,
    names: String,
    lanes: String,
    height: u32,
    /// Every second lane has a ground of its own.
    odd: bool,
}

impl Drawing {
    fn new(geometry: &Geometry<'_>, patterns: &'static str) -> Self {
        let (names, lanes) = (String::new(), String::new());
        let mut drawing = Self { patterns, names, lanes, height: DATES, odd: false };
        if !geometry.gates.is_empty() {
            let height = ROW.saturating_add(FREE.saturating_mul(2));
            drawing.begin("gates", height);
            for mark in &geometry.gates {
                let top = drawing.height.saturating_add(3);
                let drawn = draw_mark(mark, top, height.saturating_sub(6), &gates_title(mark));
                drawing.lanes.push_str(&drawn);
            }
            drawing.height = drawing.height.saturating_add(height);
        }
        drawing
    }

    /// The name and the ground of a lane.
    fn begin(&mut self, name: &str, height: u32) {
        let top = self.height;
        if self.odd {
            for (drawing, width) in [(&mut self.names, NAMES), (&mut self.lanes, LANES)] {
                drawing.push_str(&format!(
                    "<rect class=\"stripe\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>\n"
                ));
            }
        }
        self.odd = !self.odd;
        let (first, second) = in_two(name);
        let middle = top.saturating_add(height / 2).saturating_add(4);
        let up = if second.is_empty() { 0 } else { LINE / 2 };
        let second = if second.is_empty() {
            second
        } else {
            format!("<tspan x=\"6\" dy=\"{LINE}\">{}</tspan>", xml::text(&second))
        };
        self.names.push_str(&format!(
            "<text x=\"6\" y=\"{}\">{}{second}<title>{}</title></text>\n",
            middle.saturating_sub(up),
            xml::text(&first),
            xml::text(name)
        ));
    }

    /// Draws one lane, unless it would make the picture longer than `room` bytes.
    fn lane(&mut self, lane: &Lane<'_>, room: usize) -> bool {
        let rows = u32::try_from(lane.rows).unwrap_or(1);
        let bars_height = rows.saturating_mul(ROW);
        let height = bars_height.saturating_add(STRIP).saturating_add(FREE.saturating_mul(2));
        let strip = self.height.saturating_add(FREE).saturating_add(bars_height);
        let who = lane.reviewer.as_str();
        let bars = lane.bars.iter().map(|bar| draw_bar(bar, self.height, who));
        let marks =
            lane.marks.iter().map(|mark| draw_mark(mark, strip, STRIP, &signoffs_title(mark, who)));
        let drawn: String = bars.chain(marks).collect();
        let size = [&self.names, &self.lanes, &drawn].iter().map(|part| part.len()).sum::<usize>();
        if size > room {
            return false;
        }
        self.begin(who, height);
        self.lanes.push_str(&drawn);
        self.height = self.height.saturating_add(height);
        true
    }

    fn finish(self, geometry: &Geometry<'_>) -> String {
        let height = self.height;
        let mut dates = String::new();
        for mark in &geometry.axis {
            let x = mark.at.saturating_add(EDGE);
            // A date at the right edge would be cut.
            if x.saturating_add(72) <= LANES {
                dates.push_str(&format!(
                    "<text class=\"date\" x=\"{}\" y=\"15\">{}</text>",
                    x.saturating_add(3),
                    xml::text(&mark.label)
                ));
            }
            dates.push_str(&format!("<path class=\"grid\" d=\"M{x} 2V{height}\"/>\n"));
        }
        // The grounds lie below the dates' lines, and those below everything else.
        let (grounds, rest): (Vec<&str>, Vec<&str>) =
            self.lanes.lines().partition(|line| line.starts_with("<rect class=\"stripe\""));
        format!(
            "<div class=\"scroll timeline\" tabindex=\"0\" role=\"region\" aria-label=\"Timeline\">\n\
             <svg class=\"names\" width=\"{NAMES}\" height=\"{height}\" viewBox=\"0 0 {NAMES} {height}\" \
             preserveAspectRatio=\"xMaxYMin\" \
             xmlns=\"http://www.w3.org/2000/svg\">\n{}</svg>\n\
             <svg class=\"lanes\" width=\"{LANES}\" height=\"{height}\" viewBox=\"0 0 {LANES} {height}\" \
             preserveAspectRatio=\"xMinYMin\" \
             xmlns=\"http://www.w3.org/2000/svg\">\n{}\n{}\n{dates}{}\n</svg>\n</div>\n",
            self.names,
            self.patterns,
            grounds.join("\n"),
            rest.join("\n"),
        )
    }
}

/// A name in one line or two. Of a longer one the middle is left out: people are often told apart by
/// how their ids end, and paper has no pointer to hold over them.
fn in_two(name: &str) -> (String, String) {
    let chars: Vec<char> = name.chars().collect();
    if chars.len() <= NAME_CHARS {
        return (name.to_owned(), String::new());
    }
    // Behind a mark that parts words, if what follows fits then.
    let parted = |n: &usize| {
        let before = n.checked_sub(1).and_then(|before| chars.get(before));
        before.is_some_and(|c| "-._".contains(*c)) && chars.len().saturating_sub(*n) <= NAME_CHARS
    };
    let at = (1..=NAME_CHARS).rev().find(parted).unwrap_or(NAME_CHARS);
    let (first, rest) = chars.split_at_checked(at).unwrap_or((&chars, &[]));
    if rest.len() <= NAME_CHARS {
        return (first.iter().collect(), rest.iter().collect());
    }
    let end = rest.len().saturating_sub(NAME_CHARS.saturating_sub(1));
    let end = rest.iter().skip(end);
    (first.iter().collect(), std::iter::once(&'…').chain(end).collect())
}

fn draw_bar(bar: &Bar<'_>, top: u32, who: &str) -> String {
    let row = u32::try_from(bar.row).unwrap_or(0);
    let y = top.saturating_add(FREE).saturating_add(row.saturating_mul(ROW)).saturating_add(1);
    let x = bar.from.saturating_add(EDGE);
    let width = bar.until.saturating_sub(bar.from).saturating_add(1).max(2);
    let height = ROW.saturating_sub(2);
    let window = bar.key.window;
    let until =
        window.until.map_or_else(|| "open".to_owned(), |until| format!("until {}", until.date()));
    let key = bar.key.fingerprint.map_or_else(|| "placeholder".to_owned(), |key| key.to_string());
    let state = bar.key.state.name();
    let title = format!("{who}, {state}: from {} {until}, key {key}", window.from.date());
    let arrow = |present: bool, at: u32, there: &str, back: &str| {
        let half = height / 2;
        if !present {
            return String::new();
        }
        format!("<path class=\"arrow\" d=\"M{at} {y}l{there} {half}l{back} {half}z\"/>")
    };
    format!(
        "<g><title>{}</title><rect class=\"{state}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>{}{}</g>\n",
        xml::text(&title),
        arrow(bar.from_before, x, "-7", "7"),
        arrow(bar.until_after, x.saturating_add(width), "7", "-7"),
    )
}

fn draw_mark(mark: &Mark<'_>, top: u32, height: u32, title: &str) -> String {
    let x = mark.at.saturating_add(EDGE);
    let y = top.saturating_add(height / 2);
    let drawn = match mark.kind {
        Kind::Holds => {
            let many = if mark.total() > 1 { " m" } else { "" };
            format!("<path class=\"t{many}\" d=\"M{x} {top}v{height}\"/>")
        }
        Kind::Aside => format!("<circle class=\"o\" cx=\"{x}\" cy=\"{y}\" r=\"3.5\"/>"),
        Kind::Undecided => format!("<path class=\"u\" d=\"M{x} {y}m-5 0l5-6 5 6-5 6z\"/>"),
        Kind::Refused => format!("<path class=\"c\" d=\"M{x} {y}m-4-4l8 8m0-8l-8 8\"/>"),
    };
    format!("<g><title>{}</title>{drawn}</g>\n", xml::text(title))
}

fn gates_title(mark: &Mark<'_>) -> String {
    let first = mark.first;
    if mark.total() == 1 {
        let date =
            first.committer_time.map_or_else(|| "no date".to_owned(), crate::model::Time::date);
        let name = words::gate(first);
        return format!("{name}, {date}, {}: {}", first.commit.short(), first.verdict.name());
    }
    let counts = counts(mark, |kind| match kind {
        Kind::Holds | Kind::Aside => "pass",
        Kind::Undecided => "undecided",
        Kind::Refused => "refused",
    });
    format!(
        "{} gates, {} to {}: {counts}",
        mark.total(),
        words::gate(first),
        words::gate(mark.last)
    )
}

fn signoffs_title(mark: &Mark<'_>, who: &str) -> String {
    let counts = counts(mark, |kind| match kind {
        Kind::Holds => "counted",
        Kind::Aside => "not counted",
        Kind::Undecided => "of an undecided gate",
        Kind::Refused => "of a refused gate",
    });
    if mark.total() == 1 {
        return format!(
            "{who}, {}: sign-off {}",
            words::gate(mark.first),
            counts.trim_start_matches("1 ")
        );
    }
    let (first, last) = (words::gate(mark.first), words::gate(mark.last));
    format!("{who}, {} sign-offs, {first} to {last}: {counts}", mark.total())
}

fn counts(mark: &Mark<'_>, word: impl Fn(Kind) -> &'static str) -> String {
    let parts: Vec<String> =
        mark.counts.iter().map(|(kind, count)| format!("{count} {}", word(*kind))).collect();
    parts.join(", ")
}

fn legend() -> String {
    let bar = |state: KeyStanding| {
        let name = state.name();
        format!(
            "<li><svg width=\"30\" height=\"14\"><rect class=\"{name}\" x=\"1\" y=\"1\" width=\"28\" height=\"12\"/></svg>{name} key</li>\n"
        )
    };
    let bars: String = [
        KeyStanding::Standing,
        KeyStanding::Retired,
        KeyStanding::Expired,
        KeyStanding::Compromised,
    ]
    .map(bar)
    .concat();
    format!(
        "<ul class=\"legend\">\n{bars}\
         <li><svg width=\"14\" height=\"14\"><path class=\"t\" d=\"M7 1v12\"/></svg>gate that holds, or sign-off that counts (thick: several)</li>\n\
         <li><svg width=\"14\" height=\"14\"><path class=\"c\" d=\"M3 3l8 8m0-8l-8 8\"/></svg>refused gate, or sign-off that is not attested</li>\n\
         <li><svg width=\"14\" height=\"14\"><path class=\"u\" d=\"M2 7l5-6 5 6-5 6z\"/></svg>gate that cannot be told</li>\n\
         <li><svg width=\"14\" height=\"14\"><circle class=\"o\" cx=\"7\" cy=\"7\" r=\"3.5\"/></svg>sign-off that does not count</li>\n\
         </ul>\n"
    )
}
