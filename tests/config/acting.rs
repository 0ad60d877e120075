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
