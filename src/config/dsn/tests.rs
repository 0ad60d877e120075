//! Connection strings of every form that people have, as a table.

use std::path::{Path, PathBuf};

use super::*;
use crate::config::resolved::{DatabaseHost, SessionAttributes, SslMode};
use crate::domain::secret::{Secret, SecretRef};

fn nothing(_: &str) -> Option<String> {
    None
}

fn user_only(name: &str) -> Option<String> {
    (name == "USER").then(|| "ops".to_owned())
}

fn read(text: &str) -> DatabaseTarget {
    parse(text, &user_only, None).unwrap_or_else(|e| panic!("{text}: {e}")).0
}

fn error(text: &str) -> String {
    parse(text, &user_only, None).expect_err(text).to_string()
}

fn shown(text: &str) -> String {
    display(&read(text)).to_string()
}

fn tcp(host: &str, port: u16) -> DatabaseHost {
    DatabaseHost::Tcp { host: host.to_owned(), address: None, port }
}

fn password(target: &DatabaseTarget) -> Option<&str> {
    match &target.password {
        Some(SecretRef::Inline(secret)) => Some(secret.expose()),
        _ => None,
    }
}

#[test]
fn urls_and_key_values_as_people_write_them() {
    let table = [
        ("postgresql+asyncpg://user:pass@host:5432/db", "postgresql://user:***@host:5432/db"),
        ("postgresql://user:pass@localhost:5432/pggit", "postgresql://user:***@localhost:5432/pggit"),
        ("postgres://u@h", "postgresql://u@h:5432/u"),
        ("postgresql+psycopg2://u:p@h/d?sslmode=require", "postgresql://u:***@h:5432/d?sslmode=require"),
        ("POSTGRESQL+psycopg://u@h:6000/d", "postgresql://u@h:6000/d"),
        ("jdbc:postgresql://h:5433/d?user=u&password=p&ssl=true", "postgresql://u:***@h:5433/d?sslmode=require"),
        ("postgresql://a:1,b:2,[::1]:3/d", "postgresql://ops@a:1,b:2,[::1]:3/d"),
        ("postgresql://u@a,b:6432/d", "postgresql://u@a:5432,b:6432/d"),
        ("postgresql://%2Ftmp%2Fpg:5433/d", "postgresql://ops@/tmp/pg:5433/d"),
        ("postgresql:///d?host=/tmp/pg&port=7", "postgresql://ops@/tmp/pg:7/d"),
        ("postgresql:///d", "postgresql://ops@/var/run/postgresql:5432,localhost:5432/d"),
        ("host=h port=6000 user=u dbname=d", "postgresql://u@h:6000/d"),
        ("host = h   user= 'a b' dbname='d\\'x'", "postgresql://a b@h:5432/d'x"),
        ("host=a,b port=1,2 dbname=d", "postgresql://ops@a:1,b:2/d"),
        ("host=@abstract dbname=d", "postgresql://ops@@abstract:5432/d"),
        ("hostaddr=127.0.0.1 dbname=d", "postgresql://ops@127.0.0.1:5432/d"),
        ("postgresql://u@h/d?ssl=verify-full", "postgresql://u@h:5432/d?sslmode=verify-full"),
        ("postgresql://u@h/d?sslrootcert=system", "postgresql://u@h:5432/d?sslmode=verify-full"),
    ];
    for (text, expected) in table {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn passwords_are_decoded_and_never_shown() {
    assert_eq!(password(&read("postgresql://u:p%40ss%2Fw%25@h/d")), Some("p@ss/w%"));
    assert_eq!(password(&read("postgresql://u:p@ss#w+1@h/d")), Some("p@ss#w+1"));
    assert_eq!(password(&read("host=h password='a \\\\ b'")), Some("a \\ b"));
    for text in [
        "postgresql://u:s3cret/x@h:5432/d",
        "postgresql://u:s3cret%zz@h/d",
        "postgresql://u:12?s3cret@h/d",
        "host=h password=s3cret more",
        "host=h password='s3cret",
        "mysql://u:s3cret@h/d",
    ] {
        let told = error(text);
        assert!(!told.contains("s3cret"), "{text}: {told}");
    }
    assert!(error("postgresql://u:s3cret/x@h/d").contains("%2F"), "the way out is told");
    let debug = format!("{:?}", read("postgresql://u:s3cret@h/d"));
    assert!(!debug.contains("s3cret"), "{debug}");
}

#[test]
fn hosts_with_addresses_ports_and_attributes() {
    let target = read("host=a,b hostaddr=10.0.0.1,10.0.0.2 port=5433 target_session_attrs=read-write");
    let at = |host: &str, last| DatabaseHost::Tcp {
        host: host.to_owned(),
        address: Some(std::net::IpAddr::from([10, 0, 0, last])),
        port: 5433,
    };
    assert_eq!(target.hosts, [at("a", 1), at("b", 2)]);
    assert_eq!(target.session_attributes, SessionAttributes::ReadWrite);
    assert_eq!(read("postgresql://u@[2001:db8::1]/d").hosts, [tcp("2001:db8::1", 5432)]);
}

#[test]
fn foreign_parameters_are_noted_and_known_ones_checked() {
    let text = "postgresql+asyncpg://u@h/d?ssl=require&pgbouncer=true&schema=app&prepared_statement_cache_size=0\
                &application_name=x&connect_timeout=3";
    let (target, notes) = parse(text, &nothing, None).unwrap();
    assert!(target.pooler);
    assert_eq!(target.search_path.as_deref(), Some("app"));
    assert_eq!(target.ssl_mode, SslMode::Require);
    let said: Vec<&str> = notes.iter().map(Safe::as_str).collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said.iter().any(|n| n.contains("prepared_statement_cache_size")), "{said:?}");
    for (wrong, word) in [
        ("postgresql://u@h/d?sslmode=maybe", "verify-full"),
        ("postgresql://u@h/d?pgbouncer=perhaps", "true"),
        ("postgresql://u@h/d?target_session_attrs=x", "prefer-standby"),
        ("host=h port=99999", "65535"),
        ("host=a,b,c port=1,2", "ports"),
        ("host=a,b hostaddr=1.1.1.1", "hostaddr"),
        ("hostaddr=name", "IP"),
        ("service=prod", "pg_service.conf"),
        ("host=h sslcert=/c", "sslkey"),
        ("host=h sslrootcert=system sslmode=require", "verify-full"),
        ("just words", "connection string"),
        ("redis://h", "not PostgreSQL"),
    ] {
        assert!(error(wrong).contains(word), "{wrong}: {}", error(wrong));
    }
}

#[test]
fn options_give_the_search_path() {
    let path = |text: &str| read(text).search_path;
    assert_eq!(path("postgresql://u@h/d?options=-c%20search_path%3Dapp,public").as_deref(), Some("app,public"));
    assert_eq!(path("host=h options='-csearch_path=a -c work_mem=1MB'").as_deref(), Some("a"));
    assert_eq!(path("host=h options='--search-path=a\\\\ b'").as_deref(), Some("a b"));
    assert_eq!(path("host=h"), None);
}

#[test]
fn the_environment_fills_what_is_left_open() {
    let env = |name: &str| {
        let value = match name {
            "PGHOST" => "pg.internal",
            "PGPORT" => "6543",
            "PGUSER" => "envuser",
            "PGPASSWORD" => "envpass",
            "PGDATABASE" => "envdb",
            "PGSSLMODE" => "verify-ca",
            "PGSSLROOTCERT" => "/ca.pem",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let (target, _) = from_environment(&env, Some(Path::new("/home/o"))).unwrap();
    assert_eq!(display(&target).as_str(), "postgresql://envuser:***@pg.internal:6543/envdb?sslmode=verify-ca");
    assert_eq!(target.ssl_root_certificate, Some(PathBuf::from("/ca.pem")));
    assert_eq!(target.passfile, Some(PathBuf::from("/home/o/.pgpass")));
    let (target, _) = parse("postgresql://me@here:1/own?sslmode=disable", &env, None).unwrap();
    assert_eq!(display(&target).as_str(), "postgresql://me:***@here:1/own?sslmode=disable");
    assert!(from_environment(&nothing, None).is_err(), "without any user");
}

#[test]
fn the_password_file_matches_as_libpq_does() {
    let file = "# comment\nshort:line\nother:5432:d:u:wrong\nh:5432:d:u2:no\nh:*:d:u:a\\:b\\\\c\n*:*:*:*:last\n";
    let find = |host: &DatabaseHost, db: &str, user: &str| {
        passfile::find(file, host, db, user).map(|s: Secret| s.expose().to_owned())
    };
    assert_eq!(find(&tcp("h", 1), "d", "u").as_deref(), Some("a:b\\c"));
    assert_eq!(find(&tcp("elsewhere", 1), "x", "y").as_deref(), Some("last"));
    let socket = DatabaseHost::Unix { folder: "/var/run/postgresql".into(), port: 5432 };
    assert_eq!(passfile::find("localhost:5432:d:u:s", &socket, "d", "u"), Some(Secret::new("s")));
    assert_eq!(passfile::find("h\\:x:5432:d:u:s", &tcp("h:x", 5432), "d", "u"), Some(Secret::new("s")));
    assert_eq!(passfile::find("\\*:5432:d:u:s", &tcp("h", 5432), "d", "u"), None);
    assert_eq!(passfile::find("h:5432:d:u:s", &tcp("h", 5433), "d", "u"), None);
}

#[test]
fn no_text_makes_it_panic() {
    for text in [
        "postgresql://",
        "postgresql://@",
        "postgresql://:@:/?",
        "postgresql://[",
        "=",
        "a=",
        "'=",
        "postgresql://h/?=&&=x",
    ] {
        let _ = parse(text, &user_only, None);
    }
}
