//! Dropping what a cancelled reindex left: only the very index of the card, and only while nobody can use it; also where that
//! changes while the drop waits for its lock.

use std::future::pending;
use std::time::Duration;

use quarterdeck::adapters::postgres::{Ended, PostgresSource};
use quarterdeck::domain::Untrusted;
use quarterdeck::remediation::card::Preview;
use quarterdeck::remediation::step::StepEnd;
use quarterdeck::remediation::upkeep::{Upkeep, UpkeepStep, UpkeepVerb};

use super::{DEADLINE, session, source, url};
use crate::support::leave;
use crate::support::postgres_server::PostgresServer;

const LIMIT: Duration = Duration::from_secs(60);
const WAITS: &str = "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'keeper'";
const INVALID: &str = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'stock_name_ccnew'::regclass";

/// A table with an index, and a leftover of it.
fn stage() -> PostgresServer {
    let server = PostgresServer::start(&[]);
    server.sql(
        "postgres",
        "CREATE ROLE keeper LOGIN; GRANT pg_read_all_stats TO keeper; CREATE TABLE stock (id int PRIMARY KEY, name text); \
         CREATE INDEX stock_name ON stock (name); CREATE INDEX stock_name_ccnew ON stock (name); \
         ALTER TABLE stock OWNER TO keeper; CREATE MATERIALIZED VIEW seen AS SELECT id FROM stock; \
         CREATE INDEX seen_id_ccnew ON seen (id); ALTER MATERIALIZED VIEW seen OWNER TO keeper",
    );
    server.sql("postgres", INVALID);
    server
}

fn keeper(server: &PostgresServer) -> PostgresSource {
    source(&url(server, "keeper", "postgres"))
}

async fn card(server: &PostgresServer, name: &str, lock_timeout: Duration) -> (Preview, UpkeepStep) {
    let upkeep = Upkeep { verb: UpkeepVerb::DropLeftover, name: name.to_owned(), lock_timeout };
    let preview = keeper(server).look_at_relation(&upkeep, LIMIT, DEADLINE).await.unwrap();
    assert!(preview.obstacles.is_empty(), "{:?}", preview.obstacles);
    let on = preview.relation.clone().unwrap();
    let step = UpkeepStep { database: 0, verb: upkeep.verb, lock_timeout, on, within: DEADLINE };
    (preview, step)
}

async fn run(server: &PostgresServer, preview: &Preview, step: &UpkeepStep) -> Ended {
    keeper(server).keep_up(&preview.identity, step, &leave::whole(LIMIT), |_| {}, pending()).await
}

async fn until(server: &PostgresServer, sql: &str) {
    for _ in 0..2000 {
        if server.sql("postgres", sql) == "t" {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("never true: {sql}");
}

fn indexes(server: &PostgresServer) -> String {
    let sql = "SELECT string_agg(c.relname || ' ' || x.indisvalid, ', ' ORDER BY c.relname) FROM pg_index x \
        JOIN pg_class c ON c.oid = x.indexrelid WHERE c.relname ~ '^(stock_name|other)'";
    server.sql("postgres", sql)
}

#[tokio::test]
async fn a_leftover_is_dropped_and_nothing_else() {
    let server = stage();
    let (preview, step) = card(&server, "stock_name_ccnew", LIMIT).await;
    let effect: Vec<String> = preview.effect.iter().map(|line| line.one_line().to_string()).collect();
    assert!(effect.contains(&"DROP INDEX public.stock_name_ccnew".to_owned()), "{effect:?}");
    assert!(effect.contains(&"LOCK TABLE ONLY public.stock IN ACCESS EXCLUSIVE MODE".to_owned()), "{effect:?}");
    let ended = run(&server, &preview, &step).await;
    assert!(matches!(ended.end, StepEnd::Done { .. }), "{ended:?}");
    assert_eq!(indexes(&server), "stock_name true");
}

#[tokio::test]
async fn of_a_materialised_view_too() {
    let server = stage();
    server.sql("postgres", &INVALID.replace("stock_name_ccnew", "seen_id_ccnew"));
    let (preview, step) = card(&server, "seen_id_ccnew", LIMIT).await;
    let ended = run(&server, &preview, &step).await;
    assert!(matches!(ended.end, StepEnd::Done { .. }), "{ended:?}");
    assert_eq!(server.sql("postgres", "SELECT to_regclass('seen_id_ccnew') IS NULL"), "t");
}

#[tokio::test]
async fn what_can_be_used_again_since_the_card_stays() {
    let server = stage();
    let (preview, step) = card(&server, "stock_name_ccnew", LIMIT).await;
    server.sql("postgres", "REINDEX INDEX stock_name_ccnew");
    let ended = run(&server, &preview, &step).await;
    assert!(matches!(&ended.end, StepEnd::OtherTarget(why) if why.as_str().contains("used again")), "{ended:?}");
    assert_eq!(indexes(&server), "stock_name true, stock_name_ccnew true");
}

/// What happens while the drop waits for its lock.
async fn meanwhile(changes: &str) -> (Ended, String) {
    let server = stage();
    let (preview, step) = card(&server, "stock_name_ccnew", LIMIT).await;
    let holder = session(&server, "migration", "postgres").await;
    holder.batch_execute("BEGIN; LOCK TABLE stock IN SHARE UPDATE EXCLUSIVE MODE").await.unwrap();
    let change = async {
        until(&server, WAITS).await;
        holder.batch_execute(&format!("{changes}; COMMIT")).await.unwrap();
    };
    let (ended, ()) = tokio::join!(run(&server, &preview, &step), change);
    let now = indexes(&server);
    (ended, now)
}

#[tokio::test]
async fn what_can_be_used_again_while_the_drop_waits_stays() {
    let repaired = INVALID.replace("false", "true");
    let (ended, now) = Box::pin(meanwhile(&repaired)).await;
    assert!(matches!(&ended.end, StepEnd::OtherTarget(why) if why.as_str().contains("used again")), "{ended:?}");
    assert_eq!(now, "stock_name true, stock_name_ccnew true");
}

#[tokio::test]
async fn another_index_under_the_name_stays() {
    let swapped = "ALTER INDEX stock_name_ccnew RENAME TO other; ALTER INDEX stock_name RENAME TO stock_name_ccnew";
    let (ended, now) = Box::pin(meanwhile(swapped)).await;
    assert!(matches!(&ended.end, StepEnd::OtherTarget(why) if why.as_str().contains("is another now")), "{ended:?}");
    assert_eq!(now, "other false, stock_name_ccnew true");
}

#[tokio::test]
async fn an_index_that_is_gone_meanwhile_is_told() {
    let (ended, now) = Box::pin(meanwhile("DROP INDEX stock_name_ccnew")).await;
    assert!(matches!(&ended.end, StepEnd::OtherTarget(_)), "{ended:?}");
    assert_eq!(now, "stock_name true");
}

#[tokio::test]
async fn a_lock_that_does_not_come_leaves_all_as_it_was() {
    let server = stage();
    let (preview, step) = card(&server, "stock_name_ccnew", Duration::from_millis(200)).await;
    let holder = session(&server, "migration", "postgres").await;
    holder.batch_execute("BEGIN; SELECT count(*) FROM stock").await.unwrap();
    let ended = run(&server, &preview, &step).await;
    assert!(matches!(&ended.end, StepEnd::Failed(cause) if cause.to_string().contains("gave up")), "{ended:?}");
    assert_eq!(indexes(&server), "stock_name true, stock_name_ccnew false");
    let left = ended.leftovers.as_deref().unwrap_or_default();
    assert!(left.iter().all(|name: &Untrusted| name.one_line().as_str().ends_with("_ccnew")), "{left:?}");
}
