//! `gatecheck signoff dissent`: an objection on record before the gate.

use clap::Args;

use super::super::arguments::HistoryArgs;
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::streams::Streams;
use super::desk::{Desk, unreadable};
use super::me::{Me, SignerArgs};
use super::{ask, files};
use crate::error::Error;
use crate::finding::{Code, Finding, Severity};
use crate::manifest::edit::{Draft, Editing, blank};
use crate::model::manifest::{Binding, Target};
use crate::model::policy::RequireSignature;
use crate::model::text::{is_blank, shown, typed};
use crate::model::{DomainId, ManifestName, Signoff};

/// Arguments of `signoff dissent`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:\n  \
    gatecheck signoff dissent 7 --domain kernel --reason \"the scheduler can starve\"\n\n\
    Once the file is on the mainline, the gate of that epoch is refused until you sign off without\n\
    dissent, later than this, or an override ceremony lifts it.")]
pub struct SignoffDissentArgs {
    /// The epoch whose gate you object to; must be the next one
    #[arg(value_name = "EPOCH")]
    pub epoch: u64,

    /// The domain that you speak for
    #[arg(long, value_name = "ID")]
    pub domain: String,

    /// What you object to
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub signer: SignerArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub history: HistoryArgs,
}

pub(super) fn run(
    args: &SignoffDissentArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (desk, outlook) = Desk::open_to_draft(&args.history, environment, streams)?;
    let in_force = &outlook.in_force;
    if args.epoch != outlook.next.next_epoch {
        return Err(Error::unusable(
            format!(
                "the next gate is that of epoch {}, and a dissent speaks against that one",
                outlook.next.next_epoch
            ),
            format!("gatecheck signoff dissent {} …", outlook.next.next_epoch),
        ));
    }
    if is_blank(&args.reason) {
        return Err(Error::unusable(
            "the reason is blank",
            "say what you object to: --reason TEXT",
        ));
    }
    let me = Me::find(&args.signer, in_force, &desk)?;
    let domain = DomainId::new(&args.domain).ok_or_else(|| {
        Error::unusable(
            format!("{} is no domain", shown(&args.domain)),
            "name a domain of the registry: --domain ID",
        )
    })?;
    let name = ManifestName::Dissent { epoch: args.epoch, reviewer: me.reviewer.clone() };
    let path = in_force.paths.dissent(args.epoch, &me.reviewer);
    desk.must_be_free(&path)?;
    let tree = desk.tree(desk.head)?;
    let bound = desk.repo.tree_without(tree, &[path.as_str()]).map_err(unreadable)?;
    let target = Target::Epoch(args.epoch);
    let draft = Draft {
        target: target.clone(),
        previous_gate: outlook.next.previous,
        binding: Binding::Tree(bound),
        content: None,
        notes: vec![format!("{} objects to the gate of epoch {}.", me.reviewer, args.epoch)],
        previous_note: String::new(),
        binding_note: format!("the tree of commit {} without this file", desk.head.short()),
        sections: Vec::new(),
    }
    .text();
    let mut signoff = Signoff {
        dissent: args.reason.clone(),
        ..blank(&target, me.reviewer.clone(), domain.clone(), desk.asked.now)
    };
    let text = format!(
        "{} objects to the gate of epoch {}, for {domain}: {}\nyour key: {}\n",
        me.reviewer,
        args.epoch,
        shown(&args.reason),
        me.key()
    );
    streams.print(text.as_bytes())?;
    if !ask(args.signer.yes, "Sign this?", environment, streams)? {
        return Ok(Exit::REFUSED);
    }
    let editing = Editing { name: &name, path: &path, limits: &desk.limits };
    let edited = |error| files::not_edited(error, &path);
    let unsigned = editing.add(&draft, &signoff, &[]).map_err(edited)?;
    let read = editing.read(&unsigned).map_err(edited)?;
    let stands = read.signoffs.first();
    let stands = stands.ok_or_else(|| Error::Defect("the dissent was not added".to_owned()))?;
    signoff.signature = me.sign(in_force, &desk, &read, stands)?;
    let text = editing.add(&draft, &signoff, &[]).map_err(edited)?;
    let foreseen = desk.foresee_here((&name, &path), text.as_bytes(), false)?;
    let against: Vec<Finding> = foreseen
        .findings
        .into_iter()
        .filter(|f| f.severity >= Severity::Undecided || is_not_attested(f.code))
        .collect();
    if !against.is_empty() {
        return desk.say_refused(
            &against,
            "nothing was written: this dissent would block nothing",
            streams,
        );
    }
    files::write_new(&desk.room_for(&path)?, &text)?;
    let signed = match in_force.registry.policy.mainline.require_signature {
        RequireSignature::EveryCommit => "-S ",
        RequireSignature::Gates => "",
    };
    let words = format!(
        "written: {0}\n\
         it is bound to the content of {1}: commit it alone, before anything else\n\
         \x20 git add {0} && git commit {signed}-m \"Dissent\" -- {0}\n\
         then it blocks the gate, until you sign off without dissent or an override lifts it\n",
        typed(&path),
        desk.head.short()
    );
    streams.print(words.as_bytes())?;
    Ok(Exit::PASS)
}

/// Codes that tell of a signature that does not hold.
const fn is_not_attested(code: Code) -> bool {
    matches!(code, Code::SignoffUnattested | Code::SignoffForged | Code::SignoffReplayed)
}
