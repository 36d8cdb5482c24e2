//! What runs out before a given time.

use crate::finding::Code;
use crate::model::policy::CertExpiry;
use crate::model::{Fingerprint, KeyState, Policy, ReviewerId, Time};
use crate::rules::currency::Condition;

use super::{KeyNow, OpenFor, Person, SigningKey, Standing};

/// What it is that runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueKind {
    /// A key's window in the registry.
    Window,
    /// A certificate, where policy enforces its end.
    Certificate,
    /// A key, by a cut-off of `[policy.crypto]`.
    CutOff,
    /// A key whose window is open and that does not count: revoked, too weak, without a key file.
    Refused,
    /// Somebody's currency, by age.
    Currency,
    /// Somebody's currency, by epochs: they are stale at the next gate.
    Epochs,
}

/// Something that runs out, or has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What.
    pub kind: DueKind,
    /// Whose.
    pub reviewer: ReviewerId,
    /// The key, where one runs out.
    pub fingerprint: Option<Fingerprint>,
    /// The first moment at which it is over; `None` for epochs, which no clock counts, and for a
    /// key that does not count.
    pub at: Option<Time>,
}

impl Standing {
    /// Everything that runs out at or before `horizon`, the earliest first; what has run out
    /// already is among it. A key that another one of the same person outlives is left out, and so
    /// are placeholders, windows that have not begun, and the currency of people without a key or a
    /// domain.
    #[must_use]
    pub fn due(&self, policy: &Policy, horizon: Time) -> Vec<Due> {
        let mut due = Vec::new();
        for person in &self.people {
            let enforced = policy.crypto.cert_expiry == CertExpiry::Enforce;
            let lasts = |key: &KeyNow| {
                key.is_usable() && ends(key, enforced).is_none_or(|(_, end)| end > horizon)
            };
            if !person.keys.iter().any(lasts) {
                let standing = person.keys.iter().filter(|k| k.state == KeyState::Standing);
                due.extend(standing.filter_map(|key| {
                    let (kind, at) = match ends(key, enforced).filter(|(_, end)| *end <= horizon) {
                        Some((kind, at)) => (kind, Some(at)),
                        None if self.is_refused(key) => (DueKind::Refused, None),
                        None => return None,
                    };
                    let reviewer = person.reviewer.clone();
                    Some(Due { kind, reviewer, fingerprint: key.fingerprint, at })
                }));
            }
            due.extend(currency(person, horizon));
        }
        due.sort_by(|a, b| {
            (a.at, &a.reviewer, a.kind, a.fingerprint).cmp(&(
                b.at,
                &b.reviewer,
                b.kind,
                b.fingerprint,
            ))
        });
        due
    }

    /// Whether a key does not count although it should by its window.
    fn is_refused(&self, key: &KeyNow) -> bool {
        !key.is_usable() && key.fingerprint.is_some() && key.window.contains(self.at)
    }
}

/// What ends first of a key.
fn ends(key: &KeyNow, enforced: bool) -> Option<(DueKind, Time)> {
    let window = key.window.until.map(|until| (DueKind::Window, until));
    let certificate = key.certificate_expires().filter(|_| enforced);
    let certificate = certificate.map(|at| (DueKind::Certificate, at));
    let cut_off = cut_off(key).map(|at| (DueKind::CutOff, at));
    [window, certificate, cut_off].into_iter().flatten().min_by_key(|(_, at)| *at)
}

/// When policy counts the last of its signing keys no more.
fn cut_off(key: &KeyNow) -> Option<Time> {
    let of = |key: &SigningKey| {
        let refused = key.cut_offs.iter().filter(|cut_off| !cut_off.counts);
        let times = refused.filter_map(|cut_off| match cut_off.from {
            OpenFor::Time(from) => Some(from),
            OpenFor::Always | OpenFor::Epoch(_) => None,
        });
        times.min()
    };
    let all: Option<Vec<Time>> = key.signing.iter().map(of).collect();
    all?.into_iter().max()
}

fn currency(person: &Person, horizon: Time) -> Option<Due> {
    let (_, until) = person.current_until.filter(|_| person.vouches && person.has_key())?;
    let due = |kind, at| Due { kind, reviewer: person.reviewer.clone(), fingerprint: None, at };
    // The last moment is still inside.
    let over = Time::from_unix_clamped(until.unix().saturating_add(1));
    if over <= horizon {
        return Some(due(DueKind::Currency, Some(over)));
    }
    let stale = matches!(person.condition, Condition::NeedsHelp { code: Code::ReviewerStale, .. });
    stale.then(|| due(DueKind::Epochs, None))
}
