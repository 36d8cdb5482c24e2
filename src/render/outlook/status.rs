//! How things stand, for people.

use super::super::escape::line;
use super::super::words;
use super::{able, days_since, names, open, strength, when};
use crate::check::Status;
use crate::finding::Code;
use crate::ledger::{DomainNow, Due, DueKind, KeyNow, OpenFor, Person};
use crate::model::policy::QuorumRule;
use crate::model::{KeyState, ReviewerId, Time};
use crate::rules::currency::Condition;

pub(super) fn render(status: &Status, crypto: bool) -> String {
    let mut text = title(status);
    text.push_str(&next(status));
    text.push_str(&people(status));
    if crypto {
        text.push_str(&strengths(status));
    }
    text.push_str(&dissents(status));
    text.push_str(&due(status));
    text.push_str(&open(&status.open));
    text
}

fn title(status: &Status) -> String {
    let project = line(&status.registry.project);
    let project = if project.is_empty() { "a project without a name".to_owned() } else { project };
    let tip = match &status.tip.reference {
        Some(name) => format!("{} at {}", line(name), status.tip.commit.short()),
        None => status.tip.commit.to_string(),
    };
    format!("status of {project}, {tip}, on {}\n", status.standing.now)
}

fn next(status: &Status) -> String {
    let next = &status.standing.next;
    let domains = match next.quorum.rule {
        QuorumRule::Unanimous => "every domain".to_owned(),
        QuorumRule::Majority => "more than half of the domains".to_owned(),
        QuorumRule::AtLeast(least) => words::count(least, "domain"),
    };
    let people = |n: u64| if n == 1 { "1 person".to_owned() } else { format!("{n} people") };
    let mut text = format!(
        "\nnext gate\n  epoch      {}, {}\n  previous   {}\n  asks for   {domains}, {} in each; {} over all\n",
        next.epoch,
        line(&next.path),
        next.previous,
        people(next.quorum.per_domain.max(1)),
        people(next.quorum.distinct_reviewers),
    );
    for domain in &next.domains {
        text.push_str(&one_domain(domain));
    }
    if next.domains.is_empty() {
        text.push_str("  domains    those that its manifest will name\n");
    } else if next.blocked.is_empty() {
        text.push_str("  it could be made now\n");
    }
    for finding in &next.blocked {
        text.push_str(&format!("  not now    {}\n", line(&finding.message)));
    }
    text
}

fn one_domain(domain: &DomainNow) -> String {
    let mut text = format!("  {:<10} {}", domain.id.as_str(), able(domain));
    if !domain.docs.is_empty() {
        let docs: Vec<String> = domain.docs.iter().map(|doc| line(doc)).collect();
        text.push_str(&format!("; scope {}", docs.join(", ")));
    }
    text.push('\n');
    if !domain.hangs_on.is_empty() {
        let each = if domain.hangs_on.len() == 1 { "" } else { "each of " };
        text.push_str(&format!("{:13}hangs on {each}{}\n", "", names(&domain.hangs_on)));
    }
    text
}

fn people(status: &Status) -> String {
    let mut text = String::from("\npeople\n");
    for person in &status.standing.people {
        text.push_str(&one_person(person, status.standing.now));
    }
    text
}

fn one_person(person: &Person, now: Time) -> String {
    let domains: Vec<&str> = person.domains.iter().map(|domain| domain.as_str()).collect();
    let domains = if domains.is_empty() { "no domain".to_owned() } else { domains.join(", ") };
    let mut text = format!("  {:<10} {domains}\n", person.reviewer.as_str());
    if person.vouches {
        text.push_str(&format!("{:13}{}\n", "", currency(person, now)));
    }
    for key in &person.keys {
        text.push_str(&format!("{:13}{}\n", "", one_key(key, now)));
    }
    if person.keys.is_empty() {
        text.push_str(&format!("{:13}no key\n", ""));
    }
    text
}

/// Whether they count, until when, and what they lack.
fn currency(person: &Person, now: Time) -> String {
    let seen = person.participation.map_or_else(
        || "never seen before".to_owned(),
        |known| match u64::try_from(known.last_epoch) {
            Ok(epoch) => format!("last seen in epoch {epoch}, {}", known.last_time.date()),
            Err(_) => format!("not seen since {}", known.last_time.date()),
        },
    );
    let until = person.current_until.map_or(String::new(), |(epoch, until)| {
        format!(" up to epoch {} and {until} ({})", epoch.max(0), when(until, now))
    });
    let newcomer = match person.cosigns_lacking {
        0 => String::new(),
        n => format!("; a newcomer, who lacks {}", words::count(n, "co-signed gate")),
    };
    match &person.condition {
        Condition::NeedsHelp { code: Code::ReviewerStale, observed, required, .. } => {
            format!(
                "stale: {}, where {} is allowed; {seen}{newcomer}",
                line(observed),
                line(required)
            )
        }
        Condition::NeedsHelp { .. } | Condition::Unaided => {
            format!("current{until}; {seen}{newcomer}")
        }
    }
}

fn one_key(key: &KeyNow, now: Time) -> String {
    let name = key.fingerprint.map_or_else(|| "a placeholder".to_owned(), |key| key.to_string());
    let from = key.window.from.date();
    let window = match (&key.state, key.window.until) {
        (KeyState::Retired(retirement), until) => {
            let until = until.map_or_else(|| "no end".to_owned(), Time::date);
            return format!("{name} {from} to {until}, {}", retirement.reason.name());
        }
        (KeyState::Standing, Some(until)) => {
            format!("{from} to {} ({})", until.date(), when(until, now))
        }
        (KeyState::Standing, None) => format!("{from}, no end"),
    };
    let lapses = key.certificate_expires().map_or(String::new(), |at| {
        format!("; its certificate lapses {} ({})", at.date(), when(at, now))
    });
    let why = key
        .refused
        .as_deref()
        .map_or(String::new(), |finding| format!("; would not count: {}", line(&finding.message)));
    format!("{name} {window}{lapses}{why}")
}

fn strengths(status: &Status) -> String {
    let mut text = String::from("\nkeys and cut-offs\n");
    for person in &status.standing.people {
        let standing = person.keys.iter().filter(|key| key.state == KeyState::Standing);
        for key in standing.flat_map(|key| &key.signing) {
            text.push_str(&format!(
                "  {:<10} {}\n{:13}{}: {}\n",
                person.reviewer.as_str(),
                key.fingerprint,
                "",
                key.algorithm,
                strength(key.algorithm)
            ));
            // Most cut-offs are about something else, and nobody reads a list of them.
            for cut_off in key.cut_offs.iter().filter(|cut_off| !cut_off.counts) {
                let from = match cut_off.from {
                    OpenFor::Always => "always".to_owned(),
                    OpenFor::Time(at) => format!("from {at} on"),
                    OpenFor::Epoch(epoch) => format!("from epoch {epoch} on"),
                };
                text.push_str(&format!(
                    "{:13}does not count {from}: policy refuses `{}`\n",
                    "",
                    line(&cut_off.what)
                ));
            }
            if key.cut_offs.iter().all(|cut_off| cut_off.counts) {
                text.push_str(&format!("{:13}counts after every cut-off of policy\n", ""));
            }
        }
    }
    text
}

fn dissents(status: &Status) -> String {
    let standing = &status.standing;
    let mut text = String::new();
    if !standing.dissents.is_empty() {
        text.push_str("\nopen dissents, which block the next gate\n");
    }
    for dissent in &standing.dissents {
        let days = days_since(dissent.at, standing.now);
        let old = if days > standing.dissent_days {
            format!(", more than the {} that policy gives", standing.dissent_days)
        } else {
            String::new()
        };
        text.push_str(&format!(
            "  {:<10} epoch {}, since {} ({}{old}): {}\n",
            dissent.reviewer.as_str(),
            dissent.epoch,
            dissent.at.date(),
            words::count(days, "day"),
            line(&dissent.words)
        ));
    }
    text
}

fn due(status: &Status) -> String {
    let Some(days) = status.due_days else { return String::new() };
    let within = words::count(u64::from(days), "day");
    if status.due.is_empty() {
        return format!("\nnothing runs out within {within}\n");
    }
    let mut text = format!("\nruns out within {within}, or has\n");
    for due in &status.due {
        text.push_str(&format!("  {}\n", one_due(due, status.standing.now)));
    }
    text
}

fn one_due(due: &Due, now: Time) -> String {
    let key = due.fingerprint.map_or(String::new(), |key| format!(" {key}"));
    let at = due.at.map_or(String::new(), |at| format!(", {at} ({})", when(at, now)));
    let who = &due.reviewer;
    match due.kind {
        DueKind::Window => format!(
            "{who}: the window of the key{key}{at}: gatecheck ceremony plan rotate --reviewer {who} --key FILE --retire{key}"
        ),
        DueKind::Certificate => format!(
            "{who}: the certificate of the key{key}{at}: {who} extends it (gpg --quick-set-expire{key} 2y) and commits the key file"
        ),
        DueKind::CutOff => format!(
            "{who}: policy refuses the key{key}{at}: gatecheck ceremony plan rotate --reviewer {who} --key FILE --retire{key}"
        ),
        DueKind::Refused => format!(
            "{who}: the key{key} does not count, as told above: gatecheck ceremony plan rotate --reviewer {who} --key FILE --retire{key}"
        ),
        DueKind::Currency if due.at.is_some_and(|at| at <= now) => {
            format!("{who}: no longer current{at}: {}", beside(who))
        }
        DueKind::Currency => {
            format!("{who}: no longer current{at}: sign off a gate before that")
        }
        DueKind::Epochs => format!("{who}: stale at the next gate, by epochs: {}", beside(who)),
    }
}

fn beside(who: &ReviewerId) -> String {
    format!(
        "sign off beside somebody who is current; where nobody is: gatecheck ceremony plan requalify --concerns {who}"
    )
}
