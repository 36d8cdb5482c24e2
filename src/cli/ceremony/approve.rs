//! `gatecheck ceremony approve`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::output::write_whole;
use super::super::streams::Streams;
use super::ask::confirm;
use super::{LimitArgs, read_request, word};
use crate::ceremony::Request;
use crate::ceremony::request::{add, differences, write, write_approvals};
use crate::check::Carried;
use crate::error::Error;
use crate::model::{Approval, ApprovalRole, Fingerprint, KeyEntry, Limits, Registry, ReviewerId};
use crate::registry::Change;
use crate::render::ceremony as words;
use crate::rules::Context;
use crate::rules::authority::{EntryIndex, authorise};
use crate::rules::keyring::Keyring;
use crate::signing::{Session, Settings, SigningKey, TIME_LIMIT};
use crate::source::Spot;
use crate::statement::{SignerContext, ceremony_payload};

/// Arguments of `ceremony approve`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: approve with the key that git signs with\n  \
    gatecheck ceremony approve ceremony-0002-rotate-ada.toml\n\n\
    The request carries everything that is needed: this works on a machine without the repository\n\
    and without a network. Your own gpg or ssh-keygen signs; no private key is read.")]
pub struct CeremonyApproveArgs {
    /// The request
    #[arg(value_name = "REQUEST")]
    pub request: PathBuf,

    /// As what you sign [default: possession with a key that the ceremony brings, else authorise]
    #[arg(long, value_name = "ROLE")]
    pub role: Option<RoleArg>,

    /// Who you are, where that is not clear from the key
    #[arg(long = "as", value_name = "ID", value_parser = super::plan::parse_reviewer)]
    pub reviewer: Option<ReviewerId>,

    /// The key to sign with: a full fingerprint, or the .pub file of an SSH key [default: `user.signingKey`]
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

    /// Write the approval alone to this file, and leave the request as it is
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Do not ask
    #[arg(long)]
    pub yes: bool,

    /// Sign nothing and write nothing: print the bytes that would be signed
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub limits: LimitArgs,
}

/// As what somebody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// With a key of the registry in force: counts for the threshold.
    Authorise,
    /// With a key that the ceremony brings: you hold it.
    Possession,
    /// You were there. Counts for nothing.
    Witness,
}

impl From<RoleArg> for ApprovalRole {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Authorise => Self::Authorise,
            RoleArg::Possession => Self::Possession,
            RoleArg::Witness => Self::Witness,
        }
    }
}

pub(super) fn run(
    args: &CeremonyApproveArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let limits = args.limits.limits()?;
    let request = read_request(&args.request, environment, &limits, streams)?;
    let carried = Carried::of(&request, &limits);
    let mut text = words::ceremony(&request, &carried.words(&request, &limits));
    // The summary leaves things out; what is signed is all of it.
    text.push_str(&words::key_files(&request, &carried.brought));
    let diff = words::registry_diff(&request);
    if !diff.is_empty() {
        text.push_str(&format!("\nthe registry's text\n{diff}"));
    }
    if args.dry_run {
        streams.say(text.trim_end());
    } else {
        streams.print(text.as_bytes())?;
    }
    let able = Able::of(&request, args);
    let settings = Settings::of_user()?;
    let session = Session {
        home: environment.variable("HOME").map(Path::new),
        folder: &environment.folder,
        terminal: environment.stdin_is_terminal && environment.stderr_is_terminal,
        time_limit: TIME_LIMIT,
        limits: &limits,
    };
    let key = able.choose(args, &settings, &session)?;
    let mut approval = able.approval(&key, environment)?;
    let payload = payload(&request, &approval)?;
    if args.dry_run {
        streams.print(&payload)?;
        streams.say(&format!(
            "nothing was signed: these are the bytes for {} with {}",
            about(&approval),
            approval.fingerprint.grouped()
        ));
        return Ok(Exit::PASS);
    }
    let question =
        format!("sign this, {}, with {}?", about(&approval), approval.fingerprint.grouped());
    if !args.yes && !confirm(&question, environment, streams)? {
        streams.say("nothing was signed");
        return Ok(Exit::REFUSED);
    }
    approval.signature = settings.sign(&payload, &key, &session)?;
    counts(&request, &carried, &approval, environment, &limits)?;
    let written = deliver(args, request, approval.clone(), environment, &limits, streams)?;
    streams.print(
        format!("\nsigned: {}\nwritten: {}\n", about(&approval), word(&written)).as_bytes(),
    )?;
    streams.print(
        format!(
            "\nnext\n  pass the file on to whoever is still asked, or to whoever commits it:\n  \
             gatecheck ceremony apply {}{}\n",
            word(&args.request),
            args.output.as_ref().map(|own| format!(" {}", word(own))).unwrap_or_default(),
        )
        .as_bytes(),
    )?;
    Ok(Exit::PASS)
}

fn about(approval: &Approval) -> String {
    format!("{} by {}", approval.role.name(), approval.reviewer_id)
}

fn payload(request: &Request, approval: &Approval) -> Result<Vec<u8>, Error> {
    let registry = &request.previous;
    let context = SignerContext { project: &registry.project, mainline: &registry.mainline };
    ceremony_payload(&context, &request.record, approval).map_err(|why| {
        Error::unusable(
            format!("there is nothing to sign: {why}"),
            "have the ceremony planned anew: gatecheck ceremony plan",
        )
    })
}

/// Which keys can sign what.
struct Able {
    keys: BTreeMap<Fingerprint, (ApprovalRole, ReviewerId)>,
}

impl Able {
    fn of(request: &Request, args: &CeremonyApproveArgs) -> Self {
        let (before, after) = (&request.previous, &request.next);
        let role = args.role.map(ApprovalRole::from);
        let wanted = |role_of: ApprovalRole| role.is_none_or(|role| role == role_of);
        let mut keys = BTreeMap::new();
        let mut offer = |registry: &Registry, as_role, fits: &dyn Fn(&Fingerprint) -> bool| {
            for entry in registry.keys.iter().filter(|entry| entry.is_standing()) {
                let Some(fingerprint) = entry.fingerprint.filter(fits) else { continue };
                if args.reviewer.as_ref().is_none_or(|who| *who == entry.reviewer) {
                    keys.entry(fingerprint).or_insert((as_role, entry.reviewer.clone()));
                }
            }
        };
        let stood =
            |fingerprint: &Fingerprint| before.entries(*fingerprint).any(KeyEntry::is_standing);
        let changes = request.changes();
        // A further window of a key that stands asks for both, one after the other.
        let both = |fingerprint: &Fingerprint| {
            let appears = changes.iter().any(|change| {
                matches!(change, Change::KeyAdded { key, .. } if key.fingerprint == Some(*fingerprint))
            });
            appears
                && request.record.approvals.iter().any(|approval| {
                    approval.role == ApprovalRole::Authorise && approval.fingerprint == *fingerprint
                })
        };
        if wanted(ApprovalRole::Authorise) {
            offer(before, ApprovalRole::Authorise, &|fingerprint| {
                !after.entries(*fingerprint).any(KeyEntry::is_compromised)
                    && (role.is_some() || !both(fingerprint))
            });
        }
        if wanted(ApprovalRole::Possession) {
            offer(after, ApprovalRole::Possession, &|fingerprint| {
                !stood(fingerprint) || both(fingerprint) || role == Some(ApprovalRole::Possession)
            });
        }
        if role == Some(ApprovalRole::Witness) {
            offer(before, ApprovalRole::Witness, &|_| true);
            offer(after, ApprovalRole::Witness, &|_| true);
        }
        if wanted(ApprovalRole::Authorise) {
            keys.retain(|_, (role, who)| *role != ApprovalRole::Authorise || before.is_human(who));
        }
        Self { keys }
    }

    fn choose(
        &self,
        args: &CeremonyApproveArgs,
        settings: &Settings,
        session: &Session<'_>,
    ) -> Result<SigningKey, Error> {
        if self.keys.is_empty() {
            return Err(Error::unusable(
                "no key of this ceremony could sign that",
                "leave out --as or --role; the request names whom it is about: gatecheck ceremony show",
            ));
        }
        let acceptable: BTreeSet<Fingerprint> = self.keys.keys().copied().collect();
        settings.choose(args.key.as_deref(), &acceptable, session)
    }

    fn approval(&self, key: &SigningKey, environment: &Environment) -> Result<Approval, Error> {
        let (role, reviewer_id) = self
            .keys
            .get(&key.entry)
            .cloned()
            .ok_or_else(|| Error::Defect("a key was chosen that was not offered".to_owned()))?;
        Ok(Approval {
            role,
            reviewer_id,
            fingerprint: key.entry,
            timestamp: environment.now,
            signature: String::new(),
            spot: Spot::START,
            spots: BTreeMap::new(),
        })
    }
}

/// A signature that would not count is told now, and not to whoever commits.
fn counts(
    request: &Request,
    carried: &Carried,
    approval: &Approval,
    environment: &Environment,
    limits: &Limits,
) -> Result<(), Error> {
    let signature = carried.verified(request, approval, limits).map_err(|why| {
        Error::unusable(
            format!(
                "the signature does not verify with the key files of the request ({why}); nothing was written"
            ),
            "the key in the request may be older than yours: have the ceremony planned with your \
             key as it is now",
        )
    })?;
    if approval.role != ApprovalRole::Authorise {
        return Ok(());
    }
    let mut keyring = Keyring::default();
    carried.known.iter().for_each(|(path, file)| keyring.accept(path, file));
    let cx = Context::outside(&request.previous, &keyring, environment.now);
    let index = EntryIndex::new(&request.previous.keys);
    match authorise(&cx, &index, &signature, approval.timestamp) {
        Ok(_) => Ok(()),
        Err(no) => Err(Error::unusable(
            format!(
                "this approval would not count, so nothing was written: {}: {}",
                no.finding.code, no.finding.message
            ),
            no.finding.help,
        )),
    }
}

/// Writes the approval where it belongs. The request may have got other approvals meanwhile.
fn deliver(
    args: &CeremonyApproveArgs,
    request: Request,
    approval: Approval,
    environment: &Environment,
    limits: &Limits,
    streams: &mut Streams<'_>,
) -> Result<PathBuf, Error> {
    let (target, text) = match &args.output {
        Some(own) => (own.clone(), write_approvals(&request, &[approval])),
        None => {
            let mut now = read_request(&args.request, environment, limits, streams)?;
            let other = differences(&request, &now);
            if !other.is_empty() {
                return Err(Error::unusable(
                    format!("the request was changed while you signed: {}", other.join("; ")),
                    "look at it again: gatecheck ceremony show",
                ));
            }
            // Whoever signs anew means the new one, whatever the clock said then.
            let old = now.same(&approval).cloned();
            now.record.approvals.retain(|known| Some(known) != old.as_ref());
            add(&mut now, [approval]);
            (args.request.clone(), write(&now))
        }
    };
    let path = environment.folder.join(&target);
    write_whole(&path, text.as_bytes())
        .map_err(|source| Error::File { path: target.clone(), source })?;
    Ok(target)
}
