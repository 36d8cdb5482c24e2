//! Reports made by hand, for tests of the formats.

use crate::finding::{Code, Finding, Place, Severity};
use crate::model::{DomainId, Fingerprint, GateKind, ObjectFormat, Oid, ReviewerId, Time, Window};
use crate::report::{
    Anchor, AnchorSource, Checkpoint, Counts, Covered, GateReport, JudgedCommit, KeyStanding,
    KeyWindow, RegistryInForce, Report, Signer, SignoffReport, Tip, Verdict,
};
use crate::source::{Source, Spot};

/// Everything that has ever steered a terminal, a build log, a browser or a table.
pub(super) const HOSTILE: &str = "::error::x\u{1b}[31m\u{202e}##[error]y<script>|\n::warning::z\r\u{0}\
    `]]>--><!--</title></style>&#60;'\"]({0})@all :tada:\u{ffff}\u{9b}::stop-commands::t";

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
        keys: keys(),
    }
}

/// One key of every state.
fn keys() -> Vec<KeyWindow> {
    let window = |id: &str, n: u8, from: &str, until: Option<&str>, state| KeyWindow {
        reviewer_id: reviewer(id),
        fingerprint: (n > 0).then(|| key(n)),
        window: Window { from: at(from), until: until.map(at) },
        state,
    };
    vec![
        window("clancy", 7, "2026-03-01", None, KeyStanding::Standing),
        window("ada", 8, "2026-01-01", Some("2028-01-01"), KeyStanding::Standing),
        window("clancy", 9, "2025-06-01", Some("2026-03-15"), KeyStanding::Retired),
        window("ada", 10, "2024-01-01", Some("2025-10-01"), KeyStanding::Expired),
        window("mallory", 11, "2026-02-01", Some("2026-05-01"), KeyStanding::Compromised),
        window("nobody", 0, "2026-02-01", Some("2026-02-01"), KeyStanding::Standing),
    ]
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

/// A run that came to nothing: no anchor, no registry, no gate.
pub(super) fn empty() -> Report {
    Report {
        verdict: Verdict::Undecided,
        anchor: None,
        tip: Tip { reference: None, commit: oid(0xff) },
        project: String::new(),
        registry: None,
        covered: None,
        checkpoint: None,
        counts: Counts::default(),
        gates: Vec::new(),
        findings: Vec::new(),
        commits: Vec::new(),
        keys: Vec::new(),
        ..passing()
    }
}

/// So many findings, errors and warnings in turn, each of a commit of its own.
pub(super) fn many_findings(n: usize) -> Report {
    let mut report = refused();
    report.findings = (0..n)
        .map(|n| {
            let mut raw = [0; 20];
            raw[..8].copy_from_slice(&u64::try_from(n).unwrap().to_be_bytes());
            let severity = if n % 2 == 0 { Severity::Warning } else { Severity::Error };
            retired(1).severity(severity).commit(Oid::from_bytes(&raw).unwrap())
        })
        .collect();
    report.counts.errors = u64::try_from(n / 2).unwrap();
    report.counts.warnings = u64::try_from(n - n / 2).unwrap();
    report
}

/// A project that has run for long: reviewers who come, rotate and go, a gate every nine days.
/// Every seventeenth gate is refused, every thirtieth cannot be told.
pub(super) fn busy(reviewers: u32, gates: u32) -> Report {
    let mut report = refused();
    let start = at("2019-03-01").unix();
    let day = |days: u32| Time::from_unix_clamped(start + i64::from(days) * 86_400);
    let days = gates * 9;
    let name = |n: u32| {
        let long = match reviewers {
            101.. => "-with-the-longest-name-that-a-registry-lets-in-there",
            _ if n % 7 == 3 => "-with-a-very-long-name-indeed",
            _ => "",
        };
        reviewer(&format!("reviewer-{n:02}{long}"))
    };
    let window = |n: u32, from: u32, until: Option<u32>, state| KeyWindow {
        reviewer_id: name(n),
        fingerprint: Some(key(u8::try_from(n % 250).unwrap())),
        window: Window { from: day(from), until: until.map(day) },
        state,
    };
    // Who is there from when on.
    let joined = |n: u32| (n / 3) * days / (reviewers / 2 + 1);
    report.keys = (0..reviewers)
        .flat_map(|n| {
            let (from, half) = (joined(n), joined(n) + (days - joined(n)) / 2);
            match n % 5 {
                0 => vec![window(n, from, None, KeyStanding::Standing)],
                1 => vec![
                    window(n, from, Some(half), KeyStanding::Retired),
                    window(n, half - half / 30, Some(days + 400), KeyStanding::Standing),
                ],
                2 => vec![window(n, from, Some(half), KeyStanding::Expired)],
                3 => vec![
                    window(n, from, Some(half), KeyStanding::Compromised),
                    window(n, half, None, KeyStanding::Standing),
                ],
                _ => vec![window(n, from, Some(days + 2_000), KeyStanding::Standing)],
            }
        })
        .collect();
    report.gates = (0..gates)
        .map(|n| {
            let verdict = match n {
                n if n % 17 == 16 => Verdict::Refused,
                n if n % 30 == 29 => Verdict::Undecided,
                _ => Verdict::Pass,
            };
            let here = (0..reviewers).filter(|who| joined(*who) <= n * 9 && (who + n) % 4 != 0);
            let signoffs = here
                .map(|who| {
                    let why =
                        ((who + n) % 23 == 5).then_some("the reviewer took no part for 3 epochs");
                    let attested = why.is_none() || (who + n) % 46 == 5;
                    SignoffReport {
                        reviewer_id: name(who),
                        attested,
                        ..signoff("x", "kernel", why)
                    }
                })
                .collect();
            GateReport {
                committer_time: Some(day(n * 9)),
                signer: Some(Signer { reviewer_id: name(n % reviewers), ..signer("x", 7) }),
                signoffs,
                ..gate(u64::from(n), verdict)
            }
        })
        .collect();
    report.counts.gates = u64::from(gates);
    report.counts.refused = u64::from(gates / 17);
    report.counts.undecided = u64::from(gates / 30);
    report
}

/// [`refused`], with every string hostile that a repository can choose.
pub(super) fn hostile() -> Report {
    let mut report = refused();
    report.tip.reference = Some(HOSTILE.into());
    report.project = HOSTILE.into();
    for finding in &mut report.findings {
        finding.help.push_str(HOSTILE);
        for place in &mut finding.places {
            place.path = HOSTILE.into();
            place.label = HOSTILE.into();
            place.line_text = HOSTILE.into();
        }
    }
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
