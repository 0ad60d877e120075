//! The second person is another one, for this card, in time.

use proptest::prelude::*;

use super::*;
use crate::domain::{Moment, Safe};
use crate::remediation::cooldown::BootId;

fn who(uid: u32, user: &str, loginuid: Option<u32>) -> OsIdentity {
    OsIdentity { uid, user: user.into(), loginuid, login: loginuid.map(|_| user.into()), claims: Vec::new() }
}

fn at(secs: f64) -> BootMoment {
    BootMoment { boot: Some(BootId::new("a")), at: Moment::fixed(secs) }
}

fn request(requester: OsIdentity) -> Request {
    Request {
        id: "r7".to_owned(),
        digest: "d1".to_owned(),
        bound: vec!["FLUSHDB ASYNC".into()],
        card: vec!["flush cache".into()],
        requester,
        asked_at: at(0.0),
        level: Level::L3,
        action: "flush-redis".into(),
        target: "cache".into(),
        phrase: "cache 812".to_owned(),
        count: Some(812),
        agreed: crate::remediation::agreed::Agreed::default(),
    }
}

fn approval(approver: OsIdentity) -> Approval {
    let shown = request(alice()).shown();
    Approval { id: "r7".to_owned(), digest: "d1".to_owned(), shown, approver, approved_at: at(60.0) }
}

fn alice() -> OsIdentity {
    who(1001, "alice", Some(1001))
}

fn bob() -> OsIdentity {
    who(1002, "bob", Some(1002))
}

fn sharing(accounts: &[&str]) -> Policy {
    Policy { shared_accounts: accounts.iter().map(|name| (*name).to_owned()).collect(), ..Policy::default() }
}

#[test]
fn another_person_approves_the_same_card_in_time() {
    let asked = request(alice());
    assert_eq!(may_approve(&asked, &bob(), "cache 812", &NO_POLICY, &at(30.0)), Ok(()));
    assert_eq!(counts(&asked, &approval(bob()), "d1", &NO_POLICY, &at(659.9)), Ok(()));
    assert_eq!(
        counts(&asked, &approval(bob()), "d1", &NO_POLICY, &at(660.0)),
        Err(ApprovalRefusal::Expired(Some(VALID))),
        "ten minutes, half-open"
    );
}

#[test]
fn one_cannot_approve_oneself_as_whoever() {
    let asked = request(alice());
    for myself in [
        alice(),
        who(1001, "alice", None),
        who(0, "root", Some(1001)),
        who(1002, "bob", Some(1001)),
        who(1001, "alice", Some(1002)),
    ] {
        assert_eq!(
            may_approve(&asked, &myself, "cache 812", &NO_POLICY, &at(1.0)),
            Err(ApprovalRefusal::Yourself),
            "{myself:?}"
        );
        assert_eq!(counts(&asked, &approval(myself), "d1", &NO_POLICY, &at(61.0)), Err(ApprovalRefusal::Yourself));
    }
    let by_sudo = request(who(0, "root", Some(1001)));
    assert_eq!(may_approve(&by_sudo, &alice(), "cache 812", &NO_POLICY, &at(1.0)), Err(ApprovalRefusal::Yourself));
    assert_eq!(may_approve(&by_sudo, &bob(), "cache 812", &NO_POLICY, &at(1.0)), Ok(()));
}

#[test]
fn accounts_of_several_people_and_root_of_nobody_are_refused() {
    let shared = sharing(&["deploy"]);
    let deploy = who(900, "deploy", Some(900));
    let refused =
        |one: OsIdentity, other: OsIdentity| may_approve(&request(one), &other, "cache 812", &shared, &at(1.0));
    assert_eq!(refused(alice(), deploy.clone()), Err(ApprovalRefusal::SharedAccount("deploy".into())));
    assert_eq!(refused(deploy, bob()), Err(ApprovalRefusal::SharedAccount("deploy".into())));
    let root = who(0, "root", None);
    assert_eq!(refused(alice(), root.clone()), Err(ApprovalRefusal::NobodyKnowsWho("root".into())));
    assert_eq!(refused(root, bob()), Err(ApprovalRefusal::NobodyKnowsWho("root".into())));
}

/// Logged in as an account that several people use, and another user by sudo: still anybody of them.
#[test]
fn a_shared_account_behind_a_login_is_refused() {
    let shared = sharing(&["deploy"]);
    let behind = |login: Option<&str>| OsIdentity { loginuid: Some(900), login: login.map(Safe::of), ..bob() };
    let both = |who: &OsIdentity, policy: &Policy| {
        let asked = may_approve(&request(alice()), who, "cache 812", policy, &at(1.0));
        assert_eq!(counts(&request(alice()), &approval(who.clone()), "d1", policy, &at(61.0)), asked);
        let mine = may_approve(&request(who.clone()), &alice(), "cache 812", policy, &at(1.0));
        let by_su = ApprovalRefusal::NotTheirLogin("bob".into(), 900);
        assert!(mine == asked || (&mine, &asked) == (&Ok(()), &Err(by_su)), "{mine:?} {asked:?}");
        mine
    };
    assert_eq!(both(&behind(Some("deploy")), &shared), Err(ApprovalRefusal::SharedAccount("deploy".into())));
    assert_eq!(both(&behind(None), &shared), Err(ApprovalRefusal::NamelessLogin("bob".into(), 900)));
    assert_eq!(both(&behind(Some("carol")), &shared), Ok(()));
    assert_eq!(both(&behind(None), &NO_POLICY), Ok(()), "where no account is shared a number is as good as a name");
}

/// Who logged in is the word of whoever wrote the record: it can name nobody else than the one who owns it.
#[test]
fn whoever_came_to_their_name_by_su_does_not_approve() {
    let asked = request(alice());
    let deploy = OsIdentity { login: Some("carol".into()), ..who(900, "deploy", Some(1003)) };
    for by_su in [deploy, who(0, "root", Some(1002)), OsIdentity { login: None, ..who(1002, "bob", Some(4_000_000)) }] {
        let login = by_su.loginuid.unwrap();
        let refused = Err(ApprovalRefusal::NotTheirLogin(by_su.user.clone(), login));
        assert_eq!(may_approve(&asked, &by_su, "cache 812", &NO_POLICY, &at(1.0)), refused);
        assert_eq!(counts(&asked, &approval(by_su.clone()), "d1", &NO_POLICY, &at(61.0)), refused);
        assert_eq!(may_approve(&request(by_su), &alice(), "cache 812", &NO_POLICY, &at(1.0)), Ok(()), "they may ask");
    }
    let unrecorded = who(1002, "bob", None);
    assert_eq!(counts(&asked, &approval(unrecorded), "d1", &NO_POLICY, &at(61.0)), Ok(()));
}

#[test]
fn another_card_request_time_or_phrase_is_refused() {
    let asked = request(alice());
    let with = |change: fn(&mut Approval)| {
        let mut changed = approval(bob());
        change(&mut changed);
        counts(&asked, &changed, "d1", &NO_POLICY, &at(61.0))
    };
    assert_eq!(with(|a| a.digest = "d2".to_owned()), Err(ApprovalRefusal::OtherDigest));
    assert_eq!(with(|a| a.id = "r8".to_owned()), Err(ApprovalRefusal::OtherRequest));
    assert_eq!(with(|a| a.approved_at = at(61.1)), Err(ApprovalRefusal::FromTheFuture));
    assert_eq!(with(|a| a.approved_at.boot = Some(BootId::new("b"))), Err(ApprovalRefusal::Expired(None)));
    assert_eq!(with(|a| a.approved_at.boot = None), Err(ApprovalRefusal::Expired(None)));
    assert_eq!(counts(&asked, &approval(bob()), "d2", &NO_POLICY, &at(61.0)), Err(ApprovalRefusal::OtherDigest));
    assert_eq!(with(|a| a.shown.clear()), Err(ApprovalRefusal::OtherText));
    let texts = [("flush", "cache"), ("flush cache", ""), ("", "flush cache")];
    let marks = texts.map(|(one, other)| Request { card: vec![one.into(), other.into()], ..request(alice()) }.shown());
    assert!(marks[0] != marks[1] && marks[1] != marks[2]);
    let again = Request { asked_at: at(60.5), ..request(alice()) };
    assert_eq!(counts(&again, &approval(bob()), "d1", &NO_POLICY, &at(61.0)), Err(ApprovalRefusal::OtherRequest));

    for typed in ["", "cache 81", "cache 812 ", "Cache 812"] {
        assert_eq!(
            may_approve(&asked, &bob(), typed, &NO_POLICY, &at(1.0)),
            Err(ApprovalRefusal::WrongPhrase),
            "{typed:?}"
        );
    }
    let empty = Request { phrase: String::new(), ..request(alice()) };
    assert_eq!(may_approve(&empty, &bob(), "", &NO_POLICY, &at(1.0)), Err(ApprovalRefusal::WrongPhrase));
    assert_eq!(
        may_approve(&asked, &bob(), "cache 812", &NO_POLICY, &at(600.0)),
        Err(ApprovalRefusal::Expired(Some(VALID)))
    );
}

#[test]
fn every_refusal_is_a_sentence() {
    let all = [
        ApprovalRefusal::Yourself,
        ApprovalRefusal::SharedAccount("deploy".into()),
        ApprovalRefusal::NobodyKnowsWho("root".into()),
        ApprovalRefusal::NotTheirLogin("bob".into(), 1001),
        ApprovalRefusal::OtherDigest,
        ApprovalRefusal::OtherRequest,
        ApprovalRefusal::Expired(Some(Duration::from_secs(700))),
        ApprovalRefusal::Expired(None),
        ApprovalRefusal::FromTheFuture,
        ApprovalRefusal::WrongPhrase,
        ApprovalRefusal::NamelessLogin("bob".into(), 900),
        ApprovalRefusal::OtherText,
        ApprovalRefusal::OtherReason("INC-7".into()),
        ApprovalRefusal::NoLogin("bob".into()),
    ];
    assert!(all.iter().all(|refusal| refusal.to_string().len() > 20));
    assert_eq!(all[6].to_string(), "11m40s old; it holds for 10m");
}

proptest! {
    /// Whoever shares any id with the requester is the requester, whatever the environment claims; the judgement does not
    /// depend on who of the two asks.
    #[test]
    fn only_two_people_are_two(a in 0u32..4, b in 0u32..4, la in proptest::option::of(0u32..4), lb in proptest::option::of(0u32..4), claim in "[a-z]{1,8}") {
        let mut one = who(a, "a", la);
        let other = who(b, "b", lb);
        let verdict = two_people(&one, &other, &NO_POLICY);
        let shares = a == b || Some(a) == lb || la == Some(b) || (la.is_some() && la == lb);
        let nobody = (a == 0 && la.is_none()) || (b == 0 && lb.is_none());
        prop_assert_eq!(verdict.is_ok(), !shares && !nobody);
        prop_assert_eq!(two_people(&other, &one, &NO_POLICY).is_ok(), verdict.is_ok());
        one.claims.push(("SUDO_USER".into(), claim.into()));
        prop_assert_eq!(two_people(&one, &other, &NO_POLICY), verdict);
    }

    /// An approval counts exactly for ten minutes, for exactly its card.
    #[test]
    fn an_approval_counts_in_time_for_its_card(approved in 0u32..2000, now in 0u32..3000, same: bool) {
        let asked = request(alice());
        let given = Approval { approved_at: at(f64::from(approved)), ..approval(bob()) };
        let verdict = counts(&asked, &given, if same { "d1" } else { "d2" }, &NO_POLICY, &at(f64::from(now)));
        prop_assert_eq!(verdict.is_ok(), same && now >= approved && now - approved < 600);
    }
}
