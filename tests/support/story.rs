//! The words in which a story is told: `fixtures/stories/<what-happens>.toml`.
//!
//! Everything has a default, so that a story says only what is particular about it. Texts may hold
//! `{fpr:ada}`, `{public:ada}`, `{commit:work}`, … (see [`super::build`]).

use std::collections::BTreeMap;

use serde::Deserialize;

/// Pairs of texts: each first one must be there, and its first place becomes the second.
pub(crate) type Edits = Vec<[String; 2]>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Story {
    /// What happens and why the expected answer is right, in a sentence or two.
    pub(crate) story: String,
    #[serde(default)]
    pub(crate) run: Run,
    /// Keys by name. clancy, ada, grace and edsger are always there.
    #[serde(default)]
    pub(crate) keys: BTreeMap<String, KeySpec>,
    #[serde(default)]
    pub(crate) registry: RegistrySpec,
    #[serde(default)]
    pub(crate) repository: RepositorySpec,
    /// The first commit: registry, key files and a little content, signed by clancy.
    #[serde(default)]
    pub(crate) anchor: CommitSpec,
    /// The commits after it, oldest first.
    #[serde(default)]
    pub(crate) commits: Vec<CommitSpec>,
    pub(crate) expect: Expect,
}

/// How the program is called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Run {
    /// Name of the anchor; `""`: none is given.
    pub(crate) anchor: String,
    /// Name of the judged tip; absent: the program finds it (the registry's mainline ref).
    pub(crate) tip: Option<String>,
    /// The run's clock.
    pub(crate) at: String,
    /// Further clocks, under which every word about history must be the same.
    pub(crate) also_at: Vec<String>,
    /// Clocks under which the run must not pass.
    pub(crate) undecided_at: Vec<String>,
    /// Further arguments.
    pub(crate) args: Vec<String>,
    /// Further environment; `{repo}` is the repository.
    pub(crate) env: BTreeMap<String, String>,
    /// Files beside the repository for arguments to name, as `{dir}/<name>`.
    pub(crate) files: BTreeMap<String, String>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            anchor: "anchor".into(),
            tip: None,
            at: "2026-12-01T00:00:00Z".into(),
            also_at: Vec::new(),
            undecided_at: Vec::new(),
            args: Vec::new(),
            env: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }
}

/// One throw-away key, and its entry in the registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KeySpec {
    /// See [`super::keys`].
    pub(crate) kind: String,
    /// Whose it is; absent: the person with the key's name.
    pub(crate) person: Option<String>,
    /// `human`, `bot` or `forge`.
    pub(crate) person_kind: String,
    /// `standing`, `retired`, or `none` for a key that the registry does not have.
    pub(crate) entry: String,
    /// The entry's window and further fields, as they stand in the registry.
    pub(crate) fields: String,
    /// User id, where it is not the person's name and address.
    pub(crate) user_id: Option<String>,
    /// When the key was made.
    pub(crate) created: String,
    /// When its certificate lapses.
    pub(crate) expires: Option<String>,
    /// Name of the key whose material and file this entry shares.
    pub(crate) same_as: Option<String>,
}

impl Default for KeySpec {
    fn default() -> Self {
        Self {
            kind: "openpgp-ed25519".into(),
            person: None,
            person_kind: "human".into(),
            entry: "standing".into(),
            fields: "effective_from = 2026-01-01\neffective_until = 2027-12-31".into(),
            user_id: None,
            created: "2020-01-01T00:00:00Z".into(),
            expires: None,
            same_as: None,
        }
    }
}

/// What differs from the usual registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RegistrySpec {
    /// The whole file.
    pub(crate) text: Option<String>,
    pub(crate) serial: u64,
    /// Instead of kernel, evidence and process.
    pub(crate) domains: Option<String>,
    /// Policy tables.
    pub(crate) policy: String,
    pub(crate) edit: Edits,
}

impl Default for RegistrySpec {
    fn default() -> Self {
        Self { text: None, serial: 1, domains: None, policy: String::new(), edit: Vec::new() }
    }
}

/// What is done to the repository once its objects are made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RepositorySpec {
    pub(crate) sha256: bool,
    pub(crate) bare: bool,
    /// Refs by name; `refs/heads/main` is the last commit else.
    pub(crate) refs: BTreeMap<String, String>,
    /// Commits that an unsigned local file calls shallow though nothing is missing.
    pub(crate) shallow_file: Vec<String>,
    /// The judged repository is a clone of this depth.
    pub(crate) clone_depth: Option<u32>,
    /// The judged repository is a clone without blobs.
    pub(crate) partial_clone: bool,
    /// Objects taken away: `commit:work`, `tree:work`, `blob:work:kernel/main.rs`.
    pub(crate) delete: Vec<String>,
    /// One byte of these loose objects is changed.
    pub(crate) corrupt: Vec<String>,
    /// Replace refs: object -> stand-in.
    pub(crate) replace: BTreeMap<String, String>,
    /// Lines of `info/grafts`.
    pub(crate) grafts: Vec<String>,
    /// A commit-graph file that names these parents instead of the real ones: commit -> first parent.
    pub(crate) lying_commit_graph: BTreeMap<String, String>,
    /// Repository configuration.
    pub(crate) config: BTreeMap<String, String>,
}

/// One commit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CommitSpec {
    pub(crate) name: String,
    /// Author: a name, or a key's name. Gates: clancy; else dev, who is nobody's reviewer.
    pub(crate) by: Option<String>,
    pub(crate) committer: Option<String>,
    /// Author date, committer date and signature time, where not said otherwise.
    /// Absent: noon of the day after the commit before.
    pub(crate) date: Option<String>,
    pub(crate) committer_date: Option<String>,
    pub(crate) sig_time: Option<String>,
    /// Key that signs the commit; `""`: unsigned. Gates are signed by clancy, others unsigned.
    pub(crate) signed_by: Option<String>,
    /// Names of parents; absent: the commit before.
    pub(crate) parents: Option<Vec<String>>,
    /// Start from the tree of this commit instead of the first parent's.
    pub(crate) checkout: Option<String>,
    /// Absent in an ordinary commit that does nothing else: `kernel/<name>.rs`.
    pub(crate) files: BTreeMap<String, String>,
    /// Files whose content is given in hexadecimal.
    pub(crate) hex_files: BTreeMap<String, String>,
    /// Modes that are not 100644; 120000 and 160000 too.
    pub(crate) modes: BTreeMap<String, String>,
    pub(crate) remove: Vec<String>,
    pub(crate) registry_edit: Edits,
    pub(crate) message: Option<String>,

    /// The commit adds the manifest of this epoch.
    pub(crate) epoch: Option<u64>,
    /// The commit adds a squash manifest of this name.
    pub(crate) squash: Option<String>,
    /// With `epoch`: the manifest is re-attestation K of that gate.
    pub(crate) reattest: Option<u64>,
    /// With `epoch`: the manifest is this person's dissent file.
    pub(crate) dissent_of: Option<String>,
    /// With `reattest`: name of the gate; with a gate: name of the commit signed off later.
    pub(crate) gate_commit: Option<String>,
    /// Name of the last accepted gate or `none`; absent: the last commit with a gate that is not `refused`.
    pub(crate) previous_gate: Option<String>,
    /// Later gates do not follow this one.
    pub(crate) refused: bool,
    pub(crate) cures: Vec<String>,
    /// State the content digest: `good`, or a text of 64 digits.
    pub(crate) subject_sha256: Option<String>,
    pub(crate) signoffs: Option<Vec<SignoffSpec>>,
    /// Path of the manifest, where it is not the canonical one.
    pub(crate) manifest_path: Option<String>,
    /// Edits of the manifest after the sign-offs were signed.
    pub(crate) manifest_edit: Edits,

    /// The commit is a ceremony: its registry and its record are made from this.
    pub(crate) ceremony: Option<super::ceremony::CeremonySpec>,

    /// Edits of the commit before it is signed.
    pub(crate) edit_signed: Edits,
    /// Edits of the commit after it was signed.
    pub(crate) edit: Edits,
    /// A `mergetag` header with a tag signed by this key.
    pub(crate) mergetag_by: Option<String>,
    pub(crate) sig: SigSpec,
    /// What git itself says about the signature (`%G?`, or `?` where it gives up): needed where
    /// something was tampered with.
    pub(crate) git: Option<String>,
}

impl CommitSpec {
    /// Whether a manifest of a gate is added.
    pub(crate) fn is_gate(&self) -> bool {
        self.squash.is_some()
            || self.ceremony.is_some()
            || (self.epoch.is_some() && self.reattest.is_none() && self.dissent_of.is_none())
    }

    /// Whether it is an ordinary commit of which the story tells no change.
    pub(crate) fn touches_nothing(&self) -> bool {
        !self.adds_manifest()
            && self.name != "anchor"
            && self.checkout.is_none()
            && self.files.is_empty()
            && self.hex_files.is_empty()
            && self.remove.is_empty()
            && self.registry_edit.is_empty()
            && self.ceremony.is_none()
    }

    /// Whether any manifest is added.
    pub(crate) fn adds_manifest(&self) -> bool {
        self.epoch.is_some() || self.squash.is_some()
    }
}

/// One sign-off of a manifest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SignoffSpec {
    /// `reviewer_id`.
    pub(crate) by: String,
    pub(crate) domain: String,
    /// Absent: the document of the domain.
    pub(crate) scope: Option<Vec<String>>,
    pub(crate) reviews: Vec<String>,
    pub(crate) checklist: Vec<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) dissent: String,
    pub(crate) withdrawn: bool,
    pub(crate) superseded_by: String,
    pub(crate) authored_by: String,
    pub(crate) roles: Vec<String>,
    pub(crate) justification: String,
    pub(crate) ai: Option<Ai>,
    /// The sign-off's own `epoch` field; absent: the manifest's.
    pub(crate) epoch: Option<u64>,

    /// Key that signs; absent: the reviewer's.
    pub(crate) key: Option<String>,
    pub(crate) sig_time: Option<String>,
    pub(crate) sig: SigSpec,
    /// `none`, `garbage`, or `copy:<commit>:<n>`, the signature of that commit's n-th sign-off.
    pub(crate) signature: Option<String>,
    /// What is signed differs from what the manifest says: fields of the predicate, or
    /// `tree`/`commit` (by name) for the subject.
    pub(crate) signed_as: BTreeMap<String, toml::Value>,
}

/// `ai_attestation`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ai {
    pub(crate) understood: bool,
    pub(crate) invariants: Vec<String>,
    pub(crate) statement: String,
}

/// What is wrong with a signature.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SigSpec {
    /// Made by the real `gpg` instead of in this process.
    pub(crate) with_gpg: bool,
    /// OpenPGP: over the text with CRLF line ends, type 0x01.
    pub(crate) text: bool,
    /// OpenPGP: another type, by number.
    pub(crate) typ: Option<u8>,
    /// OpenPGP: `sha1`, `sha256`, … Default sha512.
    pub(crate) hash: Option<String>,
    /// OpenPGP: seconds after which the signature expires.
    pub(crate) expires_in: Option<u64>,
    /// OpenPGP: key whose id stands in an unhashed issuer subpacket, as the only issuer.
    pub(crate) issuer: Option<String>,
    /// OpenPGP: key whose fingerprint stands in the hashed issuer subpacket.
    pub(crate) issuer_hashed: Option<String>,
    /// OpenPGP: several packets in one armor, made by these keys.
    pub(crate) packets: Vec<String>,
    /// Several signature headers, made by these keys.
    pub(crate) headers: Vec<String>,
    /// OpenPGP: the packet stands in a compressed-data packet (of no compression).
    pub(crate) wrapped: bool,
    /// SSH with RSA: signed over SHA-1 (`ssh-rsa`).
    pub(crate) ssh_sha1: bool,
    /// SSH: namespace; default `git` for commits and `gatecheck` for statements.
    pub(crate) namespace: Option<String>,
    /// The signature covers this text instead.
    pub(crate) over: Option<String>,
    /// Edits of the armor.
    pub(crate) edit: Edits,
    /// The armor is cut after so many bytes.
    pub(crate) truncate: Option<usize>,
    /// Junk lines (64 characters each) put into the armor's body.
    pub(crate) junk_lines: usize,
}

/// What must be said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Expect {
    /// The report's verdict, which decides the exit status; or `unusable` (the verifier's own
    /// input: exit status 2, nothing is asked of a report but `printed`). Alternatives after
    /// ` | `, where the documentation allows more than one.
    pub(crate) verdict: String,
    /// `commit: code`, or `commit: code severity` where it is not the code's usual one;
    /// `*` for any or no commit. `commit: one | other` where the documentation leaves it open.
    pub(crate) findings: Vec<String>,
    /// Codes that must not be among the findings.
    pub(crate) absent: Vec<String>,
    /// Findings that may be there.
    pub(crate) allowed: Vec<String>,
    /// `commit: verdict`, or `commit: kind verdict`.
    pub(crate) gates: Vec<String>,
    /// `gate reviewer domain: attested counted`, with `!` for not.
    pub(crate) signoffs: Vec<String>,
    /// Texts that must stand in the output, in either case; alternatives after ` | `.
    pub(crate) printed: Vec<String>,
    /// Texts that must not stand anywhere in the output as they are (escape codes).
    pub(crate) never_printed: Vec<String>,
    /// `git fsck` complains about the objects.
    pub(crate) fsck_complains: bool,
}
