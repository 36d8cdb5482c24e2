use super::*;
use crate::model::manifest::{AiAttestation, Binding, PreviousGate};
use crate::model::{DomainId, ObjectFormat, Oid, ReviewerId, Time};

fn name() -> ManifestName {
    ManifestName::Epoch(7)
}

fn with<T>(work: impl FnOnce(&Editing<'_>) -> T) -> T {
    let (name, limits) = (name(), Limits::default());
    work(&Editing { name: &name, path: "epoch_signoffs/epoch-7.toml", limits: &limits })
}

fn draft() -> String {
    let domain = |id: &str| DomainId::new(id).unwrap();
    Draft {
        target: Target::Epoch(7),
        previous_gate: PreviousGate::None,
        binding: Binding::Tree(Oid::zero(ObjectFormat::Sha1)),
        content: Some([7; 32]),
        notes: vec!["Gate of epoch 7.".to_owned(), String::new(), "x\n[manifest]".to_owned()],
        previous_note: "before the first gate".to_owned(),
        binding_note: "the tree of \u{202e}HEAD".to_owned(),
        sections: ["docs", "kernel"]
            .map(|id| Section { domain: domain(id), notes: vec![format!("people: {id}")] })
            .into(),
    }
    .text()
}

fn signoff(domain: &str, reviewer: &str) -> Signoff {
    let (domain, reviewer) = (DomainId::new(domain).unwrap(), ReviewerId::new(reviewer).unwrap());
    blank(&Target::Epoch(7), reviewer, domain, Time::parse("2026-06-11T12:00:00Z").unwrap())
}

fn add(text: &str, domain: &str, reviewer: &str) -> String {
    with(|editing| editing.add(text, &signoff(domain, reviewer), &[]).unwrap())
}

fn order(text: &str) -> Vec<String> {
    let manifest = with(|editing| editing.read(text).unwrap());
    manifest.signoffs.iter().map(|s| format!("{} {}", s.domain, s.reviewer_id)).collect()
}

#[test]
fn a_draft_is_read_and_nothing_is_wrong_but_that_nobody_signed() {
    let text = draft();
    insta::assert_snapshot!(text);
    let limits = Limits::default();
    let reading = read(&name(), "x", text.as_bytes(), &limits);
    assert!(is_draft(&reading), "{:?}", reading.problems);
    let broken = read(&name(), "x", text.replace("epoch = 7", "epoch = 8").as_bytes(), &limits);
    assert!(!is_draft(&broken));
}

#[test]
fn what_is_added_says_all_it_should_in_the_order_of_domains_and_people() {
    let mut all = signoff("kernel", "bob");
    all.scope = vec!["A \"b\"".to_owned()];
    all.reviews = vec!["tcb".to_owned()];
    all.checklist = vec!["c".to_owned()];
    all.dissent = "no\nnever".to_owned();
    all.authored_by = "eve \\ <eve@example.org>".to_owned();
    all.multi_domain_roles = vec!["kernel".to_owned(), "docs".to_owned()];
    all.multi_domain_justification = "few".to_owned();
    all.ai_attestation = Some(AiAttestation {
        understood: true,
        invariants: vec!["KOM-1".to_owned()],
        statement: "I \"read\" it".to_owned(),
    });
    all.signature = "-----BEGIN X-----\nabc\n-----END X-----\n".to_owned();
    let text = with(|editing| editing.add(&draft(), &all, &[]).unwrap());
    let text = add(&add(&add(&text, "docs", "zoe"), "kernel", "alice"), "docs", "alice");
    insta::assert_snapshot!(text);
    assert_eq!(order(&text), ["docs alice", "docs zoe", "kernel alice", "kernel bob"]);
}

#[test]
fn hand_written_files_keep_their_comments_and_their_order() {
    let text = "[manifest]\nepoch = 7\nprevious_gate = 'none'\nsubject_tree = '0000000000000000000000000000000000000000'\n\n\
        # about the kernel\n\n# mine\n[[signoffs]]\nreviewer_id='bob'\ndomain='kernel'\ntimestamp=2026-06-11 # when\n\n\n# the end\n";
    let more = add(&add(text, "docs", "alice"), "kernel", "zoe");
    assert_eq!(order(&more), ["docs alice", "kernel bob", "kernel zoe"]);
    assert!(more.contains("# mine\n[[signoffs]]\nreviewer_id='bob'"), "{more}");
    assert!(more.ends_with("# the end\n\n[[signoffs]]\nreviewer_id = \"zoe\"\ndomain = \"kernel\"\nepoch = 7\ntimestamp = 2026-06-11T12:00:00Z\n"), "{more}");
    for line in text.lines() {
        assert!(more.contains(line), "{line}");
    }
}

#[test]
fn replacing_takes_out_one_and_leaves_the_others_as_they_were() {
    let text = add(&add(&add(&draft(), "docs", "ada"), "kernel", "ada"), "kernel", "bob");
    let mut new = signoff("kernel", "ada");
    new.dissent = "no".to_owned();
    let changed = with(|editing| editing.add(&text, &new, &[1]).unwrap());
    let entry = "[[signoffs]]\nreviewer_id = \"ada\"\ndomain = \"kernel\"\nepoch = 7\ntimestamp = 2026-06-11T12:00:00Z\n";
    assert_eq!(changed, text.replace(entry, &format!("{entry}dissent = \"no\"\n")));
}

#[test]
fn signing_and_withdrawing_change_one_field() {
    let text = add(&add(&draft(), "docs", "ada"), "kernel", "bob");
    let armor = "-----BEGIN X-----\nabc\n-----END X-----\n";
    let signed = with(|editing| editing.sign(&text, 1, armor).unwrap());
    assert_eq!(signed, format!("{text}signature = \"\"\"\n{armor}\"\"\"\n"));
    let again = with(|editing| editing.sign(&signed, 1, "other\n").unwrap());
    assert_eq!(again, signed.replace(armor, "other\n"));
    let withdrawn = with(|editing| editing.withdraw(&signed, 0).unwrap());
    assert!(
        withdrawn.contains("timestamp = 2026-06-11T12:00:00Z\nwithdrawn = true\n\n# == kernel")
    );
    let twice = with(|editing| editing.withdraw(&withdrawn, 0).unwrap());
    assert_eq!(twice, withdrawn);
}

#[test]
fn what_would_not_be_read_is_refused() {
    let refused = |signoff: &Signoff| with(|editing| editing.add(&draft(), signoff, &[]));
    let mut bad = signoff("kernel", "bob");
    bad.authored_by = "a\rb".to_owned();
    assert!(matches!(refused(&bad), Err(EditError::Problems(_))), "{:?}", refused(&bad));
    let broken = format!("{}nonsense = 1\n", draft());
    let error = with(|editing| editing.add(&broken, &signoff("a", "b"), &[]).unwrap_err());
    assert!(matches!(&error, EditError::Unusable(all) if !all.is_empty()));
    let inline = "signoffs = [{ reviewer_id = 'bob', domain = 'a', timestamp = 2026-06-11 }]\n[manifest]\nepoch = 7\nprevious_gate = 'none'\nsubject_tree = '0000000000000000000000000000000000000000'\n";
    assert!(with(|editing| editing.add(inline, &signoff("a", "b"), &[])).is_err());
}

#[test]
fn text_inside_of_strings_is_not_taken_for_the_files_own() {
    let mut odd = signoff("kernel", "bob");
    odd.dissent = "x\n\n# == docs ==\n\n[[signoffs]]\n".to_owned();
    let text = with(|editing| editing.add(&draft(), &odd, &[]).unwrap());
    let text = add(&add(&text, "docs", "ada"), "kernel", "zoe");
    assert_eq!(order(&text), ["docs ada", "kernel bob", "kernel zoe"]);
    // A comment in a string right above a table is the worst case: refused, never mangled.
    let hostile = text.replace(
        "[[signoffs]]\nreviewer_id = \"zoe\"",
        "mv = 1\n[[signoffs]]\nreviewer_id = \"zoe\"",
    );
    assert!(with(|editing| editing.add(&hostile, &signoff("kernel", "yve"), &[])).is_err());
}

#[test]
fn line_ends_stay_what_they_are() {
    let text = draft().replace('\n', "\r\n");
    let text = add(&text, "kernel", "bob");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    let signed = with(|editing| editing.withdraw(&text, 0).unwrap());
    assert_eq!(signed.matches('\n').count(), signed.matches("\r\n").count());
}

#[test]
fn a_signature_is_the_same_with_either_line_end() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let bob = Signoff { signature: "armor\nmore\n".to_owned(), ..signoff("kernel", "bob") };
    let plain = with(|editing| editing.add(&draft(), &bob, &[]).unwrap());
    let added = with(|editing| editing.add(&crlf(&draft()), &bob, &[]).unwrap());
    assert_eq!(added, crlf(&plain));
    for (ours, theirs) in [(&plain, &added), (&added, &plain)] {
        assert_eq!(&union(ours, theirs, None).unwrap(), ours);
        assert_eq!(&union(ours, &crlf(&draft()), None).unwrap(), ours);
    }
    assert_eq!(union(&crlf(&draft()), &plain, None).unwrap(), added);
}

fn union(ours: &str, theirs: &str, base: Option<&str>) -> Result<String, MergeError> {
    with(|editing| merge(editing, ours, theirs, base))
}

#[test]
fn merging_unites_and_does_not_care_who_is_ours() {
    let base = add(&draft(), "docs", "ada");
    let ours = add(&base, "kernel", "bob");
    let theirs = add(&add(&base, "kernel", "alice"), "kernel", "zoe");
    for base in [None, Some(base.as_str())] {
        let merged = union(&ours, &theirs, base).unwrap();
        assert_eq!(merged, union(&theirs, &ours, base).unwrap());
        assert_eq!(order(&merged), ["docs ada", "kernel alice", "kernel bob", "kernel zoe"]);
        assert_eq!(union(&merged, &ours, base).unwrap(), merged);
    }
    assert_eq!(union(&draft(), &draft(), None).unwrap(), draft());
}

#[test]
fn merging_keeps_signatures_and_withdrawals_and_what_was_taken_out() {
    let base = add(&add(&draft(), "docs", "ada"), "kernel", "bob");
    let signed = with(|editing| editing.sign(&base, 0, "armor\n").unwrap());
    let withdrawn = with(|editing| editing.withdraw(&base, 1).unwrap());
    let merged = union(&signed, &withdrawn, None).unwrap();
    assert!(merged.contains("armor") && merged.contains("withdrawn = true"), "{merged}");
    let fewer = add(&draft(), "kernel", "bob");
    assert_eq!(order(&union(&base, &fewer, Some(&base)).unwrap()), ["kernel bob"]);
    assert_eq!(order(&union(&fewer, &base, Some(&base)).unwrap()), ["kernel bob"]);
    assert_eq!(order(&union(&fewer, &base, None).unwrap()), ["docs ada", "kernel bob"]);
}

#[test]
fn merging_refuses_what_cannot_both_be_true() {
    let (mut one, mut two) = (signoff("kernel", "bob"), signoff("kernel", "bob"));
    one.dissent = "no".to_owned();
    two.scope = vec!["A".to_owned()];
    let base = add(&draft(), "kernel", "bob");
    let text = |signoff: &Signoff| with(|editing| editing.add(&draft(), signoff, &[]).unwrap());
    for base in [None, Some(base.as_str())] {
        let error = union(&text(&one), &text(&two), base).unwrap_err();
        assert_eq!(error.to_string(), "both sides changed the sign-off of bob for kernel");
    }
    // Taken out here, signed there: nobody's word is dropped in silence.
    let signed = with(|editing| editing.sign(&base, 0, "armor\n").unwrap());
    assert!(matches!(union(&draft(), &signed, Some(&base)), Err(MergeError::Both { .. })));
    let other = draft().replace(&"0".repeat(40), &"1".repeat(40));
    let Err(MergeError::Heads { fields }) = union(&draft(), &other, None) else { panic!() };
    assert_eq!(fields[0].0, "subject_tree or gate_commit");
}
