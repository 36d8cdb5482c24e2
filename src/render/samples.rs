//! Reports made by hand, for tests of the formats.

use crate::finding::{Code, Finding, Place, Severity};
use crate::model::{DomainId, Fingerprint, GateKind, ObjectFormat, Oid, ReviewerId, Time};
use crate::report::{
    Anchor, AnchorSource, Checkpoint, Counts, Covered, GateReport, JudgedCommit, RegistryInForce,
    Report, Signer, SignoffReport, Tip, Verdict,
};
use crate::source::{Source, Spot};

/// Everything that has ever steered a terminal, a build log, a browser or a table.
pub(super) const HOSTILE: &str = "::error::x\u{1b}[31m\u{202e}##[error]y<script>|\n::warning::z";

pub(super) fn oid(n: u8) -> Oid {
    Oid::from_bytes(&[n; 20]).unwrap()
}

pub(super) fn at(text: &str) -> Time {
    Time::parse(text).unwrap()
}

fn reviewer(id: &str) -> ReviewerId {
    ReviewerId::new(id).unwrap()
}

fn domain(id: &str) -> DomainId {
    DomainId::new(id).unwrap()
}

fn key(n: u8) -> Fingerprint {
    Fingerprint::OpenPgpV4([n; 20])
}

fn signer(id: &str, n: u8) -> Signer {
    Signer { reviewer_id: reviewer(id), fingerprint: key(n), primary: key(n) }
}

pub(super) fn signoff(id: &str, area: &str, why: Option<&str>) -> SignoffReport {
    SignoffReport {
        reviewer_id: reviewer(id),
        domain: domain(area),
        attested: why.is_none(),
        counted: why.is_none(),
        why: why.map(str::to_owned),
        fingerprint: why.is_none().then(|| key(7)),
        timestamp: at("2026-06-11T11:00:00Z"),
    }
}

pub(super) fn gate(epoch: u64, verdict: Verdict) -> GateReport {
    let commit = oid(u8::try_from(epoch % 200).unwrap() + 1);
    GateReport {
        kind: GateKind::Epoch,
        epoch: Some(epoch),
        name: None,
        commit,
        carrier: commit,
        verdict,
        subject: Some(oid(0xee)),
        signer: Some(signer("clancy", 7)),
        signature_time: Some(at("2026-06-11T12:00:00Z")),
        committer_time: Some(at("2026-06-11T12:00:01Z")),
        signoffs: vec![signoff("clancy", "kernel", None), signoff("ada", "process", None)],
    }
}

/// A run that passes and has nothing to say.
pub(crate) fn passing() -> Report {
    Report {
        verdict: Verdict::Pass,
        input_unusable: false,
        anchor: Some(Anchor { commit: oid(0xaa), source: AnchorSource::Flag }),
        tip: Tip { reference: Some("refs/heads/main".into()), commit: oid(0xff) },
        object_format: ObjectFormat::Sha1,
        project: "clan-os".into(),
        registry: Some(RegistryInForce {
            serial: 4,
            sha256: [0x5a; 32],
            commit: Some(oid(0xaa)),
            pinned: false,
        }),
        covered: Some(Covered { commit: oid(2), epoch: 1, behind: 0 }),
        checkpoint: Some(Checkpoint { commit: oid(1), serial: 4 }),
        commits_only: false,
        counts: Counts { commits: 9, signatures: 6, gates: 2, ..Counts::default() },
        gates: vec![gate(0, Verdict::Pass), gate(1, Verdict::Pass)],
        findings: Vec::new(),
        commits: vec![judged(1, Verdict::Pass, None), judged(2, Verdict::Pass, None)],
    }
}

fn judged(n: u8, verdict: Verdict, code: Option<Code>) -> JudgedCommit {
    JudgedCommit {
        commit: oid(n),
        kind: "epoch+ceremony".into(),
        verdict,
        code,
        signer: (verdict == Verdict::Pass).then(|| signer("clancy", 7)),
        fingerprint: Some(key(9)),
        signature_time: (verdict == Verdict::Pass).then(|| at("2026-06-11T12:00:00Z")),
        committer_time: Some(at("2026-06-11T12:00:01Z")),
    }
}

fn registry_place(label: &str) -> Place {
    let text =
        "[[retired_keys]]\nreviewer_id = \"clancy\"\nretired_at = 2026-06-11  # moved house\n";
    let source = Source::new("keys/reviewer-registry.toml", text);
    Place::new(&source, Some(oid(0xaa)), Spot { line: 3, column: 1 }, label)
}

fn manifest_place(label: &str) -> Place {
    let text = "[[signoffs]]\nreviewer_id = \"ada\"\n  domain = \"kernel\"\n";
    let source = Source::new("epoch_signoffs/epoch-2.toml", text);
    Place::new(&source, Some(oid(3)), Spot { line: 3, column: 12 }, label)
}

fn retired(n: u8) -> Finding {
    Finding::new(Code::KeyRetired, "epoch 2 is signed with a key that clancy had retired before")
        .help("sign the gate with a key in force: `gatecheck status` lists them")
        .commit(oid(n))
        .epoch(2)
        .reviewer(&reviewer("clancy"))
        .fingerprint(key(7))
        .compared("retired since 2026-06-11", "a key of clancy that the registry lists as active")
        .signature_time(Some(at("2026-07-01T10:00:00Z")))
        .committer_time(Some(at("2026-07-01T10:00:05Z")))
        .at(registry_place("retired here"))
}

/// A run in which everything goes wrong.
pub(crate) fn refused() -> Report {
    let mut report = passing();
    report.verdict = Verdict::Refused;
    report.covered = Some(Covered { commit: oid(2), epoch: 1, behind: 4 });
    report.checkpoint = None;
    report.gates.extend(broken_gates());
    report.findings = vec![
        Finding::new(
            Code::CertExpired,
            "the certificate of clancy had expired when this was signed",
        )
        .help("extend it: `gpg --quick-set-expire`")
        .commit(oid(2))
        .signature_time(Some(at("2026-06-11T12:00:00Z"))),
        Finding::new(Code::QuorumNotMet, "epoch 2 has nobody who counts for domain kernel")
            .help("ask clancy to sign off: `gatecheck signoff new --epoch 2 --domain kernel`")
            .commit(oid(3))
            .epoch(2)
            .domain(&domain("kernel"))
            .compared("0 people", "1 person (per_domain)")
            .at(manifest_place("the only sign-off for it"))
            .at(registry_place("and its reviewer's key")),
    ];
    report.findings.extend((3..9).map(retired));
    report.findings.extend([
        hostile_finding(),
        Finding::new(Code::MissingObject, "object 0404 is not here")
            .help("fetch it: `git fetch --unshallow`")
            .commit(oid(4)),
        Finding::new(Code::PinnedByDate, "dates decide, since the registry is pinned"),
    ]);
    report.counts.gates = 5;
    report.counts.refused = 2;
    report.counts.undecided = 1;
    report.counts.errors = 8;
    report.counts.warnings = 1;
    report.commits.push(judged(3, Verdict::Refused, Some(Code::KeyRetired)));
    report
}

fn broken_gates() -> [GateReport; 3] {
    let mut second = gate(2, Verdict::Refused);
    second.signoffs = vec![signoff("ada", "kernel", Some("no signature stands beside it"))];
    second.signer = None;
    let mut squash = gate(3, Verdict::Undecided);
    squash.kind = GateKind::Squash;
    squash.epoch = None;
    squash.name = Some("big-import".into());
    squash.carrier = oid(0x77);
    let mut ceremony = gate(4, Verdict::Refused);
    ceremony.kind = GateKind::Ceremony;
    ceremony.epoch = None;
    ceremony.subject = None;
    ceremony.signature_time = None;
    ceremony.committer_time = None;
    ceremony.signoffs = Vec::new();
    [second, squash, ceremony]
}

fn hostile_finding() -> Finding {
    let source = Source::new(HOSTILE, "x\u{1b}[2J = \u{202e}\"::error::<script>|##[error]\"");
    let mut finding = Finding::new(Code::ForbiddenText, format!("found {HOSTILE}"))
        .severity(Severity::Error)
        .help(HOSTILE)
        .commit(oid(3))
        .compared(HOSTILE, HOSTILE)
        .at(Place::new(&source, None, Spot { line: 1, column: 8 }, HOSTILE));
    finding.tag = Some(HOSTILE.into());
    finding
}

/// [`refused`], with every string hostile that a repository can choose.
pub(super) fn hostile() -> Report {
    let mut report = refused();
    report.tip.reference = Some(HOSTILE.into());
    report.project = HOSTILE.into();
    for gate in &mut report.gates {
        gate.name = Some(HOSTILE.into());
        for signoff in &mut gate.signoffs {
            signoff.why = Some(HOSTILE.into());
            signoff.counted = false;
        }
    }
    for commit in &mut report.commits {
        commit.kind = HOSTILE.into();
    }
    report
}
