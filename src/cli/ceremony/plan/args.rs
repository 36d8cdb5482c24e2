//! What each kind of ceremony is told.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum};

use super::super::super::arguments::{parse_commit, parse_fingerprint, parse_time};
use super::super::BasisArgs;
use crate::model::registry::{RetiredReason, ReviewerKind};
use crate::model::{DomainId, Fingerprint, Oid, ReviewerId, Time};
use crate::registry::edit::{Place, Role, Standin};

/// Arguments of `ceremony plan`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: replace a key\n  \
    gatecheck ceremony plan rotate ada --key ada-new.asc --retire FINGERPRINT\n\n\
    What changed decides whose approval is needed, whatever the ceremony is called; the plan says\n\
    who is asked. Nothing but the request file is written.")]
pub struct CeremonyPlanArgs {
    /// What is to change.
    #[command(subcommand)]
    pub kind: PlanKind,
}

/// What is to change.
#[derive(Subcommand, Clone, Debug)]
pub enum PlanKind {
    /// Add a person with their key
    #[command(
        after_help = "Example:\n  gatecheck ceremony plan enroll bob --name Bob --email bob@example.org --key bob.pub --domain kernel"
    )]
    Enroll(Box<EnrollArgs>),
    /// Give a person a new key, and retire old ones
    #[command(after_help = "Example:\n  gatecheck ceremony plan rotate ada --key ada-new.asc")]
    Rotate(Box<RotateArgs>),
    /// Let a person go, with all their keys
    #[command(
        after_help = "Example:\n  gatecheck ceremony plan retire ada --primary kernel=bob --backup kernel=grace"
    )]
    Retire(Box<RetireArgs>),
    /// Mark keys that somebody else may hold
    #[command(
        after_help = "Example:\n  gatecheck ceremony plan compromise ada --trusted-until COMMIT --charter-ack DECISION_LOG.md#theft"
    )]
    Compromise(Box<CompromiseArgs>),
    /// Change anything else: domains, policy, people
    #[command(after_help = "Example:\n  gatecheck ceremony plan amend --registry edited.toml")]
    Amend(Box<AmendArgs>),
    /// Make people current again where nobody current is left to help them
    #[command(
        after_help = "Example:\n  gatecheck ceremony plan requalify --concerns ada --charter-ack DECISION_LOG.md#back"
    )]
    Requalify(Box<ConcernArgs>),
    /// Go on in spite of a dissent
    #[command(
        after_help = "Example:\n  gatecheck ceremony plan override --concerns epoch-7:ada --charter-ack DECISION_LOG.md#dissent"
    )]
    Override(Box<ConcernArgs>),
}

/// What all kinds are told.
#[derive(Args, Clone, Debug, Default)]
pub struct CommonArgs {
    /// Why, in a sentence that stays in the history
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,

    /// The entry in the decision log, as FILE#heading
    #[arg(long, value_name = "FILE#HEADING", default_value = "")]
    pub charter_ack: String,

    /// Who watches, in words
    #[arg(long, value_name = "TEXT", action = ArgAction::Append)]
    pub witness: Vec<String>,

    /// When old keys retire and new ones begin: a date or an RFC 3339 time [default: now; new keys: today]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub date: Option<Time>,

    /// Where the request is written; `-` is standard output [default: ceremony-NNNN-kind.toml]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write nothing
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub basis: BasisArgs,
}

/// Whom it is about: as an argument, or with its name.
#[derive(Args, Clone, Debug, Default)]
#[group(required = true, multiple = false)]
pub struct PersonArgs {
    /// The person's id in the registry
    #[arg(value_name = "REVIEWER", value_parser = parse_reviewer)]
    pub person: Option<ReviewerId>,

    /// The same, by name
    #[arg(long, value_name = "ID", value_parser = parse_reviewer, hide = true)]
    pub reviewer: Option<ReviewerId>,
}

/// New keys.
#[derive(Args, Clone, Debug, Default)]
pub struct KeyArgs {
    /// A file with one public key: armored OpenPGP, or an SSH .pub file
    #[arg(long = "key", value_name = "FILE", action = ArgAction::Append)]
    pub keys: Vec<PathBuf>,

    /// When the new key begins to count [default: --date, else today]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub from: Option<Time>,

    /// When it is planned to end [default: as long as policy allows, at most two years]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<Time>,
}

/// Who stands in for somebody.
#[derive(Args, Clone, Debug, Default)]
pub struct StandinArgs {
    /// Who becomes primary of a domain that the person leaves
    #[arg(long, value_name = "DOMAIN=ID", value_parser = parse_place, action = ArgAction::Append)]
    pub primary: Vec<(DomainId, ReviewerId)>,

    /// Who becomes backup of a domain that the person leaves
    #[arg(long, value_name = "DOMAIN=ID", value_parser = parse_place, action = ArgAction::Append)]
    pub backup: Vec<(DomainId, ReviewerId)>,
}

impl StandinArgs {
    pub(super) fn standins(&self) -> Vec<Standin> {
        let of = |list: &[(DomainId, ReviewerId)], place: Place| -> Vec<Standin> {
            let one = |(domain, person): &(DomainId, ReviewerId)| Standin {
                role: Role { domain: domain.clone(), place },
                person: person.clone(),
            };
            list.iter().map(one).collect()
        };
        [of(&self.primary, Place::Primary), of(&self.backup, Place::Backup)].concat()
    }
}

/// `plan enroll`
#[derive(Args, Clone, Debug, Default)]
pub struct EnrollArgs {
    #[command(flatten)]
    pub person: PersonArgs,

    /// Their name
    #[arg(long, default_value = "")]
    pub name: String,

    /// An address that they commit with
    #[arg(long = "email", value_name = "ADDRESS", action = ArgAction::Append)]
    pub emails: Vec<String>,

    /// What they are
    #[arg(long, value_name = "KIND", default_value = "human")]
    pub kind: KindArg,

    /// A domain that they may sign off
    #[arg(long = "domain", value_name = "ID", value_parser = parse_domain, action = ArgAction::Append)]
    pub domains: Vec<DomainId>,

    #[command(flatten)]
    pub key: KeyArgs,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// `plan rotate`
#[derive(Args, Clone, Debug, Default)]
pub struct RotateArgs {
    #[command(flatten)]
    pub person: PersonArgs,

    /// A key of theirs that retires, in full
    #[arg(long, value_name = "FINGERPRINT", value_parser = parse_fingerprint, action = ArgAction::Append)]
    pub retire: Vec<Fingerprint>,

    /// What is said of the retired key
    #[arg(long, value_name = "WHY", default_value = "rotated")]
    pub retired_as: RetiredAs,

    #[command(flatten)]
    pub key: KeyArgs,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// `plan retire`
#[derive(Args, Clone, Debug, Default)]
pub struct RetireArgs {
    #[command(flatten)]
    pub person: PersonArgs,

    /// What is said of the retired keys
    #[arg(long, value_name = "WHY", default_value = "departed")]
    pub retired_as: RetiredAs,

    #[command(flatten)]
    pub standins: StandinArgs,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// `plan compromise`
#[derive(Args, Clone, Debug, Default)]
pub struct CompromiseArgs {
    /// The person whose standing keys all are meant, where --retire names none
    #[arg(value_name = "REVIEWER", value_parser = parse_reviewer)]
    pub person: Option<ReviewerId>,

    /// The same, by name
    #[arg(long, value_name = "ID", value_parser = parse_reviewer, hide = true, conflicts_with = "person")]
    pub reviewer: Option<ReviewerId>,

    /// A key that somebody else may hold, in full
    #[arg(long, value_name = "FINGERPRINT", value_parser = parse_fingerprint, action = ArgAction::Append)]
    pub retire: Vec<Fingerprint>,

    /// The last mainline commit up to which the key is still trusted [default: none is]
    #[arg(long, value_name = "COMMIT", value_parser = parse_commit)]
    pub trusted_until: Option<Oid>,

    /// Take back a `trusted_until` that an earlier ceremony set
    #[arg(long, conflicts_with = "trusted_until")]
    pub trust_nothing: bool,

    /// A gate or ceremony that was looked into and is acknowledged
    #[arg(long = "acknowledge", value_name = "COMMIT", value_parser = parse_commit, action = ArgAction::Append)]
    pub acknowledged: Vec<Oid>,

    #[command(flatten)]
    pub key: KeyArgs,

    #[command(flatten)]
    pub standins: StandinArgs,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// `plan amend`
#[derive(Args, Clone, Debug, Default)]
pub struct AmendArgs {
    /// The registry as it shall be; key files that it names are taken from beside it
    #[arg(long, value_name = "FILE")]
    pub registry: PathBuf,

    /// A key file that is taken away, as the repository names it
    #[arg(long = "remove", value_name = "PATH", action = ArgAction::Append)]
    pub removed: Vec<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// `plan requalify`, `plan override`
#[derive(Args, Clone, Debug, Default)]
pub struct ConcernArgs {
    /// Whom it concerns: a reviewer's id to requalify, `epoch-N:ID` for a dissent
    #[arg(long = "concerns", value_name = "WHOM", action = ArgAction::Append, required = true)]
    pub concerns: Vec<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// What somebody is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    #[default]
    Human,
    Bot,
    Forge,
}

impl From<KindArg> for ReviewerKind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Human => Self::Human,
            KindArg::Bot => Self::Bot,
            KindArg::Forge => Self::Forge,
        }
    }
}

/// What is said of a retired key. Which of them a ceremony takes is for the edit to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RetiredAs {
    #[default]
    Rotated,
    Expired,
    Departed,
    Superseded,
}

impl From<RetiredAs> for RetiredReason {
    fn from(word: RetiredAs) -> Self {
        match word {
            RetiredAs::Rotated => Self::Rotated,
            RetiredAs::Expired => Self::Expired,
            RetiredAs::Departed => Self::Departed,
            RetiredAs::Superseded => Self::Superseded,
        }
    }
}

pub(in super::super) fn parse_reviewer(text: &str) -> Result<ReviewerId, String> {
    ReviewerId::new(text).ok_or_else(|| {
        "an id has lower-case letters, digits, `.`, `_` and `-`, at most 64".to_owned()
    })
}

fn parse_domain(text: &str) -> Result<DomainId, String> {
    DomainId::new(text).ok_or_else(|| {
        "a domain's id has lower-case letters, digits, `.`, `_` and `-`, at most 64".to_owned()
    })
}

fn parse_place(text: &str) -> Result<(DomainId, ReviewerId), String> {
    let (domain, person) =
        text.split_once('=').ok_or_else(|| "write DOMAIN=ID, for example kernel=ada".to_owned())?;
    Ok((parse_domain(domain)?, parse_reviewer(person)?))
}
