//! From a registry back to its file's form.

use toml_edit::{DocumentMut, Item, Table};

use super::document::{
    Document, DomainTable, Format, KeyTable, Kind, Moment, ProjectTable, Reason, RetiredKeyTable,
    ReviewerTable, SchemaTable,
};
use super::document_policy::{
    AiAssistedTable, AtLeast, Binding, CeremonyTable, CertExpiry, CharterTable, ClockTable,
    CommitSignature, CosignScope, CryptoTable, CurrencyTable, EpochQuorumTable, ForbiddenTable,
    GatesTable, MainlineTable, PolicyTable, QuorumTable, RefusalTable, RequireSignature,
    ReviewedAt, Rule, RuleWord, SecondReviewTable, Threshold, UnsignedSignoffs,
};
use crate::model::policy::{self, Quorum, QuorumRule};
use crate::model::registry::{KeyFormat, RetiredReason, Retirement, ReviewerKind};
use crate::model::{Domain, KeyEntry, KeyState, PathPattern, Policy, Registry, Reviewer};

impl Document {
    /// What a registry says, as version 1.1.0, with every default written out.
    ///
    /// A placeholder's text is not kept: its fingerprint is `"pending"`. The planned end of a
    /// retired key is written only where it came before the retirement.
    #[must_use]
    pub fn of(registry: &Registry) -> Self {
        Self {
            schema: SchemaTable { version: "1.1.0".to_owned(), serial: registry.serial },
            project: ProjectTable {
                id: registry.project.clone(),
                mainline: registry.mainline.clone(),
                branches: texts(&registry.branches),
            },
            reviewers: registry.reviewers.values().map(reviewer).collect(),
            domains: registry.domains.values().map(domain).collect(),
            keys: registry.keys.iter().filter(|key| key.is_standing()).map(standing).collect(),
            retired_keys: registry.keys.iter().filter_map(retired).collect(),
            policy: Some(policy(&registry.policy)),
        }
    }

    /// The file's text, in the order of its reference. [`super::fmt()`] makes it canonical.
    /// Errors: a defect only.
    pub fn to_toml(&self) -> crate::Result<String> {
        let defect = |error: String| crate::Error::Defect(error);
        let text = toml::to_string(self).map_err(|error| defect(error.to_string()))?;
        let mut document: DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| defect(error.to_string()))?;
        inline_short_tables(document.as_table_mut());
        Ok(document.to_string())
    }
}

/// Rules, epochs and refusals on one line each, as the reference writes them.
fn inline_short_tables(root: &mut Table) {
    let Some(policy) = root.get_mut("policy").and_then(Item::as_table_mut) else { return };
    if let Some(quorum) = policy.get_mut("quorum").and_then(Item::as_table_mut) {
        quorum.get_mut("rule").map(inline);
        if let Some(epochs) = quorum.get_mut("epochs").and_then(Item::as_table_mut) {
            epochs.set_dotted(true);
            for (_, epoch) in epochs.iter_mut() {
                inline(epoch);
            }
        }
    }
    if let Some(crypto) = policy.get_mut("crypto").and_then(Item::as_table_mut) {
        crypto.get_mut("refuse").map(inline);
    }
}

fn inline(item: &mut Item) {
    *item = match std::mem::take(item).into_value() {
        Ok(value) => Item::Value(value),
        Err(item) => item,
    };
}

fn texts(patterns: &[PathPattern]) -> Vec<String> {
    patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect()
}

fn reviewer(person: &Reviewer) -> ReviewerTable {
    ReviewerTable {
        id: person.id.to_string(),
        name: person.name.clone(),
        emails: person.emails.clone(),
        kind: match person.kind {
            ReviewerKind::Human => Kind::Human,
            ReviewerKind::Bot => Kind::Bot,
            ReviewerKind::Forge => Kind::Forge,
        },
    }
}

fn domain(domain: &Domain) -> DomainTable {
    DomainTable {
        id: domain.id.to_string(),
        primary: domain.primary.to_string(),
        backup: domain.backup.as_ref().map(ToString::to_string),
        reviewers: domain.reviewers.iter().map(ToString::to_string).collect(),
        paths: texts(&domain.paths),
        docs: domain.docs.clone(),
        codeowners: domain.codeowners,
    }
}

fn format(key: &KeyEntry) -> Format {
    match key.format {
        KeyFormat::OpenPgp => Format::OpenPgp,
        KeyFormat::Ssh => Format::Ssh,
    }
}

fn fingerprint(key: &KeyEntry) -> String {
    key.fingerprint.map_or_else(|| "pending".to_owned(), |fingerprint| fingerprint.to_string())
}

fn standing(key: &KeyEntry) -> KeyTable {
    KeyTable {
        reviewer_id: key.reviewer.to_string(),
        format: format(key),
        fingerprint: fingerprint(key),
        public_key: Some(key.public_key.clone()),
        effective_from: Moment(key.window.from),
        effective_until: key.window.until.map(Moment),
    }
}

fn retired(key: &KeyEntry) -> Option<RetiredKeyTable> {
    let KeyState::Retired(Retirement { at, reason, trusted_until, acknowledged, charter_ack }) =
        &key.state
    else {
        return None;
    };
    Some(RetiredKeyTable {
        reviewer_id: key.reviewer.to_string(),
        format: format(key),
        fingerprint: fingerprint(key),
        public_key: Some(key.public_key.clone()),
        effective_from: Moment(key.window.from),
        effective_until: key.window.until.filter(|until| until != at).map(Moment),
        retired_at: Moment(*at),
        reason: match reason {
            RetiredReason::Rotated => Reason::Rotated,
            RetiredReason::Expired => Reason::Expired,
            RetiredReason::Departed => Reason::Departed,
            RetiredReason::Superseded => Reason::Superseded,
            RetiredReason::Compromised => Reason::Compromised,
        },
        trusted_until: trusted_until.map(|id| id.to_string()),
        acknowledged: acknowledged.iter().map(ToString::to_string).collect(),
        charter_ack: charter_ack.clone(),
    })
}

pub(super) fn policy(policy: &Policy) -> PolicyTable {
    PolicyTable {
        mainline: Some(MainlineTable {
            require_signature: Some(match policy.mainline.require_signature {
                policy::RequireSignature::Gates => RequireSignature::Gates,
                policy::RequireSignature::EveryCommit => RequireSignature::EveryCommit,
            }),
            accept_forge: Some(policy.mainline.accept_forge),
        }),
        gates: Some(gates(&policy.gates)),
        quorum: Some(quorum(&policy.quorum)),
        currency: Some(CurrencyTable {
            max_epochs: Some(policy.currency.max_epochs),
            max_age: Some(policy.currency.max_age.to_string()),
            newcomer_cosigns: Some(policy.currency.newcomer_cosigns),
            cosign_scope: Some(match policy.currency.cosign_scope {
                policy::CosignScope::Domain => CosignScope::Domain,
                policy::CosignScope::Gate => CosignScope::Gate,
            }),
        }),
        second_review: some(policy.second_review.iter().map(second_review).collect()),
        ai_assisted: policy.ai_assisted.as_ref().map(|ai| AiAssistedTable {
            trailers: Some(ai.trailers.clone()),
            co_authors: Some(ai.co_authors.iter().map(ToString::to_string).collect()),
            second_review: Some(ai.second_review.clone()),
            invariants: Some(ai.invariants.clone()),
        }),
        forbidden: some(policy.forbidden.iter().map(forbidden).collect()),
        charter: policy.charter.as_ref().map(|charter| CharterTable {
            path: Some(charter.path.clone()),
            decision_log: Some(charter.decision_log.clone()),
            marker: Some(charter.marker.clone()),
            dissent_days: Some(charter.dissent_days),
        }),
        ceremony: Some(CeremonyTable {
            threshold: Some(match policy.ceremony.threshold {
                QuorumRule::Unanimous => Threshold::Word(RuleWord::Unanimous),
                QuorumRule::Majority => Threshold::Word(RuleWord::Majority),
                QuorumRule::AtLeast(people) => Threshold::People(people),
            }),
            max_key_days: Some(policy.ceremony.max_key_days),
            warn_days: Some(policy.ceremony.warn_days),
        }),
        crypto: Some(crypto(&policy.crypto)),
        clock: Some(ClockTable { max_skew: Some(policy.max_skew.to_string()) }),
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn gates(gates: &policy::GatesPolicy) -> GatesTable {
    let mut binding = Vec::new();
    if gates.bind_tree {
        binding.push(Binding::Tree);
    }
    if gates.bind_commit {
        binding.push(Binding::Commit);
    }
    GatesTable {
        manifest: Some(gates.manifest.to_string()),
        first_epoch: Some(gates.first_epoch),
        binding: Some(binding),
        unsigned_signoffs: Some(match gates.unsigned_signoffs {
            policy::UnsignedSignoffs::Refuse => UnsignedSignoffs::Refuse,
            policy::UnsignedSignoffs::GateSigner => UnsignedSignoffs::GateSigner,
        }),
        commit_signature: Some(match gates.commit_signature {
            policy::CommitSignature::Reviewer => CommitSignature::Reviewer,
            policy::CommitSignature::Forge => CommitSignature::Forge,
        }),
        checklist: Some(gates.checklist.clone()),
    }
}

fn rule(rule: QuorumRule) -> Rule {
    match rule {
        QuorumRule::Unanimous => Rule::Word(RuleWord::Unanimous),
        QuorumRule::Majority => Rule::Word(RuleWord::Majority),
        QuorumRule::AtLeast(at_least) => Rule::AtLeast(AtLeast { at_least }),
    }
}

fn quorum(quorum: &policy::QuorumPolicy) -> QuorumTable {
    let one = |one: &Quorum| EpochQuorumTable {
        rule: Some(rule(one.rule)),
        per_domain: Some(one.per_domain),
        distinct_reviewers: Some(one.distinct_reviewers),
        allow_multi_domain: Some(one.allow_multi_domain),
    };
    let base = one(&quorum.base);
    let epochs = quorum.epochs.iter().map(|(epoch, q)| (epoch.to_string(), one(q)));
    QuorumTable {
        rule: base.rule,
        per_domain: base.per_domain,
        distinct_reviewers: base.distinct_reviewers,
        allow_multi_domain: base.allow_multi_domain,
        squash_people: quorum.squash_people,
        epochs: (!quorum.epochs.is_empty()).then(|| epochs.collect()),
    }
}

fn second_review(review: &policy::SecondReview) -> SecondReviewTable {
    SecondReviewTable {
        name: review.name.clone(),
        paths: texts(&review.paths),
        added_tokens: review.added_tokens.clone(),
        reviewers: Some(review.reviewers),
        other_domain: Some(review.other_domain),
        at: Some(if review.at_commit { ReviewedAt::Commit } else { ReviewedAt::Gate }),
    }
}

fn forbidden(forbidden: &policy::Forbidden) -> ForbiddenTable {
    ForbiddenTable {
        name: forbidden.name.clone(),
        pattern: forbidden.pattern.to_string(),
        paths: Some(texts(&forbidden.paths)),
    }
}

fn crypto(crypto: &policy::CryptoPolicy) -> CryptoTable {
    let refuse = crypto.refuse.iter().map(|refusal| RefusalTable {
        what: refusal.what.to_string(),
        from: refusal.from.map(Moment),
    });
    CryptoTable {
        refuse: Some(refuse.collect()),
        cert_expiry: Some(match crypto.cert_expiry {
            policy::CertExpiry::Warn => CertExpiry::Warn,
            policy::CertExpiry::Ignore => CertExpiry::Ignore,
            policy::CertExpiry::Enforce => CertExpiry::Enforce,
        }),
        post_quantum_from_epoch: crypto.post_quantum_from_epoch,
    }
}
