//! Every bound on input, by name.

/// How much of anything is read before the program refuses to go on.
/// `--limit NAME=VALUE` changes one; the names are those of [`Limits::NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file from a tree (registry, manifest, key file): 1 MiB.
    pub file_bytes: u64,
    /// Bytes of one commit or tag object: 1 MiB.
    pub object_bytes: u64,
    /// Bytes of one armored signature: 256 KiB (SLH-DSA signatures reach 50 KiB).
    pub signature_bytes: u64,
    /// Entries of one tree object: 100,000.
    pub tree_entries: u64,
    /// Folders within folders: 256.
    pub tree_depth: u64,
    /// Commits of one walk: 10 million.
    pub commits: u64,
    /// Key files beside the registry: 4,096.
    pub key_files: u64,
    /// OpenPGP packets in one key file: 10,000.
    pub packets: u64,
    /// Sign-offs in one manifest: 1,024.
    pub signoffs: u64,
    /// Approvals in one ceremony record: 256.
    pub approvals: u64,
    /// Keys tried for a signature that does not name its key: 64.
    pub key_attempts: u64,
    /// Paths compared between two trees: 1 million.
    pub changed_paths: u64,
    /// Lines of one CODEOWNERS file: 5,000.
    pub codeowners_lines: u64,
    /// Bytes of one ceremony request, which carries registries and key files: 16 MiB.
    pub request_bytes: u64,
    /// Bytes of one bundle, and of the history in it: 4 GiB.
    pub bundle_bytes: u64,
    /// Bytes of a build service's event file: 32 MiB (GitHub's reach 25 MB).
    pub event_bytes: u64,
    /// Objects in a bundle's history: 4 million.
    pub bundle_objects: u64,
    /// Bytes of one object in a bundle's history, inflated and made of its deltas: 256 MiB.
    pub bundle_object_bytes: u64,
    /// Bytes that are gone through to make them all: 8 GiB. An object counts with its deltas; one
    /// made of another of more than 1 MiB counts with all that this one is made of as well.
    pub bundle_inflated_bytes: u64,
    /// Deltas upon each other in a bundle's history: 64.
    pub bundle_delta_depth: u64,
    /// Bytes of the report in a bundle: 64 MiB.
    pub report_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 1 << 20,
            object_bytes: 1 << 20,
            signature_bytes: 256 << 10,
            tree_entries: 100_000,
            tree_depth: 256,
            commits: 10_000_000,
            key_files: 4_096,
            packets: 10_000,
            signoffs: 1_024,
            approvals: 256,
            key_attempts: 64,
            changed_paths: 1_000_000,
            codeowners_lines: 5_000,
            request_bytes: 16 << 20,
            bundle_bytes: 4 << 30,
            event_bytes: 32 << 20,
            bundle_objects: 4_000_000,
            bundle_object_bytes: 256 << 20,
            bundle_inflated_bytes: 8 << 30,
            bundle_delta_depth: 64,
            report_bytes: 64 << 20,
        }
    }
}

/// Why `--limit NAME=VALUE` was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no limit has this name; there are: {}", Limits::NAMES.join(", "))]
pub struct UnknownLimit;

impl Limits {
    /// The names that `--limit` takes.
    pub const NAMES: [&'static str; 21] = [
        "file-bytes",
        "object-bytes",
        "signature-bytes",
        "tree-entries",
        "tree-depth",
        "commits",
        "key-files",
        "packets",
        "signoffs",
        "approvals",
        "key-attempts",
        "changed-paths",
        "codeowners-lines",
        "request-bytes",
        "bundle-bytes",
        "event-bytes",
        "bundle-objects",
        "bundle-object-bytes",
        "bundle-inflated-bytes",
        "bundle-delta-depth",
        "report-bytes",
    ];

    /// Sets one limit by its name.
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), UnknownLimit> {
        let field = match name {
            "file-bytes" => &mut self.file_bytes,
            "object-bytes" => &mut self.object_bytes,
            "signature-bytes" => &mut self.signature_bytes,
            "tree-entries" => &mut self.tree_entries,
            "tree-depth" => &mut self.tree_depth,
            "commits" => &mut self.commits,
            "key-files" => &mut self.key_files,
            "packets" => &mut self.packets,
            "signoffs" => &mut self.signoffs,
            "approvals" => &mut self.approvals,
            "key-attempts" => &mut self.key_attempts,
            "changed-paths" => &mut self.changed_paths,
            "codeowners-lines" => &mut self.codeowners_lines,
            "request-bytes" => &mut self.request_bytes,
            "bundle-bytes" => &mut self.bundle_bytes,
            "event-bytes" => &mut self.event_bytes,
            "bundle-objects" => &mut self.bundle_objects,
            "bundle-object-bytes" => &mut self.bundle_object_bytes,
            "bundle-inflated-bytes" => &mut self.bundle_inflated_bytes,
            "bundle-delta-depth" => &mut self.bundle_delta_depth,
            "report-bytes" => &mut self.report_bytes,
            _ => return Err(UnknownLimit),
        };
        *field = value;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_sets_a_limit_of_its_own() {
        let mut limits = Limits::default();
        for (n, name) in Limits::NAMES.iter().enumerate() {
            limits.set(name, n as u64 + 7).unwrap();
        }
        let numbered = |name: &str| {
            let place = Limits::NAMES.iter().position(|known| *known == name).unwrap();
            place as u64 + 7
        };
        assert_eq!(limits.file_bytes, numbered("file-bytes"));
        assert_eq!(limits.approvals, numbered("approvals"));
        assert_eq!(limits.changed_paths, numbered("changed-paths"));
        assert_eq!(limits.request_bytes, numbered("request-bytes"));
        assert_eq!(limits.codeowners_lines, numbered("codeowners-lines"));
        assert_eq!(limits.event_bytes, numbered("event-bytes"));
        assert_eq!(limits.bundle_objects, numbered("bundle-objects"));
        assert_eq!(limits.bundle_object_bytes, numbered("bundle-object-bytes"));
        assert_eq!(limits.bundle_inflated_bytes, numbered("bundle-inflated-bytes"));
        assert_eq!(limits.bundle_delta_depth, numbered("bundle-delta-depth"));
        assert_eq!(limits.report_bytes, numbered("report-bytes"));
        assert_eq!(limits.bundle_bytes, numbered("bundle-bytes"));
        assert_eq!(limits.set("nope", 1), Err(UnknownLimit));
    }
}
