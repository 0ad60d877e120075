//! The timeline page and the tripwire, as a person meets them: a cure from the change of health to the outcome, marks, what
//! the audit told, and what got worse afterwards.

use quarterdeck::app::table::{RowKey, Tone};
use quarterdeck::app::timeline::{Draft, History, Kind, OWN, Reading};
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::{Moment, Safe};
use quarterdeck::input::Key;
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::step::StepEnd;

use crate::cards::orders;
use crate::world::readings::{Postgres, answer, cause, silence};
use crate::world::{World, key};
use crate::{drawn, snap, text};

const SIZE: (u16, u16) = (120, 40);

pub fn world(allow: bool) -> World {
    world_with(allow, "")
}

/// With more in its configuration.
pub fn world_with(allow: bool, more: &str) -> World {
    World::new(&format!(
        r#"
        {more}
        [[service]]
        name = "api"
        url = "https://api.example.com/health"
        interval = "2s"
        [[database]]
        name = "main"
        url = "postgresql://ops@db.example.com/app"
        [[action]]
        name = "drain"
        title = "drain the queue"
        url = "https://api.example.com/drain"
        level = "L1"
        watch = "service api"
        within = "30s"
        environment = "staging"
        [actions]
        allow = {allow}
        "#
    ))
}

pub fn probe(world: &mut World, milliseconds: Option<f64>) {
    world.now += 2.0;
    match milliseconds {
        Some(took) => world.service("api", answer(200, r#"{"status":"ok"}"#, took)),
        None => world.service("api", silence(cause("refused"))),
    }
    world.database("main", Ok(Postgres::default().reading()));
}

/// Runs `drain` through to the record of its outcome; the readings of its verification are as given.
pub fn drained(world: &mut World, after: &[Option<f64>]) {
    world.press("a");
    drawn(world, SIZE, false);
    world.press("Enter");
    drawn(world, SIZE, false);
    world.wait(0.5);
    let effects = orders(world, Event::KeyPressed(Key::ctrl('t')));
    let [Effect::Hold { run, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let run = *run;
    let tell = |world: &mut World, input| orders(world, Event::ActionHappened { run, input: Box::new(input) });
    tell(world, Input::Held(Ok(())));
    tell(world, Input::Recorded(Ok(())));
    world.now += 0.2;
    tell(world, Input::StepEnded { step: 0, end: StepEnd::Done { fates: Vec::new(), said: Vec::new() } });
    for took in after {
        probe(world, *took);
    }
    world.wait(0.0);
    tell(world, Input::Recorded(Ok(())));
    world.press("Esc");
}

fn told(n: u32, secs: f64) -> quarterdeck::app::timeline::Happening {
    let draft = Draft::new(Kind::Audit, "verified", Tone::Ok, format!("restart-api on api: {n} by another")).by("mia");
    draft.at(RowKey::Text(Safe::of(format!("told {n}"))), Moment::fixed(secs).wall)
}

/// Healthy, down, cured, worse again, with a mark and the audit of somebody else.
fn an_incident() -> World {
    let mut world = world(true);
    for _ in 0..20 {
        probe(&mut world, Some(12.0));
    }
    for _ in 0..3 {
        probe(&mut world, None);
    }
    drained(&mut world, &[Some(11.0), Some(13.0)]);
    world.press("M");
    world.now += 3.0;
    world.write("told the team");
    world.press("Enter");
    let happenings = vec![told(1, 30.0), told(2, 43.0)];
    let reading = Reading { unreadable: vec![Safe::of("audit-mia.jsonl: denied")], ..Reading::default() };
    world.tell(Event::HistoryRead(Box::new(History { happenings, reading, unfinished: Vec::new() })));
    for _ in 0..8 {
        probe(&mut world, Some(480.0));
    }
    world
}

fn lines(world: &mut World) -> Vec<String> {
    world.press("8");
    text(&drawn(world, SIZE, false)).lines().map(str::to_owned).collect()
}

#[test]
fn from_the_change_of_health_to_the_outcome_in_order() {
    let mut world = an_incident();
    let lines = lines(&mut world);
    let at = |words: &str| {
        let found = lines.iter().position(|line| line.contains(words));
        found.unwrap_or_else(|| panic!("{words:?} in\n{}", lines.join("\n")))
    };
    let order = [
        "mia: restart-api on api: 1 by another",
        "mia: restart-api on api: 2 by another",
        "api down: refused",
        "the card of drain on api.example.com",
        "started       drain",
        "api back",
        "verified      drain on api.example.com: health of api down (refused) -> ok",
        "told the team",
        "latency of api 12.0ms -> 480ms",
    ];
    let found: Vec<usize> = order.into_iter().filter(|words| *words != "api back").map(at).collect();
    assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}\n{}", lines.join("\n"));
    assert!(lines.iter().any(|line| line.contains("1 audit file cannot be read")));
    for size in [SIZE, (80, 24)] {
        snap("timeline", &mut world, size);
    }
}

#[test]
fn behind_a_row_stands_all_that_is_known_of_it() {
    let mut world = an_incident();
    world.press("8 /");
    world.write("verified");
    world.press("Enter");
    drawn(&mut world, SIZE, false);
    world.press("Down Down Down Enter");
    snap("timeline-outcome", &mut world, (100, 30));
}

#[test]
fn the_tripwire_says_that_it_watches_speaks_up_once_and_is_recorded() {
    let mut world = world(true);
    for _ in 0..20 {
        probe(&mut world, Some(12.0));
    }
    drained(&mut world, &[Some(12.0), Some(12.0)]);
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("after-watch 5m00s after drain") || screen.contains("after-watch 4m"), "{screen}");
    let mut recorded = Vec::new();
    for _ in 0..30 {
        world.now += 2.0;
        world.service("api", answer(200, r#"{"status":"ok"}"#, 480.0));
        recorded.extend(world.effects.iter().filter(|effect| effect.contains("Tripped")).cloned());
        world.database("main", Ok(Postgres { used: 12, ..Postgres::default() }.reading()));
        recorded.extend(world.effects.iter().filter(|effect| effect.contains("Tripped")).cloned());
    }
    assert_eq!(recorded.len(), 1, "once per figure: {recorded:#?}");
    let run = world.model.actions.current.as_ref().map(|current| current.run.to_string()).expect("it ran");
    assert!(recorded.iter().all(|entry| entry.contains(&run)), "linked to its run: {recorded:?}");
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("WORSE after drain: latency of api 12.0ms -> 480ms"), "{screen}");
    world.press("7");
    let page = text(&drawn(&mut world, SIZE, false));
    assert!(page.contains("WORSE after drain"), "{page}");
    world.press("w");
    let progress = text(&drawn(&mut world, SIZE, false));
    assert!(progress.contains("After it") && progress.contains("WORSE after drain"), "{progress}");
    snap("tripped", &mut world, (80, 24));
}

#[test]
fn what_was_wrong_before_and_fires_only_now_is_not_told_as_worse() {
    let slow = "[[alert]]\nname = \"Slow\"\nwhen = \"latency api > 100ms for 1m\"";
    let mut world = world_with(true, slow);
    for _ in 0..20 {
        probe(&mut world, Some(300.0));
    }
    drained(&mut world, &[Some(300.0), Some(300.0)]);
    for _ in 0..20 {
        probe(&mut world, Some(300.0));
        world.wait(0.0);
    }
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("1 firing") && !screen.contains("WORSE"), "{screen}");
    world.press("7 w");
    let progress = text(&drawn(&mut world, SIZE, false));
    assert!(progress.contains("alert Slow") && progress.contains("what was so before it already"), "{progress}");

    let mut world = world_with(true, slow);
    for _ in 0..20 {
        probe(&mut world, Some(12.0));
    }
    drained(&mut world, &[Some(12.0), Some(12.0)]);
    for _ in 0..40 {
        probe(&mut world, Some(300.0));
        world.wait(0.0);
    }
    world.press("7 w");
    let progress = text(&drawn(&mut world, SIZE, false));
    assert!(progress.contains("WORSE after drain") && progress.contains("alert Slow"), "{progress}");
    assert!(!progress.contains("so before it already"), "{progress}");
}

#[test]
fn steady_it_says_so_and_what_it_could_not_know_is_unknown() {
    let mut world = world(true);
    for _ in 0..20 {
        probe(&mut world, Some(12.0));
    }
    drained(&mut world, &[Some(12.0), Some(12.0)]);
    for _ in 0..160 {
        probe(&mut world, Some(13.0));
        world.wait(0.0);
    }
    let screen = lines(&mut world).join("\n");
    assert!(screen.contains("4 figures watched for 5m after drain: none got worse"), "{screen}");

    let mut world = self::world(true);
    probe(&mut world, Some(12.0));
    drained(&mut world, &[Some(12.0), Some(12.0)]);
    world.wait(301.0);
    let screen = lines(&mut world).join("\n");
    assert!(screen.contains("of 4 of 4 figures it is UNKNOWN"), "{screen}");
}

#[test]
fn worse_is_an_outcome_of_its_own() {
    let mut world = world(true);
    for _ in 0..20 {
        probe(&mut world, Some(12.0));
    }
    let mut after = vec![None; 18];
    drained(&mut world, &after);
    after.clear();
    let past = world.model.actions.past.back().expect("it ran").clone();
    assert_eq!(past.outcome.word(), "worse", "{past:?}");
    assert!(past.words.as_str().contains("got WORSE, ok -> down"), "{past:?}");
    world.press("w");
    snap("worse", &mut world, (80, 24));
}

#[test]
fn a_mark_is_set_at_its_key_and_only_recorded_where_actions_are_allowed() {
    for allow in [true, false] {
        let mut world = world(allow);
        probe(&mut world, Some(12.0));
        world.press("M");
        world.write("not this");
        world.press("Esc M");
        let pressed = world.moment();
        world.now += 20.0;
        world.write("deploy 1.4");
        world.press("Enter");
        let recorded = world.effects.iter().any(|effect| effect.contains("Mark"));
        assert_eq!(recorded, allow, "{:?}", world.effects);
        world.press(":");
        world.write("mark second");
        world.press("Enter");
        let all = world.model.timeline.shown(None);
        let marks: Vec<_> = all.iter().filter(|h| h.kind == Kind::Mark).map(|h| (h.what.to_string(), h.at)).collect();
        assert_eq!(marks.len(), 2, "{marks:?}");
        assert_eq!(marks[0], ("deploy 1.4".to_owned(), pressed.wall));
        assert_eq!(marks[1].0, "second");
        let on_chart = world.model.live.services[0].latency.all_marks().count();
        assert_eq!(on_chart, 2, "it stands on the charts too");
    }
}

#[test]
fn an_action_without_an_end_stands_first_also_where_nothing_may_be_done() {
    let mut world = world(false);
    let run = Safe::of("2026-01-02T11:00:00Z  flush on redis, by mia (process 7)");
    let history = || History { unfinished: vec![run.clone()], ..History::default() };
    world.tell(Event::HistoryRead(Box::new(history())));
    let screen = text(&drawn(&mut world, (80, 24), false));
    assert!(screen.contains("look before you act again"), "{screen}");
    world.press("Esc 8");
    world.tell(Event::HistoryRead(Box::new(history())));
    assert!(world.model.view.overlays.is_empty(), "it is told once");
    snap("timeline-unknown", &mut world, (80, 24));
}

#[test]
fn it_flows_until_a_row_is_chosen_and_is_bounded() {
    let mut world = world(false);
    for n in 0..OWN + 50 {
        world.now += 1.0;
        let now = world.moment();
        world.model.timeline.push(now, Draft::new(Kind::Health, "ok", Tone::Ok, format!("number {n}")));
    }
    let newest = format!("number {}", OWN + 49);
    let screen = lines(&mut world).join("\n");
    assert!(screen.contains(&newest) && screen.contains("50 older dropped"), "{screen}");
    world.press("Up Up Up");
    world.now += 1.0;
    let now = world.moment();
    world.model.timeline.push(now, Draft::new(Kind::Health, "ok", Tone::Ok, "one more"));
    let chosen = "▶12:34:0";
    let screen = lines(&mut world).join("\n");
    assert!(screen.contains(chosen), "it stays where one looks:\n{screen}");
    world.press("G");
    let screen = lines(&mut world).join("\n");
    assert!(screen.contains("one more"), "{screen}");
    world.tell(Event::KeyPressed(key("Enter")));
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("health ok"), "nothing chosen, the newest is meant:\n{screen}");
}

#[test]
fn frozen_it_stands_still() {
    let mut world = world(false);
    probe(&mut world, Some(12.0));
    world.press("8 Space");
    world.now += 10.0;
    for _ in 0..4 {
        probe(&mut world, None);
    }
    let screen = lines(&mut world).join("\n");
    assert!(!screen.contains("health    down"), "{screen}");
    world.press("Space");
    let screen = lines(&mut world).join("\n");
    assert!(screen.contains("health    down"), "{screen}");
}
