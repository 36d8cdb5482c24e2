//! Finds private keys, whatever else a file holds.

/// How many base64 characters in a row make a marker more than a mention of it in prose.
const KEY_LIKE: usize = 40;

/// How far behind `BEGIN` the label and the key material are looked for, in bytes: with
/// this the search stays linear for hostile files.
const LABEL_WITHIN: usize = 200;
const MATERIAL_WITHIN: usize = 4_096;

/// Marks of private keys that are not armored: PuTTY, GnuPG's own files, OpenSSH without PEM.
const BARE_MARKS: [&[u8]; 6] = [
    b"\nPrivate-Lines:",
    b"(private-key",
    b"(protected-private-key",
    b"(11:private-key",
    b"(21:protected-private-key",
    b"openssh-key-v1\0",
];

/// Whether the text holds an armored or otherwise marked private key: PEM of any kind
/// (`PRIVATE KEY`, `RSA PRIVATE KEY`, `OPENSSH PRIVATE KEY`, …), `PGP PRIVATE KEY BLOCK`, or
/// one of the formats without armor. Binary OpenPGP is looked at by its packets instead.
#[must_use]
pub(super) fn holds_marked_secret(bytes: &[u8]) -> bool {
    BARE_MARKS.iter().any(|mark| find(bytes, mark).is_some()) || holds_pem(bytes)
}

/// `BEGIN … PRIVATE KEY …`, followed by something that looks like key material.
fn holds_pem(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = find(rest, b"BEGIN ") {
        let Some(from) = rest.get(at..) else { return false };
        let near = from.get(..LABEL_WITHIN).unwrap_or(from);
        let line = near.split(|b| *b == b'\n').next().unwrap_or_default();
        let behind = from.get(6..).unwrap_or_default();
        if let Some(key) = find(line, b"PRIVATE KEY") {
            let block = from.get(key..).unwrap_or_default();
            let block = block.get(..MATERIAL_WITHIN).unwrap_or(block);
            let end = find(block, b"END ").unwrap_or(block.len());
            if has_key_like_run(block.get(..end).unwrap_or(block)) {
                return true;
            }
        }
        rest = behind;
    }
    false
}

fn has_key_like_run(block: &[u8]) -> bool {
    let mut run = 0_usize;
    for byte in block {
        let base64 = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        run = if base64 { run.saturating_add(1) } else { 0 };
        if run >= KEY_LIKE {
            return true;
        }
    }
    false
}

/// Where a needle first stands.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_keys_of_all_kinds_are_found() {
        let material = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB";
        for label in [
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nComment: x\n",
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
            "  key = \"-----BEGIN EC PRIVATE KEY-----\\n",
        ] {
            let text = format!("# prose\n{label}\n{material}\n-----END x-----\n");
            assert!(holds_marked_secret(text.as_bytes()), "{label}");
        }
        assert!(holds_marked_secret(b"Encryption: none\nPrivate-Lines: 1\nAAAA"));
        assert!(holds_marked_secret(b"Key: (protected-private-key (ecc"));
    }

    #[test]
    fn prose_and_public_keys_are_not() {
        let material = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB";
        for text in [
            "never commit `-----BEGIN OPENSSH PRIVATE KEY-----` or anything like it".to_owned(),
            format!("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{material}\n-----END x-----"),
            format!("-----BEGIN X PRIVATE KEY-----\n-----END X PRIVATE KEY-----\n{material}"),
        ] {
            assert!(!holds_marked_secret(text.as_bytes()), "{text}");
        }
    }
}
