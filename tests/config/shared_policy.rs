//! The policy of a shared folder: it makes every key stricter and none looser, says where, and where it is wrong nothing runs.

use std::path::PathBuf;
use std::time::Duration;

use quarterdeck::config::example;
use quarterdeck::config::keys::policy::POLICY;
use quarterdeck::config::policy::PolicyFile;
use quarterdeck::config::show::show;
use quarterdeck::config::{Inputs, Resolution};
use quarterdeck::domain::Safe;
use quarterdeck::domain::target::Environment;

use super::{file, resolved};

const OWN: &str = "[[action]]\nname = \"wipe\"\nurl = \"http://127.0.0.1:1/wipe\"\ncool_down = \"2m\"\n";

fn with(actions: &str, text: Result<Option<&str>, &str>) -> Resolution {
    let text = text.map(|text| text.map(str::to_owned)).map_err(Safe::of);
    let policy = Some(PolicyFile { path: PathBuf::from("/srv/q/policy.toml"), text });
    resolved(&Inputs { policy, ..file(&format!("[actions]\nshared = \"/srv/q\"\n{actions}\n{OWN}")) })
}

fn under(actions: &str, policy: &str) -> Resolution {
    let resolution = with(actions, Ok(Some(policy)));
    assert_eq!(resolution.policy_problems, [], "{policy}");
    resolution
}

fn shown(resolution: &Resolution) -> String {
    show(resolution).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Why nothing runs.
fn barred(policy: &str) -> String {
    let actions = with("", Ok(Some(policy))).resolved.actions;
    actions.policy.barred.map(|why| why.to_string()).unwrap_or_default()
}

#[test]
fn a_folder_without_a_policy_changes_nothing() {
    let without = with("cap = 9", Ok(None));
    let never = resolved(&file(&format!("[actions]\nshared = \"/srv/q\"\ncap = 9\n{OWN}")));
    assert_eq!(without.resolved.actions.policy, never.resolved.actions.policy);
    assert_eq!(shown(&without), shown(&never));
}

#[test]
fn the_stricter_value_counts_and_says_where_it_stands() {
    let actions = "cap = 40\nidle_older_than = \"1m\"\nexcept_users = [\"replicator\"]\nheadless = [\"wipe\"]\n\
                   break_glass = [\"wipe\", \"flush-redis\"]\nsecond_person = [\"L3\"]";
    let policy = "cap = 7\nidle_older_than = \"20m\"\nidle_in_transaction_older_than = \"10m\"\nflush_tolerance = \"1 %\"\n\
                  except_users = [\"backup\"]\nexcept_applications = [\"pg_dump\"]\nheadless = [\"wipe for ada\"]\n\
                  break_glass = [\"flush-redis\"]\nsecond_person = [\"L2 in production\"]\nshared_accounts = [\"deploy\"]\nrequire_login = true\n\
                  journal = true\nenvironment = \"staging\"\ncool_down = \"5m\"\nrefuse = [\"L3 in production\"]\n\
                  windows = [\"Sat 02:00-06:00 UTC\"]\n";
    let resolution = under(actions, policy);
    let spec = &resolution.resolved.actions;
    let minutes = |n: u64| Duration::from_secs(60 * n);
    assert_eq!((spec.cap, spec.idle_older_than, spec.idle_in_transaction_older_than), (7, minutes(20), minutes(10)));
    assert_eq!((spec.flush_tolerance, spec.journal, spec.headless.len()), (0.01, true, 1));
    let headless = |user: &str| spec.policy.against_headless(&spec.headless, &spec.own[0], &user.into());
    assert_eq!(headless("ada"), None);
    let why = headless("bob").unwrap();
    assert!(why.as_str().contains("headless = [\"wipe for bob\"] in policy.toml"), "{why}");
    assert_eq!(
        (&spec.except_users[..], &spec.except_applications[..]),
        (&strings(["replicator", "backup"])[..], &strings(["pg_dump"])[..])
    );
    let policy = &spec.policy;
    assert_eq!(policy.break_glass, ["flush-redis"]);
    assert_eq!(policy.second_person, ["L3", "L2 in production"]);
    assert_eq!((policy.shared_accounts.len(), policy.windows.len(), policy.refused.len()), (1, 1, 1));
    assert_eq!((policy.cool_down, policy.barred.clone()), (minutes(5), None));
    assert!(policy.mark.is_some() && policy.require_login);
    assert_eq!(spec.own[0].target.environment, Environment::Staging, "loopback, and local without it");
    assert_eq!(policy.bind(spec.own[0].clone()).limits.cool_down, minutes(5));
    let text = shown(&resolution);
    let cap = text.lines().find(|line| line.starts_with("cap = ")).unwrap();
    assert!(cap.starts_with("cap = 7 ") && cap.ends_with("# policy: /srv/q/policy.toml:1"), "{cap}");
    assert!(text.contains("#   refuse = [\"L3 in production\"]"), "{text}");
}

#[test]
fn what_would_loosen_is_left_out_and_said_with_both_values() {
    for (actions, policy, stays) in [
        (
            "cap = 5",
            "cap = 100",
            "/srv/q/policy.toml:1: cap: 100 would loosen 5 (/etc/shop/config.toml:3), which stays",
        ),
        ("", "cap = 100", "cap: 100 would loosen 50 (the default), which stays"),
        ("", "idle_older_than = \"1m\"", r#"idle_older_than: "1m" would loosen "10m" (the default), which stays"#),
        ("flush_tolerance = 0.01", "flush_tolerance = 0.5", "would loosen"),
    ] {
        let resolution = under(actions, policy);
        let notes: Vec<&str> = resolution.resolved.notes.iter().map(Safe::as_str).collect();
        assert!(notes.iter().any(|note| note.contains(stays)), "{stays} in {notes:?}");
        let plain = with(actions, Ok(None)).resolved.actions;
        let spec = &resolution.resolved.actions;
        assert_eq!(
            (spec.cap, spec.idle_older_than, spec.flush_tolerance),
            (plain.cap, plain.idle_older_than, plain.flush_tolerance)
        );
    }
    let wide = under("break_glass = [\"wipe\"]", "break_glass = [\"wipe\", \"flush-redis\"]\nheadless = [\"wipe\"]");
    assert_eq!(wide.resolved.actions.policy.break_glass, ["wipe"]);
    let actions = &wide.resolved.actions;
    let why = actions.policy.against_headless(&actions.headless, &actions.own[0], &"ada".into()).unwrap();
    assert!(why.as_str().contains("under [actions]"), "a policy alone grants nothing: {why}");
    let longer = under("", "cool_down = \"1s\"").resolved.actions;
    assert_eq!(longer.policy.bind(longer.own[0].clone()).limits.cool_down, Duration::from_secs(120));
}

#[test]
fn with_a_wrong_policy_nothing_runs_and_the_rest_stays_as_it_is() {
    for (policy, words) in [
        ("caps = 3", "/srv/q/policy.toml:1: caps: no such key or section; did you mean \"cap\"?"),
        ("allow = true", "no such key"),
        ("[actions]\ncap = 3", "no such key"),
        ("cap = 0", "policy.toml:1: cap:"),
        ("read_only = false", "policy.toml:1: read_only:"),
        ("\njournal = false", "policy.toml:2: journal:"),
        ("refuse = [\"l3\"]", "\"l3\": as a level is allowed: L1, L2, L3"),
        ("second_person = [\"L1\"]", "\"L1\": as a level is allowed: L2, L3"),
        ("second_person = [\"L2 in prodution\"]", "\"prodution\" is no environment"),
        ("windows = [\"whenever\"]", "policy.toml:1: windows:"),
        ("cap = ", "not TOML"),
        ("cap = 0\ncaps = 1", "(and 1 more)"),
    ] {
        let why = barred(policy);
        assert!(
            why.starts_with("no action runs: the shared policy cannot be used: ") && why.contains(words),
            "{words} in {why}"
        );
        let resolution = with("cap = 9", Ok(Some(policy)));
        assert!(!resolution.policy_problems.is_empty());
        assert_eq!(resolution.resolved.actions.cap, 9);
        assert!(shown(&resolution).contains("refused, so that no action runs"));
    }
    let unread = with("", Err("it may be written by others (mode 0664)")).resolved.actions.policy.barred.unwrap();
    assert!(unread.as_str().contains("/srv/q/policy.toml: it may be written by others"), "{unread}");
    assert!(barred("read_only = true").contains("says read_only = true (/srv/q/policy.toml:1)"));
}

#[test]
fn a_policy_names_actions_of_others_without_being_wrong() {
    let resolution = under("", "second_person = [\"wipes\", \"wipe\"]\nrefuse = [\"drain in staging\"]");
    let notes: Vec<&str> = resolution.resolved.notes.iter().map(Safe::as_str).collect();
    let wanted = "policy.toml:1: second_person: there is no action \"wipes\"; did you mean \"wipe\"?";
    assert!(notes.iter().any(|note| note.contains(wanted)), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("policy.toml:2: refuse: there is no action \"drain\"")), "{notes:?}");
}

#[test]
fn the_example_of_a_policy_has_every_key_and_reads_back() {
    let text = example::policy();
    let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix('#')).collect();
    for key in POLICY.keys {
        let line = lines.iter().find(|line| line.starts_with(&format!("{} = ", key.name)));
        under("", line.unwrap_or_else(|| panic!("{} is missing", key.name)));
    }
    assert!(text.contains("The smaller value counts"));
}

fn strings<const N: usize>(texts: [&str; N]) -> [String; N] {
    texts.map(str::to_owned)
}
