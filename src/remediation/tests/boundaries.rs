//! The edges of what is allowed, each on both sides: where a comparison that is one off would let something through.

use std::time::Duration;

use chrono::TimeDelta;

use super::world::*;
use crate::domain::threshold::Threshold;
use crate::domain::{Moment, Safe, Verdict};
use crate::remediation::approval::{self, Approval, OsIdentity, Request};
use crate::remediation::card::Digest;
use crate::remediation::clock_trust::ClockTrust;
use crate::remediation::cooldown::{BootId, BootMoment};
use crate::remediation::execution::{Execution, Input, Order};
use crate::remediation::guard::{Consent, Situation, hindrance, review};
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, Precondition};
use crate::remediation::ticket::Ticket;
use crate::remediation::window::Window;

fn given(card: &crate::remediation::card::Card, when: f64) -> Consent {
    Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(when) }
}

#[test]
fn a_card_is_good_for_a_minute_and_not_a_moment_longer() {
    for (consent, now, good) in [
        (60.0, 60.0, true),
        (60.0, 60.001, false),
        (60.001, 60.001, false),
        // What was consented to in the future was not consented to.
        (61.0, 2.0, false),
        (0.0, 2.0, true),
    ] {
        let card = card(action(Level::L2), 0..3);
        let consent = given(&card, consent);
        assert_eq!(review(card, consent, &situation(at(now))).is_ok(), good, "at {now}");
    }
}

#[test]
fn as_many_as_the_cap_and_not_one_more() {
    for (objects, good) in [(50, true), (51, false)] {
        let card = card(action(Level::L2), 0..objects);
        let consent = given(&card, 1.0);
        assert_eq!(review(card, consent, &situation(at(2.0))).is_ok(), good, "{objects}");
    }
}

#[test]
fn a_reading_counts_for_as_long_as_was_said() {
    let mut action = action(Level::L2);
    action.preconditions.push(Precondition {
        measure: Measure::UsedShare(0),
        threshold: Threshold::parse("< 90 %").unwrap(),
        fresh: Duration::from_secs(10),
        name: Safe::of("share"),
    });
    for (now, hindered) in [(10.0, false), (10.001, true)] {
        let readings = [evidence(Measure::UsedShare(0), Some(0.5), at(0.0))];
        let situation = Situation { readings: &readings, ..situation(at(now)) };
        assert_eq!(hindrance(&action, &situation).is_some(), hindered, "{now}");
    }
}

#[test]
fn what_only_looks_needs_no_leave() {
    let disarmed = Situation { armed: false, ..situation(at(1.0)) };
    for level in Level::ALL.into_iter().take(3) {
        assert_eq!(hindrance(&action(level), &disarmed).is_some(), level > Level::L0, "{level}");
    }
}

#[test]
fn an_order_carries_the_identity_of_its_card() {
    let card = card(action(Level::L2), 0..3);
    let identity = card.preview.identity.clone();
    let (mut execution, _) = Execution::begin(warrant(card), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    let orders = execution.step(Input::Recorded(Ok(())), at(1.0));
    let [Order::Run { approved, .. }] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!((approved.identity(), approved.objects().len()), (&identity, 3));
}

#[test]
fn expectations_on_both_sides() {
    let meets = Expectation::Meets(Threshold::parse("> 80").unwrap());
    let ok = f64::from(Verdict::Ok as u8);
    for (expect, value, before, holds) in [
        (Expectation::Fell, 9.0, Some(10.0), Some(true)),
        (Expectation::Fell, 10.0, Some(10.0), Some(false)),
        (Expectation::Fell, 9.0, None, None),
        (Expectation::Rose, 11.0, Some(10.0), Some(true)),
        (Expectation::Rose, 10.0, Some(10.0), Some(false)),
        (Expectation::Rose, 9.0, Some(10.0), Some(false)),
        (Expectation::Rose, 11.0, None, None),
        (meets.clone(), 81.0, None, Some(true)),
        (meets, 80.0, None, Some(false)),
        (Expectation::Healthy, ok, None, Some(true)),
        (Expectation::Healthy, ok + 1.0, None, Some(false)),
        (Expectation::None, 0.0, None, Some(true)),
        (Expectation::None, 1.0, None, Some(false)),
        (Expectation::FellTo(0.1), 0.0, Some(0.0), Some(true)),
        (Expectation::FellTo(0.1), 9.0, Some(100.0), Some(true)),
        (Expectation::FellTo(0.1), 10.0, Some(100.0), Some(false)),
        (Expectation::FellTo(0.1), 11.0, Some(100.0), Some(false)),
        (Expectation::FellTo(0.1), 0.0, None, None),
        (Expectation::None, f64::NAN, None, None),
    ] {
        assert_eq!(expect.holds(value, before, at(0.0)), holds, "{expect:?} {value} {before:?}");
        assert!(expect.words().split(' ').count() > 0 && expect.words().len() > 4, "{expect:?}");
    }
    assert_eq!(Expectation::FellTo(0.1).words(), "falls under 10.0% of what it was");
}

#[test]
fn a_digest_is_sixty_four_digits() {
    let digest = card(action(Level::L2), 0..3).digest();
    assert_eq!(Digest::parse(&digest.hex()), Some(digest));
    assert_eq!(digest.short().as_str(), &digest.hex()[..12]);
    assert_eq!(format!("{digest:?}"), digest.hex());
    for wrong in ["+f".repeat(32), "5f".repeat(31), "5f".repeat(33), "zz".repeat(32), String::new()] {
        assert_eq!(Digest::parse(&wrong), None, "{wrong}");
    }
}

#[test]
fn a_clock_may_drift_by_two_seconds() {
    let moved = |secs: f64, wall: i64| Moment { wall: at(secs).wall + TimeDelta::milliseconds(wall), ..at(secs) };
    let confirm = |wall| ClockTrust::begin(at(0.0)).confirm(at(5.0), moved(6.0, wall)).is_ok();
    assert!(confirm(2000) && confirm(-2000) && !confirm(2001) && !confirm(-2001));
    let clock = ClockTrust::begin(at(100.0));
    assert!(clock.trusts(at(90.0)).is_ok(), "a reading of before, on both clocks");
    for (wall, way) in [(60_000, "ahead"), (-60_000, "back")] {
        let lock = clock.trusts(moved(110.0, wall)).expect_err("it jumped").to_string();
        assert!(lock.contains(&format!("jumped {way} by 1m")), "{lock}");
    }
}

#[test]
fn an_approval_counts_from_the_moment_of_its_request() {
    let when = |secs| BootMoment { boot: Some(BootId::new("a")), at: at(secs) };
    let who = |uid, user: &str| OsIdentity {
        uid,
        user: user.into(),
        loginuid: Some(uid),
        login: Some(user.into()),
        claims: Vec::new(),
    };
    let request = Request {
        id: "r".to_owned(),
        digest: "d".to_owned(),
        bound: Vec::new(),
        card: Vec::new(),
        requester: who(1, "ann"),
        asked_at: when(5.0),
        action: "flush".into(),
        count: Some(1),
        agreed: crate::remediation::agreed::Agreed::default(),
        level: Level::L3,
        target: "cache".into(),
        phrase: "cache 1".to_owned(),
    };
    let counts = |approved| {
        let approval = Approval {
            id: "r".to_owned(),
            digest: "d".to_owned(),
            shown: request.shown(),
            approver: who(2, "bob"),
            approved_at: when(approved),
        };
        approval::counts(&request, &approval, "d", &approval::NO_POLICY, &when(6.0)).is_ok()
    };
    assert!(counts(5.0) && !counts(4.999));
}

#[test]
fn a_code_is_good_in_the_moment_in_which_it_is_made() {
    let now = BootMoment { boot: Some(BootId::new(" a\n")), at: at(1.0) };
    assert_eq!(now.boot.as_ref().unwrap().as_str(), "a");
    let card = card(action(Level::L2), 0..3);
    let ticket = Ticket::new("0123456789ab", &card, &now).unwrap();
    let code = ticket.code();
    assert_eq!(ticket.redeem(code.as_str(), "terminate-idle", "main", &now), Ok(card.digest()));
}

#[test]
fn the_text_of_a_window_is_bounded_and_exact() {
    let long = |blanks: usize| format!("daily{}03:00-04:00 UTC", " ".repeat(blanks));
    let fits = 200 - long(0).len();
    assert!(Window::parse(&long(fits)).is_ok());
    assert!(Window::parse(&long(fits + 1)).is_err() && Window::parse(&long(fits + 90)).is_err());
    assert_eq!(Window::parse("daily  03:00-04:00 UTC").unwrap().to_string(), "daily 03:00-04:00 UTC");
    assert!(Window::parse("2026-12-05 02:00 to 2026-12-05 06:00 UTC").is_ok());
    for wrong in ["2026-12-5 02:00 to 2026-12-05 06:00 UTC", "2026-12-05 02:00 to 2026-12-5 06:00 UTC"] {
        assert!(Window::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_level_says_what_it_means() {
    let told: Vec<String> = Level::ALL.iter().map(|level| format!("{level} {}", level.meaning())).collect();
    assert_eq!(told, ["L0 looks only", "L1 safe and repeatable", "L2 disrupts, can be recovered from", "L3 destroys"]);
}
