//! From an event to what is judged.

use super::change::{Change, ChangeKind};
use super::event::{Given, branch, short_branch};
use crate::error::{Error, Result};
use crate::model::Oid;
use crate::model::text::shown;

/// What is to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// A change of a branch.
    Change(Change),
    /// A tag, by the full name of its ref.
    Tag {
        /// The ref.
        reference: String,
        /// What it stood for before; only a push tells.
        old: Option<Oid>,
        /// What it stands for, tags not peeled; only a push tells.
        new: Option<Oid>,
        /// The project's default branch, where the event tells it.
        default_branch: Option<String>,
    },
    /// A branch that is gone.
    DeletedBranch {
        /// The ref.
        reference: String,
        /// What it stood for.
        old: Option<Oid>,
        /// The project's default branch, where the event tells it.
        default_branch: Option<String>,
    },
    /// The mainline as a whole.
    Mainline {
        /// The branch to judge where no anchor's registry names the mainline.
        branch: Option<String>,
    },
    /// Nothing, and why.
    Nothing(String),
}

/// The events that are understood.
const KNOWN: &str = "push, pull_request, pull_request_target, merge_group, release, schedule, \
                     workflow_dispatch, repository_dispatch";

/// Decides what an event asks to judge.
///
/// # Errors
/// [`Error::Unusable`] for an event that is not known, or does not say what is needed.
pub fn plan(given: &Given<'_>) -> Result<Plan> {
    match given.name {
        "push" => push(given),
        "pull_request" | "pull_request_target" => pull_request(given),
        "merge_group" => merge_group(given),
        "release" => release(given),
        "workflow_dispatch" => started_by_hand(given),
        "schedule" | "repository_dispatch" => mainline(given),
        "" => Err(Error::unusable(
            "no event is named: neither --event nor GITHUB_EVENT_NAME is set",
            "name it, as in: gatecheck ci --event push --base COMMIT --head COMMIT --ref refs/heads/main",
        )),
        other => Err(Error::unusable(
            format!("the event {} is not known here; known are {KNOWN}", shown(other)),
            "judge what it is about by itself: gatecheck verify TIP",
        )),
    }
}

fn mainline(given: &Given<'_>) -> Result<Plan> {
    let run = || given.run_ref.filter(|name| name.starts_with("refs/heads/"));
    let named = given.reference.or_else(run).map(branch).transpose()?;
    Ok(Plan::Mainline { branch: given.default_branch()?.or(named) })
}

/// Whoever starts a run by hand chooses the branch or tag, and the service shows the outcome at the
/// commit of that one: a verdict about the mainline would vouch for a commit that nobody judged.
fn started_by_hand(given: &Given<'_>) -> Result<Plan> {
    let (Some(on), Some(default)) = (given.run_ref, given.default_branch()?) else {
        return mainline(given);
    };
    if on == default {
        return mainline(given);
    }
    if on.starts_with("refs/tags/") {
        let default_branch = Some(default);
        return Ok(Plan::Tag { reference: on.to_owned(), old: None, new: None, default_branch });
    }
    let head = given.commit(given.head.or(given.run_sha), "--head", "/after")?;
    let head = head.ok_or_else(|| given.missing("--head", "/after"))?;
    Ok(Plan::Change(Change {
        kind: ChangeKind::Push,
        target: branch(on)?,
        default_branch: Some(default),
        base: None,
        head,
        forced: false,
    }))
}

fn push(given: &Given<'_>) -> Result<Plan> {
    of_this_kind(given, None)?;
    let reference = given
        .reference
        .or_else(|| given.text("/ref"))
        .or(given.run_ref)
        .ok_or_else(|| given.missing("--ref", "/ref"))?;
    let old = given.commit(given.base, "--base", "/before")?;
    let head = given.head.or_else(|| given.text("/after")).or(given.run_sha);
    let new = given.commit(head, "--head", "/after")?;
    if reference.starts_with("refs/tags/") {
        return Ok(match new {
            Some(new) => Plan::Tag {
                reference: reference.to_owned(),
                old,
                new: Some(new),
                default_branch: given.default_branch()?,
            },
            None => Plan::Nothing(format!("{} was deleted", shown(reference))),
        });
    }
    let (target, default_branch) = (branch(reference)?, given.default_branch()?);
    Ok(match new {
        Some(head) => Plan::Change(Change {
            kind: ChangeKind::Push,
            target,
            default_branch,
            base: old,
            head,
            forced: given.says("/forced"),
        }),
        None => Plan::DeletedBranch { reference: target, old, default_branch },
    })
}

fn pull_request(given: &Given<'_>) -> Result<Plan> {
    of_this_kind(given, Some("pull_request"))?;
    let fields = ["/pull_request/base/sha", "/pull_request/head/sha", "/pull_request/base/ref"];
    proposed(given, ChangeKind::PullRequest, fields, short_branch)
}

fn merge_group(given: &Given<'_>) -> Result<Plan> {
    of_this_kind(given, Some("merge_group"))?;
    if given.text("/action") == Some("destroyed") {
        return Ok(Plan::Nothing("the merge group was dissolved".to_owned()));
    }
    let fields = ["/merge_group/base_sha", "/merge_group/head_sha", "/merge_group/base_ref"];
    proposed(given, ChangeKind::MergeGroup, fields, branch)
}

fn proposed(
    given: &Given<'_>,
    kind: ChangeKind,
    fields: [&str; 3],
    full: fn(&str) -> Result<String>,
) -> Result<Plan> {
    let [base, head, target] = fields;
    let zeros = |option: &str| {
        Error::unusable(
            format!("{option} is all zeros, and a {} has both ends", shown(given.name)),
            "give the full commit ids: --base COMMIT --head COMMIT",
        )
    };
    let from = given.commit(given.base, "--base", base)?.ok_or_else(|| zeros("--base"))?;
    let to = given.commit(given.head, "--head", head)?.ok_or_else(|| zeros("--head"))?;
    let target = match (given.reference, given.text(target)) {
        (Some(flag), _) => branch(flag)?,
        (None, Some(named)) => full(named)?,
        (None, None) => return Err(given.missing("--ref", target)),
    };
    Ok(Plan::Change(Change {
        kind,
        target,
        default_branch: given.default_branch()?,
        base: Some(from),
        head: to,
        forced: false,
    }))
}

fn release(given: &Given<'_>) -> Result<Plan> {
    of_this_kind(given, Some("release"))?;
    if let Some(action @ ("deleted" | "unpublished")) = given.text("/action") {
        return Ok(Plan::Nothing(format!("the release was {action}")));
    }
    let short = match (given.reference, given.text("/release/tag_name")) {
        (Some(flag), _) => flag.strip_prefix("refs/tags/").unwrap_or(flag),
        (None, Some(name)) => name,
        (None, None) => return Err(given.missing("--ref", "/release/tag_name")),
    };
    let (reference, default_branch) = (format!("refs/tags/{short}"), given.default_branch()?);
    Ok(Plan::Tag { reference, old: None, new: None, default_branch })
}

/// An event file of another event would be read as saying nothing, or the wrong thing.
fn of_this_kind(given: &Given<'_>, own: Option<&str>) -> Result<()> {
    let Some(payload) = given.payload else { return Ok(()) };
    for other in ["pull_request", "merge_group", "release"] {
        if Some(other) != own && payload.get(other).is_some_and(serde_json::Value::is_object) {
            return Err(Error::unusable(
                format!(
                    "the event file is of another event: it tells of a {other}, and the event is {}",
                    shown(given.name)
                ),
                "give the file of this event: gatecheck ci --event-file FILE",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hex(digit: &str) -> String {
        digit.repeat(40)
    }

    #[test]
    fn a_flag_goes_before_the_file_and_the_file_before_the_run() {
        let file = json!({ "ref": "refs/heads/a", "before": hex("1"), "after": hex("2") });
        let (base, run) = (hex("3"), hex("4"));
        let of_file = Given { name: "push", payload: Some(&file), ..Given::default() };
        let Plan::Change(change) = plan(&of_file).unwrap() else { panic!("a change") };
        assert_eq!(
            (change.target.as_str(), change.base),
            ("refs/heads/a", Oid::from_hex(&hex("1")))
        );
        let given = Given {
            base: Some(&base),
            reference: Some("b"),
            run_ref: Some("refs/heads/c"),
            run_sha: Some(&run),
            ..of_file
        };
        let Plan::Change(change) = plan(&given).unwrap() else { panic!("a change") };
        assert_eq!((change.target.as_str(), change.base), ("refs/heads/b", Oid::from_hex(&base)));
        assert_eq!(Some(change.head), Oid::from_hex(&hex("2")));
        let bare = Given { payload: None, ..given };
        let Plan::Change(change) = plan(&bare).unwrap() else { panic!("a change") };
        assert_eq!(Some(change.head), Oid::from_hex(&run));
    }

    #[test]
    fn fields_of_another_type_are_absent() {
        for after in [json!(1), json!(null), json!(["x"]), json!({ "sha": hex("1") })] {
            let file = json!({ "ref": "refs/heads/a", "before": hex("1"), "after": after });
            let given = Given { name: "push", payload: Some(&file), ..Given::default() };
            assert!(plan(&given).unwrap_err().to_string().contains("has no after"));
        }
        let file = json!({ "pull_request": "x", "release": null });
        let given = Given { name: "pull_request", payload: Some(&file), ..Given::default() };
        assert!(plan(&given).is_err());
    }

    /// Who may push a branch or a tag chooses its name.
    #[test]
    fn a_short_name_that_looks_like_a_full_one_is_another_ref() {
        let file = json!({
            "pull_request": {
                "base": { "ref": "refs/heads/main", "sha": hex("1") }, "head": { "sha": hex("2") },
            },
            "repository": { "default_branch": "main" },
        });
        let given = Given { name: "pull_request", payload: Some(&file), ..Given::default() };
        let Plan::Change(change) = plan(&given).unwrap() else { panic!("a change") };
        assert_eq!(change.target, "refs/heads/refs/heads/main");
        assert!(change.distrust(Some("refs/heads/main")).is_some());
        let Plan::Change(change) =
            plan(&Given { reference: Some("refs/heads/main"), ..given }).unwrap()
        else {
            panic!("a change")
        };
        assert_eq!(change.target, "refs/heads/main");
        let file = json!({ "release": { "tag_name": "refs/tags/v1" } });
        let given = Given { name: "release", payload: Some(&file), ..Given::default() };
        let named = |given| match plan(&given).unwrap() {
            Plan::Tag { reference, .. } => reference,
            other => panic!("{other:?}"),
        };
        assert_eq!(named(given), "refs/tags/refs/tags/v1");
        assert_eq!(named(Given { reference: Some("refs/tags/v1"), ..given }), "refs/tags/v1");
    }

    /// The outcome is shown at the commit of the branch or tag that the run was started on.
    #[test]
    fn a_run_started_by_hand_is_about_what_it_was_started_on() {
        let file = json!({ "repository": { "default_branch": "trunk" } });
        let sha = hex("1");
        let plan = |on| {
            let run_sha = Some(sha.as_str());
            let name = "workflow_dispatch";
            plan(&Given {
                name,
                payload: Some(&file),
                run_ref: Some(on),
                run_sha,
                ..Given::default()
            })
        };
        assert!(matches!(plan("refs/heads/trunk"), Ok(Plan::Mainline { .. })));
        let Ok(Plan::Change(change)) = plan("refs/heads/topic") else { panic!("a change") };
        assert_eq!((change.target.as_str(), change.base), ("refs/heads/topic", None));
        assert_eq!(Some(change.head), Oid::from_hex(&sha));
        assert!(matches!(plan("refs/tags/v1"), Ok(Plan::Tag { .. })));
        assert!(plan("refs/pull/1/merge").is_err());
    }

    #[test]
    fn a_scheduled_run_is_about_the_default_branch() {
        let file = json!({ "repository": { "default_branch": "trunk" } });
        let branch = |payload, run_ref| {
            let given = Given { name: "schedule", payload, run_ref, ..Given::default() };
            match plan(&given).unwrap() {
                Plan::Mainline { branch } => branch,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(branch(Some(&file), Some("refs/heads/x")).as_deref(), Some("refs/heads/trunk"));
        assert_eq!(branch(None, Some("refs/heads/x")).as_deref(), Some("refs/heads/x"));
        assert_eq!(branch(None, Some("refs/tags/v1")), None);
    }
}
