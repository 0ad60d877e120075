//! What is not known in full: a ratio that waits for its second reading, and logs of which lines were missed.

use quarterdeck::app::Event;
use quarterdeck::app::alerts::listing::Stand;
use quarterdeck::app::event::LogEvent;
use quarterdeck::app::pane::PaneId;
use quarterdeck::app::report::Report;

use super::everything::{Is, Stage};
use crate::world::readings::{answer, counters};
use crate::world::{World, text as words};

#[test]
fn a_cache_whose_ratio_is_not_known_yet_ends_no_alert() {
    let restarted = |stage: &mut Stage| {
        stage.world.now += 5.0;
        stage.world.cache("redis", Ok(counters(5, 5, Some("b"), 0)));
    };
    let mut stage = Stage::new("cache redis not ok");
    restarted(&mut stage);
    assert_eq!(stage.stand().0, Stand::NoData);
    stage.rounds(Is::Bad, 4);
    assert_eq!(stage.stand().0, Stand::Firing);
    restarted(&mut stage);
    assert_eq!(stage.stand().0, Stand::Firing);
    let mut stage = Stage::new("cache redis down");
    restarted(&mut stage);
    assert_eq!(stage.stand().0, Stand::Ok, "it answers");
}

/// Whether the alert is told as a least one: on the page, and in the JSON of `check`.
fn told(stage: &mut Stage) -> (bool, bool) {
    let page = words(&stage.world.pane(PaneId::Alerts));
    let row = page.lines().find(|line| line.starts_with("firing |")).unwrap_or_else(|| panic!("{page}"));
    let json: serde_json::Value = serde_json::from_str(&Report::of(&stage.world.model).json()).unwrap();
    let alert = &json["alerts"][0];
    assert!(alert["value"].is_number(), "{alert}");
    (row.contains(">="), alert["value_is_least"].as_bool().unwrap())
}

#[test]
fn logs_that_were_not_read_whole_make_a_count_a_least_one() {
    let tell = |stage: &mut Stage, event: LogEvent| stage.world.tell(Event::LogHappened(event));
    let lost = || LogEvent::Lost { log: 0, lines: 900, bytes: 9000, why: "it was rotated away".into() };
    let mut stage = Stage::new("log warnings > 50/min");
    stage.rounds(Is::Good, 14);
    assert_eq!(stage.stand().0, Stand::Ok);
    tell(&mut stage, lost());
    stage.rounds(Is::Good, 2);
    assert_eq!(stage.stand().0, Stand::WarmingUp, "nobody knows what the lost lines said");
    stage.rounds(Is::Good, 12);
    assert_eq!(stage.stand().0, Stand::Ok);
    // Back after a time in which nobody read it, it was not watched for a minute.
    stage.rounds(Is::Unread, 120);
    stage.rounds(Is::Good, 2);
    assert_eq!(stage.stand().0, Stand::WarmingUp);
    stage.rounds(Is::Bad, 3);
    assert_eq!(stage.stand().0, Stand::Firing, "and too many are too many");
    assert_eq!(told(&mut stage), (true, true), "how many, nobody knows");
    stage.rounds(Is::Bad, 12);
    assert_eq!(told(&mut stage), (false, false), "a whole minute was counted");
}

#[test]
fn check_says_how_many_alerts_it_does_not_list() {
    let report = |alerts: usize| {
        let service = "[[service]]\nname = \"api\"\nurl = \"https://api.example.com/health\"\n";
        let alert = |at: usize| format!("[[alert]]\nname = \"A{at}\"\nwhen = \"latency api > 100ms\"\n");
        let mut world = World::new(&format!("{service}{}", (0..alerts).map(alert).collect::<String>()));
        for _ in 0..10 {
            world.now += 10.0;
            world.service("api", answer(200, "{}", 480.0));
            world.wait(0.0);
        }
        Report::of(&world.model)
    };
    let (whole, cut) = (report(1000), report(1003));
    let json = |report: &Report| serde_json::from_str::<serde_json::Value>(&report.json()).unwrap();
    let left_out = |report: &Report| json(report)["alerts_left_out"].as_u64();
    let listed = |report: &Report| json(report)["alerts"].as_array().unwrap().len();
    assert_eq!((listed(&whole), left_out(&whole)), (1000, None));
    assert_eq!((listed(&cut), left_out(&cut)), (1000, Some(3)));
    let says = |report: &Report| report.words().iter().any(|line| line.as_str().contains("3 more are not listed"));
    assert!(says(&cut) && !says(&whole));
}
