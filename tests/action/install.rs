//! A released binary is installed only if it is the one that was released.

use crate::Scene;
use crate::runner::Runner;

#[test]
fn a_released_binary_must_be_the_pinned_one() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    scene.checked_out(&scene.good, None);
    let payload = crate::push("refs/heads/main", &scene.gate, &scene.good);
    let name = "gatecheck-v1.2.3-x86_64-unknown-linux-musl.tar.gz";
    let built = std::path::Path::new(env!("CARGO_BIN_EXE_gatecheck"));
    let folder = built.parent().unwrap().to_str().unwrap();
    let archive = sandbox.path("released.tar.gz");
    sandbox.write("other", "of no use");
    let here = sandbox.path(".");
    let members = ["-C", folder, "gatecheck", "-C", here.to_str().unwrap(), "other"];
    let pack = [&["-czf", archive.to_str().unwrap()][..], &members].concat();
    sandbox.tool("tar", ".", &pack);
    let sum = sandbox.tool("sha256sum", ".", &["released.tar.gz"])[..64].to_owned();
    let mut runner = Runner::new(sandbox);
    runner.action_path = sandbox.path("pinned").to_str().unwrap().to_owned();
    runner.tool("cargo", "#!/bin/sh\nexit 9\n");
    runner.tool(
        "curl",
        &format!(
            "#!/bin/bash\nfor url; do :; done\n[ \"$url\" = https://example.org/o/gatecheck/releases/download/v1.2.3/{name} ] || exit 22\n\
             while [ \"$1\" != --output ]; do shift; done\ncp '{}' \"$2\"\n",
            archive.display()
        ),
    );
    let run = |version: &str, sums: &str, gh: &str| {
        sandbox.write("pinned/action/checksums.txt", sums);
        runner.tool("gh", gh);
        runner.run("push", "refs/heads/main", &payload, &[("version", version)])
    };
    let good = format!("# comment\n{sum}  {name}\n");
    let attested = "#!/bin/bash\n[ \"$*\" = \"attestation verify ${3:?} --repo o/gatecheck \
        --signer-workflow o/gatecheck/.github/workflows/release.yml --source-ref refs/tags/v1.2.3\" ] \
        && [ -s \"$3\" ]\n";
    // What lies there already is neither run nor written through.
    let precious = sandbox.path("precious");
    sandbox.write("precious", "as it was");
    sandbox.write("temp/gatecheck-program/bin/.keep", "");
    for name in ["bin/gatecheck", name] {
        let link = sandbox.path(&format!("temp/gatecheck-program/{name}"));
        std::os::unix::fs::symlink(&precious, link).unwrap();
    }
    let ran = run("v1.2.3", &good, attested);
    assert_eq!((ran.status, ran.outputs["verdict"].as_str()), (0, "pass"), "{}", ran.log);
    assert_eq!(sandbox.read("precious"), "as it was");
    assert!(!sandbox.path("temp/gatecheck-program/bin/other").exists());
    let fails = [
        ("v1.2.3", good.replace(&sum, &"a".repeat(64)), attested, "not the file that was released"),
        ("v1.2.3", format!("{sum}  x{name}\n"), attested, "has no line for"),
        ("v1.2.3", String::new(), attested, "has no line for"),
        ("v1.2.3", good.clone(), "#!/bin/sh\nexit 1\n", "no attestation"),
        (
            "v1.2.4",
            format!("{sum}  {}\n", name.replace("1.2.3", "1.2.4")),
            attested,
            "could not be downloaded",
        ),
        ("v1.2.3/../../x", good.clone(), attested, "neither `source` nor like v1.2.3"),
        ("$(touch hacked)", good.clone(), attested, "neither `source`"),
        ("", good, attested, "neither `source`"),
    ];
    for (version, sums, gh, words) in fails {
        let ran = run(version, &sums, gh);
        assert_eq!(ran.status, 2, "{version}: {}", ran.log);
        assert!(ran.log.contains(words), "{version}: {}", ran.log);
        assert!(ran.outputs.is_empty() && !sandbox.path("clone/hacked").exists());
    }
}
