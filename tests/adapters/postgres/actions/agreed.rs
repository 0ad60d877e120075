//! Sessions that were agreed to before: these and no others, and only as long as the action would choose them itself.

use quarterdeck::domain::Safe;
use quarterdeck::remediation::object::{AgreedTo, Whose};

use super::*;

fn agreed(card: &Preview) -> Vec<AgreedTo> {
    card.objects
        .iter()
        .map(|object| AgreedTo {
            key: object.key.clone(),
            whose: object.whose(),
            mark: object.whose().mark(&object.key),
        })
        .collect()
}

async fn again(
    source: &mut PostgresSource,
    kept: &[AgreedTo],
    selector: &SessionSelector,
    verb: SessionVerb,
) -> Preview {
    source.preview_agreed(kept, selector, verb, CAP, DEADLINE).await.unwrap_or_else(|cause| panic!("{cause}"))
}

fn in_a_transaction() -> SessionSelector {
    SessionSelector::IdleInTransaction { older_than: MOMENT }
}

#[tokio::test]
async fn the_card_of_those_who_were_agreed_to_is_the_same_with_what_became_of_them() {
    let server = stage(&[]);
    let mut guests = Vec::new();
    for application in ["stays", "leaves", "changes"] {
        let guest = Guest::new(&server, "app", "shop", application).await;
        guest.runs("BEGIN; SELECT 1").await;
        guests.push(guest);
    }
    let [stays, leaves, changes] = <[Guest; 3]>::try_from(guests).ok().unwrap();
    let mut source = ops(&server);
    let card = preview(&mut source, &in_a_transaction(), SessionVerb::Terminate).await;
    let kept = agreed(&card);
    assert_eq!(kept[0].whose.database.as_str(), "shop");
    changes.runs("SET application_name = 'another'").await;
    let gone = leaves.id.pid;
    drop(leaves);
    until(&server, &format!("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {gone})")).await;
    let comes = Guest::new(&server, "app", "shop", "comes").await;
    comes.runs("BEGIN; SELECT 1").await;
    let told = again(&mut source, &kept, &in_a_transaction(), SessionVerb::Terminate).await;
    assert!(told.obstacles.is_empty() && !told.lapsed, "{told:?}");
    assert_eq!((keys(&told), agreed(&told), &told.effect), (keys(&card), kept.clone(), &card.effect));
    assert_eq!(excluded(&told)["fit too, and were not agreed to"], 2, "who came, and who is another now: {told:?}");
    let remarks = words(&told.remarks);
    for part in ["uncommitted work of 1 session is", "1 of them gone already", "1 of them changed since"] {
        assert!(remarks.contains(part), "{part}: {remarks}");
    }
    let fates = signal(&mut source, &told, SessionVerb::Terminate).await;
    assert_eq!((fates[&stays.id.pid], fates[&gone], fates[&changes.id.pid]), (Fate::Done, Fate::Gone, Fate::Changed));
    assert!(comes.is_alive().await && changes.is_alive().await);
    let told = again(&mut source, &kept, &in_a_transaction(), SessionVerb::Terminate).await;
    assert!(told.lapsed, "{told:?}");
}

/// A list can be written by hand: whom the action itself would not choose is none of it.
#[tokio::test]
async fn whom_the_action_would_not_choose_speaks_against_all_of_it() {
    let server = stage(&[]);
    let idle_one = Guest::new(&server, "app", "shop", "web").await;
    let elsewhere = Guest::new(&server, "app", "side", "web").await;
    let spared = Guest::new(&server, "app", "shop", "payments").await;
    let batch = Guest::new(&server, "batch", "shop", "web").await;
    let mut source = ops(&server);
    let with = |change: fn(&mut SessionSelector)| {
        let mut selector = idle(MOMENT);
        change(&mut selector);
        selector
    };
    let all = with(|selector| {
        let SessionSelector::Idle { databases, .. } = selector else { return };
        *databases = Databases::Every;
    });
    let card = preview(&mut source, &all, SessionVerb::Terminate).await;
    let of = |guest: &Guest| {
        let found = agreed(&card).into_iter().find(|kept| id(&kept.key) == guest.id);
        found.unwrap_or_else(|| panic!("not on {card:?}"))
    };
    let none = "1 of those agreed to are none that this is for";
    let only_app = |selector: &mut SessionSelector| {
        let SessionSelector::Idle { user, except_applications, .. } = selector else { return };
        (*user, *except_applications) = (Some("app".to_owned()), vec!["payments".to_owned()]);
    };
    for (guest, selector, words_of) in [
        (&idle_one, in_a_transaction(), none),
        (&idle_one, idle(Duration::from_secs(3600)), none),
        (&idle_one, SessionSelector::Pid(batch.id.pid), none),
        (&elsewhere, idle(MOMENT), none),
        (&batch, with(only_app), none),
        (&spared, with(only_app), "1 of those agreed to must be left alone"),
    ] {
        let told = again(&mut source, &[of(guest)], &selector, SessionVerb::Terminate).await;
        assert!(words(&told.obstacles).contains(words_of), "{selector:?}: {told:?}");
    }
    let good = again(&mut source, &[of(&idle_one)], &with(only_app), SessionVerb::Terminate).await;
    assert!(good.obstacles.is_empty(), "{good:?}");
    // More than the action takes at once.
    let both = [of(&idle_one), of(&batch)];
    let told = source.preview_agreed(&both, &idle(MOMENT), SessionVerb::Terminate, 1, DEADLINE).await.unwrap();
    assert!(words(&told.obstacles).contains("2 were agreed to, and it is for 1 at most"), "{told:?}");
}

#[tokio::test]
async fn who_is_said_to_be_somebody_else_is_not_touched() {
    let server = stage(&[]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let mut source = ops(&server);
    let lies: [fn(&mut Whose); 4] = [
        |whose| whose.user = Safe::of("batch"),
        |whose| whose.application = Safe::of("leftover"),
        |whose| whose.client = Safe::of("10.0.0.9"),
        |whose| whose.database = Safe::of("side"),
    ];
    for (at, lie) in lies.into_iter().enumerate() {
        let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
        let [mut kept] = <[AgreedTo; 1]>::try_from(agreed(&card)).unwrap();
        let told = again(&mut source, &[kept.clone()], &idle(MOMENT), SessionVerb::Terminate).await;
        assert!(told.obstacles.is_empty(), "{told:?}");
        let (told_then, user) = (kept.whose.clone(), told.objects[0].user.clone());
        lie(&mut kept.whose);
        // What is only read of it can be written by hand: whose it is the target says.
        let told = again(&mut source, &[kept.clone()], &idle(MOMENT), SessionVerb::Terminate).await;
        assert_eq!((told.obstacles.len(), &told.objects[0].user), (0, &user), "{told:?}");
        assert_ne!(kept.whose, told_then);
        kept.mark = kept.whose.mark(&kept.key);
        let told = again(&mut source, &[kept.clone()], &idle(MOMENT), SessionVerb::Terminate).await;
        assert!(words(&told.obstacles).contains("another's than was agreed to"), "{kept:?}: {told:?}");
        // An application may take another name, and is not as it was then; nothing else of a session changes.
        guest.runs("SELECT 1").await;
        let told = again(&mut source, &[kept.clone()], &idle(MOMENT), SessionVerb::Terminate).await;
        assert_eq!((told.obstacles.is_empty(), told.lapsed), (at == 1, at == 1), "{kept:?}: {told:?}");
    }
}

/// Waits for the table until it is told that it may go on.
fn awaits(guest: Guest, table: &'static str) -> tokio::task::JoinHandle<Guest> {
    tokio::spawn(async move {
        let _ended = guest.client.batch_execute(&format!("LOCK {table} IN ACCESS EXCLUSIVE MODE")).await;
        guest
    })
}

#[tokio::test]
async fn who_was_at_the_root_is_asked_whom_it_blocks_now() {
    let server = stage(&[]);
    server.sql("shop", "CREATE TABLE a (n int); CREATE TABLE b (n int); GRANT ALL ON a, b TO app");
    let mut guests = Vec::new();
    for application in ["root", "second", "waiter", "other", "another"] {
        let guest = Guest::new(&server, "app", "shop", application).await;
        guest.runs("BEGIN").await;
        guests.push(guest);
    }
    let [root, second, waiter, other, another] = <[Guest; 5]>::try_from(guests).ok().unwrap();
    root.runs("LOCK a IN ACCESS EXCLUSIVE MODE").await;
    second.runs("LOCK b IN ACCESS EXCLUSIVE MODE").await;
    let pid = waiter.id.pid;
    let waits = awaits(waiter, "a");
    waiting(&server, 1).await;
    let mut source = ops(&server);
    let selector = SessionSelector::RootBlocker;
    let card = preview(&mut source, &selector, SessionVerb::Terminate).await;
    assert_eq!(pids(&card), [root.id.pid]);
    let kept = agreed(&card);
    let told = again(&mut source, &kept, &selector, SessionVerb::Terminate).await;
    assert!(told.obstacles.is_empty(), "{told:?}");
    let remark = told.objects[0].remark.to_string();
    for part in [format!("blocks 1 session: {pid}"), "AccessExclusiveLock".to_owned()] {
        assert!(remark.contains(&part), "{part}: {remark}");
    }
    assert!(words(&told.remarks).contains("uncommitted work of 1 session"), "{told:?}");
    // Another one keeps more waiting by now.
    let more = [awaits(other, "b"), awaits(another, "b")];
    waiting(&server, 3).await;
    let told = again(&mut source, &kept, &selector, SessionVerb::Terminate).await;
    let greater = format!("pid {} keeps more waiting by now than who was agreed to: 2", second.id.pid);
    assert!(words(&told.obstacles).contains(&greater), "{told:?}");
    assert_eq!(excluded(&told)["block others too, and were not agreed to"], 1, "{told:?}");
    // A list that was written by hand names it as one of two.
    let two: Vec<AgreedTo> = preview(&mut source, &in_a_transaction(), SessionVerb::Terminate)
        .await
        .objects
        .iter()
        .map(|object| AgreedTo {
            key: object.key.clone(),
            whose: object.whose(),
            mark: object.whose().mark(&object.key),
        })
        .collect();
    let told = again(&mut source, &two, &selector, SessionVerb::Terminate).await;
    assert!(words(&told.obstacles).contains("it is for 1 at most"), "{told:?}");
    // Nobody waits for it any more: the one who did gave up.
    server.sql("postgres", &format!("SELECT pg_cancel_backend({pid})"));
    let _waiter = waits.await.unwrap();
    waiting(&server, 2).await;
    let told = again(&mut source, &kept, &selector, SessionVerb::Terminate).await;
    let nobody = format!("nobody waits for pid {} any more", root.id.pid);
    assert!(words(&told.obstacles).contains(&nobody) && !told.lapsed, "{told:?}");
    for task in more {
        task.abort();
    }
}
