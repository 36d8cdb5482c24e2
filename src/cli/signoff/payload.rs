//! `gatecheck signoff payload`.

use std::path::PathBuf;

use clap::Args;

use super::super::arguments::HistoryArgs;
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge::read_bounded;
use super::super::output::Color;
use super::super::streams::Streams;
use super::desk::Desk;
use super::{command, say_registry};
use crate::error::Error;
use crate::finding::Severity;
use crate::manifest;
use crate::model::registry::KeyFormat;
use crate::model::text::shown;
use crate::model::{Manifest, Signoff};
use crate::render::{self, Format};
use crate::rules::keyring::Keyring;
use crate::rules::{Context, membership};
use crate::statement::{SignerContext, signoff_payload, statement_json};

/// Arguments of `signoff payload`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: sign what ada vouches for in the kernel, with gpg\n  \
    gatecheck signoff payload epoch_signoffs/epoch-7.toml --reviewer ada --domain kernel \\\n    \
    | gpg --local-user FINGERPRINT --armor --detach-sign\n\n\
    What gpg prints goes into the sign-off: signature = \"\"\"…\"\"\"")]
pub struct SignoffPayloadArgs {
    /// The manifest
    #[arg(value_name = "MANIFEST")]
    pub manifest: PathBuf,

    /// Whose sign-off
    #[arg(long, value_name = "ID")]
    pub reviewer: String,

    /// For which domain, where the reviewer signs off several
    #[arg(long, value_name = "ID")]
    pub domain: Option<String>,

    /// Print the statement (JSON) instead of its signing bytes
    #[arg(long)]
    pub statement: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub history: HistoryArgs,
}

pub(super) fn run(
    args: &SignoffPayloadArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let mut desk = Desk::open(&args.history, environment)?;
    let mut in_force = desk.in_force()?;
    let place = desk.find(Some(&args.manifest), &in_force)?;
    if desk.stand_before(&in_force, &place.path)? {
        in_force = desk.in_force()?;
    }
    say_registry(&in_force, streams);
    let bytes = read_bounded(&place.file, desk.limits.file_bytes)?;
    let (limits, asked) = (desk.limits, &desk.asked);
    let reading = manifest::read(&place.name, &place.path, &bytes, &limits);
    let refused = reading.problems.iter().any(|problem| problem.severity >= Severity::Undecided);
    let manifest = reading.manifest.as_deref().filter(|_| !refused);
    let Some(manifest) = manifest else {
        // Bytes signed now would not be those of the mended file.
        let style = Color::Auto.style(environment);
        let style = render::Style { color: false, ..style };
        let text = render::findings(&reading.problems, Format::Human, &style);
        streams.say(&String::from_utf8_lossy(&text));
        streams.say("nothing is printed to sign: mend the manifest first");
        return Ok(Exit::REFUSED);
    };
    let signoff = choose(args, manifest)?;
    let context =
        SignerContext { project: &in_force.registry.project, mainline: &in_force.mainline };
    let no_statement = |why: crate::statement::NoStatement| {
        Error::unusable(
            format!("there is nothing to sign yet: {why}"),
            format!("complete [manifest] in {}", shown(&place.path)),
        )
    };
    if args.statement {
        let json = statement_json(&context, manifest, signoff).map_err(no_statement)?;
        streams.print(json.as_bytes())?;
        streams.print(b"\n")?;
        return Ok(Exit::PASS);
    }
    let payload = signoff_payload(&context, manifest, signoff).map_err(no_statement)?;
    let keyring = Keyring::default();
    let cx = Context {
        registry_commit: Some(in_force.commit),
        ..Context::outside(&in_force.registry, &keyring, asked.now)
    };
    for finding in membership::check(&cx, manifest, signoff, in_force.tip) {
        streams.say(&format!("warning: {}: {}", finding.code, finding.message));
    }
    streams.print(&payload)?;
    let key = command::key(&in_force.registry, signoff, asked.now);
    let program = ["gatecheck", "signoff", "payload"].map(str::to_owned);
    streams.say("signed with:");
    streams.say(&format!("  {}", command::line(&program, &args.manifest, signoff, key)));
    match key {
        None => streams.say(&format!(
            "note: the registry in force lists no standing key of {}, so no signature of theirs can count",
            signoff.reviewer_id
        )),
        Some(key) if key.format == KeyFormat::Ssh => streams.say(&format!(
            "KEY.pub is the public half of {}; an agent or the private key beside it signs",
            key.fingerprint.map_or(String::new(), |fingerprint| fingerprint.to_string())
        )),
        Some(_) => {}
    }
    streams.say(&format!(
        "what that prints goes into `signature = \"\"\"…\"\"\"` of the sign-off at {}:{}",
        shown(&args.manifest.to_string_lossy()),
        signoff.spot.line
    ));
    Ok(Exit::PASS)
}

/// The one sign-off that is meant.
fn choose<'m>(args: &SignoffPayloadArgs, manifest: &'m Manifest) -> Result<&'m Signoff, Error> {
    let theirs: Vec<&Signoff> = manifest
        .signoffs
        .iter()
        .filter(|signoff| signoff.reviewer_id.as_str() == args.reviewer)
        .filter(|s| args.domain.as_ref().is_none_or(|domain| s.domain.as_str() == domain))
        .collect();
    match theirs.as_slice() {
        [one] => Ok(one),
        [] => {
            let all =
                manifest.signoffs.iter().map(|s| format!("{} for {}", s.reviewer_id, s.domain));
            let all: Vec<String> = all.take(20).collect();
            let domain =
                args.domain.as_ref().map_or(String::new(), |d| format!(" for {}", shown(d)));
            Err(Error::unusable(
                format!("the manifest holds no sign-off of {}{domain}", shown(&args.reviewer)),
                if all.is_empty() {
                    "add a [[signoffs]] entry first".to_owned()
                } else {
                    format!("there are: {}; else add a [[signoffs]] entry first", all.join(", "))
                },
            ))
        }
        several => {
            let domains: Vec<String> = several.iter().map(|s| s.domain.to_string()).collect();
            Err(Error::unusable(
                format!(
                    "{} signs off several domains, each with bytes of its own",
                    shown(&args.reviewer)
                ),
                format!("choose one with --domain: {}", domains.join(", ")),
            ))
        }
    }
}
