//! The turn of a database and of a whole server: who sees whom, over which connections, and what becomes of it when one is lost.

use quarterdeck::adapters::postgres::Kin;
use quarterdeck::remediation::turn::Reach;

use super::*;

pub(super) async fn is_held(source: &mut PostgresSource, reach: Reach) -> String {
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
    mine.hold_turn(7, Reach::Database, DEADLINE).await.unwrap();
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

/// Ends whoever has a turn, and waits until nobody has one.
async fn all_are_cut_off(server: &PostgresServer) {
    server.sql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
    until(server, "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'").await;
}

#[tokio::test]
async fn sessions_of_one_program_have_one_turn_beside_each_other() {
    let server = stage(&[]);
    let kin = Kin::default();
    let mine = || ops(&server).among(&kin);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let (mut kept, mut twin, mut other) = (mine(), mine(), ops(&server));
    kept.hold_turn(7, Reach::Database, DEADLINE).await.unwrap();
    twin.hold_turn(7, Reach::Database, DEADLINE).await.expect("the same database by another name");
    let card = preview(&mut twin, &idle(MOMENT), SessionVerb::Terminate).await;
    assert!(card.obstacles.is_empty(), "our own turn is nobody else's: {:?}", card.obstacles);
    assert_eq!(signal(&mut twin, &card, SessionVerb::Terminate).await[&guest.id.pid], Fate::Done);
    // However one of them ends, the other keeps it.
    kept.give_turn_back(7, DEADLINE).await.unwrap();
    assert!(is_held(&mut other, Reach::Database).await.contains("held by"));
    kept.hold_turn(8, Reach::Server, DEADLINE).await.unwrap();
    let mut side = source(&url(&server, "ops", "side")).among(&kin);
    side.hold_turn(8, Reach::Server, DEADLINE).await.expect("two databases of one server in one run");
    twin.give_turn_back(7, DEADLINE).await.unwrap();
    drop(kept);
    until(&server, "SELECT count(DISTINCT pid) = 1 FROM pg_locks WHERE locktype = 'advisory'").await;
    let told = is_held(&mut other, Reach::Database).await;
    assert!(told.contains("at database side"), "{told}");
    side.give_turn_back(8, DEADLINE).await.unwrap();
    assert_eq!(is_held(&mut other, Reach::Server).await, "free");
}

#[tokio::test]
async fn a_turn_that_was_lost_is_had_again_or_told() {
    let server = stage(&[]);
    let (mut mine, mut other) = (ops(&server), ops(&server));
    mine.hold_turn(7, Reach::Database, DEADLINE).await.unwrap();
    assert_eq!(mine.hold_again(7, DEADLINE).await, Ok(false));
    all_are_cut_off(&server).await;
    assert_eq!(mine.hold_again(7, DEADLINE).await, Ok(true), "asked before anybody else noticed");
    assert_eq!(mine.hold_again(7, DEADLINE).await, Ok(false), "it is told once");
    all_are_cut_off(&server).await;
    other.claim(Reach::Database, DEADLINE).await.unwrap();
    let why = mine.hold_again(7, DEADLINE).await.unwrap_err().to_string();
    assert!(why.contains("held by another operator: ops with quarterdeck"), "{why}");
    other.release(DEADLINE).await.unwrap();
    assert_eq!(mine.hold_again(7, DEADLINE).await, Ok(true), "and then it is had again");
    mine.give_turn_back(7, DEADLINE).await.unwrap();
    assert!(mine.hold_again(7, DEADLINE).await.is_err());
}

/// As a backup has it: a connection of its own, for a long time, beside the kept one.
#[tokio::test]
async fn a_second_connection_has_the_turn_by_itself() {
    let server = stage(&[]);
    let kin = Kin::default();
    let (mut kept, mut own, mut other) = (ops(&server).among(&kin), ops(&server).among(&kin), ops(&server));
    let card = preview(&mut own, &idle(MOMENT), SessionVerb::Terminate).await;
    let stands = async |own: &mut PostgresSource| own.stand(&card.identity, Reach::Database, DEADLINE).await;
    kept.hold_turn(7, Reach::Database, DEADLINE).await.unwrap();
    own.claim(Reach::Database, DEADLINE).await.unwrap();
    drop(kept);
    until(&server, "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory'").await;
    assert!(is_held(&mut other, Reach::Database).await.contains("held by"));
    assert!(matches!(stands(&mut own).await, Ok(false)));
    all_are_cut_off(&server).await;
    assert!(matches!(stands(&mut own).await, Ok(true)), "had again, and told");
    all_are_cut_off(&server).await;
    other.claim(Reach::Database, DEADLINE).await.unwrap();
    let Err(StepEnd::Failed(why)) = stands(&mut own).await else { panic!("another has it") };
    assert!(why.to_string().contains("is not to be had again: held by another operator"), "{why}");
}

/// What was asked for comes late, when the run is over: it would have it until the program ends.
#[tokio::test]
async fn a_claim_that_comes_after_its_end_takes_nothing() {
    let server = stage(&[]);
    let (mut mine, mut other) = (ops(&server), ops(&server));
    mine.give_turn_back(7, DEADLINE).await.unwrap();
    assert!(mine.hold_turn(7, Reach::Server, DEADLINE).await.is_err());
    assert_eq!(is_held(&mut other, Reach::Server).await, "free");
    mine.hold_turn(8, Reach::Database, DEADLINE).await.expect("the next run");
}
