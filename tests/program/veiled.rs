//! Under `--redact` the values that a person gave an action stand only in what is sent: no card, no record, no line on the way
//! has them, whatever the target answers. The consent is to the true ones all the same.

use quarterdeck::app::actions::approvals::{SecondOrder, asking};
use quarterdeck::app::actions::headless;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::{Cause, Safe, Untrusted};
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::card::{Card, Identity, Preview};
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::step::{StepEnd, Work};
use quarterdeck::remediation::written;

use crate::cards::orders;
use crate::world::World;
use crate::{drawn, text};

const VALUES: [&str; 3] = ["4711815", "Grace Hopper, born in 1906, of the Navy and of nobody else", "s3cr3t/ tag"];

fn world(redact: bool) -> World {
    World::new(&format!(
        r#"
        [screen]
        redact = {redact}
        [[database]]
        name = "main"
        url = "postgresql://ops@127.0.0.1/app"
        [[cache]]
        name = "redis"
        redis = "redis://127.0.0.1:1"
        [[runbook]]
        name = "disable"
        title = "disable a webhook"
        target = "main"
        level = "L2"
        [[runbook.parameter]]
        name = "id"
        type = "integer"
        [[runbook.parameter]]
        name = "who"
        type = "text"
        [[runbook.parameter]]
        name = "tag"
        type = "text"
        [[runbook.step]]
        title = "disable {{id}} of {{who}}"
        statement = "UPDATE webhooks SET by = $2 WHERE id = $1"
        binds = ["{{id}}", "{{who}}"]
        [[runbook.step]]
        title = "tell the service about {{id}}"
        url = "http://127.0.0.1:1/tags/{{tag}}/off?id={{id}}"
        headers = {{ "X-Why" = "{{id}}" }}
        body = '{{"id": "{{id}}", "who": "{{who}}"}}'
        [[runbook.step]]
        redis = ["DEL", "tag:{{tag}}"]
        [[runbook.step]]
        title = "drain"
        command = ["/bin/true", "--tag={{tag}}", "{{who}}"]
        [[runbook.step]]
        title = "tell the desk"
        manual = "tell {{who}} of {{id}}"
        [actions]
        allow = true
        "#
    ))
}

fn typed(values: [&str; 3]) -> String {
    format!("act disable on main with id={} who={} tag={}", values[0], values[1], values[2])
}

/// The card, after both looks came; a remark of the server repeats what it was given.
fn carded(world: &mut World, values: [&str; 3]) -> Card {
    world.press(":");
    world.all_read();
    world.write(&typed(values));
    let effects = orders(world, Event::KeyPressed(Key::plain(Code::Enter)));
    for effect in effects {
        let Effect::Preview(order) = effect else { continue };
        let begun = world.moment();
        let effect = match &order.of {
            quarterdeck::app::effect::PreviewOf::Sql(sql) => [
                vec![Untrusted::from("over a second connection, one statement by itself:")],
                written::of(&Work::Sql(sql.clone())).effect,
            ]
            .concat(),
            quarterdeck::app::effect::PreviewOf::Redis(redis) => written::of(&Work::Redis(redis.clone())).effect,
            other => panic!("{other:?}"),
        };
        let preview = Preview {
            identity: Identity { facts: vec![("system identifier", Untrusted::from("7"))] },
            effect,
            remarks: vec![Safe::of(format!("the row of {} is locked", values[0]))],
            ..Preview::default()
        };
        orders(world, Event::Previewed { id: order.id, outcome: Box::new(Ok(preview)), begun });
    }
    headless::card(&world.model).expect("a card").clone()
}

fn lines(world: &World, card: &Card) -> String {
    headless::lines(&world.model, card).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn holds_none(text: &str) {
    for value in ["4711815", "Grace", "Hopper", "1906", "s3cr3t"] {
        assert!(!text.contains(value), "{value} in:\n{text}");
    }
}

#[test]
fn a_card_hides_what_was_given_and_its_consent_does_not() {
    let mut world = world(true);
    let card = carded(&mut world, VALUES);
    let shown = lines(&world, &card);
    holds_none(&shown);
    for part in [
        "over a second connection",
        "$1 = ***",
        "$2 = ***",
        "POST http://127.0.0.1:1/tags/***/off?id=***",
        r#"{"id":"***","who":"***"}"#,
        "'tag:***'",
        "'--tag=***' '***'",
        "tell *** of ***",
        "disable *** of ***",
        "the row of *** is locked",
        "(id ***, who ***, tag ***)",
    ] {
        assert!(shown.contains(part), "{part} is missing in:\n{shown}");
    }
    for size in [(80, 24), (200, 60)] {
        holds_none(&text(&drawn(&mut world, size, false)));
    }
    let asked = asking(&world.model, &card, "why not");
    holds_none(&format!("{:?} {:?} {}", asked.card, asked.entry, asked.action));
    let other = carded(&mut self::world(true), ["4711816", VALUES[1], VALUES[2]]);
    assert_ne!(card.digest(), other.digest(), "another value is another consent");
    let desk = carded(&mut self::world(true), [VALUES[0], VALUES[1], "s3cr3t/ tab"]);
    assert_ne!(card.digest(), desk.digest());
}

#[test]
fn without_it_values_stay_to_be_read() {
    let mut world = world(false);
    let card = carded(&mut world, VALUES);
    let shown = lines(&world, &card);
    for part in ["$1 = 4711815", "/tags/s3cr3t%2F%20tag/off?id=4711815", "'tag:s3cr3t/ tag'", "the row of 4711815"] {
        assert!(shown.contains(part), "{part} is missing in:\n{shown}");
    }
    assert!(
        card.action.title.as_str().contains("who Grace Hopper, born in 1906, of the Navy…"),
        "{}",
        card.action.title
    );
}

#[test]
fn nothing_on_the_way_or_in_the_audit_has_them() {
    let mut world = world(true);
    carded(&mut world, VALUES);
    drawn(&mut world, (80, 24), false);
    world.wait(0.5);
    world.write("main");
    let mut records = String::new();
    let mut waiting = orders(&mut world, Event::KeyPressed(Key::ctrl('t')));
    let mut sent = Vec::new();
    for _ in 0..40 {
        let mut next = Vec::new();
        for effect in waiting {
            let (run, input) = match effect {
                Effect::Hold { run, .. } => (run, Input::Held(Ok(()))),
                Effect::Record { run: Some(run), entry, .. } => {
                    records.push_str(&format!("{entry:?}\n"));
                    (run, Input::Recorded(Ok(())))
                }
                Effect::RunAction { run, step, approved, .. } => {
                    sent.push(format!("{:?}", approved.step().work));
                    let said = vec![Safe::of(format!("did {} and {}", VALUES[0], VALUES[2]))];
                    let end = match step {
                        3 => StepEnd::Failed(Cause::Other(Safe::of(format!("nobody is called {}", VALUES[1])))),
                        _ => StepEnd::Done { fates: Vec::new(), said },
                    };
                    (run, Input::StepEnded { step, end })
                }
                _ => continue,
            };
            next.extend(orders(&mut world, Event::ActionHappened { run, input: Box::new(input) }));
            holds_none(&text(&drawn(&mut world, (200, 60), false)));
        }
        waiting = next;
    }
    assert_eq!(sent.len(), 4, "{sent:?}");
    let all = sent.join("\n");
    for value in ["4711815", VALUES[1], "s3cr3t/ tag", "s3cr3t%2F%20tag"] {
        assert!(all.contains(value), "what is sent holds {value}: {all}");
    }
    assert!(records.contains("Outcome") && records.contains("nobody is called ***"), "{records}");
    holds_none(&records);
    holds_none(&format!("{:?}", world.model.actions.past));
    holds_none(&format!("{:?}", world.model.timeline));
}

#[test]
fn a_value_that_is_refused_is_not_repeated() {
    let mut world = world(true);
    world.press(":");
    world.write("act disable on main with id=s3cr3t who=x tag=y");
    let effects = orders(&mut world, Event::KeyPressed(Key::plain(Code::Enter)));
    holds_none(world.message().as_str());
    assert!(world.message().contains("it is a whole number"), "{}", world.message());
    assert!(
        !effects.iter().any(|effect| matches!(effect, Effect::Second(order) if matches!(**order, SecondOrder::Ask(_))))
    );
}
