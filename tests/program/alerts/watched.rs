//! Every figure and state that a threshold can be on, through one life: no data, ok, pending, firing, held through what cannot
//! be read, resolved by a fresh reading alone.

use quarterdeck::app::actions::evidence;
use quarterdeck::app::alerts::listing::{self, Stand};
use quarterdeck::app::pane::PaneId;
use quarterdeck::domain::Safe;
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::source::{SourceId, SourceKind};
use quarterdeck::remediation::measure::Measure;
use quarterdeck::remediation::shown::Shown;

use super::everything::{Is, Stage};
use crate::world::readings::{Postgres, answer, cause, counters, session, silence};
use crate::world::text;

/// What is watched, what it says while it fires, and how many good rounds it takes to be right again.
const LIVES: [(&str, &str, usize); 55] = [
    ("service api degraded", "-", 0),
    ("probe p50 api > 500ms", "900ms", 70),
    ("probe p95 api > 500ms", "900ms", 70),
    ("probe p99 api > 500ms", "900ms", 70),
    ("failed probes api > 1", "", 70),
    ("failed probes api > 5 %", "", 70),
    ("failures api > 1", "", 3),
    ("status api >= 400", "503", 3),
    ("certificate api < 14d", "3 d", 3),
    ("child api db down", "down", 3),
    ("database main not ok", "degraded", 3),
    ("database main degraded", "degraded", 3),
    ("connections main > 80", "95", 3),
    ("connections main > 90 %", "97.9%", 3),
    ("sessions main > 20", "41", 3),
    ("active sessions main > 5", "11", 3),
    ("idle sessions main > 5", "10", 3),
    ("open transactions main > 5", "20", 3),
    ("aborted transactions main > 5", "10", 3),
    ("waiting sessions main > 5", "8", 3),
    ("blocked main > 5", "8", 3),
    ("idle in transaction main older than 5m", "", 3),
    ("longest transaction main > 1h", "", 3),
    ("longest query main > 10m", "", 3),
    ("commits main > 100/s", "1000/s", 3),
    ("rollbacks main > 100/s", "1000/s", 3),
    ("buffer hit main < 90 %", "10.0%", 3),
    ("deadlocks main > 0/min", "", 14),
    ("temp files main > 1 MiB/min", "", 14),
    ("size main > 500 GiB", "900 GiB", 3),
    ("role main replica", "replica", 3),
    ("clock main > 2s", "9.00s", 3),
    ("slowest statement main > 500ms", "1.00s", 3),
    ("slower statements main > 0", "1", 3),
    ("statement calls main > 10/s", "20/s", 3),
    ("statement load main > 8", "20", 3),
    ("statement main 7 > 500ms", "1.00s", 3),
    ("cache redis < 80 %", "", 14),
    ("cache redis not ok", "degraded", 14),
    ("memory redis > 400 MiB", "500 MiB", 3),
    ("memory redis > 90 %", "97.7%", 3),
    ("clients redis > 500", "900", 3),
    ("blocked clients redis > 10", "90", 3),
    ("keys redis > 1M", "9.00M", 3),
    ("evictions redis > 10/s", "100/s", 3),
    ("expirations redis > 1000/s", "10.0k/s", 3),
    ("operations redis > 50k/s", "90.0k/s", 3),
    ("cache role redis replica", "replica", 3),
    ("primary link redis down", "down", 3),
    ("signal jobs degraded", "degraded", 3),
    ("server cache pages < 80 %", "20.0%", 3),
    ("samples pages < 100", "3", 3),
    ("refused samples pages > 0", "1", 3),
    ("page size pages > 10 MiB", "20.0 MiB", 3),
    ("scrape time pages > 5s", "9.00s", 3),
];

#[test]
fn every_figure_and_state_has_one_life() {
    for (when, value, mended) in LIVES.into_iter().filter(|(when, ..)| *when != "service api degraded") {
        let mut stage = Stage::new(&format!("{when} for 10s"));
        stage.world.wait(0.5);
        assert_eq!(stage.stand().0, Stand::NoData, "{when}: nothing is read yet");
        stage.rounds(Is::Good, 25);
        assert_eq!(stage.stand().0, Stand::Ok, "{when}");
        stage.rounds(Is::Bad, 2);
        // A few slow probes are no slow median.
        let is_median = when.starts_with("probe p50");
        assert_eq!(stage.stand().0, if is_median { Stand::Ok } else { Stand::Pending }, "{when}");
        stage.rounds(Is::Bad, if is_median { 45 } else { 13 });
        let (stand, told) = stage.stand();
        assert_eq!(stand, Stand::Firing, "{when}");
        assert!(value.is_empty() || told == value, "{when}: {told}");
        stage.rounds(Is::Unread, 6);
        assert_eq!(stage.stand().0, Stand::Firing, "{when}: what cannot be read ends nothing");
        stage.world.wait(120.0);
        assert_eq!(stage.stand().0, Stand::Firing, "{when}: silence ends nothing");
        stage.rounds(Is::Good, mended.max(3) + 1);
        assert_eq!(stage.stand().0, Stand::Resolved, "{when}: {}", stage.stand().1);
    }
}

/// Beside an error that fires something stands what it is.
fn stands(stage: &Stage) -> Vec<Stand> {
    listing::all(&stage.world.model.live, stage.world.model.now)
        .filter(|entry| entry.rule.name == "A")
        .map(|entry| entry.stand)
        .collect()
}

#[test]
fn what_cannot_be_read_is_never_ok() {
    for (when, ..) in LIVES {
        let mut stage = Stage::new(when);
        stage.rounds(Is::Good, 25);
        assert_eq!(stage.stand().0, Stand::Ok, "{when}");
        stage.rounds(Is::Unread, 6);
        // What is told with the refusal itself is known.
        let known = when.starts_with("status");
        let stands = stands(&stage);
        assert!(known || !stands.contains(&Stand::Ok), "{when}: {stands:?}");
    }
}

#[test]
fn ways_of_being_unwell_that_a_person_sees_are_states() {
    let degraded = |stage: &mut Stage| {
        stage.world.now += 5.0;
        stage.world.service("api", answer(200, r#"{"status":"degraded"}"#, 12.0));
    };
    let mut stage = Stage::new("service api degraded for 10s");
    stage.rounds(Is::Good, 3);
    for _ in 0..4 {
        degraded(&mut stage);
    }
    assert_eq!(stage.stand(), (Stand::Firing, "degraded".to_owned()));
    stage.rounds(Is::Bad, 3);
    assert_eq!(stage.stand().0, Stand::Resolved, "down is another state");
    for (when, unread) in [("log worker down for 10s", true), ("prometheus down for 10s", true)] {
        let mut stage = Stage::new(when);
        stage.world.wait(0.5);
        assert_eq!(stage.stand().0, Stand::NoData, "{when}");
        stage.rounds(Is::Good, 3);
        assert_eq!(stage.stand().0, Stand::Ok, "{when}");
        stage.rounds(if unread { Is::Unread } else { Is::Bad }, 5);
        assert_eq!(stage.stand(), (Stand::Firing, "down".to_owned()), "{when}");
        stage.rounds(Is::Good, 3);
        assert_eq!(stage.stand().0, Stand::Resolved, "{when}");
    }
    for when in ["database main down for 10s", "cache redis down for 10s"] {
        let mut stage = Stage::new(when);
        stage.rounds(Is::Good, 3);
        for _ in 0..5 {
            stage.world.now += 5.0;
            stage.world.database("main", Err(cause("refused")));
            stage.world.cache("redis", Err(cause("refused")));
        }
        assert_eq!(stage.stand(), (Stand::Firing, "down".to_owned()), "{when}");
        stage.rounds(Is::Unread, 3);
        assert_eq!(stage.stand().0, Stand::Firing, "{when}: a login that is refused says nothing of it");
        stage.rounds(Is::Good, 3);
        assert_eq!(stage.stand().0, Stand::Resolved, "{when}");
    }
    let mut stage = Stage::new("log warnings > 50/min");
    stage.rounds(Is::Good, 14);
    assert_eq!(stage.stand().0, Stand::Ok);
    stage.rounds(Is::Bad, 3);
    assert_eq!(stage.stand().0, Stand::Firing);
}

#[test]
fn probes_that_were_denied_are_neither_failures_nor_successes() {
    for when in ["failed probes api > 1", "failed probes api > 50 %", "failures api > 1"] {
        let mut stage = Stage::new(when);
        stage.rounds(Is::Bad, 30);
        assert_eq!(stage.stand().0, Stand::Firing, "{when}");
        stage.rounds(Is::Unread, 58);
        assert_eq!(stage.stand().0, Stand::Firing, "{when}: nobody saw it answer");
        stage.rounds(Is::Bad, 1);
        assert_eq!(stage.stand().0, Stand::Firing, "{when}");
    }
}

#[test]
fn who_refuses_us_is_not_down() {
    for when in ["scrape pages down", "prometheus down"] {
        let mut stage = Stage::new(when);
        stage.rounds(Is::Good, 3);
        for _ in 0..3 {
            stage.fails("forbidden");
        }
        assert_eq!(stage.stand().0, Stand::Error, "{when}");
        for _ in 0..3 {
            stage.fails("refused");
        }
        assert_eq!(stage.stand().0, Stand::Firing, "{when}");
        for _ in 0..3 {
            stage.fails("forbidden");
        }
        assert_eq!(stage.stand().0, Stand::Firing, "{when}: a refusal ends nothing");
    }
}

#[test]
fn ages_grow_while_nothing_is_read_and_end_with_a_reading() {
    for when in [
        "service api older than 30s",
        "database main older than 30s",
        "cache redis older than 30s",
        "scrape pages older than 30s",
        "prometheus older than 30s",
    ] {
        let mut stage = Stage::new(when);
        stage.world.wait(0.5);
        assert_eq!(stage.stand().0, Stand::NoData, "{when}");
        stage.rounds(Is::Good, 2);
        assert_eq!(stage.stand().0, Stand::Ok, "{when}");
        stage.rounds(Is::Unread, 4);
        assert_eq!(stage.stand().0, Stand::Ok, "{when}");
        stage.rounds(Is::Unread, 4);
        assert_eq!(stage.stand().0, Stand::Firing, "{when}");
        stage.rounds(Is::Good, 2);
        assert_eq!(stage.stand().0, Stand::Resolved, "{when}");
    }
}

#[test]
fn sessions_that_may_not_be_seen_make_a_count_a_least_one() {
    let hidden = |stage: &mut Stage, active: i32| {
        stage.world.now += 5.0;
        let sessions = (0..active).map(|pid| session(pid, SessionState::Active, 1, "")).collect();
        let mut reading = Postgres { sessions, ..Postgres::default() }.reading();
        if let Ok(sessions) = &mut reading.sessions {
            sessions.hidden = Some((3, Safe::of("GRANT pg_read_all_stats TO mon;")));
        }
        stage.world.database("main", Ok(reading));
    };
    let mut stage = Stage::new("active sessions main > 5");
    for _ in 0..3 {
        hidden(&mut stage, 2);
    }
    assert_eq!(stage.stand().0, Stand::Error, "two that are seen may be five");
    stage.world.press("6");
    assert!(text(&stage.world.pane(PaneId::Alerts)).contains("GRANT pg_read_all_stats"));
    for _ in 0..3 {
        hidden(&mut stage, 9);
    }
    assert_eq!(stage.stand().0, Stand::Firing, "nine that are seen are too many");
    for _ in 0..3 {
        hidden(&mut stage, 2);
    }
    assert_eq!(stage.stand().0, Stand::Firing, "and two that are seen are not known to be few");
    // The same of those that were counted as none where nobody may see them.
    for when in ["blocked main > 5", "idle in transaction main older than 5m", "longest query main > 10m"] {
        let mut stage = Stage::new(when);
        for _ in 0..3 {
            hidden(&mut stage, 2);
        }
        assert_eq!(stage.stand().0, Stand::Error, "{when}");
    }
    // Nor do they show an action that nobody idles or is blocked.
    let mut stage = Stage::new("database main down");
    stage.rounds(Is::Good, 1);
    assert_eq!(shows(&stage, &Measure::OldestIdleTransaction(0)), Some(0.0));
    hidden(&mut stage, 2);
    for measure in [Measure::OldestIdleTransaction(0), Measure::Blocked(0)] {
        assert_eq!(shows(&stage, &measure), None, "{measure:?}");
    }
    // That it answers and has connections left is known all the same.
    let mut stage = Stage::new("database main down");
    for _ in 0..3 {
        hidden(&mut stage, 2);
    }
    assert_eq!(stage.stand().0, Stand::Ok);
    let mut stage = Stage::new("database main not ok");
    for _ in 0..3 {
        hidden(&mut stage, 2);
    }
    assert_eq!(stage.stand().0, Stand::Error);
}

#[test]
fn sessions_that_tell_no_state_tell_whom_they_wait_for_all_the_same() {
    for (when, stand) in [
        ("active sessions main > 5", Stand::Error),
        ("database main not ok", Stand::Error),
        ("blocked main > 5", Stand::Ok),
    ] {
        let mut stage = Stage::new(when);
        for _ in 0..3 {
            stage.world.now += 5.0;
            let mut reading = Postgres::default().reading();
            if let Ok(sessions) = &mut reading.sessions {
                sessions.untold = 2;
            }
            stage.world.database("main", Ok(reading));
        }
        assert_eq!(stage.stand().0, stand, "{when}");
    }
}

#[test]
fn waiting_sessions_that_were_not_asked_may_all_be_blocked() {
    let pile = |stage: &mut Stage, waiting: u32| {
        stage.world.now += 5.0;
        let mut reading = Postgres::default().reading();
        if let Ok(sessions) = &mut reading.sessions {
            (sessions.waiting, sessions.blocked, sessions.unasked) =
                (waiting, waiting.min(64), waiting.saturating_sub(64));
        }
        stage.world.database("main", Ok(reading));
    };
    for (bound, stand) in [("> 50", Stand::Firing), ("> 100", Stand::Error), ("> 400", Stand::Ok)] {
        let mut stage = Stage::new(&format!("blocked main {bound}"));
        for _ in 0..3 {
            pile(&mut stage, 300);
        }
        assert_eq!(stage.stand().0, stand, "{bound}");
    }
    // From 300 to 64 that were asked it did not fall.
    let mut stage = Stage::new("blocked main > 50");
    pile(&mut stage, 60);
    assert_eq!(shows(&stage, &Measure::Blocked(0)), Some(60.0));
    pile(&mut stage, 300);
    assert_eq!(shows(&stage, &Measure::Blocked(0)), None);
}

/// What the newest reading of the database shows an action.
fn shows(stage: &Stage, measure: &Measure) -> Option<f64> {
    let (source, now) = (SourceId::new(SourceKind::Database, 0), stage.world.moment());
    let brought = evidence::arrived(&stage.world.model.live, std::iter::once(measure), source, now, Some(now), now);
    brought.first().and_then(|evidence| evidence.value)
}

#[test]
fn few_are_known_after_a_whole_minute_and_many_at_once() {
    let mut stage = Stage::new("deadlocks main > 3/min");
    stage.rounds(Is::Good, 6);
    assert_eq!(stage.stand().0, Stand::WarmingUp);
    stage.rounds(Is::Bad, 5);
    assert_eq!(stage.stand(), (Stand::Firing, ">=4/min".to_owned()));
    // A minute that was not watched whole says nothing of how few there were.
    stage.rounds(Is::Unread, 2);
    stage.rounds(Is::Good, 11);
    assert_eq!(stage.stand().0, Stand::Firing);
    stage.rounds(Is::Good, 4);
    assert_eq!(stage.stand().0, Stand::Resolved);
}

#[test]
fn idle_is_no_traffic_and_what_nobody_set_is_an_error() {
    let quiet = |when: &str| {
        let mut stage = Stage::new(when);
        for _ in 0..4 {
            stage.world.now += 5.0;
            stage
                .world
                .database("main", Ok(Postgres { statements: Some(Ok(Vec::new())), ..Postgres::default() }.reading()));
            let mut reading = counters(5, 5, Some("a"), 0);
            if let Some(redis) = &mut reading.redis {
                redis.max_memory = Some(0);
            }
            stage.world.cache("redis", Ok(reading));
        }
        stage.stand().0
    };
    for when in ["buffer hit main < 90 %", "slowest statement main > 1s", "statement main 7 > 1s", "cache redis < 80 %"]
    {
        assert_eq!(quiet(when), Stand::NoTraffic, "{when}");
    }
    assert_eq!(quiet("memory redis > 90 %"), Stand::Error, "a share of no limit");
    assert_eq!(quiet("child api db down"), Stand::NoData);
}

#[test]
fn after_a_sleep_nothing_is_judged_before_it_was_read_again() {
    for when in ["database main down", "cache redis down", "prometheus down", "failures api > 1"] {
        let mut stage = Stage::new(when);
        stage.rounds(Is::Good, 4);
        assert_eq!(stage.stand().0, Stand::Ok, "{when}");
        // Awake, and the network is not.
        stage.world.wait(8.0 * 3600.0);
        for _ in 0..4 {
            stage.world.now += 5.0;
            stage.world.service("api", silence(cause("refused")));
            stage.world.database("main", Err(cause("refused")));
            stage.world.cache("redis", Err(cause("refused")));
            stage.engine_refuses();
            assert_eq!(stage.stand().0, Stand::NotEvaluated, "{when}");
        }
        stage.rounds(Is::Good, 3);
        assert_eq!(stage.stand().0, Stand::Ok, "{when}");
    }
    // What had lasted a while has not lasted all night.
    for when in ["memory redis > 400 MiB for 5m", "deadlocks main > 0/min for 5m"] {
        let mut stage = Stage::new(when);
        stage.rounds(Is::Good, 25);
        stage.rounds(Is::Bad, 2);
        assert_eq!(stage.stand().0, Stand::Pending, "{when}");
        stage.world.wait(8.0 * 3600.0);
        stage.rounds(Is::Bad, 3);
        assert_eq!(stage.stand().0, Stand::Pending, "{when}");
    }
}

#[test]
fn page_6_charts_what_has_a_course_and_says_where_none_is_kept() {
    for (when, chart) in [
        ("buffer hit main < 90 %", true),
        ("commits main > 100/s", true),
        ("connections main > 90 %", true),
        ("memory redis > 400 MiB", false),
        ("role main replica", false),
    ] {
        let mut stage = Stage::new(when);
        stage.rounds(Is::Good, 4);
        stage.rounds(Is::Bad, 2);
        stage.world.press("6 Enter");
        let screen = crate::text(&crate::drawn(&mut stage.world, (120, 40), false));
        assert_eq!(screen.contains("the last "), chart, "{when}\n{screen}");
        assert!(chart || screen.contains("no chart: "), "{when}\n{screen}");
        assert!(screen.contains(when), "{when}\n{screen}");
    }
}

#[test]
fn what_reaches_back_to_before_an_action_shows_nothing_of_it() {
    let mut stage = Stage::new("deadlocks main > 0");
    stage.rounds(Is::Good, 20);
    let acted = stage.world.moment();
    let source = SourceId::new(SourceKind::Database, 0);
    let seen = |stage: &Stage, shown: Shown| {
        let (measure, now) = (Measure::Shown(shown, 0), stage.world.moment());
        let live = &stage.world.model.live;
        let brought = evidence::arrived(live, std::iter::once(&measure), source, now, Some(acted), now);
        brought.first().and_then(|evidence| evidence.value)
    };
    stage.rounds(Is::Good, 1);
    // The rate of five seconds is all of after it, the minute is not, and a count is one of now.
    assert!(seen(&stage, Shown::Commits).is_some());
    assert!(seen(&stage, Shown::Sessions).is_some());
    assert_eq!(seen(&stage, Shown::Deadlocks), None);
    stage.rounds(Is::Good, 12);
    assert_eq!(seen(&stage, Shown::Deadlocks), Some(0.0));
    // Statements are read at a pace of their own: a reading without them says nothing new of them.
    let acted = stage.world.moment();
    let before = |stage: &Stage| {
        let measure = Measure::Shown(Shown::SlowestStatement, 0);
        let (live, now) = (&stage.world.model.live, stage.world.moment());
        let brought = evidence::arrived(live, std::iter::once(&measure), source, now, Some(acted), now);
        brought.first().and_then(|evidence| evidence.value)
    };
    for _ in 0..2 {
        stage.world.now += 5.0;
        stage.world.database("main", Ok(Postgres::default().reading()));
    }
    assert_eq!(before(&stage), None);
    stage.rounds(Is::Good, 2);
    assert!(before(&stage).is_some());
    stage.rounds(Is::Unread, 1);
    for shown in [Shown::Commits, Shown::Sessions, Shown::Deadlocks, Shown::State(SourceKind::Database)] {
        assert_eq!(seen(&stage, shown), None, "{shown:?}");
    }
    let measure = Measure::Shown(Shown::Sessions, 0);
    let words = evidence::present(&stage.world.model.live, &Safe::of("sessions"), &measure, stage.world.moment()).0;
    assert!(words.as_str().contains("not known"), "{words}");
}
