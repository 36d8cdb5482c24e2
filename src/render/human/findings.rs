//! Findings in full, the worst first and else in mainline order; many of one code are folded.

use std::collections::BTreeMap;

use annotate_snippets::{Element, Group, Level, Renderer};

use super::snippet;
use crate::finding::{Code, Finding, Severity};
use crate::model::Oid;
use crate::render::{Style, escape, words};

/// Findings of one code (and severity) shown in full, where there are few in all.
const MOST_IN_FULL: usize = 3;
/// More findings than this are many: then one of each code is shown in full.
const MANY: usize = 24;
/// Commits named for those that are not.
const MOST_COMMITS: usize = 8;
/// Places of one finding that are shown.
const MOST_PLACES: usize = 4;

/// `sorted` is in the order to show; `all` is what to type to see every one of them.
pub(in crate::render) fn render(sorted: &[&Finding], all: &str, style: &Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    // Lines are cut to the width in `snippet`; the renderer is never to cut once more.
    let renderer = renderer.term_width(usize::from(u16::MAX));
    let mut kinds: BTreeMap<(Severity, Code), Vec<&Finding>> = BTreeMap::new();
    for finding in sorted {
        kinds.entry((finding.severity, finding.code)).or_default().push(finding);
    }
    let most = if sorted.len() > MANY { 1 } else { MOST_IN_FULL };
    let mut parts = Vec::new();
    let mut shown: BTreeMap<(Severity, Code), usize> = BTreeMap::new();
    for finding in sorted.iter().copied() {
        let kind = (finding.severity, finding.code);
        let seen = shown.entry(kind).or_default();
        *seen = seen.saturating_add(1);
        if *seen > most {
            continue;
        }
        parts.push(in_full(finding, &renderer, style));
        let rest = kinds.get(&kind).and_then(|all| all.get(most..)).unwrap_or(&[]);
        if *seen == most && !rest.is_empty() {
            parts.push(in_short(finding, rest, all));
        }
    }
    parts.join("\n")
}

fn in_full(finding: &Finding, renderer: &Renderer, style: &Style) -> String {
    let title = level(finding.severity)
        .primary_title(escape::line(&finding.message))
        .id(finding.code.name());
    let mut elements: Vec<Element<'_>> = Vec::new();
    for place in finding.places.iter().take(MOST_PLACES) {
        snippet::push(place, style.width, &mut elements);
    }
    let more = finding.places.len().saturating_sub(MOST_PLACES);
    let more =
        (more > 0).then(|| words::count(u64::try_from(more).unwrap_or(u64::MAX), "more place"));
    for (name, text) in more.map(|more| ("also", more)).into_iter().chain(words::facts(finding)) {
        elements.push(Level::NOTE.with_name(name).message(text).into());
    }
    if !finding.help.is_empty() {
        elements.push(Level::HELP.message(escape::line(&finding.help)).into());
    }
    let group =
        if elements.is_empty() { Group::with_title(title) } else { title.elements(elements) };
    snippet::tidy(&renderer.render(&[group]))
}

fn in_short(finding: &Finding, rest: &[&Finding], all: &str) -> String {
    let mut commits: Vec<Oid> = rest.iter().filter_map(|finding| finding.commit).collect();
    commits.dedup();
    let named: Vec<String> = commits.iter().take(MOST_COMMITS).map(Oid::short).collect();
    let unnamed = if commits.len() > MOST_COMMITS { ", …" } else { "" };
    let at = match named.len() {
        0 => String::new(),
        1 => format!(": commit {}", named.join("")),
        _ => format!(": commits {}{unnamed}", named.join(", ")),
    };
    format!(
        "{}[{}]: and {} more like these{at}\n  = help: `{all}` lists every finding\n",
        finding.severity.name(),
        finding.code,
        rest.len(),
    )
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Undecided => Level::WARNING.with_name("undecided"),
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}
