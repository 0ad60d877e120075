//! The grammar of signals: every row of its table is read, documented and accepted or refused for actions with a reason;
//! what cannot be meant is refused with the unit, the nearest words or what to use instead.

use quarterdeck::config::example::example;
use quarterdeck::config::watched::{Of, REFUSED, ROWS, Row, row_of};
use quarterdeck::remediation::action::Plan;
use quarterdeck::remediation::measure::{Expectation, Measure, Told};

use crate::{file, refused, resolved};

const WATCHED: &str = r#"
    prometheus = "http://prometheus.example.com"
    alertmanager = "http://alertmanager.example.com"
    [[service]]
    name = "lonely"
    url = "https://lonely.example.com/health"
    [[service]]
    name = "plain"
    url = "http://plain.example.com/health"
    interval = "60s"
    [[service]]
    name = "api one"
    url = "https://api.example.com/health"
    [[database]]
    name = "main"
    url = "postgresql://ops@db.example.com/app"
    [[cache]]
    name = "redis"
    redis = "redis://cache.example.com"
    [[cache]]
    name = "told"
    url = "https://api.example.com/cache"
    hits = "/h"
    misses = "/m"
    [[signal]]
    name = "jobs"
    sql = "SELECT 1"
    threshold = "> 10"
    [[signal]]
    name = "free"
    sql = "SELECT 1"
    [[metrics]]
    name = "pages"
    url = "https://api.example.com/metrics"
    [[metrics]]
    name = "again"
    url = "https://api.example.com/metrics"
    [[metrics]]
    name = "gone"
    url = "https://gone.example.com/metrics"
    off = true
    [[log]]
    name = "worker"
    files = "/var/log/worker.log"
"#;

fn alert(when: &str) -> String {
    format!("{WATCHED}[[alert]]\nname = \"A\"\nwhen = \"{when}\"\n")
}

fn why(text: &str) -> String {
    refused(&file(text)).join("\n")
}

fn name_of(row: &Row) -> &'static str {
    match row.of {
        Of::Service => "api one",
        Of::Database => "main",
        Of::Cache => "redis",
        Of::Signal => "jobs",
        Of::Target => "pages",
        Of::Log => "worker",
        Of::Engine(_) => "",
    }
}

/// A row with everything that it needs.
fn written(row: &Row) -> String {
    row.shown().replace("NAME", name_of(row)).replace("CHILD", "data base").replace("QUERYID", "-8123")
}

#[test]
fn every_row_is_read_as_itself() {
    for row in ROWS {
        let when = written(row);
        let own = resolved(&file(&alert(&when))).resolved.alerts.own;
        let [own] = own.as_slice() else { panic!("{when}") };
        let read = row_of(&own.measure).unwrap_or_else(|| panic!("{when}"));
        assert!(std::ptr::eq(read, row) || read.words == "share" || row.words == "share", "{when}: {:?}", own.measure);
        assert_eq!(own.states, row.takes.states(), "{when}");
        assert!(own.what.as_str().contains(name_of(row)), "{when}: {}", own.what);
        match (&own.measure, &own.bad) {
            (Measure::Child(2, name), _) => assert_eq!(name.as_str(), "data base"),
            (Measure::Statement(0, query), _) => assert_eq!(*query, -8123),
            (_, Expectation::Meets(threshold)) => assert!(threshold.bound.is_finite(), "{when}"),
            (_, expect) => assert!(!row.takes.states().is_empty(), "{when}: {expect:?}"),
        }
    }
}

#[test]
fn every_row_is_documented() {
    let squeezed = |text: &str| text.split_whitespace().filter(|word| *word != "#").collect::<Vec<_>>().join(" ");
    let readme = include_str!("../../README.md");
    let (example, readme) = (squeezed(&example()), squeezed(readme));
    for row in ROWS {
        let shown = row.shown();
        assert!(example.contains(&shown), "config example: {shown}");
        assert!(readme.contains(&format!("`{shown}`")), "README: {shown}");
    }
}

#[test]
fn what_an_action_can_read_anew_it_takes_and_the_rest_is_refused_with_the_reason() {
    for row in ROWS {
        let wait = |words: &str| {
            format!(
                "{WATCHED}[[runbook]]\nname = \"r\"\ntarget = \"main\"\n[[runbook.step]]\nwait = \"{words}\"\n\
                 [[runbook.step]]\nmanual = \"x\"\n"
            )
        };
        let words = written(row);
        let words = words.split(" for ").next().unwrap();
        let measure = (row.measure)(0);
        let is_old = words.contains("older than") && row.words != "idle in transaction";
        if matches!(measure, Measure::Told(_)) || is_old {
            assert!(why(&wait(words)).contains("by an [[alert]] alone"), "{words}");
        } else {
            let actions = resolved(&file(&wait(words))).resolved.actions.own;
            assert!(actions.iter().any(|action| action.id.as_str() == "r"), "{words}");
        }
        // What must hold before an action is a figure.
        let action = format!(
            "{WATCHED}[[action]]\nname = \"a\"\nurl = \"https://api.example.com/do\"\nlevel = \"L2\"\nrequires = [\"{words}\"]\n"
        );
        if matches!(measure, Measure::Told(_)) || is_old {
            assert!(why(&action).contains("by an [[alert]] alone"), "{words}");
        } else if row.takes.states().is_empty() {
            let resolved = resolved(&file(&action)).resolved;
            assert_eq!(resolved.actions.own[0].preconditions.len(), 1, "{words}");
        } else {
            assert!(why(&action).contains("a state is waited for"), "{words}");
        }
    }
}

#[test]
fn an_action_is_proved_by_whatever_it_can_read() {
    let proof = |watch: &str, expect: &str| {
        let expect = if expect.is_empty() { String::new() } else { format!("expect = \"{expect}\"\n") };
        format!(
            "{WATCHED}[[action]]\nname = \"a\"\nurl = \"https://api.example.com/do\"\nlevel = \"L2\"\nwatch = \"{watch}\"\n{expect}"
        )
    };
    for (watch, expect, words) in [
        ("cache redis", "", "rises"),
        ("buffer hit main", "", "rises"),
        ("service api one", "", "is ok"),
        ("database main", "", "is ok"),
        ("role main", "primary", "is primary"),
        ("child api one db", "ok", "is ok"),
        ("memory redis", "", "falls"),
        ("connections main", "< 90 %", "is < 90 %"),
        ("evictions redis", "< 5/s", "is < 5"),
        ("deadlocks main", "< 1/min", "is < 1"),
    ] {
        let own = resolved(&file(&proof(watch, expect))).resolved.actions.own;
        assert_eq!(own[0].proof.trials[0].expect.words(), words, "{watch}");
    }
    assert!(why(&proof("p95 pages", "")).contains("by an [[alert]] alone"));
    assert!(why(&proof("memory redis", "< 5 %  of it")).contains("is not known"));
}

#[test]
fn what_is_not_watched_says_why_and_what_is() {
    for (words, wanted) in REFUSED {
        let told = why(&alert(&format!("{words} main > 5")));
        assert!(told.contains(wanted), "{words}: {told}");
    }
    for (when, wanted) in [
        ("bufer hit main < 90 %", "\"buffer hit\""),
        ("buffer hits main < 90 %", "\"buffer hit\""),
        ("deadlock main > 0", "\"deadlocks\""),
        ("certificat api one < 14d", "\"certificate\""),
        ("wibble > 5", "begins with one of these"),
        ("deadlocks mian > 0", "\"main\""),
        ("memory redsi > 1 GiB", "\"redis\""),
        ("prometheus slow", "ok, not ok or down"),
        ("service api one unknown for 5m", "fires nothing and resolves nothing"),
        ("database main stale", "older than 1m"),
        ("database main slow", "ok, not ok, degraded or down"),
        ("role main down", "primary or replica"),
        ("cache told > 1 GiB", "percent"),
        ("memory told > 1 GiB", "tells its hit ratio alone"),
        ("certificate plain < 14d", "not asked by https"),
        ("probe p95 plain > 1s", "five minutes hold 5 probes"),
        ("signal free degraded", "has no threshold"),
        ("requests lonely > 5", "nobody scrapes"),
        ("statement main fast > 5ms", "no query id"),
        ("child api one down", "the name of a child"),
        ("connections main", "what must hold is missing"),
    ] {
        let told = why(&alert(when));
        assert!(told.contains(wanted), "{when}: {told}");
    }
}

#[test]
fn a_bound_of_another_unit_is_refused() {
    for when in [
        "connections main > 5m",
        "sessions main > 1 GiB",
        "requests pages > 100ms",
        "commits main > 5 MiB",
        "log errors worker > 5s",
        "latency api one > 5 MiB",
        "memory redis > 5m",
        "size main > 1h",
        "certificate api one < 14 GiB",
        "buffer hit main < 5s",
        "clock main > 5 %",
        "commits main > 5 %",
        "status api one older than 5m",
        "connections main older than 5m",
        "cache redis < 5ms",
        "database main older than 5 GiB",
    ] {
        let told = why(&alert(when));
        assert!(!told.is_empty(), "{when}");
    }
    let bound = |when: &str| match &resolved(&file(&alert(when))).resolved.alerts.own[0].bad {
        Expectation::Meets(threshold) => threshold.bound,
        other => panic!("{other:?}"),
    };
    assert_eq!(bound("certificate api one < 14d"), 14.0);
    assert_eq!(bound("certificate api one < 14"), 14.0);
    assert_eq!(bound("certificate api one < 48h"), 2.0);
    assert_eq!(bound("temp files main > 1 GiB/min for 5m"), 1_073_741_824.0);
    assert_eq!(bound("operations redis > 50k/s"), 50_000.0);
    assert_eq!(bound("slowest statement main > 2s"), 2000.0);
    assert_eq!(bound("buffer hit main < 90"), 0.9);
    assert_eq!(bound("memory redis > 90 %"), 0.9);
    assert_eq!(bound("memory redis > 90 MiB"), 94_371_840.0);
}

#[test]
fn a_second_name_of_one_endpoint_means_the_target_that_is_scraped_for_both() {
    let resolution = resolved(&file(&alert("requests again > 5")));
    assert!(resolution.resolved.off.iter().any(|off| off.name.as_str() == "again"), "it is scraped once");
    let own = &resolution.resolved.alerts.own[0];
    assert_eq!((&own.measure, own.subject.1.as_str()), (&Measure::Told(Told::Requests(0)), "pages"));
    // What is off for another reason takes its alerts with it.
    let off = resolved(&file(&alert("requests gone > 5"))).resolved;
    assert!(off.alerts.own.is_empty());
    assert!(off.off.iter().any(|off| off.name.as_str() == "A" && off.why.as_str().contains("gone")), "{:?}", off.off);
}

#[test]
fn what_is_off_takes_nothing_with_it_that_only_begins_with_its_name() {
    let off = "[[service]]\nname = \"api\"\nurl = \"https://api.example.com/a\"\noff = true\n";
    let known = resolved(&file(&format!("{}{off}", alert("service api one down")))).resolved;
    assert_eq!(known.alerts.own[0].measure, Measure::Service(2));
    let own = resolved(&file(&format!("{}{off}", alert("service api down")))).resolved;
    assert!(own.alerts.own.is_empty());
    assert!(
        own.off.iter().any(|off| off.name.as_str() == "A" && off.why.as_str().contains("\"api\"")),
        "{:?}",
        own.off
    );
    // The other way round: what is off has the longer name.
    let off = off.replace("\"api\"", "\"api one deep\"");
    let longer = resolved(&file(&format!("{}{off}", alert("service api one deep down")))).resolved;
    assert!(longer.alerts.own.is_empty());
}

#[test]
fn what_counts_a_minute_needs_two_readings_of_it() {
    let every = |interval: &str, when: &str| {
        let url = "url = \"postgresql://ops@db.example.com/slow\"";
        file(&format!("{}[[database]]\nname = \"slow\"\n{url}\ninterval = \"{interval}\"\n", alert(when)))
    };
    for when in ["deadlocks slow > 0/min", "temp files slow > 1 GiB/min"] {
        for interval in ["45s", "1m", "2m"] {
            let told = refused(&every(interval, when)).join("\n");
            assert!(told.contains("at least every 30"), "{when} {interval}: {told}");
        }
        assert_eq!(resolved(&every("30s", when)).resolved.alerts.own.len(), 1, "{when}");
    }
}

#[test]
fn proofs_and_waits_on_what_reaches_back_last_until_it_no_longer_does() {
    let service = "[[service]]\nname = \"api\"\nurl = \"https://api.example.com/a\"\ninterval = \"5s\"\n";
    let action = |proof: &str| {
        let post =
            "[[action]]\nname = \"heal\"\nurl = \"https://api.example.com/heal\"\nmethod = \"POST\"\nlevel = \"L1\"\n";
        let resolved = resolved(&file(&format!("{service}{post}{proof}"))).resolved;
        let heal = resolved.actions.own.into_iter().find(|own| own.id.as_str() == "heal").unwrap();
        let words: Vec<String> = heal.warnings.iter().map(ToString::to_string).collect();
        (heal.proof.within.as_secs(), words.join("\n").contains("whatever is declared"))
    };
    assert_eq!(action("watch = \"probe p95 api\"\n"), (310, false), "five minutes, a round, and what comes late");
    assert_eq!(action("watch = \"failed probes api\"\nsettle = \"10s\"\nwithin = \"30s\"\n"), (320, true));
    assert_eq!(action("watch = \"probe p95 api\"\nwithin = \"10m\"\n"), (600, false));
    assert_eq!(action("watch = \"latency api\"\n"), (60, false), "a probe is one of now");
}

/// Neither a proof nor a look can wait for what is never said of its target.
#[test]
fn what_is_never_known_is_neither_watched_nor_looked_at() {
    for (what, why) in [
        ("certificate plain", "this service is not asked by https"),
        ("probe p99 plain", "five minutes hold 5 probes, and p99 needs"),
        ("clients told", "this cache is read from an endpoint"),
    ] {
        let post = "[[action]]\nname = \"heal\"\nurl = \"https://api.example.com/heal\"\nlevel = \"L1\"\n";
        let action = file(&format!("{WATCHED}{post}watch = \"{what}\"\n"));
        let book = "[[runbook]]\nname = \"r\"\ntarget = \"plain\"\nlevel = \"L1\"\n[[runbook.step]]\n";
        let runbook = file(&format!("{WATCHED}{book}look = \"{what}\"\n"));
        for (key, inputs) in [("watch", action), ("look", runbook)] {
            let told = refused(&inputs).join("\n");
            assert!(told.contains(key) && told.contains(why), "{key} {what}: {told}");
        }
    }
}

/// A wait that ends before a reading comes that can decide it would always fail.
#[test]
fn a_wait_on_what_reaches_back_has_time_for_the_first_reading_that_counts() {
    let head = "[[service]]\nname = \"api\"\nurl = \"https://api.example.com/a\"\ninterval = \"5s\"\n\
        [[database]]\nname = \"main\"\nurl = \"postgresql://ops@db.example.com/app\"\ninterval = \"3s\"\nstatements_interval = \"40s\"\n\
        [[cache]]\nname = \"redis\"\nredis = \"redis://cache.example.com\"\ninterval = \"7s\"\n\
        [[runbook]]\nname = \"r\"\ntarget = \"api\"\nlevel = \"L1\"\n[[runbook.step]]\n";
    let deadline = |step: &str| {
        let all = resolved(&file(&format!("{head}{step}"))).resolved.actions.own;
        let Plan::Runbook(runbook) = &all[0].plan else { panic!("{:?}", all[0].plan) };
        runbook.steps[0].deadline.as_secs()
    };
    for (step, seconds, why) in [
        ("wait = \"probe p95 api < 500ms\"\ndeadline = \"30s\"\n", 310, "five minutes, a round, and what comes late"),
        ("wait = \"probe p95 api < 500ms\"\ndeadline = \"30s\"\nstable = \"20s\"\n", 330, "and it is to hold so long"),
        ("wait = \"probe p95 api < 500ms\"\ndeadline = \"10m\"\n", 600, "more was declared"),
        ("wait = \"failed probes api < 1\"\ndeadline = \"30s\"\n", 310, "five minutes of them"),
        ("wait = \"statement main 8123 < 500ms\"\ndeadline = \"30s\"\n", 85, "between two readings of statements"),
        ("wait = \"slowest statement main < 2s\"\ndeadline = \"30s\"\n", 85, "at the pace of statements"),
        ("wait = \"deadlocks main < 1/min\"\ndeadline = \"30s\"\n", 68, "a minute of them"),
        ("wait = \"commits main > 1/s\"\ndeadline = \"5s\"\n", 11, "between two readings"),
        ("wait = \"evictions redis < 1/s\"\ndeadline = \"5s\"\n", 19, "between two of a cache"),
        ("wait = \"latency api < 500ms\"\ndeadline = \"30s\"\n", 30, "a probe is one of now"),
    ] {
        assert_eq!(deadline(step), seconds, "{step}: {why}");
    }
}
