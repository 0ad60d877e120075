//! The whole pure program with something of every kind that can be acted on, a terminal that takes frames when it likes,
//! and whatever can happen to it, chosen at random.

use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::app::actions::catalogue;
use quarterdeck::app::actions::dialog::Dialog;
use quarterdeck::app::{Effect, Event, job};
use quarterdeck::config::Resolved;
use quarterdeck::config::resolved::Colours;
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::{Cause, Safe, Untrusted};
use quarterdeck::input::Key;
use quarterdeck::input::mouse::{Mouse, MouseAction};
use quarterdeck::remediation::action::Action;
use quarterdeck::remediation::card::{Digest, Identity, Preview};
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::service::facts::{Instance, ServiceFacts, ServiceState};
use quarterdeck::remediation::step::StepEnd;
use quarterdeck::runtime::screen::render;
use quarterdeck::ui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cards::{card_of, done, left, object, orders};
use crate::world::readings::{Postgres, answer, cause, counters, session};
use crate::world::{World, key, resolved};

/// Everything that can be acted on, in an environment; a window that is open at noon, when it begins.
pub fn configuration(environment: &str, more: &str) -> String {
    format!(
        r#"
        [[database]]
        name = "main"
        url = "postgresql://ops@db.example.com/app"
        environment = "{environment}"
        [[cache]]
        name = "redis"
        redis = "redis://cache.example.com:6379/0"
        environment = "{environment}"
        [[service]]
        name = "api"
        url = "https://api.example.com/health"
        environment = "{environment}"
        [[action]]
        name = "warm-cache"
        url = "https://api.example.com/cache/warm"
        level = "L1"
        watch = "cache redis"
        environment = "{environment}"
        [[action]]
        name = "retry"
        url = "https://api.example.com/retry"
        level = "L2"
        target = "api"
        environment = "{environment}"
        [[action]]
        name = "purge"
        url = "https://api.example.com/purge"
        target = "api"
        environment = "{environment}"
        [[action]]
        name = "restart-api"
        unit = "api.service"
        target = "api"
        environment = "{environment}"
        [actions]
        allow = true
        windows = ["daily 11:00-23:00 UTC"]
        {more}
        "#
    )
}

/// The program on its terminal.
pub struct Stage {
    pub world: World,
    theme: Theme,
    size: (u16, u16),
    /// The card that the frame on its way shows.
    on_its_way: Option<Frame>,
    /// The card that the terminal shows, and since when.
    pub shown: Option<(Face, f64)>,
}

/// What tells a card from every other, also from itself read anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Face {
    digest: Digest,
    read_at: Duration,
}

/// What a frame shows.
struct Frame {
    card: Option<Face>,
}

/// The face of a card.
pub fn face(dialog: &Dialog) -> Face {
    Face { digest: dialog.card.digest(), read_at: dialog.card.read_at.boot }
}

impl Stage {
    pub fn new(configuration: &str) -> Stage {
        Stage::of(&resolved(configuration))
    }

    pub fn of(resolved: &Resolved) -> Stage {
        let mut stage = Stage::unread(resolved);
        stage.world.all_read();
        stage
    }

    /// Before anything was read.
    pub fn unread(resolved: &Resolved) -> Stage {
        let theme = Theme::load("dark", Colours::Sixteen, false).unwrap();
        Stage { world: World::of(resolved), theme, size: (120, 40), on_its_way: None, shown: None }
    }

    /// What a large screen shows, as text.
    pub fn picture(&self) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 200, 90));
        render(&mut buffer, &self.world.model, &self.theme);
        buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    /// What an event orders; jobs are done at once.
    pub fn tell(&mut self, event: Event) -> Vec<Effect> {
        let mut told = Vec::new();
        for effect in orders(&mut self.world, event) {
            match effect {
                Effect::Compute(asked) => told.extend(self.tell(Event::JobFinished(Box::new(job::run(asked))))),
                other => told.push(other),
            }
        }
        told
    }

    pub fn press(&mut self, names: &str) -> Vec<Effect> {
        names.split(' ').flat_map(|name| self.tell(Event::KeyPressed(key(name)))).collect()
    }

    pub fn write(&mut self, text: &str) {
        for letter in text.chars() {
            self.tell(Event::KeyPressed(Key::char(letter)));
        }
    }

    pub fn wait(&mut self, seconds: f64) -> Vec<Effect> {
        self.world.now += seconds;
        self.tell(Event::TimePassed)
    }

    /// A frame is drawn, if the one before was taken.
    pub fn draw(&mut self) {
        if self.on_its_way.is_some() {
            return;
        }
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        let geometry = render(&mut buffer, &self.world.model, &self.theme);
        let visible = geometry.overlay_rows > 0;
        self.on_its_way = Some(Frame { card: self.card().filter(|_| visible).map(face) });
        self.tell(Event::FrameDrawn(geometry));
    }

    /// The terminal takes the frame that is on its way.
    pub fn take(&mut self) {
        let Some(frame) = self.on_its_way.take() else { return };
        let now = self.world.now;
        self.shown = match (frame.card, self.shown) {
            (Some(face), Some((before, since))) if before == face => Some((face, since)),
            (Some(face), _) => Some((face, now)),
            (None, _) => None,
        };
        self.tell(Event::FrameTaken);
    }

    /// A frame is drawn and taken at once, and read.
    pub fn look(&mut self) {
        self.take();
        self.draw();
        self.take();
        self.wait(0.5);
    }

    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.tell(Event::Resized);
    }

    pub fn card(&self) -> Option<&Dialog> {
        card_of(&self.world)
    }

    pub fn actions(&self) -> Vec<Action> {
        catalogue::all(&self.world.model)
    }

    /// Chooses an action in the menu.
    pub fn choose(&mut self, id: &str) -> Vec<Effect> {
        self.press("a");
        let at = self.actions().iter().position(|action| action.id.as_str() == id);
        let at = at.unwrap_or_else(|| panic!("no action {id}"));
        for _ in 0..at {
            self.press("Down");
        }
        self.press("Enter")
    }

    /// Its card, previewed, on the screen and read; `false` where something speaks against it.
    pub fn open_card(&mut self, id: &str) -> bool {
        self.choose(id);
        if let Some((asked, action)) = self.world.model.actions.asked.clone() {
            let begun = self.world.moment();
            self.tell(Event::Previewed { id: asked, outcome: Box::new(Ok(preview(&action, cap(&action)))), begun });
        }
        self.look();
        self.card().is_some()
    }

    /// Everything that a card asks for, typed.
    pub fn fill_in(&mut self) {
        let dialog = self.card().expect("a card");
        let (phrase, fields) = (dialog.phrase(), dialog.places().len());
        if let Some(phrase) = phrase {
            self.write(&phrase);
        }
        if fields == 3 {
            self.press("Tab");
            self.write("INC-7");
        }
    }
}

/// Three objects, or as many as there may be.
fn cap(action: &Action) -> i32 {
    i32::try_from(action.limits.cap).unwrap_or(3).min(3)
}

/// What a preview of an action could find.
pub fn preview(action: &Action, count: i32) -> Preview {
    use quarterdeck::remediation::action::Plan;
    let facts = vec![("system", Untrusted::from("7001")), ("name", Untrusted::from(action.target.name.as_str()))];
    let instance = Instance { pid: Some(33), invocation: Some("aa".into()) };
    let service = ServiceFacts {
        state: ServiceState::Running,
        instances: vec![instance],
        restarts: Some(0),
        required_by: Vec::new(),
        words: "active".into(),
        ..ServiceFacts::default()
    };
    Preview {
        identity: Identity { facts },
        objects: if matches!(action.plan, Plan::Flush { .. }) {
            Vec::new()
        } else {
            (0..count).map(|pid| object(pid, SessionState::Active)).collect()
        },
        effect: vec![Untrusted::from("what is sent")],
        count: matches!(action.plan, Plan::Flush { .. }).then_some(12345),
        service: matches!(action.plan, Plan::Service { .. }).then_some(service),
        ..Preview::default()
    }
}

/// Something that can happen.
#[derive(Clone, Debug)]
pub enum Happening {
    Key(Key),
    Wait(f64),
    Draw,
    Take,
    Resize(u16, u16),
    Paste(String),
    Mouse(u16, u16, u8),
    Previewed { fits: bool, objects: i32, fails: bool },
    Database { used: u32, active: i32, fails: u8 },
    Cache(u64, u64, bool),
    Service(u16),
    Run { mine: bool, what: u8 },
    Audit(bool),
    Recovered,
    Tmux(Option<usize>),
    Covered,
    Continued,
    Diagnostics,
}

impl Stage {
    /// Lets it happen; what it orders.
    pub fn happen(&mut self, happening: &Happening) -> Vec<Effect> {
        match happening {
            Happening::Key(key) => self.tell(Event::KeyPressed(*key)),
            Happening::Wait(seconds) => self.wait(*seconds),
            Happening::Draw => {
                self.draw();
                Vec::new()
            }
            Happening::Take => {
                self.take();
                Vec::new()
            }
            Happening::Resize(columns, rows) => {
                self.resize((*columns, *rows));
                Vec::new()
            }
            Happening::Paste(text) => self.tell(Event::Pasted(Safe::of(text))),
            Happening::Mouse(x, y, what) => {
                let action = [MouseAction::Press, MouseAction::WheelUp, MouseAction::WheelDown][usize::from(*what % 3)];
                self.tell(Event::Moused(Mouse { action, x: *x, y: *y }))
            }
            Happening::Previewed { fits, objects, fails } => self.previewed(*fits, *objects, *fails),
            Happening::Run { mine, what } => self.run_happened(*mine, *what),
            Happening::Audit(stands) => {
                self.tell(Event::AuditStands(if *stands { Ok(()) } else { Err("no space left".into()) }))
            }
            Happening::Recovered => self.tell(Event::RunsRecovered(vec!["restart of api".into()])),
            Happening::Tmux(clients) => self.tell(Event::TmuxClientsCounted(*clients)),
            Happening::Covered => self.tell(Event::GuardsCover("guards cover only you".into())),
            Happening::Continued => self.tell(Event::Continued),
            Happening::Diagnostics => self.tell(Event::DiagnosticsRead(vec!["a line".into()])),
            reading => {
                self.read(reading);
                Vec::new()
            }
        }
    }

    fn previewed(&mut self, fits: bool, objects: i32, fails: bool) -> Vec<Effect> {
        let Some((asked, action)) = self.world.model.actions.asked.clone() else { return Vec::new() };
        let id = if fits { asked } else { asked + 1 };
        let outcome = if fails { Err(cause("refused")) } else { Ok(preview(&action, objects)) };
        let begun = self.world.moment();
        self.tell(Event::Previewed { id, outcome: Box::new(outcome), begun })
    }

    fn read(&mut self, reading: &Happening) {
        match reading {
            Happening::Database { fails: 1, .. } => self.world.database("main", Err(cause("slots"))),
            Happening::Database { used, active, fails } => {
                let sessions = (1..=*active).map(|pid| session(pid, SessionState::Active, 600, "SELECT 1")).collect();
                let mut reading = Postgres { used: *used, sessions, ..Postgres::default() }.reading();
                if *fails == 2 {
                    reading.slots = Err(Cause::OurQueryCancelled);
                }
                self.world.database("main", Ok(reading));
            }
            Happening::Cache(hits, misses, fails) => {
                let reading = if *fails { Err(cause("loading")) } else { Ok(counters(*hits, *misses, Some("r"), 0)) };
                self.world.cache("redis", reading);
            }
            Happening::Service(status) => {
                self.world.service("api", answer(*status, r#"{"status":"ok"}"#, 5.0));
            }
            _ => {}
        }
    }

    /// Answers of the outside world to a run, of this program or of nobody.
    fn run_happened(&mut self, mine: bool, what: u8) -> Vec<Effect> {
        let current = self.world.model.actions.current.as_ref();
        let run = current.map_or(1, |current| current.id) + u64::from(!mine);
        let keys = current.map(|current| current.execution.warrant().card().keys()).unwrap_or_default();
        let refused = || Err(Safe::of("refused"));
        let input = match what % 10 {
            0 | 1 => Input::Held(Ok(())),
            2 => Input::Held(refused()),
            3 | 4 => Input::Recorded(Ok(())),
            5 => Input::Recorded(refused()),
            6 => Input::StepEnded { step: 0, end: done(&keys) },
            7 => Input::StepEnded { step: 0, end: StepEnd::Unknown(Cause::OurQueryCancelled) },
            8 => Input::Read(left(&self.world, 0.0)),
            _ => Input::CancelAsked,
        };
        self.tell(Event::ActionHappened { run, input: Box::new(input) })
    }
}

/// What needs no person.
pub fn without_a_person() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => (0.001f64..2.0).prop_map(Happening::Wait),
        1 => (2.0f64..70.0).prop_map(Happening::Wait),
        4 => Just(Happening::Draw),
        4 => Just(Happening::Take),
        2 => (0u16..200, 0u16..60).prop_map(|(columns, rows)| Happening::Resize(columns, rows)),
        1 => (0u16..120, 0u16..40, any::<u8>()).prop_map(|(x, y, what)| Happening::Mouse(x, y, what)),
        3 => (prop::bool::weighted(0.8), 0i32..5, prop::bool::weighted(0.1))
            .prop_map(|(fits, objects, fails)| Happening::Previewed { fits, objects, fails }),
        2 => (0u32..97, 0i32..4, 0u8..6).prop_map(|(used, active, fails)| Happening::Database { used, active, fails }),
        1 => (0u64..9999, 0u64..9999, prop::bool::weighted(0.2)).prop_map(|(h, m, f)| Happening::Cache(h, m, f)),
        1 => prop::sample::select(vec![200u16, 503]).prop_map(Happening::Service),
        4 => (prop::bool::weighted(0.9), any::<u8>()).prop_map(|(mine, what)| Happening::Run { mine, what }),
        1 => prop::bool::weighted(0.8).prop_map(Happening::Audit),
        1 => prop::sample::select(vec![
            Happening::Recovered,
            Happening::Tmux(Some(2)),
            Happening::Tmux(None),
            Happening::Covered,
            Happening::Continued,
            Happening::Diagnostics,
        ]),
    ]
}

/// Anything, of a person who presses these keys.
pub fn anything(keys: impl Strategy<Value = Key>) -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => keys.prop_map(Happening::Key),
        3 => without_a_person(),
        1 => "[a-z 0-9]{0,12}".prop_map(Happening::Paste),
    ]
}
