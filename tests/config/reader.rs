//! The strict reader: all problems at once, each with file, line, key, what is allowed and the nearest right name.

use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::config::resolved::{CacheSource, Method, SignalSource};
use quarterdeck::config::{Inputs, resolve};
use quarterdeck::domain::secret::SecretRef;
use quarterdeck::domain::target::Environment;

use super::{file, fixture, refused, resolved};

fn of(name: &str) -> Inputs {
    Inputs { file: Some(fixture(name)), home: Some(PathBuf::from("/home/me")), ..Inputs::default() }
}

/// Every line begins as told, in this order, and there are no others.
fn assert_lines(said: &[String], wanted: &[&str]) {
    let all = said.join("\n");
    assert_eq!(said.len(), wanted.len(), "{all}");
    for (line, wanted) in said.iter().zip(wanted) {
        let line = line.strip_prefix("/etc/shop/config.toml:").unwrap_or(line);
        assert!(line.contains(wanted), "wanted {wanted:?}, was {line:?}; all:\n{all}");
    }
}

#[test]
fn every_problem_is_told_at_once_with_line_key_and_nearest_name() {
    assert_lines(
        &refused(&of("invalid/many.toml")),
        &[
            "1: nmae: no such key or section; did you mean \"name\"?",
            "2: environment: \"prodution\" is not known; allowed: production, staging, dev, local; did you mean \"production\"?",
            "5: screen.theme: \"drak\" is not known; allowed: dark, light, high-contrast, colour-blind, monochrome; did you mean \"dark\"?",
            "6: screen.every: a time has a unit; write it as \"10s\"",
            "7: screen.log_memory: \"8 MB\" is not a size; write 8 MiB",
            "12: service \"api\".intervall: no such key; did you mean \"interval\"?",
            "13: service \"api\".deadline: \"soon\" is not a time; write it as 500ms, 30s, 5m, 2h or 1d",
            "14: service \"api\".expect_status: a status is a number from 100 to 599",
            "15: service \"api\".down_after: 0 is outside 1 to 100",
            "17: service \"api\".name: there is one of this name already, on line 9",
            "19: service \"api\".url: scheme \"localhost\" is not watched here; write http://HOST:PORT/PATH or https://…; did you mean \"http://localhost:8000/health\"?",
            "21: servise: no such key or section; did you mean \"service\"?",
            "24: service.name: missing: every service has a name",
            "27: service_extra: no such key or section",
        ],
    );
}

#[test]
fn a_literal_secret_in_a_file_is_refused_and_not_repeated() {
    let said = refused(&of("invalid/secrets.toml"));
    assert_lines(
        &said,
        &[
            "3: service \"a\".url: user and password do not belong into a file",
            "8: service \"b\".bearer: a secret itself does not belong into a file; write \"env:NAME\" or \"file:PATH\"",
            "12: service \"c\".url: a secret (api_key=…) does not belong into a file",
            "13: service \"c\".headers: Authorization is a secret and does not belong into a file",
            "17: database \"d\".url: a password does not belong into a file",
            "21: database \"e\".url: a password does not belong into a file",
            "26: database \"f\".password: a secret itself does not belong into a file",
            "30: cache \"g\".redis: a password does not belong into a file",
        ],
    );
    assert!(!said.join("").contains("hunter2"));
}

#[test]
fn clashes_and_gaps_are_refused() {
    assert_lines(
        &refused(&of("invalid/clashes.toml")),
        &[
            "8: service \"two places\".origin: origin and url exclude each other; keep one of them",
            "9: service \"two places\".path: goes with origin; url holds the whole URL already",
            "11: service \"no place\".url: missing: url, or origin and path, say where it is",
            "16: service \"unknown origin\".origin: there is no [[origin]] named \"apo\"; did you mean \"api\"?",
            "22: service \"half a certificate\".client_cert: wants client_key beside it",
            "23: service \"half a certificate\".environment: local means this machine over loopback; allowed here: dev, staging, production",
            "28: cache \"both\".hits: means something only together with url or origin",
            "33: cache \"figures\".hits: wants misses beside it",
            "38: signal \"two sources\".load: load and memory exclude each other; keep one of them",
            "42: signal \"writes\".sql: not a statement that only reads",
            "46: signal \"two statements\".sql: more than one statement",
            "51: signal \"no such database\".database: there is no [[database]] named \"main\"",
            "55: signal \"writes to redis\".redis: ",
            "60: signal \"path of jq\".pointer: \".queue.depth\" is no JSON pointer (RFC 6901); did you mean \"/queue/depth\"?",
            "65: signal \"threshold\".threshold: \"over 9000\" is not a threshold; write \"> 1000 for 5m\"",
            "69: log \"shell\".command: there is no shell that splits a line; write [\"tail\", \"-f\", \"/var/log/x\"]",
            "71: log \"nothing\".files: missing: files or command say where the lines come from",
        ],
    );
}

#[test]
fn text_that_is_no_toml_still_tells_the_rest() {
    let said = refused(&of("invalid/broken.toml")).join("\n");
    assert!(said.contains("/etc/shop/config.toml:1: not TOML: "), "{said}");
    assert!(said.contains(":5: not TOML: "), "{said}");
    assert!(said.contains(":6: service \"api\".colour: no such key; allowed: name, origin,"), "{said}");
}

#[test]
fn a_table_where_many_may_stand_is_told_how_to_write_it() {
    assert_lines(
        &refused(&file("[service]\nname = \"x\"\n[[screen]]\nascii = true\n")),
        &["1: service: there may be many: write it as [[service]]", "3: screen: write it as [screen]"],
    );
}

#[test]
fn every_key_arrives_where_it_belongs() {
    let r = resolved(&of("valid/everything.toml")).resolved;
    assert_eq!(r.name.as_str(), "shop");
    let api = &r.services[0];
    assert_eq!(api.url.as_str(), "https://api.example.com/base/health?full=1");
    assert_eq!(api.bearer, Some(SecretRef::File(PathBuf::from("/etc/shop/token"))));
    assert_eq!(api.ca_file, Some(PathBuf::from("/etc/shop/ca.pem")));
    assert_eq!(api.client_certificate.as_ref().unwrap().key, PathBuf::from("/home/me/client.key"));
    assert!(api.headers.contains(&("X-Api-Key".to_owned(), SecretRef::Env("SHOP_KEY".to_owned()))));
    assert_eq!(
        (api.expected_status.as_slice(), api.required.as_slice()),
        (&[200, 204][..], &["database".to_owned()][..])
    );
    assert!(api.body_decides && api.expect_json);
    assert_eq!((api.interval, api.deadline), (Duration::from_secs(20), Duration::from_secs(3)));
    assert_eq!((api.down_after, api.up_after, &api.environment), (5, 1, &Environment::Production));
    assert_eq!((r.services[1].method, &r.services[1].environment), (Method::Head, &Environment::Staging));
    assert_eq!(r.services[2].environment, Environment::Dev);

    let main = &r.databases[0];
    assert_eq!(main.target.password, Some(SecretRef::Env("SHOP_DB".to_owned())));
    assert_eq!((main.interval, main.deadline), (Duration::from_secs(5), Duration::from_secs(4)));
    assert_eq!((main.statements_interval, main.hit_target), (Duration::from_secs(30), Some(0.99)));
    assert_eq!((main.scalars.len(), main.scalars[0].sql.as_str()), (1, "SELECT count(*) FROM jobs"));

    let CacheSource::Redis { target, scalars } = &r.caches[0].source else { panic!("no redis") };
    assert_eq!((target.tls, target.port, target.database), (true, 6380, 1));
    assert_eq!(target.password, Some(SecretRef::File(PathBuf::from("/run/secrets/redis"))));
    assert_eq!((scalars[0].argv.join(" "), scalars[0].signal.0), ("LLEN queue".to_owned(), 1));
    let CacheSource::Endpoint { request, hits, .. } = &r.caches[1].source else { panic!("no endpoint") };
    assert_eq!((request.url.as_str(), hits.as_deref()), ("https://api.example.com/base/cache", Some("/hits")));

    let sources: Vec<&SignalSource> = r.signals.iter().map(|s| &s.source).collect();
    assert!(matches!(
        sources.as_slice(),
        [
            SignalSource::Database { index: 0 },
            SignalSource::Redis { index: 0 },
            SignalSource::Endpoint { .. },
            SignalSource::Command { .. },
            SignalSource::Disk { .. },
            SignalSource::Memory,
            SignalSource::Load
        ]
    ));
    assert_eq!(r.logs.len(), 2);
    assert_eq!(r.origins.len(), 1);
    assert_eq!((r.screen.theme.as_str(), r.screen.log_bytes), ("light", 16 << 20));
    assert!(r.screen.ascii && r.screen.redact && !r.screen.clipboard);
}

#[test]
fn pauses_are_gentle_where_nothing_is_said() {
    let text = "[[service]]\nname = \"a\"\nurl = \"https://x.example/health\"\n[[service]]\nname = \"b\"\nurl = \"https://x.example/health/deep\"\n\
                [[service]]\nname = \"c\"\nurl = \"http://localhost/healthz\"\n[[service]]\nname = \"d\"\nurl = \"http://localhost/health/ready\"\n";
    let seconds: Vec<u64> = resolved(&file(text)).resolved.services.iter().map(|s| s.interval.as_secs()).collect();
    assert_eq!(seconds, [10, 30, 2, 30]);
}

#[test]
fn hostile_text_leaves_no_control_character_in_a_problem() {
    let said = refused(&file("\"\\u001b[2J\" = 1\n[[service]]\nname = \"\\u001b]0;x\\u0007\"\n")).join("");
    assert!(!said.chars().any(char::is_control), "{said:?}");
}

/// Pieces of configuration, so that random text comes near to meaning something.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("[[service]]\n".to_owned()),
        Just("[[signal]]\n".to_owned()),
        Just("[screen]\n".to_owned()),
        Just("name = ".to_owned()),
        Just("url = ".to_owned()),
        Just("sql = ".to_owned()),
        Just("command = [".to_owned()),
        Just("interval = \"10s\"\n".to_owned()),
        Just("\"http://u:p@[::1]:80/%zz?key=1\"\n".to_owned()),
        Just("]\n".to_owned()),
        "\\PC{0,12}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in pieces()) {
        if let Err(problems) = resolve(&file(&text)) {
            for problem in problems {
                prop_assert!(!problem.line().as_str().chars().any(char::is_control));
            }
        }
    }

    #[test]
    fn no_url_makes_the_command_line_panic(text in any::<String>()) {
        let mut inputs = Inputs { arguments: super::urls(&[&text]), ..Inputs::default() };
        inputs.arguments.databases = vec![text.clone()];
        inputs.arguments.redis = vec![text.clone()];
        inputs.arguments.logs = vec![text];
        let _ = resolve(&inputs);
    }
}

#[test]
fn every_wrong_maintenance_window_is_told_where_it_stands() {
    let said = refused(&file(
        "[actions]\nallow = true\nwindows = [\"Sat 02:00-06:00 UTC\", \"Sat 02:00-06:00\", \"some day\"]\n\
         [[service]]\nname = \"a\"\nurl = \"http://127.0.0.1:1/\"\n",
    ));
    assert_lines(
        &said,
        &[
            "3: actions.windows: \"Sat 02:00-06:00\" names no zone; allowed are \"Sat 02:00-06:00 UTC\"",
            "3: actions.windows: \"some day\" is no maintenance window; allowed are",
        ],
    );
    let fine = resolved(&file(
        "[actions]\nwindows = [\"first Saturday of the month 02:00-06:00 UTC\"]\nflush_tolerance = \"25 %\"\n",
    ));
    assert_eq!((fine.resolved.actions.windows.len(), fine.resolved.actions.flush_tolerance), (1, 0.25));
}

#[test]
fn one_slip_is_one_fault_and_a_word_of_elsewhere_finds_its_key() {
    let text = "[[service]]\nnam = \"api\"\nurl = \"http://localhost:1/health\"\n\n[[service]]\nname = \"b\"\nurl = \"http://localhost:1/b\"\nevry = \"2s\"\n";
    assert_lines(
        &refused(&file(text)),
        &[
            "2: service.nam: no such key; did you mean \"name\"?",
            "8: service \"b\".evry: no such key; did you mean \"interval\"?",
        ],
    );
}
