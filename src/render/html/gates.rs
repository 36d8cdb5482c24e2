//! The gates with their sign-offs, in mainline order.

use std::collections::BTreeMap;

use super::{left_out, sign};
use crate::model::ReviewerId;
use crate::render::rows::within;
use crate::render::{escape, words, xml};
use crate::report::{GateReport, Report, SignoffReport, Verdict};

/// With more gates than this, the table scrolls in a box of its own.
const TALL: usize = 40;
/// People who are named as counted.
const MOST_PEOPLE: usize = 60;
/// Sign-offs of one gate that do not count.
const MOST_SIGNOFFS: usize = 12;
/// Characters of one text.
const MOST_CHARS: usize = 1_000;

pub(super) fn render(report: &Report, room: usize) -> String {
    if report.gates.is_empty() {
        return "<section>\n<h2>Gates</h2>\n<p>No gate was judged.</p>\n</section>\n".to_owned();
    }
    let broken: Vec<&GateReport> =
        report.gates.iter().filter(|gate| gate.verdict != Verdict::Pass).collect();
    let tall = if report.gates.len() > TALL { " tall" } else { "" };
    let mut out = format!(
        "<section>\n<h2>Gates</h2>\n<p class=\"soft\">{}; {}.</p>\n",
        words::count(u64::try_from(report.gates.len()).unwrap_or(u64::MAX), "gate"),
        match broken.len() {
            0 => "all of them hold".to_owned(),
            1 => "1 does not hold".to_owned(),
            n => format!("{n} do not hold"),
        }
    );
    // In a long table, what is wrong is not to be looked for.
    if !tall.is_empty() && !broken.is_empty() {
        out.push_str("<h3>That do not hold</h3>\n");
        out.push_str(&table("", broken.into_iter(), room / 2));
        out.push_str("<h3>All</h3>\n");
    }
    let room = room.saturating_sub(out.len());
    out.push_str(&table(tall, report.gates.iter(), room));
    out.push_str("</section>\n");
    out
}

fn table<'a>(tall: &str, gates: impl Iterator<Item = &'a GateReport>, room: usize) -> String {
    let (rows, more) = within(gates.map(row), room);
    format!(
        "<div class=\"scroll{tall}\" tabindex=\"0\" role=\"region\" aria-label=\"Gates\">\n<table>\n\
         <thead><tr><th>Verdict</th><th>Gate</th><th>Date</th><th>Commit</th><th>Signed by</th>\
         <th>Sign-offs</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n{}",
        left_out(more, "gate")
    )
}

fn row(gate: &GateReport) -> String {
    let verdict = gate.verdict;
    let date = gate.committer_time.map_or_else(|| "none".to_owned(), crate::model::Time::date);
    let signer = gate
        .signer
        .as_ref()
        .map_or_else(|| "nobody known".to_owned(), |signer| xml::text(signer.reviewer_id.as_str()));
    let carrier = if gate.carrier == gate.commit {
        String::new()
    } else {
        format!("<br/>signed off in <code>{}</code>", gate.carrier.short())
    };
    format!(
        "<tr><td data-is=\"Verdict\"><span class=\"word {0}\">{1} {0}</span></td><td data-is=\"Gate\">{2}</td>\
         <td data-is=\"Date\" class=\"day\">{date}</td><td data-is=\"Commit\" class=\"day\"><code title=\"{3}\">{4}</code>{carrier}</td>\
         <td data-is=\"Signed by\">{signer}</td><td data-is=\"Sign-offs\">{5}</td></tr>\n",
        verdict.name(),
        sign(verdict),
        xml::text(&escape::line_up_to(&words::gate(gate), MOST_CHARS)),
        gate.commit,
        gate.commit.short(),
        signoffs(gate),
    )
}

fn signoffs(gate: &GateReport) -> String {
    if gate.signoffs.is_empty() {
        return "none".to_owned();
    }
    let (counted, others): (Vec<_>, Vec<_>) = gate.signoffs.iter().partition(|s| s.counted);
    let mut people: BTreeMap<&ReviewerId, Vec<&str>> = BTreeMap::new();
    for signoff in counted {
        people.entry(&signoff.reviewer_id).or_default().push(signoff.domain.as_str());
    }
    let named = people.iter().take(MOST_PEOPLE).map(|(who, domains)| {
        format!("{} ({})", xml::text(who.as_str()), xml::text(&domains.join(", ")))
    });
    let mut out = match people.len() {
        0 => "none counts".to_owned(),
        _ => named.collect::<Vec<_>>().join(", "),
    };
    let more = people.len().saturating_sub(MOST_PEOPLE);
    if more > 0 {
        out.push_str(&format!(" and {more} more people"));
    }
    if !others.is_empty() {
        out.push_str("<ul>");
        for signoff in others.iter().take(MOST_SIGNOFFS) {
            out.push_str(&silent(signoff));
        }
        let more = others.len().saturating_sub(MOST_SIGNOFFS);
        if more > 0 {
            out.push_str(&format!("<li>and {more} more that do not count</li>"));
        }
        out.push_str("</ul>");
    }
    out
}

fn silent(signoff: &SignoffReport) -> String {
    let state = if signoff.attested { "does not count" } else { "is not attested" };
    let why = signoff.why.as_deref().map_or_else(String::new, |why| {
        format!(": {}", xml::prose(&escape::line_up_to(why, MOST_CHARS)))
    });
    let (who, domain) = (signoff.reviewer_id.as_str(), signoff.domain.as_str());
    format!("<li>✗ {} for {} {state}{why}</li>", xml::text(who), xml::text(domain))
}
