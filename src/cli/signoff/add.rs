//! `gatecheck signoff add`, `sign` and `withdraw`: one's own sign-off in a manifest.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::output::Color;
use super::super::streams::Streams;
use super::desk::{Desk, DeskArgs};
use super::me::{Me, SignerArgs, known};
use super::{Place, ask, files, say_registry, vouch, who};
use crate::check::{self, Change, Foreseen, Outlook};
use crate::error::Error;
use crate::finding::{Code, Finding, Severity};
use crate::manifest::edit::{Editing, blank};
use crate::model::manifest::{AiAttestation, Target};
use crate::model::registry::SchemaVersion;
use crate::model::text::{is_blank, shown};
use crate::model::{DomainId, Manifest, ManifestName, ReviewerId, Signoff};
use crate::render::{self, Format};

/// Arguments of `signoff add`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    gatecheck signoff add --domain kernel\n  \
    gatecheck signoff add --domain kernel --review tcb --check cross_doc_review\n  \
    gatecheck signoff add --domain kernel --dissent \"the scheduler can starve\"\n\n\
    You see what you vouch for and are asked before your own gpg or ssh-keygen signs. The signature\n\
    is judged at once as the gate will be, and nothing is written where that refuses it.\n\n\
    Exit status: 0 written; 1 it would be refused, or you said no; 2 it cannot be signed or\n\
    written; 3 the history cannot be read. Only with 0 does the file change.")]
pub struct SignoffAddArgs {
    /// The domain that you vouch for
    #[arg(long, value_name = "ID")]
    pub domain: String,

    /// Documents that you looked at [default: all that the registry lists for the domain]
    #[arg(long, value_name = "DOC", value_delimiter = ',', action = ArgAction::Append)]
    pub scope: Vec<String>,

    /// A second review that this covers
    #[arg(long = "review", value_name = "NAME", action = ArgAction::Append)]
    pub reviews: Vec<String>,

    /// An item of the checklist that you have seen done
    #[arg(long = "check", value_name = "ITEM", action = ArgAction::Append)]
    pub checklist: Vec<String>,

    /// Object: this blocks the gate
    #[arg(long, value_name = "TEXT")]
    pub dissent: Option<String>,

    /// Who wrote the change, where that is not the author of the commits
    #[arg(long, value_name = "TEXT")]
    pub authored_by: Option<String>,

    /// A domain that you stand for in this gate; name all of them where there are several
    #[arg(long = "role", value_name = "ID", requires = "justification", action = ArgAction::Append)]
    pub roles: Vec<String>,

    /// Why you stand for several domains
    #[arg(long, value_name = "TEXT")]
    pub justification: Option<String>,

    /// You understood what an AI helped to write
    #[arg(long, requires = "ai_statement")]
    pub ai_understood: bool,

    /// An invariant that you checked it against
    #[arg(long = "ai-invariant", value_name = "NAME", requires = "ai_statement", action = ArgAction::Append)]
    pub ai_invariants: Vec<String>,

    /// What you attest of it, in your words
    #[arg(long, value_name = "TEXT")]
    pub ai_statement: Option<String>,

    /// Take the place of my sign-off for this domain that is there already
    #[arg(long)]
    pub replace: bool,

    /// The manifest [default: the only one that is not on the mainline yet]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub signer: SignerArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub desk: DeskArgs,
}

/// Arguments of `signoff sign`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: sign what somebody wrote down for you\n  \
    gatecheck signoff sign --domain kernel\n\n\
    What the entry says is signed as it stands, its timestamp too.")]
pub struct SignoffSignArgs {
    /// The domain, where several sign-offs of yours are unsigned
    #[arg(long, value_name = "ID")]
    pub domain: Option<String>,

    /// The manifest [default: the only one that is not on the mainline yet]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub signer: SignerArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub desk: DeskArgs,
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

    /// The manifest [default: the only one that is not on the mainline yet]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub signer: SignerArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub desk: DeskArgs,
}

/// A manifest that is open on the desk.
struct Open<'e> {
    desk: Desk<'e>,
    outlook: Outlook,
    place: Place,
    /// It is committed on a branch of its own.
    apart: bool,
    text: String,
}

impl<'e> Open<'e> {
    fn open(
        args: &DeskArgs,
        file: Option<&std::path::Path>,
        environment: &'e Environment,
        streams: &mut Streams<'_>,
    ) -> Result<Self, Error> {
        let mut desk = Desk::open(args, environment)?;
        let in_force = desk.in_force()?;
        let place = desk.find(file, &in_force)?;
        let apart = desk.stand_before(&in_force, &place.path)?;
        let outlook = desk.outlook()?;
        say_registry(&outlook.in_force, streams);
        if desk.branch.is_none() {
            streams.say("note: HEAD is on no branch");
        }
        let text = files::read_text(&place.file, &place.path, &desk.limits)?;
        Ok(Self { desk, outlook, place, apart, text })
    }

    fn editing(&self) -> Editing<'_> {
        Editing { name: &self.place.name, path: &self.place.path, limits: &self.desk.limits }
    }

    fn manifest(&self) -> Result<std::sync::Arc<Manifest>, Error> {
        let read = self.editing().read(&self.text);
        read.map_err(|error| files::not_edited(error, &self.place.path))
    }

    /// What the manifest is about, since the gate before it.
    fn change(&self) -> Result<Change, Error> {
        let ManifestName::Reattest { epoch, .. } = &self.place.name else {
            return Ok(self.outlook.change.clone());
        };
        let Some(accepted) = self.outlook.next.accepted.get(epoch) else {
            return Ok(self.outlook.change.clone());
        };
        let in_force = &self.outlook.in_force;
        let base = match accepted.previous {
            crate::model::manifest::PreviousGate::Gate(gate) => gate,
            crate::model::manifest::PreviousGate::None => in_force.anchor.commit,
        };
        check::change(&self.desk.repo, in_force, base, accepted.gate)
    }

    /// Shows what will be signed, and asks.
    fn show_and_ask(
        &self,
        me: &Me,
        manifest: &Manifest,
        signoff: &Signoff,
        args: &SignerArgs,
        streams: &mut Streams<'_>,
    ) -> Result<bool, Error> {
        let registry = &self.outlook.in_force.registry;
        let gate = match &manifest.target {
            Target::Epoch(epoch) => format!("epoch {epoch}"),
            Target::Squash(name) => format!("the squash gate {}", shown(name)),
        };
        let again = if manifest.reattest > 0 { ", once more" } else { "" };
        let mut text = format!(
            "{} vouches for {} at {gate}{again}, {}:\n",
            me.reviewer,
            signoff.domain,
            vouch::since(&self.outlook)
        );
        text.push_str(&vouch::mine(
            &self.change()?,
            registry,
            registry.domains.get(&signoff.domain),
        ));
        text.push_str(&words(signoff));
        text.push_str(&format!("signed with {}\n", me.key()));
        streams.print(text.as_bytes())?;
        ask(args.yes, "Sign this?", self.desk.environment, streams)
    }

    /// Judges the new text as the gate will be, and writes it unless that speaks against it.
    fn judge_and_write(
        &self,
        text: &str,
        reviewer: &ReviewerId,
        domain: &DomainId,
        streams: &mut Streams<'_>,
    ) -> Result<Exit, Error> {
        let at = (&self.place.name, self.place.path.as_str());
        let foreseen = self.desk.foresee_here(at, text.as_bytes(), self.apart)?;
        let against = against(&foreseen, reviewer);
        let row = foreseen.gate.as_ref().and_then(|gate| {
            let mut rows = gate.signoffs.iter();
            rows.find(|row| row.reviewer_id == *reviewer && row.domain == *domain)
        });
        let attested = row.is_some_and(|row| row.attested);
        if !against.is_empty() || !attested {
            let style = Color::Auto.style(self.desk.environment);
            streams.print(&render::findings(&against, Format::Human, &style))?;
            streams.say(&format!(
                "{} is as it was: the gate would be refused for this sign-off",
                shown(&self.place.path)
            ));
            return Ok(Exit::REFUSED);
        }
        files::replace(&self.place.file, &self.text, text, &self.desk.limits)?;
        let path = shown(&self.place.path);
        let mut words = format!("written: {reviewer} for {domain}, in {path}\n");
        match row {
            Some(row) if row.counted => words.push_str("it counts\n"),
            Some(row) => {
                let why = row.why.as_deref().unwrap_or("others must sign beside it");
                words.push_str(&format!("it does not count yet: {}\n", shown(why)));
            }
            None => {}
        }
        let missing = who::missing_lines(&self.outlook, &foreseen, &foreseen.findings);
        if missing.is_empty() {
            words.push_str(&format!(
                "nothing is missing: git add {path} && git commit -S makes the gate\n"
            ));
        } else {
            words.push_str("still missing:\n");
            missing.iter().for_each(|line| words.push_str(&format!("  {line}\n")));
        }
        streams.print(words.as_bytes())?;
        Ok(Exit::PASS)
    }
}

/// What speaks against the manifest or this person's sign-offs, and is not mended by others.
fn against(foreseen: &Foreseen, me: &ReviewerId) -> Vec<Finding> {
    let mine = |finding: &&Finding| finding.reviewer_id.as_ref().is_none_or(|who| who == me);
    foreseen
        .findings
        .iter()
        .filter(|finding| finding.severity >= Severity::Undecided)
        .filter(mine)
        .filter(|finding| !who::is_missing(finding) && !who::is_for_others(finding))
        .cloned()
        .collect()
}

/// What a sign-off says beyond its domain.
fn words(signoff: &Signoff) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            text.push_str(&format!("{name}: {value}\n"));
        }
    };
    let list = |all: &[String]| all.iter().map(|one| shown(one)).collect::<Vec<_>>().join(", ");
    line("scope", list(&signoff.scope));
    line("second reviews", list(&signoff.reviews));
    line("checklist", list(&signoff.checklist));
    line("authored by", shown(&signoff.authored_by));
    line("stands for", list(&signoff.multi_domain_roles));
    line("because", shown(&signoff.multi_domain_justification));
    if let Some(ai) = &signoff.ai_attestation {
        let understood = if ai.understood { "understood" } else { "not understood" };
        line(
            "AI attestation",
            format!("{understood}; {}; {}", list(&ai.invariants), shown(&ai.statement)),
        );
    }
    if signoff.dissents() {
        line("DISSENT, which blocks the gate", shown(&signoff.dissent));
    }
    text
}

pub(super) fn run(
    args: &SignoffAddArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let open = Open::open(&args.desk, args.file.as_deref(), environment, streams)?;
    let manifest = open.manifest()?;
    let me = Me::find(&args.signer, &open.outlook.in_force, &open.desk)?;
    let domain = domain(&open, &args.domain, &me.reviewer)?;
    let mine: Vec<usize> = indices(&manifest, &me.reviewer, Some(&domain));
    if !mine.is_empty() && !args.replace {
        return Err(Error::unusable(
            format!("{} has signed off {domain} already", me.reviewer),
            "to sign anew in its place: --replace; to take it back: gatecheck signoff withdraw",
        ));
    }
    let mut signoff = signoff(args, &open, &manifest, &me.reviewer, &domain);
    if !open.show_and_ask(&me, &manifest, &signoff, &args.signer, streams)? {
        return Ok(Exit::REFUSED);
    }
    // The statement is rebuilt from the text that will stand in the file.
    let edited = |error| files::not_edited(error, &open.place.path);
    let unsigned = open.editing().add(&open.text, &signoff, &mine).map_err(edited)?;
    let read = open.editing().read(&unsigned).map_err(edited)?;
    let stands = indices(&read, &me.reviewer, Some(&domain));
    let stands = stands.first().and_then(|index| read.signoffs.get(*index));
    let stands = stands.ok_or_else(|| Error::Defect("the sign-off was not added".to_owned()))?;
    signoff.signature = me.sign(&open.outlook.in_force, &open.desk, &read, stands)?;
    let text = open.editing().add(&open.text, &signoff, &mine).map_err(edited)?;
    open.judge_and_write(&text, &me.reviewer, &domain, streams)
}

fn signoff(
    args: &SignoffAddArgs,
    open: &Open<'_>,
    manifest: &Manifest,
    me: &ReviewerId,
    domain: &DomainId,
) -> Signoff {
    let registry = &open.outlook.in_force.registry;
    let now = open.desk.asked.now;
    let docs = registry.domains.get(domain).map(|domain| domain.docs.clone()).unwrap_or_default();
    let scope: Vec<String> =
        args.scope.iter().map(|doc| doc.trim().to_owned()).filter(|doc| !doc.is_empty()).collect();
    Signoff {
        scope: if args.scope.is_empty() { docs } else { scope },
        reviews: args.reviews.clone(),
        checklist: args.checklist.clone(),
        dissent: args.dissent.clone().unwrap_or_default(),
        authored_by: args.authored_by.clone().unwrap_or_default(),
        multi_domain_roles: args.roles.clone(),
        multi_domain_justification: args.justification.clone().unwrap_or_default(),
        ai_attestation: args.ai_statement.as_ref().map(|statement| AiAttestation {
            understood: args.ai_understood,
            invariants: args.ai_invariants.clone(),
            statement: statement.clone(),
        }),
        ..blank(&manifest.target, me.clone(), domain.clone(), now)
    }
}

/// A domain of the registry that the reviewer belongs to.
fn domain(open: &Open<'_>, named: &str, me: &ReviewerId) -> Result<DomainId, Error> {
    let registry = &open.outlook.in_force.registry;
    let domain = DomainId::new(named).filter(|domain| {
        registry.version == SchemaVersion::V1_0 || registry.domains.contains_key(domain)
    });
    let all = |mine: bool| {
        let domains =
            registry.domains.keys().filter(|domain| !mine || registry.belongs(me, domain));
        domains.take(40).map(DomainId::as_str).collect::<Vec<_>>().join(", ")
    };
    let domain = domain.ok_or_else(|| {
        Error::unusable(
            format!("the registry in force lists no domain {}", shown(named)),
            format!("it lists {}", all(false)),
        )
    })?;
    if !registry.belongs(me, &domain) {
        let mine = all(true);
        return Err(Error::unusable(
            format!("{me} does not belong to the domain {domain}"),
            if mine.is_empty() {
                format!("{me} belongs to none: an enroll ceremony adds people to a domain")
            } else {
                format!("{me} belongs to {mine}")
            },
        ));
    }
    Ok(domain)
}

/// Places of a person's sign-offs.
fn indices(manifest: &Manifest, me: &ReviewerId, domain: Option<&DomainId>) -> Vec<usize> {
    (0_usize..)
        .zip(&manifest.signoffs)
        .filter(|(_, s)| s.reviewer_id == *me && domain.is_none_or(|domain| s.domain == *domain))
        .map(|(index, _)| index)
        .collect()
}

pub(super) fn sign(
    args: &SignoffSignArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let open = Open::open(&args.desk, args.file.as_deref(), environment, streams)?;
    let manifest = open.manifest()?;
    let me = Me::find(&args.signer, &open.outlook.in_force, &open.desk)?;
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
    if !open.show_and_ask(&me, &manifest, signoff, &args.signer, streams)? {
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
    let open = Open::open(&args.desk, args.file.as_deref(), environment, streams)?;
    let manifest = open.manifest()?;
    let in_force = &open.outlook.in_force;
    // Nothing is signed, so a name will do.
    let reviewer = match &args.signer.reviewer {
        Some(id) => known(&in_force.registry, id)?,
        None => Me::find(&args.signer, in_force, &open.desk)?.reviewer,
    };
    let theirs = indices(&manifest, &reviewer, None);
    let theirs =
        theirs.into_iter().filter_map(|index| Some((index, manifest.signoffs.get(index)?)));
    let standing: Vec<(usize, &Signoff)> =
        theirs.filter(|(_, s)| s.domain.as_str() == args.domain && !s.withdrawn).collect();
    let Some((_, signoff)) = standing.first() else {
        return Err(Error::unusable(
            format!("no sign-off of {reviewer} for {} stands there", shown(&args.domain)),
            format!("see what does: gatecheck signoff check {}", shown(&open.place.path)),
        ));
    };
    let mut text = open.text.clone();
    for (index, _) in &standing {
        let edited = open.editing().withdraw(&text, *index);
        text = edited.map_err(|error| files::not_edited(error, &open.place.path))?;
    }
    files::replace(&open.place.file, &open.text, &text, &open.desk.limits)?;
    let mut words = format!(
        "written: the sign-off of {reviewer} for {} is withdrawn and does not count\n\
         note: this is no part of what was signed; whoever edits the file can undo it\n",
        signoff.domain
    );
    if standing.iter().any(|(_, signoff)| signoff.dissents()) && !is_blank(&signoff.dissent) {
        words.push_str(
            "note: the dissent in it stays open; a later sign-off without one lifts it\n",
        );
    }
    streams.print(words.as_bytes())?;
    Ok(Exit::PASS)
}

/// Codes that tell of a signature that does not hold.
pub(super) const fn is_not_attested(code: Code) -> bool {
    matches!(code, Code::SignoffUnattested | Code::SignoffForged | Code::SignoffReplayed)
}
