//! The five profiles: each resolves, watches what its document gives, and says what is off.

use std::fmt::Write;

use quarterdeck::config::resolved::{CacheSource, LogSource, Resolved, SignalSource};
use quarterdeck::config::{Arguments, Inputs, profiles};

use super::{file, profile, resolved, variables};

/// What is watched, in a few words a line.
fn told(r: &Resolved) -> String {
    let mut out = String::new();
    for s in &r.services {
        writeln!(out, "service {} {} {}s", s.name, s.url, s.interval.as_secs()).unwrap();
    }
    for d in &r.databases {
        writeln!(out, "database {} {} {}", d.name, d.target.user, d.target.database).unwrap();
    }
    for c in &r.caches {
        let (at, figures) = match &c.source {
            CacheSource::Endpoint { request, ratio, .. } => {
                (request.url.to_string(), ratio.clone().unwrap_or_default())
            }
            CacheSource::Redis { target, .. } => (format!("redis {}:{}", target.host, target.port), String::new()),
        };
        writeln!(out, "cache {} {at} {figures} {}", c.name, c.target_ratio).unwrap();
    }
    for s in &r.signals {
        let source = match &s.source {
            SignalSource::Database { index } => format!("database {index}"),
            SignalSource::Endpoint { request, pointer } => format!("{}#{pointer}", request.url),
            SignalSource::Disk { path } => format!("disk {}", path.display()),
            SignalSource::Memory => "memory".to_owned(),
            SignalSource::Load => "load".to_owned(),
            other => format!("{other:?}"),
        };
        writeln!(
            out,
            "signal {} {source} [{}]",
            s.name,
            s.threshold.as_ref().map_or_else(String::new, ToString::to_string)
        )
        .unwrap();
    }
    for m in &r.metrics {
        writeln!(out, "metrics {} {} {}s", m.name, m.request.url, m.interval.as_secs()).unwrap();
    }
    for l in &r.logs {
        let source = match &l.source {
            LogSource::Files { pattern } => pattern.clone(),
            LogSource::Command { argv } => argv.join(" "),
        };
        writeln!(out, "log {} {source}", l.name).unwrap();
    }
    for o in &r.off {
        writeln!(out, "off {:?} {}: {} -> {}", o.kind, o.name, o.why, o.turn_on).unwrap();
    }
    for n in &r.notes {
        writeln!(out, "note {n}").unwrap();
    }
    out
}

fn of(name: &str) -> Resolved {
    resolved(&Inputs { arguments: profile(name), ..Inputs::default() }).resolved
}

#[test]
fn pggit() {
    assert_eq!(
        told(&of("pggit")),
        "service api http://localhost:8000/health 2s\n\
         service api deep http://localhost:8000/health/deep 30s\n\
         database pggit pggit pggit\n\
         cache api cache http://localhost:8000/api/v1/cache/stats /hit_rate 0.8\n\
         signal deliveries pending database 0 [> 1000 for 10m]\n\
         signal deliveries failed 24h database 0 []\n\
         signal queue depth http://localhost:8000/api/v1/alerts#/total [> 1000 for 10m]\n\
         signal p99 http://localhost:8000/api/v1/cache/stats#/cache_stats/p99_ms [> 500 for 5m]\n\
         signal disk disk / []\n\
         signal memory memory []\n\
         signal load load []\n\
         log journal journalctl -u pggit-api -n 50 -f -o json\n\
         log error.log /var/log/pggit/error.log\n\
         off Cache redis: left off by its profile until it is asked for -> cache = [{ name = \"redis\", off = false }]\n\
         off Action backup: set the server where it may be restored, whose disk it fills -> action = [{ name = \"backup\", scratch = \"postgresql://USER@HOST/postgres\" }]\n"
    );
}

#[test]
fn what_a_profile_leaves_off_is_on_once_somebody_asks_for_it() {
    let redis = |inputs: &Inputs| {
        let r = resolved(inputs).resolved;
        assert!(r.off.iter().all(|o| o.name.as_str() != "redis"), "{:?}", r.off);
        let found = r.caches.iter().filter_map(|c| match &c.source {
            CacheSource::Redis { target, .. } => Some(format!("{} {}:{}", c.name, target.host, target.port)),
            CacheSource::Endpoint { .. } => None,
        });
        found.collect::<Vec<_>>().join(", ")
    };
    let mut inputs = file("[[cache]]\nname = \"redis\"\noff = false\n");
    inputs.arguments = profile("pggit");
    assert_eq!(redis(&inputs), "redis localhost:6379");
    let arguments = Arguments { redis: vec!["redis://cache:7000".to_owned()], ..profile("pggit") };
    assert_eq!(redis(&Inputs { arguments, ..Inputs::default() }), "redis cache:7000");
    let variables = variables(&[("REDIS_URL", "redis://cache:7001")]);
    assert_eq!(redis(&Inputs { arguments: profile("pggit"), variables, ..Inputs::default() }), "redis cache:7001");
}

#[test]
fn a_password_of_the_environment_never_goes_to_a_server_that_a_profile_names() {
    let password = ("PGPASSWORD", "s3cret");
    let database = |arguments: Arguments, more: &[(&str, &str)]| {
        let variables = variables(&[&[password], more].concat());
        let r = resolved(&Inputs { arguments, variables, ..Inputs::default() }).resolved;
        let told = r.notes.iter().any(|n| n.as_str().contains("PGPASSWORD is not sent"));
        (r.databases.iter().map(|d| d.target.password.is_some()).collect::<Vec<_>>(), told)
    };
    for name in ["pggit", "orchestrator"] {
        assert_eq!(database(profile(name), &[]), (vec![false], true), "{name}");
        let own = Arguments { databases: vec!["postgresql://a@db.test/b".to_owned()], ..profile(name) };
        assert_eq!(database(own, &[]), (vec![true], false), "{name}");
    }
    assert_eq!(database(profile("codebook"), &[]), (vec![], false), "its document gives no address");
    assert_eq!(database(profile("codebook"), &[("DATABASE_URL", "postgresql://a@db.test/b")]), (vec![true], false));
    assert_eq!(database(profile("kinexus"), &[("PGHOST", "db.test"), ("PGUSER", "a")]), (vec![true], false));
}

#[test]
fn a_variable_may_move_only_the_port() {
    let notes = |port: &str| {
        let variables = variables(&[("METRICS_PORT", port)]);
        told(&resolved(&Inputs { arguments: profile("kinexus"), variables, ..Inputs::default() }).resolved)
    };
    assert!(notes("9100").contains("metrics scrape http://localhost:9100/ 2s"), "{}", notes("9100"));
    assert!(notes("soon").contains("METRICS_PORT is ignored") && notes("soon").contains("localhost:8090"));
}

#[test]
fn an_outage_of_more_than_thirty_seconds_is_down_and_a_shorter_one_is_not() {
    let mut inputs = Inputs { arguments: profile("ecosystem"), ..Inputs::default() };
    inputs.file = file("[[service]]\nname = \"prompt store\"\nurl = \"http://h:1/health\"\n").file;
    for service in resolved(&inputs).resolved.services {
        let spanned = service.interval * (service.down_after - 1);
        assert_eq!(spanned.as_secs(), 30, "{}: from the first failure to the one that counts", service.name);
    }
}

#[test]
fn orchestrator() {
    assert_eq!(
        told(&of("orchestrator")),
        "service app http://localhost:8000/health 2s\n\
         service app db http://localhost:8000/health/db 30s\n\
         service app ai http://localhost:8000/health/ai 30s\n\
         service app ready http://localhost:8000/health/ready 30s\n\
         database project_orchestrator postgres project_orchestrator\n\
         signal disk disk / []\n\
         metrics app http://localhost:8000/metrics 2s\n\
         log app docker-compose logs -f app\n\
         off Log audit: logs/audit.log is in the folder of the service, which the profile does not know -> log = [{ name = \"audit\", files = \"/FOLDER/logs/audit.log\" }]\n\
         off Log logs: logs/*.log is in the folder of the service, which the profile does not know -> log = [{ name = \"logs\", files = \"/FOLDER/logs/*.log\" }]\n\
         off Action backup: set the server where it may be restored, whose disk it fills -> action = [{ name = \"backup\", scratch = \"postgresql://USER@HOST/postgres\" }]\n\
         off Action restart-app: its profile does not know whose compose project is meant -> runbook = [{ name = \"restart-app\", compose_file = \"/srv/app/docker-compose.yml\" }]\n\
         off Action migrate: its profile does not know whose compose project is meant -> runbook = [{ name = \"migrate\", compose_file = \"/srv/app/docker-compose.yml\" }]\n\
         off Action rollback-migration: its profile does not know whose compose project is meant -> runbook = [{ name = \"rollback-migration\", compose_file = \"/srv/app/docker-compose.yml\" }]\n"
    );
}

#[test]
fn kinexus_is_off_where_its_document_gives_no_place() {
    assert_eq!(
        told(&of("kinexus")),
        "metrics scrape http://localhost:8090/ 2s\n\
         log api podman-compose logs -f api\n\
         off Service api: set its URL -> quarterdeck --profile kinexus http://HOST:PORT\n\
         off Service api system status: set its URL -> quarterdeck --profile kinexus http://HOST:PORT\n\
         off Service api admin metrics: set its URL -> quarterdeck --profile kinexus http://HOST:PORT\n\
         off Database kinexus_dev: set its URL -> database = [{ name = \"kinexus_dev\", url = \"postgresql://USER@HOST/kinexus_dev\" }]\n\
         off Cache redis: set its URL -> cache = [{ name = \"redis\", redis = \"redis://HOST:6379\" }]\n\
         off Metrics api: set its URL -> quarterdeck --profile kinexus http://HOST:PORT\n\
         off Action rerun-plan: set its URL -> quarterdeck --profile kinexus http://HOST:PORT\n\
         off Action link-review: set its URL -> quarterdeck --profile kinexus http://HOST:PORT\n\
         off Action backup: its database \"kinexus_dev\" is off: set its URL -> database = [{ name = \"kinexus_dev\", url = \"postgresql://USER@HOST/kinexus_dev\" }]\n"
    );
}

#[test]
fn codebook() {
    let r = of("codebook");
    assert_eq!(
        told(&r),
        "service api http://localhost:8000/health 10s\n\
         signal disk disk / [> 90 %]\n\
         signal memory memory []\n\
         metrics api http://localhost:8000/metrics 2s\n\
         off Database codebook: set its URL -> database = [{ name = \"codebook\", url = \"postgresql://USER@HOST/codebook\" }]\n\
         off Cache redis: set its URL -> cache = [{ name = \"redis\", redis = \"redis://HOST:6379\" }]\n\
         off Signal jobs pending: its database \"codebook\" is off: set its URL -> database = [{ name = \"codebook\", url = \"postgresql://USER@HOST/codebook\" }]\n\
         off Log api: set its files or command -> log = [{ name = \"api\", files = \"PATH\" }]\n"
    );
    assert_eq!(r.services[0].required, ["database", "pinecone", "llm_service"]);
    assert!(r.services[0].body_decides);
}

#[test]
fn ecosystem_watches_its_orchestrator_alone_until_the_rest_has_urls() {
    let r = of("ecosystem");
    let told = told(&r);
    assert_eq!(r.services.len(), 8);
    assert!(r.services.iter().all(|s| s.url.as_str().starts_with("http://localhost:5099/")), "{told}");
    let off: Vec<&str> = r.off.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(
        off,
        [
            "prompt store",
            "interpreter",
            "doc store",
            "source agent",
            "analysis service",
            "log collector",
            "notification service",
            "secure analyzer",
            "summarizer hub",
            "github mcp",
            "memory agent",
            "code analyzer",
            "frontend",
            "bedrock proxy",
            "redis",
            "queue depth"
        ]
    );
    assert!(told.contains("off Service analysis service: set its URL -> service = [{ name = \"analysis service\", url = \"http://HOST:PORT/integration/health\" }]"), "{told}");
    assert!(told.contains("signal memory memory [> 85 %]\nsignal disk disk / [> 90 %]\n"), "{told}");
}

#[test]
fn a_bare_url_replaces_the_main_origin_and_turns_services_on() {
    let arguments = Arguments { urls: vec!["http://127.0.0.1:9000".to_owned()], ..profile("kinexus") };
    let r = resolved(&Inputs { arguments, ..Inputs::default() }).resolved;
    let urls: Vec<&str> = r.services.iter().map(|s| s.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "http://127.0.0.1:9000/health",
            "http://127.0.0.1:9000/api/admin/system-status",
            "http://127.0.0.1:9000/api/admin/metrics"
        ]
    );
    assert!(r.origins.is_empty());
}

#[test]
fn on_another_machine_nothing_of_this_one_is_shown_as_its_own() {
    let arguments = Arguments { urls: vec!["http://staging:8000".to_owned()], ..profile("pggit") };
    let r = resolved(&Inputs { arguments, ..Inputs::default() }).resolved;
    assert_eq!((r.services.len(), r.databases.len(), r.caches.len(), r.signals.len(), r.logs.len()), (2, 0, 1, 2, 0));
    let disk = r.off.iter().find(|o| o.name.as_str() == "disk").unwrap();
    assert_eq!(disk.why.as_str(), "the profile means the machine of the service, which is staging, not this one");
    assert_eq!(disk.turn_on.as_str(), "signal = [{ name = \"disk\", disk = \"/\" }]");
}

#[test]
fn the_line_that_turns_something_on_does_so() {
    for (name, _) in profiles::EMBEDDED {
        for off in of(name).off.iter().filter(|o| o.turn_on.as_str().contains(" = [{")) {
            // An ellipsis or a word in capitals is for a person to fill in; it is of the right shape as it stands.
            let line =
                off.turn_on.as_str().replace("HOST:PORT", "h:1").replace("HOST:6379", "h:6379").replace("…", "1");
            let mut inputs = file(&format!("{line}\n"));
            inputs.arguments = profile(name);
            // What hangs on another thing that is off is turned on by that one's line.
            let now = resolved(&inputs).resolved;
            let still = now.off.iter().any(|o| o.name == off.name && o.kind == off.kind);
            let carried = matches!(off.name.as_str(), "queue depth" | "jobs pending")
                || matches!(
                    (name, off.name.as_str()),
                    ("kinexus", "backup") | ("orchestrator", "migrate" | "rollback-migration")
                );
            assert!(!still || carried, "{name}: {line}");
        }
    }
}

#[test]
fn a_variable_that_the_document_names_moves_the_origin() {
    let inputs = Inputs {
        arguments: profile("pggit"),
        variables: variables(&[("API_URL", "http://localhost:8123/")]),
        ..Inputs::default()
    };
    assert_eq!(resolved(&inputs).resolved.services[0].url.as_str(), "http://localhost:8123/health");
}

#[test]
fn every_entry_names_its_section_of_the_document() {
    for (name, text) in profiles::EMBEDDED {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("[[")) {
            assert!(at > 0 && lines[at - 1].starts_with("# "), "{name}:{}: {line} has no comment", at + 1);
        }
    }
}
