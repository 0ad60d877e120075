//! Keys that name actions: who wrote one believes that it guards something, so a name that means nothing is a problem.

use quarterdeck::config::resolve;

use super::{file, resolved};

const OWN: &str = "[[action]]\nname = \"warm-cache\"\nurl = \"https://api.example.com/warm\"\nlevel = \"L1\"\n\
                   [[action]]\nname = \"wipe\"\nurl = \"https://api.example.com/wipe\"\n";

fn problems(actions: &str) -> Vec<String> {
    let text = format!("[actions]\n{actions}\n{OWN}");
    let problems = resolve(&file(&text)).err().unwrap_or_default();
    problems.iter().map(|problem| problem.line().to_string()).collect()
}

#[test]
fn levels_built_in_actions_and_own_ones_can_be_named() {
    let text = "[actions]\nsecond_person = [\"L3\", \"terminate-idle\", \"warm-cache\"]\nheadless = [\"wipe\"]\n\
                break_glass = [\"flush-redis\", \"wipe\"]\nshared_accounts = [\"deploy\"]\n";
    let policy = resolved(&file(&format!("{text}{OWN}"))).resolved.actions.policy;
    assert_eq!(policy.second_person, ["L3", "terminate-idle", "warm-cache"]);
    assert_eq!((policy.break_glass.len(), policy.shared_accounts.len()), (2, 1));
}

#[test]
fn a_wrong_name_is_told_with_the_nearest_right_one() {
    for (line, words) in [
        (
            "second_person = [\"flush-rediss\"]",
            "actions.second_person: there is no action \"flush-rediss\"; did you mean \"flush-redis\"?",
        ),
        ("second_person = [\"l3\"]", "\"l3\": as a level is allowed: L2, L3"),
        ("second_person = [\"L1\"]", "\"L1\": as a level is allowed: L2, L3"),
        ("second_person = [\"L2 in prod.\"]", "\"prod.\" is no environment; allowed: production, staging, dev, local"),
        ("second_person = [\"flush-rediss in dev\"]", "did you mean \"flush-redis\"?"),
        (
            "headless = [\"warm-cach\"]",
            "actions.headless: there is no action \"warm-cach\"; did you mean \"warm-cache\"?",
        ),
        ("headless = [\"warm-cache for \"]", "write ACTION for USER"),
        ("headless = [\"warm-cach for ada\"]", "did you mean \"warm-cache\"?"),
        ("headless = [\"L3\"]", "there is no action \"L3\"; quarterdeck run --list has all"),
        ("break_glass = [\"flush\"]", "actions.break_glass: there is no action \"flush\""),
        ("break_glass = [\"terminate-idle\"]", "terminate-idle is L2: it needs no maintenance window"),
        ("break_glass = [\"warm-cache\"]", "warm-cache is L1: it needs no maintenance window"),
    ] {
        let told = problems(line);
        assert!(told.len() == 1 && told[0].contains(words), "{words:?} in {told:?}");
    }
}
