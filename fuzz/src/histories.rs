//! Histories in one file: measured before anything of them is unpacked, and read as they were
//! measured.

use std::io::Cursor;

use gatecheck::model::Limits;
use gatecheck::repo::Repository;
use sha2::{Digest as _, Sha256};

/// A file of history comes out as a repository that holds what it names, or nothing is unpacked.
pub fn history(bytes: &[u8]) -> bool {
    let limits = Limits {
        bundle_objects: 64,
        bundle_object_bytes: 64 << 10,
        bundle_inflated_bytes: 1 << 20,
        bundle_delta_depth: 4,
        ..Limits::default()
    };
    let bytes = sealed(bytes);
    let measured = Repository::measure_history(&mut Cursor::new(&bytes), &limits);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = folder.path().join("repository");
    let read = Repository::read_history(&place, &mut Cursor::new(&bytes), &limits);
    for error in [measured.as_ref().err(), read.as_ref().err()].into_iter().flatten() {
        // The help has a line of its own.
        error.to_string().lines().for_each(super::assert_inert);
    }
    if measured.is_err() {
        assert!(read.is_err() && !place.exists(), "unpacked although it is beyond the limits");
    }
    let Ok((repo, packed)) = read else { return false };
    assert!(repo.is_commit(packed.tip));
    let reference = packed.reference.as_deref();
    if let Some(name) = reference {
        assert_eq!(repo.reference(name).ok().flatten(), Some(packed.tip));
    }
    // What is whole can be packed again, and says the same.
    let (scratch, mut again) = (folder.path().join("scratch"), Vec::new());
    std::fs::create_dir(&scratch).expect("an empty folder");
    if repo.write_history(&packed, &scratch, &mut again).is_ok() {
        let second = folder.path().join("second");
        let read = Repository::read_history(&second, &mut Cursor::new(&again), &Limits::default());
        assert_eq!(read.map(|(_, packed)| packed).ok(), Some(packed));
    }
    true
}

/// With the digest of its pack corrected where that is SHA-256: else no change would get past it.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = bytes.to_vec();
    let head = bytes.windows(2).position(|two| two == b"\n\n").map_or(0, |at| at + 2);
    if bytes.starts_with(b"# v3 git bundle\n") && bytes.len() >= head + 32 {
        let end = bytes.len() - 32;
        let digest = Sha256::digest(&bytes[head..end]);
        sealed.truncate(end);
        sealed.extend(digest);
    }
    sealed
}
