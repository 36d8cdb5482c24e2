//! `[[keys]]` and `[[retired_keys]]`.

use super::people::People;
use super::words::{choice, is_plain_path, quoted, refuse};
use crate::finding::{Code, Finding};
use crate::model::fingerprint::NotAFingerprint;
use crate::model::registry::{
    CEREMONIES_FOLDER, KEYS_FOLDER, KeyFormat, REGISTRY_PATH, RetiredReason, Retirement,
};
use crate::model::{Fingerprint, KeyEntry, KeyState, Oid, ReviewerId, Window};
use crate::tables::{At, Table};

pub(super) fn keys(root: &mut Table<'_>, people: &People) -> Vec<KeyEntry> {
    let mut keys = Vec::new();
    for mut table in root.tables("keys") {
        keys.extend(standing(&mut table, people));
        table.finish();
    }
    for mut table in root.tables("retired_keys") {
        keys.extend(retired(&mut table, people));
        table.finish();
    }
    keys
}

/// What both kinds of entry have.
struct Common {
    reviewer: Option<ReviewerId>,
    format: KeyFormat,
    fingerprint: Option<Fingerprint>,
    public_key: Option<String>,
    window: Option<Window>,
}

fn common(table: &mut Table<'_>, people: &People) -> Common {
    let reviewer = table
        .required("reviewer_id", Table::string)
        .and_then(|read| people.reference(table, "reviewer_id", &read));
    let format = choice(table, "format", &FORMATS).map_or(KeyFormat::OpenPgp, |at| at.value);
    let fingerprint = table
        .required("fingerprint", Table::string)
        .and_then(|read| fingerprint(table, &read, reviewer.as_ref()));
    if let Some(fingerprint) = fingerprint {
        check_format(table, format, fingerprint);
    }
    let public_key = public_key(table, reviewer.as_ref(), format);
    let from = table.required("effective_from", Table::time);
    let until = table.time("effective_until");
    let window = from.map(|from| Window { from: from.value, until: until.map(|at| at.value) });
    if let (Some(window), Some(until)) = (window.filter(Window::is_empty), until) {
        let seen = format!("{} to {}", window.from, until.value);
        let help = "the end must be later than `effective_from`; it is the first moment outside";
        let form = "a window that holds a moment";
        refuse(table, "effective_until", until.spot, "ends before it begins", seen, form, help);
    }
    Common { reviewer, format, fingerprint, public_key, window }
}

const FORMATS: [(&str, KeyFormat); 2] = [("openpgp", KeyFormat::OpenPgp), ("ssh", KeyFormat::Ssh)];

fn standing(table: &mut Table<'_>, people: &People) -> Option<KeyEntry> {
    let common = common(table, people);
    Some(KeyEntry {
        reviewer: common.reviewer?,
        format: common.format,
        fingerprint: common.fingerprint,
        public_key: common.public_key?,
        window: common.window?,
        state: KeyState::Standing,
        spot: table.spot(),
        spots: table.spots(),
    })
}

fn retired(table: &mut Table<'_>, people: &People) -> Option<KeyEntry> {
    let common = common(table, people);
    let at = table.required("retired_at", Table::time);
    let reason = table.required("reason", |table, field| choice(table, field, &REASONS));
    let trusted_until = table.string("trusted_until");
    let acknowledged = table.strings("acknowledged");
    let charter_ack = table.string("charter_ack").map(|at| at.value).unwrap_or_default();
    if let Some(reason) = reason.filter(|reason| reason.value != RetiredReason::Compromised) {
        let spots = [
            ("trusted_until", trusted_until.as_ref().map(|at| at.spot)),
            ("acknowledged", acknowledged.as_ref().map(|at| at.spot)),
        ];
        for (field, spot) in spots {
            let Some(spot) = spot else { continue };
            let help = "remove the field, or write `reason = \"compromised\"`";
            let form = "reason = \"compromised\"";
            let seen = format!("reason = \"{}\"", reason.value.name());
            refuse(table, field, spot, "is for compromised keys only", seen, form, help);
        }
    }
    let trusted_until = trusted_until.map(|read| oid(table, "trusted_until", &read));
    let acknowledged: Vec<Oid> = acknowledged
        .map(|read| read.value)
        .unwrap_or_default()
        .iter()
        .filter_map(|read| oid(table, "acknowledged", read))
        .collect();
    let (at, mut window) = (at?.value, common.window?);
    // A key retired before it became effective never acted: its window is empty, and that is fine.
    window.until = Some(window.until.map_or(at, |until| until.min(at)));
    Some(KeyEntry {
        reviewer: common.reviewer?,
        format: common.format,
        fingerprint: common.fingerprint,
        public_key: common.public_key?,
        window,
        state: KeyState::Retired(Retirement {
            at,
            reason: reason?.value,
            // An id that cannot be read was refused above; until then nothing is trusted.
            trusted_until: trusted_until.flatten(),
            acknowledged,
            charter_ack,
        }),
        spot: table.spot(),
        spots: table.spots(),
    })
}

const REASONS: [(&str, RetiredReason); 5] = [
    ("rotated", RetiredReason::Rotated),
    ("expired", RetiredReason::Expired),
    ("departed", RetiredReason::Departed),
    ("superseded", RetiredReason::Superseded),
    ("compromised", RetiredReason::Compromised),
];

fn oid(table: &Table<'_>, field: &str, read: &At<String>) -> Option<Oid> {
    let oid = Oid::from_hex(&read.value);
    if oid.is_none() {
        let form = "40 or 64 hexadecimal digits";
        let help = "write the id in full: git rev-parse --verify 'ID^{commit}'";
        refuse(table, field, read.spot, "is no commit id", quoted(&read.value), form, help);
    }
    oid
}

/// A fingerprint. One that is short or a placeholder is an error that leaves the registry usable:
/// the entry then has no fingerprint and authorises nothing.
pub(super) fn fingerprint(
    table: &Table<'_>,
    read: &At<String>,
    reviewer: Option<&ReviewerId>,
) -> Option<Fingerprint> {
    let (code, what) = match Fingerprint::parse(&read.value) {
        Ok(fingerprint) => return Some(fingerprint),
        Err(NotAFingerprint::Short) => (Code::ShortFingerprint, "is not a full fingerprint"),
        Err(NotAFingerprint::Placeholder) => (Code::PlaceholderFingerprint, "is no fingerprint"),
    };
    let problems = table.problems();
    let message =
        format!("`fingerprint` of {} {what}: this entry authorises nothing", table.name());
    let mut finding = Finding::new(code, message)
        .compared(quoted(&read.value), "40 or 64 hexadecimal digits, or SHA256:<base64>")
        .help("write it in full: gpg --list-keys --with-subkey-fingerprint, or ssh-keygen -lf KEY.pub")
        .at(problems.place(read.spot, "here"));
    finding.reviewer_id = reviewer.cloned();
    problems.add(finding);
    None
}

fn check_format(table: &Table<'_>, format: KeyFormat, fingerprint: Fingerprint) {
    let (word, other) = match format {
        KeyFormat::OpenPgp => ("openpgp", "ssh"),
        KeyFormat::Ssh => ("ssh", "openpgp"),
    };
    if fingerprint.is_ssh() != (format == KeyFormat::Ssh) {
        let spots = table.spots();
        let spot = spots.get("format").or_else(|| spots.get("fingerprint")).copied();
        let help = format!("write `format = \"{other}\"`, or the fingerprint of the {word} key");
        refuse(
            table,
            "format",
            spot.unwrap_or(table.spot()),
            "does not fit the fingerprint",
            format!("{word} with {fingerprint}"),
            "hexadecimal digits for openpgp, SHA256:<base64> for ssh",
            &help,
        );
    }
}

/// The key file that belongs to an entry that names none.
pub(super) fn default_public_key(reviewer: &ReviewerId, format: KeyFormat) -> String {
    let ending = match format {
        KeyFormat::OpenPgp => "asc",
        KeyFormat::Ssh => "pub",
    };
    format!("{KEYS_FOLDER}/{reviewer}.{ending}")
}

fn public_key(
    table: &mut Table<'_>,
    reviewer: Option<&ReviewerId>,
    format: KeyFormat,
) -> Option<String> {
    let Some(read) = table.string("public_key") else {
        return reviewer.map(|reviewer| default_public_key(reviewer, format));
    };
    if is_key_path(&read.value) {
        return Some(read.value);
    }
    let help = "put the file below keys/ and write `public_key = \"keys/NAME.asc\"`";
    let form = "a path below keys/, without `.` or `..`";
    refuse(
        table,
        "public_key",
        read.spot,
        "is no key file's path",
        quoted(&read.value),
        form,
        help,
    );
    None
}

/// Whether a path can be a key file's: below `keys/`, neither the registry nor a ceremony's record,
/// in whatever letter case (some file systems take them for one).
#[must_use]
pub fn is_key_path(path: &str) -> bool {
    let lower = path.to_lowercase();
    is_plain_path(path)
        && path.strip_prefix(KEYS_FOLDER).is_some_and(|rest| rest.starts_with('/'))
        && lower != REGISTRY_PATH
        && lower != CEREMONIES_FOLDER
        && !lower.starts_with(&format!("{CEREMONIES_FOLDER}/"))
        && !lower.split('/').any(is_git_folder)
}

/// Whether a name leads to a repository's own folder, on some file systems at least. Git puts no
/// such file into its index.
fn is_git_folder(lower: &str) -> bool {
    let name = lower.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    matches!(name, ".git" | "git~1")
}

#[cfg(test)]
mod tests {
    use super::is_key_path;

    #[test]
    fn key_files_stay_below_their_folder() {
        for good in ["keys/a.asc", "keys/people/a.pub", "keys/a.git", "keys/.gitkeep"] {
            assert!(is_key_path(good), "{good}");
        }
        for bad in [
            "../../etc/passwd",
            "/keys/a.asc",
            "keys",
            "keys/",
            "keys/../a",
            "keys/./a",
            "keys//a",
            "keys\\a",
            "keysa/b",
            "keys/a\u{202e}",
            "keys/Reviewer-Registry.toml",
            "keys/ceremonies/0001-genesis.toml",
            "keys/.git/config",
            "keys/.GIT",
            "keys/.git. /x",
            "keys/.git::$INDEX_ALLOCATION/x",
            "keys/GIT~1/x",
        ] {
            assert!(!is_key_path(bad), "{bad}");
        }
    }
}
