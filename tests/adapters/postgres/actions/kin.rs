//! Whose a turn is: sessions of ours that the server still has though we lost them, sessions of others that look like ours, the
//! second connection of a statement, and who is named to others.

use quarterdeck::adapters::postgres::Kin;
use quarterdeck::remediation::query::SqlStep;
use quarterdeck::remediation::turn::Reach;

use super::relay::Relay;
use super::turns::is_held;
use super::*;
use crate::support::leave;

const HELD: &str = "held by another operator: ops with quarterdeck";
const NOBODY: &str = "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'";

/// Works until there is a row in `gate`.
fn until_the_gate_opens() -> SqlStep {
    SqlStep {
        database: 0,
        sql: "DO $$ BEGIN LOOP EXIT WHEN EXISTS (SELECT FROM gate); PERFORM pg_sleep(0.02); END LOOP; END $$"
            .to_owned(),
        binds: Vec::new(),
        read_only: false,
        redact: false,
    }
}

fn with_a_gate() -> PostgresServer {
    let server = stage(&[]);
    server.sql("shop", "CREATE TABLE gate (id int); GRANT SELECT ON gate TO ops");
    server
}

async fn works(server: &PostgresServer) {
    until(server, "SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ '^DO' AND state = 'active'").await;
}

#[tokio::test]
async fn our_former_session_that_does_nothing_is_no_other_operator() {
    let server = stage(&[]);
    let relay = Relay::to(server.port()).await;
    let kin = Kin::default();
    let (mut mine, mut other) = (source(&relay.url("ops", "shop")).among(&kin), ops(&server));
    mine.hold_turn(7, Reach::Server, DEADLINE).await.unwrap();
    relay.cut();
    assert_eq!(mine.hold_again(7, DEADLINE).await, Ok(true), "it is had again beside the former one");
    until(&server, "SELECT count(DISTINCT pid) = 2 FROM pg_locks WHERE locktype = 'advisory'").await;
    let card = preview(&mut mine, &idle(MOMENT), SessionVerb::Terminate).await;
    assert!(!words(&card.obstacles).contains("held"), "{:?}", card.obstacles);
    let said = words(&card.remarks);
    for part in [
        "a former session of this program (pid ",
        "and does nothing",
        "until the server notices",
        "pg_terminate_backend(",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    mine.give_turn_back(7, DEADLINE).await.unwrap();
    assert!(is_held(&mut other, Reach::Database).await.contains(HELD), "others are kept out by it");
    relay.is_noticed();
    until(&server, NOBODY).await;
    assert_eq!(is_held(&mut other, Reach::Server).await, "free");
    let card = preview(&mut mine, &idle(MOMENT), SessionVerb::Terminate).await;
    assert!(!words(&card.remarks).contains("former session"), "{:?}", card.remarks);
}

#[tokio::test]
async fn our_former_session_that_works_is_told_and_waited_for() {
    let server = with_a_gate();
    let relay = Relay::to(server.port()).await;
    let kin = Kin::default();
    let (mut mine, mut again) =
        (source(&relay.url("ops", "shop")).among(&kin), source(&relay.url("ops", "shop")).among(&kin));
    let step = until_the_gate_opens();
    let card = mine.preview_statement(&step, DEADLINE).await.unwrap();
    let running = tokio::spawn(async move {
        let end = mine.run_statement(&card.identity, &step, &leave::whole(DEADLINE * 20)).await;
        (mine, end)
    });
    works(&server).await;
    relay.cut();
    let (_mine, end) = running.await.unwrap();
    assert!(matches!(end, StepEnd::Unknown(_)), "{end:?}");
    // When patience is over, what holds it is told as what it is.
    let why = again.claim(Reach::Database, DEADLINE).await.unwrap_err();
    let said = why.to_string();
    assert!(
        said.starts_with("held by a former session of this program: pid ") && said.contains("still works there"),
        "{said}"
    );
    let card = preview(&mut again, &idle(MOMENT), SessionVerb::Terminate).await;
    assert!(words(&card.obstacles).contains("held by a former session of this program"), "{:?}", card.obstacles);
    let looks = relay.looks();
    let waits = tokio::spawn(async move { again.claim(Reach::Database, DEADLINE * 20).await });
    relay.has_looked(looks + 2).await;
    server.sql("shop", "INSERT INTO gate VALUES (1)");
    assert_eq!(waits.await.unwrap(), Ok(()), "when it is done the turn is ours");
}

#[tokio::test]
async fn a_foreign_session_with_the_process_id_of_ours_on_a_replica_is_foreign() {
    let server = stage(&[]);
    let replica = server.standby();
    let mut other = ops(&replica);
    other.claim(Reach::Database, DEADLINE).await.unwrap();
    let pid = replica.sql("postgres", "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory'");
    let relay = Relay::to(server.port()).await;
    relay.is_told(pid.parse().unwrap());
    let kin = Kin::default();
    let mut there = source(&relay.url("ops", "shop")).among(&kin);
    there.claim(Reach::Database, DEADLINE).await.expect("the primary is free");
    let mut mine = ops(&replica).among(&kin);
    let told = is_held(&mut mine, Reach::Database).await;
    assert!(told.contains(HELD) && told.contains(&format!("pid {pid}")), "{told}");
}

#[tokio::test]
async fn a_statement_on_a_second_connection_has_the_turn_by_itself() {
    let server = with_a_gate();
    let kin = Kin::default();
    let (mut mine, mut other) = (ops(&server).among(&kin), ops(&server));
    let step = until_the_gate_opens();
    let card = mine.preview_statement(&step, DEADLINE).await.unwrap();
    mine.hold_turn(7, Reach::Database, DEADLINE).await.unwrap();
    let held = server.sql("postgres", "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory'");
    let running = tokio::spawn(async move {
        let end = mine.run_statement(&card.identity, &step, &leave::whole(DEADLINE * 20)).await;
        (mine, end)
    });
    works(&server).await;
    server.sql("postgres", &format!("SELECT pg_terminate_backend({held})"));
    until(&server, &format!("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = {held}")).await;
    let told = is_held(&mut other, Reach::Database).await;
    assert!(told.contains(HELD), "the kept connection is lost, and the statement works: {told}");
    server.sql("shop", "INSERT INTO gate VALUES (1)");
    let (mut mine, end) = running.await.unwrap();
    assert!(matches!(end, StepEnd::Done { .. }), "{end:?}");
    assert_eq!(is_held(&mut other, Reach::Database).await, "free", "given back at once");
    // And it is not sent where another has the turn.
    other.claim(Reach::Database, DEADLINE).await.unwrap();
    let _broken = mine.read(DEADLINE).await;
    let card = mine.preview_statement(&until_the_gate_opens(), DEADLINE).await.unwrap();
    let end = mine.run_statement(&card.identity, &until_the_gate_opens(), &leave::whole(DEADLINE)).await;
    assert!(matches!(&end, StepEnd::Failed(cause) if cause.to_string().contains(HELD)), "{end:?}");
}

/// Another session of ours is between taking the lock for itself and sharing it: whoever comes in that moment tries again.
#[tokio::test]
async fn a_claim_that_meets_one_of_ours_in_the_middle_of_its_own_is_made_again() {
    let server = stage(&[]);
    let (one_way, other_way) = (Relay::to(server.port()).await, Relay::to(server.port()).await);
    let kin = Kin::default();
    let mut first = source(&one_way.url("ops", "shop")).among(&kin);
    let mut second = source(&other_way.url("ops", "shop")).among(&kin);
    one_way.holds(Some("takes the same locks so that other sessions"));
    other_way.holds(Some("gives back all that it has"));
    let first = tokio::spawn(async move { (first.claim(Reach::Database, DEADLINE * 6).await, first) });
    one_way.has_held().await;
    let second = tokio::spawn(async move { (second.claim(Reach::Database, DEADLINE * 6).await, second) });
    // It did not get what the first has for itself, and lets go.
    other_way.has_held().await;
    one_way.holds(None);
    let (had, _first) = first.await.unwrap();
    assert_eq!(had, Ok(()));
    other_way.holds(None);
    let (had, _second) = second.await.unwrap();
    assert_eq!(had, Ok(()), "the second try");
    until(&server, "SELECT count(DISTINCT pid) = 2 FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'")
        .await;
}

/// The line is cut when the lock is had alone and not shared yet: nobody can take it beside that session, we neither.
#[tokio::test]
async fn our_former_session_in_the_middle_of_taking_the_turn_is_told_as_what_bars_it() {
    let server = stage(&[]);
    let relay = Relay::to(server.port()).await;
    let kin = Kin::default();
    let of_ours = || source(&relay.url("ops", "shop")).among(&kin);
    let (mut mine, mut again, mut side) = (of_ours(), of_ours(), source(&relay.url("ops", "side")).among(&kin));
    relay.holds(Some("takes the same locks so that other sessions"));
    let claims = tokio::spawn(async move { mine.claim(Reach::Database, DEADLINE * 20).await });
    relay.has_held().await;
    relay.cut();
    claims.await.unwrap().expect_err("its line is cut");
    relay.holds(None);
    let said = again.claim(Reach::Database, DEADLINE).await.unwrap_err().to_string();
    for part in [
        "held by a former session of this program: pid ",
        "in the middle of taking the turn",
        "until the server notices",
        "pg_terminate_backend(",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let card = preview(&mut again, &idle(MOMENT), SessionVerb::Terminate).await;
    assert!(words(&card.obstacles).contains("in the middle of taking"), "{:?}", card.obstacles);
    assert!(!words(&card.remarks).contains("former session"), "{:?}", card.remarks);
    // Of another database it bars nothing: each has locks of its own.
    assert_eq!(side.claim(Reach::Server, DEADLINE).await, Ok(()));
    side.release(DEADLINE).await.unwrap();
    relay.is_noticed();
    until(&server, NOBODY).await;
    assert_eq!(again.claim(Reach::Database, DEADLINE).await, Ok(()));
}

#[tokio::test]
async fn whoever_has_a_turn_is_named_to_others_and_since_when() {
    let server = stage(&[]);
    let kin = Kin::default();
    kin.belongs_to("ann", "bastion-1");
    let (mut mine, mut other) = (ops(&server).among(&kin), ops(&server));
    let names = |wanted: &str| {
        let sql = "SELECT string_agg(application_name, ',') FROM pg_stat_activity WHERE usename = 'ops'";
        format!("SELECT ({sql}) ~ '{wanted}'")
    };
    mine.hold_turn(7, Reach::Database, DEADLINE).await.unwrap();
    let refused = other.claim(Reach::Database, DEADLINE).await.unwrap_err().to_string();
    let (who, session) = refused.split_once(" (session: ").unwrap_or_else(|| panic!("{refused}"));
    let since =
        who.strip_prefix("held by another operator: ann@bastion-1 since ").unwrap_or_else(|| panic!("{refused}"));
    assert!(since.len() == 9 && since.ends_with('Z'), "{since}");
    assert!(session.starts_with("ops with quarterdeck from 127.0.0.1, pid "), "{session}");
    let card = preview(&mut other, &idle(MOMENT), SessionVerb::Terminate).await;
    assert!(words(&card.obstacles).contains(&refused), "{:?}", card.obstacles);
    assert!(card.objects.is_empty(), "a session of ours by its longer name too: {:?}", pids(&card));
    mine.give_turn_back(7, DEADLINE).await.unwrap();
    until(&server, &names("^quarterdeck,quarterdeck$")).await;
    other.claim(Reach::Database, DEADLINE).await.unwrap();
    assert!(mine.claim(Reach::Database, DEADLINE).await.is_err());
    until(&server, &names("^quarterdeck,quarterdeck$")).await;
}
