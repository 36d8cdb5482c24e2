//! Approvals of one ceremony that were made in several places.

use super::Request;
use crate::model::Approval;
use crate::model::text::shown_up_to;

/// Adds approvals, each person's once for each role and key: the later one is kept. Whatever the
/// order in which copies come, the result is the same.
pub fn add(request: &mut Request, approvals: impl IntoIterator<Item = Approval>) {
    let all = &mut request.record.approvals;
    for approval in approvals {
        match all.iter_mut().find(|known| is_same(known, &approval)) {
            Some(known) if age(known) < age(&approval) => *known = approval,
            Some(_) => {}
            None => all.push(approval),
        }
    }
    all.sort_by(|a, b| order(a).cmp(&order(b)));
}

pub(super) fn is_same(a: &Approval, b: &Approval) -> bool {
    order(a) == order(b)
}

fn order(a: &Approval) -> (u8, &str, String) {
    (a.role as u8, a.reviewer_id.as_str(), a.fingerprint.to_string())
}

fn age(approval: &Approval) -> (crate::model::Time, &str) {
    (approval.timestamp, &approval.signature)
}

/// In which parts two requests differ, in words; empty where they are copies of one. Approvals may
/// differ.
#[must_use]
pub fn differences(ours: &Request, theirs: &Request) -> Vec<String> {
    let (a, b) = (&ours.record, &theirs.record);
    let mut all = Vec::new();
    let mut differ = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            let (ours, theirs) = (shown_up_to(&ours, 100), shown_up_to(&theirs, 100));
            all.push(format!("{what}: {ours}, not {theirs}"));
        }
    };
    differ("record", ours.path().to_owned(), theirs.path().to_owned());
    differ("parent", a.parent.to_string(), b.parent.to_string());
    let digests = [a.previous_registry_sha256, b.previous_registry_sha256].map(hex::encode);
    let [before_a, before_b] = digests;
    differ("registry before (SHA-256)", before_a, before_b);
    let [after_a, after_b] = [a.registry_sha256, b.registry_sha256].map(hex::encode);
    differ("registry after (SHA-256)", after_a, after_b);
    differ("reason", a.reason.clone(), b.reason.clone());
    differ("charter_ack", a.charter_ack.clone(), b.charter_ack.clone());
    differ("witnesses", a.witnesses.join(", "), b.witnesses.join(", "));
    differ("concerns", a.concerns.join(", "), b.concerns.join(", "));
    differ("removed", a.removed.join(", "), b.removed.join(", "));
    let files = |request: &Request| {
        let all = request.record.files.iter();
        all.map(|f| format!("{} {}", f.path, hex::encode(f.sha256))).collect::<Vec<_>>().join(", ")
    };
    differ("key files", files(ours), files(theirs));
    if all.is_empty() && ours.known != theirs.known {
        all.push("known_key_files: the key files of the registry before".to_owned());
    }
    all
}
