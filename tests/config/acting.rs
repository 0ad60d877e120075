//! Actions of the team's own: what is missing is told, and what nobody classified says so.

use quarterdeck::remediation::level::Level;
use quarterdeck::remediation::measure::Expectation;

use super::{file, refused, resolved};

const CTL: &str =
    "[[action]]\nname = \"halt\"\nrestart_command = [\"ctl\", \"restart\"]\nstatus_command = [\"ctl\", \"status\"]\n";

#[test]
fn an_order_without_its_command_is_refused() {
    for (verb, wants) in [("stop", "stop_command"), ("start", "start_command")] {
        let said = refused(&file(&format!("{CTL}verb = \"{verb}\"\n")));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(&format!("verb: {verb} wants {wants} beside it")), "{said:?}");
    }
    assert_eq!(resolved(&file(CTL)).resolved.actions.own.len(), 1);
}

#[test]
fn what_nobody_classified_destroys_and_says_so() {
    let action = |level: &str| {
        let text = format!("[[action]]\nname = \"purge\"\nurl = \"http://localhost:1/purge\"\n{level}");
        resolved(&file(&text)).resolved.actions.own.remove(0)
    };
    let unclassified = action("");
    assert_eq!(unclassified.level, Level::L3);
    assert!(unclassified.warnings[0].as_str().contains("no level is given"), "{:?}", unclassified.warnings);
    assert!(action("level = \"L1\"\n").warnings.is_empty());
}

/// What is built in needs only its target.
#[test]
fn warming_and_retrying_bring_their_levels_and_guards() {
    let world = "[[origin]]\nname = \"api\"\nurl = \"http://127.0.0.1:8000\"\n\
                 [[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1/shop\"\n\
                 [[cache]]\nname = \"pages\"\norigin = \"api\"\npath = \"/stats\"\nhits = \"/h\"\nmisses = \"/m\"\n\
                 [[signal]]\nname = \"waiting\"\norigin = \"api\"\npath = \"/queue\"\npointer = \"/n\"\n";
    let action = |more: &str| format!("{world}[[action]]\nname = \"it\"\norigin = \"api\"\npath = \"/it\"\n{more}");
    let made = |more: &str| resolved(&file(&action(more))).resolved.actions.own[0].clone();
    let warm = made("kind = \"warm\"");
    assert_eq!((warm.level, warm.title.as_str(), warm.target.name.as_str()), (Level::L1, "warm the cache", "api"));
    assert_eq!(warm.proof.trials[0].name.as_str(), "hit ratio of pages");
    assert_eq!(warm.proof.trials[0].expect, Expectation::Rose);
    assert!(warm.preconditions[0].name.as_str().contains("connections in use of main"), "{warm:?}");
    assert!(warm.warnings.is_empty() && warm.undo.as_str() == "nothing needs to be undone", "{warm:?}");
    // Also where something else shows that it worked.
    let other = made("kind = \"warm\"\nwatch = \"signal waiting\"\nlevel = \"L2\"");
    assert_eq!((other.level, other.preconditions.len()), (Level::L2, 1), "stricter is as it is declared");
    let retry = "kind = \"retry\"\nwatch = \"signal waiting\"\npreview_path = \"/receivers\"\n";
    let again = made(retry);
    assert_eq!((again.level, again.proof.trials[0].expect.clone()), (Level::L2, Expectation::Fell));
    let mild = made(&format!("{retry}level = \"L1\""));
    assert!(mild.level == Level::L2 && mild.warnings[0].as_str().contains("counts as L2"), "{mild:?}");
    let wrong = |more: &str| refused(&file(&action(more))).concat();
    assert!(wrong("kind = \"retry\"\nwatch = \"signal waiting\"").contains("to which receivers"));
    assert!(wrong("kind = \"retry\"\npreview_path = \"/receivers\"").contains("the depth of the queue"));
    let two = "[[cache]]\nname = \"more\"\norigin = \"api\"\npath = \"/more\"\nratio = \"/r\"\n";
    assert!(wrong(&format!("kind = \"warm\"\n{two}")).contains("whose hit ratio rises"));
}

fn unit(more: &str) -> String {
    format!("[[action]]\nname = \"restart-api\"\nunit = \"api.service\"\nenvironment = \"local\"\n{more}")
}

/// A restart of what is watched is proved by its health too; where nothing watches it, the card says that nobody looks.
#[test]
fn a_restart_is_proved_by_the_health_of_what_is_watched() {
    use quarterdeck::remediation::measure::{Expectation, Measure};

    let health = "[[service]]\nname = \"api\"\nurl = \"http://localhost:1/health\"\n";
    let restart = |text: &str| {
        let mut own = resolved(&file(text)).resolved.actions.own;
        let action = own.remove(0);
        let looks = action
            .proof
            .trials
            .iter()
            .any(|trial| (&trial.measure, &trial.expect) == (&Measure::Service(0), &Expectation::Healthy));
        let warns = action.warnings.iter().any(|words| words.as_str().contains("HEALTH IS NOT LOOKED AT"));
        (looks, warns, action.target.at)
    };
    assert_eq!(restart(&format!("{health}{}", unit(""))), (true, false, Some(0)), "by its name");
    let other = health.replace("\"api\"", "\"shop\"");
    assert_eq!(restart(&format!("{other}{}", unit("target = \"shop\"\n"))), (true, false, Some(0)), "by its target");
    assert_eq!(restart(&format!("{other}{}", unit(""))), (false, true, None));
    assert_eq!(restart(&format!("{other}{}", unit("watch = \"service shop\"\n"))), (true, false, Some(0)));
    assert_eq!(restart(&format!("{health}{}", unit("verb = \"stop\"\n"))), (false, false, None), "it is to be gone");
}

#[test]
fn a_process_that_has_just_started_proves_nothing() {
    for stable in ["0s", "999ms"] {
        let said = refused(&file(&unit(&format!("stable = \"{stable}\"\n"))));
        assert!(said[0].contains("1s at least"), "{said:?}");
        let step = format!(
            "[[runbook]]\nname = \"r\"\ntarget = \"api\"\nlevel = \"L2\"\nnote = \"x\"\n\
             [[runbook.step]]\nunit = \"api.service\"\nstable = \"{stable}\"\n"
        );
        let said = refused(&file(&step));
        assert!(said.iter().any(|words| words.contains("1s at least")), "{said:?}");
    }
    resolved(&file(&unit("stable = \"1s\"\n")));
}
