//! Bundles: a tar that can be read in one way alone.

use std::io::Cursor;
use std::ops::Range;

use gatecheck::bundle::{ATTESTATION, HISTORY, REGISTRY, REPORT, read, write};
use gatecheck::model::Limits;
use sha2::{Digest as _, Sha256};

const BLOCK: usize = 512;

/// What is read is written again, and is the same to the last byte.
pub fn bundle(bytes: &[u8]) -> bool {
    let bytes = sealed(bytes);
    let limits = Limits {
        bundle_bytes: 64 << 10,
        file_bytes: 4_096,
        report_bytes: 4_096,
        ..Limits::default()
    };
    let mut history = Vec::new();
    match read(&mut bytes.as_slice(), bytes.len() as u64, &mut history, &limits) {
        Err(why) => {
            why.to_string().lines().for_each(super::assert_inert);
            false
        }
        Ok(papers) => {
            let mut again = Vec::new();
            write(&mut Cursor::new(history), &papers, &mut again).expect("memory");
            assert!(again == bytes, "something else stands in it that nobody reads");
            true
        }
    }
}

/// With checksums of headers and the list of digests corrected: else no change would get past them.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = bytes.to_vec();
    let mut entries: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(header) = sealed.get_mut(at..at + BLOCK) {
        if header.iter().all(|b| *b == 0) {
            break;
        }
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..156].copy_from_slice(format!("{sum:07o}\0").as_bytes());
        let size = std::str::from_utf8(&header[124..135]).ok();
        let Some(size) = size.and_then(|size| usize::from_str_radix(size, 8).ok()) else { break };
        let from = at + BLOCK;
        if size > sealed.len() - from {
            break;
        }
        entries.push(from..from + size);
        at = from + size.div_ceil(BLOCK) * BLOCK;
    }
    let Some((sums, others)) = entries.split_first() else { return sealed };
    let digests =
        others.iter().zip([HISTORY, REGISTRY, REPORT, ATTESTATION]).map(|(range, name)| {
            let digest = Sha256::digest(&sealed[range.clone()]);
            let hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
            format!("{hex}  {name}\n")
        });
    let digests: String = digests.collect();
    if digests.len() == sums.len() {
        sealed[sums.clone()].copy_from_slice(digests.as_bytes());
    }
    sealed
}
