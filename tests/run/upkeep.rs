//! Upkeep from the command line to the proof, on a real server: the same card, the same verdicts, and all of it in the audit.

use super::{Stage, code_in};

fn stage() -> Stage {
    let stage = Stage::new();
    stage.configure("staging", "allow = true\nheadless = [\"vacuum-analyse\", \"reindex\"]");
    stage.server.sql(
        "postgres",
        "CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 100); \
         ALTER TABLE orders OWNER TO ops; CREATE TABLE theirs (id int PRIMARY KEY)",
    );
    stage
}

#[test]
fn a_table_is_vacuumed_and_an_index_made_anew_and_both_are_proved() {
    let stage = stage();
    for (action, name, sent) in [
        ("vacuum-analyse", "public.orders", "VACUUM (ANALYZE) public.orders"),
        ("reindex", "orders_pkey", "REINDEX INDEX CONCURRENTLY public.orders_pkey"),
    ] {
        let asked = format!("name={name}");
        let asked = [action, "--target", "main", "--param", &asked];
        let card = stage.run(&[&asked[..], &["--dry-run"]].concat());
        assert_eq!(card.code, 0, "{card:?}");
        for words in [sent, "a login of its own can succeed", "lock_timeout", "must be seen (now "] {
            assert!(card.out.contains(words), "{words:?} in\n{}", card.out);
        }
        let told = stage.run(&[&asked[..], &["--confirm", &code_in(&card.out)]].concat());
        assert_eq!(told.code, 0, "{told:?}");
        assert!(told.out.contains("verified"), "{told:?}");
    }
    let seen =
        "SELECT last_vacuum IS NOT NULL AND last_analyze IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'orders'";
    assert_eq!(stage.server.sql("postgres", seen), "t");
    assert_eq!(stage.events(), ["intent", "outcome", "intent", "outcome"]);
    assert!(stage.audit()[0].to_string().contains("VACUUM (ANALYZE) public.orders"));
}

#[test]
fn a_leftover_is_dropped_under_a_name_of_the_configuration_and_nothing_else_is() {
    let stage = Stage::new();
    stage.configure(
        "staging",
        "allow = true\nheadless = [\"tidy-orders\", \"tidy-wrongly\"]\n\
         [[action]]\nname = \"tidy-orders\"\ndrop_leftover = \"public.orders_name_ccnew\"\nlock_timeout = \"2s\"\n\
         [[action]]\nname = \"tidy-wrongly\"\ndrop_leftover = \"public.orders_name\"",
    );
    stage.server.sql(
        "postgres",
        "CREATE TABLE orders (name text); CREATE INDEX orders_name ON orders (name); \
         CREATE INDEX orders_name_ccnew ON orders (name); ALTER TABLE orders OWNER TO ops",
    );
    let asked = ["tidy-orders", "--target", "main"];
    stage.run(&[&asked[..], &["--dry-run"]].concat()).refused("is no leftover: only an invalid index");
    let invalid = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_name_ccnew'::regclass";
    stage.server.sql("postgres", invalid);
    stage.run(&["tidy-wrongly", "--target", "main", "--dry-run"]).refused("public.orders_name is no leftover");
    let card = stage.run(&[&asked[..], &["--dry-run"]].concat());
    assert_eq!(card.code, 0, "{card:?}");
    for words in ["DROP INDEX", "orders_name_ccnew", "lock_timeout = 2s"] {
        assert!(card.out.contains(words), "{words:?} in\n{}", card.out);
    }
    let told = stage.run(&[&asked[..], &["--confirm", &code_in(&card.out)]].concat());
    assert_eq!(told.code, 0, "{told:?}");
    let left = "SELECT string_agg(indexrelname, ' ') FROM pg_stat_user_indexes WHERE relname = 'orders'";
    assert_eq!(stage.server.sql("postgres", left), "orders_name");
}

#[test]
fn without_the_right_nothing_is_offered_and_nothing_done() {
    let stage = stage();
    let asked = ["vacuum-analyse", "--target", "main", "--param", "name=theirs", "--dry-run"];
    stage.run(&asked).refused("does not own public.theirs");
    stage.run(&["vacuum-analyse", "--target", "main", "--dry-run"]).refused("no table is named");
    let seen = "SELECT count(last_vacuum) FROM pg_stat_user_tables";
    assert_eq!(stage.server.sql("postgres", seen), "0");
}
