//! What a runbook's card says of what its steps do to others: whom a request reaches, what a service is doing that is
//! restarted, and which programs only look.

use quarterdeck::app::actions::{headless, receivers};
use quarterdeck::app::effect::PreviewOf;
use quarterdeck::app::{Effect, Event, update};
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::domain::{Cause, Safe};
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::card::Preview;
use quarterdeck::remediation::service::facts::{ServiceFacts, reach};

use crate::world::World;

fn world() -> World {
    World::new(
        r#"
        [[database]]
        name = "main"
        url = "postgresql://ops@127.0.0.1/app"
        [[service]]
        name = "api"
        url = "http://127.0.0.1:1/health"
        [[signal]]
        name = "api requests"
        url = "http://127.0.0.1:1/traffic"
        pointer = "/rps"
        unit = "/s"
        [[runbook]]
        name = "drain"
        target = "api"
        level = "L2"
        watch = "service api"
        requests = "api requests"
        [[runbook.step]]
        title = "which version"
        command = ["apictl", "--version"]
        reads = true
        [[runbook.step]]
        title = "retry"
        url = "http://127.0.0.1:1/retry"
        preview_sql = "SELECT name, count(*) FROM queue GROUP BY name"
        [[runbook.step]]
        title = "restart it"
        restart_command = ["apictl", "restart"]
        status_command = ["apictl", "status"]
        [actions]
        allow = true
        "#,
    )
}

/// The text of the card, when the look for the receivers gave this.
fn card(world: &mut World, read: &Result<Preview, Cause>) -> String {
    let now = world.moment();
    update(&mut world.model, Event::KeyPressed(Key::char('a')), now);
    let effects = update(&mut world.model, Event::KeyPressed(Key::plain(Code::Enter)), now);
    let mut asked = 0;
    for effect in effects {
        let Effect::Preview(order) = effect else { continue };
        let outcome = match &order.of {
            PreviewOf::Receivers(_) => {
                asked += 1;
                read.clone()
            }
            PreviewOf::Service(step) => {
                let dependents =
                    ServiceFacts { required_by: vec![Safe::of("worker (depends on it)")], ..ServiceFacts::default() };
                Ok(Preview { remarks: reach(step, &dependents).into_iter().collect(), ..Preview::default() })
            }
            _ => Ok(Preview::default()),
        };
        let event = Event::Previewed { id: order.id, outcome: Box::new(outcome), begun: now };
        update(&mut world.model, event, now);
    }
    assert_eq!(asked, 1, "whom the request reaches is looked at");
    let card = headless::card(&world.model).expect("a card");
    let lines = headless::lines(&world.model, card);
    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_request_of_a_runbook_shows_whom_it_reaches() {
    let read = receivers::found(vec![("billing".into(), 40.0), ("search".into(), 2.0)]);
    let text = card(&mut world(), &Ok(read));
    assert!(text.contains("What it touches: 2") && text.contains("billing"), "{text}");
    assert!(text.contains("reaches billing, search") && !text.contains("whom it reaches is NOT"), "{text}");
    assert!(text.contains("only looks, as it is declared"), "{text}");
}

#[test]
fn where_nobody_knows_whom_it_reaches_it_cannot_run() {
    let text = card(&mut world(), &Err(Cause::Other(Safe::of("no right to read"))));
    assert!(text.contains("cannot run") && text.contains("is NOT KNOWN: no right to read"), "{text}");
    assert!(text.contains("no preview available"), "{text}");
}

#[test]
fn that_nothing_waits_keeps_no_other_step_from_being_done() {
    let text = card(&mut world(), &Ok(receivers::found(Vec::new())));
    assert!(text.contains("nothing waits for any receiver") && !text.contains("cannot run"), "{text}");
}

#[test]
fn a_restart_within_a_runbook_says_what_the_service_is_doing() {
    let mut world = world();
    world.signal("api requests", Ok(SignalValue::Number(24.5)));
    let text = card(&mut world, &Ok(receivers::found(vec![("billing".into(), 1.0)])));
    assert!(text.contains("3 restart api: requests now: 24.5"), "{text}");
    assert!(text.contains("3 restart api: errors by our own probes"), "{text}");
    assert!(text.contains("3 restart api: it goes with it, or needs it: worker (depends on it)"), "{text}");
}
