//! Where everything that happens meets the loop. Lanes have bounds: keys and outcomes are never dropped (their makers
//! are few and slow), of readings the newest per source wins and the displaced one is counted, logs give back-pressure.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::app::Event;
use crate::app::event::LogEvent;
use crate::domain::Arrival;
use crate::domain::source::SourceId;
use crate::engine::Output;

use super::told::Told;

/// Log events that wait at most; then the log thread holds its files back.
const LOG_EVENTS: usize = 32;
/// The loop is woken for logs when this many wait, so that a flood does not stand still until the next frame slot.
const LOG_WAKE: usize = 8;

impl Lanes {
    fn holds_telemetry(&self) -> bool {
        !self.readings.is_empty() || !self.logs.is_empty() || !self.engine.is_empty()
    }
}

/// The meeting point.
#[derive(Default)]
pub struct Inbox {
    lanes: Mutex<Lanes>,
    wake: Condvar,
}

#[derive(Default)]
struct Lanes {
    prompt: VecDeque<Event>,
    readings: BTreeMap<SourceId, Box<Arrival>>,
    displaced: Vec<SourceId>,
    logs: VecDeque<LogEvent>,
    engine: Told,
    urgent: bool,
    eager: bool,
}

impl Inbox {
    /// A key, an outcome, a signal: wakes the loop at once.
    pub fn tell(&self, event: Event) {
        let mut lanes = self.lanes();
        lanes.prompt.push_back(event);
        lanes.urgent = true;
        self.wake.notify_one();
    }

    /// Wakes the loop without an event: the terminal took a frame.
    pub fn nudge(&self) {
        self.lanes().urgent = true;
        self.wake.notify_one();
    }

    /// A reading: the newest of a source wins.
    pub fn post(&self, arrival: Arrival) {
        let mut lanes = self.lanes();
        let source = arrival.source;
        if lanes.readings.insert(source, Box::new(arrival)).is_some() {
            lanes.displaced.push(source);
        }
        if lanes.eager {
            self.wake.notify_one();
        }
    }

    /// What the engine told: answers wake the loop at once, of everything else the newest wins.
    pub fn tell_engine(&self, outputs: Vec<Output>) {
        let (answers, rest): (Vec<Output>, Vec<Output>) =
            outputs.into_iter().partition(|output| matches!(output, Output::Answered { .. }));
        let mut lanes = self.lanes();
        for output in rest {
            lanes.engine.take(output);
        }
        if !answers.is_empty() {
            lanes.prompt.push_back(Event::EngineTold(answers));
            lanes.urgent = true;
        }
        if lanes.urgent || lanes.eager {
            self.wake.notify_one();
        }
    }

    /// A log event; `false` when there is no room for it.
    #[must_use]
    pub fn offer_log(&self, event: LogEvent) -> bool {
        let mut lanes = self.lanes();
        if lanes.logs.len() >= LOG_EVENTS {
            return false;
        }
        lanes.logs.push_back(event);
        if lanes.eager || lanes.logs.len() == LOG_WAKE {
            lanes.urgent |= lanes.logs.len() == LOG_WAKE;
            self.wake.notify_one();
        }
        true
    }

    /// Waits until something urgent came, or `patience` is over. With `eager`, telemetry counts as urgent: so it is
    /// just after the start, when the first figures are awaited.
    pub fn wait(&self, patience: Duration, eager: bool) -> VecDeque<Event> {
        let mut lanes = self.lanes();
        lanes.eager = eager;
        let quiet = |l: &mut Lanes| !(l.urgent || eager && l.holds_telemetry());
        let (mut lanes, _timed_out) =
            self.wake.wait_timeout_while(lanes, patience, quiet).unwrap_or_else(PoisonError::into_inner);
        lanes.urgent = false;
        std::mem::take(&mut lanes.prompt)
    }

    /// Waits for anything at all and takes it: for a loop that has no frames to keep to.
    pub fn take_all(&self, patience: Duration) -> VecDeque<Event> {
        let mut events = self.wait(patience, true);
        events.extend(self.take_telemetry());
        events
    }

    /// Whether so much of the logs waits that it should not wait for the next frame slot.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.lanes().logs.len() >= LOG_WAKE
    }

    /// Keys that came meanwhile: looked at between telemetry events.
    pub fn take_prompt(&self) -> VecDeque<Event> {
        std::mem::take(&mut self.lanes().prompt)
    }

    /// All telemetry that waits.
    pub fn take_telemetry(&self) -> Vec<Event> {
        let mut lanes = self.lanes();
        let mut events: Vec<Event> = lanes.displaced.drain(..).map(Event::ReadingDisplaced).collect();
        events.extend(std::mem::take(&mut lanes.readings).into_values().map(Event::ReadingArrived));
        events.extend(lanes.logs.drain(..).map(Event::LogHappened));
        let told = lanes.engine.drain();
        if !told.is_empty() {
            events.push(Event::EngineTold(told));
        }
        events
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        // A thread that panicked while it held the lock left whole events behind: they are good.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
