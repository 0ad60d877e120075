//! The whole program before a simulated outside, whatever a person does, whatever fails and whenever somebody leaves: the
//! invariants that only the log of the outside can show.

use std::collections::BTreeSet;

use proptest::prelude::*;
use quarterdeck::app::Event;
use quarterdeck::app::actions::headless;
use quarterdeck::domain::Safe;
use quarterdeck::input::Key;
use quarterdeck::remediation::audit::{AuditEvent, Chain, Entry, Record, Runs, Unfinished, Value, Writer};

use crate::cards::{CHORD, any_key};
use crate::outside::Seen;
use crate::stage::{Happening, without_a_person};
use crate::theatre::{Held, Move, Theatre, Typed, any_move};
use crate::world::key;
use proptest::test_runner::TestCaseError;

fn chance() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![3 => prop::collection::vec(any::<u8>(), 1..60), 1 => Just(vec![255])]
}

fn environment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["staging", "production"])
}

/// A card that is filled in and confirmed, somewhere in the midst of everything.
fn confirmed() -> impl Strategy<Value = Move> {
    any::<prop::sample::Index>().prop_map(|which| Move::Card { which, typed: Typed::Right, wait: 0.0, last: CHORD })
}

/// Of each run: the locks before the intent, the intent on disk before every effect, each step once, one end, nothing after
/// it; no two runs at the same time.
fn log_holds(log: &[Seen]) -> Held {
    let runs: BTreeSet<u64> =
        log.iter().filter_map(|seen| if let Seen::Asked(run) = seen { Some(*run) } else { None }).collect();
    for run in runs {
        let place = |wanted: &Seen| log.iter().position(|seen| seen == wanted);
        let held = place(&Seen::Held(run));
        let intent = place(&Seen::OnDisk(Some(run), AuditEvent::Intent));
        let ends: Vec<usize> = (0..log.len())
            .filter(|at| matches!(&log[*at], Seen::OnDisk(of, event) if *of == Some(run) && event.is_terminal()))
            .collect();
        prop_assert!(ends.len() <= 1, "two ends of {run}: {log:?}");
        let mut steps = BTreeSet::new();
        for (at, seen) in log.iter().enumerate() {
            if let Seen::Effect(of, step) | Seen::Vain(of, step) = seen
                && *of == run
            {
                prop_assert!(held.is_some_and(|held| held < at), "sent without its locks: {log:?}");
                prop_assert!(intent.is_some_and(|intent| intent < at), "sent without its intent: {log:?}");
                prop_assert!(ends.iter().all(|end| at < *end), "sent after its end: {log:?}");
                prop_assert!(steps.insert(*step), "sent twice: {log:?}");
            }
        }
    }
    Ok(())
}

/// What the next start makes of the audit on disk: every run has its one end, or nobody knows, and that is recorded.
fn next_start(disk: &[Entry]) -> Result<Vec<Safe>, TestCaseError> {
    let (mut chain, mut runs) = (Chain::default(), Runs::default());
    let at = quarterdeck::domain::Moment::fixed(0.0);
    let mut add = |entry: &Entry, runs: &mut Runs| {
        let line = chain.next(entry, &Writer::default(), at);
        chain = line.then;
        runs.note(&Record::read(line.bytes.trim_ascii_end()).expect("it is as it was written"));
    };
    for entry in disk {
        add(entry, &mut runs);
    }
    let open: Vec<Entry> = runs.open().map(Unfinished::recovered).collect();
    for entry in &open {
        let unknown = ("outcome".to_owned(), Value::from("unknown"));
        prop_assert!(entry.event() == AuditEvent::Recovered && entry.fields().contains(&unknown));
        add(entry, &mut runs);
    }
    prop_assert_eq!(runs.count(), 0);
    Ok(open.iter().map(|entry| entry.run().clone()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Invariants 1, 2, 6, 8, 23 of the whole program: see also what is held against each event.
    #[test]
    fn whatever_is_done_and_whatever_fails(
        environment in environment(), chance in chance(),
        moves in prop::collection::vec(prop_oneof![5 => any_move(), 1 => confirmed()], 1..50),
    ) {
        let mut theatre = Theatre::new(environment, chance);
        for next in &moves {
            theatre.goes(next)?;
            prop_assert!(theatre.outside.locks.len() <= 1, "two targets are held at once");
        }
        log_holds(&theatre.outside.log)?;
        next_start(&theatre.outside.disk)?;
    }

    /// Invariant 6: from the moment the audit fails until something is written again nothing begins, whatever is confirmed.
    #[test]
    fn a_failed_fsync_lets_nothing_begin(
        environment in environment(), cards in prop::collection::vec((any::<prop::sample::Index>(), 0u8..3), 1..6),
    ) {
        let mut theatre = Theatre::new(environment, vec![255]);
        let broken = || Event::AuditStands(Err(Safe::of("fsync: input/output error")));
        for (which, how) in cards {
            theatre.tell(broken())?;
            theatre.press(Key::char('7'))?;
            let told = theatre.stage.picture();
            prop_assert!(told.contains("no action runs: the audit cannot be written"), "{told}");
            if how == 0 {
                theatre.goes(&Move::Card { which, typed: Typed::Right, wait: 0.0, last: CHORD })?;
            } else {
                // It fails while the card is read: no card of before helps.
                theatre.tell(Event::AuditStands(Ok(())))?;
                theatre.goes(&Move::Card { which, typed: Typed::Right, wait: 0.0, last: Key::char(' ') })?;
                theatre.tell(broken())?;
                theatre.press(CHORD)?;
            }
            // The menu writes to find out whether it can be written again; what it finds has not arrived.
            let begun = theatre.outside.log.iter().any(|seen| matches!(seen, Seen::Asked(_)));
            prop_assert!(!begun || how == 0, "{:?}", theatre.outside.log);
            while theatre.outside.next().is_some() {}
            theatre.press(key("Esc"))?;
            theatre.press(key("Esc"))?;
            if begun {
                return Ok(());
            }
        }
    }

    /// Invariant 36: without consent nothing but looks goes out: no locks, no intent, no step, nothing for a second person;
    /// neither from cards and previews nor from the same asked for without a screen.
    #[test]
    fn without_consent_the_outside_is_only_looked_at(
        environment in environment(), chance in chance(),
        moves in prop::collection::vec(prop_oneof![
            4 => (any::<prop::sample::Index>(), 0.0f64..5.0).prop_map(|(which, wait)| {
                Move::Card { which, typed: Typed::Right, wait, last: key("Enter") }
            }),
            2 => without_a_person().prop_map(Move::Happens),
            3 => Just(Move::Arrives),
            3 => any_key().prop_filter("no chord", |key| *key != CHORD).prop_map(|key| Move::Happens(Happening::Key(key))),
        ], 1..40),
        dry in any::<prop::sample::Index>(),
    ) {
        let mut theatre = Theatre::new(environment, chance);
        for next in &moves {
            theatre.goes(next)?;
        }
        let mut log = theatre.outside.log;
        // A dry run: the card as it is printed where no screen is.
        let mut theatre = Theatre::new(environment, theatre.outside.chance);
        let actions = theatre.stage.actions();
        if !actions.is_empty() {
            theatre.tell(Event::CardAsked(Box::new(dry.get(&actions).clone())))?;
            for _ in 0..20 {
                theatre.arrives()?;
            }
            let model = &theatre.stage.world.model;
            if let Some(card) = headless::card(model) {
                prop_assert!(!headless::lines(model, card).is_empty());
            }
        }
        log.append(&mut theatre.outside.log);
        for seen in &log {
            let reads = match seen {
                Seen::Looked | Seen::Screen | Seen::Left => true,
                Seen::OnDisk(run, event) | Seen::Lost(run, event) => run.is_none() && *event != AuditEvent::Intent,
                _ => false,
            };
            prop_assert!(reads, "{seen:?}");
        }
    }

    /// Invariant 37: whoever leaves, in whatever way and wherever the run is: it is seen to its end and recorded, or the next
    /// start shows that nobody knows. Nothing begins any more.
    #[test]
    fn whoever_leaves_leaves_a_record(
        environment in environment(), chance in chance(), before in prop::collection::vec(any_move(), 0..6),
        card in confirmed(), turns in 0usize..12, way in 0usize..3, dies_after in prop::option::of(0usize..60),
        order in any::<bool>(),
    ) {
        let mut theatre = Theatre::new(environment, chance);
        for next in &before {
            theatre.goes(next)?;
        }
        theatre.goes(&card)?;
        for _ in 0..turns {
            theatre.arrives()?;
            theatre.wait(0.4)?;
        }
        let begun = theatre.outside.log.iter().filter(|seen| matches!(seen, Seen::Asked(_))).count();
        match way {
            0 => theatre.press(Key::ctrl('c'))?,
            1 => theatre.tell(Event::AskedToLeave("SIGTERM"))?,
            _ => theatre.tell(Event::AskedToLeave("SIGHUP"))?,
        }
        prop_assert!(theatre.outside.log.contains(&Seen::Left), "it stays");
        // As the program goes on without its screen: until nothing runs, or it is killed.
        let mut turn = 0;
        while theatre.stage.world.model.actions.running().is_some() && dies_after.is_none_or(|at| turn < at) {
            prop_assert!(turn < 2000, "it never ends: {:?}", theatre.stage.world.model.actions.current);
            if order {
                theatre.arrives()?;
                theatre.wait(1.0)?;
            } else {
                theatre.wait(1.0)?;
                theatre.arrives()?;
            }
            turn += 1;
        }
        let log = &theatre.outside.log;
        prop_assert_eq!(log.iter().filter(|seen| matches!(seen, Seen::Asked(_))).count(), begun, "it began after that");
        log_holds(log)?;
        let unknown = next_start(&theatre.outside.disk)?;
        let lost_end = log.iter().any(|seen| matches!(seen, Seen::Lost(Some(_), event) if event.is_terminal()));
        let ended = theatre.stage.world.model.actions.running().is_none();
        prop_assert!(unknown.is_empty() || !ended || lost_end || log.iter().any(|seen| matches!(seen, Seen::Lost(..))), "{log:?}");
        // Whatever was sent has an intent on disk, and with it an end or a line on the next start.
        let ends = theatre.outside.disk.iter().filter(|entry| entry.event() == AuditEvent::Outcome).count();
        let intents = theatre.outside.disk.iter().filter(|entry| entry.event() == AuditEvent::Intent).count();
        // An intent that a slow disk was given up for, and that came to it all the same, is closed by a refusal.
        let has_intent = |run| log.iter().any(|seen| matches!(seen, Seen::OnDisk(of, AuditEvent::Intent) if *of == run));
        let closes = |seen: &&Seen| matches!(seen, Seen::OnDisk(run, AuditEvent::Refused) if run.is_some() && has_intent(*run));
        let refused = log.iter().filter(closes).count();
        prop_assert_eq!(ends + refused + unknown.len(), intents, "{:?}", log);
    }
}
