//! What a sign-off says and does beyond its domain, for whoever is about to sign it.

use std::collections::BTreeSet;

use crate::check::Outlook;
use crate::model::text::shown_up_to;
use crate::model::{Manifest, ReviewerId, Signoff, Time};

/// What a sign-off says beyond its domain.
pub(super) fn words(signoff: &Signoff) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            text.push_str(&format!("{name}: {value}\n"));
        }
    };
    let list = |all: &[String]| all.iter().map(|one| whole(one)).collect::<Vec<_>>().join(", ");
    line("scope", list(&signoff.scope));
    line("second reviews", list(&signoff.reviews));
    line("checklist", list(&signoff.checklist));
    line("authored by", whole(&signoff.authored_by));
    line("stands for", list(&signoff.multi_domain_roles));
    line("because", whole(&signoff.multi_domain_justification));
    if let Some(ai) = &signoff.ai_attestation {
        let understood = if ai.understood { "understood" } else { "not understood" };
        line(
            "AI attestation",
            format!("{understood}; {}; {}", list(&ai.invariants), whole(&ai.statement)),
        );
    }
    if signoff.dissents() {
        line("DISSENT, which blocks the gate", whole(&signoff.dissent));
    }
    text
}

/// How much of one text is shown.
const WORDS_SHOWN: usize = 2_000;

/// A text that is signed. Somebody else may have written it, so that nothing of it is left out
/// in silence.
fn whole(text: &str) -> String {
    match text.chars().count().saturating_sub(WORDS_SHOWN) {
        0 => shown_up_to(text, WORDS_SHOWN),
        more => format!(
            "{} ({more} more characters, which are signed as well)",
            shown_up_to(text, WORDS_SHOWN)
        ),
    }
}

/// Dissents of their own that a sign-off without one lifts, whichever domain each is for.
pub(super) fn lifted(outlook: &Outlook, manifest: &Manifest, signoff: &Signoff) -> String {
    if signoff.dissents() {
        return String::new();
    }
    let older = |who: &ReviewerId, at: Time| *who == signoff.reviewer_id && at < signoff.timestamp;
    let here = manifest.signoffs.iter().filter(|s| s.dissents());
    let here = here.filter(|s| older(&s.reviewer_id, s.timestamp));
    let open = outlook.next.dissents.iter().filter(|_| manifest.reattest == 0);
    let open = open.filter(|d| older(&d.reviewer, d.at)).map(|d| (d.at, d.words.as_str()));
    let all: BTreeSet<(Time, &str)> =
        here.map(|s| (s.timestamp, s.dissent.as_str())).chain(open).collect();
    let lifts = |(at, words)| format!("THIS LIFTS your dissent of {at}: {}\n", whole(words));
    all.into_iter().map(lifts).collect()
}
