//! Certificates to hand on: what their owners say of the wanted keys, and nothing else.

use sequoia_openpgp as openpgp;

use openpgp::Packet;
use openpgp::armor::{Kind, Writer};
use openpgp::serialize::Serialize as _;
use std::io::Write as _;

use super::certificate::{self, Depth, Gathered, Place};
use super::self_signature;
use crate::model::Fingerprint;

/// The certificates of a key file that hold a wanted key, each armored: the primary key, the user
/// ids, the wanted subkeys, and the self-signatures that verify. `wanted` is asked about a primary
/// key and each key of its certificate. Neither a secret nor anybody else's signature is written.
/// `None` where something cannot be written.
pub(in crate::signature) fn minimal(
    bytes: &[u8],
    max_packets: u64,
    wanted: &dyn Fn(Fingerprint, Fingerprint) -> bool,
) -> Option<Vec<(Fingerprint, Vec<u8>)>> {
    let file = certificate::parse_key_file(bytes, max_packets, Depth::Packets)?;
    let mut written = Vec::new();
    for gathered in &file.gathered {
        let primary = gathered.fingerprint;
        let subkeys = gathered.subkeys.iter().map(|(_, fingerprint)| *fingerprint);
        if std::iter::once(primary).chain(subkeys).any(|key| wanted(primary, key)) {
            written.push((primary, armored(gathered, wanted)?));
        }
    }
    Some(written)
}

fn armored(
    gathered: &Gathered,
    wanted: &dyn Fn(Fingerprint, Fingerprint) -> bool,
) -> Option<Vec<u8>> {
    let signatures = self_signature::own(gathered);
    let of = |place: Place| {
        let here = signatures.iter().filter(move |(there, _)| *there == place);
        here.map(|(_, signature)| Packet::from((*signature).clone()))
    };
    let mut packets = vec![Packet::from(gathered.primary.clone())];
    packets.extend(of(Place::Primary));
    for (n, user_id) in gathered.user_ids.iter().enumerate() {
        packets.push(Packet::from(user_id.clone()));
        packets.extend(of(Place::UserId(n)));
    }
    for (n, (subkey, fingerprint)) in gathered.subkeys.iter().enumerate() {
        if wanted(gathered.fingerprint, *fingerprint) {
            packets.push(Packet::from(subkey.clone()));
            packets.extend(of(Place::Subkey(n)));
        }
    }
    let mut writer = Writer::new(Vec::new(), Kind::PublicKey).ok()?;
    for packet in packets {
        packet.serialize(&mut writer).ok()?;
    }
    writer.flush().ok()?;
    writer.finalize().ok()
}

#[cfg(test)]
mod tests {
    use openpgp::packet::signature::SignatureBuilder;
    use openpgp::serialize::MarshalInto as _;
    use openpgp::types::SignatureType;

    use super::super::testing::{builder, ed25519, packets, signers};
    use super::*;
    use crate::model::{Fingerprint, Limits};
    use crate::signature::read_file;

    fn all(bytes: &[u8]) -> Vec<(Fingerprint, Vec<u8>)> {
        minimal(bytes, 1_000, &|_, _| true).unwrap()
    }

    #[test]
    fn secrets_foreign_and_broken_signatures_stay_behind() {
        let (ada, eve) = (ed25519("ada"), ed25519("eve"));
        let user_id = ada.userids().next().unwrap().userid().clone();
        let certify = |typ: SignatureType, signer: usize| {
            let builder: SignatureBuilder = builder(typ);
            let by = if signer == 0 { &ada } else { &eve };
            let key = ada.primary_key().key();
            builder.sign_userid_binding(&mut signers(by)[0], key, &user_id).unwrap()
        };
        let revoked = certify(SignatureType::CertificationRevocation, 0);
        let foreign = certify(SignatureType::GenericCertification, 1);
        let foreign_revocation = certify(SignatureType::CertificationRevocation, 1);
        // With its secrets, and the additions behind the user id, which comes before the subkeys.
        let mut parts: Vec<Packet> = ada.clone().into_packets().collect();
        let at = parts.iter().position(|part| matches!(part, Packet::UserID(_))).unwrap() + 1;
        let more = [&revoked, &foreign, &foreign_revocation].map(|one| Packet::from(one.clone()));
        parts.splice(at..at, more);
        let [(primary, written)] = &all(&packets(parts.clone()))[..] else { panic!() };
        let text = String::from_utf8(written.clone()).unwrap();
        assert!(text.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), "{text}");
        let file = read_file(written, &Limits::default());
        assert!(!file.holds_secret && file.problems.is_empty(), "{file:?}");
        assert_eq!(file.certificates.len(), 1);
        assert_eq!(file.certificates[0].primary, *primary);
        assert!(file.certificates[0].keys.iter().all(|key| !key.bindings.is_empty()));
        let again = certificate::parse_key_file(written, 1_000, Depth::Packets).unwrap();
        let kept: Vec<&openpgp::packet::Signature> =
            again.gathered[0].signatures.iter().map(|(_, signature)| signature).collect();
        assert!(kept.contains(&&revoked), "what takes an own user id back is kept");
        assert!(!kept.contains(&&foreign) && !kept.contains(&&foreign_revocation));
        // A broken one of her own is none.
        let mut broken = revoked.to_vec().unwrap();
        *broken.last_mut().unwrap() ^= 1;
        let mut bytes = packets(parts[..at].to_vec());
        let mut framed = vec![0xc2, u8::try_from(broken.len()).unwrap()];
        framed.append(&mut broken);
        bytes.append(&mut framed);
        let again = certificate::parse_key_file(&bytes, 1_000, Depth::Packets).unwrap();
        let before = again.gathered[0].signatures.len();
        let after = certificate::parse_key_file(&all(&bytes)[0].1, 1_000, Depth::Packets).unwrap();
        assert_eq!(after.gathered[0].signatures.len(), before - 1);
    }

    #[test]
    fn only_wanted_subkeys_and_certificates_come_along() {
        let (ada, eve) = (ed25519("ada"), ed25519("eve"));
        let both: Vec<Packet> =
            [&ada, &eve].iter().flat_map(|one| (*one).clone().into_packets()).collect();
        let bytes = packets(both);
        let found = all(&bytes);
        let keys = |bytes: &[u8]| read_file(bytes, &Limits::default()).certificates[0].keys.len();
        assert_eq!(found.iter().map(|(_, one)| keys(one)).collect::<Vec<_>>(), [2, 2]);
        let first = found[0].0;
        let primary_alone = minimal(&bytes, 1_000, &|_, key| key == first).unwrap();
        assert_eq!(primary_alone.len(), 1);
        assert_eq!(keys(&primary_alone[0].1), 1);
        assert_eq!(minimal(&bytes, 1_000, &|_, _| false).unwrap(), []);
        assert!(minimal(b"ssh-ed25519 AAAA", 1_000, &|_, _| true).is_none());
    }
}
