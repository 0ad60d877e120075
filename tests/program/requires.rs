//! What a single step of a runbook requires: read directly before it, on the card with how it is now, and where it does not
//! hold, or is not known, the step is not run. The figures are rates of a counter as well.

use quarterdeck::app::actions::headless;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::domain::{Cause, Safe};
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::execution::{Input, Phase};
use quarterdeck::remediation::outcome::Outcome;
use quarterdeck::remediation::step::StepEnd;

use crate::cards::{orders, phase, tell};
use crate::world::World;
use crate::{drawn, text};

const SIZE: (u16, u16) = (80, 24);

fn world() -> World {
    World::new(
        r#"
        [[service]]
        name = "api"
        url = "http://127.0.0.1:1/health"
        [[signal]]
        name = "api requests"
        url = "http://127.0.0.1:1/traffic"
        pointer = "/total"
        counter = true
        [[runbook]]
        name = "drain"
        title = "drain and restart"
        target = "api"
        level = "L2"
        requests = "api requests"
        [[runbook.step]]
        title = "drain it"
        command = ["/bin/true"]
        [[runbook.step]]
        title = "restart it"
        requires = ["signal api requests < 5"]
        restart_command = ["apictl", "restart"]
        status_command = ["apictl", "status"]
        [actions]
        allow = true
        "#,
    )
}

/// Two readings of a counter, ten seconds apart.
fn counted(world: &mut World, first: f64, second: f64) {
    world.signal("api requests", Ok(SignalValue::Number(first)));
    world.wait(10.0);
    world.signal("api requests", Ok(SignalValue::Number(second)));
}

fn with_card(world: &mut World) -> String {
    world.press("a");
    for effect in orders(world, Event::KeyPressed(Key::plain(Code::Enter))) {
        let Effect::Preview(order) = effect else { continue };
        let begun = world.moment();
        let preview = quarterdeck::remediation::card::Preview {
            service: Some(quarterdeck::remediation::service::facts::ServiceFacts::default()),
            ..Default::default()
        };
        orders(world, Event::Previewed { id: order.id, outcome: Box::new(Ok(preview)), begun });
    }
    let card = headless::card(&world.model).expect("a card");
    headless::lines(&world.model, card).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The first step is done, and on disk: what the second requires is to be read.
fn drained(world: &mut World) -> u64 {
    drawn(world, SIZE, false);
    world.wait(0.5);
    world.write("api");
    let effects = orders(world, Event::KeyPressed(Key::ctrl('t')));
    let Some(Effect::Hold { run, .. }) = effects.first() else { panic!("{effects:?}") };
    let run = *run;
    tell(world, run, Input::Held(Ok(())));
    let effects = tell(world, run, Input::Recorded(Ok(())));
    assert!(matches!(effects.as_slice(), [Effect::RunAction { step: 0, .. }]), "{effects:?}");
    tell(world, run, Input::StepEnded { step: 0, end: StepEnd::Done { fates: Vec::new(), said: Vec::new() } });
    let effects = tell(world, run, Input::Recorded(Ok(())));
    assert_eq!(phase(world), Phase::Reviewing { step: 1 });
    assert!(effects.iter().any(|effect| matches!(effect, Effect::RefreshAll)), "{effects:?}");
    run
}

fn runs(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::RunAction { step: 1, .. }))
}

/// A reading of the counter, and what it leads to.
fn read(world: &mut World, total: Result<f64, Cause>) -> bool {
    world.wait(2.0);
    world.signal("api requests", total.map(SignalValue::Number));
    world.effects.iter().any(|effect| effect.contains("RunAction"))
}

#[test]
fn a_card_tells_the_rate_of_a_counter_and_what_a_step_requires() {
    let mut world = world();
    world.signal("api requests", Ok(SignalValue::Number(1_000_000.0)));
    let shown = with_card(&mut world);
    assert!(shown.contains("requests now: NOT KNOWN"), "a total is no rate: {shown}");
    assert!(shown.contains("before step 2: api requests is not known"), "{shown}");
    let mut world = self::world();
    counted(&mut world, 1_000_000.0, 1_000_245.0);
    let shown = with_card(&mut world);
    assert!(shown.contains("2 restart api: requests now: 24.5/s (api requests, over 10s)"), "{shown}");
    assert!(
        shown.contains("before step 2: api requests is 24.5, and must be < 5; as it is now it would stop"),
        "{shown}"
    );
    assert!(shown.contains("requires api requests < 5, or it stops here"), "{shown}");
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("restart it  (requires api requests < 5)"), "{screen}");
}

#[test]
fn what_a_service_is_doing_stays_live_on_a_card_and_is_not_consented_to() {
    let mut world = world();
    counted(&mut world, 1_000_000.0, 1_000_245.0);
    assert!(with_card(&mut world).contains("requests now: 24.5/s (api requests, over 10s)"));
    let digest = card_digest(&world);
    world.wait(10.0);
    world.signal("api requests", Ok(SignalValue::Number(1_000_265.0)));
    let card = headless::card(&world.model).expect("a card");
    let shown: Vec<String> = headless::lines(&world.model, card).iter().map(ToString::to_string).collect();
    let now: Vec<&String> = shown.iter().filter(|line| line.contains("requests now")).collect();
    assert!(matches!(now.as_slice(), [line] if line.contains("requests now: 2/s")), "{now:?}");
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("requests now: 2/s") && !screen.contains("24.5/s (api"), "{screen}");
    assert_eq!(card_digest(&world), digest);
}

fn card_digest(world: &World) -> quarterdeck::remediation::card::Digest {
    headless::card(&world.model).expect("a card").digest()
}

#[test]
fn a_step_runs_where_a_fresh_reading_shows_what_it_requires() {
    let mut world = world();
    counted(&mut world, 0.0, 245.0);
    with_card(&mut world);
    drained(&mut world);
    assert!(read(&mut world, Ok(249.0)), "2 in 2.5 s are fewer than 5: {:?}", world.effects);
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("as it must be (< 5)"), "{screen}");
}

#[test]
fn a_step_is_not_run_where_it_does_not_hold_or_is_not_known() {
    let mut world = world();
    counted(&mut world, 0.0, 10.0);
    with_card(&mut world);
    let run = drained(&mut world);
    assert!(!read(&mut world, Ok(500.0)));
    assert!(!runs(&tell(&mut world, run, Input::Recorded(Ok(())))));
    assert!(matches!(phase(&world), Phase::Closing(Outcome::Failed)), "{:?}", phase(&world));
    let screen = text(&drawn(&mut world, (120, 40), false));
    assert!(screen.contains("before step 2, in a fresh reading: api requests is 19"), "{screen}");
    assert!(screen.contains("and must be < 5"), "{screen}");

    let mut world = self::world();
    counted(&mut world, 0.0, 10.0);
    with_card(&mut world);
    let run = drained(&mut world);
    for _ in 0..12 {
        assert!(!read(&mut world, Err(Cause::Other(Safe::of("no answer")))));
    }
    assert!(!runs(&tell(&mut world, run, Input::Recorded(Ok(())))));
    assert!(matches!(phase(&world), Phase::Closing(Outcome::Failed)), "{:?}", phase(&world));
    let screen = text(&drawn(&mut world, (120, 40), false));
    assert!(screen.contains("before step 2, in a fresh reading: api requests is not known"), "{screen}");
}
