//! What is not edited, and in which words.

use super::*;

fn words(error: EditError) -> String {
    format!("{error}\n  help: {}\n", error.help())
}

#[test]
fn what_cannot_be_done_is_said() {
    let l = &limits();
    let stub = "[schema]\nversion = \"1.0.0\"\n";
    let inline = "[schema]\nversion = \"1.1.0\"\nserial = 1\n[project]\nid = \"x\"\nmainline = \"refs/heads/main\"\n";
    let inline = format!("reviewers = [{{ id = \"ada\", kind = \"human\" }}]\n{inline}");
    let other = fingerprint("9999999999999999999999999999999999999999");
    let results = [
        bump("[schema", l),
        bump(stub, l),
        enroll(&inline, &Enroll { domains: Vec::new(), ..enrolling("dora") }, l),
        enroll(COMMENTED, &enrolling("ada"), l),
        enroll(COMMENTED, &enrolling("bea"), l),
        enroll(COMMENTED, &Enroll { domains: vec![domain("kernle")], ..enrolling("dora") }, l),
        enroll(
            COMMENTED,
            &Enroll {
                keys: vec![key(CLANCY, "keys/d.asc", "2026-11-01", None)],
                ..enrolling("dora")
            },
            l,
        ),
        enroll(
            COMMENTED,
            &Enroll { keys: vec![key(NEW, "../d.asc", "2026-11-01", None)], ..enrolling("dora") },
            l,
        ),
        enroll(
            COMMENTED,
            &Enroll { emails: vec!["clancy@example.org".to_owned()], ..enrolling("dora") },
            l,
        ),
        rotate(COMMENTED, &Rotate { reviewer: id("eve"), ..rotating() }, l),
        rotate(COMMENTED, &Rotate { reviewer: id("bea"), ..rotating() }, l),
        rotate(COMMENTED, &Rotate { reviewer: id("ada"), ..rotating() }, l),
        rotate(COMMENTED, &Rotate { retire: vec![fingerprint(CLANCY_OLD)], ..rotating() }, l),
        rotate(COMMENTED, &Rotate { reason: RetiredReason::Departed, ..rotating() }, l),
        rotate(COMMENTED, &Rotate { keys: Vec::new(), retire: Vec::new(), ..rotating() }, l),
        rotate(
            COMMENTED,
            &Rotate {
                keys: vec![key(CLANCY, "keys/clancy.asc", "2026-10-01", None)],
                ..rotating()
            },
            l,
        ),
        retire(COMMENTED, &Retire { reviewer: id("bea"), ..retiring() }, l),
        retire(COMMENTED, &Retire { reason: RetiredReason::Compromised, ..retiring() }, l),
        retire(
            COMMENTED,
            &Retire { standins: vec![standin("docs", Place::Primary, "bea")], ..retiring() },
            l,
        ),
        retire(
            COMMENTED,
            &Retire { standins: vec![standin("process", Place::Primary, "bea")], ..retiring() },
            l,
        ),
        retire(
            COMMENTED,
            &Retire { standins: vec![standin("kernel", Place::Primary, "clancy")], ..retiring() },
            l,
        ),
        retire(
            COMMENTED,
            &Retire {
                standins: vec![
                    standin("kernel", Place::Primary, "ada"),
                    standin("kernel", Place::Primary, "bea"),
                ],
                ..retiring()
            },
            l,
        ),
        retire(COMMENTED, &Retire { reviewer: id("ada"), standins: Vec::new(), ..retiring() }, l),
        compromise(COMMENTED, &Compromise { keys: vec![other], ..compromising(&[]) }, l),
        compromise(COMMENTED, &compromising(&[]), l),
        compromise(COMMENTED, &compromising(&[CLANCY, ADA]), l),
        compromise(
            COMMENTED,
            &Compromise { charter_ack: " ".to_owned(), ..compromising(&[CLANCY]) },
            l,
        ),
        compromise(
            COMMENTED,
            &Compromise {
                new_keys: vec![key(CLANCY, "keys/c.asc", "2026-11-02", None)],
                ..compromising(&[CLANCY])
            },
            l,
        ),
        amend(COMMENTED, COMMENTED, l),
        amend(COMMENTED, &COMMENTED.replace("serial = 4", "serial = 6"), l),
        amend(COMMENTED, &COMMENTED.replace("serial = 4", "serial = 3"), l),
        amend(COMMENTED, &COMMENTED.replace("threshold = 1", "threshold = 3"), l),
        amend(COMMENTED, stub, l),
    ];
    let told: Vec<String> = results.into_iter().map(|result| words(result.unwrap_err())).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_old_problem_is_no_obstacle_and_another_one_is() {
    // Two people are needed for a ceremony, and a placeholder is nobody's key.
    let ill = COMMENTED
        .replace("3C3F 1B7C 5AD0 E1E1 E2E3 E4E5 E6E7 E8E9 EAEB ECED", "pending")
        .replace("threshold = 1", "threshold = 2");
    let order = Rotate { reviewer: id("ada"), retire: vec![fingerprint(ADA)], ..rotating() };
    // The placeholder changes its place, and it is the same problem still.
    let order = Rotate { keys: vec![key(NEW, "keys/a.asc", "2026-11-01", None)], ..order };
    rotate(&ill, &order, &limits()).unwrap();
    let none = Rotate { keys: Vec::new(), ..order };
    assert!(matches!(rotate(&ill, &none, &limits()), Err(EditError::Problems(_))));
}

#[test]
fn a_text_that_outgrows_its_bound_is_not_handed_out() {
    let limits = Limits { file_bytes: COMMENTED.len() as u64, ..Limits::default() };
    bump(COMMENTED, &limits).unwrap();
    let Err(EditError::Problems(problems)) = rotate(COMMENTED, &rotating(), &limits) else {
        panic!()
    };
    assert!(problems[0].message.contains("large") || problems[0].help.contains("file-bytes"));
}
