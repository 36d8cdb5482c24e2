//! Rule: the key's own certificate lets it sign, had not lapsed, and was not revoked.

use crate::finding::{Code, CodeDoc, Finding, Severity};
use crate::model::policy::CertExpiry;
use crate::model::registry::KeyFormat;
use crate::model::text::shown;
use crate::model::{Binding, CertificateKey, Fingerprint, KeyEntry, Revocation, Time};

use super::{Context, strength};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::WeakCertificate,
        what: "The self-signature that lets the key sign was made over a digest that policy refuses.",
        why: "Whoever can collide that digest can bind a key of their own to the reviewer's certificate, so nobody can tell whether the binding is real.",
        fix: "The owner renews the self-signatures, for example with `gpg --edit-key FPR expire`, and commits the new key file.",
    },
    CodeDoc {
        code: Code::NotSigningCapable,
        what: "The key that verifies the signature is not bound for signing: it lacks the signing flag, or as a subkey its back-signature.",
        why: "Without a back-signature anybody can attach somebody else's key to their own certificate and claim its signatures.",
        fix: "Sign with a key whose certificate gives it the signing flag; `gpg --list-keys --with-subkey-fingerprint` shows an S beside it.",
    },
    CodeDoc {
        code: Code::KeyRevoked,
        what: "The key's owner had revoked it, as superseded or retired, before the signature was made.",
        why: "The owner said that signatures after that time are not theirs.",
        fix: "Sign again with the key that replaced it, enrolled by a ceremony.",
    },
    CodeDoc {
        code: Code::KeyCompromised,
        what: "The key is compromised: the registry says so, or its owner revoked it as compromised or without a reason.",
        why: "A thief can sign with it and choose every date, so no signature of it proves anything unless the registry names a point in history up to which it is trusted.",
        fix: "Record the compromise in a ceremony with `trusted_until`, and sign the affected gates off again with other keys.",
    },
    CodeDoc {
        code: Code::SignedByLaterCompromisedKey,
        what: "A key that was compromised later signed this, at a point in history up to which the registry still trusts it.",
        why: "An honest gate keeps standing when its signer's key is stolen years later, as long as the project says where the honest part ends.",
        fix: "Nothing; to be sure, sign the gate off again with other keys.",
    },
    CodeDoc {
        code: Code::CertExpired,
        what: "By its certificate, the key had expired when the signature was made.",
        why: "Certificates of honest projects lapse all the time, and the registry's window is the rule; policy decides how much this weighs.",
        fix: "The owner extends the certificate (`gpg --quick-set-expire FPR 2y`) and commits the new key file; `[policy.crypto] cert_expiry` decides between warning and refusal.",
    },
    CodeDoc {
        code: Code::KeyNewerThanSignature,
        what: "The signature claims to be older than the key that made it.",
        why: "A key cannot sign before it exists, so one of the dates is false.",
        fix: "Check the clock of the machine that signed, and sign again.",
    },
    CodeDoc {
        code: Code::CertMismatch,
        what: "The key file that the registry names is missing or does not hold the key that the registry lists.",
        why: "Without the key nothing can be verified, and another key in its place must never be taken instead.",
        fix: "Export the key to the path in `public_key` (`gpg --armor --export FPR`), in the ceremony that enrols it.",
    },
];

/// Checks an OpenPGP key that an entry covers against its certificate. `signed` is the
/// signature's time. Returns warnings, or the refusal.
pub fn check(
    cx: &Context<'_>,
    entry: &KeyEntry,
    key: Fingerprint,
    signed: Time,
) -> Result<Vec<Finding>, Box<Finding>> {
    let Some(certificate) = cx.keyring.certificate_for(&entry.public_key, entry.fingerprint, key)
    else {
        return Err(Box::new(missing_key(cx, entry)));
    };
    let Some(subject) = certificate.key(key) else {
        return Err(Box::new(missing_key(cx, entry)));
    };
    for (revoked, revocation) in cx.keyring.revocations(certificate.primary, key) {
        if let Some(finding) = revoked_at(revocation, signed) {
            return Err(Box::new(finding.fingerprint(revoked)));
        }
    }
    if subject.created > signed {
        return Err(Box::new(
            Finding::new(
                Code::KeyNewerThanSignature,
                "the signature is dated before its key was created",
            )
            .compared(format!("signed {signed}"), format!("a time from {} on", subject.created))
            .help("check the clock of the machine that signed, and sign again"),
        ));
    }
    let binding = binding_at(subject, signed)
        .ok_or_else(|| not_capable(entry, "no self-signature binds the key"))?;
    if !binding.for_signing {
        return Err(not_capable(entry, "the key's flags do not include signing"));
    }
    if key != certificate.primary && !binding.back_signed {
        return Err(not_capable(entry, "the subkey carries no valid back-signature"));
    }
    if let Some(why) = strength::refused_digest(cx, binding.digest, binding.created) {
        return Err(Box::new(
            Finding::new(
                Code::WeakCertificate,
                format!("the key is bound for signing by a self-signature over {}", binding.digest),
            )
            .compared(binding.digest.to_string(), why)
            .at_some(cx.policy_place("crypto.refuse", "refused by this policy"))
            .help("the owner renews the self-signatures and commits the new key file"),
        ));
    }
    let mut warnings = Vec::new();
    let primary_binding = certificate.key(certificate.primary).and_then(|k| binding_at(k, signed));
    let lapsed = [Some(binding), primary_binding]
        .into_iter()
        .flatten()
        .filter_map(|b| b.expires)
        .filter(|expires| *expires <= signed)
        .min();
    if let Some(expired) = lapsed {
        let finding = Finding::new(
            Code::CertExpired,
            "by its certificate the key had expired when it signed",
        )
        .compared(
            format!("signed {signed}, expired {expired}"),
            "a certificate that had not lapsed",
        )
        .at_some(cx.policy_place("crypto.cert_expiry", "this policy decides what that means"))
        .help("the owner extends the certificate and commits the new key file");
        match cx.registry.policy.crypto.cert_expiry {
            CertExpiry::Ignore => {}
            CertExpiry::Warn => warnings.push(finding),
            CertExpiry::Enforce => {
                return Err(Box::new(finding.severity(crate::finding::Severity::Error)));
            }
        }
    }
    Ok(warnings)
}

/// The self-signature in effect at a time: the last one made by then. Where a key file holds
/// newer ones only (exports drop old ones), the oldest of them.
#[must_use]
pub fn binding_at(key: &CertificateKey, at: Time) -> Option<&Binding> {
    let by_then = key.bindings.iter().filter(|b| b.created <= at).max_by_key(|b| b.created);
    by_then.or_else(|| key.bindings.iter().min_by_key(|b| b.created))
}

fn revoked_at(revocation: &Revocation, signed: Time) -> Option<Finding> {
    if revocation.hard {
        return Some(
            Finding::new(
                Code::KeyCompromised,
                "the key's owner revoked it as compromised or without a reason",
            )
            .compared(
                format!("revoked {}: \"{}\"", revocation.created, shown(&revocation.reason)),
                "a key without such a revocation",
            )
            .help("record the compromise in a ceremony, and sign again with another key"),
        );
    }
    (revocation.created <= signed).then(|| {
        Finding::new(
            Code::KeyRevoked,
            "the key's owner had revoked it before this signature was made",
        )
        .compared(
            format!(
                "signed {signed}, revoked {}: \"{}\"",
                revocation.created,
                shown(&revocation.reason)
            ),
            format!("a signature from before {}", revocation.created),
        )
        .help("sign again with the key that replaced it")
    })
}

/// The key file at an entry's path does not hold its key.
#[must_use]
pub fn missing_key(cx: &Context<'_>, entry: &KeyEntry) -> Finding {
    let required = entry.fingerprint.map_or_else(|| "a key".to_owned(), |f| f.to_string());
    let path = shown(&entry.public_key);
    let (message, observed) = if cx.keyring.has_file(&entry.public_key) {
        (
            format!("the key file {path} does not hold the key that the registry lists"),
            "another key, or none",
        )
    } else {
        (format!("the key file {path} is missing"), "no such file")
    };
    Finding::new(Code::CertMismatch, message)
        .compared(observed, required)
        .at(cx.registry_place(entry.spot("public_key"), "named here"))
        .help(format!("export the key to {path}, in the ceremony that enrols it"))
}

/// Every standing key must be in the file that its entry names: a finding for each that is not.
#[must_use]
pub fn missing_keys(cx: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in cx.registry.keys.iter().filter(|entry| entry.is_standing()) {
        let Some(fingerprint) = entry.fingerprint else { continue };
        let held = match entry.format {
            KeyFormat::OpenPgp => {
                let listed = Some(fingerprint);
                cx.keyring.certificate_for(&entry.public_key, listed, fingerprint).is_some()
            }
            KeyFormat::Ssh => cx.keyring.ssh_key(&entry.public_key, fingerprint).is_some(),
        };
        if held {
            continue;
        }
        let mut finding = missing_key(cx, entry).reviewer(&entry.reviewer).fingerprint(fingerprint);
        // An SSH signature brings its key along, so a missing file hides nothing.
        if entry.format == KeyFormat::Ssh && !cx.keyring.has_file(&entry.public_key) {
            finding = finding.severity(Severity::Warning);
        }
        found.push(finding);
    }
    found
}

fn not_capable(entry: &KeyEntry, observed: &str) -> Box<Finding> {
    Box::new(
        Finding::new(
            Code::NotSigningCapable,
            format!("this key of {} may not sign", entry.reviewer),
        )
        .compared(observed, "a key with the signing flag and, for a subkey, a back-signature")
        .help("sign with a signing key of the certificate"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;
    use crate::rules::testing::{World, at};

    fn refused(world: &World, t: &str) -> Code {
        let key = world.key("alice");
        check(&world.context(), key, key.fingerprint.unwrap(), at(t)).unwrap_err().code
    }

    #[test]
    fn a_signing_key_in_its_time_is_accepted() {
        let world = World::new();
        let key = world.key("alice");
        let cx = world.context();
        assert_eq!(check(&cx, key, key.fingerprint.unwrap(), at("2026-02-01")), Ok(vec![]));
    }

    #[test]
    fn each_flaw_has_its_name() {
        let mut world = World::new();
        world.edit_key("alice", |k| k.bindings[0].for_signing = false);
        assert_eq!(refused(&world, "2026-02-01"), Code::NotSigningCapable);
        let mut world = World::new();
        world.edit_key("alice", |k| k.bindings[0].digest = Digest::Sha1);
        assert_eq!(refused(&world, "2026-02-01"), Code::WeakCertificate);
        let mut world = World::new();
        world.edit_key("alice", |k| k.created = at("2026-03-01"));
        assert_eq!(refused(&world, "2026-02-01"), Code::KeyNewerThanSignature);
    }

    #[test]
    fn hard_revocations_reach_back_and_soft_ones_do_not() {
        let revoke = |hard| Revocation {
            created: at("2026-03-01"),
            hard,
            digest: Digest::Sha256,
            reason: "x".into(),
        };
        let mut world = World::new();
        world.edit_key("alice", |k| k.revocations.push(revoke(true)));
        assert_eq!(refused(&world, "2026-02-01"), Code::KeyCompromised);
        let mut world = World::new();
        world.edit_key("alice", |k| k.revocations.push(revoke(false)));
        assert_eq!(refused(&world, "2026-03-01"), Code::KeyRevoked);
        let key = world.key("alice");
        assert!(check(&world.context(), key, key.fingerprint.unwrap(), at("2026-02-28")).is_ok());
    }

    #[test]
    fn a_lapsed_certificate_weighs_what_policy_says() {
        let mut world = World::new();
        world.edit_key("alice", |k| k.bindings[0].expires = Some(at("2026-02-01")));
        let fpr = world.key("alice").fingerprint.unwrap();
        let run =
            |world: &World| check(&world.context(), world.key("alice"), fpr, at("2026-02-01"));
        assert_eq!(run(&world).unwrap()[0].code, Code::CertExpired);
        world.registry.policy.crypto.cert_expiry = CertExpiry::Enforce;
        assert_eq!(run(&world).unwrap_err().code, Code::CertExpired);
        world.registry.policy.crypto.cert_expiry = CertExpiry::Ignore;
        assert_eq!(run(&world).unwrap(), vec![]);
    }
}
