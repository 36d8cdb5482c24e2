//! `gatecheck signoff add`: one's own sign-off, added to a manifest and signed.

use clap::{ArgAction, Args};

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::streams::Streams;
use super::files;
use super::me::Me;
use super::open::{DraftArgs, Open, indices};
use crate::error::Error;
use crate::manifest::edit::{blank, says_the_same};
use crate::model::manifest::AiAttestation;
use crate::model::registry::SchemaVersion;
use crate::model::text::shown;
use crate::model::{DomainId, Manifest, ReviewerId, Signoff};

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

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub draft: DraftArgs,
}

pub(super) fn run(
    args: &SignoffAddArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (open, manifest) = Open::at(&args.draft, environment, streams)?;
    let me = Me::find(&args.draft.signer, &open.outlook.in_force, &open.desk)?;
    let domain = domain(&open, &args.domain, &me.reviewer)?;
    let mine: Vec<usize> = indices(&manifest, &me.reviewer, Some(&domain));
    let stands = |index: &usize| {
        let signoff = manifest.signoffs.get(*index);
        signoff.is_some_and(|s| !s.withdrawn && s.superseded_by.is_empty())
    };
    let replaced = if args.replace { mine.clone() } else { Vec::new() };
    if !args.replace && mine.iter().any(stands) {
        return Err(Error::unusable(
            format!("{} has signed off {domain} already", me.reviewer),
            format!(
                "to sign anew in its place: gatecheck signoff add --domain {domain} --replace; to take it back: gatecheck signoff withdraw --domain {domain}"
            ),
        ));
    }
    let mut signoff = signoff(args, &open, &manifest, &me.reviewer, &domain);
    if !open.show_and_ask(&me, &manifest, &signoff, &args.draft.signer, streams)? {
        return Ok(Exit::REFUSED);
    }
    // The statement is rebuilt from the text that will stand in the file.
    let edited = |error| files::not_edited(error, &open.place.path);
    let unsigned = open.editing().add(&open.text, &signoff, &replaced).map_err(edited)?;
    let read = open.editing().read(&unsigned).map_err(edited)?;
    let stands = read.signoffs.iter().find(|stands| says_the_same(stands, &signoff));
    let stands = stands.ok_or_else(|| Error::Defect("the sign-off was not added".to_owned()))?;
    signoff.signature = me.sign(&open.outlook.in_force, &open.desk, &read, stands)?;
    let text = open.editing().add(&open.text, &signoff, &replaced).map_err(edited)?;
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
