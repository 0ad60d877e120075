//! Upkeep, as a person meets it: asked for by name, offered where the server is in need, live while it runs, stopped in the
//! middle, and shown by what the server says afterwards.

use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::{Safe, Untrusted};
use quarterdeck::input::Key;
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::measure::{Evidence, Measure};
use quarterdeck::remediation::outcome::Outcome;
use quarterdeck::remediation::step::{StepEnd, Work};
use quarterdeck::remediation::upkeep::{Relation, Standing, UpkeepVerb};

use crate::cards::{orders, tell};
use crate::world::World;
use crate::{drawn, text};

const SIZE: (u16, u16) = (120, 40);

fn armed() -> World {
    let mut world = World::new(
        r#"
        [[database]]
        name = "main"
        url = "postgresql://ops@db.example.com/app"
        environment = "staging"
        [[action]]
        name = "weekly-vacuum"
        vacuum = "public.orders"
        and_analyse = true
        database = "main"
        lock_timeout = "3s"
        deadline = "5m"
        [actions]
        allow = true
        "#,
    );
    world.press("3");
    world
}

fn typed(world: &mut World, line: &str) -> Vec<String> {
    world.press(":");
    world.write(line);
    world.press("Enter");
    world.effects.clone()
}

fn preview(verb: UpkeepVerb, leftovers: &[&str]) -> Preview {
    let standing = Standing {
        exists: true,
        files: vec![1],
        leftovers: leftovers.iter().map(|name| Untrusted::from(*name)).collect(),
        ..Standing::default()
    };
    let command = Untrusted::from("VACUUM public.orders");
    Preview {
        identity: Identity { facts: vec![("system identifier", Untrusted::from("7001"))] },
        effect: vec![command.clone()],
        standing: Some(standing.words(verb)),
        relation: Some(Relation { oid: 16_384, name: Untrusted::from("public.orders"), command, standing }),
        ..Preview::default()
    }
}

fn with_card(world: &mut World, preview: Preview) {
    let asked = world.model.actions.asked.as_ref();
    let id = asked.map_or_else(|| panic!("{}", world.message()), |(id, _)| *id);
    let begun = world.moment();
    orders(world, Event::Previewed { id, outcome: Box::new(Ok(preview)), begun });
    drawn(world, SIZE, false);
    world.wait(0.5);
}

/// The card is consented to, and its step runs; the run.
fn running(world: &mut World) -> u64 {
    world.write("main");
    let effects = orders(world, Event::KeyPressed(Key::ctrl('t')));
    let [Effect::Hold { run, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let run = *run;
    tell(world, run, Input::Held(Ok(())));
    let effects = tell(world, run, Input::Recorded(Ok(())));
    let [Effect::RunAction { approved, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(matches!(&approved.step().work, Work::Upkeep(step) if step.on.oid == 16_384), "{approved:?}");
    run
}

fn outcome(world: &World) -> Option<Outcome> {
    world.model.actions.past.back().map(|past| past.outcome)
}

fn ids(world: &World) -> Vec<String> {
    let all = quarterdeck::app::actions::catalogue::all(&world.model);
    all.iter().map(|action| format!("{} {}", action.id, action.title)).collect()
}

#[test]
fn asked_for_by_name_and_shown_by_the_server() {
    let mut world = armed();
    typed(&mut world, "vacuum");
    assert!(world.model.actions.asked.is_none() && world.message().contains("name a table"), "{}", world.message());
    let effects = typed(&mut world, "vacuum public.orders");
    assert!(effects.iter().any(|effect| effect.contains("Preview")), "{effects:?}");
    with_card(&mut world, preview(UpkeepVerb::Vacuum, &[]));
    let card = text(&drawn(&mut world, SIZE, false));
    for words in [
        "L2",
        "vacuum public.orders",
        "a newer VACUUM of public.orders must be seen (now never)",
        "type main to confirm",
    ] {
        assert!(card.contains(words), "{words:?} in\n{card}");
    }
    let run = running(&mut world);
    orders(&mut world, Event::StepTold { run, lines: vec![Safe::of("scanning heap, 40% of 90 blocks")] });
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("scanning heap, 40%") && screen.contains("can be stopped in the middle"), "{screen}");
    tell(&mut world, run, Input::StepEnded { step: 0, end: StepEnd::Done { fates: Vec::new(), said: Vec::new() } });
    assert_eq!(outcome(&world), None, "that the server answered is no proof");
    world.now += 1.0;
    let at = world.moment();
    let words = Safe::of("2026-01-01 00:00:00Z");
    tell(&mut world, run, Input::Read(Evidence { measure: Measure::Result, value: Some(1.0), at, words, chance: 0.0 }));
    tell(&mut world, run, Input::Recorded(Ok(())));
    assert_eq!(outcome(&world), Some(Outcome::Verified));
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("never -> 2026-01-01 00:00:00Z"), "{screen}");
}

#[test]
fn stopped_in_the_middle_once_and_what_it_left_is_offered() {
    let mut world = armed();
    typed(&mut world, "reindex public.orders");
    with_card(&mut world, preview(UpkeepVerb::Reindex, &["public.old_ccnew"]));
    assert!(
        ids(&world).contains(&"drop-leftover drop the leftover index public.old_ccnew".to_owned()),
        "{:?}",
        ids(&world)
    );
    let run = running(&mut world);
    let effects = tell(&mut world, run, Input::CancelAsked);
    assert!(matches!(effects.as_slice(), [Effect::Interrupt { run: stopped }] if *stopped == run), "{effects:?}");
    assert!(tell(&mut world, run, Input::CancelAsked).is_empty(), "once is enough");
    orders(&mut world, Event::LeftoversFound { database: 0, names: vec![Untrusted::from("public.orders_pkey_ccnew")] });
    let left = Safe::of("the server cancelled it; public.orders_pkey_ccnew was left behind");
    let effects = tell(&mut world, run, Input::StepEnded { step: 0, end: StepEnd::Cancelled(left) });
    let [Effect::Record { entry, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(format!("{entry:?}").contains("orders_pkey_ccnew"), "{entry:?}");
    tell(&mut world, run, Input::Recorded(Ok(())));
    assert_eq!(outcome(&world), Some(Outcome::Cancelled));
    assert!(ids(&world).iter().any(|id| id.ends_with("leftover index public.orders_pkey_ccnew")), "{:?}", ids(&world));
}

#[test]
fn the_menu_asks_for_the_tables_in_need_and_only_on_the_page_of_the_database() {
    let mut world = armed();
    world.press("a");
    assert!(world.effects.iter().any(|effect| effect.contains("ReadNeedy")), "{:?}", world.effects);
    orders(
        &mut world,
        Event::NeedyFound { database: 0, tables: vec![(Untrusted::from("public.\"o;rders\""), 41_000)] },
    );
    let offered = "vacuum-analyse vacuum and analyse public.\"o;rders\" (41.0k dead rows)";
    assert_eq!(ids(&world).last().map(String::as_str), Some(offered), "{:?}", ids(&world));
    world.press("Esc");
    world.press("2");
    world.press("a");
    assert!(!world.effects.iter().any(|effect| effect.contains("ReadNeedy")), "{:?}", world.effects);
    assert!(!ids(&world).iter().any(|id| id.starts_with("vacuum-analyse")));
}

#[test]
fn declared_upkeep_has_its_limits_and_only_the_database_that_is_meant() {
    let world = armed();
    let own = &world.model.actions.spec.own[0];
    assert_eq!((own.id.as_str(), own.target.name.as_str()), ("weekly-vacuum", "main"));
    assert_eq!(own.limits.deadline.as_secs(), 300);
    let plan = format!("{:?}", own.plan);
    assert!(plan.contains("VacuumAnalyse") && plan.contains("lock_timeout: 3s"), "{plan}");
}
