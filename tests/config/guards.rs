//! The same level, guards and patience whatever the path: what is a guarded action is no less guarded as a step of a runbook.

use std::time::Duration;

use quarterdeck::config::{Inputs, resolve};
use quarterdeck::remediation::action::{Action, Plan};
use quarterdeck::remediation::level::Level;
use quarterdeck::remediation::runbook::{Deed, Runbook};
use quarterdeck::remediation::service::facts::ServiceFacts;

use super::{file, profile, refused, resolved};

const WATCHED: &str = r#"
    [[service]]
    name = "api"
    url = "http://127.0.0.1:1/health"
    [[database]]
    name = "main"
    url = "postgresql://ops@127.0.0.1/shop"
    [[signal]]
    name = "waiting"
    disk = "/"
"#;
const URL: &str = "url = \"http://127.0.0.1:1/it\"\n";

fn own(inputs: &Inputs) -> Vec<Action> {
    resolved(inputs).resolved.actions.own
}

fn of_action(lines: &str) -> Action {
    own(&file(&format!("{WATCHED}\n[[action]]\nname = \"a\"\nwatch = \"signal waiting\"\n{lines}"))).remove(0)
}

fn with(head: &str, step: &str) -> String {
    format!("{WATCHED}\n[[runbook]]\nname = \"r\"\ntarget = \"api\"\n{head}\n[[runbook.step]]\n{step}")
}

fn of_runbook(head: &str, step: &str) -> Action {
    own(&file(&with(head, step))).remove(0)
}

fn steps(action: &Action) -> &Runbook {
    match &action.plan {
        Plan::Runbook(runbook) => runbook,
        Plan::Wanting(wanting) => match &wanting.plan {
            Plan::Runbook(runbook) => runbook,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_has_one_level_whatever_the_path() {
    for (lines, level) in [
        ("", Level::L1),
        ("method = \"DELETE\"\n", Level::L2),
        ("preview_sql = \"SELECT 1, 2\"\n", Level::L2),
        ("preview_path = \"/receivers\"\n", Level::L2),
        ("kind = \"retry\"\npreview_path = \"/receivers\"\n", Level::L2),
        ("kind = \"warm\"\n", Level::L1),
        ("kind = \"warm\"\nmethod = \"DELETE\"\n", Level::L2),
    ] {
        let action = of_action(&format!("{URL}level = \"L1\"\n{lines}"));
        let runbook = of_runbook("level = \"L1\"\nwatch = \"signal waiting\"", &format!("{URL}{lines}"));
        assert_eq!((action.level, runbook.level), (level, level), "{lines}");
        for made in [&action, &runbook] {
            let told = made.warnings.iter().any(|words| words.as_str().contains("whatever is declared"));
            assert_eq!(told, level > Level::L1, "{lines}: {:?}", made.warnings);
        }
    }
}

/// Whatever shows that the runbook worked.
#[test]
fn a_warming_leaves_connections_whatever_the_path() {
    let action = of_action(&format!("{URL}kind = \"warm\"\n"));
    let runbook = of_runbook("level = \"L1\"\nwatch = \"service api\"", &format!("{URL}kind = \"warm\"\n"));
    let step = &steps(&runbook).steps[0];
    assert_eq!(step.requires, action.preconditions);
    assert_eq!((step.requires.len(), step.title.as_str()), (1, "warm the cache"));
    let lacking = refused(&file(&with("level = \"L2\"", &format!("{URL}kind = \"retry\"\n")))).concat();
    assert!(lacking.contains("to which receivers"), "{lacking}");
    let pggit = own(&Inputs { arguments: profile("pggit"), ..Inputs::default() });
    for (book, step) in [("startup", 7), ("cache-warming", 2), ("high-latency", 2)] {
        let action = pggit.iter().find(|action| action.id.as_str() == book).unwrap();
        assert_eq!(steps(action).steps[step].requires.len(), 1, "{book}");
    }
}

/// systemd kills what does not stop after 90 s.
#[test]
fn an_order_to_systemd_is_waited_for_as_long_as_systemd_waits() {
    let patient = ServiceFacts { stop_within: Some(Duration::from_secs(90)), ..ServiceFacts::default() };
    let alone = of_action("unit = \"api.service\"\n");
    assert_eq!(patient.outlasts(alone.limits.deadline), None);
    let mut books = own(&Inputs { arguments: profile("pggit"), ..Inputs::default() });
    books.push(of_runbook(
        "level = \"L2\"",
        "unit = \"api.service\"\n[runbook.step.undo]\nunit = \"api.service\"\nverb = \"stop\"",
    ));
    let mut orders = 0;
    for action in books.iter().filter(|action| matches!(action.plan, Plan::Runbook(_) | Plan::Wanting(_))) {
        for (_, step) in steps(action).items() {
            let Deed::Service { order, stable, .. } = &step.deed else { continue };
            orders += 1;
            assert_eq!(patient.outlasts(*order), None, "{} {}", action.id, step.title);
            assert!(step.deadline > *order + *stable, "the proof has its own time");
        }
    }
    assert!(orders > 10, "{orders}");
    let compose = of_runbook("level = \"L2\"\nproject = \"shop\"", "compose = \"api\"");
    let Deed::Service { order, .. } = steps(&compose).steps[0].deed else { panic!("{compose:?}") };
    assert_eq!(order, Duration::from_secs(60));
}

/// A pool connects again at once: the first reading afterwards proves nothing.
#[test]
fn where_sessions_are_terminated_connections_count_a_minute_later() {
    let minute = Duration::from_secs(60);
    for sessions in ["terminate idle", "terminate idle in transaction", "terminate root blocker"] {
        let step = format!("sessions = \"{sessions}\"");
        for settle in ["", "settle = \"0s\"\n", "settle = \"5s\"\nwithin = \"10s\"\n"] {
            let made = of_runbook(&format!("level = \"L2\"\nwatch = \"connections main\"\n{settle}"), &step);
            assert_eq!(made.proof.settle, minute, "{sessions} {settle}");
            assert!(made.proof.within > minute, "{sessions} {settle}");
            let told = made.warnings.iter().any(|words| words.as_str().contains("pool"));
            assert_eq!(told, !settle.is_empty(), "{:?}", made.warnings);
        }
        let longer =
            of_runbook("level = \"L2\"\nwatch = \"connections main\"\nsettle = \"3m\"\nwithin = \"5m\"", &step);
        assert_eq!((longer.proof.settle, longer.proof.within), (minute * 3, minute * 5));
        let other = of_runbook("level = \"L2\"\nwatch = \"blocked main\"", &step);
        assert_eq!(other.proof.settle, Duration::ZERO);
    }
    let cancelled = of_runbook("level = \"L2\"\nwatch = \"connections main\"", "sessions = \"cancel root blocker\"");
    assert_eq!(cancelled.proof.settle, Duration::ZERO, "who was cancelled keeps the connection");
}

#[test]
fn only_what_reads_may_fail() {
    for (step, may) in [
        ("look = \"service api\"", true),
        ("query = \"SELECT 1\"", true),
        ("unit = \"api.service\"\nverb = \"status\"", true),
        ("command = [\"df\"]\nreads = true", true),
        ("command = [\"df\"]", false),
        ("unit = \"api.service\"", false),
        ("statement = \"DELETE FROM x\"", false),
        ("explain = \"SELECT 1\"", true),
        ("sessions = \"terminate idle\"", false),
        ("wait = \"service api ok\"", false),
        ("pause = \"1s\"", false),
        ("manual = \"turn it\"", false),
        ("url = \"http://127.0.0.1:1/x\"", false),
    ] {
        let text = file(&with("level = \"L2\"", &format!("{step}\nmay_fail = true")));
        if let Ok(resolution) = resolve(&text) {
            assert!(may, "{step}");
            assert!(steps(&resolution.resolved.actions.own[0]).steps[0].may_fail);
        } else {
            let said = refused(&text).concat();
            assert!(!may && said.contains("only what reads may fail"), "{step}: {said}");
        }
    }
    let undo = "unit = \"a.service\"\n[runbook.step.undo]\nlook = \"service api\"\nmay_fail = true";
    assert!(refused(&file(&with("level = \"L2\"", undo))).concat().contains("undo.may_fail: means nothing"));
}

/// The cure of an incident stands behind looks that fail in just that incident.
#[test]
fn no_look_of_an_incident_keeps_its_cure_away() {
    let pggit = own(&Inputs { arguments: profile("pggit"), ..Inputs::default() });
    for book in ["high-latency", "high-error-rate", "pool-exhausted", "queue-backlog"] {
        let action = pggit.iter().find(|action| action.id.as_str() == book).unwrap();
        for step in steps(action).steps.iter().filter(|step| step.deed.only_reads()) {
            assert!(step.may_fail, "{book}: {}", step.title);
        }
    }
}
