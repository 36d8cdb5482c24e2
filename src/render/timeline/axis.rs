//! Dates along the edge of the picture: the finest steps for which there is room.

use super::geometry::Scale;
use crate::model::{Age, Time};

/// Marks of one axis at most.
const MOST: usize = 100;

/// A date and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::render) struct AxisMark {
    /// Position.
    pub at: u32,
    /// `2026`, `2026-06` or `2026-06-11`.
    pub label: String,
}

#[derive(Clone, Copy)]
enum Step {
    Days(u32),
    Months(u32),
}

const STEPS: [Step; 16] = [
    Step::Days(1),
    Step::Days(2),
    Step::Days(7),
    Step::Days(14),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(24),
    Step::Months(60),
    Step::Months(120),
    Step::Months(240),
    Step::Months(1_200),
    Step::Months(6_000),
    Step::Months(24_000),
];

/// `label` is how many positions a date of ten characters takes, with some room.
pub(super) fn marks(scale: &Scale, label: u32) -> Vec<AxisMark> {
    let most = usize::try_from(scale.columns.checked_div(label).unwrap_or(1)).unwrap_or(1);
    let most = most.clamp(1, MOST);
    STEPS.iter().find_map(|step| with_step(scale, *step, most)).unwrap_or_default()
}

/// The marks of one step; `None` where there are more than `most`.
fn with_step(scale: &Scale, step: Step, most: usize) -> Option<Vec<AxisMark>> {
    let (age, characters) = match step {
        Step::Days(days) => (Age::days(days), 10),
        Step::Months(months) if months < 12 => (Age::Months(months), 7),
        Step::Months(months) => (Age::Months(months), 4),
    };
    let mut marks = Vec::new();
    let mut at = first(scale.start, step)?;
    while at <= scale.end {
        if at >= scale.start {
            if marks.len() >= most {
                return None;
            }
            let label = at.date().chars().take(characters).collect();
            marks.push(AxisMark { at: scale.column(at), label });
        }
        let next = at.plus(age);
        if next <= at {
            break;
        }
        at = next;
    }
    Some(marks)
}

/// A round date at or before the start.
fn first(start: Time, step: Step) -> Option<Time> {
    let date = start.date();
    let Step::Months(months) = step else { return Time::parse(&date).ok() };
    let year: u32 = date.get(..4)?.parse().ok()?;
    let years = (months / 12).max(1);
    let year = year.checked_div(years)?.checked_mul(years)?.max(1);
    Time::parse(&format!("{year:04}-01-01")).ok()
}
