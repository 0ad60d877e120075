//! Levels and preconditions, whatever is written and whatever is read: what nobody classified destroys, and what is not
//! known is never true.

use proptest::prelude::*;
use quarterdeck::app::Event;
use quarterdeck::config::{Inputs, SourceFile, resolve};
use quarterdeck::remediation::action::Action;
use quarterdeck::remediation::guard;
use quarterdeck::remediation::level::Level;

use crate::cards::{CHORD, acts};
use crate::stage::{Happening, Stage, configuration};
use crate::world::readings::answer;
use crate::world::resolved;

/// The action of a configuration, or `None` where it is refused.
fn action(lines: &str) -> Option<Action> {
    let text = format!("[[action]]\nname = \"act\"\n{lines}\n");
    let file = SourceFile { path: "world.toml".into(), text };
    let resolution = resolve(&Inputs { file: Some(file), ..Inputs::default() }).ok()?;
    resolution.resolved.actions.own.first().cloned()
}

const KINDS: [(&str, Level); 4] = [
    ("url = \"https://api.example.com/x\"", Level::L3),
    ("unit = \"api.service\"", Level::L2),
    ("compose = \"api\"", Level::L2),
    ("restart_command = [\"ctl\", \"restart\"]\nstatus_command = [\"ctl\", \"status\"]", Level::L2),
];

#[test]
fn what_nobody_classified_wants_a_window_and_its_count() {
    for (kind, least) in KINDS {
        assert_eq!(action(kind).expect(kind).level, least, "{kind}");
        for level in ["L1", "L2", "L3"] {
            let declared = action(&format!("{kind}\nlevel = \"{level}\"")).expect(kind).level;
            let mildest = if least == Level::L3 { Level::L1 } else { least };
            assert_eq!(declared, Level::parse(level).max(mildest), "{kind} {level}");
        }
    }
    let mut shut = Stage::new(&configuration("staging", "").replace("daily 11:00-23:00", "daily 03:00-04:00"));
    assert!(!shut.open_card("purge") && shut.world.message().contains("window"), "{}", shut.world.message());
    let mut open = Stage::new(&configuration("staging", ""));
    assert!(open.open_card("purge"));
    assert_eq!(open.card().and_then(guard_phrase).as_deref(), Some("api 0"));
}

fn guard_phrase(dialog: &quarterdeck::app::actions::dialog::Dialog) -> Option<String> {
    guard::phrase(&dialog.card)
}

proptest! {
    /// Invariant 18: a class that nobody knows is the highest, in the code and in a configuration.
    #[test]
    fn an_unknown_class_destroys(word in "[lL]?[ ]?[0-9]{0,2}|[a-zA-Z]{0,8}|\\PC{0,6}", kind in 0usize..4) {
        let known = Level::ALL.into_iter().find(|level| level.word() == word);
        prop_assert_eq!(Level::parse(&word), known.unwrap_or(Level::L3));
        let (kind, least) = KINDS[kind];
        let quoted = serde_json::to_string(&word).unwrap();
        match action(&format!("{kind}\nlevel = {quoted}")) {
            Some(action) => {
                prop_assert!(["L1", "L2", "L3"].contains(&word.as_str()), "{word:?} was taken");
                prop_assert!(action.level >= known.unwrap_or(Level::L3));
                prop_assert!(least == Level::L3 || action.level >= least);
            }
            None => prop_assert!(!["L1", "L2", "L3"].contains(&word.as_str())),
        }
    }
}

/// A reading of connections, or that there is none.
fn reading() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0u32..98, 0u8..4).prop_map(|(used, fails)| Happening::Database { used, active: 1, fails }),
        3 => (0.0f64..9.0).prop_map(Happening::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Invariants 19, 20: a precondition that was never read, failed to be read, is too old or does not hold keeps an action
    /// from beginning; only one that is known to hold lets it.
    #[test]
    fn what_is_not_known_lets_nothing_begin(
        before in prop::collection::vec(reading(), 0..8),
        after in prop::collection::vec(reading(), 0..8),
        late in prop::option::weighted(0.3, 0.0f64..50.0),
    ) {
        let mut stage = Stage::unread(&resolved(&configuration("staging", "")));
        // The service that is asked is well all the time.
        let well = |stage: &mut Stage| stage.world.service("api", answer(200, "{}", 1.0));
        // The newest reading: when, and the share of the 97 usable connections, where it is known.
        let mut newest: Option<(f64, Option<f64>)> = None;
        let mut read = |stage: &mut Stage, happening: &Happening| {
            stage.happen(happening);
            if let Happening::Database { used, fails, .. } = happening {
                let known = !matches!(fails, 1 | 2);
                newest = Some((stage.world.now, known.then_some(f64::from(*used) / 97.0)));
            }
        };
        for happening in &before {
            read(&mut stage, happening);
        }
        well(&mut stage);
        let opened = stage.open_card("warm-cache");
        for happening in &after {
            read(&mut stage, happening);
        }
        stage.world.now += late.unwrap_or_default();
        well(&mut stage);
        let effects = stage.tell(Event::KeyPressed(CHORD));
        let age = newest.map(|(at, _)| stage.world.now - at);
        let holds = newest.is_some_and(|(_, share)| share.is_some_and(|share| share < 0.9));
        let interval = stage.world.model.live.databases[0].spec.interval.as_secs_f64();
        let fresh = age.is_some_and(|age| age <= interval * 3.0 + 5.0);
        if acts(&effects) {
            prop_assert!(opened && holds && fresh, "{newest:?} at {}", stage.world.now);
        } else if opened {
            let old = stage.world.now - stage.card().map_or(0.0, |card| {
                card.card.read_at.since(quarterdeck::domain::Moment::fixed(0.0)).as_secs_f64()
            }) > 60.0;
            prop_assert!(!holds || !fresh || old, "{newest:?} at {}: {:?}", stage.world.now, stage.card());
        }
    }
}
