//! Rule: at an epoch gate the tree holds no text that policy forbids.

use crate::finding::{Code, CodeDoc, Finding, Place};
use crate::model::policy::Forbidden;
use crate::model::probe::{Answer, HoldingFile, MAX_PLACES, Probe};
use crate::model::registry::REGISTRY_PATH;
use crate::model::text::{shown, shown_bytes};

use super::Context;
use super::since::{Since, answer, few, not_asked, whole_file};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[CodeDoc {
    code: Code::ForbiddenText,
    what: "The tree holds text that policy forbids at an epoch gate.",
    why: "Such text marks unfinished work.",
    fix: "Resolve the places that the finding shows.",
}];

/// Checks every forbidden text. The registry holds the pattern itself and is left out, as are
/// manifests of gates: neither can be changed as other files can.
#[must_use]
pub fn check(cx: &Context<'_>, since: &Since<'_>) -> Vec<Finding> {
    let all = cx.registry.policy.forbidden.iter();
    all.filter_map(|forbidden| check_one(cx, since, forbidden)).collect()
}

fn check_one(cx: &Context<'_>, since: &Since<'_>, forbidden: &Forbidden) -> Option<Finding> {
    let field = format!("forbidden.{}", forbidden.name);
    let files = match answer(cx, since.answers, &Probe::text(forbidden), &field) {
        Ok(Answer::Holds(files)) => files,
        Ok(_) => return Some(not_asked(cx, &field)),
        Err(undecided) => return Some(*undecided),
    };
    let is_registry = |file: &HoldingFile| file.path == REGISTRY_PATH.as_bytes();
    let files: Vec<&HoldingFile> = files
        .iter()
        .filter(|file| !since.is_record(&file.path, Some(file.blob)) && !is_registry(file))
        .collect();
    if files.is_empty() {
        return None;
    }
    let paths: Vec<String> = files.iter().map(|file| shown_bytes(&file.path)).collect();
    let count = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.count));
    let mut finding = Finding::new(
        Code::ForbiddenText,
        format!(
            "{} is forbidden at an epoch gate and stands in {}",
            shown(&forbidden.name),
            few(&paths, 5)
        ),
    )
    .compared(
        format!(
            "{count} {} in {} {}{}",
            if count == 1 { "place" } else { "places" },
            files.len(),
            if files.len() == 1 { "file" } else { "files" },
            if count > MAX_PLACES as u64 {
                format!(", {MAX_PLACES} are shown")
            } else {
                String::new()
            }
        ),
        format!("no text like {}", shown(forbidden.pattern.as_str())),
    );
    finding.places = files.iter().flat_map(|file| places(file)).take(MAX_PLACES).collect();
    Some(
        finding
            .at_some(cx.policy_place(&field, "forbidden here"))
            .help("resolve what the places mark, and make the gate of the tree after that"),
    )
}

fn places(file: &HoldingFile) -> Vec<Place> {
    if file.places.is_empty() {
        return vec![whole_file(&file.path, "it stands in this file")];
    }
    file.places.clone()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::finding::Severity;
    use crate::model::PathPattern;
    use crate::model::probe::Answers;
    use crate::rules::testing::{World, id};
    use crate::source::{Source, Spot};

    fn holding(path: &str, count: u64) -> HoldingFile {
        let source = Source::new(path, "FIXME\n");
        let places = (0..count.min(20)).map(|_| Place::new(&source, None, Spot::START, "here"));
        HoldingFile { path: path.into(), blob: id(5), count, places: places.collect() }
    }

    fn run(files: Option<Vec<HoldingFile>>) -> Vec<Finding> {
        let mut world = World::new();
        let forbidden = Forbidden {
            name: "unfinished".into(),
            pattern: regex::Regex::new("FIXME").unwrap(),
            paths: vec![PathPattern::new("**").unwrap()],
        };
        let probe = Probe::text(&forbidden);
        world.registry.policy.forbidden = vec![forbidden];
        let answers: Answers =
            files.into_iter().map(|files| (probe.clone(), Answer::Holds(files))).collect();
        let since = Since {
            answers: &answers,
            contributions: &[],
            signoffs: &[],
            counted: &[],
            manifest: None,
            carrier: id(9),
            own: &BTreeSet::new(),
            accepted: &BTreeMap::from([("epoch_signoffs/epoch-0.toml".to_owned(), id(5))]),
        };
        check(&world.context(), &since)
    }

    #[test]
    fn a_tree_without_it_is_accepted() {
        assert_eq!(run(Some(vec![])), []);
        assert_eq!(run(Some(vec![holding(REGISTRY_PATH, 1)])), [], "the policy itself");
        assert_eq!(run(Some(vec![holding("epoch_signoffs/epoch-0.toml", 1)])), []);
    }

    #[test]
    fn every_place_is_refused_and_twenty_are_told() {
        let found = run(Some(vec![holding("a.rs", 15), holding("b.rs", 15)]));
        assert_eq!(found[0].code, Code::ForbiddenText);
        assert_eq!(found[0].places.len(), 20);
        assert_eq!(found[0].observed.as_deref(), Some("30 places in 2 files, 20 are shown"));
        assert_eq!(run(None)[0].severity, Severity::Undecided);
    }
}
