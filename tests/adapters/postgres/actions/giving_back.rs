//! A turn that the server does not take back: the step ends in its own time all the same, says so, and the turn goes with the
//! connection.

use std::future::pending;
use std::pin::pin;

use quarterdeck::domain::Safe;
use quarterdeck::remediation::query::SqlStep;
use quarterdeck::remediation::upkeep::{Upkeep, UpkeepStep, UpkeepVerb};
use tokio::time::sleep;

use super::relay::Relay;
use super::*;
use crate::support::leave;

/// A step's time, and the moment after it that is allowed.
const GIVEN: Duration = Duration::from_secs(2);
const GRACE: Duration = Duration::from_secs(2);
const GIVES_BACK: Option<&str> = Some("gives back all that it has");
/// A machine that is busy may need all of a step's time before it comes to what is looked at here.
const TRIES: usize = 20;

/// Both clocks are of one thread, so what is late here is late by its own doing.
async fn in_time<T>(step: impl Future<Output = T>) -> T {
    let step = pin!(step);
    tokio::select! {
        biased;
        end = step => end,
        () = sleep(GIVEN + GRACE) => panic!("it outlasts its step"),
    }
}

fn told(end: &StepEnd) -> Option<String> {
    let StepEnd::Done { said, .. } = end else { return None };
    Some(said.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n"))
}

fn tells(said: &str) {
    assert!(said.contains("could not be given back (timeout after"), "{said}");
    assert!(said.ends_with("its connection was closed, and the turn goes with it"), "{said}");
}

fn shop() -> PostgresServer {
    let server = stage(&[]);
    server.sql("shop", "CREATE TABLE stock (id int); INSERT INTO stock VALUES (1); ALTER TABLE stock OWNER TO ops");
    server
}

#[tokio::test]
async fn a_statement_ends_in_its_time_though_the_turn_is_not_taken_back() {
    let server = shop();
    let relay = Relay::to(server.port()).await;
    let step = SqlStep {
        database: 0,
        sql: "UPDATE stock SET id = id".to_owned(),
        binds: Vec::new(),
        read_only: false,
        redact: false,
    };
    let card = ops(&server).preview_statement(&step, DEADLINE).await.unwrap();
    relay.holds(GIVES_BACK);
    for _ in 0..TRIES {
        let mut source = source(&relay.url("ops", "shop"));
        let end = in_time(Box::pin(source.run_statement(&card.identity, &step, &leave::whole(GIVEN)))).await;
        if let Some(said) = told(&end) {
            return tells(&said);
        }
    }
    panic!("never in time");
}

#[tokio::test]
async fn sessions_are_ended_in_the_time_of_the_step_though_the_turn_is_not_taken_back() {
    let server = shop();
    let relay = Relay::to(server.port()).await;
    relay.holds(GIVES_BACK);
    for _ in 0..TRIES {
        let _guest = Guest::new(&server, "app", "shop", "web").await;
        let card = preview(&mut ops(&server), &idle(MOMENT), SessionVerb::Terminate).await;
        let mut source = source(&relay.url("ops", "shop"));
        let end = in_time(Box::pin(source.signal(&card.identity, &keys(&card), SessionVerb::Terminate, GIVEN))).await;
        if let Some(said) = told(&end) {
            return tells(&said);
        }
    }
    panic!("never in time");
}

/// The statement itself hangs, or what comes after it does.
#[tokio::test]
async fn upkeep_ends_in_its_time_whatever_hangs() {
    let server = shop();
    let relay = Relay::to(server.port()).await;
    let upkeep =
        Upkeep { verb: UpkeepVerb::Analyse, name: "public.stock".to_owned(), lock_timeout: Duration::from_secs(1) };
    let card = ops(&server).look_at_relation(&upkeep, GIVEN, DEADLINE).await.unwrap();
    let step = UpkeepStep {
        database: 0,
        verb: upkeep.verb,
        lock_timeout: upkeep.lock_timeout,
        on: card.relation.clone().unwrap(),
        within: DEADLINE,
    };
    for held in [Some("ANALYZE public.stock"), GIVES_BACK] {
        relay.holds(held);
        let mut tries = 0..TRIES;
        loop {
            tries.next().expect("never in time");
            let mut source = source(&relay.url("ops", "shop"));
            let leave = leave::whole(GIVEN);
            let work = Box::pin(source.keep_up(&card.identity, &step, &leave, |_| {}, pending()));
            match in_time(work).await.end {
                StepEnd::Unknown(_) if held != GIVES_BACK => break,
                end => {
                    let Some(said) = told(&end) else { continue };
                    tells(&said);
                    break;
                }
            }
        }
    }
}
