//! What is measured, and the table.

use std::path::{Path, PathBuf};
use std::process::Command;

use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::CipherSuite;

use crate::Plan;
use crate::measure::{Cost, run};
use crate::world::{self, Person};

/// People whose keys sign, and one more whose certificate is revoked in one of the runs.
const SIGNERS: usize = 4;
/// Certificates of the large registry.
const MANY: usize = 500;

/// Measures everything and prints the table.
pub(crate) fn run_all(plan: &Plan, folder: &Path) {
    eprintln!("making keys");
    let mut people: Vec<Person> =
        (0..=SIGNERS).map(|n| Person::new(n, CipherSuite::Cv25519)).collect();
    let mut certs: Vec<Cert> = people.iter().map(|person| person.cert.clone()).collect();
    let few = world::registry(&folder.join("few"), &certs);
    let revoked_cert = people[SIGNERS].revoked();
    let revoked = world::registry(
        &folder.join("revoked"),
        &[&certs[..SIGNERS], std::slice::from_ref(&revoked_cert)].concat(),
    );
    certs.extend((certs.len()..MANY).map(|n| Person::new(n, CipherSuite::Cv25519).cert));
    let many = world::registry(&folder.join("many"), &certs);

    let mut git_rate = None;
    for &commits in &plan.commits {
        eprintln!("making {commits} commits");
        let repo = folder.join(format!("ed25519-{commits}.git"));
        let root = world::repository(&repo, commits, &mut people[..SIGNERS], &few);
        let case = Case { folder, repo: &repo, root: &root, commits, rounds: plan.rounds };
        let git = *git_rate.get_or_insert_with(|| git_with_gpg(&case, plan.sample, &certs));
        case.table(git, &few, &many, &revoked);
        case.growth(&few, &mut people[..SIGNERS]);
    }
    rsa(plan, folder);
    if let Some(repo) = &plan.repository {
        let cost = Cost::best((0..plan.rounds).map(|_| bare("read", repo, &[])));
        println!("\nreading every commit of {}: {:.2?} CPU\n", repo.display(), cost.cpu);
    }
}

/// Makes a folder that goes away, or takes the one that stays, and measures in it.
pub(crate) fn run_plan(plan: &Plan) {
    if let Some(folder) = &plan.keep {
        std::fs::create_dir_all(folder).expect("the folder to keep can be made");
        return run_all(plan, folder);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    run_all(plan, folder.path());
}

struct Case<'a> {
    folder: &'a Path,
    repo: &'a Path,
    root: &'a str,
    commits: usize,
    rounds: usize,
}

/// What gatecheck may use.
#[derive(Clone, Copy)]
struct Use<'a> {
    /// A pinned registry; without one the history's own is followed from the root on.
    registry: Option<&'a Path>,
    jobs: usize,
    cache: Option<&'a Path>,
}

impl Case<'_> {
    fn table(&self, git: Cost, few: &Path, many: &Path, revoked: &Path) {
        let certs = self.signers(few);
        let read = self.best(|| bare("read", self.repo, &certs));
        let floor = self.best(|| bare("verify", self.repo, &certs));
        println!("\n### {} commits, Ed25519\n", self.commits);
        head();
        let say = |name: &str, cost| self.row(name, cost, floor);
        say("reading the objects alone, 1 thread", read);
        say("bare cost: reading and verifying, 1 thread", floor);
        let git = git.times(self.commits as f64);
        say("`git log --format=%G?` with gpg (extrapolated)", git);
        let one = Use { registry: Some(few), jobs: 1, cache: None };
        let cold = self.best(|| self.gatecheck(one));
        say("cold, 1 thread", cold);
        let two = self.best(|| self.gatecheck(Use { jobs: 2, ..one }));
        say("cold, 2 threads", two);
        let many_cold = self.best(|| self.gatecheck(Use { registry: Some(many), ..one }));
        say(&format!("cold, 1 thread, {MANY} certificates"), many_cold);
        say("cold, 1 thread, one certificate revoked", {
            self.best(|| self.gatecheck(Use { registry: Some(revoked), ..one }))
        });
        say(
            "cold, 1 thread, filling the cache",
            self.best(|| {
                let fresh = tempfile::tempdir_in(self.folder).expect("a temporary folder");
                self.gatecheck(Use { cache: Some(fresh.path()), ..one })
            }),
        );
        let cache = tempfile::tempdir_in(self.folder).expect("a temporary folder");
        let kept = Use { cache: Some(cache.path()), ..one };
        self.gatecheck(kept);
        let warm = self.best(|| self.gatecheck(kept));
        say("warm, 1 thread", warm);
        say("warm, 2 threads", self.best(|| self.gatecheck(Use { jobs: 2, ..kept })));
        say(&format!("warm, 1 thread, {MANY} certificates"), {
            self.best(|| self.gatecheck(Use { registry: Some(many), ..kept }))
        });
        say("warm, 1 thread, one certificate revoked", {
            self.best(|| self.gatecheck(Use { registry: Some(revoked), ..kept }))
        });
        let own = Use { registry: None, ..one };
        say("cold, 1 thread, registry in the history", self.best(|| self.gatecheck(own)));
        let own = Use { cache: Some(cache.path()), ..own };
        self.gatecheck(own);
        say("warm, 1 thread, registry in the history", self.best(|| self.gatecheck(own)));
        println!();
        println!(
            "against git with gpg: {:.0} times as fast (2 threads: {:.0}); CPU against the bare \
             cost: {:.2}; two threads against one: {:.2} (by the share of work: {:.2}); {MANY} \
             certificates against {}: {:.2} of the CPU",
            ratio(git, cold),
            ratio(git, two),
            cold.cpu.as_secs_f64() / floor.cpu.as_secs_f64(),
            ratio(cold, two),
            two.spread,
            SIGNERS + 1,
            many_cold.cpu.as_secs_f64() / cold.cpu.as_secs_f64(),
        );
    }

    /// One commit after another, each judged with the facts of the run before.
    fn growth(&self, few: &Path, people: &mut [Person]) {
        let cache = tempfile::tempdir_in(self.folder).expect("a temporary folder");
        let kept = Use { registry: Some(few), jobs: 1, cache: Some(cache.path()) };
        self.gatecheck(kept);
        let mut next = self.commits;
        let cost = Cost::best((0..self.rounds).map(|_| {
            world::grow(self.repo, next, people, few);
            next += 1;
            self.gatecheck(kept)
        }));
        let (wall, cpu) = (cost.wall.as_secs_f64(), cost.cpu.as_secs_f64());
        println!("one commit more, all others known: {wall:.3} s, {cpu:.2} s CPU\n");
    }

    fn best(&self, once: impl Fn() -> Cost) -> Cost {
        Cost::best((0..if self.commits > 20_000 { 1 } else { self.rounds }).map(|_| once()))
    }

    fn row(&self, name: &str, cost: Cost, floor: Cost) {
        println!(
            "| {name} | {:.3} s | {:.2} s | {:.0} | {:.2} | {} |",
            cost.wall.as_secs_f64(),
            cost.cpu.as_secs_f64(),
            self.commits as f64 / cost.wall.as_secs_f64(),
            cost.cpu.as_secs_f64() / floor.cpu.as_secs_f64(),
            if cost.peak_kib == 0 {
                "–".to_owned()
            } else {
                format!("{} MiB", cost.peak_kib / 1024)
            },
        );
    }

    fn gatecheck(&self, how: Use<'_>) -> Cost {
        let mut command = world::command(env!("CARGO_BIN_EXE_gatecheck"), self.folder);
        command.args(["verify", "--every-commit", "--no-progress", "--at", "2025-06-01", "--repo"]);
        command.arg(self.repo);
        match how.registry {
            Some(registry) => command.arg("--registry").arg(registry),
            None => command.args(["--anchor", self.root]),
        };
        command.arg("--jobs").arg(how.jobs.to_string());
        match how.cache {
            Some(folder) => command.arg("--cache").arg(folder),
            None => command.arg("--no-cache"),
        };
        run(&mut command, &[0])
    }

    fn signers(&self, registry: &Path) -> Vec<PathBuf> {
        let folder = registry.parent().expect("a file has a folder");
        (0..SIGNERS).map(|n| folder.join(format!("p{n}.asc"))).collect()
    }
}

fn head() {
    println!("| | time | CPU | commits/s | CPU ÷ bare | peak memory |");
    println!("|---|---:|---:|---:|---:|---:|");
}

fn ratio(slow: Cost, fast: Cost) -> f64 {
    slow.wall.as_secs_f64() / fast.wall.as_secs_f64()
}

/// This program as the process that does nothing but what must be done.
fn bare(what: &str, repo: &Path, certs: &[PathBuf]) -> Cost {
    let own = std::env::current_exe().expect("this program has a path");
    run(Command::new(own).arg(crate::bare::WORD).arg(what).arg(repo).args(certs), &[0])
}

/// Git with gpg, the cost of one commit: gpg is started anew for each.
fn git_with_gpg(case: &Case<'_>, sample: usize, certs: &[Cert]) -> Cost {
    let keyring = case.folder.join("gnupg");
    std::fs::create_dir_all(&keyring).expect("a temporary folder can be written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&keyring, private).expect("it is ours");
    }
    for (n, cert) in certs.iter().take(SIGNERS + 1).enumerate() {
        let path = case.folder.join(format!("import-{n}.asc"));
        world::write_cert(&path, cert);
        let mut import = world::command("gpg", case.folder);
        run(import.args(["--batch", "--quiet", "--import"]).arg(&path), &[0]);
    }
    let sample = sample.min(case.commits);
    let mut log = world::command("git", case.folder);
    log.arg("-C").arg(case.repo).args(["log", "--format=%G?", "-n"]).arg(sample.to_string());
    let seen = log.output().expect("git can be run");
    let seen = String::from_utf8_lossy(&seen.stdout).into_owned();
    assert!(seen.lines().all(|line| matches!(line, "G" | "U")), "git does not verify:\n{seen}");
    eprintln!("git with gpg: {sample} commits are measured, and all others counted by them");
    run(&mut log, &[0]).times(1.0 / sample as f64)
}

/// The weak spot of the default backend.
fn rsa(plan: &Plan, folder: &Path) {
    if plan.rsa == 0 {
        return;
    }
    eprintln!("making {} commits with RSA-4096", plan.rsa);
    let mut people: Vec<Person> = (0..2).map(|n| Person::new(n, CipherSuite::RSA4k)).collect();
    let certs: Vec<Cert> = people.iter().map(|person| person.cert.clone()).collect();
    let registry = world::registry(&folder.join("rsa"), &certs);
    let repo = folder.join("rsa.git");
    let root = world::repository(&repo, plan.rsa, &mut people, &registry);
    let case = Case { folder, repo: &repo, root: &root, commits: plan.rsa, rounds: plan.rounds };
    let paths: Vec<PathBuf> = (0..2).map(|n| folder.join(format!("rsa/p{n}.asc"))).collect();
    let floor = case.best(|| bare("verify", &repo, &paths));
    println!("\n### {} commits, RSA-4096\n", plan.rsa);
    head();
    case.row("bare cost: reading and verifying, 1 thread", floor, floor);
    let one = Use { registry: Some(&registry), jobs: 1, cache: None };
    case.row("cold, 1 thread", case.best(|| case.gatecheck(one)), floor);
    case.row("cold, 2 threads", case.best(|| case.gatecheck(Use { jobs: 2, ..one })), floor);
    let cache = tempfile::tempdir_in(folder).expect("a temporary folder");
    let kept = Use { cache: Some(cache.path()), ..one };
    case.gatecheck(kept);
    case.row("warm, 1 thread", case.best(|| case.gatecheck(kept)), floor);
}
