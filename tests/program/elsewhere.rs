//! Sessions of other databases of a server: what the configuration says of the watched one does not hold for them.

use quarterdeck::app::actions::catalogue;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::Safe;
use quarterdeck::domain::target::Environment;
use quarterdeck::input::Key;
use quarterdeck::remediation::card::{Card, Part, Preview};

use crate::acting::{asked, preview};
use crate::cards::{acts, card_of, orders};
use crate::world::World;
use crate::{drawn, text};

const SIZE: (u16, u16) = (120, 40);

/// A database of this environment, with what else the configuration has.
fn world(environment: &str, more: &str) -> World {
    let (host, declared) = match environment {
        "local" => ("127.0.0.1", String::new()),
        declared => ("db.example.com", format!("environment = \"{declared}\"")),
    };
    let mut world = World::new(&format!(
        r#"
        [[service]]
        name = "api"
        url = "http://127.0.0.1:1/health"
        [[database]]
        name = "main"
        url = "postgresql://ops@{host}/app"
        {declared}
        [[runbook]]
        name = "calm"
        target = "api"
        level = "L2"
        {declared}
        [[runbook.step]]
        title = "end the idle ones"
        sessions = "terminate idle"
        database = "main"
        every_database = true
        {more}
        [actions]
        allow = true
        "#
    ));
    world.all_read();
    world
}

fn of(database: &str) -> Preview {
    let mut found = preview(1..4);
    found.objects[2].database = Safe::of(database);
    found
}

/// The card of `:act WORDS`, for these sessions.
fn card(world: &mut World, words: &str, found: &Preview) -> Card {
    world.press(":");
    world.write(&format!("act {words}"));
    let effects = orders(world, Event::KeyPressed(crate::world::key("Enter")));
    let begun = world.moment();
    for effect in &effects {
        if let Effect::Preview(order) = effect {
            orders(world, Event::Previewed { id: order.id, outcome: Box::new(Ok(found.clone())), begun });
        }
    }
    let Some(dialog) = card_of(world) else { panic!("{} {effects:?}", world.message()) };
    dialog.card.clone()
}

#[test]
fn a_session_of_another_database_is_as_in_production_unless_somebody_declared_it() {
    const IDLE: &str = "terminate-idle on main with every_database=true";
    let other = |host: &str, environment: &str| {
        format!(
            "[[database]]\nname = \"billing\"\nurl = \"postgresql://ops@{host}/billing\"\nenvironment = \"{environment}\"\n"
        )
    };
    let place = |environment: &str, more: &str, database: &str| {
        card(&mut world(environment, more), IDLE, &of(database)).action.target.environment
    };
    assert_eq!(place("staging", "", "app"), Environment::Staging);
    assert_eq!(place("staging", "", "billing"), Environment::Production, "nobody declared it");
    assert_eq!(place("dev", &other("db.example.com", "staging"), "billing"), Environment::Staging);
    assert_eq!(place("staging", &other("db.example.com", "dev"), "billing"), Environment::Staging, "never milder");
    assert_eq!(place("dev", &other("elsewhere.example.com", "dev"), "billing"), Environment::Production);
    assert_eq!(place("local", "", "billing"), Environment::Local, "all of that server is on this machine");
}

/// Its name is typed, and the chord pressed, with a reason or without; the screen before that, and what is ordered.
fn consented(environment: &str, database: &str, reason: bool) -> (String, Vec<Effect>) {
    let mut world = world(environment, "");
    card(&mut world, "terminate-idle on main with every_database=true", &of(database));
    drawn(&mut world, SIZE, false);
    world.wait(0.5);
    let screen = text(&drawn(&mut world, SIZE, false));
    world.write("main");
    if reason {
        world.press("Tab");
        world.write("INC-7");
    }
    (screen, orders(&mut world, Event::KeyPressed(Key::ctrl('t'))))
}

#[test]
fn it_is_told_and_asks_for_a_reason() {
    assert!(acts(&consented("staging", "app", false).1), "staging alone asks for none");
    let (screen, effects) = consented("staging", "billing", false);
    assert!(screen.contains("it reaches billing, another database of that server: as in PRODUCTION"), "{screen}");
    assert!(!acts(&effects), "without a reason");
    let (_, effects) = consented("staging", "billing", true);
    assert!(acts(&effects), "{effects:?}");
}

#[test]
fn policy_of_production_holds_for_it() {
    let mut world = world("staging", "");
    world.press(":");
    world.write("act terminate-idle on main with every_database=true");
    world.press("Enter");
    let id = asked(&mut world);
    let begun = world.moment();
    std::sync::Arc::make_mut(&mut world.model.actions.spec).policy.refused = vec!["L2 in production".to_owned()];
    let effects = orders(&mut world, Event::Previewed { id, outcome: Box::new(Ok(of("billing"))), begun });
    assert!(card_of(&world).is_none(), "{effects:?}");
}

#[test]
fn a_step_of_a_runbook_that_reaches_it_makes_all_of_it_so() {
    let mut world = world("staging", "");
    assert_eq!(
        card(&mut self::world("staging", ""), "calm", &of("app")).action.target.environment,
        Environment::Staging
    );
    let card = card(&mut world, "calm", &of("billing"));
    assert_eq!(
        card.action.target.environment,
        Environment::Production,
        "{:?}",
        card.preview.parts.iter().map(|part: &Part| part.place).collect::<Vec<_>>()
    );
}

/// What policy says of a built-in action by its name, it says of whatever does the same: a step of a runbook, too.
#[test]
fn policy_names_what_is_done_and_not_the_words_that_it_is_done_under() {
    let against = |refused: &str| {
        let mut world = world("staging", "");
        std::sync::Arc::make_mut(&mut world.model.actions.spec).policy.refused = vec![refused.to_owned()];
        let all = catalogue::named(&world.model);
        let calm = all.iter().find(|action| action.id.as_str() == "calm").expect("it is listed");
        catalogue::reason_against(&world.model, calm).map(|why| why.to_string())
    };
    assert_eq!(against("terminate-idle-in-transaction"), None);
    assert_eq!(against("terminate-idle").as_deref(), Some("the shared policy refuses terminate-idle"));
    assert_eq!(against("terminate-idle in production"), None, "staging is milder");
}
