//! Layers: which one wins, what only tightens, what the environment and the command line may replace.

use quarterdeck::config::resolved::{CacheSource, Colours, DatabaseHost, DatabaseSpec};
use quarterdeck::config::{Arguments, Inputs, Layer, Variables, wants_dotenv};
use quarterdeck::domain::secret::SecretRef;
use quarterdeck::domain::target::{Environment, Provenance};

use super::{file, map, profile, refused, resolved, urls, variables};

fn host(database: &DatabaseSpec) -> String {
    match &database.target.hosts[0] {
        DatabaseHost::Tcp { host, .. } => host.clone(),
        DatabaseHost::Unix { folder, .. } => folder.display().to_string(),
    }
}

fn notes(inputs: &Inputs) -> String {
    let notes: Vec<String> = resolved(inputs).resolved.notes.iter().map(ToString::to_string).collect();
    notes.join("\n")
}

#[test]
fn each_layer_wins_over_the_one_below_and_is_remembered() {
    let theme = |inputs: &Inputs| {
        let resolution = resolved(inputs);
        let layer = resolution.merged.given("screen", "theme").map_or(Layer::Default, |g| g.place.layer);
        (resolution.resolved.screen.theme, layer)
    };
    let mut inputs = Inputs::default();
    assert_eq!(theme(&inputs), ("dark".to_owned(), Layer::Default));
    inputs.profile = file("[screen]\ntheme = \"light\"\n").file;
    inputs.arguments = profile("mine");
    assert_eq!(theme(&inputs), ("light".to_owned(), Layer::Profile));
    inputs.file = file("[screen]\ntheme = \"monochrome\"\n").file;
    assert_eq!(theme(&inputs), ("monochrome".to_owned(), Layer::File));
    inputs.variables = variables(&[("QUARTERDECK_THEME", "high-contrast")]);
    assert_eq!(theme(&inputs), ("high-contrast".to_owned(), Layer::Environment));
    inputs.arguments.theme = Some("dark".to_owned());
    assert_eq!(theme(&inputs), ("dark".to_owned(), Layer::CommandLine));
}

#[test]
fn a_file_changes_an_entry_of_its_profile_key_by_key() {
    let text = "profile = \"pggit\"\n[[service]]\nname = \"api deep\"\ninterval = \"1m\"\n[[cache]]\nname = \"redis\"\noff = true\n\
                [[service]]\nname = \"api\"\nurl = \"http://localhost:9999/up\"\n[[service]]\nname = \"worker\"\nurl = \"http://localhost:1/health\"\n";
    let r = resolved(&file(text)).resolved;
    let told: Vec<(String, String, u64)> =
        r.services.iter().map(|s| (s.name.to_string(), s.url.to_string(), s.interval.as_secs())).collect();
    assert_eq!(
        told,
        [
            ("api".to_owned(), "http://localhost:9999/up".to_owned(), 2),
            ("api deep".to_owned(), "http://localhost:8000/health/deep".to_owned(), 60),
            ("worker".to_owned(), "http://localhost:1/health".to_owned(), 2),
        ]
    );
    assert_eq!(r.caches.len(), 1);
    assert!(r.off.iter().any(|o| o.name.as_str() == "redis" && o.why.as_str().starts_with("switched off in")));
}

#[test]
fn database_url_serves_where_nobody_else_speaks() {
    let env = [("DATABASE_URL", "postgresql://u:pw@localhost/shop")];
    let inputs = Inputs { variables: variables(&env), ..Inputs::default() };
    let r = resolved(&inputs).resolved;
    assert_eq!((r.databases[0].name.as_str(), r.databases[0].provenance), ("shop", Provenance::Discovered));
    assert!(matches!(r.databases[0].target.password, Some(SecretRef::Inline(_))));

    let named = Inputs {
        variables: variables(&env),
        ..file("[[database]]\nname = \"prod\"\nurl = \"postgresql://u@db.example/shop\"\n")
    };
    assert_eq!(host(&resolved(&named).resolved.databases[0]), "db.example");
    assert_eq!(notes(&named), "DATABASE_URL is ignored: the configuration names its databases");

    let mut arguments = profile("pggit");
    let inputs = Inputs { variables: variables(&env), arguments: arguments.clone(), ..Inputs::default() };
    let r = resolved(&inputs).resolved;
    assert_eq!(
        (r.databases.len(), r.databases[0].name.as_str(), r.databases[0].target.database.as_str()),
        (1, "pggit", "shop")
    );

    arguments.databases =
        vec!["postgresql://me@other.example/x".to_owned(), "postgresql://me@third.example/y".to_owned()];
    let inputs = Inputs { variables: variables(&env), arguments, ..Inputs::default() };
    let hosts: Vec<String> = resolved(&inputs).resolved.databases.iter().map(host).collect();
    assert_eq!(hosts, ["other.example", "third.example"]);
}

#[test]
fn libpq_variables_make_a_database_and_discovery_can_be_forbidden() {
    let env =
        [("PGHOST", "localhost"), ("PGDATABASE", "shop"), ("PGUSER", "me"), ("REDIS_URL", "redis://localhost:6390")];
    let inputs = Inputs { variables: variables(&env), ..Inputs::default() };
    let r = resolved(&inputs).resolved;
    assert_eq!((r.databases[0].name.as_str(), r.databases[0].target.user.as_str(), r.caches.len()), ("shop", "me", 1));
    let inputs = Inputs { variables: variables(&env), ..file("[discovery]\nenvironment = false\n") };
    let r = resolved(&inputs).resolved;
    assert_eq!((r.databases.len(), r.caches.len()), (0, 0));
}

#[test]
fn what_lies_around_in_the_environment_does_not_stop_the_start() {
    let env = [("DATABASE_URL", "mysql://u:s3cret@db/shop"), ("REDIS_URL", "s3cret"), ("API_URL", "/api")];
    let inputs = Inputs { variables: variables(&env), arguments: profile("pggit"), ..Inputs::default() };
    let r = resolved(&inputs).resolved;
    let off: Vec<String> = r.off.iter().map(|o| format!("{} {}", o.name, o.why)).collect();
    assert!(off[0].starts_with("pggit DATABASE_URL: "), "{off:?}");
    assert!(off[1].starts_with("redis REDIS_URL: "), "{off:?}");
    assert!(r.notes[0].as_str().starts_with("API_URL is ignored: "), "{:?}", r.notes);
    assert!(!format!("{off:?}{:?}", r.notes).contains("s3cret"), "{off:?}");
}

#[test]
fn a_dotenv_is_read_for_loopback_alone_and_leads_nowhere_else() {
    assert!(wants_dotenv(&urls(&["http://localhost:8000"])));
    assert!(!wants_dotenv(&urls(&["http://localhost:8000", "http://api.example.com"])));
    assert!(!wants_dotenv(&urls(&["http://localhost.example.com"])));
    assert!(!wants_dotenv(&Arguments::default()));

    let with = |text: &str, real: &[(&str, &str)]| Inputs {
        variables: Variables::new(map(real), Some(text)),
        arguments: urls(&["http://localhost:8000"]),
        ..Inputs::default()
    };
    let near = with("DATABASE_URL=postgresql://u:pw@127.0.0.1/shop\n", &[]);
    assert_eq!(resolved(&near).resolved.databases.len(), 1);
    for away in [
        "DATABASE_URL=postgresql://u:pw@evil.example/shop\nREDIS_URL=redis://evil.example\n",
        "PGHOST=evil.example\nREDIS_URL=redis://evil.example\n",
    ] {
        let r = resolved(&with(away, &[])).resolved;
        assert_eq!((r.databases.len(), r.caches.len(), r.off.len()), (0, 0, 2), "{away}");
        assert_eq!(r.off[0].turn_on.as_str(), "--db URL");
    }
    let real =
        with("DATABASE_URL=postgresql://u@localhost/evil\n", &[("DATABASE_URL", "postgresql://u@localhost/good")]);
    assert_eq!(resolved(&real).resolved.databases[0].target.database, "good");
}

#[test]
fn the_environment_of_a_target_is_production_unless_told_or_near() {
    let env = |arguments: Arguments, text: &str| {
        let inputs = Inputs { arguments, ..file(text) };
        resolved(&inputs).resolved.services[0].environment.clone()
    };
    let far = ["http://staging:8000/health"];
    assert_eq!(env(urls(&far), ""), Environment::Production);
    assert_eq!(env(urls(&["http://127.0.0.1/health"]), ""), Environment::Local);
    assert_eq!(env(urls(&far), "environment = \"staging\"\n"), Environment::Staging);
    let looser = Arguments { environment: Some("dev".to_owned()), ..urls(&far) };
    assert_eq!(env(looser.clone(), ""), Environment::Production);
    let inputs = Inputs { arguments: looser, ..Inputs::default() };
    assert!(
        notes(&inputs).starts_with("--env dev only makes stricter and left as they are: staging:8000 (PRODUCTION)")
    );
    let stricter = Arguments { environment: Some("production".to_owned()), ..urls(&["http://localhost/health"]) };
    assert_eq!(env(stricter, ""), Environment::Production);
}

#[test]
fn a_url_with_a_path_is_probed_and_a_bare_one_is_discovered() {
    let inputs = Inputs {
        arguments: urls(&["http://api.example.com", "https://ops:pw@api.example.com/health/deep", "http://h/?x=1"]),
        ..Inputs::default()
    };
    let r = resolved(&inputs).resolved;
    assert_eq!((r.origins.len(), r.services.len()), (1, 2));
    assert_eq!(
        (r.services[0].name.as_str(), r.services[0].url.as_str()),
        ("api deep", "https://api.example.com/health/deep")
    );
    let (name, SecretRef::Inline(secret)) = &r.services[0].headers[0] else { panic!("no header") };
    assert_eq!((name.as_str(), secret.expose()), ("Authorization", "Basic b3BzOnB3"));
}

#[test]
fn what_is_wrong_on_the_command_line_is_told_as_well() {
    let mut arguments = urls(&["localhost:8000", "ftp://x/y"]);
    arguments.environment = Some("prd".to_owned());
    arguments.theme = Some("drak".to_owned());
    arguments.every = Some("1".to_owned());
    arguments.profile = Some("pgit".to_owned());
    let said = refused(&Inputs { arguments, ..Inputs::default() }).join("\n");
    for wanted in [
        "did you mean \"http://localhost:8000\"?",
        "scheme \"ftp\" is not watched here",
        "--env: \"prd\" is not known; allowed: production, staging, dev, local",
        "--theme: \"drak\" is not known",
        "--every: \"1\" is not a time",
        "--profile: there is no profile \"pgit\"; embedded: codebook, ecosystem, kinexus, orchestrator, pggit; did you mean \"pggit\"?",
    ] {
        assert!(said.contains(wanted), "{wanted}\nin\n{said}");
    }
    let away = Inputs { arguments: profile("../../etc/passwd"), ..Inputs::default() };
    assert!(refused(&away)[0].contains("letters, digits"));
}

#[test]
fn the_terminal_says_what_it_can_do() {
    let screen = |pairs: &[(&str, &str)]| {
        let inputs = Inputs { variables: variables(pairs), ..Inputs::default() };
        let s = resolved(&inputs).resolved.screen;
        (s.colours, s.ascii, s.clipboard)
    };
    assert_eq!(screen(&[]), (Colours::Sixteen, false, true));
    assert_eq!(screen(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]).0, Colours::None);
    assert_eq!(screen(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]).0, Colours::Full);
    assert_eq!(screen(&[("TERM", "dumb"), ("COLORTERM", "truecolor")]).0, Colours::None);
    assert!(screen(&[("TERM", "dumb"), ("LANG", "de_DE.UTF-8")]).1);
    assert!(screen(&[("LANG", "C")]).1);
    assert!(screen(&[("LC_ALL", "POSIX"), ("LANG", "de_DE.UTF-8")]).1);
    assert!(!screen(&[("LANG", "de_DE.utf8")]).1);
    assert!(!screen(&[("SSH_TTY", "/dev/pts/1")]).2);
}

#[test]
fn redaction_can_be_switched_on_and_not_off() {
    let inputs = Inputs { variables: variables(&[("QUARTERDECK_REDACT", "0")]), ..file("[screen]\nredact = true\n") };
    assert!(resolved(&inputs).resolved.screen.redact);
    let inputs =
        Inputs { arguments: Arguments { redact: true, ..Arguments::default() }, ..file("[screen]\nredact = false\n") };
    assert!(resolved(&inputs).resolved.screen.redact);
}

#[test]
fn a_wrong_variable_of_ours_is_said() {
    let inputs = Inputs { variables: variables(&[("QUARTERDECK_THME", "dark")]), ..Inputs::default() };
    assert!(notes(&inputs).starts_with(
        "QUARTERDECK_THME is no variable of Quarterdeck and was ignored; did you mean \"QUARTERDECK_THEME\"?"
    ));
}

#[test]
fn redis_of_the_command_line_replaces_that_of_a_profile() {
    let mut arguments = profile("pggit");
    arguments.redis = vec!["redis://cache.example:7000".to_owned()];
    let r = resolved(&Inputs { arguments, ..Inputs::default() }).resolved;
    let CacheSource::Redis { target, .. } = &r.caches[1].source else { panic!("no redis") };
    assert_eq!((r.caches.len(), target.host.as_str(), target.port), (2, "cache.example", 7000));
}

#[test]
fn a_bound_and_its_signal_are_of_one_kind() {
    let signal = |rest: &str| format!("[[signal]]\nname = \"a\"\n{rest}\n");
    for (wrong, wanted) in [
        ("command = [\"a\"]\nthreshold = \"< 10 %\"", "write unit = \"%\""),
        ("command = [\"a\"]\nunit = \"jobs\"\nthreshold = \"< 10 %\"", "is in percent and the signal is not"),
        ("command = [\"a\"]\nunit = \"%\"\nthreshold = \"> 5m\"", "is in m and the signal in percent"),
        ("load = true\nunit = \"%\"", "load is a plain number"),
    ] {
        let told = refused(&file(&signal(wrong))).join("\n");
        assert!(told.contains(wanted), "{wrong}: {told}");
    }
    for right in [
        "command = [\"a\"]\nunit = \"%\"\nthreshold = \"< 10 %\"",
        "disk = \"/\"\nthreshold = \"> 90\"",
        "load = true\nthreshold = \"> 90 %\"",
        "command = [\"a\"]\nthreshold = \"< 0.1\"",
    ] {
        let signals = resolved(&file(&signal(right))).resolved.signals;
        let bound = signals[0].threshold.as_ref().unwrap().bound;
        assert!((0.0..1.0).contains(&bound), "{right}: {bound}");
    }
}

/// The header names what is watched, whatever that is.
#[test]
fn whatever_is_watched_has_a_name() {
    for (text, name) in [
        ("[[cache]]\nname = \"shop\"\nredis = \"redis://127.0.0.1:6379\"\n", "shop"),
        ("[[log]]\nname = \"journal\"\nfiles = \"/var/log/syslog\"\n", "journal"),
        ("", "no target"),
    ] {
        assert_eq!(resolved(&file(text)).resolved.name.as_str(), name, "{text}");
    }
}
