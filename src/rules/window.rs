//! Rule: a key acts only inside a window that the registry in force gives it.
//!
//! Asked twice: at the time that the signature claims and, where that is later, at the time of the
//! previous accepted gate, so that nothing can be dated back past a gate.

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::window::Position;
use crate::model::{KeyEntry, Time};

use super::Context;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::KeyNotYetEffective,
        what: "The signature is dated before the first instant at which the registry lets this key act.",
        why: "A key gets its authority from the ceremony that enrols it; a signature from before that time was made without any.",
        fix: "Sign again with a key that was active then, or correct the date; `gatecheck registry timeline` shows all windows.",
    },
    CodeDoc {
        code: Code::KeyWindowClosed,
        what: "The key's window had ended at the time of the signature or of the gate before it, or the signature falls between two windows of the key.",
        why: "The end of a window is fixed in advance so that a forgotten or stolen key stops counting by itself.",
        fix: "Rotate the key in a ceremony and sign again with the new one.",
    },
    CodeDoc {
        code: Code::KeyRetired,
        what: "The registry in force at this commit lists the key as retired.",
        why: "The position in history decides before any date does: whoever steals a retired key can choose every date, but not the registry that stands before the commit.",
        fix: "Sign again with a standing key of the reviewer.",
    },
];

/// Checks the windows of the standing entries of one key, and names the most specific refusal.
/// `retired` are the same key's retired entries; they only help to name it.
pub fn check<'a>(
    cx: &Context<'_>,
    standing: &[&'a KeyEntry],
    retired: &[&'a KeyEntry],
    signed: Time,
) -> Result<&'a KeyEntry, Box<Finding>> {
    let usable: Vec<&KeyEntry> =
        if cx.pinned { [standing, retired].concat() } else { standing.to_vec() };
    let Some(first) = usable.first().or(retired.first()) else {
        return Err(Box::new(Finding::new(Code::UnknownSigner, "no entry names this key")));
    };
    if usable.is_empty() {
        return Err(retired_finding(cx, first, signed));
    }
    let Some(entry) = usable.iter().find(|entry| entry.window.contains(signed)) else {
        return Err(outside(cx, &usable, retired, signed));
    };
    if let Some(gate) = cx.previous_time.filter(|gate| *gate > signed && !cx.pinned)
        && !usable.iter().any(|entry| entry.window.contains(gate))
    {
        return Err(Box::new(
            Finding::new(
                Code::KeyWindowClosed,
                format!(
                    "the signature is dated {signed}, inside the key's window, but the gate before it was at {gate}, when that window was already closed"
                ),
            )
            .compared(describe(entry), format!("a window that contains {gate}"))
            .at(cx.registry_place(
                entry.spot("effective_until"),
                "this window had ended before the commit could be made",
            ))
            .help("sign again with a key whose window is open"),
        ));
    }
    Ok(entry)
}

fn retired_finding(cx: &Context<'_>, entry: &KeyEntry, signed: Time) -> Box<Finding> {
    let (at, reason) = match &entry.state {
        crate::model::KeyState::Retired(r) => (r.at, r.reason.name()),
        crate::model::KeyState::Standing => (signed, "retired"),
    };
    Box::new(
        Finding::new(
            Code::KeyRetired,
            format!(
                "the key was retired ({reason}) in the registry that is in force at this commit"
            ),
        )
        .compared(format!("signed {signed}, retired {at}"), "a standing key")
        .at(cx.registry_place(entry.spot("retired_at"), "retired here"))
        .help("sign again with a standing key; no date makes a retired key count"),
    )
}

fn outside(
    cx: &Context<'_>,
    usable: &[&KeyEntry],
    retired: &[&KeyEntry],
    signed: Time,
) -> Box<Finding> {
    if let Some(entry) = retired.iter().find(|entry| entry.window.contains(signed)) {
        return retired_finding(cx, entry, signed);
    }
    let closed =
        usable.iter().chain(retired).find(|entry| entry.window.position(signed) == Position::After);
    let (code, entry, words, field) = match (closed, usable.first()) {
        (Some(entry), _) => {
            (Code::KeyWindowClosed, *entry, "after the key's window had ended", "effective_until")
        }
        (None, Some(entry)) => {
            (Code::KeyNotYetEffective, *entry, "before the key's window begins", "effective_from")
        }
        (None, None) => {
            return Box::new(Finding::new(Code::UnknownSigner, "no entry names this key"));
        }
    };
    Box::new(
        Finding::new(code, format!("the signature is dated {words}"))
            .compared(format!("signed {signed}"), format!("a time in {}", describe(entry)))
            .at(cx.registry_place(entry.spot(field), "this window decided"))
            .help(
                "`gatecheck registry timeline` shows every window; sign again with an active key",
            ),
    )
}

/// A window in words: `[2026-01-01T00:00:00Z, 2028-01-01T00:00:00Z)`.
#[must_use]
pub fn describe(entry: &KeyEntry) -> String {
    match entry.window.until {
        Some(until) => format!("[{}, {until})", entry.window.from),
        None => format!("[{}, no end)", entry.window.from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, at};

    #[test]
    fn inside_a_standing_window_is_accepted() {
        let world = World::new();
        let key = world.key("alice");
        assert!(check(&world.context(), &[key], &[], at("2026-03-01")).is_ok());
        assert!(
            check(&world.context(), &[key], &[], at("2026-01-01")).is_ok(),
            "the start is inside"
        );
    }

    #[test]
    fn outside_is_refused_with_the_right_name() {
        let world = World::new();
        let key = world.key("alice");
        let cx = world.context();
        let code = |t| check(&cx, &[key], &[], at(t)).unwrap_err().code;
        assert_eq!(code("2025-12-31T23:59:59Z"), Code::KeyNotYetEffective);
        assert_eq!(code("2028-01-01"), Code::KeyWindowClosed);
        assert!(check(&cx, &[key], &[], at("2027-12-31T23:59:59Z")).is_ok());
    }

    #[test]
    fn a_retired_key_is_retired_whatever_the_date() {
        let world = World::new();
        let key = world.retired("alice");
        for t in ["2024-06-01", "2026-06-01", "2030-01-01"] {
            let refused = check(&world.context(), &[], &[&key], at(t)).unwrap_err();
            assert_eq!(refused.code, Code::KeyRetired, "{t}");
        }
    }

    #[test]
    fn nothing_is_dated_back_past_the_previous_gate() {
        let world = World::new();
        let key = world.key("alice");
        let mut cx = world.context();
        cx.previous_time = Some(at("2028-06-01"));
        let refused = check(&cx, &[key], &[], at("2027-06-01")).unwrap_err();
        assert_eq!(refused.code, Code::KeyWindowClosed);
    }

    #[test]
    fn a_pinned_registry_lets_dates_decide() {
        let world = World::new();
        let key = world.retired("alice");
        let mut cx = world.context();
        cx.pinned = true;
        assert!(check(&cx, &[], &[&key], at("2025-06-01")).is_ok());
        assert!(check(&cx, &[], &[&key], at("2026-06-01")).is_err());
    }
}
