//! The page of metrics and the server's own figures, with a real engine behind the program, fed by pages over fake time.

use std::time::Duration;

use quarterdeck::app::actions::load;
use quarterdeck::app::pane::PaneId;
use quarterdeck::app::{Effect, Event, update};
use quarterdeck::config::resolved::Colours;
use quarterdeck::domain::{Cause, Safe};
use quarterdeck::engine::settings::TargetSettings;
use quarterdeck::engine::{Body, Engine, Input, Output, Settings};
use quarterdeck::metrics::exposition::Format;
use quarterdeck::metrics::labels::Labels;
use quarterdeck::metrics::store::Limits;
use quarterdeck::runtime::screen::render;
use quarterdeck::ui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::world::readings::answer;
use crate::world::{World, key, text as words};
use crate::{drawn, snap, text};

const WATCHED: &str = r#"
    [[service]]
    name = "api"
    url = "http://localhost:8000/health"
    [[service]]
    name = "worker"
    url = "http://localhost:9000/health"
    [[metrics]]
    name = "api"
    url = "http://localhost:8000/metrics"
    [[metrics]]
    name = "worker"
    url = "http://localhost:9000/metrics"
"#;

/// A world whose engine is asked and answers.
struct Watched {
    world: World,
    engine: Engine,
    /// Orders that are not for the engine.
    orders: Vec<Effect>,
}

impl Watched {
    fn new(configuration: &str) -> Watched {
        Watched::within(configuration, Limits::default())
    }

    fn within(configuration: &str, store: Limits) -> Watched {
        let world = World::new(configuration);
        let target = |target: &quarterdeck::app::telemetry::metrics::TargetState| TargetSettings {
            name: target.name.clone(),
            labels: Labels::new([("job", target.spec.job.as_str()), ("instance", target.spec.instance.as_str())]),
            interval: target.spec.interval,
            durations: target.spec.durations.clone(),
            requests: target.spec.requests.clone(),
            status: target.spec.status.clone(),
            cache: target.spec.cache.clone(),
            window: target.spec.window,
        };
        let targets = world.model.live.metrics.targets.iter().map(target).collect();
        let engine = Engine::new(Settings { targets, store, ..Settings::default() }, world.moment());
        Watched { world, engine, orders: Vec::new() }
    }

    fn tell(&mut self, event: Event) {
        let now = self.world.moment();
        let mut effects = update(&mut self.world.model, event, now);
        while !effects.is_empty() {
            match effects.remove(0) {
                Effect::AskEngine { id, question } => {
                    let told = self.engine.step(Input::Asked { id, question }, now);
                    effects.extend(update(&mut self.world.model, Event::EngineTold(told), now));
                }
                other => self.orders.push(other),
            }
        }
    }

    fn press(&mut self, keys: &str) {
        for name in keys.split(' ') {
            self.tell(Event::KeyPressed(key(name)));
        }
    }

    fn write(&mut self, text: &str) {
        for letter in text.chars() {
            self.tell(Event::KeyPressed(quarterdeck::input::Key::char(letter)));
        }
    }

    fn scraped(&mut self, target: usize, answer: Result<&str, Cause>) {
        let now = self.world.moment();
        let answer = answer.map(|page| Body { bytes: page.as_bytes().to_vec(), format: Format::Text });
        let input = Input::Scraped { target, begun: now, took: Duration::from_millis(12), answer };
        let told: Vec<Output> = self.engine.step(input, now);
        self.tell(Event::EngineTold(told));
    }

    /// So many rounds of both targets, 2 s apart.
    fn rounds(&mut self, count: u32) {
        for _ in 0..count {
            self.world.now += 2.0;
            let n = (self.world.now / 2.0) as u64;
            self.scraped(0, Ok(&page(n)));
            self.scraped(1, Ok(&format!("# TYPE jobs_waiting gauge\njobs_waiting {}\n", 40 + n % 7)));
            self.tell(Event::TimePassed);
        }
    }
}

fn page(n: u64) -> String {
    let (all, fast, failed) = (n * 40, n * 36, n * 2);
    let misses = n * 10;
    format!(
        "# TYPE http_request_duration_seconds histogram\n\
         http_request_duration_seconds_bucket{{path=\"/orders\",le=\"0.1\"}} {fast}\n\
         http_request_duration_seconds_bucket{{path=\"/orders\",le=\"0.5\"}} {all}\n\
         http_request_duration_seconds_bucket{{path=\"/orders\",le=\"+Inf\"}} {all}\n\
         http_request_duration_seconds_count{{path=\"/orders\"}} {all}\n\
         # HELP http_requests_total Requests by status.\n# TYPE http_requests_total counter\n\
         http_requests_total{{status=\"200\"}} {}\nhttp_requests_total{{status=\"503\"}} {failed}\n\
         # TYPE cache_hits_total counter\ncache_hits_total {all}\n# TYPE cache_misses_total counter\ncache_misses_total {misses}\n",
        all - failed
    )
}

fn probed(watched: &mut Watched) {
    for name in ["api", "worker"] {
        watched.world.service(name, answer(200, r#"{"status":"ok"}"#, 9.0));
    }
}

#[test]
fn the_page_at_each_size() {
    let mut watched = Watched::new(WATCHED);
    probed(&mut watched);
    watched.rounds(400);
    for size in [(120, 40), (80, 24), (200, 60)] {
        watched.press("9");
        drawn(&mut watched.world, size, false);
        watched.press("/");
        watched.write("requests total");
        watched.press("Enter Down Down Enter");
        watched.rounds(2);
        snap("metrics", &mut watched.world, size);
        watched.press("Esc Esc 1");
    }
    // ASCII alone draws it too.
    watched.press("9 Down Enter");
    watched.rounds(2);
    let theme = Theme::load("dark", Colours::Sixteen, true).unwrap();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    render(&mut buffer, &watched.world.model, &theme);
    assert!(text(&buffer).is_ascii(), "{}", text(&buffer));
}

/// The largest numbers there are, the least, and what is none: each is told for what it is, and none breaks a chart.
#[test]
fn extreme_values_at_each_size() {
    let mut watched = Watched::new(WATCHED);
    probed(&mut watched);
    for round in 0..200 {
        watched.world.now += 2.0;
        let odd = if round % 7 == 3 { "NaN" } else { "1" };
        let page = format!(
            "# TYPE huge gauge\nhuge {}\n# TYPE tiny gauge\ntiny -4.9e-324\n# TYPE none gauge\nnone NaN\n# TYPE up_high gauge\n\
             up_high +Inf\n# TYPE down_low gauge\ndown_low -Inf\n# TYPE odd gauge\nodd {odd}\n# TYPE grows_total counter\n\
             grows_total {}e306\n",
            if round % 2 == 0 { "1e308" } else { "-1.7976931348623157e308" },
            round / 2
        );
        watched.scraped(0, Ok(&page));
        watched.tell(Event::TimePassed);
    }
    for size in [(120, 40), (80, 24), (200, 60)] {
        watched.press("9");
        drawn(&mut watched.world, size, false);
        snap("metrics-extreme", &mut watched.world, size);
        watched.press("/");
        watched.write("huge");
        watched.press("Enter Down Down Enter");
        watched.world.now += 2.0;
        watched.tell(Event::TimePassed);
        snap("metrics-extreme-chart", &mut watched.world, size);
        watched.press("Esc Esc Esc 1");
    }
}

/// What did not fit into memory, and what came faster than it could be read, is told at every size.
#[test]
fn what_was_left_out_is_told_beside_what_is_there() {
    let mut watched = Watched::within(WATCHED, Limits { bytes: 1 << 20, ..Limits::default() });
    probed(&mut watched);
    watched.rounds(2);
    watched.press("9");
    let told = |watched: &mut Watched, size| text(&drawn(&mut watched.world, size, false));
    let whole = told(&mut watched, (120, 40));
    assert!(!whole.contains("dropped") && !whole.contains("skipped"), "{whole}");
    for round in 0..40 {
        watched.world.now += 2.0;
        let lines: Vec<String> =
            (0..500).map(|n| format!("jobs_done_total{{round=\"{round}\",n=\"{n}\"}} 1\n")).collect();
        watched.scraped(0, Ok(&lines.concat()));
    }
    watched.tell(Event::EngineTold(vec![Output::Behind { dropped: 7 }]));
    let dropped = watched.world.model.live.metrics.store.unwrap().dropped;
    assert!((1_000..20_000).contains(&dropped), "{dropped}");
    let count = quarterdeck::domain::figure::count(dropped as f64);
    for size in [(120, 40), (80, 24), (200, 60)] {
        let screen = told(&mut watched, size);
        assert!(screen.contains(&format!(" {count} dropped")), "{screen}");
        assert!(screen.contains(" 7 pages skipped"), "{screen}");
    }
}

#[test]
fn the_servers_figures_stand_beside_the_probes_each_for_what_it_is() {
    let mut watched = Watched::new(WATCHED);
    probed(&mut watched);
    watched.rounds(40);
    probed(&mut watched);
    let services = words(&watched.world.pane(PaneId::Services));
    assert!(services.contains("| 20 | 5.00% | 300ms |"), "{services}");
    assert!(services.lines().any(|line| line.contains("worker") && line.contains("| - | - | - |")), "{services}");
    let latency = words(&watched.world.pane(PaneId::Latency));
    assert!(latency.contains("api (server, 1m n=1200) p50 55.6ms p95 300ms p99 460ms errors 5.00% 20/s"), "{latency}");
    let cache = words(&watched.world.pane(PaneId::Cache));
    assert!(cache.contains("api hit 80.0% (server's counters, 1m n=1500)"), "{cache}");
    // A server that shows no metrics any more has no figures: they are not those of before.
    watched.world.now += 2.0;
    watched.scraped(0, Err(Cause::HttpStatus { status: 500 }));
    let services = words(&watched.world.pane(PaneId::Services));
    assert!(services.lines().any(|line| line.contains("api") && line.contains("| - | - | - |")), "{services}");
    let latency = words(&watched.world.pane(PaneId::Latency));
    assert!(!latency.contains("server,"), "{latency}");
}

/// Who restarts a service has to know what it is doing, also where no signal was named for that.
#[test]
fn the_servers_own_rate_stands_on_the_card_of_its_restart_where_no_signal_does() {
    let restart = "[[action]]\nname = \"restart-api\"\ntarget = \"api\"\nunit = \"api.service\"\nlevel = \"L2\"\n[actions]\nallow = true\n";
    let mut watched = Watched::new(&format!("{WATCHED}\n{restart}"));
    let shown = |watched: &Watched| {
        let model = &watched.world.model;
        let action = model.actions.spec.own.iter().find(|action| action.id.as_str() == "restart-api").unwrap();
        load::remarks(model, action).iter().map(Safe::as_str).collect::<Vec<_>>().join("\n")
    };
    probed(&mut watched);
    let unread = shown(&watched);
    assert!(unread.contains("requests per second are not known"), "{unread}");
    assert!(unread.contains("was not scraped here so far: the dashboard does that"), "{unread}");
    watched.rounds(40);
    let told = shown(&watched);
    assert!(
        told.contains("requests now: 20/s (http_request_duration_seconds, http_requests_total of api, server, 1m n=1200, read 0s ago)"),
        "{told}"
    );
    assert!(
        told.contains("errors now: 5.00% (http_request_duration_seconds, http_requests_total of api, server"),
        "{told}"
    );
    // What is not read any more is not told as of now.
    watched.world.now += 2.0;
    watched.scraped(0, Err(Cause::HttpStatus { status: 500 }));
    let told = shown(&watched);
    assert!(told.contains("requests per second are not known") && told.contains("errors by our own probes"), "{told}");
}

#[test]
fn targets_say_what_is_wrong_and_enter_says_all_of_it() {
    let mut watched = Watched::new(WATCHED);
    watched.rounds(3);
    watched.world.now += 2.0;
    watched.scraped(0, Ok("a 1\nb 1_2\n"));
    watched.press("9");
    drawn(&mut watched.world, (120, 40), false);
    watched.press("Tab");
    let targets = words(&watched.world.pane(PaneId::Targets));
    assert!(targets.contains("line 2: expected") && targets.contains(" 1x"), "{targets}");
    assert!(targets.contains("OK | worker | 1"), "{targets}");
    drawn(&mut watched.world, (120, 40), false);
    watched.press("Down Enter");
    let shown = text(&drawn(&mut watched.world, (120, 40), false));
    assert!(shown.contains("line 2: expected") && shown.contains("rules over them have no data"), "{shown}");
    watched.press("Esc !");
    let shown = text(&drawn(&mut watched.world, (120, 40), false));
    assert!(shown.contains("metrics api: broken answer: metrics refused: line 2"), "{shown}");
}

#[test]
fn every_state_has_its_words() {
    let mut nothing = Watched::new("[[service]]\nname = \"api\"\nurl = \"http://localhost:8000/health\"\n");
    nothing.press("9");
    let shown = text(&drawn(&mut nothing.world, (120, 40), false));
    assert!(shown.contains("off: nothing is scraped") && shown.contains("--metrics http://HOST:PORT"), "{shown}");
    let mut watched = Watched::new(WATCHED);
    watched.press("9");
    let state = |watched: &Watched, pane| watched.world.pane(pane).state.words().to_string();
    assert!(state(&watched, PaneId::Targets).starts_with("loading"));
    assert!(state(&watched, PaneId::Series).starts_with("empty: no page was taken in yet"));
    assert!(state(&watched, PaneId::Course).starts_with("empty: choose a series"));
    for target in 0..2 {
        watched.scraped(target, Err(Cause::Refused { family: "IPv4" }));
    }
    assert!(state(&watched, PaneId::Targets).contains("refused"), "{}", state(&watched, PaneId::Targets));
    watched.rounds(2);
    assert_eq!(state(&watched, PaneId::Targets), "ok");
    watched.press("/");
    watched.write("no such thing");
    watched.press("Enter");
    assert_eq!(state(&watched, PaneId::Series), "empty: no series has all of these words: no such thing");
    watched.press("Esc Space");
    assert_eq!(state(&watched, PaneId::Targets), "FROZEN");
    watched.press("Space");
    watched.world.wait(60.0);
    assert!(state(&watched, PaneId::Targets).starts_with("STALE"), "{}", state(&watched, PaneId::Targets));
}

#[test]
fn a_series_is_found_followed_and_copied() {
    let mut watched = Watched::new(WATCHED);
    watched.rounds(100);
    watched.press("9 /");
    watched.write("503 REQUESTS");
    let series = words(&watched.world.pane(PaneId::Series));
    assert!(
        series.contains("http_requests_total | status=\"503\" instance=\"localhost:8000\" job=\"api\" | counter"),
        "{series}"
    );
    assert_eq!(series.lines().count(), 3, "{series}");
    watched.press("Enter Enter");
    let course = words(&watched.world.pane(PaneId::Course));
    assert!(course.contains("least 1/s most 1/s, last 5m, "), "{course}");
    // A gap is a gap.
    watched.world.now += 200.0;
    watched.rounds(30);
    let course = words(&watched.world.pane(PaneId::Course));
    let gaps: usize = course.split(" of ").next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(gaps > 10, "{course}");
    watched.orders.clear();
    watched.press("y");
    let copied = watched.orders.iter().find_map(|order| match order {
        Effect::Copy(lines) => Some(lines.iter().map(ToString::to_string).collect::<Vec<_>>()),
        _ => None,
    });
    let wanted = "http_requests_total{instance=\"localhost:8000\", job=\"api\", status=\"503\"}";
    assert_eq!(copied, Some(vec![wanted.to_owned()]));
    // Esc takes the filter away, then the course.
    watched.press("Esc");
    assert!(words(&watched.world.pane(PaneId::Series)).lines().count() > 10);
    watched.press("Esc");
    assert!(words(&watched.world.pane(PaneId::Course)).contains("choose a series"));
}

#[test]
fn an_answer_to_an_old_question_changes_nothing_and_a_lost_one_is_asked_again() {
    let mut watched = Watched::new(WATCHED);
    watched.rounds(2);
    let now = watched.world.moment();
    let asked = |effects: &[Effect]| effects.iter().filter(|e| matches!(e, Effect::AskEngine { .. })).count();
    let first = update(&mut watched.world.model, Event::KeyPressed(key("9")), now);
    assert_eq!(asked(&first), 1);
    // Nothing answers: while it waits nothing more is asked, and then it counts as lost.
    watched.world.now += 3.0;
    let now = watched.world.moment();
    assert_eq!(asked(&update(&mut watched.world.model, Event::TimePassed, now)), 0);
    watched.world.now += 10.0;
    let now = watched.world.moment();
    assert_eq!(asked(&update(&mut watched.world.model, Event::TimePassed, now)), 1);
    let stale = vec![Output::Answered { id: 1, answer: Err("of before".into()) }];
    update(&mut watched.world.model, Event::EngineTold(stale), now);
    assert!(!words(&watched.world.pane(PaneId::Series)).contains("of before"));
}

#[test]
fn what_is_discovered_is_scraped_and_named_once() {
    use quarterdeck::app::event::Discovered;
    let mut watched = Watched::new(WATCHED);
    let known = (*watched.world.model.live.metrics.targets[0].spec).clone();
    let mut new = known.clone();
    new.request.url = "http://localhost:7000/metrics".parse().unwrap();
    let found =
        Discovered { origin: 0, services: Vec::new(), caches: Vec::new(), metrics: vec![known, new], told: Vec::new() };
    watched.tell(Event::OriginDiscovered(Box::new(found)));
    let places: Vec<usize> = watched
        .orders
        .iter()
        .filter_map(|order| if let Effect::WatchMetrics(at, _) = order { Some(*at) } else { None })
        .collect();
    assert_eq!(places, [2]);
}

#[test]
fn rules_are_read_again_by_command() {
    let mut watched = Watched::new(WATCHED);
    watched.press(":");
    watched.write("rules-reload");
    watched.press("Enter");
    assert!(watched.orders.iter().any(|order| matches!(order, Effect::ReadRules)));
}

#[test]
fn the_course_goes_as_far_back_as_samples_are_kept() {
    let mut watched = Watched::new(&format!("metrics_hours = 6\n{WATCHED}"));
    watched.rounds(2);
    watched.press("9 Enter");
    let span = |watched: &mut Watched, keys: &str| -> Vec<u64> {
        let mut spans = Vec::new();
        for name in keys.split(' ') {
            let now = watched.world.moment();
            let effects = update(&mut watched.world.model, Event::KeyPressed(key(name)), now);
            for effect in effects {
                let Effect::AskEngine { id, question } = effect else { continue };
                if let quarterdeck::engine::Question::Course { span, .. } = &question {
                    spans.push(span.as_secs() / 60);
                }
                let told = watched.engine.step(Input::Asked { id, question }, now);
                watched.tell(Event::EngineTold(told));
            }
        }
        spans
    };
    assert_eq!(span(&mut watched, "] ] ] ] ] ] ] ]"), [5, 15, 30, 60, 120, 360, 360, 360]);
    let shown = words(&watched.world.pane(PaneId::Course));
    assert!(shown.contains("last 6h"), "{shown}");
    assert_eq!(span(&mut watched, "[ ["), [120, 60]);
    watched.press("Esc Esc 1");
    assert_eq!(span(&mut watched, "]"), Vec::<u64>::new(), "elsewhere it asks nothing");
}
