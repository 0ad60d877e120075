//! What a preview shows: the right sessions, who is left alone and why, and that it changes nothing.

use std::time::Duration;

use super::*;
use quarterdeck::domain::session::SessionState;

#[tokio::test]
async fn terminating_idle_sessions_takes_the_right_ones_and_says_whom_it_leaves_and_why() {
    let server = stage(&[]);
    let _standby = server.standby();
    let first = Guest::new(&server, "app", "shop", "web").await;
    let second = Guest::new(&server, "app", "shop", "web").await;
    let excluded_application = Guest::new(&server, "app", "shop", "cron").await;
    let excluded_user = Guest::new(&server, "batch", "shop", "web").await;
    let superuser = Guest::new(&server, "admin", "shop", "web").await;
    let other_database = Guest::new(&server, "app", "side", "web").await;
    let another_of_ours = Guest::new(&server, "app", "shop", "quarterdeck").await;
    let busy = Guest::new(&server, "app", "shop", "web").await;
    busy.runs("BEGIN").await;
    let mut source = ops(&server);
    preview(&mut source, &SessionSelector::RootBlocker, SessionVerb::Cancel).await;
    server.sql("postgres", "SELECT pg_sleep(2)");
    let younger = Guest::new(&server, "app", "shop", "web").await;
    let selector = SessionSelector::Idle {
        older_than: Duration::from_secs(2),
        user: None,
        application: None,
        databases: Databases::Present,
        except_users: vec!["batch".to_owned()],
        except_applications: vec!["cron".to_owned()],
    };
    let card = preview(&mut source, &selector, SessionVerb::Terminate).await;
    assert_eq!(pids(&card), [first.id.pid, second.id.pid], "the oldest first");
    let found = excluded(&card);
    for (why, count) in [
        ("younger than 2s", 1),
        ("of users that are excluded (batch)", 1),
        ("of applications that are excluded (cron)", 1),
        ("in other databases", 1),
        ("of superusers", 1),
        ("our own", 2),
        ("not idle", 1),
        ("replication", 1),
    ] {
        assert_eq!(found.get(why), Some(&count), "{why}: {found:?}");
    }
    assert!(found["the server's own processes"] >= 4 && found.len() == 9, "{found:?}");
    assert_eq!(words(&card.obstacles), "");
    let shown = object(&card, &first);
    assert_eq!((shown.user.as_str(), shown.application.as_str(), shown.client.as_str()), ("app", "web", "127.0.0.1"));
    assert!(shown.label.as_str().starts_with(&format!("pid {} idle", first.id.pid)), "{}", shown.label);
    assert!(shown.age.unwrap() >= Duration::from_secs(2));
    let fates = signal(&mut source, &card, SessionVerb::Terminate).await;
    assert_eq!(fates.into_values().collect::<Vec<_>>(), [Fate::Done, Fate::Done]);
    for gone in [first, second] {
        assert_eq!(gone.ended().await, "57P01");
    }
    for left in [excluded_application, excluded_user, superuser, other_database, another_of_ours, busy, younger] {
        assert!(left.is_alive().await);
    }
}

#[tokio::test]
async fn no_more_than_the_cap_and_every_database_only_when_it_is_said() {
    let server = stage(&[]);
    let mut guests = Vec::new();
    for database in ["shop", "side", "shop", "side"] {
        guests.push(Guest::new(&server, "app", database, "web").await);
    }
    let mut source = ops(&server);
    let everywhere = |application: &str| SessionSelector::Idle {
        older_than: MOMENT,
        user: Some("app".to_owned()),
        application: Some(application.to_owned()),
        databases: Databases::Every,
        except_users: Vec::new(),
        except_applications: Vec::new(),
    };
    let card = source.preview(&everywhere("web"), SessionVerb::Terminate, 3, DEADLINE).await.unwrap();
    assert_eq!(pids(&card), guests.iter().take(3).map(|guest| guest.id.pid).collect::<Vec<_>>());
    assert_eq!(excluded(&card)["over the cap of 3"], 1);
    let warned = words(&card.warnings);
    assert!(warned.contains("sessions of 2 databases: shop (2), side (1); environment and phrase"), "{warned}");
    assert_eq!(object(&card, &guests[1]).remark.as_str(), "in database side");
    assert!(pids(&preview(&mut source, &everywhere("we"), SessionVerb::Terminate).await).is_empty());
    assert!(pids(&preview(&mut source, &everywhere("%"), SessionVerb::Terminate).await).is_empty(), "no pattern");
    let here = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    assert_eq!(pids(&here), [guests[0].id.pid, guests[2].id.pid]);
    assert!(here.warnings.is_empty(), "{:?}", here.warnings);
    assert!(words(&here.remarks).contains("only in database shop"), "{:?}", here.remarks);
    assert!(words(&card.remarks).contains("EVERY database"), "{:?}", card.remarks);
    let within = |name: &str| SessionSelector::Idle {
        older_than: MOMENT,
        user: None,
        application: None,
        databases: Databases::Named(name.to_owned()),
        except_users: Vec::new(),
        except_applications: Vec::new(),
    };
    let there = preview(&mut source, &within("side"), SessionVerb::Terminate).await;
    assert_eq!(pids(&there), [guests[1].id.pid, guests[3].id.pid]);
    assert_eq!(excluded(&there)["in other databases"], 2);
    assert!(words(&there.remarks).contains("only in database side"), "{:?}", there.remarks);
    for nobody in ["*", "%", "sid", "SIDE", "", "nowhere"] {
        let none = preview(&mut source, &within(nobody), SessionVerb::Terminate).await;
        assert!(none.objects.is_empty() && !none.obstacles.is_empty(), "{nobody:?}: {none:?}");
    }
}

#[tokio::test]
async fn an_empty_selector_is_nobody() {
    let server = stage(&[]);
    let _guest = Guest::new(&server, "app", "shop", "").await;
    let mut source = ops(&server);
    let with = |user: Option<&str>, application: Option<&str>, older_than: Duration| SessionSelector::Idle {
        older_than,
        user: user.map(str::to_owned),
        application: application.map(str::to_owned),
        databases: Databases::Every,
        except_users: Vec::new(),
        except_applications: Vec::new(),
    };
    for selector in [
        with(Some(""), None, MOMENT),
        with(None, Some(""), MOMENT),
        with(None, None, Duration::ZERO),
        SessionSelector::IdleInTransaction { older_than: Duration::ZERO },
    ] {
        let card = preview(&mut source, &selector, SessionVerb::Terminate).await;
        assert!(card.objects.is_empty() && words(&card.obstacles).contains("nobody"), "{selector:?}: {card:?}");
    }
    let hostile = with(Some("app'; DROP DATABASE side; --"), None, MOMENT);
    assert!(preview(&mut source, &hostile, SessionVerb::Terminate).await.objects.is_empty());
}

#[tokio::test]
async fn the_identity_is_the_targets_own_and_the_effect_is_what_is_sent() {
    let server = stage(&["log_statement = all", "log_line_prefix = 'by=%u '"]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let mut source = ops(&server);
    let card = preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    let facts: BTreeMap<&str, String> =
        card.identity.facts.iter().map(|(name, value)| (*name, value.one_line().to_string())).collect();
    let told = "SELECT system_identifier FROM pg_control_system()";
    assert_eq!(facts["system identifier"], server.sql("postgres", told));
    assert_eq!(facts["server"], format!("127.0.0.1 port {}", server.port()));
    assert!(facts["database"].starts_with("shop (oid "), "{facts:?}");
    assert_eq!((facts["role"].as_str(), facts["user"].as_str()), ("primary", "ops"));
    assert!(facts["started"].ends_with(" UTC") && !facts["version"].is_empty(), "{facts:?}");
    signal(&mut source, &card, SessionVerb::Terminate).await;
    guest.ended().await;
    // What the server says it executed, byte for byte: the lines of the card before the binds.
    let log = std::fs::read_to_string(server.log()).unwrap().replace("\n\t", "\n");
    let lines: Vec<String> =
        card.effect.iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect();
    let binds = lines.iter().position(|line| line.starts_with("$1 = ")).unwrap();
    assert!(log.contains(&lines[..binds].join("\n")), "{lines:?}");
    assert_eq!(lines.len() - binds, 7, "{lines:?}");
    assert_eq!(lines[binds + 2], format!("$3 = {{{}}}", id(&card.objects[0].key).pid));
}

#[tokio::test]
async fn a_preview_writes_nothing() {
    let server = stage(&["wal_level = minimal", "max_wal_senders = 0", "autovacuum = off"]);
    server.sql("postgres", "ALTER ROLE ops SET default_transaction_read_only = on; CHECKPOINT");
    let guest = Guest::new(&server, "app", "shop", "web").await;
    let holder = Guest::new(&server, "app", "shop", "holder").await;
    holder.runs("BEGIN; SELECT 1").await;
    let mut source = ops(&server);
    preview(&mut source, &idle(MOMENT), SessionVerb::Terminate).await;
    let trace = "SELECT pg_current_wal_insert_lsn(), pg_snapshot_xmax(pg_current_snapshot())";
    let before = server.sql("postgres", trace);
    for selector in [
        idle(MOMENT),
        SessionSelector::IdleInTransaction { older_than: MOMENT },
        SessionSelector::One(guest.id),
        SessionSelector::RootBlocker,
    ] {
        for verb in [SessionVerb::Cancel, SessionVerb::Terminate] {
            preview(&mut source, &selector, verb).await;
        }
    }
    assert_eq!(server.sql("postgres", trace), before);
    assert!(guest.is_alive().await && holder.is_alive().await);
}

#[tokio::test]
async fn text_of_sessions_goes_through_the_gate() {
    let server = stage(&[]);
    let guest = Guest::new(&server, "app", "shop", "web").await;
    guest.client.batch_execute("SELECT '\u{1b}[2J\u{202e}evil'\n\n -- \u{200b}").await.unwrap();
    let card = preview(&mut ops(&server), &SessionSelector::One(guest.id), SessionVerb::Terminate).await;
    let guest = object(&card, &guest);
    let label = format!("{} {} {}", guest.label, guest.application, guest.query.one_line());
    assert!(label.contains("evil") && !label.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\n']), "{label}");
    assert!(matches!(card.objects[0].key, ObjectKey::Session { state: SessionState::Idle, .. }));
}
