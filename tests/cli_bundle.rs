//! `gatecheck bundle` and `gatecheck verify --bundle`, with real git, gpg and ssh-keygen.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has done its work"
)]

mod cli_support;

use std::io::Cursor;

use cli_support::project::{founded, gate, pin, released, work};
use cli_support::{Said, Sandbox, schema};
use gatecheck::bundle::{self, Papers};
use gatecheck::model::Limits;

fn pack(sandbox: &Sandbox, more: &[&str]) -> Said {
    sandbox.gatecheck("project", &[&["bundle", "--output", "../project.tar"], more].concat())
}

/// In a folder where there is no repository.
fn verify(sandbox: &Sandbox, more: &[&str]) -> Said {
    std::fs::create_dir_all(sandbox.path("elsewhere")).unwrap();
    sandbox.gatecheck("elsewhere", &[&["verify", "--bundle", "../project.tar"], more].concat())
}

/// The same with a temporary folder of its own, in which nothing may remain.
fn refused(sandbox: &Sandbox, more: &[&str], words: &[&str]) {
    for folder in ["elsewhere", "scratch"] {
        std::fs::create_dir_all(sandbox.path(folder)).unwrap();
    }
    let done = sandbox
        .command(env!("CARGO_BIN_EXE_gatecheck"), "elsewhere")
        .env("TMPDIR", sandbox.path("scratch"))
        .args([&["verify", "--bundle", "../project.tar"], more].concat())
        .output()
        .unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{words:?}: {err}");
    for word in words {
        assert!(err.contains(word), "{word}: {err}");
    }
    for folder in ["elsewhere", "scratch"] {
        assert_eq!(sandbox.files(folder), Vec::<String>::new(), "{words:?} left {folder}");
    }
}

fn parts(sandbox: &Sandbox, name: &str) -> (Vec<u8>, Papers) {
    let bytes = std::fs::read(sandbox.path(name)).unwrap();
    let mut history = Vec::new();
    let limits = Limits::default();
    let papers = bundle::read(&mut &*bytes, bytes.len() as u64, &mut history, &limits).unwrap();
    (history, papers)
}

/// Writes a bundle of these parts, with digests that fit.
fn put(sandbox: &Sandbox, history: &[u8], papers: &Papers) {
    let mut file = std::fs::File::create(sandbox.path("project.tar")).unwrap();
    bundle::write(&mut Cursor::new(history), papers, &mut file).unwrap();
}

#[test]
fn a_history_is_packed_and_judged_where_there_is_no_repository() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let (anchor, gate) = released(&sandbox);
    pack(&sandbox, &[]).must(0, &["pass", "packed: ", &gate, "gatecheck verify --bundle"]);
    let first = std::fs::read(sandbox.path("project.tar")).unwrap();
    pack(&sandbox, &[]).must(0, &[]);
    assert_eq!(std::fs::read(sandbox.path("project.tar")).unwrap(), first, "the same bytes");

    // By the user's own configuration, a flag, first use; never by the bundle.
    verify(&sandbox, &[]).must(0, &["pass"]);
    sandbox.git("home", &["config", "--global", "--unset", "gatecheck.project.anchor"]);
    verify(&sandbox, &[]).must(3, &["no-anchor"]);
    verify(&sandbox, &["--trust-on-first-use"]).must(0, &["no-anchor"]);
    verify(&sandbox, &["--anchor", &anchor]).must(0, &[]);
    verify(&sandbox, &["--anchor", &gate]).must(2, &["made from the anchor", &anchor]);
    verify(&sandbox, &["--anchor", &"1".repeat(40)]).must(2, &[]);
    // It says what the repository itself says.
    let inside = verify(&sandbox, &["--anchor", &anchor, "--format", "json"]).must(0, &[]);
    let here = sandbox.gatecheck("project", &["verify", "--anchor", &anchor, "--format", "json"]);
    assert_eq!(inside.out, here.out);
    schema::checked(&here.out);
    schema::checked(&sandbox.gatecheck("project", &["verify", "--format", "json"]).out);
    let lines = ["verify", "--anchor", &anchor, "--format", "ndjson"];
    let lines = sandbox.gatecheck("project", &lines).out;
    assert!(lines.lines().count() > 1, "{lines}");
    for line in lines.lines() {
        let line = serde_json::from_str(line).unwrap();
        assert_eq!(schema::wrong("report-line", &line), Vec::<String>::new());
        assert_ne!(schema::wrong("report", &line), Vec::<String>::new());
    }
    // Checkpoints work as ever.
    let keep = ["--anchor", &anchor, "--checkpoint", "../check"];
    verify(&sandbox, &keep).must(0, &[]);
    assert!(sandbox.read("check").contains(&gate));
    for other in [["--repo", "../project"], ["--registry", "x"]] {
        verify(&sandbox, &other).must(2, &["cannot be used with"]);
    }

    // What is inside can be read by everybody's tools.
    std::fs::create_dir(sandbox.path("out")).unwrap();
    sandbox.tool("tar", "out", &["-xf", "../project.tar"]);
    sandbox.tool("sha256sum", "out", &["-c", "SHA256SUMS"]);
    sandbox.git("out", &["clone", "-q", "history.bundle", "clone"]);
    assert_eq!(sandbox.git("out/clone", &["rev-parse", "HEAD"]), gate);
    assert_eq!(sandbox.git("out/clone", &["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(
        sandbox.read("out/registry.toml"),
        sandbox.read("project/keys/reviewer-registry.toml")
    );
}

#[test]
fn a_refusal_can_be_shown_and_nothing_is_half_written() {
    let sandbox = Sandbox::new();
    sandbox.openpgp_key();
    let anchor = founded(&sandbox, "project");
    pack(&sandbox, &[]).must(3, &["no-anchor", "nothing was packed"]);
    pin(&sandbox, &anchor);
    assert!(!sandbox.path("project.tar").exists());
    let good = gate(&sandbox, "project", 0, "none");
    pack(&sandbox, &[&good]).must(0, &[]);
    verify(&sandbox, &[]).must(0, &[]);
    work(&sandbox, "project", "2");
    pack(&sandbox, &["--require-covered"]).must(1, &["not-covered", "packed: "]);
    verify(&sandbox, &[]).must(0, &["not-covered"]);
    verify(&sandbox, &["--require-covered"]).must(1, &["not-covered"]);
    sandbox.write("project/keys/extra.asc", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n");
    sandbox.write(
        "project/keys/reviewer-registry.toml",
        &sandbox.read("project/keys/reviewer-registry.toml").replace("serial = 1", "serial = 7"),
    );
    sandbox.commit("project", "Change the registry alone");
    pack(&sandbox, &[]).must(1, &["packed: "]);
    verify(&sandbox, &[]).must(1, &["unauthorised-registry-change"]);

    // An object that is missing, off the way of the judge.
    let before = std::fs::read(sandbox.path("project.tar")).unwrap();
    let blob = sandbox.git("project", &["rev-parse", &format!("{anchor}:keys/ada.asc")]);
    let file = sandbox.path(&format!("project/.git/objects/{}/{}", &blob[..2], &blob[2..]));
    std::fs::remove_file(file).unwrap();
    assert_ne!(pack(&sandbox, &[]).status, 0);
    assert_eq!(std::fs::read(sandbox.path("project.tar")).unwrap(), before);
    let left: Vec<String> =
        sandbox.files(".").into_iter().filter(|name| name.contains(".gatecheck-")).collect();
    assert_eq!(left, Vec::<String>::new());
    pack(&sandbox, &["--output", "../nowhere/x.tar"]).must(2, &[]);
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let (anchor, first) = released(&sandbox);
    pack(&sandbox, &[]).must(0, &[]);
    let (old_history, old_papers) = parts(&sandbox, "project.tar");
    work(&sandbox, "project", "2");
    let second = gate(&sandbox, "project", 1, &first);
    pack(&sandbox, &[]).must(0, &[]);
    let (history, papers) = parts(&sandbox, "project.tar");
    put(&sandbox, &history, &papers);
    verify(&sandbox, &[]).must(0, &[]);

    let text = String::from_utf8(papers.report.clone()).unwrap();
    let report = |from: &str, to: &str| {
        let edited = text.replace(from, to);
        assert_ne!(edited, text, "{from}");
        Papers { report: edited.into_bytes(), ..papers.clone() }
    };
    let digest = sandbox.tool("sha256sum", "project", &["keys/reviewer-registry.toml"]);
    let digest = digest.split(' ').next().unwrap();
    let other_registry = [&papers.registry[..], b"\n"].concat();
    let table: Vec<(&str, Vec<u8>, Papers)> = vec![
        ("an older history", old_history, papers.clone()),
        ("an older report", history.clone(), old_papers),
        (
            "another registry",
            history.clone(),
            Papers { registry: other_registry, ..papers.clone() },
        ),
        ("no registry", history.clone(), Papers { registry: Vec::new(), ..papers.clone() }),
        ("another tip", history.clone(), report(&second, &first)),
        ("another anchor", history.clone(), report(&anchor, &first)),
        ("another digest", history.clone(), report(digest, &"0".repeat(64))),
        ("another schema", history.clone(), report("gatecheck-report/1", "gatecheck-report/2")),
        ("no report", history.clone(), Papers { report: b"{}".to_vec(), ..papers.clone() }),
        ("no JSON", history.clone(), Papers { report: vec![b'['; 200_000], ..papers.clone() }),
        ("no history", b"x".to_vec(), papers.clone()),
        ("half a history", history[..history.len() / 2].to_vec(), papers.clone()),
        (
            "a bare attestation",
            history.clone(),
            Papers { attestation: Some(b"{}".to_vec()), ..papers.clone() },
        ),
    ];
    for (what, history, papers) in table {
        put(&sandbox, &history, &papers);
        let said = verify(&sandbox, &["--anchor", &anchor]);
        assert_eq!(said.status, 2, "{what}: {}{}", said.out, said.err);
    }
    // A report that claims a pass changes nothing.
    let claimed =
        Papers { report: text.replace("\"pass\"", "\"refused\"").into(), ..papers.clone() };
    put(&sandbox, &history, &claimed);
    verify(&sandbox, &[]).must(0, &["pass"]);
    // Bytes that were changed on the way.
    put(&sandbox, &history, &papers);
    let good = std::fs::read(sandbox.path("project.tar")).unwrap();
    // Heads, digests, and the history behind them; padding says nothing, and would be passed over.
    let begin = 1_536;
    assert_eq!(good[begin..][..history.len()], history);
    for at in [0, 100, 600, begin, begin + history.len() / 2, begin + history.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(sandbox.path("project.tar"), bad).unwrap();
        let said = verify(&sandbox, &[]);
        assert_eq!(said.status, 2, "byte {at}: {}{}", said.out, said.err);
    }
    std::fs::write(sandbox.path("project.tar"), &good).unwrap();
    verify(&sandbox, &["--limit", "bundle-bytes=1000"]).must(2, &["longer than 1000"]);
    std::fs::remove_file(sandbox.path("project.tar")).unwrap();
    verify(&sandbox, &[]).must(2, &[]);
    std::fs::create_dir(sandbox.path("project.tar")).unwrap();
    verify(&sandbox, &[]).must(2, &[]);
}

#[test]
fn an_attestation_travels_along_and_is_judged() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let (_, first) = released(&sandbox);
    let attest = |more: &[&str]| {
        let args = [&["attest", "--output", "../verdict.json"], more].concat();
        sandbox.gatecheck("project", &args).must(0, &[]);
    };
    let with = ["--attestation", "../verdict.json"];
    attest(&[]);
    pack(&sandbox, &with).must(2, &["cannot be put into the bundle"]);
    attest(&["--sign"]);
    pack(&sandbox, &with).must(0, &[]);
    verify(&sandbox, &[]).must(0, &["pass"]);
    let attestation = parts(&sandbox, "project.tar").1.attestation;
    assert!(attestation.is_some());

    // Signed by a stranger.
    let (history, mut papers) = parts(&sandbox, "project.tar");
    sandbox.tool("ssh-keygen", "home", &["-q", "-t", "ed25519", "-N", "", "-f", ".ssh/eve"]);
    let text = String::from_utf8(attestation.unwrap()).unwrap();
    let mut envelope: serde_json::Value = serde_json::from_str(&text).unwrap();
    use base64::Engine as _;
    let armor = base64::engine::general_purpose::STANDARD;
    let payload = armor.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let mut signed =
        format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len()).into_bytes();
    signed.extend(payload);
    std::fs::write(sandbox.path("home/signed"), signed).unwrap();
    sandbox.tool(
        "ssh-keygen",
        "home",
        &["-q", "-Y", "sign", "-n", "gatecheck", "-f", ".ssh/eve", "signed"],
    );
    envelope["signatures"][0]["sig"] = armor.encode(sandbox.read("home/signed.sig")).into();
    papers.attestation = Some(envelope.to_string().into_bytes());
    put(&sandbox, &history, &papers);
    verify(&sandbox, &[]).must(1, &["unknown-signer"]);
    // About an earlier commit.
    work(&sandbox, "project", "2");
    let second = gate(&sandbox, "project", 1, &first);
    pack(&sandbox, &with).must(2, &["it is about the commit", &first]);
    // An old bundle does not lead behind the checkpoint, attested or not.
    let keep = ["--checkpoint", "../check"];
    sandbox.gatecheck("project", &[&["verify"], &keep[..]].concat()).must(0, &[]);
    for attestation in [None, Some(text.clone().into_bytes())] {
        put(&sandbox, &history, &Papers { attestation, ..papers.clone() });
        verify(&sandbox, &[]).must(0, &[]);
        verify(&sandbox, &keep).must(1, &["rollback"]);
        assert!(sandbox.read("check").contains(&second));
    }
    let (history, mut papers) = {
        pack(&sandbox, &[]).must(0, &[]);
        parts(&sandbox, "project.tar")
    };
    papers.attestation = Some(text.into_bytes());
    put(&sandbox, &history, &papers);
    verify(&sandbox, &[]).must(2, &["do not belong together"]);
}

#[test]
fn a_bundle_that_inflates_too_far_is_refused_and_nothing_remains() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let anchor = founded(&sandbox, "project");
    pin(&sandbox, &anchor);
    // Two files of zeros: some kilobytes, packed.
    sandbox.write("project/zeros", &"\0".repeat(8 << 20));
    sandbox.write("project/more", &"\0".repeat(7 << 20));
    sandbox.commit("project", "Add a bomb");
    gate(&sandbox, "project", 0, "none");
    pack(&sandbox, &[]).must(0, &[]);
    assert!(std::fs::metadata(sandbox.path("project.tar")).unwrap().len() < 100_000);
    verify(&sandbox, &[]).must(0, &[]);
    let limits = [
        ("bundle-object-bytes", "1000000"),
        ("bundle-inflated-bytes", "10000000"),
        ("bundle-objects", "5"),
        ("report-bytes", "10"),
    ];
    for (name, value) in limits {
        let limit = format!("{name}={value}");
        let words: &[&str] =
            if name == "report-bytes" { &["where 10 are"] } else { &[name, value] };
        refused(&sandbox, &["--limit", &limit], words);
    }
    // Nobody gets what he could not read.
    std::fs::remove_file(sandbox.path("project.tar")).unwrap();
    pack(&sandbox, &["--limit", "bundle-object-bytes=1000000"]).must(2, &["bundle-object-bytes"]);
    assert!(!sandbox.files(".").iter().any(|name| name.contains(".gatecheck-")));
    assert!(!sandbox.path("project.tar").exists());
}

#[test]
fn a_crafted_history_brings_nothing_but_objects_and_one_usual_ref() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let (anchor, gate) = released(&sandbox);
    pack(&sandbox, &[]).must(0, &[]);
    let (history, papers) = parts(&sandbox, "project.tar");
    let at = history.windows(2).position(|two| two == b"\n\n").unwrap();
    let head = String::from_utf8(history[..at].to_vec()).unwrap();
    let refs = [
        format!("refs/replace/{anchor}"),
        "refs/../../../../evil".to_owned(),
        "refs/heads/../../config".to_owned(),
        "/tmp/evil".to_owned(),
        "HEAD".to_owned(),
        "refs/bisect/bad".to_owned(),
        format!("refs/heads/{}", "x".repeat(300)),
    ];
    for name in refs {
        let edited = head.replace("refs/heads/main", &name);
        put(&sandbox, &[edited.as_bytes(), &history[at..]].concat(), &papers);
        refused(&sandbox, &[], &["cannot be used"]);
    }
    for line in ["@filter=blob:none", "@object-format=sha1", &format!("-{anchor} old")] {
        let edited = head.replacen('\n', &format!("\n{line}\n"), 1).replace("# v2", "# v3");
        put(&sandbox, &[edited.as_bytes(), &history[at..]].concat(), &papers);
        refused(&sandbox, &[], &["cannot be used"]);
    }
    // A history cut off below: what is not there is not made up.
    sandbox.git("project", &["branch", "-q", "keep"]);
    let thin = ["bundle", "create", "-q", "../thin", "refs/heads/main", "HEAD", "^HEAD~1"];
    sandbox.git("project", &thin);
    put(&sandbox, &std::fs::read(sandbox.path("thin")).unwrap(), &papers);
    refused(&sandbox, &[], &["cannot be used"]);
    // As git itself writes it, it is taken.
    sandbox.git("project", &["bundle", "create", "-q", "../whole", "refs/heads/main", "HEAD"]);
    put(&sandbox, &std::fs::read(sandbox.path("whole")).unwrap(), &papers);
    verify(&sandbox, &[]).must(0, &["pass", &gate[..12]]);
    // A pipe is not waited for.
    std::fs::remove_file(sandbox.path("project.tar")).unwrap();
    sandbox.tool("mkfifo", "home", &["../project.tar"]);
    refused(&sandbox, &[], &["is no file"]);
}

#[test]
fn a_page_is_written_beside_the_words_whatever_the_verdict() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let (anchor, _) = released(&sandbox);
    pack(&sandbox, &[]).must(0, &[]);
    let report = |more: &[&str]| sandbox.gatecheck("project", &[&["report"], more].concat());
    report(&["--to", "../page.html"]).must(0, &["pass"]);
    let page = sandbox.read("page.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg"), "{page}");
    std::fs::create_dir_all(sandbox.path("elsewhere")).unwrap();
    let from = ["report", "--bundle", "../project.tar", "--anchor", &anchor];
    sandbox.gatecheck("elsewhere", &from).must(0, &["pass"]);
    assert_eq!(sandbox.files("elsewhere"), ["gatecheck-report.html"]);
    // Work that nobody signed off lies beyond the gate.
    work(&sandbox, "project", "fn more() {}\n");
    report(&["--to", "../late.html", "--require-covered"]).must(1, &["not-covered"]);
    assert!(sandbox.read("late.html").contains("not-covered"));
    // A checkout can hold links to anywhere.
    sandbox.write("mine", "precious");
    std::os::unix::fs::symlink(sandbox.path("mine"), sandbox.path("project/page.html")).unwrap();
    report(&["--to", "page.html"]).must(2, &["page.html is a link"]);
    sandbox.gatecheck("project", &["attest", "--output", "page.html"]).must(2, &["it is a link"]);
    assert_eq!(sandbox.read("mine"), "precious");
    report(&["--to", "../no-such-folder/page.html"]).must(2, &["no-such-folder"]);
    let page = report(&["--to", "-"]).must(0, &[]).out;
    assert!(page.starts_with("<!DOCTYPE html>") && !sandbox.path("project/-").exists(), "{page}");
    // A commit that is not there leaves the earlier page, which tells nothing of it.
    let early = sandbox.read("late.html");
    let missing = ["--to", "../late.html", "0123456789abcdef0123456789abcdef01234567"];
    report(&missing).must(3, &["late.html is as an earlier run left it"]);
    assert_eq!(sandbox.read("late.html"), early);
    let kept = std::fs::read(sandbox.path("project.tar")).unwrap();
    let over = [&from[..], &["--to", "../project.tar"]].concat();
    sandbox.gatecheck("elsewhere", &over).must(2, &["is the file of --bundle"]);
    assert_eq!(std::fs::read(sandbox.path("project.tar")).unwrap(), kept);
    // Nor does a bundle go where a link of the checkout leads.
    std::os::unix::fs::symlink(sandbox.path("elsewhere"), sandbox.path("project/out")).unwrap();
    report(&["--to", "out/page.html"]).must(2, &["project/out is a link"]);
    let pack = ["bundle", "--output", "out/project.tar"];
    sandbox.gatecheck("project", &pack).must(2, &["project/out is a link"]);
    assert_eq!(sandbox.files("elsewhere"), ["gatecheck-report.html"]);
}
