//! What to type when a key is in doubt, in the order in which it has to be done.

use crate::check::BlastRadius;
use crate::model::Oid;
use crate::model::text::shown;

/// The commands. None where nothing rests on the key, or where no registry entry covers it.
pub(in crate::render) fn commands(radius: &BlastRadius) -> Vec<String> {
    let (Some(entry), Some(owner)) = (radius.entry, &radius.owner) else { return Vec::new() };
    if radius.items.is_empty() {
        return Vec::new();
    }
    let policy = radius.registry.policy.charter.clone().unwrap_or_default();
    let log = shown(&policy.decision_log);
    let trusted = radius.question.from;
    let trusted = trusted.map_or(String::new(), |from| format!(" --trusted-until {from}"));
    let plan =
        format!("gatecheck ceremony plan compromise --reviewer {owner} --retire {entry}{trusted}");
    let acknowledge =
        |all: &[Oid]| all.iter().map(|id| format!(" --acknowledge {id}")).collect::<String>();
    let ceremonies: Vec<Oid> = radius.ceremonies().collect();
    let epochs = radius.epochs();
    let ack = format!(" --charter-ack {log}#HEADING");
    let mut all = vec![format!("{plan}{}{ack}", acknowledge(&ceremonies))];
    all.extend(epochs.keys().map(|epoch| format!("gatecheck signoff reattest {epoch}")));
    if !epochs.is_empty() {
        let both: Vec<Oid> = ceremonies.into_iter().chain(epochs.into_values()).collect();
        all.push(format!("{plan}{}{ack}", acknowledge(&both)));
    }
    all.push(format!("gatecheck verify --anchor {}", radius.anchor.commit));
    all
}
