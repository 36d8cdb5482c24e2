//! `gatecheck signoff sign`, `withdraw` and `supersede`: a sign-off that is there already.

use clap::Args;

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::revision;
use super::super::streams::Streams;
use super::files;
use super::me::{Me, SignerArgs, known};
use super::open::{DraftArgs, Open, indices};
use crate::error::Error;
use crate::finding::Code;
use crate::model::text::{shown, typed};
use crate::model::{Manifest, ReviewerId, Signoff};

/// Arguments of `signoff sign`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: sign what somebody wrote down for you\n  \
    gatecheck signoff sign --domain kernel\n\n\
    What the entry says is signed as it stands, its timestamp too.")]
pub struct SignoffSignArgs {
    /// The domain, where several sign-offs of yours are unsigned
    #[arg(long, value_name = "ID")]
    pub domain: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub draft: DraftArgs,
}

/// Arguments of `signoff withdraw`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:\n  \
    gatecheck signoff withdraw --domain kernel\n\n\
    That a sign-off is withdrawn is no part of what was signed: whoever edits the file can undo it,\n\
    until the gate is accepted. It closes no dissent.")]
pub struct SignoffWithdrawArgs {
    /// The domain of the sign-off
    #[arg(long, value_name = "ID")]
    pub domain: String,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub draft: DraftArgs,
}

/// Arguments of `signoff supersede`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example: my sign-off was mistaken, and commit 1f2e… brought a corrected one\n  \
    gatecheck signoff supersede --domain kernel --by 1f2e…\n\n\
    The commit must lie in the history that the gate lands on, carry your own signature, and bring\n\
    your signed sign-off for the same epoch and domain. That a sign-off is superseded is no part of\n\
    what was signed."
)]
pub struct SignoffSupersedeArgs {
    /// The domain of the sign-off
    #[arg(long, value_name = "ID")]
    pub domain: String,

    /// The commit that brought the correction
    #[arg(long, value_name = "COMMIT")]
    pub by: String,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub draft: DraftArgs,
}

pub(super) fn sign(
    args: &SignoffSignArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (open, manifest) = Open::at(&args.draft, environment, streams)?;
    let me = Me::find(&args.draft.signer, &open.outlook.in_force, &open.desk)?;
    let unsigned = (0_usize..).zip(&manifest.signoffs).filter(|(_, signoff)| {
        signoff.reviewer_id == me.reviewer
            && signoff.signature.is_empty()
            && args.domain.as_ref().is_none_or(|domain| signoff.domain.as_str() == domain)
    });
    let unsigned: Vec<(usize, &Signoff)> = unsigned.collect();
    let (index, signoff) = match unsigned.as_slice() {
        [(index, one)] => (*index, *one),
        [] => {
            return Err(Error::unusable(
                format!("no sign-off of {} waits for a signature", me.reviewer),
                "add yours and sign it: gatecheck signoff add --domain DOMAIN",
            ));
        }
        several => {
            let domains: Vec<&str> = several.iter().map(|(_, s)| s.domain.as_str()).collect();
            return Err(Error::unusable(
                format!("several sign-offs of {} wait for a signature", me.reviewer),
                format!("choose one with --domain: {}", domains.join(", ")),
            ));
        }
    };
    if !open.show_and_ask(&me, &manifest, signoff, &args.draft.signer, streams)? {
        return Ok(Exit::REFUSED);
    }
    let signature = me.sign(&open.outlook.in_force, &open.desk, &manifest, signoff)?;
    let text = open.editing().sign(&open.text, index, &signature);
    let text = text.map_err(|error| files::not_edited(error, &open.place.path))?;
    open.judge_and_write(&text, &me.reviewer, &signoff.domain, streams)
}

pub(super) fn withdraw(
    args: &SignoffWithdrawArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (open, manifest) = Open::at(&args.draft, environment, streams)?;
    let reviewer = whose(&args.draft.signer, &open)?;
    let standing = standing(&open, &manifest, &reviewer, &args.domain)?;
    let mut text = open.text.clone();
    for (index, _) in &standing {
        let edited = open.editing().withdraw(&text, *index);
        text = edited.map_err(|error| files::not_edited(error, &open.place.path))?;
    }
    files::replace(&open.place.file, &open.text, &text, &open.desk.limits)?;
    let mut words = format!(
        "written: the sign-off of {reviewer} for {} is withdrawn and does not count\n\
         note: this is no part of what was signed; whoever edits the file can undo it\n",
        shown(&args.domain)
    );
    if standing.iter().any(|(_, signoff)| signoff.dissents()) {
        words.push_str(
            "note: the dissent in it stays open; a later sign-off without one lifts it\n",
        );
    }
    streams.print(words.as_bytes())?;
    Ok(Exit::PASS)
}

/// Whose sign-offs are meant. Nothing is signed, so a name will do.
fn whose(args: &SignerArgs, open: &Open<'_>) -> Result<ReviewerId, Error> {
    let in_force = &open.outlook.in_force;
    match &args.reviewer {
        Some(id) => known(&in_force.registry, id),
        None => Ok(Me::find(args, in_force, &open.desk)?.reviewer),
    }
}

/// A person's sign-offs for a domain that nobody took back; at least one.
fn standing<'m>(
    open: &Open<'_>,
    manifest: &'m Manifest,
    reviewer: &ReviewerId,
    domain: &str,
) -> Result<Vec<(usize, &'m Signoff)>, Error> {
    let theirs = indices(manifest, reviewer, None).into_iter();
    let theirs = theirs.filter_map(|index| Some((index, manifest.signoffs.get(index)?)));
    let standing: Vec<(usize, &Signoff)> = theirs
        .filter(|(_, s)| s.domain.as_str() == domain && !s.withdrawn && s.superseded_by.is_empty())
        .collect();
    if standing.is_empty() {
        return Err(Error::unusable(
            format!("no sign-off of {reviewer} for {} stands there", shown(domain)),
            format!("see what does: gatecheck signoff check {}", typed(&open.place.path)),
        ));
    }
    Ok(standing)
}

pub(super) fn supersede(
    args: &SignoffSupersedeArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (open, manifest) = Open::at(&args.draft, environment, streams)?;
    let reviewer = whose(&args.draft.signer, &open)?;
    let by = revision::resolve(&open.desk.repo, &args.by)?;
    let mut text = open.text.clone();
    for (index, _) in standing(&open, &manifest, &reviewer, &args.domain)? {
        let edited = open.editing().supersede(&text, index, by);
        text = edited.map_err(|error| files::not_edited(error, &open.place.path))?;
    }
    let refused = open.refused(&text, |finding| {
        finding.code == Code::SupersedeChain && finding.reviewer_id.as_ref() == Some(&reviewer)
    })?;
    if !refused.is_empty() {
        return open.say_refused(&refused, streams);
    }
    files::replace(&open.place.file, &open.text, &text, &open.desk.limits)?;
    let words = format!(
        "written: the sign-off of {reviewer} for {} is superseded by {by} and does not count\n\
         note: this is no part of what was signed; whoever edits the file can undo it\n",
        shown(&args.domain)
    );
    streams.print(words.as_bytes())?;
    Ok(Exit::PASS)
}
