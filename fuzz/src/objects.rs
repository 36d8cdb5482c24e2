//! Git objects, each read as of both object formats.

use gatecheck::model::{Commit, Identity, MalformedObject, ObjectFormat, Oid};
use gatecheck::repo::{Tree, parents_of, parse_commit, parse_tag};
use git2::{ObjectType, Odb, Repository};

use super::assert_inert;

fn formats() -> [(ObjectFormat, Oid); 2] {
    [
        (ObjectFormat::Sha1, Oid::from_bytes(&[1; 20]).unwrap()),
        (ObjectFormat::Sha256, Oid::from_bytes(&[1; 32]).unwrap()),
    ]
}

/// A repository in memory that holds one object, and its id: what another reader makes of the same
/// bytes.
fn libgit2(kind: ObjectType, bytes: &[u8]) -> (Repository, git2::Oid) {
    let odb = Odb::new().expect("an object database");
    odb.add_new_mempack_backend(1).expect("memory");
    let id = odb.write(kind, bytes).expect("memory takes it");
    (Repository::from_odb(odb).expect("a repository"), id)
}

/// The other reader sees the same identity, but for the marks around words that libgit2 drops.
fn assert_same_identity(ours: &Identity, theirs: &git2::Signature<'_>) {
    let bare = |text: &str| {
        let crud = |c: char| c <= ' ' || c.is_whitespace() || ".,:;<>\"\\'".contains(c);
        text.trim_matches(crud).to_owned()
    };
    let text = |bytes: &[u8]| bare(&String::from_utf8_lossy(bytes));
    assert_eq!(bare(&ours.name), text(theirs.name_bytes()));
    assert_eq!(bare(&ours.email), text(theirs.email_bytes()));
    assert_eq!(ours.time.unix(), theirs.when().seconds());
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
                if format == ObjectFormat::Sha1 {
                    assert_same_commit(bytes, &commit);
                }
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

/// libgit2 reads the same commit: whom its words are about is no matter of who reads.
fn assert_same_commit(bytes: &[u8], ours: &Commit) {
    let (repo, id) = libgit2(ObjectType::Commit, bytes);
    let theirs = repo.find_commit(id).unwrap_or_else(|why| panic!("libgit2 refuses it: {why}"));
    assert_eq!(theirs.tree_id().to_string(), ours.tree.to_string());
    let parents: Vec<String> = theirs.parent_ids().map(|id| id.to_string()).collect();
    assert_eq!(parents, ours.parents.iter().map(Oid::to_string).collect::<Vec<_>>());
    assert_same_identity(&ours.author, &theirs.author());
    assert_same_identity(&ours.committer, &theirs.committer());
    // It looks for one in the message as well, but finds the header's first.
    if let Some(ours) = &ours.signature {
        let (theirs, _) = repo.extract_signature(&id, None).expect("a signature");
        assert_eq!(theirs.trim_ascii_end(), ours.trim_ascii_end());
    }
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
                // Of a tag without a tagger libgit2 expects the message next.
                let bare = tag.tagger.is_none() && tag.other_signature.is_some();
                if id.format() == ObjectFormat::Sha1 && !bare {
                    let (repo, held) = libgit2(ObjectType::Tag, bytes);
                    let theirs = repo
                        .find_tag(held)
                        .unwrap_or_else(|why| panic!("libgit2 refuses it: {why}"));
                    assert_eq!(theirs.target_id().to_string(), tag.target.to_string());
                    assert_eq!(theirs.name_bytes(), tag.name);
                    assert_eq!(theirs.tagger().is_some(), tag.tagger.is_some());
                    if let (Some(theirs), Some(ours)) = (theirs.tagger(), &tag.tagger) {
                        assert_same_identity(ours, &theirs);
                    }
                }
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
        if format == ObjectFormat::Sha1 {
            let (repo, held) = libgit2(ObjectType::Tree, bytes);
            let theirs =
                repo.find_tree(held).unwrap_or_else(|why| panic!("libgit2 refuses it: {why}"));
            let theirs: Vec<_> =
                theirs.iter().map(|e| (e.name_bytes().to_vec(), e.id().to_string())).collect();
            let ours = tree.entries().iter().map(|e| (e.name.clone(), e.id.to_string()));
            assert_eq!(theirs, ours.collect::<Vec<_>>());
        }
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
