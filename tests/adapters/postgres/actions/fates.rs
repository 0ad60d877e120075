//! What becomes of a session that is not what it was on the card any more.

use super::*;
use quarterdeck::domain::session::SessionState;

#[tokio::test]
async fn who_changed_survives_who_left_is_gone_and_the_rest_is_terminated() {
    let server = stage(&[]);
    let stays = Guest::new(&server, "app", "shop", "web").await;
    let works = Guest::new(&server, "app", "shop", "web").await;
    let worked = Guest::new(&server, "app", "shop", "web").await;
    let leaves = Guest::new(&server, "app", "shop", "web").await;
    let mut source = ops(&server);
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    assert_eq!(card.objects.len(), 4);
    assert_eq!(source.left(&card.identity, &keys(&card), SessionVerb::Cancel, DEADLINE).await, Ok(4));
    let (stays_pid, works_pid, worked_pid, leaves_pid) = (stays.id.pid, works.id.pid, worked.id.pid, leaves.id.pid);
    works.runs("BEGIN").await;
    worked.runs("SELECT 1").await;
    drop(leaves);
    until(&server, &format!("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = {leaves_pid}")).await;
    let newcomer = Guest::new(&server, "app", "shop", "web").await;
    let fates = signal(&mut source, &card, SessionVerb::Terminate).await;
    assert_eq!(fates[&stays_pid], Fate::Done);
    assert_eq!(fates[&works_pid], Fate::Changed, "another state");
    assert_eq!(fates[&worked_pid], Fate::Changed, "the same state, and it worked meanwhile");
    assert_eq!(fates[&leaves_pid], Fate::Gone);
    assert_eq!(stays.ended().await, "57P01");
    for left in [works, worked, newcomer] {
        assert!(left.is_alive().await);
    }
    until(&server, &format!("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = {stays_pid}")).await;
    assert_eq!(source.left(&card.identity, &keys(&card), SessionVerb::Cancel, DEADLINE).await, Ok(0));
}

#[tokio::test]
async fn a_pid_that_somebody_else_bears_now_is_gone() {
    let server = stage(&[]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let mut source = ops(&server);
    let card = preview(&mut source, &SessionSelector::One(guest.id), SessionVerb::Terminate).await;
    let ObjectKey::Session { id, state, since_us } = keys(&card).remove(0) else { panic!() };
    for shift in [-1, 1, 86_400_000_000] {
        let earlier = SessionId { backend_start_us: id.backend_start_us + shift, ..id };
        let key = ObjectKey::Session { id: earlier, state, since_us };
        let end = source.signal(&card.identity, std::slice::from_ref(&key), SessionVerb::Terminate, DEADLINE).await;
        assert_eq!(end, StepEnd::Done { fates: vec![(key, Fate::Gone)], said: Vec::new() });
        let nobody = preview(&mut source, &SessionSelector::One(earlier), SessionVerb::Terminate).await;
        assert!(nobody.objects.is_empty() && words(&nobody.obstacles).contains("gone"), "{nobody:?}");
    }
    assert!(guest.is_alive().await);
}

#[tokio::test]
async fn cancelling_ends_the_same_query_only() {
    let server = stage(&[]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let again = Guest::new(&server, "app", "shop", "web").await;
    let mut source = ops(&server);
    let selector = SessionSelector::One(guest.id);
    let rests = preview(&mut source, &selector, SessionVerb::Cancel).await;
    assert!(rests.objects.is_empty() && words(&rests.obstacles).contains("runs nothing"), "{rests:?}");
    let slow = "SELECT pg_sleep(600)";
    let (first, ()) = tokio::join!(guest.client.batch_execute(slow), async {
        in_state(&server, &guest, "active").await;
        let card = preview(&mut source, &selector, SessionVerb::Cancel).await;
        assert!(matches!(card.objects[0].key, ObjectKey::Session { state: SessionState::Active, .. }));
        assert!(card.objects[0].query.one_line().as_str().contains("pg_sleep(600)"));
        assert_eq!(signal(&mut source, &card, SessionVerb::Cancel).await[&guest.id.pid], Fate::Done);
    });
    assert_eq!(first.unwrap_err().code().unwrap().code(), "57014");
    assert!(guest.is_alive().await, "only its query");
    // The query of the card ends by itself, and the next one, of the same text, runs on.
    let gate = Guest::new(&server, "admin", "shop", "gate").await;
    let (lock, unlock) = ("SELECT pg_advisory_lock(7)", "SELECT pg_advisory_unlock(7)");
    gate.runs(lock).await;
    let (go, wait) = tokio::sync::oneshot::channel();
    let works = async {
        again.runs(lock).await;
        again.runs(unlock).await;
        wait.await.unwrap();
        again.client.batch_execute(lock).await
    };
    let selector = SessionSelector::One(again.id);
    let (second, ()) = tokio::join!(works, async {
        waiting(&server, 1).await;
        let card = preview(&mut source, &selector, SessionVerb::Cancel).await;
        assert_eq!(card.objects.len(), 1);
        gate.runs(unlock).await;
        in_state(&server, &again, "idle").await;
        gate.runs(lock).await;
        go.send(()).unwrap();
        waiting(&server, 1).await;
        assert_eq!(signal(&mut source, &card, SessionVerb::Cancel).await[&again.id.pid], Fate::Changed);
        assert_eq!(source.left(&card.identity, &keys(&card), SessionVerb::Cancel, DEADLINE).await, Ok(0));
        gate.runs(unlock).await;
    });
    assert!(second.is_ok(), "the next query was not touched");
}

#[tokio::test]
async fn an_empty_card_does_nothing_and_a_name_is_no_session() {
    let server = stage(&[]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let mut source = ops(&server);
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    let end = source.signal(&card.identity, &[], SessionVerb::Terminate, DEADLINE).await;
    assert_eq!(end, StepEnd::Done { fates: Vec::new(), said: Vec::new() });
    let named = ObjectKey::Named(quarterdeck::domain::Untrusted::from("web"));
    let end = source.signal(&card.identity, &[named], SessionVerb::Terminate, DEADLINE).await;
    assert!(matches!(end, StepEnd::Failed(_)), "{end:?}");
    assert!(guest.is_alive().await);
}
