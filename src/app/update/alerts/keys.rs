//! What a person does on the page of alerts and on what lies over it: looks, says that they saw it, silences, copies.

use crate::alerts::silence::Wish;
use crate::app::actions::record;
use crate::app::alerts::acknowledging::{Acknowledged, Seen};
use crate::app::alerts::muting::{self, Field, Muting};
use crate::app::alerts::{detail, links, listing, words};
use crate::app::pane::PaneId;
use crate::app::panes;
use crate::app::table::{RowKey, Tone};
use crate::app::timeline::records;
use crate::app::update::{actions, commands, lay, mouse, say};
use crate::app::view::Overlay;
use crate::app::{Effect, Model};
use crate::domain::Safe;
use crate::input::{Code, Command, Key, keymap};
use crate::remediation::audit::{AuditEvent, Entry};

/// The alert that is open, or meant on its page.
fn meant(model: &Model) -> Option<RowKey> {
    match model.view.overlays.last() {
        Some(Overlay::Alert { key, .. }) => Some(RowKey::Alert(*key)),
        _ if model.view.focused() == PaneId::Alerts => panes::meant_alert(model),
        _ => None,
    }
}

/// Enter: the detail of an alert, the rules that are ok, or a silence.
pub fn open(model: &mut Model) -> Vec<Effect> {
    match panes::meant_alert(model) {
        Some(RowKey::Alert(key)) => {
            lay(model, Overlay::Alert { key, scroll: 0 });
            return crate::app::alerts::course::ask(model, key).into_iter().collect();
        }
        Some(key) if panes::is_ok_row(&key) => model.alerts.shows_ok = true,
        Some(key) if panes::silence_there(&key).is_some() => {
            say(model, "a silence of the Alertmanager; a offers to end it", Tone::Dim);
        }
        Some(key) => match panes::silence_of(&key) {
            Some(id) => lay(model, Overlay::Silence(Box::new(Muting::Known(id)))),
            None => say(model, "nothing is selected here", Tone::Dim),
        },
        None => say(model, "nothing is selected here", Tone::Dim),
    }
    Vec::new()
}

/// A key while an alert is looked at: it scrolls, is copied, is closed; or something is done about it.
pub fn detail_key(model: &mut Model, key: Key) -> Vec<Effect> {
    let page = usize::from(model.geometry.overlay_rows).max(1);
    let last = model.geometry.overlay_lines.saturating_sub(page);
    let Some(Overlay::Alert { scroll, key: fingerprint }) = model.view.overlays.last_mut() else { return Vec::new() };
    let fingerprint = *fingerprint;
    *scroll = (*scroll).min(last);
    match keymap::command_for(key) {
        Some(Command::Up) => *scroll = scroll.saturating_sub(1),
        Some(Command::Down) => *scroll = (*scroll + 1).min(last),
        Some(Command::PageUp) => *scroll = scroll.saturating_sub(page),
        Some(Command::PageDown | Command::Freeze) => *scroll = (*scroll + page).min(last),
        Some(Command::HalfPageUp) => *scroll = scroll.saturating_sub(page / 2),
        Some(Command::HalfPageDown) => *scroll = (*scroll + page / 2).min(last),
        Some(Command::Top) => *scroll = 0,
        Some(Command::Bottom) => *scroll = last,
        Some(Command::Close | Command::Back | Command::Open) => {
            model.view.overlays.pop();
        }
        Some(Command::Copy) => return copy(model, fingerprint),
        Some(Command::Actions) => return actions::open_menu(model),
        Some(Command::Acknowledge) => return acknowledge(model),
        Some(Command::Silence) => return silence(model),
        Some(Command::Mouse) => return mouse::toggle(model),
        Some(Command::Redraw) => return vec![Effect::RedrawAll],
        Some(Command::Suspend) => return vec![Effect::Suspend],
        _ => {}
    }
    Vec::new()
}

/// `y`: the address of what to do, or all that is said of it.
pub fn copy(model: &mut Model, key: u64) -> Vec<Effect> {
    let (telemetry, now) = model.shown();
    let Some(entry) = listing::find(telemetry, key, now) else {
        say(model, "it is no more", Tone::Dim);
        return Vec::new();
    };
    let (lines, what) = if let Some(address) = links::address(&entry) {
        (vec![Safe::of(address)], "its runbook_url".to_owned())
    } else {
        let text: String = detail::document(model, &entry).plain().chars().take(commands::COPY_LIMIT).collect();
        (text.lines().map(Safe::of).collect(), format!("{} characters", text.chars().count()))
    };
    if !model.screen.clipboard {
        say(model, "copying is off over SSH; turn it on with clipboard = true under [screen]", Tone::Dim);
        return Vec::new();
    }
    say(model, format!("copied {what}"), Tone::Dim);
    vec![Effect::Copy(lines)]
}

/// `A`: says that somebody saw an alert. It changes nothing but that.
pub fn acknowledge(model: &mut Model) -> Vec<Effect> {
    if refuse_frozen(model) {
        return Vec::new();
    }
    let Some(RowKey::Alert(key)) = meant(model) else {
        say(model, "choose an alert on its page (6) first", Tone::Dim);
        return Vec::new();
    };
    let now = model.now;
    let found = listing::find(&model.live, key, model.now).map(|entry| {
        let seen = model.alerts.seen(&entry, now);
        (entry.is_active(), seen, words::name(&entry), words::line(&entry, now))
    });
    let Some((active, seen, name, line)) = found else {
        say(model, "it is no more", Tone::Dim);
        return Vec::new();
    };
    match seen {
        Seen::By { who, .. } => say(model, format!("{who} saw it already"), Tone::Dim),
        Seen::Silenced { .. } => say(model, "it is silenced: nobody is called for it", Tone::Dim),
        Seen::Inhibited => {
            say(model, "another alert keeps it back at its Alertmanager: nobody is called for it", Tone::Dim);
        }
        _ if !active => say(model, "only what fires or is pending wants to be seen", Tone::Dim),
        _ => {
            let by = operator(model);
            let at = model.alerts.line.at(now);
            let known = Acknowledged { by: by.to_string(), at, alert: name.to_string() };
            model.alerts.acknowledged.insert(key, known);
            model.alerts.watched.insert(key);
            say(model, format!("seen by {by}: {name}"), Tone::Accent);
            let entry =
                Entry::new(AuditEvent::Acknowledged, record::run_id(0, now)).with("text", &line).with("alert", &name);
            return recorded(model, entry);
        }
    }
    Vec::new()
}

/// `Z`: the form of a silence, for the alert that is meant; or one that holds.
pub fn silence(model: &mut Model) -> Vec<Effect> {
    if refuse_frozen(model) {
        return Vec::new();
    }
    let muting = match meant(model) {
        Some(RowKey::Alert(key)) => Muting::of(listing::find(&model.live, key, model.now).as_ref()),
        Some(key) => panes::silence_of(&key).map_or_else(|| Muting::of(None), Muting::Known),
        None => Muting::of(None),
    };
    lay(model, Overlay::Silence(Box::new(muting)));
    Vec::new()
}

fn refuse_frozen(model: &mut Model) -> bool {
    let frozen = model.frozen.is_some();
    if frozen {
        say(model, model.frozen_words(), Tone::Warn);
    }
    frozen
}

/// A key in the form of a silence. Only the chord does anything.
pub fn silence_key(model: &mut Model, key: Key) -> Vec<Effect> {
    let chord = key == Key::ctrl('t');
    let Some(Overlay::Silence(muting)) = model.view.overlays.last_mut() else { return Vec::new() };
    let Muting::New { wish, focus, refused } = &mut **muting else {
        return known_key(model, key, chord);
    };
    match key.code {
        _ if chord => return mute(model),
        Code::Esc => {
            model.view.overlays.pop();
        }
        Code::Tab | Code::Enter | Code::Down => *focus = focus.travel(1),
        Code::BackTab | Code::Up => *focus = focus.travel(-1),
        Code::Backspace => {
            field(wish, *focus).pop();
            *refused = None;
        }
        Code::Char('u') if key.ctrl => field(wish, *focus).clear(),
        _ => {
            if let Some(letter) = key.typed() {
                type_in(wish, *focus, letter);
                *refused = None;
            }
        }
    }
    Vec::new()
}

/// Text was pasted into the form.
pub fn pasted(muting: &mut Muting, text: &Safe) {
    if let Muting::New { wish, focus, .. } = muting {
        text.as_str().chars().for_each(|letter| type_in(wish, *focus, letter));
    }
}

fn type_in(wish: &mut Wish, focus: Field, letter: char) {
    let field = field(wish, focus);
    if field.chars().count() < muting::LONGEST {
        field.push(letter);
    }
}

fn field(wish: &mut Wish, focus: Field) -> &mut String {
    match focus {
        Field::Matchers => &mut wish.matchers,
        Field::Lasts => &mut wish.lasts,
        Field::Comment => &mut wish.comment,
    }
}

/// The chord: it is silenced, after having been shown what that keeps back.
fn mute(model: &mut Model) -> Vec<Effect> {
    let (now, longest) = (model.now, model.alerts.spec.longest_silence);
    let here = model.alerts.line.at(now);
    let by = operator(model);
    let Some(Overlay::Silence(muting)) = model.view.overlays.last_mut() else { return Vec::new() };
    let Muting::New { wish, refused, .. } = &mut **muting else { return Vec::new() };
    let judged = wish.judged(longest).and_then(|asked| {
        let words = format!("{} for {}", wish.matchers.trim(), crate::domain::figure::span(asked.lasts));
        let comment = asked.comment.clone();
        model.alerts.silences.add(asked, by.clone(), here).map(|_| (Safe::of(words), comment))
    });
    match judged {
        Err(why) => {
            *refused = Some(Safe::of(why));
            Vec::new()
        }
        Ok((words, comment)) => {
            model.view.overlays.pop();
            say(model, format!("silenced: {words}"), Tone::Accent);
            let entry = Entry::new(AuditEvent::Silenced, record::run_id(0, now))
                .with("text", Safe::of(format!("{words}: {comment}")))
                .with("matchers", &words)
                .with("comment", &comment);
            recorded(model, entry)
        }
    }
}

/// A key on a silence that holds.
fn known_key(model: &mut Model, key: Key, chord: bool) -> Vec<Effect> {
    let Some(Overlay::Silence(muting)) = model.view.overlays.last() else { return Vec::new() };
    let Muting::Known(id) = **muting else { return Vec::new() };
    if !chord {
        if matches!(key.code, Code::Esc | Code::Enter | Code::Char('q')) {
            model.view.overlays.pop();
        }
        return Vec::new();
    }
    model.view.overlays.pop();
    let Some(ended) = model.alerts.silences.end(id) else {
        say(model, "it is over already", Tone::Dim);
        return Vec::new();
    };
    let words = muting::line(&ended);
    say(model, format!("heard again: {words}"), Tone::Accent);
    let entry = Entry::new(AuditEvent::SilenceEnded, record::run_id(0, model.now)).with("text", &words);
    recorded(model, entry)
}

/// Who operates, as far as the system told.
fn operator(model: &Model) -> Safe {
    let known = &model.alerts.operator;
    if known.as_str().is_empty() { Safe::of("this session") } else { known.clone() }
}

/// On the timeline, in the audit where there is one, and kept over a restart.
fn recorded(model: &mut Model, entry: Entry) -> Vec<Effect> {
    let mut effects: Vec<Effect> = super::keep(model).into_iter().collect();
    if model.actions.spec.allow {
        // What is recorded goes on the timeline by itself.
        effects.push(Effect::Record { run: None, number: 0, entry: Box::new(entry) });
    } else {
        let by = operator(model);
        let now = model.now;
        model.timeline.push(now, records::of_entry(&entry).by(by));
    }
    effects
}
