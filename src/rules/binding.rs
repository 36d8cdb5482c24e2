//! Rule: a manifest's sign-offs are bound to this gate's content.

use crate::finding::{Code, CodeDoc, Finding, Place};
use crate::model::Oid;
use crate::model::manifest::{Binding, Manifest};
use crate::model::step::{Step, Subject};
use crate::model::text::shown;

use super::Context;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::SubjectMismatch,
        what: "The content that the sign-offs are bound to is not the content of this gate.",
        why: "Somebody changed files after the reviewers signed, or moved the sign-offs to other content.",
        fix: "Compare the two trees, then have the reviewers sign off the content that the gate really has.",
    },
    CodeDoc {
        code: Code::GateCommitUnresolvable,
        what: "`gate_commit` is not the full id of a mainline commit between the previous gate and this one.",
        why: "An abbreviated id can come to mean another commit, and a commit off the mainline is not what is released.",
        fix: "Write the full id of a mainline commit after the previous gate.",
    },
];

/// What a manifest turned out to be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The gate's id: the carrier, or the commit that was made first.
    pub gate: Oid,
    /// The tree or commit that was signed off.
    pub subject: Oid,
}

/// Where a bound commit was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnMainline {
    /// After the previous gate and before the carrier.
    Between,
    /// Somewhere else on the mainline.
    Elsewhere,
    /// Nowhere on it.
    Absent,
}

/// Checks the binding of a manifest that a commit adds. `subject` is what the commit's own tree is
/// without its manifests, by the naming in force.
pub fn check(
    cx: &Context<'_>,
    manifest: &Manifest,
    step: &Step,
    subject: Option<Subject>,
    find: impl Fn(Oid) -> OnMainline,
) -> Result<Bound, Box<Finding>> {
    let carrier = step.id;
    let place = |field: &str| {
        Place::new(&manifest.source, Some(carrier), manifest.spot(field), "stated here")
    };
    let gates = &cx.registry.policy.gates;
    let bound = match &manifest.binding {
        Binding::Missing => {
            return Err(Box::new(
                Finding::new(Code::SubjectMismatch, "the manifest is bound to no content")
                    .compared("neither subject_tree nor gate_commit", "one of them")
                    .at(place("manifest"))
                    .help("state subject_tree, and have the sign-offs made again"),
            ));
        }
        Binding::Tree(_) if !gates.bind_tree => {
            return Err(not_allowed(cx, "tree", place("subject_tree")));
        }
        Binding::Commit(_) | Binding::UnresolvableCommit(_) if !gates.bind_commit => {
            return Err(not_allowed(cx, "commit", place("gate_commit")));
        }
        Binding::UnresolvableCommit(text) => {
            return Err(Box::new(
                Finding::new(Code::GateCommitUnresolvable, "`gate_commit` is no full commit id")
                    .compared(shown(text), "40 or 64 lower-case hexadecimal digits")
                    .at(place("gate_commit"))
                    .help(format!("write the full id: git rev-parse {}", shown(text))),
            ));
        }
        Binding::Commit(commit) => {
            let observed = match find(*commit) {
                OnMainline::Between => None,
                OnMainline::Elsewhere => Some("a mainline commit outside of this epoch"),
                OnMainline::Absent => Some("no commit of the mainline"),
            };
            if let Some(observed) = observed {
                return Err(Box::new(
                    Finding::new(
                        Code::GateCommitUnresolvable,
                        format!("`gate_commit` {} does not lie in this epoch", commit.short()),
                    )
                    .compared(
                        observed,
                        "a mainline commit after the previous gate and before this one",
                    )
                    .at(place("gate_commit"))
                    .help("name the mainline commit that was reviewed"),
                ));
            }
            Bound { gate: *commit, subject: *commit }
        }
        Binding::Tree(tree) => {
            if subject.map(|s| s.tree) != Some(*tree) {
                return Err(Box::new(
                    Finding::new(
                        Code::SubjectMismatch,
                        format!(
                            "the sign-offs are bound to another tree than this gate's{}",
                            differing(step.subject_differences.get(tree))
                        ),
                    )
                    .compared(
                        tree.to_string(),
                        subject
                            .map_or_else(|| "this gate's tree".to_owned(), |s| s.tree.to_string()),
                    )
                    .at(place("subject_tree"))
                    .help(subject.map_or_else(
                        || "have the reviewers sign off the content of this gate".to_owned(),
                        |s| {
                            format!("see what changed after the review: git diff {tree} {}", s.tree)
                        },
                    )),
                ));
            }
            Bound { gate: carrier, subject: *tree }
        }
    };
    if let Some(stated) = manifest.subject_sha256 {
        let seen = match &manifest.binding {
            Binding::Commit(commit) => step.bound_content.get(commit).copied(),
            _ => subject.and_then(|s| s.content_sha256),
        };
        if seen != Some(stated) {
            return Err(Box::new(
                Finding::new(
                    Code::SubjectMismatch,
                    "the stated content digest is not that of the subject",
                )
                .compared(
                    hex::encode(stated),
                    seen.map_or_else(|| "a digest that could be computed".to_owned(), hex::encode),
                )
                .at(place("subject_sha256"))
                .help("have the reviewers sign off the content of this gate"),
            ));
        }
    }
    Ok(bound)
}

/// A binding in words.
#[must_use]
pub fn words(binding: &Binding) -> String {
    match binding {
        Binding::Tree(tree) => format!("tree {tree}"),
        Binding::Commit(commit) => format!("commit {commit}"),
        Binding::UnresolvableCommit(text) => format!("commit \"{}\"", shown(text)),
        Binding::Missing => "nothing".to_owned(),
    }
}

fn differing(paths: Option<&Vec<String>>) -> String {
    let Some(paths) = paths.filter(|paths| !paths.is_empty()) else { return String::new() };
    let shown: Vec<String> = paths.iter().map(|path| shown(path)).collect();
    let more = if paths.len() < Step::MAX_DIFFERENCES { "" } else { ", and maybe more" };
    format!("; they differ in {}{more}", shown.join(", "))
}

fn not_allowed(cx: &Context<'_>, kind: &str, place: Place) -> Box<Finding> {
    Box::new(
        Finding::new(
            Code::SubjectMismatch,
            format!("policy does not accept sign-offs bound to a {kind}"),
        )
        .compared(format!("binding to a {kind}"), "a binding that `[policy.gates] binding` lists")
        .at(place)
        .at_some(cx.policy_place("gates.binding", "accepted bindings"))
        .help("bind the sign-offs as policy asks, and have them made again"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, id, manifest, step};

    const SUBJECT: fn() -> Option<Subject> =
        || Some(Subject { tree: id(7), content_sha256: Some([3; 32]) });

    fn run(world: &World, binding: Binding, sha: Option<[u8; 32]>) -> Result<Bound, Code> {
        let mut manifest = manifest(0);
        manifest.binding = binding;
        manifest.subject_sha256 = sha;
        let find = |commit| if commit == id(5) { OnMainline::Between } else { OnMainline::Absent };
        let mut step = step(9);
        step.bound_content.insert(id(5), [5; 32]);
        check(&world.context(), &manifest, &step, SUBJECT(), find).map_err(|f| f.code)
    }

    #[test]
    fn the_gates_own_tree_or_a_commit_of_the_epoch_is_accepted() {
        let world = World::new();
        let tree = Ok(Bound { gate: id(9), subject: id(7) });
        assert_eq!(run(&world, Binding::Tree(id(7)), None), tree);
        assert_eq!(run(&world, Binding::Tree(id(7)), Some([3; 32])), tree);
        let commit = Ok(Bound { gate: id(5), subject: id(5) });
        assert_eq!(run(&world, Binding::Commit(id(5)), None), commit);
        assert_eq!(run(&world, Binding::Commit(id(5)), Some([5; 32])), commit);
    }

    #[test]
    fn anything_else_is_refused() {
        let mut world = World::new();
        let subject = Err(Code::SubjectMismatch);
        assert_eq!(run(&world, Binding::Tree(id(8)), None), subject);
        assert_eq!(run(&world, Binding::Tree(id(7)), Some([4; 32])), subject);
        assert_eq!(run(&world, Binding::Commit(id(5)), Some([3; 32])), subject);
        assert_eq!(run(&world, Binding::Missing, None), subject);
        let commit = Err(Code::GateCommitUnresolvable);
        assert_eq!(run(&world, Binding::Commit(id(6)), None), commit);
        assert_eq!(run(&world, Binding::UnresolvableCommit("d3093eb".into()), None), commit);
        world.registry.policy.gates.bind_tree = false;
        assert_eq!(run(&world, Binding::Tree(id(7)), None), subject);
    }
}
