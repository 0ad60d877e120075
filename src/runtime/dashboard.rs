//! The loop of the full-screen program. Keys and outcomes at once, telemetry once per frame slot, one frame at a time;
//! between events it looks at the keys. It never waits for the terminal or for what is watched.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpgrp, getpid, getsid, kill_process};

use crate::app::{Effect, Event, Model, update};
use crate::config::Resolved;
use crate::domain::{Safe, figure};
use crate::ui::theme::Theme;

use super::acting::Acting;
use super::compute_thread::ComputeThread;
use super::documents::Documents;
use super::engine_thread::EngineThread;
use super::inbox::Inbox;
use super::keeping::Keeping;
use super::log_thread::LogThread;
use super::screen::Screen;
use super::signals::EXIT_HANGUP;
use super::terminal::decoder::Input;
use super::terminal::input::{FromTerminal, InputThread};
use super::terminal::modes;
use super::watch::Watch;
use super::{clock, deadline, diagnostics, panic, ringing, signals};

/// Just after the start telemetry is drawn as it comes: the first figures are awaited.
const EAGER: Duration = Duration::from_secs(4);
/// Pause between frames while eager.
const EAGER_PAUSE: Duration = Duration::from_millis(30);
/// Pause between looks at an action that goes on without a screen.
const WITHOUT_SCREEN: Duration = Duration::from_millis(200);

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit status.
    pub status: u8,
    /// Where the chain of the audit ends, if anything was written to it.
    pub head: Option<Safe>,
}

/// Runs until a person or the system ends it.
/// What a person should know when the screen is gone already goes to `tell`.
pub fn run(resolved: &Resolved, tell: fn(&Safe)) -> color_eyre::Result<Ended> {
    diagnostics::install();
    panic::install()?;
    let theme = load_theme(resolved)?;
    let inbox = Arc::new(Inbox::default());
    let tty = modes::open_tty()?;
    let watch = Watch::start(Arc::clone(&inbox))?;
    // Before the terminal is changed: a signal that came between would leave it as it is.
    signals::listen(watch.io(), &inbox)?;
    modes::enter(&tty)?;
    let outcome = Dashboard::start(resolved, theme, tty, inbox, watch).map(|dashboard| dashboard.live(tell));
    // Done already, unless starting failed.
    modes::leave();
    outcome
}

fn load_theme(resolved: &Resolved) -> color_eyre::Result<Theme> {
    let screen = &resolved.screen;
    Theme::load(&screen.theme, screen.colours, screen.ascii).map_err(|why| color_eyre::eyre::eyre!("{why}"))
}

struct Dashboard {
    model: Model,
    screen: Screen,
    inbox: Arc<Inbox>,
    tty: File,
    input: InputThread,
    compute: ComputeThread,
    logs: LogThread,
    watch: Watch,
    acting: Acting,
    engine: EngineThread,
    keeping: Keeping,
    documents: Documents,
    begun: Instant,
    pause: Duration,
    leave: Option<u8>,
    /// A frame was drawn and the terminal had not taken it yet.
    untaken: bool,
    /// We stopped ourselves and entered again: the signal that continued us needs no more of that.
    back_already: bool,
}

impl Dashboard {
    fn start(
        resolved: &Resolved,
        theme: Theme,
        tty: File,
        inbox: Arc<Inbox>,
        mut watch: Watch,
    ) -> color_eyre::Result<Dashboard> {
        let now = clock::now();
        let mut model = Model::new(resolved, now, clock::local_offset());
        let mut screen = Screen::start(&tty, theme, Arc::clone(&inbox))?;
        // The first frame goes out before anything is asked of the outside world.
        model.geometry = screen.draw(&model);
        model.dirty = false;
        let input = listen_to(&tty, &inbox)?;
        let mut engine = EngineThread::start(resolved, 1, Arc::clone(&inbox))?;
        for (at, spec) in resolved.metrics.iter().enumerate() {
            watch.metrics(at, spec, engine.pages());
        }
        watch.begin(resolved);
        watch.judge_rules(&mut engine);
        let acting = Acting::start(&resolved.actions, Arc::clone(&inbox))?;
        acting.obey(&watch, Effect::ReadHistory);
        inbox.tell(Event::Began);
        let keeping = Keeping::start(resolved.actions.audit.clone(), &resolved.name, Arc::clone(&inbox))?;
        let documents = Documents::new(&resolved.know, Arc::clone(&inbox));
        let logs = LogThread::start(&resolved.logs, Arc::clone(&inbox))?;
        let compute = ComputeThread::start(Arc::clone(&inbox))?;
        let several = |n: usize, one| figure::several(n as u64, one);
        let (services, databases) =
            (several(resolved.services.len(), "service"), several(resolved.databases.len(), "database"));
        tracing::info!("watching {services}, {databases}");
        let pause = resolved.screen.every;
        Ok(Dashboard {
            model,
            screen,
            inbox,
            tty,
            input,
            compute,
            logs,
            watch,
            acting,
            engine,
            keeping,
            documents,
            begun: Instant::now(),
            pause,
            leave: None,
            untaken: true,
            back_already: false,
        })
    }

    fn live(mut self, tell: fn(&Safe)) -> Ended {
        #[cfg(debug_assertions)]
        super::fault::set_off_if_asked();
        let mut slot = self.next_slot();
        // Something is to be seen at once, and was not drawn yet because a frame was still on its way.
        let mut wanted = false;
        while self.leave.is_none() {
            let eager = self.begun.elapsed() < EAGER;
            // What changes on the screen by itself before the next slot is drawn when it does.
            let wake = self.model.wakes_at().map(|at| Instant::now() + at.since(clock::now()));
            let next = wake.map_or(slot, |wake| wake.min(slot));
            let patience = next.saturating_duration_since(Instant::now());
            let taken = self.inbox.wait(patience, eager);
            wanted |= !taken.is_empty();
            self.obey_all(taken);
            let due = Instant::now() >= slot;
            if due || eager || self.inbox.is_crowded() {
                self.take_telemetry();
            }
            if due {
                self.step(Event::TimePassed);
                self.step(Event::BytesWritten(self.screen.bytes()));
                slot = self.next_slot();
            }
            if !due && wake.is_some_and(|wake| Instant::now() >= wake) {
                self.step(Event::TimePassed);
                wanted = true;
            }
            if self.untaken && !self.screen.is_busy() {
                self.untaken = false;
                self.step(Event::FrameTaken);
            }
            if self.screen.is_gone() {
                self.leave = Some(EXIT_HANGUP);
            }
            if self.model.dirty && !self.screen.is_busy() && (wanted || due || eager) {
                self.draw();
                let prompted = std::mem::take(&mut wanted);
                if eager && !prompted {
                    std::thread::sleep(EAGER_PAUSE.min(slot.saturating_duration_since(Instant::now())));
                }
            }
        }
        let status = self.leave.unwrap_or(0);
        self.input.stop();
        modes::leave();
        self.see_to_the_end(tell);
        let _deadline = deadline::start(i32::from(status));
        let head = self.acting.finish();
        self.keeping.finish();
        drop(self.logs);
        drop(self.engine);
        drop(self.watch);
        Ended { status, head }
    }

    /// The screen is gone; an action that runs goes on without one until it has ended and is recorded.
    fn see_to_the_end(&mut self, tell: fn(&Safe)) {
        let Some(running) = self.model.actions.running() else { return };
        tell(&Safe::of(format!(
            "{running} goes on without a screen until it has ended and is recorded; do not kill it"
        )));
        while self.model.actions.running().is_some() {
            let taken = self.inbox.wait(WITHOUT_SCREEN, false);
            self.obey_all(taken);
            self.take_telemetry();
            self.step(Event::TimePassed);
        }
        if let Some(past) = self.model.actions.past.back() {
            tell(&Safe::of(format!("{}: {}. {}", past.what, past.outcome, past.words)));
        }
    }

    /// The next frame slot, on the beat of the wall clock's seconds, so that the clock turns when it should.
    fn next_slot(&self) -> Instant {
        // What an action waits for is looked at each second, however rarely the screen is drawn.
        let pause =
            if self.model.actions.running().is_some() { self.pause.min(Duration::from_secs(1)) } else { self.pause };
        let pause = pause.as_micros().max(1);
        let into = clock::now().wall.timestamp_micros().unsigned_abs() as u128 % pause;
        Instant::now() + Duration::from_micros((pause - into) as u64)
    }

    fn draw(&mut self) {
        let geometry = self.screen.draw(&self.model);
        self.model.dirty = false;
        self.step(Event::FrameDrawn(geometry));
        self.untaken = true;
    }

    fn take_telemetry(&mut self) {
        for event in self.inbox.take_telemetry() {
            self.step(event);
            let prompt = self.inbox.take_prompt();
            if !prompt.is_empty() {
                self.obey_all(prompt);
            }
        }
    }

    fn obey_all(&mut self, events: VecDeque<Event>) {
        for event in events {
            self.step(event);
        }
    }

    fn step(&mut self, event: Event) {
        if let Event::AskedToLeave(signal) = &event {
            self.leave = Some(signals::exit_status(signal));
        }
        if matches!(event, Event::Continued)
            && !std::mem::take(&mut self.back_already)
            && !modes::enter_again(&self.tty)
        {
            return;
        }
        for effect in update(&mut self.model, event, clock::now()) {
            self.obey(effect);
        }
    }

    fn obey(&mut self, effect: Effect) {
        match effect {
            Effect::RefreshAll => self.watch.refresh_all(),
            Effect::WatchService(id, spec) => self.watch.service(id, &spec),
            Effect::WatchCache(id, spec) => self.watch.cache(id, &spec),
            Effect::Compute(job) => {
                if !self.compute.submit(job) {
                    tracing::warn!("the compute thread is behind; a job was dropped and will be asked again");
                }
            }
            Effect::ReloadLog(reload) => self.logs.reload(reload),
            Effect::SetPause(pause) => self.pause = pause,
            Effect::SetTheme(name) => {
                let screen = &self.model.screen;
                match Theme::load(&name, screen.colours, screen.ascii) {
                    Ok(theme) => self.screen.set_theme(theme),
                    Err(why) => tracing::error!("{why}"),
                }
            }
            Effect::SetMouse(on) => self.screen.set_mouse(on),
            Effect::Copy(lines) => self.copy(&lines),
            Effect::ReadDiagnostics => self.step(Event::DiagnosticsRead(diagnostics::lines())),
            acting @ (Effect::Preview(_)
            | Effect::CountTmuxClients
            | Effect::Hold { .. }
            | Effect::Record { .. }
            | Effect::RunAction { .. }
            | Effect::ReadObjects { .. }
            | Effect::CountKeys { .. }
            | Effect::ReadSilence { .. }
            | Effect::Second(_)
            | Effect::Interrupt { .. }
            | Effect::ReadNeedy { .. }
            | Effect::ReadHistory
            | Effect::LookAtGuards { .. }
            | Effect::KeepClock(_)
            | Effect::Release { .. }) => self.acting.obey(&self.watch, acting),
            Effect::AskEngine { id, question } => self.engine.ask(id, question),
            Effect::AskServer { id, question } => self.watch.ask_server(id, question),
            Effect::ReadRules => self.engine.read_rules(),
            Effect::ReadDocuments { id, programs } => self.documents.read(id, programs),
            Effect::WatchMetrics(at, spec) => {
                self.engine.found(&spec);
                self.watch.metrics(at, &spec, self.engine.pages());
            }
            Effect::KeepAlerts(kept) => self.keeping.keep(kept),
            Effect::Ring { bell, notify } => self.ring(bell, notify.as_ref()),
            Effect::RedrawAll => self.screen.forget(),
            Effect::Suspend => self.suspend(),
            Effect::Quit => self.leave = self.leave.or(Some(0)),
        }
    }

    /// The bell, and a notice of the terminal.
    fn ring(&mut self, bell: bool, notify: Option<&Safe>) {
        self.screen.ring(ringing::bytes(bell, notify));
    }

    /// OSC 52 with base64: the only bytes in it are ours.
    fn copy(&mut self, lines: &[Safe]) {
        let text = lines.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n");
        let bytes = format!("\x1b]52;c;{}\x07", super::base64::encode(text.as_bytes()));
        self.screen.send_ahead(bytes.into_bytes());
    }

    /// Ctrl-Z: the shell gets its terminal back; `fg` draws everything anew.
    fn suspend(&mut self) {
        if let Some(running) = self.model.actions.running() {
            // Stopped in the middle it would hold its locks, and its order would be sent whenever it goes on.
            tracing::warn!("{running} is running; the program is not stopped now");
            return;
        }
        // The group of the session's first process is no job: nobody could continue it.
        if getsid(None).is_ok_and(|session| session == getpgrp()) {
            tracing::warn!("there is no shell to go back to; the program goes on");
            return;
        }
        self.input.stop();
        modes::leave();
        let _ = kill_process(getpid(), Signal::STOP);
        // Here the process stands still until it is continued.
        if modes::enter(&self.tty).is_err() {
            self.leave = Some(EXIT_HANGUP);
            return;
        }
        match listen_to(&self.tty, &self.inbox) {
            Ok(input) => self.input = input,
            Err(_no_thread) => self.leave = Some(EXIT_HANGUP),
        }
        // The signal that continued us is on its way as an event, and draws everything anew.
        self.back_already = true;
    }
}

fn listen_to(tty: &File, inbox: &Arc<Inbox>) -> std::io::Result<InputThread> {
    let inbox = Arc::clone(inbox);
    InputThread::start(tty.try_clone()?, move |told| match told {
        FromTerminal::HungUp => inbox.tell(Event::AskedToLeave("SIGHUP")),
        FromTerminal::Inputs(inputs) => {
            for input in inputs {
                inbox.tell(match input {
                    Input::Key(key) => Event::KeyPressed(key),
                    Input::Mouse(mouse) => Event::Moused(mouse),
                    Input::Paste(bytes) => Event::Pasted(Safe::one_line(&bytes)),
                });
            }
        }
    })
}
