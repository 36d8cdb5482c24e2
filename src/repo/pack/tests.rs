use std::io::Cursor;

use super::*;
use crate::repo::testing::Lab;

fn write(lab: &Lab, packed: &Packed) -> Vec<u8> {
    let mut bytes = Vec::new();
    let scratch = tempfile::tempdir().unwrap();
    lab.repo.write_history(packed, scratch.path(), &mut bytes).unwrap();
    bytes
}

fn read(bytes: &[u8]) -> Result<(tempfile::TempDir, Repository, Packed)> {
    read_within(bytes, &Limits::default())
}

fn read_within(bytes: &[u8], limits: &Limits) -> Result<(tempfile::TempDir, Repository, Packed)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("repo");
    Repository::read_history(&path, &mut Cursor::new(bytes), limits)
        .map(|(repo, packed)| (folder, repo, packed))
}

fn two_commits(lab: &Lab) -> (Oid, Oid) {
    let first = lab.commit(lab.files(&[("a", "1"), ("b/c", "2")]), &[]);
    let second = lab.commit(lab.files(&[("a", "3"), ("b/c", "2")]), &[first]);
    (first, second)
}

#[test]
fn a_history_comes_back_whole_in_both_formats_and_the_same_each_time() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let lab = Lab::new(format);
        let (first, second) = two_commits(&lab);
        for reference in [Some("refs/heads/release".to_owned()), None] {
            let packed = Packed { tip: second, reference };
            let bytes = write(&lab, &packed);
            assert_eq!(bytes, write(&lab, &packed));
            let (_folder, repo, read) = read(&bytes).unwrap();
            assert_eq!((read, repo.format()), (packed.clone(), format));
            for commit in [first, second] {
                let raw = repo.read_commit(commit).unwrap();
                assert_eq!(raw, lab.repo.read_commit(commit).unwrap());
                let tree = parse_commit(commit, &raw).unwrap().tree;
                for (_, entry) in repo.list(tree).unwrap() {
                    assert!(repo.read_blob(entry.id).is_ok());
                }
            }
            let name = packed.reference.as_deref().unwrap_or(NAMELESS);
            assert_eq!(repo.reference(name).unwrap(), Some(second));
        }
    }
}

#[test]
fn what_is_missing_is_said() {
    let lab = Lab::sha1();
    let ghost = Oid::from_hex(&"1".repeat(40)).unwrap();
    let tree = lab.tree(&[("gone", (crate::repo::tree::MODE_FILE, ghost))]);
    let tip = lab.commit(tree, &[]);
    let packed = Packed { tip, reference: None };
    let error = lab.repo.write_history(&packed, lab.dir.path(), &mut Vec::new()).unwrap_err();
    assert!(matches!(error, Error::CannotRead { .. }), "{error}");
    assert!(error.to_string().contains(&ghost.to_string()), "{error}");
}

#[test]
fn other_heads_and_packs_are_refused() {
    let lab = Lab::sha1();
    let (first, second) = two_commits(&lab);
    let good = write(&lab, &Packed { tip: second, reference: Some("refs/heads/main".into()) });
    let length = head(ObjectFormat::Sha1, second, "refs/heads/main").len();
    let (start, pack) = good.split_at(length);
    let start = String::from_utf8(start.to_vec()).unwrap();
    let edits = [
        start.replace("v2", "v4"),
        start.replace("v2 git bundle", "v3 git bundle\n@object-format=sha256"),
        start.replace("# v2 git bundle\n", "# v3 git bundle\n@filter=blob:none\n"),
        start.replacen(&format!("{second} refs"), &format!("-{first} x\n{second} refs"), 1),
        start.replace("refs/heads/main", "refs/heads/../x"),
        start.replace("refs/heads/main", "HEAD"),
        start.replace("refs/heads/main", &format!("refs/replace/{first}")),
        start.replace("refs/heads/main", &format!("refs/Replace/{first}")),
        start.replace("refs/heads/main", "refs/notes/commits"),
        start.replace("refs/heads/main", "refs/heads/x.lock"),
        start.replace("refs/heads/main", &format!("refs/heads/{}", "x".repeat(300))),
        start.replace("refs/heads/main", &"x".repeat(10_000)),
        start.replace(" HEAD", " refs/heads/other"),
        start.replace(&second.to_string(), &"1".repeat(40)),
        start.replace("\n\n", "\n"),
        String::new(),
    ];
    for edited in edits {
        assert_ne!(edited, start);
        assert!(read(&[edited.as_bytes(), pack].concat()).is_err(), "{edited}");
    }
    for at in [0, 4, 7, 8, 11, 12, 40, pack.len() - 1] {
        let mut bad = pack.to_vec();
        bad[at] ^= 1;
        assert!(read(&[start.as_bytes(), &bad].concat()).is_err(), "byte {at}");
    }
    for short in [0, 11, 12, pack.len() - 1] {
        assert!(read(&[start.as_bytes(), &pack[..short]].concat()).is_err(), "{short}");
    }
}

/// A pack of an attacker's making: objects as they come, with a digest that fits.
struct Forge {
    format: ObjectFormat,
    number: u32,
    bytes: Vec<u8>,
}

impl Forge {
    fn new(format: ObjectFormat) -> Self {
        Self { format, number: 0, bytes: Vec::new() }
    }

    /// Where the next object begins.
    fn at(&self) -> u64 {
        12 + self.bytes.len() as u64
    }

    fn put(&mut self, kind: u8, size: u64, base: &[u8], data: &[u8]) -> u64 {
        let at = self.at();
        self.number += 1;
        self.bytes.extend(offsets::head(kind, size));
        self.bytes.extend(base);
        let mut deflated =
            flate2::write::ZlibEncoder::new(&mut self.bytes, flate2::Compression::best());
        deflated.write_all(data).unwrap();
        deflated.finish().unwrap();
        at
    }

    fn blob(&mut self, data: &[u8]) -> u64 {
        self.put(3, data.len() as u64, &[], data)
    }

    /// A delta that copies the whole base of `size` bytes so many times.
    fn copies(&mut self, base: u64, size: u32, times: u32) -> u64 {
        let delta = copying(size.into(), size, times);
        let base = offsets::distance(self.at() - base);
        self.put(measure::BY_DISTANCE, delta.len() as u64, &base, &delta)
    }

    fn pack(&self, number: u32) -> Vec<u8> {
        let mut bytes = [&b"PACK\0\0\0\x02"[..], &number.to_be_bytes(), &self.bytes].concat();
        let mut digest = offsets::Digest::new(self.format);
        digest.update(&bytes);
        bytes.extend(digest.finish().unwrap());
        bytes
    }

    fn measured(&self, limits: &Limits) -> Result<()> {
        self.measured_as(self.number, limits)
    }

    fn measured_as(&self, number: u32, limits: &Limits) -> Result<()> {
        measure::measure(&mut &*self.pack(number), self.format, limits)
    }
}

fn varint(mut size: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while size > 0x7f {
        bytes.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    bytes.push(size as u8);
    bytes
}

fn copying(base: u64, size: u32, times: u32) -> Vec<u8> {
    let mut delta = [varint(base), varint(u64::from(size) * u64::from(times))].concat();
    for _ in 0..times {
        delta.push(0xf0);
        delta.extend(&size.to_le_bytes()[..3]);
    }
    delta
}

fn small() -> Limits {
    Limits {
        bundle_objects: 20,
        bundle_object_bytes: 100_000,
        bundle_inflated_bytes: 300_000,
        bundle_delta_depth: 4,
        ..Limits::default()
    }
}

fn refused(result: Result<()>, words: &str) {
    let error = result.expect_err(words);
    assert!(matches!(error, Error::Unusable { .. }), "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn what_keeps_to_the_limits_is_measured_and_unpacked() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let mut pack = Forge::new(format);
        let mut at = pack.blob(&[7; 10_000]);
        for _ in 0..4 {
            at = pack.copies(at, 10_000, 1);
        }
        pack.copies(12, 10_000, 10);
        pack.measured(&small()).unwrap();
    }
}

#[test]
fn what_inflates_too_far_is_refused_before_it_is_unpacked() {
    let zeros = vec![0; 1 << 20];
    let mut one = Forge::new(ObjectFormat::Sha1);
    one.blob(&zeros);
    assert!(one.bytes.len() < 2_000);
    refused(one.measured(&small()), "bundle-object-bytes allows 100000");
    one.measured(&Limits::default()).unwrap();

    // It says that it is short.
    let mut lie = Forge::new(ObjectFormat::Sha1);
    lie.put(3, 10, &[], &zeros);
    refused(lie.measured(&Limits::default()), "longer than it says");
    let mut lie = Forge::new(ObjectFormat::Sha1);
    lie.put(3, 10, &[], b"123456789");
    refused(lie.measured(&Limits::default()), "shorter than it says");

    let mut many = Forge::new(ObjectFormat::Sha1);
    for _ in 0..4 {
        many.blob(&zeros[..90_000]);
    }
    refused(many.measured(&small()), "bundle-inflated-bytes allows 300000");

    // The announced size alone is enough.
    let mut huge = Forge::new(ObjectFormat::Sha1);
    huge.put(1, 1 << 50, &[], b"");
    refused(huge.measured(&Limits::default()), "bundle-object-bytes");
    let mut endless = Forge::new(ObjectFormat::Sha1);
    endless.number = 1;
    endless.bytes = vec![0xbf; 1_000];
    refused(endless.measured(&Limits::default()), "too many digits");
}

#[test]
fn deltas_that_make_too_much_are_refused() {
    let mut one = Forge::new(ObjectFormat::Sha1);
    let base = one.blob(&[0; 10_000]);
    one.copies(base, 10_000, 11);
    refused(one.measured(&small()), "110000 bytes in one object");

    let mut all = Forge::new(ObjectFormat::Sha1);
    let base = all.blob(&[0; 10_000]);
    for _ in 0..3 {
        all.copies(base, 10_000, 10);
    }
    refused(all.measured(&small()), "bundle-inflated-bytes allows 300000");

    // Each of them many times the one before.
    let mut tower = Forge::new(ObjectFormat::Sha1);
    let (mut at, mut size) = (tower.blob(&[0; 1_000]), 1_000);
    for _ in 0..4 {
        at = tower.copies(at, size, 10);
        size *= 10;
    }
    for _ in 0..3 {
        let delta = copying(size.into(), 0x00ff_ffff, 60);
        let base = offsets::distance(tower.at() - at);
        at = tower.put(measure::BY_DISTANCE, delta.len() as u64, &base, &delta);
    }
    refused(tower.measured(&Limits::default()), "bundle-object-bytes");

    // A long object is made anew for each delta upon it: 2, 4, 6 MiB and so on, 30 in all.
    let mut anew = Forge::new(ObjectFormat::Sha1);
    let mut at = anew.blob(&[0; 2 << 20]);
    for _ in 0..4 {
        at = anew.copies(at, 2 << 20, 1);
    }
    let limits = |mib: u64| Limits { bundle_inflated_bytes: mib << 20, ..Limits::default() };
    refused(anew.measured(&limits(29)), "bundle-inflated-bytes");
    anew.measured(&limits(31)).unwrap();

    let mut chain = Forge::new(ObjectFormat::Sha1);
    let mut at = chain.blob(&[0; 100]);
    for _ in 0..5 {
        at = chain.copies(at, 100, 1);
    }
    refused(chain.measured(&small()), "5 deltas upon each other or more");
    chain.measured(&Limits::default()).unwrap();
}

#[test]
fn deltas_without_a_base_that_can_be_told_are_refused() {
    let delta = copying(100, 100, 1);
    let by = |kind: u8, base: &[u8], delta: &[u8]| {
        let mut pack = Forge::new(ObjectFormat::Sha1);
        pack.blob(&[0; 100]);
        pack.put(kind, delta.len() as u64, base, delta);
        pack.measured(&Limits::default())
    };
    let length = {
        let mut pack = Forge::new(ObjectFormat::Sha1);
        pack.blob(&[0; 100]);
        pack.bytes.len() as u64
    };
    by(measure::BY_DISTANCE, &offsets::distance(length), &delta).unwrap();
    for wrong in [0, 1, length - 1, length + 1, length + 12, 1 << 40] {
        refused(by(measure::BY_DISTANCE, &offsets::distance(wrong), &delta), "no base before it");
    }
    refused(by(measure::BY_DISTANCE, &[0xff; 30], &delta), "too many digits");
    refused(by(measure::BY_ID, &[7; 20], &delta), "by id");
    let other = copying(99, 99, 1);
    refused(by(measure::BY_DISTANCE, &offsets::distance(length), &other), "another base");
    refused(by(measure::BY_DISTANCE, &offsets::distance(length), b"\x64"), "cut off");
    refused(by(measure::BY_DISTANCE, &offsets::distance(length), &[0xff; 30]), "cut off");
    for kind in [0, 5] {
        refused(by(kind, &[], b"x"), "no kind");
    }
}

#[test]
fn more_objects_than_are_allowed_or_there_are_refused() {
    let mut pack = Forge::new(ObjectFormat::Sha1);
    for n in 0..21 {
        pack.blob(&[n]);
    }
    refused(pack.measured(&small()), "21 objects or more; the limit bundle-objects allows 20");
    refused(pack.measured_as(u32::MAX, &Limits::default()), "bundle-objects");
    // The digest is taken for an object, or an object for the digest.
    for number in [0, 20, 22, 1_000_000] {
        assert!(pack.measured_as(number, &Limits::default()).is_err(), "{number}");
    }
    let good = pack.pack(21);
    let measured =
        |bytes: &[u8]| measure::measure(&mut &*bytes, ObjectFormat::Sha1, &Limits::default());
    measured(&good).unwrap();
    refused(measured(&[&good[..], b"x"].concat()), "behind its pack");
    for length in 0..good.len() {
        assert!(measured(&good[..length]).is_err(), "{length}");
    }
}

/// Many versions of a long file, of which libgit2 makes deltas upon deltas.
fn versions(lab: &Lab) -> Oid {
    let mut lines: Vec<String> = (0..400).map(|n| format!("line {n} of {}", n * n)).collect();
    let mut tip = lab.commit(lab.files(&[("long", &lines.join("\n"))]), &[]);
    for n in 0..30 {
        lines[n * 13 % 400] = format!("changed in version {n}");
        tip = lab.commit(lab.files(&[("long", &lines.join("\n"))]), &[tip]);
    }
    tip
}

#[test]
fn deltas_are_written_by_distance_and_git_reads_them() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let lab = Lab::new(format);
        let tip = versions(&lab);
        lab.main(tip);
        let bytes = write(&lab, &Packed { tip, reference: Some("refs/heads/main".into()) });
        let (_folder, repo, _) = read(&bytes).unwrap();
        assert!(repo.is_commit(tip));
        let flat = Limits { bundle_delta_depth: 0, ..Limits::default() };
        assert!(read_within(&bytes, &flat).is_err(), "no delta was written");
        let path = lab.dir.path();
        std::fs::write(path.join("ours"), &bytes).unwrap();
        crate::repo::testing::git_in(path, &["clone", "-q", "--bare", "ours", "clone"]);
        crate::repo::testing::git_in(&path.join("clone"), &["fsck", "--strict"]);
        // And what git itself writes is read.
        lab.git(&["bundle", "create", "-q", "../theirs", "refs/heads/main", "HEAD"]);
        let theirs = std::fs::read(path.join("theirs")).unwrap();
        assert!(read(&theirs).unwrap().1.is_commit(tip));
    }
}

/// Only what git makes of an empty folder, one ref, one pack and its index.
#[test]
fn nothing_else_comes_out_of_a_file() {
    let lab = Lab::sha1();
    let tip = versions(&lab);
    let packed = Packed { tip, reference: Some("refs/tags/v1".into()) };
    let (folder, repo, _) = read(&write(&lab, &packed)).unwrap();
    let below = |folder: &Path| {
        let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
        while let Some(here) = folders.pop() {
            for entry in std::fs::read_dir(here).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => found.push(path.strip_prefix(folder).unwrap().to_owned()),
                }
            }
        }
        found.sort();
        found
    };
    let empty = tempfile::tempdir().unwrap();
    let path = empty.path().join("repo");
    Repository::create(&path, ObjectFormat::Sha1, "refs/heads/main", &Limits::default()).unwrap();
    let usual = below(empty.path());
    let more: Vec<String> = below(folder.path())
        .into_iter()
        .filter(|path| !usual.contains(path))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    assert_eq!(more.len(), 3, "{more:?}");
    assert!(more[0].ends_with(".idx") && more[1].ends_with(".pack"), "{more:?}");
    assert_eq!(more[2], "repo/.git/refs/tags/v1");
    let conditions = repo.conditions();
    assert_eq!(conditions, crate::repo::Conditions::default());
}
