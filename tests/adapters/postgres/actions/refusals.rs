//! Who is never touched, and what is said when a right is missing, another operator is at it, or a pooler is in between.

use quarterdeck::remediation::turn::Reach;

use super::*;
use crate::postgres::pooler::Pooler;

#[tokio::test]
async fn without_the_right_the_grant_is_told_and_nothing_breaks_half_way() {
    let server = stage(&[]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let mut source = ops(&server);
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    assert_eq!(pids(&card), [guest.id.pid]);
    server.sql("postgres", "REVOKE pg_signal_backend FROM ops");
    let end = source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    let StepEnd::Done { fates, said } = end else { panic!("{end:?}") };
    assert_eq!(fates, [(keys(&card).remove(0), Fate::Refused)]);
    assert!(words(&said).contains("no right"), "{said:?}");
    let blind = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    assert!(blind.objects.is_empty() && excluded(&blind)["no right to signal them"] == 1, "{blind:?}");
    assert!(words(&blind.obstacles).contains("GRANT pg_signal_backend TO \"ops\";"), "{:?}", blind.obstacles);
    server.sql("postgres", "REVOKE pg_read_all_stats FROM ops");
    let blind = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    assert_eq!(excluded(&blind)["cannot be seen: no right"], 1, "{blind:?}");
    assert!(words(&blind.obstacles).contains("GRANT pg_read_all_stats TO \"ops\";"), "{:?}", blind.obstacles);
    let end = source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    assert!(matches!(&end, StepEnd::Done { fates, .. } if fates[0].1 == Fate::Refused), "{end:?}");
    assert_eq!(
        source.left(&card.identity, &keys(&card), SessionVerb::Cancel, DEADLINE).await,
        Ok(1),
        "what cannot be seen is not gone"
    );
    assert!(guest.is_alive().await);
    // A member of the session's role needs no more than that.
    server.sql("postgres", "GRANT app TO ops");
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    assert_eq!(signal(&mut source, &card, SessionVerb::Terminate).await[&guest.id.pid], Fate::Done);
}

#[tokio::test]
async fn a_function_that_is_revoked_is_told_before_anything_is_sent() {
    let server = stage(&[]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let mut source = ops(&server);
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    server.sql("shop", "REVOKE EXECUTE ON FUNCTION pg_terminate_backend FROM PUBLIC");
    let end = source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    assert!(matches!(end, StepEnd::Failed(_)), "{end:?}");
    let blind = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    assert!(words(&blind.obstacles).contains("GRANT EXECUTE ON FUNCTION pg_catalog.pg_terminate_backend"), "{blind:?}");
    server.sql("shop", "GRANT EXECUTE ON FUNCTION pg_terminate_backend TO PUBLIC");
    assert!(guest.is_alive().await);
}

#[tokio::test]
async fn who_became_a_superuser_meanwhile_is_left_alone() {
    let server = stage(&[]);
    let one = Guest::new(&server, "app", "shop", "web").await;
    let two = Guest::new(&server, "app", "shop", "web").await;
    let mut source = ops(&server);
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    assert_eq!(card.objects.len(), 2);
    server.sql("postgres", "ALTER ROLE app SUPERUSER");
    let end = source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    let StepEnd::Done { fates, said } = end else { panic!("{end:?}") };
    assert!(fates.iter().all(|(_, fate)| *fate == Fate::Refused), "{fates:?}");
    assert!(words(&said).contains("a superuser"), "{said:?}");
    server.sql("postgres", "ALTER ROLE app NOSUPERUSER");
    assert!(one.is_alive().await && two.is_alive().await);
}

#[tokio::test]
async fn our_own_sessions_are_left_alone_even_by_the_statement_itself() {
    for name in ["quarterdeck", "quarterdeck 22:41:03Z ann@bastion-1"] {
        let server = stage(&[]);
        let guest = Guest::new(&server, "app", "shop", name).await;
        let mut source = ops(&server);
        let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
        assert!(card.objects.is_empty());
        let since = format!(
            "SELECT (EXTRACT(epoch FROM state_change) * 1000000)::int8 FROM pg_stat_activity WHERE pid = {}",
            guest.id.pid
        );
        let since_us = server.sql("postgres", &since).parse().unwrap();
        let key =
            ObjectKey::Session { id: guest.id, state: quarterdeck::domain::session::SessionState::Idle, since_us };
        let end = source.signal(&card.identity, &[key], SessionVerb::Terminate, DEADLINE).await;
        assert!(
            matches!(&end, StepEnd::Done { fates, said } if fates[0].1 == Fate::Refused && words(said).contains("ours")),
            "{end:?}"
        );
        assert!(guest.is_alive().await);
    }
}

#[tokio::test]
async fn two_operators_see_each_other() {
    let server = stage(&[]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let (mut one, mut two) = (ops(&server), ops(&server));
    one.claim(Reach::Database, DEADLINE).await.unwrap();
    one.claim(Reach::Database, DEADLINE).await.unwrap();
    let refused = two.claim(Reach::Database, DEADLINE).await.unwrap_err();
    let who = "held by another operator: ops with quarterdeck from 127.0.0.1";
    assert!(refused.to_string().contains(who), "{refused}");
    let card = preview(&mut two, &idle(MOMENT), SessionVerb::Terminate).await;
    assert!(words(&card.obstacles).contains(who), "{:?}", card.obstacles);
    let end = two.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    assert!(matches!(&end, StepEnd::Failed(cause) if cause.to_string().contains(who)), "{end:?}");
    assert!(guest.is_alive().await, "nothing was done");
    one.release(DEADLINE).await.unwrap();
    two.claim(Reach::Database, DEADLINE).await.unwrap();
    let card = preview(&mut two, &idle(MOMENT), SessionVerb::Terminate).await;
    assert_eq!(signal(&mut two, &card, SessionVerb::Terminate).await[&guest.id.pid], Fate::Done, "our own turn");
}

#[tokio::test]
async fn behind_a_pooler_a_direct_dsn_is_asked_for() {
    let server = stage(&[]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let pooler = Pooler::start(&server);
    let mut source = source(&pooler.url("shop"));
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    assert!(words(&card.obstacles).contains("direct DSN"), "{:?}", card.obstacles);
    let end = source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, DEADLINE).await;
    assert!(matches!(&end, StepEnd::Failed(cause) if cause.to_string().contains("direct DSN")), "{end:?}");
    assert!(guest.is_alive().await);
}
