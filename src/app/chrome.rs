//! What stands around the panes: header, strip, hints, messages. From the model; drawn by `ui`.

use crate::app::Model;
use crate::app::actions::{self, approvals};
use crate::app::alerts::concerns;
use crate::app::alerts::counts::{self, Counts};
use crate::app::alerts::marks;
use crate::app::concerns as watched;
use crate::app::document::{Line, Span};
use crate::app::help::scope;
use crate::app::pane::PaneId;
use crate::app::panes::signal_verdict;
use crate::app::screen::Chrome;
use crate::app::table::Tone;
use crate::app::view::{Page, View};
use crate::domain::{Safe, Verdict, figure};
use crate::input::Command;
use crate::input::command::Scope;
use crate::remediation::tripwire::WATCHES;

/// Everything outside the panes.
#[must_use]
pub fn chrome(model: &Model) -> Chrome {
    let now = model.now;
    let view = &model.view;
    let counts = Counts::now(model);
    let [strip, strip_shorter @ ..] = strips(model, &counts);
    let mut meters = vec![Safe::of(format!("every {}", figure::age(model.screen.every)))];
    if model.screen.every.as_millis() < 1000 {
        meters = vec![Safe::of(format!("every {}", figure::duration(model.screen.every)))];
    }
    if let Some(wire) = model.actions.tripwires.watching().next() {
        // Where what is wrong leaves no room for the whole sentence at the foot.
        let left = figure::age(WATCHES.saturating_sub(wire.watched(now)));
        meters.insert(0, Safe::of(format!("after-watch {left}")));
    }
    meters.push(Safe::of(format!("{} probes/min", figure::count(model.probes_per_minute().round()))));
    if model.meters.displaced > 0 {
        let plural = if model.meters.displaced == 1 { "" } else { "s" };
        meters.push(Safe::of(format!("{} reading{plural} skipped", figure::count(model.meters.displaced as f64))));
    }
    if let Some(rate) = model.meters.bytes_per_second {
        meters.push(Safe::of(format!("{}/s", figure::bytes(rate as u64))));
    }
    Chrome {
        name: model.name.clone(),
        environment: model.environment(),
        mode: mode(model),
        strip,
        strip_shorter,
        clock: clock(model),
        meters,
        frozen: model.frozen.as_ref().map(|f| Safe::of(figure::age(now.since(f.at)))),
        page: view.page,
        focused: view.focused(),
        zoomed: view.zoomed,
        scroll_right: view.scroll_right,
        hints: hints(view),
        message: message(model),
        alerts: alerts(model, &counts),
        prompt: view.prompt.as_ref().map(|(prompt, text)| (prompt.sign(), Safe::of(text), prompt.keys())),
    }
}

/// Whether anything can be done from here, and what has the mouse; of an action that was begun, that it is not over.
fn mode(model: &Model) -> Span {
    let current = model.actions.current.as_ref().map(|current| &current.execution);
    let (mode, tone) = match current.filter(|execution| !actions::is_over(execution)) {
        Some(execution) if execution.question().is_some() => ("ASKS YOU".to_owned(), Tone::Warn),
        Some(execution) => (format!("RUNNING {}", figure::age(execution.lasted(model.now))), Tone::Accent),
        None if model.actions.is_armed() => ("ARMED".to_owned(), Tone::Dim),
        None => ("read-only".to_owned(), Tone::Dim),
    };
    Span { text: Safe::of(if model.view.mouse { format!("{mode}  mouse on") } else { mode }), tone }
}

fn clock(model: &Model) -> Safe {
    let wall = model.now.wall;
    Safe::of(if model.view.local_time {
        wall.with_timezone(&model.local_offset).format("%H:%M:%S%:z").to_string()
    } else {
        wall.format("%H:%M:%SZ").to_string()
    })
}

/// The verdict over everything, as `check` gives it; alerts, whatever the width; then what is watched, counted by verdict.
/// A service on which an alert fires is not counted as ok.
fn strips(model: &Model, alerts: &Counts) -> [Line; 4] {
    let now = model.now;
    let live = &model.live;
    let marks = marks::of_services(live);
    let mut alerting = marks::Counted::default();
    let services = live.services.iter().enumerate().map(|(at, service)| {
        let verdict = service.shown_verdict(now);
        (verdict, marks.get(at).and_then(Option::as_ref).filter(|_| verdict == Verdict::Ok))
    });
    let others = (live.databases.iter().map(|d| d.verdict(now)))
        .chain(live.caches.iter().map(|c| c.verdict(now)))
        .chain(live.signals.iter().filter_map(|s| signal_verdict(s, now)))
        .chain(watched::blind(live, now).map(|_| Verdict::Unknown));
    for (verdict, mark) in services.chain(others.map(|verdict| (verdict, None))) {
        alerting.count(verdict, mark);
    }
    let told = counts::strip(alerts);
    let counted = alerting.worst_first();
    let whole = alerting.worst().max(alerts.verdict);
    let span = |text: String, tone| Span { text: Safe::of(text), tone };
    let badge = whole.map(|whole| span(format!("{:<4} ", whole.badge()), whole.into()));
    let gap = if told.is_empty() { "" } else { "  " };
    let worded = |(at, (words, tone)): (usize, &(String, Tone))| {
        span(format!("{}{words}", if at > 0 { " " } else { "" }), *tone)
    };
    let all: Line = counted.iter().enumerate().map(worded).collect();
    if told.is_empty() && all.is_empty() {
        return [(); 4].map(|()| badge.iter().cloned().chain([without_verdict(model)]).collect());
    }
    // Alerts say themselves that something fires; what is ok can be looked up.
    let is_ill = |(words, _): &&(String, Tone)| !words.ends_with("alerting") && !words.ends_with("ok");
    let ill: Line = counted.iter().filter(is_ill).enumerate().map(worded).collect();
    let ill = if told.is_empty() { &all } else { &ill };
    let shown = |badge: Option<&Span>, noun: &str, counts: &[Span]| -> Line {
        let noun = (!counts.is_empty()).then(|| span(format!("{gap}{noun}"), Tone::Dim));
        badge.into_iter().chain(&told).chain(&noun).chain(counts).cloned().collect()
    };
    let badge = badge.as_ref();
    [shown(badge, "targets ", &all), shown(badge, "", &all), shown(badge, "", ill), shown(None, "", ill)]
}

/// What is watched where nothing of it has a verdict: a target that does not answer has one, and stands in the counts.
fn without_verdict(model: &Model) -> Span {
    let metrics = &model.live.metrics;
    let (targets, logs) = (metrics.targets.len(), model.live.logs.names.len());
    let s = |count: usize| if count == 1 { "" } else { "s" };
    let text = match () {
        () if targets > 0 => format!("metrics of {targets} target{}", s(targets)),
        () if !metrics.rules.is_empty() => "rules alone are watched".to_owned(),
        () if logs > 0 => format!("{logs} log{}", s(logs)),
        () if model.discovering > 0 => "looking around".to_owned(),
        () => return Span { text: Safe::of("nothing is watched"), tone: Tone::Unknown },
    };
    Span { text: Safe::of(text), tone: Tone::Dim }
}

/// None under an overlay: the keys are its own, and it says them.
fn hints(view: &View) -> Vec<(Safe, &'static str)> {
    if !view.overlays.is_empty() {
        return Vec::new();
    }
    let pane = view.focused();
    let is_table = scope(pane) == Scope::Table || pane == PaneId::Cache;
    let mut wanted: Vec<(Command, &'static str)> = vec![(Command::Help, "help"), (Command::Actions, "act")];
    wanted.extend((is_table || pane == PaneId::Logs).then_some((Command::Find, "find")));
    wanted.push((Command::Palette, "cmd"));
    if view.mouse {
        // It takes something from the person: this hint is never far to the right.
        wanted.insert(1, (Command::Mouse, "mouse off"));
    }
    if view.focused() == PaneId::Logs {
        wanted.extend([
            (Command::Filter, "filter"),
            (Command::NextError, "next error"),
            (Command::LevelUp, "level"),
            (Command::Follow, "follow"),
        ]);
    } else if view.focused() == PaneId::Alerts {
        wanted.extend([
            (Command::Open, "open"),
            (Command::Acknowledge, "seen"),
            (Command::Silence, "silence"),
            (Command::Sort, "sort"),
        ]);
    } else if view.focused() == PaneId::Findings {
        wanted.extend([(Command::Open, "why"), (Command::Copy, "copy mended"), (Command::Refresh, "look again")]);
    } else if is_table {
        wanted.extend([(Command::Open, "open"), (Command::Sort, "sort")]);
    }
    let back = if view.page == Page::Overview && !view.zoomed { "quit" } else { "back" };
    wanted.extend([
        (Command::NextPane, "next"),
        (Command::Zoom, "zoom"),
        (Command::Freeze, "freeze"),
        (Command::Back, back),
    ]);
    wanted
        .into_iter()
        .filter_map(|(command, word)| {
            command.info().and_then(|i| i.keys.first()).map(|k| (Safe::of(k.to_string()), word))
        })
        .collect()
}

fn message(model: &Model) -> Line {
    match &model.view.message {
        Some(message) => vec![Span { text: message.text.clone(), tone: message.tone }],
        None => approvals::notice(model),
    }
}

/// What got worse after an action, all that is wrong, worst first, and that an action is still being watched.
fn alerts(model: &Model, counts: &Counts) -> Vec<Span> {
    let mut found = concerns::concerns(model, counts);
    found.extend(watched::concerns(&model.live, &model.changes, model.now));
    // The team's own alerts first among what is equally bad.
    found.sort_by_key(|concern| std::cmp::Reverse(concern.verdict));
    let found = found.into_iter().map(|concern| Span { text: concern.words, tone: concern.verdict.into() });
    let watched = model.actions.tripwires.watching().map(|wire| wire.words(model.now));
    let (worse, watching): (Vec<_>, Vec<_>) = watched.partition(|(_, tone)| *tone == Tone::Bad);
    let span = |(text, tone)| Span { text, tone };
    worse.into_iter().map(span).chain(found).chain(watching.into_iter().map(span)).collect()
}
