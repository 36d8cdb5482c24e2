//! Who sits at the keyboard: the reviewer that owns the signing key.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use super::desk::Desk;
use crate::check::InForce;
use crate::error::Error;
use crate::model::text::shown;
use crate::model::{Fingerprint, KeyEntry, Manifest, Registry, ReviewerId, Signoff};
use crate::signing::{Session, Settings, SigningKey, TIME_LIMIT};
use crate::statement::{SignerContext, signoff_payload};

/// Who signs, and with which key.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Signing")]
pub struct SignerArgs {
    /// Your id in the registry [default: whom your signing key belongs to]
    #[arg(long = "as", value_name = "ID")]
    pub reviewer: Option<String>,

    /// Your key: a full fingerprint, or the public half of an SSH key [default: the one that git signs with]
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,

    /// Do not ask before signing
    #[arg(long)]
    pub yes: bool,
}

/// The reviewer, and the key that signs.
pub(super) struct Me {
    pub(super) reviewer: ReviewerId,
    settings: Settings,
    key: SigningKey,
}

impl Me {
    /// The reviewer of the registry in force that owns the user's key.
    pub(super) fn find(
        args: &SignerArgs,
        in_force: &InForce,
        desk: &Desk<'_>,
    ) -> Result<Self, Error> {
        let registry = &in_force.registry;
        let named = args.reviewer.as_deref().map(|id| known(registry, id)).transpose()?;
        let candidates: Vec<&KeyEntry> = registry
            .keys
            .iter()
            .filter(|key| key.is_standing() && registry.is_human(&key.reviewer))
            .filter(|key| named.as_ref().is_none_or(|named| key.reviewer == *named))
            .collect();
        let acceptable: BTreeSet<Fingerprint> =
            candidates.iter().filter_map(|key| key.fingerprint).collect();
        let settings = Settings::of_user()?;
        let key = settings.choose(args.key.as_deref(), &acceptable, &session(desk))?;
        let owner = candidates.iter().find(|entry| entry.fingerprint == Some(key.entry));
        let owner = owner.ok_or_else(|| Error::Defect("nobody owns the key".to_owned()))?;
        Ok(Self { reviewer: owner.reviewer.clone(), settings, key })
    }

    /// The signature over one sign-off's statement.
    pub(super) fn sign(
        &self,
        in_force: &InForce,
        desk: &Desk<'_>,
        manifest: &Manifest,
        signoff: &Signoff,
    ) -> Result<String, Error> {
        let context =
            SignerContext { project: &in_force.registry.project, mainline: &in_force.mainline };
        let payload = signoff_payload(&context, manifest, signoff).map_err(|why| {
            Error::unusable(
                format!("there is nothing to sign yet: {why}"),
                "complete [manifest], and run this again",
            )
        })?;
        self.settings.sign(&payload, &self.key, &session(desk))
    }

    /// The key, for people.
    pub(super) fn key(&self) -> String {
        self.key.entry.to_string()
    }
}

/// A reviewer whom the registry lists.
pub(super) fn known(registry: &Registry, id: &str) -> Result<ReviewerId, Error> {
    let found = ReviewerId::new(id).filter(|id| registry.reviewers.contains_key(id));
    found.ok_or_else(|| {
        let all: Vec<&str> = registry.reviewers.keys().take(40).map(ReviewerId::as_str).collect();
        Error::unusable(
            format!("the registry in force lists no reviewer {}", shown(id)),
            format!("it lists {}", all.join(", ")),
        )
    })
}

fn session<'a>(desk: &'a Desk<'_>) -> Session<'a> {
    let environment = desk.environment;
    Session {
        home: environment.variable("HOME").map(Path::new),
        folder: &environment.folder,
        terminal: environment.stdin_is_terminal && environment.stderr_is_terminal,
        time_limit: TIME_LIMIT,
        limits: &desk.limits,
    }
}
