//! Each edit on a registry with comments everywhere: what becomes of the text, and that it says
//! exactly what was asked for.

mod errors;
mod exactly;

use super::*;
use crate::model::Limits;

pub(super) const COMMENTED: &str = include_str!("commented.toml");
pub(super) const CLANCY: &str = "3c3f1b7c5ad0e1e1e2e3e4e5e6e7e8e9eaebeced";
pub(super) const CLANCY_OLD: &str = "1111111111111111111111111111111111111111";
pub(super) const ADA: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
pub(super) const NEW: &str = "4444444444444444444444444444444444444444";
pub(super) const COMMIT: &str = "2222222222222222222222222222222222222222";

pub(super) fn id(text: &str) -> ReviewerId {
    ReviewerId::new(text).unwrap()
}

pub(super) fn domain(text: &str) -> DomainId {
    DomainId::new(text).unwrap()
}

pub(super) fn at(text: &str) -> Time {
    Time::parse(text).unwrap()
}

pub(super) fn fingerprint(text: &str) -> Fingerprint {
    Fingerprint::parse(text).unwrap()
}

pub(super) fn key(text: &str, path: &str, from: &str, until: Option<&str>) -> NewKey {
    let window = Window { from: at(from), until: until.map(at) };
    NewKey { fingerprint: fingerprint(text), public_key: path.to_owned(), window }
}

pub(super) fn standin(name: &str, place: Place, person: &str) -> Standin {
    Standin { role: Role { domain: domain(name), place }, person: id(person) }
}

pub(super) fn enrolling(person: &str) -> Enroll {
    Enroll {
        id: id(person),
        name: "Dora \"D\" Ö".to_owned(),
        emails: vec!["dora@example.org".to_owned(), "d@example.com".to_owned()],
        kind: ReviewerKind::Human,
        keys: vec![key(NEW, "keys/dora.asc", "2026-11-01", Some("2028-11-01T12:00:00Z"))],
        domains: vec![domain("kernel"), domain("docs")],
    }
}

pub(super) fn rotating() -> Rotate {
    Rotate {
        reviewer: id("clancy"),
        keys: vec![key(NEW, "keys/clancy-2026.asc", "2026-11-01", Some("2028-11-01"))],
        retire: vec![fingerprint(CLANCY)],
        at: at("2026-11-02T08:30:00Z"),
        reason: RetiredReason::Rotated,
    }
}

pub(super) fn retiring() -> Retire {
    Retire {
        reviewer: id("clancy"),
        at: at("2026-11-02"),
        reason: RetiredReason::Departed,
        standins: vec![
            standin("kernel", Place::Primary, "ada"),
            standin("kernel", Place::Backup, "bea"),
        ],
    }
}

pub(super) fn compromising(keys: &[&str]) -> Compromise {
    Compromise {
        keys: keys.iter().map(|key| fingerprint(key)).collect(),
        at: at("2026-11-02"),
        trusted: Trusted::Until(Oid::from_hex(COMMIT).unwrap()),
        acknowledged: Vec::new(),
        charter_ack: "DECISION_LOG.md#2026-11-02-theft".to_owned(),
        new_keys: Vec::new(),
        standins: Vec::new(),
    }
}

pub(super) fn limits() -> Limits {
    Limits::default()
}

/// Lines that went and came, with what stands around them.
fn shown(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // Longest common subsequence, from behind.
    let mut longest = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] = if old[i] == new[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && longest[i + 1][j] >= longest[i][j + 1] {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    let near = |n: usize| {
        lines[n.saturating_sub(3)..(n + 4).min(lines.len())].iter().any(|(mark, _)| *mark != ' ')
    };
    let mut text = String::new();
    for (n, (mark, line)) in lines.iter().enumerate() {
        if near(n) {
            text.push_str(&format!("{mark}{line}\n"));
        } else if n > 0 && n + 1 < lines.len() && near(n - 1) {
            text.push_str("…\n");
        }
    }
    text
}

/// The difference, what it means, and what is left.
fn told(result: Result<Edited, EditError>) -> String {
    let edited = result.unwrap_or_else(|error| panic!("{error}"));
    let mut text = shown(COMMENTED, &edited.text);
    text.push_str("---\n");
    for change in &edited.changes {
        text.push_str(&format!("{change}\n"));
    }
    for role in &edited.left {
        text.push_str(&format!("left: {} of {}\n", role.place.name(), role.domain));
    }
    text
}

#[test]
fn somebody_new_comes_behind_those_who_are_there() {
    insta::assert_snapshot!(told(enroll(COMMENTED, &enrolling("dora"), &limits())));
}

#[test]
fn somebody_listed_without_a_key_gets_one() {
    let order = Enroll { name: String::new(), emails: Vec::new(), ..enrolling("bea") };
    insta::assert_snapshot!(told(enroll(COMMENTED, &order, &limits())));
}

#[test]
fn a_rotated_key_goes_with_its_comments_and_leaves_those_of_the_section() {
    insta::assert_snapshot!(told(rotate(COMMENTED, &rotating(), &limits())));
}

#[test]
fn a_further_key_stands_beside_the_old_one() {
    let order = Rotate { retire: Vec::new(), ..rotating() };
    insta::assert_snapshot!(told(rotate(COMMENTED, &order, &limits())));
}

#[test]
fn the_last_key_of_a_list_can_go_and_the_first_retired_one_can_come() {
    let (head, _) = COMMENTED.split_once("[[keys]]\nreviewer_id = \"ada\"").unwrap();
    let old = format!("{head}[policy.ceremony]\nthreshold = 1\n");
    let order = Rotate { keys: Vec::new(), ..rotating() };
    // Nobody could sign off anything then.
    let Err(EditError::Problems(problems)) = rotate(&old, &order, &limits()) else { panic!() };
    assert!(problems.len() > 1, "{problems:?}");
    let edited = rotate(&old, &rotating(), &limits()).unwrap();
    insta::assert_snapshot!(shown(&old, &edited.text));
}

#[test]
fn who_leaves_is_replaced_as_asked() {
    insta::assert_snapshot!(told(retire(COMMENTED, &retiring(), &limits())));
}

#[test]
fn who_is_not_replaced_keeps_the_place_and_it_is_told() {
    let order = Retire { standins: Vec::new(), ..retiring() };
    let edited = retire(COMMENTED, &order, &limits()).unwrap();
    let left: Vec<String> =
        edited.left.iter().map(|role| format!("{}.{}", role.domain, role.place.name())).collect();
    assert_eq!(left, ["kernel.primary", "process.backup"]);
    let named: Vec<Role> = roles(&edited.registry, &id("clancy"));
    assert_eq!(named, edited.left);
}

#[test]
fn a_standing_key_is_marked_and_a_new_one_comes() {
    let order = Compromise {
        new_keys: vec![key(NEW, "keys/clancy-2026.asc", "2026-11-02", None)],
        acknowledged: vec![Oid::from_hex(&"5".repeat(40)).unwrap()],
        ..compromising(&[CLANCY])
    };
    insta::assert_snapshot!(told(compromise(COMMENTED, &order, &limits())));
}

#[test]
fn a_retired_key_is_marked_where_it_stands() {
    let edited = compromise(COMMENTED, &compromising(&[CLANCY_OLD]), &limits());
    insta::assert_snapshot!(told(edited));
}

#[test]
fn more_is_said_of_a_key_that_is_marked_already() {
    let first = compromise(COMMENTED, &compromising(&[CLANCY_OLD]), &limits()).unwrap();
    let gate = |digit: &str| Oid::from_hex(&digit.repeat(40)).unwrap();
    let order = Compromise {
        trusted: Trusted::AsItStands,
        acknowledged: vec![gate("6")],
        charter_ack: String::new(),
        ..compromising(&[CLANCY_OLD])
    };
    let second = compromise(&first.text, &order, &limits()).unwrap();
    insta::assert_snapshot!(shown(&first.text, &second.text));
    let order = Compromise { trusted: Trusted::Nothing, acknowledged: vec![gate("7")], ..order };
    let third = compromise(&second.text, &order, &limits()).unwrap();
    assert!(third.text.contains(&format!("[\"{}\", \"{}\"]", gate("6"), gate("7"))));
    assert!(!third.text.contains("trusted_until"));
    let again = compromise(&third.text, &order, &limits());
    assert_eq!(again.unwrap_err(), EditError::NothingToDo);
}

#[test]
fn the_serial_alone_can_be_raised() {
    insta::assert_snapshot!(told(bump(COMMENTED, &limits())));
}

#[test]
fn a_hand_written_change_gets_the_next_serial_or_has_it() {
    let by_hand = COMMENTED.replace("threshold = 1 ", "threshold = 2 ");
    let edited = amend(COMMENTED, &by_hand, &limits()).unwrap();
    assert_eq!(edited.text, by_hand.replace("serial = 4", "serial = 5"));
    assert_eq!(edited.changes.len(), 2);
    assert_eq!(amend(COMMENTED, &edited.text, &limits()).unwrap().text, edited.text);
    let stub = "[schema]\nversion = \"1.0.0\"\n";
    assert_eq!(
        amend(stub, &by_hand.replace("serial = 4", "serial = 1"), &limits())
            .unwrap()
            .registry
            .serial,
        1
    );
}

#[test]
fn lines_that_end_as_on_windows_still_do() {
    let old = COMMENTED.replace('\n', "\r\n");
    for edited in [
        rotate(&old, &rotating(), &limits()).unwrap(),
        amend(&old, &old.replace("threshold = 1 ", "threshold = 2 "), &limits()).unwrap(),
    ] {
        let unix = edited.text.replace("\r\n", "\n");
        assert!(!unix.contains('\r') && edited.text == unix.replace('\n', "\r\n"));
    }
    let unix = rotate(COMMENTED, &rotating(), &limits()).unwrap();
    assert_eq!(rotate(&old, &rotating(), &limits()).unwrap().text, unix.text.replace('\n', "\r\n"));
}
