//! Key files: packets to certificates.
//!
//! Certificates are put together here, not by Sequoia, because its parser drops what this
//! program must list: signing subkeys without a back-signature, self-signatures over broken
//! digests, signatures that predate their key.

use sequoia_openpgp as openpgp;

use openpgp::Packet;
use openpgp::packet::{Signature, UserID};
use openpgp::parse::Parse as _;

use super::convert;
use super::digest::{AnyKey, Primary, Subkey};
use super::packet::{self, Raw, tag};
use super::self_signature;
use crate::model::{Certificate, Fingerprint};
use crate::signature::armor;

/// What one version of a key file holds.
#[derive(Debug, Default)]
pub(in crate::signature) struct Parsed {
    /// Facts.
    pub(in crate::signature) certificates: Vec<Certificate>,
    /// Key material to verify with.
    pub(in crate::signature) keys: Vec<PoolKey>,
    /// A secret key packet was seen, readable or not.
    pub(in crate::signature) holds_secret: bool,
    /// What could not be read.
    pub(in crate::signature) problems: Vec<String>,
    /// The certificates as they stand, for [`Depth::Packets`] alone.
    pub(super) gathered: Vec<Gathered>,
}

/// A key with which signatures can be verified.
#[derive(Clone, Debug)]
pub(in crate::signature) struct PoolKey {
    pub(super) key: AnyKey,
    /// Its fingerprint.
    pub(in crate::signature) fingerprint: Fingerprint,
    /// The primary key in whose certificate it stands, bound or not.
    pub(in crate::signature) primary: Fingerprint,
}

/// A certificate while its packets come in.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) primary: Primary,
    pub(super) fingerprint: Fingerprint,
    pub(super) subkeys: Vec<(Subkey, Fingerprint)>,
    pub(super) user_ids: Vec<UserID>,
    /// Signatures, each with the component that it follows.
    pub(super) signatures: Vec<(Place, Signature)>,
}

/// What a signature packet follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Primary,
    Subkey(usize),
    UserId(usize),
    /// A user attribute, or something that could not be read.
    Other,
}

/// How much of a key file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::signature) enum Depth {
    /// Key material alone. No self-signature is looked at, and no certificate comes of it.
    Keys,
    /// Everything.
    Whole,
    /// The packets themselves. No self-signature is looked at here either.
    Packets,
}

/// Reads armored or binary certificates. `None` if the bytes look like neither.
pub(in crate::signature) fn parse_key_file(
    bytes: &[u8],
    max_packets: u64,
    depth: Depth,
) -> Option<Parsed> {
    let mut reader = Reader::new(max_packets, depth);
    let blocks = armor::openpgp_blocks(bytes);
    if blocks.is_empty() {
        if bytes.first().is_none_or(|first| first & 0x80 == 0) {
            return None;
        }
        reader.read(bytes, "");
        return Some(reader.finish());
    }
    for block in blocks {
        let at = format!(" in the armored block at line {}", block.line);
        match (block.label.as_str(), block.data) {
            ("PGP PUBLIC KEY BLOCK" | "PGP PRIVATE KEY BLOCK", Ok(data)) => reader.read(&data, &at),
            // Other armor holds no certificates; the caller looks for secret keys in it.
            (_, Ok(data)) => reader.out.holds_secret |= holds_secret_packet(&data),
            (_, Err(error)) => reader.out.problems.push(format!("{error}{at}")),
        }
    }
    Some(reader.finish())
}

/// Whether binary packets hold a secret key.
pub(in crate::signature) fn holds_secret_packet(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(Ok((raw, behind))) = packet::next(rest) {
        if matches!(raw.tag, tag::SECRET_KEY | tag::SECRET_SUBKEY) {
            return true;
        }
        rest = behind;
    }
    false
}

struct Reader {
    out: Parsed,
    open: Option<Gathered>,
    place: Place,
    packets: u64,
    max_packets: u64,
    depth: Depth,
}

impl Reader {
    fn new(max_packets: u64, depth: Depth) -> Self {
        let out = Parsed::default();
        Self { out, open: None, place: Place::Other, packets: 0, max_packets, depth }
    }

    fn finish(mut self) -> Parsed {
        self.close();
        self.out
    }

    /// Reads a run of packets; `at` says where they stand.
    fn read(&mut self, bytes: &[u8], at: &str) {
        self.out.holds_secret |= holds_secret_packet(bytes);
        let mut rest = bytes;
        while let Some(step) = packet::next(rest) {
            let (raw, behind) = match step {
                Ok(step) => step,
                Err(error) => {
                    self.out.problems.push(format!("{error}{at}; the rest was not read"));
                    break;
                }
            };
            self.packets = self.packets.saturating_add(1);
            if self.packets > self.max_packets {
                self.out.problems.push(format!(
                    "more than {} OpenPGP packets{at} (--limit packets=N raises this); the rest was not read",
                    self.max_packets
                ));
                break;
            }
            self.take(raw, at);
            rest = behind;
        }
        self.close();
    }

    fn take(&mut self, raw: Raw<'_>, at: &str) {
        match raw.tag {
            tag::PUBLIC_KEY | tag::SECRET_KEY => {
                self.close();
                self.place = Place::Other;
                match primary_of(raw) {
                    Some((primary, fingerprint)) => {
                        self.place = Place::Primary;
                        self.open = Some(Gathered {
                            primary,
                            fingerprint,
                            subkeys: Vec::new(),
                            user_ids: Vec::new(),
                            signatures: Vec::new(),
                        });
                    }
                    None => self.unreadable("a primary key", at),
                }
            }
            tag::PUBLIC_SUBKEY | tag::SECRET_SUBKEY => match subkey_of(raw) {
                Some((subkey, fingerprint)) => self.subkey(subkey, fingerprint, at),
                None => {
                    self.place = Place::Other;
                    self.unreadable("a subkey", at);
                }
            },
            tag::USER_ID | tag::SIGNATURE if self.depth == Depth::Keys => {}
            tag::USER_ID => self.user_id(UserID::from(raw.body)),
            tag::SIGNATURE => {
                // Unreadable signatures are mostly third-party ones of unknown versions.
                if let (Some(open), Ok(Packet::Signature(signature))) =
                    (&mut self.open, Packet::from_bytes(raw.whole))
                {
                    open.signatures.push((self.place, signature));
                }
            }
            tag::MARKER | tag::TRUST | tag::PADDING => {}
            tag::USER_ATTRIBUTE => self.place = Place::Other,
            // Unknown packets from 40 on may be ignored (RFC 9580, 4.3).
            unknown if unknown >= 40 => self.place = Place::Other,
            unknown => {
                self.place = Place::Other;
                self.out.problems.push(format!("a packet of type {unknown}{at} was ignored"));
            }
        }
    }

    fn subkey(&mut self, subkey: Subkey, fingerprint: Fingerprint, at: &str) {
        self.place = Place::Other;
        let Some(open) = &mut self.open else { return };
        match open.subkeys.iter().position(|(_, known)| *known == fingerprint) {
            None => {
                self.place = Place::Subkey(open.subkeys.len());
                open.subkeys.push((subkey, fingerprint));
            }
            Some(n) if open.subkeys.get(n).is_some_and(|(known, _)| *known == subkey) => {
                self.place = Place::Subkey(n);
            }
            Some(_) => self.out.problems.push(format!(
                "two different subkeys{at} have the fingerprint {fingerprint}; the second was ignored"
            )),
        }
    }

    fn user_id(&mut self, user_id: UserID) {
        self.place = Place::Other;
        if let Some(open) = &mut self.open {
            self.place = Place::UserId(open.user_ids.len());
            open.user_ids.push(user_id);
        }
    }

    fn unreadable(&mut self, what: &str, at: &str) {
        self.out
            .problems
            .push(format!("{what}{at} could not be read (unknown version, or malformed)"));
    }

    /// Ends the certificate that is being gathered.
    fn close(&mut self) {
        self.place = Place::Other;
        let Some(gathered) = self.open.take() else { return };
        let primary = gathered.fingerprint;
        let mut keys = vec![(any_primary(&gathered.primary), primary)];
        keys.extend(gathered.subkeys.iter().map(|(key, own)| (any_subkey(key), *own)));
        self.out.keys.extend(keys.into_iter().map(|(key, fingerprint)| PoolKey {
            key,
            fingerprint,
            primary,
        }));
        match self.depth {
            Depth::Keys => return,
            Depth::Packets => return self.out.gathered.push(gathered),
            Depth::Whole => {}
        }
        let certificate = self_signature::judge_cryptography(&gathered, &mut self.out.problems);
        match self.out.certificates.iter_mut().find(|known| known.primary == primary) {
            Some(known) => known.merge(&certificate),
            None => self.out.certificates.push(certificate),
        }
    }
}

fn any_primary(key: &Primary) -> AnyKey {
    key.clone().role_into_unspecified()
}

fn any_subkey(key: &Subkey) -> AnyKey {
    key.clone().role_into_unspecified()
}

fn primary_of(raw: Raw<'_>) -> Option<(Primary, Fingerprint)> {
    let key = match Packet::from_bytes(raw.whole).ok()? {
        Packet::PublicKey(key) => key,
        Packet::SecretKey(key) => key.take_secret().0,
        _ => return None,
    };
    let fingerprint = convert::fingerprint(&key.fingerprint())?;
    Some((key, fingerprint))
}

fn subkey_of(raw: Raw<'_>) -> Option<(Subkey, Fingerprint)> {
    let key = match Packet::from_bytes(raw.whole).ok()? {
        Packet::PublicSubkey(key) => key,
        Packet::SecretSubkey(key) => key.take_secret().0,
        _ => return None,
    };
    let fingerprint = convert::fingerprint(&key.fingerprint())?;
    Some((key, fingerprint))
}
