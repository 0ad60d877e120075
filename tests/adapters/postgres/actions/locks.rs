//! Who keeps others waiting: transactions left open and whom ending them frees, the root of a chain.

use super::*;

fn tables(server: &PostgresServer) {
    server.sql("shop", "CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE TABLE c (n int)");
    server.sql("shop", "GRANT ALL ON a, b, c TO app");
}

fn take(table: &str) -> String {
    format!("LOCK {table} IN ACCESS EXCLUSIVE MODE")
}

#[tokio::test]
async fn terminating_what_idles_in_a_transaction_says_what_it_rolls_back_and_whom_it_frees() {
    let server = stage(&[]);
    tables(&server);
    let holder = Guest::new(&server, "app", "shop", "holder").await;
    holder.runs("BEGIN; INSERT INTO a VALUES (1)").await;
    holder.runs(&take("a")).await;
    let broken = Guest::new(&server, "app", "shop", "broken").await;
    assert!(broken.client.batch_execute("BEGIN; SELECT 1/0").await.is_err());
    let idle_one = Guest::new(&server, "app", "shop", "web").await;
    let waiter = Guest::new(&server, "app", "shop", "waiter").await;
    let mut source = ops(&server);
    let (freed, ()) = tokio::join!(waiter.client.batch_execute("SELECT count(*) FROM a"), async {
        waiting(&server, 1).await;
        let selector = SessionSelector::IdleInTransaction { older_than: MOMENT };
        let card = preview(&mut source, &selector, SessionVerb::Terminate).await;
        assert_eq!(pids(&card), [holder.id.pid, broken.id.pid]);
        assert!(words(&card.remarks).contains("uncommitted work of 2 sessions is rolled back"), "{:?}", card.remarks);
        let remark = object(&card, &holder).remark.to_string();
        for part in
            [&format!("blocks 1 session: {}", waiter.id.pid), "tx ", "a AccessExclusiveLock", "holds back vacuum"]
        {
            assert!(remark.contains(part), "{part}: {remark}");
        }
        let fates = signal(&mut source, &card, SessionVerb::Terminate).await;
        assert_eq!(fates.into_values().collect::<Vec<_>>(), [Fate::Done, Fate::Done]);
    });
    freed.unwrap();
    assert_eq!(server.sql("shop", "SELECT count(*) FROM a"), "0");
    assert_eq!((holder.ended().await, broken.ended().await), ("57P01".to_owned(), "57P01".to_owned()));
    assert!(idle_one.is_alive().await);
}

#[tokio::test]
async fn the_root_of_a_chain_of_three_is_cancelled_and_the_others_go_on() {
    let server = stage(&[]);
    tables(&server);
    let mut guests = Vec::new();
    for application in ["root", "second", "third", "small", "fifth"] {
        guests.push(Guest::new(&server, "app", "shop", application).await);
    }
    let [root, second, third, small, fifth] = <[Guest; 5]>::try_from(guests).ok().unwrap();
    root.runs(&format!("BEGIN; {}", take("a"))).await;
    second.runs(&format!("BEGIN; {}", take("b"))).await;
    small.runs(&format!("BEGIN; {}", take("c"))).await;
    let mut source = ops(&server);
    let in_a_transaction = preview(&mut source, &SessionSelector::RootBlocker, SessionVerb::Cancel).await;
    assert!(words(&in_a_transaction.obstacles).contains("keeps others waiting"), "{in_a_transaction:?}");
    let slow = "SELECT pg_sleep(600)";
    let work = async {
        tokio::join!(
            root.client.batch_execute(slow),
            second.client.batch_execute("SELECT count(*) FROM a"),
            third.client.batch_execute("SELECT count(*) FROM b"),
            fifth.client.batch_execute("SELECT count(*) FROM c"),
        )
    };
    let ((of_root, ..), ()) = tokio::join!(work, async {
        waiting(&server, 3).await;
        in_state(&server, &root, "active").await;
        let card = preview(&mut source, &SessionSelector::RootBlocker, SessionVerb::Terminate).await;
        assert_eq!(pids(&card), [root.id.pid]);
        assert_eq!(excluded(&card)["block fewer"], 1, "{card:?}");
        let both = |a: i32, b: i32| format!("blocks 2 sessions: {}, {}", a.min(b), a.max(b));
        let remark = object(&card, &root).remark.to_string();
        assert!(remark.contains(&both(second.id.pid, third.id.pid)), "{remark}");
        let card = preview(&mut source, &SessionSelector::RootBlocker, SessionVerb::Cancel).await;
        assert_eq!(pids(&card), [root.id.pid], "the small one runs nothing");
        assert_eq!(excluded(&card)["run nothing: a cancel would change nothing"], 1, "{card:?}");
        assert_eq!(signal(&mut source, &card, SessionVerb::Cancel).await[&root.id.pid], Fate::Done);
        in_state(&server, &root, "idle in transaction (aborted)").await;
        waiting(&server, 2).await;
        second.runs("ROLLBACK").await;
        small.runs("ROLLBACK").await;
    });
    assert_eq!(of_root.unwrap_err().code().unwrap().code(), "57014");
    for left in [root, second, third, small, fifth] {
        assert!(!left.client.is_closed());
    }
}

#[tokio::test]
async fn a_root_that_runs_nothing_is_not_cancelled_and_the_card_says_so() {
    let server = stage(&[]);
    tables(&server);
    let root = Guest::new(&server, "app", "shop", "root").await;
    root.runs(&format!("BEGIN; {}", take("a"))).await;
    let waiter = Guest::new(&server, "app", "shop", "waiter").await;
    let mut source = ops(&server);
    let (_, ()) = tokio::join!(waiter.client.batch_execute("SELECT count(*) FROM a"), async {
        waiting(&server, 1).await;
        let card = preview(&mut source, &SessionSelector::RootBlocker, SessionVerb::Cancel).await;
        assert!(card.objects.is_empty(), "{card:?}");
        let told = words(&card.obstacles);
        assert!(told.contains(&format!("pid {}", root.id.pid)) && told.contains("would not free"), "{told}");
        root.runs("ROLLBACK").await;
    });
}

/// Each waits for the table until the test ends.
fn await_table(guest: Guest, table: &str) -> tokio::task::JoinHandle<()> {
    let sql = format!("SELECT count(*) FROM {table}");
    tokio::spawn(async move { drop(guest.client.batch_execute(&sql).await) })
}

#[tokio::test]
async fn the_root_of_more_sessions_than_one_look_at_the_locks_had_is_the_root() {
    let server = stage(&[]);
    tables(&server);
    let root = Guest::new(&server, "app", "shop", "root").await;
    let second = Guest::new(&server, "app", "shop", "second").await;
    root.runs(&format!("BEGIN; {}", take("a"))).await;
    second.runs(&format!("BEGIN; {}", take("b"))).await;
    let mut tasks = Vec::new();
    for _ in 0..70 {
        tasks.push(await_table(Guest::new(&server, "app", "shop", "web").await, "b"));
    }
    waiting(&server, 70).await;
    tasks.push(await_table(second, "a"));
    waiting(&server, 71).await;
    let mut source = ops(&server);
    let card = preview(&mut source, &SessionSelector::RootBlocker, SessionVerb::Terminate).await;
    assert_eq!(pids(&card), [root.id.pid], "{card:?}");
    assert!(object(&card, &root).remark.as_str().contains("blocks 71 sessions"), "{card:?}");
    assert!(card.obstacles.is_empty(), "{:?}", card.obstacles);
    assert_eq!(signal(&mut source, &card, SessionVerb::Terminate).await[&root.id.pid], Fate::Done);
    for task in tasks {
        task.abort();
    }
}

#[tokio::test]
async fn a_root_that_cannot_be_seen_is_not_taken_for_none() {
    let server = stage(&[]);
    tables(&server);
    server.sql("postgres", "CREATE ROLE blind LOGIN; GRANT pg_signal_backend TO blind");
    let root = Guest::new(&server, "app", "shop", "root").await;
    root.runs(&format!("BEGIN; {}", take("a"))).await;
    let task = await_table(Guest::new(&server, "app", "shop", "web").await, "a");
    waiting(&server, 1).await;
    let mut source = source(&url(&server, "blind", "shop"));
    let card = preview(&mut source, &SessionSelector::RootBlocker, SessionVerb::Terminate).await;
    assert!(card.objects.is_empty(), "{card:?}");
    let told = words(&card.obstacles);
    assert!(told.contains("1 session cannot be seen") && told.contains("GRANT pg_read_all_stats"), "{told}");
    // One of our own that also keeps somebody waiting is not taken for the root of all.
    server.sql("shop", "GRANT ALL ON b TO blind");
    let own = Guest::new(&server, "blind", "shop", "own").await;
    own.runs(&format!("BEGIN; {}", take("b"))).await;
    let other = await_table(Guest::new(&server, "app", "shop", "web").await, "b");
    waiting(&server, 2).await;
    let card = preview(&mut source, &SessionSelector::RootBlocker, SessionVerb::Terminate).await;
    assert_eq!(pids(&card), [own.id.pid], "{card:?}");
    assert!(words(&card.obstacles).contains("cannot be seen"), "{card:?}");
    task.abort();
    other.abort();
}
