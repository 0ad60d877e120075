//! Invariant 16: what needs another person runs on an approval of another person, of this card, in time, and on nothing
//! else; and a glass is never broken without a reason and such an approval.

use proptest::prelude::*;

use super::*;
use crate::remediation::approval::{Approval, NO_POLICY, OsIdentity, Request, mark};
use crate::remediation::cooldown::{BootId, BootMoment};
use crate::remediation::runbook::{Deed, Runbook, RunbookStep};
use crate::remediation::step::Work;

const FOR_ALL: &[&str] = &["L2"];

pub fn policy(second_person: &[&str], break_glass: &[&str]) -> Policy {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    Policy {
        second_person: texts(second_person),
        break_glass: texts(break_glass),
        shared_accounts: vec!["deploy".to_owned()],
        ..Policy::default()
    }
}

fn who(uid: u32, loginuid: Option<u32>) -> OsIdentity {
    let user = Safe::of(if uid == 3 { "deploy".to_owned() } else { format!("user{uid}") });
    OsIdentity { uid, loginuid, login: loginuid.map(|_| user.clone()), user, claims: Vec::new() }
}

fn boot(secs: f64) -> BootMoment {
    BootMoment { boot: Some(BootId::new("a")), at: at(secs) }
}

/// Asked for by 1, approved by 2, both for a card, a moment before it was read.
pub fn granted(card: &Card) -> Granted {
    let digest = card.digest().hex();
    Granted {
        request: Request {
            id: "r7".to_owned(),
            digest: digest.clone(),
            bound: Vec::new(),
            card: Vec::new(),
            requester: who(1, Some(1)),
            asked_at: boot(0.0),
            level: card.action.level,
            action: card.action.id.clone(),
            target: card.action.target.name.clone(),
            phrase: "main".to_owned(),
            count: None,
            agreed: crate::remediation::agreed::Agreed::default(),
        },
        approval: Approval {
            id: "r7".to_owned(),
            digest,
            shown: mark([]),
            approver: who(2, Some(2)),
            approved_at: boot(0.5),
        },
        boot: Some(BootId::new("a")),
    }
}

/// A card as it is made under a policy.
pub fn made(level: Level, policy: &Policy) -> Card {
    let action = action(level);
    let demands = demands(&action, &Situation { policy, ..situation(at(0.0)) });
    card(action, 0..3).demanding(demands)
}

pub fn said(card: &Card, reason: &str) -> Consent {
    let typed = phrase(card).unwrap_or_default();
    Consent { digest: card.digest(), typed, reason: reason.to_owned(), given_at: at(1.0) }
}

#[test]
fn what_needs_another_person_runs_only_with_one() {
    let policy = policy(&["L2"], &[]);
    let card = made(Level::L2, &policy);
    let now = Situation { policy: &policy, ..situation(at(2.0)) };
    assert!(refused(card.clone(), said(&card, ""), &now).contains("a second person has to approve it"));
    assert_eq!(may_ask(&card, &said(&card, ""), &now), Ok(()), "nothing else is missing");
    let given = granted(&card);
    let approved = Situation { approval: Some(&given), ..now };
    let warrant = review(card.clone(), said(&card, ""), &approved).expect("approved");
    assert_eq!(warrant.approval().map(|granted| granted.by().as_str()), Some("user2"));
    assert_eq!(warrant.spending(|_card, _reason| String::new()).map(|spending| spending.id), Some("r7".to_owned()));
    // The others still count.
    let mistyped = Consent { typed: "mian".to_owned(), ..said(&card, "") };
    assert!(refused(card.clone(), mistyped, &approved).contains("not the phrase"));
    let mistyped = Consent { typed: "mian".to_owned(), ..said(&card, "") };
    assert!(may_ask(&card, &mistyped, &now).is_err(), "nobody is asked before the rest holds");
}

#[test]
fn levels_and_names_ask_for_one() {
    for (entries, level, wanted) in [
        (&["L2"][..], Level::L2, true),
        (&["L2"], Level::L3, true),
        (&["L3"], Level::L2, false),
        (&["L2"], Level::L1, false),
        (&["terminate-idle"], Level::L1, true),
        (&["warm-cache"], Level::L3, false),
        (&["l2"], Level::L3, false),
        (&[], Level::L3, false),
    ] {
        assert_eq!(policy(entries, &[]).wants_second_person(&action(level)), wanted, "{entries:?} {level}");
    }
}

#[test]
fn a_card_that_says_less_than_policy_is_refused() {
    let policy = policy(FOR_ALL, &[]);
    let bare = card(action(Level::L2), 0..3);
    let given = granted(&bare);
    let now = Situation { policy: &policy, approval: Some(&given), ..situation(at(2.0)) };
    assert!(refused(bare.clone(), said(&bare, "why"), &now).contains("policy"));
    assert_ne!(bare.digest(), made(Level::L2, &policy).digest(), "what policy asks is part of the consent");
    // A card that claims a broken glass that policy does not grant, or without another person.
    for demands in [true, false].map(|second_person| Demands { break_glass: true, second_person, policy: None }) {
        let claims = card(action(Level::L2), 0..3).demanding(demands);
        assert!(refused(claims.clone(), said(&claims, "why"), &situation(at(2.0))).contains("policy"));
    }
}

#[test]
fn the_glass_is_broken_only_where_policy_grants_it() {
    let granting = policy(&[], &["terminate-idle"]);
    let card = made(Level::L3, &granting);
    assert_eq!(card.demands, Demands { second_person: true, break_glass: true, policy: None });
    let given = granted(&card);
    let now = Situation { policy: &granting, approval: Some(&given), ..situation(at(2.0)) };
    assert!(review(card.clone(), said(&card, "poisoned cache"), &now).is_ok(), "outside every window");
    assert!(refused(card.clone(), said(&card, " "), &now).contains("to break the glass a reason"));
    let alone = Situation { approval: None, ..now };
    assert!(refused(card.clone(), said(&card, "why"), &alone).contains("second person"));
    let other = policy(&["L2"], &["flush-redis"]);
    let elsewhere = Situation { policy: &other, ..now };
    assert!(refused(card.clone(), said(&card, "why"), &elsewhere).contains("window"));
    // What breaks the glass is refused what every action is refused.
    for situation in [Situation { armed: false, ..now }, Situation { frozen: true, ..now }] {
        assert!(review(card.clone(), said(&card, "why"), &situation).is_err());
    }
    let mut hindered = card.clone();
    hindered.preview.obstacles.push(Safe::of("its role is replica"));
    assert!(refused(hindered, said(&card, "why"), &now).contains("replica"));
    // Within a window there is no glass to break.
    let open = [Window::parse("daily 00:00-24:00 UTC").expect("a window")];
    let within = Situation { windows: &open, policy: &granting, ..situation(at(0.0)) };
    assert_eq!(demands(&card.action, &within), Demands::default());
}

#[test]
fn a_clock_that_nobody_vouches_for_keeps_the_glass_whole() {
    let granting = policy(&[], &["terminate-idle"]);
    let card = made(Level::L3, &granting);
    let given = granted(&card);
    let mut clock = ClockTrust::begin(at(0.0));
    clock.see(Moment { wall: at(0.5).wall + chrono::TimeDelta::hours(1), ..at(0.5) });
    let now = Situation { policy: &granting, approval: Some(&given), clock: &clock, ..situation(at(2.0)) };
    assert!(refused(card.clone(), said(&card, "why"), &now).contains("clock jumped"));
    assert_eq!(demands(&card.action, &now), Demands::default());
}

#[test]
fn a_window_that_closes_meanwhile_is_no_broken_glass() {
    let granting = policy(&[], &["terminate-idle"]);
    // Noon and a minute: open when the card is made, over when it is consented to.
    let window = [Window::parse("daily 11:00-12:01 UTC").expect("a window")];
    let action = action(Level::L3);
    let open = Situation { policy: &granting, windows: &window, ..situation(at(0.0)) };
    let card = card(action.clone(), 0..3).demanding(demands(&action, &open));
    assert_eq!(card.demands, Demands::default());
    let late = Situation { now: at(58.0), ..open };
    assert!(refused(card.clone(), said(&card, "why"), &late).contains("maintenance window"));
}

proptest! {
    /// Whoever approved, whatever, whenever: it runs exactly on an approval of another person, of this card, of this
    /// request, in time, by somebody whom the system knows.
    #[test]
    fn nothing_runs_but_on_an_approval_that_counts(
        requester in 0u32..4, requested_as in proptest::option::of(0u32..4),
        approver in 0u32..4, approved_as in proptest::option::of(0u32..4),
        asked in 0u32..900, approved in 0u32..1800, now in 900u32..2400,
        other_card in prop::bool::weighted(0.1), other_request in prop::bool::weighted(0.1),
        other_boot in prop::bool::weighted(0.1),
        level in 1usize..4, reason in prop_oneof![Just(""), Just("INC-7")], glass: bool,
    ) {
        let level = Level::ALL[level];
        let policy = policy(&["terminate-idle"], if glass { &["terminate-idle"] } else { &[] });
        let now = f64::from(now);
        let window = [Window::parse("daily 00:00-24:00 UTC").expect("a window")];
        let windows: &[Window] = if glass { &[] } else { &window };
        let bare = Situation { policy: &policy, windows, ..situation(at(now)) };
        let action = action(level);
        let mut card = card(action.clone(), 0..3).demanding(demands(&action, &bare));
        card.read_at = at(now - 1.0);
        let mut given = granted(&card);
        given.request.requester = who(requester, requested_as);
        given.approval.approver = who(approver, approved_as);
        given.request.asked_at = boot(f64::from(asked));
        given.approval.approved_at = boot(f64::from(approved));
        if other_card {
            given.approval.digest = "0".repeat(64);
        }
        if other_request {
            given.approval.id = "r8".to_owned();
        }
        if other_boot {
            given.boot = Some(BootId::new("b"));
        }
        let consent = Consent { given_at: at(now), ..said(&card, reason) };
        let decided = review(card.clone(), consent, &Situation { approval: Some(&given), ..bare });

        let ids = |uid: u32, login: Option<u32>| [Some(uid), login];
        let shares = ids(requester, requested_as).iter().flatten().any(|id| ids(approver, approved_as).contains(&Some(*id)));
        let known = |uid: u32, login: Option<u32>| uid != 3 && (uid != 0 || login.is_some());
        let (asked, approved) = (f64::from(asked), f64::from(approved));
        let own_login = approved_as.is_none_or(|login| login == approver);
        let counts = !shares && own_login && known(requester, requested_as) && known(approver, approved_as)
            && !other_card && !other_request && !other_boot
            && approved >= asked && approved <= now && now - approved < 600.0;
        let says = !(reason.is_empty() && glass && level == Level::L3);
        prop_assert_eq!(decided.is_ok(), counts && says, "{:?}", decided.err());
        // And never without any.
        let consent = Consent { given_at: at(now), ..said(&card, "INC-7") };
        prop_assert!(review(card, consent, &bare).is_err());
    }

    /// A count that was agreed to stands for one that is about as large, and for no other.
    #[test]
    fn an_agreed_count_stands_for_about_as_many(agreed in 0u64..2000, found in 0u64..2000) {
        let mut flush = action(Level::L3);
        flush.plan = Plan::Flush { tolerance: 0.1 };
        let with = |count: u64| {
            let mut card = card(flush.clone(), 0..0);
            card.preview.count = Some(count);
            card
        };
        let adopted = with(found).for_agreed(Some(agreed));
        let near = found.abs_diff(agreed) as f64 <= agreed as f64 * 0.1 && found > 0;
        prop_assert_eq!(adopted.count(), if near { agreed } else { found });
        prop_assert_eq!(adopted.digest() == with(agreed).digest(), near || agreed == found);
        prop_assert_eq!(adopted.preview.remarks.is_empty(), !near || agreed == found, "it says so");
        prop_assert_eq!(with(found).for_agreed(None).digest(), with(found).digest());
    }

    /// The same for the one flush of a runbook, which is sent by the number that was agreed to.
    #[test]
    fn a_flush_of_a_runbook_takes_the_agreed_count(agreed in 0u64..2000, found in 0u64..2000) {
        let step = |deed| RunbookStep {
            title: Safe::of("do it"),
            deed,
            deadline: Duration::from_secs(5),
            when: None,
            requires: Vec::new(),
            ask: false,
            may_fail: false,
            undo: None,
            entry: Safe::default(),
            named: Vec::new(),
        };
        let pause = || step(Deed::Work(Work::Pause(Duration::from_secs(1))));
        let flush = || step(Deed::Flush { cache: 0, tolerance: 0.1 });
        let with = |steps: Vec<RunbookStep>, count: u64| {
            let mut action = action(Level::L3);
            let book = Runbook { steps, contacts: Vec::new() };
            let looks = book.items().into_iter().filter(|(_, item)| matches!(item.deed, Deed::Flush { .. }));
            let look = |(place, _)| (place, Ok(Preview { count: Some(count), ..Preview::default() }));
            let preview = book.preview(&action.id, &action.target.name, looks.map(look).collect());
            action.plan = Plan::Runbook(Box::new(book));
            Card::new(action, preview, Vec::new(), at(0.0))
        };
        let one = |count| with(vec![pause(), flush()], count);
        let adopted = one(found).for_agreed(Some(agreed));
        let near = found.abs_diff(agreed) as f64 <= agreed as f64 * 0.1 && found > 0;
        let wanted = if near { agreed } else { found };
        prop_assert_eq!(adopted.count(), wanted);
        prop_assert_eq!(adopted.part(1).and_then(|part| part.count), Some(wanted), "what is sent is held against it");
        prop_assert_eq!(adopted.digest() == one(agreed).digest(), near || agreed == found);
        let says = adopted.preview.remarks.iter().any(|remark| remark.as_str().contains("were agreed to"));
        prop_assert_eq!(says, near && agreed != found, "it says so");
        // Of several nobody agreed to each.
        let two = || with(vec![flush(), flush()], found);
        prop_assert_eq!(two().for_agreed(Some(agreed)).digest(), two().digest());
    }
}

#[test]
fn a_shared_policy_refuses_by_level_name_and_environment_and_binds_limits() {
    for (entry, refuses) in [
        ("L2", true),
        ("L3", false),
        ("terminate-idle", true),
        ("terminate-idle in production", false),
        ("terminate-idle in staging", true),
        ("L2 in staging", true),
        ("L2 in local", true),
        ("L2 in nowhere", true),
        ("terminate-idle-too", false),
    ] {
        let refusing = Policy { refused: vec![entry.to_owned()], ..Policy::default() };
        let card = made(Level::L2, &refusing);
        let now = Situation { policy: &refusing, ..situation(at(2.0)) };
        assert_eq!(review(card.clone(), said(&card, "why"), &now).is_err(), refuses, "{entry}");
    }
    let mut milder = action(Level::L2);
    milder.target.environment = Environment::Dev;
    let refusing = Policy { refused: vec!["L2 in staging".to_owned()], ..Policy::default() };
    assert_eq!(refusing.against(&milder), None);
    let barring = Policy { barred: Some(Safe::of("no policy can be read")), ..Policy::default() };
    assert!(barring.against(&action(Level::L1)).is_some() && barring.against(&action(Level::L0)).is_none());
    // An action whose card was made without the policy's cool-down, or under another text of it.
    let slow = Policy { cool_down: Duration::from_secs(3600), ..Policy::default() };
    let card = made(Level::L2, &slow);
    let now = Situation { policy: &slow, ..situation(at(2.0)) };
    assert!(refused(card.clone(), said(&card, "why"), &now).contains("policy"));
    let marked = Policy { mark: Some(Digest::of("cap = 1")), ..Policy::default() };
    let other = Policy { mark: Some(Digest::of("cap = 2")), ..Policy::default() };
    let card = made(Level::L2, &marked);
    assert_ne!(card.digest(), made(Level::L2, &other).digest());
    let now = Situation { policy: &other, ..situation(at(2.0)) };
    assert!(refused(card.clone(), said(&card, "why"), &now).contains("policy"));
    let now = Situation { policy: &marked, ..situation(at(2.0)) };
    assert!(review(card.clone(), said(&card, "why"), &now).is_ok());
}

#[test]
fn windows_of_a_shared_policy_have_to_be_open_as_well() {
    let always = [Window::parse("daily 00:00-24:00 UTC").unwrap()];
    let never = vec![Window::parse("2000-01-01 00:00 to 2000-01-02 00:00 UTC").unwrap()];
    let clock = ClockTrust::begin(at(0.0));
    let narrow = Policy { windows: never, ..Policy::default() };
    let wide = Policy { windows: always.to_vec(), ..Policy::default() };
    for (windows, policy, open) in [
        (&always[..], &wide, true),
        (&always[..], &narrow, false),
        (&always[..], &NO_POLICY, true),
        (&[][..], &wide, false),
    ] {
        let now = Situation { windows, policy, clock: &clock, ..situation(at(2.0)) };
        assert_eq!(shut(&action(Level::L3), &now).is_none(), open, "{policy:?}");
    }
}

#[test]
fn where_a_login_is_required_nobody_counts_without_one() {
    let policy = Policy { require_login: true, ..policy(FOR_ALL, &[]) };
    let card = made(Level::L2, &policy);
    let (one, two) = (who(1, Some(1)), who(2, Some(2)));
    for (requester, approver, counts) in
        [(one.clone(), two.clone(), true), (who(1, None), two.clone(), false), (one.clone(), who(2, None), false)]
    {
        let mut given = granted(&card);
        (given.request.requester, given.approval.approver) = (requester, approver);
        let now = Situation { policy: &policy, approval: Some(&given), ..situation(at(2.0)) };
        let reviewed = review(card.clone(), said(&card, "why"), &now);
        assert_eq!(reviewed.is_ok(), counts, "{reviewed:?}");
    }
}
