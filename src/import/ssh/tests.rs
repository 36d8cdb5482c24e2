use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::model::{Limits, Time};

/// An Ed25519 key that nobody holds.
fn key(byte: u8) -> String {
    let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    blob.extend_from_slice(&[byte; 32]);
    format!("ssh-ed25519 {}", STANDARD.encode(blob))
}

fn import(text: &str) -> Result<Imported> {
    let limits = Limits { file_bytes: 10_000, key_files: 4, ..Limits::default() };
    let options =
        ImportOptions { project: "clan-os", mainline: "refs/heads/main", limits: &limits };
    import_allowed_signers(text.as_bytes(), &options)
}

fn window(from: i64, until: Option<i64>) -> Window {
    Window { from: Time::from_unix_clamped(from), until: until.map(Time::from_unix_clamped) }
}

#[test]
fn the_registry_and_its_notes() {
    let text = format!(
        "# people\n\
         ada@example.org namespaces=\"git\",valid-after=\"20240101Z\" {one} old laptop\n\
         Ada@work.example,ada@example.org valid-before=\"20250101120000Z\" {two}\n\
         \"bob \u{1b}[31m\" {three}\n\
         *@corp.example {four}\n\
         carol cert-authority {four}\n\
         \u{202e}",
        one = key(1),
        two = key(2),
        three = key(3),
        four = key(4),
    );
    let imported = import(&text).unwrap();
    let files: Vec<&String> = imported.key_files.keys().collect();
    assert_eq!(
        files,
        ["keys/ada-2.pub", "keys/ada.pub", "keys/bob-31m.pub", "keys/corp.example.pub"]
    );
    assert_eq!(imported.key_files["keys/ada.pub"], format!("{}\n", key(1)).as_bytes());
    insta::assert_snapshot!(imported.registry);
    insta::assert_snapshot!("notes", imported.notes.join("\n"));
}

#[test]
fn one_key_on_two_lines_is_one_persons_key_with_joined_windows() {
    let text = format!(
        "ada valid-before=\"20240101Z\" {k}\nbob valid-after=\"20250101Z\" {k}\n\
         bob valid-after=\"20230601Z\",valid-before=\"20240601Z\" {k}\n",
        k = key(1)
    );
    let imported = import(&text).unwrap();
    assert_eq!(imported.key_files.len(), 1);
    assert_eq!(imported.registry.matches("[[reviewers]]").count(), 1);
    assert_eq!(imported.registry.matches("[[keys]]").count(), 2);
    assert!(
        imported.registry.contains("effective_from = 1970-01-01\neffective_until = 2024-06-01\n"),
        "{}",
        imported.registry
    );
}

/// What the registry refuses in `emails` would make all of what was built unusable.
#[test]
fn addresses_that_no_registry_holds_are_left_out() {
    let text = format!(
        "ada@example.org,a\u{202e}da@example.org,@example.org {}\nADA@example.org {}\n",
        key(1),
        key(2)
    );
    let imported = import(&text).unwrap();
    let path = "keys/reviewer-registry.toml";
    let reading =
        crate::registry::read(path, imported.registry.as_bytes(), &crate::model::Limits::default());
    let registry = reading.registry.unwrap_or_else(|| panic!("{:#?}", reading.problems));
    assert_eq!(registry.reviewers.len(), 1, "one address in two spellings is one person");
    assert_eq!(registry.reviewers.values().next().unwrap().emails, ["ada@example.org"]);
    assert_eq!(imported.notes.iter().filter(|note| note.contains("was left out")).count(), 2);
}

#[test]
fn windows_are_joined_where_they_touch() {
    let joined = union(vec![
        window(50, None),
        window(0, Some(10)),
        window(10, Some(20)),
        window(5, Some(7)),
        window(30, Some(40)),
        window(60, Some(70)),
    ]);
    assert_eq!(joined, [window(0, Some(20)), window(30, Some(40)), window(50, None)]);
}

#[test]
fn nothing_usable_is_an_error_that_says_why() {
    let text = format!("ada cert-authority {}\nbob ssh-dss AAAA\n", key(1));
    let error = import(&text).unwrap_err().to_string();
    assert!(error.contains("line 1 was left out: cert-authority"), "{error}");
    assert!(error.contains("line 2 was left out: \"ssh-dss\""), "{error}");
    assert!(import("").is_err());
}

#[test]
fn bounds_are_named() {
    let error = import(&"#\n".repeat(6_000)).unwrap_err().to_string();
    assert!(error.contains("--limit file-bytes=12000"), "{error}");
    let many: String = (0..5).map(|n| format!("p{n} {}\n", key(n))).collect();
    let error = import(&many).unwrap_err().to_string();
    assert!(error.contains("--limit key-files=5"), "{error}");
}
