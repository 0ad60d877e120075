//! The card on a small screen: what it does, whom it touches and whom not, what undoes it and what proves it stand above the
//! fold; what does not is named below it. And what of it a second person is shown.

use quarterdeck::app::actions::approvals::SecondOrder;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::session::{SessionId, SessionState};
use quarterdeck::domain::{Safe, Untrusted};
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::object::{Excluded, Object, ObjectKey};

use crate::cards::orders;
use crate::world::World;
use crate::world::readings::{answer, counters};
use crate::{drawn, text};

const SMALL: (u16, u16) = (80, 24);

fn world(more: &str) -> World {
    let mut world = World::new(&format!(
        r#"
        [[origin]]
        name = "api"
        url = "https://api.example.com"
        [[service]]
        name = "api"
        url = "https://api.example.com/health"
        [[database]]
        name = "main"
        url = "postgresql://ops@db.example.com/app"
        environment = "production"
        [[cache]]
        name = "api cache"
        url = "https://api.example.com/stats"
        hits = "/hits"
        misses = "/misses"
        [[action]]
        name = "warm-cache"
        title = "warm the cache"
        level = "L1"
        origin = "api"
        path = "/api/v1/cache/warm"
        body = '{{"all": true}}'
        watch = "signal load"
        expect = "rises"
        undo = "nothing needs to be undone"
        [[signal]]
        name = "load"
        load = true
        [[action]]
        name = "sweep"
        title = "sweep the floor"
        level = "L2"
        command = ["/usr/bin/sweep", "--all"]
        [actions]
        allow = true
        {more}
        "#
    ));
    world.service("api", answer(200, "{}", 12.0));
    world.cache("api cache", Ok(counters(1000, 10, None, 0)));
    world
}

fn object(pid: i32, application: &str) -> Object {
    let id = SessionId { pid, backend_start_us: 1 };
    Object {
        key: ObjectKey::Session { id, state: SessionState::Idle, since_us: 7 },
        label: Safe::of(format!("pid {pid}")),
        query: Untrusted::from("SELECT 'secret'"),
        user: Safe::of("app"),
        application: Safe::of(application),
        client: Safe::of("10.0.0.7"),
        database: Safe::default(),
        age: Some(std::time::Duration::from_secs(600)),
        remark: Safe::default(),
    }
}

fn sessions() -> Preview {
    let objects = (1..10).map(|pid| object(pid, "api")).chain((10..13).map(|pid| object(pid, "reports"))).collect();
    let facts = ["system identifier", "server", "database", "user"].map(|name| (name, Untrusted::from("7001")));
    Preview {
        identity: Identity { facts: facts.to_vec() },
        objects,
        excluded: vec![
            Excluded { why: Safe::of("younger than 10m"), count: 14 },
            Excluded { why: Safe::of("of a superuser"), count: 1 },
        ],
        effect: vec![Untrusted::from("SELECT pg_terminate_backend($1)"), Untrusted::from("$1 = [1, 2, 3]")],
        ..Preview::default()
    }
}

/// The card of an action, on a small screen.
fn card(world: &mut World, name: &str) -> String {
    world.press(":");
    world.write(&format!("act {name}"));
    for effect in orders(world, Event::KeyPressed(Key::plain(Code::Enter))) {
        if let Effect::Preview(order) = effect {
            let begun = world.moment();
            orders(world, Event::Previewed { id: order.id, outcome: Box::new(Ok(sessions())), begun });
        }
    }
    drawn(world, SMALL, false);
    world.wait(0.5);
    text(&drawn(world, SMALL, false))
}

#[test]
fn a_short_request_stands_above_the_fold() {
    let screen = card(&mut world(""), "warm-cache");
    for words in ["POST https://api.example.com/api/v1/cache/warm", "{\"all\": true}", "Ctrl-T runs it"] {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
    assert!(screen.contains("undone by") && screen.contains("must rise"), "{screen}");
}

#[test]
fn that_others_can_type_here_too_stands_first() {
    for (clients, told) in [(0, false), (1, false), (2, true), (5, true)] {
        let mut world = world("");
        // It is counted with every card; what comes of that comes a moment later.
        card(&mut world, "terminate-idle");
        orders(&mut world, Event::TmuxClientsCounted(Some(clients)));
        let screen = text(&drawn(&mut world, SMALL, false));
        let words = format!("{clients} clients are attached to this tmux session");
        assert_eq!(screen.contains(&words), told, "{screen}");
        assert!(!told || screen.find(&words) < screen.find("terminates 12 sessions"), "{screen}");
        // What was counted before holds no longer once tmux does not answer.
        orders(&mut world, Event::TmuxClientsCounted(None));
        let screen = text(&drawn(&mut world, SMALL, false));
        assert!(screen.contains("tmux does not say who else") && !screen.contains(&words), "{screen}");
    }
}

#[test]
fn that_nobody_can_say_who_else_types_here_is_said_too() {
    let mut world = world("");
    card(&mut world, "terminate-idle");
    orders(&mut world, Event::TmuxClientsCounted(Some(3)));
    orders(&mut world, Event::TmuxClientsCounted(None));
    let screen = text(&drawn(&mut world, SMALL, false));
    assert!(screen.contains("tmux does not say who else is attached"), "{screen}");
    assert!(!screen.contains("3 clients"), "{screen}");
}

#[test]
fn whom_it_touches_and_whom_not_what_undoes_and_what_proves_it_stand_above_the_fold() {
    let mut world = world("");
    let screen = card(&mut world, "terminate-idle");
    for words in [
        "terminates 12 sessions",
        "main in PRODUCTION",
        "9  app  api",
        "3  app  reports",
        "14 younger than 10m; 1 of a superuser",
        "undone by",
        "must be gone",
        "must fall",
        "SELECT pg_terminate_backend",
    ] {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
    assert_eq!(screen.matches("type main to confirm").count(), 1, "{screen}");
    let below = |screen: &str| screen.lines().find(|line| line.contains("below:")).unwrap_or_default().to_owned();
    let line = below(&screen);
    assert!(line.contains("each of them") && line.contains("identity") && line.contains("PgDn"), "{line}\n{screen}");
    for _ in 0..6 {
        orders(&mut world, Event::KeyPressed(Key::plain(Code::PageDown)));
    }
    let screen = text(&drawn(&mut world, SMALL, false));
    assert!(screen.contains("digest") && below(&screen).is_empty(), "all was seen:\n{screen}");
}

#[test]
fn what_is_not_known_of_what_disrupts_is_a_warning_at_the_top() {
    let screen = card(&mut world(""), "sweep");
    let lines: Vec<&str> = screen.lines().collect();
    let at =
        |words: &str| lines.iter().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}\n{screen}"));
    let sent = at("What will be sent");
    assert!(at("it is not known what undoes it") < sent && at("it will end as not verified") < sent, "{screen}");
    assert!(screen.contains("'/usr/bin/sweep' '--all'"), "{screen}");
}

#[test]
fn a_second_person_is_told_that_literals_are_hidden_and_where_they_are_not() {
    let mut world = world("shared = \"/srv/shared\"\nsecond_person = [\"terminate-idle\"]");
    let screen = card(&mut world, "terminate-idle");
    assert!(screen.contains("somebody else has to approve it first"), "{screen}");
    world.write("main");
    world.press("Tab");
    world.write("INC-7");
    let effects = orders(&mut world, Event::KeyPressed(Key::ctrl('t')));
    let [Effect::Second(order)] = effects.as_slice() else { panic!("{effects:?}") };
    let SecondOrder::Ask(asking) = &**order else { panic!("{order:?}") };
    let shown = asking.card.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n");
    assert!(!shown.contains("secret"), "the folder carries no literals:\n{shown}");
    assert!(shown.contains("literals are hidden") && shown.contains("your own dashboard"), "{shown}");
}
