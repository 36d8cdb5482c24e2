//! `gatecheck signoff check`.

use std::path::PathBuf;

use clap::Args;

use super::super::arguments::HistoryArgs;
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge::read_bounded;
use super::super::output::{Color, findings_parser};
use super::super::streams::Streams;
use super::desk::Desk;
use super::{files, say_registry, who};
use crate::check::{Foreseen, Proposal};
use crate::error::Error;
use crate::finding::{Code, Finding, Severity};
use crate::manifest::edit::is_no_signoff;
use crate::model::SubjectBinding;
use crate::model::text::{shown, shown_up_to};
use crate::render::{self, Format};

/// Arguments of `signoff check`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: does my signature fit, and whose is still missing?\n  \
    gatecheck signoff check\n\n\
    The manifest is judged as if the next commit brought it, together with what is staged.\n\n\
    Exit status: 0 every sign-off in it is attested and nothing is refused (others may still be\n\
    missing: --complete makes that 1 as well); 1 something is refused; 3 undecided.")]
pub struct SignoffCheckArgs {
    /// The manifest [default: the only one that is not on the mainline yet]
    #[arg(value_name = "MANIFEST")]
    pub manifest: Option<PathBuf>,

    /// The same, named as the other commands do
    #[arg(long, value_name = "FILE", conflicts_with = "manifest")]
    pub file: Option<PathBuf>,

    /// Fail also where sign-offs are still missing for the quorum
    #[arg(long)]
    pub complete: bool,

    /// How the findings are written
    #[arg(long, value_name = "FORMAT", value_parser = findings_parser(), default_value = "human")]
    pub format: Format,

    /// Whether to use colours (NO_COLOR and CLICOLOR_FORCE are heeded)
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub history: HistoryArgs,
}

pub(super) fn run(
    args: &SignoffCheckArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let mut desk = Desk::open(&args.history, environment)?;
    let in_force = desk.in_force()?;
    let place = desk.find(args.manifest.as_deref().or(args.file.as_deref()), &in_force)?;
    let apart = desk.stand_before(&in_force, &place.path)?;
    let bytes = read_bounded(&place.file, desk.limits.file_bytes)?;
    files::no_conflict(&String::from_utf8_lossy(&bytes), &place.path)?;
    let proposal = Proposal {
        name: place.name.clone(),
        path: place.path.clone(),
        bytes,
        staged: desk.repo.staged()?,
    };
    let foreseen = desk.foresee(&proposal)?;
    say_registry(&foreseen.in_force, streams);
    if apart {
        streams.say(
            "note: it is committed on this branch; it is judged as if the branch were merged now",
        );
    }
    if place.elsewhere {
        streams
            .say(&format!("note: the file lies elsewhere; it is judged as {}", shown(&place.path)));
    }
    say_subject(&foreseen, proposal.staged.is_some(), streams);
    if let Some(reviewer) = &foreseen.assumed_signer {
        streams.say(&format!(
            "note: {reviewer}'s sign-off has no signature of its own; it is judged as if {reviewer} \
             signed the commit, which policy accepts"
        ));
    }
    let (missing, refused): (Vec<Finding>, Vec<Finding>) =
        foreseen.findings.iter().cloned().partition(is_missing);
    let all: Vec<Finding> = refused
        .iter()
        .cloned()
        // Not there yet is no refusal.
        .chain(missing.iter().cloned().map(|f| if args.complete { f } else { later(f) }))
        .collect();
    if args.format == Format::Human {
        streams.print(signoffs(&foreseen).as_bytes())?;
    }
    streams.print(&render::findings(&all, args.format, &args.color.style(environment)))?;
    let exit = match all.iter().map(|finding| finding.severity).max() {
        Some(Severity::Error) => Exit::REFUSED,
        Some(Severity::Undecided) => Exit::UNDECIDED,
        _ if foreseen.manifest.is_none() => Exit::REFUSED,
        _ => Exit::PASS,
    };
    if args.format == Format::Human {
        streams.print(last(exit, &foreseen, &missing).as_bytes())?;
        let lines = who::missing_lines(&desk.outlook()?, &foreseen, &foreseen.findings);
        let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
        streams.print(lines.as_bytes())?;
    }
    Ok(exit)
}

/// What more sign-offs mend. An item that the checklist does not have is somebody's mistake.
fn is_missing(finding: &Finding) -> bool {
    let mistaken = finding.code == Code::ChecklistIncomplete && finding.reviewer_id.is_some();
    who::is_missing(finding) && !mistaken && !is_no_signoff(finding)
}

fn later(mut finding: Finding) -> Finding {
    finding.severity = finding.severity.min(Severity::Warning);
    finding
}

/// What the sign-offs are compared with.
fn say_subject(foreseen: &Foreseen, staged: bool, streams: &mut Streams<'_>) {
    let Some(manifest) = &foreseen.manifest else { return };
    let SubjectBinding::Tree(bound) = manifest.binding else { return };
    if manifest.reattest > 0 {
        streams.say(&format!("subject: {bound}, that of the gate which is attested again"));
        return;
    }
    let (subject, tip) = (foreseen.subject, foreseen.tip_subject);
    let what = match (staged, subject == tip) {
        (false, _) => "HEAD's tree without the manifest".to_owned(),
        (true, true) => "what is staged, which but for manifests is HEAD's tree".to_owned(),
        (true, false) => "what is staged, which is not HEAD's tree".to_owned(),
    };
    streams.say(&format!("subject: {subject}, {what}"));
    if bound != subject && bound == tip {
        streams.say(
            "note: the sign-offs are bound to HEAD's tree; commit the manifest alone \
             (git stash the other staged changes), or have them signed anew",
        );
    } else if bound != subject {
        streams.say(&format!("note: the sign-offs are bound to {bound}; `git diff {bound} HEAD`"));
    }
}

/// One line a sign-off.
fn signoffs(foreseen: &Foreseen) -> String {
    let Some(gate) = &foreseen.gate else { return String::new() };
    let mut text = String::new();
    for signoff in &gate.signoffs {
        let state = match (signoff.attested, signoff.counted) {
            (true, true) => "counts",
            (true, false) => "attested, does not count",
            (false, _) => "not attested",
        };
        let why = signoff.why.as_deref().filter(|_| !signoff.counted);
        let why = why.map_or(String::new(), |why| format!(": {}", shown_up_to(why, 1_000)));
        text.push_str(&format!("{} for {}: {state}{why}\n", signoff.reviewer_id, signoff.domain));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn last(exit: Exit, foreseen: &Foreseen, missing: &[Finding]) -> String {
    let signoffs = foreseen.gate.as_ref().map_or(&[][..], |gate| gate.signoffs.as_slice());
    let attested = signoffs.iter().filter(|signoff| signoff.attested).count();
    let counted = signoffs.iter().filter(|signoff| signoff.counted).count();
    let numbers = format!("{attested} of {} sign-offs attested, {counted} count", signoffs.len());
    if exit == Exit::REFUSED {
        return format!("refused as it stands: {numbers}\n");
    }
    if exit == Exit::UNDECIDED {
        return format!("undecided: {numbers}\n");
    }
    let codes: Vec<&str> = missing.iter().map(|finding| finding.code.name()).collect();
    if codes.is_empty() {
        format!("nothing is missing: {numbers}; who may sign the commit is judged with it\n")
    } else {
        format!("not complete: {numbers}; still missing: {}\n", codes.join(", "))
    }
}
