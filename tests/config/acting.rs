//! Actions of the team's own: what is missing is told, and what nobody classified says so.

use quarterdeck::remediation::level::Level;

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
