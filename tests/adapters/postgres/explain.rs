//! Plans of a real server: what is planned, what is refused and why, and that nothing is ever run.

use std::time::Duration;

use quarterdeck::adapters::postgres::PostgresSource;
use quarterdeck::domain::Safe;
use quarterdeck::domain::statement::StatementId;
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::explain::{ExplainStep, Explained, Planned};
use quarterdeck::remediation::step::StepEnd;

use super::{DEADLINE, SUPERUSER, session, source, url};
use crate::support::postgres_server::PostgresServer;

fn stage() -> PostgresServer {
    let server = PostgresServer::start(&[]);
    server.sql(
        "postgres",
        "CREATE EXTENSION pg_stat_statements; CREATE ROLE ops LOGIN; GRANT pg_read_all_stats, pg_read_all_data TO ops; \
         CREATE TABLE stock (id int PRIMARY KEY, name text); INSERT INTO stock SELECT g, 'n' || g FROM generate_series(1, 500) g",
    );
    server
}

/// The entry of a statement that was run, by a word in it.
fn entry(server: &PostgresServer, word: &str) -> StatementId {
    let told = server.sql(
        "postgres",
        &format!(
            "SELECT userid, dbid, queryid, toplevel FROM pg_stat_statements \
             WHERE query LIKE '%{word}%' AND query NOT LIKE '%pg_stat_statements%' LIMIT 1"
        ),
    );
    let parts: Vec<&str> = told.split('|').collect();
    let [user, database, query, top_level] = parts.as_slice() else { panic!("{word}: {told}") };
    StatementId {
        user: user.parse().unwrap(),
        database: database.parse().unwrap(),
        query: query.parse().unwrap(),
        top_level: *top_level == "t",
    }
}

async fn card(source: &mut PostgresSource, id: StatementId) -> Preview {
    source.look_at_statement(&Explained::Kept(id), DEADLINE).await.unwrap_or_else(|cause| panic!("{cause}"))
}

fn words(lines: &[Safe]) -> String {
    lines.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n")
}

fn version(server: &PostgresServer) -> u32 {
    server.sql("postgres", "SHOW server_version_num").parse().unwrap()
}

async fn planned(source: &mut PostgresSource, identity: &Identity, what: Planned, redact: bool) -> StepEnd {
    source.explain(identity, &ExplainStep { database: 0, what, redact }, DEADLINE).await
}

fn plain(statement: &str) -> Planned {
    Planned { statement: statement.into(), generic: false }
}

#[tokio::test]
async fn a_plain_statement_is_planned_and_nothing_else() {
    let server = stage();
    let client = session(&server, "shop", "postgres").await;
    client.batch_execute("SELECT name AS plainly FROM stock ORDER BY name").await.unwrap();
    let mut ops = source(&url(&server, "ops", "postgres"));
    let card = card(&mut ops, entry(&server, "plainly")).await;
    assert!(card.obstacles.is_empty(), "{:?}", card.obstacles);
    let effect: Vec<String> = card.effect.iter().map(|line| line.one_line().to_string()).collect();
    assert!(effect[0].contains("READ ONLY") && effect[0].contains("lock_timeout"), "{effect:?}");
    assert_eq!(effect[1], "EXPLAIN (COSTS) SELECT name AS plainly FROM stock ORDER BY name");
    assert_eq!(effect[2], "ROLLBACK");
    // By its number alone it is the same one, and a number that nobody has is none.
    let named = self::card(&mut ops, StatementId::bare(entry(&server, "plainly").query)).await;
    assert_eq!(named.planned, card.planned);
    for (number, why) in [(0, "no statement is named"), (1, "does not hold it any more")] {
        let nobody = self::card(&mut ops, StatementId::bare(number)).await;
        assert!(words(&nobody.obstacles).contains(why) && nobody.planned.is_none(), "{:?}", nobody.obstacles);
    }
    let what = card.planned.clone().expect("it can be planned");
    let StepEnd::Done { said, .. } = planned(&mut ops, &card.identity, what, false).await else { panic!("no plan") };
    let plan = words(&said);
    assert!(plan.contains("Sort") && plan.contains("Seq Scan on stock") && plan.contains("(cost="), "{plan}");
    assert!(!plan.contains("actual time"), "it was run:\n{plan}");
    let other = Identity { facts: card.identity.facts.iter().skip(1).cloned().collect() };
    let end = planned(&mut ops, &other, plain("SELECT 1"), false).await;
    assert!(matches!(end, StepEnd::OtherTarget(_)), "{end:?}");
    // Readings go on over the same connection, outside any transaction.
    assert!(ops.read(DEADLINE).await.is_ok());
}

#[tokio::test]
async fn what_cannot_be_planned_says_why_on_its_card() {
    let server = stage();
    let client = session(&server, "shop", "postgres").await;
    for sql in [
        "SELECT name AS warily FROM stock WHERE id = 7",
        "CHECKPOINT",
        "CREATE TABLE gone (a int)",
        "SELECT a AS fleeting FROM gone",
        "DROP TABLE gone",
    ] {
        let _ = client.batch_execute(sql).await;
    }
    let mut ops = source(&url(&server, "ops", "postgres"));
    for (word, why) in [("CHECKPOINT", "cannot be planned"), ("fleeting", "does not exist")] {
        let card = card(&mut ops, entry(&server, word)).await;
        assert!(words(&card.obstacles).contains(why), "{word}: {:?}", card.obstacles);
        assert!(card.planned.is_none());
    }
    let asked = card(&mut ops, entry(&server, "warily")).await;
    let old = version(&server) < 160_000;
    assert_eq!(words(&asked.obstacles).contains("1 parameter and no values"), old, "{:?}", asked.obstacles);
    assert!(asked.planned.as_ref().expect("known").generic);
    let mut there = entry(&server, "warily");
    there.database += 1;
    let card_there = card(&mut ops, there).await;
    assert!(words(&card_there.obstacles).contains("another database"), "{:?}", card_there.obstacles);
    there.database -= 1;
    there.query += 1;
    let gone = card(&mut ops, there).await;
    assert!(words(&gone.obstacles).contains("any more"), "{:?}", gone.obstacles);
}

#[tokio::test]
async fn a_text_that_ends_where_texts_are_cut_off_is_refused() {
    let server = stage();
    let client = session(&server, "shop", "postgres").await;
    let [before, after] = ["SELECT name AS wide /*", "*/ FROM stock"];
    let exactly = format!("{before}{}{after}", "x".repeat(1023 - before.len() - after.len()));
    client.batch_execute(&exactly).await.unwrap();
    let mut ops = source(&url(&server, "ops", "postgres"));
    let card = card(&mut ops, entry(&server, "AS wide")).await;
    assert!(words(&card.obstacles).contains("track_activity_query_size (1024)"), "{:?}", card.obstacles);
}

#[tokio::test]
async fn nothing_is_written_and_nothing_is_run() {
    let server = stage();
    let mut admin = source(&url(&server, SUPERUSER, "postgres"));
    let id = {
        server.sql("postgres", "SELECT count(*) AS hold FROM stock");
        entry(&server, "hold")
    };
    let identity = card(&mut admin, id).await.identity;
    server.sql(
        "postgres",
        "CREATE SEQUENCE drawn; CREATE FUNCTION draws() RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT nextval(''drawn'')'",
    );
    for statement in [
        "WITH gone AS (DELETE FROM stock RETURNING *) SELECT * FROM gone",
        "UPDATE stock SET name = 'x'",
        "SELECT pg_sleep(60)",
    ] {
        let end = planned(&mut admin, &identity, plain(statement), false).await;
        let StepEnd::Done { said, .. } = end else { panic!("{statement}: {end:?}") };
        assert!(words(&said).contains("cost="), "{statement}");
    }
    // What the planner itself would run writes nothing either: the transaction is read-only.
    let end = planned(&mut admin, &identity, plain("SELECT draws()"), false).await;
    assert!(matches!(&end, StepEnd::Failed(cause) if cause.to_string().contains("read-only")), "{end:?}");
    for statement in
        ["SELECT 1; DELETE FROM stock", "DELETE FROM stock; SELECT 1", "SELECT 1; COMMIT; DELETE FROM stock"]
    {
        for generic in [false, true] {
            let what = Planned { statement: statement.into(), generic };
            let end = planned(&mut admin, &identity, what, false).await;
            assert!(matches!(end, StepEnd::Failed(_)), "{statement}: {end:?}");
        }
    }
    let end = planned(&mut admin, &identity, plain("ANALYZE SELECT 1"), false).await;
    assert!(matches!(&end, StepEnd::Failed(cause) if cause.to_string().contains("cannot be planned")), "{end:?}");
    assert_eq!(server.sql("postgres", "SELECT count(*) || ' ' || min(name) FROM stock"), "500 n1");
    assert_eq!(server.sql("postgres", "SELECT is_called FROM drawn"), "f");
    assert!(admin.read(DEADLINE).await.is_ok(), "the connection is good");
}

#[tokio::test]
async fn a_lock_and_a_missing_right_are_told() {
    let server = stage();
    server.sql(
        "postgres",
        "CREATE ROLE blind LOGIN; GRANT pg_read_all_stats TO blind; SELECT count(*) AS seen FROM stock",
    );
    let id = entry(&server, "seen");
    let mut blind = source(&url(&server, "blind", "postgres"));
    let found = card(&mut blind, id).await;
    let end = planned(&mut blind, &found.identity, found.planned.expect("it is a query"), false).await;
    assert!(
        matches!(&end, StepEnd::Failed(cause) if format!("{cause:?}").contains("GRANT pg_read_all_data TO \\\"blind\\\"")),
        "{end:?}"
    );
    let mut ops = source(&url(&server, "ops", "postgres"));
    let found = card(&mut ops, id).await;
    let holder = session(&server, "holder", "postgres").await;
    holder.batch_execute("BEGIN; LOCK TABLE stock").await.unwrap();
    let end = planned(&mut ops, &found.identity, plain("SELECT * FROM stock"), false).await;
    assert!(matches!(&end, StepEnd::Failed(cause) if cause.to_string().contains("lock")), "{end:?}");
    let began = std::time::Instant::now();
    assert!(ops.read(DEADLINE).await.is_ok() && began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn literals_of_the_plan_are_hidden_where_they_are_to_be() {
    let server = stage();
    server.sql("postgres", "SELECT count(*) AS known FROM stock");
    let mut ops = source(&url(&server, "ops", "postgres"));
    let identity = card(&mut ops, entry(&server, "known")).await.identity;
    for redact in [false, true] {
        let statement = plain("SELECT * FROM stock WHERE name = E'top\\nsecret' AND id > 4711");
        let StepEnd::Done { said, .. } = planned(&mut ops, &identity, statement, redact).await else {
            panic!("no plan")
        };
        let plan = words(&said);
        assert_eq!(plan.contains("secret") || plan.contains("4711"), !redact, "{plan}");
        assert!(plan.contains("(cost="), "{plan}");
    }
}

#[tokio::test]
async fn a_text_of_the_configuration_is_planned_as_it_stands_or_refused() {
    let server = stage();
    let mut source = source(&url(&server, "ops", "postgres"));
    let look = async |source: &mut PostgresSource, text: &str| {
        source.look_at_statement(&Explained::Written(text.to_owned()), DEADLINE).await.unwrap()
    };
    let card = look(&mut source, "SELECT name FROM stock WHERE id = 5").await;
    assert_eq!(card.obstacles, []);
    let step = ExplainStep { database: 0, what: card.planned.clone().unwrap(), redact: false };
    let StepEnd::Done { said, .. } = source.explain(&card.identity, &step, DEADLINE).await else { panic!("no plan") };
    assert!(words(&said).contains("stock_pkey"), "{said:?}");
    for (text, why) in [
        ("SELECT 1; DELETE FROM stock", "not one statement"),
        ("SELECT FROM WHERE", "not one statement"),
        ("SELECT * FROM nothing", "cannot be planned here"),
    ] {
        let refused = look(&mut source, text).await;
        assert!(
            refused.planned.is_none() && words(&refused.obstacles).contains(why),
            "{text}: {:?}",
            refused.obstacles
        );
    }
    assert_eq!(server.sql("postgres", "SELECT count(*) FROM stock"), "500");
}
