//! What a person sees where a runbook waits for them: how it is now and not how it was, what cannot run here, and what may
//! have been done.

use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::{Cause, Safe, Untrusted};
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::{Input, Phase};
use quarterdeck::remediation::service::facts::{Instance, ServiceFacts, ServiceState};
use quarterdeck::remediation::step::StepEnd;

use crate::cards::{orders, phase, tell};
use crate::world::World;
use crate::world::readings::{answer, silence};
use crate::{drawn, text};

const SIZE: (u16, u16) = (100, 30);
const RUN: Key = Key::ctrl('t');

fn world() -> World {
    World::new(
        r#"
        [[service]]
        name = "api"
        url = "http://127.0.0.1:1/health"
        [[runbook]]
        name = "restart"
        title = "restart by the book"
        target = "api"
        level = "L2"
        contacts = ["ada, 0123"]
        watch = "service api"
        expect = "down"
        [[runbook.step]]
        title = "see how it is"
        look = "service api"
        [[runbook.step]]
        title = "stop the unit"
        unit = "api.service"
        verb = "stop"
        ask = true
        [runbook.step.undo]
        title = "start the unit again"
        unit = "api.service"
        verb = "start"
        [[runbook.step]]
        title = "run the last thing"
        command = ["/bin/false"]
        [actions]
        allow = true
        "#,
    )
}

fn seen() -> Preview {
    let facts = ServiceFacts {
        state: ServiceState::Running,
        instances: vec![Instance { pid: Some(7), invocation: Some(Safe::of("abc")) }],
        restarts: None,
        required_by: Vec::new(),
        words: Safe::of("running"),
        ..ServiceFacts::default()
    };
    Preview {
        identity: Identity { facts: vec![("service", Untrusted::from("api.service"))] },
        effect: vec![Untrusted::from("'systemctl' 'stop'")],
        service: Some(facts),
        ..Preview::default()
    }
}

fn missing() -> Cause {
    Cause::Misconfigured(Safe::of("api.service: not-found, says systemd"))
}

/// The card, of looks that gave this.
fn card(world: &mut World, found: impl Fn() -> Result<Preview, Cause>) -> String {
    world.press("a");
    let effects = orders(world, Event::KeyPressed(Key::plain(Code::Enter)));
    for effect in effects {
        if let Effect::Preview(order) = effect {
            let begun = world.moment();
            orders(world, Event::Previewed { id: order.id, outcome: Box::new(found()), begun });
        }
    }
    assert!(matches!(world.model.view.overlays.last(), Some(Overlay::Card(_))), "no card");
    text(&drawn(world, SIZE, false))
}

/// A runbook that waits at its gate, and the number of its run.
fn at_the_gate(world: &mut World, found: impl Fn() -> Result<Preview, Cause>) -> u64 {
    world.all_read();
    card(world, found);
    world.wait(0.5);
    world.write("api");
    let effects = orders(world, Event::KeyPressed(RUN));
    let Some(Effect::Hold { run, .. }) = effects.first() else { panic!("{effects:?}") };
    let run = *run;
    tell(world, run, Input::Held(Ok(())));
    tell(world, run, Input::Recorded(Ok(())));
    world.wait(1.0);
    world.service("api", answer(200, "{}", 1.0));
    let effects = tell(world, run, Input::Recorded(Ok(())));
    assert_eq!(phase(world), Phase::Asking { step: 1 });
    assert!(effects.iter().any(|effect| matches!(effect, Effect::RefreshAll)), "{effects:?}");
    run
}

#[test]
fn a_gate_shows_how_it_is_now() {
    let mut world = world();
    at_the_gate(&mut world, || Ok(seen()));
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("health of api is ok, read 0s ago"), "{screen}");
    world.wait(2.0);
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("health of api is ok, read 2s ago"), "{screen}");
    world.wait(7.0);
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("health of api is not known now; last read 9s ago"), "it is stale: {screen}");
    world.service("api", answer(503, "{}", 1.0));
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("health of api is down (HTTP 503), read 0s ago"), "{screen}");
    assert!(!screen.contains("health of api is ok, read"), "{screen}");
    world.service("api", silence(Cause::Other(Safe::of("no answer"))));
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(!screen.contains("health of api is ok, read"), "{screen}");
}

/// Whoever closed its view, on the smallest screen and with trouble beside it, is told that it is not over.
#[test]
fn the_header_tells_of_what_runs_on_every_screen() {
    let mut world = world();
    let run = at_the_gate(&mut world, || Ok(seen()));
    world.service("api", answer(503, "{}", 1.0));
    let header = |world: &mut World| {
        let screen = text(&drawn(world, (80, 24), false));
        screen.lines().next().unwrap_or_default().to_owned()
    };
    world.press("Esc");
    let asks = header(&mut world);
    assert!(asks.contains("ASKS YOU") && !asks.contains("ARMED"), "{asks}");
    world.press("w");
    drawn(&mut world, SIZE, false);
    world.wait(0.5);
    orders(&mut world, Event::KeyPressed(RUN));
    tell(&mut world, run, Input::Recorded(Ok(())));
    world.wait(3.0);
    world.press("Esc");
    let runs = header(&mut world);
    assert!(runs.contains("RUNNING 4s") || runs.contains("RUNNING 5s"), "{runs}");
}

#[test]
fn what_cannot_run_here_can_only_be_left_out() {
    let mut world = world();
    let screen = card(&mut world, || Err(missing()));
    assert!(screen.contains("CANNOT RUN HERE") && screen.contains("api.service: not-found"), "{screen}");
    assert!(screen.contains("it can only be left out"), "{screen}");
    let mut world = self::world();
    let run = at_the_gate(&mut world, || Err(missing()));
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("Leave it out and go on?") && screen.contains("it cannot run here"), "{screen}");
    world.wait(0.5);
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("Ctrl-O leaves the step out") && !screen.contains("Ctrl-T goes on"), "{screen}");
    assert!(orders(&mut world, Event::KeyPressed(RUN)).is_empty());
    assert!(world.message().contains("cannot run here"), "{}", world.message());
    assert_eq!(phase(&world), Phase::Asking { step: 1 });
    // The next step begins with it: no key that a list has, and none that freezes a terminal.
    for plain in [Key::char('s'), Key::ctrl('s'), Key::char('o'), Key::plain(Code::Enter)] {
        assert!(orders(&mut world, Event::KeyPressed(plain)).is_empty(), "{plain}");
    }
    assert!(matches!(orders(&mut world, Event::KeyPressed(Key::ctrl('o'))).as_slice(), [Effect::Record { .. }]));
    let effects = tell(&mut world, run, Input::Recorded(Ok(())));
    assert!(matches!(effects.as_slice(), [Effect::RunAction { step: 2, .. }]), "{effects:?}");
}

#[test]
fn a_policy_that_changed_stops_what_runs() {
    let mut world = world();
    let run = at_the_gate(&mut world, || Ok(seen()));
    let effects = orders(&mut world, Event::PolicyChanged(Safe::of("policy.toml is not what it was")));
    assert!(matches!(effects.as_slice(), [Effect::Record { .. }]), "{effects:?}");
    let effects = tell(&mut world, run, Input::Recorded(Ok(())));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::RunAction { .. })), "{effects:?}");
    assert_ne!(phase(&world), Phase::Asking { step: 1 });
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("the policy changed: nothing more is sent"), "{screen}");
    assert!(orders(&mut world, Event::KeyPressed(RUN)).is_empty());
}

#[test]
fn what_may_have_been_done_is_marked_where_it_is_offered_to_be_undone() {
    let mut world = world();
    let run = at_the_gate(&mut world, || Ok(seen()));
    drawn(&mut world, SIZE, false);
    world.wait(0.5);
    orders(&mut world, Event::KeyPressed(RUN));
    let effects = tell(&mut world, run, Input::Recorded(Ok(())));
    assert!(matches!(effects.as_slice(), [Effect::RunAction { step: 1, .. }]), "{effects:?}");
    let end = StepEnd::Miscarried(Cause::Other(Safe::of("two processes are left")));
    tell(&mut world, run, Input::StepEnded { step: 1, end });
    tell(&mut world, run, Input::Recorded(Ok(())));
    assert_eq!(phase(&world), Phase::Offering);
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("Undo what was done?") && screen.contains("start the unit again"), "{screen}");
    assert!(screen.contains("MAY HAVE BEEN DONE") && screen.contains("stop the unit"), "{screen}");
    assert!(screen.contains("it was sent; what it did is not known: two processes are left"), "{screen}");
}

/// What undoes is kept from a database like everything else: that is said where a person relies on it.
#[test]
fn what_undoes_needs_the_turn_of_its_database_and_says_so_beforehand() {
    let mut world = World::new(
        r#"
        [[service]]
        name = "api"
        url = "http://127.0.0.1:1/health"
        [[database]]
        name = "main"
        url = "postgresql://ops@127.0.0.1/app"
        [[runbook]]
        name = "close"
        target = "api"
        level = "L2"
        watch = "service api"
        expect = "down"
        [[runbook.step]]
        title = "see how it is"
        look = "service api"
        [[runbook.step]]
        title = "close the circuit"
        statement = "UPDATE circuit SET open = false"
        database = "main"
        ask = true
        [runbook.step.undo]
        title = "open it again"
        statement = "UPDATE circuit SET open = true"
        database = "main"
        [[runbook.step]]
        title = "run the last thing"
        command = ["/bin/false"]
        [actions]
        allow = true
        "#,
    );
    let run = at_the_gate(&mut world, || Ok(seen()));
    drawn(&mut world, SIZE, false);
    world.wait(0.5);
    orders(&mut world, Event::KeyPressed(RUN));
    tell(&mut world, run, Input::Recorded(Ok(())));
    let done = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
    tell(&mut world, run, Input::StepEnded { step: 1, end: done });
    tell(&mut world, run, Input::Recorded(Ok(())));
    let end = StepEnd::Failed(Cause::Other(Safe::of("status 1")));
    tell(&mut world, run, Input::StepEnded { step: 2, end });
    tell(&mut world, run, Input::Recorded(Ok(())));
    assert_eq!(phase(&world), Phase::Offering);
    let screen = text(&drawn(&mut world, (80, 24), false));
    for words in ["open it again", "other operators are kept out of main", "it is refused", "undone by hand."] {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
}
