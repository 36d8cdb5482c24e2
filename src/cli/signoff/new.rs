//! `gatecheck signoff new` and `signoff reattest`: manifests that nobody has signed yet.

use clap::Args;

use super::super::arguments::HistoryArgs;
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::revision;
use super::super::streams::Streams;
use super::desk::{Desk, unreadable};
use super::{files, vouch, who};
use crate::check::Outlook;
use crate::error::Error;
use crate::finding::{Finding, Severity};
use crate::manifest::edit::{Draft, Section};
use crate::model::gate::is_squash_name;
use crate::model::manifest::{Binding, Target};
use crate::model::text::{shown, typed};
use crate::model::{ManifestName, Oid};

/// Arguments of `signoff new`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    gatecheck signoff new                       the next epoch, with the content of HEAD\n  \
    gatecheck signoff new 7 --commit HEAD~1     epoch 7, for a commit that was made before\n  \
    gatecheck signoff new --squash big-import\n\n\
    Nothing is signed. Each reviewer then runs gatecheck signoff add --domain DOMAIN.\n\n\
    Exit status: 0 the draft is written; 1 it would be refused whoever signed; 2 it cannot be\n\
    written; 3 the history cannot be read.")]
pub struct SignoffNewArgs {
    /// The epoch; must be the next one [default: the next one]
    #[arg(value_name = "EPOCH", conflicts_with = "squash")]
    pub epoch: Option<u64>,

    /// A squash gate of this name instead
    #[arg(long, value_name = "NAME")]
    pub squash: Option<String>,

    /// Bind the sign-offs to this commit of the mainline, instead of the tree of the commit to come
    #[arg(long, value_name = "COMMIT")]
    pub commit: Option<String>,

    /// State the SHA-256 digest of the content as well
    #[arg(long)]
    pub content_digest: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub history: HistoryArgs,
}

/// Arguments of `signoff reattest`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example: the key of a reviewer of epoch 7 was stolen; others vouch for it again\n  \
    gatecheck signoff reattest 7\n  \
    gatecheck signoff add --domain kernel"
)]
pub struct SignoffReattestArgs {
    /// The epoch of the accepted gate that is attested again
    #[arg(value_name = "EPOCH")]
    pub epoch: u64,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub history: HistoryArgs,
}

pub(super) fn run(
    args: &SignoffNewArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (desk, outlook) = Desk::open_to_draft(&args.history, environment, streams)?;
    let in_force = &outlook.in_force;
    let (target, name) = target(args, outlook.next.next_epoch)?;
    let path = match &target {
        Target::Epoch(epoch) => in_force.paths.epoch(*epoch),
        Target::Squash(name) => in_force.paths.squash(name),
    };
    desk.must_be_free(&path)?;
    let (draft, note) = draft(args, &desk, &outlook, target, &path)?;
    let text = draft.text();
    let foreseen = desk.foresee_here((&name, &path), text.as_bytes(), false)?;
    let against: Vec<Finding> = foreseen
        .findings
        .iter()
        .filter(|finding| finding.severity >= Severity::Undecided)
        .filter(|finding| !who::is_missing(finding) && !who::is_for_others(finding))
        .cloned()
        .collect();
    if !against.is_empty() {
        return desk.say_refused(
            &against,
            "nothing was written: this gate would be refused, whoever signed it off",
            streams,
        );
    }
    files::write_new(&desk.room_for(&path)?, &text)?;
    let mut text = vouch::overview(&outlook);
    for line in who::policy_lines(&foreseen.findings) {
        text.push_str(&format!("\n{line}\n"));
    }
    streams.print(text.as_bytes())?;
    let words = format!("\nwritten: {}, {note}; nobody has signed it\n", shown(&path));
    streams.print(words.as_bytes())?;
    let branch = desk.branch_option();
    let next = format!("next, each reviewer: gatecheck signoff add --domain DOMAIN{branch}\n");
    streams.print(next.as_bytes())?;
    Ok(Exit::PASS)
}

fn target(args: &SignoffNewArgs, next: u64) -> Result<(Target, ManifestName), Error> {
    if let Some(name) = &args.squash {
        if !is_squash_name(name) {
            return Err(Error::unusable(
                format!("{} cannot be the name of a squash gate", shown(name)),
                "use letters, digits, `.`, `_` and `-`, at most 64: --squash big-import",
            ));
        }
        return Ok((Target::Squash(name.clone()), ManifestName::Squash(name.clone())));
    }
    let epoch = args.epoch.unwrap_or(next);
    if epoch != next {
        return Err(Error::unusable(
            format!("the next gate is that of epoch {next}, not of epoch {epoch}"),
            format!("gatecheck signoff new {next}"),
        ));
    }
    Ok((Target::Epoch(epoch), ManifestName::Epoch(epoch)))
}

fn draft(
    args: &SignoffNewArgs,
    desk: &Desk<'_>,
    outlook: &Outlook,
    target: Target,
    path: &str,
) -> Result<(Draft, String), Error> {
    let in_force = &outlook.in_force;
    let (bound, tree) = match &args.commit {
        Some(name) => {
            let commit = revision::resolve(&desk.repo, name)?;
            (Binding::Commit(commit), desk.tree(commit)?)
        }
        None => {
            let tree = desk.tree(desk.head)?;
            let tree = desk.repo.tree_without(tree, &[path]).map_err(unreadable)?;
            (Binding::Tree(tree), desk.tree(desk.head)?)
        }
    };
    let (allowed, other) = match bound {
        Binding::Commit(_) => (in_force.registry.policy.gates.bind_commit, "leave --commit out"),
        _ => (in_force.registry.policy.gates.bind_tree, "name the gate's commit: --commit HEAD"),
    };
    if !allowed {
        return Err(Error::unusable("the registry's policy does not allow this binding", other));
    }
    let content = match args.content_digest {
        true => {
            let without: &[&str] = if args.commit.is_some() { &[] } else { &[path] };
            Some(desk.repo.content_digest(tree, without).map_err(unreadable)?)
        }
        false => None,
    };
    let mut note = match &bound {
        Binding::Commit(commit) => format!("bound to commit {}", commit.short()),
        _ => {
            format!("bound to the tree of {} on {}", desk.head.short(), shown(desk.on_a_branch()?))
        }
    };
    if let (Binding::Tree(bound), Some(staged)) = (&bound, desk.repo.staged()?)
        && desk.repo.staged_tree(&staged, &[path]).map_err(unreadable)? != *bound
    {
        note.push_str(" (what is staged and not committed is no part of it)");
    }
    let what = match &target {
        Target::Epoch(epoch) => format!("The gate of epoch {epoch}"),
        Target::Squash(name) => format!("The squash gate {name}"),
    };
    let project = match in_force.registry.project.as_str() {
        "" => String::new(),
        project => format!(" of {project}"),
    };
    let binding_note = match bound {
        Binding::Commit(_) => String::new(),
        _ => format!("the tree of commit {} without this file", desk.head.short()),
    };
    let sections = in_force
        .registry
        .domains
        .values()
        .map(|domain| Section { domain: domain.id.clone(), notes: vouch::lasting(domain) });
    let draft = Draft {
        target,
        previous_gate: outlook.next.previous,
        binding: bound,
        content,
        notes: notes(&format!("{what}{project}.")),
        previous_note: outlook
            .last_gate
            .map_or(String::new(), |(epoch, _)| format!("the gate of epoch {epoch}")),
        binding_note,
        sections: sections.collect(),
    };
    Ok((draft, note))
}

fn notes(first: &str) -> Vec<String> {
    [
        first,
        "",
        "  gatecheck signoff add --domain DOMAIN    adds your sign-off and signs it",
        "  gatecheck signoff check                  says what is still missing",
        "",
        "Everybody signs exactly the content that is named here. Any change to it makes all",
        "signatures void; changes to comments do not.",
    ]
    .map(str::to_owned)
    .into()
}

pub(super) fn reattest(
    args: &SignoffReattestArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (desk, outlook) = Desk::open_to_draft(&args.history, environment, streams)?;
    let top = desk.top()?;
    let in_force = &outlook.in_force;
    let epoch = args.epoch;
    let Some(accepted) = outlook.next.accepted.get(&epoch) else {
        let known: Vec<String> =
            outlook.next.accepted.keys().map(ToString::to_string).take(40).collect();
        return Err(Error::unusable(
            format!(
                "epoch {epoch} has no accepted gate after the anchor that could be attested again"
            ),
            if known.is_empty() {
                "gatecheck verify shows which gates are accepted".to_owned()
            } else {
                format!("accepted gates after the anchor: epoch {}", known.join(", "))
            },
        ));
    };
    let mut free = None;
    for number in 1..=desk.limits.signoffs {
        let path = in_force.paths.reattest(epoch, number);
        let taken = top.join(&path).symlink_metadata().is_ok() || desk.holds(desk.head, &path)?;
        if !taken {
            free = Some((number, path));
            break;
        }
    }
    let (number, path) = free.ok_or_else(|| {
        Error::unusable("there are too many re-attestations of this gate", "remove drafts of them")
    })?;
    let sections = in_force
        .registry
        .domains
        .values()
        .map(|domain| Section { domain: domain.id.clone(), notes: vouch::lasting(domain) });
    let draft = Draft {
        target: Target::Epoch(epoch),
        previous_gate: accepted.previous,
        binding: accepted.binding.clone(),
        content: accepted.content,
        notes: notes(&format!(
            "Attests the gate of epoch {epoch} ({}) again, with the registry of serial {}.",
            accepted.gate.short(),
            in_force.registry.serial
        )),
        previous_note: String::new(),
        binding_note: subject_note(accepted.gate),
        sections: sections.collect(),
    };
    files::write_new(&desk.room_for(&path)?, &draft.text())?;
    streams.print(
        format!(
            "written: {}, re-attestation {number} of the gate of epoch {epoch}; nobody has signed it\n\
             next, each reviewer: gatecheck signoff add --domain DOMAIN --file {0}\n",
            typed(&path)
        )
        .as_bytes(),
    )?;
    Ok(Exit::PASS)
}

fn subject_note(gate: Oid) -> String {
    format!("as at the gate {}", gate.short())
}
