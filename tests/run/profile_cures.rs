//! The procedures of the profile, as it ships them, played to their cure: on a real PostgreSQL and a real systemd, with what
//! the incident is about really broken.

use tokio_postgres::{Client, NoTls};

use super::profile::{CLUSTER, Pggit};
use super::until;

const RUN: &str = "--property=InvocationID";
const API: &str = "pggit-api.service";

/// The database answers.
fn answers(pggit: &Pggit) -> bool {
    pggit.server.sql("pggit", "SELECT 1") == "1"
}

/// The unit of the name only stands for that of the cluster, and is up whether or not the cluster is.
#[test]
fn a_stopped_postgresql_is_started_and_a_dead_cluster_is_not_taken_for_a_running_one() {
    let Some(pggit) = Pggit::new() else { return };
    pggit.cluster_in_the_lab();
    let order = ["startup", "--target", "api"];
    let skip = [("start Redis, if it is used. Go on", "skip")];
    let (code, told) = pggit.play(&order, &skip);
    assert_eq!(code, 0, "{told}");
    assert!(pggit.is_active(CLUSTER) && answers(&pggit), "{told}");
    assert!(told.contains("no process of its own") && told.contains("PostgreSQL answers: done"), "{told}");
    // Killed, with the unit that stands for it still up; and the API is down.
    assert!(pggit.lab.run(&["systemctl", "kill", "--signal=KILL", CLUSTER]).status.success());
    until("the cluster is dead", || (!pggit.is_active(CLUSTER)).then_some(()));
    assert!(pggit.lab.run(&["systemctl", "stop", API]).status.success());
    assert!(pggit.is_active("postgresql.service"), "it is up all the same");
    let (code, told) = pggit.play(&order, &skip);
    assert_eq!(code, 0, "{told}");
    assert!(pggit.is_active(CLUSTER) && answers(&pggit), "{told}");
    assert!(told.contains("it was up already (active (exited))") && !told.contains("it runs already"), "{told}");
}

/// Where no cluster comes up the procedure ends there, whatever its unit says.
#[test]
fn a_cluster_that_does_not_come_up_fails_the_startup() {
    let Some(pggit) = Pggit::new() else { return };
    pggit.rewritten(&[("deadline = \"2m\"", "deadline = \"5s\"")]);
    pggit.server.stop();
    let (code, told) = pggit.play(&["startup", "--target", "api"], &[]);
    assert_eq!(code, 11, "{told}");
    assert!(told.contains("PostgreSQL answers: failed") && !pggit.is_active(API), "{told}");
}

/// A look that fails, since the database is what the incident is about, keeps nobody from the restart.
#[test]
fn high_error_rate_with_the_database_away() {
    let Some(pggit) = Pggit::new() else { return };
    pggit.start(API);
    let before = pggit.lab.ask(&["show", API, RUN]);
    pggit.server.stop();
    let answers = [
        ("read the last errors", "done read the last ten"),
        ("what was deployed last?", "done nothing since Friday"),
        ("restart the service. Go on", "go"),
    ];
    let (code, told) = pggit.play(&["high-error-rate", "--target", "api"], &answers);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("database connectivity: failed, goes on"), "{told}");
    assert!(told.contains("webhook failures: failed, goes on"), "{told}");
    assert_ne!(pggit.lab.ask(&["show", API, RUN]), before, "{told}");
}

#[test]
fn high_latency_is_cured_by_a_restart_where_nothing_else_helped() {
    let Some(pggit) = Pggit::new() else { return };
    pggit.start(API);
    // Without it the slow queries are not known.
    pggit.server.sql("pggit", "DROP EXTENSION pg_stat_statements");
    let before = pggit.lab.ask(&["show", API, RUN]);
    let answers = [
        ("warm the cache, if its hit rate is low. Go on", "skip"),
        ("restart the API, if all else fails. Go on", "go"),
    ];
    let (code, told) = pggit.play(&["high-latency", "--target", "api"], &answers);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("slow queries: failed, goes on"), "{told}");
    assert_ne!(pggit.lab.ask(&["show", API, RUN]), before, "{told}");
}

/// Sessions of an application that idle.
fn idle(pggit: &Pggit, count: usize) -> (tokio::runtime::Runtime, Vec<Client>) {
    pggit.server.sql("postgres", "CREATE ROLE app LOGIN");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dsn = format!("host=127.0.0.1 port={} user=app dbname=pggit application_name=shop", pggit.server.port());
    let clients = runtime.block_on(async {
        let mut clients = Vec::new();
        for _ in 0..count {
            let (client, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
            tokio::spawn(async move { drop(connection.await) });
            client.batch_execute("SELECT 1").await.unwrap();
            clients.push(client);
        }
        clients
    });
    let wanted = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND state = 'idle' \
                  AND clock_timestamp() - state_change > '1.1 s'";
    until("they idle for long enough", || (pggit.server.sql("postgres", wanted) == count.to_string()).then_some(()));
    (runtime, clients)
}

/// The age alone is another than the shipped one: five minutes cannot be waited for here.
#[test]
fn an_exhausted_pool_is_freed_and_stays_so_for_a_minute() {
    let Some(pggit) = Pggit::new() else { return };
    pggit.rewritten(&[("older_than = \"5m\"", "older_than = \"1s\"")]);
    pggit.start(API);
    let (_runtime, _clients) = idle(&pggit, 6);
    let answers = [
        ("terminate idle sessions. Go on", "go"),
        ("a bigger pool. Go on", "skip"),
        ("restart the API. Go on", "skip"),
    ];
    let (code, told) = pggit.play(&["pool-exhausted", "--target", "pggit"], &answers);
    assert_eq!(code, 0, "{told}");
    assert_eq!(pggit.server.sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'"), "0");
}

#[test]
fn a_webhook_is_disabled_and_its_queue_falls() {
    let Some(pggit) = Pggit::new() else { return };
    // What the service itself does with the queue of a webhook that is disabled.
    pggit.server.sql(
        "pggit",
        "CREATE FUNCTION drop_queue() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE alert_delivery_queue \
         SET delivery_status = 'dropped' WHERE webhook_id = NEW.id; RETURN NEW; END $$; \
         CREATE TRIGGER disabled AFTER UPDATE ON webhooks FOR EACH ROW WHEN (NOT NEW.is_active) EXECUTE FUNCTION drop_queue()",
    );
    let (code, told) = pggit.play(&["disable-webhook", "--target", "pggit", "--param", "webhook=2"], &[]);
    assert_eq!(code, 0, "{told}");
    let sql = "SELECT string_agg(id::text, ',') FROM webhooks WHERE is_active";
    assert_eq!(pggit.server.sql("pggit", sql), "1");
    let left = "SELECT count(*) || ' of ' || count(DISTINCT webhook_id) FROM alert_delivery_queue WHERE delivery_status = 'pending'";
    assert_eq!(pggit.server.sql("pggit", left), "20 of 1");
}
