//! Rule: what the checklist asks people to see done, somebody whose sign-off counts saw.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::{Code, CodeDoc, Finding, Place, Severity};
use crate::model::probe::{Answer, Content, Probe};
use crate::model::text::{shown, typed};
use crate::source::{Source, Spot};
use crate::tables::{self, Problems, Table};

use super::Context;
use super::since::{Since, answer, few, not_asked};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[CodeDoc {
    code: Code::ChecklistIncomplete,
    what: "A checklist item that needs a person is ticked by no counted sign-off; or the checklist cannot be read, or a sign-off ticks an item that it does not have.",
    why: "What the checklist asks a person to see done, somebody must say they saw.",
    fix: "A reviewer lists the item in `checklist` and signs; a checklist is a TOML file with `[[items]]` that have `id` and `verify` (\"ci\", \"human\" or \"both\").",
}];

/// Where an item stands, and whether it needs a person.
struct Item {
    spot: Spot,
    by_people: bool,
}

/// Checks the checklist of the gate's tree, where policy names one.
#[must_use]
pub fn check(cx: &Context<'_>, since: &Since<'_>) -> Vec<Finding> {
    let path = &cx.registry.policy.gates.checklist;
    if path.is_empty() {
        return Vec::new();
    }
    let field = "gates.checklist";
    let source = match answer(cx, since.answers, &Probe::File(path.clone()), field) {
        Ok(Answer::File(Content::Text(source))) => source,
        Ok(Answer::File(Content::Missing)) => return vec![unreadable(cx, path, "no file")],
        Ok(Answer::File(Content::NotRegular(what) | Content::NotText(what))) => {
            return vec![unreadable(cx, path, what)];
        }
        Ok(_) => return vec![not_asked(cx, field)],
        Err(undecided) => return vec![*undecided],
    };
    let items = match read(source) {
        Ok(items) => items,
        Err(problems) => {
            let asked = cx.policy_place(field, "asked for here");
            return problems.into_iter().map(|p| p.at_some(asked.clone())).collect();
        }
    };
    let mut findings = unknown(since, source, &items);
    let ticked: BTreeSet<&str> =
        since.counted.iter().flat_map(|s| s.checklist.iter().map(String::as_str)).collect();
    let open: Vec<(&String, &Item)> =
        items.iter().filter(|(id, item)| item.by_people && !ticked.contains(id.as_str())).collect();
    if let Some((_, first)) = open.first() {
        let names: Vec<String> = open.iter().map(|(id, _)| shown(id)).collect();
        findings.push(
            Finding::new(
                Code::ChecklistIncomplete,
                format!("nobody says of the checklist that this was seen done: {}", few(&names, 20)),
            )
            .compared(
                format!("{} of {} ticked", by_people(&items).saturating_sub(open.len()), by_people(&items)),
                "every item with verify = \"human\" or \"both\" in `checklist` of a counted sign-off",
            )
            .at(Place::new(source, None, first.spot, "not ticked"))
            .at_some(cx.policy_place(field, "asked for here"))
            .help(format!(
                "have a reviewer see it done, list it in `checklist` and sign: gatecheck signoff add --domain DOMAIN{}",
                open.iter().take(20).map(|(id, _)| format!(" --check {}", typed(id))).collect::<String>()
            )),
        );
    }
    findings
}

fn by_people(items: &BTreeMap<String, Item>) -> usize {
    items.values().filter(|item| item.by_people).count()
}

fn unreadable(cx: &Context<'_>, path: &str, observed: &str) -> Finding {
    Finding::new(Code::ChecklistIncomplete, format!("there is no checklist at {}", shown(path)))
        .compared(shown(observed), "a regular file (mode 100644) in the gate's tree")
        .at_some(cx.policy_place("gates.checklist", "asked for here"))
        .help("commit the checklist before the gate")
}

/// Items that a sign-off ticks and the checklist does not have: misspelt, or of another checklist.
fn unknown(
    since: &Since<'_>,
    source: &Arc<Source>,
    items: &BTreeMap<String, Item>,
) -> Vec<Finding> {
    let signoffs = since.signoffs.iter().filter(|signoff| !signoff.withdrawn);
    signoffs
        .filter_map(|signoff| {
            let unknown: Vec<String> = signoff
                .checklist
                .iter()
                .filter(|id| !items.contains_key(*id))
                .map(|id| shown(id))
                .collect();
            if unknown.is_empty() {
                return None;
            }
            let known: Vec<String> = items.keys().map(|id| shown(id)).collect();
            Some(
                Finding::new(
                    Code::ChecklistIncomplete,
                    format!(
                        "{} ticks what is not on the checklist: {}",
                        signoff.reviewer_id,
                        few(&unknown, 20)
                    ),
                )
                .reviewer(&signoff.reviewer_id)
                .domain(&signoff.domain)
                .compared(few(&unknown, 20), few(&known, 50))
                .at_some(since.place(|_| signoff.spot("checklist"), "ticked here"))
                .at(Place::new(source, None, Spot::START, "the checklist"))
                .help("correct the names of the items, and sign again"),
            )
        })
        .collect()
}

/// The items by id, or everything that is wrong with the file. Further fields are the project's own.
fn read(source: &Arc<Source>) -> Result<BTreeMap<String, Item>, Vec<Finding>> {
    let problems = Problems::new(source, Code::ChecklistIncomplete);
    let parsed = tables::parse(source, &problems);
    let mut items = BTreeMap::new();
    let mut root = Table::root(&parsed, &problems);
    for mut table in root.tables("items") {
        let spot = table.spot();
        let id = table.required("id", Table::string);
        let verify = table.required("verify", Table::string);
        let by_people = verify.as_ref().is_some_and(|at| at.value != "ci");
        if let Some(verify) = &verify
            && !matches!(verify.value.as_str(), "ci" | "human" | "both")
        {
            table.refuse_value("verify", "\"ci\", \"human\" or \"both\"", "\"human\"");
        }
        let Some(id) = id else { continue };
        let refuse = |why: &str| {
            problems.refuse(
                problems
                    .invalid(id.spot, format!("`id` of {} {why}", table.name()))
                    .compared(shown(&id.value), "an id that stands once")
                    .help("give each item an id of its own"),
            );
        };
        if !super::since::says_something(&id.value) {
            refuse("is blank");
        } else if items.insert(id.value.clone(), Item { spot, by_people }).is_some() {
            refuse("stands twice");
        }
    }
    if items.is_empty() && !problems.unusable() {
        problems.refuse(
            problems
                .invalid(Spot::START, "the checklist has no items")
                .compared("no `[[items]]`", "at least one")
                .help("add `[[items]]` with `id` and `verify`"),
        );
    }
    if problems.unusable() {
        let mut found = problems.into_findings();
        for finding in &mut found {
            finding.severity = finding.severity.max(Severity::Error);
        }
        return Err(found);
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::Signoff;
    use crate::model::probe::Answers;
    use crate::rules::testing::{World, id, manifest, signoff};

    const LIST: &str = "[[items]]\nid = \"docs\"\nverify = \"human\"\ntext = \"cross-read\"\n\
        [[items]]\nid = \"ci\"\nverify = \"ci\"\n[[items]]\nid = \"both\"\nverify = \"both\"\n";

    fn run(content: Option<Content>, ticks: &[&str], counted: bool) -> Vec<Finding> {
        let mut world = World::new();
        world.registry.policy.gates.checklist = "process/checklist.toml".into();
        let mut ticking: Signoff = signoff("alice", "kernel");
        ticking.checklist = ticks.iter().map(|t| (*t).to_owned()).collect();
        let all = [&ticking];
        let probe = Probe::File("process/checklist.toml".into());
        let answers: Answers =
            content.into_iter().map(|c| (probe.clone(), Answer::File(c))).collect();
        let manifest = manifest(0);
        let since = Since {
            answers: &answers,
            contributions: &[],
            signoffs: &all,
            counted: if counted { &all } else { &[] },
            manifest: Some(&manifest),
            carrier: id(9),
            own: &BTreeSet::new(),
            accepted: &BTreeMap::new(),
        };
        check(&world.context(), &since)
    }

    fn text(text: &str) -> Option<Content> {
        Some(Content::Text(Source::new("process/checklist.toml", text)))
    }

    #[test]
    fn what_people_must_see_is_ticked() {
        assert_eq!(run(text(LIST), &["docs", "both"], true), []);
        assert_eq!(run(text(LIST), &["both", "ci", "docs"], true), []);
    }

    #[test]
    fn what_nobody_ticked_and_what_nobody_asked_is_refused() {
        let open = run(text(LIST), &["docs"], true);
        assert_eq!(open[0].code, Code::ChecklistIncomplete);
        assert!(open[0].message.ends_with("done: both"), "{}", open[0].message);
        assert_eq!(open[0].observed.as_deref(), Some("1 of 2 ticked"));
        assert_eq!(run(text(LIST), &["docs", "both"], false).len(), 1, "only counted ones count");
        let unknown = run(text(LIST), &["docs", "both", "dcos"], true);
        assert_eq!(unknown[0].message, "alice ticks what is not on the checklist: dcos");
    }

    #[test]
    fn a_checklist_that_cannot_be_read_is_refused_with_its_line() {
        for (bad, line) in [
            ("", 1),
            ("[[item]]\nid = \"a\"\n", 1),
            ("[[items]]\nid = \"a\"\nverify = \"nobody\"\n", 3),
            ("[[items]]\nid = \"a\"\n", 1),
            ("[[items]]\nverify = \"ci\"\n", 1),
            ("[[items]]\nid = \"\\u200b\"\nverify = \"ci\"\n", 2),
            ("[[items]]\nid = \"a\"\nverify = \"ci\"\n[[items]]\nid = \"a\"\nverify = \"ci\"\n", 5),
            ("[[items]]\nid = \"a\"\nid = \"b\"\nverify = \"ci\"\n", 3),
        ] {
            let found = run(text(bad), &[], true);
            assert_eq!(found[0].code, Code::ChecklistIncomplete, "{bad}");
            assert_eq!(found[0].severity, Severity::Error, "{bad}");
            assert_eq!(found[0].places[0].spot.line, line, "{bad}");
        }
        assert_eq!(run(Some(Content::Missing), &[], true)[0].code, Code::ChecklistIncomplete);
        let link = Some(Content::NotRegular("a symbolic link".into()));
        assert_eq!(run(link, &[], true)[0].severity, Severity::Error);
        assert_eq!(run(None, &[], true)[0].severity, Severity::Undecided);
    }
}
