//! Manifests with correct sign-offs, except where the story says otherwise.

use super::build::World;
use super::objects::Files;
use super::sign::{self, Order, edited};
use super::statement::{self, Context, Subject};
use super::story::{CommitSpec, SignoffSpec};

/// A manifest, ready to be added.
pub(crate) struct ManifestMade {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) gate: Option<GateMade>,
    pub(crate) statements: Vec<SignedStatement>,
}

/// A gate, for those that follow it or attest it again.
#[derive(Clone)]
pub(crate) struct GateMade {
    /// Empty until the carrying commit is made, where the gate is that commit.
    pub(crate) id: String,
    pub(crate) subject: Subject,
    pub(crate) previous_gate: String,
}

/// What somebody signed.
pub(crate) struct SignedStatement {
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
    /// Empty where there is none.
    pub(crate) armor: String,
    /// Whether nothing about it was tampered with.
    pub(crate) honest: bool,
}

/// Writes the manifest of a commit. `files` is the tree before the manifest is in it.
pub(crate) fn make(world: &World, spec: &CommitSpec, files: &Files, date: &str) -> ManifestMade {
    let path = spec.manifest_path.clone().unwrap_or_else(|| usual_path(spec));
    let mut without = files.clone();
    without.remove(&path);
    let context = context(world, spec, &without);
    let mut signoffs = spec.signoffs.clone().unwrap_or_else(usual_signoffs);
    for signoff in &mut signoffs {
        signoff.superseded_by = world.told(&signoff.superseded_by);
    }
    let mut text = head(spec, &context);
    let mut statements = Vec::new();
    for signoff in &signoffs {
        let signed = attest(world, &context, signoff, date);
        let time = signoff.timestamp.as_deref().unwrap_or(date);
        text += &entry(signoff, &context, &signed, time);
        statements.push(signed);
    }
    let text = String::from_utf8(edited(text.into(), &world.told_edits(&spec.manifest_edit)));
    let gate = spec.epoch.is_some() && spec.is_gate();
    let id = match &context.subject {
        Subject::Tree(_) => String::new(),
        Subject::Commit(id) => id.clone(),
    };
    let gate = gate.then(|| GateMade {
        id,
        subject: context.subject.clone(),
        previous_gate: context.previous_gate.clone(),
    });
    ManifestMade { path, text: text.unwrap(), gate, statements }
}

fn usual_path(spec: &CommitSpec) -> String {
    if let Some(name) = &spec.squash {
        return format!("epoch_signoffs/squash-{name}.toml");
    }
    let epoch = spec.epoch.unwrap();
    if let Some(number) = spec.reattest {
        return format!("epoch_signoffs/epoch-{epoch}.reattest-{number}.toml");
    }
    if let Some(person) = &spec.dissent_of {
        return format!("epoch_signoffs/epoch-{epoch}.dissent-{person}.toml");
    }
    format!("epoch_signoffs/epoch-{epoch}.toml")
}

fn usual_signoffs() -> Vec<SignoffSpec> {
    [("clancy", "kernel"), ("ada", "evidence"), ("grace", "process")]
        .map(|(by, domain)| SignoffSpec {
            by: by.into(),
            domain: domain.into(),
            ..SignoffSpec::default()
        })
        .into()
}

fn context(world: &World, spec: &CommitSpec, files: &Files) -> Context {
    let last = || {
        let gates = world.commits.iter().rev().filter(|made| !made.spec.refused);
        gates.filter_map(|made| made.gate.as_ref()).next().map(|gate| gate.id.clone())
    };
    let gate_of = |name: &str| {
        let made = world.commit(name);
        made.gate.as_ref().map_or_else(|| made.id.clone(), |gate| gate.id.clone())
    };
    let mut previous_gate = match spec.previous_gate.as_deref() {
        Some("none") => "none".to_owned(),
        Some(id) if id.len() >= 40 => id.to_owned(),
        Some(name) => gate_of(name),
        None => last().unwrap_or_else(|| "none".into()),
    };
    let mut subject = Subject::Tree(world.store.tree(files));
    match (&spec.gate_commit, spec.reattest) {
        (Some(name), Some(_)) => {
            let gate = world.commit(name).gate.clone().expect("a gate to re-attest");
            subject = gate.subject;
            if spec.previous_gate.is_none() {
                previous_gate = gate.previous_gate;
            }
        }
        (Some(name), None) => subject = Subject::Commit(world.commit(name).id.clone()),
        (None, _) => {}
    }
    let sha256 = spec.subject_sha256.as_deref().map(|stated| match (stated, &spec.gate_commit) {
        ("good", None) => world.store.content_digest(files),
        ("good", Some(name)) => world.store.content_digest(&world.commit(name).files),
        (other, _) => other.to_owned(),
    });
    Context {
        project: "clan-os".into(),
        mainline: "refs/heads/main".into(),
        epoch: spec.epoch,
        name: spec.squash.clone(),
        reattest: spec.reattest.unwrap_or(0),
        previous_gate,
        cures: spec.cures.iter().map(|name| world.commit(name).id.clone()).collect(),
        subject,
        sha256,
    }
}

fn attest(world: &World, context: &Context, signoff: &SignoffSpec, date: &str) -> SignedStatement {
    let time = signoff.timestamp.as_deref().unwrap_or(date);
    let scope = signoff.scope.clone().unwrap_or_else(|| super::registry::docs(&signoff.domain));
    let mut value = statement::signoff(context, signoff, &scope, &in_utc(time));
    for (field, other) in &signoff.signed_as {
        let text = other.as_str().map(str::to_owned);
        match (field.as_str(), text) {
            ("tree", Some(name)) => {
                value["subject"][0]["digest"] =
                    serde_json::json!({ "gitTree": world.commit(&name).tree });
            }
            ("commit", Some(name)) => {
                value["subject"][0] = serde_json::json!(
                    { "name": "commit", "digest": { "gitCommit": world.commit(&name).id } }
                );
            }
            (field, Some(text)) => value["predicate"][field] = world.told(&text).into(),
            (field, None) => {
                value["predicate"][field] = serde_json::to_value(other).unwrap();
            }
        }
    }
    let bytes = statement::to_sign(&value);
    let key = signoff.key.clone().unwrap_or_else(|| signoff.by.clone());
    let signed_at = signoff.sig_time.as_deref().unwrap_or(time);
    let armor = match signoff.signature.as_deref() {
        None => {
            let order = Order {
                keys: &world.keys,
                key: &key,
                time: signed_at,
                namespace: "gatecheck",
                spec: &signoff.sig,
                gpg_home: &world.gpg_home(),
            };
            String::from_utf8(sign::sign(&order, &bytes)).unwrap()
        }
        Some("none") => String::new(),
        Some("garbage") => "looks good to me\n".into(),
        Some(other) => {
            let (name, n) = other
                .strip_prefix("copy:")
                .and_then(|rest| rest.split_once(':'))
                .unwrap_or_else(|| panic!("no such signature: {other}"));
            world.commit(name).statements[n.parse::<usize>().unwrap()].armor.clone()
        }
    };
    let sig = toml_of(&signoff.sig);
    let honest = signoff.signature.is_none() && sig == toml_of(&Default::default());
    SignedStatement { key, bytes, armor, honest }
}

/// Two specs are the same when they print the same.
fn toml_of(spec: &super::story::SigSpec) -> String {
    format!("{:?}", super::story::SigSpec { with_gpg: false, ..spec.clone() })
}

fn in_utc(time: &str) -> String {
    let time = chrono::DateTime::from_timestamp(super::keys::unix(time), 0).unwrap();
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn head(spec: &CommitSpec, context: &Context) -> String {
    let mut out = String::from("[manifest]\n");
    match (&context.epoch, &context.name) {
        (Some(epoch), _) => out += &format!("epoch = {epoch}\n"),
        (None, Some(name)) => out += &format!("name = {}\n", quoted(name)),
        (None, None) => unreachable!("a manifest has an epoch or a name"),
    }
    out += &format!("previous_gate = {}\n", quoted(&context.previous_gate));
    match &context.subject {
        Subject::Tree(id) => out += &format!("subject_tree = {}\n", quoted(id)),
        Subject::Commit(id) => out += &format!("gate_commit = {}\n", quoted(id)),
    }
    if let Some(sha256) = &context.sha256 {
        out += &format!("subject_sha256 = {}\n", quoted(sha256));
    }
    if !spec.cures.is_empty() {
        out += &format!("cures = {}\n", list(&context.cures));
    }
    out
}

fn entry(s: &SignoffSpec, context: &Context, signed: &SignedStatement, time: &str) -> String {
    let scope = s.scope.clone().unwrap_or_else(|| super::registry::docs(&s.domain));
    let mut out = format!(
        "\n[[signoffs]]\nreviewer_id = {}\ndomain = {}\nscope = {}\ntimestamp = {time}\n",
        quoted(&s.by),
        quoted(&s.domain),
        list(&scope),
    );
    if let Some(epoch) = s.epoch.or(context.epoch) {
        out += &format!("epoch = {epoch}\n");
    }
    let texts = [
        ("dissent", &s.dissent),
        ("superseded_by", &s.superseded_by),
        ("authored_by", &s.authored_by),
        ("multi_domain_justification", &s.justification),
    ];
    for (name, text) in texts {
        if !text.is_empty() {
            out += &format!("{name} = {}\n", quoted(text));
        }
    }
    let lists =
        [("reviews", &s.reviews), ("checklist", &s.checklist), ("multi_domain_roles", &s.roles)];
    for (name, items) in lists {
        if !items.is_empty() {
            out += &format!("{name} = {}\n", list(items));
        }
    }
    if s.withdrawn {
        out += "withdrawn = true\n";
    }
    if let Some(ai) = &s.ai {
        out += &format!(
            "ai_attestation = {{ understood = {}, invariants = {}, statement = {} }}\n",
            ai.understood,
            list(&ai.invariants),
            quoted(&ai.statement)
        );
    }
    if !signed.armor.is_empty() {
        out += &format!("signature = '''\n{}'''\n", signed.armor);
    }
    out
}

fn quoted(text: &str) -> String {
    // JSON strings without non-BMP escapes are TOML basic strings.
    serde_json::Value::from(text).to_string()
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
}
