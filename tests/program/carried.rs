//! A signal that the connection of a database or a Redis carries, and the statements of a database, are read more rarely than
//! their carrier: a reading without them proves nothing about them, and answers no look and no wait.

use std::time::Duration;

use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::arrival::Reading;
use quarterdeck::domain::cache::CacheReading;
use quarterdeck::domain::database::DatabaseReading;
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::domain::source::{SignalId, SourceId, SourceKind};
use quarterdeck::domain::{Arrival, Cause, Moment, Safe, Untrusted};
use quarterdeck::input::Key;
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::{Execution, Input, Phase};
use quarterdeck::remediation::outcome::Outcome;
use quarterdeck::remediation::step::StepEnd;

use crate::cards::{orders, tell};
use crate::drawn;
use crate::world::World;
use crate::world::readings::{Postgres, counters};

const SIZE: (u16, u16) = (120, 40);
const PROVED: &str = r#"
    [[action]]
    name = "drain"
    url = "http://127.0.0.1:1/drain"
    level = "L1"
    watch = "signal backlog"
    expect = "< 100"
    settle = "0s"
    stable = "0s"
    within = "30s"
"#;
const LOOKED_AT: &str = r#"
    [[runbook]]
    name = "drain"
    target = "main"
    level = "L1"
    watch = "connections main"
    [[runbook.step]]
    look = "signal backlog"
    [[runbook.step]]
    wait = "signal backlog < 100"
    stable = "0s"
    deadline = "30s"
"#;

const STATE_LOOKED_AT: &str = r#"
    threshold = "> 100"
    [[runbook]]
    name = "drain"
    target = "main"
    level = "L1"
    watch = "connections main"
    [[runbook.step]]
    wait = "signal backlog not ok"
    stable = "0s"
    deadline = "30s"
"#;
const STATEMENTS_LOOKED_AT: &str = r#"
    [[runbook]]
    name = "drain"
    target = "main"
    level = "L1"
    watch = "connections main"
    [[runbook.step]]
    look = "statement calls main"
    [[runbook.step]]
    title = "more of it"
    when = "statement calls main > 50/s"
    pause = "1s"
"#;

#[derive(Clone, Copy, Debug)]
enum Carrier {
    Database,
    Redis,
}

/// What a carrier's reading has of the signal.
type Carried = Option<Result<f64, &'static str>>;

impl Carrier {
    fn world(self, acting: &str) -> World {
        let source = match self {
            Carrier::Database => "sql = \"SELECT count(*) FROM jobs\"",
            Carrier::Redis => "redis = [\"LLEN\", \"jobs\"]",
        };
        World::new(&format!(
            r#"
            [[database]]
            name = "main"
            url = "postgresql://ops@127.0.0.1/app"
            environment = "staging"
            [[cache]]
            name = "redis"
            redis = "redis://127.0.0.1:6379/0"
            [[signal]]
            name = "backlog"
            {source}
            {acting}
            [actions]
            allow = true
            "#
        ))
    }

    /// Two seconds later the carrier is read, which takes a second; when that was begun.
    fn read(self, world: &mut World, carried: Carried) -> Moment {
        let value = |outcome: Result<f64, &str>| {
            (SignalId(0), outcome.map(SignalValue::Number).map_err(|why| Cause::Other(Safe::of(why))))
        };
        let scalars = carried.map(value).into_iter().collect();
        let reading = match self {
            Carrier::Database => {
                Reading::Database(Box::new(DatabaseReading { scalars, ..Postgres::default().reading() }))
            }
            Carrier::Redis => Reading::Cache(Box::new(CacheReading { scalars, ..counters(1000, 10, Some("run"), 0) })),
        };
        self.arrive(world, Ok(reading))
    }

    fn fail(self, world: &mut World) -> Moment {
        self.arrive(world, Err(Cause::Refused { family: "IPv4" }))
    }

    fn arrive(self, world: &mut World, outcome: Result<Reading, Cause>) -> Moment {
        let kind = match self {
            Carrier::Database => SourceKind::Database,
            Carrier::Redis => SourceKind::Cache,
        };
        let (took, next_in) = (Duration::from_secs(1), Duration::from_secs(2));
        world.now += 2.0;
        let begun = world.moment();
        world.now += took.as_secs_f64();
        let arrival = Arrival { source: SourceId::new(kind, 0), outcome, took, begun, next_in };
        world.tell(Event::ReadingArrived(Box::new(arrival)));
        begun
    }
}

fn execution(world: &World) -> &Execution {
    &world.model.actions.current.as_ref().expect("it runs").execution
}

/// What the proof saw since the effect.
fn seen(world: &World) -> Seen {
    match execution(world).trials()[0].after.as_ref().map(|evidence| evidence.value) {
        None => Seen::Nothing,
        Some(None) => Seen::Failure,
        Some(Some(value)) => Seen::Value(value),
    }
}

#[derive(Debug, PartialEq)]
enum Seen {
    Nothing,
    Failure,
    Value(f64),
}

/// It was consented to and holds its lock; the intent is on disk.
fn begun(world: &mut World) -> u64 {
    world.all_read();
    world.press(":");
    world.write("act drain");
    world.press("Enter");
    if let Some((id, _)) = world.model.actions.asked.clone() {
        let identity = Identity { facts: vec![("url", Untrusted::from("http://127.0.0.1:1/drain"))] };
        let preview = Preview { identity, effect: vec![Untrusted::from("POST /drain")], ..Preview::default() };
        let begun = world.moment();
        orders(world, Event::Previewed { id, outcome: Box::new(Ok(preview)), begun });
    }
    drawn(world, SIZE, false);
    world.wait(0.5);
    let Some(Overlay::Card(dialog)) = world.model.view.overlays.last() else { panic!("no card: {}", world.message()) };
    let phrase = dialog.phrase().unwrap_or_default();
    world.write(&phrase);
    let effects = orders(world, Event::KeyPressed(Key::ctrl('t')));
    let Some(Effect::Hold { run, .. }) = effects.first() else { panic!("{effects:?}") };
    let run = *run;
    tell(world, run, Input::Held(Ok(())));
    tell(world, run, Input::Recorded(Ok(())));
    run
}

/// The action has had its effect; its proof waits for readings.
fn acted(world: &mut World) -> u64 {
    let run = begun(world);
    tell(world, run, Input::StepEnded { step: 0, end: StepEnd::Done { fates: Vec::new(), said: Vec::new() } });
    run
}

fn outcome(world: &World) -> Option<Outcome> {
    match execution(world).phase() {
        Phase::Ended { outcome, .. } | Phase::Closing(outcome) => Some(outcome),
        _ => None,
    }
}

#[test]
fn a_reading_without_the_signal_proves_nothing_of_it() {
    for carrier in [Carrier::Database, Carrier::Redis] {
        let mut world = carrier.world(PROVED);
        carrier.read(&mut world, Some(Ok(5.0)));
        acted(&mut world);
        for _ in 0..4 {
            carrier.read(&mut world, None);
            assert_eq!(
                (seen(&world), outcome(&world)),
                (Seen::Nothing, None),
                "{carrier:?}: the value is from before the effect"
            );
        }
        carrier.read(&mut world, Some(Ok(2000.0)));
        assert_eq!((seen(&world), outcome(&world)), (Seen::Value(2000.0), None), "{carrier:?}");
        let begun = carrier.read(&mut world, Some(Ok(7.0)));
        assert_eq!(outcome(&world), Some(Outcome::Verified), "{carrier:?}");
        let proved = execution(&world).trials()[0].after.clone().expect("seen");
        assert_eq!((proved.value, proved.at), (Some(7.0), begun), "{carrier:?}");
    }
}

#[test]
fn one_that_could_not_be_read_is_not_known_until_it_is_read() {
    for carrier in [Carrier::Database, Carrier::Redis] {
        let mut world = carrier.world(PROVED);
        carrier.read(&mut world, Some(Ok(5.0)));
        acted(&mut world);
        carrier.read(&mut world, Some(Err("cancelled")));
        assert_eq!(seen(&world), Seen::Failure, "{carrier:?}: it failed alone");
        let at = execution(&world).trials()[0].after.as_ref().map(|evidence| evidence.at);
        carrier.read(&mut world, None);
        assert_eq!(execution(&world).trials()[0].after.as_ref().map(|evidence| evidence.at), at, "{carrier:?}");
        let failed = carrier.fail(&mut world);
        assert_eq!(seen(&world), Seen::Failure, "{carrier:?}: it failed with its connection");
        carrier.read(&mut world, None);
        let newest = execution(&world).trials()[0].after.as_ref().map(|evidence| evidence.at);
        assert_eq!((newest, outcome(&world)), (Some(failed), None), "{carrier:?}");
    }
}

#[test]
fn before_the_action_it_is_as_old_as_the_reading_that_brought_it() {
    for carrier in [Carrier::Database, Carrier::Redis] {
        let mut world = carrier.world(PROVED);
        let brought = carrier.read(&mut world, Some(Ok(5.0)));
        carrier.read(&mut world, None);
        begun(&mut world);
        let before = execution(&world).trials()[0].before.clone().expect("known before");
        assert_eq!((before.value, before.at), (Some(5.0), brought), "{carrier:?}");
    }
}

#[test]
fn a_look_and_a_wait_want_a_reading_that_has_it() {
    for carrier in [Carrier::Database, Carrier::Redis] {
        let mut world = carrier.world(LOOKED_AT);
        carrier.read(&mut world, Some(Ok(5.0)));
        let run = begun(&mut world);
        for (step, value) in [(0, 6.0), (1, 7.0)] {
            assert_eq!(execution(&world).phase(), Phase::Running { step }, "{carrier:?}");
            for _ in 0..3 {
                carrier.read(&mut world, None);
                assert_eq!(
                    execution(&world).steps()[step].ended,
                    None,
                    "{carrier:?}, step {step}: what it read is old"
                );
            }
            carrier.read(&mut world, Some(Ok(value)));
            assert!(execution(&world).steps()[step].ended.is_some(), "{carrier:?}, step {step}");
            tell(&mut world, run, Input::Recorded(Ok(())));
        }
    }
}

#[test]
fn the_state_of_a_signal_is_as_old_as_what_brought_it() {
    for carrier in [Carrier::Database, Carrier::Redis] {
        let mut world = carrier.world(STATE_LOOKED_AT);
        carrier.read(&mut world, Some(Ok(2000.0)));
        begun(&mut world);
        for _ in 0..3 {
            carrier.read(&mut world, None);
            assert_eq!(execution(&world).steps()[0].ended, None, "{carrier:?}: it was so before the step");
        }
        carrier.read(&mut world, Some(Ok(2000.0)));
        assert!(execution(&world).steps()[0].ended.is_some(), "{carrier:?}");
    }
}

/// The database is read, its statements with it or not: how often the one statement was called by then.
fn read_statements(world: &mut World, calls: Option<i64>) {
    let statements = calls.map(|calls| Ok(vec![(7, calls, calls as f64, "SELECT x")]));
    let reading = Postgres { statements, ..Postgres::default() }.reading();
    Carrier::Database.arrive(world, Ok(Reading::Database(Box::new(reading))));
}

#[test]
fn figures_of_statements_decide_nothing_before_new_ones_were_compared() {
    let mut world = Carrier::Database.world(STATEMENTS_LOOKED_AT);
    read_statements(&mut world, Some(0));
    read_statements(&mut world, Some(300));
    let run = begun(&mut world);
    read_statements(&mut world, None);
    assert_eq!(execution(&world).steps()[0].ended, None, "what is known is from before the step");
    read_statements(&mut world, Some(324));
    let Some((_, StepEnd::Done { said, .. })) = &execution(&world).steps()[0].ended else { panic!("it was read") };
    assert!(said[0].as_str().contains(" is 3.69"), "24 in 6.5 seconds: {said:?}");
    tell(&mut world, run, Input::Recorded(Ok(())));
    assert_eq!(execution(&world).phase(), Phase::Looking { step: 1 });
    read_statements(&mut world, None);
    assert_eq!(execution(&world).phase(), Phase::Looking { step: 1 });
    read_statements(&mut world, Some(924));
    assert_ne!(execution(&world).phase(), Phase::Looking { step: 1 });
    assert!(execution(&world).steps()[1].skipped.is_none(), "a hundred a second are more than fifty");
}
