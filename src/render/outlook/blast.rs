//! What rests on a key, for people.

use super::super::escape::line;
use super::super::words;
use super::{able, commands, open};
use crate::check::{BlastRadius, Changed, InDoubt};
use crate::ledger::{RestKind, RestSignature, SignedAs};
use crate::model::KeyState;
use crate::report::Verdict;

pub(super) fn render(radius: &BlastRadius) -> String {
    let mut text = title(radius);
    if radius.items.is_empty() {
        text.push_str("\nnothing accepted rests on it\n");
    }
    for item in &radius.items {
        text.push('\n');
        text.push_str(&one(item));
    }
    text.push_str(&tags(radius));
    text.push_str(&again(radius));
    text.push_str(&what_to_type(radius));
    text.push_str(&open(&radius.open));
    text
}

fn title(radius: &BlastRadius) -> String {
    let tip = match &radius.tip.reference {
        Some(name) => format!("{} at {}", line(name), radius.tip.commit.short()),
        None => radius.tip.commit.to_string(),
    };
    let owner = match (&radius.owner, radius.entry) {
        (Some(owner), Some(entry)) if entry == radius.question.key => format!("{owner}'s key"),
        (Some(owner), Some(entry)) => format!("a key of {owner}, covered by the entry {entry}"),
        _ => "a key that the registry in force does not list".to_owned(),
    };
    let from = radius.question.from.map_or_else(
        || "everything it ever signed is in doubt".to_owned(),
        |from| format!("what it signed after {from} is in doubt"),
    );
    let key = radius.question.key;
    format!("blast radius of {key}\n{owner}, in {tip}; {from}\n{}", known_good(radius))
}

/// What the registry says of the key already.
fn known_good(radius: &BlastRadius) -> String {
    let entries = radius.entry.into_iter().flat_map(|entry| radius.registry.entries(entry));
    let states = entries.filter(|entry| entry.is_compromised()).map(|entry| &entry.state);
    let until = states.filter_map(|state| match state {
        KeyState::Retired(retirement) => Some(retirement.trusted_until),
        KeyState::Standing => None,
    });
    match until.last() {
        None => String::new(),
        Some(None) => "the registry calls it compromised, and good at no commit\n".to_owned(),
        Some(Some(until)) => {
            format!("the registry calls it compromised, and good up to {until} (--from)\n")
        }
    }
}

fn one(item: &InDoubt) -> String {
    let rest = &item.rest;
    let what = match (rest.kind, rest.epoch) {
        (RestKind::Epoch, Some(epoch)) => format!("epoch {epoch}"),
        (RestKind::Epoch, None) => "epoch".to_owned(),
        (RestKind::Squash, _) => "squash gate".to_owned(),
        (RestKind::Ceremony, _) => "ceremony".to_owned(),
        (RestKind::Reattestation, epoch) => {
            format!("re-attestation of epoch {}", epoch.unwrap_or_default())
        }
    };
    let mut text = format!("{what}  {}\n", rest.commit);
    if rest.carrier != rest.commit {
        text.push_str(&format!("  in         {}\n", rest.carrier));
    }
    for signature in &rest.signatures {
        text.push_str(&format!("  rests on   {}\n", signed(signature)));
    }
    for (key, owner) in &rest.brought {
        text.push_str(&format!("  brought    the entry {key} of {owner}\n"));
    }
    text.push_str(&format!("  without    {}\n", without(item)));
    if let Some(changed) = &item.changed {
        let since = if rest.previous.is_some() { "the gate before" } else { "the anchor" };
        text.push_str(&format!("  changed    {}\n", files(changed, since)));
    }
    text
}

fn signed(signature: &RestSignature) -> String {
    let what = match &signature.what {
        SignedAs::Commit => "the signature of the commit".to_owned(),
        SignedAs::Signoff(domain) => format!("the sign-off for {domain}"),
        SignedAs::Approval => "an approval".to_owned(),
        SignedAs::Possession => "the proof of possession".to_owned(),
    };
    let through = signature.brought_by.map_or(String::new(), |ceremony| {
        format!(", by {}, which came with the ceremony {}", signature.key, ceremony.short())
    });
    format!("{what} by {}, {}{through}", signature.reviewer, signature.time)
}

fn without(item: &InDoubt) -> String {
    let rest = &item.rest;
    if rest.kind == RestKind::Reattestation {
        return "it proves nothing: one bad key in it is enough".to_owned();
    }
    if !item.rests_on_consent() {
        return "it stands: nobody's consent is in doubt".to_owned();
    }
    let mut why: Vec<String> = Vec::new();
    if rest.signatures.iter().any(|one| one.what == SignedAs::Commit) {
        why.push("nobody else signed the commit".to_owned());
    }
    why.extend(rest.missing.iter().map(|finding| {
        let numbers = finding.observed.as_deref().zip(finding.required.as_deref());
        let numbers = numbers.map_or(String::new(), |(observed, required)| {
            format!(" ({} where {} is asked for)", line(observed), line(required))
        });
        format!("{}{numbers}", line(&finding.message))
    }));
    match rest.without {
        Verdict::Pass => "it would stand: enough others vouched".to_owned(),
        Verdict::Undecided => format!("it cannot be told: {}", why.join("; ")),
        Verdict::Refused => format!("it would fall: {}", why.join("; ")),
    }
}

fn files(changed: &Changed, since: &str) -> String {
    let number = words::count(changed.count, "file");
    let more = changed.count.saturating_sub(changed.paths.len() as u64);
    let paths: Vec<String> = changed.paths.iter().map(|path| line(path)).collect();
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    match paths.as_slice() {
        [] => format!("{number} since {since}"),
        paths => format!("{number} since {since}: {}{more}", paths.join(", ")),
    }
}

fn tags(radius: &BlastRadius) -> String {
    let mut text = String::new();
    if !radius.tags.is_empty() {
        text.push_str("\ntags not to rely on for now\n");
    }
    for tag in &radius.tags {
        let why = match (tag.signed, tag.points_at_doubt) {
            (true, true) => "signed by it, and stands for a gate in doubt",
            (true, false) => "signed by it",
            (false, _) => "stands for a gate in doubt",
        };
        text.push_str(&format!("  {}  {why}\n", line(&tag.name)));
    }
    text
}

fn again(radius: &BlastRadius) -> String {
    let squashes = radius.items.iter().filter(|item| item.rest.kind == RestKind::Squash).count();
    let epochs = radius.epochs();
    if epochs.is_empty() && squashes == 0 {
        return String::new();
    }
    let list: Vec<String> = epochs.keys().map(|epoch| format!("epoch {epoch}")).collect();
    let mut text = String::from("\nto be attested again\n");
    if !list.is_empty() {
        text.push_str(&format!("  {}, by\n", list.join(", ")));
        for domain in &radius.domains {
            text.push_str(&format!("  {:<10} {}\n", domain.id.as_str(), able(domain)));
        }
        if radius.domains.iter().any(|domain| domain.able.is_empty()) {
            text.push_str(
                "  `gatecheck status` says why it is nobody; where nobody is current, the way out is\n  \
                 gatecheck ceremony plan requalify\n",
            );
        }
    }
    if squashes > 0 {
        text.push_str(
            "  a squash gate cannot be attested again: name a later commit known good, if one is,\n  \
             or have the verifiers pin an anchor after it\n",
        );
    }
    text
}

fn what_to_type(radius: &BlastRadius) -> String {
    let commands = commands(radius);
    let mut text = String::new();
    if !commands.is_empty() {
        text.push_str(
            "\nonce the key is declared compromised, all of this is refused until it is acknowledged.\n\
             In this order (HEADING: of the entry about it in the decision log):\n",
        );
    }
    for command in commands {
        text.push_str(&format!("  {}\n", line(&command)));
    }
    text
}
