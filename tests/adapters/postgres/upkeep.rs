//! Upkeep on a real server: what is on the card, what is sent, what shows that it was done, and what is left of what was not.

use std::future::pending;
use std::time::Duration;

use quarterdeck::adapters::postgres::{Ended, PostgresSource};
use quarterdeck::domain::Safe;
use quarterdeck::remediation::card::Preview;
use quarterdeck::remediation::step::StepEnd;
use quarterdeck::remediation::upkeep::{Upkeep, UpkeepStep, UpkeepVerb};
use tokio_postgres::Client;

use super::{DEADLINE, SUPERUSER, session, source, url};
use crate::support::leave;
use crate::support::postgres_server::PostgresServer;

const LIMIT: Duration = Duration::from_secs(60);
/// A name that is no name anywhere else: quotes, a line end, an end of a statement.
const HOSTILE: &str = "public.\"we;ird\"\"na\nme'); DROP TABLE stock; --\"";

fn stage(settings: &[&str]) -> PostgresServer {
    let server = PostgresServer::start(settings);
    server.sql(
        "postgres",
        "CREATE ROLE keeper LOGIN; GRANT pg_read_all_stats TO keeper; CREATE ROLE guest LOGIN; \
         CREATE TABLE stock (id int PRIMARY KEY, name text); CREATE INDEX stock_name ON stock (name); \
         INSERT INTO stock SELECT g, 'n' || g FROM generate_series(1, 2000) g; ALTER TABLE stock OWNER TO keeper",
    );
    server.sql(
        "postgres",
        &format!("CREATE TABLE {HOSTILE} (id int PRIMARY KEY); ALTER TABLE {HOSTILE} OWNER TO keeper"),
    );
    server
}

fn keeper(server: &PostgresServer) -> PostgresSource {
    source(&url(server, "keeper", "postgres"))
}

fn wanted(verb: UpkeepVerb, name: &str) -> Upkeep {
    Upkeep { verb, name: name.to_owned(), lock_timeout: Duration::from_secs(30) }
}

async fn card(source: &mut PostgresSource, upkeep: &Upkeep) -> Preview {
    source.look_at_relation(upkeep, LIMIT, DEADLINE).await.unwrap_or_else(|cause| panic!("{cause}"))
}

fn step(preview: &Preview, upkeep: &Upkeep) -> UpkeepStep {
    UpkeepStep {
        database: 0,
        verb: upkeep.verb,
        lock_timeout: upkeep.lock_timeout,
        on: preview.relation.clone().unwrap_or_else(|| panic!("{:?}", preview.obstacles)),
        within: DEADLINE,
    }
}

async fn done(server: &PostgresServer, preview: &Preview, step: &UpkeepStep) -> Ended {
    keeper(server).keep_up(&preview.identity, step, &leave::whole(LIMIT), |_| {}, pending()).await
}

fn words(lines: &[Safe]) -> String {
    lines.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n")
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

/// A session that keeps a reindex waiting, once it has made its new index.
async fn in_the_way(server: &PostgresServer) -> Client {
    let holder = session(server, "slow-report", "postgres").await;
    holder.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM stock").await.unwrap();
    holder
}

#[tokio::test]
async fn each_is_done_and_shown_whatever_the_table_is_called() {
    let server = stage(&[]);
    let mut kept = keeper(&server);
    for name in ["stock", "public.stock", HOSTILE] {
        for verb in [UpkeepVerb::Analyse, UpkeepVerb::Vacuum, UpkeepVerb::VacuumAnalyse, UpkeepVerb::Reindex] {
            let upkeep = wanted(verb, name);
            let preview = card(&mut kept, &upkeep).await;
            assert!(preview.obstacles.is_empty(), "{verb:?} {name}: {:?}", preview.obstacles);
            let step = step(&preview, &upkeep);
            assert!(!kept.standing(&step, DEADLINE).await.unwrap().shows(verb, &step.on.standing), "not done yet");
            let ended = done(&server, &preview, &step).await;
            assert!(matches!(ended.end, StepEnd::Done { .. }), "{verb:?} {name}: {ended:?}");
            let now = kept.standing(&step, DEADLINE).await.unwrap();
            assert!(now.shows(verb, &step.on.standing), "{verb:?} {name}: {now:?} after {:?}", step.on.standing);
        }
    }
    let index = wanted(UpkeepVerb::Reindex, "stock_name");
    let preview = card(&mut kept, &index).await;
    let effect = words(&preview.effect.iter().map(quarterdeck::domain::Untrusted::one_line).collect::<Vec<_>>());
    assert!(effect.contains("REINDEX INDEX CONCURRENTLY public.stock_name"), "{effect}");
    let step = step(&preview, &index);
    assert!(matches!(done(&server, &preview, &step).await.end, StepEnd::Done { .. }));
    assert!(kept.standing(&step, DEADLINE).await.unwrap().shows(UpkeepVerb::Reindex, &step.on.standing));
    assert_eq!(server.sql("postgres", "SELECT count(*) FROM stock"), "2000", "nothing else was run");
}

#[tokio::test]
async fn the_card_says_how_it_is_kept_and_who_is_in_the_way() {
    let server = stage(&[]);
    server.sql("postgres", "DELETE FROM stock WHERE id <= 500; SELECT pg_stat_force_next_flush()");
    let holder = session(&server, "migration", "postgres").await;
    holder.batch_execute("BEGIN; LOCK TABLE stock IN SHARE UPDATE EXCLUSIVE MODE").await.unwrap();
    let mut kept = keeper(&server);
    let upkeep = wanted(UpkeepVerb::Vacuum, "stock");
    let preview = card(&mut kept, &upkeep).await;
    let remarks = words(&preview.remarks);
    for told in
        ["500 dead rows", "last VACUUM never", "holds ShareUpdateExclusiveLock", "migration", "idle in transaction"]
    {
        assert!(remarks.contains(told), "{told:?} in\n{remarks}");
    }
    assert!(remarks.contains("a login of its own can succeed"), "{remarks}");
    assert!(preview.objects[0].label.as_str().contains("a table public.stock, oid "), "{:?}", preview.objects);
    let needy = kept.most_in_need(DEADLINE).await.unwrap();
    assert_eq!((needy[0].0.one_line().as_str(), needy[0].1), ("public.stock", 500));
    // Even while somebody has it to himself, the card waits for nothing.
    holder.batch_execute("COMMIT; BEGIN; LOCK TABLE stock").await.unwrap();
    let preview = card(&mut kept, &upkeep).await;
    assert!(words(&preview.remarks).contains("holds AccessExclusiveLock"), "{:?}", preview.remarks);
}

#[tokio::test]
async fn what_cannot_be_done_says_why_on_its_card() {
    let server = stage(&[]);
    server.sql("postgres", "CREATE VIEW seen AS SELECT 1; CREATE TABLE bare (a int); ALTER TABLE bare OWNER TO keeper");
    let mut kept = keeper(&server);
    for (verb, name, why) in [
        (UpkeepVerb::Analyse, "", "no table is named"),
        (UpkeepVerb::Analyse, "nobody", "no table or index nobody"),
        (UpkeepVerb::Analyse, "stock; DROP TABLE stock", "is no name"),
        (UpkeepVerb::Analyse, "a.b.c.d.e", "is no name"),
        (UpkeepVerb::Analyse, "\"stock", "is no name"),
        (UpkeepVerb::Vacuum, "seen", "is a view"),
        (UpkeepVerb::Vacuum, "stock_name", "is an index"),
        (UpkeepVerb::Reindex, "bare", "no valid index"),
        (UpkeepVerb::DropLeftover, "stock_name", "is no leftover"),
        (UpkeepVerb::DropLeftover, "stock", "is a table"),
    ] {
        let preview = card(&mut kept, &wanted(verb, name)).await;
        assert!(words(&preview.obstacles).contains(why), "{name}: {:?}", preview.obstacles);
    }
    let mut guest = source(&url(&server, "guest", "postgres"));
    let preview = card(&mut guest, &wanted(UpkeepVerb::Vacuum, "stock")).await;
    let grant = if server.sql("postgres", "SHOW server_version_num").parse::<u32>().unwrap() < 170_000 {
        "GRANT \"keeper\" TO \"guest\";"
    } else {
        "GRANT MAINTAIN ON public.stock TO \"guest\";"
    };
    assert!(words(&preview.obstacles).contains(grant), "{:?}", preview.obstacles);
    let mut pooled = source(&format!("{}?pgbouncer=true", url(&server, "keeper", "postgres")));
    let preview = card(&mut pooled, &wanted(UpkeepVerb::Vacuum, "stock")).await;
    assert!(words(&preview.obstacles).contains("direct DSN"), "{:?}", preview.obstacles);
}

#[tokio::test]
async fn without_a_free_slot_it_is_not_begun() {
    let server = stage(&["max_connections = 8", "superuser_reserved_connections = 3"]);
    let mut kept = keeper(&server);
    let upkeep = wanted(UpkeepVerb::Analyse, "stock");
    let before = card(&mut kept, &upkeep).await;
    assert!(before.obstacles.is_empty(), "{:?}", before.obstacles);
    let mut crowd = Vec::new();
    for _ in 0..4 {
        crowd.push(session(&server, "crowd", "postgres").await);
    }
    let full = card(&mut kept, &upkeep).await;
    assert!(words(&full.obstacles).contains("5 of 5 slots are taken (3 are reserved)"), "{:?}", full.obstacles);
    // Who cannot be seen has a slot too.
    server.sql("postgres", "REVOKE pg_read_all_stats FROM keeper");
    let mut told = String::new();
    // Who revoked it may not have left yet.
    for _ in 0..500 {
        told = words(&card(&mut kept, &upkeep).await.obstacles);
        if told.contains("5 of 5 slots are taken") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(told.contains("5 of 5 slots are taken") && told.contains("4 of them cannot be seen"), "{told}");
    let ended = done(&server, &before, &step(&before, &upkeep)).await;
    assert!(matches!(&ended.end, StepEnd::Failed(_)), "{ended:?}");
    assert_eq!(
        server.sql("postgres", "SELECT last_analyze IS NULL FROM pg_stat_user_tables WHERE relname = 'stock'"),
        "t"
    );
}

#[tokio::test]
async fn a_lock_that_somebody_holds_is_told_and_not_waited_for_for_ever() {
    let server = stage(&[]);
    let mut kept = keeper(&server);
    let upkeep = Upkeep { lock_timeout: Duration::from_millis(200), ..wanted(UpkeepVerb::Vacuum, "stock") };
    let preview = card(&mut kept, &upkeep).await;
    let holder = session(&server, "migration", "postgres").await;
    holder.batch_execute("BEGIN; LOCK TABLE stock").await.unwrap();
    let ended = done(&server, &preview, &step(&preview, &upkeep)).await;
    let StepEnd::Failed(cause) = &ended.end else { panic!("{ended:?}") };
    let told = cause.to_string();
    assert!(
        told.contains("gave up") && told.contains("migration") && told.contains("holds AccessExclusiveLock"),
        "{told}"
    );
    holder.batch_execute("ROLLBACK").await.unwrap();
    let now = kept.standing(&step(&preview, &upkeep), DEADLINE).await.unwrap();
    assert!(!now.shows(UpkeepVerb::Vacuum, &preview.relation.unwrap().standing));
}

#[tokio::test]
async fn what_gave_up_half_way_does_not_say_that_nothing_was_done() {
    let server = stage(&[]);
    let mut kept = keeper(&server);
    let upkeep = Upkeep { lock_timeout: Duration::from_millis(300), ..wanted(UpkeepVerb::Reindex, "stock_name") };
    let preview = card(&mut kept, &upkeep).await;
    let holder = in_the_way(&server).await;
    let ended = done(&server, &preview, &step(&preview, &upkeep)).await;
    let StepEnd::Miscarried(cause) = &ended.end else { panic!("{ended:?}") };
    let told = cause.to_string();
    assert!(told.contains("gave up") && told.contains("was left behind"), "{told}");
    drop(holder);
    let upkeep = wanted(UpkeepVerb::Vacuum, "stock");
    let preview = card(&mut kept, &upkeep).await;
    let holder = session(&server, "migration", "postgres").await;
    holder.batch_execute("BEGIN; LOCK TABLE stock").await.unwrap();
    let step = step(&preview, &upkeep);
    let ended = keeper(&server)
        .keep_up(&preview.identity, &step, &leave::whole(Duration::from_secs(2)), |_| {}, pending())
        .await;
    let StepEnd::Miscarried(cause) = &ended.end else { panic!("{ended:?}") };
    assert!(cause.to_string().contains("what it had cleaned stays clean"), "{cause}");
}

#[tokio::test]
async fn what_changed_since_the_card_is_left_alone() {
    let server = stage(&[]);
    let mut kept = keeper(&server);
    let upkeep = wanted(UpkeepVerb::Analyse, "stock");
    let preview = card(&mut kept, &upkeep).await;
    server.sql(
        "postgres",
        "ALTER TABLE stock RENAME TO old; CREATE TABLE stock (id int); ALTER TABLE stock OWNER TO keeper",
    );
    let ended = done(&server, &preview, &step(&preview, &upkeep)).await;
    assert!(matches!(&ended.end, StepEnd::OtherTarget(what) if what.as_str().contains("is another now")), "{ended:?}");
    server.sql("postgres", "DROP TABLE stock");
    let ended = done(&server, &preview, &step(&preview, &upkeep)).await;
    assert!(matches!(&ended.end, StepEnd::OtherTarget(_)), "{ended:?}");
    let mut elsewhere = preview.clone();
    elsewhere.identity.facts[0].1 = "7".into();
    let ended = done(&server, &elsewhere, &step(&preview, &upkeep)).await;
    assert!(
        matches!(&ended.end, StepEnd::OtherTarget(what) if what.as_str().contains("system identifier")),
        "{ended:?}"
    );
    assert_eq!(server.sql("postgres", "SELECT count(last_analyze) FROM pg_stat_user_tables"), "0");
}

#[tokio::test]
async fn a_reindex_that_is_stopped_leaves_an_index_that_is_found_and_dropped() {
    let server = stage(&[]);
    let mut kept = keeper(&server);
    let upkeep = wanted(UpkeepVerb::Reindex, "stock_name");
    let preview = card(&mut kept, &upkeep).await;
    let holder = in_the_way(&server).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (begun, pid) = tokio::sync::oneshot::channel();
    let reindexed = step(&preview, &upkeep);
    let mut own = keeper(&server);
    let whole = leave::whole(LIMIT);
    let effect = own.keep_up(&preview.identity, &reindexed, &whole, |pid| begun.send(pid).unwrap(), async {
        stopped.await.unwrap();
    });
    let meanwhile = async {
        let pid = pid.await.unwrap();
        until(&server, "SELECT count(*) = 1 FROM pg_class WHERE relname = 'stock_name_ccnew'").await;
        until(&server, &format!("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = {pid}")).await;
        let told = kept.progress_of(pid, UpkeepVerb::Reindex, DEADLINE).await.unwrap().expect("it says where it is");
        assert!(told.as_str().contains("waiting") && told.as_str().contains("waits for a lock of pid"), "{told}");
        stop.send(()).unwrap();
    };
    let (ended, ()) = tokio::join!(effect, meanwhile);
    let StepEnd::Cancelled(left) = &ended.end else { panic!("{ended:?}") };
    assert!(left.as_str().contains("public.stock_name_ccnew is invalid and was left behind"), "{left}");
    assert_eq!(ended.leftovers.as_ref().map(Vec::len), Some(1));
    drop((own, holder));
    until(&server, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'slow-report'").await;
    // The next card finds it, and so does the one that drops it.
    let again = card(&mut kept, &upkeep).await;
    assert!(words(&again.remarks).contains("public.stock_name_ccnew is invalid"), "{:?}", again.remarks);
    let removal = wanted(UpkeepVerb::DropLeftover, "public.stock_name_ccnew");
    let card = card(&mut kept, &removal).await;
    assert!(card.obstacles.is_empty(), "{:?}", card.obstacles);
    let drop_step = step(&card, &removal);
    let ended = done(&server, &card, &drop_step).await;
    assert!(matches!(ended.end, StepEnd::Done { .. }), "{ended:?}");
    let now = kept.standing(&drop_step, DEADLINE).await.unwrap();
    assert!(now.shows(UpkeepVerb::DropLeftover, &drop_step.on.standing));
    assert_eq!(server.sql("postgres", "SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    assert_eq!(server.sql("postgres", "SELECT count(*) FROM pg_class WHERE relname = 'stock_name'"), "1");
}

#[tokio::test]
async fn an_analyse_that_is_stopped_has_done_nothing() {
    let server = stage(&[]);
    let mut kept = source(&url(&server, SUPERUSER, "postgres"));
    let upkeep = wanted(UpkeepVerb::Analyse, "stock");
    let preview = card(&mut kept, &upkeep).await;
    let holder = session(&server, "migration", "postgres").await;
    holder.batch_execute("BEGIN; LOCK TABLE stock").await.unwrap();
    let mut own = source(&url(&server, SUPERUSER, "postgres"));
    let wanted = step(&preview, &upkeep);
    let waits = "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let ended = own.keep_up(&preview.identity, &wanted, &leave::whole(LIMIT), |_| {}, until(&server, waits)).await;
    assert!(matches!(&ended.end, StepEnd::Cancelled(left) if left.as_str().contains("as they were")), "{ended:?}");
}

#[tokio::test]
async fn nothing_is_sent_when_the_leave_is_over_once_all_is_looked_at() {
    let server = stage(&[]);
    let mut kept = keeper(&server);
    let upkeep = wanted(UpkeepVerb::Analyse, "stock");
    let preview = card(&mut kept, &upkeep).await;
    for asked in [0, 1] {
        let over = leave::over_after(asked, LIMIT);
        let ended =
            keeper(&server).keep_up(&preview.identity, &step(&preview, &upkeep), &over, |_| {}, pending()).await;
        assert!(matches!(ended.end, StepEnd::Failed(_)), "the machine slept: {ended:?}");
        let never = "SELECT last_analyze IS NULL FROM pg_stat_user_tables WHERE relname = 'stock'";
        assert_eq!(server.sql("postgres", never), "t");
    }
}
