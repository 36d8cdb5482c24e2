//! `name <email> <unix seconds> <+hhmm>`, strictly.

use super::lines::Fault;
use crate::model::text::shown_bytes;
use crate::model::{Identity, Time};

const REQUIRED: &str = "one identity and date: name <email> <unix seconds> <+hhmm>";

/// Reads an identity. Odd names are fine as long as there is one way to read the line; a date
/// outside of 1970 to 9999, or none, is not.
pub(super) fn parse(header: &str, line: &[u8]) -> Result<Identity, Fault> {
    let fault = |what: &str| {
        Fault::new(format!("{header} line with {what}: {}", shown_bytes(line)), REQUIRED)
    };
    let (name, rest) = split(line, b'<').ok_or_else(|| fault("no <email>"))?;
    let (email, rest) = split(rest, b'>').ok_or_else(|| fault("no <email>"))?;
    // A second angle bracket anywhere is a second way to read the line.
    if [name, email, rest].iter().any(|part| part.iter().any(|b| matches!(b, b'<' | b'>'))) {
        return Err(fault("more than one <email>"));
    }
    let date = rest.strip_prefix(b" ").ok_or_else(|| fault("no date"))?;
    let (seconds, zone) = split(date, b' ').ok_or_else(|| fault("no date and zone"))?;
    if !is_zone(zone) {
        return Err(fault("a malformed zone"));
    }
    let time = seconds_of(seconds).ok_or_else(|| fault("a date outside of 1970 to 9999"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Ok(Identity { name: text(name), email: text(email), time })
}

fn split(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = bytes.iter().position(|b| *b == at)?;
    let (before, after) = bytes.split_at_checked(place)?;
    Some((before, after.get(1..)?))
}

fn is_zone(zone: &[u8]) -> bool {
    zone.len() == 5
        && matches!(zone.first(), Some(b'+' | b'-'))
        && zone.iter().skip(1).all(u8::is_ascii_digit)
}

/// Plain digits only: `-5`, `+5` and `1e9` are no dates.
fn seconds_of(digits: &[u8]) -> Option<Time> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds: i64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Time::from_unix(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_but_unambiguous_identities_are_read() {
        let cases: [(&[u8], &str, &str, i64); 6] = [
            (
                b"A U Thor <a@example.org> 1700000000 +0100",
                "A U Thor",
                "a@example.org",
                1_700_000_000,
            ),
            (b" <a@b> 0 +0000", "", "a@b", 0),
            (b"<a@b> 1 -1200", "", "a@b", 1),
            (b"root <> 1 +0000", "root", "", 1),
            (b"J\xf6rg, \"x\" (y) <a b> 1 +1400", "J\u{fffd}rg, \"x\" (y)", "a b", 1),
            (b"name<a@b> 253402300799 +0000", "name", "a@b", 253_402_300_799),
        ];
        for (line, name, email, seconds) in cases {
            let read = parse("author", line).unwrap();
            assert_eq!((read.name.as_str(), read.email.as_str()), (name, email));
            assert_eq!(read.time.unix(), seconds);
        }
    }

    #[test]
    fn dates_that_are_no_date_are_refused_and_never_1970() {
        for bad in [
            "a <a@b>",
            "a <a@b> ",
            "a <a@b> 5",
            "a <a@b> +0000",
            "a <a@b> -5 +0000",
            "a <a@b> +5 +0000",
            "a <a@b> 99999999999999999999 +0000",
            "a <a@b> 253402300800 +0000",
            "a <a@b> 5 +0000 6 +0000",
            "a <a@b> 5 6 +0000",
            "a <a@b> 5 0000",
            "a <a@b> 5 +00000",
            "a <a@b> 5 +0000 ",
            "a <a@b>  5 +0000",
            "a <a@b>5 +0000",
            "a <a@b> 0x5 +0000",
            "a <a@b> 5 +0000 <c@d> 6 +0000",
            "a> 5 +0000 <c@d> 6 +0000",
            "a <a@b> <c@d> 5 +0000",
            "a a@b 5 +0000",
            "",
        ] {
            let fault = parse("author", bad.as_bytes()).unwrap_err();
            assert_eq!(fault.code, crate::finding::Code::MalformedObject, "{bad}");
        }
    }
}
