use super::*;

const TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const P1: &str = "1111111111111111111111111111111111111111";
const P2: &str = "2222222222222222222222222222222222222222";
const WHO: &str = "A <a@x> 1700000000 +0000";

fn id() -> Oid {
    Oid::from_hex(P1).unwrap()
}

fn commit(extra: &str, message: &str) -> String {
    format!(
        "tree {TREE}\nparent {P1}\nparent {P2}\nauthor {WHO}\ncommitter {WHO}\n{extra}\n{message}"
    )
}

fn refused(raw: &str) -> MalformedObject {
    parse_commit(id(), raw.as_bytes()).expect_err(raw)
}

#[test]
fn a_signed_commit_is_taken_apart() {
    let raw = commit(
        "gpgsig -----BEGIN\n \n line\n -----END\nencoding latin1\nmergetag object x\n gpgsig no\nx-new y\n",
        "Subject\n\nCo-authored-by: B <b@x>\ngpgsig in the message\n",
    );
    let read = parse_commit(id(), raw.as_bytes()).unwrap();
    assert_eq!(read.tree.to_string(), TREE);
    assert_eq!(read.parents.len(), 2);
    assert_eq!(read.signature.as_deref(), Some(b"-----BEGIN\n\nline\n-----END\n".as_slice()));
    assert_eq!(read.subject, "Subject");
    assert_eq!(read.co_authors, ["b@x"]);
    let rest = raw.replace("gpgsig -----BEGIN\n \n line\n -----END\n", "");
    assert_eq!(String::from_utf8(read.payload).unwrap(), rest);
    assert_eq!(parents_of(raw.as_bytes(), ObjectFormat::Sha1), Some(read.parents));
}

#[test]
fn the_other_formats_signature_is_left_out_and_named() {
    let raw = commit("gpgsig-sha256 other\n more\ngpgsig mine\n", "m\n");
    let read = parse_commit(id(), raw.as_bytes()).unwrap();
    assert_eq!(read.signature.as_deref(), Some(b"mine\n".as_slice()));
    assert_eq!(read.other_signature, Some(OtherSignature { header: "gpgsig-sha256" }));
    assert_eq!(String::from_utf8(read.payload).unwrap(), commit("", "m\n"));

    let long = raw
        .replace(TREE, &"a".repeat(64))
        .replace(P1, &"b".repeat(64))
        .replace(P2, &"c".repeat(64));
    let read = parse_commit(Oid::from_hex(&"d".repeat(64)).unwrap(), long.as_bytes()).unwrap();
    assert_eq!(read.signature.as_deref(), Some(b"other\nmore\n".as_slice()));
    assert_eq!(read.other_signature, Some(OtherSignature { header: "gpgsig" }));
    assert!(!read.payload.windows(6).any(|w| w == b"gpgsig"));
}

#[test]
fn a_mergetag_with_a_signature_is_not_the_commits_signature() {
    let raw = commit("mergetag object x\n -----BEGIN PGP SIGNATURE-----\n gpgsig y\n", "m\n");
    assert_eq!(parse_commit(id(), raw.as_bytes()).unwrap().signature, None);
}

#[test]
fn headers_twice_or_out_of_order_are_malformed() {
    for extra in [
        format!("tree {TREE}\n"),
        format!("parent {P1}\n"),
        format!("author {WHO}\n"),
        format!("committer {WHO}\n"),
        "encoding a\nencoding b\n".to_owned(),
        "noval\n".to_owned(),
        " continued committer\n".to_owned(),
        " \n".to_owned(),
    ] {
        let found = refused(&commit(&extra, "m\n"));
        assert_eq!(found.code, Code::MalformedObject, "{extra}");
    }
    let whole = commit("", "m\n");
    for bad in [
        whole.replace(&format!("tree {TREE}\n"), ""),
        whole.replace(&format!("tree {TREE}\n"), &format!("tree {TREE}\ntree {TREE}\n")),
        whole.replace(&format!("author {WHO}\n"), ""),
        whole.replace(&format!("author {WHO}\n"), &format!("author {WHO}\nauthor {WHO}\n")),
        whole.replace(&format!("committer {WHO}\n"), ""),
        whole.replace(TREE, &TREE.to_uppercase()),
        whole.replace(TREE, &"a".repeat(64)),
        whole.replace(TREE, "abc"),
        whole.replace("tree ", "tree  "),
        whole.replace("\n\nm\n", "\n"),
        whole.replace("\n\nm\n", ""),
        whole.replace("\nm\n", "\nm\0\n"),
        whole.replace("<a@x>", "<a\0@x>"),
        String::new(),
        " x\n\n".to_owned(),
    ] {
        assert_eq!(refused(&bad).code, Code::MalformedObject, "{bad:?}");
    }
}

#[test]
fn signatures_twice_and_unknown_ones_have_names_of_their_own() {
    for extra in
        ["gpgsig a\ngpgsig b\n", "gpgsig-sha256 a\ngpgsig-sha256 b\n", "gpgsig a\nx y\ngpgsig b\n"]
    {
        assert_eq!(refused(&commit(extra, "m")).code, Code::MultipleSignatures, "{extra}");
    }
    for extra in ["gpgsig a\ngpgsig-foo b\n", "gpgsigfoo b\n", "gpgsig\n b\n", "gpgsig-sha256\n"] {
        assert_eq!(refused(&commit(extra, "m")).code, Code::UnsignedHeader, "{extra}");
    }
}

#[test]
fn parents_of_a_malformed_commit_are_told_only_where_they_are_certain() {
    let found = refused(&commit("author x <y> 1 +0000\n", "m"));
    assert_eq!(found.parents.map(|p| p.len()), Some(2));
    assert!(found.tree.is_some());
    assert_eq!(found.committer_time.map(Time::unix), Some(1_700_000_000));
    assert_eq!(refused(&commit(&format!("parent {P1}\n"), "m")).parents, None);
    assert_eq!(refused(&commit(&format!("tree {P1}\n"), "m")).tree, None);
    assert_eq!(refused(&commit(&format!("committer {WHO}\n"), "m")).committer_time, None);
    let bad_date = commit("", "m").replace("1700000000", "-5");
    let found = refused(&bad_date);
    assert_eq!(found.committer_time, None);
    assert_eq!(found.parents.map(|p| p.len()), Some(2));
}

#[test]
fn a_hundred_parents_are_read() {
    let parents = format!("parent {P1}\n").repeat(150);
    let raw = format!("tree {TREE}\n{parents}author {WHO}\ncommitter {WHO}\n\nm");
    assert_eq!(parse_commit(id(), raw.as_bytes()).unwrap().parents.len(), 150);
}

proptest::proptest! {
    /// Whatever the bytes, an answer comes; and what is accepted has one payload and one signature.
    #[test]
    fn mutations_never_panic(at in 0usize..300, byte: u8, cut in 0usize..400) {
        let mut raw = commit("gpgsig a\n b\n", "m\n").into_bytes();
        if let Some(place) = raw.get_mut(at) {
            *place = byte;
        }
        raw.truncate(cut);
        if let Ok(read) = parse_commit(id(), &raw) {
            proptest::prop_assert!(!read.payload.contains(&0));
            proptest::prop_assert_eq!(parents_of(&raw, ObjectFormat::Sha1), Some(read.parents));
        }
    }
}
