//! Every reason to refuse, one by one, and that consent is bound to what was seen.

mod edges;
mod second_person;
mod typed;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::threshold::Threshold;
use crate::remediation::measure::Measure;
use crate::remediation::tests::world::*;

fn consent(card: &Card) -> Consent {
    Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) }
}

fn refused(card: Card, consent: Consent, situation: &Situation<'_>) -> String {
    let reasons = review(card, consent, situation).expect_err("it must be refused");
    reasons.iter().map(Safe::as_str).collect::<Vec<_>>().join("; ")
}

fn plain() -> Card {
    card(action(Level::L2), 0..3)
}

#[test]
fn a_good_card_with_good_consent_runs() {
    let card = plain();
    let given = consent(&card);
    assert!(review(card, given, &situation(at(2.0))).is_ok());
}

#[test]
fn each_reason_by_itself() {
    let now = situation(at(2.0));
    let given = |change: fn(&mut Consent)| {
        let mut consent = consent(&plain());
        change(&mut consent);
        consent
    };
    let running = Safe::of("restart of api");
    let stale = Safe::of("what is known of main is 2m old");
    for (words, card, consent, situation) in [
        ("read-only", plain(), given(|_| {}), Situation { armed: false, ..now }),
        ("FROZEN", plain(), given(|_| {}), Situation { frozen: true, ..now }),
        ("2m old", plain(), given(|_| {}), Situation { stale: Some(&stale), ..now }),
        ("is running", plain(), given(|_| {}), Situation { running: Some(&running), ..now }),
        ("not the phrase", plain(), given(|c| "Main".clone_into(&mut c.typed)), now),
        ("not the phrase", plain(), given(|c| "main ".clone_into(&mut c.typed)), now),
        ("not the phrase", plain(), given(|c| c.typed.clear()), now),
        ("old", plain(), given(|_| {}), situation(at(61.0))),
        ("before the card", Card { read_at: at(1.5), ..plain() }, given(|_| {}), now),
        ("not what would be done", crate::remediation::tests::world::card(action(Level::L2), 0..4), given(|_| {}), now),
    ] {
        let told = refused(card, consent, &situation);
        assert!(told.contains(words), "{words:?} in {told:?}");
    }
}

#[test]
fn nothing_is_not_everything_and_the_cap_holds() {
    let empty = card(action(Level::L2), 0..0);
    let given = consent(&empty);
    assert!(refused(empty, given, &situation(at(2.0))).contains("nothing to act on"));
    let many = card(action(Level::L2), 0..51);
    let given = consent(&many);
    assert!(refused(many, given, &situation(at(2.0))).contains("more than the 50"));
}

#[test]
fn production_asks_why() {
    let mut action = action(Level::L2);
    action.target.environment = Environment::Production;
    let card = card(action, 0..3);
    let silent = Consent { reason: " \u{200b}\t".to_owned(), ..consent(&card) };
    assert!(refused(card.clone(), silent, &situation(at(2.0))).contains("reason"));
    let told = Consent { reason: "pool exhausted, INC-7".to_owned(), ..consent(&card) };
    let warrant = review(card, told, &situation(at(2.0))).unwrap();
    assert_eq!(warrant.reason().as_str(), "pool exhausted, INC-7");
}

#[test]
fn what_was_only_discovered_is_not_acted_on() {
    let mut action = action(Level::L2);
    action.target.provenance = Provenance::Discovered;
    let card = card(action, 0..3);
    let given = consent(&card);
    assert!(refused(card.clone(), given, &situation(at(2.0))).contains("discovered"));
    let mut near = card;
    near.action.target.on_loopback = true;
    let given = consent(&near);
    assert!(review(near, given, &situation(at(2.0))).is_ok());
}

#[test]
fn what_destroys_needs_a_window() {
    let card = card(action(Level::L3), 0..3);
    let given = Consent { typed: "main 3".to_owned(), ..consent(&card) };
    assert!(refused(card, given, &situation(at(2.0))).contains("window"));
}

#[test]
fn an_unknown_or_old_reading_is_never_true() {
    let mut action = action(Level::L2);
    action.preconditions.push(Precondition {
        measure: Measure::UsedShare(0),
        threshold: Threshold::parse("< 90 %").unwrap(),
        fresh: Duration::from_secs(10),
        name: Safe::of("share of connections in use"),
    });
    let card = card(action, 0..3);
    let told = |readings: &[Evidence]| {
        let situation = Situation { readings, ..situation(at(20.0)) };
        let given = Consent { given_at: at(20.0), ..consent(&card) };
        review(card.clone(), given, &situation).err().map(|why| why[0].to_string())
    };
    let reading = |value, when| [evidence(Measure::UsedShare(0), value, at(when))];
    assert_eq!(told(&reading(Some(0.5), 19.0)), None);
    for (wrong, words) in [
        (reading(Some(0.95), 19.0), "must be < 90 %"),
        (reading(None, 19.0), "not known"),
        (reading(Some(f64::NAN), 19.0), "not known"),
        (reading(Some(0.5), 9.0), "11s ago"),
    ] {
        let why = told(&wrong).unwrap_or_default();
        assert!(why.contains(words), "{words:?} in {why:?}");
    }
    assert!(told(&[]).unwrap().contains("not known"));
}

#[test]
fn composed_and_decomposed_letters_are_the_same_name() {
    assert!(is_typed(Some("caf\u{e9}"), "cafe\u{301}"));
    assert!(!is_typed(Some("caf\u{e9}"), "cafe"));
    assert!(!is_typed(Some("a b"), "a  b"), "inner characters count");
}

proptest! {
    /// Invariants 13 and 14: whatever of identity, objects or effect changes, the consent is void; the order of the
    /// objects, which is for reading, is not part of it.
    #[test]
    fn consent_is_bound_to_what_was_seen(
        pids in prop::collection::btree_set(0i32..40, 1..12),
        other in prop::collection::btree_set(0i32..40, 1..12),
        change in 0usize..6,
    ) {
        let with = |pids: &std::collections::BTreeSet<i32>| {
            let mut card = card(action(Level::L2), 0..0);
            card.preview.objects = pids.iter().map(|pid| object(*pid)).collect();
            card
        };
        let seen = with(&pids);
        let mut now = with(if change == 0 { &other } else { &pids });
        match change {
            1 => now.preview.identity.facts[0].1 = "7002".into(),
            2 => now.preview.effect.push("".into()),
            3 => now.action.limits.cap += 1,
            4 => now.action.target.environment = Environment::Production,
            5 => now.preview.objects.reverse(),
            _ => {}
        }
        let alike = change == 5 || change == 0 && pids == other;
        prop_assert_eq!(seen.digest() == now.digest(), alike);
        let given = consent(&seen);
        let reason = "why".to_owned();
        let outcome = review(now, Consent { reason, ..given }, &situation(at(2.0)));
        prop_assert_eq!(outcome.is_ok(), alike);
    }
}

#[test]
fn locks_are_of_the_target_and_not_of_who_asks_or_of_its_process() {
    let with = |facts: &[(&'static str, &str)]| {
        let mut card = plain();
        card.preview.identity.facts = facts.iter().map(|(name, value)| (*name, (*value).into())).collect();
        card.target_key()
    };
    let database = [("system identifier", "7001"), ("database", "app"), ("user", "ann"), ("started", "1")];
    let by_another = [("system identifier", "7001"), ("database", "app"), ("user", "bob"), ("started", "2")];
    let elsewhere = [("system identifier", "7002"), ("database", "app"), ("user", "ann"), ("started", "1")];
    assert_eq!(with(&database), with(&by_another));
    assert_ne!(with(&database), with(&elsewhere));
    let service =
        |process| with(&[("service", "api"), ("manager", "systemd"), ("where", "here"), ("process", process)]);
    assert_eq!(service("1"), service("2"));
    assert_ne!(with(&[("run id", "a")]), with(&[("run id", "b")]), "what is not known to last counts whole");
}
