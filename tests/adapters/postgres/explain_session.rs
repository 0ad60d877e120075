//! Plans of what a session runs: by its own text where that is whole, else by what is kept under the same number, else not.

use quarterdeck::domain::Safe;
use quarterdeck::domain::session::SessionId;
use quarterdeck::remediation::card::Preview;
use quarterdeck::remediation::explain::{ExplainStep, Explained};
use quarterdeck::remediation::step::StepEnd;
use tokio_postgres::Client;

use super::{DEADLINE, session, source, url};
use crate::support::postgres_server::PostgresServer;

fn stage() -> PostgresServer {
    let server = PostgresServer::start(&[]);
    server.sql(
        "postgres",
        "CREATE EXTENSION pg_stat_statements; CREATE ROLE ops LOGIN; GRANT pg_read_all_stats, pg_read_all_data TO ops; \
         CREATE ROLE stranger LOGIN; CREATE TABLE stock (id int PRIMARY KEY, name text)",
    );
    server
}

async fn id(client: &Client) -> SessionId {
    let sql = "SELECT pid, (extract(epoch FROM backend_start) * 1000000)::int8 FROM pg_stat_activity \
               WHERE pid = pg_backend_pid()";
    let row = client.query_one(sql, &[]).await.unwrap();
    SessionId { pid: row.get(0), backend_start_us: row.get(1) }
}

async fn card(server: &PostgresServer, user: &str, of: SessionId) -> Preview {
    let mut source = source(&url(server, user, "postgres"));
    source.look_at_statement(&Explained::Session(of), DEADLINE).await.unwrap_or_else(|cause| panic!("{cause}"))
}

fn words(lines: &[Safe]) -> String {
    lines.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n")
}

fn version(server: &PostgresServer) -> u32 {
    server.sql("postgres", "SHOW server_version_num").parse().unwrap()
}

#[tokio::test]
async fn a_session_s_own_text_is_planned_with_its_values() {
    let server = stage();
    let client = session(&server, "shop", "postgres").await;
    let of = id(&client).await;
    client.batch_execute("SELECT name FROM stock WHERE id = 7").await.unwrap();
    let found = card(&server, "ops", of).await;
    assert!(found.obstacles.is_empty(), "{:?}", found.obstacles);
    let what = found.planned.clone().expect("a statement");
    assert_eq!(what.statement.as_bytes(), b"SELECT name FROM stock WHERE id = 7");
    assert!(!what.generic && words(&found.remarks).contains("the session's own"), "{:?}", found.remarks);
    let step = ExplainStep { database: 0, what, redact: false };
    let mut ops = source(&url(&server, "ops", "postgres"));
    let StepEnd::Done { said, .. } = ops.explain(&found.identity, &step, DEADLINE).await else { panic!("no plan") };
    assert!(words(&said).contains("stock"), "{said:?}");
}

#[tokio::test]
async fn a_text_that_was_cut_off_is_planned_as_it_is_kept_under_its_number_or_refused() {
    let server = stage();
    let client = session(&server, "shop", "postgres").await;
    let of = id(&client).await;
    // With `ü` the cut falls in the middle of a character.
    let long = format!("SELECT name AS \"{}\" FROM stock WHERE id = 7 OR name = '{}'", "wide", "ü".repeat(900));
    client.batch_execute(&long).await.unwrap();
    let found = card(&server, "ops", of).await;
    let obstacles = words(&found.obstacles);
    if version(&server) >= 160_000 {
        let kept = found.planned.expect("a statement").statement.one_line().to_string();
        assert!(obstacles.is_empty() && kept.contains("id = $1") && !kept.contains('ü'), "{obstacles} {kept}");
        assert!(words(&found.remarks).contains("that of pg_stat_statements"), "{:?}", found.remarks);
    } else {
        assert!(found.planned.is_none(), "{:?}", found.planned);
        assert!(obstacles.contains("track_activity_query_size"), "{obstacles}");
    }
    // Without the number nobody knows the rest of it.
    server.sql("postgres", "ALTER SYSTEM SET compute_query_id = off");
    server.sql("postgres", "SELECT pg_reload_conf()");
    let quiet = session(&server, "shop", "postgres").await;
    let of = id(&quiet).await;
    quiet.batch_execute(&long).await.unwrap();
    let found = card(&server, "ops", of).await;
    let obstacles = words(&found.obstacles);
    assert!(found.planned.is_none() && found.effect.is_empty(), "{:?}", found.planned);
    assert!(obstacles.contains("track_activity_query_size") && obstacles.contains("compute_query_id"), "{obstacles}");
}

#[tokio::test]
async fn what_is_no_query_is_gone_or_may_not_be_seen_says_so() {
    let server = stage();
    let client = session(&server, "shop", "postgres").await;
    let of = id(&client).await;
    client.batch_execute("VACUUM stock").await.unwrap();
    let found = card(&server, "ops", of).await;
    assert!(words(&found.obstacles).contains("VACUUM cannot be planned"), "{:?}", found.obstacles);
    let hidden = card(&server, "stranger", of).await;
    assert!(words(&hidden.obstacles).contains("GRANT pg_read_all_stats TO"), "{:?}", hidden.obstacles);
    let other = SessionId { backend_start_us: of.backend_start_us + 1, ..of };
    let gone = card(&server, "ops", other).await;
    assert!(words(&gone.obstacles).contains("the session is gone"), "a reused number: {:?}", gone.obstacles);
    let elsewhere = session(&server, "shop", "template1").await;
    let of = id(&elsewhere).await;
    let found = card(&server, "ops", of).await;
    assert!(words(&found.obstacles).contains("another database"), "{:?}", found.obstacles);
}
