//! Files that are read whole or not at all.

use super::{Parsed, Problems, parse};
use crate::model::text::shown;
use crate::source::{Source, Spot};

/// As [`parse`], but `None` where there is a syntax error: what stands after one belongs to no
/// certain table, so that more problems would mostly be echoes of it. An unresolved merge conflict
/// is named instead of the errors that it makes.
#[must_use]
pub fn parse_whole<'s>(source: &'s Source, problems: &Problems) -> Option<Parsed<'s>> {
    let syntax = Problems::new(&problems.source, problems.code);
    let parsed = parse(source, &syntax);
    if !syntax.unusable() {
        return Some(parsed);
    }
    let conflicts = conflict_lines(source);
    if conflicts.is_empty() {
        for finding in syntax.into_findings() {
            problems.refuse(finding);
        }
    }
    for line in conflicts {
        problems.refuse(
            problems
                .invalid(
                    Spot { line, column: 1 },
                    "an unresolved merge conflict stands in the file",
                )
                .compared("a conflict marker", "TOML")
                .help(format!(
                    "resolve the conflict in {}, then `git add` it",
                    shown(source.path())
                )),
        );
    }
    None
}

/// Lines on which git opened a conflict.
fn conflict_lines(source: &Source) -> Vec<u32> {
    (1u32..)
        .zip(source.text().lines())
        .filter(|(_, line)| line.starts_with("<<<<<<< ") || *line == "<<<<<<<")
        .map(|(number, _)| number)
        .collect()
}
