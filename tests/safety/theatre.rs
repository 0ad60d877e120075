//! The whole program before a simulated outside, with a person who opens cards, types, confirms, leaves them and leaves the
//! program. What must hold of every single event is held against each.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use quarterdeck::app::actions::dialog::Dialog;
use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::input::Key;
use quarterdeck::remediation::audit::AuditEvent;

use crate::cards::{CHORD, acts, any_key};
use crate::outside::{Outside, reading};
use crate::stage::{Face, Happening, Stage, configuration, face, without_a_person};
use crate::world::key;

pub type Held = Result<(), TestCaseError>;

/// Several steps with what undoes them, a gate, and a request.
const BOOK: &str = r#"
    [[runbook]]
    name = "book"
    target = "api"
    level = "L2"
    watch = "service api"
    cool_down = "0s"
    [[runbook.step]]
    command = ["drain"]
    [runbook.step.undo]
    command = ["fill"]
    [[runbook.step]]
    ask = true
    command = ["move"]
    [runbook.step.undo]
    command = ["move", "back"]
    [[runbook.step]]
    command = ["fill"]
"#;

/// What a person or the world does next.
#[derive(Clone, Debug)]
pub enum Move {
    Happens(Happening),
    /// An answer of the outside arrives.
    Arrives,
    /// A card: which, what is typed, how long it is looked at, and the key that ends it.
    Card {
        which: prop::sample::Index,
        typed: Typed,
        wait: f64,
        last: Key,
    },
    /// The view of the run is read, and this pressed.
    Answer(Key),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Typed {
    Right,
    Wrong,
    Nothing,
}

pub fn any_move() -> impl Strategy<Value = Move> {
    let typed = prop::sample::select(vec![Typed::Right, Typed::Right, Typed::Right, Typed::Wrong, Typed::Nothing]);
    let last = prop::sample::select(vec![CHORD, CHORD, CHORD, CHORD, key("Esc"), key("Enter"), Key::ctrl('r')]);
    let wait = prop_oneof![4 => 0.0f64..2.0, 1 => 50.0f64..70.0];
    let answer = prop_oneof![4 => Just(CHORD), 1 => prop::sample::select(vec![Key::ctrl('o'), Key::char('c')])];
    prop_oneof![
        8 => Just(Move::Arrives),
        3 => without_a_person().prop_map(Move::Happens),
        2 => any_key().prop_map(|key| Move::Happens(Happening::Key(key))),
        3 => (any::<prop::sample::Index>(), typed, wait, last)
            .prop_map(|(which, typed, wait, last)| Move::Card { which, typed, wait, last }),
        2 => answer.prop_map(Move::Answer),
    ]
}

pub struct Theatre {
    pub stage: Stage,
    pub outside: Outside,
}

impl Theatre {
    pub fn new(environment: &str, chance: Vec<u8>) -> Theatre {
        let stage = Stage::new(&configuration(environment, BOOK));
        Theatre { stage, outside: Outside::new(chance) }
    }

    /// What the program orders goes to the outside; what must hold of each event is looked at.
    pub fn tell(&mut self, event: Event) -> Held {
        let before = Before::of(&self.stage);
        let chord = matches!(event, Event::KeyPressed(CHORD)) && before.listens;
        let words = format!("{event:?}");
        let effects = self.stage.tell(event);
        before.judge(&self.stage, &effects, chord, &words)?;
        for effect in effects {
            self.outside.obey(&self.stage.world, effect);
        }
        Ok(())
    }

    pub fn press(&mut self, key: Key) -> Held {
        self.tell(Event::KeyPressed(key))
    }

    pub fn wait(&mut self, seconds: f64) -> Held {
        self.stage.world.now += seconds;
        self.tell(Event::TimePassed)
    }

    /// A frame is drawn, taken and read.
    fn look(&mut self) -> Held {
        self.stage.take();
        self.stage.draw();
        self.stage.take();
        self.wait(0.5)
    }

    /// An answer arrives, if one is on its way. A failure of the audit is on the screen then.
    pub fn arrives(&mut self) -> Held {
        let Some(event) = self.outside.next() else { return Ok(()) };
        let broke =
            matches!(event, Event::AuditStands(Err(_))) && self.stage.world.model.actions.audit_failure.is_none();
        self.tell(event)?;
        if broke {
            let message = self.stage.world.message();
            prop_assert!(
                message.contains("the audit cannot be written: fsync"),
                "it broke, and nobody is told: {message}"
            );
        }
        Ok(())
    }

    pub fn goes(&mut self, next: &Move) -> Held {
        self.stage.world.now += 0.003;
        match next {
            Move::Arrives => self.arrives(),
            Move::Happens(happening) => self.happens(happening),
            Move::Card { which, typed, wait, last } => self.card(*which, *typed, *wait, *last),
            Move::Answer(last) => {
                self.press(key("Esc"))?;
                self.press(Key::char('w'))?;
                self.look()?;
                self.press(*last)
            }
        }
    }

    fn happens(&mut self, happening: &Happening) -> Held {
        if let Some(event) = reading(happening, self.stage.world.moment()) {
            return self.tell(event);
        }
        match happening {
            Happening::Key(key) => self.press(*key),
            Happening::Wait(seconds) => self.wait(*seconds),
            // The outside answers for itself.
            Happening::Previewed { .. } | Happening::Run { .. } | Happening::Audit(_) => self.arrives(),
            Happening::Draw => {
                self.stage.draw();
                Ok(())
            }
            Happening::Take => {
                self.stage.take();
                Ok(())
            }
            Happening::Recovered => self.tell(Event::RunsRecovered(vec!["restart of api".into()])),
            Happening::Resize(columns, rows) => {
                self.stage.resize((*columns, *rows));
                Ok(())
            }
            other => {
                self.stage.happen(other);
                Ok(())
            }
        }
    }

    fn card(&mut self, which: prop::sample::Index, typed: Typed, wait: f64, last: Key) -> Held {
        self.press(key("Esc"))?;
        self.press(key("a"))?;
        let all = self.stage.actions().len();
        for _ in 0..which.index(all.max(1)) {
            self.press(key("Down"))?;
        }
        self.press(key("Enter"))?;
        for _ in 0..8 {
            self.arrives()?;
        }
        self.look()?;
        let phrase = self.stage.card().and_then(Dialog::phrase).unwrap_or_default();
        let text = match typed {
            Typed::Right => phrase,
            Typed::Wrong => format!("{phrase}x"),
            Typed::Nothing => String::new(),
        };
        for letter in text.chars() {
            self.press(Key::char(letter))?;
        }
        if self.stage.card().is_some_and(|card| card.places().len() == 3) {
            self.press(key("Tab"))?;
            for letter in "INC".chars() {
                self.press(Key::char(letter))?;
            }
        }
        self.wait(wait)?;
        self.press(last)
    }
}

/// How things stood before an event.
struct Before {
    cards: Vec<Face>,
    listens: bool,
    failing: bool,
    running: bool,
}

impl Before {
    fn of(stage: &Stage) -> Before {
        let now = stage.world.now;
        let top = stage.card().map(face);
        // What is added up in seconds may fall short by its last digit.
        let seen = stage.shown.is_some_and(|(shown, since)| Some(shown) == top && now - since >= 0.4 - 1e-9);
        let actions = &stage.world.model.actions;
        Before {
            cards: cards(stage),
            listens: top.is_some() && seen,
            failing: actions.audit_failure.is_some(),
            running: actions.running().is_some(),
        }
    }

    fn judge(&self, stage: &Stage, effects: &[Effect], chord: bool, words: &str) -> Held {
        let begins = effects.iter().any(|effect| matches!(effect, Effect::Hold { .. }));
        let asks = effects.iter().any(|effect| matches!(effect, Effect::Second(_)));
        let noted = |wanted: &[AuditEvent]| {
            let is_it = |effect: &&Effect| matches!(effect, Effect::Record { run: None, entry, .. } if wanted.contains(&entry.event()));
            effects.iter().filter(is_it).count()
        };
        // Invariant 6.
        prop_assert!(!begins || !self.failing, "it begins, and the audit cannot be written: {words}");
        // Invariant 23, within the program.
        prop_assert!(!begins || !self.running, "two at once: {words}");
        // Invariant 8: whoever wanted it and did not get it, and whoever left, stands in the audit.
        if chord && !begins && !asks {
            let turned_away = [AuditEvent::Refused, AuditEvent::ConfirmationFailed, AuditEvent::ConfirmationExpired];
            prop_assert!(noted(&turned_away) == 1, "turned away, and not recorded: {effects:?}");
        }
        let now = cards(stage);
        let leaves = effects.iter().any(|effect| matches!(effect, Effect::Quit));
        let gone = self.cards.iter().filter(|card| leaves || !now.contains(card)).count();
        if gone > 0 && !begins && !asks {
            prop_assert!(noted(&[AuditEvent::Cancelled]) == gone, "{gone} cards were left by {words}: {effects:?}");
        }
        prop_assert!(!acts(effects) || !leaves);
        Ok(())
    }
}

fn cards(stage: &Stage) -> Vec<Face> {
    let card = |overlay: &Overlay| match overlay {
        Overlay::Card(dialog) => Some(face(dialog)),
        _ => None,
    };
    stage.world.model.view.overlays.iter().filter_map(card).collect()
}
