//! Lines of an SSH `allowed_signers` file (ssh-keygen(1), ALLOWED SIGNERS).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::model::text::shown;
use crate::model::{Age, Fingerprint, Time, Window};

/// One usable line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Principals, as patterns; at least one.
    pub(super) principals: Vec<String>,
    /// Key type, as the key itself names it.
    pub(super) key_type: &'static str,
    /// The key, as SSH encodes it (RFC 4253, 6.6).
    pub(super) blob: Vec<u8>,
    pub(super) window: Window,
    /// A time without `Z` was narrowed, for it is local to whoever reads it.
    pub(super) narrowed: bool,
}

impl Line {
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::Ssh(Sha256::digest(&self.blob).into())
    }

    /// The key as a public key file, without the comment.
    pub(super) fn public_key(&self) -> String {
        format!("{} {}\n", self.key_type, STANDARD.encode(&self.blob))
    }
}

/// Key types that can sign commits. DSA cannot any more, and certificates are not keys.
const KEY_TYPES: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// Reads one line. `Ok(None)` for a comment or an empty line; an error says why the line is left out.
pub(super) fn parse(line: &str) -> Result<Option<Line>, String> {
    let line = line.trim_matches([' ', '\t', '\r']);
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (principals, rest) = principals(line)?;
    // Every type of key begins so, and no option does.
    let is_key = ["ssh-", "ecdsa-", "sk-"].iter().any(|begin| rest.starts_with(begin));
    let (options, key) = if is_key { ("", rest) } else { options_and_rest(rest)? };
    let options = Options::parse(options)?;
    let (key_type, blob) = key_of(key)?;
    let window = options.window()?;
    Ok(Some(Line { principals, key_type, blob, window, narrowed: options.narrowed }))
}

fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    (word, rest.trim_start_matches([' ', '\t']))
}

/// The first field, which may be quoted, split at commas; without those whom a `!` excludes again.
fn principals(line: &str) -> Result<(Vec<String>, &str), String> {
    let (field, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or("a quotation mark is never closed")?,
        None => word(line),
    };
    let all: Vec<&str> = field.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    if all.is_empty() {
        return Err("it names no principal".to_owned());
    }
    // A negated match decides, wherever it stands.
    let nots: Vec<&str> = all.iter().filter_map(|one| one.strip_prefix('!')).collect();
    let excluded = |one: &str| nots.iter().any(|not| matches_glob(not.as_bytes(), one.as_bytes()));
    let list: Vec<String> = all
        .iter()
        .filter(|one| one.starts_with('!') || !excluded(one))
        .map(|one| (*one).to_owned())
        .collect();
    if list.iter().all(|one| one.starts_with('!')) {
        return Err("it allows the key to nobody".to_owned());
    }
    Ok((list, rest.trim_start_matches([' ', '\t'])))
}

/// Options end at the first white space outside of quotation marks.
fn options_and_rest(text: &str) -> Result<(&str, &str), String> {
    let (mut inside, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        let was_escaped = std::mem::replace(&mut escaped, c == '\\');
        match c {
            '"' if was_escaped => {}
            '"' => inside = !inside,
            ' ' | '\t' if !inside => {
                let (options, rest) = text.split_at_checked(at).unwrap_or((text, ""));
                return Ok((options, rest.trim_start_matches([' ', '\t'])));
            }
            _ => {}
        }
    }
    Err(if inside { "a quotation mark is never closed" } else { "it holds no key" }.to_owned())
}

#[derive(Debug, Default)]
struct Options {
    after: Option<Time>,
    before: Option<Time>,
    narrowed: bool,
}

impl Options {
    fn parse(text: &str) -> Result<Self, String> {
        let mut options = Self::default();
        let mut rest = text;
        let mut namespaces_seen = false;
        while !rest.is_empty() {
            let (name, value, after) = next_option(rest)?;
            rest = after;
            match (name.to_ascii_lowercase().as_str(), value) {
                ("cert-authority", None) => {
                    return Err(
                        "cert-authority stands for every certificate that this key issues, \
                                but the registry names single keys"
                            .to_owned(),
                    );
                }
                ("namespaces", Some(list)) if !namespaces_seen => {
                    namespaces_seen = true;
                    if !allows_git(&list) {
                        return Err(format!(
                            "its namespaces are \"{}\", without \"git\"",
                            shown(&list)
                        ));
                    }
                }
                ("valid-after", Some(time)) if options.after.is_none() => {
                    // Local time runs at most 12 hours behind UTC: then it is later there.
                    options.after =
                        Some(options.moment(&time, |t| t.plus(Age::Seconds(12 * 3600)))?);
                }
                ("valid-before", Some(time)) if options.before.is_none() => {
                    // And at most 14 hours ahead: then it is earlier there.
                    options.before =
                        Some(options.moment(&time, |t| t.minus(Age::Seconds(14 * 3600)))?);
                }
                ("namespaces" | "valid-after" | "valid-before", Some(_)) => {
                    return Err(format!("it states {} twice", shown(name)));
                }
                _ => return Err(format!("it has the option \"{}\"", shown(name))),
            }
        }
        Ok(options)
    }

    fn moment(&mut self, text: &str, narrow: impl Fn(Time) -> Time) -> Result<Time, String> {
        let (time, utc) = moment(text).ok_or_else(|| format!("\"{}\" is no time", shown(text)))?;
        self.narrowed |= !utc;
        Ok(if utc { time } else { narrow(time) })
    }

    fn window(&self) -> Result<Window, String> {
        // Without valid-after the key was always good; no commit that we accept is older than this.
        let from = self.after.unwrap_or(Time::from_unix_clamped(0));
        let window = Window { from, until: self.before };
        if window.is_empty() {
            return Err("no moment is after valid-after and before valid-before".to_owned());
        }
        Ok(window)
    }
}

/// Name, value and what follows the comma.
fn next_option(text: &str) -> Result<(&str, Option<String>, &str), String> {
    let end = text.find(['=', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let Some(value) = rest.strip_prefix('=') else {
        return Ok((name, None, rest.strip_prefix(',').unwrap_or(rest)));
    };
    let value = value
        .strip_prefix('"')
        .ok_or_else(|| format!("the value of {} is not quoted", shown(name)))?;
    let mut plain = String::new();
    // A backslash means something before a quotation mark only.
    let mut escaped = false;
    for (at, c) in value.char_indices() {
        let was_escaped = std::mem::replace(&mut escaped, c == '\\');
        match c {
            '"' if was_escaped => {
                plain.pop();
                plain.push('"');
            }
            '"' => {
                let (_, rest) = value.split_at_checked(at).unwrap_or((value, ""));
                let rest = rest.strip_prefix('"').unwrap_or(rest);
                let next = rest.strip_prefix(',');
                if next.is_none() && !rest.is_empty() {
                    return Err(format!("something follows the value of {}", shown(name)));
                }
                return Ok((name, Some(plain), next.unwrap_or("")));
            }
            c => plain.push(c),
        }
    }
    Err("a quotation mark is never closed".to_owned())
}

/// Whether a pattern list admits "git". A negated match decides, wherever it stands.
fn allows_git(list: &str) -> bool {
    let mut allowed = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(not) if matches_glob(not.as_bytes(), b"git") => return false,
            Some(_) => {}
            None => allowed |= matches_glob(pattern.as_bytes(), b"git"),
        }
    }
    allowed
}

/// `*` and `?` of ssh_config(5), PATTERNS.
fn matches_glob(pattern: &[u8], text: &[u8]) -> bool {
    // Which beginnings of the pattern match the text read so far: no backtracking.
    let close = |states: &mut Vec<bool>| {
        for (at, byte) in pattern.iter().enumerate() {
            if *byte == b'*'
                && states.get(at) == Some(&true)
                && let Some(next) = states.get_mut(at.saturating_add(1))
            {
                *next = true;
            }
        }
    };
    let mut states = vec![false; pattern.len().saturating_add(1)];
    if let Some(first) = states.first_mut() {
        *first = true;
    }
    close(&mut states);
    for byte in text {
        let mut next = vec![false; states.len()];
        for (at, wanted) in pattern.iter().enumerate() {
            if states.get(at) != Some(&true) {
                continue;
            }
            let to = if *wanted == b'*' { at } else { at.saturating_add(1) };
            let fits = *wanted == b'*' || *wanted == b'?' || wanted == byte;
            if fits && let Some(state) = next.get_mut(to) {
                *state = true;
            }
        }
        close(&mut next);
        states = next;
    }
    states.last() == Some(&true)
}

/// `YYYYMMDD[Z]` or `YYYYMMDDHHMM[SS][Z]`: the time read as UTC, and whether it said `Z`.
fn moment(text: &str) -> Option<(Time, bool)> {
    let digits = text.strip_suffix(['Z', 'z']);
    let utc = digits.is_some();
    let digits = digits.unwrap_or(text);
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.len(), 8 | 12 | 14) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("00");
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    );
    Time::parse(&text).ok().map(|time| (time, utc))
}

/// Key type and blob of `type base64 [comment]`.
fn key_of(text: &str) -> Result<(&'static str, Vec<u8>), String> {
    let (stated, rest) = word(text);
    let key_type = KEY_TYPES.iter().find(|known| **known == stated).ok_or_else(|| {
        if stated.is_empty() {
            "it holds no key".to_owned()
        } else {
            format!("\"{}\" is no type of key that signs commits", shown(stated))
        }
    })?;
    let (encoded, _comment) = word(rest);
    let blob = STANDARD.decode(encoded).map_err(|_| "the key is no base64".to_owned())?;
    let inner = blob
        .split_first_chunk::<4>()
        .and_then(|(length, rest)| rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?));
    if inner != Some(key_type.as_bytes()) {
        return Err(format!("the key itself is not of type {key_type}"));
    }
    Ok((key_type, blob))
}

#[cfg(test)]
mod tests;
