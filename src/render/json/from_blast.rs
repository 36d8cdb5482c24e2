//! From what rests on a key to the frozen shapes of [`super::blast_v1`].

use super::blast_v1 as v1;
use super::v1 as report;
use crate::check::{BlastRadius, InDoubt, TagInDoubt};
use crate::ledger::{RestKind, RestSignature, SignedAs};
use crate::model::Oid;
use crate::render::escape::visible;
use crate::render::outlook::commands;

impl v1::BlastRadius {
    /// What rests on the key, as this version of the program says it.
    #[must_use]
    pub fn new(radius: &BlastRadius, tool_version: &str) -> Self {
        Self {
            schema: "gatecheck-blast-radius/1",
            tool: report::Tool { name: "gatecheck", version: visible(tool_version) },
            project: visible(&radius.registry.project),
            anchor: (&radius.anchor).into(),
            tip: (&radius.tip).into(),
            registry: (&radius.in_force).into(),
            key: radius.question.key.to_string(),
            entry: radius.entry.map(|entry| entry.to_string()),
            owner: radius.owner.as_ref().map(ToString::to_string),
            from: radius.question.from.map(|from| from.to_string()),
            open: radius.open.iter().map(Into::into).collect(),
            items: radius.items.iter().map(Into::into).collect(),
            tags: radius.tags.iter().map(Into::into).collect(),
            reattest: v1::Reattest {
                epochs: radius
                    .epochs()
                    .into_iter()
                    .map(|(epoch, commit)| v1::Epoch { epoch, commit: commit.to_string() })
                    .collect(),
                domains: radius.domains.iter().map(Into::into).collect(),
            },
            commands: commands(radius).iter().map(|command| visible(command)).collect(),
        }
    }
}

impl From<RestKind> for v1::Kind {
    fn from(kind: RestKind) -> Self {
        match kind {
            RestKind::Epoch => Self::Epoch,
            RestKind::Squash => Self::Squash,
            RestKind::Ceremony => Self::Ceremony,
            RestKind::Reattestation => Self::Reattestation,
        }
    }
}

impl From<&InDoubt> for v1::Item {
    fn from(item: &InDoubt) -> Self {
        let rest = &item.rest;
        Self {
            kind: rest.kind.into(),
            commit: rest.commit.to_string(),
            carrier: rest.carrier.to_string(),
            epoch: rest.epoch,
            verdict: item.verdict.map(Into::into),
            verdict_without: rest.without.into(),
            missing: rest.missing.iter().map(Into::into).collect(),
            signatures: rest.signatures.iter().map(Into::into).collect(),
            brought: rest
                .brought
                .iter()
                .map(|(key, owner)| v1::Entry {
                    fingerprint: key.to_string(),
                    reviewer_id: owner.to_string(),
                })
                .collect(),
            changed: item.changed.as_ref().map(|changed| v1::Changed {
                count: changed.count,
                paths: changed.paths.iter().map(|path| visible(path)).collect(),
            }),
        }
    }
}

impl From<&RestSignature> for v1::Signature {
    fn from(signature: &RestSignature) -> Self {
        let (signed, domain) = match &signature.what {
            SignedAs::Commit => (v1::Signed::Commit, None),
            SignedAs::Signoff(domain) => (v1::Signed::Signoff, Some(domain.to_string())),
            SignedAs::Approval => (v1::Signed::Approval, None),
            SignedAs::Possession => (v1::Signed::Possession, None),
        };
        Self {
            signed,
            domain,
            reviewer_id: signature.reviewer.to_string(),
            fingerprint: signature.key.to_string(),
            primary: signature.primary.to_string(),
            time: signature.time.to_string(),
            brought_by: signature.brought_by.map(|commit| commit.to_string()),
        }
    }
}

impl From<&TagInDoubt> for v1::Tag {
    fn from(tag: &TagInDoubt) -> Self {
        Self {
            name: visible(&tag.name),
            commit: tag.commit.map(|commit| commit.to_string()),
            signed: tag.signed,
            points_at_doubt: tag.points_at_doubt,
        }
    }
}

impl v1::Revocations {
    /// What nobody should rely on until the doubt is settled.
    #[must_use]
    pub fn new(radius: &BlastRadius) -> Self {
        let items = radius.items.iter().map(|item| v1::Revocation {
            kind: item.rest.kind.into(),
            commit: Some(item.rest.commit.to_string()),
            epoch: item.rest.epoch,
            tag: None,
            verdict_without: item.rest.without.into(),
        });
        Self {
            schema: "gatecheck-revocations/1",
            project: visible(&radius.registry.project),
            tip: radius.tip.commit.to_string(),
            key: radius.question.key.to_string(),
            from: radius.question.from.map(|from| from.to_string()),
            list: items.chain(radius.tags.iter().map(|tag| revoked_tag(radius, tag))).collect(),
        }
    }
}

fn revoked_tag(radius: &BlastRadius, tag: &TagInDoubt) -> v1::Revocation {
    let about = |commit: Oid| {
        radius.items.iter().find(move |item| {
            item.rest.kind != RestKind::Reattestation
                && (item.rest.commit == commit || item.rest.carrier == commit)
        })
    };
    let gate = tag.commit.and_then(about);
    v1::Revocation {
        kind: v1::Kind::Tag,
        commit: tag.commit.map(|commit| commit.to_string()),
        epoch: gate.and_then(|item| item.rest.epoch),
        tag: Some(visible(&tag.name)),
        verdict_without: match gate {
            Some(item) if !tag.signed => item.rest.without.into(),
            _ => report::Verdict::Refused,
        },
    }
}
