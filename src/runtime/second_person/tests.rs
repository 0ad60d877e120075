//! Invariant 8 for the second person: what expires, and who is turned away, stands in the audit, once; what still waits does
//! not. On a folder as operators share it.

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::remediation::approval::NO_POLICY;
use crate::remediation::audit::Entry;
use crate::remediation::cooldown::{BootId, BootMoment};
use crate::remediation::level::Level;

/// The time at which the folder is looked at.
const NOW: f64 = 100_000.0;

fn at(seconds: f64) -> Moment {
    Moment::fixed(seconds)
}

/// The user that this test runs as: the owner of every file that it makes.
fn owner() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn who(uid: u32) -> OsIdentity {
    OsIdentity { uid, user: Safe::of(format!("user{uid}")), loginuid: Some(uid), login: None, claims: Vec::new() }
}

/// Deals with second persons for this user.
fn person(uid: u32) -> SecondPerson {
    SecondPerson {
        me: OnceCell::from(who(uid)),
        policy: Policy::default(),
        shared: true,
        told: None,
        void: Vec::new(),
        due: Instant::now(),
    }
}

struct Lab {
    _home: TempDir,
    folder: SharedFolder,
}

impl Lab {
    fn new() -> Lab {
        let home = TempDir::new().unwrap();
        let path = home.path().join("shared");
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o3770)).unwrap();
        Lab { folder: SharedFolder::open(Some(&path)).unwrap_or_else(|cause| panic!("{cause}")), _home: home }
    }

    fn ask(&self, id: String, age: f64, other_boot: bool) -> Request {
        let boot = if other_boot { Some(BootId::new("another")) } else { operator::boot_id() };
        let request = Request {
            id,
            digest: "ab".repeat(32),
            bound: vec![Safe::of("restart api")],
            card: vec![Safe::of("restart api")],
            requester: who(owner()),
            asked_at: BootMoment { boot, at: at(NOW - age) },
            level: Level::L2,
            action: Safe::of("restart-api"),
            target: Safe::of("api"),
            phrase: "api".to_owned(),
            count: None,
            agreed: crate::remediation::agreed::Agreed::default(),
        };
        self.folder.ask(&request).unwrap_or_else(|cause| panic!("{cause}"));
        request
    }

    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.folder.requests().unwrap().requests.into_iter().map(|r| r.id).collect();
        ids.sort();
        ids
    }
}

/// Which events stand in the audit, and of which request.
fn told(entries: &[Entry]) -> Vec<(AuditEvent, String)> {
    let request = |entry: &Entry| match entry.fields().iter().find(|(name, _)| name == "request") {
        Some((_, crate::remediation::audit::Value::Text(id))) => id.to_string(),
        other => panic!("{other:?}"),
    };
    let mut told: Vec<_> = entries.iter().map(|entry| (entry.event(), request(entry))).collect();
    told.sort_by(|one, other| one.1.cmp(&other.1));
    told
}

fn is_past(age: f64, other_boot: bool) -> bool {
    other_boot || age >= VALID.as_secs_f64()
}

fn age() -> impl Strategy<Value = f64> {
    let edge = VALID.as_secs_f64();
    prop_oneof![Just(0.0), Just(edge - 1.0), Just(edge), Just(edge + 1.0), 0.0..3.0 * edge]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever waits in the folder: one's own requests that are past go, each with one record; nothing else does, and by
    /// nobody else.
    #[test]
    fn what_expires_is_recorded_once(asked in prop::collection::vec((age(), any::<bool>()), 0..6), own: bool) {
        let lab = Lab::new();
        let requests: Vec<(Request, bool)> = (0..)
            .zip(&asked)
            .map(|(number, (age, other))| (lab.ask(format!("abcd{number}"), *age, *other), is_past(*age, *other)))
            .collect();
        let me = person(if own { owner() } else { owner() + 1 });
        let mut entries = Vec::new();
        let look = me.survey(&lab.folder, at(NOW), &mut |entry: &Entry| { entries.push(entry.clone()); Ok(()) }).unwrap();
        let ids = |past: bool| -> Vec<String> {
            requests.iter().filter(|(_, is_past)| *is_past == past).map(|(request, _)| request.id.clone()).collect()
        };
        let expired = if own { ids(true) } else { Vec::new() };
        let wanted: Vec<_> = expired.iter().map(|id| (AuditEvent::ApprovalExpired, id.clone())).collect();
        prop_assert_eq!(told(&entries), wanted);
        let left: Vec<String> = requests.iter().map(|(r, _)| r.id.clone()).filter(|id| !expired.contains(id)).collect();
        prop_assert_eq!(lab.ids(), left);
        let mut shown: Vec<String> = look.own.iter().map(|own| own.request.id.clone()).collect();
        shown.extend(look.others.iter().map(|waits| waits.id.clone()));
        shown.sort();
        prop_assert_eq!(shown, ids(false), "what is past is nobody's to approve");
        // Another program of the same person looks a moment later.
        me.survey(&lab.folder, at(NOW + 0.1), &mut |entry: &Entry| { entries.push(entry.clone()); Ok(()) }).unwrap();
        prop_assert_eq!(entries.len(), expired.len(), "recorded again");
    }

    /// Whoever approves too late, mistypes, or may not: one record of just that, and no approval.
    #[test]
    fn who_is_turned_away_is_recorded(age in age(), other: bool, right: bool, own: bool) {
        let lab = Lab::new();
        let request = lab.ask("abcd0".to_owned(), age, other);
        let me = person(if own { owner() } else { owner() + 1 });
        let mut entries = Vec::new();
        let typed = if right { "api" } else { "ap" };
        let mut scribe = |entry: &Entry| { entries.push(entry.clone()); Ok(()) };
        let answer = me.approve(&request, typed, &lab.folder, at(NOW), &mut scribe);
        let refusal = may_approve(&request, me.me(), typed, &NO_POLICY, &operator::in_this_boot(at(NOW)));
        let event = match &refusal {
            Err(ApprovalRefusal::Expired(_)) => AuditEvent::ApprovalExpired,
            Err(ApprovalRefusal::WrongPhrase) => AuditEvent::ConfirmationFailed,
            _ => AuditEvent::Refused,
        };
        prop_assert!(refusal.is_ok() || answer.is_err());
        prop_assert!(!is_past(age, other) || refusal.is_err(), "too late is too late: {:?}", refusal);
        if refusal.is_ok() {
            // Another user cannot write as this one: it was about to be, and then was refused.
            let events: Vec<AuditEvent> = entries.iter().map(Entry::event).collect();
            prop_assert_eq!(events, vec![AuditEvent::Approving, AuditEvent::Refused]);
        } else {
            prop_assert_eq!(told(&entries), vec![(event, request.id.clone())]);
        }
        let given = lab.folder.approval(&request.id, &request.digest, me.me(), &NO_POLICY, at(NOW)).unwrap();
        prop_assert_eq!(given, Answer::Waiting, "there is no approval");
    }
}

#[test]
fn who_cannot_record_it_says_so() {
    let lab = Lab::new();
    let request = lab.ask("abcd0".to_owned(), VALID.as_secs_f64(), false);
    let told = person(owner() + 1)
        .approve(&request, "api", &lab.folder, at(NOW), &mut |_: &Entry| Err(Safe::of("no space left")))
        .expect_err("it is too late");
    assert_eq!(told.as_str(), "no space left");
}

/// The card is gone by then: that nobody could be asked stands in the audit, whatever stood against it.
#[test]
fn who_could_not_be_asked_is_recorded_without_a_folder_too() {
    let asking = Asking {
        digest: "ab".repeat(32),
        bound: Vec::new(),
        card: Vec::new(),
        level: Level::L2,
        action: Safe::of("restart-api"),
        target: Safe::of("api"),
        phrase: "api".to_owned(),
        count: None,
        agreed: crate::remediation::agreed::Agreed::default(),
        entry: Entry::new(AuditEvent::ApprovalAsked, Safe::default()),
    };
    let mut events = Vec::new();
    let why = Safe::of("the shared folder is not there");
    let told = person(owner()).ask(asking, Err(why.clone()), &mut |entry: &Entry| {
        events.push(entry.event());
        Ok(())
    });
    assert_eq!((told.expect_err("there is no folder"), events), (why, vec![AuditEvent::Refused]));
}
