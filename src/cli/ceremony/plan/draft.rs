//! From arguments to the new registry.

use std::collections::BTreeMap;

use super::super::super::environment::Environment;
use super::super::super::judge::read_bounded;
use super::args::{
    AmendArgs, CompromiseArgs, EnrollArgs, PersonArgs, PlanKind, RetireArgs, RotateArgs,
};
use super::{keys, midnight};
use crate::error::Error;
use crate::model::registry::REGISTRY_PATH;
use crate::model::text::shown;
use crate::model::{CeremonyKind, Fingerprint, Limits, Registry, ReviewerId, Time};
use crate::registry::edit::{self, Compromise, Edited, Enroll, Retire, Rotate, Trusted};

/// What a ceremony makes of the registry.
pub(super) struct Draft {
    pub(super) kind: CeremonyKind,
    pub(super) about: Option<ReviewerId>,
    pub(super) edited: Edited,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) removed: Vec<String>,
    pub(super) concerns: Vec<String>,
}

/// What an edit starts from.
struct Start<'a> {
    registry: &'a Registry,
    text: &'a str,
    known: &'a BTreeMap<String, Vec<u8>>,
    /// When keys retire.
    now: Time,
    /// When new ones begin.
    today: Time,
    environment: &'a Environment,
    limits: &'a Limits,
}

pub(super) fn draft(
    kind: &PlanKind,
    registry: &Registry,
    known: &BTreeMap<String, Vec<u8>>,
    environment: &Environment,
    limits: &Limits,
) -> Result<Draft, Error> {
    let common = kind.common();
    let now = common.date.unwrap_or_else(|| common.basis.anchor.now(environment));
    let today = common.date.map_or_else(|| midnight(now), Ok)?;
    let text = registry.source.text();
    let start = Start { registry, text, known, now, today, environment, limits };
    match kind {
        PlanKind::Enroll(args) => enroll(args, &start),
        PlanKind::Rotate(args) => rotate(args, &start),
        PlanKind::Retire(args) => retire(args, &start),
        PlanKind::Compromise(args) => compromise(args, &start),
        PlanKind::Amend(args) => amend(args, &start),
        PlanKind::Requalify(args) => bump(CeremonyKind::Requalify, &args.concerns, &start),
        PlanKind::Override(args) => bump(CeremonyKind::Override, &args.concerns, &start),
    }
}

impl Start<'_> {
    fn keys(&self, args: &super::KeyArgs, person: &ReviewerId) -> Result<keys::NewKeys, Error> {
        let mut new =
            keys::read(args, person, self.registry, self.today, self.environment, self.limits)?;
        // A record lists only what the commit changes: a key can stand there for a further window.
        new.files.retain(|path, bytes| self.known.get(path) != Some(bytes));
        Ok(new)
    }

    fn standing(&self, person: &ReviewerId) -> Vec<Fingerprint> {
        let standing = self.registry.keys.iter().filter(|key| key.is_standing());
        standing.filter(|key| key.reviewer == *person).filter_map(|key| key.fingerprint).collect()
    }
}

fn whom(args: &PersonArgs) -> Result<ReviewerId, Error> {
    args.person.clone().or_else(|| args.reviewer.clone()).ok_or_else(|| {
        Error::unusable("nobody is named", "name a reviewer: gatecheck ceremony plan rotate ada")
    })
}

fn done(
    kind: CeremonyKind,
    about: Option<ReviewerId>,
    edited: Edited,
    files: BTreeMap<String, Vec<u8>>,
) -> Draft {
    Draft { kind, about, edited, files, removed: Vec::new(), concerns: Vec::new() }
}

fn enroll(args: &EnrollArgs, start: &Start<'_>) -> Result<Draft, Error> {
    let id = whom(&args.person)?;
    let new = start.keys(&args.key, &id)?;
    let order = Enroll {
        id: id.clone(),
        name: args.name.clone(),
        emails: args.emails.clone(),
        kind: args.kind.into(),
        keys: new.keys,
        domains: args.domains.clone(),
    };
    let edited = edit::enroll(start.text, &order, start.limits)?;
    Ok(done(CeremonyKind::Enroll, Some(id), edited, new.files))
}

fn rotate(args: &RotateArgs, start: &Start<'_>) -> Result<Draft, Error> {
    let reviewer = whom(&args.person)?;
    let new = start.keys(&args.key, &reviewer)?;
    let order = Rotate {
        reviewer: reviewer.clone(),
        keys: new.keys,
        retire: args.retire.clone(),
        at: start.now,
        reason: args.retired_as.into(),
    };
    let edited = edit::rotate(start.text, &order, start.limits)?;
    Ok(done(CeremonyKind::Rotate, Some(reviewer), edited, new.files))
}

fn retire(args: &RetireArgs, start: &Start<'_>) -> Result<Draft, Error> {
    let reviewer = whom(&args.person)?;
    let order = Retire {
        reviewer: reviewer.clone(),
        at: start.now,
        reason: args.retired_as.into(),
        standins: args.standins.standins(),
    };
    let edited = edit::retire(start.text, &order, start.limits)?;
    Ok(done(CeremonyKind::Retire, Some(reviewer), edited, BTreeMap::new()))
}

fn compromise(args: &CompromiseArgs, start: &Start<'_>) -> Result<Draft, Error> {
    let person = args.person.clone().or_else(|| args.reviewer.clone());
    let owner =
        |key: &Fingerprint| start.registry.entries(*key).next().map(|entry| entry.reviewer.clone());
    let reviewer = person.clone().or_else(|| args.retire.first().and_then(owner)).ok_or_else(|| {
        Error::unusable(
            "no key of the registry is named",
            "name the person or the key: --retire FINGERPRINT; gatecheck registry timeline lists them",
        )
    })?;
    let keys = if args.retire.is_empty() { start.standing(&reviewer) } else { args.retire.clone() };
    if keys.is_empty() {
        return Err(Error::unusable(
            format!("{reviewer} has no standing key"),
            "name a retired key in full: --retire FINGERPRINT",
        ));
    }
    if let (Some(person), Some(other)) =
        (person, keys.iter().filter_map(owner).find(|owner| *owner != reviewer))
    {
        return Err(Error::unusable(
            format!("{person} is named, and a key of {other}"),
            "leave the person out, or hold one ceremony for each",
        ));
    }
    let new = start.keys(&args.key, &reviewer)?;
    let order = Compromise {
        keys,
        at: start.now,
        trusted: match (args.trusted_until, args.trust_nothing) {
            (Some(commit), _) => Trusted::Until(commit),
            (None, true) => Trusted::Nothing,
            (None, false) => Trusted::AsItStands,
        },
        acknowledged: args.acknowledged.clone(),
        charter_ack: args.common.charter_ack.clone(),
        new_keys: new.keys,
        standins: args.standins.standins(),
    };
    let edited = edit::compromise(start.text, &order, start.limits)?;
    Ok(done(CeremonyKind::Compromise, Some(reviewer), edited, new.files))
}

fn amend(args: &AmendArgs, start: &Start<'_>) -> Result<Draft, Error> {
    let path = start.environment.folder.join(&args.registry);
    let bytes = read_bounded(&path, start.limits.file_bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::unusable(
            format!("{} is not UTF-8", shown(&args.registry.to_string_lossy())),
            "save the file as UTF-8",
        )
    })?;
    let edited = edit::amend(start.text, &text, start.limits)?;
    let files = keys::beside(&path, &edited.registry, start.known, start.limits)?;
    for removed in &args.removed {
        if *removed == REGISTRY_PATH || edited.registry.key_paths().contains(removed) {
            return Err(Error::unusable(
                format!("the new registry still names {}", shown(removed)),
                "take away only key files that no entry names, retired ones included",
            ));
        }
    }
    let removed = args.removed.clone();
    Ok(Draft { removed, ..done(CeremonyKind::Amend, None, edited, files) })
}

fn bump(kind: CeremonyKind, concerns: &[String], start: &Start<'_>) -> Result<Draft, Error> {
    let edited = edit::bump(start.text, start.limits)?;
    let concerns = concerns.to_vec();
    Ok(Draft { concerns, ..done(kind, None, edited, BTreeMap::new()) })
}
