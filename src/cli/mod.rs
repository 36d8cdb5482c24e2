//! The only room that prints, reads the environment, or asks the time. One file a command.

pub mod arguments;
pub mod blast_radius;
pub mod ceremony;
mod checkout;
pub mod checkpoint;
pub mod ci;
pub mod completions;
mod defect;
pub mod demo;
pub mod doctor;
pub mod environment;
pub mod evidence;
pub mod exit;
pub mod explain;
pub mod hook;
pub mod init;
mod judge;
pub mod judging;
mod keys_at_work;
mod lookup;
pub mod man;
pub mod output;
pub mod preview;
pub mod progress;
pub mod registry;
pub mod report;
mod revision;
pub mod signoff;
pub mod status;
pub mod streams;
pub mod tag;
pub mod verify;
pub mod verify_tag;

#[cfg(test)]
mod help_tests;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, BufWriter};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use self::environment::Environment;
pub use self::exit::Exit;
pub use self::streams::Streams;
use crate::error::Error;

/// Was each gate vouched for by people who had the authority to do so at that point in history?
///
/// Exit status: 0 pass; 1 something is refused; 2 the arguments, the anchor or the pinned registry
/// cannot be used; 3 undecided, nothing refused; 101 a defect of gatecheck.
#[derive(Parser, Debug)]
#[command(
    name = "gatecheck",
    bin_name = "gatecheck",
    version,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    verify: verify::VerifyArgs,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Judge the history between the anchor and a tip (also without a command)
    Verify(Box<verify::VerifyArgs>),
    /// Judge as verify does, and write one page about it to keep or to print
    Report(Box<report::ReportArgs>),
    /// Judge tags: the signature, the name, and the history up to the gate that they name
    VerifyTag(Box<verify_tag::VerifyTagArgs>),
    /// Say whether a commit can be tagged as a release now, and with --create tag it
    Tag(Box<tag::TagArgs>),
    /// Judge what an event of a build service is about: a push, a pull request, a tag
    Ci(Box<ci::CiArgs>),
    /// Write a verdict of pass as others read it: an in-toto statement, signed with --sign
    Attest(Box<evidence::attest::AttestArgs>),
    /// Check an attestation: who signed it, and whether this repository says the same
    VerifyAttestation(Box<evidence::verify_attestation::VerifyAttestationArgs>),
    /// Pack history, registry and report into one file for a verifier without a network
    Bundle(Box<evidence::bundle::BundleArgs>),
    /// Install git hooks that judge what is pushed
    Hook(hook::HookArgs),
    /// Write a small governed project and judge it, with an attack on it: see a verdict first
    Demo(demo::DemoArgs),
    /// Tell what the code of a finding means, or list all codes
    Explain(explain::ExplainArgs),
    /// Say what keeps this repository from being judged, and the command that mends it
    Doctor(Box<doctor::DoctorArgs>),
    /// Look at a registry, or bring it into shape
    Registry(registry::RegistryArgs),
    /// Draft a gate's sign-offs, add yours, and check what is missing
    Signoff(signoff::SignoffArgs),
    /// Say what a branch would need to pass as the next gate
    Preview(Box<preview::PreviewArgs>),
    /// Change the registry: plan, approve, apply, and look back
    Ceremony(ceremony::CeremonyArgs),
    /// Tell who is current, stale, expiring or new, and what the next gate needs
    Status(Box<status::StatusArgs>),
    /// Tell everything that rests on a key, and what it takes to do without it
    BlastRadius(Box<blast_radius::BlastRadiusArgs>),
    /// Write the first registry of the project that you stand in
    Init(init::InitArgs),
    /// Print the completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(man::ManArgs),
}

/// The program: asks the world once, then runs.
#[must_use]
pub fn main() -> ExitCode {
    defect::keep_quiet();
    let environment = Environment::gather();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = io::stderr();
    let mut streams = Streams { out: &mut out, err: &mut err };
    run(std::env::args_os(), &environment, &mut streams).into()
}

/// Runs one command line (with the program's name first). Nothing is read from the world but what
/// `environment` holds and the files that the arguments name.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    defect::guard(streams, |streams| {
        if let Err(error) = arguments::refuse_control_characters(&args) {
            return failed(&error, streams);
        }
        match parse(args, environment) {
            Ok(cli) => {
                dispatch(cli, environment, streams).unwrap_or_else(|error| failed(&error, streams))
            }
            Err(message) => usage(&message, environment, streams),
        }
    })
}

fn failed(error: &Error, streams: &mut Streams<'_>) -> Exit {
    streams.say(&format!("error: {error}"));
    Exit::of_error(error)
}

fn command(environment: &Environment) -> clap::Command {
    Cli::command().term_width(environment.width.clamp(40, 120))
}

fn parse(
    args: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Cli, clap::Error> {
    let mut command = command(environment);
    let matches = command.try_get_matches_from_mut(args)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

fn dispatch(cli: Cli, environment: &Environment, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let command = cli.command.unwrap_or_else(|| Command::Verify(Box::new(cli.verify)));
    match command {
        Command::Verify(args) => verify::run(&args, environment, streams, judge::judge),
        Command::Report(args) => report::run(&args, environment, streams, judge::judge),
        Command::VerifyTag(args) => verify_tag::run(&args, environment, streams),
        Command::Tag(args) => tag::run(&args, environment, streams),
        Command::Ci(args) => ci::run(&args, environment, streams),
        Command::Attest(args) => evidence::attest::run(&args, environment, streams),
        Command::VerifyAttestation(args) => {
            evidence::verify_attestation::run(&args, environment, streams)
        }
        Command::Bundle(args) => evidence::bundle::run(&args, environment, streams),
        Command::Hook(args) => hook::run(&args, environment, streams),
        Command::Demo(args) => demo::run(&args, environment, streams),
        Command::Explain(args) => explain::run(&args, crate::rules::explanation, streams),
        Command::Doctor(args) => doctor::run(&args, environment, streams),
        Command::Registry(args) => registry::run(&args, environment, streams),
        Command::Signoff(args) => signoff::run(&args, environment, streams),
        Command::Preview(args) => preview::run(&args, environment, streams),
        Command::Ceremony(args) => ceremony::run(&args, environment, streams),
        Command::Status(args) => status::run(&args, environment, streams),
        Command::BlastRadius(args) => blast_radius::run(&args, environment, streams),
        Command::Init(args) => init::run(&args, environment, streams),
        Command::Man(args) => man::run(&args, self::command(environment), environment, streams),
        Command::Completions(args) => completions::run(&args, self::command(environment), streams),
    }
}

/// Shows help or version (0, on standard output), or what is wrong with the arguments (2).
fn usage(message: &clap::Error, environment: &Environment, streams: &mut Streams<'_>) -> Exit {
    let asked_for = matches!(message.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let text = message.render();
    if !asked_for {
        // It quotes the arguments, which in a build may be of an outsider's choosing.
        streams.say(&text.to_string());
        return Exit::UNUSABLE;
    }
    let text = if output::auto_color(environment, environment.stdout_is_terminal) {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    match streams.print(text.as_bytes()) {
        Ok(()) => Exit::PASS,
        Err(error) => failed(&error, streams),
    }
}
