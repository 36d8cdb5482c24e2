//! What a commit's message says of itself.

use gatecheck::model::Oid;
use gatecheck::repo::parse_commit;

const HEAD: &[u8] = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\
    author A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000000 +0000\n\n";

/// `above NUL below`: no words around a trailer hide it, and what libgit2 calls a trailer is one.
pub fn message(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(2, |b| *b == 0);
    let (above, below) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if below.contains(&0) {
        return false;
    }
    let told = |message: &[&[u8]]| {
        let raw = [HEAD, &message.concat()].concat();
        let commit = parse_commit(Oid::from_bytes(&[1; 20]).unwrap(), &raw);
        commit.unwrap_or_else(|why| panic!("{why:?}"))
    };
    let plain = told(&[above, b"\n", below]);
    for trailer in &plain.trailers {
        assert!(trailer.token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        assert!(!trailer.token.is_empty() && trailer.token.len() <= 64);
    }
    let whole = [above, b"\n", below].concat();
    let mut any = false;
    let trailers = git2::message_trailers_bytes(whole.as_slice()).expect("no NUL");
    for (token, _) in trailers.iter() {
        let token = String::from_utf8_lossy(token);
        let token = token.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if !token.is_empty() && token.len() <= 64 {
            assert!(plain.trailers.iter().any(|t| t.token == token), "{token:?} is hidden");
            any = true;
        }
    }
    // However it is set: in its own line, indented, in a list, in bold.
    for (front, back) in [("", ":"), ("    ", ":"), ("* ", ":"), ("  1. **", "**:"), ("> _", ":_")]
    {
        let line = format!("\n{front}Assisted-by{back} a model\n");
        let said = told(&[above, line.as_bytes(), below]);
        assert!(said.trailers.iter().any(|t| t.token == "Assisted-by"), "{line:?} is hidden");
    }
    let said = told(&[above, b"\nCo-authored-by: B <b@example.org>\n", below]);
    assert!(said.co_authors.iter().any(|email| email == "b@example.org"), "an author is hidden");
    any
}
