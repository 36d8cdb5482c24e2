//! Bytes that somebody meant harm with, or meant nothing with.

use proptest::prelude::*;

use super::*;
use crate::tables::testing::can_be_shown;

fn any_name() -> impl Strategy<Value = ManifestName> {
    prop_oneof![
        (0u64..9).prop_map(ManifestName::Epoch),
        Just(ManifestName::NearlyEpoch("epoch-07.toml".into())),
        Just(ManifestName::Reattest { epoch: 7, number: 1 }),
        Just(ManifestName::Dissent { epoch: 7, reviewer: ReviewerId::new("ada").unwrap() }),
        Just(ManifestName::Squash("big".into())),
    ]
}

/// Pieces of manifests in any order, so that more than the first byte is read.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(head("")),
        Just(entry("")),
        Just(LEGACY.to_owned()),
        "(epoch|name|scope|cures|dissent|timestamp|subject_tree|ai_attestation|zz) = ",
        "(7|'a,b'|\"x\\\\r\"|\\['a', 1\\]|\\{ a = 1 \\}|true|2026-01-01|1e9|[\"'=\\[\\]\\{\\}.]{1,3})\n",
        "\\PC{0,5}\n?",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat().into_bytes())
}

fn check(name: &ManifestName, bytes: &[u8]) {
    let reading = read(name, "e/\u{202e}x.toml", bytes, &Limits::default());
    assert!(reading.manifest.is_some() || !reading.problems.is_empty());
    can_be_shown(&reading.problems);
}

proptest! {
    #[test]
    fn no_bytes_panic(name in any_name(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&name, &bytes);
    }

    #[test]
    fn no_pieces_panic(name in any_name(), bytes in pieces()) {
        check(&name, &bytes);
    }
}

#[test]
fn deep_nesting_is_no_way_to_exhaust_the_stack() {
    for unit in ["[", "{a=", "a."] {
        let text = format!("a = {}", unit.repeat(200_000));
        assert!(read_epoch(&text).manifest.is_none(), "{unit}");
    }
}
