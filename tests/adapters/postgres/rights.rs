//! Fault 7 and missing rights: one part goes dark, with the exact lines that light it again.

use quarterdeck::domain::Cause;
use quarterdeck::domain::session::SessionState;

use super::{database, read, session, source, url};
use crate::support::postgres_server::PostgresServer;

fn lines(cause: &Cause) -> Vec<String> {
    match cause {
        Cause::Denied { fix, .. } => fix.iter().map(ToString::to_string).collect(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn fault_7_without_the_extension_the_rest_works() {
    let server = PostgresServer::shared();
    server.sql("postgres", "CREATE DATABASE rights_without");
    let mut source = source(&url(server, "admin", "rights_without"));
    let reading = read(&mut source).await;
    assert!(reading.sessions.is_ok() && reading.counters.is_ok() && reading.slots.is_ok());
    let cause = reading.statements.unwrap().unwrap_err();
    assert_eq!(lines(&cause), ["CREATE EXTENSION pg_stat_statements;  -- in database rights_without"]);
}

#[tokio::test]
async fn fault_7_not_even_preloaded() {
    let server = PostgresServer::start(&["shared_preload_libraries = ''"]);
    let reading = read(&mut source(&url(&server, "admin", "postgres"))).await;
    let fix = lines(&reading.statements.unwrap().unwrap_err());
    assert_eq!(fix.len(), 3, "{fix:?}");
    assert!(fix[0].starts_with("shared_preload_libraries = 'pg_stat_statements'"), "{fix:?}");
    server.sql("postgres", "CREATE EXTENSION pg_stat_statements");
    let reading = read(&mut source(&url(&server, "admin", "postgres"))).await;
    let cause = reading.statements.unwrap().unwrap_err();
    assert_eq!(lines(&cause).len(), 2, "{cause}");
}

#[tokio::test]
async fn who_turned_track_activities_off_is_untold_and_no_grant_helps() {
    let server = database("rights_untold");
    let other = session(server, "r_untold", "rights_untold").await;
    other.batch_execute("SET track_activities = off; BEGIN").await.unwrap();
    let reading = read(&mut source(&url(server, "admin", "rights_untold"))).await;
    let sessions = reading.sessions.unwrap();
    let other = sessions.list.iter().find(|s| s.application.as_bytes() == b"r_untold").unwrap();
    assert_eq!((other.state, &sessions.hidden), (SessionState::Hidden, &None));
    let (count, why) = sessions.unseen().unwrap();
    assert_eq!((count, why.as_str()), (1, "track_activities is off for 1"));
}

#[tokio::test]
async fn without_pg_read_all_stats_others_are_hidden_and_the_grant_is_told() {
    let server = database("rights_hidden");
    server.sql("postgres", "CREATE ROLE \"Half Blind\" LOGIN");
    let _other = session(server, "r_other", "rights_hidden").await;
    let as_role = format!("postgresql://Half%20Blind@127.0.0.1:{}/rights_hidden", server.port());
    let mut blind = source(&as_role);
    let reading = read(&mut blind).await;
    let sessions = reading.sessions.as_ref().unwrap();
    let (count, grant) = sessions.hidden.clone().unwrap();
    assert!(count >= 1);
    assert_eq!(grant.as_str(), "GRANT pg_read_all_stats TO \"Half Blind\";");
    let other = sessions.list.iter().find(|s| s.application.as_bytes() == b"r_other").unwrap();
    assert_eq!((other.state, other.client.as_str()), (SessionState::Hidden, "hidden"));
    assert!(other.query.is_empty(), "{:?}", other.query);
    assert_eq!(reading.slots.as_ref().unwrap().used, sessions.by_state.iter().map(|(_, n)| n).sum::<u32>() + 1);
    let cause = reading.statements.unwrap().unwrap_err();
    assert_eq!(lines(&cause), ["GRANT pg_read_all_stats TO \"Half Blind\";"]);
    // What was told helps: with the grant everything is seen.
    server.sql("postgres", grant.as_str());
    let reading = read(&mut source(&as_role)).await;
    assert!(reading.sessions.unwrap().hidden.is_none());
    assert!(reading.statements.unwrap().is_ok());
}

#[tokio::test]
async fn an_extension_in_a_closed_schema() {
    let server = PostgresServer::shared();
    server.sql("postgres", "CREATE DATABASE rights_schema");
    server.sql(
        "rights_schema",
        "CREATE SCHEMA \"my stats\"; CREATE EXTENSION pg_stat_statements SCHEMA \"my stats\"; \
         CREATE ROLE rs_app LOGIN; GRANT pg_read_all_stats TO rs_app",
    );
    let reading = read(&mut source(&url(server, "rs_app", "rights_schema"))).await;
    let fix = lines(&reading.statements.unwrap().unwrap_err());
    assert_eq!(fix[0], "GRANT USAGE ON SCHEMA \"my stats\" TO \"rs_app\";");
    server.sql("rights_schema", &fix[0]);
    let reading = read(&mut source(&url(server, "rs_app", "rights_schema"))).await;
    assert!(reading.statements.unwrap().is_ok());
}

#[tokio::test]
async fn a_part_that_fails_is_named_and_the_rest_is_read() {
    let server = PostgresServer::start(&[]);
    server.sql(
        "postgres",
        "CREATE ROLE app LOGIN; REVOKE EXECUTE ON FUNCTION pg_catalog.pg_stat_get_activity(int) FROM PUBLIC",
    );
    let mut denied = source(&url(&server, "app", "postgres"));
    let reading = read(&mut denied).await;
    let cause = reading.sessions.unwrap_err();
    assert!(
        matches!(&cause, Cause::Denied { missing, .. } if missing.as_str().contains("pg_stat_get_activity")),
        "{cause}"
    );
    assert!(reading.slots.is_err() && reading.counters.is_ok());
    let again = read(&mut denied).await;
    assert!(again.sessions.is_err());
    assert_eq!(again.own_cost.statements - reading.own_cost.statements, 1, "it is left out, not tried each time");
}
