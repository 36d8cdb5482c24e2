//! `gatecheck preview`: what a branch would need to pass as the next gate.

mod document;

use clap::{Args, ValueEnum};

use super::arguments::HistoryArgs;
use super::environment::Environment;
use super::exit::Exit;
use super::judge::read_bounded;
use super::output::Color;
use super::signoff::desk::{Desk, unreadable};
use super::signoff::{vouch, who};
use super::streams::Streams;
use crate::check::{Foreseen, InForce, Outlook};
use crate::error::Error;
use crate::finding::{Code, Finding, Severity};
use crate::history::{self, Failure};
use crate::manifest::edit::{Draft, is_no_signoff};
use crate::model::manifest::{Binding, Target};
use crate::model::text::{shown, shown_up_to, typed};
use crate::model::{ManifestName, Oid};
use crate::render::{self, Format, Style};

/// Arguments of `preview`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    gatecheck preview                     the branch that is checked out\n  \
    gatecheck preview topic --format json\n\n\
    The branch is judged as if it were merged now and were the next gate, with the manifest that is\n\
    drafted or committed there, or with none.\n\n\
    Exit status: 0 nothing is missing; 1 something is; 2 the arguments cannot be used;\n\
    3 undecided, nothing is missing that is known.")]
pub struct PreviewArgs {
    /// The branch, or a commit [default: what is checked out]
    #[arg(value_name = "BRANCH")]
    pub what: Option<String>,

    /// How it is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    pub format: PreviewFormat,

    /// Whether to use colours (NO_COLOR and CLICOLOR_FORCE are heeded)
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub history: HistoryArgs,
}

/// How a preview is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PreviewFormat {
    /// For people.
    Human,
    /// `gatecheck-preview/1`, one JSON document.
    Json,
}

/// Where the manifest of the gate to come is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    None,
    Draft,
    Committed,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Draft => "draft",
            Self::Committed => "committed",
        }
    }
}

/// The gate to come.
struct Coming {
    outlook: Outlook,
    foreseen: Foreseen,
    path: String,
    state: State,
    /// What the judge found, but for a draft's lack of any sign-off.
    findings: Vec<Finding>,
    branch: Option<String>,
}

/// Looks, and says what is missing.
pub fn run(
    args: &PreviewArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let mut desk = Desk::open(&args.history, environment)?;
    let mut checked_out = true;
    if let Some(named) = &args.what {
        let resolved = desk.repo.resolve(named)?;
        checked_out = resolved.reference == desk.branch && desk.branch.is_some()
            || (named == "HEAD" && resolved.commit == desk.head);
        if !checked_out {
            desk.head = resolved.commit;
            desk.branch = resolved.reference;
            desk.asked.tip = Some(resolved.commit.to_string());
        }
    }
    let coming = look(&mut desk, checked_out)?;
    let worst = coming.findings.iter().map(|finding| finding.severity).max();
    let (verdict, exit) = match worst {
        Some(Severity::Error) => ("refused", Exit::REFUSED),
        Some(Severity::Undecided) => ("undecided", Exit::UNDECIDED),
        _ => ("pass", Exit::PASS),
    };
    match args.format {
        PreviewFormat::Json => {
            streams.print(&document::of(&coming, verdict).to_bytes())?;
        }
        PreviewFormat::Human => {
            super::signoff::say_registry(&coming.outlook.in_force, streams);
            note_other_mainline(&desk, &coming, streams)?;
            let style = args.color.style(environment);
            streams.print(words(&coming, exit, &style).as_bytes())?;
        }
    }
    Ok(exit)
}

fn look(desk: &mut Desk<'_>, checked_out: bool) -> Result<Coming, Error> {
    let mut outlook = desk.outlook()?;
    let mut epoch = outlook.next.next_epoch;
    let mut apart = false;
    // A manifest that is complete is an accepted gate already, seen from its own branch.
    let last = outlook.last_gate.map(|(epoch, _)| epoch);
    for candidate in [Some(epoch), last].into_iter().flatten() {
        let path = outlook.in_force.paths.epoch(candidate);
        if desk.stand_before(&outlook.in_force, &path)? {
            apart = true;
            epoch = candidate;
            outlook = desk.outlook()?;
            break;
        }
    }
    let path = outlook.in_force.paths.epoch(epoch);
    let name = ManifestName::Epoch(epoch);
    let in_work_tree = match desk.repo.work_dir().filter(|_| checked_out) {
        Some(top) if top.join(&path).is_file() && (apart || !desk.holds(desk.head, &path)?) => {
            Some(read_bounded(&top.join(&path), desk.limits.file_bytes)?)
        }
        _ => None,
    };
    let (bytes, state) = match in_work_tree {
        Some(bytes) => (bytes, if apart { State::Committed } else { State::Draft }),
        None if apart => {
            let tree = desk.tree(desk.head)?;
            let entry = desk.repo.lookup(tree, &path).map_err(unreadable)?;
            let entry = entry.ok_or_else(|| Error::Defect("the manifest is gone".to_owned()))?;
            (desk.repo.read_blob(entry.id).map_err(unreadable)?, State::Committed)
        }
        None => (empty(desk, &outlook, epoch)?.into_bytes(), State::None),
    };
    let foreseen = desk.foresee_here((&name, &path), &bytes, apart)?;
    let findings = foreseen.findings.iter().filter(|finding| !is_no_signoff(finding)).cloned();
    let findings = findings.collect();
    let branch = desk.branch.clone();
    Ok(Coming { outlook, foreseen, path, state, findings, branch })
}

/// A manifest that nobody has drafted.
fn empty(desk: &Desk<'_>, outlook: &Outlook, epoch: u64) -> Result<String, Error> {
    let path = outlook.in_force.paths.epoch(epoch);
    let tree = desk.tree(desk.head)?;
    let tree = desk.repo.tree_without(tree, &[path.as_str()]).map_err(unreadable)?;
    let by_tree = outlook.in_force.registry.policy.gates.bind_tree;
    let draft = Draft {
        target: Target::Epoch(epoch),
        previous_gate: outlook.next.previous,
        binding: if by_tree { Binding::Tree(tree) } else { Binding::Commit(desk.head) },
        content: None,
        notes: Vec::new(),
        previous_note: String::new(),
        binding_note: String::new(),
        sections: Vec::new(),
    };
    Ok(draft.text())
}

/// A branch that lacks commits of the mainline is another content once it is merged.
fn note_other_mainline(
    desk: &Desk<'_>,
    coming: &Coming,
    streams: &mut Streams<'_>,
) -> Result<(), Error> {
    let in_force = &coming.outlook.in_force;
    for (name, mainline) in desk.mainlines(in_force)? {
        match history::contains(&desk.repo, desk.head, mainline) {
            Ok(true) => {}
            Ok(false) => {
                let name = name.trim_start_matches("refs/heads/");
                streams.say(&format!(
                    "note: {0} has moved on; merged into it, this is another content, so rebase \
                     before anybody signs: git rebase {0}",
                    typed(name.trim_start_matches("refs/remotes/"))
                ));
                break;
            }
            Err(Failure::Found(finding)) => streams.say(&format!("note: {}", finding.message)),
            Err(Failure::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

fn words(coming: &Coming, exit: Exit, style: &Style) -> String {
    let Coming { outlook, foreseen, .. } = coming;
    let epoch = foreseen_epoch(coming);
    let branch = coming.branch.as_deref().map_or(String::new(), |branch| {
        format!("{} at ", shown(branch.trim_start_matches("refs/heads/")))
    });
    let mut text = format!(
        "epoch {epoch}, with the content of {branch}{}\n{}, {}\n",
        outlook.change.content.short(),
        vouch::count(outlook.change.paths.len(), "file", "files") + " changed",
        vouch::since(outlook)
    );
    text.push_str(&match coming.state {
        State::None => {
            let InForce { mainline, registry, .. } = &outlook.in_force;
            let option = match *mainline == registry.mainline {
                true => String::new(),
                false => format!(" --branch {}", typed(mainline)),
            };
            format!("no manifest is drafted yet: gatecheck signoff new{option}\n")
        }
        State::Draft => format!("manifest: {}, not committed\n", shown(&coming.path)),
        State::Committed => format!("manifest: {}, on this branch\n", shown(&coming.path)),
    });
    text.push_str(&elsewhere(coming));
    for need in who::domains(outlook, foreseen) {
        let state = format!("{} of {}", need.counted.len(), need.needed);
        let names: Vec<&str> = need.counted.iter().map(|id| id.as_str()).collect();
        let names =
            if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
        let files = vouch::count(need.files, "file", "files");
        text.push_str(&format!("\n{}  {files} changed, {state} signed{names}\n", need.domain));
        for (reviewer, why) in &need.not_counted {
            text.push_str(&format!(
                "  {reviewer} signed, which does not count: {}\n",
                shown_up_to(why, 400)
            ));
        }
        if need.lacks() > 0 {
            for line in who::people_lines(&need.others) {
                text.push_str(&format!("  {line}\n"));
            }
        }
    }
    let missing = who::missing_lines(outlook, foreseen, &coming.findings);
    if !missing.is_empty() {
        text.push_str("\nmissing:\n");
        missing.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    let told: Vec<Finding> = coming.findings.iter().filter(|f| !is_told(f)).cloned().collect();
    if !told.is_empty() {
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(&render::findings(&told, Format::Human, style)));
    }
    text.push_str(match exit {
        Exit::PASS => "\nready: nothing is missing but the signed commit or merge that lands it\n",
        Exit::UNDECIDED => "\nundecided\n",
        _ => "\nnot ready\n",
    });
    text
}

/// What the manifest is bound to, where that is not the content that is told of.
fn elsewhere(coming: &Coming) -> String {
    let Coming { outlook, foreseen, state, .. } = coming;
    let binding = foreseen.manifest.as_ref().map(|manifest| &manifest.binding);
    match binding {
        Some(Binding::Commit(commit)) if *commit != outlook.change.content => {
            format!("note: it is bound to commit {commit}, and not to this content\n")
        }
        Some(Binding::Tree(tree))
            if *state == State::Draft
                && *tree == foreseen.subject
                && foreseen.subject != foreseen.tip_subject =>
        {
            "note: it is bound to what is staged, and not to this content\n".to_owned()
        }
        _ => String::new(),
    }
}

fn foreseen_epoch(coming: &Coming) -> u64 {
    let gate = coming.foreseen.gate.as_ref();
    gate.and_then(|gate| gate.epoch).unwrap_or(coming.outlook.next.next_epoch)
}

/// Findings that stand among what is missing already.
fn is_told(finding: &Finding) -> bool {
    who::is_missing(finding)
        || matches!(
            finding.code,
            Code::UnresolvedDissent
                | Code::CharterAmendmentInvalid
                | Code::ForbiddenText
                | Code::UnsupportedVersion
        )
}

/// The id of a commit, in full.
fn full(id: Oid) -> String {
    id.to_string()
}
