//! Git objects, each read as of both object formats.

use gatecheck::model::{MalformedObject, ObjectFormat, Oid};
use gatecheck::repo::{Tree, parents_of, parse_commit, parse_tag};

use super::assert_inert;

fn formats() -> [(ObjectFormat, Oid); 2] {
    [
        (ObjectFormat::Sha1, Oid::from_bytes(&[1; 20]).unwrap()),
        (ObjectFormat::Sha256, Oid::from_bytes(&[1; 32]).unwrap()),
    ]
}

fn assert_refusal(malformed: &MalformedObject) {
    assert_inert(&malformed.observed);
    assert!(!malformed.observed.is_empty() && !malformed.required.is_empty());
}

/// A commit that is read means what its signed payload means; a refused one is explained.
pub fn commit(bytes: &[u8]) -> bool {
    let mut read = false;
    for (format, id) in formats() {
        match parse_commit(id, bytes) {
            Err(malformed) => {
                assert_refusal(&malformed);
                // The walk must not follow other parents than the judge sees.
                if let (Some(walked), Some(judged)) = (parents_of(bytes, format), malformed.parents)
                {
                    assert_eq!(walked, judged);
                }
            }
            Ok(commit) => {
                read = true;
                assert_eq!(parents_of(bytes, format).as_ref(), Some(&commit.parents));
                let signed = parse_commit(id, &commit.payload)
                    .unwrap_or_else(|why| panic!("the signed payload is malformed: {why:?}"));
                assert_eq!(signed.payload, commit.payload);
                assert_eq!((signed.signature, signed.other_signature), (None, None));
                assert_eq!(
                    (signed.tree, signed.parents, signed.author, signed.committer),
                    (commit.tree, commit.parents, commit.author, commit.committer),
                );
                assert_eq!(
                    (signed.subject, signed.trailers, signed.co_authors),
                    (commit.subject, commit.trailers, commit.co_authors),
                );
                if commit.signature.is_none() && commit.other_signature.is_none() {
                    assert_eq!(commit.payload, bytes, "unsigned, yet something was left out");
                }
            }
        }
    }
    read
}

/// A tag that is read is its payload with its signature at the end.
pub fn tag(bytes: &[u8]) -> bool {
    let mut read = false;
    for (_, id) in formats() {
        match parse_tag(id, bytes) {
            Err(malformed) => assert_refusal(&malformed),
            Ok(tag) => {
                read = true;
                assert!(!bytes.contains(&0));
                if tag.other_signature.is_none() {
                    let signature = tag.signature.clone().unwrap_or_default();
                    assert_eq!([tag.payload.clone(), signature].concat(), bytes);
                }
                let signed = parse_tag(id, &tag.payload).expect("the signed payload is malformed");
                assert_eq!((signed.target, signed.name), (tag.target, tag.name));
                assert_eq!((signed.tagger, signed.target_kind), (tag.tagger, tag.target_kind));
            }
        }
    }
    read
}

/// A tree that is read has each name once, none that leaves it, and writes itself again.
pub fn tree(bytes: &[u8]) -> bool {
    let mut read = false;
    for (format, id) in formats() {
        let Ok(tree) = Tree::parse(id, bytes, format, 1_000) else { continue };
        read = true;
        let written = tree.to_bytes();
        assert_eq!(Tree::parse(id, &written, format, 1_000).as_ref().ok(), Some(&tree));
        assert!(written.len() <= bytes.len(), "more came out than went in");
        for entry in tree.entries() {
            assert_eq!(tree.get(&entry.name), Some(entry), "{:?}", entry.name);
            let name = entry.name.as_slice();
            assert!(!matches!(name, b"" | b"." | b"..") && !name.contains(&b'/'), "{name:?}");
            assert!(!name.eq_ignore_ascii_case(b".git"), "{name:?}");
        }
        assert_eq!(Tree::from_entries(tree.entries().to_vec()), tree);
    }
    read
}

/// One identity line, as author and as tagger: there is one way to read it, or none.
pub fn identity(bytes: &[u8]) -> bool {
    let one = b"A <a@b> 1700000000 +0000";
    let (_, id) = formats()[0];
    let tree = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor ";
    let commit = [tree, bytes, b"\ncommitter ", one, b"\n\nm\n"].concat();
    let tag = [
        b"object 4b825dc642cb6eb9a060e54bf8d69288fbee4904\ntype commit\ntag v1\ntagger ",
        bytes,
        b"\n\nm\n",
    ]
    .concat();
    let read = parse_commit(id, &commit).ok().map(|commit| commit.author);
    if bytes.contains(&b'\n') {
        return false; // more lines than one: the target `commit` is for that
    }
    assert_eq!(parse_tag(id, &tag).ok().and_then(|tag| tag.tagger), read);
    if let Some(identity) = &read {
        assert!(!identity.email.contains(['<', '>']) && !identity.name.contains(['<', '>']));
        let date = bytes.rsplit(|b| *b == b'>').next().unwrap();
        let date = std::str::from_utf8(date).expect("a date of digits");
        let seconds = date.trim().split(' ').next().unwrap();
        assert_eq!(seconds.parse(), Ok(identity.time.unix()), "{date:?}");
        assert!(identity.time.unix() >= 0);
    }
    read.is_some()
}
