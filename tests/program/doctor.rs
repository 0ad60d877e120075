//! The page of the doctor, told by events: files as they are read, what is scraped by a real engine, targets that fail; and what
//! keys do on it.

use std::time::Duration;

use quarterdeck::app::doctor::{FileRead, WholePaths};
use quarterdeck::app::pane::PaneId;
use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event, job, panes, update};
use quarterdeck::config::resolved::Colours;
use quarterdeck::doctor::{Kind, Source};
use quarterdeck::domain::served::Served;
use quarterdeck::domain::source::{SourceId, SourceKind};
use quarterdeck::domain::{Arrival, Cause, PaneState, Safe};
use quarterdeck::engine::output::Answer;
use quarterdeck::engine::settings::TargetSettings;
use quarterdeck::engine::{Body, Engine, Input, Output, Settings};
use quarterdeck::input::Key;
use quarterdeck::metrics::exposition::Format;
use quarterdeck::metrics::labels::Labels;
use quarterdeck::runtime::screen::render;
use quarterdeck::ui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::world::readings::{Postgres, answer};
use crate::world::{World, key, text as words};
use crate::{SIZES, drawn, snap, text};

const WATCHED: &str = r#"
    rules = ["/etc/shop/rules.yml"]
    documents = ["/etc/shop/runbook.md"]
    [[service]]
    name = "api"
    url = "http://localhost:8000/health"
    [[service]]
    name = "worker"
    url = "http://localhost:9000/health"
    [[metrics]]
    name = "api"
    url = "http://localhost:8000/metrics"
    [[log]]
    name = "api"
    files = "/var/log/shop/api.log"
    off = true
    [[action]]
    name = "restart-api"
    target = "api"
    unit = "api.service"
    watch = "service api"
    expect = "ok"
"#;

const RULES: &str = "groups:
- name: api
  rules:
  - alert: HighErrorRate
    expr: sum(rate(http_request_total{status=~\"5..\"}[5m])) > 0.05
    labels: {severity: page}
  - alert: Slow
    expr: histogram_quantile(0.99, rate(http_request_duration_seconds[5m])) > 1
    labels: {severity: page}
  - alert: NodeDown
    expr: node_load1 > 4
    labels: {severity: page}
";

const RUNBOOK: &str = "# When it hangs\n\n```bash\npkill -f api-server\n```\n\n```sql\nSELECT pid, idle_since FROM pg_stat_activity;\n```\n";

const PAGE: &str = "# TYPE http_requests_total counter\nhttp_requests_total{status=\"200\"} 5\n\
    # TYPE http_request_duration_seconds histogram\nhttp_request_duration_seconds_bucket{le=\"1\"} 5\n\
    http_request_duration_seconds_bucket{le=\"+Inf\"} 5\nhttp_request_duration_seconds_count 5\nhttp_request_duration_seconds_sum 1\n";

fn source(name: &str, kind: Kind, text: &str) -> FileRead {
    (Safe::of(name), Ok(Source { name: Safe::of(name), text: text.to_owned(), kind }))
}

fn files() -> Vec<FileRead> {
    vec![
        source("/etc/shop/rules.yml", Kind::Yaml, RULES),
        source("/etc/shop/runbook.md", Kind::Markdown, RUNBOOK),
        (Safe::of("/etc/shop/gone.sql"), Err(Safe::of("cannot be read: No such file or directory"))),
    ]
}

/// The program with an engine behind it; files are read as a test gives them.
struct Patient {
    world: World,
    engine: Engine,
    /// Numbers of looks whose files are still to be read.
    reading: Vec<u64>,
    copied: Vec<Vec<Safe>>,
    /// Metrics of a server that is asked too.
    served: Vec<String>,
}

impl Patient {
    fn new(configuration: &str) -> Patient {
        let world = World::new(configuration);
        let targets = world.model.live.metrics.targets.iter().map(|target| TargetSettings {
            name: target.name.clone(),
            labels: Labels::new([("job", target.spec.job.as_str()), ("instance", target.spec.instance.as_str())]),
            interval: target.spec.interval,
            durations: Vec::new(),
            requests: Vec::new(),
            status: Vec::new(),
            cache: Vec::new(),
            window: Duration::from_secs(60),
        });
        let settings = Settings { targets: targets.collect(), ..Settings::default() };
        let engine = Engine::new(settings, world.moment());
        Patient { world, engine, reading: Vec::new(), copied: Vec::new(), served: Vec::new() }
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
                Effect::Compute(job) => {
                    let finished = Event::JobFinished(Box::new(job::run(job)));
                    effects.extend(update(&mut self.world.model, finished, now));
                }
                Effect::AskServer { id, .. } => {
                    let answer = Ok(Answer::Names { names: self.served.clone(), in_all: self.served.len() });
                    let told = Event::EngineTold(vec![Output::Answered { id, answer }]);
                    effects.extend(update(&mut self.world.model, told, now));
                }
                Effect::ReadDocuments { id, .. } => self.reading.push(id),
                Effect::Copy(lines) => self.copied.push(lines),
                _ => {}
            }
        }
    }

    fn press(&mut self, keys: &str) {
        keys.split(' ').for_each(|name| self.tell(Event::KeyPressed(key(name))));
    }

    fn scraped(&mut self, answer: Result<&str, Cause>) {
        let now = self.world.moment();
        let answer = answer.map(|page| Body { bytes: page.as_bytes().to_vec(), format: Format::Text });
        let input = Input::Scraped { target: 0, begun: now, took: Duration::from_millis(12), answer };
        let told = self.engine.step(input, now);
        self.tell(Event::EngineTold(told));
    }

    /// The files that were asked for last are there.
    fn read(&mut self, files: Vec<FileRead>) {
        let id = self.reading.pop().expect("nobody asked for files");
        self.tell(Event::DocumentsRead { id, files, whole_paths: WholePaths::new() });
    }

    fn page(&mut self) -> String {
        let view = panes::view(&self.world.model, PaneId::Findings, 118, 36);
        words(&view)
    }

    /// The page as it is after a look, with two targets that do not answer.
    fn examined() -> Patient {
        let mut patient = Patient::new(WATCHED);
        patient.world.now = 4.0;
        patient.scraped(Ok(PAGE));
        patient.world.service("api", answer(200, r#"{"status":"ok"}"#, 12.0));
        for _ in 0..3 {
            patient.world.now += 2.0;
            patient.tell(Event::ReadingArrived(Box::new(Arrival {
                source: SourceId::new(SourceKind::Service, 1),
                outcome: Err(Cause::Refused { family: "IPv4" }),
                took: Duration::from_millis(1),
                begun: patient.world.moment(),
                next_in: Duration::from_secs(2),
            })));
        }
        patient.scraped(Ok(PAGE));
        patient.press("0");
        patient.read(files());
        patient.world.now += 1.0;
        patient.tell(Event::TimePassed);
        patient
    }
}

#[test]
fn the_page_at_every_size() {
    let mut patient = Patient::examined();
    for size in SIZES {
        snap("doctor", &mut patient.world, size);
    }
    patient.press("Down Down Down Enter");
    for size in SIZES {
        snap("doctor-detail", &mut patient.world, size);
    }
}

/// Rules whose evaluation fails, that are not evaluated here, that are not in force, and whose alerts are not kept.
const TROUBLED: &str = "groups:
- name: g
  interval: 1s
  rules:
  - alert: Pinned
    expr: http_requests_total @ 5 > 0
  - alert: Both
    expr: http_requests_total + on () http_requests_total > 1
  - record: twice
    expr: sum without (status) (http_requests_total) or http_requests_total * on () group_left () {__name__=~'http_requests_total|db_pool_available'}
";

#[test]
fn rules_in_error_at_every_size() {
    let mut patient = Patient::new(WATCHED);
    patient.world.now = 4.0;
    let rules = |patient: &mut Patient, files: Vec<(&str, &str)>| {
        let files = files.into_iter().map(|(name, text)| (name.to_owned(), Ok(text.to_owned()))).collect();
        let told = patient.engine.step(Input::RulesRead(files), patient.world.moment());
        patient.tell(Event::EngineTold(told));
    };
    rules(&mut patient, vec![("/etc/shop/rules.yml", TROUBLED)]);
    let page = PAGE.replace(
        "# TYPE http_request_duration_seconds",
        "http_requests_total{status=\"500\"} 2\n# TYPE db_pool_available gauge\ndb_pool_available 3\n# TYPE http_request_duration_seconds",
    );
    for _ in 0..3 {
        patient.world.now += 2.0;
        patient.scraped(Ok(&page));
        let told = patient.engine.step(Input::TimePassed, patient.world.moment());
        patient.tell(Event::EngineTold(told));
    }
    let why = "since when alerts have been there cannot be kept: its disk has not answered for 15 s";
    patient.tell(Event::EngineTold(vec![Output::Unkept(Some(Safe::of(why)))]));
    rules(&mut patient, vec![("/etc/shop/rules.yml", TROUBLED), ("/etc/shop/more.yml", "groups: [{name\n")]);
    patient.press("0");
    patient.read(vec![source("/etc/shop/runbook.md", Kind::Markdown, "# Nothing\n")]);
    patient.world.now += 1.0;
    patient.tell(Event::TimePassed);
    let page = patient.page();
    for code in ["QD-L004", "QD-L005", "QD-L007", "QD-L008"] {
        assert!(page.contains(code), "{code}: {page}");
    }
    assert!(patient.world.model.notes.iter().any(|note| note.as_str() == why));
    for size in SIZES {
        snap("doctor-rules-in-error", &mut patient.world, size);
    }
    // What is kept again is no finding any more.
    patient.tell(Event::EngineTold(vec![Output::Unkept(None)]));
    patient.press("r");
    patient.read(vec![source("/etc/shop/runbook.md", Kind::Markdown, "# Nothing\n")]);
    assert!(!patient.page().contains("QD-L008"), "{}", patient.page());
}

#[test]
fn files_what_is_scraped_and_what_fails_are_one_list_worst_first() {
    let mut patient = Patient::examined();
    let page = patient.page();
    let codes: Vec<&str> = page.split_whitespace().filter(|word| word.starts_with("QD-")).collect();
    let at =
        |code: &str| codes.iter().position(|known| *known == code).unwrap_or_else(|| panic!("no {code} in {page}"));
    // A file that is not there, a rate taken for a share, metrics that nothing has, a column that is not there.
    for code in ["QD-F001", "QD-R007", "QD-L001", "QD-S001", "QD-L003"] {
        assert!(at(code) < at("QD-H003"), "{code} is worse than a warning: {page}");
    }
    assert_eq!(codes.iter().filter(|code| **code == "QD-L001").count(), 3, "{page}");
    assert!(at("QD-H003") < at("QD-C002") && at("QD-H003") < at("QD-L006"), "{page}");
    assert!(page.contains("nearest name is http_requests_total"), "{page}");
    assert!(page.contains("connection refused (IPv4)"), "{page}");
    let corner = panes::view(&patient.world.model, PaneId::Findings, 118, 36).corner;
    assert_eq!(corner.as_str(), "2 files, 3 targets looked at 1s ago");
}

#[test]
fn states_of_the_pane() {
    let mut patient = Patient::new("[[service]]\nname = \"api\"\nurl = \"http://localhost:8000/health\"\n");
    patient.world.service("api", answer(200, r#"{"status":"ok"}"#, 12.0));
    let state = |patient: &Patient| panes::view(&patient.world.model, PaneId::Findings, 100, 30).state;
    patient.press("0");
    assert!(matches!(state(&patient), PaneState::Loading { .. }));
    patient.read(vec![source("/etc/world.toml", Kind::Toml, "")]);
    let PaneState::Empty { asked } = state(&patient) else { panic!("{:?}", state(&patient)) };
    assert_eq!(asked.as_str(), "nothing was found in 1 file, 1 target");
    // Somebody looks on: it is looked at again by itself, and only then.
    patient.world.now += 29.0;
    patient.tell(Event::TimePassed);
    assert!(patient.reading.is_empty());
    patient.world.now += 1.0;
    patient.tell(Event::TimePassed);
    assert_eq!(patient.reading.len(), 1);
    // That one hangs: the last answer grows old, then the next look says so.
    patient.world.now += 70.0;
    patient.world.service("api", answer(200, r#"{"status":"ok"}"#, 12.0));
    assert!(matches!(state(&patient), PaneState::Stale { .. }), "{:?}", state(&patient));
    patient.tell(Event::TimePassed);
    assert!(matches!(state(&patient), PaneState::Error { cause: Cause::Timeout { .. }, .. }), "{:?}", state(&patient));
    let denied = Err(Safe::of("cannot be read: Permission denied (os error 13)"));
    patient.read(vec![(Safe::of("/etc/shop/rules.yml"), denied)]);
    let PaneState::Denied { fix, .. } = state(&patient) else { panic!("{:?}", state(&patient)) };
    assert_eq!(fix, [Safe::of("chmod o+r /etc/shop/rules.yml")]);
    patient.press("r");
    patient.read(vec![source("/etc/shop/rules.yml", Kind::Yaml, RULES)]);
    assert_eq!(state(&patient), PaneState::Ok);
    patient.press("Space");
    assert_eq!(state(&patient), PaneState::Frozen);
}

#[test]
fn nothing_that_could_be_looked_at_is_off() {
    let mut patient = Patient::new("");
    patient.world.model.live.doctor.is_given = false;
    let view = panes::view(&patient.world.model, PaneId::Findings, 100, 30);
    assert!(matches!(view.state, PaneState::Off { .. }), "{:?}", view.state);
    patient.press("0");
    assert_eq!(patient.reading.len(), 1);
}

#[test]
fn answers_to_an_old_look_are_thrown_away() {
    let mut patient = Patient::new(WATCHED);
    patient.press("0");
    let old = patient.reading.pop().unwrap();
    patient.press("r");
    assert!(patient.reading.is_empty(), "one look at a time");
    patient.world.now += 21.0;
    patient.press("r");
    patient.tell(Event::DocumentsRead { id: old, files: files(), whole_paths: WholePaths::new() });
    assert!(patient.world.model.live.doctor.looked.value().is_none());
    patient.read(files());
    assert!(patient.world.model.live.doctor.looked.value().is_some());
}

#[test]
fn what_was_not_scraped_is_not_called_missing() {
    let mut patient = Patient::new(WATCHED);
    patient.press("0");
    patient.read(files());
    let page = patient.page();
    assert!(!page.contains("QD-L001"), "{page}");
    assert!(
        page.contains(
            "not looked at: api was not scraped yet, so nobody knows whether anything has http_request_duration_seconds"
        ),
        "{page}"
    );
    // As soon as it was, it is told.
    patient.scraped(Ok(PAGE));
    patient.world.now += 3.0;
    patient.scraped(Ok(PAGE));
    patient.tell(Event::TimePassed);
    patient.read(files());
    assert!(patient.page().contains("QD-L001"), "{}", patient.page());
    // And not while the target fails: what it had is only gone with it.
    patient.world.now += 2.0;
    patient.scraped(Err(Cause::Refused { family: "IPv4" }));
    patient.press("r");
    patient.read(files());
    assert!(!patient.page().contains("QD-L001"), "{}", patient.page());
    assert!(patient.page().contains("rules over it have no data"), "{}", patient.page());
}

#[test]
fn keys_open_copy_and_filter() {
    let mut patient = Patient::examined();
    patient.press("/");
    "L001".chars().for_each(|letter| patient.tell(Event::KeyPressed(Key::char(letter))));
    patient.press("Enter");
    let table = panes::table(&patient.world.model, PaneId::Findings).unwrap();
    assert_eq!(table.rows.len(), 3);
    patient.press("y");
    let near = "expr: sum(rate(http_requests_total{status=~\"5..\"}[5m])) > 0.05";
    assert_eq!(patient.copied, [vec![Safe::of(near)]]);
    patient.press("Enter");
    let Some(Overlay::Document { document, .. }) = patient.world.model.view.overlays.last() else {
        panic!("no detail")
    };
    let detail = document.plain();
    for part in ["QD-L001", "/etc/shop/rules.yml:5", "Why", "Write instead", near] {
        assert!(detail.contains(part), "{part} is missing in {detail}");
    }
    patient.press("y");
    assert_eq!(patient.copied.len(), 2, "the same from the detail");
    assert_eq!(patient.copied[0], patient.copied[1]);
    patient.press("Esc Esc");
    assert!(panes::table(&patient.world.model, PaneId::Findings).unwrap().rows.len() > 3);
}

#[test]
fn the_cursor_stays_on_its_finding_when_the_list_is_made_anew() {
    let mut patient = Patient::examined();
    patient.press("G");
    let selected = patient.world.model.view.cursor(PaneId::Findings).selected.expect("something is selected");
    patient.press("r");
    let mut files = files();
    files.truncate(2);
    patient.read(files);
    assert_eq!(patient.world.model.view.cursor(PaneId::Findings).selected, Some(selected.clone()));
    let table = panes::table(&patient.world.model, PaneId::Findings).unwrap();
    assert!(table.rows.iter().any(|row| row.key == selected));
}

#[test]
fn ascii_has_no_other_characters_and_a_light_theme_is_drawn() {
    let mut patient = Patient::examined();
    let buffer = drawn(&mut patient.world, (80, 24), true);
    assert!(text(&buffer).is_ascii(), "{}", text(&buffer));
    let theme = Theme::load("light", Colours::Sixteen, false).unwrap();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    render(&mut buffer, &patient.world.model, &theme);
    assert!(text(&buffer).contains("QD-"), "{}", text(&buffer));
}

#[test]
fn an_order_to_a_unit_says_the_line_for_that_unit_alone() {
    let mut patient = Patient::examined();
    patient.world.model.alerts.operator = Safe::of("ops");
    patient.press("/");
    "L006".chars().for_each(|letter| patient.tell(Event::KeyPressed(Key::char(letter))));
    patient.press("Enter y");
    let line = patient.copied.last().expect("nothing was copied")[0].to_string();
    for part in ["\"unit\") == \"api.service\"", "\"verb\") == \"restart\"", "subject.user == \"ops\""] {
        assert!(line.contains(part), "{part} in {line}");
    }
    patient.world.model.alerts.operator = Safe::of("root");
    assert!(!patient.page().contains("QD-L006"));
}

#[test]
fn a_role_that_may_not_signal_is_told_the_grant_where_actions_are_allowed() {
    let watched = "[[database]]\nname = \"main\"\nurl = \"postgresql://ops@localhost/shop\"\n";
    for (allow, told) in [(true, true), (false, false)] {
        let mut patient = Patient::new(&format!("{watched}[actions]\nallow = {allow}\n"));
        let reading = Postgres { may_signal: false, ..Postgres::default() }.reading();
        patient.world.database("main", Ok(reading));
        patient.press("0");
        let page = patient.page();
        assert_eq!(page.contains("QD-L002 | database main"), told, "{page}");
        if told {
            patient.press("y");
            let line = patient.copied[0][0].to_string();
            assert!(line.starts_with("GRANT pg_signal_backend TO \"") && line.ends_with("\";"), "{line}");
        }
    }
}

#[test]
fn what_a_server_has_is_there_too() {
    let mut patient = Patient::new(&format!("prometheus = \"http://localhost:9090\"\n{WATCHED}"));
    patient.scraped(Ok(PAGE));
    // It does not answer yet: nobody knows what it has.
    patient.press("0");
    patient.read(files());
    assert!(!patient.page().contains("QD-L001"), "{}", patient.page());
    assert!(patient.page().contains("does not answer, so nobody knows"), "{}", patient.page());
    let now = patient.world.moment();
    let server = patient.world.model.live.prometheus.as_mut().unwrap();
    server.serve(Ok(Served::default()), now, Duration::from_secs(15));
    patient.served = vec!["node_load1".to_owned(), "http_requests_total".to_owned()];
    patient.press("r");
    patient.read(files());
    let page = patient.page();
    assert!(page.contains("http_request_total (8 metrics are there)"), "{page}");
    assert!(!page.contains("nothing that is scraped has node_load1"), "{page}");
}
