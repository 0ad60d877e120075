//! The menu of actions: what it is for comes first, its pointer follows the action and never the line, and what it would come
//! to nothing with is said beforehand.

use std::time::Duration;

use quarterdeck::app::actions::standing::Standing;
use quarterdeck::app::actions::{Past, catalogue};
use quarterdeck::app::pane::PaneId;
use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::Safe;
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::engine::Output;
use quarterdeck::engine::output::TargetTold;
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::action::Action;
use quarterdeck::remediation::outcome::Outcome;

use crate::cards::orders;
use crate::world::World;
use crate::world::readings::{Postgres, answer, cause, counters, session, silence};
use crate::{drawn, text};

const SIZE: (u16, u16) = (140, 45);

fn world() -> World {
    let mut world = World::new(
        r#"
        [[origin]]
        name = "api"
        url = "https://api.example.com"
        [[origin]]
        name = "worker"
        url = "https://worker.example.com"
        [[service]]
        name = "api"
        url = "https://api.example.com/health"
        [[service]]
        name = "worker"
        url = "https://worker.example.com/health"
        [[database]]
        name = "main"
        url = "postgresql://ops@db.example.com/app"
        [[cache]]
        name = "api cache"
        url = "https://api.example.com/stats"
        hits = "/hits"
        misses = "/misses"
        [[metrics]]
        name = "pages"
        url = "https://api.example.com/metrics"
        [[signal]]
        name = "pending"
        sql = "SELECT 1"
        [[action]]
        name = "reload-api"
        title = "reload the api"
        level = "L1"
        origin = "api"
        path = "/reload"
        [[action]]
        name = "restart-worker"
        title = "restart worker"
        target = "worker"
        unit = "worker.service"
        [[action]]
        name = "retry"
        title = "retry what is pending"
        level = "L1"
        url = "https://api.example.com/retry"
        watch = "signal pending"
        expect = "falls"
        [[action]]
        name = "sweep"
        title = "sweep the floor"
        level = "L2"
        command = ["/usr/bin/sweep"]
        [[runbook]]
        name = "book"
        title = "wake the worker by the book"
        level = "L1"
        target = "api"
        watch = "cache api cache"
        expect = "rises"
        [[runbook.step]]
        origin = "worker"
        path = "/wake"
        [actions]
        allow = true
        "#,
    );
    world.service("api", answer(200, "{}", 12.0));
    world.service("worker", answer(200, "{}", 12.0));
    world.cache("api cache", Ok(counters(1000, 10, None, 0)));
    world.database("main", Ok(Postgres::default().reading()));
    world
}

/// The menu's lines, in their order.
fn menu(world: &mut World) -> Vec<String> {
    let screen = text(&drawn(world, SIZE, false));
    let of_menu = |line: &&str| ["L1  ", "L2  ", "L3  "].iter().any(|level| line.contains(level));
    screen.lines().filter(of_menu).map(str::to_owned).collect()
}

/// The title in the frame of the menu.
fn title(world: &mut World) -> String {
    let screen = text(&drawn(world, SIZE, false));
    screen.lines().find(|line| line.contains("Actions") && line.contains('┌')).unwrap_or_default().to_owned()
}

fn point_at(world: &mut World, words: &str) {
    for _ in 0..20 {
        if menu(world).iter().any(|line| line.contains('▶') && line.contains(words)) {
            return;
        }
        world.press("Down");
    }
    panic!("{words} is not in\n{}", menu(world).join("\n"));
}

/// Two sessions, of which the first is selected on the page of the database.
fn with_selected_session() -> World {
    let mut world = world();
    let sessions =
        vec![session(51, SessionState::Active, 90, "SELECT slow()"), session(52, SessionState::Idle, 30, "")];
    world.database("main", Ok(Postgres { sessions, ..Postgres::default() }.reading()));
    world.press("3");
    drawn(&mut world, SIZE, false);
    world.press("g a");
    world
}

#[test]
fn the_pointer_follows_the_action_and_not_the_line() {
    let mut world = with_selected_session();
    assert!(menu(&mut world)[0].contains("cancel what session 51 runs"), "{:?}", menu(&mut world));
    point_at(&mut world, "terminate sessions idle for");
    // The list gets shorter above the pointer between drawing and the key.
    world.model.view.cursors.get_mut(&PaneId::Sessions).unwrap().selected = None;
    orders(&mut world, Event::KeyPressed(Key::plain(Code::Enter)));
    let asked = world.model.actions.asked.as_ref().map(|(_, action)| action.id.to_string());
    assert_eq!(asked.as_deref(), Some("terminate-idle"));
}

#[test]
fn what_is_pointed_at_and_vanishes_opens_nothing() {
    let mut world = with_selected_session();
    point_at(&mut world, "terminate session 51");
    world.model.view.cursors.get_mut(&PaneId::Sessions).unwrap().selected = None;
    let shown = text(&drawn(&mut world, SIZE, false));
    assert!(!shown.contains("▶L") && shown.contains("terminate session 51 on main is not offered any more"), "{shown}");
    let effects = orders(&mut world, Event::KeyPressed(Key::plain(Code::Enter)));
    assert!(world.model.actions.asked.is_none() && effects.is_empty(), "{effects:?}");
    assert!(world.message().contains("terminate session 51"), "{}", world.message());
    assert!(matches!(world.model.view.overlays.last(), Some(Overlay::Menu { .. })));
    world.press("Down");
    assert!(menu(&mut world).iter().any(|line| line.contains('▶')), "from there the arrows go on");
}

#[test]
fn what_is_for_the_selected_comes_first_and_the_title_says_so() {
    let mut world = world();
    world.press("2");
    drawn(&mut world, SIZE, false);
    world.press("g Down a");
    let lines = menu(&mut world);
    assert!(lines[0].contains("restart worker") && lines[1].contains("by the book"), "{}", lines.join("\n"));
    assert!(title(&mut world).contains("worker"), "{}", title(&mut world));
    world.press("Esc 4");
    drawn(&mut world, SIZE, false);
    world.press("Tab");
    drawn(&mut world, SIZE, false);
    world.press("g a");
    let lines = menu(&mut world);
    assert!(lines[0].contains("retry what is pending"), "its watch:\n{}\n{}", title(&mut world), lines.join("\n"));
    world.press("Esc 5 a");
    assert!(menu(&mut world)[0].contains("reload the api"), "as they are declared");
    assert!(!title(&mut world).contains("first"), "{}", title(&mut world));
}

/// Nobody chose anything: what is worst is what one came for.
#[test]
fn without_a_selection_it_is_for_what_is_worst() {
    let mut world = world();
    world.press("2 a");
    assert!(
        title(&mut world).contains("Actions") && !title(&mut world).contains("first those"),
        "{}",
        title(&mut world)
    );
    for _ in 0..4 {
        world.wait(10.0);
        world.service("api", answer(200, "{}", 12.0));
        world.service("worker", silence(cause("refused")));
    }
    world.press("Esc a");
    assert!(title(&mut world).contains("first those for worker"), "{}", title(&mut world));
    assert!(menu(&mut world)[0].contains("restart worker"), "{:?}", menu(&mut world));
}

/// A page that is not scraped hides what is to be done about a service: there is nothing to do to the page.
#[test]
fn what_nothing_can_be_done_to_is_not_what_the_menu_is_for() {
    let mut world = world();
    for at in 0..4 {
        world.wait(1.0);
        world.service("api", answer(200, "{}", 12.0));
        world.service("worker", answer(200, r#"{"status": "degraded"}"#, 12.0));
        world.database("main", Ok(Postgres::default().reading()));
        world.cache("api cache", Ok(counters(1000 + 100 * at, 10, None, 0)));
        world.signal("pending", Ok(SignalValue::Number(1.0)));
    }
    let page = Err(cause("refused"));
    let told = TargetTold { at: world.moment(), took: Duration::ZERO, page, requests: None, cache: None };
    world.tell(Event::EngineTold(vec![Output::Target { target: 0, told }]));
    world.press("2 a");
    assert!(title(&mut world).contains("first those for worker"), "{}", title(&mut world));
}

#[test]
fn letters_typed_into_it_reach_nothing_behind_it() {
    let mut world = world();
    world.press("a");
    let before = text(&drawn(&mut world, SIZE, false));
    for letter in ('!'..='~').chain([' ']).filter(|letter| !"jk".contains(*letter)) {
        let effects = orders(&mut world, Event::KeyPressed(Key::char(letter)));
        assert!(effects.is_empty(), "{letter:?}: {effects:?}");
        assert!(matches!(world.model.view.overlays.as_slice(), [Overlay::Menu { .. }]), "{letter:?}");
        assert!(world.model.frozen.is_none() && world.model.view.prompt.is_none(), "{letter:?}");
        assert_eq!(text(&drawn(&mut world, SIZE, false)), before, "{letter:?}");
    }
    world.press("Esc");
    assert!(world.model.view.overlays.is_empty());
}

#[test]
fn the_cure_that_the_concern_names_comes_first() {
    let mut world = world();
    let first = |world: &mut World, postgres: Postgres| {
        world.database("main", Ok(postgres.reading()));
        world.press("3");
        world.model.view.cursors.remove(&PaneId::Sessions);
        world.press("a");
        let first = menu(world)[0].clone();
        world.press("Esc");
        first
    };
    let open = vec![session(51, SessionState::IdleInTransaction, 900, "UPDATE t")];
    let full = Postgres { used: 97, sessions: open.clone(), ..Postgres::default() };
    assert!(first(&mut world, full).contains("idle in transaction"));
    let full = Postgres { used: 97, sessions: vec![session(51, SessionState::Idle, 900, "")], ..Postgres::default() };
    assert!(first(&mut world, full).contains("terminate sessions idle for"));
    let mut waits = session(60, SessionState::Active, 40, "UPDATE t");
    waits.blocked_by = vec![51];
    let piled = Postgres { sessions: vec![open[0].clone(), waits], ..Postgres::default() };
    assert!(first(&mut world, piled).contains("root blocker"));
}

#[test]
fn a_blocker_that_runs_nothing_is_not_cancelled() {
    let mut world = world();
    let mut waits = session(60, SessionState::Active, 40, "UPDATE t");
    waits.blocked_by = vec![51];
    let sessions = vec![session(51, SessionState::IdleInTransaction, 900, "UPDATE t"), waits];
    world.database("main", Ok(Postgres { sessions, ..Postgres::default() }.reading()));
    world.press("3 a");
    let lines = menu(&mut world);
    let at = lines.iter().position(|line| line.contains("cancel what the root blocker runs")).unwrap();
    assert!(lines[at].contains("it runs nothing: terminate it instead"), "{}", lines[at]);
    assert!(lines[at + 1].contains("terminate the root blocker") && !lines[at + 1].contains("nothing"), "{lines:?}");
}

#[test]
fn a_runbook_and_a_command_say_who_holds_what_they_touch() {
    let mut world = world();
    let effects = orders(&mut world, Event::KeyPressed(Key::char('a')));
    let found = effects.iter().find_map(|effect| match effect {
        Effect::LookAtGuards { id, wanted } => Some((*id, wanted.clone())),
        _ => None,
    });
    let (id, wanted) = found.expect("the folder is asked");
    let of = |name: &str| wanted.iter().filter(|wanted| wanted.action.as_str() == name).cloned().collect::<Vec<_>>();
    let (book, sweep) = (of("book"), of("sweep"));
    assert!(book.len() == 2 && sweep.len() == 1, "its own and what its step touches: {wanted:?}");
    let standing = |wanted: &quarterdeck::app::actions::standing::Wanted, held: Option<&str>, cooling| Standing {
        action: wanted.action.clone(),
        key: wanted.key.clone(),
        cooling,
        held: held.map(Safe::of),
    };
    let cools = Some(Duration::from_secs(80));
    let seen = vec![
        standing(&book[0], None, cools),
        standing(&book[1], Some("mia since 12:00:00Z (restart-worker)"), None),
        standing(&sweep[0], None, cools),
    ];
    orders(&mut world, Event::GuardsSeen { id, seen });
    let lines = menu(&mut world).join("\n");
    let line = |words: &str| lines.lines().find(|line| line.contains(words)).unwrap_or_default().to_owned();
    assert!(line("by the book").contains("held by mia"), "the worst is said:\n{lines}");
    assert!(line("sweep the floor").contains("cooling down 1m20s"), "{lines}");
}

#[test]
fn what_ran_and_was_not_verified_is_said_before_it_is_done_again() {
    let mut world = world();
    world.press("a");
    let said = |world: &mut World| menu(world).iter().filter(|line| line.contains("ran ")).count();
    assert_eq!(said(&mut world), 0);
    let offered = catalogue::all(&world.model);
    let can_run = |action: &&Action| catalogue::reason_against(&world.model, action).is_none();
    let Some(action) = offered.iter().find(can_run).cloned() else { panic!("nothing can run") };
    let past = |outcome, at| Past {
        at,
        what: Safe::of(format!("{} on {}", action.id, action.target.name)),
        outcome,
        words: Safe::of("within 1m05s: health of api is degraded (upstream: refused)"),
    };
    let at = world.moment();
    world.model.actions.remember(past(Outcome::NotVerified, at));
    world.wait(3.0);
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("ran 3s ago, not verified"), "{screen}");
    assert_eq!(said(&mut world), 1);
    point_at(&mut world, action.title.as_str());
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("not verified: within 1m05s: health of api is degraded"), "{screen}");
    let at = world.moment();
    world.model.actions.remember(past(Outcome::Verified, at));
    assert_eq!(said(&mut world), 0, "the newest counts");
}
