//! Records as they are written.

use super::*;

#[test]
fn the_text_that_is_written() {
    let mut record = CeremonyRecord::clone(&sound(
        &(head(
            "reason = \"new \\\"laptop\\\"\"\nwitnesses = [\"Grace\", \"b\\\\c\"]\nremoved = ['keys/old.asc']",
        ) + &file("keys/clancy.asc")
            + &entry("")),
    ));
    record.approvals[0].signature =
        "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n".into();
    insta::assert_snapshot!(write(&record));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-b#]{0,3}",
        "[\"'\\\\,\\[\\]{}: \n\t\u{0}\u{1f}\u{7f}\u{85}\u{e9}\u{202e}\u{1f600}]{0,6}",
        "(\"\"\"|'''|\\\\|\n|<<<<<<< |a){0,4}",
        ".{0,6}",
    ]
    .prop_map(|text| text.replace('\r', ""))
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(text(), 0..3)
}

fn any_approval() -> impl Strategy<Value = Approval> {
    let role = prop::sample::select(vec![
        ApprovalRole::Authorise,
        ApprovalRole::Possession,
        ApprovalRole::Witness,
    ]);
    let fingerprint = prop_oneof![
        any::<[u8; 20]>().prop_map(Fingerprint::OpenPgpV4),
        any::<[u8; 32]>().prop_map(Fingerprint::OpenPgpV6),
        any::<[u8; 32]>().prop_map(Fingerprint::Ssh),
    ];
    let signature = prop_oneof![text(), "[a\"\\\\\r\n]{0,8}"];
    (role, "[a-z0-9][a-z0-9._-]{0,4}", fingerprint, any::<i64>(), signature).prop_map(
        |(role, reviewer, fingerprint, time, signature)| Approval {
            role,
            reviewer_id: ReviewerId::new(&reviewer).unwrap(),
            fingerprint,
            timestamp: Time::from_unix_clamped(time),
            signature,
            spot: Spot::START,
            spots: BTreeMap::new(),
        },
    )
}

fn any_record() -> impl Strategy<Value = CeremonyRecord> {
    let words = (text(), text(), texts(), texts());
    let serial = prop_oneof![0u64..9, 0..=MAX_EPOCH];
    let paths =
        prop::collection::btree_map("keys/[a-zA-Z0-9 ._é'\"]{1,6}[a-z]", any::<bool>(), 0..4);
    let digests = (any::<[u8; 32]>(), any::<[u8; 32]>());
    let parent = prop_oneof![
        any::<[u8; 20]>().prop_map(|raw| Oid::from_bytes(&raw).unwrap()),
        any::<[u8; 32]>().prop_map(|raw| Oid::from_bytes(&raw).unwrap()),
    ];
    let approvals = prop::collection::vec(any_approval(), 0..3);
    let kind = prop::sample::select(CeremonyKind::ALL.to_vec());
    (serial, kind, digests, parent, words, paths, approvals).prop_map(
        |(serial, kind, digests, parent, words, paths, approvals)| CeremonyRecord {
            source: Source::new("", ""),
            serial,
            kind,
            previous_registry_sha256: digests.0,
            registry_sha256: digests.1,
            parent,
            reason: words.0,
            charter_ack: words.1,
            witnesses: words.2,
            concerns: words.3,
            removed: paths
                .iter()
                .filter(|(_, gone)| **gone)
                .map(|(path, _)| path.clone())
                .collect(),
            files: paths
                .iter()
                .filter(|(_, gone)| !**gone)
                .map(|(path, _)| RecordedFile { path: path.clone(), sha256: digests.0 })
                .collect(),
            approvals,
            spots: BTreeMap::new(),
        },
    )
}

/// The same without where it stands.
fn placeless(record: &CeremonyRecord) -> CeremonyRecord {
    let mut record = record.clone();
    record.source = Source::new("", "");
    record.spots.clear();
    for approval in &mut record.approvals {
        (approval.spot, approval.spots) = (Spot::START, BTreeMap::new());
    }
    record
}

proptest! {
    #[test]
    fn what_was_written_is_read_as_it_was(record in any_record()) {
        let name = RecordName { serial: record.serial, kind: record.kind, reviewer: None };
        let text = write(&record);
        let reading = read_at(&name.path(), &text);
        prop_assert_eq!(&reading.problems, &[], "{}", text);
        let again = reading.record.unwrap();
        prop_assert_eq!(placeless(&again), record, "{}", text);
        prop_assert_eq!(write(&again), text);
    }
}
