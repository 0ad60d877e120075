//! The turn of a database and of a whole server: who sees whom, over which connections, and what becomes of it when one is lost.

use quarterdeck::remediation::turn::Reach;

use super::*;

async fn is_held(source: &mut PostgresSource, reach: Reach) -> String {
    match source.claim(reach, DEADLINE).await {
        Ok(()) => {
            source.release(DEADLINE).await.unwrap();
            "free".to_owned()
        }
        Err(cause) => cause.to_string(),
    }
}

#[tokio::test]
async fn what_reaches_over_the_whole_server_is_seen_from_every_database_of_it() {
    let server = stage(&[]);
    let (mut shop, mut side) = (ops(&server), source(&url(&server, "ops", "side")));
    shop.claim(Reach::Database, DEADLINE).await.unwrap();
    assert_eq!(is_held(&mut side, Reach::Database).await, "free", "each database has a turn of its own");
    let told = is_held(&mut side, Reach::Server).await;
    assert!(
        told.contains("held by another operator: ops with quarterdeck") && told.contains("at database shop"),
        "{told}"
    );
    let card = side.preview(&SessionSelector::RootBlocker, SessionVerb::Cancel, CAP, DEADLINE).await.unwrap();
    assert!(words(&card.obstacles).contains("at database shop"), "{:?}", card.obstacles);
    assert_eq!(is_held(&mut side, Reach::Database).await, "free", "what was refused holds nothing");
    shop.claim(Reach::Server, DEADLINE).await.unwrap();
    let told = is_held(&mut side, Reach::Database).await;
    assert!(told.contains("at database shop"), "{told}");
    shop.release(DEADLINE).await.unwrap();
    assert_eq!(is_held(&mut side, Reach::Server).await, "free");
}

#[tokio::test]
async fn the_turn_of_a_run_outlasts_its_statements_and_a_lost_connection() {
    let server = stage(&[]);
    let (mut mine, mut other) = (ops(&server), ops(&server));
    mine.hold_turn(7, Reach::Database, Vec::new(), DEADLINE).await.unwrap();
    mine.claim(Reach::Database, DEADLINE).await.unwrap();
    mine.release(DEADLINE).await.unwrap();
    assert!(is_held(&mut other, Reach::Database).await.contains("held by"), "a step gives back nothing");
    assert!(!mine.lost_turn());
    server.sql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
    until(&server, "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'").await;
    let _broken = mine.read(DEADLINE).await;
    mine.read(DEADLINE).await.unwrap();
    assert!(is_held(&mut other, Reach::Database).await.contains("held by"), "the new connection took it again");
    assert!(mine.lost_turn() && !mine.lost_turn(), "it is said, once");
    mine.give_turn_back(8, DEADLINE).await.unwrap();
    assert!(is_held(&mut other, Reach::Database).await.contains("held by"), "of another run");
    mine.give_turn_back(7, DEADLINE).await.unwrap();
    assert_eq!(is_held(&mut other, Reach::Database).await, "free");
}

#[tokio::test]
async fn a_second_connection_of_the_same_run_is_no_other_operator() {
    let server = stage(&[]);
    let mut kept = ops(&server);
    let ours = kept.hold_turn(7, Reach::Database, Vec::new(), DEADLINE).await.unwrap();
    assert_eq!(kept.turn_of_ours(), Some(ours.clone()));
    assert!(is_held(&mut ops(&server), Reach::Database).await.contains("held by"));
    assert_eq!(is_held(&mut ops(&server).beside(Some(ours.clone())), Reach::Database).await, "free");
    // Two databases of one server in one run.
    let mut side = source(&url(&server, "ops", "side"));
    assert!(side.hold_turn(7, Reach::Server, Vec::new(), DEADLINE).await.is_err());
    side.hold_turn(7, Reach::Server, vec![ours.clone()], DEADLINE).await.unwrap();
    kept.give_turn_back(7, DEADLINE).await.unwrap();
    let told = is_held(&mut ops(&server).beside(Some(ours)), Reach::Database).await;
    assert!(told.contains("at database side"), "{told}");
}
