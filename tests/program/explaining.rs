//! Planning the selected statement, as a person meets it: on the menu only where a statement is selected, the plan as the
//! result, and its literals nowhere that is kept.

use quarterdeck::app::actions::catalogue;
use quarterdeck::app::effect::PreviewOf;
use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::statement::StatementId;
use quarterdeck::domain::{Safe, Untrusted};
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::action::Plan;
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::explain::{Explained, Planned};
use quarterdeck::remediation::outcome::Outcome;
use quarterdeck::remediation::step::{StepEnd, Work};

use crate::cards::orders;
use crate::world::World;
use crate::world::readings::{Postgres, session};
use crate::{drawn, text};

const SIZE: (u16, u16) = (120, 40);
const STATEMENT: &str = "SELECT id FROM webhooks WHERE token = 'top-secret'";

fn watching(redact: bool) -> World {
    let mut world = World::new(&format!(
        "[[database]]\nname = \"main\"\nurl = \"postgresql://ops@db.example.com/app\"\nenvironment = \"production\"\n\
         [actions]\nallow = true\n[screen]\nredact = {redact}\n"
    ));
    for count in 0..2 {
        let statements = vec![(1, 10 + count, 100.0 + count as f64 * 50.0, STATEMENT)];
        world.database("main", Ok(Postgres { statements: Some(Ok(statements)), ..Postgres::default() }.reading()));
        world.wait(10.0);
    }
    // Nothing is done on old data.
    world.database("main", Ok(Postgres::default().reading()));
    world.press("3");
    drawn(&mut world, SIZE, false);
    world
}

fn on_the_statement(redact: bool) -> World {
    let mut world = watching(redact);
    world.press("Tab");
    world.press("Down");
    drawn(&mut world, SIZE, false);
    world
}

fn preview() -> Preview {
    let planned = Planned { statement: Untrusted::from(STATEMENT), generic: false };
    let command = planned.command().unwrap();
    Preview {
        identity: Identity { facts: vec![("system identifier", Untrusted::from("7001"))] },
        effect: ["BEGIN TRANSACTION READ ONLY", &command, "ROLLBACK"].map(Untrusted::from).to_vec(),
        planned: Some(planned),
        ..Preview::default()
    }
}

fn with_card(world: &mut World) {
    world.press("a");
    world.press("Enter");
    let id = world.model.actions.asked.as_ref().map(|(id, _)| *id).unwrap();
    let begun = world.moment();
    orders(world, Event::Previewed { id, outcome: Box::new(Ok(preview())), begun });
    drawn(world, SIZE, false);
    world.wait(0.5);
}

#[test]
fn it_is_offered_where_a_statement_is_selected() {
    let ids = |world: &World| -> Vec<String> {
        quarterdeck::app::actions::catalogue::all(&world.model).iter().map(|action| action.id.to_string()).collect()
    };
    assert!(!ids(&watching(false)).contains(&"explain".to_owned()), "nothing is selected");
    assert_eq!(ids(&on_the_statement(false))[0], "explain");
}

#[test]
fn the_plan_is_the_result_and_its_own_proof() {
    let mut world = on_the_statement(false);
    with_card(&mut world);
    let card = text(&drawn(&mut world, SIZE, false));
    for words in
        ["(safe and repeatable)", "EXPLAIN (COSTS) SELECT id", "the server's plan must be seen", "planned, not run"]
    {
        assert!(card.contains(words), "{words:?} in\n{card}");
    }
    let effects = orders(&mut world, Event::KeyPressed(Key::ctrl('t')));
    let [Effect::Hold { run, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let run = *run;
    let tell = |world: &mut World, input: Input| orders(world, Event::ActionHappened { run, input: Box::new(input) });
    let effects = tell(&mut world, Input::Held(Ok(())));
    let [Effect::Record { entry, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(format!("{entry:?}").contains("EXPLAIN") && !format!("{entry:?}").contains("top-secret"), "{entry:?}");
    let effects = tell(&mut world, Input::Recorded(Ok(())));
    let [Effect::RunAction { approved, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let Work::Explain(step) = &approved.step().work else { panic!("{approved:?}") };
    assert_eq!(step.what.statement, Untrusted::from(STATEMENT), "the true bytes go to the server");
    let mut said: Vec<Safe> = (0..40).map(|n| Safe::of(format!("->  Node {n:02}"))).collect();
    said.push(Safe::of("Filter: (token = 'top-secret'::text)"));
    let effects = tell(&mut world, Input::StepEnded { step: 0, end: StepEnd::Done { fates: Vec::new(), said } });
    let [Effect::Record { entry, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(format!("{entry:?}").contains("a plan of 41 lines") && !format!("{entry:?}").contains("top-secret"));
    tell(&mut world, Input::Recorded(Ok(())));
    assert_eq!(world.model.actions.past.back().map(|past| past.outcome), Some(Outcome::Verified));
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("Node 00") && screen.contains("verified"), "{screen}");
    assert!(screen.contains("41 lines; as wanted"), "what proves it stands first\n{screen}");
    for _ in 0..60 {
        world.press("Down");
        drawn(&mut world, SIZE, false);
    }
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("Node 39"), "it scrolls\n{screen}");
}

#[test]
fn literals_stay_hidden_where_they_are_to_be() {
    let mut world = on_the_statement(true);
    with_card(&mut world);
    let card = text(&drawn(&mut world, SIZE, false));
    assert!(card.contains("WHERE token = ?") && !card.contains("top-secret"), "{card}");
    let Some(Overlay::Card(dialog)) = world.model.view.overlays.last() else { panic!("no card") };
    let mut other = dialog.card.clone();
    other.preview.effect[1] = Untrusted::from("EXPLAIN (COSTS) SELECT id FROM webhooks WHERE token = 'another'");
    assert_ne!(other.digest(), dialog.card.digest(), "consent is to the true bytes");
    let effects = orders(&mut world, Event::KeyPressed(Key::ctrl('t')));
    let [Effect::Hold { run, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let run = *run;
    orders(&mut world, Event::ActionHappened { run, input: Box::new(Input::Held(Ok(()))) });
    let effects = orders(&mut world, Event::ActionHappened { run, input: Box::new(Input::Recorded(Ok(()))) });
    let [Effect::RunAction { approved, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(matches!(&approved.step().work, Work::Explain(step) if step.redact));
}

#[test]
fn the_statement_of_a_selected_session_is_planned_by_its_session() {
    let on_the_session = |state| {
        let mut world = watching(false);
        let sessions = vec![session(4711, state, 30, "SELECT 1")];
        world.database("main", Ok(Postgres { sessions, ..Postgres::default() }.reading()));
        world.press("Down");
        drawn(&mut world, SIZE, false);
        world
    };
    let mut world = on_the_session(SessionState::Active);
    let all = catalogue::all(&world.model);
    let titles: Vec<&str> = all.iter().take(3).map(|action| action.title.as_str()).collect();
    assert_eq!(titles[2], "explain the statement of session 4711", "{titles:?}");
    world.press("a");
    world.press("j");
    world.press("j");
    let effects = orders(&mut world, Event::KeyPressed(Key::plain(Code::Enter)));
    let order = effects.iter().find_map(|effect| match effect {
        Effect::Preview(order) => Some(order),
        _ => None,
    });
    let PreviewOf::Explain { of: Explained::Session(id), .. } = &order.unwrap().of else { panic!("{effects:?}") };
    assert_eq!(id.pid, 4711);
    let hidden = on_the_session(SessionState::Hidden);
    let all = catalogue::all(&hidden.model);
    let explain = all.iter().find(|action| action.id.as_str() == "explain").unwrap();
    let why = catalogue::reason_against(&hidden.model, explain).unwrap();
    assert!(why.as_str().contains("pg_read_all_stats"), "{why}");
    let of_number = quarterdeck::app::actions::parameters::narrowed(
        explain.clone(),
        &[("query".to_owned(), "5".to_owned())],
        false,
    );
    let Plan::Explain { of, .. } = of_number.unwrap().plan else { panic!("a plan") };
    assert_eq!(of, Explained::Kept(StatementId::bare(5)), "the number is meant");
}
